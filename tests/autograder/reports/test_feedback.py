"""Words for terminals and Markdown renderers: nothing in them acts, everything in them reads as written."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reports.feedback import (
    as_markdown,
    as_text,
    clean,
    file_name,
    markdown,
    verdict_lines,
    worst_entry,
)
from autograder.reports.marks import marks_by_question

nbconvert_markdown = pytest.importorskip("nbconvert.filters").markdown2html

HARMLESS = {"p", "br", "code", "strong"}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def rendered(text: str) -> Tags:
    page = Tags()
    page.feed(nbconvert_markdown(text))
    return page


def squeezed(text: str) -> str:
    return re.sub(r"[\s`]+", "", text)


def test_hostile_texts_render_as_written(samples):
    for text in samples.HOSTILE:
        page = rendered(markdown(text))
        assert page.tags <= HARMLESS, text
        assert page.attributes == [], text
        assert squeezed(page.text) == squeezed(clean(text))


pieces = st.sampled_from(
    [
        "<b>",
        "</b>",
        "`",
        "``",
        "*",
        "_",
        "[x](y)",
        "![x](y)",
        "\n",
        "\n\n",
        "    ",
        "#",
        "-",
        "1.",
        "1)",
        "> ",
        "$",
        "~~",
        "|",
        "&lt;",
        "&",
        "\\",
        "\\`",
        "a",
        "x_1",
        "dW",
        " ",
        "===",
        "---",
        "[a]: http://h.example",
        "<script>",
        "<!--",
        "\t",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=12).map("".join))
def test_no_mixture_of_markup_comes_alive(text):
    page = rendered(markdown(text))
    assert page.tags <= HARMLESS
    assert page.attributes == []


def test_code_in_backticks_stays_code():
    assert "<code>w[::-1, ::-1]</code>" in nbconvert_markdown(
        markdown("Remove `w[::-1, ::-1]`, then run it.")
    )


def test_lines_stay_lines():
    assert rendered(markdown("one\ntwo")).tags == {"p", "br"}


@given(st.text(st.characters(), max_size=40))
def test_clean_text_can_be_stored_and_shown(text):
    flat = clean(text)
    flat.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufffe\uffff]", flat)


def test_a_flood_is_cut():
    assert len(clean("x" * 10**6)) < 10_000


@given(st.text(max_size=300), st.text(max_size=300))
def test_file_names_are_flat_and_differ(one, two):
    a, b = file_name(one), file_name(two)
    assert not set(a) & set('/\\:*?"<>|\x00\n')
    assert not a.startswith(".")
    assert 0 < len(a) <= 200
    assert (a == b) == (one == two)


def test_nobody_can_choose_an_id_that_takes_the_file_of_a_long_one():
    assert file_name(file_name("x" * 400)) != file_name("x" * 400)


@pytest.mark.parametrize("student", ["anna", "ann.lee", "a b", "u12345@example.org"])
def test_ordinary_ids_keep_their_names(student):
    assert file_name(student) == student


@pytest.mark.parametrize(
    ("worst", "text"),
    [
        (None, ""),
        (
            {"index": [0, 1], "got": 3.25, "expected": 3.5, "allowed": 1e-9},
            "at [0, 1], got 3.25, expected 3.5, may differ by 1e-09",
        ),
        (
            {"index": [], "got": 1.0000001, "expected": 1.0000002, "allowed": None},
            "got 1.0000001, expected 1.0000002",
        ),
        ({"index": None, "got": None, "expected": "3/4", "allowed": None}, "got None, expected 3/4"),
        ({"index": [0], "got": float("nan"), "expected": float("inf")}, "at [0], got nan, expected inf"),
        ({"index": [1], "got": -0.0, "expected": 3.0}, "at [1], got 0, expected 3"),
        ({"index": [2], "got": np.float64(0.5), "expected": 0.25}, "at [2], got 0.5, expected 0.25"),
    ],
)
def test_worst_entry_tells_numbers_apart(worst, text):
    assert worst_entry(worst) == text


def test_worst_entry_of_a_check_that_is_not_public_is_not_told(samples):
    worst = {"index": [0], "got": 1.0, "expected": 2.0, "allowed": 0.0}
    hidden = samples.verdict(status="wrong", visibility="after_due_date", worst=worst)
    assert not any("expected" in line for line in verdict_lines(hidden))


def test_text_holds_marks_message_hints_and_no_secret(samples, course):
    text = as_text(marks_by_question(samples.mixed(), course)[0])
    lines = text.splitlines()
    assert lines[0] == "Convolution in two dimensions: 2 of 4 points, partly right"
    assert lines[1] == "✗ values on public cases: 0 of 1 point, not right"
    assert "    Where: Look at the line that multiplies the window with `w`." in lines
    assert lines[-1] == "1 hidden check, shown after the due date: 0.5 of 0.5 points"
    assert "SECRET" not in text
    assert "secret" not in text


def test_markdown_holds_the_same(samples, course):
    page = rendered(as_markdown(marks_by_question(samples.mixed(), course)[0]))
    assert page.tags <= HARMLESS
    assert "Convolution in two dimensions: 2 of 4 points, partly right" in page.text
    assert "Remove the flip (w[::-1, ::-1]) and run the check cell again." in page.text
    assert "secret" not in page.text.lower()
