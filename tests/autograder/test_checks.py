"""Judging returned values: three comparisons, caches of any kind, odd containers, and whatever else comes back."""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES
from autograder.keymaking import play_all
from autograder.sandbox._script import Foreign, Outcome
from autograder.verdicts import Weights, verdicts

BEHAVIOUR_SHARE = 0.2


def by_check(found, status=None):
    return {v.check: v for v in found.verdicts if status in (None, v.status)}


# --- three comparisons ---------------------------------------------------------------------------


def test_forward_right_and_backward_right(judged, honest):
    found = judged("conv_backward", honest.windows_einsum())
    assert found.points == pytest.approx(10)
    assert all(v.status == "right" and not v.credit_reason for v in found.verdicts)


def test_forward_right_and_backward_wrong_is_wrong_and_named(judged, honest):
    def conv_backward(dY, cache):
        dX, dW, _ = honest.scatter(dY, *cache.kept)
        return dX, dW, dY.mean(axis=(0, 2, 3))

    found = judged("conv_backward", honest.layer(conv_backward=conv_backward))
    assert found.points < 10
    assert "db-mean" in found.names
    assert judged("conv_forward", honest.layer(conv_backward=conv_backward)).points == pytest.approx(10)


def test_forward_wrong_and_backward_right_gets_full_marks_for_the_backward(judged, honest):
    wrong = honest.layer(wrap=lambda Y: Y + 1.0)
    found = judged("conv_backward", wrong)
    assert found.points == pytest.approx(10)
    values = [v for v in found.verdicts if v.kind != "behaviour"]
    assert all(v.kind == "gradient" and "full marks" in v.credit_reason for v in values)
    assert judged("conv_forward", wrong).points == 0


def test_right_gradient_of_the_wrong_function_gets_half(judged, honest):
    found = judged("conv_backward", honest.flipped_with_its_gradient())
    partial = by_check(found, "partial")
    assert found.judgement.consistent is True
    assert partial
    for verdict in partial.values():
        assert verdict.points == pytest.approx(verdict.out_of / 2, abs=1e-4)
        assert verdict.kind == "gradient"
        assert "the function you wrote" in verdict.message
    first = next(iter(partial.values()))
    assert "not the function asked for" in first.message
    assert "conv_forward" in first.hint[2]
    assert not by_check(found, "wrong")
    assert 0 < found.points <= 5


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_for_consistency_is_the_instructors(judged, honest, share):
    found = judged("conv_backward", honest.flipped_with_its_gradient(), weights=Weights(consistent=share))
    gradients = [v for v in found.verdicts if v.kind == "gradient"]
    assert gradients
    assert all(v.points == pytest.approx(share * v.out_of, abs=1e-4) for v in gradients)
    assert {v.status for v in gradients} == {"partial" if share else "wrong"}


def test_consistency_earns_nothing_where_the_forward_is_right(judged, honest):
    """A backward that does not fit its right forward is simply wrong, whatever the probe says elsewhere."""
    found = judged(
        "conv_backward",
        honest.layer(conv_backward=lambda dY, c: tuple(2 * g for g in honest.scatter(dY, *c.kept))),
    )
    assert found.judgement.consistent is False
    assert found.points == 0


def test_both_wrong_and_not_consistent_says_forward_first(judged, honest):
    noise = np.random.default_rng(3)

    def forward(X, W, b, s, p, d=1):
        Y, cache = honest.windows_einsum()["conv_forward"](X, W, b, s, p, d)
        return Y * 1.5 + 0.3, cache

    def backward(dY, cache):
        return tuple(g * 1.1 + noise.normal() for g in honest.scatter(dY, *cache.kept))

    found = judged("conv_backward", honest.layer(conv_forward=forward, conv_backward=backward))
    assert found.points == 0
    assert found.names == []
    assert any("Mend the forward first" in v.hint[2] for v in found.verdicts if v.hint)


def test_a_backward_that_cannot_reach_its_cache_is_not_judged_but_said_why(judged, honest):
    found = judged("conv_backward", honest.layer(conv_forward=lambda X, W, b, s, p, d=1: 1 / 0))
    assert found.points == 0
    assert not by_check(found, "wrong")
    skipped = [v for v in found.verdicts if v.status == "skipped"]
    assert any("conv_forward" in v.message and "ZeroDivisionError" in v.message for v in skipped)


def test_results_without_a_cache_block_the_backward(judged, honest):
    found = judged(
        "conv_backward",
        honest.layer(conv_forward=lambda *a, **k: honest.windows_einsum()["conv_forward"](*a, **k)[0]),
    )
    assert found.points == 0
    assert all(v.status == "skipped" for v in found.verdicts)


