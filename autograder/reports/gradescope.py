"""Gradescope's `results.json`: scores, output in Markdown, and visibility per test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.model import Report, Verdict
from autograder.reports.course import CourseInfo, Written
from autograder.reports.feedback import clean, file_name, markdown, verdict_lines
from autograder.reports.marks import STAFF, final_mark, finite, marks_by_question, number, withheld


def results(report: Report, course: CourseInfo) -> dict[str, Any]:
    """Return the content of `results.json` for one report.

    Gradescope itself keeps hidden tests from students, so every verdict becomes a test with its own
    visibility, and one informational line tells how many are hidden. (It also shows students no total while
    any test is hidden.) The top-level score is the mark less the penalty. While marks are withheld the score
    is 0, no test carries points, and the output says why.
    """
    final = not withheld(report)
    return {
        "score": final_mark(report) if final else 0.0,
        "execution_time": max(0.0, finite(report.duration_s)),
        "output": _head(report, final),
        "output_format": "md",
        "test_output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "schema": clean(report.schema),
            "tool_version": clean(report.tool_version),
            "status": report.status,
            "sha256": clean(report.submission.get("sha256", "")),
            "params_digest": clean(report.params_digest),
        },
        "tests": _tests(report, course, final),
    }


def document(report: Report, course: CourseInfo) -> str:
    """Write `results` as JSON text."""
    return json.dumps(results(report, course), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def export(reports: Iterable[Report], target: Path, *, course: CourseInfo) -> Written:
    """Write `results.json` for one report to `target` where that ends in .json, else a folder per student."""
    listed = list(reports)
    if target.suffix == ".json" and len(listed) == 1:
        paths = [target]
    else:
        paths = [target / file_name(report.student) / "results.json" for report in listed]
    for path, report in zip(paths, listed, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document(report, course).encode("utf-8"))
    return Written(files=tuple(paths))


def _tests(report: Report, course: CourseInfo, final: bool) -> list[dict[str, Any]]:
    tests = []
    for i, question in enumerate(marks_by_question(report, course, STAFF), start=1):
        tests += [_test(f"{i}.{j}", verdict, final) for j, verdict in enumerate(question.shown, start=1)]
    hidden = [v for v in report.verdicts if v.visibility != "visible"]
    if hidden:
        tests.append(_hidden_line(hidden))
    return tests


def _test(number_: str, verdict: Verdict, final: bool) -> dict[str, Any]:
    known = verdict.visibility in STAFF
    test: dict[str, Any] = {
        "name": clean(f"{verdict.title or verdict.question}: {verdict.check}"),
        "name_format": "text",
        "number": number_,
        "output": "\n\n".join(map(markdown, verdict_lines(verdict))),
        "output_format": "md",
        "visibility": verdict.visibility if known else "hidden",
        "tags": [clean(tag) for tag in (verdict.kind, verdict.part) if tag],
    }
    if verdict.status != "broken":
        test["status"] = "passed" if verdict.status == "right" else "failed"
    if final and verdict.out_of:
        test |= {"score": finite(verdict.points), "max_score": finite(verdict.out_of)}
    return test


def _hidden_line(hidden: list[Verdict]) -> dict[str, Any]:
    count, out_of = len(hidden), number(sum(finite(v.out_of) for v in hidden))
    checks = "check is" if count == 1 else "checks are"
    return {
        "name": "Hidden checks",
        "name_format": "text",
        "number": "0",
        "status": "passed",
        "output": f"{count} {checks} not shown now; together: {out_of} points.",
        "output_format": "md",
        "visibility": "visible",
        "tags": ["information"],
    }


def _head(report: Report, final: bool) -> str:
    lines = [markdown(report.message)] if report.message else []
    if not final:
        lines.append("**Your marks are withheld for now: this submission could not be judged completely.**")
    elif report.penalty > 0:
        lines.append(
            f"{number(report.score)} of {number(report.max_score)} points, "
            f"less a penalty of {number(report.penalty)}: **{number(final_mark(report))}**"
        )
    return "\n\n".join([*lines, *map(markdown, report.notes)])
