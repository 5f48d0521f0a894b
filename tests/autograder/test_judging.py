"""One submission to one report: points, statuses, notes, and faults of ours that cost the student nothing."""

import dataclasses
import json
import math
import os
from typing import Any

import pytest

import autograder.judging as judging
from autograder.demo import typed_answers
from autograder.judging import judge_file
from autograder.model import Report
from autograder.sandbox import SandboxError


@pytest.fixture
def judge(bundle, box, tmp_path):
    """judge(content, student): the report on a notebook, bytes or path; no reply is known from another test."""
    bundle.known.clear()

    def run(content, student="ada", name="convolution.ipynb", bundle=bundle, box=box):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return judge_file(bundle, box, path, student)

    return run


def points(report):
    return {q: round(math.fsum(v.points for v in vs), 3) for q, vs in report.questions().items()}


def sound(report, bundle):
    """Hold what is true of every graded report."""
    asked = {
        i: q.points for q in bundle.assignment.questions for i in ((q.id,) if q.is_code else q.instances())
    }
    assert list(report.questions()) == list(asked)
    for question, found in report.questions().items():
        assert math.fsum(v.out_of for v in found) == pytest.approx(asked[question], abs=1e-3)
    assert report.score == pytest.approx(math.fsum(v.points for v in report.verdicts), abs=1e-3)
    assert report.max_score == sum(asked.values())
    assert Report.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report
    return True


# --- full, nothing, in between -------------------------------------------------------------------


def test_the_solution_gets_full_marks_without_a_complaint(judge, solved, bundle):
    report = judge(solved("ada"))
    assert (report.status, report.score) == ("graded", bundle.assignment.max_score)
    assert {v.status for v in report.verdicts} == {"right"}
    assert sound(report, bundle)
    assert report.isolation["tier"]
    assert len(report.submission["sha256"]) == 64


def test_the_blank_release_gets_nothing_and_one_complaint_each(judge, blank, bundle):
    report = judge(blank)
    assert (report.status, report.score) == ("graded", 0)
    assert sound(report, bundle)
    for found in report.questions().values():
        complaints = {v.message for v in found if v.status == "wrong"}
        assert len(complaints) == 1
    assert not any(v.mistake or v.mistakes_consistent for v in report.verdicts)


def test_one_wrong_function_costs_that_function_only(judge, solved, cell_of, bundle):
    notebook = solved("ada")
    cell_of(notebook, "local_backward")["source"] = "def local_backward(dY, cache):\n    return dY"
    full = points(judge(solved("ada")))
    assert points(judge(notebook)) == full | {"local_backward": 0.0}


def test_judging_while_it_runs_is_judging_afterwards(judge, solved, cell_of, bundle, monkeypatch):
    notebook = solved("ada")
    cell_of(notebook, "corr2d")["source"] = "def corr2d(F, H, pad=0):\n    return F[::-1]"
    cell_of(notebook, "conv_params")["source"] = "def conv_params(c_in, k, c_out, bias=True):\n    1 / 0"
    bundle.known.clear()
    meanwhile = [judge(notebook), judge(notebook)]  # the second knows the replies of the first
    assert any(seen.right for seen in bundle.known.values())
    assert any(seen.same for seen in bundle.known.values())
    monkeypatch.setattr(judging._Code, "took", lambda *_: None)
    afterwards = [judge(notebook)]
    bundle.known.clear()
    afterwards.append(judge(notebook))
    assert [report.verdicts for report in meanwhile] == [report.verdicts for report in afterwards]
    assert {v.status for v in meanwhile[0].verdicts} >= {"right", "wrong"}


def test_a_fault_while_it_runs_is_made_good_afterwards(judge, solved, monkeypatch, bundle):
    def fails(*_):
        raise ZeroDivisionError

    bundle.known.clear()
    full = judge(solved("ada")).verdicts
    monkeypatch.setattr(judging._Code, "_early", fails)
    bundle.known.clear()
    assert judge(solved("ada")).verdicts == full
    assert not any(seen.right or seen.same for seen in bundle.known.values())


def test_an_error_in_one_cell_does_not_stop_the_next(judge, solved, cell_of):
    notebook = solved("ada")
    cell_of(notebook, "conv_out")["source"] = "1 / 0"
    report = judge(notebook)
    assert points(report)["conv_out"] == 0
    assert points(report)["conv_params"] == 2
    assert any("ZeroDivisionError" in note for note in report.notes)


def test_the_same_bytes_get_the_same_verdicts(judge, solved, cell_of):
    notebook = solved("ada")
    cell_of(notebook, "conv_forward")["source"] = "def conv_forward(X, W, b, s, p, d=1):\n    return X, None"
    first, again = (judge(notebook).to_json() for _ in range(2))
    for report in (first, again):
        report.pop("duration_s"), report.pop("started_at")
    assert first == again


