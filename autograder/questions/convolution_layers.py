"""A convolution layer by hand: channels, filters and biases forward, and the three gradients backward."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.passes import gradients
from autograder.questions import question
from autograder.questions.grids import Matrix, correlate, kernel, matrix
from autograder.typeset import block, bracket, cells, summed
from reference import conv2d

# -------------------------------------------------------------------------------------------- CONV-4


_ONE_FILTER = (
    "first-channel-only",
    "channel-mean",
    "bias-forgotten",
    "bias-per-channel",
    "channels-reversed",
)


@question(
    "CONV-4",
    title="Several channels and filters by hand",
    op=conv2d,
    space=10**9,
    min_exposed=5,
    must_detect={
        1: (*_ONE_FILTER, "first-kernel-for-all-channels", "kernel-flipped-forward"),
        2: (*_ONE_FILTER, "first-kernel-for-all-channels", "kernel-flipped-forward"),
        3: (*_ONE_FILTER, "filters-reversed", "first-filter-for-all", "bias-of-first-filter"),
    },
)
class ChannelsAndFilters:
    """Two channels, one filter. Level 2: three channels, negative pixels; level 3: two filters."""

    _SETTINGS: ClassVar = {1: (2, 1, (0, 9)), 2: (3, 1, (-5, 5)), 3: (2, 2, (-5, 5))}
    workload: ClassVar = {1: (32, 32), 2: (48, 48), 3: (64, 64)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        channels, count, values = ChannelsAndFilters._SETTINGS[level]
        image = [matrix(rng, 3, 3, *values) for _ in range(channels)]
        filters = [[kernel(rng, 2) for _ in range(channels)] for _ in range(count)]
        biases = rng.choice([-3, -2, -1, 1, 2, 3], size=count, replace=False).tolist()
        kernels = [str(one) for each in filters for one in each]
        # a kernel is None when it looks the same turned or mirrored
        return (
            None
            if "None" in kernels or len(set(kernels)) < len(kernels)
            else {"image": image, "filters": filters, "biases": biases}
        )

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        image, filters = (np.array(params[name], dtype=float) for name in ("image", "filters"))
        maps = impl(image[None], filters, np.array(params["biases"], dtype=float))[0]
        one = len(params["filters"]) == 1
        asked = (
            "Write the map, one row per line."
            if one
            else "Write both maps, one row per line, a blank line between."
        )
        return Variant(
            question="CONV-4",
            title="Several channels and filters by hand",
            prompt=_layer_prompt(params),
            parts=(Part("maps", asked, "ten"),),
            truth={"maps": cells(maps)},
            solution=_layer_steps(params, cells(maps)),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        return {
            "maps": [
                _added([correlate(x, w) for x, w in zip(params["image"], weights, strict=True)], bias)
                for weights, bias in zip(params["filters"], params["biases"], strict=True)
            ]
        }

    @staticmethod
    def work(params: dict[str, Any]) -> int:
        return 16 * len(params["image"]) * len(params["filters"])


def _added(maps: list[Matrix], bias: int) -> Matrix:
    return [[sum(entries) + bias for entries in zip(*rows)] for rows in zip(*maps)]


def _stacked(title: str, grids: list[Matrix], names: str) -> str:
    return "\n\n".join(f"{title} {names}{c}:\n\n{block(grid)}" for c, grid in enumerate(grids))


def _layer_prompt(params: dict[str, Any]) -> str:
    channels, count = len(params["image"]), len(params["filters"])
    filters = "\n\n".join(
        _stacked(f"Filter {f}," if count > 1 else "The filter,", weights, "channel ")
        + f"\n\nBias: $b{f'_{f}' if count > 1 else ''} = {bias}$."
        for f, (weights, bias) in enumerate(zip(params["filters"], params["biases"], strict=True))
    )
    return (
        f"An image with {channels} channels goes through a convolution layer with "
        f"{'two filters' if count > 1 else 'one filter'} of 2 × 2, stride 1, no padding. As in every deep learning "
        "library it is a cross-correlation: the kernels are **not flipped**. A filter has one kernel per channel; the "
        "results of all channels and **one** bias are added up to **one** map per filter.\n\n"
        f"{_stacked('Image,', params['image'], 'channel ')}\n\n{filters}"
    )


def _layer_steps(params: dict[str, Any], maps: Any) -> tuple[str, ...]:
    steps = ["The map of a filter has $3 - 2 + 1 = 2$ rows and columns. First every channel by itself:"]
    for f, (weights, bias) in enumerate(zip(params["filters"], params["biases"], strict=True)):
        partial = [correlate(x, w) for x, w in zip(params["image"], weights, strict=True)]
        of = f"Filter {f}: " if len(params["filters"]) > 1 else ""
        steps.append(of + "\n\n".join(f"from channel {c}\n\n{block(part)}" for c, part in enumerate(partial)))
        first = " + ".join(bracket(part[0][0]) for part in (*partial, [[bias]]))
        steps.append(
            f"{of}all channels and the bias are added up, at the top left ${first} = {maps[f][0][0]:g}$; "
            f"everywhere\n\n{block(maps[f])}"
        )
    return tuple(steps)


# -------------------------------------------------------------------------------------------- CONV-5


_TO_IMAGE = ("overlap-overwrites", "dX-transposed-filter")
_TO_WEIGHTS = ("dW-flipped", "db-mean", "upstream-gradient-ignored", "returns-swapped")


@question(
    "CONV-5",
    title="The three gradients of a convolution by hand",
    op=conv2d,
    part="backward",
    space=10**9,
    min_exposed=6,
    must_detect={
        1: (*_TO_IMAGE, *_TO_WEIGHTS, "dX-in-the-corners", "dX-valid-only"),
        2: (*_TO_IMAGE, *_TO_WEIGHTS, "dW-rows-and-columns-exchanged", "dX-valid-only"),
        3: (*_TO_IMAGE, *_TO_WEIGHTS, "dX-stride-ignored", "dW-stride-ignored"),
    },
)
class ConvolutionBackward:
    """One image, one kernel of 2x2. Level 2: negative numbers, not square; level 3: 3x3 with stride 2."""

    _SETTINGS: ClassVar = {1: ((3, 3), 2, (0, 5), 1), 2: ((3, 4), 2, (-5, 5), 1), 3: ((5, 5), 3, (-3, 3), 2)}
    workload: ClassVar = {1: (32, 32), 2: (48, 48), 3: (72, 72)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        (rows, columns), side, values, stride = ConvolutionBackward._SETTINGS[level]
        weights, image = kernel(rng, side), matrix(rng, rows, columns, *values)
        upstream = rng.choice(
            [-2, -1, 1, 2, 3], size=((rows - side) // stride + 1, (columns - side) // stride + 1)
        )
        if weights is None or upstream.sum() == 0:
            return None
        return {"image": image, "kernel": weights, "upstream": upstream.tolist(), "stride": stride}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x, w, dy = (
            np.array(params[name], dtype=float)[None, None] for name in ("image", "kernel", "upstream")
        )
        dx, dw, db = gradients(conv2d, impl, dy, x, w, np.zeros(1), params["stride"])
        bias = np.ravel(db)
        truth = {
            "dX": cells(dx[0, 0]),
            "dW": cells(dw[0, 0]),
            "db": cells(bias)[0] if bias.size == 1 else cells(bias),
        }
        return Variant(
            question="CONV-5",
            title="The three gradients of a convolution by hand",
            prompt=_backward_prompt(params),
            parts=_GRADIENTS,
            truth=truth,
            solution=_backward_steps(params, truth),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        image, weights, stride = params["image"], params["kernel"], params["stride"]
        dx = [[0] * len(image[0]) for _ in image]
        dw = [[0] * len(weights[0]) for _ in weights]
        for i, line in enumerate(params["upstream"]):
            for j, dy in enumerate(line):
                for u, row in enumerate(weights):
                    for v, weight in enumerate(row):
                        dx[i * stride + u][j * stride + v] += dy * weight
                        dw[u][v] += dy * image[i * stride + u][j * stride + v]
        return {"dX": dx, "dW": dw, "db": sum(map(sum, params["upstream"]))}

    @staticmethod
    def work(params: dict[str, Any]) -> int:
        return 2 * len(params["kernel"]) ** 2 * len(params["upstream"]) * len(params["upstream"][0])


_GRADIENTS = (
    Part("dX", "$\\partial L/\\partial X$, one row per line:", "mat", share=2.0),
    Part("dW", "$\\partial L/\\partial W$, one row per line:", "mat", share=2.0),
    Part("db", "$\\partial L/\\partial b$, one number:", "int"),
)


def _backward_prompt(params: dict[str, Any]) -> str:
    s = params["stride"]
    at = "i+u,\\,j+v" if s == 1 else f"{s}i+u,\\,{s}j+v"
    return (
        f"A layer computes $Y_{{i,j}} = \\sum_{{u,v}} W_{{u,v}}\\, X_{{{at}}} + b$: a cross-correlation of one image "
        f"with one kernel, stride {s}, no padding, kernel not flipped. The gradient of the loss with respect to its "
        "output, $\\mathrm{d}Y = \\partial L/\\partial Y$, has arrived from above. Find the gradients with respect to "
        f"the image, the kernel and the bias.\n\nImage $X$:\n\n{block(params['image'])}\n\n"
        f"Kernel $W$:\n\n{block(params['kernel'])}\n\n"
        f"Upstream gradient $\\mathrm{{d}}Y$:\n\n{block(params['upstream'])}"
    )


def _backward_steps(params: dict[str, Any], truth: dict[str, Any]) -> tuple[str, ...]:
    s, upstream, image = params["stride"], params["upstream"], params["image"]
    entries = [(i, j, dy) for i, line in enumerate(upstream) for j, dy in enumerate(line)]
    stamps = [
        f"$\\mathrm{{d}}Y_{{{i},{j}}} = {dy}$:\n\n{block(_stamp(params, i, j))}" for i, j, dy in entries
    ]
    met = summed([dy * image[i * s][j * s] for i, j, dy in entries])
    return (
        "$\\mathrm{d}X$: each entry of $\\mathrm{d}Y$ hands the kernel, times itself, back to its window.\n\n"
        + "\n\n".join(stamps),
        f"Shares that meet in a pixel **add up**:\n\n{block(truth['dX'])}",
        "$\\mathrm{d}W_{u,v}$: multiply every entry of $\\mathrm{d}Y$ with the pixel that $W_{u,v}$ met there, "
        f"and add up. For $u = v = 0$ that is the top left pixel of each window: ${met} = {truth['dW'][0][0]:g}$. The "
        f"other entries in the same way:\n\n{block(truth['dW'])}",
        "$\\mathrm{d}b$: the bias is added at every position, so its gradient is the sum of $\\mathrm{d}Y$: "
        f"${summed([dy for _, _, dy in entries])} = {truth['db']}$.",
    )


def _stamp(params: dict[str, Any], i: int, j: int) -> np.ndarray:
    share, s, side = np.zeros(np.shape(params["image"])), params["stride"], len(params["kernel"])
    share[i * s : i * s + side, j * s : j * s + side] = params["upstream"][i][j] * np.array(params["kernel"])
    return share
