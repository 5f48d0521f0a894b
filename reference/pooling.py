"""Make feature maps smaller without weights: the maximum or the mean of every window, or of the whole map.

Every channel is treated by itself, so depth never changes and there are no parameters to learn. A window
steps by its own size unless told otherwise. The way back up is in `reference/unpooling.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.arithmetic import pool_output_size_formula
from reference.kernels import kernel
from reference.op import Array, Case, ShapeError, affordable, flag, limited, op, pair
from reference.windows import Sweep

__all__ = [
    "avg_pool2d",
    "global_avg_pool2d",
    "max_pool2d",
]

Setting = int | tuple[int, int]


# ------------------------------------------------------------------------------- where the window stands


def _windows(
    x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> tuple[tuple[int, int], Sweep]:
    """Check the settings of a pooling window; return its size and how it moves."""
    k = pair("kernel_size", kernel_size, 1)
    s = k if stride is None else pair("stride", stride, 1)
    p, d = pair("padding", padding), pair("dilation", dilation, 1)
    rows, columns = (
        pool_output_size_formula(n, k[i], s[i], p[i], d[i], ceil_mode)[0].size
        for i, n in enumerate(x.shape[-2:])
    )
    limited("stride and dilation", *s, *d)
    affordable("y", *x.shape[:2], rows, columns)
    affordable("the padded input", *x.shape[:2], x.shape[2] + 2 * p[0], x.shape[3] + 2 * p[1])
    return k, Sweep((rows, columns), s, p, d)


def _reads(axis: int, kernel: tuple[int, int], how: Sweep) -> Array:
    """Return [taps, positions]: the row (or column) of the input that each tap reads at each position."""
    taps, positions = np.arange(kernel[axis])[:, None], np.arange(how.size[axis])
    return taps * how.dilation[axis] + positions * how.stride[axis] - how.padding[axis]


def _frame(x: Array, kernel: tuple[int, int], how: Sweep, fill: float) -> Array:
    """Frame x with `fill` on all sides, at the end so far that every window has something to read."""
    rows, columns = x.shape[-2:]
    top, left = how.padding
    last = [int(_reads(axis, kernel, how)[-1, -1]) + how.padding[axis] + 1 for axis in (0, 1)]
    framed = np.full((*x.shape[:-2], max(top + rows, last[0]), max(left + columns, last[1])), fill, x.dtype)
    framed[..., top : top + rows, left : left + columns] = x
    return framed


def _views(framed: Array, kernel: tuple[int, int], how: Sweep) -> Iterator[tuple[int, int, Array]]:
    """Yield for every tap of the window what it reads at all positions, as a view."""
    (P, Q), (sr, sc), (dr, dc) = how.size, how.stride, how.dilation
    for k, l in np.ndindex(*kernel):
        r, c = k * dr, l * dc
        yield k, l, framed[..., r : r + (P - 1) * sr + 1 : sr, c : c + (Q - 1) * sc + 1 : sc]


# ------------------------------------------------------------------------------------------- max_pool2d


@op(
    "x[N,C,H,W] -> y[N,C,P,Q], indices[N,C,P,Q]?:int",
    source="lecture S2:2160-2228, S4:22-34, S4:57-117 (E43)",
)
def max_pool2d(
    x: Array,
    kernel_size: Setting,
    stride: Setting | None = None,
    padding: Setting = 0,
    dilation: Setting = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Keep the largest entry of every window.

    y[n,c,p,q] = max over k,l of  x[n, c, p*stride + k*dilation - padding, q*stride + l*dilation - padding]

    over those taps that lie inside the image: padding counts as minus infinity and never wins. P and Q are
    given by `pool_output_size`. With `return_indices` the result is the pair (y, indices), where indices
    holds the flat index row * W + column of each winner in the whole map, padding not counted (see
    `row_column`).

    Raises ShapeError when no window fits, when padding exceeds half the window or a window meets no entry.

    What surprises: among equal entries the first in row-major order wins, and in backward it alone receives
    the gradient. What arrives there is the upstream gradient, and it adds up where windows overlap and share
    a winner. A NaN wins over every number. Rows left over at the end are dropped, unless `ceil_mode` lets the
    last window stick out.

    >>> import numpy as np
    >>> x = np.array([[1.0, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])[None, None]
    >>> y, indices = max_pool2d(x, 2, return_indices=True)
    >>> y[0, 0].tolist(), indices[0, 0].tolist()
    ([[5.0, 6.0], [7.0, 8.0]], [[5, 2], [12, 15]])
    """
    kernel, how = _max_windows(x, kernel_size, stride, padding, dilation, ceil_mode)
    rows, columns = _reads(0, kernel, how), _reads(1, kernel, how)
    H, W = x.shape[2:]
    y = np.empty((*x.shape[:2], *how.size), x.dtype)
    indices = np.full(y.shape, -1, np.intp)
    for n, c, p, q in np.ndindex(y.shape):
        best = None
        for r in rows[:, p]:
            for s in columns[:, q]:
                if 0 <= r < H and 0 <= s < W and (best is None or _beats(x[n, c, r, s], best)):
                    best = y[n, c, p, q] = x[n, c, r, s]
                    indices[n, c, p, q] = r * W + s
    return (y, indices) if flag("return_indices", return_indices) else y


