"""Convolutions: golden examples, rounding bounds, gradients, adjoints and what they must refuse."""

import json
from pathlib import Path

import numpy as np
import pytest

import reference
from reference import (
    OPS,
    ShapeError,
    causal_conv1d,
    conv2d,
    conv2d_true,
    correlate2d,
    locally_connected2d,
    perceptron_convolution,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
LINEAR = ["conv2d", "conv2d_true", "correlate2d", "causal_conv1d", "locally_connected2d"]
CASES = [(name, case.name) for name in LINEAR for case in OPS[name].cases(np.random.default_rng(0))]


def case_of(name, label):
    return next(c for c in OPS[name].cases(np.random.default_rng(11)) if c.name == label)


def images(rows):
    """Stand a matrix up as one image of one channel."""
    return np.array(rows, float)[None, None]


# ------------------------------------------------------------------------------------ golden examples


def both(op):
    return [op, op.definition]


@pytest.mark.parametrize("conv", both(conv2d))
def test_two_channels_two_filters(conv):
    g = GOLDEN["G-CONV-03"]
    y = conv([g["inputs"]["x"]], g["inputs"]["W"], g["inputs"]["b"])
    np.testing.assert_array_equal(y[0], g["expected"]["y"])


def test_two_channels_two_filters_backward():
    g = GOLDEN["G-CONV-04"]
    inputs, expected = g["inputs"], g["expected"]
    _, cache = conv2d.forward([inputs["x"]], inputs["W"], inputs["b"])
    dx, dw, db = conv2d.backward(cache, [inputs["dy"]])
    np.testing.assert_array_equal(dx[0], expected["dx"])
    np.testing.assert_array_equal(dw, expected["dW"])
    np.testing.assert_array_equal(db, expected["db"])


@pytest.mark.parametrize("name", ["G-CONV-08", "G-DIL-01", "G-DIL-02"])
@pytest.mark.parametrize("which", ["call", "definition"])
def test_lecture_settings(name, which):
    g = GOLDEN[name]
    op = conv2d_true if g["params"]["flip"] else conv2d
    conv = op if which == "call" else op.definition
    settings = {"stride": g["params"]["s"], "padding": g["params"]["p"], "dilation": g["params"]["d"]}
    y = conv(images(g["inputs"]["x"]), images(g["inputs"]["k"]), **settings)
    np.testing.assert_array_equal(y[0, 0], g["expected"]["y"])


def test_dilated_backward():
    g = GOLDEN["G-DIL-07"]
    _, cache = conv2d.forward(images(g["inputs"]["x"]), images(g["inputs"]["k"]), dilation=2)
    dx, dw, db = conv2d.backward(cache, images(g["inputs"]["dy"]))
    np.testing.assert_array_equal(dx[0, 0], g["expected"]["dx"])
    np.testing.assert_array_equal(dw[0, 0], g["expected"]["dk"])
    assert db is None


@pytest.mark.parametrize("which", ["call", "definition"])
def test_impulse_is_turned_by_correlation_and_copied_by_convolution(which):
    g = GOLDEN["G-CONV-05"]
    correlate = correlate2d if which == "call" else correlate2d.definition
    convolve = conv2d_true if which == "call" else conv2d_true.definition
    f, h = g["inputs"]["F"], g["inputs"]["H"]
    np.testing.assert_array_equal(correlate(f, h, padding=1), g["expected"]["corr"])
    np.testing.assert_array_equal(convolve(images(f), images(h), padding=1)[0, 0], g["expected"]["conv"])


@pytest.mark.parametrize("causal", both(causal_conv1d))
def test_causal(causal):
    g = GOLDEN["G-DIL-04"]
    y = causal(g["inputs"]["x"], g["inputs"]["w"], dilation=g["params"]["d"])
    np.testing.assert_array_equal(y, g["expected"]["y"])


def test_causal_backward():
    g = GOLDEN["G-DIL-08"]
    _, cache = causal_conv1d.forward(g["inputs"]["x"], g["inputs"]["w"], dilation=g["params"]["d"])
    dx, dw = causal_conv1d.backward(cache, g["inputs"]["dy"])
    np.testing.assert_array_equal(dx, g["expected"]["dx"])
    np.testing.assert_array_equal(dw, g["expected"]["dw"])


def unshared(name):
    g = GOLDEN[name]
    w = np.array(g["inputs"]["W"], float)[None, :, None, None, None]
    b = np.array(g["inputs"].get("b", [0, 0, 0]), float)[None, :, None]
    return g, images([g["inputs"]["x"]]), w, b


@pytest.mark.parametrize("local", both(locally_connected2d))
def test_locally_connected(local):
    g, x, w, b = unshared("G-CONV-07")
    np.testing.assert_array_equal(local(x, w, b).ravel(), g["expected"]["y"])


def test_locally_connected_backward():
    g, x, w, b = unshared("G-CONV-10")
    _, cache = locally_connected2d.forward(x, w, b)
    dx, dw, db = locally_connected2d.backward(cache, images([g["inputs"]["dy"]]))
    np.testing.assert_array_equal(dx.ravel(), g["expected"]["dx"])
    np.testing.assert_array_equal(dw.reshape(3, 2), g["expected"]["dW"])
    np.testing.assert_array_equal(db.ravel(), g["expected"]["db"])


@pytest.mark.parametrize("slide", both(perceptron_convolution))
def test_perceptron_slid_along_a_signal(slide):
    g = GOLDEN["G-CONV-06"]
    x, w, b = (g["inputs"][k] for k in ("x", "w", "b"))
    np.testing.assert_array_equal(slide(x, w, b), g["expected"]["out"])
    np.testing.assert_array_equal(correlate2d([x], [w])[0] + b, g["expected"]["a"])


@pytest.mark.parametrize("slide", both(perceptron_convolution))
def test_perceptron_at_exactly_zero_and_at_nan(slide):
    np.testing.assert_array_equal(slide([0.0, 1, 1, np.nan], [1.0, 1.0], -2.0), [0, 0, np.nan])
    np.testing.assert_array_equal(slide([0.0, 1, 1, np.nan], [1.0, 1.0], -1.5), [0, 1, np.nan])
    assert perceptron_convolution.backward is None


# ---------------------------------------------------------------------------- rounding and equalities


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "label"), CASES)
def test_within_the_rounding_of_the_definition(name, label, dtype):
    """Any order of summation stays within n*u times the sum of absolute products."""
    op, case = OPS[name], case_of(name, label)
    rounded = {k: v.astype(dtype).astype(float) for k, v in case.inputs.items()}
    exact = op.definition(**rounded, **case.params)
    size = op.definition(**{k: np.abs(v) for k, v in rounded.items()}, **case.params)
    terms = max(v.size for v in case.inputs.values()) + 2
    got = op(**{k: v.astype(dtype) for k, v in case.inputs.items()}, **case.params)
    assert got.dtype == dtype
    assert np.all(np.abs(got - exact) <= terms * np.finfo(dtype).eps * size)


