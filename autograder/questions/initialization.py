"""First weights by hand: how much a unit reads, and how widely its weights should be spread."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import fans, initialization_std, uniform_limit

_NAMES = {"xavier": "Xavier (Glorot)", "he": "He"}
_FORMULAS = {"xavier": "2/(n_\\text{in}+n_\\text{out})", "he": "2/n_\\text{in}"}

_SPREADS = ("init-variance-for-std", "init-without-2", "init-other-scheme")


@question(
    "INIT-1",
    title="Spread of the first weights",
    op=initialization_std,
    space={1: 20_000, 2: 1_500, 3: 800},
    min_exposed=4,
    must_detect={
        1: (*_SPREADS, "init-fans-exchanged"),
        2: (*_SPREADS, "init-fans-exchanged", "init-kernel-forgotten", "init-kernel-not-squared"),
        3: (
            *_SPREADS,
            "init-kernel-forgotten",
            "init-limit-is-std",
            "init-limit-without-root",
            "init-std-doubled",
        ),
    },
)
class Spread:
    """Level 1: a linear layer; level 2: a convolution; level 3: the limit of uniform weights."""

    parents: ClassVar = {"spread": ("fan_in", "fan_out")}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        scheme = "he" if rng.integers(2) else "xavier"
        out, inputs = (int(n) for n in rng.integers(3, 40 if level > 1 else 600, size=2))
        kernel = [int(rng.choice([3, 5, 7]))] * 2 if level > 1 else []
        if out == inputs or (level == 1 and min(out, inputs) < 50):
            return None
        return {"shape": [out, inputs, *kernel], "scheme": scheme, "uniform": level == 3}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        fan_in, fan_out = fans(tuple(params["shape"]))
        std = impl(fan_in, fan_out, params["scheme"])
        spread = uniform_limit(std) if params["uniform"] else std
        asked = (
            "The limit $a$, to four decimals."
            if params["uniform"]
            else "The standard deviation of the weights, to four decimals."
        )
        return Variant(
            question="INIT-1",
            title="Spread of the first weights",
            prompt=_prompt(params),
            parts=(
                Part("fan_in", "How many numbers does one unit read ($n_\\text{in}$)?", "int", share=0.25),
                Part(
                    "fan_out",
                    "How many units use one input number ($n_\\text{out}$)?",
                    "int",
                    share=0.25,
                ),
                Part("spread", asked, "num", {"places": 4}, share=0.5),
            ),
            truth={"fan_in": fan_in, "fan_out": fan_out, "spread": spread},
            solution=_steps(params, fan_in, fan_out, std, spread),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:  # noqa: ARG004 - one part has parents
        if min(given.values()) < 2:
            return None
        return _spread(params, given["fan_in"], given["fan_out"])

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        out, inputs, *kernel = params["shape"]
        area = kernel[0] * kernel[1] if kernel else 1
        found = {"fan_in": inputs * area, "fan_out": out * area}
        return {**found, "spread": _spread(params, **found)}


def _spread(params: dict[str, Any], fan_in: int, fan_out: int) -> float:
    variance = 2 / fan_in if params["scheme"] == "he" else 2 / (fan_in + fan_out)
    return math.sqrt(3 * variance if params["uniform"] else variance)


def _prompt(params: dict[str, Any]) -> str:
    out, inputs, *kernel = params["shape"]
    scheme = params["scheme"]
    if kernel:
        layer = (
            f"A convolution with {out} filters of {kernel[0]} × {kernel[1]} pixels reads {inputs} channels"
        )
        means = (
            " In a convolution a unit is one output number, which reads a window in every channel. Find "
            "$n_\\text{out}$, the number of outputs that use one given input number, for stride 1 and away from "
            "the border."
        )
    else:
        layer, means = f"A fully connected layer has {inputs} inputs and {out} outputs", ""
    drawn = (
        "**uniformly** between $-a$ and $a$; such numbers have the standard deviation $a/\\sqrt{3}$"
        if params["uniform"]
        else "from a **normal** distribution with mean 0"
    )
    return (
        f"{layer}. Its weights are drawn {drawn}. The scheme is that of {_NAMES[scheme]}: the weights have "
        f"**variance** ${_FORMULAS[scheme]}$.{means}"
    )


def _steps(params: dict[str, Any], fan_in: int, fan_out: int, std: float, spread: float) -> tuple[str, ...]:
    out, inputs, *kernel = params["shape"]
    area = f" \\cdot {kernel[0]} \\cdot {kernel[1]}" if kernel else ""
    below = f"{fan_in}" if params["scheme"] == "he" else f"({fan_in} + {fan_out})"
    steps = (
        f"$n_\\text{{in}} = {inputs}{area}{f' = {fan_in}' if kernel else ''}$ and "
        f"$n_\\text{{out}} = {out}{area}{f' = {fan_out}' if kernel else ''}$.",
        f"The variance is $2/{below} = {std**2:.3g}$.",
        f"Its square root is the standard deviation: ${std:.4f}$.",
    )
    return (
        (*steps, f"The limit is $\\sqrt{{3}}$ times as large: $a = {spread:.4f}$.")
        if params["uniform"]
        else steps
    )
