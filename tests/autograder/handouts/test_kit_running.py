"""Scripts played inside a notebook: helpers of ours among the student's functions."""

import numpy as np

from autograder.handouts.kit_running import played
from autograder.sandbox._script import Call, Handle, Source


def test_a_script_may_call_a_public_helper_between_the_students_functions():
    scale = Source("def make(factor):\n    return lambda x: factor * x", "make", (np.array([1.0, 10.0]),))
    shift = Source("def shift(x):\n    return x + 1", "shift")
    calls = (
        Call("first", (scale, np.array([2.0, 3.0])), save="y", show="none"),
        Call(shift, (Handle("y"),)),
    )
    outcomes, texts = played(calls, {"first": lambda f, x: f(x)})
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    assert outcomes[1].value.tolist() == [3.0, 31.0]
    assert texts == []


def test_an_error_before_a_helper_is_told_as_the_students():
    def broken(x):
        raise ValueError("no such axis")

    calls = (
        Call("broken", (1.0,), save="y"),
        Call(Source("def same(x):\n    return x", "same"), (Handle("y"),)),
    )
    outcomes, texts = played(calls, {"broken": broken})
    assert outcomes[0].status == "exception"
    assert outcomes[1].status != "ok"
    assert texts == ["ValueError: no such axis"]
