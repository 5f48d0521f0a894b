"""Call forward once for many points: copies of one input stacked along an axis, where forward takes them.

A layer treats the examples of a batch alike, and a filter like every other. So copies of `x` may stand one after
another along the batch axis, and copies of `w` (with `b`) along the axis of the filters; the results stand one after
another along some axis as well. Whether a function is like that is tried out, never assumed: copies must give what
the original gives, also beside a copy that was changed. What comes out serves to confirm a gradient only.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from reference.checking.inputs import Part
from reference.checking.subject import Subject
from reference.shapes import Array

__all__ = ["Stack", "find_stack", "room_for", "ways_to_stack"]

_ROOM = 2**17  # numbers in one stacked array: more would not be faster than one call after the other

_KEPT = 2**24  # bytes: no block of a stacked call is larger


@dataclass(frozen=True)
class Stack:
    """Inputs that grow together, each along an axis, and the result of a single copy."""

    subject: Subject
    axes: dict[str, int]
    base: Array

    def changes(self, moved: Part, moves: Array) -> Array | None:
        """Return what each of `moves[K, n]` of one input does to the result, or None if there are not K results."""
        most = max(1, _ROOM // max(self.subject.origin.size, self.base.size))
        found = [self._stacked(moved, moves[k : k + most]) for k in range(0, len(moves), most)]
        kept = [rows for rows in found if rows is not None]
        if len(kept) < len(found):
            return None
        return kept[0] if len(kept) == 1 else np.concatenate(kept)

    def _stacked(self, moved: Part, moves: Array) -> Array | None:
        given = self.subject.arguments(self.subject.origin)
        for name, axis in self.axes.items():
            part = self.subject.inputs.parts[name]
            own = self.subject.origin[part.start : part.stop]
            copies = own + moves if part is moved else np.broadcast_to(own, (len(moves), len(own)))
            given[name] = _side_by_side(copies, part.shape, axis % len(part.shape))
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                y = self.subject.call(given)
        except Exception:  # forward need not take other shapes than those it was given
            return None
        rows = _taken_apart(y, self.subject.shape or (), len(moves))
        if rows is None:
            return None
        with np.errstate(all="ignore"):  # what forward returned is its own, and stays as it is
            return np.subtract(rows, self.base, out=None if np.may_share_memory(rows, y) else rows)


def _side_by_side(rows: Array, shape: tuple[int, ...], axis: int) -> Array:
    """Lay copies of an array one after another along an axis; the result is a writable array in C order."""
    wide = shape[:axis] + (len(rows) * shape[axis],) + shape[axis + 1 :]
    copies = np.moveaxis(rows.reshape(-1, *shape), 0, axis) if axis else rows
    return np.require(copies, requirements=("C", "W")).reshape(wide)


def _taken_apart(y: object, shape: tuple[int, ...], count: int) -> Array | None:
    """Return a flat result for each copy, or None if that is not what they have given."""
    if not isinstance(y, np.ndarray) or y.dtype != np.float64 or y.ndim != len(shape):
        return None
    if y.shape == shape and count == 1:
        return y.reshape(1, -1)
    longer = [axis for axis in range(y.ndim) if y.shape[axis] != shape[axis]]
    if len(longer) != 1 or y.shape[longer[0]] != count * shape[longer[0]]:
        return None
    axis = longer[0]
    return np.moveaxis(y.reshape(*shape[:axis], count, *shape[axis:]), axis, 0).reshape(count, -1)


@cache
def _keep_memory() -> None:
    """Let freed memory be used again, which saves up to half of the time of a call with many copies.

    The allocator of Linux gives large blocks back to the system, which clears every page of the next one. From the
    size of the first block that is freed it learns what to keep; the block itself is never touched.
    """
    with contextlib.suppress(MemoryError):
        np.empty(_KEPT, np.uint8)


def room_for(count: int, size: int) -> Array:
    """Return rows for so many moves, one row of zeros before them and two behind, as `find_stack` wants them."""
    return np.zeros((count + 3, size))


def find_stack(
    ways: Sequence[dict[str, int]], subject: Subject, part: Part, base: Array, allowed: Array, rows: Array
) -> tuple[Stack, Array] | None:
    """Find out whether copies of one input can be stacked; return how, and what each of the moves changes.

    The moves should stay in their copies: the outputs of others that are not moved differ by `allowed` at most. One
    of them stands before the moves and two behind (`room_for`), so that they are not their own mirror images.
    """
    _keep_memory()
    for axes in ways:
        stack = Stack(subject, axes, base)
        changes = stack.changes(part, rows)
        if changes is not None and bool((np.abs(changes[[0, -2, -1]]) <= allowed).all()):
            return stack, changes[1:-2]
    return None


def ways_to_stack(subject: Subject, part: Part, known: Sequence[dict[str, int]] = ()) -> list[dict[str, int]]:
    """Return the ways worth a try, the likeliest first; `known` have served for other inputs."""
    return [axes for axes in known if part.name in axes] or list(_ways(subject, part))


def _ways(subject: Subject, part: Part) -> Iterator[dict[str, int]]:
    """Yield the input together with its bias, filters or a matrix and a vector, or alone along its first axis."""
    whole = [other for other in subject.inputs.parts.values() if other.name in subject.inputs.values]
    if part not in whole or not part.shape:
        return
    for axis in (0, -1):
        for other in whole:
            if 1 in map(len, (part.shape, other.shape)) and len(part.shape) + len(other.shape) > 2:
                long, short = sorted((part, other), key=lambda p: -len(p.shape))
                if short.shape == (long.shape[axis],):
                    yield {long.name: axis, short.name: 0}
    if len(part.shape) > 1:
        yield {part.name: 0}
