"""Refuse what an op cannot take: shape lines, the conversion and checking of arguments, the error texts.

The grammar of shape lines and the rules of conversion are told at the head of `reference/op.py`.
"""

from __future__ import annotations

import inspect
import math
import operator
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

__all__ = [
    "Argument",
    "Array",
    "Door",
    "InputError",
    "ShapeError",
    "affordable",
    "as_float",
    "describe",
    "flag",
    "in_order",
    "is_masked",
    "limited",
    "match",
    "pair",
    "parse_shapes",
    "short",
    "whole",
]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:
    Array = np.ndarray  # numpy.typing takes time to load and nothing here asks it while running

# ---------------------------------------------------------------------------------------------- errors


class InputError(ValueError):
    """Refuse an input: `fact` says what is wrong with which argument, `do` what to do about it.

    The body of an op raises only these two; the door adds the op's name, what it got and its shape line.
    """

    def __init__(self, fact: str, do: str = "", op: str = "", got: str = "", expected: str = "") -> None:
        super().__init__(fact, do, op, got, expected)
        self.fact, self.do, self.op, self.got, self.expected = fact, do, op, got, expected

    def __str__(self) -> str:
        head = f"{self.op}: {self.fact}" if self.op else self.fact
        rows = {"got": self.got, "expected": self.expected, "to do": self.do}
        return "\n".join([head, *(f"  {name + ':':<10}{text}" for name, text in rows.items() if text)])


class ShapeError(InputError):
    """Refuse shapes or sizes which do not go together."""


# ------------------------------------------------------------------------------------- plain arguments


def whole(name: str, value: Any, least: int = 0) -> int:
    """Return `value` as an int of at least `least`; refuse booleans, floats and everything else."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, (bool, np.bool_)):
        raise InputError(
            f"{name} must be a whole number, not {short(value)}.", f"write {name} as an int, like 2."
        )
    if number < least:
        raise ShapeError(f"{name} must be at least {least}, not {number}.", f"choose {name} >= {least}.")
    return number


def pair(name: str, value: Any, least: int = 0) -> tuple[int, int]:
    """Return `value`, one whole number or one per axis (rows, columns), as a pair."""
    if type(value) is int and value >= least:
        return value, value
    if not isinstance(value, (tuple, list, np.ndarray)) or np.ndim(value) == 0:
        number = whole(name, value, least)
        return number, number
    if len(value) != 2:
        raise InputError(
            f"{name} must be one number or two, (rows, columns), not {short(value)}.",
            f"write {name}=1 or {name}=(1, 2).",
        )
    return whole(f"{name}[0]", value[0], least), whole(f"{name}[1]", value[1], least)


def flag(name: str, value: Any) -> bool:
    """Return `value`, which must be True or False; "no" would otherwise count as yes."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be True or False, not {short(value)}.", f"write {name}=True or False.")
    return bool(value)


LARGEST = 2**28
"""Entries of the largest array that an op makes: 2 GiB in double precision."""


def affordable(name: str, *shape: int) -> None:
    """Refuse an array that would be too large, before it is made."""
    if math.prod(shape) > LARGEST:
        raise ShapeError(
            f"{name} would have shape {short(shape)}, which is more than {LARGEST} entries.",
            "use smaller settings or inputs.",
        )


def limited(names: str, *values: int) -> None:
    """Refuse settings that are longer than any array can be."""
    if max(values) > LARGEST:
        raise ShapeError(f"{names} are limited to {LARGEST}, not {max(values)}.", "use smaller settings.")


def short(value: Any, limit: int = 60) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    try:
        text = repr(value)
    except Exception:  # a broken __repr__ must not hide the error being reported
        text = f"a {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


# ----------------------------------------------------------------------------------------- shape lines


@dataclass(frozen=True)
class Argument:
    """One entry of a shape line; `axes` is None for a plain number."""

    name: str
    axes: tuple[str | int, ...] | None = None
    optional: bool = False
    kind: str = "float"

    def __str__(self) -> str:
        if self.axes is None:
            return self.name
        kind = "" if self.kind == "float" else f":{self.kind}"
        return f"{self.name}[{','.join(map(str, self.axes))}]{'?' if self.optional else ''}{kind}"


_ENTRY = re.compile(r"\s*(\w+)(?:\[([\w\s,.]*)\](\?)?(?::(int|const))?)?\s*(?:,|$)")


def parse_shapes(line: str) -> tuple[tuple[Argument, ...], tuple[Argument, ...]]:
    """Read a shape line into its inputs and its results.

    >>> inputs, results = parse_shapes("x[N,D], t[N]:int -> loss[]")
    >>> inputs[1].kind, results[0].axes
    ('int', ())
    """
    left, arrow, right = line.partition("->")
    if not arrow:
        raise ValueError(f"a shape line needs '->': {line!r}")
    return _entries(left, line), _entries(right, line)


