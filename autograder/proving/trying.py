"""Judge made-up submissions quickly: stop at the first trial that is wrong."""

from __future__ import annotations

from collections.abc import Collection

from autograder.checks import TrialResult, judge, judge_trial
from autograder.exercises import Functions
from autograder.key import Key, KeyTrial
from autograder.keymaking import play_all
from autograder.sandbox._script import play


def first_wrong(key: Key, set_index: int, functions: Functions, soonest: Collection[str] = ()) -> str | None:
    """Name the first check that takes marks from a submission made here; None where it keeps them all.

    Trials are played by themselves as long as they are right; what shows only when all are played in one
    process (a memory, a changed argument) is judged at the end exactly as a student's work is. Trials that
    are named in `soonest` are played before the others; only for submissions that remember nothing.
    """
    trials = [trial for trial in key.sets[set_index] if trial.kind != "probe"]
    for trial in sorted(trials, key=lambda trial: _told(trial) not in soonest):
        outcomes = list(play(trial.calls, dict(functions)))
        result: TrialResult = judge_trial(key, trial, outcomes)
        if result.state != "right":
            return _told(trial)
    judgement = judge(key, set_index, play_all(key, set_index, functions))
    if judgement.right:
        return None
    if judgement.changed or judgement.touched_random:
        return "inputs left alone"
    return next((r.trial.group for r in judgement.results if r.state != "right"), "contract")


def _told(trial: KeyTrial) -> str:
    return f"{trial.group}: {trial.name}"
