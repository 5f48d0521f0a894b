"""Numbers in rows, and the shape of an array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.answers import Unreadable


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
    def test_ways_to_write_a_matrix(self, read, text):
        assert read("mat", text).tolist() == [[1, 2], [3, 4]]

    def test_long_rows_wrapped_by_numpy(self, read):
        wide = np.arange(120).reshape(2, 60)
        assert read("mat", str(wide)).tolist() == wide.tolist()

    def test_a_column_is_a_vector_too(self, read):
        assert read("vec", "1\n2\n3").tolist() == [1, 2, 3]
        assert read("vec", "[[1], [2], [3]]").tolist() == [1, 2, 3]

    def test_blank_lines_separate_channels(self, read):
        assert read("ten", "1 2\n3 4\n\n5 6\n7 8").tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]

    def test_one_row_and_one_number_are_small_matrices(self, read):
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
    def test_the_refusal_says_what_is_the_matter(self, read, text, problem):
        with pytest.raises(Unreadable, match=problem):
            read("mat", text)

    def test_fractions_among_whole_entries_are_wrong_entries(self, judge):
        judged = judge("mat", "1 2.001\n3 4", [[1, 2], [3, 4]])
        assert judged.cells == (True, False, True, True)
        assert judged.message == "3 of 4 cells are right. All of them are whole numbers."

    def test_partial_credit_cell_by_cell(self, judge):
        judged = judge("mat", "1 2\n3 5", [[1, 2], [3, 4]])
        assert judged.score == 0.75
        assert judged.cells == (True, True, True, False)
        assert judged.message == "3 of 4 cells are right."

    def test_another_size_is_told_apart_and_the_right_one_is_not_betrayed(self, judge):
        judged = judge("mat", "1 2 3\n4 5 6", [[1, 2], [3, 4], [5, 6], [7, 8]])
        assert (judged.score, judged.cells) == (0.0, ())
        assert "2 by 3" in judged.message
        assert "4 by 2" not in judged.message

    def test_exchanged_rows_and_columns_are_pointed_out(self, judge):
        assert "exchanged" in judge("mat", "1 3 5\n2 4 6", [[1, 2], [3, 4], [5, 6]]).message

    def test_decimals_are_compared_with_their_places(self, judge):
        assert judge("vec", "0.33 0.67", [1 / 3, 2 / 3], places=2).score == 1.0
        assert judge("vec", "0.33 0.68", [1 / 3, 2 / 3], places=2).score == 0.5

    @given(
        st.integers(1, 4).flatmap(
            lambda w: st.lists(
                st.lists(st.integers(-(10**6), 10**6), min_size=w, max_size=w), min_size=1, max_size=5
            )
        )
    )
    def test_any_matrix_survives_every_way_to_write_it(self, judge, rows):
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
    def test_ways_to_write_a_shape(self, read, text):
        assert read("shape", text) == (3, 32, 31)

    def test_another_order_is_recognised(self, judge):
        judged = judge("shape", "32x31x3", [3, 32, 31], axes="(channels, rows, columns)")
        assert judged.score == 0.0
        assert "order" in judged.message
        assert "(channels, rows, columns)" in judged.message

    def test_another_number_of_axes_is_recognised(self, judge):
        assert "2 sizes" in judge("shape", "32x31", [3, 32, 31]).message
