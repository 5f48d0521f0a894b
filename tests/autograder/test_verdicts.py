"""From a judgement to points and words: the contract, behaviour, sums, and one complaint per cause."""

import json
import math

import numpy as np
import pytest

from autograder.checks import judge
from autograder.keymaking import play_all
from autograder.verdicts import Named, Weights, verdicts

VALUE_SHARE, BEHAVIOUR_SHARE = 0.8, 0.2


def by_check(found, status=None):
    return {v.check: v for v in found.verdicts if status in (None, v.status)}


# --- contract ------------------------------------------------------------------------------------


def raises(*_args, **_kwargs):
    raise NotImplementedError


CONTRACT = {
    "missing": ({}, "is not defined"),
    "not callable": ({"corr2d": np.ones((2, 2))}, "is not a function"),
    "none": ({"corr2d": lambda F, H, pad: None}, "return statement"),
    "stub": ({"corr2d": raises}, "is not implemented yet"),
    "raises": ({"corr2d": lambda F, H, pad: F[99]}, "IndexError"),
    "arguments": ({"corr2d": lambda F, H: F}, "TypeError"),
    "text": ({"corr2d": lambda F, H, pad: "3 4"}, "got a str"),
    "object": ({"corr2d": lambda F, H, pad: object()}, "got a object"),
    "count": ({"corr2d": lambda F, H, pad: (F, H)}, "expected"),
    "shape": ({"corr2d": lambda F, H, pad: np.zeros((1, 1))}, "expected shape"),
    "nan": (
        {
            "corr2d": lambda F, H, pad: np.full(
                (F.shape[0] + 2 * pad - len(H) + 1, F.shape[1] + 2 * pad - len(H) + 1), np.nan
            )
        },
        "nan or infinite",
    ),
    "exit": ({"corr2d": lambda F, H, pad: exit(3)}, "SystemExit"),
    "class": ({"corr2d": type("corr2d", (), {"__init__": lambda self, F, H, pad: None})}, "got a corr2d"),
}


@pytest.mark.parametrize("case", CONTRACT)
def test_breaking_the_contract_costs_everything_and_says_why(judged, case):
    functions, says = CONTRACT[case]
    found = judged("corr2d", functions)
    assert found.points == 0
    complaint = next(v for v in found.verdicts if v.status == "wrong")
    assert says in complaint.message
    assert len(complaint.hint) == 3
    assert all(complaint.hint)
    assert sum(v.out_of for v in found.verdicts) == pytest.approx(10)


@pytest.mark.parametrize("case", ["missing", "not callable", "stub", "raises", "arguments", "exit"])
def test_one_cause_is_complained_about_once(judged, case):
    found = judged("corr2d", CONTRACT[case][0])
    assert [v.status for v in found.verdicts].count("wrong") == 1
    assert {v.kind for v in found.verdicts} == {"contract"}


def test_a_named_mistake_is_complained_about_once(judged, honest):
    found = judged("conv_forward", honest.layer(wrap=lambda Y: Y), 0)
    assert found.points == pytest.approx(10)

    def no_bias(X, W, b, s, p, d=1):
        return honest.windows_einsum()["conv_forward"](X, W, 0 * b, s, p, d)

    found = judged("conv_forward", honest.layer(conv_forward=no_bias))
    assert found.names == ["bias-forgotten"]
    told = [v for v in found.verdicts if v.status == "wrong"]
    assert len(told) == 1
    assert told[0].mistake == "bias-forgotten"
    assert told[0].hint[1].startswith("You")
    assert {v.mistake for v in found.verdicts if v.kind == "value"} == {"bias-forgotten"}


@pytest.mark.parametrize("count", [(0, 1), (0, 1, 2, 2), (0,)])
def test_too_few_or_too_many_gradients(judged, honest, count):
    backward = lambda dY, c: tuple(honest.scatter(dY, *c.kept)[i] for i in count)  # noqa: E731
    found = judged("conv_backward", honest.layer(conv_backward=backward))
    assert found.points == 0
    assert any(f"expected 3 results, got {len(count)}" in v.message for v in found.verdicts)


def test_a_wrong_result_is_called_by_its_name(judged, honest):
    backward = lambda dY, c: tuple(g * (1 + (i == 1)) for i, g in enumerate(honest.scatter(dY, *c.kept)))  # noqa: E731
    found = judged("conv_backward", honest.layer(conv_backward=backward))
    assert all(v.message.startswith("dW:") for v in found.verdicts if v.status == "wrong")


# --- behaviour -----------------------------------------------------------------------------------


def test_changing_an_argument_costs_the_behaviour_share_once(judged, honest):
    def conv_backward(dY, cache):
        found = honest.scatter(dY, *cache.kept)
        dY *= 2
        return found

    found = judged("conv_backward", honest.layer(conv_backward=conv_backward))
    assert set(by_check(found, "wrong")) <= {"inputs left alone"}
    assert "(dY)" in by_check(found)["inputs left alone"].message
    assert 10 * VALUE_SHARE <= found.points < 10
    assert found.names == ["dY-scaled-in-place"]


