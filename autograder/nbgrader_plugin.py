"""Judge with Backmark inside `nbgrader autograde`, in place of running the notebook.

nbgrader's own `Execute` runs student code and tests in one kernel, where a student can read or replace
the tests. `Judge` takes its place: it hands the submission to Backmark's sandbox under the student id that
nbgrader vouches for and writes the marks where nbgrader looks for them. In `nbgrader_config.py`:

    from autograder.nbgrader_plugin import PREPROCESSORS

    c = get_config()
    c.Autograde.autograde_preprocessors = PREPROCESSORS

A graded cell that the student deleted is put back, so that its marks have a place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    from nbgrader.api import Gradebook, MissingEntry
    from nbgrader.preprocessors import NbGraderPreprocessor
    from traitlets import Any as AnyTrait
except ImportError as error:
    raise ImportError(
        "Judging inside nbgrader needs nbgrader; install it with `pip install backmark[instructor]`."
    ) from error

from nbformat.v4 import new_code_cell

from autograder.model import Report
from autograder.reports.autograded import fill_outputs
from autograder.reports.course import CourseInfo, QuestionInfo
from autograder.reports.grade_cells import ReleasedNotebook, cells_by_question, read_cells
from autograder.reports.marks import marks_by_question, withheld

PREPROCESSORS = [
    "autograder.nbgrader_plugin.Judge",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]


class MarksWithheld(Exception):
    """This submission gets no marks now; nbgrader reports it as failed and records nothing."""


class Judge(NbGraderPreprocessor):
    """Write Backmark's feedback and points into the graded cells of a submitted notebook."""

    judge_notebook = AnyTrait(
        None,
        allow_none=True,
        help="judge_notebook(course, assignment, student, notebook_path) -> Report; by default "
        "autograder.workers.judge_notebook.",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Judge the submission and fill the graded cells.

        Raises:
            MarksWithheld: the report is not `graded`, or leaves a graded cell without a verdict. A cell
                without output would get full marks, so nothing at all is recorded then.
        """
        told = resources["nbgrader"]
        course, path = self._course_and_file(told, resources)
        judge = self.judge_notebook or _default_judge()
        report = judge(course, told["assignment"], told["student"], path)
        _put_back(nb, told)
        self._fill(nb, report, told)
        return nb, resources

    def _fill(self, nb: Any, report: Report, told: dict[str, str]) -> None:
        if report.student != told["student"] or report.assignment != told["assignment"]:
            raise MarksWithheld(f"Asked to judge {told['student']}, got a report on {report.student}.")
        if withheld(report):
            raise MarksWithheld(f"{report.student}: {report.status}. {report.message}".strip())
        groups = report.questions()
        questions = tuple(QuestionInfo(name, group[0].title, 0.0) for name, group in groups.items())
        course = CourseInfo(Path(), report.assignment, report.assignment, questions)
        released = ReleasedNotebook(told["notebook"], Path(), {}, read_cells(nb.cells))
        cells = cells_by_question([released], list(groups))
        marks = {question.id: question for question in marks_by_question(report, course)}
        filled = fill_outputs(nb, marks, cells)
        empty = [
            c.id
            for c in released.graded()
            if c.type == "code" and not c.judged_by_hand and c.id not in filled
        ]
        if empty:
            raise MarksWithheld(f"{report.student}: no verdict for the graded cells {', '.join(empty)}.")

    def _course_and_file(self, told: dict[str, str], resources: Any) -> tuple[Path, Path]:
        """Return the course folder and the file as handed in, not the copy nbgrader has worked on."""
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None)
        name = f"{told['notebook']}.ipynb"
        if coursedir is None:  # nbgrader works with the course folder as current directory
            root, folder = Path.cwd(), Path("submitted") / told["student"] / told["assignment"]
        else:
            root = Path(coursedir.root)
            folder = Path(
                coursedir.format_path(coursedir.submitted_directory, told["student"], told["assignment"])
            )
        path = root / folder / name
        return root, path if path.exists() else Path(resources["metadata"]["path"]) / name


def _put_back(nb: Any, told: dict[str, str]) -> None:
    """Add the graded code cells that were deleted, at the end.

    nbgrader's own `add_missing_cells` fails on notebooks with answer cells that it does not know.
    """
    if told["db_url"].rstrip("/") == "sqlite:":  # in memory: nothing was ever released there
        return
    try:
        with Gradebook(told["db_url"]) as gradebook:
            released = gradebook.find_notebook(told["notebook"], told["assignment"])
            wanted = {c.name: c.max_score for c in released.grade_cells if c.cell_type == "code"}
            sources = {c.name: c.source for c in released.source_cells}
    except MissingEntry:
        return
    there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells}
    for name, points in wanted.items():
        if name not in there:
            cell = new_code_cell(f"# This cell had been deleted.\n{sources.get(name, '')}")
            cell.metadata["nbgrader"] = {
                "grade_id": name, "grade": True, "locked": True, "solution": False, "task": False,
                "points": points, "cell_type": "code", "schema_version": 3,
            }  # fmt: skip
            nb.cells.append(cell)


def _default_judge() -> Any:
    from autograder.workers import judge_notebook

    return judge_notebook
