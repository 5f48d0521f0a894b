"""`backmark check`: read a saved notebook as the grader will, run the public checks, print a receipt."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.ahead import Ahead
from autograder.assignment import available, read_assignment
from autograder.checks import Judgement, judge
from autograder.course import CourseError
from autograder.handouts import kit_template
from autograder.handouts.kit import KIT_NAME
from autograder.naming import name_mistakes
from autograder.sandbox import Limits, Release, Sandbox, UnreadableSubmission, read_submission, wire
from autograder.verdicts import verdicts


@dataclass
class Checked:
    """The lines to print, and whether the file can be graded at all."""

    lines: list[str] = field(default_factory=list)
    readable: bool = True


def check_file(file: Path, assignment: str | None = None, hints: bool = True) -> Checked:
    """Check one file.

    Raises:
        CourseError: it cannot be told which assignment the file belongs to.
    """
    name = _assignment_name(file, assignment)
    release, limits = _release(name, file), Limits()
    try:
        submitted = read_submission(file, release, limits)
    except UnreadableSubmission as error:
        return Checked([f"{file.name} could not be graded: {error}"], readable=False)
    with Ahead(Sandbox(limits=limits, allow_weak=True)) as ahead:
        public = _kit_data(file) or _own_data(name)
        kit_template.PUBLIC, kit_template.FOLDER = public, file.resolve().parent
        keys = {exercise: kit_template._key(exercise) for exercise in public["exercises"]}
        evidence = ahead.ready().run(
            submitted.cells, {exercise: key.script(0) for exercise, key in keys.items()}
        )
    result = Checked()
    for exercise, key in keys.items():
        judgement = judge(key, 0, evidence.questions.get(exercise, ()))
        _code_lines(result, public["exercises"][exercise], judgement, hints and public.get("hints", True))
    for question in public["by_hand"]:
        _typed_lines(result, question, submitted)
    _receipt(result, file, name, submitted, evidence)
    return result


def _assignment_name(file: Path, given: str | None) -> str:
    known = available()
    for name in (given, file.stem, file.resolve().parent.name):
        if name and (name in known or (file.parent / KIT_NAME).exists()):
            return name
    raise CourseError(
        f"Which assignment is {file.name}? Its name is none of {', '.join(known)}, and there is no {KIT_NAME} "
        "beside it. Say it with --assignment."
    )


def _release(name: str, file: Path) -> Release:
    folder = available().get(name)
    path = folder / f"{name}.ipynb" if folder else file
    try:
        return Release.from_notebook(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise CourseError(f"{path} cannot be read as a notebook; download it again.") from None


def _kit_data(file: Path) -> dict[str, Any] | None:
    """Take the public cases from the kit beside the file, so that an instructor's own assignment works too."""
    beside = file.resolve().parent / KIT_NAME
    if not beside.exists():
        return None
    spec = importlib.util.spec_from_file_location("backmark_kit_beside", beside)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            spec.loader.exec_module(module)
        # The kit brings classes of its own; what it holds crosses over as data.
        theirs = next(
            m for n, m in sys.modules.items() if n.startswith("_backmark_") and n.endswith("sandbox.wire")
        )
        return wire.unpack(theirs.pack(dict(module.PUBLIC)))  # type: ignore[return-value]
    except Exception as error:
        raise CourseError(f"{beside} does not load ({type(error).__name__}); download it again.") from None


def _own_data(name: str) -> dict[str, Any]:
    """Make the public cases; mistakes are looked for only where something is wrong."""
    from autograder.making import public_data

    return public_data(read_assignment(available()[name]), lookalikes=False)


def _code_lines(result: Checked, entry: dict[str, Any], judgement: Judgement, hints: bool) -> None:
    named: Any = ()
    if hints and not judgement.right:
        named = kit_template._named(entry, judgement) if entry["lookalikes"] else name_mistakes(judgement)
    found = verdicts(judgement, entry["title"], float(entry["points"]), named)
    passed = sum(v.status == "right" for v in found)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print(f"{judgement.key.question}: {passed} of {len(found)} public checks pass")
        for verdict in found:
            if verdict.status != "right" or verdict.credit_reason or "Note:" in verdict.message:
                kit_template._print_verdict(verdict)
    result.lines += text.getvalue().splitlines()


def _typed_lines(result: Checked, question: str, submitted: Any) -> None:
    answer = submitted.answers.get(question)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        if answer is None:
            print(f"{question}: no answer was found.")
        else:
            kit_template.readable(question, answer, submitted.student_claimed or "")
    result.lines += text.getvalue().splitlines()


def _receipt(result: Checked, file: Path, name: str, submitted: Any, evidence: Any) -> None:
    result.lines += [
        "",
        f"Receipt for {file.name}, assignment {name}",
        f"  sha256      {submitted.sha256}",
        f"  cells run   {len(submitted.cells)}",
        f"  answers     {', '.join(sorted(submitted.answers)) or 'none'}",
        f"  student     {submitted.student_claimed or 'not filled in'} (grading goes by the hand-in, not by this)",
    ]
    for cell in evidence.cells:
        if cell.status != "ok" and cell.error:
            place = f"line {cell.error.get('line')}: {cell.error.get('text')}"
            result.lines.append(f"  cell {cell.index}: {cell.error.get('type')} in {place}")
        elif cell.status not in ("ok", "skipped"):
            result.lines.append(f"  cell {cell.index}: {cell.status}")
    result.lines += [f"  note        {note}" for note in (*submitted.notes, *evidence.notes)]
    result.lines.append(
        "This says what was read and what the public checks find. Marks are given on other inputs."
    )
