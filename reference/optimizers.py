"""Walking downhill: gradient descent, mini-batches, momentum in both readings, schedules and restarts.

The functions take the gradient as a function of the weights and return the whole path, start included, so that it
can be drawn and compared step by step. They never change what they are given. A path that diverges ends in inf or
NaN without a warning: that is what the lecture wants to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from reference.checking.arguments import (
    a_function,
    generator,
    indices,
    named,
    not_negative,
    numbers,
    one_value,
    positive,
)
from reference.shapes import Array, InputError, ShapeError, as_float, short, whole

__all__ = [
    "Restarts",
    "cosine_schedule",
    "exponential_schedule",
    "gradient_descent",
    "inverse_schedule",
    "minibatches",
    "momentum",
    "momentum_slide",
    "random_restarts",
    "sgd",
    "sign_step",
    "step_schedule",
]

Gradient = Callable[[Array], Any]
Rate = float | Callable[[int], float]


class Restarts(NamedTuple):
    """The best end of several runs, all ends, and the value of the function at each end."""

    best: Array
    ends: Array
    values: Array


# ------------------------------------------------------------------------------------------------ paths


@named
def gradient_descent(grad: Gradient, w0: Any, lr: Rate, steps: int) -> Array:
    """Follow the negative gradient from w0 for a number of steps.

    w[t+1] = w[t] - lr * grad(w[t])

    grad(w) returns the gradient, in the shape of w. lr is a positive number, or a schedule: a function of t, which
    counts from 0. The path has shape (steps + 1, *w0.shape) and starts with w0.

    Raises ShapeError when grad returns another shape than w has; InputError for everything that is no number.

    What surprises: a convex function does not guarantee anything by itself, lr must be smaller than
    2 / curvature. Nor is the end of a path a minimum: the gradient of x^2 - y^2 is 0 at the saddle, too.
    Source: lecture S1:67-110, S1:401 (E18, E19).

    >>> gradient_descent(lambda w: 2 * (w - 3), 0.0, lr=0.5, steps=2)
    array([0., 3., 3.])
    """
    return _walk(grad, w0, lr, steps, lambda g, _old: (g, g))


@named
def momentum(grad: Gradient, w0: Any, lr: Rate, alpha: float, steps: int) -> Array:
    """Follow a velocity that remembers all earlier gradients: momentum as everybody else has it.

    v[t] = alpha * v[t-1] + grad(w[t]),   v[-1] = 0
    w[t+1] = w[t] - lr * v[t]

    0 <= alpha < 1. The path has shape (steps + 1, *w0.shape) and starts with w0.

    What surprises: under a constant gradient the steps grow to 1 / (1 - alpha) times the plain ones: tenfold for
    alpha = 0.9. The slide's formula (`momentum_slide`) grows to 1 + alpha only. Up to w[2] both agree.
    Source: lecture S1:396-406, corrected (E30).

    >>> momentum(lambda w: 2 * w, 1.0, lr=0.1, alpha=0.5, steps=3).round(3)
    array([1.   , 0.8  , 0.54 , 0.302])
    """
    alpha = _fading(alpha)

    def push(g: Array, velocity: Array) -> tuple[Array, Array]:
        velocity = alpha * velocity + g
        return velocity, velocity

    return _walk(grad, w0, lr, steps, push)


@named
def momentum_slide(grad: Gradient, w0: Any, lr: Rate, alpha: float, steps: int) -> Array:
    """Follow the sum of the last two gradients: momentum exactly as the slide writes it.

    w[t+1] = w[t] - lr * (alpha * grad(w[t-1]) + grad(w[t])),   no gradient before the first

    Arguments and result are those of `momentum`, which is what is usually meant.

    What surprises: it remembers one old gradient, not the previous step. Source: lecture S1:396-406 (E30).

    >>> momentum_slide(lambda w: 2 * w, 1.0, lr=0.1, alpha=0.5, steps=3).round(3)
    array([1.   , 0.8  , 0.54 , 0.352])
    """
    alpha = _fading(alpha)
    return _walk(grad, w0, lr, steps, lambda g, old: (alpha * old + g, g))


@named
def sgd(grad: Callable[[Array, Array], Any], w0: Any, lr: Rate, batches: Iterable[Any]) -> Array:
    """Take one step for each mini-batch, along the gradient over the examples in it.

    w[t+1] = w[t] - lr * grad(w[t], batches[t])

    grad(w, indices) returns the gradient of the loss over the examples `indices`. `batches` are arrays of indices,
    in the order of use: those of one epoch come from `minibatches`, of several epochs by chaining them. The path
    has shape (number of batches + 1, *w0.shape).

    What surprises: one batch knows little of the others, so the loss over all examples may rise within an
    epoch. With the same lr, smaller batches take more steps per epoch. Source: lecture S1:360-382, S3:349.

    >>> x, y = np.array([1.0, 2.0, 3.0, -1.0]), np.array([2.0, 3.0, 7.0, 0.0])
    >>> sgd(lambda w, i: 2 * np.mean((w * x[i] - y[i]) * x[i]), 0.0, 0.05, [[2, 0], [3, 1]])
    array([0.    , 1.15  , 1.1625])
    """
    if isinstance(batches, (str, bytes)) or not isinstance(batches, Iterable):
        raise InputError(
            f"batches is {short(batches)}.", "give a list of index arrays: minibatches(n, batch, rng)."
        )
    chosen = [indices(f"batches[{t}]", batch) for t, batch in enumerate(batches)]
    a_function("grad", grad, "a function of the weights and of the indices of a batch")
    turn = iter(chosen)
    return _walk(lambda w: grad(w, next(turn)), w0, lr, len(chosen), lambda g, _old: (g, g))


@named
def minibatches(n: int, batch: int, rng: np.random.Generator) -> list[Array]:
    """Shuffle n examples and cut them into mini-batches; the last one may be smaller.

    Returns index arrays which together hold each of 0 ... n-1 exactly once: one epoch.

    What surprises: batch is the number of examples in a batch, not the number of batches (E63). Drawing examples
    with replacement would leave about a third of them out of each epoch (E35).
    Source: lecture S1:360-374, S4:238-253.

    >>> [len(indices) for indices in minibatches(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    n, batch = whole("n", n, 1), whole("batch", batch, 1)
    order = generator(rng).permutation(n)
    return [order[start : start + batch].copy() for start in range(0, n, batch)]


@named
def sign_step(loss: Callable[[Array], Any], w: Any, epsilon: float = 1e-6) -> Array:
    """Wiggle each weight a little and move it by epsilon to the side on which the loss was lower.

    w_new[i] = w[i] + epsilon * sgn(loss(w) - loss(w with w[i] + epsilon)),   sgn(0) = 0

    All coordinates are tried at the old w, with a difference to one side, and moved together. loss(w) returns one
    number; it is called once more than w has entries.

    What surprises: the step is epsilon itself however steep the slope, so that a way of length 1 takes a million
    updates of the lecture's 10^-6, each as dear as so many forward passes as there are weights. Where the slope
    is smaller than about 1e-16 |loss| / epsilon, rounding decides. Source: lecture S1:206-227 (E25).

    >>> sign_step(lambda w: w[0] ** 2 + 3 * w[1], np.array([1.0, -2.0]), epsilon=0.5)
    array([ 0.5, -2.5])
    """
    epsilon = positive("epsilon", epsilon)
    w = _weights("w", w)
    a_function("loss", loss, "a function of the weights that returns one number")
    with np.errstate(all="ignore"):
        here = one_value("loss", loss, w)
        change = np.empty_like(w)
        for i in np.ndindex(w.shape):
            moved = w.copy()
            moved[i] += epsilon
            change[i] = np.sign(here - one_value("loss", loss, moved))
        return np.asarray(w + epsilon * change, w.dtype)


@named
def random_restarts(f: Callable[[Array], Any], grad: Gradient, starts: Any, lr: Rate, steps: int) -> Restarts:
    """Run gradient descent from several starts and keep the end where f is lowest.

    starts[S, ...] holds one start per row: draw it, for example rng.normal(size=(S, D)). An end that is not a
    number never wins. Returns Restarts(best, ends, values).

    What surprises: f decides. The lecture takes the training error; for a network that shall generalise take
    the error on validation data (E48). Source: lecture S3:330.

    >>> runs = random_restarts(lambda w: w**4 - 3 * w**2 + w, lambda w: 4 * w**3 - 6 * w + 1, [-2.0, 2.0], 0.01, 900)
    >>> runs.best.round(4), runs.ends.round(4)
    (np.float64(-1.3008), array([-1.3008,  1.1309]))
    """
    starts = _weights("starts", starts)
    if starts.ndim == 0:
        raise ShapeError("starts is one number.", "give one start per row, like [-2.0, 2.0].")
    a_function("f", f, "a function of the weights that returns one number")
    ends = np.array([_walk(grad, start, lr, steps, lambda g, _old: (g, g))[-1] for start in starts])
    with np.errstate(all="ignore"):
        values = np.array([one_value("f", f, np.asarray(end)) for end in ends])
    if np.isnan(values).all():
        raise InputError("all runs ended in NaN.", "choose a smaller lr or other starts.")
    return Restarts(np.asarray(ends[np.nanargmin(values)]), ends, values)


# -------------------------------------------------------------------------------------------- schedules


@named
def step_schedule(lr: float, t: int, factor: float, every: int) -> float:
    """Multiply the learning rate by a factor after every so many steps: lr * factor^floor(t / every).

    Use it as gradient_descent(grad, w0, lambda t: step_schedule(0.1, t, 0.5, every=10), steps).

    What surprises: the exponent is a whole number. Without the floor it would be an exponential schedule.

    >>> [step_schedule(0.8, t, 0.5, every=2) for t in range(5)]
    [0.8, 0.8, 0.4, 0.4, 0.2]
    """
    lr, t = positive("lr", lr), whole("t", t)
    factor, every = positive("factor", factor), whole("every", every, 1)
    return lr * factor ** (t // every)


@named
def exponential_schedule(lr: float, t: int, rate: float) -> float:
    """Let the learning rate decay by the same share at each step: lr * exp(-rate * t).

    >>> round(exponential_schedule(1.0, 10, rate=0.1), 6)
    0.367879
    """
    lr, t = positive("lr", lr), whole("t", t)
    return lr * float(np.exp(-not_negative("rate", rate) * t))


@named
def inverse_schedule(lr: float, t: int, rate: float) -> float:
    """Let the learning rate decay like 1/t: lr / (1 + rate * t).

    What surprises: the sum of all steps has no bound, so that any distance can still be walked; under an
    exponential schedule it has one.

    >>> [inverse_schedule(1.0, t, rate=1.0) for t in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """
    lr, t = positive("lr", lr), whole("t", t)
    return lr / (1 + not_negative("rate", rate) * t)


@named
def cosine_schedule(lr: float, t: int, total: int, least: float = 0.0) -> float:
    """Lower the learning rate along half a cosine from lr at t = 0 to `least` at t = total, and stay there.

    least + (lr - least) * (1 + cos(pi * t / total)) / 2

    >>> [round(cosine_schedule(1.0, t, total=4), 4) for t in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    lr, t = positive("lr", lr), whole("t", t)
    total, least = (
        whole("total", total, 1),
        not_negative("least", least),
    )
    return least + (lr - least) * (1 + float(np.cos(np.pi * min(t / total, 1.0)))) / 2


# --------------------------------------------------------------------------------------------- the walk


def _walk(
    grad: Gradient, w0: Any, lr: Rate, steps: int, push: Callable[[Array, Array], tuple[Array, Array]]
) -> Array:
    """Walk along -lr * direction; `push(gradient, memory)` returns the direction and the next memory."""
    w = _weights("w0", w0)
    steps = whole("steps", steps)
    a_function("grad", grad, "a function of the weights")
    rate = _rate(lr)
    path = np.empty((steps + 1, *w.shape), w.dtype)
    path[0] = w
    memory = np.zeros_like(w)
    with np.errstate(all="ignore"):
        for t in range(steps):
            direction, memory = push(_gradient(grad, np.asarray(path[t])), memory)
            path[t + 1] = path[t] - rate(t) * direction
    return path


def _gradient(grad: Gradient, w: Array) -> Array:
    g = np.array(as_float("grad(w)", grad(w.copy())))  # a copy: grad may use the same array again
    if g.shape != w.shape:
        raise ShapeError(
            f"grad(w) has shape {g.shape}, but w has shape {w.shape}.",
            "let grad return one number for each entry of w; nothing is broadcast.",
        )
    return g


def _weights(name: str, value: Any) -> Array:
    return np.array(numbers(name, value))


def _fading(alpha: Any) -> float:
    number = not_negative("alpha", alpha)
    if number >= 1:
        raise InputError(
            f"alpha must be below 1, not {number:g}.", "choose 0 <= alpha < 1, or the velocity never fades."
        )
    return number


def _rate(lr: Any) -> Callable[[int], float]:
    """Return the learning rate as a function of the step; a schedule may also return 0."""
    if callable(lr):
        return lambda t: not_negative(f"lr({t})", lr(t))
    number = positive("lr", lr)
    return lambda _t: number
