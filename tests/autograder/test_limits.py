"""Each limit of an assignment, exceeded: that question gets one plain sentence, the others their marks."""

import json

import pytest

from autograder.loading import load_bundle
from autograder.workers import Job, Judge

HEAD = "def conv_out(n, k, s=1, p=0, d=1):\n"
RIGHT = "    left = n + 2 * p - d * (k - 1) - 1\n    return left // s + 1, left % s == 0\n"
TIME = "`conv_out` was stopped after 2 s, the time that each question of this assignment has."
MEMORY = "`conv_out` needs more memory than the 256 MB that this assignment allows."


@pytest.fixture(scope="module")
def judge(tiny_made):
    judge = Judge(load_bundle(tiny_made, "tiny"), allow_weak=True)
    yield judge
    judge.close()


@pytest.fixture
def judged(judge, tinies, tmp_path):
    """judged(cell): the report on a right notebook whose cell of conv_out is another."""

    def run(source):
        path = tmp_path / "tiny.ipynb"
        path.write_text(json.dumps(tinies.notebook("ada", conv_out=source)))
        return judge.judge(Job("ada", path))[1]

    return run


def not_allowed(happened):
    return f"{happened}, which is not available when this assignment is graded; allowed: numpy."


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (HEAD + "    while True:\n        pass", TIME),
        (HEAD + "    while True:\n        print('x' * 1000)", TIME),
        (HEAD + "    np.ones((4096, 4096, 64))\n" + RIGHT, MEMORY),
        (HEAD + "    import torch\n" + RIGHT, not_allowed("`conv_out` imports torch")),
        (HEAD + "    from scipy import signal\n" + RIGHT, not_allowed("`conv_out` imports scipy")),
        (
            "import torch\n" + HEAD + "    torch.zeros(1)\n" + RIGHT,
            not_allowed("The cell of `conv_out` imports torch"),
        ),
        (
            "import numba\n" + HEAD + "    numba.njit(abs)\n" + RIGHT,
            not_allowed("The cell of `conv_out` imports numba"),
        ),
    ],
    ids=["time", "printing for ever", "memory", "import", "from", "cell", "installed but not allowed"],
)
def test_a_question_over_a_limit_says_so_and_costs_nothing_else(judged, source, says):
    report = judged(source)
    mine = [v for v in report["verdicts"] if v["question"] == "conv_out"]
    assert mine[0]["message"] == mine[0]["hint"][1] == says
    assert all(v["points"] == 0 for v in mine)
    assert (report["status"], report["score"]) == ("graded", 4.0)


def test_an_import_that_is_not_used_costs_nothing_but_is_told(judged):
    report = judged("import torch\n" + HEAD + RIGHT)
    assert report["score"] == 6.0
    assert any("torch is not available" in note for note in report["notes"])


def test_too_much_printed_is_told_and_costs_nothing(judged):
    report = judged(HEAD + "    print('x' * 20000)\n" + RIGHT)
    assert report["score"] == 6.0
    (note,) = [n for n in report["notes"] if "printed" in n]
    assert "64 KB" in note


def test_an_import_that_fails_for_another_reason_is_left_as_it_is(judged):
    report = judged(HEAD + "    from numpy import nothing_like_it\n" + RIGHT)
    mine = next(v for v in report["verdicts"] if v["question"] == "conv_out")
    assert "ImportError" in mine["message"]


def test_a_process_that_was_killed_is_run_once_more(judge, judged, monkeypatch):
    """Killed from outside once: full marks; by its own hand: the same again, and a sentence."""
    from autograder.sandbox import Sandbox

    really, runs = Sandbox.run, []

    def run(box, cells, scripts, *rest):
        runs.append(set(scripts))
        evidence = really(box, cells, scripts, *rest)
        if len(runs) == 1:
            outcome = type(evidence.questions["corr2d"][0])("killed", error={"type": "ran out of memory"})
            evidence.questions["corr2d"] = (outcome,) * len(evidence.questions["corr2d"])
        return evidence

    monkeypatch.setattr(Sandbox, "run", run)
    assert judged(HEAD + RIGHT)["score"] == 6.0
    assert runs == [{"conv_out", "corr2d"}, {"corr2d"}]
    runs[:] = [set()]
    report = judged(HEAD + "    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)")
    assert report["score"] == 4.0
    assert runs[1:] == [{"conv_out", "corr2d"}, {"conv_out"}]
    assert next(v for v in report["verdicts"] if v["question"] == "conv_out")["status"] == "wrong"


def test_a_question_without_time_left_says_so(judged, monkeypatch):
    monkeypatch.setattr("autograder.sandbox.Limits.total", lambda limits, questions: 1.0)
    report = judged(HEAD + "    while True:\n        pass")
    mine = [v for v in report["verdicts"] if v["question"] == "conv_out"]
    says = "`conv_out` was not run to its end: the time for the whole submission had been used up."
    assert mine[0]["message"] == mine[0]["hint"][1] == says
    assert (report["status"], report["score"]) == ("graded", 1.0)  # the answer by hand, which takes no time
    assert any("1 s for everything together" in note for note in report["notes"])
