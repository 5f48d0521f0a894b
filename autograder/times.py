"""When something was handed in, from which clock, and how sure that is.

Three clocks, the surest first: a list exported from the LMS (`times` in course.toml), nbgrader's
`timestamp.txt` beside the notebook (written on the student's side), and the file's own time, which any copy
may change.
"""

from __future__ import annotations

import csv
import datetime
import os
import re
import stat
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import CourseError, Student

LIST, STAMP, FILE = "list", "timestamp.txt", "file"
SURENESS = (FILE, STAMP, LIST)
WORDS = {LIST: "the list of the LMS", STAMP: "timestamp.txt", FILE: "the file's own time"}

# Columns as exported by nbgrader, Moodle (grading worksheet), Gradescope, Canvas; compared in lower case.
ID_COLUMNS = (
    "id", "student", "student_id", "username", "id number", "sid", "sis login id", "sis user id", "identifier",
    "email", "email address",
)  # fmt: skip
TIME_COLUMNS = (
    "submitted_at", "timestamp", "last modified (submission)", "submission time", "submission_time",
)  # fmt: skip
_WRITTEN = ("%A, %d %B %Y, %I:%M %p", "%d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d %B %Y, %H:%M")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?([+-]\d\d:?\d\d|[A-Za-z][\w/+-]*)?")
STAMP_CAP = 1000  # bytes


@dataclass(frozen=True)
class HandedIn:
    """A moment in UTC, written as ISO 8601, and the clock it was read from."""

    at: str
    clock: str

    @property
    def moment(self) -> datetime.datetime:
        """The moment as a date."""
        return datetime.datetime.fromisoformat(self.at)

    def to_json(self) -> dict[str, str]:
        """Return plain JSON data."""
        return {"at": self.at, "clock": self.clock}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> HandedIn | None:
        """Read what `to_json` wrote."""
        return cls(str(data["at"]), str(data["clock"])) if data else None


def zone(name: object, where: str) -> datetime.tzinfo:
    """Return a time zone by its name.

    Raises:
        CourseError: there is no such zone.
    """
    if str(name).upper() in ("UTC", "GMT", "Z"):
        return datetime.UTC
    try:
        return zoneinfo.ZoneInfo(str(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f'{where}: there is no time zone {name!r}; write one like "Europe/Berlin" or "UTC".'
        ) from None


def read_moment(text: str, default: datetime.tzinfo) -> datetime.datetime | None:
    """Read a date with a time as ISO 8601, nbgrader or Moodle (English) write it; None where it is neither."""
    text = " ".join(text.split())
    found = _ISO.fullmatch(text)
    try:
        if found is not None:
            naive = datetime.datetime.fromisoformat(f"{found[1]}T{found[2]}")
            return naive.replace(tzinfo=_offset(found[3], default)).astimezone(datetime.UTC)
        for form in _WRITTEN:
            try:
                parsed = datetime.datetime.strptime(text, form)
            except ValueError:
                continue
            return parsed.replace(tzinfo=default).astimezone(datetime.UTC)
    except (ValueError, OverflowError, CourseError):
        return None
    return None


def _offset(text: str | None, default: datetime.tzinfo) -> datetime.tzinfo:
    if not text:
        return default
    if text[0] not in "+-":
        return zone(text, "")
    sign, digits = (-1 if text[0] == "-" else 1), text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return datetime.timezone(sign * datetime.timedelta(minutes=minutes))


def handed_in(path: Path, listed: datetime.datetime | None = None) -> HandedIn | None:
    """Say when the file in `path` was handed in, by the surest clock there is."""
    if listed is not None:
        return HandedIn(_iso(listed), LIST)
    stamp = _stamp(path.parent / "timestamp.txt")
    if stamp is not None:
        return HandedIn(_iso(stamp), STAMP)
    try:
        changed = os.lstat(path).st_mtime
        return HandedIn(_iso(datetime.datetime.fromtimestamp(int(changed), datetime.UTC)), FILE)
    except (OSError, ValueError, OverflowError):
        return None


def better(old: HandedIn | None, new: HandedIn | None) -> HandedIn | None:
    """Choose between what is known of the same bytes: the surer clock; of file times the earlier one.

    A later copy of the same file is no later hand-in.
    """
    if old is None or new is None:
        return old or new
    if old.clock == new.clock == FILE:
        return min(old, new, key=lambda t: t.moment)
    return old if SURENESS.index(old.clock) > SURENESS.index(new.clock) == 0 else new


def _iso(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds")


def _stamp(path: Path) -> datetime.datetime | None:
    """Read nbgrader's timestamp.txt, which students can write; it is never followed, a bad one is none."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            text = file.read(STAMP_CAP).decode("utf-8", "replace")
    except OSError:
        return None
    return read_moment(text, datetime.UTC)


def read_times(
    path: Path, roster: Mapping[str, Student], default: datetime.tzinfo
) -> dict[str, datetime.datetime]:
    """Read when each student handed in from a CSV that an LMS exported.

    Raises:
        CourseError: it cannot be read, has no usable columns, or holds a time that is none.
    """
    rows = _rows(path)
    header = {name.strip().lower(): name for name in rows.fieldnames or () if name}
    ids = [header[c] for c in ID_COLUMNS if c in header]
    times = [header[c] for c in TIME_COLUMNS if c in header]
    if not ids or not times:
        raise CourseError(
            f"{path} needs a column that names the student (such as id or email) and one with the time (such as "
            f"submitted_at); it has {', '.join(header) or 'no header'}."
        )
    people = {s.email.lower(): s.id for s in roster.values() if s.email} | {i: i for i in roster}
    found: dict[str, datetime.datetime] = {}
    for number, row in enumerate(rows, start=2):
        given = [(row.get(c) or "").strip() for c in ids]
        student = next((s for g in given if (s := people.get(g) or people.get(g.lower()))), None)
        text = next((t for c in times if (t := (row.get(c) or "").strip()) not in ("", "-")), "")
        if student is None or not text:
            continue
        moment = read_moment(text, default)
        if moment is None:
            raise CourseError(
                f"{path}, line {number}: {text!r} is no time; "
                "write it like 2026-11-20 23:59 or 2026-11-20 23:59 +01:00."
            )
        found[student] = moment
    return found


def _rows(path: Path) -> csv.DictReader:
    try:
        return csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    except FileNotFoundError:
        raise CourseError(f"course.toml names {path}, which is not there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}). Save it as CSV in UTF-8.") from None
