"""What lies in the folder of hand-ins: found in order, never followed through a link."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import CourseError, valid_id

SIZE_CAP = 100 << 20
# What comes along, also downloaded twice.
NO_WORK = (".", "backmark_kit", "variants", "timestamp", "__pycache__")


@dataclass(frozen=True, slots=True)
class Found:
    """A submission on disk, under the trusted id of its folder."""

    student: str
    path: Path
    notes: tuple[str, ...] = ()


def find_submissions(folder: Path, assignment: str) -> Iterator[Found]:
    """Yield what was handed in as `folder/<student>/<assignment>/<assignment>.ipynb`, in order of the ids.

    A notebook or Python file of another name, or beside the folder it belongs into, is taken with a note. A link
    instead of a folder is not followed, a folder may be shut, as some archives leave them, or hold nothing but a
    zip: each gets a row that says so.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder of submissions {folder}. Give one with --submissions.")
    for name in sorted(os.listdir(folder)):
        if name.startswith("."):
            continue
        home = folder / name / assignment
        try:
            found = _found(name, home, assignment)
        except OSError:
            found = Found(name, home / f"{assignment}.ipynb")  # reading it says why it cannot be read
        if found is not None:
            yield found


def _found(student: str, home: Path, assignment: str) -> Found | None:
    if not home.is_dir():
        return _misplaced(student, home, assignment)
    link = next((p for p in (home.parent, home) if p.is_symlink()), None)
    if link is not None:
        return Found(student, link)
    expected = home / f"{assignment}.ipynb"
    here = sorted(p for p in home.iterdir() if not p.name.startswith(NO_WORK))
    ranked = sorted(here, key=lambda p: _rank(p, assignment))
    others = [p for p in ranked if p.suffix.lower() in (".ipynb", ".py") and p != expected]
    if os.path.lexists(expected):
        copies = [p for p in others if p.suffix.lower() == ".ipynb"]
        aside = f"{expected.name} was taken. Left aside: {_named(copies)}."
        return Found(student, expected, (aside,) if copies else ())
    if others:
        note = f"Expected a file named {expected.name}; {_named(others[:1])} was taken instead."
        left = f" Left aside: {_named(others[1:])}." if others[1:] else ""
        return Found(student, others[0], (note + left,))
    if here:
        return Found(
            student, expected, (f"Expected a file named {expected.name}; there is only {_named(here)}.",)
        )
    return None


def _rank(path: Path, assignment: str) -> tuple[Any, ...]:
    """Put what is most likely meant first: a file, a notebook, named like the assignment, the newest."""
    info = os.lstat(path)
    named = path.name.lower().startswith(assignment.lower())
    return (
        not stat.S_ISREG(info.st_mode),
        path.suffix.lower() != ".ipynb",
        not named,
        -info.st_mtime_ns,
        path.name,
    )


def _misplaced(student: str, home: Path, assignment: str) -> Found | None:
    """Find a notebook in a folder written otherwise, or beside the folder it belongs into."""
    folder = home.parent
    if folder.is_symlink() or not folder.is_dir():
        return None
    near = [p for p in sorted(folder.iterdir()) if p.name.lower() == assignment.lower() and p.is_dir()]
    if near and not near[0].is_symlink():
        return _found(student, near[0], assignment)
    named = [p for p in folder.iterdir() if p.suffix.lower() == ".ipynb"]
    named = [p for p in named if p.name.lower().startswith(assignment.lower())]
    if not named:
        return None
    taken = min(named, key=lambda p: _rank(p, assignment))
    where = f"{student}/{assignment}/{assignment}.ipynb"
    return Found(
        student, taken, (f"Expected {where}; {_named([taken])} beside that folder was taken instead.",)
    )


def _named(paths: Sequence[Path]) -> str:
    """Name a few files; what students call them may be anything."""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(repr(p.name[:80]) for p in paths[:3]) + more


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a regular file, or a mark of what lies there instead."""
    try:
        info = os.lstat(path)
        if not stat.S_ISREG(info.st_mode) or info.st_size > SIZE_CAP:
            return f"unread:{stat.S_IFMT(info.st_mode)}:{info.st_size}"
        digest = hashlib.sha256()
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        return f"unread:{error.errno}"


def file_stem(student: str) -> str:
    """Name a student's file; an id nobody could have is replaced by its hash."""
    if valid_id(student):
        return student
    return "unknown-" + hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:16]
