"""One submission to one report: ingest, sandbox, checks, names. Never raises for anything a student hands in."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment import Asked, Assignment, Issued
from autograder.checks import Judgement, judge, wants_probe
from autograder.key import Key
from autograder.model import Report, Verdict
from autograder.naming import name_mistakes, name_stop
from autograder.sandbox import (
    Evidence,
    Limits,
    Release,
    Sandbox,
    Submitted,
    UnreadableSubmission,
    read_submission,
)
from autograder.typed import CARRIED_SHARE, fits, judge_typed, read_parts
from autograder.verdicts import Named, Weights, verdicts

JUDGE_VERSION = 2  # raised only when marks may change


@dataclass(frozen=True)
class Bundle:
    """Everything that judging one assignment needs, loaded once per process."""

    assignment: Assignment
    release: Release
    keys: Mapping[str, Key]
    by_hand: Mapping[str, Mapping[str, Issued]]
    digest: str = ""
    rules: str = ""
    roster: frozenset[str] = field(default_factory=frozenset)

    def limits(self) -> Limits:
        """Return the limits in the sandbox's form."""
        limits = self.assignment.limits
        return Limits(seconds=limits.seconds, memory_mb=limits.memory_mb, output_kb=limits.output_kb)

    def hashes(self, student: str) -> dict[str, str]:
        """Return the hash of everything that can change one student's marks, question by question."""
        typed = {i: one.hash for i, one in self.by_hand.get(student, {}).items()}
        rules = f"{self.rules}, {'' if student in self.roster else 'not '}in the roster"
        return {name: key.hash for name, key in self.keys.items()} | typed | {"rules": rules}


def open_sandbox(bundle: Bundle, allow_weak: bool = False) -> Sandbox:
    """Return a sandbox for the assignment's packages and limits (a context manager)."""
    return Sandbox(packages=bundle.assignment.limits.packages, limits=bundle.limits(), allow_weak=allow_weak)


def judge_file(bundle: Bundle, box: Sandbox, path: Path, student: str, notes: Sequence[str] = ()) -> Report:
    """Judge the submission in `path` as the work of `student`."""
    started, clock = _now(), time.monotonic()
    blank = Report(
        bundle.assignment.name, student, "error", max_score=bundle.assignment.max_score,
        isolation={"tier": box.tier, "layers": list(box.layers)}, notes=tuple(notes),
        params_digest=bundle.digest, started_at=started, tool_version=__version__,
    )  # fmt: skip
    if student not in bundle.roster:
        return _replace(
            blank, message=f"{student!r} is not in the roster of this course; nothing was graded."
        )
    try:
        submitted = read_submission(path, bundle.release, bundle.limits())
        report = _judge(bundle, box, submitted, blank)
    except UnreadableSubmission as error:
        report = _replace(blank, message=str(error))
    except Exception as error:  # ours: it must cost one row, not the class
        what = f"Judging this submission failed on our side ({type(error).__name__})"
        report = _replace(
            blank, status="incomplete", message=f"{what}; no marks were given, staff must look at it."
        )
    return _replace(report, duration_s=round(time.monotonic() - clock, 4))


def _judge(bundle: Bundle, box: Sandbox, submitted: Submitted, blank: Report) -> Report:
    sets = {name: key.set_for(submitted.sha256) for name, key in bundle.keys.items()}
    scripts = {name: key.script(sets[name], probes=False) for name, key in bundle.keys.items()}
    evidence = box.run(submitted.cells, scripts)
    found: list[Verdict] = []
    for asked in bundle.assignment.questions:
        if asked.is_code:
            found += _code(bundle, asked, sets[asked.id], evidence, box, submitted)
        else:
            found += _by_hand(bundle, asked, blank.student, submitted)
    broken = any(v.status == "broken" for v in found)
    with contextlib.suppress(Exception):  # a hint for staff: its failure must not touch the marks
        found = list(_with_alert(found, _copied_from(bundle, blank.student, submitted)))
    return _replace(
        blank,
        status="incomplete" if broken else "graded",
        verdicts=tuple(found),
        score=round(sum(v.points for v in found), 4),
        submission={"sha256": submitted.sha256, "submitted_at": None},
        notes=blank.notes
        + tuple(submitted.notes)
        + _cell_notes(evidence)
        + _claim_note(submitted, blank.student),
        message="A check of ours failed; staff have been told and the marks are withheld." if broken else "",
    )


