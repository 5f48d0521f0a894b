"""Mistakes of conv2d's kin: one-image correlation, true convolution, locally connected layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake, mistakes_of
from autograder.mistakes.convolution import framing, stepping, sums, to_weights  # noqa: F401 - carried over
from autograder.mistakes.convolution.layer import Layer
from autograder.mistakes.convolution.to_image import last_window_wins
from reference import ShapeError, conv2d, conv2d_true, correlate2d, locally_connected2d
from reference.op import Array

# ----------------------------------------------------- carried over: the same deed, another signature


def _single(conv: Mistake) -> Callable[..., Any]:
    """Make a mistake of conv2d one of correlate2d, which has one image and one kernel."""

    def forward(f: Array, h: Array, padding: Any = 0) -> Array | None:
        y = conv(np.asarray(f)[None, None], np.asarray(h)[None, None], None, 1, padding)
        return None if y is None else y[0, 0]

    def backward(dg: Array, f: Array, h: Array, padding: Any = 0) -> tuple[Array, Array] | None:
        arrays = (np.asarray(array)[None, None] for array in (dg, f, h))
        gradients_ = conv(*arrays, None, 1, padding)
        return None if gradients_ is None else (gradients_[0][0, 0], gradients_[1][0, 0])

    return forward if conv.part == "forward" else backward


def _turned(conv: Mistake) -> Callable[..., Any]:
    """Make a mistake of conv2d one of conv2d_true: the same deed after the kernel was turned."""

    def forward(x: Array, w: Array, *rest: Any, **moves: Any) -> Array | None:
        return conv(x, np.asarray(w)[..., ::-1, ::-1], *rest, **moves)

    def backward(dy: Array, x: Array, w: Array, *rest: Any, **moves: Any) -> tuple[Any, ...] | None:
        found = conv(dy, x, np.asarray(w)[..., ::-1, ::-1], *rest, **moves)
        return None if found is None else (found[0], found[1][..., ::-1, ::-1], found[2])

    return forward if conv.part == "forward" else backward


def _carry(target: Any, change: Callable[[Mistake], Callable[..., Any]], part: str, names: set[str]) -> None:
    for conv in mistakes_of(conv2d, part):
        if conv.name in names:
            function = change(conv)
            function.__doc__ = f"{conv.what}\n\n{conv.how}"
            mistake(target, conv.name, part, family=conv.family, belief=conv.belief)(function)


_MOVES = {
    "padding-all-top-left", "padding-all-bottom-right", "padding-ignored", "edge-padding",
    "padded-windows-skipped", "padding-wraps-around", "window-starts-at-one", "plus-one-forgotten",
    "last-row-missing", "last-column-missing", "output-transposed", "width-from-height", "height-from-width",
}  # fmt: skip
_SUMS = {"mean-over-window", "window-sum-missing", "matrix-product-in-window", "maximum-of-products"}
_MIRRORS = {
    "kernel-flipped-forward",
    "kernel-flipped-left-right",
    "kernel-flipped-up-down",
    "kernel-transposed",
}
_GRADIENTS = {
    "overlap-overwrites", "dX-not-cropped", "dX-cropped-from-corner", "dW-last-window",
    "upstream-gradient-ignored",
}  # fmt: skip

_carry(correlate2d, _single, "forward", _MOVES | _SUMS | _MIRRORS | {"full-instead-of-valid"})
_carry(correlate2d, _single, "backward", _GRADIENTS | {"dX-transposed-filter", "dW-flipped"})
_carry(
    conv2d_true,
    _turned,
    "forward",
    _MOVES | _SUMS | {"stride-ignored", "bias-forgotten", "first-channel-only"},
)
_carry(conv2d_true, _turned, "backward", _GRADIENTS | {"dW-last-example", "db-mean"})


# ------------------------------------------------------------------------------- true convolution


def _true(name: str, part: str = "forward", **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    return mistake(conv2d_true, name, part, family="orientation", **facts)


@_true("kernel-not-flipped", belief="E47")
def kernel_not_flipped(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You laid the kernel on the image as it is; that is a cross-correlation.

    A true convolution turns the kernel by 180 degrees first. Use W[..., ::-1, ::-1].
    """
    return conv2d(x, w, b, *moves, **named)


