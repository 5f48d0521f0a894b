"""Say which limit of the assignment a question ran into: one sentence of what happened, one of what to do."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.assignment import Limits
from autograder.model import Verdict
from autograder.sandbox import Evidence, Outcome, Submitted
from autograder.sandbox.evidence import IMPORT, REFUSED

_TRY_SMALL = "Look at the condition that ends each loop, and try a tiny input first."
_SMALLER = "Look at the size of the arrays and lists you create; work in pieces, or without copies."


def explain(
    found: Sequence[Verdict], question: str, evidence: Evidence, submitted: Submitted, limits: Limits
) -> tuple[Verdict, ...]:
    """Put the limit that was exceeded into the first complaint of a question; marks stay what they are."""
    first = next((i for i, v in enumerate(found) if v.status in ("wrong", "partial")), None)
    if first is None or (sentences := _exceeded(question, evidence, submitted, limits)) is None:
        return tuple(found)
    what, how = sentences
    where = found[first].hint[:1] or ("Before anything is computed.",)
    told = dataclasses.replace(found[first], message=what, hint=(*where, what, how))
    return tuple(told if i == first else v for i, v in enumerate(found))


def printed_note(evidence: Evidence, limits: Limits) -> tuple[str, ...]:
    """Say that more was printed than is read."""
    if evidence.output <= limits.output_kb * 1024:
        return ()
    return (
        f"Your code printed {evidence.output // 1024} KB, more than the {limits.output_kb:g} KB that this assignment "
        "allows; the rest was thrown away. Printing takes time, and that time counts.",
    )


def _exceeded(
    question: str, evidence: Evidence, submitted: Submitted, limits: Limits
) -> tuple[str, str] | None:
    for outcome in evidence.questions.get(question, ()):
        kind = str((outcome.error or {}).get("type", ""))
        if outcome.status == "timeout":
            return _too_long(question, evidence, limits)
        if outcome.status == "spent":
            return (
                f"`{question}` was not run to its end: the time for the whole submission had been used up.",
                "Mend first what takes long: loops that never end, and work outside of the functions.",
            )
        if kind in ("MemoryError", "ran out of memory"):
            return (
                f"`{question}` needs more memory than the {limits.memory_mb:g} MB that this assignment allows.",
                _SMALLER,
            )
        if outcome.status == "killed" and "files" in kind:
            return f"`{question}` writes more files than is allowed.", "Return the result; write no files."
        if outcome.status == "exception" and (package := _refused(outcome.error, limits)):
            return _not_allowed(f"`{question}` imports {package}", package, limits)
        if (outcome.status == "missing" or kind == "NameError") and (
            package := _refused_in_cell(question, evidence, submitted, limits)
        ):
            return _not_allowed(f"The cell of `{question}` imports {package}", package, limits)
        if _failed(outcome):
            return None
    return None


def _failed(outcome: Outcome) -> bool:
    return outcome.status not in ("ok", "unreachable")


def _too_long(question: str, evidence: Evidence, limits: Limits) -> tuple[str, str]:
    what = f"`{question}` was stopped after {limits.seconds:g} s, the time that each question of this assignment has."
    if evidence.output > limits.output_kb * 1024:
        return (
            what,
            f"It printed more than {limits.output_kb:g} KB, which takes time: print less. {_TRY_SMALL}",
        )
    return what, f"Is there a loop that never ends? {_TRY_SMALL}"


def _not_allowed(happened: str, package: str, limits: Limits) -> tuple[str, str]:
    allowed = ", ".join(dict.fromkeys(("numpy", *limits.packages)))
    return (
        f"{happened}, which is not available when this assignment is graded; allowed: {allowed}.",
        f"Do it without {package}.",
    )


def _refused(error: Mapping[str, Any] | None, limits: Limits) -> str:
    """Return the package whose import failed and that is not allowed, "" where it is something else."""
    found = IMPORT.match(str((error or {}).get("text", "")))
    if found is None or (error or {}).get("type") not in REFUSED:
        return ""
    known = found[1] in sys.stdlib_module_names or found[1] in ("numpy", *limits.packages)
    return "" if known else found[1]


def _refused_in_cell(question: str, evidence: Evidence, submitted: Submitted, limits: Limits) -> str:
    defines = re.compile(
        rf"^\s*(?:def\s+{re.escape(question)}\b|class\s+{re.escape(question)}\b)", re.MULTILINE
    )
    own = {c.index for c in submitted.cells if not c.setup and defines.search(c.source)}
    errors = [c.error for c in evidence.cells if c.index in own and not c.setup and c.status == "exception"]
    return next((p for e in errors if (p := _refused(e, limits))), "")
