"""Judge made-up submissions quickly: stop at the first trial that is wrong."""

from __future__ import annotations

from autograder.checks import TrialResult, judge, judge_trial
from autograder.exercises import Functions
from autograder.key import Key
from autograder.keymaking import play_all
from autograder.sandbox._script import play


def first_wrong(key: Key, set_index: int, functions: Functions) -> str | None:
    """Name the first check that takes marks from a submission made here; None where it keeps them all.

    Trials are played by themselves as long as they are right; what shows only when all are played in one
    process (a memory, a changed argument) is judged at the end exactly as a student's work is.
    """
    for trial in key.sets[set_index]:
        if trial.kind == "probe":
            continue
        outcomes = list(play(trial.calls, dict(functions)))
        result: TrialResult = judge_trial(key, trial, outcomes)
        if result.state != "right":
            return f"{trial.group}: {trial.name}"
    judgement = judge(key, set_index, play_all(key, set_index, functions))
    if judgement.right:
        return None
    if judgement.changed or judgement.touched_random:
        return "inputs left alone"
    return next((r.trial.group for r in judgement.results if r.state != "right"), "contract")
