"""Grade a large class that arrives at once, and watch how long it waits and what memory it takes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.grading import grade


def soak(course: Course, name: str, workers: int) -> dict[str, Any]:
    """Grade a large class that arrives at once; return waiting times and memory along the way."""
    count = len(os.listdir(course.root / "submitted"))
    waited: list[float] = []
    curve: list[tuple[int, float, float]] = []
    start = time.perf_counter()

    def seen(_report: Any, _kept: bool) -> None:
        waited.append(time.perf_counter() - start)
        if len(waited) % max(1, count // 10) == 0:
            curve.append((len(waited), *resident()))

    progress = grade(course, name, workers=workers, on_report=seen)
    if progress.graded != count:
        raise SystemExit("the soak lost submissions")
    return {
        "submissions": count,
        "workers": workers,
        "seconds": round(waited[-1], 1),
        "per_second": round(count / waited[-1], 2),
        "first_after": round(waited[0], 2),
        "p50_wait": round(waited[count // 2], 1),
        "p99_wait": round(waited[int(count * 0.99) - 1], 1),
        "memory_mb": curve,
    }


def resident() -> tuple[float, float]:
    """Return the resident memory of this process and of all it has started, in MB."""
    if not Path("/proc/self/task").exists():
        return 0.0, 0.0
    return _resident(os.getpid()), sum(_resident(pid) for pid in descendants(os.getpid()))


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(c) for task in tasks for c in (task / "children").read_text().split()]
    except OSError:
        return found
    for child in children:
        found += [child, *descendants(child)]
    return found


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def show_soak(out: Console, soaked: dict[str, Any]) -> None:
    out.print(
        f"{soaked['submissions']} at once, {soaked['workers']} workers: {soaked['seconds']} s, "
        f"{soaked['per_second']} per second; first after {soaked['first_after']} s, half after {soaked['p50_wait']} s, "
        f"99 % after {soaked['p99_wait']} s."
    )
    table = Table(title="Resident memory, MB")
    for column in ("graded", "grader", "all other processes"):
        table.add_column(column, justify="right")
    for count, own, others in soaked["memory_mb"]:
        table.add_row(str(count), f"{own:.1f}", f"{others:.1f}")
    out.print(table)
