"""Judge what a submission returned: contract first, then values, behaviour and gradient.

Only the key is needed here. `verdicts.py` puts what is found into points and words.

A backward is judged by three comparisons: the student's forward with the key, the backward with the
key, and, where both are wrong, the backward with the student's own forward (the probe).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import properties
from autograder.compare import Comparison, agrees, as_array, compare
from autograder.key import Key, KeyTrial
from autograder.readings import read
from autograder.sandbox._plain import Foreign
from autograder.sandbox._script import Call, Outcome
from autograder.structure import describe

Outcomes = Sequence[Outcome]
WILD = 1e-2  # uncertainty of a slope, as a share of the gradient, beyond which nothing is concluded from it


@dataclass(frozen=True)
class TrialResult:
    """What became of one trial. `blocked` means an earlier failure explains it."""

    trial: KeyTrial
    state: str  # right | wrong | blocked
    cause: str = ""
    message: str = ""
    worst: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    forward_right: bool | None = None
    ratio: float = 0.0
    describe: Callable[[], str] = str

    @property
    def structure(self) -> str:
        """Say how the wrong result differs; found only when asked for, few are."""
        return self.describe()


@dataclass(frozen=True)
class Judgement:
    """All trials of one exercise, and whether the backward fits the student's own forward."""

    key: Key
    set_index: int
    results: tuple[TrialResult, ...]
    outcomes: tuple[Outcome, ...]
    consistent: bool | None = None
    changed: tuple[str, ...] = ()
    touched_random: bool = False
    stopped: str = ""
    stopped_cause: str = ""

    @property
    def values(self) -> list[TrialResult]:
        """The trials that compare values."""
        return [r for r in self.results if r.trial.kind == "value"]

    @property
    def right(self) -> bool:
        """Tell whether the exercise earns full marks."""
        return not self.changed and not self.touched_random and all(r.state == "right" for r in self.results)


def wants_probe(judgement: Judgement) -> bool:
    """Tell whether it matters if the backward fits the student's own forward: both are wrong somewhere."""
    has_probe = any(t.kind == "probe" for t in judgement.key.sets[judgement.set_index])
    return has_probe and any(r.state == "wrong" and r.forward_right is False for r in judgement.results)


# --- judging trials ------------------------------------------------------------------------------


def judge(key: Key, set_index: int, outcomes: Outcomes) -> Judgement:
    """Judge the outcomes of one set's script, in the order of its calls."""
    trials = key.sets[set_index]
    slices = [read(t, o) for t, o in zip(trials, _slices(trials, outcomes))]
    if any("reading" in t.facts for t in trials):
        outcomes = [outcome for one in slices for outcome in one]
    results = [judge_trial(key, t, o) for t, o in zip(trials, slices) if t.kind != "probe"]
    stopped, cause = _stopped(key, trials, slices)
    return Judgement(
        key,
        set_index,
        tuple(results),
        tuple(outcomes),
        _consistent(trials, slices),
        _changed(key, trials, slices),
        any(o.global_random_touched for o in outcomes),
        stopped,
        cause,
    )


def _slices(trials: Sequence[KeyTrial], outcomes: Outcomes) -> list[Outcomes]:
    ends = np.cumsum([len(t.calls) for t in trials])
    padded = list(outcomes) + [Outcome("unreachable")] * (int(ends[-1]) - len(outcomes) if len(ends) else 0)
    return [padded[end - len(t.calls) : end] for t, end in zip(trials, ends)]


