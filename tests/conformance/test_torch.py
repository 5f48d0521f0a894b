"""Forward and backward of every op that PyTorch has, too, on all its sample cases and on random geometries."""

from itertools import product

import numpy as np
import pytest

import reference
from reference import OPS, ShapeError
from reference.op import parse_shapes

pytestmark = pytest.mark.torch

DTYPES = [np.float64, np.float32]
SEEDS = range(12)


@pytest.fixture(scope="module")
def oracle(torch, load_module):
    return load_module("torch_oracle")


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def differentiable(op):
    """Names of the arrays that get a gradient, in the order in which backward returns them."""
    if op.backward is None:
        return []
    return [a.name for a in parse_shapes(op.shapes)[0] if a.axes is not None and a.kind == "float"]


def close(got, expected):
    """Compare to a hundred roundings of the largest entry: both sum in an order of their own."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    if expected.dtype.kind == "f":
        assert got.dtype == expected.dtype
        allowed = 100 * np.finfo(expected.dtype).eps * max(1, np.abs(expected).max(initial=0))
        np.testing.assert_allclose(got, expected, rtol=0, atol=allowed)
    else:
        np.testing.assert_array_equal(got, expected)


def compare(oracle, op, inputs, params, dtype, seed=0):
    """Run both, then send the same random gradient back through both."""
    inputs = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in inputs.items()}
    wanted = [name for name in differentiable(op) if name in inputs]
    made = oracle.tensors(inputs, frozenset(wanted))
    theirs = parts(oracle.ORACLES[op.name](**made, **params))
    ours, cache = op.forward(**inputs, **params)
    for got, expected in zip(parts(ours), theirs, strict=True):
        close(got, expected.detach().numpy())
    if not wanted:
        return
    dy = np.asarray(np.random.default_rng([9, seed]).normal(size=tuple(theirs[0].shape)), dtype)
    gradients = oracle.torch.autograd.grad(theirs[0], [made[k] for k in wanted], oracle.torch.tensor(dy))
    ours = dict(zip(differentiable(op), op.backward(cache, dy), strict=True))
    for name, expected in zip(wanted, gradients, strict=True):
        close(ours[name], expected.numpy())


# ------------------------------------------------------------------------------------ sample cases

COMPARED = [
    "augment", "average_probabilities", "avg_pool2d", "batch_norm", "bed_of_nails2d",
    "binary_cross_entropy", "causal_conv1d", "chain_rule_1d", "chain_rule_2d", "chain_rule_3d", "conv2d",
    "conv2d_true", "conv_transpose2d", "conv_transpose2d_by_conv", "correlate2d", "cross_entropy",
    "dropout", "flatten", "global_avg_pool2d", "half_squared_error", "hinge", "l2_penalty", "leaky_relu",
    "linear", "locally_connected2d", "log_softmax", "logistic_regression", "max_pool2d", "max_unpool2d",
    "mazur_error", "mean_subtraction", "one_hot", "predict_class", "relu", "residual", "running_average",
    "sigmoid", "sigmoid_circuit", "softmax", "squared_error", "standardize_apply", "step", "tanh",
    "two_layer_network", "upsample_nearest2d", "vote", "weight_decay",
]  # fmt: skip
"""The ops with an oracle, written out because PyTorch is not loaded before a test needs it."""

DIFFERENT = {
    (
        "max_pool2d",
        "padding and dilation",
    ): "PyTorch limits padding by the taps, here it is by what they span",
    ("max_unpool2d", "overlapping windows share winners"): (
        "PyTorch sends the gradient to every value written to a place, though only the last one stays there"
    ),
}
"""Sample cases in which PyTorch does something else, each with the reason."""


def cases(name, seed=5):
    return list(OPS[name].cases(np.random.default_rng(seed)))


def test_every_gradient_has_an_oracle_or_a_reason(oracle):
    with_gradient = {name for name, op in OPS.items() if op.backward is not None}
    assert with_gradient - set(oracle.ORACLES) - set(oracle.WITHOUT) == set()
    assert set(oracle.ORACLES) & set(oracle.WITHOUT) == set()
    assert sorted(oracle.ORACLES) == COMPARED


@pytest.mark.parametrize("dtype", DTYPES, ids=["double", "single"])
@pytest.mark.parametrize("name", COMPARED)
def test_sample_cases(oracle, name, dtype):
    same = [case for case in cases(name) if (name, case.name) not in DIFFERENT]
    assert same
    for number, case in enumerate(same):
        compare(oracle, OPS[name], case.inputs, case.params, dtype, number)


@pytest.mark.parametrize(("name", "label"), DIFFERENT)
def test_differences_are_still_there(oracle, name, label):
    """A listed difference that is gone should leave the list."""
    case = next(c for c in cases(name) if c.name == label)
    with pytest.raises((RuntimeError, AssertionError)):
        compare(oracle, OPS[name], case.inputs, case.params, np.float64)


# ------------------------------------------------------------------------------- random geometries


def numbers(rng, low, high):
    return tuple(int(n) for n in rng.integers(low, high, size=2))


def geometry(seed):
    """Draw stride, padding, dilation, kernel and groups, and an image on which they fit."""
    rng = np.random.default_rng([17, seed])
    how = {"stride": numbers(rng, 1, 4), "padding": numbers(rng, 0, 3), "dilation": numbers(rng, 1, 4)}
    kernel, groups = numbers(rng, 1, 5), int(rng.integers(1, 4))
    spans = [d * (k - 1) + 1 for d, k in zip(how["dilation"], kernel, strict=True)]
    image = tuple(
        max(1, s - 2 * p) + int(rng.integers(0, 6)) for s, p in zip(spans, how["padding"], strict=True)
    )
    return rng, image, kernel, groups, how


@pytest.mark.parametrize("dtype", DTYPES, ids=["double", "single"])
@pytest.mark.parametrize("seed", SEEDS)
def test_convolution(oracle, seed, dtype):
    rng, image, kernel, groups, how = geometry(seed)
    depth, filters = numbers(rng, 1, 4)
    x = rng.normal(size=(2, depth * groups, *image))
    w = rng.normal(size=(filters * groups, depth, *kernel))
    b = {} if seed % 3 == 0 else {"b": rng.normal(size=len(w))}
    for op in (reference.conv2d, reference.conv2d_true):
        compare(oracle, op, {"x": x, "w": w, **b}, {**how, "groups": groups}, dtype, seed)


@pytest.mark.parametrize("dtype", DTYPES, ids=["double", "single"])
@pytest.mark.parametrize("seed", SEEDS)
def test_transposed_convolution(oracle, seed, dtype):
    rng, image, kernel, groups, how = geometry(seed)
    depth, maps = numbers(rng, 1, 4)
    x = rng.normal(size=(2, depth * groups, *image))
    w = rng.normal(size=(depth * groups, maps, *kernel))
    limits = [max(s, d) for s, d in zip(how["stride"], how["dilation"], strict=True)]
    extra = tuple(int(rng.integers(0, n)) for n in limits)
    sizes = [
        (n - 1) * s - 2 * p + d * (k - 1) + 1
        for n, s, p, d, k in zip(image, how["stride"], how["padding"], how["dilation"], kernel, strict=True)
    ]
    if min(sizes) < 1:
        how["padding"] = (0, 0)
    inputs = {"x": x, "w": w, "b": rng.normal(size=maps * groups)}
    for op in (reference.conv_transpose2d, reference.conv_transpose2d_by_conv):
        compare(oracle, op, inputs, {**how, "groups": groups, "output_padding": extra}, dtype, seed)


POOLS = list(product([1, 2, 3, (2, 3)], [None, 1, 2, (3, 1)], [0, 1], [False, True]))


@pytest.mark.parametrize("dtype", DTYPES, ids=["double", "single"])
@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil_mode"), POOLS)
def test_pooling(oracle, kernel, stride, padding, ceil_mode, dtype):
    rng = np.random.default_rng(23)
    if 2 * padding > np.min(kernel):
        padding = 0
    how = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    for size in ((5, 7), (6, 6), (8, 5)):
        x = rng.permutation(2 * 3 * np.prod(size)).reshape(2, 3, *size) / 7
        compare(oracle, reference.max_pool2d, {"x": x}, {**how, "return_indices": True}, dtype)
        for counted in (True, False):
            compare(oracle, reference.avg_pool2d, {"x": x}, {**how, "count_include_pad": counted}, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=["double", "single"])
@pytest.mark.parametrize("dilation", [1, 2, (3, 1)])
def test_dilated_max_pooling_with_ties(oracle, dilation, dtype):
    """Few different values, so that most windows have several maxima."""
    x = np.random.default_rng(29).integers(3, size=(2, 2, 9, 8)).astype(float)
    for stride, padding, ceil_mode in product([1, 2], [0, 1], [False, True]):
        how = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode, "dilation": dilation}
        compare(
            oracle, reference.max_pool2d, {"x": x}, {"kernel_size": 3, "return_indices": True, **how}, dtype
        )


def test_both_refuse_what_no_window_fits(torch):
    x = np.ones((1, 1, 3, 3))
    for settings in ({"kernel_size": 5}, {"kernel_size": 2, "padding": 2}):
        with pytest.raises(ShapeError):
            reference.max_pool2d(x, **settings)
        with pytest.raises(RuntimeError):
            torch.nn.functional.max_pool2d(torch.tensor(x), **settings)


@pytest.mark.parametrize("dtype", DTYPES, ids=["double", "single"])
@pytest.mark.parametrize("shape", [(7, 3), (2, 3, 4, 5)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("ddof", [0, 1])
def test_batch_norm_over_several_batches(oracle, shape, training, ddof, dtype):
    """Running statistics are handed on from batch to batch."""
    rng = np.random.default_rng(31)
    mean, var = np.zeros(3, dtype), np.ones(3, dtype)
    gamma, beta = rng.normal(size=(2, 3))
    for momentum, eps in ((0.1, 1e-5), (0.7, 1e-3), (1.0, 1e-5), (0.0, 0.1)):
        inputs = {
            "x": rng.normal(3, 2, size=shape), "running_mean": mean, "running_var": var,
            "gamma": gamma, "beta": beta,
        }  # fmt: skip
        how = {
            "training": training,
            "momentum": momentum,
            "eps": eps,
            "running_ddof": ddof,
            "return_running": True,
        }
        compare(oracle, reference.batch_norm, inputs, how, dtype)
        inputs["x"] = inputs["x"].astype(dtype)
        _, mean, var = reference.batch_norm(**inputs, **how)
        mean, var = mean.astype(dtype), var.astype(dtype)


# ------------------------------------------------------------------------- corners of the number line

SPECIAL = np.array(
    [0.0, -0.0, 1e-40, -1e-40, 1e30, -1e30, 88.0, -88.0, 104.0, -104.0, 710.0, -710.0, 745.2, -745.2]
)
NAMES = ["relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax", "step"]


@pytest.mark.parametrize("name", NAMES)
def test_extreme_inputs(oracle, name):
    compare(oracle, OPS[name], {"x": SPECIAL}, {}, np.float64)
    compare(oracle, OPS[name], {"x": SPECIAL[::-1].copy()}, {}, np.float32)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "step"])
def test_nan_and_infinity(oracle, name):
    """NaN stays NaN and infinities go where the limits are, as in PyTorch (whose step makes 0 of NaN)."""
    rows = [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, 1.0], [np.inf, -np.inf], [np.inf, np.inf], [1.0, 2.0]]
    x = np.array(rows)
    expected = oracle.ORACLES[name](oracle.torch.tensor(x)).numpy()
    np.testing.assert_allclose(OPS[name](x), expected, rtol=1e-13)


def test_nan_wins_the_maximum(oracle):
    x = np.random.default_rng(37).normal(size=(1, 2, 6, 6))
    x[0, 0, 2, 3] = x[0, 1, 0, 1] = (
        np.nan
    )  # of two in a window NumPy's argmax takes the first, PyTorch the last
    x[0, 1, 4:, 4:] = -np.inf
    compare(oracle, reference.max_pool2d, {"x": x}, {"kernel_size": 2, "return_indices": True}, np.float64)


def test_losses_of_confident_answers(oracle):
    x = np.array([[1000.0, 0.0, -1000.0], [0.0, 1e5, 0.0], [-1e5, -1e5, -1e5]])
    for t in ([0, 1, 2], [2, 0, 1]):
        compare(oracle, reference.cross_entropy, {"x": x, "t": np.array(t)}, {}, np.float64)
        compare(oracle, reference.hinge, {"x": x, "t": np.array(t)}, {"delta": 2.5}, np.float64)
    yes = np.array([0.0, 1.0, 0.5])
    for size in (1.0, 40.0, 800.0):
        compare(oracle, reference.binary_cross_entropy, {"x": size * x[0] / 1000, "t": yes}, {}, np.float64)
