"""From what a submission returned to verdicts: contract first, then values, behaviour and gradient.

Only the key is needed here. Names of mistakes come from outside (`naming.py`), after the marks.

A backward is judged by three comparisons: the student's forward with the key, the backward with the
key, and, where both are wrong, the backward with the student's own forward (the probe).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder import properties
from autograder.compare import Comparison, as_array, compare
from autograder.key import Key, KeyTrial
from autograder.model import Status, Verdict
from autograder.sandbox._script import Call, Outcome

BEHAVIOUR_SHARE = 0.2
CONSISTENT_SHARE = 0.5

Outcomes = Sequence[Outcome]


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


@dataclass(frozen=True)
class Named:
    """A mistake that explains a wrong result, in the words for the student."""

    name: str
    what: str
    how: str
    credit: float = 0.0


@dataclass(frozen=True)
class Weights:
    """How the points of an exercise are shared; set in assignment.toml."""

    behaviour: float = BEHAVIOUR_SHARE
    consistent: float = CONSISTENT_SHARE
    extra: Mapping[str, float] = field(default_factory=dict)


# --- judging trials ------------------------------------------------------------------------------


def judge(key: Key, set_index: int, outcomes: Outcomes) -> Judgement:
    """Judge the outcomes of one set's script, in the order of its calls."""
    trials = key.sets[set_index]
    slices = _slices(trials, outcomes)
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
    if key.rule is not None:
        return _judge_rule(key, trial, outcomes)
    forward_right = _forward_right(trial, outcomes)
    own = [k for k, i in enumerate(trial.judged) if i != trial.forward]
    found: list[Comparison] = []
    for k in own:
        outcome = outcomes[trial.judged[k]]
        if outcome.status != "ok":
            return _failed(key, trial, outcome, outcomes, forward_right)
        found.append(
            compare(outcome.value, trial.expected[k], trial.allowed64[k], trial.allowed32[k], _result_name(trial, k))
        )
    notes = tuple(dict.fromkeys(n for c in found for n in c.notes))
    bad = next((c for c in found if not c.right), None)
    if bad is None:
        return TrialResult(
            trial, "right", notes=notes, forward_right=forward_right, ratio=max((c.ratio for c in found), default=0.0)
        )
    worst = bad.worst if trial.public else None
    message = f"{_label(key, bad.where)}: {bad.message}"
    return TrialResult(trial, "wrong", bad.problem, message, worst, notes, forward_right, bad.ratio)


def _judge_rule(key: Key, trial: KeyTrial, outcomes: Outcomes) -> TrialResult:
    for i in trial.judged:
        if outcomes[i].status != "ok":
            return _failed(key, trial, outcomes[i], outcomes, None)
    found = complaints(key, trial, outcomes)
    return TrialResult(trial, "wrong", "property", found[0]) if found else TrialResult(trial, "right")


def complaints(key: Key, trial: KeyTrial, outcomes: Outcomes) -> list[str]:
    """Return what the exercise's rule says of one trial; empty means right."""
    rule: Callable[..., list[str]] = properties.RULES[key.rule or ""]
    return rule(trial.facts, [outcomes[i].value for i in trial.judged])


def _forward_right(trial: KeyTrial, outcomes: Outcomes) -> bool | None:
    if trial.forward is None or trial.forward not in trial.judged:
        return None
    k = trial.judged.index(trial.forward)
    outcome = outcomes[trial.forward]
    if outcome.status != "ok":
        return False
    return compare(outcome.value, trial.expected[k], trial.allowed64[k], trial.allowed32[k]).right


def _failed(key: Key, trial: KeyTrial, outcome: Outcome, outcomes: Outcomes, forward_right: bool | None) -> TrialResult:
    if outcome.status == "unreachable":
        first = next((o for o in outcomes if o.status not in ("ok", "unreachable")), None)
        call = trial.calls[list(outcomes).index(first)] if first is not None else None
        why = f"it needs {_called(call)}, which {_what_happened(first)}" if first is not None and call else "it was not reached"
        return TrialResult(trial, "blocked", "unreachable", f"{key.question} cannot be judged here: {why}.")
    return TrialResult(
        trial, "wrong", outcome.status, f"{key.question} {_what_happened(outcome)}.", forward_right=forward_right
    )


