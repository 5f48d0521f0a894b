"""Write optimizers: descent, momentum in both readings, the wiggle step, mini-batches and an epoch of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises import (
    GIVE_BACK,
    Functions,
    Implementation,
    Trial,
    exercise,
    many_draws,
    repeated,
    same_object,
)
from autograder.sandbox._script import Call, Handle, Rng, Source

TOPIC = "optimizers"

_BOWL = "def make(a, c):\n    def grad(w):\n        return a * (w - c)\n    return grad"
_COUPLED = "def make(m, c):\n    def grad(w):\n        return m @ (w - c)\n    return grad"
_CONSTANT = "def make(g):\n    def grad(w):\n        return g.copy()\n    return grad"


# --- what a right submission holds ---------------------------------------------------------------


def _walk(w0: Any, steps: int, step: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    path = [np.array(w0, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - step(path[-1]))
    return np.array(path)


def gd(grad: Any, w0: Any, lr: float, steps: int) -> np.ndarray:
    """Walk w <- w - lr grad(w); the path includes the start."""
    return _walk(w0, steps, lambda w: lr * grad(w))


def momentum_slide(grad: Any, w0: Any, lr: float, alpha: float, steps: int) -> np.ndarray:
    """Walk w <- w - lr (alpha g_old + g), with no old gradient in the first step."""
    old = np.zeros(len(w0))

    def step(w: np.ndarray) -> np.ndarray:
        nonlocal old
        g = grad(w)
        moved, old = lr * (alpha * old + g), g
        return moved

    return _walk(w0, steps, step)


def momentum_classical(grad: Any, w0: Any, lr: float, alpha: float, steps: int) -> np.ndarray:
    """Walk v <- alpha v + g, w <- w - lr v, from v = 0."""
    v = np.zeros(len(w0))

    def step(w: np.ndarray) -> np.ndarray:
        nonlocal v
        v = alpha * v + grad(w)
        return lr * v

    return _walk(w0, steps, step)


def wiggle_step(loss: Any, w: Any, eps: float) -> np.ndarray:
    """Move every weight by eps sgn(L(w) - L(w + eps e_i)), all looked at from the old w."""
    here = loss(w)
    return w + eps * np.array([np.sign(here - loss(w + eps * e)) for e in np.eye(len(w))])


def minibatches(N: int, batch: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut a shuffle of 0..N-1 into batches; the last one may be short."""
    order = rng.permutation(N)
    return [order[i : i + batch] for i in range(0, N, batch)]


def sgd_epoch(X: Any, y: Any, w: Any, grad: Any, lr: float, batch: int, order: Any) -> np.ndarray:
    """Walk one epoch, one step w <- w - lr grad(w, Xb, yb) for each batch of the order."""
    path = [np.array(w, dtype=float)]
    for i in range(0, len(order), batch):
        part = order[i : i + batch]
        path.append(path[-1] - lr * grad(path[-1], X[part], y[part]))
    return np.array(path)


