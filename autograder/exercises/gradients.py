"""Write the numeric gradient: a function that is given a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise
from autograder.sandbox._script import Call, Source

# Central differences with eps = 1e-5 on these functions: truncation eps^2 |f'''| / 6 stays below 1e-9 and
# rounding u |f| / eps below 1e-9; a one-sided difference is off by eps |f''| / 2, about 1e-5.
ALLOWED = 1e-7

_CUBIC = "def make(a):\n    def f(x):\n        return float(np.sum(a * x**3))\n    return f"
_PRODUCT = "def make(m, g):\n    def f(x):\n        return float(np.sum((x @ m) ** 2 * g))\n    return f"
_SMOOTH = "def make(a):\n    def f(x):\n        return float(np.sum(np.sin(a * x)) + np.prod(np.cos(x)))\n    return f"


def num_grad(f: Any, x: Any, eps: float = 1e-5) -> np.ndarray:
    """Compute dx[i] = (f(x + eps e_i) - f(x - eps e_i)) / (2 eps) for every entry."""
    dx = np.zeros(np.shape(x))
    for i in np.ndindex(dx.shape):
        moved = np.zeros(np.shape(x))
        moved[i] = eps
        dx[i] = (f(x + moved) - f(x - moved)) / (2 * eps)
    return dx


def _functions(_impl: Implementation) -> Functions:
    return {"num_grad": num_grad}


def _trials(rng: np.random.Generator) -> Sequence[Trial]:
    x1, x2, x3 = rng.normal(size=5), rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 2))
    cubic = [Source(_CUBIC, "make", (rng.uniform(0.5, 2.0, size=x.shape),)) for x in (x1, x2, x3)]
    product = Source(_PRODUCT, "make", (rng.normal(size=(4, 2)), rng.normal(size=(3, 2))))
    smooth = Source(_SMOOTH, "make", (rng.uniform(0.5, 1.5, size=4),))
    x4 = rng.uniform(0.2, 1.0, size=4)
    rows = [
        ("a vector", "a sum of cubes", cubic[0], x1, "C", {}),
        ("a vector", "entries that act together", smooth, x4, "C", {}),
        ("a matrix", "a sum of cubes", cubic[1], x2, "F", {}),
        ("a matrix", "a matrix product inside", product, x2, "strided", {}),
        ("three axes", "a sum of cubes", cubic[2], x3, "C", {}),
        ("another eps", "eps = 1e-4", cubic[0], x1, "C", {"eps": 1e-4}),
    ]
    made = [
        Trial(name, (Call("num_grad", (f, x), more, layouts={"args[1]": layout}),), group, allowed=ALLOWED)
        for group, name, f, x, layout, more in rows
    ]
    call = Call("num_grad", (cubic[1], x2))
    return [
        *made,
        Trial("the same call twice", (call, call), "same result twice", (0, 1), "behaviour", allowed=ALLOWED),
    ]


exercise(
    "num_grad", title="Numeric gradient", topic="gradients", op=None, functions=_functions, trials=_trials,
    results=("dx",),
)  # fmt: skip
