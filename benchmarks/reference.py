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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

# The folder of a script comes first on the path, where this file would be taken for the package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from reference import activations, convolution, losses, normalization, pooling, transposed, unpooling
from reference.kernels import kernel, use_kernels
from reference.op import Array

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

Work = Callable[[], Any]
TYPES = {"f32": np.float32, "f64": np.float64}


@dataclass(frozen=True)
class Entry:
    """One thing to time: with kernels, in plain NumPy, by PyTorch."""

    name: str
    kind: str
    direction: str
    ours: Work
    plain: Work
    torch: Work | None
    goal: float | None = None
    flops: float = 0
    suite: str = ""
    moved: int = 0  # bytes that must be read and written at least, where memory is the limit


@dataclass(frozen=True)
class Timing:
    """Median seconds of one entry, and how much longer PyTorch took, by number of threads."""

    ours: float
    plain: float
    copy: float | None
    slower: dict[int, float] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------ limits


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


# -------------------------------------------------------------------------------------------- the shapes

CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, int], tuple[float, float]]] = {
    # name: x, w, settings, goals of forward
    "64 3x3 on 8x64x56^2": ((8, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}, (1.0, 4.0)),
    "10 3x3 on 32x3x32^2": ((32, 3, 32, 32), (10, 3, 3, 3), {"padding": 1}, (1.5, 2.5)),
    "32 3x3 on 32x3x32^2": ((32, 3, 32, 32), (32, 3, 3, 3), {"padding": 1}, (1.5, 2.5)),
    "64 3x3 on 32x3x32^2": ((32, 3, 32, 32), (64, 3, 3, 3), {"padding": 1}, (1.5, 2.5)),
    "stride 2, 8x64x56^2": ((8, 64, 56, 56), (64, 64, 3, 3), {"padding": 1, "stride": 2}, (1.0, 2.0)),
    "dilation 2, 8x64x56^2": ((8, 64, 56, 56), (64, 64, 3, 3), {"padding": 2, "dilation": 2}, (1.0, 2.0)),
    "tiny, 2x3x7^2": ((2, 3, 7, 7), (4, 3, 3, 3), {}, (10, 2.5)),
}
BACKWARD = {"tiny, 2x3x7^2": (10.0, 2.5)}


def goal_of(goals: tuple[float, float], kind: str) -> float:
    return goals[kind == "f64"]


def convolutions(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    for name, (x_shape, w_shape, given, goals) in CONVOLUTIONS.items():
        x, w, b = (rng.normal(size=s).astype(TYPES[kind]) for s in (x_shape, w_shape, w_shape[:1]))
        settings = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **given}
        layer, groups = convolution._layer(x, w, *settings.values())
        fast: Any = kernel("convolution")
        y, saved = convolution.conv2d_forward(x, w, b, *settings.values())
        dy = rng.normal(size=y.shape).astype(x.dtype)
        flops = 2 * y.size * w[0].size
        forward, backward = torch_convolution(x, w, b, dy, settings)
        yield Entry(
            f"conv {name}",
            kind,
            "forward",
            partial(fast.forward, x, w, b, layer, groups),
            partial(convolution.conv2d_forward, x, w, b, *settings.values()),
            forward,
            goal_of(goals, kind),
            flops,
            "conv",
        )
        yield Entry(
            f"conv {name}",
            kind,
            "backward",
            partial(fast.backward, *saved, dy),
            partial(convolution.conv2d_backward, saved, dy),
            backward,
            goal_of(BACKWARD.get(name, (1.0, 2.0)), kind),
            2 * flops,
            "conv",
        )


def torch_convolution(
    x: Array, w: Array, b: Array, dy: Array, how: dict[str, int], transposed_by: int | None = None
) -> tuple[Work | None, Work | None]:
    if torch is None:
        return None, None
    X, W, B, DY = map(torch.from_numpy, (x, w, b, dy))
    stride, padding, dilation = ([how[name]] * 2 for name in ("stride", "padding", "dilation"))
    groups, turned, extra = how["groups"], transposed_by is not None, [transposed_by or 0] * 2
    F = torch.nn.functional
    if turned:
        forward: Work = partial(F.conv_transpose2d, X, W, B, stride, padding, extra, groups, dilation)
    else:
        forward = partial(F.conv2d, X, W, B, stride, padding, dilation, groups)
    settings = ([len(b)], stride, padding, dilation, turned, extra, groups, [True] * 3)
    return forward, partial(torch.ops.aten.convolution_backward, DY, X, W, *settings)


