"""The solution gets full marks and the blank release nothing, whoever hands it in."""

import dataclasses
import json

import pytest

from autograder.assignment import issue_by_hand, load_assignment
from autograder.judging import judge_file

STUDENTS = [f"student{i:02d}" for i in range(50)]


@pytest.fixture
def class_of_fifty(bundle, made):
    """The made course with fifty other ids: same keys, their own by-hand numbers."""
    assignment, secret = load_assignment("convolution"), made.secret()
    taken: dict[str, set[str]] = {}
    by_hand = {s: {i.instance: i for i in issue_by_hand(assignment, secret, s, taken, 50)} for s in STUDENTS}
    return dataclasses.replace(bundle, by_hand=by_hand, roster=frozenset(STUDENTS))


@pytest.mark.slow
def test_the_solution_gets_full_marks_and_the_blank_release_nothing(
    class_of_fifty, box, solved, blank, tmp_path
):
    path, less, sets = tmp_path / "convolution.ipynb", {}, set()
    for student in STUDENTS:
        path.write_text(json.dumps(solved(student, class_of_fifty.by_hand[student])))
        report = judge_file(class_of_fifty, box, path, student)
        sets.add(class_of_fifty.keys["conv_forward"].set_for(report.submission["sha256"]))
        if report.status != "graded" or report.score != report.max_score or report.notes:
            complaints = [v.message for v in report.verdicts if v.status != "right"]
            less[student] = (report.score, report.message, report.notes, complaints)
        notebook = json.loads(blank)
        notebook["cells"][2]["source"] = f'student = "{student}"'
        path.write_text(json.dumps(notebook))
        nothing = judge_file(class_of_fifty, box, path, student)
        assert (nothing.status, nothing.score) == ("graded", 0.0)
    assert less == {}
    assert sets == {0, 1, 2}  # every set of trials was met
