"""Write losses with their gradients: multi-class hinge, cross-entropy of softmax, binary cross-entropy, L2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, kept, repeated, same_object
from autograder.sandbox._script import Call
from reference import binary_cross_entropy, cross_entropy, hinge, l2_penalty, log_softmax, softmax

TOPIC = "losses"
Pair = tuple[Any, Any]

# --- labelled scores -----------------------------------------------------------------------------

# (group, name, examples, classes, layout)
_SIZES = (
    ("one example", "3 classes", 1, 3, "C"),
    ("one example", "2 classes", 1, 2, "F"),
    ("several examples", "5 examples, 4 classes", 5, 4, "C"),
    ("several examples", "3 examples, 6 classes", 3, 6, "strided"),
    ("several examples", "as many examples as classes", 4, 4, "F"),
    ("several examples", "arrays that may not be written to", 4, 3, "readonly"),
)
_CAT_CAR_FROG = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
_LABELS = np.array([0, 1, 2])


def _labels(rng: np.random.Generator, n: int, c: int) -> np.ndarray:
    """Draw labels; the last class occurs, and where there is room, so does the first, and one class twice."""
    y = rng.integers(c, size=n)
    y[0] = c - 1
    y[1:3] = (0, c - 1)[: max(n - 1, 0)]
    return y


def _scores(rng: np.random.Generator, n: int, c: int) -> Pair:
    return rng.normal(size=(n, c)) * 1.5, _labels(rng, n, c)


def _off_the_kink(rng: np.random.Generator, n: int, c: int) -> Pair:
    """Draw scores whose margins keep away from 0; in the first row several classes violate theirs.

    They do so, too, after `same_object` has changed the scores.
    """
    while True:
        S, y = _scores(rng, n, c)
        S[0, y[0]] = S[0].min() - 0.7
        distance = S - S[np.arange(n), y][:, None]
        if min(np.min(np.abs(distance + 1)), np.min(np.abs(1 - 2 * distance))) > 0.05:
            return S, y


def _labelled(name: str) -> Callable[..., Call]:
    def call(x: Any, y: Any, layout: str = "C") -> Call:
        return Call(name, (x, y), layouts={"*": layout})

    return call


def _labelled_trials(rng: np.random.Generator, name: str, draw: Callable[..., Pair]) -> list[Trial]:
    call = _labelled(name)
    example = call(_CAT_CAR_FROG, _LABELS)
    made = [Trial("cat, car and frog", (example,), "worked example", public=True)]
    for group, title, n, c, layout in _SIZES:
        made.append(Trial(title, (call(*draw(rng, n, c), layout),), group))
    (x1, y), (x2, _) = draw(rng, 4, 3), draw(rng, 4, 3)

    def with_labels(x: Any, save: str | None, show: Any) -> Call:
        return Call(name, (x, y), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call(x1, y)))
    made.append(_kept_gradient(with_labels, x1, x2))
    made.append(same_object("the same array object with new content", with_labels, x1))
    return made


def _kept_gradient(call: Callable[..., Call], first: Any, second: Any) -> Trial:
    """Look at the gradient of a first call again after a second one."""
    return kept("a second call must not change the first result", call, first, second, index=1)


# --- hinge ---------------------------------------------------------------------------------------


def _svm(_impl: Implementation) -> Functions:
    def svm_loss(S: Any, y: Any) -> Pair:
        L, cache = hinge.forward(S, y)
        return float(L), hinge.backward(cache)[0]

    return {"svm_loss": svm_loss}


def _svm_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = _labelled_trials(rng, "svm_loss", _off_the_kink)
    y = _labels(rng, 4, 3)
    satisfied = rng.uniform(-1, 1, size=(4, 3)) + 10.0 * np.eye(3)[y]
    made.append(Trial("every class keeps its distance", (Call("svm_loss", (satisfied, y)),), "margins"))
    S, y = _off_the_kink(rng, 2, 5)
    S[np.arange(2), y] = S.min() - 1.0
    made.append(Trial("every other class is too close", (Call("svm_loss", (S, y)),), "margins"))
    # Whole numbers: the margin is exactly 0, and no rounding moves it.
    on_it = np.array([[2.0, 1, 4], [0, 3, 2], [-1, -5, -2], [1, 1, 2]])
    call = Call("svm_loss", (on_it, np.array([0, 1, 0, 2])))
    made.append(Trial("a margin of exactly 0 (gradient 0)", (call,), "margins", allowed=1e-9))
    return made


exercise(
    "svm_loss", title="Multi-class hinge loss", topic=TOPIC, op=None, functions=_svm, trials=_svm_trials,
    results=("L", "dS"),
)  # fmt: skip


# --- softmax -------------------------------------------------------------------------------------

# Far apart or equal, so that rounding of the scores cannot move the result much.
_LARGE = (
    ("one score of 1000", np.array([[1000.0, 1.0, 2.0], [0.5, 1000.0, -1000.0]])),
    ("all scores -1000", np.array([[-1000.0, -1000.0, -1000.0], [-1000.0, -1000.0, -2000.0]])),
    ("a row of large and a row of small scores", np.array([[1000.0, 1000.0, 0.0], [0.3, -0.2, 0.9]])),
    ("scores on both sides of 0", np.array([[1000.0, -1000.0, -1000.0, -1000.0], [-800.0, 800.0, 0.0, 1.0]])),
)
_SMALL = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])


def _rowwise(name: str) -> Callable[[Implementation], Functions]:
    return lambda impl: {name: lambda F: impl.forward(F)}


def _rowwise_trials(name: str) -> Callable[[np.random.Generator], Sequence[Trial]]:
    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        def call(F: Any, save: str | None = None, show: Any = None, layout: str = "C") -> Call:
            return Call(name, (F,), save=save, show="all" if show is None else show, layouts={"*": layout})

        made = [Trial("scores 1, 2, 3", (call(_SMALL),), "worked example", public=True)]
        for group, title, n, c, layout in _SIZES:
            F = rng.normal(size=(n, c)) * 1.5
            made.append(Trial(title, (call(F, layout=layout),), group))
        made += [Trial(title, (call(F),), "very large and very small scores") for title, F in _LARGE]
        F = rng.normal(size=(3, 4))
        made.append(repeated("the same call twice", call(F)))
        made.append(
            kept("a second call must not change the first result", call, F, 2.0 * F + 1.0 - F**2, item="")
        )
        made.append(same_object("the same array object with new content", call, rng.normal(size=(4, 3))))
        return made

    return trials


exercise(
    "softmax", title="Softmax of rows", topic=TOPIC, op=softmax, functions=_rowwise("softmax"),
    trials=_rowwise_trials("softmax"), results=("P",),
)  # fmt: skip
exercise(
    "log_softmax", title="Logarithm of softmax", topic=TOPIC, op=log_softmax, functions=_rowwise("log_softmax"),
    trials=_rowwise_trials("log_softmax"), results=("logP",),
)  # fmt: skip


def _softmax_loss(_impl: Implementation) -> Functions:
    def softmax_loss(F: Any, y: Any) -> Pair:
        L, cache = cross_entropy.forward(F, y)
        return float(L), cross_entropy.backward(cache)[0]

    return {"softmax_loss": softmax_loss}


def _softmax_loss_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = _labelled_trials(rng, "softmax_loss", _scores)
    for title, F in _LARGE:
        call = Call("softmax_loss", (F, np.array([0, F.shape[1] - 1])))
        made.append(Trial(title, (call,), "very large and very small scores"))
    return made


exercise(
    "softmax_loss", title="Cross-entropy of softmax", topic=TOPIC, op=None, functions=_softmax_loss,
    trials=_softmax_loss_trials, results=("L", "dF"),
)  # fmt: skip


# --- binary cross-entropy ------------------------------------------------------------------------


def _bce(_impl: Implementation) -> Functions:
    def bce_loss(a: Any, y: Any) -> Pair:
        # Disturbed labels may lie a rounding error outside 0 to 1.
        L, cache = binary_cross_entropy.forward(a, np.clip(y, 0.0, 1.0))
        return float(L), binary_cross_entropy.backward(cache)[0]

    return {"bce_loss": bce_loss}


def _logits(rng: np.random.Generator, n: int) -> Pair:
    y = rng.integers(2, size=n).astype(float)
    y[:2] = (1.0, 0.0)[:n]
    return rng.normal(size=n) * 2.0, y


_SURE = (
    ("sure and right", np.array([40.0, -40.0, 800.0, -800.0]), np.array([1.0, 0.0, 1.0, 0.0])),
    ("sure and wrong", np.array([800.0, -800.0, 0.5]), np.array([0.0, 1.0, 1.0])),
    ("rather sure and wrong", np.array([30.0, -25.0]), np.array([0.0, 1.0])),
)


def _bce_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = Call("bce_loss", (np.array([0.0, 2.0, -1.0]), np.array([1.0, 1.0, 0.0])))
    made = [Trial("three small logits", (example,), "worked example", public=True)]
    rows = (("one example", 1, "C"), ("several examples", 6, "strided"), ("several examples", 5, "readonly"))
    for group, n, layout in rows:
        call = Call("bce_loss", _logits(rng, n), layouts={"*": layout})
        made.append(Trial(f"{n} logits", (call,), group))
    made += [
        Trial(title, (Call("bce_loss", (a, y)),), "very large and very small logits") for title, a, y in _SURE
    ]
    a, y = _logits(rng, 4)

    def call_with(a: Any, save: str | None, show: Any) -> Call:
        return Call("bce_loss", (a, y), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call_with(a, None, None)))
    made.append(_kept_gradient(call_with, a, _logits(rng, 4)[0]))
    made.append(same_object("the same array object with new content", call_with, a))
    return made


exercise(
    "bce_loss", title="Binary cross-entropy of logits", topic=TOPIC, op=None, functions=_bce, trials=_bce_trials,
    results=("L", "da"),
)  # fmt: skip


# --- L2 ------------------------------------------------------------------------------------------


def _l2(impl: Implementation) -> Functions:
    def l2(W: Any, lam: float) -> Pair | None:
        R = impl.forward(W, lam)
        return None if R is None else (float(R), impl.backward(1.0, W, lam)[0])

    return {"l2_penalty": l2}


def _l2_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = Call("l2_penalty", (np.array([0.5, -2.0, 1.0]), 0.01))
    rows = (
        ("a vector", (5,), 0.3, "C"),
        ("a matrix", (3, 4), 0.05, "F"),
        ("a matrix", (4, 4), 2.5, "strided"),
        ("filters", (2, 3, 2, 2), 0.7, "readonly"),
    )
    made = [Trial("three weights of the lecture", (example,), "worked example", public=True)]
    for group, shape, lam, layout in rows:
        call = Call("l2_penalty", (rng.normal(size=shape), lam), layouts={"*": layout})
        made.append(Trial(f"shape {shape}, lam = {lam}", (call,), group))
    W = rng.normal(size=(3, 2))

    def call_with(W: Any, save: str | None, show: Any) -> Call:
        return Call("l2_penalty", (W, 0.4), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call_with(W, None, None)))
    made.append(_kept_gradient(call_with, W, W + 1.0))
    return made


exercise(
    "l2_penalty", title="L2 penalty", topic=TOPIC, op=l2_penalty, functions=_l2, trials=_l2_trials,
    results=("R", "dW"),
)  # fmt: skip
