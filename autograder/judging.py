"""One submission to one report: ingest, sandbox, checks, names. Never raises for anything a student hands in."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment import Asked, Assignment, Issued
from autograder.checks import Judgement, judge, wants_probe
from autograder.exceeding import explain, printed_note
from autograder.key import Key
from autograder.launch import Ahead
from autograder.model import Report, Verdict
from autograder.naming import name_mistakes, name_stop
from autograder.recognition import Known, Recognition
from autograder.sandbox import (
    Allowance,
    Call,
    CellOutcome,
    Evidence,
    Limits,
    Outcome,
    Release,
    Sandbox,
    SandboxError,
    Submitted,
    UnreadableSubmission,
    Watch,
    read_submission,
)
from autograder.scaling import remarked
from autograder.typed import CARRIED_SHARE, fits, judge_typed, read_parts
from autograder.verdicts import Named, Weights, verdicts

JUDGE_VERSION = 1  # raised only when marks may change


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
    known: Known = field(default_factory=Known)  # replies that were judged before

    def limits(self) -> Limits:
        """Return the limits in the sandbox's form."""
        limits = self.assignment.limits
        return Limits(seconds=limits.seconds, memory_mb=limits.memory_mb, output_kb=limits.output_kb)

    def hashes(self, student: str) -> dict[str, str]:
        """Return the hash of everything that can change one student's marks, question by question.

        A change under `rules` concerns every question.
        """
        typed = self.by_hand.get(student, {})
        found = {"rules": f"{self.rules}, {'' if student in self.roster else 'not '}in the roster"}
        for asked in self.assignment.questions:
            marks = f"{asked.points:g} {dict(asked.weights) or ''}".strip()
            for name in asked.names():
                one = self.keys[name] if asked.is_code else typed.get(name)
                found[name] = f"{one.hash if one else 'none'} {marks}"
        return found


@dataclass(frozen=True)
class Again:
    """What an earlier report on the same file leaves to do: the questions to judge, the verdicts to keep."""

    only: frozenset[str]
    verdicts: tuple[Verdict, ...]

    def kept(self, question: str) -> list[Verdict]:
        """Return the verdicts of a question without the alert, which depends on all questions."""
        own = [v for v in self.verdicts if v.question == question]
        return [dataclasses.replace(v, staff={}) if "alert" in v.staff else v for v in own]


def open_sandbox(
    bundle: Bundle,
    allow_weak: bool = False,
    packages: Sequence[str] | None = None,
    ahead: Ahead | None = None,
) -> Sandbox:
    """Return a sandbox for the assignment's packages (or fewer) and limits, as a context manager."""
    allowed = bundle.assignment.limits.packages if packages is None else packages
    return Sandbox(packages=allowed, limits=bundle.limits(), allow_weak=allow_weak, ahead=ahead)


def judge_file(
    bundle: Bundle,
    box: Sandbox,
    path: Path,
    student: str,
    notes: Sequence[str] = (),
    again: Again | None = None,
) -> Report:
    """Judge the submission in `path` as the work of `student`; with `again` some questions only."""
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
        report = _judge(bundle, box, submitted, blank, again)
    except UnreadableSubmission as error:
        report = _replace(blank, message=str(error))
    except Exception as error:  # ours: it must cost one row, not the class
        why = f": {error}".rstrip(".") if isinstance(error, SandboxError) else ""
        what = f"Judging this submission failed on our side ({type(error).__name__}{why})"
        report = _replace(
            blank, status="incomplete", message=f"{what}; no marks were given, staff must look at it."
        )
    return _replace(report, duration_s=round(time.monotonic() - clock, 4))


def _judge(bundle: Bundle, box: Sandbox, submitted: Submitted, blank: Report, again: Again | None) -> Report:
    wanted = {n for q in bundle.assignment.questions for n in q.names() if again is None or n in again.only}
    code = _Code(bundle, box, submitted, wanted)
    evidence = code.run()
    found: list[Verdict] = []
    for asked in bundle.assignment.questions:
        for name in asked.names():
            if again is not None and name not in wanted:
                found += again.kept(name)
            elif asked.is_code:
                found += code.verdicts(asked, evidence)
            else:
                found += _by_hand(bundle, asked, name, blank.student, submitted)
    broken = any(v.status == "broken" for v in found)
    with contextlib.suppress(Exception):  # a hint for staff: its failure must not touch the marks
        found = list(_with_alert(found, _copied_from(bundle, blank.student, submitted, found)))
    return _replace(
        blank,
        status="incomplete" if broken else "graded",
        verdicts=tuple(found),
        score=round(sum(v.points for v in found), 4),
        submission={"sha256": submitted.sha256, "submitted_at": None},
        notes=blank.notes
        + tuple(submitted.notes)
        + _cell_notes(evidence)
        + printed_note(evidence, bundle.assignment.limits)
        + _claim_note(submitted, blank.student),
        message="A check of ours failed; staff have been told and the marks are withheld." if broken else "",
    )


def _run(
    box: Sandbox, submitted: Submitted, scripts: Mapping[str, tuple[Call, ...]], allowance: Allowance,
    watch: Watch,
) -> Evidence:  # fmt: skip
    """Run a submission; where its process was killed, once more, for it may not have been its own doing.

    Memory that ran out on a busy machine, or an operator's hand, must cost nobody marks; code that ends
    itself does so again. What the second run has no time for stays as it was.
    """
    first = box.run(submitted.cells, scripts, allowance, watch)
    killed = {n for n, outcomes in first.questions.items() if any(o.status == "killed" for o in outcomes)}
    in_a_cell = any(cell.status == "killed" for cell in first.cells)
    if not (killed or in_a_cell) or allowance.left <= 0:
        return first
    again = {name: calls for name, calls in scripts.items() if in_a_cell or name in killed}
    second = box.run(submitted.cells, again, allowance)
    return dataclasses.replace(second if in_a_cell else first, questions=first.questions | second.in_time())


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


