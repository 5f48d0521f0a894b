"""Notebook magics in submitted cells: found without running or parsing the code, and taken out."""

import re

QUIET = ("matplotlib", "config", "load_ext", "autoreload", "reload_ext", "pylab", "precision")
# Cell magics that only wrap the code below them; that code is run.
WRAPPERS = ("time", "timeit", "capture", "prun")
TOKEN = re.compile(r"\\\n|#[^\n]*|\"\"\"|'''|[\"'\n(\[{)\]}]")
QUOTES = {
    '"': re.compile(r'\\.|["\n]', re.DOTALL),
    "'": re.compile(r"\\.|['\n]", re.DOTALL),
    '"""': re.compile(r'\\.|"""', re.DOTALL),
    "'''": re.compile(r"\\.|'''", re.DOTALL),
}
MAGIC = re.compile(r"[ \t]*(?:[%!?]|[A-Za-z_][\w, \t]*=[ \t]*(?:%\w|!\w))")
HELP = re.compile(r"[ \t]*[A-Za-z_][\w.]*\?{1,2}[ \t]*$")
CELL_MAGIC = re.compile(r"\s*%%(!|\w*)[^\n]*")


def without_magics(source: str) -> tuple[str, list[str]]:
    """Replace magic lines by ``pass`` and whole magic cells by nothing; return the code and what was ignored.

    Lines inside strings, brackets and continuations are code, whatever they start with.  Line numbers stay.
    """
    if not any(mark in source for mark in "%!?"):
        return source, []
    opening = CELL_MAGIC.match(source)
    if opening:
        if opening[1] not in WRAPPERS:
            return "", [f"%%{opening[1][:20]}"]
        source = source[: opening.start()] + "\n" * opening[0].count("\n") + source[opening.end() :]
    if not any(MAGIC.match(line) or HELP.match(line) for line in source.split("\n")):
        return source, []
    ignored: list[str] = []
    lines = source.split("\n")
    starts = _statement_starts(source)
    number = 0
    while number < len(lines):
        line = lines[number]
        if number in starts and (MAGIC.match(line) or HELP.match(line)):
            ignored += _named(line)
            number = _blank(lines, number)
        number += 1
    return "\n".join(lines), ignored


def _blank(lines: list[str], number: int) -> int:
    """Take out a magic line with its continuation lines; return the number of its last line."""
    continued = lines[number].endswith("\\")
    lines[number] = re.match(r"[ \t]*", lines[number])[0] + "pass"  # type: ignore[index]
    while continued and number + 1 < len(lines):
        number += 1
        continued = lines[number].endswith("\\")
        lines[number] = ""
    return number


def _named(line: str) -> list[str]:
    """Say what a magic line was, or nothing for those that only concern the screen."""
    word = re.match(r"[ \t]*%(\w*)", line)
    if word:
        return [] if word[1] in QUIET else [f"%{word[1][:20]}"]
    return ["a help request (?)"] if "?" in line else ["a shell command (!)"]


def _statement_starts(source: str) -> set[int]:
    """Find the lines that begin outside strings, brackets and continuations."""
    starts, depth, place = {0}, 0, 0
    line = 0
    while found := TOKEN.search(source, place):
        token, place = found[0], found.end()
        if token in QUOTES:
            place = string_end(source, place, token)
            line += source.count("\n", found.end(), place)
        elif token in "([{":
            depth += 1
        elif token in ")]}":
            depth = max(0, depth - 1)
        line += token.count("\n")
        if token == "\n" and not depth:
            starts.add(line)
    return starts


def string_end(source: str, place: int, quote: str) -> int:
    """Find where a string ends: behind its closing quote, or before the end of the line if it has none."""
    for found in QUOTES[quote].finditer(source, place):
        if found[0] == quote:
            return found.end()
        if found[0] == "\n":
            return found.start()
    return len(source)
