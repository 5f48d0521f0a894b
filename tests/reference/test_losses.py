"""Losses: golden examples, fifty-digit oracles, gradients at every entry, kinks, extremes, refusals."""

import json
from decimal import Decimal, getcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reference import (
    OPS,
    InputError,
    ShapeError,
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    hinge,
    l2_penalty,
    linear,
    sigmoid,
    squared_error,
    zero_one,
)

getcontext().prec = 60
GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
DIFFERENTIABLE = [
    "hinge",
    "cross_entropy",
    "binary_cross_entropy",
    "squared_error",
    "half_squared_error",
    "l2_penalty",
]
CASES = [(n, c.name) for n in DIFFERENTIABLE for c in OPS[n].cases(np.random.default_rng(0))]
few = settings(max_examples=40, derandomize=True, deadline=None, database=None)
scores = arrays(np.float64, (3, 4), elements=st.floats(-30, 30))
labels = arrays(np.int64, 3, elements=st.integers(0, 3))


def ways(op):
    return [op, op.definition]


def gradient(op, *args, dloss=None, **params):
    _, cache = op.forward(*args, **params)
    (dx,) = op.backward(cache) if dloss is None else op.backward(cache, dloss)
    return dx


# ------------------------------------------------------------------------------------ golden examples


@pytest.mark.parametrize("way", [0, 1])
def test_hinge_of_cat_car_and_frog(way):
    g = GOLDEN["G-LOSS-01"]
    s, y = np.array(g["inputs"]["s"]), np.array(g["inputs"]["y"])
    assert ways(hinge)[way](s, y) == pytest.approx(g["expected"]["L"], abs=1e-14)
    each = [ways(hinge)[way](s[i : i + 1], y[i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(each, g["expected"]["L_i"], atol=1e-14)
    assert not np.allclose(each, GOLDEN["G-LOSS-02"]["expected"]["L_i"])  # the slide's sign slip


def test_hinge_and_penalty_of_the_tiny_classifier():
    g = GOLDEN["G-LOSS-03"]
    X, W, y = (np.array(g["inputs"][k]) for k in ("X", "W", "y"))
    s, below = linear.forward(X, W)
    loss, cache = hinge.forward(s, y)
    R, penalty = l2_penalty.forward(W, g["params"]["lam"])
    assert loss + R == pytest.approx(g["expected"]["L"], abs=1e-14)
    _, dW, _ = linear.backward(below, hinge.backward(cache)[0])
    np.testing.assert_allclose(dW + l2_penalty.backward(penalty)[0], g["expected"]["dW"], atol=1e-14)


@pytest.mark.parametrize("name", ["G-LOSS-04", "G-LOSS-05"])
@pytest.mark.parametrize("way", [0, 1])
def test_softmax_loss(name, way):
    g = GOLDEN[name]
    assert ways(cross_entropy)[way](g["inputs"]["f"], g["inputs"]["y"]) == pytest.approx(
        g["expected"]["L"], abs=1e-14
    )
    dx = gradient(cross_entropy, g["inputs"]["f"], g["inputs"]["y"])
    np.testing.assert_allclose(dx, g["expected"]["df"], atol=1e-15)


@pytest.mark.parametrize("way", [0, 1])
def test_zero_one_counts_mistakes(way):
    g = GOLDEN["G-LOSS-08"]
    assert ways(zero_one)[way](g["inputs"]["yhat"], g["inputs"]["y"]) == g["expected"]["mean"]
    assert zero_one.backward is None


@pytest.mark.parametrize("way", [0, 1])
def test_regularised_binary_cross_entropy(way):
    g = GOLDEN["G-LOSS-09"]
    a = np.array(g["inputs"]["a"])
    C0 = ways(binary_cross_entropy)[way](np.log(a / (1 - a)), g["inputs"]["y"])
    assert pytest.approx(g["expected"]["C0"], abs=1e-14) == C0
    R = ways(l2_penalty)[way](g["inputs"]["w"], g["params"]["lam"])
    assert pytest.approx(g["expected"]["C"], abs=1e-14) == C0 + R
    dw = gradient(l2_penalty, g["inputs"]["w"], g["params"]["lam"])
    np.testing.assert_allclose(dw, g["expected"]["dreg_dw"], atol=1e-16)


def test_extreme_predictions():
    g = GOLDEN["G-LOSS-10"]
    for a, expected in zip(g["inputs"]["a"], g["expected"]["stable_dJ_da"], strict=True):
        assert gradient(binary_cross_entropy, a, 1.0) == pytest.approx(expected, rel=1e-14)


def test_logistic_regression_has_the_sign_of_a_loss():
    right, slide = GOLDEN["G-MLP-07"], GOLDEN["G-MLP-06"]
    x, theta, t = (right["inputs"][k] for k in ("x", "theta", "ystar"))
    a = np.dot(x, theta)
    assert binary_cross_entropy(a, t) == pytest.approx(right["expected"]["J"], abs=1e-14)
    assert binary_cross_entropy(a, t) == pytest.approx(-slide["expected"]["J"], abs=1e-14)
    assert gradient(binary_cross_entropy, a, t) == pytest.approx(right["expected"]["dJ_da"], abs=1e-14)


@pytest.mark.parametrize("way", [0, 1])
def test_half_squared_error_of_the_step_by_step_example(way):
    g = GOLDEN["G-MLP-01"]
    out = [g["expected"]["out_o1"], g["expected"]["out_o2"]]
    E = ways(half_squared_error)[way](out, g["inputs"]["t"])
    assert pytest.approx(g["expected"]["E_total"], abs=2e-9) == E  # printed with nine digits
    np.testing.assert_allclose(
        gradient(half_squared_error, out, g["inputs"]["t"]), [0.74136507, -0.217071535], atol=1e-12
    )


def test_mean_squared_error_of_join_the_dots():
    g = GOLDEN["G-EVAL-02"]
    x, y, test = (np.array(v) for v in (g["inputs"]["x"], g["inputs"]["y"], g["params"]["test_idx"]))
    train = np.setdiff1d(x, test)
    answers = np.interp(x[test], x[train], y[train])
    expected = g["expected"]["join_the_dots"]["test_set"]
    for way in ways(squared_error):
        assert way(answers, y[test]) == pytest.approx(expected, abs=1e-12)


# --------------------------------------------------------------------------------- independent oracles


@few
@given(scores, labels)
def test_cross_entropy_with_fifty_digits(x, t):
    e = [[Decimal(float(v)).exp() for v in row] for row in x]
    p = [[v / sum(row) for v in row] for row in e]
    expected = -sum(row[k].ln() for row, k in zip(p, t, strict=True)) / 3
    for way in ways(cross_entropy):
        assert way(x, t) == pytest.approx(float(expected), rel=1e-13, abs=1e-13)
    dx = [[float((v - (j == k)) / 3) for j, v in enumerate(row)] for row, k in zip(p, t, strict=True)]
    np.testing.assert_allclose(gradient(cross_entropy, x, t), dx, rtol=1e-12, atol=1e-15)


@few
@given(st.lists(st.tuples(st.floats(-60, 60), st.sampled_from([0.0, 1.0])), min_size=1, max_size=5))
def test_binary_cross_entropy_with_fifty_digits(pairs):
    x, t = zip(*pairs, strict=True)
    y = [1 / (1 + (-Decimal(v)).exp()) for v in x]
    loss = -sum((p if k else 1 - p).ln() for p, k in zip(y, t, strict=True)) / len(x)
    for way in ways(binary_cross_entropy):
        assert way(x, t) == pytest.approx(float(loss), rel=1e-14, abs=1e-30)
    dx = [float((p - Decimal(k)) / len(x)) for p, k in zip(y, t, strict=True)]
    np.testing.assert_allclose(gradient(binary_cross_entropy, x, t), dx, rtol=1e-14)


@few
@given(
    arrays(np.int64, (3, 4), elements=st.integers(-3, 3)),
    labels,
    st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(2), Fraction(0)]),
)
def test_hinge_in_exact_arithmetic(x, t, delta):
    """Whole scores hit the kinks often; there the gradient is 0."""
    loss, dx = Fraction(0), [[0] * 4 for _ in range(3)]
    for i, j in np.ndindex(3, 4):
        margin = int(x[i, j]) - int(x[i, t[i]]) + delta
        if j != t[i] and margin > 0:
            loss += margin
            dx[i][j] += 1
            dx[i][t[i]] -= 1
    for way in ways(hinge):
        assert way(x, t, delta=float(delta)) == pytest.approx(float(loss / 3), rel=1e-15)
    got = gradient(hinge, x, t, delta=float(delta), dloss=-1.5)
    np.testing.assert_allclose(got, -0.5 * np.array(dx), rtol=1e-15)


@few
@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=1, max_size=6))
def test_squared_errors_in_exact_arithmetic(pairs):
    x, t = (np.array(v, float) for v in zip(*pairs, strict=True))
    total = sum(Fraction(a - b) ** 2 for a, b in pairs)
    for i in (0, 1):
        assert ways(squared_error)[i](x, t) == float(total / len(pairs))
        assert ways(half_squared_error)[i](x, t) == float(total / 2)
        assert ways(l2_penalty)[i](x, 0.5) == float(sum(Fraction(a) ** 2 for a, _ in pairs) / 2)


