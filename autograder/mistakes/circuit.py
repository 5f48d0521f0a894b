"""What goes wrong in the sigmoid circuit. Each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]


def _spoilt(right: Functions, **spoilt: Any) -> Functions:
    return {**right, **spoilt}


def _circuit(change: Callable[..., float]) -> Callable[..., Any]:
    def circuit_forward(w0: float, x0: float, w1: float, x1: float, w2: float) -> Any:
        return {"w0": w0, "x0": x0, "w1": w1, "x1": x1, "w2": w2, "f": change(w0, x0, w1, x1, w2)}

    return circuit_forward


@mistake("circuit_forward", "exponent-plus", family="sign")
def exponent_plus(right: Functions) -> Functions:
    """You compute 1 / (1 + e^a): the minus sign of the exponent is missing.

    The sigmoid is 1 / (1 + e^-a).
    """

    def f(w0: float, x0: float, w1: float, x1: float, w2: float) -> float:
        return float(1 / (1 + np.exp(w0 * x0 + w1 * x1 + w2)))

    return _spoilt(right, circuit_forward=_circuit(f))


@mistake("circuit_forward", "bias-forgotten", family="omission")
def bias_forgotten(right: Functions) -> Functions:
    """You leave out w2.

    The sum is w0 x0 + w1 x1 + w2.
    """

    def f(w0: float, x0: float, w1: float, x1: float, w2: float) -> float:
        return float(1 / (1 + np.exp(-(w0 * x0 + w1 * x1))))

    return _spoilt(right, circuit_forward=_circuit(f))


@mistake("circuit_forward", "gate-missing", family="omission")
def gate_missing(right: Functions) -> Functions:
    """You store the sum as f: the sigmoid is missing.

    Pass the sum through 1 / (1 + e^-a) and store that as f.
    """

    def f(w0: float, x0: float, w1: float, x1: float, w2: float) -> float:
        return w0 * x0 + w1 * x1 + w2

    return _spoilt(right, circuit_forward=_circuit(f))


@mistake("circuit_forward", "second-input-first", family="swap")
def second_input_first(right: Functions) -> Functions:
    """You pair the weights with the wrong inputs: w0 with x1 and w1 with x0.

    Each weight belongs to the input of its own number: w0 x0 + w1 x1 + w2.
    """

    def f(w0: float, x0: float, w1: float, x1: float, w2: float) -> float:
        return float(1 / (1 + np.exp(-(w0 * x1 + w1 * x0 + w2))))

    return _spoilt(right, circuit_forward=_circuit(f))


@mistake("circuit_forward", "fraction-upside-down", family="orientation")
def fraction_upside_down(right: Functions) -> Functions:
    """You store the denominator 1 + e^-a as f: the last gate, 1/x, is missing.

    The sigmoid is 1 / (1 + e^-a).
    """

    def f(w0: float, x0: float, w1: float, x1: float, w2: float) -> float:
        return float(1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))

    return _spoilt(right, circuit_forward=_circuit(f))


def _slope(name: str, family: str, what: str, how: str, change: Callable[[Any], tuple[float, ...]]) -> None:
    def wrong(right: Functions) -> Functions:
        return _spoilt(right, circuit_backward=change)

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("circuit_backward", name, family=family)(wrong)


def _five(c: Any, da: float) -> tuple[float, ...]:
    return da * c["x0"], da * c["w0"], da * c["x1"], da * c["w1"], da


_slope(
    "mul-own-value", "swap",
    "You multiply by the input's own value instead of the other one: dw0 by w0, dx0 by x0.",
    "The gradient towards w0 is the one from the right times x0, and the other way round.",
    lambda c: (lambda g: (g[1], g[0], g[3], g[2], g[4]))(_five(c, c["f"] * (1 - c["f"]))),
)  # fmt: skip
_slope(
    "slope-is-f", "omission",
    "You use f itself as the slope of the sigmoid.",
    "The slope is f (1 - f): multiply by (1 - f), too.",
    lambda c: _five(c, c["f"]),
)  # fmt: skip
_slope(
    "slope-missing", "omission",
    "You leave out the sigmoid on the way back, as if f were the sum itself.",
    "Multiply all gradients by the slope f (1 - f).",
    lambda c: _five(c, 1.0),
)  # fmt: skip
_slope(
    "slope-of-the-sum", "wrong-op",
    "You compute the slope of the sigmoid from the sum, a (1 - a), instead of from the output.",
    "The slope is f (1 - f) with f the output of the sigmoid.",
    lambda c: _five(c, c["a"] * (1 - c["a"])),
)  # fmt: skip
_slope(
    "sign-swapped", "sign",
    "All your gradients have the wrong sign: one of the two minus signs (the gate -1 and that of 1/x) is missing.",
    "The slope of the sigmoid is positive: count the minus signs on the way back, there are two.",
    lambda c: _five(c, -c["f"] * (1 - c["f"])),
)  # fmt: skip
_slope(
    "bias-times-input", "wrong-op",
    "You multiply the gradient of w2 by an input.",
    "w2 is added alone: its gradient is that of the sum.",
    lambda c: (*_five(c, c["f"] * (1 - c["f"]))[:4], c["f"] * (1 - c["f"]) * c["x1"]),
)  # fmt: skip


_slope(
    "bias-gradient-one", "omission",
    "You return 1 for the gradient of w2: what comes from the right is missing.",
    "w2 is added, so its local slope is 1; multiply it by the gradient from the right, f (1 - f).",
    lambda c: (*_five(c, c["f"] * (1 - c["f"]))[:4], 1.0),
)  # fmt: skip
_slope(
    "slope-not-squared", "wrong-op",
    "You use 1 - f as the slope of the sigmoid.",
    "The slope is f (1 - f): multiply by f, too.",
    lambda c: _five(c, 1 - c["f"]),
)  # fmt: skip
_slope(
    "bias-gradient-times-itself", "wrong-op",
    "You multiply the gradient of w2 by w2.",
    "w2 is added alone: its gradient is that of the sum, f (1 - f).",
    lambda c: (*_five(c, c["f"] * (1 - c["f"]))[:4], c["f"] * (1 - c["f"]) * c["w2"]),
)  # fmt: skip


@mistake("circuit_forward", "bias-subtracted", family="sign")
def bias_subtracted(right: Functions) -> Functions:
    """You subtract w2 from the sum.

    The sum is w0 x0 + w1 x1 + w2.
    """

    def f(w0: float, x0: float, w1: float, x1: float, w2: float) -> float:
        return float(1 / (1 + np.exp(-(w0 * x0 + w1 * x1 - w2))))

    return _spoilt(right, circuit_forward=_circuit(f))
