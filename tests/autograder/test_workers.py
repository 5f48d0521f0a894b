"""Processes that judge: what is said when they cannot be started."""

import collections

import pytest

from autograder.sandbox import SandboxError
from autograder.workers import LESSONS, STARTS, Job, Pool, _Worker


class Dying:
    """A process that ends as soon as it starts; like any process it can be closed once."""

    def __init__(self):
        self.ready, self.jobs, self.closed = False, collections.deque(), False

    def end(self, **_how):
        assert not self.closed, "closed twice"
        self.closed = True


def test_processes_that_end_at_once_are_reported_as_that(tmp_path):
    worker = Dying()
    with Pool(tmp_path, "x", 1, False) as pool:
        pool.workers, pool.died_early = [worker], STARTS - 1
        with pytest.raises(SandboxError, match="ends as soon as it starts"):
            pool._replace(worker)
    assert worker.closed


def test_a_sandbox_that_does_not_start_is_tried_again_before_all_stop(tmp_path, monkeypatch):
    class Sandboxless(Dying):
        def answer(self):
            raise SandboxError("The sandbox did not start.")

    with Pool(tmp_path, "x", 1, False) as pool:
        monkeypatch.setattr(pool, "_start", lambda _number: Sandboxless())
        pool.workers = [Sandboxless()]
        for _ in range(STARTS - 1):
            assert pool._take(pool.workers[0]) == []
        with pytest.raises(SandboxError, match="did not start"):
            pool._take(pool.workers[0])
    assert pool.workers == []


class Link:
    """The other end of a process that is never there."""

    def __init__(self):
        self.sent = []

    def send(self, task):
        self.sent.append(task)


def test_what_one_process_learned_goes_to_the_others_with_their_next_job(tmp_path):
    workers = []
    for number in range(3):
        worker = _Worker.__new__(_Worker)
        worker.link, worker.ready = Link(), True
        worker.jobs, worker.lessons = collections.deque(), collections.deque(maxlen=LESSONS)
        worker.give(Job(f"s{number}", tmp_path))
        workers.append(worker)
    first, *others = workers
    first.link.recv = lambda: (("sha", {}), ["a", "b"])
    pool = Pool(tmp_path, "x", 3, False)
    pool.workers = workers
    assert pool._take(first) == [(Job("s0", tmp_path), ("sha", {}))]
    assert [len(w.link.sent) for w in workers] == [1, 1, 1]  # nobody is written to that may not be listening
    for worker in workers:
        worker.give(Job("more", tmp_path))
        worker.give(Job("most", tmp_path))
    assert [lessons for _, lessons in first.link.sent] == [[], [], []]
    for worker in others:
        assert [lessons for _, lessons in worker.link.sent] == [[], ["a", "b"], []]
    for _ in range(LESSONS):
        first.jobs.append(Job("x", tmp_path))
        pool._take(first)
    assert len(others[0].lessons) == LESSONS
