"""The hinge loss by hand: the lecture's numbers, acceptance, errors carried forward, wording, names."""

import re
from fractions import Fraction

import numpy as np
import pytest

from autograder.answers import same
from autograder.instances import instance_key, issue, name_typed
from autograder.questions import QUESTIONS
from reference import hinge

IDS = ("SVM-1", "SVM-2", "SVM-3")
LEVELS = (1, 2, 3)
CAT_CAR_FROG = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]


def one(scores, label, delta=1):
    return QUESTIONS["SVM-1"].pose({"scores": scores, "label": label, "delta": delta}, hinge)


def batch(w=((1, 2), (0, -1), (3, 0)), b=(1, 0, -1), lam=0.1, **more):
    params = {
        "w": [*map(list, w)],
        "b": [*b],
        "lam": lam,
        "labels": [0, 1, 2],
        "scores": CAT_CAR_FROG,
        **more,
    }
    return QUESTIONS["SVM-2"].pose(params, hinge)


class TestGolden:
    """Numbers of the lectures (G-LOSS-01, G-LOSS-02, G-LOSS-03)."""

    @pytest.mark.parametrize(("label", "loss", "slide"), [(0, 2.9, 11.8), (1, 0.0, 15.1), (2, 12.9, 0.5)])
    def test_cat_car_and_frog(self, label, loss, slide):
        variant = one(CAT_CAR_FROG[label], label)
        assert variant.truth["loss"] == pytest.approx(loss)
        assert QUESTIONS["SVM-1"].exact(variant.params)["loss"] == pytest.approx(loss)
        assert "hinge-right-score-added" in [m.name for m in name_typed("SVM-1", variant, {"loss": slide})]

    def test_three_images_and_a_penalty(self):
        variant = batch()
        assert variant.truth["losses"] == pytest.approx([2.9, 0.0, 12.9])
        assert variant.truth["data"] == pytest.approx(5.266666667)
        # the squares are 1 + 4 + 1 + 9 = 15
        assert variant.truth["total"] == pytest.approx(5.266666667 + 1.5)

    def test_scores_from_weights(self):
        # two examples of a lecture companion, whose second margin lies exactly on the kink
        w, x = [[0.5, -1.0], [1.0, 0.5], [-0.5, 0.0]], [[1.0, 2.0], [-1.0, 1.0]]
        params = {"w": w, "b": [0, 0, 0], "lam": 0.1, "labels": [0, 1], "x": x}
        assert QUESTIONS["SVM-2"].pose(params, hinge).truth["total"] == pytest.approx(4.525)
        assert QUESTIONS["SVM-2"].gap(params) == 0

    def test_ten_classes_start_at_nine(self):
        variant = QUESTIONS["SVM-3"].pose({"classes": 10, "delta": 1, "images": 1, "constant": 4}, hinge)
        assert variant.truth == {"start": 9.0, "shift": 0}
        assert variant.parts[1].options["choices"][0] == "It does not change."
        named = [m.name for m in name_typed("SVM-3", variant, {"start": 2.3})]
        assert named == ["hinge-start-logarithm"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_certificates_hold_and_mistakes_show(id, level, a_class):
    for variant in a_class(id, level, students=12, least=5):
        assert len(variant.parts) == len(variant.truth)


def test_the_order_of_the_wrong_classes_makes_no_other_instance():
    first, turned = one([1.0, 2.5, -1.5], 0), one([-1.5, 2.5, 1.0], 2)
    other = one([2.5, 1.0, -1.5], 0)
    assert instance_key("SVM-1", first.params) == instance_key("SVM-1", turned.params)
    assert instance_key("SVM-1", first.params) != instance_key("SVM-1", other.params)


def test_margins_of_zero_are_ties():
    assert QUESTIONS["SVM-1"].gap(one([1.0, 0.0, 3.0], 0).params) == 0
    assert QUESTIONS["SVM-1"].gap(one([1.0, 0.1, 3.0], 0).params) == pytest.approx(0.1)


@pytest.mark.parametrize("level", LEVELS)
def test_levels_of_the_single_example(level):
    for seed in range(10):
        params = issue("SVM-1", np.random.default_rng(seed), level).params
        scores, right = params["scores"], params["scores"][params["label"]]
        margins = [Fraction(str(s)) - Fraction(str(right)) + Fraction(str(params["delta"])) for s in scores]
        charged = sum(m > 0 for m in margins) - 1
        assert len(scores) == level + 2
        assert (params["delta"] == 1) == (level < 3)
        assert 1 <= charged <= len(scores) - 2, "some classes are charged, not all"


@pytest.mark.parametrize("level", LEVELS)
def test_solutions_work_every_margin_out(level):
    for seed in range(6):
        for id in ("SVM-1", "SVM-2"):
            variant = issue(id, np.random.default_rng(seed), level)
            text = "\n".join(variant.solution)
            lines = re.findall(r"Delta = (\S+) - (\S+) \+ (\S+) = ([-\d.]+)\$, (kept|not)", text)
            wrong = level + 1 if id == "SVM-1" else 2
            assert len(lines) == wrong * len(variant.params.get("labels", [0]))
            for score, right, delta, margin, word in lines:
                value = float(score) - float(right.strip("()")) + float(delta)
                assert value == pytest.approx(float(margin))
                assert (value > 0) == (word == "kept")


class TestCarriedForward:
    """A part is answered from the student's own numbers before it."""

    def carry(self, part, **given):
        return QUESTIONS["SVM-2"].carry(batch().params, part, given)

    def test_parts_follow_from_each_other(self):
        assert QUESTIONS["SVM-2"].parents == {"data": ("losses",), "total": ("data",)}

    def test_the_mean_of_the_student_s_own_losses(self):
        assert self.carry("data", losses=[3.9, 1.0, 13.9]) == pytest.approx(18.8 / 3)

    def test_the_total_on_the_student_s_own_mean(self):
        assert self.carry("total", data=18.8) == pytest.approx(20.3)

    def test_the_truth_leads_to_the_truth(self):
        variant = batch()
        for part in variant.parts[1:]:
            parents = QUESTIONS["SVM-2"].parents[part.id]
            carried = self.carry(part.id, **{name: variant.truth[name] for name in parents})
            assert same(carried, variant.truth[part.id], part)

    @pytest.mark.parametrize("losses", [[0, 0, 0], [1, 2], [1, -2, 3]])
    def test_what_cannot_be_losses_is_not_carried(self, losses):
        assert self.carry("data", losses=losses) is None
        assert self.carry("total", data=0.0) is None


def test_prompts_state_every_convention():
    for level in LEVELS:
        single = issue("SVM-1", np.random.default_rng(5), level).prompt
        for words in ("counted from 0", "wrong** classes", "no penalty", r"\Delta ="):
            assert words in single, words
        several = issue("SVM-2", np.random.default_rng(5), level).prompt
        for words in ("mean of the", "biases are not penalised", "two decimals", r"\lambda ="):
            assert words in several, words
        start = issue("SVM-3", np.random.default_rng(5), level).prompt
        assert "practically 0" in start
        assert ("mean over" in start) == (level == 3)
