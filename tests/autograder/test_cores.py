"""How many cores there are to use, and who stays on which."""

import os
import subprocess
import sys

import pytest

from autograder import cores

linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system ties nobody to a core")


@pytest.fixture
def machine(monkeypatch):
    """A machine of four cores, on which is written down who is tied to what."""
    tied = {}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3, 5, 7}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda task, to: tied.update({task: to}), raising=False)
    return tied


@pytest.mark.parametrize(
    ("quota", "wanted"),
    [("max 100000\n", 4), ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1),
     ("900000 100000\n", 4), ("nonsense", 4), (None, 4)],
)  # fmt: skip
def test_a_container_counts_what_it_is_allowed(machine, monkeypatch, tmp_path, quota, wanted):
    monkeypatch.setattr(cores, "QUOTA", tmp_path / "cpu.max")
    if quota is not None:
        cores.QUOTA.write_text(quota, encoding="ascii")
    assert cores.usable_cores() == wanted


def test_with_a_process_for_each_core_each_has_its_own(machine):
    for number, core in enumerate((2, 3, 5, 7, 2)):
        cores.stay_on_core(number, 5, 4711)
        assert machine[4711] == machine[os.getpid()] == {core}


def test_with_fewer_processes_than_cores_nobody_is_tied(machine):
    cores.stay_on_core(0, 3, 4711)
    assert machine == {}


def test_a_process_that_has_ended_is_no_error(machine, monkeypatch):
    def gone(*_):
        raise ProcessLookupError

    tried = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda task, _to: (tried.append(task), gone()))
    cores.stay_on_core(0, 4, 4711)
    assert tried[-1] == 4711, "the others are still tried"


@linux
def test_what_is_started_afterwards_stays_there_too():
    asleep = "import sys; sys.stdin.read()"
    text = (
        "import os, subprocess, sys\n"
        "from autograder.cores import stay_on_core\n"
        "every = sorted(os.sched_getaffinity(0))\n"
        f"before = subprocess.Popen([sys.executable, '-c', {asleep!r}], stdin=subprocess.PIPE)\n"
        "stay_on_core(len(every) - 1, len(every), before.pid)\n"
        f"after = subprocess.Popen([sys.executable, '-c', {asleep!r}], stdin=subprocess.PIPE)\n"
        "seen = [os.sched_getaffinity(p) for p in (0, before.pid, after.pid)]\n"
        "before.communicate(); after.communicate()\n"
        "assert seen == [{every[-1]}] * 3, seen\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
