"""Move every entry of one array in few calls of forward, to confirm a gradient entry by entry.

Which outputs a row of an image touches, or a column, a channel, an example, is found by moving it as a whole, axis by
axis. An entry touches no output that its row or its column does not touch. So rows that touch different outputs get
the same colour, columns as well, and all entries whose rows, columns, ... have the same colours are moved together: of
two of them, one axis at least tells the outputs apart. (Curtis, Powell and Reid, 1974, one axis at a time.)

Two steps are enough for a number that is only to confirm a claim: one to either side, very small; or a large one,
where the outputs follow straight lines. Whatever is not confirmed has to be measured in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.checking.derivatives import FIRST_STEP, UNIT
from reference.checking.inputs import Part
from reference.checking.sparsity import colour, touched_outputs
from reference.checking.stacking import Stack, find_stack
from reference.checking.subject import Subject
from reference.shapes import Array

__all__ = ["Colouring", "Sweep", "colour_by_axes"]

_SHORT = (
    16  # slabs of a longer axis are told apart by halving, which takes fewer calls if they touch few outputs
)
_PINCH = 2.0**-17  # leaves 1e-10 of the curvature, and ten digits above rounding
_BEND = 2.0**-14  # how much of the bend between two such steps is allowed as error: 50 times what is expected
_ROOM = 2**21  # numbers that are looked at in one go


@dataclass(frozen=True)
class Colouring:
    """Groups of entries that touch different outputs: `group[i]` of each entry, and the slabs behind it.

    `owners[axis][c, m]` is the slab of colour c which touches output m, or -1.
    """

    group: Array
    owners: tuple[Array, ...]
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        return int(np.prod([len(owners) for owners in self.owners]))

    def entry_of(self, groups: Array) -> Array:
        """Return `place[k, m]`: the entry which changes output m when group k is moved, or -1."""
        colours = np.unravel_index(groups, [len(owners) for owners in self.owners])
        place = np.zeros((len(groups), self.owners[0].shape[1]), dtype=np.intp)
        nobody = np.zeros(place.shape, dtype=bool)
        for size, owners, own in zip(self.shape, self.owners, colours, strict=True):
            slab = owners[own]
            nobody |= slab < 0
            place = place * size + slab
        place[nobody] = -1
        return place


def colour_by_axes(masks: list[Array]) -> Colouring:
    """Colour the entries of an array; `masks[axis][i, m]` tells whether slab i of an axis touches output m."""
    shape = tuple(len(mask) for mask in masks)
    group, owners = np.zeros((1,) * len(shape), dtype=np.intp), []
    for axis, mask in enumerate(masks):
        found = colour(list(mask))
        own, of = np.full((len(found), mask.shape[1]), -1), np.empty(len(mask), dtype=np.intp)
        for c, slabs in enumerate(found):
            of[slabs] = c
            for slab in slabs:
                own[c, mask[slab]] = slab
        owners.append(own)
        group = group * len(found) + np.expand_dims(of, [a for a in range(len(shape)) if a != axis])
    return Colouring(group.ravel(), tuple(owners), shape)


@dataclass(frozen=True)
class Sweep:
    """One array of a subject, the entries of it that are to be moved, and how many copies of it go into a call.

    `steps` is the size of a step of each entry of the array, 0 for those that stay.
    """

    subject: Subject
    part: Part
    base: Array
    noise: Array
    steps: Array
    stack: Stack | None
    random: Array

    @staticmethod
    def over(subject: Subject, part: Part, base: Array, noise: Array, moved: Array) -> Sweep:
        """Prepare to move the entries `moved[n]` of one array."""
        rng = np.random.default_rng(len(moved))
        drawn = rng.uniform(-1, 1, len(moved))
        random = moved * part.spread * (drawn + np.copysign(1.0, drawn))
        noise = np.maximum(noise, UNIT * np.maximum(np.abs(base), np.max(np.abs(base))))
        stack = find_stack(subject, part, base, noise, FIRST_STEP * random)
        return Sweep(subject, part, base, noise, moved * part.spread, stack, random)

    def slopes(self, weights: Array) -> tuple[Array, Array]:
        """Return the slope of sum(weights * y) per step of each entry, and how far it may be off."""
        colouring = colour_by_axes(
            [self._slabs(axis) for axis in range(len(self.part.shape))] or [self._all()]
        )
        value, error = np.zeros(len(self.steps)), np.zeros(len(self.steps))
        straight = self._straight()
        most = max(1, _ROOM // len(self.base))
        groups = np.unique(colouring.group[self.steps != 0])
        for k in range(0, len(groups), most):
            some = groups[k : k + most]
            moves = (colouring.group == some[:, None]) * self.steps
            change, doubt = self._chords(moves) if straight else self._pinches(moves)
            place = colouring.entry_of(some)
            at, seen = place[place >= 0], place >= 0
            value += np.bincount(at, weights=(weights * change)[seen], minlength=len(value))
            error += np.bincount(at, weights=((weights * doubt) ** 2)[seen], minlength=len(value))
        return value, 3 * np.sqrt(error)

    def _chords(self, moves: Array) -> tuple[Array, Array]:
        up = self._outputs(moves)
        return up - self.base, np.broadcast_to(1.5 * self.noise, up.shape)

    def _pinches(self, moves: Array) -> tuple[Array, Array]:
        up, down = self._outputs(_PINCH * moves), self._outputs(-_PINCH * moves)
        bend = np.abs(up + down - 2 * self.base) / _PINCH
        return (up - down) / (2 * _PINCH), _BEND * bend + self.noise / _PINCH

    def _outputs(self, moves: Array) -> Array:
        """Return the outputs `y[K, M]` after each of the moves of this array."""
        own = slice(self.part.start, self.part.stop)
        if self.stack is not None:
            points = np.tile(self.subject.origin, (len(moves), 1))
            points[:, own] += moves
            found = self.stack.outputs(points)
            if found is not None:
                return found
        return np.array([self._output(move) for move in moves])

    def _output(self, move: Array) -> Array:
        point = self.subject.origin.copy()
        point[self.part.start : self.part.stop] += move
        return self.subject.outputs(point)

    def _straight(self) -> bool:
        """Tell whether the outputs seem to follow straight lines, as far as one step of all entries."""
        up, down, half = self._outputs(np.array([[1.0], [-1.0], [0.5]]) * self.random / 2)
        largest = np.maximum(np.maximum(np.abs(up), np.abs(down)), np.abs(self.base))
        allowed = 64 * np.maximum(self.noise, UNIT * largest) + 64 * UNIT * float(np.max(largest))
        with np.errstate(all="ignore"):
            bends = np.abs(up + down - 2 * self.base), np.abs(up - 2 * half + self.base)
            return bool(np.all(np.maximum(*bends) <= allowed))

    # ------------------------------------------------------------------------------------------- slabs

    def _all(self) -> Array:
        return np.ones((1, len(self.base)), dtype=bool)

    def _slabs(self, axis: int) -> Array:
        """Return `masks[i, m]`: does moving slab i of an axis change output m?"""
        size = self.part.shape[axis]
        index = np.arange(len(self.steps)) // int(np.prod(self.part.shape[axis + 1 :])) % size
        step = FIRST_STEP * self.random

        def touch(slabs: Array) -> Array:
            chosen = np.isin(index, slabs)
            return self._changed(np.where(chosen, step, 0.0)[None])[0]

        if size == 1:
            return self._all()
        if size > _SHORT:
            return touched_outputs(touch, size)
        return self._changed(np.where(index == np.arange(size)[:, None], step, 0.0))

    def _changed(self, moves: Array) -> Array:
        """Tell which outputs the moves change; in a stack, rounding may change the others by a little."""
        return ~(np.abs(self._outputs(moves) - self.base) <= (64 * self.noise if self.stack else 0.0))
