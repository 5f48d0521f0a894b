"""What goes wrong in the lectures' networks. Each takes the right functions and spoils some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Wrong = Callable[..., Any]


def _register(
    target: str, name: str, family: str, what: str, how: str, spoilt: Wrong, kind: str = "value"
) -> None:
    def wrong(right: Functions) -> Functions:
        return {**right, **spoilt(right)}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind)(wrong)


def _sigmoid(a: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def _likelihood(y: Any, ystar: Any) -> Any:
    return ystar * np.log(y) + (1 - ystar) * np.log(1 - y)


# --- one sigmoid unit ----------------------------------------------------------------------------


def _logreg_value(name: str, family: str, what: str, how: str, loss: Wrong) -> None:
    """Register a wrong loss: `loss(theta, x, ystar, sign)` with sign -1 for the slide's J."""

    def spoilt(_right: Functions) -> Functions:
        def logreg_forward(theta: Any, x: Any, ystar: Any, slide_sign: bool = False) -> Any:
            return loss(theta, x, ystar, -1.0 if slide_sign else 1.0), None

        return {"logreg_forward": logreg_forward}

    _register("logreg_forward", name, family, what, how, spoilt)


def _logreg_slope(name: str, family: str, what: str, how: str, slopes: Wrong) -> None:
    """Register wrong gradients: `slopes(da, theta, x, y, sign)` with da of the loss itself."""

    def spoilt(right: Functions) -> Functions:
        def logreg_forward(theta: Any, x: Any, ystar: Any, slide_sign: bool = False) -> Any:
            kept = (np.array(theta), np.array(x), ystar, -1.0 if slide_sign else 1.0)
            return right["logreg_forward"](theta, x, ystar, slide_sign)[0], kept

        def logreg_backward(cache: Any) -> Any:
            theta, x, ystar, sign = cache
            y = _sigmoid(theta @ x)
            return slopes(y - ystar, theta, x, y, sign)

        return {"logreg_forward": logreg_forward, "logreg_backward": logreg_backward}

    _register("logreg_backward", name, family, what, how, spoilt)


_logreg_value(
    "likelihood-sign", "sign",
    "Your J has the wrong sign: it is the slide's log-likelihood, and with slide_sign=True it is the loss.",
    "J = -(y* log y + (1 - y*) log(1 - y)); only slide_sign=True leaves out the minus.",
    lambda theta, x, t, sign: sign * _likelihood(_sigmoid(theta @ x), t),
)  # fmt: skip
_logreg_value(
    "logarithm-base-ten", "wrong-op", "You use the logarithm to base 10.", "The natural logarithm is meant: np.log.",
    lambda theta, x, t, sign: -sign * _likelihood(_sigmoid(theta @ x), t) / np.log(10.0),
)  # fmt: skip
_logreg_value(
    "slide-sign-ignored", "omission",
    "You ignore slide_sign: J is always the loss.",
    "With slide_sign=True return the slide's J, without the minus sign.",
    lambda theta, x, t, sign: -_likelihood(_sigmoid(theta @ x), t),
)  # fmt: skip
_logreg_value(
    "slide-sign-always", "convention",
    "Your J is always the slide's log-likelihood, whatever slide_sign says.",
    "Put the minus sign in front unless slide_sign=True.",
    lambda theta, x, t, sign: _likelihood(_sigmoid(theta @ x), t),
)  # fmt: skip
_logreg_value(
    "only-positive-class", "omission",
    "Your J has the term y* log y only, so it is 0 whenever the answer is no.",
    "Add (1 - y*) log(1 - y).",
    lambda theta, x, t, sign: -sign * t * np.log(_sigmoid(theta @ x)),
)  # fmt: skip
_logreg_value(
    "labels-exchanged", "swap",
    "You exchange y* and 1 - y* in J.",
    "log y belongs to y*, log(1 - y) to 1 - y*.",
    lambda theta, x, t, sign: -sign * _likelihood(_sigmoid(theta @ x), 1 - t),
)  # fmt: skip
_logreg_value(
    "bias-forgotten", "omission",
    "You leave out theta[0], the bias.",
    "Sum over all entries; x[0] is 1.",
    lambda theta, x, t, sign: -sign * _likelihood(_sigmoid(theta[1:] @ x[1:]), t),
)  # fmt: skip
_logreg_value(
    "squared-error", "wrong-op",
    "Your J is the squared error.",
    "J = -(y* log y + (1 - y*) log(1 - y)).",
    lambda theta, x, t, sign: sign * 0.5 * (_sigmoid(theta @ x) - t) ** 2,
)  # fmt: skip


