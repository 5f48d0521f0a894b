"""nbgrader's gradebook: scores and comments as its formgrader shows them.

Everything goes through nbgrader's own `Gradebook`. Only what an autograder may set is set (`auto_score`,
`auto_comment`, the late penalty, names from the roster): scores, extra credit and comments that a human
gave stay, and nbgrader prefers them. Writing the same reports twice changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.model import Report
from autograder.reports.autograded import write_copy
from autograder.reports.course import CourseInfo, ExportError, Written
from autograder.reports.feedback import as_markdown
from autograder.reports.grade_cells import (
    QuestionCells,
    ReleasedNotebook,
    cells_by_question,
    read_release,
    share_out,
)
from autograder.reports.marks import (
    ROUNDING,
    STAFF,
    STUDENT,
    awaits_marker,
    finite,
    marks_by_question,
    number,
    withheld,
)


def export(
    reports: Iterable[Report], target: Path, *, course: CourseInfo, shown: Collection[str] = STUDENT
) -> Written:
    """Write marks and comments into the gradebook `target` (`gradebook.db`, or the folder that holds it).

    The release notebook says which cells are graded; students come from the roster. Beside the gradebook,
    `autograded/<student>/<assignment>/` receives the submitted notebook with the feedback in its test cells,
    because formgrader lists only submissions that lie there. Reports whose marks are withheld, or that do
    not fit the release, are left out with a sentence.

    Raises:
        ExportError: nbgrader is not installed, there is no release, or the gradebook holds other cells.
    """
    database = target / "gradebook.db" if target.is_dir() or target.suffix != ".db" else target
    notebooks = read_release(course.folder / "release" / course.assignment)
    cells = cells_by_question(notebooks, [question.id for question in course.questions])
    left_out = [
        f"{q.id}: no graded cell of the release belongs to it." for q in course.questions if q.id not in cells
    ]
    copies: list[Path] = []
    with open_gradebook(database) as gradebook:
        register_assignment(gradebook, course.assignment, notebooks)
        register_students(gradebook, course.roster)
        for report in reports:
            reason = reason_to_leave_out(report, course, cells)
            if reason:
                left_out.append(f"{report.student}: {reason}")
                continue
            write_report(gradebook, report, course, cells, shown)
            copies += write_copy(report, course, notebooks, cells, database, shown)
    return Written(files=(database, *copies), left_out=tuple(left_out))


def reason_to_leave_out(report: Report, course: CourseInfo, cells: Mapping[str, QuestionCells]) -> str:
    """Say why a report must not reach a gradebook, "" when it may."""
    if report.assignment != course.assignment:
        return f"the report is on {report.assignment}, not on {course.assignment}."
    if not usable_as_folder(report.student):
        return "nbgrader cannot keep a student of this id (it names a folder)."
    if report.status != "graded":
        return f"{report.status}. {report.message}".strip()
    if withheld(report):
        broken = sorted({v.question for v in report.verdicts if v.status == "broken"})
        return f"incomplete: {', '.join(broken)} could not be judged through a fault of ours."
    return _points_that_differ(report, course, cells)


def usable_as_folder(student: str) -> bool:
    """Tell whether nbgrader can use a student id: it becomes one folder name and a 128-character key."""
    plain = student.isprintable() and not any(0xD800 <= ord(c) < 0xE000 for c in student)
    return (
        plain and 0 < len(student) <= 128 and not student.startswith(".") and not set(student) & set("/\\+")
    )


@contextmanager
def open_gradebook(database: Path) -> Iterator[Any]:
    """Open nbgrader's gradebook, making it where there is none."""
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy import URL
        from sqlalchemy.exc import DatabaseError
    except ImportError:
        raise ExportError(
            "Writing nbgrader's gradebook needs nbgrader; install it with `pip install backmark[instructor]`."
        ) from None
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _command_path():
            gradebook = Gradebook(URL.create("sqlite", database=str(database.resolve())))
        with gradebook:
            yield gradebook
    except DatabaseError as error:
        raise ExportError(
            f"{database} cannot be used as nbgrader's gradebook ({error.__cause__ or error}). "
            "If nbgrader was updated, back the file up and run `nbgrader db upgrade`."
        ) from None


