"""Lines of pooling windows: what windows find at successive positions, spelled like the tiles of simd.py.

(rows, columns) is the size of a window. Tap (k, l) of the window at position p of line i reads

    x[x_at + i*x_step + k*down + l*across + p*stride]          stride 1 or 2, i < lines, p < count

and all of these must lie inside the map. The loop over lines is in here because a line is short: a vector or
two, and what is set up for one line serves all. The last vector of a line ends where the line ends and so
overlaps the one before; writing the same results twice is cheaper than masks. Only lines shorter than a vector
need those. Windows of 2 x 2 and 3 x 3 are the rule, so their taps are written out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from reference.kernels.simd import AHEAD, _data, _instruction, _Vectors

__all__ = ["window_max", "window_mean", "window_spread"]

_WRITTEN_OUT = ((2, 2, 2), (3, 3, 2), (3, 3, 1))
"""Rows, columns and stride."""


class _Place(NamedTuple):
    """A vector of positions: where it stands in x and y, and how many lanes count if not all."""

    x: Any
    y: Any
    left: Any


def _lines(
    v: _Vectors, count: Any, lines: Any, steps: tuple[Any, Any, int], treat: Callable[..., None]
) -> None:
    """Call treat for every vector of positions; `steps` from line to line in x and y, from position to position."""
    builder = v.builder
    x_step, y_step, stride = steps
    last = builder.sub(count, v.index(v.count))

    def place(line: Any, p: Any, left: Any) -> _Place:
        x = builder.add(builder.mul(line, x_step), builder.mul(p, v.index(stride)))
        return _Place(x, builder.add(builder.mul(line, y_step), p), left)

    every, step = (v.index(0), count), v.index(v.count)
    with builder.if_else(builder.icmp_signed(">=", last, v.index(0))) as (long, short):
        with (
            long,
            cgutils.for_range(builder, lines) as line,
            cgutils.for_range_slice(builder, *every, step, inc=True) as (p, _),
        ):
            at = builder.select(builder.icmp_signed("<", p, last), p, last)
            treat(place(line.index, at, None))
        with short, cgutils.for_range(builder, lines) as line:
            treat(place(line.index, v.index(0), count))


def _part(v: _Vectors, data: Any, start: int, entries: Any) -> Any:
    """Load a vector `start` numbers behind data, of which `entries` behind data may be read if that is given."""
    mask = None if entries is None else v.first(v.builder.sub(entries, v.index(start)))
    return v.load(v.pointer(data, start), mask)


def _every(v: _Vectors, data: Any, stride: int, left: Any) -> Any:
    """Load one number for each position and nothing behind the last."""
    if stride == 1:
        return _part(v, data, 0, left)
    # The high half starts one number early, so that it ends with the number of the last position.
    seen = None if left is None else v.builder.sub(v.builder.add(left, left), v.index(1))
    low, high = _part(v, data, 0, seen), _part(v, data, v.count - 1, seen)
    return v.pick(low, high, [*range(0, v.count, 2), *range(v.count + 1, 2 * v.count, 2)])


def _row(v: _Vectors, data: Any, columns: int, stride: int, left: Any) -> list[Any]:
    """Load what the taps of one row read; with stride 2, two neighbours share what is loaded."""
    found: list[Any] = []
    while len(found) < columns:
        here = v.pointer(data, len(found))
        if stride == 2 and columns - len(found) > 1:
            seen = None if left is None else v.builder.add(left, left)
            low, high = (_part(v, here, start, seen) for start in (0, v.count))
            found += [v.pick(low, high, list(range(first, 2 * v.count, 2))) for first in (0, 1)]
        else:
            found.append(_every(v, here, stride, left))
    return found


def _windows(
    v: _Vectors, where: tuple[Any, ...], treat: Callable[[_Place, Callable[..., None]], None]
) -> None:
    """Call treat(place, visit_all) for every vector of positions.

    visit_all(visit) calls visit(numbers, k*columns + l) for every tap in order.
    """
    x, down, across, rows, columns, stride, count, lines, y_step, x_step = where
    builder = v.builder

    def equal(a: Any, n: int) -> Any:
        return builder.icmp_signed("==", a, v.index(n))

    others = ir.Constant(ir.IntType(1), 1)
    for K, L, step in _WRITTEN_OUT:
        fits = (equal(rows, K), equal(columns, L), equal(stride, step))
        chosen = reduce(builder.and_, fits, equal(across, 1))
        others = builder.and_(others, builder.not_(chosen))

        def few(place: _Place, K: int = K, L: int = L, step: int = step) -> None:
            def visit_all(visit: Callable[[Any, Any], None]) -> None:
                for k in range(K):
                    start = v.pointer(x, place.x, builder.mul(down, v.index(k)))
                    if place.left is None and k < step:  # what the next lines but one read for the first time
                        for part in range(step):
                            v.prefetch(v.pointer(start, x_step, x_step, part * v.count))
                    for l, numbers in enumerate(_row(v, start, L, step, place.left)):
                        visit(numbers, v.index(k * L + l))

            treat(place, visit_all)

        with builder.if_then(chosen):
            _lines(v, count, lines, (x_step, y_step, step), few)
    for step in (1, 2):

        def many(place: _Place, step: int = step) -> None:
            def visit_all(visit: Callable[[Any, Any], None]) -> None:
                with cgutils.for_range(builder, rows) as k, cgutils.for_range(builder, columns) as l:
                    start = v.pointer(x, place.x, builder.mul(k.index, down), builder.mul(l.index, across))
                    tap = builder.add(builder.mul(k.index, columns), l.index)
                    visit(_every(v, start, step, place.left), tap)

            treat(place, visit_all)

        with builder.if_then(builder.and_(others, equal(stride, step))):
            _lines(v, count, lines, (x_step, y_step, step), many)


def _mask(v: _Vectors, left: Any) -> Any:
    return None if left is None else v.first(left)


def _whole_numbers(v: _Vectors) -> Any:
    return ir.VectorType(ir.IntType(8 * v.align), v.count)


# ------------------------------------------------------------------------------------------- window max


def _emit_window_max(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, taps, y_at, first, x, x_at, *window = _data(context, builder, signature, args)
    y, taps, x = v.pointer(y, y_at), v.pointer(taps, y_at), v.pointer(x, x_at)
    kind = ir.VectorType(ir.IntType(signature.args[1].dtype.bitwidth), v.count)
    wide = _whole_numbers(v)

    def numbered(tap: Any) -> Any:
        number = builder.add(first, tap)
        return v.spread(number if v.align == 8 else builder.trunc(number, wide.element), wide)

    def treat(place: _Place, visit_all: Callable[..., None]) -> None:
        best, winner = cgutils.alloca_once(builder, v.type), cgutils.alloca_once(builder, wide)
        builder.store(v.constant(-np.inf), best)  # if nothing is larger, the first tap it is
        builder.store(numbered(v.index(0)), winner)

        def visit(value: Any, tap: Any) -> None:
            old = builder.load(best)
            # Larger, or the first NaN: unordered comparisons hold if either side is NaN.
            larger, number = builder.fcmp_unordered(">", value, old), builder.fcmp_ordered("ord", old, old)
            better = builder.and_(larger, number)
            builder.store(builder.select(better, value, old), best)
            builder.store(builder.select(better, numbered(tap), builder.load(winner)), winner)

        visit_all(visit)
        mask, found = _mask(v, place.left), builder.load(winner)
        v.store(builder.load(best), v.pointer(y, place.y), mask)
        narrow = kind.element.width < wide.element.width
        v.store(builder.trunc(found, kind) if narrow else found, v.pointer(taps, place.y), mask)

    _windows(v, (x, *window), treat)
    return context.get_dummy_value()


def _plain_window_max(
    y, taps, y_at, first, x, x_at, down, across, rows, columns, stride, count, lines, y_step, x_step
):
    offsets = [k * down + l * across for k in range(rows) for l in range(columns)]
    for i, p in np.ndindex(lines, count):
        values = [x[x_at + i * x_step + p * stride + offset] for offset in offsets]
        best = int(np.argmax(values))
        y[y_at + i * y_step + p], taps[y_at + i * y_step + p] = values[best], first + best


window_max = _instruction(_plain_window_max, _emit_window_max, "aaiiaiiiiiiiiii")
"""window_max(y, taps, y_at, first, x, x_at, down, across, rows, columns, stride, count, lines, y_step, x_step).

