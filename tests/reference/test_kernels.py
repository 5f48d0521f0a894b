"""Kernels give what plain NumPy gives: every case, drawn shapes, other processors, no compiler at all."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
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
    stride, dilation, padding = (
        draw(pairs),
        draw(pairs),
        draw(st.tuples(st.integers(0, 4), st.integers(0, 4))),
    )
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
    inputs, params = layer
    x = reference.conv2d(**inputs, **params)
    sizes = zip(x.shape[2:], inputs["w"].shape[2:], *(params[k] for k in ("stride", "padding", "dilation")))
    assume(all((n - 1) * s - 2 * p + d * (k - 1) + 1 > 0 for n, k, s, p, d in sizes))
    inputs = {"x": x, "w": inputs["w"]}
    if extra:
        inputs["b"] = np.linspace(-1, 1, inputs["w"].shape[1] * params["groups"], dtype=x.dtype)
    most = min(max(s, d) for s, d in zip(params["stride"], params["dilation"])) - 1
    params = {**params, "output_padding": min(extra, most)}
    assert_same(
        everything("conv_transpose2d", inputs, params),
        everything("conv_transpose2d", inputs, params, on=False),
    )


@st.composite
def windows(draw):
    kernel, stride, dilation = draw(st.tuples(small, small)), draw(pairs), draw(pairs)
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    size = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 40))
        for k, d, p in zip(kernel, dilation, padding)
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.integers(-3, 4, size=(2, 2, *size)).astype(draw(st.sampled_from([np.float32, np.float64])))
    for value in draw(st.lists(st.sampled_from([np.nan, np.inf, -np.inf]), max_size=3)):
        x[tuple(rng.integers(n) for n in x.shape)] = value
    params = {"kernel_size": kernel, "stride": stride, "padding": tuple(padding)}
    return {"x": x}, {**params, "ceil_mode": draw(st.booleans())}, dilation


@relaxed
@given(windows())
def test_any_maximum(window):
    """Ties, NaN and infinities included: values and places are exactly those of plain NumPy."""
    inputs, params, dilation = window
    params = {**params, "dilation": dilation, "return_indices": True}
    try:
        expected = everything("max_pool2d", inputs, params, on=False)
    except reference.ShapeError:  # a dilated window that reads padding only
        return
    got = everything("max_pool2d", inputs, params)
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[1], expected[1])
    assert_same(got, expected)


@relaxed
@given(windows(), st.booleans())
def test_any_mean(window, counted):
    inputs, params, _ = window
    params = {**params, "count_include_pad": counted}
    assert_same(everything("avg_pool2d", inputs, params), everything("avg_pool2d", inputs, params, on=False))


@relaxed
@given(
    st.integers(1, 200), st.integers(1, 40), st.sampled_from([np.float32, np.float64]), st.integers(0, 2**32)
)
def test_any_rows_of_scores(classes, examples, dtype, seed):
    rng = np.random.default_rng(seed)
    x = (rng.choice([1, 30, 1000]) * rng.normal(size=(examples, classes)) + rng.normal(0, 100)).astype(dtype)
    t = rng.integers(classes, size=examples)
    for name, inputs in (("softmax", {"x": x}), ("cross_entropy", {"x": x, "t": t})):
        tolerance = 3e-5 if dtype == np.float32 else 1e-12
        assert_same(everything(name, inputs, {}), everything(name, inputs, {}, on=False), tolerance)


# ------------------------------------------------------------------ sizes at which something else happens


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("x", "w", "params"),
    [
        ((1, 3, 12, 45), (64, 3, 3, 3), {"padding": 1}),  # tiles of every width, last ones partly filled
        ((2, 48, 9, 33), (21, 48, 3, 3), {"padding": 1}),  # more taps than go in one panel
        ((1, 40, 70, 90), (4, 40, 3, 3), {"padding": 1}),  # several blocks of rows
        ((1, 40, 70, 90), (4, 40, 3, 3), {"padding": 2, "dilation": 2, "stride": (1, 2)}),
        ((1, 64, 40, 50), (7, 64, 3, 3), {"stride": 2}),
        ((9, 5, 7, 7), (6, 5, 3, 3), {}),  # several images in one line of dots
        ((2, 6, 8, 40), (6, 1, 3, 3), {"groups": 6, "padding": 1}),
        ((1, 1, 1, 5000), (3, 1, 1, 7), {"dilation": (1, 600), "padding": (0, 3600)}),
    ],
    ids=str,
)
def test_larger_layers(x, w, params, dtype):
    rng = np.random.default_rng(5)
    inputs = {"x": rng.normal(size=x).astype(dtype), "w": rng.normal(size=w).astype(dtype)}
    assert_same(everything("conv2d", inputs, params), everything("conv2d", inputs, params, on=False))


@pytest.mark.parametrize("filters", range(1, 31))
def test_any_number_of_filters_and_channels(filters):
    """Filters are cut into tiles; backward cuts the channels in the same way."""
    rng = np.random.default_rng(filters)
    for w in ((filters, 2, 2, 3), (3, filters, 2, 3)):
        inputs = {"x": rng.normal(size=(1, w[1], 5, 40)), "w": rng.normal(size=w)}
        assert_same(everything("conv2d", inputs, {}), everything("conv2d", inputs, {}, on=False))


def test_batch_norm_keeps_its_digits_beside_a_large_mean():
    rng = np.random.default_rng(2)
    for shape in ((64, 3), (2, 3, 70, 80), (5, 2, 3, 3)):
        x = rng.normal(1e4, 1, size=shape).astype(np.float32)
        y = reference.batch_norm(x, None, None, training=True)
        axes = (0, *range(2, x.ndim))
        exact = x.astype(float) - x.astype(float).mean(axis=axes, keepdims=True)
        exact /= np.sqrt(np.square(exact).mean(axis=axes, keepdims=True) + 1e-5)
        np.testing.assert_allclose(y, exact, atol=2e-3)


def test_batch_norm_of_numbers_whose_sum_overflows():
    x = np.full((2, 1, 60, 60), 1e36, np.float32)
    x[0, 0, 0, 0] = 0
    mean = np.zeros(1, np.float32)
    _, updated, _ = reference.batch_norm(x, mean, mean + 1, training=True, momentum=1.0, return_running=True)
    np.testing.assert_allclose(updated, x.mean(dtype=float), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exponential(dtype):
    """Against extended precision: the softmax of (x, 0) is e^x / (e^x + 1)."""
    x = np.linspace(-87 if dtype == np.float32 else -707, 0, 20001).astype(dtype)
    p = reference.softmax(np.stack([x, np.zeros_like(x)], axis=1))[:, 0]
    e = np.exp(x.astype(np.longdouble))
    np.testing.assert_allclose(p, (e / (e + 1)).astype(dtype), rtol=3 * np.finfo(dtype).eps)
    low = np.array(
        [[0, -np.inf], [0, -104 if dtype == np.float32 else -746], [np.nan, 0], [np.inf, 0]], dtype
    )
    np.testing.assert_array_equal(reference.softmax(low)[:2, 1] < 1e-44, True)
    assert np.isnan(reference.softmax(low)[2:]).all()


def test_relu_gradient_of_special_values():
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 2, -2])
    dy = np.array([1, 2, np.inf, np.nan, 5, np.nan, np.nan])
    _, cache = reference.relu.forward(x)
    np.testing.assert_array_equal(reference.relu.backward(cache, dy)[0], [1, 2, 0, 0, 0, np.nan, 0])


@pytest.mark.parametrize("name", NAMES)
def test_the_switch_may_be_turned_between_forward_and_backward(name):
    case = case_of(name, next(label for n, label in CASES if n == name))
    expected = everything(name, case.inputs, case.params, on=False)
    for first in (True, False):
        use_kernels(first)
        result, cache = OPS[name].forward(**case.inputs, **case.params)
        use_kernels(not first)
        y = result[0] if isinstance(result, tuple) else result
        dy = np.asarray(np.random.default_rng(3).normal(size=np.shape(y)), y.dtype)
        gradients = OPS[name].backward(cache, dy)
        assert_same(gradients, expected[-len(gradients) :])


# --------------------------------------------------------------------------------------- fresh processes

PROGRAM = """
import json, sys
import numpy as np
import reference
from reference import OPS
results = {}
for name, label, dtype in json.loads(sys.argv[1]):
    case = next(c for c in OPS[name].cases(np.random.default_rng(11)) if c.name == label)
    inputs = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in case.inputs.items()}
    result, cache = OPS[name].forward(**inputs, **case.params)
    values = list(result if isinstance(result, tuple) else (result,))
    dy = np.asarray(np.random.default_rng(3).normal(size=np.shape(values[0])), dtype)
    values += OPS[name].backward(cache, dy)
    for i, value in enumerate(values):
        if value is not None:
            results[f"{name}/{label}/{dtype}/{i}"] = value
