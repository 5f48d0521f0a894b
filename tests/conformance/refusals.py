"""What it means to refuse: shared by the tests of bad settings and of bad arrays."""

from __future__ import annotations

import inspect

import numpy as np

from reference import OPS, InputError
from reference.op import parse_shapes
from reference.shapes import match


def samples(name):
    """Return the first sample case, and the one with most settings."""
    cases = list(OPS[name].cases(np.random.default_rng(3)))
    fullest = max(cases, key=lambda case: len(case.inputs) + len(case.params))
    return [cases[0]] if fullest is cases[0] else [cases[0], fullest]


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def there_and_back(name, case, **changes):
    """Run forward and, where there is one, backward; return the results."""
    op = OPS[name]
    result, cache = op.forward(**{**case.inputs, **case.params, **changes})
    if op.backward is not None:
        op.backward(cache, np.ones(np.shape(parts(result)[0])))
    return result


def refusal(name, case, **changes):
    """Return the error with which a call is refused, or None if it is answered; any other exception fails."""
    try:
        there_and_back(name, case, **changes)
    except InputError as error:
        return error
    return None


def told_well(name, error, argument):
    """Hold the text of a refusal against what is promised; say whether it names the argument at all."""
    text = str(error)
    assert text.startswith((f"{name}: ", f"{name}.backward: ", "Graph: ")), text
    assert "to do:" in text, text
    if not text.startswith("Graph: "):  # a graph tells of its own nodes
        assert OPS[name].shapes in text, text
    assert len(text) < 1500
    assert error.__suppress_context__ or error.__cause__ is None
    return argument is None or argument in text


class Unprintable:
    """An object whose own repr fails."""

    def __repr__(self):
        raise RuntimeError("no text")


def with_its_shape(name, case):
    """Accept a refusal, or a result that has the shape which the shape line derives from the inputs."""
    try:
        result = OPS[name](**case.inputs, **case.params)
    except InputError as error:
        told_well(name, error, None)
        return
    inputs, results = parse_shapes(OPS[name].shapes)
    sizes: dict = {}
    first: dict = {}
    for argument in inputs:
        if argument.axes is not None and case.inputs.get(argument.name) is not None:
            match(argument, np.shape(case.inputs[argument.name]), sizes, first)
    for argument, value in zip(results, parts(result), strict=False):
        if argument.axes is not None:
            match(argument, np.shape(value), sizes, first)


def is_default(name, setting, value):
    """What the caller left as it is need not be told back."""
    default = inspect.signature(OPS[name]).parameters[setting].default
    return value is default or (type(value) is int and value == default)


def no_numbers(value):
    """Yield everything that holds no real numbers; all of it must be refused."""
    yield from (
        "abc",
        b"abc",
        {"a": 1},
        {1.0, 2.0},
        len,
        object(),
        Unprintable(),
        1j,
        iter([1.0]),
        slice(1),
    )
    yield np.full(value.shape, "1.0")
    yield np.full(value.shape, b"1")
    yield value.astype(complex)
    yield value.astype(object)
    yield np.full(value.shape, None)
    yield np.full(value.shape, np.datetime64("2024-01-01"))
    yield np.full(value.shape, np.timedelta64(1, "s"))
    yield np.zeros(value.shape, [("a", float)])
    yield np.ma.masked_array(value, np.zeros(value.shape, bool))
    yield [[1.0], [1.0, 2.0]]
    yield [Unprintable()]


ABSURD = [
    10**6, 10**9, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, -(10**30), np.uint64(2**63),
    (10**9, 10**9), [10**9], (10**9,) * 4, [[2**62, -(2**62)]],
    [(3, 10**9)], [(3, 1, 10**9)], [(3, 1, 1, 10**9)],
]  # fmt: skip
"""Settings which no memory and no patience can serve."""

ODD = [
    0, -1, 1.5, np.nan, np.inf, -np.inf, 1j, "2", b"2", "same", None, True, np.float32(0.5), [1, "a"],
    [], {}, (), (1, 2, 3), (0, 0), (-1, 1), {1, 2}, {"a": 1}, range(3), slice(1), Ellipsis, len, object(),
    Unprintable(), np.array(3), np.array([1.5, 2.0]), np.array([]), np.array("a"), np.full(2, None),
    np.ma.masked_array([1, 2], [False, True]), np.array([[2**63, 0]], np.uint64), np.datetime64("2024-01-01"),
    np.random.default_rng(0),
]  # fmt: skip
"""Settings of the wrong kind, size or sign; some are right for some ops."""
