"""Call a forward and a backward function safely: fresh copies in, checked and flattened numbers out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from reference.checking.inputs import Inputs, Part, is_real, is_tree, items, parameters, read_inputs
from reference.shapes import Array, InputError, is_masked, short

__all__ = ["Complaint", "Ran", "Subject", "read_subject"]

Ran = tuple[Array, Any, dict[str, Any]]
"""What a forward pass leaves: its result, the cache, and the arguments it was given."""


class Complaint(Exception):
    """End a check: the pair of functions does something that no number can make up for."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(outcome, reason)
        self.outcome, self.reason = outcome, reason


@dataclass
class Subject:
    """A pair of functions at one point; counts the calls and collects remarks."""

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    inputs: Inputs
    origin: Array
    params: dict[str, Any]
    cache_first: bool
    shape: tuple[int, ...] | None = None
    single: bool = False
    calls: int = 0
    broken: list[str] = field(default_factory=list)
    coarse: set[str] = field(default_factory=set)
    untouched: dict[str, Any] | None = field(default=None, init=False)

    def arguments(self, point: Array) -> dict[str, Any]:
        """Build the inputs at `point`: nothing in them is shared with the caller or with an earlier call."""
        return {name: self._build(name, value, point) for name, value in self.inputs.values.items()}

    def _build(self, name: str, value: Any, point: Array) -> Any:
        part = self.inputs.parts.get(name)
        if part is not None:
            piece = point[part.start : part.stop]
            return float(piece[0]) if part.scalar else piece.reshape(part.shape).copy()
        if is_tree(value):
            built = {key: self._build(f"{name}[{key!r}]", item, point) for key, item in items(value)}
            return built if isinstance(value, Mapping) else type(value)(built.values())
        return _copy(value)

    def run(self, point: Array) -> Ran:
        """Call forward; return its result as it came, the cache and the arguments it was given."""
        given = self.arguments(point)
        with _Named("forward, called with", given):
            result = self._called(given)
        if isinstance(result, tuple) and len(result) != 2:
            raise InputError(
                f"forward returned a tuple of {len(result)}.", "let it return y, or the pair (y, cache)."
            )
        result, cache = result if isinstance(result, tuple) else (result, _NO_CACHE)
        if isinstance(result, tuple) and result:  # (y, indices), cache: only y has a gradient
            result = result[0]
        return np.array(self._result(result), order="C"), cache, given

    def _called(self, given: dict[str, Any]) -> Any:
        self.calls += 1
        if self.inputs.keywords:
            return self.forward(**given, **self.params)
        return self.forward(*given.values(), **self.params)

    def call(self, given: dict[str, Any]) -> Any:
        """Return y alone, as forward gives it for arguments of whatever shape."""
        result = self._called(given)
        for _ in range(2):  # (y, cache), or ((y, indices), cache)
            if isinstance(result, tuple) and result:
                result = result[0]
        return result

    def outputs(self, point: Array) -> Array:
        """Return the flat float64 result of forward at one point."""
        return self.outputs_at(point[None])[0]

    def outputs_at(self, points: Array) -> Array:
        """Return the results at `points[K, n]`, all somewhere near the origin, where warnings mean nothing."""
        rows: Array | None = None
        with _Named("forward, called with", self.inputs.values), np.errstate(all="ignore"):
            for k, point in enumerate(points):
                y = self._result(self.call(self.arguments(point)))
                rows = np.empty((len(points), *y.shape)) if rows is None else rows
                rows[k] = y
        return np.empty((0, 0)) if rows is None else rows.reshape(len(points), -1)

    def _result(self, result: Any) -> Array:
        if type(result) is np.ndarray and result.dtype == np.float64 and result.shape == self.shape:
            return result
        try:
            array = np.asarray(result)
        except Exception:
            array = np.array(None)
        if array.dtype.kind not in "biuf" or is_masked(result):
            raise InputError(
                f"forward returned {_kind(result)}, not an array of real numbers.",
                "let forward return y, or the pair (y, cache).",
            )
        self.shape = array.shape if self.shape is None else self.shape
        if array.shape != self.shape:
            raise InputError(
                f"forward returned shape {array.shape}, and shape {self.shape} for other numbers of the same shape.",
                "let the shape of y depend on the shapes of the inputs only.",
            )
        self.single |= array.dtype.kind == "f" and array.dtype.itemsize < 8
        return array

    def gradient(self, dy: Array, ran: Ran | None = None) -> tuple[Array, Array]:
        """Run forward and backward at the origin; return the result and the gradient, both flat float64.

        `ran` is what a forward pass at the origin has returned just before, if there was one.
        """
        y, cache, given = ran or self.run(self.origin)
        self._compare("forward", given)
        assert self.backward is not None
        upstream: Any = dy.reshape(y.shape).copy() if y.shape else float(dy[0])
        if cache is _NO_CACHE:
            given = self.arguments(self.origin)
            args, kwargs = ((upstream,), given) if self.inputs.keywords else ((upstream, *given.values()), {})
            called = f"backward(dy, {', '.join(given)})"
        else:
            args, kwargs = ((cache, upstream) if self.cache_first else (upstream, cache)), {}
            called = "backward(cache, dy)" if self.cache_first else "backward(dy, cache)"
        with _Named(called):
            gradients = self.backward(*args, **kwargs)
        self._compare("backward", given)
        if y.shape and not np.array_equal(upstream, dy.reshape(y.shape)):
            self._blame("backward changes dy, which belongs to its caller: work on a copy.")
        return y.astype(np.float64).ravel(), self._flatten(gradients)

    def _compare(self, who: str, given: dict[str, Any]) -> None:
        if self.untouched is None:
            self.untouched = self.arguments(self.origin)
        for name, value in given.items():
            if not _same(value, self.untouched[name]):
                self._blame(f"{who} changes its input {name}: work on a copy, like {name}.copy().")

    def _blame(self, sentence: str) -> None:
        if sentence not in self.broken:
            self.broken.append(sentence)

    def _flatten(self, gradients: Any) -> Array:
        point = np.zeros_like(self.origin)
        for name, gradient in self._assign(gradients):
            for part, piece in self._pieces(name, self.inputs.values[name], gradient):
                point[part.start : part.stop] = self._piece(part, piece)
        return point

    @cached_property
    def _wanted(self) -> list[str]:
        return [
            name
            for name in self.inputs.values
            if any(p == name or p.startswith(f"{name}[") for p in self.inputs.parts)
        ]

    def _assign(self, gradients: Any) -> Iterator[tuple[str, Any]]:
        wanted = self._wanted
        if isinstance(gradients, Mapping):
            for name in wanted:
                key = name if name in gradients else f"d{name}"
                yield name, gradients.get(key)
            return
        several = isinstance(gradients, tuple) or (isinstance(gradients, list) and len(wanted) > 1)
        found = list(gradients) if several else [gradients]
        given = [gradient for gradient in found if gradient is not None]
        if len(found) == len(self.inputs.values) != len(wanted):
            yield from (
                (name, g) for name, g in zip(self.inputs.values, found, strict=True) if name in wanted
            )
        elif len(found) == len(wanted):
            yield from zip(wanted, found, strict=True)
        elif len(given) == len(wanted):
            yield from zip(wanted, given, strict=True)
        else:
            yield from self._assign_real(found, wanted)

    def _assign_real(self, found: list[Any], wanted: list[str]) -> Iterator[tuple[str, Any]]:
        """Take one gradient per input that holds real numbers, though only some of them are checked."""
        real = [name for name, value in self.inputs.values.items() if is_real(value)]
        if len(found) != len(real):
            expected = f"one for each of {', '.join(wanted)}, in this order"
            raise Complaint("wrong", f"backward returned {len(found)} gradient(s), expected {expected}.")
        yield from ((name, g) for name, g in zip(real, found, strict=True) if name in wanted)

    def _pieces(self, name: str, value: Any, gradient: Any) -> Iterator[tuple[Part, Any]]:
        if name in self.inputs.parts:
            yield self.inputs.parts[name], gradient
        elif is_tree(value):
            for key, item in items(value):
                if is_real(item):
                    yield from self._pieces(
                        f"{name}[{key!r}]", item, _item(gradient, key, f"{name}[{key!r}]")
                    )

    def _piece(self, part: Part, gradient: Any) -> Array:
        if gradient is None:
            raise Complaint("wrong", f"backward gives no gradient d{part.name}.")
        try:
            array = np.asarray(gradient)
        except Exception:
            array = np.array(None)
        if array.dtype.kind not in "biuf":
            raise Complaint("wrong", f"d{part.name} is {short(gradient)}, not an array of real numbers.")
        if array.shape != part.shape:
            raise Complaint(
                "wrong", f"d{part.name} has shape {array.shape}, but {part.name} has shape {part.shape}."
            )
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            self.coarse.add(part.name)
        return array.astype(np.float64).ravel()


