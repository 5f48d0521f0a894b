"""Max unpooling: a loop, where NumPy needs an array of places the size of the input."""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import expect
from reference.shapes import Array

__all__ = ["collect", "spread"]


@compiled()
def _spread(x, indices, y):
    entries, positions = y.shape[2] * y.shape[3], x.shape[2] * x.shape[3]
    flat_x, flat_indices, flat_y = x.reshape(-1), indices.reshape(-1), y.reshape(-1)
    share = max(1, entries // positions)
    for m in range(x.shape[0] * x.shape[1]):
        target, here = flat_y[m * entries : (m + 1) * entries], slice(m * positions, (m + 1) * positions)
        values, index = flat_x[here], flat_indices[here]
        for i in range(entries):
            target[i] = 0
        for o in range(positions):
            expect(flat_y, (m + 1) * entries + o * share)  # the next map, while this one takes its entries
            target[np.uintp(index[o])] = values[o]


@compiled()
def _collect(dy, indices, dx):
    entries, positions = dy.shape[2] * dy.shape[3], dx.shape[2] * dx.shape[3]
    flat_dy, flat_indices, flat_dx = dy.reshape(-1), indices.reshape(-1), dx.reshape(-1)
    last = np.empty(entries, np.intp)
    for m in range(dx.shape[0] * dx.shape[1]):
        upstream, here = flat_dy[m * entries : (m + 1) * entries], slice(m * positions, (m + 1) * positions)
        index, result = flat_indices[here], flat_dx[here]
        for o in range(positions):
            last[np.uintp(index[o])] = o
        for o in range(positions):
            place = np.uintp(index[o])
            result[o] = upstream[place] if last[place] == o else 0


def spread(x: Array, indices: Array, size: tuple[int, int]) -> Array:
    """Return y, of `size` rows and columns, in which the last entry written to a place stays."""
    y = np.empty((*x.shape[:2], *size), x.dtype)
    _spread(plain(x), plain(indices), y)
    return y


def collect(dy: Array, indices: Array) -> Array:
    """Return dx: what arrives at the place of each entry, 0 for those that were written over."""
    dx = np.empty(indices.shape, dy.dtype)
    _collect(plain(dy), plain(indices), dx)
    return dx
