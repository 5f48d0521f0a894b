"""Replies are known again: of a class's right answers to a question, and of equal ones, only the first is judged.

Two right answers to one question mostly differ in nothing but the last digits of their arrays. A reply whose
JSON is that of an earlier right one, to the byte, and whose numbers all lie within the bounds of the key is right
in the same way, and its verdicts are the same. Any other, wrong ones above all, is known again only where it is an
earlier one to the last bit, and says nothing that would be told in the student's own words. Everything else is read
and judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.checks import Judgement, rule_of
from autograder.key import KeyTrial
from autograder.model import Verdict
from autograder.sandbox import Foreign, Outcome, wire

FORMS = 12  # of right answers to one set of one question that are remembered
SAME = 64  # other answers to one set of one question that are remembered, those met last
LARGE = 1 << 20  # bytes of a reply that is not worth remembering
ROOM = 64 << 20  # bytes of all that is remembered
SHARED = 256 << 10  # bytes of a reply that is worth telling other processes of

Place = tuple[str, int]  # a question, and which of its sets
Lesson = tuple[Place, bytes, "Right | Same"]  # what was learned of a reply: its JSON or hash, and what it is


@dataclass(frozen=True, eq=False)
class Seen:
    """What is remembered of the replies to one set: forms of right ones by their JSON, others by their hash."""

    right: dict[bytes, Right] = field(default_factory=dict)
    same: dict[bytes, Same] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Same:
    """A reply to the last bit."""

    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, eq=False)
class Right:
    """A form of right replies: the numbers they must come near to, the bytes that must be the same."""

    size: int
    exact: tuple[tuple[int, bytes], ...]
    near: tuple[tuple[int, np.ndarray, np.ndarray], ...]  # where, expected, allowed
    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]

    def fits(self, raw: memoryview) -> bool:
        """Tell whether the arrays of a reply of this form are right."""
        if len(raw) != self.size or any(raw[at : at + len(same)] != same for at, same in self.exact):
            return False
        with np.errstate(all="ignore"):
            return all(
                bool((np.abs(np.frombuffer(raw, np.float64, len(e), at) - e) <= allowed).all())
                for at, e, allowed in self.near
            )


class Known(dict[Place, "Seen"]):
    """What is known of the replies to one assignment's questions; its keys, points and weights are what they are."""

    fresh: list[Lesson] | None = None  # learned here since `take`; None where nobody asks

    def seen(self, place: Place) -> Seen:
        """Return what is remembered of the replies to one set."""
        return self.setdefault(place, Seen())

    def learn(self, lesson: Lesson) -> None:
        """Remember what was learned here, and that others are to be told."""
        self.add([lesson])
        if self.fresh is not None and (isinstance(lesson[2], Same) or lesson[2].size <= SHARED):
            self.fresh.append(lesson)

    def add(self, lessons: Iterable[Lesson]) -> None:
        """Remember what was learned, here or by another process with the same keys."""
        for place, mark, what in lessons:
            seen = self.seen(place)
            if isinstance(what, Right):
                if self.has_room(seen, len(mark) + 2 * what.size):
                    seen.right[mark] = what
            elif mark not in seen.same:
                while len(seen.same) >= SAME:
                    del seen.same[next(iter(seen.same))]
                seen.same[mark] = what

    def has_room(self, seen: Seen, size: int) -> bool:
        """Tell whether another form may be remembered that takes about so many bytes."""
        forms = [form for all_seen in self.values() for form in all_seen.right.items()]
        taken = sum(len(text) + 2 * right.size for text, right in forms)
        return len(seen.right) < FORMS and taken + size <= ROOM

    def take(self) -> list[Lesson]:
        """Return what was learned here since the last time; what is learned from now on is kept for the next."""
        fresh, self.fresh = self.fresh or [], []
        return fresh


class Recognition:
    """Look at the replies of one submission as they come; remember them when they have been judged."""

    def __init__(self, known: Known, sets: Mapping[str, int]) -> None:
        self.all = known  # the rest is of this submission
        self.seen = {question: known.seen((question, s)) for question, s in sets.items()}
        self.sets = sets
        self.last = "", b"", b""  # question, reply and its hash: what was looked at last and was not known
        self.known: dict[str, Right | Same] = {}

    def look(self, question: str, reply: bytes) -> tuple[Outcome, ...] | None:
        """Return the outcomes of a reply that is known, without their values; None for any other."""
        text, raw = _cut(reply)
        right = self.seen[question].right.get(text)
        found = right if right is not None and right.fits(raw) else self._same(question, reply)
        if found is None:
            return None
        self.known[question] = found
        return found.outcomes

    def _same(self, question: str, reply: bytes) -> Same | None:
        if len(reply) > LARGE:
            self.last = "", b"", b""
            return None
        digest, same = hashlib.sha256(reply).digest(), self.seen[question].same
        self.last = question, reply, digest
        if digest in same:
            same[digest] = same.pop(digest)  # those met last stay longest
        return same.get(digest)

    def verdicts(self, question: str, outcomes: Sequence[Outcome]) -> tuple[Verdict, ...] | None:
        """Return the verdicts on what `look` returned; None where this must be judged."""
        found = self.known.get(question)
        return found.verdicts if found is not None and found.outcomes is outcomes else None

    def learn(self, question: str, judgement: Judgement, verdicts: tuple[Verdict, ...]) -> None:
        """Remember the last reply, which was judged, where another like it would be judged alike."""
        if self.last[0] != question:
            return
        place = question, self.sets[question]
        if judgement.right and (form := self._form(judgement, verdicts)) is not None:
            self.all.learn((place, _cut(self.last[1])[0], form))
        elif not any(map(_in_own_words, judgement.outcomes)):
            self.all.learn((place, self.last[2], Same(_statuses(judgement), verdicts)))

    def _form(self, judgement: Judgement, verdicts: tuple[Verdict, ...]) -> Right | None:
        """Return the form of the last reply, a right one, if all its numbers were held to bounds."""
        question, reply, _ = self.last
        if any(r.forward_right is False for r in judgement.results):
            return None  # where the backward is right all the same, how wrong the forward is differs
        if not self.all.has_room(self.seen[question], 3 * len(reply)):
            return None
        form = _form(reply, judgement, verdicts)
        return form if form is not None and form.fits(_cut(reply)[1]) else None


