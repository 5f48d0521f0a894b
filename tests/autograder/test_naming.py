"""Every mistake of every exercise is rejected, and named by its own name."""

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES, Implementation, wrong_submissions
from autograder.keymaking import play_all
from autograder.mistakes import all_mistakes, mistakes_of
from autograder.naming import lookalikes, name_mistakes

SEEDS = (0, 1)
MARGIN = 100.0  # how many times the float64 bound a wrong value must be off
BIG = ("conv_forward", "conv_backward")
CASES = [
    pytest.param(exercise, seed, marks=[pytest.mark.slow] if exercise in BIG else [])
    for exercise in EXERCISES
    for seed in SEEDS
]


@pytest.mark.parametrize(("exercise", "seed"), CASES)
def test_every_mistake_is_rejected_and_named(exercise, seed, judged, make_key_of):
    task, key = EXERCISES[exercise], make_key_of(exercise, seed)
    unnamed, accepted, close = [], [], []
    for part in range(len(key.sets)):
        for mistake, functions in wrong_submissions(task):
            found = judged(exercise, functions, seed, part)
            if found.points >= 10 - 1e-6:
                accepted.append((mistake.name, part))
            if mistake.name not in found.names:
                unnamed.append((mistake.name, part, found.names[:3]))
            if mistake.kind == "value" and not far_off(found.judgement):
                close.append((mistake.name, part))
    assert accepted == []
    assert unnamed == []
    assert close == []


def far_off(judgement):
    """Tell whether some trial is wrong in kind or shape, or in value by the margin (it is then beyond float32 too)."""
    wrong = [r for r in judgement.values if r.state == "wrong"]
    return any(r.cause != "value" or r.ratio >= MARGIN for r in wrong)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_names_are_few(exercise, make_key_of):
    """Naming is of use only where it tells mistakes apart: most are named alone, none among a crowd."""
    key = make_key_of(exercise)
    named = [len(name_mistakes(judge(key, 0, outcomes))) for _, outcomes in lookalikes(EXERCISES[exercise], key, 0)]
    assert max(named) <= 4
    assert named.count(1) / len(named) >= 0.75


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_truth_is_never_named(exercise, judged):
    for seed in SEEDS:
        assert judged(exercise, EXERCISES[exercise].truth(), seed).names == []


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
    found = judged("conv_forward", honest.layer(wrap=lambda Y: Y + np.linspace(0, 1, Y.size).reshape(Y.shape)))
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


def test_lookalikes_are_computed_once(make_key_of):
    key = make_key_of("corr2d")
    assert lookalikes(EXERCISES["corr2d"], key, 0) is lookalikes(EXERCISES["corr2d"], key, 0)
    assert lookalikes(EXERCISES["corr2d"], key, 0) is not lookalikes(EXERCISES["corr2d"], key, 1)


def test_playing_mistakes_leaves_no_trace_in_the_key(make_key_of):
    """Mistakes that change their arguments change copies: the key stays the key."""
    from autograder.key import hashed

    key = make_key_of("conv_backward")
    for _, functions in wrong_submissions(EXERCISES["conv_backward"]):
        play_all(key, 0, functions)
    assert hashed(key).hash == key.hash
