"""Killed at every single write, fsync, rename, opening and closing of the journal and the reports: enumerated."""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="files are told apart by /proc/self/fd")
def test_a_death_at_any_write_loses_nothing_and_repeats_nothing(tiny, tinies, tmp_path):
    students = ["ada", "ben", "cleo"]
    for student in students:
        tinies.hand_in(tiny, student, b"{}")
    os.rename(tiny.root, tmp_path / "COURSE")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("crashes.py"), tmp_path],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    calls = collections.Counter(found["calls"])
    # Two lines of the journal at once, then one; three reports, each written, closed and renamed.
    assert calls["replace"] == len(students)
    assert calls["write"] == 2 + len(students)
    assert calls["fsync"] >= 2
    assert found["deaths"] == 2 * len(found["calls"]) + calls["write"]
    assert found["deaths_again"] == len(found["again"]) > len(students)
