"""Sizes: how long the result of a convolution, pooling or transposed convolution is, and what it never reads.

Sizes are plain whole numbers along one axis; call twice for rows and columns. Where an answer can be counted
out, the counting is the definition and the lecture's formula the quick way. See also `reference/counting.py`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from reference.op import InputError, ShapeError, examples, flag, op, whole
from reference.shapes import short

__all__ = [
    "OutputSize",
    "SamePadding",
    "conv_output_size",
    "conv_transpose_output_size",
    "keras_output_size",
    "pool_output_size",
    "same_padding",
    "unused_inputs",
]


class OutputSize(NamedTuple):
    """How many positions a window has, and whether the last one ends exactly at the border."""

    size: int
    fits: bool


class SamePadding(NamedTuple):
    """Output size under the "same" rule, and the zeros it needs on either side."""

    size: int
    before: int
    after: int


def _sizes(n: Any, k: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, int, int, int]:
    """Check the settings; return the room (padded input), the kernel's span, the stride and the padding."""
    n, k = whole("n", n, 1), whole("k", k, 1)
    stride, dilation = whole("stride", stride, 1), whole("dilation", dilation, 1)
    padding = whole("padding", padding)
    return n + 2 * padding, dilation * (k - 1) + 1, stride, padding


def _refuse_span(room: int, span: int) -> None:
    if span > room:
        raise ShapeError(
            f"the kernel spans {span}, but the padded input is {room} long, so it fits nowhere.",
            f"use a smaller kernel or dilation, or {span - room} more padded entries in total.",
        )


