"""Backward mistakes of pooling."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.pooling.window import Pool, max_gradient, mean_gradient
from reference.op import Array

# ----------------------------------------------------------------------------- max pooling, from x


@max_gradient("gradient-to-whole-window", family="scope")
def to_whole_window(pool: Pool, dy: Array) -> Array:
    """You handed the gradient to every entry of the window.

    Only the largest entry reached the output. Give the gradient to it, and 0 to the others.
    """
    return pool.spread(pool.each(dy))


@max_gradient("gradient-shared-by-window", family="wrong-op")
def shared_by_window(pool: Pool, dy: Array) -> Array:
    """You shared the gradient among the entries of the window; that is average pooling.

    Only the largest entry reached the output. Give the whole gradient to it.
    """
    return pool.spread(pool.each(dy) / (pool.k[0] * pool.k[1]))


def _put(pool: Pool, dy: Array, indices: Array, add: bool = True) -> Array:
    dx = np.zeros((*pool.x.shape[:2], pool.x.shape[2] * pool.width))
    for n, c, i, j in np.ndindex(dy.shape):
        at = n, c, indices[n, c, i, j]
        dx[at] = dy[n, c, i, j] + (dx[at] if add else 0.0)
    return dx.reshape(pool.x.shape)


@max_gradient("gradient-to-smallest", family="wrong-op")
def to_smallest(pool: Pool, dy: Array) -> Array:
    """You handed the gradient to the smallest entry of the window.

    The largest entry reached the output. Give the gradient to it.
    """
    return _put(pool, dy, pool.winners(pool.windows(), np.argmin)[1])


@max_gradient("gradient-to-first-entry", family="scope")
def to_first_entry(pool: Pool, dy: Array) -> Array:
    """You handed the gradient to the top left entry of the window.

    The largest entry reached the output. Give the gradient to it.
    """
    _, indices = pool.truth()
    inside = np.zeros_like(indices)
    return _put(pool, dy, pool.index(inside, inside))


@max_gradient("gradient-times-value", family="wrong-op")
def times_value(pool: Pool, dy: Array) -> Array:
    """You multiplied the gradient by the value of the maximum.

    The slope from the largest entry to the output is 1. Hand the gradient on as it is.
    """
    y, indices = pool.truth()
    return _put(pool, dy * y, indices)


@max_gradient("overlap-overwrites", family="wrong-op")
def overlap_overwrites(pool: Pool, dy: Array) -> Array:
    """In your dX the last gradient overwrites the others where windows share a winner.

    Such an entry gets the sum. Write += instead of =.
    """
    return _put(pool, dy, pool.truth()[1], add=False)


# ----------------------------------------------------------------------------------- average pooling


@mean_gradient("avg-backward-not-divided", family="omission")
def not_divided(pool: Pool, dy: Array) -> Array:
    """You copied dY to the whole window without dividing.

    Each of the k*k entries has 1/(k*k) of the mean. Divide by k*k.
    """
    return pool.spread(pool.each(dy))


@mean_gradient("avg-backward-divides-by-k", family="scale")
def divides_by_k(pool: Pool, dy: Array) -> Array:
    """You divided dY by k.

    Each of the k*k entries has 1/(k*k) of the mean. Divide by k*k.
    """
    return pool.spread(pool.each(dy) / pool.k[0])


@mean_gradient("avg-backward-divides-by-positions", family="scale")
def divides_by_positions(pool: Pool, dy: Array) -> Array:
    """You divided dY by the number of output positions.

    Each of the k*k entries of a window has 1/(k*k) of its mean. Divide by k*k.
    """
    return pool.spread(pool.each(dy) / (dy.shape[2] * dy.shape[3]))


def _shares(pool: Pool, dy: Array) -> Array:
    return pool.each(dy) / (pool.k[0] * pool.k[1])


@mean_gradient("avg-overwrite", family="wrong-op")
def overwrite(pool: Pool, dy: Array) -> Array:
    """Overlapping windows overwrite each other in your dX.

    An entry of several windows gets the sum of their shares. Write += instead of =.
    """
    dx, shares = np.zeros_like(pool.x), _shares(pool, dy)
    (sr, sc), (K, L) = pool.s, pool.k
    for i, j in np.ndindex(*dy.shape[2:]):
        dx[:, :, i * sr : i * sr + K, j * sc : j * sc + L] = shares[:, :, i, j]
    return dx


@mean_gradient("overlap-averaged", family="scale")
def overlap_averaged(pool: Pool, dy: Array) -> Array:
    """You divided dX by the number of windows that hold an entry.

    The shares of several windows add up. Leave that division out.
    """
    counts = pool.spread(np.ones((*dy.shape, *pool.k)))
    return pool.spread(_shares(pool, dy)) / np.maximum(counts, 1)


@mean_gradient("gradient-to-first-entry", family="scope")
def mean_to_first_entry(pool: Pool, dy: Array) -> Array:
    """You handed the gradient to the top left entry of each window only.

    All entries of a window have part in its mean. Give each of them dY/(k*k).
    """
    shares = np.zeros((*dy.shape, *pool.k))
    shares[..., 0, 0] = dy
    return pool.spread(shares)


@mean_gradient("gradient-to-maximum", family="wrong-op")
def mean_to_maximum(pool: Pool, dy: Array) -> Array:
    """You handed the gradient to the largest entry; that is max pooling.

    All entries of a window have part in its mean. Give each of them dY/(k*k).
    """
    return _put(pool, dy, pool.truth()[1])


@mean_gradient("stride-taken-as-k", family="swap")
def backward_stride_as_k(pool: Pool, dy: Array) -> Array:
    """Your dX moves by k from window to window instead of s.

    The forward moved by s. Start the windows at i*s and j*s.
    """
    dx, shares = np.zeros_like(pool.x), _shares(pool, dy)
    (K, L), (H, W) = pool.k, pool.x.shape[2:]
    for i, j in np.ndindex(*dy.shape[2:]):
        rows, columns = max(0, min(K, H - i * K)), max(0, min(L, W - j * L))
        dx[:, :, i * K : i * K + K, j * L : j * L + L] += shares[:, :, i, j, :rows, :columns]
    return dx


@mean_gradient("stride-ignored", family="omission")
def backward_stride_ignored(pool: Pool, dy: Array) -> Array:
    """Your dX moves by one pixel from window to window instead of s.

    The forward moved by s. Start the windows at i*s and j*s.
    """
    return pool.spread(_shares(pool, dy), (1, 1))


@mean_gradient("dY-repeated", family="wrong-op")
def dy_repeated(pool: Pool, dy: Array) -> Array | None:
    """You enlarged dY by repeating each entry k times; that is right only for windows that do not overlap and just fit.

    Windows may overlap, leave gaps or leave a rest. Add dY/(k*k) to the window from i*s, j*s.
    """
    big = dy.repeat(pool.k[0], axis=2).repeat(pool.k[1], axis=3) / (pool.k[0] * pool.k[1])
    return big


@mean_gradient("last-row-missing", family="off-by-one")
def last_row_missing(pool: Pool, dy: Array) -> Array:
    """Your loops leave out the last row of dY.

    range(n) already stops before n. Loop over all rows of dY.
    """
    shares = _shares(pool, dy).copy()
    shares[:, :, -1] = 0.0
    return pool.spread(shares)


@mean_gradient("first-example-for-all", family="scope")
def gradient_of_first_example(pool: Pool, dy: Array) -> Array:
    """Every image of your dX has the gradient of the first one.

    Each image has its own. Index dY with n.
    """
    dx = pool.spread(_shares(pool, dy))
    return np.repeat(dx[:1], len(dx), axis=0)
