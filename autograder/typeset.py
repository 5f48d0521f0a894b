"""Write numbers and arrays into statements and worked solutions, the same way in every question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def block(matrix: Any) -> str:
    """Show a matrix as a code block with aligned columns."""
    rows = [[f"{cell:g}" for cell in row] for row in np.asarray(matrix, dtype=float).tolist()]
    width = max((len(cell) for row in rows for cell in row), default=1)
    return "```\n" + "\n".join(" ".join(cell.rjust(width) for cell in row) for row in rows) + "\n```"


def bracket(number: float) -> str:
    """Write a number as a factor: negative ones in brackets."""
    return f"({number:g})" if number < 0 else f"{number:g}"


def summed(terms: Iterable[float]) -> str:
    """Write a sum of numbers, zeros left out: 3 - 2 + 5."""
    kept = [term for term in terms if term] or [0]
    return f"{kept[0]:g}" + "".join(f" - {-term:g}" if term < 0 else f" + {term:g}" for term in kept[1:])


def cells(result: Any) -> list[Any]:
    """Return an array as lists: whole numbers where all are whole; a mistake may leave fractions."""
    array = np.asarray(result, dtype=float)
    return (array.astype(int) if np.array_equal(array, np.rint(array)) else array).tolist()
