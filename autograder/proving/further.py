"""Compare two programs on inputs that no key holds: other sizes, other settings, other numbers.

Inputs are made from the trials of an exercise by changing sizes (equal ones alike), whole numbers and values. Only
those count on which the reference gives a result and the right program gives the same one. They are made and played
on the right program once; every program that is compared is then played once, many trials in one go.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder import properties
from autograder.compare import compare
from autograder.exercises import EXERCISES, Functions, Trial
from autograder.keymaking import constant_bound, own_handles
from autograder.readings import read
from autograder.sandbox._script import Call, Outcome, Rng, play

CLOSE = 1e-9
AT_ONCE = 50  # trials played in one go: the generators are put back once for all of them
KEPT = 12  # exercises whose inputs are kept in memory: several programs solve the same ones
SMALL = 5  # half of the variations have sizes below this: many of them are played in little time
Outcomes = list[Outcome]


@dataclass(frozen=True)
class Varied:
    """A trial that no key holds, and what it gives."""

    trial: Trial
    outcomes: Outcomes


def difference(exercise: str, right: Functions, other: Functions, count: int, seed: int = 1) -> str:
    """Return where two programs differ on `count` further inputs, or "" where they never do."""
    return first_difference(exercise, agreed(exercise, right, further_inputs(exercise, count, seed)), other)


def first_difference(exercise: str, inputs: Sequence[Varied], other: Functions) -> str:
    """Return on which of the inputs a program gives something else, or "" where it never does."""
    rule = EXERCISES[exercise].rule
    for some in _batches(inputs):
        for varied, got in zip(some, _played([v.trial for v in some], other)):
            if not _agree(rule, varied.trial, varied.outcomes, got):
                return f"in {varied.trial.name!r} changed to {_told(varied.trial.calls)}"
    return ""


def agreed(exercise: str, right: Functions, inputs: Sequence[Varied]) -> list[Varied]:
    """Return the inputs on which a right program gives what the reference gives, with what it gives."""
    rule = EXERCISES[exercise].rule
    return [
        replace(varied, outcomes=mine)
        for some in _batches(inputs)
        for varied, mine in zip(some, _played([v.trial for v in some], right))
        if _agree(rule, varied.trial, varied.outcomes, mine)
    ]


def for_calls(inputs: Sequence[Varied], count: int) -> Sequence[Varied]:
    """Return the first of the inputs, with `count` calls in all."""
    calls = 0
    for number, varied in enumerate(inputs):
        if calls >= count:
            return inputs[:number]
        calls += len(varied.trial.calls)
    return inputs


@functools.lru_cache(maxsize=KEPT)
def further_inputs(exercise: str, count: int, seed: int = 1) -> Sequence[Varied]:
    """Return trials that no key holds, with `count` calls in all, and what the reference gives."""
    found, calls = [], 0
    for tries, (trial, outcomes) in enumerate(_further(exercise, seed)):
        if all(o.status == "ok" for o in outcomes):
            found.append(Varied(trial, outcomes))
            calls += len(trial.calls)
        if calls >= count or tries > 20 * count:
            break
    return found


def _further(exercise: str, seed: int) -> Iterator[tuple[Trial, Outcomes]]:
    task, rng = EXERCISES[exercise], np.random.default_rng(seed)
    truth, number = task.truth(), itertools.count()
    while True:
        drawn = [t for t in task.trials(rng) if t.kind != "probe"]
        varied = [t if rng.random() < 0.1 else vary(t, rng) for t in drawn for _ in range(4)]
        for some in _batches([_by_itself(t, f"t{next(number)}") for t in varied]):
            yield from zip(some, _played(some, truth))


def _by_itself(trial: Trial, prefix: str) -> Trial:
    return replace(trial, calls=tuple(own_handles(call, prefix) for call in trial.calls))


def _batches(inputs: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(inputs), AT_ONCE):
        yield inputs[start : start + AT_ONCE]


def _played(trials: Sequence[Trial], functions: Functions) -> list[Outcomes]:
    outcomes = play([call for trial in trials for call in trial.calls], dict(functions))
    return [list(read(trial, [next(outcomes) for _ in trial.calls])) for trial in trials]


def _agree(rule: str | None, trial: Trial, one: Outcomes, other: Outcomes) -> bool:
    judged = [i % len(one) for i in trial.judged]
    for a, b in zip(one, other):
        if (
            a.status != b.status
            or a.changed != b.changed
            or a.global_random_touched != b.global_random_touched
        ):
            return False
    rule = rule or trial.facts.get("rule")
    if rule is not None:
        return not properties.RULES[rule](trial.facts, [other[i].value for i in judged])
    return all(_same(one[i].value, other[i].value) or _close(one[i].value, other[i].value) for i in judged)


def _same(a: Any, b: Any) -> bool:
    """Tell whether two results are the same to the last bit; this decides most cases, and quickly."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    return isinstance(a, (bool, int, float, str, type(None), np.generic)) and bool(a == b)


