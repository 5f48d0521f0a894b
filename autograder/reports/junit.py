"""JUnit XML in the shape of pytest's `junit_family=xunit2`, for continuous-integration pages."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterable
from pathlib import Path

from autograder.model import Report, Verdict
from autograder.reports.course import CourseInfo, Written
from autograder.reports.feedback import clean, verdict_lines
from autograder.reports.marks import (
    ROUNDING,
    STUDENT,
    HiddenChecks,
    QuestionMarks,
    finite,
    marks_by_question,
    number,
    points_of,
)


def document(reports: Iterable[Report], course: CourseInfo, shown: Collection[str] = STUDENT) -> bytes:
    """Write one test suite per report, one test case per check; a valid document for any number of either.

    A right check passes, a partial or wrong one is a failure with its points in the message, a skipped one
    is skipped, a broken one (and a report that is not `graded`) is an error. JUnit has no field for points,
    so each case has the properties `score`, `max_score` and `visibility`, and a late suite `penalty`. Build
    pages can be read by students: checks outside `shown` appear as one case per question and visibility, a
    count with a total.
    """
    root = ET.Element("testsuites", name=clean(course.title or course.assignment))
    for report in reports:
        root.append(_suite(report, course, shown))
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def export(reports: Iterable[Report], target: Path, *, course: CourseInfo) -> Written:
    """Write `document` of all reports to the file `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(document(reports, course))
    return Written(files=(target,))


def _suite(report: Report, course: CourseInfo, shown: Collection[str]) -> ET.Element:
    cases = [_report_case(report)] if report.status != "graded" else []
    for question in marks_by_question(report, course, shown):
        cases += [_verdict_case(report, question, verdict) for verdict in question.shown]
        cases += [_hidden_case(report, question, hidden) for hidden in question.hidden]
    counts = {
        tag: sum(case.find(tag) is not None for case in cases) for tag in ("error", "failure", "skipped")
    }
    suite = ET.Element(
        "testsuite",
        name=clean(f"{report.assignment} {report.student}"),
        errors=str(counts["error"]),
        failures=str(counts["failure"]),
        skipped=str(counts["skipped"]),
        tests=str(len(cases)),
        time=_seconds(report.duration_s),
        timestamp=clean(report.started_at),
        hostname="localhost",
    )
    if report.penalty > ROUNDING:  # of the whole report, so of no case
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="penalty", value=number(report.penalty))
    suite.extend(cases)
    return suite


def _verdict_case(report: Report, question: QuestionMarks, verdict: Verdict) -> ET.Element:
    case = _case(report, question.id, verdict.check, verdict.duration_s)
    _properties(case, verdict.points, verdict.out_of, verdict.visibility)
    tag = {"right": None, "skipped": "skipped", "broken": "error"}.get(verdict.status, "failure")
    if tag:
        points = f"{points_of(verdict.points, verdict.out_of)}: " if tag == "failure" else ""
        text = "\n".join(verdict_lines(verdict)) if tag != "skipped" else ""
        _outcome(case, tag, verdict.status, points + verdict.message, text)
    return case


def _hidden_case(report: Report, question: QuestionMarks, hidden: HiddenChecks) -> ET.Element:
    case = _case(report, question.id, hidden.name(), 0.0)
    _properties(case, hidden.points, hidden.out_of, hidden.visibility)
    if hidden.points < hidden.out_of - ROUNDING:
        status = "partial" if hidden.points > ROUNDING else "wrong"
        _outcome(case, "failure", status, points_of(hidden.points, hidden.out_of), "")
    return case


def _report_case(report: Report) -> ET.Element:
    case = _case(report, "submission", "graded", report.duration_s)
    message = report.message or "The submission could not be graded completely."
    _outcome(case, "error", report.status, message, "\n".join(report.notes))
    return case


def _case(report: Report, question: str, name: str, seconds: float) -> ET.Element:
    classname = clean(f"{report.assignment}.{question}")
    return ET.Element("testcase", classname=classname, name=clean(name), time=_seconds(seconds))


def _properties(case: ET.Element, points: float, out_of: float, visibility: str) -> None:
    properties = ET.SubElement(case, "properties")
    for name, value in (("score", number(points)), ("max_score", number(out_of)), ("visibility", visibility)):
        ET.SubElement(properties, "property", name=name, value=value)


def _outcome(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    outcome = ET.SubElement(case, tag, type=clean(kind), message=clean(message))
    outcome.text = clean(text) or None


def _seconds(value: float) -> str:
    return f"{max(0.0, finite(value)):.3f}"
