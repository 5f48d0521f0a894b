"""A table filled row by row."""

from typing import ClassVar

import pytest

from autograder.answers import KINDS, Unreadable
from autograder.model import Part


class TestTable:
    OPTIONS: ClassVar = {
        "columns": [{"name": "w", "kind": "int"}, {"name": "g", "kind": "num", "options": {"places": 1}}]
    }

    def test_cells_count_one_by_one(self, judge):
        judged = judge("trace", "1 | 0.5\n2 | 0.7", [[1, 0.5], [2, 0.2]], **self.OPTIONS)
        assert judged.score == 0.75
        assert judged.cells == (True, True, True, False)

    def test_missing_rows_are_wrong_and_extra_rows_cost(self, judge):
        assert judge("trace", "1 | 0.5", [[1, 0.5], [2, 0.2]], **self.OPTIONS).score == 0.5
        assert judge(
            "trace", "1|0.5\n2|0.2\n3|0.1", [[1, 0.5], [2, 0.2]], **self.OPTIONS
        ).score == pytest.approx(2 / 3)

    def test_a_row_may_follow_from_the_row_before(self):
        asked, doubled = Part("a", "", "trace", self.OPTIONS), [[1, 0.0], [2, 0.0], [4, 0.0]]
        typed = KINDS["trace"].parse("1 0\n3 0\n6 0", asked)
        plain = KINDS["trace"].judge(typed, doubled, asked)
        carried = KINDS["trace"].judge(typed, doubled, asked, replay=lambda rows: (2 * rows[-1][0], 0.0))
        assert plain.cells == (True, True, False, True, False, True)
        assert carried.cells == (True, True, False, True, True, True)

    def test_the_refusal_names_the_line(self, read):
        with pytest.raises(Unreadable, match="Line 2"):
            read("trace", "1 | 0.5\n2 | x", **self.OPTIONS)
        with pytest.raises(Unreadable, match="Line 1 has 3 entries"):
            read("trace", "1 | 2 | 3", **self.OPTIONS)

    def test_markdown_tables_are_read(self, read):
        assert len(read("trace", "| 1 | 0.5 |\n|---|---|\n| 2 | 0.2 |", **self.OPTIONS)) == 2
