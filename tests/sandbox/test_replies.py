"""Replies are hostile: whatever a child sends is a clean outcome or a WireError, and never more than that."""

import numpy as np  # noqa: I001
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sandbox import Call, Cell, Foreign, Handle, Outcome, WireError, wire
from autograder.sandbox.replies import read_cell, read_question
import contextlib

CALL = Call("f", (np.ones(2), 1), {"run": {}}, may_change=("run",))
SOURCES = {3: "class Cache:\n    pass\ndef f(x):\n    return 1 / 0\n"}
CELL = Cell(3, SOURCES[3])


def question(*outcomes):
    return read_question(wire.pack(["question", "f", list(outcomes)]), "f", [CALL] * len(outcomes), SOURCES)


def test_an_honest_reply():
    sent = Outcome(
        "ok", (np.ones(2), 1.5), (("[0]", "view"),), 0.25, ("args[1]",), {"run": {"a": 1}}, None, True
    )
    (got,) = question(sent)
    np.testing.assert_array_equal(got.value[0], [1, 1])
    assert (got.facts, got.changed, got.after) == ((("[0]", "view"),), ("args[1]",), {"run": {"a": 1}})
    assert (got.seconds, got.global_random_touched) == (0.25, True)


ARRAY = np.zeros(3)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        ["question", "f"],
        ["question", "g", []],
        ["cell", "f", []],
        [ARRAY, "f", [Outcome("ok")]],
        ["question", ARRAY, [Outcome("ok")]],
        ["question", "f", ARRAY],
        ["question", "f", (Outcome("ok"),)],
        ["question", "f", [Outcome("ok"), Outcome("ok")]],
        ["question", "f", ["ok"]],
        ["question", "f", [Call("f")]],
        ["question", "f", [Outcome("right")]],
        ["question", "f", [Outcome("timeout")]],
        ["question", "f", [Outcome(ARRAY)]],
        ["question", "f", [Outcome(["ok"])]],
        ["question", "f", [Outcome("ok", facts=5)]],
        ["question", "f", [Outcome("ok", facts=(("a", 5),))]],
        ["question", "f", [Outcome("ok", facts=(ARRAY,))]],
        ["question", "f", [Outcome("ok", changed=(ARRAY,))]],
        ["question", "f", [Outcome("ok", changed=5)]],
        ["question", "f", [Outcome("ok", after=5)]],
        ["question", "f", [Outcome("ok", value=Handle("a"))]],
        ["question", "f", [Outcome("ok", value=[Outcome("ok")])]],
    ],
    ids=str,
)
def test_misshapen_replies(reply):
    with pytest.raises(WireError):
        read_question(wire.pack(reply), "f", [CALL], SOURCES)


@pytest.mark.parametrize(
    "reply",
    [None, ["cell", 3], ["cell", 4, "ok", None], ["cell", True, "ok", None], ["cell", ARRAY, "ok", None], ["cell", 3, ARRAY, None],  # noqa: E501
     ["cell", 3, "timeout", None], ["question", 3, "ok", None], [ARRAY, 3, "ok", None]],
    ids=str,
)  # fmt: skip
def test_misshapen_replies_about_cells(reply):
    with pytest.raises(WireError):
        read_cell(wire.pack(reply), CELL)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (None, {"type": "Exception", "cell": None, "line": None, "text": ""}),
        (ARRAY, {"type": "Exception", "cell": None, "line": None, "text": ""}),
        ({"type": "secret 42", "cell": 3, "line": 4, "text": "secret"}, {"type": "Exception", "cell": 3, "line": 4, "text": "return 1 / 0"}),  # noqa: E501
        ({"type": "ValueError", "cell": 3, "line": 99}, {"type": "ValueError", "cell": 3, "line": None, "text": ""}),
        ({"type": "ValueError", "cell": 9, "line": 1}, {"type": "ValueError", "cell": None, "line": None, "text": ""}),
        ({"type": ["x"], "cell": ARRAY, "line": ARRAY}, {"type": "Exception", "cell": None, "line": None, "text": ""}),
        ({"type": "print", "cell": True, "line": True}, {"type": "Exception", "cell": None, "line": None, "text": ""}),
    ],
)  # fmt: skip
def test_errors_are_rebuilt(error, shown):
    assert question(Outcome("exception", error=error))[0].error == shown
    assert read_cell(wire.pack(["cell", 3, "exception", error]), CELL).error == shown


def test_only_known_words_are_shown():
    value = [Foreign(n) for n in ("Cache", "function", "inputs_3_1_4", "kept", "", "x" * 500)]
    (got,) = question(Outcome("ok", value))
    assert [v.typename for v in got.value] == ["Cache", "function", "object", "kept", "object", "object"]


def test_facts_arguments_and_times_are_filtered():
    facts = (
        ("[0]", "view"),
        ("[0]", "input was 3"),
        ("['3 1 4']", "view"),
        ("", "numpy float32"),
        ("", "numpy 42"),
    )
    sent = Outcome(
        "ok", 1, facts, float("inf"), ("args[9]", "run", "x"), {"run": 1, "other": 2}, {"type": "x"}, 1
    )
    (got,) = question(sent)
    assert got.facts == (("[0]", "view"), ("", "numpy float32"))
    assert (got.changed, got.after, got.error) == (("run",), {"run": 1}, None)
    assert (got.seconds, got.global_random_touched) == (0.0, False)


def test_values_of_calls_that_failed_are_dropped():
    assert question(Outcome("exception", "right, 100 points"))[0].value is None


PIECES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.sampled_from(["ok", "exception", "question", "cell", "f", "args[0]", "run", "type", "cell", "line"])
    | st.builds(lambda: np.zeros(3))
    | st.builds(Foreign, st.sampled_from(["a", "Cache"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["type", "cell", "line", "run"]), inner, max_size=3)
        | st.builds(
            Outcome,
            st.sampled_from(["ok", "exception"]) | inner,
            inner,
            inner,
            inner,
            inner,
            inner,
            inner,
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(PIECES | st.tuples(st.just("question"), st.just("f"), st.lists(PIECES, max_size=1)).map(list))
def test_no_reply_raises_anything_but_wire_error(reply):
    frame = wire.pack(reply)
    for read in (lambda: read_question(frame, "f", [CALL], SOURCES), lambda: read_cell(frame, CELL)):
        with contextlib.suppress(WireError):
            read()
