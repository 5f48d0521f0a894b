"""Cross-entropy of scores, some rows at a time while they are in the first-level cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import line_affine, line_exp, line_max
from reference.shapes import Array

__all__ = ["cross_entropy", "cross_entropy_gradient"]


_BLOCK = 2048  # entries treated step by step: they stay in the first-level cache


@compiled()
def _cross_entropy(x, t, log_p):
    """Take every step for a block of rows: rows do not depend on each other, but the steps of one row do."""
    (N, C), one, loss = x.shape, x.dtype.type(1), x.dtype.type(0)
    scores, result = x.reshape(-1), log_p.reshape(-1)
    many = max(1, _BLOCK // C)
    most, total = np.empty(many, x.dtype), np.empty(many, x.dtype)
    for start in range(0, N, many):
        some = min(many, N - start)
        for i in range(some):
            most[i] = line_max(scores, (start + i) * C, C)
        for i in range(some):
            at = (start + i) * C
            total[i] = line_exp(result, at, scores, at, most[i], one, C)
        for i in range(some):
            total[i] = np.log(total[i])
        for i in range(some):
            at = (start + i) * C
            line_affine(result, at, scores, at, most[i], one, -total[i], C)
            loss -= result[at + t[start + i]]
    return loss


@compiled()
def _cross_entropy_gradient(log_p, t, share, dx):
    C, zero, factor = log_p.shape[1], log_p.dtype.type(0), log_p.dtype.type(share)
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
    _cross_entropy_gradient(plain(log_p), plain(t), float(dloss) / len(t), dx)
    return dx
