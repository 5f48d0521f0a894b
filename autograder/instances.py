"""Which instances of a question may be handed out, and what proves that they are right and useful.

One place for all questions: an instance is finite, safe to round, without ties, not degenerate, as much work
as its level promises, not handed out before, and it *exposes*: every mistake it claims to detect changes an
answer.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.answers import same
from autograder.difficulty import Usual, concepts, difficulty, numbers_of
from autograder.lookalikes import (
    Seen,
    differs,
    find_question,
    in_order,
    lookalikes,
    mistaken,
    name_part,
    name_typed,
)
from autograder.model import Part, Variant
from autograder.questions import Question

__all__ = [
    "Certificate",
    "Disagreement",
    "Lookalike",
    "NoInstance",
    "certificate",
    "concepts",
    "difficulty",
    "instance_key",
    "issue",
    "issue_certified",
    "lookalikes",
    "name_part",
    "name_typed",
    "separated",
    "usual",
]

LARGEST = 1e7
"""Answers beyond this are not shown to anybody."""

FAIR = 0.05
"""How far the difficulty of a student's instance may be from the usual one of its level."""

FORM_LIMIT = 40
"""Draws for another form of a question: each holds an instance that already passed all rules of its type."""


class NoInstance(RuntimeError):
    """No draw was acceptable; `statistics` counts why draws were refused."""

    def __init__(self, question: str, level: int, statistics: Mapping[str, int]) -> None:
        tried = sum(statistics.values())
        reasons = ", ".join(f"{count} {reason}" for reason, count in Counter(statistics).most_common())
        super().__init__(
            f"{question} level {level}: none of {tried} draws is acceptable ({reasons}). Widen the ranges of "
            "draw, or ask for fewer different instances."
        )
        self.question, self.level, self.statistics = question, level, dict(statistics)

    def __reduce__(self) -> Any:
        return type(self), (self.question, self.level, self.statistics)  # it comes from other processes, too


class Disagreement(RuntimeError):
    """The reference and a question's own evaluator give different answers: never hand this out."""


