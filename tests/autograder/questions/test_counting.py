"""Counting iterations by hand: golden instances of the lectures, acceptance over many seeds, solutions."""

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import iterations_per_epoch

LEVELS = (1, 2, 3)
QUESTION = QUESTIONS["COUNT-1"]


def count(n, batch, epochs=5, drop_last=False):
    params = {"n": n, "batch": batch, "epochs": epochs, "drop_last": drop_last}
    assert QUESTION.exact(params) == QUESTION.pose(params, iterations_per_epoch).truth
    return QUESTION.pose(params, iterations_per_epoch)


@pytest.mark.parametrize(
    ("n", "batch", "iterations", "last"), [(2000, 300, 7, 200), (60000, 128, 469, 96), (10, 3, 4, 1)]
)
def test_numbers_of_the_lecture(n, batch, iterations, last):  # G-OPT-05
    assert count(n, batch).truth == {"iterations": iterations, "last": last, "total": 5 * iterations}


def test_skipping_the_rest():
    variant = count(2000, 300, drop_last=True)
    assert variant.truth == {"iterations": 6, "last": 300, "total": 30}
    named = name_typed("COUNT-1", variant, {"iterations": 7, "last": 200, "total": 35})
    assert [m.name for m in named] == ["short-batch-kept"]


def test_the_definition_of_the_slide_is_named():
    named = name_typed("COUNT-1", count(2000, 300), {"iterations": 300})
    assert [m.name for m in named] == ["batch-size-for-number-of-batches"]
    over_all = name_typed("COUNT-1", count(2000, 300), {"iterations": 7, "last": 200, "total": 34})
    assert [m.name for m in over_all] == ["iterations-over-all-epochs"]


@pytest.mark.parametrize("level", LEVELS)
def test_students_get_different_instances_that_show_many_mistakes(level, a_class):
    a_class("COUNT-1", level, students=60, least=6, proved=20)


def test_the_total_follows_from_the_students_own_iterations():
    params = count(2000, 300).params
    assert QUESTION.carry(params, "total", {"iterations": 6}) == 30
    assert QUESTION.carry(params, "total", {"iterations": 1}) is None


@pytest.mark.parametrize("level", LEVELS)
def test_prompt_says_what_becomes_of_the_rest_and_the_solution_ends_at_the_truth(level):
    for seed in range(10):
        variant = issue("COUNT-1", np.random.default_rng(seed), level)
        assert ("drop last" in variant.prompt) == (level == 3)
        assert ("counts as an iteration, too" in variant.prompt) == (level < 3)
        assert f"= {variant.truth['total']}$ updates" in variant.solution[2]
        assert f"${variant.truth['last']}$ examples" in variant.solution[1]
