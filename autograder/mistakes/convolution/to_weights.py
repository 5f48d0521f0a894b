"""Backward mistakes: what flows back to the filters and biases, and to all three at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes.convolution.layer import Layer, backward
from reference.op import Array

# ------------------------------------------------------------------------------------------------- dW


@backward("dW-last-example", family="scope")
def dw_last_example(layer: Layer, dy: Array) -> Any:
    """Your dW keeps the last image of the batch only.

    The filters are shared by all images, so dW sums over n. Write dW += ... inside the loop, and set dW to
    zero before it.
    """
    return {"dw": layer.dw(dy[-1:], layer.windows()[-1:])}


@backward("dW-first-example", family="scope")
def dw_first_example(layer: Layer, dy: Array) -> Any:
    """Your dW uses the first image of the batch only.

    The filters are shared by all images, so dW sums over n. Let the sum run over the whole batch.
    """
    return {"dw": layer.dw(dy[:1], layer.windows()[:1])}


@backward("dW-last-window", family="wrong-op")
def dw_last_window(layer: Layer, dy: Array) -> Any:
    """Your dW keeps the last window only; each window overwrote the one before.

    A filter is used at every position, so dW sums over i and j (and n). Write dW[f] += window * dY[n, f, i,
    j].
    """
    return {"dw": layer.dw(dy[-1:, :, -1:, -1:], layer.windows()[-1:, :, -1:, -1:])}


@backward("dW-flipped", family="orientation")
def dw_flipped(layer: Layer, dy: Array) -> Any:
    """Your dW is turned by 180 degrees.

    dW[f, c, u, v] collects the pixels that weight (u, v) met. Correlate X with dY without flipping either.
    """
    return {"dw": layer.dw(dy)[..., ::-1, ::-1]}


@backward("dW-rows-and-columns-exchanged", family="orientation")
def dw_exchanged(layer: Layer, dy: Array) -> Any:
    """Your dW has rows and columns exchanged.

    dW has the shape of W, entry by entry: row u of the window belongs to row u of dW. Check the order of u
    and v.
    """
    if layer.w.shape[2] != layer.w.shape[3]:
        return None
    return {"dw": layer.dw(dy).swapaxes(2, 3)}


@backward("dW-from-unpadded-image", family="omission")
def dw_from_unpadded_image(layer: Layer, dy: Array) -> Any:
    """Your dW reads the windows from the image without its padding above and to the left.

    Output (i, j) saw the padded image. Take the windows for dW from the padded image as well.
    """
    double = (2 * layer.padding[0], 2 * layer.padding[1])
    return {"dw": layer.dw(dy, layer.windows(layer.framed((0, 0), double)))}


@backward("padding-all-top-left", family="order")
def dw_padding_all_top_left(layer: Layer, dy: Array) -> Any:
    """Your dW comes from an image with all its padding above and to the left.

    Padding p stands on each of the four sides; the forward pass and dW must read the same padded image.
    Pad with ((p, p), (p, p)).
    """
    double = (2 * layer.padding[0], 2 * layer.padding[1])
    return {"dw": layer.dw(dy, layer.windows(layer.framed(double, (0, 0))))}


@backward("edge-padding", family="wrong-op")
def dw_edge_padding(layer: Layer, dy: Array) -> Any:
    """Your dW comes from an image whose border pixels were repeated instead of padded with zeros.

    A padded zero adds nothing to dW. Pad with zeros and keep that array in the cache.
    """
    return {"dw": layer.dw(dy, layer.windows(layer.framed(mode="edge")))}


@backward("dW-stride-ignored", family="omission")
def dw_stride_ignored(layer: Layer, dy: Array) -> Any:
    """Your dW takes windows one pixel apart instead of s.

    dY[n, f, i, j] belongs to the window that starts at row i*s, column j*s. Use the stride as in the
    forward pass.
    """
    return {"dw": layer.dw(dy, layer.crop(layer.windows(stride=(1, 1))))}


@backward("dW-dilation-ignored", family="omission")
def dw_dilation_ignored(layer: Layer, dy: Array) -> Any:
    """Your dW reads neighbouring pixels although the kernel is dilated.

    The taps lie d pixels apart in the backward pass too. Use the slice start : start + span : d for the
    window.
    """
    return {"dw": layer.dw(dy, layer.crop(layer.windows(dilation=(1, 1))))}


@backward("dW-first-channel-for-all", family="scope")
def dw_first_channel_for_all(layer: Layer, dy: Array) -> Any:
    """Your dW uses the first channel of the image for every channel of the filter.

    dW[f, c] belongs to channel c. Index the window with c.
    """
    dw = layer.dw(dy)
    return {"dw": np.repeat(dw[:, :1], dw.shape[1], axis=1)}


@backward("dW-mean-over-positions", family="scale")
def dw_mean_over_positions(layer: Layer, dy: Array) -> Any:
    """Your dW is divided by the number of output positions.

    A shared weight gets the sum over all positions where it was used. Use np.sum, not np.mean.
    """
    return {"dw": layer.dw(dy) / dy[0, 0].size}


@backward("dW-negated", family="sign")
def dw_negated(layer: Layer, dy: Array) -> Any:
    """Your dW has the wrong sign.

    Return the gradient itself; the minus of gradient descent belongs to the update. Remove the minus.
    """
    return {"dw": -layer.dw(dy)}


# ------------------------------------------------------------------------------------------------- db


@backward("db-mean", family="scale")
def db_mean(layer: Layer, dy: Array) -> Any:
    """Your db is the mean of the upstream gradient instead of its sum.

    The bias was added at every position of every image, so its gradient is the sum. Use dY.sum(axis=(0, 2,
    3)).
    """
    return {"db": dy.mean(axis=(0, 2, 3))}


@backward("db-last-example", family="scope")
def db_last_example(layer: Layer, dy: Array) -> Any:
    """Your db keeps the last image of the batch only.

    The bias is shared by all images. Use dY.sum(axis=(0, 2, 3)), or += inside the loop over n.
    """
    return {"db": dy[-1].sum(axis=(1, 2))}


@backward("db-last-position", family="wrong-op")
def db_last_position(layer: Layer, dy: Array) -> Any:
    """Your db keeps the last entry of the upstream gradient only.

    The bias was added at every position, so its gradient is a sum. Write db[f] += dY[n, f, i, j].
    """
    return {"db": dy[-1, :, -1, -1]}


@backward("db-not-summed-over-batch", family="omission")
def db_not_summed_over_batch(layer: Layer, dy: Array) -> Any:
    """Your db has one row per image.

    db has the shape of b: one number per filter. Sum over the batch axis as well, dY.sum(axis=(0, 2, 3)).
    """
    return {"db": dy.sum(axis=(2, 3))}


@backward("db-summed-over-filters", family="scope")
def db_summed_over_filters(layer: Layer, dy: Array) -> Any:
    """Your db has the same number for every filter: the sum of the whole upstream gradient.

    Each filter has its own bias. Keep the filter axis: dY.sum(axis=(0, 2, 3)).
    """
    return {"db": np.full(dy.shape[1], dy.sum())}


@backward("db-counts-positions", family="omission")
def db_counts_positions(layer: Layer, dy: Array) -> Any:
    """Your db counts the positions; the upstream gradient is not in it.

    The derivative of the output after b is 1, times dY by the chain rule. Sum dY, not ones.
    """
    return {"db": np.full(dy.shape[1], float(dy[:, 0].size))}


# -------------------------------------------------------------------------------- several of the three


@backward("true-convolution", family="orientation", belief="E47")
def true_convolution(layer: Layer, dy: Array) -> Any:
    """Your gradients belong to a true convolution, with the kernel turned by 180 degrees.

    The course's layer is a cross-correlation: use W as it is in the forward pass, and let dX and dW follow.
    Remove the flips.
    """
    return {"dx": layer.dx(dy, layer.w[..., ::-1, ::-1]), "dw": layer.dw(dy)[..., ::-1, ::-1]}


@backward("mean-over-window", family="scale")
def gradient_of_mean(layer: Layer, dy: Array) -> Any:
    """Your dX and dW are divided by k*k.

    The layer sums over the window, so nothing is divided on the way back. Remove the factor.
    """
    area = layer.w[0, 0].size
    return {"dx": layer.dx(dy) / area, "dw": layer.dw(dy) / area}


@backward("gradients-averaged-over-batch", family="scale")
def gradients_averaged(layer: Layer, dy: Array) -> Any:
    """Your dW and db are divided by the number of images.

    The loss already holds the 1/N, it arrives inside dY. Sum over the batch.
    """
    return {"dw": layer.dw(dy) / len(dy), "db": layer.db(dy) / len(dy)}


@backward("upstream-gradient-ignored", family="omission")
def upstream_ignored(layer: Layer, dy: Array) -> Any:
    """You computed the gradients as if dY were all ones.

    By the chain rule every share is multiplied by the upstream gradient of its output. Multiply by dY[n, f,
    i, j].
    """
    ones = np.ones_like(dy)
    return {"dx": layer.dx(ones), "dw": layer.dw(ones), "db": layer.db(ones)}


@backward("dY-summed-over-filters", family="scope")
def dy_summed_over_filters(layer: Layer, dy: Array) -> Any:
    """You summed the upstream gradient over the filters before using it.

    dY[n, f] belongs to filter f alone. Keep the filter axis and pair dY[n, f] with W[f] and dW[f].
    """
    total = np.repeat(dy.sum(axis=1, keepdims=True), dy.shape[1], axis=1)
    return {"dx": layer.dx(total), "dw": layer.dw(total), "db": layer.db(total)}


@backward("dY-reshaped-without-transpose", family="order")
def dy_reshaped_without_transpose(layer: Layer, dy: Array) -> Any:
    """You flattened dY to (filter, everything else) without bringing the filter axis to the front.

    reshape keeps the order of the numbers. Use dY.transpose(1, 2, 3, 0).reshape(F, -1), in the order of
    your columns.
    """
    N, F, P, Q = dy.shape
    mixed = dy.reshape(F, P, Q, N).transpose(3, 0, 1, 2)
    return {"dx": layer.dx(mixed), "dw": layer.dw(mixed)}


@backward("last-row-missing", family="off-by-one")
def gradient_of_last_row_missing(layer: Layer, dy: Array) -> Any:
    """Your loops leave out the last row of dY.

    range(n) already stops before n. Let the row loop run over range(out_h), not range(out_h - 1).
    """
    short = dy.copy()
    short[:, :, -1] = 0.0
    return {"dx": layer.dx(short), "dw": layer.dw(short), "db": layer.db(short)}


@backward("returns-swapped", family="swap")
def returns_swapped(layer: Layer, dy: Array) -> Any:
    """You returned dW before dX.

    The order is (dX, dW, db). Exchange the first two.
    """
    return {"dx": layer.dw(dy), "dw": layer.dx(dy)}


@backward("db-of-last-position", family="wrong-op")
def db_of_last_position(layer: Layer, dy: Array) -> Any:
    """Your db sums over the images but keeps the last position only: every position overwrote the one before.

    The bias was added at every position. Write db += dY[:, :, i, j].sum(axis=0) inside the loops.
    """
    return {"db": dy[:, :, -1, -1].sum(axis=0)}


@backward("db-divided-by-batch", family="scale")
def db_divided_by_batch(layer: Layer, dy: Array) -> Any:
    """Your db is divided by the number of images.

    The loss already holds the 1/N, it arrives inside dY. Sum over the batch.
    """
    return {"db": layer.db(dy) / len(dy)}


@backward("dW-divided-by-batch", family="scale")
def dw_divided_by_batch(layer: Layer, dy: Array) -> Any:
    """Your dW is divided by the number of images.

    The loss already holds the 1/N, it arrives inside dY. Sum over the batch.
    """
    return {"dw": layer.dw(dy) / len(dy)}


@backward("dW-of-last-position", family="wrong-op")
def dw_of_last_position(layer: Layer, dy: Array) -> Any:
    """Your dW sums over the images but keeps the last position only: every window overwrote the one before.

    A filter is used at every position. Write dW += ... instead of dW = ... inside the loops over i and j.
    """
    return {"dw": layer.dw(dy[:, :, -1:, -1:], layer.windows()[:, :, -1:, -1:])}


@backward("db-summed-over-everything", family="scope")
def db_summed_over_everything(layer: Layer, dy: Array) -> Any:
    """Your db is one number: you summed over the filters as well.

    Every filter has its own bias. Sum over images, rows and columns: dY.sum(axis=(0, 2, 3)).
    """
    return {"db": np.asarray(dy.sum())}
