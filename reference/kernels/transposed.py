"""Transposed convolution: the forward pass is the dx of a convolution, and the other way round."""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import plain
from reference.kernels.convolution import correlate, input_gradient, weight_gradient
from reference.shapes import Array
from reference.windows import Sweep

__all__ = ["backward", "forward"]


def forward(x: Array, w: Array, b: Array | None, how: Sweep, shape: tuple[int, ...], groups: int) -> Array:
    """Return what `conv_transpose2d` returns for checked arguments; `how` is the convolution from y to x."""
    return input_gradient(plain(x), plain(w), shape, how, groups, None if b is None else plain(b))


def backward(
    x: Array, w: Array, with_bias: bool, how: Sweep, groups: int, dy: Array
) -> tuple[Array, Array, Array | None]:
    """Return (dx, dw, db)."""
    x, w, dy = plain(x), plain(w), plain(dy)
    dx = correlate(dy, w, np.zeros(len(w), x.dtype), how, groups)
    dw, _ = weight_gradient(dy, x, w.shape, how, groups)
    return dx, dw, dy.sum(axis=(0, 2, 3)) if with_bias else None
