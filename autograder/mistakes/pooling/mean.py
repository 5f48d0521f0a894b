"""Forward mistakes of average pooling."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.pooling.maximum import _sizes
from autograder.mistakes.pooling.window import Pool, mean
from reference.op import Array


@mean("avg-divides-by-k", family="scale")
def divides_by_k(pool: Pool) -> Array:
    """You divided the sum of the window by k.

    A window has k*k entries. Divide by k*k.
    """
    return pool.windows().sum(axis=(-1, -2)) / pool.k[0]


@mean("sum-pooling", family="omission")
def sum_pooling(pool: Pool) -> Array:
    """You summed each window without dividing.

    The mean is the sum divided by the number of entries. Divide by k*k.
    """
    return pool.windows().sum(axis=(-1, -2))


@mean("maximum-for-mean", family="wrong-op")
def maximum_for_mean(pool: Pool) -> Array:
    """You took the maximum of each window.

    Average pooling takes the mean. Replace the maximum.
    """
    return pool.windows().max(axis=(-1, -2))


@mean("median-for-mean", family="wrong-op")
def median_for_mean(pool: Pool) -> Array:
    """You took the median of each window.

    Average pooling takes the mean. Use the sum divided by k*k.
    """
    return np.median(pool.windows(), axis=(-1, -2))


@mean("mean-rounded", family="rounding")
def mean_rounded(pool: Pool) -> Array:
    """You rounded the means to whole numbers.

    A layer returns them exactly; only a slide prints them rounded. Leave the rounding out.
    """
    return np.round(pool.windows().mean(axis=(-1, -2)))


@mean("mean-rounded-down", family="rounding")
def mean_rounded_down(pool: Pool) -> Array:
    """You divided with //, which rounds down.

    The mean of whole numbers need not be whole. Divide with /.
    """
    return np.floor(pool.windows().mean(axis=(-1, -2)))


@mean("last-entry-only", family="omission")
def last_entry_only(pool: Pool) -> Array:
    """Your sum keeps the last entry of the window only; the ones before were overwritten.

    Add the entries up. Write += instead of =.
    """
    return pool.windows()[..., -1, -1] / (pool.k[0] * pool.k[1])


@mean("stride-k-everywhere", family="swap")
def stride_k_everywhere(pool: Pool) -> Array:
    """You moved the window by its own size k instead of s.

    Size and stride are two numbers; windows may overlap or leave gaps. Start the windows at i*s and j*s.
    """
    return pool.windows(pool.k).mean(axis=(-1, -2))


@mean("stride-ignored", family="omission")
def stride_ignored(pool: Pool) -> Array:
    """You moved the window by one pixel each time.

    The window moves by s. Start it at row i*s, column j*s, and count the outputs again.
    """
    return pool.windows((1, 1)).mean(axis=(-1, -2))


@mean("avg-size", family="off-by-one")
def size_from_every_start(pool: Pool) -> Array:
    """You let a window start at every s-th pixel up to the border, so the last ones are not whole.

    The last window must end inside the map. Use (H - k)//s + 1 windows.
    """
    return np.nanmean(pool.hanging(_sizes(pool, lambda n, k, s: (n - 1) // s + 1)), axis=(-1, -2))


@mean("partial-windows-averaged", family="rounding")
def partial_windows_averaged(pool: Pool) -> Array | None:
    """You averaged windows that hang over the border over the entries they have.

    Without padding only whole windows count: (H - k)//s + 1. Round down.
    """
    with np.errstate(all="ignore"):
        windows = pool.hanging(_sizes(pool, lambda n, k, s: -(-(n - k) // s) + 1))
    empty = np.isnan(windows).all(axis=(-1, -2)).any()
    return None if empty else np.nanmean(windows, axis=(-1, -2))


@mean("partial-windows-zero-filled", family="rounding")
def partial_windows_zero_filled(pool: Pool) -> Array:
    """You averaged windows that hang over the border, divided by k*k as if the rest were zeros.

    Without padding only whole windows count: (H - k)//s + 1. Round down.
    """
    windows = pool.hanging(_sizes(pool, lambda n, k, s: -(-(n - k) // s) + 1))
    return np.nansum(windows, axis=(-1, -2)) / (pool.k[0] * pool.k[1])


@mean("plus-one-forgotten", family="off-by-one")
def plus_one_forgotten(pool: Pool) -> Array:
    """Your result lacks a row and a column.

    The window has one position before its first step. Use (H - k)//s + 1.
    """
    return pool.windows().mean(axis=(-1, -2))[:, :, :-1, :-1]


@mean("width-from-height", family="swap")
def width_from_height(pool: Pool) -> Array | None:
    """You computed the number of columns from the map's height; that only works for square maps.

    Use W for the columns.
    """
    y = pool.windows().mean(axis=(-1, -2))
    return None if y.shape[2] > y.shape[3] else y[..., : y.shape[2]]


@mean("mean-over-channels", family="scope")
def mean_over_channels(pool: Pool) -> Array:
    """You averaged over the channels as well.

    Every channel is pooled by itself. Average over the two axes of the window only.
    """
    y = pool.windows().mean(axis=(-1, -2))
    return np.repeat(y.mean(axis=1, keepdims=True), y.shape[1], axis=1)


@mean("mean-over-batch", family="scope")
def mean_over_batch(pool: Pool) -> Array:
    """You averaged over the images of the batch as well.

    Every image is pooled by itself. Average over the two axes of the window only.
    """
    y = pool.windows().mean(axis=(-1, -2))
    return np.repeat(y.mean(axis=0, keepdims=True), len(y), axis=0)


@mean("output-transposed", family="orientation")
def output_transposed(pool: Pool) -> Array:
    """You wrote the result with rows and columns exchanged.

    Output (i, j) belongs to the window at row i*s, column j*s. Exchange i and j.
    """
    return pool.windows().mean(axis=(-1, -2)).swapaxes(2, 3).copy()