np.savez(sys.argv[2], **{k.replace("/", "|"): v for k, v in results.items()})
print("scipy" in sys.modules, "numba" in sys.modules)
"""


def fresh(code, *arguments, **environment):
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=FOLDER.parent,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def compare_with_fresh(tmp_path, chosen, **environment):
    target = tmp_path / "results.npz"
    words = fresh(PROGRAM, json.dumps(chosen), str(target), **environment)
    with np.load(target) as stored:
        results = dict(stored)
    assert results
    for name, label, dtype in chosen:
        case = case_of(name, label)
        expected = everything(name, floats(case.inputs, dtype), case.params)
        for i, value in enumerate(expected):
            if value is not None:
                assert_same([results[f"{name}|{label}|{dtype}|{i}"]], [np.asarray(value)])
    return words


def some(names, dtype):
    return [(name, label, dtype) for name, label in CASES if name in names]


def test_without_compiler(tmp_path):
    chosen = some(NAMES, "float64")[::3] + some(NAMES, "float32")[::7]
    assert compare_with_fresh(tmp_path, chosen, NUMBA_DISABLE_JIT="1") == ["False", "True"]


@pytest.mark.parametrize(
    ("cpu", "features"), [("generic", ""), ("haswell", "+avx,+avx2,+fma")], ids=["128 bits", "256 bits"]
)
def test_on_other_processors(tmp_path, cpu, features):
    """The code for older processors runs here, too; it has half the registers, and shorter vectors."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        pytest.skip("these are x86-64 processors")
    chosen = some(["conv2d"], "float32")
    assert compare_with_fresh(tmp_path, chosen, NUMBA_CPU_NAME=cpu, NUMBA_CPU_FEATURES=features)[0] == "False"


