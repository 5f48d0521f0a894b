"""The functions whose gradients are checked: one convolution, or two with tanh between, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Backward = Callable[..., tuple[Array, ...]]

SIZES = (406, 1760)
SHAPES: dict[tuple[int, int], tuple[tuple[int, ...], ...]] = {  # by layers and size: x, w1, b1, w2, b2
    (1, 406): ((2, 3, 7, 7), (4, 3, 3, 3), (4,)),
    (1, 1760): ((2, 3, 16, 16), (8, 3, 3, 3), (8,)),
    (2, 406): ((2, 2, 8, 8), (4, 2, 3, 3), (4,), (2, 4, 3, 3), (2,)),
    (2, 1760): ((3, 2, 16, 16), (4, 2, 3, 3), (4,), (4, 4, 3, 3), (4,)),
}


def convolve(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """Return y and the windows of x, one row of length C*K*L for each output pixel."""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    n, _, p, q = windows.shape[:4]
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * p * q, -1)
    y = rows @ w.reshape(len(w), -1).T + b
    return y.reshape(n, p, q, len(w)).transpose(0, 3, 1, 2), rows


def convolve_by_pixels(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """Do the same in a loop over the output pixels, as most code of students does."""
    (n, c), (f, _, k, l) = x.shape[:2], w.shape
    p, q = x.shape[2] - k + 1, x.shape[3] - l + 1
    y, rows = np.zeros((n, f, p, q)), np.zeros((n, p, q, c * k * l))
    for i, j in np.ndindex(p, q):
        rows[:, i, j] = x[:, :, i : i + k, j : j + l].reshape(n, -1)
        y[:, :, i, j] = rows[:, i, j] @ w.reshape(f, -1).T + b
    return y, rows.reshape(n * p * q, -1)


STYLES = {"vectorised": convolve, "pixels": convolve_by_pixels}
CHOSEN = {"style": "vectorised"}


def convolve_backward(dy: Array, rows: Array, w: Array, shape: tuple[int, ...]) -> tuple[Array, ...]:
    flat = dy.transpose(0, 2, 3, 1).reshape(len(rows), -1)
    (n, _, p, q), (k, l) = dy.shape, w.shape[2:]
    spread = (flat @ w.reshape(len(w), -1)).reshape(n, p, q, *w.shape[1:])
    dx = np.zeros(shape)
    for i, j in np.ndindex(k, l):
        dx[:, :, i : i + p, j : j + q] += spread[..., i, j].transpose(0, 3, 1, 2)
    return dx, (flat.T @ rows).reshape(w.shape), flat.sum(axis=0)


def forward(
    x: Array, w1: Array, b1: Array, w2: Array | None = None, b2: Array | None = None
) -> tuple[Array, Any]:
    """Compute y = conv(x, w1, b1), or y = conv(tanh(conv(x, w1, b1)), w2, b2)."""
    chosen = STYLES[CHOSEN["style"]]
    z, rows1 = chosen(x, w1, b1)
    if w2 is None or b2 is None:
        return z, (x, w1, None, None, rows1, None)
    hidden = np.tanh(z)
    y, rows2 = chosen(hidden, w2, b2)
    return y, (x, w1, w2, hidden, rows1, rows2)


def backward(dy: Array, cache: Any) -> tuple[Array, ...]:
    """Return dx, dw1, db1, and dw2, db2 if there is a second layer."""
    x, w1, w2, hidden, rows1, rows2 = cache
    if hidden is None:
        return convolve_backward(dy, rows1, w1, x.shape)
    dhidden, dw2, db2 = convolve_backward(dy, rows2, w2, hidden.shape)
    dx, dw1, db1 = convolve_backward(dhidden * (1 - hidden**2), rows1, w1, x.shape)
    return dx, dw1, db1, dw2, db2


def spoilt(place: int, error: float) -> Backward:
    """Return a backward pass in which one element of dw1 is off by a relative error."""

    def wrong(dy: Array, cache: Any) -> tuple[Array, ...]:
        gradients = backward(dy, cache)
        gradients[1].flat[place] *= 1 + error
        return gradients

    return wrong


@dataclass(frozen=True)
class Problem:
    """The inputs of one size and the upstream gradient of the textbook loop."""

    inputs: tuple[Array, ...]
    dy: Array

    @staticmethod
    def draw(layers: int, size: int) -> Problem:
        rng = np.random.default_rng(size)
        shapes = SHAPES[layers, size]
        inputs = tuple(rng.normal(size=s) * (0.3 if i else 1) for i, s in enumerate(shapes))
        assert sum(array.size for array in inputs) == size
        return Problem(inputs, np.asarray(rng.normal(size=forward(*inputs)[0].shape)))
