"""Code repair: what is handed out runs, is wrong, and is right again with the change undone."""

import json

import pytest

from autograder.course import CourseError
from autograder.proving.mutants import mutants
from autograder.proving.sources import functions_of, key_of
from autograder.proving.trying import first_wrong
from autograder.repair import _is_hidden, is_repair, repair


@pytest.mark.parametrize(("exercise", "seed"), [("corr2d", 1), ("conv_backward", 2), ("softmax_loss", 0)])
def test_the_broken_function_is_rejected_and_the_right_one_is_not(exercise, seed):
    broken = repair(exercise, seed)
    start = "import numpy as np\n\n\n" + broken.given + "\n\n\n"
    assert first_wrong(key_of(exercise), 0, functions_of(start + broken.code)) is not None
    assert first_wrong(key_of(exercise), 0, functions_of(start + broken.right)) is None
    assert broken.code != broken.right


def test_the_same_seed_breaks_the_same_place_and_another_another():
    assert repair("corr2d", 1) == repair("corr2d", 1)
    assert len({repair("corr2d", seed).change for seed in range(4)}) > 1


def test_only_exercises_are_repaired():
    assert is_repair("conv_forward-repair")
    assert not is_repair("CONV-1-repair")
    with pytest.raises(CourseError, match="No solution notebook solves"):
        repair("nothing_like_it", 0)


def test_shown_without_and_with_what_is_wrong(backmark):
    shown = backmark("show", "corr2d-repair", "--seed", 1)
    assert shown.code == 0
    assert "def corr2d" in shown.out
    assert "change:" not in shown.out
    assert "change:" in backmark("show", "corr2d-repair", "--seed", 1, "--solution").out


def test_in_a_problem_set_untouched_earns_nothing_and_mended_everything(tmp_path, backmark):
    roster, course = tmp_path / "class.csv", tmp_path / "course"
    roster.write_text("id\nada\nkurt\n", encoding="utf-8")
    said = backmark("make", "--questions", "corr2d-repair", "--roster", roster, "-o", course)
    assert said.code == 0, said.err
    notebook = json.loads((course / "release" / "problems" / "problems.ipynb").read_text(encoding="utf-8"))
    for student, mended in (("ada", True), ("kurt", False)):
        for cell in notebook["cells"]:
            if mended and "def corr2d" in "".join(cell["source"]):
                cell["source"] = repair("corr2d", 20260101).right
        folder = course / "submitted" / student / "problems"
        folder.mkdir(parents=True)
        (folder / "problems.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        if mended:
            notebook = json.loads(
                (course / "release" / "problems" / "problems.ipynb").read_text(encoding="utf-8")
            )
    backmark("grade", course, "--assignment", "problems", "--workers", 1)
    reports = course / "reports" / "problems"
    scores = {s: json.loads((reports / f"{s}.json").read_text())["score"] for s in ("ada", "kurt")}
    assert scores == {"ada": 2.0, "kurt": 0.0}


def test_code_is_not_repaired_on_paper(tmp_path, backmark):
    said = backmark("make", "--questions", "corr2d-repair", "--to", "html", "-o", tmp_path / "c")
    assert said.code == 2
    assert "--to notebook" in said.err


def test_slips_are_in_the_body_and_written_as_a_person_might():
    text = "def f(x, n=2):\n    y = x + n\n    if n > 1:\n        y += 1\n    return np.exp(y)\n"
    hidden = [m.change for m in mutants(text) if _is_hidden(m, text)]
    seen = {m.change for m in mutants(text)}
    assert "x + n -> x - n" in hidden
    assert {"2 -> 3", "if n > 1: y += 1 -> if True: y += 1", "y += 1 -> pass"} <= seen - set(hidden)
    assert not any("expm1" in change for change in hidden)
