"""The quiz itself: which question comes next, what became of an answer, what was learnt at the end.

A quiz is an assignment whose answers are typed, with the solution after each. Surfaces call `ask`, `answer`,
`again` and `summary`; nothing here prints, waits or stores.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import answers
from autograder.assignment import Issued, issued
from autograder.forms import written
from autograder.instances import NoInstance, issue
from autograder.mistakes import Mistake
from autograder.model import Part, Variant
from autograder.questions import QUESTIONS, Question
from autograder.typed import UNREADABLE, Marked, consequence, mark_typed

__all__ = ["NoSuchTopic", "Outcome", "PartOutcome", "Quiz", "Seen", "quiz", "right_answers"]


class NoSuchTopic(ValueError):
    """What was asked for is neither a topic nor a question."""


@dataclass(frozen=True)
class PartOutcome:
    """What became of one part: `blank`, `unreadable`, `right`, `partial` or `wrong`, and one sentence.

    `follows` is wrong, but rightly worked out from the student's own wrong answer to another part.
    """

    part: str
    status: str
    message: str
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of an answer. Where a part is blank or unreadable, no attempt is used and nothing is told."""

    parts: tuple[PartOutcome, ...]
    score: float
    right: Mapping[str, str]
    solution: tuple[str, ...]

    @property
    def readable(self) -> bool:
        """Tell whether every part could be read."""
        return all(one.status not in ("blank", "unreadable") for one in self.parts)

    @property
    def is_right(self) -> bool:
        """Tell whether every part is right."""
        return all(one.status == "right" for one in self.parts)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Return all mistakes that explain something."""
        return tuple(dict.fromkeys(mistake for one in self.parts for mistake in one.mistakes))

    def explained(self) -> list[tuple[str, tuple[Mistake, ...]]]:
        """Return what explains which part; with "" for the part where the same mistakes explain all."""
        told = [(one.part, one.mistakes) for one in self.parts if one.mistakes]
        if len({mistakes for _, mistakes in told}) < 2:
            return [("", told[0][1])] if told else []
        return told


@dataclass(frozen=True)
class Seen:
    """One answered question, for the summary and the history."""

    question: str
    title: str
    level: int
    score: float
    mistakes: tuple[str, ...]


def quiz(
    *wanted: str, level: int | None = None, count: int = 5, seed: int | None = None, form: str = ""
) -> Quiz:
    """Make a quiz about topics (`pooling`) or questions (`CONV-1`, `CONV-1-choose`); about everything when empty.

    Raises:
        NoSuchTopic: a name is neither, with the nearest that is one.
    """
    chosen = [one for name in wanted for one in _named(name)] or list(QUESTIONS.values())
    if form:
        chosen = [_formed(one, form) for one in chosen]
    return Quiz(tuple(dict.fromkeys(chosen)), level, count, np.random.default_rng(seed))


def _named(name: str) -> list[Question]:
    if name.upper() in QUESTIONS:
        return [QUESTIONS[name.upper()]]
    base, dash, form = name.rpartition("-")
    if dash and f"{base.upper()}-{form.lower()}" in QUESTIONS:
        return [QUESTIONS[f"{base.upper()}-{form.lower()}"]]
    found = [q for q in QUESTIONS.values() if q.topic == name.lower()]
    if not found:
        topics = sorted({q.topic for q in QUESTIONS.values()})
        close = difflib.get_close_matches(name, [*topics, *QUESTIONS], n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise NoSuchTopic(
            f"There is no topic or question {name!r}.{hint} Topics: {', '.join(topics)}; "
            "`backmark list questions` names the questions."
        )
    return found


def _formed(question: Question, form: str) -> Question:
    from autograder.forms import FORMS

    if form not in FORMS:
        raise NoSuchTopic(f"There is no form {form!r}; there are {', '.join(FORMS)}.")
    return QUESTIONS[f"{question.id}-{form}"] if question.base is None else question


class Quiz:
    """A run through questions: `ask` gives the next one until there are no more."""

    def __init__(
        self, questions: Sequence[Question], level: int | None, count: int, rng: np.random.Generator
    ) -> None:
        self.questions, self.level, self.count, self.rng = tuple(questions), level, count, rng
        self.seen: list[Seen] = []
        self.current: Variant | None = None
        self.number = 0
        self._order: list[Question] = []
        self._issued: set[str] = set()

    def ask(self) -> Variant | None:
        """Return the next question, or None at the end; each type comes once before any comes twice."""
        while self.number < self.count:
            found = self._draw(self._next_type())
            if found is not None:
                self.number += 1
                self.current = found
                return found
            if not self.questions:
                break
        self.current = None
        return None

    def again(self) -> Variant:
        """Return the current question with new numbers; it does not count as a further question."""
        assert self.current is not None, "nothing was asked yet"
        found = self._draw(QUESTIONS[self.current.question])
        self.current = found or self.current
        return self.current

    def _next_type(self) -> Question:
        if not self._order:
            self._order = [self.questions[i] for i in self.rng.permutation(len(self.questions))]
        return self._order.pop()

    def _draw(self, question: Question) -> Variant | None:
        """Draw an instance not asked before; a type that has none is left out from then on."""
        level = min(question.levels, key=lambda have: abs(have - (self.level or question.levels[0])))
        try:
            return issue(question, self.rng, level, self._issued)
        except NoInstance:
            self.questions = tuple(q for q in self.questions if q is not question)
            return None

    def answer(self, texts: Mapping[str, str]) -> Outcome:
        """Judge what was typed for the parts of the current question; a readable answer is remembered."""
        assert self.current is not None, "nothing was asked yet"
        outcome = judged(self.current, texts)
        if outcome.readable:
            self._remember(outcome.score, tuple(m.name for m in outcome.mistakes))
        return outcome

    def give_up(self) -> Outcome:
        """Return the solution of the current question; it counts as not known."""
        assert self.current is not None, "nothing was asked yet"
        self._remember(0.0, ())
        return Outcome((), 0.0, right_answers(self.current), self.current.solution)

    def _remember(self, score: float, mistakes: tuple[str, ...]) -> None:
        v = self.current
        assert v is not None
        self.seen.append(Seen(v.question, v.title, v.level, score, mistakes))

    def summary(self) -> list[tuple[str, int]]:
        """Return (mistake, how often), the most frequent first; A or B counts for both."""
        return Counter(name for one in self.seen for name in one.mistakes).most_common()


def right_answers(variant: Variant) -> dict[str, str]:
    """Write the right answer to each part."""
    return {part.id: _with_letter(part, variant.truth[part.id]) for part in variant.parts}


def _with_letter(part: Part, value: Any) -> str:
    text = written(part, value)
    return f"({answers.KINDS['mc1'].show(value)}) {text}" if part.kind == "mc1" else text


def judged(variant: Variant, texts: Mapping[str, str]) -> Outcome:
    """Judge typed answers to a question as grading does: an error costs its part, not what follows from it."""
    one = issued("", variant.question, variant)
    marked = mark_typed(one, dict(texts), 1.0)
    scores = [max(m.score, m.carried) for m in marked]
    score = sum(m.part.share * got for m, got in zip(marked, scores)) / sum(m.part.share for m in marked)
    parts = tuple(_part(one, m) for m in marked)
    return Outcome(parts, score, right_answers(variant), variant.solution)


def _part(one: Issued, m: Marked) -> PartOutcome:
    if m.judged is None:
        if m.blank:
            return PartOutcome(m.part.id, "blank", "There is no answer here yet.")
        return PartOutcome(m.part.id, "unreadable", m.problem.removeprefix(UNREADABLE))
    if m.carried > m.score:
        return PartOutcome(m.part.id, "follows" if m.carried == 1 else "partial", consequence(one, m))
    status = "right" if m.score == 1 else "partial" if m.score > 0 else "wrong"
    return PartOutcome(m.part.id, status, m.judged.message, m.names)
