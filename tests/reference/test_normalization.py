"""Standardising and batch normalisation: golden examples, conventions, gradients, bad input."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    OPS,
    InputError,
    ShapeError,
    batch_norm,
    batch_norm_parameters,
    running_average,
    standardize,
    standardize_apply,
    standardize_fit,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
NAMES = ["standardize_fit", "standardize_apply", "running_average", "batch_norm"]
CASES = [(name, case.name) for name in NAMES for case in OPS[name].cases(np.random.default_rng(0))]
SMOOTH = [(name, label) for name, label in CASES if OPS[name].backward is not None]


def case_of(name, label):
    return next(c for c in OPS[name].cases(np.random.default_rng(5)) if c.name == label)


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def laid_out(array, order):
    if order == "strided" and array.ndim:
        wide = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = array
        return view
    return np.array(array, order="F" if order == "F" else "C")


def numeric_gradient(f, x, dy):
    """Central differences with steps h and h/2, extrapolated: good to about 1e-9 for smooth f."""

    def difference(i, h):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        return np.sum((f(up) - f(down)) * dy) / (2 * h)

    g = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        g[i] = (4 * difference(i, 5e-4) - difference(i, 1e-3)) / 3
    return g


# -------------------------------------------------------------------------------------- every case


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize(("name", "label"), CASES)
def test_fast_way_equals_the_definition(name, label, order, dtype):
    case = case_of(name, label)
    inputs = {k: laid_out(v.astype(dtype), order) for k, v in case.inputs.items()}
    before = {k: v.copy() for k, v in inputs.items()}
    got, expected = OPS[name](**inputs, **case.params), OPS[name].definition(**inputs, **case.params)
    tolerance = 1e-5 if dtype == np.float32 else 1e-13
    for a, b in zip(parts(got), parts(expected), strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    for k, v in inputs.items():
        np.testing.assert_array_equal(v, before[k])


@pytest.mark.parametrize(("name", "label"), SMOOTH)
def test_gradient_of_every_entry(name, label):
    case, op = case_of(name, label), OPS[name]
    y, cache = op.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(1).normal(size=parts(y)[0].shape)
    gradients = iter(op.backward(cache, dy))
    for argument in ("x", "mu", "sigma", "running", "batch", "gamma", "beta"):
        if argument not in op.__wrapped__.__annotations__:
            continue
        gradient, value = next(gradients), case.inputs.get(argument)
        if value is None:
            assert gradient is None
            continue

        def f(v, argument=argument):
            return parts(op(**{**case.inputs, argument: v}, **case.params))[0]

        np.testing.assert_allclose(gradient, numeric_gradient(f, value, dy), rtol=1e-7, atol=1e-8)
    assert not list(gradients)


# ---------------------------------------------------------------------------------------- standardise


@pytest.mark.parametrize("which", ["call", "definition"])
def test_z_scores_with_both_divisors(which):
    g = GOLDEN["G-NORM-01"]
    fit, apply = (getattr(op, which, op) for op in (standardize_fit, standardize_apply))
    x, expected = np.array(g["inputs"]["x"], float), g["expected"]
    for ddof, kind in ((0, "pop"), (1, "sample")):
        mu, sigma = fit(x, ddof)
        assert mu == expected["mu"]
        np.testing.assert_allclose(sigma**2, expected[f"var_{kind}"], rtol=1e-14)
        np.testing.assert_allclose(apply(x, mu, sigma), expected[f"z_{kind}"], rtol=1e-13)


def test_test_data_use_the_statistics_of_training_data():
    g = GOLDEN["G-NORM-02"]
    mu, sigma = standardize.fit(g["inputs"]["train"], ddof=g["params"]["ddof"])
    np.testing.assert_array_equal(mu, g["expected"]["mu"])
    np.testing.assert_array_equal(sigma, g["expected"]["sigma"])
    np.testing.assert_array_equal(standardize.apply(g["inputs"]["test"], mu, sigma), g["expected"]["test_z"])


def test_standardize_is_its_two_ops():
    assert (standardize.fit, standardize.apply) == (standardize_fit, standardize_apply)


def test_feature_that_never_varies():
    mu, sigma = standardize.fit([[3.0, 1], [3, 2]])
    z = standardize.apply([[3.0, 1], [4, 2]], mu, sigma)
    assert sigma[0] == 0
    assert np.isnan(z[0, 0])
    assert z[1, 0] == np.inf


def test_fit_keeps_its_head_far_from_zero():
    """Offsets of a thousand spreads cost float32 no more than the spread's own share of the digits."""
    x = np.random.default_rng(0).normal(1000, 1, size=5000).astype(np.float32)
    exact = x.astype(np.float64)
    mu, sigma = standardize.fit(x)
    assert abs(mu - exact.mean()) <= 6e-8 * 1000
    assert abs(sigma - exact.std()) <= 1e-6


