"""A process that grades and dies at one chosen system call; run by test_crashes.py.

    python crashes.py FOLDER

It counts the calls of an undisturbed run, then dies before, after and (writes) in the middle of each and resumes;
and once more for a regrade.

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

CALLS = ("open", "write", "fsync", "replace", "ftruncate", "close", "unlink")
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
        if name in ("open", "replace", "unlink"):
            path = str(args[0])
            return path.startswith(self.root) and (name != "open" or args[1] & (os.O_CREAT | os.O_TRUNC))
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


def grade(root, regrade=False):
    return grading.grade(Course(root), "tiny", allow_weak=True, regrade=regrade)


def state(root):
    entries = [json.loads(line) for line in journal_lines(root)]
    return [e["student"] for e in entries]


def journal_lines(root):
    path = root / "journal" / "tiny.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [line for line in lines if line.endswith(b"\n")]


def die_at(root, number, when, regrade=False):
    """Grade in a forked process that dies at the numbered call; return how it ended."""
    child = os.fork()
    if child == 0:
        Fuse(root, number, when)
        grade(root, regrade)
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


def resume_regrade(root, students):
    """Regrade again and see that everybody was judged anew exactly once, under one name."""
    before = journal_lines(root)
    grade(root, regrade=True)
    after = [json.loads(line) for line in journal_lines(root)]
    assert journal_lines(root)[: len(before)] == before, "what was in the journal changed"
    names = {entry["regrade"] for entry in after if "regrade" in entry}
    last = after[-1].get("regrade")
    anew = sorted(entry["student"] for entry in after if entry.get("regrade") == last)
    assert anew == students, f"lost or repeated: {anew}"
    # Death after the very end: that regrade was over, and another one was made.
    assert len(names) == 1 or len(after) == 3 * len(students), names
    assert not (root / "journal" / "tiny.regrade").exists()


def enumerate_deaths(trial, calls, fresh, moments, regrade, check):
    """Die at every call, at each of the moments, and hold what follows to `check`; return how often."""
    deaths = 0
    for number, name in enumerate(calls, start=1):
        for when in (m for m in moments if m != "amid" or name == "write"):
            fresh()
            assert die_at(trial, number, when, regrade) == DIED, (number, name, when)
            try:
                check(trial)
            except AssertionError as error:
                raise AssertionError(f"died {when} call {number} ({name}): {error}") from None
            deaths += 1
    return deaths


def calls_of(trial, regrade=False):
    """Return the calls of an undisturbed run, in order."""
    fuse = Fuse(trial)
    grade(trial, regrade)
    for name in CALLS:
        setattr(os, name, fuse.really[name])
    return fuse.seen


def main():
    folder = Path(sys.argv[1])
    grading.Pool = Constant
    grading.open_sandbox = lambda *_, **_more: contextlib.nullcontext()
    students = sorted(p.name for p in (folder / "COURSE" / "submitted").iterdir())
    trial = folder / "trial" / "COURSE"

    def fresh(source="COURSE"):
        shutil.rmtree(trial.parent, ignore_errors=True)
        shutil.copytree(folder / source, trial)

    fresh()
    calls = calls_of(trial)
    shutil.copytree(trial, folder / "GRADED")
    moments = ("before", "amid", "after")
    deaths = enumerate_deaths(trial, calls, fresh, moments, False, lambda t: resume(t, students))
    again = calls_of(trial, regrade=True)
    deaths_again = enumerate_deaths(
        trial, again, lambda: fresh("GRADED"), ("before",), True, lambda t: resume_regrade(t, students)
    )
    print(json.dumps({"calls": calls, "deaths": deaths, "again": again, "deaths_again": deaths_again}))


if __name__ == "__main__":
    assert journal  # the module whose calls are counted
    main()
