"""Linear layers: golden examples, exact fractions, gradients at every entry, refusals."""

import json
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
    flatten,
    linear,
    mean_subtraction,
    one_hot,
    perceptron,
    perceptron_rule,
    predict_class,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
CASES = [
    (n, c.name)
    for n in ("linear", "flatten", "mean_subtraction")
    for c in OPS[n].cases(np.random.default_rng(0))
]
few = settings(max_examples=40, derandomize=True, deadline=None, database=None)
whole_numbers = st.integers(-9, 9)


def ways(op):
    return [op, op.definition]


def case_of(name, label):
    return next(c for c in OPS[name].cases(np.random.default_rng(5)) if c.name == label)


# ------------------------------------------------------------------------------------ golden examples


@pytest.mark.parametrize("way", [0, 1])
def test_dense_layer_on_a_vector(way):
    g = GOLDEN["G-GRAPH-05"]
    x, w, b = (g["inputs"][k] for k in ("x", "W", "b"))
    np.testing.assert_array_equal(ways(linear)[way](x, w, b), g["expected"]["h"])
    np.testing.assert_array_equal(ways(linear)[way]([x, x], w, b), [g["expected"]["h"]] * 2)


def test_dense_layer_backward():
    g = GOLDEN["G-GRAPH-05"]
    _, cache = linear.forward(*(g["inputs"][k] for k in ("x", "W", "b")))
    dx, dw, db = linear.backward(cache, g["inputs"]["dh"])
    np.testing.assert_array_equal(dx, g["expected"]["dx"])
    np.testing.assert_array_equal(dw, g["expected"]["dW"])
    np.testing.assert_array_equal(db, g["expected"]["db"])


@pytest.mark.parametrize("way", [0, 1])
def test_scores_of_the_tiny_classifier(way):
    g = GOLDEN["G-LOSS-03"]
    np.testing.assert_array_equal(ways(linear)[way](g["inputs"]["X"], g["inputs"]["W"]), g["expected"]["s"])


@pytest.mark.parametrize("way", [0, 1])
def test_perceptron_at_every_place_of_a_signal(way):
    g = GOLDEN["G-CONV-06"]
    windows = np.lib.stride_tricks.sliding_window_view(np.array(g["inputs"]["x"]), 2)
    y = ways(perceptron)[way](windows, g["inputs"]["w"], g["inputs"]["b"])
    np.testing.assert_array_equal(y, g["expected"]["out"])


@pytest.mark.parametrize("way", [0, 1])
def test_mean_subtraction_of_the_lecture(way):
    g = GOLDEN["G-NORM-03"]
    np.testing.assert_allclose(ways(mean_subtraction)[way](g["inputs"]["x"]), g["expected"]["h"], atol=1e-15)
    square = GOLDEN["G-NORM-04"]
    h = ways(mean_subtraction)[way](square["inputs"]["X_square"])
    np.testing.assert_array_equal(h, square["expected"]["correct_square"])


def test_mean_subtraction_backward_of_the_lecture():
    g = GOLDEN["G-NORM-03"]
    _, cache = mean_subtraction.forward(g["inputs"]["x"])
    np.testing.assert_allclose(
        mean_subtraction.backward(cache, g["inputs"]["dh"])[0], g["expected"]["dx"], atol=1e-15
    )
    jacobian = [
        mean_subtraction.backward(mean_subtraction.forward(np.zeros(3))[1], row)[0] for row in np.eye(3)
    ]
    np.testing.assert_allclose(jacobian, g["expected"]["J"], atol=1e-15)


def test_labels_and_predictions():
    g = GOLDEN["G-KERAS-01"]
    for way in (0, 1):
        np.testing.assert_array_equal(
            ways(one_hot)[way](g["inputs"]["labels"], g["inputs"]["C"]), g["expected"]["T"]
        )
        np.testing.assert_array_equal(ways(predict_class)[way](g["inputs"]["p"]), g["expected"]["argmax"])


def test_flat_colour_image_has_3072_numbers():
    g = GOLDEN["G-CNN-07"]
    image = np.arange(2 * 3072.0).reshape(2, *g["inputs"]["chw"])
    y = flatten(image)
    assert y.shape == (2, g["expected"]["numel"])
    assert y[1, (2 * 32 + 5) * 32 + 7] == image[1, 2, 5, 7]


# --------------------------------------------------------------------------------- independent oracles


