"""Forward mistakes of transposed convolution: stamps, kernels, padding and size, bias."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.transposed.stamps import Stamps, forward
from reference import ShapeError
from reference.op import Array

# ---------------------------------------------------------------------------------------- stamping


@forward("stamp-step-one", family="omission")
def stamp_step_one(t: Stamps) -> Array:
    """You stamped the kernels one pixel apart; only the size of the result knows the stride.

    The stamp of entry (i, j) starts at row i*s, column j*s. Multiply both by the stride.
    """
    return t.done(t.added(s=(1, 1)))


@forward("stride-ignored", family="omission")
def stride_ignored(t: Stamps) -> Array:
    """You left the stride out, in the size as well.

    The stamp of entry (i, j) starts at row i*s, column j*s, so there are (H - 1)*s + k rows. Use s in both.
    """
    full = t.canvas((1, 1))
    stamps = t.stamps()
    for i, j, place in t.places((1, 1)):
        full[place] += stamps[:, :, i, j]
    return t.done(full)


@forward("stride-in-rows-only", family="omission")
def stride_in_rows_only(t: Stamps) -> Array:
    """Your stamps start at row i*s but at column j instead of j*s.

    The stride holds for rows and columns. Start at column j*s.
    """
    return t.done(t.added(s=(t.s[0], 1)))


@forward("overlap-overwrites", family="wrong-op")
def overlap_overwrites(t: Stamps) -> Array:
    """In your result a later stamp overwrites an earlier one where they overlap.

    Overlapping stamps add up. Write += instead of =.
    """
    full, stamps = t.canvas(), t.stamps()
    for i, j, place in t.places():
        full[place] = stamps[:, :, i, j]
    return t.done(full)


@forward("overlap-overwrites-channel-by-channel", family="wrong-op")
def overlap_overwrites_by_channel(t: Stamps) -> Array:
    """Each of your stamps overwrites what was there before, that of another channel of X as well.

    The stamps of all entries and all channels add up. Write += instead of =.
    """
    full = t.canvas()
    for c in range(len(t.w)):
        for i, j, place in t.places():
            full[place] = t.x[:, c, i, j, None, None, None] * t.w[c]
    return t.done(full)


@forward("mean-over-overlaps", family="scale")
def mean_over_overlaps(t: Stamps) -> Array:
    """Where stamps overlap you took their mean.

    Overlapping stamps add up. Leave the division out.
    """
    full, hits = t.added(), np.zeros(t.canvas().shape)
    for _, _, place in t.places():
        hits[place] += 1
    return t.done(full / np.maximum(hits, 1))


@forward("maximum-over-overlaps", family="wrong-op")
def maximum_over_overlaps(t: Stamps) -> Array:
    """Where stamps overlap you kept the largest value.

    Overlapping stamps add up. Write += instead of a maximum.
    """
    full, stamps = np.full(t.canvas().shape, -np.inf), t.stamps()
    for i, j, place in t.places():
        full[place] = np.maximum(full[place], stamps[:, :, i, j])
    return t.done(np.where(np.isinf(full), 0.0, full))


@forward("nails-instead-of-stamps", family="omission")
def nails(t: Stamps) -> Array:
    """You spread the entries s pixels apart and stopped; the kernels were not stamped.

    Every entry stamps its whole kernel. Use all of W[c, f].
    """
    full, stamps = t.canvas(), t.stamps()
    for i, j, (a, b, rows, columns) in t.places():
        full[a, b, rows.start, columns.start] += stamps[:, :, i, j, 0, 0]
    return t.done(full)


# ----------------------------------------------------------------------------------------- kernels


@forward("kernel-flipped", family="orientation")
def kernel_flipped(t: Stamps) -> Array:
    """Your result has the kernel turned by 180 degrees.

    The kernel is stamped as it is; only the way through a convolution turns it. Turn it exactly once there,
    and not at all when stamping.
    """
    return t.done(t.added(t.w[..., ::-1, ::-1]))


@forward("kernel-transposed", family="orientation")
def kernel_transposed(t: Stamps) -> Array | None:
    """You exchanged the rows and columns of the kernel.

    "Transposed" is the matrix of the convolution, not the kernel. Stamp W[c, f] as it is.
    """
    return t.done(t.added(t.w.swapaxes(2, 3))) if t.w.shape[2] == t.w.shape[3] else None


@forward("weight-axes-exchanged", family="order")
def weight_axes_exchanged(t: Stamps) -> Array:
    """You read W as [F, C, k, k] by a reshape, which mixes filters and channels.

    W is [C, F, k, k]: the channels of X come first. Use W[c, f], or transpose the axes, never reshape.
    """
    C, F, K, L = t.w.shape
    return t.done(t.added(t.w.reshape(F, C, K, L).transpose(1, 0, 2, 3)))


@forward("first-channel-only", family="omission")
def first_channel_only(t: Stamps) -> Array:
    """You stamped the first channel of X only.

    The stamps of all channels add up. Loop over c.
    """
    w = t.w.copy()
    w[1:] = 0.0
    return t.done(t.added(w))


@forward("only-first-example", family="scope")
def only_first_example(t: Stamps) -> Array:
    """You computed the first image of the batch only; the others stayed zero.

    Every image has its own map. Loop over n.
    """
    y = t.done(t.added())
    y[1:] = 0.0
    return y


# ------------------------------------------------------------------------------- padding and size


@forward("crop-forgotten", family="omission")
def crop_forgotten(t: Stamps) -> Array:
    """You did not cut the padding off.

    In a transposed convolution padding makes the result smaller: p rows and columns go on each side. Cut them.
    """
    return t.added() + t.b[:, None, None]


@forward("crop-minus-p-zero", family="wrong-op")
def crop_minus_p_zero(t: Stamps) -> Array:
    """Your result is empty when the padding is 0, because [p:-p] becomes [0:-0], which selects nothing.

    Write [p : H - p] with the full size H instead of -p.
    """
    (pr, pc), full = t.p, t.added()
    return full[:, :, pr:-pr, pc:-pc] + t.b[:, None, None]


@forward("crop-top-left-only", family="order")
def crop_top_left(t: Stamps) -> Array:
    """You cut the padding off at the top and on the left only.

    p rows and columns go on every side. Cut the bottom and the right as well.
    """
    return t.added()[:, :, t.p[0] :, t.p[1] :] + t.b[:, None, None]


@forward("crop-bottom-right", family="order")
def crop_bottom_right(t: Stamps) -> Array:
    """You cut all the padding off at the bottom and on the right.

    p rows and columns go on every side. Start at row p, column p.
    """
    full = t.added()
    return full[:, :, : full.shape[2] - 2 * t.p[0], : full.shape[3] - 2 * t.p[1]] + t.b[:, None, None]


@forward("padding-added", family="sign")
def padding_added(t: Stamps) -> Array:
    """You framed the result with zeros; padding makes it smaller here.

    Cut p rows and columns off on each side: (H - 1)*s - 2p + k.
    """
    (pr, pc), full = t.p, t.added()
    return np.pad(full, ((0, 0), (0, 0), (pr, pr), (pc, pc))) + t.b[:, None, None]


@forward("output-padding-top-left", family="order")
def output_padding_top_left(t: Stamps) -> Array:
    """Your additional rows and columns come first.

    output_padding adds them at the bottom and on the right. Start the first stamp at row 0.
    """
    return t.done(t.added(shift=t.extra))


@forward("output-padding-ignored", family="omission")
def output_padding_ignored(t: Stamps) -> Array:
    """You left output_padding out.

    It makes the result larger by as many rows and columns, at the end. Add it to the size.
    """
    full = t.added()
    return t.done(full[:, :, : full.shape[2] - t.extra[0], : full.shape[3] - t.extra[1]])


@forward("output-padding-on-both-sides", family="scale")
def output_padding_both_sides(t: Stamps) -> Array:
    """You added output_padding on both sides.

    It adds rows and columns at the end only. Add it once to the size.
    """
    (er, ec), full = t.extra, t.added()
    return t.done(np.pad(full, ((0, 0), (0, 0), (er, 0), (ec, 0))))


@forward("output-padding-after-the-crop", family="order")
def output_padding_after_crop(t: Stamps) -> Array | None:
    """You appended zero rows after cutting; what the cut took away there is missing.

    With padding the additional rows bring back stamped values. Make the canvas larger before cutting.
    """
    (er, ec), full = t.extra, t.added()
    small = t.cut(full[:, :, : full.shape[2] - er, : full.shape[3] - ec])
    return np.pad(small, ((0, 0), (0, 0), (0, er), (0, ec))) + t.b[:, None, None]


@forward("width-from-height", family="swap")
def width_from_height(t: Stamps) -> Array:
    """You computed the number of columns from the height; that only works for square maps.

    Use the width of X for the columns.
    """
    y = t.done(t.added())
    if y.shape[3] < y.shape[2]:
        raise ShapeError("the stamps do not fit")
    return y[..., : y.shape[2]]


# -------------------------------------------------------------------------------------------- bias


@forward("bias-forgotten", family="omission")
def bias_forgotten(t: Stamps) -> Array:
    """You did not add the bias.

    Every map has one. Add b[f] after the cut.
    """
    return t.cut(t.added()).copy()


@forward("bias-per-stamp", family="scope")
def bias_per_stamp(t: Stamps) -> Array:
    """You added the bias with every stamp, so it counts several times where stamps overlap.

    Every entry of the result gets b[f] once. Add it after the cut.
    """
    full, stamps = t.canvas(), t.stamps() + t.b[:, None, None, None, None]
    for i, j, place in t.places():
        full[place] += stamps[:, :, i, j]
    return t.cut(full)


@forward("bias-of-first-map", family="scope")
def bias_of_first_map(t: Stamps) -> Array:
    """You added the bias of the first map to all maps.

    Every map has its own. Add b[f].
    """
    return t.cut(t.added()) + t.b[0]
