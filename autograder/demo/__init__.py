"""The made-up class of `backmark demo`: make, hand in, grade, and hold the result to what is expected."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import answers
from autograder.assignment import Issued, read_by_hand
from autograder.course import Course, CourseError
from autograder.demo.submissions import CLASS, Pupil, hand_in
from autograder.grading import Progress, grade
from autograder.handouts.notebook import build_solution_notebook, build_source
from autograder.instances import lookalikes
from autograder.making import make
from autograder.model import Report
from autograder.solutions import solution_file

ASSIGNMENT = "convolution"
SECONDS = 3


@dataclass
class Shown:
    """What the demo prints: one row per pupil, and whatever came out other than it must."""

    rows: list[tuple[str, str, Report]] = field(default_factory=list)
    seconds: float = 0.0
    tier: str = ""

    def unexpected(self) -> list[str]:
        """Return one sentence per pupil whose result is not what the demo is built to give."""
        reports = {student: report for student, _, report in self.rows}
        return [s for p in CLASS for s in _against(p, reports.get(p.id))]


def run(
    keep: Path | None,
    workers: int,
    on_start: Callable[[Progress], None] = lambda _progress: None,
    on_report: Callable[[Report, bool], None] = lambda _report, _kept: None,
) -> Shown:
    """Make the class in `keep` (or a folder that is removed afterwards), grade it, and return the rows."""
    if keep is not None and any(keep.glob("*")):
        raise CourseError(f"{keep} is not empty; give --keep a new folder.")
    if keep is not None:
        return _run(keep, workers, on_start, on_report)
    with tempfile.TemporaryDirectory(prefix="backmark-demo-") as folder:
        return _run(Path(folder), workers, on_start, on_report)


def _run(
    root: Path, workers: int, on_start: Callable[[Progress], None], on_report: Callable[[Report, bool], None]
) -> Shown:
    course = make_class(root)
    reports: dict[str, Report] = {}

    def keep(report: Report, kept: bool) -> None:
        reports[report.student] = report
        on_report(report, kept)

    clock = time.monotonic()
    progress = grade(course, ASSIGNMENT, workers=workers, on_start=on_start, on_report=keep)
    seconds = time.monotonic() - clock
    rows = [(p.id, p.handed_in, reports[p.id]) for p in CLASS if p.id in reports]
    return Shown(rows, seconds, ", ".join(sorted(progress.tiers)))


def make_class(root: Path) -> Course:
    """Make the assignment for the made-up class and put everybody's hand-in into `submitted/`."""
    root.mkdir(parents=True, exist_ok=True)
    pupils = [p.id for p in CLASS if p.id != "zeno"]
    roster = root / "class.csv"
    roster.write_text(
        "id,first_name,last_name,email\n" + "".join(f"{p},{p.title()},,\n" for p in pupils), encoding="utf-8"
    )
    course = make(ASSIGNMENT, root, roster).course
    _hurry(course)
    source = build_source(solution_file(ASSIGNMENT))
    variants = read_by_hand(course.keys(ASSIGNMENT) / "by-hand.jsonl")
    blank = (course.release(ASSIGNMENT) / f"{ASSIGNMENT}.ipynb").read_bytes()
    for pupil in CLASS:
        own = variants.get(pupil.id, {})
        solved = build_solution_notebook(source, pupil.id, typed_answers(own, wrong=pupil.id == "sofia"))
        folder = course.submitted(pupil.id, ASSIGNMENT)
        folder.mkdir(parents=True, exist_ok=True)
        content = blank if pupil.expects == "zero" else hand_in(pupil, json.loads(json.dumps(solved)))
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(content)
    return course


def _hurry(course: Course) -> None:
    """Give endless loops little time, so that nobody waits for the demo."""
    toml = course.keys(ASSIGNMENT) / "assignment.toml"
    text = re.sub(r"(?m)^seconds = .*$", f"seconds = {SECONDS}", toml.read_text(encoding="utf-8"))
    toml.write_text(text, encoding="utf-8")


def typed_answers(own: dict[str, Issued], wrong: bool = False) -> dict[str, Any]:
    """Type the right answer to every by-hand question, or what somebody with a mistake would type."""
    texts: dict[str, Any] = {}
    for instance, one in own.items():
        values = lookalikes(one.variant.question, one.variant)[0][1] if wrong else one.variant.truth
        parts = {p.id: answers.KINDS[p.kind].show(values[p.id]) for p in one.variant.parts}
        texts[instance] = parts if len(parts) > 1 else next(iter(parts.values()))
    return texts


def _against(pupil: Pupil, report: Report | None) -> list[str]:
    if report is None:
        return [f"{pupil.id} has no report."]
    if (pupil.expects == "error") != (report.status == "error"):
        return [f"{pupil.id} ({pupil.handed_in}): status {report.status}."]
    if pupil.expects == "error":
        return []
    share = report.score / report.max_score
    fits = {"full": share > 1 - 1e-9, "zero": share == 0, "some": 0 < share < 1 - 1e-9}[pupil.expects]
    named = {n for v in report.verdicts for n in (*v.mistakes_consistent, v.mistake) if n}
    missing = [n for n in pupil.names if n not in named]
    found = (
        []
        if fits
        else [
            f"{pupil.id} ({pupil.handed_in}): {report.score:g} of {report.max_score:g}, expected {pupil.expects}."
        ]
    )
    return found + [f"{pupil.id} ({pupil.handed_in}): {name} was not named." for name in missing]
