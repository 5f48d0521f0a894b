"""nbgrader's gradebook after an export, read back through nbgrader itself."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace

import nbformat
import pytest

pytest.importorskip("nbgrader")

from nbgrader.api import Gradebook

from autograder.reports import FORMATS, ExportError
from autograder.reports.gradebook import usable_as_folder

export = FORMATS["nbgrader"]


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory):
    """An empty gradebook; making one takes nbgrader a second, copying it does not."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    from autograder.reports.gradebook import open_gradebook

    with open_gradebook(path):
        pass
    return path.read_bytes()


@pytest.fixture
def ready(course, release, empty_gradebook):
    """The sample class with its course folder, the release, two submissions and an empty gradebook."""
    release.course_folder(course.folder)
    (course.folder / "gradebook.db").write_bytes(empty_gradebook)
    return course


def book(course) -> Gradebook:
    return Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}")


def scores(course, student: str) -> dict[str, tuple]:
    with book(course) as gradebook:
        notebook = gradebook.find_submission_notebook("convolution", "convolution", student)
        return {
            g.name: (g.auto_score, g.manual_score, g.score, g.needs_manual_grade) for g in notebook.grades
        }


def comments(course, student: str) -> dict[str, str | None]:
    with book(course) as gradebook:
        notebook = gradebook.find_submission_notebook("convolution", "convolution", student)
        return {c.name: c.comment for c in notebook.comments}


def dump(course) -> list[str]:
    with contextlib.closing(sqlite3.connect(course.folder / "gradebook.db")) as database:
        return list(database.iterdump())


def by_hand(course, grade_id: str, student: str, **values) -> None:
    with book(course) as gradebook:
        grade = gradebook.find_grade(grade_id, "convolution", "convolution", student)
        for name, value in values.items():
            setattr(grade, name, value)
        gradebook.db.commit()


def test_formgrader_finds_scores_comments_and_students(samples, ready):
    written = export([samples.perfect("anna"), samples.mixed("ben")], ready.folder, course=ready)
    assert written.left_out == ()
    assert scores(ready, "anna") == {
        "test_conv2d": (4.0, None, 4.0, False),
        "test_CONV-3": (2.0, None, 2.0, False),
        "test_maxpool2d": (4.0, None, 4.0, False),
    }
    assert {name: row[0] for name, row in scores(ready, "ben").items()} == {
        "test_conv2d": 2.0,
        "test_CONV-3": 2.0,
        "test_maxpool2d": 0.5,
    }
    with book(ready) as gradebook:
        submission = gradebook.find_submission("convolution", "ben")
        assert (submission.score, submission.max_score, submission.late_submission_penalty) == (
            4.5,
            10.0,
            1.0,
        )
        assert submission.needs_manual_grade is False
        anna = gradebook.find_student("anna")
        assert (anna.first_name, anna.last_name, anna.email) == ("Anna", "Müller", "anna@example.org")
        assert {student.id for student in gradebook.students} == {"anna", "ben", "chen", "dora"}


def test_comments_hold_the_feedback_and_no_secret(samples, ready):
    export([samples.mixed("ben")], ready.folder, course=ready)
    said = comments(ready, "ben")
    assert set(said) == {"conv2d", "CONV-3", "maxpool2d"}
    assert "You turned the kernel by 180 degrees" in said["conv2d"]
    assert "1 hidden check: 0.5 of 1 point" in said["conv2d"]
    assert "Right: 14 by 14." in said["CONV-3"]
    assert not any("secret" in text.lower() or "STAFF" in text for text in said.values())


def test_writing_twice_changes_nothing(samples, ready):
    reports = [samples.perfect("anna"), samples.mixed("ben")]
    export(reports, ready.folder, course=ready)
    before, copy = dump(ready), (ready.folder / "autograded/ben/convolution/convolution.ipynb").read_bytes()
    export(reports, ready.folder, course=ready)
    assert dump(ready) == before
    assert (ready.folder / "autograded/ben/convolution/convolution.ipynb").read_bytes() == copy


