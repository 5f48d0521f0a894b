"""Mistakes of transposed convolution: stamping kernels, cutting off the padding, and the gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import ShapeError, conv_transpose2d, conv_transpose2d_by_conv
from reference.op import Array, pair

Pair = tuple[int, int]


@dataclass(frozen=True)
class Stamps:
    """One call of conv_transpose2d: x[N,C,P,Q], w[C,F,K,L], b[F]; without groups and dilation."""

    x: Array
    w: Array
    b: Array
    s: Pair
    p: Pair
    extra: Pair

    @classmethod
    def of(cls, x: Any, w: Any, b: Any, stride: Any, padding: Any, output_padding: Any) -> Stamps:
        """Arrange the arguments of conv_transpose2d."""
        w = np.asarray(w, float)
        bias = np.zeros(w.shape[1]) if b is None else np.asarray(b, float)
        moves = pair("stride", stride, 1), pair("padding", padding), pair("output_padding", output_padding)
        return cls(np.asarray(x, float), w, bias, *moves)

    def canvas(self, s: Pair | None = None, extra: Pair | None = None) -> Array:
        """Return zeros with room for all stamps: [N,F,..,..]."""
        s, extra = s or self.s, self.extra if extra is None else extra
        (P, Q), (K, L) = self.x.shape[2:], self.w.shape[2:]
        rows, columns = (P - 1) * s[0] + K + extra[0], (Q - 1) * s[1] + L + extra[1]
        return np.zeros((len(self.x), self.w.shape[1], rows, columns))

    def stamps(self, w: Array | None = None) -> Array:
        """Multiply every entry with its kernel, summed over the channels of x: [N,F,P,Q,K,L]."""
        w = self.w if w is None else w
        return np.tensordot(self.x, w, axes=((1,), (0,))).transpose(0, 3, 1, 2, 4, 5)

    def places(self, s: Pair | None = None, shift: Pair = (0, 0)) -> Iterator[tuple[int, int, Any]]:
        """Yield every entry's row and column with the part of the canvas its stamp covers."""
        (sr, sc), (K, L) = s or self.s, self.w.shape[2:]
        for i, j in np.ndindex(*self.x.shape[2:]):
            r, c = i * sr + shift[0], j * sc + shift[1]
            yield i, j, (slice(None), slice(None), slice(r, r + K), slice(c, c + L))

    def added(self, w: Array | None = None, s: Pair | None = None, shift: Pair = (0, 0)) -> Array:
        """Add all stamps on the canvas."""
        full, stamps = self.canvas(), self.stamps(w)
        for i, j, place in self.places(s, shift):
            full[place] += stamps[:, :, i, j]
        return full

    def cut(self, full: Array, p: Pair | None = None) -> Array:
        """Cut the padding off on all sides."""
        p = self.p if p is None else p
        return full[:, :, p[0] : full.shape[2] - p[0], p[1] : full.shape[3] - p[1]]

    def done(self, full: Array) -> Array:
        """Cut the padding off and add the biases."""
        return self.cut(full) + self.b[:, None, None]


def _forward(name: str, **facts: Any) -> Callable[[Callable[[Stamps], Any]], Mistake]:
    """Register a wrong forward pass of both ways to compute it; None where it does not apply."""

    def register(wrong: Callable[[Stamps], Any]) -> Mistake:
        def mistaken(
            x: Any,
            w: Any,
            b: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            output_padding: Any = 0,
            groups: int = 1,
            dilation: Any = 1,
        ) -> Any:
            if groups != 1 or dilation not in (1, (1, 1)):
                return None
            return wrong(Stamps.of(x, w, b, stride, padding, output_padding))

        lent = lend_hint(mistaken, wrong)
        mistake(conv_transpose2d_by_conv, name, **facts)(lent)
        return mistake(conv_transpose2d, name, **facts)(lent)

    return register


# ---------------------------------------------------------------------------------------- stamping


@_forward("stamp-step-one", family="omission")
def stamp_step_one(t: Stamps) -> Array:
    """You stamped the kernels one pixel apart; only the size of the result knows the stride.

    The stamp of entry (i, j) starts at row i*s, column j*s. Multiply both by the stride.
    """
    return t.done(t.added(s=(1, 1)))


@_forward("stride-ignored", family="omission")
def stride_ignored(t: Stamps) -> Array:
    """You left the stride out, in the size as well.

    The stamp of entry (i, j) starts at row i*s, column j*s, so there are (H - 1)*s + k rows. Use s in both.
    """
    full = t.canvas((1, 1))
    stamps = t.stamps()
    for i, j, place in t.places((1, 1)):
        full[place] += stamps[:, :, i, j]
    return t.done(full)


