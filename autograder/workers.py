"""Processes that judge: each holds the keys and a sandbox; this side hands out work and collects reports.

The death of a process costs nobody anything: another takes its place, and what was under way is tried
once more.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import multiprocessing
import os
import queue
import selectors
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.cores import stay_on_core
from autograder.course import Course
from autograder.hand_ins import fingerprint
from autograder.judging import Again, Bundle, judge_file, open_sandbox
from autograder.loading import load_bundle
from autograder.model import Report
from autograder.plain import Plain
from autograder.recognition import Lesson
from autograder.sandbox import Sandbox, SandboxError, remove_folders
from autograder.sandbox._dice import put_dice_at_start

AHEAD = 3  # jobs given to a process at once: it goes on while this side writes
YOUNG = 10_000  # objects after which the collector looks for rings; judging leaves hardly any
LESSONS = 256  # that wait for a process to take its next job
PATIENCE = 3.0  # seconds to tidy up in; a process that is starting needs none
STARTS = 3  # a process that dies before it is ready is started so often
TOGETHER = 0.02  # seconds that a report waits for others, to be written with them
PAUSE = 0.2  # seconds after which whoever waits for reports gets a turn
TITLE = "backmark-judge"
EARLY = "A judging process ends as soon as it starts; is there enough memory?"

Judged = tuple[str, dict[str, Any]]  # fingerprint of the file, report


@dataclass(frozen=True)
class Job:
    """A submission to judge; with `previous` (a report on the file `sha256`) only the questions `only`."""

    student: str
    path: Path
    notes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    sha256: str = ""
    previous: Mapping[str, Any] | None = None

    def again(self, sha256: str) -> Again | None:
        """Say what may be kept, nothing where the file is another."""
        if self.previous is None or sha256 != self.sha256:
            return None
        return Again(frozenset(self.only), Report.from_json(self.previous).verdicts)


Done = list[tuple[Job, Judged | None]]
Task = tuple[Job, list[Lesson]]  # what to judge, and what others learned meanwhile


_OWN: dict[str, Judge] = {}  # the judge of this process, by what it judges


class Judge:
    """The keys and the sandbox of one process, kept open from one submission to the next."""

    def __init__(self, bundle: Bundle, allow_weak: bool = False, box: Sandbox | None = None) -> None:
        self.bundle, self.allow_weak = bundle, allow_weak
        self.box = box or open_sandbox(bundle, allow_weak).__enter__()

    def judge(self, job: Job, path: Path | None = None) -> Judged:
        """Judge one submission; where the sandbox failed us, once more in a new one."""
        path = path or job.path
        sha = fingerprint(path)  # before it is read: a file replaced meanwhile is then graded again
        again = job.again(sha)
        report = judge_file(self.bundle, self.box, path, job.student, job.notes, again)
        if report.status == "incomplete" and not report.verdicts:
            self.close()
            self.box = open_sandbox(self.bundle, self.allow_weak).__enter__()
            report = judge_file(self.bundle, self.box, path, job.student, job.notes, again)
        return sha, Plain.of(report)  # with its texts: made here, where several processes share the work

    def close(self) -> None:
        """Close the sandbox; may be called twice."""
        self.box.close()


@dataclass
class Inherited:
    """What a process that was forked need not load: the keys, perhaps a sandbox that has started."""

    bundle: Bundle
    box: Sandbox | None = None
    others: list[Connection] = field(default_factory=list)  # which are not its own


def _work(
    link: Connection, place: tuple[int, int],
    root: str, name: str, allow_weak: bool, given: Inherited | None = None,
) -> None:  # fmt: skip
    """Judge what comes through the link until it is closed; `place` is the number of this process, of how many."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides when to stop
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _OWN.clear()
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _be_named()
    stay_on_core(*place, *(given.box.processes() if given and given.box else ()))
    for other in given.others if given is not None else ():
        other.close()
    try:
        bundle = load_bundle(Course(Path(root)), name) if given is None else given.bundle
        judge = _OWN[""] = Judge(bundle, allow_weak, given.box if given is not None else None)
    except Exception as error:
        link.send(str(error) or type(error).__name__)
        return
    gc.freeze()  # the keys stay: no need to look through them again and again
    gc.set_threshold(YOUNG)
    put_dice_at_start()  # playing mistakes then need not do so each time
    jobs: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(link, jobs), daemon=True).start()
    learned = bundle.known.take if place[1] > 1 else list  # alone there is nobody to tell
    learned()
    link.send(None)
    with contextlib.suppress(OSError):
        while (task := jobs.get()) is not None:
            job, lessons = task
            bundle.known.add(lessons)
            link.send((_judge_one(judge, job), learned()))
    judge.close()


