"""Decide whether a claimed gradient is right: probe along random directions, then go to the entries in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from reference.checking.claims import (
    Claim,
    Confirmed,
    Finding,
    again,
    confirms,
    judge,
    probe,
    probe_all,
    upstream,
)
from reference.checking.derivatives import central_differences
from reference.checking.entries import Direction, Workbench, random_steps
from reference.checking.inputs import Part, label
from reference.checking.subject import Complaint
from reference.checking.table import CheckedEntry, GradientCheck, Outcome, Rows
from reference.checking.ties import connected, mixed, sum_of, together
from reference.checking.wording import blame_entries, blame_sum, not_finite, unsettled
from reference.shapes import Array

__all__ = ["investigate"]

_CONFIRM = 24  # so many wrong entries are measured twice
_BESIDE = 4  # so many points beside a kink are looked at


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
    for _ in range(probes - 1):
        claims.append(first.another(bench.subject, upstream(rng, len(bench.base))))
    everything = np.arange(len(bench.spread))
    seen = probe_all(bench, claims, everything, rng, [f"probe {i + 1}" for i in range(probes)])
    inquiry = _Inquiry(bench, rng, seen)
    inquiry.search(every_entry)
    result = inquiry.result()
    return result if near else _look_beside(inquiry, result)


@dataclass
class _Inquiry:
    """The search for wrong entries; `seen` are the probes through all entries."""

    bench: Workbench
    rng: np.random.Generator
    seen: list[Finding]

    def __post_init__(self) -> None:
        worst = max(self.seen, key=lambda finding: finding.badness)
        self.claim = worst.claim
        self.doubt = worst.outcome != "right" or any(finding.kinked for finding in self.seen)
        self.left = reduce(np.intersect1d, [finding.unseen for finding in self.seen])
        self.singles: list[Finding] = []
        self.confirmed: list[Confirmed] = []
        self.joint: list[Finding] = []
        self.notes: list[str] = []
        self.skipped = 0

    @property
    def parts(self) -> list[Part]:
        return list(self.bench.subject.inputs.parts.values())

    def search(self, every_entry: bool) -> None:
        """Measure the entries about which a doubt is left, then the ties among them."""
        if not (every_entry or self.doubt):
            self.left = self._narrowed(self.left)
            if not self.left.size:
                return
        for part in self.parts:
            entries = np.arange(part.start, part.stop)
            if not every_entry:
                entries = self._fewer(part, self._suspects(part, entries))
            if entries.size:
                self._measure(part, entries)
        if self._contradicts():
            for part in self.parts:
                self._measure(part, self._fewer(part, np.arange(part.start, part.stop)), quick=False)
        self._ties()

    def _contradicts(self) -> bool:
        """Tell whether a probe is wrong though quick numbers have confirmed all that was looked at."""
        refused = any(f.outcome == "wrong" for f in self.seen)
        return (
            refused
            and not any(f.outcome != "right" for f in (*self.singles, *self.joint))
            and not self.kinked()
        )

    def _narrowed(self, entries: Array) -> Array:
        """Probe entries too small to be seen beside the others by themselves, while that shows most of them."""
        claims = [finding.claim for finding in self.seen]
        while len(entries) > 2:
            found = probe_all(self.bench, claims, entries, self.rng, ["small ones"] * len(claims))
            left = reduce(np.intersect1d, [finding.unseen for finding in found])
            if any(f.outcome != "right" or f.kinked for f in found) or 2 * len(left) > len(entries):
                break
            self.joint += found
            entries = left
        return entries

    def _suspects(self, part: Part, entries: Array) -> Array:
        """Return the entries of one array about which the probes leave a doubt."""
        if not self.doubt:
            entries = self.left[(self.left >= part.start) & (self.left < part.stop)]
        if entries.size <= 8 or len(self.parts) == 1:
            return entries
        alone = probe(self.bench, self.claim, entries, self.rng, f"d{part.name}")
        if alone.outcome != "right" or alone.kinked:
            return entries
        self.joint.append(alone)
        return alone.unseen

    def _fewer(self, part: Part, entries: Array) -> Array:
        """Of very many entries, halve again and again towards those that disagree; else take some of them."""
        total, limit = len(entries), self.bench.limit()
        while len(entries) > limit:
            halves = np.array_split(entries, 2)
            found = [probe(self.bench, self.claim, half, self.rng, f"d{part.name}") for half in halves]
            worse = max(found, key=lambda finding: finding.badness)
            if worse.outcome != "wrong":
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

    def _measure(self, part: Part, entries: Array, quick: bool = True) -> None:
        bench, claim = self.bench, self.claim
        scale = self._scale(part)
        # Beside kinks only the ladder will do: a jump in one output may hide among many.
        if quick and not self.kinked():
            value, error = bench.sweep(claim.dy, part, entries)
            fits = confirms(claim, entries, value, error)
            if fits.all():
                self.confirmed.append(Confirmed.of(claim, part, entries, value, error))
                return
            self.confirmed.append(Confirmed.of(claim, part, entries[fits], value[fits], error[fits]))
            entries = entries[~fits]
        slopes, kinks = bench.entries(claim.dy, entries)
        found = []
        for k, at in enumerate(entries):
            yours, rounding = float(claim.gradient[at]), float(claim.rounding[at])
            row = judge(label(part, int(at)), yours, slopes, k, scale, rounding)
            found.append(Finding(row, bench.entry(at), claim, kinks[k], size=float(bench.spread[at])))
        self.singles += self._confirmed(found, scale)

    def _confirmed(self, found: list[Finding], scale: float) -> list[Finding]:
        """Measure the worst entries once more before calling them wrong."""
        wrong = sorted((f for f in found if f.outcome == "wrong"), key=lambda f: -f.row.excess)
        repeated = {id(f): again(self.bench, f, scale) for f in wrong[:_CONFIRM]}
        if all(f.outcome != "wrong" for f in repeated.values()):
            repeated |= {id(f): again(self.bench, f, scale) for f in wrong[_CONFIRM:]}
        return [repeated.get(id(f), f) for f in found]

    def _scale(self, part: Part) -> float:
        return float(np.max(np.abs(self.claim.gradient[part.start : part.stop])))

    # ------------------------------------------------------------------------------------------- kinks

    def _ties(self) -> None:
        """Move entries that share a kink together: of a tie they must share the gradient, not get it once each."""
        for group in connected([f for f in self.singles if f.kinked]):
            if any(f.outcome == "wrong" for f in group):
                continue
            kinks = np.concatenate([f.kinks for f in group], axis=1)
            for signs in together(len(group), self.rng):
                chosen = [f for f, sign in zip(group, signs, strict=True) if sign]
                self.joint.append(replace(self._joint(chosen, signs[signs != 0]), kinks=kinks))
                if self.joint[-1].outcome == "wrong":
                    break

    def _joint(self, group: Sequence[Finding], signs: Array) -> Finding:
        entries = np.concatenate([f.direction.entries for f in group])
        size = float(self.bench.spread[entries].min())
        direction = Direction(entries, size * signs)
        slopes = self.bench.along(self.claim.dy, direction).per_unit(size)
        yours = self.claim.gradient[entries] * signs
        title = sum_of([f.row.entry for f in group], signs)
        rounding = float(self.claim.rounding[entries].sum())
        row = judge(title, float(yours.sum()), slopes, 0, float(np.abs(self.claim.gradient).max()), rounding)
        return Finding(row, direction, self.claim, size=size)

    def certain(self) -> bool:
        """Tell whether something is wrong that no choice of slopes at a kink can explain."""
        unclear = mixed([*self.singles, *self.joint, *self.seen])
        wrong = [f for f in (*self.singles, *self.joint) if f.outcome == "wrong"]
        if not self.kinked():
            return True
        return any(f.kinked and not unclear & set(map(int, f.kinks[0])) for f in wrong)

    def kinked(self) -> bool:
        return any(f.kinked for f in (*self.seen, *self.singles))

    # ----------------------------------------------------------------------------------------- outcome

    def result(self) -> GradientCheck:
        """Weigh what was found: single entries count most, then ties and halves, then the probes."""
        found = [*self.singles, *self.joint]
        wrong = [f for f in self.singles if f.outcome == "wrong"]
        joint = [f for f in self.joint if f.outcome == "wrong"]
        unclear = [f for f in found if f.outcome == "cannot tell"]
        if wrong:
            places = [(int(f.direction.entries[0]), f.row) for f in wrong]
            looked = [int(f.direction.entries[0]) for f in self.singles]
            looked += [int(at) for block in self.confirmed for at in block.entries]
            return self._finish("wrong", blame_entries(places, looked, self.parts))
        if joint:
            return self._finish("wrong", blame_sum(joint[-1].row))
        if unclear:
            return self._finish("cannot tell", unsettled([f.row for f in unclear]))
        if not self._all_seen():
            worst = max(self.seen, key=lambda f: f.badness)
            if worst.outcome == "wrong":
                return self._finish("wrong", blame_sum(worst.row))
            if worst.outcome == "cannot tell":
                return self._finish("cannot tell", unsettled([worst.row]))
        return self._finish("right", self._praise())

    def _all_seen(self) -> bool:
        """Tell whether each array was measured entry by entry, or by a probe of its own."""
        return not self.skipped and all(
            any(
                part.start <= f.direction.entries[0] and f.direction.entries[-1] < part.stop
                for f in self.singles
            )
            or any(block.part is part and block.entries.size for block in self.confirmed)
            or any(f.row.entry.startswith(f"d{part.name}:") for f in self.joint)
            for part in self.parts
        )

    def _praise(self) -> str:
        kinked = [f.row.entry for f in self.singles if f.kinked]
        if kinked:
            more = f" and {len(kinked) - 3} more" if len(kinked) > 3 else ""
            self.notes.append(
                f"the function has a kink at {', '.join(kinked[:3])}{more}: "
                "any slope between the left and the right one is accepted there."
            )
        names = ", ".join(f"d{part.name}" for part in self.parts)
        count = len(self.bench.spread)
        agree = f"all {count} entries of {names} agree" if count > 1 else f"{names} agrees"
        return f"{agree} with the numeric gradient."

    def _finish(self, outcome: Outcome, reason: str) -> GradientCheck:
        found = [*self.singles, *self.joint, *self.seen]
        bench, claim, confirmed = self.bench, self.claim, tuple(self.confirmed)

        def rows() -> list[CheckedEntry]:
            quick = [row for block in confirmed for row in block.rows()]
            return sorted([*(f.row for f in found), *quick], key=_order, reverse=True)

        def curve() -> Any:
            quick = [block.worst(bench, claim) for block in confirmed if block.entries.size]
            return _curve(bench, max([*found, *quick], key=lambda f: _order(f.row)))

        return GradientCheck(outcome, reason, Rows(rows), tuple(self.notes), curve=curve)


def _order(row: CheckedEntry) -> tuple[int, bool, float]:
    """Sort the worst to the top: wrong before right, entries before probes, by size of the difference."""
    wrong = row.outcome == "wrong"
    return row.rank, not row.entry.endswith("at once"), abs(row.yours - row.numeric) if wrong else row.excess


def _report_not_finite(bench: Workbench, claim: Claim, broken: Array) -> GradientCheck:
    rows = []
    clean = replace(claim, gradient=np.nan_to_num(claim.gradient))
    for at in broken[:_CONFIRM]:
        part = next(part for part in bench.subject.inputs.parts.values() if at < part.stop)
        slopes = bench.along(clean.dy, bench.entry(at)).per_unit(float(bench.spread[at]))
        rows.append(judge(label(part, int(at)), float(claim.gradient[at]), slopes))
    rows = [replace(row, outcome="wrong") for row in rows]
    return GradientCheck("wrong", not_finite(len(broken), rows[0]), tuple(rows))


def _look_beside(inquiry: _Inquiry, result: GradientCheck) -> GradientCheck:
    """Where a kink leaves a doubt, check once more at a point beside it, without ties and zeros."""
    sampled = result.outcome != "wrong" and inquiry.skipped and inquiry.kinked()
    if not sampled and (result.outcome != "wrong" or inquiry.certain()):
        return result
    for _ in range(_BESIDE):  # on one side of a tie a wrong gradient may be right
        beside = _beside(inquiry.bench, inquiry.rng)
        if beside.outcome != "right":
            break
    if sampled and beside.outcome != "right":
        return replace(beside, reason=f"right beside the given inputs: {beside.reason}")
    if sampled and all(f.outcome == "right" for f in (*inquiry.singles, *inquiry.joint)):
        return replace(result, outcome="right", reason=inquiry._praise(), notes=tuple(inquiry.notes))
    if sampled or beside.outcome == "wrong":
        return result
    return replace(
        result,
        outcome="cannot tell",
        reason="the function has a kink exactly at these inputs; right beside them the gradient is "
        f"{beside.outcome}. Try inputs without ties and zeros. At the kink itself: {result.reason}",
    )


def _beside(bench: Workbench, rng: np.random.Generator) -> GradientCheck:
    nudge = 1e-3 * bench.spread * random_steps(rng, len(bench.spread))
    subject = replace(bench.subject, origin=bench.subject.origin + nudge)
    beside = Workbench.at(subject, rng)
    claim = Claim.ask(subject, upstream(rng, len(beside.base)), rng)[1]
    if claim is None:
        raise Complaint("wrong", "backward gives another gradient when it is called again.")
    result = investigate(beside, rng, 2, False, claim, near=True)
    bench.subject.calls = subject.calls
    return result


def _curve(bench: Workbench, finding: Finding) -> tuple[str, Array, Array, float, float]:
    steps = [2.0**-k for k in range(1, 46)]
    line = bench.line(finding.claim.dy, [finding.direction])
    differences = central_differences(line, steps)[:, 0] / finding.size
    row = finding.row
    return row.entry, np.array(steps) * finding.size, differences, row.yours, row.numeric
