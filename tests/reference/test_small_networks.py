"""The networks on the slides: golden numbers, gradients at every entry, the slide's slips, extremes, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest

from reference import (
    MAZUR,
    OPS,
    InputError,
    ShapeError,
    logistic_regression,
    logistic_regression_steps,
    mazur_error,
    mazur_step,
    mazur_trace,
    residual,
    two_layer_network,
    two_layer_network_steps,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
NAMES = ["logistic_regression", "two_layer_network", "residual", "mazur_error"]
CASES = [(n, c.name) for n in NAMES for c in OPS[n].cases(np.random.default_rng(0))]


def case_of(name, label, seed=0):
    return next(c for c in OPS[name].cases(np.random.default_rng(seed)) if c.name == label)


# ---------------------------------------------------------------------------------------------- gradients


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradients_at_every_entry(name, label):
    op, case = OPS[name], case_of(name, label)
    y, cache = op.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(5).normal(size=np.shape(y))
    held = {"ystar", "t"}
    inputs = [k for k in case.inputs if k not in held]
    found = [g for g in op.backward(cache, dy) if g is not None]
    for key, gradient in zip(inputs, found, strict=True):
        for at in np.ndindex(case.inputs[key].shape):
            ends = []
            for h in (1e-4, -1e-4, 5e-5, -5e-5):  # small, for ReLU has kinks
                moved = case.inputs[key].copy()
                moved[at] += h
                ends.append(np.sum(dy * op.definition(**{**case.inputs, key: moved}, **case.params)))
            coarse, fine = (ends[0] - ends[1]) / 2e-4, (ends[2] - ends[3]) / 1e-4
            assert gradient[at] == pytest.approx((4 * fine - coarse) / 3, abs=1e-7, rel=1e-7)


# ---------------------------------------------------------------------------------- logistic regression


@pytest.mark.parametrize(("record", "slide_sign"), [("G-MLP-06", True), ("G-MLP-07", False)])
def test_case_1_at_every_step(record, slide_sign):
    g = GOLDEN[record]
    steps = logistic_regression_steps(**g["inputs"], slide_sign=slide_sign)
    for key, value in g["expected"].items():
        np.testing.assert_allclose(getattr(steps, key), value, rtol=0, atol=1e-12, err_msg=key)
    for way in (logistic_regression, logistic_regression.definition):
        assert way(**g["inputs"], slide_sign=slide_sign) == pytest.approx(g["expected"]["J"], abs=1e-12)


@pytest.mark.parametrize("slide_sign", [False, True])
def test_descending_on_the_slides_sign_makes_answers_worse(slide_sign):
    theta, x = np.array([0.5, -0.25, 0.75]), np.array([1.0, 2.0, -1.0])
    _, cache = logistic_regression.forward(theta, x, 1, slide_sign=slide_sign)
    moved = theta - 0.1 * logistic_regression.backward(cache)[0]
    before, after = (logistic_regression_steps(w, x, 1).y for w in (theta, moved))
    assert (after > before) is (not slide_sign)


def test_far_from_zero_nothing_overflows():
    steps = logistic_regression_steps([-800.0], [1.0], 1)
    assert (steps.J, steps.dJ_da, steps.dy_da, steps.dJ_dy) == (800.0, -1.0, 0.0, -np.inf)
    steps = logistic_regression_steps([800.0], [1.0], 0)
    assert (steps.J, steps.dJ_da, steps.dJ_dy) == (800.0, 1.0, np.inf)
    steps = logistic_regression_steps([800.0], [1.0], 1)
    assert (steps.J, steps.dJ_da, steps.dJ_dy) == (0.0, 0.0, -1.0)
    deep = two_layer_network_steps([[-800.0]], [0.0, 5.0], [1.0], 1)
    assert all(np.isfinite(np.asarray(value)).all() for value in deep)


# --------------------------------------------------------------------------------------------- two layers


def test_case_2_at_every_step():
    g = GOLDEN["G-MLP-08"]
    steps = two_layer_network_steps(**g["inputs"])
    for key, value in g["expected"].items():
        if key != "dJ_dx_slide_literal":
            np.testing.assert_allclose(getattr(steps, key), value, rtol=0, atol=1e-12, err_msg=key)
    J, cache = two_layer_network.forward(**g["inputs"])
    assert pytest.approx(g["expected"]["J"], abs=1e-12) == J
    for got, key in zip(two_layer_network.backward(cache), ("dalpha", "dbeta", "dx"), strict=True):
        np.testing.assert_allclose(got, g["expected"][f"dJ_{key}"], rtol=0, atol=1e-12)


def test_slides_formula_for_dx_is_another_thing():
    g = GOLDEN["G-MLP-08"]
    steps, literal = two_layer_network_steps(**g["inputs"]), np.array(g["expected"]["dJ_dx_slide_literal"])
    np.testing.assert_allclose(
        np.outer(steps.dJ_da, np.sum(g["inputs"]["alpha"], axis=0)), literal, atol=1e-12
    )
    assert not any(np.allclose(row, steps.dJ_dx, atol=1e-3) for row in literal)


def test_sign_of_the_slide_turns_every_gradient():
    g = GOLDEN["G-MLP-08"]["inputs"]
    ours, slide = two_layer_network_steps(**g), two_layer_network_steps(**g, slide_sign=True)
    for name in ("a", "z", "b", "y"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(slide, name))
    for name in ("J", "dJ_dy", "dJ_db", "dJ_dbeta", "dJ_dz", "dJ_da", "dJ_dalpha", "dJ_dx"):
        np.testing.assert_array_equal(getattr(ours, name), -np.asarray(getattr(slide, name)))


def test_hidden_layer_without_connections_leaves_the_bias():
    steps = two_layer_network_steps(np.zeros((3, 2)), [0.3, 0, 0, 0], [1.0, 5.0], 0)
    assert steps.y == pytest.approx(1 / (1 + np.exp(-0.3)), abs=1e-15)
    np.testing.assert_array_equal(steps.z, [1, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(steps.dJ_dalpha, np.zeros((3, 2)))


# ------------------------------------------------------------------------------------------------ mazur


def inputs_of(record):
    g = GOLDEN[record]
    return {k: v for k, v in g["inputs"].items() if k != "lr"}, g["expected"], g["inputs"]["lr"]


def test_numbers_of_the_post():
    given, g, _ = inputs_of("G-MLP-01")
    assert given == {k: list(v) for k, v in MAZUR._asdict().items()}
    trace = mazur_trace(**given)
    for name in ("net_h", "out_h", "net_o", "out_o", "E_o"):
        for unit, layer in enumerate("12"):
            key = name.replace("_h", "_h" + layer).replace("_o", "_o" + layer)
            assert getattr(trace, name)[unit] == pytest.approx(g[key], abs=1e-9), key
    assert pytest.approx(g["E_total"], abs=1e-9) == trace.E
    for way in (mazur_error, mazur_error.definition):
        assert way(**given) == pytest.approx(g["E_total"], abs=1e-9)


@pytest.mark.parametrize("record", ["G-MLP-02", "G-MLP-03"])
def test_first_update_in_the_right_and_in_the_wrong_order(record):
    given, g, lr = inputs_of(record)
    step = mazur_step(**given, lr=lr, reuse_updated=GOLDEN[record]["params"]["stale_bug"])
    np.testing.assert_allclose(step.w, g["w"], rtol=0, atol=GOLDEN[record]["tol"])
    assert pytest.approx(g["E_after"], abs=1e-9) == step.E
    np.testing.assert_array_equal(step.b, given["b"])


def test_ten_thousand_updates():
    given, g, lr = inputs_of("G-MLP-04")
    almost = mazur_step(**given, lr=lr, updates=9999)
    assert pytest.approx(g["E_9999"], abs=1e-12) == almost.E
    last = mazur_step(almost.w, almost.b, given["i"], given["t"], lr)
    assert pytest.approx(g["E"], abs=1e-12) == last.E
    out = mazur_trace(last.w, last.b, given["i"], given["t"]).out_o
    np.testing.assert_allclose(out, [g["o1"], g["o2"]], rtol=0, atol=1e-10)


def test_ten_thousand_updates_in_the_wrong_order_are_those_of_the_post():
    given, g, lr = inputs_of("G-MLP-04")
    step = mazur_step(**given, lr=lr, updates=10000, reuse_updated=True)
    out = mazur_trace(step.w, step.b, given["i"], given["t"]).out_o
    np.testing.assert_allclose(out, [g["o1_bug"], g["o2_bug"]], rtol=0, atol=1e-9)
    assert pytest.approx(g["E_bug"], rel=1e-4) == step.E


def test_bias_gradients_add_up():
    given, g, lr = inputs_of("G-MLP-05")
    _, cache = mazur_error.forward(**given)
    np.testing.assert_allclose(mazur_error.backward(cache)[1], [g["db1"], g["db2"]], rtol=0, atol=1e-12)
    moved = mazur_step(**given, lr=lr, learn_biases=True).b
    np.testing.assert_allclose(moved, [0.35 - lr * g["db1"], 0.6 - lr * g["db2"]], rtol=0, atol=1e-12)


def test_steps_follow_the_gradient_of_the_op():
    rng = np.random.default_rng(3)
    w, b, i, t = rng.normal(size=8), rng.normal(size=2), rng.normal(size=2), rng.random(2)
    _, cache = mazur_error.forward(w, b, i, t)
    dw, db, _ = mazur_error.backward(cache)
    step = mazur_step(w, b, i, t, 0.3, learn_biases=True)
    np.testing.assert_allclose(step.w, w - 0.3 * dw, rtol=0, atol=1e-14)
    np.testing.assert_allclose(step.b, b - 0.3 * db, rtol=0, atol=1e-14)
    assert pytest.approx(float(mazur_error.definition(step.w, step.b, i, t)), abs=1e-15) == step.E


def test_no_update_changes_nothing():
    step = mazur_step(*MAZUR, updates=0)
    np.testing.assert_array_equal(step.w, MAZUR.w)
    assert step.E == mazur_trace(*MAZUR).E


# --------------------------------------------------------------------------------------------- residual


@pytest.mark.parametrize("record", ["G-CNN-05", "G-CNN-06"])
def test_skip_connection(record):
    g = {k: np.array(v) for k, v in (GOLDEN[record]["inputs"] | GOLDEN[record]["expected"]).items()}
    y, cache = residual.forward(g["x"], g["W"])
    np.testing.assert_array_equal(y, g["y"])
    np.testing.assert_array_equal(residual.definition(g["x"], g["W"]), g["y"])
    np.testing.assert_array_equal(residual.backward(cache, g["dy"])[0], g["dx"])


def test_projection_adds_its_own_way():
    x, w, P = (
        np.array([[1.0, 2.0, -1.0]]),
        np.array([[1.0, 0, 0], [0, -1, 0]]),
        np.array([[0, 0, 1.0], [2, 0, 0]]),
    )
    y, cache = residual.forward(x, w, P)
    np.testing.assert_array_equal(y, [[0.0, 2.0]])
    dx, dw, dP = residual.backward(cache, np.array([[3.0, 5.0]]))
    np.testing.assert_array_equal(dx, [[3 + 10, 0, 3]])
    np.testing.assert_array_equal(dw, [[3, 6, -3], [0, 0, 0]])
    np.testing.assert_array_equal(dP, [[3, 6, -3], [5, 10, -5]])


# --------------------------------------------------------------------------------------------- refusals


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match=r"two_layer_network: beta has 2 entries, but 2 hidden units"):
        two_layer_network(np.ones((2, 3)), np.ones(2), np.ones(3), 1)
    with pytest.raises(ShapeError, match="logistic_regression: x has D = 3, but theta has D = 2"):
        logistic_regression(np.ones(2), np.ones(3), 1)
    with pytest.raises(ShapeError, match="residual: w makes 2 numbers of 3"):
        residual(np.ones(3), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="mazur_error: w has length 7 where 8"):
        mazur_error(np.ones(7), MAZUR.b, MAZUR.i, MAZUR.t)


@pytest.mark.parametrize("ystar", [2, -1, 1.5])
def test_targets_are_probabilities(ystar):
    with pytest.raises(InputError, match="targets lie between 0 and 1"):
        logistic_regression(np.ones(2), np.ones(2), ystar)
    with pytest.raises(InputError, match="targets lie between 0 and 1"):
        two_layer_network_steps(np.ones((1, 2)), np.ones(2), np.ones(2), ystar)


@pytest.mark.parametrize("flag", ["no", 1, None])
def test_signs_are_true_or_false(flag):
    with pytest.raises(InputError, match="slide_sign must be True or False"):
        logistic_regression(np.ones(2), np.ones(2), 1, slide_sign=flag)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"lr": -1}, "lr must not be negative"),
        ({"lr": np.nan}, "lr must be a finite number"),
        ({"updates": 1.5}, "updates must be a whole number"),
        ({"updates": -1}, "updates must be at least 0"),
        ({"reuse_updated": "yes"}, "reuse_updated must be True or False"),
    ],
)
def test_settings_of_a_step_are_checked(settings, text):
    with pytest.raises(InputError, match=f"mazur_step: {text}"):
        mazur_step(*MAZUR, **settings)
