"""The grader as a process of its own: killed, stopped, started twice. Nothing graded is lost, nobody is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.journal import read_journal
from autograder.marking import read_reports
from autograder.workers import TITLE

STUDENTS = [f"s{i}" for i in range(8)]
SLOW = """import time
time.sleep(0.5)

def conv_out(n, k, s=1, p=0, d=1):
    left = n + 2 * p - d * (k - 1) - 1
    return left // s + 1, left % s == 0"""


@pytest.fixture
def slow_class(tiny, tiny_folder, tinies, tmp_path):
    """Eight hand-ins that each take a while."""
    from autograder.making import make

    roster = tmp_path / "slow.csv"
    roster.write_text("id\n" + "".join(f"{s}\n" for s in STUDENTS))
    make(str(tiny_folder), tiny.root, roster)
    for student in STUDENTS:
        notebook = tinies.notebook(student, answer=" ", conv_out=SLOW)
        tinies.hand_in(tiny, student, notebook)
    return tiny


def start(course, *more, **options):
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(course.root),
        "--assignment",
        "tiny",
        "--workers",
        "2",
        "--allow-weak",
        *more,
    ]
    temporary(course).mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TMPDIR": str(temporary(course)),
    }
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment,
        # A shell's background job ignores Ctrl-C, and all that it starts would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


def temporary(course):
    return course.root.parent / "temporary"


def wait_for_lines(course, process, count, seconds=60):
    path, end = course.journal("tiny"), time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    pytest.fail(f"no {count} lines: {process.poll()}, {process.communicate()}")


def session_of(leader):
    """List the living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(session) == leader and state != "Z":
                found.append(int(entry.name))
    return found


def gone(leader, seconds=15):
    end = time.monotonic() + seconds
    while session_of(leader):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def finish(course):
    done = start(course)
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert {r.student: r.score for r in read_reports(course, "tiny")} == dict.fromkeys(STUDENTS, 5.0)
    lines = course.journal("tiny").read_bytes().splitlines()
    assert sorted(json.loads(line)["student"] for line in lines) == STUDENTS
    return out


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_where_it_was(slow_class):
    process = start(slow_class)
    wait_for_lines(slow_class, process, 2)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    before = slow_class.journal("tiny").read_bytes()
    kept = len(read_journal(slow_class.journal("tiny")))
    assert 2 <= kept < len(STUDENTS)
    assert gone(process.pid), "processes of the killed grader are still there"
    out = finish(slow_class)
    assert [str(p) for p in temporary(slow_class).rglob("*")] == [], (
        "files of the killed grader are still there"
    )
    assert f"{len(STUDENTS) - kept} graded now, {kept} kept" in out
    assert slow_class.journal("tiny").read_bytes().startswith(before)


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def title_of(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


def victims(leader):
    """Sort the living processes of a run: those that judge, their zygotes, and the submissions themselves."""
    found = {"worker": [], "zygote": [], "child": []}
    zygotes = set()
    for pid in sorted(session_of(leader)):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if title_of(pid) == TITLE:
                found["worker"].append(pid)
            elif b"_zygote.py" in command:
                kind = "child" if parent_of(pid) in zygotes else "zygote"
                zygotes |= {pid} if kind == "zygote" else set()
                found[kind].append(pid)
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_whatever_is_killed_the_run_goes_on_and_nothing_is_lost_or_repeated(slow_class):
    """The process of a submission, a zygote and a judging process are killed, one after the other."""
    process = start(slow_class)
    for lines, kind in enumerate(("child", "zygote", "worker"), start=1):
        wait_for_lines(slow_class, process, lines)
        end = time.monotonic() + 20
        while not (found := victims(process.pid)[kind]):
            assert time.monotonic() < end, f"no {kind} to kill"
            time.sleep(0.005)
        os.kill(found[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert f"{len(STUDENTS)} graded now, 0 kept" in out
    finish(slow_class)


@pytest.mark.slow
def test_stopped_by_the_keyboard_it_says_so_and_keeps_everything(slow_class):
    process = start(slow_class)
    wait_for_lines(slow_class, process, 1)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends Ctrl-C to every process of the group
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "same command goes on" in " ".join(err.split())
    assert gone(process.pid), "processes of the stopped grader are still there"
    assert list(temporary(slow_class).iterdir()) == [], "files of the stopped grader are still there"
    finish(slow_class)


@pytest.mark.slow
def test_a_second_grader_is_refused_while_the_first_runs_on(slow_class):
    first = start(slow_class)
    wait_for_lines(slow_class, first, 1)
    first.send_signal(signal.SIGSTOP)
    second = start(slow_class)
    _, err = second.communicate(timeout=60)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 3
    assert "Another run" in " ".join(err.split())
    first.communicate(timeout=120)
    assert first.returncode == 0
    assert len(read_journal(slow_class.journal("tiny"))) == len(STUDENTS)


def test_a_reader_that_goes_away_is_no_error(tiny):
    command = f"{sys.executable} -m autograder list mistakes --json | head -c 10"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.startswith("[")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