def _entries(text: str, line: str) -> tuple[Argument, ...]:
    found, at = [], 0
    while at < len(text.rstrip()):
        entry = _ENTRY.match(text, at)
        if entry is None:
            raise ValueError(f"cannot read {text[at:]!r} in the shape line {line!r}")
        found.append(_argument(*entry.groups()))
        at = entry.end()
    return tuple(found)


def _argument(name: str, axes: str | None, optional: str | None, kind: str | None) -> Argument:
    if axes is None:
        return Argument(name)
    names = [axis.strip() for axis in axes.split(",")] if axes.strip() else []
    return Argument(
        name, tuple(int(axis) if axis.isdigit() else axis for axis in names), bool(optional), kind or "float"
    )


def match(argument: Argument, shape: tuple[int, ...], sizes: dict[Any, Any], first: dict[Any, str]) -> None:
    """Hold one shape against its entry; `sizes` and `first` remember each axis and who said it first."""
    axes = argument.axes or ()
    if "..." in axes:
        shape = _gather(argument, shape)
    if len(shape) != len(axes):
        raise _wrong_rank(argument, shape)
    for axis, n in zip(axes, shape, strict=True):
        known = axis if type(axis) is int else sizes.setdefault(axis, n)
        if known != n:
            raise _disagree(argument, axis, n, known, first.get(axis))
        first.setdefault(axis, argument.name)


