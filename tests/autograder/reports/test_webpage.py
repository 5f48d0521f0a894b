"""Web pages: well formed, alone, silent about what is hidden, and deaf to hostile text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from autograder.reports.course import ExportError
from autograder.reports.feedback import clean
from autograder.reports.webpage import class_page, export, student_page

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Parse strictly: every tag closed in order, no attribute that acts, no content from elsewhere."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.text, self.ids, self.links = [], [], "", [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        assert len(names) == len(attrs)
        assert not [name for name in names if name.startswith("on") or name in ("src", "action", "srcdoc")]
        self.tags.append(tag)
        self.text += " " if tag in ("td", "th", "p", "dd", "h3", "span", "tr", "h2") else ""
        self.ids += [names["id"]] if "id" in names else []
        self.links += [names["href"]] if "href" in names else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)


def policy(html: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert found is not None
    return found[1]


def test_students_read_marks_messages_and_notes(samples, course):
    page = Page(student_page(samples.mixed(), course))
    for sentence in (
        "Ben O'Brien",
        "3.5 / 10 points 4.5 earned, less a penalty of 1",
        "Cell 4 appears twice; the last one counts.",
        "Convolution in two dimensions 2 / 4 ◐ partly right",
        "values on public cases 0 / 1 ✗ not right",
        "You turned the kernel by 180 degrees",
        "at [0, 1, 3, 2] got -3.25 expected 1.5 may differ by 2.3e-13",
        "Half of the points: your backward fits your own forward.",
        "Known as: dW-last-example or dW-mean-over-batch",
        "T2 (namespaces, seccomp, rlimits)",
        "1 hidden check: 0.5 of 1 point",
    ):
        assert sentence in page.words


def test_hints_open_one_step_at_a_time(samples, course):
    html = student_page(samples.mixed(), course)
    assert Page(html).tags.count("details") == 4
    assert "<details open" not in html
    assert re.findall(r"<summary><strong>(\w+)", html) == ["Where", "What", "How", "Where"]


def test_a_student_page_has_no_script_and_loads_nothing(samples, course):
    html = student_page(samples.mixed(), course)
    assert {"script", "img", "link", "iframe"}.isdisjoint(Page(html).tags)
    assert policy(html).startswith("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
    assert not re.search(r"url\(|@import|https?://", html)


def test_every_link_on_a_student_page_has_its_target(samples, course):
    page = Page(student_page(samples.mixed(), course))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_hidden_checks_and_staff_notes_stay_away(samples, course):
    html = student_page(samples.mixed(), course)
    assert "secret" not in html.lower()
    assert "STAFF-ONLY" not in html
    later = student_page(samples.mixed(), course, shown={"visible", "after_due_date"})
    assert "SECRET-2" in later
    assert "SECRET-1" not in later


def test_withheld_marks_show_no_total(samples, course):
    page = Page(student_page(samples.incomplete(), course))
    assert "Marks withheld" in page.words
    assert "4 / 10" not in page.words
    assert "– / 2 ⚠ could not be judged" in page.words
    page = Page(student_page(samples.unreadable(), course))
    assert "Not graded" in page.words
    assert "The file is not a notebook: line 1 is not JSON." in page.words


def test_nothing_to_report_is_a_page(samples, course):
    from dataclasses import replace

    bare = replace(course, questions=(), roster={})
    assert "There are no questions" in Page(student_page(samples.report(), bare)).words
    assert "There are no reports." in Page(class_page([], bare)).words


def test_hostile_text_is_only_text(samples, course):
    for text in samples.HOSTILE:
        html = student_page(samples.hostile(text), course)
        page = Page(html)
        assert {"script", "img", "b", "u", "i", "hr"}.isdisjoint(page.tags)
        html.encode("utf-8")
        first_line = clean(text).split("\n")[0].replace("`", "").strip()
        assert re.sub(r"\s+", " ", first_line) in page.words.replace("`", "")


def test_hostile_class_is_only_text(samples, course):
    page = Page(class_page([samples.hostile(text) for text in samples.HOSTILE], course))
    assert page.tags.count("script") == 1
    assert {"img", "b", "u", "i", "hr"}.isdisjoint(page.tags)
    assert not [link for link in page.links if not link.startswith(("students/", "#"))]


def test_staff_see_students_questions_and_mistakes(samples, course):
    page = Page(class_page(samples.whole_class(), course))
    assert "4 reports" in page.words
    assert "kernel-flipped-forward 1 1 conv2d 1 student Ben O'Brien" in page.words
    # (4 + 2 + 4) / 3 = 3.33; dora has no mark for it. The broken one of chen does not count: (2 + 2) / 2.
    assert "Convolution in two dimensions conv2d 3.33 / 4" in page.words
    assert "Output size by hand CONV-3 2 / 2" in page.words
    assert "KeyError" in page.words
    assert "One question could not be judged; staff have been told." in page.words
    assert "STAFF-ONLY" in page.words


def test_an_alert_for_staff_stands_at_the_top(samples, course):
    alert = samples.verdict(
        status="wrong", points=0.0, staff={"alert": "The answers fit the numbers of ben."}
    )
    words = Page(class_page([samples.report("anna", [alert])], course)).words
    assert "Needs your attention (1)" in words
    assert words.index("The answers fit the numbers of ben.") < words.index("Mistakes")


def test_students_without_a_report_are_listed(samples, course):
    words = Page(class_page([samples.perfect()], course)).words
    assert "1 report, 3 of 4 on the roster without one" in words
    assert "Ben O'Brien, 陈" not in words
    assert "3 without a report Ben O'Brien, 伟 陈, dora" in words


def test_the_one_script_is_the_one_the_policy_allows(samples, course):
    import base64
    import hashlib

    html = class_page(samples.whole_class(), course)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy(html)


def test_marks_sort_as_numbers(samples, course):
    html = class_page(samples.whole_class(), course)
    assert re.findall(r'data-sort="([^"]*)"><strong>', html) == ["10", "3.5"]


def test_links_of_the_overview_lead_to_the_pages(samples, course, tmp_path):
    from urllib.parse import unquote

    reports = [*samples.whole_class(), *map(samples.hostile, samples.HOSTILE)]
    written = export(reports, tmp_path, course=course)
    assert len(written.files) == len(set(written.files)) == len(reports) + 1
    links = Page((tmp_path / "index.html").read_text("utf-8")).links
    pages = {unquote(link) for link in links if not link.startswith("#")}
    assert pages == {path.relative_to(tmp_path).as_posix() for path in written.files} - {"index.html"}


def test_without_jinja_the_error_says_what_to_install(samples, course, monkeypatch):
    import sys

    from autograder.reports import webpage

    webpage._environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ExportError, match=r"pip install backmark\[instructor\]"):
        student_page(samples.perfect(), course)
    webpage._environment.cache_clear()
