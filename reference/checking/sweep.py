"""Move every entry of one array in few calls of forward, to confirm a gradient entry by entry.

Which outputs a row of an image touches, or a column, a channel, an example, is found by moving it as a whole, axis by
axis. An entry touches no output that its row or its column does not touch. So rows that touch different outputs get
the same colour, columns as well, and all entries whose rows, columns, ... have the same colours are moved together: of
two of them, one axis at least tells the outputs apart. (Curtis, Powell and Reid, 1974, one axis at a time.)

Where the outputs follow straight lines, as of a convolution or a linear layer, the groups are guessed from the shapes
first (`guesses`), which takes fewer moves. A guess that does not hold is dropped.

Two steps are enough for a number that is only to confirm a claim: one to either side, very small; or a large one,
where the outputs follow straight lines. Whatever is not confirmed has to be measured in another way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from reference.checking.derivatives import FIRST_STEP, UNIT
from reference.checking.guesses import Guess, guess_periods
from reference.checking.inputs import Part
from reference.checking.sparsity import colour, touched_outputs
from reference.checking.stacking import Stack, find_stack, room_for, ways_to_stack
from reference.checking.subject import Subject
from reference.shapes import Array

__all__ = ["Colouring", "Habits", "Sweep", "colour_by_axes"]

_FEW = 3  # so many entries are moved one by one
_SHORT = 16  # slabs of a longer axis are told apart by halving: fewer calls if they touch few outputs
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


@dataclass
class Habits:
    """What is known of a function already: how copies of inputs were stacked, and whether it looks straight."""

    stacks: list[dict[str, int]] = field(default_factory=list)
    straight: bool = False


@lru_cache(maxsize=16)
def _drawn(size: int) -> Array:
    """Draw steps of random signs and of sizes between 1/2 and 1, the same ones for each array of a size."""
    drawn = np.random.default_rng(size).uniform(-0.5, 0.5, size)
    drawn += np.copysign(0.5, drawn)
    drawn.setflags(write=False)
    return drawn


class Sweep:
    """One array of a subject, all of whose entries, or some of them, are to be moved."""

    def __init__(
        self,
        subject: Subject,
        part: Part,
        base: Array,
        noise: Array,
        moved: Array,
        habits: Habits | None = None,
    ) -> None:
        """Prepare to move the entries where `moved[n]` is 1."""
        self.subject, self.part, self.base = subject, part, base
        self.noise = np.maximum(noise, UNIT * np.abs(base))
        self.steps = moved * part.spread
        self.stack: Stack | None = None
        self.shape = part.shape or (1,)
        self.habits = habits or Habits()
        self.ways = ways_to_stack(subject, part, self.habits.stacks)
        self.random = self.steps * _drawn(len(moved))

    def slopes(self, weights: Array) -> tuple[Array, Array]:
        """Return the slope of sum(weights * y) per step of each entry, and how far it may be off."""
        if np.count_nonzero(self.steps) <= _FEW:
            return self._singly(weights)
        guess, hope = self._guess(), self.habits.straight
        found = self._guessed(weights, guess) if guess and hope else None
        if found is None:
            straight = self.habits.straight = self._try()
            found = self._guessed(weights, guess) if guess and straight and not hope else None
        return self._coloured(weights, straight) if found is None else found

    def _coloured(self, weights: Array, straight: bool) -> tuple[Array, Array]:
        """Move groups of entries which the slabs have shown to touch different outputs."""
        colouring = colour_by_axes(self._slabs())
        groups = np.unique(colouring.group[self.steps != 0])
        value, error = np.zeros(len(self.steps)), np.zeros(len(self.steps))
        most = max(1, _ROOM // len(self.base))
        for k in range(0, len(groups), most):
            some = groups[k : k + most]
            moves = (colouring.group == some[:, None]) * self.steps
            with np.errstate(all="ignore"):
                change, doubt = self._chords(moves) if straight else self._pinches(moves)
                place = colouring.entry_of(some)
                seen = place >= 0
                at = place[seen]
                value += np.bincount(at, (weights * change)[seen], len(value))
                error += np.bincount(at, ((weights * doubt) ** 2)[seen], len(value))
        return value, 3 * np.sqrt(error)

    def _singly(self, weights: Array) -> tuple[Array, Array]:
        """Move so few entries one after the other that nothing is gained by knowing which outputs they touch."""
        value, error = np.zeros(len(self.steps)), np.zeros(len(self.steps))
        at = np.flatnonzero(self.steps)
        moves = np.zeros((len(at), len(self.steps)))
        moves[np.arange(len(at)), at] = self.steps[at]
        with np.errstate(all="ignore"):
            change, doubt = self._pinches(moves)
            value[at] = change @ weights
            error[at] = 3 * np.sqrt(doubt**2 @ weights**2)
        return value, error

    # ------------------------------------------------------------------------------------------- guesses

    def _guess(self) -> Guess | None:
        """Guess groups from the shapes, if all entries are to be moved and they are not too many."""
        apart = next((axes[self.part.name] for axes in self.ways), 0)
        guess = Guess(self.shape, guess_periods(self.part, self.subject.inputs.parts.values(), apart))
        small = guess.count * max(len(self.base), len(self.steps)) <= _ROOM
        return guess if small and self.steps.all() else None

    def _guessed(self, weights: Array, guess: Guess) -> tuple[Array, Array] | None:
        """Move all entries in the groups that the shapes suggest; None if the numbers contradict.

        Where outputs follow straight lines, a further move of all entries changes them by the sum of what the single
        moves do. That tells whether they are straight, and whether each change was put down to the right entry.
        """
        joint = self.random * (1.5 - np.abs(self.random) / self.part.spread)
        rows = room_for(guess.size + 1, len(joint))
        rows[1] = joint
        guess.moves(self.random, rows[2:-2])
        changes = self._stack_or_not(rows)
        with np.errstate(all="ignore"):
            owners = guess.owners(changes[1:], self.noise)
            if owners is None:
                return None
            value = guess.sums(changes[1:], weights, owners) / self.random
            doubt = weights * self.noise
            error = 4.5 * math.sqrt(doubt @ doubt)
            off = abs(float(value @ joint - changes[0] @ weights))
            if not off <= 8 * math.sqrt(len(self.steps)) * error:
                return None
            return value * self.steps, (error + off) * np.abs(self.steps / self.random)

    # ------------------------------------------------------------------------------------------- two steps

    def _chords(self, moves: Array) -> tuple[Array, Array]:
        changes = self._changes(moves)
        return changes, np.broadcast_to(1.5 * self.noise, changes.shape)

    def _pinches(self, moves: Array) -> tuple[Array, Array]:
        up, down = self._changes(_PINCH * moves), self._changes(-_PINCH * moves)
        bend = np.abs(up + down) / _PINCH
        changed = (up != down) | (up != 0)
        return (up - down) / (2 * _PINCH), _BEND * bend + changed * self.noise / _PINCH

    def _stack_or_not(self, rows: Array) -> Array:
        """Return what the moves in `rows` change; if it is not known whether copies can be stacked, find out."""
        if self.stack or not self.ways:
            return self._changes(rows[1:-2])
        noise = np.maximum(self.noise, UNIT * np.abs(self.base).max())
        found = find_stack(self.ways, self.subject, self.part, self.base, 64 * noise, rows)
        self.ways = []
        if found is None:
            return self._changes(rows[1:-2])
        self.stack, self.noise = found[0], noise  # results of another shape may be rounded in another way
        if self.stack.axes not in self.habits.stacks:
            self.habits.stacks.append(self.stack.axes)
        return found[1]

    def _try(self) -> bool:
        """Find out whether copies can be stacked, and whether the outputs follow straight lines for one step."""
        rows = room_for(3, len(self.random))
        rows[1:-2] = np.array([[1.0], [-1.0], [0.5]]) * self.random
        return self._straight(self._stack_or_not(rows))

    def _straight(self, changes: Array) -> bool:
        """Tell whether the outputs follow straight lines, given what a step, its opposite and half of it change."""
        with np.errstate(all="ignore"):
            bends = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, -2.0]]) @ changes
            largest = max(float(np.abs(changes + self.base).max()), float(np.abs(self.base).max()))
            return bool((np.abs(bends) <= 64 * self.noise + 64 * UNIT * largest).all())

    def _changes(self, moves: Array) -> Array:
        """Return what each of the moves of this array does to the outputs, `change[K, M]`."""
        found = None if self.stack is None else self.stack.changes(self.part, moves)
        if found is not None:
            return found
        points = np.tile(self.subject.origin, (len(moves), 1))
        points[:, self.part.start : self.part.stop] += moves
        with np.errstate(all="ignore"):
            return self.subject.outputs_at(points) - self.base

    # ------------------------------------------------------------------------------------------- slabs

    def _slabs(self) -> list[Array]:
        """Return, axis by axis, `masks[i, m]`: does moving slab i of the axis change output m?"""
        masks = [np.ones((size, len(self.base)), dtype=bool) for size in self.shape]
        short = [axis for axis, size in enumerate(self.shape) if 1 < size <= _SHORT]
        if short:
            moves = [self._moves(axis, np.arange(self.shape[axis])[:, None]) for axis in short]
            changed = self._changed(np.concatenate(moves))
            ends = np.cumsum([self.shape[axis] for axis in short])
            for axis, mask in zip(short, np.split(changed, ends[:-1]), strict=True):
                masks[axis] = mask
        for axis, size in enumerate(self.shape):
            if size > _SHORT:
                masks[axis] = touched_outputs(self._touch(axis), size)
        return masks

    def _touch(self, axis: int) -> Callable[[Array], Array]:
        return lambda slabs: self._changed(self._moves(axis, slabs[:, None]).sum(axis=0)[None])[0]

    def _moves(self, axis: int, slabs: Array) -> Array:
        index = np.arange(len(self.steps)) // int(np.prod(self.shape[axis + 1 :])) % self.shape[axis]
        return (index == slabs) * (FIRST_STEP * self.random)

    def _changed(self, moves: Array) -> Array:
        """Tell which outputs the moves change; in a stack, rounding may change the others by a little."""
        with np.errstate(all="ignore"):
            return ~(np.abs(self._changes(moves)) <= (64 * self.noise if self.stack else 0.0))
