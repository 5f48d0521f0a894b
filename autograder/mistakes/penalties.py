"""What goes wrong in the L2 penalty: in its value (as the op), and in the pair of value and gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference import l2_penalty

Functions = dict[str, Callable[..., Any]]


@mistake(l2_penalty, "l2-norm-not-squared", family="omission")
def l2_norm(w: Any, lam: Any) -> Any:
    """Your penalty uses the norm of the weights instead of its square.

    R = lam * sum of W^2, without a square root.
    """
    return lam * np.sqrt(np.sum(np.square(w)))


@mistake(l2_penalty, "l2-penalty-halved", family="convention")
def l2_penalty_halved(w: Any, lam: Any) -> Any:
    """Your penalty is lam/2 times the sum of squares, while the gradient is that of lam times it.

    The lecture's penalty has no 1/2: R = lam * sum of W^2.
    """
    return lam * np.sum(np.square(w)) / 2


@mistake(l2_penalty, "l2-penalty-averaged", family="scale")
def l2_averaged(w: Any, lam: Any) -> Any:
    """Your penalty is the mean of the squares instead of their sum.

    R = lam * sum of W^2: use np.sum.
    """
    return lam * np.mean(np.square(w))


@mistake(l2_penalty, "l2-penalty-absolute", family="wrong-op")
def l2_absolute(w: Any, lam: Any) -> Any:
    """Your penalty sums absolute values: that is L1.

    Sum the squares of the weights.
    """
    return lam * np.sum(np.abs(w))


@mistake(l2_penalty, "l2-penalty-without-lam", family="omission")
def l2_without_lam(w: Any, lam: Any) -> Any:
    """Your penalty leaves out lam.

    R = lam * sum of W^2.
    """
    return np.sum(np.square(w))


@mistake(l2_penalty, "l2-penalty-lam-squared", family="order")
def l2_lam_squared(w: Any, lam: Any) -> Any:
    """Your penalty squares lam together with the weights.

    Square the weights only: lam * np.sum(W**2).
    """
    return np.sum(np.square(lam * w))


def _changed(name: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    def spoilt(right: Functions) -> Functions:
        return {**right, "l2_penalty": lambda W, lam: wrong(right["l2_penalty"], W, lam)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("l2_penalty", name, family=family, kind="behaviour")(spoilt)


# Wrong gradients, and faults seen in both results, are changes of the exercise's pair.
_L2_PAIRS: tuple[tuple[str, str, str, str, Callable[..., Any]], ...] = (
    ("l2-gradient-no-two", "scale", "Your gradient is lam W: the 2 from the square is missing.",
     "The derivative of lam w^2 is 2 lam w.", lambda right, W, lam: (right(W, lam)[0], lam * W)),
    ("l2-half", "convention", "You use the convention lam/2 times the sum of squares, with the gradient lam W.",
     "The lecture's penalty is lam times the sum of squares, with the gradient 2 lam W.",
     lambda right, W, lam: (right(W, lam)[0] / 2, lam * W)),
    ("l2-gradient-without-lam", "omission", "Your gradient leaves out lam.",
     "The derivative of lam w^2 is 2 lam w.", lambda right, W, lam: (right(W, lam)[0], 2 * W)),
    ("l2-gradient-sign", "sign", "Your gradient has the wrong sign: it would make the weights grow.",
     "The derivative of lam w^2 is +2 lam w; the update subtracts it.",
     lambda right, W, lam: (right(W, lam)[0], -2 * lam * W)),
    ("l2-gradient-of-absolute", "wrong-op", "Your gradient is that of absolute values, lam sign(W).",
     "The derivative of lam w^2 is 2 lam w.", lambda right, W, lam: (right(W, lam)[0], lam * np.sign(W))),
    ("l2-gradient-summed", "scope", "You add up the gradient to one number.",
     "Every weight has a gradient of its own: dW has the shape of W.",
     lambda right, W, lam: (right(W, lam)[0], np.sum(right(W, lam)[1]))),
    ("l2-gradient-averaged", "scale", "Your gradient is divided by the number of weights, while the penalty is not.",
     "The derivative of lam w^2 is 2 lam w.", lambda right, W, lam: (right(W, lam)[0], 2 * lam * W / W.size)),
    ("l2-square-of-the-sum", "order", "You add up the weights and square the sum.",
     "Square first, then add: np.sum(W**2).", lambda right, W, lam: (lam * np.sum(W) ** 2, right(W, lam)[1])),
    ("l2-gradient-still-squared", "omission", "Your gradient still has the square: 2 lam W^2.",
     "The derivative of lam w^2 is 2 lam w.", lambda right, W, lam: (right(W, lam)[0], 2 * lam * W**2)),
    ("returns-swapped", "order", "You return the gradient first and the penalty second.",
     "Return (R, dW), in this order.", lambda right, W, lam: right(W, lam)[::-1]),
    ("l2-averaged-throughout", "scale", "You divide penalty and gradient by the number of weights.",
     "Sum the squares: np.sum, not np.mean.",
     lambda right, W, lam: (right(W, lam)[0] / W.size, right(W, lam)[1] / W.size)),
)  # fmt: skip
for _name, _family, _what, _how, _wrong in _L2_PAIRS:
    _changed(_name, _family, _what, _how, _wrong)
