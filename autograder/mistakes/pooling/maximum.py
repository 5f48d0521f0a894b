"""Forward mistakes of max pooling: what wins, and where it is said to stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes.pooling.window import Pool, maximum
from reference.op import Array

Found = tuple[Array, Array]


# --------------------------------------------------------------------------------------- positions


@maximum("argmax-inside-window", family="scope")
def argmax_inside_window(pool: Pool) -> Found:
    """You stored positions inside the window; rows and columns of the whole map are asked for.

    The window of output (i, j) starts at row i*s, column j*s. Add that to the position inside it.
    """
    u, v = _inside(pool)
    return pool.truth()[0], u * pool.width + v


def _inside(pool: Pool) -> Found:
    windows = pool.windows()
    winner = windows.reshape(*windows.shape[:4], -1).argmax(axis=-1)
    return np.divmod(winner, pool.k[1])


@maximum("argmax-without-stride", family="omission")
def argmax_without_stride(pool: Pool) -> Found:
    """Your positions add i and j to the place inside the window, not i*s and j*s.

    The window of output (i, j) starts at row i*s, column j*s. Multiply by the stride.
    """
    return pool.truth()[0], pool.index(*_inside(pool), s=(1, 1))


@maximum("argmax-exchanged-inside-window", family="swap")
def argmax_exchanged_inside(pool: Pool) -> Found:
    """You exchanged row and column inside the window: the remainder of the flat index was added to the row.

    With k columns in a window the flat index is row * k + column: row = index // k, column = index % k.
    """
    u, v = _inside(pool)
    return pool.truth()[0], pool.index(v, u)


@maximum("argmax-is-window-corner", family="omission")
def argmax_is_corner(pool: Pool) -> Found:
    """Your positions are the top left corners of the windows; where the winner stands inside is missing.

    Add the row and column of the maximum inside the window.
    """
    u, v = _inside(pool)
    return pool.truth()[0], pool.index(0 * u, 0 * v)


@maximum("argmax-of-first-channel", family="scope")
def argmax_of_first_channel(pool: Pool) -> Found:
    """You used the positions of channel 0 for all channels.

    Every channel has its own winners. Search in each channel.
    """
    y, indices = pool.truth()
    return y, np.repeat(indices[:, :1], y.shape[1], axis=1)


# --------------------------------------------------------------------------------------- what wins


@maximum("zero-start", family="scope")
def zero_start(pool: Pool) -> Found:
    """You started the search at 0, so a window of negative numbers has maximum 0.

    Start with -np.inf or with the window's first entry. Change the start.
    """
    y, indices = pool.truth()
    return np.maximum(y, 0.0), np.where(y > 0, indices, 0)


@maximum("zero-start-right-positions", family="scope")
def zero_start_right_positions(pool: Pool) -> Found:
    """A window of negative numbers has maximum 0 with you; the positions are right.

    Padding or starting with zeros lets 0 win. Start with -np.inf.
    """
    y, indices = pool.truth()
    return np.maximum(y, 0.0), indices


@maximum("minimum-for-maximum", family="wrong-op")
def minimum_for_maximum(pool: Pool) -> Found:
    """You kept the smallest entry of each window.

    Max pooling keeps the largest. Turn the comparison round.
    """
    return pool.winners(pool.windows(), np.argmin)


@maximum("largest-magnitude", family="wrong-op")
def largest_magnitude(pool: Pool) -> Found:
    """You kept the entry of largest absolute value.

    Max pooling compares the numbers with their signs. Leave abs out.
    """
    return pool.winners(pool.windows(), lambda flat, axis: np.abs(flat).argmax(axis))


@maximum("mean-for-maximum", family="wrong-op")
def mean_for_maximum(pool: Pool) -> Found:
    """You took the mean of each window.

    Max pooling keeps the largest entry. Use the maximum.
    """
    return pool.windows().mean(axis=(-1, -2)), pool.truth()[1]


@maximum("maximum-over-channels", family="scope")
def over_channels(pool: Pool) -> Found:
    """You took the maximum over the channels as well.

    Every channel is pooled by itself. Leave the channel axis out of the maximum.
    """
    y, indices = pool.truth()
    best = y.argmax(axis=1)[:, None]
    chosen = (np.take_along_axis(a, best, axis=1) for a in (y, indices))
    y, indices = (np.repeat(a, pool.x.shape[1], axis=1) for a in chosen)
    return y, indices


# ----------------------------------------------------------------------------- where windows stand


@maximum("stride-taken-as-k", family="swap")
def stride_taken_as_k(pool: Pool) -> Found:
    """You moved the window by its own size k instead of s.

    Size and stride are two numbers; windows may overlap or leave gaps. Start the windows at i*s and j*s.
    """
    return pool.winners(pool.windows(pool.k), s=pool.k)


@maximum("stride-ignored", family="omission")
def stride_ignored(pool: Pool) -> Found:
    """You moved the window by one pixel each time.

    The window moves by s. Start it at row i*s, column j*s, and count the outputs again.
    """
    return pool.winners(pool.windows((1, 1)), s=(1, 1))


@maximum("partial-windows-kept", family="rounding")
def partial_windows_kept(pool: Pool) -> Any:
    """You pooled windows that hang over the border as well, so the result is too large.

    Without padding only whole windows count: (H - k)//s + 1. Round down.
    """
    size = _sizes(pool, lambda n, k, s: -(-(n - k) // s) + 1)
    windows = np.where(np.isnan(hanging := pool.hanging(size)), -np.inf, hanging)
    return pool.winners(windows)


@maximum("size-from-every-start", family="off-by-one")
def size_from_every_start(pool: Pool) -> Any:
    """You let a window start at every s-th pixel up to the border, so the last ones are not whole.

    The last window must end inside the map. Use (H - k)//s + 1 windows.
    """
    size = _sizes(pool, lambda n, k, s: (n - 1) // s + 1)
    windows = np.where(np.isnan(hanging := pool.hanging(size)), -np.inf, hanging)
    return pool.winners(windows)


def _sizes(pool: Pool, rule: Any) -> tuple[int, int]:
    rows, columns = (int(rule(n, k, s)) for n, k, s in zip(pool.x.shape[2:], pool.k, pool.s))
    return rows, columns


@maximum("plus-one-forgotten", family="off-by-one")
def plus_one_forgotten(pool: Pool) -> Found:
    """Your result lacks a row and a column.

    The window has one position before its first step. Use (H - k)//s + 1.
    """
    y, indices = pool.truth()
    return y[:, :, :-1, :-1], indices[:, :, :-1, :-1]


@maximum("height-divided-by-s", family="off-by-one")
def height_divided_by_s(pool: Pool) -> Any:
    """Your result has H//s rows and W//s columns; that is right only where the windows just fit.

    The window has a size. Use (H - k)//s + 1.
    """
    size = _sizes(pool, lambda n, k, s: n // s)
    if 0 in size:
        return None
    windows = np.where(np.isnan(hanging := pool.hanging(size)), -np.inf, hanging)
    return pool.winners(windows)


@maximum("width-from-height", family="swap")
def width_from_height(pool: Pool) -> Any:
    """You computed the number of columns from the map's height; that only works for square maps.

    Use W for the columns.
    """
    y, indices = pool.truth()
    return None if y.shape[2] > y.shape[3] else (y[..., : y.shape[2]], indices[..., : y.shape[2]])


@maximum("first-example-for-all", family="scope")
def first_example_for_all(pool: Pool) -> Found:
    """You pooled the first image for every image of the batch.

    Every image has its own result. Index X with n.
    """
    y, indices = pool.truth()
    return np.repeat(y[:1], len(y), axis=0), np.repeat(indices[:1], len(y), axis=0)


@maximum("output-transposed", family="orientation")
def output_transposed(pool: Pool) -> Found:
    """You wrote the result with rows and columns exchanged.

    Output (i, j) belongs to the window at row i*s, column j*s. Exchange i and j.
    """
    y, indices = pool.truth()
    return y.swapaxes(2, 3).copy(), indices.swapaxes(2, 3).copy()
