"""What goes wrong in losses: hinge, binary cross-entropy, and what all losses share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Pair = tuple[Any, Any]


def _instead(
    target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any],
    kind: str = "value", credit: float = 0.0,
) -> None:  # fmt: skip
    """Register `wrong`, called with the right function and its arguments, as what a student writes instead."""

    def spoilt(right: Functions) -> Functions:
        return {**right, target: lambda *args: wrong(right[target], *args)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind, credit=credit)(spoilt)


def _everywhere(
    name: str, family: str, what: str, how: str, change: Callable[..., Any], targets: Any
) -> None:
    """Register a mistake that several losses share: `change(L, gradient, x)` of the right results."""
    for target in targets:
        _instead(target, name, family, what, how, lambda right, x, y: change(*right(x, y), x))


_BATCH = ("svm_loss", "softmax_loss", "bce_loss")

_everywhere(
    "loss-not-averaged", "scale",
    "You sum the loss over the examples and do not divide it by their number.",
    "The loss is the mean over the examples: divide by N, the loss as well as the gradient.",
    lambda L, d, x: (L * len(x), d), _BATCH,
)  # fmt: skip
_everywhere(
    "gradient-not-averaged", "scale",
    "Your gradient is not divided by the number of examples, although the loss is.",
    "What divides the loss divides its gradient, too: by N.",
    lambda L, d, x: (L, d * len(x)), _BATCH,
)  # fmt: skip
_everywhere(
    "nothing-averaged", "scale",
    "You sum loss and gradient over the examples and never divide by their number.",
    "The loss is the mean over the examples: divide both by N.",
    lambda L, d, x: (L * len(x), d * len(x)), _BATCH,
)  # fmt: skip
_everywhere(
    "averaged-over-classes", "scale",
    "You divide by the number of all scores, N C, as np.mean does without an axis.",
    "Sum over the classes, then divide by the number N of examples.",
    lambda L, d, x: (L / x.shape[1], d / x.shape[1]), _BATCH[:2],
)  # fmt: skip
_everywhere(
    "loss-averaged-over-classes", "scale",
    "Your loss is divided by the number of all scores, N C, while the gradient is divided by N.",
    "Sum over the classes, then divide by the number N of examples.",
    lambda L, d, x: (L / x.shape[1], d), _BATCH[:2],
)  # fmt: skip
_everywhere(
    "loss-sign-swapped", "sign",
    "Your loss has the wrong sign: it is the log-likelihood, which grows as the network gets better.",
    "A loss is minus the logarithm of the probability.",
    lambda L, d, x: (-L, d), _BATCH[1:],
)  # fmt: skip
_everywhere(
    "likelihood-sign", "sign",
    "Your loss and its gradient both have the wrong sign: this is the log-likelihood, to be climbed.",
    "Put a minus sign in front of the logarithm; the gradient is then p - t.",
    lambda L, d, x: (-L, -d), _BATCH[1:],
)  # fmt: skip
for _target, _name, _how in (
    ("svm_loss", "hinge-grad-sign",
     "A violating class pushes its score up: +1/N there, minus their number at the right class."),
    ("softmax_loss", "softmax-loss-grad-sign", "The gradient is P - T: positive at the wrong classes."),
    ("bce_loss", "bce-grad-sign", "The gradient is sigmoid(a) - y."),
):  # fmt: skip
    _everywhere(
        _name, "sign", "Your gradient has the wrong sign; a step along it would increase the loss.", _how,
        lambda L, d, x: (L, -d), (_target,),
    )  # fmt: skip
_everywhere(
    "returns-swapped", "order",
    "You return the gradient first and the loss second.",
    "Return (loss, gradient), in this order.",
    lambda L, d, x: (d, L), _BATCH,
)  # fmt: skip
_everywhere(
    "gradient-not-returned", "omission",
    "You return the loss alone.",
    "Return two results: (loss, gradient).",
    lambda L, d, x: L, _BATCH,
)  # fmt: skip
_everywhere(
    "loss-as-array", "orientation",
    "You return the loss as an array with one entry.",
    "A loss is one number: sum over all examples, without keepdims.",
    lambda L, d, x: (np.array([L]), d), _BATCH,
)  # fmt: skip


# --- hinge ---------------------------------------------------------------------------------------


def _margins(S: Any, y: Any, delta: float = 1.0) -> np.ndarray:
    rows = np.arange(len(S))
    margins = np.maximum(0.0, S - S[rows, y][:, None] + delta)
    margins[rows, y] = 0.0
    return margins


def _counted(hits: Any, y: Any) -> np.ndarray:
    dS = np.array(hits, dtype=float)
    dS[np.arange(len(y)), y] -= dS.sum(axis=1)
    return dS / len(y)


def _squared_hinge(_right: Any, S: Any, y: Any) -> Pair:
    margins = _margins(S, y)
    return np.sum(margins**2) / len(S), _counted(2 * margins, y)


def _squared_loss_only(_right: Any, S: Any, y: Any) -> Pair:
    return np.sum(_margins(S, y) ** 2) / len(S), _right(S, y)[1]


def _no_count(right: Any, S: Any, y: Any) -> Pair:
    L, dS = right(S, y)
    dS[np.arange(len(S)), y] = -1.0 / len(S)
    return L, dS


def _no_right_class(right: Any, S: Any, y: Any) -> Pair:
    L, dS = right(S, y)
    dS[np.arange(len(S)), y] = 0.0
    return L, dS


def _own_class_counted(right: Any, S: Any, y: Any) -> Pair:
    L, dS = right(S, y)
    return L + 1.0, dS


def _delta(delta: float) -> Callable[..., Pair]:
    def wrong(_right: Any, S: Any, y: Any) -> Pair:
        margins = _margins(S, y, delta)
        return np.sum(margins) / len(S), _counted(margins > 0, y)

    return wrong


def _plus_right_score(_right: Any, S: Any, y: Any) -> Pair:
    rows = np.arange(len(S))
    margins = np.maximum(0.0, S + S[rows, y][:, None] + 1.0)
    margins[rows, y] = 0.0
    hits = (margins > 0).astype(float)
    hits[rows, y] = hits.sum(axis=1)
    return np.sum(margins) / len(S), hits / len(S)


def _worst_class_only(_right: Any, S: Any, y: Any) -> Pair:
    margins = _margins(S, y)
    worst = margins == margins.max(axis=1, keepdims=True)
    return np.sum(margins.max(axis=1)) / len(S), _counted(worst & (margins > 0), y)


def _counts_the_kink(right: Any, S: Any, y: Any) -> Pair:
    rows = np.arange(len(S))
    hits = S - S[rows, y][:, None] + 1.0 >= 0
    hits[rows, y] = False
    return right(S, y)[0], _counted(hits, y)


def _clipped_counts(right: Any, S: Any, y: Any) -> Pair:
    hits = _margins(S, y) >= 0
    hits[np.arange(len(S)), y] = False
    return right(S, y)[0], _counted(hits, y)


def _no_maximum(_right: Any, S: Any, y: Any) -> Pair:
    rows = np.arange(len(S))
    margins = S - S[rows, y][:, None] + 1.0
    margins[rows, y] = 0.0
    hits = np.ones_like(S)
    hits[rows, y] = 0.0
    return margins.sum() / len(S), _counted(hits, y)


_instead(
    "svm_loss", "squared-hinge", "wrong-op",
    "You square the margins; loss and gradient are those of the squared hinge.",
    "Sum max(0, s_j - s_y + 1) itself; each violating class then gets the gradient 1/N.",
    _squared_hinge,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-loss-squared-only", "wrong-op",
    "You square the margins in the loss, but not in the gradient.",
    "Sum max(0, s_j - s_y + 1) itself.",
    _squared_loss_only,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-grad-no-count", "scope",
    "You give the right class the gradient -1, however many classes violate their margin.",
    "Every violating class takes 1 from the right class: minus their number there.",
    _no_count,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-grad-right-class-missing", "omission",
    "You give the right class no gradient.",
    "Its score stands in every margin with a minus sign: minus the number of violating classes.",
    _no_right_class,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-own-class-counted", "scope",
    "You count the right class, too: its own margin is max(0, 0 + 1) = 1 in every row.",
    "Sum over the other classes only: set the entry of the right class to 0.",
    _own_class_counted,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-no-delta", "omission",
    "You leave out the distance 1 in the margins.",
    "The margin is s_j - s_y + 1.",
    _delta(0.0),
)  # fmt: skip
_instead(
    "svm_loss", "hinge-delta-subtracted", "sign",
    "You subtract the distance 1 in the margins.",
    "The margin is s_j - s_y + 1.",
    _delta(-1.0),
)  # fmt: skip
_instead(
    "svm_loss", "hinge-right-score-added", "sign",
    "You add the score of the right class instead of subtracting it, as one slide does by mistake.",
    "The margin is s_j - s_y + 1: a good score of the right class must lower the loss.",
    _plus_right_score,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-worst-class-only", "wrong-op",
    "You take the largest margin of each example instead of their sum.",
    "Sum over all classes that violate their margin.",
    _worst_class_only,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-kink-counted", "convention",
    "You count a margin of exactly 0 as violated.",
    "The gradient at the kink is 0: ask for margin > 0.",
    _counts_the_kink,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-clipped-margin-counted", "scope",
    "You ask for margin >= 0 after max(0, ...), so every class counts as violating.",
    "Ask for margin > 0.",
    _clipped_counts,
)  # fmt: skip
_instead(
    "svm_loss", "hinge-no-maximum", "omission",
    "You sum the margins without max(0, ...), so classes far below the right one lower the loss.",
    "Only violated margins count: max(0, s_j - s_y + 1).",
    _no_maximum,
)  # fmt: skip


# --- binary cross-entropy ------------------------------------------------------------------------


def _sigmoid(a: Any) -> np.ndarray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * a)))


def _naive_sigmoid(a: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-a)))


def _bce_of(p: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return -np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


def _naive_softplus(a: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.mean(np.log1p(np.exp(a)) - y * a)


def _slope_times(right: Any, a: Any, y: Any) -> Pair:
    L, da = right(a, y)
    p = _sigmoid(a)
    return L, da * p * (1 - p)


def _softplus_of_minus(a: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.log1p(np.exp(-a))


_instead(
    "bce_loss", "bce-clipped-probability", "wrong-op",
    "You clip the probability before the logarithm, so that the loss saturates near 16.",
    "Compute the loss from the logit: max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (_bce_of(np.clip(_sigmoid(a), 1e-7, 1 - 1e-7), y), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-log-of-probability", "order",
    "You take the logarithm of a probability that was rounded to 0 or 1: the loss is infinite or nan.",
    "Compute the loss from the logit: max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (_bce_of(_sigmoid(a), y), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-log-of-naive-probability", "order",
    "You take the logarithm of a probability that was rounded to 0 or 1: the loss is infinite or nan.",
    "Compute the loss from the logit: max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (_bce_of(_naive_sigmoid(a), y), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-softplus-overflow", "omission",
    "You compute log(1 + e^a) directly, which overflows for large a.",
    "Use np.logaddexp(0, a), or max(a, 0) + log(1 + e^-|a|).",
    lambda right, a, y: (_naive_softplus(a, y), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-logit-taken-as-probability", "omission",
    "You treat a as a probability: the sigmoid is missing in the gradient.",
    "a is the logit: da = (sigmoid(a) - y) / N.",
    lambda right, a, y: (right(a, y)[0], (a - y) / len(a)),
)  # fmt: skip
_instead(
    "bce_loss", "bce-gradient-times-slope", "wrong-op",
    "You multiply the gradient p - y by the slope p (1 - p), which it already contains.",
    "The fused gradient is (sigmoid(a) - y) / N, without another factor.",
    _slope_times,
)  # fmt: skip
_instead(
    "bce_loss", "bce-only-positive-class", "omission",
    "Your loss leaves out the examples with y = 0.",
    "Add the second term, (1 - y) log(1 - p).",
    lambda right, a, y: (np.mean(y * np.logaddexp(0.0, -a)), right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-labels-exchanged", "swap",
    "You exchange the classes: y and 1 - y.",
    "y = 1 means that sigmoid(a) should be 1.",
    lambda right, a, y: right(a, 1.0 - y),
)  # fmt: skip
_instead(
    "bce_loss", "bce-loss-labels-exchanged", "swap",
    "In the loss you exchange y and 1 - y; your gradient is right.",
    "y = 1 costs -log p, y = 0 costs -log(1 - p).",
    lambda right, a, y: (right(a, 1.0 - y)[0], right(a, y)[1]),
)  # fmt: skip
_instead(
    "bce_loss", "bce-absolute-value-forgotten", "omission",
    "You add max(a, 0) to log(1 + e^-a): with e^-a instead of e^-|a| negative logits are counted twice.",
    "The formula that never overflows is max(a, 0) - a y + log(1 + e^-|a|).",
    lambda right, a, y: (np.mean(np.maximum(a, 0) - a * y + _softplus_of_minus(a)), right(a, y)[1]),
)  # fmt: skip
_instead(
    "svm_loss", "hinge-grad-is-the-margin", "wrong-op",
    "You take the margins themselves as gradient.",
    "The slope of max(0, m) is 1 where m > 0: each violating class gets 1/N.",
    lambda right, S, y: (right(S, y)[0], _counted(_margins(S, y), y)),
)  # fmt: skip
