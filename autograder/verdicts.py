"""Put a judgement into verdicts: points, one complaint per cause, hints in three steps.

Names of mistakes come from outside (`naming.py`), after the marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.checks import Judgement, TrialResult, rule_of
from autograder.model import Status, Verdict

BEHAVIOUR_SHARE = 0.2
CONSISTENT_SHARE = 0.5

_NO_GROUP_YET = "Not judged yet: it counts once the values of at least one group are right."
_NOT_ALL_YET = "Not judged yet: it counts once all values are right."
_SAME_CAUSE = "Not right here either; the mistake named above explains it."
_DEPENDS = (
    "The result depends on something other than the arguments: earlier calls, a global variable, "
    "or an array that is used twice."
)
_KEEP_IN_CACHE = (
    "Keep everything the backward needs in the cache that the forward returns, and nothing elsewhere."
)
_FORWARD_FIRST = "The forward is wrong on the same inputs, and the backward builds on what it stores."
_NO_KNOWN = "The results match none of the mistakes known for this exercise."
_BY_HAND = (
    "Work the smallest such input by hand, one entry, and compare it with what your code computes there."
)
_BY_TEXT = "Compare what your code does with what the text of the exercise asks for, sentence by sentence."
_DOCSTRING = "Compare what you return with the docstring: how many results, in which order, of which shape."
_TINY_FIRST = (
    "Try it on a tiny input first; look at the condition that ends the loop and at the size of the arrays."
)
_UNNAMED = {
    "shape": _DOCSTRING,
    "count": _DOCSTRING,
    "kind": _DOCSTRING,
    "exception": "Run the function on a small input like the one described and read the error message there.",
    "timeout": _TINY_FIRST,
    "killed": _TINY_FIRST,
}
_AFTER_STOP = {
    "exception": "Run it on a small input and read the error message there, starting with its last line.",
    "timeout": "Look at the condition that ends each loop, and try a tiny input first.",
    "spent": "Look for what takes long elsewhere: a loop that never ends, or work outside of the functions.",
    "killed": "Look at the size of the arrays you create, and do not end the process yourself.",
    "garbled": "Return NumPy arrays and plain numbers, and leave files and descriptors of the process alone.",
    "unfinished": "Replace the `raise NotImplementedError()` by your code and run all cells.",
    "missing": "Define it under exactly this name, in a cell that runs without an error.",
}


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


def verdicts(
    judgement: Judgement,
    title: str,
    points: float,
    named: Sequence[Named] = (),
    weights: Weights | None = None,
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
        self.complained = self.own_told = False
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

    def _make(
        self, group: str, kind: Any, status: Status, points: float, out_of: float, message: str, **more: Any
    ) -> Verdict:
        key = self.j.key
        part: Any = key.part if key.part in ("forward", "backward") else None
        return Verdict(
            key.question, self.title, group, kind, status, round(points, 4), out_of, message,
            part=part, question_hash=key.hash, **more,
        )  # fmt: skip

    def _stopped(self, group: str, out_of: float) -> Verdict:
        if self.complained:
            return self._make(
                group, "contract", "skipped", 0.0, out_of, "Not judged: see the first complaint."
            )
        self.complained = True
        how = _AFTER_STOP.get(self.j.stopped_cause, "Define it with `def` and run all cells again.")
        what = self.j.stopped
        if self.named:
            what, how = f"{what} {self.named[0].what}", self.named[0].how
        hint = ("Before anything is computed.", what, how)
        return self._make(group, "contract", "wrong", 0.0, out_of, self.j.stopped, hint=hint, **self._names())

    def _inputs(self, group: str, out_of: float) -> Verdict:
        name = self.j.key.question
        if self.j.changed:
            names = ", ".join(self.j.changed)
            message = f"{name} changes what it was given ({names})."
            how = "Work on a copy (`x = x.copy()`), or write the result into a new array."
            return self._misbehaves(group, out_of, message, f"The argument {names}.", message, how)
        if self.j.touched_random:
            message = f"{name} uses or reseeds the global random state."
            how = "Take random numbers only from the generator you are given."
            return self._misbehaves(group, out_of, message, "`np.random` or `random`.", message, how)
        if not self.any_value_right:
            return self._make(group, "behaviour", "skipped", 0.0, out_of, _NO_GROUP_YET)
        return self._make(group, "behaviour", "right", out_of, out_of, "The arguments are left as they were.")

    def _behaviour(self, group: str, results: list[TrialResult], out_of: float) -> Verdict:
        if all(r.state == "right" for r in results):
            return self._make(group, "behaviour", "right", out_of, out_of, "Right.")
        if not self.all_values_right:
            return self._make(group, "behaviour", "skipped", 0.0, out_of, _NOT_ALL_YET)
        where = next(r for r in results if r.state != "right").trial.name
        message = f"Right at first, but not here: {where}."
        return self._misbehaves(group, out_of, message, where, _DEPENDS, _KEEP_IN_CACHE)

    def _misbehaves(
        self, group: str, out_of: float, message: str, where: str, what: str, how: str
    ) -> Verdict:
        hint = (where, what, how)
        return self._make(group, "behaviour", "wrong", 0.0, out_of, message, hint=hint, **self._names())

    def _value(self, group: str, results: list[TrialResult], out_of: float) -> Verdict:
        bad = [r for r in results if r.state != "right"]
        if not bad:
            return self._right(group, results, out_of)
        first = next((r for r in bad if r.trial.public), bad[0])
        if all(r.state == "blocked" for r in bad):
            return self._make(group, "value", "skipped", 0.0, out_of, first.message)
        if self._consistent_only(bad):
            return self._own_function(group, first, out_of)
        credit = self._credit(out_of)
        if self.complained and self.named:
            status: Status = "partial" if credit else "skipped"
            return self._make(
                group, "value", status, credit, out_of, _SAME_CAUSE, mistake=self._names()["mistake"]
            )
        self.complained = True
        return self._make(
            group, "value", "partial" if credit else "wrong", credit, out_of,
            f"{first.message.removesuffix('.')} ({first.trial.name}).", hint=self._hint(first), worst=first.worst,
            credit_reason="A convention that differs from the one asked for." if credit else "", **self._names(),
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
        return self._make(
            group, "gradient" if reason else "value", "right", out_of, out_of, message, credit_reason=reason
        )

    def _consistent_only(self, bad: list[TrialResult]) -> bool:
        return (
            bool(self.j.consistent)
            and self.j.key.part == "backward"
            and all(r.forward_right is False for r in bad)
        )

    def _own_function(self, group: str, first: TrialResult, out_of: float) -> Verdict:
        reason = "The right gradient of the function you wrote, but that is not the function asked for."
        if self.own_told:
            message = f"Here too it is the right gradient of the function you wrote ({first.trial.name})."
            status, points = self._for_own(out_of)
            return self._make(group, "gradient", status, points, out_of, message, credit_reason=reason)
        self.own_told = True
        how = f"Mend {', '.join(self.j.key.needs) or 'the forward'} first; this backward may then need the same change."
        status, points = self._for_own(out_of)
        message = f"{reason.removesuffix('.')} ({first.trial.name})."
        what = f"{reason} {self.named[0].what}" if len(self.named) == 1 else reason
        hint = (self._where(first), what, how)
        return self._make(
            group,
            "gradient",
            status,
            points,
            out_of,
            message,
            credit_reason=reason,
            hint=hint,
            **self._names(),
        )

    def _for_own(self, out_of: float) -> tuple[Status, float]:
        share = self.weights.consistent
        return ("partial" if share else "wrong"), out_of * share

    def _credit(self, out_of: float) -> float:
        return out_of * self.named[0].credit if len(self.named) == 1 else 0.0

    def _names(self) -> dict[str, Any]:
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
        """Say what can be said where no known mistake matches, without guessing."""
        how = _UNNAMED.get(first.cause, _BY_HAND)
        if first.cause in _UNNAMED:
            return (first.structure or first.message, how)
        if first.message and rule_of(self.j.key, first.trial) is not None:
            return (first.message, _BY_TEXT)  # a rule says itself what is the matter
        if any(r.forward_right is False for r in self.j.values):
            return (
                f"{_FORWARD_FIRST} {first.structure}".strip(),
                "Mend the forward first, then look at this again.",
            )
        return (f"{first.structure} {_NO_KNOWN}".strip(), how)

    def _where(self, first: TrialResult) -> str:
        wrong = dict.fromkeys(r.trial.group for r in self.j.values if r.state != "right")
        right = dict.fromkeys(r.trial.group for r in self.j.values if r.trial.group not in wrong)
        text = f"Not right with: {', '.join(wrong)}."
        return (
            text
            + (f" Right with: {', '.join(right)}." if right else "")
            + f" First seen: {first.trial.name}."
        )