@pytest.mark.parametrize("padding", [0, 2, 5])
def test_correlation_theorem(padding):
    """Correlation is multiplication by the conjugate spectrum."""
    rng = np.random.default_rng(padding)
    f, h = rng.normal(size=(13, 9)), rng.normal(size=(4, 6))
    framed = np.pad(f, padding)
    spectrum = np.fft.rfft2(framed) * np.conj(np.fft.rfft2(h, framed.shape))
    rows, columns = framed.shape[0] - 3, framed.shape[1] - 5
    expected = np.fft.irfft2(spectrum, framed.shape)[:rows, :columns]
    np.testing.assert_allclose(correlate2d(f, h, padding=padding), expected, atol=1e-12)
    y = conv2d(f[None, None], h[None, None], padding=padding)
    np.testing.assert_allclose(y[0, 0], expected, atol=1e-12)


def test_settings_reduce_to_plain_convolution():
    """Padding is np.pad, stride is subsampling, dilation is a kernel with zeros between its taps."""
    rng = np.random.default_rng(5)
    x, w, b = rng.normal(size=(2, 3, 17, 14)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    wide = np.zeros((4, 3, 5, 4))
    wide[:, :, ::2, ::3] = w
    framed = np.pad(x, ((0, 0), (0, 0), (1, 1), (3, 3)))
    expected = conv2d.definition(framed, wide, b)[:, :, ::3, ::2]
    got = conv2d(x, w, b, stride=(3, 2), padding=(1, 3), dilation=(2, 3))
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_groups_are_separate_convolutions():
    rng = np.random.default_rng(6)
    x, w, b = rng.normal(size=(2, 6, 7, 5)), rng.normal(size=(9, 2, 3, 3)), rng.normal(size=9)
    parts = [
        conv2d(x[:, 2 * g : 2 * g + 2], w[3 * g : 3 * g + 3], b[3 * g : 3 * g + 3], stride=2)
        for g in range(3)
    ]
    np.testing.assert_allclose(conv2d(x, w, b, stride=2, groups=3), np.concatenate(parts, 1), atol=1e-12)


def test_shared_weights_make_the_unshared_layer_a_convolution():
    rng = np.random.default_rng(7)
    x, w, b = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 2, 3)), rng.normal(size=4)
    own_w, own_b = np.tile(w, (4, 4, 1, 1, 1, 1)), np.tile(b, (4, 4, 1))
    y, cache = conv2d.forward(x, w, b, stride=2, padding=1)
    own_y, own_cache = locally_connected2d.forward(x, own_w, own_b, stride=2, padding=1)
    np.testing.assert_allclose(own_y, y, atol=1e-12)
    dy = rng.normal(size=y.shape)
    dx, dw, db = conv2d.backward(cache, dy)
    own_dx, own_dw, own_db = locally_connected2d.backward(own_cache, dy)
    np.testing.assert_allclose(own_dx, dx, atol=1e-12)
    np.testing.assert_allclose(own_dw.sum((0, 1)), dw, atol=1e-12)
    np.testing.assert_allclose(own_db.sum((0, 1)), db, atol=1e-12)


