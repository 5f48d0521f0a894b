"""Adjoint identities: the sum of f(x) * y is the sum of x * f'(y), for every op that is linear in an array.

They need no numeric differentiation, hold to rounding and see every entry at once. f' is the op's own backward
pass, and where the course has a layer for it, that layer.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from reference import OPS
from reference.op import parse_shapes

LINEAR = {
    "augment": ("x",),
    "average_probabilities": ("probabilities",),
    "avg_pool2d": ("x",),
    "bed_of_nails2d": ("x",),
    "causal_conv1d": ("x", "w"),
    "chain_rule_1d": ("dh", "jacobian"),
    "chain_rule_2d": ("dh", "jacobian"),
    "chain_rule_3d": ("dh", "jacobian"),
    "conv2d": ("x", "w"),
    "conv2d_true": ("x", "w"),
    "conv_transpose2d": ("x", "w"),
    "conv_transpose2d_by_conv": ("x", "w"),
    "correlate2d": ("f", "h"),
    "dropout": ("x",),
    "flatten": ("x",),
    "global_avg_pool2d": ("x",),
    "linear": ("x", "w"),
    "locally_connected2d": ("x", "w"),
    "max_unpool2d": ("x",),
    "mean_subtraction": ("x",),
    "upsample_nearest2d": ("x",),
}
"""Ops and the arrays in which they are linear when all others are held fixed and b is left out."""

NOT_LINEAR = {
    "batch_norm", "binary_cross_entropy", "cross_entropy", "graph_values", "half_squared_error", "hinge",
    "l2_penalty", "leaky_relu", "log_softmax", "logistic_regression", "max_pool2d", "mazur_error", "relu",
    "residual", "running_average", "sigmoid", "sigmoid_circuit", "softmax", "squared_error",
    "standardize_apply", "tanh", "two_layer_network", "weight_decay",
}  # fmt: skip
"""Ops with a gradient that bend, choose or add something: the other tests are for them."""

PAIRS = [
    (name, argument, case.name)
    for name, arguments in LINEAR.items()
    for argument in arguments
    for case in OPS[name].cases(np.random.default_rng(0))
]
PATIENT = settings(derandomize=True, max_examples=25, deadline=None, database=None)


def first(result):
    return result[0] if isinstance(result, tuple) else result


def agree(left, right, *sizes):
    """Compare two sums to the rounding of as many terms of that size."""
    size = sum(np.sum(np.abs(s)) for s in sizes)
    assert abs(left - right) <= 1e-13 * max(size, 1)


def test_every_op_with_a_gradient_is_sorted():
    with_gradient = {name for name, op in OPS.items() if op.backward is not None}
    assert with_gradient == set(LINEAR) | NOT_LINEAR
    assert not set(LINEAR) & NOT_LINEAR


@pytest.mark.parametrize(("name", "argument", "label"), PAIRS)
def test_backward_is_the_adjoint(name, argument, label):
    op = OPS[name]
    case = next(c for c in op.cases(np.random.default_rng(41)) if c.name == label)
    inputs = {k: v for k, v in case.inputs.items() if k != "b"}
    result, cache = op.forward(**inputs, **case.params)
    y = first(result)
    dy = np.random.default_rng(43).normal(size=y.shape)
    floats = [a.name for a in parse_shapes(op.shapes)[0] if a.axes is not None and a.kind == "float"]
    dx = dict(zip(floats, op.backward(cache, dy), strict=True))[argument]
    agree(np.sum(y * dy), np.sum(inputs[argument] * dx), y * dy, inputs[argument] * dx)
    # The identity also holds for an argument other than the one that was differentiated at.
    other = np.random.default_rng(47).normal(size=inputs[argument].shape)
    z = first(op(**{**inputs, argument: other}, **case.params))
    agree(np.sum(z * dy), np.sum(other * dx), z * dy, other * dx)


# ------------------------------------------------------------------------------- layer against layer


@st.composite
def geometries(draw):
    """Stride, padding, dilation and groups, and shapes of x and w on which they fit."""
    axes = [
        (draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(0, 3)), draw(st.integers(1, 3)))
        for _ in "rc"
    ]
    spans = [d * (k - 1) + 1 for k, _, _, d in axes]
    image = [
        max(1, span - 2 * p) + draw(st.integers(0, 6)) for span, (_, _, p, _) in zip(spans, axes, strict=True)
    ]
    groups = draw(st.integers(1, 3))
    depth, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = (draw(st.integers(1, 3)), depth * groups, *image)
    w = (filters * groups, depth, axes[0][0], axes[1][0])
    how = {
        name: tuple(axis[i] for axis in axes) for i, name in ((1, "stride"), (2, "padding"), (3, "dilation"))
    }
    return x, w, how, groups, np.random.default_rng(draw(st.integers(0, 2**32)))


@given(geometries())
@PATIENT
def test_transposed_convolution_is_the_adjoint_of_convolution(geometry):
    """The sum of conv2d(x, w) * y is the sum of x * conv_transpose2d(y, w), with what a stride leaves over padded."""
    x_shape, w_shape, how, groups, rng = geometry
    x, w = rng.normal(size=x_shape), rng.normal(size=w_shape)
    y = reference.conv2d(x, w, groups=groups, **how)
    dy = rng.normal(size=y.shape)
    short = [
        reference.conv_transpose_output_size(
            y.shape[2 + i], w_shape[2 + i], how["stride"][i], how["padding"][i], dilation=how["dilation"][i]
        )
        if (y.shape[2 + i] - 1) * how["stride"][i]
        - 2 * how["padding"][i]
        + how["dilation"][i] * (w_shape[2 + i] - 1)
        >= 0
        else None
        for i in (0, 1)
    ]
    if None in short:
        return  # nothing of the result is left without output padding
    extra = tuple(n - m for n, m in zip(x_shape[2:], short, strict=True))
    for transposed in (reference.conv_transpose2d, reference.conv_transpose2d_by_conv):
        back = transposed(dy, w, output_padding=extra, groups=groups, **how)
        assert back.shape == x.shape
        agree(np.sum(y * dy), np.sum(x * back), y * dy, x * back)
        _, cache = reference.conv2d.forward(x, w, groups=groups, **how)
        np.testing.assert_allclose(reference.conv2d.backward(cache, dy)[0], back, atol=1e-11)
        _, cache = transposed.forward(dy, w, output_padding=extra, groups=groups, **how)
        np.testing.assert_allclose(transposed.backward(cache, x)[0], y, atol=1e-11)


@given(geometries())
@PATIENT
def test_gradient_of_the_weights_is_a_convolution_as_well(geometry):
    """dw is the correlation of x with dy: stride and dilation change places, examples and channels, too."""
    x_shape, w_shape, how, _, rng = geometry
    x, w = rng.normal(size=x_shape), rng.normal(size=(w_shape[0], x_shape[1], *w_shape[2:]))
    y, cache = reference.conv2d.forward(x, w, **how)
    dy = rng.normal(size=y.shape)
    swapped = {"stride": how["dilation"], "padding": how["padding"], "dilation": how["stride"]}
    dw = reference.conv2d(x.swapaxes(0, 1), dy.swapaxes(0, 1), **swapped).swapaxes(0, 1)
    K, L = w.shape[2:]  # what a stride left over makes further positions, which are no taps of w
    np.testing.assert_allclose(reference.conv2d.backward(cache, dy)[1], dw[:, :, :K, :L], atol=1e-11)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32))
@PATIENT
def test_upsampling_and_pooling_are_adjoint(rows, columns, sr, sc, seed):
    """Repeating entries is, up to the size of the block, the adjoint of the mean over it; so are nails and striding."""
    rng = np.random.default_rng(seed)
    small, large = rng.normal(size=(2, 3, rows, columns)), rng.normal(size=(2, 3, rows * sr, columns * sc))
    up, down = reference.upsample_nearest2d(small, (sr, sc)), reference.avg_pool2d(large, (sr, sc)) * sr * sc
    agree(np.sum(up * large), np.sum(small * down), up * large, small * down)
    nails = reference.bed_of_nails2d(small, (sr, sc))
    agree(np.sum(nails * large), np.sum(small * large[:, :, ::sr, ::sc]), nails * large, small)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2**32))
@PATIENT
def test_unpooling_is_the_adjoint_of_picking_the_maxima(rows, columns, k, rest, seed):
    """Where windows do not overlap, unpooling is the backward pass of max pooling, and the other way round."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, 2, rows * k + min(rest, k - 1), columns * k))
    (y, indices), cache = reference.max_pool2d.forward(x, k, return_indices=True)
    dy = rng.normal(size=y.shape)
    up, up_cache = reference.max_unpool2d.forward(dy, indices, k, output_size=x.shape)
    np.testing.assert_array_equal(reference.max_pool2d.backward(cache, dy)[0], up)
    agree(np.sum(y * dy), np.sum(x * up), y * dy, x * up)
    np.testing.assert_array_equal(reference.max_unpool2d.backward(up_cache, x)[0], y)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32))
