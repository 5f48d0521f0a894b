"""CSV for spreadsheets: one row per student, or (long form) one row per verdict."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.model import Report, Verdict
from autograder.reports.course import CourseInfo, Written
from autograder.reports.feedback import clean, mistake_words
from autograder.reports.marks import STAFF, QuestionMarks, awaits_marker, marks_by_question, number, withheld

LONG_COLUMNS = (
    "student",
    "report_status",
    "question",
    "title",
    "check",
    "kind",
    "part",
    "status",
    "points",
    "out_of",
    "visibility",
    "mistake",
    "mistakes_consistent",
    "message",
    "credit_reason",
    "question_hash",
)

# What a spreadsheet takes for the start of a formula, with the full-width forms it also accepts.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def table(reports: Iterable[Report], course: CourseInfo) -> str:
    """Write one row per student: status, score, penalty, points per question, named mistakes. For staff.

    Where marks are withheld (report not `graded`, or a check of ours broke) the score stays empty, and so do
    the points of the question concerned: an unfinished number must not be taken for a mark.
    """
    rows = list(reports)
    questions = _question_ids(rows, course)
    header = ("student", "status", "score", "max_score", "penalty", *questions, "mistakes")
    return _csv([header, *(_row(report, course, questions) for report in rows)])


def long_table(reports: Iterable[Report], course: CourseInfo) -> str:  # noqa: ARG001 - all formats take the course
    """Write one row per verdict, hidden ones included. For staff, and for statistics."""
    return _csv([LONG_COLUMNS, *(_verdict_row(report, v) for report in reports for v in report.verdicts)])


def export(reports: Iterable[Report], target: Path, *, course: CourseInfo) -> Written:
    """Write `table` to the file `target`."""
    return _save(table(reports, course), target)


def export_long(reports: Iterable[Report], target: Path, *, course: CourseInfo) -> Written:
    """Write `long_table` to the file `target`."""
    return _save(long_table(reports, course), target)


def _row(report: Report, course: CourseInfo, questions: Sequence[str]) -> list[object]:
    points = {marks.id: _points(marks) for marks in marks_by_question(report, course, STAFF)}
    score = "" if withheld(report) else _Number(report.score)
    named = sorted({name for v in report.verdicts if (name := mistake_words(v))})
    return [
        report.student,
        report.status,
        score,
        _Number(report.max_score),
        _Number(report.penalty),
        *(points.get(question, "") for question in questions),
        "; ".join(named),
    ]


def _points(marks: QuestionMarks) -> object:
    unfinished = marks.status in ("broken", "unjudged") or awaits_marker(marks.shown)
    return "" if unfinished else _Number(marks.points)


def _verdict_row(report: Report, verdict: Verdict) -> list[object]:
    return [
        report.student,
        report.status,
        verdict.question,
        verdict.title,
        verdict.check,
        verdict.kind,
        verdict.part or "",
        verdict.status,
        "" if verdict.status == "broken" else _Number(verdict.points),
        _Number(verdict.out_of),
        verdict.visibility,
        verdict.mistake or "",
        "; ".join(verdict.mistakes_consistent),
        verdict.message,
        verdict.credit_reason,
        verdict.question_hash,
    ]


def _question_ids(reports: Sequence[Report], course: CourseInfo) -> list[str]:
    """Return the assignment's questions, then those only reports know, in order of appearance."""
    names = [question.id for question in course.questions]
    names += [name for report in reports for name in report.questions()]
    return list(dict.fromkeys(names))


class _Number(str):
    """A cell that is a number by construction and so needs no guard against formulas."""

    def __new__(cls, value: float) -> _Number:
        return super().__new__(cls, number(value))


def _csv(rows: Iterable[Sequence[object]]) -> str:
    """Write RFC 4180: CRLF line ends, quotes where needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, _Number):
        return value
    text = clean(value)
    return "'" + text if text.lstrip().startswith(_FORMULA) or text[:1] in ("\t", "\n") else text


def _save(text: str, target: Path) -> Written:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8"))
    return Written(files=(target,))
