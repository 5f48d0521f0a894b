"""numeric_gradient and bounded_gradient: bounds hold and are tight."""

import json
from pathlib import Path

import numpy as np
import pytest

from reference import InputError, bounded_gradient, numeric_gradient

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "golden.json").read_text(encoding="utf-8"))


def test_numeric_gradient_of_the_sigmoid_circuit():
    record = GOLDEN["G-GRAPH-04"]
    order = ("w0", "x0", "w1", "x1", "w2")
    values = np.array([record["inputs"][name] for name in order], dtype=float)
    gradient = numeric_gradient(lambda v: 1 / (1 + np.exp(-(v[0] * v[1] + v[2] * v[3] + v[4]))), values)
    for name, expected in record["expected"].items():
        assert gradient[order.index(name[1:])] == pytest.approx(expected, abs=1e-9)


def test_bounds_hold_and_are_tight():
    for seed in range(10):
        v = np.random.default_rng(seed).normal(size=(4, 5))
        dy = np.random.default_rng(seed + 100).normal(size=(4, 5))
        value, error = bounded_gradient(lambda v: np.sin(v) * np.exp(v[:, :1]), v, dy)
        exact = dy * np.cos(v) * np.exp(v[:, :1])
        exact[:, 0] += (dy * np.sin(v) * np.exp(v[:, :1])).sum(axis=1)
        assert np.all(np.abs(value - exact) <= error)
        assert np.max(error) < 1e-9
        assert np.median(error) < 2e-11


def test_at_a_kink_the_value_is_the_mean_and_the_error_covers_both_slopes():
    value, error = bounded_gradient(np.abs, np.array([0.0, 2.0]), np.array([3.0, 3.0]))
    np.testing.assert_allclose(value, [0, 3], atol=1e-12)
    assert error[0] == pytest.approx(3, abs=1e-6)
    assert error[1] < 1e-12


@pytest.mark.parametrize(("x", "expected"), [(3.0, 6.0), (3, 6.0), ([1, 2], [2, 4]), (np.float32(1.5), 3.0)])
def test_numeric_gradient_takes_plain_numbers(x, expected):
    gradient = numeric_gradient(lambda v: np.sum(v**2), x)
    assert gradient.shape == np.shape(expected)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "x", "dy", "text"),
    [
        (lambda v: v, np.ones(3), None, "needs weights"),
        (lambda v: v, np.ones(3), np.ones(2), "dy has shape (2,)"),
        (lambda v: v.sum(), "a", None, "not real numbers"),
        (lambda v: v.sum(), None, None, "x is None"),
        (lambda v: v.sum(), np.zeros(0), None, "nothing to differentiate"),
        (5, np.ones(3), None, "forward is 5"),
    ],
)
def test_numeric_gradient_refuses(f, x, dy, text):
    with pytest.raises(InputError, match="_gradient: ") as caught:
        numeric_gradient(f, x, dy)
    assert text in str(caught.value)
