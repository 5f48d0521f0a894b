"""Two mistakes in one array, whose effects add up."""

import numpy as np
import pytest

from autograder.exercises import EXERCISES
from autograder.pairs import Row, adding_up


def row(off, effects, allowed=1e-12):
    truth = np.arange(1.0, len(off) + 1)
    return Row(truth + off, truth, np.full(len(off), allowed), lambda i: truth + effects[i])


def test_the_pair_whose_effects_add_up_is_found():
    rng = np.random.default_rng(1)
    effects = [rng.normal(size=8) for _ in range(5)]
    assert adding_up([row(effects[1] + effects[4], effects)], 5) == [(1, 4)]
    assert adding_up([row(effects[1] + effects[4] + 1e-6, effects)], 5) == []


def test_a_pair_must_explain_every_row():
    rng = np.random.default_rng(2)
    effects = [rng.normal(size=8) for _ in range(3)]
    rows = [row(effects[0] + effects[1], effects), row(effects[0] + effects[2], effects)]
    assert adding_up(rows, 3) == []


def test_few_numbers_and_effects_of_one_direction_explain_nothing():
    effects = [np.array([1.0, 2.0]), np.array([3.0, -1.0])]
    assert adding_up([row(effects[0] + effects[1], effects)], 2) == []
    shape = np.linspace(1.0, 2.0, 8)
    assert adding_up([row(-shape, [shape, -2.0 * shape])], 2) == []


def conv_forward(change):
    right = EXERCISES["conv_forward"].truth()

    def forward(X, W, b, s, p, d=1):
        Y, cache = right["conv_forward"](*change(X, W, b, s, p, d))
        return Y, cache

    return right | {"conv_forward": forward}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda X, W, b, s, p, d: (X, W[:, :, ::-1, ::-1], -b, s, p, d), {"kernel-flipped-forward", "bias-subtracted"}),
        (lambda X, W, b, s, p, d: (X, W / W[0, 0].size, -b, s, p, d), {"mean-over-window", "bias-subtracted"}),
    ],
)  # fmt: skip
def test_two_mistakes_in_one_result_are_both_named(change, names, judged):
    found = judged("conv_forward", conv_forward(change))
    assert [set(n.split("+")) for n in found.names] == [names]
    told = next(v for v in found.verdicts if v.status == "wrong")
    assert "more than one thing to mend" in told.hint[1]
