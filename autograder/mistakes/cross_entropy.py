"""What goes wrong around the logarithm of a loss: probabilities kept from 0, other bases, lost terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference import log_softmax, softmax

Functions = dict[str, Callable[..., Any]]


def _instead(target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    """Register `wrong`, called with the right function and its arguments; a fault of the exercise, not of an op."""

    def spoilt(right: Functions) -> Functions:
        return {**right, target: lambda *args: wrong(right[target], *args)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind="behaviour")(spoilt)


# --- probabilities kept from 0 -------------------------------------------------------------------


def _picked(P: Any, y: Any) -> Any:
    return P[np.arange(len(y)), y]


def _sigmoid(a: Any) -> Any:
    with np.errstate(all="ignore"):
        return 1.0 / (1.0 + np.exp(-a))  # rounds as in students' code


def _bce(p: Any, y: Any, pad: float) -> Any:
    with np.errstate(all="ignore"):
        return -np.mean(y * np.log(p + pad) + (1 - y) * np.log(1 - p + pad))


def _saturated(power: int) -> None:
    """Register what comes of clipping or padding by 10 to the minus power, of those that are usual: much the same."""
    tiny, size = 10.0**-power, f"1e-{power}"
    what = (
        f"You keep the probabilities above {size} before the logarithm, or add {size} to them, "
        f"so that it never falls below {-power * np.log(10):.0f}."
    )
    scores = "Take the logarithm from the scores: F - max - log(sum of exp(F - max))."
    logit = "Compute the loss from the logit: max(a, 0) - a y + log(1 + e^-|a|)."
    if power != 12:  # these stand with the other faults of softmax
        _instead(
            "softmax_loss", f"loss-of-padded-probability-{size}", "wrong-op", what, scores,
            lambda right, F, y: (-np.mean(np.log(_picked(softmax(F), y) + tiny)), right(F, y)[1]),
        )  # fmt: skip
        _instead(
            "log_softmax", f"log-softmax-padded-{size}", "wrong-op", what, scores,
            lambda right, F: np.log(softmax(F) + tiny),
        )  # fmt: skip
    _instead(
        "bce_loss", f"bce-padded-probability-{size}", "wrong-op", what, logit,
        lambda right, a, y: (_bce(_sigmoid(a), y, tiny), right(a, y)[1]),
    )  # fmt: skip


for _power in (12, 15):
    _size = f"1e-{_power}"
    _instead(
        "bce_loss", f"bce-clipped-probability-{_size}", "wrong-op",
        f"You clip the probabilities between {_size} and 1 - {_size} before the logarithm, so that the loss saturates.",
        "Compute the loss from the logit: max(a, 0) - a y + log(1 + e^-|a|).",
        lambda right, a, y, tiny=10.0**-_power: (
            _bce(np.clip(_sigmoid(a), tiny, 1 - tiny), y, 0.0), right(a, y)[1]),
    )  # fmt: skip
for _power in (8, 9, 10, 12, 15):
    _saturated(_power)


# --- the logarithm itself ------------------------------------------------------------------------


def _logs_of_exponentials(Z: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.log(np.exp(Z))


_instead(
    "log_softmax", "log-softmax-base-ten", "wrong-op",
    "Your logarithm of the sum has base 10.",
    "Use the natural logarithm, np.log.",
    lambda right, F: (lambda Z: Z - np.log10(np.exp(Z).sum(axis=1, keepdims=True)))(F - F.max(axis=1, keepdims=True)),
)  # fmt: skip
_instead(
    "log_softmax", "log-softmax-base-ten-throughout", "wrong-op",
    "You return logarithms to base 10.",
    "Use the natural logarithm, np.log.",
    lambda right, F: log_softmax(F) / np.log(10.0),
)  # fmt: skip
_instead(
    "log_softmax", "log-softmax-sum-of-logarithms", "order",
    "You take the logarithm of each exponential and add those up.",
    "Add the exponentials first, then take the logarithm of their sum.",
    lambda right, F: (lambda Z: Z - _logs_of_exponentials(Z).sum(axis=1, keepdims=True))(
        F - F.max(axis=1, keepdims=True)
    ),
)  # fmt: skip
_instead(
    "softmax_loss", "loss-to-base-ten", "wrong-op",
    "Your logarithm has base 10.",
    "Use the natural logarithm, np.log.",
    lambda right, F, y: (right(F, y)[0] / np.log(10.0), right(F, y)[1]),
)  # fmt: skip


def _by_probabilities(right: Any, F: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        slopes = -1.0 / _picked(softmax(F), y)
    dP = np.zeros(F.shape)
    dP[np.arange(len(y)), y] = slopes / len(y)
    return right(F, y)[0], dP


_instead(
    "softmax_loss", "gradient-at-the-probabilities", "omission",
    "Your gradient is that with respect to the probabilities, -T / P; the way through softmax is missing.",
    "With respect to the scores it is (P - T) / N.",
    _by_probabilities,
)  # fmt: skip
_instead(
    "softmax", "softmax-clipped", "wrong-op",
    "You clip the scores before the exponential, so that different large scores come out alike.",
    "Subtract the largest score of each row: the probabilities stay the same, and nothing overflows.",
    lambda right, F: right(np.clip(F, -500.0, 500.0)),
)  # fmt: skip


# --- the logit -----------------------------------------------------------------------------------


def _logits_as_probabilities(_right: Any, a: Any, y: Any) -> Any:
    return _bce(a, y, 0.0), (a - y) / len(a)


_instead(
    "bce_loss", "bce-sigmoid-forgotten", "omission",
    "You treat a as a probability, in the loss and in the gradient: the sigmoid is missing.",
    "a is the logit: p = sigmoid(a), and da = (p - y) / N.",
    _logits_as_probabilities,
)  # fmt: skip
_instead(
    "bce_loss", "bce-maximum-forgotten", "omission",
    "Your loss leaves out max(a, 0), so it is too small wherever the logit is positive.",
    "The formula that never overflows is max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (right(a, y)[0] - np.mean(np.maximum(a, 0.0)), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-label-term-forgotten", "omission",
    "Your loss leaves out the term a y, so it does not know the labels.",
    "The formula that never overflows is max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (right(a, y)[0] + np.mean(a * y), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-exponent-plus", "sign",
    "Your exponent has lost its minus sign: log(1 + e^|a|) in place of log(1 + e^-|a|).",
    "The formula that never overflows is max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (_with_exponent_plus(a, y), right(a, y)[1]),
)  # fmt: skip


def _with_exponent_plus(a: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.mean(np.maximum(a, 0) - a * y + np.log1p(np.exp(np.abs(a))))


# --- gradients -----------------------------------------------------------------------------------

for _target in ("svm_loss", "softmax_loss"):
    _instead(
        _target, "gradient-divided-by-classes", "swap",
        "You divide the gradient by the number of classes instead of the number of examples.",
        "The loss is the mean over the N examples: divide by N = len(y).",
        lambda right, F, y: (right(F, y)[0], right(F, y)[1] * len(y) / F.shape[1]),
    )  # fmt: skip
_instead(
    "softmax_loss", "gradient-from-logarithms", "omission",
    "You subtract the targets from the logarithms of the probabilities.",
    "The gradient is (P - T) / N: take the exponential first.",
    lambda right, F, y: (right(F, y)[0], (log_softmax(F) - np.eye(F.shape[1])[y]) / len(y)),
)  # fmt: skip


def _exchanged(_right: Any, S: Any, y: Any) -> Any:
    rows = np.arange(len(y))
    margins = np.maximum(0.0, S[rows, y][:, None] - S + 1.0)
    margins[rows, y] = 0.0
    dS = -(margins > 0).astype(float)
    dS[rows, y] = -dS.sum(axis=1)
    return margins.sum() / len(y), dS / len(y)


_instead(
    "svm_loss", "hinge-scores-exchanged", "swap",
    "You subtract the score of the other class from that of the right one, so the loss rewards mistakes.",
    "The margin is s_j - s_y + 1: the other class minus the right one.",
    _exchanged,
)  # fmt: skip
_instead(
    "softmax", "softmax-maximum-added", "sign",
    "You add the largest score of each row, so the exponentials overflow even earlier.",
    "Subtract it: then every exponent is at most 0.",
    lambda right, F: _naive(F + F.max(axis=1, keepdims=True)),
)  # fmt: skip


def _naive(F: Any) -> Any:
    with np.errstate(all="ignore"):
        E = np.exp(F)
        return E / E.sum(axis=1, keepdims=True)


_instead(
    "softmax", "softmax-sum-without-keepdims", "orientation",
    "You divide by the sums without keepdims: they line up with the columns, an error or wrong in a square table.",
    "Use E.sum(axis=1, keepdims=True), so that the sums form a column.",
    lambda right, F: (lambda E: E / E.sum(axis=1))(np.exp(F - F.max(axis=1, keepdims=True))),
)  # fmt: skip
