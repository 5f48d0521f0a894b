"""Every mistake of every exercise is rejected, and named by its own name."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.exercises import EXERCISES, Implementation, wrong_submissions
from autograder.keymaking import own_doing, play_all
from autograder.mistakes import all_mistakes, mistakes_of
from autograder.naming import name_mistakes
from autograder.sandbox._script import Outcome, play

SHOWN = ("conv_out", "conv_params", "corr2d", "conv2d_true", "num_grad", "minibatches", "Sequential")
WHOLE = (*SHOWN, "conv_forward", "conv_backward", "local_forward", "local_backward")
MARGIN = 100.0  # how many times the float64 bound a wrong value must be off
BIG = ("conv_forward", "conv_backward", "dilated_conv", "bn_forward", "bn2d_forward")


def sets(exercise):
    """Give (seed of the key, set of trials): all sets and seeds here, one for those that topics test themselves."""
    return (
        [(0, 0), (0, 1), (0, 2), *([(1, 1)] if exercise in SHOWN else [])] if exercise in WHOLE else [(0, 1)]
    )


@pytest.mark.parametrize(
    "exercise", [pytest.param(e, marks=[pytest.mark.slow] if e in BIG else []) for e in EXERCISES]
)
def test_every_mistake_is_rejected_and_named(exercise, judged):
    task = EXERCISES[exercise]
    unnamed, accepted, close, crowds = [], [], [], []
    for seed, part in sets(exercise):
        for mistake, functions in wrong_submissions(task):
            found = judged(exercise, functions, seed, part)
            if found.points >= 10 - 1e-6:
                accepted.append((mistake.name, seed, part))
            if mistake.name not in found.names:
                unnamed.append((mistake.name, seed, part, found.names[:3]))
            if mistake.kind == "value" and not far_off(found.judgement):
                close.append((mistake.name, seed, part))
            if len(found.names) > 4:  # naming is of use only where it tells mistakes apart
                crowds.append((mistake.name, found.names))
    assert accepted == []
    assert unnamed == []
    assert close == []
    assert crowds == []


def far_off(judgement):
    """Tell whether some trial is wrong in kind or shape, or in value by the margin (it is then beyond float32 too)."""
    wrong = [r for r in judgement.values if r.state == "wrong"]
    return any(r.cause != "value" or r.ratio >= MARGIN for r in wrong)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_truth_is_never_named(exercise, judged):
    for seed, part in sets(exercise):
        assert judged(exercise, EXERCISES[exercise].truth(), seed, part).names == []


def test_every_mistake_of_an_op_is_tried_or_excused_with_a_reason():
    for task in EXERCISES.values():
        if task.op is None:
            continue
        names = {m.name for m in mistakes_of(task.op, part=task.part, kind="value")}
        assert set(task.outside) <= names
        assert all(reason.strip() for reason in task.outside.values())


def test_an_excused_mistake_really_cannot_show(judged):
    for task in EXERCISES.values():
        for name in task.outside:
            mistake = next(m for m in mistakes_of(task.op, part=task.part, kind="value") if m.name == name)
            found = judged(task.id, task.functions(Implementation(task.op, mistake)))
            applies_nowhere = all("return statement" in r.message for r in found.judgement.results)
            assert found.points == pytest.approx(10) or applies_nowhere, (task.id, name)


def test_at_least_twenty_mistakes_of_the_layer():
    value = [m for m in all_mistakes() if m.target == "conv2d"]
    assert len(value) >= 20
    assert {m.part for m in value} == {"forward", "backward"}


def test_a_submission_that_never_ran_has_no_name(judged):
    assert judged("conv_forward", {}).names == []


def test_stopping_with_an_error_names_nothing_by_itself(judged, honest):
    """Two codes that both stop with an error need not share a mistake."""

    def picky(X, W, b, s, p, d=1):
        if d > 1 or p > 1:
            raise ValueError
        return honest.windows_einsum()["conv_forward"](X, W, b, s, p, d)

    assert judged("conv_forward", honest.layer(conv_forward=picky)).names == []


def test_an_unknown_fault_has_no_name_and_says_so(judged, honest):
    found = judged(
        "conv_forward", honest.layer(wrap=lambda Y: Y + np.linspace(0, 1, Y.size).reshape(Y.shape))
    )
    assert found.names == []
    told = next(v for v in found.verdicts if v.status == "wrong")
    assert "none of the mistakes known" in told.hint[1]
    assert told.mistake is None


def test_a_name_needs_agreement_on_every_trial(judged, honest):
    """Bias forgotten for two filters or more only: no known mistake does that everywhere."""

    def sometimes(X, W, b, s, p, d=1):
        return honest.windows_einsum()["conv_forward"](X, W, b * (len(b) < 2), s, p, d)

    assert "bias-forgotten" not in judged("conv_forward", honest.layer(conv_forward=sometimes)).names


def test_a_behaviour_on_top_of_a_value_mistake_does_not_hide_the_points(judged, honest):
    def conv_forward(X, W, b, s, p, d=1):
        Y, cache = honest.windows_einsum()["conv_forward"](X, W, 0 * b, s, p, d)
        X += 0 if not X.flags.writeable else 1
        return Y, cache

    found = judged("conv_forward", honest.layer(conv_forward=conv_forward))
    assert found.points < 5


def test_mistakes_in_several_results_are_named_together(judged, honest):
    """Each of dW and db has a mistake of its own: both are named, as one."""

    def conv_backward(dY, cache):
        dX, dW, _ = honest.scatter(dY, *cache.kept)
        return dX, dW / len(dY), dY.mean(axis=(0, 2, 3))

    names = judged("conv_backward", honest.layer(conv_backward=conv_backward)).names
    assert len(names) == 1
    assert "db-mean" in names[0].split("+")
    assert len(names[0].split("+")) == 2


def test_what_is_said_without_a_mistake_on_the_list(judged, honest, make_key_of):
    """Left out of the list, a mistake must not be taken for another."""

    def no_bias(X, W, b, s, p, d=1):
        return honest.windows_einsum()["conv_forward"](X, W, 0 * b, s, p, d)

    judgement = judged("conv_forward", honest.layer(conv_forward=no_bias)).judgement
    assert [n.name for n in name_mistakes(judgement)] == ["bias-forgotten"]
    assert name_mistakes(judgement, without={"bias-forgotten"}) == []


def test_playing_mistakes_leaves_no_trace_in_the_key(make_key_of):
    """Mistakes that change their arguments change copies: the key stays the key."""
    from autograder.key import hashed

    key = make_key_of("conv_backward")
    for _, functions in wrong_submissions(EXERCISES["conv_backward"]):
        play_all(key, 0, functions)
    assert hashed(key).hash == key.hash


def test_a_result_with_all_entries_is_not_taken_for_one_that_lacks_some(make_key_of):
    """What "leaves-missing" returns stands in a right result, too; a sign in one gate is another mistake."""
    from autograder.checks import judge

    key = make_key_of("graph_forward")
    (functions,) = (f for m, f in wrong_submissions(EXERCISES["graph_forward"]) if m.name == "neg-forgotten")
    judgement = judge(key, 0, play_all(key, 0, functions))
    assert [n.name for n in name_mistakes(judgement)] == ["neg-forgotten"]
    assert name_mistakes(judgement, without={"neg-forgotten"}) == []


def test_dice_thrown_by_other_threads_hide_no_name(judged, monkeypatch):
    """Dask throws them when it guesses how large a message is; played once, a mistake would seem to."""
    chance = np.random.default_rng(1)

    def beside_another_thread(calls, functions):
        for outcome in play(calls, functions):
            touched = outcome.global_random_touched or chance.random() < 0.3
            yield replace(outcome, global_random_touched=bool(touched))

    monkeypatch.setattr("autograder.naming.play", beside_another_thread)
    monkeypatch.setattr("autograder.naming._TRIALS", {})
    monkeypatch.setattr("autograder.naming._PLAYED", {})
    wrong = {m.name: functions for m, functions in wrong_submissions(EXERCISES["conv2d_true"])}
    assert judged("conv2d_true", wrong["kernel-not-flipped"]).names == ["kernel-not-flipped"]


def test_what_throws_dice_every_time_is_seen_to():
    outcomes = [Outcome("ok", 1), Outcome("ok", 2, global_random_touched=True)]
    assert [o.global_random_touched for o in own_doing(lambda: iter(outcomes))] == [False, True]
    rounds = iter([[True, True, False], [False, True, False], [False, False, True]])
    found = own_doing(lambda: (Outcome("ok", global_random_touched=t) for t in next(rounds)))
    assert [o.global_random_touched for o in found] == [False, False, False]