@_true("kernel-flipped-left-right")
def kernel_only_left_right(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You mirrored the kernel left to right only.

    Turning by 180 degrees mirrors both axes. Use W[..., ::-1, ::-1].
    """
    return conv2d(x, np.asarray(w)[..., ::-1], b, *moves, **named)


@_true("kernel-flipped-up-down")
def kernel_only_up_down(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You mirrored the kernel top to bottom only.

    Turning by 180 degrees mirrors both axes. Use W[..., ::-1, ::-1].
    """
    return conv2d(x, np.asarray(w)[..., ::-1, :], b, *moves, **named)


@_true("kernel-transposed")
def kernel_transposed_instead(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array | None:
    """You transposed the kernel instead of turning it by 180 degrees.

    .T exchanges rows and columns; turning mirrors both. Use W[..., ::-1, ::-1].
    """
    kernel = np.asarray(w)
    return (
        conv2d(x, kernel.swapaxes(2, 3), b, *moves, **named) if kernel.shape[2] == kernel.shape[3] else None
    )


@_true("image-flipped-instead")
def image_flipped_instead(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You turned the image instead of the kernel, so the result is turned as well.

    Turn the kernel by 180 degrees and leave the image as it is. Use W[..., ::-1, ::-1].
    """
    return conv2d(np.asarray(x)[..., ::-1, ::-1], w, b, *moves, **named)


@_true("flip-all-axes")
def flip_all_axes(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You flipped all axes of the filters, which exchanges filters and channels as well.

    Only the two spatial axes are mirrored. Write np.flip(W, axis=(2, 3)).
    """
    return conv2d(x, np.asarray(w)[::-1, ::-1, ::-1, ::-1], b, *moves, **named)


@_true("dW-not-flipped-back", "backward")
def dw_not_flipped_back(
    dy: Array, x: Array, w: Array, b: Any = None, *moves: Any, **named: Any
) -> tuple[Any, ...]:
    """Your dW is the gradient of the turned filter; it was not turned back.

    dW[f, c, u, v] belongs to W[f, c, u, v], which you moved to the opposite place. Turn dW by 180 degrees.
    """
    dx, dw, db = conv2d_true.backward(conv2d_true.forward(x, w, b, *moves, **named)[1], dy)
    return dx, dw[..., ::-1, ::-1], db


@_true("dX-of-correlation", "backward")
def dx_of_correlation(
    dy: Array, x: Array, w: Array, b: Any = None, *moves: Any, **named: Any
) -> tuple[Any, ...]:
    """Your dX belongs to a cross-correlation: the filter was not turned.

    What the forward pass turned has to be turned in the backward pass too. Use W[..., ::-1, ::-1] for dX.
    """
    _, dw, db = conv2d_true.backward(conv2d_true.forward(x, w, b, *moves, **named)[1], dy)
    return conv2d.backward(conv2d.forward(x, w, b, *moves, **named)[1], dy)[0], dw, db


# ----------------------------------------------------------------------------- locally connected


def _local(name: str, part: str = "forward", **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    return mistake(locally_connected2d, name, part, **facts)


def _layer(x: Array, w: Array, stride: Any, padding: Any) -> Layer:
    """The shared layer with the weights of the first position: it knows the windows."""
    return Layer.of(x, np.asarray(w)[0, 0], None, stride, padding, 1, 1)


def _unshared(windows_: Array, w: Array, b: Any) -> Array:
    if windows_.shape[2:4] != w.shape[:2]:
        raise ShapeError("there are not as many positions as weights")
    y = np.einsum("ncpqkl,pqfckl->nfpq", windows_, w)
    return y if b is None else y + np.asarray(b).transpose(2, 0, 1)


@_local("weights-shared", family="scope")
def weights_shared(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array:
    """You used the weights of the first position everywhere; that is an ordinary convolution.

    A locally connected layer has weights of its own at every position. Use W[i, j] for output (i, j).
    """
    w = np.asarray(w)
    return _unshared(_layer(x, w, stride, padding).windows(), np.broadcast_to(w[0, 0], w.shape), b)


@_local("bias-shared", family="scope")
def bias_shared(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array | None:
    """You used the biases of the first position everywhere.

    A locally connected layer has biases of its own at every position. Add b[i, j, f].
    """
    if b is None:
        return None
    b = np.asarray(b)
    return _unshared(
        _layer(x, w, stride, padding).windows(), np.asarray(w), np.broadcast_to(b[0, 0], b.shape)
    )


@_local("bias-forgotten", family="omission")
def local_bias_forgotten(
    x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> Array | None:
    """You did not add the bias.

    Every position and filter has its own bias. Add b[i, j, f] after the sum.
    """
    return None if b is None else _unshared(_layer(x, w, stride, padding).windows(), np.asarray(w), None)


@_local("positions-exchanged", family="orientation")
def positions_exchanged(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array | None:
    """You used the weights of position (j, i) for output (i, j).

    The first axis of W counts the rows of the output, the second its columns. Use W[i, j].
    """
    w = np.asarray(w)
    if w.shape[0] != w.shape[1]:
        return None
    return _unshared(_layer(x, w, stride, padding).windows(), w.swapaxes(0, 1), b)


@_local("kernel-flipped-forward", family="orientation", belief="E47")
def local_kernel_flipped(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array:
    """You turned the kernels by 180 degrees before laying them on the image.

    The layer is a cross-correlation at every position: the top left weight meets the top left pixel. Use W
    as it is.
    """
    return _unshared(_layer(x, w, stride, padding).windows(), np.asarray(w)[..., ::-1, ::-1], b)


@_local("padding-all-top-left", family="order")
def local_padding_top_left(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array:
    """You put all the padding above and to the left of the image.

    Padding p means p rows or columns of zeros on each of the four sides. Pad with ((p, p), (p, p)).
    """
    layer = _layer(x, w, stride, padding)
    double = (2 * layer.padding[0], 2 * layer.padding[1])
    return _unshared(layer.windows(layer.framed(double, (0, 0))), np.asarray(w), b)


@_local("stride-ignored-cropped", family="omission")
def local_stride_ignored(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array:
    """Your windows moved by one pixel instead of s.

    Output (i, j) belongs to the window starting at row i*s, column j*s. Multiply both indices by the stride.
    """
    layer = _layer(x, w, stride, padding)
    return _unshared(layer.crop(layer.windows(stride=(1, 1))), np.asarray(w), b)


def _local_gradients(dy: Array, x: Array, w: Array, b: Any, stride: Any, padding: Any) -> tuple[Any, ...]:
    return locally_connected2d.backward(locally_connected2d.forward(x, w, b, stride, padding)[1], dy)


@_local("dW-summed-over-positions", "backward", family="scope")
def dw_summed_over_positions(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your dW is the same at every position: you summed over the positions as for shared weights.

    Nothing is shared here, so dW[i, j] comes from output (i, j) alone. Keep both position axes.
    """
    dx, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    return dx, np.broadcast_to(dw.sum(axis=(0, 1)), dw.shape).copy(), db


@_local("db-summed-over-positions", "backward", family="scope")
def db_summed_over_positions(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your db is the same at every position: you summed over the positions as for a shared bias.

    Every position has its own bias, so db sums over the images only. Use dY.sum(axis=0), axes in the order
    of b.
    """
    dx, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    return dx, dw, None if db is None else np.broadcast_to(db.sum(axis=(0, 1)), db.shape).copy()


@_local("dW-last-example", "backward", family="scope")
def local_dw_last_example(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your dW keeps the last image of the batch only.

    All images use the same layer, so dW sums over n. Write dW[i, j] += ... inside the loop over n.
    """
    dx, _, db = _local_gradients(dy, x, w, b, stride, padding)
    return dx, _local_gradients(dy[-1:], x[-1:], w, b, stride, padding)[1], db


@_local("dX-weights-shared", "backward", family="scope")
def local_dx_weights_shared(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your dX uses the weights of the first position everywhere.

    Output (i, j) was computed with W[i, j], and its gradient flows back through the same weights. Use
    W[i, j] in dX.
    """
    _, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    w = np.asarray(w)
    shared = np.broadcast_to(w[0, 0], w.shape).copy()
    return _local_gradients(dy, x, shared, b, stride, padding)[0], dw, db


@_local("overlap-overwrites", "backward", family="wrong-op")
def local_overlap_overwrites(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Overlapping windows overwrite each other in your dX.

    A pixel seen by several windows gets the sum of what they hand back. Write += instead of = in dX.
    """
    _, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    shares = np.einsum("nfpq,pqfckl->ncpqkl", np.asarray(dy, float), np.asarray(w, float))
    layer = _layer(x, w, stride, padding)
    return layer.unframed(last_window_wins(layer, shares)), dw, db
