"""Marks by question: what every format shows, with hidden checks folded into a count and a total."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from autograder.model import Report, Verdict
from autograder.reports.course import CourseInfo, QuestionInfo

STUDENT: frozenset[str] = frozenset({"visible"})
STAFF: frozenset[str] = frozenset({"visible", "hidden", "after_due_date", "after_published"})

ROUNDING = 1e-9  # marks are sums of a few decimals; anything smaller is not a mark

SYMBOLS = {"right": "✓", "partial": "◐", "wrong": "✗", "skipped": "↷", "broken": "⚠", "unjudged": "–"}
WORDS = {
    "right": "right",
    "partial": "partly right",
    "wrong": "not right",
    "skipped": "not judged",
    "broken": "could not be judged",
    "unjudged": "no verdict",
}
HIDDEN_WORDS = {
    "hidden": "",
    "after_due_date": ", shown after the due date",
    "after_published": ", shown once marks are published",
}


@dataclass(frozen=True)
class HiddenChecks:
    """The checks of one visibility that a reader may not see, as a count and a total."""

    visibility: str
    count: int
    points: float
    out_of: float

    def sentence(self) -> str:
        """Say "2 hidden checks: 1.5 of 2 points"; this is all a reader learns about them."""
        return f"{self.name()}: {points_of(self.points, self.out_of)}"

    def name(self) -> str:
        """Say "2 hidden checks, shown after the due date"."""
        return (
            f"{self.count} hidden {'check' if self.count == 1 else 'checks'}{HIDDEN_WORDS[self.visibility]}"
        )


@dataclass(frozen=True)
class QuestionMarks:
    """One question of one report: its total over all checks, and the checks its reader may see."""

    id: str
    title: str
    points: float
    out_of: float
    status: str
    shown: tuple[Verdict, ...]
    hidden: tuple[HiddenChecks, ...]


def marks_by_question(
    report: Report, course: CourseInfo, shown: Collection[str] = STUDENT
) -> list[QuestionMarks]:
    """List the questions in the order of the assignment; questions without a verdict are listed too.

    `shown` holds the visibilities the reader may see. A verdict on a question that the assignment does not
    list (it was removed later) follows at the end.
    """
    groups = report.questions()
    listed = {question.id for question in course.questions}
    strangers = [
        QuestionInfo(name, group[0].title, 0.0) for name, group in groups.items() if name not in listed
    ]
    return [
        _marks(question, groups.get(question.id, ()), shown) for question in (*course.questions, *strangers)
    ]


def final_mark(report: Report) -> float:
    """Return the score less the penalty, never below zero."""
    return max(0.0, finite(report.score) - max(0.0, finite(report.penalty)))


def withheld(report: Report) -> bool:
    """Tell whether the marks are not to be used yet: the report is not `graded`, or a check of ours broke."""
    return report.status != "graded" or any(v.status == "broken" for v in report.verdicts)


def awaits_marker(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether these verdicts wait for a human: manual, and none given yet."""
    return bool(verdicts) and all(v.kind == "manual" and v.status == "skipped" for v in verdicts)


def finite(value: float) -> float:
    """Return a plain float; NaN and infinities, which are no marks, become 0."""
    number_ = float(value)
    return number_ if math.isfinite(number_) else 0.0


def number(value: float) -> str:
    """Write a mark with at most four decimals and no trailing zeros: 2, 2.5, 0.3333."""
    text = f"{finite(value):.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def to_read(points: float, out_of: float) -> tuple[str, str]:
    """Write points with two decimals, with more where two would make part of the points look like all or none."""
    got, whole = (number(round(finite(value), 2)) for value in (points, out_of))
    part = finite(points) not in (0.0, finite(out_of))
    return (number(points), number(out_of)) if part and got in ("0", whole) else (got, whole)


def points_of(points: float, out_of: float) -> str:
    """Write "1.5 of 2 points"."""
    got, whole = to_read(points, out_of)
    return f"{got} of {whole} {'point' if whole == '1' else 'points'}"


def _marks(question: QuestionInfo, verdicts: Sequence[Verdict], shown: Collection[str]) -> QuestionMarks:
    out_of = sum(finite(v.out_of) for v in verdicts) if verdicts else finite(question.points)
    points = sum(finite(v.points) for v in verdicts)
    return QuestionMarks(
        id=question.id,
        title=question.title or question.id,
        points=points,
        out_of=out_of,
        status=_status(verdicts, points, out_of),
        shown=tuple(v for v in verdicts if v.visibility in shown),
        hidden=_fold(v for v in verdicts if v.visibility not in shown),
    )


def _status(verdicts: Sequence[Verdict], points: float, out_of: float) -> str:
    statuses = {v.status for v in verdicts}
    if not statuses:
        return "unjudged"
    if "broken" in statuses:
        return "broken"
    if statuses == {"skipped"}:
        return "skipped"
    if out_of <= ROUNDING:
        return "right" if statuses <= {"right", "skipped"} else "wrong"
    if points >= out_of - ROUNDING:
        return "right"
    return "partial" if points > ROUNDING else "wrong"


def _fold(verdicts: Iterable[Verdict]) -> tuple[HiddenChecks, ...]:
    groups: dict[str, list[Verdict]] = {name: [] for name in HIDDEN_WORDS}
    for verdict in verdicts:
        # An unknown visibility is treated as the strictest one.
        groups[verdict.visibility if verdict.visibility in groups else "hidden"].append(verdict)
    return tuple(
        HiddenChecks(
            name, len(group), sum(finite(v.points) for v in group), sum(finite(v.out_of) for v in group)
        )
        for name, group in groups.items()
        if group
    )
