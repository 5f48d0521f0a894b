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
from typing import NamedTuple

import numpy as np

from reference.kernels.compiling import compiled, plain
from reference.kernels.simd import REGISTERS, VECTOR_BYTES, copy_line, dot_tile, line_sum, product_tile
from reference.shapes import Array
from reference.windows import Sweep

__all__ = ["backward", "forward"]

# ----------------------------------------------------------------------------------------------- tiles

_VECTORS = {10: 2, 8: 3, 6: 4, 4: 6, 3: 6, 2: 8, 1: 8} if REGISTERS == 32 else {6: 2, 4: 3, 3: 3, 2: 4, 1: 6}
"""How many vectors wide a tile of so many filters is: the sums fill the registers."""

_DOTS = ((4, 6), (2, 6), (1, 6)) if REGISTERS == 32 else ((2, 4), (1, 4))
"""Filters and taps of the tiles for dw."""

_TAPS = _DOTS[0][1]
_PANEL = 96  # taps in one go, so that what a tile reads of the buffer stays in the first-level cache
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
def _multiply(y, y_at, pitch, n, w, w_at, filters, x, x_at, off, taps, b, b_at, lane):
    """Set y[f, p] = b[f] + sum over k of w[f, k] * x[off[k] + p] for p < n."""
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
                        rows,
                        vectors,
                        n - p,
                        y,
                        y_at + g * pitch + p,
                        pitch,
                        w,
                        w_at + g * taps + k * rows,
                        x,
                        x_at + p,
                        off,
                        k,
                        count,
                        b,
                        b_at + g,
                        k == 0,
                    )
                p += vectors * lane
            f = end


# ------------------------------------------------------------------------------------------------ plans


Plan = Array
"""How a pass reads images and where its results go; it depends on shapes and settings only.

One array of whole numbers, since every argument of a kernel costs time: the lengths of four tables, twelve
numbers and a flag (see `_correlate`), and the tables:

taps     places of (k, l) in a filter
offsets  where tap (c, k, l) finds the first position; at the end the last one is repeated
rows     which image row each slot of the buffer holds, for the first block
across   at which image column each copy of the rows starts
"""

_HEAD = 17


@compiled()
def _tables(plan):
    at = _HEAD
    a, b, c = at + plan[0], at + plan[0] + plan[1], at + plan[0] + plan[1] + plan[2]
    return plan[4:at], plan[at:a], plan[a:b], plan[b:c], plan[c : c + plan[3]]


class Axis(NamedTuple):
    """One axis of a pass: result `at + i*step` reads, with tap `taps[a]`, the input at `start[a] + i*stride`."""

    taps: Array
    start: Array
    stride: int
    size: int
    at: int = 0
    step: int = 1