def instance_key(question: Question | str, params: Mapping[str, Any]) -> str:
    """Name an instance by what the student sees; instances a student would call the same share the key."""
    question = find_question(question)
    seen = {name: value for name, value in params.items() if name != "level"}
    content = question.canonical(seen) if question.canonical else seen
    text = json.dumps([question.id, content], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def issue(
    question: Question | str,
    rng: np.random.Generator,
    level: int | None = None,
    issued: set[str] | None = None,
    limit: int = 2000,
) -> Variant:
    """Draw until an instance passes every rule, and pose it.

    `issued` holds the keys handed out so far in this cohort; the new key is added to it.

    Raises:
        NoInstance: none of `limit` draws passed; its statistics say why. Nothing is ever relaxed.
        Disagreement: the reference contradicts the question's own exact evaluator.
    """
    return _accepted(find_question(question), rng, level, issued, limit, None)[0]


def issue_certified(
    question: Question | str,
    rng: np.random.Generator,
    level: int | None = None,
    issued: set[str] | None = None,
    limit: int = 2000,
) -> tuple[Variant, Certificate]:
    """Draw as `issue` does, of equal difficulty for everybody, and say why the instance may be trusted."""
    question = find_question(question)
    level = question.levels[0] if level is None else level
    fair = usual(question, level)
    variant, seen, exact = _accepted(question, rng, level, issued, limit, fair)
    return variant, _certificate(question, variant, seen, exact)


def _accepted(
    question: Question, rng: np.random.Generator, level: int | None, issued: set[str] | None, limit: int,
    fair: Usual | None,
) -> tuple[Variant, Seen, Mapping[str, Any]]:  # fmt: skip
    level = question.levels[0] if level is None else level
    if level not in question.levels:
        levels = ", ".join(map(str, question.levels))
        raise ValueError(f"{question.id} has no level {level}; it has {levels}.")
    statistics: Counter[str] = Counter()
    for _ in range(limit if question.base is None else min(limit, FORM_LIMIT)):
        params = question.draw(rng, level)
        refusal = "not worth posing" if params is None else _known_before(question, params, issued)
        if params is not None and not refusal:
            variant = question.pose(_plain_json(question, {**params, "level": level}), question.op)
            refusal = next(_refusals(question, variant, fair), "")
            seen: Seen = []
            refusal = refusal or next(_exposure_refusals(question, variant, seen), "")
            if not refusal:
                if issued is not None:
                    issued.add(instance_key(question, params))
                return variant, in_order(question, seen), _held_to_exact(question, variant)
        statistics[refusal] += 1
    raise NoInstance(question.id, level, statistics)


def _known_before(question: Question, params: Mapping[str, Any], issued: set[str] | None) -> str:
    return "issued before" if issued and instance_key(question, params) in issued else ""


def _plain_json(question: Question, params: dict[str, Any]) -> dict[str, Any]:
    """Refuse params that a key file would change, such as tuples or numpy numbers."""
    try:
        unchanged = json.loads(json.dumps(params, allow_nan=False)) == params
    except (TypeError, ValueError):
        unchanged = False
    if not unchanged:
        raise TypeError(
            f"{question.id}: draw gave params that are not plain JSON (use int, float, str, list)."
        )
    return params


# ------------------------------------------------------------------------------------------ acceptance


def _refusals(question: Question, variant: Variant, fair: Usual | None) -> Iterator[str]:
    """Yield why an instance is not acceptable, whatever mistakes answer."""
    for part in variant.parts:
        yield from _part_refusals(part, variant.truth[part.id])
    yield from _effort_refusals(question, variant)
    if fair is None:
        return
    if concepts(variant.params) != fair.concepts:
        yield "asks for other concepts"
    if abs(difficulty(question, variant) - fair.difficulty) > FAIR * fair.difficulty:
        yield "easier or harder than others"


@functools.cache
def usual(question: Question, level: int) -> Usual:
    """Return the commonest concepts of a question's instances and their median difficulty, the same everywhere."""
    seed = int.from_bytes(hashlib.sha256(f"{question.id} {level}".encode()).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    drawn = [issue(question, rng, level) for _ in range(15)]
    active = [concepts(variant.params) for variant in drawn]
    common = max(active, key=lambda one: (active.count(one), sorted(one)))
    alike = [difficulty(question, v) for v, own in zip(drawn, active, strict=True) if own == common]
    return Usual(float(np.median(alike)), common)


def _exposure_refusals(question: Question, variant: Variant, seen: Seen) -> Iterator[str]:
    """Yield why an instance hides mistakes; `seen` is filled with all its lookalikes, those to detect first."""
    wanted = question.must_detect[variant.level]
    exposed: dict[str, Mapping[str, Any]] = {}
    generous = [_generous(part) for part in variant.parts]

    def look(only: Callable[[str], bool]) -> None:
        for mistake, answer in mistaken(question, variant, only):
            if differs(variant, answer):
                seen.append((mistake, answer))
                if _apart(generous, answer, variant.truth):
                    exposed[mistake.name] = answer

    for name in wanted:
        look(name.__eq__)
        if name not in exposed:
            yield f"does not expose {name}"
    if question.tell_apart:
        for name, other in itertools.combinations([name for name in wanted if name in exposed], 2):
            if not _apart(generous, exposed[name], exposed[other]):
                yield f"cannot tell {name} from {other}"
    look(lambda name: name not in wanted)
    if len(exposed) < question.min_exposed:
        yield f"exposes fewer than {question.min_exposed} mistakes"


def _part_refusals(part: Part, truth: Any) -> Iterator[str]:
    numbers = numbers_of(part, truth)
    if not all(math.isfinite(float(number)) and abs(number) <= LARGEST for number in numbers):
        yield "not finite or too large"
        return
    if not all(
        _rounds_safely(number, part.options["places"]) for number in numbers if "places" in part.options
    ):
        yield "half-way when rounded"
    # a lone number or shape is never degenerate; an array of equal cells shows nothing about the places
    if part.kind in ("vec", "mat", "ten") and len(numbers) > 1 and len(set(numbers)) == 1:
        yield "all cells are equal"
    if part.kind in ("mc1", "mcN") and _repeats(part.options["choices"]):
        yield "two options are the same"


def _effort_refusals(question: Question, variant: Variant) -> Iterator[str]:
    params = dict(variant.params)
    if question.gap is not None and not question.gap(params) > 0:
        yield "tie"
    if question.work is not None and question.workload is not None:
        least, most = question.workload[variant.level]
        if not least <= question.work(params) <= most:
            yield "too little or too much work"


def _rounds_safely(number: Any, places: int) -> bool:
    scaled = abs(float(number)) * 10.0**places
    return abs(scaled - math.floor(scaled) - 0.5) > 1e-6


def _repeats(choices: Any) -> bool:
    folded = [" ".join(str(choice).casefold().split()) for choice in choices]
    return len(set(folded)) < len(folded)


def separated(variant: Variant, answer: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two answers differ by more than twice what rounding may explain."""
    return _apart([_generous(part) for part in variant.parts], answer, other)


def _apart(parts: Sequence[Part], answer: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(not same(answer[part.id], other[part.id], part) for part in parts)


def _generous(part: Part) -> Part:
    if "places" not in part.options:
        return part
    slack = 2 * part.options.get("slack", 0.0) + 0.6 * 10.0 ** -part.options["places"]
    return replace(part, options={**part.options, "slack": slack})


# ----------------------------------------------------------------------------------------- certificate


@dataclass(frozen=True)
class Lookalike:
    """What one mistake answers to one part, and how far that is from the truth (None: another size)."""

    mistake: str
    part: str
    answer: Any
    gap: float | None


@dataclass(frozen=True)
class Certificate:
    """Why an instance may be trusted: an independent evaluator agrees, and these mistakes show."""

    question: str
    key: str
    agrees: bool
    exact: Mapping[str, Any]
    exposed: tuple[str, ...]
    merged: tuple[tuple[str, ...], ...]
    lookalikes: tuple[Lookalike, ...]


def certificate(question: Question | str, variant: Variant) -> Certificate:
    """Check an instance by the question's exact evaluator and list what every mistake answers.

    `merged` are the groups of mistakes that cannot be told apart on this instance. A question without an
    exact evaluator never gets `agrees`.
    """
    question = find_question(question)
    exact = question.exact(dict(variant.params)) if question.exact else {}
    return _certificate(question, variant, lookalikes(question, variant), exact)


def _certificate(question: Question, variant: Variant, seen: Seen, exact: Mapping[str, Any]) -> Certificate:
    generous = [_generous(part) for part in variant.parts]
    return Certificate(
        question=question.id,
        key=instance_key(question, variant.params),
        agrees=bool(exact) and _agrees(variant, exact),
        exact=exact,
        exposed=tuple(mistake.name for mistake, answer in seen if _apart(generous, answer, variant.truth)),
        merged=_merged(variant, seen),
        lookalikes=tuple(
            Lookalike(mistake.name, part.id, answer[part.id], _gap(answer[part.id], variant.truth[part.id]))
            for mistake, answer in seen
            for part in variant.parts
            if not same(answer[part.id], variant.truth[part.id], part)
        ),
    )


def _merged(variant: Variant, seen: Seen) -> tuple[tuple[str, ...], ...]:
    groups: list[tuple[dict[str, Any], list[str]]] = []
    for mistake, answer in seen:
        for first, names in groups:
            if all(same(first[part.id], answer[part.id], part) for part in variant.parts):
                names.append(mistake.name)
                break
        else:
            groups.append((answer, [mistake.name]))
    return tuple(tuple(names) for _, names in groups if len(names) > 1)


def _agrees(variant: Variant, exact: Mapping[str, Any]) -> bool:
    return all(p.id in exact and same(variant.truth[p.id], exact[p.id], p) for p in variant.parts)


def _held_to_exact(question: Question, variant: Variant) -> Mapping[str, Any]:
    """Return what the question's own evaluator answers, which must be the truth."""
    if question.exact is None:
        return {}
    exact = question.exact(dict(variant.params))
    if not _agrees(variant, exact):
        raise Disagreement(
            f"{question.id}: the reference answers {dict(variant.truth)}, exact evaluation {exact}, on "
            f"{dict(variant.params)}. Mend one of them before handing this out."
        )
    return exact


def _gap(answer: Any, truth: Any) -> float | None:
    try:
        a, t = np.asarray(answer, dtype=float), np.asarray(truth, dtype=float)
    except (TypeError, ValueError):
        return None
    return float(np.max(np.abs(a - t))) if a.shape == t.shape and a.size else None
