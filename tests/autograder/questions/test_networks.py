"""The table of a network by hand: the lecture's models, acceptance, wording, solutions, rows carried on."""

import re

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import summary

LEVELS = (1, 2, 3)
SHAPE = QUESTIONS["SHAPE-1"]
MNIST = {
    "input": [1, 28, 28],
    "layers": [
        ["conv", 32, 3, 1, 0],
        ["conv", 64, 3, 1, 0],
        ["pool", 2],
        ["dropout", "0.25"],
        ["flatten"],
        ["dense", 128],
        ["dropout", "0.5"],
        ["dense", 10],
    ],
}


class TestGolden:
    """The lecture's model for MNIST (G-CNN-01) and the small example network (G-CNN-02)."""

    def test_the_mnist_model(self):
        variant = SHAPE.pose(MNIST, summary)
        rows = [variant.truth[f"layer{i}"] for i in range(1, 9)]
        assert rows == [
            [[[32, 26, 26], 320]],
            [[[64, 24, 24], 18496]],
            [[[64, 12, 12], 0]],
            [[[64, 12, 12], 0]],
            [[[9216], 0]],
            [[[128], 1179776]],
            [[[128], 0]],
            [[[10], 1290]],
        ]
        assert variant.truth["total"] == 1199882
        assert SHAPE.exact(MNIST) == variant.truth

    def test_the_slides_prose_names_the_belief(self):
        """28 -> 28 -> 14 with 32 * 64 channels is what the text beside the model says."""
        variant = SHAPE.pose(MNIST, summary)
        assert "channels-multiplied" in [
            m.name for m in name_typed(SHAPE, variant, {"layer2": (((2048, 24, 24), 18496),)})
        ]
        assert "convolution-keeps-size" in [
            m.name for m in name_typed(SHAPE, variant, {"layer3": (((64, 14, 14), 0),)})
        ]

    def test_the_small_example_network(self):
        stage = [["conv", 10, 3, 1, 1], ["conv", 10, 3, 1, 1], ["pool", 2]]
        params = {"input": [3, 32, 32], "layers": [*stage * 3, ["flatten"], ["dense", 10]]}
        variant = SHAPE.pose(params, summary)
        assert [variant.truth[f"layer{i}"][0][0] for i in (3, 6, 9, 10)] == [
            [10, 16, 16],
            [10, 8, 8],
            [10, 4, 4],
            [160],
        ]
        assert variant.truth["total"] == 6440
        assert SHAPE.exact(params) == variant.truth


@pytest.mark.parametrize("level", LEVELS)
def test_a_class_gets_different_instances_that_show_eight_mistakes(level, a_class):
    for variant in a_class(SHAPE, level, students=60, least=8):
        assert [part.id for part in variant.parts] == [*(f"layer{i}" for i in range(1, 9)), "total"]


def test_levels_ask_for_more():
    for seed in range(20):
        one, two, three = (issue(SHAPE, np.random.default_rng(seed), level).params for level in LEVELS)
        assert (one["input"][0], two["input"][0]) == (1, 3)
        assert all(params["input"][1] == params["input"][2] for params in (one, two))
        assert all(layer[3:] == [1, 0] for layer in one["layers"] if layer[0] == "conv")
        assert two["layers"][1][3:] == [2, 1]
        assert three["input"][1] != three["input"][2]
        assert ["bn"] in three["layers"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_prompt_states_every_convention(level):
    variant = issue(SHAPE, np.random.default_rng(4), level)
    for words in (
        "(channels, rows, columns)",
        "*one* image",
        "**learned parameters**",
        "has a bias",
        "are left out",
        "has 0",
    ):
        assert words in variant.prompt
    assert ("measured, not learned" in variant.prompt) == (level == 3)
    assert variant.prompt.count("\n| ") == 8 + 1
    assert f"{variant.params['input'][1]} rows and {variant.params['input'][2]} columns" in variant.prompt


@pytest.mark.parametrize("level", LEVELS)
def test_solutions_lead_to_the_truth(level):
    for seed in range(10):
        variant = issue(SHAPE, np.random.default_rng(seed), level)
        lines = variant.solution[1].split("\n")
        for i, line in enumerate(lines, start=1):
            shape, count = variant.truth[f"layer{i}"][0]
            assert " × ".join(map(str, shape)) in line
            assert (f"= {count}$" in line) if count else ("o parameters" in line)
        assert variant.solution[-1].endswith(f"{variant.truth['total']:,}.")


def test_rows_go_on_from_the_students_own_shapes():
    def row(*shape, count=0):
        return ((shape, count),)

    def carried(part, **given):
        return SHAPE.carry(MNIST, part, given)

    assert carried("layer2", layer1=row(32, 28, 28)) == [[[64, 26, 26], 18496]]
    assert carried("layer3", layer2=row(64, 25, 25)) == [[[64, 12, 12], 0]]
    assert carried("layer5", layer4=row(64, 13, 13)) == [[[10816], 0]]
    assert carried("layer6", layer5=row(10816)) == [[[128], (10816 + 1) * 128]]
    assert carried("layer2", layer1=row(32, 2, 2)) is None
    assert carried("layer2", layer1=row(28)) is None
    assert carried("layer6", layer5=row(10**7)) is None
    rows = {f"layer{i}": row(1, count=i) for i in range(1, 9)}
    assert carried("total", **rows) == 36


def test_a_row_is_typed_in_several_ways():
    part = SHAPE.pose(MNIST, summary).parts[0]
    for text in ("32x26x26 | 320", "| (32, 26, 26) | 320 |", "32 × 26 × 26 | 320", "[32, 26, 26]; 320"):
        value = KINDS["trace"].parse(text, part)
        assert KINDS["trace"].judge(value, [[[32, 26, 26], 320]], part).score == 1.0, text
    assert re.search(r"\(32, 26, 26\)|channels", part.options["columns"][0]["options"]["axes"])