def _gather(argument: Argument, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Stand the axes that `...` covers together as one entry, so that they compare like a single axis."""
    axes = argument.axes or ()
    front = axes.index("...")
    back = len(axes) - front - 1
    if len(shape) < front + back:
        raise _wrong_rank(argument, shape)
    return (*shape[:front], tuple(shape[front : len(shape) - back]), *shape[len(shape) - back :])


def _wrong_rank(argument: Argument, shape: tuple[Any, ...]) -> ShapeError:
    axes = argument.axes or ()
    wanted = len(axes) - ("..." in axes)
    more = " or more" if "..." in axes else ""
    if wanted > len(shape):
        do = f"add the missing axes, for example with {argument.name}[None], or reshape {argument.name}."
    else:
        do = f"pick or reshape so that {argument.name} has exactly these axes."
    plural = "axis" if len(shape) == 1 else "axes"
    return ShapeError(f"{argument.name} has {len(shape)} {plural}, expected {wanted}{more}: {argument}.", do)


def _disagree(argument: Argument, axis: Any, n: Any, known: Any, other: str | None) -> ShapeError:
    name = argument.name
    if isinstance(axis, int):
        return ShapeError(
            f"{name} has length {n} where {axis} is expected.", f"reshape {name} to {argument}."
        )
    if other == name:
        return ShapeError(
            f"{name} has both {axis} = {n} and {axis} = {known}.", f"make these lengths of {name} equal."
        )
    return ShapeError(
        f"{name} has {axis} = {n}, but {other} has {axis} = {known}.",
        f"make {axis} of {name} and {other} equal; nothing is broadcast.",
    )


# ------------------------------------------------------------------------------------ arrays at the door

_F64, _F32 = np.dtype(np.float64), np.dtype(np.float32)


def as_float(name: str, value: Any) -> Array:
    """Return `value` as a float32 or float64 array; refuse what does not hold real numbers."""
    array = _as_array(name, value)
    if array.dtype.kind in "biuf":
        single = array.dtype.kind == "f" and array.itemsize == 4  # in either byte order
        return array.astype(_F32 if single else _F64, copy=False)
    raise InputError(
        f"{name} holds {array.dtype} values, not real numbers.", f"convert {name} to float64 first."
    )


def as_int(name: str, value: Any) -> Array:
    """Return `value` as an array of indices; refuse floats, which may have lost something already."""
    array = _as_array(name, value)
    if array.dtype.kind in "iu":
        if array.dtype.kind == "u" and (array > np.iinfo(np.intp).max).any():
            raise InputError(f"{name} holds {array.max()}, too large for an index.", "use smaller numbers.")
        return array.astype(np.intp, copy=False)
    raise InputError(f"{name} holds {array.dtype} values, not whole numbers.", f"use {name}.astype(int).")


def _as_array(name: str, value: Any) -> Array:
    if value is None:
        raise InputError(f"{name} is None.", f"give {name} as an array.")
    if is_masked(value):
        raise InputError(
            f"{name} is a masked array; its mask would be lost.", f"use {name}.filled(0) or the like."
        )
    try:
        return np.asarray(value)
    except Exception:  # whatever a foreign object raises here, it is no array
        raise InputError(
            f"{name} is no rectangular array of numbers, but {short(value)}.",
            "give every row the same number of entries.",
        ) from None


def is_masked(value: Any) -> bool:
    """Return whether some entries are masked; where no one has loaded `numpy.ma`, none can be."""
    return "numpy.ma" in sys.modules and np.ma.isMaskedArray(value)


def in_order(array: Array) -> Array:
    """Return the array in C order, copied if need be: results must not depend on the memory layout."""
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else np.array(array, order="C")


class Door:
    """Bind, convert and check the arguments of one op."""

    def __init__(self, name: str, body: Callable[..., Any], shapes: str) -> None:
        self.name, self.shapes, self.signature = name, shapes, inspect.signature(body)
        parameters = list(self.signature.parameters.values())
        if any(p.kind is not p.POSITIONAL_OR_KEYWORD for p in parameters):
            raise TypeError(f"{name}: an op takes plain parameters only, no *args, ** or keyword-only ones")
        self.index = {p.name: i for i, p in enumerate(parameters)}
        self.defaults = [p.default for p in parameters]
        self.required = [i for i, p in enumerate(parameters) if p.default is p.empty]
        inputs, self.results = parse_shapes(shapes)
        unknown = [a.name for a in inputs if a.name not in self.index]
        if unknown:
            raise TypeError(f"{name}: the shape line names {unknown}, which are no parameters")
        self.arrays = [(self.index[a.name], a) for a in inputs if a.axes is not None]
        self.accepted: set[Any] = set()

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Arrange the arguments in the order of the signature; much quicker than `Signature.bind`."""
        values = [*args, *self.defaults[len(args) :]]
        fine = len(args) <= len(self.defaults)
        for key, value in kwargs.items():
            at = self.index.get(key, -1)
            if at < len(args):
                fine = False
                break
            values[at] = value
        if not fine or any(values[i] is inspect.Parameter.empty for i in self.required):
            try:
                self.signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{self.name}{self.signature}: {error}") from None
        return values

    def prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Return all arguments, arrays converted to one float type and their shapes checked."""
        values = self.bind(args, kwargs)
        try:
            self.convert(values)
            shapes = tuple([getattr(values[at], "shape", None) for at, _ in self.arrays])
            if shapes not in self.accepted:  # the verdict on shapes never changes, and repeats are the rule
                self.check(shapes)
        except InputError as error:
            raise self.explain(error, self.bind(args, kwargs)) from None
        return values

    def check(self, shapes: tuple[tuple[int, ...] | None, ...]) -> None:
        sizes: dict[Any, Any] = {}
        first: dict[Any, str] = {}
        for (_, argument), shape in zip(self.arrays, shapes, strict=True):
            if shape is not None:
                match(argument, shape, sizes, first)
                if 0 in shape:
                    raise ShapeError(
                        f"{argument.name} is empty.", f"give {argument.name} at least one entry."
                    )
        if len(self.accepted) >= 4096:
            self.accepted.clear()
        self.accepted.add(shapes)

    def convert(self, values: list[Any]) -> None:
        single = double = False
        weak = []
        for at, argument in self.arrays:
            value = values[at]
            if value is None and argument.optional:
                continue
            if argument.kind == "int":
                values[at] = in_order(as_int(argument.name, value))
                continue
            if type(value) is float or type(value) is int:
                weak.append(at)
            elif type(value) is not np.ndarray or (value.dtype is not _F64 and value.dtype is not _F32):
                value = as_float(argument.name, value)
            if type(value) is np.ndarray:
                values[at] = value = in_order(value)
                single |= value.dtype is _F32
                double |= value.dtype is _F64
        if weak or (single and double):
            self.unify(values, _F32 if single and not double else _F64)

    def unify(self, values: list[Any], dtype: np.dtype[Any]) -> None:
        for at, argument in self.arrays:
            if values[at] is not None and argument.kind != "int":
                values[at] = np.asarray(values[at], dtype)

    def explain(self, error: InputError, values: list[Any]) -> InputError:
        """Add to a bare fact which op it was, what it was given and what it expects."""
        arrays = dict(self.arrays)
        given = []
        for at, name in enumerate(self.index):
            if at in arrays and values[at] is not None:
                given.append(f"{name} {describe(values[at])}")
            elif values[at] is not self.defaults[at]:
                given.append(f"{name}={short(values[at])}")
        return type(error)(error.fact, error.do, self.name, ", ".join(given), self.shapes)


def describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype}"
    return short(value, 30)
