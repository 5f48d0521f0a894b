"""Judge on Dask: `tcp://HOST:PORT` of a scheduler, or `local:N` for N workers on this machine.

The keys travel with a plugin that each worker sets up when it starts (also when it starts again after it
was killed); hand-ins travel with the tasks, so that workers need no common disk. Dask repeats the tasks of
a worker that dies. What a hand-in kills twice is tried alone, and then costs its own row only.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import itertools
import logging
import pickle
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment import read_toml
from autograder.cores import stay_on_core
from autograder.course import Course, CourseError
from autograder.judging import JUDGE_VERSION, Bundle
from autograder.loading import load_bundle
from autograder.parcels import Parcel, pack
from autograder.workers import LESSONS, Done, Job, Judge, Judged

ADDRESS = re.compile(r"(?:tcp|tls|ws|wss|ucx)://(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
TOKEN = "backmark-"
PER_TASK = 10  # so few that what one worker learned soon reaches the others
LEAST = 3  # hand-ins in a task when few are left
TOLD = 2  # tasks per worker that what was learned goes along with
AHEAD = 2  # tasks per worker that are under way or waiting
WAIT = 60.0  # seconds until a scheduler must have answered and have a worker
REGISTERED, PAUSE = 3, 1.0  # attempts to set the workers up, seconds between two
FORGET = 10.0  # seconds until workers must have dropped what they hold of a run
COUNTED_EVERY = 2.0  # seconds; asking how many workers there are takes the scheduler's time
DEATHS = 2  # workers that may die over a task before its hand-ins are tried one by one
# Workers of our own on this machine do without looking at themselves a hundred times a second.
CALM = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500ms"}

_JUDGES: dict[str, Setup] = {}
_UNFIT: dict[str, str] = {}  # why this worker could not be made ready for a run


class UnfitError(Exception):
    """A worker that joined later cannot judge: its address, and why."""


@dataclass
class Setup:
    """What a worker holds for one run: a copy of the keys, the bundle, a sandbox."""

    folder: Path
    judge: Judge
    lock: threading.Lock

    def close(self) -> None:
        """End the sandbox and remove the copy."""
        self.judge.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def needed_files(course: Course, name: str) -> dict[str, bytes]:
    """Read what a worker needs of a course folder: keys, release, roster, the instructor's own file."""
    paths = [*sorted(course.keys(name).iterdir()), course.release(name) / f"{name}.ipynb"]
    files = {str(p.relative_to(course.root)): p.read_bytes() for p in [*paths, course.root / "roster.csv"]}
    toml = course.keys(name) / "assignment.toml"
    own = read_toml(toml).get("course", {}).get("python")
    if own:
        files[f"keys/{name}/own.py"] = (course.keys(name) / str(own)).read_bytes()
        lines = toml.read_text(encoding="utf-8").splitlines()
        there = [
            'python = "own.py"' if line.partition("=")[0].strip() == "python" else line for line in lines
        ]
        files[f"keys/{name}/assignment.toml"] = ("\n".join(there) + "\n").encode()
    return files


def set_up(
    scratch: str, token: str, name: str, files: dict[str, bytes], allow_weak: bool, versions: tuple[str, int]
) -> None:
    """Make a worker ready to judge; runs on the worker, in whose scratch space the copy lies."""
    if versions != (__version__, JUDGE_VERSION):
        raise CourseError(
            f"The workers have Backmark {__version__} (judge {JUDGE_VERSION}), this machine {versions[0]} "
            f"(judge {versions[1]}). Install the same version everywhere."
        )
    folder = Path(tempfile.mkdtemp(prefix="backmark-keys-", dir=scratch))
    try:
        for place, data in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        judge = Judge(load_bundle(Course(folder), name), allow_weak)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # a worker that cannot judge keeps no keys
        raise
    gc.freeze()  # the keys stay: no need to look through them again and again
    _JUDGES[token] = Setup(folder, judge, threading.Lock())


def tear_down(token: str) -> None:
    """Let a worker forget a run; runs on the worker."""
    setup = _JUDGES.pop(token, None)
    if setup is not None:
        setup.close()
        gc.unfreeze()


def judge_parcels(token: str, parcels: list[Parcel], told: list[bytes]) -> tuple[list[Judged], bytes]:
    """Judge some hand-ins one after the other, knowing what others learned; runs on the worker.

    Returns the reports and what was learned here, packed: the client only passes it on.
    """
    if token not in _JUDGES:
        from distributed import get_worker

        raise UnfitError(get_worker().address, _UNFIT.get(token, "it could not be made ready"))
    setup, found = _JUDGES[token], []
    known = setup.judge.bundle.known
    with setup.lock:  # a worker with several threads has one sandbox
        for lessons in told:
            known.add(pickle.loads(lessons))
        known.take()
        for parcel in parcels:
            with tempfile.TemporaryDirectory(dir=setup.folder) as folder:
                found.append(setup.judge.judge(parcel.job, parcel.unpack(Path(folder))))
        learned = known.take()
    return found, pickle.dumps(learned) if learned else b""


