"""Cross-entropy of scores, row by row while the row is in the first-level cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import line_affine, line_exp, line_max
from reference.shapes import Array

__all__ = ["cross_entropy", "cross_entropy_gradient"]


@compiled()
def _cross_entropy(x, t, log_p):
    C, one, loss = x.shape[1], x.dtype.type(1), x.dtype.type(0)
    scores, result = x.reshape(-1), log_p.reshape(-1)
    for i in range(len(t)):
        most = line_max(scores, i * C, C)
        total = np.log(line_exp(result, i * C, scores, i * C, most, one, C))
        line_affine(result, i * C, scores, i * C, most, one, -total, C)
        loss -= result[i * C + t[i]]
    return loss


@compiled()
def _cross_entropy_gradient(log_p, t, factor, dx):
    C, zero = log_p.shape[1], log_p.dtype.type(0)
    source, result = log_p.reshape(-1), dx.reshape(-1)
    for i in range(len(t)):
        line_exp(result, i * C, source, i * C, zero, factor, C)
        result[i * C + t[i]] -= factor


def cross_entropy(x: Array, t: Array) -> tuple[Any, Array]:
    """Return the mean loss and the logarithms of the softmax probabilities."""
    log_p = np.empty(x.shape, x.dtype)
    return x.dtype.type(_cross_entropy(plain(x), plain(t), log_p)) / len(x), log_p


def cross_entropy_gradient(log_p: Array, t: Array, dloss: Any) -> Array:
    """Return dx."""
    dx = np.empty(log_p.shape, log_p.dtype)
    _cross_entropy_gradient(plain(log_p), plain(t), log_p.dtype.type(dloss / len(t)), dx)
    return dx
