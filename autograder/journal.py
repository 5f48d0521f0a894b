"""What has been graded, so that nothing graded is ever lost.

One file per assignment, one line per graded submission, one writer (held by a lock). A line is written
and synchronised before anything is derived from it; a torn last line (the machine died while writing)
is ignored and overwritten by what comes next. Reports are derived from the journal, never the reverse.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

JOURNAL_SCHEMA = "backmark/journal/1"


class JournalError(Exception):
    """The journal cannot be read or written; the text says where and what to do."""


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
            self._file = open(self.path, "ab", buffering=0)
        except OSError as error:
            raise JournalError(f"The journal {self.path} cannot be written: {error.strerror}.") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise JournalError(f"Another run is grading into {self.path}. Wait for it or stop it.") from None
        self._mend_torn_end()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one line and wait until it is on disk."""
        line = json.dumps({"schema": JOURNAL_SCHEMA, **entry}, ensure_ascii=True) + "\n"
        start = os.fstat(self._file.fileno()).st_size
        try:
            self._write(line.encode("ascii"))
            os.fsync(self._file.fileno())
        except OSError as error:
            self._cut(start)
            raise JournalError(
                f"The journal {self.path} could not be written ({error.strerror}). Everything graded so far "
                "is kept. Free some space and run the same command again: it goes on from here."
            ) from None

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._file.fileno(), data) :]

    def _cut(self, size: int) -> None:
        with contextlib.suppress(OSError):  # the torn line is ignored when the journal is read
            os.ftruncate(self._file.fileno(), size)

    def _mend_torn_end(self) -> None:
        with open(self.path, "rb") as file:
            data = file.read()
        if data and not data.endswith(b"\n"):
            os.ftruncate(self._file.fileno(), data.rfind(b"\n") + 1)


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Return the newest entry of each student.

    Raises:
        JournalError: a line that is not the last one cannot be read, or is of another schema.
    """
    newest: dict[str, dict[str, Any]] = {}
    for entry in _entries(path):
        newest[entry["student"]] = entry
    return newest


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return  # torn: the machine died while this line was written
            yield _entry(line, f"{path}, line {number}")


def _entry(line: bytes, where: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
        schema, _ = entry["schema"], entry["student"]
    except (ValueError, TypeError, KeyError):
        raise JournalError(
            f"{where} cannot be read. Restore the journal from a copy, or move it away."
        ) from None
    if schema != JOURNAL_SCHEMA:
        raise JournalError(f"{where} is of schema {schema!r}; this version reads {JOURNAL_SCHEMA}.")
    return entry


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file so that at any moment either the old or the new content is there, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
