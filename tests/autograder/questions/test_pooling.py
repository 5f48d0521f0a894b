"""Pooling by hand: the lectures' maps, ties, the way back, wording, and names for wrong answers."""

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import avg_pool2d, max_pool2d, pool_output_size

LEVELS = (1, 2, 3)
EIGHT = [
    [55, 20, 87, 46, 32, 59, 76, 58],
    [58, 25, 61, 29, 34, 79, 94, 15],
    [29, 35, 71, 63, 94, 73, 12, 17],
    [58, 22, 41, 98, 32, 45, 16, 76],
    [92, 5, 16, 0, 46, 84, 6, 7],
    [38, 4, 86, 97, 64, 13, 15, 48],
    [32, 19, 8, 42, 45, 1, 0, 56],
    [6, 0, 5, 8, 66, 44, 72, 8],
]
FOUR = [[2, 3, 4, 0], [1, 5, 3, 2], [0, 4, 2, 3], [1, 0, 6, 1]]


def pose(id, grid, k=2, stride=2):
    op = {"POOL-1": max_pool2d, "POOL-2": avg_pool2d}[id]
    return QUESTIONS[id].pose({"map": grid, "k": k, "stride": stride}, op)


def shape(channels, image, k, stride, padding=0):
    params = {"channels": channels, "image": image, "k": k, "stride": stride, "padding": padding}
    return QUESTIONS["POOL-3"].pose(params, pool_output_size)


def back(grid, upstream, k=2, stride=2):
    params = {"map": grid, "upstream": upstream, "k": k, "stride": stride}
    return QUESTIONS["POOL-4"].pose(params, max_pool2d)


def names(variant, values):
    return [found.name for found in name_typed(variant.question, variant, values)]


class TestForward:
    def test_the_largest_of_the_eight_by_eight_map(self):
        variant = pose("POOL-1", EIGHT)
        wanted = [[58, 87, 79, 94], [58, 98, 94, 76], [92, 97, 84, 48], [32, 42, 66, 72]]
        assert variant.truth == {"result": wanted}
        assert QUESTIONS["POOL-1"].exact(variant.params) == variant.truth
        assert "55, 20, **58**, 25, so 58" in variant.solution[1]

    def test_the_means_of_the_eight_by_eight_map(self):
        variant = pose("POOL-2", EIGHT)
        wanted = [
            [39.5, 55.75, 51, 60.75],
            [36, 68.25, 61, 30.25],
            [34.75, 49.75, 51.75, 19],
            [14.25, 15.75, 39, 34],
        ]
        assert variant.truth["result"] == wanted
        assert QUESTIONS["POOL-2"].exact(variant.params) == variant.truth
        assert "(55 + 20 + 58 + 25)/4 = 158/4 = 39.5" in variant.solution[1]

    def test_the_means_as_the_slide_rounds_them_are_named(self):
        slide = [[40, 56, 51, 61], [36, 68, 61, 30], [35, 50, 52, 19], [14, 16, 39, 34]]
        assert "mean-rounded" in names(pose("POOL-2", EIGHT), {"result": slide})

    @pytest.mark.parametrize(
        ("k", "stride", "result"),
        [
            (2, 2, [[5, 4], [4, 6]]),
            (2, 1, [[5, 5, 4], [5, 5, 3], [4, 6, 6]]),
            (3, 1, [[5, 5], [6, 6]]),
            (3, 2, [[5]]),
            (1, 2, [[2, 4], [0, 2]]),
            (4, 4, [[6]]),
        ],
    )
    def test_the_small_map_with_other_settings(self, k, stride, result):
        assert pose("POOL-1", FOUR, k, stride).truth == {"result": result}

    def test_the_usual_slips_are_named(self):
        variant = pose("POOL-1", FOUR)
        assert "minimum-for-maximum" in names(variant, {"result": [[1, 0], [0, 1]]})
        assert "mean-for-maximum" in names(variant, {"result": [[2.75, 2.25], [1.25, 3]]})

    @pytest.mark.parametrize("level", LEVELS)
    def test_no_window_holds_a_tie_and_means_are_as_promised(self, level):
        for seed in range(10):
            variant = issue("POOL-1", np.random.default_rng(seed), level)
            assert QUESTIONS["POOL-1"].gap(variant.params) >= 1
            means = np.array(issue("POOL-2", np.random.default_rng(seed), level).truth["result"])
            assert np.array_equal(means, np.rint(means)) == (level != 2)

    @pytest.mark.parametrize("id", ["POOL-1", "POOL-2"])
    @pytest.mark.parametrize("level", LEVELS)
    def test_the_prompt_says_how_the_window_moves(self, id, level):
        variant = issue(id, np.random.default_rng(2), level)
        for words in ("no padding", "left out", f"moves by ${variant.params['stride']}$ (the stride)"):
            assert words in variant.prompt

    def test_two_decimals_are_accepted_for_means(self):
        variant = pose("POOL-2", EIGHT)
        typed = "39.50 55.75 51 60.75\n36 68.25 61 30.25\n34.75 49.75 51.75 19\n14.25 15.75 39 34"
        value = KINDS["mat"].parse(typed, variant.parts[0])
        assert KINDS["mat"].judge(value, variant.truth["result"], variant.parts[0]).score == 1.0


