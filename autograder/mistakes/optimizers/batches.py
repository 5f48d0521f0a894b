"""What goes wrong with mini-batches. Each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]


def _cut(order: Callable[[int, Any], Any], drop: bool = False) -> Functions:
    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        indices = order(N, rng)
        stop = N - N % batch if drop else N
        return [indices[i : i + batch] for i in range(0, stop, batch)]

    return {"minibatches": minibatches}


@mistake("minibatches", "minibatch-not-shuffled", family="omission")
def not_shuffled(right: Functions) -> Functions:
    """You cut 0, 1, 2, ... into batches without shuffling, so every epoch sees the examples in the same order.

    Shuffle with the generator first: rng.permutation(N).
    """
    return _cut(lambda n, _rng: np.arange(n))


@mistake("minibatches", "minibatch-with-replacement", family="wrong-op")
def with_replacement(right: Functions) -> Functions:
    """You draw indices with replacement: some examples come twice in an epoch and others never.

    An epoch sees every example once; use rng.permutation(N).
    """
    return _cut(lambda n, rng: rng.integers(0, n, size=n))


@mistake("minibatches", "last-batch-dropped", family="rounding")
def last_batch_dropped(right: Functions) -> Functions:
    """You drop the last batch when it is short, so some examples are left out.

    The last batch may be short, but it counts: go on until all N indices are used.
    """
    return _cut(lambda n, rng: rng.permutation(n), drop=True)


@mistake("minibatches", "batch-count-for-size", family="swap")
def batch_count_for_size(right: Functions) -> Functions:
    """You read `batch` as the number of batches; it is the number of examples in one batch.

    Each batch holds `batch` indices; how many batches there are follows from N.
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        return np.array_split(rng.permutation(N), batch)

    return {"minibatches": minibatches}


@mistake("minibatches", "rng-reseeded", family="scope")
def rng_reseeded(right: Functions) -> Functions:
    """You make a generator of your own with a fixed seed, so every epoch has the same batches.

    Use the rng you are given for every random number.
    """
    return {"minibatches": lambda N, batch, rng: right["minibatches"](N, batch, np.random.default_rng(0))}


@mistake("minibatches", "one-based-indices", family="off-by-one")
def one_based(right: Functions) -> Functions:
    """You number the examples from 1 to N; indices of arrays run from 0 to N-1.

    Shuffle range(N).
    """
    return _cut(lambda n, rng: rng.permutation(n) + 1)


@mistake("minibatches", "global-random-used", family="scope", kind="behaviour")
def global_random_used(right: Functions) -> Functions:
    """You shuffle with numpy's global generator instead of the one you are given.

    Nobody can repeat such a run. Use rng.permutation(N).
    """
    return _cut(lambda n, rng: np.random.permutation(n))  # noqa: NPY002 - the misbehaviour itself


@mistake("minibatches", "batches-of-equal-share", family="rounding")
def equal_share(right: Functions) -> Functions:
    """You share the indices evenly among the batches; then most of them are smaller than `batch`.

    Every batch holds `batch` indices, only the last one may be short: cut at 0, batch, 2 batch, ...
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        return np.array_split(rng.permutation(N), -(-N // batch))

    return {"minibatches": minibatches}


@mistake("minibatches", "batch-count-for-size-rest-dropped", family="swap")
def batch_count_rest_dropped(right: Functions) -> Functions:
    """You read `batch` as the number of batches, each of N // batch indices.

    Each batch holds `batch` indices; how many batches there are follows from N.
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        indices, size = rng.permutation(N), N // batch
        return [indices[i * size : (i + 1) * size] for i in range(batch)]

    return {"minibatches": minibatches}


@mistake("minibatches", "shuffled-within-batches-only", family="scope")
def shuffled_within(right: Functions) -> Functions:
    """You cut first and shuffle inside each batch, so the same examples are always together.

    Shuffle all N indices first, then cut.
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        return [rng.permutation(np.arange(i, min(i + batch, N))) for i in range(0, N, batch)]

    return {"minibatches": minibatches}


@mistake("minibatches", "order-of-batches-shuffled-only", family="scope")
def order_of_batches(right: Functions) -> Functions:
    """You cut first and shuffle the batches, so the same neighbours are always together.

    Shuffle all N indices first, then cut.
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        parts = [np.arange(i, min(i + batch, N)) for i in range(0, N, batch)]
        return [parts[k] for k in rng.permutation(len(parts))]

    return {"minibatches": minibatches}


@mistake("minibatches", "shuffled-anew-for-each-batch", family="scope")
def shuffled_for_each(right: Functions) -> Functions:
    """You shuffle again for every batch: some examples come twice in an epoch and others never.

    Draw one order for the whole epoch, before the loop, and cut that.
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        return [rng.permutation(N)[i : i + batch] for i in range(0, N, batch)]

    return {"minibatches": minibatches}


@mistake("minibatches", "last-batch-filled-up", family="rounding")
def last_filled_up(right: Functions) -> Functions:
    """You fill the last batch up with examples that were used already.

    Every example comes once in an epoch: the last batch may be short.
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        order = rng.permutation(N)
        return [np.resize(np.append(order[i:], order), batch) for i in range(0, N, batch)]

    return {"minibatches": minibatches}


@mistake("minibatches", "batches-overlap", family="wrong-op")
def overlapping(right: Functions) -> Functions:
    """Your batches overlap: each begins one example after the one before.

    Go on by `batch`: range(0, N, batch).
    """

    def minibatches(N: int, batch: int, rng: Any) -> list[np.ndarray]:
        order = rng.permutation(N)
        return [order[i : i + batch] for i in range(N - batch + 1)]

    return {"minibatches": minibatches}
