"""Backward mistakes: what flows back to the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes.convolution.layer import Layer, backward
from reference.op import Array

# ------------------------------------------------------------------------------------- dX: scattering


@backward("overlap-overwrites", family="wrong-op")
def overlap_overwrites(layer: Layer, dy: Array) -> Any:
    """Overlapping windows overwrite each other in your dX.

    A pixel seen by several windows gets the sum of what they hand back. Write += instead of = when you add
    a window's share to dX.
    """
    return {"dx": layer.unframed(last_window_wins(layer, layer.shares(dy)))}


@backward("overlap-overwrites-filter-by-filter", family="wrong-op")
def overlap_overwrites_filter_by_filter(layer: Layer, dy: Array) -> Any:
    """In your dX every window and every filter overwrites what was there before.

    A pixel gets the sum over all windows that see it and over all filters. Write += instead of = when you
    add W[f] * dY[n, f, i, j] to dX.
    """
    canvas, full = layer.canvas(), layer.dense(layer.w)
    for f in range(len(full)):
        shares = dy[:, f, None, :, :, None, None] * full[f][None, :, None, None]
        canvas = last_window_wins(layer, shares, canvas, layer.channels[f])
    return {"dx": layer.unframed(canvas)}


@backward("fancy-index-adds-once", family="wrong-op")
def fancy_index_adds_once(layer: Layer, dy: Array) -> Any:
    """Pixels that belong to several windows got only one of their shares in your dX.

    dX[rows, columns] += v adds once per pixel even if an index occurs several times. Use np.add.at(dX,
    index, v) or a loop.
    """
    shares, canvas = layer.shares(dy), layer.canvas()
    (sr, sc), (dr, dc), (P, Q) = layer.stride, layer.dilation, layer.size
    for k, l in np.ndindex(*layer.w.shape[2:]):
        rows = slice(k * dr, k * dr + sr * (P - 1) + 1, sr)
        columns = slice(l * dc, l * dc + sc * (Q - 1) + 1, sc)
        canvas[:, :, rows, columns] = shares[..., k, l]
    return {"dx": layer.unframed(canvas)}


def last_window_wins(
    layer: Layer, shares: Array, canvas: Array | None = None, channels: Array | None = None
) -> Array:
    canvas = layer.canvas() if canvas is None else canvas
    which = np.arange(canvas.shape[1]) if channels is None else channels
    (sr, sc), (dr, dc), (K, L) = layer.stride, layer.dilation, layer.w.shape[2:]
    for i, j in np.ndindex(*layer.size):
        rows, columns = i * sr + dr * np.arange(K), j * sc + dc * np.arange(L)
        canvas[:, which[:, None, None], rows[:, None], columns] = shares[:, which, i, j]
    return canvas


@backward("dX-transposed-filter", family="orientation")
def dx_transposed_filter(layer: Layer, dy: Array) -> Any:
    """Your dX correlates the upstream gradient with the filter as it is; it has to be turned by 180
    degrees.

    Pixel (r, c) met weight (u, v) in the window that starts at (r-u, c-v). Either correlate the padded dY
    with W[..., ::-1, ::-1], or add W[f] * dY[n, f, i, j] to the window it came from.
    """
    return {"dx": layer.dx(dy, layer.w[..., ::-1, ::-1])}


@backward("dX-filter-mirrored", family="orientation")
def dx_filter_mirrored(layer: Layer, dy: Array) -> Any:
    """Your dX uses the filter mirrored left to right.

    Turning by 180 degrees mirrors both axes. Use W[..., ::-1, ::-1], or no turning when you add window by
    window.
    """
    return {"dx": layer.dx(dy, layer.w[..., ::-1])}


@backward("dX-filter-rows-and-columns-exchanged", family="orientation")
def dx_filter_exchanged(layer: Layer, dy: Array) -> Any:
    """Your dX uses the kernels with rows and columns exchanged.

    W.T transposes, it does not turn; and the channel axes are exchanged, not the spatial ones. Check the
    order of u and v in dX.
    """
    if layer.w.shape[2] != layer.w.shape[3]:
        return None
    return {"dx": layer.dx(dy, layer.w.swapaxes(2, 3))}


@backward("weight-axes-exchanged", family="order")
def weight_axes_exchanged(layer: Layer, dy: Array) -> Any:
    """Your dX reads W as (channel, filter) by a reshape, which mixes filters and channels.

    reshape keeps the order of the numbers. Use W.transpose(1, 0, 2, 3), or index W[f, c].
    """
    if layer.groups != 1:
        return None
    F, C, K, L = layer.w.shape
    return {"dx": layer.dx(dy, layer.w.reshape(C, F, K, L).swapaxes(0, 1))}


@backward("dX-stride-ignored", family="omission")
def dx_stride_ignored(layer: Layer, dy: Array) -> Any:
    """Your dX puts the windows one pixel apart instead of s.

    dY[n, f, i, j] belongs to the window that starts at row i*s, column j*s. Use the stride as in the
    forward pass.
    """
    return {"dx": layer.unframed(layer.scatter(layer.shares(dy), stride=(1, 1)))}


@backward("dX-dilation-ignored", family="omission")
def dx_dilation_ignored(layer: Layer, dy: Array) -> Any:
    """Your dX hands the gradient to neighbouring pixels although the kernel is dilated.

    The taps lie d pixels apart in the backward pass too. Use the slice start : start + span : d for dX.
    """
    return {"dx": layer.unframed(layer.scatter(layer.shares(dy), dilation=(1, 1)))}


# ----------------------------------------------------------------------------------- dX: the padding


@backward("dX-not-cropped", family="omission")
def dx_not_cropped(layer: Layer, dy: Array) -> Any:
    """Your dX still has the padding around it.

    dX has the shape of X. Cut the padding off: dX_padded[:, :, p:p+H, p:p+W].
    """
    return {"dx": layer.scatter(layer.shares(dy))}


@backward("dX-cropped-from-corner", family="order")
def dx_cropped_from_corner(layer: Layer, dy: Array) -> Any:
    """You cut dX out of the top left corner of the padded gradient; it is shifted by the padding.

    The image lies at rows p to p+H and columns p to p+W. Cut there: dX_padded[:, :, p:p+H, p:p+W].
    """
    return {"dx": layer.unframed(layer.scatter(layer.shares(dy)), 0, 0)}


@backward("dX-cropped-bottom-right", family="order")
def dx_cropped_bottom_right(layer: Layer, dy: Array) -> Any:
    """You cut dX out of the bottom right corner of the padded gradient; it is shifted by the padding.

    The image lies at rows p to p+H and columns p to p+W. Cut there: dX_padded[:, :, p:p+H, p:p+W].
    """
    return {"dx": layer.unframed(layer.scatter(layer.shares(dy)), 2 * layer.padding[0], 2 * layer.padding[1])}


@backward("crop-minus-p-zero", family="wrong-op")
def crop_minus_p_zero(layer: Layer, dy: Array) -> Any:
    """Your dX is empty when the padding is 0, because [p:-p] becomes [0:-0], which selects nothing.

    -0 is 0, not the end. Cut with p:p+H and p:p+W, which is right for every p.
    """
    if 0 not in layer.padding:
        return None
    (p, q), canvas = layer.padding, layer.scatter(layer.shares(dy))
    return {"dx": canvas[:, :, p:-p, q:-q]}


# ------------------------------------------------------------------------------- dX: sums over filters


@backward("dX-first-filter-only", family="omission")
def dx_first_filter_only(layer: Layer, dy: Array) -> Any:
    """Your dX carries the gradient of the first filter only.

    Every filter saw the pixel, so dX sums over f. Let the loop or the einsum run over all filters.
    """
    first = np.zeros_like(dy)
    first[:, 0] = dy[:, 0]
    return {"dx": layer.dx(first)}


@backward("dX-filters-averaged", family="scale")
def dx_filters_averaged(layer: Layer, dy: Array) -> Any:
    """Your dX is the mean over the filters instead of the sum.

    Gradients that arrive at one pixel are added. Do not divide by the number of filters.
    """
    return {"dx": layer.dx(dy) / len(layer.w)}


@backward("dX-first-channel-only", family="omission")
def dx_first_channel_only(layer: Layer, dy: Array) -> Any:
    """Your dX fills the first channel only.

    Every channel of the image contributed to the output. Use W[f, c] for each channel c of dX.
    """
    dx = layer.dx(dy)
    dx[:, 1:] = 0.0
    return {"dx": dx}


@backward("dX-same-for-all-channels", family="scope")
def dx_same_for_all_channels(layer: Layer, dy: Array) -> Any:
    """Your dX has the same values in every channel: the kernels were summed over the channels.

    Channel c of dX belongs to kernel W[f, c]. Keep the channel axis when you multiply.
    """
    dx = layer.dx(dy)
    return {"dx": np.repeat(dx.sum(axis=1, keepdims=True), dx.shape[1], axis=1)}


@backward("dX-last-example", family="scope")
def dx_last_example(layer: Layer, dy: Array) -> Any:
    """Your dX is filled for the last image of the batch only.

    Each image gets its own gradient. Create dX before the loop over n, not inside.
    """
    dx = layer.dx(dy)
    dx[:-1] = 0.0
    return {"dx": dx}


@backward("dX-last-filter-only", family="omission")
def dx_last_filter_only(layer: Layer, dy: Array) -> Any:
    """Your dX carries the gradient of the last filter only; each filter overwrote the one before.

    Every filter saw the pixel, so dX sums over f. Create the zeros before the loop over f and write +=.
    """
    last = np.zeros_like(dy)
    last[:, -1] = dy[:, -1]
    return {"dx": layer.dx(last)}


@backward("dX-divided-by-batch", family="scale")
def dx_divided_by_batch(layer: Layer, dy: Array) -> Any:
    """Your dX is divided by the number of images.

    Every image has a gradient of its own; the 1/N of the loss arrives inside dY. Do not divide.
    """
    return {"dx": layer.dx(dy) / len(dy)}
