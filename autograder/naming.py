"""Name the mistake in a wrong submission: play every known mistake on the same trials and compare.

Runs in the trusted judge and for wrong answers only; it never touches a mark. Most mistakes are ruled out
by the first trial that is wrong, so they are played trial by trial, and what was played is kept.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.alike import (
    Outcomes,
    agree,
    applies,
    as_settled,
    both_fail,
    is_right,
    known_marks,
    marks_of,
    own_calls,
    ran,
)
from autograder.checks import Judgement, rule_of
from autograder.compare import agrees
from autograder.exercises import EXERCISES, Exercise, Functions, wrong_submissions
from autograder.key import Key, KeyTrial
from autograder.keymaking import own_doing, play_all
from autograder.pairs import Row, adding_up, in_numbers
from autograder.readings import read
from autograder.sandbox import wire
from autograder.sandbox._dice import dice_at_start
from autograder.sandbox._script import Call, Outcome, play
from autograder.sandbox.evidence import CellOutcome
from autograder.verdicts import Named

Wrong = tuple[Any, Functions]  # a mistake and the submission made from it
MANY = 3  # more explanations than this explain nothing

_SUBMISSIONS: dict[str, tuple[Wrong, ...]] = {}
_PLAYED: dict[tuple[str, int, int, str, str], tuple[Outcome, ...]] = {}
_TRIALS: dict[tuple[str, bytes, str, str], tuple[Outcome, ...]] = {}


def name_mistakes(judgement: Judgement, without: Collection[str] = ()) -> list[Named]:
    """Return the mistakes whose results are the student's on every trial; none when nothing matches.

    `without` leaves mistakes out by name, to see what would be said if they were not known.
    """
    task = EXERCISES.get(judgement.key.question)
    if task is None or judgement.stopped or judgement.right:
        return []
    with dice_at_start():  # once for all that is played; each alone would take longer than most calls
        return _explained(_settled(judgement), task, without)


def _settled(judgement: Judgement) -> Judgement:
    """Turn lists into the arrays they are read as, once: each result is compared with every mistake."""
    made = list(judgement.outcomes)
    start = 0
    for trial in judgement.key.sets[judgement.set_index]:
        for k, i in enumerate(trial.judged) if rule_of(judgement.key, trial) is None else ():
            if start + i < len(made):
                value = as_settled(made[start + i].value, trial.expected[k])
                made[start + i] = dataclasses.replace(made[start + i], value=value)
        start += len(trial.calls)
    return dataclasses.replace(judgement, outcomes=tuple(made))


def _explained(judgement: Judgement, task: Exercise, without: Collection[str]) -> list[Named]:
    known = [wrong for wrong in _known(task) if wrong[0].name not in without]
    values = [wrong for wrong in known if wrong[0].kind == "value"]
    behaviours = [wrong for wrong in known if wrong[0].kind == "behaviour"]
    found = _matching(judgement, values) or _matching(judgement, behaviours)
    if not found:  # two codes with one mistake may differ on arrays that are laid out oddly in memory
        found = _matching(judgement, values, True) or _matching(judgement, behaviours, True)
    if found:
        return [Named(m.name, m.what, m.how, m.credit) for m in found]
    if together := _by_result(judgement, known) or _adding_up(judgement, values):
        return [_together(mistakes) for mistakes in together]
    if arguments := _name_arguments(judgement):
        return [arguments]
    found = _matching(judgement, values, stops=True) or _matching(judgement, behaviours, stops=True)
    return [Named(m.name, m.what, m.how) for m in found]


def _name_arguments(judgement: Judgement) -> Named | None:
    """Name a function that is defined without arguments it is called with: the call itself stops, not a line of it."""
    key = judgement.key
    rows = [(call, outcome) for call, outcome in _played_calls(judgement) if call.do == key.question]
    stopped = [call for call, o in rows if o.status == "exception" and _at_the_call(o.error or {})]
    if not stopped:
        return None
    how = f"Write the first line as in the exercise: def {key.question}({', '.join(key.arguments)})."
    worked = {name for call, o in rows if o.status == "ok" for name in call.kwargs}
    options = set.intersection(*(set(call.kwargs) for call in stopped)) - worked
    if len(options) == 1 and any(o.status == "ok" for _, o in rows):
        option = options.pop()
        what = f"You define {key.question} without the argument {option}, so a call that uses it stops."
        return Named(f"no-{option.replace('_', '-')}-option", what, how)
    what = f"You define {key.question} with other arguments than those it is called with."
    return Named("other-arguments", what, how)


def _played_calls(judgement: Judgement) -> Iterator[tuple[Call, Outcome]]:
    calls = (call for trial in judgement.key.sets[judgement.set_index] for call in trial.calls)
    return zip(calls, judgement.outcomes)


def _at_the_call(error: Mapping[str, Any]) -> bool:
    return error.get("type") == "TypeError" and not error.get("line")


_SYNTAX = ("SyntaxError", "IndentationError", "TabError")


def name_stop(judgement: Judgement, cells: Sequence[CellOutcome]) -> list[Named]:
    """Name what keeps a function from ever working: a cell that cannot be read or stops, or code that never ends."""
    if judgement.stopped_cause == "timeout":
        what = "You wrote code that does not end in time, even on small inputs."
        return [Named("does-not-finish", what, "Look for a loop or a recursion that repeats the same work.")]
    if judgement.stopped_cause == "exception" and (arguments := _name_arguments(judgement)):
        return [arguments]
    broken = next((c for c in cells if c.status == "exception" and c.error), None)
    if judgement.stopped_cause != "missing" or broken is None or broken.error is None:
        return []
    place = f"cell {broken.index}" + (f", line {broken.error['line']}" if broken.error.get("line") else "")
    if broken.error.get("type") in _SYNTAX:
        what = f"You have a line that Python cannot read ({place}), so nothing of that cell is defined."
        return [Named("syntax-error", what, "Run the cell and mend the line that the message points at.")]
    what = f"You have a cell that stops with an error ({place}); what stands below it there is never defined."
    return [Named("cell-stops-in-the-middle", what, "Run all cells from the top and mend the first error.")]


def _together(mistakes: Sequence[Any]) -> Named:
    """Name several mistakes that are all there, each in a result of its own."""
    what = "There is more than one thing to mend. " + " And: ".join(m.what for m in mistakes)
    return Named("+".join(m.name for m in mistakes), what, " Then: ".join(m.how for m in mistakes))


def _by_result(judgement: Judgement, candidates: Sequence[Wrong]) -> list[list[Any]]:
    """Explain every wrong result of a tuple (dX, dW, db) by a mistake of its own.

    Where several mistakes explain a result, all combinations are returned, if they are few.
    """
    wrong = _wrong_results(judgement)
    if len(wrong) < 2:
        return []
    choices = []
    for position in wrong:
        fits = [wrong for wrong in candidates if _fits_result(judgement, wrong, position)]
        if not fits:
            return []
        alone = [wrong for wrong in fits if _right_beside(judgement, wrong, position)]
        choices.append([mistake for mistake, _ in alone or fits])
    found = [list(dict.fromkeys(chosen)) for chosen in itertools.product(*choices)]
    # one alone is wrong elsewhere, too: it does not explain this
    found = [chosen for chosen in found if len(chosen) > 1]
    return found if len(found) <= MANY else []


def _adding_up(judgement: Judgement, candidates: Sequence[Wrong]) -> list[list[Any]]:
    """Explain wrong numbers by two mistakes whose effects add up, if few pairs do."""
    if any(rule_of(judgement.key, t) is not None for t in judgement.key.sets[judgement.set_index]):
        return []
    pairs = adding_up(_rows(judgement, candidates), len(candidates))
    found = [[candidates[i][0], candidates[j][0]] for i, j in pairs]
    return found if len(found) <= MANY else []


def _rows(judgement: Judgement, candidates: Sequence[Wrong]) -> Iterator[Row]:
    """Yield the value trials in numbers, those that are wrong first; a single row without numbers ends the search."""
    trials = judgement.key.sets[judgement.set_index]
    for index in _order(judgement, plain_only=True):
        trial = trials[index]
        if trial.kind != "value":
            continue
        mine = _in_numbers(trial, _slice(judgement, index))
        truth = _in_numbers(trial, None)
        if mine is None or truth is None:
            yield Row(np.ones(1), np.zeros(1), np.zeros(1), lambda _i: None)
            return

        def other(i: int, index: int = index, trial: KeyTrial = trial) -> np.ndarray | None:
            found = _in_numbers(trial, _outcomes(judgement, index, candidates[i]))
            return None if found is None else found[0]

        yield Row(mine[0], truth[0], truth[1], other)


def _in_numbers(trial: KeyTrial, outcomes: Outcomes | None) -> Any:
    own = own_calls(trial)
    if outcomes is not None and any(outcomes[i].status != "ok" for _, i in own):
        return None
    truth = [trial.expected[k] for k, _ in own]
    values = truth if outcomes is None else [outcomes[i].value for _, i in own]
    return in_numbers(values, truth, [trial.allowed64[k] for k, _ in own])


def _tuples(judgement: Judgement, wrong: Wrong | None = None) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
    """Yield (mine, expected, other, bound64, bound32) of every judged tuple; other is a mistake's, or None."""
    for index in _order(judgement, plain_only=False):
        trial, mine = judgement.key.sets[judgement.set_index][index], _slice(judgement, index)
        if rule_of(judgement.key, trial) is not None:
            continue
        other = _outcomes(judgement, index, wrong) if wrong else None
        for k, i in own_calls(trial):
            rows = [mine[i].value, trial.expected[k], other[i].value if other else trial.expected[k]]
            if all(isinstance(row, (tuple, list)) for row in rows) and len({len(row) for row in rows}) == 1:
                yield *rows, trial.allowed64[k], trial.allowed32[k]