@PATIENT
def test_time_reversed_causal_filter_is_the_adjoint(length, taps, dilation, seed):
    """Backward through a filter that looks into the past looks into the future."""
    rng = np.random.default_rng(seed)
    x, w, dy = rng.normal(size=length), rng.normal(size=taps), rng.normal(size=length)
    _, cache = reference.causal_conv1d.forward(x, w, dilation=dilation)
    future = reference.causal_conv1d(dy[::-1], w, dilation=dilation)[::-1]
    np.testing.assert_allclose(reference.causal_conv1d.backward(cache, dy)[0], future, atol=1e-12)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32))
@PATIENT
def test_backward_of_a_linear_layer_is_the_chain_rule(examples, inputs, outputs, seed):
    """Carrying dy through the Jacobian that the layer itself shows gives its backward pass."""
    rng = np.random.default_rng(seed)
    w, dy = rng.normal(size=(outputs, inputs)), rng.normal(size=(examples, outputs))
    _, cache = reference.linear.forward(rng.normal(size=(examples, inputs)), w)
    jacobian = reference.linear(np.eye(inputs), w).T
    dx = [reference.chain_rule_1d(row, jacobian) for row in dy]
    np.testing.assert_allclose(reference.linear.backward(cache, dy)[0], dx, atol=1e-12)