def test_a_python_file_is_one_cell(judge, honest, bundle):
    source = "def conv_params(c_in, k, c_out, bias=True):\n    return c_out * (c_in * k * k + bool(bias))\n"
    report = judge(source.encode(), name="anything.py")
    assert points(report)["conv_params"] == 2
    assert report.score == 2
    assert sound(report, bundle)


# --- who ----------------------------------------------------------------------------------------


def test_the_id_of_the_hand_in_decides_and_another_claim_is_noted(judge, solved, bundle):
    report = judge(solved("ben"), student="ada")
    assert report.student == "ada"
    assert any('student = "ben"' in note and "handed in as ada" in note for note in report.notes)
    typed = [v for v in report.verdicts if v.kind == "typed" and v.status == "wrong"]
    assert typed
    alerts = [v.staff["alert"] for v in typed if v.staff]
    assert alerts
    assert all("another student" in alert and "ben" in alert for alert in alerts)
    assert sound(report, bundle)


def test_alerts_are_for_staff_only(judge, solved):
    for verdict in judge(solved("ben"), student="ada").verdicts:
        assert "ben" not in " ".join((verdict.message, *verdict.hint))


@pytest.mark.parametrize("student", ["mallory", "", "../ada", "ADA", "ada\n", "\ud800"])
def test_nobody_outside_the_roster_is_graded(judge, solved, student):
    report = judge(solved("ada"), student=student)
    assert (report.status, report.score, report.verdicts) == ("error", 0.0, ())
    assert "not in the roster" in report.message
    json.dumps(report.to_json())


# --- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3}',
        b"\xff\xfe\x00",
        b'{"worksheets": []}',
        b"[" * 100_000,
        b'{"cells": [' + b"{}," * 2001 + b"{}]}",
        b"nothing like a notebook",
    ],
)
def test_an_unreadable_notebook_is_an_error_with_a_sentence(judge, content):
    report = judge(content)
    assert (report.status, report.score, report.verdicts) == ("error", 0.0, ())
    assert report.message.endswith(".")
    assert "Traceback" not in report.message


@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder", "missing", "device"])
def test_only_ordinary_files_are_read(bundle, box, tmp_path, kind):
    path = tmp_path / "convolution.ipynb"
    {
        "symlink": lambda: path.symlink_to("/etc/passwd"),
        "fifo": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "missing": lambda: None,
        "device": lambda: path.symlink_to("/dev/zero"),
    }[kind]()
    report = judge_file(bundle, box, path, "ada")
    assert report.status == "error"
    assert "root:" not in report.message


def test_a_notebook_full_of_odd_cells_is_graded(judge, solved, bundle):
    notebook = solved("ada")
    odd: list[Any] = [
        None,
        3,
        [],
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": 7},
        {"cell_type": "code", "source": ["a", 1]},
        {"cell_type": "x", "source": "1"},
        {"cell_type": "code", "source": "1", "metadata": "no"},
        {"cell_type": "code", "source": "2", "metadata": {"nbgrader": [1]}},
    ]
    notebook["cells"] = [*odd, *notebook["cells"]]
    report = judge(notebook)
    assert report.score == bundle.assignment.max_score
    assert report.notes


def test_tampering_with_metadata_gains_nothing(judge, solved, blank, bundle):
    """A test cell rewritten and points raised in the metadata change nothing."""
    notebook = json.loads(blank)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader")
        if marks and marks.get("grade"):
            marks["points"] = 1000
            cell["source"] = "pass"
    report = judge(notebook)
    assert (report.score, report.max_score) == (0, bundle.assignment.max_score)


# --- by hand -------------------------------------------------------------------------------------


def by_hand(report):
    return {v.question + "/" + v.check: v for v in report.verdicts if v.kind == "typed"}


def with_answers(solved, bundle, change):
    own = bundle.by_hand["ada"]
    return change({i: dict(t) if isinstance(t, dict) else t for i, t in typed_answers(own).items()})


def test_no_answer_and_an_unreadable_one_are_told_apart(judge, solved, cell_of):
    notebook = solved("ada")
    cell_of(notebook, "CARITH-2")["source"] = '# answer: CARITH-2\nanswer = """a few"""'
    cell_of(notebook, "CONV-1")["source"] = '# answer: CONV-1\nanswer = """ """'
    report = judge(notebook)
    found = by_hand(report)
    assert "cannot be read" in found["CARITH-2/answer"].message
    assert "No answer" in found["CONV-1/answer"].message
    assert points(report)["CARITH-2"] == points(report)["CONV-1"] == 0


def test_parts_are_judged_by_themselves(judge, solved, cell_of):
    notebook = solved("ada")
    cell = cell_of(notebook, "CARITH-1")
    cell["source"] = cell["source"].replace('"size": ', '"size": "99999" or ')
    cell["source"] = (
        '# answer: CARITH-1\nanswer = {"size": """99999""", "fits": '
        + ("'yes'" if "yes" in cell["source"] else "'no'")
        + "}"
    )
    found = by_hand(judge(notebook))
    assert found["CARITH-1/size"].status == "wrong"
    assert found["CARITH-1/fits"].status == "right"


