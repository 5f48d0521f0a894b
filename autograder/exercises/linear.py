"""Write linear layers with their gradients: mean subtraction and one dense layer."""

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
    own_gradient,
    repeated,
    same_object,
)
from autograder.sandbox._script import Call

TOPIC = "linear"

# --- mean subtraction ----------------------------------------------------------------------------


def mean_sub_forward(X: Any) -> np.ndarray:
    """Subtract its own mean from every row."""
    return np.asarray(X - X.mean(axis=1, keepdims=True))


def mean_sub_backward(dH: Any) -> np.ndarray:
    """Return dX, by the symmetric Jacobian I - 1/D."""
    return np.asarray(dH - dH.mean(axis=1, keepdims=True))


_MEAN_SIZES = (
    ("more examples than features", "4 examples, 3 features", (4, 3), "C"),
    ("more examples than features", "5 examples, 2 features", (5, 2), "F"),
    ("more features than examples", "2 examples, 5 features", (2, 5), "strided"),
    ("more features than examples", "one example", (1, 4), "C"),
    ("as many examples as features", "a square table", (3, 3), "C"),
    ("as many examples as features", "a square table that may not be written to", (4, 4), "readonly"),
)
_MEAN_X = np.array([[1.0, 2, 6], [0, 0, 3]])
_MEAN_DH = np.array([[3.0, 0, 0], [1, -2, 4]])


def _mean_functions(_impl: Implementation) -> Functions:
    return {"mean_sub_forward": mean_sub_forward, "mean_sub_backward": mean_sub_backward}


def _one_argument(name: str) -> Callable[..., Call]:
    def call(x: Any, save: str | None = None, show: Any = None) -> Call:
        return Call(name, (x,), save=save, show="all" if show is None else show)

    return call


def _mean_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    call = _one_argument("mean_sub_forward")
    made = [Trial("the lecture's table", (call(_MEAN_X),), "worked example", public=True)]
    for group, name, shape, layout in _MEAN_SIZES:
        made.append(
            Trial(
                name, (Call("mean_sub_forward", (1 + rng.normal(size=shape),), layouts={"*": layout}),), group
            )
        )
    x = 1 + rng.normal(size=(3, 4))
    made.append(repeated("the same call twice", call(x)))
    made.append(
        kept("a second call must not change the first result", call, x, x + rng.normal(size=x.shape), item="")
    )
    made.append(same_object("the same array object with new content", call, x * rng.normal(size=x.shape)))
    return made


def _mean_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_mean_pair("the lecture's table", "worked example", _MEAN_X, _MEAN_DH, public=True)]
    for group, name, shape, layout in _MEAN_SIZES:
        x, dh = rng.normal(size=shape), 1 + rng.normal(size=shape)
        made.append(_mean_pair(name, group, x, dh, layout))
    dh, call = 1 + rng.normal(size=(3, 4)), _one_argument("mean_sub_backward")
    made.append(repeated("the same call twice", call(dh)))
    made.append(
        kept(
            "a second call must not change the first result",
            call,
            dh,
            dh * rng.normal(size=dh.shape),
            item="",
        )
    )

    def forward(x: Any, *, save: str | None = None, show: Any = "all") -> Call:
        return Call("mean_sub_forward", (x,), save=save, show="all" if show != "none" else show)

    made.append(own_gradient(forward, lambda _: call(dh), [rng.normal(size=dh.shape)], dh, rng, result=None))
    return made


def _mean_pair(name: str, group: str, x: Any, dh: Any, layout: str = "C", public: bool = False) -> Trial:
    calls = (Call("mean_sub_forward", (x,)), Call("mean_sub_backward", (dh,), layouts={"*": layout}))
    return Trial(name, calls, group, judged=(1,), forward=0, public=public)


exercise(
    "mean_sub_forward", title="Mean subtraction, forward", topic=TOPIC, op=None, functions=_mean_functions,
    trials=_mean_forward_trials, results=("H",),
)  # fmt: skip
exercise(
    "mean_sub_backward", title="Mean subtraction, backward", topic=TOPIC, op=None, part="backward",
    functions=_mean_functions, trials=_mean_backward_trials, results=("dX",), needs=("mean_sub_forward",),
)  # fmt: skip


