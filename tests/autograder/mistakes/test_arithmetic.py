"""The formulas of counting mistakes, worked out by hand."""

import pytest

from autograder.exercises import EXERCISES, wrong_submissions
from autograder.mistakes import mistakes_of
from reference import OutputSize, conv_output_size, conv_parameters


class TestCounting:
    """The formulas of the catalogue, worked out by hand for one setting each."""

    @pytest.mark.parametrize(
        ("wanted", "n", "size"),
        [
            ("out-padding-one-side", 32, 9),
            ("out-padding-ignored", 32, 8),
            ("out-padding-subtracted", 32, 6),
            ("out-plus1-forgotten", 32, 9),
            ("out-plus1-inside", 31, 9),
            ("out-plus1-twice", 32, 11),
            ("out-ceil-instead-of-floor", 32, 11),
            ("out-round-instead-of-floor", 32, 11),
            ("out-stride-ignored", 32, 30),
            ("out-stride-taken-as-k", 32, 6),
            ("out-dilation-ignored", 32, 12),
            ("out-effective-kernel-dk", 30, 9),
            ("out-one-gap-only", 32, 11),
            ("out-gap-off-by-one", 32, 9),
            ("out-same-rule", 32, 11),
            ("out-divides-first", 32, 8),
            ("out-kernel-both-sides", 32, 7),
            ("out-kernel-half", 32, 12),
        ],
    )
    def test_sizes(self, wanted, n, size):
        # k = 5, d = 2 span 9; n = 32, p = 3 leave room for 29 = 9*3 + 2 pixels; n = 30 and 31 give 10 as well
        found = {m.name: m for m in mistakes_of(conv_output_size)}[wanted]
        assert conv_output_size(n, 5, 3, 3, 2).size == 10
        assert found(n, 5, 3, 3, 2).size == size

    def test_a_wrong_size_does_not_spoil_the_fit(self):
        found = {m.name: m for m in mistakes_of(conv_output_size)}["out-plus1-forgotten"]
        assert found(7, 3, 2) == OutputSize(2, True)
        assert found(8, 3, 2) == OutputSize(2, False)

    def test_the_fraction_is_given_as_it_is(self):
        found = {m.name: m for m in mistakes_of(conv_output_size)}["out-not-floored"]
        assert found(7, 3, 3).size == pytest.approx(7 / 3)

    @pytest.mark.parametrize(
        ("wanted", "arguments", "fits"),
        [
            ("fits-always-true", (8, 3, 2), True),
            ("fits-inverted", (7, 3, 2), False),
            ("fits-padding-ignored", (9, 3, 3, 1), True),
            ("fits-padding-one-side", (8, 3, 2, 1), True),
            ("fits-dilation-ignored", (9, 3, 3, 0, 2), True),
            ("fits-plus1-included", (8, 3, 2), True),
            ("fits-input-divisible", (8, 3, 2), True),
        ],
    )
    def test_fits(self, wanted, arguments, fits):
        found = {m.name: m for m in mistakes_of(conv_output_size)}[wanted]
        assert found(*arguments).fits is fits
        assert found(*arguments).size == conv_output_size(*arguments).size

    @pytest.mark.parametrize(
        ("wanted", "count"),
        [
            ("params-bias-forgotten", 450),
            ("params-one-bias", 451),
            ("params-bias-per-input-channel", 453),
            ("params-bias-per-slice", 468),
            ("params-bias-per-weight", 900),
            ("params-channels-forgotten", 156),
            ("params-filters-forgotten", 76),
            ("params-k-not-squared", 96),
            ("params-kernel-sides-added", 186),
            ("params-channels-added", 174),
        ],
    )
    def test_parameters_of_the_lecture_layer(self, wanted, count):
        assert conv_parameters(3, 5, 6) == 456
        assert {m.name: m for m in mistakes_of(conv_parameters)}[wanted](3, 5, 6) == count

    @pytest.mark.parametrize(
        ("wanted", "count"),
        [
            ("params-first-side-squared", (9 * 2 + 1) * 6),
            ("params-groups-ignored", (15 * 4 + 1) * 6),
            ("params-groups-divide-everything", (15 * 4 + 1) * 6 // 2),
            ("params-groups-divided-twice", (15 * 2 + 1) * 3),
        ],
    )
    def test_parameters_of_a_grouped_layer(self, wanted, count):
        assert conv_parameters(4, (3, 5), 6, groups=2) == (15 * 2 + 1) * 6
        found = {m.name: m for m in mistakes_of(conv_parameters)}[wanted]
        assert found(4, (3, 5), 6, True, 2) == count

    def test_a_layer_without_bias(self):
        found = {m.name: m for m in mistakes_of(conv_parameters)}["params-bias-added-anyway"]
        assert conv_parameters(3, 5, 6, bias=False) == 450
        assert found(3, 5, 6, False) == 456

    def test_what_the_question_says_besides(self):
        params = {"c_in": 3, "kernel": [5, 5], "c_out": 6, "groups": 1, "image": [32, 32], "batch": 10}
        found = {m.name: m(params) for m in mistakes_of("CARITH-2")}
        assert found == {
            "params-times-positions": 456 * 28 * 28,
            "params-fully-connected": 3 * 32 * 32 * 6 * 28 * 28,
            "params-times-batch": 4560,
        }

    def test_where_the_op_refuses_a_mistake_does_not_apply(self):
        for found in mistakes_of(conv_output_size):
            assert found(3, 5) is None
        for found in mistakes_of(conv_parameters):
            assert found(3, 5, 6, True, 2) is None


@pytest.mark.parametrize("slip", ["out-one-gap-only", "out-dilation-ignored", "out-padding-one-side"])
def test_a_wrong_length_behind_size_and_fit_is_not_taken_for_a_wrong_size(judged, slip):
    """With key 1, set 2, no stride told whether the fit had been worked out from the same wrong length."""
    (functions,) = (f for m, f in wrong_submissions(EXERCISES["conv_out"]) if m.name == f"{slip}-throughout")
    for seed, part in ((0, 0), (1, 2)):
        assert judged("conv_out", functions, seed=seed, part=part).names == [f"{slip}-throughout"]
