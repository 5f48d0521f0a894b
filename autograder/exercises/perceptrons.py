"""Write the lectures' networks: one sigmoid unit, two layers of them, Mazur's example, the L-layer trainer."""

from __future__ import annotations

import itertools
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
)
from autograder.sandbox._script import Call, Handle, Source
from reference import (
    logistic_regression,
    mazur_step,
    mlp_backward,
    mlp_forward,
    mlp_update,
    two_layer_network,
)

TOPIC = "networks"
Forward = Callable[..., Call]

# --- forward and backward of a loss on one example ------------------------------------------------


def _pair(
    stem: str, forward: Forward, name: str, group: str, given: Any, public: bool = False, **more: Any
) -> Trial:
    calls = (forward(*given, save="f", **more), Call(f"{stem}_backward", (Handle("f", 1),)))
    return Trial(name, calls, group, (1,), forward=0, public=public)


def _cache_trials(
    stem: str, forward: Forward, first: Any, second: Any, rng: np.random.Generator
) -> list[Trial]:
    """Look at the cache: another forward in between, two backwards, the inputs afterwards, the own gradient."""
    back = Call(f"{stem}_backward", (Handle("f", 1),))
    *inputs, ystar = first

    def moved(*arrays: Any, save: str | None = None, show: Any = (0,)) -> Call:
        return forward(*arrays, ystar, save=save, show=show)

    def backward(handle: Handle) -> Call:
        return Call(f"{stem}_backward", (handle,))

    between = (forward(*first, save="f"), forward(*second, save="g"), back)
    twice = (forward(*first, save="f"), back, back)
    return [
        Trial("another example went forward in between", between, "independent of other calls", (2,), "behaviour", 0),
        Trial("backward twice from one cache", twice, "same result twice", (1, 2), "behaviour", 0),
        left_alone(moved, backward, inputs),
        own_gradient(moved, backward, inputs, np.array(1.0), rng, steps=(0.1, 0.05)),
    ]  # fmt: skip


# --- one sigmoid unit ----------------------------------------------------------------------------


def _logreg_functions(_impl: Implementation) -> Functions:
    def logreg_forward(theta: Any, x: Any, ystar: Any, slide_sign: bool = False) -> Any:
        J, cache = logistic_regression.forward(theta, x, ystar, slide_sign=slide_sign)
        return float(J), cache

    return {"logreg_forward": logreg_forward, "logreg_backward": logistic_regression.backward}


def _logreg(
    theta: Any, x: Any, ystar: int, *, save: str | None = None, show: Any = (0,), slide: bool = False,
    layout: str = "C",
) -> Call:  # fmt: skip
    more = {"slide_sign": True} if slide else {}
    return Call("logreg_forward", (theta, x, ystar), more, save=save, show=show, layouts={"*": layout})


_CASE_1 = (np.array([0.5, -0.25, 0.75]), np.array([1.0, 2.0, -1.0]), 1)
_CASE_1_ROWS = (
    ("the answer is yes", "3 inputs", 4, 1, False, "C"),
    ("the answer is yes", "5 inputs", 6, 1, False, "strided"),
    ("the answer is no", "2 inputs", 3, 0, False, "C"),
    ("the answer is no", "arrays that may not be written to", 4, 0, False, "readonly"),
    ("the slide's sign", "the answer is yes", 3, 1, True, "C"),
    ("the slide's sign", "the answer is no", 4, 0, True, "C"),
)


def _case_1(rng: np.random.Generator, d: int, ystar: int) -> tuple[Any, Any, int]:
    return rng.normal(size=d), np.array([1.0, *rng.normal(size=d - 1)]), ystar


def _logreg_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [Trial("Case 1 of the lecture", (_logreg(*_CASE_1),), "worked example", public=True)]
    for group, name, d, ystar, slide, layout in _CASE_1_ROWS:
        call = _logreg(*_case_1(rng, d, ystar), slide=slide, layout=layout)
        made.append(Trial(name, (call,), group))
    return [*made, repeated("the same call twice", _logreg(*_case_1(rng, 4, 1)))]


def _logreg_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_pair("logreg", _logreg, "Case 1 of the lecture", "worked example", _CASE_1, public=True)]
    for group, name, d, ystar, slide, layout in _CASE_1_ROWS:
        given = _case_1(rng, d, ystar)
        made.append(_pair("logreg", _logreg, name, group, given, slide=slide, layout=layout))
    return made + _cache_trials("logreg", _logreg, _case_1(rng, 4, 1), _case_1(rng, 4, 0), rng)


