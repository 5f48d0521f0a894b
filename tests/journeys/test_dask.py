"""Judging on Dask gives what judging here gives; a worker that is killed costs nothing."""

import collections
import os
import signal
import sys
import types
from pathlib import Path

import pytest

import autograder.cluster as cluster
import autograder.grading as grading
from autograder.course import CourseError
from autograder.grading import grade
from autograder.marking import read_reports
from autograder.workers import Job

needs_dask = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("distributed"),
    reason="distributed is not installed; the extras `cluster` and `test` bring it",
)
OTHERS = [f"s{i}" for i in range(4)]


@pytest.fixture
def class_of_nine(handed_in_class, tinies):
    """Right, half, blank, torn, unknown; a link, a pipe, a folder, nothing."""
    home = handed_in_class.root / "submitted"
    for student in OTHERS:
        (home / student / "tiny").mkdir(parents=True)
    (home / "s0" / "tiny" / "tiny.ipynb").symlink_to(home / "ada" / "tiny" / "tiny.ipynb")
    os.mkfifo(home / "s1" / "tiny" / "tiny.ipynb")
    (home / "s2" / "tiny" / "tiny.ipynb").mkdir()
    (home / "s3" / "tiny" / "answers.py").write_text("\n".join(tinies.right.values()))
    return handed_in_class


@pytest.fixture
def handed_in_class(tiny, tinies):
    tinies.hand_in(tiny, "ada")
    tinies.hand_in(tiny, "ben", tinies.notebook("ben", corr2d="def corr2d(F, H, pad):\n    return F"))
    tinies.hand_in(tiny, "cleo", (tiny.release("tiny") / "tiny.ipynb").read_bytes())
    tinies.hand_in(tiny, "dan", b"{")
    return tiny


def findings(course):
    found = {}
    for report in read_reports(course, "tiny"):
        data = report.to_json()
        for part in (data, *data["verdicts"]):
            part.pop("duration_s")
        data.pop("started_at")
        found[report.student] = data
    return found


def forget(course):
    course.journal("tiny").unlink()


@needs_dask
def test_a_killed_worker_costs_nothing_and_results_are_those_of_a_local_run(class_of_nine, monkeypatch):
    grade(class_of_nine, "tiny", workers=1, allow_weak=True)
    here = findings(class_of_nine)
    assert here["ada"]["score"] == 6.0
    forget(class_of_nine)
    monkeypatch.setattr(cluster, "PER_TASK", 2)
    killed, seen = [], []

    def kill_one(report, kept):
        seen.append(report.student)
        for pid in workers_of(os.getpid()) if not killed else ():
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    progress = grade(class_of_nine, "tiny", allow_weak=True, dask="local:1", on_report=kill_one)
    assert killed
    assert sorted(seen) == sorted(here)
    assert progress.graded == len(here)
    assert findings(class_of_nine) == here
    assert workers_of(os.getpid()) == []


