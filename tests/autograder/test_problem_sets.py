"""Plain problem sets: everybody's own numbers, the key and the solutions apart, notebooks that can be graded."""

import csv
import json

import pytest

from autograder import parallel
from autograder.handouts.notebook import fill_answer

ROSTER = "id,first_name,last_name,email\nada,Ada,Lovelace,ada@example.org\nkurt,Kurt,Gödel,kurt@example.org\n"
IDS = "CARITH-1,CARITH-2-choose"


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


def key_of(course):
    with (course / "keys" / "problems" / "answers.csv").open(encoding="utf-8", newline="") as file:
        return {(row["student"], row["question"], row["part"]): row["answer"] for row in csv.DictReader(file)}


def test_pages_for_everybody_with_solutions_apart(tmp_path, roster, backmark):
    course = tmp_path / "course"
    said = backmark(
        "make", "--questions", IDS, "--count", 2, "--roster", roster, "--to", "html", "-o", course
    )
    assert said.code == 0, said.err
    key = key_of(course)
    assert len(key) == 2 * (2 * 2 + 2)
    for student in ("ada", "kurt"):
        handout = (course / "handouts" / student / "problems" / "problems.html").read_text(encoding="utf-8")
        solved = (course / "solutions" / student / "problems.html").read_text(encoding="utf-8")
        assert handout.count("<section") == solved.count("<section") == 4
        assert "Worked solution" not in handout
        assert solved.count("Worked solution") == 4
        assert f"<code>{key[student, 'CARITH-1', 'size']}</code>" in solved
        assert "<script" not in handout + solved
    assert {k[1:]: v for k, v in key.items() if k[0] == "ada"} != {
        k[1:]: v for k, v in key.items() if k[0] == "kurt"
    }


def test_the_key_answers_a_notebook_that_is_graded(tmp_path, roster, backmark):
    course = tmp_path / "course"
    course.mkdir()
    (course / "secret").write_text("5e" * 32)  # with others, two students may have answers alike
    assert backmark("make", "--questions", IDS, "--roster", roster, "-o", course).code == 0
    key = key_of(course)
    notebook = json.loads((course / "release" / "problems" / "problems.ipynb").read_text(encoding="utf-8"))
    fill_answer(notebook, "CARITH-1", {part: key["ada", "CARITH-1", part] for part in ("size", "fits")})
    fill_answer(notebook, "CARITH-2-choose", key["ada", "CARITH-2-choose", "choice"])
    for student in ("ada", "kurt"):
        folder = course / "submitted" / student / "problems"
        folder.mkdir(parents=True)
        (folder / "problems.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert backmark("grade", course, "--assignment", "problems", "--workers", 1).code == 0
    reports = course / "reports" / "problems"
    assert json.loads((reports / "ada.json").read_text())["score"] == 2.0
    assert json.loads((reports / "kurt.json").read_text())["score"] < 2.0


def test_the_key_holds_a_certificate_for_every_item(tmp_path, roster, backmark):
    course = tmp_path / "course"
    backmark("make", "--questions", "CARITH-1", "--roster", roster, "-o", course)
    lines = (course / "keys" / "problems" / "by-hand.jsonl").read_text(encoding="utf-8").splitlines()
    for line in map(json.loads, lines):
        why = line["certificate"]
        assert why["agrees"] is True
        assert len(why["exposed"]) >= 4
        assert {row[0] for row in why["mistakes"]} >= set(why["exposed"])
        assert all(row[3] is None or row[3] > 0 for row in why["mistakes"])


def test_processes_draw_the_same_numbers_as_one(tmp_path, backmark, monkeypatch):
    roster = tmp_path / "class.csv"
    roster.write_text("id\n" + "".join(f"s{i}\n" for i in range(12)), encoding="utf-8")
    found = []
    for worth_it in (1, 1000):
        monkeypatch.setattr(parallel, "WORTH_IT", worth_it)
        course = tmp_path / f"course{worth_it}"
        course.mkdir()
        (course / "secret").write_text("5e" * 32)
        said = backmark("make", "--questions", "CARITH-1,CARITH-2", "--roster", roster, "-o", course)
        assert said.code == 0, said.err
        found.append((course / "keys" / "problems" / "by-hand.jsonl").read_text())
    assert found[0] == found[1]


def test_who_draws_what_somebody_has_draws_again(tmp_path, roster, backmark, monkeypatch):
    """With the same random numbers for everybody, the second must still get other questions."""
    import numpy as np

    from autograder import assignment

    monkeypatch.setattr(assignment, "rng_for", lambda *_: np.random.default_rng(7))
    course = tmp_path / "course"
    backmark("make", "--questions", "CARITH-2", "--roster", roster, "-o", course)
    lines = (course / "keys" / "problems" / "by-hand.jsonl").read_text(encoding="utf-8").splitlines()
    params = [json.loads(line)["params"] for line in lines]
    assert len(params) == 2
    assert params[0] != params[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--questions", "CARITH-0"), "Did you mean CARITH-"),
        (("convolution", "--questions", "CARITH-1"), "or --questions"),
        ((), "or --questions"),
    ],
)
def test_misuse_is_one_sentence(tmp_path, roster, backmark, arguments, sentence):
    said = backmark("make", *arguments, "--roster", roster, "-o", tmp_path / "course")
    assert said.code == 2
    assert sentence in said.err
