"""Handing reports over to formats: where they go, what they may know, what is refused."""

import csv
import dataclasses
import shutil

import pytest

import autograder.exporting as exporting
from autograder.assignment import read_assignment
from autograder.course import Course, CourseError
from autograder.exporting import course_info, export
from autograder.grading import grade
from autograder.marking import read_reports
from autograder.reports import FORMATS, ExportError


@pytest.fixture(scope="module")
def graded(tiny_made, tinies, once):
    """A graded tiny class: one right, one wrong, one torn, one who handed in nothing."""

    def build(folder):
        course = Course(shutil.copytree(tiny_made.root, folder / "TINY"))
        wrong = tinies.notebook("ben", conv_out="def conv_out(n, k, s=1, p=0, d=1):\n    return 0, True")
        for student, content in (("ada", None), ("ben", wrong), ("cleo", b"{")):
            tinies.hand_in(course, student, content)
        grade(course, "tiny", allow_weak=True)

    return Course(once("graded", build) / "TINY")


def test_the_course_is_described_in_the_order_of_the_assignment(graded):
    info = course_info(graded, read_assignment(graded.keys("tiny")), read_reports(graded, "tiny"))
    assert [(q.id, q.points) for q in info.questions] == [("CONV-1", 1), ("conv_out", 2), ("corr2d", 3)]
    assert info.questions[1].title == "Output size of a convolution"
    assert set(info.roster) == {"ada", "ben", "cleo", "dan"}
    assert info.roster["ada"] == ("Ada", "L", "ada@example.org")


@pytest.mark.parametrize("form", [f for f in FORMATS if f != "nbgrader"])
def test_every_format_is_written_to_its_place_or_where_asked(graded, form, tmp_path):
    written, incomplete = export(graded, "tiny", form)
    assert not incomplete
    assert written.files
    assert all(p.exists() and graded.root / "feedback" / "tiny" in p.parents for p in written.files)
    target = tmp_path / "deep" / "er" / ("out" if form in ("html", "gradescope") else "out.txt")
    written, _ = export(graded, "tiny", form, target)
    assert all(p == target or target in p.parents for p in written.files)


def test_the_marks_are_the_marks(graded, tmp_path):
    export(graded, "tiny", "csv", tmp_path / "marks.csv")
    with open(tmp_path / "marks.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    by_id = {next(v for v in row.values() if v in ("ada", "ben", "cleo", "dan")): row for row in rows}
    assert {"6", "6.0"} & set(by_id["ada"].values())
    assert {"4", "4.0"} & set(by_id["ben"].values())


def test_marks_withheld_by_our_fault_are_told(graded, monkeypatch, tmp_path):
    broken = [
        dataclasses.replace(r, status="incomplete") if r.student == "ada" else r
        for r in read_reports(graded, "tiny")
    ]
    monkeypatch.setattr(exporting, "read_reports", lambda *_: broken)
    written, incomplete = export(graded, "tiny", "csv", tmp_path / "marks.csv")
    assert incomplete
    row = next(r for r in (tmp_path / "marks.csv").read_text("utf-8-sig").splitlines() if "ada" in r)
    assert "incomplete" in row
    assert written.files


def test_nothing_graded_is_refused(tiny):
    with pytest.raises(CourseError, match="backmark grade"):
        export(tiny, "tiny", "csv")


@pytest.mark.parametrize(
    "error", [ExportError("no room for it"), OSError(28, "No space left on device", "marks.csv")]
)
def test_a_format_that_fails_is_a_sentence(graded, monkeypatch, error):
    def fails(*_args, **_more):
        raise error

    monkeypatch.setitem(FORMATS, "csv", fails)
    with pytest.raises(CourseError, match=r"no room for it|marks\.csv could not be written: No space left"):
        export(graded, "tiny", "csv")


def test_a_target_that_cannot_be_made_is_a_sentence(graded, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="could not be written"):
        export(graded, "tiny", "csv", tmp_path / "file" / "marks.csv")
