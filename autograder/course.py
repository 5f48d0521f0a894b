"""A course folder: who is in the class, where things lie, and how numbers are drawn for each student.

`COURSE/{course.toml, roster.csv, secret, issued.jsonl, source/, release/, handouts/, submitted/, keys/,
journal/, reports/, feedback/, gradebook.db}`. Nothing here makes or judges anything.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import re
import secrets
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

ROSTER_COLUMNS = ("id", "first_name", "last_name", "email")


class CourseError(Exception):
    """Something about the course folder or the call is not as it must be; the text says what to do."""


@dataclass(frozen=True)
class Student:
    """One row of the roster."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Course:
    """A course folder and the paths inside it."""

    root: Path

    def release(self, assignment: str) -> Path:
        """What every student receives."""
        return self.root / "release" / assignment

    def handout(self, student: str, assignment: str) -> Path:
        """One student's own copy, with `--per-student`."""
        return self.root / "handouts" / student / assignment

    def keys(self, assignment: str) -> Path:
        """Staff only: what is needed for marks."""
        return self.root / "keys" / assignment

    def submitted(self, student: str, assignment: str) -> Path:
        """Where a hand-in is looked for by default."""
        return self.root / "submitted" / student / assignment

    def journal(self, assignment: str) -> Path:
        """What has been graded, one line each."""
        return self.root / "journal" / f"{assignment}.jsonl"

    def reports(self, assignment: str) -> Path:
        """One JSON report per student, derived from the journal."""
        return self.root / "reports" / assignment

    def students(self) -> dict[str, Student]:
        """Read the roster kept in the course folder."""
        return read_roster(self.root / "roster.csv")

    def settings(self) -> dict[str, Any]:
        """Read `course.toml`, an empty table when there is none."""
        return read_toml(self.root / "course.toml") if (self.root / "course.toml").exists() else {}

    def judge(self) -> int | None:
        """Return the version of the judge that course.toml pins, None where it pins none.

        Raises:
            CourseError: `judge` is no whole number.
        """
        version = self.settings().get("judge")
        if version is not None and (type(version) is not int or version < 1):
            raise CourseError(
                f"{self.root / 'course.toml'}: judge is {version!r}; it must be a whole number."
            )
        return version

    def pin_judge(self, version: int) -> None:
        """Raise the version that course.toml pins, where it pins one; every other line stays."""
        if self.judge() not in (None, version):
            path = self.root / "course.toml"
            text = path.read_text(encoding="utf-8")
            changed = re.sub(r"(?m)^judge\s*=\s*\d+", f"judge = {version}", text)
            beside = path.with_name(
                f".{path.name}.new"
            )  # whoever is killed here leaves the old file or the new one
            beside.write_text(changed, encoding="utf-8")
            os.replace(beside, path)

    def secret(self, create: bool = False) -> bytes:
        """Return the key of all random draws of this course, made once and kept readable by staff only."""
        path = self.root / "secret"
        if not path.exists():
            if not create:
                raise CourseError(
                    f"{path} is missing: the numbers of this class were drawn with it. Restore it."
                )
            _write_secret(path)
        text = path.read_text(encoding="ascii", errors="replace").strip()
        if len(text) != 64 or any(c not in "0123456789abcdef" for c in text):
            raise CourseError(f"{path} must hold 64 hexadecimal digits; restore it from a copy.")
        return bytes.fromhex(text)


def open_course(root: Path) -> Course:
    """Return the course in `root`, or say how to make one."""
    if not root.is_dir():
        raise CourseError(
            f"There is no course folder {root}. `backmark make ASSIGNMENT -o {root}` makes one."
        )
    return Course(root)


def rng_for(secret: bytes, *names: str) -> np.random.Generator:
    """Return the generator that belongs to (assignment, student, question, ...) in this course.

    The seed is a keyed hash (HMAC-SHA-256) of the names, so it is stable, different for each student,
    and cannot be found out without the course's secret.
    """
    import numpy as np  # only here: whoever looks at a course need not load it

    message = b"\x00".join(name.encode("utf-8", "surrogatepass") for name in names)
    return np.random.default_rng(int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest(), "big"))


def read_roster(path: Path) -> dict[str, Student]:
    """Read a class list with the columns of nbgrader's import (`id,first_name,last_name,email`).

    Only `id` is required; other columns are ignored. Ids become folder names, so they must be usable as
    such.

    Raises:
        CourseError: the file is missing, unreadable, has no `id` column, or an id is empty, unusable or doubled.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CourseError(
            f"There is no roster {path}. Give `backmark make` one with --roster: a CSV with the column id."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"The roster {path} cannot be read ({error}). Save it as CSV in UTF-8.") from None
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        return _students(rows, path)
    except csv.Error as error:
        raise CourseError(
            f"The roster {path} cannot be read as CSV ({error}): is a quote never closed?"
        ) from None


def _students(rows: csv.DictReader[str], path: Path) -> dict[str, Student]:
    columns = [c.strip() for c in rows.fieldnames or ()]
    if "id" not in columns:
        raise CourseError(
            f"The roster {path} has no column `id`; it has {', '.join(columns) or 'no header'}. "
            f"Expected header: {','.join(ROSTER_COLUMNS)}"
        )
    students: dict[str, Student] = {}
    folded: dict[str, str] = {}
    for row in rows:
        line = rows.line_num
        if not any(v for v in row.values() if isinstance(v, str) and v.strip()):
            continue  # rows of commas, as spreadsheets leave them
        student = _student(
            {(k or "").strip(): (v or "") for k, v in row.items() if isinstance(v, str)}, path, line
        )
        if student.id in students:
            raise CourseError(f"The roster {path} names the student {student.id!r} twice (line {line}).")
        same = folded.setdefault(unicodedata.normalize("NFC", student.id), student.id)
        if same != student.id:
            raise CourseError(
                f"The roster {path}, line {line}: two ids look alike, {student.id!r}; keep one of them."
            )
        students[student.id] = student
    if not students:
        raise CourseError(f"The roster {path} names no student.")
    return students


LONGEST_ID = 128
LONGEST_NAME = 200  # bytes: a file name holds 255, with what is put before and behind the id


def valid_id(text: str) -> bool:
    """Tell whether a student id can safely name a folder and a gradebook entry."""
    return (
        bool(text)
        and len(text) <= LONGEST_ID
        and len(text.encode("utf-8", "surrogatepass")) <= LONGEST_NAME
        and text not in {".", ".."}
        and not text.startswith(".")
        and not (
            set(text) & set('/\\:*?"<>|+')
            or any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in text)
        )
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a mistake in it is named with file and line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CourseError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from None


def _student(row: dict[str, str], path: Path, line: int) -> Student:
    student = Student(*(row.get(column, "").strip() for column in ROSTER_COLUMNS))
    if not valid_id(student.id):
        raise CourseError(
            f"The roster {path}, line {line}: {student.id!r} cannot be used as an id "
            "(it names a folder: no slashes, colons, +, leading dot or control characters)."
        )
    return student


def _write_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
