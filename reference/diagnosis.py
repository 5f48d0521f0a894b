"""Reading learning curves, and deciding how to transfer a trained network to new data.

A diagnosis is a rule of thumb with stated thresholds. It returns its evidence with its label, so that a student
can see which number decided, and draw the thresholds otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from reference.checking.arguments import named, numbers
from reference.shapes import Array, InputError, ShapeError, short, whole

__all__ = ["Diagnosis", "Thresholds", "TransferPlan", "diagnose", "diagnose_loss", "transfer_plan"]


@dataclass(frozen=True)
class Thresholds:
    """Where one class of learning curve ends and the next begins; accuracies and gaps are fractions of 1.

    `tail` is the share of epochs at the end over which values are averaged.
    """

    big_gap: float = 0.10
    small_gap: float = 0.03
    low: float = 0.70
    rising: float = 0.05
    fallen: float = 0.01
    collapse: float = 0.20
    noisy: float = 0.15
    linear: float = 0.60
    stuck: float = 0.02
    tail: float = 0.10

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
                raise InputError(
                    f"the threshold {name} is {short(value)}.",
                    "give a number above 0 and up to 1.",
                    "Thresholds",
                )
        if self.small_gap > self.big_gap:
            raise InputError(
                f"small_gap = {self.small_gap} is larger than big_gap = {self.big_gap}.",
                "choose small_gap <= big_gap.",
                "Thresholds",
            )


@dataclass(frozen=True)
class Diagnosis:
    """A label, what to do about it, and the numbers which decided."""

    label: str
    remedy: str
    evidence: Mapping[str, float]


@dataclass(frozen=True)
class TransferPlan:
    """What to train when a network learned on other data is reused, and why."""

    advice: str
    why: str


_ACCURACY_REMEDIES = {
    "divergent": "lower the learning rate; look for NaN in the inputs",
    "leakage": "look for validation examples (or near copies) in the training set; dropout and augmentation also "
    "lower the training accuracy a little",
    "overfit": "increase regularisation, stop earlier or get more data",
    "too slow": "raise the learning rate or train longer, then judge again",
    "underfit": "increase model capacity, make layers bigger or decrease regularisation",
    "good": "keep it; judge it once on the test set",
    "unclear": "train longer, average over several runs, or look at the loss",
}

_LOSS_REMEDIES = {
    "divergent": "lower the learning rate",
    "noisy": "increase the batch size",
    "stuck": "change the learning rate or the initialisation; check the gradient",
    "nearly linear": "the learning rate may be too small: raise it",
    "good": "keep it; compare with the loss on validation data",
}


@named
def diagnose(train: Any, validation: Any, thresholds: Thresholds | None = None) -> Diagnosis:
    """Classify the accuracy curves of a training run, one value per epoch.

    With a = average of the last tenth of a curve, gap = a(train) - a(validation), the first rule that holds decides:

    divergent  a value is not finite, or a(train) lies 0.20 or more below the best training accuracy
    leakage    gap <= -0.03: nobody does better on data never seen
    overfit    gap >= 0.10; evidence "fallen" says how far validation fell from its best
    too slow   a(train) <= 0.70 and training still rose by 0.05 or more over the last third of the epochs
    underfit   both a <= 0.70 and |gap| <= 0.03
    good       a(validation) > 0.70 (the gap is small by now)
    unclear    none of these

    train[E] and validation[E] are fractions between 0 and 1, not percent. The numbers above are the default
    `Thresholds`. Returns Diagnosis(label, remedy, evidence).

    Raises ShapeError for lengths that differ or fewer than 3 epochs, InputError for values outside 0 ... 1.

    What surprises: no gap is not always underfitting, as the slide has it, only if the accuracy is low as well.
    No gap at a high accuracy is the aim (E13). Source: lecture S0:914-957.

    >>> diagnose([0.6, 0.8, 0.9, 0.97, 0.99], [0.6, 0.7, 0.72, 0.7, 0.68]).label
    'overfit'
    """
    limits = _limits(thresholds)
    train, validation = _accuracies("train", train), _accuracies("validation", validation)
    if len(train) != len(validation):
        raise ShapeError(
            f"train has {len(train)} epochs, but validation has {len(validation)}.",
            "give one value of each per epoch.",
        )
    evidence = _accuracy_evidence(train, validation, limits)
    label = _accuracy_label(evidence, limits)
    return Diagnosis(label, _ACCURACY_REMEDIES[label], evidence)


def _accuracy_evidence(train: Array, validation: Array, limits: Thresholds) -> dict[str, float]:
    with np.errstate(all="ignore"):
        last, last_validation = _tail(train, limits.tail), _tail(validation, limits.tail)
        third = -(-len(train) // 3)
        return {
            "train": last,
            "validation": last_validation,
            "gap": last - last_validation,
            "best_validation": float(np.max(validation)),
            "fallen": float(np.max(validation)) - last_validation,
            "rise": last - float(train[-third - 1]),
            "collapse": float(np.max(train)) - last,
        }


def _accuracy_label(e: dict[str, float], limits: Thresholds) -> str:
    if not all(np.isfinite(value) for value in e.values()) or _reached(e["collapse"], limits.collapse):
        return "divergent"
    if _reached(-e["gap"], limits.small_gap):
        return "leakage"
    if _reached(e["gap"], limits.big_gap):
        return "overfit"
    if e["train"] <= limits.low and _reached(e["rise"], limits.rising):
        return "too slow"
    if max(e["train"], e["validation"]) <= limits.low and _reached(limits.small_gap, abs(e["gap"])):
        return "underfit"
    return "good" if e["validation"] > limits.low else "unclear"


def _reached(value: float, limit: float) -> bool:
    """Compare in hundredths as a reader does: 0.9 - 0.8 is below 0.1 only for the computer."""
    return value >= limit - 1e-9


@named
def diagnose_loss(loss: Any, thresholds: Thresholds | None = None) -> Diagnosis:
    """Classify a curve of training losses, one value per epoch or per iteration.

    With first, last = averages over a tenth of the curve at either end, drop = first - last, the first rule decides:

    divergent      a value is not finite, or drop < -0.02 |first|: the loss rose
    stuck          drop <= 0.02 |first|
    noisy          width >= 0.15 drop, where width = rms of loss - moving average over a tenth of the curve
    nearly linear  less than 0.60 of the drop is made in the first half
    good           none of these: a steep descent that flattens

    Returns Diagnosis(label, remedy, evidence). Raises ShapeError for fewer than 10 values.

    What surprises: a falling training loss is necessary, not sufficient; it says nothing about new data (E65).
    Source: lecture S0:924-938, S4:262-265.

    >>> diagnose_loss(2.3 - 0.01 * np.arange(50)).label
    'nearly linear'
    """
    limits = _limits(thresholds)
    values = _curve("loss", loss, 10)
    evidence = _loss_evidence(values, limits)
    label = _loss_label(values, evidence, limits)
    return Diagnosis(label, _LOSS_REMEDIES[label], evidence)


def _loss_evidence(values: Array, limits: Thresholds) -> dict[str, float]:
    window = 2 * max(1, round(limits.tail * len(values) / 2)) + 1  # odd, so that an average has a middle
    with np.errstate(all="ignore"):
        smooth = np.convolve(values, np.full(window, 1 / window), mode="valid")
        rest = values[window // 2 :][: len(smooth)] - smooth
        first, last, half = float(smooth[0]), float(smooth[-1]), float(smooth[len(smooth) // 2])
        drop = first - last
        return {
            "first": first,
            "last": last,
            "drop": drop,
            "width": float(np.sqrt(np.mean(rest**2))),
            "first_half": (first - half) / drop if drop > 0 else float("nan"),
        }


def _loss_label(values: Array, e: dict[str, float], limits: Thresholds) -> str:
    if not np.isfinite(values).all() or e["drop"] < -limits.stuck * abs(e["first"]):
        return "divergent"
    if e["drop"] <= limits.stuck * abs(e["first"]):
        return "stuck"
    if _reached(e["width"], limits.noisy * e["drop"]):
        return "noisy"
    return "nearly linear" if e["first_half"] < limits.linear else "good"


@named
def transfer_plan(data: str | int, similarity: str, lots_from: int | None = None) -> TransferPlan:
    """Look up what to train when a network that was trained on a large data set meets new data.

                   similar data                          different data
    little data    linear classifier on the top layer    linear classifier from different stages
    lots of data   fine-tune a few layers                fine-tune a larger number of layers

    data is "little" or "lots", or the number of examples together with `lots_from`: the lecture says "quite a lot"
    and names no number. similarity is "similar" or "different".

    Raises InputError for other words. Source: lecture S0:961-982.

    >>> transfer_plan("lots", "similar").advice
    'Finetune a few layers'
    """
    amount = _one_of("data", data if isinstance(data, str) else _amount(data, lots_from), ("little", "lots"))
    return _PLANS[amount, _one_of("similarity", similarity, ("similar", "different"))]


def _one_of(name: str, value: Any, words: tuple[str, str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise InputError(f"{name} is {short(value)}.", f"say {words[0]!r} or {words[1]!r}.")
    return value


def _amount(n: Any, lots_from: Any) -> str:
    n = whole("data", n)
    if lots_from is None:
        raise InputError(
            f"data is {n}, and nothing says how many examples are a lot.",
            "give lots_from, or say 'little' or 'lots'.",
        )
    return "lots" if n >= whole("lots_from", lots_from, 1) else "little"


_PLANS = {
    ("little", "similar"): TransferPlan(
        "Use Linear Classifier on top layer",
        "the features fit, and a few weights are all that little data can determine",
    ),
    ("little", "different"): TransferPlan(
        "You're in trouble... Try linear classifier from different stages",
        "the top features belong to the other task; earlier ones are more general",
    ),
    ("lots", "similar"): TransferPlan(
        "Finetune a few layers", "the features nearly fit, and there is data to adapt the last ones"
    ),
    ("lots", "different"): TransferPlan(
        "Finetune a larger number of layers",
        "only the early features carry over, and there is data to learn the others anew",
    ),
}


# ---------------------------------------------------------------------------------------------- refusal


def _limits(thresholds: Any) -> Thresholds:
    if thresholds is None:
        return Thresholds()
    if not isinstance(thresholds, Thresholds):
        raise InputError(f"thresholds is {short(thresholds)}.", "write thresholds=Thresholds(big_gap=0.15).")
    return thresholds


def _curve(name: str, value: Any, least: int) -> Array:
    curve = numbers(name, value, 1).astype(np.float64)
    if len(curve) < least:
        raise ShapeError(
            f"{name} has {len(curve)} entries.", f"give at least {least} numbers, in the order of time."
        )
    return curve


def _accuracies(name: str, value: Any) -> Array:
    curve = _curve(name, value, 3)
    outside = curve[(curve < 0) | (curve > 1)]
    if outside.size:
        raise InputError(
            f"{name} holds {outside[0]:g}.",
            f"give accuracies as fractions of 1, like {name} / 100.",
            "diagnose",
        )
    return curve


def _tail(curve: Array, share: float) -> float:
    return float(np.mean(curve[-max(1, round(share * len(curve))) :]))
