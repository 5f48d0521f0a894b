"""Say of results that are wrong alike on every input how: a factor and which quantity it equals, or an amount.

One input can be off by any factor; only all of them together show that it is the number of examples, say. Runs in
the trusted judge, for what no known mistake explains; it never touches a mark.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.checks import Judgement, TrialResult, rule_of
from autograder.compare import as_array, compare
from autograder.exercises import EXERCISES
from autograder.key import KeyTrial
from autograder.sandbox._script import Call

SLACK = 4.0  # error bounds within which a factor or an amount counts as the same
_CONSTANTS = {
    "2": 2.0, "1/2": 0.5, "3": 3.0, "1/3": 1 / 3, "4": 4.0, "1/4": 0.25,
    "ln 2": math.log(2), "1 / ln 2": 1 / math.log(2),
    "ln 10": math.log(10), "1 / ln 10": 1 / math.log(10), "the square root of 2": math.sqrt(2),
    "1 / the square root of 2": 1 / math.sqrt(2),
}  # fmt: skip
_UNSTEADY = (
    "The same call made twice gives two different results: something besides the arguments decides, such as random "
    "numbers, an earlier call or a global variable."
)


@dataclass(frozen=True)
class Pair:
    """One result on one input: the student's numbers, the right ones, the bound, and the quantities of the input."""

    got: np.ndarray
    expected: np.ndarray
    allowed: float
    sizes: Mapping[str, float]

    def off(self) -> bool:
        """Tell whether it is wrong."""
        return not self.is_close(self.expected, 1.0)

    def is_close(self, numbers: np.ndarray, scale: float) -> bool:
        """Tell whether the student's numbers are these, within rounding."""
        bound = SLACK * self.allowed * max(1.0, abs(scale)) + 1e-9 * np.abs(numbers) * (abs(scale) != 1.0)
        return bool(np.all(np.abs(self.got - numbers) <= bound))


def remarked(judgement: Judgement) -> Judgement:
    """Add to what is said of the wrong trials how all of them are wrong alike, if they are."""
    texts = [text for name, pairs in _results(judgement).items() if (text := _alike(name, pairs))]
    if _unsteady(judgement):
        texts = [_UNSTEADY]
    if not texts:
        return judgement
    said = " ".join(texts)
    results = [
        replace(r, describe=functools.partial(_with, said, r)) if r.state == "wrong" else r
        for r in judgement.results
    ]
    return replace(judgement, results=tuple(results))


def _unsteady(judgement: Judgement) -> bool:
    """Tell whether one call made twice in a row gave two results."""
    start = 0
    for trial in judgement.key.sets[judgement.set_index]:
        outcomes = judgement.outcomes[start : start + len(trial.calls)]
        start += len(trial.calls)
        if (
            trial.kind != "behaviour"
            or trial.judged != (0, 1)
            or len(outcomes) != 2
            or len(trial.expected) != 2
        ):
            continue
        first, second = outcomes
        if first.status == second.status == "ok" and not any(o.global_random_touched for o in outcomes):
            same = compare(trial.expected[0], trial.expected[1], trial.allowed64[0], trial.allowed32[0]).right
            if same and not compare(first.value, second.value, trial.allowed64[0], trial.allowed32[0]).right:
                return True
    return False


def _with(said: str, result: TrialResult) -> str:
    """Put it before which results beside the wrong one are right."""
    return f"{said} {_beside(result.structure)}".strip()


def _beside(structure: str) -> str:
    """Keep of what was said of one trial which other results are right there."""
    start = structure.find("Right are: ")
    return structure[start:] if start >= 0 else ""


# --- what all trials have in common --------------------------------------------------------------


def _alike(name: str, pairs: Sequence[Pair]) -> str:
    wrong = [p for p in pairs if p.off()]
    if len(wrong) < 2:
        return ""
    with np.errstate(all="ignore"):
        return _factor(name, pairs, wrong) or _amount(name, pairs, wrong)


def _factor(name: str, pairs: Sequence[Pair], wrong: Sequence[Pair]) -> str:
    factors = [_ratio(p) for p in wrong]
    known = [f for f in factors if f is not None]
    if len(known) < 2 or None in factors:
        return ""
    start = f"{name} is" if all(p.expected.size == 1 for p in pairs) else f"Every value of {name} is"
    if all(p.is_close(known[0] * p.expected, known[0]) for p in wrong):
        if math.isclose(known[0], -1.0, rel_tol=1e-9):
            return f"{name} has the opposite sign, whatever the input."
        return f"{start} {_constant(known[0])} times what it should be, whatever the input."
    for label in wrong[0].sizes:
        for text, value in _powers(label):
            if _explains(pairs, label, value):
                return f"{start} {text} times what it should be."
    return ""


def _explains(pairs: Sequence[Pair], label: str, value: Any) -> bool:
    if any(label not in p.sizes or not p.sizes[label] > 0 for p in pairs):
        return False
    return all(p.is_close((by := value(p.sizes[label])) * p.expected, by) for p in pairs)


def _powers(label: str) -> Iterator[tuple[str, Any]]:
    yield label, lambda v: v
    yield f"1 / ({label})" if " " in label else f"1 / {label}", lambda v: 1 / v
    yield f"the square root of {label}", lambda v: math.sqrt(v)
    yield f"1 / (the square root of {label})", lambda v: 1 / math.sqrt(v)
    yield f"minus {label}", lambda v: -v
    yield f"2 times {label}", lambda v: 2 * v
    yield f"half of {label}", lambda v: v / 2


