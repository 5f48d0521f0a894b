"""The student kit: shows prompts, runs the public checks, says whether a typed answer can be read.

This is the source of the cells' `kit.…` functions. `kit.py` turns it into `backmark_kit.py`: this text
after the source of the modules it imports, and before the public data of one assignment. Numpy and the
standard library only. What a student sees here is feedback on public inputs; marks are given elsewhere,
on other inputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks import Judgement, judge
from autograder.compare import compare
from autograder.handouts.kit_running import Log, played
from autograder.handouts.kit_slopes import steepest_disagreement
from autograder.handouts.kit_typed import Read, Tell, markdown, read_parts, statement, typed
from autograder.key import Key, KeyTrial
from autograder.model import Verdict
from autograder.readings import read
from autograder.sandbox._script import Call, Handle
from autograder.verdicts import Named, verdicts

PUBLIC: dict[str, Any] = {}
FOLDER = Path(__file__).resolve().parent
_TUPLES = ("calls", "judged", "expected", "allowed64", "allowed32")
_MARKS = {"right": "✓", "partial": "~", "wrong": "✗", "skipped": "–"}


def _kindly(default: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let no traceback of ours reach a student."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Tell as sentence:
                print(sentence)
            except KeyboardInterrupt:
                print("Stopped.")
            except Exception as error:
                print(f"The check itself stopped ({type(error).__name__}: {error}).")
                print("That is not your fault; please show this line to your instructor.")
            return default

        return call

    return wrap


# --- what the cells call --------------------------------------------------------------------------


@_kindly(None)
def show(question: str, student: str) -> None:
    """Show your own statement of a by-hand question."""
    _display(markdown(question, statement(question, student, _folders())))


@_kindly(0.0)
def check(function: Any, namespace: dict[str, Any] | None = None, hints: bool = True) -> float:
    """Run the public checks of a function you wrote; print what they found.

    Args:
        function: the function, or its name.
        namespace: where it and the functions it needs are looked up; in a notebook `globals()`.
        hints: name the mistake when the results look like one.

    Returns:
        How much of the public checks passed, from 0.0 to 1.0.
    """
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    if namespace is None:
        namespace = {name: function} if isinstance(function, str) else getattr(function, "__globals__", {})
    return _earned(_report(name, _checked_namespace(namespace), hints), 1.0)


@_kindly(0.0)
def score(question: str, namespace: dict[str, Any], hints: bool = True) -> float:
    """Run the public check of a question and return the points it is worth here, a plain float.

    For a by-hand question that is whether the answer can be read, never whether it is right.
    """
    namespace = _checked_namespace(namespace)
    if question in PUBLIC["by_hand"]:
        points = float(PUBLIC["by_hand"][question]["points"])
        return points * readable(question, typed(question, namespace), namespace.get("student", ""))
    return _earned(_report(question, namespace, hints), float(_exercise(question)["points"]))


@_kindly(0.0)
def readable(question: str, answer: Any, student: str = "") -> float:
    """Say whether an answer can be read, and as what; never whether it is right.

    Returns:
        The share of the question's parts that can be read, from 0.0 to 1.0.
    """
    parts = read_parts(_parts(question, student), answer)
    for fine, sentence in dict.fromkeys(parts):
        print(f"{question}: {'can be read' if fine else 'cannot be read'}. {sentence}")
    if _share(parts) == 1.0:
        print("Whether it is right is not said here.")
    return _share(parts)


@_kindly(False)
def ready(name: str, namespace: dict[str, Any]) -> bool:
    """Tell whether a function of yours returns results of the right kind and shape; say so if not."""
    trial = next(t for t in _key(name).sets[0] if t.kind == "value")
    outcomes = read(trial, played(trial.calls, _checked_namespace(namespace))[0])
    for k, i in enumerate(trial.judged):
        result = outcomes[i]
        any_size = _boundless(trial.expected[k])
        if result.status != "ok" or compare(result.value, trial.expected[k], any_size, any_size).problem:
            raise Tell(f"This cell uses your `{name}`. Get its check to pass, then run this cell again.")
    return True


def _boundless(expected: Any) -> Any:
    if isinstance(expected, (tuple, list)):
        return [_boundless(e) for e in expected]
    return {k: _boundless(e) for k, e in expected.items()} if isinstance(expected, dict) else np.inf


@_kindly(None)
def overview(namespace: dict[str, Any]) -> None:
    """Print one line per question: what the public checks say now. Nothing here is a mark."""
    total = full = 0.0
    for question, points, fraction, remark in _overview_rows(_checked_namespace(namespace)):
        mark = _MARKS["right" if fraction == 1.0 else "partial" if fraction else "wrong"]
        print(f"{mark} {question:15} {points * fraction:5.2f} of {points:<4g} {remark}")
        total, full = total + points * fraction, full + points
    print(f"  {'public checks':15} {total:5.2f} of {full:g}")
    print("\nMarks are given later, on other inputs, and for by-hand answers by their values.")


def _overview_rows(namespace: dict[str, Any]) -> Iterator[tuple[str, float, float, str]]:
    for question, entry in PUBLIC["by_hand"].items():
        try:
            parts = read_parts(_parts(question, namespace.get("student", "")), typed(question, namespace))
        except Tell as sentence:
            parts = [(False, str(sentence))]
        remark = next((sentence for fine, sentence in parts if not fine), "can be read")
        yield question, float(entry["points"]), _share(parts), remark
    for name, entry in PUBLIC["exercises"].items():
        found, judgement, *_ = _verdicts(name, namespace, True)
        bad = [v.check for v in found if v.status != "right"]
        remark = judgement.stopped or (f"look at: {', '.join(bad[:3])}" if bad else "public checks pass")
        yield name, float(entry["points"]), _earned(found, 1.0), remark


def _share(read: Read) -> float:
    return sum(fine for fine, _ in read) / len(read)


def _parts(question: str, student: Any) -> list[dict[str, Any]]:
    """Return how each part is asked: as in the student's own statement, or else as published for all."""
    entry = PUBLIC["by_hand"].get(question)
    if entry is None:
        raise Tell(
            f"There is no by-hand question {question} here. There are: {', '.join(PUBLIC['by_hand'])}."
        )
    try:
        return statement(question, student, _folders())["parts"] or entry["parts"]
    except (Tell, KeyError):
        return entry["parts"]


