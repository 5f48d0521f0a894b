"""Time gradient checks beside the textbook loop, and see which mistakes each of them catches.

    python benchmarks/gradcheck.py [--repeats 5] [--places 8] [--only 406] [--layers 1] [--style pixels] [--json FILE]

All engines check the same function, the same NumPy code, in the same run; read the ratios, not the milliseconds.
There are two functions with 406 and with 1760 entries each:

* one convolution. Its result is a straight line in each input, and an entry touches few outputs.
* two convolutions with tanh between. Every entry of w1 and b1 touches every output, so that each of these 76 takes
  a forward pass by itself however they are coloured: measured entry by entry, no checker can be more than
  2 * 406 / 76 = 11 (46 with 1760 entries) times as fast as the textbook loop.

What the rows mean:

* textbook loop: one central difference per entry of every input, so 2 forward passes for each.
* one probe with bound: one random direction through all entries, measured and compared; without what is set up once.
* check_gradient: the whole check as it is called, which sees every entry in two probes.
* check_gradient, one entry wrong: the same with one entry of dw1 off by a thousandth, until that entry is named.
* check_gradient, every_entry=True: the full coloured check; after the probes each entry is measured by itself.

Every engine is called again and again and takes turns with the others, so what only a first call has to do (memory to
be got from the system) is not in the numbers. All that every call does is: `check_gradient` keeps nothing from one call
to the next but a table of random steps.

The engines of PyTorch and JAX call the very same NumPy functions, wrapped as an operation of theirs, where they are
installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
# The folder of a script comes first on the path, where `reference.py` beside this file would hide the package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.convolutions import CHOSEN, SIZES, STYLES, Array, Backward, Problem, backward, forward, spoilt
from reference.checking.claims import Claim, probe, upstream
from reference.checking.entries import Workbench
from reference.checking.subject import read_subject
from reference.gradients import bounded_gradient, check_gradient

ERRORS = (1e-2, 1e-3, 1e-4, 1e-6)
FUNCTIONS = {1: "One convolution", 2: "Two convolutions"}
_BATCH = 0.05  # seconds; quick engines are called again and again for so long
GOALS = {  # at least so many times faster than the textbook loop
    "one probe with bound": {406: 150, 1760: 500},
    "check_gradient, every_entry=True": {406: 25, 1760: 80},
}


def textbook_gradient(f: Callable[[Array], Array], x: Array, dy: Array, h: float = 1e-5) -> Array:
    """Take one central difference for each entry, as in the notes of CS231n."""
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        kept = x[at]
        x[at] = kept + h
        right = f(x).copy()
        x[at] = kept - h
        left = f(x).copy()
        x[at] = kept
        gradient[at] = np.sum((right - left) * dy) / (2 * h)
    return gradient


def textbook_error(problem: Problem) -> Callable[[Backward], float]:
    """Run the textbook loop once; return a function that gives the largest relative error of a backward pass."""
    inputs = [array.copy() for array in problem.inputs]
    numeric = [textbook_gradient(lambda _: forward(*inputs)[0], x, problem.dy) for x in inputs]

    def error(candidate: Backward) -> float:
        pairs = zip(candidate(problem.dy, forward(*inputs)[1]), numeric, strict=True)
        return float(max(np.max(np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))) for a, n in pairs))

    return error


def whole_check(problem: Problem, candidate: Backward) -> bool:
    return bool(check_gradient(forward, candidate, problem.inputs))


def every_entry(problem: Problem, candidate: Backward) -> bool:
    return bool(check_gradient(forward, candidate, problem.inputs, every_entry=True))


def name_one_wrong_entry(problem: Problem, _candidate: Backward) -> bool:
    """Check a gradient with one wrong entry; tell whether that entry, and no other, is named."""
    rows = check_gradient(forward, spoilt(10, 1e-3), problem.inputs).rows
    wrong = [row.entry for row in rows if row.outcome == "wrong" and "at once" not in row.entry]
    return wrong == ["dw1[0, 1, 0, 1]"]


def joint_direction(problem: Problem, candidate: Backward) -> bool:
    """Measure one random direction through all inputs from nothing, its own noise estimate included."""
    rng = np.random.default_rng(1)
    steps = [rng.uniform(0.5, 1, x.shape) * rng.choice([-1.0, 1.0], x.shape) for x in problem.inputs]

    def along(t: Array) -> Array:
        return forward(*(x + t * v for x, v in zip(problem.inputs, steps, strict=True)))[0]

    value, error = bounded_gradient(along, np.zeros(()), problem.dy)
    gradients = candidate(problem.dy, forward(*problem.inputs)[1])
    claimed = sum(float(np.sum(g * v)) for g, v in zip(gradients, steps, strict=True))
    return bool(abs(value - claimed) <= error + 1e-12 * abs(claimed))


def torch_function(candidate: Backward) -> Any:
    """Wrap the NumPy pair as an operation of PyTorch; None where PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            y, ctx.cache = forward(*(t.detach().numpy() for t in tensors))
            return torch.from_numpy(np.ascontiguousarray(y))

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            return tuple(map(torch.from_numpy, candidate(dy.numpy(), ctx.cache)))

    return Wrapped.apply


