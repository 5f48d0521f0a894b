"""The trials of normalisation: golden values, the dict of running statistics, rounding, and the rule of weights."""

import json
from pathlib import Path

import numpy as np
import pytest

from autograder.exercises import EXERCISES, wrong_submissions
from autograder.keymaking import make_key
from autograder.properties import RULES

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
MINE = (
    "fit_normalizer",
    "apply_normalizer",
    "bn_forward",
    "bn_backward",
    "bn2d_forward",
    "bn2d_backward",
    "init_weights",
    "activation_stats",
)


def expected(make_key_of, exercise, part=0):
    """Return the expected results of the public examples, in order."""
    return [t.expected for t in make_key_of(exercise).sets[part] if t.public]


def test_the_public_examples_are_those_of_the_lecture(make_key_of):
    (eight,), (columns,) = expected(make_key_of, "fit_normalizer")
    assert (eight[0].item(), eight[1].item()) == (5.0, 2.0)
    given = GOLDEN["G-NORM-02"]["expected"]
    np.testing.assert_allclose(columns, [given["mu"], given["sigma"]])
    np.testing.assert_allclose(expected(make_key_of, "apply_normalizer")[0][0], given["test_z"])


def test_the_batch_of_the_lecture_with_its_running_statistics(make_key_of):
    result, running = expected(make_key_of, "bn_forward")[0]
    np.testing.assert_allclose(result[0], GOLDEN["G-BN-01"]["expected"]["y"], atol=1e-5)
    # momentum 0.25 from mean 0 and variance 1: a quarter of 2.5, and 0.75 + 0.25 * 1.25
    np.testing.assert_allclose(running[2:], [[0.625], [1.0625]])


def test_the_images_of_the_lecture(make_key_of):
    result, _ = expected(make_key_of, "bn2d_forward")[0]
    np.testing.assert_allclose(result[0], GOLDEN["G-BN-03"]["expected"]["xhat"], atol=1e-5)


def test_the_gradients_of_the_lecture(make_key_of):
    trial = next(t for t in make_key_of("bn_backward").sets[0] if t.public)
    dx, dgamma, dbeta = trial.expected[trial.judged.index(1)]
    given = GOLDEN["G-BN-02"]["expected"]
    np.testing.assert_allclose(dx, given["dx"], atol=1e-5)
    np.testing.assert_allclose(dgamma, given["dgamma"], atol=1e-5)
    np.testing.assert_allclose(dbeta, given["dbeta"])


# --- the dict ------------------------------------------------------------------------------------


def layer(store, test=None):
    """A right layer that hands its statistics to `store(running, mean, var)`."""

    def bn_forward(X, gamma, beta, eps, running, momentum, train):
        mu, var = (X.mean(0), X.var(0)) if train else (running["mean"], running["var"])
        Y = gamma * (X - mu) / np.sqrt(var + eps) + beta
        if train:
            old = np.asarray(running["mean"]), np.asarray(running["var"])
            store(running, *((1 - momentum) * a + momentum * b for a, b in zip(old, (mu, var))))
        elif test:
            test(running)
        return Y, None

    return {"bn_forward": bn_forward}


def assigned(running, mean, var):
    running["mean"], running["var"] = mean, var


def written_into(running, mean, var):
    running["mean"][:], running["var"][:] = mean, var


def updated(running, mean, var):
    running.update({"mean": mean.tolist(), "var": np.float32(var)})


def with_a_counter(running, mean, var):
    running.update(mean=mean, var=var, steps=running.get("steps", 0) + 1)


@pytest.mark.parametrize("store", [assigned, written_into, updated, with_a_counter])
def test_the_running_dict_may_be_updated_in_any_way(store, judged):
    for part in range(3):
        assert judged("bn_forward", layer(store), part=part).points == pytest.approx(10)


def emptied(running, mean, var):
    running.clear()


def other_names(running, mean, var):
    running["mu"], running["sigma2"] = mean, var


def exchanged(running, mean, var):
    running["mean"], running["var"] = var, mean


def as_columns(running, mean, var):
    running["mean"], running["var"] = mean[:, None], var[:, None]


@pytest.mark.parametrize(
    "store", [lambda running, mean, var: None, emptied, other_names, exchanged, as_columns]
)
def test_what_the_running_dict_holds_afterwards_is_judged(store, judged):
    found = judged("bn_forward", layer(store))
    assert found.points < 10
    assert any("running[" in v.message for v in found.verdicts if v.status == "wrong") or found.names


def test_the_running_dict_must_stay_as_it_is_in_test_mode(judged):
    def creeping(running):
        running["mean"] = running["mean"] * 0.999

    found = judged("bn_forward", layer(assigned, creeping))
    assert found.points < 10
    assert {v.check for v in found.verdicts if v.status == "wrong"} <= {"test mode", "running statistics"}


def test_changing_gamma_still_costs_marks(judged):
    def bn_forward(X, gamma, beta, eps, running, momentum, train):
        Y, cache = layer(assigned)["bn_forward"](X, gamma, beta, eps, running, momentum, train)
        if gamma.flags.writeable:
            gamma += 1
        return Y, cache

    found = judged("bn_forward", {"bn_forward": bn_forward})
    assert found.points < 10
    assert any("changes what it was given (gamma)" in v.message for v in found.verdicts)


# --- weights -------------------------------------------------------------------------------------