def _ratio(pair: Pair) -> float | None:
    i = int(np.argmax(np.abs(pair.expected)))
    expected, got = pair.expected.flat[i], pair.got.flat[i]
    if abs(expected) <= pair.allowed or not np.isfinite(got) or got == 0:
        return None
    factor = float(got / expected)
    return factor if pair.is_close(factor * pair.expected, factor) else None


def _constant(factor: float) -> str:
    for text, value in _CONSTANTS.items():
        for sign, minus in ((1, ""), (-1, "minus ")):
            if math.isclose(factor, sign * value, rel_tol=1e-7):
                return (
                    f"{minus}{text}"
                    if text[0].isdigit() and " " not in text
                    else f"{factor:.6g} (that is {minus}{text})"
                )
    return f"{factor:.6g}"


def _amount(name: str, pairs: Sequence[Pair], wrong: Sequence[Pair]) -> str:
    gaps = [float(p.got.flat[0] - p.expected.flat[0]) for p in wrong]
    if not all(p.is_close(p.expected + g, 1.0) for p, g in zip(wrong, gaps)):
        return ""
    start = f"{name} is" if all(p.expected.size == 1 for p in pairs) else f"Every value of {name} is"
    if all(p.is_close(p.expected + gaps[0], 1.0) for p in wrong):
        how = "too large" if gaps[0] > 0 else "too small"
        return f"{start} {how} by the same amount, whatever the input: something is added, or left out, once."
    for label in wrong[0].sizes:
        for sign, how in ((1, "too large"), (-1, "too small")):
            if all(label in p.sizes and p.is_close(p.expected + sign * p.sizes[label], 1.0) for p in pairs):
                return f"{start} {how} by {label}."
    return ""


# --- the numbers, and the quantities of the inputs -----------------------------------------------


def _results(judgement: Judgement) -> dict[str, list[Pair]]:
    """Collect the numbers of every result over the value trials, those that stop or are of another shape left out."""
    key = judgement.key
    found: dict[str, list[Pair]] = {}
    start = 0
    for trial in key.sets[judgement.set_index]:
        outcomes = judgement.outcomes[start : start + len(trial.calls)]
        start += len(trial.calls)
        if trial.kind != "value" or rule_of(key, trial) is not None or len(outcomes) < len(trial.calls):
            continue
        for k, i in enumerate(trial.judged):
            if i != trial.forward and outcomes[i].status == "ok":
                row = (outcomes[i].value, trial.expected[k], trial.allowed64[k])
                for name, got, expected, allowed in _named(key.results, *row):
                    if pair := _pair(got, expected, allowed, _sizes(judgement, trial, i)):
                        found.setdefault(name, []).append(pair)
    return found


def _named(names: Sequence[str], got: Any, expected: Any, allowed: Any) -> Iterator[tuple[Any, ...]]:
    if not isinstance(expected, (tuple, list)):
        yield names[0] if names else "The result", got, expected, allowed
    elif isinstance(got, (tuple, list)) and len(got) == len(expected):
        bounds = allowed if isinstance(allowed, (tuple, list)) else [allowed] * len(expected)
        for i, row in enumerate(zip(got, expected, bounds)):
            yield names[i] if i < len(names) else f"result {i + 1}", *row


def _pair(got: Any, expected: Any, allowed: Any, sizes: Mapping[str, float]) -> Pair | None:
    right, _ = as_array(expected)
    mine, _ = as_array(got)
    if right is None or mine is None or mine.shape != right.shape or not right.size:
        return None
    if mine.dtype.kind not in "iuf" or right.dtype.kind not in "iuf" or not np.all(np.isfinite(right)):
        return None
    bound = max(float(allowed) if isinstance(allowed, (int, float)) else 0.0, 1e-300)
    return Pair(mine.astype(float), right.astype(float), bound, sizes)


def _sizes(judgement: Judgement, trial: KeyTrial, judged: int) -> dict[str, float]:
    """Name the quantities of the inputs: numbers as they are given, sizes of arrays."""
    task = EXERCISES[judgement.key.question]
    truth = task.truth()
    found: dict[str, float] = {}
    for i in sorted({judged, trial.forward if trial.forward is not None else judged}, reverse=True):
        call = trial.calls[i]
        if isinstance(call.do, str) and call.do in truth:
            for name, value in _arguments(truth[call.do], call):
                found |= {k: v for k, v in _quantities(name, value) if k not in found}
    return found


def _arguments(function: Any, call: Call) -> Iterator[tuple[str, Any]]:
    names = list(inspect.signature(function).parameters)
    yield from zip(names, call.args)
    yield from call.kwargs.items()


def _quantities(name: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, (bool, str)) or value is None:
        return
    if isinstance(value, (int, float)):
        yield name, float(value)
        yield f"{name}²", float(value) ** 2
        if 0 < value < 1:
            yield f"(1 - {name})", 1 - float(value)
    elif isinstance(value, np.ndarray) and value.ndim:
        shape = value.shape
        if value.ndim in (1, 3):
            yield f"the number of entries of {name}", value.size
            return
        yield f"the number of {'rows' if value.ndim == 2 else 'examples'} in {name}", shape[0]
        yield f"the number of {'columns' if value.ndim == 2 else 'channels'} of {name}", shape[1]
        if value.ndim == 4:
            yield f"the number of positions in one map of {name}", shape[2] * shape[3]
            yield f"the number of examples times positions of {name}", shape[0] * shape[2] * shape[3]
        yield f"the number of all entries of {name}", value.size