# ------------------------------------------------------------------------------------------ gradients


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradient_at_every_entry(name, label):
    op = OPS[name]
    case = next(c for c in op.cases(np.random.default_rng(5)) if c.name == label)
    key, x = next(iter(case.inputs.items()))
    if name == "hinge":
        right = np.take_along_axis(x, case.inputs["t"][:, None], 1)
        margins = np.abs(x - right + case.params.get("delta", 1))
        assert margins.min() > 0.01  # away from the kinks
    if name == "binary_cross_entropy":
        assert np.abs(x).min() > 0  # the two halves of its formula meet at 0

    def at(i, move):
        moved = np.array(x)
        moved[i] += move
        return op(**{**case.inputs, key: moved}, **case.params)

    _, cache = op.forward(**case.inputs, **case.params)
    dloss = np.random.default_rng(6).normal()
    (got,) = op.backward(cache, dloss)
    scale = max(1.0, abs(float(op(**case.inputs, **case.params))))
    for i in np.ndindex(x.shape):
        wide, narrow = ((at(i, s) - at(i, -s)) / (2 * s) for s in (4e-3, 2e-3))
        np.testing.assert_allclose(got[i], dloss * (4 * narrow - wide) / 3, rtol=1e-8, atol=1e-11 * scale)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_upstream_is_one_unless_given(name):
    op = OPS[name]
    case = next(iter(op.cases(np.random.default_rng(4))))
    loss, cache = op.forward(**case.inputs, **case.params)
    assert np.shape(loss) == ()
    (alone,), (tripled,) = op.backward(cache), op.backward(cache, -3.0)
    np.testing.assert_allclose(tripled, -3 * alone, rtol=1e-14)


