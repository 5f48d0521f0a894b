"""Made-up values that functions return, and made-up answers that students type."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import answers
from autograder.checks import judge
from autograder.model import Part, Report
from autograder.sandbox import Call, Outcome, _script, wire
from autograder.sandbox.replies import read_question
from autograder.verdicts import verdicts

SOURCES = {3: "class Cache:\n    pass\ndef f(x):\n    return 1 / 0\n"}
ANY_TEXT = st.text(max_size=12) | st.text(
    st.characters(categories=["Cs", "Cc", "Cf", "Lo", "Nd"]), max_size=6
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
KINDS_OF_ARRAY = (
    hnp.scalar_dtypes() | hnp.byte_string_dtypes() | hnp.unicode_string_dtypes() | hnp.datetime64_dtypes()
)
ARRAYS = hnp.arrays(
    KINDS_OF_ARRAY | hnp.array_dtypes(hnp.scalar_dtypes()) | st.just(np.dtype(object)),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
    elements=None,
    fill=st.nothing(),
) | st.builds(lambda a: a.reshape((1,) * 40 + a.shape), hnp.arrays(float, (2,)))
VALUES = st.recursive(
    LEAVES
    | st.complex_numbers()
    | st.integers(-(1 << 5000), 1 << 5000)
    | st.binary(max_size=4)
    | st.dates()
    | st.decimals(),
    lambda some: (
        st.lists(some, max_size=4)
        | st.lists(some, max_size=4).map(tuple)
        | st.dictionaries(
            ANY_TEXT | st.integers() | st.booleans() | st.none() | st.floats() | st.binary(max_size=2),
            some,
            max_size=4,
        )
        | st.sets(ANY_TEXT | st.integers() | st.floats(), max_size=4)
        | st.lists(some, max_size=3).map(lambda held: np.array([*held, None], object)[:-1])
        | st.lists(some, max_size=3).map(iter)
    ),
    max_leaves=10,
)


@given(VALUES | ARRAYS | hnp.arrays(float, 3).map(lambda a: a[::-1]), st.booleans())
def values_sent(value: Any, in_place: bool) -> None:
    """Let a function return a made-up value: what a child makes of it can be sent, and is read as sent."""

    def f(x: Any) -> Any:
        if in_place and isinstance(value, np.ndarray) and value.ndim:
            x.resize(value.shape[:3], refcheck=False)
        return value

    (outcome,) = _script.play([Call("f", (np.ones(3),))], {"f": f})
    (got,) = read_question(wire.pack(["question", "f", [outcome]]), "f", [Call("f", (np.ones(3),))], SOURCES)
    assert got.status == outcome.status
    assert got.changed == outcome.changed


JUDGED = (
    "conv_out",
    "corr2d",
    "relu_backward",
    "conv_backward",
    "bn_forward",
    "minibatches",
    "kfold_indices",
    "gd",
    "Sequential",
)


@functools.cache
def _right(exercise: str) -> tuple[Any, list[Outcome]]:
    """Return a key, and what the truth makes of its first set."""
    from autograder.exercises import EXERCISES
    from autograder.keymaking import make_key, play_all

    task = EXERCISES[exercise]
    key = make_key(task, lambda i: np.random.default_rng([7, i]))
    return key, play_all(key, 0, task.truth())


@given(
    st.sampled_from(JUDGED),
    VALUES | ARRAYS,
    st.integers(0, 99),
    st.sampled_from(["ok", "ok", "ok", "exception", "missing"]),
    st.booleans(),
)
def values_judged(exercise: str, value: Any, which: int, status: str, everywhere: bool) -> None:
    """Judge a right submission in which one result, or every result, is a made-up value."""
    key, outcomes = _right(exercise)
    (made,) = _script.play([Call("f", ())], {"f": lambda: value})
    (odd,) = read_question(wire.pack(["question", "f", [made]]), "f", [Call("f", ())], SOURCES)
    changed_at = range(len(outcomes)) if everywhere else [which % len(outcomes)]
    mixed = list(outcomes)
    for i in changed_at:
        same = dataclasses.replace(
            outcomes[i], value=odd.value, facts=odd.facts, after=dict.fromkeys(outcomes[i].after, odd.value)
        )
        mixed[i] = same if status == "ok" else Outcome(status, error=odd.error)
    judgement = judge(key, 0, mixed)
    found = verdicts(judgement, key.title, 10.0, [])
    assert 0 <= sum(v.points for v in found) <= 10 + 1e-9
    assert abs(sum(v.out_of for v in found) - 10) < 1e-6
    json.dumps(Report("a", "b", "graded", verdicts=found).to_json(), allow_nan=False).encode()


PARTS = {
    "int": ({}, 12),
    "num": ({"places": 2}, 1.25),
    "frac": ({}, "3/4"),
    "vec": ({}, [1, 2, 3]),
    "mat": ({"places": 2}, [[1.0, 2.5], [0.25, 4.0]]),
    "ten": ({}, [[[1, 2], [3, 4]]]),
    "shape": ({}, [3, 32, 32]),
    "text": ({"synonyms": {}, "choices": ["max", "average"]}, "max"),
}
TYPED = (
    st.text(st.sampled_from("0123456789.,;-+*/^()[]{} \n\teExX×πa²½−'\"_|&\\"), max_size=40)
    | ANY_TEXT
    | st.sampled_from(
        [
            "1e400",
            "9" * 5000,
            "1/0",
            "0x",
            "[[1,2],[3]]",
            "(" * 300,
            "1" + "0" * 400 + "/3",
            "nan",
            "½",
            "１２",
            "1_000",
            "2**99999",
        ]
    )
)


@given(st.sampled_from(sorted(PARTS)), TYPED)
def typed_answers(kind: str, text: str) -> None:
    """Read a made-up answer of every kind, and judge what could be read."""
    options, truth = PARTS[kind]
    part = Part("a", "", kind, options)
    value, said = None, ""
    try:
        value = answers.KINDS[kind].parse(text, part)
    except answers.Unreadable as problem:
        said = str(problem)
    assert "\n" not in said
    if value is None:
        return
    judged = answers.KINDS[kind].judge(value, truth, part)
    assert 0 <= judged.score <= 1
    answers.KINDS[kind].show(value)


TARGETS = (values_sent, values_judged, typed_answers)