def _wrong_results(judgement: Judgement) -> list[int]:
    bad: dict[int, None] = {}
    for mine, expected, _, a64, a32 in _tuples(judgement):
        rows = zip(mine, expected, a64, a32)
        bad.update(dict.fromkeys(i for i, row in enumerate(rows) if not agrees(*row)))
    return sorted(bad)


def _fits_result(judgement: Judgement, wrong: Wrong, i: int) -> bool:
    """Tell whether a mistake gives the student's i-th result everywhere, and a wrong one somewhere."""
    telling = False
    for mine, expected, other, a64, a32 in _tuples(judgement, wrong):
        if i >= len(other) or other[i] is None:
            continue
        if not agrees(mine[i], other[i], a64[i], a32[i]):
            return False
        telling = telling or not agrees(other[i], expected[i], a64[i], a32[i])
    return telling


def _right_beside(judgement: Judgement, wrong: Wrong, i: int) -> bool:
    """Tell whether a mistake spoils the i-th result only."""
    rows = (
        row
        for _, expected, other, a64, a32 in _tuples(judgement, wrong)
        for k, row in enumerate(zip(other, expected, a64, a32))
        if k != i
    )
    return all(agrees(*row) for row in rows)


def _known(task: Exercise) -> tuple[Wrong, ...]:
    if task.id not in _SUBMISSIONS:
        _SUBMISSIONS[task.id] = tuple(wrong_submissions(task))
    return _SUBMISSIONS[task.id]


