"""A process that grades and dies at one chosen system call; run by test_crashes.py.

    python crashes.py FOLDER            count the calls of an undisturbed run
    python crashes.py FOLDER all        die before, after and (writes) in the middle of each, then resume

`FOLDER` holds a made course. Judging is replaced by a constant, so that what is tested is the writing.
"""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

from autograder import grading, journal
from autograder.course import Course
from autograder.marking import read_reports
from autograder.model import Report

CALLS = ("open", "write", "fsync", "replace", "ftruncate", "close")
DIED = 77


class Constant:
    """Give everybody one point, two reports at a time, and write down who was judged."""

    def __init__(self, root, *_):
        self.log = root.parent / "judged.log"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, jobs):
        batch = []
        for job in jobs:
            report = Report("tiny", job.student, "graded", score=1.0, max_score=1.0, tool_version="x")
            batch.append((job, (grading.fingerprint(job.path), report.to_json())))
            if len(batch) == 2:
                yield batch
                batch = []
        if batch:
            yield batch


class Fuse:
    """Count the calls on files of the course that change something; die at the chosen one."""

    def __init__(self, root, number=0, when="before"):
        self.root, self.number, self.when, self.count = str(root), number, when, 0
        self.seen, self.torn, self.handles = [], False, {}
        self.really = {name: getattr(os, name) for name in CALLS}
        for name in CALLS:
            setattr(os, name, self._wrapped(name))

    def _concerns(self, name, args):
        if name in ("open", "replace"):
            path = str(args[0])
            return path.startswith(self.root) and (name == "replace" or args[1] & (os.O_CREAT | os.O_TRUNC))
        try:
            return os.readlink(f"/proc/self/fd/{args[0]}").startswith(self.root)
        except OSError:
            return False

    def _wrapped(self, name):
        really = self.really[name]

        def call(*args, **more):
            if not self._concerns(name, args):
                return really(*args, **more)
            self.count += 1
            self.seen.append(name)
            if self.count != self.number:
                return really(*args, **more)
            if self.when == "amid" and name == "write":
                really(args[0], bytes(args[1])[: len(args[1]) // 2])
            elif self.when == "after":
                really(*args, **more)
            os._exit(DIED)

        return call


def grade(root):
    return grading.grade(Course(root), "tiny", allow_weak=True)


def state(root):
    entries = [json.loads(line) for line in journal_lines(root)]
    return [e["student"] for e in entries]


def journal_lines(root):
    path = root / "journal" / "tiny.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [line for line in lines if line.endswith(b"\n")]


def die_at(root, number, when):
    """Grade in a forked process that dies at the numbered call; return how it ended."""
    child = os.fork()
    if child == 0:
        Fuse(root, number, when)
        grade(root)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def resume(root, students):
    """Grade again and see that nothing is lost and nothing repeated."""
    before = journal_lines(root)
    progress = grade(root)
    after = journal_lines(root)
    assert after[: len(before)] == before, "what was in the journal changed"
    assert sorted(state(root)) == students, f"lost or repeated: {state(root)}"
    assert progress.kept == len(before), (progress.kept, len(before))
    assert progress.kept + progress.graded == len(students)
    reports = root / "reports" / "tiny"
    assert sorted(os.listdir(reports)) == sorted(f"{s}.json" for s in students), os.listdir(reports)
    for report in read_reports(Course(root), "tiny"):
        stored = json.loads((reports / f"{report.student}.json").read_text())
        assert stored == report.to_json()
    assert grade(root).graded == 0


def main():
    folder = Path(sys.argv[1])
    grading.Pool = Constant
    grading.open_sandbox = lambda *_: contextlib.nullcontext()
    students = sorted(p.name for p in (folder / "COURSE" / "submitted").iterdir())
    trial = folder / "trial" / "COURSE"

    def fresh():
        shutil.rmtree(trial.parent, ignore_errors=True)
        shutil.copytree(folder / "COURSE", trial)

    fresh()
    fuse = Fuse(trial)
    grade(trial)
    calls = list(fuse.seen)
    for name in CALLS:
        setattr(os, name, fuse.really[name])
    deaths = 0
    for number, name in enumerate(calls, start=1):
        for when in ("before", "after", *(("amid",) if name == "write" else ())):
            fresh()
            assert die_at(trial, number, when) == DIED, (number, name, when)
            try:
                resume(trial, students)
            except AssertionError as error:
                raise AssertionError(f"died {when} call {number} ({name}): {error}") from None
            deaths += 1
    print(json.dumps({"calls": calls, "deaths": deaths}))


if __name__ == "__main__":
    assert journal  # the module whose calls are counted
    main()
