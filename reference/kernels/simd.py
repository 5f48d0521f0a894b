"""Register tiles: the two inner loops of convolution, spelled for the vector unit of the machine.

Why this file exists. The speed of a matrix product comes from one habit: load a few numbers into vector
registers, and use every one of them many times before loading the next. LLVM does not find this by itself in
loops over arrays; it must assume that storing a sum may change what is loaded next, so each sum travels through
memory. Numba has no vector type either. What it has is `@intrinsic`: a function whose LLVM instructions we
write ourselves. A vector made inside it is a local value, and local values live in registers.

The two tiles here, with R rows and V vectors of `lanes` numbers each (all arrays are flat, `*_at` is the index
at which a tile starts):

* `product_tile` for y = w x:   y[i, j] = start + sum over k of  w[k, i] * x[off[k] + j]
  R * V sums stay in registers while k runs. Per k: V vectors of x are loaded, R numbers of w are broadcast, and
  R * V multiply-adds use them.
* `dot_tile` for dw = dy x^T:   s[i, t] = sum over m, p of  d[m, rows[i] + p] * x[m, off[t] + p]
  R * T sums stay in registers while p runs. Per step: R + T vectors are loaded for R * T multiply-adds.

`off` is the table of offsets that makes a convolution look like a matrix product without copying every window
(see convolution.py).

R and V are chosen so that sums, operands and one broadcast fill the registers: 32 on AVX-512 and aarch64, 16 on
other x86-64 processors. Any choice is correct on any processor: LLVM cuts a vector that is too long into pieces.
`fmuladd` becomes one fused instruction where the processor has it, and a multiplication and an addition where
it has not. The order of additions depends on the lanes only, never on memory layout or the number of threads.

With `NUMBA_DISABLE_JIT=1` the makers return the plain twins instead, which say the same in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

__all__ = ["REGISTERS", "copy_line", "dot_tile", "lanes", "line_sum", "product_tile"]


def _vector_unit() -> tuple[int, int]:
    """Return the bytes in a vector register of the processor compiled for, and the number of registers."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    if "+avx512f" in features:
        return 64, 32
    if "+avx" in features.split(","):
        return 32, 16
    return 16, 32 if triple.startswith(("aarch64", "arm64")) else 16


_BYTES, REGISTERS = (32, 16) if config.DISABLE_JIT else _vector_unit()


def lanes(dtype: Any) -> int:
    """Return how many numbers of this type stand in one vector."""
    return _BYTES // np.dtype(dtype).itemsize


# ------------------------------------------------------------------------------------------ instructions