def _matching(
    judgement: Judgement, candidates: Iterable[Wrong], plain_only: bool = False, stops: bool = False
) -> list[Any]:
    """Keep the mistakes that agree wherever they apply and are wrong, like the student, somewhere.

    With `stops` two codes may go wrong differently where one of them stops or returns something of another form,
    if they agree on wrong numbers at least as often.
    """
    left = list(candidates)
    telling: Counter[int] = Counter()
    for index in _order(judgement, plain_only):
        trial = judgement.key.sets[judgement.set_index][index]
        mine = _slice(judgement, index)
        marks = marks_of(mine)
        kept = []
        for wrong in left:
            other = _outcomes(judgement, index, wrong)
            if not applies(trial, other):
                kept.append(wrong)
            elif marks == known_marks(other) and agree(judgement.key, trial, mine, other):
                kept.append(wrong)
                telling[id(wrong[0])] += ran(trial, other) and not is_right(judgement.key, trial, other)
            elif stops and both_fail(judgement.key, trial, mine, other):
                kept.append(wrong)
                telling[id(wrong[0])] -= 1
        left = kept
        if not left:
            return []
    return [mistake for mistake, _ in left if telling[id(mistake)] >= 1]


def _order(judgement: Judgement, plain_only: bool) -> list[int]:
    """Return the positions of the trials to compare: those that went wrong first, of them public ones, then by size.

    Most mistakes are out after the first, and playing them all on it is most of the work; a public trial is the
    same in every set.
    """
    trials = judgement.key.sets[judgement.set_index]
    wrong = {id(r.trial) for r in judgement.results if r.state != "right"}
    usable = [i for i, t in enumerate(trials) if t.kind != "probe" and not (plain_only and _odd(t))]
    return sorted(usable, key=lambda i: (id(trials[i]) not in wrong, not trials[i].public, _size(trials[i])))


