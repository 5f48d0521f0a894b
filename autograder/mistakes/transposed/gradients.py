"""Backward mistakes of transposed convolution."""

from __future__ import annotations

from autograder.mistakes.transposed.stamps import Stamps, backward, gradients_of
from reference.op import Array


@backward("backward-db-mean", family="scale")
def db_mean(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your db is the mean of the upstream gradient instead of its sum.

    The bias is added at every position, so all gradients add up. Sum over images and positions.
    """
    return {"db": dy.mean(axis=(0, 2, 3))}


@backward("db-mean-over-batch", family="scale")
def db_mean_over_batch(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your db is divided by the number of images.

    The gradient of the sum is the sum. Leave the division out.
    """
    return {"db": dy.sum(axis=(0, 2, 3)) / len(t.x)}


@backward("db-not-summed-over-batch", family="omission")
def db_not_summed(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your db has one row per image.

    One bias serves all images. Sum over the batch as well: axis=(0, 2, 3).
    """
    return {"db": dy.sum(axis=(2, 3))}


@backward("dX-filter-flipped", family="orientation")
def dx_flipped(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dX uses the kernel turned by 180 degrees.

    dX is the ordinary correlation of dY with the kernel as it is. Leave the turn out.
    """
    return {"dx": gradients_of(t, dy, t.w[..., ::-1, ::-1])[0]}


@backward("dW-flipped", family="orientation")
def dw_flipped(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dW is turned by 180 degrees.

    dW[c, f, u, v] = sum of X[n, c, i, j] * dY[n, f, i*s+u-p, j*s+v-p]. Leave the turn out.
    """
    return {"dw": gradients_of(t, dy)[1][..., ::-1, ::-1]}


@backward("stride-ignored", family="omission")
def backward_stride_ignored(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your gradients read dY one pixel apart instead of s.

    The stamp of entry (i, j) starts at row i*s, column j*s. Read dY there.
    """
    dx, dw = gradients_of(t, dy, s=(1, 1))
    return {"dx": dx, "dw": dw}


@backward("dW-last-example", family="scope")
def dw_last_example(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dW keeps the last image of the batch only.

    One kernel serves all images. Add up over the batch with +=.
    """
    last = Stamps(t.x[-1:], t.w, t.b, t.s, t.p, t.extra)
    return {"dw": gradients_of(last, dy[-1:])[1]}


@backward("dW-mean-over-batch", family="scale")
def dw_mean(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dW is divided by the number of images.

    The gradient of the sum is the sum. Leave the division out.
    """
    return {"dw": gradients_of(t, dy)[1] / len(t.x)}


@backward("padding-ignored", family="omission")
def backward_padding_ignored(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your gradients put dY at the corner of the uncut map; it belongs p rows and columns further in.

    The forward cut p rows and columns off. Frame dY with as many zeros.
    """
    full = t.canvas()
    moved = Stamps(t.x, t.w, t.b, t.s, (0, 0), t.extra)
    full[:, :, : dy.shape[2], : dy.shape[3]] = dy
    dx, dw = gradients_of(moved, full)
    return {"dx": dx, "dw": dw}


@backward("returns-swapped", family="swap")
def returns_swapped(t: Stamps, dy: Array) -> dict[str, Array]:
    """You returned dW before dX.

    The order is (dX, dW, db). Exchange the two.
    """
    dx, dw = gradients_of(t, dy)
    return {"dx": dw, "dw": dx}