def complaints(function, scheme, fan_in=80, fan_out=30, seeds=(1, 1, 2)):
    from autograder.exercises.initialization import _others, spread_of

    facts = {"scheme": scheme, "fan_in": fan_in, "fan_out": fan_out}
    if scheme != "constant":
        facts |= {"std": spread_of(scheme, fan_in, fan_out), "others": _others(scheme, fan_in, fan_out)}
    results = [function(fan_in, fan_out, scheme, np.random.default_rng(s)) for s in seeds]
    return RULES["init_weights"](facts, results)


def one_by_one(fan_in, fan_out, scheme, rng):
    if scheme == "constant":
        return np.zeros((fan_out, fan_in))
    a = (6 / (fan_in + fan_out)) ** 0.5
    draw = {
        "small": lambda: 0.01 * rng.standard_normal(),
        "xavier_normal": lambda: rng.normal(scale=(2 / (fan_in + fan_out)) ** 0.5),
        "xavier_uniform": lambda: a * (2 * rng.random() - 1),
        "he": lambda: rng.standard_normal() * np.sqrt(2.0 / fan_in),
    }[scheme]
    return [[draw() for _ in range(fan_in)] for _ in range(fan_out)]


def with_truncation(fan_in, fan_out, scheme, rng):
    """He and Xavier as some libraries draw them: beyond two deviations drawn again, spread restored."""
    shape = fan_out, fan_in
    if scheme in ("constant", "xavier_uniform"):
        return np.asarray(one_by_one(fan_in, fan_out, scheme, rng))
    W = rng.standard_normal(shape)
    while (far := np.abs(W) > 2).any():
        W[far] = rng.standard_normal(far.sum())
    std = {"small": 0.01, "he": (2 / fan_in) ** 0.5}.get(scheme, (2 / (fan_in + fan_out)) ** 0.5)
    return (W / 0.87962566 * std).astype(np.float32)


@pytest.mark.parametrize("right", [one_by_one, with_truncation])
@pytest.mark.parametrize("scheme", ["constant", "small", "xavier_normal", "xavier_uniform", "he"])
def test_honest_draws_are_right_over_many_seeds(right, scheme):
    for seed in range(25):
        for fans in ((80, 30), (25, 100)):
            assert complaints(right, scheme, *fans, seeds=(seed, seed, seed + 1000)) == []


def scaled(scale):
    return lambda i, o, scheme, rng: rng.normal(size=(o, i)) * scale(i, o)


OWN = np.random.default_rng(3)
WRONG = {
    ("he", "sqrt(2 / fan_out)"): scaled(lambda i, o: (2 / o) ** 0.5),
    ("he", "sqrt(1 / fan_in)"): scaled(lambda i, o: i**-0.5),
    ("he", "square root is missing"): scaled(lambda i, o: 2 / i),
    ("he", "deviation 1"): scaled(lambda i, o: 1.0),
    ("xavier_normal", "sqrt(2 / fan_in)"): scaled(lambda i, o: (2 / i) ** 0.5),
    ("small", "too large for small"): scaled(lambda i, o: 0.1),
    ("xavier_uniform", "uniform weights whose limit"): lambda i, o, s, rng: rng.uniform(
        -((2 / (i + o)) ** 0.5), (2 / (i + o)) ** 0.5, (o, i)
    ),
    ("xavier_normal", "normal distribution"): lambda i, o, s, rng: rng.uniform(
        -((6 / (i + o)) ** 0.5), (6 / (i + o)) ** 0.5, (o, i)
    ),
    ("small", "mean 0"): lambda i, o, s, rng: 0.01 * rng.normal(size=(o, i)) + 0.01,
    ("small", "one row for each unit"): lambda i, o, s, rng: 0.01 * rng.normal(size=(i, o)),
    ("small", "rng you are given is not used"): lambda i, o, s, rng: (
        0.01 * np.random.default_rng(3).normal(size=(o, i))
    ),
    ("small", "draw all random numbers from rng"): lambda i, o, s, rng: 0.01 * OWN.normal(size=(o, i)),
    ("he", "draw every weight by itself"): lambda i, o, s, rng: np.tile(
        (2 / i) ** 0.5 * rng.normal(size=(1, i)), (o, 1)
    ),
    ("he", "same number"): lambda i, o, s, rng: np.full((o, i), (2 / i) ** 0.5),
    ("constant", "same number"): scaled(lambda i, o: 0.01),
    ("small", "not finite"): lambda i, o, s, rng: np.full((o, i), np.nan),
    ("he", "array of real numbers"): lambda i, o, s, rng: None,
    ("small", "array of real"): lambda i, o, s, rng: "weights",
}


@pytest.mark.parametrize(("scheme", "says"), WRONG)
def test_every_fault_of_weights_has_its_complaint(scheme, says):
    found = complaints(WRONG[scheme, says], scheme)
    assert len(found) == 1
    assert says in found[0]


def test_keys_depend_on_the_generator_alone():
    for exercise in MINE:
        made = [
            make_key(EXERCISES[exercise], lambda s, k=k: np.random.default_rng([k, s]), sets=1).hash
            for k in (5, 5, 6)
        ]
        assert made[0] == made[1] != made[2]


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 2])
@pytest.mark.parametrize("exercise", MINE)
def test_every_mistake_is_refused_and_named(exercise, part, judged):
    for mistake, functions in wrong_submissions(EXERCISES[exercise]):
        found = judged(exercise, functions, part=part)
        assert found.points < 10, mistake.name
        assert mistake.name in found.names, (mistake.name, found.names)
