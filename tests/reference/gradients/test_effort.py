"""Few forward passes for a right gradient; among many entries the wrong one is found."""

import numpy as np
from gradient_pairs import linear, linear_backward, relu, relu_backward

from reference import check_gradient


def test_a_right_gradient_takes_few_forward_passes():
    """So many passes whatever the number of entries: the loop over entries would take 2 * 10_000."""
    x = np.random.default_rng(5).normal(size=(100, 100))
    check = check_gradient(lambda x: np.tanh(x) + x[:, ::-1] ** 2, _tanh_and_mirrored_square, (x,))
    assert check.outcome == "right", check
    assert check.calls <= 40


def _tanh_and_mirrored_square(dy, x):
    return dy * (1 - np.tanh(x) ** 2) + 2 * x * dy[:, ::-1]


def test_straight_lines_take_one_pass_for_each_group():
    """The 30 entries of a row of w touch a column of y each: 40 groups, each moved once after they are found."""
    r = np.random.default_rng(6)
    inputs = (r.normal(size=(8, 40)), r.normal(size=(40, 30)), np.zeros(30))
    check = check_gradient(linear, lambda dy, c: linear_backward(dy, c)[1], inputs, wrt="w", every_entry=True)
    assert check.outcome == "right", check
    assert check.calls < 700  # 600 of them to find the groups; the loop over entries takes 2400
    assert sum(row.entry.startswith("dw[") for row in check.rows) == 1200


def test_every_entry_finds_what_one_group_hides():
    """In groups, entry by entry: the wrong one is named, its neighbours in the group are not."""
    r = np.random.default_rng(7)
    inputs = (r.normal(size=(4, 6)), r.normal(size=(6, 5)), r.normal(size=5))

    def wrong(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        dw[3, 2] *= 1 + 1e-6
        return dx, dw, db

    check = check_gradient(linear, wrong, inputs, every_entry=True)
    assert check.outcome == "wrong"
    assert [row.entry for row in check.rows if row.outcome == "wrong" and "at once" not in row.entry] == [
        "dw[3, 2]"
    ]


def test_one_wrong_entry_among_many_is_hunted_down():
    r = np.random.default_rng(0)
    x = r.normal(size=(60, 400))

    def wrong(dy, x):
        dx = dy * (1 - np.tanh(x) ** 2)
        dx[41, 7] *= 1.001
        return dx

    check = check_gradient(np.tanh, wrong, (x,))
    assert check.outcome == "wrong"
    assert check.rows[0].entry == "dx[41, 7]"
    assert check.calls < 400


def test_many_zeros_hide_nothing_from_the_second_look():
    r = np.random.default_rng(1)
    x = np.maximum(r.normal(size=(60, 400)), 0)
    at = tuple(np.argwhere(x > 0.5)[1234])

    def wrong(dy, x):
        dx = dy * (x > 0)
        dx[at] *= 1.1
        return dx

    right = check_gradient(relu, relu_backward, (x,))
    assert right.outcome == "right"
    assert any("were measured singly" in note for note in right.notes)
    assert check_gradient(relu, wrong, (x,)).outcome == "wrong"