def transposed_convolutions(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x, w, b = (rng.normal(size=s).astype(TYPES[kind]) for s in ((8, 64, 28, 28), (64, 64, 3, 3), (64,)))
    settings = (2, 1, 1, 1, 1)  # stride, padding, output padding, groups, dilation
    layer, shape, groups = transposed._layer(x, w, b, *settings)
    fast: Any = kernel("transposed")
    y, saved = transposed.conv_transpose2d_forward(x, w, b, *settings)
    dy = rng.normal(size=y.shape).astype(x.dtype)
    how = {"stride": 2, "padding": 1, "dilation": 1, "groups": 1}
    forward, backward = torch_convolution(x, w, b, dy, how, transposed_by=1)
    name, flops = "transposed 64 3x3, stride 2, 8x64x28^2", 2 * x.size * w[0].size
    yield Entry(
        name,
        kind,
        "forward",
        partial(fast.forward, x, w, b, layer, shape, groups),
        partial(transposed.conv_transpose2d_forward, x, w, b, *settings),
        forward,
        goal_of((1.0, 2.0), kind),
        flops,
        "conv",
    )
    yield Entry(
        name,
        kind,
        "backward",
        partial(fast.backward, *saved, dy),
        partial(transposed.conv_transpose2d_backward, saved, dy),
        backward,
        goal_of((1.0, 2.0), kind),
        2 * flops,
        "conv",
    )


def poolings(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x = rng.normal(size=(8, 64, 56, 56)).astype(TYPES[kind])
    X = None if torch is None else torch.from_numpy(x)
    fast: Any = kernel("pooling")
    for name, k, s, p, goals in (("2x2", 2, 2, 0, (40, 1.5)), ("3x3 stride 2", 3, 2, 1, (15, 1.0))):
        window, layer = pooling._windows(x, k, s, p, 1, False)
        y, winners = fast.maximum(x, window, layer)
        dy = rng.normal(size=y.shape).astype(x.dtype)
        forward: Work | None = None
        backward: Work | None = None
        mean: Work | None = None
        if torch is not None:
            F, two = torch.nn.functional, ([k] * 2, [s] * 2, [p] * 2, [1, 1])
            forward, mean = partial(F.max_pool2d, X, k, s, p), partial(F.avg_pool2d, X, k, s, p)
            _, indices = F.max_pool2d(X, k, s, p, return_indices=True)
            back = torch.ops.aten.max_pool2d_with_indices_backward
            backward = partial(back, torch.from_numpy(dy), X, *two, False, indices)
        yield Entry(
            f"max pool {name}, 8x64x56^2",
            kind,
            "forward",
            partial(fast.maximum, x, window, layer),
            partial(pooling.max_pool2d_forward, x, k, s, p, 1, False, False),
            forward,
            goals[0],
            moved=x.nbytes + y.nbytes + winners.nbytes,
        )
        yield Entry(
            f"max pool {name}, 8x64x56^2",
            kind,
            "backward",
            partial(fast.maximum_gradient, dy, winners, x.shape, window, layer),
            partial(pooling.max_pool2d_backward, (x.shape, winners, window, layer), dy),
            backward,
            goals[1],
            moved=x.nbytes + y.nbytes + winners.nbytes,
        )
        count = pooling._counts(x.shape, window, layer, True).astype(x.dtype)
        yield Entry(
            f"average pool {name}, 8x64x56^2",
            kind,
            "forward",
            partial(fast.average, x, window, layer, count),
            partial(pooling.avg_pool2d_forward, x, k, s, p, False, True),
            mean,
            15,
            moved=x.nbytes + y.nbytes,
        )
    yield unpooling_entry(kind, x)


def unpooling_entry(kind: str, x: Array) -> Entry:
    y, indices = pooling.max_pool2d(x, 2, return_indices=True)
    fast: Any = kernel("unpooling")
    rival: Work | None = None
    if torch is not None:
        Y, places = torch.from_numpy(y), torch.from_numpy(indices)
        rival = partial(torch.nn.functional.max_unpool2d, Y, places, [2, 2])
    return Entry(
        "max unpool 2x2, 8x64x28^2",
        kind,
        "forward",
        partial(fast.spread, y, indices, x.shape[2:]),
        partial(unpooling.max_unpool2d_forward, y, indices, 2, None, 0, None),
        rival,
        4,
        moved=x.nbytes + y.nbytes + indices.nbytes,
    )


def batch_norms(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x, dy = rng.normal(size=(2, 8, 64, 56, 56)).astype(TYPES[kind])
    gamma, beta = rng.normal(size=(2, 64)).astype(x.dtype)
    fast: Any = kernel("normalization")
    _, mean, _, scale = fast.batch_norm(x, gamma, beta, 1e-5)
    settings = (True, 0.1, 1e-5, "batch", 0, False)
    _, saved = normalization.batch_norm_forward(x, None, None, gamma, beta, *settings)
    forward: Work | None = None
    backward: Work | None = None
    if torch is not None:
        X, DY, G, B, M, V = map(torch.from_numpy, (x, dy, gamma, beta, mean, scale))
        forward = partial(torch.nn.functional.batch_norm, X, None, None, G, B, True)

        def backward() -> Any:
            return torch.ops.aten.native_batch_norm_backward(
                DY, X, G, None, None, M, V, True, 1e-5, [True] * 3
            )

    yield Entry(
        "batch norm 8x64x56^2",
        kind,
        "forward",
        partial(fast.batch_norm, x, gamma, beta, 1e-5),
        partial(normalization.batch_norm_forward, x, None, None, gamma, beta, *settings),
        forward,
        8,
        moved=2 * x.nbytes,
    )
    yield Entry(
        "batch norm 8x64x56^2",
        kind,
        "backward",
        partial(fast.batch_norm_gradient, dy, x, mean, scale, gamma),
        partial(normalization.batch_norm_backward, saved, dy),
        backward,
        1.5,
        moved=3 * x.nbytes,
    )


def scores(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    fast: Any = kernel("losses")
    for (N, C), goal in (((128, 10), 8), ((256, 1000), 1.5)):
        x, t = rng.normal(size=(N, C)).astype(TYPES[kind]), rng.integers(C, size=N)
        rival: Work | None = None
        if torch is not None:
            X, T = torch.from_numpy(x), torch.from_numpy(t)
            one, weight = torch.ones((), dtype=X.dtype), torch.tensor(float(N), dtype=X.dtype)

            def rival(X: Any = X, T: Any = T, one: Any = one, weight: Any = weight) -> Any:
                log_p = torch.ops.aten._log_softmax(X, 1, False)
                torch.ops.aten.nll_loss_forward(log_p, T, None, 1, -100)
                dlog = torch.ops.aten.nll_loss_backward(one, log_p, T, None, 1, -100, weight)
                return torch.ops.aten._log_softmax_backward_data(dlog, log_p, 1, X.dtype)

        def ours(x: Array = x, t: Array = t) -> Any:
            _, log_p = fast.cross_entropy(x, t)
            return fast.cross_entropy_gradient(log_p, t, 1.0)

        def plain(x: Array = x, t: Array = t) -> Any:
            _, saved = losses.cross_entropy_forward(x, t)
            return losses.cross_entropy_backward(saved, np.asarray(1.0))

        yield Entry(f"softmax and cross-entropy {N}x{C}", kind, "both", ours, plain, rival, goal)


def relus(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x, dy = rng.normal(size=(2, 8, 64, 56, 56)).astype(TYPES[kind])
    fast: Any = kernel("activations")
    forward: Work | None = None
    backward: Work | None = None
    if torch is not None:
        X, DY = torch.from_numpy(x), torch.from_numpy(dy)
        forward, backward = partial(torch.relu, X), partial(torch.ops.aten.threshold_backward, DY, X, 0)
    yield Entry(
        "relu 8x64x56^2",
        kind,
        "forward",
        partial(fast.relu, x),
        partial(activations.relu_forward, x),
        forward,
        moved=2 * x.nbytes,
    )
    yield Entry(
        "relu 8x64x56^2",
        kind,
        "backward",
        partial(fast.relu_gradient, x, dy),
        partial(activations.relu_backward, x, dy),
        backward,
        moved=3 * x.nbytes,
    )


GROUPS = (convolutions, transposed_convolutions, poolings, batch_norms, scores, relus)

# ---------------------------------------------------------------------------------------------- timing


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
