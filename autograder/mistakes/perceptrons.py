"""What goes wrong in one sigmoid unit. Each takes the right functions and spoils some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Wrong = Callable[..., Any]


def register(
    target: str, name: str, family: str, what: str, how: str, spoilt: Wrong, kind: str = "value"
) -> None:
    """Register a mistake of `target`: `spoilt(right)` returns the functions that change."""

    def wrong(right: Functions) -> Functions:
        return {**right, **spoilt(right)}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind)(wrong)


def sigmoid(a: Any) -> Any:
    """Return 1 / (1 + e^-a), which does not overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def likelihood(y: Any, ystar: Any) -> Any:
    """Return the lecture's J, without its minus sign."""
    return ystar * np.log(y) + (1 - ystar) * np.log(1 - y)


# --- one sigmoid unit ----------------------------------------------------------------------------


def _logreg_value(name: str, family: str, what: str, how: str, loss: Wrong) -> None:
    """Register a wrong loss: `loss(theta, x, ystar, sign)` with sign -1 for the slide's J."""

    def spoilt(_right: Functions) -> Functions:
        def logreg_forward(theta: Any, x: Any, ystar: Any, slide_sign: bool = False) -> Any:
            return loss(theta, x, ystar, -1.0 if slide_sign else 1.0), None

        return {"logreg_forward": logreg_forward}

    register("logreg_forward", name, family, what, how, spoilt)


def _logreg_slope(name: str, family: str, what: str, how: str, slopes: Wrong) -> None:
    """Register wrong gradients: `slopes(da, theta, x, y, sign)` with da of the loss itself."""

    def spoilt(right: Functions) -> Functions:
        def logreg_forward(theta: Any, x: Any, ystar: Any, slide_sign: bool = False) -> Any:
            kept = (np.array(theta), np.array(x), ystar, -1.0 if slide_sign else 1.0)
            return right["logreg_forward"](theta, x, ystar, slide_sign)[0], kept

        def logreg_backward(cache: Any) -> Any:
            theta, x, ystar, sign = cache
            y = sigmoid(theta @ x)
            return slopes(y - ystar, theta, x, y, sign)

        return {"logreg_forward": logreg_forward, "logreg_backward": logreg_backward}

    register("logreg_backward", name, family, what, how, spoilt)


_logreg_value(
    "likelihood-sign", "sign",
    "Your J has the wrong sign: it is the slide's log-likelihood, and with slide_sign=True it is the loss.",
    "J = -(y* log y + (1 - y*) log(1 - y)); only slide_sign=True leaves out the minus.",
    lambda theta, x, t, sign: sign * likelihood(sigmoid(theta @ x), t),
)  # fmt: skip
_logreg_value(
    "logarithm-base-ten", "wrong-op", "You use the logarithm to base 10.", "The natural logarithm is meant: np.log.",
    lambda theta, x, t, sign: -sign * likelihood(sigmoid(theta @ x), t) / np.log(10.0),
)  # fmt: skip
_logreg_value(
    "slide-sign-ignored", "omission",
    "You ignore slide_sign: J is always the loss.",
    "With slide_sign=True return the slide's J, without the minus sign.",
    lambda theta, x, t, sign: -likelihood(sigmoid(theta @ x), t),
)  # fmt: skip
_logreg_value(
    "slide-sign-always", "convention",
    "Your J is always the slide's log-likelihood, whatever slide_sign says.",
    "Put the minus sign in front unless slide_sign=True.",
    lambda theta, x, t, sign: likelihood(sigmoid(theta @ x), t),
)  # fmt: skip
_logreg_value(
    "only-positive-class", "omission",
    "Your J has the term y* log y only, so it is 0 whenever the answer is no.",
    "Add (1 - y*) log(1 - y).",
    lambda theta, x, t, sign: -sign * t * np.log(sigmoid(theta @ x)),
)  # fmt: skip
_logreg_value(
    "labels-exchanged", "swap",
    "You exchange y* and 1 - y* in J, or your sigmoid lacks the minus sign of its exponent.",
    "log y belongs to y*, log(1 - y) to 1 - y*, and y = 1 / (1 + e^-a).",
    lambda theta, x, t, sign: -sign * likelihood(sigmoid(theta @ x), 1 - t),
)  # fmt: skip
_logreg_value(
    "bias-forgotten", "omission",
    "You leave out theta[0], the bias.",
    "Sum over all entries; x[0] is 1.",
    lambda theta, x, t, sign: -sign * likelihood(sigmoid(theta[1:] @ x[1:]), t),
)  # fmt: skip
_logreg_value(
    "squared-error", "wrong-op",
    "Your J is the squared error.",
    "J = -(y* log y + (1 - y*) log(1 - y)).",
    lambda theta, x, t, sign: sign * 0.5 * (sigmoid(theta @ x) - t) ** 2,
)  # fmt: skip
_logreg_value(
    "minus-before-first-term-only", "sign",
    "Your minus sign stands before the first term only, so J is negative whenever the answer is no.",
    "The minus belongs to the whole sum: -(y* log y + (1 - y*) log(1 - y)).",
    lambda theta, x, t, sign: -sign * t * np.log(sigmoid(theta @ x)) + (1 - t) * np.log(1 - sigmoid(theta @ x)),
)  # fmt: skip
_logreg_value(
    "terms-subtracted", "sign",
    "You subtract the two terms of J from each other.",
    "Add them, and put the minus before the sum: -(y* log y + (1 - y*) log(1 - y)).",
    lambda theta, x, t, sign: -sign * (
        t * np.log(sigmoid(theta @ x)) - (1 - t) * np.log(1 - sigmoid(theta @ x))),
)  # fmt: skip
_logreg_value(
    "bias-added-twice", "scope",
    "You add theta[0] to the sum, which holds it already.",
    "x[0] is 1, so theta . x has the bias in it.",
    lambda theta, x, t, sign: -sign * likelihood(sigmoid(theta @ x + theta[0]), t),
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
_logreg_slope(
    "targets-not-subtracted", "omission",
    "Your dJ/da is y: the right answer is not subtracted.",
    "dJ/da = y - y*.",
    lambda da, theta, x, y, sign: (sign * y * x, sign * y * theta),
)  # fmt: skip
_logreg_slope(
    "second-term-sign-lost", "sign",
    "Where y* = 0 your gradients have the wrong sign: dJ/dy has (1 - y*) / (y - 1), with y - 1 below.",
    "dJ/dy = -y*/y + (1 - y*)/(1 - y); with the slope of the sigmoid y - y* is left.",
    lambda da, theta, x, y, sign: (-sign * abs(da) * x, -sign * abs(da) * theta),
)  # fmt: skip
_logreg_slope(
    "dx-zero-at-bias", "scope",
    "You set entry 0 of dx to 0.",
    "Entry 0 is asked for like the others: dx = dJ/da theta.",
    lambda da, theta, x, y, sign: (sign * da * x, sign * da * np.append(0.0, theta[1:])),
)  # fmt: skip
_logreg_slope(
    "dtheta-zero-at-bias", "omission",
    "Your dtheta is 0 at the bias.",
    "x[0] is 1, so the bias has the gradient dJ/da.",
    lambda da, theta, x, y, sign: (sign * da * np.append(0.0, x[1:]), sign * da * theta),
)  # fmt: skip
