"""Properties that hold whatever the numbers are, for all ops at once: layouts, types, purity, linearity.

Hypothesis draws the op, one of its cases, fresh numbers and a memory layout for every array.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference import OPS
from reference.op import parse_shapes

PATIENT = settings(derandomize=True, max_examples=150, deadline=None, database=None)
SHORT = settings(derandomize=True, max_examples=25, deadline=None, database=None)

ARRAYS = {name: [a for a in parse_shapes(OPS[name].shapes)[0] if a.axes is not None] for name in sorted(OPS)}
CASES = [
    (name, number)
    for name in ARRAYS
    if ARRAYS[name]
    for number, _ in enumerate(OPS[name].cases(np.random.default_rng(0)))
]
LAYOUTS = ["C", "F", "strided", "reversed", "readonly", "offset", "broadcast", "big-endian"]


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def drawn(chosen, seed):
    name, number = chosen
    return OPS[name], list(OPS[name].cases(np.random.default_rng([53, seed])))[number]


def run(op, inputs, params):
    """Return all results and all gradients, for an upstream gradient that depends on their shape alone."""
    result, cache = op.forward(**inputs, **params)
    found = [np.asarray(r) for r in parts(result)]
    if op.backward is not None:
        dy = np.random.default_rng(59).normal(size=found[0].shape).astype(found[0].dtype)
        found += [g for g in op.backward(cache, dy) if g is not None]
    return found


def laid_out(array, layout):
    """Return an array of the same numbers that lies in memory in another way."""
    if layout == "F":
        return np.array(array, order="F")
    if layout == "big-endian":
        return array.astype(array.dtype.newbyteorder(">"))
    if layout == "offset":  # starts at an odd address
        raw = np.zeros(array.nbytes + 1, np.uint8)
        view = raw[1:].view(array.dtype).reshape(array.shape)
        view[...] = array
        return view
    if layout == "strided" and array.ndim:
        wide = np.zeros(tuple(2 * n + 1 for n in array.shape), array.dtype)
        view = wide[tuple(slice(1, None, 2) for _ in array.shape)]
        view[...] = array
        return view
    if layout == "reversed" and array.ndim:
        back = tuple(slice(None, None, -1) for _ in array.shape)
        return array[back].copy()[back]
    if layout == "broadcast" and array.ndim:  # the same row over and over, with a stride of zero
        return np.broadcast_to(array[:1], array.shape)
    copy = array.copy()
    if layout == "readonly":
        copy.flags.writeable = False
    return copy


@given(st.sampled_from(CASES), st.integers(0, 2**32), st.data())
@PATIENT
def test_memory_layout_changes_nothing(chosen, seed, data):
    """The same numbers give the same bits, and no input is touched."""
    op, case = drawn(chosen, seed)
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    plain = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in case.inputs.items()}
    other = {}
    for key, value in plain.items():
        other[key] = laid_out(value, data.draw(st.sampled_from(LAYOUTS)))
        plain[key] = np.array(other[key], dtype=value.dtype)
    before = {key: value.copy() for key, value in other.items()}
    for got, expected in zip(run(op, other, case.params), run(op, plain, case.params), strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    for key, value in other.items():
        np.testing.assert_array_equal(value, before[key])


@given(st.sampled_from(CASES), st.integers(0, 2**32))
@PATIENT
def test_results_are_the_callers_own(chosen, seed):
    """Writing into a result changes neither the inputs nor what backward or a second call returns."""
    op, case = drawn(chosen, seed)
    before = {key: value.copy() for key, value in case.inputs.items()}
    clean = run(op, case.inputs, case.params)
    result, cache = op.forward(**case.inputs, **case.params)
    found = [r for r in parts(result) if isinstance(r, np.ndarray) and r.ndim]
    shape, dtype = np.shape(parts(result)[0]), np.asarray(parts(result)[0]).dtype
    for value in found:
        value[...] = 1
    gradients = []
    if op.backward is not None:
        dy = np.random.default_rng(59).normal(size=shape).astype(dtype)
        gradients = [g for g in op.backward(cache, dy) if g is not None]
        for got, expected in zip(gradients, clean[len(parts(result)) :], strict=True):
            np.testing.assert_array_equal(got, expected)
            if isinstance(got, np.ndarray):
                got[...] = 1
    for key, value in case.inputs.items():
        np.testing.assert_array_equal(value, before[key])
    for got, expected in zip(run(op, case.inputs, case.params), clean, strict=True):
        np.testing.assert_array_equal(got, expected)


@given(st.sampled_from(CASES), st.integers(0, 2**32))
@PATIENT
def test_single_precision_is_close_to_double(chosen, seed):
    """Results of float32 stay float32 and differ by rounding: the error is small beside the largest entry."""
    op, case = drawn(chosen, seed)
    single = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in case.inputs.items()}
    exact = {k: v.astype(float) if v.dtype.kind == "f" else v for k, v in single.items()}
    results = zip(run(op, single, case.params), run(op, exact, case.params), strict=True)
    for got, expected in results:
        if expected.dtype.kind != "f" or any(a.kind == "int" for a in ARRAYS[op.name][:1]):
            continue
        size = max(1, np.abs(expected).max(initial=0))
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=0, atol=2e-4 * size)


@given(st.sampled_from(CASES), st.integers(0, 2**32))
@PATIENT
def test_the_definition_says_the_same(chosen, seed):
    op, case = drawn(chosen, seed)
    got = parts(op(**case.inputs, **case.params))
    for value, expected in zip(got, parts(op.definition(**case.inputs, **case.params)), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-11)


# ---------------------------------------------------------------------------------------- examples apart

ROWS_APART = """
    augment avg_pool2d bed_of_nails2d conv2d conv2d_true conv_transpose2d conv_transpose2d_by_conv flatten
    global_avg_pool2d leaky_relu locally_connected2d max_pool2d relu sigmoid step tanh upsample_nearest2d
