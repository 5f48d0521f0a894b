"""Typed answers and statements in a notebook: which question is whose, and can the answer be read.

Part of the student kit: numpy and the standard library only. Never says right or wrong.
"""

from __future__ import annotations

import hashlib
import json
import string
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from autograder.answers import KINDS, Blank, Unreadable
from autograder.sandbox.answer_cells import UnreadableAnswer, declared_question, read_answer

VARIANTS_SCHEMA = "backmark/variants/1"
LETTERED = ("mc1", "mcN", "order")
Read = list[tuple[bool, str]]


class Tell(Exception):
    """A sentence for the student."""


# --- statements -----------------------------------------------------------------------------------


def student_tag(student: str) -> str:
    """Return the hash under which `variants.json` files a student's statements."""
    return hashlib.sha256(b"backmark\x00" + student.strip().encode("utf-8", "surrogatepass")).hexdigest()[:24]


def statement(question: str, student: str, folders: Iterable[Path]) -> dict[str, Any]:
    """Look up a student's own statement of a question in the `variants.json` beside the notebook.

    Raises:
        Tell: no id, an id that is not in the class list, a missing or damaged file.
    """
    if not isinstance(student, str) or not student.strip():
        raise Tell(
            'Write your student id into the cell at the top, student = "…", run it, then run this cell again.'
        )
    students = _variants(folders)
    own = students.get(student_tag(student))
    if not isinstance(own, dict):
        raise Tell(
            f"The id {student.strip()!r} is not in the class list of this assignment. Compare the cell "
            "at the top with the id your course knows you by; if it is right, tell your instructor."
        )
    if not isinstance(own.get(question), dict) or "prompt" not in own[question]:
        raise Tell(f"variants.json holds no {question} for you. Download it again, or tell your instructor.")
    return own[question]


def _variants(folders: Iterable[Path]) -> dict[str, Any]:
    found = next(
        (folder / "variants.json" for folder in folders if (folder / "variants.json").is_file()), None
    )
    if found is None:
        raise Tell(
            "variants.json is missing: it holds the questions. Put it into the folder of this notebook."
        )
    try:
        content = json.loads(found.read_text(encoding="utf-8"))
        if content["schema"] == VARIANTS_SCHEMA and isinstance(content["students"], dict):
            return content["students"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Tell(
        "variants.json cannot be read. Download it again; if that does not help, tell your instructor."
    )


def markdown(question: str, own: Mapping[str, Any]) -> str:
    """Return a statement as Markdown: title, prompt, and what each part asks for."""
    parts = own.get("parts", [])
    named = len(parts) > 1
    asked = [(f"**{part['id']}**: " if named else "") + _asked(part) for part in parts]
    return "\n\n".join(
        [f"**{own.get('title', question)}** ({question})", own["prompt"], *filter(None, asked)]
    )


def _asked(part: Mapping[str, Any]) -> str:
    choices = part.get("options", {}).get("choices", []) if part["kind"] in LETTERED else []
    lines = [
        f"- ({letter}) {choice}" for letter, choice in zip(string.ascii_lowercase, choices, strict=False)
    ]
    return str(part.get("prompt", "")) + ("\n\n" + "\n".join(lines) if lines else "")


# --- answers --------------------------------------------------------------------------------------


def typed(question: str, namespace: Mapping[str, Any]) -> Any:
    """Return the answer of one question as the grader will read it: from the cell's text, not by running it.

    Raises:
        Tell: the cell computes the answer instead of stating it.
    """
    history = namespace.get("In", ())
    history = history if isinstance(history, list) else ()
    cells = [c for c in history if isinstance(c, str) and declared_question(c) == question]
    if not cells:
        return namespace.get("answer", "")
    try:
        return read_answer(cells[-1])
    except UnreadableAnswer as problem:
        raise Tell(f"{question}: cannot be read. The answer {problem}.") from None


def read_parts(parts: list[dict[str, Any]], answer: Any) -> Read:
    """Say for each part of a question whether its answer can be read, and as what."""
    if len(parts) > 1 and not isinstance(answer, dict):
        names = ", ".join(f'"{part["id"]}": """ … """' for part in parts)
        return [(False, f"This question has {len(parts)} parts; write answer = {{{names}}}.")] * len(parts)
    return [_read_part(part, answer, f"{part['id']}: " if len(parts) > 1 else "") for part in parts]


def _read_part(part: Mapping[str, Any], answer: Any, label: str) -> tuple[bool, str]:
    text = answer.get(part["id"], "") if isinstance(answer, dict) else answer
    kind, asked = (
        KINDS[part["kind"]],
        types.SimpleNamespace(kind=part["kind"], options=part.get("options", {})),
    )
    try:
        value = kind.parse(text, asked)
    except Blank:
        return False, f"{label}There is no answer yet."
    except Unreadable as problem:
        return False, f"{label}{problem}"
    choices = asked.options.get("choices", ())
    shown = kind.show(value) + (f" ({choices[value]})" if part["kind"] == "mc1" else "")
    return True, f"{label}It reads as {shown}."
