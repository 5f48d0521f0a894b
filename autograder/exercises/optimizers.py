"""Write the mini-batches of an epoch: any shuffle is right that has the properties of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise
from autograder.sandbox._script import Call, Rng


def minibatches(N: int, batch: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut a shuffle of 0..N-1 into batches; the last one may be short."""
    order = rng.permutation(N)
    return [order[i : i + batch] for i in range(0, N, batch)]


def _functions(_impl: Implementation) -> Functions:
    return {"minibatches": minibatches}


def _trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("batches that fill exactly", 24, 6),
        ("a short last batch", 25, 4),
        ("a short last batch", 31, 8),
        ("one batch", 12, 12),
        ("a batch larger than the data", 9, 20),
        ("batches of one", 10, 1),
    ]
    made = []
    for group, n, batch in rows:
        first, second = (int(s) for s in rng.integers(1, 2**31, size=2))
        calls: tuple[Any, ...] = tuple(
            Call("minibatches", (n, batch, Rng(s))) for s in (first, first, second)
        )
        made.append(
            Trial(f"N = {n}, batch = {batch}", calls, group, (0, 1, 2), facts={"N": n, "batch": batch})
        )
    return made


exercise(
    "minibatches", title="Mini-batches of one epoch", topic="optimizers", op=None, functions=_functions,
    trials=_trials, results=("batches",), rule="minibatches",
)  # fmt: skip
