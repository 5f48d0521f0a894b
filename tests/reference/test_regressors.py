"""Polynomials and join-the-dots: exact data, NumPy as a second opinion, unsorted examples, refusal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    InputError,
    fit_join_dots,
    fit_polynomial,
    hat_matrix,
    join_dots,
    join_the_dots,
    polynomial,
    predict_join_dots,
    predict_polynomial,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(coefficients=st.lists(st.integers(-5, 5), min_size=1, max_size=4), seed=st.integers(0, 10**6))
def test_a_polynomial_finds_itself_lowest_power_first(coefficients, seed):
    x = np.random.default_rng(seed).permutation(np.linspace(-3, 4, 9))
    y = sum(c * x**j for j, c in enumerate(coefficients))
    fitted = fit_polynomial(x, y, len(coefficients) - 1)
    np.testing.assert_allclose(fitted, coefficients, atol=1e-10)
    np.testing.assert_allclose(predict_polynomial(fitted, x), y, atol=1e-10)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), degree=st.integers(0, 4))
def test_least_squares_agrees_with_numpy(seed, degree):
    r = np.random.default_rng(seed)
    x, y = r.uniform(-2, 5, 12), r.normal(size=12)
    np.testing.assert_allclose(
        fit_polynomial(x, y, degree), np.polyfit(x, y, degree)[::-1], rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(
        hat_matrix(x, degree) @ y, np.polyval(np.polyfit(x, y, degree), x), rtol=1e-8, atol=1e-9
    )


def test_a_fit_far_from_zero_keeps_its_digits():
    x = 1e6 + np.arange(5.0)
    fitted = predict_polynomial(fit_polynomial(x, (x - 1e6) ** 2, 2), x)
    np.testing.assert_allclose(fitted, (x - 1e6) ** 2, atol=1e-2)
    np.testing.assert_allclose(hat_matrix(x, 2) @ (x - 1e6) ** 2, (x - 1e6) ** 2, atol=1e-12)


def test_degree_zero_is_the_mean_also_of_one_place():
    np.testing.assert_allclose(fit_polynomial([2, 2, 2], [1, 2, 6], 0), [3], rtol=1e-15)


def test_hat_matrix_is_a_projection():
    hat = hat_matrix([0, 1, 2, 5, 7], 2)
    np.testing.assert_allclose(hat @ hat, hat, atol=1e-12)
    np.testing.assert_allclose(hat, hat.T, atol=1e-15)
    assert np.trace(hat) == pytest.approx(3)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 9))
def test_the_order_of_examples_does_not_matter_to_the_dots(seed, n):
    r = np.random.default_rng(seed)
    x, y = r.permutation(20)[:n].astype(float), r.normal(size=n)
    order = np.argsort(x)
    query = r.uniform(-5, 25, 30)
    np.testing.assert_allclose(join_dots(x, y, query), np.interp(query, x[order], y[order]), rtol=1e-12)
    np.testing.assert_array_equal(join_dots(x, y, x), y)


def test_beyond_the_ends_the_line_is_level():
    np.testing.assert_array_equal(join_dots([3, 1], [5, 2], [-9, 1, 2, 3, 99]), [2, 2, 3.5, 5, 5])
    np.testing.assert_array_equal(join_dots([3], [5], [-9, 99]), [5, 5])


def test_examples_at_the_same_place_are_averaged():
    x, y = fit_join_dots([2, 0, 2], [5, 1, 7])
    assert (x.tolist(), y.tolist()) == ([0, 2], [1, 6])


def test_queries_may_have_any_shape():
    query = np.arange(6.0).reshape(2, 3)
    for regressor in (polynomial(1), join_the_dots()):
        assert regressor.predict(regressor.fit([0, 5], [0, 5]), query).shape == (2, 3)
        np.testing.assert_allclose(regressor.predict(regressor.fit([0, 5], [0, 5]), query), query, atol=1e-12)


def test_nothing_is_changed():
    x, y = np.array([3.0, 1.0, 2.0]), np.array([1.0, 5.0, 2.0])
    for regressor in (polynomial(1), join_the_dots()):
        regressor.predict(regressor.fit(x, y), x)
    assert (x.tolist(), y.tolist()) == ([3, 1, 2], [1, 5, 2])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fit_polynomial([1, 1], [2, 4], 1), "needs 2 different x, but there are 1"),
        (lambda: fit_polynomial([1, 2], [2, 4], 2), "needs 3 different x"),
        (lambda: fit_polynomial([[1], [2]], [2, 4], 1), "x has shape (2, 1)"),
        (lambda: fit_polynomial([1, 2], [2], 1), "y has 1 entries"),
        (lambda: fit_polynomial([1, 2], [2, np.inf], 1), "y holds NaN or infinity"),
        (lambda: fit_polynomial([1, 2], [2, 3], -1), "degree must be at least 0"),
        (lambda: fit_polynomial([1, 2], [2, 3], 1.0), "degree must be a whole number"),
        (lambda: fit_polynomial("ab", [2, 3], 1), "not real numbers"),
        (lambda: polynomial(1.5), "degree must be a whole number"),
        (lambda: predict_polynomial([], [1]), "coefficients has shape (0,)"),
        (lambda: predict_polynomial([1], None), "x is None"),
        (lambda: join_dots([], [], [0]), "x has shape (0,)"),
        (lambda: join_dots([1, 2], [1, 2], []), "x has shape (0,)"),
        (lambda: predict_join_dots(3, [1]), "model is 3"),
        (lambda: hat_matrix([1, 1], 1), "needs 2 different x"),
    ],
)
def test_what_makes_no_sense_is_refused(call, text):
    with pytest.raises(InputError) as caught:
        call()
    assert text in str(caught.value)
    assert "to do:" in str(caught.value)
