"""Mistakes of typed questions on descents; those of code are lent where they can be made by hand as well."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.mistakes import lend_hint, mistake, mistakes_of
from autograder.mistakes.optimizers import steps as _steps
from reference import momentum, momentum_slide

Params = dict[str, Any]
_LENT = (
    "no-memory", "is-slide", "momentum-ema", "nesterov", "learning-rate-twice", "stale-velocity",
    "alpha-on-gradient", "memory-subtracted", "learning-rate-on-new-only", "ascent", "learning-rate-forgotten",
    "gradient-at-start",
)  # fmt: skip


def _descend(grad: Any, w0: Any, lr: float, alpha: float, steps: int) -> np.ndarray:
    """Walk as `momentum` does, but let a mistake give any learning rate."""
    path, v = [np.array(w0, dtype=float)], np.zeros(np.shape(w0))
    for _ in range(steps):
        v = alpha * v + grad(path[-1])
        path.append(path[-1] - lr * v)
    return np.array(path)


def _lend(name: str) -> None:
    found = next(m for m in mistakes_of("momentum_classical", kind="value") if m.name == name)

    def wrong(grad: Any, w0: Any, lr: float, alpha: float, steps: int) -> Any:
        return found({"momentum_classical": _descend})["momentum_classical"](grad, w0, lr, alpha, steps)

    facts: dict[str, Any] = {"family": found.family, "credit": found.credit, "belief": found.belief}
    mistake(momentum, name, **facts)(lend_hint(wrong, found.function))


assert _steps  # loaded first: it holds what is lent
for _fact in _LENT:
    _lend(f"classical-{_fact}")


# --------------------------------------------------------------------------- momentum, both readings


def _walk(params: Params, rule: Any) -> list[float]:
    start, centre = np.array([float(params["w"])]), params["centre"]
    path = rule(lambda w: 2 * (w - centre), start, params["lr"], params["alpha"], params["steps"])
    return np.asarray(path)[1:, 0].tolist()


@mistake("OPT-2", "slide-is-classical", family="convention")
def slide_is_classical(params: Params) -> Any:
    """You used the velocity for the slide's formula as well.

    The slide remembers one old gradient only, without what that one remembered. Add alpha times the last gradient.
    """
    return {"slide": _walk(params, momentum)} if params["both"] else None


@mistake("OPT-2", "readings-exchanged", family="swap")
def readings_exchanged(params: Params) -> Any:
    """You exchanged the two readings.

    The velocity remembers all gradients, the slide's formula the last one only. Exchange the answers.
    """
    if not params["both"]:
        return None
    return {"classical": _walk(params, momentum_slide), "slide": _walk(params, momentum)}


@mistake("OPT-2", "slide-without-memory", family="omission")
def slide_without_memory(params: Params) -> Any:
    """You left the old gradient out of the slide's formula.

    Each step uses alpha times the gradient of the step before, too. Keep it.
    """
    if not params["both"]:
        return None
    return {"slide": _walk({**params, "alpha": 0.0}, momentum)}


@mistake("OPT-2", "learning-rate-in-the-velocity", family="convention")
def rate_in_velocity(params: Params) -> Any:
    """You put the learning rate (and the minus) into the velocity, as other courses do; the weights come out equal.

    Here the velocity is v = alpha v + g, without learning rate. Multiply by it in the step only.
    """
    if params["both"]:
        return None
    path = [float(params["w"]), *_walk(params, momentum)]
    return {"v": [after - before for before, after in pairwise(path)]}


# ------------------------------------------------------------------------------------- one SGD step


def _step(
    name: str, family: str, what: str, how: str, given: Callable[..., Any] | None, epoch: Callable[..., Any] | None,
    **more: Any,
) -> None:  # fmt: skip
    """Register a wrong step.

    `given(gradients, w, lr, lam)` returns the gradient, and the weights where they do not follow from it;
    `epoch(w, lr, x, y)` returns the weight after a batch. None: the mistake cannot be made there.
    """

    def mistaken(params: Params) -> Any:
        if "x" in params:
            return None if epoch is None else _epoch(params, epoch)
        return None if given is None else _given(params, given)

    mistaken.__doc__ = f"{what}\n\n{how}"
    mistake("OPT-1", name, family=family, **more)(mistaken)


def _given(params: Params, rule: Callable[..., Any]) -> Any:
    w, lr = np.array(params["w"], dtype=float), params["lr"]
    found = rule(np.array(params["gradients"], dtype=float), w, lr, params["lam"])
    if found is None:
        return None
    g, after = found if isinstance(found, tuple) else (found, w - lr * found)
    return {"g": g.tolist(), "w": after.tolist()}


def _epoch(params: Params, rule: Callable[..., Any]) -> Any:
    x, y = np.array(params["x"], dtype=float), np.array(params["y"], dtype=float)
    path = [float(params["w"])]
    for batch in params["batches"]:
        path.append(float(rule(path[-1], params["lr"], x[batch], y[batch])))
    return {"w1": path[1], "w2": path[2]}


def _slopes(w: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(2 * (w * x - y) * x)


def _one_by_one(w: float, lr: float, x: np.ndarray, y: np.ndarray) -> float:
    for a, b in zip(x, y):
        w -= lr * 2 * (w * a - b) * a
    return w


def _right(gradients: np.ndarray, w: np.ndarray, lam: float) -> np.ndarray:
    return np.asarray(gradients.mean(axis=0) + 2 * lam * w)


_step(
    "step-uphill", "sign", "You added the step instead of subtracting it.",
    "The gradient points uphill. Subtract the learning rate times the gradient.",
    lambda gs, w, lr, lam: (_right(gs, w, lam), w + lr * _right(gs, w, lam)),
    lambda w, lr, x, y: w + lr * _slopes(w, x, y).mean(),
)  # fmt: skip
_step(
    "gradients-summed", "scale", "You added up the gradients of the batch; the loss is the mean.",
    "Divide by the number of examples in the batch.",
    lambda gs, w, lr, lam: gs.sum(axis=0) + 2 * lam * w,
    lambda w, lr, x, y: w - lr * _slopes(w, x, y).sum(),
)  # fmt: skip
_step(
    "first-example-only", "scope", "You used the first example of the batch only.",
    "All examples of a batch take part. Take the mean of their gradients.",
    lambda gs, w, lr, lam: gs[0] + 2 * lam * w,
    lambda w, lr, x, y: w - lr * _slopes(w, x, y)[0],
)  # fmt: skip
_step(
    "learning-rate-forgotten", "omission", "You stepped by the gradient itself, without the learning rate.",
    "Multiply the gradient by the learning rate.",
    lambda gs, w, lr, lam: (_right(gs, w, lam), w - _right(gs, w, lam)),
    lambda w, lr, x, y: w - _slopes(w, x, y).mean(),
)  # fmt: skip
_step(
    "step-given-for-weights", "omission", "You gave the step, not the weights after it.",
    "Subtract the step from the old weights.",
    lambda gs, w, lr, lam: (_right(gs, w, lam), -lr * _right(gs, w, lam)), None,
)  # fmt: skip
_step(
    "penalty-forgotten", "omission", "You left the penalty out of the gradient.",
    "Its gradient 2 lambda w is added to the mean.",
    lambda gs, w, lr, lam: gs.mean(axis=0) if lam else None, None,
)  # fmt: skip
_step(
    "penalty-without-2", "convention", "You used lambda w, the gradient of half the penalty.",
    "The penalty here is lambda times the squares, without 1/2: its gradient is 2 lambda w.",
    lambda gs, w, lr, lam: gs.mean(axis=0) + lam * w if lam else None, None,
)  # fmt: skip
_step(
    "penalty-subtracted", "sign", "You subtracted the gradient of the penalty from the gradient.",
    "Both are losses to be lowered. Add 2 lambda w.",
    lambda gs, w, lr, lam: gs.mean(axis=0) - 2 * lam * w if lam else None, None,
)  # fmt: skip
_step(
    "penalty-without-learning-rate", "omission", "You did not multiply the part of the penalty by the learning rate.",
    "The learning rate belongs to the whole gradient, penalty included.",
    lambda gs, w, lr, lam: (_right(gs, w, lam), w - lr * gs.mean(axis=0) - 2 * lam * w) if lam else None, None,
)  # fmt: skip
_step(
    "penalty-per-example", "scope", "You divided the penalty by the number of examples.",
    "The penalty is added once to the mean loss. Leave it whole.",
    lambda gs, w, lr, lam: gs.mean(axis=0) + 2 * lam * w / len(gs) if lam else None, None,
)  # fmt: skip
_step(
    "update-after-each-example", "order", "You updated the weight after every example, which is batch size 1.",
    "Within a batch all gradients are taken at the same weight. Average first, then take one step.",
    None, _one_by_one,
)  # fmt: skip
_step(
    "factor-2-forgotten", "omission", "You forgot the 2 in the derivative of the square.",
    "The derivative of (w x - y) squared is 2 (w x - y) x.",
    None, lambda w, lr, x, y: w - lr * _slopes(w, x, y).mean() / 2,
)  # fmt: skip
_step(
    "error-not-times-x", "omission", "You took the mean error; the inner derivative x is missing.",
    "By the chain rule each error is multiplied by its x.",
    None, lambda w, lr, x, y: w - lr * 2 * (w * x - y).mean(),
)  # fmt: skip


@mistake("OPT-1", "old-weight-in-second-batch", family="order")
def old_weight(params: Params) -> Any:
    """You computed both gradients at the first weight.

    The second batch meets the weight after the first step. Use the new weight.
    """
    if "x" not in params:
        return None
    x, y = np.array(params["x"], dtype=float), np.array(params["y"], dtype=float)
    first, second = (params["lr"] * _slopes(params["w"], x[b], y[b]).mean() for b in params["batches"])
    return {"w2": float(params["w"] - first - second)}


@mistake("OPT-1", "shuffling-ignored", family="order")
def shuffling_ignored(params: Params) -> Any:
    """You took the examples in the order of the table.

    The epoch goes through the shuffled batches. Use the examples named for each batch.
    """
    if "x" not in params:
        return None
    rule = {**params, "batches": [[0, 1], [2, 3]]}
    return _epoch(rule, lambda w, lr, x, y: w - lr * _slopes(w, x, y).mean())
