"""Tell whether two codes that were played on the same trial did the same there.

One is a student's, the other a mistake, whose outcomes are kept and compared again and again.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checks import complaints, rule_of
from autograder.compare import agrees, as_array, compare
from autograder.key import Key, KeyTrial
from autograder.pairs import rounded_apart
from autograder.sandbox._plain import Foreign
from autograder.sandbox._script import Outcome

Outcomes = Sequence[Outcome]
SHORT = 50  # items of a list that may be looked at again and again


def as_settled(value: Any, expected: Any) -> Any:
    """Return a result with lists as arrays where arrays are expected; a long list that is none says only what it is."""
    if not isinstance(value, (tuple, list)):
        return value
    if isinstance(expected, (tuple, list)):
        same = len(value) == len(expected)
        return type(value)(map(as_settled, value, expected)) if same else _short(value)
    array = as_array(value)[0] if isinstance(expected, np.ndarray) else None
    return _short(value) if array is None else array


def _short(value: Any) -> Any:
    return value if _count(value) <= SHORT else Foreign(type(value).__name__)


def _count(value: Any) -> int:
    """Count what is in a list, and in lists in it, no further than needed."""
    if not isinstance(value, (tuple, list)):
        return 1
    return len(value) if len(value) > SHORT else sum(map(_count, value))


@functools.lru_cache(maxsize=4096)
def own_calls(trial: KeyTrial) -> list[tuple[int, int]]:
    """Return the judged calls that are a question's own, each with its place among the judged."""
    return [(k, i) for k, i in enumerate(trial.judged) if i != trial.forward]


@functools.lru_cache(maxsize=1 << 16)
def applies(trial: KeyTrial, other: tuple[Outcome, ...]) -> bool:
    """Tell whether a mistake says anything here: one that gives nothing leaves nothing for the next call."""
    statuses = {outcome.status for outcome in other}
    if "missing" in statuses <= {"ok", "missing"}:
        return False
    return not any(other[i].status == "ok" and _empty(other[i].value) for _, i in own_calls(trial))


def ran(trial: KeyTrial, other: Outcomes) -> bool:
    """Tell whether there are values: two codes that both stop with an error need not share a mistake."""
    return all(other[i].status == "ok" for _, i in own_calls(trial))


def both_fail(key: Key, trial: KeyTrial, mine: Outcomes, other: Outcomes) -> bool:
    """Tell whether both are wrong here and one has no numbers to compare: whether they share a mistake is not seen."""
    hidden = _shapeless(key, trial, mine) or _shapeless(key, trial, other)
    return hidden and not is_right(key, trial, mine) and not is_right(key, trial, other)


def _shapeless(key: Key, trial: KeyTrial, outcomes: Outcomes) -> bool:
    if not ran(trial, outcomes) or rule_of(key, trial) is not None:
        return not ran(trial, outcomes)
    rows = [
        (outcomes[i].value, trial.expected[k], trial.allowed64[k], trial.allowed32[k])
        for k, i in own_calls(trial)
    ]
    return any(compare(*row).problem in ("kind", "shape", "count") for row in rows)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and any(v is None for v in value))


def agree(key: Key, trial: KeyTrial, mine: Outcomes, other: Outcomes) -> bool:
    """Tell whether two codes that left the same marks returned the same."""
    if rule_of(key, trial) is not None:
        if any(mine[i].status != other[i].status for i in trial.judged):
            return False
        return not ran(trial, mine) or complaints(key, trial, mine) == complaints(key, trial, other)
    for k, i in own_calls(trial):
        if mine[i].status != other[i].status:
            return False
        if mine[i].status != "ok":
            continue
        pair = mine[i].value, other[i].value
        if not (
            agrees(*pair, trial.allowed64[k], trial.allowed32[k]) or rounded_apart(*pair, trial.expected[k])
        ):
            return False
        if _entries(mine[i].value, trial.expected[k]) != _entries(other[i].value, trial.expected[k]):
            return False
    return True


def _entries(value: Any, expected: Any) -> set[Any]:
    """Return which entries a dictionary has of those asked for; left out and 0 are the same. It may hold another's."""
    if not isinstance(value, dict) or not isinstance(expected, dict):
        return set()
    return {name for name in expected if name in value and not np.array_equal(value[name], 0)}


def is_right(key: Key, trial: KeyTrial, other: Outcomes) -> bool:
    """Tell whether a code is right here in all that is judged."""
    if _touched(other) or _changes(other):
        return False
    if rule_of(key, trial) is not None:
        return ran(trial, other) and not complaints(key, trial, other)
    return ran(trial, other) and all(
        agrees(other[i].value, trial.expected[k], trial.allowed64[k], trial.allowed32[k])
        for k, i in own_calls(trial)
    )


def _changes(outcomes: Outcomes) -> set[Any]:
    """Return which arguments were changed, and which of them in shape."""
    if not any(o.changed or o.facts for o in outcomes):
        return set()
    reshaped = {fact for o in outcomes for fact in o.facts if fact[1] == "shape changed"}
    return reshaped.union(*(o.changed for o in outcomes))


def _touched(outcomes: Outcomes) -> bool:
    return any(o.global_random_touched for o in outcomes)


def marks_of(outcomes: Outcomes) -> tuple[set[Any], bool]:
    """Return what a code did beside returning something."""
    return _changes(outcomes), _touched(outcomes)


# Of mistakes, which are compared again and again.
known_marks = functools.lru_cache(maxsize=1 << 16)(marks_of)