def test_causal_results_ignore_the_future():
    rng = np.random.default_rng(8)
    x, w = rng.normal(size=20), rng.normal(size=4)
    changed = x.copy()
    changed[11:] += 1
    before, after = causal_conv1d(x, w, dilation=3), causal_conv1d(changed, w, dilation=3)
    np.testing.assert_array_equal(before[:11], after[:11])
    assert np.all(before[11:14] != after[11:14])


def test_causal_is_a_convolution_framed_on_the_left():
    rng = np.random.default_rng(9)
    x, w = rng.normal(size=15), rng.normal(size=3)
    framed = np.concatenate([np.zeros(8), x])[None, None, None]
    expected = conv2d.definition(framed, w[None, None, None], dilation=(1, 4))
    np.testing.assert_allclose(causal_conv1d(x, w, dilation=4), expected.ravel(), atol=1e-14)


@pytest.mark.parametrize("seed", range(40))
def test_random_geometry(seed):
    """Settings nobody thought of, forward and backward against the definition."""
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(1, 4))
    stride, dilation = tuple(map(int, rng.integers(1, 5, 2))), tuple(map(int, rng.integers(1, 4, 2)))
    padding, kernel = tuple(map(int, rng.integers(0, 4, 2))), tuple(map(int, rng.integers(1, 5, 2)))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for d, k, p in zip(dilation, kernel, padding, strict=True)]
    image = tuple(int(n + rng.integers(0, 7)) for n in least)
    D, M = map(int, rng.integers(1, 4, 2))
    x = rng.normal(size=(2, D * groups, *image))
    w = rng.normal(size=(M * groups, D, *kernel))
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    y, cache = conv2d.forward(x, w, **settings)
    np.testing.assert_allclose(y, conv2d.definition(x, w, **settings), atol=1e-12)
    dy = rng.normal(size=y.shape)
    dx, dw, _ = conv2d.backward(cache, dy)
    other_x, other_w = rng.normal(size=x.shape), rng.normal(size=w.shape)
    np.testing.assert_allclose(np.sum(conv2d(other_x, w, **settings) * dy), np.sum(other_x * dx), atol=1e-10)
    np.testing.assert_allclose(np.sum(conv2d(x, other_w, **settings) * dy), np.sum(other_w * dw), atol=1e-10)


