"""Counts: parameters and multiplications of a layer, the input a unit sees, sizes of batches and splits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from reference.op import InputError, ShapeError, examples, flag, op, pair, whole
from reference.shapes import short

__all__ = [
    "Interval",
    "conv_parameters",
    "input_interval",
    "iterations_per_epoch",
    "linear_parameters",
    "locally_connected_parameters",
    "multiply_adds",
    "receptive_field",
    "split_sizes",
]


class Interval(NamedTuple):
    """First and last input position (both included) that a unit sees."""

    first: int
    last: int


# ------------------------------------------------------------------------------- parameters and costs


@op("c_in, k, c_out -> parameters", source="lecture S0:509-511, S0:530-537 (E09)")
def conv_parameters(
    c_in: int, k: int | tuple[int, int], c_out: int, bias: bool = True, groups: int = 1
) -> int:
    """Count the parameters of a convolutional layer: every filter spans the full depth and has one bias.

    parameters = c_out * (c_in/groups * rows * columns + 1)

    Raises ShapeError when groups does not divide c_in and c_out.

    What surprises: the size of the image does not matter. The lecture compares one filter with its bias (76)
    to one fully connected unit without (3072); alike would be 76 and 3073.

    >>> conv_parameters(3, 5, 1), conv_parameters(3, 5, 6)
    (76, 456)
    """
    weights, c_out = _filter_weights(c_in, k, c_out, groups)
    return c_out * (weights + flag("bias", bias))


def _filter_weights(c_in: Any, k: Any, c_out: Any, groups: Any) -> tuple[int, int]:
    c_in, c_out, groups = whole("c_in", c_in, 1), whole("c_out", c_out, 1), whole("groups", groups, 1)
    rows, columns = pair("k", k, 1)
    for name, channels in (("c_in", c_in), ("c_out", c_out)):
        if channels % groups:
            raise ShapeError(f"{name} = {channels} does not divide into {groups} groups.", "change groups.")
    return c_in // groups * rows * columns, c_out


conv_parameters.samples(
    examples(
        one_filter={"c_in": 3, "k": 5, "c_out": 1},
        several_filters={"c_in": 3, "k": 5, "c_out": 6},
        no_bias={"c_in": 64, "k": 3, "c_out": 128, "bias": False},
        non_square_kernel={"c_in": 2, "k": (1, 7), "c_out": 4},
        groups={"c_in": 8, "k": 3, "c_out": 8, "groups": 8},
    )
)


@op("d_in, d_out -> parameters", source="lecture S0:436-449")
def linear_parameters(d_in: int, d_out: int, bias: bool = True) -> int:
    """Count the parameters of a fully connected layer: d_out * (d_in + 1).

    What surprises: an image is stretched out first, so d_in is channels * rows * columns.

    >>> linear_parameters(3 * 32 * 32, 10)
    30730
    """
    return whole("d_out", d_out, 1) * (whole("d_in", d_in, 1) + flag("bias", bias))


linear_parameters.samples(
    examples(one_unit={"d_in": 3072, "d_out": 1}, no_bias={"d_in": 9216, "d_out": 128, "bias": False})
)


@op("size, c_in, k, c_out -> parameters", source="lecture S2:1497-1499")
def locally_connected_parameters(
    size: int | tuple[int, int], c_in: int, k: int | tuple[int, int], c_out: int, bias: bool = True
) -> int:
    """Count the parameters of a locally connected layer whose result has `size` (rows, columns) positions.

    parameters = rows * columns * c_out * (c_in * k_rows * k_columns + 1)

    What surprises: this is `conv_parameters` times the number of positions, because nothing is shared.

    >>> locally_connected_parameters(28, 3, 5, 6)
    357504
    """
    rows, columns = pair("size", size, 1)
    weights, c_out = _filter_weights(c_in, k, c_out, 1)
    return rows * columns * c_out * (weights + flag("bias", bias))


locally_connected_parameters.samples(
    examples(
        plain={"size": 28, "c_in": 3, "k": 5, "c_out": 6},
        signal={"size": (1, 3), "c_in": 1, "k": (1, 2), "c_out": 1},
        no_bias={"size": 4, "c_in": 2, "k": 3, "c_out": 5, "bias": False},
    )
)


@op("c_in, k, c_out -> multiply_adds", source="lecture S1:304-306")
def multiply_adds(
    c_in: int,
    k: int | tuple[int, int],
    c_out: int,
    size: int | tuple[int, int] = 1,
    groups: int = 1,
    examples: int = 1,
) -> int:
    """Count the multiplications (each with its addition) of one forward pass of a convolutional layer.

    multiply_adds = examples * c_out * rows * columns * c_in/groups * k_rows * k_columns

    where `size` (rows, columns) is that of the result. A fully connected layer is k = 1, size = 1. Additions
    of the bias and multiplications with padded zeros are not told apart.

    What surprises: the backward pass takes twice as many, once for the inputs and once for the weights; the
    first layer needs only the weights.

    >>> multiply_adds(784, 1, 128, examples=64)
    6422528
    """
    weights, c_out = _filter_weights(c_in, k, c_out, groups)
    rows, columns = pair("size", size, 1)
    return whole("examples", examples, 1) * c_out * rows * columns * weights


multiply_adds.samples(
    examples(
        fully_connected={"c_in": 784, "k": 1, "c_out": 128, "examples": 64},
        convolution={"c_in": 3, "k": 5, "c_out": 6, "size": 28},
        groups={"c_in": 8, "k": 3, "c_out": 16, "size": (4, 5), "groups": 4},
    )
)


# ------------------------------------------------------------------------------------- what a unit sees


@op("layers -> size", source="lecture S4:208, S4:231 (E60)")
def receptive_field(layers: Sequence[int | tuple[int, ...]]) -> int:
    """Find how many neighbouring inputs, along one axis, lie between the first and last one a unit sees.

    R = 1 + sum over layers of (k - 1) * dilation * (product of the strides of all earlier layers)

    `layers` lists, from the input on, k or (k, stride), (k, stride, dilation) or (k, stride, dilation,
    padding); pooling counts like convolution.

    What surprises: dilation makes the field grow exponentially only in a stack whose dilations double; equal
    dilations make it grow linearly, and then it also has holes, which are counted. Padding changes nothing.

    >>> receptive_field([(2, 1, 1), (2, 1, 2), (2, 1, 4), (2, 1, 8)]), receptive_field([2, 2, 2, 2])
    (16, 5)
    """
    first, last = _trace(_layers(layers), 0)
    return last - first + 1


def _layers(layers: Any) -> list[tuple[int, int, int, int]]:
    """Check the layers and fill in what they leave out: (k, stride, dilation, padding)."""
    if isinstance(layers, (str, bytes, dict)) or not np.iterable(layers) or not hasattr(layers, "__len__"):
        raise InputError(
            f"layers must be a list, not {short(layers)}.", "write layers=[3, (2, 2)], input side first."
        )
    return [_layer(f"layers[{i}]", layer) for i, layer in enumerate(layers)]


def _layer(name: str, layer: Any) -> tuple[int, int, int, int]:
    parts = tuple(layer) if isinstance(layer, (tuple, list)) else (layer,)
    if not 1 <= len(parts) <= 4:
        raise InputError(
            f"{name} has {len(parts)} entries.",
            "give k, (k, stride), (k, stride, dilation) or those and padding.",
        )
    k, stride, dilation, padding = parts + (1, 1, 0)[len(parts) - 1 :]
    return (
        whole(f"k of {name}", k, 1),
        whole(f"stride of {name}", stride, 1),
        whole(f"dilation of {name}", dilation, 1),
        whole(f"padding of {name}", padding),
    )


def _trace(layers: list[tuple[int, int, int, int]], unit: int) -> Interval:
    first = last = unit
    for k, stride, dilation, padding in reversed(layers):
        first, last = first * stride - padding, last * stride - padding + dilation * (k - 1)
    return Interval(first, last)


@receptive_field.fast
def receptive_field_formula(layers: Any) -> tuple[int, None]:
    size, jump = 1, 1
    for k, stride, dilation, _ in _layers(layers):
        size, jump = size + (k - 1) * dilation * jump, jump * stride
    return size, None


receptive_field.samples(
    examples(
        doubling_dilations={"layers": [(2, 1, 1), (2, 1, 2), (2, 1, 4), (2, 1, 8)]},
        equal_dilations={"layers": [(3, 1, 2), (3, 1, 2), (3, 1, 2)]},
        strides={"layers": [3, 3, (2, 2), 3, (3, 2), 5]},
        no_layer={"layers": []},
        padding_changes_nothing={"layers": [(3, 1, 1, 1), (3, 2, 1, 1), (3, 1, 1, 1)]},
    )
)


@op("layers, unit -> first, last", source="lecture S4:208, S4:231")
def input_interval(layers: Sequence[int | tuple[int, ...]], unit: int = 0, n: int | None = None) -> Interval:
    """Find the first and last input position that unit number `unit` of the last layer sees (from 0).

    From the last layer down:  first = first*stride - padding,  last = last*stride - padding + dilation*(k-1)

    `layers` are written as for `receptive_field`. With `n`, the length of the input, a unit that does not
    exist is refused and positions in the padding, of the input or of any later layer, do not count.

    What surprises: without `n`, positions below 0 are padding.

    >>> input_interval([(3, 1, 1, 1), (2, 2)], unit=0), input_interval([(3, 1, 1, 1), (2, 2)], unit=0, n=8)
    (Interval(first=-1, last=2), Interval(first=0, last=2))
    """
    stack, unit = _layers(layers), whole("unit", unit)
    return _trace(stack, unit) if n is None else _trace_within(stack, unit, whole("n", n, 1))


def _trace_within(layers: list[tuple[int, int, int, int]], unit: int, n: int) -> Interval:
    """Follow single positions: a dilated kernel that starts in the padding may step over position 0."""
    lengths = [n]
    for k, stride, dilation, padding in layers:
        lengths.append((lengths[-1] + 2 * padding - dilation * (k - 1) - 1) // stride + 1)
        if lengths[-1] < 1:
            raise ShapeError(f"an input of length {n} is too short for these layers.", "choose a larger n.")
    if unit >= lengths[-1]:
        raise ShapeError(
            f"there is no unit {unit}: the last layer has {lengths[-1]}.", f"choose 0 to {lengths[-1] - 1}."
        )
    seen = {unit}
    for (k, stride, dilation, padding), length in zip(reversed(layers), reversed(lengths[:-1]), strict=True):
        if len(seen) * k > 10**7:
            raise ShapeError(
                f"{len(seen)} units with {k} taps each are too many to follow.", "use smaller k."
            )
        reads = {i * stride - padding + tap * dilation for i in seen for tap in range(k)}
        seen = {i for i in reads if 0 <= i < length}
    if not seen:
        raise ShapeError(f"unit {unit} sees nothing but padding.", "choose another unit or less padding.")
    return Interval(min(seen), max(seen))


input_interval.samples(
    examples(
        plain={"layers": [3, 3], "unit": 2},
        strides={"layers": [(3, 2), (2, 2), 3], "unit": 1},
        padding={"layers": [(3, 1, 1, 1), (3, 2, 2, 2)], "unit": 0},
        padding_cut_off={"layers": [(3, 1, 1, 1), (3, 2, 2, 2)], "unit": 0, "n": 9},
    )
)


# ----------------------------------------------------------------------------------- batches and splits


@op("n, batch -> iterations", source="lecture S4:238-253 (E63)")
def iterations_per_epoch(n: int, batch: int) -> int:
    """Count the updates of one epoch over n examples in batches of at most `batch`: ceil(n / batch).

    What surprises: the last batch may be smaller and still counts. Batch size is a number of examples, not of
    batches as one line of the lecture has it.

    >>> iterations_per_epoch(2000, 500), iterations_per_epoch(2000, 300)
    (4, 7)
    """
    return len(range(0, whole("n", n, 1), whole("batch", batch, 1)))


@iterations_per_epoch.fast
def iterations_per_epoch_formula(n: Any, batch: Any) -> tuple[int, None]:
    return -(-whole("n", n, 1) // whole("batch", batch, 1)), None


iterations_per_epoch.samples(
    examples(
        even={"n": 2000, "batch": 500},
        last_batch_smaller={"n": 60000, "batch": 128},
        one_batch={"n": 10, "batch": 32},
    )
)


@op("n, parts -> sizes", source="lecture S4:272-294, S4:505-509")
def split_sizes(n: int, parts: Sequence[float]) -> tuple[int, ...]:
    """Divide n examples into parts: fractions that add up to 1, or whole numbers (three folds: 1, 1, 1).

    Each part gets the whole examples of its exact share; what is left over goes, one each, to the parts that
    lost most by that (the earlier one on a tie). So nothing is lost and each size is off by less than one.

    Raises ShapeError when a part would stay empty, ValueError for other parts.

    What surprises: rounding each share on its own may lose or invent an example.

    >>> split_sizes(100, (0.7, 0.3)), split_sizes(100, (1, 1, 1)), split_sizes(5, (0.5, 0.5))
    ((70, 30), (34, 33, 33), (3, 2))
    """
    n = whole("n", n, 1)
    exact = [n * share for share in _shares(parts)]
    sizes = [math.floor(share) for share in exact]
    by_loss = sorted(range(len(exact)), key=lambda i: sizes[i] - exact[i])
    for i in by_loss[: n - sum(sizes)]:
        sizes[i] += 1
    if min(sizes) == 0:
        raise ShapeError(
            f"{n} examples leave part {sizes.index(0)} empty.", "use more examples or larger parts."
        )
    return tuple(sizes)


def _is_positive(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < math.inf


def _shares(parts: Any) -> list[Fraction]:
    fault = f"parts must be positive numbers, not {short(parts)}."
    do = "write fractions that add up to 1, like (0.7, 0.3), or whole numbers, like (4, 1)."
    if isinstance(parts, (str, bytes)) or not np.iterable(parts):
        raise InputError(fault, do)
    numbers = list(parts)
    if not numbers or not all(_is_positive(p) for p in numbers):
        raise InputError(fault, do)
    # The decimal text is what was meant: 0.29 is 29/100, not the nearest binary fraction.
    exact = [Fraction(int(p)) if p == int(p) else Fraction(str(float(p))) for p in numbers]
    total = sum(exact, Fraction(0))
    if any(share.denominator > 1 for share in exact) and abs(total - 1) > Fraction(1, 10**9):
        raise InputError(f"the fractions {numbers} add up to {float(total):g}, not to 1.", do)
    return [share / total for share in exact]


split_sizes.samples(
    examples(
        fractions={"n": 100, "parts": (0.7, 0.3)},
        folds={"n": 100, "parts": (1, 1, 1)},
        train_validation_test={"n": 11, "parts": (0.6, 0.2, 0.2)},
        thirds={"n": 10, "parts": (1 / 3, 1 / 3, 1 / 3)},
    )
)
