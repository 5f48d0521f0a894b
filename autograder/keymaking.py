"""Make the key of a code exercise: play its trials on the truth, and measure how far rounding may carry.

The same trials played on a mistake give what a student holding it would return (`naming.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.compare import compare
from autograder.exercises import GIVE_BACK, Exercise, Functions, Trial, wrong_submissions
from autograder.key import Key, KeyTrial, hashed
from autograder.readings import read
from autograder.sandbox._script import Call, Handle, Outcome, Source, play
from autograder.tolerance import bounds, disturb_all

SETS = 3
REDRAWS = 200
TRIES = 6


class ExerciseError(Exception):
    """The truth itself fails a trial: the exercise is written wrongly."""


def make_key(task: Exercise, rng_for_set: Callable[[int], np.random.Generator], sets: int = SETS) -> Key:
    """Return the key of an exercise with several sets of trials.

    Raises:
        ExerciseError: a call of a trial does not work on the truth, or mistakes stay hidden however often
            the trials are drawn.
    """
    truth = task.truth()
    made = tuple(_draw_set(task, rng_for_set(s), truth) for s in range(sets))
    arguments = tuple(inspect.signature(truth[task.id]).parameters)
    return hashed(
        Key(task.id, task.title, task.part, task.needs, task.rule, task.results, made, arguments=arguments)
    )


def _draw_set(task: Exercise, rng: np.random.Generator, truth: Functions) -> tuple[KeyTrial, ...]:
    hidden: list[str] = []
    for _ in range(REDRAWS if task.redraw else 1):
        first = list(task.trials(rng))
        later = _earlier_result(task, first, task.trials(np.random.default_rng(rng.integers(2**63))), truth)
        drawn = _probes_last([*first, *later])
        trials = tuple(_key_trial(task, t, f"t{i}", truth) for i, t in enumerate(drawn))
        hidden = _hidden(task, trials) if task.redraw else []
        if not hidden:
            return trials
    raise ExerciseError(
        f"exercise {task.id}: {REDRAWS} draws, and these mistakes never show: {', '.join(hidden)}"
    )


def _earlier_result(
    task: Exercise, first: Sequence[Trial], second: Sequence[Trial], truth: Functions
) -> list[Trial]:
    """Call with arrays of the same shapes and other content, and look at the earlier result again after that.

    One output for all calls, or a result remembered for a shape, is right in every other trial.
    """
    for one, other in zip(first, second):
        if one.public or other.name != one.name or rule_for(task, one) or {one.kind, other.kind} != {"value"}:
            continue
        a, b = _its_call(task, one), _its_call(task, other)
        if a is None or b is None:
            continue
        calls = [own_handles(c, "a") for c in one.calls[: a + 1]]
        calls += [own_handles(c, "b") for c in other.calls[: b + 1]]
        shown = calls[a].show
        calls[a] = replace(calls[a], save=calls[a].save or "earlier", show="none")
        calls.append(Call(GIVE_BACK, (Handle(calls[a].save or ""),), show=shown))
        made = Trial(
            "an earlier result after a call with arrays of the same shapes", tuple(calls), "same result twice",
            (-2, -1), "behaviour", allowed=one.allowed,
        )  # fmt: skip
        now, then = list(play(calls, dict(truth)))[-2:]
        if now.status == then.status == "ok" and _like_another(now.value, then.value):
            return [made]
    return []


def _its_call(task: Exercise, trial: Trial) -> int | None:
    """Return the position of the last judged call of the exercise's own function, where nothing differs from it."""
    judged = [i % len(trial.calls) for i in trial.judged]
    return next((i for i in reversed(judged) if i != trial.forward and trial.calls[i].do == task.id), None)


def _like_another(now: Any, then: Any) -> bool:
    """Tell whether two results have arrays of the same shapes, and different ones."""
    pairs = list(zip(_arrays(now), _arrays(then), strict=False))
    return bool(pairs) and all(a.shape == b.shape and not np.array_equal(a, b) for a, b in pairs)


def _arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value] if value.ndim else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return [array for part in parts for array in _arrays(part)]


def rule_for(task: Exercise, trial: Trial) -> str | None:
    """Name the rule a trial will be judged by, if any."""
    return task.rule or trial.facts.get("rule")


def _hidden(task: Exercise, trials: Sequence[KeyTrial]) -> list[str]:
    """Return the mistakes that give the right results on all trials."""
    return [m.name for m, functions in wrong_submissions(task) if all(_same(t, functions) for t in trials)]