def _statuses(judgement: Judgement) -> tuple[Outcome, ...]:
    """Say what became of each call and no more: facts and errors quote the student."""
    return tuple(Outcome(o.status) for o in judgement.outcomes)


def _in_own_words(outcome: Outcome) -> bool:
    """Tell whether what is said of an outcome depends on the student's text: a line of it, or a name of a type."""
    return outcome.error is not None or any(map(_is_named, (outcome.value, *outcome.after.values())))


def _is_named(value: Any) -> bool:
    if isinstance(value, Foreign):
        return value.typename != "kept"
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return any(map(_is_named, items))


def _cut(reply: bytes) -> tuple[bytes, memoryview]:
    end = wire.HEADER.size + wire.HEADER.unpack_from(reply)[1]
    return reply[wire.HEADER.size : end], memoryview(reply)[end:]


def _form(reply: bytes, judgement: Judgement, verdicts: tuple[Verdict, ...]) -> Right | None:
    trials = [t for t in judgement.key.sets[judgement.set_index] if t.kind != "probe"]
    if any(rule_of(judgement.key, t) is not None or len(set(t.judged)) < len(t.judged) for t in trials):
        return None
    if any("reading" in t.facts for t in trials):
        return None  # what was compared is not what came
    text, raw = _cut(reply)
    bounds, judged = _bounds(trials, judgement.outcomes)
    arrays = [a for o in judgement.outcomes for v in (o.value, *o.after.values()) for a in _arrays(v)]
    if [[a.dtype.str, list(a.shape)] for a in arrays] != json.loads(text)[1]:
        return None
    at, exact, near = 0, [], []
    for array in arrays:
        if id(array) in bounds:
            expected, allowed = bounds[id(array)]
            near.append((at, expected.ravel(), np.full(expected.size, allowed)))
        elif id(array) in judged:
            exact.append((at, bytes(raw[at : at + array.nbytes])))
        at += array.nbytes
    return Right(len(raw), tuple(exact), tuple(_joined(near)), _statuses(judgement), verdicts)


def _bounds(
    trials: Sequence[KeyTrial], outcomes: Sequence[Outcome]
) -> tuple[dict[int, tuple[np.ndarray, float]], set[int]]:
    """Return what arrays are held to, by their identity, and which are judged at all; the others may be anything."""
    found: dict[int, tuple[np.ndarray, float]] = {}
    judged: set[int] = set()
    start = 0
    for trial in trials:
        for k, i in enumerate(trial.judged):
            outcome = outcomes[start + i]
            rows = (outcome.value, trial.expected[k], trial.allowed64[k])
            found.update((id(got), (expected, bound)) for got, expected, bound in _pairs(*rows))
            judged.update(id(a) for v in (outcome.value, *outcome.after.values()) for a in _arrays(v))
        start += len(trial.calls)
    return found, judged


def _pairs(got: Any, expected: Any, allowed: Any) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Yield the arrays of a judged value with what they are held to, where that is one bound for all entries."""
    if isinstance(got, tuple) and isinstance(expected, tuple) and isinstance(allowed, (tuple, list)):
        if len(got) == len(expected) == len(allowed):
            for row in zip(got, expected, allowed):
                yield from _pairs(*row)
    elif _is_floats(got) and _is_floats(expected) and got.shape == expected.shape and type(allowed) is float:
        yield got, expected, allowed


def _is_floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield the arrays of a value in the order in which they are sent."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _arrays(item)


def _joined(near: list[tuple[int, np.ndarray, np.ndarray]]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Put arrays that lie one after the other into one."""
    group: list[tuple[int, np.ndarray, np.ndarray]] = []
    for at, expected, allowed in near:
        if group and group[-1][0] + group[-1][1].nbytes != at:
            yield _one(group)
            group = []
        group.append((at, expected, allowed))
    if group:
        yield _one(group)


def _one(group: list[tuple[int, np.ndarray, np.ndarray]]) -> tuple[int, np.ndarray, np.ndarray]:
    return group[0][0], np.concatenate([e for _, e, _ in group]), np.concatenate([a for *_, a in group])
