"""Single numbers: whole, decimal, rational."""

from fractions import Fraction

import pytest

from autograder.answers import Blank, Unreadable, same
from autograder.model import Part


class TestNumbers:
    @pytest.mark.parametrize("text", ["13", "13.0", "+13", "13.", " 13\n", "1.3e+01", "13\u00a0", "１３"])
    def test_ways_to_write_thirteen(self, read, text):
        assert read("int", text) == 13

    @pytest.mark.parametrize("text", ["−7", "–7", "-7", "- 7".replace(" ", ""), "-7.0"])
    def test_ways_to_write_minus_seven(self, read, text):
        assert read("int", text) == -7

    def test_thousands_are_read_only_when_unambiguous(self, read):
        assert read("int", "2,409,232") == 2_409_232
        with pytest.raises(Unreadable, match="whole number"):
            read("int", "2,409")

    def test_large_whole_numbers_stay_exact(self, read):
        assert read("int", "123456789012345678") == 123456789012345678

    @pytest.mark.parametrize("text", ["1,345", "13 14", "thirteen", "13px", "1/0", "9 2/3"])
    def test_what_is_no_number_where_a_whole_one_is_asked_for(self, read, text):
        with pytest.raises(Unreadable, match="whole number"):
            read("int", text)

    @pytest.mark.parametrize("text", ["13.4", "13,4", "13.001", "12.999", "1/3", "1e-1", "-13.0001"])
    def test_a_fraction_where_a_whole_number_is_asked_for_is_wrong(self, judge, text):
        judged = judge("int", text, 13)
        assert (judged.score, judged.message) == (0.0, "The result is a whole number.")

    @pytest.mark.parametrize("text", ["9.67", "29/3", "9,67", "9.6666667"])
    def test_a_fraction_is_what_a_mistake_that_does_not_round_answers(self, read, text):
        assert same(read("int", text), 29 / 3, Part("size", "", "int"))

    @pytest.mark.parametrize("text", ["9.6", "9", "10", "9.68"])
    def test_another_fraction_is_not(self, read, text):
        assert not same(read("int", text), 29 / 3, Part("size", "", "int"))

    @pytest.mark.parametrize(
        ("text", "value"), [("0,5", 0.5), ("-12,75", -12.75), ("0,125", 0.125), (".5", 0.5)]
    )
    def test_decimals(self, read, text, value):
        assert read("num", text) == value

    @pytest.mark.parametrize("text", ["1,234", "12,500", "1.234,5", "1,2,3", "50%", "0.5.1"])
    def test_ambiguous_decimals(self, read, text):
        with pytest.raises(Unreadable, match="decimal number"):
            read("num", text)

    def test_a_fraction_is_a_decimal_too(self, read):
        assert read("num", "-1/8") == -0.125

    @pytest.mark.parametrize(
        ("typed", "score"), [("0.33", 1.0), ("0.333", 1.0), ("0.339", 1.0), ("0.34", 0.0), ("0.327", 0.0)]
    )
    def test_rounding_allowance_is_six_tenths_of_the_last_place(self, judge, typed, score):
        assert judge("num", typed, 1 / 3, places=2).score == score

    def test_slack_adds_to_the_allowance(self, judge):
        assert judge("num", "0.35", 1 / 3, places=2, slack=0.011).score == 1.0

    def test_numbers_handed_in_as_numbers(self, read):
        assert read("int", 13) == 13
        assert read("num", 0.5) == 0.5
        assert read("shape", (3, 32, 32)) == (3, 32, 32)
        assert read("mat", [[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]

    def test_fractions_exactly_and_decimals_to_three_places(self, read, judge):
        assert read("frac", "4/6") == Fraction(2, 3)
        assert judge("frac", "0.667", "2/3").score == 1.0
        assert judge("frac", "667/1000", "2/3").score == 0.0
        assert judge("frac", "0.66", "2/3").score == 0.0

    def test_nothing_typed_is_told_apart_from_nonsense(self, read):
        for text in ("", "  \n", None, "$ $"):
            with pytest.raises(Blank):
                read("int", text)
