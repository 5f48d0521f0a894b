"""Who moves when the same hand-ins are judged again, and by how much: per question and in total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.model import Report

SAME = 1e-9

Marks = float | None  # None: withheld, or not graded


@dataclass(frozen=True)
class Move:
    """One student's mark before and after, in total and for each question that moved."""

    student: str
    before: Marks
    after: Marks
    questions: Mapping[str, tuple[Marks, Marks]] = field(default_factory=dict)

    @property
    def by(self) -> float:
        """How far the total moved; 0 where there was or is none."""
        return 0.0 if self.before is None or self.after is None else self.after - self.before


def move_between(before: Report, after: Report) -> Move | None:
    """Compare two reports on the same hand-in; None where no mark differs."""
    totals = _total(before), _total(after)
    old, new = _questions(before), _questions(after)
    moved = {
        name: (old.get(name), new.get(name))
        for name in dict.fromkeys((*new, *old))
        if _differ(old.get(name), new.get(name))
    }
    return Move(after.student, *totals, moved) if moved or _differ(*totals) else None


def _total(report: Report) -> Marks:
    return max(0.0, report.score - report.penalty) if report.status == "graded" else None


def _questions(report: Report) -> dict[str, Marks]:
    return {
        name: None if any(v.status == "broken" for v in group) else sum(v.points for v in group)
        for name, group in report.questions().items()
    }


def _differ(a: Marks, b: Marks) -> bool:
    return (a is None) != (b is None) or (a is not None and b is not None and abs(a - b) > SAME)
