"""Convolution by hand, one image and one kernel: as it lies, turned round, framed with zeros, dilated."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.grids import correlate, kernel, matrix, pairs, products, turned
from autograder.typeset import block, bracket, cells, summed
from reference import conv2d, conv2d_true

_TITLES = {
    "CONV-1": "Cross-correlation by hand",
    "CONV-2": "True convolution by hand",
    "CONV-3": "Cross-correlation with padding and stride by hand",
    "DIL-2": "Dilated cross-correlation by hand",
}


# ------------------------------------------------------------------------------------------- drawing


def _draw(
    rng: np.random.Generator,
    size: tuple[int, int],
    side: int,
    values: tuple[int, int],
    stride: int,
    padding: int,
    dilation: int | None = None,
) -> dict[str, Any] | None:
    image, weights = matrix(rng, *size, *values), kernel(rng, side)
    if weights is None or np.linalg.matrix_rank(np.array(image)) < 2:
        return None
    if (
        max(abs(cell) for row in correlate(image, weights, stride, padding, dilation or 1) for cell in row)
        > 99
    ):
        return None
    params = {"image": image, "kernel": weights, "stride": stride, "padding": padding}
    return params if dilation is None else {**params, "dilation": dilation}


def _exact(params: dict[str, Any]) -> dict[str, Any]:
    return {"result": correlate(params["image"], params["kernel"], *_moves(params))}


def _moves(params: dict[str, Any]) -> tuple[int, int, int]:
    return params["stride"], params["padding"], params.get("dilation", 1)


# -------------------------------------------------------------------------------------------- posing


def _result(params: dict[str, Any], impl: Any) -> np.ndarray:
    image, weights = (np.array(params[name], dtype=float)[None, None] for name in ("image", "kernel"))
    return impl(image, weights, None, *_moves(params))[0, 0]


def _answers(params: dict[str, Any], impl: Any) -> dict[str, Any]:
    return {"result": cells(_result(params, impl))}


def _pose(id: str, params: dict[str, Any], impl: Any, steps: Any, prompt: Any = None) -> Variant:
    result = _result(params, impl)
    return Variant(
        question=id,
        title=_TITLES[id],
        prompt=(prompt or _prompt)(params),
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
        f"are added.\n\n{framed}{moves}\n\n{_shown(params)}"
    )


def _shown(params: dict[str, Any]) -> str:
    return f"Image $X$:\n\n{block(params['image'])}\n\nKernel $W$:\n\n{block(params['kernel'])}"


def _window_steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
    """Show the first two cells product by product, the others as sums of products."""
    stride, padding, dilation = _moves(params)
    steps: list[str] = []
    sums: list[str] = []
    for i, j in np.ndindex(*result.shape):
        top, left = i * stride - padding, j * stride - padding
        met = pairs(params["image"], params["kernel"], top, left, dilation)
        cell = f"$Y_{{{i},{j}}}$"
        if len(steps) < 2:
            terms = " + ".join(f"{bracket(pixel)} \\cdot {bracket(weight)}" for pixel, weight in met)
            steps.append(f"{cell}: ${terms} = {result[i, j]:g}$.")
        else:
            sums.append(f"- {cell}: ${summed([pixel * weight for pixel, weight in met])} = {result[i, j]:g}$")
    return (*steps, "The other positions:\n\n" + "\n".join(sums)) if sums else tuple(steps)


def _size_sentence(params: dict[str, Any], result: np.ndarray) -> str:
    rows, columns = len(params["image"]), len(params["image"][0])
    s, p, d = _moves(params)
    span = d * (len(params["kernel"]) - 1) + 1
    lines = [
        f"$\\lfloor ({n} + 2 \\cdot {p} - {span}) / {s} \\rfloor + 1 = {m}$ {word}"
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
    work = staticmethod(products)

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
    work = staticmethod(products)

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


# ------------------------------------------------------------------------------------- turned kernels


@question(
    "CONV-2",
    title=_TITLES["CONV-2"],
    op=conv2d_true,
    space=10**9,
    min_exposed=4,
    must_detect=(
        "kernel-not-flipped",
        "kernel-flipped-left-right",
        "kernel-flipped-up-down",
        "kernel-transposed",
        "image-flipped-instead",
        "output-transposed",
        "mean-over-window",
    ),
)
class TrueConvolution:
    """The kernel is turned by 180 degrees. Level 2: 3x3 and negative pixels; level 3: dilated as well."""

    _SETTINGS: ClassVar = {
        1: ((4, 4), 2, (0, 9), None),
        2: ((4, 4), 3, (-5, 5), None),
        3: ((5, 5), 2, (-5, 5), 2),
    }
    workload: ClassVar = {1: (36, 36), 2: (36, 36), 3: (36, 36)}
    work = staticmethod(products)

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        size, side, values, dilation = TrueConvolution._SETTINGS[level]
        return _draw(rng, size, side, values, stride=1, padding=0, dilation=dilation)

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        return _pose("CONV-2", params, impl, TrueConvolution.steps, _true_prompt)

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        return {"result": correlate(params["image"], turned(params["kernel"]), *_moves(params))}

    @staticmethod
    def steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
        upside_down = {**params, "kernel": turned(params["kernel"])}
        return (
            f"Turn the kernel by 180°, that is, reverse its rows and its columns:\n\n{block(upside_down['kernel'])}",
            f"From here on it is a cross-correlation with the turned kernel. {_size_sentence(params, result)}",
            *_window_steps(upside_down, result),
        )


def _true_prompt(params: dict[str, Any]) -> str:
    dilation, last = params.get("dilation", 1), len(params["kernel"]) - 1
    gaps = (
        f"The kernel is **dilated** with $d = {dilation}$: its neighbouring taps meet pixels that lie ${dilation}$ "
        "rows or columns apart. "
        if dilation > 1
        else ""
    )
    step = f"{dilation}" if dilation > 1 else ""
    return (
        "Compute the **true convolution** of the image $X$ with the kernel $W$, as signal processing defines it: "
        "at every position the kernel is **turned by 180°** before it is laid on the image,\n\n"
        f"$$ Y_{{i,j}} = \\sum_{{u=0}}^{{{last}}} \\sum_{{v=0}}^{{{last}}} W_{{{last}-u,\\,{last}-v}}\\; "
        f"X_{{i+{step}u,\\,j+{step}v}} , $$\n\n"
        f"rows and columns counted from 0. {gaps}Stride 1, **no padding**: the kernel always lies completely "
        f"inside the image.\n\n{_shown(params)}"
    )


# --------------------------------------------------------------------------------------------- dilated


@question(
    "DIL-2",
    title=_TITLES["DIL-2"],
    op=conv2d,
    space=10**9,
    min_exposed=4,
    must_detect={
        1: ("dilation-ignored-everywhere", "dilation-ignored", "gap-off-by-one", "image-dilated", *_FLIPS),
        2: ("dilation-ignored-everywhere", "dilation-ignored", "image-dilated", "output-transposed", *_FLIPS),
        3: (*_PADDINGS, "dilation-ignored", "output-transposed", *_FLIPS),
    },
)
class DilatedCorrelation:
    """Taps two pixels apart. Level 2: a kernel of 3x3; level 3: zeros around the image as well."""

    _SETTINGS: ClassVar = {1: ((5, 5), 2, (0, 9), 0), 2: ((6, 6), 3, (-5, 5), 0), 3: ((5, 5), 3, (-5, 5), 1)}
    workload: ClassVar = {1: (36, 36), 2: (36, 36), 3: (49, 49)}
    exact = staticmethod(_exact)
    work = staticmethod(products)

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        size, side, values, padding = DilatedCorrelation._SETTINGS[level]
        return _draw(rng, size, side, values, stride=1, padding=padding, dilation=2)

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        return _pose("DIL-2", params, impl, DilatedCorrelation.steps, _dilated_prompt)

    @staticmethod
    def steps(params: dict[str, Any], result: np.ndarray) -> tuple[str, ...]:
        k, d = len(params["kernel"]), params["dilation"]
        spread = np.full((d * (k - 1) + 1,) * 2, " ", dtype=object)
        spread[::d, ::d] = [[f"{cell}" for cell in row] for row in params["kernel"]]
        drawn = "\n".join(" ".join(f"{cell:>2}" for cell in row).rstrip() for row in spread)
        return (
            f"The kernel spans $d(k-1)+1 = {d} \\cdot {k - 1} + 1 = {len(spread)}$ rows and columns; the places "
            f"between the taps are passed over:\n\n```\n{drawn}\n```",
            _size_sentence(params, result),
            *_window_steps(params, result),
        )


def _dilated_prompt(params: dict[str, Any]) -> str:
    d, p = params["dilation"], params["padding"]
    frame = (
        f"$X^p$ is the image in a frame of **zeros**, $p = {p}$ pixel wide on **each of the four sides**; its rows "
        "and columns are counted from 0."
        if p
        else "There is **no padding**: all taps always lie inside the image, whose rows and columns are counted "
        "from 0."
    )
    return (
        f"A kernel $W$ is applied to the image $X$ with **dilation $d = {d}$**: two neighbouring taps of the kernel "
        f"meet pixels that are ${d}$ rows or ${d}$ columns apart, and the pixels in between are passed over. It is "
        "a cross-correlation, as in PyTorch and Keras: the kernel is **not flipped**,\n\n"
        f"$$ Y_{{i,j}} = \\sum_{{u}} \\sum_{{v}} W_{{u,v}}\\; X{'^p' if p else ''}_{{i+{d}u,\\,j+{d}v}} . $$\n\n"
        f"{frame} The stride is 1. Give all positions.\n\n{_shown(params)}"
    )
