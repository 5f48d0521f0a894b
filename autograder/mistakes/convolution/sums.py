"""Forward mistakes about what is summed under the window: taps, channels, filters, biases, examples."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.convolution.layer import Layer, forward
from reference.op import Array

# -------------------------------------------------------------------------------- inside one window


@forward("mean-over-window", family="scale")
def mean_over_window(layer: Layer) -> Array:
    """You divided the sum over the window by the number of its pixels, k*k.

    A convolution sums the products; only average pooling divides. Use np.sum, not np.mean.
    """
    return layer.biased(layer.sums() / layer.w[0, 0].size)


@forward("mean-over-all-products", family="scale")
def mean_over_all_products(layer: Layer) -> Array | None:
    """You took the mean of all products of window and filter, over channels and pixels.

    A convolution sums the products. Use np.sum, not np.mean.
    """
    # with one channel this is mean-over-window
    return None if layer.w.shape[1] == 1 else layer.biased(layer.sums() / layer.w[0].size)


@forward("window-sum-missing", family="omission")
def window_sum_missing(layer: Layer) -> Array:
    """You kept only the last product of the window; the ones before were overwritten.

    Every output is a sum over the whole window. Write += inside the loops over u and v, and start at 0.
    """
    return layer.biased(layer.products()[..., -1, -1].sum(axis=2))


@forward("first-row-of-window-only", family="omission")
def first_row_of_window_only(layer: Layer) -> Array:
    """You summed the products of the window's first row only.

    The sum runs over all rows u and all columns v of the kernel. Let both loops run to k.
    """
    return layer.biased(layer.products()[..., 0, :].sum(axis=(2, 5)))


@forward("window-diagonal-only", family="omission")
def window_diagonal_only(layer: Layer) -> Array:
    """You summed only the products on the diagonal of the window.

    All k*k pixels of the window count, not only those with u = v. Use two separate loops over u and v.
    """
    return layer.biased(np.trace(layer.products(), axis1=5, axis2=6).sum(axis=2))


@forward("matrix-product-in-window", family="wrong-op")
def matrix_product_in_window(layer: Layer) -> Array | None:
    """You multiplied window and kernel as matrices (@) instead of entry by entry.

    Each weight meets exactly one pixel of the window. Use window * W[f] and then sum.
    """
    if layer.w.shape[2] != layer.w.shape[3]:
        return None
    seen = layer.windows()[:, layer.channels]
    return layer.biased(np.einsum("nfdpqkm,fdml->nfpq", seen, layer.w))


@forward("maximum-of-products", family="wrong-op")
def maximum_of_products(layer: Layer) -> Array:
    """You took the largest product of the window instead of their sum.

    The maximum belongs to max pooling. Add all products of the window.
    """
    return layer.biased(layer.products().max(axis=(2, 5, 6)))


@forward("weights-added-to-pixels", family="wrong-op")
def weights_added_to_pixels(layer: Layer) -> Array:
    """You added weights and pixels instead of multiplying them.

    Each pixel of the window is multiplied by its weight, then everything is added. Use * inside the sum.
    """
    return layer.biased(layer.sums(w=np.ones_like(layer.w)) + layer.w.sum(axis=(1, 2, 3))[:, None, None])


@forward("negative-outputs-clipped", family="wrong-op")
def negative_outputs_clipped(layer: Layer) -> Array:
    """You set negative outputs to zero; that is the ReLU, a layer of its own.

    The convolution ends with the sum and the bias. Return negative values as they are.
    """
    return np.maximum(layer.biased(layer.sums()), 0.0)


# ------------------------------------------------------------------------------------------ channels


@forward("first-channel-only", family="omission")
def first_channel_only(layer: Layer) -> Array:
    """You used the first channel only.

    A filter has one kernel per channel and sums over all of them. Let the sum run over c as well.
    """
    return layer.biased(layer.products()[:, :, 0].sum(axis=(4, 5)))


@forward("last-channel-only", family="omission")
def last_channel_only(layer: Layer) -> Array:
    """You kept the last channel only; each channel overwrote the one before.

    A filter sums over all channels. Write += in the loop over c, and start at 0.
    """
    return layer.biased(layer.products()[:, :, -1].sum(axis=(4, 5)))


@forward("channel-mean", family="scale")
def channel_mean(layer: Layer) -> Array:
    """You averaged over the channels instead of summing.

    The partial results of all channels are added. Do not divide by the number of channels.
    """
    return layer.biased(layer.sums() / layer.w.shape[1])


@forward("per-channel-output", family="scope")
def per_channel_output(layer: Layer) -> Array:
    """You kept the channels apart: one map for each pair of filter and channel.

    One filter gives one map: the partial maps of all channels are added. Sum over the channel axis.
    """
    maps = layer.products().sum(axis=(5, 6))
    maps = maps if layer.b is None else maps + layer.b[:, None, None, None]
    return maps.reshape(len(maps), -1, *maps.shape[3:])


@forward("first-kernel-for-all-channels", family="scope")
def first_kernel_for_all_channels(layer: Layer) -> Array:
    """You laid the same kernel, the one of channel 0, on every channel.

    Each filter has its own kernel for each channel. Use W[f, c] with channel c of the image.
    """
    return layer.biased(layer.sums(w=np.repeat(layer.w[:, :1], layer.w.shape[1], axis=1)))


@forward("channels-reversed", family="order")
def channels_reversed(layer: Layer) -> Array:
    """You matched the kernels with the channels in reverse order.

    Kernel W[f, c] belongs to channel c. Check how you flip or split the channel axis: flip only the last
    two.
    """
    return layer.biased(layer.sums(w=layer.w[:, ::-1]))


@forward("patch-channels-last", family="order")
def patch_channels_last(layer: Layer) -> Array:
    """You flattened the filters with the channel first but the image patches with the channel last.

    Both must be flattened in the same order: channel, row, column. Transpose the patch to (c, u, v) before
    the reshape.
    """
    F, D, K, L = layer.w.shape
    return layer.biased(layer.sums(w=layer.w.reshape(F, K, L, D).transpose(0, 3, 1, 2)))


@forward("groups-read-first-channels", family="scope")
def groups_read_first_channels(layer: Layer) -> Array:
    """You let every group of filters read the first group of channels.

    Group g of the filters sees group g of the channels only. Start the channel slice at g * (C // groups).
    """
    D = layer.w.shape[1]
    seen = layer.windows()[:, :D]
    return layer.biased(np.einsum("ndpqkl,fdkl->nfpq", seen, layer.w))


# ----------------------------------------------------------------------------------- filters and bias


@forward("first-filter-for-all", family="scope")
def first_filter_for_all(layer: Layer) -> Array:
    """You used the first filter for every output map.

    Output map f belongs to filter W[f] and bias b[f]. Use f, not 0, as the index.
    """
    y = layer.biased(layer.sums())
    return np.repeat(y[:, :1], y.shape[1], axis=1)


@forward("filters-reversed", family="order")
def filters_reversed(layer: Layer) -> Array:
    """You wrote the maps of the filters in reverse order.

    Map f of the output belongs to filter f. Write the result of W[f] to Y[n, f].
    """
    return (
        layer.biased(layer.sums(w=layer.w[::-1]))
        if layer.groups == 1
        else layer.biased(layer.sums())[:, ::-1]
    )


@forward("filters-summed", family="scope")
def filters_summed(layer: Layer) -> Array:
    """You added the maps of all filters into each output map.

    The sum runs over the channels of the image, not over the filters. Keep the filter axis.
    """
    y = layer.biased(layer.sums())
    return np.repeat(y.sum(axis=1, keepdims=True), y.shape[1], axis=1)


@forward("bias-forgotten", family="omission")
def bias_forgotten(layer: Layer) -> Array | None:
    """You did not add the bias.

    Each filter has one bias that is added to every entry of its map. Add b[f] after the sum.
    """
    return None if layer.b is None else layer.sums()


@forward("bias-per-channel", family="scope")
def bias_per_channel(layer: Layer) -> Array | None:
    """You added the bias once for every channel.

    The bias is added once per output, after the channels are summed. Move b[f] out of the loop over c.
    """
    if layer.b is None:
        return None
    return layer.sums() + layer.w.shape[1] * layer.b[:, None, None]


@forward("bias-per-product", family="scope")
def bias_per_product(layer: Layer) -> Array | None:
    """You added the bias to every product inside the window.

    The bias is added once per output. Write np.sum(window * W[f]) + b[f], with b outside the sum.
    """
    if layer.b is None:
        return None
    return layer.sums() + layer.w[0].size * layer.b[:, None, None]


@forward("bias-of-first-filter", family="scope")
def bias_of_first_filter(layer: Layer) -> Array | None:
    """You added the bias of the first filter to all maps.

    Each filter has its own bias. Add b[f] to map f.
    """
    return None if layer.b is None else layer.sums() + layer.b[0]


@forward("bias-subtracted", family="sign")
def bias_subtracted(layer: Layer) -> Array | None:
    """You subtracted the bias.

    The layer computes the sum of the products plus b. Change the sign.
    """
    return None if layer.b is None else layer.sums() - layer.b[:, None, None]


# ------------------------------------------------------------------------------------------ examples


@forward("only-first-example", family="scope")
def only_first_example(layer: Layer) -> Array:
    """You computed the first image of the batch only; the others stayed zero.

    The first axis of X counts the images. Loop over n, or do not drop that axis.
    """
    y = layer.biased(layer.sums())
    y[1:] = 0.0
    return y


@forward("only-last-example", family="scope")
def only_last_example(layer: Layer) -> Array:
    """You kept the last image of the batch only; the others stayed zero.

    The first axis of X counts the images. Create the output before the loop over n, not inside.
    """
    y = layer.biased(layer.sums())
    y[:-1] = 0.0
    return y


@forward("first-example-for-all", family="scope")
def first_example_for_all(layer: Layer) -> Array:
    """You used the first image of the batch for every output.

    Output n belongs to image n. Use n, not 0, as the index of X.
    """
    y = layer.biased(layer.sums())
    return np.repeat(y[:1], len(y), axis=0)


@forward("reshape-without-transpose", family="order")
def reshape_without_transpose(layer: Layer) -> Array:
    """You reshaped the matrix (filter, position, image) to (image, filter, row, column) without moving
    axes.

    reshape keeps the order of the numbers, it does not exchange axes. Reshape to (F, P, Q, N) first, then
    transpose to (N, F, P, Q).
    """
    y = layer.biased(layer.sums())
    return y.transpose(1, 2, 3, 0).reshape(y.shape)


@forward("rows-of-windows-reshaped", family="order")
def rows_of_windows_reshaped(layer: Layer) -> Array:
    """You reshaped the table with one row per window and one column per filter to (N, F, P, Q) without moving axes.

    reshape keeps the order of the numbers. Reshape to (N, P, Q, F) first, then transpose to (N, F, P, Q).
    """
    y = layer.biased(layer.sums())
    return y.transpose(0, 2, 3, 1).reshape(y.shape)


@forward("batch-and-filter-axes-mixed", family="order")
def batch_and_filter_axes_mixed(layer: Layer) -> Array:
    """You reshaped the matrix (filter, image, position) to (image, filter, row, column) without moving
    axes.

    reshape keeps the order of the numbers, it does not exchange axes. Reshape to (F, N, P, Q) first, then
    exchange the first two axes.
    """
    y = layer.biased(layer.sums())
    return y.transpose(1, 0, 2, 3).reshape(y.shape)


@forward("last-filter-for-all", family="scope")
def last_filter_for_all(layer: Layer) -> Array:
    """Every map of your result shows the last filter.

    Each filter has a map of its own. Write to Y[n, f, i, j] inside the loop over f.
    """
    y = layer.biased(layer.sums())
    return np.repeat(y[:, -1:], y.shape[1], axis=1)


@forward("kernel-turned-by-90", family="orientation")
def kernel_turned_by_90(layer: Layer) -> Array | None:
    """You turned the kernel by 90 degrees.

    Lay the kernel on the image as it is: no rot90, no transpose.
    """
    if layer.w.shape[2] != layer.w.shape[3]:
        return None
    return layer.biased(layer.sums(w=np.rot90(layer.w, axes=(2, 3))))
