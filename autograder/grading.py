"""Submissions and keys to reports: parallel, resumable, one bad notebook costs one row.

Worker processes judge (`workers`, or `cluster` on Dask); this process hands out work and is the only one
that writes. What is in the journal is never lost and never done twice. Reports pass through one at a time:
of each student only an id and a place in the journal stay in memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment import Assignment
from autograder.course import Course, CourseError
from autograder.hand_ins import Found, file_stem, find_submissions, fingerprint
from autograder.journal import Journal, JournalError, Standing, write_whole
from autograder.judging import JUDGE_VERSION, Bundle, open_sandbox
from autograder.launch import Ahead
from autograder.loading import load_bundle
from autograder.marking import Marking
from autograder.model import Report
from autograder.moves import Move, move_between
from autograder.plain import Plain
from autograder.sandbox import Sandbox
from autograder.times import HandedIn, better, handed_in
from autograder.workers import Done, Job, Judged, Pool, may_fork

MOST_ALARMS = 50


@dataclass
class Progress:
    """How a run of `grade` went; `kept` were already in the journal. Counts only: reports are not held."""

    total: int = 0
    kept: int = 0
    graded: int = 0
    failed: int = 0
    broken: int = 0
    missing: tuple[str, ...] = ()
    scored: int = 0
    points: float = 0.0
    max_score: float = 0.0
    penalised: int = 0
    unsure: int = 0
    by_hand: int = 0
    tiers: set[str] = field(default_factory=set)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def count(self, report: Report, kept: bool) -> None:
        """Take one more report into account."""
        self.kept += kept
        self.graded += not kept
        self.failed += report.status == "error"
        self.broken += report.status == "incomplete"
        if report.status == "graded":
            self.scored += 1
            self.points += max(0.0, report.score - report.penalty)
            self.max_score = report.max_score
            self.penalised += report.penalty > 0
            self.tiers.add(str(report.isolation.get("tier", "none")))
        if report.status == "incomplete" and len(self.alarms) < MOST_ALARMS:
            self.alarms.append((report.student, report.message))


def grade(
    course: Course,
    name: str,
    submissions: Path | None = None,
    *,
    workers: int = 1,
    allow_weak: bool = False,
    regrade: bool = False,
    dask: str = "",
    ahead: Ahead | None = None,
    on_start: Callable[[Progress], None] = lambda _progress: None,
    on_report: Callable[[Report, bool], None] = lambda _report, _kept: None,
    on_wait: Callable[[], None] = lambda: None,
) -> Progress:
    """Grade every submission that the journal does not already hold with the same key.

    Where only some questions changed, only those are judged again. `regrade` judges everything anew.
    `ahead` may have the assignment's sandbox on its way already.
    `on_start` is called when the work is counted, `on_report(report, kept)` for each row,
    `on_wait` several times a second on this machine, also where no report comes.

    Raises:
        CourseError, JournalError: nothing can be graded, or no more can be written. What is graded is kept.
    """
    bundle = load_bundle(course, name)
    marking = Marking(course, bundle.assignment)
    found = list(find_submissions(submissions or course.root / "submitted", name))
    students = {f.student for f in found}
    progress = Progress(total=len(found), missing=tuple(sorted(bundle.roster - students)))
    with contextlib.ExitStack() as opened:
        # A weak sandbox is refused before any work is handed out.
        box = None if dask else opened.enter_context(_first_sandbox(bundle, allow_weak, ahead))
        journal = opened.enter_context(Journal(course.journal(name)))
        standing = Standing(course.journal(name))
        see_judge(course, standing, regrade)
        _sweep(course.reports(name))
        on_start(progress)
        with _regrading(course, name) if regrade else contextlib.nullcontext("") as token:
            run = _Run(course, bundle, marking, standing, journal, progress, token, on_report)
            size = min(workers, len(found)) or 1
            with _engine(course, name, bundle, size, allow_weak, dask, box) as engine:
                for done in engine.run(run.jobs(found)):
                    run.record(done)
                    on_wait()
            run.without_hand_in(students)
    if regrade:
        course.pin_judge(JUDGE_VERSION)
    return progress


@contextlib.contextmanager
def _first_sandbox(bundle: Bundle, allow_weak: bool, ahead: Ahead | None) -> Iterator[Sandbox | None]:
    """Yield a sandbox that has started; it is the first process's, unless it is but to see that one starts."""
    if may_fork():
        with open_sandbox(bundle, allow_weak, ahead=ahead) as box:
            yield box
    else:
        with open_sandbox(bundle, allow_weak, ("numpy",)):  # the least that starts
            pass
        yield None


