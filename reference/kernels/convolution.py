"""Convolution as a matrix product over a table of offsets.

All three directions of a convolutional layer are sums over taps. With the taps (c, k, l) of a filter numbered
k = 0 .. K'-1 and the output positions of an image numbered p = 0 .. P*Q-1,

    y[f, p]  = b[f] + sum over k of  w[f, k] * X[k, p]          X[k, p]: what tap k reads at position p
    dw[f, k] =        sum over p of dy[f, p] * X[k, p]

Writing X down (im2col) copies every number K*L times. Here the rows of the image are copied once for each
*column* of the kernel, shifted to where that column reads, without the columns it skips, and zero where it
reads beyond the image. In such a buffer a tap of the next kernel row is the same numbers one row further on, so

    X[k, p] = buffer[off[k] + p]

for one table of offsets, whatever the padding, stride and dilation are. Rows are laid out so that those read by
one tap at successive positions stand one after the other; with a stride there is one run for each remainder.
The buffer holds a block of output rows that fits into the second-level cache.

dx is again such a sum: dy is correlated with the filters, channels and filters exchanged. With a stride s, the
pixels of dx fall into s x s phases by the remainder of their position, and each phase has its own part of the
taps; every phase is an ordinary correlation with stride 1 whose result is spread over dx.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import REGISTERS, copy_line, dot_tile, lanes, product_tile
from reference.shapes import Array
from reference.windows import Sweep

__all__ = ["backward", "forward"]

# ----------------------------------------------------------------------------------------------- tiles

_VECTORS = {10: 2, 8: 3, 6: 4, 4: 6, 3: 6, 2: 8, 1: 8} if REGISTERS == 32 else {6: 2, 4: 3, 3: 3, 2: 4, 1: 6}
"""How many vectors wide a tile of so many filters is: the sums fill the registers."""

_DOTS = ((4, 6), (2, 6), (1, 6)) if REGISTERS == 32 else ((2, 4), (1, 4))
"""Filters and taps of the tiles for dw."""

_TAPS = _DOTS[0][1]
_PANEL = 128  # taps in one go, so that what a tile reads of the buffer stays in the first-level cache
_BUFFER = 1 << 20  # bytes of the buffer, about a second-level cache

_LINE = 8 << 10  # bytes of one map that a tile of dots reads: so many of them stay in the first-level cache

_product = product_tile([shape for rows, v in _VECTORS.items() for shape in ((rows, v), (rows, 1))])
_dot = dot_tile(_DOTS)


def _split(most: int = 64) -> tuple[int, ...]:
    """Return the number of filters in the first tile of n filters, for n up to `most`; more go by eights."""
    cost, first = [0.0], [0]
    for n in range(1, most + 1):
        # A tile costs its multiply-adds, or its loads if those are more: vectors may straddle cache lines.
        price = {r: max(r, 2.0 + r / v) + cost[n - r] for r, v in _VECTORS.items() if r <= n}
        rows = min(price, key=lambda r: (price[r], -r))
        cost.append(price[rows])
        first.append(rows)
    return tuple(first)


_FIRST = _split()
_MOST = max(_VECTORS)
_WIDE = tuple(_VECTORS.get(rows, 0) for rows in range(_MOST + 1))


@compiled()
def _rows_of_tile(filters):
    return _FIRST[filters] if filters < len(_FIRST) else _FIRST[-1]


@compiled()
def _multiply(y, y_at, pitch, n, w, w_at, filters, x, x_at, off, b, b_at, lane):
    """Set y[f, p] = b[f] + sum over k of w[f, k] * x[off[k] + p] for p < n."""
    taps = len(off)
    for k in range(0, taps, _PANEL):
        count = min(_PANEL, taps - k)
        f = 0
        while f < filters:
            rows = _rows_of_tile(filters - f)
            end = f + rows
            while end < filters and _rows_of_tile(filters - end) == rows:
                end += rows
            vectors = _WIDE[rows]
            p = 0
            while p < n:
                if n - p < vectors * lane:
                    vectors = 1
                for g in range(f, end, rows):
                    _product(
                        rows, vectors, n - p, y, y_at + g * pitch + p, pitch, w, w_at + g * taps + k * rows,
                        x, x_at + p, off, k, count, b, b_at + g, k == 0,
                    )
                p += vectors * lane
            f = end


# ---------------------------------------------------------------------------------------------- buffer


@compiled()
def _lay_out_rows(start, stride, block, slot, rows):
    """Give every row tap its slots in the buffer, for `block` output rows; return the number of slots.

    Row tap a reads image row start[a] + stride*i for output row i. It finds it in slot slot[a] + i, and
    rows[s] is the image row in slot s. Taps share slots where one reads what another has read before.
    """
    slots = 0
    slot[:] = -1
    for a in range(len(start)):
        if slot[a] >= 0:
            continue
        slot[a], last = slots, start[a]
        for later in range(a + 1, len(start)):
            ahead = start[later] - last
            if ahead % stride == 0 and 0 <= ahead <= stride * block:
                slot[later] = slots + (start[later] - start[a]) // stride
                last = start[later]
        for i in range(block + (last - start[a]) // stride):
            rows[slots] = start[a] + stride * i
            slots += 1
    return slots


@compiled()
def _offsets(channels, slot, columns, size, off):
    """Fill in where tap (c, k, l) finds the first output position; size is (slots, Q)."""
    slots, Q = size
    at = 0
    for c in range(channels):
        for k in range(len(slot)):
            for l in range(columns):
                off[at] = ((c * columns + l) * slots + slot[k]) * Q
                at += 1


@compiled()
def _fill(buffer, at, x, x_at, shape, rows, slots, first, start, stride, Q):
    """Copy the rows of one image, from output row `first` / stride on, once for every column of the kernel."""
    C, H, W = shape
    columns = len(start)
    for c in range(C):
        for l in range(columns):
            low = min(max(0, -(start[l] // stride)), Q)
            high = max(min(Q, (W - 1 - start[l]) // stride + 1), low)
            for s in range(slots):
                r = rows[s] + first
                to = at + ((c * columns + l) * slots + s) * Q
                if r < 0 or r >= H:
                    buffer[to : to + Q] = 0
                    continue
                line = x_at + (c * H + r) * W + start[l]
                for q in range(low):
                    buffer[to + q] = 0
                if stride <= 2:
                    copy_line(buffer, to + low, x, line + low * stride, high - low, stride)
                else:
                    for q in range(low, high):
                        buffer[to + q] = x[line + q * stride]
                for q in range(high, Q):
                    buffer[to + q] = 0


@compiled()
def _block_rows(P, row_bytes, taps, reach):
    """Return how many output rows to treat in one go: as many as keep the buffer in the cache."""
    most = max(1, _BUFFER // row_bytes - reach, _BUFFER // (row_bytes * taps))
    blocks = -(-P // most)
    return -(-P // blocks)


# ----------------------------------------------------------------------------------------- correlation


@compiled()
def _pack(w, at, filter_step, channel_step, taps, filters, channels, packed, to):
    """Write the filters down tile by tile; in a tile, the numbers of one tap stand side by side."""
    f = 0
    while f < filters:
        rows = _rows_of_tile(filters - f)
        for c in range(channels):
            for tap in taps:
                source = at + f * filter_step + c * channel_step + tap
                for i in range(rows):
                    packed[to] = w[source + i * filter_step]
                    to += 1
        f += rows


@compiled()
def _correlate(x, w, b, y, exchanged, taps, down, across, sr, sc, P, Q, r, rs, c, cs, groups, lane):
    """Set y[n, f, p, q] = b[f] + sum over c, k, l of w * x[n, c, down[k] + p*sr, across[l] + q*sc].

    `taps` are the places of (k, l) in a filter. Result (p, q) of P x Q goes to y[n, f, r + p*rs, c + q*cs].
    With `exchanged`, the channels of w stand for its filters and the filters for its channels.
    """
    N, C, H, W = x.shape
    F, rows_y, columns_y = y.shape[1:]
    area = w.shape[2] * w.shape[3]
    D, filters, T = C // groups, F // groups, len(across)
    count = D * len(taps)
    filter_step, channel_step = (area, filters * area) if exchanged else (D * area, area)
    packed = np.empty(F * count, x.dtype)
    for g in range(groups):
        at = g * filters * D * area
        _pack(w.reshape(-1), at, filter_step, channel_step, taps, filters, D, packed, g * filters * count)

    R = _block_rows(P, C * T * Q * x.itemsize, len(down), (down[-1] - down[0]) // sr)
    slot, rows, off = np.empty(len(down), np.intp), np.empty(len(down) * R, np.intp), np.empty(count, np.intp)
    slots = _lay_out_rows(down, sr, R, slot, rows)
    _offsets(D, slot, T, (slots, Q), off)
    buffer = np.empty(C * T * slots * Q + lane, x.dtype)
    direct = rs == 1 and cs == 1
    out = y.reshape(-1)
    patch = out if direct else np.empty(filters * R * Q, x.dtype)

    for n in range(N):
        for p in range(0, P, R):
            high = min(R, P - p)
            _fill(buffer, 0, x.reshape(-1), n * C * H * W, (C, H, W), rows, slots, p * sr, across, sc, Q)
            for g in range(groups):
                at = (n * F + g * filters) * rows_y * columns_y
                to, pitch = (at + p * Q, P * Q) if direct else (0, high * Q)
                _multiply(
                    patch, to, pitch, high * Q, packed, g * filters * count, filters,
                    buffer, g * D * T * slots * Q, off, b, g * filters, lane,
                )
                if direct:
                    continue
                for f in range(filters):
                    for i in range(high):
                        line = at + (f * rows_y + r + (p + i) * rs) * columns_y + c
                        for q in range(Q):
                            out[line + q * cs] = patch[(f * high + i) * Q + q]


# ------------------------------------------------------------------------------------- weight gradient


@compiled()
def _weight_gradient(x, dy, dw, down, across, sr, sc, groups, lane):
    """Set dw[f, c, k, l] = sum over n, p, q of dy[n, f, p, q] * x[n, c, down[k] + p*sr, across[l] + q*sc]."""
    N, C, H, W = x.shape
    F, P, Q = dy.shape[1:]
    D, K, L = dw.shape[1:]
    filters, count = F // groups, D * K * L
    R = _block_rows(P, C * L * Q * x.itemsize, K, (down[-1] - down[0]) // sr)
    slot, rows, off = np.empty(K, np.intp), np.empty(K * R, np.intp), np.empty(count + _TAPS, np.intp)
    slots = _lay_out_rows(down, sr, R, slot, rows)
    _offsets(D, slot, L, (slots, Q), off)
    off[count:] = off[count - 1]
    step = C * L * slots * Q
    images = min(N, max(1, _LINE // (R * Q * x.itemsize))) if R == P else 1
    buffer = np.empty(images * step, x.dtype)
    sums, line = np.empty(_DOTS[0][0] * _TAPS, x.dtype), np.empty(_DOTS[0][0], np.intp)
    flat_x, flat_dy, flat_dw = x.reshape(-1), dy.reshape(-1), dw.reshape(-1)
    flat_dw[:] = 0
    for n in range(0, N, images):
        some = min(images, N - n)
        for p in range(0, P, R):
            for m in range(some):
                at = (n + m) * C * H * W
                _fill(buffer, m * step, flat_x, at, (C, H, W), rows, slots, p * sr, across, sc, Q)
            length = min(R, P - p) * Q
            for g in range(groups):
                inputs = g * D * L * slots * Q
                for k in range(0, count, _TAPS):
                    for f in range(g * filters, (g + 1) * filters, _DOTS[0][0]):
                        left = (g + 1) * filters - f
                        tall = _DOTS[0][0]
                        while tall >= 2 * left:
                            tall //= 2
                        for i in range(tall):
                            line[i] = (f + min(i, left - 1)) * P * Q + p * Q
                        _dot(
                            tall, _TAPS, sums, flat_dy, n * F * P * Q, F * P * Q, line, buffer, inputs, step, off,
                            k, some, length,
                        )
                        for i in range(min(tall, left)):
                            for t in range(min(_TAPS, count - k)):
                                flat_dw[(f + i) * count + k + t] += sums[i * _TAPS + t]


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _bias_gradient(dy, db):
    N, F, P, Q = dy.shape
    flat = dy.reshape(-1)
    for f in range(F):
        total = db.dtype.type(0)
        for n in range(N):
            for p in range((n * F + f) * P * Q, (n * F + f + 1) * P * Q):
                total += flat[p]
        db[f] = total


# ------------------------------------------------------------------------------------------------ calls


def forward(x: Array, w: Array, b: Array | None, how: Sweep, groups: int) -> Array:
    """Return what `conv2d` returns for checked arguments."""
    y = np.empty((len(x), len(w), *how.size), x.dtype)
    start = np.zeros(len(w), x.dtype) if b is None else plain(b)
    down, across, taps = _reading(w.shape[2:], how.padding, how.dilation)
    _correlate(
        plain(x), plain(w), start, y, False, taps, down, across, *how.stride, *how.size, 0, 1, 0, 1, groups,
        lanes(x.dtype),
    )
    return y


def backward(
    x: Array, w: Array, with_bias: bool, how: Sweep, groups: int, dy: Array
) -> tuple[Array, Array, Array | None]:
    """Return (dx, dw, db)."""
    x, w, dy = plain(x), plain(w), plain(dy)
    dx = input_gradient(dy, w, x.shape, how, groups)
    dw = np.empty_like(w)
    down, across, _ = _reading(w.shape[2:], how.padding, how.dilation)
    _weight_gradient(x, dy, dw, down, across, *how.stride, groups, lanes(x.dtype))
    if not with_bias:
        return dx, dw, None
    db = np.empty(len(w), x.dtype)
    _bias_gradient(dy, db)
    return dx, dw, db


def input_gradient(dy: Array, w: Array, shape: tuple[int, ...], how: Sweep, groups: int) -> Array:
    """Return dx, of the given shape, phase by phase."""
    rows = _phases(shape[2], w.shape[2], how.stride[0], how.padding[0], how.dilation[0])
    columns = _phases(shape[3], w.shape[3], how.stride[1], how.padding[1], how.dilation[1])
    complete = len(rows) == min(how.stride[0], shape[2]) and len(columns) == min(how.stride[1], shape[3])
    dx = (np.empty if complete else np.zeros)(shape, dy.dtype)
    zero = np.zeros(shape[1], dy.dtype)
    for r, below, down, height in rows:
        for c, beside, across, width in columns:
            taps = (below[:, None] * w.shape[3] + beside).ravel()
            _correlate(
                dy, w, zero, dx, True, taps, down, across, 1, 1, height, width, r, how.stride[0], c, how.stride[1],
                groups, lanes(dy.dtype),
            )
    return dx


@lru_cache(maxsize=256)
def _reading(
    kernel: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]
) -> tuple[Array, Array, Array]:
    """Return the row and the column which the taps of each row and column read at position 0, and all taps."""
    down, across = (np.arange(k) * d - p for k, p, d in zip(kernel, padding, dilation))
    return down, across, np.arange(kernel[0] * kernel[1])


@lru_cache(maxsize=256)
def _phases(size: int, kernel: int, stride: int, padding: int, dilation: int) -> list[tuple[int, Array, Array, int]]:
    """Return (first position, taps, where they start to read, number of positions) of each phase with taps."""
    phases = []
    tap = np.arange(kernel)[::-1]
    for at in range(min(stride, size)):
        here, shift = divmod(at + padding, stride)
        found = tap[tap * dilation % stride == shift]
        if len(found):
            start = here - (found * dilation - shift) // stride
            phases.append((at, found, start, (size - at - 1) // stride + 1))
    return phases
