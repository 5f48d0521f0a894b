"""Activations: golden values, fifty-digit oracles, gradients at every entry, flat ends, kinks and NaN."""

import json
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reference import OPS, InputError, ShapeError, leaky_relu, log_softmax, relu, sigmoid, softmax, step, tanh

getcontext().prec = 60
GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
ENTRYWISE = ["step", "relu", "leaky_relu", "sigmoid", "tanh"]
DIFFERENTIABLE = ["relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax"]
CASES = [(n, c.name) for n in DIFFERENTIABLE for c in OPS[n].cases(np.random.default_rng(0))]
few = settings(max_examples=40, derandomize=True, deadline=None, database=None)
scores = arrays(np.float64, (3, 4), elements=st.floats(-50, 50))


def ways(name):
    return [OPS[name], OPS[name].definition]


def gradient(op, x, dy, **params):
    _, cache = op.forward(x, **params)
    (dx,) = op.backward(cache, dy)
    return dx


def numeric(f, x, h=2e-3):
    """Differentiate a scalar function by central differences at two steps, extrapolated."""
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):

        def at(move, i=i):
            moved = x.copy()
            moved[i] += move
            return f(moved)

        wide, narrow = ((at(s) - at(-s)) / (2 * s) for s in (h, h / 2))
        g[i] = (4 * narrow - wide) / 3
    return g


# ------------------------------------------------------------------------------------ golden examples


@pytest.mark.parametrize(
    ("name", "key"), [("relu", "relu"), ("leaky_relu", "leaky"), ("sigmoid", "sigmoid"), ("step", "step")]
)
@pytest.mark.parametrize("way", [0, 1])
def test_lecture_values(name, key, way):
    g = GOLDEN["G-ACT-01"]
    np.testing.assert_allclose(ways(name)[way](g["inputs"]["x"]), g["expected"][key], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "key"), [("relu", "drelu"), ("leaky_relu", "dleaky"), ("sigmoid", "dsigmoid")]
)
def test_lecture_derivatives(name, key):
    g = GOLDEN["G-ACT-01"]
    dx = gradient(OPS[name], g["inputs"]["x"], np.array([3.0, -2.0, 0.5]))
    np.testing.assert_allclose(dx, np.array([3.0, -2.0, 0.5]) * g["expected"][key], rtol=0, atol=1e-15)


@pytest.mark.parametrize("way", [0, 1])
def test_softmax_of_a_thousand(way):
    g = GOLDEN["G-LOSS-06"]
    p = ways("softmax")[way](g["inputs"]["f"])
    np.testing.assert_allclose(p, g["expected"]["stable"], rtol=0, atol=1e-15)
    np.testing.assert_allclose(
        ways("softmax")[way](GOLDEN["G-LOSS-04"]["inputs"]["f"])[0].sum(), 1, atol=1e-15
    )


@pytest.mark.parametrize("way", [0, 1])
def test_softmax_normalises_with_its_own_row(way):
    g = GOLDEN["G-LOSS-07"]
    p = ways("softmax")[way](g["inputs"]["f"])
    np.testing.assert_allclose(p.sum(axis=1), g["expected"]["row_sums_correct"], atol=1e-15)
    assert not np.allclose(p, g["expected"]["literal_p"])


# ------------------------------------------------------------------------------------ fifty digits


def exact_sigmoid(x):
    return 1 / (1 + (-Decimal(x)).exp())


def exact_tanh(x):
    return (Decimal(x).exp() - (-Decimal(x)).exp()) / (Decimal(x).exp() + (-Decimal(x)).exp())


