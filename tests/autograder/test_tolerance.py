"""Bounds follow from the computation: honest orders of summation stay far inside, small mistakes far outside."""

import numpy as np
import pytest

from autograder.tolerance import DISTURBANCE, bounds, disturb, disturb_all, sensitivity


def rng():
    return np.random.default_rng(5)


def test_disturbing_moves_every_entry_by_at_most_its_share():
    x = rng().normal(size=(50, 40)) * 10.0 ** rng().integers(-8, 8, size=(50, 40))
    moved = disturb(x, 3)
    relative = np.abs(moved - x) / np.abs(x)
    assert relative.max() <= DISTURBANCE * (1 + 1e-9)
    assert np.mean(relative > DISTURBANCE / 100) > 0.9
    assert abs(np.mean(np.sign(moved - x))) < 0.1


def test_equal_values_stay_equal_and_zero_stays_zero():
    x = np.array([2.0, 0.0, 2.0, -2.0, 1.0, -0.0])
    moved = disturb(x, 0)
    assert moved[0] == moved[2] != 2.0
    assert moved[1] == moved[5] == 0.0


def test_seeds_disturb_differently_and_repeatably():
    x = rng().normal(size=30)
    assert np.array_equal(disturb(x, 1), disturb(x, 1))
    assert not np.array_equal(disturb(x, 1), disturb(x, 2))


def test_only_floats_are_disturbed():
    given = {"a": (1.5, 2, True, "s", None), "b": [np.array([1, 2]), np.array([1.0, 2.0])]}
    moved = disturb_all(given, 1)
    assert moved["a"][1:] == (2, True, "s", None)
    assert moved["a"][0] != 1.5
    assert np.array_equal(moved["b"][0], [1, 2])
    assert not np.array_equal(moved["b"][1], [1.0, 2.0])
    assert type(moved["a"]) is tuple


def test_shapes_and_dtypes_are_kept():
    for x in (np.float64(2.0), np.zeros((0, 3)), np.ones((2, 1, 3), np.float32)):
        moved = disturb_all(np.asarray(x), 1)
        assert moved.shape == np.shape(x)
        assert moved.dtype == np.asarray(x).dtype


def test_cancellation_widens_the_bound():
    """x - y of nearly equal numbers loses digits; its bound must be about the size of x, not of x - y."""
    x, y = np.array([1.0]), np.array([1.0 - 1e-9])
    tight, _ = bounds(x, lambda s: disturb(x, s))
    loose, _ = bounds(x - y, lambda s: disturb(x, s) - disturb(y, s + 100))
    assert 0.3 * tight < loose < 10 * tight


@pytest.mark.parametrize("n", [3, 75, 900])
def test_any_order_of_a_sum_of_products_stays_within_a_tenth(n):
    w, x = rng().normal(size=n), rng().normal(size=n)
    truth = np.array([w @ x])
    allowed, _ = bounds(truth, lambda s: np.array([disturb(w, s) @ disturb(x, s + 50)]))
    products = w * x
    for sums in (
        products.sum(),
        products[::-1].sum(),
        sum(products),
        sum(sorted(products)),
        np.cumsum(products)[-1],
    ):
        assert abs(sums - truth[0]) <= allowed / 10


def test_float32_arithmetic_lies_between_the_bounds():
    w, x = rng().normal(size=(4, 30)), rng().normal(size=30)
    truth = w @ x
    a64, a32 = bounds(truth, lambda s: disturb(w, s) @ disturb(x, s + 9))
    single = (w.astype(np.float32) @ x.astype(np.float32)).astype(float)
    error = np.abs(single - truth).max()
    assert 100 * a64 < error < a32 / 4
    assert a32 < 1e-3 * np.abs(truth).max()


def test_structure_is_kept_and_exact_results_get_zero():
    truth = (np.ones(3), [2.0, 5], {"a": True, "b": np.array([1, 2])}, "text", None)
    a64, a32 = bounds(truth, lambda _seed: truth)
    assert a64[0] > 0
    assert a64[1][0] > 0
    assert a64[1][1] == 0.0
    assert a64[2] == {"a": 0.0, "b": 0.0}
    assert a64[3:] == [0.0, 0.0]
    assert a32[0] > a64[0]


def test_nan_and_infinity_do_not_spoil_the_bound():
    truth = np.array([np.nan, np.inf, 3.0])
    found = sensitivity(truth, [truth.copy(), np.array([np.nan, np.inf, 3.0 + 6 * DISTURBANCE])])
    assert found == pytest.approx(6.0)
    assert sensitivity(np.array([]), []) == 0.0
    assert sensitivity(np.array([np.nan]), [np.array([np.nan])]) == 0.0
