"""What goes wrong in softmax, its logarithm, and the cross-entropy that is built on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference import log_softmax, softmax

Functions = dict[str, Callable[..., Any]]


def _instead(
    target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    """Register `wrong`, called with the right function and its arguments, as what a student writes instead."""

    def spoilt(right: Functions) -> Functions:
        return {**right, target: lambda *args: wrong(right[target], *args)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind)(spoilt)


def _far_out(target: str, name: str, family: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a fault that shows far from 0 only, where the exercise looks."""

    def register(wrong: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def spoilt(right: Functions) -> Functions:
            return {**right, target: wrong}

        spoilt.__doc__ = wrong.__doc__
        mistake(target, name, family=family, kind="behaviour")(spoilt)
        return wrong

    return register


def _quiet_exp(x: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.exp(x)


def _share(e: np.ndarray, total: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return e / total


@mistake(softmax, "softmax-overflow", family="omission")
def softmax_overflow(x: Any) -> Any:
    """You compute e^f directly: it overflows to infinity above 709 and vanishes below -745, and the quotient is nan.

    Subtract the largest score of each row first; the probabilities stay the same.
    """
    e = _quiet_exp(x)
    return _share(e, e.sum(axis=-1, keepdims=True))


@_far_out("softmax", "softmax-subtract-mean", family="wrong-op")
def softmax_subtract_mean(x: Any) -> Any:
    """You subtract the mean of each row, which does not keep the exponentials from overflowing.

    Subtract the largest score of each row: then every exponent is at most 0.
    """
    return softmax_overflow(x - np.mean(x, axis=-1, keepdims=True))


@mistake(softmax, "softmax-global-max", family="scope")
def softmax_global_max(x: Any) -> Any:
    """You subtract the largest score of the whole table, so that rows of small scores vanish to 0/0.

    Subtract the largest score of each row: axis=1, keepdims=True.
    """
    return softmax_overflow(x - np.max(x))


@_far_out("softmax", "softmax-subtract-min", family="wrong-op")
def softmax_subtract_min(x: Any) -> Any:
    """You subtract the smallest score of each row, which makes the largest exponent even larger.

    Subtract the largest score of each row.
    """
    return softmax_overflow(x - np.min(x, axis=-1, keepdims=True))


@mistake(softmax, "softmax-sign", family="sign")
def softmax_sign(x: Any) -> Any:
    """You take the exponential of minus the scores, so the smallest score gets the largest probability.

    Subtract the largest score from the scores, not the scores from it: e^(f - max).
    """
    e = _quiet_exp(np.max(x, axis=-1, keepdims=True) - x)
    return _share(e, e.sum(axis=-1, keepdims=True))


@mistake(softmax, "softmax-over-examples", family="orientation")
def softmax_over_examples(x: Any) -> Any:
    """You normalise the columns: the probabilities of one class over all examples add up to 1.

    Every row is an example: take maximum and sum along axis=1.
    """
    e = np.exp(x - np.max(x, axis=0))
    return e / e.sum(axis=0)


@mistake(softmax, "softmax-sums-of-columns", family="orientation")
def softmax_sums_of_columns(x: Any) -> Any:
    """You divide by the sums of the columns.

    Every row is an example: divide by the sum of its own row, axis=1, keepdims=True.
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=0)


@mistake(softmax, "softmax-over-everything", family="scope")
def softmax_over_everything(x: Any) -> Any:
    """You divide by the sum of the whole table, so that all probabilities together add up to 1.

    Sum every row by itself: axis=1, keepdims=True.
    """
    e = np.exp(x - np.max(x))
    return e / e.sum()


@mistake(softmax, "softmax-divided-by-total", family="scope")
def softmax_divided_by_total(x: Any) -> Any:
    """You divide every row by the sum of the whole table.

    Sum every row by itself: axis=1, keepdims=True.
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum()


@mistake(softmax, "softmax-not-normalised", family="omission")
def softmax_not_normalised(x: Any) -> Any:
    """You return the exponentials and do not divide by their sum.

    Divide every row by its sum.
    """
    return np.exp(x - np.max(x, axis=-1, keepdims=True))


@mistake(softmax, "softmax-divided-by-max", family="wrong-op")
def softmax_clipped(x: Any) -> Any:
    """You divide the scores by the largest one instead of subtracting it, which changes the probabilities.

    Subtract the largest score of each row.
    """
    scaled = x / np.max(x, axis=-1, keepdims=True)
    return softmax_overflow(scaled)


@mistake(softmax, "softmax-logarithm-returned", family="wrong-op")
def softmax_logarithm(x: Any) -> Any:
    """You return the logarithms of the probabilities.

    Return exp(F - max) / sum.
    """
    return log_softmax(x)


@_far_out("log_softmax", "log-of-softmax", family="order")
def log_of_softmax(x: Any) -> Any:
    """You take the logarithm of a probability that was rounded to 0, which gives -inf.

    Compute it from the scores: F - max - log(sum of exp(F - max)).
    """
    with np.errstate(all="ignore"):
        return np.log(softmax(x))


@mistake(log_softmax, "log-softmax-overflow", family="omission")
def log_softmax_overflow(x: Any) -> Any:
    """You sum e^f directly, which overflows above 709 and vanishes below -745.

    Subtract the largest score of each row before the exponential and from F, too.
    """
    with np.errstate(all="ignore"):
        return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


@mistake(log_softmax, "log-softmax-max-not-restored", family="omission")
def log_softmax_max(x: Any) -> Any:
    """You subtract the maximum inside the exponential only, so every row is off by its maximum.

    Subtract it from F as well: F - max - log(sum of exp(F - max)).
    """
    return x - np.log(np.exp(x - np.max(x, axis=-1, keepdims=True)).sum(axis=-1, keepdims=True))


@_far_out("log_softmax", "log-softmax-clipped", family="wrong-op")
def log_softmax_clipped(x: Any) -> Any:
    """You clip or pad the probabilities before the logarithm, so that it never falls below about -16.

    Compute it from the scores: F - max - log(sum of exp(F - max)).
    """
    return np.log(np.clip(softmax(x), 1e-7, 1.0))


@_far_out("log_softmax", "log-softmax-padded", family="wrong-op")
def log_softmax_padded(x: Any) -> Any:
    """You add a tiny number to the probabilities before the logarithm, so that it saturates.

    Compute it from the scores: F - max - log(sum of exp(F - max)).
    """
    return np.log(softmax(x) + 1e-12)


@mistake(log_softmax, "log-softmax-over-examples", family="orientation")
def log_softmax_over_examples(x: Any) -> Any:
    """You normalise the columns: sums run over the examples.

    Every row is an example: take maximum and sum along axis=1.
    """
    return log_softmax(np.ascontiguousarray(np.transpose(x))).T


@mistake(log_softmax, "log-softmax-sign", family="sign")
def log_softmax_sign(x: Any) -> Any:
    """You return minus the logarithms.

    The logarithm of a probability is negative or 0: leave out the minus sign here; the loss has it.
    """
    return -log_softmax(x)


@mistake(log_softmax, "log-softmax-probabilities", family="omission")
def log_softmax_probabilities(x: Any) -> Any:
    """You return the probabilities: the logarithm is missing.

    Return F - max - log(sum of exp(F - max)).
    """
    return softmax(x)


def _mean_softmax(F: Any) -> Any:
    return softmax_overflow(F - F.mean(axis=1, keepdims=True))


def _minus_one_hot(P: Any, y: Any) -> Any:
    P = np.array(P)
    P[np.arange(len(y)), y] -= 1.0
    return P / len(y)


def _picked(P: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return -np.mean(np.log(P[np.arange(len(y)), y]))


_instead(
    "softmax_loss", "softmax-subtract-mean", "wrong-op",
    "Your probabilities subtract the mean of each row, which does not keep the exponentials from overflowing.",
    "Subtract the largest score of each row.",
    lambda right, F, y: (right(F, y)[0], _minus_one_hot(_mean_softmax(F), y)),
)  # fmt: skip
_instead(
    "softmax_loss", "softmax-subtract-mean-throughout", "wrong-op",
    "You subtract the mean of each row, which does not keep the exponentials from overflowing.",
    "Subtract the largest score of each row.",
    lambda right, F, y: (_picked(_mean_softmax(F), y), _minus_one_hot(_mean_softmax(F), y)),
)  # fmt: skip
_instead(
    "softmax_loss", "softmax-overflow", "omission",
    "You compute e^f directly: it overflows above 709 and vanishes below -745.",
    "Subtract the largest score of each row first.",
    lambda right, F, y: (_picked(softmax_overflow(F), y), _minus_one_hot(softmax_overflow(F), y)),
)  # fmt: skip
_instead(
    "softmax_loss", "log-of-softmax", "order",
    "You take the logarithm of a probability that was rounded to 0: the loss is infinite.",
    "Take the logarithm from the scores, by log_softmax.",
    lambda right, F, y: (_picked(softmax(F), y), right(F, y)[1]),
)  # fmt: skip
_instead(
    "softmax_loss", "loss-of-clipped-probability", "wrong-op",
    "You clip the probabilities before the logarithm, so that the loss saturates near 16.",
    "Take the logarithm from the scores, by log_softmax.",
    lambda right, F, y: (_picked(np.clip(softmax(F), 1e-7, 1.0), y), right(F, y)[1]),
)  # fmt: skip
_instead(
    "softmax_loss", "loss-of-padded-probability", "wrong-op",
    "You add 1e-12 before the logarithm, so that the loss saturates near 28.",
    "Take the logarithm from the scores, by log_softmax.",
    lambda right, F, y: (_picked(softmax(F) + 1e-12, y), right(F, y)[1]),
)  # fmt: skip
_instead(
    "softmax_loss", "one-hot-not-subtracted", "omission",
    "Your gradient is P / N: the targets are not subtracted.",
    "Subtract 1 at the right class: (P - T) / N.",
    lambda right, F, y: (right(F, y)[0], softmax(F) / len(y)),
)  # fmt: skip
_instead(
    "softmax_loss", "one-hot-subtracted-after-division", "order",
    "You divide P by N first and subtract the whole 1 afterwards.",
    "Divide the difference: (P - T) / N.",
    lambda right, F, y: (right(F, y)[0], softmax(F) / len(y) - np.eye(F.shape[1])[y]),
)  # fmt: skip
_instead(
    "softmax_loss", "gradient-at-right-class-only", "scope",
    "You give only the right class a gradient.",
    "All classes have one: (P - T) / N.",
    lambda right, F, y: (right(F, y)[0], right(F, y)[1] * np.eye(F.shape[1])[y]),
)  # fmt: skip
_instead(
    "softmax_loss", "all-log-probabilities-summed", "scope",
    "You add up the logarithms of all probabilities of a row.",
    "Only the probability of the right class counts: pick logP[n, y[n]].",
    lambda right, F, y: (-np.sum(log_softmax(F)) / len(y), right(F, y)[1]),
)  # fmt: skip
_instead(
    "softmax_loss", "one-hot-subtracted-in-every-row", "scope",
    "You subtract 1 in every row at the classes of all examples: P[:, y] takes whole columns.",
    "Pick one entry per row: P[np.arange(N), y] -= 1.",
    lambda right, F, y: (right(F, y)[0], (softmax(F) - np.isin(np.arange(F.shape[1]), y)) / len(y)),
)  # fmt: skip
_instead(
    "softmax_loss", "log-base-two", "wrong-op",
    "Your logarithm has base 2.",
    "Use the natural logarithm, np.log.",
    lambda right, F, y: (right(F, y)[0] / np.log(2.0), right(F, y)[1]),
)  # fmt: skip
_instead(
    "softmax_loss", "extra-return-value", "convention",
    "You return three results: the probabilities, too.",
    "Return exactly (L, dF).",
    lambda right, F, y: (*right(F, y), softmax(F)),
)  # fmt: skip


# --- arguments -----------------------------------------------------------------------------------


def _subtract_max(right: Any, F: Any, *rest: Any) -> Any:
    result = right(F, *rest)
    F -= F.max(axis=1, keepdims=True)
    return result


for _target in ("softmax", "log_softmax", "softmax_loss"):
    _instead(
        _target, "scores-changed-in-place", "scope",
        "You subtract the maximum in place (F -= ...), which changes the scores you were given.",
        "Write Z = F - F.max(...), which makes a new array.",
        _subtract_max, kind="behaviour",
    )  # fmt: skip
_instead(
    "log_softmax", "log-softmax-maximum-subtracted-once-more", "scale",
    "You subtract the maximum outside the exponential only, so every row is off by its maximum.",
    "Subtract it inside as well: F - max - log(sum of exp(F - max)).",
    lambda _right, F: F - np.max(F, axis=1, keepdims=True) - np.log(_quiet_exp(F).sum(axis=1, keepdims=True)),
    "behaviour",
)  # fmt: skip
_instead(
    "softmax_loss", "loss-is-one-minus-p", "omission",
    "Your loss is 1 - p of the right class: the logarithm is missing.",
    "Cross-entropy is -log p of the right class, averaged over the examples.",
    lambda right, F, y: (np.mean(1 - softmax(F)[np.arange(len(F)), y]), right(F, y)[1]),
)  # fmt: skip
