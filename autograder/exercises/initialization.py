"""Write the first weights of a network, and see what they do to the activations layer by layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, repeated
from autograder.sandbox._script import Call, Rng, Source
from reference import activation_statistics

TOPIC = "initialization"
SCHEMES = ("constant", "small", "xavier_normal", "xavier_uniform", "he")
SMALL, CONSTANT = 0.01, 0.5


# --- weights -------------------------------------------------------------------------------------


def init_weights(fan_in: int, fan_out: int, scheme: str, rng: np.random.Generator) -> np.ndarray:
    """Draw W[fan_out, fan_in] as the scheme asks; any draw with these properties is right."""
    shape = (fan_out, fan_in)
    if scheme == "constant":
        return np.full(shape, CONSTANT)
    std = spread_of(scheme, fan_in, fan_out)
    if scheme == "xavier_uniform":
        return rng.uniform(-math.sqrt(3) * std, math.sqrt(3) * std, size=shape)
    return rng.normal(0.0, std, size=shape)


def spread_of(scheme: str, fan_in: int, fan_out: int) -> float:
    """Return the standard deviation a scheme asks for."""
    variances = {"small": SMALL**2, "he": 2 / fan_in}
    return math.sqrt(variances.get(scheme, 2 / (fan_in + fan_out)))


def _others(scheme: str, fan_in: int, fan_out: int) -> dict[str, float]:
    """Name the spreads that mistaken formulas give, for the complaint."""
    std = spread_of(scheme, fan_in, fan_out)
    found = {
        "weights with this variance as standard deviation (the square root is missing)": std**2,
        "sqrt(1 / fan_in)": math.sqrt(1 / fan_in),
        "sqrt(2 / fan_in)": math.sqrt(2 / fan_in),
        "sqrt(2 / fan_out)": math.sqrt(2 / fan_out),
        "sqrt(1 / (fan_in + fan_out))": math.sqrt(1 / (fan_in + fan_out)),
        "sqrt(2 / (fan_in + fan_out))": math.sqrt(2 / (fan_in + fan_out)),
        "uniform weights whose limit is the standard deviation": std / math.sqrt(3),
        "normal weights whose standard deviation is the limit of the uniform ones": std * math.sqrt(3),
        "weights from 0 to the limit only": std / 2,
        "weights of standard deviation 1": 1.0,
    }
    return {name: other for name, other in found.items() if abs(other - std) > 1e-9}


# Large enough that the spread of the weights tells the schemes apart, uneven so that the fans are.
_FANS = ((80, 30), (25, 100))


def _weight_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = []
    for scheme in SCHEMES:
        for fan_in, fan_out in _FANS:
            first, second = (int(s) for s in rng.integers(1, 2**31, size=2))
            calls = tuple(
                Call("init_weights", (fan_in, fan_out, scheme, Rng(s))) for s in (first, first, second)
            )
            facts = {"fan_in": fan_in, "fan_out": fan_out, "scheme": scheme}
            if scheme == "constant":
                facts |= {"value": CONSTANT}
            else:
                facts |= {
                    "std": spread_of(scheme, fan_in, fan_out),
                    "others": _others(scheme, fan_in, fan_out),
                }
            made.append(Trial(f"{fan_in} in, {fan_out} out", calls, scheme, (0, 1, 2), facts=facts))
    return made


exercise(
    "init_weights", title="Initial weights", topic=TOPIC, op=None,
    functions=lambda _impl: {"init_weights": init_weights}, trials=_weight_trials, results=("W",),
    rule="init_weights",
)  # fmt: skip


# --- activations ---------------------------------------------------------------------------------


def _stats(impl: Implementation) -> Functions:
    def activation_stats(Ws: Any, X: Any, act: Any) -> Any:
        found = impl.forward(Ws, X, act)
        return None if found is None else tuple(found)

    return {"activation_stats": activation_stats}


_TANH = Source("def act(x):\n    return np.tanh(x)", "act")
_RELU = Source("def act(x):\n    return np.maximum(x, 0.0)", "act")
_SAME = Source("def act(x):\n    return x", "act")


def _stats_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def weights(*widths: int) -> list[np.ndarray]:
        return [rng.normal(size=(m, n)) for n, m in pairwise(widths)]

    example = ([np.eye(2), np.array([[1.0, 1.0]])], np.array([[1.0, -1], [3, 1]]), _SAME)
    rows = [
        ("one layer", "one tanh layer", weights(3, 4), (5, 3), _TANH, "C"),
        ("several layers", "tanh, widths 4, 5, 3", weights(4, 5, 3), (6, 4), _TANH, "F"),
        ("several layers", "ReLU, widths 3, 6, 2, 4", weights(3, 6, 2, 4), (5, 3), _RELU, "strided"),
        ("layers of equal width", "tanh, all widths 3", weights(3, 3, 3, 3), (4, 3), _TANH, "readonly"),
        ("layers of equal width", "ReLU, all widths 4", weights(4, 4, 4), (4, 4), _RELU, "C"),
    ]
    made = [
        Trial("two small layers", (Call("activation_stats", example),), "worked example", public=True),
    ]
    for group, name, ws, shape, act, layout in rows:
        given = (ws, rng.normal(size=shape) + 0.5, act)
        made.append(Trial(name, (Call("activation_stats", given, layouts={"args[1]": layout}),), group))
    call = Call("activation_stats", (weights(3, 4, 2), rng.normal(size=(5, 3)), _TANH))
    return [*made, repeated("the same call twice", call)]


exercise(
    "activation_stats", title="Activations layer by layer", topic=TOPIC, op=activation_statistics,
    functions=_stats, trials=_stats_trials, results=("mean", "std"),
)  # fmt: skip