def test_manual_scores_extra_credit_and_comments_survive(samples, ready):
    export([samples.mixed("ben")], ready.folder, course=ready)
    by_hand(ready, "test_conv2d", "ben", manual_score=3.5, extra_credit=0.25)
    with book(ready) as gradebook:
        comment = gradebook.find_comment("conv2d", "convolution", "convolution", "ben")
        comment.manual_comment = "See me."
        gradebook.db.commit()
    export([samples.mixed("ben")], ready.folder, course=ready)
    assert scores(ready, "ben")["test_conv2d"] == (2.0, 3.5, 3.75, False)
    assert comments(ready, "ben")["conv2d"] == "See me."


def test_a_new_machine_score_asks_the_human_to_look_again(samples, ready):
    export([samples.mixed("ben")], ready.folder, course=ready)
    by_hand(ready, "test_conv2d", "ben", manual_score=3.5)
    export([samples.perfect("ben")], ready.folder, course=ready)
    assert scores(ready, "ben")["test_conv2d"] == (4.0, 3.5, 3.5, True)
    by_hand(ready, "test_conv2d", "ben", needs_manual_grade=False)
    export([samples.perfect("ben")], ready.folder, course=ready)
    assert scores(ready, "ben")["test_conv2d"] == (4.0, 3.5, 3.5, False)


def test_withheld_reports_are_left_out_with_a_sentence(samples, ready):
    broken = samples.report("zoe", [samples.verdict("conv2d", "broken", 0.0, 4.0)])
    reports = [samples.perfect("anna"), samples.incomplete("chen"), samples.unreadable("dora"), broken]
    assert export(reports, ready.folder, course=ready).left_out == (
        "chen: incomplete. One question could not be judged; staff have been told.",
        "dora: error. The file is not a notebook: line 1 is not JSON.",
        "zoe: incomplete: conv2d could not be judged through a fault of ours.",
    )
    with book(ready) as gradebook:
        assert {s.student.id for s in gradebook.assignment_submissions("convolution")} == {"anna"}


def test_reports_that_do_not_fit_the_release_are_left_out(samples, ready):
    lighter = samples.report("anna", [samples.verdict("conv2d", points=1.0, out_of=3.0)])
    partial = samples.report("ben", [samples.verdict("conv2d", points=1.0, out_of=4.0)])
    stranger = samples.report("chen", [*samples.perfect().verdicts, samples.verdict("old", out_of=1.0)])
    other = replace(samples.perfect("dora"), assignment="pooling")
    left = export([lighter, partial, stranger, other], ready.folder, course=ready).left_out
    assert "conv2d is worth 4 in the release but 3 in the report" in left[0]
    assert "no verdict on CONV-3" in left[1]
    assert "no graded cell of the release belongs to old" in left[2]
    assert "pooling" in left[3]


@pytest.mark.parametrize(
    "student", ["../../evil", "a/b", "..", ".hidden", "", "x" * 129, "a\x00b", "a+b", "\ud800", "a\nb"]
)
def test_ids_that_are_paths_never_reach_the_disk(samples, ready, student):
    assert not usable_as_folder(student)
    before = sorted(ready.folder.rglob("*"))
    left = export([samples.perfect(student)], ready.folder, course=ready).left_out
    assert len(left) == 1
    assert sorted(ready.folder.rglob("*")) == before


def test_a_student_who_is_not_on_the_roster_is_added(samples, ready):
    export([samples.perfect("Ünal, 张")], ready.folder, course=ready)
    assert scores(ready, "Ünal, 张")["test_conv2d"][0] == 4.0


def test_formgrader_lists_the_students_own_notebook_with_feedback(samples, ready):
    export([samples.mixed("ben")], ready.folder, course=ready)
    notebook = nbformat.read(ready.folder / "autograded/ben/convolution/convolution.ipynb", as_version=4)
    by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    assert by_id["conv2d"].source.startswith("def conv2d():  # by ben")
    stdout, result = by_id["test_conv2d"].outputs
    assert (stdout.name, result.data["text/plain"]) == ("stdout", "2.0")
    assert "You turned the kernel" in stdout.text


def test_nbgraders_own_status_calls_the_submission_autograded(samples, ready):
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    (ready.folder / "submitted/ben/convolution/timestamp.txt").write_text("2026-11-20 18:03:11.000000 UTC\n")
    export([samples.mixed("ben")], ready.folder, course=ready)
    config = Config()
    config.CourseDirectory.root = str(ready.folder)
    api = NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)
    status = api.get_submission("convolution", "ben")
    assert (status["autograded"], status["score"], status["max_score"]) == (True, 4.5, 10.0)
    assert status["timestamp"] == "2026-11-20T18:03:11"
    assert api.get_submission("convolution", "anna")["autograded"] is False


