"""Batch normalisation of maps, reading memory once for the statistics and once for the result.

Mean and sum of squared deviations are taken map by map, the second time from the first-level cache, and joined
in double precision, so that a large mean costs no digits.
"""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import line_affine, line_blend, line_dot, line_spread, line_sum
from reference.shapes import Array

__all__ = ["batch_norm", "batch_norm_gradient"]

_LINE = 8192  # entries added up in the type of x, before double precision takes over


@compiled()
def _mean(flat, start, m):
    """Return the mean of m entries; if their sum overflows, it is taken again in double precision."""
    mean = float(line_sum(flat, start, m)) / m
    if not np.isfinite(mean):
        mean = 0.0
        for i in range(start, start + m):
            mean += flat[i]
        mean /= m
    return mean


@compiled()
def _statistics(flat, c, N, C, M):
    """Return mean and biased variance of channel c, joined from lines of entries."""
    count, centre, squares = 0, 0.0, 0.0
    for n in range(N):
        end = (n * C + c + 1) * M
        for start in range(end - M, end, _LINE):
            m = min(_LINE, end - start)
            mean = _mean(flat, start, m)
            shift = flat.dtype.type(mean)
            following = start + m if start + m < end else end + (C - 1) * M
            spread = line_spread(flat, start, shift, m, following) - m * (mean - shift) ** 2
            away = mean - centre
            squares += (
                max(spread, 0.0) + away * away * m * count / (count + m) if spread == spread else spread
            )
            count += m
            centre += away * m / count
    return centre, squares / count


@compiled()
def _batch_norm(x, gamma, beta, eps, mean, var, scale, y):
    N, C, M = x.shape
    flat, out, kind = x.reshape(-1), y.reshape(-1), x.dtype.type
    for c in range(C):
        centre, spread = _statistics(flat, c, N, C, M)
        mean[c], var[c] = centre, spread
        scale[c] = kind(1) / np.sqrt(var[c] + kind(eps))
        for n in range(N):
            at = (n * C + c) * M
            line_affine(out, at, flat, at, mean[c], scale[c] * gamma[c], beta[c], M)


@compiled()
def _batch_norm_gradient(dy, x, mean, scale, gamma, dx, dgamma, dbeta):
    N, C, M = x.shape
    flat, upstream, out, kind = x.reshape(-1), dy.reshape(-1), dx.reshape(-1), x.dtype.type
    for c in range(C):
        total = weighted = 0.0
        for n in range(N):
            end = (n * C + c + 1) * M
            for start in range(end - M, end, _LINE):
                m = min(_LINE, end - start)
                total += line_sum(upstream, start, m)
                weighted += line_dot(upstream, start, kind(0), flat, start, mean[c], m)
        weighted *= scale[c]
        dgamma[c], dbeta[c] = weighted, total
        own = scale[c] * gamma[c]
        slope, level = -own * scale[c] * weighted / (N * M), -own * total / (N * M)
        for n in range(N):
            at = (n * C + c) * M
            line_blend(out, at, upstream, at, own, flat, at, mean[c], kind(slope), kind(level), M)


def batch_norm(
    x: Array, gamma: Array | None, beta: Array | None, eps: float
) -> tuple[Array, Array, Array, Array]:
    """Return y, mean, biased variance and 1 / sqrt(variance + eps) of a batch in training."""
    C, dtype = x.shape[1], x.dtype
    y, (mean, var, scale) = np.empty(x.shape, dtype), np.empty((3, C), dtype)
    g = np.ones(C, dtype) if gamma is None else plain(gamma)
    d = np.zeros(C, dtype) if beta is None else plain(beta)
    _batch_norm(_maps(x), g, d, float(eps), mean, var, scale, _maps(y))
    return y, mean, var, scale


def batch_norm_gradient(
    dy: Array, x: Array, mean: Array, scale: Array, gamma: Array | None
) -> tuple[Array, Array, Array]:
    """Return dx, dgamma and dbeta of a batch in training."""
    C, dtype = x.shape[1], x.dtype
    dx, (dgamma, dbeta) = np.empty(x.shape, dtype), np.empty((2, C), dtype)
    g = np.ones(C, dtype) if gamma is None else plain(gamma)
    _batch_norm_gradient(_maps(dy), _maps(x), mean, scale, g, _maps(dx), dgamma, dbeta)
    return dx, dgamma, dbeta


def _maps(x: Array) -> Array:
    return plain(x).reshape(x.shape[0], x.shape[1], -1)
