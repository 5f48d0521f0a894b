"""Convolutional layers over images: shared filters, flipped filters, filters of their own for each position.

Channels stand first everywhere: images x[N,C,H,W] (example, channel, row, column), filters w[F,C,K,L]. Like
every deep-learning library, and unlike signal processing, `conv2d` does not flip its kernel; `conv2d_true`
does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.kernels import kernel
from reference.op import Array, Case, ShapeError, affordable, op, whole
from reference.windows import Sweep, gather, pad, scatter, sweep

__all__ = [
    "conv2d",
    "conv2d_true",
    "correlate2d",
    "locally_connected2d",
]


# --------------------------------------------------------------------------------------------- conv2d


@op("x[N,C,H,W], w[F,D,K,L], b[F]? -> y[N,F,P,Q]", source="lecture S2:1356-1389, S2:1531-1802, S2:2110-2125")
def conv2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Array:
    """Slide every filter over every image and take dot products.

    y[n,f,p,q] = b[f] + sum over c,k,l of
                        w[f,c,k,l] * x[n, c, p*stride + k*dilation, q*stride + l*dilation]

    where x has been framed with `padding` rows and columns of zeros, and

    P = floor((H + 2*padding - span) / stride) + 1,   span = dilation*(K - 1) + 1,   likewise Q.

    `stride`, `padding` and `dilation` are one whole number or a pair (rows, columns). With `groups` = G, the
    channels and the filters are cut into G equal parts and part g of the filters sees part g of the channels
    only, so that w has D = C/G channels; G = 1 is the lecture's.

    Raises ShapeError when D*groups differs from C, groups does not divide F, or the kernel spans more than
    the padded image.

    What surprises: the kernel is not flipped (signal processing calls this cross-correlation, see
    `conv2d_true`). A stride that does not fit exactly leaves the last rows or columns unread, without error
    (see `unused_inputs`). Each filter extends over the full depth of the input and gives one map.

    >>> import numpy as np
    >>> ones = np.ones((1, 1, 7, 7))
    >>> conv2d(ones, np.ones((1, 1, 3, 3)), stride=2, padding=1)[0, 0]
    array([[4., 6., 6., 4.],
           [6., 9., 9., 6.],
           [6., 9., 9., 6.],
           [4., 6., 6., 4.]])
    """
    how, groups = _layer(x, w, stride, padding, dilation, groups)
    (P, Q), (sr, sc), (dr, dc) = how.size, how.stride, how.dilation
    F, D, K, L = w.shape
    X = pad(x, how.padding)
    y = np.empty((len(x), F, P, Q), x.dtype)
    for n, f, p, q in np.ndindex(y.shape):
        c = f // (F // groups) * D  # the first channel this filter sees
        region = X[n, c : c + D, p * sr : p * sr + K * dr : dr, q * sc : q * sc + L * dc : dc]
        y[n, f, p, q] = np.sum(region * w[f]) + (0 if b is None else b[f])
    return y


def _layer(x: Array, w: Array, stride: Any, padding: Any, dilation: Any, groups: Any) -> tuple[Sweep, int]:
    groups = whole("groups", groups, 1)
    C, (F, D) = x.shape[1], w.shape[:2]
    if D * groups != C:
        raise ShapeError(
            f"w has D = {D} channels per filter, but x has C = {C} channels in {groups} group(s).",
            f"filters span the full depth of what they see: D must be C / groups = {C / groups:g}.",
        )
    if F % groups:
        raise ShapeError(
            f"{F} filters do not divide into {groups} groups.", "choose F as a multiple of groups."
        )
    how = sweep(x.shape, w.shape, stride, padding, dilation)
    affordable("y", len(x), F, *how.size)
    return how, groups


@conv2d.fast
def conv2d_forward(
    x: Array, w: Array, b: Array | None, stride: Any, padding: Any, dilation: Any, groups: Any
) -> tuple[Array, Any]:
    how, groups = _layer(x, w, stride, padding, dilation, groups)
    saved = x, w, b is not None, how, groups
    fast = kernel("convolution")
    if fast is not None:
        return fast.forward(x, w, b, how, groups), saved
    # One matrix product per image and group: filters as rows, what they read at each position as columns.
    rows = _as_rows(w, groups)
    y = np.empty((len(x), groups, len(w) // groups, how.size[0] * how.size[1]), x.dtype)
    for n, image in enumerate(x):
        np.matmul(rows, _columns(image, w, how, groups), out=y[n])
    y = y.reshape(len(x), len(w), *how.size)
    if b is not None:
        y += b[:, None, None]
    return y, saved


def _as_rows(w: Array, groups: int) -> Array:
    return np.ascontiguousarray(w).reshape(groups, len(w) // groups, -1)


def _columns(image: Array, w: Array, how: Sweep, groups: int) -> Array:
    """Return the matrices [G, D*K*L, P*Q] whose columns are the regions that a filter is laid on."""
    return np.ascontiguousarray(gather(pad(image, how.padding), w.shape, how)).reshape(
        groups, -1, how.size[0] * how.size[1]
    )


@conv2d.gradient
def conv2d_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    x, w, with_bias, how, groups = saved
    fast = kernel("convolution")
    if fast is not None:
        return fast.backward(x, w, with_bias, how, groups, dy)
    rows = _as_rows(w, groups)
    dx, dw = np.empty(x.shape, x.dtype), np.zeros_like(rows)
    for n, image in enumerate(x):
        upstream = np.ascontiguousarray(dy[n]).reshape(groups, len(w) // groups, -1)
        dw += upstream @ _columns(image, w, how, groups).transpose(0, 2, 1)
        parts = rows.transpose(0, 2, 1) @ upstream
        dx[n] = scatter(parts.reshape(len(image), *w.shape[2:], *how.size), image.shape, how)
    return dx, dw.reshape(w.shape), dy.sum(axis=(0, 2, 3)) if with_bias else None


@conv2d.samples
def conv2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, x: tuple[int, ...], w: tuple[int, ...], bias: bool = True, **params: Any) -> Case:
        inputs = {"x": rng.normal(size=x), "w": rng.normal(size=w)}
        return Case(name, {**inputs, "b": rng.normal(size=w[0])} if bias else inputs, params)

    yield case("plain", (1, 1, 5, 5), (1, 1, 3, 3))
    yield case("non-square image", (1, 2, 4, 7), (2, 2, 3, 3))
    yield case("non-square kernel", (1, 2, 6, 6), (2, 2, 2, 3))
    yield case("several examples, channels and filters", (3, 2, 5, 6), (4, 2, 3, 3))
    yield case("padding", (2, 2, 4, 5), (3, 2, 3, 3), padding=1)
    yield case("padding per axis", (1, 2, 4, 5), (2, 2, 3, 3), padding=(0, 2))
    yield case("padding wider than the kernel", (1, 1, 2, 3), (1, 1, 2, 2), padding=3)
    yield case("stride that fits", (2, 2, 7, 7), (2, 2, 3, 3), stride=2)
    yield case("stride that does not fit", (1, 2, 8, 9), (2, 2, 3, 3), stride=(2, 3))
    yield case("stride larger than the kernel", (1, 1, 10, 7), (2, 1, 3, 2), stride=4)
    yield case("overlapping windows", (1, 1, 6, 6), (2, 1, 4, 4), stride=2)
    yield case("dilation", (1, 2, 7, 8), (2, 2, 3, 2), dilation=2)
    yield case("dilation per axis", (1, 1, 7, 8), (2, 1, 3, 3), dilation=(1, 3))
    yield case(
        "padding, stride and dilation", (2, 2, 9, 8), (3, 2, 3, 3), stride=2, padding=(2, 1), dilation=2
    )
    yield case("1x1 kernel", (2, 3, 4, 5), (4, 3, 1, 1))
    yield case("1x1 kernel with stride and padding", (1, 2, 5, 4), (3, 2, 1, 1), stride=2, padding=1)
    yield case("kernel as large as the padded input", (2, 2, 3, 4), (3, 2, 5, 6), padding=1)
    yield case("groups", (2, 4, 5, 5), (6, 2, 3, 3), groups=2)
    yield case("one filter per channel", (1, 3, 5, 6), (6, 1, 3, 3), groups=3, stride=2, padding=1)
    yield case("no bias", (2, 2, 5, 6), (3, 2, 3, 3), bias=False)


# ---------------------------------------------------------------------------------------- conv2d_true


@op(
    "x[N,C,H,W], w[F,D,K,L], b[F]? -> y[N,F,P,Q]", source="lecture S4:225-234 (the dilated example), E47, E62"
)
def conv2d_true(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Array:
    """Convolve in the sense of signal processing: `conv2d` with every kernel turned by 180 degrees.

    y[n,f,p,q] = b[f] + sum over c,k,l of  w[f,c,K-1-k,L-1-l] * x[n, c, p*stride + k*dilation, ...]

    Arguments and errors are those of `conv2d`.

    What surprises: only here is an impulse copied as the kernel itself. The lecture's dilated example is
    computed this way although its layers are not.

    >>> import numpy as np
    >>> x = np.ones((1, 1, 5, 5))
    >>> x[0, 0, 0, 1], x[0, 0, 2, 2] = 4, 5
    >>> conv2d_true(x, np.array([[[[2.0, 4.0], [5.0, 6.0]]]]), dilation=2)[0, 0]
    array([[25., 35., 33.],
           [17., 17., 17.],
           [37., 17., 41.]])
    """
    return conv2d.definition(x, _turn(w), b, stride, padding, dilation, groups)


def _turn(w: Array) -> Array:
    return w[:, :, ::-1, ::-1]


@conv2d_true.fast
def conv2d_true_forward(x: Array, w: Array, *rest: Any) -> tuple[Array, Any]:
    return conv2d_forward(x, _turn(w), *rest)


@conv2d_true.gradient
def conv2d_true_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    dx, dw, db = conv2d_backward(saved, dy)
    return dx, _turn(dw).copy(), db


@conv2d_true.samples
def conv2d_true_cases(rng: np.random.Generator) -> Iterator[Case]:
    return conv2d_cases(rng)


# --------------------------------------------------------------------------------------- correlate2d


@op("f[H,W], h[K,L] -> g[P,Q]", source="lecture S3:138-144, S0:471 (called convolution there, E47)")
def correlate2d(f: Array, h: Array, padding: int | tuple[int, int] = 0) -> Array:
    """Correlate one image with one kernel: at every position multiply what coincides, and add.

    g[i,j] = sum over u,v of  h[u,v] * f[i+u, j+v]

    with u, v counted from 0 and f framed with `padding` zeros. With the lecture's u, v = -k..k and an output
    the size of the input, the kernel is (2k+1) x (2k+1) and padding = k.

    Raises ShapeError when the kernel is larger than the padded image.

    What surprises: the lecture calls this the convolution of two signals. It is the cross-correlation; an
    impulse comes out as the kernel turned by 180 degrees.

    >>> import numpy as np
    >>> impulse = np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
    >>> correlate2d(impulse, np.arange(1.0, 10).reshape(3, 3), padding=1)
    array([[9., 8., 7.],
           [6., 5., 4.],
           [3., 2., 1.]])
    """
    how = sweep(f.shape, h.shape, 1, padding, 1)
    f = pad(f, how.padding)
    g = np.zeros(how.size, f.dtype)
    for i, j in np.ndindex(g.shape):
        for u, v in np.ndindex(h.shape):
            g[i, j] += h[u, v] * f[i + u, j + v]
    return g


@correlate2d.fast
def correlate2d_forward(f: Array, h: Array, padding: Any) -> tuple[Array, Any]:
    g, saved = conv2d_forward(f[None, None], h[None, None], None, 1, padding, 1, 1)
    return g[0, 0], saved


@correlate2d.gradient
def correlate2d_backward(saved: Any, dg: Array) -> tuple[Array, Array]:
    df, dh, _ = conv2d_backward(saved, dg[None, None])
    return df[0, 0], dh[0, 0]


@correlate2d.samples
def correlate2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, f: tuple[int, int], h: tuple[int, int], **params: Any) -> Case:
        return Case(name, {"f": rng.normal(size=f), "h": rng.normal(size=h)}, params)

    yield case("plain", (5, 5), (3, 3))
    yield case("output as large as the input", (4, 6), (3, 3), padding=1)
    yield case("non-square kernel", (5, 6), (2, 4), padding=(1, 0))
    yield case("kernel as large as the image", (3, 4), (3, 4))
    yield case("1x1 kernel", (3, 4), (1, 1))


# ------------------------------------------------------------------------------- locally_connected2d


@op("x[N,C,H,W], w[P,Q,F,C,K,L], b[P,Q,F]? -> y[N,F,P,Q]", source="lecture S2:1497-1499")
def locally_connected2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
) -> Array:
    """Slide filters over images as `conv2d` does, but with weights and biases of its own for every position.

    y[n,f,p,q] = b[p,q,f] + sum over c,k,l of  w[p,q,f,c,k,l] * x[n, c, p*stride + k, q*stride + l]

    Raises ShapeError when the first two axes of w are not the number of positions (rows, columns).

    What surprises: nothing is shared, so the gradient of a weight is not summed over positions, and the layer
    has P*Q times the parameters of a convolution. It belongs to one image size.

    >>> import numpy as np
    >>> x = np.array([1.0, 2, 3, 4]).reshape(1, 1, 1, 4)
    >>> w = np.array([[1.0, 0], [0, 1], [1, -1]]).reshape(1, 3, 1, 1, 1, 2)
    >>> locally_connected2d(x, w, np.array([[[0.0], [1.0], [2.0]]])).ravel()
    array([1., 4., 1.])
    """
    how = _positions(x, w, stride, padding)
    (P, Q), (sr, sc), (K, L) = how.size, how.stride, w.shape[-2:]
    X = pad(x, how.padding)
    y = np.empty((len(x), w.shape[2], P, Q), x.dtype)
    for n, f, p, q in np.ndindex(y.shape):
        region = X[n, :, p * sr : p * sr + K, q * sc : q * sc + L]
        y[n, f, p, q] = np.sum(region * w[p, q, f]) + (0 if b is None else b[p, q, f])
    return y


def _positions(x: Array, w: Array, stride: Any, padding: Any) -> Sweep:
    how = sweep(x.shape, w.shape, stride, padding, 1)
    if how.size != w.shape[:2]:
        raise ShapeError(
            f"w has weights for {w.shape[0]} x {w.shape[1]} positions, but the window has "
            f"{how.size[0]} x {how.size[1]}.",
            f"make the first two axes of w {how.size}.",
        )
    return how


@locally_connected2d.fast
def locally_connected2d_forward(
    x: Array, w: Array, b: Array | None, stride: Any, padding: Any
) -> tuple[Array, Any]:
    how = _positions(x, w, stride, padding)
    y = _regions(x, w, how) @ _per_position(w).transpose(0, 1, 3, 2)
    if b is not None:
        y += b[:, :, None]
    return np.ascontiguousarray(y.transpose(2, 3, 0, 1)), (x, w, b is not None, how)


def _regions(x: Array, w: Array, how: Sweep) -> Array:
    """Return [P, Q, N, C*K*L]: at each position, one row per example."""
    views = gather(pad(x, how.padding), w.shape, how).transpose(4, 5, 0, 1, 2, 3)
    return np.ascontiguousarray(views).reshape(*how.size, len(x), -1)


def _per_position(w: Array) -> Array:
    return np.ascontiguousarray(w).reshape(*w.shape[:3], -1)


@locally_connected2d.gradient
def locally_connected2d_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    x, w, with_bias, how = saved
    upstream = np.ascontiguousarray(dy.transpose(2, 3, 0, 1))  # [P, Q, N, F]
    dw = upstream.transpose(0, 1, 3, 2) @ _regions(x, w, how)
    parts = (upstream @ _per_position(w)).reshape(*how.size, *x.shape[:2], *w.shape[-2:])
    dx = scatter(parts.transpose(2, 3, 4, 5, 0, 1), x.shape, how)
    return dx, dw.reshape(w.shape), upstream.sum(axis=2) if with_bias else None


@locally_connected2d.samples
def locally_connected2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, x: tuple[int, ...], w: tuple[int, ...], bias: bool = True, **params: Any) -> Case:
        inputs = {"x": rng.normal(size=x), "w": rng.normal(size=w)}
        return Case(name, {**inputs, "b": rng.normal(size=w[:3])} if bias else inputs, params)

    yield case("plain", (1, 1, 4, 4), (2, 2, 1, 1, 3, 3))
    yield case("several examples, channels and filters", (3, 2, 4, 5), (3, 4, 2, 2, 2, 2))
    yield case("non-square kernel", (2, 1, 4, 5), (3, 3, 2, 1, 2, 3))
    yield case("stride that does not fit", (1, 2, 6, 5), (2, 2, 2, 2, 3, 2), stride=(2, 3))
    yield case("padding and stride", (2, 2, 5, 4), (3, 2, 2, 2, 3, 3), stride=2, padding=1)
    yield case("no bias", (2, 2, 3, 3), (2, 2, 3, 2, 2, 2), bias=False)
