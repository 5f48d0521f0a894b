"""Channels, filters and gradients by hand: the lectures' layer, wording, solutions, names for wrong answers."""

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import conv2d

LEVELS = (1, 2, 3)
IMAGE = [[[1, 0, 2], [3, 1, 0], [0, 2, 1]], [[0, 1, 0], [1, 0, 1], [2, 0, 1]]]
FILTERS = [[[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[[-1, 1], [1, 0]], [[2, 0], [0, -1]]]]


def layer(image, filters, biases):
    return QUESTIONS["CONV-4"].pose({"image": image, "filters": filters, "biases": biases}, conv2d)


def back(image, kernel, upstream, stride=1):
    params = {"image": image, "kernel": kernel, "upstream": upstream, "stride": stride}
    return QUESTIONS["CONV-5"].pose(params, conv2d)


def names(variant, values):
    return [found.name for found in name_typed(variant.question, variant, values)]


class TestForward:
    variant = layer(IMAGE, FILTERS, [1, -2])

    def test_two_channels_and_two_filters(self):
        assert self.variant.truth == {"maps": [[[5, 1], [8, 4]], [[0, 2], [-2, -2]]]}
        assert QUESTIONS["CONV-4"].exact(self.variant.params) == self.variant.truth

    def test_one_map_may_be_typed_without_more_brackets(self):
        one = layer(IMAGE, FILTERS[:1], [1])
        value = KINDS["ten"].parse("5 1\n8 4", one.parts[0])
        assert KINDS["ten"].judge(value, one.truth["maps"], one.parts[0]).score == 1.0

    def test_the_usual_slips_are_named(self):
        for maps, name in (
            ([[[4, 0], [7, 3]], [[2, 4], [0, 0]]], "bias-forgotten"),
            ([[[6, 2], [9, 5]], [[-2, 0], [-4, -4]]], "bias-per-channel"),
            ([[[5, 1], [8, 4]], [[3, 5], [1, 1]]], "bias-of-first-filter"),
            ([[[3, 1], [6, 3]], [[0, 1], [-4, -1]]], "first-channel-only"),
        ):
            assert name in names(self.variant, {"maps": np.array(maps)})

    @pytest.mark.parametrize("level", LEVELS)
    def test_wording_and_solution(self, level):
        variant = issue("CONV-4", np.random.default_rng(3), level)
        assert "**not flipped**" in variant.prompt
        assert "**one** map per filter" in variant.prompt
        assert variant.prompt.count("Bias: ") == len(variant.params["filters"]) == (2 if level == 3 else 1)
        assert (
            variant.prompt.count("Image, channel") == len(variant.params["image"]) == (3 if level == 2 else 2)
        )
        blocks = "\n".join(variant.solution).split("```")[1::2]
        shown = [
            [[int(cell) for cell in line.split()] for line in block.strip().splitlines()] for block in blocks
        ]
        for maps in variant.truth["maps"]:
            assert maps in shown


class TestBackward:
    def test_the_first_channel_of_the_lecture_layer(self):
        # one filter and channel of the lecture's example: dX and dW are sums over filters, so take filter 0 alone
        variant = back(IMAGE[0], FILTERS[0][0], [[1, 0], [0, 2]])
        assert variant.truth == {"dX": [[1, 0, 0], [0, 3, 0], [0, 0, 2]], "dW": [[3, 0], [7, 3]], "db": 3}
        assert QUESTIONS["CONV-5"].exact(variant.params) == variant.truth

    def test_an_example_worked_out_by_hand(self):
        # stamps of [[1,2],[0,-1]]: times 1 at (0,0), 2 at (0,1), -1 at (1,0), 3 at (1,1)
        variant = back([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 2], [0, -1]], [[1, 2], [-1, 3]])
        assert variant.truth["dX"] == [[1, 4, 4], [-1, 0, 4], [0, 1, -3]]
        # dW[0,0] = 1*1 + 2*2 - 4 + 3*5 = 16; to the right and below 5, 15 and 20 more
        assert variant.truth["dW"] == [[16, 21], [31, 36]]
        assert variant.truth["db"] == 5
        assert QUESTIONS["CONV-5"].exact(variant.params) == variant.truth

    def test_a_stride_spreads_the_windows(self):
        variant = back([[1, 2, 3, 4]] * 4, [[1, 2], [3, 5]], [[1, 0], [0, 2]], 2)
        assert variant.truth["dX"] == [[1, 2, 0, 0], [3, 5, 0, 0], [0, 0, 2, 4], [0, 0, 6, 10]]
        assert variant.truth["dW"] == [[7, 10], [7, 10]]

    def test_the_usual_slips_are_named(self):
        variant = back([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 2], [0, -1]], [[1, 2], [-1, 3]])
        assert "db-mean" in names(variant, {"db": 1.25})
        assert "dW-flipped" in names(variant, {"dW": np.array([[36, 31], [21, 16]])})
        assert "overlap-overwrites" in names(variant, {"dX": np.array([[1, 2, 4], [-1, 3, 6], [0, 0, -3]])})
        assert "dX-in-the-corners" in names(variant, {"dX": np.array([[1, 2, 0], [-1, 3, 0], [0, 0, 0]])})
        assert "dX-valid-only" in names(variant, {"dX": np.array([[1 * -1 + 0 * 2 + 2 * -1 + 1 * 3]])})

    @pytest.mark.parametrize("level", LEVELS)
    def test_wording_and_solution(self, level):
        for seed in range(4):
            variant = issue("CONV-5", np.random.default_rng(seed), level)
            assert "kernel not flipped" in variant.prompt
            assert f"stride {variant.params['stride']}, no padding" in variant.prompt
            assert f"= {variant.truth['db']}$." in variant.solution[-1]
            assert f"= {variant.truth['dW'][0][0]}$." in variant.solution[2]
            assert variant.solution[0].count("```") == 2 * np.size(variant.params["upstream"])
