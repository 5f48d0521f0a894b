"""Write a linear classifier: the perceptron, alone and slid over a signal, scores, one-hot labels, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, kept, repeated
from autograder.sandbox._script import Call
from reference import one_hot, perceptron

TOPIC = "linear"


def _perceptron(impl: Implementation) -> Functions:
    def one(x: Any, w: Any, b: float) -> Any:
        y = impl.forward(x, w, b)
        return None if y is None else int(y) if np.ndim(y) == 0 and float(y).is_integer() else y

    return {"perceptron": one}


# Halves and whole numbers: the sum is exact, also where it is exactly 0.
_THRESHOLD = (
    ("on the threshold", "the sum is exactly 0", [1.0, 2.0, -1.0], [2.0, -1.0, 1.0], 1.0),
    ("on the threshold", "a little above 0", [1.0, 2.0, -1.0], [2.0, -1.0, 1.0], 1.25),
    ("on the threshold", "a little below 0", [1.0, 2.0, -1.0], [2.0, -1.0, 1.0], 0.75),
    ("the bias decides", "a positive bias", [0.5, -1.0], [1.0, 1.0], 1.0),
    ("the bias decides", "a negative bias", [0.5, 1.0], [1.0, 1.0], -2.0),
    ("the bias decides", "a bias alone", [0.0, 0.0], [3.0, -1.0], 0.5),
    ("signs", "negative weights and inputs", [-1.0, -2.0], [-1.0, -0.5], -1.0),
    ("signs", "a positive sum of negative weights", [2.0, -3.0], [-1.0, 1.0], -0.5),
    ("signs", "a negative sum and a negative bias", [1.0, -1.5], [1.0, 1.0], -1.0),
    ("signs", "small inputs, large weights", [0.5, -0.5, 0.5], [4.0, 2.0, -8.0], 1.0),
)


def _perceptron_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = Call("perceptron", (np.array([0.0, 1.0]), np.array([-1.0, 1.0]), -0.5))
    made = [Trial("one window of the lecture's signal", (example,), "worked example", public=True)]
    for group, name, x, w, b in _THRESHOLD:
        order = rng.permutation(len(x))
        made.append(Trial(name, (Call("perceptron", (np.array(x)[order], np.array(w)[order], b)),), group))
    return [*made, repeated("the same call twice", example)]


exercise(
    "perceptron", title="A perceptron", topic=TOPIC, op=perceptron, functions=_perceptron, trials=_perceptron_trials,
    results=("output",),
)  # fmt: skip


def perceptron_slide(x: Any, w: Any, b: float) -> np.ndarray:
    """Return 1 where the sum over a window plus b is above 0."""
    return np.array([int(x[t : t + len(w)] @ w + b > 0) for t in range(len(x) - len(w) + 1)])


_FOUR = np.array([1.0, -1.0, 2.0, 1.0])
_SIGNAL = np.array([0.0, 0, 1, 1, 1, 0, 0, 1])


def _slide_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(x: Any, w: Any, b: float, layout: str = "C") -> Call:
        return Call("perceptron_slide", (x, w, b), layouts={"*": layout})

    made = [
        Trial(
            "the lecture's signal",
            (call(_SIGNAL, np.array([-1.0, 1.0]), -0.5),),
            "worked example",
            public=True,
        )
    ]
    # A signal that holds every window of two and three bits, and weights whose mirror image decides otherwise.
    bits = np.array([0.0, 0, 0, 1, 1, 1, 0, 1, 0, 0])
    bits = np.roll(bits, int(rng.integers(10)))
    made += [
        Trial("two weights", (call(bits, np.array([2.0, -1.0]), -0.5),), "windows"),
        Trial("three weights", (call(bits, np.array([1.0, -2.0, 3.0]), -1.5, "strided"),), "windows"),
        Trial("one weight", (call(bits, np.array([1.0]), -0.5),), "windows"),
        Trial("a window as long as the signal", (call(bits[:4] + 1.0, _FOUR, -0.5, "readonly"),), "windows"),
        Trial("sums of exactly 0", (call(bits, np.array([1.0, -1.0]), 0.0),), "on the threshold"),
        Trial("sums around 0", (call(rng.normal(size=12), rng.normal(size=3), 0.25),), "on the threshold"),
    ]  # fmt: skip
    return [*made, repeated("the same call twice", call(bits, np.array([2.0, -1.0]), -0.5))]


exercise(
    "perceptron_slide", title="A perceptron slid over a signal", topic=TOPIC, op=None, trials=_slide_trials,
    functions=lambda _impl: {"perceptron_slide": perceptron_slide}, results=("out",),
)  # fmt: skip


def linear_scores(X: Any, W: Any, b: Any) -> np.ndarray:
    """Return S = X W^T + b."""
    return np.asarray(X @ W.T + b)


_SCORE_SIZES = (
    ("several examples", "5 examples, 4 inputs, 3 classes", 5, 4, 3, "C"),
    ("several examples", "2 examples, 3 inputs, 6 classes", 2, 3, 6, "F"),
    ("one example", "3 inputs, 4 classes", 1, 3, 4, "strided"),
    ("equal sizes", "3 examples, 3 inputs, 3 classes", 3, 3, 3, "C"),
    ("equal sizes", "arrays that may not be written to", 4, 2, 4, "readonly"),
)


def _scores_trials(rng: np.random.Generator) -> Sequence[Trial]:
    X = np.array([[1.0, 2.0], [-1.0, 1.0]])
    W, b = np.array([[0.5, -1.0], [1.0, 0.5], [-0.5, 0.0]]), np.array([0.0, -0.5, 0.25])
    made = [
        Trial(
            "two examples, three classes", (Call("linear_scores", (X, W, b)),), "worked example", public=True
        )
    ]
    for group, name, n, d, c, layout in _SCORE_SIZES:
        given = (rng.normal(size=(n, d)), rng.normal(size=(c, d)), rng.normal(size=c))
        made.append(Trial(name, (Call("linear_scores", given, layouts={"*": layout}),), group))
    X, W, b = rng.normal(size=(3, 4)), rng.normal(size=(2, 4)), rng.normal(size=2)

    def call(X: Any, save: str | None, show: Any) -> Call:
        return Call("linear_scores", (X, W, b), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call(X, None, None)))
    made.append(kept("a second call must not change the first result", call, X, X + 1.0, item=""))
    return made


exercise(
    "linear_scores", title="Scores of a linear classifier", topic=TOPIC, op=None, trials=_scores_trials,
    functions=lambda _impl: {"linear_scores": linear_scores}, results=("S",),
)  # fmt: skip


def _one_hot(impl: Implementation) -> Functions:
    def encode(y: Any, C: int) -> Any:
        T = impl.forward(y, C)
        return None if T is None else np.asarray(T, dtype=float)

    return {"one_hot": encode}


def _one_hot_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [
        Trial("labels 3, 0, 9", (Call("one_hot", (np.array([3, 0, 9]), 10)),), "worked example", public=True)
    ]
    for group, name, y, c in (
        ("all classes occur", "5 labels of 3 classes", [2, 0, 1, 2, 0], 3),
        ("all classes occur", "as many labels as classes", [1, 3, 0, 2], 4),
        ("some classes do not occur", "the last class is missing", [0, 2, 0], 5),
        ("some classes do not occur", "the first class is missing", [1, 3, 1, 1], 4),
        ("some classes do not occur", "one label", [1], 3),
    ):
        drawn = rng.permutation(np.array(y))
        made.append(Trial(name, (Call("one_hot", (drawn, c)),), group))
    return [*made, repeated("the same call twice", Call("one_hot", (np.array([1, 0, 1]), 3)))]


exercise(
    "one_hot", title="One-hot labels", topic=TOPIC, op=one_hot, functions=_one_hot, trials=_one_hot_trials,
    results=("T",),
)  # fmt: skip


def _predict_trials(rng: np.random.Generator) -> Sequence[Trial]:
    F = np.array([[0.1, 0.7, 0.2], [0.4, 0.4, 0.2]])
    made = [Trial("two rows of probabilities", (Call("predict", (F,)),), "worked example", public=True)]
    ties = np.array([[1.0, 3, 3, 0], [2, 2, 2, 2], [-1, -4, -2, -1], [0, 1, 1, 1]])
    for group, name, F, layout in (
        ("several examples", "5 rows, 3 classes", _with_every_best(rng, 5, 3), "C"),
        ("several examples", "3 rows, 6 classes", _with_every_best(rng, 3, 6), "F"),
        ("several examples", "as many rows as classes", _with_every_best(rng, 4, 4), "strided"),
        ("one example", "negative scores only", _below_zero(_with_every_best(rng, 1, 5)), "readonly"),
        ("ties", "the first of the largest wins", ties, "C"),
    ):
        made.append(Trial(name, (Call("predict", (F,), layouts={"*": layout}),), group))
    return [*made, repeated("the same call twice", Call("predict", (ties,)))]


def _below_zero(F: np.ndarray) -> np.ndarray:
    return np.asarray(F - F.max() - 1.0)


def _with_every_best(rng: np.random.Generator, n: int, c: int) -> np.ndarray:
    """Draw scores whose best classes include the last and the first, and are in no simple order."""
    F = rng.normal(size=(n, c))
    best = [c - 1, 0, 1, 1, c - 1][:n]
    F[np.arange(n), best] = np.abs(F).max() + rng.uniform(0.1, 1.0, size=n)
    return F


exercise(
    "predict", title="The class with the largest score", topic=TOPIC, op=None, trials=_predict_trials,
    functions=lambda _impl: {"predict": lambda F: np.argmax(F, axis=1)}, results=("y",),
)  # fmt: skip