class _Vectors:
    """The instructions the tiles are made of, for vectors of one element type."""

    def __init__(self, context: Any, builder: Any, element: Any) -> None:
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(element)
        self.count = _BYTES // (element.bitwidth // 8)
        self.align = element.bitwidth // 8  # arrays start anywhere, so nothing more may be promised
        self.type = ir.VectorType(self.scalar, self.count)
        self.zero = ir.Constant(self.type, [ir.Constant(self.scalar, 0.0)] * self.count)

    def index(self, number: int) -> Any:
        return self.context.get_constant(types.intp, number)

    def pointer(self, data: Any, *steps: Any) -> Any:
        """Return the address `steps` numbers behind `data`."""
        for step in steps:
            data = self.builder.gep(data, [self.index(step) if isinstance(step, int) else step])
        return data

    def number(self, data: Any) -> Any:
        return self.builder.load(data, align=self.align)

    def load(self, data: Any, mask: Any = None) -> Any:
        """Load the lanes in the mask, which may be all that exist, and zeros for the others."""
        if mask is None:
            return self.builder.load(self._cast(data), align=self.align)
        return self._masked("load", self.type, [self._cast(data), _i32(self.align), mask, self.zero])

    def store(self, vector: Any, data: Any, mask: Any = None) -> None:
        if mask is None:
            self.builder.store(vector, self._cast(data), align=self.align)
        else:
            self._masked("store", ir.VoidType(), [vector, self._cast(data), _i32(self.align), mask])

    def _masked(self, what: str, result: Any, args: list[Any]) -> Any:
        kind = ir.FunctionType(result, [a.type for a in args])
        name = f"llvm.masked.{what}.v{self.count}f{self.align * 8}.p0"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), args)

    def every_second(self, low: Any, high: Any) -> Any:
        """Return lanes 0, 2, 4, ... of two vectors in a row."""
        return self._pick(low, high, list(range(0, 2 * self.count, 2)))

    def _cast(self, data: Any) -> Any:
        return self.builder.bitcast(data, self.type.as_pointer())

    def broadcast(self, number: Any) -> Any:
        first = self.builder.insert_element(ir.Constant(self.type, ir.Undefined), number, _i32(0))
        return self.builder.shuffle_vector(first, first, ir.Constant(_lanes_of_i32(self.count), [0] * self.count))

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(self.type, [self.type] * 3)
        name = f"llvm.fmuladd.v{self.count}f{self.align * 8}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [a, b, c])

    def first(self, number: Any) -> Any:
        """Return the mask of the first `number` lanes."""
        which = ir.Constant(ir.VectorType(ir.IntType(64), self.count), list(range(self.count)))
        limit = self.builder.insert_element(ir.Constant(which.type, ir.Undefined), number, _i32(0))
        same = ir.Constant(_lanes_of_i32(self.count), [0] * self.count)
        return self.builder.icmp_signed("<", which, self.builder.shuffle_vector(limit, limit, same))

    def totals(self, vectors: list[Any]) -> list[Any]:
        """Return vectors whose lanes are the sums over all lanes of the given ones, in order.

        In each round two vectors become one: the halves of their parts are added, and the parts put side by
        side. That takes a third of the instructions of adding up every vector on its own.
        """
        part = self.count
        while part > 1:
            part //= 2
            starts = range(0, 2 * self.count, 2 * part)
            low = [lane for start in starts for lane in range(start, start + part)]
            pairs = zip(vectors[::2], [*vectors[1::2], self.zero])
            vectors = [
                self.builder.fadd(self._pick(a, b, low), self._pick(a, b, [lane + part for lane in low]))
                for a, b in pairs
            ]
        return vectors

    def _pick(self, a: Any, b: Any, which: list[int]) -> Any:
        return self.builder.shuffle_vector(a, b, ir.Constant(_lanes_of_i32(self.count), which))

    def same(self, shape: tuple[int, int], asked: tuple[Any, Any]) -> Any:
        """Return whether the shape asked for, known when the kernel runs, is this one."""
        rows, columns = (self.builder.icmp_signed("==", a, self.index(n)) for a, n in zip(asked, shape))
        return self.builder.and_(rows, columns)

    def sums(self, count: int) -> list[Any]:
        """Make variables for `count` vectors, zero at first; LLVM keeps them in registers."""
        slots = [cgutils.alloca_once(self.builder, self.type) for _ in range(count)]
        for slot in slots:
            self.builder.store(self.zero, slot)
        return slots

    def add(self, slot: Any, vector: Any) -> None:
        self.builder.store(self.builder.fadd(self.builder.load(slot), vector), slot)

    def add_product(self, slot: Any, a: Any, b: Any) -> None:
        self.builder.store(self.multiply_add(a, b, self.builder.load(slot)), slot)


def _i32(number: int) -> Any:
    return ir.Constant(ir.IntType(32), number)


def _lanes_of_i32(count: int) -> Any:
    return ir.VectorType(ir.IntType(32), count)


def _data(context: Any, builder: Any, signature: Any, args: Any) -> list[Any]:
    """Return the arguments with the address of its numbers in place of each array."""
    return [
        context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, args)
    ]


# ------------------------------------------------------------------------------------------ product tile

Shapes = Sequence[tuple[int, int]]


def product_tile(shapes: Shapes) -> Callable[..., None]:
    """Make tile(rows, vectors, width, y, y_at, pitch, w, w_at, x, x_at, off, off_at, count, b, b_at, fresh).

    y[y_at + i*pitch + j] = start + sum over k < count of w[w_at + k*rows + i] * x[x_at + off[off_at + k] + j]

    for i < rows and j < vectors*lanes; start is b[b_at + i] if `fresh`, else what y held. The offsets in `off`
    are whole numbers of type intp. (rows, vectors) must be one of `shapes`; for any other pair nothing happens.
    A tile one vector wide leaves y alone from j = width on, yet reads a whole vector of x.
    """
    if config.DISABLE_JIT:
        return _plain_product

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _Vectors(context, builder, signature.args[3].dtype)
        rows, vectors, width, y, y_at, pitch, w, w_at, x, x_at, off, off_at, count, b, b_at, fresh = _data(
            context, builder, signature, args
        )
        y, w, x, off, b = (
            v.pointer(data, at) for data, at in ((y, y_at), (w, w_at), (x, x_at), (off, off_at), (b, b_at))
        )
        for shape in shapes:
            with builder.if_then(v.same(shape, (rows, vectors))):
                sums = _products(v, shape, w, x, off, count)
                _finish(v, shape, sums, (y, pitch, b, fresh, width))
        return context.get_dummy_value()

    @intrinsic
    def tile(_typing, rows, vectors, width, y, y_at, pitch, w, w_at, x, x_at, off, off_at, count, b, b_at, fresh):  # type: ignore[no-untyped-def]
        i = types.intp
        return types.void(i, i, i, y, i, i, w, i, x, i, off, i, i, b, i, types.boolean), emit

    return tile


