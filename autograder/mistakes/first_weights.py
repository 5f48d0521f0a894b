"""Mistakes of finding the spread of first weights by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograder.mistakes import mistake
from reference import initialization_std


def _std(
    name: str, family: str, what: str, how: str, variance: Callable[[int, int, str], float], **more: Any
) -> None:
    """Register a wrong variance: a function of fan_in, fan_out and the scheme."""

    def wrong(fan_in: int, fan_out: int, scheme: str) -> float:
        initialization_std(fan_in, fan_out, scheme)  # refuses what the op refuses
        return math.sqrt(variance(fan_in, fan_out, scheme))

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake(initialization_std, name, family=family, **more)(wrong)


def _right(fan_in: int, fan_out: int, scheme: str) -> float:
    return float(initialization_std(fan_in, fan_out, scheme) ** 2)


_std(
    "init-variance-for-std", "omission", "You gave the variance; the square root is missing.",
    "The schemes are written as variances. Take the root.",
    lambda i, o, s: _right(i, o, s) ** 2,
)  # fmt: skip
_std(
    "init-without-2", "omission", "You left the factor 2 out.",
    "The variance is 2/n_in (He) or 2/(n_in + n_out) (Xavier). Put the 2 back.",
    lambda i, o, s: _right(i, o, s) / 2 if s != "xavier_fan_in" else _right(i, o, s) * 2,
)  # fmt: skip
_std(
    "init-std-doubled", "order", "You took the 2 out of the root: 2 times the root of 1/n.",
    "The 2 belongs to the variance. Double first, then take the root.",
    lambda i, o, s: _right(i, o, s) * 2,
)  # fmt: skip
_std(
    "init-other-scheme", "swap", "You used the other scheme's formula.",
    "Xavier looks at both fans, 2/(n_in + n_out); He at n_in alone, 2/n_in.",
    lambda i, o, s: _right(i, o, "xavier" if s == "he" else "he"),
)  # fmt: skip
_std(
    "init-xavier-fan-in-only", "convention", "You used 1/n_in for Xavier, as some courses do.",
    "Here it is 2/(n_in + n_out). Use both fans.",
    lambda i, o, s: _right(i, o, "xavier_fan_in" if s == "xavier" else s),
)  # fmt: skip
_std(
    "init-fan-out-for-fan-in", "swap", "You divided by the number of outputs in the He scheme.",
    "A unit adds up n_in products, so n_in decides. Divide by n_in.",
    lambda i, o, s: _right(o, i, s),
)  # fmt: skip


# ------------------------------------------------------------------------------------ the question


def _fans(params: dict[str, Any]) -> tuple[int, int, int]:
    """Return channels (or units) in and out, and the side of the kernel."""
    out, inputs, *kernel = params["shape"]
    return inputs, out, kernel[0] if kernel else 0


def _answer(params: dict[str, Any], fan_in: int, fan_out: int) -> dict[str, Any]:
    std = initialization_std(fan_in, fan_out, params["scheme"])
    return {"fan_in": fan_in, "fan_out": fan_out, "spread": math.sqrt(3) * std if params["uniform"] else std}


@mistake("INIT-1", "init-fans-exchanged", family="swap")
def fans_exchanged(params: dict[str, Any]) -> Any:
    """You exchanged what goes in and what goes out.

    n_in counts the numbers that one unit adds up, n_out the sums in which one number appears. Exchange them.
    """
    inputs, out, k = _fans(params)
    return _answer(params, out * (k**2 or 1), inputs * (k**2 or 1))


@mistake("INIT-1", "init-kernel-forgotten", family="omission")
def kernel_forgotten(params: dict[str, Any]) -> Any:
    """You counted channels only; the size of the kernel is missing.

    One unit reads a whole window in every channel. Multiply both counts by the area of the kernel.
    """
    inputs, out, k = _fans(params)
    return _answer(params, inputs, out) if k else None


@mistake("INIT-1", "init-kernel-not-squared", family="scale")
def kernel_not_squared(params: dict[str, Any]) -> Any:
    """You multiplied by the side of the kernel, not by its area.

    A window has rows and columns. Multiply by the square of the side.
    """
    inputs, out, k = _fans(params)
    return _answer(params, inputs * k, out * k) if k else None


@mistake("INIT-1", "init-kernel-in-only", family="scope")
def kernel_in_only(params: dict[str, Any]) -> Any:
    """You multiplied the inputs by the area of the kernel but not the outputs.

    Each number is read by as many windows of every filter as the kernel has pixels. Multiply both.
    """
    inputs, out, k = _fans(params)
    return _answer(params, inputs * k**2, out) if k else None


def _limit(name: str, family: str, what: str, how: str, wrong: Callable[[float], float]) -> None:
    def mistaken(params: dict[str, Any]) -> Any:
        if not params["uniform"]:
            return None
        inputs, out, k = _fans(params)
        std = initialization_std(inputs * (k**2 or 1), out * (k**2 or 1), params["scheme"])
        return {"spread": wrong(std)}

    mistaken.__doc__ = f"{what}\n\n{how}"
    mistake("INIT-1", name, family=family)(mistaken)


_limit(
    "init-limit-is-std", "omission", "You gave the standard deviation as the limit.",
    "Uniform numbers between -a and a have the standard deviation a/sqrt(3). Multiply by sqrt(3).",
    lambda std: std,
)  # fmt: skip
_limit(
    "init-limit-without-root", "omission", "You multiplied by 3 instead of its root.",
    "The variance is a squared over 3, so a is sqrt(3) times the standard deviation.",
    lambda std: 3 * std,
)  # fmt: skip
_limit(
    "init-limit-divided", "order", "You divided by sqrt(3), which makes the limit smaller than the standard deviation.",
    "The limit is the larger of the two. Multiply by sqrt(3).",
    lambda std: std / math.sqrt(3),
)  # fmt: skip
_limit(
    "init-limit-squared", "omission", "You gave the square of the limit; a root is missing.",
    "First take the root of the variance, then multiply by sqrt(3).",
    lambda std: 3 * std**2,
)  # fmt: skip
