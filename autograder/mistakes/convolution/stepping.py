"""Forward mistakes about where the windows stand: stride, size of the result, dilation."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.convolution.layer import Layer, forward
from reference import ShapeError
from reference.op import Array

# --------------------------------------------------------------------------------------------- stride


@forward("stride-ignored", family="omission")
def stride_ignored(layer: Layer) -> Array:
    """You moved the window by one pixel each time, so the result is too large.

    The window moves by s pixels: output (i, j) belongs to the window starting at row i*s, column j*s. Use
    the stride in both loops.
    """
    return layer.biased(layer.sums(layer.windows(stride=(1, 1))))


@forward("stride-ignored-cropped", family="omission")
def stride_ignored_cropped(layer: Layer) -> Array:
    """Your result has the right size but the windows moved by one pixel instead of s.

    Output (i, j) belongs to the window starting at row i*s, column j*s. Multiply both indices by the
    stride.
    """
    return layer.biased(layer.sums(layer.crop(layer.windows(stride=(1, 1)))))


@forward("stride-rows-only", family="omission")
def stride_rows_only(layer: Layer) -> Array:
    """You used the stride downwards but moved by one pixel to the right.

    The stride holds for rows and columns. Step by s to the right as well, and count the columns again.
    """
    return layer.biased(layer.sums(layer.windows(stride=(layer.stride[0], 1))))


@forward("stride-ignored-in-columns", family="omission")
def stride_ignored_in_columns(layer: Layer) -> Array:
    """Your windows start at row i*s but at column j instead of j*s.

    The stride holds for rows and columns. Start the window at column j*s.
    """
    return layer.biased(layer.sums(layer.crop(layer.windows(stride=(layer.stride[0], 1)))))


@forward("stride-ignored-in-rows", family="omission")
def stride_ignored_in_rows(layer: Layer) -> Array:
    """Your windows start at column j*s but at row i instead of i*s.

    The stride holds for rows and columns. Start the window at row i*s.
    """
    return layer.biased(layer.sums(layer.crop(layer.windows(stride=(1, layer.stride[1])))))


@forward("stride-taken-as-k", family="swap")
def stride_taken_as_k(layer: Layer) -> Array:
    """You moved the window by its own size k, so that windows never overlap.

    The window moves by the stride s; with s < k neighbouring windows share pixels. Step by s.
    """
    K, L = layer.w.shape[2:]
    return layer.biased(layer.sums(layer.windows(stride=(K, L))))


@forward("stride-used-as-kernel-step", family="swap")
def stride_used_as_kernel_step(layer: Layer) -> Array:
    """You spread the kernel's taps s pixels apart; the stride moves the window, not the taps.

    Inside a window the taps are d (the dilation) apart; from window to window it is s. Take rows
    i*s, i*s + d, i*s + 2d and so on.
    """
    return layer.biased(layer.sums(layer.windows(dilation=layer.stride)))


@forward("window-starts-at-one", family="off-by-one")
def window_starts_at_one(layer: Layer) -> Array:
    """Your first window starts at row 1, column 1 instead of row 0, column 0.

    Indices count from 0: the first window covers the top left corner. Start both loops at 0.
    """
    return layer.biased(layer.sums(layer.windows(layer.framed()[:, :, 1:, 1:])))


@forward("plus-one-forgotten", family="off-by-one")
def plus_one_forgotten(layer: Layer) -> Array:
    """You stopped one window too early in both directions; the result lacks a row and a column.

    The window has (n + 2p - k)/s + 1 positions: the steps plus the place where it started. Add the 1.
    """
    return layer.biased(layer.sums())[:, :, :-1, :-1]


@forward("last-row-missing", family="off-by-one")
def last_row_missing(layer: Layer) -> Array:
    """You left the last row of the output at zero.

    range(n) already stops before n. Let the row loop run over range(out_h), not range(out_h - 1).
    """
    y = layer.biased(layer.sums())
    y[:, :, -1] = 0.0
    return y


@forward("last-column-missing", family="off-by-one")
def last_column_missing(layer: Layer) -> Array:
    """You left the last column of the output at zero.

    range(n) already stops before n. Let the column loop run over range(out_w), not range(out_w - 1).
    """
    y = layer.biased(layer.sums())
    y[:, :, :, -1] = 0.0
    return y


@forward("width-from-height", family="swap")
def width_from_height(layer: Layer) -> Array | None:
    """You computed the number of output columns from the image's height; that only works for square images.

    Rows and columns have their own sizes. Compute out_w from X.shape[3] and W.shape[3].
    """
    P, Q = layer.size
    return None if P >= Q else layer.biased(layer.sums())[:, :, :, :P]


@forward("height-from-width", family="swap")
def height_from_width(layer: Layer) -> Array | None:
    """You computed the number of output rows from the image's width; that only works for square images.

    Rows and columns have their own sizes. Compute out_h from X.shape[2] and W.shape[2].
    """
    P, Q = layer.size
    return None if Q >= P else layer.biased(layer.sums())[:, :, :Q]


# ------------------------------------------------------------------------------------------- dilation


@forward("dilation-ignored", family="omission")
def dilation_ignored(layer: Layer) -> Array:
    """You took neighbouring pixels although the kernel is dilated; only the output size knows the dilation.

    With dilation d the taps lie d pixels apart. Cut the window as X[..., i*s : i*s + span : d] in both
    axes.
    """
    return layer.biased(layer.sums(layer.crop(layer.windows(dilation=(1, 1)))))


@forward("dilation-ignored-everywhere", family="omission")
def dilation_ignored_everywhere(layer: Layer) -> Array:
    """You computed as if the dilation were 1, in the output size as well.

    A dilated kernel covers d(k-1)+1 pixels and takes every d-th of them. Use d in the size and in the
    window.
    """
    return layer.biased(layer.sums(layer.windows(dilation=(1, 1))))


@forward("gap-off-by-one", family="off-by-one")
def gap_off_by_one(layer: Layer) -> Array:
    """You left d pixels free between two taps instead of d-1.

    Dilation d means that taps are d apart; d = 1 is the ordinary kernel without gaps. Take every d-th
    pixel.
    """
    wider = (layer.dilation[0] + 1, layer.dilation[1] + 1)
    return layer.biased(layer.sums(layer.windows(dilation=wider)))


@forward("dilation-used-as-stride", family="swap")
def dilation_used_as_stride(layer: Layer) -> Array | None:
    """You moved the window by d pixels instead of spreading the kernel's taps d pixels apart.

    The stride moves the window; the dilation spreads the taps inside it. Use s between windows and d
    between taps.
    """
    if layer.dilation == (1, 1):
        return None
    return layer.biased(layer.sums(layer.windows(stride=layer.dilation, dilation=(1, 1))))


@forward("image-dilated", family="swap")
def image_dilated(layer: Layer) -> Array:
    """You put zeros between the pixels of the image; the dilation belongs to the kernel.

    The image stays as it is and the kernel's taps move apart. Insert the gaps between the weights.
    """
    image = layer.framed()
    (dr, dc), (rows, columns) = layer.dilation, image.shape[2:]
    spread = np.zeros((*image.shape[:2], dr * (rows - 1) + 1, dc * (columns - 1) + 1))
    spread[:, :, ::dr, ::dc] = image
    return layer.biased(layer.sums(layer.windows(spread, dilation=(1, 1))))


@forward("effective-kernel-dk", family="off-by-one")
def effective_kernel_dk(layer: Layer) -> Array:
    """You took d*k as the length of the dilated kernel, so the result is too small.

    k taps have k-1 gaps between them: the kernel covers d(k-1)+1 pixels. Use that span in the output size.
    """
    free = [n - d * k for n, d, k in zip(layer.framed().shape[2:], layer.dilation, layer.w.shape[2:])]
    P, Q = (room // s + 1 for room, s in zip(free, layer.stride))
    if P < 1 or Q < 1:
        raise ShapeError("no position is left")
    return layer.biased(layer.sums())[:, :, :P, :Q]


@forward("last-row-and-column-missing", family="off-by-one")
def last_row_and_column_missing(layer: Layer) -> Array:
    """You left the last row and the last column of the output at zero.

    range(n) already stops before n. Let the loops run over range(out_h) and range(out_w).
    """
    y = layer.biased(layer.sums())
    y[:, :, -1] = 0.0
    y[:, :, :, -1] = 0.0
    return y


@forward("dilation-rows-only", family="omission")
def dilation_rows_only(layer: Layer) -> Array | None:
    """You spread the taps of the kernel along the rows only.

    The dilation holds for both axes. Step by d down and to the right.
    """
    if layer.dilation == (1, 1):
        return None
    return layer.biased(layer.sums(layer.crop(layer.windows(dilation=(layer.dilation[0], 1)))))


@forward("stride-in-window-and-loop", family="scale")
def stride_in_window_and_loop(layer: Layer) -> Array | None:
    """You step by s over the positions of the output and multiply by s again for the window: most outputs stay empty.

    Use range(out_h) for the outputs and i * s for the window, or write to Y[..., i // s, j // s].
    """
    if layer.stride == (1, 1):
        return None
    y = layer.biased(layer.sums())
    kept = np.zeros_like(y)
    kept[:, :, :: layer.stride[0], :: layer.stride[1]] = y[:, :, :: layer.stride[0], :: layer.stride[1]]
    return kept
