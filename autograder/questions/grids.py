"""Small grids of whole numbers for work by hand: drawn, and correlated by plain loops.

The loops know nothing of the reference; questions hold the reference to them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Matrix = list[list[int]]


def matrix(rng: np.random.Generator, rows: int, columns: int, least: int, most: int) -> Matrix:
    """Draw whole numbers from least to most."""
    return rng.integers(least, most + 1, size=(rows, columns)).tolist()


def distinct(rng: np.random.Generator, rows: int, columns: int, least: int, most: int) -> Matrix:
    """Draw whole numbers from least to most that all differ, so that no window holds a tie."""
    values = rng.choice(np.arange(least, most + 1), size=(rows, columns), replace=False)
    return values.tolist()


def kernel(rng: np.random.Generator, side: int) -> Matrix | None:
    """Draw a kernel whose turns and mirrors all differ from it, with at most a third of zeros."""
    drawn = rng.choice([-1, 0, 1, 2], size=(side, side))
    turned = (drawn[::-1, ::-1], drawn[::-1], drawn[:, ::-1], drawn.T)
    if np.sum(drawn == 0) * 3 > drawn.size or any(np.array_equal(drawn, other) for other in turned):
        return None
    return drawn.tolist()


def turned(grid: Matrix) -> Matrix:
    """Turn a grid by 180 degrees."""
    return [row[::-1] for row in grid[::-1]]


def correlate(image: Matrix, kernel: Matrix, stride: int = 1, padding: int = 0, dilation: int = 1) -> Matrix:
    """Evaluate a cross-correlation by integer loops over the definition, without any array library."""
    rows, columns = len(image), len(image[0])
    height, width = dilation * (len(kernel) - 1) + 1, dilation * (len(kernel[0]) - 1) + 1
    out: Matrix = []
    top = -padding
    while top + height <= rows + padding:
        out.append([])
        left = -padding
        while left + width <= columns + padding:
            out[-1].append(sum(a * b for a, b in pairs(image, kernel, top, left, dilation)))
            left += stride
        top += stride
    return out


def pairs(image: Matrix, kernel: Matrix, top: int, left: int, dilation: int = 1) -> list[tuple[int, int]]:
    """List what lies on top of each other when the kernel's corner is at (top, left); zeros outside."""
    return [
        (pixel(image, top + u * dilation, left + v * dilation), weight)
        for u, line in enumerate(kernel)
        for v, weight in enumerate(line)
    ]


def pixel(image: Matrix, row: int, column: int) -> int:
    """Read a pixel; outside the image there are zeros."""
    inside = 0 <= row < len(image) and 0 <= column < len(image[0])
    return image[row][column] if inside else 0


def products(params: dict[str, Any]) -> int:
    """Count the products a student has to work out: those with a pixel of the image."""
    image, weights = params["image"], params["kernel"]
    inside = [[1] * len(image[0]) for _ in image]
    taps = [[1] * len(weights[0]) for _ in weights]
    moves = params["stride"], params["padding"], params.get("dilation", 1)
    return sum(map(sum, correlate(inside, taps, *moves)))


def windows(grid: Matrix, side: int, stride: int) -> list[list[list[tuple[int, int]]]]:
    """List the places (row, column) of every window that lies inside the grid, row by row."""
    tops = range(0, len(grid) - side + 1, stride)
    lefts = range(0, len(grid[0]) - side + 1, stride)
    return [
        [[(top + u, left + v) for u in range(side) for v in range(side)] for left in lefts] for top in tops
    ]


def winner(grid: Matrix, places: list[tuple[int, int]]) -> tuple[int, int]:
    """Find the place of the largest entry; the first of equal ones in row-major order."""
    best = places[0]
    for row, column in places:
        if grid[row][column] > grid[best[0]][best[1]]:
            best = row, column
    return best