"""
"""Ops that treat every example, the first axis of x, by itself."""


@given(st.sampled_from(ROWS_APART.split()), st.integers(0, 2**32), st.data())
@PATIENT
def test_examples_do_not_see_each_other(name, seed, data):
    """A batch gives what its examples give one by one, up to the order of a sum."""
    cases = [c for c in OPS[name].cases(np.random.default_rng(0)) if c.inputs["x"].ndim > 1]
    number = data.draw(st.integers(0, len(cases) - 1))
    fresh = [c for c in OPS[name].cases(np.random.default_rng([61, seed])) if c.inputs["x"].ndim > 1]
    case = fresh[number]
    params = {k: v for k, v in case.params.items() if k not in ("flip", "shift")}
    whole = parts(OPS[name](**case.inputs, **params))
    for n in range(len(case.inputs["x"])):
        alone = parts(OPS[name](**{**case.inputs, "x": case.inputs["x"][n : n + 1]}, **params))
        for got, expected in zip(alone, whole, strict=True):
            np.testing.assert_allclose(got, expected[n : n + 1], rtol=1e-12, atol=1e-12)


# -------------------------------------------------------------------------------------------- linearity

LINEAR = {
    "average_probabilities": ["probabilities"],
    "avg_pool2d": ["x"],
    "bed_of_nails2d": ["x"],
    "causal_conv1d": ["x", "w"],
    "chain_rule_2d": ["dh", "jacobian"],
    "conv2d": ["x", "w"],
    "conv2d_true": ["x", "w"],
    "conv_transpose2d": ["x", "w"],
    "conv_transpose2d_by_conv": ["x", "w"],
    "correlate2d": ["f", "h"],
    "global_avg_pool2d": ["x"],
    "linear": ["x", "w"],
    "locally_connected2d": ["x", "w"],
    "max_unpool2d": ["x"],
    "mean_subtraction": ["x"],
    "upsample_nearest2d": ["x"],
}
SCALES = st.floats(-8, 8, width=16)


@pytest.mark.parametrize(("name", "argument"), [(n, a) for n, arguments in LINEAR.items() for a in arguments])
@given(seed=st.integers(0, 2**32), a=SCALES, b=SCALES, data=st.data())
@SHORT
def test_linear_ops_are_linear(name, argument, seed, a, b, data):
    """f(a x + b z) = a f(x) + b f(z), without the bias; and with it, the bias is added once to every entry."""
    cases = list(OPS[name].cases(np.random.default_rng([67, seed])))
    case = cases[data.draw(st.integers(0, len(cases) - 1))]
    inputs = {k: v for k, v in case.inputs.items() if k != "b"}
    x = inputs[argument]
    z = np.random.default_rng([71, seed]).normal(size=x.shape)

    def f(value, **more):
        return OPS[name](**{**inputs, argument: value}, **more, **case.params)

    expected = a * f(x) + b * f(z)
    size = 1 + abs(a) * np.abs(f(x)).max() + abs(b) * np.abs(f(z)).max() + np.abs(expected).max()
    np.testing.assert_allclose(f(a * x + b * z), expected, rtol=0, atol=1e-11 * size)
    if "b" in case.inputs:
        added = f(x, b=case.inputs["b"]) - f(x)
        again = f(0 * x, b=case.inputs["b"])
        np.testing.assert_allclose(added, again, rtol=0, atol=1e-11 * size)


@given(st.sampled_from([c for c in CASES if OPS[c[0]].backward is not None]), st.integers(0, 2**32), SCALES)
@PATIENT
def test_backward_is_linear_in_the_upstream_gradient(chosen, seed, scale):
    """Whatever an op does forward, backward only multiplies and adds: gradients of a sum are sums of gradients."""
    op, case = drawn(chosen, seed)
    result, cache = op.forward(**case.inputs, **case.params)
    first = np.asarray(parts(result)[0])
    assume(first.dtype.kind == "f")
    one, two = np.random.default_rng(73).normal(size=(2, *first.shape))
    for g, h, both in zip(*(op.backward(cache, dy) for dy in (one, two, one + scale * two)), strict=True):
        if g is None:
            assert h is None
            assert both is None
            continue
        size = 1 + np.abs(g).max(initial=0) + abs(scale) * np.abs(h).max(initial=0)
        np.testing.assert_allclose(both, g + scale * h, rtol=0, atol=1e-11 * size)
