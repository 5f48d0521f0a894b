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

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config as numba_config
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

config: Any = numba_config

__all__ = [
    "AHEAD",
    "REGISTERS",
    "VECTOR_BYTES",
    "copy_line",
    "dot_tile",
    "expect",
    "line_affine",
    "line_blend",
    "line_dot",
    "line_exp",
    "line_max",
    "line_spread",
    "line_sum",
    "product_tile",
]


def _vector_unit() -> tuple[int, int]:
    """Return the bytes in a vector register of the processor compiled for, and the number of registers."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    if "+avx512f" in features:
        return 64, 32
    if "+avx" in features.split(","):
        return 32, 16
    return 16, 32 if triple.startswith(("aarch64", "arm64")) else 16


VECTOR_BYTES, REGISTERS = (32, 16) if config.DISABLE_JIT else _vector_unit()


# ------------------------------------------------------------------------------------------ instructions


class _Vectors:
    """The instructions the tiles are made of, for vectors of one element type."""

    def __init__(self, context: Any, builder: Any, element: Any) -> None:
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(element)
        self.count = VECTOR_BYTES // (element.bitwidth // 8)
        self.align = element.bitwidth // 8  # arrays start anywhere, so nothing more may be promised
        self.type = ir.VectorType(self.scalar, self.count)
        self.zero = self.constant(0.0)

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
        return self._masked(
            "load", self.type, self.type, [self._cast(data), _i32(self.align), mask, self.zero]
        )

    def store(self, vector: Any, data: Any, mask: Any = None) -> None:
        size = 8 if vector.type.element == ir.DoubleType() else getattr(vector.type.element, "width", 32) // 8
        data = self.builder.bitcast(data, vector.type.as_pointer())
        if mask is None:
            self.builder.store(vector, data, align=size)
        else:
            self._masked("store", vector.type, ir.VoidType(), [vector, data, _i32(size), mask])

    def prefetch(self, data: Any, write: bool = False) -> None:
        """Ask for the cache line at this address, which need not exist."""
        data = self.builder.bitcast(data, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [data.type] + [ir.IntType(32)] * 3)
        fetch = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        self.builder.call(fetch, [data, _i32(int(write)), _i32(3), _i32(1)])

    def _masked(self, what: str, vector: Any, result: Any, args: list[Any]) -> Any:
        kind = ir.FunctionType(result, [a.type for a in args])
        element = vector.element.intrinsic_name
        name = f"llvm.masked.{what}.v{self.count}{element}.p0"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), args)

    def every_second(self, low: Any, high: Any) -> Any:
        """Return lanes 0, 2, 4, ... of two vectors in a row."""
        return self.pick(low, high, list(range(0, 2 * self.count, 2)))

    def _cast(self, data: Any) -> Any:
        return self.builder.bitcast(data, self.type.as_pointer())

    def broadcast(self, number: Any) -> Any:
        return self.spread(number, self.type)

    def spread(self, number: Any, kind: Any) -> Any:
        first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), number, _i32(0))
        return self.pick(first, first, [0] * self.count)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(self.type, [self.type] * 3)
        name = f"llvm.fmuladd.v{self.count}f{self.align * 8}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [a, b, c])

    def first(self, number: Any) -> Any:
        """Return the mask of the first `number` lanes."""
        which = ir.Constant(ir.VectorType(ir.IntType(64), self.count), list(range(self.count)))
        return self.builder.icmp_signed("<", which, self.spread(number, which.type))

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
                self.builder.fadd(self.pick(a, b, low), self.pick(a, b, [lane + part for lane in low]))
                for a, b in pairs
            ]
        return vectors

    def pick(self, a: Any, b: Any, which: list[int]) -> Any:
        return self.builder.shuffle_vector(a, b, ir.Constant(_lanes_of_i32(self.count), which))

    def same(self, shape: tuple[int, int], asked: tuple[Any, Any]) -> Any:
        """Return whether the shape asked for, known when the kernel runs, is this one."""
        rows, columns = (self.builder.icmp_signed("==", a, self.index(n)) for a, n in zip(asked, shape))
        return self.builder.and_(rows, columns)

    def cut(self, count: Any) -> tuple[Any, Any]:
        """Cut a line into whole vectors and a last one, of at least one lane; return the length of both parts."""
        size = self.index(self.count)
        whole = self.builder.mul(self.builder.sdiv(self.builder.sub(count, self.index(1)), size), size)
        return whole, self.builder.sub(count, whole)

    def constant(self, number: float) -> Any:
        if self.align == 4:
            number = float(np.float32(number))
        return ir.Constant(self.type, [ir.Constant(self.scalar, number)] * self.count)

    def sums(self, count: int) -> list[Any]:
        """Make variables for `count` vectors, zero at first; LLVM keeps them in registers."""
        slots = [cgutils.alloca_once(self.builder, self.type) for _ in range(count)]
        for slot in slots:
            self.builder.store(self.zero, slot)
        return slots

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


@contextmanager
def _steps(v: _Vectors, end: Any) -> Iterator[Any]:
    """Loop over whole vectors of a line."""
    with cgutils.for_range_slice(v.builder, v.index(0), end, v.index(v.count), inc=True) as (p, _):
        yield p


def _strided(v: _Vectors, x: Any, stride: int, left: Any) -> Any:
    """Load one number for each position; without `left`, at least one more than a vector remains."""
    if stride == 1:
        return v.load(x, None if left is None else v.first(left))
    if left is None:
        return v.every_second(v.load(x), v.load(v.pointer(x, v.count)))
    seen = v.builder.sub(v.builder.add(left, left), v.index(1))
    high = v.first(v.builder.sub(seen, v.index(v.count)))
    return v.every_second(v.load(x, v.first(seen)), v.load(v.pointer(x, v.count), high))


def _instruction(
    twin: Callable[..., Any], emit: Callable[..., Any], kinds: str, returns: bool = False
) -> Any:
    """Make a function of compiled code whose instructions `emit` writes, or its twin if nothing is compiled.

    `kinds` has a letter for each argument: an array, an index, a number of the type of the arrays, a boolean.
    """
    if config.DISABLE_JIT:
        return twin

    def typed(_typing: Any, *args: Any) -> Any:
        number = next(a.dtype for a, kind in zip(args, kinds) if kind == "a")
        known = {"i": types.intp, "n": number, "b": types.boolean}
        result = number if returns else types.void
        return result(*[known.get(kind, arg) for arg, kind in zip(args, kinds)]), emit

    context = inspect.Parameter("_typing", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [context, *inspect.signature(twin).parameters.values()]
    typed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return intrinsic(typed)


# ------------------------------------------------------------------------------------------ product tile

Shapes = Sequence[tuple[int, int]]


def product_tile(shapes: Shapes) -> Callable[..., None]:
    """Make tile(rows, vectors, width, y, y_at, pitch, w, w_at, x, x_at, off, off_at, count, b, b_at, fresh).

    y[y_at + i*pitch + j] = start + sum over k < count of w[w_at + k*rows + i] * x[x_at + off[off_at + k] + j]

    for i < rows and j < vectors*lanes; start is b[b_at + i] if `fresh`, else what y held. The offsets in `off`
    are whole numbers of type intp. (rows, vectors) must be one of `shapes`; for any other pair nothing happens.
    A tile one vector wide leaves y alone from j = width on, yet reads a whole vector of x.
    """

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

    return _instruction(_plain_product, emit, "iiiaiiaiaiaiiaib")


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


def _plain_product(
    rows, vectors, width, y, y_at, pitch, w, w_at, x, x_at, off, off_at, count, b, b_at, fresh
):
    wide = vectors * (VECTOR_BYTES // y.itemsize) if vectors > 1 else width
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

    return _instruction(_plain_dots, emit, "iiaaiiaaiiaiii")


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
        with _steps(v, whole) as p:
            _add_dots(v, shape, sums, [v.load(v.pointer(line, p)) for line in lines])
        with builder.if_then(builder.icmp_signed("<", whole, count)):
            _add_dots(v, shape, sums, [v.load(v.pointer(line, whole), rest) for line in lines])
    return sums


def _add_dots(v: _Vectors, shape: tuple[int, int], sums: list[Any], loaded: list[Any]) -> None:
    for i, d in enumerate(loaded[: shape[0]]):
        for t, x in enumerate(loaded[shape[0] :]):
            v.add_product(sums[i * shape[1] + t], d, x)


def _plain_dots(rows, taps, s, d, d_at, d_step, line, x, x_at, x_step, off, off_at, images, count):
    s[: rows * taps] = 0
    for m in range(images):
        for i in range(rows):
            upstream = d[d_at + m * d_step + line[i] :][:count]
            for t in range(taps):
                source = x_at + m * x_step + off[off_at + t]
                s[i * taps + t] += np.sum(upstream * x[source : source + count])


# ----------------------------------------------------------------------------------------------- lines
# Sums, maxima and exponentials of numbers that stand side by side. Four sums at a time hide the latency of an
# addition; what does not fill a vector is loaded with the missing lanes neutral.


def _reduce(
    v: _Vectors, count: Any, start: Any, take: Callable[..., Any], join: Callable[[Any, Any], Any]
) -> Any:
    """Join take(p, mask) over all vectors of a line; without mask, the vector is whole."""
    builder = v.builder
    slots = [cgutils.alloca_once(builder, v.type) for _ in range(4)]
    for slot in slots:
        builder.store(start, slot)

    def grow(slot: Any, vector: Any) -> None:
        builder.store(join(builder.load(slot), vector), slot)

    block = v.index(4 * v.count)
    whole = builder.mul(builder.sdiv(count, block), block)
    with cgutils.for_range_slice(builder, v.index(0), whole, block, inc=True) as (p, _):
        for j, slot in enumerate(slots):
            grow(slot, take(builder.add(p, v.index(j * v.count)), None))
    with builder.if_then(builder.icmp_signed(">", whole, v.index(0))):
        first, second, third, fourth = (builder.load(slot) for slot in slots)
        builder.store(join(join(first, second), join(third, fourth)), slots[0])
    with cgutils.for_range_slice(builder, whole, count, v.index(v.count), inc=True) as (p, _):
        grow(slots[0], take(p, v.first(builder.sub(count, p))))
    return builder.load(slots[0])


def _emit_sum(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    x, x_at, count = _data(context, builder, signature, args)
    x = v.pointer(x, x_at)
    sums = _reduce(v, count, v.zero, lambda p, mask: v.load(v.pointer(x, p), mask), builder.fadd)
    return builder.extract_element(v.totals([sums])[0], _i32(0))


def _plain_sum(x, x_at, count):
    return np.sum(x[x_at : x_at + count])


line_sum = _instruction(_plain_sum, _emit_sum, "aii", returns=True)
"""line_sum(x, x_at, count): x[x_at] + ... + x[x_at + count - 1]."""


def _emit_line_dot(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    x, x_at, a, y, y_at, b, count = _data(context, builder, signature, args)
    x, y, a, b = v.pointer(x, x_at), v.pointer(y, y_at), v.broadcast(a), v.broadcast(b)

    def products(p: Any, mask: Any) -> Any:
        left, right = (builder.fsub(v.load(v.pointer(d, p), mask), c) for d, c in ((x, a), (y, b)))
        product = builder.fmul(left, right)
        return product if mask is None else builder.select(mask, product, v.zero)

    return builder.extract_element(v.totals([_reduce(v, count, v.zero, products, builder.fadd)])[0], _i32(0))


def _plain_line_dot(x, x_at, a, y, y_at, b, count):
    return np.sum((x[x_at : x_at + count] - a) * (y[y_at : y_at + count] - b))


line_dot = _instruction(_plain_line_dot, _emit_line_dot, "ainaini", returns=True)
"""line_dot(x, x_at, a, y, y_at, b, count): sum over p < count of (x[x_at + p] - a) * (y[y_at + p] - b)."""


def _emit_spread(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    x, x_at, a, count, following = _data(context, builder, signature, args)
    later, x, a = v.pointer(x, following), v.pointer(x, x_at), v.broadcast(a)

    def squares(p: Any, mask: Any) -> Any:
        if mask is None:
            v.prefetch(v.pointer(later, p))
        away = builder.fsub(v.load(v.pointer(x, p), mask), a)
        square = builder.fmul(away, away)
        return square if mask is None else builder.select(mask, square, v.zero)

    return builder.extract_element(v.totals([_reduce(v, count, v.zero, squares, builder.fadd)])[0], _i32(0))


def _plain_spread(x, x_at, a, count, _following):
    return np.sum((x[x_at : x_at + count] - a) ** 2)


line_spread = _instruction(_plain_spread, _emit_spread, "ainii", returns=True)
"""line_spread(x, x_at, a, count, following): sum over p < count of (x[x_at + p] - a)^2.

