"""Marks by question: totals over all checks, hidden ones as a count with a total."""

from __future__ import annotations

import pytest

from autograder.reports.marks import STAFF, final_mark, marks_by_question, number, withheld


def by_id(report, course, *shown):
    return {marks.id: marks for marks in marks_by_question(report, course, *shown)}


def test_totals_count_every_check_hidden_or_not(samples, course):
    marks = by_id(samples.mixed(), course)
    assert {name: (m.points, m.out_of, m.status) for name, m in marks.items()} == {
        "conv2d": (2.0, 4.0, "partial"),
        "CONV-3": (2.0, 2.0, "right"),
        "maxpool2d": (0.5, 4.0, "partial"),
    }


def test_hidden_checks_are_a_count_and_a_total_by_visibility(samples, course):
    hidden = by_id(samples.mixed(), course)["conv2d"].hidden
    assert [h.sentence() for h in hidden] == [
        "1 hidden check: 0.5 of 1 point",
        "1 hidden check, shown after the due date: 0.5 of 0.5 points",
    ]


def test_staff_see_every_check(samples, course):
    marks = by_id(samples.mixed(), course, STAFF)["conv2d"]
    assert len(marks.shown) == 4
    assert marks.hidden == ()


def test_a_visibility_nobody_knows_is_hidden(samples, course):
    verdicts = [samples.verdict("conv2d", visibility="friends", message="SECRET")]
    marks = by_id(samples.report(verdicts=verdicts), course, STAFF)["conv2d"]
    assert marks.shown == ()
    assert marks.hidden[0].visibility == "hidden"


def test_questions_keep_the_order_of_the_assignment_and_strangers_come_last(samples, course):
    verdicts = [samples.verdict(name) for name in ("old", "maxpool2d", "conv2d")]
    marks = marks_by_question(samples.report(verdicts=verdicts), course)
    assert [m.id for m in marks] == ["conv2d", "CONV-3", "maxpool2d", "old"]
    assert marks[1].status == "unjudged"
    assert marks[1].out_of == 2.0


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([("right", 1, 1), ("wrong", 0, 1)], "partial"),
        ([("wrong", 0, 1), ("skipped", 0, 1)], "wrong"),
        ([("skipped", 0, 1)], "skipped"),
        ([("right", 1, 1), ("broken", 0, 1)], "broken"),
        ([("right", 0, 0)], "right"),
        ([("wrong", 0, 0)], "wrong"),
        ([("right", 0.1, 0.1), ("right", 0.2, 0.2)], "right"),
    ],
)
def test_status_of_a_question(samples, course, verdicts, status):
    report = samples.report(verdicts=[samples.verdict("conv2d", s, p, o) for s, p, o in verdicts])
    assert by_id(report, course)["conv2d"].status == status


def test_penalty_is_taken_off_and_never_below_zero(samples):
    assert final_mark(samples.mixed()) == 3.5
    assert final_mark(samples.report(score=2.0, penalty=5.0)) == 0.0
    assert final_mark(samples.report(score=2.0, penalty=-5.0)) == 2.0


def test_marks_are_withheld_where_something_of_ours_failed(samples):
    assert [withheld(r) for r in samples.whole_class()] == [False, False, True, True]
    assert withheld(samples.report(verdicts=[samples.verdict(status="broken", points=0.0)]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (2.5, "2.5"),
        (1 / 3, "0.3333"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "0"),
        (float("nan"), "0"),
        (100, "100"),
    ],
)
def test_numbers_are_short_and_plain(value, text):
    assert number(value) == text
