"""Receptive fields by hand: the lectures' stacks, what levels ask for, names for wrong answers."""

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import receptive_field


def stack(*layers):
    """Pose a stack of (k, stride, dilation), pooling marked by a fourth entry."""
    names = ("k", "stride", "dilation", "pool")
    filled = [(*layer, *(1, 1, False)[len(layer) - 1 :]) for layer in layers]
    return QUESTIONS["RF-1"].pose(
        {"layers": [dict(zip(names, layer, strict=True)) for layer in filled]}, receptive_field
    )


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        ([(2, 1, d) for d in (1, 2, 4, 8)], 16),  # doubling dilations
        ([(2,)] * 4, 5),
        ([(3, 1, d) for d in (1, 2, 4)], 15),
        ([(3, 1, 2)] * 3, 13),
        ([(2, 1, 2)], 3),  # the lecture: a dilated 2x2 kernel sees what a 3x3 kernel sees
        ([(3,), (3,)], 5),
        ([(3, 2), (3,)], 7),
        # VGG-16 up to conv5_3: 2, 2, 3, 3 and 3 convolutions with pooling between
        ([(3,), (3,), (2, 2, 1, True)] * 2 + [(3,), (3,), (3,), (2, 2, 1, True)] * 2 + [(3,)] * 3, 196),
    ],
)
def test_the_stacks_of_the_lectures(layers, size):
    variant = stack(*layers)
    assert variant.truth == {"size": size}
    assert QUESTIONS["RF-1"].exact(variant.params) == variant.truth


def test_beliefs_are_named():
    variant = stack((5, 2), (2, 2, 1, True), (3,))  # 1 + 4 + 2 + 8
    assert variant.truth == {"size": 15}
    wrong = {8: "field-strides-ignored", 21: "field-own-stride-counted", 9: "field-pooling-skipped"}
    wrong |= {14: "field-one-forgotten", 4: "field-is-total-stride", 3: "field-last-layer-only"}
    for size, name in wrong.items():
        assert name in [found.name for found in name_typed("RF-1", variant, {"size": size})]


def test_levels_ask_for_more():
    for seed in range(20):
        one, two, three = (issue("RF-1", np.random.default_rng(seed), level) for level in (1, 2, 3))
        assert not any(layer["pool"] or layer["dilation"] > 1 for layer in one.params["layers"])
        assert any(layer["pool"] for layer in two.params["layers"])
        assert any(layer["dilation"] > 1 for layer in three.params["layers"])
        assert "dilation" in three.prompt
        assert "dilation" not in two.prompt
        for variant in (one, two, three):
            assert any(layer["stride"] > 1 for layer in variant.params["layers"][:-1])
            assert f"The unit sees {variant.truth['size']} pixels" in variant.solution[-1]
            assert f"= {variant.truth['size']}$" in variant.solution[1].splitlines()[-1]
