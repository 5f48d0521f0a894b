"""Write activations with their gradients: ReLU, leaky ReLU, sigmoid, for arrays of any shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises import (
    Functions,
    Implementation,
    Trial,
    exercise,
    kept,
    left_alone,
    own_gradient,
    repeated,
    same_object,
)
from autograder.sandbox._script import Call, Handle
from reference import leaky_relu, relu, sigmoid

TOPIC = "activations"

_SIZES = (
    ("a vector", "7 numbers", (7,), "C"),
    ("a vector", "one number", (1,), "C"),
    ("a table", "3 x 5", (3, 5), "F"),
    ("a table", "4 x 4, which may not be written to", (4, 4), "readonly"),
    ("images", "2 x 3 x 2 x 4", (2, 3, 2, 4), "strided"),
)
_EXAMPLE = np.array([-2.0, -0.5, 1.0, 3.0])
_EXAMPLE_DY = np.array([1.0, -2.0, 3.0, -0.5])
_FAR = np.array([[-800.0, 800.0, -40.0], [40.0, 0.5, -0.5]])


def _off_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw numbers of both signs, none near the kink at 0."""
    signs = rng.choice([-1.0, 1.0], size=shape)
    signs.reshape(-1)[:2] = (1.0, -1.0)[: signs.size]
    return signs * rng.uniform(0.7, 2.5, size=shape)


def _functions(stem: str, op: Any) -> Callable[[Implementation], Functions]:
    def functions(_impl: Implementation) -> Functions:
        return {
            f"{stem}_forward": lambda x: op.forward(x),
            f"{stem}_backward": lambda dy, cache: op.backward(cache, dy)[0],
        }

    return functions


def _forward(stem: str) -> Callable[..., Call]:
    def call(x: Any, *, save: str | None = None, show: Any = (0,), layout: str = "C") -> Call:
        return Call(
            f"{stem}_forward", (x,), save=save, show=(0,) if show is None else show, layouts={"*": layout}
        )

    return call


def _forward_trials(stem: str) -> Callable[[np.random.Generator], Sequence[Trial]]:
    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        forward = _forward(stem)

        def saved(x: Any, save: str | None, show: Any) -> Call:
            return forward(x, save=save, show=show)

        made = [Trial("four numbers", (forward(_EXAMPLE),), "worked example", public=True)]
        for group, name, shape, layout in _SIZES:
            made.append(Trial(name, (forward(_off_zero(rng, shape), layout=layout),), group))
        far = "far from 0" if stem == "sigmoid" else "a table"
        made.append(Trial("numbers far from 0", (forward(_FAR),), far))
        x = _off_zero(rng, (2, 5))
        made.append(repeated("the same call twice", forward(x)))
        made.append(kept("a second call must not change the first result", saved, x, 1.5 - x))
        made.append(same_object("the same array object with new content", saved, _off_zero(rng, (3, 2))))
        return made

    return trials


def _backward_trials(stem: str) -> Callable[[np.random.Generator], Sequence[Trial]]:
    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        forward = _forward(stem)

        def backward(dy: Any, handle: Handle, layout: str = "C") -> Call:
            return Call(f"{stem}_backward", (dy, handle), layouts={"args[0]": layout})

        def pair(name: str, group: str, x: Any, dy: Any, layout: str = "C", public: bool = False) -> Trial:
            calls = (forward(x, save="f", layout=layout), backward(dy, Handle("f", 1), layout))
            return Trial(name, calls, group, (1,), forward=0, public=public)

        made = [pair("four numbers", "worked example", _EXAMPLE, _EXAMPLE_DY, public=True)]
        for group, name, shape, layout in _SIZES:
            made.append(pair(name, group, _off_zero(rng, shape), rng.normal(size=shape), layout))
        a, b, dy = _off_zero(rng, (3, 4)), _off_zero(rng, (3, 4)), rng.normal(size=(3, 4))
        between = (forward(a, save="a"), forward(b, save="b"), backward(dy, Handle("a", 1)))
        twice = (forward(a, save="f"), backward(dy, Handle("f", 1)), backward(dy, Handle("f", 1)))
        made += [
            Trial("another array went forward in between", between, "independent of other calls", (2,), "behaviour", 0),
            Trial("backward twice from one cache", twice, "same result twice", (1, 2), "behaviour", 0),
            left_alone(forward, lambda h: backward(dy, h), [a]),
            own_gradient(forward, lambda h: backward(dy, h), [a], dy, rng),
        ]  # fmt: skip
        return made

    return trials


for _stem, _title, _op in (
    ("relu", "ReLU", relu), ("leaky_relu", "Leaky ReLU", leaky_relu), ("sigmoid", "Sigmoid", sigmoid),
):  # fmt: skip
    exercise(
        f"{_stem}_forward", title=f"{_title}, forward", topic=TOPIC, op=None, functions=_functions(_stem, _op),
        trials=_forward_trials(_stem), results=("y", "cache"),
    )  # fmt: skip
    exercise(
        f"{_stem}_backward", title=f"{_title}, backward", topic=TOPIC, op=None, part="backward",
        functions=_functions(_stem, _op), trials=_backward_trials(_stem), results=("dx",),
        needs=(f"{_stem}_forward",),
    )  # fmt: skip