@few
@given(
    arrays(np.int64, (3, 2), elements=whole_numbers),
    arrays(np.int64, (4, 2), elements=whole_numbers),
    arrays(np.int64, 4, elements=whole_numbers),
    arrays(np.int64, (3, 4), elements=whole_numbers),
)
def test_linear_in_exact_arithmetic(x, w, b, dy):
    """Small whole numbers leave no rounding: every digit must agree with sums of Python integers."""
    as_fractions = [[Fraction(int(v)) for v in row] for row in x]
    expected = [
        [sum(int(a) * c for a, c in zip(row, f, strict=True)) + int(s) for row, s in zip(w, b)]
        for f in as_fractions
    ]
    for way in ways(linear):
        np.testing.assert_array_equal(way(x, w, b), expected)
    _, cache = linear.forward(x, w, b)
    dx, dw, db = linear.backward(cache, dy)
    for n, d in np.ndindex(3, 2):
        assert dx[n, d] == sum(int(dy[n, m]) * int(w[m, d]) for m in range(4))
    for m, d in np.ndindex(4, 2):
        assert dw[m, d] == sum(int(dy[n, m]) * int(x[n, d]) for n in range(3))
    np.testing.assert_array_equal(db, [sum(int(v) for v in dy[:, m]) for m in range(4)])


@few
@given(arrays(np.float64, (2, 4), elements=st.floats(-1e6, 1e6)))
def test_mean_subtraction_against_fractions(x):
    rows = [[Fraction(float(v)) for v in row] for row in x]
    expected = [[float(v - sum(row) / 4) for v in row] for row in rows]
    for way in ways(mean_subtraction):
        np.testing.assert_allclose(way(x), expected, rtol=0, atol=1e-9)


@few
@given(
    st.lists(st.tuples(whole_numbers, whole_numbers, st.integers(0, 1)), min_size=1, max_size=8),
    st.tuples(whole_numbers, whole_numbers, whole_numbers),
    st.sampled_from([1, Fraction(1, 2), Fraction(1, 4)]),
)
def test_perceptron_rule_against_fractions(examples, start, lr):
    w, b, trace = [Fraction(start[0]), Fraction(start[1])], Fraction(start[2]), []
    for x0, x1, t in examples:
        error = t - (w[0] * x0 + w[1] * x1 + b > 0)
        w, b = [w[0] + lr * error * x0, w[1] + lr * error * x1], b + lr * error
        trace.append([*w, b])
    x, t = [e[:2] for e in examples], [e[2] for e in examples]
    for way in ways(perceptron_rule):
        got = way(x, t, start[:2], start[2], lr=float(lr))
        np.testing.assert_array_equal(np.column_stack([got.w, got.b]), np.array(trace, float))


def test_perceptron_rule_learns_a_gate_and_then_stands_still():
    corners, target = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1])
    w, b = np.zeros(2), 0.0
    for _ in range(20):
        trace = perceptron_rule(corners, target, w, b)
        w, b = trace.w[-1], float(trace.b[-1])
    np.testing.assert_array_equal(perceptron(corners, w, b), target)
    again = perceptron_rule(corners, target, w, b)
    np.testing.assert_array_equal(again.w, np.tile(w, (4, 1)))


def test_each_example_meets_the_weights_left_by_the_one_before():
    both = perceptron_rule([[1.0, 0.0], [1.0, 0.0]], [1, 1], [0.0, 0.0], 0.0)
    np.testing.assert_array_equal(both.w, [[1, 0], [1, 0]])  # the second is right by then


# ------------------------------------------------------------------------------------------ gradients


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradient_at_every_entry(name, label):
    """These ops are linear in each argument, so a central difference of width 1 has rounding errors only."""
    op, case = OPS[name], case_of(name, label)
    y, cache = op.forward(**case.inputs)
    dy = np.random.default_rng(8).normal(size=y.shape)
    for key, value, got in zip(case.inputs, case.inputs.values(), op.backward(cache, dy)):
        for i in np.ndindex(value.shape):
            ends = []
            for move in (0.5, -0.5):
                moved = value.copy()
                moved[i] += move
                ends.append(np.sum(op(**{**case.inputs, key: moved}) * dy))
            np.testing.assert_allclose(got[i], ends[0] - ends[1], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("label", ["plain", "a vector", "two leading axes"])
def test_adjoint_of_linear(label):
    case = case_of("linear", label)
    x, w = case.inputs["x"], case.inputs["w"]
    y, cache = linear.forward(x, w)
    dy = np.random.default_rng(9).normal(size=y.shape)
    dx, dw, db = linear.backward(cache, dy)
    assert db is None
    np.testing.assert_allclose(np.sum(y * dy), np.sum(x * dx), rtol=1e-12)
    np.testing.assert_allclose(np.sum(y * dy), np.sum(w * dw), rtol=1e-12)


def test_backward_of_mean_subtraction_is_forward():
    rng = np.random.default_rng(2)
    x, dh = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3, 3))
    _, cache = mean_subtraction.forward(x)
    np.testing.assert_array_equal(mean_subtraction.backward(cache, dh)[0], mean_subtraction(dh))
    np.testing.assert_allclose(mean_subtraction(mean_subtraction(x)), mean_subtraction(x), atol=1e-15)


