"""Gradescope's results.json, held to the list of fields it reads."""

from __future__ import annotations

import json

import pytest

from autograder.reports.gradescope import document, export, results

TOP = {
    "score",
    "execution_time",
    "output",
    "output_format",
    "test_output_format",
    "test_name_format",
    "visibility",
    "stdout_visibility",
    "extra_data",
    "tests",
    "leaderboard",
}
TEST = {
    "score",
    "max_score",
    "status",
    "name",
    "name_format",
    "number",
    "output",
    "output_format",
    "tags",
    "visibility",
    "extra_data",
}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}


def read(report, course) -> dict:
    data = json.loads(document(report, course), parse_constant=pytest.fail)
    assert set(data) <= TOP
    assert isinstance(data["score"], float)
    assert {data["output_format"], data["test_output_format"]} <= FORMATS
    assert {data["visibility"], data["stdout_visibility"]} <= VISIBILITIES
    for test in data["tests"]:
        assert set(test) <= TEST
        assert test["visibility"] in VISIBILITIES
        assert {test["output_format"], test["name_format"]} <= FORMATS
        assert test.get("status", "passed") in {"passed", "failed"}
        assert ("score" in test) == ("max_score" in test)
        assert isinstance(test["number"], str)
        assert all(isinstance(tag, str) for tag in test["tags"])
    return data


@pytest.mark.parametrize("number", range(4))
def test_every_state_is_valid(samples, course, number):
    read(samples.whole_class()[number], course)


def test_scores_and_visibility_follow_the_verdicts(samples, course):
    data = read(samples.mixed(), course)
    assert data["score"] == 3.5
    assert "less a penalty of 1: **3.5**" in data["output"]
    told = [
        (t["number"], t["visibility"], t.get("score"), t.get("max_score"), t["status"]) for t in data["tests"]
    ]
    assert told == [
        ("1.1", "visible", 0.0, 1.0, "failed"),
        ("1.2", "visible", 1.0, 1.5, "failed"),
        ("1.3", "hidden", 0.5, 1.0, "failed"),
        ("1.4", "after_due_date", 0.5, 0.5, "passed"),
        ("2.1", "visible", 2.0, 2.0, "passed"),
        ("3.1", "visible", 0.5, 2.0, "failed"),
        ("3.2", "visible", 0.0, 2.0, "failed"),
        ("0", "visible", None, None, "passed"),
    ]


def test_one_line_tells_how_many_checks_are_hidden(samples, course):
    line = read(samples.mixed(), course)["tests"][-1]
    assert line["output"] == "2 checks are not shown now; together: 1.5 points."
    assert not any(t["name"] == "Hidden checks" for t in read(samples.perfect(), course)["tests"])


def test_what_students_see_holds_no_secret(samples, course):
    data = read(samples.mixed(), course)
    seen = json.dumps([t for t in data["tests"] if t["visibility"] == "visible"]) + data["output"]
    assert "SECRET" not in seen
    assert "STAFF-ONLY" not in json.dumps(data)


def test_withheld_marks_are_not_given_out(samples, course):
    data = read(samples.incomplete(), course)
    assert data["score"] == 0.0
    assert "withheld" in data["output"]
    assert not any("score" in test for test in data["tests"])


def test_hostile_text_cannot_become_markup(samples, course):
    for text in samples.HOSTILE:
        data = read(samples.hostile(text), course)
        outputs = [data["output"], *(t["output"] for t in data["tests"])]
        assert not any("<script" in o.replace("\\<", "") or "](" in o.replace("\\](", "") for o in outputs)


def test_one_report_is_one_file_and_a_class_a_folder_each(samples, course, tmp_path):
    assert export([samples.mixed()], tmp_path / "r" / "results.json", course=course).files == (
        tmp_path / "r" / "results.json",
    )
    many = export(samples.whole_class(), tmp_path / "class", course=course)
    assert [path.relative_to(tmp_path / "class").as_posix() for path in many.files] == [
        f"{name}/results.json" for name in ("anna", "ben", "chen", "dora")
    ]
    assert json.loads(many.files[1].read_text("utf-8")) == results(samples.mixed(), course)