def _be_named() -> None:
    """Let `top` and `ps` tell the processes that judge from the one that writes."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(TITLE)


def _receive(link: Connection, jobs: queue.SimpleQueue[Task | None]) -> None:
    """Take jobs off the link at once: neither side may wait for the other to read."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            jobs.put(link.recv())
    jobs.put(None)


def _judge_one(judge: Judge, job: Job) -> Judged:
    return judge.judge(job)


def _end_with_parent() -> None:
    """Leave nobody behind when the main process is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _leave()


def _leave() -> None:
    """End at once, in the middle of whatever is judged, and leave no sandbox and no files behind."""
    with contextlib.suppress(Exception):
        close_worker()
    with contextlib.suppress(Exception):
        remove_folders()  # also of a sandbox that was just starting
    os._exit(1)


class _Worker:
    """One process as this side sees it, with the jobs it has not answered yet, the one under way first."""

    def __init__(
        self, place: tuple[int, int], args: tuple[str, str, bool], given: Inherited | None = None
    ) -> None:
        context: Any = multiprocessing.get_context("spawn" if given is None else "fork")
        self.link, theirs = context.Pipe()
        if given is not None:
            given.others.append(self.link)
        self.process = context.Process(target=_work, args=(theirs, place, *args, given), daemon=True)
        with _deaf():
            self.process.start()
        theirs.close()
        self.jobs: collections.deque[Job] = collections.deque()
        self.lessons: collections.deque[Lesson] = collections.deque(maxlen=LESSONS)
        self.ready = False

    def give(self, job: Job) -> None:
        """Hand out a job, and with it what others learned: one that stands still is sent nothing more."""
        self.jobs.append(job)
        lessons = list(self.lessons)
        self.lessons.clear()
        with contextlib.suppress(OSError):  # it is dead: the next look at the link tells
            self.link.send((job, lessons))

    def answer(self) -> tuple[Job, Judged, list[Lesson]] | None:
        """Take what came in, with what was learned; None is the greeting of a process that is ready.

        Raises:
            EOFError, OSError: the process is dead.
            SandboxError: it cannot start.
        """
        came = self.link.recv()
        if self.ready:
            return self.jobs.popleft(), *came
        if came is not None:
            raise SandboxError(came)
        self.ready = True
        return None

    def end(self, kill: bool = False) -> None:
        self.link.close()
        if kill:
            self.process.terminate()
            self.process.join(PATIENCE)
            self.process.kill()
        self.process.join()
        self.process.close()


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Let what is started meanwhile be deaf to Ctrl-C until it says itself what is to become of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def may_fork() -> bool:
    """Tell whether processes may be forked: no other thread can hold a lock that nobody would then release."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False  # not Linux: elsewhere the system's own libraries do not survive a fork


