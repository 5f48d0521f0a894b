"""Guess from the shapes which entries touch different outputs, and find out from the numbers whether it is so.

A layer slides windows as long as another of its inputs over an image: entries that lie further apart touch different
outputs. Examples, or filters, touch outputs of their own. So the slabs of an axis are coloured in turn, 0 1 2 0 1 2,
and which of them an output belongs to is read off two moves of all slabs of one colour: in the second each slab is
moved by a multiple of its own. Where the outputs follow straight lines, they change by that multiple as well. An
output which changes by no such multiple belongs to several slabs, and then the guess was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reference.checking.inputs import Part
from reference.shapes import Array

__all__ = ["Guess", "guess_periods", "read_owners"]

_PLAIN = 1e7  # changes that stand out so far above rounding can be divided by each other
_FEW_SLABS = 64  # of more, a product of matrices takes longer than picking sums
_OFF = 1e-5  # how far a quotient may be off its multiple


def guess_periods(part: Part, others: Iterable[Part], apart: int) -> tuple[int, ...]:
    """Return, axis by axis, after how many slabs the colours may begin again; `apart` is an axis like examples."""
    sizes = [other.shape for other in others if other is not part and len(other.shape) == len(part.shape)]
    periods = list(part.shape)
    for axis in range(2, len(periods)):
        periods[axis] = min([periods[axis], *(shape[axis] for shape in sizes)])
    periods[apart] = 1
    return tuple(periods)


@dataclass(frozen=True)
class Guess:
    """Groups of entries of an array: along each axis the colours of its slabs begin again after a period."""

    shape: tuple[int, ...]
    periods: tuple[int, ...]

    @property
    def count(self) -> int:
        return math.prod(self.periods)

    def _shared(self) -> list[int]:
        """Return the axes along which several slabs have the same colour."""
        return [axis for axis, period in enumerate(self.periods) if period < self.shape[axis]]

    @property
    def size(self) -> int:
        """How many moves it takes to measure all groups and to tell the slabs apart."""
        return self.count + sum(self.periods[axis] for axis in self._shared())

    def moves(self, steps: Array, rows: Array) -> None:
        """Write the moves of the groups, then those that tell the slabs of each shared axis apart, into zeros."""
        rows[self._groups(), np.arange(len(steps))] = steps
        image, at = steps.reshape(self.shape), self.count
        for axis in self._shared():
            multiples = np.arange(1.0, self.shape[axis] + 1).reshape(-1, *self._behind(axis))
            for colour in range(self.periods[axis]):
                own = (slice(None),) * axis + (slice(colour, None, self.periods[axis]),)
                moved = image[own]
                np.multiply(moved, multiples[: moved.shape[axis]], out=rows[at].reshape(self.shape)[own])
                at += 1

    def _groups(self) -> Array:
        group: Array = np.zeros((), dtype=np.intp)
        for axis, (size, period) in enumerate(zip(self.shape, self.periods, strict=True)):
            colours = (np.arange(size) % period).reshape(-1, *self._behind(axis))
            group = group * period + colours
        return group.reshape(-1)

    def _behind(self, axis: int) -> tuple[int, ...]:
        return (1,) * (len(self.shape) - 1 - axis)

    def owners(self, change: Array, noise: Array) -> list[Array] | None:
        """Return for each axis `owner[colour, m]`: the slab of a colour which touches an output.

        `change` is what the moves did to the outputs. None if some output belongs to several slabs of a colour.
        """
        shared, outputs = self._shared(), change.shape[1]
        alone = tuple(axis for axis in range(len(self.shape)) if axis not in shared)
        plain = change[: self.count].reshape(*self.periods, outputs).sum(axis=alone, keepdims=True)
        found, at = [np.arange(period)[:, None] for period in self.periods], self.count
        for axis in shared:
            period, others = self.periods[axis], tuple(other for other in shared if other != axis)
            once = (
                plain.sum(axis=others).reshape(period, outputs) if others else plain.reshape(period, outputs)
            )
            owner = read_owners(once, change[at : at + period], noise, period, self.shape[axis])
            if owner is None:
                return None
            found[axis], at = owner, at + period
        return found

    def sums(self, change: Array, weights: Array, owners: list[Array]) -> Array:
        """Return for each entry the sum of weights * change over the outputs that it touches."""
        shared = self._shared()
        if len(shared) == 1 and self.periods[shared[0]] == 1 and self.shape[shared[0]] <= _FEW_SLABS:
            (axis,) = shared
            own = (
                owners[axis] == np.arange(self.shape[axis])[:, None]
            ) * weights  # as one product of matrices
            found = (change[: self.count] @ own.T).reshape(*self.periods, self.shape[axis])
            return np.moveaxis(found, -1, axis).reshape(self.shape).reshape(-1)
        place: Array = np.zeros((1, 1), dtype=np.intp)
        for size, owner in zip(self.shape, owners, strict=True):
            place = (place[:, None] * size + owner).reshape(len(place) * len(owner), -1)
        place = np.broadcast_to(place, (self.count, change.shape[1]))
        weighed = weights * change[: self.count]
        return np.bincount(place.reshape(-1), weighed.reshape(-1), math.prod(self.shape)).astype(np.float64)


def read_owners(once: Array, again: Array, noise: Array, period: int, slabs: int) -> Array | None:
    """Return which slab of a colour touches an output, `owner[colour, m]`; None if it is not one.

    `once` and `again[colour, m]` are the changes after the two moves. What changes as little as rounding does
    belongs to nobody, and is given to the first.
    """
    colours = np.arange(period)[:, None]
    many = (slabs - 1 - colours) // period + 1
    with np.errstate(all="ignore"):
        off = again / once
        nearest = np.rint(off)
        off -= nearest
        clear = np.abs(off, out=off) <= _OFF
        clear &= np.abs(once) > _PLAIN * noise
        clear &= nearest >= 1
        clear &= nearest <= many
    if not clear.all():
        still = (np.abs(once) <= 64 * noise) & (np.abs(again) <= 64 * noise * many)
        if not (clear | still).all():
            return None
        nearest[~clear] = 1
    nearest -= 1
    nearest *= period
    nearest += colours
    return nearest.astype(np.intp)
