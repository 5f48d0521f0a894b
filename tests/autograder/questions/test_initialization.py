"""First weights by hand: golden instances of the lectures, acceptance over many seeds, wording, solutions."""

import math

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import initialization_std

LEVELS = (1, 2, 3)
QUESTION = QUESTIONS["INIT-1"]


def layer(shape, scheme, uniform=False):
    return QUESTION.pose({"shape": shape, "scheme": scheme, "uniform": uniform}, initialization_std)


def names(variant, values):
    return [m.name for m in name_typed("INIT-1", variant, values)]


@pytest.mark.parametrize(
    ("shape", "fans", "xavier", "limit", "he"),
    [
        ([256, 512], (512, 256), 0.051031, 0.0883883, 0.0625),
        ([128, 784], (784, 128), 0.0468293, 0.0811107, 0.0505076),
    ],
)
def test_layers_of_the_lecture(shape, fans, xavier, limit, he):  # G-INIT-01
    for scheme, uniform, spread in (("xavier", False, xavier), ("xavier", True, limit), ("he", False, he)):
        variant = layer(shape, scheme, uniform)
        assert (variant.truth["fan_in"], variant.truth["fan_out"]) == fans
        assert variant.truth["spread"] == pytest.approx(spread, abs=1e-6)


def test_a_convolution_reads_windows_of_all_channels():
    variant = layer([6, 3, 5, 5], "he")
    assert (variant.truth["fan_in"], variant.truth["fan_out"]) == (75, 150)
    assert variant.truth["spread"] == pytest.approx(0.163299, abs=1e-6)
    assert names(variant, {"fan_in": 3, "fan_out": 6, "spread": math.sqrt(2 / 3)}) == [
        "init-kernel-forgotten"
    ]
    assert "init-without-2" in names(variant, {"spread": 0.11547})


@pytest.mark.parametrize("level", LEVELS)
def test_students_get_different_instances_that_show_many_mistakes(level, a_class):
    drawn = a_class("INIT-1", level, students=40, least=5, proved=10)
    assert {variant.params["scheme"] for variant in drawn} == {"xavier", "he"}


def test_the_spread_follows_from_the_students_own_fans():
    variant = layer([6, 3, 5, 5], "xavier", True)
    carried = QUESTION.carry(variant.params, "spread", {"fan_in": 3, "fan_out": 6})
    assert carried == pytest.approx(math.sqrt(6 / 9))
    assert QUESTION.carry(variant.params, "spread", {"fan_in": 0, "fan_out": 6}) is None


@pytest.mark.parametrize("level", LEVELS)
def test_prompt_and_solution_state_the_formula_and_end_at_the_truth(level):
    for seed in range(6):
        variant = issue("INIT-1", np.random.default_rng(seed), level)
        below = "(n_\\text{in}+n_\\text{out})" if variant.params["scheme"] == "xavier" else "n_\\text{in}"
        assert f"**variance** $2/{below}$" in variant.prompt
        assert ("a/\\sqrt{3}" in variant.prompt) == (level == 3)
        assert ("filters" in variant.prompt) == (level > 1)
        assert f"{variant.truth['spread']:.4f}$" in variant.solution[-1]
        assert str(variant.truth["fan_in"]) in variant.solution[0]
