"""Submissions and keys to reports: parallel, resumable, one bad notebook costs one row.

Worker processes hold the keys and a sandbox each and judge; this process hands out work and is the only
one that writes. What is in the journal is never lost and never done twice.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment import Assignment, Issued, read_assignment, read_by_hand
from autograder.course import Course, CourseError, valid_id
from autograder.journal import Journal, JournalError, read_journal, write_whole
from autograder.judging import JUDGE_VERSION, Bundle, judge_file, open_sandbox
from autograder.key import load_keys
from autograder.model import Report, SchemaError
from autograder.sandbox import Release, Sandbox

SIZE_CAP = 100 << 20
IN_FLIGHT_PER_WORKER = 4


@dataclass(frozen=True)
class Found:
    """A submission on disk, under the trusted id of its folder."""

    student: str
    path: Path
    notes: tuple[str, ...] = ()


@dataclass
class Progress:
    """How a run of `grade` went; `kept` were already in the journal."""

    total: int = 0
    kept: int = 0
    graded: int = 0
    failed: int = 0
    broken: int = 0
    missing: tuple[str, ...] = ()
    rows: list[Report] = field(default_factory=list)


# --- loading -------------------------------------------------------------------------------------


def load_bundle(course: Course, name: str) -> Bundle:
    """Read the keys of an assignment and see that they belong to the release.

    Raises:
        CourseError: nothing was made yet, something is missing or damaged, or key and release differ.
    """
    folder = course.keys(name)
    if not folder.is_dir():
        made = (
            sorted(p.name for p in (course.root / "keys").glob("*"))
            if (course.root / "keys").is_dir()
            else []
        )
        raise CourseError(
            f"There is no key for {name!r} in {course.root}. Made so far: {', '.join(made) or 'nothing'}. "
            f"`backmark make {name} -o {course.root}` makes it."
        )
    assignment = read_assignment(folder)
    release = _read_release(course, name)
    _same_release(folder, release, course.release(name))
    try:
        keys = load_keys(folder)
    except SchemaError as error:
        raise CourseError(str(error)) from None
    lacking = [q.id for q in assignment.code() if q.id not in keys]
    if lacking:
        raise CourseError(
            f"The key in {folder} has nothing for {', '.join(lacking)}. Run `backmark make {name}` again."
        )
    by_hand: dict[str, dict[str, Issued]] = (
        read_by_hand(folder / "by-hand.jsonl") if assignment.by_hand() else {}
    )
    digest = hashlib.sha256("".join(sorted(k.hash for k in keys.values())).encode()).hexdigest()[:16]
    notebook = json.loads(release)
    roster = frozenset(course.students())
    return Bundle(
        assignment,
        Release.from_notebook(notebook),
        keys,
        by_hand,
        digest,
        _rules(assignment, release),
        roster,
    )


def _rules(assignment: Assignment, release: bytes) -> str:
    """Hash what changes marks beside the keys: points, weights, limits, and which cells are the students'."""
    text = f"{assignment.questions}\n{assignment.limits}\n".encode()
    return hashlib.sha256(text + release).hexdigest()[:16]


def _read_release(course: Course, name: str) -> bytes:
    path = course.release(name) / f"{name}.ipynb"
    try:
        return path.read_bytes()
    except OSError:
        raise CourseError(
            f"The released notebook {path} is missing. `backmark make {name}` writes it anew."
        ) from None


