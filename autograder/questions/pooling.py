"""Pooling by hand: the largest or the mean of every window, the shape that is left, and the way back."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.grids import Matrix, distinct, windows, winner
from autograder.typeset import block, cells, summed
from reference import avg_pool2d, max_pool2d, pool_output_size

_RESULT = Part("result", "Write the result, one row per line.", "mat")


def _moves(params: dict[str, Any]) -> str:
    k, s = params["k"], params["stride"]
    return (
        f"The window has {k} × {k} entries, starts in the top left corner and moves by ${s}$ (the stride) to the right "
        "and downwards. There is no padding; a window that does not lie completely inside the map is left out."
    )


def batch(grid: Any) -> np.ndarray:
    return np.array(grid, dtype=float)[None, None]


def listed(params: dict[str, Any]) -> list[tuple[str, list[tuple[int, int]]]]:
    """Name each window of the map by the entry it makes."""
    rows = windows(params["map"], params["k"], params["stride"])
    return [(f"$Y_{{{i},{j}}}$", places) for i, line in enumerate(rows) for j, places in enumerate(line)]


def lead(params: dict[str, Any]) -> float:
    """Return by how much the largest entry of a window is ahead, in the window where that is closest."""
    grid, leads = params["map"], []
    for _, places in listed(params):
        first, second = sorted((grid[row][column] for row, column in places), reverse=True)[:2]
        leads.append(first - second)
    return float(min(leads))


# -------------------------------------------------------------------------------------------- POOL-1


@question(
    "POOL-1",
    title="Max pooling by hand",
    op=max_pool2d,
    space=10**9,
    min_exposed=5,
    must_detect={
        1: ("mean-for-maximum", "minimum-for-maximum", "stride-ignored", "output-transposed"),
        2: (
            "zero-start",
            "largest-magnitude",
            "minimum-for-maximum",
            "stride-taken-as-k",
            "mean-for-maximum",
        ),
        3: (
            "partial-windows-kept",
            "stride-taken-as-k",
            "zero-start",
            "stride-ignored",
            "minimum-for-maximum",
        ),
    },
)
class MaxPooling:
    """4x4, 2x2, stride 2. Level 2: overlapping windows, negative numbers; level 3: a row and a column are left over."""

    _SETTINGS: ClassVar = {1: ((4, 4), 2, 2, 20, 0), 2: ((4, 4), 2, 1, 20, -20), 3: ((6, 8), 3, 2, 40, -40)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        (rows, columns), side, stride, most, least = MaxPooling._SETTINGS[level]
        grid = distinct(rng, rows, columns, least, most)
        if (
            least < 0
        ):  # some window must hold nothing but negative numbers, or starting from 0 would go unseen
            grid = [
                [entry - (most if j < columns // 2 else 0) for j, entry in enumerate(row)] for row in grid
            ]
        return {"map": grid, "k": side, "stride": stride}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        result = impl(batch(params["map"]), params["k"], params["stride"])[0, 0]
        return Variant(
            question="POOL-1",
            title="Max pooling by hand",
            prompt=(
                f"Pool the map by taking the **largest** entry of every window. {_moves(params)}\n\n"
                f"{block(params['map'])}"
            ),
            parts=(_RESULT,),
            truth={"result": cells(result)},
            solution=_max_steps(params, result),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        grid = params["map"]
        return {
            "result": [
                [max(grid[row][column] for row, column in places) for places in line]
                for line in windows(grid, params["k"], params["stride"])
            ]
        }

    @staticmethod
    def gap(params: dict[str, Any]) -> float:
        return lead(params)


def _max_steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
    grid, lines = params["map"], []
    for (name, places), best in zip(listed(params), result.ravel()):
        at = winner(grid, places)
        entries = (f"**{grid[r][c]}**" if (r, c) == at else f"{grid[r][c]}" for r, c in places)
        lines.append(f"- {name}: {', '.join(entries)}, so {best:g}")
    return (_count(params, result), "The windows, the largest entry in bold:\n\n" + "\n".join(lines))


def _count(params: dict[str, Any], result: np.ndarray) -> str:
    grid, k, s = params["map"], params["k"], params["stride"]
    sizes = [
        f"$\\lfloor ({n} - {k})/{s} \\rfloor + 1 = {m}$ {word}"
        for n, m, word in zip((len(grid), len(grid[0])), result.shape, ("rows", "columns"), strict=True)
    ]
    return f"The result has {sizes[0]} and {sizes[1]}."


# -------------------------------------------------------------------------------------------- POOL-2


@question(
    "POOL-2",
    title="Average pooling by hand",
    op=avg_pool2d,
    space=10**7,
    min_exposed=5,
    must_detect={
        1: ("maximum-for-mean", "sum-pooling", "avg-divides-by-k", "median-for-mean"),
        2: ("maximum-for-mean", "sum-pooling", "avg-divides-by-k", "mean-rounded", "mean-rounded-down"),
        3: (
            "maximum-for-mean",
            "sum-pooling",
            "avg-divides-by-k",
            "partial-windows-averaged",
            "stride-k-everywhere",
        ),
    },
)
class AveragePooling:
    """4x4, 2x2, stride 2, whole means. Level 2: halves and quarters; level 3: 3x3 with stride 2, a row left over."""

    _SETTINGS: ClassVar[dict[int, Any]] = {
        1: ((4, 4), 2, 2, 30),
        2: ((4, 6), 2, 2, 60),
        3: ((6, 6), 3, 2, 90),
    }

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        (rows, columns), side, stride, most = AveragePooling._SETTINGS[level]
        grid = distinct(rng, rows, columns, 0, most)
        return {
            "map": grid if level == 2 else _with_whole_means(grid, side, stride),
            "k": side,
            "stride": stride,
        }

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        result = impl(batch(params["map"]), params["k"], params["stride"])[0, 0]
        asked = "Write the result, one row per line, each mean with two decimals."
        return Variant(
            question="POOL-2",
            title="Average pooling by hand",
            prompt=(
                "Replace every window of the map by the **mean** of its entries; do not round to whole numbers. "
                f"{_moves(params)}\n\n{block(params['map'])}"
            ),
            parts=(Part("result", asked, "mat", {"places": 2}),),
            truth={"result": cells(result)},
            solution=_mean_steps(params, result),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        grid, area = params["map"], params["k"] ** 2
        return {
            "result": [
                [sum(grid[row][column] for row, column in places) / area for places in line]
                for line in windows(grid, params["k"], params["stride"])
            ]
        }


def _with_whole_means(grid: Matrix, side: int, stride: int) -> Matrix:
    """Raise the last entry of every window, which no window before it holds, until the mean is whole."""
    for line in windows(grid, side, stride):
        for places in line:
            row, column = places[-1]
            grid[row][column] += -sum(grid[r][c] for r, c in places) % side**2
    return grid


def _mean_steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
    grid, area, lines = params["map"], params["k"] ** 2, []
    for (name, places), mean in zip(listed(params), result.ravel()):
        entries = [grid[row][column] for row, column in places]
        lines.append(f"- {name}: $({summed(entries)})/{area} = {sum(entries)}/{area} = {mean:g}$")
    return (_count(params, result), "\n".join(lines))


# -------------------------------------------------------------------------------------------- POOL-3


_SHAPES = ("pool-divides-channels", "pool-merges-channels", "pool-has-weights", "pool-window-counted")


@question(
    "POOL-3",
    title="What pooling leaves of a shape",
    op=pool_output_size,
    space={1: 2_000, 2: 20_000, 3: 20_000},
    min_exposed=5,
    must_detect={
        1: (*_SHAPES, "pool-stride-one"),
        2: (*_SHAPES, "pool-stride-one", "pool-rounded-up", "pool-stride-is-window"),
        3: (*_SHAPES, "pool-stride-one", "pool-padding-ignored", "pool-plus1-forgotten"),
    },
)
class PooledShape:
    """The window moves by its own size. Level 2: another stride, which does not fit; level 3: padding as well."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        k = int(rng.integers(2, 5)) if level < 3 else int(rng.integers(3, 6))
        stride = k if level == 1 else int(rng.integers(2, k + 1))
        image = [int(n) for n in rng.integers(12, 113, size=2)]
        channels, padding = int(rng.choice([8, 12, 16, 24, 32, 48, 64, 96])), 1 if level == 3 else 0
        odd = any((n + 2 * padding - k) % stride for n in image)
        if image[0] == image[1] or (level > 1 and (not odd or stride == k)):
            return None
        return {"channels": channels, "image": image, "k": k, "stride": stride, "padding": padding}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        # where the window moves by its own size nothing is said of a stride, as in most libraries
        sizes = [_pooled(params, n, impl).size for n in params["image"]]
        return Variant(
            question="POOL-3",
            title="What pooling leaves of a shape",
            prompt=_shape_prompt(params),
            parts=_SHAPE_PARTS,
            truth={"shape": [params["channels"], *sizes], "parameters": 0},
            solution=_shape_steps(params, sizes),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        k, s, p = params["k"], params["stride"], params["padding"]
        starts = [range(-p, n + p - k + 1, s) for n in params["image"]]
        return {"shape": [params["channels"], *(len(each) for each in starts)], "parameters": 0}


def _pooled(params: dict[str, Any], n: int, impl: Any) -> Any:
    stride = None if params["stride"] == params["k"] else params["stride"]
    return impl(n, params["k"], stride, params["padding"])


_SHAPE_PARTS = (
    Part(
        "shape",
        "What is the shape of the result? Give (channels, rows, columns).",
        "shape",
        {"axes": "(channels, rows, columns)"},
        share=0.75,
    ),
    Part("parameters", "How many numbers does the pooling layer learn?", "int", share=0.25),
)


def _shape_prompt(params: dict[str, Any]) -> str:
    (rows, columns), k, s, p = params["image"], params["k"], params["stride"], params["padding"]
    moves = "moves by its own size" if s == k else f"moves by {s} (the stride)"
    framed = (
        f" The maps are framed with $p = {p}$ on each of the four sides." if p else " There is no padding."
    )
    return (
        f"{params['channels']} activation maps of {rows} rows and {columns} columns go through a **max pooling** "
        f"layer: a window of {k} × {k} {moves}.{framed} A window that does not lie completely inside the "
        f"{'framed ' if p else ''}map is left out (floor)."
    )


def _shape_steps(params: dict[str, Any], sizes: list[int]) -> tuple[str, ...]:
    k, s, p = params["k"], params["stride"], params["padding"]
    lines = [
        f"$\\lfloor ({n} + {2 * p} - {k})/{s} \\rfloor + 1 = {m}$ {word}"
        for n, m, word in zip(params["image"], sizes, ("rows", "columns"), strict=True)
    ]
    return (
        f"{lines[0]} and {lines[1]}.",
        f"Every map is pooled by itself, so there are still {params['channels']} of them: "
        f"({params['channels']}, {sizes[0]}, {sizes[1]}).",
        "Taking a maximum needs no weights: 0 parameters.",
    )