def _products(v: _Vectors, shape: tuple[int, int], w: Any, x: Any, off: Any, count: Any) -> list[Any]:
    rows, vectors = shape
    sums = v.sums(rows * vectors)
    with cgutils.for_range(v.builder, count) as loop:
        source = v.pointer(x, v.builder.load(v.pointer(off, loop.index)))
        weights = v.pointer(w, v.builder.mul(loop.index, v.index(rows)))
        columns = [v.load(v.pointer(source, j * v.count)) for j in range(vectors)]
        for i in range(rows):
            weight = v.broadcast(v.number(v.pointer(weights, i)))
            for j, column in enumerate(columns):
                v.add_product(sums[i * vectors + j], weight, column)
    return sums


def _finish(v: _Vectors, shape: tuple[int, int], sums: list[Any], where: tuple[Any, ...]) -> None:
    y, pitch, b, fresh, width = where
    mask = v.first(width) if shape[1] == 1 else None
    cells = [(i, j) for i in range(shape[0]) for j in range(shape[1])]
    places = [v.pointer(y, v.builder.mul(pitch, v.index(i)), j * v.count) for i, j in cells]
    with v.builder.if_else(fresh) as (then, otherwise):
        with then:
            starts = [v.broadcast(v.number(v.pointer(b, i))) for i in range(shape[0])]
            for (i, _), place, slot in zip(cells, places, sums):
                v.store(v.builder.fadd(starts[i], v.builder.load(slot)), place, mask)
        with otherwise:
            for place, slot in zip(places, sums):
                v.store(v.builder.fadd(v.load(place, mask), v.builder.load(slot)), place, mask)


def _plain_product(rows, vectors, width, y, y_at, pitch, w, w_at, x, x_at, off, off_at, count, b, b_at, fresh):  # type: ignore[no-untyped-def]
    wide = vectors * lanes(y.dtype) if vectors > 1 else width
    for i in range(rows):
        total = np.zeros(wide, y.dtype)
        for k in range(count):
            source = x_at + off[off_at + k]
            total += w[w_at + k * rows + i] * x[source : source + wide]
        place = y[y_at + i * pitch : y_at + i * pitch + wide]
        place[:] = (b[b_at + i] if fresh else place) + total


# ---------------------------------------------------------------------------------------------- dot tile


def dot_tile(shapes: Shapes) -> Callable[..., None]:
    """Make tile(rows, taps, s, d, d_at, d_step, line, x, x_at, x_step, off, off_at, images, count).

    s[i*taps + t] = sum over m < images, p < count of
                    d[d_at + m*d_step + line[i] + p] * x[x_at + m*x_step + off[off_at + t] + p]

    for i < rows and t < taps. Nothing is read beyond the last p; s has room for whole vectors. (rows, taps) must
    be one of `shapes`.
    """
    if config.DISABLE_JIT:
        return _plain_dots

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _Vectors(context, builder, signature.args[2].dtype)
        rows, taps, s, d, d_at, d_step, line, x, x_at, x_step, off, off_at, images, count = _data(
            context, builder, signature, args
        )
        d, x, off = v.pointer(d, d_at), v.pointer(x, x_at), v.pointer(off, off_at)
        for shape in shapes:
            with builder.if_then(v.same(shape, (rows, taps))):
                sums = _dots(v, shape, (d, d_step, line), (x, x_step, off), images, count)
                for at, total in enumerate(v.totals([builder.load(slot) for slot in sums])):
                    v.store(total, v.pointer(s, at * v.count))
        return context.get_dummy_value()

    @intrinsic
    def tile(_typing, rows, taps, s, d, d_at, d_step, line, x, x_at, x_step, off, off_at, images, count):  # type: ignore[no-untyped-def]
        i = types.intp
        return types.void(i, i, s, d, i, i, line, x, i, i, off, i, i, i), emit

    return tile


def _dots(v: _Vectors, shape: tuple[int, int], left: Any, right: Any, images: Any, count: Any) -> list[Any]:
    builder, sums = v.builder, v.sums(shape[0] * shape[1])
    tables = zip((left, right), shape)
    starts = [
        (data, step, builder.load(v.pointer(table, i)))
        for (data, step, table), number in tables
        for i in range(number)
    ]
    whole = builder.mul(builder.sdiv(count, v.index(v.count)), v.index(v.count))
    rest = v.first(builder.sub(count, whole))
    with cgutils.for_range(builder, images) as image:
        lines = [v.pointer(data, builder.mul(image.index, step), start) for data, step, start in starts]
        with cgutils.for_range_slice(builder, v.index(0), whole, v.index(v.count), inc=True) as (p, _):
            _add_dots(v, shape, sums, [v.load(v.pointer(line, p)) for line in lines])
        with builder.if_then(builder.icmp_signed("<", whole, count)):
            _add_dots(v, shape, sums, [v.load(v.pointer(line, whole), rest) for line in lines])
    return sums


