"""What the machine can do at most: matrix products, and copies of memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

Work = Callable[[], Any]
TYPES = {"f32": np.float32, "f64": np.float64}


def gemm_peak(dtype: Any, threads: int = 1, n: int = 1024) -> float:
    """Return the multiplications and additions per second of NumPy's matrix product, one in each thread."""

    def work() -> Work:
        a = np.ones((n, n), dtype)
        return partial(np.matmul, a, a, out=np.empty_like(a))

    return threads * 2 * n**3 / together([work() for _ in range(threads)])


def copy_bandwidth(megabytes: int, threads: int = 1) -> float:
    """Return the bytes read and written per second when each thread copies an array of this size."""

    def work() -> Work:
        a = np.ones(megabytes << 17)
        return partial(np.copyto, np.empty_like(a), a)

    return threads * 2 * (megabytes << 20) / together([work() for _ in range(threads)])


def together(works: list[Work], repeats: int = 9) -> float:
    """Return the least time in which all of this is done at once, each in a thread of its own."""
    if len(works) == 1:
        return min(seconds(works[0]) for _ in range(repeats))
    with ThreadPoolExecutor(len(works)) as pool:

        def all_at_once() -> None:
            for done in [pool.submit(work) for work in works]:
                done.result()

        return min(seconds(all_at_once, clock=time.perf_counter) for _ in range(repeats))


def machine_limits(threads: int) -> dict[str, Any]:
    gemm = {kind: gemm_peak(dtype, threads) for kind, dtype in TYPES.items()}
    return {
        "gemm": gemm,
        "copy_64_MB": copy_bandwidth(64, threads),
        "copy_4_MB": copy_bandwidth(4, threads),
    }


def seconds(work: Work, calls: int = 1, clock: Callable[[], float] = time.thread_time) -> float:
    start = clock()
    for _ in range(calls):
        work()
    return (clock() - start) / calls