@settings(derandomize=True, max_examples=30, deadline=None, database=None)
@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 1), st.integers(0, 1000))
def test_standardised_data_have_mean_0_and_variance_1(n, d, ddof, seed):
    x = np.random.default_rng(seed).normal(5, 3, size=(n, d))
    z = standardize.apply(x, *standardize.fit(x, ddof))
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0, ddof=ddof), 1, rtol=1e-12)


# ----------------------------------------------------------------------------------------- batch norm

both = pytest.mark.parametrize("norm", [batch_norm, batch_norm.definition], ids=["call", "definition"])


@both
def test_one_feature(norm):
    g = GOLDEN["G-BN-01"]
    x, p, expected = g["inputs"]["x"], g["params"], g["expected"]
    xhat, mean, var = norm(x, [0.0], [0.0], eps=p["eps"], training=True, momentum=1, return_running=True)
    np.testing.assert_allclose(xhat, expected["xhat"], rtol=1e-14)
    np.testing.assert_array_equal([mean, var], [expected["mu"], expected["var"]])
    y = norm(x, None, None, p["gamma"], p["beta"], training=True, eps=p["eps"])
    np.testing.assert_allclose(y, expected["y"], rtol=1e-13)
    np.testing.assert_allclose([y.mean(), y.var()], [*expected["mean_y"], *expected["var_y"]], rtol=1e-14)


def test_backward_example():
    g = GOLDEN["G-BN-02"]
    p, expected = g["params"], g["expected"]
    _, cache = batch_norm.forward(
        g["inputs"]["x"], None, None, p["gamma"], p["beta"], training=True, eps=p["eps"]
    )
    dx, dgamma, dbeta = batch_norm.backward(cache, g["inputs"]["dy"])
    np.testing.assert_allclose(dx, expected["dx"], rtol=1e-9)
    np.testing.assert_allclose(dgamma, expected["dgamma"], rtol=1e-12)
    np.testing.assert_allclose(dbeta, expected["dbeta"], rtol=1e-12)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-14)


@both
def test_one_statistic_per_channel(norm):
    g = GOLDEN["G-BN-03"]
    zeros = np.zeros(2)
    y, mean, var = norm(
        g["inputs"]["x"], zeros, zeros, eps=0.0, training=True, momentum=1, return_running=True
    )
    np.testing.assert_allclose(y, g["expected"]["xhat"], rtol=1e-13)
    np.testing.assert_allclose([mean, var], [g["expected"]["mu"], g["expected"]["var"]], rtol=1e-14)


def test_images_are_features_with_more_examples():
    """[N,C,H,W] is [N*H*W, C], forward and backward."""
    rng = np.random.default_rng(3)
    x, dy = rng.normal(size=(2, 3, 2, 4, 5))
    gamma, beta = rng.normal(size=2), rng.normal(size=2)
    flat = lambda a: a.transpose(0, 2, 3, 1).reshape(-1, 2)  # noqa: E731
    y, cache = batch_norm.forward(x, None, None, gamma, beta, training=True)
    y2, cache2 = batch_norm.forward(flat(x), None, None, gamma, beta, training=True)
    np.testing.assert_allclose(flat(y), y2, rtol=1e-12, atol=1e-13)
    for a, b in zip(batch_norm.backward(cache, dy), batch_norm.backward(cache2, flat(dy)), strict=True):
        np.testing.assert_allclose(flat(a) if a.ndim > 1 else a, b, rtol=1e-11, atol=1e-12)


@both
def test_test_mode_is_one_line_per_channel(norm):
    """By hand: gamma / sqrt(var + eps) = 2 / sqrt(3.75 + 0.25) = 1, so y = x - 10 + 1."""
    x = [[10.0], [13.0]]
    y, mean, var = norm(x, [10.0], [3.75], [2.0], [1.0], eps=0.25, return_running=True)
    np.testing.assert_array_equal(y, [[1], [4]])
    np.testing.assert_array_equal([mean, var], [[10], [3.75]])


