"""Formulas in a terminal."""

import re

import numpy as np
import pytest

from autograder.formulas import readable
from autograder.instances import issue
from autograder.questions import QUESTIONS


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"size $\lfloor (7 - 3) / 2 \rfloor + 1$.", "size ⌊(7 - 3) / 2⌋ + 1."),
        (r"$3 \cdot (-1)$", "3 · (-1)"),
        (r"$Y_{0,1}$ is $k^2$", "Y[0,1] is k²"),
        (r"$\frac{n + 2p}{s}$", "(n + 2p)/(s)"),
        (r"$\gamma\hat x + \sqrt{\sigma^2+\varepsilon}$", "γx\u0302 + √(σ²+ε)"),
        ("costs 5", "costs 5"),
    ],
)
def test_is_plain(latex, plain):
    assert readable(latex) == plain


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_leaves_no_latex_in_any_question(question):
    for level in QUESTIONS[question].levels:
        variant = issue(question, np.random.default_rng(3), level)
        for text in (variant.prompt, *variant.solution, *(p.prompt for p in variant.parts)):
            assert not re.search(r"[$\\]|\{|\}", readable(text)), text