y[y_at + i*y_step + p] is the largest entry of a window, the first of equal ones or the first NaN; taps has there
the number of its tap: first + k*columns + l.
"""


# ------------------------------------------------------------------------------------------ window mean


def _emit_window_mean(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, y_at, n, n_at, x, x_at, *window = _data(context, builder, signature, args)
    y, n, x = v.pointer(y, y_at), v.pointer(n, n_at), v.pointer(x, x_at)

    def treat(place: _Place, visit_all: Callable[..., None]) -> None:
        total = cgutils.alloca_once(builder, v.type)
        builder.store(v.zero, total)
        visit_all(lambda value, _: builder.store(builder.fadd(builder.load(total), value), total))
        mask = _mask(v, place.left)
        mean = builder.fdiv(builder.load(total), v.load(v.pointer(n, place.y), mask))
        v.store(mean, v.pointer(y, place.y), mask)

    _windows(v, (x, *window), treat)
    return context.get_dummy_value()


def _plain_window_mean(
    y, y_at, n, n_at, x, x_at, down, across, rows, columns, stride, count, lines, y_step, x_step
):
    for i, p in np.ndindex(lines, count):
        total = y.dtype.type(0)
        for k in range(rows):
            for l in range(columns):
                total += x[x_at + i * x_step + k * down + l * across + p * stride]
        y[y_at + i * y_step + p] = total / n[n_at + i * y_step + p]


window_mean = _instruction(_plain_window_mean, _emit_window_mean, "aiaiaiiiiiiiiii")
"""window_mean(y, y_at, n, n_at, x, x_at, down, across, rows, columns, stride, count, lines, y_step, x_step).

