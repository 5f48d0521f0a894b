"""The table of a network by hand: what comes out of every layer, and how many numbers it learns."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    InputError,
    MaxPooling2D,
    summary,
)

_MAKES: dict[str, Any] = {
    "conv": lambda f, k, s, p: Conv2D(f, k, s, p),
    "pool": MaxPooling2D,
    "dropout": lambda p: Dropout(float(Fraction(p))),
    "flatten": Flatten,
    "dense": Dense,
    "bn": BatchNormalization,
}
_ROW = {
    "columns": [
        {"name": "output shape", "kind": "shape", "options": {"axes": "(channels, rows, columns)"}},
        {"name": "parameters", "kind": "int"},
    ]
}
_LAYERS = 8


@question(
    "SHAPE-1",
    title="The table of a network",
    op=summary,
    space=10**6,
    min_exposed=8,
    must_detect={
        1: (
            "convolution-keeps-size",
            "channels-multiplied",
            "filter-without-depth",
            "convolution-biases-forgotten",
            "pooling-divides-channels",
            "flatten-without-channels",
            "dense-biases-forgotten",
        ),
        2: (
            "table-padding-ignored",
            "table-stride-ignored",
            "channels-multiplied",
            "bias-in-every-channel",
            "pooling-rounds-up",
            "dropout-shrinks",
            "dense-biases-forgotten",
        ),
        3: (
            "table-padding-ignored",
            "table-stride-ignored",
            "pooling-rounds-up",
            "running-statistics-counted",
            "normalisation-per-pixel",
            "flatten-without-channels",
        ),
    },
)
class Table:
    """Eight layers as in the lecture's model. Level 2: colour, padding, stride, a rest; 3: oblong, normalised."""

    parents: ClassVar = {
        **{f"layer{i}": (f"layer{i - 1}",) for i in range(2, _LAYERS + 1)},
        "total": tuple(f"layer{i}" for i in range(1, _LAYERS + 1)),
    }

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        f1, f2 = (int(f) for f in rng.choice([4, 8, 12, 16, 32], size=2, replace=False))
        k1, k2 = (int(k) for k in rng.choice([3, 5], size=2))
        units, classes = int(rng.choice([16, 32, 64, 100])), int(rng.choice([3, 5, 10]))
        rows = int(rng.integers(14, 33))
        columns = rows if level < 3 else int(rng.integers(14, 33))
        head = [["flatten"], ["dense", units], ["dropout", "0.5"], ["dense", classes]]
        if level == 1:
            body = [["conv", f1, k1, 1, 0], ["conv", f2, k2, 1, 0], ["pool", 2], ["dropout", "0.25"]]
        elif level == 2:
            body = [["conv", f1, k1, 1, 1], ["conv", f2, k2, 2, 1], ["pool", 2], ["dropout", "0.25"]]
        else:
            body = [["conv", f1, k1, 2, 1], ["bn"], ["conv", f2, k2, 1, 1], ["pool", 2]]
        sizes = _evaluated([1 if level == 1 else 3, rows, columns], body)
        before, after = (sizes[i][0][1:] for i in ((1, 2) if level < 3 else (2, 3)))
        if (level == 1) == any(n % 2 for n in before) or min(after) < 2 or (level == 3 and rows == columns):
            return None
        return {"input": [1 if level == 1 else 3, rows, columns], "layers": body + head}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        table = impl(_layers(params), tuple(params["input"]))
        parts = [
            Part(f"layer{i}", f"{row.name}: output shape | parameters", "trace", _ROW)
            for i, row in enumerate(table.rows, start=1)
        ]
        truth = {
            part.id: [[list(row.shape), row.parameters]] for part, row in zip(parts, table.rows, strict=True)
        }
        return Variant(
            question="SHAPE-1",
            title="The table of a network",
            prompt=_table_prompt(params, table),
            parts=(*parts, Part("total", "How many numbers does the network learn in all?", "int")),
            truth={**truth, "total": table.parameters},
            solution=_table_steps(params, table),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        rows = _evaluated(params["input"], params["layers"])
        table = {f"layer{i}": [[list(shape), count]] for i, (shape, count) in enumerate(rows, start=1)}
        return {**table, "total": sum(count for _, count in rows)}

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: Mapping[str, Any]) -> Any:
        """Go on from the student's own shape of the layer before; None where nothing can follow from it."""
        if part == "total":
            return sum(rows[0][1] for rows in given.values()) or None
        number = int(part.removeprefix("layer"))
        shape = given[f"layer{number - 1}"][0][0]
        right = _evaluated(params["input"], params["layers"][: number - 1])[-1][0]
        if len(shape) != len(right) or any(n > 8 * m for n, m in zip(shape, right)):
            return None
        try:
            row = summary([_layers(params)[number - 1]], tuple(shape)).rows[0]
        except InputError:
            return None
        return [[list(row.shape), row.parameters]]


