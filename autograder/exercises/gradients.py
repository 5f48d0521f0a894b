"""Write the numeric gradient and the check it is for: functions that are given functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, repeated
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
    steep = Source(_CUBIC, "make", (rng.uniform(0.5e6, 2e6, size=5),))  # here eps^2 |f'''| / 6 is some 1e-4
    rows = [
        ("a vector", "a sum of cubes", cubic[0], x1, "C", {}),
        ("a vector", "entries that act together", smooth, x4, "C", {}),
        ("a matrix", "a sum of cubes", cubic[1], x2, "F", {}),
        ("a matrix", "a matrix product inside", product, x2, "strided", {}),
        ("three axes", "a sum of cubes", cubic[2], x3, "C", {}),
        ("another eps", "eps = 1e-4", cubic[0], x1, "C", {"eps": 1e-4}),
        ("the default of eps", "steep cubes, where eps shows", steep, 1e-3 * x1, "C", {}),
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


# --- comparing gradients -------------------------------------------------------------------------


def rel_error(a: Any, b: Any) -> float:
    """Return the largest |a - b| / max(1e-8, |a| + |b|) over all entries."""
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))


_TWO = np.array([[1.0, 2.0, 0.0], [1.1, 2.0, 0.0]])
_MIXED = np.array([[1e-6, 5.0], [3e-6, 5.5]])


def _error_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(a: Any, b: Any, layout: str = "C") -> Call:
        return Call("rel_error", (a, b), layouts={"*": layout})

    def near(shape: tuple[int, ...], by: float) -> tuple[Any, Any]:
        a = rng.uniform(1.0, 3.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
        return a, a * (1.0 + by * rng.uniform(0.2, 1.0, size=shape) * rng.choice([-1.0, 1.0], size=shape))

    a, b = near((3, 4), 0.1)
    made = [
        Trial("two vectors", (call(_TWO[0], _TWO[1]),), "worked example", public=True),
        Trial("equal arrays", (call(a, a),), "equal or opposite"),
        Trial("opposite arrays", (call(a, -a),), "equal or opposite"),
        Trial("a vector", (call(*near((5,), 0.1)),), "small differences"),
        Trial("a table", (call(a, b, "F"),), "small differences"),
        Trial("three axes", (call(*near((2, 3, 2), 0.5), "strided"),), "small differences"),
        Trial("the first one larger", (call(1.5 * np.abs(a), np.abs(a)),), "small differences"),
        Trial("very small numbers", (call(1e-3 * a, 1e-3 * b, "readonly"),), "numbers of other sizes"),
        Trial("numbers next to nothing", (call(1e-9 * a, 1e-9 * b),), "numbers of other sizes"),  # the 1e-8 decides
        Trial("very different numbers", (call(_MIXED[0], _MIXED[1]),), "numbers of other sizes"),
        Trial("zeros on both sides", (call(np.array([0.0, 0.0, 2.0]), np.array([0.0, 0.0, 2.5])),), "zeros"),
        Trial("a zero on one side", (call(np.array([0.0, 2.0]), np.array([0.3, 2.5])),), "zeros"),
    ]  # fmt: skip
    return [*made, repeated("the same call twice", call(a, b))]


exercise(
    "rel_error", title="Relative error of two arrays", topic="gradients", op=None, trials=_error_trials,
    functions=lambda _impl: {"rel_error": rel_error}, results=("error",),
)  # fmt: skip


def grad_check(forward: Any, backward: Any, x: Any, dy: Any) -> float:
    """Return rel_error of backward(dy, cache) and the numeric gradient of sum(forward(x)[0] * dy)."""
    _, cache = forward(x)
    return rel_error(backward(dy, cache), num_grad(lambda moved: float(np.sum(forward(moved)[0] * dy)), x))


# Pairs to be checked; the backward is right for by = 1 and wrong otherwise.
_PAIRS = """
def forward_of(a):
    return lambda x: (np.tanh(a * x), x)


def backward_of(a, by):
    return lambda dy, cache: by * dy * a * (1.0 - np.tanh(a * cache) ** 2)


def backward_alone(a, by):
    return lambda dy, cache: by * a * (1.0 - np.tanh(a * cache) ** 2)


forward_alone = forward_of


def forward_mixed(m):
    return lambda x: (x @ m + 0.5 * (x @ m) ** 2, x)


def backward_mixed(m, by):
    return lambda dy, cache: by * (dy * (1.0 + cache @ m)) @ m.T
"""
# Central differences of these functions are off by some 1e-10 of the gradient, one-sided ones by some 1e-6.
CHECKED = 2e-7


def _check_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def trial(
        group: str, name: str, kind: str, by: float, shape: tuple[int, ...], layout: str = "C"
    ) -> Trial:
        x, a = rng.uniform(0.2, 0.8, size=shape), rng.uniform(0.6, 1.2, size=shape)
        dy = rng.uniform(0.5, 2.0, size=shape)
        if kind == "mixed":
            a = rng.uniform(0.3, 1.0, size=(shape[1], 2))
            dy = rng.uniform(0.5, 2.0, size=(shape[0], 2))
        pair = Source(_PAIRS, f"forward_{kind}", (a,)), Source(_PAIRS, f"backward_{kind}", (a, by))
        call = Call("grad_check", (*pair, x, dy), layouts={"*": layout})
        return Trial(name, (call,), group, allowed=CHECKED)

    rows = (
        ("a right backward", "entry by entry", "of", 1.0, (4,)),
        ("a right backward", "a matrix product", "mixed", 1.0, (2, 3)),
        ("a backward off by 10 percent", "entry by entry", "of", 1.1, (3, 2)),
        ("a backward off by 10 percent", "a matrix product", "mixed", 0.9, (3, 3)),
        ("a backward of the wrong sign", "entry by entry", "of", -1.0, (3,)),
        ("a backward that is zero", "a matrix product", "mixed", 0.0, (2, 2)),
        ("a backward that forgets dy", "entry by entry", "alone", 1.0, (2, 3)),
    )
    made = [trial(*row) for row in rows]
    again = trial("", "", "of", 1.2, (3, 2)).calls[0]
    return [
        *made,
        Trial(
            "the same call twice", (again, again), "same result twice", (0, 1), "behaviour", allowed=CHECKED
        ),
    ]


exercise(
    "grad_check", title="A gradient check", topic="gradients", op=None, trials=_check_trials, results=("error",),
    functions=lambda _impl: {"grad_check": grad_check, "rel_error": rel_error, "num_grad": num_grad},
)  # fmt: skip
