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
    """A right program, the exercises it solves, and what of it is `given` by the notebook, which nobody writes."""

    name: str
    text: str
    exercises: tuple[str, ...]
    given: frozenset[str] = frozenset()


def right_programs(ids: Collection[str] | None = None) -> Iterator[Program]:
    """Yield every right program that is at hand, for the exercises asked for (all without `ids`)."""
    for name, text, given in (*_solutions(), *_submissions()):
        own = [name for name in defined(text) if name in EXERCISES and name not in given]
        found = tuple(e for e in own if ids is None or e in ids)
        if found:
            yield Program(name, text, found, given)


def defined(text: str) -> list[str]:
    """Return the functions and classes a program defines at its top."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in ast.parse(text).body if isinstance(node, kinds)]


def _solutions() -> Iterator[tuple[str, str, frozenset[str]]]:
    seen: set[str] = set()
    for path in (p for home in solution_homes() for p in sorted(home.glob("*.py"))):
        if path.name not in seen:
            seen.add(path.name)
            yield f"solution of {path.stem}", *solution_text(path)


def solution_text(path: Path) -> tuple[str, frozenset[str]]:
    """Join the set-up, given definitions and solution cells of a text notebook; return what is given, too."""
    import jupytext

    kept, given = [], set()
    for cell in jupytext.read(path, fmt={"extension": ".py", "format_name": "percent"}).cells:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code":
            continue
        if marks.get("solution") or marks.get("grade_id") == "setup":
            kept.append(_MARKER.sub("", cell["source"]))
        elif _only_defines(cell["source"]):
            kept.append(cell["source"])
            given.update(defined(cell["source"]))
    return "\n\n\n".join(kept), frozenset(given)


def _only_defines(source: str) -> bool:
    """Tell whether a cell holds functions and classes and nothing that runs."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return False
    return bool(body) and all(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in body)


def _submissions() -> Iterator[tuple[str, str, frozenset[str]]]:
    folder = Path(__file__).resolve().parents[2] / "tests" / "data" / "submissions"
    for path in sorted(folder.glob("*/*.py")):
        text = path.read_text(encoding="utf-8")
        if json.loads(text.splitlines()[0].lstrip("# "))["verdict"] == "right":
            yield f"{path.parent.name}/{path.stem}", text, frozenset()


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
