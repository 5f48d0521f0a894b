"""Hand reports over to a format, with what it may need to know of the course."""

from __future__ import annotations

from pathlib import Path

from autograder.assignment import Assignment, read_assignment
from autograder.course import Course, CourseError
from autograder.marking import read_reports
from autograder.model import Report
from autograder.reports import FORMATS, CourseInfo, ExportError, QuestionInfo, Written

_PLACES = {
    "csv": "marks.csv",
    "csv-long": "verdicts.csv",
    "junit": "junit.xml",
    "html": "html",
    "gradescope": "gradescope",
}


def export(course: Course, name: str, form: str, output: Path | None = None) -> tuple[Written, bool]:
    """Write all reports of an assignment in a format; also tell whether marks are withheld by our own fault.

    Raises:
        CourseError: nothing has been graded, or the format cannot be written; the text says why.
    """
    reports = read_reports(course, name)
    if not reports:
        raise CourseError(
            f"Nothing of {name!r} has been graded in {course.root}. Run `backmark grade` first."
        )
    info = course_info(course, read_assignment(course.keys(name)), reports)
    target = output or (
        course.root / "gradebook.db"
        if form == "nbgrader"
        else course.root / "feedback" / name / _PLACES[form]
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        written = FORMATS[form](reports, target, course=info)
    except ExportError as error:
        raise CourseError(str(error)) from None
    except OSError as error:
        raise CourseError(f"{error.filename or target} could not be written: {error.strerror}.") from None
    return written, any(r.status == "incomplete" for r in reports)


def course_info(course: Course, assignment: Assignment, reports: list[Report]) -> CourseInfo:
    """Say what a format may need: questions in order with titles and points, and who is in the class."""
    titles = {v.question: v.title for r in reports for v in r.verdicts}
    questions = tuple(
        QuestionInfo(i, titles.get(i, i), q.points)
        for q in assignment.questions
        for i in ((q.id,) if q.is_code else q.instances())
    )
    roster = {s.id: (s.first_name, s.last_name, s.email) for s in course.students().values()}
    return CourseInfo(course.root, assignment.name, assignment.title, questions, roster)
