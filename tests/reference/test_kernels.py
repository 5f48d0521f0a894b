"""Kernels give what plain NumPy gives: every case, drawn shapes, other processors, no compiler at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reference
from reference import OPS
from reference.kernels import use_kernels

FOLDER = Path(reference.__file__).parent
NAMES = [
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "conv2d_true",
    "conv_transpose2d",
    "correlate2d",
    "cross_entropy",
    "max_pool2d",
    "max_unpool2d",
    "relu",
    "softmax",
]
CASES = [(name, case.name) for name in NAMES for case in OPS[name].cases(np.random.default_rng(0))]
TOLERANCE = {np.dtype(np.float32): 2e-5, np.dtype(np.float64): 1e-12}


@pytest.fixture(autouse=True)
def _leave_the_switch_alone():
    before = use_kernels(True)
    yield
    use_kernels(before)


def case_of(name, label):
    return next(c for c in OPS[name].cases(np.random.default_rng(11)) if c.name == label)


def floats(inputs, dtype):
    return {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in inputs.items()}


def everything(name, inputs, params, on=True):
    """Return the results and the gradients for a random upstream gradient, with or without kernels."""
    use_kernels(on)
    result, cache = OPS[name].forward(**inputs, **params)
    results = result if isinstance(result, tuple) else (result,)
    shape = np.shape(results[0])
    dy = np.asarray(np.random.default_rng(3).normal(size=shape), results[0].dtype)
    return [*results, *OPS[name].backward(cache, dy)]


def assert_same(got, expected, tolerance=None):
    for a, b in zip(got, expected, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert a.dtype == b.dtype
            scale = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
            limit = tolerance or TOLERANCE.get(a.dtype, 0) * scale
            np.testing.assert_allclose(a, b, rtol=limit, atol=limit)


# -------------------------------------------------------------------------------- the same as plain NumPy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "label"), CASES)
def test_every_case(name, label, dtype):
    case = case_of(name, label)
    inputs = floats(case.inputs, dtype)
    before = {k: v.copy() for k, v in inputs.items()}
    got = everything(name, inputs, case.params)
    for k, v in inputs.items():
        np.testing.assert_array_equal(v, before[k])
    assert_same(got, everything(name, inputs, case.params, on=False))
    for a, b in zip(got, everything(name, inputs, case.params), strict=True):
        np.testing.assert_array_equal(a, b)


ORDERS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "turned": lambda a: a[..., ::-1].copy()[..., ::-1],
}
small = st.integers(1, 4)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def layers(draw):
    groups, kernel = draw(st.integers(1, 3)), draw(st.tuples(small, small))
    channels, filters = draw(small), draw(st.integers(1, 13))
    stride, dilation, padding = draw(pairs), draw(pairs), draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    span = [d * (k - 1) + 1 - 2 * p for k, d, p in zip(kernel, dilation, padding)]
    size = [max(1, s) + draw(st.integers(0, 20)) for s in span]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    orders = draw(st.tuples(*[st.sampled_from(sorted(ORDERS))] * 2))
    x = rng.normal(size=(draw(small), channels * groups, *size)).astype(dtype)
    w = rng.normal(size=(filters * groups, channels, *kernel)).astype(dtype)
    inputs = {"x": ORDERS[orders[0]](x), "w": ORDERS[orders[1]](w)}
    if draw(st.booleans()):
        inputs["b"] = rng.normal(size=len(w)).astype(dtype)
    return inputs, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


relaxed = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@relaxed
@given(layers())
def test_any_convolution(layer):
    assert_same(everything("conv2d", *layer), everything("conv2d", *layer, on=False))


@relaxed
@given(layers(), st.integers(0, 2))
def test_any_transposed_convolution(layer, extra):
    """Lead the result of a convolution back; it has one map for each channel."""
    inputs, params = layer
    y = reference.conv2d(**inputs, **params)
    back = {"x": np.ascontiguousarray(y), "w": inputs["w"]}
    if "b" in inputs:
        back["b"] = np.linspace(-1, 1, inputs["x"].shape[1], dtype=y.dtype)
    params = {**params, "output_padding": min(extra, max(*params["stride"], *params["dilation"]) - 1)}
    if 2 * max(params["padding"]) == 0 or min(reference.conv_transpose2d_room(back, params) if 0 else [1]) > 0:
        try:
            expected = everything("conv_transpose2d", back, params, on=False)
        except reference.op.InputError:
            return
        assert_same(everything("conv_transpose2d", back, params), expected)
