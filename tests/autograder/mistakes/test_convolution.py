"""The layer taken apart is conv2d, and the mistakes are what students' loops compute."""

import itertools

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from autograder.mistakes import mistakes_of
from autograder.mistakes.convolution.layer import Layer
from reference import conv2d, conv2d_true

CASES = list(conv2d.cases(np.random.default_rng(5)))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_layer_without_a_mistake_is_conv2d(case):
    layer = Layer.of(
        case.inputs["x"],
        case.inputs["w"],
        case.inputs.get("b"),
        case.params.get("stride", 1),
        case.params.get("padding", 0),
        case.params.get("dilation", 1),
        case.params.get("groups", 1),
    )
    y, cache = conv2d.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(6).normal(size=y.shape)
    dx, dw, db = conv2d.backward(cache, dy)
    assert layer.size == y.shape[2:]
    np.testing.assert_allclose(layer.biased(layer.sums()), y, atol=1e-12)
    np.testing.assert_allclose(layer.products().sum(axis=(2, 5, 6)), layer.sums(), atol=1e-12)
    np.testing.assert_allclose(layer.dx(dy), dx, atol=1e-12)
    np.testing.assert_allclose(layer.dw(dy), dw, atol=1e-12)
    if db is not None:
        np.testing.assert_allclose(layer.db(dy), db, atol=1e-12)


# ------------------------------------------- what students really write, against the mistakes by name


def layer_inputs(seed=7, k=3, channels=2):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(3, channels, 6, 7)), rng.normal(size=(4, channels, k, k)), rng.normal(size=4)
    return x, w, b


def forward_named(wanted, *arguments):
    return next(m for m in mistakes_of(conv2d, "forward") if m.name == wanted)(*arguments)


def backward_named(wanted, dy, *arguments):
    return next(m for m in mistakes_of(conv2d, "backward") if m.name == wanted)(dy, *arguments)


def loops_forward(x, w, b, s, p, pad=None, window=None, out_h=None):
    """Four loops over a padded image, with the places where students go wrong left open."""
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))) if pad is None else pad(x, p)
    k = w.shape[2]
    rows, columns = ((n + 2 * p - k) // s + 1 for n in x.shape[2:])
    y = np.zeros((len(x), len(w), rows, columns))
    for n, f, i, j in itertools.product(
        range(len(x)), range(len(w)), range(rows if out_h is None else rows - 1), range(columns)
    ):
        region = padded[n, :, i * s : i * s + k, j * s : j * s + k]
        y[n, f, i, j] = (window or (lambda a, c: np.sum(a * c)))(region, w[f]) + b[f]
    return y


STUDENT_FORWARDS: dict = {
    "kernel-flipped-forward": {"window": lambda a, c: np.sum(a * c[:, ::-1, ::-1])},
    "mean-over-window": {"window": lambda a, c: np.sum(a * c) / c[0].size},
    "mean-over-all-products": {"window": lambda a, c: np.mean(a * c)},
    "matrix-product-in-window": {"window": lambda a, c: np.sum(a @ c)},
    "channel-mean": {"window": lambda a, c: np.mean(np.sum(a * c, axis=(1, 2)))},
    "first-channel-only": {"window": lambda a, c: np.sum(a[0] * c[0])},
    "maximum-of-products": {"window": lambda a, c: np.max(a * c)},
    "padding-all-top-left": {"pad": lambda x, p: np.pad(x, ((0, 0), (0, 0), (2 * p, 0), (2 * p, 0)))},
    "edge-padding": {"pad": lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="edge")},
    "last-row-missing": {"out_h": -1},
}


@pytest.mark.parametrize("wanted", STUDENT_FORWARDS)
@pytest.mark.parametrize(("s", "p"), [(1, 1), (2, 1), (2, 2)])
def test_student_loops_forward(wanted, s, p):
    x, w, b = layer_inputs()
    theirs = loops_forward(x, w, b, s, p, **STUDENT_FORWARDS[wanted])
    np.testing.assert_allclose(forward_named(wanted, x, w, b, s, p), theirs, atol=1e-12)


def test_student_bias_in_the_channel_loop():
    x, w, b = layer_inputs()
    k, theirs = 3, np.zeros((3, 4, 4, 5))
    for n, f, i, j in np.ndindex(theirs.shape):
        for c in range(x.shape[1]):
            theirs[n, f, i, j] += np.sum(x[n, c, i : i + k, j : j + k] * w[f, c]) + b[f]
    np.testing.assert_allclose(forward_named("bias-per-channel", x, w, b), theirs, atol=1e-12)


def test_student_matrix_product_reshaped_without_transpose():
    x, w, b = layer_inputs()
    columns = sliding_window_view(x, (3, 3), axis=(2, 3)).transpose(1, 4, 5, 2, 3, 0).reshape(18, -1)
    theirs = (w.reshape(4, -1) @ columns + b[:, None]).reshape(3, 4, 4, 5)
    np.testing.assert_allclose(forward_named("reshape-without-transpose", x, w, b), theirs, atol=1e-12)


