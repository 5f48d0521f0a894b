"""Compare two programs on inputs that no key holds: other sizes, other settings, other numbers.

Inputs are made from the trials of an exercise by changing sizes (equal ones alike), whole numbers and values. Only
those count on which the reference gives a result and the right program gives the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder import properties
from autograder.compare import compare
from autograder.exercises import EXERCISES, Functions, Trial
from autograder.keymaking import constant_bound
from autograder.sandbox._script import Call, Outcome, Rng, play

CLOSE = 1e-9
Outcomes = list[Outcome]


def difference(exercise: str, right: Functions, other: Functions, count: int, seed: int = 1) -> str:
    """Return where two programs differ on `count` further inputs, or "" where they never do."""
    task, rng, done, tries = EXERCISES[exercise], np.random.default_rng(seed), 0, 0
    truth = task.truth()
    while done < count and tries < 20 * count:
        for trial in task.trials(rng):
            tries += 1
            if trial.kind == "probe":
                continue
            varied = trial if tries % 4 == 0 else vary(trial, rng)
            expected = list(play(varied.calls, dict(truth)))
            if any(o.status != "ok" for o in expected):
                continue
            mine = list(play(varied.calls, dict(right)))
            if not _agree(task.rule, varied, expected, mine):
                continue
            done += len(varied.calls)
            if not _agree(task.rule, varied, mine, list(play(varied.calls, dict(other)))):
                return f"in {trial.name!r} changed to {_told(varied.calls)}"
            if done >= count:
                break
    return ""


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
    return all(_close(one[i].value, other[i].value) for i in judged)


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
        replace(c, args=vary_one(c.args), kwargs=vary_one(c.kwargs)) if isinstance(c.do, str) else c
        for c in trial.calls
    )
    return replace(trial, calls=calls)


class _Variation:
    """One way to change everything: equal sizes stay equal, equal numbers too."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.sizes: dict[int, int] = {}
        self.numbers: dict[int, int] = {}
        self.resize, self.renumber = rng.random() < 0.6, rng.random() < 0.4
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
        return self.sizes.setdefault(n, int(self.rng.integers(max(1, n - 2), n + 4)))

    def _array(self, x: np.ndarray) -> np.ndarray:
        shape = tuple(map(self._size, x.shape))
        if x.dtype.kind != "f" or self.values == 0 or not x.size:
            return np.resize(x, shape)
        drawn = self.rng.normal(size=shape) * max(_largest(x), 0.1)
        return drawn if self.values == 1 else np.round(drawn)
