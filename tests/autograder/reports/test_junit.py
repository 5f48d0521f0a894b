"""JUnit XML, held to the shape that pytest's xunit2 family writes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from autograder.reports.junit import document

SUITE = {"name", "errors", "failures", "skipped", "tests", "time", "timestamp", "hostname"}
OUTCOMES = {"failure": {"message", "type"}, "error": {"message", "type"}, "skipped": {"message", "type"}}


def read(reports, course, **more) -> ET.Element:
    data = document(reports, course, **more)
    assert data.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<testsuites")
    root = ET.fromstring(data)
    hold_to_the_shape(root)
    return root


def hold_to_the_shape(root: ET.Element) -> None:
    """Check names, attributes, order and counts, as an XSD of the family would."""
    assert root.tag == "testsuites"
    assert set(root.attrib) == {"name"}
    for suite in root:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == SUITE
        for tag, count in (("error", "errors"), ("failure", "failures"), ("skipped", "skipped")):
            assert int(suite.attrib[count]) == len(suite.findall(f"testcase/{tag}"))
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        assert [child.tag for child in suite if child.tag != "testcase"] in ([], ["properties"])
        for case in cases:
            hold_case(case)


def hold_case(case: ET.Element) -> None:
    assert case.tag == "testcase"
    assert set(case.attrib) == {"classname", "name", "time"}
    assert re.fullmatch(r"\d+\.\d{3}", case.attrib["time"])
    tags = [child.tag for child in case]
    assert tags == sorted(tags, key=lambda tag: tag != "properties")
    assert sum(tag in OUTCOMES for tag in tags) <= 1
    assert set(tags) <= {"properties", *OUTCOMES}
    for child in case:
        if child.tag == "properties":
            assert all(set(p.attrib) == {"name", "value"} and p.tag == "property" for p in child)
        else:
            assert set(child.attrib) == OUTCOMES[child.tag]


def properties(case: ET.Element) -> dict[str, str]:
    return {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}


def test_each_state_of_a_class(samples, course):
    root = read(samples.whole_class(), course)
    counts = [{k: int(s.attrib[k]) for k in ("tests", "failures", "errors", "skipped")} for s in root]
    assert counts == [
        {"tests": 4, "failures": 0, "errors": 0, "skipped": 0},
        {"tests": 7, "failures": 4, "errors": 0, "skipped": 1},
        {"tests": 4, "failures": 1, "errors": 2, "skipped": 0},
        {"tests": 1, "failures": 0, "errors": 1, "skipped": 0},
    ]


def test_points_are_properties_and_stand_in_the_message_of_a_partial_credit(samples, course):
    case = read([samples.mixed()], course)[0].findall("testcase")[1]
    assert case.attrib["classname"] == "convolution.conv2d"
    assert properties(case) == {"score": "1", "max_score": "1.5", "visibility": "visible"}
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "partial"
    assert failure.attrib["message"].startswith("1 of 1.5 points: ")


def test_hidden_checks_are_one_case_with_a_count(samples, course):
    root = read([samples.mixed()], course)
    hidden = [case for case in root.iter("testcase") if properties(case).get("visibility") != "visible"]
    assert [(c.attrib["name"], properties(c)["score"], properties(c)["max_score"]) for c in hidden] == [
        ("1 hidden check", "0.5", "1"),
        ("1 hidden check, shown after the due date", "0.5", "0.5"),
    ]
    text = document([samples.mixed()], course).decode()
    assert "secret" not in text.lower()
    assert "STAFF-ONLY" not in text


def test_after_the_due_date_the_rest_is_told(samples, course):
    text = document([samples.mixed()], course, shown={"visible", "after_due_date"}).decode()
    assert "secret strides" in text
    assert "secret shapes" not in text


def test_a_report_without_verdicts_says_why(samples, course):
    error = read([samples.unreadable()], course).find("testsuite/testcase/error")
    assert error is not None
    assert error.attrib["message"] == "The file is not a notebook: line 1 is not JSON."


def test_nothing_to_report_is_a_document(samples, course):
    assert len(read([], course)) == 0
    assert read([samples.report()], course)[0].attrib["tests"] == "0"


@pytest.mark.parametrize("number", range(17))
def test_hostile_text_stays_text(samples, course, number):
    text = samples.HOSTILE[number]
    case = read([samples.hostile(text)], course)[0][0]
    failure = case.find("failure")
    assert failure is not None
    assert len(failure) == 0
    said = failure.attrib["message"].removeprefix("0 of 4 points: ")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", said)
    assert len(said) == len(text.replace("\r\n", "\n"))


def test_every_hostile_text_is_tried(samples):
    assert len(samples.HOSTILE) == 17


def test_durations_that_are_none_are_zero(samples, course):
    suite = read([samples.report(duration_s=float("nan"))], course)[0]
    assert suite.attrib["time"] == "0.000"
