"""Transposed convolution: golden examples, the adjoint identity, gradients, sizes and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    InputError,
    ShapeError,
    bed_of_nails2d,
    conv2d,
    conv_output_size,
    conv_transpose2d,
    conv_transpose2d_by_conv,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
LABELS = [case.name for case in conv_transpose2d.cases(np.random.default_rng(0))]
WAYS = {
    "call": conv_transpose2d,
    "definition": conv_transpose2d.definition,
    "by convolution": conv_transpose2d_by_conv,
}
any_way = pytest.mark.parametrize("transpose", WAYS.values(), ids=WAYS.keys())


def case_of(label):
    return next(c for c in conv_transpose2d.cases(np.random.default_rng(5)) if c.name == label)


def image(rows):
    """Stand a matrix up as one image of one channel."""
    return np.array(rows, float)[None, None]


# -------------------------------------------------------------------------------------- every case


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("label", LABELS)
def test_three_ways_agree(label, order, dtype):
    case = case_of(label)
    inputs = {k: np.array(v, dtype, order=order) for k, v in case.inputs.items()}
    before = {k: v.copy() for k, v in inputs.items()}
    results = [way(**inputs, **case.params) for way in WAYS.values()]
    bound = WAYS["definition"](**{k: np.abs(v) for k, v in inputs.items()}, **case.params)
    # No order of summation strays further than a few roundings of the sum of magnitudes.
    allowed = 16 * np.finfo(dtype).eps * bound
    for result in results:
        assert result.dtype == dtype
        assert (np.abs(result - results[1]) <= allowed).all()
    for k, v in inputs.items():
        np.testing.assert_array_equal(v, before[k])


@pytest.mark.parametrize("op", [conv_transpose2d, conv_transpose2d_by_conv], ids=lambda op: op.name)
@pytest.mark.parametrize("label", LABELS)
def test_gradient_of_every_entry(op, label):
    """The result is linear in each argument: a central difference with step 1 is exact to rounding."""
    case = case_of(label)
    y, cache = op.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(1).normal(size=y.shape)
    gradients = dict(zip("xwb", op.backward(cache, dy), strict=True))
    assert (gradients["b"] is None) == ("b" not in case.inputs)
    for name, value in case.inputs.items():
        for i in np.ndindex(value.shape):
            above, below = value.copy(), value.copy()
            above[i] += 1
            below[i] -= 1
            up, down = (op(**{**case.inputs, name: v}, **case.params) for v in (above, below))
            assert gradients[name][i] == pytest.approx(np.sum((up - down) * dy) / 2, rel=1e-10, abs=1e-11)


@pytest.mark.parametrize("label", LABELS)
def test_is_the_adjoint_of_the_convolution(label):
    """sum of conv2d(v, w) * x = sum of v * conv_transpose2d(x, w), cut where output padding gave room."""
    case = case_of(label)
    x, w = case.inputs["x"], case.inputs["w"]
    y = conv_transpose2d(x, w, **case.params)
    v = np.random.default_rng(2).normal(size=y.shape)
    settings_ = {k: case.params[k] for k in ("stride", "padding", "dilation", "groups") if k in case.params}
    back = conv2d(v, w, **settings_)[:, :, : x.shape[2], : x.shape[3]]
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(back * x), np.sum(v * y), rtol=1e-12, atol=1e-12)


def test_is_the_backward_pass_of_the_convolution():
    rng = np.random.default_rng(3)
    x, w, dy = rng.normal(size=(2, 4, 9, 8)), rng.normal(size=(6, 2, 3, 3)), rng.normal(size=(2, 6, 5, 4))
    y, cache = conv2d.forward(x, w, stride=2, padding=1, groups=2)
    assert y.shape == dy.shape
    got = conv_transpose2d(dy, w, stride=2, padding=1, groups=2, output_padding=(0, 1))
    np.testing.assert_allclose(got, conv2d.backward(cache, dy)[0], rtol=1e-12, atol=1e-13)


# ------------------------------------------------------------------------------------ golden examples


@any_way
@pytest.mark.parametrize("name", ["G-TCONV-01", "G-TCONV-02", "G-TCONV-03", "G-TCONV-04"])
def test_examples(name, transpose):
    g = GOLDEN[name]
    y = transpose(
        image(g["inputs"]["x"]), image(g["inputs"]["k"]), stride=g["params"]["s"], padding=g["params"]["p"]
    )
    np.testing.assert_array_equal(y[0, 0], g["expected"]["y"])


@any_way
def test_size_is_restored_but_ambiguous(transpose):
    g = GOLDEN["G-TCONV-05"]
    k, s = g["params"]["k"], g["params"]["s"]
    n = g["inputs"]["n"]
    assert [conv_output_size(size, k, s).size for size in n] == g["expected"]["conv_out"]
    x, w = np.ones((1, 1, 2, 2)), np.ones((1, 1, k, k))
    assert list(transpose(x, w, stride=s).shape[2:]) == g["expected"]["tconv_out"]
    wider = transpose(x, w, stride=s, output_padding=1)
    assert wider.shape[2:] == (n[1], n[1])
    assert not wider[0, 0, -1].any()
    assert not wider[0, 0, :, -1].any()


@any_way
def test_adjoint_but_no_inverse(transpose):
    g = GOLDEN["G-TCONV-06"]
    x, y, k = (image(g["inputs"][name]) for name in "xyk")
    seen = conv2d(x, k)
    np.testing.assert_array_equal(seen[0, 0], g["expected"]["conv"])
    assert np.sum(seen * y) == g["expected"]["lhs"]
    assert np.sum(x * transpose(y, k)) == g["expected"]["rhs"]
    assert not np.array_equal(transpose(seen, k), x)


@pytest.mark.parametrize("op", [conv_transpose2d, conv_transpose2d_by_conv], ids=lambda op: op.name)
def test_backward_example(op):
    g = GOLDEN["G-TCONV-07"]
    y, cache = op.forward(image(g["inputs"]["x"]), image(g["inputs"]["k"]))
    np.testing.assert_array_equal(y[0, 0], g["expected"]["y"])
    dx, dw, db = op.backward(cache, image(g["inputs"]["dy"]))
    np.testing.assert_array_equal(dx[0, 0], g["expected"]["dx"])
    np.testing.assert_array_equal(dw[0, 0], g["expected"]["dk"])
    assert db is None


@any_way
def test_channels_by_hand(transpose):
    """Two channels onto three maps: w[c, f] says how much of channel c goes into map f."""
    x = np.array([[[[2.0]], [[10.0]]]])
    w = np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(2, 3, 1, 1)
    np.testing.assert_array_equal(transpose(x, w, [0.5, 0, -1]).ravel(), [42.5, 54, 65])
    groups = transpose(x, w[:, :2], [0.0, 0, 0, 7], groups=2)
    np.testing.assert_array_equal(groups.ravel(), [2, 4, 40, 57])


@any_way
def test_one_nail_is_upsampling(transpose):
    x = np.random.default_rng(4).normal(size=(2, 1, 3, 4))
    nail = np.zeros((1, 1, 2, 3))
    nail[0, 0, 0, 0] = 1
    np.testing.assert_array_equal(transpose(x, nail, stride=(2, 3)), bed_of_nails2d(x, (2, 3)))


@any_way
def test_nan_and_inf_stay_under_their_stamp(transpose):
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 0, 0], x[0, 0, 2, 2] = np.nan, np.inf
    y = transpose(x, np.ones((1, 1, 2, 2)), stride=2)[0, 0]
    assert np.isnan(y[:2, :2]).all()
    assert np.isinf(y[4:, 4:]).all()
    assert np.isfinite(y).sum() == 36 - 8


# -------------------------------------------------------------------------------------- any setting


@st.composite
def layers(draw):
    pairs = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    groups, (n, d), maps = draw(st.integers(1, 2)), draw(pairs(1, 2)), draw(st.integers(1, 2))
    size, kernel = draw(pairs(1, 4)), draw(pairs(1, 3))
    how = {
        "stride": draw(pairs(1, 3)),
        "padding": draw(pairs(0, 2)),
        "output_padding": draw(pairs(0, 2)),
        "dilation": draw(pairs(1, 3)),
        "groups": groups,
    }
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x, w = rng.integers(-3, 4, (n, d * groups, *size)), rng.integers(-3, 4, (d * groups, maps, *kernel))
    return x.astype(float), w.astype(float), how


@settings(derandomize=True, max_examples=80, deadline=None, database=None)
@given(layers())
def test_any_setting(sample):
    """Whole numbers, so that all three ways must agree exactly, also about what they refuse."""
    x, w, how = sample
    try:
        expected = conv_transpose2d.definition(x, w, **how)
    except ShapeError:
        for op in (conv_transpose2d, conv_transpose2d_by_conv):
            with pytest.raises(ShapeError, match=r"output_padding|cuts everything away"):
                op(x, w, **how)
        return
    for op in (conv_transpose2d, conv_transpose2d_by_conv):
        np.testing.assert_array_equal(op(x, w, **how), expected)
    for i in (0, 1):
        span = how["dilation"][i] * (w.shape[2 + i] - 1) + 1
        size = (
            (x.shape[2 + i] - 1) * how["stride"][i] - 2 * how["padding"][i] + span + how["output_padding"][i]
        )
        assert expected.shape[2 + i] == size


# -------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"w": np.ones((3, 1, 2, 2))}, "w has C = 3, but x has C = 2"),
        ({"b": np.ones(3)}, "b has F = 3, but w makes 1 maps"),
        ({"groups": 3}, "2 channels do not divide into 3 groups"),
        ({"groups": 0}, "groups"),
        ({"stride": 0}, "stride"),
        ({"stride": 1.5}, "stride"),
        ({"padding": -1}, "padding"),
        ({"padding": 3}, "cuts everything away"),
        ({"dilation": 0}, "dilation"),
        ({"output_padding": 1}, "output_padding = 1 is not below"),
        ({"output_padding": -1}, "output_padding"),
        ({"output_padding": (0, 2), "stride": 2}, "output_padding = 2 is not below"),
        ({"x": np.ones((2, 2, 2))}, "x has 3 axes"),
        ({"w": np.ones((2, 1, 2))}, "w has 3 axes"),
    ],
)
@any_way
def test_bad_input_is_refused(transpose, change, word):
    with pytest.raises(InputError, match=f"(?s)^conv_transpose2d.*{word}") as caught:
        transpose(**{"x": np.ones((1, 2, 3, 3)), "w": np.ones((2, 1, 2, 2)), **change})
    assert conv_transpose2d.shapes in str(caught.value)
