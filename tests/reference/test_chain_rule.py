"""The chain rule: golden circuit, exact sums, gradients at every entry, and layers written as Jacobians."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    OPS,
    ShapeError,
    chain_rule_1d,
    chain_rule_2d,
    chain_rule_3d,
    linear,
    mean_subtraction,
    sigmoid_circuit,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
RULES = ["chain_rule_1d", "chain_rule_2d", "chain_rule_3d"]
CASES = [(n, c.name) for n in [*RULES, "sigmoid_circuit"] for c in OPS[n].cases(np.random.default_rng(0))]
few = settings(max_examples=40, derandomize=True, deadline=None, database=None)


def ways(op):
    return [op, op.definition]


# -------------------------------------------------------------------------------------------- circuit


def test_circuit_of_the_lecture():
    for name in ("G-GRAPH-02", "G-GRAPH-04"):
        g = GOLDEN[name]
        f, cache = sigmoid_circuit.forward(**g["inputs"])
        gradients = dict(
            zip(("dw0", "dx0", "dw1", "dx1", "dw2"), sigmoid_circuit.backward(cache), strict=True)
        )
        assert f == pytest.approx(0.7310585786300049, abs=1e-15)
        for key in gradients.keys() & g["expected"].keys():
            assert gradients[key] == pytest.approx(g["expected"][key], abs=1e-15)


@few
@given(st.tuples(*[st.floats(-5, 5)] * 5))
def test_circuit_against_the_math_module(values):
    w0, x0, w1, x1, w2 = values
    y = 1 / (1 + math.exp(-(w0 * x0 + w1 * x1 + w2)))
    f, cache = sigmoid_circuit.forward(*values)
    assert f == pytest.approx(y, rel=1e-14)
    slope = y * (1 / (1 + math.exp(w0 * x0 + w1 * x1 + w2)))
    expected = [-2 * slope * v for v in (x0, w0, x1, w1, 1)]
    np.testing.assert_allclose(sigmoid_circuit.backward(cache, -2.0), expected, rtol=1e-13, atol=1e-300)


def test_circuit_far_out():
    f, cache = sigmoid_circuit.forward(-100.0, 8.0, 0.0, 0.0, 0.0)
    assert f == 0
    assert [float(g) for g in sigmoid_circuit.backward(cache)] == [0, 0, 0, 0, 0]
    assert sigmoid_circuit(100.0, 8.0, 0.0, 0.0, 0.0) == 1
    assert np.isnan(sigmoid_circuit(np.nan, 8.0, 0.0, 0.0, 0.0))
    with pytest.raises(ShapeError, match="sigmoid_circuit: x0 has 1 axis, expected 0"):
        sigmoid_circuit(1.0, [2.0], 3.0, 4.0, 5.0)


# ------------------------------------------------------------------------------------------ the rules


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradient_at_every_entry(name, label):
    op = OPS[name]
    case = next(c for c in op.cases(np.random.default_rng(5)) if c.name == label)
    y, cache = op.forward(**case.inputs)
    dy = np.random.default_rng(6).normal(size=np.shape(y))
    for key, got in zip(case.inputs, op.backward(cache, dy), strict=True):
        for i in np.ndindex(case.inputs[key].shape):

            def at(move, key=key, i=i):
                moved = np.array(case.inputs[key])
                moved[i] += move
                return np.sum(op(**{**case.inputs, key: moved}) * dy)

            wide, narrow = ((at(h) - at(-h)) / (2 * h) for h in (2e-3, 1e-3))
            np.testing.assert_allclose(got[i], (4 * narrow - wide) / 3, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("way", [0, 1])
def test_rules_against_subscripts(way):
    """Whole numbers are exact, so the sums written as subscripts must be met to the last digit."""
    rng = np.random.default_rng(1)
    for op, subscripts, h, x in (
        (chain_rule_1d, "i,ij->j", (3,), (4,)),
        (chain_rule_2d, "ij,ijab->ab", (2, 3), (4, 2)),
        (chain_rule_3d, "ijk,ijkabc->abc", (2, 1, 3), (1, 2, 2)),
    ):
        dh, jacobian = rng.integers(-9, 9, size=h), rng.integers(-9, 9, size=(*h, *x))
        np.testing.assert_array_equal(ways(op)[way](dh, jacobian), np.einsum(subscripts, dh, jacobian))


def test_mean_subtraction_from_its_jacobian():
    rng = np.random.default_rng(2)
    x, dh = rng.normal(size=4), rng.normal(size=4)
    _, cache = mean_subtraction.forward(x)
    jacobian = np.eye(4) - 1 / 4
    np.testing.assert_allclose(
        chain_rule_1d(dh, jacobian), mean_subtraction.backward(cache, dh)[0], atol=1e-15
    )


def test_weights_of_a_layer_from_the_general_sum():
    g = GOLDEN["G-GRAPH-05"]
    x, w, dh = (np.array(g["inputs"][k]) for k in ("x", "W", "dh"))
    np.testing.assert_array_equal(chain_rule_1d(dh, w), g["expected"]["dx"])
    jacobian = np.zeros((2, 2, 3))  # dh_k/dW_ij = x_j if k = i, else 0
    for k in range(2):
        jacobian[k, k] = x
    dw = [[chain_rule_1d(dh, jacobian[:, i, j : j + 1])[0] for j in range(3)] for i in range(2)]
    np.testing.assert_array_equal(dw, g["expected"]["dW"])


def test_batch_of_a_layer_as_matrix_rule():
    rng = np.random.default_rng(3)
    x, w, dy = rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(3, 4))
    jacobian = np.zeros((3, 4, 3, 2))
    for n in range(3):
        jacobian[n, :, n, :] = w
    _, cache = linear.forward(x, w)
    np.testing.assert_allclose(chain_rule_2d(dy, jacobian), linear.backward(cache, dy)[0], atol=1e-14)


@pytest.mark.parametrize("way", [0, 1])
def test_nan_and_zero_times_infinity(way):
    jacobian = np.array([[1.0, 0.0], [0.0, np.inf]])
    np.testing.assert_array_equal(ways(chain_rule_1d)[way]([2.0, 3.0], jacobian), [2, np.inf])
    np.testing.assert_array_equal(ways(chain_rule_1d)[way]([2.0, 0.0], jacobian), [2, np.nan])
    np.testing.assert_array_equal(ways(chain_rule_1d)[way]([np.nan, 0.0], np.eye(2)), [np.nan, np.nan])


def test_refusals():
    with pytest.raises(ShapeError, match="chain_rule_1d: jacobian has I = 2, but dh has I = 3"):
        chain_rule_1d(np.ones(3), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="chain_rule_2d: jacobian has 2 axes, expected 4"):
        chain_rule_2d(np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(ShapeError, match="chain_rule_3d: dh has 2 axes, expected 3"):
        chain_rule_3d(np.ones((2, 2)), np.ones((2, 2, 1, 1, 1, 1)))
