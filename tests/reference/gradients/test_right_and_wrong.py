"""Nothing right is refused, nothing wrong passes: layers of every kind, one entry off by a millionth, zeros."""

import numpy as np
import pytest
from gradient_pairs import PAIRS, arrays_in, linear, linear_backward, pair, softmax, softmax_backward
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import check_gradient


@pytest.mark.parametrize("every_entry", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_right_gradients_are_right(name, every_entry):
    for seed in range(3 if every_entry else 8):
        forward, backward, inputs = pair(name, seed)
        check = check_gradient(
            forward, backward, inputs, every_entry=every_entry, rng=np.random.default_rng(seed)
        )
        assert check.outcome == "right", f"seed {seed}: {check}"
        assert check


def test_saturated_softmax_is_never_called_wrong():
    for seed in range(8):
        r = np.random.default_rng(seed)
        for scale in (30, 1000):
            check = check_gradient(softmax, softmax_backward, (scale * r.normal(size=(4, 6)),))
            assert check.outcome != "wrong", check


@pytest.mark.parametrize("scale", [1e-140, 1e-8, 1e8, 1e150])
def test_size_of_the_numbers_does_not_matter(x, scale):
    assert check_gradient(lambda x: x**2, lambda dy, x: 2 * x * dy, (scale * x,))
    wrong = check_gradient(lambda x: x**2, lambda dy, x: 2 * x * dy * (1 + 1e-6), (scale * x,))
    assert wrong.outcome == "wrong"


@pytest.mark.parametrize("name", ["linear", "conv", "softmax", "batch norm", "cross-entropy"])
def test_one_entry_off_by_a_millionth_is_caught_wherever_it_is(name):
    forward, backward, inputs = pair(name, 3)
    y, cache = forward(*inputs)
    true = arrays_in(backward(np.linspace(-1, 1, np.size(y)).reshape(np.shape(y)), cache))
    # An entry of 1e-8 beside others of 1 has only eight digits above the rounding of the others.
    visible = np.concatenate([np.abs(a).ravel() > 1e-6 * np.abs(a).max() for a in true])
    places = np.flatnonzero(visible)
    assert len(places) > 0.9 * len(visible)

    def spoilt(at):
        def wrong(dy, cache):
            gradients = backward(dy, cache)
            left = at
            for array in arrays_in(gradients):
                if left < array.size:
                    array.flat[left] *= 1 + 1e-6
                    return gradients
                left -= array.size
            raise AssertionError

        return wrong

    for at in places[:: max(1, len(places) // 40)]:
        check = check_gradient(forward, spoilt(at), inputs)
        assert check.outcome == "wrong", (at, check)


@pytest.mark.parametrize("name", ["softmax", "batch norm"])
def test_zeros_are_refused_where_the_gradient_of_the_sum_is_zero(name):
    forward, backward, inputs = pair(name)
    y, cache = forward(*inputs)
    dx = arrays_in(backward(np.ones_like(y), cache))[0]
    assert np.abs(dx).max() < 1e-12  # the trap: with dy = 1 zeros would be right

    def zeros(dy, cache):
        real = backward(dy, cache)
        return np.zeros_like(real) if isinstance(real, np.ndarray) else (np.zeros_like(real[0]), *real[1:])

    check = check_gradient(forward, zeros, inputs)
    assert check.outcome == "wrong"
    assert "wrong entries of yours are 0" in check.reason


def test_a_mistake_in_the_last_row_is_found_and_named(x):
    def last_row_forgotten(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        dw[-1] = 0
        return dx, dw, db

    check = check_gradient(linear, last_row_forgotten, (x, np.ones((4, 2)), np.zeros(2)))
    assert check.outcome == "wrong"
    assert "dw is wrong in 2 of 8 entries" in check.reason
    assert {row.entry for row in check.rows if row.outcome == "wrong" and "[" in row.entry} == {
        "dw[3, 0]",
        "dw[3, 1]",
    }


def test_exchanged_entries_are_found_with_every_seed(x):
    def exchanged(dy, x):
        dx = dy * (1 - np.tanh(x) ** 2)
        dx[0, 0], dx[2, 3] = dx[2, 3], dx[0, 0]
        return dx

    for seed in range(20):
        check = check_gradient(np.tanh, exchanged, (x,), rng=np.random.default_rng(seed), probes=1)
        assert check.outcome == "wrong"


@pytest.mark.parametrize(("factor", "told"), [(-1, "-1 times"), (8, "8 times"), (0.5, "0.5 times")])
def test_a_common_factor_is_named(factor, told):
    forward, backward, inputs = pair("cross-entropy")
    check = check_gradient(forward, lambda dy, c: factor * backward(dy, c), inputs)
    assert check.outcome == "wrong"
    assert told in check.reason
    assert "all 40 entries" in check.reason


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), size=st.floats(-1, 1).filter(lambda s: abs(s) > 1e-6))
def test_any_spoilt_linear_gradient_is_wrong(seed, size):
    r = np.random.default_rng(seed)
    inputs = (r.normal(size=(3, 4)), r.normal(size=(4, 2)), r.normal(size=2))
    change = size * r.normal(size=(4, 2)) * (r.random((4, 2)) < 0.4)
    change[r.integers(4), r.integers(2)] += size

    def wrong(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        return dx, dw + change, db

    assert check_gradient(linear, wrong, inputs).outcome == "wrong"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6), rows=st.integers(1, 5), columns=st.integers(2, 6), spread=st.floats(0.01, 20)
)
def test_softmax_of_any_shape_and_spread_is_right(seed, rows, columns, spread):
    r = np.random.default_rng(seed)
    check = check_gradient(softmax, softmax_backward, (spread * r.normal(size=(rows, columns)),))
    assert check.outcome != "wrong", check
    assert check or spread > 5, check
