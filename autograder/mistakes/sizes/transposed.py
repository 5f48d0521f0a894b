"""Mistakes of the size of a transposed convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import conv_transpose_output_size


def _blown(name: str, **facts: Any) -> Callable[[Callable[..., int]], Mistake]:
    """Register a wrong size f(n, span, s, p, extra) of a transposed convolution."""

    def register(wrong: Callable[..., int]) -> Mistake:
        def mistaken(
            n: int, k: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
        ) -> int:
            conv_transpose_output_size(n, k, stride, padding, output_padding, dilation)  # what it refuses
            return wrong(n, dilation * (k - 1) + 1, stride, padding, output_padding)

        return mistake(conv_transpose_output_size, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_blown("size-of-convolution", family="wrong-op")
def size_of_convolution(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You used the size of an ordinary convolution.

    A transposed convolution goes the other way and makes the map larger. Use (n-1)*s - 2p + span.
    """
    return (n + 2 * p - span) // s + 1


@_blown("size-n-times-s", family="omission")
def n_times_s(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You multiplied n by the stride and stopped.

    That is Keras' "same" rule; here the padding is given. Use (n-1)*s - 2p + span.
    """
    return n * s


@_blown("size-minus-one-forgotten", family="off-by-one")
def minus_one_forgotten(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You multiplied the stride by n instead of n-1.

    n stamps have n-1 steps between them. Use (n-1)*s.
    """
    return n * s - 2 * p + span + extra


@_blown("size-padding-added", family="sign")
def size_padding_added(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You added the padding.

    Here padding cuts the result: p rows go on each side. Subtract 2p.
    """
    return (n - 1) * s + 2 * p + span + extra


@_blown("size-padding-one-side", family="scale")
def size_padding_one_side(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You subtracted the padding once.

    p rows are cut off on each side. Subtract 2p.
    """
    return (n - 1) * s - p + span + extra


@_blown("size-padding-ignored", family="omission")
def size_padding_ignored(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You left the padding out.

    Here padding cuts p rows off on each side. Subtract 2p.
    """
    return (n - 1) * s + span + extra


@_blown("size-output-padding-ignored", family="omission")
def size_output_padding_ignored(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You left the output padding out.

    It makes the result longer by as many rows, at the end. Add it.
    """
    return (n - 1) * s - 2 * p + span


@_blown("size-output-padding-twice", family="scale")
def size_output_padding_twice(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You added the output padding on both sides.

    It is added at the end only. Add it once.
    """
    return (n - 1) * s - 2 * p + span + 2 * extra


@_blown("size-stride-ignored", family="omission")
def size_stride_ignored(n: int, span: int, s: int, p: int, extra: int) -> int:
    """You left the stride out.

    Neighbouring stamps lie s apart. Multiply n-1 by s.
    """
    return n - 1 - 2 * p + span + extra


@mistake(conv_transpose_output_size, "size-dilation-ignored", family="omission")
def size_dilation_ignored(
    n: int, k: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """You left the dilation out.

    A dilated stamp spans d(k-1)+1. Use the span in place of k.
    """
    return (n - 1) * stride - 2 * padding + k + output_padding