_logreg_slope(
    "logreg-dx-dtheta-swapped", "swap",
    "You exchange the gradients: theta stands in dtheta, x in dx.",
    "dtheta = dJ/da x, and dx = dJ/da theta.",
    lambda da, theta, x, y, sign: (sign * da * theta, sign * da * x),
)  # fmt: skip
_logreg_slope(
    "delta-sign-swapped", "sign",
    "Your dJ/da has the wrong sign: y* - y belongs to the slide's J without the minus.",
    "For the loss dJ/da = y - y*, with slide_sign=True y* - y.",
    lambda da, theta, x, y, sign: (-sign * da * x, -sign * da * theta),
)  # fmt: skip
_logreg_slope(
    "slide-sign-ignored", "omission",
    "Your backward ignores slide_sign.",
    "Put slide_sign into the cache; with it all gradients change sign.",
    lambda da, theta, x, y, sign: (da * x, da * theta),
)  # fmt: skip
_logreg_slope(
    "slide-sign-always", "convention",
    "Your gradients are always those of the slide's J, whatever slide_sign says.",
    "dJ/da = y - y* unless slide_sign=True.",
    lambda da, theta, x, y, sign: (-da * x, -da * theta),
)  # fmt: skip
_logreg_slope(
    "slope-counted-twice", "wrong-op",
    "You multiply y - y* by y (1 - y), which it already contains.",
    "dJ/da = dJ/dy y (1 - y) = y - y*: nothing else is to be multiplied.",
    lambda da, theta, x, y, sign: (sign * da * y * (1 - y) * x, sign * da * y * (1 - y) * theta),
)  # fmt: skip
_logreg_slope(
    "sigmoid-slope-forgotten", "omission",
    "You use dJ/dy as if it were dJ/da: the slope y (1 - y) of the sigmoid is missing.",
    "dJ/da = dJ/dy y (1 - y) = y - y*.",
    lambda da, theta, x, y, sign: (sign * da / (y * (1 - y)) * x, sign * da / (y * (1 - y)) * theta),
)  # fmt: skip
_logreg_slope(
    "dx-without-bias-entry", "omission",
    "Your dx leaves out entry 0.",
    "Return one gradient for every entry of x, the constant x[0] included.",
    lambda da, theta, x, y, sign: (sign * da * x, sign * da * theta[1:]),
)  # fmt: skip


# --- two layers ----------------------------------------------------------------------------------


def _nn2_value(name: str, family: str, what: str, how: str, score: Wrong, sign: float = 1.0) -> None:
    """Register a wrong loss: `score(alpha, beta, x)` is what goes into the last sigmoid."""

    def spoilt(_right: Functions) -> Functions:
        def nn2_forward(alpha: Any, beta: Any, x: Any, ystar: Any) -> Any:
            return -sign * _likelihood(_sigmoid(score(alpha, beta, x)), ystar), None

        return {"nn2_forward": nn2_forward}

    _register("nn2_forward", name, family, what, how, spoilt)


def _score(alpha: Any, beta: Any, x: Any) -> Any:
    return beta[0] + beta[1:] @ _sigmoid(alpha @ x)