def judge_trial(key: Key, trial: KeyTrial, outcomes: Outcomes) -> TrialResult:
    """Judge one trial: every judged call must have worked and returned what the key holds."""
    if rule_of(key, trial) is not None:
        return _judge_rule(key, trial, outcomes)
    outcomes = read(trial, outcomes)
    forward_right = _forward_right(trial, outcomes)
    own = [k for k, i in enumerate(trial.judged) if i != trial.forward]
    found: list[tuple[int, Comparison]] = []
    for k in own:
        outcome = outcomes[trial.judged[k]]
        if outcome.status != "ok":
            return _failed(key, trial, outcome, outcomes, forward_right)
        if any(fact == "set" for _, fact in outcome.facts):
            return _a_set(key, trial, forward_right)
        found.append((k, compare(outcome.value, trial.expected[k], trial.allowed64[k], trial.allowed32[k])))
    notes = tuple(dict.fromkeys(n for _, c in found for n in c.notes))
    bad = next(((k, c) for k, c in found if not c.right), None)
    if bad is None:
        ratio = max((c.ratio for _, c in found), default=0.0)
        return TrialResult(trial, "right", notes=notes, forward_right=forward_right, ratio=ratio)
    k, first = bad
    worst = first.worst if trial.public else None
    message = f"{_label(key, first.where)}{_shown_call(trial, k)}: {first.message}"
    describe = functools.partial(_structure, key, outcomes[trial.judged[k]].value, trial, k, first)
    return TrialResult(
        trial, "wrong", first.problem, message, worst, notes, forward_right, first.ratio, describe
    )


def _structure(key: Key, got: Any, trial: KeyTrial, k: int, found: Comparison) -> str:
    """Say how the wrong result differs, and which results beside it are right."""
    expected, allowed = trial.expected[k], trial.allowed64[k]
    beside = ""
    if isinstance(expected, (tuple, list)) and isinstance(got, (tuple, list)) and len(got) == len(expected):
        parts = [agrees(*row) for row in zip(got, expected, trial.allowed64[k], trial.allowed32[k])]
        names = [key.results[i] if i < len(key.results) else f"result {i + 1}" for i in range(len(parts))]
        right = [n for n, ok, e in zip(names, parts, expected) if ok and not isinstance(e, Foreign)]
        beside = f" Right are: {', '.join(right)}." if right else ""
        place = parts.index(False)
        got, expected, allowed = got[place], expected[place], allowed[place]
    array, _ = as_array(got)
    if found.problem not in ("value", "shape") or array is None or not isinstance(expected, np.ndarray):
        return beside.strip()
    return (describe(array, expected, float(allowed)) + beside).strip()


def _shown_call(trial: KeyTrial, k: int) -> str:
    """Write out a public call whose arguments are plain numbers."""
    call = trial.calls[trial.judged[k]]
    values = (*call.args, *call.kwargs.values())
    if (
        not trial.public
        or not isinstance(call.do, str)
        or not all(type(v) in (int, float, bool) for v in values)
    ):
        return ""
    texts = [*map(str, call.args), *(f"{name}={value}" for name, value in call.kwargs.items())]
    return f" of {call.do}({', '.join(texts)})"


def _judge_rule(key: Key, trial: KeyTrial, outcomes: Outcomes) -> TrialResult:
    for i in trial.judged:
        if outcomes[i].status != "ok":
            return _failed(key, trial, outcomes[i], outcomes, None)
        if any(fact == "set" for _, fact in outcomes[i].facts):
            return _a_set(key, trial, None)
    found = complaints(key, trial, outcomes)
    return TrialResult(trial, "wrong", "property", found[0]) if found else TrialResult(trial, "right")


def _a_set(key: Key, trial: KeyTrial, forward_right: bool | None) -> TrialResult:
    message = f"{key.question} returns a set, which has no order and cannot be indexed with; return an array."
    return TrialResult(trial, "wrong", "kind", message, forward_right=forward_right)


def rule_of(key: Key, trial: KeyTrial) -> str | None:
    """Name the rule a trial is judged by: the exercise's, or its own where only some trials are left to chance."""
    return key.rule or trial.facts.get("rule")