def _beats(value: Any, best: Any) -> bool:
    return bool(value > best or (np.isnan(value) and not np.isnan(best)))


def _max_windows(x: Array, *settings: Any) -> tuple[tuple[int, int], Sweep]:
    kernel, how = _windows(x, *settings)
    for axis, name in enumerate(("row", "column")):
        reads = _reads(axis, kernel, how)
        blind = np.flatnonzero(~((reads >= 0) & (reads < x.shape[2 + axis])).any(axis=0))
        if len(blind):
            raise ShapeError(
                f"the window at output {name} {blind[0]} reads padding only, so it has no maximum.",
                "use less padding or dilation.",
            )
    return kernel, how


@max_pool2d.fast
def max_pool2d_forward(
    x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, return_indices: Any
) -> tuple[Any, Any]:
    window, how = _max_windows(x, kernel_size, stride, padding, dilation, ceil_mode)
    fast = kernel("pooling")
    y, winners = fast.maximum(x, window, how) if fast else _maximum(x, window, how)
    saved = x.shape, winners, window, how
    if not flag("return_indices", return_indices):
        return y, saved
    return (y, _indices(winners, x.shape[3], window, how)), saved


def _indices(winners: Array, width: int, kernel: tuple[int, int], how: Sweep) -> Array:
    """Return the flat index of every winner in its map, given the number k * columns + l of its tap."""
    (dr, dc), (sr, sc), (top, left) = how.dilation, how.stride, how.padding
    taps = np.arange(kernel[0])[:, None] * (dr * width) + np.arange(kernel[1]) * dc
    indices = taps.ravel()[winners]
    indices += ((np.arange(how.size[0]) * sr - top) * width)[:, None] + np.arange(how.size[1]) * sc - left
    return indices


def _maximum(x: Array, kernel: tuple[int, int], how: Sweep) -> tuple[Array, Array]:
    rows, columns = _reads(0, kernel, how), _reads(1, kernel, how)
    H, W = x.shape[2:]
    y = np.full((*x.shape[:2], *how.size), -np.inf, x.dtype)
    winners = np.full(y.shape, -1, np.int32)
    for k, l, values in _views(_frame(x, kernel, how, -np.inf), kernel, how):
        r, s = rows[k][:, None], columns[l]
        inside = (r >= 0) & (r < H) & (s >= 0) & (s < W)
        # Not yet found covers a window of -inf; the comparisons with itself are the test for NaN.
        better = inside & ((values > y) | (winners < 0) | ((values != values) & (y == y)))
        np.copyto(y, values, where=better)
        np.copyto(winners, k * kernel[1] + l, where=better)
    return y, winners


@max_pool2d.gradient
def max_pool2d_backward(saved: Any, dy: Array) -> Array:
    shape, winners, window, how = saved
    fast = kernel("pooling")
    if fast is not None:
        return fast.maximum_gradient(dy, winners, shape, window, how)
    N, C, H, W = shape
    places = np.arange(N * C).reshape(N, C, 1, 1) * (H * W) + _indices(winners, W, window, how)
    dx = np.bincount(places.ravel(), weights=dy.ravel(), minlength=N * C * H * W)
    return dx.reshape(shape).astype(dy.dtype)


