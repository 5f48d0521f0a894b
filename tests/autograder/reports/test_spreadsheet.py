"""CSV: the table a spreadsheet opens, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re

from autograder.reports.spreadsheet import LONG_COLUMNS, long_table, table


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_one_row_per_student(samples, course):
    assert rows(table(samples.whole_class(), course)) == [
        ["student", "status", "score", "max_score", "penalty", "conv2d", "CONV-3", "maxpool2d", "mistakes"],
        ["anna", "graded", "10", "10", "0", "4", "2", "4", ""],
        [
            "ben",
            "graded",
            "4.5",
            "10",
            "1",
            "2",
            "2",
            "0.5",
            "dW-last-example or dW-mean-over-batch; kernel-flipped-forward",
        ],
        ["chen", "incomplete", "", "10", "0", "4", "", "0", ""],
        ["dora", "error", "", "10", "0", "", "", "", ""],
    ]


def test_a_manual_question_that_waits_has_no_points_yet(samples, course):
    waiting = samples.verdict("CONV-3", "skipped", 0.0, 2.0, kind="manual")
    given = samples.verdict("CONV-3", "wrong", 0.0, 2.0, kind="manual")
    body = rows(table([samples.report("a", [waiting]), samples.report("b", [given])], course))[1:]
    assert [row[6] for row in body] == ["", "0"]


def test_a_question_only_one_report_knows_has_a_column(samples, course):
    reports = [samples.perfect(), samples.report("zoe", [samples.verdict("old", points=0.25)])]
    head, *body = rows(table(reports, course))
    assert [row[head.index("old")] for row in body] == ["", "0.25"]


def test_long_form_has_one_row_per_verdict(samples, course):
    head, *body = rows(long_table(samples.whole_class(), course))
    assert tuple(head) == LONG_COLUMNS
    assert len(body) == 4 + 7 + 3
    hidden = [dict(zip(head, row, strict=True)) for row in body if "hidden" in row]
    assert [(row["check"], row["points"], row["out_of"]) for row in hidden] == [("secret shapes", "0.5", "1")]
    broken = next(dict(zip(head, row, strict=True)) for row in body if "broken" in row)
    assert broken["points"] == ""


def test_lines_end_as_rfc_4180_wants(samples, course):
    text = table(samples.whole_class(), course)
    assert text.count("\r\n") == 5
    assert "\n" not in text.replace("\r\n", "")


def test_no_class_is_a_header(samples, course):
    assert len(rows(table([], course))) == 1
    assert len(rows(long_table([], course))) == 1


def test_no_cell_is_a_formula_and_numbers_stay_numbers(samples, course):
    reports = [samples.hostile(text) for text in samples.HOSTILE]
    for text in (table(reports, course), long_table(reports, course)):
        text.encode("utf-8")
        for row in rows(text)[1:]:
            for cell in row:
                number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
                assert number or not re.match(r"[\t\r\n\s]*[=+\-@＝＋－＠]|[\t\r\n]", cell), cell


def test_a_negative_number_is_not_quoted(samples, course):
    assert rows(table([samples.report("a", penalty=-1.5)], course))[1][4] == "-1.5"


def test_guarded_text_is_kept_whole(samples, course):
    names = ["=1+1", "-x", "+x", "@x", "\tx", 'O\'Brien, "Bo"', "张伟", "a\nb"]
    students = [row[0] for row in rows(table([samples.report(name) for name in names], course))[1:]]
    assert students == ["'=1+1", "'-x", "'+x", "'@x", "'\tx", 'O\'Brien, "Bo"', "张伟", "a\nb"]
