"""Unpooling by hand: remember where the maxima stood, and put other values back there."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.grids import Matrix, distinct, windows, winner
from autograder.typeset import block, cells
from reference import max_pool2d, max_unpool2d

_FLAT = (
    "The position of an entry is **one number**: entries are counted from 0 along the rows of the **whole map**, so "
    "that row $r$, column $c$ of a map with $W$ columns has position $r \\cdot W + c$."
)
_POSITIONS = Part("positions", "Write the positions of the maxima, one row of windows per line.", "mat")


def _winners(params: dict[str, Any]) -> list[list[tuple[int, int]]]:
    grid = params["map"]
    return [[winner(grid, places) for places in line] for line in windows(grid, params["k"], params["k"])]


def _flat(params: dict[str, Any]) -> Matrix:
    return [[row * len(params["map"][0]) + column for row, column in line] for line in _winners(params)]


def _corners(params: dict[str, Any]) -> set[tuple[int, int]]:
    """Collect where inside their windows the maxima stand."""
    return {(row % params["k"], column % params["k"]) for line in _winners(params) for row, column in line}


def _table(params: dict[str, Any]) -> str:
    width, lines = (
        len(params["map"][0]),
        ["| window | largest entry | row, column | position |", "|---|---|---|---|"],
    )
    for i, line in enumerate(_winners(params)):
        for j, (row, column) in enumerate(line):
            count = f"${row} \\cdot {width} + {column} = {row * width + column}$"
            lines.append(f"| ({i}, {j}) | {params['map'][row][column]} | {row}, {column} | {count} |")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------ UNPOOL-1


_PLACES = ("positions-inside-window", "argmax-is-window-corner", "minimum-for-maximum", "positions-one-based")


@question(
    "UNPOOL-1",
    title="Where the maxima stood",
    op=max_pool2d,
    space=10**9,
    min_exposed=5,
    must_detect={
        1: (*_PLACES, "positions-column-major"),
        2: (*_PLACES, "positions-column-major", "positions-count-windows"),
        3: (*_PLACES, "positions-column-major", "largest-magnitude", "output-transposed"),
    },
)
class Switches:
    """4x4 in windows of 2x2. Level 2: more columns than rows; level 3: windows of 3x3, negative numbers."""

    _SETTINGS: ClassVar = {1: ((4, 4), 2, (0, 20)), 2: ((4, 6), 2, (0, 40)), 3: ((6, 6), 3, (-30, 30))}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        (rows, columns), k, values = Switches._SETTINGS[level]
        params = {"map": distinct(rng, rows, columns, *values), "k": k}
        return params if len(_corners(params)) > 2 else None

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x = np.array(params["map"], dtype=float)[None, None]
        positions = impl(x, params["k"], return_indices=True)[1][0, 0]
        return Variant(
            question="UNPOOL-1",
            title="Where the maxima stood",
            prompt=(
                f"A max pooling layer with windows of {params['k']} × {params['k']}, moving by their own size, takes "
                f"the largest entry of every window of the map $X$ and remembers where it stood. {_FLAT}\n\n"
                f"Map $X$:\n\n{block(params['map'])}"
            ),
            parts=(_POSITIONS,),
            truth={"positions": cells(positions)},
            solution=(_table(params), f"So the positions are\n\n{block(positions)}"),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        return {"positions": _flat(params)}


# ------------------------------------------------------------------------------------------ UNPOOL-2


_PUT_BACK = (
    "unpool-top-left",
    "unpool-replicates",
    "unpool-shared-by-block",
    "old-maxima-restored",
    "others-kept",
)


@question(
    "UNPOOL-2",
    title="Unpooling by hand",
    op=max_unpool2d,
    space=10**9,
    min_exposed=5,
    must_detect={
        1: (*_PUT_BACK, "blocks-exchanged"),
        2: (*_PUT_BACK, "blocks-exchanged", "positions-column-major", "positions-inside-window"),
        3: (*_PUT_BACK, "positions-column-major", "positions-inside-window"),
    },
)
class Unpooling:
    """4x4 from 2x2, maxima read off the map. Level 2: their positions are asked first; level 3: 4x6."""

    parents: ClassVar = {"result": ("positions",)}
    _SETTINGS: ClassVar = {1: (4, 4), 2: (4, 4), 3: (4, 6)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        rows, columns = Unpooling._SETTINGS[level]
        grid = distinct(rng, rows, columns, 0, 30)
        values = distinct(rng, rows // 2, columns // 2, 31, 60)  # none of them stands in the map
        params = {"map": grid, "values": values, "k": 2, "ask": level > 1}
        return params if len(_corners(params)) > 2 else None

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        z = np.array(params["values"], dtype=float)[None, None]
        x = np.array(params["map"], dtype=float)
        _, positions = max_pool2d(x[None, None], params["k"], return_indices=True)
        result = impl(z, positions, params["k"], None, 0, x.shape)[0, 0]
        asked = Part("result", "Write the unpooled map, one row per line.", "mat")
        found = {"positions": cells(positions[0, 0])} if params["ask"] else {}
        return Variant(
            question="UNPOOL-2",
            title="Unpooling by hand",
            prompt=_prompt(params),
            parts=(_POSITIONS, asked) if params["ask"] else (asked,),
            truth={**found, "result": cells(result)},
            solution=(
                _table(params),
                f"Each entry of $Z$ goes to the position of its window, all other entries are 0:\n\n{block(result)}",
            ),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        result = Unpooling.carry(params, "result", {"positions": _flat(params)})
        return {**({"positions": _flat(params)} if params["ask"] else {}), "result": result}

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:  # noqa: ARG004 - one part follows
        """Put the values where the student's own positions say; None where they are no positions of this map."""
        if "positions" not in given:
            return None
        rows, columns, places = len(params["map"]), len(params["map"][0]), np.asarray(given["positions"])
        flat = [float(place) for place in places.ravel()]
        fit = all(place.is_integer() and 0 <= place < rows * columns for place in flat)
        # values on top of each other are lost, so a repeated position is none of a maximum
        if places.shape != np.shape(params["values"]) or not fit or len(set(flat)) < len(flat):
            return None
        result = [[0] * columns for _ in range(rows)]
        for place, value in zip(flat, np.ravel(params["values"]), strict=True):
            result[int(place) // columns][int(place) % columns] = int(value)
        return result


def _prompt(params: dict[str, Any]) -> str:
    rows, columns, k = len(params["map"]), len(params["map"][0]), params["k"]
    flat = f" {_FLAT}" if params["ask"] else ""
    return (
        f"The map $X$ was pooled: of every window of {k} × {k}, side by side, the largest entry was kept, and its "
        f"position remembered.{flat}\n\nMap $X$:\n\n{block(params['map'])}\n\n"
        "Later the network arrives at the small map $Z$ below. **Max unpooling** brings it back to "
        f"{rows} × {columns}: each entry of $Z$ is put where the maximum of its window stood in $X$, and all other "
        f"entries are 0.\n\nSmall map $Z$:\n\n{block(params['values'])}"
    )
