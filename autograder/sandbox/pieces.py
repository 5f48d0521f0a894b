"""Take Python text apart where a notebook has its cells: at ``# %%``, ``# In[3]:`` and ``# answer: CONV-1``."""

import ast
import itertools
import re
from collections.abc import Collection, Iterator

from .magics import TOKEN, string_end

MAX_DECLARED = 100
CELL_MARK = re.compile(r"^# ?(?:%%|In ?\[)[^\n]*", re.MULTILINE)
DECLARED = re.compile(r"^#[ \t]*answer:[ \t]*([\w.\-]{1,60})[ \t]*$", re.MULTILINE)
# How nbconvert writes a cell that began with a cell magic: its code is a text there.
WRAPPED = re.compile(
    r"\s*get_ipython\(\)\.run_cell_magic\('(\w{1,40})', '[^'\n]{0,200}', (['\"])((?:[^\\\n]|\\.)*)\2\)\s*\Z"
)


def cells_of_script(text: str, by_hand: Collection[str]) -> list[str]:
    """Take a ``.py`` file apart at its cell marks and its declared answers; without any it is one piece.

    Marks become empty lines, so that a declared answer begins its piece. The comments that end a piece (the text
    cells of the notebook it was) are left out, so that untouched cells look untouched.
    """
    marked = _parts(text, _outside_strings(text, [m.start() for m in CELL_MARK.finditer(text)]))
    pieces = [piece for part in marked for piece in at_declarations(_without_mark(part), by_hand)]
    if len(pieces) == 1:
        return pieces
    cells = [_plain_cell(piece) for piece in pieces]
    return cells if cells[0] else cells[1:]  # what stands above the first mark is most often a few comments


def at_declarations(text: str, by_hand: Collection[str]) -> list[str]:
    """Take a cell apart at its declared answers to questions asked, but for a declaration that begins it."""
    declared = [m.start() for m in DECLARED.finditer(text) if m[1] in by_hand]
    if not declared:
        return [text]
    begin = len(text) - len(text.lstrip())
    return _parts(text, _outside_strings(text, [at for at in declared if at > begin][:MAX_DECLARED]))


def _parts(text: str, places: list[int]) -> list[str]:
    edges = [0, *(place for place in places if place), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


def _without_mark(part: str) -> str:
    begun = CELL_MARK.match(part)
    return part[begun.end() :] if begun else part


def _plain_cell(part: str) -> str:
    lines = part.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines.pop()
    source = "\n".join([*lines, ""]) if lines else ""
    wrapped = WRAPPED.match(source)
    if not wrapped:
        return source
    try:
        code = ast.literal_eval(wrapped[2] + wrapped[3] + wrapped[2])
    except (ValueError, SyntaxError, MemoryError):
        return source
    return f"%%{wrapped[1]}\n{code}"


def _outside_strings(text: str, places: list[int]) -> list[int]:
    """Keep the places that are not inside a text in three quotes; all of them where some text is never closed.

    For then the quotes tell nothing, and the marks are what is left to hold on to.
    """
    kept, number = [], 0
    for start, end in _strings(text) if places else ():
        if end is None:
            return places
        while number < len(places) and places[number] < end:
            if places[number] < start:
                kept.append(places[number])
            number += 1
    return kept + places[number:]


def _strings(text: str) -> Iterator[tuple[int, int | None]]:
    """Find the texts in three quotes: where each begins and ends, None if it does not end."""
    place = 0
    while found := TOKEN.search(text, place):
        token, place = found[0], found.end()
        if token[0] in "\"'":
            place = string_end(text, place, token)
            if len(token) == 3:
                closed = place >= found.end() + 3 and text.endswith(token, 0, place)
                yield found.start(), place if closed else None
