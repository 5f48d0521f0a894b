"""The words of a verdict as plain text and as Markdown, safe to print and to render whatever they hold."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from autograder.model import Verdict
from autograder.reports.marks import SYMBOLS, WORDS, QuestionMarks, points_of

LONGEST = 8000  # characters; no sentence of ours comes near, a hostile one is cut

HINT_STEPS = ("Where", "What", "How")

# Control characters, lone surrogates, non-characters (illegal in XML 1.0 or UTF-8, or terminal commands)
# and bidirectional overrides (they make text read as what it is not).
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_CODE_SPAN = re.compile(r"(`[^`\n]+`)")
_MARKDOWN = re.compile(r"([\\*<$~|@]|:(?=//)|(?<=www)\.|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w])|\](?=[(:\[]))")
_LINE_START = re.compile(r"^(?:(\d+)(?=[.)])|(?=[#>+=-]))", re.MULTILINE)


def clean(text: object) -> str:
    """Return the text without characters that cannot be stored, or that act instead of being read."""
    flat = _UNPRINTABLE.sub("\ufffd", str(text).replace("\r\n", "\n").replace("\r", "\n"))
    return flat if len(flat) <= LONGEST else flat[:LONGEST] + " …"


def markdown(text: object) -> str:
    """Escape for Markdown, so that the text reads as written; well-formed `code` stays code.

    No HTML, link, image, formula or heading in it comes alive. Where backticks do not pair up, all of them
    are escaped, because renderers disagree on what they would enclose.
    """
    flat = "\n".join(line.strip() for line in clean(text).split("\n"))
    pairs = "``" not in flat and not any(line.count("`") % 2 for line in flat.splitlines())
    parts = _CODE_SPAN.split(flat) if pairs else [flat.replace("`", "\0")]
    escaped = "".join(part if i % 2 else _MARKDOWN.sub(r"\\\1", part) for i, part in enumerate(parts))
    return _LINE_START.sub(r"\1\\", escaped).replace("\0", "\\`").replace("\n", "  \n")


def file_name(student: str) -> str:
    """Return a file name for any student id: different ids, different names, never a path."""
    text = quote(student.encode("utf-8", "surrogatepass"), safe=" @_-+,=()").replace("~", "%7E")
    if len(text) > 150:
        text = text[:100] + "~" + hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return "%2E" + text[1:] if text.startswith(".") else text or "%"


def worst_parts(worst: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the worst entry as (label, value) pairs: at, got, expected, may differ by; none without one."""
    if not worst:
        return []
    got, expected = _distinguish(worst.get("got"), worst.get("expected"))
    parts = [("got", got), ("expected", expected)]
    if worst.get("index") not in (None, [], ()):
        parts.insert(0, ("at", _value(worst["index"])))
    if worst.get("allowed") is not None:
        parts.append(("may differ by", _value(worst["allowed"])))
    return [(label, clean(value)) for label, value in parts]


def worst_entry(worst: Mapping[str, Any] | None) -> str:
    """Write "at [0, 1], got 3.2, expected 3.5, may differ by 1e-09", "" when there is none."""
    return ", ".join(f"{label} {value}" for label, value in worst_parts(worst))


def mistake_words(verdict: Verdict) -> str:
    """Name the mistake, or "A or B" where several explain the answer equally well."""
    return clean(verdict.mistake or " or ".join(verdict.mistakes_consistent))


def as_text(question: QuestionMarks) -> str:
    """Write a question's marks and feedback as plain lines, for a terminal or a notebook output."""
    lines = [
        f"{clean(question.title)}: {points_of(question.points, question.out_of)}, {WORDS[question.status]}"
    ]
    for verdict in question.shown:
        lines += [f"{SYMBOLS[verdict.status]} {clean(verdict.check)}: {_marks_and_word(verdict)}"]
        lines += [f"    {line}" for line in verdict_lines(verdict)]
    lines += [hidden.sentence() for hidden in question.hidden]
    return "\n".join(lines)


def as_markdown(question: QuestionMarks) -> str:
    """Write a question's marks and feedback as Markdown, for comments in a gradebook."""
    marks = f"{points_of(question.points, question.out_of)}, {WORDS[question.status]}"
    blocks = [f"**{markdown(question.title)}: {marks}**"]
    for verdict in question.shown:
        title = f"{SYMBOLS[verdict.status]} **{markdown(verdict.check)}**: {_marks_and_word(verdict)}"
        blocks.append("\n\n".join([title, *map(markdown, verdict_lines(verdict))]))
    blocks += [hidden.sentence() for hidden in question.hidden]
    return "\n\n".join(blocks)


def verdict_lines(verdict: Verdict) -> list[str]:
    """Return what a student reads about one check: message, worst entry, hints, reason, one per line."""
    lines = [clean(verdict.message)] if verdict.message else []
    worst = worst_entry(verdict.worst) if verdict.visibility == "visible" else ""
    if worst:
        lines.append(f"Worst entry {worst}")
    lines += [f"{step}: {clean(hint)}" for step, hint in zip(HINT_STEPS, verdict.hint, strict=False) if hint]
    if verdict.credit_reason:
        lines.append(f"Points: {clean(verdict.credit_reason)}")
    return lines


def _marks_and_word(verdict: Verdict) -> str:
    word = WORDS[verdict.status]
    return f"{points_of(verdict.points, verdict.out_of)}, {word}" if verdict.out_of else word


def _distinguish(got: Any, expected: Any) -> tuple[str, str]:
    """Write both values short, and in full where the short forms would look alike."""
    short = _value(got), _value(expected)
    return short if short[0] != short[1] else (_value(got, full=True), _value(expected, full=True))


def _value(value: Any, full: bool = False) -> str:
    if isinstance(value, float) and math.isfinite(value):
        value += 0.0  # nobody is told of -0
        return repr(float(value)) if full else f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item, full) for item in value) + "]"
    return clean(value)
