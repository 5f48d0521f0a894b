"""Unpooling by hand: the lecture's example, positions carried forward, wording, names for wrong answers."""

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import max_pool2d, max_unpool2d

X = [[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]]
Z = [[1, 2], [3, 4]]
Y = [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]


def switches(grid=X, k=2):
    return QUESTIONS["UNPOOL-1"].pose({"map": grid, "k": k}, max_pool2d)


def unpooled(grid=X, values=Z, ask=True):
    return QUESTIONS["UNPOOL-2"].pose({"map": grid, "values": values, "k": 2, "ask": ask}, max_unpool2d)


def names(variant, values):
    return [found.name for found in name_typed(variant.question, variant, values)]


def test_the_positions_of_the_lecture():
    variant = switches()
    # (1,1), (0,2), (3,0), (3,3) in a map of four columns
    assert variant.truth == {"positions": [[5, 2], [12, 15]]}
    assert QUESTIONS["UNPOOL-1"].exact(variant.params) == variant.truth


def test_other_ways_to_count_are_named():
    for positions, name in (
        ([[6, 3], [13, 16]], "positions-one-based"),
        ([[5, 8], [3, 15]], "positions-column-major"),
        ([[3, 0], [2, 3]], "positions-inside-window"),
        ([[0, 7], [8, 11]], "minimum-for-maximum"),
    ):
        assert names(switches(), {"positions": positions}) == [name]


def test_the_lecture_puts_back_what_came_later():
    variant = unpooled()
    assert variant.truth == {"positions": [[5, 2], [12, 15]], "result": Y}
    assert QUESTIONS["UNPOOL-2"].exact(variant.params) == variant.truth
    assert unpooled(ask=False).truth == {"result": Y}


def test_beliefs_about_unpooling_are_named():
    variant = unpooled()
    for result, name in (
        ([[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]], "unpool-top-left"),
        ([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]], "unpool-replicates"),
        ([[0, 0, 6, 0], [0, 5, 0, 0], [0, 0, 0, 0], [7, 0, 0, 8]], "old-maxima-restored"),
        ([[1, 2, 2, 3], [3, 1, 2, 1], [1, 2, 2, 1], [3, 3, 4, 4]], "others-kept"),
    ):
        assert names(variant, {"result": result}) == [name]


class TestCarriedForward:
    question = QUESTIONS["UNPOOL-2"]

    def test_the_map_follows_from_the_students_own_positions(self):
        carried = self.question.carry(unpooled().params, "result", {"positions": [[6, 2], [12, 15]]})
        assert carried == [[0, 0, 2, 0], [0, 0, 1, 0], [0, 0, 0, 0], [3, 0, 0, 4]]

    @pytest.mark.parametrize(
        "positions", [[[5, 5], [12, 15]], [[5, 2], [12, 16]], [[5, 2, 12, 15]], [[5, -1], [12, 15]]]
    )
    def test_what_cannot_be_positions_is_not_carried(self, positions):
        assert self.question.carry(unpooled().params, "result", {"positions": positions}) is None

    def test_nothing_to_carry_where_positions_are_not_asked(self):
        assert self.question.parents == {"result": ("positions",)}
        assert self.question.carry(unpooled(ask=False).params, "result", {}) is None

    def test_a_typed_array_is_carried_like_a_list(self):
        for seed in range(5):
            variant = issue("UNPOOL-2", np.random.default_rng(seed), 3)
            typed = np.array(variant.truth["positions"], dtype=float)
            assert (
                self.question.carry(variant.params, "result", {"positions": typed}) == variant.truth["result"]
            )


@pytest.mark.parametrize("level", [1, 2, 3])
def test_levels_and_wording(level):
    for seed in range(5):
        variant = issue("UNPOOL-2", np.random.default_rng(seed), level)
        assert [part.id for part in variant.parts] == (["positions", "result"] if level > 1 else ["result"])
        assert ("whole map" in variant.prompt) == (level > 1)
        assert "all other entries are 0" in variant.prompt
        counted = issue("UNPOOL-1", np.random.default_rng(seed), level)
        assert "counted from 0" in counted.prompt
        assert "$r \\cdot W + c$" in counted.prompt
        for place in np.ravel(counted.truth["positions"]):
            assert f"= {place}$ |" in counted.solution[0]