def conv_of_zeros(X, W, b, s, p, d=1):
    span = d * (W.shape[-1] - 1) + 1
    rows, cols = ((n + 2 * p - span) // s + 1 for n in X.shape[2:])
    return np.zeros((len(X), len(W), rows, cols)), (X, W, b)


def noise_of(forward):
    def wild(X, W, b, s, p, d=1):
        Y, cache = forward(X, W, b, s, p, d)
        return Y + 1e6 * np.sin(1e9 * (X.sum() + W.sum() + b.sum())), cache

    return wild


@pytest.mark.parametrize("forward", [conv_of_zeros, noise_of(conv_of_zeros)])
@pytest.mark.parametrize("gradient", [np.zeros_like, np.ones_like])
def test_nothing_is_earned_by_the_gradient_of_nothing(judged, forward, gradient):
    """A constant forward with zero gradients is consistent, and noise fits any gradient: neither is worth marks."""
    functions = {"conv_forward": forward, "conv_backward": lambda dY, c: tuple(gradient(a) for a in c)}
    found = judged("conv_backward", functions)
    assert found.judgement.consistent in (None, False)
    assert found.points == 0


# --- caches --------------------------------------------------------------------------------------


class Slots:
    __slots__ = ("kept",)
    kept: Any


def as_slots(kept):
    cache = Slots()
    cache.kept = kept
    return cache


CACHES = {
    "tuple": (lambda kept: kept, lambda c: c),
    "list": (list, tuple),
    "dict": (lambda kept: {"kept": kept}, lambda c: c["kept"]),
    "dict with odd keys": (lambda kept: {object: kept, None: 1, 2: 3}, lambda c: c[object]),
    "object": (as_slots, lambda c: c.kept),
    "closure": (lambda kept: lambda: kept, lambda c: c()),
    "generator": (lambda kept: iter([kept] * 3), next),
    "object array": (lambda kept: np.array([*kept, None], dtype=object)[:-1], tuple),
    "class": (lambda kept: type("Cache", (), {"kept": kept}), lambda c: c.kept),
    "cycle": (lambda kept: (loop := {"kept": kept}, loop.update(me=loop))[0], lambda c: c["kept"]),
}


@pytest.mark.parametrize("kind", CACHES)
def test_the_cache_may_be_anything(judged, honest, kind):
    pack, unpack = CACHES[kind]
    right = honest.columns_tensordot()

    def conv_forward(X, W, b, s, p, d=1):
        Y, kept = right["conv_forward"](X, W, b, s, p, d)
        return Y, pack(kept)

    functions = {
        "conv_forward": conv_forward,
        "conv_backward": lambda dY, cache: honest.scatter(dY, *unpack(cache)),
    }
    assert judged("conv_forward", functions).points == pytest.approx(10)
    found = judged("conv_backward", functions)
    lost = [v.check for v in found.verdicts if v.status != "right"]
    # A generator is used up by the first backward call: that one is a fault, and the only one here.
    assert lost == (["same result twice"] if kind == "generator" and lost else [])
    assert found.points >= 10 - 10 * BEHAVIOUR_SHARE


@pytest.mark.parametrize("pair", [list, lambda r: tuple(r), lambda r: (*r,)])
def test_result_and_cache_may_come_as_a_list(judged, honest, pair):
    inner = honest.windows_einsum()["conv_forward"]
    functions = honest.layer(conv_forward=lambda *a, **k: pair(inner(*a, **k)))
    assert judged("conv_forward", functions).points == pytest.approx(10)
    assert judged("conv_backward", functions).points == pytest.approx(10)


# --- what is accepted, with or without a note ----------------------------------------------------


@pytest.mark.parametrize(
    ("wrap", "note"),
    [
        (lambda Y: Y.tolist(), "NumPy array"),
        (lambda Y: Y.astype(np.float32), "float64"),
        (np.asfortranarray, ""),
        (lambda Y: np.repeat(Y, 2, axis=-1)[..., ::2], ""),
        (lambda Y: Y[::-1].copy()[::-1], ""),
        (lambda Y: Y.view(type("Mine", (np.ndarray,), {})), ""),
        (lambda Y: Y.astype(">f8"), ""),
        (lambda Y: Y.astype(np.longdouble), ""),
        (lambda Y: np.ma.masked_array(Y), ""),
    ],
)
def test_odd_containers_of_right_numbers_get_full_marks(judged, honest, wrap, note):
    found = judged("conv_forward", honest.layer(wrap=wrap))
    assert found.points == pytest.approx(10)
    noted = [v for v in found.verdicts if "Note:" in v.message]
    assert bool(noted) is bool(note)
    assert all(note in v.message for v in noted)


def test_a_matrix_is_accepted_where_its_shape_is_right(judged, honest):
    found = judged("corr2d", {"corr2d": lambda F, H, pad: np.asmatrix(honest.corr2d(F, H, pad))})
    assert found.points == pytest.approx(10)


def test_gradients_in_float32_are_accepted_with_a_note(judged, honest):
    backward = lambda dY, c: [g.astype(np.float32) for g in honest.scatter(dY, *c.kept)]  # noqa: E731
    found = judged("conv_backward", honest.layer(conv_backward=backward))
    assert found.points == pytest.approx(10)
    assert any("float64" in v.message for v in found.verdicts)


def test_less_than_float32_is_not_accepted(judged, honest):
    found = judged("conv_forward", honest.layer(wrap=lambda Y: Y.astype(np.float16)))
    right = {v.check for v in found.verdicts if v.status == "right"}
    assert right == {"worked example", "inputs left alone"}  # small whole numbers are exact in any precision


# --- nothing a child sends back may make judging fail --------------------------------------------

ODD: list[Any] = [
    None, True, np.bool_(True), 3, 10**30, -1.5, math.nan, math.inf, 1j, "x", b"", [], (), {},
    [[]], [None, 1], [1, [2]],
    Foreign("Cache"), [Foreign("kept")], np.array([]), np.array(1.0), np.ones((2, 3), bool), np.full((3, 3), 2 + 1j),
    np.full((2, 2), np.nan), np.full((4, 4), 1e308), np.ones((2, 2), np.uint64) * 2**63, np.ones(3, np.float16),
    np.zeros((0, 4)), (np.ones(2), np.ones(2), np.ones(2)), {"a": np.ones(2)}, np.array(["a"]),
    [np.array([2**63], np.uint64), np.array([-1])],
]  # fmt: skip
STATUSES = [
    "ok",
    "ok",
    "ok",
    "missing",
    "not-callable",
    "exception",
    "unreachable",
    "timeout",
    "killed",
    "garbled",
]


def like(value, rng):
    """Return something of the same shape and another kind: where code that looks at shapes only would fail."""
    if isinstance(value, np.ndarray):
        kinds = [bool, complex, np.float16, np.uint8, np.int8, np.float32]
        return (value * rng.choice([0.0, 1.0, 1e308, np.nan])).astype(kinds[rng.integers(len(kinds))])
    if isinstance(value, (tuple, list)):
        return type(value)(like(v, rng) if rng.random() < 0.7 else v for v in value)
    return value


def odd_outcome(outcome, rng):
    status = str(rng.choice(STATUSES))
    if status != "ok":
        errors = [
            None,
            {"type": "ValueError", "cell": 3, "line": 7, "text": "x"},
            {},
            {"type": "E", "line": None, "cell": None, "text": ""},
        ]
        return Outcome(status, error=errors[rng.integers(len(errors))])
    with np.errstate(all="ignore"):
        value = ODD[rng.integers(len(ODD))] if rng.random() < 0.5 else like(outcome.value, rng)
    return dataclasses.replace(outcome, value=value, changed=("args[0]",) if rng.random() < 0.2 else ())


@pytest.mark.parametrize("kind", [bool, complex, np.float16, np.uint8, np.int64, np.uint64, np.complex64])
@pytest.mark.parametrize("exercise", ["conv_backward", "local_backward"])
def test_the_probe_of_the_own_forward_takes_any_kind_of_number(exercise, kind, make_key_of):
    key = make_key_of(exercise)
    with np.errstate(invalid="ignore"):
        outcomes = [
            dataclasses.replace(o, value=cast(o.value, kind))
            for o in play_all(key, 0, EXERCISES[exercise].truth())
        ]
    found = judge(key, 0, outcomes)
    assert found.consistent in (None, False)


def cast(value, kind):
    if isinstance(value, np.ndarray):
        return value.astype(kind)
    return tuple(cast(v, kind) for v in value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("exercise", EXERCISES)
def test_whatever_a_child_sends_back_there_are_verdicts(exercise, make_key_of):
    key = make_key_of(exercise)
    right = play_all(key, 0, EXERCISES[exercise].truth())
    for seed in range(150 if exercise in ("conv_forward", "conv_backward", "minibatches") else 40):
        rng = np.random.default_rng([seed, 9])
        share = rng.choice([0.02, 0.3, 1.0])
        outcomes = [odd_outcome(o, rng) if rng.random() < share else o for o in right][
            : None if seed % 5 else int(rng.integers(len(right)))
        ]
        found = verdicts(judge(key, 0, outcomes), key.title, 5.0)
        assert math.fsum(v.out_of for v in found) == pytest.approx(5.0)
        assert all(0 <= v.points <= v.out_of + 1e-12 and v.message for v in found)
        for verdict in found:
            json.dumps(verdict.to_json(), allow_nan=False)
