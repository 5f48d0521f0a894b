"""Differentiate a Python function along straight lines, with a bound on the error of what comes out.

One central difference has a step to choose: too large, and the curvature spoils it; too small, and rounding
does. So a whole *ladder* of steps is tried, each half of the one before, and Richardson's extrapolation removes
the curvature term by term:

    D(h) = (f(x + h v) - f(x - h v)) / 2h = f' + a h^2 + b h^4 + ...
    T(k, 0) = D(h_k),    T(k, j) = (4^j T(k+1, j-1) - T(k, j-1)) / (4^j - 1)

Neighbours in this table that agree, agree about f'. The error of an entry is bounded by twice its distance from
its neighbours plus four times the rounding carried into it; the entry with the smallest bound is taken.

At a kink (ReLU at 0, tied maxima) the slopes to the right and to the left differ however small the step is.
The difference A(h) of the two one-sided slopes, a h + b h^3 + ... where f is smooth, is extrapolated in the same
way. If it does not vanish, smaller steps are tried; if it never does, it is the *gap* of the kink.

Several directions are measured in one go when they change different outputs.

To confirm a claimed slope of a smooth function a `glance` is enough: very small steps, where next to nothing is left
of the curvature, so that the error is nearly all rounding and ten digits are good. A glance only ever confirms;
whatever it does not is measured on the ladder before anything is said about it. So is every kink.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from reference.shapes import Array

__all__ = ["FIRST_STEP", "UNIT", "Line", "Slopes", "central_differences", "glance", "measure"]

UNIT = float(np.finfo(np.float64).eps) / 2
"""Unit roundoff of float64: the largest relative error of one rounding."""

# A step at which curvature (about h^2) and rounding (about UNIT / h) leave ten digits of most functions.
_GLANCE = 2.0**-16
_GLANCE_STEPS = _GLANCE * np.array([1.0, -1.0, 4.0])
_NO_KINKS = np.zeros((2, 0), dtype=np.intp)

FIRST_STEP = 0.25
# A rung of the ladder is FIRST_STEP / 2**k. Most functions are done within the first stage. The later ones are for
# functions with kinks near the point: each stage lies wholly inside a neighbourhood 32 times smaller.
_STAGES: tuple[range, ...] = (range(6), range(9, 12), range(14, 17), range(19, 22))


@dataclass(frozen=True)
class Line:
    """K directions through one point, and what is known about the outputs there.

    `move(steps[S])` returns the outputs `y[S, M]` after moves by about so much, and how far each direction was
    moved exactly, `sizes[S, K]`.
    `weights[M]` makes one number of the outputs (for a glance along one direction also several, `weights[R, M]`),
    `owner[M]` says which direction an output belongs to and
    `noise[M]` is how far rounding may carry each output, its own rounding at least. `hidden` is a change that
    rounding may swallow in any output: in softmax, 1 - 1e-20 is 1, so that the most probable class seems not to
    depend on the others.
    """

    move: Callable[[Array], tuple[Array, Array]]
    base: Array
    weights: Array
    owner: Array
    noise: Array
    count: int = 1
    hidden: float = 0.0

    def total(self, values: Array) -> Array:
        if self.count == 1:
            return np.asarray(values.sum(axis=-1)).reshape(-1)
        return np.bincount(self.owner, weights=values, minlength=self.count)


@dataclass(frozen=True)
class Slopes:
    """K derivatives: each lies within `error` of `value`, or of `value - gap ... value + gap` at a kink.

    `floor` is the smallest error that float64 could have given. `kinks[2, n]` are the outputs whose slope jumps
    and whether it jumps up (1) or down (-1). `square` says that a glance saw nothing above the square of the step,
    as in a product of two inputs.
    """

    value: Array
    error: Array
    gap: Array
    floor: Array
    kinks: Array
    square: bool = False

    def per_unit(self, size: Array | float) -> Slopes:
        """Turn slopes per step into slopes per unit, given the size of a step."""
        return Slopes(self.value / size, self.error / size, self.gap / size, self.floor / size, self.kinks)


@dataclass(frozen=True)
class _Rung:
    slope: Array
    noise: Array
    floor: Array
    jump: Array
    fuzz: Array


def central_differences(line: Line, steps: list[float]) -> Array:
    """Return the plain central difference for every step: the curve that first falls and then rises again."""
    return np.array([_climb(line, h).slope for h in steps])


def measure(line: Line, first_step: float = FIRST_STEP) -> Slopes:
    """Return the derivatives along a line, with error bounds; use no more steps than it takes."""
    best = _unknown(line.count)
    for stage in _STAGES:
        rungs: list[_Rung] = []
        for k in stage:
            rungs.append(_climb(line, first_step / 2**k))
            if len(rungs) < 2:
                continue
            found = _extrapolate(line, rungs)
            settled = _settled(found, 1e-10, 8)
            if settled:
                break
        best = _better(best, found)
        if settled or _settled(best, 1e-8, 1000):
            break
    return best


def glance(line: Line) -> Slopes | None:
    """Return the derivatives along one direction from three small steps; None unless the outputs look smooth.

    Newton's interpolation through f(0), f(h), f(-h), f(4h): what the cubic term adds to the central difference is
    both its correction and a measure of how far to trust it.
    """
    outputs, sizes = line.move(_GLANCE_STEPS)
    right, left, reach = sizes.ravel().tolist()
    share = right * left / ((reach - right) * (reach - left))
    with np.errstate(all="ignore"):
        rises = outputs - line.base
        bend, cubic, _ = found = _newton(right, left, reach) @ rises
        # A kink bends by its jump and leaves 3/2 of it as a cubic term. Noise and curvature of one output may
        # be nothing by luck; those of the others are a warning.
        noise, rest = (40 / _GLANCE) * _typical(line.noise), np.abs(cubic)
        least = noise + _typical(bend) / 64
        if not rest.max(initial=0.0) <= least:
            rest -= (40 / _GLANCE) * line.noise + np.abs(bend) / 64
            if not rest.max() <= least:
                return None
        sums = np.atleast_2d(line.weights @ found[1:].T)
        changed = line.weights * (line.noise * np.logical_or(rises[0], rises[1]))
        rounding = _root_of_squares(line, changed) / (right - left)
        value = sums[:, 1] + share * sums[:, 0]
        # For a smooth function the error is far smaller than the correction; if not, nothing is confirmed.
        error = np.abs(sums[:, 0]) * (abs(share) / 8) + 3 * rounding
        square = _typical(cubic) <= noise / 5
    if not math.isfinite(error.sum()):
        return None
    nothing = np.zeros_like(value)
    return Slopes(value, error, nothing, nothing, _NO_KINKS, square)


def _newton(right: float, left: float, reach: float) -> Array:
    """Make the bend, the cubic term and the central difference of what three steps change."""
    width, ahead = right - left, (reach - right) / (right - left)
    return np.array(
        [
            [1 / right, -1 / left, 0],
            [-(1 + ahead) / right, ahead / left, 1 / reach],
            [1 / width, -1 / width, 0],
        ]
    )


def _typical(values: Array) -> float:
    return math.sqrt(np.dot(values, values) / max(len(values), 1))


def _settled(slopes: Slopes, relative: float, floors: float) -> bool:
    goal = np.maximum(relative * np.abs(slopes.value), floors * slopes.floor)
    return bool(np.all((slopes.error <= goal) & (slopes.gap == 0)))


def _unknown(count: int) -> Slopes:
    infinite, nothing = np.full(count, np.inf), np.zeros(count)
    return Slopes(np.full(count, np.nan), infinite, nothing, infinite, _NO_KINKS)


def _better(old: Slopes, new: Slopes) -> Slopes:
    """Keep, direction by direction, the estimate with the smaller bound; on kinks the later stage knows more."""
    take = ~(old.error + old.gap < new.error + new.gap)
    value, error, gap = (
        np.where(take, after, before)
        for before, after in ((old.value, new.value), (old.error, new.error), (old.gap, new.gap))
    )
    return Slopes(value, error, gap, np.fmin(old.floor, new.floor), new.kinks)


def _climb(line: Line, h: float) -> _Rung:
    """Take one step to either side; all noise is zero for outputs that stayed as they were."""
    with np.errstate(all="ignore"):
        (up, down), (right, left) = line.move(np.array([h, -h]))
        width = right - left
        largest = np.maximum(np.maximum(np.abs(up), np.abs(down)), np.abs(line.base))
        moved = (up != down) | (up != line.base)
        size = np.abs(line.weights) * moved
        ideal, real = size * UNIT * largest, size * np.maximum(line.noise, UNIT * largest)
        jump = (up - line.base) / right[line.owner] - (down - line.base) / left[line.owner]
        return _Rung(
            slope=line.total(line.weights * (up - down)) / width,
            noise=_root_of_squares(line, real) / width,
            floor=4 * _root_of_squares(line, ideal) / width * (h / FIRST_STEP),
            jump=line.weights * jump,
            fuzz=2 * real * (1 / right - 1 / left)[line.owner],
        )


def _root_of_squares(line: Line, noise: Array) -> Array:
    """Add independent roundings, twice because a difference has two; scaled, so that no square overflows."""
    if line.count == 1:
        squares = 2 * (noise * noise).sum(axis=-1).reshape(-1) + 2 * line.hidden * line.hidden
        if squares.min() > 1e-200 and squares.max() < 1e200:
            return np.sqrt(squares)
    unit = max(float(np.abs(noise).max(initial=0.0)), line.hidden) or 1.0
    scaled = noise / unit
    return unit * np.sqrt(2 * line.total(scaled * scaled) + 2 * (line.hidden / unit) ** 2)


def _columns(rows: Array, factor: float, sign: int = -1) -> list[Array]:
    """Build the extrapolation table; with sign +1 it carries bounds instead of values."""
    table = [rows]
    while len(table[-1]) > 1:
        last = table[-1]
        table.append((factor * last[1:] + sign * last[:-1]) / (factor - 1))
        factor *= 4
    return table


def _extrapolate(line: Line, rungs: list[_Rung]) -> Slopes:
    with np.errstate(all="ignore"):
        floor = np.fmin.reduce([rung.floor for rung in rungs])
        candidates = list(_candidates(line, rungs))
        values = np.array([value for value, _ in candidates])
        errors = np.array([error for _, error in candidates])
        errors[~np.isfinite(errors)] = np.inf
        pick = np.argmin(errors, axis=0), np.arange(line.count)
        jumps, doubts = _jumps(rungs)
    gap = line.total(np.abs(jumps)) / 2
    error = errors[pick] + line.total(np.where(jumps, doubts, 0.0)) / 2
    at = np.flatnonzero(jumps)
    kinks = np.array([at, np.sign(jumps[at] * line.weights[at])], dtype=np.intp)
    return Slopes(values[pick], error, gap, np.where(np.isnan(floor), np.inf, floor), kinks)


def _candidates(line: Line, rungs: list[_Rung]) -> Iterator[tuple[Array, Array]]:
    """Yield (value, bound on its error) for every entry of the table that has neighbours to compare with."""
    slopes = _columns(np.array([rung.slope for rung in rungs]), 4)
    noises = _columns(np.array([rung.noise for rung in rungs]), 4, sign=1)
    first = slopes[0]
    bent = [line.total(np.abs(rung.jump) > 4 * rung.fuzz) > 0 for rung in rungs[:2]]
    spread = np.where(bent[0] | bent[1], np.inf, np.abs(first[1] - first[0]))
    yield first[0], 2 * spread + 4 * noises[0][0]
    for k in range(2, len(first)):
        spread = np.maximum(np.abs(first[k - 1] - first[k - 2]), np.abs(first[k] - first[k - 2]))
        yield first[k - 2], 2 * spread + 4 * noises[0][k - 2]
    for j in range(1, len(slopes)):
        for k in range(1, len(slopes[j])):
            value = slopes[j][k]
            spread = np.maximum(np.abs(value - slopes[j][k - 1]), np.abs(value - slopes[j - 1][k + 1]))
            yield value, 2 * spread + 4 * noises[j][k]


def _jumps(rungs: list[_Rung]) -> tuple[Array, Array]:
    """Extrapolate the jump of each output's slope at the point itself, 0 where it may be nothing, and its error."""
    if len(rungs) < 3:
        return np.zeros((2, len(rungs[0].jump)))  # type: ignore[return-value]
    rungs = rungs[-4:]
    table = _columns(np.array([rung.jump for rung in rungs]), 2)
    fuzz = _columns(np.array([rung.fuzz for rung in rungs]), 2, sign=1)
    last, before = table[-2], table[-3]
    jump = last[-1]
    doubt = np.maximum(np.abs(jump - last[-2]), np.abs(jump - before[-1]))
    bound = 4 * doubt + 4 * fuzz[-2][-1]
    # Where f is smooth the difference of the slopes halves with the step. If it stays or grows, f is rough here.
    now, earlier = np.abs(rungs[-1].jump), np.abs(rungs[-2].jump)
    rough = (now > 0.8 * earlier) & (now > 8 * rungs[-1].fuzz) & (np.abs(jump) <= bound)
    return np.where(np.abs(jump) > bound, jump, np.where(rough, now, 0.0)), np.where(rough, 2 * now, bound)