def _layers(params: dict[str, Any]) -> list[Any]:
    return [_MAKES[kind](*settings) for kind, *settings in params["layers"]]


def _evaluated(shape: list[int], layers: list[Any]) -> list[tuple[list[int], int]]:
    """Find shapes by laying windows down one by one, and count weights one by one; without the reference."""
    rows = []
    for kind, *settings in layers:
        count = 0
        if kind == "conv":
            f, k, s, p = settings
            count = sum(1 + sum(k * k for _channel in range(shape[0])) for _filter in range(f))
            shape = [f, *(_windows(n, k, s, p) for n in shape[1:])]
        elif kind == "pool":
            shape = [shape[0], *(_windows(n, settings[0], settings[0], 0) for n in shape[1:])]
        elif kind == "flatten":
            shape = [sum(1 for _ in np.ndindex(*shape))]
        elif kind == "dense":
            count = sum(shape[0] + 1 for _unit in range(settings[0]))
            shape = [settings[0]]
        elif kind == "bn":
            count = sum(2 for _channel in range(shape[0]))
        rows.append((shape, count))
    return rows


def _windows(n: int, k: int, s: int, p: int) -> int:
    return len([start for start in range(-p, n + p, s) if start + k <= n + p])


# -------------------------------------------------------------------------------------------- wording


def _described(kind: str, *settings: Any) -> str:
    if kind == "conv":
        f, k, s, p = settings
        around = f"padding {p} (zeros on each side)" if p else "no padding"
        return f"convolution: {f} filters of {k} × {k}, stride {s}, {around}; then ReLU"
    if kind == "dense":
        return f"fully connected: {settings[0]} units"
    if kind == "pool":
        return f"max pooling: windows of {settings[0]} × {settings[0]}, stride {settings[0]}, no padding"
    words = {"flatten": "flatten", "bn": "batch normalisation"}
    return words.get(kind) or f"dropout: each unit is dropped with probability {settings[0]}"


def _table_prompt(params: dict[str, Any], table: Any) -> str:
    channels, rows, columns = params["input"]
    lines = "\n".join(
        f"| {i} | `{row.name}` | {_described(*layer)} |"
        for i, (layer, row) in enumerate(zip(params["layers"], table.rows), start=1)
    )
    normalised = (
        " Batch normalisation learns $\\gamma$ and $\\beta$; running means and variances are measured, not learned."
        if ["bn"] in params["layers"]
        else ""
    )
    return (
        f"A network for images with {channels} channel{'s' if channels > 1 else ''}, {rows} rows and {columns} "
        f"columns has these layers, one after the other:\n\n| | layer | what it is |\n|---|---|---|\n{lines}\n\n"
        "For each layer write the **shape** of what comes out for *one* image, and the number of its **learned "
        "parameters**, with a bar between them: `4x10x10 | 40`. Shapes are (channels, rows, columns), or one number "
        "after flattening. Every filter and every unit has a bias. Windows that do not lie completely inside the "
        f"(padded) image are left out. A layer without parameters has 0.{normalised} You may use a calculator."
    )


def _table_steps(params: dict[str, Any], table: Any) -> tuple[str, ...]:
    shapes = [tuple(params["input"]), *(row.shape for row in table.rows)]
    lines = [
        f"- `{row.name}`: " + _row_step(shape, row, *layer)
        for shape, row, layer in zip(shapes, table.rows, params["layers"])
    ]
    counts = " + ".join(f"{row.parameters:,}" for row in table.rows if row.parameters)
    return (
        "Every row starts from the shape in the row above.",
        "\n".join(lines),
        f"In all: {counts} = {table.parameters:,}.",
    )


def _row_step(shape: tuple[int, ...], row: Any, kind: str, *settings: Any) -> str:
    out = " × ".join(map(str, row.shape))
    if kind == "conv":
        f, k, s, p = settings
        sizes = ", ".join(
            f"$\\lfloor ({n} + 2 \\cdot {p} - {k}) / {s} \\rfloor + 1 = {m}$"
            for n, m in dict(zip(shape[1:], row.shape[1:])).items()
        )
        weights = f"$({k} \\cdot {k} \\cdot {shape[0]} + 1) \\cdot {f} = {row.parameters}$"
        return f"{sizes}; {f} filters make {f} channels: {out}. Parameters {weights}."
    if kind == "pool":
        sizes = ", ".join(
            f"$\\lfloor {n} / {settings[0]} \\rfloor = {m}$"
            for n, m in dict(zip(shape[1:], row.shape[1:])).items()
        )
        return f"{sizes}, the channels stay: {out}. No parameters."
    if kind == "flatten":
        product = " \\cdot ".join(map(str, shape))
        return f"${product} = {out}$. No parameters."
    if kind == "dense":
        return f"{out} units, $({shape[0]} + 1) \\cdot {out} = {row.parameters}$ parameters."
    if kind == "bn":
        return f"{out} as before, $2 \\cdot {shape[0]} = {row.parameters}$ parameters."
    return f"{out} as before, no parameters."
