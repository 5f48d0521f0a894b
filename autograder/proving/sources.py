"""Right programs as text: the solution cells of the assignments, and labelled right submissions."""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.exercises import EXERCISES, Functions
from autograder.key import Key
from autograder.keymaking import make_key
from autograder.solutions import solution_homes

SEED = 2026
_MARKER = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """A right program and the exercises it solves."""

    name: str
    text: str
    exercises: tuple[str, ...]


def right_programs(ids: Collection[str] | None = None) -> Iterator[Program]:
    """Yield every right program that is at hand, for the exercises asked for (all without `ids`)."""
    for name, text in (*_solutions(), *_submissions()):
        found = tuple(e for e in defined(text) if e in EXERCISES and (ids is None or e in ids))
        if found:
            yield Program(name, text, found)


def defined(text: str) -> list[str]:
    """Return the functions and classes a program defines at its top."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in ast.parse(text).body if isinstance(node, kinds)]


def _solutions() -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for path in (p for home in solution_homes() for p in sorted(home.glob("*.py"))):
        if path.name not in seen:
            seen.add(path.name)
            yield f"solution of {path.stem}", solution_text(path)


def solution_text(path: Path) -> str:
    """Join the set-up and the solution cells of a text notebook, markers gone."""
    import jupytext

    cells = jupytext.read(path, fmt={"extension": ".py", "format_name": "percent"}).cells
    kept = []
    for cell in cells:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and (marks.get("solution") or marks.get("grade_id") == "setup"):
            kept.append(_MARKER.sub("", cell["source"]))
    return "\n\n\n".join(kept)


def _submissions() -> Iterator[tuple[str, str]]:
    folder = Path(__file__).resolve().parents[2] / "tests" / "data" / "submissions"
    for path in sorted(folder.glob("*/*.py")):
        text = path.read_text(encoding="utf-8")
        if json.loads(text.splitlines()[0].lstrip("# "))["verdict"] == "right":
            yield f"{path.parent.name}/{path.stem}", text


def functions_of(text: str) -> Functions:
    """Run a program of our own and return what it defines."""
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(compile(text, "<cell 1>", "exec"), namespace)
    return namespace


@functools.cache
def key_of(exercise: str) -> Key:
    """Make the key that these proofs judge by."""
    return make_key(EXERCISES[exercise], lambda s: np.random.default_rng([SEED, s]))


def users(text: str) -> dict[str, set[str]]:
    """Return, for every top-level name, the top-level functions that use it, directly or through others."""
    tree = ast.parse(text)
    uses = {
        node.name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    found = {name: {name} for name in uses}
    for _ in uses:
        for name, by in found.items():
            by |= {user for user, names in uses.items() if names & (by | {name})}
    return found
