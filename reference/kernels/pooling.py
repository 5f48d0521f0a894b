"""Pooling: several positions of an output row at a time, the best entry so far and its tap in registers.

Positions at which part of the window lies outside the map, and strides above 2, go one by one. Winners are kept
as the number of their tap, k*columns + l, which fits into a byte; where it stands follows from the position.
"""

from __future__ import annotations

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import expect
from reference.kernels.window_lines import window_max, window_mean, window_spread
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
def _best(flat, at, rows, columns, down, across, tap, pitch):
    """Return the largest entry of one window and its tap, `pitch` more for each row; the first NaN is the largest.

    There is no branch to be guessed wrong: both numbers are chosen, not jumped to.
    """
    best, winner = flat[at], tap
    for k in range(rows):
        for l in range(columns):
            value = flat[at + k * down + l * across]
            better = (not value <= best) & (best == best)
            best, winner = (value if better else best), (tap + k * pitch + l if better else winner)
    return best, winner


@compiled()
def _maximum(x, y, winners, K, L, sr, sc, top, left, dr, dc):
    N, C, H, W = x.shape
    P, Q = y.shape[2:]
    flat_x, flat_y, flat_winners = x.reshape(-1), y.reshape(-1), winners.reshape(-1)
    low, high = _inside(-left, dc, sc, W, L, Q)
    if sc > 2:
        high = low
    whole, rest = _inside(-top, dr, sr, H, K, P)
    rows, columns = _spans(P, sr, -top, dr, H, K), _spans(Q, sc, -left, dc, W, L)
    for m in range(N * C):
        p = 0
        while p < P:
            lines = max(1, rest - p) if p == whole else 1
            first, last = rows[p]
            start, out = (m * H + p * sr - top + first * dr) * W - left, (m * P + p) * Q
            if low < high:
                window_max(
                    flat_y,
                    flat_winners,
                    out + low,
                    first * L,
                    flat_x,
                    start + low * sc,
                    dr * W,
                    dc,
                    last - first,
                    L,
                    sc,
                    high - low,
                    lines,
                    Q,
                    sr * W,
                )
            for i in range(Q - (high - low)):
                q = i if i < low else i + high - low
                begin, end = columns[q]
                for line in range(lines):
                    at, to = start + line * sr * W + q * sc + begin * dc, out + line * Q + q
                    flat_y[to], flat_winners[to] = _best(
                        flat_x, at, last - first, end - begin, dr * W, dc, first * L + begin, L
                    )
            p += lines


@compiled()
def _maximum_gradient(dy, winners, dx, K, L, sr, sc, top, left, dr, dc):
    H, W = dx.shape[2:]
    P, Q = dy.shape[2:]
    flat_dx, flat_dy, flat_winners = dx.reshape(-1), dy.reshape(-1), winners.reshape(-1)
    apart = K == 2 and L == 2 and sr == 2 and sc == 2 and dr == 1 and dc == 1 and top == 0 and left == 0
    apart = apart and 2 * P <= H and 2 * Q <= W
    ahead = np.empty(K * L, np.intp)
    for k in range(K):
        for l in range(L):
            ahead[k * L + l] = k * dr * W + l * dc
    share = max(1, H * W // (P * Q))
    for m in range(dx.shape[0] * dx.shape[1]):
        target = flat_dx[m * H * W : (m + 1) * H * W]
        if not apart or H * W > 4 * P * Q:
            for i in range(H * W):
                target[i] = 0
        if apart:
            window_spread(flat_dx, m * H * W, flat_dy, flat_winners, m * P * Q, Q, P, 2 * W)
            continue
        for p in range(P):
            here = slice((m * P + p) * Q, (m * P + p + 1) * Q)
            upstream, winner, start = flat_dy[here], flat_winners[here], (p * sr - top) * W - left
            for q in range(Q):
                expect(
                    flat_dx, (m + 1) * H * W + (p * Q + q) * share
                )  # the next map, while this one is filled
                target[np.uintp(start + q * sc + ahead[np.uintp(winner[q])])] += upstream[q]


@compiled()
def _average(x, count, y, K, L, sr, sc, top, left):
    N, C, H, W = x.shape
    P, Q = y.shape[2:]
    flat_x, flat_y, flat_count = x.reshape(-1), y.reshape(-1), count.reshape(-1)
    low, high = _inside(-left, 1, sc, W, L, Q)
    if sc > 2:
        high = low
    whole, rest = _inside(-top, 1, sr, H, K, P)
    rows, columns = _spans(P, sr, -top, 1, H, K), _spans(Q, sc, -left, 1, W, L)
    for m in range(N * C):
        p = 0
        while p < P:
            lines = max(1, rest - p) if p == whole else 1
            first, last = rows[p]
            start, out = (m * H + p * sr - top + first) * W - left, (m * P + p) * Q
            if low < high:
                window_mean(
                    flat_y,
                    out + low,
                    flat_count,
                    p * Q + low,
                    flat_x,
                    start + low * sc,
                    W,
                    1,
                    last - first,
                    L,
                    sc,
                    high - low,
                    lines,
                    Q,
                    sr * W,
                )
            for i in range(Q - (high - low)):
                q = i if i < low else i + high - low
                begin, end = columns[q]
                for line in range(lines):
                    total, at = x.dtype.type(0), start + line * sr * W + q * sc
                    for k in range(last - first):
                        for l in range(begin, end):
                            total += flat_x[at + k * W + l]
                    flat_y[out + line * Q + q] = total / flat_count[(p + line) * Q + q]
            p += lines


def maximum(x: Array, kernel: tuple[int, int], how: Sweep) -> tuple[Array, Array]:
    """Return the maxima and the numbers of the taps that read them."""
    y = np.empty((*x.shape[:2], *how.size), x.dtype)
    winners = np.empty(y.shape, np.uint8 if kernel[0] * kernel[1] <= 256 else np.int32)
    _maximum(plain(x), y, winners, *kernel, *how.stride, *how.padding, *how.dilation)
    return y, winners


def maximum_gradient(
    dy: Array, winners: Array, shape: tuple[int, ...], kernel: tuple[int, int], how: Sweep
) -> Array:
    """Return dx, in which every place has collected what arrives at its positions."""
    dx = np.empty(shape, dy.dtype)
    _maximum_gradient(plain(dy), plain(winners), dx, *kernel, *how.stride, *how.padding, *how.dilation)
    return dx


def average(x: Array, kernel: tuple[int, int], how: Sweep, count: Array) -> Array:
    """Return the sum over every window, divided by count[P,Q]."""
    y = np.empty((*x.shape[:2], *how.size), x.dtype)
    _average(plain(x), plain(count), y, *kernel, *how.stride, *how.padding)
    return y