# --- one dense layer -----------------------------------------------------------------------------


def dense_forward(x: Any, W: Any, b: Any) -> np.ndarray:
    """Return h = W x + b."""
    return np.asarray(W @ x + b)


def dense_backward(dh: Any, x: Any, W: Any) -> tuple[Any, Any, Any]:
    """Return dx = W^T dh, dW = dh x^T, db = dh."""
    return W.T @ dh, np.outer(dh, x), np.array(dh)


_DENSE_SIZES = (
    ("more inputs than outputs", "5 inputs, 2 outputs", 5, 2, "C"),
    ("more inputs than outputs", "3 inputs, 1 output", 3, 1, "F"),
    ("more outputs than inputs", "2 inputs, 4 outputs", 2, 4, "strided"),
    ("more outputs than inputs", "1 input, 3 outputs", 1, 3, "C"),
    ("as many outputs as inputs", "3 inputs, 3 outputs", 3, 3, "F"),
    ("as many outputs as inputs", "arrays that may not be written to", 4, 4, "readonly"),
)
_DENSE_X, _DENSE_B, _DENSE_DH = np.array([1.0, -2, 3]), np.array([0.5, -1]), np.array([2.0, -3])
_DENSE_W = np.array([[1.0, 0, 2], [-1, 1, 0.5]])


def _dense_functions(_impl: Implementation) -> Functions:
    return {"dense_forward": dense_forward, "dense_backward": dense_backward}


def _dense_inputs(rng: np.random.Generator, d: int, m: int) -> tuple[Any, Any, Any, Any]:
    return rng.normal(size=d), rng.normal(size=(m, d)), rng.normal(size=m), rng.normal(size=m)


def _dense_call(
    x: Any, W: Any, b: Any, *, save: str | None = None, show: Any = None, layout: str = "C"
) -> Call:
    return Call(
        "dense_forward", (x, W, b), save=save, show="none" if show == "none" else "all", layouts={"*": layout}
    )


def _dense_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = _dense_call(_DENSE_X, _DENSE_W, _DENSE_B)
    made = [Trial("the lecture's layer", (example,), "worked example", public=True)]
    for group, name, d, m, layout in _DENSE_SIZES:
        made.append(Trial(name, (_dense_call(*_dense_inputs(rng, d, m)[:3], layout=layout),), group))
    x, W, b, _ = _dense_inputs(rng, 3, 4)

    def call(x: Any, save: str | None, show: Any) -> Call:
        return Call("dense_forward", (x, W, b), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call(x, None, None)))
    made.append(kept("a second call must not change the first result", call, x, x + 1.0, item=""))
    return made


def _dense_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [
        _dense_pair(
            "the lecture's layer", "worked example", (_DENSE_X, _DENSE_W, _DENSE_B), _DENSE_DH, public=True
        )
    ]
    for group, name, d, m, layout in _DENSE_SIZES:
        *inputs, dh = _dense_inputs(rng, d, m)
        made.append(_dense_pair(name, group, inputs, dh, layout))
    *inputs, dh = _dense_inputs(rng, 3, 4)
    back = Call("dense_backward", (dh, *inputs[:2]))
    made.append(repeated("the same call twice", back))
    made.append(own_gradient(_dense_call, lambda _: back, inputs, dh, rng, result=None))
    return made


def _dense_pair(
    name: str, group: str, inputs: Sequence[Any], dh: Any, layout: str = "C", public: bool = False
) -> Trial:
    back = Call("dense_backward", (dh, *inputs[:2]), layouts={"*": layout})
    return Trial(name, (_dense_call(*inputs), back), group, judged=(1,), forward=0, public=public)


exercise(
    "dense_forward", title="One dense layer, forward", topic=TOPIC, op=None, functions=_dense_functions,
    trials=_dense_forward_trials, results=("h",),
)  # fmt: skip
exercise(
    "dense_backward", title="One dense layer, backward", topic=TOPIC, op=None, part="backward",
    functions=_dense_functions, trials=_dense_backward_trials, results=("dx", "dW", "db"), needs=("dense_forward",),
)  # fmt: skip