def torch_check(fast: bool) -> Callable[[Problem, Backward], bool]:
    def check(problem: Problem, candidate: Backward) -> bool:
        import torch

        tensors = tuple(torch.from_numpy(x.copy()).requires_grad_() for x in problem.inputs)
        return bool(
            torch.autograd.gradcheck(
                torch_function(candidate), tensors, fast_mode=fast, raise_exception=False
            )
        )

    return check


def jax_function(candidate: Backward, problem: Problem) -> Any:
    """Wrap the NumPy pair as an operation of JAX; None where JAX is not installed."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    result = jax.ShapeDtypeStruct(problem.dy.shape, np.float64)
    shapes = tuple(jax.ShapeDtypeStruct(x.shape, np.float64) for x in problem.inputs)

    def call(*inputs: Any) -> Any:
        return np.ascontiguousarray(forward(*map(np.asarray, inputs))[0])

    def pull(dy: Any, *inputs: Any) -> Any:
        return candidate(np.asarray(dy), forward(*map(np.asarray, inputs))[1])

    wrapped = jax.custom_vjp(lambda *inputs: jax.pure_callback(call, result, *inputs))
    wrapped.defvjp(
        lambda *inputs: (jax.pure_callback(call, result, *inputs), inputs),
        lambda inputs, dy: jax.pure_callback(pull, shapes, dy, *inputs),
    )
    return wrapped


def jax_check(problem: Problem, candidate: Backward) -> bool:
    from jax.test_util import check_grads

    try:
        check_grads(jax_function(candidate, problem), problem.inputs, order=1, modes=["rev"])
    except AssertionError:
        return False
    return True


def one_probe(problem: Problem) -> Callable[[], bool]:
    """Set up a check; return its unit of work, one direction through all entries measured with its bound."""
    rng = np.random.default_rng(0)
    subject = read_subject(forward, backward, problem.inputs)
    bench = Workbench.at(subject, rng)
    claim = Claim.ask(subject, upstream(rng, len(bench.base)), rng)[1]
    assert claim is not None
    everything = np.arange(len(bench.spread))
    return lambda: probe(bench, claim, everything, rng, "probe").outcome == "right"


def engines(layers: int) -> dict[str, Callable[[Problem, Backward], bool] | None]:
    """Return all engines that judge a backward pass; None stands for what is not installed."""
    has_torch = torch_function(backward) is not None
    has_jax = jax_function(backward, Problem.draw(layers, 406)) is not None
    return {
        "textbook loop": lambda problem, candidate: textbook_error(problem)(candidate) <= 1e-7,
        "bounded_gradient along one direction": joint_direction,
        "check_gradient": whole_check,
        "check_gradient, every_entry=True": every_entry,
        "torch gradcheck, slow": torch_check(False) if has_torch else None,
        "torch gradcheck, fast": torch_check(True) if has_torch else None,
        "jax check_grads": jax_check if has_jax else None,
    }


def timings(layers: int, size: int, repeats: int, tick: Callable[[], None]) -> dict[str, float | None]:
    """Return the median seconds of each engine on a right gradient; the engines take turns."""
    problem = Problem.draw(layers, size)
    found = engines(layers)
    jobs: dict[str, Callable[[], bool]] = {
        name: partial(engine, problem, backward) for name, engine in found.items() if engine
    }
    jobs["check_gradient, one entry wrong"] = partial(name_one_wrong_entry, problem, backward)
    jobs["one probe with bound"] = one_probe(problem)
    jobs["one forward pass"] = lambda: bool(forward(*problem.inputs))
    loops = {name: int(np.clip(_BATCH / _seconds(job, 1), 1, 200)) for name, job in jobs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            seconds[name].append(_seconds(job, loops[name]))
        tick()
    medians: dict[str, float | None] = {name: statistics.median(s) for name, s in seconds.items()}
    return medians | {name: None for name, engine in found.items() if engine is None}


def _seconds(job: Callable[[], bool], loops: int) -> float:
    """Return the processor time of one call, which other programs of a busy machine do not lengthen much."""
    start = time.process_time()
    for _ in range(loops):
        job()
    return (time.process_time() - start) / loops


def caught(layers: int, size: int, places: int, tick: Callable[[], None]) -> dict[str, dict[str, Any] | None]:
    """Count, engine by engine, the refused gradients: the right one, and those with one wrong element of dw1."""
    problem = Problem.draw(layers, size)
    chosen = np.linspace(0, problem.inputs[1].size - 1, places).astype(int)
    cases: dict[str, list[Backward]] = {"right": [backward]}
    cases |= {f"{e:.0e}": [spoilt(int(place), e) for place in chosen] for e in ERRORS}
    error = textbook_error(problem)
    found: dict[str, Callable[[Backward], bool] | None] = {
        f"textbook loop, threshold {t:.0e}": lambda b, t=t: error(b) <= t  # type: ignore[misc]
        for t in (1e-4, 1e-7)
    }
    for name, engine in engines(layers).items():
        if name != "textbook loop":
            found[name] = (lambda b, e=engine: e(problem, b)) if engine else None  # type: ignore[misc]
    table: dict[str, dict[str, Any] | None] = {}
    for name, accepts in found.items():
        tick()
        table[name] = accepts and {
            case: [sum(not accepts(b) for b in backwards), len(backwards)]
            for case, backwards in cases.items()
        }
    return table


def show_timings(layers: int, seconds: dict[int, dict[str, float | None]]) -> Table:
    table = Table(
        title=f"{FUNCTIONS[layers]}, {CHOSEN['style']} forward: how many times faster than the textbook loop"
    )
    table.add_column("engine")
    for size in seconds:
        for column in (f"{size}: ms", "ratio", "goal"):
            table.add_column(column, justify="right")
    for name in next(iter(seconds.values())):
        row = [name]
        for size, medians in seconds.items():
            row += _timing_cells(medians, name, GOALS.get(name, {}).get(size))
        table.add_row(*row)
    return table


def _timing_cells(medians: dict[str, float | None], name: str, goal: int | None) -> list[str]:
    own, textbook_seconds = medians[name], medians["textbook loop"]
    if own is None or textbook_seconds is None:
        return ["not installed", "-", "-"]
    ratio = textbook_seconds / own
    told = "-" if goal is None else f"{goal} {'reached' if ratio >= goal else 'missed'}"
    return [f"{1000 * own:.3g}", f"{ratio:.3g}", told]


def show_caught(layers: int, found: dict[str, dict[str, Any] | None], size: int) -> Table:
    table = Table(
        title=f"{FUNCTIONS[layers]}, {size} entries: gradients that are refused, one element of dw1 wrong"
    )
    table.add_column("engine")
    for column in ("right", *(f"relative error {e:.0e}" for e in ERRORS)):
        table.add_column(column, justify="right")
    for name, counts in found.items():
        cells = [f"{got} of {of}" for got, of in counts.values()] if counts else ["not installed"]
        table.add_row(name, *cells)
    return table


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--places", type=int, default=8, help="how many elements of dw1 are spoilt, one by one"
    )
    parser.add_argument("--only", type=int, choices=SIZES, help="one size instead of both")
    parser.add_argument("--layers", type=int, choices=list(FUNCTIONS), help="one function instead of both")
    parser.add_argument("--style", choices=list(STYLES), default="vectorised", help="how forward is written")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = [options.only] if options.only else list(SIZES)
    functions = [options.layers] if options.layers else list(FUNCTIONS)
    warnings.simplefilter("ignore")
    CHOSEN["style"] = options.style
    records = [measure(layers, sizes, options.repeats, options.places) for layers in functions]
    if options.json:
        options.json.write_text(json.dumps({"goals": GOALS, "functions": records}, indent=1) + "\n")


def measure(layers: int, sizes: list[int], repeats: int, places: int) -> dict[str, Any]:
    """Time and try all engines on one function; print the tables and return what is in them."""
    with Progress(transient=True) as bar:
        task = bar.add_task("gradient checks", total=len(sizes) * repeats + 8)
        seconds = {s: timings(layers, s, repeats, lambda: bar.advance(task)) for s in sizes}
        found = caught(layers, sizes[0], places, lambda: bar.advance(task)) if places else {}
    console = Console()
    console.print(show_timings(layers, seconds))
    if found:
        console.print(show_caught(layers, found, sizes[0]))
    return {
        "layers": layers,
        "style": CHOSEN["style"],
        "seconds": seconds,
        "refused": found,
        "refused_size": sizes[0],
    }


if __name__ == "__main__":
    main()