Meanwhile the line that starts at x[following], which need not exist, is brought into the cache.
"""


def _emit_max(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    x, x_at, count = _data(context, builder, signature, args)
    x = v.pointer(x, x_at)
    least = v.constant(-np.inf)

    def larger(a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", a, b), b, a)

    def take(p: Any, mask: Any) -> Any:
        loaded = v.load(v.pointer(x, p), mask)
        return loaded if mask is None else builder.select(mask, loaded, least)

    best = _reduce(v, count, least, take, larger)
    part = v.count
    while part > 1:
        part //= 2
        best = larger(best, v.pick(best, best, [(lane + part) % v.count for lane in range(v.count)]))
    return builder.extract_element(best, _i32(0))


def _plain_max(x, x_at, count):
    return np.fmax.reduce(x[x_at : x_at + count], initial=-np.inf)


line_max = _instruction(_plain_max, _emit_max, "aii", returns=True)
"""line_max(x, x_at, count): the largest of x[x_at : x_at + count] that is no NaN, or -inf."""


_EXP: dict[int, dict[str, Any]] = {
    32: {
        "magic": 1.5 * 2.0**23,  # added and taken away again, it rounds to a whole number
        "high": 0.693359375,  # log 2 in two parts, so that n * high is exact
        "low": -2.12194440e-4,
        "least": -110.0,  # where the result has become 0
        "series": [
            1.9875691500e-4,
            1.3981999507e-3,
            8.3334519073e-3,
            4.1665795894e-2,
            1.6666665459e-1,
            0.50000001201,
        ],
    },
    64: {
        "magic": 1.5 * 2.0**52,
        "high": 0.693145751953125,
        "low": 1.42860682030941723212e-6,
        "least": -760.0,
        "series": [1 / math.factorial(k) for k in range(13, 1, -1)],
    },
}


def _exp(v: _Vectors, x: Any) -> Any:
    """Return e^x, to about the last digit, for x up to 80: e^x = 2^n e^r with whole n and |r| <= log(2)/2.

    NaN stays NaN and -inf gives 0. What underflows passes through the subnormal numbers.
    """
    builder, bits, c = v.builder, v.align * 8, _EXP[v.align * 8]
    whole = ir.VectorType(ir.IntType(bits), v.count)

    def integers(number: int) -> Any:
        return ir.Constant(whole, [number] * v.count)

    least = v.constant(c["least"])
    x = builder.select(builder.fcmp_ordered("<", x, least), least, x)
    shifted = v.multiply_add(x, v.constant(1 / math.log(2)), v.constant(c["magic"]))
    n = builder.fsub(shifted, v.constant(c["magic"]))
    r = v.multiply_add(n, v.constant(-c["high"]), x)
    r = v.multiply_add(n, v.constant(-c["low"]), r)
    p = v.constant(c["series"][0])
    for a in c["series"][1:]:
        p = v.multiply_add(p, r, v.constant(a))
    p = builder.fadd(v.multiply_add(p, builder.fmul(r, r), r), v.constant(1.0))
    n = builder.sub(builder.bitcast(shifted, whole), builder.bitcast(v.constant(c["magic"]), whole))
    half = builder.ashr(n, integers(1))
    mantissa, bias = (23, 127) if bits == 32 else (52, 1023)
    for part in (half, builder.sub(n, half)):  # 2^n itself may be too small for a factor
        power = builder.shl(builder.add(part, integers(bias)), integers(mantissa))
        p = builder.fmul(p, builder.bitcast(power, v.type))
    return p


def _emit_line_exp(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, y_at, x, x_at, shift, factor, count = _data(context, builder, signature, args)
    y, x, shift, factor = v.pointer(y, y_at), v.pointer(x, x_at), v.broadcast(shift), v.broadcast(factor)

    def take(p: Any, mask: Any) -> Any:
        e = _exp(v, builder.fsub(v.load(v.pointer(x, p), mask), shift))
        v.store(builder.fmul(e, factor), v.pointer(y, p), mask)
        return e if mask is None else builder.select(mask, e, v.zero)

    return builder.extract_element(v.totals([_reduce(v, count, v.zero, take, builder.fadd)])[0], _i32(0))


def _plain_line_exp(y, y_at, x, x_at, shift, factor, count):
    e = np.exp(x[x_at : x_at + count] - shift)
    y[y_at : y_at + count] = e * factor
    return np.sum(e)


line_exp = _instruction(_plain_line_exp, _emit_line_exp, "aiainni", returns=True)
"""line_exp(y, y_at, x, x_at, shift, factor, count): y = factor * e^(x - shift); return the sum of e^(x - shift).