@_forward("stride-in-rows-only", family="omission")
def stride_in_rows_only(t: Stamps) -> Array:
    """Your stamps start at row i*s but at column j instead of j*s.

    The stride holds for rows and columns. Start at column j*s.
    """
    return t.done(t.added(s=(t.s[0], 1)))


@_forward("overlap-overwrites", family="wrong-op")
def overlap_overwrites(t: Stamps) -> Array:
    """Where stamps overlap, the later one overwrites the earlier.

    Overlapping stamps add up. Write += instead of =.
    """
    full, stamps = t.canvas(), t.stamps()
    for i, j, place in t.places():
        full[place] = stamps[:, :, i, j]
    return t.done(full)


@_forward("overlap-overwrites-channel-by-channel", family="wrong-op")
def overlap_overwrites_by_channel(t: Stamps) -> Array:
    """Every stamp overwrites what was there before, that of another channel of X as well.

    The stamps of all entries and all channels add up. Write += instead of =.
    """
    full = t.canvas()
    for c in range(len(t.w)):
        for i, j, place in t.places():
            full[place] = t.x[:, c, i, j, None, None, None] * t.w[c]
    return t.done(full)


@_forward("mean-over-overlaps", family="scale")
def mean_over_overlaps(t: Stamps) -> Array:
    """Where stamps overlap you took their mean.

    Overlapping stamps add up. Leave the division out.
    """
    full, hits = t.added(), np.zeros(t.canvas().shape)
    for _, _, place in t.places():
        hits[place] += 1
    return t.done(full / np.maximum(hits, 1))


@_forward("maximum-over-overlaps", family="wrong-op")
def maximum_over_overlaps(t: Stamps) -> Array:
    """Where stamps overlap you kept the largest value.

    Overlapping stamps add up. Write += instead of a maximum.
    """
    full, stamps = np.full(t.canvas().shape, -np.inf), t.stamps()
    for i, j, place in t.places():
        full[place] = np.maximum(full[place], stamps[:, :, i, j])
    return t.done(np.where(np.isinf(full), 0.0, full))


@_forward("nails-instead-of-stamps", family="omission")
def nails(t: Stamps) -> Array:
    """You spread the entries s pixels apart and stopped; the kernels were not stamped.

    Every entry stamps its whole kernel. Use all of W[c, f].
    """
    full, stamps = t.canvas(), t.stamps()
    for i, j, (a, b, rows, columns) in t.places():
        full[a, b, rows.start, columns.start] += stamps[:, :, i, j, 0, 0]
    return t.done(full)


# ----------------------------------------------------------------------------------------- kernels


@_forward("kernel-flipped", family="orientation")
def kernel_flipped(t: Stamps) -> Array:
    """Your result has the kernel turned by 180 degrees.

    The kernel is stamped as it is; only the way through a convolution turns it. Turn it exactly once there,
    and not at all when stamping.
    """
    return t.done(t.added(t.w[..., ::-1, ::-1]))


@_forward("kernel-transposed", family="orientation")
def kernel_transposed(t: Stamps) -> Array | None:
    """You exchanged the rows and columns of the kernel.

    "Transposed" is the matrix of the convolution, not the kernel. Stamp W[c, f] as it is.
    """
    return t.done(t.added(t.w.swapaxes(2, 3))) if t.w.shape[2] == t.w.shape[3] else None


@_forward("weight-axes-exchanged", family="order")
def weight_axes_exchanged(t: Stamps) -> Array:
    """You read W as [F, C, k, k] by a reshape, which mixes filters and channels.

    W is [C, F, k, k]: the channels of X come first. Use W[c, f], or transpose the axes, never reshape.
    """
    C, F, K, L = t.w.shape
    return t.done(t.added(t.w.reshape(F, C, K, L).transpose(1, 0, 2, 3)))


@_forward("weights-indexed-filter-first", family="swap")
def weights_filter_first(t: Stamps) -> Array | None:
    """You used W[f, c]; here the channels of X come first.

    W is [C, F, k, k]. Use W[c, f].
    """
    return t.done(t.added(t.w.swapaxes(0, 1))) if t.w.shape[0] == t.w.shape[1] else None


@_forward("first-channel-only", family="omission")
def first_channel_only(t: Stamps) -> Array:
    """You stamped the first channel of X only.

    The stamps of all channels add up. Loop over c.
    """
    w = t.w.copy()
    w[1:] = 0.0
    return t.done(t.added(w))


@_forward("only-first-example", family="scope")
def only_first_example(t: Stamps) -> Array:
    """You computed the first image of the batch only; the others stayed zero.

    Every image has its own map. Loop over n.
    """
    y = t.done(t.added())
    y[1:] = 0.0
    return y


# ------------------------------------------------------------------------------- padding and size


