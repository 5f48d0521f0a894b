"""Verdicts and reports are plain data, the same in memory as in JSON."""

import dataclasses
import json

import pytest

from autograder.model import Report, SchemaError, Verdict

VERDICT = Verdict(
    "conv_forward", "Forward", "padding", "value", "wrong", 0.5, 2.0, "Y: the values differ.",
    part="forward", hint=("where", "what", "how"), mistake="edge-padding", mistakes_consistent=("edge-padding",),
    worst={"index": [0, 1], "got": "nan", "expected": 2.0, "allowed": 1e-12}, question_hash="ab", staff={"alert": "x"},
)  # fmt: skip
REPORT = Report(
    "convolution", "ada", "graded", (VERDICT, dataclasses.replace(VERDICT, question="conv_out"), VERDICT),
    score=1.5, max_score=6.0,
    submission={"sha256": "00"}, isolation={"tier": "T1", "layers": ["seccomp"]}, notes=("a note",),
)  # fmt: skip


def test_a_report_survives_json_unchanged():
    text = json.dumps(REPORT.to_json(), allow_nan=False)
    assert Report.from_json(json.loads(text)) == dataclasses.replace(
        REPORT, verdicts=tuple(Verdict.from_json(v.to_json()) for v in REPORT.verdicts)
    )
    assert Report.from_json(json.loads(text)).to_json() == REPORT.to_json()


def test_sequences_come_back_as_tuples():
    back = Report.from_json(json.loads(json.dumps(REPORT.to_json())))
    assert back.notes == ("a note",)
    assert back.verdicts[0].hint == ("where", "what", "how")
    assert back.verdicts[0].mistakes_consistent == ("edge-padding",)


def test_verdicts_are_grouped_by_question_in_the_order_of_the_assignment():
    groups = REPORT.questions()
    assert list(groups) == ["conv_forward", "conv_out"]
    assert [len(g) for g in groups.values()] == [2, 1]


@pytest.mark.parametrize("schema", ["backmark/report/2", None, 1])
def test_another_schema_is_refused(schema):
    with pytest.raises(SchemaError, match="backmark/report/1"):
        Report.from_json({**REPORT.to_json(), "schema": schema})


@pytest.mark.parametrize("change", [{"grade": 1}, {"verdicts": [{**VERDICT.to_json(), "marks": 3}]}])
def test_unknown_fields_are_refused_by_name(change):
    with pytest.raises(SchemaError, match=r"grade|marks"):
        Report.from_json({**REPORT.to_json(), **change})


def test_nothing_can_be_changed_afterwards():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REPORT.score = 6.0  # type: ignore[misc]