def test_a_lookalike_answer_is_named(judge, solved):
    report = judge(solved("ada", wrong=True))
    typed = [v for v in report.verdicts if v.kind == "typed" and v.status != "right"]
    assert typed
    assert any(v.mistakes_consistent for v in typed)
    for verdict in typed:
        if verdict.mistakes_consistent:
            assert verdict.hint[1].startswith("You")


@pytest.mark.parametrize(
    "source",
    [
        "answer = __import__('os').system('id')",
        "answer = 1 +",
        "answer = {'size': [1]}",
        "answer = {}",
        "answer = None",
        "1",
        "answer = b'x'",
        "answer = ['1']",
        "answer = 5",
        "answer = {1: 2}",
        "answer = '" + "9" * 5000 + "'",
    ],
)
def test_no_text_in_an_answer_cell_breaks_judging(judge, solved, cell_of, source, bundle):
    notebook = solved("ada")
    for question in ("CARITH-1", "CARITH-2"):
        cell_of(notebook, question)["source"] = f"# answer: {question}\n{source}"
    report = judge(notebook)
    assert report.status == "graded"
    assert points(report)["CARITH-2"] == 0
    assert sound(report, bundle)


# --- our own faults ------------------------------------------------------------------------------


def test_a_fault_of_a_check_withholds_marks_and_costs_nothing(judge, solved, monkeypatch, bundle):
    def fails(key, *args):
        if key.question == "conv_out":
            raise ZeroDivisionError("with hidden numbers 123456789")
        return really(key, *args)

    really = judging.judge
    monkeypatch.setattr(judging, "judge", fails)
    report = judge(solved("ada"))
    assert report.status == "incomplete"
    broken = [v for v in report.verdicts if v.status == "broken"]
    assert [v.question for v in broken] == ["conv_out"]
    assert "costs you nothing" in broken[0].message
    assert "123456789" not in broken[0].message
    assert "ZeroDivisionError" in broken[0].staff["error"]
    assert sound(report, bundle)


def test_a_fault_of_naming_costs_only_the_name(judge, solved, cell_of, monkeypatch):
    monkeypatch.setattr(judging, "name_mistakes", lambda _judgement: 1 / 0)
    notebook = solved("ada")
    cell_of(notebook, "corr2d")["source"] = "def corr2d(F, H, pad):\n    return F"
    report = judge(notebook)
    assert report.status == "graded"
    assert points(report)["corr2d"] == 0


def test_a_student_without_numbers_is_incomplete_not_zero(judge, solved, bundle):
    lacking = dataclasses.replace(bundle, by_hand={})
    report = judge(solved("ada"), bundle=lacking)
    assert report.status == "incomplete"
    assert {v.question for v in report.verdicts if v.status == "broken"} == set(bundle.by_hand["ada"])


@pytest.mark.parametrize(
    "error", [SandboxError("The sandbox died again and again."), RuntimeError("unforeseen"), MemoryError()]
)
def test_a_fault_of_the_sandbox_costs_one_row(judge, solved, box, monkeypatch, error):
    def fails(*_args):
        raise error

    monkeypatch.setattr(box, "run", fails)
    report = judge(solved("ada"))
    assert (report.status, report.verdicts) == ("incomplete", ())
    assert "staff" in report.message
    assert "Traceback" not in report.message
    monkeypatch.undo()
    assert judge(solved("ada")).status == "graded"


# --- what stops everything -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def conv_params(c_in, k, c_out, bias=True)\n    return 1", "syntax-error"),
        ("x = [][1]\ndef conv_params(c_in, k, c_out, bias=True):\n    return 1", "cell-stops-in-the-middle"),
    ],
)
def test_a_cell_that_never_defines_its_function_is_named(judge, solved, cell_of, source, name):
    notebook = solved("ada")
    cell_of(notebook, "conv_params")["source"] = source
    first = judge(notebook).questions()["conv_params"][0]
    assert first.mistake == name
    assert "cell" in first.hint[1]


@pytest.mark.parametrize(
    ("failing", "source"),
    [
        ("name_mistakes", "def corr2d(F, H, pad=0):\n    return F[::-1]"),
        ("remarked", "def corr2d(F, H, pad=0):\n    return F[::-1] + 0.125"),  # no known mistake
    ],
)
def test_what_failed_to_be_said_once_is_said_to_the_next(
    failing, source, judge, solved, cell_of, monkeypatch, bundle
):
    calls = []

    def fails(_judgement):
        calls.append(failing)
        raise ZeroDivisionError

    notebook = solved("ada")
    cell_of(notebook, "corr2d")["source"] = source
    expected = judge(notebook).verdicts
    bundle.known.clear()
    with monkeypatch.context() as once:
        once.setattr(judging, failing, fails)
        judge(notebook)
    assert calls
    assert not any(seen.same for (question, _), seen in bundle.known.items() if question == "corr2d")
    assert judge(notebook).verdicts == expected
