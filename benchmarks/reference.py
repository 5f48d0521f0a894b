"""Time the kernels of `reference` beside PyTorch, plain NumPy and the limits of the machine.

    python benchmarks/reference.py [--json results.json] [--only conv] [--repeats 9] [--threads 1 2]

Absolute times drift from machine to machine and from hour to hour, so everything here is a ratio: the versions
take turns, and the median of each is compared within one run. Kernels always use one thread; PyTorch is timed
with each number of threads asked for. Above 1, the kernel is faster.

A kernel that does next to no arithmetic cannot be faster than memory. Beside it stands a plain copy (`ndarray.copy`)
that reads and writes as many bytes as the kernel must at least: how fast the kernel is, the copy being 100 %, and by
how much a copy would be faster than PyTorch, which is about the most that any kernel can reach.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)  # the limit is what OpenBLAS can do, not what it was told to do
os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))

import argparse
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The folder of a script comes first on the path, where this file would be taken for the package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.layers import GROUPS, Entry, torch
from benchmarks.limits import TYPES, Work, machine_limits, seconds
from reference.kernels import use_kernels


@dataclass(frozen=True)
class Timing:
    """Median seconds of one entry, and how much longer PyTorch took, by number of threads."""

    ours: float
    plain: float
    copy: float | None
    slower: dict[int, float] = field(default_factory=dict)


def measure(entry: Entry, repeats: int, threads: int) -> dict[str, float]:
    """Let all versions take turns; what is quick is called many times in a row, so that a turn lasts 1 ms.

    One thread is timed by the processor time it took, which other programs lengthen less than the time of day.
    """
    clock = time.thread_time if threads == 1 else time.perf_counter
    turns: dict[str, tuple[Work, Callable[[], Any]]] = {
        "ours": (entry.ours, lambda: use_kernels(True)),
        "plain": (entry.plain, lambda: use_kernels(False)),
    }
    if entry.torch is not None:
        turns["torch"] = entry.torch, lambda: torch.set_num_threads(threads)
    if entry.moved:
        turns["copy"] = np.ones(entry.moved // 2, np.uint8).copy, lambda: None
    calls = {}
    for key, (work, prepare) in turns.items():
        prepare()
        work()
        calls[key] = max(1, min(1000, int(1e-3 / max(seconds(work), 1e-7))))
    spent: dict[str, list[float]] = {key: [] for key in turns}
    for _ in range(repeats):
        for key, (work, prepare) in turns.items():
            prepare()
            spent[key].append(seconds(work, calls[key], clock))
    use_kernels(True)
    return {key: statistics.median(times) for key, times in spent.items()}


def all_timings(entries: list[Entry], repeats: int, threads: list[int]) -> list[tuple[Entry, Timing]]:
    """Time everything with one number of threads before the next: idle threads of PyTorch disturb the others."""
    passes = {n: [measure(entry, repeats, n) for entry in entries] for n in sorted(threads)}
    first = passes[min(passes)]
    timed = []
    for i, entry in enumerate(entries):
        slower = {n: p[i]["torch"] / p[i]["ours"] for n, p in passes.items() if "torch" in p[i]}
        timed.append((entry, Timing(first[i]["ours"], first[i]["plain"], first[i].get("copy"), slower)))
    return timed


def row(entry: Entry, timing: Timing, threads: list[int], peak: dict[str, float]) -> list[str]:
    speed = entry.flops / timing.ours
    goal = "" if entry.goal is None else f"{entry.goal:g}"
    if goal and 1 in timing.slower:
        goal = f"[{'green' if timing.slower[1] >= float(goal) else 'red'}]{goal}[/]"
    return [
        entry.name,
        entry.kind,
        entry.direction,
        f"{timing.ours * 1e6:,.1f}",
        f"{speed / 1e9:.0f} ({speed / peak[entry.kind]:.0%})" if speed else "",
        *(f"{timing.slower[n]:.2f}" if n in timing.slower else "-" for n in threads),
        goal,
        "" if timing.copy is None else f"{timing.copy / timing.ours:.0%}",
        ""
        if timing.copy is None or 1 not in timing.slower
        else f"{timing.slower[1] * timing.ours / timing.copy:.1f}",
        f"{timing.plain / timing.ours:.2f}",
    ]


def report(entry: Entry, timing: Timing) -> dict[str, Any]:
    return {
        "name": entry.name,
        "dtype": entry.kind,
        "direction": entry.direction,
        "seconds": timing.ours,
        "flops": entry.flops,
        "goal": entry.goal,
        "numpy_over_kernel": timing.plain / timing.ours,
        "copy_over_kernel": timing.copy and timing.copy / timing.ours,
        "torch_over_kernel": {str(n): value for n, value in timing.slower.items()},
    }


def means(timed: list[tuple[Entry, Timing]], threads: list[int]) -> dict[str, dict[str, float]]:
    """Return geometric means of torch over kernel for the convolution suite, by type and direction."""
    result: dict[str, dict[str, float]] = {}
    for key in dict.fromkeys(f"{e.kind} {e.direction}" for e, t in timed if e.suite == "conv" and t.slower):
        some = [t for e, t in timed if e.suite == "conv" and f"{e.kind} {e.direction}" == key]
        result[key] = {
            str(n): math.exp(statistics.fmean(math.log(t.slower[n]) for t in some)) for n in threads
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument("--only", default="", help="time entries whose name contains this")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="threads for PyTorch")
    options = parser.parse_args()
    console = Console(width=170)
    use_kernels(True)
    limits = {n: machine_limits(n) for n in sorted({1, *options.threads})}
    peak = limits[1]["gemm"]
    console.print(
        f"{platform.machine()}, NumPy {np.__version__}, "
        f"{'torch not installed' if torch is None else 'torch ' + torch.__version__}, "
        "OPENBLAS_CORETYPE unset"
    )
    for n, limit in limits.items():
        products = ", ".join(f"{kind} {flops / 1e9:.0f} GF/s" for kind, flops in limit["gemm"].items())
        copies = ", ".join(f"{limit[f'copy_{size}_MB'] / 1e9:.1f} GB/s ({size} MB)" for size in (4, 64))
        console.print(f"limits with {n} thread(s): matrix product in NumPy {products}; copy {copies}")
    table = Table(
        "what", "type", "direction", "µs", "GF/s (of matrix product)", title="kernel against others"
    )
    for heading in (
        *(f"torch {n} thr." for n in options.threads),
        "goal",
        "of a copy",
        "torch / copy",
        "NumPy",
    ):
        table.add_column(heading, justify="right")
    entries = [
        entry
        for kind in TYPES
        for group in GROUPS
        for entry in group(kind, np.random.default_rng(0))
        if options.only in entry.name
    ]
    timed = all_timings(entries, options.repeats, options.threads)
    for entry, timing in timed:
        table.add_row(*row(entry, timing, options.threads, peak))
    console.print(table)
    summary = means(timed, options.threads)
    for key, values in summary.items():
        console.print(
            f"convolutions, geometric mean of torch / kernel, {key}: "
            + ", ".join(f"{value:.2f} ({n} threads)" for n, value in values.items())
        )
    if options.json:
        content = {
            "machine": platform.machine(),
            "torch": None if torch is None else torch.__version__,
            "limits": {str(n): limit for n, limit in limits.items()},
            "entries": [report(*pair) for pair in timed],
            "means": summary,
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
