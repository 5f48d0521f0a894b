"""Go back from the output of a convolution to the size of its input: transposed convolution, in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.arithmetic import conv_transpose_output_size_formula
from reference.convolution import conv2d
from reference.kernels import kernel
from reference.op import Array, Case, ShapeError, affordable, limited, op, pair, whole
from reference.windows import Sweep, gather, pad, scatter

__all__ = ["conv_transpose2d", "conv_transpose2d_by_conv"]

Setting = int | tuple[int, int]

# ------------------------------------------------------------------------------------- conv_transpose2d


@op(
    "x[N,C,P,Q], w[C,D,K,L], b[F]? -> y[N,F,H,W]",
    source="lecture S4:160-203 (E58, E59)",
)
def conv_transpose2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Setting = 1,
    padding: Setting = 0,
    output_padding: Setting = 0,
    groups: int = 1,
    dilation: Setting = 1,
) -> Array:
    """Stamp the kernel, weighted with each entry of x, on an empty map; overlapping stamps add up.

    y[n, f, p*stride + k*dilation - padding, q*stride + l*dilation - padding]  +=  w[c,f,k,l] * x[n,c,p,q]

    over all c,p,q,k,l, then + b[f]; what falls outside is cut off, so that here `padding` makes the result
    smaller. H = (P - 1)*stride - 2*padding + dilation*(K - 1) + 1 + output_padding, and likewise W. With
    `groups` = G, part g of the channels of x makes part g of the F = D*G maps.

    Raises ShapeError when nothing is left, output_padding is not below stride or dilation, groups does not
    divide C, or b is not as long as F.

    What surprises: w has the channels of x first, [in, out, K, L]: it is the w of the convolution that leads
    from y back to x. This layer is that convolution's backward pass (its adjoint: the sum of conv2d(y,w)*x is
    the sum of y*conv_transpose2d(x,w)), not its inverse. It restores the size, not the values, and the size
    only up to `output_padding`, whose rows and columns come out last and may stay empty.

    >>> import numpy as np
    >>> conv_transpose2d(np.array([[1.0, 2], [3, 4]])[None, None], np.ones((1, 1, 3, 3)), stride=2)[0, 0]
    array([[ 1.,  1.,  3.,  2.,  2.],
           [ 1.,  1.,  3.,  2.,  2.],
           [ 4.,  4., 10.,  6.,  6.],
           [ 3.,  3.,  7.,  4.,  4.],
           [ 3.,  3.,  7.,  4.,  4.]])
    """
    how, shape, groups = _layer(x, w, b, stride, padding, output_padding, groups, dilation)
    (top, left), (sr, sc), (dr, dc) = how.padding, how.stride, how.dilation
    D = w.shape[1]
    y = np.zeros(shape, x.dtype)
    for n, c, p, q in np.ndindex(x.shape):
        first = c // (len(w) // groups) * D  # the first map this channel is stamped on
        for k, l in np.ndindex(w.shape[2:]):
            row, column = p * sr + k * dr - top, q * sc + l * dc - left
            if 0 <= row < shape[2] and 0 <= column < shape[3]:
                y[n, first : first + D, row, column] += w[c, :, k, l] * x[n, c, p, q]
    return y if b is None else y + b[:, None, None]


def _layer(
    x: Array,
    w: Array,
    b: Array | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> tuple[Sweep, tuple[int, ...], int]:
    """Check the settings; return the sweep of the convolution from y to x, the shape of y, and groups."""
    s, p, d = pair("stride", stride, 1), pair("padding", padding), pair("dilation", dilation, 1)
    extra, groups = pair("output_padding", output_padding), whole("groups", groups, 1)
    if len(w) % groups:
        raise ShapeError(
            f"C = {len(w)} channels do not divide into {groups} groups.", "choose another groups."
        )
    F = w.shape[1] * groups
    if b is not None and len(b) != F:
        raise ShapeError(f"b has F = {len(b)}, but w makes {F} maps.", "give one entry of b for each map.")
    H, W = (
        conv_transpose_output_size_formula(n, w.shape[2 + i], s[i], p[i], extra[i], d[i])[0]
        for i, n in enumerate(x.shape[2:])
    )
    limited("stride and dilation", *s, *d)
    affordable("y before it is cut", len(x), F, H + 2 * p[0], W + 2 * p[1])
    return Sweep((x.shape[2], x.shape[3]), s, p, d), (len(x), F, H, W), groups


def _rows(array: Array, groups: int) -> Array:
    """Lay out [C, ...] as the matrices [G, C/G, ...] of one product per group."""
    return np.ascontiguousarray(array).reshape(groups, len(array) // groups, -1)


@conv_transpose2d.fast
def conv_transpose2d_forward(x: Array, w: Array, b: Array | None, *settings: Any) -> tuple[Array, Any]:
    how, shape, groups = _layer(x, w, b, *settings)
    saved = x, w, b is not None, how, groups
    fast = kernel("transposed")
    if fast is not None:
        return fast.forward(x, w, b, how, shape, groups), saved
    rows = _rows(w, groups)
    y = np.empty(shape, x.dtype)
    for n, image in enumerate(x):
        stamps = rows.transpose(0, 2, 1) @ _rows(image, groups)
        y[n] = scatter(stamps.reshape(shape[1], *w.shape[2:], *how.size), shape[1:], how)
    if b is not None:
        y += b[:, None, None]
    return y, saved


@conv_transpose2d.gradient
def conv_transpose2d_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    x, w, with_bias, how, groups = saved
    fast = kernel("transposed")
    if fast is not None:
        return fast.backward(x, w, with_bias, how, groups, dy)
    rows = _rows(w, groups)
    dx, dw = np.empty(x.shape, x.dtype), np.zeros_like(rows)
    for n, image in enumerate(x):
        # Both gradients read dy where the stamps were put, as a convolution would.
        read = _rows(gather(pad(dy[n], how.padding), w.shape, how), groups).reshape(
            groups, -1, how.size[0] * how.size[1]
        )
        dx[n] = (rows @ read).reshape(image.shape)
        dw += _rows(image, groups) @ read.transpose(0, 2, 1)
    return dx, dw.reshape(w.shape), dy.sum(axis=(0, 2, 3)) if with_bias else None


@conv_transpose2d.samples
def conv_transpose2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, x: tuple[int, ...], w: tuple[int, ...], bias: bool = True, **params: Any) -> Case:
        inputs = {"x": rng.normal(size=x), "w": rng.normal(size=w)}
        maps = w[1] * params.get("groups", 1)
        return Case(name, {**inputs, "b": rng.normal(size=maps)} if bias else inputs, params)

    yield case("plain", (1, 1, 4, 4), (1, 1, 3, 3))
    yield case("several examples, channels and maps", (3, 2, 3, 4), (2, 3, 3, 3))
    yield case("non-square kernel", (1, 2, 3, 4), (2, 2, 2, 3))
    yield case("stride with overlap", (2, 2, 2, 3), (2, 2, 3, 3), stride=2)
    yield case("stride larger than the kernel", (1, 1, 3, 2), (1, 2, 2, 2), stride=3)
    yield case("stride per axis", (1, 2, 2, 3), (2, 1, 3, 3), stride=(1, 2))
    yield case("padding", (2, 2, 4, 4), (2, 2, 3, 3), padding=1)
    yield case("padding per axis", (1, 1, 4, 3), (1, 2, 3, 3), padding=(2, 0))
    yield case("padding wider than the kernel", (1, 1, 8, 8), (1, 1, 2, 2), padding=3)
    yield case("padding and stride", (2, 2, 3, 3), (2, 2, 4, 4), stride=2, padding=1)
    yield case("output padding", (1, 2, 2, 3), (2, 2, 3, 3), stride=2, padding=1, output_padding=1)
    yield case("output padding per axis", (1, 1, 2, 2), (1, 1, 2, 2), stride=3, output_padding=(2, 0))
    yield case("dilation", (1, 2, 3, 3), (2, 2, 2, 3), dilation=(2, 1))
    yield case("output padding beyond the stride", (1, 1, 3, 3), (1, 1, 2, 2), dilation=3, output_padding=2)
    yield case(
        "all at once", (2, 2, 3, 2), (2, 3, 3, 3), stride=2, padding=(2, 1), output_padding=1, dilation=2
    )
    yield case("groups", (2, 4, 3, 3), (4, 3, 2, 2), groups=2, stride=2)
    yield case("one group per channel", (1, 3, 3, 4), (3, 2, 3, 3), groups=3, padding=1)
    yield case("1x1 kernel", (2, 3, 3, 2), (3, 2, 1, 1), stride=2)
    yield case("no bias", (2, 2, 3, 3), (2, 3, 3, 3), bias=False, stride=2)


# ----------------------------------------------------------------------------- the same by a convolution


@op(
    "x[N,C,P,Q], w[C,D,K,L], b[F]? -> y[N,F,H,W]",
    source='lecture S4:173-176 (the "fancy padding", E59)',
)
def conv_transpose2d_by_conv(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Setting = 1,
    padding: Setting = 0,
    output_padding: Setting = 0,
    groups: int = 1,
    dilation: Setting = 1,
) -> Array:
    """Compute `conv_transpose2d` as the lecture tells it: pad the input in a fancy way, then convolve.

    1. put stride - 1 zeros between neighbouring entries of x;
    2. frame with dilation*(K - 1) - padding zeros (if negative, cut), and output_padding more at the end;
    3. `conv2d` with stride 1 and the kernels turned by 180 degrees, channels and maps exchanged.

    Arguments, results, gradients and errors are those of `conv_transpose2d`.

    What surprises: "normal convolution" on the padded input is right only with the kernel turned.

    >>> import numpy as np
    >>> x, w = np.array([[1.0, -2], [0, 3]]), np.array([[1.0, 2, 0], [0, -1, 3], [4, 0, 1]])
    >>> conv_transpose2d_by_conv(x[None, None], w[None, None], stride=2, padding=1)[0, 0]
    array([[-1.,  3.,  2.],
           [ 0., -4.,  6.],
           [ 0.,  0., -3.]])
    """
    how, shape, groups = _layer(x, w, b, stride, padding, output_padding, groups, dilation)
    (P, Q), (sr, sc), (top, left), (dr, dc) = how
    _, D, K, L = w.shape
    # Entry (p, q) of x stands at (p*sr, q*sc) behind the full frame; `padding` then cuts at top and left.
    full = np.zeros((*x.shape[:2], shape[2] + top + dr * (K - 1), shape[3] + left + dc * (L - 1)), x.dtype)
    spread = full[:, :, dr * (K - 1) :: sr, dc * (L - 1) :: sc][:, :, :P, :Q]
    spread[...] = x[:, :, : spread.shape[2], : spread.shape[3]]
    turned = w[:, :, ::-1, ::-1].reshape(groups, -1, D, K, L).swapaxes(1, 2).reshape(shape[1], -1, K, L)
    return conv2d(full[:, :, top:, left:], turned, b, dilation=(dr, dc), groups=groups)


@conv_transpose2d_by_conv.gradient
def conv_transpose2d_by_conv_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    x, w, b, *settings = saved
    how, _, groups = _layer(x, w, b, *settings)
    return conv_transpose2d_backward((x, w, b is not None, how, groups), dy)


conv_transpose2d_by_conv.samples(conv_transpose2d_cases)
