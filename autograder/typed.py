"""Judge one typed question: read each part, judge it, carry errors forward, name what is wrong.

A part that is wrong is judged once more by what follows from the student's own values of the parts before it,
so that one slip costs its points once. Three guards keep marks from being given away: the question refuses a
value that leaves nothing to do, a replay that gives nothing but zeros or hands the value through is refused
here, and the replay of the true values must give the truth.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder import answers
from autograder.assignment import Issued, issued
from autograder.instances import lookalikes
from autograder.mistakes import Mistake
from autograder.model import Part, Status, Variant, Verdict
from autograder.questions import QUESTIONS, Question

CARRIED_SHARE = 1.0
_RIGHT_METHOD = "Not the result asked for, but rightly worked out from what you had."
_FROM_PARTS = "It follows from your answer to {parents}; that answer is not right, and counts once only."
_FROM_ROWS = "Rows that follow from your own rows before them count: an error counts in its own row only."
_BY_METHOD = "Work it again step by step with the method of the worked example."
UNREADABLE = "The answer cannot be read: "
_UNNAMED = "The answer matches none of the mistakes known for this question."


@dataclass(frozen=True)
class Marked:
    """One part as judged.

    `problem` says why there is no value; `carried` is how right it is as a consequence; `names` are the mistakes
    that explain it.
    """

    part: Part
    out_of: float
    problem: str = ""
    judged: answers.Judged | None = None
    blank: bool = False
    carried: float = 0.0
    because: tuple[str, ...] = ()
    names: tuple[Mistake, ...] = ()
    staff: Mapping[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """How right the part is by itself."""
        return self.judged.score if self.judged else 0.0


def judge_typed(one: Issued, raw: Any, points: float, carried_share: float = CARRIED_SHARE) -> list[Verdict]:
    """Judge what was typed: one verdict for each part, together worth `points`."""
    return [_verdict(one, m, carried_share) for m in mark_typed(one, raw, points)]


def mark_typed(one: Issued, raw: Any, points: float) -> list[Marked]:
    """Judge each part, errors carried forward, and name the mistakes that explain what is wrong."""
    shares = part_points(one.variant, points)
    values = read_parts(one, raw)
    marked = [_marked(one, raw, values, part, shares[part.id]) for part in one.variant.parts]
    if any(m.score < 1 for m in marked) and values:
        marked = _with_carried(one, marked, values)
    with contextlib.suppress(Exception):  # a fault in naming must not touch the marks
        return _named(one.variant, values, marked)
    return marked


def consequence(one: Issued, m: Marked) -> str:
    """Say in what a wrong answer is right: it follows from the student's own answers before it."""
    reason = _FROM_ROWS if m.because == (m.part.id,) else _FROM_PARTS.format(parents=_asked(one, m.because))
    return f"{_RIGHT_METHOD} {reason}"


def part_points(variant: Variant, points: float) -> dict[str, float]:
    """Share the points of a question among its parts; they add up exactly."""
    total = sum(p.share for p in variant.parts)
    shares = {p.id: round(points * p.share / total, 4) for p in variant.parts}
    last = variant.parts[-1].id
    return shares | {last: round(points - sum(v for k, v in shares.items() if k != last), 4)}


def read_parts(one: Issued, raw: Any) -> dict[str, Any]:
    """Return the parts of an answer that can be read."""
    values = {}
    for part in one.variant.parts:
        with contextlib.suppress(answers.Unreadable):
            values[part.id] = _parse(one, raw, part)
    return values


def fits(one: Issued, values: Mapping[str, Any]) -> bool:
    """Tell whether these values are right, all of them."""
    truth = one.variant.truth
    return all(p.id in values and answers.same(values[p.id], truth[p.id], p) for p in one.variant.parts)


def _parse(one: Issued, raw: Any, part: Part) -> Any:
    texts = raw if isinstance(raw, dict) else {one.variant.parts[0].id: raw} if raw is not None else {}
    return answers.KINDS[part.kind].parse(str(texts.get(part.id) or ""), part)


def _marked(one: Issued, raw: Any, values: Mapping[str, Any], part: Part, out_of: float) -> Marked:
    if part.id in values:
        found = answers.KINDS[part.kind].judge(values[part.id], one.variant.truth[part.id], part)
        return Marked(part, out_of, judged=found)
    try:
        _parse(one, raw, part)
    except answers.Blank:
        return Marked(part, out_of, "No answer was given.", blank=True)
    except answers.Unreadable as error:
        return Marked(part, out_of, f"{UNREADABLE}{error}")
    raise AssertionError("a part that can be read has a value")


# --- errors carried forward ----------------------------------------------------------------------


def _with_carried(one: Issued, marked: Sequence[Marked], values: Mapping[str, Any]) -> list[Marked]:
    """Judge wrong parts by the student's own values of their parents. A fault here must not touch the marks."""
    try:
        question = QUESTIONS[one.variant.question]
        if question.carry is None or not _as_issued(one, question):
            return list(marked)
        return [_carried(one.variant, question, m, values) if 0 <= m.score < 1 else m for m in marked]
    except Exception:
        return list(marked)


