"""Text made once is the text that json would make; a forked process holds no journal."""

import json
import os
import pickle

import pytest

from autograder.journal import Journal
from autograder.model import Report, Verdict
from autograder.plain import Plain

VERDICTS = (
    Verdict("softmax", "Softmax", "values", "value", "right", 1.0, 1.0, "All right.", hint=("a", "b")),
    Verdict("relu", "ReLU", "σ ≤ 1", "value", "wrong", 0.0, 1.0, "Σ \x7f \x01 \"x\" \\u00e9 é", staff={"x": [1, "é"]}),
)  # fmt: skip
REPORT = Report("tiny", "ada", "graded", VERDICTS, score=1.0, max_score=2.0, notes=("naïve",))


@pytest.fixture
def plain():
    return pickle.loads(pickle.dumps(Plain(REPORT.to_json())))


def test_a_line_is_what_json_writes(plain):
    assert plain.line() == json.dumps(REPORT.to_json())
    assert Report.from_json(json.loads(plain.line())) == REPORT


def test_a_page_holds_the_report_with_letters_as_they_are(plain):
    page = plain.page(REPORT.to_json() | {"penalty": 0.5})
    assert json.loads(page) == REPORT.to_json() | {"penalty": 0.5}
    assert "Σ" in page
    assert "naïve" in page
    assert page.count("\n") == len(REPORT.to_json()) + len(VERDICTS) + 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_does_not_hold_the_lock(tmp_path):
    hear, say = os.pipe()
    wait, go = os.pipe()
    first = Journal(tmp_path / "tiny.jsonl").__enter__()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.write(say, b"1")
        os.read(wait, 1)  # until the other end is closed
        os._exit(0)
    try:
        os.read(hear, 1)
        first.close()  # as the end of the first process would
        with Journal(tmp_path / "tiny.jsonl") as journal:
            journal.append({"student": "ada"})
    finally:
        for end in (go, wait, hear, say):
            os.close(end)
        os.waitpid(child, 0)
