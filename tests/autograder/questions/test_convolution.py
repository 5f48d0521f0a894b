"""Convolution by hand: golden instances of the lectures, acceptance over many seeds, wording, solutions."""

import re

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import certificate, instance_key, issue, name_typed
from autograder.questions import QUESTIONS
from reference import conv2d, conv2d_true

IDS = ("CONV-1", "CONV-3")
LEVELS = (1, 2, 3)


def pose(id, image, kernel, stride=1, padding=0):
    params = {"image": image, "kernel": kernel, "stride": stride, "padding": padding}
    return QUESTIONS[id].pose(params, conv2d)


class TestGolden:
    """Fixed instances: answers of the lectures (G-CONV-05, G-CONV-08) or worked out by hand."""

    def test_correlating_with_an_impulse_turns_the_kernel(self):
        impulse, kernel = [[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
        variant = pose("CONV-3", impulse, kernel, 1, 1)
        assert variant.truth == {"result": [[9, 8, 7], [6, 5, 4], [3, 2, 1]]}
        flipped = {"result": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}
        assert "kernel-flipped-forward" in [m.name for m in name_typed("CONV-3", variant, flipped)]

    def test_ones_with_padding_and_stride(self):
        ones = [[1] * 7 for _ in range(7)]
        variant = pose("CONV-3", ones, [[1] * 3] * 3, 2, 1)
        assert variant.truth == {"result": [[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]}

    def test_a_small_correlation_worked_out_by_hand(self):
        variant = pose("CONV-1", [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [2, -1]])
        # 1*1 + 2*0 + 4*2 - 5 = 4, then 2 + 10 - 6 = 6; 4 + 14 - 8 = 10, 5 + 16 - 9 = 12
        assert variant.truth == {"result": [[4, 6], [10, 12]]}
        assert "$1 \\cdot 1 + 2 \\cdot 0 + 4 \\cdot 2 + 5 \\cdot (-1) = 4$" in variant.solution[1]

    def test_a_stride_that_does_not_fit_leaves_the_last_column_out(self):
        variant = pose("CONV-3", [[1, 2, 3, 4]], [[1, 1]], 3, 0)
        assert variant.truth == {"result": [[3]]}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_two_hundred_students_get_different_instances_that_show_four_mistakes(id, level, a_class):
    sizes = set()
    for variant in a_class(id, level, students=200, least=4, proved=40):
        result = variant.truth["result"]
        sizes.add((len(result), len(result[0])))
        assert all(isinstance(cell, int) and abs(cell) <= 99 for row in result for cell in row)
    expected = {"CONV-1": [(3, 3), (2, 2), (2, 3)], "CONV-3": [(3, 3), (3, 3), (2, 3)]}
    assert sizes == {expected[id][level - 1]}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_kernels_differ_from_their_turns_and_mirrors(id, level):
    for seed in range(30):
        kernel = np.array(issue(id, np.random.default_rng(seed), level).params["kernel"])
        for other in (kernel[::-1, ::-1], kernel[::-1], kernel[:, ::-1], kernel.T):
            assert not np.array_equal(kernel, other)
        assert np.sum(kernel == 0) * 3 <= kernel.size
        assert set(kernel.ravel().tolist()) <= {-1, 0, 1, 2}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_the_prompt_states_every_convention_and_shows_the_numbers(id, level):
    variant = issue(id, np.random.default_rng(7), level)
    prompt = variant.prompt
    for words in ("cross-correlation", "not flipped", "left out", "Image $X$", "Kernel $W$", "pixel"):
        assert words in prompt, words
    assert ("zeros on each of the four sides" in prompt) == (variant.params["padding"] > 0)
    assert ("no padding" in prompt) == (variant.params["padding"] == 0)
    assert f"$s = {variant.params['stride']}$" in prompt
    blocks = re.findall(r"```\n(.*?)\n```", prompt, re.DOTALL)
    for block, name in zip(blocks, ("image", "kernel"), strict=True):
        assert [[int(cell) for cell in line.split()] for line in block.split("\n")] == variant.params[name]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_every_cell_of_the_result_is_worked_out_in_the_solution(id, level):
    for seed in range(10):
        variant = issue(id, np.random.default_rng(seed), level)
        text = "\n".join(variant.solution)
        worked = re.findall(r"\$Y_\{(\d+),(\d+)\}\$: \$(.*) = (-?\d+)\$", text)
        found = {(int(i), int(j)): int(value) for i, j, _, value in worked}
        result = variant.truth["result"]
        assert found == {(i, j): cell for i, row in enumerate(result) for j, cell in enumerate(row)}
        for _, _, terms, value in worked:
            total = 0
            for sign, term in re.findall(
                r"([+-]?) ?((?:\(-?\d+\)|\d+)(?: \\cdot (?:\(-?\d+\)|\d+))?)", terms
            ):
                product = 1
                for factor in term.split(" \\cdot "):
                    product *= int(factor.strip("()"))
                total += -product if sign == "-" else product
            assert total == int(value), terms


def test_typing_what_a_mistake_answers_names_it():
    variant = issue("CONV-3", np.random.default_rng(11), 2)
    part = variant.parts[0]
    for trial in certificate("CONV-3", variant).lookalikes:
        if trial.mistake in QUESTIONS["CONV-3"].must_detect[2]:
            typed = "\n".join(" ".join(f"{cell}" for cell in row) for row in trial.answer)
            value = KINDS["mat"].parse(typed, part)
            assert trial.mistake in [m.name for m in name_typed("CONV-3", variant, {"result": value})]
            assert KINDS["mat"].judge(value, variant.truth["result"], part).score < 1.0


def test_the_space_is_what_it_says():
    rng = np.random.default_rng(0)
    for id in IDS:
        keys = {instance_key(id, issue(id, rng, 1).params) for _ in range(50)}
        assert len(keys) == 50


SLIDE = [[1, 4, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 5, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]


class TestTurnedAndDilated:
    """The lecture's dilated example in both conventions (G-DIL-01, G-DIL-02), and the bright pixel (G-CONV-05)."""

    def test_the_slide_turns_the_kernel(self):
        params = {"image": SLIDE, "kernel": [[2, 4], [5, 6]], "stride": 1, "padding": 0, "dilation": 2}
        variant = QUESTIONS["CONV-2"].pose(params, conv2d_true)
        assert variant.truth == {"result": [[25, 35, 33], [17, 17, 17], [37, 17, 41]]}
        assert QUESTIONS["CONV-2"].exact(params) == variant.truth
        named = name_typed("CONV-2", variant, {"result": [[41, 23, 37], [17, 17, 17], [33, 17, 25]]})
        assert "kernel-not-flipped" in [found.name for found in named]

    def test_libraries_do_not(self):
        params = {"image": SLIDE, "kernel": [[2, 4], [5, 6]], "stride": 1, "padding": 0, "dilation": 2}
        variant = QUESTIONS["DIL-2"].pose(params, conv2d)
        assert variant.truth == {"result": [[41, 23, 37], [17, 17, 17], [33, 17, 25]]}
        assert QUESTIONS["DIL-2"].exact(params) == variant.truth
        named = name_typed("DIL-2", variant, {"result": [[25, 35, 33], [17, 17, 17], [37, 17, 41]]})
        assert [found.name for found in named] == ["kernel-flipped-forward"]

    def test_convolving_with_an_impulse_copies_the_kernel(self):
        params = {"image": [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "kernel": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}
        variant = QUESTIONS["CONV-2"].pose({**params, "stride": 1, "padding": 1}, conv2d_true)
        assert variant.truth == {"result": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}

    @pytest.mark.parametrize("level", LEVELS)
    def test_prompts_say_which_way_the_kernel_lies(self, level):
        turned = issue("CONV-2", np.random.default_rng(3), level)
        assert "**turned by 180°**" in turned.prompt
        assert ("**dilated**" in turned.prompt) == (level == 3)
        spread = issue("DIL-2", np.random.default_rng(3), level)
        assert "**not flipped**" in spread.prompt
        assert "**dilation $d = 2$**" in spread.prompt
        assert ("**zeros**" in spread.prompt) == (level == 3)
        for variant in (turned, spread):
            cells = [cell for row in variant.truth["result"] for cell in row]
            worked = re.findall(r"\$Y_\{\d+,\d+\}\$: \$.* = (-?\d+)\$", "\n".join(variant.solution))
            assert [int(value) for value in worked] == cells
