"""Code repair: a right function with one slip in it, to be found and mended.

Derived for every exercise that a solution notebook solves: the solution is changed at one place, and only a change
that runs, gives wrong results and is rejected by the checks is handed out.
"""

from __future__ import annotations

import ast
import itertools
import multiprocessing
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.proving.mutants import Mutant, mutants
from autograder.proving.mutating import isolated, limited
from autograder.proving.sources import functions_of, key_of, right_programs
from autograder.proving.trying import first_wrong
from autograder.sandbox._script import play

SUFFIX = "-repair"
MOST = 40  # changes tried; nearly every change is rejected


@dataclass(frozen=True)
class Repair:
    """A broken function. `given` are the right functions it is used with, `shows` is the group of trials that
    first goes wrong, `change` is what staff see."""

    exercise: str
    code: str
    given: str
    shows: str
    change: str
    right: str


def is_repair(name: str) -> bool:
    """Tell whether this names the repair of an exercise: conv_forward-repair."""
    return name.endswith(SUFFIX) and name.removesuffix(SUFFIX) in EXERCISES


def repair(exercise: str, seed: int) -> Repair:
    """Break the solution of an exercise at one place.

    Raises:
        CourseError: no solution is at hand, or none of its changes is one to look for.
    """
    text = next((p.text for p in right_programs({exercise}) if p.name.startswith("solution of")), None)
    if text is None:
        raise CourseError(f"No solution notebook solves {exercise}; there is nothing to break.")
    key_of(exercise)  # made once, before the process parts
    chosen = _in_random_order(text, exercise, seed)
    with multiprocessing.get_context("fork").Pool(1, initializer=limited) as pool:
        for changed in chosen:
            shows = pool.apply(_shows, (changed.text, exercise))
            if shows is not None:
                return Repair(
                    exercise, _function(changed.text, exercise), _given(text, exercise), shows, changed.change,
                    _function(text, exercise),
                )  # fmt: skip
    raise CourseError(
        f"No change of the solution of {exercise} makes an exercise in repairing; try another seed."
    )


def _in_random_order(text: str, exercise: str, seed: int) -> Iterator[Mutant]:
    found = [m for m in mutants(text) if m.where == exercise]
    order = np.random.default_rng(seed).permutation(len(found))
    return itertools.islice((found[i] for i in order if _is_hidden(found[i], text)), MOST)


_TELLTALE = re.compile(
    r"\b(?:pass|clear|expm1|log1p|NotImplemented)\b|(?:^|if )(?:True|False)\b|[+-] 1 [+-] 1\b"
)
"""What nobody writes: it would be found without understanding anything."""


def _is_hidden(change: Mutant, text: str) -> bool:
    """Tell whether a change has to be looked for: in the body, and written as a person might write it."""
    if _signature(change.text, change.where) != _signature(text, change.where):
        return False  # another default is seen at once, and is none of the thoughts of the exercise
    return _TELLTALE.search(change.change.rpartition(" -> ")[2]) is None


def _signature(text: str, name: str) -> list[str]:
    """Return the arguments of a function, or of the methods of a class."""
    tree = ast.parse(_function(text, name))
    return [ast.unparse(n.args) for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda))]


def _shows(text: str, exercise: str) -> str | None:
    """Return the group of trials in which a changed program is wrong without failing, or None."""
    return isolated(lambda: _wrong_without_failing(text, exercise))


def _wrong_without_failing(text: str, exercise: str) -> str | None:
    functions, key = functions_of(text), key_of(exercise)
    if all(outcome.status == "ok" for t in key.sets[0] for outcome in play(t.calls, dict(functions))):
        return first_wrong(key, 0, functions)
    return None


def _given(text: str, exercise: str) -> str:
    """Write out the right functions that a broken one calls, or that its trials call beside it."""
    bodies = {n.name: n for n in ast.parse(text).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    wanted, seen = [exercise, *EXERCISES[exercise].needs], set()
    while wanted:
        name = wanted.pop()
        if name in bodies and name not in seen:
            seen.add(name)
            wanted += [n.id for n in ast.walk(bodies[name]) if isinstance(n, ast.Name)]
    return "\n\n\n".join(ast.unparse(node) for name, node in bodies.items() if name in seen - {exercise})


def _function(text: str, name: str) -> str:
    found = next(
        n for n in ast.parse(text).body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == name
    )
    return ast.unparse(found)
