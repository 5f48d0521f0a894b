"""Pooling, unpooling and upsampling: golden examples, ties, borders, gradients, adjoints, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference import (
    OPS,
    InputError,
    ShapeError,
    avg_pool2d,
    bed_of_nails2d,
    global_avg_pool2d,
    max_pool2d,
    max_unpool2d,
    pool_output_size,
    row_column,
    upsample_nearest2d,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
NAMES = [
    "max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "max_unpool2d",
    "upsample_nearest2d",
    "bed_of_nails2d",
]
CASES = [(name, case.name) for name in NAMES for case in OPS[name].cases(np.random.default_rng(0))]
FLOATS = st.floats(-100, 100, width=32)


def case_of(name, label):
    return next(c for c in OPS[name].cases(np.random.default_rng(5)) if c.name == label)


def image(rows):
    """Stand a matrix up as one image of one channel."""
    return np.array(rows, float)[None, None]


def first(result):
    return result[0] if isinstance(result, tuple) else result


def numeric_gradient(f, x, dy, h=1e-3):
    """Difference every entry; exact for pieces of straight lines as long as h crosses no kink."""
    x, g = x.copy(), np.empty(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = np.sum(f(x) * dy)
        x[i] = kept - h
        g[i] = (above - np.sum(f(x) * dy)) / (2 * h)
        x[i] = kept
    return g


# -------------------------------------------------------------------------------------- every case


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize(("name", "label"), CASES)
def test_fast_way_equals_the_definition(name, label, order, dtype):
    case = case_of(name, label)
    x = case.inputs["x"].astype(dtype)
    if order == "strided":
        wide = np.zeros(tuple(2 * n for n in x.shape), dtype)
        wide[::2, ::2, ::2, ::2] = x
        x = wide[::2, ::2, ::2, ::2]
    else:
        x = np.array(x, order=order)
    inputs = {**case.inputs, "x": x}
    before = x.copy()
    got, expected = OPS[name](**inputs, **case.params), OPS[name].definition(**inputs, **case.params)
    if isinstance(got, tuple):
        np.testing.assert_array_equal(got[1], expected[1])
    assert first(got).dtype == dtype
    tolerance = 2e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(first(got), first(expected), rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradient_of_every_entry(name, label):
    case = case_of(name, label)
    op, x, rest = OPS[name], case.inputs["x"], {k: v for k, v in case.inputs.items() if k != "x"}
    y, cache = op.forward(x, **rest, **case.params)
    dy = np.random.default_rng(1).normal(size=first(y).shape)
    (dx,) = op.backward(cache, dy)
    expected = numeric_gradient(lambda v: first(op(v, **rest, **case.params)), x, dy)
    np.testing.assert_allclose(dx, expected, rtol=1e-9, atol=1e-9)


# ------------------------------------------------------------------------------------ golden examples


@pytest.mark.parametrize("pool", [max_pool2d, max_pool2d.definition])
def test_slide_with_eight_rows(pool):
    g = GOLDEN["G-POOL-01"]
    y = pool(image(g["inputs"]["x"]), g["params"]["k"], g["params"]["s"])
    np.testing.assert_array_equal(y[0, 0], g["expected"]["y"])


@pytest.mark.parametrize("pool", [avg_pool2d, avg_pool2d.definition])
def test_slide_with_means(pool):
    g = GOLDEN["G-POOL-02"]
    y = pool(image(g["inputs"]["x"]), 2)[0, 0]
    np.testing.assert_array_equal(y, g["expected"]["y_exact"])
    np.testing.assert_array_equal(np.round(y), g["expected"]["y_slide"])


def test_other_settings():
    g = GOLDEN["G-POOL-03"]
    for settings_, expected in zip(g["params"]["settings"], g["expected"]["y"], strict=True):
        y = max_pool2d(image(g["inputs"]["x"]), settings_["k"], settings_["s"])
        np.testing.assert_array_equal(y[0, 0], expected)


@pytest.mark.parametrize("which", ["call", "definition"])
def test_unpooling_example(which):
    pool, unpool = (getattr(op, which, op) for op in (max_pool2d, max_unpool2d))
    g = GOLDEN["G-POOL-04"]
    y, indices = pool(image(g["inputs"]["x_pooled_from"]), 2, return_indices=True)
    np.testing.assert_array_equal(y[0, 0], g["expected"]["pooled"])
    np.testing.assert_array_equal(row_column(indices, 4)[0, 0], g["expected"]["argmax_rc"])
    np.testing.assert_array_equal(unpool(image(g["inputs"]["z"]), indices, 2)[0, 0], g["expected"]["y"])


@pytest.mark.parametrize("name", ["G-POOL-05", "G-POOL-06", "G-POOL-07"])
def test_backward_of_max(name):
    """Routed to the winner, added up where windows share it, to the first of equals."""
    g = GOLDEN[name]
    _, cache = max_pool2d.forward(image(g["inputs"]["x"]), g["params"]["k"], g["params"]["s"])
    np.testing.assert_array_equal(
        max_pool2d.backward(cache, image(g["inputs"]["dy"]))[0][0, 0], g["expected"]["dx"]
    )


def test_backward_of_mean():
    g = GOLDEN["G-POOL-08"]
    _, cache = avg_pool2d.forward(np.zeros((1, 1, g["params"]["h"], g["params"]["w"])), 2)
    np.testing.assert_array_equal(
        avg_pool2d.backward(cache, image(g["inputs"]["dy"]))[0][0, 0], g["expected"]["dx"]
    )


def test_depth_is_untouched():
    g = GOLDEN["G-POOL-09"]
    h, w, c = g["inputs"]["hwc"]
    y = max_pool2d(np.zeros((1, c, h, w), np.float32), g["params"]["k"], g["params"]["s"])
    assert y.shape == (1, g["expected"]["hwc"][2], *g["expected"]["hwc"][:2])


# ------------------------------------------------------------------------------------ ties and borders


@pytest.mark.parametrize("pool", [max_pool2d, max_pool2d.definition])
def test_first_of_equals_in_row_major_order(pool):
    _, indices = pool(image([[1, 3, 0], [3, 3, 3], [3, 0, 3]]), 2, 1, return_indices=True)
    np.testing.assert_array_equal(indices[0, 0], [[1, 1], [3, 4]])


@pytest.mark.parametrize("pool", [max_pool2d, max_pool2d.definition])
@pytest.mark.parametrize("value", [-5.0, -np.inf])
def test_padding_never_wins(pool, value):
    y, indices = pool(np.full((1, 1, 3, 3), value), 3, 2, padding=1, return_indices=True)
    assert (y == value).all()
    np.testing.assert_array_equal(indices[0, 0], [[0, 1], [3, 4]])


@pytest.mark.parametrize("pool", [max_pool2d, max_pool2d.definition])
def test_first_nan_wins(pool):
    y, indices = pool(image([[9, np.nan], [np.nan, np.inf]]), 2, return_indices=True)
    assert np.isnan(y).all()
    assert indices.item() == 1
    assert pool(image([[9, -np.inf], [np.inf, 3]]), 2).item() == np.inf


def test_nan_stays_in_its_window():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, 0, 0] = np.nan
    for pool, clean in ((max_pool2d, [[7], [13, 15]]), (avg_pool2d, [[4.5], [10.5, 12.5]])):
        y = pool(x, 2)[0, 0]
        assert np.isnan(y[0, 0])
        np.testing.assert_array_equal(y[0, 1:], clean[0])
        np.testing.assert_array_equal(y[1], clean[1])


def test_gradient_of_a_tie_goes_to_one_entry_only():
    _, cache = max_pool2d.forward(np.zeros((1, 1, 3, 3)), 2, 1)
    (dx,) = max_pool2d.backward(cache, image([[1, 2], [4, 8]]))
    np.testing.assert_array_equal(dx[0, 0], [[1, 2, 0], [4, 8, 0], [0, 0, 0]])


def test_divisors_of_the_mean():
    """By hand on ones: 4 of 9 entries in a corner; what sticks out behind the padding never counts."""
    ones = np.ones((1, 1, 4, 4))
    corner = avg_pool2d(ones, 3, 2, 1)[0, 0]
    np.testing.assert_allclose(corner, [[4 / 9, 6 / 9], [6 / 9, 1]], rtol=1e-15)
    np.testing.assert_array_equal(avg_pool2d(ones, 3, 2, 1, count_include_pad=False), np.ones((1, 1, 2, 2)))
    ceil = avg_pool2d(ones, 3, 2, 1, ceil_mode=True)[
        0, 0
    ]  # windows start at -1, 1, 3: the last reads one entry
    np.testing.assert_allclose(ceil[2], [2 * 1 / 6, 3 * 1 / 6, 1 / 4], rtol=1e-15)
    assert (avg_pool2d(ones, 3, 2, 1, ceil_mode=True, count_include_pad=False) == 1).all()


def test_global_mean_is_one_window():
    x = np.random.default_rng(2).normal(size=(2, 3, 4, 5))
    np.testing.assert_allclose(global_avg_pool2d(x), avg_pool2d(x, (4, 5))[:, :, 0, 0], rtol=1e-14)


def test_results_are_fresh_arrays():
    x = np.random.default_rng(2).normal(size=(1, 1, 4, 4))
    (y, indices), cache = max_pool2d.forward(x, 2, return_indices=True)
    before = max_pool2d.backward(cache, np.ones(y.shape))[0]
    indices[...] = 0
    y[...] = 0
    np.testing.assert_array_equal(max_pool2d.backward(cache, np.ones(y.shape))[0], before)
    for op in (upsample_nearest2d, bed_of_nails2d):
        assert not np.shares_memory(op(x, 1), x)


# ------------------------------------------------------------------------------------------ adjoints


def test_without_overlap_unpooling_is_the_backward_pass():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 3, 6, 8))
    (y, indices), cache = max_pool2d.forward(x, 2, return_indices=True)
    dy = rng.normal(size=y.shape)
    np.testing.assert_array_equal(max_pool2d.backward(cache, dy)[0], max_unpool2d(dy, indices, 2))
    np.testing.assert_array_equal(max_pool2d(max_unpool2d(np.abs(y), indices, 2), 2), np.abs(y))


LINEAR = [(name, label) for name, label in CASES if name != "max_pool2d"]


@pytest.mark.parametrize(("name", "label"), LINEAR)
def test_backward_is_the_adjoint(name, label):
    case = case_of(name, label)
    rng = np.random.default_rng(4)
    y, cache = OPS[name].forward(**case.inputs, **case.params)
    v = rng.normal(size=y.shape)
    (dx,) = OPS[name].backward(cache, v)
    np.testing.assert_allclose(np.sum(y * v), np.sum(case.inputs["x"] * dx), rtol=1e-11, atol=1e-12)


# -------------------------------------------------------------------------------------- any setting


@st.composite
def pooled(draw):
    """An image and settings of a window that fits; few distinct values, so that ties are common."""
    shape = draw(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 7), st.integers(1, 7)))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride = draw(st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = draw(st.tuples(st.integers(0, kernel[0] // 2), st.integers(0, kernel[1] // 2)))
    values = np.random.default_rng(draw(st.integers(0, 1000))).integers(-3, 4, size=shape).astype(float)
    return values, {
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
        "ceil_mode": draw(st.booleans()),
    }


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(pooled(), st.integers(1, 3))
def test_any_window(sample, dilation):
    x, how = sample
    for op, more in ((max_pool2d, {"dilation": dilation, "return_indices": True}), (avg_pool2d, {})):
        try:
            expected = op.definition(x, **how, **more)
        except ShapeError:
            with pytest.raises(ShapeError):
                op(x, **how, **more)
            continue
        got = op(x, **how, **more)
        np.testing.assert_allclose(first(got), first(expected), rtol=1e-14, atol=1e-14)
        if op is max_pool2d:
            np.testing.assert_array_equal(got[1], expected[1])
            flat = x.reshape(*x.shape[:2], -1)
            found = np.take_along_axis(flat, got[1].reshape(*x.shape[:2], -1), axis=2)
            np.testing.assert_array_equal(found, first(got).reshape(found.shape))


@settings(derandomize=True, max_examples=40, deadline=None, database=None)
@given(pooled())
def test_sizes_are_those_of_the_arithmetic(sample):
    x, how = sample
    k, s, p = how["kernel_size"], how["stride"] or how["kernel_size"], how["padding"]
    assume(all(n + 2 * q >= m for n, m, q in zip(x.shape[2:], k, p, strict=True)))
    expected = tuple(
        pool_output_size(n, k[i], s[i], p[i], ceil_mode=how["ceil_mode"]).size
        for i, n in enumerate(x.shape[2:])
    )
    assert max_pool2d(x, **how).shape[2:] == avg_pool2d(x, **how).shape[2:] == expected


# -------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kernel_size": 5}, "spans 5"),
        ({"kernel_size": 0}, "kernel_size"),
        ({"kernel_size": 2.0}, "kernel_size"),
        ({"kernel_size": None}, "kernel_size"),
        ({"kernel_size": (2, 2, 2)}, "kernel_size"),
        ({"stride": 0}, "stride"),
        ({"stride": -1}, "stride"),
        ({"padding": 2}, "padding = 2 is more than half"),
        ({"padding": -1}, "padding"),
        ({"ceil_mode": "yes"}, "ceil_mode"),
        ({"ceil_mode": None}, "ceil_mode"),
    ],
)
@pytest.mark.parametrize("op", [max_pool2d, avg_pool2d], ids=lambda op: op.name)
@pytest.mark.parametrize("which", ["call", "definition"])
def test_bad_windows_are_refused(op, which, change, word):
    with pytest.raises(InputError, match=f"(?s)^{op.name}: .*{word}") as caught:
        getattr(op, which, op)(**{"x": np.ones((1, 1, 4, 4)), "kernel_size": 2, **change})
    assert op.shapes in str(caught.value)


def test_flags_of_one_op_only():
    x = np.ones((1, 1, 4, 4))
    for op, name in ((max_pool2d, "return_indices"), (avg_pool2d, "count_include_pad")):
        for bad in (1, "no", None, [True]):
            with pytest.raises(InputError, match=name):
                op(x, 2, **{name: bad})
    with pytest.raises(InputError, match="dilation"):
        max_pool2d(x, 2, dilation=0)


def test_window_on_padding_alone_has_no_maximum():
    with pytest.raises(ShapeError, match="output column 0 reads padding only"):
        max_pool2d(np.ones((1, 1, 5, 2)), 2, padding=1, dilation=3)
