"""Name the mistake in a wrong submission: play every known mistake on the same trials and compare.

Runs in the trusted judge and for wrong answers only; it never touches a mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.checks import Judgement, complaints
from autograder.compare import compare
from autograder.exercises import EXERCISES, Exercise, wrong_submissions
from autograder.key import Key, KeyTrial
from autograder.keymaking import play_all
from autograder.sandbox._script import Outcome
from autograder.verdicts import Named

Lookalike = tuple[Any, tuple[Outcome, ...]]


def name_mistakes(judgement: Judgement) -> list[Named]:
    """Return the mistakes whose results are the student's on every trial; none when nothing matches."""
    task = EXERCISES.get(judgement.key.question)
    if task is None or judgement.stopped or judgement.right:
        return []
    known = lookalikes(task, judgement.key, judgement.set_index)
    found = [m for m, outcomes in known if _same(judgement, outcomes)]
    if not found:  # two codes with one mistake may differ on arrays that are laid out oddly in memory
        found = [m for m, outcomes in known if _same(judgement, outcomes, plain_only=True)]
    values = [m for m in found if m.kind == "value"]
    return [Named(m.name, m.what, m.how, m.credit) for m in values or found]


_CACHE: dict[tuple[str, str, int], tuple[Lookalike, ...]] = {}


def lookalikes(task: Exercise, key: Key, set_index: int) -> tuple[Lookalike, ...]:
    """Return what a submission made from each mistake does on one set of trials."""
    place = (key.question, key.hash, set_index)
    if place not in _CACHE:
        _CACHE[place] = tuple((m, tuple(play_all(key, set_index, f))) for m, f in wrong_submissions(task))
    return _CACHE[place]


def _same(judgement: Judgement, outcomes: Sequence[Outcome], plain_only: bool = False) -> bool:
    """A match needs agreement wherever the mistake applies, and at least one trial where it is wrong."""
    start, telling = 0, False
    for trial in judgement.key.sets[judgement.set_index]:
        end = start + len(trial.calls)
        mine, other = judgement.outcomes[start:end], outcomes[start:end]
        start = end
        odd = plain_only and any(layout != "C" for c in trial.calls for layout in c.layouts.values())
        if trial.kind == "probe" or odd or not _applies(trial, other):
            continue
        if not _agree(judgement.key, trial, mine, other):
            return False
        telling = telling or (_ran(trial, other) and not _is_right(judgement.key, trial, other))
    return telling


def _own(trial: KeyTrial) -> list[tuple[int, int]]:
    return [(k, i) for k, i in enumerate(trial.judged) if i != trial.forward]


def _applies(trial: KeyTrial, other: Sequence[Outcome]) -> bool:
    return not any(other[i].status == "ok" and _empty(other[i].value) for _, i in _own(trial))


def _ran(trial: KeyTrial, other: Sequence[Outcome]) -> bool:
    """Tell whether there are values: two codes that both stop with an error need not share a mistake."""
    return all(other[i].status == "ok" for _, i in _own(trial))


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and any(v is None for v in value))


def _agree(key: Key, trial: KeyTrial, mine: Sequence[Outcome], other: Sequence[Outcome]) -> bool:
    if _changes(mine) != _changes(other):
        return False
    if _touched(mine) != _touched(other):
        return False
    if key.rule is not None:
        return complaints(key, trial, mine) == complaints(key, trial, other)
    for k, i in _own(trial):
        if mine[i].status != other[i].status:
            return False
        if mine[i].status != "ok":
            continue
        if not compare(mine[i].value, other[i].value, trial.allowed64[k], trial.allowed32[k]).right:
            return False
    return True


def _changes(outcomes: Sequence[Outcome]) -> set[Any]:
    """Return which arguments were changed, and which of them in shape."""
    reshaped = {fact for o in outcomes for fact in o.facts if fact[1] == "shape changed"}
    return reshaped.union(*(o.changed for o in outcomes))


def _touched(outcomes: Sequence[Outcome]) -> bool:
    return any(o.global_random_touched for o in outcomes)


def _is_right(key: Key, trial: KeyTrial, other: Sequence[Outcome]) -> bool:
    if _touched(other) or any(o.changed for o in other):
        return False
    if key.rule is not None:
        return not complaints(key, trial, other)
    return _ran(trial, other) and all(
        compare(other[i].value, trial.expected[k], trial.allowed64[k], trial.allowed32[k]).right
        for k, i in _own(trial)
    )
