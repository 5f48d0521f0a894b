"""Make feature maps larger without weights: max unpooling, repeated entries, beds of nails.

Positions of maxima are flat indices, row * W + column in the whole map, as `max_pool2d` returns them;
`row_column` turns them into the pairs of the course's argmax[...,2], `flat_index` back again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.kernels import kernel
from reference.op import Array, Case, InputError, ShapeError, affordable, op, pair, whole
from reference.pooling import Setting, max_pool2d

__all__ = [
    "bed_of_nails2d",
    "flat_index",
    "max_unpool2d",
    "row_column",
    "upsample_nearest2d",
]


# ----------------------------------------------------------------------------------------- max_unpool2d


@op(
    "x[N,C,P,Q], indices[N,C,P,Q]:int -> y[N,C,H,W]",
    source="lecture S4:119-158",
)
def max_unpool2d(
    x: Array,
    indices: Array,
    kernel_size: Setting,
    stride: Setting | None = None,
    padding: Setting = 0,
    output_size: tuple[int, ...] | int | None = None,
) -> Array:
    """Put every entry back where the maximum stood, and zeros everywhere else.

    y[n,c] = 0,   then  y[n, c, indices[n,c,p,q] // W, indices[n,c,p,q] % W] = x[n,c,p,q]  in row-major order

    H = (P-1)*stride - 2*padding + kernel_size, likewise W, unless `output_size` is (H, W) or (N, C, H, W).

    Raises ShapeError when the map would be empty, InputError when an index points outside it.

    What surprises: the map's width is part of the meaning of an index. Where the windows did not fit exactly,
    or were dilated, give `output_size=x.shape` of the map that was pooled, or values land in wrong places
    without error. Where overlapping windows share a winner the last value written stays, and only that one
    gets a gradient. Without overlap this is the backward pass of `max_pool2d`; what was no maximum is lost.

    >>> import numpy as np
    >>> places = np.array([[5, 2], [12, 15]])[None, None]
    >>> max_unpool2d(np.array([[1.0, 2], [3, 4]])[None, None], places, 2)[0, 0]
    array([[0., 0., 2., 0.],
           [0., 1., 0., 0.],
           [0., 0., 0., 0.],
           [3., 0., 0., 4.]])
    """
    H, W = _unpooled_size(x, indices, kernel_size, stride, padding, output_size)
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for n, c, p, q in np.ndindex(x.shape):
        row, column = divmod(indices[n, c, p, q], W)
        y[n, c, row, column] = x[n, c, p, q]
    return y


def _unpooled_size(
    x: Array, indices: Array, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[int, int]:
    k = pair("kernel_size", kernel_size, 1)
    s, p = k if stride is None else pair("stride", stride, 1), pair("padding", padding)
    H, W = ((n - 1) * s[i] - 2 * p[i] + k[i] for i, n in enumerate(x.shape[2:]))
    if output_size is not None:
        H, W = _given_size(output_size, x)
    if min(H, W) < 1:
        raise ShapeError(f"the unpooled map would be {H} x {W}.", "use less padding or give output_size.")
    affordable("y", *x.shape[:2], H, W)
    top = H * W - 1
    outside = (indices < 0) | (indices >= H * W)
    if outside.any():
        where = tuple(map(int, np.argwhere(outside)[0]))
        raise InputError(
            f"indices{list(where)} is {indices[where]}, but a {H} x {W} map has the indices 0 to {top}.",
            "give output_size=x.shape of the map that was pooled; count rows and columns from 0.",
        )
    return H, W


def _given_size(output_size: Any, x: Array) -> tuple[int, int]:
    if isinstance(output_size, (tuple, list)) and len(output_size) == 4:
        if tuple(output_size[:2]) != x.shape[:2]:
            raise ShapeError(
                f"output_size starts with {tuple(output_size[:2])}, but x with {x.shape[:2]}.",
                "unpooling keeps examples and channels.",
            )
        output_size = tuple(output_size[2:])
    return pair("output_size", output_size, 1)


@max_unpool2d.fast
def max_unpool2d_forward(
    x: Array, indices: Array, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[Array, Any]:
    H, W = _unpooled_size(x, indices, kernel_size, stride, padding, output_size)
    fast = kernel("unpooling")
    if fast is not None:
        return fast.spread(x, indices, (H, W)), indices
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    y.reshape(-1)[_places(indices, H * W)] = x.ravel()  # where places repeat, NumPy keeps the last
    return y, indices


def _places(indices: Array, size: int) -> Array:
    """Return flat places in the whole batch for flat places in maps of `size` entries."""
    maps = indices.shape[0] * indices.shape[1]
    return (np.arange(maps).reshape(*indices.shape[:2], 1, 1) * size + indices).ravel()


@max_unpool2d.gradient
def max_unpool2d_backward(indices: Array, dy: Array) -> Array:
    fast = kernel("unpooling")
    if fast is not None:
        return fast.collect(dy, indices)
    places = _places(indices, dy.shape[2] * dy.shape[3])
    turn = np.arange(len(places))
    last = np.empty(dy.size, np.intp)
    last[places] = turn
    return np.where(last[places] == turn, dy.ravel()[places], 0).astype(dy.dtype).reshape(indices.shape)


@max_unpool2d.samples
def max_unpool2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, size: bool = False, **params: Any) -> Case:
        y, indices = max_pool2d(rng.normal(size=shape), return_indices=True, **params)
        given = {"output_size": shape[2:]} if size else {}
        return Case(name, {"x": rng.normal(size=y.shape), "indices": indices}, {**params, **given})

    yield case("plain", 1, 1, 4, 4, kernel_size=2)
    yield case("several examples and channels", 2, 3, 4, 6, kernel_size=2)
    yield case("non-square window", 1, 2, 6, 6, kernel_size=(2, 3))
    yield case("gaps between windows", 1, 1, 8, 8, kernel_size=2, stride=3)
    yield case("size of a map that did not fit", 1, 2, 5, 7, kernel_size=2, size=True)
    yield case("padding", 1, 2, 6, 6, kernel_size=2, padding=1)
    yield case("overlapping windows share winners", 2, 1, 7, 5, kernel_size=3, stride=2)


# ------------------------------------------------------------------------------------------- upsampling


@op("x[N,C,P,Q] -> y[N,C,H,W]", source="lecture S4:119-125 (bring back the resolution)")
def upsample_nearest2d(x: Array, scale_factor: Setting = 2) -> Array:
    """Enlarge every map by repeating each entry as a block (nearest neighbour).

    y[n,c,i,j] = x[n, c, i // s, j // s],   s = scale_factor, a whole number or (rows, columns)

    In backward each entry gets the sum over its block.

    >>> import numpy as np
    >>> upsample_nearest2d(np.array([[1.0, 2], [3, 4]])[None, None], (1, 2))[0, 0]
    array([[1., 1., 2., 2.],
           [3., 3., 4., 4.]])
    """
    sr, sc = _scale(x, scale_factor)
    y = np.empty((*x.shape[:2], x.shape[2] * sr, x.shape[3] * sc), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = x[n, c, i // sr, j // sc]
    return y


def _scale(x: Array, scale_factor: Any) -> tuple[int, int]:
    sr, sc = pair("scale_factor", scale_factor, 1)
    affordable("y", *x.shape[:2], x.shape[2] * sr, x.shape[3] * sc)
    return sr, sc


@upsample_nearest2d.fast
def upsample_nearest2d_forward(x: Array, scale_factor: Any) -> tuple[Array, Any]:
    sr, sc = _scale(x, scale_factor)
    return x.repeat(sr, axis=2).repeat(sc, axis=3), (x.shape, (sr, sc))


@upsample_nearest2d.gradient
def upsample_nearest2d_backward(saved: Any, dy: Array) -> Array:
    (N, C, P, Q), (sr, sc) = saved
    return dy.reshape(N, C, P, sr, Q, sc).sum(axis=(3, 5))


@upsample_nearest2d.samples
def upsampling_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"x": rng.normal(size=(1, 1, 2, 2))})
    yield Case("several examples and channels", {"x": rng.normal(size=(2, 3, 2, 3))}, {"scale_factor": 3})
    yield Case("factor per axis", {"x": rng.normal(size=(1, 2, 3, 2))}, {"scale_factor": (1, 4)})


@op("x[N,C,P,Q] -> y[N,C,H,W]", source="lecture S4:119-125 (bring back the resolution)")
def bed_of_nails2d(x: Array, scale_factor: Setting = 2) -> Array:
    """Enlarge every map by putting each entry at the top left of a block of zeros.

    y[n, c, i*s, j*s] = x[n,c,i,j],  zero elsewhere,   s = scale_factor, a whole number or (rows, columns)

    In backward each entry gets the gradient that arrives at its nail.

    What surprises: unlike `max_unpool2d` it does not know where the maxima stood.

    >>> import numpy as np
    >>> bed_of_nails2d(np.array([[1.0, 2], [3, 4]])[None, None], (1, 2))[0, 0]
    array([[1., 0., 2., 0.],
           [3., 0., 4., 0.]])
    """
    sr, sc = _scale(x, scale_factor)
    y = np.zeros((*x.shape[:2], x.shape[2] * sr, x.shape[3] * sc), x.dtype)
    for n, c, i, j in np.ndindex(x.shape):
        y[n, c, i * sr, j * sc] = x[n, c, i, j]
    return y


@bed_of_nails2d.fast
def bed_of_nails2d_forward(x: Array, scale_factor: Any) -> tuple[Array, Any]:
    sr, sc = _scale(x, scale_factor)
    y = np.zeros((*x.shape[:2], x.shape[2] * sr, x.shape[3] * sc), x.dtype)
    y[:, :, ::sr, ::sc] = x
    return y, (sr, sc)


@bed_of_nails2d.gradient
def bed_of_nails2d_backward(scale: tuple[int, int], dy: Array) -> Array:
    return dy[:, :, :: scale[0], :: scale[1]].copy()


bed_of_nails2d.samples(upsampling_cases)


# ------------------------------------------------------------------------------------ ways to say where


@op("indices[...]:int -> positions[...,2]:int", source="lecture S2:2210-2228 (the index that took the max)")
def row_column(indices: Array, width: int) -> Array:
    """Turn flat indices into pairs (row, column): row = index // width, column = index % width.

    Raises InputError for a negative index.

    >>> import numpy as np
    >>> row_column(np.array([5, 2, 12, 15]), 4).tolist()
    [[1, 1], [0, 2], [3, 0], [3, 3]]
    """
    width = _width(width)
    if (indices < 0).any():
        raise InputError(f"indices holds {indices.min()}.", "count rows and columns from 0.")
    return np.stack(np.divmod(indices, width), axis=-1)


def _width(width: Any) -> int:
    width = whole("width", width, 1)
    affordable("a row of the map", width)
    return width


@row_column.samples
def row_column_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"indices": rng.integers(12, size=4)}, {"width": 4})
    yield Case("as pooling gives them", {"indices": rng.integers(30, size=(2, 3, 2, 2))}, {"width": 5})
    yield Case("map of one column", {"indices": rng.integers(9, size=(2, 2))}, {"width": 1})


@op("positions[...,2]:int -> indices[...]:int", source="lecture S2:2210-2228 (the index that took the max)")
def flat_index(positions: Array, width: int) -> Array:
    """Turn pairs (row, column) into flat indices: row * width + column.

    Raises InputError for a negative row or a column outside 0 .. width-1.

    >>> import numpy as np
    >>> flat_index(np.array([[1, 1], [0, 2], [3, 0], [3, 3]]), 4).tolist()
    [5, 2, 12, 15]
    """
    width = _width(width)
    row, column = positions[..., 0], positions[..., 1]
    if (positions < 0).any() or (column >= width).any():
        raise InputError(
            f"positions holds a place outside a map of {width} columns.", "write (row, column), from 0."
        )
    if int(row.max()) * width + width > np.iinfo(np.intp).max:
        raise InputError(
            f"row {row.max()} of a map of {width} columns is out of reach.", "use a smaller row."
        )
    return row * width + column


@flat_index.samples
def flat_index_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"positions": rng.integers(4, size=(3, 2))}, {"width": 4})
    yield Case(
        "as the course writes them", {"positions": rng.integers(5, size=(2, 3, 2, 2, 2))}, {"width": 5}
    )
