"""`backmark check`: read a saved notebook as the grader will, run the public checks, print a receipt."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.assignment import available, read_assignment
from autograder.checks import Judgement, judge
from autograder.course import CourseError
from autograder.handouts import kit_template
from autograder.handouts.kit import KIT_NAME
from autograder.launch import Ahead
from autograder.naming import name_mistakes
from autograder.sandbox import Limits, Release, Sandbox, UnreadableSubmission, read_submission, wire
from autograder.verdicts import verdicts

MOST_PUBLIC = 64 << 20
_HELD = re.compile(r'^_DATA = """\n([A-Za-z0-9+/=\n]*)"""$', re.MULTILINE)


@dataclass
class Checked:
    """The lines to print, and whether the file can be graded at all."""

    lines: list[str] = field(default_factory=list)
    readable: bool = True


def check_file(
    file: Path, assignment: str | None = None, hints: bool = True, ahead: Ahead | None = None
) -> Checked:
    """Check one file; `ahead` may have a sandbox on its way already.

    Raises:
        CourseError: it cannot be told which assignment the file belongs to.
    """
    name = _assignment_name(file, assignment)
    release, limits = _release(name, file), Limits()
    try:
        submitted = read_submission(file, release, limits)
    except UnreadableSubmission as error:
        return Checked([f"{file.name} could not be graded: {error}"], readable=False)
    with Sandbox(limits=limits, allow_weak=True, ahead=ahead) as box:
        kit = _kit_data(file)
        public = kit or _own_data(name)
        kit_template.PUBLIC, kit_template.FOLDER = public, file.resolve().parent
        keys = {exercise: kit_template._key(exercise) for exercise in public["exercises"]}
        evidence = box.run(submitted.cells, {exercise: key.script(0) for exercise, key in keys.items()})
    result = Checked()
    for exercise, key in keys.items():
        judgement = judge(key, 0, evidence.questions.get(exercise, ()))
        hinted = hints and public.get("hints", True)
        _code_lines(result, public["exercises"][exercise], judgement, hinted, kit is None)
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
    """Take the public cases from the kit beside the file, so that an instructor's own assignment works too.

    The kit is read, never run: whoever checks what somebody else handed in has that person's kit beside it.
    """
    beside = file.resolve().parent / KIT_NAME
    if not beside.is_file():
        return None
    try:
        found = _HELD.search(beside.read_text(encoding="utf-8"))
        packed = base64.b64decode(found[1] if found else "")
        return dict(wire.unpack(zlib.decompressobj().decompress(packed, MOST_PUBLIC)))  # type: ignore[call-overload]
    except Exception as error:
        raise CourseError(f"{beside} does not load ({type(error).__name__}); download it again.") from None


def _own_data(name: str) -> dict[str, Any]:
    """Make the public cases; mistakes are looked for only where something is wrong."""
    from autograder.making import public_data

    return public_data(read_assignment(available()[name]), lookalikes=False)


def _code_lines(result: Checked, entry: dict[str, Any], judgement: Judgement, hints: bool, own: bool) -> None:
    """Say what the public checks find; mistakes are played on cases of our `own` only, they can hold code."""
    named: Any = ()
    if hints and not judgement.right:
        named = name_mistakes(judgement) if own else kit_template._named(entry, judgement)
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