class TestShape:
    def test_the_lecture(self):
        variant = shape(64, [224, 224], 2, 2)
        assert variant.truth == {"shape": [64, 112, 112], "parameters": 0}
        assert QUESTIONS["POOL-3"].exact(variant.params) == variant.truth

    def test_a_row_left_over_and_padding(self):
        assert shape(8, [13, 12], 3, 2).truth["shape"] == [8, 6, 5]
        assert shape(64, [112, 56], 3, 2, 1).truth["shape"] == [64, 56, 28]

    def test_beliefs_are_named(self):
        variant = shape(64, [224, 112], 2, 2)
        assert names(variant, {"shape": (32, 112, 56)}) == ["pool-divides-channels"]
        assert names(variant, {"parameters": 256}) == ["pool-has-weights"]
        assert names(variant, {"shape": (64, 223, 111)}) == ["pool-stride-one"]


class TestBackward:
    switches = [[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]]  # noqa: RUF012 - only read

    def test_the_gradient_goes_where_the_maximum_stood(self):
        variant = back(self.switches, [[4, 8], [12, 16]])
        assert variant.truth["max"] == [[0, 0, 8, 0], [0, 4, 0, 0], [0, 0, 0, 0], [12, 0, 0, 16]]
        assert variant.truth["mean"] == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]

    def test_a_shared_winner_gets_the_sum(self):
        variant = back([[1, 2, 0], [3, 9, 4], [5, 6, 7]], [[4, 8], [12, 16]], 2, 1)
        assert variant.truth["max"] == [[0, 0, 0], [0, 40, 0], [0, 0, 0]]
        assert variant.truth["mean"] == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]
        assert QUESTIONS["POOL-4"].exact(variant.params) == variant.truth
        assert "overlap-overwrites" in names(variant, {"max": [[0, 0, 0], [0, 16, 0], [0, 0, 0]]})

    def test_what_belongs_to_the_other_layer_is_named(self):
        variant = back(self.switches, [[4, 8], [12, 16]])
        shared, winners = variant.truth["mean"], variant.truth["max"]
        assert names(variant, {"max": shared}) == ["gradient-shared-by-window"]
        assert names(variant, {"mean": winners}) == ["mean-gradient-to-maximum"]
        whole = [[4, 4, 8, 8], [4, 4, 8, 8], [12, 12, 16, 16], [12, 12, 16, 16]]
        assert names(variant, {"max": whole}) == ["gradient-to-whole-window"]
        assert names(variant, {"mean": whole}) == ["mean-avg-backward-not-divided"]

    @pytest.mark.parametrize("level", LEVELS)
    def test_winners_are_shared_from_level_two_on(self, level):
        for seed in range(10):
            variant = issue("POOL-4", np.random.default_rng(seed), level)
            filled = np.count_nonzero(variant.truth["max"])
            assert (filled == 4) == (level == 1)
            assert (
                np.sum(variant.truth["max"])
                == np.sum(variant.params["upstream"])
                == np.sum(variant.truth["mean"])
            )
