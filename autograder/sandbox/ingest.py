"""From a submitted file to cells to run and answers to read; nothing in the file is trusted or executed."""

import functools
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .answer_cells import (
    MAX_SOURCE,
    Answer,
    UnreadableAnswer,
    code_beside,
    declared_question,
    part_names,
    read_answer,
    with_names,
)
from .evidence import Cell, Limits
from .files import UnreadableSubmission as UnreadableSubmission
from .files import raw_cells, read_bytes, too_long
from .magics import without_magics
from .pieces import at_declarations

MAX_NOTES = 40
MAX_TYPED = 400_000  # characters of all answer cells: each is parsed here, in the trusted process
BARE_STUB = "raise NotImplementedError()"
CLAIM = re.compile(r"""^student[ \t]*=[ \t]*(['"])([^'"\\\n]{1,200})\1""", re.MULTILINE)
ASSIGNED = re.compile(r"^answer[ \t]*=", re.MULTILINE)
DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
FENCE = re.compile(r"\A\s*```[\w ]*\n(.*?)\n?```\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Release:
    """What the assignment itself put into its notebook.

    ``setup`` are the sources of its own cells, run first; ``locked`` are test and read-only cells and
    ``stubs`` the cells to be filled in, by grade id; ``by_hand`` are the question ids whose answer cells
    are read, not run; ``files`` are names of extra files of the assignment.
    """

    setup: tuple[str, ...] = ()
    locked: dict[str, str] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    student_placeholder: str | None = None

    @classmethod
    def from_notebook(cls, notebook: Mapping, files: tuple[str, ...] = ()) -> "Release":
        """Read the released notebook (nbformat 4, as a dict).

        A locked code cell without points is a setup cell, unless its metadata say
        ``{"backmark": {"role": "kit"}}``; an open cell that assigns ``answer`` is a by-hand cell.
        """
        cells = [_RawCell.of(i, c) for i, c in enumerate(notebook["cells"], 1)]
        marked = [(c, c.marks) for c in cells if c is not None and c.kind == "code" and c.grade_id]
        typed = {
            c.grade_id
            for c, m in marked
            if not m.get("grade") and not m.get("locked") and ASSIGNED.search(c.source)
        }
        free = {c.grade_id for c, m in marked if not m.get("grade") and not m.get("locked")}
        stubs = {c.grade_id: c.source for c, m in marked if m.get("solution") or c.grade_id in free}
        locked = {c.grade_id: c.source for c, m in marked if c.grade_id not in stubs}
        setup = [c for c, m in marked if m.get("locked") and not m.get("grade") and not m.get("solution")]
        claims = [CLAIM.search(c.source) for c in cells if c is not None and c.kind == "code"]
        return cls(
            setup=tuple(c.source for c in setup if c.role != "kit"),
            locked=locked,
            stubs=stubs,
            by_hand=tuple(i for i in stubs if i in typed),
            files=files,
            student_placeholder=next((found[2] for found in claims if found), None),
        )

    @functools.cached_property
    def passed_over(self) -> frozenset[str]:
        """The sources of its own cells, squeezed: a student's copy of one is not run."""
        return frozenset(map(_squeezed, (*self.locked.values(), *self.setup)))

    @functools.cached_property
    def squeezed_stubs(self) -> dict[str, str]:
        """The sources of its cells to fill in, squeezed, by grade id."""
        return {grade_id: _squeezed(source) for grade_id, source in self.stubs.items()}

    @functools.cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The names of the parts of its by-hand questions, as their cells to fill in have them."""
        return {question: part_names(self.stubs.get(question, "")) for question in self.by_hand}

    @functools.cached_property
    def unfilled(self) -> frozenset[str]:
        """The sources of its cells to fill in, squeezed."""
        return frozenset((*self.squeezed_stubs.values(), _squeezed(BARE_STUB)))


@dataclass(frozen=True)
class Submitted:
    """A submission as it is graded: cells in order, answers by question id, plain notes for the student."""

    cells: tuple[Cell, ...]
    answers: dict[str, Answer]
    notes: tuple[str, ...]
    sha256: str
    student_claimed: str | None


@dataclass(slots=True, eq=False)  # not frozen: a class has many thousands of them
class _RawCell:
    index: int
    kind: str
    source: str
    marks: dict
    role: str
    grade_id: str

    @classmethod
    def of(cls, index: int, raw: object) -> "_RawCell | None":
        """Take a cell's kind, source and marks; None if it is no cell."""
        if not isinstance(raw, dict):
            return None
        source, kind = raw.get("source", raw.get("input", "")), raw.get("cell_type")
        if isinstance(source, list):
            try:
                source = "".join(source)
            except TypeError:
                return None
        if not isinstance(source, str) or kind not in ("code", "markdown", "raw"):
            return None
        metadata = raw.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        marks, own = metadata.get("nbgrader"), metadata.get("backmark")
        marks = marks if isinstance(marks, dict) else {}
        role = own.get("role") if isinstance(own, dict) else ""
        return cls(index, kind, _clean(source), marks, _text(role), _text(marks.get("grade_id")))


def read_submission(path: str | os.PathLike, release: Release, limits: Limits | None = None) -> Submitted:
    """Read a submitted ``.ipynb`` or ``.py`` file.

    Raises:
        UnreadableSubmission: it is no such file, too large, damaged, or of an old format.
    """
    limits = limits or Limits()
    data = read_bytes(path, limits.file_mb << 20)
    raw = raw_cells(data, os.fspath(path).lower().endswith(".py"), release.by_hand, limits)
    sorter = _Sorter(release)
    for sentence in raw.notes:
        sorter.note(sentence)
    for index, cell in enumerate(raw.cells, 1):
        sorter.take(index, _RawCell.of(index, cell))
    if raw.notebook:
        sorter.finish()  # a plain file has no cells that could be missing
    if sum(len(c.source) for c in sorter.cells) > limits.source_kb << 10:
        raise too_long(limits)
    return sorter.submitted(hashlib.sha256(data).hexdigest())


class _Sorter:
    """Go through the cells once; decide for each whether it is run, read, or passed over, and say so."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.cells = [Cell(i, source, setup=True) for i, source in enumerate(release.setup, 1)]
        self.answers: dict[str, Answer] = {}
        self.notes: dict[str, None] = {}
        self.seen: set[str] = set()
        self.claimed: str | None = None
        self.typed = 0

    def note(self, sentence: str) -> None:
        """Keep a sentence for the student, if there are not too many already."""
        if len(self.notes) < MAX_NOTES:
            self.notes[sentence] = None

    def take(self, index: int, cell: _RawCell | None) -> None:
        """Sort one cell."""
        if cell is None:
            self.note(f"Cell {index} is damaged and was left out.")
            return
        parts = at_declarations(cell.source, self.release.by_hand) if cell.kind == "code" else []
        question = self._question_of(cell)
        if len(parts) > 1 and cell.grade_id not in self.release.locked:
            self._take_merged(cell, parts)
        elif question:
            beside = self._take_answer(cell, question)
            if beside.strip():
                self._take_code(replace(cell, source=beside, grade_id=""))
        elif cell.grade_id in self.release.locked:
            self._pass_over(cell)
        elif cell.kind == "code" or cell.grade_id in self.release.stubs:
            self._take_code(cell)

    def _question_of(self, cell: _RawCell) -> str:
        if cell.grade_id in self.release.by_hand:
            return cell.grade_id
        declared = declared_question(cell.source) if cell.kind == "code" else ""
        return declared if declared in self.release.by_hand else ""

    def _take_merged(self, cell: _RawCell, parts: list[str]) -> None:
        """Sort a cell that several were merged into: declared answers are read, the rest is run as one cell."""
        questions = [declared_question(part) for part in parts]
        if questions[0] not in self.release.by_hand:
            typed = cell.grade_id in self.release.by_hand and ASSIGNED.search(parts[0])
            questions[0] = cell.grade_id if typed else ""
        code = ""
        for part, question in zip(parts, questions, strict=True):
            beside = self._take_answer(replace(cell, source=part), question) if question else part
            code += beside or "\n" * part.count("\n")  # lines keep their numbers
        own = "" if questions[0] or cell.grade_id in self.release.by_hand else cell.grade_id
        self._take_code(replace(cell, source=code, grade_id=own))

    def _pass_over(self, cell: _RawCell) -> None:
        original = self.release.locked[cell.grade_id]
        if original != cell.source and _squeezed(original) != _squeezed(cell.source):
            self.note(f"Cell {cell.index} belongs to the assignment; what was changed in it is not used.")

    def _take_code(self, cell: _RawCell) -> None:
        source, squeezed = cell.source, _squeezed(cell.source)
        if squeezed in self.release.passed_over:
            return
        if cell.grade_id in self.release.stubs:
            self._count(cell.grade_id, cell.index, "every copy was run, the last definition counts")
        if cell.kind != "code":
            fenced = FENCE.match(source)
            source = fenced[1] if fenced else source
            squeezed = _squeezed(source)
            self.note(f"Cell {cell.index} ({cell.grade_id}) had been turned into text; it was read as code.")
        if squeezed in self.release.unfilled or not squeezed:
            return
        self._claim(source)
        code, ignored = without_magics(source)
        for what in dict.fromkeys(ignored):
            self.note(f"Cell {cell.index}: {what} only works in a notebook and was ignored.")
        if code.strip():
            self.cells.append(Cell(cell.index, code))

    def _take_answer(self, cell: _RawCell, question: str) -> str:
        """Read an answer; return the code beside it."""
        if _squeezed(cell.source) == self.release.squeezed_stubs.get(question, ""):
            self._count(question, cell.index, "the last one that is filled in counts")
            return ""
        self.typed += min(len(cell.source), MAX_SOURCE)
        if self.typed > MAX_TYPED:
            self.note("The answers in this notebook are too long together; the last of them were not read.")
            self.seen.add(question)
            return ""
        beside = code_beside(cell.source) if cell.kind == "code" else ""
        try:
            answer = read_answer(cell.source, is_code=cell.kind == "code")
        except UnreadableAnswer as problem:
            self.note(f"Cell {cell.index}: the answer to {question} {problem}.")
            self.seen.add(question)
            return beside
        self._count(question, cell.index, "the last one that is filled in counts")
        if answer:
            self.answers[question] = with_names(answer, self.release.parts[question])
        return beside

    def _count(self, name: str, index: int, rule: str) -> None:
        if name in self.seen:
            self.note(f"Cell {index}: there is more than one cell for {name}; {rule}.")
        self.seen.add(name)

    def _claim(self, source: str) -> None:
        found = CLAIM.findall(source)
        if found and found[-1][1] != self.release.student_placeholder:
            self.claimed = found[-1][1].strip() or None

    def finish(self) -> None:
        """Say which cells are missing; what another cell defines is not."""
        defined = {name for cell in self.cells if not cell.setup for name in DEFINED.findall(cell.source)}
        for name in (*self.release.stubs, *self.release.by_hand):
            if name not in self.seen and name not in defined:
                self.seen.add(name)
                self.note(f"The cell for {name} is missing from this notebook.")

    def submitted(self, sha256: str) -> Submitted:
        """Sum up."""
        return Submitted(tuple(self.cells), self.answers, tuple(self.notes), sha256, self.claimed)


def _clean(source: str) -> str:
    """Make line ends and characters such as every parser takes."""
    if source.isascii() and "\r" not in source and "\0" not in source:
        return source
    plain = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return plain.encode("utf-8", "replace").decode()


def _squeezed(source: str) -> str:
    """Return the source without any white space."""
    return "".join(source.split())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