_nn2_value(
    "likelihood-sign", "sign",
    "Your J has the wrong sign: it is the slide's log-likelihood.",
    "J = -(y* log y + (1 - y*) log(1 - y)).",
    _score, sign=-1.0,
)  # fmt: skip
_nn2_value(
    "nn2-hidden-linear", "omission",
    "Your hidden units are linear: z is the sum a, without a sigmoid.",
    "z[j] = sigmoid(a[j]); otherwise the two layers are one.",
    lambda alpha, beta, x: beta[0] + beta[1:] @ (alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-bias-forgotten", "omission",
    "You leave out beta[0], the bias of the output.",
    "z[0] = 1, so beta[0] is added.",
    lambda alpha, beta, x: beta[1:] @ _sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-beta-off-by-one", "off-by-one",
    "You multiply unit j by beta[j - 1]: the weights are shifted by the bias.",
    "beta[0] is the bias; unit j has the weight beta[j].",
    lambda alpha, beta, x: beta[-1] + beta[:-1] @ _sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-bias-through-sigmoid", "scope",
    "Your bias unit is a sigmoid, too: z[0] = sigmoid(1) or sigmoid(0) instead of 1.",
    "Put z[0] = 1 in front after the sigmoid.",
    lambda alpha, beta, x: beta[0] * _sigmoid(1.0) + beta[1:] @ _sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-bias-half", "scope",
    "Your bias unit is sigmoid(0) = 1/2 instead of 1.",
    "Put z[0] = 1 in front after the sigmoid.",
    lambda alpha, beta, x: beta[0] * 0.5 + beta[1:] @ _sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-hidden-bias-forgotten", "omission",
    "You leave out alpha[:, 0], the biases of the hidden units.",
    "Sum over all entries of x; x[0] is 1.",
    lambda alpha, beta, x: beta[0] + beta[1:] @ _sigmoid(alpha[:, 1:] @ x[1:]),
)  # fmt: skip


def _nn2_slope(name: str, family: str, what: str, how: str, slopes: Wrong, sign: float = 1.0) -> None:
    """Register wrong gradients: `slopes(db, alpha, beta, x, z)`, z without the bias unit."""

    def spoilt(right: Functions) -> Functions:
        def nn2_forward(alpha: Any, beta: Any, x: Any, ystar: Any) -> Any:
            kept = (np.array(alpha), np.array(beta), np.array(x), ystar)
            return right["nn2_forward"](alpha, beta, x, ystar)[0], kept

        def nn2_backward(cache: Any) -> Any:
            alpha, beta, x, ystar = cache
            z = _sigmoid(alpha @ x)
            db = sign * (_sigmoid(beta[0] + beta[1:] @ z) - ystar)
            return slopes(db, alpha, beta, x, z)

        return {"nn2_forward": nn2_forward, "nn2_backward": nn2_backward}

    _register("nn2_backward", name, family, what, how, spoilt)


def _with_output_slope(db: Any, alpha: Any, beta: Any, x: Any, z: Any) -> tuple[Any, Any, Any]:
    y = _sigmoid(beta[0] + beta[1:] @ z)
    db = db * y * (1 - y)
    return _three(db, db * beta[1:] * z * (1 - z), alpha, x, z)


def _three(db: Any, da: Any, alpha: Any, x: Any, z: Any) -> tuple[Any, Any, Any]:
    return np.outer(da, x), db * np.append(1.0, z), da @ alpha


_nn2_slope(
    "nn2-beta-off-by-one", "off-by-one",
    "You send the gradient to hidden unit j through beta[j - 1], so the first unit gets the bias weight.",
    "beta[0] is the bias: unit j is reached through beta[j], that is beta[1:].",
    lambda db, alpha, beta, x, z: _three(db, db * beta[:-1] * z * (1 - z), alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-sigmoid-slope-forgotten", "omission",
    "You leave out the slope z (1 - z) of the hidden units.",
    "dJ/da[j] = dJ/dz[j] z[j] (1 - z[j]).",
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:], alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-slope-is-z", "omission",
    "You multiply by z and leave out the factor 1 - z.",
    "dJ/da[j] = dJ/dz[j] z[j] (1 - z[j]).",
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:] * z, alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-slope-of-the-sum", "wrong-op",
    "You compute the slope of the sigmoid from the sum, a (1 - a).",
    "The slope is z (1 - z) with z the output of the unit.",
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:] * (alpha @ x) * (1 - alpha @ x), alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-slope-of-the-sigmoid-again", "order",
    "You apply the sigmoid to z once more before you take the slope.",
    "The slope is z (1 - z) with z the output of the unit.",
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:] * _sigmoid(z) * (1 - _sigmoid(z)), alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "delta-sign-swapped", "sign",
    "Your dJ/db has the wrong sign: y* - y belongs to the slide's J without the minus.",
    "For the loss dJ/db = y - y*.",
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:] * z * (1 - z), alpha, x, z), sign=-1.0,
)  # fmt: skip
_nn2_slope(
    "nn2-output-slope-counted-twice", "wrong-op",
    "You multiply y - y* by y (1 - y), which it already contains.",
    "dJ/db = y - y*: nothing else is to be multiplied.",
    lambda db, alpha, beta, x, z: _with_output_slope(db, alpha, beta, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-weights-forgotten", "omission",
    "You leave out beta on the way to the hidden units.",
    "dJ/dz[j] = dJ/db beta[j].",
    lambda db, alpha, beta, x, z: _three(db, db * z * (1 - z), alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-dbeta-bias-entry", "scope",
    "Your dbeta is 0 at the entry of the bias.",
    "z[0] = 1, so dJ/dbeta[0] = dJ/db.",
    lambda db, alpha, beta, x, z: (
        np.outer(db * beta[1:] * z * (1 - z), x), db * np.append(0.0, z), (db * beta[1:] * z * (1 - z)) @ alpha,
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dbeta-without-bias", "omission",
    "Your dbeta has no entry for the bias.",
    "dbeta has the shape of beta; its first entry is dJ/db.",
    lambda db, alpha, beta, x, z: (
        np.outer(db * beta[1:] * z * (1 - z), x), db * z, (db * beta[1:] * z * (1 - z)) @ alpha,
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-last-unit", "scope",
    "Your dx holds the way through the last hidden unit only: it is overwritten in the loop.",
    "x reaches the output through all units: sum over j.",
    lambda db, alpha, beta, x, z: (lambda da: (np.outer(da, x), db * np.append(1.0, z), da[-1] * alpha[-1]))(
        db * beta[1:] * z * (1 - z)
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-first-unit", "scope",
    "Your dx holds the way through the first hidden unit only.",
    "x reaches the output through all units: sum over j.",
    lambda db, alpha, beta, x, z: (lambda da: (np.outer(da, x), db * np.append(1.0, z), da[0] * alpha[0]))(
        db * beta[1:] * z * (1 - z)
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-sums-apart", "order",
    "You sum the weights and the gradients apart before you multiply, as the slide's formula reads.",
    "The sum runs over the product: dJ/dx[i] = sum of dJ/da[j] alpha[j,i].",
    lambda db, alpha, beta, x, z: (lambda da: (np.outer(da, x), db * np.append(1.0, z), da.sum() * alpha.sum(axis=0)))(
        db * beta[1:] * z * (1 - z)
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dalpha-transposed", "orientation",
    "Your dalpha is the transpose of what alpha needs.",
    "dalpha[j,i] = dJ/da[j] x[i]: np.outer(da, x).",
    lambda db, alpha, beta, x, z: (lambda da: (np.outer(x, da), db * np.append(1.0, z), da @ alpha))(
        db * beta[1:] * z * (1 - z)
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-without-bias-entry", "omission",
    "Your dx leaves out entry 0.",
    "Return one gradient for every entry of x, the constant x[0] included.",
    lambda db, alpha, beta, x, z: (lambda da: (np.outer(da, x), db * np.append(1.0, z), (da @ alpha)[1:]))(
        db * beta[1:] * z * (1 - z)
    ),
)  # fmt: skip
