"""What goes wrong in early stopping and in reading the curves of a training run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead

# --- early stopping ------------------------------------------------------------------------------


def _stop(name: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    instead("early_stopping", name, family, what, how, wrong)


def _watch(
    val: Any, patience: int, better: Callable[[Any, int, int], bool], total: bool = False
) -> tuple[int, int]:
    """Run through the epochs; `better(val, epoch, best)` tells what counts as progress, `total` adds all bad epochs."""
    best = waited = 0
    for epoch in range(1, len(val)):
        if better(val, epoch, best):
            best, waited = epoch, waited if total else 0
        else:
            waited += 1
        if waited == patience:
            return epoch, best
    return len(val) - 1, best


def _lower(val: Any, epoch: int, best: int) -> bool:
    return bool(val[epoch] < val[best])


def _untriggered(val: Any, patience: int) -> bool:
    best = _watch(val, patience, _lower)
    return best[0] == len(val) - 1 and best[0] - best[1] < patience


_stop(
    "best-is-global-argmin", "scope", "You look for the best epoch in the whole list, also after the stop.",
    "When training has stopped, later epochs do not exist: remember the best one seen so far.",
    lambda right, val, patience: (right(val, patience)[0], int(np.argmin(val))),
)  # fmt: skip
_stop(
    "early-stopping-maximises", "sign", "You treat val as an accuracy and keep the largest value.",
    "val is a loss: lower is better.",
    lambda right, val, patience: right(-np.asarray(val), patience),
)  # fmt: skip
_stop(
    "early-stopping-ties-count", "convention", "You count an equal loss as an improvement.",
    "Only a strictly lower loss is an improvement: <, not <=.",
    lambda right, val, patience: _watch(val, patience, lambda v, e, b: bool(v[e] <= v[b])),
)  # fmt: skip
_stop(
    "early-stopping-compares-with-last", "scope", "You compare every epoch with the one before it.",
    "Compare with the best loss so far.",
    lambda right, val, patience: (
        _watch(val, patience, lambda v, e, _b: bool(v[e] < v[e - 1]))[0],
        int(np.argmin(val[: _watch(val, patience, lambda v, e, _b: bool(v[e] < v[e - 1]))[0] + 1]))),
)  # fmt: skip
_stop(
    "early-stopping-last-drop-is-best", "scope",
    "You compare every epoch with the one before it and call the last one that was lower the best.",
    "Compare with the best loss so far.",
    lambda right, val, patience: _watch(val, patience, lambda v, e, _b: bool(v[e] < v[e - 1])),
)  # fmt: skip
_stop(
    "early-stopping-waits-in-total", "scope", "You never set the count of bad epochs back to 0.",
    "patience counts epochs in a row: reset the count at every improvement.",
    lambda right, val, patience: _watch(val, patience, _lower, total=True),
)  # fmt: skip
_stop(
    "early-stopping-one-late", "off-by-one", "You wait one epoch longer than patience.",
    "Stop as soon as `patience` epochs in a row have brought no improvement.",
    lambda right, val, patience: right(val, patience + 1),
)  # fmt: skip
_stop(
    "early-stopping-one-early", "off-by-one", "You stop one epoch too early.",
    "Stop when `patience` epochs in a row, not one less, have brought no improvement.",
    lambda right, val, patience: right(val, max(patience - 1, 1)),
)  # fmt: skip
_stop(
    "early-stopping-first-bump", "omission", "You stop at the first epoch that is not better and ignore patience.",
    "Single bumps are noise: wait for `patience` bad epochs in a row.",
    lambda right, val, patience: right(val, 1),
)  # fmt: skip
_stop(
    "early-stopping-one-based", "off-by-one", "You count epochs from 1.",
    "Epochs are counted from 0: the first one is val[0].",
    lambda right, val, patience: tuple(e + 1 for e in right(val, patience)),
)  # fmt: skip
_stop(
    "early-stopping-stop-one-based", "off-by-one", "You return the number of epochs run, not the last epoch's index.",
    "Epochs are counted from 0: the last one run is val[stop_epoch].",
    lambda right, val, patience: (right(val, patience)[0] + 1, right(val, patience)[1]),
)  # fmt: skip
_stop(
    "early-stopping-swapped", "swap", "You return the best epoch first and the stop second.",
    "Return (stop_epoch, best_epoch).",
    lambda right, val, patience: right(val, patience)[::-1],
)  # fmt: skip
_stop(
    "early-stopping-best-is-stop", "swap", "You return the epoch of the stop as the best one.",
    "The best epoch is the one with the lowest loss before the stop.",
    lambda right, val, patience: (right(val, patience)[0],) * 2,
)  # fmt: skip
_stop(
    "early-stopping-never", "omission", "You never stop: you return the last epoch and the lowest loss of all.",
    "Stop as soon as `patience` epochs in a row have brought no improvement.",
    lambda right, val, patience: (len(val) - 1, int(np.argmin(val))),
)  # fmt: skip
_stop(
    "early-stopping-end-is-length", "off-by-one", "If training never stops early you return the number of epochs.",
    "The last epoch is len(val) - 1.",
    lambda right, val, patience: (
        len(val) if _untriggered(val, patience) else right(val, patience)[0], right(val, patience)[1]),
)  # fmt: skip
_stop(
    "early-stopping-returns-loss", "swap", "You return the lowest loss instead of its epoch.",
    "Return the index of the best epoch.",
    lambda right, val, patience: (right(val, patience)[0], float(val[right(val, patience)[1]])),
)  # fmt: skip


# --- diagnosis -----------------------------------------------------------------------------------

OVER, UNDER, GOOD = "overfitting", "underfitting", "good"


def _read(name: str, family: str, what: str, how: str, wrong: Callable[..., str]) -> None:
    instead("diagnose", name, family, what, how, wrong)


def _gap(train: Any, val: Any) -> float:
    return float(train[-1] - val[-1])


def _judged(train: Any, val: Any, limits: Any, gap: float, level: float) -> str:
    if gap > limits["gap"]:
        return OVER
    return UNDER if level < limits["low"] else GOOD


_read(
    "diagnose-no-gap-is-underfitting", "convention", "You call every run without a gap under-fitting.",
    "Without a gap it is under-fitting only if the training accuracy is low as well; else it is good.",
    lambda right, train, val, limits: OVER if _gap(train, val) > limits["gap"] else UNDER,
)  # fmt: skip
_read(
    "diagnose-gap-ignored", "omission", "You never look at the gap between training and validation.",
    "First test train_acc[-1] - val_acc[-1] > thresholds['gap'].",
    lambda right, train, val, limits: UNDER if train[-1] < limits["low"] else GOOD,
)  # fmt: skip
_read(
    "diagnose-gap-sign-flipped", "sign", "You take the gap as validation minus training.",
    "Over-fitting means better in training: gap = train_acc[-1] - val_acc[-1].",
    lambda right, train, val, limits: _judged(train, val, limits, -_gap(train, val), train[-1]),
)  # fmt: skip
_read(
    "diagnose-gap-absolute", "sign", "You take the gap without its sign; better on validation data is no over-fitting.",
    "gap = train_acc[-1] - val_acc[-1], with its sign.",
    lambda right, train, val, limits: _judged(train, val, limits, abs(_gap(train, val)), train[-1]),
)  # fmt: skip
_read(
    "diagnose-labels-swapped", "swap", "You have exchanged the labels overfitting and underfitting.",
    "A large gap is overfitting, a low training accuracy underfitting.",
    lambda right, *args: {OVER: UNDER, UNDER: OVER}.get(right(*args), GOOD),
)  # fmt: skip
_read(
    "diagnose-first-epoch", "scope", "You read the first epoch.", "Read where training ended: index -1.",
    lambda right, train, val, limits: right(train[:1], val[:1], limits),
)  # fmt: skip
_read(
    "diagnose-mean-of-epochs", "scope", "You average the curves over all epochs.",
    "Read where training ended: index -1.",
    lambda right, train, val, limits: _judged(
        train, val, limits, float(np.mean(train) - np.mean(val)), float(np.mean(train))),
)  # fmt: skip
_read(
    "diagnose-best-epoch", "scope", "You compare the best values of the curves, wherever they occur.",
    "Read where training ended: index -1.",
    lambda right, train, val, limits: _judged(train, val, limits, max(train) - max(val), max(train)),
)  # fmt: skip
_read(
    "diagnose-level-of-validation", "swap", "You judge under-fitting by the validation accuracy.",
    "Under-fitting shows in training: compare train_acc[-1] with thresholds['low'].",
    lambda right, train, val, limits: _judged(train, val, limits, _gap(train, val), val[-1]),
)  # fmt: skip
_read(
    "diagnose-level-first", "order", "You test for a low accuracy before you look at the gap.",
    "A large gap is over-fitting, also where the accuracy is low: test it first.",
    lambda right, train, val, limits: UNDER if train[-1] < limits["low"] else right(train, val, limits),
)  # fmt: skip
_read(
    "diagnose-thresholds-ignored", "omission", "You use fixed numbers instead of the thresholds you are given.",
    "Use thresholds['gap'] and thresholds['low'].",
    lambda right, train, val, limits: right(train, val, {"gap": 0.1, "low": 0.7}),
)  # fmt: skip
