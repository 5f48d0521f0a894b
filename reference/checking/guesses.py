"""Guess from the shapes which entries touch different outputs, and find out from the numbers whether it is so.

A layer slides windows as long as another of its inputs over an image: entries that lie further apart touch different
outputs. Examples, or filters, touch outputs of their own. So the slabs of an axis are coloured in turn, 0 1 2 0 1 2,
and which of them an output belongs to is read off two moves of all slabs of one colour: in the second each slab is
moved by a multiple of its own. Where the outputs follow straight lines, they change by that multiple as well. An
output which changes by no such multiple belongs to several slabs, and then the guess was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reference.checking.inputs import Part
from reference.shapes import Array

__all__ = ["Guess", "guess_periods", "read_owners"]

_PLAIN = 1e7  # changes that stand out so far above rounding can be divided by each other
_OFF = 1e-5  # how far a quotient may be off its multiple


def guess_periods(part: Part, others: Sequence[Part], apart: int) -> tuple[int, ...]:
    """Return, axis by axis, after how many slabs the colours may begin again; `apart` is an axis like examples."""
    sizes = [other.shape for other in others if other is not part and len(other.shape) == len(part.shape)]
    periods = list(part.shape)
    for axis in range(2, len(periods)):
        periods[axis] = min([periods[axis], *(shape[axis] for shape in sizes)])
    periods[apart] = 1
    return tuple(periods)


@dataclass(frozen=True)
class Guess:
    """Groups of entries of an array, `group[n]`, and the colour of the slab of each entry along each axis."""

    shape: tuple[int, ...]
    periods: tuple[int, ...]
    index: tuple[Array, ...]
    group: Array

    @staticmethod
    def of(shape: tuple[int, ...], periods: tuple[int, ...]) -> Guess:
        index = tuple(np.indices(shape).reshape(len(shape), -1))
        group = np.zeros(len(index[0]), dtype=np.intp)
        for slab, period in zip(index, periods, strict=True):
            group = group * period + slab % period
        return Guess(shape, periods, index, group)

    @property
    def count(self) -> int:
        return math.prod(self.periods)

    def _shared(self) -> list[int]:
        """Return the axes along which several slabs have the same colour."""
        return [axis for axis, period in enumerate(self.periods) if period < self.shape[axis]]

    def moves(self, steps: Array) -> Array:
        """Return the moves of the groups, then the moves that tell the slabs of each shared axis apart."""
        rows = [self.group == np.arange(self.count)[:, None]]
        for axis in self._shared():
            slab, period = self.index[axis], self.periods[axis]
            rows.append((slab % period == np.arange(period)[:, None]) * (slab // period + 1.0))
        return np.concatenate(rows) * steps

    def places(self, change: Array, noise: Array) -> Array | None:
        """Return `place[group, m]`: the entry that changes an output; None if some output belongs to several.

        `change` is what the moves did to the outputs.
        """
        shared, outputs = self._shared(), change.shape[1]
        plain = change[: self.count].reshape(*self.periods, outputs)
        alone = tuple(axis for axis in range(len(self.shape)) if axis not in shared)
        plain = plain.sum(axis=alone, keepdims=True)
        place: Array = np.zeros((1, 1), dtype=np.intp)
        at = self.count
        for axis, period in enumerate(self.periods):
            owner: Array | None = np.arange(period)[:, None]
            if axis in shared:
                others = tuple(other for other in shared if other != axis)
                once = plain.sum(axis=others).reshape(period, outputs)
                owner = read_owners(once, change[at : at + period], noise, period, self.shape[axis])
                at += period
            if owner is None:
                return None
            place = (place[:, None] * self.shape[axis] + owner).reshape(len(place) * period, -1)
        return np.broadcast_to(place, (self.count, outputs))


def read_owners(once: Array, again: Array, noise: Array, period: int, slabs: int) -> Array | None:
    """Return which slab of a colour touches an output, `owner[colour, m]`; None if it is not one.

    `once` and `again[colour, m]` are the changes after the two moves. What changes as little as rounding does
    belongs to nobody, and is given to the first.
    """
    with np.errstate(all="ignore"):
        quotient = again / once
        nearest = np.rint(quotient)
        most = (slabs - 1 - np.arange(period)[:, None]) // period + 1
        clear = (np.abs(once) > _PLAIN * noise) & (np.abs(quotient - nearest) <= _OFF)
        clear &= (nearest >= 1) & (nearest <= most)
        still = (np.abs(once) <= 64 * noise) & (np.abs(again) <= 64 * noise * most)
    if not (clear | still).all():
        return None
    return np.where(clear, nearest - 1, 0).astype(np.intp) * period + np.arange(period)[:, None]