def complaints(key: Key, trial: KeyTrial, outcomes: Outcomes) -> list[str]:
    """Return what the exercise's rule says of one trial; empty means right."""
    rule: Callable[..., list[str]] = properties.RULES[rule_of(key, trial) or ""]
    try:
        return rule(trial.facts, [outcomes[i].value for i in trial.judged])
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError):
        # no honest result is of a kind that a rule did not think of: it must not cost the whole report
        return ["Returned something of another kind than asked for."]


def _forward_right(trial: KeyTrial, outcomes: Outcomes) -> bool | None:
    if trial.forward is None or trial.forward not in trial.judged:
        return None
    k = trial.judged.index(trial.forward)
    outcome = outcomes[trial.forward]
    if outcome.status != "ok":
        return False
    return agrees(outcome.value, trial.expected[k], trial.allowed64[k], trial.allowed32[k])


def _failed(
    key: Key, trial: KeyTrial, outcome: Outcome, outcomes: Outcomes, forward_right: bool | None
) -> TrialResult:
    if outcome.status == "unreachable":
        first = next((o for o in outcomes if o.status not in ("ok", "unreachable")), None)
        call = trial.calls[list(outcomes).index(first)] if first is not None else None
        if first is not None and call is not None and call.do == key.question:
            # its own call, whose result is looked at through a helper
            return _failed(key, trial, first, outcomes, forward_right)
        why = (
            f"it needs {_called(call)}, which {what_happened(first)}"
            if first is not None and call
            else "it was not reached"
        )
        return TrialResult(trial, "blocked", "unreachable", f"{key.question} cannot be judged here: {why}.")
    return TrialResult(
        trial,
        "wrong",
        outcome.status,
        f"{key.question} {what_happened(outcome)}.",
        forward_right=forward_right,
    )


def what_happened(outcome: Outcome | None) -> str:
    if outcome is None:
        return "did not run"
    if outcome.status == "exception" and outcome.error:
        return _raised(outcome.error)
    return {
        "missing": "is not defined (its cell is still as released, or stopped with an error)",
        "not-callable": "is not a function",
        "exception": "stopped with an error",
        "timeout": "did not finish in time (an endless loop?)",
        "spent": "was not run to its end: the time for the whole submission was used up",
        "killed": "ended the Python process (out of memory, or a crash)",
        "garbled": "returned something that cannot be read as numbers",
        "unreachable": "was not reached",
    }.get(outcome.status, "did not work")


def _raised(error: Mapping[str, Any]) -> str:
    if error.get("type") == "NotImplementedError":
        return "is not implemented yet (it raises NotImplementedError)"
    text = str(error.get("text") or "").strip()
    line = f" in line {error['line']} of its cell" if error.get("line") else ""
    return f"stopped with {error.get('type', 'an error')}{line}" + (f": `{text}`" if text else "")


def _called(call: Call) -> str:
    return f"`{call.do}`" if isinstance(call.do, str) else "a helper"


def _label(key: Key, where: str) -> str:
    """Name a result: `[1]` of a backward is dW."""
    if where.startswith("[") and "]" in where:
        position = where[1 : where.index("]")]
        if position.isdigit() and int(position) < len(key.results):
            return key.results[int(position)] + where[where.index("]") + 1 :]
    return (key.results[0] if len(key.results) >= 1 else "the result") + where


# --- across trials -------------------------------------------------------------------------------


def _stopped(key: Key, trials: Sequence[KeyTrial], slices: Sequence[Outcomes]) -> tuple[str, str]:
    """Return the one complaint that explains everything, where there is one: no call ever worked, for one reason."""
    mine = [
        outcome
        for trial, outcomes in zip(trials, slices)
        for call, outcome in zip(trial.calls, outcomes)
        if call.do == key.question and outcome.status != "unreachable"
    ]
    reasons = {(o.status, str(o.error)) for o in mine}
    if len(reasons) != 1 or mine[0].status == "ok":
        return "", ""
    first = mine[0]
    kind = (first.error or {}).get("type")
    return (
        f"`{key.question}` {what_happened(first)}.",
        "unfinished" if kind == "NotImplementedError" else first.status,
    )


