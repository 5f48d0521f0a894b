"""Train a chain of layers, freeze its first layers, give it a new head.

The layers are public helpers with what the notebook's layers have: `forward(X, train)`, `backward(dY)`, `params()`,
`grads()` in the same order, and a flag `frozen`. A model holds them in `layers` and has `forward` and `backward`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.exercises import GIVE_BACK, Functions, Implementation, Trial, exercise
from autograder.sandbox._script import Call, Handle, Rng, Source

TOPIC = "training"

MODEL = '''
class Dense:
    """Y = X W + b."""

    def __init__(self, W, b):
        self.W, self.b, self.frozen = W, b, False

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


class Bend:
    """Y = tanh(X): no parameters, and no kink."""

    frozen = False

    def forward(self, X, train=True):
        self.Y = np.tanh(X)
        return self.Y

    def backward(self, dY):
        return dY * (1 - self.Y**2)

    def params(self):
        return []

    def grads(self):
        return []


class Halve(Bend):
    """Halves what passes in training only, as dropout would on average."""

    def forward(self, X, train=True):
        self.scale = 0.5 if train else 1.0
        return X * self.scale

    def backward(self, dY):
        return dY * self.scale


class Net:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X

    def backward(self, dY):
        for layer in reversed(self.layers):
            dY = layer.backward(dY)
        return dY


def make(W1, b1, W2, b2, frozen):
    net = Net([Dense(W1, b1), Bend(), Halve(), Dense(W2, b2)])
    for layer in net.layers[:frozen]:
        layer.frozen = True
    return net
'''

# Short pieces of their own: every call of a helper reads its text anew.
_WEIGHTS = Source(
    "def weights(model):\n    return [[np.array(p) for p in layer.params()] for layer in model.layers]",
    "weights",
)
_FLAGS = Source("def flags(model):\n    return [bool(layer.frozen) for layer in model.layers]", "flags")
_SEEN = Source(
    """
def seen(model):
    X = np.ones((3, model.layers[0].params()[0].shape[0]))
    weights = [[np.array(p) for p in layer.params()] for layer in model.layers]
    flags = [bool(getattr(layer, "frozen", False)) for layer in model.layers]
    return weights, list(model.forward(X, False).shape), flags
""",
    "seen",
)


# --- what a right submission holds ---------------------------------------------------------------


def train(
    model: Any, data: Any, epochs: int, batch: int, lr: float, rng: np.random.Generator, val: Any = None
) -> dict[str, list[float]]:
    """Take one step of gradient descent for every mini-batch; return means over the examples of each epoch."""
    X, t = data
    names = ("loss", "accuracy") if val is None else ("loss", "accuracy", "val_accuracy")
    history: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(epochs):
        order, loss, right = rng.permutation(len(X)), 0.0, 0
        for start in range(0, len(X), batch):
            picked = order[start : start + batch]
            scores = model.forward(X[picked], True)
            mean, dS = _softmax_loss(scores, t[picked])
            model.backward(dS)
            _step(model, lr)
            loss, right = loss + mean * len(picked), right + int(np.sum(scores.argmax(axis=1) == t[picked]))
        history["loss"].append(loss / len(X))
        history["accuracy"].append(right / len(X))
        if val is not None:
            history["val_accuracy"].append(
                float(np.mean(model.forward(val[0], False).argmax(axis=1) == val[1]))
            )
    return history


def _softmax_loss(S: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    rows = np.arange(len(S))
    shifted = S - S.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dS = np.exp(logs)
    dS[rows, t] -= 1
    return float(-logs[rows, t].mean()), dS / len(S)


def _step(model: Any, lr: float) -> None:
    for layer in model.layers:
        if not layer.frozen:
            for p, g in zip(layer.params(), layer.grads()):
                p -= lr * g


def freeze(model: Any, n_layers: int) -> None:
    """Set the flag of the first n layers, and take it from the others."""
    for i, layer in enumerate(model.layers):
        layer.frozen = i < n_layers


def replace_head(model: Any, C: int, rng: np.random.Generator) -> None:
    """Put a new dense layer for C classes in place of the last layer; He's initialisation, biases 0."""
    old = model.layers[-1]
    D = old.params()[0].shape[0]
    model.layers[-1] = type(old)(rng.normal(0.0, np.sqrt(2 / D), size=(D, C)), np.zeros(C))


def _functions(_impl: Implementation) -> Functions:
    return {"train": train, "freeze": freeze, "replace_head": replace_head}


# --- train ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """One training run; `spare` are examples beyond full batches."""

    group: str
    name: str
    n: int
    batch: int
    epochs: int = 2
    frozen: int = 0
    val: bool = False
    public: bool = False

    def trial(self, rng: np.random.Generator) -> Trial:
        """Train a model, and look at its weights before and after."""
        features, hidden, classes = 3, 5, 3
        sizes = [(features, hidden), (hidden,), (hidden, classes), (classes,)]
        weights = [rng.normal(size=size) for size in sizes]
        data, held_out = _data(rng, self.n, features), _data(rng, 40, features)
        if self.val and self.frozen:
            weights[3], held_out = _telling(rng, *weights[:3])
        net = Source(MODEL, "make", (*weights, self.frozen))
        call = Call(
            "train", (Handle("net"), data, self.epochs, self.batch, 0.3, Rng(int(rng.integers(2**31)))),
            {"val": held_out} if self.val else {},
        )  # fmt: skip
        return Trial(
            self.name,
            (_made(net), call, Call(_WEIGHTS, (Handle("net"),))),
            self.group,
            (1, 2),
            public=self.public,
        )


