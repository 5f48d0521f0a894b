"""Counting by hand: golden instances of the lectures, acceptance over many seeds, wording, solutions."""

import dataclasses
import itertools
import re

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import NoInstance, certificate, issue, name_typed
from autograder.questions import QUESTIONS
from reference import conv_output_size, conv_parameters

IDS = ("CARITH-1", "CARITH-2")
LEVELS = (1, 2, 3)


def sizes(n, k, stride=1, padding=0, dilation=1):
    given = n if isinstance(n, list) else [n]
    params = {"sizes": given, "k": k, "stride": stride, "padding": padding, "dilation": dilation}
    return QUESTIONS["CARITH-1"].pose(params, conv_output_size)


def parameters(c_in, kernel, c_out, groups=1):
    params = {
        "c_in": c_in,
        "kernel": kernel,
        "c_out": c_out,
        "groups": groups,
        "image": [32, 32],
        "batch": 10,
    }
    return QUESTIONS["CARITH-2"].pose(params, conv_parameters)


class TestGolden:
    """Numbers of the lectures (G-CONV-01, G-CONV-02)."""

    @pytest.mark.parametrize(
        ("setting", "size", "fits"),
        [
            ((32, 5), 28, True),
            ((7, 3), 5, True),
            ((7, 3, 2), 3, True),
            ((7, 3, 3), 2, False),
            ((5, 3, 2), 2, True),
            ((32, 3, 1, 1), 32, True),
            ((224, 3, 1, 1), 224, True),
            ((7, 3, 2, 1), 4, True),
            ((8, 3, 2, 1), 4, False),
            ((28, 3), 26, True),
        ],
    )
    def test_sizes_of_the_lectures(self, setting, size, fits):
        variant = sizes(*setting)
        assert variant.truth == {"size": size, "fits": 0 if fits else 1}
        assert QUESTIONS["CARITH-1"].exact(variant.params) == variant.truth

    def test_rows_and_columns_have_sizes_of_their_own(self):
        assert sizes([7, 8], 3, 2).truth == {"size": [3, 3], "fits": 1}
        assert sizes([7, 9], 3, 2).truth == {"size": [3, 4], "fits": 0}

    @pytest.mark.parametrize(("filters", "count"), [(1, 76), (6, 456)])
    def test_parameters_of_the_lecture_layer(self, filters, count):
        variant = parameters(3, [5, 5], filters)
        assert variant.truth == {"parameters": count}
        assert QUESTIONS["CARITH-2"].exact(variant.params) == variant.truth

    def test_parameters_with_groups(self):
        # 2 groups: each filter sees 2 of 4 channels, 3*5*2 weights and a bias, 6 filters
        assert parameters(4, [3, 5], 6, 2).truth == {"parameters": 186}

    def test_the_fraction_of_the_lecture_names_the_beliefs(self):
        seven = sizes(7, 3, 3)
        named = [m.name for m in name_typed("CARITH-1", seven, {"size": 3})]
        assert "out-ceil-instead-of-floor" in named
        assert "out-plus1-forgotten" not in named
        fraction = KINDS["int"].parse("7/3", seven.parts[0])
        assert [m.name for m in name_typed("CARITH-1", seven, {"size": fraction})] == ["out-not-floored"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_two_hundred_students_get_different_instances_that_show_four_mistakes(id, level, a_class):
    a_class(id, level, students=200, least=4, proved=40)


def test_levels_ask_for_more():
    for seed in range(60):
        one, two, three = (issue("CARITH-1", np.random.default_rng(seed), level) for level in LEVELS)
        assert one.params["dilation"] == 1
        assert len(one.params["sizes"]) == len(two.params["sizes"]) == 1
        assert two.params["padding"] > 0
        assert two.params["stride"] > 1
        assert two.truth["fits"] == three.truth["fits"] == 1
        assert len(set(three.params["sizes"])) == 2
        assert three.params["dilation"] == 2
        assert [part.kind for part in three.parts] == ["shape", "mc1"]
        for variant in (one, two, three):
            assert variant.params["padding"] < variant.params["k"]
            assert sum(part.share for part in variant.parts) == pytest.approx(1.0)
        square, oblong, grouped = (issue("CARITH-2", np.random.default_rng(seed), level) for level in LEVELS)
        assert square.params["kernel"][0] == square.params["kernel"][1]
        assert oblong.params["kernel"][0] != oblong.params["kernel"][1]
        assert grouped.params["groups"] > 1
        assert grouped.params["c_in"] % grouped.params["groups"] == 0


def test_both_strides_of_level_two_are_asked():
    strides = {issue("CARITH-1", np.random.default_rng(seed), 2).params["stride"] for seed in range(40)}
    assert strides == {2, 3}


def acceptable(id, level, params):
    """Count a setting when it would be issued if it were drawn."""
    fixed = dataclasses.replace(QUESTIONS[id], draw=lambda rng, level: dict(params))
    try:
        issue(fixed, np.random.default_rng(0), level, limit=1)
    except NoInstance:
        return False
    return True


def test_the_space_of_small_levels_is_no_smaller_than_declared():
    settings = (
        {"sizes": [n], "k": k, "stride": s, "padding": p, "dilation": 1}
        for n, k, s, p in itertools.product(range(7, 33), range(2, 6), (1, 2), range(3))
        if p < k and n + 2 * p - k >= s
    )
    assert sum(acceptable("CARITH-1", 1, params) for params in settings) >= QUESTIONS["CARITH-1"].space[1]
    layers = (
        {"c_in": c, "kernel": [k, k], "c_out": f, "groups": 1, "image": [20, 20], "batch": 10}
        for c, k, f in itertools.product(range(2, 13), (3, 5, 7), range(2, 17))
        if c != f
    )
    assert sum(acceptable("CARITH-2", 1, params) for params in layers) >= QUESTIONS["CARITH-2"].space[1]


@pytest.mark.parametrize("level", LEVELS)
def test_prompts_state_every_convention(level):
    variant = issue("CARITH-1", np.random.default_rng(2), level)
    params = variant.params
    for words in ("rows × columns", "**each** of the four sides", "(floor)", f"$s = {params['stride']}$"):
        assert words in variant.prompt
    assert f"$p = {params['padding']}$" in variant.prompt
    assert ("$d$ pixels apart" in variant.prompt) == (params["dilation"] > 1)
    assert "one bias per filter" in issue("CARITH-2", np.random.default_rng(2), level).prompt
    assert ("groups" in issue("CARITH-2", np.random.default_rng(2), level).prompt) == (level == 3)


@pytest.mark.parametrize("level", LEVELS)
def test_solutions_lead_to_the_truth(level):
    for seed in range(20):
        variant = issue("CARITH-1", np.random.default_rng(seed), level)
        text = "\n".join(variant.solution)
        ends = [int(value) for value in re.findall(r"first position: \$\d+ \+ 1 = (\d+)\$", text)]
        assert ends == (variant.truth["size"] if level == 3 else [variant.truth["size"]])
        for quotient, stride, rest in re.findall(r"= (\d+) \\cdot (\d+) \+ (\d+)\$", text):
            assert int(rest) < int(stride) == variant.params["stride"]
            assert int(quotient) + 1 in ends
        counted = issue("CARITH-2", np.random.default_rng(seed), level)
        steps = "\n".join(counted.solution)
        assert f"\\cdot {counted.params['c_out']} = {counted.truth['parameters']}$" in steps


def test_typing_what_a_mistake_answers_names_it():
    for seed in range(10):
        variant = issue("CARITH-2", np.random.default_rng(seed), 3)
        part = variant.parts[0]
        for trial in certificate("CARITH-2", variant).lookalikes:
            value = KINDS[part.kind].parse(str(trial.answer), part)
            assert trial.mistake in [m.name for m in name_typed("CARITH-2", variant, {part.id: value})]
