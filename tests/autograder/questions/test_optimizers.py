"""Descents by hand: golden instances of the lectures, acceptance over many seeds, wording, solutions."""

import numpy as np
import pytest

from autograder.instances import certificate, issue, name_typed
from autograder.questions import QUESTIONS
from reference import momentum, sgd

IDS = ("OPT-1", "OPT-2")
LEVELS = (1, 2, 3)


def names(id, variant, values):
    return [m.name for m in name_typed(id, variant, values)]


class TestGolden:
    """Numbers of the lectures (G-OPT-02, G-OPT-09, G-REG-05) or worked out by hand."""

    def parabola(self, both):
        params = {"centre": 0, "w": 1, "lr": 0.1, "alpha": 0.5, "steps": 4, "both": both}
        return QUESTIONS["OPT-2"].pose(params, momentum)

    def test_both_readings_of_momentum(self):
        variant = self.parabola(True)
        np.testing.assert_allclose(variant.truth["classical"], [0.8, 0.54, 0.302, 0.1226])
        np.testing.assert_allclose(variant.truth["slide"], [0.8, 0.54, 0.352, 0.2276])
        exchanged = {"classical": variant.truth["slide"], "slide": variant.truth["classical"]}
        assert names("OPT-2", variant, exchanged) == ["readings-exchanged"]

    def test_velocities(self):
        np.testing.assert_allclose(self.parabola(False).truth["v"], [2, 2.6, 2.38, 1.794])

    def test_one_epoch_in_batches_of_two(self):
        data = {"x": [1, 2, 3, -1], "y": [2, 3, 7, 0], "w": 0, "lr": 0.05, "batches": [[2, 0], [3, 1]]}
        variant = QUESTIONS["OPT-1"].pose(data, sgd)
        assert variant.truth == pytest.approx({"w1": 1.15, "w2": 1.1625})
        assert QUESTIONS["OPT-1"].exact(data) == pytest.approx(variant.truth)
        # example by example: 2.1, 2.09 and 1.881, 1.7286
        assert names("OPT-1", variant, {"w1": 2.09}) == ["update-after-each-example"]

    def test_weight_decay(self):
        params = {"w": [1, -2], "gradients": [[1, 0], [0, 0]], "lr": 0.1, "lam": 0.05}
        variant = QUESTIONS["OPT-1"].pose(params, sgd)
        assert variant.truth["w"] == pytest.approx([0.94, -1.98])
        assert variant.truth["g"] == pytest.approx([0.6, -0.2])
        assert names("OPT-1", variant, {"g": [0.5, 0], "w": [0.95, -2]}) == ["penalty-forgotten"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_students_get_different_instances_that_show_many_mistakes(id, level, a_class):
    a_class(id, level, students=40, least=5, proved=10)


def test_later_parts_follow_from_the_students_own_earlier_ones():
    step, walk = QUESTIONS["OPT-1"], QUESTIONS["OPT-2"]
    given = {"w": [1, -2], "gradients": [[1, 0], [0, 0]], "lr": 0.1, "lam": 0.05}
    assert step.carry(given, "w", {"g": [1, 2]}) == pytest.approx([0.9, -2.2])
    assert step.carry(given, "w", {"g": [0, 0]}) is None
    data = {"x": [1, 2, 3, -1], "y": [2, 3, 7, 0], "w": 0, "lr": 0.05, "batches": [[2, 0], [3, 1]]}
    # at w = 1: ((-1) (-1) + (-1) 2) / 2 * 2 = -1
    assert step.carry(data, "w2", {"w1": 1.0}) == pytest.approx(1.05)
    params = {"centre": 0, "w": 1, "lr": 0.1, "alpha": 0.5, "steps": 2, "both": False}
    assert walk.carry(params, "w", {"v": [2, 3]}) == pytest.approx([0.8, 0.5])
    assert walk.carry(params, "w", {"v": [2, 0]}) is None


@pytest.mark.parametrize("level", LEVELS)
def test_prompts_state_every_convention(level):
    step = issue("OPT-1", np.random.default_rng(2), level).prompt
    assert "**mean**" in step
    assert ("\\lambda" in step) == (level == 2)
    assert ("batch size 2" in step) == (level == 3)
    walk = issue("OPT-2", np.random.default_rng(2), level).prompt
    assert "$v_t = \\alpha v_{t-1} + g_t$" in walk
    assert "$v_{-1} = 0$" in walk
    assert ("$g_{-1} = 0$" in walk) == (level == 3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_solutions_end_at_the_truth(id, level):
    places = 2 if (id, level) in (("OPT-1", 1), ("OPT-1", 2)) else 3
    asked = ["w1", "w2"] if (id, level) == ("OPT-1", 3) else ["classical", "slide"] if level == 3 else ["w"]
    for seed in range(5):
        variant = issue(id, np.random.default_rng(seed), level)
        text = "\n".join(variant.solution)
        for part in asked:
            assert all(f"{number:.{places}f}" in text for number in np.ravel(variant.truth[part]))


@pytest.mark.parametrize("id", IDS)
def test_typing_what_a_mistake_answers_names_it(id):
    for level in LEVELS:
        variant = issue(id, np.random.default_rng(5), level)
        answers: dict[str, dict] = {}
        for trial in certificate(id, variant).lookalikes:
            answers.setdefault(trial.mistake, {})[trial.part] = trial.answer
        for mistake, wrong in answers.items():
            assert mistake in names(id, variant, {**variant.truth, **wrong})
