"""Mistakes of locally connected layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake
from autograder.mistakes.convolution.layer import Layer
from autograder.mistakes.convolution.to_image import last_window_wins
from reference import ShapeError, locally_connected2d
from reference.op import Array


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


def _of_locals(name: str, family: str, what: str, how: str, change: Callable[..., tuple[Any, ...]]) -> None:
    """Register wrong gradients made of the right ones: change(dx, dw, db, number of images)."""

    def mistaken(
        dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...] | None:
        dx, dw, db = _local_gradients(dy, x, w, b, stride, padding)
        return None if db is None else change(dx, dw, db, len(x))

    mistaken.__doc__ = f"{what}\n\n{how}"
    _local(name, "backward", family=family)(mistaken)


_of_locals(
    "db-as-of-a-shared-bias", "scope", "Your db has one entry per filter, as for a shared bias.",
    "Every position has its own bias: sum dY over the images only, and bring the axes into the order of b.",
    lambda dx, dw, db, _n: (dx, dw, db.sum(axis=(0, 1))),
)  # fmt: skip
_of_locals(
    "db-axes-of-dY", "orientation", "Your db has the axes in the order of dY: filters first.",
    "b has the axes (rows, columns, filters): move the filters to the end, dY.sum(axis=0).transpose(1, 2, 0).",
    lambda dx, dw, db, _n: (dx, dw, db.transpose(2, 0, 1)),
)  # fmt: skip
_of_locals(
    "gradients-averaged-over-batch", "scale", "Your dW and db are divided by the number of images.",
    "The loss already holds the 1/N, it arrives inside dY. Sum over the batch.",
    lambda dx, dw, db, n: (dx, dw / n, db / n),
)  # fmt: skip
_of_locals(
    "dW-mean", "scale", "Your dW is a mean over the images.",
    "The loss already holds the 1/N, it arrives inside dY. Sum over the batch.",
    lambda dx, dw, db, n: (dx, dw / n, db),
)  # fmt: skip
_of_locals(
    "db-mean", "scale", "Your db is a mean over the images.",
    "The loss already holds the 1/N, it arrives inside dY. Sum over the batch.",
    lambda dx, dw, db, n: (dx, dw, db / n),
)  # fmt: skip


@_local("db-last-example", "backward", family="scope")
def local_db_last_example(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your db keeps the last image of the batch only.

    All images use the same biases, so db sums over n. Write db[i, j] += dY[n, :, i, j].
    """
    dx, dw, _ = _local_gradients(dy, x, w, b, stride, padding)
    return dx, dw, _local_gradients(dy[-1:], x[-1:], w, b, stride, padding)[2]


def _of_result(name: str, family: str, what: str, how: str, change: Callable[[Array], Array]) -> None:
    """Register a wrong forward made of the right result."""

    def mistaken(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array:
        return change(np.array(locally_connected2d(x, w, b, stride, padding)))

    mistaken.__doc__ = f"{what}\n\n{how}"
    _local(name, family=family)(mistaken)


def _without(part: Any) -> Callable[[Array], Array]:
    def change(y: Array) -> Array:
        y[part] = 0.0
        return y

    return change


_of_result(
    "last-row-missing", "off-by-one", "You left the last row of the output at zero.",
    "range(n) already stops before n: loop over range(out_h).", _without(np.s_[:, :, -1]),
)  # fmt: skip
_of_result(
    "last-column-missing", "off-by-one", "You left the last column of the output at zero.",
    "range(n) already stops before n: loop over range(out_w).", _without(np.s_[:, :, :, -1]),
)  # fmt: skip
_of_result(
    "only-first-example", "scope", "You computed the first image of the batch only; the others stayed zero.",
    "The first axis of X counts the images: loop over n, or keep that axis.", _without(np.s_[1:]),
)  # fmt: skip


@_local("first-channel-only", family="omission")
def local_first_channel(x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0) -> Array:
    """You used the first channel only.

    A filter sums over all channels of the image. Multiply the whole block X[n, :, ...] by W[i, j, f].
    """
    first = np.array(w, dtype=float)
    first[:, :, :, 1:] = 0.0
    return _unshared(_layer(x, w, stride, padding).windows(), first, b)


@_local("kernel-transposed", family="orientation")
def local_kernel_transposed(
    x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> Array | None:
    """You exchanged the rows and columns of the kernels.

    Row index goes with row index: W[i, j, f, c, u, v] multiplies the pixel u rows down and v columns to the right.
    """
    w = np.asarray(w)
    if w.shape[-1] != w.shape[-2]:
        return None
    return _unshared(_layer(x, w, stride, padding).windows(), w.swapaxes(-1, -2), b)


def _scattered(dy: Array, x: Array, w: Array, stride: Any, padding: Any) -> Array:
    layer = _layer(x, w, stride, padding)
    return layer.scatter(np.einsum("nfpq,pqfckl->ncpqkl", np.asarray(dy, float), np.asarray(w, float)))


@_local("dX-not-cropped", "backward", family="omission")
def local_dx_not_cropped(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your dX still has the padding around it.

    The padding is no part of the image: cut p rows and columns off on each side.
    """
    _, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    return _scattered(dy, x, w, stride, padding), dw, db


@_local("dX-cropped-from-corner", "backward", family="orientation")
def local_dx_from_corner(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """You cut dX out of the padded gradient from its corner.

    The image begins at row p, column p of the padded one. Start there.
    """
    _, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    H, W = np.shape(x)[2:]
    return _scattered(dy, x, w, stride, padding)[:, :, :H, :W], dw, db


@_local("dX-last-example", "backward", family="scope")
def local_dx_last_example(
    dy: Array, x: Array, w: Array, b: Any = None, stride: Any = 1, padding: Any = 0
) -> tuple[Any, ...]:
    """Your dX is zero for all images but the last; each image overwrote the array of zeros.

    Create dX before the loop over n.
    """
    dx, dw, db = _local_gradients(dy, x, w, b, stride, padding)
    dx = np.array(dx)
    dx[:-1] = 0.0
    return dx, dw, db