def _close(a: Any, b: Any) -> bool:
    bound = constant_bound(a, CLOSE * max(1.0, _largest(a)))
    return compare(b, a, bound, bound).right


def _largest(value: Any) -> float:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return max(map(_largest, value), default=0.0)
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return 0.0
    finite = array[np.isfinite(array)]
    return float(np.max(np.abs(finite))) if finite.size else 0.0


def _told(calls: Sequence[Call]) -> str:
    shown = []
    for call in calls[:2]:
        texts = [*map(_brief, call.args), *(f"{k}={_brief(v)}" for k, v in call.kwargs.items())]
        shown.append(f"{call.do if isinstance(call.do, str) else 'helper'}({', '.join(texts)})")
    return "; ".join(shown)


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array{value.shape}" if value.size > 6 else str(value.tolist())
    text = repr(value)
    return text if len(text) < 40 else text[:37] + "..."


# --- other inputs --------------------------------------------------------------------------------


def vary(trial: Trial, rng: np.random.Generator) -> Trial:
    """Return the trial with other sizes, whole numbers and values. A trial judged by a rule keeps its facts' inputs."""
    if "rule" in trial.facts or any(isinstance(v, np.ndarray) for v in trial.facts.values()):
        return trial
    vary_one = _Variation(rng)
    calls = tuple(
        replace(c, args=vary_one(c.args), kwargs=vary_one(c.kwargs)) if _has_inputs(c) else c
        for c in trial.calls
    )
    return replace(trial, calls=calls)


def _has_inputs(call: Call) -> bool:
    """Tell whether a call takes inputs: which result is looked at is none, and another one is the program's own."""
    return isinstance(call.do, str) and not call.do.endswith(".__getitem__")


class _Variation:
    """One way to change everything: equal sizes stay equal, equal numbers too."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.sizes: dict[int, int] = {}
        self.numbers: dict[int, int] = {}
        self.resize, self.renumber = rng.random() < 0.8, rng.random() < 0.4
        self.small = rng.random() < 0.5
        self.values = int(rng.integers(3))

    def __call__(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, Rng):
            return Rng(int(self.rng.integers(1 << 30)))
        if type(value) is tuple and value and all(type(v) is int for v in value):
            return tuple(self._size(v) for v in value)
        if type(value) in (tuple, list):
            return type(value)(self(v) for v in value)
        if type(value) is dict:
            return {k: self(v) for k, v in value.items()}
        return self._number(value)

    def _number(self, value: Any) -> Any:
        if not self.renumber or self.rng.random() < 0.5:
            return value
        if type(value) is int:
            return self.numbers.setdefault(value, max(0, value + int(self.rng.integers(-1, 3))))
        if type(value) is float:
            return value * float(self.rng.choice([0.5, 0.9, 1.0, 1.5]))
        return value

    def _size(self, n: int) -> int:
        if not self.resize:
            return n
        low, high = (1, min(n, SMALL) + 1) if self.small and n > 1 else (max(1, n - 2), n + 4)
        return self.sizes.setdefault(n, int(self.rng.integers(low, high)))

    def _array(self, x: np.ndarray) -> np.ndarray:
        shape = tuple(map(self._size, x.shape))
        if x.dtype.kind != "f" or self.values == 0 or not x.size:
            return np.resize(x, shape)
        drawn = self.rng.normal(size=shape) * max(_largest(x), 0.1)
        return drawn if self.values == 1 else np.round(drawn)