POINTS = [-700.0, -40.0, -18.5, -3.0, -0.1, -1e-9, 0.0, 1e-9, 0.1, 3.0, 18.5, 40.0, 350.0]
EXACT = {
    "sigmoid": (exact_sigmoid, lambda x: exact_sigmoid(x) * exact_sigmoid(-x)),
    "tanh": (exact_tanh, lambda x: 4 / (Decimal(x).exp() + (-Decimal(x)).exp()) ** 2),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("x", POINTS)
def test_all_digits_are_right(name, x):
    value, slope = EXACT[name]
    for way in ways(name):
        assert float(way(x)) == pytest.approx(float(value(x)), rel=5e-16, abs=0)
    assert float(gradient(OPS[name], x, 1.0)) == pytest.approx(float(slope(x)), rel=2e-15, abs=0)


def exact_softmax(row):
    e = [Decimal(float(x)).exp() for x in row]
    return [x / sum(e) for x in e]


@few
@given(scores)
def test_softmax_against_exact_sums(x):
    expected = np.array([[float(p) for p in exact_softmax(row)] for row in x])
    logs = np.array([[float(p.ln()) for p in exact_softmax(row)] for row in x])
    for way in (0, 1):
        np.testing.assert_allclose(ways("softmax")[way](x), expected, rtol=1e-13)
        np.testing.assert_allclose(ways("log_softmax")[way](x), logs, rtol=1e-14, atol=1e-14)


# ------------------------------------------------------------------------------------------ gradients


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradient_at_every_entry(name, label):
    op = OPS[name]
    case = next(c for c in op.cases(np.random.default_rng(5)) if c.name == label)
    x = case.inputs["x"]
    if name in ("relu", "leaky_relu"):
        assert np.abs(x).min() > 4e-3  # away from the kink
    dy = np.random.default_rng(6).normal(size=x.shape)
    expected = numeric(lambda moved: np.sum(op(moved, **case.params) * dy), np.asarray(x))
    np.testing.assert_allclose(gradient(op, x, dy, **case.params), expected, rtol=1e-8, atol=1e-9)


def test_softmax_gradient_is_the_jacobian_applied():
    rng = np.random.default_rng(3)
    x, dp = rng.normal(size=4), rng.normal(size=4)
    p = np.exp(x) / np.exp(x).sum()
    np.testing.assert_allclose(gradient(softmax, x, dp), dp @ (np.diag(p) - np.outer(p, p)), atol=1e-15)
    np.testing.assert_allclose(gradient(softmax, x, np.full(4, 7.0)), 0, atol=1e-15)
    np.testing.assert_allclose(gradient(log_softmax, x, dp), dp @ (np.eye(4) - p), atol=1e-15)


def test_gradients_at_the_kinks():
    x, dy = np.array([0.0, -0.0]), np.array([5.0, -7.0])
    np.testing.assert_array_equal(gradient(relu, x, dy), [0, 0])
    np.testing.assert_allclose(gradient(leaky_relu, x, dy), [0.05, -0.07], rtol=1e-15)
    np.testing.assert_allclose(gradient(leaky_relu, x, dy, negative_slope=0.5), [2.5, -3.5], rtol=1e-15)
    for way in ways("step"):
        np.testing.assert_array_equal(way([0.0, -0.0, 5e-324, -5e-324]), [0, 0, 1, 0])
    assert step.backward is None


def test_infinite_upstream_at_a_unit_that_is_off():
    np.testing.assert_array_equal(gradient(relu, [-1.0, 0.0, 1.0], np.full(3, np.inf)), [0, 0, np.inf])


def test_working_in_the_result_does_not_reach_the_cache():
    x, dy = np.array([[0.5, -1.0, 2.0]]), np.array([[1.0, 2.0, -1.0]])
    for name in DIFFERENTIABLE:
        clean = gradient(OPS[name], x, dy)
        y, cache = OPS[name].forward(x)
        y[...] = 99
        np.testing.assert_array_equal(OPS[name].backward(cache, dy)[0], clean)


# -------------------------------------------------------------------------------- ends of the number line

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, 1000.0, -1000.0, 5e-324, -1.7e308, 1e-9])
ENDS = {
    "step": [np.nan, 1, 0, 0, 1, 0, 1, 0, 1],
    "relu": [np.nan, np.inf, 0, 0, 1000, 0, 5e-324, 0, 1e-9],
    "leaky_relu": [np.nan, np.inf, -np.inf, 0, 1000, -10, 5e-324, -1.7e306, 1e-9],
    "sigmoid": [np.nan, 1, 0, 0.5, 1, 0, 0.5, 0, 0.50000000025],
    "tanh": [np.nan, 1, -1, 0, 1, -1, 0, -1, 1e-9],
}


