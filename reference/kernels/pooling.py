"""Pooling: several positions of an output row at a time, the best entry so far and its place in registers.

Positions at which part of the window lies outside the map, and strides above 2, go one by one.
"""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import window_max, window_mean
from reference.shapes import Array
from reference.windows import Sweep

__all__ = ["average", "maximum", "maximum_gradient"]


@compiled()
def _inside(start, step, stride, size, taps, positions):
    """Return the positions, first and last + 1, at which every tap start + p*stride + k*step is in 0 .. size-1."""
    low = min(max(0, -(start // stride)), positions)
    return low, max(low, min(positions, (size - 1 - (taps - 1) * step - start) // stride + 1))


@compiled()
def _taps_inside(start, step, size, taps):
    """Return the taps k, first and last + 1, for which start + k*step is in 0 .. size - 1."""
    low = min(max(0, -(start // step)), taps)
    return low, max(low, min(taps, (size - 1 - start) // step + 1))


@compiled()
def _spans(positions, stride, start, step, size, taps):
    """Return for every position which taps are inside."""
    return [_taps_inside(p * stride + start, step, size, taps) for p in range(positions)]


@compiled()
def _best(flat, at, rows, columns, down, across):
    """Return how far behind `at` the largest entry of one window stands; the first NaN is the largest."""
    best = 0
    for k in range(rows):
        for l in range(columns):
            value, old = flat[at + k * down + l * across], flat[at + best]
            if not value <= old and old == old:
                best = k * down + l * across
    return best


@compiled()
def _maximum(x, y, places, K, L, sr, sc, top, left, dr, dc):
    N, C, H, W = x.shape
    P, Q = y.shape[2:]
    flat_x, flat_y, flat_places = x.reshape(-1), y.reshape(-1), places.reshape(-1)
    low, high = _inside(-left, dc, sc, W, L, Q)
    if sc > 2:
        high = low
    spans = _spans(P, sr, -top, dr, H, K)
    for m in range(N * C):
        for p in range(P):
            first, last = spans[p]
            row, out = p * sr - top + first * dr, (m * P + p) * Q
            if low < high:
                base = row * W + low * sc - left
                window_max(
                    flat_y,
                    out + low,
                    flat_places,
                    flat_x,
                    m * H * W + base,
                    base,
                    dr * W,
                    dc,
                    last - first,
                    L,
                    sc,
                    high - low,
                )
            for i in range(Q - (high - low)):
                q = i if i < low else i + high - low
                begin, end = _taps_inside(q * sc - left, dc, W, L)
                place = row * W + q * sc - left + begin * dc
                place += _best(flat_x, m * H * W + place, last - first, end - begin, dr * W, dc)
                flat_y[out + q], flat_places[out + q] = flat_x[m * H * W + place], place


@compiled()
def _maximum_gradient(dy, places, dx):
    entries = dx.shape[2] * dx.shape[3]
    positions = dy.shape[2] * dy.shape[3]
    flat_dx, flat_dy, flat_places = dx.reshape(-1), dy.reshape(-1), places.reshape(-1)
    for m in range(dx.shape[0] * dx.shape[1]):
        target = flat_dx[m * entries : (m + 1) * entries]
        for i in range(entries):
            target[i] = 0
        upstream, place = (
            flat_dy[m * positions : (m + 1) * positions],
            flat_places[m * positions : (m + 1) * positions],
        )
        for o in range(positions):
            target[np.uintp(place[o])] += upstream[o]


@compiled()
def _average(x, count, y, K, L, sr, sc, top, left):
    N, C, H, W = x.shape
    P, Q = y.shape[2:]
    flat_x, flat_y, flat_count = x.reshape(-1), y.reshape(-1), count.reshape(-1)
    low, high = _inside(-left, 1, sc, W, L, Q)
    if sc > 2:
        high = low
    spans = _spans(P, sr, -top, 1, H, K)
    for m in range(N * C):
        for p in range(P):
            first, last = spans[p]
            row, out = p * sr - top + first, (m * P + p) * Q
            if low < high:
                start = (m * H + row) * W + low * sc - left
                window_mean(
                    flat_y,
                    out + low,
                    flat_count,
                    p * Q + low,
                    flat_x,
                    start,
                    W,
                    1,
                    last - first,
                    L,
                    sc,
                    high - low,
                )
            for i in range(Q - (high - low)):
                q = i if i < low else i + high - low
                begin, end = _taps_inside(q * sc - left, 1, W, L)
                total = x.dtype.type(0)
                for r in range(row, row + last - first):
                    for c in range(q * sc - left + begin, q * sc - left + end):
                        total += flat_x[(m * H + r) * W + c]
                flat_y[out + q] = total / flat_count[p * Q + q]


def maximum(x: Array, kernel: tuple[int, int], how: Sweep) -> tuple[Array, Array]:
    """Return the maxima and their flat places in the map, which are at least 32 bits wide."""
    y = np.empty((*x.shape[:2], *how.size), x.dtype)
    places = np.empty(y.shape, np.int32 if x.shape[2] * x.shape[3] < 2**31 else np.int64)
    _maximum(plain(x), y, places, *kernel, *how.stride, *how.padding, *how.dilation)
    return y, places


def maximum_gradient(dy: Array, places: Array, shape: tuple[int, ...]) -> Array:
    """Return dx, in which every place has collected what arrives at its positions."""
    dx = np.empty(shape, dy.dtype)
    _maximum_gradient(plain(dy), plain(places), dx)
    return dx


def average(x: Array, kernel: tuple[int, int], how: Sweep, count: Array) -> Array:
    """Return the sum over every window, divided by count[P,Q]."""
    y = np.empty((*x.shape[:2], *how.size), x.dtype)
    _average(plain(x), plain(count), y, *kernel, *how.stride, *how.padding)
    return y
