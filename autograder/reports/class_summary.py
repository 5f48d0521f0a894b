"""What a class got wrong: mistakes by how many students made them, and the mean of each question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.model import Report
from autograder.reports.course import CourseInfo
from autograder.reports.feedback import mistake_words
from autograder.reports.marks import STAFF, awaits_marker, marks_by_question


@dataclass(frozen=True)
class MistakeCount:
    """One misconception: on which questions, in how many verdicts, and whose."""

    name: str
    questions: tuple[str, ...]
    verdicts: int
    students: tuple[str, ...]


@dataclass(frozen=True)
class QuestionMean:
    """One question over the class; `mean` is None where no report has a mark for it."""

    id: str
    title: str
    out_of: float
    mean: float | None
    counts: dict[str, int]


def count_mistakes(reports: Sequence[Report]) -> list[MistakeCount]:
    """Count named mistakes, the most widespread first. "A or B" is counted as one thing, not as two."""
    found: dict[str, list[tuple[str, str]]] = {}
    for report in reports:
        for verdict in report.verdicts:
            name = mistake_words(verdict)
            if name:
                found.setdefault(name, []).append((verdict.question, report.student))
    counts = [
        MistakeCount(
            name,
            tuple(dict.fromkeys(question for question, _ in places)),
            len(places),
            tuple(dict.fromkeys(student for _, student in places)),
        )
        for name, places in found.items()
    ]
    return sorted(counts, key=lambda count: (-len(count.students), -count.verdicts, count.name))


def question_means(reports: Sequence[Report], course: CourseInfo) -> list[QuestionMean]:
    """Average each question over the reports that have a mark for it (broken and unmarked ones have none)."""
    rows: dict[str, list] = {}
    for report in reports:
        for marks in marks_by_question(report, course, STAFF):
            rows.setdefault(marks.id, []).append(marks)
    return [_mean(marks) for marks in rows.values()]


def _mean(rows: list) -> QuestionMean:
    counts: dict[str, int] = {}
    for marks in rows:
        counts[marks.status] = counts.get(marks.status, 0) + 1
    valid = [m for m in rows if m.status not in ("broken", "unjudged") and not awaits_marker(m.shown)]
    mean = sum(m.points for m in valid) / len(valid) if valid else None
    return QuestionMean(rows[0].id, rows[0].title, max(m.out_of for m in rows), mean, counts)
