"""Grading a class: resumable, parallel, one bad hand-in costs one row, nothing graded is ever lost."""

import contextlib
import errno
import gc
import importlib
import json
import os
import shutil
import signal
import sys
import tracemalloc
from pathlib import Path

import pytest

import autograder.grading as grading
from autograder import workers
from autograder.course import Course, CourseError
from autograder.grading import grade
from autograder.journal import Journal, JournalError, read_journal
from autograder.loading import load_bundle
from autograder.making import make
from autograder.marking import read_reports
from autograder.model import Report
from autograder.workers import TITLE


def run(course, **more):
    return grade(course, "tiny", allow_weak=True, **more)


def scores(course):
    return {r.student: (r.status, r.score) for r in read_reports(course, "tiny")}


def timeless(report):
    data = report.to_json() if isinstance(report, Report) else dict(report)
    for name in ("started_at", "duration_s"):
        data.pop(name)
    for verdict in data["verdicts"]:
        verdict.pop("duration_s")
    return data


EXPECTED = {
    "ada": ("graded", 6.0),
    "ben": ("graded", 3.0),
    "cleo": ("graded", 0.0),
    "dan": ("error", 0.0),
    "zeno": ("error", 0.0),
}


# --- a class -------------------------------------------------------------------------------------


def test_everybody_gets_a_row_and_a_report_and_a_second_run_does_nothing(handed_in):
    rows = []
    progress = run(handed_in, on_report=lambda report, kept: rows.append((report.student, kept)))
    assert scores(handed_in) == EXPECTED
    assert sorted(rows) == [(s, False) for s in EXPECTED]
    assert (progress.total, progress.graded, progress.kept, progress.failed, progress.broken) == (
        5,
        5,
        0,
        2,
        0,
    )
    assert progress.missing == ()
    files = {
        p.stem: json.loads(p.read_text(encoding="utf-8")) for p in handed_in.reports("tiny").glob("*.json")
    }
    assert files == {r.student: r.to_json() for r in read_reports(handed_in, "tiny")}

    journal, stamps = handed_in.journal("tiny").read_bytes(), stamps_of(handed_in)
    again = run(handed_in)
    assert (again.graded, again.kept, again.failed) == (0, 5, 2)
    assert handed_in.journal("tiny").read_bytes() == journal
    assert stamps_of(handed_in) == stamps
    assert files == {r.student: r.to_json() for r in read_reports(handed_in, "tiny")}


def stamps_of(course):
    return {p.name: p.stat().st_mtime_ns for p in course.reports("tiny").iterdir()}


def test_any_number_of_workers_gives_the_same_reports(handed_in, tmp_path):
    other = Course(Path(shutil.copytree(handed_in.root, tmp_path / "OTHER")))
    run(handed_in, workers=1)
    run(other, workers=2)
    assert [timeless(r) for r in read_reports(handed_in, "tiny")] == [
        timeless(r) for r in read_reports(other, "tiny")
    ]


def test_only_what_changed_is_graded_again(handed_in, tinies, tiny_folder):
    run(handed_in)
    tinies.hand_in(handed_in, "ben")
    (handed_in.root / "submitted" / "cleo" / "tiny" / "tiny.ipynb").unlink()
    progress = run(handed_in)
    assert (progress.graded, progress.kept) == (1, 3)
    assert progress.missing == ("cleo",)
    assert scores(handed_in)["ben"] == ("graded", 6.0)
    shutil.rmtree(handed_in.reports("tiny"))
    assert run(handed_in).graded == 0
    assert sorted(p.stem for p in handed_in.reports("tiny").iterdir()) == ["ada", "ben", "dan", "zeno"]


def test_a_student_added_to_the_roster_is_graded_then(handed_in, tiny_folder):
    run(handed_in)
    roster = handed_in.root.parent / "more.csv"
    roster.write_text((handed_in.root / "roster.csv").read_text() + "zeno,,,\n")
    make(str(tiny_folder), handed_in.root, roster)
    progress = run(handed_in)
    assert (progress.graded, progress.kept) == (1, 4)
    status, score = scores(handed_in)["zeno"]
    assert status == "graded"
    assert score >= 5


