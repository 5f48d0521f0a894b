"""The rule of `minibatches`: any shuffle into full batches is right; everything else is told apart."""

import numpy as np
import pytest

from autograder.properties import RULES


def complaints(function, n=25, batch=4, seeds=(1, 1, 2)):
    results = [function(n, batch, np.random.default_rng(s)) for s in seeds]
    return RULES["minibatches"]({"N": n, "batch": batch}, results)


def cut(order, batch):
    return [order[i : i + batch] for i in range(0, len(order), batch)]


def shuffled_in_place(n, batch, rng):
    order = np.arange(n)
    rng.shuffle(order)
    return tuple(cut(order, batch))


def by_sorting_random_numbers(n, batch, rng):
    return [list(b) for b in cut([int(i) for i in np.argsort(rng.random(n))], batch)]


def drawn_one_by_one(n, batch, rng):
    left, order = list(range(n)), []
    while left:
        order.append(left.pop(int(rng.integers(len(left)))))
    return cut(order, batch)


@pytest.mark.parametrize("right", [shuffled_in_place, by_sorting_random_numbers, drawn_one_by_one])
@pytest.mark.parametrize(("n", "batch"), [(24, 6), (25, 4), (12, 12), (9, 20), (10, 1), (1, 1), (2, 1)])
def test_every_honest_shuffle_is_right(right, n, batch):
    assert complaints(right, n, batch) == []


STATE = np.random.default_rng(0)  # kept between calls, whatever generator they are given
WRONG = {
    "shuffle": lambda n, b, rng: cut(np.arange(n), b),
    "same generator twice": lambda n, b, rng: cut(STATE.permutation(n), b),
    "Another generator": lambda n, b, rng: cut(np.random.default_rng(0).permutation(n), b),
    "twice in one epoch": lambda n, b, rng: cut(np.where((p := rng.permutation(n)) == 3, 4, p), b),
    "Indices must lie": lambda n, b, rng: cut(rng.permutation(n) + 1, b),
    "here one is -1": lambda n, b, rng: cut(rng.permutation(n) - 1, b),
    "in no batch": lambda n, b, rng: cut(rng.permutation(n)[: n - n % b], b),
    "Batch sizes are": lambda n, b, rng: np.array_split(rng.permutation(n), 7),
    "whole numbers": lambda n, b, rng: cut(rng.permutation(n) * 1.0, b),
    "one-dimensional": lambda n, b, rng: [rng.permutation(n)[:, None]],
    "Expected a list": lambda n, b, rng: rng.permutation(n),
}


@pytest.mark.parametrize("says", WRONG)
def test_every_fault_has_its_own_complaint(says):
    found = complaints(WRONG[says])
    assert len(found) == 1
    assert says in found[0]


@pytest.mark.parametrize(
    "result", [None, 5, "abc", [], [None], [[0, 1], "x"], {}, [np.array([])], [[]], [[[0]]]]
)
def test_results_of_any_kind_are_answered_with_a_sentence(result):
    found = complaints(lambda n, b, rng: result)
    assert len(found) == 1
    assert found[0].endswith(".")


@pytest.mark.parametrize("later", ["nothing", None, [None], [[0, 1]], 3, [np.arange(25)[:, None]]])
def test_later_calls_are_held_to_the_same(later):
    good = cut(np.random.default_rng(1).permutation(25), 4)
    for results in ([good, later, good], [good, good, later]):
        assert len(RULES["minibatches"]({"N": 25, "batch": 4}, results)) == 1


SINGLE, RAGGED = np.array(3), ([1, [2]], 1)


@pytest.mark.parametrize(
    "part", [SINGLE, 2.5, None, "a", {}, [1, [2]], RAGGED, [SINGLE, [1]], np.empty((0, 3))]
)
def test_parts_that_are_no_lists_of_indices_get_a_sentence(part):
    """An array of no axis has no length, and a ragged list no shape: neither may stop the judge."""
    split = {"R": 12, "frac": 0.25}
    assert len(RULES["train_test_split"](split, [(part, part)] * 3)) == 1
    assert len(RULES["kfold_indices"]({"R": 12, "k": 3}, [[part] * 3] * 3)) == 1
    assert len(RULES["kfold_indices"]({"R": 12, "k": 3}, [[[*range(6)], [*range(6, 12)], part]] * 3)) == 1


@pytest.mark.parametrize(("R", "k"), [(5, 2), (6, 3), (7, 3), (9, 2), (17, 10), (20, 4), (24, 3)])
def test_honest_folds_are_never_taken_for_others(R, k):
    for seed in range(300):

        def folds(s, R=R, k=k):
            return np.array_split(np.random.default_rng(s).permutation(R), k)

        results = [folds(2 * seed), folds(2 * seed), folds(2 * seed + 1)]
        assert RULES["kfold_indices"]({"R": R, "k": k}, results) == []
