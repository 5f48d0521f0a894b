"""The table of a network: output shape and number of parameters of every layer, without making any weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reference.blocks import sizes_along
from reference.checking.arguments import named
from reference.counting import receptive_field
from reference.layers import Layer, LayerSizes, Shape
from reference.op import flag

__all__ = ["Summary", "SummaryRow", "receptive_fields", "summary"]


class SummaryRow(NamedTuple):
    """One layer: its name, output shape without batch axis, learned and measured numbers, multiplications."""

    name: str
    shape: Shape
    parameters: int
    measured: int
    multiply_adds: int


@dataclass(frozen=True)
class Summary:
    """The table of a network; print it."""

    rows: tuple[SummaryRow, ...]

    @property
    def parameters(self) -> int:
        """Number of learned parameters of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def measured(self) -> int:
        """Number of measured numbers (running statistics) of all layers."""
        return sum(row.measured for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Number of multiplications, each with its addition, for one example going forward."""
        return sum(row.multiply_adds for row in self.rows)

    def __str__(self) -> str:
        cells = [("Layer", "Output shape", "Parameters")]
        cells += [(row.name, str(row.shape), f"{row.parameters:,}") for row in self.rows]
        total = [("Total", "", f"{self.parameters:,}")]
        if self.measured:
            total.append(("Measured, not learned", "", f"{self.measured:,}"))
        widths = [max(len(row[i]) for row in cells + total) for i in range(3)]
        lines = ["  ".join((a.ljust(widths[0]), b.ljust(widths[1]), c.rjust(widths[2]))) for a, b, c in cells]
        ends = ["  ".join((a.ljust(widths[0]), b.ljust(widths[1]), c.rjust(widths[2]))) for a, b, c in total]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:], rule, *ends])


@named
def summary(layers: Sequence[Layer], input_shape: Shape, channels_last: bool = False) -> Summary:
    """Make the table of a network: name, output shape and number of parameters of every layer.

    `input_shape` is that of one example, (channels, rows, columns) or (features,). With `channels_last`, image
    shapes are read and written as (rows, columns, channels), as Keras does; the numbers of parameters are the
    same.

    Raises ShapeError naming the first layer that cannot take what comes in.

    What surprises: nothing is computed and no weights are made, so a table of 138 million parameters costs nothing.
    The lecture's prose says 28 -> 14 with 32*64 channels after pooling; the code gives 24 -> 12 with 64 channels,
    because two "valid" convolutions came first and channels do not multiply (E76).
    Source: lecture S4:1102-1135.

    >>> from reference import mnist_cnn
    >>> print(summary(*mnist_cnn()))
    Layer              Output shape  Parameters
    -------------------------------------------
    Conv2D(32,3x3)     (32, 26, 26)         320
    Conv2D(64,3x3)     (64, 24, 24)      18,496
    MaxPooling2D(2x2)  (64, 12, 12)           0
    Dropout(0.25)      (64, 12, 12)           0
    Flatten            (9216,)                0
    Dense(128)         (128,)         1,179,776
    Dropout(0.5)       (128,)                 0
    Dense(10)          (10,)              1,290
    -------------------------------------------
    Total                             1,199,882
    """
    last = flag("channels_last", channels_last)
    if last and isinstance(input_shape, (list, tuple)) and len(input_shape) == 3:
        input_shape = (input_shape[2], *input_shape[:2])
    found = sizes_along(layers, input_shape)
    rows = [_row(layer, sizes, last) for layer, sizes in zip(layers, found, strict=True)]
    return Summary(tuple(rows))


def _row(layer: Layer, sizes: LayerSizes, last: bool) -> SummaryRow:
    counts = {True: 0, False: 0}
    for weights in sizes.arrays.values():
        counts[weights.learned] += int(np.prod(weights.shape))
    shape = sizes.output
    if last and len(shape) == 3:
        shape = (*shape[1:], shape[0])
    return SummaryRow(layer.title, shape, counts[True], counts[False], sizes.multiply_adds)


@named
def receptive_fields(layers: Sequence[Layer], input_shape: Shape) -> tuple[tuple[int, int] | None, ...]:
    """Find how many rows and columns of the input a unit of each layer sees (see `receptive_field`).

    None from the first layer on that mixes all positions, such as a fully connected one. In a block with a skip
    connection the branch counts.

    >>> from reference import Conv2D, MaxPooling2D
    >>> receptive_fields([Conv2D(8, 3), Conv2D(8, (3, 5)), MaxPooling2D(2)], (1, 28, 28))
    ((3, 3), (5, 7), (6, 8))
    """
    windows: list[tuple[object, object]] = []
    fields: list[tuple[int, int] | None] = []
    for sizes in sizes_along(layers, input_shape):
        if sizes.windows is None or (fields and fields[-1] is None) or len(sizes.output) != 3:
            fields.append(None)
            continue
        windows += sizes.windows
        rows, columns = ([pair[axis] for pair in windows] for axis in (0, 1))
        fields.append((receptive_field(rows), receptive_field(columns)))  # type: ignore[arg-type]
    return tuple(fields)
