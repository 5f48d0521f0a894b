"""The toy trainer: golden numbers, gradients at every entry, a second way to the same result, refusals."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reference import (
    Chain,
    Dense,
    InputError,
    ShapeError,
    loss_gradients,
    mlp_backward,
    mlp_forward,
    mlp_hidden_gradients,
    mlp_loss,
    mlp_update,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))


def network(seed=0, sizes=(3, 4, 5, 2), N=6, bias_axes=2):
    rng = np.random.default_rng(seed)
    Ws = [rng.normal(size=(m, n)) for n, m in pairwise(sizes)]
    bs = [rng.normal(size=(m, 1) if bias_axes == 2 else m) for m in sizes[1:]]
    T = np.eye(sizes[-1])[:, rng.integers(sizes[-1], size=N)]
    return rng.normal(size=(sizes[0], N)), Ws, bs, T


def by_hand(X, Ws, bs, T):
    """Compute the mean loss example by example."""
    losses = []
    for x, target in zip(X.T, T.T, strict=True):
        for W, b in zip(Ws, bs, strict=True):
            z = W @ x + b.ravel()
            x = np.maximum(z, 0)
        losses.append(np.log(np.exp(z).sum()) - target @ z)
    return np.mean(losses)


def test_three_layers_with_units_that_are_off():
    g = GOLDEN["G-MLP-09"]
    given, expected = ({k: np.array(v) for k, v in g[part].items()} for part in ("inputs", "expected"))
    P, cache = mlp_forward(given["x"][:, None], [given["W1"], given["W2"], given["W3"]])
    T = given["t"][:, None]
    np.testing.assert_allclose(P[:, 0], expected["p"], atol=1e-12)
    assert mlp_loss(cache, T) == pytest.approx(float(expected["L"]), abs=1e-12)
    np.testing.assert_array_equal(cache.H[1][:, 0], expected["h1"])
    np.testing.assert_array_equal(cache.H[2][:, 0], expected["h2"])
    dWs, dbs = mlp_backward(cache, T)
    assert dbs == [None, None, None]
    for dW, key in zip(dWs, ("dW1", "dW2", "dW3"), strict=True):
        np.testing.assert_allclose(dW, expected[key], atol=1e-12)
    _, dh1, dh2 = mlp_hidden_gradients(cache, T)
    np.testing.assert_allclose(dh1[:, 0], expected["dh1"], atol=1e-12)
    np.testing.assert_allclose(dh2[:, 0], expected["dh2"], atol=1e-12)


def test_one_step_of_the_toy_trainer():
    record = GOLDEN["G-MLP-10"]
    g, expected = record["inputs"], record["expected"]
    Ws, bs = [g["W1"], g["W2"]], [g["b1"], g["b2"]]
    P, cache = mlp_forward(g["X"], Ws, bs)
    np.testing.assert_allclose(P, expected["P"], atol=1e-12)
    assert mlp_loss(cache, g["T"]) == pytest.approx(expected["loss"], abs=1e-12)
    dWs, dbs = mlp_backward(cache, g["T"])
    new_Ws = mlp_update(Ws, dWs, record["params"]["lr"], 4)
    new_bs = mlp_update(bs, dbs, record["params"]["lr"], 4)
    for i in (0, 1):
        np.testing.assert_allclose(dWs[i], expected[f"Wgrad{i + 1}"], atol=1e-12)
        np.testing.assert_allclose(dbs[i], expected[f"bgrad{i + 1}"], atol=1e-12)
        np.testing.assert_allclose(new_Ws[i], expected[f"W{i + 1}_new"], atol=1e-12)
        np.testing.assert_allclose(new_bs[i], expected[f"b{i + 1}_new"], atol=1e-12)


@pytest.mark.parametrize("bias_axes", [1, 2])
def test_gradients_are_sums_over_the_examples(bias_axes):
    X, Ws, bs, T = network(bias_axes=bias_axes)
    P, cache = mlp_forward(X, Ws, bs)
    assert mlp_loss(cache, T) == pytest.approx(by_hand(X, Ws, bs, T), abs=1e-13)
    np.testing.assert_allclose(P.sum(axis=0), 1)
    dWs, dbs = mlp_backward(cache, T)
    dX = mlp_hidden_gradients(cache, T)[0]
    for array, gradient in zip([X, *Ws, *bs], [dX, *dWs, *dbs], strict=True):
        assert gradient.shape == array.shape
        for at in np.ndindex(array.shape):
            kept, ends = array[at], []
            for h in (1e-5, -1e-5):
                array[at] = kept + h
                ends.append(by_hand(X, Ws, bs, T))
            array[at] = kept
            assert gradient[at] / X.shape[1] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def test_rows_or_columns_give_the_same_gradients():
    X, Ws, bs, T = network(seed=4)
    _, cache = mlp_forward(X, Ws, bs)
    dWs, dbs = mlp_backward(cache, T)
    arrays = {f"{i}.w": W for i, W in enumerate(Ws)} | {f"{i}.b": b.ravel() for i, b in enumerate(bs)}
    layers = [Dense(len(W), activation="relu" if i < 2 else None) for i, W in enumerate(Ws)]
    chain = Chain(layers, (3,), dtype=float, parameters=arrays)
    result = loss_gradients(chain, X.T, T.argmax(axis=0))
    assert result.loss == pytest.approx(mlp_loss(cache, T), abs=1e-14)
    for i in range(3):
        np.testing.assert_allclose(dWs[i], X.shape[1] * result.gradients[f"{i}.w"], atol=1e-13)
        np.testing.assert_allclose(dbs[i].ravel(), X.shape[1] * result.gradients[f"{i}.b"], atol=1e-13)


def test_updates_learn():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2, 200))
    T = np.eye(2)[:, (X[0] * X[1] > 0).astype(int)]
    Ws, bs = [rng.normal(size=(16, 2)), 0.1 * rng.normal(size=(2, 16))], [np.zeros((16, 1)), np.zeros((2, 1))]
    for _ in range(300):
        P, cache = mlp_forward(X, Ws, bs)
        dWs, dbs = mlp_backward(cache, T)
        Ws, bs = mlp_update(Ws, dWs, 0.5, 200), mlp_update(bs, dbs, 0.5, 200)
    assert np.mean(P.argmax(axis=0) == T.argmax(axis=0)) > 0.95


def test_large_scores_are_safe():
    P, cache = mlp_forward([[1000.0]], [[[1.0], [0.0]]])
    np.testing.assert_array_equal(P, [[1.0], [0.0]])
    assert mlp_loss(cache, [[0.0], [1.0]]) == 1000
    assert mlp_loss(cache, [[1.0], [0.0]]) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_and_layouts(dtype):
    X, Ws, bs, T = network(seed=2)
    given = [np.asfortranarray(a.astype(dtype)) for a in (X, *Ws, *bs)]
    for array in given:
        array.flags.writeable = False
    kept = [a.copy() for a in given]
    P, cache = mlp_forward(given[0], given[1:4], given[4:])
    dWs, dbs = mlp_backward(cache, T)
    assert {a.dtype for a in (P, *dWs, *dbs)} == {np.dtype(dtype)}
    np.testing.assert_allclose(P, mlp_forward(X, Ws, bs)[0], rtol=1e-4)
    assert all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
    again, _ = mlp_backward(cache, T)
    assert all(np.array_equal(a, b) for a, b in zip(dWs, again, strict=True))


def test_cache_keeps_its_weights_when_the_caller_changes_his():
    X, Ws, bs, T = network(seed=3)
    _, cache = mlp_forward(X, Ws, bs)
    before, _ = mlp_backward(cache, T)
    for array in (X, *Ws, *bs):
        array[...] = 99
    after, _ = mlp_backward(cache, T)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_nan_goes_through():
    P, _ = mlp_forward([[np.nan, 1.0]], [[[1.0], [2.0]]])
    assert np.isnan(P[:, 0]).all()
    assert np.isfinite(P[:, 1]).all()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"X": np.ones(3)}, r"X has shape \(3,\)"),
        ({"X": np.ones((3, 0))}, r"X has shape \(3, 0\)"),
        ({"X": "abc"}, "X holds"),
        ({"X": None}, "X is None"),
        ({"Ws": []}, "Ws is empty"),
        ({"Ws": np.ones((2, 3))}, "Ws is an array"),
        ({"Ws": [np.ones((4, 3)), np.ones((2, 3))]}, r"Ws\[1\] has shape \(2, 3\), but 4 numbers"),
        ({"Ws": [np.ones(3), np.ones((2, 4))]}, r"Ws\[0\] has shape \(3,\)"),
        ({"Ws": [None, np.ones((2, 4))]}, r"Ws\[0\] is None"),
        ({"bs": [np.ones(4)]}, "bs has 1 entries, but Ws has 2"),
        ({"bs": [np.ones(4), np.ones((1, 2))]}, r"bs\[1\] has shape \(1, 2\)"),
        ({"bs": 3}, "bs is 3"),
    ],
)
def test_what_does_not_fit_is_refused(change, text):
    given = {"X": np.ones((3, 5)), "Ws": [np.ones((4, 3)), np.ones((2, 4))], "bs": [np.ones(4), np.ones(2)]}
    with pytest.raises(InputError, match=f"^mlp_forward: {text}"):
        mlp_forward(**{**given, **change})


@pytest.mark.parametrize("function", [mlp_loss, mlp_backward, mlp_hidden_gradients])
def test_targets_are_checked(function):
    _, cache = mlp_forward(np.ones((3, 2)), [np.ones((4, 3))])
    name = function.__name__
    with pytest.raises(ShapeError, match=rf"{name}: T has shape \(2, 4\), but P has \(4, 2\)"):
        function(cache, np.ones((2, 4)) / 2)
    with pytest.raises(InputError, match=f"{name}: column 1 of T adds up to 2"):
        function(cache, np.array([[1.0, 1], [0, 1], [0, 0], [0, 0]]))
    with pytest.raises(InputError, match=f"{name}: cache is None"):
        function(None, np.ones((4, 2)))


def test_updates_are_checked():
    for values, gradients, settings, text in (
        ([np.ones(2)], [np.ones(3)], {}, r"gradients\[0\] has shape \(3,\)"),
        ([np.ones(2)], [], {}, "gradients has 0 entries, but values has 1"),
        ([np.ones(2)], [None], {}, r"gradients\[0\] is None"),
        ([np.ones(2)], [np.ones(2)], {"lr": -1}, "lr must not be negative"),
        ([np.ones(2)], [np.ones(2)], {"batch_size": 0}, "batch_size must be at least 1"),
    ):
        with pytest.raises(InputError, match=f"mlp_update: {text}"):
            mlp_update(values, gradients, **{"lr": 0.1, "batch_size": 2, **settings})
