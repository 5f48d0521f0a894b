"""Forward mistakes about the orientation of the kernel and about padding."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.convolution.layer import Layer, forward
from reference.op import Array

# ---------------------------------------------------------------------------------------- orientation


@forward("kernel-flipped-forward", family="orientation", belief="E47")
def kernel_flipped(layer: Layer) -> Array:
    """You turned the kernel by 180 degrees before laying it on the image; that is a true convolution.

    The course's layer is a cross-correlation: the top left weight meets the top left pixel of the window.
    Use W[f, c, u, v] as it is, without [::-1, ::-1].
    """
    return layer.biased(layer.sums(w=layer.w[..., ::-1, ::-1]))


@forward("kernel-flipped-left-right", family="orientation")
def kernel_flipped_left_right(layer: Layer) -> Array:
    """You mirrored the kernel left to right before multiplying.

    A cross-correlation mirrors nothing: column v of the kernel meets column v of the window. Check the
    column index of your product.
    """
    return layer.biased(layer.sums(w=layer.w[..., ::-1]))


@forward("kernel-flipped-up-down", family="orientation")
def kernel_flipped_up_down(layer: Layer) -> Array:
    """You mirrored the kernel top to bottom before multiplying.

    A cross-correlation mirrors nothing: row u of the kernel meets row u of the window. Check the row index
    of your product.
    """
    return layer.biased(layer.sums(w=layer.w[..., ::-1, :]))


@forward("kernel-transposed", family="orientation")
def kernel_transposed(layer: Layer) -> Array | None:
    """You exchanged the rows and columns of the kernel.

    Row index goes with row index: W[f, c, u, v] multiplies the pixel u rows down and v columns to the
    right. Check the order of u and v in your innermost loop or your reshape.
    """
    if layer.w.shape[2] != layer.w.shape[3]:
        return None
    return layer.biased(layer.sums(w=layer.w.swapaxes(2, 3)))


@forward("output-transposed", family="orientation")
def output_transposed(layer: Layer) -> Array:
    """You wrote the result with rows and columns exchanged.

    Moving the window to the right moves along a row of the output. Write to Y[n, f, i, j] where i counts
    the steps down and j the steps to the right.
    """
    return layer.biased(layer.sums()).swapaxes(2, 3)


# -------------------------------------------------------------------------------------------- padding


@forward("padding-all-top-left", family="order")
def padding_all_top_left(layer: Layer) -> Array:
    """You put all the padding above and to the left of the image, so that every window is shifted.

    Padding p means p rows or columns of zeros on each of the four sides. Pad with ((p, p), (p, p)), not
    with ((2p, 0), (2p, 0)).
    """
    double = (2 * layer.padding[0], 2 * layer.padding[1])
    return layer.biased(layer.sums(layer.windows(layer.framed(double, (0, 0)))))


@forward("padding-all-bottom-right", family="order")
def padding_all_bottom_right(layer: Layer) -> Array:
    """You put all the padding below and to the right of the image; the image itself was not moved.

    Padding p means p rows or columns of zeros on each of the four sides. Copy the image to rows p to p+H
    and columns p to p+W of the zeros.
    """
    double = (2 * layer.padding[0], 2 * layer.padding[1])
    return layer.biased(layer.sums(layer.windows(layer.framed((0, 0), double))))


@forward("padding-top-left-only", family="omission")
def padding_top_left_only(layer: Layer) -> Array:
    """You padded above and to the left only, so the result is too small.

    Padding p stands on each of the four sides: the padded image has H + 2p rows and W + 2p columns. Add the
    missing sides.
    """
    return layer.biased(layer.sums(layer.windows(layer.framed(None, (0, 0)))))


@forward("padding-bottom-right-only", family="omission")
def padding_bottom_right_only(layer: Layer) -> Array:
    """You padded below and to the right only, so the result is too small.

    Padding p stands on each of the four sides: the padded image has H + 2p rows and W + 2p columns. Add the
    missing sides.
    """
    return layer.biased(layer.sums(layer.windows(layer.framed((0, 0), None))))


@forward("padding-rows-only", family="omission")
def padding_rows_only(layer: Layer) -> Array:
    """You padded above and below but not to the left and right.

    Padding p holds for both axes. Pad the last two axes of X with (p, p) each.
    """
    rows = (layer.padding[0], 0)
    return layer.biased(layer.sums(layer.windows(layer.framed(rows, rows))))


@forward("padding-ignored", family="omission")
def padding_ignored(layer: Layer) -> Array:
    """You moved the window over the image itself; the padding was not used.

    Surround the image with p rows and columns of zeros first, then slide over the padded image. Check that
    your loops read the padded array.
    """
    return layer.biased(layer.sums(layer.windows(layer.x)))


@forward("padded-windows-skipped", family="omission")
def padded_windows_skipped(layer: Layer) -> Array:
    """You left the outputs at zero wherever the window reaches over the border of the image.

    Those windows count too: the pixels outside are zeros, the ones inside are not. Compute every position
    of the padded image.
    """
    inside = Layer(np.ones_like(layer.x), np.ones_like(layer.w), None, *_moves(layer))
    whole = inside.sums() >= layer.w[0].size - 0.5
    return np.where(whole, layer.biased(layer.sums()), 0.0)


@forward("edge-padding", family="wrong-op")
def edge_padding(layer: Layer) -> Array:
    """You repeated the border pixels around the image instead of padding with zeros.

    The course pads with zeros. Use np.pad(..., mode="constant") or copy the image into zeros.
    """
    return layer.biased(layer.sums(layer.windows(layer.framed(mode="edge"))))


@forward("reflect-padding", family="wrong-op")
def reflect_padding(layer: Layer) -> Array | None:
    """You mirrored the image at its border instead of padding with zeros.

    The course pads with zeros. Use np.pad(..., mode="constant") or copy the image into zeros.
    """
    if min(layer.x.shape[2:]) < 2:
        return None
    return layer.biased(layer.sums(layer.windows(layer.framed(mode="reflect"))))


@forward("padding-wraps-around", family="wrong-op")
def padding_wraps_around(layer: Layer) -> Array:
    """Your windows continue on the opposite side of the image where they reach over its border.

    A negative index reads from the end in Python; outside the image there should be zeros. Slide over a
    padded copy, or skip the terms whose index lies outside.
    """
    return layer.biased(layer.sums(layer.windows(layer.framed(mode="wrap"))))


@forward("padding-with-ones", family="wrong-op")
def padding_with_ones(layer: Layer) -> Array:
    """You filled the padding with ones instead of zeros.

    A padded pixel must add nothing to the sum. Start from np.zeros, not np.ones, and copy the image in.
    """
    return layer.biased(layer.sums(layer.windows(layer.framed(constant_values=1.0))))


@forward("full-instead-of-valid", family="wrong-op")
def full_instead_of_valid(layer: Layer) -> Array:
    """You let the kernel hang over the border by all but one pixel ("full" size), so the result is too
    large.

    Only the padding p that is given counts; with p = 0 the kernel stays inside the image. Start with the
    kernel's corner on the corner of the padded image.
    """
    K, L = layer.w.shape[2:]
    hang = (layer.padding[0] + layer.dilation[0] * (K - 1), layer.padding[1] + layer.dilation[1] * (L - 1))
    return layer.biased(layer.sums(layer.windows(layer.framed(hang, hang))))


@forward("same-instead-of-valid", family="wrong-op")
def same_instead_of_valid(layer: Layer) -> Array | None:
    """You padded so that the result is as large as the image ("same"), although no padding is asked for.

    Use exactly the padding p that is given; with p = 0 the result shrinks. Check the size with
    (n + 2p - k)/s + 1.
    """
    if layer.padding != (0, 0) or not (layer.w.shape[2] % 2 and layer.w.shape[3] % 2):
        return None
    half = (layer.w.shape[2] // 2, layer.w.shape[3] // 2)
    return layer.biased(layer.sums(layer.windows(layer.framed(half, half))))


def _moves(layer: Layer) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]:
    return layer.stride, layer.padding, layer.dilation, layer.groups


@forward("padding-doubled", family="scale")
def padding_doubled(layer: Layer) -> Array | None:
    """You padded with 2p on every side.

    The 2p in the formula of the size counts both sides together. Pad with p on each side.
    """
    if layer.padding == (0, 0):
        return layer.biased(layer.sums())
    twice = (2 * layer.padding[0], 2 * layer.padding[1])
    return layer.biased(layer.sums(layer.windows(layer.framed(twice, twice))))


@forward("size-without-padding", family="omission")
def size_without_padding(layer: Layer) -> Array | None:
    """You padded the image but computed the size of the result without the padding.

    There are (H + 2p - k)/s + 1 rows. Take H and W from the padded image, or add 2p.
    """
    sizes = []
    for axis in (0, 1):
        free = layer.x.shape[2 + axis] - layer.dilation[axis] * (layer.w.shape[2 + axis] - 1) - 1
        sizes.append(free // layer.stride[axis] + 1)
    if min(sizes) < 1:
        return None
    return layer.biased(layer.sums())[:, :, : sizes[0], : sizes[1]]


@forward("negative-index-wraps", family="scope")
def negative_index_wraps(layer: Layer) -> Array | None:
    """You skip pixels beyond the last row and column, but not those before the first: there a negative index reads
    from the other end of the image.

    Python counts negative indices from the end. Skip every pixel with a row or column below 0 as well.
    """
    if layer.padding == (0, 0):
        return layer.biased(layer.sums())
    image = layer.framed(mode="wrap")
    (top, left), (H, W) = layer.padding, layer.x.shape[2:]
    image[:, :, top + H :] = 0.0
    image[:, :, :, left + W :] = 0.0
    return layer.biased(layer.sums(layer.windows(image)))
