"""Share work out to all cores, in order, where it is worth starting processes for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from autograder.cores import usable_cores

Job = TypeVar("Job")
Result = TypeVar("Result")

WORTH_IT = 100  # jobs; fewer are done sooner than processes start


def shared_out(do: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """Yield do(job) for each job, in order.

    Processes are forked, so that what was loaded and registered here (an instructor's own questions) is there,
    too; where there is no fork, or there are few jobs, one process does all.
    """
    cores = usable_cores()
    if len(jobs) < WORTH_IT or cores < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(do, jobs)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        yield from pool.map(do, jobs, chunksize=max(1, min(16, len(jobs) // (4 * cores))))