@pytest.mark.parametrize("name", ENTRYWISE)
@pytest.mark.parametrize("way", [0, 1])
def test_ends_of_the_number_line(name, way):
    np.testing.assert_allclose(ways(name)[way](SPECIAL), ENDS[name], rtol=1e-15, atol=5e-324)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_slopes_vanish_at_the_ends(name):
    np.testing.assert_array_equal(gradient(OPS[name], SPECIAL[:3], np.array([1.0, 2.0, 3.0])), [np.nan, 0, 0])


@pytest.mark.parametrize("way", [0, 1])
def test_softmax_with_infinities(way):
    nan, inf = np.nan, np.inf
    p = ways("softmax")[way](
        [[0.0, -inf, 0.0], [inf, 0, 0], [nan, 0, 0], [-inf, -inf, -inf], [1.0, 1.0, 1.0]]
    )
    np.testing.assert_array_equal(p[0], [0.5, 0, 0.5])
    assert np.isnan(p[[1, 2, 3]]).all()
    np.testing.assert_allclose(p[4], 1 / 3, rtol=1e-15)
    y = ways("log_softmax")[way]([[0.0, -inf], [1000.0, 0.0], [-1000.0, -1000.0]])
    np.testing.assert_allclose(y, [[0, -inf], [0, -1000], [-np.log(2), -np.log(2)]], rtol=1e-15)


@pytest.mark.parametrize("name", [*ENTRYWISE, "softmax", "log_softmax"])
def test_single_precision(name):
    x = np.array([[-1000.0, -3.0, 0.25], [1000.0, 999.0, 40.0]], np.float32)
    with np.errstate(all="ignore"):
        exact = OPS[name](x.astype(float))
    for way in ways(name):
        y = way(x)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y, exact, rtol=1e-6, atol=1e-7 if name == "log_softmax" else 1e-30)


# ----------------------------------------------------------------------------------------- properties


@few
@given(scores, st.floats(-500, 500))
def test_softmax_sees_differences_only(x, shift):
    np.testing.assert_allclose(softmax(x + shift), softmax(x), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(softmax(x[:, ::-1]), softmax(x)[:, ::-1], rtol=1e-14)
    np.testing.assert_allclose(softmax(x).sum(axis=1), 1, rtol=1e-14)


@few
@given(arrays(np.float64, 6, elements=st.floats(-1e3, 1e3)))
def test_laws_of_the_entrywise_ones(x):
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1, rtol=1e-15)
    np.testing.assert_allclose(tanh(x), 2 * sigmoid(2 * x) - 1, rtol=0, atol=3e-16)
    np.testing.assert_array_equal(tanh(-x), -tanh(x))
    np.testing.assert_array_equal(relu(x) - relu(-x), x)
    np.testing.assert_array_equal(leaky_relu(x, 1.0), x)
    np.testing.assert_array_equal(leaky_relu(x, 0.0), relu(x))
    np.testing.assert_array_equal(step(x), (x > 0).astype(float))


def test_shapes_and_refusals():
    for name in ENTRYWISE:
        assert OPS[name](np.zeros((2, 1, 3))).shape == (2, 1, 3)
        assert OPS[name](1.5).shape == ()
    with pytest.raises(ShapeError, match="softmax: x has 0 axes, expected 1 or more"):
        softmax(3.0)
    with pytest.raises(InputError, match="leaky_relu: negative_slope holds"):
        leaky_relu([1.0], negative_slope="steep")
    with pytest.raises(ShapeError, match="leaky_relu: negative_slope has 1 axis, expected 0"):
        leaky_relu([1.0, 2.0], negative_slope=[0.1, 0.2])
