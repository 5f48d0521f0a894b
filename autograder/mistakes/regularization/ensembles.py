"""What goes wrong in weight decay and in ensembles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead

# --- weight decay --------------------------------------------------------------------------------


def _decay(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("l2_update", name, family, what, how, lambda _right, *args: wrong(*args), kind)


def _write_w(w: Any, g: Any, lr: float, lam: float) -> Any:
    w -= lr * (g + 2 * lam * w)
    return w


def _write_g(w: Any, g: Any, lr: float, lam: float) -> Any:
    g += 2 * lam * w
    return w - lr * g


_decay(
    "l2-decay-after-step", "order", "You shrink the weight after the step, so the step is shrunk, too.",
    "Both gradients are taken at the old w: w - lr * (g + 2 * lam * w).",
    lambda w, g, lr, lam: (w - lr * g) * (1 - 2 * lr * lam),
)  # fmt: skip
_decay(
    "l2-factor-2-missing", "scale", "You use lam * w as gradient of the penalty; that of lam * w^2 is twice as large.",
    "The penalty here is lam * sum(w^2): its gradient is 2 * lam * w.",
    lambda w, g, lr, lam: w - lr * (g + lam * w),
)  # fmt: skip
_decay(
    "l2-sign-flipped", "sign", "You subtract the gradient of the penalty, so weights grow.",
    "The penalty is part of the loss: add 2 * lam * w to g.",
    lambda w, g, lr, lam: w - lr * (g - 2 * lam * w),
)  # fmt: skip
_decay(
    "l2-forgotten", "omission", "You step by the gradient of the data only; the penalty is missing.",
    "Add 2 * lam * w to g.",
    lambda w, g, lr, lam: w - lr * g,
)  # fmt: skip
_decay(
    "l2-gradient-forgotten", "omission", "You only shrink the weights; the gradient g is missing.",
    "Step by both: w - lr * (g + 2 * lam * w).",
    lambda w, g, lr, lam: w - lr * 2 * lam * w,
)  # fmt: skip
_decay(
    "l2-penalty-for-gradient", "wrong-op", "You add the penalty lam * w^2 itself instead of its gradient.",
    "The derivative of lam * w^2 is 2 * lam * w.",
    lambda w, g, lr, lam: w - lr * (g + lam * w**2),
)  # fmt: skip
_decay(
    "l2-sum-for-gradient", "wrong-op", "You add the whole penalty lam * sum(w^2), one number, to every gradient.",
    "The derivative with respect to one weight is 2 * lam * w.",
    lambda w, g, lr, lam: w - lr * (g + lam * np.sum(w**2)),
)  # fmt: skip
_decay(
    "l2-learning-rate-on-data-only", "omission", "You do not multiply the decay by the learning rate.",
    "The learning rate belongs to the whole gradient: w - lr * (g + 2 * lam * w).",
    lambda w, g, lr, lam: w - lr * g - 2 * lam * w,
)  # fmt: skip
_decay(
    "l2-is-l1", "wrong-op", "You use the sign of the weight, the gradient of lam * |w|.",
    "The penalty here is lam * w^2: its gradient is 2 * lam * w.",
    lambda w, g, lr, lam: w - lr * (g + lam * np.sign(w)),
)  # fmt: skip
_decay(
    "l2-ascent", "sign", "You add the step, so the loss grows.", "Subtract lr times the gradient.",
    lambda w, g, lr, lam: w + lr * (g + 2 * lam * w),
)  # fmt: skip
_decay(
    "l2-divided-by-count", "scale", "You divide the penalty by the number of weights.",
    "The penalty here is lam * sum(w^2), a sum: its gradient is 2 * lam * w.",
    lambda w, g, lr, lam: w - lr * (g + 2 * lam * w / np.size(w)),
)  # fmt: skip
_decay(
    "l2-changes-w", "scope", "You change w in place, so the caller's weights change.",
    "Return a new array: w - lr * (g + 2 * lam * w).",
    _write_w, "behaviour",
)  # fmt: skip
_decay(
    "l2-changes-g", "scope", "You add the decay to g in place, so the caller's gradient changes.",
    "Add into a new array: g + 2 * lam * w.",
    _write_g, "behaviour",
)  # fmt: skip


# --- votes ---------------------------------------------------------------------------------------


def _vote(name: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    instead("vote", name, family, what, how, lambda _right, preds, C: wrong(preds, C))


def _counts(preds: Any, C: int) -> np.ndarray:
    return np.array([np.sum(preds == c, axis=0) for c in range(C)])


def _first_seen(preds: Any, C: int) -> np.ndarray:
    counts = _counts(preds, C)
    winners = [
        next(label for label in row if counts[label, n] == counts[:, n].max())
        for n, row in enumerate(preds.T)
    ]
    return np.array(winners)


_vote(
    "vote-tie-largest", "convention", "On a tie you take the largest label.",
    "The smallest label wins a tie: compare with > when you go through the labels in order.",
    lambda preds, C: C - 1 - np.argmax(_counts(preds, C)[::-1], axis=0),
)  # fmt: skip
_vote(
    "vote-tie-first-voter", "convention", "On a tie you take the label that was voted for first.",
    "The smallest label wins a tie: count for c = 0, 1, 2, ... and take np.argmax.",
    _first_seen,
)  # fmt: skip
_vote(
    "vote-wrong-axis", "orientation", "You count along the examples, one label per network.",
    "preds is [K, N]: count over the K networks, axis 0, for each example.",
    lambda preds, C: np.argmax([np.sum(preds == c, axis=1) for c in range(C)], axis=0),
)  # fmt: skip
_vote(
    "vote-mean-rounded", "wrong-op", "You average the labels and round; labels are names, not amounts.",
    "Count how often each label occurs and take the most frequent.",
    lambda preds, C: np.rint(preds.mean(axis=0)).astype(int),
)  # fmt: skip
_vote(
    "vote-median", "wrong-op", "You take the median of the labels; labels are names, not amounts.",
    "Count how often each label occurs and take the most frequent.",
    lambda preds, C: np.median(preds, axis=0).astype(int),
)  # fmt: skip
_vote(
    "vote-upper-median", "wrong-op",
    "You sort the labels and take the one in the middle; labels are names, not amounts.",
    "Count how often each label occurs and take the most frequent.",
    lambda preds, C: np.sort(preds, axis=0)[len(preds) // 2],
)  # fmt: skip
_vote(
    "vote-returns-counts", "swap", "You return how many votes the winner got.",
    "Return its label: np.argmax of the counts, not their maximum.",
    lambda preds, C: _counts(preds, C).max(axis=0),
)  # fmt: skip
_vote(
    "vote-first-network", "omission", "You return what the first network says.",
    "Count the votes of all K networks.",
    lambda preds, C: preds[0].copy(),
)  # fmt: skip
_vote(
    "vote-largest-label", "wrong-op", "You return the largest label that was voted for.",
    "Count how often each label occurs and take the most frequent.",
    lambda preds, C: preds.max(axis=0),
)  # fmt: skip
_vote(
    "vote-fewest", "sign", "You take the label with the fewest votes.", "Take np.argmax of the counts.",
    lambda preds, C: np.argmin(_counts(preds, C), axis=0),
)  # fmt: skip
_vote(
    "vote-one-for-all", "scope", "You count the votes of all examples together and return one label.",
    "Count for each example by itself: axis 0 of preds[K, N].",
    lambda preds, C: int(np.argmax(_counts(preds, C).sum(axis=1))),
)  # fmt: skip
_vote(
    "vote-last-label-missing", "off-by-one", "You never count the last label, C - 1.",
    "Labels are 0 ... C-1: loop over range(C).",
    lambda preds, C: np.argmax(_counts(preds, C - 1), axis=0),
)  # fmt: skip


# --- mean probabilities --------------------------------------------------------------------------


def _mean(name: str, family: str, what: str, how: str, wrong: Callable[[Any], Any]) -> None:
    instead("average_probs", name, family, what, how, lambda _right, P: wrong(P))


_mean(
    "average-is-vote", "wrong-op", "You let every network vote and forget how sure it is.",
    "First average the probabilities over the networks, then take the largest.",
    lambda P: np.argmax([np.sum(P.argmax(axis=2) == c, axis=0) for c in range(P.shape[2])], axis=0),
)  # fmt: skip
_mean(
    "average-is-product", "wrong-op", "You multiply the probabilities, so one network can veto a class.",
    "Average them: P.mean(axis=0).",
    lambda P: np.argmax(np.prod(P, axis=0), axis=1),
)  # fmt: skip
_mean(
    "average-is-maximum", "wrong-op", "You follow the network that is surest.",
    "Average the probabilities over the networks: P.mean(axis=0).",
    lambda P: np.argmax(np.max(P, axis=0), axis=1),
)  # fmt: skip
_mean(
    "average-returns-probabilities", "omission", "You return mean probabilities; a label is asked for.",
    "Take the class of the largest mean: np.argmax(..., axis=1).",
    lambda P: np.mean(P, axis=0),
)  # fmt: skip
_mean(
    "average-wrong-axis", "orientation", "You average over the examples instead of the networks.",
    "P is [K, N, C]: average over axis 0.",
    lambda P: np.argmax(np.mean(P, axis=1), axis=1),
)  # fmt: skip
_mean(
    "average-argmax-over-examples", "orientation", "You take the largest mean over the examples, not over the classes.",
    "After averaging the array is [N, C]: np.argmax(..., axis=1).",
    lambda P: np.argmax(np.mean(P, axis=0), axis=0),
)  # fmt: skip
_mean(
    "average-first-network", "omission", "You use the first network only.", "Average over all K networks.",
    lambda P: np.argmax(P[0], axis=1),
)  # fmt: skip
_mean(
    "average-returns-sureness", "swap", "You return the largest mean probability instead of its class.",
    "Use np.argmax, not np.max.",
    lambda P: np.max(np.mean(P, axis=0), axis=1),
)  # fmt: skip
_mean(
    "average-one-for-all", "scope", "You return one number for the whole batch.",
    "Take the largest mean for each example: np.argmax(..., axis=1).",
    lambda P: int(np.argmax(np.mean(P, axis=0))),
)  # fmt: skip