exercise(
    "logreg_forward", title="One sigmoid unit, forward", topic=TOPIC, op=None, functions=_logreg_functions,
    trials=_logreg_forward_trials, results=("J", "cache"),
)  # fmt: skip
exercise(
    "logreg_backward", title="One sigmoid unit, backward", topic=TOPIC, op=None, part="backward",
    functions=_logreg_functions, trials=_logreg_backward_trials, results=("dtheta", "dx"), needs=("logreg_forward",),
)  # fmt: skip


# --- two layers of sigmoid units -----------------------------------------------------------------


def _nn2_functions(_impl: Implementation) -> Functions:
    def nn2_forward(alpha: Any, beta: Any, x: Any, ystar: Any) -> Any:
        J, cache = two_layer_network.forward(alpha, beta, x, ystar)
        return float(J), cache

    return {"nn2_forward": nn2_forward, "nn2_backward": two_layer_network.backward}


def _nn2(
    alpha: Any, beta: Any, x: Any, ystar: int, *, save: str | None = None, show: Any = (0,), layout: str = "C"
) -> Call:
    return Call("nn2_forward", (alpha, beta, x, ystar), save=save, show=show, layouts={"*": layout})


_CASE_2 = (
    np.array([[0.1, 0.4, -0.2], [-0.3, 0.2, 0.5]]), np.array([0.2, 0.7, -0.6]), np.array([1.0, 0.5, -1.0]), 1,
)  # fmt: skip
_CASE_2_ROWS = (
    ("more inputs than units", "2 units, 4 inputs", 2, 4, 1, "C"),
    ("more inputs than units", "1 unit, 2 inputs", 1, 3, 0, "C"),
    ("more units than inputs", "4 units, 2 inputs", 4, 3, 0, "F"),
    ("more units than inputs", "5 units, 1 input", 5, 2, 1, "strided"),
    ("as many units as inputs", "3 units", 3, 3, 0, "C"),
    ("as many units as inputs", "arrays that may not be written to", 2, 3, 1, "readonly"),
)


def _case_2(rng: np.random.Generator, d: int, m: int, ystar: int) -> tuple[Any, ...]:
    """Draw D units and M + 1 = m inputs, the first of them 1."""
    x = np.array([1.0, *rng.normal(size=m - 1)])
    return rng.normal(size=(d, m)), rng.normal(size=d + 1), x, ystar


def _nn2_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [Trial("Case 2 of the lecture", (_nn2(*_CASE_2),), "worked example", public=True)]
    for group, name, d, m, ystar, layout in _CASE_2_ROWS:
        made.append(Trial(name, (_nn2(*_case_2(rng, d, m, ystar), layout=layout),), group))
    return [*made, repeated("the same call twice", _nn2(*_case_2(rng, 3, 4, 1)))]


def _nn2_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_pair("nn2", _nn2, "Case 2 of the lecture", "worked example", _CASE_2, public=True)]
    for group, name, d, m, ystar, layout in _CASE_2_ROWS:
        made.append(_pair("nn2", _nn2, name, group, _case_2(rng, d, m, ystar), layout=layout))
    return made + _cache_trials("nn2", _nn2, _case_2(rng, 3, 4, 1), _case_2(rng, 3, 4, 0), rng)


exercise(
    "nn2_forward", title="Two layers of sigmoid units, forward", topic=TOPIC, op=None, functions=_nn2_functions,
    trials=_nn2_forward_trials, results=("J", "cache"),
)  # fmt: skip
exercise(
    "nn2_backward", title="Two layers of sigmoid units, backward", topic=TOPIC, op=None, part="backward",
    functions=_nn2_functions, trials=_nn2_backward_trials, results=("dalpha", "dbeta", "dx"), needs=("nn2_forward",),
)  # fmt: skip


# --- Mazur's example -----------------------------------------------------------------------------

_MAZUR = (
    np.array([0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55]), np.array([0.35, 0.6]), np.array([0.05, 0.1]),
    np.array([0.01, 0.99]), 0.5,
)  # fmt: skip


def _mazur_functions(_impl: Implementation) -> Functions:
    def step(w: Any, b: Any, i: Any, t: Any, lr: float) -> Any:
        after = mazur_step(w, b, i, t, lr)
        return after.w, float(after.E)

    return {"mazur_step": step}