@pytest.mark.parametrize(
    "spoil",
    [
        "not json",
        "[]",
        "{}",
        '{"cells": 3}',
        "[" * 100_000,
        '{"nbformat": 4, "cells": [{"cell_type": "weird"}]}',
        '{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {"nbgrader": 5}}]}',
    ],
)
def test_an_unreadable_submission_is_shown_as_the_release(samples, ready, release, spoil):
    release.write(ready.folder / "submitted/ben/convolution/convolution.ipynb", spoil)
    assert export([samples.mixed("ben")], ready.folder, course=ready).left_out == ()
    notebook = nbformat.read(ready.folder / "autograded/ben/convolution/convolution.ipynb", as_version=4)
    assert any("# YOUR CODE HERE: conv2d" in cell.source for cell in notebook.cells)
    assert sum(bool(cell.get("outputs")) for cell in notebook.cells) == 3


def test_deleted_and_doubled_test_cells_are_mended_in_the_copy(samples, ready, release):
    path = ready.folder / "submitted/ben/convolution/convolution.ipynb"
    cells = [c for c in release.cells() if c["metadata"].get("nbgrader", {}).get("grade_id") != "test_conv2d"]
    release.write(path, release.notebook([*cells, cells[-1]]))
    export([samples.mixed("ben")], ready.folder, course=ready)
    notebook = nbformat.read(ready.folder / "autograded/ben/convolution/convolution.ipynb", as_version=4)
    filled = [c.metadata.nbgrader.grade_id for c in notebook.cells if c.get("outputs")]
    assert sorted(filled) == ["test_CONV-3", "test_conv2d", "test_maxpool2d"]


def test_a_link_in_a_submission_is_not_followed(samples, ready, release, tmp_path):
    secret = release.write(tmp_path / "secret.ipynb", release.notebook([release.cell(None, "THE KEY")]))
    path = ready.folder / "submitted/ben/convolution/convolution.ipynb"
    path.unlink()
    path.symlink_to(secret)
    export([samples.mixed("ben")], ready.folder, course=ready)
    assert "THE KEY" not in (ready.folder / "autograded/ben/convolution/convolution.ipynb").read_text("utf-8")


def test_essays_are_left_to_the_human(samples, ready, release):
    release.course_folder(ready.folder, manual=True)
    with_essay = replace(
        ready, questions=(*ready.questions, replace(ready.questions[0], id="essay", points=3.0))
    )
    waiting = samples.verdict("essay", "skipped", 0.0, 3.0, kind="manual", message="Staff read this.")
    reports = [
        samples.perfect("anna"),
        samples.report("ben", [*samples.perfect().verdicts, waiting]),
        samples.report("dora", [*samples.perfect().verdicts, replace(waiting, status="partial", points=2.0)]),
    ]
    assert export(reports, ready.folder, course=with_essay).left_out == ()
    assert [scores(ready, s)["essay"] for s in ("anna", "ben", "dora")] == [
        (None, None, 0.0, True),
        (None, None, 0.0, True),
        (2.0, None, 2.0, False),
    ]
    by_hand(ready, "essay", "ben", manual_score=1.5, needs_manual_grade=False)
    export(reports, ready.folder, course=with_essay)
    assert scores(ready, "ben")["essay"] == (None, 1.5, 1.5, False)


def test_a_question_over_two_cells_is_shared_in_proportion(samples, ready, release):
    cells = [c for c in release.cells() if c["metadata"].get("nbgrader", {}).get("grade_id") != "test_conv2d"]
    cells += [
        release.cell("test_conv2d_forward", "f", points=1.0),
        release.cell("test_conv2d_backward", "b", points=3.0),
    ]
    release.write(ready.folder / "release/convolution/convolution.ipynb", release.notebook(cells))
    assert export([samples.mixed("ben")], ready.folder, course=ready).left_out == ()
    found = scores(ready, "ben")
    assert (found["test_conv2d_forward"][0], found["test_conv2d_backward"][0]) == (0.5, 1.5)


def test_cells_that_the_release_gained_appear_for_earlier_submissions(samples, ready, release):
    export([samples.perfect("anna")], ready.folder, course=ready)
    release.course_folder(ready.folder, manual=True)
    export([samples.perfect("anna")], ready.folder, course=ready)
    assert scores(ready, "anna")["essay"] == (None, None, 0.0, True)


