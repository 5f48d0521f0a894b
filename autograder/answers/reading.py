"""Read what a person types (numbers, lists, matrices) without ever evaluating it.

Everything is bounded before it is looked at: length, digits, depth, number of cells. What cannot be
read raises `Unreadable` with one sentence that says how to write it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["Blank", "Unreadable", "comma_number", "decimal", "nested", "plain", "rational", "whole"]

LONGEST = 20_000
DEEPEST = 6
MOST_CELLS = 4_096


class Unreadable(ValueError):
    """The text is not an answer of the kind asked for; the message says how to write one."""


class Blank(Unreadable):
    """There is no answer yet."""


_SAME = str.maketrans(
    "\u2212\u2013\u2010\u2011\u2012\uff0d\uff0b\uff0c\u3001\uff0e\uff1b\uff08\uff09\uff3b\uff3d\u2044\u2215\u00a0\u2007\u2009\u202f\u3000",
    "-----" + "-+,,.;()[]//" + "     ",
    "\u200b\u200c\u200d\u2060\ufeff",
) | {0xFF10 + digit: str(digit) for digit in range(10)}

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(\.0{0,18})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3}){2,5}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,3})?")
_COMMA = re.compile(r"([+-]?)([0-9]{1,18}),([0-9]{1,18})")
_RATIO = re.compile(r"([+-]?[0-9]{1,18})\s*/\s*([+-]?[0-9]{1,18})")


def plain(raw: Any) -> str:
    """Turn an answer as handed in (text, number, list) into tidy text.

    Typographic minus signs, full-width digits, odd spaces and dollar signs become their plain forms.

    Raises Blank when nothing is there, Unreadable when it is too long or no answer at all.
    """
    text = raw if isinstance(raw, str) else _literal(raw)
    if len(text) > LONGEST:
        raise Unreadable(f"This answer has {len(text)} characters; write just the result.")
    if not text.isascii():
        text = text.translate(_SAME)
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > 1 and text[0] == text[-1] == "$":
        text = text.strip("$").strip()
    if not text:
        raise Blank("There is no answer here yet.")
    return text


def _literal(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, list, tuple)):
        raise Unreadable("Write the answer as text between quotation marks.")
    try:
        return repr(raw)
    except (ValueError, RecursionError):
        raise Unreadable("This answer is far too long; write just the result.") from None


def whole(text: str) -> int | None:
    """Read a whole number (`13`, `13.0`, `+13`, `2,409,232`), or return None."""
    if _GROUPED.fullmatch(text):
        return int(text.replace(",", ""))
    if _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    # numpy prints floats as 1.e+00; beyond 2**53 a float is no longer sure of its last digit
    value = decimal(text) if _DECIMAL.fullmatch(text) else None
    return int(value) if value is not None and value.is_integer() and abs(value) <= 2**53 else None


def decimal(text: str) -> float | None:
    """Read a finite decimal number or a fraction (`-0.5`, `.5`, `1e-3`, `1/3`), or return None."""
    ratio = rational(text)
    if ratio is not None:
        return float(ratio)
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def comma_number(text: str) -> float | None:
    """Read a decimal comma (`0,5`), or return None where it may be a thousands separator (`1,234`)."""
    found = _COMMA.fullmatch(text)
    if not found or (len(found[3]) == 3 and found[2].strip("0") and len(found[2]) <= 3):
        return None
    return float(f"{found[1]}{found[2]}.{found[3]}")


def rational(text: str) -> Fraction | None:
    """Read `a/b` or a whole number exactly, or return None."""
    found = _RATIO.fullmatch(text)
    if found:
        return Fraction(int(found[1]), int(found[2])) if int(found[2]) else None
    return Fraction(int(text.partition(".")[0])) if _WHOLE.fullmatch(text) else None


_WRAPPED = re.compile(r"(?:(?:np|numpy|torch)\s*\.\s*)?(?:array|asarray|matrix|tensor)\s*\((.*)\)", re.DOTALL)
_DTYPE = re.compile(r",\s*(?:dtype\s*=\s*)?(?:np\.|numpy\.|torch\.)?(?:int|float|double)\w{0,8}\s*$")
_LATEX = re.compile(r"\\(?:begin|end)\{[a-z]{1,10}\}|\\(?:left|right)\s*(?=[\[\]()])")
_LISTS = re.compile(r"\[[\[\], 0-9-]{1,1000}\]")
_TOKEN = re.compile(r"[\[(]|[\])]|[;,]|\n[ \t]*\n\s*|\n|[^\s\[\]();,]+")


@dataclass
class _Level:
    """An open bracket: what it holds so far and after which item a row or a block ended."""

    bracket: str
    items: list[Any] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    comma: bool = True


def nested(text: str, entry: Callable[[str], Any], deep: int) -> Any:
    """Read numbers arranged in rows into lists of up to `deep` levels.

    Rows end at brackets, semicolons or line ends, blocks of rows at blank lines; entries are separated by
    spaces or commas. Pasted numpy output and `np.array(...)` are understood.

    Raises Unreadable naming the first thing that is no number, or that is not closed.
    """
    if _LISTS.fullmatch(text) and (lists := _plain_lists(text)):
        return lists
    text = _LATEX.sub(" ", text).replace("\\\\", ";").replace("&", " ").strip()
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped:
        text = _DTYPE.sub("", wrapped[1].strip().rstrip(",")).strip()
    if "..." in text:
        raise Unreadable("Some numbers are left out (...); write all of them.")
    open_levels, cells = [_Level("")], 0
    for token in _TOKEN.findall(text):
        level = open_levels[-1]
        if token in "[(":
            if len(open_levels) > DEEPEST:
                raise Unreadable("There are too many levels of brackets; write one bracket per row.")
            open_levels.append(_Level(token))
        elif token in "])":
            if level.bracket + token not in ("[]", "()"):
                raise Unreadable(f"The bracket {token} does not match; close every bracket that is opened.")
            open_levels.pop()
            _put(open_levels[-1], _close(level, deep, outer=len(open_levels) == 1))
        elif token in ",;" or token[0] == "\n":
            _separate(level, token)
        else:
            cells += 1
            if cells > MOST_CELLS:
                raise Unreadable(f"There are more than {MOST_CELLS} numbers here; write just the result.")
            _put(level, _number(token, entry))
    if len(open_levels) > 1:
        raise Unreadable("A bracket is not closed; close every bracket that is opened.")
    items = _close(open_levels[0], deep, outer=True)
    # one bracketed thing is that thing; the outermost level is the text itself
    return items[0] if len(items) == 1 and isinstance(items[0], list) else items


def _plain_lists(text: str) -> list[Any]:
    """Read whole numbers in brackets as most people write them; return nothing where it takes a closer look."""
    try:
        lists: list[Any] = json.loads(text)
        array = np.array(lists)  # refuses rows of different lengths
    except (ValueError, RecursionError):
        return []
    return lists if array.dtype == np.int64 and array.size and array.ndim <= 3 else []


def _put(level: _Level, item: Any) -> None:
    level.items.append(item)
    level.comma = False


def _separate(level: _Level, token: str) -> None:
    if token in ",;" and level.comma:
        raise Unreadable(
            f"A number is missing beside a {'comma' if token == ',' else 'semicolon'}; write every entry."
        )
    if token == ",":
        level.comma = True
        return
    ends = level.rows if token == ";" else level.blocks if token.count("\n") > 1 else level.lines
    ends.append(len(level.items))


def _number(token: str, entry: Callable[[str], Any]) -> Any:
    value = entry(token) if len(token) <= 120 else None
    if value is None:
        shown = token if len(token) <= 20 else token[:20] + "…"
        raise Unreadable(f"“{shown}” cannot be read as a number of the kind asked for.")
    return value


def _close(level: _Level, deep: int, outer: bool) -> list[Any]:
    lists = [isinstance(item, list) for item in level.items]
    if any(lists):
        if not all(lists):
            raise Unreadable("Rows and single numbers are mixed; put every row in its own brackets.")
        return level.items
    # numpy wraps long rows inside brackets, so a line end only starts a row outside them or in a lone bracket
    ends = set(level.rows) | (set(level.lines + level.blocks) if outer and deep > 1 else set())
    if deep < 3 or not outer or not level.blocks:
        return _cut(level.items, ends)
    blocks, start = [], 0
    for stop in sorted({*level.blocks, len(level.items)}):
        rows = _cut(level.items[start:stop], {end - start for end in ends})
        blocks.append(rows if rows and isinstance(rows[0], list) else [rows])
        start = stop
    return [block for block in blocks if block != [[]]]


def _cut(items: list[Any], ends: set[int]) -> list[Any]:
    stops = sorted(end for end in ends if 0 < end < len(items))
    if not stops:
        return items
    return [items[start:stop] for start, stop in zip([0, *stops], [*stops, len(items)], strict=True)]