def workers_of(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline")
            if command.exists() and b"spawn_main" in command.read_bytes():
                found.append(int(child))
    return found


@needs_dask
def test_a_scheduler_is_used_by_its_address(class_of_nine, monkeypatch, tmp_path):
    """The worker runs in a thread of this process, which is what makes the test cheap."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path),
    ) as there:  # fmt: skip
        grade(class_of_nine, "tiny", allow_weak=True, dask=there.scheduler_address)
        found = findings(class_of_nine)
        assert (found["ada"]["score"], found["ben"]["score"]) == (6.0, 3.0)
        assert {s: found[s]["status"] for s in OTHERS} == dict.fromkeys(OTHERS, "error")
        assert cluster._JUDGES == {}
        assert not list(tmp_path.rglob("backmark-keys-*"))
        forget(class_of_nine)

        def refuse(*_):
            raise CourseError("too weak")

        monkeypatch.setattr(cluster, "set_up", refuse)
        with pytest.raises(CourseError, match="too weak"):
            grade(class_of_nine, "tiny", allow_weak=True, dask=there.scheduler_address)


@needs_dask
@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("somewhere", "tcp://HOST:PORT"),
        ("local:0", "number of workers"),
        ("local:many", "number of workers"),
        ("tcp://127.0.0.1:9", "No Dask scheduler"),
        ("tcp://127.0.0.1", "tcp://HOST:PORT"),
        ("tcp://127.0.0.1:port", "tcp://HOST:PORT"),
        ("udp://127.0.0.1:8786", "tcp://HOST:PORT"),
        ("tcp://127.0.0.1:99999", "tcp://HOST:PORT"),
        ("tcp://a..b:8786", "cannot be found"),
    ],
)
def test_a_bad_address_is_a_sentence(handed_in_class, monkeypatch, address, says):
    monkeypatch.setattr(cluster, "WAIT", 0.5)
    with pytest.raises(CourseError, match=says):
        grade(handed_in_class, "tiny", allow_weak=True, dask=address)


def test_without_distributed_it_says_what_to_install(handed_in_class, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match=r"pip install backmark\[cluster\]"):
        grade(handed_in_class, "tiny", allow_weak=True, dask="local:1")


def test_workers_of_another_version_are_refused(tmp_path):
    with pytest.raises(CourseError, match="same version everywhere"):
        cluster.set_up(str(tmp_path), "token", "tiny", {}, True, ("0.0.0", 1))


@needs_dask
def test_what_kills_its_workers_is_tried_alone_and_costs_one_row(handed_in_class, monkeypatch):
    """A cluster that loses every task which holds ben."""
    from distributed.scheduler import KilledWorker

    sizes, told = [], []

    class Future:
        def __init__(self, parcels, lessons):
            self.parcels = parcels
            told.append(lessons)

        def result(self):
            sizes.append(len(self.parcels))
            if any(p.job.student == "ben" for p in self.parcels):
                raise KilledWorker("task", None, 2)
            students = [p.job.student for p in self.parcels]
            return [("sha", {"student": s}) for s in students], students[0].encode()

    engine = cluster.Cluster.__new__(cluster.Cluster)
    engine.unfit = {}
    engine.token, engine.lessons = "token", collections.deque()
    engine.client = types.SimpleNamespace(
        submit=lambda _do, _token, parcels, lessons, pure: Future(parcels, lessons),
        scheduler_info=lambda n_workers: {"workers": {"one": {}}},
        loop=None,
    )
    monkeypatch.setattr("distributed.as_completed", lambda loop: Queue())
    jobs = [
        Job(s, handed_in_class.root / "submitted" / s / "tiny" / "tiny.ipynb") for s in ("ada", "ben", "dan")
    ]
    done = [one for batch in engine.run(iter(jobs)) for one in batch]
    assert sizes == [3, 1, 1, 1]
    assert {j.student: found is None for j, found in done} == {"ada": False, "ben": True, "dan": False}
    assert told == [[], [], [], []]  # all four were under way before anything was learned
    monkeypatch.setattr(cluster, "PER_TASK", 1)
    monkeypatch.setattr(cluster, "AHEAD", 1)
    told.clear()
    assert len(list(engine.run(iter([jobs[0], jobs[2], jobs[0], jobs[2]])))) == 4
    # what the first run learned is in there, too: each goes along with two tasks of the one worker
    assert told == [[b"ada", b"dan"], [b"ada", b"dan", b"ada"], [b"ada", b"dan"], [b"dan", b"ada"]]
    lost = grading._lost(types.SimpleNamespace(name="tiny", max_score=6.0), jobs[1])
    assert lost.status == "incomplete"


class Queue(list):
    """Futures, all of them finished, in order."""

    add = list.append

    def __next__(self):
        return self.pop(0)


def test_runs_whose_grader_was_killed_are_forgotten_and_a_worker_that_cannot_judge_keeps_no_keys(tmp_path):
    scheduler = types.SimpleNamespace(
        worker_plugins={"backmark-gone": b"", "backmark-mine": b"", "another's": b""}, clients={"mine": 1}
    )
    forgotten = []
    engine = cluster.Cluster.__new__(cluster.Cluster)
    engine.unfit = {}
    engine.client = types.SimpleNamespace(
        run_on_scheduler=lambda ask: ask(dask_scheduler=scheduler), unregister_worker_plugin=forgotten.append
    )
    engine._forget_the_dead()
    assert forgotten == ["backmark-gone"]
    here = (cluster.__version__, cluster.JUDGE_VERSION)
    with pytest.raises(CourseError, match="no key"):
        cluster.set_up(str(tmp_path), "token", "tiny", {"keys/a/x": b""}, True, here)
    assert not list(tmp_path.glob("backmark-keys-*"))
