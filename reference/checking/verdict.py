"""Decide whether a claimed gradient is right: probe along random directions, then go to the entries in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from reference.checking.derivatives import FIRST_STEP, UNIT, Slopes, central_differences
from reference.checking.entries import Direction, Workbench, scaled
from reference.checking.subject import Part, Subject, label
from reference.checking.table import CheckedEntry, GradientCheck, Outcome
from reference.shapes import Array

__all__ = ["Claim", "investigate", "upstream"]

_SMALLEST = 1e-6  # a mistake of this size, relative to its entry, has to be seen
_SHARP = 1e-5  # agreement means something only if the numbers are at least this sharp
_CONFIRM = 24


@dataclass(frozen=True)
class Claim:
    """The gradient (flat) which backward gave for one upstream gradient (flat), and the rounding in it."""

    dy: Array
    gradient: Array
    rounding: Array

    @staticmethod
    def ask(subject: Subject, dy: Array, rng: np.random.Generator) -> Claim:
        """Call backward twice; an upstream gradient that differs by one rounding shows how rounding grows."""
        gradient = subject.gradient(dy)[1]
        shaken = subject.gradient(dy * (1 + 2 * UNIT * rng.choice([-1.0, 1.0], dy.shape)))[1]
        rounding = np.zeros_like(gradient)
        with np.errstate(all="ignore"):
            for part in subject.inputs.parts.values():
                own = slice(part.start, part.stop)
                unit = float(np.finfo(np.float32).eps) if part.name in subject.coarse else UNIT
                largest = max(
                    unit * np.max(np.abs(gradient[own])), np.max(np.abs(shaken[own] - gradient[own]))
                )
                rounding[own] = 4 * largest
        return Claim(dy, gradient, np.nan_to_num(rounding))


@dataclass(frozen=True)
class _Finding:
    """A compared number, the direction it belongs to, and what was noticed beside it."""

    row: CheckedEntry
    direction: Direction
    claim: Claim
    kink: bool = False
    unseen: Array | None = None
    size: float = 1.0


def upstream(rng: np.random.Generator, size: int) -> Array:
    """Draw an upstream gradient whose entries have random signs and none of which is small."""
    return rng.uniform(0.5, 1.5, size) * rng.choice([-1.0, 1.0], size)


def investigate(
    bench: Workbench,
    rng: np.random.Generator,
    probes: int,
    every_entry: bool,
    first: Claim,
    near: bool = False,
) -> GradientCheck:
    """Compare a claimed gradient with the numbers; `near` says that this is the second look beside a kink."""
    broken = np.flatnonzero(~np.isfinite(first.gradient))
    if broken.size:
        return _report_not_finite(bench, first, broken)
    claims = [first]
    claims += [Claim.ask(bench.subject, upstream(rng, len(bench.base)), rng) for _ in range(probes - 1)]
    everything = np.arange(len(bench.spread))
    seen = [_probe(bench, claim, everything, rng, f"probe {i + 1}") for i, claim in enumerate(claims)]
    inquiry = _Inquiry(bench, rng, seen)
    inquiry.search(every_entry)
    result = inquiry.result()
    if near:
        return result
    if result.outcome == "wrong" and inquiry.may_be_a_kink():
        return _excuse(result, _look_beside(bench, rng))
    if result.outcome == "right" and inquiry.skipped and any(finding.kink for finding in seen):
        beside = _look_beside(bench, rng)
        return result if beside else replace(beside, reason=f"right beside the given inputs: {beside.reason}")
    return result


# ------------------------------------------------------------------------------------------- judging one


def _judge(name: str, yours: float, slopes: Slopes, at: int, scale: float, rounding: float) -> CheckedEntry:
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


def _probe(bench: Workbench, claim: Claim, entries: Array, rng: np.random.Generator, name: str) -> _Finding:
    """Compare along one random direction in which all given entries take part.

    The sizes of the steps are random too: with signs alone, two exchanged entries would go unnoticed half the time.
    """
    steps = (
        bench.spread[entries] * rng.uniform(0.5, 1.0, len(entries)) * rng.choice([-1.0, 1.0], len(entries))
    )
    shares = claim.gradient[entries] * steps
    scale, rounding = _norm(shares), _norm(claim.rounding[entries] * steps)
    direction = Direction(entries, steps)
    for first_step in (FIRST_STEP, 0.7 * FIRST_STEP):  # a second opinion before anybody is blamed
        slopes = bench.along(claim.dy, direction, first_step)
        title = f"{name}: {len(entries)} entries at once" if len(entries) > 1 else name
        row = _judge(title, float(shares.sum()), slopes, 0, 1e2 * scale, rounding)
        if row.outcome != "wrong":
            break
    small = (shares != 0) & (_SMALLEST * np.abs(shares) < 2 * row.allowed)
    return _Finding(row, direction, claim, bool(slopes.gap[0] > 0), entries[small])


def _norm(vector: Array) -> float:
    """Return the Euclidean length, also where the squares would overflow or vanish."""
    largest = float(np.max(np.abs(vector))) or 1.0
    return largest * float(np.sqrt(np.sum((vector / largest) ** 2)))


# --------------------------------------------------------------------------------------- finding entries


@dataclass
class _Inquiry:
    """The search for wrong entries; `seen` are the probes through all entries."""

    bench: Workbench
    rng: np.random.Generator
    seen: list[_Finding]

    def __post_init__(self) -> None:
        worst = max(self.seen, key=lambda finding: _badness(finding.row))
        self.claim = worst.claim
        self.doubt = worst.row.outcome != "right" or any(finding.kink for finding in self.seen)
        self.singles: list[_Finding] = []
        self.joint: list[_Finding] = []
        self.notes: list[str] = []
        self.skipped = 0

    def search(self, every_entry: bool) -> None:
        for part in self.bench.subject.inputs.parts.values():
            entries = np.arange(part.start, part.stop)
            if not every_entry:
                entries = self._suspects(part, entries)
                entries = self._fewer(part, entries)
            if entries.size:
                self._measure(entries)
        self._ties()

    def _suspects(self, part: Part, entries: Array) -> Array:
        """Return the entries of one array about which the probes leave a doubt."""
        if not self.doubt:
            unseen = [finding.unseen for finding in self.seen if finding.unseen is not None]
            entries = np.intersect1d(entries, unseen[0]) if unseen else entries[:0]
        if entries.size <= 8 or len(self.bench.subject.inputs.parts) == 1:
            return entries
        alone = _probe(self.bench, self.claim, entries, self.rng, f"d{part.name}")
        if alone.row.outcome != "right" or alone.kink:
            return entries
        self.joint.append(alone)
        return alone.unseen if alone.unseen is not None else entries[:0]

    def _fewer(self, part: Part, entries: Array) -> Array:
        """Of many entries, halve again and again towards those that disagree; else take some of them."""
        total = len(entries)
        limit = self.bench.limit()
        while len(entries) > limit:
            halves = np.array_split(entries, 2)
            found = [_probe(self.bench, self.claim, half, self.rng, f"d{part.name}") for half in halves]
            worse = max(found, key=lambda finding: _badness(finding.row))
            if worse.row.outcome != "wrong":
                entries = entries[np.sort(self.rng.choice(len(entries), limit, replace=False))]
                break
            self.joint.append(worse)
            entries = worse.direction.entries
        if len(entries) < total:
            self.skipped += total - len(entries)
            self.notes.append(
                f"of d{part.name}, {len(entries)} of {total} doubtful entries were measured singly."
            )
        return entries

    def _measure(self, entries: Array) -> None:
        bench, claim = self.bench, self.claim
        slopes, kinks, _ = bench.entries(claim.dy, entries)
        names = self._names(entries)
        scale = self._scale(entries[0])
        found = [
            _Finding(
                _judge(names[k], float(claim.gradient[at]), slopes, k, scale, float(claim.rounding[at])),
                bench.entry(at),
                claim,
                bool(len(kinks[k])),
                kinks[k],
                float(bench.spread[at]),
            )
            for k, at in enumerate(entries)
        ]
        self.singles += self._confirmed(found, scale)

    def _confirmed(self, found: list[_Finding], scale: float) -> list[_Finding]:
        """Measure the worst entries once more, alone and with other steps, before calling them wrong."""
        wrong = sorted((f for f in found if f.row.outcome == "wrong"), key=lambda f: -_badness(f.row)[1])
        again = {id(f): self._again(f, scale) for f in wrong[:_CONFIRM]}
        overruled = bool(again) and all(f.row.outcome != "wrong" for f in again.values())
        for f in wrong[_CONFIRM:] if overruled else []:
            again[id(f)] = self._again(f, scale)
        return [again.get(id(f), f) for f in found]

    def _again(self, finding: _Finding, scale: float) -> _Finding:
        slopes = self.bench.along(finding.claim.dy, finding.direction, 0.7 * FIRST_STEP)
        slopes = scaled(slopes, np.array([finding.size]))
        rounding = float(finding.claim.rounding[finding.direction.entries[0]])
        return replace(finding, row=_judge(finding.row.entry, finding.row.yours, slopes, 0, scale, rounding))

    def _scale(self, at: int) -> float:
        """Return the largest entry of the gradient of the array to which an entry belongs."""
        part = next(part for part in self.bench.subject.inputs.parts.values() if at < part.stop)
        return float(np.max(np.abs(self.claim.gradient[part.start : part.stop])))

    def _names(self, entries: Array) -> list[str]:
        parts = list(self.bench.subject.inputs.parts.values())
        which = np.searchsorted([part.stop for part in parts], entries, side="right")
        return [label(parts[p], int(at)) for p, at in zip(which, entries, strict=True)]

    # ------------------------------------------------------------------------------------------- kinks

    def _ties(self) -> None:
        """Move entries that share a kink together: of a tie they must share the gradient, not get it once each."""
        kinked = [f for f in self.singles if f.kink]
        for group in _connected(kinked):
            entries = np.concatenate([f.direction.entries for f in group])
            size = float(self.bench.spread[entries].min())
            wrong = any(f.row.outcome == "wrong" for f in group)
            for signs in [] if wrong else _together(len(entries), self.rng):
                self.joint.append(self._joint(entries[signs != 0], signs[signs != 0], size))
                if self.joint[-1].row.outcome == "wrong":
                    break

    def _joint(self, entries: Array, signs: Array, size: float) -> _Finding:
        direction = Direction(entries, size * signs)
        slopes = scaled(self.bench.along(self.claim.dy, direction), np.array([size]))
        yours = self.claim.gradient[entries] * signs
        rounding = float(self.claim.rounding[entries].sum())
        title = _sum_of(self._names(entries), signs)
        row = _judge(title, float(yours.sum()), slopes, 0, self._scale(entries[0]), rounding)
        return _Finding(row, direction, self.claim, True, None, size)

    def may_be_a_kink(self) -> bool:
        """Tell whether the point lies on a kink which the wrong entries themselves do not show."""
        wrong = [f for f in (*self.singles, *self.joint) if f.row.outcome == "wrong"]
        return any(f.kink for f in self.seen) and not any(f.kink for f in wrong)

    # ------------------------------------------------------------------------------------------ outcome

    def result(self) -> GradientCheck:
        found = [*self.singles, *self.joint]
        wrong = [f for f in self.singles if f.row.outcome == "wrong"]
        unclear = [f for f in found if f.row.outcome == "cannot tell"]
        at_once = [f for f in (*self.joint, *self.seen) if f.row.outcome == "wrong"]
        self._note_kinks()
        if wrong:
            return self._finish("wrong", _blame(wrong, self.bench, self.singles), wrong + found)
        if [f for f in self.joint if f.row.outcome == "wrong"]:
            return self._finish("wrong", _blame_together(at_once[0].row), at_once + found)
        if unclear:
            return self._finish("cannot tell", _unsettled(unclear), unclear + found)
        if self._all_measured():
            pass  # every single entry is right, which is more than the probes could say
        elif at_once:
            return self._finish("wrong", _blame_together(at_once[0].row), at_once + found)
        elif open_ := [f for f in self.seen if f.row.outcome == "cannot tell"]:
            if not self.joint or self.skipped:
                return self._finish("cannot tell", _unsettled(open_), open_ + found)
        names = ", ".join(f"d{part.name}" for part in self.bench.subject.inputs.parts.values())
        count = len(self.bench.spread)
        agree = f"all {count} entries of {names} agree" if count > 1 else f"{names} agrees"
        return self._finish("right", f"{agree} with the numeric gradient.", [*self.seen, *found])

    def _all_measured(self) -> bool:
        return len(self.singles) == len(self.bench.spread)

    def _note_kinks(self) -> None:
        kinked = [f.row.entry for f in self.singles if f.kink and f.row.outcome == "right"]
        if kinked:
            more = f" and {len(kinked) - 3} more" if len(kinked) > 3 else ""
            self.notes.append(
                f"the function has a kink at {', '.join(kinked[:3])}{more}: "
                "any slope between the left and the right one is accepted there."
            )

    def _finish(self, outcome: Outcome, reason: str, found: Sequence[_Finding]) -> GradientCheck:
        unique = list({f.row: f for f in [*found, *self.seen]}.values())
        unique.sort(key=_order, reverse=True)
        return GradientCheck(
            outcome,
            reason,
            tuple(f.row for f in unique),
            tuple(self.notes),
            curve=lambda: _curve(self.bench, unique[0]),
        )


def _badness(row: CheckedEntry) -> tuple[int, float]:
    return ("right", "cannot tell", "wrong").index(row.outcome), row.excess


def _order(finding: _Finding) -> tuple[int, bool, float]:
    """Sort the worst to the top: wrong before right, entries before probes, by size of the difference."""
    row = finding.row
    rank, excess = _badness(row)
    return rank, not row.entry.startswith("probe"), abs(row.yours - row.numeric) if rank == 2 else excess


def _connected(found: list[_Finding]) -> list[list[_Finding]]:
    """Join entries whose kinks are at the same outputs; return the groups of two and more."""
    groups: list[tuple[set[int], list[_Finding]]] = []
    for finding in found:
        outputs = set(map(int, finding.unseen if finding.unseen is not None else ()))
        members, apart = [finding], []
        for known, group in groups:
            if known & outputs:
                outputs |= known
                members = group + members
            else:
                apart.append((known, group))
        groups = [*apart, (outputs, members)]
    return [group for _, group in groups if len(group) > 1]


def _together(count: int, rng: np.random.Generator) -> Iterator[Array]:
    yield np.ones(count)
    if count <= 4:
        for i, j in combinations(range(count), 2):
            for sign in (1.0, -1.0):
                signs = np.zeros(count)
                signs[[i, j]] = 1.0, sign
                if count > 2 or sign < 0:
                    yield signs
    else:
        for _ in range(4):
            yield rng.choice([-1.0, 1.0], count)


def _sum_of(names: list[str], signs: Array) -> str:
    terms = [f"{'-' if sign < 0 else '+'} {name}" for name, sign in zip(names, signs, strict=True)]
    text = " ".join(terms[:4]).removeprefix("+ ")
    return text if len(terms) <= 4 else f"{text} ... ({len(terms)} terms)"


# --------------------------------------------------------------------------------------------- sentences


def _blame(wrong: list[_Finding], bench: Workbench, measured: list[_Finding]) -> str:
    worst = max(wrong, key=lambda f: (abs(f.row.yours - f.row.numeric), f.row.excess)).row
    where = []
    for part in bench.subject.inputs.parts.values():
        inside = [f for f in wrong if part.start <= f.direction.entries[0] < part.stop]
        looked = [f for f in measured if part.start <= f.direction.entries[0] < part.stop]
        if inside:
            every = "all" if len(inside) == part.stop - part.start > 1 else f"{len(inside)} of"
            where.append(f"d{part.name} is wrong in {every} {len(looked)} entries")
    text = (
        f"{'; '.join(where)}. Furthest off is {worst.entry}: yours is {_told(worst.yours, worst.numeric)}, "
        f"the numbers say {_told(worst.numeric, worst.yours)}."
    )
    return text + _pattern([f.row for f in wrong])


def _told(value: float, other: float) -> str:
    """Write a number with as many digits as it takes to tell it from the other."""
    digits = next((d for d in range(6, 18) if f"{value:.{d}g}" != f"{other:.{d}g}"), 17)
    return f"{value + 0.0:.{min(digits + 1, 17) if digits > 6 else 6}g}"


def _pattern(rows: list[CheckedEntry]) -> str:
    yours, numeric = np.array([r.yours for r in rows]), np.array([r.numeric for r in rows])
    many = "Each wrong entry" if len(rows) > 1 else "It"
    if len(rows) > 1 and not yours.any():
        return " All wrong entries of yours are 0."
    if not numeric.all() or not np.isfinite(yours).all():
        return ""
    ratio = float(np.median(yours / numeric))
    if not np.allclose(yours / numeric, ratio, rtol=1e-6) or abs(ratio - 1) < 1e-3 or len(rows) < 2:
        return ""
    return f" {many} is {ratio:.6g} times what it should be."


def _blame_together(row: CheckedEntry) -> str:
    return (
        f"{row.entry}: together your gradients give {_told(row.yours, row.numeric)}, "
        f"the numbers say {_told(row.numeric, row.yours)}"
        + (f" ± {row.allowed:.2g}." if row.allowed > 1e-6 * abs(row.yours) else ".")
        + (" Tied entries share one gradient; they do not get it once each." if "+" in row.entry else "")
    )


def _unsettled(found: list[_Finding]) -> str:
    row = max(found, key=lambda f: f.row.excess if np.isfinite(f.row.excess) else 0).row
    if not np.isfinite(row.numeric) or not np.isfinite(row.allowed):
        why = "forward gives NaN or infinity nearby"
    elif row.allowed < 0.1 * abs(row.numeric):
        why = f"it may be right, but its numeric value is known to ± {row.allowed:.1g} only"
    else:
        why = "its difference quotients do not settle however small the step is; forward jumps or is rough there"
    return f"{row.entry}: {why}. Try other inputs."


def _report_not_finite(bench: Workbench, claim: Claim, broken: Array) -> GradientCheck:
    inquiry = _Inquiry(bench, np.random.default_rng(0), [_placeholder(claim, bench)])
    inquiry._measure(broken[:_CONFIRM])
    rows = tuple(replace(f.row, outcome="wrong") for f in inquiry.singles)
    count = f"{len(broken)} entries are" if len(broken) > 1 else "one entry is"
    first = rows[0]
    reason = f"{count} NaN or infinite, the first is {first.entry}; the numbers say {first.numeric:.6g}."
    return GradientCheck("wrong", reason, rows)


def _placeholder(claim: Claim, bench: Workbench) -> _Finding:
    row = CheckedEntry("", 0.0, 0.0, 0.0, "right")
    return _Finding(row, bench.entry(0), claim)


def _look_beside(bench: Workbench, rng: np.random.Generator) -> GradientCheck:
    """Check once more at a point beside the given one, where there are no ties and zeros."""
    nudge = (
        1e-3 * bench.spread * rng.uniform(0.5, 1, len(bench.spread)) * rng.choice([-1, 1], len(bench.spread))
    )
    subject = replace(bench.subject, origin=bench.subject.origin + nudge)
    beside = Workbench.at(subject, rng)
    claim = Claim.ask(subject, upstream(rng, len(beside.base)), rng)
    result = investigate(beside, rng, 2, False, claim, near=True)
    bench.subject.calls = subject.calls
    return result


def _excuse(result: GradientCheck, beside: GradientCheck) -> GradientCheck:
    """Decide about what is wrong at a kink: what is wrong beside it too is wrong."""
    if beside.outcome == "wrong":
        return result
    return replace(
        result,
        outcome="cannot tell",
        reason="the function has a kink exactly at these inputs; right beside them the gradient is "
        f"{beside.outcome}. Try inputs without ties and zeros. At the kink itself: {result.reason}",
    )


def _curve(bench: Workbench, finding: _Finding) -> tuple[str, Array, Array, float, float]:
    steps = [2.0**-k for k in range(1, 46)]
    line = bench.line(finding.claim.dy, [finding.direction])
    differences = central_differences(line, steps)[:, 0] / finding.size
    row: Any = finding.row
    return row.entry, np.array(steps) * finding.size, differences, row.yours, row.numeric
