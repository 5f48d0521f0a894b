"""Read what judging one assignment needs from a course folder, and see that it belongs together."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import gc
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment import Assignment, Issued, available, read_assignment, read_by_hand
from autograder.course import Course, CourseError, valid_id
from autograder.judging import Bundle
from autograder.key import load_keys
from autograder.model import Part, SchemaError
from autograder.sandbox import Release


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for garbage among what is read: of a large class that takes longer than reading it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_collector_at_rest()
def load_bundle(course: Course, name: str) -> Bundle:
    """Read the keys of an assignment and see that they belong to the release.

    Raises:
        CourseError: nothing was made yet, something is missing or damaged, or key and release differ.
    """
    folder = course.keys(name)
    if not valid_id(name) or not folder.is_dir():
        raise CourseError(_not_made(course, name))
    assignment = read_assignment(folder)
    release = _read_release(course, name)
    _same_release(folder, release, course.release(name))
    try:
        keys = load_keys(folder)
    except SchemaError as error:
        raise CourseError(str(error)) from None
    lacking = [q.id for q in assignment.code() if q.id not in keys]
    if lacking:
        raise CourseError(
            f"The key in {folder} has nothing for {', '.join(lacking)}. Run `backmark make {name}` again."
        )
    by_hand = _slim(read_by_hand(folder / "by-hand.jsonl")) if assignment.by_hand() else {}
    digest = hashlib.sha256("".join(sorted(k.hash for k in keys.values())).encode()).hexdigest()[:16]
    return Bundle(
        assignment,
        Release.from_notebook(json.loads(release)),
        keys,
        by_hand,
        digest,
        _rules(assignment, release),
        frozenset(course.students()),
    )


def _slim(by_hand: dict[str, dict[str, Issued]]) -> dict[str, dict[str, Issued]]:
    """Leave out the texts that judging does not read: every process holds the numbers of the whole class."""
    parts: dict[str, tuple[Part, ...]] = {}
    for own in by_hand.values():
        for name, one in own.items():
            same = parts.setdefault(repr(one.variant.parts), one.variant.parts)
            lean = dataclasses.replace(one.variant, prompt="", solution=(), parts=same)
            own[name] = dataclasses.replace(one, variant=lean)
    return by_hand


def _rules(assignment: Assignment, release: bytes) -> str:
    """Hash what changes every mark: limits, and which cells are the students'."""
    return hashlib.sha256(f"{assignment.limits}\n".encode() + release).hexdigest()[:16]


def _not_made(course: Course, name: str) -> str:
    made = sorted(p.name for p in (course.root / "keys").glob("*"))
    close = difflib.get_close_matches(name, [*made, *available()], n=1)
    hint = f"`backmark make {name} -o {course.root}` makes it."
    if close and close[0] != name:
        hint = f"Did you mean {close[0]}?"
    return (
        f"There is no key for {name!r} in {course.root}. Made so far: {', '.join(made) or 'nothing'}. {hint}"
    )


def _read_release(course: Course, name: str) -> bytes:
    path = course.release(name) / f"{name}.ipynb"
    try:
        return path.read_bytes()
    except OSError as error:
        what = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise CourseError(
            f"The released notebook {path} {what}. `backmark make {name}` writes it anew."
        ) from None


def _same_release(keys: Path, release: bytes, folder: Path) -> None:
    try:
        stored = json.loads((keys / "release.json").read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise CourseError(
            f"{keys / 'release.json'} is missing or damaged. Run `backmark make` again."
        ) from None
    if stored != hashlib.sha256(release).hexdigest():
        raise CourseError(
            f"The key in {keys} does not belong to the release in {folder}: the notebook was changed after the key "
            "was made. Run `backmark make` again (students keep their numbers), or restore the release."
        )