def _same_release(keys: Path, release: bytes, folder: Path) -> None:
    try:
        stored = json.loads((keys / "release.json").read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise CourseError(
            f"{keys / 'release.json'} is missing or damaged. Run `backmark make` again."
        ) from None
    if stored != hashlib.sha256(release).hexdigest():
        raise CourseError(
            f"The key in {keys} does not belong to the release in {folder}: the notebook was changed after the key "
            "was made. Run `backmark make` again (students keep their numbers), or restore the release."
        )


def find_submissions(folder: Path, assignment: str) -> Iterator[Found]:
    """Yield what was handed in as `folder/<student>/<assignment>/<assignment>.ipynb`, in order of the ids.

    A single notebook or Python file of another name is taken with a note. A link instead of a folder is
    not followed: it gets a row that says so.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder of submissions {folder}. Give one with --submissions.")
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        home = Path(entry.path) / assignment
        if entry.name.startswith(".") or not home.is_dir():
            continue
        link = next((p for p in (Path(entry.path), home) if p.is_symlink()), None)
        found = _found(entry.name, home, assignment) if link is None else Found(entry.name, link)
        if found is not None:
            yield found


def _found(student: str, home: Path, assignment: str) -> Found | None:
    expected = home / f"{assignment}.ipynb"
    if os.path.lexists(expected):
        return Found(student, expected)
    others = sorted(
        p for p in home.iterdir() if p.suffix in (".ipynb", ".py") and p.name != "backmark_kit.py"
    )
    if not others:
        return None
    note = f"Expected a file named {expected.name}; {others[0].name[:80]!r} was graded instead."
    return Found(student, others[0], (note,))


# --- workers -------------------------------------------------------------------------------------

_WORKER: dict[str, Any] = {}
Judged = tuple[str, dict[str, Any]]  # fingerprint of the file, report


def _start_worker(root: str, name: str, allow_weak: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides when to stop
    threading.Thread(target=_end_with_parent, daemon=True).start()
    bundle = load_bundle(Course(Path(root)), name)
    _WORKER["bundle"] = bundle
    _WORKER["box"] = open_sandbox(bundle, allow_weak).__enter__()


def _end_with_parent() -> None:
    """Leave nobody behind when the main process is killed; a pool would wait for its work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _judge_one(student: str, path: str, notes: tuple[str, ...]) -> Judged:
    sha = fingerprint(Path(path))  # before it is read: a file replaced meanwhile is then graded again
    return sha, judge_file(_WORKER["bundle"], _WORKER["box"], Path(path), student, notes).to_json()


def judge_notebook(course: Path, assignment: str, student: str, notebook_path: Path) -> Report:
    """Judge one notebook in this process; for callers with a loop of their own, such as nbgrader's."""
    place = f"{course.resolve()}\x00{assignment}"
    if _WORKER.get("place") != place:
        close_worker()
        bundle = load_bundle(Course(course), assignment)
        _WORKER.update(place=place, bundle=bundle, box=open_sandbox(bundle).__enter__())
    return judge_file(_WORKER["bundle"], _WORKER["box"], notebook_path, student)


def close_worker() -> None:
    """Close the sandbox that `judge_notebook` keeps open."""
    box: Sandbox | None = _WORKER.pop("box", None)
    _WORKER.clear()
    if box is not None:
        box.__exit__(None, None, None)


class _Pool:
    """A process pool that outlives the death of a worker: what was under way is tried once more, alone."""

    def __init__(self, root: Path, name: str, workers: int, allow_weak: bool) -> None:
        self.args, self.workers = (str(root), name, allow_weak), workers
        self.pool = self._new(workers)

    def _new(self, workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=self.args)

    def submit(self, found: Found) -> Future[Judged]:
        return self.pool.submit(_judge_one, found.student, str(found.path), found.notes)

    def run(self, work: Iterator[Found]) -> Iterator[tuple[Found, Judged | None]]:
        """Yield each submission with its report; None where it killed its worker twice."""
        under_way: dict[Future[Judged], Found] = {}
        exhausted = False
        while under_way or not exhausted:
            while not exhausted and len(under_way) < IN_FLIGHT_PER_WORKER * self.workers:
                found = next(work, None)
                if found is None:
                    exhausted = True
                else:
                    under_way[self.submit(found)] = found
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            broken: list[Found] = []
            for future in done:
                found = under_way.pop(future)
                try:
                    yield found, future.result()
                except BrokenProcessPool:
                    broken.append(found)
            if broken:
                yield from self._alone(broken + list(under_way.values()))
                under_way.clear()

    def _alone(self, suspects: Sequence[Found]) -> Iterator[tuple[Found, Judged | None]]:
        self.close()
        for found in suspects:
            single = self._new(1)
            try:
                yield found, single.submit(_judge_one, found.student, str(found.path), found.notes).result()
            except BrokenProcessPool:
                yield found, None
            finally:
                single.shutdown(cancel_futures=True)
        self.pool = self._new(self.workers)

    def close(self, kill: bool = False) -> None:
        if kill:
            for process in list((self.pool._processes or {}).values()):
                process.terminate()
        self.pool.shutdown(wait=not kill, cancel_futures=True)


# --- grading -------------------------------------------------------------------------------------


def grade(
    course: Course,
    name: str,
    submissions: Path | None = None,
    *,
    workers: int = 1,
    allow_weak: bool = False,
    on_start: Callable[[Progress], None] = lambda _progress: None,
    on_report: Callable[[Report, bool], None] = lambda _report, _kept: None,
) -> Progress:
    """Grade every submission that the journal does not already hold with the same key.

    `on_start` is called when the work is counted, `on_report(report, kept)` for each row.

    Raises:
        CourseError, JournalError: nothing can be graded, or no more can be written. What is graded is kept.
    """
    bundle = load_bundle(course, name)
    with open_sandbox(bundle, allow_weak):
        pass  # refuse a weak sandbox before any work is handed out
    all_found = list(find_submissions(submissions or course.root / "submitted", name))
    known = read_journal(course.journal(name))
    students = {f.student for f in all_found}
    progress = Progress(total=len(all_found), missing=tuple(sorted(bundle.roster - students)))
    on_start(progress)
    todo: list[Found] = []
    for found in all_found:
        entry = known.get(found.student)
        if entry is not None and _up_to_date(entry, found, bundle):
            progress.kept += 1
            _row(progress, Report.from_json(entry["report"]), on_report, kept=True)
            _write_report(course, name, entry["report"])
        else:
            todo.append(found)
    if todo:
        _grade_new(course, name, todo, bundle, progress, workers, allow_weak, on_report)
    return progress


def _grade_new(
    course: Course, name: str, todo: list[Found], bundle: Bundle, progress: Progress,
    workers: int, allow_weak: bool, on_report: Callable[[Report, bool], None],
) -> None:  # fmt: skip
    pool = _Pool(course.root, name, max(1, min(workers, len(todo))), allow_weak)
    finished = False
    try:
        with Journal(course.journal(name)) as journal:
            for found, judged in pool.run(iter(todo)):
                sha, report = judged or (fingerprint(found.path), _lost(bundle.assignment, found).to_json())
                journal.append(_entry(found, bundle, sha, report))
                _write_report(course, name, report)
                progress.graded += 1
                _row(progress, Report.from_json(report), on_report, kept=False)
        finished = True
    finally:
        pool.close(kill=not finished)


def _entry(found: Found, bundle: Bundle, sha: str, report: dict[str, Any]) -> dict[str, Any]:
    return {
        "student": found.student,
        "assignment": bundle.assignment.name,
        "sha256": sha,
        "keys": bundle.hashes(found.student),
        "judge": JUDGE_VERSION,
        "report": report,
    }


def _up_to_date(entry: dict[str, Any], found: Found, bundle: Bundle) -> bool:
    return (
        entry.get("judge") == JUDGE_VERSION
        and entry.get("sha256") == fingerprint(found.path)
        and entry.get("keys") == bundle.hashes(found.student)
        and entry["report"].get("status") != "incomplete"
    )


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a regular file, or a mark of what lies there instead."""
    try:
        info = os.lstat(path)
        if not stat.S_ISREG(info.st_mode) or info.st_size > SIZE_CAP:
            return f"unread:{stat.S_IFMT(info.st_mode)}:{info.st_size}"
        digest = hashlib.sha256()
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        return f"unread:{error.errno}"


def _lost(assignment: Assignment, found: Found) -> Report:
    return Report(
        assignment.name, found.student, "incomplete", max_score=assignment.max_score, tool_version=__version__,
        message="Judging this submission ended our own process twice; staff must look at it. No marks were given.",
    )  # fmt: skip


def _row(progress: Progress, report: Report, on_report: Callable[[Report, bool], None], kept: bool) -> None:
    progress.failed += report.status == "error"
    progress.broken += report.status == "incomplete"
    progress.rows.append(report)
    on_report(report, kept)


def _write_report(course: Course, name: str, report: dict[str, Any]) -> None:
    path = course.reports(name) / f"{file_stem(report['student'])}.json"
    data = (
        json.dumps(report, indent=1, ensure_ascii=False, sort_keys=False).encode("utf-8", "backslashreplace")
        + b"\n"
    )
    try:
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)
    except OSError as error:
        raise JournalError(
            f"The report {path} could not be written ({error.strerror}); the marks are safe in "
            f"{course.journal(name)}. Free some space and run the same command again."
        ) from None


def file_stem(student: str) -> str:
    """Name a student's file; an id nobody could have is replaced by its hash."""
    if valid_id(student):
        return student
    return "unknown-" + hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_reports(course: Course, name: str) -> list[Report]:
    """Return the newest report of each student from the journal, in order of the ids."""
    entries = read_journal(course.journal(name))
    return [Report.from_json(entries[student]["report"]) for student in sorted(entries)]