# ----------------------------------------------------------------------------- NaN, memory order, ties


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_poison_stays_in_its_row(way, poison):
    x, w = np.ones((3, 4)), np.ones((2, 4))
    x[1, 2] = poison
    y = ways(linear)[way](x, w)
    np.testing.assert_array_equal(y, [[4, 4], [poison] * 2, [4, 4]])
    w[1, 2] = 0
    assert np.isnan(ways(linear)[way](x, w)[1, 1])  # 0 * inf and 0 * nan are NaN
    h = ways(mean_subtraction)[way](x)
    np.testing.assert_array_equal(np.isfinite(h).all(axis=1), [True, False, True])
    np.testing.assert_array_equal(
        ways(perceptron)[way](x, np.ones(4), 0.0), [1, np.nan if poison != poison else poison > 0, 1]
    )


@pytest.mark.parametrize("way", [0, 1])
def test_flatten_reads_in_the_order_of_the_formula(way):
    x = np.arange(24.0).reshape(2, 3, 4)
    for given_x in (x, np.asfortranarray(x), x[:, ::-1][:, ::-1]):
        np.testing.assert_array_equal(ways(flatten)[way](given_x), x.reshape(2, 12))
    first_last = ways(flatten)[way](x.transpose(0, 2, 1))
    assert not np.array_equal(first_last, x.reshape(2, 12))


@pytest.mark.parametrize("way", [0, 1])
def test_ties_and_nan_in_predictions(way):
    nan = np.nan
    x = [[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [5.0, nan, 9.0], [nan, nan, 1.0], [-np.inf, -np.inf, -np.inf]]
    np.testing.assert_array_equal(ways(predict_class)[way](x), [0, 1, 1, 0, 0])
    assert ways(predict_class)[way]([0.0, 3.0, 1.0]) == 1


def test_sum_of_exactly_zero_is_no():
    for way in ways(perceptron):
        assert way([1.0, 1.0], [1.0, 1.0], -2.0) == 0
        assert way([1.0, 1.0], [1.0, 1.0], -1.999) == 1
    assert perceptron.backward is None


def test_single_precision_stays():
    x, w = np.ones((2, 3), np.float32), np.ones((4, 3), np.float32)
    y, cache = linear.forward(x, w, np.ones(4, np.float32))
    assert y.dtype == np.float32
    assert [g.dtype for g in linear.backward(cache, np.ones((2, 4)))] == [np.float32] * 3
    assert linear(x, w.astype(float)).dtype == np.float64
    trace = perceptron_rule(x, [0, 1], w[0], 0.5, lr=0.1)
    assert trace.w.dtype == trace.b.dtype == np.float32


# -------------------------------------------------------------------------------------------- refusals


def test_wrong_shapes_are_refused_with_both_shapes():
    with pytest.raises(ShapeError, match="linear: w has D = 4, but x has D = 3") as caught:
        linear(np.ones((2, 3)), np.ones((3, 4)))
    assert "x (2, 3) float64, w (3, 4) float64" in str(caught.value)
    with pytest.raises(ShapeError, match="b has M = 1, but w has M = 4"):
        linear(np.ones((2, 3)), np.ones((4, 3)), np.ones(1))
    with pytest.raises(ShapeError, match="x has 0 axes, expected 1 or more"):
        linear(1.0, np.ones((2, 1)))
    with pytest.raises(ShapeError, match="b has 1 axis, expected 0"):
        perceptron([1.0, 2.0], [1.0, 2.0], [0.0])
    with pytest.raises(ShapeError, match="mean_subtraction: x is empty"):
        mean_subtraction(np.ones((0, 3)))
    with pytest.raises(ShapeError, match="flatten: x has 0 axes"):
        flatten(3.0)


@pytest.mark.parametrize(("t", "fact"), [([0, 3], r"t\[1\] is 3"), ([-1, 0], r"t\[0\] is -1")])
def test_labels_out_of_range_are_refused(t, fact):
    with pytest.raises(InputError, match=f"{fact}, but the 3 classes are numbered 0 to 2"):
        one_hot(t, 3)


def test_other_refusals():
    with pytest.raises(InputError, match=r"perceptron_rule: t\[1\] is -1, but targets are 0 or 1"):
        perceptron_rule(np.ones((2, 2)), [1, -1], np.zeros(2), 0.0)
    with pytest.raises(InputError, match="t holds float64 values, not whole numbers"):
        one_hot([0.0, 1.0], 2)
    for classes in (0, 2.0, True, "3"):
        with pytest.raises(InputError, match="classes must be"):
            one_hot([0], classes)
