"""Marks that a person gives: `COURSE/overrides.csv`, edited by hand, above every judgement and regrade.

    assignment,student,question,points,author,reason,time
    convolution,ada,CONV-3,2,M. Schmidt,"Right, but written as a fraction.",2026-11-26 10:00
    convolution,ben,penalty,0,M. Schmidt,Was ill.,2026-11-26 10:05

`question` is a question's id (by-hand questions asked more than once: CONV-3_2), or `penalty` for the points
that lateness costs. A later line replaces an earlier one, so the file is also the record of what was
changed.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import difflib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.assignment import Assignment
from autograder.course import Course, CourseError
from autograder.model import Report, Status, Verdict
from autograder.times import read_moment

NAME = "overrides.csv"
COLUMNS = ("assignment", "student", "question", "points", "author", "reason", "time")
NEEDED = ("assignment", "student", "question", "points", "author", "reason")
PENALTY = "penalty"
CHECK = "set by hand"


@dataclass(frozen=True)
class Override:
    """Points that a person has set, with who, why and when."""

    question: str
    points: float
    author: str
    reason: str
    time: str = ""

    def sentence(self) -> str:
        """Say who set the points, when and why."""
        when = f" on {self.time}" if self.time else ""
        return f"Set by {self.author}{when}: {self.reason}"


Overrides = Mapping[str, Sequence[Override]]


def read_overrides(course: Course, assignment: Assignment) -> Overrides:
    """Read what was set by hand for an assignment: student -> overrides.

    Raises:
        CourseError: a line that says something that cannot be; the text names the line.
    """
    path = course.root / NAME
    if not path.exists():
        return {}
    worth = {i: q.points for q in assignment.questions for i in q.names()}
    roster = course.students()
    found: dict[str, dict[str, Override]] = {}
    for number, row in _rows(path):
        if row["assignment"] == assignment.name:
            where = f"{path}, line {number}"
            student = row["student"]
            if student not in roster:
                raise CourseError(f"{where}: {student!r} is not in the roster.{_near(student, roster)}")
            found.setdefault(student, {})[row["question"]] = _override(row, worth, where)
    return {student: tuple(rows.values()) for student, rows in found.items()}


def apply(report: Report, given: Sequence[Override], assignment: Assignment) -> Report:
    """Put what was set by hand in the place of what was judged; the penalty comes later.

    A question set by hand has one verdict of kind `manual`; its `staff` keeps what the judge had given.
    When every question that could not be judged is set by hand, the report is `graded`.
    """
    set_ = {one.question: one for one in given if one.question != PENALTY}
    if not set_:
        return report
    groups = report.questions()
    verdicts: list[Verdict] = []
    for asked in assignment.questions:
        for name in asked.names():
            old = groups.get(name, ())
            verdicts += [_manual(set_[name], asked.points, old)] if name in set_ else old
    judged = {v.question for v in verdicts if v.status != "broken"}
    wanted = {i for q in assignment.questions for i in q.names()}
    complete = wanted <= judged and not any(v.status == "broken" for v in verdicts)
    status: Literal["graded", "incomplete", "error"] = "graded" if complete else report.status
    unreadable = complete and report.status == "error" and report.message
    notes = (*report.notes, report.message) if unreadable else report.notes
    return dataclasses.replace(
        report,
        verdicts=tuple(verdicts),
        score=round(sum(v.points for v in verdicts), 4),
        status=status,
        message="" if complete else report.message,
        notes=notes,
    )


def set_penalty(given: Sequence[Override]) -> Override | None:
    """Return the override of the penalty, None where there is none."""
    return next((one for one in given if one.question == PENALTY), None)


def _manual(one: Override, out_of: float, old: Sequence[Verdict]) -> Verdict:
    judged = round(sum(v.points for v in old), 4) if old and all(v.status != "broken" for v in old) else None
    status: Status = "right" if one.points >= out_of else "partial" if one.points > 0 else "wrong"
    return Verdict(
        one.question, old[0].title if old else one.question, CHECK, "manual", status, one.points, out_of,
        "These points were set by a person.", credit_reason=one.sentence(),
        question_hash=old[0].question_hash if old else "",
        staff={"author": one.author, "reason": one.reason, "time": one.time, "judged": judged},
    )  # fmt: skip


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")
        rows = csv.DictReader(text, strict=True)  # a quote that is never closed would swallow rows
        listed = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path} cannot be read ({error}). Save it as CSV in UTF-8.") from None
    columns = [(name or "").strip() for name in rows.fieldnames or ()]
    lacking = [name for name in NEEDED if name not in columns]
    if lacking:
        raise CourseError(
            f"{path} has no column {lacking[0]}; its first line must be {','.join(COLUMNS)} (time may be left out)."
        )
    blank = dict.fromkeys(COLUMNS, "")
    plain = [
        (line, blank | {(k or "").strip(): v.strip() for k, v in row.items() if isinstance(v, str)})
        for line, row in listed
    ]
    return [(line, row) for line, row in plain if any(row.values())]


def _override(row: Mapping[str, str], worth: Mapping[str, float], where: str) -> Override:
    question = row["question"]
    if question != PENALTY and question not in worth:
        raise CourseError(
            f"{where}: the assignment has no question {question!r}.{_near(question, worth)} "
            f"Known: {', '.join(worth)}, {PENALTY}."
        )
    for name in ("author", "reason"):
        if not row.get(name):
            raise CourseError(f"{where}: say who set these points and why; {name} is empty.")
    most = worth.get(question, sum(worth.values()))
    return Override(
        question,
        _points(row.get("points", ""), most, where),
        row["author"],
        row["reason"],
        _time(row.get("time", ""), where),
    )


def _points(text: str, most: float, where: str) -> float:
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= most:
        raise CourseError(f"{where}: {text!r} cannot be the points; they go from 0 to {most:g}.")
    return points


def _time(text: str, where: str) -> str:
    if text and read_moment(text, datetime.UTC) is None and not _is_date(text):
        raise CourseError(f"{where}: {text!r} is no time; write it like 2026-11-20 or 2026-11-20 23:59.")
    return text


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _near(word: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""
