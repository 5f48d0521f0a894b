"""Sizes by hand: the lectures' numbers, errors carried forward, wording, and names for wrong answers."""

import numpy as np
import pytest

from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import conv_output_size, conv_transpose_output_size, same_padding

LEVELS = (1, 2, 3)


def keras(n, k, stride=1, dilation=1):
    params = {"n": n, "k": k, "stride": stride, "dilation": dilation}
    return QUESTIONS["CARITH-4"].pose(params, same_padding)


def dilated(n, k, dilation, stride=1, padding=0, keep=False):
    params = {"n": n, "k": k, "dilation": dilation, "stride": stride, "padding": padding, "keep": keep}
    return QUESTIONS["DIL-1"].pose(params, conv_output_size)


def blown_up(n, k, stride=1, padding=0, extra=0, dilation=1):
    params = {"sizes": n if isinstance(n, list) else [n], "k": k, "stride": stride, "padding": padding}
    return QUESTIONS["TCONV-1"].pose(
        {**params, "extra": extra, "dilation": dilation}, conv_transpose_output_size
    )


def names(variant, values):
    return [found.name for found in name_typed(variant.question, variant, values)]


class TestKerasPadding:
    @pytest.mark.parametrize(
        ("setting", "same", "zeros", "valid"),
        [
            ((28, 3), 28, [1, 1], 26),  # the lecture's model; then its second layer under the default rule
            ((26, 3), 26, [1, 1], 24),
            ((7, 2), 7, [0, 1], 6),
            ((7, 3, 2), 4, [1, 1], 3),
            ((8, 3, 2), 4, [0, 1], 3),
            ((9, 1, 3), 3, [0, 0], 3),
            ((9, 3, 1, 4), 9, [4, 4], 1),
        ],
    )
    def test_fixed_instances(self, setting, same, zeros, valid):
        variant = keras(*setting)
        assert variant.truth == {"same": same, "zeros": zeros, "valid": valid}
        assert QUESTIONS["CARITH-4"].exact(variant.params) == variant.truth

    def test_beliefs_are_named(self):
        variant = keras(8, 3, 2)
        assert names(variant, {"same": 8}) == ["same-keeps-the-size"]
        assert "same-extra-zero-first" in names(variant, {"zeros": (1, 0)})
        assert "valid-rounded-up" in names(variant, {"valid": 4})

    def test_the_prompt_says_where_the_odd_zero_goes(self):
        prompt = issue("CARITH-4", np.random.default_rng(1), 3).prompt
        for words in ("**after** the input", "lceil n/s", "completely inside", "$d = 2$"):
            assert words in prompt


class TestDilatedKernel:
    @pytest.mark.parametrize(
        ("setting", "span", "size"),
        [((5, 2, 2), 3, 3), ((5, 3, 1), 3, 3), ((9, 3, 2), 5, 5), ((9, 3, 4), 9, 1), ((7, 2, 3), 4, 4)],
    )
    def test_the_lecture_and_its_companions(self, setting, span, size):
        variant = dilated(*setting)
        assert variant.truth == {"span": span, "size": size}
        assert QUESTIONS["DIL-1"].exact(variant.params) == variant.truth

    def test_the_padding_that_keeps_the_size(self):
        # 7 pixels, k = 3, d = 2: padding 2 gives 7 again
        assert dilated(7, 3, 2, keep=True).truth == {"span": 5, "size": 3, "keep": 2}

    def test_an_error_in_the_span_is_carried_forward(self):
        question, variant = QUESTIONS["DIL-1"], dilated(20, 3, 2, 2, 1, keep=True)
        assert variant.truth == {"span": 5, "size": 9, "keep": 2}
        assert question.parents == {"size": ("span",), "keep": ("span",)}
        assert question.carry(variant.params, "size", {"span": 7}) == 8  # (22 - 7)//2 + 1
        assert question.carry(variant.params, "keep", {"span": 7}) == 3
        assert question.carry(variant.params, "keep", {"span": 6}) is None  # no whole number does it

    def test_a_span_without_dilation_is_not_carried(self):
        question, variant = QUESTIONS["DIL-1"], dilated(20, 3, 2)
        assert question.carry(variant.params, "size", {"span": 3}) is None
        assert question.carry(variant.params, "size", {"span": 21}) is None

    def test_the_truth_follows_from_its_own_parents(self):
        for seed in range(10):
            variant = issue("DIL-1", np.random.default_rng(seed), 3)
            for part in ("size", "keep"):
                assert QUESTIONS["DIL-1"].carry(variant.params, part, variant.truth) == variant.truth[part]

    def test_the_usual_wrong_spans_are_named(self):
        variant = dilated(20, 4, 3)  # the span is 10
        for span, name in ((12, "span-dk"), (7, "span-k-plus-d"), (6, "span-one-gap")):
            assert name in names(variant, {"span": span})


class TestBlownUpSize:
    @pytest.mark.parametrize(
        ("setting", "size"),
        [
            ((4, 3), 6),  # both examples of the lecture
            ((2, 3, 2), 5),  # 5x5 to 2x2 and back
            ((2, 3, 2, 0, 1), 6),  # ... which 6x6 reaches as well
            ((2, 3, 2, 1), 3),
        ],
    )
    def test_the_sizes_of_the_lecture(self, setting, size):
        variant = blown_up(*setting)
        assert variant.truth == {"size": size}
        assert QUESTIONS["TCONV-1"].exact(variant.params) == variant.truth

    def test_rows_and_columns(self):
        # (3-1)*2 + 5 - 2 + 1 = 8 and (5-1)*2 + 5 - 2 + 1 = 12: a 3x3 stamp with d = 2 spans 5
        variant = blown_up([3, 5], 3, 2, 1, 1, 2)
        assert variant.truth == {"size": [8, 12]}
        assert QUESTIONS["TCONV-1"].exact(variant.params) == variant.truth

    def test_the_size_of_the_ordinary_convolution_is_named(self):
        variant = blown_up(9, 3, 2, 1)
        assert variant.truth == {"size": 17}
        assert names(variant, {"size": 5}) == ["size-of-convolution"]
        assert names(variant, {"size": 21}) == ["size-padding-added"]

    @pytest.mark.parametrize("level", LEVELS)
    def test_the_prompt_says_that_padding_cuts(self, level):
        variant = issue("TCONV-1", np.random.default_rng(4), level)
        assert "**cuts**" in variant.prompt
        assert "**each** of the four sides" in variant.prompt
        assert ("no output padding" in variant.prompt) == (level == 1)
        assert ("dilation" in variant.prompt) == (level == 3)