class _Code:
    """Judge the code of one submission, each question as its reply comes: its process works on the next meanwhile."""

    def __init__(self, bundle: Bundle, box: Sandbox, submitted: Submitted, wanted: Collection[str]) -> None:
        self.bundle, self.box, self.submitted = bundle, box, submitted
        self.asked = {q.id: q for q in bundle.assignment.code() if q.id in wanted}
        self.sets = {name: bundle.keys[name].set_for(submitted.sha256) for name in self.asked}
        self.allowance = Allowance(bundle.limits().total(len(bundle.assignment.code())))
        self.recognition = Recognition(bundle.known, self.sets)
        self.told: dict[str, tuple[Sequence[Outcome], tuple[Verdict, ...]]] = {}

    def run(self) -> Evidence:
        scripts = {name: self.bundle.keys[name].script(s, probes=False) for name, s in self.sets.items()}
        return _run(self.box, self.submitted, scripts, self.allowance, self)

    def look(self, question: str, reply: bytes) -> tuple[Outcome, ...] | None:
        return self.recognition.look(question, reply)

    def took(self, question: str, outcomes: tuple[Outcome, ...]) -> None:
        """Judge what needs no more evidence than this; the rest, and what fails here, is judged at the end."""
        with contextlib.suppress(Exception):
            if not self.recognition.verdicts(question, outcomes):
                self.told[question] = outcomes, self._early(question, outcomes)

    def _early(self, question: str, outcomes: tuple[Outcome, ...]) -> tuple[Verdict, ...]:
        judgement = judge(self.bundle.keys[question], self.sets[question], outcomes)
        if judgement.stopped or wants_probe(judgement):
            return ()
        found, complete = self._told(self.asked[question], judgement, ())
        if complete:
            self.recognition.learn(question, judgement, found)
        return found

    def verdicts(self, asked: Asked, evidence: Evidence) -> tuple[Verdict, ...]:
        """Return the verdicts on one question, with the limits that were exceeded."""
        outcomes = evidence.questions.get(asked.id, ())
        known, (told, early) = (
            self.recognition.verdicts(asked.id, outcomes),
            self.told.get(asked.id, ((), ())),
        )
        try:
            found = known or (
                early if told is outcomes else ()
            )  # another where its process was killed and run again
            if not found:
                found, _ = self._told(asked, self._judgement(asked.id, outcomes), evidence.cells)
            return explain(found, asked.id, evidence, self.submitted, self.bundle.assignment.limits)
        except Exception as error:  # ours: it must cost the student nothing
            key = self.bundle.keys[asked.id]
            return (_broken(asked.id, key.title, asked.points, error, key.hash),)

    def _judgement(self, question: str, outcomes: Sequence[Outcome]) -> Judgement:
        key, set_index = self.bundle.keys[question], self.sets[question]
        judgement = judge(key, set_index, outcomes)
        if not wants_probe(judgement):
            return judgement
        again = self.box.run(self.submitted.cells, {question: key.script(set_index)}, self.allowance)
        probed = again.in_time().get(question)
        return judgement if probed is None else judge(key, set_index, probed)

    def _told(
        self, asked: Asked, judgement: Judgement, cells: Sequence[CellOutcome]
    ) -> tuple[tuple[Verdict, ...], bool]:
        """Return the verdicts, and whether all was said: a failure to name or describe must not touch the marks."""
        complete, named = True, []
        try:
            named = _names(judgement, cells)
        except Exception:
            complete = False
        try:
            judgement = judgement if named or judgement.right or judgement.stopped else remarked(judgement)
        except Exception:
            complete = False
        return verdicts(judgement, judgement.key.title, asked.points, named, _weights(asked)), complete


def _names(judgement: Judgement, cells: Sequence[CellOutcome]) -> list[Named]:
    if judgement.right:
        return []
    return name_stop(judgement, cells) if judgement.stopped else name_mistakes(judgement)


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


def _by_hand(
    bundle: Bundle, asked: Asked, instance: str, student: str, submitted: Submitted
) -> list[Verdict]:
    one = bundle.by_hand.get(student, {}).get(instance)
    if one is None:
        error = KeyError(f"no variant of {instance} for {student}: run `backmark make` again")
        return [_broken(instance, asked.id, asked.points, error, "")]
    carried = float(asked.weights.get("carried", CARRIED_SHARE))
    try:
        return judge_typed(one, submitted.answers.get(instance), asked.points, carried)
    except Exception as error:
        return [_broken(instance, one.variant.title, asked.points, error, one.hash)]


def _copied_from(bundle: Bundle, student: str, submitted: Submitted, found: Sequence[Verdict]) -> list[str]:
    """Return the students whose numbers the wrong by-hand answers are right for.

    One number can fit by accident, so it takes two questions, or one whose answer is an array.
    """
    strong: dict[str, int] = {}
    wrong = {v.question for v in found if v.kind == "typed" and v.status != "right"}
    for instance, one in bundle.by_hand.get(student, {}).items():
        values = read_parts(one, submitted.answers.get(instance)) if instance in wrong else {}
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