def _cell_notes(evidence: Evidence) -> tuple[str, ...]:
    notes = []
    for cell in evidence.cells:
        if cell.status == "exception" and cell.error:
            line = f", line {cell.error['line']}" if cell.error.get("line") else ""
            notes.append(
                f"Cell {cell.index}{line}: {cell.error['type']}. The cells after it were run all the same."
            )
    return tuple(notes) + tuple(evidence.notes)


def _claim_note(submitted: Submitted, student: str) -> tuple[str, ...]:
    claimed = (submitted.student_claimed or "").strip()
    if not claimed or claimed == student:
        return ()
    return (
        f'The notebook says student = "{claimed[:60]}", but it was handed in as {student}; graded as {student}.',
    )


# --- code ----------------------------------------------------------------------------------------


def _code(
    bundle: Bundle, asked: Asked, set_index: int, evidence: Evidence, box: Sandbox, submitted: Submitted
) -> tuple[Verdict, ...]:
    key = bundle.keys[asked.id]
    try:
        judgement = judge(key, set_index, evidence.questions.get(asked.id, ()))
        if wants_probe(judgement):
            again = box.run(submitted.cells, {asked.id: key.script(set_index)})
            judgement = judge(key, set_index, again.questions[asked.id])
        return verdicts(judgement, key.title, asked.points, _names(judgement, evidence), _weights(asked))
    except Exception as error:  # ours: it must cost the student nothing
        return (_broken(asked.id, key.title, asked.points, error, key.hash),)


def _names(judgement: Judgement, evidence: Evidence) -> list[Named]:
    """A failure to name must not touch the marks."""
    if judgement.right:
        return []
    try:
        if judgement.stopped:
            return name_stop(judgement, evidence.cells)
        return name_mistakes(judgement)
    except Exception:
        return []


def _weights(asked: Asked) -> Weights:
    given = asked.weights
    return Weights(
        float(given.get("behaviour", Weights.behaviour)), float(given.get("consistent", Weights.consistent))
    )


def _broken(question: str, title: str, out_of: float, error: Exception, key_hash: str) -> Verdict:
    return Verdict(
        question, title, "judging", "value", "broken", 0.0, out_of,
        "Something on our side failed while judging this. It costs you nothing; staff have been told.",
        question_hash=key_hash, staff={"error": f"{type(error).__name__}: {error}"[:500]},
    )  # fmt: skip


# --- by hand -------------------------------------------------------------------------------------


def _by_hand(bundle: Bundle, asked: Asked, student: str, submitted: Submitted) -> list[Verdict]:
    found: list[Verdict] = []
    carried = float(asked.weights.get("carried", CARRIED_SHARE))
    for instance in asked.instances():
        one = bundle.by_hand.get(student, {}).get(instance)
        if one is None:
            error = KeyError(f"no variant of {instance} for {student}: run `backmark make` again")
            found.append(_broken(instance, asked.id, asked.points, error, ""))
            continue
        try:
            found += judge_typed(one, submitted.answers.get(instance), asked.points, carried)
        except Exception as error:
            found.append(_broken(instance, one.variant.title, asked.points, error, one.hash))
    return found


def _copied_from(bundle: Bundle, student: str, submitted: Submitted) -> list[str]:
    """Return the students whose numbers the wrong by-hand answers are right for.

    One number can fit by accident, so it takes two questions, or one whose answer is an array.
    """
    strong: dict[str, int] = {}
    for instance, one in bundle.by_hand.get(student, {}).items():
        values = read_parts(one, submitted.answers.get(instance))
        if not values or fits(one, values):
            continue
        weight = 2 if any(p.kind in ("mat", "ten", "vec", "trace") for p in one.variant.parts) else 1
        for other, variants in bundle.by_hand.items():
            if other != student and instance in variants and fits(variants[instance], values):
                strong[other] = strong.get(other, 0) + weight
    return sorted(other for other, weight in strong.items() if weight >= 2)[:5]


def _with_alert(found: Sequence[Verdict], owners: Sequence[str]) -> tuple[Verdict, ...]:
    """Tell staff on the first wrong typed verdict; the marks stay what they are."""
    if not owners:
        return tuple(found)
    first = next((i for i, v in enumerate(found) if v.kind == "typed" and v.status != "right"), None)
    alert = {"alert": f"These answers are right for the numbers of another student: {', '.join(owners)}."}
    return tuple(dataclasses.replace(v, staff=alert) if i == first else v for i, v in enumerate(found))


def _replace(report: Report, **changes: Any) -> Report:
    return dataclasses.replace(report, **changes)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
