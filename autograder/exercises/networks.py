"""Write a network as a chain of layers: a class whose objects are made, called and asked for their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise
from autograder.sandbox._script import Call, Source

# The layers are public helpers: students get the same ones in the notebook.
LAYERS = '''
class Layer:
    frozen = False

    def params(self):
        return []

    def grads(self):
        return []


class Dense(Layer):
    """Y = X W + b; dX = dY W^T."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X, train=True):
        self.X = X
        return X @ self.W + self.b

    def backward(self, dY):
        self.dW, self.db = self.X.T @ dY, dY.sum(axis=0)
        return dY @ self.W.T

    def params(self):
        return [self.W, self.b]

    def grads(self):
        return [self.dW, self.db]


class ReLU(Layer):
    """Y = max(0, X)."""

    def forward(self, X, train=True):
        self.mask = X > 0
        return X * self.mask

    def backward(self, dY):
        return dY * self.mask


class Halve(Layer):
    """Halves what passes in training only, as dropout would on average."""

    def forward(self, X, train=True):
        self.scale = 0.5 if train else 1.0
        return X * self.scale

    def backward(self, dY):
        return dY * self.scale


def make(W1, b1, W2, b2, frozen=0):
    layers = [Dense(W1, b1), ReLU(), Halve(), Dense(W2, b2)]
    for layer in layers[:frozen]:
        layer.frozen = True
    return layers
'''


class Sequential:
    """Chain layers: forward in order, backward in reverse order, all parameters in order."""

    def __init__(self, layers: list[Any]) -> None:
        self.layers = list(layers)

    def forward(self, X: Any, train: bool = True) -> Any:
        """Pass X through all layers."""
        for layer in self.layers:
            X = layer.forward(X, train)
        return X

    def backward(self, dY: Any) -> Any:
        """Pass the upstream gradient back through all layers."""
        for layer in reversed(self.layers):
            dY = layer.backward(dY)
        return dY

    def params(self) -> list[Any]:
        """Return the parameters of all layers in order."""
        return [p for layer in self.layers for p in layer.params()]


def _functions(_impl: Implementation) -> Functions:
    return {"Sequential": Sequential}


def _network(rng: np.random.Generator, hidden: int = 4, out: int = 2, frozen: int = 0) -> Source:
    weights = (
        rng.normal(size=(3, hidden)),
        rng.normal(size=hidden),
        rng.normal(size=(hidden, out)),
        rng.normal(size=out),
    )
    return Source(LAYERS, "make", (*weights, frozen))


def _trials(rng: np.random.Generator) -> Sequence[Trial]:
    x, dy = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    make = Call("Sequential", (_network(rng),), save="net", show="none")
    other = Call("Sequential", (_network(rng),), save="other", show="none")
    fixed = Call("Sequential", (_network(rng, frozen=2),), save="net", show="none")
    square = Call("Sequential", (_network(rng, 3, 3),), save="net", show="none")
    back = Call("net.backward", (rng.normal(size=(5, 3)),))
    train, test = Call("net.forward", (x, True)), Call("net.forward", (x, False))
    return [
        Trial("training mode", (make, train), "forward", (1,)),
        Trial("test mode", (make, test), "forward", (1,)),
        Trial("train left out", (make, Call("net.forward", (x,))), "forward", (1,)),  # its default is True
        Trial("after a forward pass", (make, train, Call("net.backward", (dy,))), "backward", (2,), forward=1),
        Trial("layers of equal width", (square, train, back), "backward", (2,), forward=1),
        Trial("all layers in order", (make, Call("net.params")), "params", (1,)),
        Trial("frozen layers, too", (fixed, Call("net.params")), "params", (1,)),
        Trial(
            "forward and backward a second time",
            (square, train, replace(back, show="none"), test, train, back),
            "same result twice", (3, 4, 5), "behaviour",
        ),
        Trial(
            "two networks side by side",
            (make, other, train, Call("other.forward", (x, True)), Call("net.backward", (dy,))),
            "independent of other calls", (2, 3, 4), "behaviour",
        ),
    ]  # fmt: skip


exercise(
    "Sequential", title="A network as a chain of layers", topic="networks", op=None, functions=_functions,
    trials=_trials, results=("result",),
)  # fmt: skip