def _add_dots(v: _Vectors, shape: tuple[int, int], sums: list[Any], loaded: list[Any]) -> None:
    for i, d in enumerate(loaded[: shape[0]]):
        for t, x in enumerate(loaded[shape[0] :]):
            v.add_product(sums[i * shape[1] + t], d, x)


def _plain_dots(rows, taps, s, d, d_at, d_step, line, x, x_at, x_step, off, off_at, images, count):  # type: ignore[no-untyped-def]
    s[: rows * taps] = 0
    for m in range(images):
        for i in range(rows):
            upstream = d[d_at + m * d_step + line[i] :][:count]
            for t in range(taps):
                source = x_at + m * x_step + off[off_at + t]
                s[i * taps + t] += np.sum(upstream * x[source : source + count])


# ---------------------------------------------------------------------------------------------- line sum


def _emit_sum(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    x, x_at, count = _data(context, builder, signature, args)
    x, sums = v.pointer(x, x_at), v.sums(4)
    step = v.index(4 * v.count)
    whole = builder.mul(builder.sdiv(count, step), step)
    with cgutils.for_range_slice(builder, v.index(0), whole, step, inc=True) as (p, _):
        for j, slot in enumerate(sums):
            v.add(slot, v.load(v.pointer(x, p, j * v.count)))
    with cgutils.for_range_slice(builder, whole, count, v.index(v.count), inc=True) as (p, _):
        v.add(sums[0], v.load(v.pointer(x, p), v.first(builder.sub(count, p))))
    first, second, third, fourth = (builder.load(slot) for slot in sums)
    four = builder.fadd(builder.fadd(first, second), builder.fadd(third, fourth))
    return builder.extract_element(v.totals([four])[0], _i32(0))


@intrinsic
def _sum(_typing, x, x_at, count):  # type: ignore[no-untyped-def]
    return x.dtype(x, types.intp, types.intp), _emit_sum


def _plain_sum(x, x_at, count):  # type: ignore[no-untyped-def]
    return np.sum(x[x_at : x_at + count])


line_sum = _plain_sum if config.DISABLE_JIT else _sum
"""line_sum(x, x_at, count): x[x_at] + ... + x[x_at + count - 1]."""

# --------------------------------------------------------------------------------------------- copy line


def _emit_copy(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, y_at, x, x_at, count, stride = _data(context, builder, signature, args)
    y, x = v.pointer(y, y_at), v.pointer(x, x_at)
    whole = builder.mul(builder.sdiv(count, v.index(v.count)), v.index(v.count))
    rest = builder.sub(count, whole)
    with builder.if_else(builder.icmp_signed("==", stride, v.index(1))) as (then, otherwise):
        with then:
            with cgutils.for_range_slice(builder, v.index(0), whole, v.index(v.count), inc=True) as (p, _):
                v.store(v.load(v.pointer(x, p)), v.pointer(y, p))
            with builder.if_then(builder.icmp_signed("<", whole, count)):
                mask = v.first(rest)
                v.store(v.load(v.pointer(x, whole), mask), v.pointer(y, whole), mask)
        with otherwise, cgutils.for_range_slice(builder, v.index(0), count, v.index(v.count), inc=True) as (p, _):
            left = builder.sub(count, p)
            seen = builder.sub(builder.mul(left, v.index(2)), v.index(1))
            source = v.pointer(x, builder.mul(p, v.index(2)))
            low = v.load(source, v.first(seen))
            high = v.load(v.pointer(source, v.count), v.first(builder.sub(seen, v.index(v.count))))
            v.store(v.every_second(low, high), v.pointer(y, p), v.first(left))
    return context.get_dummy_value()


@intrinsic
def _copy(_typing, y, y_at, x, x_at, count, stride):  # type: ignore[no-untyped-def]
    i = types.intp
    return types.void(y, i, x, i, i, i), _emit_copy


def _plain_copy(y, y_at, x, x_at, count, stride):  # type: ignore[no-untyped-def]
    y[y_at : y_at + count] = x[x_at : x_at + stride * (count - 1) + 1 : stride]


copy_line = _plain_copy if config.DISABLE_JIT else _copy
"""copy_line(y, y_at, x, x_at, count, stride): y[y_at + p] = x[x_at + p*stride] for p < count, stride 1 or 2."""