def test_rows_of_score_gradients_sum_to_zero():
    rng = np.random.default_rng(1)
    x, t = 3 * rng.normal(size=(5, 4)), rng.integers(4, size=5)
    for op in (hinge, cross_entropy):
        np.testing.assert_allclose(gradient(op, x, t).sum(axis=1), 0, atol=1e-15)
        twice = gradient(op, np.vstack([x, x]), np.hstack([t, t]))
        np.testing.assert_allclose(twice[:5], gradient(op, x, t) / 2, rtol=1e-13)  # the mean, not the sum


def test_fused_gradient_is_the_chain_of_two_steps():
    x, t = np.array([0.3, -1.2, 2.0]), np.array([1.0, 0.0, 0.25])
    y, cache = sigmoid.forward(x)
    (dx,) = sigmoid.backward(cache, -(t / y - (1 - t) / (1 - y)) / 3)
    np.testing.assert_allclose(gradient(binary_cross_entropy, x, t), dx, rtol=1e-13)


# --------------------------------------------------------------------------------------------- extremes


@pytest.mark.parametrize("way", [0, 1])
def test_scores_of_a_thousand(way):
    x = [[1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1000.0]]
    assert ways(cross_entropy)[way](x, [2, 0]) == pytest.approx(1000 + np.log(3) / 2, rel=1e-15)
    np.testing.assert_allclose(gradient(cross_entropy, x, [2, 0])[0], [0.5, 0, -0.5], atol=1e-15)
    assert ways(binary_cross_entropy)[way]([800.0, -800.0, 40.0], [0, 1, 1]) == pytest.approx(
        1600 / 3, rel=1e-15
    )


@pytest.mark.parametrize("way", [0, 1])
def test_infinite_scores(way):
    inf = np.inf
    assert ways(binary_cross_entropy)[way]([inf, -inf], [1, 0]) == 0
    assert ways(binary_cross_entropy)[way]([inf, 0.0], [0, 0]) == inf
    np.testing.assert_array_equal(gradient(binary_cross_entropy, [inf, -inf, inf], [1, 0, 0]), [0, 0, 1 / 3])
    assert ways(cross_entropy)[way]([[0.0, -inf]], [0]) == 0
    assert ways(cross_entropy)[way]([[0.0, -inf]], [1]) == inf
    assert ways(hinge)[way]([[inf, 0.0]], [0]) == 0
    assert ways(hinge)[way]([[inf, 0.0]], [1]) == inf


