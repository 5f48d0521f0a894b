"""Processes that judge: what is said when they cannot be started."""

import collections

import pytest

from autograder.sandbox import SandboxError
from autograder.workers import STARTS, Pool


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
