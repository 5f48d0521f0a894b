"""From what the judge found to the report that counts: marks set by hand, time of hand-in, penalty.

The journal keeps the judge's own report. What people decide (course.toml, overrides.csv) is put on top each
time a report is read, so it outlives every regrade and reaches every format.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from autograder import __version__
from autograder.assignment import Assignment, read_assignment
from autograder.course import Course
from autograder.journal import Standing
from autograder.lateness import Cost, Rule, read_rule
from autograder.model import Report
from autograder.overrides import Overrides, apply, read_overrides, set_penalty
from autograder.times import FILE, HandedIn


class Marking:
    """The rule on lateness and the marks set by hand of one assignment.

    Raises:
        CourseError: course.toml or overrides.csv says something that cannot be.
    """

    def __init__(self, course: Course, assignment: Assignment) -> None:
        self.assignment = assignment
        self.rule: Rule = read_rule(course, assignment.name)
        self.overrides: Overrides = read_overrides(course, assignment)

    def finished(self, judged: Report, when: HandedIn | None) -> Report:
        """Return the report that counts."""
        given = self.overrides.get(judged.student, ())
        report = apply(judged, given, self.assignment)
        cost = self.cost(report, when)
        sentences = [cost.sentence] if cost.sentence else []
        by_hand = set_penalty(given)
        if by_hand is not None:
            cost = Cost(min(by_hand.points, report.score))
            sentences.append(f"The points taken off for lateness are {cost.penalty:g}. {by_hand.sentence()}")
        told = {"submitted_at": when.at, "clock": when.clock} if when is not None else {}
        return dataclasses.replace(
            report,
            penalty=cost.penalty,
            submission={**report.submission, **told},
            notes=(*report.notes, *sentences),
        )

    def cost(self, report: Report, when: HandedIn | None) -> Cost:
        """Say what lateness costs, by the rule alone."""
        if report.status != "graded":
            return Cost()
        return self.rule.cost(report.student, when, report.score, report.max_score)

    def unsure(self, report: Report) -> bool:
        """Tell whether a report is late by the file's own time only, which takes nothing off."""
        told = report.submission
        clock, at = told.get("clock"), told.get("submitted_at")
        return clock == FILE and self.cost(report, HandedIn(str(at), FILE)).unsure

    def of_entry(self, entry: Mapping[str, Any]) -> Report:
        """Return the report that counts from an entry of the journal."""
        return self.finished(Report.from_json(entry["report"]), HandedIn.from_json(entry.get("handed_in")))

    def without_hand_in(self, student: str) -> Report:
        """Return the report of somebody who handed in nothing and was given marks by hand."""
        message = "Nothing was handed in."
        blank = Report(
            self.assignment.name, student, "error", max_score=self.assignment.max_score,
            message=message, tool_version=__version__,
        )  # fmt: skip
        return self.finished(blank, None)


def read_reports(course: Course, name: str) -> list[Report]:
    """Return the report of each student that counts, in order of the ids."""
    return list(iterate_reports(course, name))


def iterate_reports(course: Course, name: str) -> Iterator[Report]:
    """Yield the same one at a time."""
    standing = Standing(course.journal(name))
    if not course.keys(name).is_dir():
        return
    marking = Marking(course, read_assignment(course.keys(name)))
    for student in sorted({*standing, *marking.overrides}):
        entry = standing.get(student)
        yield marking.of_entry(entry) if entry is not None else marking.without_hand_in(student)