def _changed(key: Key, trials: Sequence[KeyTrial], slices: Sequence[Outcomes]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for trial, outcomes in zip(trials, slices):
        for call, outcome in zip(trial.calls, outcomes):
            if call.do == key.question or (isinstance(call.do, str) and "." in call.do):
                names.update(dict.fromkeys(_argument_name(key, path) for path in outcome.changed))
    return tuple(names)


def _argument_name(key: Key, path: str) -> str:
    """Turn `args[0]` into the name the exercise gives its first argument."""
    position = path.removeprefix("args[").split("]")[0]
    if path.startswith("args[") and position.isdigit() and int(position) < len(key.arguments):
        return key.arguments[int(position)]
    return path


def _consistent(trials: Sequence[KeyTrial], slices: Sequence[Outcomes]) -> bool | None:
    found = [own_gradient_fits(t, o) for t, o in zip(trials, slices) if t.kind == "probe"]
    if not found or any(f is None for f in found):
        return None
    return all(found)


def own_gradient_fits(trial: KeyTrial, outcomes: Outcomes) -> bool | None:
    """Tell whether the backward is the gradient of the student's own forward; None if it cannot be seen.

    For every input: <(Y(x + h v) - Y(x - h v)) / 2h, g>, extrapolated over the steps h, must be <dx, v>.
    """
    if any(o.status != "ok" for o in outcomes):
        return None
    upstream = np.asarray(trial.facts["upstream"], dtype=np.float64)
    steps, directions = trial.facts["steps"], trial.facts["directions"]
    gradients = outcomes[1].value
    if not isinstance(gradients, (tuple, list)):
        gradients = (gradients,)
    if len(gradients) != len(directions):
        return None
    position = 2
    for gradient, v in zip(gradients, directions):
        slopes = []
        for h in steps:
            slopes.append(_slope(outcomes[position].value, outcomes[position + 1].value, upstream, h))
            position += 2
        if None in slopes:
            return None
        array = _real(gradient)
        if array is None or array.shape != np.shape(v) or not np.any(array):
            return False  # a forward that ignores an input has no gradient worth marks there
        with np.errstate(all="ignore"):
            fits = _slope_agrees(slopes, steps, float(np.sum(array * v)), float(np.abs(array).sum()))
        if not fits:
            return fits
    return True


def _slope(plus: Any, minus: Any, upstream: np.ndarray, h: float) -> float | None:
    up, down = _real(_only(plus)), _real(_only(minus))
    if up is None or down is None or up.shape != upstream.shape or down.shape != upstream.shape:
        return None
    with np.errstate(all="ignore"):
        return float(np.sum((up - down) * upstream) / (2 * h))


def _real(value: Any) -> np.ndarray | None:
    """Return real numbers in float64; whatever else a student returns has no slope."""
    array, _ = as_array(value)
    return None if array is None or array.dtype.kind == "c" else array.astype(np.float64)


def _only(value: Any) -> Any:
    """Take the result proper: the first item where a forward returns (result, cache)."""
    return value[0] if isinstance(value, (tuple, list)) and value else value


def _slope_agrees(slopes: Sequence[Any], steps: Sequence[float], claimed: float, scale: float) -> bool | None:
    """Compare a slope with the claimed one; None where the forward is too wild for its slope to be seen."""
    best, spread = slopes[-1], 0.0
    if len(slopes) > 1:
        ratio2 = (steps[-2] / steps[-1]) ** 2
        best = (ratio2 * slopes[-1] - slopes[-2]) / (ratio2 - 1)
        spread = abs(best - slopes[-1])
    size = scale + abs(best)
    if not np.isfinite(size) or spread > WILD * size:
        return None
    return abs(best - claimed) <= spread + 1e-9 * size + 1e-12
