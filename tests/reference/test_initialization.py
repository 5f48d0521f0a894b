"""First weights: golden examples, distributions, what becomes of activations, bad input."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    InputError,
    ShapeError,
    activation_statistics,
    activations_per_layer,
    constant,
    conv2d,
    fans,
    he_normal,
    he_uniform,
    initialization_std,
    predicted_std,
    small_normal,
    uniform_limit,
    xavier_normal,
    xavier_uniform,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
DRAWN = [xavier_normal, xavier_uniform, he_normal, he_uniform]


# ------------------------------------------------------------------------------------ golden examples


def test_standard_deviations_of_the_schemes():
    g = GOLDEN["G-INIT-01"]
    for i, (fan_in, fan_out) in enumerate(g["inputs"]["fans"]):
        stds = {
            scheme: initialization_std(fan_in, fan_out, scheme)
            for scheme in ("xavier", "xavier_fan_in", "he")
        }
        assert stds["xavier"] == pytest.approx(g["expected"]["xavier_normal"][i], rel=1e-14)
        assert stds["xavier_fan_in"] == pytest.approx(g["expected"]["xavier_fan_in"][i], rel=1e-14)
        assert stds["he"] == pytest.approx(g["expected"]["he_normal"][i], rel=1e-14)
        limit = g["expected"]["xavier_uniform_limit"][i]
        assert uniform_limit(stds["xavier"]) == pytest.approx(limit, rel=1e-14)


def one_step(w1, w2, x, t, lr):
    """Take a step of gradient descent in a net with tanh, a linear output and squared error."""
    h = np.tanh(w1 @ x)
    delta = 2 * (w2 @ h - t)
    back = (w2.T @ delta) * (1 - h**2)
    return w1 - lr * np.outer(back, x), w2 - lr * np.outer(delta, h), np.sum((w2 @ h - t) ** 2)


def test_equal_weights_stay_equal_although_the_network_trains():
    g = GOLDEN["G-INIT-02"]
    x, t = np.array(g["inputs"]["x"]), np.array(g["inputs"]["t"])
    hidden, lr = g["inputs"]["hidden"], g["params"]["lr"]
    w1, w2 = constant((hidden, 2), g["inputs"]["c"]), constant((2, hidden), g["inputs"]["c"])
    losses = []
    for _ in range(g["params"]["steps"]):
        w1, w2, loss = one_step(w1, w2, x, t, lr)
        losses.append(loss)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    assert bool((w1 == w1[0]).all() and (w2 == w2[:, :1]).all()) is g["expected"]["rows_identical"]
    zero = constant((hidden, 2))
    after, _, _ = one_step(zero, constant((2, hidden)), x, t, lr)
    assert np.array_equal(after, zero) is g["expected"]["zero_init_W1_grad_is_zero"]


def test_depth_multiplies_the_spread():
    g = GOLDEN["G-INIT-03"]
    width, layers = g["inputs"]["width"], g["inputs"]["layers"]
    small = [predicted_std(width, g["inputs"]["std"], n) for n in layers]
    xavier = [predicted_std(width, initialization_std(width, width, "xavier"), n) for n in layers]
    he = [predicted_std(width, initialization_std(width, width, "he"), n, relu=True) for n in layers]
    np.testing.assert_allclose(small, g["expected"]["scale_small"], rtol=1e-12)
    np.testing.assert_allclose(xavier, g["expected"]["scale_xavier"], rtol=1e-12)
    np.testing.assert_allclose(he, 1, rtol=1e-12)


# ------------------------------------------------------------------------------------------------ fans


def test_fans_count_connections():
    """Count which inputs move one output, and which outputs one input moves, with a kernel of ones."""
    F, C, K, L = 4, 3, 2, 3
    x = np.zeros((1, C, 9, 9))
    w = np.ones((F, C, K, L))
    reads = sum(conv2d(np.eye(C * 81)[i].reshape(1, C, 9, 9), w)[0, 0, 3, 3] != 0 for i in range(C * 81))
    x[0, 0, 4, 4] = 1
    assert fans((F, C, K, L)) == (reads, np.count_nonzero(conv2d(x, w)))
    assert fans((7, 5)) == (5, 7)


# ------------------------------------------------------------------------------------------- distributions


@pytest.mark.parametrize("shape", [(300, 500), (40, 30, 5, 5)])
@pytest.mark.parametrize("draw", DRAWN, ids=lambda f: f.__name__)
def test_drawn_weights_have_the_spread_of_their_scheme(draw, shape):
    w = draw(shape, np.random.default_rng(0))
    fan_in = math.prod(shape[1:])
    fan_out = shape[0] * math.prod(shape[2:])
    variance = 2 / (fan_in + fan_out) if "xavier" in draw.__name__ else 2 / fan_in
    n = w.size
    assert w.shape == shape
    assert w.dtype == np.float64
    # Five standard errors of the mean, and of a variance of normal weights (even ones have a smaller one).
    assert abs(w.mean()) < 5 * math.sqrt(variance / n)
    assert abs(w.var() / variance - 1) < 5 * math.sqrt(2 / n)
    limit = math.sqrt(3 * variance)
    if "uniform" in draw.__name__:
        assert limit * 0.999 < np.abs(w).max() <= limit
    else:  # 8.3 % of normal numbers lie beyond sqrt(3) standard deviations
        assert np.mean(np.abs(w) > limit) == pytest.approx(0.0833, abs=0.005)


def test_small_normal():
    w = small_normal((200, 300), np.random.default_rng(1))
    assert w.std() == pytest.approx(0.01, rel=0.015)
    assert abs(w.mean()) < 5 * 0.01 / math.sqrt(w.size)
    assert not small_normal((3,), np.random.default_rng(1), std=0).any()


def test_constant_of_any_shape():
    np.testing.assert_array_equal(constant((4,), -2), [-2.0] * 4)
    assert constant([2, 3, 1, 1]).shape == (2, 3, 1, 1)


@pytest.mark.parametrize("draw", [*DRAWN, small_normal], ids=lambda f: f.__name__)
def test_weights_depend_on_the_generator_alone(draw):
    state = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002
    a, b = (draw((3, 4), np.random.default_rng(7)) for _ in range(2))
    rng = np.random.default_rng(7)
    first, second = draw((3, 4), rng), draw((3, 4), rng)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a, first)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state(legacy=False)["state"]["key"], state)  # noqa: NPY002


# ------------------------------------------------------------------------------------------- statistics


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_statistics_layer_by_layer(dtype):
    rng = np.random.default_rng(2)
    weights, x = [rng.normal(size=(5, 4)), rng.normal(size=(2, 5))], rng.normal(size=(6, 4)).astype(dtype)
    mean, std = activation_statistics(weights, x)
    h1 = np.tanh(x.astype(float) @ weights[0].T)
    h2 = np.tanh(h1 @ weights[1].T)
    assert mean.dtype == std.dtype == dtype
    np.testing.assert_allclose(mean, [h1.mean(), h2.mean()], atol=1e-6 if dtype == np.float32 else 1e-14)
    np.testing.assert_allclose(std, [h1.std(), h2.std()], atol=1e-6 if dtype == np.float32 else 1e-14)
    layers = activations_per_layer(weights, x)
    np.testing.assert_allclose(layers[1], h2, atol=1e-5)


def test_prediction_comes_true():
    """Linear layers and ReLU layers of width 256, ten deep, within the luck of one draw."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 256))
    linear = [small_normal((256, 256), rng, std=0.05) for _ in range(10)]
    _, std = activation_statistics(linear, x, lambda a: a)
    assert std[-1] == pytest.approx(predicted_std(256, 0.05, 10), rel=0.1)
    he = [he_normal((256, 256), rng) for _ in range(10)]
    last = activations_per_layer(he, x, lambda a: np.maximum(a, 0))[-1]
    assert np.sqrt(np.mean(last**2)) == pytest.approx(1, rel=0.3)


