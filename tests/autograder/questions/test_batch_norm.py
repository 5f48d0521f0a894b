"""Batch normalisation by hand: golden instances of the lectures, acceptance over many seeds, wording, solutions."""

import re

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import certificate, issue, lookalikes, name_typed
from autograder.questions import QUESTIONS
from autograder.questions.normalization import patterns
from reference import batch_norm, batch_norm_parameters

IDS = ("BN-1", "BN-2", "BN-4")
LEVELS = (1, 2, 3)


def names(id, variant, values):
    return [m.name for m in name_typed(id, variant, values)]


class TestGolden:
    """Numbers of the lectures (G-BN-01, G-BN-04) or worked out by hand."""

    def batch(self):
        params = {"x": [[1], [2], [3], [4]], "gamma": [2], "beta": [1], "eps": 0.0, "running": None}
        return QUESTIONS["BN-1"].pose(params, batch_norm)

    def test_the_batch_of_the_lecture(self):
        truth = self.batch().truth
        np.testing.assert_allclose(truth["xhat"], [-1.34164, -0.447214, 0.447214, 1.34164], atol=1e-5)
        np.testing.assert_allclose(truth["y"], [-1.68328, 0.105573, 1.89443, 3.68328], atol=1e-5)

    def test_the_factor_m_minus_one_is_named(self):
        xhat = (np.arange(4) - 1.5) / np.sqrt(5 / 3)
        assert names("BN-1", self.batch(), {"xhat": xhat, "y": 2 * xhat + 1}) == ["unbiased-variance"]

    def test_stored_statistics_at_test_time(self):
        params = {"x": [[4], [7]], "gamma": [3], "beta": [-1], "eps": 1.0, "running": [[1], [8.0]]}
        variant = QUESTIONS["BN-2"].pose(params, batch_norm)
        assert variant.truth["y"] == [2, 5]  # 3 (4 - 1) / 3 - 1 and 3 (7 - 1) / 3 - 1
        own = "batch-statistics-in-test"
        spread = 3 * 1.5 / np.sqrt(1.5**2 + 1)
        assert own in names("BN-2", variant, {"y": [-spread - 1, spread - 1]})

    @pytest.mark.parametrize(("channels", "count"), [(3, 6), (5, 10)])
    def test_colours_and_filters(self, channels, count):
        params = {"channels": channels, "batch": 8, "maps": [4, 4]}
        variant = QUESTIONS["BN-4"].pose(params, batch_norm_parameters)
        assert variant.truth == {"learned": count, "measured": count}
        assert QUESTIONS["BN-4"].exact(params) == variant.truth
        assert names("BN-4", variant, {"learned": 3 * channels, "measured": count}) == ["alpha-counted"]

    def test_with_its_convolution(self):
        params = {"channels": 6, "batch": 8, "maps": [28, 28], "c_in": 3, "k": 5}
        variant = QUESTIONS["BN-4"].pose(params, batch_norm_parameters)
        assert variant.truth == {"learned": 450 + 12, "measured": 12}
        assert "bias-before-it-kept" in names("BN-4", variant, {"learned": 456 + 12, "measured": 12})


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_students_get_different_instances_that_show_many_mistakes(id, level, a_class):
    a_class(id, level, students=30, least=5, proved=8)


def test_the_space_is_no_smaller_than_declared():
    factors = 5 * 8
    shifts = 25 - 1  # one shift may make the sum 0
    assert len(patterns(4, 4)) * shifts * factors >= QUESTIONS["BN-1"].space[1]
    assert QUESTIONS["BN-4"].space == {1: 290, 2: 290, 3: 2_900}
    assert QUESTIONS["BN-4"].space[1] <= 300 - 3
    assert QUESTIONS["BN-4"].space[3] <= (64 - 2) * 16 * 3


def test_outputs_follow_from_the_students_own_normalised_values():
    question = QUESTIONS["BN-1"]
    one = issue("BN-1", np.random.default_rng(3), 1)
    g, b = one.params["gamma"][0], one.params["beta"][0]
    assert question.carry(one.params, "y", {"xhat": [1, 0, 2, -1]}) == [g + b, b, 2 * g + b, b - g]
    assert question.carry(one.params, "y", {"xhat": [0, 0, 0, 0]}) is None
    assert question.carry(one.params, "y", {"xhat": [1, 2]}) is None


@pytest.mark.parametrize("level", LEVELS)
def test_prompts_state_every_convention(level):
    training = issue("BN-1", np.random.default_rng(2), level)
    assert "**in training**" in training.prompt
    assert "divides by its size $m = 4$" in training.prompt
    assert f"\\varepsilon = {training.params['eps']:g}" in training.prompt
    assert ("running mean" in training.prompt) == (level == 3)
    testing = issue("BN-2", np.random.default_rng(2), level)
    assert "**tested**" in testing.prompt
    for word in ("running mean", "running variance", "gamma", "beta", "varepsilon"):
        assert word in testing.prompt
    assert all("two decimals" in part.prompt for part in (*training.parts, *testing.parts))
    counting = issue("BN-4", np.random.default_rng(2), level)
    assert str(counting.params["channels"]) in counting.prompt
    assert ("pixels" in counting.prompt) == (level > 1)


@pytest.mark.parametrize("level", LEVELS)
def test_solutions_end_at_the_truth(level):
    for seed in range(5):
        for id in ("BN-1", "BN-2"):
            variant = issue(id, np.random.default_rng(seed), level)
            text = "\n".join(variant.solution)
            assert all(f"{number:.2f}" in text for number in np.ravel(variant.truth["y"]))
        counting = issue("BN-4", np.random.default_rng(seed), level)
        ends = re.findall(r"= (\d+)\$", "\n".join(counting.solution))
        assert {str(count) for count in counting.truth.values()} <= set(ends)


@pytest.mark.parametrize("id", IDS)
def test_typing_what_a_mistake_answers_names_it(id):
    variant = issue(id, np.random.default_rng(5), 3)
    answers: dict[str, dict] = {}
    for trial in certificate(id, variant).lookalikes:
        answers.setdefault(trial.mistake, {})[trial.part] = trial.answer
    for mistake, wrong in answers.items():
        for part_id, value in wrong.items():
            part = next(part for part in variant.parts if part.id == part_id)
            read = KINDS[part.kind].parse(KINDS[part.kind].show(value), part)
            assert KINDS[part.kind].judge(read, variant.truth[part.id], part).score < 1
        assert mistake in names(id, variant, {**variant.truth, **wrong})


def test_a_mistake_that_divides_nothing_by_nothing_is_nobodys():
    """Over a single feature each mean is the entry itself, and without eps 0/0 follows."""
    one = issue("BN-1", np.random.default_rng(0), 1)
    assert "statistics-over-features" not in [mistake.name for mistake, _ in lookalikes("BN-1", one)]
    two = issue("BN-1", np.random.default_rng(0), 3)
    assert "statistics-over-features" in [mistake.name for mistake, _ in lookalikes("BN-1", two)]
