"""A quiz judges as grading does: what rightly follows from a wrong answer is told as such."""

import numpy as np
import pytest

from autograder.instances import issue
from autograder.questions import QUESTIONS
from autograder.quiz.engine import judged

STEP = {"w": [2, -1], "b": 1.0, "x": [[1, 2]], "t": [1], "lr": 0.5, "level": 1}  # a = 2 - 2 + 1 = 1, so y = 1


def statuses(outcome):
    return {part.part: part.status for part in outcome.parts}


class TestErrorsCarriedForward:
    def test_a_part_worked_out_from_a_wrong_one(self):
        question = QUESTIONS["PERC-2"]
        variant = question.pose(dict(STEP, t=[0]), question.op)
        # w + 0.5 (0 - 1) x = [1.5, -2], b = 0.5; with y = -1 (no such answer) nothing is carried
        assert statuses(judged(variant, {"output": "1", "after": "1.5 -2 0.5"})) == {
            "output": "right",
            "after": "right",
        }
        wrong = question.pose(dict(STEP), question.op)  # the perceptron is right, nothing moves
        outcome = judged(wrong, {"output": "0", "after": "2.5 0 1.5"})  # moved by 0.5 (1 - 0) x
        assert statuses(outcome) == {"output": "wrong", "after": "follows"}
        assert outcome.score == 0.75
        assert not outcome.is_right
        assert "rightly worked out from what you had" in outcome.parts[1].message

    def test_what_does_not_follow_is_wrong(self):
        question = QUESTIONS["PERC-2"]
        outcome = judged(question.pose(dict(STEP), question.op), {"output": "0", "after": "9 9 9"})
        assert statuses(outcome) == {"output": "wrong", "after": "wrong"}
        assert outcome.score == 0

    def test_blank_and_unreadable_parts_are_told_apart(self):
        question = QUESTIONS["PERC-2"]
        outcome = judged(question.pose(dict(STEP), question.op), {"output": "", "after": "two"})
        assert statuses(outcome) == {"output": "blank", "after": "unreadable"}
        assert not outcome.readable
        assert not any(part.message.startswith("The answer cannot be read") for part in outcome.parts)


@pytest.mark.parametrize("id", [id for id, question in QUESTIONS.items() if question.parents])
def test_parents_name_parts_that_are_asked(id):
    question = QUESTIONS[id]
    seen, used = set(), set()
    for level in question.levels:
        variant = issue(question, np.random.default_rng(level), level)
        asked = {part.id for part in variant.parts}
        seen |= asked
        for part, parents in question.parents_in(variant).items():
            assert {part, *parents} <= asked
            used |= {part, *parents}
    assert {*question.parents, *(p for parents in question.parents.values() for p in parents)} <= used <= seen
