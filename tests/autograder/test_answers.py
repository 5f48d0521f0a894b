from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.answers import KINDS, Blank, Unreadable, same
from autograder.model import Part

CHOICES = {"choices": ["ReLU", "sigmoid", "tanh", "none of them"]}
TABLE = {
    "columns": [
        {"name": "layer", "kind": "text"},
        {"name": "output", "kind": "shape"},
        {"name": "n", "kind": "int"},
    ]
}
ASKED = [
    ("int", {}, 13),
    ("int", {}, -4),
    ("int", {}, 0),
    ("num", {"places": 2}, 0.25),
    ("num", {"places": 3}, -1.5),
    ("frac", {}, "2/3"),
    ("frac", {}, -5),
    ("vec", {}, [1, -2, 3]),
    ("vec", {"places": 2}, [0.5, 1.25]),
    ("mat", {}, [[1, 2], [-3, 4], [5, 6]]),
    ("mat", {"places": 1}, [[1.5, 2.0], [-3.0, 4.0]]),
    ("ten", {}, [[[1, 2], [3, 4]], [[5, -6], [7, 8]]]),
    ("shape", {"axes": "(C, H, W)"}, [32, 26, 25]),
    ("shape", {}, [7]),
    ("mc1", CHOICES, 1),
    ("mcN", CHOICES, [0, 2]),
    ("mcN", CHOICES, []),
    ("order", CHOICES, [2, 0, 1, 3]),
    ("text", CHOICES, "tanh"),
    ("trace", TABLE, [["ReLU", [3, 4, 4], 12], ["tanh", [3, 2, 2], 0]]),
]


def part(kind, **options):
    return Part("a", "", kind, options)


def read(kind, text, **options):
    return KINDS[kind].parse(text, part(kind, **options))


def judge(kind, text, truth, **options):
    asked = part(kind, **options)
    return KINDS[kind].judge(KINDS[kind].parse(text, asked), truth, asked)


def test_every_kind_is_asked_here():
    assert {kind for kind, _, _ in ASKED} == set(KINDS)


