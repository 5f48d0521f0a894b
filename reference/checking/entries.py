"""Measure slopes of a subject: along any direction through all its entries, or for chosen entries one by one."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.checking.derivatives import FIRST_STEP, UNIT, Line, Slopes, glance, measure
from reference.checking.inputs import Part
from reference.checking.sparsity import colour, touched_outputs
from reference.checking.subject import Subject
from reference.checking.sweep import Habits, Sweep
from reference.shapes import Array

__all__ = ["Direction", "Workbench", "random_steps"]

_MASK_LIMIT = 40_000_000  # bytes for "which entry touches which output"; beyond it entries are moved singly

_SAMPLE = 3  # if so many entries touch every output, all are taken to

_THIRD = np.array([1.0, -3.0, 3.0, -1.0]) / math.sqrt(
    20
)  # a third difference, with the rounding of one number

_COARSE = 1e-10  # relative error of an output that float64 does not explain


@dataclass(frozen=True)
class Direction:
    """Move `entries` of the point by `steps` times h each; a derivative along it is per unit of h."""

    entries: Array
    steps: Array


def random_steps(rng: np.random.Generator, size: int) -> Array:
    """Draw steps of random signs and of sizes between 1/2 and 1."""
    drawn = rng.uniform(-0.5, 0.5, size)
    return drawn + np.copysign(0.5, drawn)


@dataclass(frozen=True)
class Workbench:
    """A subject with what is needed again and again: its result, the rounding in it, the size of a step."""

    subject: Subject
    base: Array
    noise: Array
    hidden: Array
    spread: Array
    habits: Habits = field(default_factory=Habits)

    @staticmethod
    def at(subject: Subject, rng: np.random.Generator, base: Array | None = None) -> Workbench:
        """Prepare to measure at the origin, where forward gives `base`."""
        spread = np.empty_like(subject.origin)
        for part in subject.inputs.parts.values():
            spread[part.start : part.stop] = part.spread
        base = subject.outputs(subject.origin) if base is None else base
        noise, coarse = _noise(subject, base, spread, rng)
        if subject.single:
            noise, coarse = np.fmax(noise, np.abs(base) * float(np.finfo(np.float32).eps) / 2), True
        least = UNIT * np.abs(base)
        noise = np.maximum(noise, least)
        return Workbench(subject, base, noise, noise if coarse else least, spread)

    def line(self, weights: Array, directions: Sequence[Direction], owner: Array | None = None) -> Line:
        """Set up a line along which all directions are moved at once: either one, or single entries."""
        kept: Any = slice(None) if owner is None else np.flatnonzero(owner >= 0)
        origin = self.subject.origin
        several = len(directions[0].entries) > 1
        vector = np.zeros_like(origin)
        for direction in directions:
            vector[direction.entries] = direction.steps
        leading = np.array([direction.entries[0] for direction in directions])

        def move(steps: Array) -> tuple[Array, Array]:
            points = origin + steps[:, None] * vector
            # What really was added differs from h * step by a rounding; a single entry can account for it.
            real = steps[:, None] if several else (points[:, leading] - origin[leading]) / vector[leading]
            return self.subject.outputs_at(points)[:, kept], real

        return Line(
            move,
            self.base[kept],
            weights[..., kept],
            np.zeros(len(self.base), dtype=np.intp) if owner is None else owner[kept],
            self.noise[kept],
            len(directions),
            float(np.abs(weights * self.hidden).max()),
        )

    def along(self, weights: Array, direction: Direction, first_step: float = FIRST_STEP) -> Slopes:
        """Measure the slope of sum(weights * y) along one direction."""
        return measure(self.line(weights, [direction]), first_step)

    def entry(self, at: int) -> Direction:
        return Direction(np.array([at]), self.spread[[at]])

    def glance(self, weights: Array, direction: Direction) -> Slopes | None:
        """Look at the slopes along one direction from small steps, one for each row of `weights[R, M]`."""
        found = glance(self.line(weights, [direction]))
        self.habits.straight |= found is not None and found.square
        return found

    def sweep(self, weights: Array, part: Part, entries: Array) -> tuple[Array, Array]:
        """Measure entries of one array quickly: values good enough to confirm a claim, and their errors."""
        if len(entries) == part.stop - part.start:  # all of them are in order
            value, error = self._sweep(part, np.ones(len(entries))).slopes(weights)
            return value / part.spread, error / part.spread
        places = entries - part.start
        moved = np.zeros(part.stop - part.start)
        moved[places] = 1.0
        value, error = self._sweep(part, moved).slopes(weights)
        return value[places] / part.spread, error[places] / part.spread

    def _sweep(self, part: Part, moved: Array) -> Sweep:
        return Sweep(self.subject, part, self.base, self.noise, moved, self.habits)

    def entries(self, weights: Array, entries: Array) -> tuple[Slopes, list[Array]]:
        """Measure the derivative with respect to each of the entries; also return the kinks of each.

        Entries that touch different outputs are moved together.
        """
        table = np.empty((4, len(entries)))
        kinks: list[Array] = [np.zeros((2, 0), dtype=np.intp)] * len(entries)
        groups, masks = self._groups(entries)
        for group in groups:
            found = measure(self._line_of(weights, entries, masks, group))
            table[:, group] = found.value, found.error, found.gap, found.floor
            for i, own in zip(group, self._kinks(found, masks, group), strict=True):
                kinks[i] = own
        value, error, gap, floor = table
        slopes = Slopes(value, error, gap, floor, np.concatenate(kinks, axis=1))
        return slopes.per_unit(self.spread[entries]), kinks

    def _groups(self, entries: Array) -> tuple[list[list[int]], Array | None]:
        masks = self._masks(entries)
        return ([[i] for i in range(len(entries))] if masks is None else colour(list(masks))), masks

    def _line_of(self, weights: Array, entries: Array, masks: Array | None, group: list[int]) -> Line:
        owner = None if masks is None else _owners(masks[group])
        return self.line(weights, [self.entry(entries[i]) for i in group], owner)

    def _kinks(self, found: Slopes, masks: Array | None, group: list[int]) -> list[Array]:
        """Hand the kinks of a group to the entries whose outputs they are."""
        if masks is None:
            return [found.kinks]
        owner = _owners(masks[group])
        at = np.flatnonzero(owner >= 0)[found.kinks[0]]
        return [np.array([at, found.kinks[1]])[:, owner[at] == k] for k in range(len(group))]

    def limit(self) -> int:
        """Return how many entries can be measured one by one in reasonable time."""
        return 512 if len(self.base) == 1 else int(np.clip(_MASK_LIMIT // len(self.base), 64, 2048))

    def _masks(self, entries: Array) -> Array | None:
        """Find out which outputs each of the entries changes; None if they are too many, or all the same."""
        if len(self.base) == 1 or len(entries) * len(self.base) > _MASK_LIMIT or len(entries) < 3:
            return None
        # Random sizes, because moving all entries by the same amount changes nothing in softmax or batch norm.
        rng = np.random.default_rng(len(entries))
        sizes = 2 * random_steps(rng, len(entries))
        step = FIRST_STEP * sizes * self.spread[entries]

        def touch(chosen: Array) -> Array:
            changed = np.zeros(len(self.base), dtype=bool)
            for sign in (1, -1):
                point = self.subject.origin.copy()
                point[entries[chosen]] += sign * step[chosen]
                changed |= self.subject.outputs(point) != self.base
            return changed

        some = rng.choice(len(entries), min(_SAMPLE, len(entries)), replace=False)
        if all(touch(some[[k]]).all() for k in range(len(some))):
            return None  # as in a linear layer: nothing is gained by looking for the rest
        return touched_outputs(touch, len(entries))


def _noise(subject: Subject, base: Array, spread: Array, rng: np.random.Generator) -> tuple[Array, bool]:
    """Measure how far rounding carries each output: what changes when nothing should. Is it more than float64's?

    Inputs that differ by one rounding show how rounding grows on its way. A third difference over tiny steps
    vanishes for every smooth function; what remains is rounding, also where forward computes in float32 somewhere
    inside. All these steps go to one side, so that a kink at the point itself does not disturb.
    """
    drawn = random_steps(rng, 2 * len(spread)).reshape(2, -1)
    tiny = 2.0**-22 * spread * drawn[1]
    points = np.arange(4.0)[:, None] * tiny + subject.origin
    points[0] *= 1 + np.copysign(2 * UNIT, drawn[0])
    rows = subject.outputs_at(points)
    size, middle = np.abs(base), len(base) // 2
    with np.errstate(all="ignore"):
        noise = np.abs(rows[0] - base)
        rows[0] = base
        noise = np.fmax(noise, np.abs(_THIRD @ rows))
        if not math.isfinite(noise.sum()):
            noise = np.fmin(np.fmax(noise, 0.0), sys.float_info.max)
    # One output may be lucky. If most lose digits by the dozen, as float32 does, what is lost counts for all.
    if np.count_nonzero(noise > _COARSE * size) < len(base) - middle:
        return noise, False
    relative = float(np.partition(noise / np.where(base == 0, np.inf, size), middle)[middle])
    coarse = relative > _COARSE
    return (np.fmax(noise, relative * size) if coarse else noise), coarse


def _owners(masks: Array) -> Array:
    owner = np.full(masks.shape[1], -1, dtype=np.intp)
    for k, mask in enumerate(masks):
        owner[mask] = k
    return owner
