"""Transposed convolution by hand: stamp the kernel once for each entry, and add."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.grids import distinct, kernel
from autograder.typeset import block, cells
from reference import conv_transpose2d

_STAMPS = (
    "overlap-overwrites",
    "kernel-flipped",
    "kernel-transposed",
    "mean-over-overlaps",
    "maximum-over-overlaps",
)
_STRIDED = ("stamp-step-one", "stride-ignored", "nails-instead-of-stamps", "zeros-not-inserted")
_CROPS = ("crop-forgotten", "crop-top-left-only", "crop-bottom-right", "padding-added")


@question(
    "TCONV-2",
    title="Transposed convolution by hand",
    op=conv_transpose2d,
    space=10**7,
    min_exposed=5,
    must_detect={
        1: (*_STAMPS, "nails-instead-of-stamps"),
        2: (*_STAMPS, *_STRIDED),
        3: (*_STAMPS, *_STRIDED, *_CROPS),
    },
)
class StampAndAdd:
    """Stride 1, 2x2 on 2x3. Level 2: 3x3 with stride 2; level 3: negative numbers, and padding cuts the result."""

    _SETTINGS: ClassVar = {
        1: ((2, 3), 2, (1, 9), 1, 0),
        2: ((2, 2), 3, (1, 9), 2, 0),
        3: ((2, 3), 3, (-5, 5), 2, 1),
    }
    workload: ClassVar = {1: (24, 24), 2: (36, 36), 3: (54, 54)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        size, side, values, stride, padding = StampAndAdd._SETTINGS[level]
        image, weights = distinct(rng, *size, *values), kernel(rng, side)
        if weights is None or 0 in np.array(image):
            return None
        if side > 2 and not (np.any(weights, axis=0).all() and np.any(weights, axis=1).all()):
            return None  # a row of zeros would hide what overlaps there
        return {"image": image, "kernel": weights, "stride": stride, "padding": padding}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x, w = (np.array(params[name], dtype=float)[None, None] for name in ("image", "kernel"))
        result = impl(x, w, None, params["stride"], params["padding"])[0, 0]
        return Variant(
            question="TCONV-2",
            title="Transposed convolution by hand",
            prompt=_prompt(params),
            parts=(Part("result", "Write the result, one row per line.", "mat"),),
            truth={"result": cells(result)},
            solution=_steps(params, result),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        full = _canvas(params)
        for i, line in enumerate(params["image"]):
            for j, entry in enumerate(line):
                for u, row in enumerate(params["kernel"]):
                    for v, weight in enumerate(row):
                        full[i * params["stride"] + u][j * params["stride"] + v] += entry * weight
        p = params["padding"]
        return {"result": [row[p : len(row) - p] for row in full[p : len(full) - p]]}

    @staticmethod
    def work(params: dict[str, Any]) -> int:
        return len(params["kernel"]) ** 2 * len(params["image"]) * len(params["image"][0])


def _canvas(params: dict[str, Any]) -> list[list[int]]:
    rows, columns = (
        (n - 1) * params["stride"] + len(params["kernel"])
        for n in (len(params["image"]), len(params["image"][0]))
    )
    return [[0] * columns for _ in range(rows)]


def _prompt(params: dict[str, Any]) -> str:
    s, p = params["stride"], params["padding"]
    cut = (
        f"At the end the padding $p = {p}$ **cuts** {p} row or column off on **each of the four sides**."
        if p
        else "There is no padding, so nothing is cut off at the end."
    )
    times = s if s > 1 else ""
    return (
        "Compute the **transposed convolution** of $X$ with the kernel $W$ by stamping: on an empty map of zeros, "
        "entry $X_{i,j}$ adds the whole kernel, times itself, with the kernel's top left corner at row "
        f"${times}i$ and column ${times}j$ (stride $s = {s}$, everything counted from 0). The kernel is stamped as "
        f"it is, **not flipped**. {cut} There is no output padding and no bias.\n\n"
        f"Input $X$:\n\n{block(params['image'])}\n\nKernel $W$:\n\n{block(params['kernel'])}"
    )


def _steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
    s, p, k = params["stride"], params["padding"], len(params["kernel"])
    weights, full = np.array(params["kernel"]), np.array(_canvas(params))
    stamps = []
    for i, line in enumerate(params["image"]):
        for j, entry in enumerate(line):
            full[i * s : i * s + k, j * s : j * s + k] += entry * weights
            stamps.append(
                f"$X_{{{i},{j}}} = {entry}$, corner at ({i * s}, {j * s}):\n\n{block(entry * weights)}"
            )
    rows, columns = full.shape
    steps = (
        f"The map has $(n-1)s + k$ rows and columns: {rows} and {columns}.",
        "The stamps:\n\n" + "\n\n".join(stamps),
        f"Put on the map, they **add up** where they overlap:\n\n{block(full)}",
    )
    return (*steps, f"Cut {p} off on every side:\n\n{block(result)}") if p else steps
