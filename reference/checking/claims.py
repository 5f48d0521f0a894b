"""Compare what a backward pass claims with what is measured: one number at a time, or along a random direction."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reference.checking.derivatives import FIRST_STEP, UNIT, Slopes
from reference.checking.entries import Direction, Workbench, random_steps
from reference.checking.inputs import Part, label
from reference.checking.subject import Ran, Subject
from reference.checking.table import CheckedEntry, Outcome
from reference.shapes import Array

__all__ = ["Claim", "Confirmed", "Finding", "confirms", "judge", "probe", "probe_all", "upstream"]

_SMALLEST = 1e-6  # a mistake of this size, relative to its entry, has to be seen
_STEADY = 1e-12  # a gradient that changes more than this for a rounding in dy is asked for again
_NONE = np.zeros(0, dtype=np.intp)
_SHARP = 1e-5  # agreement means something only if the numbers are at least this sharp


@dataclass(frozen=True)
class Claim:
    """The gradient (flat) which backward gave for one upstream gradient (flat), and the rounding in it."""

    dy: Array
    gradient: Array
    rounding: Array

    @staticmethod
    def ask(
        subject: Subject, dy: Array, rng: np.random.Generator, ran: Ran | None = None
    ) -> tuple[Array, Claim | None]:
        """Call backward twice; an upstream gradient that differs by one rounding shows how rounding grows.

        Also return the result of the second forward pass. There is no claim if backward does not repeat itself:
        more than rounding changed, and with the very same dy it changes as well.
        `ran` is what a forward pass has returned just before, if there was one.
        """
        _, gradient = subject.gradient(dy, ran)
        again, shaken = subject.gradient(dy * (1 + np.copysign(2 * UNIT, random_steps(rng, len(dy)))))
        rounding, unsteady = np.zeros_like(gradient), False
        with np.errstate(all="ignore"):
            for part in subject.inputs.parts.values():
                own = slice(part.start, part.stop)
                unit = float(np.finfo(np.float32).eps) if part.name in subject.coarse else UNIT
                size, change = _largest(gradient[own]), _largest(shaken[own] - gradient[own])
                unsteady |= not change <= _STEADY * size
                rounding[own] = 4 * _finite(max(unit * size, change))
        if unsteady and not all(_alike(gradient, subject.gradient(dy)[1]) for _ in range(2)):
            return again, None
        return again, Claim(dy, gradient, rounding)

    def another(self, subject: Subject, dy: Array) -> Claim:
        """Call backward once with another upstream gradient; rounding is taken to grow as it did here."""
        gradient = subject.gradient(dy)[1]
        rounding = self.rounding.copy()
        for part in subject.inputs.parts.values():
            own = slice(part.start, part.stop)
            before, now = _largest(self.gradient[own]), _largest(gradient[own])
            rounding[own] *= 2 * (now / before if before < now < np.inf and before else 1.0)
        return Claim(dy, gradient, rounding)


def _alike(gradient: Array, other: Array) -> bool:
    with np.errstate(all="ignore"):
        same = (gradient == other) | (np.abs(gradient - other) <= 1e-12 * np.abs(other) + 1e-300)
    return bool(np.all(same | (np.isnan(gradient) & np.isnan(other))))


def _finite(value: float) -> float:
    """Take NaN for nothing, and infinity for the largest number there is."""
    return 0.0 if math.isnan(value) else min(value, sys.float_info.max)


def _largest(values: Array) -> float:
    return float(np.abs(values).max())


@dataclass(frozen=True)
class Finding:
    """A compared number, the direction it belongs to, and what was noticed beside it.

    `kinks` are the outputs that have a kink along the direction, with the sign of the jump of their slope;
    `unseen` are entries too small to be seen in a probe; `size` is the length of the direction's unit step.
    """

    row: CheckedEntry
    direction: Direction
    claim: Claim
    kinks: Array = field(default_factory=lambda: np.zeros((2, 0), dtype=np.intp))
    unseen: Array = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    size: float = 1.0

    @property
    def kinked(self) -> bool:
        return self.kinks.shape[1] > 0

    @property
    def outcome(self) -> Outcome:
        return self.row.outcome

    @property
    def badness(self) -> tuple[int, float]:
        return self.row.rank, self.row.excess


@dataclass(frozen=True)
class Confirmed:
    """Entries of one array which quick numbers have shown to be right."""

    part: Part
    entries: Array
    yours: Array
    value: Array
    allowed: Array

    @staticmethod
    def of(claim: Claim, part: Part, entries: Array, value: Array, error: Array) -> Confirmed:
        return Confirmed(part, entries, claim.gradient[entries], value, error + claim.rounding[entries])

    def rows(self) -> list[CheckedEntry]:
        """Write a row for each entry."""
        return [self.row(k) for k in range(len(self.entries))]

    def row(self, k: int) -> CheckedEntry:
        name = label(self.part, int(self.entries[k]))
        return CheckedEntry(name, float(self.yours[k]), float(self.value[k]), float(self.allowed[k]), "right")

    def worst(self, bench: Workbench, claim: Claim) -> Finding:
        """Return the entry that uses up most of what is allowed."""
        with np.errstate(all="ignore"):
            k = int(np.nanargmax(np.append(0.0, np.abs(self.yours - self.value) / self.allowed))) - 1
        at = int(self.entries[max(k, 0)])
        return Finding(self.row(max(k, 0)), bench.entry(at), claim, size=float(bench.spread[at]))


def upstream(rng: np.random.Generator, size: int) -> Array:
    """Draw an upstream gradient whose entries have random signs and none of which is small."""
    drawn = rng.uniform(-1, 1, size)
    return drawn + np.copysign(0.5, drawn)


def judge(
    name: str, yours: float, slopes: Slopes, at: int = 0, scale: float = 0.0, rounding: float = 0.0
) -> CheckedEntry:
    """Decide about one number; `scale` is the size of its neighbours, `rounding` what backward itself may lose."""
    value, error, gap = (float(column[at]) for column in (slopes.value, slopes.error, slopes.gap))
    error += rounding
    allowed = error + gap
    size = max(abs(yours), abs(value)) if np.isfinite(value) else abs(yours)
    sharp = error <= max(_SHARP * max(size, 1e-2 * scale), 1e4 * float(slopes.floor[at]))
    outcome: Outcome = "cannot tell"
    if abs(yours - value) <= allowed:
        outcome = "right" if sharp else "cannot tell"
    elif error <= 1e-2 * size or not np.isfinite(yours):
        outcome = "wrong"
    return CheckedEntry(name, yours, value, allowed, outcome)


def confirms(claim: Claim, entries: Array, value: Array, error: Array) -> Array:
    """Tell which quick numbers are sharp enough to show a mistake of a millionth, and show none."""
    yours = claim.gradient[entries]
    allowed = error + claim.rounding[entries]
    sharp = allowed <= _SMALLEST / 4 * np.abs(yours)
    nothing = (yours == 0) & (value == 0) & (allowed <= _SMALLEST * _largest(yours))
    return np.asarray((np.abs(yours - value) <= allowed) & (sharp | nothing))


def probe(bench: Workbench, claim: Claim, entries: Array, rng: np.random.Generator, name: str) -> Finding:
    """Compare along one random direction in which all given entries take part."""
    return probe_all(bench, [claim], entries, rng, [name])[0]


def probe_all(
    bench: Workbench, claims: Sequence[Claim], entries: Array, rng: np.random.Generator, names: Sequence[str]
) -> list[Finding]:
    """Compare several claims along one random direction; measure each along its own if not all are right.

    The sizes of the steps are random too: with signs alone, two exchanged entries would go unnoticed half the time.
    """
    direction = _through(bench, entries, rng)
    slopes = bench.glance(np.array([claim.dy for claim in claims]), direction)
    if slopes is not None:
        found = [_compare(claims[k], direction, slopes, k, names[k]) for k in range(len(claims))]
        if all(finding.outcome == "right" for finding in found):
            return found
    found = [_measured(bench, claims[0], direction, names[0])]
    for claim, name in zip(claims[1:], names[1:], strict=True):
        found.append(_measured(bench, claim, _through(bench, entries, rng), name))
    return found


def _through(bench: Workbench, entries: Array, rng: np.random.Generator) -> Direction:
    return Direction(entries, _of(bench.spread, entries) * random_steps(rng, len(entries)))


def _measured(bench: Workbench, claim: Claim, direction: Direction, name: str) -> Finding:
    for first_step in (FIRST_STEP, 0.7 * FIRST_STEP):  # a second opinion before anybody is blamed
        slopes = bench.along(claim.dy, direction, first_step)
        found = _compare(claim, direction, slopes, 0, name)
        if found.outcome != "wrong":
            break
    return found


def _compare(claim: Claim, direction: Direction, slopes: Slopes, at: int, name: str) -> Finding:
    entries = direction.entries
    shares = _of(claim.gradient, entries) * direction.steps
    scale, rounding = _norm(shares), _norm(_of(claim.rounding, entries) * direction.steps)
    title = f"{name}: {len(entries)} entries at once" if len(entries) > 1 else name
    row = judge(title, float(shares.sum()), slopes, at, 1e2 * scale, rounding)
    sizes = np.abs(shares)
    limit = 2 * row.allowed / _SMALLEST
    unseen = entries[(sizes != 0) & (sizes < limit)] if sizes.min() < limit else _NONE
    return Finding(row, direction, claim, slopes.kinks, unseen)


def _of(column: Array, entries: Array) -> Array:
    return column if len(entries) == len(column) else column[entries]  # all of them are in order


def again(bench: Workbench, finding: Finding, scale: float) -> Finding:
    """Measure one entry once more, alone and with other steps."""
    slopes = bench.along(finding.claim.dy, finding.direction, 0.7 * FIRST_STEP).per_unit(finding.size)
    rounding = float(finding.claim.rounding[finding.direction.entries[0]])
    return replace(finding, row=judge(finding.row.entry, finding.row.yours, slopes, 0, scale, rounding))


def _norm(vector: Array) -> float:
    """Return the Euclidean length, also where the squares would overflow or vanish."""
    with np.errstate(all="ignore"):
        squares = float(vector @ vector)
    if 1e-200 < squares < 1e200:
        return squares**0.5
    largest = float(np.max(np.abs(vector))) or 1.0
    return largest * float(np.sqrt(np.sum((vector / largest) ** 2)))
