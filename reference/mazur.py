"""The step-by-step example that the lectures link to: two inputs, two hidden units, two outputs, by hand.

Matt Mazur, "A Step by Step Backpropagation Example" (2015), linked at S4:1019-1021 and S1:315-318. Weights are
w1..w8 in the order of the post: w1, w2 lead to h1; w3, w4 to h2; w5, w6 to o1; w7, w8 to o2. Both units of a
layer share one bias. `MAZUR` holds the numbers of the post.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from reference.activations import sigmoid
from reference.checking.arguments import named, not_negative
from reference.op import Array, Case, flag, op, whole

__all__ = ["MAZUR", "MazurSetting", "MazurStep", "MazurTrace", "mazur_error", "mazur_step", "mazur_trace"]


class MazurSetting(NamedTuple):
    """Start of the example: weights w1..w8, biases b1 and b2, inputs i1 and i2, targets t1 and t2."""

    w: tuple[float, ...]
    b: tuple[float, ...]
    i: tuple[float, ...]
    t: tuple[float, ...]


MAZUR = MazurSetting((0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55), (0.35, 0.6), (0.05, 0.1), (0.01, 0.99))
"""The numbers of the post."""


@op("w[8], b[2], i[2], t[2]:const -> E[]", source="lecture S4:1019-1021, S1:315-318 (the linked example)")
def mazur_error(w: Array, b: Array, i: Array, t: Array) -> Any:
    """Return the total error of the linked example's network.

    net_h1 = w1 i1 + w2 i2 + b1,   out_h1 = 1 / (1 + e^-net_h1)      and likewise h2 with w3, w4
    net_o1 = w5 out_h1 + w6 out_h2 + b2,   out_o1 = sigmoid(net_o1)  and likewise o2 with w7, w8
    E = 1/2 (t1 - out_o1)^2 + 1/2 (t2 - out_o2)^2

    Gradients are those of the weights, of the biases and of the inputs. The two units of a layer share a bias,
    so their gradients add up; the post leaves the biases as they are.

    >>> from reference import MAZUR
    >>> E, cache = mazur_error.forward(*MAZUR)
    >>> dw, db, di = mazur_error.backward(cache)
    >>> round(float(E), 9), round(float(dw[4]), 9), db.round(6)
    (0.298371109, 0.082167041, array([0.018726, 0.1004  ]))
    """
    E = w.dtype.type(0)
    h = [sigmoid(w[0] * i[0] + w[1] * i[1] + b[0]), sigmoid(w[2] * i[0] + w[3] * i[1] + b[0])]
    for o in range(2):
        out = sigmoid(w[4 + 2 * o] * h[0] + w[5 + 2 * o] * h[1] + b[1])
        E += (t[o] - out) ** 2 / 2
    return E


@mazur_error.fast
def mazur_error_forward(w: Array, b: Array, i: Array, t: Array) -> tuple[Any, Any]:
    h = sigmoid(w[:4].reshape(2, 2) @ i + b[0])
    o = sigmoid(w[4:].reshape(2, 2) @ h + b[1])
    return np.square(t - o).sum() / 2, (w, i, t, h, o)


@mazur_error.gradient
def mazur_error_backward(saved: Any, dE: Array) -> tuple[Array, Array, Array]:
    w, i, t, h, o = saved
    net_o = dE * (o - t) * o * (1 - o)
    net_h = (net_o @ w[4:].reshape(2, 2)) * h * (1 - h)
    dw = np.concatenate([np.outer(net_h, i).ravel(), np.outer(net_o, h).ravel()])
    return dw, np.array([net_h.sum(), net_o.sum()]), net_h @ w[:4].reshape(2, 2)


@mazur_error.samples
def mazur_error_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the post", {name: np.array(value) for name, value in MAZUR._asdict().items()})
    for name, size in (("other weights", 1.0), ("large weights", 4.0)):
        w, b, i, t = size * rng.normal(size=8), rng.normal(size=2), rng.normal(size=2), rng.random(2)
        yield Case(name, {"w": w, "b": b, "i": i, "t": t})


# ----------------------------------------------------------------------------------------- step by step


class MazurTrace(NamedTuple):
    """Every quantity of the forward pass, a pair (first unit, second unit) each, and the total error."""

    net_h: tuple[float, float]
    out_h: tuple[float, float]
    net_o: tuple[float, float]
    out_o: tuple[float, float]
    E_o: tuple[float, float]
    E: float


class MazurStep(NamedTuple):
    """Weights and biases after the updates, and the total error they lead to."""

    w: Array
    b: Array
    E: float


def mazur_trace(w: Sequence[float], b: Sequence[float], i: Sequence[float], t: Sequence[float]) -> MazurTrace:
    """Run the linked example forward and keep every quantity (see `mazur_error`).

    >>> trace = mazur_trace(*MAZUR)
    >>> round(trace.net_h[0], 4), round(trace.out_o[0], 9), round(trace.E, 9)
    (0.3775, 0.75136507, 0.298371109)
    """
    return _run(*_numbers(w, b, i, t))


def _numbers(*arrays: Any) -> list[list[float]]:
    """Let the op check the arguments, and return them as plain numbers, which are quicker one by one."""
    w, b, i, t = arrays
    mazur_error(w, b, i, t)
    return [np.asarray(a, float).tolist() for a in arrays]


def _sigmoid(a: float) -> float:
    e = math.exp(-abs(a))
    return (1.0 if a >= 0 else e) / (1.0 + e)


def _run(w: list[float], b: list[float], i: list[float], t: list[float]) -> MazurTrace:
    net_h = w[0] * i[0] + w[1] * i[1] + b[0], w[2] * i[0] + w[3] * i[1] + b[0]
    h = _sigmoid(net_h[0]), _sigmoid(net_h[1])
    net_o = w[4] * h[0] + w[5] * h[1] + b[1], w[6] * h[0] + w[7] * h[1] + b[1]
    o = _sigmoid(net_o[0]), _sigmoid(net_o[1])
    E_o = (t[0] - o[0]) ** 2 / 2, (t[1] - o[1]) ** 2 / 2
    return MazurTrace(net_h, h, net_o, o, E_o, E_o[0] + E_o[1])


@named
def mazur_step(
    w: Sequence[float],
    b: Sequence[float],
    i: Sequence[float],
    t: Sequence[float],
    lr: float = 0.5,
    updates: int = 1,
    learn_biases: bool = False,
    reuse_updated: bool = False,
) -> MazurStep:
    """Take steps of gradient descent on the linked example; return the new weights and the error they give.

    w <- w - lr * dE/dw,   and b <- b - lr * dE/db with `learn_biases`, which the post leaves out

    `reuse_updated=True` is the classic bug: w5..w8 are changed first, and w1..w4 then get gradients that went
    back through the *changed* w5..w8.

    Raises InputError for a negative or infinite lr, ShapeError for other numbers of weights.

    What surprises: the post prints the weights of the right order, but the error of the wrong one after the
    first update: 0.291027924 instead of 0.291027774. So do its outputs after 10,000 updates (E79).

    >>> f"{mazur_step(*MAZUR).E:.9f}", f"{mazur_step(*MAZUR, reuse_updated=True).E:.9f}"
    ('0.291027774', '0.291027924')
    """
    weights, biases, inputs, targets = _numbers(w, b, i, t)
    lr, updates = not_negative("lr", lr), whole("updates", updates)
    learn, reuse = flag("learn_biases", learn_biases), flag("reuse_updated", reuse_updated)
    for _ in range(updates):
        weights, biases = _update(weights, biases, inputs, targets, lr, learn, reuse)
    return MazurStep(np.array(weights), np.array(biases), _run(weights, biases, inputs, targets).E)


def _update(
    w: list[float], b: list[float], i: list[float], t: list[float], lr: float, learn: bool, reuse: bool
) -> tuple[list[float], list[float]]:
    _, h, _, o, _, _ = _run(w, b, i, t)
    d_o = [(o[k] - t[k]) * o[k] * (1 - o[k]) for k in (0, 1)]
    upper = [w[4 + 2 * k + j] - lr * d_o[k] * h[j] for k in (0, 1) for j in (0, 1)]
    through = upper if reuse else w[4:]
    d_h = [(d_o[0] * through[j] + d_o[1] * through[2 + j]) * h[j] * (1 - h[j]) for j in (0, 1)]
    lower = [w[2 * j + k] - lr * d_h[j] * i[k] for j in (0, 1) for k in (0, 1)]
    return lower + upper, [b[0] - lr * sum(d_h), b[1] - lr * sum(d_o)] if learn else b
