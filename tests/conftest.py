"""Shared by all tests: keys of the exercises, a made course, a sandbox. Each is made once per test process."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# One thread per process, also in the processes that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
# jsonschema would build a grammar of internationalised addresses for seconds, in every process; it can do without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROSTER = "id,first_name,last_name,email\nada,Ada,L,ada@example.org\nben,Ben,M,\ncleo,,,\ndan,,,\n"


@dataclass(frozen=True)
class Judged:
    """A submission made here, judged against one set of a key."""

    judgement: Any
    named: list[Any]
    verdicts: tuple[Any, ...]

    @property
    def points(self) -> float:
        return sum(v.points for v in self.verdicts)

    @property
    def names(self) -> list[str]:
        return [n.name for n in self.named]


@pytest.fixture(scope="session")
def make_key_of(once: Any) -> Callable[..., Any]:
    """make_key_of(exercise, seed=0): a key, made once in the whole run."""
    from autograder.exercises import EXERCISES
    from autograder.keymaking import make_key

    @functools.cache
    def key_of(exercise: str, seed: int = 0) -> Any:
        def build(folder: Path) -> None:
            key = make_key(EXERCISES[exercise], lambda i: np.random.default_rng([seed, i]))
            (folder / "key").write_bytes(pickle.dumps(key))

        return pickle.loads((once(f"key-{exercise}-{seed}", build) / "key").read_bytes())

    return key_of


@pytest.fixture(scope="session")
def judged(make_key_of: Any) -> Callable[..., Judged]:
    """judged(exercise, functions): play one set of a key on functions, judge it out of 10 points, name mistakes."""
    from autograder.checks import judge
    from autograder.keymaking import play_all
    from autograder.naming import name_mistakes
    from autograder.verdicts import verdicts

    def run(
        exercise: str,
        functions: dict[str, Any],
        seed: int = 0,
        part: int = 0,
        points: float = 10.0,
        weights: Any = None,
    ) -> Judged:
        key = make_key_of(exercise, seed)
        judgement = judge(key, part, play_all(key, part, functions))
        named = name_mistakes(judgement)
        return Judged(judgement, named, verdicts(judgement, key.title, points, named, weights))

    return run


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """once(name, build): a folder that one test process builds and all of them read."""

    def build_once(name: str, build: Callable[[Path], object]) -> Path:
        root = tmp_path_factory.getbasetemp()
        root = root.parent if os.environ.get("PYTEST_XDIST_WORKER") else root
        folder = root / "shared" / name
        folder.parent.mkdir(exist_ok=True)
        with open(folder.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.with_suffix(".done").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                build(folder)
                folder.with_suffix(".done").touch()
        return folder

    return build_once


@pytest.fixture(scope="session")
def made(once: Any) -> Any:
    """A made course of four students that no test may change."""
    from autograder.course import Course
    from autograder.making import make

    def build(folder: Path) -> None:
        (folder / "class.csv").write_text(ROSTER, encoding="utf-8")
        make("convolution", folder / "COURSE", folder / "class.csv")

    return Course(once("made", build) / "COURSE")


@pytest.fixture
def course(made: Any, tmp_path: Path) -> Any:
    """A copy of the made course for one test to change."""
    return type(made)(Path(shutil.copytree(made.root, tmp_path / "COURSE")))


@pytest.fixture(scope="session")
def bundle(made: Any) -> Any:
    """Keys and release of the made course, as a grading process holds them."""
    from autograder.loading import load_bundle

    return load_bundle(made, "convolution")


@pytest.fixture(scope="session")
def box(bundle: Any) -> Iterator[Any]:
    """One sandbox with the limits and packages of the assignment."""
    from autograder.judging import open_sandbox

    with open_sandbox(bundle, allow_weak=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def blank(made: Any) -> bytes:
    """The notebook as released."""
    return (made.release("convolution") / "convolution.ipynb").read_bytes()


@pytest.fixture(scope="session")
def solved(bundle: Any) -> Callable[..., dict[str, Any]]:
    """solved(student): the solution notebook with this student's own by-hand answers typed in."""
    from autograder.demo import typed_answers
    from autograder.handouts.notebook import build_solution_notebook, build_source
    from autograder.solutions import solution_file

    source = build_source(solution_file("convolution"))

    def solve(student: str = "ada", own: Any = None, wrong: bool = False) -> dict[str, Any]:
        own = bundle.by_hand[student] if own is None else own
        built = build_solution_notebook(source, student, typed_answers(own, wrong=wrong))
        return json.loads(json.dumps(built))

    return solve


@pytest.fixture(scope="session")
def hand_in() -> Callable[..., Path]:
    """hand_in(course, student, content): put a notebook (or bytes) where grading looks for it."""

    def put(
        course: Any, student: str, content: Any, folder: Path | None = None, name: str = "convolution.ipynb"
    ) -> Path:
        home = (folder or course.root / "submitted") / student / "convolution"
        home.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (home / name).write_bytes(data)
        return home / name

    return put


