"""Explain wrong numbers by two mistakes at once: their effects add up to what the student's numbers are off by.

That is so where the mistakes do not touch each other: a bias left out and a wrong padding, for example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.compare import as_array

ENOUGH = 6  # wrong numbers in all: fewer can add up by accident
SLACK = 4  # bounds: three rounding errors meet where two mistakes are taken together


@dataclass(frozen=True)
class Row:
    """One trial in numbers: the student's, the right ones, how far rounding may carry, and what mistakes give.

    `other(position)` returns the numbers of a candidate, or None where it has none of this form.
    """

    mine: np.ndarray
    truth: np.ndarray
    allowed: np.ndarray
    other: Callable[[int], np.ndarray | None]


def adding_up(rows: Iterable[Row], count: int) -> list[tuple[int, int]]:
    """Return the pairs of candidates (of `count`) whose effects add up to the student's in every row."""
    pairs: list[tuple[int, int]] | None = None
    seen: set[int] = set()
    wrong = 0
    for row in rows:
        members = range(count) if pairs is None else sorted({i for pair in pairs for i in pair})
        effects = {i: e for i in members if (e := _effect(row, i)) is not None}
        off = row.mine - row.truth
        wrong += int(np.sum(np.abs(off) > row.allowed))
        pairs = _fitting(off, effects, row.allowed, pairs)
        seen |= {i for i, e in effects.items() if np.any(np.abs(e) > row.allowed)}
        if not pairs:
            return []
    if wrong < ENOUGH:
        return []
    return [(i, j) for i, j in pairs or () if i in seen and j in seen]


def _effect(row: Row, i: int) -> np.ndarray | None:
    numbers = row.other(i)
    if numbers is None or numbers.shape != row.truth.shape or not np.all(np.isfinite(numbers)):
        return None
    return numbers - row.truth


def _fitting(
    off: np.ndarray,
    effects: dict[int, np.ndarray],
    allowed: np.ndarray,
    pairs: Sequence[tuple[int, int]] | None,
) -> list[tuple[int, int]]:
    if pairs is not None:
        both = ((i, j) for i, j in pairs if i in effects and j in effects)
        return [(i, j) for i, j in both if _close(off, effects[i] + effects[j], allowed)]
    return list(_all_pairs(off, effects, allowed))


def _all_pairs(
    off: np.ndarray, effects: dict[int, np.ndarray], allowed: np.ndarray
) -> Iterator[tuple[int, int]]:
    order = list(effects)
    table = np.array([effects[i] for i in order])
    for a, i in enumerate(order[:-1]):
        near = np.abs(table[a + 1 :] - (off - table[a])) <= SLACK * allowed
        for b in a + 1 + np.flatnonzero(near.all(axis=1)):
            if not _parallel(table[a], table[b]):
                yield i, order[b]


def _parallel(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two effects differ by a factor only: then any amount of it is a sum of theirs, by accident."""
    both = float(one @ other) ** 2
    return both > 0 and both >= (1 - 1e-12) * float(one @ one) * float(other @ other)


def _close(off: np.ndarray, effect: np.ndarray, allowed: np.ndarray) -> bool:
    return bool(np.all(np.abs(off - effect) <= SLACK * allowed))


def in_numbers(values: Sequence[Any], truth: Sequence[Any], bounds: Sequence[Any]) -> tuple[Any, Any] | None:
    """Return the real numbers of nested results and their bounds, one after the other; None where shapes differ.

    What stays in the student's process (a cache) has no numbers and is left out.
    """
    numbers: list[np.ndarray] = []
    allowed: list[np.ndarray] = []
    if not _collect(values, truth, bounds, numbers, allowed) or not numbers:
        return None
    return np.concatenate(numbers), np.concatenate(allowed)


def _collect(got: Any, truth: Any, bound: Any, numbers: list[Any], allowed: list[Any]) -> bool:
    if isinstance(truth, (tuple, list)):
        if not isinstance(got, (tuple, list)) or len(got) != len(truth):
            return False
        bounds = (
            bound if isinstance(bound, (tuple, list)) and len(bound) == len(truth) else [bound] * len(truth)
        )
        return all(_collect(g, t, b, numbers, allowed) for g, t, b in zip(got, truth, bounds))
    expected, _ = as_array(truth)
    if expected is None:
        return not isinstance(truth, (dict, str)) and truth is not None
    array, _ = as_array(got)
    if (
        array is None
        or array.shape != expected.shape
        or array.dtype.kind != "f"
        or expected.dtype.kind != "f"
    ):
        return False
    numbers.append(array.astype(np.float64).ravel())
    allowed.append(np.full(expected.size, float(bound) if isinstance(bound, (int, float)) else 0.0))
    return True


def rounded_apart(mine: Any, other: Any, expected: Any) -> bool:
    """Tell whether fractions, where whole numbers are asked for (which may not differ at all), are two of one sum."""
    arrays = [
        np.asarray(value) for value in (mine, other, expected) if isinstance(value, (np.ndarray, float, int))
    ]
    if (
        len(arrays) < 3
        or [a.dtype.kind for a in arrays] != ["f", "f", "i"]
        or arrays[0].shape != arrays[1].shape
    ):
        return False
    return bool(np.allclose(arrays[0], arrays[1], rtol=1e-12, atol=1e-12))
