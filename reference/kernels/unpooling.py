"""Max unpooling: a loop, where NumPy needs an array of places the size of the input."""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.shapes import Array

__all__ = ["scattered"]


@compiled()
def _scattered(x, indices, y, places):
    entries, positions = y.shape[2] * y.shape[3], x.shape[2] * x.shape[3]
    flat_x, flat_indices, flat_y = x.reshape(-1), indices.reshape(-1), y.reshape(-1)
    for m in range(x.shape[0] * x.shape[1]):
        target = flat_y[m * entries : (m + 1) * entries]
        for i in range(entries):
            target[i] = 0
        here = slice(m * positions, (m + 1) * positions)
        values, index, place = flat_x[here], flat_indices[here], places[here]
        for o in range(positions):
            target[np.uintp(index[o])] = values[o]
        for o in range(positions):
            place[o] = m * entries + index[o]


def scattered(x: Array, indices: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """Return y, in which the last entry written to a place stays, and the flat places in the whole of y."""
    y, places = np.empty((*x.shape[:2], *size), x.dtype), np.empty(x.size, np.intp)
    _scattered(plain(x), plain(indices), y, places)
    return y, places
