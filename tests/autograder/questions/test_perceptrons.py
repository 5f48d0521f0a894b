"""The perceptron by hand: worked examples, acceptance, errors carried forward, wording, names."""

import numpy as np
import pytest

from autograder.answers import same
from autograder.instances import issue
from autograder.questions import QUESTIONS
from reference import perceptron, perceptron_rule

IDS = ("PERC-1", "PERC-2", "PERC-3")
LEVELS = (1, 2, 3)


def decision(w, x, b):
    return QUESTIONS["PERC-1"].pose({"w": w, "x": x, "b": b}, perceptron)


def step(w, b, x, t, lr=1):
    return QUESTIONS["PERC-2"].pose({"w": w, "b": b, "x": [x], "t": [t], "lr": lr}, perceptron_rule)


def epoch(**changes):
    params = {
        "gate": "OR",
        "x": [[0, 0], [0, 1], [1, 0], [1, 1]],
        "t": [0, 1, 1, 1],
        "w": [0.5, -1.5],
        "b": 0.5,
    }
    return QUESTIONS["PERC-3"].pose({**params, "lr": 1, **changes}, perceptron_rule)


class TestByHand:
    def test_the_rising_edge_detector_of_the_lecture(self):
        # w = (-1, 1), b = -0.5 answers 1 where the signal rises (G-CONV-06)
        signal = [0, 0, 1, 1, 1, 0, 0, 1]
        found = [decision([-1, 1], signal[i : i + 2], -0.5).truth for i in range(7)]
        assert [one["net"] for one in found] == [-0.5, 0.5, -0.5, -0.5, -1.5, -0.5, 0.5]
        assert [one["output"] for one in found] == [0, 1, 0, 0, 0, 0, 1]

    def test_a_sum_of_zero_is_a_tie(self):
        assert QUESTIONS["PERC-1"].gap(decision([1, 1], [1, -1], 0).params) == 0

    def test_one_correction(self):
        # a = 2*1 - 3*2 + 1 = -3, so y = 0 instead of 1; everything moves by 0.5 times its input
        variant = step([2, -3], 1, [1, 2], 1, 0.5)
        assert variant.truth == {"output": 0, "after": [2.5, -2.0, 1.5]}
        assert QUESTIONS["PERC-2"].exact(variant.params) == variant.truth

    def test_a_right_answer_moves_nothing(self):
        assert step([2, 3], 1, [1, 2], 1).truth == {"output": 1, "after": [2, 3, 1]}

    def test_an_epoch_of_the_logical_or(self):
        # row 1: a = 0.5, y = 1, wrong: b falls to -0.5; row 2: a = -2, wrong: w_2 and b grow;
        # row 3: a = 1, right; row 4: a = 0.5 - 0.5 + 0.5 = 0.5, right
        truth = epoch().truth
        assert truth == {
            "row1": [[0.5, 1, 0.5, -1.5, -0.5]],
            "row2": [[-2.0, 0, 0.5, -0.5, 0.5]],
            "row3": [[1.0, 1, 0.5, -0.5, 0.5]],
            "row4": [[0.5, 1, 0.5, -0.5, 0.5]],
        }
        assert QUESTIONS["PERC-3"].exact(epoch().params) == truth


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_certificates_hold_and_mistakes_show(id, level, a_class):
    a_class(id, level, students=12, least=5)


def test_the_first_example_is_wrong_and_the_second_right():
    for seed in range(10):
        variant = issue("PERC-2", np.random.default_rng(seed), 3)
        start = [*variant.params["w"], variant.params["b"]]
        assert variant.truth["after-a"] != start
        assert variant.truth["after-b"] == start
        assert "does not continue" in variant.prompt


def test_an_epoch_corrects_two_or_three_times():
    for level, allowed in ((1, {2, 3}), (2, {2, 3}), (3, {3})):
        for seed in range(10):
            variant = issue("PERC-3", np.random.default_rng(seed), level)
            rows = [variant.truth[f"row{i}"][0] for i in range(1, 5)]
            wrong = [row[1] != t for row, t in zip(rows, variant.params["t"])]
            assert sum(wrong) in allowed
            assert (variant.params["lr"] == 1) == (level == 1)


class TestCarriedForward:
    def test_the_correction_of_the_student_s_own_answer(self):
        params = step([2, -3], 1, [1, 2], 0, 0.5).params  # y = 0 is right, the student says 1
        carry = QUESTIONS["PERC-2"].carry
        assert carry(params, "after", {"output": 1}) == [1.5, -4.0, 0.5]
        assert carry(params, "after", {"output": 0}) == [2, -3, 1], "the right answer moves nothing"
        assert carry(params, "after", {"output": 7}) is None
        corrected = step([2, -3], 1, [1, 2], 1, 0.5).params  # y = 0 is wrong; who says 1 has nothing to do
        assert carry(corrected, "after", {"output": 1}) is None

    def test_rows_go_on_from_the_student_s_own_row(self):
        assert QUESTIONS["PERC-3"].parents == {"row2": ("row1",), "row3": ("row2",), "row4": ("row3",)}
        # the student forgot the bias in row 1: row 2 starts with (0.5, -1.5) and 0.5
        carried = QUESTIONS["PERC-3"].carry(epoch().params, "row2", {"row1": [[0.5, 1, 0.5, -1.5, 0.5]]})
        assert carried == [[-1.0, 0.0, 0.5, -0.5, 1.5]]

    def test_absurd_rows_are_not_carried(self):
        params = epoch().params
        assert QUESTIONS["PERC-3"].carry(params, "row2", {"row1": [[0.5, 1, 5000, -1.5, 0.5]]}) is None
        assert QUESTIONS["PERC-3"].carry(params, "row2", {"row1": []}) is None

    @pytest.mark.parametrize("level", LEVELS)
    def test_the_truth_leads_to_the_truth(self, level):
        variant = issue("PERC-3", np.random.default_rng(3), level)
        for part in variant.parts[1:]:
            given = {name: variant.truth[name] for name in QUESTIONS["PERC-3"].parents[part.id]}
            carried = QUESTIONS["PERC-3"].carry(variant.params, part.id, given)
            assert same(carried, variant.truth[part.id], part)


def test_prompts_state_every_convention():
    for id in IDS:
        for level in LEVELS:
            prompt = issue(id, np.random.default_rng(2), level).prompt
            assert "and $y = 0$ otherwise" in prompt
            assert (r"\eta" in prompt) == (id != "PERC-1")
    assert "**in this order**" in epoch().prompt
    assert "**before** the correction" in epoch().prompt