class Pool:
    """Judge on this machine with several processes; use as a context manager.

    Where this process has one thread only, they are forked from it: what it has loaded need not be loaded
    again. The first of them then takes `box`, which has started. Otherwise each starts from nothing.
    """

    def __init__(
        self, root: Path, name: str, workers: int, allow_weak: bool,
        bundle: Bundle | None = None, box: Sandbox | None = None,
    ) -> None:  # fmt: skip
        self.args, self.size = (str(root), name, allow_weak), workers
        self.bundle, self.box = bundle, box
        self.workers: list[_Worker] = []
        self.died_early = 0
        self.tried: set[str] = set()
        self.watched: selectors.BaseSelector | None = None
        self.waiting: collections.deque[Job] = collections.deque()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        for worker in self.workers:
            worker.end(kill=kind is not None)
        self.workers = []

    def run(self, jobs: Iterator[Job]) -> Iterator[Done]:
        """Yield reports as they come, several at a time; None for what killed its process twice.

        Yields nothing every now and then where none comes.
        """
        self._start_for(jobs)
        while any(worker.jobs for worker in self.workers) or self._feed(jobs):
            yield self._gather(jobs)

    def _gather(self, jobs: Iterator[Job]) -> Done:
        """Collect what comes within a moment, and give out jobs meanwhile.

        What is written together waits for the disk once.
        """
        done: Done = []
        end = time.monotonic() + PAUSE
        while (left := end - time.monotonic()) > 0:
            for key, _ in self._watch().select(left):
                first = not done
                done += self._take(key.data)
                if first and done:
                    end = min(end, time.monotonic() + TOGETHER)
            if not self._feed(jobs):
                break
        return done

    def _watch(self) -> selectors.BaseSelector:
        """Return what waits for all links; it is kept as long as they are the same."""
        if self.watched is None:
            self.watched = selectors.PollSelector()
            for worker in self.workers:
                self.watched.register(worker.link, selectors.EVENT_READ, worker)
        return self.watched

    def _start_for(self, jobs: Iterator[Job]) -> None:
        """Start no more processes than there are jobs."""
        while len(self.workers) < self.size and (job := next(jobs, None)) is not None:
            self.workers.append(self._start(len(self.workers)))
            self.workers[-1].give(job)

    def _start(self, number: int) -> _Worker:
        self.watched, place = None, (number, self.size)
        if self.bundle is None or not may_fork():
            return _Worker(place, self.args)
        box, self.box = self.box, None
        links = [w.link for w in self.workers if not w.link.closed]
        worker = _Worker(place, self.args, Inherited(self.bundle, box, links))
        if box is not None:
            box.hand_over()
        return worker

    def _feed(self, jobs: Iterator[Job]) -> bool:
        """Give out jobs; tell whether any is under way."""
        for _round in range(AHEAD):
            for worker in self.workers:
                if len(worker.jobs) <= _round and (job := self._next(jobs)) is not None:
                    worker.give(job)
        return any(worker.jobs for worker in self.workers)

    def _next(self, jobs: Iterator[Job]) -> Job | None:
        return self.waiting.popleft() if self.waiting else next(jobs, None)

    def _take(self, worker: _Worker) -> Done:
        try:
            answer = worker.answer()
        except (EOFError, OSError):
            return self._replace(worker)
        except SandboxError as error:
            return self._replace(worker, str(error))
        self.died_early = 0
        if answer is None:
            return []
        job, judged, lessons = answer
        for other in self.workers:
            if other is not worker:
                other.lessons.extend(lessons)
        return [(job, judged)]

    def _replace(self, worker: _Worker, why: str = EARLY) -> Done:
        """Start another process; the job under way is tried once more, the others were not touched."""
        ready, jobs = worker.ready, worker.jobs
        worker.end(kill=True)
        self.died_early += not ready
        if self.died_early >= STARTS:
            self.workers.remove(worker)  # it has been closed
            raise SandboxError(why)
        lost: Done = []
        if ready and jobs:
            suspect = jobs.popleft()
            if suspect.student in self.tried:
                lost = [(suspect, None)]
            else:
                self.tried.add(suspect.student)
                self.waiting.append(suspect)
        self.waiting.extend(jobs)
        number = self.workers.index(worker)
        self.workers[number] = self._start(number)
        return lost


def judge_notebook(course: Path, assignment: str, student: str, notebook_path: Path) -> Report:
    """Judge one notebook in this process; for callers with a loop of their own, such as nbgrader's."""
    place = f"{course.resolve()}\x00{assignment}"
    if place not in _OWN:
        close_worker()
        _OWN[place] = Judge(load_bundle(Course(course), assignment))
    return Report.from_json(_OWN[place].judge(Job(student, notebook_path))[1])


def close_worker() -> None:
    """Close the sandbox that this process keeps open."""
    while _OWN:
        _OWN.popitem()[1].close()