y[y_at + i*y_step + p] is the sum of a window divided by n[n_at + i*y_step + p].
"""


# ---------------------------------------------------------------------------------------- window spread


def _emit_window_spread(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    x, x_at, y, taps, y_at, count, lines, x_step = _data(context, builder, signature, args)
    x, y, taps = v.pointer(x, x_at), v.pointer(y, y_at), v.pointer(taps, y_at)
    wide, pitch = _whole_numbers(v), builder.sdiv(x_step, v.index(2))
    kind = ir.VectorType(ir.IntType(signature.args[3].dtype.bitwidth), v.count)
    halves = [[at // 2 + v.count * (at % 2) for at in range(n, n + v.count)] for n in (0, v.count)]

    def treat(place: _Place) -> None:
        mask = _mask(v, place.left)
        arrived = v.load(v.pointer(y, place.y), mask)
        winner = _load_numbers(v, v.pointer(taps, place.y), kind, mask)
        if kind.element.width < wide.element.width:
            winner = builder.zext(winner, wide)
        shares = [
            builder.select(
                builder.icmp_signed("==", winner, ir.Constant(wide, [tap] * v.count)), arrived, v.zero
            )
            for tap in range(4)
        ]
        room = None if place.left is None else builder.add(place.left, place.left)
        for k in (0, 1):
            for half, which in enumerate(halves):
                to = v.pointer(x, place.x, builder.mul(pitch, v.index(k)), half * v.count)
                v.prefetch(v.pointer(to, AHEAD // v.align), write=True)
                end = None if room is None else v.first(builder.sub(room, v.index(half * v.count)))
                v.store(v.pick(shares[2 * k], shares[2 * k + 1], which), to, end)

    _lines(v, count, lines, (x_step, count, 2), treat)
    return context.get_dummy_value()


def _load_numbers(v: _Vectors, data: Any, kind: Any, mask: Any) -> Any:
    data, size = v.builder.bitcast(data, kind.as_pointer()), kind.element.width // 8
    if mask is None:
        return v.builder.load(data, align=size)
    nothing = ir.Constant(kind, [0] * v.count)
    return v._masked("load", kind, kind, [data, ir.Constant(ir.IntType(32), size), mask, nothing])


def _plain_window_spread(x, x_at, y, taps, y_at, count, lines, x_step):
    for i, p in np.ndindex(lines, count):
        for k, l in np.ndindex(2, 2):
            to, here = x_at + i * x_step + k * (x_step // 2) + 2 * p + l, y_at + i * count + p
            x[to] = y[here] if taps[here] == 2 * k + l else 0


window_spread = _instruction(_plain_window_spread, _emit_window_spread, "aiaaiiii")
"""window_spread(x, x_at, y, taps, y_at, count, lines, x_step): the reverse of window_max for 2 x 2 with stride 2.

y[y_at + i*count + p] goes to the tap that won, zeros to the other three. Two rows of x are x_step long.
"""