def _made(net: Source) -> Call:
    """Keep a model under the name "net"; the helper hands on what it is given."""
    return Call(GIVE_BACK, (net,), save="net", show="none")


def _data(rng: np.random.Generator, n: int, features: int) -> tuple[Any, Any]:
    t = np.concatenate([np.arange(3), rng.integers(3, size=n - 3)])
    return rng.normal(size=(n, features)), rng.permutation(t)


def _telling(rng: np.random.Generator, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray) -> Any:
    """Return last biases and data with which fewer guesses are right in training mode, which halves the features.

    Labels that are drawn may be hit as often in either mode, in all epochs by chance.
    """
    while True:
        b2, (X, t) = rng.normal(size=W2.shape[1]), _data(rng, 40, len(W1))
        h = np.tanh(X @ W1 + b1)
        guess, halved = ((scale * h @ W2 + b2).argmax(axis=1) for scale in (1.0, 0.5))
        if np.sum(guess != halved) >= 3:
            return b2, (X, np.where(guess != halved, guess, t))


_RUNS = (
    _Run("worked example", "four examples, all in one batch", 4, 4, public=True),
    _Run("one batch for all", "6 examples, 3 epochs", 6, 6, 3),
    _Run("one batch for all", "a batch size above the number of examples", 5, 8),
    _Run("mini-batches", "batches that divide the examples", 8, 4, 3),
    _Run("mini-batches", "a short last batch", 10, 4, 3),
    _Run("mini-batches", "single examples", 5, 1),
    _Run("frozen layers", "the first layer frozen", 8, 4, 2, frozen=1),
    _Run("frozen layers", "all layers frozen", 6, 3, 2, frozen=4),
    _Run("validation", "accuracy on other data after each epoch", 9, 4, 4, val=True),
    _Run("validation", "accuracy on other data, all layers frozen", 6, 3, 2, frozen=4, val=True),
)


def _train_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [run.trial(np.random.default_rng(8) if run.public else rng) for run in _RUNS]
    twice = _Run("same result twice", "the same model, data and generator again", 9, 4).trial(rng)
    again = Trial(twice.name, (*twice.calls, *twice.calls), twice.group, (1, 2, 4, 5), "behaviour")
    return [*made, again]


exercise(
    "train", title="Train a network", topic=TOPIC, op=None, functions=_functions, trials=_train_trials,
    results=("history", "weights"),
)  # fmt: skip


# --- transfer ------------------------------------------------------------------------------------


def _net(rng: np.random.Generator, features: int, hidden: int, classes: int, frozen: int = 0) -> Source:
    sizes = [(features, hidden), (hidden,), (hidden, classes), (classes,)]
    return Source(MODEL, "make", (*(rng.normal(size=size) for size in sizes), frozen))


def _freeze_trials(rng: np.random.Generator) -> Sequence[Trial]:
    look = Call(_FLAGS, (Handle("net"),))

    def after(name: str, group: str, *amounts: int, frozen: int = 0, public: bool = False) -> Trial:
        calls = [Call("freeze", (Handle("net"), n), show="none") for n in amounts]
        return Trial(name, (_made(_net(rng, 3, 4, 2, frozen)), *calls, look), group, public=public)

    return [
        after("two of four layers", "worked example", 2, public=True),
        after("the first layer", "the first layers", 1),
        after("all but the last", "the first layers", 3),
        after("all four", "the first layers", 4),
        after("none", "none, or none any more", 0),
        after("fewer than before", "none, or none any more", 3, 1),
        after("none any more", "none, or none any more", 0, frozen=4),
    ]


exercise(
    "freeze", title="Freeze the first layers", topic=TOPIC, op=None, functions=_functions, trials=_freeze_trials,
    results=("flags",),
)  # fmt: skip


def _head_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = []
    for group, name, hidden, old, new, frozen in (
        ("fewer classes", "from 10 classes to 4", 60, 10, 4, 0),
        ("more classes", "from 3 classes to 50", 20, 3, 50, 0),
        ("as many classes", "another task with 8 classes", 50, 8, 8, 0),
        ("a frozen network", "all layers frozen, from 6 classes to 5", 50, 6, 5, 4),
    ):
        net = _net(rng, 4, hidden, old, frozen)
        first, other = (int(s) for s in rng.integers(1, 2**31, size=2))
        calls: list[Call] = []
        for seed in (first, first, other):
            calls += [
                _made(net),
                Call("replace_head", (Handle("net"), new, Rng(seed)), show="none"),
                Call(_SEEN, (Handle("net"),)),
            ]
        kept = list(net.args or ())[:2]
        facts = {"kept": kept, "features": hidden, "classes": new, "old": list(net.args or ())[2:4]}
        facts["flags"] = [frozen > 0] * 3
        made.append(Trial(name, tuple(calls), group, (2, 5, 8), facts=facts))
    return made


exercise(
    "replace_head", title="Give a network a new head", topic=TOPIC, op=None, functions=_functions,
    trials=_head_trials, results=("model",), rule="new_head",
)  # fmt: skip
