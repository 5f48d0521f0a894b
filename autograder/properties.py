"""Rules for exercises without one right result: what every right result must satisfy.

A rule takes the facts of a trial (from the key) and the judged results and returns complaints, each a
sentence for the student; no complaint means right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from autograder.compare import as_array
from autograder.variations import never_drawn, odd_image, unequal_moves, variations_of

Rule = Callable[[Mapping[str, Any], Sequence[Any]], list[str]]
RULES: dict[str, Rule] = {}
RARE = 1e-9  # what happens to an honest draw less often than this is no chance


def rule(function: Rule) -> Rule:
    """Register a rule under its function's name."""
    RULES[function.__name__] = function
    return function


@rule
def minibatches(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """Every index 0..N-1 exactly once, all batches full but the last, shuffled with the given rng.

    Results are: two calls with generators of the same seed, one with another seed.
    """
    n, size = int(facts["N"]), int(facts["batch"])
    complaints = next((found for found in (_one_pass(result, n, size) for result in results) if found), [])
    if complaints or n < 8:
        return complaints
    orders = [np.concatenate([as_array(b)[0].ravel() for b in r]) for r in results]  # type: ignore[union-attr]
    if np.array_equal(orders[0], np.arange(n)) and np.array_equal(orders[2], np.arange(n)):
        return ["The order is always 0, 1, 2, ...: shuffle the indices with rng before cutting batches."]
    if not np.array_equal(orders[0], orders[1]):
        return ["The same generator twice gives different batches: draw all random numbers from rng."]
    if np.array_equal(orders[0], orders[2]):
        return ["Another generator gives the same batches: the rng you are given is not used."]
    steps = [np.diff(np.asarray(batch)) % n for i in (0, 2) for batch in results[i]]
    if sum(s.size for s in steps) >= 10 and all(np.all(s == 1) for s in steps):  # one shuffle in a billion
        return ["In every batch the examples are neighbours in their old order: shuffle them before you cut."]
    return []


def _one_pass(result: Any, n: int, size: int) -> list[str]:
    if not isinstance(result, (list, tuple)):
        return ["Expected a list of index arrays."]
    batches = [as_array(b)[0] for b in result]
    if any(b is None or b.ndim != 1 or b.dtype.kind not in "iu" for b in batches):
        return ["Every batch must be a one-dimensional array of whole numbers."]
    lengths = [len(b) for b in batches]  # type: ignore[arg-type]
    order = np.concatenate(batches) if batches else np.array([], dtype=int)  # type: ignore[arg-type]
    if len(np.unique(order)) < len(order):
        return ["An example occurs twice in one epoch: shuffle without replacement."]
    if len(order) and (order.min() < 0 or order.max() >= n):
        return [
            f"Indices must lie in 0..N-1; here one is {int(order.min() if order.min() < 0 else order.max())}."
        ]
    if len(order) < n:
        return [
            f"{n - len(order)} of {n} examples are in no batch: the last batch may be short, but it counts."
        ]
    expected = [size] * (n // size) + ([n % size] if n % size else [])
    return [] if lengths == expected else [f"Batch sizes are {lengths}, expected {expected}."]


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
    return []


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
    return _unit_by_unit(masks[0]) or _same_and_other(masks, "masks")


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


def _unit_by_unit(mask: np.ndarray) -> list[str]:
    if np.all(mask == mask[:1]):
        return ["All examples have the same mask: draw one number for every unit of every example."]
    if np.all(mask == mask[:, :1]):
        return ["Whole examples are dropped: draw one number for every unit of every example."]
    return []


def _same_and_other(results: Sequence[Any], what: str) -> list[str]:
    """Two generators of one seed must give the same, one of another seed something else."""
    if not np.array_equal(results[0], results[1]):
        return [f"The same generator twice gives different {what}: draw all random numbers from rng."]
    if np.array_equal(results[0], results[2]):
        return [f"Another generator gives the same {what}: the rng you are given is not used."]
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
    share = sum(v[0] for v in drawn) / len(drawn)
    if abs(share - 0.5) > 6 * 0.5 / len(drawn) ** 0.5:  # once in some hundred million for an honest draw
        return [
            f"Of {len(drawn)} images {share:.0%} are mirrored; with probability 1/2 it is about half of them."
        ]
    return _same_and_other(arrays, "images")


@rule
def train_test_split(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """Training and test indices: every example once, about R frac of them for testing, shuffled with rng.

    Results: two calls with generators of one seed, one with another's. R frac may be rounded either way.
    """
    n, share = int(facts["R"]), float(facts["frac"])
    for result in results:
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            return ["Expected two results, the training and the test indices."]
        if found := _index_sets(result, n, ("the training set", "the test set")):
            return found
        if found := _test_size(result, n * share, n):
            return found
    tests = [np.sort(np.asarray(result[1])) for result in results]
    if n < 10:
        return []
    if np.array_equal(tests[0], tests[2]) and np.array_equal(tests[0], tests[1]):
        if np.array_equal(tests[0], np.arange(n - len(tests[0]), n)):
            return ["The test set is always the end of the data: shuffle with rng before you cut."]
        if np.array_equal(tests[0], np.arange(len(tests[0]))):
            return ["The test set is always the beginning of the data: shuffle with rng before you cut."]
    by_chance = n / math.comb(n, len(tests[0]))  # that a shuffle gives a block
    if by_chance**2 < RARE and all(_is_block(tests[i], n) for i in (0, 2)):
        return ["The test set is always a block of neighbours: shuffle with rng before you cut."]
    return _same_and_other(tests, "test sets")


def _is_block(indices: Any, n: int) -> bool:
    """Tell whether these are neighbours in a circle of n."""
    around = np.sort(np.asarray(indices))
    return int(np.sum(np.diff(around, append=around[0] + n) != 1)) <= 1


def _index_sets(parts: Sequence[Any], n: int, names: Iterable[str] = repeat("one part")) -> list[str]:
    """Say what keeps these arrays from holding each of 0..n-1 once; a large part tells more than a small one."""
    arrays = [np.array([], int) if _is_row(part) and not len(part) else as_array(part)[0] for part in parts]
    if any(a is None or a.ndim != 1 or a.dtype.kind not in "iu" for a in arrays):
        return ["Expected one-dimensional arrays of whole numbers (indices)."]
    order = np.concatenate(arrays) if arrays else np.array([], int)  # type: ignore[arg-type]
    if len(order) and (order.min() < 0 or order.max() >= n):
        return ["Indices must lie in 0..R-1; here one is outside."]
    if twice := [(len(a), name) for a, name in zip(arrays, names) if len(np.unique(a)) < len(a)]:  # type: ignore
        return [f"An example occurs twice in {max(twice)[1]}: draw without replacement."]
    if len(np.unique(order)) < len(order):
        return ["An example is in more than one part; every index may be in one part only."]
    if len(order) < n:
        return [f"{n - len(order)} of {n} examples are left out."]
    return []


def _is_row(part: Any) -> bool:
    """Tell whether there can be several things in a value; an array of no axis has no length."""
    return isinstance(part, (list, tuple)) or (isinstance(part, np.ndarray) and part.ndim > 0)


def _test_size(parts: Sequence[Any], wanted: float, n: int) -> list[str]:
    size = len(parts[1])
    if abs(size - wanted) < 1 - 1e-9:
        return []
    if abs(len(parts[0]) - wanted) < 1 - 1e-9:
        return ["Training and test set are exchanged: frac is the share of the test set, which comes second."]
    return [f"The test set has {size} of {n} examples, expected {wanted:g}."]


@rule
def kfold_indices(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """k test folds: every example in one of them, sizes that differ by at most one, shuffled with rng.

    Results are: two calls with generators of the same seed, one with another seed.
    """
    n, k = int(facts["R"]), int(facts["k"])
    for result in results:
        folds = list(result) if isinstance(result, np.ndarray) and result.ndim == 2 else result
        if not isinstance(folds, (tuple, list)):
            return ["Expected a list of index arrays, one for each fold."]
        if folds and all(isinstance(f, (tuple, list)) and len(f) == 2 and _is_row(f[0]) for f in folds):
            return ["Expected the test fold only, not pairs of training and test indices."]
        if len(folds) != k:
            return [f"Expected {k} folds, got {len(folds)}."]
        if found := _index_sets(folds, n):
            return found
        sizes = [len(f) for f in folds]
        if max(sizes) - min(sizes) > 1:
            return ["The sizes of the folds differ by more than one: share the rest among them."]
    if k == n or n < 10:
        return []
    first, again, other = ({frozenset(np.asarray(f).tolist()) for f in result} for result in results)
    if first == other and first == again:
        if all(max(f) - min(f) == len(f) - 1 for f in first):
            return ["The folds are always blocks of neighbours: shuffle with rng before you cut."]
        if first == {frozenset(range(f, n, k)) for f in range(k)}:
            return ["The folds are always every k-th example: shuffle with rng before you cut."]
        return ["Another generator gives the same folds: the rng you are given is not used."]
    by_chance = (
        n * math.factorial(k - 1) * math.prod(math.factorial(len(f)) for f in first) / math.factorial(n)
    )
    if by_chance**2 < RARE and all(_is_block(list(f), n) for folds in (first, other) for f in folds):
        return ["The folds are blocks of neighbours: shuffle with rng before you cut."]
    if first == again:
        return []
    return ["The same generator twice gives different folds: draw all numbers from rng."]


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
        drawn.append(np.asarray(weights[-1][0], dtype=np.float64))
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
    return _same_and_other(drawn, "weights")


def _head_of(facts: Mapping[str, Any], weights: Sequence[Any], shape: Sequence[int]) -> list[str]:
    classes, features = int(facts["classes"]), int(facts["features"])
    if len(weights) != 4:
        return [f"The model should still have 4 layers; now it has {len(weights)}."]
    if any(not np.array_equal(a, b) for a, b in zip(facts["kept"], weights[0])):
        return ["The first layer has changed; only the last one is replaced."]
    if list(shape) != [3, classes]:
        return [f"Scores of 3 examples have shape {tuple(shape)}, expected (3, {classes})."]
    sizes = [np.shape(p) for p in weights[-1]]
    if sizes != [(features, classes), (classes,)]:
        return [f"The new head should hold W[{features}, {classes}] and b[{classes}]."]
    return ["The biases of the new head should be 0."] if np.any(weights[-1][1]) else []