def _as_issued(one: Issued, question: Question) -> bool:
    """Tell whether the question still gives what was issued; what it computes today may be another thing."""
    again = question.pose(dict(one.variant.params), question.op)
    again = dataclasses.replace(again, level=one.variant.level)
    return issued(one.student, one.instance, again).hash == one.hash


def _carried(variant: Variant, question: Question, m: Marked, values: Mapping[str, Any]) -> Marked:
    parents = question.parents_in(variant).get(m.part.id, ())
    if m.part.kind == "trace" and (not parents or m.part.id in parents):
        return _carried_rows(variant, question, m, values[m.part.id])
    wrong = _wrong_parents(variant, parents, values)
    if not wrong:
        return m
    given = {p: values[p] if p in wrong else variant.truth[p] for p in parents}
    replayed = _replay(variant, question, m.part, given)
    if replayed is None or _hands_through(variant, m.part, wrong, given, replayed):
        return m
    slack = _rounding(variant, question, m.part, wrong, given, replayed)
    score = answers.KINDS[m.part.kind].judge(values[m.part.id], replayed, _widened(m.part, slack)).score
    if score <= m.score:
        return m
    staff = {"carried": {"from": {p: _plain(values[p]) for p in wrong}, "replayed": _plain(replayed)}}
    return dataclasses.replace(m, carried=score, because=tuple(wrong), staff=staff)


def _wrong_parents(variant: Variant, parents: Sequence[str], values: Mapping[str, Any]) -> dict[str, Part]:
    """Return the parents that are wrong; none where a parent has no value, or another size than the truth."""
    parts = {p.id: p for p in variant.parts}
    if not all(p in values and _size(values[p]) == _size(variant.truth[p]) for p in parents):
        return {}
    return {p: parts[p] for p in parents if not answers.same(values[p], variant.truth[p], parts[p])}


def _replay(variant: Variant, question: Question, part: Part, given: Mapping[str, Any]) -> Any:
    """Return what follows from the given values, or None where it may not be used."""
    truth = variant.truth[part.id]
    honest = _carry(variant, question, part, {p: variant.truth[p] for p in given})
    if honest is None or not answers.same(honest, truth, part):
        return None  # a replay that does not even give the truth has no say
    found = _carry(variant, question, part, given)
    if found is None or _size(found) != _size(truth):
        return None
    return None if _nothing_left(found) and not _nothing_left(truth) else found


def _carry(variant: Variant, question: Question, part: Part, given: Mapping[str, Any]) -> Any:
    """Ask the question; a value it cannot go on from is as good as one it refuses."""
    assert question.carry is not None
    with contextlib.suppress(ArithmeticError, ValueError, KeyError, IndexError, TypeError):
        return question.carry(dict(variant.params), part.id, dict(given))
    return None


def _hands_through(
    variant: Variant, part: Part, wrong: Mapping[str, Part], given: Mapping[str, Any], replayed: Any
) -> bool:
    """Tell whether the result is a wrong parent as it stands, where the truth is not: nothing was worked out."""
    return any(
        parent.kind == part.kind
        and answers.same(replayed, given[p], part)
        and not answers.same(variant.truth[part.id], variant.truth[p], part)
        for p, parent in wrong.items()
    )


def _rounding(
    variant: Variant, question: Question, part: Part, wrong: Mapping[str, Part], given: Mapping[str, Any],
    replayed: Any,
) -> float:  # fmt: skip
    """Return how far the rounding of the typed parents may move the result: the student went on unrounded."""
    most = 0.0
    for p, parent in wrong.items():
        for half in (-0.5, 0.5):
            step = half * 10.0 ** -parent.options["places"] if "places" in parent.options else 0.0
            moved = _carry(variant, question, part, {**given, p: _moved(given[p], step)}) if step else None
            if moved is not None and (a := _numbers(moved)) is not None and _size(moved) == _size(replayed):
                most = max(most, float(np.max(np.abs(a - np.asarray(replayed, dtype=float)), initial=0.0)))
    return most


def _moved(value: Any, step: float) -> Any:
    numbers = _numbers(value)
    return value if numbers is None else (numbers + step).tolist()


def _widened(part: Part, slack: float) -> Part:
    if "places" not in part.options or not slack:
        return part
    return dataclasses.replace(
        part, options={**part.options, "slack": part.options.get("slack", 0.0) + slack}
    )


