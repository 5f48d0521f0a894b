"""What is asked by hand: parameters, wording, kind of answer and worked solution of every typed question.

Every file of this folder is loaded on import; there is no list to keep.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.mistakes import Mistake
from autograder.model import Variant

__all__ = ["QUESTIONS", "Question", "question"]


class Bank(dict[str, "Question"]):
    """The questions by id. Lists the types; finds their other forms (CONV-1-choose) too, made when asked for."""

    def __missing__(self, id: str) -> Question:
        """Derive another form of a question."""
        found = self._derived(id)
        if found is None:
            raise KeyError(id)
        return found

    def __contains__(self, id: object) -> bool:
        """Tell whether there is such a question or form."""
        return super().__contains__(id) or (isinstance(id, str) and self._derived(id) is not None)

    def _derived(self, id: str) -> Question | None:
        from autograder.forms import derive  # which builds on this package

        base, dash, form = id.rpartition("-")
        return derive(self[base], form) if dash and super().__contains__(base) else None


QUESTIONS = Bank()


@dataclass(frozen=True, eq=False)  # one object for each type
class Question:
    """One type of typed question.

    `draw(rng, level)` gives params (plain JSON), or None for a draw that is not worth posing.
    `pose(params, impl)` gives the Variant; every number comes through `impl`, which has the op's signature.
    `answers(params, impl)` gives the variant's truth alone, where wording the rest takes time.
    `exact(params)` gives {part id: truth} by plain integer or fraction loops, without the op.
    `work(params)` counts the multiplications a student does, held to `workload[level] = (least, most)`.
    `gap(params)` is the smallest distance between values that compete (max, threshold); 0 means a tie.
    `canonical(params)` is equal for instances a student would call the same.
    `must_detect[level]` are mistakes every instance exposes; with `tell_apart` their answers also differ from
    each other, so that a wrong answer names one of them.
    `space[level]` is the number of essentially different instances. `part` says whether `impl` is the op's
    forward or its backward pass (then it takes dy first and returns the gradients).
    `base` is the question another form was derived from; `mistaken(params)` then yields its lookalikes.
    `parents` says which parts a part is computed from, at any level (`parents_in` leaves out what a level does not
    ask); `carry(params, part, given)` answers a part from the
    student's own values of its parents (`given`), or None where that value makes the part trivial or absurd.
    Params are given the key "level" when an instance is issued; it is no part of the instance itself.
    """

    id: str
    title: str
    topic: str
    op: Callable[..., Any]
    levels: tuple[int, ...]
    space: Mapping[int, int]
    must_detect: Mapping[int, tuple[str, ...]]
    draw: Callable[[np.random.Generator, int], dict[str, Any] | None]
    pose: Callable[[dict[str, Any], Callable[..., Any]], Any]
    answers: Callable[[dict[str, Any], Callable[..., Any]], Mapping[str, Any]] | None = None
    exact: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    work: Callable[[dict[str, Any]], int] | None = None
    workload: Mapping[int, tuple[int, int]] | None = None
    gap: Callable[[dict[str, Any]], float] | None = None
    canonical: Callable[[dict[str, Any]], Any] | None = None
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    carry: Callable[[dict[str, Any], str, Mapping[str, Any]], Any] | None = None
    min_exposed: int = 3
    tell_apart: bool = True
    part: str = "forward"
    base: Question | None = None
    mistaken: Callable[[Mapping[str, Any]], Iterable[tuple[Mistake, dict[str, Any]]]] | None = None

    def parents_in(self, variant: Variant) -> dict[str, tuple[str, ...]]:
        """Return the parents of each part of an instance; both must be among the parts it has."""
        asked = {part.id for part in variant.parts}
        found = {part: tuple(p for p in self.parents.get(part, ()) if p in asked) for part in asked}
        return {part: parents for part, parents in found.items() if parents}


_HOOKS = ("answers", "exact", "work", "workload", "gap", "canonical", "parents", "carry")


def question(
    id: str,
    *,
    title: str,
    op: Callable[..., Any],
    space: int | Mapping[int, int],
    levels: tuple[int, ...] = (1, 2, 3),
    must_detect: tuple[str, ...] | Mapping[int, tuple[str, ...]] = (),
    min_exposed: int = 3,
    tell_apart: bool = True,
    part: str = "forward",
) -> Callable[..., Any]:
    """Register a typed question; decorates a class of plain functions, or is called with draw and pose.

    `space` and `must_detect` hold for every level, or are given per level.

    Raises ValueError when the id is taken, a level is left out, or draw or pose is missing.
    """

    def register(content: Any, pose: Callable[..., Any] | None = None) -> Any:
        parts = _functions(id, content, pose)
        if QUESTIONS.get(id) is not None:
            raise ValueError(
                f"There is already a question {id!r} (topic {QUESTIONS[id].topic}); choose another id."
            )
        QUESTIONS[id] = Question(
            id=id,
            title=title,
            topic=content.__module__.rsplit(".", 1)[-1],
            op=op,
            levels=tuple(levels),
            space=_per_level(id, "space", space, levels),
            must_detect=_per_level(id, "must_detect", must_detect, levels),
            min_exposed=min_exposed,
            tell_apart=tell_apart,
            part=part,
            **parts,
        )
        return content

    return register


def _functions(id: str, content: Any, pose: Callable[..., Any] | None) -> dict[str, Any]:
    if pose is not None:
        return {"draw": content, "pose": pose}
    missing = [word for word in ("draw", "pose") if not callable(getattr(content, word, None))]
    if missing:
        raise ValueError(f"Question {id!r} has no {' and no '.join(missing)}.")
    hooks = {word: getattr(content, word) for word in _HOOKS if hasattr(content, word)}
    return {"draw": content.draw, "pose": content.pose, **hooks}


def _per_level(id: str, word: str, given: Any, levels: tuple[int, ...]) -> dict[int, Any]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(levels, given)
    missing = [level for level in levels if level not in given]
    if missing:
        raise ValueError(f"Question {id!r}: {word} says nothing about level {missing[0]}.")
    return dict(given)


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
