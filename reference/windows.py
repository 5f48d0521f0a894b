"""Move a window over an image: where it stands, what it reads there, and how that reading is undone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from reference.shapes import Array, ShapeError, affordable, pair

__all__ = ["Sweep", "gather", "pad", "scatter", "sweep"]


class Sweep(NamedTuple):
    """How a kernel moves over an image; every entry is a pair (rows, columns)."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]


def sweep(shape: tuple[int, ...], kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Sweep:
    """Check the settings of a moving window and find its number of positions."""
    s, p, d = pair("stride", stride, 1), pair("padding", padding), pair("dilation", dilation, 1)
    rows = _positions("rows", shape[-2], kernel[-2], s[0], p[0], d[0])
    columns = _positions("columns", shape[-1], kernel[-1], s[1], p[1], d[1])
    return Sweep((rows, columns), s, p, d)


_LONGEST = 2**31 - 1


def _positions(axis: str, n: int, k: int, stride: int, padding: int, dilation: int) -> int:
    span, room = dilation * (k - 1) + 1, n + 2 * padding
    if span > room:
        raise ShapeError(
            f"the kernel spans {span} {axis}, but the padded input has {room}.",
            f"use a smaller kernel or dilation, or padding of at least {-((n - span) // 2)}.",
        )
    if max(room, stride, dilation) > _LONGEST:
        raise ShapeError(f"stride, dilation and padded input are limited to {_LONGEST} {axis}.", "use less.")
    return (room - span) // stride + 1


def pad(x: Array, padding: tuple[int, int], value: float = 0) -> Array:
    """Return a copy of x framed with `value` around its last two axes."""
    (top, left), (rows, columns) = padding, x.shape[-2:]
    affordable("the padded input", *x.shape[:-2], rows + 2 * top, columns + 2 * left)
    padded = np.full((*x.shape[:-2], rows + 2 * top, columns + 2 * left), value, x.dtype)
    padded[..., top : top + rows, left : left + columns] = x
    return padded


def gather(x: Array, kernel: tuple[int, ...], how: Sweep) -> Array:
    """View x as [..., K, L, P, Q] in which entry k,l,p,q is what tap (k, l) reads at position (p, q)."""
    sr, sc = x.strides[-2:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:-2], *kernel[-2:], *how.size),
        (*x.strides[:-2], sr * how.dilation[0], sc * how.dilation[1], sr * how.stride[0], sc * how.stride[1]),
        writeable=False,
    )


def scatter(parts: Array, shape: tuple[int, ...], how: Sweep) -> Array:
    """Add parts[..., K, L, P, Q] to the places `gather` read them from; the adjoint of pad and gather."""
    (rows, columns), (top, left) = shape[-2:], how.padding
    padded = np.zeros((*shape[:-2], rows + 2 * top, columns + 2 * left), parts.dtype)
    (P, Q), (sr, sc), (dr, dc) = how.size, how.stride, how.dilation
    for k, l in np.ndindex(parts.shape[-4:-2]):
        r, c = k * dr, l * dc
        padded[..., r : r + P * sr : sr, c : c + Q * sc : sc] += parts[..., k, l, :, :]
    return padded[..., top : top + rows, left : left + columns].copy()
