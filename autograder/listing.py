"""What there is: rows for `backmark list`, instances for `backmark show`."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import answers
from autograder.assignment import available, read_assignment
from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.instances import NoInstance, issue, lookalikes
from autograder.mistakes import all_mistakes
from autograder.questions import QUESTIONS, Question
from reference import OPS

Row = dict[str, Any]


def rows(what: str) -> list[Row]:
    """Return one row per thing, each with a `name`."""
    return _ROWS[what]()


def _mistakes() -> list[Row]:
    return [
        {
            "name": m.name,
            "target": m.target,
            "part": m.part,
            "kind": m.kind,
            "family": m.family,
            "what": m.what,
        }
        for m in all_mistakes()
    ]


def _questions() -> list[Row]:
    return [
        {"name": q.id, "title": q.title, "topic": q.topic, "levels": ", ".join(map(str, q.levels))}
        for q in sorted(QUESTIONS.values(), key=lambda q: q.id)
    ]


def _exercises() -> list[Row]:
    return [
        {"name": e.id, "title": e.title, "topic": e.topic, "part": e.part, "results": ", ".join(e.results)}
        for e in EXERCISES.values()
    ]


def _ops() -> list[Row]:
    return [
        {"name": n, "shapes": getattr(f, "shapes", ""), "source": getattr(f, "source", "")}
        for n, f in OPS.items()
    ]


def _assignments() -> list[Row]:
    found = (read_assignment(folder) for folder in available().values())
    return [
        {"name": a.name, "title": a.title, "points": a.max_score, "questions": len(a.questions)}
        for a in found
    ]


_ROWS: dict[str, Callable[[], list[Row]]] = {
    "mistakes": _mistakes,
    "questions": _questions,
    "exercises": _exercises,
    "ops": _ops,
    "assignments": _assignments,
}


def instance(name: str, seed: int, level: int | None = None, solution: bool = False) -> Row:
    """Return one instance of a typed question, or what an exercise is put to.

    Raises:
        CourseError: there is no such question, or not at this level.
    """
    if name in EXERCISES:
        return _exercise(name, seed)
    if name not in QUESTIONS:
        close = difflib.get_close_matches(name.upper(), QUESTIONS, n=1) or difflib.get_close_matches(
            name, EXERCISES, n=1
        )
        hint = f" Did you mean {close[0]}?" if close else ""
        raise CourseError(f"There is no question {name!r}.{hint} `backmark list questions` names them all.")
    question = QUESTIONS[name]
    if level is not None and level not in question.levels:
        raise CourseError(f"{name} has the levels {', '.join(map(str, question.levels))}, not {level}.")
    try:
        variant = issue(question, np.random.default_rng(seed), level or question.levels[0], set())
    except NoInstance as refused:
        raise CourseError(_no_form(question, refused)) from None
    shown: Row = {
        "name": name, "title": variant.title, "seed": seed, "level": variant.level, "prompt": variant.prompt,
        "parts": [
            {"id": p.id, "prompt": p.prompt, "kind": p.kind, "choices": list(p.options.get("choices", ()))}
            for p in variant.parts
        ],
    }  # fmt: skip
    if solution:
        kinds = {p.id: answers.KINDS[p.kind] for p in variant.parts}
        shown["answer"] = {k: kinds[k].show(v) for k, v in variant.truth.items()}
        shown["solution"] = list(variant.solution)
        shown["mistakes"] = [
            {
                "name": m.name,
                "what": m.what,
                "answer": "; ".join(kinds[k].show(v) for k, v in answer.items() if k in kinds),
            }
            for m, answer in lookalikes(question, variant)
        ]
    return shown


def _no_form(question: Question, refused: NoInstance) -> str:
    if question.base is None:
        return str(refused)
    form = question.id.removeprefix(f"{question.base.id}-")
    return (
        f"{question.base.id} at level {refused.level} does not lend itself to the form {form!r}; try another."
    )


def _exercise(name: str, seed: int) -> Row:
    task = EXERCISES[name]
    trials = task.trials(np.random.default_rng(seed))
    lines = [
        f"- **{t.group}**: {t.name} ({len(t.calls)} calls{', public' if t.public else ''})" for t in trials
    ]
    return {"name": name, "title": task.title, "seed": seed, "prompt": "\n".join(lines), "parts": []}