def test_a_second_notebook_of_the_release_appears_for_earlier_submissions(samples, ready, release):
    export([samples.perfect("anna")], ready.folder, course=ready)
    essay = release.notebook([release.cell("essay", "YOUR ANSWER HERE", "markdown", 3.0, solution=True)])
    release.write(ready.folder / "release/convolution/essay.ipynb", essay)
    assert export([samples.perfect("anna")], ready.folder, course=ready).left_out == ()
    with book(ready) as gradebook:
        assert {n.name for n in gradebook.find_submission("convolution", "anna").notebooks} == {
            "convolution",
            "essay",
        }
        assert gradebook.find_grade("essay", "essay", "convolution", "anna").needs_manual_grade is True


def test_cells_that_the_release_lost_stop_the_export_where_there_are_marks(samples, ready, release):
    export([samples.perfect("anna")], ready.folder, course=ready)
    fewer = release.notebook(release.cells()[:-1])
    release.write(ready.folder / "release/convolution/convolution.ipynb", fewer)
    with pytest.raises(ExportError, match="test_maxpool2d"):
        export([], ready.folder, course=ready)


def test_cells_that_the_release_lost_are_forgotten_where_nobody_has_marks(samples, ready, release):
    export([], ready.folder, course=ready)
    release.write(
        ready.folder / "release/convolution/convolution.ipynb", release.notebook(release.cells()[:-1])
    )
    export([], ready.folder, course=ready)
    with book(ready) as gradebook:
        assert gradebook.find_assignment("convolution").max_score == 6.0


def test_hidden_tests_that_nbgrader_recorded_stay(samples, ready):
    with book(ready) as gradebook:
        gradebook.add_assignment("convolution", duedate="2026-11-30 12:00:00 UTC")
        gradebook.add_notebook("convolution", "convolution")
        gradebook.add_grade_cell("test_conv2d", "convolution", "convolution", max_score=4.0, cell_type="code")
        gradebook.add_source_cell(
            "test_conv2d",
            "convolution",
            "convolution",
            cell_type="code",
            locked=True,
            source="HIDDEN",
            checksum="x",
        )
    export([], ready.folder, course=ready)
    with book(ready) as gradebook:
        assert gradebook.find_source_cell("test_conv2d", "convolution", "convolution").source == "HIDDEN"
        assert gradebook.find_assignment("convolution").duedate is not None


def test_penalty_never_exceeds_the_score(samples, ready):
    export([replace(samples.mixed("ben"), penalty=99.0)], ready.folder, course=ready)
    with book(ready) as gradebook:
        assert gradebook.find_submission("convolution", "ben").late_submission_penalty == 4.5


def test_hostile_words_do_not_come_alive_in_nbgraders_feedback(samples, ready):
    from nbconvert.filters import markdown2html

    for text in samples.HOSTILE:
        verdicts = [
            replace(samples.hostile(text).verdicts[0], question="conv2d"),
            *samples.perfect().verdicts[2:],
        ]
        assert export([samples.report("ben", verdicts)], ready.folder, course=ready).left_out == ()
        html = markdown2html(comments(ready, "ben")["conv2d"])
        assert not any(tag in html for tag in ("<script", "<img", "<a ", "<u>", "<i>", "<b>", "<hr"))


def test_a_course_without_release_says_so(samples, course):
    with pytest.raises(ExportError, match="backmark make"):
        export([], course.folder, course=course)


def test_a_file_that_is_no_gradebook_says_so(samples, ready):
    (ready.folder / "gradebook.db").write_bytes(b"this is not a database, it is long enough to be one" * 50)
    with pytest.raises(ExportError, match=r"gradebook\.db cannot be used"):
        export([], ready.folder, course=ready)


def test_without_nbgrader_the_error_says_what_to_install(ready, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(ExportError, match=r"pip install backmark\[instructor\]"):
        export([], ready.folder, course=ready)


def test_the_first_export_makes_the_gradebook_without_an_activated_environment(
    samples, course, release, monkeypatch
):
    release.course_folder(course.folder)
    monkeypatch.setenv("PATH", "/nowhere")
    export([samples.perfect("anna")], course.folder, course=course)
    assert scores(course, "anna")["test_conv2d"][0] == 4.0
