"""What there is to prove, by the names an author would type: an assignment, a folder, a topic, a question."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Asked, available, load_assignment, load_own_file
from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.questions import QUESTIONS


@dataclass(frozen=True)
class Target:
    """A name and what it asks."""

    name: str
    questions: tuple[Asked, ...]


def find_targets(name: str | None) -> list[Target]:
    """Return what a name stands for; without one, all assignments that come with Backmark.

    Raises:
        CourseError: nothing has this name, or an own file does not run.
    """
    if name is None:
        return [Target(a, load_assignment(a).questions) for a in available()]
    if name.endswith(".py") and Path(name).exists():
        return [_own_file(Path(name))]
    if name in available() or (Path(name) / "assignment.toml").exists():
        return [Target(name, load_assignment(name).questions)]
    asked = _by_name(name)
    if not asked:
        close = difflib.get_close_matches(name, known_names(), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise CourseError(
            f"There is nothing called {name!r} to prove.{hint} Give an assignment, a folder that holds "
            "assignment.toml, a Python file of your own, a topic such as pooling, or the id of a question."
        )
    return [Target(name, asked)]


def known_names() -> list[str]:
    """Return every name that `find_targets` knows, files and folders apart."""
    topics = {task.topic for task in EXERCISES.values()} | {q.topic for q in QUESTIONS.values()}
    return sorted({*available(), *topics, *EXERCISES, *QUESTIONS})


def _by_name(name: str) -> tuple[Asked, ...]:
    if name in EXERCISES or name in QUESTIONS:
        return _all_levels([name])
    ids = [i for i, task in EXERCISES.items() if task.topic == name]
    return _all_levels(ids + [i for i, q in QUESTIONS.items() if q.topic == name])


def _all_levels(ids: Sequence[str]) -> tuple[Asked, ...]:
    asked = []
    for i in ids:
        levels = (1,) if i in EXERCISES else QUESTIONS[i].levels
        asked += [Asked(i, 1.0, level) for level in levels]
    return tuple(asked)


def _own_file(path: Path) -> Target:
    """Prove what an instructor's own file brings."""
    before = {*EXERCISES, *QUESTIONS}
    load_own_file(path.resolve())
    new = [i for i in (*EXERCISES, *QUESTIONS) if i not in before]
    if not new:
        raise CourseError(f"{path} brings no exercise and no question.")
    return Target(path.name, _all_levels(new))
