"""What cannot be judged is said to be so, with a reason: jumps, NaN, float32."""

import numpy as np

from reference import check_gradient


def test_a_jump_cannot_be_judged():
    check = check_gradient(lambda x: (x > 0) * 1.0, lambda dy, x: 0 * dy, (np.zeros(3),))
    assert check.outcome == "cannot tell"
    assert "jumps" in check.reason
    assert not check


def test_an_infinite_slope_cannot_be_judged():
    check = check_gradient(lambda x: np.sqrt(np.abs(x)), lambda dy, x: 0 * dy, (np.zeros(3),))
    assert check.outcome == "cannot tell"


def test_flat_parts_of_a_step_are_right(x):
    assert check_gradient(lambda x: (x > 0) * 1.0, lambda dy, x: 0 * dy, (x,))
    assert check_gradient(lambda x: (x > 0) * 1.0, lambda dy, x: dy, (x,)).outcome == "wrong"


def test_nan_from_forward_cannot_be_judged(x):
    check = check_gradient(lambda x: x * np.nan, lambda dy, x: dy, (x,))
    assert check.outcome == "cannot tell"
    assert "NaN" in check.reason


def test_float32_forward_cannot_be_judged_but_gross_mistakes_can(x):
    check = check_gradient(lambda x: x.astype(np.float32) ** 2, lambda dy, x: 2 * x * dy, (x,))
    assert check.outcome == "cannot tell"
    assert "float32" in check.reason
    assert (
        check_gradient(lambda x: x.astype(np.float32) ** 2, lambda dy, x: 3 * x * dy, (x,)).outcome == "wrong"
    )


def test_float32_hidden_inside_is_never_called_wrong():
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=(3, 4))

        def forward(x):
            return np.exp(np.tanh(x).astype(np.float32).astype(float))

        def backward(dy, x):
            return dy * np.exp(np.tanh(x)) * (1 - np.tanh(x) ** 2)

        assert check_gradient(forward, backward, (x,)).outcome != "wrong"


def test_float32_gradient_is_named(x):
    check = check_gradient(lambda x: x**2, lambda dy, x: (2 * x * dy).astype(np.float32), (x,))
    assert check.outcome == "cannot tell"
    assert "dx as float32" in check.reason


def test_float32_inputs_are_checked_in_float64(x):
    seen = []

    def square(x):
        seen.append(x.dtype)
        return x**2

    check = check_gradient(square, lambda dy, x: 2 * x * dy, (x.astype(np.float32),))
    assert check
    assert set(seen) == {np.dtype(np.float64)}
    assert "float64 copy" in check.notes[0]