@lru_cache(maxsize=256)
def _straight(w: tuple[int, ...], how: Sweep, groups: int, itemsize: int, wide: bool) -> Plan:
    """Plan y (and, without `wide` rows, dw)."""
    rows, columns = (
        Axis(np.arange(k), np.arange(k) * d - p, s, size)
        for k, d, p, s, size in zip(w[2:], how.dilation, how.padding, how.stride, how.size)
    )
    length = how.size[1] + (w[3] - 1) * how.dilation[1] - 2 * how.padding[1] if how.stride[1] == 1 else 0
    return _plan(rows, columns, (w[1], w[0] // groups, groups, w[3], length), itemsize, wide, False)


@lru_cache(maxsize=256)
def _adjoint(
    w: tuple[int, ...], how: Sweep, groups: int, itemsize: int, size: tuple[int, int]
) -> tuple[bool, tuple[Plan, ...]]:
    """Plan dx, of `size` rows and columns: whether its phases cover all of it, and one plan per phase."""
    rows, columns = (
        _phases(n, k, s, p, d) for n, k, s, p, d in zip(size, w[2:], how.stride, how.padding, how.dilation)
    )
    sizes = (w[0] // groups, w[1], groups, w[3], how.size[1])
    plans = tuple(_plan(row, column, sizes, itemsize, True, True) for row in rows for column in columns)
    return sum(row.size for row in rows) * sum(column.size for column in columns) == size[0] * size[1], plans


def _phases(size: int, kernel: int, stride: int, padding: int, dilation: int) -> list[Axis]:
    """Return the phases of one axis of dx that have taps."""
    phases = []
    tap = np.arange(kernel)[::-1]
    for at in range(min(stride, size)):
        here, shift = divmod(at + padding, stride)
        found = tap[tap * dilation % stride == shift]
        if len(found):
            start = here - (found * dilation - shift) // stride
            phases.append(Axis(found, start, 1, (size - at - 1) // stride + 1, at, stride))
    return phases


def _plan(
    row: Axis, column: Axis, sizes: tuple[int, int, int, int, int], itemsize: int, wide: bool, exchanged: bool
) -> Plan:
    channels, filters, groups, width, length = sizes
    copies, pitch = len(column.taps), column.size
    shared = wide and _prefer_shared(row, column, channels, filters, length, itemsize)
    if shared:
        pitch, copies = pitch + _span(column), 1
    R = _block(row, groups * channels * copies * pitch * itemsize)
    slot, runs = _slots(row.start, row.stride, R)
    slots = sum(length for _, length in runs)
    beside = column.start - column.start.min() if shared else np.arange(copies) * slots * pitch
    c = np.arange(channels) * copies * slots * pitch
    offsets = (c[:, None, None] + slot[:, None] * pitch + beside).ravel()
    numbers = (
        groups,
        R,
        slots,
        pitch,
        row.stride,
        column.stride,
        row.size,
        column.size,
        row.at,
        row.step,
        column.at,
        column.step,
        exchanged,
    )
    tables = (
        (row.taps[:, None] * width + column.taps).ravel(),
        np.append(offsets, [offsets[-1]] * _TAPS),
        np.concatenate([first + row.stride * np.arange(length) for first, length in runs]),
        column.start.min(keepdims=True) if shared else column.start,
    )
    return np.concatenate([[len(table) for table in tables], numbers, *tables]).astype(np.intp)


def _span(column: Axis) -> int:
    return int(column.start.max() - column.start.min())


def _prefer_shared(row: Axis, column: Axis, channels: int, filters: int, length: int, itemsize: int) -> bool:
    """Return whether to copy each image row once only, by the approximate cycles each way takes for one row.

    Rows as long as those of the image (`length`) are copied several at a time. One copy for all columns of the
    kernel saves copying, but makes rows longer than the result, whose rows have to be picked out at the end.
    """
    if column.stride != 1 or len(column.taps) == 1:
        return False

    def cycles(copies: int, pitch: int) -> float:
        vectors = pitch * itemsize / VECTOR_BYTES
        copying = copies * channels * (4 * vectors + (4 if pitch == length else 20))
        return copying + filters * channels * len(row.taps) * len(column.taps) * vectors / 2

    picking = filters * (8 + 2 * column.size * itemsize / VECTOR_BYTES)
    return cycles(1, column.size + _span(column)) + picking < cycles(len(column.taps), column.size)


def _block(row: Axis, slot_bytes: int) -> int:
    """Return how many output rows to treat in one go: as many as keep the buffer in the cache.

    Where a block has to bring many rows of its own for the taps, it is made larger than that.
    """

    def slots(block: int) -> int:
        return sum(length for _, length in _slots(row.start, row.stride, block)[1])

    def most(limit: int) -> int:
        low, high = 1, row.size
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if slots(middle) * slot_bytes <= limit else (low, middle - 1)
        return low

    extra = slots(1) - 1
    block = max(most(_BUFFER), min(most(2 * _BUFFER), 2 * extra))
    return -(-row.size // -(-row.size // block))


def _slots(start: Array, stride: int, block: int) -> tuple[Array, list[tuple[int, int]]]:
    """Give every row tap its slots in the buffer, for `block` output rows.

    Row tap a finds what it reads for output row i in slot[a] + i. The slots hold runs of rows, `stride` apart,
    each given by its first row and its length. Taps share slots where one reads what another has read before.
    """
    slot, runs, used = np.full(len(start), -1), [], 0
    for a, first in enumerate(start):
        if slot[a] >= 0:
            continue
        slot[a], last = used, first
        for later in range(a + 1, len(start)):
            ahead = start[later] - last
            if ahead % stride == 0 and 0 <= ahead <= stride * block:
                slot[later] = used + (start[later] - first) // stride
                last = start[later]
        runs.append((int(first), int(block + (last - first) // stride)))
        used += runs[-1][1]
    return slot, runs


# ------------------------------------------------------------------------------------------- the passes


@compiled()
def _fill(buffer, at, x, x_at, shape, rows, slots, first, start, stride, pitch):
    """Copy the rows of one image, from output row `first` / stride on, once for every entry of `start`."""
    C, H, W = shape
    for l in range(len(start)):
        low = min(max(0, -(start[l] // stride)), pitch)
        high = max(min(pitch, (W - 1 - start[l]) // stride + 1), low)
        for c in range(C):
            to, s = at + (c * len(start) + l) * slots * pitch, 0
            while s < slots:
                r, many = rows[s] + first, 1
                if r < 0 or r >= H or low == high:
                    _clear(buffer, to, to + pitch)
                else:
                    if stride == 1 and pitch == W:
                        while s + many < slots and r + many < H and rows[s + many] == rows[s] + many:
                            many += 1
                    line, count = (
                        x_at + (c * H + r) * W + start[l] + low * stride,
                        many * pitch - (pitch - high) - low,
                    )
                    if stride <= 2:
                        copy_line(buffer, to + low, x, line, count, stride)
                    else:
                        for q in range(count):
                            buffer[to + low + q] = x[line + q * stride]
                    if high - low < pitch:
                        for begin in range(to, to + many * pitch, pitch):
                            _clear(buffer, begin, begin + low)
                            _clear(buffer, begin + high, begin + pitch)
                to += many * pitch
                s += many


@compiled()
def _clear(buffer, begin, end):
    for at in range(begin, end):
        buffer[at] = 0


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
def _correlate(x, w, b, y, plan):
    """Set y[n, f, r + p*rs, c + q*cs] = b[f] + sum over c, k, l of w * x[n, c, row + p*sr, column + q*sc].

    The row and column read first are those of the plan. If `exchanged`, the channels of w stand for its filters
    and its filters for its channels.
    """
    lane = VECTOR_BYTES // x.itemsize
    numbers, taps, offsets, rows, across = _tables(plan)
    groups, R, slots, pitch, sr, sc = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
    P, Q, r, rs, c, cs = numbers[6], numbers[7], numbers[8], numbers[9], numbers[10], numbers[11]
    N, C, H, W = x.shape
    F, rows_y, columns_y = y.shape[1:]
    area = w.shape[2] * w.shape[3]
    D, filters, plane = C // groups, F // groups, len(across) * slots * pitch
    count = D * len(taps)
    direct = rs == 1 and cs == 1 and pitch == Q
    # One piece of memory: the filters in tiles, the buffer, and the results of a block if they need sorting.
    start, patch = F * count, F * count + C * plane
    work = np.empty(patch + lane + (0 if direct else filters * R * pitch), x.dtype)
    filter_step, channel_step = (area, w.shape[1] * area) if numbers[12] else (w.shape[1] * area, area)
    for g in range(groups):
        at = g * filters * D * area
        _pack(w.reshape(-1), at, filter_step, channel_step, taps, filters, D, work, g * filters * count)
    out = y.reshape(-1)
    target = out if direct else work
    for n in range(N):
        for p in range(0, P, R):
            high = min(R, P - p)
            _fill(
                work, start, x.reshape(-1), n * C * H * W, (C, H, W), rows, slots, p * sr, across, sc, pitch
            )
            for g in range(groups):
                at = (n * F + g * filters) * rows_y * columns_y
                to, step = (at + p * Q, P * Q) if direct else (patch, high * pitch)
                _multiply(
                    target,
                    to,
                    step,
                    (high - 1) * pitch + Q,
                    work,
                    g * filters * count,
                    filters,
                    work,
                    start + g * D * plane,
                    offsets,
                    count,
                    b,
                    g * filters,
                    lane,
                )
                if direct:
                    continue
                for f in range(filters):
                    for i in range(high):
                        line = at + (f * rows_y + r + (p + i) * rs) * columns_y + c
                        result = patch + (f * high + i) * pitch
                        if cs == 1:
                            copy_line(out, line, work, result, Q, 1)
                        else:
                            for q in range(Q):
                                out[line + q * cs] = work[result + q]


@compiled()
def _weight_gradient(x, dy, dw, db, plan):
    """Set dw[f, c, k, l] = sum over n, p, q of dy[n, f, p, q] * x[n, c, row + p*sr, column + q*sc]; and db."""
    lane = VECTOR_BYTES // x.itemsize
    numbers, _, offsets, rows, across = _tables(plan)
    groups, R, slots, sr, sc = numbers[0], numbers[1], numbers[2], numbers[4], numbers[5]
    N, C, H, W = x.shape
    F, P, Q = dy.shape[1:]
    D, plane = C // groups, len(across) * slots * Q
    filters, count = F // groups, D * dw.shape[2] * dw.shape[3]
    images = min(N, max(1, _LINE // (R * Q * x.itemsize))) if R == P else 1
    work = np.empty(images * C * plane, x.dtype)
    sums, line = np.empty(_DOTS[0][0] * _TAPS + lane, x.dtype), np.empty(_DOTS[0][0], np.intp)
    flat_x, flat_dy, flat_dw = x.reshape(-1), dy.reshape(-1), dw.reshape(-1)
    for at in range(len(flat_dw)):
        flat_dw[at] = 0
    for n in range(0, N, images):
        some = min(images, N - n)
        for p in range(0, P, R):
            for m in range(some):
                at = (n + m) * C * H * W
                _fill(work, m * C * plane, flat_x, at, (C, H, W), rows, slots, p * sr, across, sc, Q)
            length = min(R, P - p) * Q
            for g in range(groups):
                for k in range(0, count, _TAPS):
                    for f in range(0, filters, _DOTS[0][0]):
                        tall = _DOTS[0][0]
                        while tall >= 2 * (filters - f):
                            tall //= 2
                        high = min(tall, filters - f)
                        for i in range(tall):
                            line[i] = (g * filters + f + min(i, high - 1)) * P * Q + p * Q
                        _dot(
                            tall,
                            _TAPS,
                            sums,
                            flat_dy,
                            n * F * P * Q,
                            F * P * Q,
                            line,
                            work,
                            g * D * plane,
                            C * plane,
                            offsets,
                            k,
                            some,
                            length,
                        )
                        for i in range(high):
                            to = (g * filters + f + i) * count + k
                            for t in range(min(_TAPS, count - k)):
                                flat_dw[to + t] += sums[i * _TAPS + t]
    for f in range(F):
        total = x.dtype.type(0)
        for n in range(N):
            total += line_sum(flat_dy, (n * F + f) * P * Q, P * Q)
        db[f] = total


# ------------------------------------------------------------------------------------------------ calls
# Arguments have been checked, are of one float type and as `plain` returns them.


def forward(x: Array, w: Array, b: Array | None, how: Sweep, groups: int) -> Array:
    """Return what `conv2d` returns."""
    return correlate(plain(x), plain(w), np.zeros(len(w), x.dtype) if b is None else plain(b), how, groups)


def backward(
    x: Array, w: Array, with_bias: bool, how: Sweep, groups: int, dy: Array
) -> tuple[Array, Array, Array | None]:
    """Return (dx, dw, db)."""
    x, w, dy = plain(x), plain(w), plain(dy)
    dw, db = weight_gradient(x, dy, w.shape, how, groups)
    return input_gradient(dy, w, x.shape, how, groups), dw, db if with_bias else None


def correlate(x: Array, w: Array, b: Array, how: Sweep, groups: int) -> Array:
    """Return y."""
    y = np.empty((len(x), len(w), *how.size), x.dtype)
    _correlate(x, w, b, y, _straight(w.shape, how, groups, x.itemsize, True))
    return y


def weight_gradient(
    x: Array, dy: Array, shape: tuple[int, ...], how: Sweep, groups: int
) -> tuple[Array, Array]:
    """Return dw, of the given shape, and db."""
    dw, db = np.empty(shape, x.dtype), np.empty(len(dy[0]), x.dtype)
    _weight_gradient(x, dy, dw, db, _straight(shape, how, groups, x.itemsize, False))
    return dw, db


def input_gradient(
    dy: Array, w: Array, shape: tuple[int, ...], how: Sweep, groups: int, b: Array | None = None
) -> Array:
    """Return dx, of the given shape, with b[c] added to every entry of channel c."""
    complete, plans = _adjoint(w.shape, how, groups, dy.itemsize, shape[2:])
    start = np.zeros(shape[1], dy.dtype) if b is None else b
    dx = np.empty(shape, dy.dtype)
    if not complete:
        dx[...] = start[:, None, None]  # no tap reaches the other phases
    for plan in plans:
        _correlate(dy, w, start, dx, plan)
    return dx