@max_pool2d.samples
def max_pool2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, **params: Any) -> Case:
        # Distinct entries, a tenth apart, so that a small step never changes the winner.
        x = (rng.permutation(int(np.prod(shape))).reshape(shape) - np.prod(shape) // 2) * 0.1
        return Case(name, {"x": x}, params)

    yield case("plain", 1, 1, 4, 4, kernel_size=2)
    yield case("several examples and channels", 3, 2, 4, 6, kernel_size=2)
    yield case("with indices", 2, 2, 4, 6, kernel_size=2, return_indices=True)
    yield case("non-square window", 1, 2, 6, 6, kernel_size=(2, 3))
    yield case("overlapping windows", 2, 2, 5, 6, kernel_size=3, stride=1)
    yield case("overlapping windows with indices", 1, 2, 5, 5, kernel_size=3, stride=2, return_indices=True)
    yield case("rows left over", 1, 2, 5, 7, kernel_size=2)
    yield case("gaps between windows", 1, 1, 7, 8, kernel_size=2, stride=3)
    yield case("stride per axis", 1, 1, 6, 7, kernel_size=2, stride=(1, 3))
    yield case("padding", 2, 1, 5, 5, kernel_size=3, stride=2, padding=1, return_indices=True)
    yield case("padding per axis", 1, 1, 4, 5, kernel_size=(2, 3), padding=(0, 1))
    yield case("dilation", 1, 2, 7, 8, kernel_size=2, stride=2, dilation=(3, 2))
    yield case("padding and dilation", 1, 1, 6, 6, kernel_size=3, stride=1, padding=2, dilation=2)
    yield case("last window sticks out", 2, 1, 4, 6, kernel_size=3, stride=2, ceil_mode=True)
    corner = {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}
    yield case("last window would start in the padding", 1, 1, 5, 5, **corner)
    yield case("window as large as the map", 2, 2, 3, 4, kernel_size=(3, 4))
    yield case("window of one", 1, 2, 3, 3, kernel_size=1, stride=2)


# ------------------------------------------------------------------------------------------- avg_pool2d


@op("x[N,C,H,W] -> y[N,C,P,Q]", source="lecture S4:90-117, S2:2197 (E57)")
def avg_pool2d(
    x: Array,
    kernel_size: Setting,
    stride: Setting | None = None,
    padding: Setting = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Take the mean of every window.

    y[n,c,p,q] = 1/m * sum over k,l of  x[n, c, p*stride + k - padding, q*stride + l - padding]

    where m = rows * columns of the window. With `count_include_pad` the zeros of the padding count like
    entries of the image; without, m counts the entries of the image only. In backward each entry of a window
    gets 1/m of what arrives, added up where windows overlap.

    Raises ShapeError when no window fits or padding exceeds half the window.

    What surprises: what sticks out beyond image and padding (with `ceil_mode`) is never counted in m. The
    slide prints means rounded to whole numbers; the layer returns them exactly.

    >>> import numpy as np
    >>> avg_pool2d(np.array([[55.0, 20, 87, 46], [58, 25, 61, 29]])[None, None], 2)[0, 0]
    array([[39.5 , 55.75]])
    """
    kernel, how = _windows(x, kernel_size, stride, padding, 1, ceil_mode)
    rows, columns = _reads(0, kernel, how), _reads(1, kernel, how)
    count = _counts(x.shape, kernel, how, count_include_pad)
    y = np.zeros((*x.shape[:2], *how.size), x.dtype)
    for n, c, p, q in np.ndindex(y.shape):
        for r in rows[:, p]:
            for s in columns[:, q]:
                if 0 <= r < x.shape[2] and 0 <= s < x.shape[3]:
                    y[n, c, p, q] += x[n, c, r, s]
        y[n, c, p, q] /= count[p, q]
    return y


def _counts(shape: tuple[int, ...], kernel: tuple[int, int], how: Sweep, count_include_pad: Any) -> Array:
    """Count for every position how many entries its mean is divided by."""
    with_padding = flag("count_include_pad", count_include_pad)
    along = []
    for axis in (0, 1):
        reads, edge = _reads(axis, kernel, how), how.padding[axis] if with_padding else 0
        along.append(((reads >= -edge) & (reads < shape[2 + axis] + edge)).sum(axis=0))
    return np.multiply.outer(*along)


@avg_pool2d.fast
def avg_pool2d_forward(
    x: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any, count_include_pad: Any
) -> tuple[Array, Any]:
    window, how = _windows(x, kernel_size, stride, padding, 1, ceil_mode)
    count = _counts(x.shape, window, how, count_include_pad).astype(x.dtype)
    saved = x.shape, window, how, count
    fast = kernel("pooling")
    if fast is not None:
        return fast.average(x, window, how, count), saved
    y = np.zeros((*x.shape[:2], *how.size), x.dtype)
    for _, _, values in _views(_frame(x, window, how, 0), window, how):
        y += values
    y /= count
    return y, saved


@avg_pool2d.gradient
def avg_pool2d_backward(saved: Any, dy: Array) -> Array:
    shape, kernel, how, count = saved
    (H, W), (top, left) = shape[2:], how.padding
    share = dy / count
    framed = _frame(np.zeros(shape, dy.dtype), kernel, how, 0)
    for _, _, places in _views(framed, kernel, how):
        places += share
    return framed[..., top : top + H, left : left + W].copy()


@avg_pool2d.samples
def avg_pool2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, **params: Any) -> Case:
        return Case(name, {"x": rng.normal(size=shape)}, params)

    yield case("plain", 1, 1, 4, 4, kernel_size=2)
    yield case("several examples and channels", 3, 2, 4, 6, kernel_size=2)
    yield case("non-square window", 1, 2, 6, 6, kernel_size=(2, 3))
    yield case("overlapping windows", 2, 2, 5, 6, kernel_size=3, stride=(1, 2))
    yield case("rows left over", 1, 2, 5, 7, kernel_size=2)
    yield case("gaps between windows", 1, 1, 7, 8, kernel_size=2, stride=3)
    yield case("padding counts", 2, 1, 5, 4, kernel_size=3, stride=2, padding=1)
    yield case(
        "padding does not count", 2, 1, 5, 4, kernel_size=3, stride=2, padding=1, count_include_pad=False
    )
    yield case("last window sticks out", 2, 1, 4, 6, kernel_size=3, stride=2, ceil_mode=True)
    yield case("sticks out of the padding", 1, 1, 6, 6, kernel_size=3, stride=3, padding=1, ceil_mode=True)
    yield case("window as large as the map", 2, 2, 3, 4, kernel_size=(3, 4))


# ------------------------------------------------------------------------------------ global_avg_pool2d


@op("x[N,C,H,W] -> y[N,C]", source="lecture S4:90-117 (one window over the whole map)")
def global_avg_pool2d(x: Array) -> Array:
    """Take the mean of every whole map, leaving one number per channel.

    y[n,c] = 1/(H*W) * sum over i,j of x[n,c,i,j]

    What surprises: the result has two axes, ready for a fully connected layer; some libraries keep it as
    [N,C,1,1]. The layer after it no longer depends on the size of the image.

    >>> import numpy as np
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]])
    """
    y = np.zeros(x.shape[:2], x.dtype)
    for n, c, i, j in np.ndindex(x.shape):
        y[n, c] += x[n, c, i, j] / (x.shape[2] * x.shape[3])
    return y


@global_avg_pool2d.fast
def global_avg_pool2d_forward(x: Array) -> tuple[Array, Any]:
    return x.mean(axis=(2, 3)), x.shape


@global_avg_pool2d.gradient
def global_avg_pool2d_backward(shape: tuple[int, ...], dy: Array) -> Array:
    return np.broadcast_to((dy / (shape[2] * shape[3]))[:, :, None, None], shape).copy()


@global_avg_pool2d.samples
def global_avg_pool2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (
        ("plain", (2, 3, 4, 5)),
        ("maps of one entry", (2, 3, 1, 1)),
        ("one map", (1, 1, 3, 3)),
    ):
        yield Case(name, {"x": rng.normal(size=shape)})
