"""One submission's way through its children: what is asked next, and who is to blame when a child ends."""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from autograder.launch import SandboxError

from . import wire
from ._plain import Foreign
from ._script import Call, Outcome
from .child import FULL, Child, ChildEnded
from .evidence import IMPORT, REFUSED, Cell, CellOutcome, Evidence, Limits
from .replies import read_cell, read_question

NEXT_MODE = {"full": "definitions", "definitions": "skipped"}
MAX_REDUCTIONS = 4
MAX_LOSSES = 3
MAX_PACKED = 256
_PACKED: dict[int, tuple[tuple[Call, ...], str, bytes]] = {}
SMALL_REPLY, ROOM = 1 << 20, 256 << 20  # bytes: a large reply, all large replies of a submission
ASKS_FOR_MORE = wire.pack([wire.LATE_WANTED])
SPENT = ChildEnded("spent", "the time for the whole submission was used up")


class _AsksForMore(Exception):
    """The child wants a package that is allowed and that its process does not have."""


class Watch(Protocol):
    """Follow the questions of a submission while it runs."""

    def look(self, question: str, reply: bytes) -> tuple[Outcome, ...] | None:
        """Return the outcomes of a reply that need not be read; None to have it read."""

    def took(self, question: str, outcomes: tuple[Outcome, ...]) -> None:
        """Hear of a question's outcomes; its process works on the next one, and this takes none of its time."""


class Allowance:
    """Hold the seconds that one submission has for everything, over all its runs; `left` is what is left of them."""

    def __init__(self, seconds: float) -> None:
        self.seconds = self.left = seconds
        self.given = False

    def give_back(self, spent: float, most: float) -> None:
        """Forget what was spent in vain, once and not more than `most`: nobody gets twice the time this way."""
        self.left += 0.0 if self.given else min(spent, most)
        self.given = True


