"""What every format promises, whatever it is: same call, same bytes, any class, no secrets to students."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.reports import FORMATS, CourseInfo, Written

FILES = sorted(set(FORMATS) - {"nbgrader"})  # the gradebook needs a release; test_gradebook.py has its own
TARGETS = {
    "csv": "class.csv",
    "csv-long": "long.csv",
    "junit": "junit.xml",
    "gradescope": "gradescope",
    "html": "html",
}


def write(name, reports, course, folder) -> dict[str, bytes]:
    written = FORMATS[name](reports, folder / TARGETS[name], course=course)
    assert isinstance(written, Written)
    assert all(path.is_file() for path in written.files)
    found = {path for path in folder.rglob("*") if path.is_file()}
    assert found == set(written.files)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", FILES)
def test_the_same_reports_make_the_same_bytes(samples, course, tmp_path, name):
    one = write(name, samples.whole_class(), course, tmp_path / "one")
    two = write(name, iter(samples.whole_class()), course, tmp_path / "two")
    assert one == two


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [0, 1, 4])
def test_any_number_of_reports(samples, course, tmp_path, name, size):
    write(name, samples.whole_class()[:size], course, tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_class_is_written_inside_the_target_in_utf8(samples, course, tmp_path, name):
    reports = [samples.hostile(text) for text in samples.HOSTILE]
    for content in write(name, reports, course, tmp_path).values():
        content.decode("utf-8")
        assert b"\x1b" not in content
        assert b"\x00" not in content


@pytest.mark.parametrize("name", FILES)
def test_hostile_names_of_the_course_are_only_text(samples, tmp_path, name):
    bad = "<script>alert(1)</script>"
    course = replace(samples.course(), title=bad, roster={"ben": (bad, bad, bad)})
    course = replace(course, questions=tuple(replace(q, title=bad) for q in course.questions))
    pages = write(name, [samples.mixed("ben")], course, tmp_path)
    assert not [page for page in pages.values() if b"<script>alert" in page and name in ("html", "junit")]


@pytest.mark.parametrize("name", ["html", "junit"])
def test_what_students_may_read_holds_no_hidden_check(samples, course, tmp_path, name):
    pages = write(name, [samples.mixed("ben")], course, tmp_path)
    for path, content in pages.items():
        if not path.endswith("index.html"):
            assert b"SECRET" not in content
            assert b"secret" not in content
            assert b"STAFF-ONLY" not in content


@pytest.mark.parametrize("name", FILES)
def test_writing_again_replaces(samples, course, tmp_path, name):
    write(name, [samples.perfect("ben")], course, tmp_path)
    again = write(name, [samples.mixed("ben")], course, tmp_path)
    fresh = write(name, [samples.mixed("ben")], course, tmp_path / "fresh")
    assert {path: content for path, content in again.items() if not path.startswith("fresh")} == fresh


def test_a_student_without_a_name_is_called_by_the_id():
    assert CourseInfo(Path(), "a", "A", roster={"x": ("", "", "")}).name_of("x") == "x"
    assert CourseInfo(Path(), "a", "A").name_of("y") == "y"
