"""The graded cells of a released notebook, and which question each of them belongs to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.reports.course import ExportError


@dataclass(frozen=True)
class Cell:
    """One cell of a release with nbgrader's metadata; `points` is None for a cell that is not graded."""

    id: str
    type: str
    source: str
    points: float | None
    solution: bool
    locked: bool
    task: bool
    checksum: str | None

    @property
    def judged_by_hand(self) -> bool:
        """Whether nbgrader itself leaves this cell's score to a human."""
        return self.task or (self.points is not None and self.solution)


@dataclass(frozen=True)
class ReleasedNotebook:
    """A notebook as the class received it."""

    name: str
    path: Path
    kernelspec: Mapping[str, Any]
    cells: tuple[Cell, ...]

    def graded(self) -> tuple[Cell, ...]:
        """The cells that carry points."""
        return tuple(cell for cell in self.cells if cell.points is not None)


@dataclass(frozen=True)
class QuestionCells:
    """Where one question lives in the release: its graded cells, and the cell that takes the comment."""

    notebook: str
    graded: tuple[Cell, ...]
    comment: str | None

    @property
    def points(self) -> float:
        """What the release says the question is worth."""
        return sum(cell.points or 0.0 for cell in self.graded)


def read_release(folder: Path) -> tuple[ReleasedNotebook, ...]:
    """Read all notebooks of a release folder.

    Raises:
        ExportError: there is none, one cannot be read, or one has no cell with points.
    """
    paths = sorted(folder.glob("*.ipynb")) if folder.is_dir() else []
    if not paths:
        raise ExportError(f"There is no notebook in {folder}; `backmark make` puts the release there.")
    notebooks = tuple(_read(path) for path in paths)
    if not any(notebook.graded() for notebook in notebooks):
        raise ExportError(f"No cell of the notebooks in {folder} has points in nbgrader's metadata.")
    return notebooks


def read_cells(cells: Iterable[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """Return the cells that carry nbgrader's metadata, from a notebook's raw cells."""
    return tuple(_cell(raw) for raw in cells if raw.get("metadata", {}).get("nbgrader", {}).get("grade_id"))


def question_of(grade_id: str, questions: Collection[str]) -> str | None:
    """Return the question a cell belongs to: ids `X`, `test_X`, `test_X_forward` all belong to `X`."""
    bare = grade_id.removeprefix("test_").removeprefix("test-")
    for candidate in (grade_id, bare):
        if candidate in questions:
            return candidate
    starts = [q for q in questions if bare.startswith((f"{q}_", f"{q}-"))]
    return max(starts, key=len, default=None)


def cells_by_question(
    notebooks: Iterable[ReleasedNotebook], questions: Collection[str]
) -> dict[str, QuestionCells]:
    """Find each question's graded cells and the answer cell that takes its comment."""
    found: dict[str, QuestionCells] = {}
    for notebook in notebooks:
        for question in questions:
            graded = tuple(c for c in notebook.graded() if question_of(c.id, questions) == question)
            if graded and question not in found:
                comment = _comment_cell(notebook.cells, graded[0], question, questions)
                found[question] = QuestionCells(notebook.name, graded, comment)
    return found


def share_out(points: float, out_of: float, cells: Sequence[Cell]) -> dict[str, float]:
    """Divide a question's points over its cells in proportion to their worth, never outside [0, worth]."""
    share = min(1.0, max(0.0, points / out_of)) if out_of > 0 and points == points else 0.0
    return {cell.id: float(share * (cell.points or 0.0)) for cell in cells}


def _comment_cell(
    cells: Sequence[Cell], graded: Cell, question: str, questions: Collection[str]
) -> str | None:
    """Choose the answer cell of the question: by its id, else the last one before the graded cell."""
    answers = [cell.id for cell in cells if cell.solution or cell.task]
    if question in answers:
        return question
    named = [name for name in answers if question_of(name, questions) == question]
    if named:
        return named[0]
    before = [
        c.id for c in cells[: cells.index(graded)] if c.solution and question_of(c.id, questions) is None
    ]
    return before[-1] if before else None


def _read(path: Path) -> ReleasedNotebook:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        cells = read_cells(data["cells"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(
            f"The release notebook {path} cannot be read ({error}); make the assignment again."
        ) from None
    return ReleasedNotebook(path.stem, path, data.get("metadata", {}).get("kernelspec", {}), cells)


def _cell(raw: Mapping[str, Any]) -> Cell:
    meta, source = raw["metadata"]["nbgrader"], raw.get("source", "")
    grade, solution = bool(meta.get("grade")), bool(meta.get("solution"))
    task = bool(meta.get("task"))
    return Cell(
        id=str(meta["grade_id"]),
        type=str(raw["cell_type"]),
        source="".join(source) if isinstance(source, list) else str(source),
        points=float(meta["points"]) if grade or task else None,
        solution=solution,
        locked=not solution and (grade or bool(meta.get("locked"))),
        task=task,
        checksum=meta.get("checksum"),
    )
