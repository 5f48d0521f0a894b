"""Softmax and cross-entropy by hand: the lecture's numbers, acceptance, errors carried forward, names."""

import math
import re

import numpy as np
import pytest

from autograder.answers import KINDS, same
from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import cross_entropy, softmax

IDS = ("SMX-1", "SMX-2", "SMX-4")
LEVELS = (1, 2, 3)


def shares(**params):
    return QUESTIONS["SMX-1"].pose(params, softmax)


def cost(label, **params):
    return QUESTIONS["SMX-2"].pose({"label": label, **params}, cross_entropy)


def gradient(labels, x, **params):
    return QUESTIONS["SMX-4"].pose({"labels": labels, "x": x, **params}, softmax)


class TestGolden:
    """Numbers of the lectures (G-LOSS-04, G-LOSS-05, G-LOSS-06)."""

    def test_cat_of_the_lecture(self):
        variant = cost(0, scores=[3.2, 5.1, -1.7])
        assert variant.truth["p"] == pytest.approx(0.129983, abs=1e-6)
        assert variant.truth["loss"] == pytest.approx(2.04036, abs=1e-5)
        # an old version of the slide took the logarithm to base 10
        named = [m.name for m in name_typed("SMX-2", variant, {"loss": 0.886})]
        assert named == ["logarithm-to-base-ten"]

    def test_all_three_probabilities_of_the_cat(self):
        found = shares(scores=[3.2, 5.1, -1.7]).truth["p"]
        assert found == pytest.approx([0.129983, 0.86905, 0.000967926], abs=1e-6)

    def test_scores_of_a_thousand_do_not_overflow(self):
        found = cost(1, scores=[1000.0, 999.0, 998.0])
        assert found.truth["p"] == pytest.approx(0.244728, abs=1e-6)
        assert any("Subtract the highest score" in step for step in found.solution)

    def test_batch_gradient_of_the_lecture(self):
        variant = gradient([2, 1], [[1, 0], [0, 1]], scores=[[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
        want = [[0.0450153, 0.122364, -0.16738], [0.166667, -0.333333, 0.166667]]
        np.testing.assert_allclose(variant.truth["ds"], want, atol=1e-6)
        # with these features column d of dW is the gradient of image d
        np.testing.assert_allclose(variant.truth["dw"], np.transpose(want), atol=1e-6)

    def test_logarithms_of_whole_numbers_give_fractions(self):
        variant = shares(m=[2, 3, 5])
        assert variant.truth["p"] == pytest.approx([0.2, 0.3, 0.5])
        kind, part = KINDS["vec"], variant.parts[0]
        assert kind.judge(kind.parse("1/5 3/10 1/2", part), variant.truth["p"], part).score == 1.0

    def test_gradient_in_fractions(self):
        # p = (1/6, 2/6, 3/6); subtract 1 at class 2; times x = (2, -1)
        variant = gradient([2], [[2, -1]], m=[[1, 2, 3]])
        np.testing.assert_allclose(variant.truth["ds"], [[1 / 6, 1 / 3, -1 / 2]])
        np.testing.assert_allclose(variant.truth["dw"], [[1 / 3, -1 / 6], [2 / 3, -1 / 3], [-1, 1 / 2]])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_certificates_hold_and_mistakes_show(id, level, a_class):
    a_class(id, level, students=12, least=8)


@pytest.mark.parametrize("level", LEVELS)
def test_no_class_is_practically_certain(level):
    for seed in range(15):
        p = issue("SMX-1", np.random.default_rng(seed), level).truth["p"]
        assert len(p) == (4 if level == 3 else 3)
        assert min(p) >= 0.02
        assert sum(p) == pytest.approx(1.0)
        right = issue("SMX-2", np.random.default_rng(seed), level).truth["p"]
        assert 0.02 < right < 0.5, "the right class is not the likeliest one"


def test_level_three_needs_the_shift():
    for seed in range(10):
        variant = issue("SMX-2", np.random.default_rng(seed), 3)
        assert all(abs(score) > 900 for score in variant.params["scores"])
        shifted = re.search(r"large or too small: \$\(([^)]*)\)", "\n".join(variant.solution))[1]
        assert max(float(score) for score in shifted.split(",")) == 0


class TestCarriedForward:
    def test_loss_of_the_student_s_own_probability(self):
        variant = cost(0, m=[1, 2, 5])
        assert QUESTIONS["SMX-2"].parents == {"loss": ("p",)}
        assert QUESTIONS["SMX-2"].carry(variant.params, "loss", {"p": 0.2}) == pytest.approx(math.log(5))

    @pytest.mark.parametrize("p", [0.0, 1.0, -0.3, 1.4])
    def test_what_is_no_probability_is_not_carried(self, p):
        assert QUESTIONS["SMX-2"].carry(cost(0, m=[1, 2, 5]).params, "loss", {"p": p}) is None

    def test_weights_from_the_student_s_own_gradient(self):
        params = gradient([2], [[2, -1]], m=[[1, 2, 3]]).params
        carried = QUESTIONS["SMX-4"].carry(params, "dw", {"ds": [[1.0, 2.0, 3.0]]})
        assert carried == [[2.0, -1.0], [4.0, -2.0], [6.0, -3.0]]
        for trivial in ([[0, 0, -1.0]], [[1.0, 2.0]]):
            assert QUESTIONS["SMX-4"].carry(params, "dw", {"ds": trivial}) is None

    @pytest.mark.parametrize("level", LEVELS)
    def test_the_truth_leads_to_the_truth(self, level):
        for id, part in (("SMX-2", 1), ("SMX-4", 1)):
            variant = issue(id, np.random.default_rng(3), level)
            asked = variant.parts[part]
            given = {name: variant.truth[name] for name in QUESTIONS[id].parents[asked.id]}
            carried = QUESTIONS[id].carry(variant.params, asked.id, given)
            assert same(carried, variant.truth[asked.id], asked)


def test_prompts_state_every_convention():
    for level in LEVELS:
        assert "three decimals" in issue("SMX-1", np.random.default_rng(1), level).prompt
        single = issue("SMX-2", np.random.default_rng(1), level).prompt
        for words in ("**natural** logarithm", "counted from 0", "three decimals", "Do not round in between"):
            assert words in single, words
        slope = issue("SMX-4", np.random.default_rng(1), level)
        for words in ("one row per class", "counted from 0", "three places"):
            assert words in slope.prompt, words
        assert ("**mean**" in slope.prompt) == (level == 3)