def test_one_matrix_per_layer_may_be_a_stack():
    stack = np.array([np.eye(2), 2 * np.eye(2)])
    mean, _ = activation_statistics(stack, [[1.0, 3]], lambda a: a)
    np.testing.assert_array_equal(mean, [2, 4])


@settings(derandomize=True, max_examples=30, deadline=None, database=None)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=5), st.integers(1, 4), st.integers(0, 99))
def test_any_widths(widths, n, seed):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(m, k)) for k, m in pairwise(widths)]
    x = rng.normal(size=(n, widths[0]))
    mean, std = activation_statistics(weights, x)
    assert [h.shape for h in activations_per_layer(weights, x)] == [(n, m) for m in widths[1:]]
    assert (np.abs(mean) <= 1).all()
    assert ((std >= 0) & (std <= 1)).all()


# -------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("shape", [(3,), (), 3, None, "ab", (0, 2), (2, -1), (2.0, 3), (2, None), (True, 2)])
@pytest.mark.parametrize("draw", [*DRAWN, lambda shape, _: fans(shape)], ids=["xn", "xu", "hn", "hu", "fans"])
def test_bad_shapes(draw, shape):
    with pytest.raises(InputError, match="shape") as caught:
        draw(shape, np.random.default_rng(0))
    assert caught.value.op in ("xavier_normal", "xavier_uniform", "he_normal", "he_uniform", "fans")
    assert caught.value.do