@pytest.mark.parametrize("name", ["hinge", "cross_entropy"])
@pytest.mark.parametrize("way", [0, 1])
def test_nan_reaches_the_loss_and_its_own_row(name, way):
    x = np.array([[0.5, np.nan, 3.0], [1.0, 2.0, -1.0]])
    assert np.isnan(ways(OPS[name])[way](x, [0, 1]))
    dx = gradient(OPS[name], x, [0, 1])
    assert np.isnan(dx[0]).any()
    assert np.isfinite(dx[1]).all()


@pytest.mark.parametrize("name", ["binary_cross_entropy", "squared_error", "half_squared_error"])
@pytest.mark.parametrize("way", [0, 1])
def test_nan_reaches_the_loss_and_its_own_entry(name, way):
    x = np.array([0.5, np.nan, 3.0])
    assert np.isnan(ways(OPS[name])[way](x, [0.0, 1.0, 1.0]))
    np.testing.assert_array_equal(np.isnan(gradient(OPS[name], x, [0.0, 1.0, 1.0])), [False, True, False])


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_single_precision(name):
    for case in OPS[name].cases(np.random.default_rng(2)):
        inputs = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in case.inputs.items()}
        exact = OPS[name](**{k: v.astype(v.dtype.kind + "8") for k, v in inputs.items()}, **case.params)
        for way in ways(OPS[name]):
            loss = way(**inputs, **case.params)
            assert loss.dtype == np.float32
            assert loss == pytest.approx(exact, rel=2e-6, abs=1e-6)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    for classes in (1, 2, 10, 1000):
        x = np.full((2, classes), 7.5)
        assert cross_entropy(x, [0, classes - 1]) == pytest.approx(np.log(classes), abs=1e-12)
        assert hinge(x, [0, classes - 1]) == classes - 1


# -------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("op", [hinge, cross_entropy])
@pytest.mark.parametrize(("t", "fact"), [([0, 3], r"t\[1\] is 3"), ([-1, 0], r"t\[0\] is -1")])
def test_labels_out_of_range_are_refused(op, t, fact):
    for way in ways(op):
        with pytest.raises(InputError, match=rf"^{op.name}: {fact}, but the 3 classes are numbered 0 to 2"):
            way(np.ones((2, 3)), t)


@pytest.mark.parametrize("op", [hinge, cross_entropy])
def test_labels_must_be_whole_numbers_one_per_row(op):
    with pytest.raises(InputError, match="t holds float64 values, not whole numbers"):
        op(np.ones((2, 3)), [0.0, 1.0])
    with pytest.raises(ShapeError, match="t has N = 3, but x has N = 2"):
        op(np.ones((2, 3)), [0, 1, 2])
    with pytest.raises(ShapeError, match="t has 2 axes, expected 1"):
        op(np.ones((2, 3)), np.eye(3, dtype=int)[:2])
    with pytest.raises(ShapeError, match="x has 1 axis, expected 2"):
        op(np.ones(3), [0])


@pytest.mark.parametrize("bad", [[1.0, 2.0], [1.0, -0.1]])
def test_targets_outside_zero_to_one_are_refused(bad):
    for way in ways(binary_cross_entropy):
        with pytest.raises(InputError, match=f"t holds {bad[1]}, but targets lie between 0 and 1"):
            way([0.0, 0.0], bad)


def test_nothing_is_broadcast():
    for op in (squared_error, half_squared_error, binary_cross_entropy):
        with pytest.raises(ShapeError, match=r"t has \.\.\. = \(2,\), but x has \.\.\. = \(2, 1\)"):
            op(np.ones((2, 1)), np.ones(2))


def test_negative_settings_are_refused():
    for lam in (-0.1, np.nan):
        with pytest.raises(InputError, match="l2_penalty: lam must be 0 or more"):
            l2_penalty([1.0], lam)
    with pytest.raises(InputError, match="hinge: delta must be 0 or more"):
        hinge([[1.0, 2.0]], [0], delta=-1)
    with pytest.raises(InputError, match="hinge: delta holds"):
        hinge([[1.0, 2.0]], [0], delta="wide")
