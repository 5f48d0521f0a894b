"""Take the arguments of a check apart: which numbers are differentiated, and what is held fixed.

All numbers that are differentiated stand one after another in one vector, the *point*; a `Part` is the piece of
it that belongs to one array. An input may also be a *tree*: a list, tuple or dict of arrays, like the weights of
several layers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from reference.shapes import Array, InputError, is_masked, short

__all__ = ["Inputs", "Part", "is_real", "is_tree", "items", "label", "parameters", "read_inputs"]


@dataclass(frozen=True)
class Part:
    """One array among the inputs: its name, shape and place in the point; `spread` is the size of a big step."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int
    spread: float
    scalar: bool = False


@dataclass(frozen=True)
class Inputs:
    """The inputs by name, the parts which are differentiated, and their numbers in one vector."""

    values: dict[str, Any]
    parts: dict[str, Part]
    origin: Array
    keywords: bool
    remarks: tuple[str, ...]


def label(part: Part, at: int) -> str:
    """Name an entry as a student would write it: dw[0, 2]."""
    if not part.shape:
        return f"d{part.name}"
    return f"d{part.name}[{', '.join(str(i) for i in np.unravel_index(at - part.start, part.shape))}]"


def read_inputs(forward: Callable[..., Any], inputs: Any, wrt: Any) -> Inputs:
    """Name the inputs, choose what is differentiated and lay it out; refuse what cannot be checked."""
    values = _named(forward, inputs)
    chosen = _chosen(values, wrt)
    parts: dict[str, Part] = {}
    pieces: list[Array] = [np.zeros(0)]
    remarks = []
    for name in chosen:
        for leaf, value in _leaves(name, values[name]):
            start = sum(map(len, pieces))
            parts[leaf], array = _part(leaf, value, start)
            pieces.append(array)
            if (kind := np.asarray(value).dtype) != np.float64:
                remarks.append(f"{leaf} is {kind}; the check ran on a float64 copy.")
    if not parts:
        kinds = ", ".join(f"{name} is {_kind(value)}" for name, value in values.items())
        raise InputError(
            f"there is nothing to differentiate: {kinds or 'there are no inputs'}.",
            "give at least one input with float entries, like x.astype(float).",
        )
    return Inputs(values, parts, np.concatenate(pieces), isinstance(inputs, Mapping), tuple(remarks))


def _part(name: str, value: Any, start: int) -> tuple[Part, Array]:
    given = np.asarray(value)
    array = given.astype(np.float64).ravel()
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds NaN or infinite entries.", "check the gradient at a finite point.")
    scalar = isinstance(value, (float, np.floating))
    return Part(name, given.shape, start, start + len(array), _spread(array), scalar), array


def _kind(value: Any) -> str:
    if is_masked(value):
        return "a masked array"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}" if value.size else "an empty array"
    return short(value, 30)


def _spread(array: Array) -> float:
    """Choose the size of a big step: how far the entries lie apart, or from 0, or 1."""
    largest = float(np.abs(array).max())
    with np.errstate(all="ignore"):
        off = array - array.sum() / len(array)
        apart = math.sqrt(off @ off / len(off))
    for size, least in ((apart, 1e-8 * largest), (largest, 0.0)):
        if math.isfinite(size) and size > max(least, 1e-290):
            return size
    return 1.0


def _named(forward: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    if isinstance(inputs, Mapping):
        return {str(name): value for name, value in inputs.items()}
    if isinstance(inputs, (np.ndarray, float, np.floating)):
        inputs = (inputs,)
    if not isinstance(inputs, (tuple, list)):
        raise InputError(
            f"inputs is {short(inputs)}.", "give the inputs of forward as a tuple (x, w) or a dict {'x': x}."
        )
    names = parameters(forward)
    names += [f"input{i}" for i in range(len(names), len(inputs))]
    return dict(zip(names, inputs, strict=False))


def parameters(function: Any) -> list[str]:
    """Name what can be given by position, in order."""
    if type(function) is FunctionType and not function.__dict__:  # not wrapped: ten times quicker
        return list(function.__code__.co_varnames[: function.__code__.co_argcount])
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _chosen(values: dict[str, Any], wrt: Any) -> list[str]:
    names = list(values)
    if wrt is None:
        return [name for name in names if is_real(values[name])]
    chosen = [wrt] if isinstance(wrt, (str, int)) else list(wrt)
    found = [names[w] if isinstance(w, int) and -len(names) <= w < len(names) else w for w in chosen]
    for name in found:
        if name not in values:
            raise InputError(
                f"wrt names {short(name)}, which is no input.", f"choose from {', '.join(names)}."
            )
        if not is_real(values[name]):
            raise InputError(
                f"{name} is {short(values[name])}; without float entries it has no gradient.",
                f"leave {name} out of wrt, or convert it with {name}.astype(float).",
            )
    return [name for name in names if name in found]


def is_tree(value: Any) -> bool:
    """Tell a container of arrays (weights of several layers) from a plain list of numbers."""
    if isinstance(value, Mapping):
        return True
    return type(value) in (list, tuple) and any(
        is_tree(item) or (isinstance(item, np.ndarray) and item.ndim > 0) for item in value
    )


def items(value: Any) -> Iterator[tuple[Any, Any]]:
    yield from value.items() if isinstance(value, Mapping) else enumerate(value)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if is_tree(value):
        for key, item in items(value):
            yield from _leaves(f"{name}[{key!r}]", item)
    elif is_real(value):
        yield name, value


def is_real(value: Any) -> bool:
    if is_tree(value):
        return any(is_real(item) for _, item in items(value))
    if is_masked(value) or isinstance(value, (str, bytes)):
        return False
    if isinstance(value, (float, np.floating, np.ndarray, list, tuple)):
        try:
            array = np.asarray(value)
        except ValueError:
            return False
        return array.dtype.kind == "f" and array.size > 0
    return False