@pytest.mark.parametrize(("kind", "options", "truth"), ASKED)
class TestSamples:
    """Every kind proves itself by its own samples."""

    def samples(self, kind, options, truth):
        asked = part(kind, **options)
        found = KINDS[kind].samples(asked, truth)
        assert all(found), "a kind needs samples of all three sorts"
        return asked, found

    def test_right_ones_get_everything(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.right:
            judged = KINDS[kind].judge(KINDS[kind].parse(text, asked), truth, asked)
            assert (judged.score, judged.message) == (1.0, "Right."), text

    def test_wrong_ones_do_not(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.wrong:
            judged = KINDS[kind].judge(KINDS[kind].parse(text, asked), truth, asked)
            assert 0.0 <= judged.score < 1.0, text
            assert judged.message.endswith(".")
            assert judged.message != "Right."

    def test_unreadable_ones_are_refused_in_one_sentence(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.unreadable:
            with pytest.raises(Unreadable) as caught:
                KINDS[kind].parse(text, asked)
            message = str(caught.value)
            assert message.endswith((".", "?"))
            assert len(message) < 300
            assert "Traceback" not in message

    def test_what_is_shown_can_be_read_back(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.right + samples.wrong:
            value = KINDS[kind].parse(text, asked)
            again = KINDS[kind].parse(KINDS[kind].show(value), asked)
            assert same(again, value, asked), text


HOSTILE = [
    "9" * 10**6,
    "[" * 10**6,
    "1 " * 10**6,
    "[[1, 2]," * 2_000,
    "1e999",
    "-1e999",
    "1e400",
    "0e99999999",
    "nan",
    "[nan, 1]",
    "inf",
    "1/0",
    "9" * 5_000 + "/3",
    "__import__('os').system('true')",
    "(lambda: 1)()",
    "10**10**10",
    "np.array([" + "9" * 300 + "])",
    "\x00",
    "1\x002",
    "²",
    "١٣",
    "0x10",
    "1_000",
    "a" * 20_000,
    "|" * 20_000,
    "\n" * 19_999 + "x",
    ";" * 100,
    "(" * 7 + "1" + ")" * 7,
]


@pytest.mark.parametrize(("kind", "options", "truth"), ASKED)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_or_plainly_wrong(kind, options, truth, text):
    asked = part(kind, **options)
    try:
        value = KINDS[kind].parse(text, asked)
    except Unreadable:
        return
    assert KINDS[kind].judge(value, truth, asked).score < 1.0


ODD = [None, True, b"13", {"a": 1}, object(), 10**5000, float("nan"), 1j, [[1], 2, "x"]]


@pytest.mark.parametrize(("kind", "options", "truth"), ASKED)
@pytest.mark.parametrize("raw", ODD, ids=[type(raw).__name__ for raw in ODD])
def test_odd_objects_are_refused(kind, options, truth, raw):
    with pytest.raises(Unreadable):
        KINDS[kind].parse(raw, part(kind, **options))


NUMBERLIKE = st.text(alphabet="0123456789[](),;. -+e/x\n|ab", max_size=60)


@given(st.sampled_from(ASKED), st.one_of(st.text(max_size=80), NUMBERLIKE))
def test_any_text_is_read_or_refused(asked, text):
    kind, options, truth = asked
    try:
        value = KINDS[kind].parse(text, part(kind, **options))
    except Unreadable:
        return
    assert 0.0 <= KINDS[kind].judge(value, truth, part(kind, **options)).score <= 1.0


class TestNumbers:
    @pytest.mark.parametrize("text", ["13", "13.0", "+13", "13.", " 13\n", "1.3e+01", "13\u00a0", "１３"])
    def test_ways_to_write_thirteen(self, text):
        assert read("int", text) == 13

    @pytest.mark.parametrize("text", ["−7", "–7", "-7", "- 7".replace(" ", ""), "-7.0"])
    def test_ways_to_write_minus_seven(self, text):
        assert read("int", text) == -7

    def test_thousands_are_read_only_when_unambiguous(self):
        assert read("int", "2,409,232") == 2_409_232
        with pytest.raises(Unreadable, match="whole number"):
            read("int", "2,409")

    def test_large_whole_numbers_stay_exact(self):
        assert read("int", "123456789012345678") == 123456789012345678

    @pytest.mark.parametrize("text", ["1,345", "13 14", "thirteen", "13px", "1/0", "9 2/3"])
    def test_what_is_no_number_where_a_whole_one_is_asked_for(self, text):
        with pytest.raises(Unreadable, match="whole number"):
            read("int", text)

    @pytest.mark.parametrize("text", ["13.4", "13,4", "13.001", "12.999", "1/3", "1e-1", "-13.0001"])
    def test_a_fraction_where_a_whole_number_is_asked_for_is_wrong(self, text):
        judged = judge("int", text, 13)
        assert (judged.score, judged.message) == (0.0, "The result is a whole number.")

    @pytest.mark.parametrize("text", ["9.67", "29/3", "9,67", "9.6666667"])
    def test_a_fraction_is_what_a_mistake_that_does_not_round_answers(self, text):
        assert same(read("int", text), 29 / 3, Part("size", "", "int"))

    @pytest.mark.parametrize("text", ["9.6", "9", "10", "9.68"])
    def test_another_fraction_is_not(self, text):
        assert not same(read("int", text), 29 / 3, Part("size", "", "int"))

    @pytest.mark.parametrize(
        ("text", "value"), [("0,5", 0.5), ("-12,75", -12.75), ("0,125", 0.125), (".5", 0.5)]
    )
    def test_decimals(self, text, value):
        assert read("num", text) == value

    @pytest.mark.parametrize("text", ["1,234", "12,500", "1.234,5", "1,2,3", "50%", "0.5.1"])
    def test_ambiguous_decimals(self, text):
        with pytest.raises(Unreadable, match="decimal number"):
            read("num", text)

    def test_a_fraction_is_a_decimal_too(self):
        assert read("num", "-1/8") == -0.125

    @pytest.mark.parametrize(
        ("typed", "score"), [("0.33", 1.0), ("0.333", 1.0), ("0.339", 1.0), ("0.34", 0.0), ("0.327", 0.0)]
    )
    def test_rounding_allowance_is_six_tenths_of_the_last_place(self, typed, score):
        assert judge("num", typed, 1 / 3, places=2).score == score

    def test_slack_adds_to_the_allowance(self):
        assert judge("num", "0.35", 1 / 3, places=2, slack=0.011).score == 1.0

    def test_numbers_handed_in_as_numbers(self):
        assert read("int", 13) == 13
        assert read("num", 0.5) == 0.5
        assert read("shape", (3, 32, 32)) == (3, 32, 32)
        assert read("mat", [[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]

    def test_fractions_exactly_and_decimals_to_three_places(self):
        assert read("frac", "4/6") == Fraction(2, 3)
        assert judge("frac", "0.667", "2/3").score == 1.0
        assert judge("frac", "667/1000", "2/3").score == 0.0
        assert judge("frac", "0.66", "2/3").score == 0.0

    def test_nothing_typed_is_told_apart_from_nonsense(self):
        for text in ("", "  \n", None, "$ $"):
            with pytest.raises(Blank):
                read("int", text)


class TestArrays:
    WAYS = (
        "[[1, 2], [3, 4]]",
        "[[1 2]\n [3 4]]",
        "np.array([[1,2],[3,4]])",
        "array([[1., 2.],\n       [3., 4.]])",
        "array([[1, 2],\n       [3, 4]], dtype=int32)",
        "np.array([[1, 2], [3, 4]], dtype=np.float64)",
        "1 2\n3 4",
        "1, 2\n3, 4",
        "1 2; 3 4",
        "[1 2; 3 4]",
        "[1, 2]\n[3, 4]",
        "[1, 2], [3, 4]",
        "((1, 2), (3, 4))",
        " 1\t2 \r\n 3\t4 \r\n\r\n",
        "1 2\n\n3 4",
        "[1 2\n 3 4]",
        "[[[1 2]\n  [3 4]]]",
        "[[[[1, 2], [3, 4]]]]",
        "1 & 2 \\\\ 3 & 4",
        "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
    )

    @pytest.mark.parametrize("text", WAYS)
    def test_ways_to_write_a_matrix(self, text):
        assert read("mat", text).tolist() == [[1, 2], [3, 4]]

    def test_long_rows_wrapped_by_numpy(self):
        wide = np.arange(120).reshape(2, 60)
        assert read("mat", str(wide)).tolist() == wide.tolist()

    def test_a_column_is_a_vector_too(self):
        assert read("vec", "1\n2\n3").tolist() == [1, 2, 3]
        assert read("vec", "[[1], [2], [3]]").tolist() == [1, 2, 3]

    def test_blank_lines_separate_channels(self):
        assert read("ten", "1 2\n3 4\n\n5 6\n7 8").tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]

    def test_one_row_and_one_number_are_small_matrices(self):
        assert read("mat", "[1 2 3]").shape == (1, 3)
        assert read("mat", "5").shape == (1, 1)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[[1, 2], [3]]", "different lengths"),
            ("[[1, 2], 3]", "mixed"),
            ("[[1, 2], [3, 4]", "not closed"),
            ("[[1, 2], [3, 4)]", "does not match"),
            ("1 2]", "does not match"),
            ("1,,2", "missing"),
            ("[[1 2 ... 9]]", "left out"),
            ("1 two", "“two”"),
            ("1.5 2x", "“2x”"),
            ("[[[[[[[[1]]]]]]]]", "levels of brackets"),
            ("1 " * 5_000, "numbers here"),
        ],
    )
    def test_the_refusal_says_what_is_the_matter(self, text, problem):
        with pytest.raises(Unreadable, match=problem):
            read("mat", text)

    def test_fractions_among_whole_entries_are_wrong_entries(self):
        judged = judge("mat", "1 2.001\n3 4", [[1, 2], [3, 4]])
        assert judged.cells == (True, False, True, True)
        assert judged.message == "3 of 4 cells are right. All of them are whole numbers."

    def test_partial_credit_cell_by_cell(self):
        judged = judge("mat", "1 2\n3 5", [[1, 2], [3, 4]])
        assert judged.score == 0.75
        assert judged.cells == (True, True, True, False)
        assert judged.message == "3 of 4 cells are right."

    def test_another_size_is_told_apart_and_the_right_one_is_not_betrayed(self):
        judged = judge("mat", "1 2 3\n4 5 6", [[1, 2], [3, 4], [5, 6], [7, 8]])
        assert (judged.score, judged.cells) == (0.0, ())
        assert "2 by 3" in judged.message
        assert "4 by 2" not in judged.message

    def test_exchanged_rows_and_columns_are_pointed_out(self):
        assert "exchanged" in judge("mat", "1 3 5\n2 4 6", [[1, 2], [3, 4], [5, 6]]).message

    def test_decimals_are_compared_with_their_places(self):
        assert judge("vec", "0.33 0.67", [1 / 3, 2 / 3], places=2).score == 1.0
        assert judge("vec", "0.33 0.68", [1 / 3, 2 / 3], places=2).score == 0.5

    @given(
        st.integers(1, 4).flatmap(
            lambda w: st.lists(
                st.lists(st.integers(-(10**6), 10**6), min_size=w, max_size=w), min_size=1, max_size=5
            )
        )
    )
    def test_any_matrix_survives_every_way_to_write_it(self, rows):
        array = np.array(rows)
        for text in (str(rows), str(array), repr(array), "\n".join(" ".join(map(str, row)) for row in rows)):
            assert judge("mat", text, rows).score == 1.0


class TestShapes:
    @pytest.mark.parametrize(
        "text",
        [
            "3x32x31",
            "3×32×31",
            "(3, 32, 31)",
            "3 32 31",
            "3,32,31",
            "3 X 32 X 31",
            "[3, 32, 31]",
            "3 by 32 by 31",
        ]
        + ["torch.Size([3, 32, 31])", "3*32*31", "(3,32,31,)"],
    )
    def test_ways_to_write_a_shape(self, text):
        assert read("shape", text) == (3, 32, 31)

    def test_another_order_is_recognised(self):
        judged = judge("shape", "32x31x3", [3, 32, 31], axes="(channels, rows, columns)")
        assert judged.score == 0.0
        assert "order" in judged.message
        assert "(channels, rows, columns)" in judged.message

    def test_another_number_of_axes_is_recognised(self):
        assert "2 sizes" in judge("shape", "32x31", [3, 32, 31]).message


class TestClosedSets:
    def test_a_number_that_is_an_option_is_that_option(self):
        assert read("mc1", "2", choices=["7/3", "2", "1"]) == 1

    def test_options_in_sentences(self):
        assert read("mc1", "  The LAST  row ", choices=["the first row", "the last row"]) == 1

    def test_several_options_weigh_wrong_ones(self):
        options = {"choices": list("pqrs")}
        assert judge("mcN", "a, b", [0, 1], **options).score == 1.0
        assert judge("mcN", "a", [0, 1], **options).score == 0.5
        assert judge("mcN", "a, b, c", [0, 1], **options).score == 0.5
        assert judge("mcN", "a, b, c, d", [0, 1], **options).score == 0.0
        assert judge("mcN", "none", [], **options).score == 1.0
        assert judge("mcN", "a", [], **options).score == 0.0

    def test_order_counts_neighbours(self):
        options = {"choices": list("pqrs")}
        assert judge("order", "b a c d", [0, 1, 2, 3], **options).score == pytest.approx(1 / 3)
        assert judge("order", "d c b a", [0, 1, 2, 3], **options).score == 0.0

    def test_synonyms(self):
        assert (
            judge("text", "Rectifier", "ReLU", choices=["ReLU"], synonyms={"rectifier": "ReLU"}).score == 1.0
        )


class TestTable:
    OPTIONS: ClassVar = {
        "columns": [{"name": "w", "kind": "int"}, {"name": "g", "kind": "num", "options": {"places": 1}}]
    }

    def test_cells_count_one_by_one(self):
        judged = judge("trace", "1 | 0.5\n2 | 0.7", [[1, 0.5], [2, 0.2]], **self.OPTIONS)
        assert judged.score == 0.75
        assert judged.cells == (True, True, True, False)

    def test_missing_rows_are_wrong_and_extra_rows_cost(self):
        assert judge("trace", "1 | 0.5", [[1, 0.5], [2, 0.2]], **self.OPTIONS).score == 0.5
        assert judge(
            "trace", "1|0.5\n2|0.2\n3|0.1", [[1, 0.5], [2, 0.2]], **self.OPTIONS
        ).score == pytest.approx(2 / 3)

    def test_a_row_may_follow_from_the_row_before(self):
        asked, doubled = part("trace", **self.OPTIONS), [[1, 0.0], [2, 0.0], [4, 0.0]]
        typed = KINDS["trace"].parse("1 0\n3 0\n6 0", asked)
        plain = KINDS["trace"].judge(typed, doubled, asked)
        carried = KINDS["trace"].judge(typed, doubled, asked, replay=lambda rows: (2 * rows[-1][0], 0.0))
        assert plain.cells == (True, True, False, True, False, True)
        assert carried.cells == (True, True, False, True, True, True)

    def test_the_refusal_names_the_line(self):
        with pytest.raises(Unreadable, match="Line 2"):
            read("trace", "1 | 0.5\n2 | x", **self.OPTIONS)
        with pytest.raises(Unreadable, match="Line 1 has 3 entries"):
            read("trace", "1 | 2 | 3", **self.OPTIONS)

    def test_markdown_tables_are_read(self):
        assert len(read("trace", "| 1 | 0.5 |\n|---|---|\n| 2 | 0.2 |", **self.OPTIONS)) == 2
