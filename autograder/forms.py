"""Other ways to ask a typed question, derived from any type: `CONV-1-choose`, `CONV-1-find`, ...

A form draws an instance of its question and turns it: the answer becomes a choice among lookalikes, a wrong
answer is to be explained, a worked solution has a wrong line, a parameter is to be found from the result, or
the steps are to be put in order. Nothing is written again; where a type does not lend itself to a form, no
draw of it is acceptable and `issue` says so.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from autograder import answers
from autograder.equations import contradicts_itself
from autograder.instances import NoInstance, instance_key, issue, lookalikes, separated
from autograder.mistakes import Mistake
from autograder.model import Part, Variant
from autograder.questions import Question

__all__ = ["FORMS", "derive", "written"]

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """One way to turn a question. `turn` adds params to the drawn instance, or gives None.

    `pose(base, params, variant)` writes the new statement; `mistaken(base, params)` yields who answers what.
    """

    title: str
    turn: Callable[[Question, Variant, np.random.Generator], dict[str, Any] | None]
    pose: Callable[[Question, Params, Variant], tuple[str, Part, Any, Sequence[str]]]
    mistaken: Callable[[Question, Params], Iterable[tuple[Mistake, dict[str, Any]]]]


@functools.cache
def derive(base: Question, form: str) -> Question | None:
    """Return a question in another form, or None where there is no such form."""
    if form not in FORMS or base.base is not None:
        return None
    way, id = FORMS[form], f"{base.id}-{form}"

    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        try:
            variant = issue(base, rng, level)
        except NoInstance:
            return None
        turned = way.turn(base, variant, rng)
        return None if turned is None else {"base": dict(variant.params), **turned}

    def pose(params: dict[str, Any], impl: Callable[..., Any]) -> Variant:
        variant = base.pose(dict(params["base"]), impl)
        prompt, part, truth, steps = way.pose(base, params, variant)
        title = f"{base.title}: {way.title}"
        return Variant(
            id, title, prompt, (part,), {part.id: truth}, tuple(steps), params, params.get("level", 1)
        )

    def canonical(params: dict[str, Any]) -> Any:
        return [instance_key(base, params["base"]), {k: v for k, v in params.items() if k != "base"}]

    return replace(
        base, id=id, title=f"{base.title}: {way.title}", draw=draw, pose=pose, base=base, canonical=canonical,
        answers=None, exact=None, work=None, workload=None, gap=None, parents={}, carry=None, min_exposed=0,
        must_detect=dict.fromkeys(base.levels, ()), mistaken=lambda params: way.mistaken(base, params),
    )  # fmt: skip


# --- shared --------------------------------------------------------------------------------------


def written(part: Part, value: Any) -> str:
    """Write an answer as a person would, rounded to the places asked for."""
    places = part.options.get("places")
    if part.kind == "mc1":
        return str(part.options["choices"][value])
    if part.kind == "mcN":
        return "; ".join(str(part.options["choices"][i]) for i in value) or "none"
    if places is not None and part.kind in ("num", "vec", "mat", "ten"):
        return _rounded(np.asarray(value, dtype=float).tolist(), places)
    if part.kind == "frac":
        return str(Fraction(value).limit_denominator(10**9)) if not isinstance(value, str) else value
    return str(answers.KINDS[part.kind].show(value))


def _rounded(value: Any, places: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_rounded(one, places) for one in value) + "]"
    return f"{value:.{places}f}"


def _told(variant: Variant, answer: Mapping[str, Any]) -> str:
    """Write the answers to all parts in one line."""
    texts = [written(part, answer[part.id]) for part in variant.parts]
    return (
        texts[0] if len(texts) == 1 else "; ".join(f"({i}) {text}" for i, text in enumerate(texts, start=1))
    )


def _asked(variant: Variant) -> str:
    """Repeat the statement with what its parts ask for, numbered as in `_told`."""
    several = len(variant.parts) > 1
    asks = [
        f"({i}) {p.prompt}" if several else p.prompt for i, p in enumerate(variant.parts, start=1) if p.prompt
    ]
    return variant.prompt + ("\n\n" + "\n\n".join(asks) if asks else "")


def _different(
    base: Question, variant: Variant, rng: np.random.Generator
) -> list[tuple[Mistake, dict[str, Any]]]:
    """List lookalikes whose answers differ clearly from the truth and from each other, those to detect first."""
    wanted = base.must_detect[variant.level]
    found = lookalikes(base, variant)
    order = sorted(rng.permutation(len(found)).tolist(), key=lambda i: found[i][0].name not in wanted)
    kept: list[tuple[Mistake, dict[str, Any]]] = []
    for mistake, answer in (found[i] for i in order):
        others = [variant.truth, *(other for _, other in kept)]
        if all(separated(variant, answer, other) for other in others):
            kept.append((mistake, answer))
    return kept


def _of_name(base: Question, variant: Variant, name: str) -> tuple[Mistake, dict[str, Any]]:
    return next(pair for pair in lookalikes(base, variant) if pair[0].name == name)


def _none(_base: Question, _params: Params) -> Iterable[tuple[Mistake, dict[str, Any]]]:
    return ()


# --- choose the result ---------------------------------------------------------------------------


def _turn_choose(base: Question, variant: Variant, rng: np.random.Generator) -> dict[str, Any] | None:
    others = _different(base, variant, rng)[:3]
    if len(others) < 2:
        return None
    options = [("", _told(variant, variant.truth)), *((m.name, _told(variant, a)) for m, a in others)]
    shuffled = [options[i] for i in rng.permutation(len(options))]
    if len({text for _, text in shuffled}) < len(shuffled):
        return None
    return {"options": [text for _, text in shuffled], "names": [name for name, _ in shuffled]}


def _pose_choose(_base: Question, params: Params, variant: Variant) -> tuple[str, Part, Any, Sequence[str]]:
    part = Part("choice", "Which result is right? Give its letter.", "mc1", {"choices": params["options"]})
    return _asked(variant), part, params["options"].index(_told(variant, variant.truth)), variant.solution


def _mistaken_choose(base: Question, params: Params) -> Iterable[tuple[Mistake, dict[str, Any]]]:
    variant = base.pose(dict(params["base"]), base.op)
    for number, name in enumerate(params["names"]):
        if name:
            yield _of_name(base, variant, name)[0], {"choice": number}


# --- which misconception? ------------------------------------------------------------------------


def _turn_explain(base: Question, variant: Variant, rng: np.random.Generator) -> dict[str, Any] | None:
    found = _different(base, variant, rng)[:4]
    if len(found) < 3 or len({mistake.what for mistake, _ in found}) < len(found):
        return None
    order = rng.permutation(len(found)).tolist()
    return {"made": found[0][0].name, "names": [found[i][0].name for i in order]}


def _pose_explain(base: Question, params: Params, variant: Variant) -> tuple[str, Part, Any, Sequence[str]]:
    told = {name: _of_name(base, variant, name) for name in params["names"]}
    made, answer = told[params["made"]]
    prompt = f"{_asked(variant)}\n\n---\n\nSomebody answers **{_told(variant, answer)}**, which is wrong."
    options = [_in_third_person(told[name][0].what) for name in params["names"]]
    part = Part("choice", "What has happened? Give the letter.", "mc1", {"choices": options})
    steps = (
        f"The right answer is {_told(variant, variant.truth)}.",
        *(f"{_in_third_person(m.what)} This gives {_told(variant, a)}." for m, a in told.values()),
        f"So the wrong answer shows this: {_in_third_person(made.what)} {made.how}",
    )
    return prompt, part, params["names"].index(params["made"]), steps


def _in_third_person(what: str) -> str:
    """Hints speak to the one who made the mistake; here they speak of somebody."""
    return re.sub(r"\b([Yy])our\b", lambda m: ("T" if m[1] == "Y" else "t") + "heir", re.sub(
        r"\b([Yy])ou\b", lambda m: ("T" if m[1] == "Y" else "t") + "hey", what))  # fmt: skip


def _mistaken_explain(base: Question, params: Params) -> Iterable[tuple[Mistake, dict[str, Any]]]:
    variant = base.pose(dict(params["base"]), base.op)
    for number, name in enumerate(params["names"]):
        if name != params["made"]:
            yield _of_name(base, variant, name)[0], {"choice": number}


# --- find the first wrong line -------------------------------------------------------------------


def _turn_find(base: Question, variant: Variant, rng: np.random.Generator) -> dict[str, Any] | None:
    for mistake, _ in _different(base, variant, rng):
        lines = _wrong_solution(base, variant, mistake)
        first = _first_difference(variant.solution, lines)
        if first and not _given_away(variant.solution, lines, first):
            return {"made": mistake.name}
    return None


def _given_away(right: Sequence[str], lines: Sequence[str], first: int) -> bool:
    """Tell whether the lines contradict themselves, so that reading finds the wrong one, without any thought.

    An equation is plainly false, the number that a line should have was worked out in a line before, or the
    numbers of a line only stand in another order.
    """
    due, shown = Counter(_numbers(right[first - 1])), Counter(_numbers(lines[first - 1]))
    before = {number for line in right[: first - 1] for number in _numbers(line)} - {"0", "1", "2"}
    known = not before.isdisjoint(due - shown) or (due == shown and bool(due))
    return known or any(map(contradicts_itself, lines))


def _wrong_solution(base: Question, variant: Variant, mistake: Mistake) -> tuple[str, ...]:
    """Return the worked solution as the mistake would write it; empty where it has no solution of its own."""
    if mistake.target == base.id:
        return ()
    return base.pose(dict(variant.params), mistake).solution


def _first_difference(right: Sequence[str], wrong: Sequence[str]) -> int:
    """Number the first line that differs, from 1; 0 where none does, or where the texts are of another form."""
    if len(right) != len(wrong) or len(right) < 2:
        return 0
    differing = [number for number, (a, b) in enumerate(zip(right, wrong, strict=True), start=1) if a != b]
    return differing[0] if differing else 0


def _pose_find(base: Question, params: Params, variant: Variant) -> tuple[str, Part, Any, Sequence[str]]:
    made, _ = _of_name(base, variant, params["made"])
    lines = _wrong_solution(base, variant, made)
    line = _first_difference(variant.solution, lines)
    text = "\n\n".join(f"**Line {number}.** {text}" for number, text in enumerate(lines, start=1))
    prompt = f"{_asked(variant)}\n\n---\n\nThis worked solution has a mistake in it.\n\n{text}"
    part = Part("line", "Which is the first wrong line? Give its number.", "int")
    steps = (f"Nothing is wrong before line {line}.", f"Line {line} should read: {variant.solution[line - 1]}",
             f"{_in_third_person(made.what)} {made.how}")  # fmt: skip
    return prompt, part, line, steps


# --- find a parameter from the result ------------------------------------------------------------


def _turn_reverse(base: Question, variant: Variant, rng: np.random.Generator) -> dict[str, Any] | None:
    params = dict(variant.params)
    names = [n for n, v in params.items() if n != "level" and type(v) is int and 0 <= v <= 20]
    for name in (names[i] for i in rng.permutation(len(names))):
        if _hidden(base, variant, name) and _only_one(base, variant, name):
            return {"hidden": name}
    return None


def _only_one(base: Question, variant: Variant, name: str) -> bool:
    """Tell whether no other value of the parameter gives the same answers."""
    return not any(
        (other := _with(base, variant, name, value)) is not None
        and all(answers.same(other.truth[p.id], variant.truth[p.id], p) for p in variant.parts)
        for value in range(41)
        if value != variant.params[name]
    )


def _with(base: Question, variant: Variant, name: str, value: int) -> Variant | None:
    try:
        posed = base.pose({**variant.params, name: value}, base.op)
    except (ValueError, IndexError, ZeroDivisionError, KeyError):
        return None
    return posed if [p.id for p in posed.parts] == [p.id for p in variant.parts] else None


def _hidden(base: Question, variant: Variant, name: str) -> str:
    """Return the statement with a question mark wherever the parameter shows, or "" where that is unclear.

    It shows where the statements of two values differ, and the differing words must be its numbers.
    """
    value, hidden = variant.params[name], ""
    for step in (1, 2, -1):
        other = _with(base, variant, name, value + step)
        if other is None:
            continue
        ours, theirs = (re.split(r"(\d+)", v.prompt) for v in (variant, other))
        shown = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
        if len(ours) != len(theirs) or not all(
            (ours[i], theirs[i]) == (str(value), str(value + step)) for i in shown
        ):
            return ""  # other words (1 row, 2 rows) would tell the number
        if shown:
            hidden = "".join("?" if i in shown else text for i, text in enumerate(ours))
    return hidden


def _pose_reverse(base: Question, params: Params, variant: Variant) -> tuple[str, Part, Any, Sequence[str]]:
    name = params["hidden"]
    asks = "\n\n".join(f"{p.prompt} **Answer: {written(p, variant.truth[p.id])}**" for p in variant.parts)
    prompt = (
        f"{_hidden(base, variant, name)}\n\n{asks}\n\n---\n\nOne number is hidden behind the question mark."
    )
    part = Part("value", "Which whole number is it?", "int")
    return prompt, part, variant.params[name], ("Work forward with the right number:", *variant.solution)


# --- order the steps -----------------------------------------------------------------------------


def _turn_order(_base: Question, variant: Variant, rng: np.random.Generator) -> dict[str, Any] | None:
    steps = list(variant.solution)
    if not 3 <= len(steps) <= 8 or len(set(steps)) < len(steps) or not _is_chain(variant.prompt, steps):
        return None
    order = rng.permutation(len(steps)).tolist()
    return {"order": order} if order != sorted(order) else None


def _is_chain(prompt: str, steps: Sequence[str]) -> bool:
    """Tell whether each step uses a number that only the step before it found: then one order makes sense."""
    known = set(_numbers(prompt)) | {"0", "1", "2"}
    for step, following in itertools.pairwise(steps):
        found = _numbers(step.rpartition("=")[2])[:1] if "=" in step else []
        if not set(found) - known or not set(found) <= set(_numbers(following)):
            return False
        known |= set(_numbers(step))
    return True


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


def _pose_order(_base: Question, params: Params, variant: Variant) -> tuple[str, Part, Any, Sequence[str]]:
    choices = [variant.solution[i] for i in params["order"]]
    ask = "Put the steps of the solution in order: write their letters, such as b a c."
    part = Part("order", ask, "order", {"choices": choices})
    return _asked(variant), part, [params["order"].index(i) for i in range(len(choices))], variant.solution


FORMS: dict[str, Form] = {
    "choose": Form("choose the result", _turn_choose, _pose_choose, _mistaken_choose),
    "explain": Form("explain a wrong answer", _turn_explain, _pose_explain, _mistaken_explain),
    "find": Form("find the first wrong line", _turn_find, _pose_find, _none),
    "reverse": Form("find the hidden number", _turn_reverse, _pose_reverse, _none),
    "order": Form("order the steps", _turn_order, _pose_order, _none),
}
