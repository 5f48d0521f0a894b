"""At a kink every slope between the two is accepted, and tied entries share one gradient."""

import numpy as np
import pytest
from gradient_pairs import all_win, first_wins, max_rows, relu, relu_backward, shared_win

from reference import check_gradient


@pytest.mark.parametrize("slope", [0, 0.5, 1])
def test_relu_at_zero_takes_any_slope_between_the_two(x, slope):
    x[0, 0] = x[1] = 0
    check = check_gradient(relu, lambda dy, x: dy * np.where(x == 0, slope, x > 0), (x,))
    assert check.outcome == "right", check
    assert "kink" in check.notes[0]


@pytest.mark.parametrize("slope", [-0.01, 1.01, 2])
def test_relu_at_zero_takes_no_other_slope(x, slope):
    x[0, 0] = x[1] = 0
    check = check_gradient(relu, lambda dy, x: dy * np.where(x == 0, slope, x > 0), (x,))
    assert check.outcome == "wrong"


def test_a_wrong_entry_beside_zeros_is_found(x):
    x[1] = 0

    def wrong(dy, x):
        dx = dy * (x > 0)
        dx[tuple(np.argwhere(x > 0)[0])] *= 1 + 1e-6
        return dx

    check = check_gradient(relu, wrong, (x,))
    assert check.outcome == "wrong"
    assert "1 of 12" in check.reason


@pytest.mark.parametrize("backward", [first_wins, shared_win])
def test_ties_may_go_to_one_or_be_shared(backward):
    for seed in range(5):
        ties = np.random.default_rng(seed).integers(0, 3, size=(6, 4)).astype(float)
        check = check_gradient(max_rows, backward, (ties,))
        assert check.outcome == "right", check


def test_ties_may_not_get_the_gradient_once_each():
    for seed in range(5):
        ties = np.random.default_rng(seed).integers(0, 3, size=(6, 4)).astype(float)
        ties[0] = [2, 1, 2, 0]
        check = check_gradient(max_rows, all_win, (ties,))
        assert check.outcome == "wrong", check
        assert "share one gradient" in check.reason


def test_ties_between_two_inputs():
    inputs = (np.ones(3), np.ones(3))
    assert check_gradient(np.maximum, lambda dy, a, b: (dy * (a >= b), dy * (a < b)), inputs)
    both = check_gradient(np.maximum, lambda dy, a, b: (dy * (a >= b), dy * (a <= b)), inputs)
    assert both.outcome == "wrong"


def test_a_tie_without_valid_bounds_is_left_open():
    """Of max(x0,x1) - max(x1,x2) at a tie, what first-wins gives lies outside the slopes on either side."""

    def forward(x):
        return max(x[0], x[1]) - max(x[1], x[2]), x

    def backward(dy, x):
        dx = np.zeros(3)
        dx[x[:2].argmax()] += dy
        dx[1 + x[1:].argmax()] -= dy
        return dx

    check = check_gradient(forward, backward, (np.ones(3),))
    assert check.outcome == "cannot tell"
    assert "kink exactly at these inputs" in check.reason
    assert check_gradient(forward, lambda dy, x: 2 * backward(dy, x), (np.ones(3),)).outcome == "wrong"


def test_a_kink_close_by_is_no_kink_here():
    near = np.array([1e-4, -1e-4, 0.5])
    assert check_gradient(relu, relu_backward, (near,)).outcome == "right"
    assert check_gradient(relu, lambda dy, x: dy * (x > -1e-3), (near,)).outcome == "wrong"


@pytest.mark.parametrize("every_entry", [False, True])
def test_a_tie_that_nobody_wins_is_wrong(every_entry):
    ties = np.array([[1.0, 1.0, 0.0], [0.5, 2.0, 1.0]])

    def nobody(dy, x):
        dx = first_wins(dy, x)
        dx[0] = 0
        return dx

    check = check_gradient(max_rows, nobody, (ties,), every_entry=every_entry)
    assert check.outcome == "wrong", check
