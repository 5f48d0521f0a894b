"""The JSON Schema of a report holds what the model writes, and refuses what it must not."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

import autograder.reports
from autograder.model import Report, Verdict

SCHEMA = json.loads((Path(autograder.reports.__file__).parent / "report.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_sample_is_valid_after_a_trip_through_json(samples):
    hostile = [samples.hostile(text) for text in samples.HOSTILE if text]
    for report in [*samples.whole_class(), *hostile, samples.report()]:
        data = json.loads(json.dumps(report.to_json()))
        VALIDATOR.validate(data)
        assert Report.from_json(data).to_json() == data


def test_schema_and_model_list_the_same_fields():
    assert set(SCHEMA["properties"]) == {f.name for f in fields(Report)} == set(SCHEMA["required"])
    verdict = SCHEMA["$defs"]["verdict"]
    assert set(verdict["properties"]) == {f.name for f in fields(Verdict)} == set(verdict["required"])


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "backmark/report/2"},
        {"status": "timeout"},
        {"score": -1},
        {"score": "10"},
        {"student": ""},
        {"extra": 1},
        {"submission": {"sha256": "xyz"}},
        {"notes": "one"},
    ],
)
def test_wrong_reports_are_refused(samples, change):
    assert not VALIDATOR.is_valid(samples.perfect().to_json() | change)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "failed"},
        {"visibility": "secret"},
        {"hint": ["a", "b", "c", "d"]},
        {"worst": {"index": [0], "mine": 1}},
        {"visibility": "hidden", "worst": {"index": [0], "got": 1, "expected": 2, "allowed": 0}},
        {"points": None},
    ],
)
def test_wrong_verdicts_are_refused(samples, change):
    data = samples.mixed().to_json()
    data["verdicts"][0] |= change
    assert not VALIDATOR.is_valid(data)


def test_a_missing_field_is_refused(samples):
    data = samples.perfect().to_json()
    del data["penalty"]
    assert not VALIDATOR.is_valid(data)