@both
@pytest.mark.parametrize(
    ("convention", "mean", "var"),
    [
        ({}, 0.75 * 4 + 0.25 * 2, 0.75 * 8 + 0.25 * 2),
        ({"running_ddof": 1}, 0.75 * 4 + 0.25 * 2, 0.75 * 8 + 0.25 * 3),
        ({"momentum_on": "running"}, 0.25 * 4 + 0.75 * 2, 0.25 * 8 + 0.75 * 2),
    ],
)
def test_conventions_of_the_running_statistics(norm, convention, mean, var):
    """The batch has mean 2 and squared deviations 3, 0, 3: variance 2 with 1/m, 3 with 1/(m - 1)."""
    x = np.array([[2 - np.sqrt(3)], [2.0], [2 + np.sqrt(3)]])
    old = np.array([4.0]), np.array([8.0])
    y, *new = norm(x, *old, training=True, momentum=0.25, return_running=True, **convention)
    np.testing.assert_allclose(new, [[mean], [var]], rtol=1e-14)
    assert (old[0].item(), old[1].item()) == (4, 8)
    # Whatever is remembered, the batch itself is normalised with its biased variance.
    np.testing.assert_allclose(y.var(), 2 / (2 + 1e-5), rtol=1e-12)


def test_running_statistics_are_running_averages():
    rng = np.random.default_rng(8)
    x, old = rng.normal(size=(6, 2)), (rng.normal(size=2), rng.uniform(1, 2, size=2))
    for how in ({"momentum": 0.3}, {"momentum": 0.9, "momentum_on": "running"}):
        _, mean, var = batch_norm(x, *old, training=True, return_running=True, **how)
        np.testing.assert_allclose(mean, running_average(old[0], x.mean(axis=0), **how), rtol=1e-13)
        np.testing.assert_allclose(var, running_average(old[1], x.var(axis=0), **how), rtol=1e-13)


def test_running_statistics_are_new_arrays():
    mean, var = np.zeros(2), np.ones(2)
    for training in (True, False):
        _, new_mean, new_var = batch_norm(np.eye(2), mean, var, training=training, return_running=True)
        assert not np.shares_memory(new_mean, mean)
        assert not np.shares_memory(new_var, var)


@both
def test_single_example(norm):
    """The mean is the example itself: y is beta, and without eps nothing is left of it."""
    x = np.array([[3.0, -7.0]])
    np.testing.assert_array_equal(norm(x, None, None, None, [0.5, 2.0], training=True), [[0.5, 2]])
    assert np.isnan(norm(x, None, None, training=True, eps=0.0)).all()


@both
def test_bias_before_it_does_nothing(norm):
    x = np.random.default_rng(6).normal(size=(5, 3))
    shifted = norm(x + [1.0, -20, 5], None, None, training=True)
    np.testing.assert_allclose(shifted, norm(x, None, None, training=True), atol=1e-13)


@both
def test_nan_and_inf_stay_in_their_channel(norm):
    x = np.random.default_rng(6).normal(size=(4, 3))
    x[1, 0], x[2, 2] = np.nan, np.inf
    y = norm(x, None, None, training=True)
    assert np.isnan(y[:, 0]).all()
    assert np.isnan(y[2, 2])
    assert np.isfinite(y[:, 1]).all()
    z = norm(x, np.zeros(3), np.ones(3), eps=0.0)
    np.testing.assert_array_equal(z, x)


def test_statistics_far_from_zero():
    """Two passes: a mean a thousand times the spread leaves float32 with the digits the data had."""
    x = np.random.default_rng(0).normal(1000, 1, size=(400, 2)).astype(np.float32)
    exact = batch_norm(x.astype(np.float64), None, None, training=True)
    np.testing.assert_allclose(batch_norm(x, None, None, training=True), exact, atol=1e-4)


