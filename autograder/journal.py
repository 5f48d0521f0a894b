"""What has been graded, so that nothing graded is ever lost.

One file per assignment, one line per graded submission, one writer (held by a lock). A line is written
and synchronised before anything is derived from it; a torn last line (the machine died while writing)
is ignored and overwritten by what comes next. Reports are derived from the journal, never the reverse.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import weakref
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.plain import Plain, ascii_json

JOURNAL_SCHEMA = "backmark/journal/1"
BLOCK = 1 << 16
_SEAL = re.compile(rb', "crc": "([0-9a-f]{8})"\}')  # at the end of each line, over what stands before it
SEAL = 20  # bytes


class JournalError(Exception):
    """The journal cannot be read or written; the text says where and what to do."""


_OPEN: weakref.WeakSet[Journal] = weakref.WeakSet()


def _line(entry: Mapping[str, Any]) -> str:
    report = entry.get("report")
    if isinstance(report, Plain):
        rest = ascii_json({name: value for name, value in entry.items() if name != "report"})
        text = f'{rest[:-1]}, "report": {report.line()}}}'
    else:
        text = ascii_json(entry)
    return f'{text[:-1]}, "crc": "{zlib.crc32(text.encode("ascii")):08x}"}}\n'


def _let_go() -> None:
    """Close every journal: a process that was forked must not hold the lock of the one that writes."""
    for journal in tuple(_OPEN):
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


class Journal:
    """Open a journal for appending; use as a context manager.

    Raises:
        JournalError: another `grade` of the same assignment is running, or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: Any = None

    def __enter__(self) -> Journal:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: what could not be written must not be tried again by a later flush.
            new = not self.path.exists()
            self._file = open(self.path, "ab", buffering=0)
            if new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror}. Run the command as somebody who may "
                "write there, or in a copy of the course folder."
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise JournalError(f"Another run is grading into {self.path}. Wait for it or stop it.") from None
        _OPEN.add(self)
        try:
            self._mend_torn_end()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Not only by closing: a process just forked may hold the file for a moment more.
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self.close()

    def close(self) -> None:
        """Close the file; the lock goes with the last process that holds it open. May be called twice."""
        self._file.close()

    def append(self, *entries: Mapping[str, Any]) -> None:
        """Write one line for each entry and wait until they are on disk."""
        lines = [_line({"schema": JOURNAL_SCHEMA, **e}) for e in entries]
        start = os.fstat(self._file.fileno()).st_size
        try:
            _write_all(self._file.fileno(), "".join(lines).encode("ascii"))
            os.fsync(self._file.fileno())
        except OSError as error:
            self._cut(start)
            raise JournalError(
                f"The journal {self.path} could not be written ({error.strerror}). Everything graded so far "
                "is kept. Free some space and run the same command again: it goes on from here."
            ) from None

    def _cut(self, size: int) -> None:
        with contextlib.suppress(OSError):  # the torn line is ignored when the journal is read
            os.ftruncate(self._file.fileno(), size)

    def _mend_torn_end(self) -> None:
        """Cut off what follows the last whole line; only the end of the file is looked at."""
        with open(self.path, "rb") as file:
            end = os.fstat(file.fileno()).st_size
            while end:
                start = max(0, end - BLOCK)
                file.seek(start)
                found = file.read(end - start).rfind(b"\n")
                end = start if found < 0 else start + found + 1
                if found >= 0:
                    break
            file.seek(0)
            first = file.read(1)
            file.seek(end)
            torn = file.read()
        if first not in (b"", b"{"):
            raise JournalError(f"{self.path} is no journal, and nothing was written to it. Move it away.")
        if torn and _is_whole(torn):
            _write_all(self._file.fileno(), b"\n")
        elif torn:
            os.ftruncate(self._file.fileno(), end)


class Standing:
    """The newest entry of each student; an id and a place in the file are all that is kept in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, int] = {}
        self._judges: dict[str, int] = {}
        for place, entry in _entries(path):
            self._places[entry["student"]] = place
            self._judges[entry["student"]] = entry.get("judge", 0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def judges(self) -> set[int]:
        """Return the versions of the judge that the newest entries come from."""
        return set(self._judges.values())

    def place(self, student: str) -> int | None:
        """Return where a student's newest entry begins."""
        return self._places.get(student)

    def at(self, place: int) -> dict[str, Any]:
        """Read the entry that begins at a place."""
        with open(self.path, "rb") as file:
            file.seek(place)
            return _entry(file.readline(), f"{self.path}, byte {place}")

    def get(self, student: str) -> dict[str, Any] | None:
        """Read a student's newest entry, None where there is none."""
        place = self._places.get(student)
        return self.at(place) if place is not None else None


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Return the newest entry of each student.

    Raises:
        JournalError: a line that is not the last one cannot be read, or is of another schema.
    """
    return {entry["student"]: entry for _, entry in _entries(path)}


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each entry with its place in the file."""
    if not path.exists():
        return
    place = 0
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return  # torn: the machine died while this line was written
            if line.strip():
                yield place, _entry(line, f"{path}, line {number}")
            place += len(line)


def _entry(line: bytes, where: str) -> dict[str, Any]:
    line = line.rstrip(b"\n")
    seal = _SEAL.fullmatch(line[-SEAL:])
    try:
        if seal and zlib.crc32(line[:-SEAL] + b"}") != int(seal[1], 16):
            raise ValueError
        entry = json.loads(line)
        schema = entry["schema"]
        kinds = {"student": str, "keys": dict, "report": dict}
        if "student" not in entry or any(not isinstance(entry[n], kinds[n]) for n in kinds if n in entry):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise JournalError(
            f"{where} cannot be read, or is not what was written. Restore the journal from a copy, or delete this "
            "line only: its hand-in is then judged again, and everything else is kept."
        ) from None
    if schema != JOURNAL_SCHEMA:
        raise JournalError(f"{where} is of schema {schema!r}; this version reads {JOURNAL_SCHEMA}.")
    entry.pop("crc", None)
    return entry


def _is_whole(line: bytes) -> bool:
    """Tell whether only the end of the line is missing from an entry."""
    return _SEAL.fullmatch(line[-SEAL:]) is not None and zlib.crc32(line[:-SEAL] + b"}") == int(
        line[-SEAL:][10:18], 16
    )


def write_whole(path: Path, data: bytes, mode: int = 0o644, lasting: bool = True) -> None:
    """Write a file so that at any moment either the old or the new content is there, never half of it.

    What can be derived again need not be `lasting`: it is then not waited for until it is on the disk.
    """
    folder, name = os.path.split(path)
    folder = folder or os.curdir
    mark = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]  # the name may be as long as a name can be
    new = os.path.join(folder, f".{mark}.{os.getpid()}.new")
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            _write_all(handle, data)
            if lasting:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(new, path)
        if lasting:
            _sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_folder(folder: Path) -> None:
    """Wait until a new name in a folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