# ------------------------------------------------------------------------------------------ gradients


@pytest.mark.parametrize(("name", "label"), CASES)
def test_gradient_of_every_entry(name, label):
    """These ops are linear in each array alone, so a central difference with h = 1 is exact to rounding."""
    op, case = OPS[name], case_of(name, label)
    y, cache = op.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(23).normal(size=y.shape)
    gradients = dict(zip(["x", "w", "b"] if name != "correlate2d" else ["f", "h"], op.backward(cache, dy)))
    for key, value in case.inputs.items():
        for i in np.ndindex(value.shape):
            up, down = value.copy(), value.copy()
            up[i] += 1
            down[i] -= 1
            rise = op(**{**case.inputs, key: up}, **case.params) - op(
                **{**case.inputs, key: down}, **case.params
            )
            np.testing.assert_allclose(gradients[key][i], np.sum(rise * dy) / 2, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("name", "label"), CASES)
def test_backward_in_single_precision(name, label):
    op, case = OPS[name], case_of(name, label)
    single = {k: v.astype(np.float32) for k, v in case.inputs.items()}
    y, cache = op.forward(**single, **case.params)
    dy = np.random.default_rng(29).normal(size=y.shape).astype(np.float32)
    exact = op.backward(
        op.forward(**{k: v.astype(float) for k, v in single.items()}, **case.params)[1], dy.astype(float)
    )
    for got, expected in zip(op.backward(cache, dy), exact, strict=True):
        if expected is not None:
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_backward_accepts_any_layout_of_the_upstream_gradient():
    case = case_of("conv2d", "padding, stride and dilation")
    y, cache = conv2d.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(31).normal(size=y.shape)
    for other in (np.asfortranarray(dy), np.repeat(dy, 2, axis=3)[..., ::2], dy[::-1][::-1]):
        for a, b in zip(conv2d.backward(cache, dy), conv2d.backward(cache, other), strict=True):
            np.testing.assert_array_equal(a, b)


def test_several_backward_passes_share_one_cache():
    """Gradients of a sum are sums of gradients: nothing in the cache is used up or changed."""
    case = case_of("conv2d", "groups")
    y, cache = conv2d.forward(**case.inputs, **case.params)
    one, two = np.random.default_rng(37).normal(size=(2, *y.shape))
    sums = [a + b for a, b in zip(conv2d.backward(cache, one), conv2d.backward(cache, two), strict=True)]
    for got, expected in zip(conv2d.backward(cache, one + two), sums, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)


def test_nan_reaches_exactly_what_reads_it():
    x, w = np.ones((1, 1, 5, 5)), np.ones((2, 1, 2, 2))
    x[0, 0, 2, 2] = np.nan
    y, cache = conv2d.forward(x, w)
    touched = np.zeros((4, 4), bool)
    touched[1:3, 1:3] = True
    np.testing.assert_array_equal(np.isnan(y[0, 0]), touched)
    dy = np.zeros_like(y)
    dy[0, 1, 0, 0] = np.nan
    dx, dw, _ = conv2d.backward(conv2d.forward(np.ones((1, 1, 5, 5)), w)[1], dy)
    np.testing.assert_array_equal(np.argwhere(np.isnan(dx[0, 0])), [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert np.isnan(dw[1]).all()
    assert not np.isnan(dw[0]).any()
    assert cache.shape == y.shape


# -------------------------------------------------------------------------------------------- refusals

X, W = np.ones((2, 4, 6, 5)), np.ones((6, 4, 3, 3))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w": np.ones((6, 3, 3, 3))}, "w has D = 3 channels per filter, but x has C = 4"),
        ({"w": np.ones((6, 1, 3, 3))}, "w has D = 1 channels"),
        ({"groups": 2}, "w has D = 4 channels per filter, but x has C = 4 channels in 2 group"),
        ({"groups": 4, "w": np.ones((6, 1, 3, 3))}, "6 filters do not divide into 4 groups"),
        ({"w": np.ones((6, 4, 7, 3))}, "the kernel spans 7 rows, but the padded input has 6"),
        ({"w": np.ones((6, 4, 3, 6))}, "the kernel spans 6 columns, but the padded input has 5"),
        ({"dilation": 3}, "the kernel spans 7 rows"),
        ({"dilation": (1, 3), "padding": (5, 0)}, "the kernel spans 7 columns"),
        ({"stride": 10**25}, "stride, dilation and padded input are limited"),
        ({"padding": 10**25}, "stride, dilation and padded input are limited"),
        ({"dilation": 10**25, "w": np.ones((6, 4, 1, 1))}, "stride, dilation and padded input are limited"),
        ({"b": np.ones(5)}, "b has F = 5, but w has F = 6"),
        ({"b": np.ones((6, 1))}, "b has 2 axes, expected 1"),
        ({"b": 1.0}, "b has 0 axes, expected 1"),
        ({"x": X[0]}, "x has 3 axes, expected 4"),
        ({"stride": 0}, "stride must be at least 1"),
        ({"stride": (1, -1)}, r"stride\[1\] must be at least 1"),
        ({"padding": -1}, "padding must be at least 0"),
        ({"padding": "same"}, "padding must be a whole number, not 'same'"),
        ({"groups": 0}, "groups must be at least 1"),
        ({"stride": 1.0}, "stride must be a whole number, not 1.0"),
    ],
)
@pytest.mark.parametrize("op", [conv2d, conv2d_true], ids=["conv2d", "conv2d_true"])
@pytest.mark.parametrize("way", ["__call__", "forward", "definition"])
def test_refusals(op, way, changes, message):
    with pytest.raises(ValueError, match=rf"^{op.name}: {message}"):
        getattr(op, way)(**{"x": X, "w": W, **changes})