def _folders() -> tuple[Path, ...]:
    return FOLDER, Path.cwd()


def _display(text: str) -> None:
    try:
        from IPython import get_ipython
        from IPython.display import Markdown, display
    except ImportError:
        print(text)
        return
    if get_ipython() is None:
        print(text)
    else:
        display(Markdown(text))


# --- code exercises -------------------------------------------------------------------------------


def _exercise(name: str) -> dict[str, Any]:
    exercises = PUBLIC["exercises"]
    if name not in exercises:
        raise Tell(f"There is no exercise `{name}` here. There are: {', '.join(exercises)}.")
    return exercises[name]


def _key(name: str) -> Key:
    entry = _exercise(name)
    trials: list[dict[str, Any]] = [
        {k: tuple(v) if k in _TUPLES else v for k, v in trial.items()} for trial in entry["trials"]
    ]
    made = tuple(KeyTrial(**trial) for trial in trials)
    needs, results = tuple(entry["needs"]), tuple(entry["results"])
    return Key(name, entry["title"], entry["part"], needs, entry.get("rule"), results, (made,))


def _report(name: str, namespace: dict[str, Any], hints: bool) -> list[Verdict]:
    found, judgement, errors, printed = _verdicts(name, namespace, hints)
    passed = sum(v.status == "right" for v in found)
    print(f"{name}: {passed} of {len(found)} public checks pass")
    said: set[str] = set()
    for verdict in found[:1] if judgement.stopped else found:
        _print_verdict(verdict, said)
    for text in dict.fromkeys(errors):
        print(f"  Python says: {text}")
    if not judgement.stopped:
        _print_first_wrong_call(judgement)
        if (
            judgement.key.part == "backward"
            and not judgement.consistent
            and any(r.state == "wrong" for r in judgement.values)
        ):
            _print_slope(judgement, namespace)
    if printed:
        print(f"  (What your code printed meanwhile is left out here: {printed} characters.)")
    return found


def _verdicts(
    name: str, namespace: dict[str, Any], hints: bool
) -> tuple[list[Verdict], Judgement, list[str], int]:
    entry, key = _exercise(name), _key(name)
    log = Log()
    outcomes, errors = played(key.script(0), namespace, log)
    judgement = judge(key, 0, outcomes)
    named = _named(entry, judgement) if hints and PUBLIC.get("hints", True) else ()
    return (
        list(verdicts(judgement, entry["title"], float(entry["points"]), named)),
        judgement,
        errors,
        log.length,
    )


def _earned(found: list[Verdict], points: float) -> float:
    """Scale the verdicts' points to `points`, as a plain float within [0, points]."""
    full = sum(v.out_of for v in found)
    if found and all(v.status == "right" for v in found):
        return float(points)
    fraction = sum(v.points for v in found) / full if full > 0 else 0.0
    return float(min(max(fraction, 0.0), 1.0) * points)


