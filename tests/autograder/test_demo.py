"""The made-up class: every kind of hand-in, with what must be found in it."""

import json

import pytest

from autograder.course import CourseError
from autograder.demo import Shown, _against, run
from autograder.demo.submissions import CLASS, edit, hand_in
from autograder.model import Report


def test_the_class_is_varied():
    assert len(CLASS) >= 24
    assert len({p.id for p in CLASS}) == len(CLASS)
    assert {p.expects for p in CLASS} == {"full", "zero", "some", "error"}
    assert sum(p.expects == "full" for p in CLASS) >= 5
    assert sum(bool(p.names) for p in CLASS) >= 8


def test_every_hand_in_can_be_written(solved):
    for pupil in CLASS:
        content = hand_in(pupil, solved("ada"))
        assert isinstance(content, bytes)
        if pupil.expects != "error":
            json.loads(content)


def test_all_hand_ins_but_the_plain_ones_differ_from_the_solution(solved):
    solution = json.dumps(solved("ada")).encode()
    same = [p.id for p in CLASS if hand_in(p, solved("ada")) == solution]
    assert same == ["ada", "george", "sofia", "zeno"]


def test_a_change_that_no_longer_fits_the_solution_is_told(solved):
    with pytest.raises(ValueError, match="conv_forward does not contain"):
        edit("conv_forward", "no such line", "x")(solved("ada"))


def test_a_change_does_not_depend_on_spaces_inside_lines(solved, cell_of):
    changed = edit("conv_out", "n+2 *p", "n + 3 * p")(solved("ada"))
    assert "n + 3 * p" in cell_of(changed, "conv_out")["source"]


@pytest.mark.parametrize(
    ("expects", "status", "score", "unexpected"),
    [
        ("full", "graded", 30.0, False), ("full", "graded", 29.0, True), ("zero", "graded", 0.0, False),
        ("zero", "graded", 1.0, True), ("some", "graded", 5.0, False), ("some", "graded", 30.0, True),
        ("error", "error", 0.0, False), ("error", "graded", 0.0, True), ("some", "error", 0.0, True),
        ("full", "incomplete", 0.0, True),
    ],
)  # fmt: skip
def test_results_are_held_to_what_the_class_is_built_to_give(expects, status, score, unexpected):
    pupil = next(p for p in CLASS if p.expects == expects and not p.names)
    report = Report("convolution", pupil.id, status, score=score, max_score=30.0)
    assert bool(_against(pupil, report)) is unexpected


def test_a_name_that_is_missing_and_a_pupil_without_report_are_told():
    pupil = next(p for p in CLASS if p.names)
    report = Report("convolution", pupil.id, "graded", score=5.0, max_score=30.0)
    assert pupil.names[0] in _against(pupil, report)[0]
    assert len(Shown().unexpected()) == len(CLASS)


def test_a_folder_in_use_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(CourseError, match="not empty"):
        run(tmp_path, 1)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
