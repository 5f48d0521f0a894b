"""Dropout and early stopping by hand: instances of the lectures, acceptance, wording, solutions, errors carried on."""

import re

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import dropout, early_stopping

IDS = ("DROP-1", "DIAG-2")
LEVELS = (1, 2, 3)


def dropped(x, mask, keep, told="keep"):
    return QUESTIONS["DROP-1"].pose({"x": x, "mask": mask, "keep": keep, "told": told}, dropout)


def stopping(val, patience):
    params = {"val": val, "train": [90 - 3 * i for i in range(len(val))], "patience": patience}
    return QUESTIONS["DIAG-2"].pose(params, early_stopping)


class TestGolden:
    """Fixed instances: the lectures' numbers (G-REG-04, G-REG-06) or worked out by hand."""

    def test_four_units_half_of_them_dropped(self):
        variant = dropped([[1, -2, 3, 4]], [[1, 0, 0, 1]], "0.5")
        assert variant.truth == {"y": [2, 0, 0, 8]}
        classic = {"y": np.array([1.0, 0, 0, 4])}
        assert [m.name for m in name_typed("DROP-1", variant, classic)] == ["survivors-not-scaled"]

    def test_a_quarter_kept_counts_four_times(self):
        variant = dropped([[1, -2], [3, 5]], [[1, 0], [0, 1]], "0.25", "drop")
        assert variant.truth == {"y": [[4, 0], [0, 20]]}
        assert "**dropped** with probability $p = 0.75$" in variant.prompt

    @pytest.mark.parametrize(("patience", "stop", "best"), [(1, 3, 2), (2, 6, 4)])
    def test_the_losses_of_the_lecture(self, patience, stop, best):
        variant = stopping([100, 70, 50, 55, 45, 46, 48, 50], patience)
        assert variant.truth == {"stop": stop, "best": best}
        assert QUESTIONS["DIAG-2"].exact(variant.params) == variant.truth

    def test_a_patience_that_is_never_used_up(self):
        variant = stopping([50, 40, 45, 30], 2)
        assert variant.truth == {"stop": 3, "best": 3}
        assert "never got there" in variant.solution[-1]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_a_class_gets_different_instances_that_show_four_mistakes(id, level, a_class):
    a_class(id, level, students=60, least=4)


def test_levels_ask_for_more():
    for seed in range(20):
        one, two, three = (issue("DROP-1", np.random.default_rng(seed), level) for level in LEVELS)
        assert "**kept** with probability" in one.prompt
        assert "**dropped** with probability" in two.prompt
        assert [part.kind for variant in (one, two, three) for part in variant.parts] == ["vec", "vec", "mat"]
        plain, bumpy, late = (issue("DIAG-2", np.random.default_rng(seed), level) for level in LEVELS)
        assert plain.params["val"][plain.truth["best"]] == min(plain.params["val"])
        first_rise = next(i for i in range(1, 15) if bumpy.params["val"][i] > bumpy.params["val"][i - 1])
        assert first_rise < bumpy.truth["best"]
        assert late.params["val"].index(min(late.params["val"])) > late.truth["stop"]


@pytest.mark.parametrize("level", LEVELS)
def test_losses_are_all_different_and_training_losses_fall(level):
    for seed in range(30):
        params = issue("DIAG-2", np.random.default_rng(seed), level).params
        assert len(set(params["val"])) == len(params["val"]) == len(params["train"]) <= 14
        assert sorted(params["train"], reverse=True) == params["train"]
        assert params["train"][-1] > 0


@pytest.mark.parametrize("level", LEVELS)
def test_prompts_state_every_convention(level):
    drop = issue("DROP-1", np.random.default_rng(5), level).prompt
    for words in (
        "**inverted** dropout",
        "1 means the unit is kept",
        "two places",
        "nothing needs to be changed",
    ):
        assert words in drop
    assert ("Each row is one example" in drop) == (level == 3)
    stop = issue("DIAG-2", np.random.default_rng(5), level)
    for words in (
        "counted from 0",
        "in a row without a new lowest",
        "however small",
        f"patience {stop.params['patience']}",
    ):
        assert words in stop.prompt
    rows = re.findall(r"\| (\d+) \| ([\d.]+) \| ([\d.]+) \|", stop.prompt)
    assert [round(100 * float(row[2])) for row in rows] == stop.params["val"]


@pytest.mark.parametrize("level", LEVELS)
def test_solutions_lead_to_the_truth(level):
    for seed in range(10):
        variant = issue("DROP-1", np.random.default_rng(seed), level)
        worked = re.findall(r"dropped, \$(0)\$|= (-?[\d.]+)\$(?:\n|$)", variant.solution[1])
        values = [float(a or b) for a, b in worked]
        assert values == np.ravel(variant.truth["y"]).tolist()
        stop = issue("DIAG-2", np.random.default_rng(seed), level)
        lines = stop.solution[1].split("\n")
        assert len(lines) == stop.truth["stop"] + 1
        assert lines[-1].endswith(f"waited {stop.params['patience']}")
        assert "new lowest" in lines[stop.truth["best"]]


def test_the_best_epoch_is_carried_on_from_the_students_own_stop():
    variant = stopping([100, 70, 50, 55, 45, 46, 48, 50, 40], 2)
    carry = QUESTIONS["DIAG-2"].carry
    assert variant.truth == {"stop": 6, "best": 4}
    assert carry(variant.params, "best", {"stop": 3}) == 2
    assert carry(variant.params, "best", {"stop": 8}) == 8
    assert carry(variant.params, "best", {"stop": 0}) is None
    assert carry(variant.params, "best", {"stop": 9}) is None
