"""Receptive fields by hand: how much of the input one unit of a stack sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import receptive_field

_FIELD = ("field-strides-ignored", "field-own-stride-counted", "field-layers-reversed", "field-one-forgotten")
_DEPTH = {1: (3, 3), 2: (3, 4), 3: (3, 5)}


@question(
    "RF-1",
    title="Receptive field of a stack of layers",
    op=receptive_field,
    space={1: 600, 2: 3_000, 3: 50_000},
    min_exposed=5,
    must_detect={
        1: (*_FIELD, "field-sum-of-kernels"),
        2: (*_FIELD, "field-sum-of-kernels", "field-pooling-skipped"),
        3: (*_FIELD, "field-dilation-ignored", "field-effective-kernel-dk", "field-dilations-multiplied"),
    },
)
class StackOfLayers:
    """A few layers with strides. Level 2: pooling among them; level 3: dilated kernels as well."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        least, most = _DEPTH[level]
        layers = [_layer(rng, level) for _ in range(int(rng.integers(least, most + 1)))]
        strides = [layer["stride"] for layer in layers]
        if max(strides[:-1]) == 1 or (level > 1 and not any(layer["pool"] for layer in layers)):
            return None
        if level == 3 and max(layer["dilation"] for layer in layers) == 1:
            return None
        return {"layers": layers}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        size = impl([(one["k"], one["stride"], one["dilation"]) for one in params["layers"]])
        return Variant(
            question="RF-1",
            title="Receptive field of a stack of layers",
            prompt=_prompt(params),
            parts=(Part("size", "How many pixels does it see along one axis?", "int"),),
            truth={"size": size},
            solution=_steps(params, size),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        # back from one unit: collect every position the layer below is read at
        seen = {0}
        for one in reversed(params["layers"]):
            seen = {at * one["stride"] + tap * one["dilation"] for at in seen for tap in range(one["k"])}
        return {"size": max(seen) - min(seen) + 1}


def _layer(rng: np.random.Generator, level: int) -> dict[str, Any]:
    if level > 1 and rng.random() < 0.35:
        return {"pool": True, "k": 2 + int(rng.random() < 0.3), "stride": 2, "dilation": 1}
    dilation = int(rng.choice([1, 1, 2, 3])) if level == 3 else 1
    stride = int(rng.integers(1, 4 if level == 1 else 3))
    return {"pool": False, "k": int(rng.integers(2, 6)), "stride": stride, "dilation": dilation}


def _prompt(params: dict[str, Any]) -> str:
    dilated = any(one["dilation"] > 1 for one in params["layers"])
    lines = ["| layer | | size of the window | stride |" + (" dilation |" if dilated else "")]
    lines.append("|---|---|---|---|" + ("---|" if dilated else ""))
    for number, one in enumerate(params["layers"], start=1):
        what = "max pooling" if one["pool"] else "convolution"
        more = f" {one['dilation']} |" if dilated else ""
        lines.append(f"| {number} | {what} | {one['k']} × {one['k']} | {one['stride']} |{more}")
    apart = (
        " Neighbouring taps of a dilated kernel lie as many entries apart as its dilation says."
        if dilated
        else ""
    )
    return (
        "An image goes through these layers, from the first row to the last:\n\n" + "\n".join(lines) + "\n\n"
        f"Look at **one** unit of the last layer, far from the border.{apart} Its receptive field is the stretch of "
        "the image from the first to the last pixel that can change it, both counted."
    )


def _steps(params: dict[str, Any], size: Any) -> tuple[str, ...]:
    lines = [
        "| layer | $d(k-1)$ | pixels between neighbouring entries before it | sees |",
        "|---|---|---|---|",
    ]
    seen, jump = 1, 1
    lines.append("| image | | | 1 |")
    for number, one in enumerate(params["layers"], start=1):
        reach = one["dilation"] * (one["k"] - 1)
        lines.append(
            f"| {number} | {reach} | {jump} | ${seen} + {reach} \\cdot {jump} = {seen + reach * jump}$ |"
        )
        seen, jump = seen + reach * jump, jump * one["stride"]
    return (
        "Each layer adds $d(k-1)$ steps between entries of the layer below; a step there is as many pixels long as the "
        "product of all **earlier** strides.",
        "\n".join(lines),
        f"The unit sees {size} pixels along each axis. The last stride plays no part: nothing comes after it.",
    )