@_forward("crop-forgotten", family="omission")
def crop_forgotten(t: Stamps) -> Array:
    """You did not cut the padding off.

    In a transposed convolution padding makes the result smaller: p rows and columns go on each side. Cut them.
    """
    return t.added() + t.b[:, None, None]


@_forward("crop-minus-p-zero", family="wrong-op")
def crop_minus_p_zero(t: Stamps) -> Array:
    """Your result is empty when the padding is 0, because [p:-p] becomes [0:-0], which selects nothing.

    Write [p : H - p] with the full size H instead of -p.
    """
    (pr, pc), full = t.p, t.added()
    return full[:, :, pr:-pr, pc:-pc] + t.b[:, None, None]


@_forward("crop-top-left-only", family="order")
def crop_top_left(t: Stamps) -> Array:
    """You cut the padding off at the top and on the left only.

    p rows and columns go on every side. Cut the bottom and the right as well.
    """
    return t.added()[:, :, t.p[0] :, t.p[1] :] + t.b[:, None, None]


@_forward("crop-bottom-right", family="order")
def crop_bottom_right(t: Stamps) -> Array:
    """You cut all the padding off at the bottom and on the right.

    p rows and columns go on every side. Start at row p, column p.
    """
    full = t.added()
    return full[:, :, : full.shape[2] - 2 * t.p[0], : full.shape[3] - 2 * t.p[1]] + t.b[:, None, None]


@_forward("padding-added", family="sign")
def padding_added(t: Stamps) -> Array:
    """You framed the result with zeros; padding makes it smaller here.

    Cut p rows and columns off on each side: (H - 1)*s - 2p + k.
    """
    (pr, pc), full = t.p, t.added()
    return np.pad(full, ((0, 0), (0, 0), (pr, pr), (pc, pc))) + t.b[:, None, None]


@_forward("output-padding-top-left", family="order")
def output_padding_top_left(t: Stamps) -> Array:
    """Your additional rows and columns come first.

    output_padding adds them at the bottom and on the right. Start the first stamp at row 0.
    """
    return t.done(t.added(shift=t.extra))


@_forward("output-padding-ignored", family="omission")
def output_padding_ignored(t: Stamps) -> Array:
    """You left output_padding out.

    It makes the result larger by as many rows and columns, at the end. Add it to the size.
    """
    full = t.added()
    return t.done(full[:, :, : full.shape[2] - t.extra[0], : full.shape[3] - t.extra[1]])


@_forward("output-padding-on-both-sides", family="scale")
def output_padding_both_sides(t: Stamps) -> Array:
    """You added output_padding on both sides.

    It adds rows and columns at the end only. Add it once to the size.
    """
    (er, ec), full = t.extra, t.added()
    return t.done(np.pad(full, ((0, 0), (0, 0), (er, 0), (ec, 0))))


@_forward("output-padding-after-the-crop", family="order")
def output_padding_after_crop(t: Stamps) -> Array | None:
    """You appended zero rows after cutting; what the cut took away there is missing.

    With padding the additional rows bring back stamped values. Make the canvas larger before cutting.
    """
    (er, ec), full = t.extra, t.added()
    small = t.cut(full[:, :, : full.shape[2] - er, : full.shape[3] - ec])
    return np.pad(small, ((0, 0), (0, 0), (0, er), (0, ec))) + t.b[:, None, None]


@_forward("width-from-height", family="swap")
def width_from_height(t: Stamps) -> Array:
    """You computed the number of columns from the height; that only works for square maps.

    Use the width of X for the columns.
    """
    y = t.done(t.added())
    if y.shape[3] < y.shape[2]:
        raise ShapeError("the stamps do not fit")
    return y[..., : y.shape[2]]


# -------------------------------------------------------------------------------------------- bias


@_forward("bias-forgotten", family="omission")
def bias_forgotten(t: Stamps) -> Array:
    """You did not add the bias.

    Every map has one. Add b[f] after the cut.
    """
    return t.cut(t.added()).copy()


@_forward("bias-per-stamp", family="scope")
def bias_per_stamp(t: Stamps) -> Array:
    """You added the bias with every stamp, so it counts several times where stamps overlap.

    Every entry of the result gets b[f] once. Add it after the cut.
    """
    full, stamps = t.canvas(), t.stamps() + t.b[:, None, None, None, None]
    for i, j, place in t.places():
        full[place] += stamps[:, :, i, j]
    return t.cut(full)


@_forward("bias-of-first-map", family="scope")
def bias_of_first_map(t: Stamps) -> Array:
    """You added the bias of the first map to all maps.

    Every map has its own. Add b[f].
    """
    return t.cut(t.added()) + t.b[0]


# --------------------------------------------------------------------------------------- gradients