def upstream(x, w, s, p, seed=8):
    rows, columns = ((n + 2 * p - w.shape[2]) // s + 1 for n in x.shape[2:])
    return np.random.default_rng(seed).normal(size=(len(x), len(w), rows, columns))


@pytest.mark.parametrize(("s", "p"), [(1, 0), (1, 1), (2, 1)])
def test_student_overlap_overwrites_three_ways(s, p):
    x, w, b = layer_inputs()
    dy, k = upstream(x, w, s, p), 3
    by_window, by_filter, by_tap = (np.zeros((3, 2, 6 + 2 * p, 7 + 2 * p)) for _ in range(3))
    rows, columns = dy.shape[2:]
    for i, j in np.ndindex(rows, columns):
        place = np.s_[:, :, i * s : i * s + k, j * s : j * s + k]
        by_window[place] = np.tensordot(dy[:, :, i, j], w, axes=1)
    for n, f, i, j in np.ndindex(dy.shape):
        by_filter[n, :, i * s : i * s + k, j * s : j * s + k] = w[f] * dy[n, f, i, j]
    for u, v in np.ndindex(k, k):
        place = np.s_[:, :, u : u + s * (rows - 1) + 1 : s, v : v + s * (columns - 1) + 1 : s]
        by_tap[place] = np.einsum("nfhw,fc->nchw", dy, w[:, :, u, v])
    for wanted, canvas in (
        ("overlap-overwrites", by_window),
        ("overlap-overwrites-filter-by-filter", by_filter),
        ("fancy-index-adds-once", by_tap),
    ):
        dx, dw, db = backward_named(wanted, dy, x, w, b, s, p)
        np.testing.assert_allclose(dx, canvas[:, :, p : p + 6, p : p + 7], atol=1e-12, err_msg=wanted)
        _, right_dw, right_db = conv2d.backward(conv2d.forward(x, w, b, s, p)[1], dy)
        np.testing.assert_allclose(dw, right_dw, atol=1e-12)
        np.testing.assert_allclose(db, right_db, atol=1e-12)


def test_student_fancy_index_in_place_addition():
    x, w, b = layer_inputs(channels=1)
    dy = upstream(x, w, 1, 0)
    rows = np.add.outer(np.repeat(np.arange(3), 3), np.repeat(np.arange(4), 5))
    columns = np.add.outer(np.tile(np.arange(3), 3), np.tile(np.arange(5), 4))
    shares = np.einsum("nfq,ft->ntq", dy.reshape(3, 4, -1), w.reshape(4, -1))
    theirs = np.zeros((3, 6, 7))
    theirs[:, rows, columns] += shares
    np.testing.assert_allclose(
        backward_named("fancy-index-adds-once", dy, x, w, b)[0][:, 0], theirs, atol=1e-12
    )


@pytest.mark.parametrize(("s", "p"), [(1, 0), (1, 1), (2, 1)])
def test_student_correlates_with_the_unturned_filter(s, p):
    x, w, b = layer_inputs()
    dy, k = upstream(x, w, s, p), 3
    rows, columns = dy.shape[2:]
    spread = np.zeros((3, 4, 6 + 2 * p + k - 1, 7 + 2 * p + k - 1))
    spread[:, :, k - 1 : k - 1 + s * (rows - 1) + 1 : s, k - 1 : k - 1 + s * (columns - 1) + 1 : s] = dy
    theirs = np.einsum("nfijuv,fcuv->ncij", sliding_window_view(spread, (k, k), axis=(2, 3)), w)
    dx, _, _ = backward_named("dX-transposed-filter", dy, x, w, b, s, p)
    np.testing.assert_allclose(dx, theirs[:, :, p : p + 6, p : p + 7], atol=1e-12)


def test_student_true_convolution_with_its_own_gradient():
    x, w, b = layer_inputs()
    dy = upstream(x, w, 2, 1)
    gradients = backward_named("true-convolution", dy, x, w, b, 2, 1)
    y, cache = conv2d_true.forward(x, w, b, 2, 1)
    for got, right in zip(gradients, conv2d_true.backward(cache, dy)):
        np.testing.assert_allclose(got, right, atol=1e-12)
    np.testing.assert_allclose(forward_named("kernel-flipped-forward", x, w, b, 2, 1), y, atol=1e-12)


def test_student_crop_with_minus_p():
    x, w, b = layer_inputs()
    assert backward_named("crop-minus-p-zero", upstream(x, w, 1, 0), x, w, b)[0].shape == (3, 2, 0, 0)
    assert backward_named("crop-minus-p-zero", upstream(x, w, 1, 1), x, w, b, 1, 1) is None


def test_student_keeps_the_last_example():
    x, w, b = layer_inputs()
    dy = upstream(x, w, 1, 1)
    dw = np.zeros_like(w)
    for n in range(3):
        patches = sliding_window_view(np.pad(x[n], ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2))
        dw = np.einsum("cijuv,fij->fcuv", patches, dy[n])
    np.testing.assert_allclose(backward_named("dW-last-example", dy, x, w, b, 1, 1)[1], dw, atol=1e-12)


def test_a_span_of_d_plus_k_is_seen(judged):
    """2 (3 - 1) is 2 + (3 - 1): only dilation 3 tells a dilated filter that is cut off after d + k columns."""

    def conv_forward(X, W, b, s, p, d=1):
        k = W.shape[2]
        wide = np.zeros((*W.shape[:2], d * (k - 1) + 1, d * (k - 1) + 1))
        wide[:, :, ::d, ::d] = W
        if d > 1:
            wide[:, :, :, d + k :] = 0
        return conv2d(X, wide, b, stride=s, padding=p), None

    for part in range(3):
        wrong = {
            r.trial.name
            for r in judged("conv_forward", {"conv_forward": conv_forward}, part=part).judgement.results
            if r.state == "wrong"
        }
        assert wrong == {"dilation 3, where 3 (k - 1) is not 3 + (k - 1)"}
