"""Feedback in the test cells of a notebook, in the form nbgrader reads scores from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.model import Report
from autograder.reports.course import CourseInfo
from autograder.reports.feedback import as_text
from autograder.reports.grade_cells import Cell, QuestionCells, ReleasedNotebook, share_out
from autograder.reports.marks import QuestionMarks, marks_by_question

LARGEST = 20_000_000  # bytes; a larger submitted notebook is shown as the empty release instead


def outputs_of(text: str, points: float, worth: float) -> list[Any]:
    """Return the outputs of a graded cell: feedback on standard output, then its points as a plain float.

    nbgrader takes anything that is not a number within [0, worth] (`np.float64(2.0)`, `nan`) for full marks
    or for an error, and any text on standard error for zero; so the number is made plain and is clamped.
    """
    from nbformat.v4 import new_output

    clamped = min(max(float(points), 0.0), float(worth)) if points == points else 0.0
    return [
        new_output("stream", name="stdout", text=text + "\n"),
        new_output("execute_result", data={"text/plain": repr(clamped)}, execution_count=1),
    ]


def fill_outputs(
    notebook: Any, marks: Mapping[str, QuestionMarks], cells: Mapping[str, QuestionCells]
) -> set[str]:
    """Write feedback and points into the graded code cells of a notebook; return the ids of cells filled.

    Cells that nbgrader leaves to a human keep what they are.
    """
    outputs: dict[str, list[Any]] = {}
    for question, place in cells.items():
        if question in marks:
            text, by_cell = as_text(marks[question]), _points(marks[question], place.graded)
            outputs |= {
                c.id: outputs_of(text, by_cell[c.id], c.points or 0.0) for c in place.graded if _by_machine(c)
            }
    filled = set()
    for cell in notebook.cells:
        grade_id = _grade_id(cell)
        if cell.cell_type == "code" and grade_id in outputs:
            cell.outputs, cell.execution_count = outputs[grade_id], 1
            filled.add(grade_id)
    return filled


def write_copy(
    report: Report,
    course: CourseInfo,
    notebooks: Sequence[ReleasedNotebook],
    cells: Mapping[str, QuestionCells],
    database: Path,
    shown: Collection[str],
) -> list[Path]:
    """Write `autograded/<student>/<assignment>/<notebook>.ipynb` beside the gradebook; return the files.

    The student's notebook goes through nbgrader's own sanitising (outputs cleared, locked cells restored);
    where none can be read, the release stands in for it.
    """
    import nbformat

    marks = {question.id: question for question in marks_by_question(report, course, shown)}
    folder = database.parent / "autograded" / report.student / course.assignment
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for released in notebooks:
        here = {question: place for question, place in cells.items() if place.notebook == released.name}
        original = nbformat.read(released.path, as_version=4)
        notebook = _submitted(report, course, released, database) or original
        _restore_deleted(notebook, original, {c.id for place in here.values() for c in place.graded})
        fill_outputs(notebook, marks, here)
        written.append(_replace(folder / f"{released.name}.ipynb", nbformat.writes(notebook)))
    return written


def _points(marks: QuestionMarks, cells: Sequence[Cell]) -> dict[str, float]:
    return share_out(marks.points, marks.out_of, cells)


def _by_machine(cell: Cell) -> bool:
    return cell.type == "code" and not cell.judged_by_hand


def _submitted(report: Report, course: CourseInfo, released: ReleasedNotebook, database: Path) -> Any | None:
    """Read and sanitise what the student handed in, None where that is not a usable notebook."""
    import nbformat

    path = course.folder / "submitted" / report.student / course.assignment / f"{released.name}.ipynb"
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
            notebook = _sanitise(notebook, report, released, database)
            nbformat.validate(notebook)
        return notebook
    except (
        Exception
    ):  # a hostile notebook can make nbformat and nbgrader raise anything; it only loses its copy
        return None


def _sanitise(notebook: Any, report: Report, released: ReleasedNotebook, database: Path) -> Any:
    from nbgrader.preprocessors import ClearOutput, DeduplicateIds, OverwriteCells, OverwriteKernelspec
    from sqlalchemy import URL

    resources = {
        "nbgrader": {
            "student": report.student,
            "assignment": report.assignment,
            "notebook": released.name,
            "db_url": URL.create("sqlite", database=str(database.resolve())),
        }
    }
    for step in (ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells):
        preprocessor = step()
        preprocessor.log.setLevel("ERROR")
        notebook, resources = preprocessor.preprocess(notebook, resources)
    return notebook


def _restore_deleted(notebook: Any, original: Any, graded: Collection[str]) -> None:
    """Append the graded cells a student has deleted, so that their marks and feedback have a place."""
    present = {_grade_id(cell) for cell in notebook.cells}
    notebook.cells += [c for c in original.cells if _grade_id(c) in graded and _grade_id(c) not in present]


def _grade_id(cell: Any) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _replace(path: Path, text: str) -> Path:
    """Write a file that nbgrader may have left read-only."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
    return path