@pytest.mark.parametrize("change", [("points = 3", "points = 4"), ("seconds = 2", "seconds = 3")])
def test_other_points_or_limits_are_graded_again(handed_in, tiny_folder, tmp_path, change):
    """The keys stay the same, the marks do not."""
    run(handed_in)
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "tiny"))
    text = (folder / "assignment.toml").read_text()
    (folder / "assignment.toml").write_text(text.replace(*change))
    make(str(folder), handed_in.root)
    assert run(handed_in).graded == 5
    assert scores(handed_in)["ada"] == ("graded", 7.0 if "4" in change[1] else 6.0)


class Wordy:
    """Judge nothing; give everybody a report of 20 kB."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, jobs):
        for i, job in enumerate(jobs):
            report = Report(
                "tiny", job.student, "graded", notes=(f"{i:05}" * 4000,), score=1.0, max_score=1.0
            )
            yield [(job, ("sha", report.to_json()))]


def test_memory_does_not_grow_with_the_class(tiny, tinies, monkeypatch):
    monkeypatch.setattr(grading, "Pool", Wordy)
    monkeypatch.setattr(grading, "open_sandbox", lambda *_, **_more: contextlib.nullcontext())
    peaks = []
    for count in (20, 20, 220):  # the first round loads what is loaded once
        for i in range(count):
            (tiny.root / "submitted" / f"s{i:03}" / "tiny").mkdir(parents=True, exist_ok=True)
            (tiny.root / "submitted" / f"s{i:03}" / "tiny" / "tiny.ipynb").write_text("{}")
        gc.collect()
        gc.freeze()  # as in a process that does nothing else: the more there is, the later rubbish is looked for
        tracemalloc.start()
        progress = run(tiny)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        gc.unfreeze()
        assert (progress.total, progress.scored) == (count, count)
        tiny.journal("tiny").unlink()
    assert peaks[2] - peaks[1] < 400_000  # 200 reports of 20 kB would be four million


# --- interruptions -------------------------------------------------------------------------------


def test_an_interruption_loses_nothing_and_the_next_run_goes_on(handed_in, monkeypatch):
    monkeypatch.setattr(workers, "TOGETHER", 0.0)  # a write for each report
    seen = []

    def stop(report, kept):
        seen.append(report.student)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(handed_in, on_report=stop, workers=1)
    assert set(read_journal(handed_in.journal("tiny"))) == set(seen)
    progress = run(handed_in)
    assert (progress.kept, progress.graded) == (2, 3)
    assert scores(handed_in) == EXPECTED


def test_a_torn_line_costs_one_regrading(handed_in):
    run(handed_in)
    path = handed_in.journal("tiny")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:100])
    progress = run(handed_in)
    assert (progress.kept, progress.graded) == (3, 2)
    assert scores(handed_in) == EXPECTED


def test_a_full_disk_stops_with_a_sentence_and_keeps_what_is_graded(handed_in, monkeypatch):
    really, count = os.write, [0]

    def full(handle, data):
        if os.path.realpath(f"/proc/self/fd/{handle}") == str(handed_in.journal("tiny").resolve()):
            count[0] += 1
            if count[0] > 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(handle, data)

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(workers, "TOGETHER", 0.0)  # a write for each report
    with pytest.raises(JournalError, match="No space left"):
        run(handed_in, workers=1)
    monkeypatch.undo()
    assert len(read_journal(handed_in.journal("tiny"))) == 2
    assert run(handed_in).kept == 2
    assert scores(handed_in) == EXPECTED


def test_reports_that_cannot_be_written_lose_no_marks(handed_in, monkeypatch):
    def full(path, data, **more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(grading, "write_whole", full)
    with pytest.raises(JournalError, match="marks are safe"):
        run(handed_in)
    monkeypatch.undo()
    progress = run(handed_in)
    assert progress.kept == 1
    assert len(list(handed_in.reports("tiny").iterdir())) == 5


def test_two_graders_at_once_are_refused(handed_in):
    with Journal(handed_in.journal("tiny")), pytest.raises(JournalError, match="Another run"):
        run(handed_in)
    assert run(handed_in).graded == 5


KILLER = """
import os, signal
from autograder import workers

really_work = workers._work

def work(*args):
    workers._judge_one = judge_one
    really_work(*args)

def judge_one(judge, job):
    if job.student == "ben":
        os.kill(os.getpid(), signal.SIGKILL)
    return judge.judge(job)