@op("n, k -> size, fits", source="lecture S2:2110-2125, S0:862-872, S3:186-299 (E11)")
def conv_output_size(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> OutputSize:
    """Count the positions of a kernel of length k over an input of length n.

    size = floor((n + 2*padding - span) / stride) + 1,   span = dilation*(k - 1) + 1
    fits = stride divides n + 2*padding - span

    Raises ShapeError when the span exceeds the padded input.

    What surprises: the lectures disagree about 7 inputs, kernel 3, stride 3. One says that it doesn't fit,
    one takes the floor. Both answers are here: the size that libraries use, and whether it fits.

    >>> conv_output_size(32, 5)
    OutputSize(size=28, fits=True)
    >>> conv_output_size(7, 3, stride=3)
    OutputSize(size=2, fits=False)
    """
    room, span, stride, _ = _sizes(n, k, stride, padding, dilation)
    _refuse_span(room, span)
    ends = [start + span for start in range(0, room, stride) if start + span <= room]
    return OutputSize(len(ends), ends[-1] == room)


@conv_output_size.fast
def conv_output_size_formula(
    n: int, k: int, stride: int, padding: int, dilation: int
) -> tuple[OutputSize, None]:
    room, span, stride, _ = _sizes(n, k, stride, padding, dilation)
    _refuse_span(room, span)
    steps, rest = divmod(room - span, stride)
    return OutputSize(steps + 1, rest == 0), None


conv_output_size.samples(
    examples(
        plain={"n": 32, "k": 5},
        stride_that_fits={"n": 7, "k": 3, "stride": 2},
        stride_that_does_not_fit={"n": 7, "k": 3, "stride": 3},
        padding={"n": 8, "k": 3, "stride": 2, "padding": 1},
        dilation={"n": 9, "k": 3, "dilation": 4},
        kernel_as_long_as_the_padded_input={"n": 3, "k": 5, "padding": 1, "stride": 4},
    )
)


@op("n, k -> size, fits", source="lecture S4:33-43, S4:57-88")
def pool_output_size(
    n: int, k: int, stride: int | None = None, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> OutputSize:
    """Count the positions of a pooling window of length k over an input of length n.

    size = floor((n + 2*padding - span) / stride) + 1, or ceil(...) + 1 with `ceil_mode`; stride is k unless
    given, and span = dilation*(k - 1) + 1.

    Raises ShapeError when no window fits, or when padding exceeds half the span: a window could then lie in
    the padding alone.

    What surprises: with `ceil_mode` the last window may stick out over the border, but it must start inside
    the input or the padding before it.

    >>> pool_output_size(224, 2)
    OutputSize(size=112, fits=True)
    >>> pool_output_size(4, 3, stride=2), pool_output_size(4, 3, stride=2, ceil_mode=True)
    (OutputSize(size=1, fits=False), OutputSize(size=2, fits=False))
    """
    room, span, stride, padding, extra = _pool_sizes(n, k, stride, padding, dilation, ceil_mode)
    ends = [start + span for start in range(0, room - padding, stride) if start + span <= room + extra]
    return OutputSize(len(ends), ends[-1] == room)


def _pool_sizes(
    n: Any, k: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> tuple[int, int, int, int, int]:
    """Check the settings; return room, span, stride, padding and how far the last window may stick out."""
    room, span, stride, padding = _sizes(n, k, k if stride is None else stride, padding, dilation)
    if 2 * padding > span:
        raise ShapeError(
            f"padding = {padding} is more than half of the window's span {span}.",
            f"use padding of at most {span // 2}.",
        )
    extra = stride - 1 if flag("ceil_mode", ceil_mode) else 0
    _refuse_span(room + extra, span)
    return room, span, stride, padding, extra


@pool_output_size.fast
def pool_output_size_formula(
    n: int, k: int, stride: int | None, padding: int, dilation: int, ceil_mode: bool
) -> tuple[OutputSize, None]:
    room, span, stride, padding, extra = _pool_sizes(n, k, stride, padding, dilation, ceil_mode)
    steps = (room - span + extra) // stride
    if steps * stride >= room - padding:
        steps -= 1
    return OutputSize(steps + 1, steps * stride + span == room), None


pool_output_size.samples(
    examples(
        plain={"n": 8, "k": 2},
        overlapping={"n": 7, "k": 3, "stride": 2},
        row_left_over={"n": 4, "k": 3, "stride": 2},
        last_window_sticks_out={"n": 4, "k": 3, "stride": 2, "ceil_mode": True},
        last_window_would_start_in_the_padding={"n": 5, "k": 2, "stride": 3, "padding": 1, "ceil_mode": True},
        window_larger_than_the_input={"n": 2, "k": 3, "stride": 2, "ceil_mode": True},
        padding={"n": 224, "k": 3, "stride": 2, "padding": 1},
        dilation={"n": 9, "k": 3, "stride": 1, "dilation": 2},
    )
)


@op("n, k -> size", source="lecture S4:173-178")
def conv_transpose_output_size(
    n: int, k: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """Find the length to which a transposed convolution blows up an input of length n.

    size = (n - 1)*stride - 2*padding + dilation*(k - 1) + 1 + output_padding

    Raises ShapeError when nothing is left, or when output_padding is not below stride or dilation.

    What surprises: a convolution with stride s maps s lengths to the same n (5 and 6 both become 2 with
    k = 3, s = 2). The result is the shortest of them; `output_padding` picks another.

    >>> conv_transpose_output_size(2, 3, stride=2)
    5
    >>> conv_transpose_output_size(2, 3, stride=2, output_padding=1)
    6
    """
    output_padding = _transpose_size(n, k, stride, padding, output_padding, dilation)[1]
    size = 1
    while size + 2 * padding < dilation * (k - 1) + 1 or _conv_size(size, k, stride, padding, dilation) != n:
        size += 1
    return size + output_padding


def _conv_size(*settings: int) -> int:
    return conv_output_size_formula(*settings)[0].size


def _transpose_size(
    n: Any, k: Any, stride: Any, padding: Any, output_padding: Any, dilation: Any
) -> tuple[int, int]:
    _, span, stride, padding = _sizes(n, k, stride, padding, dilation)
    output_padding, limit = whole("output_padding", output_padding), max(stride, dilation)
    if output_padding >= limit:
        raise ShapeError(
            f"output_padding = {output_padding} is not below stride or dilation ({limit}).",
            f"choose output_padding between 0 and {limit - 1}.",
        )
    size = (n - 1) * stride - 2 * padding + span
    if size < 1:
        raise ShapeError(f"padding = {padding} cuts everything away (size {size}).", "use less padding.")
    return size, output_padding


@conv_transpose_output_size.fast
def conv_transpose_output_size_formula(*settings: int) -> tuple[int, None]:
    return sum(_transpose_size(*settings)), None


conv_transpose_output_size.samples(
    examples(
        plain={"n": 4, "k": 3},
        stride={"n": 2, "k": 3, "stride": 2},
        output_padding={"n": 2, "k": 3, "stride": 2, "output_padding": 1},
        padding={"n": 2, "k": 3, "stride": 2, "padding": 1},
        dilation={"n": 3, "k": 2, "stride": 2, "dilation": 3},
    )
)


@op("n, k -> size, before, after", source="lecture S4:1102-1126 (the Keras model, E76)")
def same_padding(n: int, k: int, stride: int = 1, dilation: int = 1) -> SamePadding:
    """Find the zeros that Keras adds under padding="same", and the output size that follows.

    size = ceil(n / stride),   zeros = max((size - 1)*stride + span - n, 0),   span = dilation*(k - 1) + 1

    What surprises: "same" means the size of the input only for stride 1. An odd zero goes after the input, so
    the padding is not symmetric.

    >>> same_padding(28, 3), same_padding(7, 2)
    (SamePadding(size=28, before=1, after=1), SamePadding(size=7, before=0, after=1))
    """
    n, span, stride, _ = _sizes(n, k, stride, 0, dilation)
    size = math.ceil(Fraction(n, stride))
    zeros = max((size - 1) * stride + span - n, 0)
    return SamePadding(size, zeros // 2, zeros - zeros // 2)


same_padding.samples(
    examples(
        plain={"n": 28, "k": 3},
        even_kernel={"n": 7, "k": 2},
        stride={"n": 8, "k": 3, "stride": 2},
        stride_larger_than_the_kernel={"n": 9, "k": 1, "stride": 3},
        dilation={"n": 7, "k": 3, "dilation": 2},
    )
)


@op("n, k -> size", source="lecture S4:1102-1126 (the Keras model, E76)")
def keras_output_size(n: int, k: int, stride: int = 1, rule: str = "valid", dilation: int = 1) -> int:
    """Find the output size of a Keras layer, whose padding is a rule: "valid" (none, the default) or "same".

    valid: ceil((n - span + 1) / stride),   same: ceil(n / stride)

    Raises ShapeError when the kernel does not fit under "valid", ValueError for another rule.

    What surprises: the lecture's model pools 24 to 12, not 28 to 14: two "valid" 3x3 layers came before.

    >>> keras_output_size(28, 3), keras_output_size(28, 3, rule="same")
    (26, 28)
    """
    if not isinstance(rule, str) or rule not in ("same", "valid"):
        raise InputError(f"unknown rule {short(rule)}.", 'choose rule="valid" or rule="same".')
    if rule == "same":
        return same_padding(n, k, stride, dilation).size
    room, span, stride, _ = _sizes(n, k, stride, 0, dilation)
    _refuse_span(room, span)
    return math.ceil(Fraction(room - span + 1, stride))


keras_output_size.samples(
    examples(
        valid={"n": 28, "k": 3},
        same={"n": 28, "k": 3, "rule": "same"},
        valid_with_stride={"n": 8, "k": 3, "stride": 2},
        same_with_stride={"n": 7, "k": 3, "stride": 2, "rule": "same"},
        dilation={"n": 9, "k": 3, "dilation": 2},
    )
)


@op("n, k -> positions", source="lecture S0:774-775, S2:2022-2023 (E10)")
def unused_inputs(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> tuple[int, ...]:
    """List the input positions which no position of the kernel reads, counted from 0.

    What surprises: they appear at the end when the stride does not fit, between the windows when it exceeds
    the kernel, and everywhere when a dilated kernel takes large strides.

    >>> unused_inputs(8, 3, stride=2), unused_inputs(10, 3, stride=4)
    ((7,), (3, 7, 8, 9))
    """
    room, span, stride, padding = _sizes(n, k, stride, padding, dilation)
    _refuse_span(room, span)
    if room * k > 10**6:
        raise ShapeError(f"{room} padded entries with {k} taps are too many to list.", "use smaller sizes.")
    starts = range(0, room - span + 1, stride)
    read = {start + tap - padding for start in starts for tap in range(0, span, dilation)}
    return tuple(i for i in range(n) if i not in read)


unused_inputs.samples(
    examples(
        none={"n": 7, "k": 3, "stride": 2},
        one_at_the_end={"n": 8, "k": 3, "stride": 2},
        between_the_windows={"n": 10, "k": 3, "stride": 4},
        padding={"n": 8, "k": 3, "stride": 2, "padding": 1},
        dilation={"n": 9, "k": 2, "stride": 3, "dilation": 2},
    )
)