_NO_CACHE = object()


def _kind(result: Any) -> str:
    if is_masked(result):
        return "a masked array"
    return f"an array of {result.dtype}" if isinstance(result, np.ndarray) else short(result)


def read_subject(
    forward: Any,
    backward: Any,
    inputs: Any,
    params: Mapping[str, Any] | None = None,
    wrt: Sequence[str | int] | str | int | None = None,
    cache_first: bool | None = None,
) -> Subject:
    """Take the arguments of a check apart; refuse what cannot be checked at all."""
    for name, function in (("forward", forward), ("backward", backward)):
        if function is not None and not callable(function):
            raise InputError(
                f"{name} is {short(function)}, not a function.", f"pass {name} without calling it."
            )
    found = read_inputs(forward, inputs, wrt)
    first = _takes_cache_first(backward) if cache_first is None else bool(cache_first)
    return Subject(forward, backward, found, found.origin, dict(params or {}), first)


def _takes_cache_first(backward: Any) -> bool:
    names = parameters(backward) if backward is not None else []
    return bool(names) and any(word in names[0].lower() for word in ("cache", "saved", "ctx", "memo"))


def _item(gradient: Any, key: Any, name: str) -> Any:
    try:
        return gradient[key]
    except (TypeError, KeyError, IndexError):
        raise Complaint("wrong", f"backward gives no gradient d{name}.") from None


def _copy(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # a module or an open file cannot be copied; it is passed on as it is
        return value


def _same(a: Any, b: Any) -> bool:
    if type(a) is type(b) is np.ndarray and a.dtype == b.dtype == np.float64:
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    if is_tree(a) or is_tree(b):
        if not is_tree(a) or not is_tree(b):
            return False
        left, right = dict(items(a)), dict(items(b))
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.dtype == object:
            return True
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return isinstance(a, list) is isinstance(b, list) and (not isinstance(a, list) or _equal_lists(a, b))


def _equal_lists(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and repr(a) == repr(b)


class _Named:
    """Tell in an exception of the caller's own functions what was being called."""

    def __init__(self, what: str, given: Mapping[str, Any] | None = None) -> None:
        self.what, self.given = what, given or {}

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if error is not None:
            what = " ".join([self.what, ", ".join(self.given)]).strip()
            error.add_note(f"raised while checking the gradient, in {what}")