x - shift is at most 80.
"""


AHEAD = 2048  # bytes by which the memory of a long result is asked for before it is written


def _each(v: _Vectors, count: Any, y: Any, compute: Callable[[Any, Any], Any]) -> None:
    """Store compute(p, mask) along a line."""
    builder = v.builder
    whole = builder.mul(builder.sdiv(count, v.index(v.count)), v.index(v.count))
    with _steps(v, whole) as p:
        v.prefetch(v.pointer(y, p, AHEAD // v.align), write=True)
        v.store(compute(p, None), v.pointer(y, p))
    with builder.if_then(builder.icmp_signed("<", whole, count)):
        mask = v.first(builder.sub(count, whole))
        v.store(compute(whole, mask), v.pointer(y, whole), mask)


def _emit_affine(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, y_at, x, x_at, a, b, c, count = _data(context, builder, signature, args)
    y, x = v.pointer(y, y_at), v.pointer(x, x_at)
    a, b, c = (v.broadcast(number) for number in (a, b, c))
    _each(
        v,
        count,
        y,
        lambda p, mask: v.multiply_add(builder.fsub(v.load(v.pointer(x, p), mask), a), b, c),
    )
    return context.get_dummy_value()


def _plain_affine(y, y_at, x, x_at, a, b, c, count):
    y[y_at : y_at + count] = (x[x_at : x_at + count] - a) * b + c


line_affine = _instruction(_plain_affine, _emit_affine, "aiainnni")
"""line_affine(y, y_at, x, x_at, a, b, c, count): y = (x - a) * b + c."""


def _emit_blend(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, y_at, d, d_at, f, x, x_at, a, b, c, count = _data(context, builder, signature, args)
    y, d, x = v.pointer(y, y_at), v.pointer(d, d_at), v.pointer(x, x_at)
    f, a, b, c = (v.broadcast(number) for number in (f, a, b, c))

    def compute(p: Any, mask: Any) -> Any:
        line = v.multiply_add(builder.fsub(v.load(v.pointer(x, p), mask), a), b, c)
        return v.multiply_add(v.load(v.pointer(d, p), mask), f, line)

    _each(v, count, y, compute)
    return context.get_dummy_value()


def _plain_blend(y, y_at, d, d_at, f, x, x_at, a, b, c, count):
    y[y_at : y_at + count] = d[d_at : d_at + count] * f + ((x[x_at : x_at + count] - a) * b + c)


line_blend = _instruction(_plain_blend, _emit_blend, "aiainainnni")
"""line_blend(y, y_at, d, d_at, f, x, x_at, a, b, c, count): y = d * f + (x - a) * b + c."""


# --------------------------------------------------------------------------------------------- copy line


def _emit_copy(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, y_at, x, x_at, count, stride = _data(context, builder, signature, args)
    y, x = v.pointer(y, y_at), v.pointer(x, x_at)
    whole, left = v.cut(count)
    some = builder.icmp_signed(">", count, v.index(0))
    for step in (1, 2):
        with builder.if_then(builder.and_(some, builder.icmp_signed("==", stride, v.index(step)))):
            with _steps(v, whole) as p:
                source = v.pointer(x, builder.mul(p, v.index(step)))
                v.store(_strided(v, source, step, None), v.pointer(y, p))
            source = v.pointer(x, builder.mul(whole, v.index(step)))
            v.store(_strided(v, source, step, left), v.pointer(y, whole), v.first(left))
    return context.get_dummy_value()


def _plain_copy(y, y_at, x, x_at, count, stride):
    y[y_at : y_at + count] = x[x_at : x_at + stride * (count - 1) + 1 : stride]


copy_line = _instruction(_plain_copy, _emit_copy, "aiaiii")
"""copy_line(y, y_at, x, x_at, count, stride): y[y_at + p] = x[x_at + p*stride] for p < count, stride 1 or 2."""


# ------------------------------------------------------------------------------------------------ expect


def _emit_expect(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    v = _Vectors(context, builder, signature.args[0].dtype)
    y, at = _data(context, builder, signature, args)
    v.prefetch(v.pointer(y, at), write=True)
    return context.get_dummy_value()


def _plain_expect(y, at):
    """Do nothing: the cache changes no value."""


expect = _instruction(_plain_expect, _emit_expect, "ai")
"""expect(y, at): bring the surroundings of y[at], which need not exist, into the cache, to be written soon."""
