"""`backmark check`: read a saved notebook as the grader will, run the public checks, print a receipt."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import difflib
import io
import json
import re
import sys
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.assignment import available, read_assignment
from autograder.checks import Judgement, judge
from autograder.course import CourseError
from autograder.handouts import kit_template
from autograder.handouts.kit import KIT_NAME
from autograder.handouts.kit_release import GRADING, Grading, grading_data, read_grading
from autograder.launch import Ahead, package_folders
from autograder.naming import name_mistakes
from autograder.sandbox import (
    Release,
    Sandbox,
    SandboxError,
    Submitted,
    UnreadableSubmission,
    read_submission,
    wire,
)
from autograder.verdicts import verdicts

MOST_PUBLIC = 64 << 20
_HELD = re.compile(r'^_DATA = """\n([A-Za-z0-9+/=\n]*)"""$', re.MULTILINE)
_HEAD = re.compile(r'^"""Student kit of (\S+?)(?:: |\. Keep )', re.MULTILINE)


@dataclass(frozen=True)
class _Kit:
    """What the kit beside a file holds; one made by an earlier version knows its name only."""

    name: str | None
    public: dict[str, Any]
    grading: Grading | None


@dataclass(frozen=True)
class _Material:
    """What a file is checked with; `own` are cases made here, which nobody can have changed."""

    public: dict[str, Any]
    grading: Grading
    own: bool
    remarks: tuple[str, ...] = ()


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
    try:
        material = _material(file, assignment)
        public, grading = material.public, material.grading
        submitted = read_submission(file, grading.release, grading.limits)
    except UnreadableSubmission as error:
        return Checked([f"{file.name} could not be graded: {error}"], readable=False)
    packages, missing = _installed(grading.packages, file)
    with Sandbox(packages, grading.limits, allow_weak=True, ahead=ahead) as box:
        kit_template.PUBLIC, kit_template.FOLDER = public, file.resolve().parent
        keys = {exercise: kit_template._key(exercise) for exercise in public["exercises"]}
        evidence = box.run(submitted.cells, {exercise: key.script(0) for exercise, key in keys.items()})
    result = Checked([*material.remarks, *_told_strange(file, grading, submitted), *_told_missing(missing)])
    for exercise, key in keys.items():
        judgement = judge(key, 0, evidence.questions.get(exercise, ()))
        hinted = hints and public.get("hints", True)
        _code_lines(result, public["exercises"][exercise], judgement, hinted, material.own)
    for question in public["by_hand"]:
        _typed_lines(result, question, submitted)
    notes = (*submitted.notes, *_true_notes(evidence.notes, packages, missing, grading.packages))
    _receipt(result, file, grading.name, submitted, evidence, notes)
    return result


# --- what to check with ---------------------------------------------------------------------------


def _material(file: Path, given: str | None) -> _Material:
    """Take the kit beside the file, so that an instructor's own assignment works too, or what Backmark brings.

    A file may be called anything: browsers and students rename it. Only the name of another assignment that
    Backmark brings tells that the kit beside it belongs to another notebook.
    """
    kit, known = _kit(file), available()
    name = given or _guessed(file, kit, known)
    if kit is not None and name == (kit.name or name):
        return _of_kit(kit, name, file)
    if name not in known:
        raise CourseError(_unknown(file, name, kit, known))
    public = _own_data(name)
    aside = f"The {KIT_NAME} beside {file.name} is for {kit.name}; it was left aside." if kit else ""
    return _Material(public, _grading(public), own=True, remarks=(aside,) if aside else ())


def _guessed(file: Path, kit: _Kit | None, known: Collection[str]) -> str:
    """Tell the assignment by the file's name if it is one, by the kit, or by the folder."""
    held = kit.name if kit else None
    folder = file.resolve().parent.name
    names = (file.stem if file.stem in known else None, held, folder if folder in known else None)
    name = next(filter(None, names), None)
    if name is None:
        beside = f"the {KIT_NAME} beside it does not say" if kit else f"there is no {KIT_NAME} beside it"
        raise CourseError(
            f"Which assignment is {file.name}? Its name is none of {', '.join(known)}, and {beside}. "
            "Say it with --assignment."
        )
    return name


def _unknown(file: Path, name: str, kit: _Kit | None, known: Collection[str]) -> str:
    if kit is not None:
        return (
            f"There is no assignment {name!r} here: the {KIT_NAME} beside {file.name} is for {kit.name}. "
            f"Leave --assignment out, or say --assignment {kit.name}."
        )
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return (
        f"There is no assignment {name!r}.{hint} Known: {', '.join(known)}. For an assignment of your course's own, "
        f"put the {KIT_NAME} that came with it beside {file.name}."
    )


