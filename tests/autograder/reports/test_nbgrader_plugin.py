"""Judging inside `nbgrader autograde`: outputs that nbgrader scores as meant, and no marks by accident."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader")

from nbgrader import utils
from nbgrader.api import Gradebook

from autograder.nbgrader_plugin import Judge, MarksWithheld
from autograder.reports.autograded import outputs_of

TOLD = {"student": "ben", "assignment": "convolution", "notebook": "convolution", "db_url": "sqlite://"}


def judged(release, report, cells=None, **told):
    """Run the preprocessor on the release with a judge that always returns this report."""
    notebook = nbformat.from_dict(release.notebook(cells or release.cells()))
    resources = {"nbgrader": TOLD | told, "metadata": {"path": "."}}
    calls = []

    def judge(*arguments):
        calls.append(arguments)
        return report

    notebook, _ = Judge(judge_notebook=judge).preprocess(notebook, resources)
    return notebook, calls


def graded(notebook):
    return {c.metadata.nbgrader.grade_id: c for c in notebook.cells if utils.is_grade(c)}


def test_nbgrader_reads_the_points_that_were_given(samples, release):
    notebook, _ = judged(release, samples.mixed("ben"))
    scores = {name: utils.determine_grade(cell) for name, cell in graded(notebook).items()}
    assert scores == {"test_conv2d": (2.0, 4.0), "test_CONV-3": (2.0, 2.0), "test_maxpool2d": (0.5, 4.0)}


def test_feedback_is_on_standard_output_and_holds_no_secret(samples, release):
    notebook, _ = judged(release, samples.mixed("ben"))
    for cell in graded(notebook).values():
        assert [(o.output_type, o.get("name")) for o in cell.outputs] == [
            ("stream", "stdout"),
            ("execute_result", None),
        ]
    text = "".join(cell.outputs[0].text for cell in graded(notebook).values())
    assert "You turned the kernel by 180 degrees" in text
    assert "secret" not in text.lower()
    assert "STAFF" not in text


def test_the_judge_is_told_the_trusted_student_and_the_file_as_handed_in(
    samples, release, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = release.write(tmp_path / "submitted/ben/convolution/convolution.ipynb", "{}")
    _, calls = judged(release, samples.mixed("ben"))
    assert calls == [(tmp_path, "convolution", "ben", path)]


def test_outputs_that_a_student_left_are_gone(samples, release):
    cells = release.cells()
    forged = nbformat.v4.new_output("execute_result", data={"text/plain": "4.0"})
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = [forged]
    notebook, _ = judged(release, samples.mixed("ben"), cells)
    assert utils.determine_grade(graded(notebook)["test_maxpool2d"]) == (0.5, 4.0)


@pytest.mark.parametrize("name", ["incomplete", "unreadable"])
def test_withheld_marks_stop_nbgrader(samples, release, name):
    with pytest.raises(MarksWithheld, match="ben: "):
        judged(release, getattr(samples, name)("ben"))


def test_a_graded_cell_without_a_verdict_is_not_full_marks(samples, release):
    partial = samples.report("ben", [samples.verdict("conv2d", points=4.0, out_of=4.0)])
    with pytest.raises(MarksWithheld, match=r"no verdict for the graded cells test_CONV-3, test_maxpool2d"):
        judged(release, partial)


def test_a_report_on_somebody_else_is_refused(samples, release):
    with pytest.raises(MarksWithheld, match="got a report on anna"):
        judged(release, samples.perfect("anna"))


def test_essays_are_left_alone(samples, release):
    notebook, _ = judged(release, samples.mixed("ben"), release.cells(manual=True))
    assert utils.determine_grade(graded(notebook)["essay"]) == (
        0,
        3.0,
    )  # unchanged, so nbgrader says no response


@pytest.mark.parametrize(
    ("points", "score"),
    [
        (2.5, 2.5),
        (0, 0.0),
        (-1, 0.0),
        (5, 4.0),
        (float("nan"), 0.0),
        (float("inf"), 4.0),
        (1 / 3, 1 / 3),
        (True, 1.0),
    ],
)
def test_points_are_a_plain_float_within_the_cell(points, score):
    cell = nbformat.v4.new_code_cell(metadata={"nbgrader": {"grade": True, "points": 4, "grade_id": "t"}})
    cell.outputs = outputs_of("text", points, 4)
    assert utils.determine_grade(cell) == (score, 4.0)
    assert "np." not in cell.outputs[1].data["text/plain"]


def test_numpy_numbers_become_plain():
    import numpy as np

    assert outputs_of("", np.float64(2.5), np.int64(4))[1].data["text/plain"] == "2.5"


CONFIG = """
import sys
sys.path.insert(0, {tests!r})
import samples
from autograder.nbgrader_plugin import PREPROCESSORS
c = get_config()
c.CourseDirectory.root = {root!r}
c.Autograde.autograde_preprocessors = PREPROCESSORS
def judge(course, assignment, student, path):
    assert str(course) == {root!r} and path.name == "convolution.ipynb" and "submitted" in path.parts
    return {{"anna": samples.perfect, "ben": samples.mixed, "chen": samples.incomplete}}[student](student)
c.Judge.judge_notebook = judge
"""


@pytest.mark.slow
def test_nbgrader_autograde_from_end_to_end(release, tmp_path):
    root = release.course_folder(tmp_path / "course", ("anna", "ben", "chen"))
    release.write(root / "source/convolution/convolution.ipynb", release.notebook(release.cells()))
    config = CONFIG.format(tests=str(Path(__file__).parent), root=str(root))
    release.write(root / "nbgrader_config.py", config)

    def nbgrader(*arguments):
        path = os.pathsep.join(
            [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": path,
            "JUPYTER_NO_CONFIG": "1",
            "HOME": str(tmp_path),
        }
        return subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    made = nbgrader("generate_assignment", "convolution", "--force")
    assert made.returncode == 0, made.stderr
    done = nbgrader("autograde", "convolution")
    assert done.returncode == 1  # chen's marks are withheld
    assert "chen: incomplete" in done.stderr
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions("convolution")}
        assert scores == {"anna": 10.0, "ben": 4.5, "chen": 0.0}
        chen = gradebook.find_submission("convolution", "chen")
        assert all(grade.auto_score is None for n in chen.notebooks for grade in n.grades)
    assert not (root / "autograded" / "chen").exists() or not any(
        (root / "autograded" / "chen").rglob("*.ipynb")
    )
    page = nbgrader("generate_feedback", "convolution", "--student=ben")
    assert page.returncode == 0, page.stderr
    html = (root / "feedback/ben/convolution/convolution.html").read_text("utf-8")
    assert "You turned the kernel by 180 degrees" in html
    assert "SECRET" not in html
