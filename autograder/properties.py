"""Rules for exercises without one right result: what every right result must satisfy.

A rule takes the facts of a trial (from the key) and the judged results and returns complaints, each a
sentence for the student; no complaint means right.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.compare import as_array
from autograder.shuffles import (
    RARE,
    is_row,
    kfold_indices,
    minibatches,
    same_and_other,
    train_test_split,
    usual,
)
from autograder.variations import never_drawn, odd_image, unequal_moves, variations_of

Rule = Callable[[Mapping[str, Any], Sequence[Any]], list[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a rule under its function's name."""
    RULES[function.__name__] = function
    return function


for _of_shuffles in (minibatches, train_test_split, kfold_indices):
    rule(_of_shuffles)


@rule
def init_weights(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """W[fan_out, fan_in], finite, spread as the scheme asks, drawn with the given rng.

    Results are: two calls with generators of the same seed, one with another seed. The sample standard
    deviation of n normal numbers varies by 1/sqrt(2n) of itself, that of uniform ones by less; six times that
    is allowed, and six times sigma/sqrt(n) for the mean, so that one honest submission in some hundred
    million would be refused.
    """
    shape = int(facts["fan_out"]), int(facts["fan_in"])
    drawn = [as_array(result)[0] for result in results]
    for w in drawn:
        if w is None or w.dtype.kind not in "iuf":
            return ["Expected an array of real numbers."]
        if w.shape != shape:
            return [
                f"Expected shape (fan_out, fan_in) = {shape}: one row for each unit. Here it is {w.shape}."
            ]
        if not np.all(np.isfinite(w)):
            return ["A weight is not finite."]
    if facts["scheme"] == "constant":
        value = facts.get("value", np.asarray(drawn[0]).flat[0])  # keys made earlier do not say it
        same = all(np.allclose(w, value) for w in drawn if w is not None)
        return [] if same else [f"With the scheme constant all weights are the same number, {value:g}."]
    first, again, other = (np.asarray(w, dtype=np.float64) for w in drawn)
    return (
        _drawn_with(first, again, other)
        or _spread(first, facts)
        or _spread(other, facts)
        or _distribution(first, facts)
    )


def _drawn_with(first: np.ndarray, again: np.ndarray, other: np.ndarray) -> list[str]:
    if len(np.unique(first)) == 1:
        return ["All weights are the same number; with this scheme they are drawn."]
    if not np.array_equal(first, again):
        return ["The same generator twice gives different weights: draw all random numbers from rng."]
    if np.array_equal(first, other):
        return ["Another generator gives the same weights: the rng you are given is not used."]
    if len(np.unique(first)) < 0.9 * first.size:
        return ["Many weights are equal: draw every weight by itself."]
    return []


def _spread(w: np.ndarray, facts: Mapping[str, Any]) -> list[str]:
    wanted, n = float(facts["std"]), w.size
    close = 6 / np.sqrt(2 * n)
    measured = float(np.sqrt(np.mean((w - w.mean()) ** 2)))
    if abs(measured - wanted) > close * wanted:
        like = [t for t, std in facts["others"].items() if abs(measured - std) <= close * std]
        size = "large" if measured > wanted else "small"
        why = f": it is that of {like[0]}" if like else ""
        return [f"The standard deviation of the weights is too {size} for {facts['scheme']}{why}."]
    if abs(float(w.mean())) > 6 * wanted / np.sqrt(n):
        return ["The weights do not have mean 0."]
    return []


def _distribution(w: np.ndarray, facts: Mapping[str, Any]) -> list[str]:
    limit = np.sqrt(3) * float(facts["std"])
    largest = float(np.abs(w).max())
    if facts["scheme"] == "xavier_uniform" and not 0.95 * limit <= largest <= limit * (1 + 1e-6):
        return ["The weights are not uniform between -a and a with a = sqrt(6 / (fan_in + fan_out))."]
    if facts["scheme"] in ("xavier_normal", "he", "small") and largest <= 1.02 * limit:
        return ["The weights are uniform; a normal distribution is asked for."]
    if facts["scheme"] != "xavier_uniform" and _tails(w) > 3 + 10 * np.sqrt(24 / w.size):
        return ["The weights have too many large values for a normal distribution."]
    return []


def _tails(w: np.ndarray) -> float:
    """Measure how much lies far out (kurtosis, 3 for normal numbers, within sqrt(24 / n) mostly)."""
    z = (w - w.mean()) / w.std()
    return float(np.mean(z**4))


@rule
def dropout_drawn(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """A mask of zeros and ones, drawn unit by unit with the given rng, and Y made with that very mask.

    Results are (Y, mask) of two calls with generators of the same seed and of one with another seed. Six
    standard deviations of the share kept are allowed.
    """
    x, p = np.asarray(facts["x"]), float(facts["p_drop"])
    masks = []
    for result in results:
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            return ["Expected two results, Y and the mask."]
        y, mask = as_array(result[0])[0], as_array(result[1])[0]
        if y is None or mask is None or y.shape != x.shape or mask.shape != x.shape:
            return [
                f"Y and the mask must be arrays with the shape of X, {x.shape}: one decision for every unit."
            ]
        if not np.all((mask == 0) | (mask == 1)):
            return ["The mask must hold 0 and 1 only; what scales Y does not belong into it."]
        masks.append(mask.astype(bool))
        if found := _kept_share(float(masks[-1].mean()), 1 - p, x.size) or _dropped(x, y, masks[-1], facts):
            return found
    return _unit_by_unit(masks[0], p) or same_and_other(masks, "masks")


def _kept_share(kept: float, wanted: float, n: int) -> list[str]:
    close = 6 * np.sqrt(wanted * (1 - wanted) / n)
    if abs(kept - wanted) <= close:
        return []
    if kept in (0.0, 1.0):
        return [f"{'No' if kept else 'Every'} unit is dropped in training."]
    if abs(kept - (1 - wanted)) <= close:
        return ["Units are kept with probability p_drop; they should be dropped with it."]
    return ["The share of the units kept is far from 1 - p_drop."]


def _dropped(x: np.ndarray, y: np.ndarray, mask: np.ndarray, facts: Mapping[str, Any]) -> list[str]:
    right = x * mask * float(facts["scale"])
    if np.allclose(y, right, rtol=1e-5, atol=1e-6):
        return []
    if np.any(y[~mask] != 0):
        return ["Y is not zero where the mask is 0."]
    ratio = y[mask] / x[mask]
    if np.ptp(ratio) < 1e-4:
        return [f"Where units are kept Y is {ratio[0]:.3f} times X; expected {facts['scale']:.3f} times."]
    return ["Y is not made from X and the mask that is returned."]


def _unit_by_unit(mask: np.ndarray, p: float) -> list[str]:
    if np.all(mask == mask[:1]):
        return ["All examples have the same mask: draw one number for every unit of every example."]
    if np.all(mask == mask[:, :1]):
        return ["Whole examples are dropped: draw one number for every unit of every example."]
    by_chance = math.comb(len(mask), 2) * (p**2 + (1 - p) ** 2) ** mask[0].size
    if by_chance < RARE and len(np.unique(mask, axis=0)) < len(mask):
        return ["Some examples share a mask: draw one number for every unit of every example."]
    return []


@rule
def augmented(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """Every image mirrored or not, then moved by at most one pixel per axis, drawn image by image with rng.

    Results are two calls with generators of the same seed, one with another seed.
    """
    x = np.asarray(facts["x"])
    arrays = [as_array(result)[0] for result in results]
    if any(a is None or a.shape != x.shape for a in arrays):
        return [f"Expected an array with the shape of X, {x.shape}."]
    found = [variations_of(x, batch) for batch in map(np.asarray, arrays)]
    for batch, variations in zip(map(np.asarray, arrays), found):
        if None in variations:
            n = variations.index(None)
            seen = odd_image(x[n], batch[n])
            return [f"An image is not X mirrored or not and moved by at most one pixel{seen}."]
    drawn: list[Any] = [v for variations in (found[0], found[2]) for v in variations]
    if set(drawn) == {(False, 0, 0)}:
        return ["The images come back as they were."]
    if len(drawn) > 20 and len(set(found[0])) == 1:
        return ["All images of the batch are varied alike: draw anew for every image."]
    if found_missing := never_drawn(found[0], found[2]):
        return found_missing
    if found_odd := unequal_moves(drawn):
        return found_odd
    alike = sum(a == b for v in (found[0], found[2]) for a, b in itertools.pairwise(v))
    if alike > usual(len(drawn) - 2, 1 / 18, RARE)[1]:
        return ["Neighbours in the batch are varied alike: draw anew for every image."]
    share = sum(v[0] for v in drawn) / len(drawn)
    if abs(share - 0.5) > 6 * 0.5 / len(drawn) ** 0.5:  # once in some hundred million for an honest draw
        return [
            f"Of {len(drawn)} images {share:.0%} are mirrored; with probability 1/2 it is about half of them."
        ]
    return same_and_other(arrays, "images")


@rule
def new_head(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """The last layer is new, for the classes asked for, drawn with rng; all other layers are as they were.

    Results are (weights by layer, shape of the scores of 3 examples, which layers are frozen) of three models,
    whose heads were drawn with generators of the same seed and of another. Six standard deviations are allowed.
    """
    drawn = []
    for result in results:
        if (
            not isinstance(result, (tuple, list))
            or len(result) not in (2, 3)  # keys made earlier do not ask whether it is frozen
            or not isinstance(result[0], (tuple, list))
        ):
            return ["The model cannot be looked at any more: it should keep its layers in a list."]
        weights, shape, *frozen = result
        if found := _head_of(facts, weights, shape):
            return found
        flags = list(frozen[0]) if frozen and isinstance(frozen[0], (tuple, list)) else frozen
        if flags and flags[-1]:
            return ["The new head is frozen, so it would never learn."]
        if "flags" in facts and flags[:-1] != list(facts["flags"]):
            return ["The flag `frozen` of another layer has changed; only the last layer is replaced."]
        drawn.append(np.asarray(as_array(weights[-1][0])[0], dtype=np.float64))
    if (
        np.array_equal(drawn[0], np.asarray(facts["old"][0]))
        or len(np.unique(drawn[0])) < 0.9 * drawn[0].size
    ):
        return ["The weights of the new head are not random numbers: draw them with rng."]
    wanted = np.sqrt(2 / int(facts["features"]))
    if abs(drawn[0].std() / wanted - 1) > 6 / np.sqrt(2 * drawn[0].size):
        return [
            f"The weights of the new head have standard deviation {drawn[0].std():.2f}, expected {wanted:.2f}."
        ]
    if abs(drawn[0].mean()) > 6 * wanted / np.sqrt(drawn[0].size):
        return ["The weights of the new head do not have mean 0."]
    if np.abs(drawn[0]).max() <= 1.02 * np.sqrt(3) * wanted:
        return ["The weights of the new head are uniform; a normal distribution is asked for."]
    return same_and_other(drawn, "weights")


def _head_of(facts: Mapping[str, Any], weights: Sequence[Any], shape: Any) -> list[str]:
    classes, features = int(facts["classes"]), int(facts["features"])
    if len(weights) != 4:
        return [f"The model should still have 4 layers; now it has {len(weights)}."]
    if not is_row(weights[0]) or any(not np.array_equal(a, b) for a, b in zip(facts["kept"], weights[0])):
        return ["The first layer has changed; only the last one is replaced."]
    scores = as_array(shape)[0]
    if scores is None or scores.dtype.kind not in "iu" or scores.tolist() != [3, classes]:
        seen = f" {tuple(scores.tolist())}" if scores is not None and scores.ndim == 1 else " that is none"
        return [f"Scores of 3 examples have shape{seen}, expected (3, {classes})."]
    head = [as_array(p)[0] for p in weights[-1]] if is_row(weights[-1]) else []
    if [p.shape for p in head if p is not None] != [(features, classes), (classes,)]:
        return [f"The new head should hold W[{features}, {classes}] and b[{classes}]."]
    if not all(p is not None and p.dtype.kind in "iuf" and np.all(np.isfinite(p)) for p in head):
        return ["The weights and biases of the new head must be finite real numbers."]
    return ["The biases of the new head should be 0."] if np.any(head[-1]) else []
