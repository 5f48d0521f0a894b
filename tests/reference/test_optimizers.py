"""Optimizers: the lecture's numbers, recurrences unrolled by hand, and kind refusal of bad arguments."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    InputError,
    ShapeError,
    cosine_schedule,
    exponential_schedule,
    gradient_descent,
    inverse_schedule,
    iterations_per_epoch,
    minibatches,
    momentum,
    momentum_slide,
    random_restarts,
    sgd,
    sign_step,
    step_schedule,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
WALKS = {
    "gradient_descent": lambda grad, w0, lr, steps: gradient_descent(grad, w0, lr, steps),
    "momentum": lambda grad, w0, lr, steps: momentum(grad, w0, lr, 0.5, steps),
    "momentum_slide": lambda grad, w0, lr, steps: momentum_slide(grad, w0, lr, 0.5, steps),
    "sgd": lambda grad, w0, lr, steps: sgd(lambda w, _batch: grad(w), w0, lr, [[0]] * steps),
}


def rng():
    return np.random.default_rng(3)


# ------------------------------------------------------------------------------------- golden examples


def test_descent_converges_jumps_or_diverges_with_the_learning_rate():
    record = GOLDEN["G-OPT-01"]
    for lr, expected in zip(record["params"]["lrs"], record["expected"]["w"], strict=True):
        path = gradient_descent(lambda w: 2 * (w - 3), record["inputs"]["w0"], lr, record["params"]["steps"])
        np.testing.assert_allclose(path, expected, atol=1e-12)


@pytest.mark.parametrize(("walk", "name"), [(momentum_slide, "slide"), (momentum, "classical")])
def test_momentum_in_both_readings(walk, name):
    record = GOLDEN["G-OPT-02"]
    p = record["params"]
    path = walk(lambda w: 2 * w, record["inputs"]["w0"], p["lr"], p["alpha"], p["steps"])
    np.testing.assert_allclose(path, record["expected"][name], atol=1e-12)


@pytest.mark.parametrize(("walk", "name"), [(momentum_slide, "step_slide"), (momentum, "step_classical")])
def test_steps_under_a_constant_gradient(walk, name):
    record = GOLDEN["G-OPT-03"]
    p = record["params"]
    path = walk(lambda w: np.ones_like(w), 0.0, p["lr"], p["alpha"], p["steps"])
    assert path[-2] - path[-1] == pytest.approx(record["expected"][name], abs=1e-6)


def test_wiggle():
    record = GOLDEN["G-OPT-04"]
    calls = []

    def loss(w):
        calls.append(w.copy())
        return w[0] ** 2 + 3 * w[1] + 0 * w[2]

    new = sign_step(loss, record["inputs"]["w"], record["params"]["eps"])
    np.testing.assert_allclose(new, record["expected"]["w_new"], atol=1e-15)
    assert len(calls) == record["expected"]["loss_evals"]


def test_batches_of_an_epoch():
    record = GOLDEN["G-OPT-05"]
    pairs = [(record["inputs"]["n"], record["inputs"]["batch"]), *record["params"]["extra"]]
    counts = [record["expected"]["iters"], *record["expected"]["extra_ceil"]]
    last = [record["inputs"]["batch"], *record["expected"]["extra_last"]]
    for (n, batch), count, size in zip(pairs, counts, last, strict=True):
        batches = minibatches(n, batch, rng())
        assert (len(batches), len(batches[-1])) == (count, size)


def test_restarts_find_the_lower_valley():
    record = GOLDEN["G-OPT-06"]
    found = random_restarts(
        lambda w: w**4 - 3 * w**2 + w,
        lambda w: 4 * w**3 - 6 * w + 1,
        record["inputs"]["starts"],
        record["params"]["lr"],
        record["params"]["steps"],
    )
    np.testing.assert_allclose(found.ends, record["expected"]["ends"], atol=1e-9)
    assert float(found.best) == pytest.approx(record["expected"]["best"], abs=1e-9)
    assert found.values.min() == pytest.approx(record["expected"]["f_best"], abs=1e-9)


def test_descent_stops_at_a_saddle():
    record = GOLDEN["G-OPT-07"]
    p = record["params"]
    path = gradient_descent(lambda w: w * [2, -2], record["inputs"]["start"], p["lr"], p["steps"])
    np.testing.assert_allclose(path[-1], record["expected"]["end"], atol=1e-12)


def test_sgd_over_one_epoch():
    record = GOLDEN["G-OPT-09"]
    x, y = (np.array(record["inputs"][name]) for name in "xy")
    order = record["params"]["order"]
    for size, expected in zip(record["params"]["batches"], record["expected"]["w"], strict=True):
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        path = sgd(
            lambda w, i: 2 * np.mean((w * x[i] - y[i]) * x[i]),
            record["inputs"]["w0"],
            record["params"]["lr"],
            batches,
        )
        np.testing.assert_allclose(path, expected, atol=1e-12)
        if size == 1:
            losses = [np.mean((w * x - y) ** 2) for w in path]
            np.testing.assert_allclose(losses, record["expected"]["full_loss_w1"], atol=1e-12)
            assert bool(np.all(np.diff(losses) < 0)) is record["expected"]["monotone"]


# ------------------------------------------------------------------------------------------ all walks


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_path_holds_the_start_and_every_step(name, shape, dtype):
    w0 = np.full(shape, 2, dtype)
    path = WALKS[name](lambda w: w, w0, 0.1, 4)
    assert (path.shape, path.dtype) == ((5, *shape), dtype)
    np.testing.assert_array_equal(path[0], w0)
    np.testing.assert_allclose(path[1], 1.8, rtol=1e-6)
    assert not np.shares_memory(path, w0)


@pytest.mark.parametrize("name", WALKS)
def test_no_step_is_a_path_of_one(name):
    np.testing.assert_array_equal(WALKS[name](lambda w: w, [1.0, 2.0], 0.1, 0), [[1, 2]])


@pytest.mark.parametrize("name", WALKS)
def test_a_gradient_that_spoils_its_argument_spoils_nothing(name):
    def spoiling(w):
        g = w.copy()
        w[:] = 99
        return g

    w0 = np.array([1.0, 2.0])
    expected = WALKS[name](lambda w: w, w0, 0.1, 3)
    np.testing.assert_array_equal(WALKS[name](spoiling, w0, 0.1, 3), expected)
    np.testing.assert_array_equal(w0, [1, 2])


@pytest.mark.parametrize("name", WALKS)
def test_the_same_gradient_array_may_be_reused(name):
    buffer = np.zeros(2)

    def reusing(w):
        buffer[:] = w**2
        return buffer

    np.testing.assert_array_equal(
        WALKS[name](reusing, [0.5, 1.0], 0.1, 4), WALKS[name](lambda w: w**2, [0.5, 1.0], 0.1, 4)
    )


@pytest.mark.parametrize("name", WALKS)
def test_divergence_is_shown_without_a_warning(name):
    path = WALKS[name](lambda w: w**3, 10.0, 1.0, 12)
    assert not np.isfinite(path[-1])


@pytest.mark.parametrize("name", WALKS)
def test_a_schedule_sets_every_step(name):
    seen = []

    def schedule(t):
        seen.append(t)
        return [0.1, 0.0, 0.2][t]

    path = WALKS[name](lambda w: np.ones_like(w), 0.0, schedule, 3)
    assert seen == [0, 1, 2]
    assert path[1] == pytest.approx(-0.1)
    assert path[2] == path[1]
    assert path[3] < path[2]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(w0=st.floats(-5, 5), lr=st.floats(0.01, 0.5), curvature=st.floats(0.1, 3), steps=st.integers(0, 12))
def test_descent_on_a_parabola_is_a_geometric_series(w0, lr, curvature, steps):
    path = gradient_descent(lambda w: curvature * w, w0, lr, steps)
    np.testing.assert_allclose(path, w0 * (1 - lr * curvature) ** np.arange(steps + 1), rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), alpha=st.floats(0, 0.99), lr=st.floats(0.01, 1))
def test_momentum_is_a_weighted_sum_of_all_gradients(seed, alpha, lr):
    g = np.random.default_rng(seed).normal(size=8)
    turn = iter(g)
    path = momentum(lambda w: next(turn), 0.0, lr, alpha, len(g))
    steps = [sum(alpha ** (t - s) * g[s] for s in range(t + 1)) for t in range(len(g))]
    np.testing.assert_allclose(path[1:], -lr * np.cumsum(steps), rtol=1e-9, atol=1e-12)
    turn = iter(g)
    path = momentum_slide(lambda w: next(turn), 0.0, lr, alpha, len(g))
    steps = [g[t] + (alpha * g[t - 1] if t else 0) for t in range(len(g))]
    np.testing.assert_allclose(path[1:], -lr * np.cumsum(steps), rtol=1e-9, atol=1e-12)


def test_without_memory_momentum_is_plain_descent():
    plain = gradient_descent(np.sin, 1.0, 0.3, 9)
    np.testing.assert_array_equal(momentum(np.sin, 1.0, 0.3, 0, 9), plain)
    np.testing.assert_array_equal(momentum_slide(np.sin, 1.0, 0.3, 0, 9), plain)


# --------------------------------------------------------------------------------------- mini-batches


@settings(max_examples=60, deadline=None, derandomize=True)
@given(n=st.integers(1, 80), batch=st.integers(1, 90), seed=st.integers(0, 10**6))
def test_minibatches_hold_every_example_once(n, batch, seed):
    batches = minibatches(n, batch, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert [len(b) for b in batches[:-1]] == [batch] * (len(batches) - 1)
    assert len(batches) == iterations_per_epoch(n, batch)


def test_minibatches_are_shuffled_by_the_generator_alone():
    again = [np.concatenate(minibatches(50, 7, np.random.default_rng(s))).tolist() for s in (1, 1, 2)]
    assert again[0] == again[1] != again[2]
    assert again[0] != sorted(again[0])


def test_sgd_takes_a_generator_of_batches():
    path = sgd(lambda w, i: float(i[0]), 0.0, 1.0, (np.array([k]) for k in range(4)))
    np.testing.assert_array_equal(path, [0, 0, -1, -3, -6])


# ------------------------------------------------------------------------------------- wiggle, restarts


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), epsilon=st.sampled_from([1e-6, 1e-3, 0.5]))
def test_wiggle_moves_every_weight_downhill_by_epsilon(seed, epsilon):
    slope = np.random.default_rng(seed).choice([-2.0, -0.5, 0.0, 1.0], size=(2, 3))
    w = np.zeros((2, 3))
    new = sign_step(lambda v: float(np.sum(slope * v)), w, epsilon)
    np.testing.assert_allclose(new, -epsilon * np.sign(slope), rtol=1e-12)


def test_wiggle_tries_all_weights_at_the_old_point():
    """The second weight would go the other way, had the first been moved already."""
    new = sign_step(lambda w: (w[0] - 1) * w[1] - 5 * w[0], np.array([0.5, 0.0]), 1.0)
    np.testing.assert_array_equal(new, [1.5, 1.0])


def test_restarts_pass_over_runs_that_diverge():
    found = random_restarts(lambda w: np.sum(w**2), lambda w: 2 * w**3, [[100.0, 0], [0.5, 0.5]], 0.1, 60)
    assert np.isnan(found.values[0])
    np.testing.assert_array_equal(found.best, found.ends[1])


# ------------------------------------------------------------------------------------------- schedules


def test_schedules_by_hand():
    assert [step_schedule(0.4, t, 0.5, 3) for t in (0, 2, 3, 5, 6)] == [0.4, 0.4, 0.2, 0.2, 0.1]
    assert exponential_schedule(2.0, 3, 0.5) == pytest.approx(2 * math.e**-1.5)
    assert inverse_schedule(2.0, 3, 0.5) == pytest.approx(0.8)
    assert cosine_schedule(2.0, 1, 3, least=1.0) == pytest.approx(1.75)
    assert [cosine_schedule(2.0, t, 3, least=1.0) for t in (0, 3, 9)] == [2, 1, 1]


@pytest.mark.parametrize(
    "schedule",
    [
        lambda t: step_schedule(0.3, t, 0.7, 2),
        lambda t: exponential_schedule(0.3, t, 0.05),
        lambda t: inverse_schedule(0.3, t, 0.05),
        lambda t: cosine_schedule(0.3, t, 40, 0.01),
    ],
)
def test_schedules_start_at_lr_and_never_rise(schedule):
    rates = [schedule(t) for t in range(60)]
    assert rates[0] == pytest.approx(0.3)
    assert all(a >= b > 0 for a, b in itertools.pairwise(rates))


# --------------------------------------------------------------------------------------------- refusal


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize(
    ("grad", "w0", "lr", "text"),
    [
        (lambda w: w, 1.0, -1, "lr must be positive, not -1"),
        (lambda w: w, 1.0, 0, "lr must be positive"),
        (lambda w: w, 1.0, np.nan, "lr must be a finite number"),
        (lambda w: w, 1.0, "0.1", "lr must be a finite number, not '0.1'"),
        (lambda w: w, 1.0, True, "lr must be a finite number, not True"),
        (lambda w: w, 1.0, lambda t: -1, "lr(0) must not be negative"),
        (lambda w: w, 1.0, lambda t: None, "lr(0) must be a finite number"),
        (lambda w: w, "a", 0.1, "w0 holds <U1"),
        (lambda w: w, None, 0.1, "w0 is None"),
        (lambda w: w, [], 0.1, "w0 has shape (0,)"),
        (lambda w: w, [[1], [2, 3]], 0.1, "w0 is no rectangular array"),
        (lambda w: w, np.ma.masked_array([1.0]), 0.1, "masked"),
        (lambda w: None, 1.0, 0.1, "grad(w) is None"),
        (lambda w: "x", 1.0, 0.1, "grad(w) holds"),
        (lambda w: [1, 2], 1.0, 0.1, "grad(w) has shape (2,), but w has shape ()"),
        (lambda w: w.sum(), [1.0, 2.0], 0.1, "nothing is broadcast"),
    ],
)
def test_walks_refuse_kindly(name, grad, w0, lr, text):
    with pytest.raises(InputError) as caught:
        WALKS[name](grad, w0, lr, 2)
    assert str(caught.value).startswith(f"{name}: ")
    assert text in str(caught.value)
    assert "to do:" in str(caught.value)


@pytest.mark.parametrize("walk", [momentum, momentum_slide])
@pytest.mark.parametrize("alpha", [1, 1.5, -0.1, np.inf, None, "0.9"])
def test_alpha_outside_0_to_1_is_refused(walk, alpha):
    with pytest.raises(InputError, match=f"{walk.__name__}: alpha"):
        walk(lambda w: w, 1.0, 0.1, alpha, 3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: gradient_descent(3, 1.0, 0.1, 2), "gradient_descent: grad is 3"),
        (lambda: gradient_descent(np.sin, 1.0, 0.1, 2.5), "steps must be a whole number"),
        (lambda: gradient_descent(np.sin, 1.0, 0.1, -1), "steps must be at least 0"),
        (lambda: gradient_descent(np.sin, 1.0, 0.1, True), "steps must be a whole number"),
        (lambda: sgd(None, 1.0, 0.1, [[0]]), "grad is None"),
        (lambda: sgd(np.sin, 1.0, 0.1, 3), "batches is 3"),
        (lambda: sgd(np.sin, 1.0, 0.1, [[0.5]]), "batches[0] holds float64"),
        (lambda: sgd(np.sin, 1.0, 0.1, [[0], 1]), "batches[1] has shape ()"),
        (lambda: minibatches(0, 3, rng()), "n must be at least 1"),
        (lambda: minibatches(5, 0, rng()), "batch must be at least 1"),
        (lambda: minibatches(5.0, 2, rng()), "n must be a whole number"),
        (lambda: minibatches(5, 2, 7), "rng is 7, not a Generator"),
        (lambda: minibatches(5, 2, np.random), "not a Generator"),
        (lambda: sign_step(lambda w: w, np.ones(2)), "loss(w) has shape (2,)"),
        (lambda: sign_step(lambda w: None, np.ones(2)), "loss(w) is None"),
        (lambda: sign_step(np.sum, np.ones(2), 0), "epsilon must be positive"),
        (lambda: sign_step(4, np.ones(2)), "loss is 4"),
        (lambda: random_restarts(np.sum, np.cos, 2.0, 0.1, 3), "starts is one number"),
        (lambda: random_restarts(7, np.cos, [2.0], 0.1, 3), "f is 7"),
        (lambda: random_restarts(np.sin, np.cos, [2.0], 0, 3), "lr must be positive"),
        (lambda: random_restarts(lambda w: np.nan, np.cos, [2.0], 0.1, 3), "all runs ended in NaN"),
        (lambda: step_schedule(0.1, -1, 0.5, 2), "t must be at least 0"),
        (lambda: step_schedule(0.1, 1, 0, 2), "factor must be positive"),
        (lambda: step_schedule(0.1, 1, 0.5, 0), "every must be at least 1"),
        (lambda: exponential_schedule(0.1, 1, -1), "rate must not be negative"),
        (lambda: inverse_schedule(0.0, 1, 1), "lr must be positive"),
        (lambda: cosine_schedule(0.1, 1, 0), "total must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, text):
    with pytest.raises(InputError) as caught:
        call()
    assert text in str(caught.value)
    assert "to do:" in str(caught.value)


def test_shapes_are_refused_as_shapes():
    with pytest.raises(ShapeError):
        gradient_descent(lambda w: [1.0, 2.0, 3.0], [1.0, 2.0], 0.1, 1)


def test_errors_of_the_callers_function_come_through():
    with pytest.raises(ZeroDivisionError):
        gradient_descent(lambda w: 1 // 0, 1.0, 0.1, 1)