def random_restarts(f: Any, grad: Any, starts: Any, lr: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Descend from every start; return the end where f is lowest, and all ends."""
    ends = np.array([gd(grad, start, lr, steps)[-1] for start in starts])
    return ends[int(np.argmin([f(end) for end in ends]))], ends


def iterations_per_epoch(n: int, batch: int) -> int:
    """Count the batches of one epoch, ceil(n / batch)."""
    return -(-n // batch)


def _functions(_impl: Implementation) -> Functions:
    functions = (
        gd, momentum_slide, momentum_classical, wiggle_step, minibatches, sgd_epoch, random_restarts,
        iterations_per_epoch,
    )  # fmt: skip
    return {f.__name__: f for f in functions}


# --- descents ------------------------------------------------------------------------------------


def _bowl(rng: np.random.Generator, n: int) -> Source:
    return Source(_BOWL, "make", (rng.uniform(0.5, 2.0, size=n), rng.normal(size=n)))


def _coupled(rng: np.random.Generator, n: int) -> Source:
    m = rng.normal(size=(n, n))
    return Source(_COUPLED, "make", (m @ m.T / n + np.eye(n), rng.normal(size=n)))


def _start(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(2.0, 4.0, size=n) * rng.choice([-1.0, 1.0], size=n)


def _kept(name: str, first: Call, second: Call) -> Trial:
    """Look at the first path again after a second walk."""
    calls = (first, second, Call(GIVE_BACK, (Handle("first"),)))
    return Trial(name, calls, "same result twice", (2,), "behaviour")


def _walks(name: str, rng: np.random.Generator, *alpha: float) -> list[Trial]:
    """Return the trials that every walk is put to; `alpha` is left out for plain descent."""

    def call(grad: Source, w0: Any, lr: float, steps: int, layout: str = "C", **more: Any) -> Call:
        return Call(name, (grad, w0, lr, *alpha, steps), layouts={"args[1]": layout}, **more)

    grad2, grad3 = _bowl(rng, 2), _coupled(rng, 3)
    w2, w3, other = _start(rng, 2), _start(rng, 3), _start(rng, 3)
    rows: list[tuple[Any, ...]] = [
        ("one weight", "one weight", _bowl(rng, 1), _start(rng, 1), 0.3, 5, "C"),
        ("several weights", "two weights", grad2, w2, 0.2, 4, "readonly"),
        ("several weights", "three weights that act together", grad3, w3, 0.1, 6, "strided"),
        ("number of steps", "one step", grad3, w3, 0.2, 1, "C"),
        ("number of steps", "as many steps as weights", grad3, w3, 0.2, 3, "C"),
        ("number of steps", "from the minimum", Source(_BOWL, "make", (w2, w2)), w2, 0.2, 3, "C"),
        (
            "a slope that stays",
            "a constant gradient",
            Source(_CONSTANT, "make", (w2,)),
            _start(rng, 2),
            0.5,
            5,
            "C",
        ),
    ]
    made = [Trial(title, (call(*row),), group) for group, title, *row in rows]
    return [
        *made,
        repeated("the same call twice", call(grad3, w3, 0.1, 3)),
        _kept(
            "another walk in between",
            call(grad3, w3, 0.1, 3, save="first", show="none"),
            call(grad3, other, 0.1, 3, show="none"),
        ),
        same_object(
            "one array, changed in between",
            lambda w, save, show: call(grad3, w, 0.1, 2, save=save, show="all" if show is None else show),
            w3,
        ),
    ]


def _square(c: float, a: float = 2.0) -> Source:
    return Source(_BOWL, "make", (np.array([a]), np.array([c])))


def _gd_trials(rng: np.random.Generator) -> Sequence[Trial]:
    lecture = [
        Trial(f"(w - 3)^2 with learning rate {lr}", (Call("gd", (_square(3.0), np.zeros(1), lr, 3)),),
              "worked example", public=True)
        for lr in (0.1, 1.0, 1.1)
    ]  # fmt: skip
    return [*lecture, *_walks("gd", rng)]


def _momentum_trials(name: str) -> Callable[[np.random.Generator], Sequence[Trial]]:
    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        call = Call(name, (_square(0.0), np.ones(1), 0.1, 0.5, 4))
        return [Trial("w^2 from w = 1", (call,), "worked example", public=True), *_walks(name, rng, 0.8)]

    return trials


exercise(
    "gd", title="Gradient descent", topic=TOPIC, op=None, functions=_functions, trials=_gd_trials, results=("path",),
)  # fmt: skip
exercise(
    "momentum_slide", title="Momentum as on the slide", topic=TOPIC, op=None, functions=_functions,
    trials=_momentum_trials("momentum_slide"), results=("path",),
)  # fmt: skip
exercise(
    "momentum_classical", title="Momentum with a velocity", topic=TOPIC, op=None, functions=_functions,
    trials=_momentum_trials("momentum_classical"), results=("path",),
)  # fmt: skip


# --- the wiggle step -----------------------------------------------------------------------------

_LECTURE = "def loss(w):\n    return w[0] ** 2 + 3 * w[1] + 0 * w[2]"
_VALLEY = (
    "def make(a, s):\n    def loss(w):\n        return float(a * (w[0] + w[1] - s) ** 2)\n    return loss"
)
_SLOPES = """
def make(a, c):
    def loss(w):
        return float(sum(k * (v - m) ** 2 for k, v, m in zip(a, w, c)))
    return loss
"""


def _wiggle_trials(rng: np.random.Generator) -> Sequence[Trial]:
    eps, size = 0.5, float(rng.uniform(0.5, 2.0))
    left = np.array([rng.normal(), 0.0])
    valley = Source(_VALLEY, "make", (size, left[0] + 0.3))
    a, c = rng.uniform(0.5, 2.0, size=4), rng.normal(size=4)
    hills = Source(_SLOPES, "make", (a, c))
    flat = Source(_SLOPES, "make", (a * np.array([1.0, 0.0, 1.0, 0.0]), c))
    far = c + np.array([1.3, -1.7, 2.1, -0.9])
    rows = [
        ("several weights", "on the slopes", hills, far, 0.1, "C"),
        ("several weights", "another eps", hills, far[::-1].copy(), 0.01, "strided"),
        ("weights that act together", "each coordinate from the old w", valley, left, eps, "C"),
        ("a weight without effect", "two weights that do not matter", flat, far, 0.1, "C"),
        ("close to the minimum", "at the minimum", hills, c, 0.2, "C"),
        ("close to the minimum", "less than eps before it", hills, c - 0.07, 0.1, "C"),
    ]
    made = [
        Trial(title, (Call("wiggle_step", (loss, w, e), layouts={"args[1]": layout}),), group)
        for group, title, loss, w, e, layout in rows
    ]
    lecture = (Source(_LECTURE, "loss"), np.array([1.0, -2.0, 0.0]), 1e-6)
    return [
        Trial("three weights", (Call("wiggle_step", lecture),), "worked example", public=True, allowed=1e-12),
        *made,
        repeated("the same call twice", Call("wiggle_step", (hills, far, 0.1))),
    ]


exercise(
    "wiggle_step", title="Wiggle the weights", topic=TOPIC, op=None, functions=_functions, trials=_wiggle_trials,
    results=("w_new",),
)  # fmt: skip


# --- batches and epochs --------------------------------------------------------------------------


def _batch_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("batches that fill exactly", 24, 6),
        ("a short last batch", 25, 4),
        ("a short last batch", 31, 8),
        ("one batch", 12, 12),
        ("a batch larger than the data", 9, 20),
        ("batches of one", 10, 1),
    ]
    made = []
    for group, n, batch in rows:
        first, second = (int(s) for s in rng.integers(1, 2**31, size=2))
        calls: tuple[Any, ...] = tuple(
            Call("minibatches", (n, batch, Rng(s))) for s in (first, first, second)
        )
        made.append(
            Trial(f"N = {n}, batch = {batch}", calls, group, (0, 1, 2), facts={"N": n, "batch": batch})
        )
    return [
        *made,
        many_draws("minibatches", (20, 5), rng, "batches that fill exactly", {"N": 20, "batch": 5}),
    ]


exercise(
    "minibatches", title="Mini-batches of one epoch", topic=TOPIC, op=None, functions=_functions,
    trials=_batch_trials, results=("batches",), rule="minibatches",
)  # fmt: skip

_LEAST_SQUARES = "def grad(w, X, y):\n    return 2 * X.T @ (X @ w - y) / len(y)"


def _epoch_trials(rng: np.random.Generator) -> Sequence[Trial]:
    grad = Source(_LEAST_SQUARES, "grad")
    made = []
    for group, n, batch, layout in (
        ("batches that fill exactly", 6, 2, "C"),
        ("a short last batch", 7, 3, "strided"),
        ("a batch larger than the data", 4, 9, "readonly"),
        ("batches of one", 5, 1, "F"),
    ):
        order = np.roll(rng.permutation(n), 1)
        order = np.roll(order, 1) if np.array_equal(order, np.arange(n)) else order
        args = (rng.normal(size=(n, 2)), rng.normal(size=n), _start(rng, 2), grad, 0.1, batch, order)
        call = Call("sgd_epoch", args, layouts={"args[0]": layout, "args[2]": layout})
        made.append(Trial(f"{n} examples, batches of {batch}", (call,), group))
    return [*made, repeated("the same call twice", call)]


exercise(
    "sgd_epoch", title="One epoch of stochastic gradient descent", topic=TOPIC, op=None, functions=_functions,
    trials=_epoch_trials, results=("path",),
)  # fmt: skip


def _iteration_trials(rng: np.random.Generator) -> Sequence[Trial]:
    quoted = [(2000, 500), (2000, 300), (60000, 128)]
    full, batch = int(rng.integers(3, 9)), int(rng.integers(11, 30))
    rows = [
        ("batches that fill exactly", full * batch, batch),
        ("a short last batch", full * batch + 1, batch),
        ("a short last batch", full * batch + batch - 1, batch),
        ("a batch larger than the data", batch - 3, batch),
        ("one batch", batch, batch),
        ("batches of one", full, 1),
    ]
    made = [
        Trial(
            f"{n} examples, batches of {b}",
            (Call("iterations_per_epoch", (n, b)),),
            "worked example",
            public=True,
        )
        for n, b in quoted
    ]
    return [*made, *(Trial(group, (Call("iterations_per_epoch", (n, b)),), group) for group, n, b in rows)]


exercise(
    "iterations_per_epoch", title="Iterations in an epoch", topic=TOPIC, op=None, functions=_functions,
    trials=_iteration_trials, results=("iterations",),
)  # fmt: skip


# --- restarts ------------------------------------------------------------------------------------

_QUARTIC = "def make(t):\n    def f(w):\n        return float(np.sum(w**4 - 3 * w**2 + t * w))\n    return f"
_QUARTIC_SLOPE = "def make(t):\n    def grad(w):\n        return 4 * w**3 - 6 * w + t\n    return grad"


_BOWL_LOSS = (
    "def make(a, c):\n    def f(w):\n        return float(np.sum(a * (w - c) ** 2) / 2 + 1)\n    return f"
)


def _restart_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(starts: np.ndarray, t: float, steps: int, layout: str = "C") -> Call:
        f, grad = Source(_QUARTIC, "make", (t,)), Source(_QUARTIC_SLOPE, "make", (t,))
        return Call("random_restarts", (f, grad, starts, 0.02, steps), layouts={"args[2]": layout})

    lecture = np.array([[-2.0], [0.0], [0.5], [2.0]])
    tilt = float(rng.uniform(0.5, 1.5))
    low = np.array([[1.6, 0.7], [-1.6, 1.1], [-1.1, -1.5], [0.9, -1.2]]) + rng.uniform(
        -0.05, 0.05, size=(4, 2)
    )
    steep = np.array([[1.3], [-0.6], [-2.2]]) + rng.uniform(-0.05, 0.05, size=(3, 1))
    # Every walk runs away, so that its start is lower than its end, and no loss is below 1.
    bowl = np.full(2, 2.0), rng.normal(size=2)
    far = bowl[1] + np.array([[2.0, -1.0], [0.5, 1.1], [-1.5, 0.7]]) * rng.uniform(0.9, 1.1, size=(3, 2))
    loss, slope = Source(_BOWL_LOSS, "make", bowl), Source(_BOWL, "make", bowl)
    away = Call("random_restarts", (loss, slope, far, 1.1, 3))
    return [
        Trial("four starts on w^4 - 3w^2 + w", (call(lecture, 1.0, 60),), "worked example", public=True),
        Trial("two weights", (call(low, tilt, 25),), "several weights"),
        Trial("two weights, another tilt", (call(-low, -tilt, 25, "strided"),), "several weights"),
        Trial("few steps", (call(steep, tilt, 3, "readonly"),), "few steps"),
        Trial("walks that run away, all losses above 0", (away,), "a learning rate that is too large"),
        repeated("the same call twice", call(low, tilt, 3)),
    ]


exercise(
    "random_restarts", title="Random restarts", topic=TOPIC, op=None, functions=_functions, trials=_restart_trials,
    results=("best", "all_ends"),
)  # fmt: skip