def _what_happened(outcome: Outcome | None) -> str:
    if outcome is None:
        return "did not run"
    if outcome.status == "exception" and outcome.error:
        return _raised(outcome.error)
    return {
        "missing": "is not defined after all your cells have run (its cell is still as released, or stopped with an error)",
        "not-callable": "is not a function",
        "exception": "stopped with an error",
        "timeout": "did not finish in time (an endless loop?)",
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


def _result_name(trial: KeyTrial, k: int) -> str:
    return ""


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
    return f"`{key.question}` {_what_happened(first)}.", "unfinished" if kind == "NotImplementedError" else first.status


def _changed(key: Key, trials: Sequence[KeyTrial], slices: Sequence[Outcomes]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for trial, outcomes in zip(trials, slices):
        for call, outcome in zip(trial.calls, outcomes):
            if call.do == key.question or (isinstance(call.do, str) and "." in call.do):
                names.update(dict.fromkeys(outcome.changed))
    return tuple(names)


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
        array, _ = as_array(gradient)
        if array is None or array.shape != np.shape(v):
            return False
        if not _slope_agrees(slopes, steps, float(np.sum(array * v)), np.abs(array).sum()):
            return False
    return True


def _slope(plus: Any, minus: Any, upstream: np.ndarray, h: float) -> float | None:
    up, down = as_array(_only(plus))[0], as_array(_only(minus))[0]
    if up is None or down is None or up.shape != upstream.shape or down.shape != upstream.shape:
        return None
    return float(np.sum((up - down) * upstream) / (2 * h))


def _only(value: Any) -> Any:
    """Take the result proper: the first item where a forward returns (result, cache)."""
    return value[0] if isinstance(value, (tuple, list)) and value else value


def _slope_agrees(slopes: Sequence[Any], steps: Sequence[float], claimed: float, scale: float) -> bool:
    best, spread = slopes[-1], 0.0
    if len(slopes) > 1:
        ratio2 = (steps[-2] / steps[-1]) ** 2
        best = (ratio2 * slopes[-1] - slopes[-2]) / (ratio2 - 1)
        spread = abs(best - slopes[-1])
    allowed = spread + 1e-9 * (scale + abs(best)) + 1e-12
    return bool(np.isfinite(best) and abs(best - claimed) <= allowed)


# --- verdicts ------------------------------------------------------------------------------------


def verdicts(
    judgement: Judgement, title: str, points: float, named: Sequence[Named] = (), weights: Weights | None = None
) -> tuple[Verdict, ...]:
    """Turn a judgement into verdicts whose `out_of` add up to `points`."""
    weights = weights or Weights()
    groups = _groups(judgement)
    shares = _shares(groups, points, weights)
    make = _Maker(judgement, title, tuple(named), weights)
    return tuple(make.verdict(group, results, shares[group]) for group, results in groups.items())


def _groups(judgement: Judgement) -> dict[str, list[TrialResult]]:
    groups: dict[str, list[TrialResult]] = {}
    for result in judgement.results:
        if result.trial.kind == "value":
            groups.setdefault(result.trial.group, []).append(result)
    groups["inputs left alone"] = []
    for result in judgement.results:
        if result.trial.kind == "behaviour":
            groups.setdefault(result.trial.group, []).append(result)
    return groups


def _shares(groups: Mapping[str, list[TrialResult]], points: float, weights: Weights) -> dict[str, float]:
    value = [g for g, rs in groups.items() if rs and rs[0].trial.kind == "value"]
    behaviour = [g for g in groups if g not in value]
    shares = dict.fromkeys(value, points * (1 - weights.behaviour) / max(len(value), 1))
    shares |= dict.fromkeys(behaviour, points * weights.behaviour / max(len(behaviour), 1))
    rounded = {g: round(s, 4) for g, s in shares.items()}
    last = list(rounded)[-1]
    rounded[last] = round(points - sum(v for g, v in rounded.items() if g != last), 4)
    return rounded


class _Maker:
    """Make the verdicts of one exercise; keeps track of what has already been complained about."""

    def __init__(self, judgement: Judgement, title: str, named: tuple[Named, ...], weights: Weights) -> None:
        self.j, self.title, self.named, self.weights = judgement, title, named, weights
        self.complained = False
        self.all_values_right = all(r.state == "right" for r in judgement.values)
        groups = {r.trial.group for r in judgement.values}
        wrong = {r.trial.group for r in judgement.values if r.state != "right"}
        self.any_value_right = bool(groups - wrong)

    def verdict(self, group: str, results: list[TrialResult], out_of: float) -> Verdict:
        if self.j.stopped:
            return self._stopped(group, out_of)
        if group == "inputs left alone":
            return self._inputs(group, out_of)
        if results[0].trial.kind == "behaviour":
            return self._behaviour(group, results, out_of)
        return self._value(group, results, out_of)

    def _make(self, group: str, kind: Any, status: Status, points: float, out_of: float, message: str, **more: Any) -> Verdict:
        key = self.j.key
        part: Any = key.part if key.part in ("forward", "backward") else None
        return Verdict(
            key.question, self.title, group, kind, status, round(points, 4), out_of, message,
            part=part, question_hash=key.hash, **more,
        )  # fmt: skip

    def _stopped(self, group: str, out_of: float) -> Verdict:
        if self.complained:
            return self._make(group, "contract", "skipped", 0.0, out_of, "Not judged: see the first complaint.")
        self.complained = True
        how = {
            "exception": "Run it on a small input and read the error message there, starting with its last line.",
            "timeout": "Look at the condition that ends each loop, and try a tiny input first.",
            "killed": "Look at the size of the arrays you create, and do not end the process yourself.",
            "garbled": "Return NumPy arrays and plain numbers, and leave files and descriptors of the process alone.",
            "unfinished": "Replace the `raise NotImplementedError()` by your code and run all cells.",
            "missing": f"Define `{self.j.key.question}` under exactly this name, in a cell that runs without an error.",
        }.get(self.j.stopped_cause, "Define it with `def` and run all cells again.")
        return self._make(group, "contract", "wrong", 0.0, out_of, self.j.stopped, hint=("Before anything is computed.", self.j.stopped, how))

    def _inputs(self, group: str, out_of: float) -> Verdict:
        key = self.j.key
        if self.j.changed:
            names = ", ".join(self.j.changed)
            message = f"{key.question} changes what it was given ({names})."
            how = "Work on a copy (`x = x.copy()`), or write the result into a new array."
            return self._make(
                group, "behaviour", "wrong", 0.0, out_of, message, hint=(f"The argument {names}.", message, how),
                **self._names("behaviour"),
            )  # fmt: skip
        if self.j.touched_random:
            message = f"{key.question} uses or reseeds the global random state."
            how = "Take random numbers only from the generator you are given."
            return self._make(group, "behaviour", "wrong", 0.0, out_of, message, hint=("`np.random` or `random`.", message, how))
        if not self.any_value_right:
            return self._make(group, "behaviour", "skipped", 0.0, out_of, "Judged once a group of values is right.")
        return self._make(group, "behaviour", "right", out_of, out_of, "The arguments are left as they were.")

    def _behaviour(self, group: str, results: list[TrialResult], out_of: float) -> Verdict:
        if all(r.state == "right" for r in results):
            return self._make(group, "behaviour", "right", out_of, out_of, "Right.")
        if not self.all_values_right:
            return self._make(group, "behaviour", "skipped", 0.0, out_of, "Judged once the values are right.")
        bad = next(r for r in results if r.state != "right")
        message = f"Right at first, but not here: {bad.trial.name}."
        what = "The result depends on something other than the arguments: earlier calls, a global variable, or an array that is used twice."
        how = "Keep everything the backward needs in the cache that the forward returns, and nothing anywhere else."
        return self._make(
            group, "behaviour", "wrong", 0.0, out_of, message, hint=(bad.trial.name, what, how), **self._names("behaviour")
        )

    def _value(self, group: str, results: list[TrialResult], out_of: float) -> Verdict:
        bad = [r for r in results if r.state != "right"]
        if not bad:
            return self._right(group, results, out_of)
        first = next((r for r in bad if r.trial.public), bad[0])
        if all(r.state == "blocked" for r in bad):
            return self._make(group, "value", "skipped", 0.0, out_of, first.message)
        if self._consistent_only(bad):
            return self._own_function(group, first, out_of)
        if self.complained and self.named:
            again = "Not right here either; the mistake named above explains it."
            return self._make(group, "value", "skipped", 0.0, out_of, again, mistake=self.named[0].name if len(self.named) == 1 else None)
        self.complained = True
        return self._make(
            group, "value", "wrong", self._credit(out_of), out_of, f"{first.message} ({first.trial.name}).",
            hint=self._hint(first), worst=first.worst, **self._names("value"),
        )  # fmt: skip

    def _right(self, group: str, results: list[TrialResult], out_of: float) -> Verdict:
        notes = tuple(dict.fromkeys(n for r in results for n in r.notes))
        reason = ""
        message = "Right."
        if any(r.forward_right is False for r in results):
            reason = "The backward is right although the forward is not: full marks for the backward."
            message = f"Right. {reason}"
        if notes:
            message = f"{message} Note: {'; '.join(notes)}."
        return self._make(group, "gradient" if reason else "value", "right", out_of, out_of, message, credit_reason=reason)

    def _consistent_only(self, bad: list[TrialResult]) -> bool:
        return bool(self.j.consistent) and self.j.key.part == "backward" and all(r.forward_right is False for r in bad)

    def _own_function(self, group: str, first: TrialResult, out_of: float) -> Verdict:
        reason = "The right gradient of the function you wrote, but that is not the function asked for."
        how = f"Mend {', '.join(self.j.key.needs) or 'the forward'} first; this backward may then need the same change."
        share = self.weights.consistent
        return self._make(
            group, "gradient", "partial" if share else "wrong", out_of * share, out_of, f"{reason} ({first.trial.name})",
            credit_reason=reason, hint=(first.trial.name, reason, how),
        )  # fmt: skip

    def _credit(self, out_of: float) -> float:
        return out_of * self.named[0].credit if len(self.named) == 1 else 0.0

    def _names(self, kind: str) -> dict[str, Any]:
        del kind
        names = tuple(n.name for n in self.named)
        return {"mistake": names[0] if len(names) == 1 else None, "mistakes_consistent": names}

    def _hint(self, first: TrialResult) -> tuple[str, ...]:
        where = self._where(first)
        if len(self.named) == 1:
            return (where, self.named[0].what, self.named[0].how)
        if self.named:
            what = "Either of these explains your results: " + " OR: ".join(n.what for n in self.named[:3])
            return (where, what, self.named[0].how)
        return (where, *self._unnamed(first))

    def _unnamed(self, first: TrialResult) -> tuple[str, str]:
        if first.cause in ("shape", "count", "kind"):
            return (first.message, "Compare what you return with the docstring: how many results, in which order, of which shape.")
        if first.cause == "exception":
            return (first.message, "Run the function on a small input like the one described and read the error message there.")
        if first.cause in ("timeout", "killed"):
            return (first.message, "Try it on a tiny input first; look at the condition that ends the loop and at the size of the arrays.")
        if any(r.forward_right is False for r in self.j.values):
            return (
                "The forward is wrong on the same inputs, and the backward builds on what it stores.",
                "Mend the forward first, then look at this again.",
            )
        return (
            "The results match none of the mistakes known for this exercise.",
            "Work the smallest such input by hand, one entry, and compare it with what your code computes there.",
        )

    def _where(self, first: TrialResult) -> str:
        wrong = dict.fromkeys(r.trial.group for r in self.j.values if r.state != "right")
        right = dict.fromkeys(r.trial.group for r in self.j.values if r.state == "right")
        text = f"Not right with: {', '.join(wrong)}."
        return text + (f" Right with: {', '.join(right)}." if right else "") + f" First seen: {first.trial.name}."