def _named(entry: Mapping[str, Any], judgement: Judgement) -> tuple[Named, ...]:
    """Find the mistakes whose results are the student's: in all trials, else in the wrong, else the first."""
    states = {i: r.state for i, r in _value_results(judgement)}
    wrong = [i for i, state in states.items() if state == "wrong"]
    if not wrong:
        return ()
    rows = entry.get("lookalikes", [])
    fits = [{i for i in states if _looks_like(judgement, i, row["values"][i])} for row in rows]
    silent = [{i for i in states if row["values"][i] is None} for row in rows]
    for wanted in (set(states), set(wrong), {wrong[0]}):
        found = [r for r, f, s in zip(rows, fits, silent, strict=True) if wrong[0] in f and wanted <= f | s]
        if found:
            return tuple(Named(r["name"], r["what"], r["how"], float(r.get("credit", 0.0))) for r in found)
    return ()


def _value_results(judgement: Judgement) -> list[tuple[int, Any]]:
    trials = judgement.key.sets[0]
    place = {id(trial): i for i, trial in enumerate(trials)}
    return [(place[id(r.trial)], r) for r in judgement.results if r.trial.kind == "value"]


def _looks_like(judgement: Judgement, i: int, values: Any) -> bool:
    if values is None:
        return False
    trials = judgement.key.sets[0]
    start, trial = sum(len(t.calls) for t in trials[:i]), trials[i]
    for k, position in enumerate(trial.judged):
        if position == trial.forward and trial.judged != (trial.forward,):
            continue
        outcome = judgement.outcomes[start + position]
        if outcome.status != "ok":
            return False
        if not compare(outcome.value, values[k], trial.allowed64[k], trial.allowed32[k]).right:
            return False
    return True


def _print_verdict(verdict: Verdict, said: set[str] | None = None) -> None:
    """Print one check; a complaint or an advice already given (in `said`) is not given again."""
    said = set() if said is None else said
    plainly_right = verdict.status == "right" and not verdict.credit_reason and "Note" not in verdict.message
    complaint, bracket, trial = verdict.message.rpartition(" (")
    complaint = complaint or verdict.message
    again = complaint in said and not verdict.worst
    message = "likewise" + (bracket and bracket + trial) if again else verdict.message
    print(f"  {_MARKS.get(verdict.status, '?')} {verdict.check}" + ("" if plainly_right else f": {message}"))
    if verdict.worst:
        entry = ", ".join(map(str, verdict.worst["index"]))
        at = f" at [{entry}]" if entry else ""
        got, expected = verdict.worst["got"], verdict.worst["expected"]
        print(f"      largest difference{at}: yours {got}, expected {expected}")
    if verdict.status in ("wrong", "partial") and not said.intersection(verdict.hint[-1:]):
        for label, text in zip(("where", "what", "how"), verdict.hint, strict=False):
            if text and text not in verdict.message:
                print(f"      {label:5} {text}")
    said.update([complaint, *verdict.hint[-1:]])


def _print_first_wrong_call(judgement: Judgement) -> None:
    """Show the first public call with a wrong result as the student would type it."""
    for i, result in _value_results(judgement):
        start, trial = sum(len(t.calls) for t in judgement.key.sets[0][:i]), judgement.key.sets[0][i]
        for k, position in enumerate(trial.judged) if result.state == "wrong" else ():
            outcome = judgement.outcomes[start + position]
            fine = compare(outcome.value, trial.expected[k], trial.allowed64[k], trial.allowed32[k]).right
            if position != trial.forward and not (outcome.status == "ok" and fine):
                print(f"  First wrong call: {_call_text(trial.calls[position])}")
                return


def _call_text(call: Call) -> str:
    given = [_argument_text(a) for a in call.args] + [
        f"{n}={_argument_text(a)}" for n, a in call.kwargs.items()
    ]
    name = call.do if isinstance(call.do, str) else call.do.name
    return f"{name}({', '.join(given)})"


def _argument_text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<array {'×'.join(map(str, value.shape))}>"
    if isinstance(value, Handle):
        return "<cache>"
    return repr(value) if isinstance(value, (bool, int, float, str)) else f"<{type(value).__name__}>"


def _print_slope(judgement: Judgement, namespace: dict[str, Any]) -> None:
    probe = next((t for t in judgement.key.sets[0] if t.kind == "probe"), None)
    found = steepest_disagreement(probe, judgement.key.results, namespace) if probe else None
    if found:
        name, index, yours, slope = found
        entry = f"[{', '.join(map(str, index))}]" if index else ""
        print(
            f"  Compared with your own forward: your {name}{entry} is {yours:.6g}, but if that number of the"
        )
        print(f"  input moves, the result of your forward changes at the rate {slope:.6g}.")


def _checked_namespace(namespace: Any) -> dict[str, Any]:
    if not isinstance(namespace, dict):
        raise Tell("Give `globals()` as the second argument, with the brackets.")
    return namespace