@pytest.mark.parametrize("rng", [None, 3, "seed", np.random.RandomState(0), np.random])
@pytest.mark.parametrize("draw", [*DRAWN, small_normal], ids=lambda f: f.__name__)
def test_only_generators_draw(draw, rng):
    with pytest.raises(InputError, match=rf"^{draw.__name__}: rng must be a NumPy Generator"):
        draw((2, 3), rng)


@pytest.mark.parametrize("bad", [-1, None, "0.1", np.nan, np.inf, 1j, [0.1], 10**400])
def test_bad_numbers(bad):
    rng = np.random.default_rng(0)
    for call in (
        lambda: small_normal((2, 2), rng, std=bad),
        lambda: uniform_limit(bad),
        lambda: predicted_std(3, bad, 2),
    ):
        with pytest.raises(InputError):
            call()
    if bad != -1:
        with pytest.raises(InputError, match=r"^constant: value"):
            constant((2, 2), bad)


def test_prediction_of_an_absurd_depth_is_no_accident():
    assert predicted_std(512, 1.0, 10**6) == np.inf
    assert predicted_std(512, 0.01, 10**6) == 0
    assert predicted_std(512, 0.01, 0) == 1
    for layers in (-1, 1.5, None):
        with pytest.raises(InputError, match="layers"):
            predicted_std(512, 0.01, layers)
    with pytest.raises(InputError, match="relu"):
        predicted_std(512, 0.01, 0, relu="yes")


@pytest.mark.parametrize("scheme", ["He", "", None, 3, ["he"]])
def test_unknown_schemes(scheme):
    with pytest.raises(InputError, match=r'scheme must be "xavier" or "xavier_fan_in" or "he"'):
        initialization_std(3, 4, scheme)


@pytest.mark.parametrize(
    ("weights", "word"),
    [
        ([], "weights must be a list"),
        (None, "weights must be a list"),
        ("abc", "weights must be a list"),
        ({0: np.eye(2)}, "weights must be a list"),
        ([np.ones(2)], r"weights\[0\] has shape \(2,\)"),
        ([np.eye(2), np.ones((2, 3))], r"weights\[1\] has shape \(2, 3\), but 2 activations come in"),
        ([np.ones((0, 2))], r"weights\[0\] has shape \(0, 2\)"),
        ([["a", "b"]], r"weights\[0\] holds"),
        ([np.eye(2), None], r"weights\[1\] is None"),
    ],
)
def test_bad_weights(weights, word):
    for function in (activation_statistics, activations_per_layer):
        with pytest.raises(InputError, match=f"{function.__name__}: {word}"):
            function(weights, np.ones((3, 2)))


def test_bad_activations():
    for activation, word in (
        (None, "must be a function"),
        ("tanh", "must be a function"),
        (np.sum, "made shape"),
    ):
        with pytest.raises(InputError, match=f"activation {word}"):
            activation_statistics([np.eye(2)], np.ones((3, 2)), activation)
    with pytest.raises(ShapeError, match="x has 1 axes"):
        activations_per_layer([np.eye(2)], [1.0, 2.0])