class Running:
    """Follow one submission until every question has its outcomes, or its time is spent."""

    def __init__(
        self,
        cells: Sequence[Cell],
        scripts: Mapping[str, Sequence[Call]],
        limits: Limits,
        packages: Sequence[str],
        allowance: Allowance | None = None,
        watch: Watch | None = None,
        may_ask: bool = False,
        on_disk: bool = False,
    ) -> None:
        self.on_disk = on_disk  # a child's files lie on a disk of ours, not in a small memory of their own
        self.may_ask, self.asked_for_more = may_ask, False
        self.cells, self.limits, self.packages = tuple(cells), limits, tuple(packages)
        self.pending = {name: tuple(calls) for name, calls in scripts.items()}
        self.sources = {c.index: c.source for c in cells if not c.setup}
        self.modes = ["full"] * len(self.cells)
        self.outcomes: dict[int, CellOutcome] = {}
        self.questions: dict[str, tuple[Outcome, ...]] = dict.fromkeys(scripts, ())
        self.notes: dict[str, None] = {}
        self.printed = self.reductions = self.losses = 0
        self.finished = False
        self.allowance = allowance or Allowance(limits.total(len(scripts)))
        self.clock: Callable[[], float] = time.monotonic
        self.end, self.room, self.watch = 0.0, ROOM, watch

    def wants_child(self) -> bool:
        """Tell whether there is anything left to run, and time for it."""
        if not self.finished and self.allowance.left <= 0:
            self._fail(list(self.pending), SPENT)
            whole = (
                f"This submission had {self.allowance.seconds:g} s for everything together, and used them up"
            )
            self.notes[f"{whole}; what was not finished by then was not run."] = None
            self.finished = True
        return not self.finished

    def job(self, lend: Callable[[bytes], int | None]) -> bytes:
        """Pack what the next child is to do; inputs only, never an expected value.

        `lend` returns the number of a packed script that the child need not be sent, None for any other.
        """
        both = zip(self.cells, self.modes, strict=True)
        cells = [[c.index, _sendable(c.source), c.setup, mode] for c, mode in both if mode != "skipped"]
        scripts = [_packed(name, calls) for name, calls in self.pending.items()]
        lent = [lend(script) for script in scripts]
        own = [script for script, number in zip(scripts, lent, strict=True) if number is None]
        return b"".join([wire.pack([cells, lent]), *own])

    def follow(self, child: Child) -> None:
        """Take the child's replies in order until it has done everything or ended, or time is spent."""
        self.clock = child.clock
        self.end = self.clock() + self.allowance.left
        try:
            self._follow(child)
        except _AsksForMore:
            self.asked_for_more = self.finished = True
        finally:
            self.allowance.left = self.end - self.clock()

    def _follow(self, child: Child) -> None:
        if not self._follow_cells(child):
            return
        for name, calls in list(self.pending.items()):
            try:
                frame = self._frame(child, self._deadline())
                self.questions[name] = self._read(frame, name, calls)
            except ChildEnded as ended:
                if not self._was_lost(ended):
                    self._fail([name], SPENT if self._is_spent(ended) else ended)
                    self.finished = not self.pending
                return
            del self.pending[name]
            self._tell(name, child)
        self.finished = True

    def _frame(self, child: Child, deadline: float) -> bytes:
        """Return the next message; the child may ask for the packages that another process has loaded."""
        frame = child.frame(deadline)
        if self.may_ask and frame == ASKS_FOR_MORE:
            raise _AsksForMore
        return frame

    def _read(self, frame: bytes, name: str, calls: tuple[Call, ...]) -> tuple[Outcome, ...]:
        known = self.watch.look(name, frame) if self.watch is not None else None
        return known or self._kept(frame, _checked(read_question, frame, name, calls, self.sources))

    def _tell(self, name: str, child: Child) -> None:
        """Tell of a question, which may take a while; the child goes on, so its files are looked at meanwhile."""
        if self.watch is not None:
            started = time.monotonic()
            with child.watched() if self.on_disk else contextlib.nullcontext():
                self.watch.took(name, self.questions[name])
            self.end += time.monotonic() - started

    def _kept(self, frame: bytes, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        """Keep large results while there is room: those of all questions lie in the grader's memory together."""
        if len(frame) <= SMALL_REPLY:
            return outcomes
        self.room -= len(frame)
        large = Foreign("too large")
        return (
            outcomes
            if self.room >= 0
            else tuple(dataclasses.replace(o, value=large, after={}) for o in outcomes)
        )

    def evidence(self) -> Evidence:
        """Sum up."""
        missing = [CellOutcome(c.index, "skipped", setup=c.setup) for c in self.cells]
        cells = tuple(self.outcomes.get(i, missing[i]) for i in range(len(self.cells)))
        return Evidence(cells, self.questions, self.printed, tuple(self.notes))

    def _follow_cells(self, child: Child) -> bool:
        deadline = self._deadline()
        spent: dict[int, float] = {}
        for i in [i for i, mode in enumerate(self.modes) if mode != "skipped"]:
            started = self.clock()
            try:
                outcome = _checked(read_cell, self._frame(child, deadline), self.cells[i])
            except ChildEnded as ended:
                if self._was_lost(ended) or self._is_spent(ended):
                    return False
                if ended.reason == FULL and self.modes[i] == "definitions" and self.pending:
                    # its message was read late: what it defines writes nothing, the question after it did
                    self._fail([next(iter(self.pending))], ended)
                    self.finished = not self.pending
                    return False
                spent[i] = self.clock() - started
                self._blame(i if ended.status != "timeout" else max(spent, key=spent.__getitem__), ended)
                return False
            spent[i] = self.clock() - started
            if self.modes[i] == "full":
                self.outcomes[i] = outcome
                self._explain_import(outcome)
        return True

    def _deadline(self) -> float:
        return min(self.clock() + self.limits.seconds, self.end)

    def _is_spent(self, ended: ChildEnded) -> bool:
        """Tell whether it is the submission's whole time that ran out; no single cell or question is to blame."""
        return ended.status == "timeout" and self.clock() >= self.end

    def _was_lost(self, ended: ChildEnded) -> bool:
        """Tell whether to try the same again: the sandbox died, which is not the submission's doing."""
        if ended.status != "lost":
            return False
        self.losses += 1
        if self.losses > MAX_LOSSES:
            raise SandboxError("The sandbox died again and again.")
        return True

    def _blame(self, i: int, ended: ChildEnded) -> None:
        """Use less of the cell that brought the child down; give up after too many."""
        cell = self.cells[i]
        self.outcomes[i] = CellOutcome(cell.index, ended.status, _reason(ended), cell.setup)
        self.modes[i] = NEXT_MODE[self.modes[i]]
        self.reductions += 1
        name = f"Cell {cell.index}" if not cell.setup else "A setup cell of the assignment"
        used = "only what it defines was used" if self.modes[i] == "definitions" else "it was left out"
        if ended.status == "garbled" or self.reductions > MAX_REDUCTIONS:
            used = "nothing could be run after that"
            self._fail(list(self.pending), ended)
            self.finished = True
        self.notes[f"{name} {self._what_happened(ended)}; {used}."] = None

    def _what_happened(self, ended: ChildEnded) -> str:
        return f"ran longer than {self.limits.seconds:g} s" if ended.status == "timeout" else ended.reason

    def _fail(self, names: list[str], ended: ChildEnded) -> None:
        for name in names:
            calls = self.pending.pop(name)
            self.questions[name] = tuple(Outcome(ended.status, error=_reason(ended)) for _ in calls)

    def _explain_import(self, outcome: CellOutcome) -> None:
        """Say which package is missing; the child's own message stays unread, it may carry anything."""
        error = outcome.error or {}
        found = IMPORT.match(error.get("text", ""))
        if error.get("type") not in REFUSED or not found:
            return
        top = found[1]
        if top not in sys.stdlib_module_names and top not in self.packages:
            allowed = ", ".join(self.packages)
            self.notes[f"{top} is not available when grading this assignment; allowed: {allowed}."] = None


def _packed(name: str, calls: tuple[Call, ...]) -> bytes:
    """Pack one question's script, once for all submissions that meet the same tuple of calls."""
    known = _PACKED.get(id(calls))
    if known is not None and known[0] is calls and known[1] == name:
        return known[2]
    if len(_PACKED) >= MAX_PACKED:
        _PACKED.clear()
    _PACKED[id(calls)] = calls, name, wire.pack([name, list(calls)])
    return _PACKED[id(calls)][2]


def _checked(read, frame: bytes, *what):
    try:
        return read(frame, *what)
    except Exception:  # WireError; and should the reader itself trip over a reply, then the reply is to blame
        raise ChildEnded("garbled", "wrote to the grader's channel") from None


def _sendable(source: str) -> str:
    return source.encode("utf-8", "replace").decode()


def _reason(ended: ChildEnded) -> dict:
    return {"type": ended.reason, "cell": None, "line": None, "text": ""}
