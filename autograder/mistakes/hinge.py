"""What goes wrong in the multi-class hinge loss by hand: in the margins, in what is summed, in the mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import hinge


def _hinge(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong loss of one example, f(margins of the wrong classes, scores, right score, delta).

    The mean over the examples is right.
    """

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(x: Any, t: Any, delta: Any = 1) -> Any:
            losses = [
                wrong([s - row[y] + delta for j, s in enumerate(row) if j != y], row, row[y], delta)
                for row, y in zip(np.asarray(x, dtype=float).tolist(), t, strict=True)
            ]
            return sum(losses) / len(losses)

        return mistake(hinge, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _charged(margins: list[float]) -> float:
    return sum(max(0.0, margin) for margin in margins)


@_hinge("hinge-own-class-counted", family="scope")
def own_class_counted(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You counted the right class, too: its own margin is max(0, 0 + delta) = delta.

    Sum over the wrong classes only.
    """
    return _charged(margins) + delta


@_hinge("hinge-no-maximum", family="omission")
def no_maximum(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You added the negative margins, too: max(0, ...) is missing.

    A wrong class that stays far enough below the right one costs nothing: replace negative margins by 0.
    """
    return sum(margins)


@_hinge("hinge-difference-turned", family="sign")
def difference_turned(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You subtracted the scores the wrong way round, so that good scores of the right class cost most.

    The margin is the score of the wrong class minus the score of the right class, plus delta.
    """
    return _charged([2 * delta - margin for margin in margins])


@_hinge("hinge-right-score-added", family="sign")
def right_score_added(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You added the score of the right class instead of subtracting it, as one slide does by mistake.

    Subtract it: a high score of the right class must lower the loss.
    """
    return _charged([margin + 2 * right for margin in margins])


@_hinge("hinge-no-delta", family="omission")
def no_delta(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You left out the distance delta in the margins.

    Add delta to each difference before you compare it with 0.
    """
    return _charged([margin - delta for margin in margins])


@_hinge("hinge-delta-subtracted", family="sign")
def delta_subtracted(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You subtracted the distance delta in the margins.

    Add delta: a wrong class is charged as soon as it comes closer than delta.
    """
    return _charged([margin - 2 * delta for margin in margins])


@_hinge("hinge-worst-class-only", family="convention")
def worst_class_only(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You took the largest margin only; other texts define the loss so, but here all are added.

    Add the margins of all wrong classes that come too close.
    """
    return max([0.0, *margins])


@_hinge("hinge-maximum-of-sum", family="order")
def maximum_of_sum(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You added the differences first and took the maximum with 0 once, at the end, with one delta.

    Every wrong class has a margin of its own: add delta and take max(0, ...) for each, then add up.
    """
    return max(0.0, sum(margin - delta for margin in margins) + delta)


@_hinge("squared-hinge", family="wrong-op")
def squared(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You squared the margins; that is another loss, the squared hinge.

    Add the margins themselves.
    """
    return sum(max(0.0, margin) ** 2 for margin in margins)


@_hinge("averaged-over-classes", family="scale")
def averaged_over_classes(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You divided by the number of classes.

    The margins of the wrong classes are added, not averaged.
    """
    return _charged(margins) / len(scores)


@_hinge("hinge-averaged-over-wrong-classes", family="scale")
def averaged_over_wrong_classes(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You divided by the number of wrong classes.

    The margins of the wrong classes are added, not averaged.
    """
    return _charged(margins) / max(len(margins), 1)


@_hinge("hinge-highest-score-as-right", family="swap")
def highest_as_right(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You took the class with the highest score for the right one.

    The right class is given by the label, whatever the scores say.
    """
    ranked = sorted(scores, reverse=True)
    return _charged([score - ranked[0] + delta for score in ranked[1:]])


@_hinge("hinge-absolute-margins", family="wrong-op")
def absolute(margins: list[float], scores: list[float], right: float, delta: Any) -> float:
    """You took the absolute value of every margin, so that classes far below the right one cost most.

    Replace negative margins by 0.
    """
    return sum(abs(margin) for margin in margins)


@mistake(hinge, "loss-not-averaged", family="scale")
def not_averaged(x: Any, t: Any, delta: Any = 1) -> Any:
    """You added the losses of the examples and did not divide by their number.

    The loss of several examples is the mean of their losses.
    """
    return hinge(x, t, delta) * len(x)


# --------------------------------------------------------------------------------- SVM-3, in the head


def _sanity(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    return mistake("SVM-3", name, **facts)


def _before(params: dict[str, Any]) -> float | None:
    """Return the loss before the weights are doubled, where that is asked."""
    if "scores" not in params:
        return None
    return float(hinge(np.array([params["scores"]]), np.array([params["label"]]), params["delta"]))


@_sanity("hinge-start-logarithm", family="wrong-op")
def start_logarithm(params: dict[str, Any]) -> Any:
    """You answered ln C, the value at which the softmax loss starts.

    Put equal scores into the hinge loss: every one of the C - 1 wrong classes costs delta.
    """
    return {"start": float(np.log(params["classes"]))}


@_sanity("hinge-start-zero", family="wrong-op")
def start_zero(params: dict[str, Any]) -> Any:
    """You answered 0, as if equal scores were good enough.

    A wrong class costs nothing only if its score is lower than the right one's by at least delta.
    """
    return {"start": 0.0} if params else None


@_sanity("hinge-start-delta", family="omission")
def start_delta(params: dict[str, Any]) -> Any:
    """You counted one wrong class only.

    Every one of the C - 1 wrong classes costs delta.
    """
    return {"start": float(params["delta"])}


@_sanity("hinge-doubles-with-the-weights", family="scale", belief="the loss scales with W")
def doubles(params: dict[str, Any]) -> Any:
    """You doubled the loss, but delta stays the same when the weights are doubled.

    Double the scores and work the margins out anew.
    """
    before = _before(params)
    return None if before is None else {"doubled": 2 * before}


@_sanity("hinge-unchanged-by-the-weights", family="scale", belief="the loss ignores the scale of W")
def unchanged(params: dict[str, Any]) -> Any:
    """You left the loss as it was, but doubling the weights doubles all differences of scores.

    Double the scores and work the margins out anew.
    """
    before = _before(params)
    return None if before is None else {"doubled": before}


@_sanity("hinge-grows-by-the-shift", family="scale", belief="a shift of all scores changes the loss")
def shift_once(params: dict[str, Any]) -> Any:
    """You let the loss grow with a number that is added to all scores.

    The loss depends on differences of scores only; what is added to all of them cancels.
    """
    return {"shift": (params["constant"] + 1) % 4}


@_sanity(
    "hinge-grows-by-the-shift-per-class", family="scale", belief="a shift of all scores changes the loss"
)
def shift_per_class(params: dict[str, Any]) -> Any:
    """You counted a number that is added to all scores once for every wrong class.

    The loss depends on differences of scores only; what is added to all of them cancels.
    """
    return {"shift": (params["constant"] + 2) % 4}
