"""Turn a plain function into an op: checked inputs, a gradient, sample cases and a place in the registry.

An op is told in one block. The body of the decorated function is its *definition*: the lecture's formula in
loops that any student can read. What follows below it makes it fast, differentiable and testable::

    @op("x[N,D], c[D]? -> y[N,D]", source="lecture S1:10-12")
    def scale(x, c=None):
        '''Multiply every column by its own factor ...'''
        y = np.empty_like(x)
        for n, d in np.ndindex(x.shape):
            y[n, d] = x[n, d] * (1 if c is None else c[d])
        return y

    @scale.fast                                   # optional: a quicker way to the same result
    def scale_forward(x, c):
        return (x.copy() if c is None else x * c), (x, c)      # the result, and what backward will need

    @scale.gradient                               # where a gradient exists
    def scale_backward(saved, dy):
        x, c = saved
        return (dy.copy(), None) if c is None else (dy * c, (dy * x).sum(axis=0))

    @scale.samples
    def scale_cases(rng):
        yield Case("plain", {"x": rng.normal(size=(2, 3)), "c": rng.normal(size=3)})

Rules every op obeys because they are kept here, at the door:

* The functions above always receive every argument, in the order of the signature. Arrays have been
  converted, stand in C order and agree with the shape line; other arguments arrive as the caller gave them
  (`whole`, `pair` and `flag` check the usual ones).
* Without `fast` the definition itself is run and `saved` is the tuple of all arguments.
* float32 stays float32, mixed arrays become float64, as do integers, booleans and every other real type.
  A Python number in place of an array takes the type of the others. NaN and inf pass through without warning.
* A result or gradient never shares memory with an input, and inputs are never changed.
* `backward` returns a tuple with one gradient per float array of the shape line, in that order, `None` for
  an optional array that was not given. Gradients have the element type of the forward result.

A shape line reads `name[axes]` for each array, `->`, then the results. An axis is a letter (equal letters
mean equal lengths), a number (exactly that long) or `...` (any number of axes, the same wherever it stands).
After the bracket, `?` marks an array that may be None, `:int` whole numbers (labels, indices) and `:const` an
array that gets no gradient. A name without bracket is a plain number, which the op itself checks.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np

from reference.shapes import (
    Array,
    Door,
    InputError,
    ShapeError,
    affordable,
    as_float,
    describe,
    flag,
    in_order,
    limited,
    pair,
    parse_shapes,
    short,
    whole,
)

__all__ = [
    "OPS",
    "Array",
    "Cache",
    "Case",
    "InputError",
    "Op",
    "ShapeError",
    "affordable",
    "examples",
    "flag",
    "limited",
    "op",
    "pair",
    "parse_shapes",
    "whole",
]

P = ParamSpec("P")
R = TypeVar("R")

OPS: dict[str, Op[..., Any]] = {}
"""Every op by name, in the order of definition."""


@dataclass(frozen=True)
class Case:
    """Sample input of an op, named after what it exercises: `op(**case.inputs, **case.params)`."""

    name: str
    inputs: dict[str, Array]
    params: dict[str, Any] = field(default_factory=dict)


def examples(**settings: dict[str, Any]) -> Callable[[np.random.Generator], Iterator[Case]]:
    """Make the cases of an op of plain numbers, which need no randomness: name_of_case={...}."""

    def cases(_rng: np.random.Generator) -> Iterator[Case]:
        for name, params in settings.items():
            yield Case(name.replace("_", " "), {}, params)

    return cases


@dataclass(frozen=True, repr=False)
class Cache:
    """What a forward pass hands to its backward pass; it refers to the inputs, so leave them as they are."""

    op: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    saved: Any

    def __repr__(self) -> str:
        return f"<cache of {self.op}, result of shape {self.shape}>"


class Op(Protocol[P, R]):
    """A function that knows its shape line, definition, gradient, sample cases and source."""

    name: str
    shapes: str
    source: str
    definition: Callable[..., R]
    forward: Callable[..., tuple[R, Cache]]
    backward: Any
    """`backward(cache, dy) -> tuple of gradients`, or None where the op has no gradient."""
    cases: Callable[[np.random.Generator], Iterator[Case]]
    fast: Callable[[Callable[..., tuple[R, Any]]], Callable[..., tuple[R, Any]]]
    gradient: Callable[[Callable[..., Any]], Callable[..., Any]]
    samples: Callable[[Callable[..., Any]], Callable[..., Any]]
    __name__: str
    __doc__: str | None
    __module__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


def op(shapes: str, *, source: str) -> Callable[[Callable[P, R]], Op[P, R]]:
    """Make an op of a function whose body is the definition (see the head of this module)."""

    def make(body: Callable[P, R]) -> Op[P, R]:
        name = body.__name__
        known = OPS.get(name)
        if known is not None and known.__module__ != body.__module__:
            raise ValueError(f"two ops are called {name}: in {known.__module__} and in {body.__module__}")
        OPS[name] = made = _assemble(name, body, Door(name, body, shapes), source)
        return cast("Op[P, R]", made)

    return make


def _assemble(name: str, body: Callable[..., Any], door: Door, source: str) -> Any:
    def compute(*values: Any) -> tuple[Any, Any]:
        return body(*values), values

    def run(task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        values = door.prepare(args, kwargs)
        try:
            with np.errstate(all="ignore"):  # NaN, inf and overflow are results here, not accidents
                return task(*values)
        except InputError as error:
            raise door.explain(error, values) from None

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        return run(compute, args, kwargs)[0]

    def definition(*args: Any, **kwargs: Any) -> Any:
        return run(body, args, kwargs)

    def forward(*args: Any, **kwargs: Any) -> tuple[Any, Cache]:
        result, saved = run(compute, args, kwargs)
        first = result[0] if isinstance(result, tuple) and result else result
        return result, Cache(name, np.shape(first), getattr(first, "dtype", np.dtype(float)), saved)

    def fast(function: Callable[..., Any]) -> Callable[..., Any]:
        nonlocal compute
        compute = function
        return function

    def gradient(function: Callable[..., Any]) -> Callable[..., Any]:
        made.backward = _backward(name, door.shapes, function)
        inputs = [f"d{a.name}" for _, a in door.arrays if a.kind == "float"]
        left = ", ".join(inputs) if len(inputs) > 1 else f"({inputs[0]},)"
        made.__doc__ += f"\nGradient: y, cache = {name}.forward(...); {left} = {name}.backward(cache, dy)"
        return function

    def samples(function: Callable[..., Any]) -> Callable[..., Any]:
        made.cases = function
        return function

    made: Any = call
    made.__doc__ = f"{inspect.cleandoc(body.__doc__ or '')}\n\nShapes: {door.shapes}\nSource: {source}"
    made.name, made.shapes, made.source = name, door.shapes, source
    made.backward, made.cases = None, lambda _rng: iter(())
    for part in (definition, forward, fast, gradient, samples):
        part.__qualname__, part.__module__ = f"{name}.{part.__name__}", body.__module__
        setattr(made, part.__name__, part)
    definition.__wrapped__ = body  # type: ignore[attr-defined]  # its source is what a reader looks for
    forward.__signature__ = door.signature  # type: ignore[attr-defined]
    definition.__doc__ = f"Compute {name} by the lecture's formula, in plain loops."
    forward.__doc__ = f"Return what {name} returns, and the cache which {name}.backward needs."
    return made


def _backward(name: str, shapes: str, function: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    def refuse(kind: type[InputError], fact: str, do: str, dy: Any) -> InputError:
        return kind(fact, do, f"{name}.backward", f"dy {describe(dy)}", shapes)

    def backward(cache: Cache, dy: Any = None) -> tuple[Any, ...]:
        if not isinstance(cache, Cache) or cache.op != name:
            raise refuse(
                InputError,
                f"cache is {short(cache)}.",
                f"pass the cache which {name}.forward(...) returned.",
                dy,
            )
        if dy is None and cache.shape == ():
            dy = 1.0
        if type(dy) is not np.ndarray or dy.dtype is not cache.dtype:
            try:
                with np.errstate(all="ignore"):
                    dy = as_float("dy", dy).astype(cache.dtype)
            except InputError as error:
                raise refuse(InputError, error.fact, error.do, dy) from None
        if dy.shape != cache.shape:
            fact = f"dy has shape {dy.shape}, but the result of the forward pass has shape {cache.shape}."
            raise refuse(ShapeError, fact, "give one upstream gradient for each entry of the result.", dy)
        with np.errstate(all="ignore"):
            gradients = function(cache.saved, in_order(dy))
        return gradients if isinstance(gradients, tuple) else (gradients,)

    backward.__doc__ = f"Return the gradients of {name}, given dy, the gradient with respect to its result."
    backward.__qualname__, backward.__module__ = f"{name}.backward", function.__module__
    return backward
