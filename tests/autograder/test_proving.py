"""`prove` finds what is wrong with an assignment's checks, and says so."""

import dataclasses

import numpy as np
import pytest

from autograder import proving
from autograder.assignment import Asked, load_assignment
from autograder.exercises import EXERCISES, Trial, exercise
from autograder.instances import issue, lookalikes, name_typed
from autograder.mistakes import mistake
from autograder.proving import known
from autograder.questions import QUESTIONS
from autograder.sandbox import Call


@pytest.fixture(scope="module")
def convolution():
    whole = load_assignment("convolution")
    few = tuple(q for q in whole.questions if q.id in ("conv_params", "local_backward", "CARITH-2"))
    return dataclasses.replace(whole, questions=few)


def test_what_is_shipped_is_proved(convolution):
    proofs = proving.prove(convolution.questions, seeds=1, leave_one_out=True)
    assert proving.failures(proofs) == []
    assert all(p.tried and p.tried == p.rejected == p.named for p in proofs)
    assert all(p.truth_ratio <= 0.1 for p in proofs)


def test_whole_numbers_are_rounded_by_nobody():
    """A sum of exactly 0, from -1 + 2 - 2 + 1: where the inputs are moved, the perceptron says the opposite."""
    (proof,) = proving.prove([Asked("perceptron", 1.0)], seeds=1)
    assert proof.failures == []
    trials = {
        t.name: t for t in known.make_key(EXERCISES["perceptron"], np.random.default_rng, sets=1).sets[0]
    }
    assert known._exact(trials["the sum is exactly 0"])
    drawn = known.make_key(EXERCISES["l2_update"], np.random.default_rng, sets=1).sets[0]
    assert not any(known._exact(t) for t in drawn)  # those are still rounded otherwise


def test_a_threshold_met_exactly_is_met_by_every_program():
    """0.875 - 0.625 is 0.25 however it is taken; 0.7 has no last place that all programs agree on."""
    key = known.make_key(EXERCISES["diagnose"], np.random.default_rng, sets=1)
    trials = {t.name: t for t in key.sets[0]}
    assert [n for n, t in trials.items() if known._exact(t)] == [
        "exactly the gap allowed",
        "exactly the accuracy asked for",
    ]


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_the_truth_is_right_and_its_roundings_use_a_tenth_of_the_bound(name):
    task, proof = EXERCISES[name], known.Proof(name)
    known._truth(proof, task, known.make_key(task, lambda s: np.random.default_rng([7, s]), sets=1), 0)
    assert proof.failures == []


@pytest.fixture
def blind():
    """An exercise whose only trial cannot see the mistake, and one mistake that goes by another's name."""

    def double(x):
        return 2.0 * x

    @mistake("blind_double", "negative-forgotten", family="sign")
    def negative_forgotten(right):
        """You double the absolute value.

        Keep the sign.
        """
        return {"blind_double": lambda x: abs(2.0 * x)}

    task = exercise(
        "blind_double", title="Twice", topic="test", op=None, functions=lambda _impl: {"blind_double": double},
        trials=lambda rng: [Trial("positive only", (Call("blind_double", (rng.uniform(1, 2, size=3),)),), "values")],
    )  # fmt: skip
    yield task
    del EXERCISES["blind_double"]
    from autograder import mistakes

    for key in [k for k in mistakes._REGISTRY if k[0] == "blind_double"]:
        del mistakes._REGISTRY[key]


def test_a_trial_that_cannot_see_a_mistake_is_a_failure(blind, convolution):
    asked = dataclasses.replace(convolution.questions[0], id=blind.id)
    own = dataclasses.replace(convolution, questions=(asked,))
    sentences = proving.failures(proving.prove(own.questions, seeds=1))
    assert any("negative-forgotten earns full marks" in s for s in sentences)


def test_what_each_mistake_answers_is_worked_out_once_for_an_instance(monkeypatch):
    """Not once more for every mistake that is named: CONV-3 has 76 of them, and took a quarter of an hour."""
    times = []
    worked_out = known.lookalikes
    monkeypatch.setattr("autograder.lookalikes.lookalikes", lambda *of: times.append(of) or worked_out(*of))
    monkeypatch.setattr(known, "lookalikes", lambda *of: times.append(of) or worked_out(*of))
    proof = known._typed(Asked("CARITH-2", 1.0, 1), range(2))
    assert proof.tried == proof.named > 2
    assert len(times) == 2


def test_names_come_from_lookalikes_that_are_at_hand():
    question = QUESTIONS["CARITH-2"]
    variant = issue(question, np.random.default_rng(0), 1)
    seen = lookalikes(question, variant)
    assert seen
    for mistake_, answer in seen:
        found = name_typed(question, variant, answer, seen)
        assert found == name_typed(question, variant, answer)
        assert mistake_ in found
    assert name_typed(question, variant, seen[0][1], []) == []
