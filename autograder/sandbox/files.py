"""From a submitted file to its raw cells: bounded, whatever the file is, and what is wrong is said in one sentence."""

import json
import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass

from .evidence import Limits
from .pieces import cells_of_script

MAX_BRACKETS = 1_000_000
MAX_QUOTES = 8_000_000
OTHERS = {
    b"PK\x03\x04": "This file is a zip archive; unpack it and hand in the notebook itself.",
    b"\x1f\x8b": "This file is compressed (gzip); unpack it and hand in the notebook itself.",
    b"\xff\xfe": "This file is UTF-16 text, not UTF-8; save it from Jupyter again.",
    b"\xfe\xff": "This file is UTF-16 text, not UTF-8; save it from Jupyter again.",
    b"%PDF-": "This file is a PDF; hand in the notebook itself.",
}
WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)\b", re.IGNORECASE)
CONFLICT = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
MISNAMED = "This file is a notebook named .py; it was read as a notebook."


class UnreadableSubmission(ValueError):
    """The file cannot be graded at all; the message is one sentence for the student."""


def too_long(limits: Limits) -> UnreadableSubmission:
    """Say that there is too much code."""
    return UnreadableSubmission(f"The code of this submission is longer than {limits.source_kb} KB.")


@dataclass(frozen=True)
class RawCells:
    """The cells of a file as they stand in it, nothing looked at; ``notebook`` is false for plain Python."""

    cells: list
    notebook: bool
    notes: tuple[str, ...] = ()


def raw_cells(data: bytes, is_python: bool, by_hand: Collection[str], limits: Limits) -> RawCells:
    """Take a submitted file apart; ``by_hand`` are the questions whose answers may be declared in plain Python.

    Raises:
        UnreadableSubmission: it is damaged, something else, or holds too much.
    """
    _refuse_other_files(data)
    text = _decode(data)
    if not is_python:
        raw = RawCells(_notebook_cells(text, data), True)
    elif text.lstrip()[:1] == "{" and '"cells"' in text:
        raw = RawCells(_notebook_cells(text, data), True, (MISNAMED,))
    else:
        if len(text) > limits.source_kb << 10:
            raise too_long(limits)
        cells = cells_of_script(text.replace("\r\n", "\n").replace("\r", "\n"), by_hand)
        found = CONFLICT.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 0
        notes = (f"Line {line} holds marks of a merge conflict in Git; resolve it.",) if found else ()
        raw = RawCells([{"cell_type": "code", "source": source} for source in cells], False, notes)
    if len(raw.cells) > limits.cells:
        what = "notebook" if raw.notebook else "file"
        raise UnreadableSubmission(
            f"This {what} has {len(raw.cells)} cells; at most {limits.cells} are read."
        )
    return raw


def read_bytes(path: str | os.PathLike, limit: int) -> bytes:
    """Read a regular file, never following a link and never waiting for a pipe."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise UnreadableSubmission("This submission is not an ordinary file.")
        flags = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except UnreadableSubmission:
        raise
    except OSError as error:
        raise UnreadableSubmission(f"This submission cannot be opened ({error.strerror}).") from None
    except ValueError:
        raise UnreadableSubmission("This submission has an impossible file name.") from None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableSubmission("This submission is not an ordinary file.")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise UnreadableSubmission(
            f"This file is larger than {limit >> 20} MB; clear the notebook's outputs and hand it in again."
        )
    return data


def _refuse_other_files(data: bytes) -> None:
    """Say what a file is that is clearly something else, by how it begins."""
    for beginning, what in OTHERS.items():
        if data.startswith(beginning):
            raise UnreadableSubmission(what)
    if not data.strip():
        raise UnreadableSubmission("This file is empty.")
    if WEB_PAGE.match(data):
        raise UnreadableSubmission(
            "This file is a web page, not a notebook; download the notebook itself (File > Download)."
        )


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableSubmission("This file is not UTF-8 text; save it from Jupyter again.") from None


def _notebook_cells(text: str, data: bytes) -> list:
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS or data.count(b'"') > MAX_QUOTES:
        raise UnreadableSubmission("This notebook holds too many pieces; clear its outputs and try again.")
    try:
        notebook = json.loads(text, parse_int=_small_int, parse_float=_short_float)
    except RecursionError:  # the reader counts its calls, in C as well: the stack is safe
        raise UnreadableSubmission("This notebook is nested deeper than any notebook is.") from None
    except json.JSONDecodeError as error:
        raise UnreadableSubmission(_damage(text, error)) from None
    except (ValueError, MemoryError):
        raise UnreadableSubmission("This file is not a notebook: its JSON is damaged or cut short.") from None
    if isinstance(notebook, dict) and "worksheets" in notebook and "cells" not in notebook:
        raise UnreadableSubmission(
            "This notebook has the old format 3; open it in Jupyter, save it and hand it in again."
        )
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableSubmission("This file is not a notebook: it has no list of cells.")
    return cells


def _damage(text: str, error: json.JSONDecodeError) -> str:
    """Say where a notebook is damaged."""
    conflict = CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return f"Line {line} of this notebook holds marks of a merge conflict in Git; resolve it and hand in again."
    if not text.lstrip().startswith(("{", "[")):
        return "This file is not a notebook: its JSON is damaged, already where it begins."
    if error.pos >= len(text.rstrip()):
        return f"This file is not a notebook: its JSON is damaged, it is cut short in line {error.lineno}."
    return f"This file is not a notebook: its JSON is damaged or cut short (line {error.lineno})."


def _small_int(text: str) -> int:
    return int(text) if len(text) < 20 else 0


def _short_float(text: str) -> float:
    return float(text) if len(text) < 400 else 0.0
