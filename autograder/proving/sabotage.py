"""Put each mistake into the reference and run the project's own tests of that topic: they must fail.

Every mistake gets a process of its own, forked from one that has loaded everything, in which the op computes what the
mistake computes, definition and fast way alike; the tests then stop at the first failure. Only a clone has tests.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import multiprocessing
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CellType
from typing import Any, NamedTuple

from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.mistakes import Mistake, all_mistakes
from autograder.proving.done import Done, name_of
from autograder.questions import QUESTIONS
from reference.op import OPS
from reference.shapes import parse_shapes

HOME = Path(__file__).resolve().parents[2]
SECOND = "tests/conformance/test_golden.py"  # the lectures' own examples see what a topic's tests do not


@dataclass
class Score:
    """What became of the mistakes of one op. `survivors` are names no test saw."""

    op: str
    tried: int = 0
    caught: int = 0
    survivors: list[str] = field(default_factory=list)


def sabotage_all(
    ids: Collection[str] | None = None,
    piece: tuple[int, int] = (0, 1),
    done: Done | None = None,
    workers: int | None = None,
) -> Iterator[Score]:
    """Yield a score for every op with mistakes, those of the exercises and questions asked for.

    What is `done` is not done again as long as neither the mistake nor the tests have changed.

    Raises:
        CourseError: there are no tests here, or they fail without any mistake.
    """
    if not (HOME / "tests").exists():
        raise CourseError("The tests are not part of an installed Backmark; run this in a clone.")
    wanted = [m for m in all_mistakes() if m.kind == "value" and m.target in OPS and _asked(m, ids)]
    chosen = [m for i, m in enumerate(wanted) if i % piece[1] == piece[0]]
    for op in dict.fromkeys(m.target for m in chosen):
        yield _score(op, [m for m in chosen if m.target == op], done, workers)


def _asked(mistake: Mistake, ids: Collection[str] | None) -> bool:
    if ids is None:
        return True
    ops = [EXERCISES[i].op if i in EXERCISES else QUESTIONS[i].op for i in ids]
    return mistake.target in {getattr(op, "name", None) for op in ops}


def tests_of(op: str) -> list[str]:
    """Return the files that hold the tests of an op: its topic's, or else those that name it."""
    own = f"tests/reference/test_{OPS[op].__module__.rsplit('.', 1)[-1]}.py"
    if (HOME / own).exists():
        return [own, SECOND]
    word = re.compile(rf"\b{op}\b")
    files = sorted((HOME / "tests" / "reference").glob("test_*.py"))
    return [*(str(f.relative_to(HOME)) for f in files if word.search(f.read_text(encoding="utf-8"))), SECOND]


def _score(
    op: str, mistakes: Sequence[Mistake], done: Done | None = None, workers: int | None = None
) -> Score:
    done = done if done is not None else Done()
    files = [f for f in tests_of(op) if (HOME / f).exists()]
    texts = [(HOME / f).read_text(encoding="utf-8") for f in files]
    how = Path(__file__).read_text(encoding="utf-8")  # what put() did not reach before, it may reach now
    names = [name_of("sabotage", op, m.part, m.name, how, _source(m), *texts) for m in mistakes]
    left = [
        (name, (op, m.part, m.name, tuple(files))) for name, m in zip(names, mistakes) if name not in done
    ]
    if left and (not files or run_tests(files)):
        raise CourseError(
            f"The tests of {op} ({', '.join(files)}) fail, or are missing, without any mistake."
        )
    with multiprocessing.get_context("fork").Pool(workers if left else 1, maxtasksperchild=1) as pool:
        for (name, _), seen in zip(left, pool.imap(_seen, [task for _, task in left], chunksize=1)):
            done[name] = seen
    score = Score(op, len(names), sum(done[name] for name in names))
    score.survivors = [f"{m.name} ({m.part})" for m, name in zip(mistakes, names) if not done[name]]
    return score


def _source(mistake: Mistake) -> str:
    """Return the file that a mistake stands in: many are made by a function that is written once for all."""
    file = inspect.getsourcefile(inspect.unwrap(mistake.function))
    return Path(file).read_text(encoding="utf-8") if file else mistake.name


def _seen(task: tuple[str, str, str, tuple[str, ...]]) -> bool:
    op, part, name, files = task
    put(next(m for m in all_mistakes() if (m.target, m.part, m.name) == (op, part, name)))
    return any(run_tests([file]) for file in files)


def run_tests(files: Sequence[str]) -> int:
    """Run tests in this process until one fails; return pytest's exit code."""
    import pytest

    there = Path.cwd()
    os.chdir(HOME)
    options = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-o",
        "addopts=--import-mode=importlib",
    ]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return int(pytest.main([*options, *files]))
    finally:
        os.chdir(there)
        for name in [n for n in sys.modules if n.startswith(("tests.", "test_"))]:
            del sys.modules[name]


# --- a wrong reference ---------------------------------------------------------------------------


class _Kept(NamedTuple):
    """What a forward pass keeps, and the values it was called with, for a mistake in the backward pass."""

    saved: Any
    values: tuple[Any, ...]


def put(mistake: Mistake) -> None:
    """Make an op compute what a mistake computes, for the rest of this process."""
    op: Any = OPS[mistake.target]
    call = _Call(op, mistake)
    compute, body = _cell(op, "compute"), _cell(op.definition, "body")
    right, defined = compute.cell_contents, body.cell_contents
    if mistake.part == "forward":
        compute.cell_contents = lambda *values: _instead(call, right, values)
        body.cell_contents = lambda *values: call(defined, values, values)
        return
    compute.cell_contents = lambda *values: _and_values(right(*values), values)
    gradient = _cell(op.backward, "function")
    backward = gradient.cell_contents
    gradient.cell_contents = lambda kept, dy: call(
        lambda *_: backward(kept.saved, dy), kept.values, (dy, *kept.values)
    )


def _and_values(computed: tuple[Any, Any], values: tuple[Any, ...]) -> tuple[Any, _Kept]:
    return computed[0], _Kept(computed[1], values)


def _instead(call: _Call, right: Callable[..., Any], values: tuple[Any, ...]) -> tuple[Any, Any]:
    result, saved = right(*values)
    return call(lambda *_: result, values, values), saved


class _Call:
    """Call the mistake in place of the op; while it runs, the op it builds on is right."""

    def __init__(self, op: Any, mistake: Mistake) -> None:
        self.mistake, self.running = mistake, False
        arrays = {a.name for a in parse_shapes(op.shapes)[0] if a.axes is not None}
        names = list(op.forward.__signature__.parameters)
        behind = max((i + 1 for i, n in enumerate(names) if n in arrays), default=0)
        self.settings = dict(enumerate(names[behind:], behind))  # a list of weights before the arrays is none

    def __call__(self, right: Callable[..., Any], values: tuple[Any, ...], given: tuple[Any, ...]) -> Any:
        if self.running:
            return right(*values)
        self.running = True
        ahead = len(given) - len(values)
        settings = {name: values[i] for i, name in self.settings.items()}
        arrays = [g for i, g in enumerate(given) if i - ahead not in self.settings]
        try:
            found = self.mistake(*arrays, **settings)
        except TypeError:  # the mistake does not take what it was given: that is no test's merit
            found = None
        finally:
            self.running = False
        return right(*values) if found is None else found


def _cell(function: Any, name: str) -> CellType:
    return function.__closure__[function.__code__.co_freevars.index(name)]
