"""The trials of pooling and unpooling: golden values, ties, mistakes, and results in odd containers."""

import json
from pathlib import Path

import numpy as np
import pytest

from autograder.exercises import EXERCISES, wrong_submissions
from autograder.keymaking import make_key

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
MINE = ("maxpool_forward", "maxpool_backward", "avgpool_forward", "avgpool_backward", "max_unpool")


def public(make_key_of, exercise):
    """Return the expected result of the last call of every public example, in order."""
    return [t.expected[-1] for t in make_key_of(exercise).sets[0] if t.public]


def test_the_public_maxima_are_those_of_the_lecture(make_key_of):
    (slide, _), (small, argmax) = public(make_key_of, "maxpool_forward")
    np.testing.assert_array_equal(slide[0, 0], GOLDEN["G-POOL-01"]["expected"]["y"])
    np.testing.assert_array_equal(small[0, 0], GOLDEN["G-POOL-04"]["expected"]["pooled"])
    np.testing.assert_array_equal(argmax[0, 0], GOLDEN["G-POOL-04"]["expected"]["argmax_rc"])


def test_the_public_ways_back_are_those_of_the_lecture(make_key_of):
    apart, overlapping = public(make_key_of, "maxpool_backward")
    np.testing.assert_array_equal(apart[0, 0], GOLDEN["G-POOL-05"]["expected"]["dx"])
    np.testing.assert_array_equal(overlapping[0, 0], GOLDEN["G-POOL-06"]["expected"]["dx"])
    np.testing.assert_array_equal(
        public(make_key_of, "max_unpool")[0][0, 0], GOLDEN["G-POOL-04"]["expected"]["y"]
    )


def test_the_public_means_are_exact_and_their_gradient_is_golden(make_key_of):
    Y = public(make_key_of, "avgpool_forward")[0]
    np.testing.assert_array_equal(
        (Y[0] if isinstance(Y, tuple) else Y)[0, 0], GOLDEN["G-POOL-02"]["expected"]["y_exact"]
    )
    np.testing.assert_array_equal(
        public(make_key_of, "avgpool_backward")[0][0, 0], GOLDEN["G-POOL-08"]["expected"]["dx"]
    )


def test_only_the_group_of_equal_maxima_knows_the_rule_for_ties(judged):
    """A wrong rule for ties may cost marks nowhere else: everywhere else the entries differ."""
    right = EXERCISES["maxpool_forward"].truth()["maxpool_forward"]

    def last_of_equal(X, k, s):
        Y, argmax = right(X, k, s)
        argmax = argmax.copy()
        for n, c, i, j in np.ndindex(*Y.shape):
            window = X[n, c, i * s : i * s + k, j * s : j * s + k]
            argmax[n, c, i, j] = np.argwhere(window == window.max())[-1] + (i * s, j * s)
        return Y, argmax

    for part in range(3):
        found = judged("maxpool_forward", {"maxpool_forward": last_of_equal}, part=part)
        assert {v.check for v in found.verdicts if v.status == "wrong"} == {"equal maxima"}


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.float64, object])
def test_positions_of_any_number_type_are_right(kind, judged):
    right = EXERCISES["maxpool_forward"].truth()["maxpool_forward"]

    def maxpool_forward(X, k, s):
        Y, argmax = right(X, k, s)
        return Y, argmax.astype(kind)

    assert judged("maxpool_forward", {"maxpool_forward": maxpool_forward}).points == pytest.approx(10)


def test_the_backward_is_given_positions_and_not_asked_for_a_forward(judged):
    functions = {"maxpool_backward": EXERCISES["maxpool_backward"].truth()["maxpool_backward"]}
    assert judged("maxpool_backward", functions).points == pytest.approx(10)


@pytest.mark.parametrize("result", [None, 3.0, "dX", [], (), {}, np.zeros((0, 0)), float("nan"), object()])
def test_results_of_any_kind_get_a_sentence(result, judged):
    for exercise in MINE:
        found = judged(exercise, {**EXERCISES[exercise].truth(), exercise: lambda *a, r=result: r})
        assert found.points == 0
        assert all(v.message for v in found.verdicts)


# --- averages in other wrong ways ----------------------------------------------------------------


def mean(divide=lambda k: k * k, sizes=None):
    def avgpool_forward(X, k, s):
        P, Q = sizes(*X.shape[2:], k, s) if sizes else ((X.shape[2] - k) // s + 1, (X.shape[3] - k) // s + 1)
        Y = np.zeros((*X.shape[:2], P, Q))
        for i, j in np.ndindex(P, Q):
            Y[:, :, i, j] = X[:, :, i * s : i * s + k, j * s : j * s + k].sum((2, 3)) / divide(k)
        return Y, (X.shape, k, s)

    return avgpool_forward


def spread(step=lambda k, s: s, add=True, divide=lambda k: k * k):
    def avgpool_backward(dY, cache):
        shape, k, s = cache
        dX, s = np.zeros(shape), step(k, s)
        for i, j in np.ndindex(dY.shape[2:]):
            part = dX[:, :, i * s : i * s + k, j * s : j * s + k]
            part[...] = dY[:, :, i, j, None, None] / divide(k) + (part if add else 0)
        return dX

    return avgpool_backward


AVERAGE = {
    ("avgpool_forward", "avg-divides-by-k"): (mean(divide=lambda k: k), spread()),
    ("avgpool_forward", "partial-windows-zero-filled"): (
        mean(sizes=lambda H, W, k, s: (-(-(H - k) // s) + 1, -(-(W - k) // s) + 1)),
        spread(),
    ),
    ("avgpool_forward", "one less"): (mean(divide=lambda k: k * k - 1), spread()),
    ("avgpool_backward", "avg-backward-divides-by-k"): (mean(), spread(divide=lambda k: k)),
    ("avgpool_backward", "avg-overwrite"): (mean(), spread(add=False)),
    ("avgpool_backward", "stride-taken-as-k"): (mean(), spread(step=lambda k, s: k)),
    ("avgpool_backward", "stride-ignored"): (mean(), spread(step=lambda k, s: 1)),
    ("avgpool_backward", "nothing returned"): (mean(), lambda dY, cache: None),
}


@pytest.mark.parametrize(("exercise", "fault"), AVERAGE)
def test_wrong_averages_lose_marks_and_known_faults_are_named(exercise, fault, judged):
    forward, backward = AVERAGE[exercise, fault]
    for part in range(3):
        found = judged(exercise, {"avgpool_forward": forward, "avgpool_backward": backward}, part=part)
        assert found.points < 10
        assert found.names == ([fault] if "-" in fault else [])


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