def _engine(
    course: Course, name: str, bundle: Bundle, workers: int, allow_weak: bool, dask: str, box: Sandbox | None
) -> contextlib.AbstractContextManager[Any]:
    if not dask:
        return Pool(course.root, name, workers, allow_weak, bundle, box)
    from autograder.cluster import Cluster

    return Cluster(dask, course, bundle, allow_weak)


def see_judge(course: Course, standing: Standing, regrade: bool) -> None:
    """Refuse to mix the marks of two judges in one class.

    Raises:
        CourseError: the course was begun with another judge, and this is no regrade.
    """
    pinned = course.judge()
    versions = standing.judges() | ({pinned} if pinned is not None else set())
    other = sorted(versions - {JUDGE_VERSION})
    if not other:
        return
    if other[-1] > JUDGE_VERSION:
        raise CourseError(
            f"This course is judged with version {other[-1]} of the judge; the installed Backmark {__version__} "
            f"has version {JUDGE_VERSION}. Install a newer Backmark."
        )
    if not regrade:
        raise CourseError(
            f"This course is judged with version {other[0]} of the judge; the installed Backmark {__version__} "
            f"has version {JUDGE_VERSION}, with which marks may change. `--regrade` judges everything with it, "
            "shows who moves, and pins the course to it; or install the Backmark the course was begun with."
        )


@contextlib.contextmanager
def _regrading(course: Course, name: str) -> Iterator[str]:
    """Give a regrade a name that outlives an interruption, so that the next `--regrade` goes on with it."""
    path = course.journal(name).with_suffix(".regrade")
    if not path.exists():
        write_whole(path, secrets.token_hex(8).encode())
    yield path.read_text(encoding="ascii", errors="replace")
    path.unlink()