@pytest.fixture(scope="session")
def cell_of() -> Callable[[dict[str, Any], str], dict[str, Any]]:
    """cell_of(notebook, name): the cell of a question."""

    def find(notebook: dict[str, Any], name: str) -> dict[str, Any]:
        return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)

    return find


# --- a tiny assignment of one's own: two functions and one by-hand question -----------------------

TINY_TOML = """
[assignment]
name = "tiny"
title = "A tiny assignment"

[limits]
seconds = 2
memory_mb = 256

[[question]]
id = "CONV-1"
points = 1

[[question]]
id = "conv_out"
points = 2

[[question]]
id = "corr2d"
points = 3
"""
TINY_RIGHT = {
    "conv_out": """def conv_out(n, k, s=1, p=0, d=1):
    left = n + 2 * p - d * (k - 1) - 1
    return left // s + 1, left % s == 0""",
    "corr2d": """def corr2d(F, H, pad):
    F, k, l = np.pad(F, pad), *H.shape
    rows, cols = F.shape[0] - k + 1, F.shape[1] - l + 1
    return np.array([[np.sum(F[i:i + k, j:j + l] * H) for j in range(cols)] for i in range(rows)])""",
}


def _cell(source: str, grade_id: str = "", kind: str = "code", **marks: Any) -> dict[str, Any]:
    base = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    metadata: dict[str, Any] = {"nbgrader": base | {"grade_id": grade_id} | marks} if grade_id else {}
    cell = {"cell_type": kind, "id": f"c-{grade_id or 'free'}"[:60], "metadata": metadata, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def tiny_notebook(student: str = "", answer: str = " ", **sources: str) -> dict[str, Any]:
    """Return the tiny notebook with what a student wrote; without arguments, as it is released."""
    claim = _cell(f'student = "{student}"')
    claim["metadata"] = {"tags": ["student"]}
    stubs = {
        "conv_out": "def conv_out(n, k, s=1, p=0, d=1):\n    raise NotImplementedError()",
        "corr2d": "def corr2d(F, H, pad):\n    raise NotImplementedError()",
    }
    return {
        "cells": [
            claim,
            _cell("import numpy as np", "setup", locked=True),
            _cell("# kit", "show-CONV-1", locked=True),
            _cell(f'# answer: CONV-1\nanswer = """{answer}"""', "CONV-1"),
            *(_cell(sources.get(name, stub), name, solution=True) for name, stub in stubs.items()),
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture(scope="session")
def tiny_folder(once: Any) -> Path:
    """The folder of the tiny assignment."""

    def build(folder: Path) -> None:
        (folder / "assignment.toml").write_text(TINY_TOML, encoding="utf-8")
        (folder / "tiny.ipynb").write_text(json.dumps(tiny_notebook()), encoding="utf-8")

    return once("tiny-assignment", build)


@pytest.fixture(scope="session")
def tiny_made(tiny_folder: Path, once: Any) -> Any:
    """A course of the tiny assignment for four students that no test may change."""
    from autograder.course import Course
    from autograder.making import make

    def build(folder: Path) -> None:
        (folder / "class.csv").write_text(ROSTER, encoding="utf-8")
        make(str(tiny_folder), folder / "COURSE", folder / "class.csv")

    return Course(once("tiny-made", build) / "COURSE")


@pytest.fixture
def tiny(tiny_made: Any, tmp_path: Path) -> Any:
    """A copy of the tiny course for one test to change."""
    return type(tiny_made)(Path(shutil.copytree(tiny_made.root, tmp_path / "TINY")))


@dataclass(frozen=True)
class Tiny:
    """How hand-ins of the tiny assignment are written."""

    made: Any
    right: dict[str, str]

    def notebook(self, student: str, answer: str | None = None, **sources: str) -> dict[str, Any]:
        """Return the solved notebook of a student, with some cells written otherwise."""
        from autograder.assignment import read_by_hand
        from autograder.demo import typed_answers

        by_hand = read_by_hand(self.made.keys("tiny") / "by-hand.jsonl")
        typed = typed_answers(by_hand[student])["CONV-1"] if student in by_hand else "1"
        return tiny_notebook(student, typed if answer is None else answer, **(self.right | sources))

    def hand_in(self, course: Any, student: str, content: Any = None, name: str = "tiny.ipynb") -> Path:
        """Put a notebook, or bytes, where grading looks for it."""
        content = self.notebook(student) if content is None else content
        home = course.root / "submitted" / student / "tiny"
        home.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return home / name


@pytest.fixture(scope="session")
def tinies(tiny_made: Any) -> Tiny:
    """Write and hand in tiny notebooks."""
    return Tiny(tiny_made, TINY_RIGHT)


# --- the command line ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def backmark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """backmark("list", "ops"): run a command in this process."""
    from autograder import cli

    def run(*args: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["backmark", *map(str, args)])
        monkeypatch.setenv("COLUMNS", "200")
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Said(0 if code is None else int(code), printed.out, printed.err)

    return run
