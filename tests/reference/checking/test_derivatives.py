"""Slopes with bounds: the true slope lies within the bound, whatever the function, and the bound is small."""

import numpy as np
import pytest

from reference.checking.derivatives import UNIT, Line, central_differences, glance, measure


def along(f, x, noise=0.0):
    base = np.atleast_1d(f(x))
    return Line(
        lambda steps: (np.array([np.atleast_1d(f(x + h)) for h in steps]), steps[:, None]),
        base,
        np.ones(len(base)),
        np.zeros(len(base), dtype=int),
        np.maximum(noise, UNIT * np.abs(base)),
    )


SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "line": (lambda x: 3 * x - 1, lambda x: 3.0),
    "steep": (lambda x: np.tanh(1000 * x), lambda x: 1000 / np.cosh(1000 * x) ** 2),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_bound_covers_the_error(name):
    f, slope = SMOOTH[name]
    for x in np.random.default_rng(0).uniform(-2, 2, 150) * (1e-3 if name == "steep" else 1):
        found = measure(along(f, x))
        assert abs(found.value[0] - slope(x)) <= found.error[0] + found.gap[0], x
        assert found.error[0] <= (1e-5 if name == "steep" else 1e-9 * max(1, abs(slope(x))))
        assert found.kinks.size == 0


def test_a_line_takes_two_steps_to_either_side():
    calls = []
    f = along(lambda x: 2 * x, 1.0)
    counted = Line(lambda steps: calls.extend(steps) or f.move(steps), f.base, f.weights, f.owner, f.noise)
    assert measure(counted).value == pytest.approx(2, abs=1e-15)
    assert len(calls) == 4


@pytest.mark.parametrize(("left", "right"), [(0, 1), (-1, 1), (0.01, 1), (5, -2)])
def test_a_kink_is_measured_on_both_sides(left, right):
    found = measure(along(lambda x: np.where(x > 0, right * x, left * x), 0.0))
    assert found.value[0] == pytest.approx((left + right) / 2, abs=1e-12)
    assert found.gap[0] == pytest.approx(abs(right - left) / 2, rel=1e-9)
    assert found.kinks.tolist() == [[0], [np.sign(right - left)]]


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5])
def test_a_kink_nearby_makes_the_steps_smaller(distance):
    found = measure(along(lambda x: np.maximum(x, 0), distance))
    assert (found.value[0], found.gap[0]) == (pytest.approx(1, abs=1e-9), 0)
    found = measure(along(lambda x: np.maximum(x, 0), -distance))
    assert (found.value[0], found.gap[0]) == (pytest.approx(0, abs=1e-9), 0)


@pytest.mark.parametrize("f", [np.sign, lambda x: np.sqrt(np.abs(x)), lambda x: np.cbrt(x)])
def test_no_slope_means_a_large_bound(f):
    found = measure(along(f, 0.0))
    assert found.error[0] + found.gap[0] > 1


def test_values_outside_the_domain_are_stepped_around():
    found = measure(along(np.log, 1e-3))
    assert found.value[0] == pytest.approx(1000, rel=1e-7)
    assert abs(found.value[0] - 1000) <= found.error[0]


def test_central_differences_fall_with_the_square_of_the_step():
    steps = [0.1, 0.05, 0.025]
    off = np.abs(central_differences(along(np.exp, 0.0), steps)[:, 0] - 1)
    np.testing.assert_allclose(off[:-1] / off[1:], 4, rtol=1e-2)


@pytest.mark.parametrize("name", [name for name in SMOOTH if name != "steep"])
def test_a_glance_is_good_for_eight_digits(name):
    f, slope = SMOOTH[name]
    for x in np.random.default_rng(1).uniform(-2, 2, 150):
        found = glance(along(f, x))
        assert found is not None, x
        assert abs(found.value[0] - slope(x)) <= found.error[0] + 1e-10
        assert found.error[0] <= 1e-8 * max(1, abs(slope(x)))


@pytest.mark.parametrize(
    "f", [np.abs, lambda x: np.maximum(x, 0), lambda x: np.sin(x) + 1e-3 * np.abs(x), np.sign, np.cbrt]
)
def test_a_glance_says_nothing_at_a_kink_or_jump(f):
    found = glance(along(f, 0.0))
    assert found is None or found.error[0] > 1


def test_a_glance_takes_three_steps_and_several_weights():
    calls = []
    f = along(np.exp, 0.5)
    line = Line(
        lambda steps: calls.extend(steps) or f.move(steps),
        f.base,
        np.array([[1.0], [-3.0]]),
        f.owner,
        f.noise,
    )
    np.testing.assert_allclose(glance(line).value, np.exp(0.5) * np.array([1, -3]), rtol=1e-9)
    assert len(calls) == 3
