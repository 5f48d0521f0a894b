"""What every known mistake would answer to an instance, and which of them explain what a student wrote."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograder.answers import same
from autograder.mistakes import Mistake, mistakes_of
from autograder.model import Part, Variant
from autograder.questions import QUESTIONS, Question
from reference import ShapeError

__all__ = [
    "Seen",
    "differs",
    "find_question",
    "in_order",
    "lookalikes",
    "mistaken",
    "name_part",
    "name_typed",
]

Seen = list[tuple[Mistake, dict[str, Any]]]
"""Mistakes that change an answer, with what they answer."""


def find_question(question: Question | str) -> Question:
    """Return a question by id, or as it is.

    Raises ValueError when there is none.
    """
    if isinstance(question, Question):
        return question
    if question not in QUESTIONS:
        raise ValueError(f"There is no question {question!r}; there are {', '.join(sorted(QUESTIONS))}.")
    return QUESTIONS[question]


def lookalikes(question: Question | str, variant: Variant) -> Seen:
    """Pose the instance through every mistake; keep those that change the answer of at least one part.

    Each comes with its answer to all parts, in the form of `variant.truth`.
    """
    question = find_question(question)
    return [pair for pair in mistaken(question, variant) if differs(variant, pair[1])]


def mistaken(
    question: Question, variant: Variant, only: Callable[[str], bool] = lambda _name: True
) -> Iterator[tuple[Mistake, dict[str, Any]]]:
    """Yield every mistake that applies (of those that `only` lets through) with its answer to all parts."""
    if question.mistaken is not None:
        yield from (pair for pair in question.mistaken(variant.params) if only(pair[0].name))
        return
    for mistake in _aimed_at(question):
        answer = _answer(question, variant, mistake) if only(mistake.name) else None
        if answer is not None:
            yield mistake, answer


def differs(variant: Variant, answer: Mapping[str, Any]) -> bool:
    """Tell whether an answer would be judged wrong in some part."""
    return not all(same(answer[p.id], variant.truth[p.id], p) for p in variant.parts)


def in_order(question: Question, seen: Seen) -> Seen:
    """Put lookalikes into the order in which their mistakes are written."""
    if question.mistaken is not None:
        return seen
    place = {id(mistake): number for number, mistake in enumerate(_aimed_at(question))}
    return sorted(seen, key=lambda pair: place[id(pair[0])])


def name_typed(
    question: Question | str, variant: Variant, student_values: Mapping[str, Any], seen: Seen | None = None
) -> list[Mistake]:
    """Name the mistakes consistent with the parts a student got wrong.

    Mistakes that explain every wrong part come alone; if there are none, all that explain some part, those
    explaining most first. Parts without a (readable) value are left out of `student_values`. Whoever asks often
    about one instance hands over its `lookalikes` as `seen`: working them out is what takes time.
    """
    question = find_question(question)
    wrong = [p for p in variant.parts if _is_wrong(p, variant, student_values)]
    counts = [
        (sum(same(student_values[p.id], answer[p.id], p) for p in wrong), mistake)
        for mistake, answer in (lookalikes(question, variant) if seen is None else seen)
    ]
    most = max((count for count, _ in counts), default=0)
    if most == len(wrong):
        return [mistake for count, mistake in counts if count == most and wrong]
    return [mistake for count, mistake in sorted(counts, key=lambda pair: -pair[0]) if count]


def name_part(question: Question | str, variant: Variant, part: str, value: Any) -> list[Mistake]:
    """Name the mistakes consistent with one wrong part."""
    return name_typed(question, variant, {part: value})


def _is_wrong(part: Part, variant: Variant, values: Mapping[str, Any]) -> bool:
    return part.id in values and not same(values[part.id], variant.truth[part.id], part)


def _aimed_at(question: Question) -> list[Mistake]:
    of_op = mistakes_of(question.op, question.part, "value")
    return of_op + mistakes_of(question.id, kind="value")


class _NotApplicable(Exception):
    """The mistake cannot be made on this instance."""


def _answer(question: Question, variant: Variant, mistake: Mistake) -> dict[str, Any] | None:
    params = dict(variant.params)
    if mistake.target == question.id:
        answer = mistake(params)
        if answer is None:
            return None
        given = answer if isinstance(answer, dict) else {variant.parts[0].id: answer}
        return {**variant.truth, **given}
    try:
        if question.answers is not None:
            answer = dict(question.answers(params, _or_not_applicable(mistake)))
        else:
            answer = dict(question.pose(params, _or_not_applicable(mistake)).truth)
        return answer if _is_finite(list(answer.values())) else None
    except (_NotApplicable, ShapeError, ValueError, IndexError):
        # an array of another rank or size may leave no answer to read off
        return None


def _is_finite(value: Any) -> bool:
    """Tell whether a person could come to an answer: nobody works on with 0/0."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _or_not_applicable(mistake: Mistake) -> Callable[..., Any]:
    def impl(*args: Any, **kwargs: Any) -> Any:
        result = mistake(*args, **kwargs)
        if result is None:
            raise _NotApplicable(mistake.name)
        return result

    return impl
