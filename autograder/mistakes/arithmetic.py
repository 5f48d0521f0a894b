"""Mistakes of sizes: how many positions a window has, and whether it fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake, mistakes_of
from reference import OutputSize, conv_output_size

# ------------------------------------------------------------------------------------- output size


def _size(name: str, **facts: Any) -> Callable[[Callable[..., float | None]], Mistake]:
    """Register a wrong size f(n, k, s, p, d); whether it fits is answered rightly."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(
            n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1
        ) -> OutputSize | None:
            truth = conv_output_size(n, k, stride, padding, dilation)
            size = wrong(n, k, stride, padding, dilation)
            return None if size is None else OutputSize(size, truth.fits)

        return mistake(conv_output_size, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _fits(name: str, **facts: Any) -> Callable[[Callable[..., bool]], Mistake]:
    """Register a wrong f(n, k, s, p, d) for whether the windows fit; the size is right."""

    def register(wrong: Callable[..., bool]) -> Mistake:
        def mistaken(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> OutputSize:
            truth = conv_output_size(n, k, stride, padding, dilation)
            return OutputSize(truth.size, wrong(n, k, stride, padding, dilation))

        return mistake(conv_output_size, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _span(k: int, d: int) -> int:
    return d * (k - 1) + 1


@_size("out-padding-one-side", family="scale")
def padding_one_side(n: int, k: int, s: int, p: int, d: int) -> int:
    """You added the padding once.

    Padding p stands on both sides, so the padded length is n + 2p. Double the padding.
    """
    return (n + p - _span(k, d)) // s + 1


@_size("out-padding-ignored", family="omission")
def padding_ignored(n: int, k: int, s: int, p: int, d: int) -> int:
    """You left the padding out.

    The kernel slides over the padded input of length n + 2p. Add 2p before anything else.
    """
    return (n - _span(k, d)) // s + 1


@_size("out-padding-subtracted", family="sign")
def padding_subtracted(n: int, k: int, s: int, p: int, d: int) -> int:
    """You subtracted the padding.

    Padding makes the input longer: n + 2p. Change the sign.
    """
    return (n - 2 * p - _span(k, d)) // s + 1


@_size("out-plus1-forgotten", family="off-by-one")
def plus1_forgotten(n: int, k: int, s: int, p: int, d: int) -> int:
    """You counted the steps of the kernel, not its positions: the +1 is missing.

    The kernel has one position before its first step. Add 1 after dividing.
    """
    return (n + 2 * p - _span(k, d)) // s


@_size("out-plus1-inside", family="off-by-one")
def plus1_inside(n: int, k: int, s: int, p: int, d: int) -> int:
    """You added the 1 before dividing by the stride.

    Divide first, round down, then add 1: floor((n + 2p - k)/s) + 1. Move the 1 out of the fraction.
    """
    return (n + 2 * p - _span(k, d) + 1) // s


@_size("out-plus1-twice", family="off-by-one")
def plus1_twice(n: int, k: int, s: int, p: int, d: int) -> int:
    """Your size is one too large; the 1 was added twice.

    Steps plus one position: floor((n + 2p - k)/s) + 1. Check it with n = k, where there is exactly one
    position.
    """
    return (n + 2 * p - _span(k, d)) // s + 2


@_size("out-ceil-instead-of-floor", family="rounding")
def ceil_instead_of_floor(n: int, k: int, s: int, p: int, d: int) -> int:
    """You rounded up.

    A window that does not fit completely is left out. Round the number of steps down.
    """
    return -(-(n + 2 * p - _span(k, d)) // s) + 1


@_size("out-round-instead-of-floor", family="rounding")
def round_instead_of_floor(n: int, k: int, s: int, p: int, d: int) -> int:
    """You rounded to the nearest whole number.

    A window that does not fit completely is left out, even if it nearly fits. Round down.
    """
    return round((n + 2 * p - _span(k, d)) / s + 1)


@_size("out-not-floored", family="rounding")
def not_floored(n: int, k: int, s: int, p: int, d: int) -> float:
    """You gave the fraction; a number of positions is a whole number.

    A window that does not fit completely is left out. Round down.
    """
    return (n + 2 * p - _span(k, d)) / s + 1


@_size("out-stride-ignored", family="omission")
def stride_ignored(n: int, k: int, s: int, p: int, d: int) -> int:
    """You left the stride out.

    The kernel moves by s, so there are about 1/s as many positions. Divide by s before adding 1.
    """
    return n + 2 * p - _span(k, d) + 1


@_size("out-stride-taken-as-k", family="swap")
def stride_taken_as_k(n: int, k: int, s: int, p: int, d: int) -> int:
    """You divided by the kernel's length instead of the stride.

    The kernel moves by s; windows may overlap. Divide by s.
    """
    return (n + 2 * p - _span(k, d)) // k + 1


@_size("out-dilation-ignored", family="omission")
def dilation_ignored(n: int, k: int, s: int, p: int, d: int) -> int:
    """You left the dilation out.

    A dilated kernel spans d(k-1)+1. Use this span in place of k.
    """
    return (n + 2 * p - k) // s + 1


@_size("out-effective-kernel-dk", family="off-by-one")
def effective_kernel_dk(n: int, k: int, s: int, p: int, d: int) -> int:
    """You took d*k as the span of the dilated kernel.

    k taps have k-1 gaps between them, so the span is d(k-1)+1. Draw the taps of k = 2, d = 2: they span 3.
    """
    return (n + 2 * p - d * k) // s + 1


@_size("out-one-gap-only", family="omission")
def one_gap_only(n: int, k: int, s: int, p: int, d: int) -> int:
    """You widened the kernel by d-1 once; every gap between two taps is widened.

    k taps have k-1 gaps, so the span is k + (k-1)(d-1) = d(k-1)+1. Multiply the extra by k-1.
    """
    return (n + 2 * p - (k + d - 1)) // s + 1


@_size("out-gap-off-by-one", family="off-by-one")
def gap_off_by_one(n: int, k: int, s: int, p: int, d: int) -> int | None:
    """You put d empty places between two taps instead of d-1.

    Dilation d means that taps are d apart; d = 1 has no gaps. The span is d(k-1)+1; use it.
    """
    return (n + 2 * p - _span(k, d + 1)) // s + 1 if d > 1 else None


@_size("out-same-rule", family="convention")
def same_rule(n: int, k: int, s: int, p: int, d: int) -> int:
    """You used n/s rounded up, the rule of "same" padding.

    Here the padding is given as a number and need not keep the size. Use floor((n + 2p - span)/s) + 1.
    """
    return math.ceil(n / s)


@_size("out-divides-first", family="order")
def divides_first(n: int, k: int, s: int, p: int, d: int) -> int:
    """You divided only n by the stride.

    The whole distance the kernel can move, n + 2p - span, is divided by s. Subtract first, then divide.
    """
    return n // s - _span(k, d) + 2 * p + 1


@_size("out-kernel-both-sides", family="scale")
def kernel_both_sides(n: int, k: int, s: int, p: int, d: int) -> int:
    """You subtracted the kernel twice.

    The padding stands on both sides, the kernel does not: n + 2p - span. Subtract the span once.
    """
    return (n + 2 * p - 2 * _span(k, d)) // s + 1


@_size("out-kernel-half", family="scale")
def kernel_half(n: int, k: int, s: int, p: int, d: int) -> int:
    """You subtracted half of the kernel, as if only its centre had to stay inside.

    The whole kernel has to lie inside the padded input. Subtract the full span.
    """
    return (n + 2 * p - _span(k, d) // 2) // s + 1


@_fits("fits-always-true", family="omission")
def fits_always_true(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You said that the windows fit although the last step leaves a remainder.

    They fit exactly if s divides n + 2p - span. Compute the remainder of that division.
    """
    return True


@_fits("fits-inverted", family="sign")
def fits_inverted(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You answered the opposite: a remainder of 0 means that the windows fit.

    They fit exactly if s divides n + 2p - span. Compare the remainder with 0 using ==.
    """
    return (n + 2 * p - _span(k, d)) % s != 0


@_fits("fits-padding-ignored", family="omission")
def fits_padding_ignored(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You judged the fit without the padding.

    The last window has to end at the border of the padded input. Divide n + 2p - span by s.
    """
    return (n - _span(k, d)) % s == 0


@_fits("fits-padding-one-side", family="scale")
def fits_padding_one_side(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You judged the fit with the padding on one side only.

    Padding p stands on both sides. Divide n + 2p - span by s.
    """
    return (n + p - _span(k, d)) % s == 0


@_fits("fits-dilation-ignored", family="omission")
def fits_dilation_ignored(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You judged the fit with the undilated kernel.

    A dilated kernel spans d(k-1)+1. Divide n + 2p minus this span by s.
    """
    return (n + 2 * p - k) % s == 0


@_fits("fits-plus1-included", family="off-by-one")
def fits_plus1_included(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You divided the number n + 2p - span + 1 by the stride.

    The distance the kernel can move is n + 2p - span; the 1 is added after dividing. Leave the 1 out.
    """
    return (n + 2 * p - _span(k, d) + 1) % s == 0


@_fits("fits-input-divisible", family="wrong-op")
def fits_input_divisible(n: int, k: int, s: int, p: int, d: int) -> bool:
    """You checked whether the stride divides the input.

    What has to be divisible is the distance the kernel can move, n + 2p - span. Subtract the span first.
    """
    return n % s == 0


# ------------------------------------------------- code: one wrong number behind both the size and the fit

_NUMERATORS: tuple[tuple[str, Callable[..., int]], ...] = (
    ("out-padding-one-side", lambda n, k, p, d: n + p - _span(k, d)),
    ("out-padding-ignored", lambda n, k, p, d: n - _span(k, d)),
    ("out-plus1-inside", lambda n, k, p, d: n + 2 * p - _span(k, d) + 1),
    ("out-dilation-ignored", lambda n, k, p, d: n + 2 * p - k),
    ("out-effective-kernel-dk", lambda n, k, p, d: n + 2 * p - d * k),
    ("out-one-gap-only", lambda n, k, p, d: n + 2 * p - (k + d - 1)),
    ("out-gap-off-by-one", lambda n, k, p, d: n + 2 * p - (k + d * (k - 1))),
)


def _throughout(name: str, numerator: Callable[..., int]) -> None:
    """Register the code that computes the length to divide once, wrongly, and uses it for size and fit."""
    size = next(m for m in mistakes_of(conv_output_size) if m.name == name)
    start = 0 if name == "out-plus1-inside" else 1

    def spoilt(right: Any) -> Any:
        def conv_out(n: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> tuple[int, bool]:
            left = numerator(n, k, p, d)
            return left // s + start, left % s == 0

        return {**right, "conv_out": conv_out}

    spoilt.__doc__ = (
        f"{size.what} Your answer whether the windows fit comes from the same number.\n\n{size.how}"
    )
    mistake("conv_out", f"{name}-throughout", family=size.family, kind="behaviour")(spoilt)


for _name, _numerator in _NUMERATORS:
    _throughout(_name, _numerator)


@mistake("conv_out", "returns-swapped", family="order", kind="behaviour")
def returns_swapped(right: Any) -> Any:
    """You return whether the windows fit first and the size second.

    Return (size, fits), in this order.
    """
    return {**right, "conv_out": lambda *args, **named: right["conv_out"](*args, **named)[::-1]}