def _carried_rows(variant: Variant, question: Question, m: Marked, rows: Any) -> Marked:
    """Judge a table row by row, each row by what follows from the student's own rows before it."""
    truth, name = [list(row) for row in variant.truth[m.part.id]], m.part.id

    def follows(before: list[Any]) -> Any:
        return _carry(variant, question, m.part, {name: before})

    honest = [follows(truth[:i]) for i in range(1, len(truth))]
    kind = answers.KINDS["trace"]
    if any(row is None for row in honest) or kind.judge([truth[0], *honest], truth, m.part).score < 1:
        return m
    used: list[Any] = []

    def replay(before: list[Any]) -> Any:
        used.append(follows([list(row) for row in before]))
        return used[-1]

    score = kind.judge(rows, truth, m.part, replay).score
    if score <= m.score:
        return m
    staff = {"carried": {"from": {name: _plain(rows)}, "replayed": _plain(used)}}
    return dataclasses.replace(m, carried=score, because=(name,), staff=staff)


def _size(value: Any) -> Any:
    """Return the shape of numbers; rows of different things have their number only."""
    try:
        return np.shape(value)
    except ValueError:
        return (len(value),)


def _numbers(value: Any) -> np.ndarray | None:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None


def _nothing_left(value: Any) -> bool:
    numbers = _numbers(value)
    return numbers is not None and not (np.all(np.isfinite(numbers)) and np.any(numbers))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (int, float, str)) or value is None else str(value)


# --- names and verdicts --------------------------------------------------------------------------


def _named(variant: Variant, values: Mapping[str, Any], marked: Sequence[Marked]) -> list[Marked]:
    """Name what explains the wrong parts: all of them, or else each by itself, for there may be two mistakes.

    What merely follows from other wrong parts may, but need not, fit too.
    """
    roots = {m.part.id: values[m.part.id] for m in marked if m.part.id in values and m.score < 1 > m.carried}
    if not roots:
        return list(marked)
    parts, seen = {p.id: p for p in variant.parts}, lookalikes(QUESTIONS[variant.question], variant)

    def explaining(some: Mapping[str, Any]) -> list[Mistake]:
        return [m for m, gives in seen if all(answers.same(v, gives[p], parts[p]) for p, v in some.items())]

    found = explaining(roots)
    if len(found) > 1:
        all_wrong = explaining(
            {m.part.id: values[m.part.id] for m in marked if m.part.id in values and m.score < 1}
        )
        found = [m for m in found if m in all_wrong] or found
    names = {p: found or explaining({p: value}) for p, value in roots.items()}
    return [
        m if m.score == 1 else dataclasses.replace(m, names=tuple(names.get(m.part.id, found)))
        for m in marked
    ]


def _verdict(one: Issued, m: Marked, share: float) -> Verdict:
    check = m.part.id if len(one.variant.parts) > 1 else "answer"

    def made(status: Status, points: float, message: str, **more: Any) -> Verdict:
        return Verdict(
            one.instance, one.variant.title, check, "typed", status, points, m.out_of, message,
            question_hash=one.hash, **more,
        )  # fmt: skip

    if m.problem or m.judged is None:
        return made("wrong", 0.0, m.problem)
    if m.score == 1:
        return made("right", m.out_of, "Right.")
    earned = m.score + share * max(m.carried - m.score, 0.0)
    if m.carried > m.score and earned > m.score:
        return _as_consequence(one, m, earned, made)
    return _as_wrong(one, m, made)


def _as_consequence(one: Issued, m: Marked, earned: float, made: Any) -> Verdict:
    reason = consequence(one, m).removeprefix(f"{_RIGHT_METHOD} ")
    status: Status = "right" if earned == 1 else "partial"
    rest = "" if m.carried == 1 else f" {m.judged.message}" if m.judged else ""
    message = f"{_RIGHT_METHOD} {reason}{rest}"
    hint = () if m.carried == 1 else (m.part.prompt or one.variant.title, reason, _BY_METHOD)
    points = m.out_of if earned == 1 else round(m.out_of * earned, 4)
    return made(status, points, message, credit_reason=reason, hint=hint, staff=m.staff)


def _asked(one: Issued, parts: Sequence[str]) -> str:
    """Quote the questions of the parts an error came from, shortly."""
    prompts = {p.id: " ".join(p.prompt.split()) for p in one.variant.parts}
    return " and ".join(f'"{prompts[p][:80]}{"..." if len(prompts[p]) > 80 else ""}"' for p in parts)


def _as_wrong(one: Issued, m: Marked, made: Any) -> Verdict:
    names = m.names
    points = round(m.out_of * m.score, 4)
    only = names[0] if len(names) == 1 else None
    what = " OR: ".join(n.what for n in names[:3]) or _UNNAMED
    how = names[0].how if names else _BY_METHOD
    credit = max(points, round(m.out_of * only.credit, 4)) if only is not None else points
    return made(
        "partial" if credit > 0 else "wrong", credit, m.judged.message if m.judged else "",
        hint=(m.part.prompt or one.variant.title, what, how), mistake=only.name if only is not None else None,
        mistakes_consistent=tuple(n.name for n in names),
    )  # fmt: skip
