"""Convolution by hand: one image, one kernel; then padding and stride."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import block, bracket, cells, summed
from reference import conv2d

Matrix = list[list[int]]

_TITLES = {
    "CONV-1": "Cross-correlation by hand",
    "CONV-3": "Cross-correlation with padding and stride by hand",
}


# ------------------------------------------------------------------------------------------- drawing


def _matrix(rng: np.random.Generator, rows: int, columns: int, least: int, most: int) -> Matrix:
    return rng.integers(least, most + 1, size=(rows, columns)).tolist()


def _kernel(rng: np.random.Generator, side: int) -> Matrix | None:
    """Draw a kernel whose turns and mirrors all differ from it, with at most a third of zeros."""
    kernel = rng.choice([-1, 0, 1, 2], size=(side, side))
    turned = (kernel[::-1, ::-1], kernel[::-1], kernel[:, ::-1], kernel.T)
    if np.sum(kernel == 0) * 3 > kernel.size or any(np.array_equal(kernel, other) for other in turned):
        return None
    return kernel.tolist()


def _correlate(image: Matrix, kernel: Matrix, stride: int, padding: int) -> Matrix:
    """Evaluate by integer loops over the definition, without any array library."""
    rows, columns = len(image), len(image[0])
    out: Matrix = []
    top = -padding
    while top + len(kernel) <= rows + padding:
        out.append([])
        left = -padding
        while left + len(kernel[0]) <= columns + padding:
            out[-1].append(sum(a * b for a, b in _pairs(image, kernel, top, left)))
            left += stride
        top += stride
    return out


def _pairs(image: Matrix, kernel: Matrix, top: int, left: int) -> list[tuple[int, int]]:
    """List what lies on top of each other when the kernel's corner is at (top, left); zeros outside."""
    return [
        (_pixel(image, top + u, left + v), weight)
        for u, line in enumerate(kernel)
        for v, weight in enumerate(line)
    ]


def _pixel(image: Matrix, row: int, column: int) -> int:
    inside = 0 <= row < len(image) and 0 <= column < len(image[0])
    return image[row][column] if inside else 0


def _products(params: dict[str, Any]) -> int:
    """Count the products a student has to work out: those with a pixel of the image."""
    image, kernel, stride, padding = (params[name] for name in ("image", "kernel", "stride", "padding"))
    inside = [[1] * len(image[0]) for _ in image]
    taps = [[1] * len(kernel[0]) for _ in kernel]
    return sum(map(sum, _correlate(inside, taps, stride, padding)))


def _draw(
    rng: np.random.Generator,
    size: tuple[int, int],
    side: int,
    values: tuple[int, int],
    stride: int,
    padding: int,
) -> dict[str, Any] | None:
    image, kernel = _matrix(rng, *size, *values), _kernel(rng, side)
    if kernel is None or np.linalg.matrix_rank(np.array(image)) < 2:
        return None
    if max(abs(cell) for row in _correlate(image, kernel, stride, padding) for cell in row) > 99:
        return None
    return {"image": image, "kernel": kernel, "stride": stride, "padding": padding}


def _exact(params: dict[str, Any]) -> dict[str, Any]:
    return {"result": _correlate(params["image"], params["kernel"], params["stride"], params["padding"])}


# -------------------------------------------------------------------------------------------- posing


def _result(params: dict[str, Any], impl: Any) -> np.ndarray:
    image, kernel = (np.array(params[name], dtype=float)[None, None] for name in ("image", "kernel"))
    return impl(image, kernel, None, params["stride"], params["padding"])[0, 0]


def _answers(params: dict[str, Any], impl: Any) -> dict[str, Any]:
    return {"result": cells(_result(params, impl))}


def _pose(id: str, params: dict[str, Any], impl: Any, steps: Any) -> Variant:
    result = _result(params, impl)
    return Variant(
        question=id,
        title=_TITLES[id],
        prompt=_prompt(params),
        parts=(Part("result", "Write the result, one row per line.", "mat"),),
        truth={"result": cells(result)},
        solution=steps(params, result),
        params=params,
        level=params.get("level", 1),
    )


def _prompt(params: dict[str, Any]) -> str:
    stride, padding = params["stride"], params["padding"]
    framed = (
        f"The image is first padded with $p = {padding}$ {'rows' if padding > 1 else 'row'} and "
        f"{'columns' if padding > 1 else 'column'} of **zeros on each of the four sides**. "
        if padding
        else "There is **no padding** ($p = 0$): the kernel always lies completely inside the image. "
    )
    moves = (
        f"The kernel starts in the top left corner and moves by $s = {stride}$ "
        f"{'pixels' if stride > 1 else 'pixel'} to the right and downwards; a window that does not lie "
        f"completely inside the {'padded ' if padding else ''}image is left out."
    )
    return (
        "Compute the **cross-correlation** of the image $X$ with the kernel $W$. The kernel is **not "
        "flipped**: at every position, numbers lying on top of each other are multiplied and all products "
        "are added.\n\n"
        f"{framed}{moves}\n\n"
        f"Image $X$:\n\n{block(params['image'])}\n\nKernel $W$:\n\n{block(params['kernel'])}"
    )


