"""Mistakes of Keras' padding rules, "same" and "valid"."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import SamePadding, same_padding


def _same(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong (size, before, after) of the truth and n, span, stride; None where it does not apply."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(n: int, k: int, stride: int = 1, dilation: int = 1) -> SamePadding | None:
            truth = same_padding(n, k, stride, dilation)
            return wrong(truth, n, dilation * (k - 1) + 1, stride)

        return mistake(same_padding, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_same("same-keeps-the-size", family="omission")
def same_keeps_the_size(truth: SamePadding, n: int, span: int, stride: int) -> SamePadding:
    """You gave the size of the input, but the stride is not 1.

    "same" keeps the size only for stride 1; otherwise it is n/s, rounded up. Divide by the stride.
    """
    return SamePadding(n, *truth[1:])


@_same("same-symmetric", family="rounding")
def same_symmetric(truth: SamePadding, n: int, span: int, stride: int) -> SamePadding:
    """You put equally many zeros on both sides although their number is odd.

    Only as many zeros as needed are added; the odd one goes after the input. Split the total.
    """
    half = -(-(truth.before + truth.after) // 2)
    return SamePadding(truth.size, half, half)


@_same("same-extra-zero-first", family="swap")
def same_extra_first(truth: SamePadding, n: int, span: int, stride: int) -> SamePadding:
    """You put the odd zero before the input.

    Keras puts it after the input. Exchange the two numbers.
    """
    return SamePadding(truth.size, truth.after, truth.before)


@_same("same-half-kernel", family="omission")
def same_half_kernel(truth: SamePadding, n: int, span: int, stride: int) -> SamePadding:
    """You took half of the kernel on both sides, whatever the stride and the input are.

    The zeros needed are (size - 1)*s + span - n in total. Compute them from this sum.
    """
    return SamePadding(truth.size, span // 2, span // 2)


@_same("same-stride-ignored-in-zeros", family="omission")
def same_zeros_of_stride_one(truth: SamePadding, n: int, span: int, stride: int) -> SamePadding:
    """You added span - 1 zeros, which is right for stride 1 only.

    With a stride fewer zeros are needed: (size - 1)*s + span - n. Put the stride in.
    """
    return SamePadding(truth.size, (span - 1) // 2, span - 1 - (span - 1) // 2)


@mistake("CARITH-4", "same-rounded-down", family="rounding")
def same_rounded_down(params: dict[str, Any]) -> dict[str, Any]:
    """You rounded n/s down.

    "same" rounds up, so that every input is covered. Use ceil(n/s).
    """
    size = params["n"] // params["stride"]
    zeros = max((size - 1) * params["stride"] + params["dilation"] * (params["k"] - 1) + 1 - params["n"], 0)
    return {"same": size, "zeros": [zeros // 2, zeros - zeros // 2]}


@mistake("CARITH-4", "valid-rounded-up", family="rounding")
def valid_rounded_up(params: dict[str, Any]) -> dict[str, Any]:
    """You rounded up for "valid".

    "valid" leaves out a window that does not lie completely inside the input. Round the steps down.
    """
    span = params["dilation"] * (params["k"] - 1) + 1
    return {"valid": math.ceil((params["n"] - span) / params["stride"]) + 1}


@mistake("CARITH-4", "valid-taken-as-same", family="swap")
def valid_as_same(params: dict[str, Any]) -> dict[str, Any]:
    """You gave the size of "same" for "valid".

    "valid" adds no zeros: only windows inside the input count. Use floor((n - span)/s) + 1.
    """
    return {"valid": math.ceil(params["n"] / params["stride"])}


@mistake("CARITH-4", "valid-plus1-forgotten", family="off-by-one")
def valid_plus1_forgotten(params: dict[str, Any]) -> dict[str, Any]:
    """You counted the steps under "valid", not the positions: the +1 is missing.

    The kernel has one position before its first step. Add 1 after dividing.
    """
    span = params["dilation"] * (params["k"] - 1) + 1
    return {"valid": (params["n"] - span) // params["stride"]}
