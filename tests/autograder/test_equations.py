"""Equations in worked lines: false ones are seen, and no worked solution holds any."""

import numpy as np
import pytest

from autograder.equations import contradicts_itself
from autograder.instances import issue
from autograder.questions import QUESTIONS

FALSE = (
    "one more batch: $31 + 1 = 16$ iterations",
    r"$\lfloor (4 + 2 \cdot 0 - 2) / 1 \rfloor + 1 = 4$ rows",
    "the variance is $2/68 = 0.000865$",
    "$2/(373 + 261) = 9.95e-06$",
    r"$w = (2, 3) + 1 \cdot (-3, -3) = (4, 6)$",
    r"$\frac{3}{14},\; \frac{2}{14}$, that is $0.287, 0.143$",
)
TRUE = (
    "one more batch: $31 + 1 = 32$ iterations",
    r"$\lfloor (5 + 2 \cdot 0 - 2) / 2 \rfloor + 1 = 2$ rows",
    "the variance is $2/68 = 0.0294$",
    r"$w = (2, 3) + 1 \cdot (-3, -3) = (-1, 0)$",
    r"$\frac{3}{14},\; \frac{2}{14}$, that is $0.214, 0.143$",
    r"$-\ln 0.1667 = 1.792$, $y = -4$, $\gamma = 2$",
    "no formula at all",
)


@pytest.mark.parametrize("line", FALSE)
def test_false(line):
    assert contradicts_itself(line)


@pytest.mark.parametrize("line", TRUE)
def test_not_false(line):
    assert not contradicts_itself(line)


@pytest.mark.parametrize("id", list(QUESTIONS))
def test_no_worked_solution_contradicts_itself(id):
    question = QUESTIONS[id]
    for level in question.levels[::2]:
        for line in issue(question, np.random.default_rng(11), level).solution:
            assert not contradicts_itself(line), line
