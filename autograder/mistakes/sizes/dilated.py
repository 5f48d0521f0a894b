"""Mistakes of the span of a dilated kernel, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake


def _span(name: str, **facts: Any) -> Callable[[Callable[[int, int], int]], Mistake]:
    """Register a wrong span of k taps with dilation d; the parts after it follow from it."""

    def register(wrong: Callable[[int, int], int]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> dict[str, Any]:
            span = wrong(params["k"], params["dilation"])
            room = params["n"] + 2 * params["padding"] - span
            found = {"span": span, "size": room // params["stride"] + 1}
            return {**found, "keep": (span - 1) / 2} if params["keep"] else found

        return mistake("DIL-1", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_span("span-dk", family="off-by-one")
def span_dk(k: int, d: int) -> int:
    """You took d*k as the span.

    k taps have k-1 gaps between them: d(k-1)+1. Draw the taps of k = 2, d = 2: they span 3.
    """
    return d * k


@_span("span-k-plus-d", family="wrong-op")
def span_k_plus_d(k: int, d: int) -> int:
    """You added the dilation to the kernel's size.

    Each of the k-1 gaps gets d-1 more places. Use k + (k-1)(d-1).
    """
    return k + d


@_span("span-one-gap", family="omission")
def span_one_gap(k: int, d: int) -> int:
    """You widened one gap only.

    All k-1 gaps between the taps are widened by d-1. Multiply by k-1.
    """
    return k + d - 1


@_span("span-last-tap-forgotten", family="off-by-one")
def span_last_tap(k: int, d: int) -> int:
    """You gave the distance from the first to the last tap.

    Both end taps count as pixels: d(k-1)+1. Add 1.
    """
    return d * (k - 1)


@_span("span-dilation-minus-one", family="off-by-one")
def span_dilation_minus_one(k: int, d: int) -> int:
    """You put neighbouring taps d-1 apart.

    Dilation d puts taps d apart, with d-1 places between. Use d(k-1)+1.
    """
    return (k - 1) * (d - 1) + 1


@_span("span-dk-minus-one", family="off-by-one")
def span_dk_minus_one(k: int, d: int) -> int:
    """You took d*k - 1 as the span; that is right for d = 2 only.

    Taking one gap away from d*k leaves d*k - (d-1). Use d(k-1)+1.
    """
    return d * k - 1


@mistake("DIL-1", "keep-both-sides", family="scale")
def keep_both_sides(params: dict[str, Any]) -> dict[str, Any] | None:
    """You gave the padding of both sides together.

    The padding p stands on each side, so 2p = span - 1. Divide by 2.
    """
    return {"keep": params["dilation"] * (params["k"] - 1)} if params["keep"] else None


@mistake("DIL-1", "keep-dilation-ignored", family="omission")
def keep_undilated(params: dict[str, Any]) -> dict[str, Any] | None:
    """You took the padding of the kernel without dilation.

    The padding has to make up for the whole span: 2p = d(k-1). Use the span.
    """
    return {"keep": (params["k"] - 1) / 2} if params["keep"] else None
