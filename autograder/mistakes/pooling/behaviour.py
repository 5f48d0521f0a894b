"""Mistakes of the pooling functions themselves: forms of the result, given positions, arguments and caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake

Functions = dict[str, Callable[..., Any]]
Deed = Callable[[Functions], Functions]


# ------------------------------------------------------------------------ what max pooling returns


def _max_form(name: str, family: str) -> Callable[[Callable[[Any, Any, Any], Any]], Mistake]:
    """Register another form of the result: a function of X, Y and argmax."""

    def register(form: Callable[[Any, Any, Any], Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            def maxpool_forward(X: Any, k: int, s: int) -> Any:
                return form(X, *right["maxpool_forward"](X, k, s))

            return {**right, "maxpool_forward": maxpool_forward}

        spoilt.__doc__, spoilt.__name__ = form.__doc__, form.__name__
        return mistake("maxpool_forward", name, family=family, kind="behaviour")(spoilt)

    return register


@mistake("maxpool_forward", "maximum-starts-at-zero-in-place", family="omission", kind="behaviour")
def maximum_starts_at_zero_in_place(right: Functions) -> Functions:
    """You start the search for the maximum at 0 and the first place, so windows of negative numbers have the maximum 0.

    Start with the first entry of the window, or with -np.inf.
    """

    def maxpool_forward(X: Any, k: int, s: int) -> Any:
        Y, argmax = right["maxpool_forward"](X, k, s)
        rows, columns = np.indices(Y.shape)[2:] * s
        return np.maximum(Y, 0.0), np.where(Y[..., None] > 0, argmax, np.stack([rows, columns], axis=-1))

    return {**right, "maxpool_forward": maxpool_forward}


@_max_form("argmax-column-first", "swap")
def argmax_column_first(X: Any, Y: Any, argmax: Any) -> Any:
    """You stored (column, row) instead of (row, column).

    Indexing is X[n, c, row, column]. Exchange the two.
    """
    return Y, argmax[..., ::-1].copy()


@_max_form("argmax-flat", "convention")
def argmax_flat(X: Any, Y: Any, argmax: Any) -> Any:
    """You stored one flat index per window; pairs (row, column) are asked for.

    The last axis of argmax has length 2. Split the index with divmod(index, W).
    """
    return Y, argmax[..., 0] * X.shape[3] + argmax[..., 1]


@_max_form("argmax-axis-first", "order")
def argmax_axis_first(X: Any, Y: Any, argmax: Any) -> Any:
    """Your argmax has the axis (row, column) in front.

    It comes last: argmax[n, c, i, j, :] = (row, column). Stack with axis=-1.
    """
    return Y, np.moveaxis(argmax, -1, 0).copy()


@_max_form("argmax-one-based", "off-by-one")
def argmax_one_based(X: Any, Y: Any, argmax: Any) -> Any:
    """You counted rows and columns from 1.

    Indices of arrays start at 0. Subtract 1.
    """
    return Y, argmax + 1


@_max_form("argmax-missing", "omission")
def argmax_missing(X: Any, Y: Any, argmax: Any) -> Any:
    """You returned the maxima only.

    The backward needs to know where they stood. Return (Y, argmax).
    """
    return Y


@_max_form("returns-swapped", "swap")
def returns_swapped(X: Any, Y: Any, argmax: Any) -> Any:
    """You returned the positions before the maxima.

    The order is (Y, argmax). Exchange the two.
    """
    return argmax, Y


@_max_form("X-changed-in-place", "scope")
def max_x_changed(X: Any, Y: Any, argmax: Any) -> Any:
    """Your maxpool_forward changes the map it was given.

    X[...] = ... changes the caller's array. Work on a copy.
    """
    X -= 1.0
    return Y, argmax


def _ties(name: str) -> Callable[[Callable[[Any], Any]], Mistake]:
    """Register another order in which equal maxima are searched: a function of one window, giving (row, column)."""

    def register(choose: Callable[[Any], Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            def maxpool_forward(X: Any, k: int, s: int) -> Any:
                Y, argmax = right["maxpool_forward"](X, k, s)
                argmax = np.array(argmax)
                for n, c, i, j in np.ndindex(*Y.shape):
                    row, column = i * s, j * s
                    u, v = choose(X[n, c, row : row + k, column : column + k])
                    argmax[n, c, i, j] = row + u, column + v
                return Y, argmax

            return {**right, "maxpool_forward": maxpool_forward}

        spoilt.__doc__, spoilt.__name__ = choose.__doc__, choose.__name__
        return mistake("maxpool_forward", name, family="order", kind="behaviour")(spoilt)

    return register


@_ties("ties-column-major")
def ties_column_major(window: Any) -> Any:
    """With equal maxima you chose the first one column by column.

    On a tie the first in row-major order counts: rows outside, columns inside. Exchange the two loops.
    """
    v, u = np.argwhere(window.max() == window.T)[0]
    return u, v


@_ties("ties-last-wins")
def ties_last_wins(window: Any) -> Any:
    """With equal maxima you chose the last one.

    On a tie the first in row-major order counts. Compare with > instead of >=.
    """
    return np.argwhere(window == window.max())[-1]


@_ties("ties-last-column-first")
def ties_last_column_first(window: Any) -> Any:
    """With equal maxima you chose the first row, but in it the last column.

    On a tie the first in row-major order counts. Search every row from left to right.
    """
    u = np.argwhere(window == window.max())[0][0]
    return u, np.flatnonzero(window[u] == window.max())[-1]


# --------------------------------------------------------------------- max pooling, backward


def _max_backward(name: str, family: str, kind: str = "value") -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong dX of dY, argmax and shape."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            return {**right, "maxpool_backward": wrong}

        spoilt.__doc__, spoilt.__name__ = wrong.__doc__, wrong.__name__
        return mistake("maxpool_backward", name, family=family, kind=kind)(spoilt)

    return register


def _put(dY: Any, argmax: Any, shape: Any, add: bool = True) -> Any:
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dY.shape):
        at = n, c, *(int(a) for a in argmax[n, c, i, j])
        dX[at] = dY[n, c, i, j] + (dX[at] if add else 0.0)
    return dX


@_max_backward("overlap-overwrites", "wrong-op")
def max_overwrites(dY: Any, argmax: Any, shape: Any) -> Any:
    """In your dX the last gradient overwrites the others where windows share a winner.

    Such an entry gets the sum. Write += in the loop, or np.add.at with index arrays.
    """
    return _put(dY, argmax, shape, add=False)


@_max_backward("first-gradient-kept", "wrong-op")
def first_gradient_kept(dY: Any, argmax: Any, shape: Any) -> Any:
    """In your dX only the first gradient arrives where windows share a winner.

    Such an entry gets the sum. Write += in the loop, or np.add.at with index arrays.
    """
    return _put(dY[:, :, ::-1, ::-1], argmax[:, :, ::-1, ::-1], shape, add=False)


@_max_backward("backward-shape-ignored", "omission")
def shape_ignored(dY: Any, argmax: Any, shape: Any) -> Any:
    """You took the size of dX from the largest positions; the map may be larger.

    The last rows need not hold a maximum. Use `shape`.
    """
    rows, columns = argmax[..., 0].max() + 1, argmax[..., 1].max() + 1
    return _put(dY, argmax, (*dY.shape[:2], int(rows), int(columns)))


@_max_backward("row-and-column-exchanged", "swap")
def row_and_column_exchanged(dY: Any, argmax: Any, shape: Any) -> Any:
    """You read argmax as (column, row).

    The last axis holds (row, column). Exchange the two.
    """
    return _put(dY, argmax[..., ::-1], shape)


@_max_backward("upstream-gradient-ignored", "omission")
def upstream_ignored(dY: Any, argmax: Any, shape: Any) -> Any:
    """You put ones where the maxima stood; the upstream gradient is not in it.

    Each winner gets dY of its window. Put dY[n, c, i, j] there.
    """
    return _put(np.ones_like(dY), argmax, shape)


@_max_backward("unpool-all-channels", "scope")
def gradient_to_all_channels(dY: Any, argmax: Any, shape: Any) -> Any:
    """You wrote each gradient to all channels.

    A window belongs to one channel. Write to dX[n, c, row, column].
    """
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dY.shape):
        row, column = argmax[n, c, i, j]
        dX[n, :, row, column] += dY[n, c, i, j]
    return dX


@_max_backward("positions-of-first-channel", "scope")
def positions_of_first_channel(dY: Any, argmax: Any, shape: Any) -> Any:
    """You used the positions of channel 0 for all channels.

    Every channel has its own winners. Read argmax[n, c, i, j].
    """
    return _put(dY, np.repeat(argmax[:, :1], dY.shape[1], axis=1), shape)


@_max_backward("positions-of-first-example", "scope")
def positions_of_first_example(dY: Any, argmax: Any, shape: Any) -> Any:
    """You used the positions of the first image for all images.

    Every image has its own winners. Read argmax[n, c, i, j].
    """
    return _put(dY, np.repeat(argmax[:1], len(dY), axis=0), shape)


@_max_backward("gradients-averaged", "scale")
def gradients_averaged(dY: Any, argmax: Any, shape: Any) -> Any:
    """Where windows share a winner, you took the mean of their gradients.

    Such an entry gets the sum. Leave the division out.
    """
    return _put(dY, argmax, shape) / np.maximum(_put(np.ones_like(dY), argmax, shape), 1)


@_max_backward("last-row-missing", "off-by-one")
def max_last_row_missing(dY: Any, argmax: Any, shape: Any) -> Any:
    """Your loops leave out the last row of dY.

    range(n) already stops before n. Loop over all rows of dY.
    """
    return _put(dY[:, :, :-1], argmax, shape)


@mistake("maxpool_backward", "gradients-accumulate-between-calls", family="scope", kind="behaviour")
def gradients_accumulate(right: Functions) -> Functions:
    """Your dX grows from call to call: it starts from the dX of the call before.

    Every call starts from zero. Create dX with np.zeros(shape) inside the function.
    """
    sums: dict[Any, Any] = {}

    def maxpool_backward(dY: Any, argmax: Any, shape: Any) -> Any:
        dX = right["maxpool_backward"](dY, argmax, shape)
        sums[dX.shape] = sums.get(dX.shape, 0.0) + dX
        return sums[dX.shape].copy()

    return {"maxpool_backward": maxpool_backward}


# ------------------------------------------------------------------------------ average pooling


@mistake("avgpool_forward", "cache-missing", family="omission", kind="behaviour")
def cache_missing(right: Functions) -> Functions:
    """You returned the means only.

    The backward needs the size of X, k and s. Return (Y, cache).
    """
    return {**right, "avgpool_forward": lambda X, k, s: right["avgpool_forward"](X, k, s)[0]}


@mistake("avgpool_backward", "dY-scaled-in-place", part="backward", family="scope", kind="behaviour")
def dy_scaled_in_place(right: Functions) -> Functions:
    """Your avgpool_backward changes the upstream gradient it was given.

    dY /= k*k works on the caller's array. Write g = dY / (k*k).
    """

    def avgpool_backward(dY: Any, cache: Any) -> Any:
        dX = right["avgpool_backward"](dY.copy(), cache)
        dY *= 0.25
        return dX

    return {**right, "avgpool_backward": avgpool_backward}


@mistake("avgpool_backward", "cache-shared-between-calls", part="backward", family="scope", kind="behaviour")
def avg_cache_shared(right: Functions) -> Functions:
    """All your forward calls share one cache, so the latest call overwrites the ones before.

    A global variable is shared. Make the cache inside the forward.
    """
    shared: dict[str, Any] = {}

    def avgpool_forward(X: Any, k: int, s: int) -> Any:
        Y, shared["cache"] = right["avgpool_forward"](X, k, s)
        return Y, shared

    return {
        "avgpool_forward": avgpool_forward,
        "avgpool_backward": lambda dY, cache: right["avgpool_backward"](dY, cache["cache"]),
    }