def register_assignment(gradebook: Any, assignment: str, notebooks: Sequence[ReleasedNotebook]) -> None:
    """Tell the gradebook the assignment's notebooks and cells.

    What it knows already stays; what each cell is worth follows the release.

    Raises:
        ExportError: students have marks on graded cells that the release no longer has.
    """
    gradebook.update_or_create_assignment(assignment)
    for released in notebooks:
        _drop_vanished_cells(gradebook, released, assignment)
        gradebook.update_or_create_notebook(
            released.name, assignment, kernelspec=json.dumps(dict(released.kernelspec))
        )
        for cell in released.cells:
            _register_cell(gradebook, cell, released.name, assignment)


def register_students(gradebook: Any, roster: Mapping[str, tuple[str, str, str]]) -> None:
    """Enter the class list; what the roster leaves empty is not blanked in the gradebook."""
    for student, (first, last, email) in sorted(roster.items()):
        if usable_as_folder(student):
            given = {"first_name": first, "last_name": last, "email": email}
            gradebook.update_or_create_student(student, **{key: text for key, text in given.items() if text})


def write_report(
    gradebook: Any,
    report: Report,
    course: CourseInfo,
    cells: Mapping[str, QuestionCells],
    shown: Collection[str],
) -> None:
    """Enter one student's scores, comments and penalty."""
    if report.student not in course.roster:
        gradebook.update_or_create_student(report.student)
    with (
        gradebook.db.no_autoflush
    ):  # nbgrader builds submissions piece by piece, and SQLAlchemy warns of halves
        gradebook.update_or_create_submission(
            course.assignment, report.student, timestamp=_timestamp(report, course)
        )
        _complete_submission(gradebook, course.assignment, report.student)
    verdicts = report.questions()
    for marks in marks_by_question(report, course, shown):
        place = cells.get(marks.id)
        if place is None:
            continue
        by_hand = not verdicts.get(marks.id) or awaits_marker(verdicts[marks.id])
        scores = share_out(marks.points, marks.out_of, place.graded)
        for cell, points in scores.items():
            grade = gradebook.find_grade(cell, place.notebook, course.assignment, report.student)
            _set_score(grade, None if by_hand else points)
        if place.comment is not None:
            comment = gradebook.find_comment(place.comment, place.notebook, course.assignment, report.student)
            comment.auto_comment = as_markdown(marks)
    _set_penalty(gradebook, report, course.assignment)
    gradebook.db.commit()


def _set_score(grade: Any, points: float | None) -> None:
    changed = grade.auto_score is None or points is None or abs(grade.auto_score - points) > ROUNDING
    grade.auto_score = points
    if grade.manual_score is None:
        grade.needs_manual_grade = points is None
    elif changed and points is not None:
        # nbgrader's own rule: a human should look again when the machine has changed its mind.
        grade.needs_manual_grade = True


def _set_penalty(gradebook: Any, report: Report, assignment: str) -> None:
    """Put the penalty on the first notebook that has marks; nbgrader wants none above its score."""
    submission = gradebook.find_submission(assignment, report.student)
    left = max(0.0, finite(report.penalty))
    for notebook in sorted(submission.notebooks, key=lambda notebook: notebook.name):
        taken = min(left, sum(_score(grade) for grade in notebook.grades))
        notebook.late_submission_penalty = taken or None
        left -= taken


def _score(grade: Any) -> float:
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (given or 0.0) + (grade.extra_credit or 0.0)


