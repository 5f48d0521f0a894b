"""Relu and softmax, forward and backward, each in one pass over memory."""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import line_affine, line_dot, line_exp, line_max
from reference.shapes import Array

__all__ = ["relu", "relu_gradient", "softmax", "softmax_gradient"]


@compiled()
def _softmax(x, p, C):
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for at in range(0, len(x), C):
        total = line_exp(p, at, x, at, line_max(x, at, C), one, C)
        line_affine(p, at, p, at, zero, one / total, zero, C)


@compiled()
def _softmax_gradient(p, dp, dx, C):
    zero = p.dtype.type(0)
    for at in range(0, len(p), C):
        mean = line_dot(dp, at, zero, p, at, zero, C)
        shares, upstream, result = p[at : at + C], dp[at : at + C], dx[at : at + C]
        for i in range(C):
            result[i] = shares[i] * (upstream[i] - mean)


@compiled()
def _relu(x, y):
    for i in range(len(x)):
        y[i] = 0 if x[i] <= 0 else x[i]


@compiled()
def _relu_gradient(x, dy, dx):
    for i in range(len(x)):
        dx[i] = 0 if x[i] <= 0 else dy[i]


def softmax(x: Array) -> Array:
    """Return the softmax of every row; rows are the last axis."""
    p = np.empty(x.shape, x.dtype)
    _softmax(plain(x).reshape(-1), p.reshape(-1), x.shape[-1])
    return p


def softmax_gradient(p: Array, dp: Array) -> Array:
    """Return dx."""
    dx = np.empty(p.shape, p.dtype)
    _softmax_gradient(plain(p).reshape(-1), plain(dp).reshape(-1), dx.reshape(-1), p.shape[-1])
    return dx


def relu(x: Array) -> Array:
    """Return x where it is positive or NaN, else 0."""
    y = np.empty(x.shape, x.dtype)
    _relu(plain(x).reshape(-1), y.reshape(-1))
    return y


def relu_gradient(x: Array, dy: Array) -> Array:
    """Return dy where x is positive or NaN, else 0."""
    dx = np.empty(x.shape, dy.dtype)
    _relu_gradient(plain(x).reshape(-1), plain(dy).reshape(-1), dx.reshape(-1))
    return dx