class Cluster:
    """Judge with the workers of a Dask cluster; use as a context manager.

    Raises:
        CourseError: Dask is not installed, the address is none, nobody answers there, or the workers cannot
            judge (another version, a sandbox that is too weak).
    """

    counted: tuple[float, int] | None = None  # when the workers were counted, and how many there were

    def __init__(self, address: str, course: Course, bundle: Bundle, allow_weak: bool) -> None:
        self.address, self.allow_weak = address, allow_weak
        self.name = bundle.assignment.name
        self.files = needed_files(course, self.name)
        self.token = ""
        self.opened = contextlib.ExitStack()
        self.client: Any = None
        self.unfit: dict[str, str] = {}  # workers that cannot judge, and why
        self.here = 0  # how many workers are our own, on this machine
        self.lessons: collections.deque[tuple[int, bytes]] = collections.deque(maxlen=LESSONS)  # see `_told`

    def __enter__(self) -> Cluster:
        try:
            self.client = self._connect()
            self.token = f"{TOKEN}{self.client.id}"
            self._forget_the_dead()
            self._register()
        except BaseException:
            self.opened.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def _connect(self) -> Any:
        distributed = _distributed()
        if self.address.startswith("local:"):
            return self._local(distributed, self.address.removeprefix("local:"))
        _see_address(self.address)
        try:
            client = distributed.Client(self.address, timeout=WAIT, set_as_default=False)
            self.opened.callback(client.close)
            client.wait_for_workers(1, timeout=WAIT)
        except (OSError, TimeoutError, ValueError) as error:
            raise CourseError(
                f"No Dask scheduler with a worker answers at {self.address} within {WAIT:g} s ({error})."
            ) from None
        return client

    def _local(self, distributed: Any, count: str) -> Any:
        if not count.isdecimal() or not 1 <= int(count) <= 1024:
            raise CourseError(f"--dask local:{count}: give the number of workers, such as local:2.")
        import dask

        self.here = int(count)
        with dask.config.set(CALM):
            cluster = distributed.LocalCluster(
                n_workers=self.here, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
        self.opened.callback(cluster.close)
        client = distributed.Client(cluster, set_as_default=False)
        self.opened.callback(client.close)
        return client

    def _register(self) -> None:
        versions = (__version__, JUDGE_VERSION)
        plugin = _plugin(self.here, self.token, self.name, self.files, self.allow_weak, versions)
        self.opened.callback(self._forget)
        for attempt in range(REGISTERED, 0, -1):
            try:
                self.client.register_plugin(plugin)
                return
            except (
                OSError
            ) as error:  # a worker died over it; the others, and those to come, are set up by the next
                if attempt == 1:
                    raise self._gone(error) from None
                time.sleep(PAUSE)
            except Exception as error:
                if "ModuleNotFoundError" not in f"{type(error).__name__}: {error}":
                    raise
                raise self._without_us(error) from None

    def _without_us(self, error: BaseException) -> CourseError:
        return CourseError(
            f"A worker of {self.address} has no Backmark ({error}). Install backmark[cluster] in the same version on "
            "all workers, or end that worker."
        )

    def _gone(self, error: BaseException) -> CourseError:
        what = str(error).strip().partition("\n")[0] or type(error).__name__
        return CourseError(
            f"The Dask scheduler at {self.address} or its workers are gone ({what}). What was graded is kept. See that "
            "they run, or leave out --dask, and give the same command again: it goes on from there."
        )

    def _forget_the_dead(self) -> None:
        """Let workers drop the keys and sandboxes of runs whose grader was killed, so that they do not pile up."""

        def begun(dask_scheduler: Any) -> tuple[list[str], list[str]]:
            return list(dask_scheduler.worker_plugins), list(dask_scheduler.clients)

        with contextlib.suppress(Exception):  # a scheduler may refuse to be asked
            names, clients = self.client.run_on_scheduler(begun)
            for name in names:
                if name.startswith(TOKEN) and name.removeprefix(TOKEN) not in clients:
                    self._unregister(name)

    def _forget(self) -> None:
        self._unregister(self.token)

    def _unregister(self, name: str) -> None:
        """Let workers drop what they hold; one that never came up would be waited for without end."""

        def unregister() -> None:
            with contextlib.suppress(Exception):  # a cluster that is gone has forgotten already
                self.client.unregister_worker_plugin(name)

        asking = threading.Thread(target=unregister, daemon=True)
        asking.start()
        asking.join(FORGET)

    def run(self, jobs: Iterator[Job]) -> Iterator[Done]:
        """Yield reports as they come, a task at a time; None for what killed its workers."""
        from distributed import as_completed

        under_way: dict[Any, list[Job]] = {}
        finished = as_completed(loop=self.client.loop)
        batches = self._batches(jobs)
        with self._there():
            self._feed(batches, under_way, finished)
        while under_way:
            with self._there():
                future = next(finished)
                batch = under_way.pop(future)
                done = self._collect(future, batch, under_way, finished)
                self._feed(batches, under_way, finished)
            yield done

    @contextlib.contextmanager
    def _there(self) -> Iterator[None]:
        """Say what is kept and how to go on when the scheduler dies."""
        try:
            yield
        except (OSError, CancelledError) as error:
            raise self._gone(error) from None

    def _batches(self, jobs: Iterator[Job]) -> Iterator[list[Job]]:
        """Share jobs out to tasks, smaller ones towards the end: all workers are to end at the same time."""
        waiting: collections.deque[Job] = collections.deque()
        more = True
        while more or waiting:
            share = AHEAD * self._workers()
            if more:
                ahead = share * PER_TASK + PER_TASK
                waiting.extend(
                    itertools.islice(jobs, max(0, ahead - len(waiting)))
                )  # workers may have become fewer
                more = len(waiting) >= ahead
            size = PER_TASK if more else max(LEAST, -(-len(waiting) // share))
            batch = [waiting.popleft() for _ in range(min(size, PER_TASK, len(waiting)))]
            if batch:
                yield batch

    def _fit(self) -> list[str]:
        there = self.client.scheduler_info(n_workers=-1)["workers"]
        return [address for address in there if address not in self.unfit]

    def _workers(self) -> int:
        now = time.monotonic()
        if self.counted is None or now - self.counted[0] > COUNTED_EVERY:
            self.counted = now, max(1, len(self._fit()))
        return self.counted[1]

    def _feed(self, batches: Iterator[list[Job]], under_way: dict[Any, list[Job]], finished: Any) -> None:
        while len(under_way) < AHEAD * self._workers() and (batch := next(batches, None)) is not None:
            self._submit(batch, under_way, finished)

    def _submit(self, batch: list[Job], under_way: dict[Any, list[Job]], finished: Any) -> None:
        parcels = [pack(job) for job in batch]
        others = {"workers": self._fit()} if self.unfit else {}
        if others and not others["workers"]:
            raise CourseError(f"No worker can judge any more: {next(iter(self.unfit.values()))}")
        future = self.client.submit(judge_parcels, self.token, parcels, self._told(), pure=False, **others)
        under_way[future] = batch
        finished.add(future)

    def _told(self) -> list[bytes]:
        """Return what goes along with the next task: nobody knows which worker takes it, so with several."""
        told = [self.lessons.popleft() for _ in range(len(self.lessons))]
        self.lessons.extend((times - 1, learned) for times, learned in told if times > 1)
        return [learned for _, learned in told]

    def _collect(self, future: Any, batch: list[Job], under_way: dict[Any, list[Job]], finished: Any) -> Done:
        from distributed.scheduler import KilledWorker

        try:
            found, learned = future.result()
            self.lessons.extend([(TOLD * self._workers(), learned)] if learned else ())
            return list(zip(batch, found, strict=True))
        except UnfitError as error:
            self.unfit[error.args[0]] = error.args[1]
            self._submit(batch, under_way, finished)
            return []
        except KilledWorker:
            if len(batch) == 1:
                return [(batch[0], None)]
            for job in batch:
                self._submit([job], under_way, finished)
            return []


def _see_address(address: str) -> None:
    """Refuse what cannot be an address: Dask would hang over some, and wait a minute for others.

    Raises:
        CourseError: it is none, or there is no such machine.
    """
    found = ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[2]) < 1 << 16:
        raise CourseError(f"--dask {address}: give tcp://HOST:PORT of a scheduler, or local:N.")
    try:
        socket.getaddrinfo(found[1].strip("[]"), int(found[2]))
    except (OSError, UnicodeError) as error:
        raise CourseError(f"--dask {address}: the machine {found[1]} cannot be found ({error}).") from None


def _distributed() -> Any:
    try:
        import dask
        import distributed
    except ImportError:
        raise CourseError(
            "Judging on Dask needs distributed; install it with `pip install backmark[cluster]`."
        ) from None
    dask.config.set({"distributed.scheduler.allowed-failures": DEATHS - 1})
    for name in ("distributed", "distributed.client"):  # what went wrong is said in a sentence, not traced
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _plugin(here: int, *args: Any) -> Any:
    from distributed import WorkerPlugin

    class Judging(WorkerPlugin):
        """Set a worker up to judge, and again after it was started again."""

        name = args[0]

        def setup(self, worker: Any) -> None:
            if here:
                stay_on_core(worker.name, here)
            try:
                set_up(worker.local_directory, *args)
            except Exception as error:  # told by the tasks: of one that joins late, Dask tells nobody
                _UNFIT[args[0]] = str(error) or type(error).__name__
                raise

        def teardown(self, worker: Any) -> None:  # noqa: ARG002 - Dask's signature
            tear_down(args[0])

    return Judging()
