"""Mistakes of the positions of maxima, counted by hand, and of what is put back there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from autograder.typeset import cells
from reference import max_pool2d, max_unpool2d
from reference.op import Array


def _rows_and_columns(params: dict[str, Any]) -> tuple[Array, Array, Array]:
    """Return the map, and the rows and columns of its maxima."""
    x = np.array(params["map"], dtype=float)
    _, flat = max_pool2d(x[None, None], params["k"], return_indices=True)
    rows, columns = np.divmod(flat[0, 0], x.shape[1])
    return x, rows, columns


def _counted(name: str, *targets: str, **facts: Any) -> Callable[[Callable[..., Array]], Mistake]:
    """Register wrong positions f(x, rows, columns, k); where a map follows from them, it does."""

    def register(wrong: Callable[..., Array]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> dict[str, Any] | None:
            x, rows, columns = _rows_and_columns(params)
            positions = wrong(x, rows, columns, params["k"])
            if "values" not in params:
                return {"positions": cells(positions)}
            return (
                {"positions": cells(positions), "result": _put(params, positions)} if params["ask"] else None
            )

        made = [mistake(target, name, **facts)(lend_hint(mistaken, wrong)) for target in targets]
        return made[-1]

    return register


def _put(params: dict[str, Any], positions: Array) -> list[Any]:
    """Put the values at positions; those outside the map are lost."""
    y = np.zeros(np.size(params["map"]))
    for place, value in zip(positions.ravel(), np.ravel(params["values"]), strict=True):
        if 0 <= place < y.size:
            y[int(place)] = value
    return cells(y.reshape(np.shape(params["map"])))


@_counted("positions-one-based", "UNPOOL-1", "UNPOOL-2", family="off-by-one")
def one_based(x: Array, rows: Array, columns: Array, k: int) -> Array:
    """You counted the entries from 1.

    Rows, columns and positions start at 0. Subtract 1.
    """
    return rows * x.shape[1] + columns + 1


@_counted("positions-column-major", "UNPOOL-1", "UNPOOL-2", family="order")
def column_major(x: Array, rows: Array, columns: Array, k: int) -> Array:
    """You counted down the columns.

    The position counts along the rows: row * W + column. Exchange the two.
    """
    return columns * x.shape[0] + rows


@_counted("positions-count-windows", "UNPOOL-1", "UNPOOL-2", family="swap")
def by_windows(x: Array, rows: Array, columns: Array, k: int) -> Array:
    """You multiplied the row by the number of windows in a row.

    A row of the map has W entries. Use row * W + column with the width of the map.
    """
    return rows * (x.shape[1] // k) + columns


@_counted("positions-inside-window", "UNPOOL-1", "UNPOOL-2", family="scope")
def inside_window(x: Array, rows: Array, columns: Array, k: int) -> Array:
    """You counted the entries inside each window.

    The position counts in the whole map, so that the value finds its way back. Use row * W + column.
    """
    return (rows % k) * k + columns % k


@mistake("UNPOOL-2", "old-maxima-restored", family="swap")
def old_maxima(params: dict[str, Any]) -> dict[str, Any]:
    """You put the old maxima back instead of the entries of Z.

    The network has gone on: only the positions are remembered, the values are those of Z. Write Z there.
    """
    x = np.array(params["map"], dtype=float)[None, None]
    y, flat = max_pool2d(x, params["k"], return_indices=True)
    return {"result": cells(max_unpool2d(y, flat, params["k"], None, 0, x.shape[2:])[0, 0])}


@mistake("UNPOOL-2", "others-kept", family="scope")
def others_kept(params: dict[str, Any]) -> dict[str, Any]:
    """You kept the entries of X that were no maxima.

    What was no maximum is lost in pooling. Put 0 everywhere else.
    """
    x, rows, columns = _rows_and_columns(params)
    x[rows, columns] = params["values"]
    return {"result": cells(x)}
