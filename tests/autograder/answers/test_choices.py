"""Answers out of a closed set: letters, orders, words."""

import pytest


class TestClosedSets:
    def test_a_number_that_is_an_option_is_that_option(self, read):
        assert read("mc1", "2", choices=["7/3", "2", "1"]) == 1

    def test_options_in_sentences(self, read):
        assert read("mc1", "  The LAST  row ", choices=["the first row", "the last row"]) == 1

    def test_several_options_weigh_wrong_ones(self, judge):
        options = {"choices": list("pqrs")}
        assert judge("mcN", "a, b", [0, 1], **options).score == 1.0
        assert judge("mcN", "a", [0, 1], **options).score == 0.5
        assert judge("mcN", "a, b, c", [0, 1], **options).score == 0.5
        assert judge("mcN", "a, b, c, d", [0, 1], **options).score == 0.0
        assert judge("mcN", "none", [], **options).score == 1.0
        assert judge("mcN", "a", [], **options).score == 0.0

    def test_order_counts_neighbours(self, judge):
        options = {"choices": list("pqrs")}
        assert judge("order", "b a c d", [0, 1, 2, 3], **options).score == pytest.approx(1 / 3)
        assert judge("order", "d c b a", [0, 1, 2, 3], **options).score == 0.0

    def test_synonyms(self, judge):
        assert (
            judge("text", "Rectifier", "ReLU", choices=["ReLU"], synonyms={"rectifier": "ReLU"}).score == 1.0
        )