def test_kernels_load_no_scipy(tmp_path):
    words = compare_with_fresh(tmp_path, [(name, label, "float64") for name, label in CASES[::9]])
    assert words == ["False", "True"]


CACHED = """
import numpy as np
import reference
from reference.kernels import activations
x = np.array([1.0, -1.0])
y, cache = reference.relu.forward(x)
print(*reference.relu.backward(cache, x)[0])
stats = activations._relu_gradient.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def test_machine_code_is_kept_for_the_next_process(tmp_path):
    place = {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert fresh(CACHED, **place) == ["1.0", "0.0", "0", "1"]
    assert fresh(CACHED, **place) == ["1.0", "0.0", "1", "0"]


def test_nowhere_to_keep_machine_code(tmp_path):
    (tmp_path / "file").touch()
    assert fresh(CACHED, NUMBA_CACHE_DIR=str(tmp_path / "file" / "below"))[:2] == ["1.0", "0.0"]


def test_read_only_arrays_compile_nothing_new():
    kernels = pytest.importorskip("reference.kernels.convolution")
    case = case_of("conv2d", "groups")
    everything("conv2d", case.inputs, case.params)
    known = len(kernels._correlate.signatures)
    frozen = {k: v.copy() for k, v in case.inputs.items()}
    for value in frozen.values():
        value.flags.writeable = False
    assert_same(everything("conv2d", frozen, case.params), everything("conv2d", case.inputs, case.params))
    assert len(kernels._correlate.signatures) == known