@settings(derandomize=True, max_examples=40, deadline=None, database=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.booleans(), st.integers(0, 1000))
def test_any_shape(shape, training, seed):
    rng = np.random.default_rng(seed)
    C = shape[1]
    x, mean, var = rng.normal(size=shape), rng.normal(size=C), rng.uniform(0.5, 2, C)
    how = {"training": training, "eps": 0.1, "return_running": True}
    got, expected = (
        batch_norm(x, mean, var, var, mean, **how),
        batch_norm.definition(x, mean, var, var, mean, **how),
    )
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    if training:
        axes = (0, *range(2, len(shape)))
        np.testing.assert_allclose(got[0].mean(axis=axes), mean, atol=1e-12)
        _, cache = batch_norm.forward(x, mean, var, var, mean, **how)
        dx, _, dbeta = batch_norm.backward(cache, upstream := rng.normal(size=shape))
        np.testing.assert_allclose(dx.sum(axis=axes), 0, atol=1e-11)
        np.testing.assert_allclose(dbeta, upstream.sum(axis=axes), atol=1e-12)


def test_counts():
    g = GOLDEN["G-BN-04"]
    counts = [batch_norm_parameters(c) for c in g["inputs"]["channels"]]
    assert [c.learned for c in counts] == g["expected"]["learned"]
    assert [c.measured for c in counts] == g["expected"]["running"]


# -------------------------------------------------------------------------------------- what is refused


@both
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"running_mean": None}, "running_mean is None"),
        ({"running_var": None}, "running_var is None"),
        ({"running_var": None, "training": True, "return_running": True}, "running_var is None"),
        ({"running_mean": np.zeros(4)}, "running_mean has C = 4, but x has C = 3"),
        ({"gamma": np.ones((1, 3))}, "gamma has 2 axes"),
        ({"beta": np.ones(1)}, "beta has C = 1"),
        ({"x": np.ones(3)}, "x has 1 axes|x has 1 axis"),
        ({"training": 1}, "training must be True or False"),
        ({"training": None}, "training"),
        ({"return_running": "yes"}, "return_running"),
        ({"eps": -1e-5}, "eps must be at least 0"),
        ({"eps": np.nan}, "eps must be a finite number"),
        ({"eps": None}, "eps"),
        ({"momentum": 1.5}, "momentum must be between 0 and 1"),
        ({"momentum": -0.1}, "momentum"),
        ({"momentum": "0.1"}, "momentum"),
        ({"momentum": True}, "momentum"),
        ({"momentum_on": "old"}, 'momentum_on must be "batch" or "running"'),
        ({"momentum_on": np.array(["batch"])}, "momentum_on"),
        ({"running_ddof": -1}, "running_ddof"),
        ({"running_ddof": 0.5}, "running_ddof"),
        (
            {"running_ddof": 2, "training": True, "return_running": True},
            "running_ddof = 2 leaves nothing of 2 entries",
        ),
    ],
)
def test_bad_input_is_refused(norm, change, word):
    good = {"x": np.ones((2, 3)), "running_mean": np.zeros(3), "running_var": np.ones(3)}
    with pytest.raises(InputError, match=f"(?s)^batch_norm: {word}") as caught:
        norm(**{**good, **change})
    assert batch_norm.shapes in str(caught.value)


@pytest.mark.parametrize("ddof", [-1, 0.5, None, "1", 3, 10**9])
@pytest.mark.parametrize("which", ["call", "definition"])
def test_bad_divisors(ddof, which):
    with pytest.raises(InputError, match="ddof"):
        getattr(standardize_fit, which, standardize_fit)(np.ones((3, 2)), ddof)


@pytest.mark.parametrize("momentum", [2, -1, np.inf, np.nan, 1j, [0.1], 10**400])
def test_bad_momentum(momentum):
    with pytest.raises(InputError, match="momentum"):
        running_average([1.0], [2.0], momentum)


@pytest.mark.parametrize("momentum", [0, 1, 0.5, np.float32(0.5), Fraction(1, 2)])
def test_numbers_of_any_kind(momentum):
    got = running_average(np.float32([1.0]), np.float32([2.0]), momentum)
    np.testing.assert_array_equal(got, np.float32([1 + float(momentum)]))
    assert got.dtype == np.float32


def test_shapes_that_do_not_go_together():
    with pytest.raises(ShapeError, match="mu has"):
        standardize_apply(np.ones((4, 3)), np.ones(4), np.ones(3))
    with pytest.raises(ShapeError, match="batch has"):
        running_average(np.ones(3), np.ones(1))
    for channels in (0, -1, 2.0, None):
        with pytest.raises(InputError, match="channels"):
            batch_norm_parameters(channels)