"""


def test_a_hand_in_that_ends_our_own_process_twice_costs_its_row(handed_in, tmp_path, monkeypatch):
    (tmp_path / "backmark_test_killer.py").write_text(KILLER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(workers, "_work", importlib.import_module("backmark_test_killer").work)
    progress = run(handed_in, workers=2)
    assert progress.broken == 1
    assert scores(handed_in) == EXPECTED | {"ben": ("incomplete", 0.0)}
    monkeypatch.undo()
    assert run(handed_in).graded == 1
    assert scores(handed_in) == EXPECTED


def test_a_worker_killed_from_outside_costs_nothing(handed_in):
    killed: list[int] = []

    def kill_one(report, kept):
        for pid in children_of(os.getpid()):
            if not killed and title_of(pid) == TITLE:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    run(handed_in, workers=2, on_report=kill_one)
    assert killed
    assert scores(handed_in) == EXPECTED


def children_of(pid):
    return [
        int(c)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for c in (task / "children").read_text().split()
    ]


def title_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def test_a_file_replaced_while_it_is_judged_is_graded_again(handed_in, tinies, monkeypatch):
    """What counts is what was read, not what lies there when the row is written."""

    really = grading.Journal.append

    def append(journal, *entries):
        if "ben" in {e["student"] for e in entries}:
            tinies.hand_in(handed_in, "ben")
        really(journal, *entries)

    monkeypatch.setattr(grading.Journal, "append", append)
    run(handed_in)
    monkeypatch.undo()
    assert scores(handed_in)["ben"] == ("graded", 3.0)
    assert run(handed_in).graded == 1
    assert scores(handed_in)["ben"] == ("graded", 6.0)


# --- what is refused before anything is graded ---------------------------------------------------


def test_an_assignment_that_was_not_made_is_named(handed_in):
    with pytest.raises(CourseError, match="Made so far: tiny"):
        grade(handed_in, "convolution")
    with pytest.raises(CourseError, match="Made so far: nothing"):
        grade(Course(handed_in.root / "handouts"), "convolution")


def test_a_key_of_another_release_is_refused(handed_in):
    path = handed_in.release("tiny") / "tiny.ipynb"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(CourseError, match=r"does not belong to the release.*backmark make"):
        run(handed_in)
    path.unlink()
    with pytest.raises(CourseError, match="is missing"):
        run(handed_in)


NAMES = ("code.json", "code.npz", "by-hand.jsonl", "release.json", "assignment.toml")
DAMAGE = [(n, d) for n in NAMES for d in ("missing", "empty", "garbage") if (n, d) != ("code.npz", "empty")]


@pytest.mark.parametrize(("name", "damage"), DAMAGE)
def test_a_damaged_key_is_refused_with_a_sentence(handed_in, name, damage):
    path = handed_in.keys("tiny") / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else b"not it \xff")
    if name == "by-hand.jsonl" and damage == "empty":
        # Nobody has numbers any more: marks are withheld, nobody gets a zero.
        run(handed_in)
        assert {r.status for r in read_reports(handed_in, "tiny")} == {"incomplete", "error"}
        return
    with pytest.raises(CourseError):
        load_bundle(handed_in, "tiny")


def test_the_key_of_a_question_added_since_is_missed(handed_in):
    path = handed_in.keys("tiny") / "assignment.toml"
    path.write_text(path.read_text() + '\n[[question]]\nid = "conv_params"\npoints = 1\n')
    with pytest.raises(CourseError, match="nothing for conv_params"):
        run(handed_in)


def test_a_missing_roster_is_named(handed_in):
    (handed_in.root / "roster.csv").unlink()
    with pytest.raises(CourseError, match="roster"):
        run(handed_in)


def test_nothing_handed_in_is_said(tiny):
    (tiny.root / "submitted").mkdir()
    progress = run(tiny)
    assert (progress.total, progress.missing) == (0, ("ada", "ben", "cleo", "dan"))


def test_one_notebook_can_be_judged_alone(handed_in):
    path = handed_in.root / "submitted" / "ada" / "tiny" / "tiny.ipynb"
    try:
        for _ in range(2):
            assert workers.judge_notebook(handed_in.root, "tiny", "ada", path).score == 6.0
    finally:
        workers.close_worker()
    workers.close_worker()
    assert sys.modules["autograder.grading"] is grading


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("tinny", "Did you mean tiny?"),
        ("convolutoin", "Did you mean convolution?"),
        ("convolution", "`backmark make convolution"),
        ("zzz", "`backmark make zzz"),
    ],
)
def test_a_mistyped_assignment_is_told_the_nearest(tiny_made, typed, says):
    with pytest.raises(CourseError, match=says) as told:
        load_bundle(tiny_made, typed)
    assert "Made so far: tiny" in str(told.value)
