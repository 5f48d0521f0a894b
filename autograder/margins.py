"""Margins of the multi-class hinge loss as a student writes them: exact, and line by line."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from autograder.typeset import bracket


def tenths(rng: np.random.Generator, least: int, most: int, count: int) -> list[float]:
    """Draw different numbers with one decimal; least and most count tenths."""
    return [int(n) / 10 for n in rng.choice(np.arange(least, most + 1), size=count, replace=False)]


def exactly(number: float) -> Fraction:
    """Read a number with at most one decimal as it is written."""
    return Fraction(round(10 * number), 10)


def margins(scores: list[Any], label: int, delta: Any) -> list[Fraction]:
    """Evaluate the margin of each wrong class exactly, in the order of the classes."""
    right, room = exactly(scores[label]), exactly(delta)
    return [exactly(score) - right + room for j, score in enumerate(scores) if j != label]


def hinge_of(scores: list[Any], label: int, delta: Any) -> Fraction:
    """Evaluate the loss of one example exactly."""
    return sum((margin for margin in margins(scores, label, delta) if margin > 0), Fraction(0))


def margin_lines(scores: list[Any], label: int, delta: Any) -> str:
    """Write one line per wrong class: its margin, and what is kept of it."""
    found = iter(margins(scores, label, delta))
    lines = []
    for j, score in enumerate(scores):
        if j != label:
            margin = float(next(found))
            lines.append(
                f"- class {j}: $s_{j} - s_{label} + \\Delta = {score:g} - {bracket(scores[label])} "
                f"+ {delta:g} = {margin:g}$, "
                + (f"kept: ${margin:g}$" if margin > 0 else "not positive, so it costs $0$")
            )
    return "\n".join(lines)


def score_table(rows: list[list[Any]], labels: list[int]) -> str:
    """Show the scores of each example and its right class as a table."""
    classes = range(len(rows[0]))
    head = "| example | " + " | ".join(f"$s_{j}$" for j in classes) + " | right class |"
    lines = [head, "|---" * (len(rows[0]) + 2) + "|"]
    for i, (row, label) in enumerate(zip(rows, labels), start=1):
        lines.append(f"| {i} | " + " | ".join(f"{score:g}" for score in row) + f" | {label} |")
    return "\n".join(lines)
