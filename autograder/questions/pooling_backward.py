"""The way back through pooling by hand: to the winner alone, or shared by the window."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.passes import gradients
from autograder.questions import question
from autograder.questions.grids import distinct, windows, winner
from autograder.questions.pooling import batch, lead, listed
from autograder.typeset import block, cells
from reference import avg_pool2d, max_pool2d

_MEANS = ("mean-avg-backward-not-divided", "mean-avg-backward-divides-by-k", "mean-gradient-to-maximum")
_MAXIMA = (
    "gradient-to-whole-window",
    "gradient-shared-by-window",
    "gradient-to-smallest",
    "gradient-times-value",
)


@question(
    "POOL-4",
    title="The way back through pooling",
    op=max_pool2d,
    part="backward",
    space=10**9,
    min_exposed=6,
    must_detect={
        1: (*_MAXIMA, *_MEANS, "gradient-to-first-entry"),
        2: (*_MAXIMA, *_MEANS, "overlap-overwrites", "mean-avg-overwrite"),
        3: (*_MAXIMA, *_MEANS, "overlap-overwrites", "mean-avg-overwrite"),
    },
)
class PoolingBackward:
    """Windows side by side. Level 2: overlapping windows share a winner; level 3: so do larger ones, 3x3 of 4x4."""

    _SETTINGS: ClassVar = {1: (4, 2, 2), 2: (3, 2, 1), 3: (4, 3, 1)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        side, k, stride = PoolingBackward._SETTINGS[level]
        grid = distinct(rng, side, side, 0, 20)
        upstream = (k * k * _four_signed(rng)).tolist()  # whole shares for the mean
        places = [winner(grid, each) for line in windows(grid, k, stride) for each in line]
        shared = len(set(places)) < len(places)
        return (
            {"map": grid, "upstream": upstream, "k": k, "stride": stride} if shared == (level > 1) else None
        )

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x, dy, moves = batch(params["map"]), batch(params["upstream"]), (params["k"], params["stride"])
        (largest,), (mean,) = (
            gradients(max_pool2d, impl, dy, x, *moves),
            gradients(avg_pool2d, avg_pool2d, dy, x, *moves),
        )
        truth = {"max": cells(largest[0, 0]), "mean": cells(mean[0, 0])}
        return Variant(
            question="POOL-4",
            title="The way back through pooling",
            prompt=_back_prompt(params),
            parts=_BACK_PARTS,
            truth=truth,
            solution=_back_steps(params, truth),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        grid, k = params["map"], params["k"]
        largest, mean = ([[0] * len(grid[0]) for _ in grid] for _ in range(2))
        for line, row in zip(windows(grid, k, params["stride"]), params["upstream"], strict=True):
            for places, dy in zip(line, row, strict=True):
                r, c = winner(grid, places)
                largest[r][c] += dy
                for r, c in places:
                    mean[r][c] += dy // (k * k)
        return {"max": largest, "mean": mean}

    @staticmethod
    def gap(params: dict[str, Any]) -> float:
        return lead(params)


def _four_signed(rng: np.random.Generator) -> np.ndarray:
    """Draw four different numbers, not 0, as 2x2."""
    return rng.choice([-3, -2, -1, 1, 2, 3, 4, 5], size=(2, 2), replace=False)


_BACK_PARTS = (
    Part("max", "$\\partial L/\\partial X$ if the layer takes the **largest** entry of every window:", "mat"),
    Part("mean", "$\\partial L/\\partial X$ if the layer takes the **mean** of every window:", "mat"),
)


def _back_prompt(params: dict[str, Any]) -> str:
    k, s = params["k"], params["stride"]
    return (
        f"A map $X$ goes through a pooling layer with windows of {k} × {k} and stride {s}, without padding. From "
        "above arrives the gradient of the loss with respect to the layer's output, $\\mathrm{d}Y$. Work out the "
        "gradient with respect to $X$ for two layers. Where an entry of $X$ gets shares from several windows, they are "
        "added.\n\n"
        f"Map $X$:\n\n{block(params['map'])}\n\nUpstream gradient $\\mathrm{{d}}Y$:\n\n{block(params['upstream'])}"
    )


def _back_steps(params: dict[str, Any], truth: dict[str, Any]) -> tuple[str, ...]:
    grid, area, lines = params["map"], params["k"] ** 2, []
    for (name, places), dy in zip(listed(params), np.ravel(params["upstream"]), strict=True):
        row, column = winner(grid, places)
        lines.append(
            f"- {name}: the largest entry is {grid[row][column]}, at row {row}, column {column}; it gets all of {dy}"
        )
    return (
        "Largest entry (rows and columns counted from 0): only the winner reached the output, so only it gets a "
        "gradient.\n\n" + "\n".join(lines),
        f"Zeros elsewhere, shares added:\n\n{block(truth['max'])}",
        f"Mean: each of the {area} entries of a window has $1/{area}$ of the mean, so each gets "
        f"$\\mathrm{{d}}Y/{area}$; shares of overlapping windows are added:\n\n{block(truth['mean'])}",
    )
