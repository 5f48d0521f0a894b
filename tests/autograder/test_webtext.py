"""Formulas that differ in numbers alone are converted once, and come out as if each had been converted."""

import re

import numpy as np
import pytest
from latex2mathml.converter import convert

from autograder.instances import issue
from autograder.webtext import _formula, spaced, to_html

ODD = (
    r"x_12 + 3", r"x_{12}^2 = 0.5", r"\frac12 + \frac{10}{26}", r"1{,}5", r"5. 7", r".5 + 1.25", r"3 \text{ of } 12",
    r"2.5.7", r"4 pt", r"7\,mm", r"10^{-3}", r"\lfloor (7 - 3) / 2 \rfloor + 1", r"9000109", r"a_1 b_2 3",
    r"\sqrt[3]{27} = 3",
)  # fmt: skip


@pytest.mark.parametrize("latex", ODD)
@pytest.mark.parametrize("display", [True, False])
def test_odd_formulas(latex, display):
    for _ in range(2):
        found = _formula(latex, {"display_mode": display})
        assert found == spaced(convert(latex, display="block" if display else "inline"))


@pytest.mark.parametrize("id", ["CONV-3", "SMX-2", "BN-1", "OPT-2", "GRAPH-2"])
def test_formulas_of_the_bank(id):
    for seed in range(2):
        variant = issue(id, np.random.default_rng(seed), 1)
        for latex in re.findall(r"(?<!\$)\$([^$]+)\$(?!\$)", "\n".join([variant.prompt, *variant.solution])):
            assert _formula(latex, {}) == spaced(convert(latex, display="inline"))


def test_a_name_stands_apart_from_its_number():
    assert '<mi>ln</mi><mspace width="0.17em" /><mn>7</mn>' in to_html(r"$\ln 7$")


def test_a_formula_nobody_knows_is_shown_as_typed():
    assert "&lt;" in to_html(r"$\begin{array} < 3$")