def test_the_global_generator_may_not_be_used(judged, honest):
    def conv_forward(X, W, b, s, p, d=1):
        np.random.seed(0)  # noqa: NPY002 - the misbehaviour itself
        return honest.windows_einsum()["conv_forward"](X, W, b, s, p, d)

    found = judged("conv_forward", honest.layer(conv_forward=conv_forward))
    assert set(by_check(found, "wrong")) == {"inputs left alone"}
    assert "random" in by_check(found)["inputs left alone"].message
    assert 10 * VALUE_SHARE <= found.points < 10


def test_state_between_calls_is_seen(judged, honest):
    calls: list[np.ndarray] = []

    def conv_forward(X, W, b, s, p, d=1):
        Y, cache = honest.windows_einsum()["conv_forward"](X, W, b, s, p, d)
        repeated = any(np.array_equal(X, old) for old in calls)
        calls.append(np.array(X))
        return Y + repeated, cache

    found = judged("conv_forward", honest.layer(conv_forward=conv_forward))
    assert "same result twice" in by_check(found, "wrong")
    assert found.points < 10


def test_order_of_calls_is_seen(judged, honest):
    """The padded image in a global: right only if the backward follows its own forward at once."""
    latest = {}

    def conv_forward(X, W, b, s, p, d=1):
        latest["X"] = X
        return honest.windows_einsum()["conv_forward"](X, W, b, s, p, d)[0], (W, s, p, d)

    functions = {
        "conv_forward": conv_forward,
        "conv_backward": lambda dY, c: honest.scatter(dY, latest["X"], *c),
    }
    found = judged("conv_backward", functions)
    assert set(by_check(found, "wrong")) == {"independent of other calls"}
    assert found.points == pytest.approx(10 - 10 * BEHAVIOUR_SHARE / 3, abs=1e-3)


def test_behaviour_is_not_judged_before_values(judged, honest):
    found = judged("conv_forward", honest.layer(wrap=lambda Y: 2 * Y))
    behaviour = [v for v in found.verdicts if v.kind == "behaviour"]
    assert behaviour
    assert all(v.status == "skipped" and v.points == 0 for v in behaviour)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_share_for_behaviour_is_the_instructors(judged, honest, share):
    found = judged("conv_forward", honest.layer(), weights=Weights(behaviour=share))
    assert sum(v.out_of for v in found.verdicts if v.kind == "behaviour") == pytest.approx(
        10 * share, abs=1e-3
    )
    assert found.points == pytest.approx(10)


# --- points --------------------------------------------------------------------------------------


SOME = {
    "right": lambda honest: honest.layer(),
    "wrong": lambda honest: honest.layer(wrap=lambda Y: Y * 2),
    "consistent": lambda honest: honest.flipped_with_its_gradient(),
    "missing": lambda honest: {},
    "padding only": lambda honest: honest.layer(
        conv_forward=lambda X, W, b, s, p, d=1: honest.windows_einsum()["conv_forward"](X, W, b, s, 0, d)
    ),
}


@pytest.mark.parametrize("points", [0, 0.1, 1, 2, 3.3333, 7, 100])
@pytest.mark.parametrize("kind", SOME)
@pytest.mark.parametrize("exercise", ["conv_forward", "conv_backward"])
def test_verdicts_always_add_up_to_the_points(judged, honest, exercise, kind, points):
    found = judged(exercise, SOME[kind](honest), points=points)
    assert math.fsum(v.out_of for v in found.verdicts) == pytest.approx(points, abs=1e-9)
    assert all(-1e-12 <= v.points <= v.out_of + 1e-12 for v in found.verdicts)
    if kind == "right":
        assert math.fsum(v.points for v in found.verdicts) == pytest.approx(points, abs=1e-9)


def test_a_single_named_convention_earns_its_credit_and_two_names_earn_none(honest, make_key_of):
    key = make_key_of("conv_forward")
    judgement = judge(key, 0, play_all(key, 0, honest.layer(wrap=lambda Y: Y * 2)))
    half = Named("twice", "You doubled.", "Do not.", 0.5)
    one, both = (
        verdicts(judgement, "t", 10, [half]),
        verdicts(judgement, "t", 10, [half, Named("other", "You.", "No.", 0.5)]),
    )
    first = next(v for v in one if v.status in ("wrong", "partial"))
    assert first.points == pytest.approx(first.out_of / 2)
    assert sum(v.points for v in both) == 0
    assert next(v for v in both if v.status == "wrong").mistake is None
    assert " OR: " in next(v for v in both if v.status == "wrong").hint[1]


def test_verdicts_are_deterministic_plain_data(judged, honest):
    first, again = (judged("conv_backward", honest.flipped_with_its_gradient()) for _ in range(2))
    assert first.verdicts == again.verdicts
    for verdict in first.verdicts:
        json.dumps(verdict.to_json(), allow_nan=False)


def test_numbers_of_hidden_trials_are_not_told(judged, honest):
    found = judged("conv_forward", honest.layer(wrap=lambda Y: Y * 2))
    for verdict in found.verdicts:
        assert (verdict.worst is not None) == (
            verdict.check == "worked example" and verdict.status == "wrong"
        )
