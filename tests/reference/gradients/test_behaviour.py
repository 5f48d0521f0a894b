"""Functions that change what is not theirs, draw at random or keep state are told so."""

import numpy as np
import pytest
from gradient_pairs import linear, linear_backward, relu

from reference import check_gradient, numeric_gradient


def test_inputs_are_never_changed(x):
    before = x.copy()

    def clip(x):
        x[x < 0] = 0
        return x, x

    check_gradient(clip, lambda dy, x: dy * (x > 0), (x,))
    numeric_gradient(lambda v: clip(v)[0], x, np.ones_like(x))
    np.testing.assert_array_equal(x, before)


def test_a_forward_that_changes_its_input_is_told_so(x):
    def clip(x):
        x[x < 0] = 0
        return x.copy(), x.copy()

    check = check_gradient(clip, lambda dy, x: dy * (x > 0), (x,))
    assert check.outcome == "wrong"
    assert check.reason.startswith("forward changes its input x: work on a copy")
    assert "themselves are right" in check.reason


def test_a_backward_that_changes_dy_or_an_input_is_told_so(x):
    def in_place(dy, kept):
        dy *= kept > 0
        return dy

    check = check_gradient(relu, in_place, (x,))
    assert check.outcome == "wrong"
    assert "backward changes dy" in check.reason

    def spoil(dy, x):
        dx = dy * (x > 0)
        x[:] = 0
        return dx

    assert "backward changes its input x" in check_gradient(relu, spoil, (x,)).reason


def test_random_forward_is_told_so(x):
    rng = np.random.default_rng(0)
    check = check_gradient(lambda x: x * rng.random(x.shape), lambda dy, x: dy, (x,))
    assert check.outcome == "cannot tell"
    assert "another result" in check.reason


def test_a_generator_among_the_inputs_starts_anew_for_each_call(x):
    def dropout(x, rng):
        mask = rng.random(x.shape) < 0.5
        return x * mask, mask

    assert check_gradient(dropout, lambda dy, mask: dy * mask, (x, np.random.default_rng(5)))
    assert check_gradient(dropout, lambda dy, _mask: dy, (x, np.random.default_rng(5))).outcome == "wrong"


def test_gradients_piling_up_between_calls_are_told_so(x):
    total = np.zeros((4, 2))

    def piling(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        total[:] += dw
        return dx, total.copy(), db

    check = check_gradient(linear, piling, (x, np.ones((4, 2)), np.zeros(2)))
    assert check.outcome == "wrong"
    assert "keep no state" in check.reason


@pytest.mark.parametrize("period", [2, 3])
def test_a_backward_that_alternates_is_never_right(x, period):
    count = []

    def fickle(dy, x):
        count.append(1)
        return 2 * x * dy * (2 if len(count) % period == 0 else 1)

    assert check_gradient(lambda x: x**2, fickle, (x,)).outcome != "right"
