"""What every kind of answer shares: what it is asked, what it finds, and the samples it must pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import numpy as np


class Asked(Protocol):
    """What a kind needs to know of a part."""

    @property
    def kind(self) -> str: ...
    @property
    def options(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Judged:
    """How right an answer is: `score` 0..1, `cells` right or wrong in row-major order (or empty).

    `message` never contains the truth.
    """

    score: float
    cells: tuple[bool, ...]
    message: str


class Samples(NamedTuple):
    """Texts that a kind must judge right, judge wrong, and refuse to read."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    unreadable: tuple[str, ...]


HOSTILE = (  # nobody's answer to anything
    "", " \n\t", "no idea?", "nan", "inf", "1e999", "9" * 400, "__import__('os')", "[" * 200, "(" * 20_001,
    "None", "1 +", "\x00",
)  # fmt: skip


def one(is_right: bool, message: str = "That is not the result.") -> Judged:
    return Judged(float(is_right), (), "Right." if is_right else message)


def cellwise(cells: Sequence[bool], noun: str = "cells") -> Judged:
    right = sum(map(bool, cells))
    share = right / len(cells) if cells else 0.0
    message = "Right." if share == 1.0 else f"{right} of {len(cells)} {noun} are right."
    return Judged(share, tuple(map(bool, cells)), message)


def near(value: float, truth: Any, options: Mapping[str, Any]) -> bool:
    """Compare as §rounding asks: half a unit of the last place, a fifth of that for luck, and the slack."""
    target = float(Fraction(truth)) if isinstance(truth, str) else float(truth)
    return bool(abs(value - target) <= allowed(target, options))


NOT_WHOLE = "The result is a whole number."


def same_whole(value: Any, target: Any) -> Any:
    """Compare where whole numbers are asked for: exactly; but a fraction (a mistake's answer) to two places."""
    equal = np.equal(value, target)
    if np.all(equal):
        return equal
    whole = np.equal(target, np.round(target))
    return np.where(whole, equal, np.abs(np.subtract(value, target)) <= allowed(target, {}))


def allowed(target: Any, options: Mapping[str, Any]) -> Any:
    """Return how far from a number, or from each number of an array, an answer may lie."""
    room = 0.6 * 10.0 ** -options.get("places", 2) + options.get("slack", 0.0)
    return room + 1e-12 * (1 + abs(target))