class _Run:
    """One run of `grade`: what is to be done, and what becomes of it."""

    def __init__(
        self, course: Course, bundle: Bundle, marking: Marking, standing: Standing, journal: Journal,
        progress: Progress, token: str, on_report: Callable[[Report, bool], None],
    ) -> None:  # fmt: skip
        self.course, self.bundle, self.marking = course, bundle, marking
        self.standing, self.journal, self.token = standing, journal, token
        self.progress, self.on_report = progress, on_report

    def jobs(self, found: Iterable[Found]) -> Iterator[Job]:
        """Yield what must be judged; what need not be is written on the way."""
        for one in found:
            entry = self.standing.get(one.student)
            job = self._job(one, entry)
            if job is not None:
                yield job
            elif entry is not None:
                self._keep(one, entry)

    def _job(self, found: Found, entry: Mapping[str, Any] | None) -> Job | None:
        whole = Job(found.student, found.path, found.notes)
        if entry is None or (self.token and entry.get("regrade") != self.token):
            return whole
        sha = fingerprint(found.path)
        hashes, before = self.bundle.hashes(found.student), entry["keys"]
        status = entry["report"].get("status")
        if (
            entry.get("judge") != JUDGE_VERSION
            or entry.get("sha256") != sha
            or status == "incomplete"
            or before.get("rules") != hashes["rules"]
        ):
            return whole
        changed = tuple(q for q in hashes if before.get(q) != hashes[q])
        if not changed and set(before) == set(hashes):
            return None
        if status == "error":
            return whole
        return Job(found.student, found.path, found.notes, changed, sha, entry["report"])

    def _keep(self, found: Found, entry: dict[str, Any]) -> None:
        """Write the report of a hand-in that need not be judged; only its time may be known better now."""
        old = HandedIn.from_json(entry.get("handed_in"))
        when = better(old, self._when(found))
        if when is not None and when != old:
            entry = entry | {"handed_in": when.to_json()}
            self.journal.append(entry)
        if "was" in entry and self.token:
            self._compare(self.standing.at(entry["was"]), entry)
        self._row(entry, kept=True)

    def _when(self, found: Found) -> HandedIn | None:
        return handed_in(found.path, self.marking.rule.listed.get(found.student))

    def record(self, done: Done) -> None:
        """Put what was judged into the journal, and only then into reports."""
        if not done:
            return
        entries = [self._entry(job, judged) for job, judged in done]
        self.journal.append(*entries)
        for entry in entries:
            if "was" in entry:
                self._compare(self.standing.at(entry["was"]), entry)
            self._row(entry, kept=False)

    def _entry(self, job: Job, judged: Judged | None) -> dict[str, Any]:
        sha, report = judged or (fingerprint(job.path), _lost(self.bundle.assignment, job).to_json())
        place = self.standing.place(job.student)
        old = self.standing.at(place) if place is not None else None
        same = old is not None and old.get("sha256") == sha
        before = HandedIn.from_json(old.get("handed_in")) if old is not None and same else None
        when = better(before, self._when(Found(job.student, job.path)))
        return {
            "student": job.student,
            "assignment": self.bundle.assignment.name,
            "sha256": sha,
            "keys": self.bundle.hashes(job.student),
            "judge": JUDGE_VERSION,
            "handed_in": when.to_json() if when is not None else None,
            **({"was": place} if same else {}),
            **({"regrade": self.token} if self.token else {}),
            "report": report if isinstance(report, Plain) else Plain(report),
        }

    def _compare(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        before = self.marking.of_entry({**old, "handed_in": new.get("handed_in")})
        move = move_between(before, self.marking.of_entry(new))
        if move is not None:
            self.progress.moves.append(move)

    def without_hand_in(self, found: set[str]) -> None:
        """Write the reports of those who were given marks by hand and handed in nothing."""
        for student in sorted(set(self.marking.overrides) - found - set(self.standing)):
            report = self.marking.without_hand_in(student)
            self.progress.by_hand += 1
            _write_report(self.course, self.bundle.assignment.name, report)

    def _row(self, entry: Mapping[str, Any], kept: bool) -> None:
        judged = Report.from_json(entry["report"])
        report = self.marking.finished(judged, HandedIn.from_json(entry.get("handed_in")))
        same = report.verdicts is judged.verdicts
        _write_report(self.course, self.bundle.assignment.name, report, entry["report"] if same else None)
        self.progress.count(report, kept)
        self.progress.by_hand += report.student in self.marking.overrides
        self.progress.unsure += self.marking.unsure(report)
        self.on_report(report, kept)


def _lost(assignment: Assignment, job: Job) -> Report:
    return Report(
        assignment.name, job.student, "incomplete", max_score=assignment.max_score, tool_version=__version__,
        message="Judging this submission ended our own process twice; staff must look at it. No marks were given.",
    )  # fmt: skip


def _write_report(course: Course, name: str, report: Report, judged: Mapping[str, Any] | None = None) -> None:
    """Write the report that counts; `judged` is the plain form of a report with the same verdicts."""
    path = course.reports(name) / f"{file_stem(report.student)}.json"
    fields = dataclasses.replace(report, verdicts=()).to_json() if judged is not None else report.to_json()
    told = judged if isinstance(judged, Plain) else Plain(judged or fields)
    data = told.page(fields).encode("utf-8", "backslashreplace")
    try:
        if _content(path) != data:
            write_whole(path, data, lasting=False)  # derived: the next run writes it again
    except OSError as error:
        raise JournalError(
            f"The report {path} could not be written ({error.strerror}); the marks are safe in "
            f"{course.journal(name)}. Free some space, or see that it can be written, and run the same command again."
        ) from None


def _content(path: Path) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _sweep(folder: Path) -> None:
    """Remove what a run that was killed left half-written."""
    if folder.is_dir():
        for name in os.listdir(folder):
            if name.startswith(".") and name.endswith(".new"):
                (folder / name).unlink(missing_ok=True)
