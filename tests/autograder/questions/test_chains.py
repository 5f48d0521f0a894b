"""Shapes through a chain: the lectures' networks, rows carried forward, names for wrong tables."""

import numpy as np

from autograder.answers import KINDS
from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import conv_output_size

CHAIN = QUESTIONS["CARITH-6"]


def conv(filters, k, stride=1, padding=0):
    return {"filters": filters, "k": k, "stride": stride, "padding": padding}


def pool(k=2, stride=2):
    return conv(0, k, stride)


def chain(shape, *layers):
    return CHAIN.pose({"input": list(shape), "layers": list(layers)}, conv_output_size)


def shapes(variant):
    return [tuple(row[0]) for row in variant.truth["shapes"]]


class TestGolden:
    def test_the_small_network_of_the_lecture(self):
        block = (conv(10, 3, 1, 1), conv(10, 3, 1, 1), pool())
        variant = chain((3, 32, 32), *block, *block, *block)
        assert shapes(variant)[2::3] == [(10, 16, 16), (10, 8, 8), (10, 4, 4)]
        assert CHAIN.exact(variant.params) == variant.truth

    def test_the_keras_model_of_the_lecture(self):
        variant = chain((1, 28, 28), conv(32, 3), conv(64, 3), pool())
        assert shapes(variant) == [(32, 26, 26), (64, 24, 24), (64, 12, 12)]

    def test_six_filters_and_a_row_left_over(self):
        # 32 - 5 + 1 = 28; (28 - 3)//2 + 1 = 13, the last row is never read
        assert shapes(chain((3, 32, 32), conv(6, 5), pool(3))) == [(6, 28, 28), (6, 13, 13)]


def judged(variant, text):
    part = variant.parts[0]
    value = KINDS["trace"].parse(text, part)

    def replay(rows):
        return CHAIN.carry(variant.params, part.id, {part.id: rows})

    return KINDS["trace"].judge(value, variant.truth[part.id], part, replay)


class TestCarriedForward:
    variant = chain((3, 32, 32), conv(6, 5), pool(), conv(8, 3))

    def test_right_in_the_forms_students_write(self):
        assert judged(self.variant, "6x28x28\n6x14x14\n8x12x12").score == 1.0
        assert judged(self.variant, "(6, 28, 28)\n(6, 14, 14)\n\n(8, 12, 12)").score == 1.0

    def test_one_slip_costs_one_row(self):
        found = judged(self.variant, "6x27x27\n6x13x13\n8x11x11")
        assert found.cells == (False, True, True)

    def test_a_second_slip_costs_another(self):
        assert judged(self.variant, "6x27x27\n6x14x13\n8x11x11").cells == (False, False, False)

    def test_nothing_is_carried_where_no_window_fits(self):
        assert CHAIN.carry(self.variant.params, "shapes", {"shapes": [((6, 28, 28),), ((6, 2, 2),)]}) is None
        assert CHAIN.carry(self.variant.params, "shapes", {"shapes": [((28, 28),)]}) is None
        assert CHAIN.carry(self.variant.params, "shapes", {"shapes": []}) is None

    def test_parents_say_that_rows_follow_from_rows(self):
        assert CHAIN.parents == {"shapes": ("shapes",)}
        for seed in range(5):
            variant = issue("CARITH-6", np.random.default_rng(seed), 3)
            rows = variant.truth["shapes"]
            for count in range(1, len(rows)):
                assert CHAIN.carry(variant.params, "shapes", {"shapes": rows[:count]}) == rows[count]


def test_wrong_tables_are_named():
    variant = chain((3, 32, 30), conv(6, 5, 1, 1), pool(), conv(8, 3))
    assert shapes(variant) == [(6, 30, 28), (6, 15, 14), (8, 13, 12)]
    for table, name in {
        "3x30x28\n3x15x14\n3x13x12": "chain-channels-kept",
        "18x30x28\n18x15x14\n144x13x12": "chain-channels-multiplied",
        "6x30x28\n3x15x14\n8x13x12": "chain-pool-halves-channels",
        "6x28x30\n6x14x15\n8x12x13": "chain-rows-and-columns-exchanged",
        "6x28x26\n6x14x13\n8x12x11": "out-padding-ignored",
    }.items():
        value = KINDS["trace"].parse(table, variant.parts[0])
        assert name in [found.name for found in name_typed("CARITH-6", variant, {"shapes": value})]


def test_levels_and_wording():
    for seed in range(10):
        one, two, three = (issue("CARITH-6", np.random.default_rng(seed), level) for level in (1, 2, 3))
        assert [len(variant.truth["shapes"]) for variant in (one, two, three)] == [3, 4, 5]
        assert three.params["input"][1] != three.params["input"][2]
        assert "(channels, rows, columns)" in three.prompt
        assert "left out (floor)" in three.prompt
        assert len(three.solution) == 5
        for step, (shape,) in zip(three.solution, three.truth["shapes"], strict=True):
            assert step.endswith(f"So {'×'.join(map(str, shape))}.")