@functools.lru_cache(maxsize=4096)
def _size(trial: KeyTrial) -> int:
    """Return the bytes of all arrays that the calls of a trial are given."""
    given = [a for call in trial.calls for a in (*call.args, *call.kwargs.values())]
    return sum(a.nbytes for a in given if isinstance(a, np.ndarray))


def _odd(trial: KeyTrial) -> bool:
    return any(layout != "C" for call in trial.calls for layout in call.layouts.values())


def _slice(judgement: Judgement, index: int) -> Outcomes:
    trials = judgement.key.sets[judgement.set_index]
    start = sum(len(t.calls) for t in trials[:index])
    return judgement.outcomes[start : start + len(trials[index].calls)]


def _outcomes(judgement: Judgement, index: int, wrong: Wrong) -> Outcomes:
    """Play one trial on a mistake; a mistake with a memory needs all trials before it, too."""
    mistake = wrong[0]
    key, set_index = judgement.key, judgement.set_index
    if mistake.kind == "value":
        return _played(key, key.sets[set_index][index], wrong)
    place = (key.hash, set_index, index, mistake.part, mistake.name)
    if place not in _PLAYED:
        start = 0
        truth = EXERCISES[key.question].truth
        # what it remembers must be its own
        whole = own_doing(lambda: play_all(key, set_index, mistake.function(truth())))
        for i, trial in enumerate(key.sets[set_index]):
            _PLAYED[(*place[:2], i, *place[3:])] = tuple(read(trial, whole[start : start + len(trial.calls)]))
            start += len(trial.calls)
    return _PLAYED[place]


def _played(key: Key, trial: KeyTrial, wrong: Wrong) -> Outcomes:
    """Play one trial on a mistake without a memory; a public trial is the same in every set."""
    mistake, functions = wrong
    place = (key.question, _content(trial), mistake.part, mistake.name)
    if place not in _TRIALS:
        _TRIALS[place] = own_doing(lambda: read(trial, list(play(trial.calls, dict(functions)))))
    return _TRIALS[place]


@functools.lru_cache(maxsize=4096)
def _content(trial: KeyTrial) -> bytes:
    return hashlib.sha256(wire.pack(list(trial.calls))).digest()