def _window_steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
    """Show the first two cells product by product, the others as sums of products."""
    image, kernel, stride, padding = (params[name] for name in ("image", "kernel", "stride", "padding"))
    steps: list[str] = []
    sums: list[str] = []
    for i, j in np.ndindex(*result.shape):
        pairs = _pairs(image, kernel, i * stride - padding, j * stride - padding)
        cell = f"$Y_{{{i},{j}}}$"
        if len(steps) < 2:
            terms = " + ".join(f"{bracket(pixel)} \\cdot {bracket(weight)}" for pixel, weight in pairs)
            steps.append(f"{cell}: ${terms} = {result[i, j]:g}$.")
        else:
            sums.append(
                f"- {cell}: ${summed([pixel * weight for pixel, weight in pairs])} = {result[i, j]:g}$"
            )
    return (*steps, "The other positions:\n\n" + "\n".join(sums)) if sums else tuple(steps)


def _size_sentence(params: dict[str, Any], result: np.ndarray) -> str:
    rows, columns = len(params["image"]), len(params["image"][0])
    k, s, p = len(params["kernel"]), params["stride"], params["padding"]
    lines = [
        f"$\\lfloor ({n} + 2 \\cdot {p} - {k}) / {s} \\rfloor + 1 = {m}$ {word}"
        for n, m, word in ((rows, result.shape[0], "rows"), (columns, result.shape[1], "columns"))
    ]
    return f"Size of the result: {lines[0]} and {lines[1]}."


_FLIPS = (
    "kernel-flipped-forward",
    "kernel-flipped-left-right",
    "kernel-flipped-up-down",
    "kernel-transposed",
)


@question(
    "CONV-1",
    title=_TITLES["CONV-1"],
    op=conv2d,
    space=10**9,
    min_exposed=4,
    must_detect=(
        *_FLIPS,
        "output-transposed",
        "mean-over-window",
        "window-sum-missing",
        "maximum-of-products",
    ),
)
class Correlation:
    """One image, one kernel, stride 1, no padding. Level 2: negative pixels, 3x3; level 3: not square."""

    _SETTINGS: ClassVar = {1: ((4, 4), 2, (0, 9)), 2: ((4, 4), 3, (-5, 5)), 3: ((4, 5), 3, (-9, 9))}
    workload: ClassVar = {1: (36, 36), 2: (36, 36), 3: (54, 54)}
    answers = staticmethod(_answers)
    exact = staticmethod(_exact)
    work = staticmethod(_products)

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        return _draw(rng, *Correlation._SETTINGS[level], stride=1, padding=0)

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        return _pose("CONV-1", params, impl, Correlation.steps)

    @staticmethod
    def steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
        return (_size_sentence(params, result), *_window_steps(params, result))


_PADDINGS = ("padding-all-top-left", "padding-all-bottom-right", "edge-padding", "padding-ignored")
_STRIDES = ("stride-ignored", "stride-ignored-cropped", "stride-rows-only")


@question(
    "CONV-3",
    title=_TITLES["CONV-3"],
    op=conv2d,
    space=10**9,
    min_exposed=4,
    must_detect={
        1: (*_PADDINGS, "padded-windows-skipped", "kernel-flipped-forward"),
        2: (*_PADDINGS, *_STRIDES, "kernel-flipped-forward"),
        3: (*_PADDINGS, *_STRIDES, "window-starts-at-one", "kernel-flipped-forward", "output-transposed"),
    },
)
class FramedCorrelation:
    """Zero padding of 1 and a stride. Level 1: 3x3, stride 1; level 2: 5x5, stride 2; level 3: not square."""

    _SETTINGS: ClassVar = {1: ((3, 3), 3, (0, 9), 1), 2: ((5, 5), 3, (0, 9), 2), 3: ((4, 5), 3, (-5, 5), 2)}
    workload: ClassVar = {1: (49, 49), 2: (49, 49), 3: (35, 49)}
    answers = staticmethod(_answers)
    exact = staticmethod(_exact)
    work = staticmethod(_products)

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        size, side, values, stride = FramedCorrelation._SETTINGS[level]
        return _draw(rng, size, side, values, stride, padding=1)

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        return _pose("CONV-3", params, impl, FramedCorrelation.steps)

    @staticmethod
    def steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
        padded = np.pad(np.array(params["image"]), params["padding"])
        starts = [
            ", ".join(str(i * params["stride"]) for i in range(count)) or "none" for count in result.shape
        ]
        return (
            f"The padded image:\n\n{block(padded)}",
            f"The windows start at rows {starts[0]} and columns {starts[1]} of the padded image (the first "
            f"is 0). {_size_sentence(params, result)}",
            *_window_steps(params, result),
        )
