"""Rules for exercises without one right result: what every right result must satisfy.

A rule takes the facts of a trial (from the key) and the judged results and returns complaints, each a
sentence for the student; no complaint means right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.compare import as_array

Rule = Callable[[Mapping[str, Any], Sequence[Any]], list[str]]
RULES: dict[str, Rule] = {}


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
