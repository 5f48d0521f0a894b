"""Every question of shapes, layers and resolution: instances differ, prove themselves, and expose mistakes."""

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import certificate, issue, lookalikes, name_typed
from autograder.questions import QUESTIONS

IDS = (
    "CARITH-4", "CARITH-6", "CONV-2", "CONV-4", "CONV-5", "DIL-1", "DIL-2", "POOL-1", "POOL-2", "POOL-3", "POOL-4",
    "RF-1", "TCONV-1", "TCONV-2", "UNPOOL-1", "UNPOOL-2",
)  # fmt: skip
LEVELS = (1, 2, 3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_instances_differ_and_show_their_mistakes(id, level):
    issued: set[str] = set()
    question = QUESTIONS[id]
    for seed in range(8):
        variant = issue(id, np.random.default_rng(seed), level, issued)
        if seed < 2:
            proof = certificate(id, variant)
            assert proof.agrees
            assert set(question.must_detect[level]) <= set(proof.exposed)
            assert len(proof.exposed) >= 4
    assert len(issued) == 8


@pytest.mark.parametrize("id", IDS)
def test_answers_can_be_typed_and_wrong_ones_are_named(id):
    variant = issue(id, np.random.default_rng(5), 3)
    for part in variant.parts:
        kind = KINDS[part.kind]
        typed = kind.parse(kind.show(variant.truth[part.id]), part)
        assert kind.judge(typed, variant.truth[part.id], part).score == 1.0
        for text in kind.samples(part, variant.truth[part.id]).right:
            assert kind.judge(kind.parse(text, part), variant.truth[part.id], part).score == 1.0
    for mistake, answer in lookalikes(id, variant):
        if mistake.name in QUESTIONS[id].must_detect[3]:
            assert mistake.name in [found.name for found in name_typed(id, variant, answer)]


@pytest.mark.parametrize("id", ["CARITH-4", "DIL-1", "POOL-3", "RF-1", "TCONV-1"])
@pytest.mark.parametrize("level", LEVELS)
def test_small_spaces_hold_a_class(id, level):
    issued: set[str] = set()
    for seed in range(60):
        issue(id, np.random.default_rng(seed), level, issued)
    assert len(issued) == 60
    assert QUESTIONS[id].space[level] >= 100


def test_no_two_questions_share_their_wording():
    openings = {id: issue(id, np.random.default_rng(1), 1).prompt[:40] for id in IDS}
    openings |= {
        id: issue(id, np.random.default_rng(1), 1).prompt[:40] for id in ("CONV-1", "CARITH-1", "CARITH-2")
    }
    assert len(set(openings.values())) == len(openings)