def _complete_submission(gradebook: Any, assignment: str, student: str) -> None:
    """Give a submission entered earlier the rows of notebooks and cells that the release has gained since."""
    from nbgrader.api import Comment, Grade, SubmittedNotebook

    submission = gradebook.find_submission(assignment, student)
    present = {notebook.notebook_id: notebook for notebook in submission.notebooks}
    for notebook in submission.assignment.notebooks:
        submitted = present.get(notebook.id) or SubmittedNotebook(notebook=notebook, assignment=submission)
        gradebook.db.add(submitted)
        graded, commented = ({row.cell_id for row in rows} for rows in (submitted.grades, submitted.comments))
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            if cell.id not in graded:
                gradebook.db.add(Grade(cell_id=cell.id, notebook=submitted))
        for cell in (*notebook.solution_cells, *notebook.task_cells):
            if cell.id not in commented:
                gradebook.db.add(Comment(cell_id=cell.id, notebook=submitted))
    gradebook.db.commit()


def _register_cell(gradebook: Any, cell: Any, notebook: str, assignment: str) -> None:
    from nbgrader.api import MissingEntry

    if cell.task:
        gradebook.update_or_create_task_cell(
            cell.id, notebook, assignment, max_score=cell.points, cell_type=cell.type
        )
    elif cell.points is not None:
        gradebook.update_or_create_grade_cell(
            cell.id, notebook, assignment, max_score=cell.points, cell_type=cell.type
        )
    if cell.solution:
        gradebook.update_or_create_solution_cell(cell.id, notebook, assignment)
    try:
        # nbgrader's own record of a source may hold more than the release shows (hidden tests).
        gradebook.find_source_cell(cell.id, notebook, assignment)
    except MissingEntry:
        gradebook.add_source_cell(
            cell.id,
            notebook,
            assignment,
            cell_type=cell.type,
            locked=cell.locked,
            source=cell.source,
            checksum=cell.checksum,
        )


def _drop_vanished_cells(gradebook: Any, released: ReleasedNotebook, assignment: str) -> None:
    """Forget a notebook whose graded cells are gone, as nbgrader does; refuse where it has submissions."""
    from nbgrader.api import MissingEntry

    try:
        known = gradebook.find_notebook(released.name, assignment)
    except MissingEntry:
        return
    now = {cell.id for cell in released.graded()}
    gone = sorted(cell.name for cell in (*known.grade_cells, *known.task_cells) if cell.name not in now)
    if gone and known.submissions:
        raise ExportError(
            f"The gradebook has cells of {assignment} that the release has no more: {', '.join(gone)}. "
            f"Restore them, or run `nbgrader db assignment remove {assignment}` "
            "(this deletes its manual scores) and export again."
        )
    if gone:
        gradebook.remove_notebook(released.name, assignment)


def _points_that_differ(report: Report, course: CourseInfo, cells: Mapping[str, QuestionCells]) -> str:
    verdicts = report.questions()
    for marks in marks_by_question(report, course, STAFF):
        place = cells.get(marks.id)
        if place is None:
            if marks.out_of > ROUNDING and marks.shown:
                return f"no graded cell of the release belongs to {marks.id}, worth {number(marks.out_of)}."
        elif not verdicts.get(marks.id):
            if not all(cell.judged_by_hand for cell in place.graded):
                return f"the report has no verdict on {marks.id}; grade it again."
        elif abs(place.points - marks.out_of) > 1e-6:
            return (
                f"{marks.id} is worth {number(place.points)} in the release but {number(marks.out_of)} "
                "in the report; grade it again, or make the release again."
            )
    return ""


def _timestamp(report: Report, course: CourseInfo) -> Any:
    """Return what nbgrader itself would record, `timestamp.txt`: formgrader compares with that very file."""
    from nbgrader.utils import parse_utc

    path = course.folder / "submitted" / report.student / course.assignment / "timestamp.txt"
    try:
        return parse_utc(path.read_text(encoding="utf-8").strip() or None)
    except (OSError, ValueError, OverflowError):
        return None


@contextmanager
def _command_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it starts by name, also where the environment is not activated."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
