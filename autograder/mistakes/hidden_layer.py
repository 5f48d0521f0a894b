"""What goes wrong in a network of one hidden layer of sigmoid units. Each takes the right functions and spoils some."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes.perceptrons import Functions, Wrong, likelihood, register, sigmoid


def _log_loss(y: Any, t: Any) -> Any:
    return -likelihood(y, t)


def _nn2_value(
    name: str, family: str, what: str, how: str, score: Wrong, sign: float = 1.0, loss: Wrong = _log_loss
) -> None:
    """Register a wrong loss: `score(alpha, beta, x)` is what goes into the last sigmoid, loss(y, y*) comes of it."""

    def spoilt(_right: Functions) -> Functions:
        def nn2_forward(alpha: Any, beta: Any, x: Any, ystar: Any) -> Any:
            return sign * loss(sigmoid(score(alpha, beta, x)), ystar), None

        return {"nn2_forward": nn2_forward}

    register("nn2_forward", name, family, what, how, spoilt)


def _score(alpha: Any, beta: Any, x: Any) -> Any:
    return beta[0] + beta[1:] @ sigmoid(alpha @ x)


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
    lambda alpha, beta, x: beta[1:] @ sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-beta-off-by-one", "off-by-one",
    "You multiply unit j by beta[j - 1]: the weights are shifted by the bias.",
    "beta[0] is the bias; unit j has the weight beta[j].",
    lambda alpha, beta, x: beta[-1] + beta[:-1] @ sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-bias-through-sigmoid", "scope",
    "Your bias unit is a sigmoid, too: z[0] = sigmoid(1) or sigmoid(0) instead of 1.",
    "Put z[0] = 1 in front after the sigmoid.",
    lambda alpha, beta, x: beta[0] * sigmoid(1.0) + beta[1:] @ sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-bias-half", "scope",
    "Your bias unit is sigmoid(0) = 1/2 instead of 1.",
    "Put z[0] = 1 in front after the sigmoid.",
    lambda alpha, beta, x: beta[0] * 0.5 + beta[1:] @ sigmoid(alpha @ x),
)  # fmt: skip
_nn2_value(
    "nn2-hidden-bias-forgotten", "omission",
    "You leave out alpha[:, 0], the biases of the hidden units.",
    "Sum over all entries of x; x[0] is 1.",
    lambda alpha, beta, x: beta[0] + beta[1:] @ sigmoid(alpha[:, 1:] @ x[1:]),
)  # fmt: skip
_nn2_value(
    "nn2-hidden-relu", "wrong-op",
    "Your hidden units are ReLUs.",
    "Here they are sigmoids: z[j] = 1 / (1 + e^-a[j]).",
    lambda alpha, beta, x: beta[0] + beta[1:] @ np.maximum(alpha @ x, 0.0),
)  # fmt: skip
_nn2_value(
    "nn2-hidden-tanh", "wrong-op",
    "Your hidden units are tanh.",
    "Here they are sigmoids: z[j] = 1 / (1 + e^-a[j]).",
    lambda alpha, beta, x: beta[0] + beta[1:] @ np.tanh(alpha @ x),
)  # fmt: skip
_nn2_value(
    "only-positive-class", "omission",
    "Your J has the term y* log y only, so it is 0 whenever the answer is no.",
    "Add (1 - y*) log(1 - y).",
    _score, loss=lambda y, t: -t * np.log(y),
)  # fmt: skip
_nn2_value(
    "minus-before-first-term-only", "sign",
    "Your minus sign stands before the first term only, so J is negative whenever the answer is no.",
    "The minus belongs to the whole sum: -(y* log y + (1 - y*) log(1 - y)).",
    _score, loss=lambda y, t: -t * np.log(y) + (1 - t) * np.log(1 - y),
)  # fmt: skip
_nn2_value(
    "labels-exchanged", "swap",
    "You exchange y* and 1 - y* in J, or the sigmoid of the output lacks the minus sign of its exponent.",
    "log y belongs to y*, log(1 - y) to 1 - y*, and y = 1 / (1 + e^-b).",
    _score, loss=lambda y, t: -likelihood(y, 1 - t),
)  # fmt: skip
_nn2_value(
    "squared-error", "wrong-op",
    "Your J is the squared error.",
    "J = -(y* log y + (1 - y*) log(1 - y)).",
    _score, loss=lambda y, t: 0.5 * (y - t) ** 2,
)  # fmt: skip
_nn2_value(
    "exponent-plus-everywhere", "sign",
    "Your sigmoid lacks the minus sign of its exponent.",
    "1 / (1 + e^-a), in both layers.",
    lambda alpha, beta, x: -(beta[0] + beta[1:] @ sigmoid(-(alpha @ x))),
)  # fmt: skip


def _nn2_slope(name: str, family: str, what: str, how: str, slopes: Wrong, sign: float = 1.0) -> None:
    """Register wrong gradients: `slopes(db, alpha, beta, x, z)`, z without the bias unit."""

    def spoilt(right: Functions) -> Functions:
        def nn2_forward(alpha: Any, beta: Any, x: Any, ystar: Any) -> Any:
            kept = (np.array(alpha), np.array(beta), np.array(x), ystar)
            return right["nn2_forward"](alpha, beta, x, ystar)[0], kept

        def nn2_backward(cache: Any) -> Any:
            alpha, beta, x, ystar = cache
            z = sigmoid(alpha @ x)
            db = sign * (sigmoid(beta[0] + beta[1:] @ z) - ystar)
            return slopes(db, alpha, beta, x, z)

        return {"nn2_forward": nn2_forward, "nn2_backward": nn2_backward}

    register("nn2_backward", name, family, what, how, spoilt)


def _with_output_slope(db: Any, alpha: Any, beta: Any, x: Any, z: Any) -> tuple[Any, Any, Any]:
    y = sigmoid(beta[0] + beta[1:] @ z)
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
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:] * sigmoid(z) * (1 - sigmoid(z)), alpha, x, z),
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
_nn2_slope(
    "nn2-slope-is-one-minus-z", "omission",
    "You multiply by 1 - z and leave out the factor z.",
    "dJ/da[j] = dJ/dz[j] z[j] (1 - z[j]).",
    lambda db, alpha, beta, x, z: _three(db, db * beta[1:] * (1 - z), alpha, x, z),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-of-the-slide", "order",
    "You multiply the gradient of one hidden unit by the sum of the weights, as the slide's formula reads.",
    "The sum runs over the product: dJ/dx[i] = sum of dJ/da[j] alpha[j,i].",
    lambda db, alpha, beta, x, z: (lambda da: (np.outer(da, x), db * np.append(1.0, z), da[-1] * alpha.sum(axis=0)))(
        db * beta[1:] * z * (1 - z)
    ),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-zero-at-bias", "scope",
    "You set entry 0 of dx to 0.",
    "Entry 0 is asked for like the others: dx = alpha^T dJ/da.",
    lambda db, alpha, beta, x, z: (
        lambda da: (np.outer(da, x), db * np.append(1.0, z), np.append(0.0, da @ alpha[:, 1:]))
    )(db * beta[1:] * z * (1 - z)),
)  # fmt: skip
_nn2_slope(
    "nn2-dx-without-slope", "omission",
    "In dx you leave out the slope z (1 - z): you send dJ/dz back, not dJ/da.",
    "dJ/dx[i] = sum of dJ/da[j] alpha[j,i], with dJ/da[j] = dJ/dz[j] z[j] (1 - z[j]).",
    lambda db, alpha, beta, x, z: (
        np.outer(db * beta[1:] * z * (1 - z), x), db * np.append(1.0, z), db * beta[1:] @ alpha),
)  # fmt: skip
