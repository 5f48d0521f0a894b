"""Shapes through a chain of layers, filled in row by row."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import conv_output_size

_CHANNELS = ("chain-channels-kept", "chain-channels-multiplied", "chain-pool-halves-channels")
_DEPTH = {1: (3, 3), 2: (4, 4), 3: (5, 5)}
_AXES = "(channels, rows, columns)"


@question(
    "CARITH-6",
    title="Shapes through a chain of layers",
    op=conv_output_size,
    space={1: 50_000, 2: 10**6, 3: 10**7},
    min_exposed=5,
    must_detect={
        1: (*_CHANNELS, "out-padding-ignored", "out-plus1-forgotten", "out-ceil-instead-of-floor"),
        2: (
            *_CHANNELS,
            "out-padding-ignored",
            "out-plus1-forgotten",
            "out-padding-one-side",
            "out-stride-ignored",
        ),
        3: (*_CHANNELS, "out-padding-ignored", "chain-pool-rounded-up", "chain-rows-and-columns-exchanged"),
    },
)
class ChainOfShapes:
    """Convolutions and pooling in a row. Level 2: four layers; level 3: five, and the image is not square."""

    # a row of the table is computed from the rows before it
    parents: ClassVar = {"shapes": ("shapes",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        rows = int(rng.integers(16, 65))
        columns = int(rng.integers(16, 65)) if level == 3 else rows
        count = int(rng.integers(_DEPTH[level][0], _DEPTH[level][1] + 1))
        layers = [_convolution(rng)] + [
            _pooling(rng) if rng.random() < 0.4 else _convolution(rng) for _ in range(count - 1)
        ]
        params = {"input": [int(rng.choice([1, 3])), rows, columns], "layers": layers}
        if (level == 3 and rows == columns) or not any(layer["filters"] == 0 for layer in layers):
            return None
        last = _loops(params)[-1][0] if _fits(params) else [0, 0, 0]
        return params if min(last[1:]) >= 2 else None

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        rows, shape = [], params["input"]
        for layer in params["layers"]:
            shape = _step(layer, shape, impl)
            rows.append([shape])
        column = {"name": _AXES, "kind": "shape", "options": {"axes": _AXES}}
        asked = f"Write one line per layer: its output as {_AXES}, such as 8x30x30."
        return Variant(
            question="CARITH-6",
            title="Shapes through a chain of layers",
            prompt=_prompt(params),
            parts=(Part("shapes", asked, "trace", {"columns": [column]}),),
            truth={"shapes": rows},
            solution=_steps(params, rows),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        return {"shapes": _loops(params)}

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:
        """Return the row that follows the student's own rows, or None where no window would fit into the last."""
        done = list(given[part])
        if not 0 < len(done) < len(params["layers"]):
            return None
        shape, layer = list(done[-1][0]), params["layers"][len(done)]
        if len(shape) != 3 or min(shape[1:]) + 2 * layer["padding"] < layer["k"]:
            return None
        return _loops({"input": shape, "layers": [layer]})[0]


def _convolution(rng: np.random.Generator) -> dict[str, int]:
    k = int(rng.choice([3, 3, 5, 7]))
    stride, padding = int(rng.choice([1, 1, 2])), int(rng.integers(0, k // 2 + 1))
    return {
        "filters": int(rng.choice([4, 6, 8, 12, 16, 20, 32])),
        "k": k,
        "stride": stride,
        "padding": padding,
    }


def _pooling(rng: np.random.Generator) -> dict[str, int]:
    return {"filters": 0, "k": int(rng.choice([2, 2, 3])), "stride": 2, "padding": 0}


def _step(layer: dict[str, int], shape: Any, impl: Any) -> list[Any]:
    found = [impl(n, layer["k"], layer["stride"], layer["padding"]).size for n in shape[1:]]
    return [layer["filters"] or shape[0], *found]


def _loops(params: dict[str, Any]) -> list[list[list[int]]]:
    """Count windows one by one, layer after layer."""
    rows, (channels, *sizes) = [], params["input"]
    for layer in params["layers"]:
        room = [
            range(-layer["padding"], n + layer["padding"] - layer["k"] + 1, layer["stride"]) for n in sizes
        ]
        channels, sizes = layer["filters"] or channels, [len(starts) for starts in room]
        rows.append([[channels, *sizes]])
    return rows


def _fits(params: dict[str, Any]) -> bool:
    return all(min(row[0][1:]) > 0 for row in _loops(params))


def _named(layer: dict[str, int]) -> str:
    return "max pooling" if not layer["filters"] else f"convolution, {layer['filters']} filters"


def _prompt(params: dict[str, Any]) -> str:
    channels, rows, columns = params["input"]
    lines = ["| layer | | window | stride | padding on each side |", "|---|---|---|---|---|"]
    lines += [
        f"| {number} | {_named(layer)} | {layer['k']} × {layer['k']} | {layer['stride']} | {layer['padding']} |"
        for number, layer in enumerate(params["layers"], start=1)
    ]
    return (
        f"An image with {channels} channel{'s' if channels > 1 else ''}, {rows} rows and {columns} columns goes "
        "through these layers, one after the other:\n\n"
        + "\n".join(lines)
        + "\n\nA window that does not lie completely inside "
        f"the (padded) map is left out (floor). Shapes are channels-first, {_AXES}; the batch is not counted."
    )


def _steps(params: dict[str, Any], rows: list[Any]) -> tuple[str, ...]:
    steps, before = [], params["input"]
    for number, (layer, (shape,)) in enumerate(zip(params["layers"], rows, strict=True), start=1):
        k, s, p = layer["k"], layer["stride"], layer["padding"]
        depth = (
            f"one map per filter, {shape[0]}"
            if layer["filters"]
            else f"pooling keeps the {shape[0]} channels"
        )
        sizes = [
            f"$\\lfloor ({n} + {2 * p} - {k})/{s} \\rfloor + 1 = {m}$"
            for n, m in zip(before[1:], shape[1:], strict=True)
        ]
        both = sizes[0] if sizes[0] == sizes[1] else f"{sizes[0]} rows, {sizes[1]} columns"
        steps.append(f"Layer {number}: {depth}; {both}. So {'×'.join(map(str, shape))}.")
        before = shape
    return tuple(steps)
