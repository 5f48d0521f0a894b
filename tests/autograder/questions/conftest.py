"""What the tests of the types of question share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def a_class() -> Callable[..., list[Any]]:
    """a_class(question, level, students, least): the instances of a class, which all differ.

    The first `proved` of them (all, unless told) must have certificates that hold, and show the mistakes to detect
    and at least `least` in all.
    """
    from autograder.instances import certificate, issue
    from autograder.lookalikes import find_question

    def issued(question: Any, level: int, students: int, least: int, proved: int | None = None) -> list[Any]:
        question, taken = find_question(question), set()
        variants = [issue(question, np.random.default_rng(seed), level, taken) for seed in range(students)]
        assert len(taken) == students
        for variant in variants[:proved]:
            proof = certificate(question, variant)
            assert proof.agrees
            assert set(question.must_detect[level]) <= set(proof.exposed)
            assert len(proof.exposed) >= least
        return variants

    return issued
