"""How hard an instance is and which concepts it asks for, so that everybody in a class gets the like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import Question


def difficulty(question: Question, variant: Variant) -> float:
    """Estimate how hard an instance is: operations, digits, numbers that are not whole, all else being equal.

    The active concepts need no weight: everybody's instance has the same (`concepts`).
    """
    numbers = [abs(n) for n in _plain_numbers(variant.params)] or [1.0]
    digits = sum(len(f"{n:g}".replace(".", "")) for n in numbers) / len(numbers)
    work = question.work(dict(variant.params)) if question.work else len(numbers)
    asked = [n for p in variant.parts for n in numbers_of(p, variant.truth[p.id])]
    broken = any(float(n) != int(n) for n in asked)
    return math.log2(1 + work) + 0.5 * digits + 0.5 * broken


NOTHING_TO_DO = {
    "stride": 1, "dilation": 1, "groups": 1, "padding": 0, "extra": 0, "eps": 0, "lam": 0, "decay": 0, "pool": False,
}  # fmt: skip
"""The value of a parameter at which its concept plays no part."""


def concepts(params: Any) -> frozenset[str]:
    """Return which of these concepts an instance asks for, such as stride and padding, anywhere in its params."""
    if isinstance(params, list):
        return frozenset().union(*map(concepts, params))
    if not isinstance(params, Mapping):
        return frozenset()
    own = {
        n for n, idle in NOTHING_TO_DO.items() if any(v != idle for v in _plain_values(params.get(n, idle)))
    }
    return frozenset(own).union(*map(concepts, params.values()))


def _plain_values(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for inner in value:
            yield from _plain_values(inner)
    elif value is None or isinstance(value, (int, float)):
        yield value or 0


@dataclass(frozen=True)
class Usual:
    """What the instances of a level have in common, so that no student's is easier or of another kind."""

    difficulty: float
    concepts: frozenset[str]


def _plain_numbers(value: Any) -> Iterator[float]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _plain_numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _plain_numbers(inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value


def numbers_of(part: Part, truth: Any) -> list[Any]:
    """List the numbers of an answer; none where it is no number."""
    if part.kind in ("int", "num", "frac"):
        return [Fraction(truth) if isinstance(truth, str) else truth]
    return (
        np.asarray(truth, dtype=float).ravel().tolist() if part.kind in ("vec", "mat", "ten", "shape") else []
    )