def _backward(name: str, **facts: Any) -> Callable[[Callable[[Stamps, Array], Any]], Mistake]:
    """Register a wrong backward pass: a function of the Stamps and dy telling which of dx, dw, db is wrong."""

    def register(wrong: Callable[[Stamps, Array], Any]) -> Mistake:
        def mistaken(
            dy: Any,
            x: Any,
            w: Any,
            b: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            output_padding: Any = 0,
            groups: int = 1,
            dilation: Any = 1,
        ) -> Any:
            if groups != 1 or dilation not in (1, (1, 1)):
                return None
            t, dy = Stamps.of(x, w, b, stride, padding, output_padding), np.asarray(dy, float)
            dx, dw = _gradients(t, dy)
            found = {"dx": dx, "dw": dw, "db": dy.sum(axis=(0, 2, 3))} | wrong(t, dy)
            return found["dx"], found["dw"], None if b is None else found["db"]

        return mistake(conv_transpose2d, name, part="backward", **facts)(lend_hint(mistaken, wrong))

    return register


def _gradients(t: Stamps, dy: Array, w: Array | None = None, s: Pair | None = None) -> tuple[Array, Array]:
    """Read dY where the stamps were put: dx and dw."""
    (pr, pc), w = t.p, t.w if w is None else w
    full = t.canvas()
    full[:, :, pr : pr + dy.shape[2], pc : pc + dy.shape[3]] = dy
    dx, dw = np.empty_like(t.x), np.zeros_like(t.w)
    for i, j, place in t.places(s):
        read = full[place]
        dx[:, :, i, j] = np.tensordot(read, w, axes=((1, 2, 3), (1, 2, 3)))
        dw += np.tensordot(t.x[:, :, i, j], read, axes=((0,), (0,)))
    return dx, dw


@_backward("backward-db-mean", family="scale")
def db_mean(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your db is the mean of the upstream gradient instead of its sum.

    The bias is added at every position, so all gradients add up. Sum over images and positions.
    """
    return {"db": dy.mean(axis=(0, 2, 3))}


@_backward("db-not-summed-over-batch", family="omission")
def db_not_summed(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your db has one row per image.

    One bias serves all images. Sum over the batch as well: axis=(0, 2, 3).
    """
    return {"db": dy.sum(axis=(2, 3))}


@_backward("dX-filter-flipped", family="orientation")
def dx_flipped(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dX uses the kernel turned by 180 degrees.

    dX is the ordinary correlation of dY with the kernel as it is. Leave the turn out.
    """
    return {"dx": _gradients(t, dy, t.w[..., ::-1, ::-1])[0]}


@_backward("dW-flipped", family="orientation")
def dw_flipped(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dW is turned by 180 degrees.

    dW[c, f, u, v] = sum of X[n, c, i, j] * dY[n, f, i*s+u-p, j*s+v-p]. Leave the turn out.
    """
    return {"dw": _gradients(t, dy)[1][..., ::-1, ::-1]}


@_backward("stride-ignored", family="omission")
def backward_stride_ignored(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your gradients read dY one pixel apart instead of s.

    The stamp of entry (i, j) starts at row i*s, column j*s. Read dY there.
    """
    dx, dw = _gradients(t, dy, s=(1, 1))
    return {"dx": dx, "dw": dw}


@_backward("dW-last-example", family="scope")
def dw_last_example(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dW keeps the last image of the batch only.

    One kernel serves all images. Add up over the batch with +=.
    """
    last = Stamps(t.x[-1:], t.w, t.b, t.s, t.p, t.extra)
    return {"dw": _gradients(last, dy[-1:])[1]}


@_backward("dW-mean-over-batch", family="scale")
def dw_mean(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your dW is divided by the number of images.

    The gradient of the sum is the sum. Leave the division out.
    """
    return {"dw": _gradients(t, dy)[1] / len(t.x)}


@_backward("padding-ignored", family="omission")
def backward_padding_ignored(t: Stamps, dy: Array) -> dict[str, Array]:
    """Your gradients put dY at the corner of the uncut map; it belongs p rows and columns further in.

    The forward cut p rows and columns off. Frame dY with as many zeros.
    """
    full = t.canvas()
    moved = Stamps(t.x, t.w, t.b, t.s, (0, 0), t.extra)
    full[:, :, : dy.shape[2], : dy.shape[3]] = dy
    dx, dw = _gradients(moved, full)
    return {"dx": dx, "dw": dw}


@_backward("returns-swapped", family="swap")
def returns_swapped(t: Stamps, dy: Array) -> dict[str, Array]:
    """You returned dW before dX.

    The order is (dX, dW, db). Exchange the two.
    """
    dx, dw = _gradients(t, dy)
    return {"dx": dw, "dw": dx}