def _of_kit(kit: _Kit, name: str, file: Path) -> _Material:
    """Use a kit; what one of an earlier version lacks comes from Backmark, or else from the file itself."""
    if kit.grading is not None:
        return _Material(kit.public, kit.grading, own=False)
    folder = available().get(name)
    if folder is not None:
        from autograder.making import release_text

        own = read_assignment(folder)
        data = grading_data(name, own.limits, release_text(own))
        return _Material(kit.public, _grading({GRADING: data}), own=False)
    remark = (
        f"The {KIT_NAME} beside {file.name} was made by an earlier version of Backmark: limits and allowed packages of "
        "this assignment are not known here, nor what was changed in its own cells."
    )
    return _Material(kit.public, Grading(name, _release_in(file)), own=False, remarks=(remark,))


def _release_in(file: Path) -> Release:
    """Guess the release from a student's copy: its cells to fill in are filled in, so they are no stubs.

    Raises:
        UnreadableSubmission: it is no file that may be opened so simply.
    """
    read_submission(file, Release())
    try:
        release = Release.from_notebook(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        raise CourseError(f"{file} cannot be read as a notebook; download it again.") from None
    return dataclasses.replace(release, stubs=dict.fromkeys(release.stubs, ""), student_placeholder=None)


def _kit(file: Path) -> _Kit | None:
    """Read the kit beside the file.

    It is never run: whoever checks what somebody else handed in has that person's kit beside it.
    """
    beside = file.resolve().parent / KIT_NAME
    if not beside.is_file():
        return None
    try:
        with open(beside, encoding="utf-8") as opened:
            text = opened.read(MOST_PUBLIC)
        found, head = _HELD.search(text), _HEAD.search(text)
        packed = base64.b64decode(found[1] if found else "")
        public = dict(wire.unpack(zlib.decompressobj().decompress(packed, MOST_PUBLIC)))  # type: ignore[call-overload]
        grading = read_grading(public)
        if not (isinstance(public["exercises"], dict) and isinstance(public["by_hand"], dict)):
            raise TypeError("no table of questions")
    except Exception as error:
        raise CourseError(f"{beside} does not load ({type(error).__name__}); download it again.") from None
    return _Kit(grading.name if grading else head[1] if head else None, public, grading)


def _own_data(name: str) -> dict[str, Any]:
    """Make the public cases; mistakes are looked for only where something is wrong."""
    from autograder.making import public_data

    return public_data(read_assignment(available()[name]), lookalikes=False)


def _grading(public: Mapping[str, Any]) -> Grading:
    grading = read_grading(public)
    assert grading is not None  # we have just made it
    return grading


def _told_strange(file: Path, grading: Grading, submitted: Submitted) -> list[str]:
    """Say that a file holds none of the cells to fill in: all notebooks have a kit of the same name."""
    wanted = {*grading.release.stubs, *grading.release.by_hand}
    lost = {f"The cell for {name} is missing from this notebook." for name in wanted}
    if not lost or not lost.issubset(submitted.notes):
        return []
    return [
        f"{file.name} holds none of the cells of {grading.name}. Is it the notebook of another assignment? "
        f"Then put the {KIT_NAME} beside it that came with it."
    ]


# --- packages -------------------------------------------------------------------------------------


def _installed(packages: Sequence[str], file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part the allowed packages into those that this machine has, and those it has not.

    The sandbox loads them before it locks itself in. What merely lies in the working folder or beside the file is
    therefore no package: it may have come with what somebody else handed in. Python's own modules need no leave.
    """
    wanted = [name for name in packages if name not in sys.stdlib_module_names]
    found = [name for name in wanted if _is_installed(name, (Path.cwd(), file.resolve().parent))]
    return tuple(found), tuple(name for name in wanted if name not in found)


def _is_installed(name: str, strange: Sequence[Path]) -> bool:
    try:
        folders = package_folders([name])
    except (SandboxError, ImportError, ValueError):
        return False
    return not any(Path(folder).resolve() == place.resolve() for folder in folders for place in strange)


def _told_missing(missing: Sequence[str]) -> list[str]:
    return [
        f"This assignment allows {name}, but {name} is not installed on this machine: a cell that imports it stops "
        "here, and is run when it is graded. With it installed, the cell is checked here as well."
        for name in missing
    ]


def _true_notes(
    notes: Sequence[str], here: Sequence[str], missing: Sequence[str], allowed: Sequence[str]
) -> list[str]:
    """Leave out that a package is refused which is only not installed here; name all that are allowed."""
    some = f"allowed: {', '.join(dict.fromkeys(('numpy', *here)))}."
    every = f"allowed: {', '.join(dict.fromkeys(('numpy', *allowed)))}."
    refused = tuple(f"{name} is not available when grading" for name in missing)
    return [note.replace(some, every) for note in notes if not (refused and note.startswith(refused))]


# --- what to print --------------------------------------------------------------------------------


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


def _receipt(
    result: Checked, file: Path, name: str, submitted: Any, evidence: Any, notes: Sequence[str]
) -> None:
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
    result.lines += [f"  note        {note}" for note in notes]
    result.lines.append(
        "This says what was read and what the public checks find. Marks are given on other inputs."
    )
