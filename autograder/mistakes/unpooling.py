"""Mistakes of max unpooling: where the values land and what stands elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import max_unpool2d
from reference.op import Array

Functions = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class Unpool:
    """One call of max_unpool2d: values x[N,C,P,Q], their rows and columns, the size (H, W)."""

    x: Array
    rows: Array
    columns: Array
    size: tuple[int, int]

    def put(self, x: Array | None = None, rows: Array | None = None, columns: Array | None = None) -> Array:
        """Write values at places into a map of zeros."""
        x = self.x if x is None else x
        rows, columns = self.rows if rows is None else rows, self.columns if columns is None else columns
        y = np.zeros((*self.x.shape[:2], *self.size))
        n, c = np.indices(self.x.shape)[:2]
        y[n, c, rows, columns] = x
        return y

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the map for each value."""
        return self.size[0] // self.x.shape[2], self.size[1] // self.x.shape[3]


def _forward(name: str, **facts: Any) -> Callable[[Callable[[Unpool], Any]], Mistake]:
    """Register a wrong map of an Unpool; None where it does not apply."""

    def register(wrong: Callable[[Unpool], Any]) -> Mistake:
        def mistaken(
            x: Any,
            indices: Any,
            kernel_size: Any,
            stride: Any = None,
            padding: Any = 0,
            output_size: Any = None,
        ) -> Any:
            truth = max_unpool2d(x, indices, kernel_size, stride, padding, output_size)
            H, W = truth.shape[2:]
            rows, columns = np.divmod(np.asarray(indices), W)
            return wrong(Unpool(np.asarray(x, float), rows, columns, (H, W)))

        return mistake(max_unpool2d, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_forward("unpool-all-channels", family="scope")
def all_channels(u: Unpool) -> Array:
    """You wrote each value to all channels.

    A value belongs to one channel. Write to X[n, c, row, column].
    """
    y = np.zeros((*u.x.shape[:2], *u.size))
    for n, c, i, j in np.ndindex(u.x.shape):
        y[n, :, u.rows[n, c, i, j], u.columns[n, c, i, j]] = u.x[n, c, i, j]
    return y


@_forward("positions-of-first-channel", family="scope")
def first_channel(u: Unpool) -> Array:
    """You used the positions of channel 0 for all channels.

    Every channel has its own positions. Read argmax[n, c, i, j].
    """
    C = u.x.shape[1]
    return u.put(rows=np.repeat(u.rows[:, :1], C, axis=1), columns=np.repeat(u.columns[:, :1], C, axis=1))


@_forward("positions-of-first-example", family="scope")
def first_example(u: Unpool) -> Array:
    """You used the positions of the first image for all images.

    Every image has its own positions. Read argmax[n, c, i, j].
    """
    N = len(u.x)
    return u.put(rows=np.repeat(u.rows[:1], N, axis=0), columns=np.repeat(u.columns[:1], N, axis=0))


@_forward("unpool-top-left", family="omission", belief="bed-of-nails")
def top_left(u: Unpool) -> Array | None:
    """You put every value at the top left of its block; the stored positions are not used.

    That is a bed of nails. Put the value where the maximum stood.
    """
    return _nails(u)


def _nails(u: Unpool) -> Array | None:
    if 0 in u.block:
        return None
    i, j = np.indices(u.x.shape)[2:]
    return u.put(rows=i * u.block[0], columns=j * u.block[1])


@_forward("unpool-replicates", family="wrong-op")
def replicates(u: Unpool) -> Array | None:
    """You filled the whole block with the value; that is nearest-neighbour upsampling.

    Only the place of the maximum gets the value. Leave zeros elsewhere.
    """
    big = u.x.repeat(max(u.block[0], 1), axis=2).repeat(max(u.block[1], 1), axis=3)
    return None if 0 in u.block else big


@_forward("unpool-shared-by-block", family="wrong-op")
def shared_by_block(u: Unpool) -> Array | None:
    """You shared each value among its block.

    Only the place of the maximum gets the value, and all of it. Leave zeros elsewhere.
    """
    if 0 in u.block:
        return None
    return u.x.repeat(u.block[0], axis=2).repeat(u.block[1], axis=3) / (u.block[0] * u.block[1])


@_forward("row-and-column-exchanged", family="swap")
def exchanged(u: Unpool) -> Array | None:
    """You read argmax as (column, row).

    The last axis holds (row, column). Exchange the two.
    """
    if u.columns.max(initial=0) >= u.size[0] or u.rows.max(initial=0) >= u.size[1]:
        return None
    return u.put(rows=u.columns, columns=u.rows)


@_forward("blocks-exchanged", family="orientation")
def blocks_exchanged(u: Unpool) -> Array | None:
    """You paired the values with the positions of the mirrored block: Z[i, j] met argmax[j, i].

    Value and position have the same indices. Use i for rows in both.
    """
    return u.put(u.x.swapaxes(2, 3)) if u.x.shape[2] == u.x.shape[3] else None


@_forward("ones-at-positions", family="omission")
def ones_at_positions(u: Unpool) -> Array:
    """You put ones where the maxima stood; the values of Z are missing.

    Write Z[n, c, i, j] there.
    """
    return u.put(np.ones_like(u.x))


@_forward("unpool-shape-ignored", family="omission")
def shape_ignored(u: Unpool) -> Array:
    """You took the size of the map from the largest positions; it may be larger.

    The last rows need not hold a maximum. Use `shape`.
    """
    return u.put()[:, :, : u.rows.max() + 1, : u.columns.max() + 1]


@_forward("last-row-missing", family="off-by-one")
def last_row_missing(u: Unpool) -> Array:
    """Your loops leave out the last row of Z.

    range(n) already stops before n. Loop over all rows of Z.
    """
    x = u.x.copy()
    x[:, :, -1] = 0.0
    return u.put(x)


@_forward("only-first-example", family="scope")
def only_first_example(u: Unpool) -> Array:
    """You filled the first image only.

    Every image of the batch has its own map. Loop over n.
    """
    y = u.put()
    y[1:] = 0.0
    return y


@mistake("max_unpool", "flat-index-by-height", family="swap", kind="behaviour")
def flat_by_height(right: Functions) -> Functions:
    """You counted the flat index as row * H + column; that only works for square maps.

    A row holds W entries. Write row * W + column.
    """

    def max_unpool(Z: Any, argmax: Any, shape: Any) -> Any:
        N, C, H, W = shape
        X = np.zeros((N * C, H * W))
        flat = (argmax[..., 0] * H + argmax[..., 1]).reshape(N * C, -1)
        np.put_along_axis(X, flat, Z.reshape(N * C, -1), axis=1)
        return X.reshape(shape)

    return {"max_unpool": max_unpool}


@mistake("max_unpool", "canvas-kept-between-calls", family="scope", kind="behaviour")
def canvas_kept(right: Functions) -> Functions:
    """Your map still holds the values of the call before.

    An array made outside the function is shared. Create X with np.zeros(shape) inside.
    """
    kept: dict[Any, Any] = {}

    def max_unpool(Z: Any, argmax: Any, shape: Any) -> Any:
        X = right["max_unpool"](Z, argmax, shape)
        old = kept.setdefault(tuple(shape), np.zeros(tuple(shape)))
        old[X != 0] = X[X != 0]
        return old

    return {"max_unpool": max_unpool}
