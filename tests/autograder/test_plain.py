"""Text made once is the text that json would make; a forked process holds no journal; a sandbox guessed ahead."""

import json
import os
import pickle

import pytest

from autograder.ahead import guessed_sandbox
from autograder.course import Course
from autograder.journal import Journal
from autograder.model import Report, Verdict
from autograder.plain import Plain
from autograder.sandbox import Limits

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


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("", ("numpy",)),
        ('[limits]\nseconds = 3\npackages = ["numba"]', ("numpy", "numba")),
        ("[limits]\nunknown = 3", None),
        ("[limits]\npackages = 5", None),
        ("[limits", None),
        ("limits = 3", None),
    ],
)
def test_a_sandbox_is_guessed_from_the_file_or_not_at_all(tmp_path, text, packages):
    course = Course(tmp_path)
    course.keys("tiny").mkdir(parents=True)
    (course.keys("tiny") / "assignment.toml").write_text(text)
    box = guessed_sandbox(course, "tiny", allow_weak=True)
    assert (box and box.packages) == packages
    if packages and "seconds" in text:
        assert box.limits == Limits(seconds=3)