def _mazur_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def draw(lr: float) -> tuple[Any, ...]:
        w, b, i = rng.normal(size=8), rng.normal(size=2), rng.uniform(0.5, 1.5, size=2)
        return w, b, i, rng.uniform(0.05, 0.95, size=2), lr

    made = [Trial("the numbers of the post", (Call("mazur_step", _MAZUR),), "worked example", public=True)]
    for group, lr, layout in (
        ("other numbers", 0.5, "C"),
        ("other numbers", 1.0, "readonly"),
        ("another rate", 0.1, "C"),
        ("another rate", 3.0, "strided"),
    ):
        made.append(Trial(f"lr = {lr}", (Call("mazur_step", draw(lr), layouts={"*": layout}),), group))
    first, second = draw(0.5), draw(0.5)

    def call(w: Any, save: str | None, show: Any) -> Call:
        return Call("mazur_step", (w, *first[1:]), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call(first[0], None, None)))
    made.append(kept("a second call must not change the first result", call, first[0], second[0]))
    return made


exercise(
    "mazur_step", title="One update of the step-by-step example", topic=TOPIC, op=None, functions=_mazur_functions,
    trials=_mazur_trials, results=("w_new", "E"),
)  # fmt: skip


# --- the L-layer trainer -------------------------------------------------------------------------


def _mlp_functions(_impl: Implementation) -> Functions:
    def update(Ws: Any, bs: Any, dWs: Any, dbs: Any, lr: float, N: int) -> Any:
        return mlp_update(Ws, dWs, lr, N), mlp_update(bs, dbs, lr, N)

    return {"mlp_forward": mlp_forward, "mlp_backward": mlp_backward, "mlp_update": update}


# The biases' gradients may be columns or vectors; whatever else comes is left as it is.
_COLUMNS = Source(
    "def columns(grads):\n"
    "    if not isinstance(grads, (tuple, list)) or len(grads) != 2 or not isinstance(grads[1], (tuple, list)):\n"
    "        return grads\n"
    "    return grads[0], [b.reshape(-1, 1) if getattr(b, 'ndim', 0) == 1 else b for b in grads[1]]",
    "columns",
)
_MATLAB = (
    np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, -1.0]]),
    [np.array([[0.5, -0.5], [0.25, 0.75]]), np.array([[1.0, -1.0], [0.5, 0.5]])],
    [np.array([[0.1], [0.0]]), np.array([[0.0], [0.2]])],
)
_MATLAB_T = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
_DEPTHS = (
    ("one layer", "3 inputs, 4 classes, 5 examples", (3, 4), 5, "C"),
    ("two layers", "3, 5 and 2 units, 4 examples", (3, 5, 2), 4, "F"),
    ("two layers", "one example", (2, 4, 3), 1, "C"),
    ("three layers", "2, 5, 4 and 3 units, 6 examples", (2, 5, 4, 3), 6, "strided"),
    ("three layers", "4, 3, 2, 5 and 3 units", (4, 3, 2, 5, 3), 3, "readonly"),
    ("layers of equal width", "3 units throughout, 2 examples", (3, 3, 3, 3), 2, "C"),
    ("layers of equal width", "3 units and 3 examples", (3, 3, 3, 3), 3, "F"),
)
# Scores of 1000 and -1750 in the first columns; far apart, so that rounding cannot move the result much.
_LARGE = (
    np.array([[2.0, -2.0, 1.0], [1.0, -1.5, 0.25]]),
    [np.array([[500.0, 0.0], [0.0, 500.0], [-500.0, -500.0]])],
    [np.array([[0.0], [1.0], [0.0]])],
)


def _network(rng: np.random.Generator, widths: Sequence[int], n: int) -> tuple[Any, ...]:
    """Draw X, Ws, bs and T whose hidden units are on for some examples and off for others, and keep off the kink."""
    while True:
        X = rng.normal(size=(widths[0], n))
        Ws = [1.2 * rng.normal(size=(m, d)) for d, m in itertools.pairwise(widths)]
        bs = [rng.normal(size=(m, 1)) for m in widths[1:]]
        H, hidden = X, []
        for W, b in zip(Ws[:-1], bs[:-1]):
            hidden.append(W @ H + b)
            H = np.maximum(hidden[-1], 0.0)
        lively = all((Z > 0).any() and (Z < 0).any() and np.abs(Z).min() > 1e-3 for Z in hidden)
        if lively and (H > 0).any() and np.abs(Ws[-1] @ H + bs[-1]).max() < 8:
            return X, Ws, bs, np.eye(widths[-1])[rng.integers(widths[-1], size=n)].T.copy()


