"""Transposed convolution by hand: the lecture's examples, wording, solutions, names for wrong answers."""

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import conv_transpose2d

ONES = [[1, 2, 3, 3, 2, 1], [2, 4, 6, 6, 4, 2], [3, 6, 9, 9, 6, 3]]
SECOND = [
    [1, 5, 11, 14, 8, 3],
    [1, 6, 15, 18, 12, 3],
    [4, 13, 21, 21, 15, 11],
    [5, 17, 28, 27, 25, 11],
    [4, 7, 9, 12, 8, 6],
    [6, 7, 14, 13, 9, 6],
]


def pose(image, kernel, stride=1, padding=0):
    params = {"image": image, "kernel": kernel, "stride": stride, "padding": padding}
    return QUESTIONS["TCONV-2"].pose(params, conv_transpose2d)


@pytest.mark.parametrize(
    ("image", "kernel", "stride", "padding", "result"),
    [
        ([[1] * 4] * 4, [[1] * 3] * 3, 1, 0, ONES + ONES[::-1]),
        (
            [[1, 3, 2, 1], [1, 3, 3, 1], [2, 1, 1, 3], [3, 2, 3, 3]],
            [[1, 2, 3], [0, 1, 0], [2, 1, 2]],
            1,
            0,
            SECOND,
        ),
        (
            [[1, 2], [3, 4]],
            [[1] * 3] * 3,
            2,
            0,
            [[1, 1, 3, 2, 2], [1, 1, 3, 2, 2], [4, 4, 10, 6, 6], [3, 3, 7, 4, 4], [3, 3, 7, 4, 4]],
        ),
        ([[1, -2], [0, 3]], [[1, 2, 0], [0, -1, 3], [4, 0, 1]], 2, 1, [[-1, 3, 2], [0, -4, 6], [0, 0, -3]]),
        ([[1, 2], [3, -1]], [[1, 2], [0, -1]], 1, 0, [[1, 4, 4], [3, 4, -4], [0, -3, 1]]),
    ],
)
def test_the_examples_of_the_lecture(image, kernel, stride, padding, result):
    variant = pose(image, kernel, stride, padding)
    assert variant.truth == {"result": result}
    assert QUESTIONS["TCONV-2"].exact(variant.params) == variant.truth


def test_the_usual_slips_are_named():
    variant = pose([[1, 2], [3, 4]], [[1, 2], [0, -1]])
    # stamps: [[1,2],[0,-1]], [[2,4],[0,-2]], [[3,6],[0,-3]], [[4,8],[0,-4]]
    assert variant.truth == {"result": [[1, 4, 4], [3, 9, 6], [0, -3, -4]]}
    for result, name in (
        ([[1, 2, 4], [3, 4, 8], [0, 0, -4]], "overlap-overwrites"),
        ([[1, 2, 0], [3, 4, 0], [0, 0, 0]], "nails-instead-of-stamps"),
        ([[-1, -2, 0], [-1, 1, 2], [6, 11, 4]], "kernel-flipped"),
    ):
        assert name in [found.name for found in name_typed("TCONV-2", variant, {"result": result})]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_wording_and_solution(level):
    for seed in range(5):
        variant = issue("TCONV-2", np.random.default_rng(seed), level)
        stride, padding = variant.params["stride"], variant.params["padding"]
        for words in ("**not flipped**", "no output padding", f"stride $s = {stride}$", "by stamping"):
            assert words in variant.prompt
        assert ("**cuts**" in variant.prompt) == (padding > 0) == (level == 3)
        last = variant.solution[-1].split("```\n")[1].rstrip("`").splitlines()
        shown = [[int(cell) for cell in line.split()] for line in last if line]
        assert shown == variant.truth["result"]
        assert variant.solution[1].count("corner at") == np.size(variant.params["image"])
