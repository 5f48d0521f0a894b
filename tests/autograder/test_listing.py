"""What `list` and `show` tell."""

import json

import pytest

from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.listing import instance, rows
from autograder.mistakes import all_mistakes
from autograder.questions import QUESTIONS
from reference import OPS

KINDS = ("mistakes", "questions", "exercises", "ops", "assignments")


@pytest.mark.parametrize("what", KINDS)
def test_every_row_has_a_name_and_the_same_columns(what):
    found = rows(what)
    assert found
    assert len({tuple(row) for row in found}) == 1
    assert all(isinstance(row["name"], str) and row["name"] for row in found)
    json.dumps(found)


def test_nothing_is_left_out():
    assert len(rows("mistakes")) == len(all_mistakes())
    assert {r["name"] for r in rows("questions")} == set(QUESTIONS)
    assert {r["name"] for r in rows("exercises")} == set(EXERCISES)
    assert {r["name"] for r in rows("ops")} == set(OPS)
    assert "convolution" in {r["name"] for r in rows("assignments")}


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_an_instance_is_stable_and_others_differ(question):
    shown = [instance(question, seed)["prompt"] for seed in (3, 3, 4, 5, 6)]
    assert shown[0] == shown[1]
    assert len(set(shown)) > 1


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_the_solution_is_shown_only_when_asked_for(question):
    plain, solved = instance(question, 1), instance(question, 1, solution=True)
    assert not {"answer", "solution", "mistakes"} & set(plain)
    assert set(solved["answer"]) == {p["id"] for p in plain["parts"]}
    assert solved["solution"]
    assert solved["mistakes"]
    right = "; ".join(solved["answer"].values())
    assert all(m["answer"] != right for m in solved["mistakes"])
    json.dumps(solved, allow_nan=False)


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_levels_are_those_of_the_question(question):
    for level in QUESTIONS[question].levels:
        assert instance(question, 2, level)["level"] == level
    with pytest.raises(CourseError, match="has the levels"):
        instance(question, 2, 99)


@pytest.mark.parametrize("exercise", sorted(EXERCISES))
def test_an_exercise_shows_what_it_is_put_to(exercise):
    shown = instance(exercise, 0)
    for group in {
        t.group
        for part in (EXERCISES[exercise].trials(__import__("numpy").random.default_rng(0)),)
        for t in part
    }:
        assert group in shown["prompt"]
    json.dumps(shown)


@pytest.mark.parametrize(
    ("asked", "meant"), [("conv-3", "CONV-3"), ("CARITH1", "CARITH-1"), ("conv_forwad", "conv_forward")]
)
def test_an_unknown_question_suggests_the_nearest(asked, meant):
    with pytest.raises(CourseError, match=f"Did you mean {meant}"):
        instance(asked, 0)
    with pytest.raises(CourseError, match="list questions"):
        instance("zzzzzzzz", 0)
