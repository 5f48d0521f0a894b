"""Normalising data by hand: golden instances of the lectures, acceptance over many seeds, wording, solutions."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import certificate, issue, name_typed
from autograder.questions import QUESTIONS
from autograder.questions.normalization import exact_root, patterns
from reference import standardize_apply, standardize_fit

IDS = ("NORM-1", "NORM-2", "NORM-4")
LEVELS = (1, 2, 3)
EIGHT = [2, 4, 4, 4, 5, 5, 7, 9]


def column(x, ddof=0):
    return QUESTIONS["NORM-1"].pose({"x": x, "ddof": ddof}, standardize_fit)


def names(id, variant, values):
    return [m.name for m in name_typed(id, variant, values)]


class TestGolden:
    """Numbers of the lectures (G-NORM-01, G-NORM-02) or worked out by hand."""

    def test_eight_numbers_divided_by_n(self):
        variant = column(EIGHT)
        assert variant.truth["mu"] == 5
        assert variant.truth["sigma"] == 2
        assert variant.truth["z"] == [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]

    def test_eight_numbers_divided_by_n_minus_one(self):
        variant = column(EIGHT, 1)
        assert variant.truth["sigma"] ** 2 == pytest.approx(4.57143, abs=1e-5)
        assert variant.truth["z"][0] == pytest.approx(-1.40312, abs=1e-5)
        assert variant.truth["z"][7] == pytest.approx(1.87083, abs=1e-5)

    def test_the_formula_of_the_slide_is_named(self):
        literal = [-0.65625, -0.21875, -0.21875, -0.21875, 0.0, 0.0, 0.4375, 0.875]
        sigma = math.sqrt(32 / 7)
        variant = column(EIGHT, 1)
        assert "divides-by-variance" in names("NORM-1", variant, {"mu": 5.0, "sigma": sigma, "z": literal})

    def test_test_data_with_statistics_of_the_training_data(self):
        params = {"train": [[0, 2, 1], [0, 2000, 1000]], "test": [[1, 3], [2000, 0]]}
        variant = QUESTIONS["NORM-2"].pose(params, standardize_apply)
        root = math.sqrt(1.5)  # three equally spaced numbers, divided by N: sigma = distance * sqrt(2/3)
        np.testing.assert_allclose(variant.truth["z"], [[0, root], [2 * root, -root]])

    def test_means_of_two_images(self):
        images = [[[[0, 2], [4, 6]], [[1, 1], [1, 5]]], [[[2, 2], [2, 2]], [[3, 3], [3, 7]]]]
        pixel = {"scheme": "per pixel", "images": images, "at": [0, 0, 1, 1]}
        assert QUESTIONS["NORM-4"].pose(pixel, standardize_fit).truth == {"shape": [2, 2, 2], "value": 2.0}
        channel = {"scheme": "per channel", "images": images, "at": [0, 0, 1, 1]}
        variant = QUESTIONS["NORM-4"].pose(channel, standardize_fit)
        assert variant.truth == {"shape": [2], "value": 3.5}  # channel 0: 20 / 8 = 2.5
        assert names("NORM-4", variant, {"shape": (2, 2, 2), "value": 2.0}) == ["mean-image"]
        scaled = {"scheme": "per channel, scaled", "images": images, "at": [1, 1, 1, 1]}
        value = QUESTIONS["NORM-4"].pose(scaled, standardize_fit).truth["value"]
        assert value == pytest.approx(
            (7 - 3) / 2
        )  # channel 1: mean 3, squares 4+4+4+4+0+0+0+16 = 32, / 8 = 4


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_students_get_different_instances_that_show_many_mistakes(id, level, a_class):
    a_class(id, level, students=40, least=5, proved=8)


def test_drawn_columns_have_whole_means_and_deviations():
    for level, ddof in ((1, 0), (2, 0), (3, 1)):
        for seed in range(10):
            x = issue("NORM-1", np.random.default_rng(seed), level).params["x"]
            mean = Fraction(sum(x), len(x))
            sigma = exact_root(sum((v - mean) ** 2 for v in x) / (len(x) - ddof))
            assert mean.denominator == 1
            assert sigma is not None
            assert sigma >= 2
            assert sigma.denominator == 1


def test_the_space_is_no_smaller_than_declared():
    means = 31
    assert len(patterns(5, 5)) * 2 * means >= QUESTIONS["NORM-1"].space[1]
    assert len(patterns(6, 6)) * 2 * means >= QUESTIONS["NORM-1"].space[2]
    assert len(patterns(6, 5)) * 2 * means >= QUESTIONS["NORM-1"].space[3]


def test_later_parts_follow_from_the_students_own_earlier_ones():
    question, variant = QUESTIONS["NORM-1"], column(EIGHT)
    assert question.parents == {"sigma": ("mu",), "z": ("mu", "sigma")}
    assert question.carry(variant.params, "sigma", {"mu": 5}) == 2
    assert question.carry(variant.params, "sigma", {"mu": 6}) == pytest.approx(math.sqrt(4 + 1))
    assert question.carry(variant.params, "z", {"mu": 6, "sigma": 4})[0] == -1
    assert question.carry(variant.params, "z", {"mu": 6, "sigma": 1}) is None
    assert question.carry(variant.params, "z", {"mu": 6, "sigma": 0}) is None


@pytest.mark.parametrize("level", LEVELS)
def test_prompts_state_every_convention(level):
    one = issue("NORM-1", np.random.default_rng(4), level).prompt
    assert ("by $N-1$" in one) == (level == 3)
    assert ("by $N$" in one) == (level < 3)
    assert "(x_i-\\mu)/\\sigma$" in one
    two = issue("NORM-2", np.random.default_rng(4), level).prompt
    assert "number of values $N$" in two
    assert "not by $\\sigma^2$" in two
    assert ("each feature by itself" in two) == (level == 3)
    four = issue("NORM-4", np.random.default_rng(4), level)
    assert "channels first" in four.prompt
    assert "counted from 0" in four.prompt
    assert ("standard deviation of each channel" in four.prompt) == (level == 3)
    assert len(re.findall("```\n", four.prompt)) >= 4


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_solutions_end_at_the_truth(id, level):
    for seed in range(5):
        variant = issue(id, np.random.default_rng(seed), level)
        text = "\n".join(variant.solution)
        last = variant.truth["value" if id == "NORM-4" else "z"]
        for number in np.ravel(last):
            assert f"{number:.2f}" in text


@pytest.mark.parametrize("id", IDS)
def test_typing_what_a_mistake_answers_names_it(id):
    variant = issue(id, np.random.default_rng(5), 3)
    answers: dict[str, dict] = {}
    for trial in certificate(id, variant).lookalikes:
        answers.setdefault(trial.mistake, {})[trial.part] = trial.answer
    for mistake, wrong in answers.items():
        for part in variant.parts:
            value = wrong.get(part.id, variant.truth[part.id])
            read = KINDS[part.kind].parse(KINDS[part.kind].show(value), part)
            judged = KINDS[part.kind].judge(read, variant.truth[part.id], part)
            assert (judged.score < 1) == (part.id in wrong)
        assert mistake in names(id, variant, {**variant.truth, **wrong})