def test_advice_on_padding_is_enough():
    x, w = np.ones((1, 1, 4, 4)), np.ones((1, 1, 4, 4))
    with pytest.raises(ShapeError, match="padding of at least 2") as caught:
        conv2d(x, w, dilation=2, padding=1)
    assert "x (1, 1, 4, 4) float64" in str(caught.value)
    assert conv2d(x, w, dilation=2, padding=2).shape == (1, 1, 2, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: correlate2d(np.ones((2, 2)), np.ones((3, 1))), "correlate2d: the kernel spans 3 rows"),
        (
            lambda: causal_conv1d(np.ones(3), np.ones(2), dilation=0),
            "causal_conv1d: dilation must be at least 1",
        ),
        (lambda: causal_conv1d(np.ones(3), np.ones((2, 1))), "causal_conv1d: w has 2 axes"),
        (
            lambda: locally_connected2d(np.ones((1, 1, 4, 4)), np.ones((3, 2, 1, 1, 2, 2))),
            "locally_connected2d: w has weights for 3 x 2 positions, but the window has 3 x 3",
        ),
        (
            lambda: locally_connected2d(np.ones((1, 2, 4, 4)), np.ones((3, 3, 1, 1, 2, 2))),
            "locally_connected2d: w has C = 1, but x has C = 2",
        ),
        (
            lambda: perceptron_convolution(np.ones(2), np.ones(3), 0.0),
            "perceptron_convolution: w has 3 weights, but x only 2 samples",
        ),
        (
            lambda: perceptron_convolution(np.ones(2), np.ones(1), [0.0]),
            "perceptron_convolution: b has 1 axis, expected 0",
        ),
    ],
)
def test_refusals_of_the_others(call, message):
    with pytest.raises(ShapeError, match=message):
        call()


@pytest.mark.parametrize("delay", [10**6, 10**30])
def test_a_delay_beyond_the_signal_reads_nothing(delay):
    x = np.arange(1.0, 4)
    np.testing.assert_array_equal(causal_conv1d(x, [5.0, 2.0], dilation=delay), 2 * x)
    _, cache = causal_conv1d.forward(x, [5.0, 2.0], dilation=delay)
    dx, dw = causal_conv1d.backward(cache, np.ones(3))
    np.testing.assert_array_equal(dx, [2, 2, 2])
    np.testing.assert_array_equal(dw, [0, 6])


def test_package_exports_them():
    assert {"conv2d", "conv2d_true", "correlate2d", "causal_conv1d", "locally_connected2d"} <= set(
        dir(reference)
    )