def _mlp(X: Any, Ws: Any, bs: Any, *, save: str | None = None, show: Any = (0,), layout: str = "C") -> Call:
    return Call("mlp_forward", (X, Ws, bs), save=save, show=show, layouts={"*": layout})


def _mlp_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [Trial("the toy network of the lecture", (_mlp(*_MATLAB),), "worked example", public=True)]
    for group, name, widths, n, layout in _DEPTHS:
        made.append(Trial(name, (_mlp(*_network(rng, widths, n)[:3], layout=layout),), group))
    made.append(Trial("scores of 1000 and -1000", (_mlp(*_LARGE),), "very large and very small scores"))
    X, Ws, bs, _ = _network(rng, (3, 4, 2), 3)

    def call(X: Any, save: str | None, show: Any) -> Call:
        return _mlp(X, Ws, bs, save=save, show=(0,) if show is None else show)

    made.append(repeated("the same call twice", call(X, None, None)))
    made.append(kept("a second call must not change the first result", call, X, X + 1.0))
    return made


def _mlp_back(handle: Handle, T: Any, layout: str = "C") -> tuple[Call, Call]:
    back = Call("mlp_backward", (handle, T), save="grads", show="none", layouts={"args[1]": layout})
    return back, Call(_COLUMNS, (Handle("grads"),))


def _mlp_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def trial(name: str, group: str, given: Any, layout: str = "C", public: bool = False) -> Trial:
        *inputs, T = given
        calls = (_mlp(*inputs, save="f", layout=layout), *_mlp_back(Handle("f", 1), T, layout))
        return Trial(name, calls, group, (2,), forward=0, public=public)

    example = (*_MATLAB, _MATLAB_T)
    made = [trial("the toy network of the lecture", "worked example", example, public=True)]
    for group, name, widths, n, layout in _DEPTHS:
        made.append(trial(name, group, _network(rng, widths, n), layout))
    (*a, T), (*b, _) = _network(rng, (3, 4, 2), 3), _network(rng, (3, 4, 2), 3)
    back = _mlp_back(Handle("f", 1), T)
    between = (_mlp(*a, save="f"), _mlp(*b, save="g"), *back)
    twice = (_mlp(*a, save="f"), *back, *back)
    made += [
        Trial("other examples went forward in between", between, "independent of other calls", (3,), "behaviour", 0),
        Trial("backward twice from one cache", twice, "same result twice", (2, 4), "behaviour", 0),
        left_alone(_mlp, lambda handle: Call("mlp_backward", (handle, T)), a),
    ]  # fmt: skip
    return made


def _mlp_update_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(widths: Sequence[int], lr: float, n: int, layout: str = "C") -> Call:
        _, Ws, bs, _ = _network(rng, widths, n)
        grads = [[rng.normal(size=a.shape) for a in arrays] for arrays in (Ws, bs)]
        return Call("mlp_update", (Ws, bs, *grads, lr, n), layouts={"*": layout})

    rows = (
        ("one layer", (3, 2), 0.5, 4, "C"),
        ("several layers", (3, 4, 2), 0.1, 5, "F"),
        ("several layers", (2, 3, 3, 2), 2.0, 3, "readonly"),
        ("one example", (2, 3), 0.3, 1, "strided"),
    )
    made = [
        Trial(f"lr = {lr}, {n} examples", (call(widths, lr, n, layout),), group)
        for group, widths, lr, n, layout in rows
    ]
    return [*made, repeated("the same call twice", call((3, 2, 2), 0.2, 4))]


exercise(
    "mlp_forward", title="The L-layer network, forward", topic=TOPIC, op=None, functions=_mlp_functions,
    trials=_mlp_forward_trials, results=("P", "cache"),
)  # fmt: skip
exercise(
    "mlp_backward", title="The L-layer network, backward", topic=TOPIC, op=None, part="backward",
    functions=_mlp_functions, trials=_mlp_backward_trials, results=("dWs", "dbs"), needs=("mlp_forward",),
)  # fmt: skip
exercise(
    "mlp_update", title="The L-layer network, one step", topic=TOPIC, op=None, functions=_mlp_functions,
    trials=_mlp_update_trials, results=("Ws", "bs"),
)  # fmt: skip