def _same(trial: KeyTrial, functions: Functions) -> bool:
    outcomes = read(trial, list(play(trial.calls, dict(functions))))
    return all(
        outcomes[i].status == "ok"
        and compare(outcomes[i].value, trial.expected[k], trial.allowed64[k], trial.allowed32[k]).right
        for k, i in enumerate(trial.judged)
    )


def _probes_last(trials: Sequence[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: trial.kind == "probe")


def _key_trial(task: Exercise, trial: Trial, prefix: str, truth: Functions) -> KeyTrial:
    calls = tuple(own_handles(call, prefix) for call in trial.calls)
    outcomes = list(play(calls, dict(truth)))
    bad = next((c.do for c, o in zip(calls, outcomes) if o.status != "ok"), None)
    if bad is not None:
        raise ExerciseError(f"exercise {task.id}, trial {trial.name!r}: the call of {bad} fails on the truth")
    judged = tuple(i % len(calls) for i in trial.judged)
    if trial.kind == "value" and trial.forward is not None and trial.forward not in judged:
        judged = (trial.forward, *judged)
    outcomes = list(read(replace(trial, judged=judged), outcomes))
    expected = [outcomes[i].value for i in judged]
    allowed64, allowed32 = _allowed(task, trial, calls, judged, expected, truth)
    return KeyTrial(
        trial.name, trial.group, trial.kind, trial.public, trial.forward, calls, judged,
        tuple(expected), tuple(allowed64), tuple(allowed32), trial.facts,
    )  # fmt: skip


def _allowed(
    task: Exercise,
    trial: Trial,
    calls: Sequence[Call],
    judged: Sequence[int],
    expected: list[Any],
    truth: Functions,
) -> tuple[list[Any], list[Any]]:
    if task.rule is not None or not judged:
        return [0.0] * len(judged), [0.0] * len(judged)
    if "rule" in trial.facts:
        nothing = [constant_bound(e, 0.0) for e in expected]
        return nothing, nothing
    if trial.allowed is not None:
        same = [constant_bound(e, trial.allowed) for e in expected]
        return same, same

    def replay(seed: int) -> list[Any]:
        outcomes = list(play([_disturbed(c, seed) for c in calls], dict(truth)))
        outcomes = list(read(replace(trial, judged=tuple(judged)), outcomes))
        return [outcomes[i].value for i in judged]

    return bounds(expected, replay)


def constant_bound(expected: Any, bound: float) -> Any:
    """Give every number of a nested result the same bound."""
    if isinstance(expected, (tuple, list)):
        return [constant_bound(e, bound) for e in expected]
    if isinstance(expected, dict):
        return {k: constant_bound(e, bound) for k, e in expected.items()}
    return bound


def _disturbed(call: Call, seed: int) -> Call:
    return replace(call, args=disturb_all(call.args, seed), kwargs=disturb_all(call.kwargs, seed))


def own_handles(call: Call, prefix: str) -> Call:
    """Give the handles of one trial names of their own, so that no trial can reach another's results."""
    return replace(
        call,
        do=_renamed_target(call.do, prefix),
        args=_renamed(call.args, prefix),
        kwargs=_renamed(call.kwargs, prefix),
        save=f"{prefix}_{call.save}" if call.save else None,
    )


def _renamed_target(do: Any, prefix: str) -> Any:
    if isinstance(do, Source):
        return _renamed(do, prefix)
    head, dot, rest = do.partition(".")
    return f"{prefix}_{head}.{rest}" if dot else do


def _renamed(value: Any, prefix: str) -> Any:
    if isinstance(value, Handle):
        return replace(value, name=f"{prefix}_{value.name}")
    if isinstance(value, Source) and value.args is not None:
        return replace(value, args=_renamed(value.args, prefix))
    if isinstance(value, (tuple, list)):
        return type(value)(_renamed(v, prefix) for v in value)
    if isinstance(value, dict):
        return {k: _renamed(v, prefix) for k, v in value.items()}
    return value


def own_doing(play_once: Callable[[], Iterable[Outcome]]) -> tuple[Outcome, ...]:
    """Play; a call has thrown the global dice only if it does so every time.

    Other threads of this process throw them, too: Dask's do when they guess how large a message is.
    """
    outcomes = tuple(play_once())
    for _ in range(TRIES):
        if not any(o.global_random_touched for o in outcomes):
            break
        both = zip(outcomes, play_once())
        outcomes = tuple(
            replace(a, global_random_touched=a.global_random_touched and b.global_random_touched)
            for a, b in both
        )
    return outcomes


def play_all(key: Key, set_index: int, functions: Functions) -> list[Outcome]:
    """Play one set of a key on a submission made here (truth or mistake), never on student code."""
    return list(play(key.script(set_index), dict(functions)))
