"""Rules for shuffles that are cut into parts: batches, folds, a test set.

The order within a part says nothing: whoever sorts it has shuffled all the same. Whether the parts are as even as
chance makes them shows over many draws.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from autograder.compare import as_array

RARE = 1e-9  # what happens to an honest draw less often than this is no chance


def parts_of(parts: Sequence[Any], n: int) -> np.ndarray:
    """Return for each of 0..n-1 the number of the part it is in; every one must be in one."""
    found = np.zeros(n, dtype=int)
    for number, part in enumerate(parts):
        found[np.asarray(part, dtype=int)] = number
    return found


def chance_of(sizes: Sequence[int]) -> float:
    """Return how likely a shuffle gives just these parts, of the sizes given."""
    return math.prod(math.factorial(s) for s in sizes) / math.factorial(sum(sizes))


def uneven(draws: Sequence[np.ndarray]) -> bool:
    """Tell whether some example is in some part far more or less often than in a share of many draws."""
    found = np.array(draws)
    count, n = found.shape
    numbers = np.unique(found)
    limit = RARE / (2 * n * len(numbers))
    for number in numbers:
        here = found == number
        often = here.sum(axis=0)
        fewest, most = usual(count, float(here.mean()), limit)
        if often.max() > most or often.min() < fewest:
            return True
    return False


@functools.lru_cache(maxsize=256)
def usual(count: int, share: float, limit: float) -> tuple[int, int]:
    """Return how often something happens in so many draws: beyond it on either side is rarer than the limit."""
    odds = [math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(count + 1)]
    below, above = np.cumsum(odds), np.cumsum(odds[::-1])[::-1]
    return int(np.argmax(below >= limit)), int(count - np.argmax(above[::-1] >= limit))


def minibatches(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """Every index 0..N-1 exactly once, all batches full but the last, shuffled with the given rng.

    Results are: two calls with generators of the same seed, one with another seed; or many, each with another.
    """
    n, size = int(facts["N"]), int(facts["batch"])
    complaints = next((found for found in (_one_pass(result, n, size) for result in results) if found), [])
    if complaints or n < 8:
        return complaints
    parts = [parts_of([as_array(b)[0] for b in r], n) for r in results]
    if len(parts) > 3:
        return _even(parts, "batch")
    chance = chance_of([len(b) for b in results[0]])
    if chance**2 < RARE and all(np.array_equal(parts[i], np.arange(n) // size) for i in (0, 2)):
        return ["The order is always 0, 1, 2, ...: shuffle the indices with rng before cutting batches."]
    if not all(np.array_equal(a, b) for a, b in zip(results[0], results[1])):
        return ["The same generator twice gives different batches: draw all random numbers from rng."]
    if chance < RARE and np.array_equal(parts[0], parts[2]):
        return ["Another generator gives the same batches: the rng you are given is not used."]
    steps = [np.diff(np.asarray(batch)) % n for i in (0, 2) for batch in results[i]]
    if (n * chance) ** 2 < RARE and any(s.size for s in steps) and all(np.all(s == 1) for s in steps):
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
    if len(results) > 3:
        return _even([parts_of(result, n) for result in results], "set")
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
    return same_and_other(tests, "test sets")


def _test_size(parts: Sequence[Any], wanted: float, n: int) -> list[str]:
    size = len(parts[1])
    if abs(size - wanted) < 1 - 1e-9:
        return []
    if abs(len(parts[0]) - wanted) < 1 - 1e-9:
        return ["Training and test set are exchanged: frac is the share of the test set, which comes second."]
    return [f"The test set has {size} of {n} examples, expected {wanted:g}."]


def kfold_indices(facts: Mapping[str, Any], results: Sequence[Any]) -> list[str]:
    """k test folds: every example in one of them, sizes that differ by at most one, shuffled with rng.

    Results are: two calls with generators of the same seed, one with another seed.
    """
    n, k = int(facts["R"]), int(facts["k"])
    for result in results:
        folds = list(result) if isinstance(result, np.ndarray) and result.ndim == 2 else result
        if not isinstance(folds, (tuple, list)):
            return ["Expected a list of index arrays, one for each fold."]
        if folds and all(isinstance(f, (tuple, list)) and len(f) == 2 and is_row(f[0]) for f in folds):
            return ["Expected the test fold only, not pairs of training and test indices."]
        if len(folds) != k:
            return [f"Expected {k} folds, got {len(folds)}."]
        if found := _index_sets(folds, n):
            return found
        sizes = [len(f) for f in folds]
        if max(sizes) - min(sizes) > 1:
            return ["The sizes of the folds differ by more than one: share the rest among them."]
    if len(results) > 3:
        return _even([parts_of(result, n) for result in results], "fold")
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


def _is_block(indices: Any, n: int) -> bool:
    """Tell whether these are neighbours in a circle of n."""
    around = np.sort(np.asarray(indices))
    return int(np.sum(np.diff(around, append=around[0] + n) != 1)) <= 1


def _index_sets(parts: Sequence[Any], n: int, names: Iterable[str] = repeat("one part")) -> list[str]:
    """Say what keeps these arrays from holding each of 0..n-1 once; a large part tells more than a small one."""
    arrays = [np.array([], int) if is_row(part) and not len(part) else as_array(part)[0] for part in parts]
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


def is_row(part: Any) -> bool:
    """Tell whether there can be several things in a value; an array of no axis has no length."""
    return isinstance(part, (list, tuple)) or (isinstance(part, np.ndarray) and part.ndim > 0)


def _even(parts: Sequence[np.ndarray], what: str) -> list[str]:
    """Judge many draws, each with a generator of its own."""
    if not uneven(parts):
        return []
    return [
        f"Over many draws some examples are far too often in the same {what}: shuffle all of them with rng."
    ]


def same_and_other(results: Sequence[Any], what: str) -> list[str]:
    """Two generators of one seed must give the same, one of another seed something else."""
    if not np.array_equal(results[0], results[1]):
        return [f"The same generator twice gives different {what}: draw all random numbers from rng."]
    if np.array_equal(results[0], results[2]):
        return [f"Another generator gives the same {what}: the rng you are given is not used."]
    return []
