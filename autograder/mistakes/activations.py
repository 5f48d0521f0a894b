"""What goes wrong in activations. Each takes the right functions and spoils one of a pair, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Wrong = Callable[..., Any]


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


_VALUE: dict[str, Wrong] = {
    "relu": lambda x: np.maximum(x, 0.0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "sigmoid": _sigmoid,
}


def _value(stem: str, name: str, family: str, what: str, how: str, wrong: Wrong) -> None:
    """Register a wrong result: `wrong(x)`."""

    def spoilt(right: Functions) -> Functions:
        return {**right, f"{stem}_forward": lambda x: (wrong(x), x)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(f"{stem}_forward", name, family=family)(spoilt)


def _slope(
    stem: str, name: str, family: str, what: str, how: str, wrong: Wrong,
    value: Wrong | None = None, kind: str = "value",
) -> None:  # fmt: skip
    """Register a wrong gradient: `wrong(dy, x)`, with the right forward or `value(x)`."""

    def spoilt(right: Functions) -> Functions:
        forward = value or _VALUE[stem]
        return {f"{stem}_forward": lambda x: (forward(x), x), f"{stem}_backward": wrong}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(f"{stem}_backward", name, family=family, kind=kind)(spoilt)


# --- values --------------------------------------------------------------------------------------

_value(
    "relu", "relu-is-abs", "wrong-op",
    "You compute |x|: negative numbers become positive.",
    "Negative numbers become 0: np.maximum(x, 0).",
    np.abs,
)  # fmt: skip
_value(
    "relu", "relu-keeps-negative", "sign",
    "You keep the negative numbers and drop the positive ones.",
    "Take the maximum of x and 0, not the minimum.",
    lambda x: np.minimum(x, 0.0),
)  # fmt: skip
_value(
    "relu", "relu-returns-mask", "omission",
    "You return where x is positive, as 0 and 1, and not x itself.",
    "Multiply the mask by x.",
    lambda x: (x > 0).astype(float),
)  # fmt: skip
_value(
    "relu", "relu-leaks", "wrong-op",
    "You multiply negative numbers by 0.01: that is the leaky ReLU.",
    "Negative numbers become 0: np.maximum(x, 0).",
    lambda x: np.where(x > 0, x, 0.01 * x),
)  # fmt: skip
_value(
    "relu", "relu-identity", "omission",
    "You return x unchanged.",
    "Negative numbers become 0: np.maximum(x, 0).",
    lambda x: np.array(x),
)  # fmt: skip
_value(
    "relu", "relu-capped", "wrong-op",
    "You cap the result at 1.",
    "Only negative numbers change: np.maximum(x, 0).",
    lambda x: np.clip(x, 0.0, 1.0),
)  # fmt: skip
_value(
    "leaky_relu", "leak-missing", "omission",
    "You set negative numbers to 0: that is the plain ReLU.",
    "Multiply negative numbers by 0.01.",
    lambda x: np.maximum(x, 0.0),
)  # fmt: skip
_value(
    "leaky_relu", "leak-sign-swapped", "sign",
    "You make negative numbers positive: the slope of the leak has the wrong sign.",
    "Multiply negative numbers by +0.01, so that they stay negative.",
    lambda x: np.where(x > 0, x, -0.01 * x),
)  # fmt: skip
_value(
    "leaky_relu", "leak-of-one-tenth", "scale",
    "Your slope for negative numbers is 0.1.",
    "The slope is 0.01.",
    lambda x: np.where(x > 0, x, 0.1 * x),
)  # fmt: skip
_value(
    "leaky_relu", "leak-constant", "wrong-op",
    "You turn negative numbers into the constant 0.01.",
    "Multiply negative numbers by 0.01.",
    lambda x: np.where(x > 0, x, 0.01),
)  # fmt: skip
_value(
    "leaky_relu", "leak-on-both-sides", "scope",
    "You multiply all numbers by 0.01.",
    "Only negative numbers are; positive ones stay as they are.",
    lambda x: 0.01 * x,
)  # fmt: skip
_value(
    "leaky_relu", "leak-exchanged", "swap",
    "You multiply the positive numbers by 0.01 and keep the negative ones.",
    "Exchange the two: x where x > 0, else 0.01 x.",
    lambda x: np.where(x > 0, 0.01 * x, x),
)  # fmt: skip
_value(
    "sigmoid", "exponent-plus", "sign",
    "You compute 1 / (1 + e^x): the minus sign of the exponent is missing.",
    "The sigmoid is 1 / (1 + e^-x).",
    lambda x: _sigmoid(-x),
)  # fmt: skip
_value(
    "sigmoid", "sigmoid-is-tanh", "wrong-op",
    "You compute tanh, which runs from -1 to 1.",
    "The sigmoid runs from 0 to 1: 1 / (1 + e^-x).",
    np.tanh,
)  # fmt: skip
_value(
    "sigmoid", "sigmoid-quotient-overflow", "omission",
    "You compute e^x / (1 + e^x), which is inf/inf for large x.",
    "Use 1 / (1 + e^-x) where x is positive.",
    lambda x: _quotient(x),
)  # fmt: skip
_value(
    "sigmoid", "sigmoid-no-one", "omission",
    "You compute 1 / e^-x: the 1 in the denominator is missing.",
    "The sigmoid is 1 / (1 + e^-x).",
    lambda x: np.exp(x),
)  # fmt: skip


def _quotient(x: Any) -> Any:
    with np.errstate(all="ignore"):
        e = np.exp(x)
        return e / (1.0 + e)


def _in_place(stem: str) -> Callable[[Any], Any]:
    def forward(x: Any) -> Any:
        x[...] = _VALUE[stem](x)
        return x, x

    return forward


def _register_in_place(stem: str) -> None:
    def spoilt(right: Functions) -> Functions:
        return {**right, f"{stem}_forward": _in_place(stem)}

    spoilt.__doc__ = (
        "You write the result into x, which still belongs to the caller.\n\n"
        "Make a new array, for instance with np.where or np.maximum."
    )
    mistake(f"{stem}_forward", "input-changed-in-place", family="scope", kind="behaviour")(spoilt)


for _stem in _VALUE:
    _register_in_place(_stem)


# --- gradients -----------------------------------------------------------------------------------

_FACTOR: dict[str, Wrong] = {
    "relu": lambda x: np.where(x > 0, 1.0, 0.0),
    "leaky_relu": lambda x: np.where(x > 0, 1.0, 0.01),
    "sigmoid": lambda x: _sigmoid(x) * _sigmoid(-x),
}


def _change_dy(stem: str) -> Wrong:
    def backward(dy: Any, x: Any) -> Any:
        dy *= _FACTOR[stem](x)
        return dy

    return backward


def _remembers(stem: str) -> None:
    def spoilt(right: Functions) -> Functions:
        last: dict[str, Any] = {}

        def forward(x: Any) -> Any:
            last["x"] = np.array(x)
            return _VALUE[stem](x), None

        return {
            f"{stem}_forward": forward,
            f"{stem}_backward": lambda dy, cache: dy * _FACTOR[stem](last["x"]),
        }

    spoilt.__doc__ = (
        "Your backward uses a global variable that the last forward wrote, not the cache it is given.\n\n"
        "Return what backward needs as the cache, and read nothing else there."
    )
    mistake(f"{stem}_backward", "global-instead-of-cache", family="scope", kind="behaviour")(spoilt)


for _stem in _VALUE:
    _slope(
        _stem, f"{_stem.replace('_', '-')}-backward-no-dy", "omission",
        "You return the local slope: the gradient from the right is missing.",
        "Multiply the slope by dy, entry by entry.",
        lambda dy, x, stem=_stem: np.broadcast_to(_FACTOR[stem](x), np.shape(dy)).copy(),
    )  # fmt: skip
    _slope(
        _stem, f"{_stem.replace('_', '-')}-backward-passes-dy", "omission",
        "You pass dy on unchanged: the local slope is missing.",
        "Multiply dy by the slope of the activation at x.",
        lambda dy, x: np.array(dy),
    )  # fmt: skip
    _slope(
        _stem, "dy-changed-in-place", "scope",
        "You multiply dy in place, which changes the array you were given.",
        "Write dx = dy * slope, which makes a new array.",
        _change_dy(_stem), kind="behaviour",
    )  # fmt: skip
    _remembers(_stem)

_slope(
    "relu", "relu-mask-from-dy", "swap",
    "You ask where dy is positive instead of where x was.",
    "The gradient passes where x > 0, whatever its own sign: keep x, or the mask, in the cache.",
    lambda dy, x: dy * (dy > 0),
)  # fmt: skip
_slope(
    "relu", "relu-mask-from-both", "swap",
    "You let a gradient pass only where both x and dy are positive.",
    "The sign of dy does not matter: dy * (x > 0).",
    lambda dy, x: dy * (dy > 0) * (x > 0),
)  # fmt: skip
_slope(
    "relu", "relu-mask-inverted", "sign",
    "You let the gradient pass where x is negative.",
    "It passes where x > 0.",
    lambda dy, x: dy * (x < 0),
)  # fmt: skip
_slope(
    "relu", "relu-backward-times-x", "wrong-op",
    "You multiply dy by max(0, x) instead of by 0 or 1.",
    "The slope is 1 where x > 0, and 0 elsewhere.",
    lambda dy, x: dy * np.maximum(x, 0.0),
)  # fmt: skip
_slope(
    "relu", "relu-of-dy", "wrong-op",
    "You multiply x by dy and cut that off at 0.",
    "The slope is 1 where x > 0, and 0 elsewhere: dy * (x > 0).",
    lambda dy, x: np.maximum(0.0, dy * x),
)  # fmt: skip
_slope(
    "relu", "relu-is-abs", "wrong-op",
    "Your slope is the sign of x, -1 or 1: that belongs to |x|.",
    "The slope is 1 where x > 0, and 0 elsewhere.",
    lambda dy, x: dy * np.sign(x), value=np.abs,
)  # fmt: skip
_slope(
    "leaky_relu", "leak-missing", "omission",
    "You let no gradient pass where x is negative.",
    "There the slope is 0.01.",
    lambda dy, x: dy * (x > 0),
)  # fmt: skip
_slope(
    "leaky_relu", "leak-mask-from-dy", "swap",
    "You choose the slope by the sign of dy instead of that of x.",
    "Keep x, or the slopes, in the cache.",
    lambda dy, x: dy * np.where(dy > 0, 1.0, 0.01),
)  # fmt: skip
_slope(
    "leaky_relu", "leak-sign-swapped", "sign",
    "Your slope where x is negative is -0.01.",
    "It is +0.01.",
    lambda dy, x: dy * np.where(x > 0, 1.0, -0.01),
)  # fmt: skip
_slope(
    "leaky_relu", "leak-constant", "wrong-op",
    "Where x is negative you return 0.01 itself: the gradient from the right is missing there.",
    "Multiply 0.01 by dy.",
    lambda dy, x: np.where(x > 0, dy, 0.01),
)  # fmt: skip
_slope(
    "leaky_relu", "leak-of-one-tenth", "scale",
    "Your slope where x is negative is 0.1.",
    "It is 0.01.",
    lambda dy, x: dy * np.where(x > 0, 1.0, 0.1),
)  # fmt: skip
_slope(
    "leaky_relu", "leak-exchanged", "swap",
    "Your slope is 0.01 where x is positive and 1 where it is negative.",
    "Exchange the two.",
    lambda dy, x: dy * np.where(x > 0, 0.01, 1.0),
)  # fmt: skip
_slope(
    "sigmoid", "slope-of-the-input", "wrong-op",
    "You compute x (1 - x) with the input x; that formula holds for the output.",
    "The slope is y (1 - y) with y the result of the forward: keep y in the cache.",
    lambda dy, x: dy * x * (1 - x),
)  # fmt: skip
_slope(
    "sigmoid", "slope-is-y", "omission",
    "You multiply by y and leave out the factor 1 - y.",
    "The slope is y (1 - y).",
    lambda dy, x: dy * _sigmoid(x),
)  # fmt: skip
_slope(
    "sigmoid", "slope-sign-swapped", "sign",
    "Your slope is y (y - 1), which is negative.",
    "The slope is y (1 - y).",
    lambda dy, x: -dy * _sigmoid(x) * _sigmoid(-x),
)  # fmt: skip
_slope(
    "sigmoid", "slope-of-tanh", "wrong-op",
    "You use 1 - y^2, the slope of tanh.",
    "The slope of the sigmoid is y (1 - y).",
    lambda dy, x: dy * (1 - _sigmoid(x) ** 2),
)  # fmt: skip
_slope(
    "sigmoid", "sigmoid-applied-twice", "order",
    "You apply the sigmoid to y once more before you take the slope.",
    "The slope is y (1 - y) with y the result of the forward itself.",
    lambda dy, x: dy * _FACTOR["sigmoid"](_sigmoid(x)),
)  # fmt: skip
_slope(
    "sigmoid", "slope-is-one-minus-y", "omission",
    "You multiply by 1 - y and leave out the factor y.",
    "The slope is y (1 - y).",
    lambda dy, x: dy * _sigmoid(-x),
)  # fmt: skip
_slope(
    "leaky_relu", "leak-times-x", "swap",
    "Where x is negative you return 0.01 x, the value of the forward, in place of 0.01 dy.",
    "The slope is 0.01 there: multiply it by dy.",
    lambda dy, x: np.where(x > 0, dy, 0.01 * x),
)  # fmt: skip
