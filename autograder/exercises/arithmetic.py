"""Write the arithmetic of a convolution layer: output sizes and parameter counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise
from autograder.sandbox._script import Call
from reference import conv_output_size, conv_parameters

TOPIC = "arithmetic"

# (group, calls) with arguments as the lectures quote them: 32x32 with 5x5, 7x7 with 3x3 at strides 1, 2, 3.
_QUOTED = ((32, 5), (7, 3), (7, 3, 2), (7, 3, 3), (5, 3, 2), (32, 3, 1, 1))


def _conv_out(impl: Implementation) -> Functions:
    def conv_out(n: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> Any:
        size = impl.forward(n, k, stride=s, padding=p, dilation=d)
        return None if size is None else tuple(size)

    return {"conv_out": conv_out}


def _sizes(
    rng: np.random.Generator,
    strides: Any,
    paddings: Any,
    dilations: Any,
    fits: bool | None,
    count: int = 5,
    slip: Callable[[int, int, int, int], int] | None = None,
) -> list[Call]:
    """Draw calls of one kind; `fits` asks for sizes that do (not) divide, None for both.

    The answer to "does it fit?" is another one for those who make the `slip` before they divide.
    """
    calls: list[Call] = []
    while len(calls) < count:
        n, k = int(rng.integers(7, 40)), int(rng.integers(2, 8))
        s, p, d = (int(rng.choice(choices)) for choices in (strides, paddings, dilations))
        left = n + 2 * p - d * (k - 1) - 1
        asked = fits is None or (left % s == 0) == fits
        told = slip is None or (left % s == 0) != (slip(n, k, p, d) % s == 0)
        if left >= s and p < d * (k - 1) + 1 and asked and told:
            calls.append(Call("conv_out", (n, k), {"s": s, "p": p, "d": d}))
    return calls


# What is divided by the stride when the padding, or the dilation, is not what it should be.
_PADDED: tuple[Callable[[int, int, int, int], int], ...] = (
    lambda n, k, p, d: n + 0 * p - d * (k - 1) - 1,
    lambda n, k, p, d: n + p - d * (k - 1) - 1,
)
_SPANNED: tuple[Callable[[int, int, int, int], int], ...] = (
    lambda n, k, p, d: n + 2 * p - k + 0 * d,
    lambda n, k, p, d: n + 2 * p - (k + d - 1),
    lambda n, k, p, d: n + 2 * p - d * k,
    lambda n, k, p, d: n + 2 * p - (k + d * (k - 1)),
)


def _out_trials(rng: np.random.Generator) -> Sequence[Trial]:
    padded = [c for slip in _PADDED for c in _sizes(rng, [2, 3], [1, 2], [1], False, 1, slip)]
    dilated = [c for slip in _SPANNED for c in _sizes(rng, [2, 3], [0, 1, 2], [2, 3], None, 2, slip)]
    groups = [
        ("sizes quoted in the lectures", [Call("conv_out", a) for a in _QUOTED], True),
        ("stride 1", _sizes(rng, [1], [0, 1, 2], [1], None), False),
        ("a stride that fits exactly", _sizes(rng, [2, 3], [0, 1, 2], [1], True), False),
        ("a stride that leaves a rest", _sizes(rng, [2, 3, 4, 5], [0, 1, 2], [1], False, 8) + padded, False),
        ("dilation", _sizes(rng, [1, 2, 3], [0, 1, 2], [2, 3], None) + dilated, False),
    ]
    return [
        Trial(name, tuple(calls), name, tuple(range(len(calls))), public=public)
        for name, calls, public in groups
    ]


def _conv_params(impl: Implementation) -> Functions:
    return {"conv_params": lambda c_in, k, c_out, bias=True: impl.forward(c_in, k, c_out, bias=bias)}


def _param_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def drawn(more: dict[str, Any]) -> tuple[Call, ...]:
        sizes = [
            (int(rng.integers(2, 17)), int(rng.choice([2, 3, 5, 7])), int(rng.integers(18, 65)))
            for _ in range(5)
        ]
        return tuple(Call("conv_params", size, more) for size in sizes)

    quoted = (Call("conv_params", (3, 5, 1)), Call("conv_params", (3, 5, 6)))
    groups = [
        ("counts quoted in the lectures", quoted, True),
        ("with bias", drawn({}) + drawn({"bias": True}), False),
        ("without bias", drawn({"bias": False}), False),
    ]
    return [
        Trial(name, calls, name, tuple(range(len(calls))), public=public) for name, calls, public in groups
    ]


exercise(
    "conv_out", title="Output size of a convolution", topic=TOPIC, op=conv_output_size, functions=_conv_out,
    trials=_out_trials, results=("floor_size", "fits_exactly"), redraw=True,
)  # fmt: skip
exercise(
    "conv_params", title="Parameters of a convolution layer", topic=TOPIC, op=conv_parameters, functions=_conv_params,
    trials=_param_trials, results=("count",), redraw=True,
    outside={
        "params-first-side-squared": "the filter is square",
        "params-groups-ignored": "there are no groups",
        "params-groups-divide-everything": "there are no groups",
        "params-groups-divided-twice": "there are no groups",
    },
)  # fmt: skip
