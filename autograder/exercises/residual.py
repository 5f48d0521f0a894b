"""Write a block with a skip connection, y = relu(x W^T) + x, with or without a projection, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
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
from reference import residual

TOPIC = "residual"
_SMALL = 1e-3  # steps of the probe: too small to carry a unit over the kink of its ReLU


def _functions(impl: Implementation) -> Functions:
    def residual_forward(x: Any, W: Any, P: Any = None) -> Any:
        y = impl.forward(x, W, P)
        return None if y is None else (y, (x, W, P))

    def residual_backward(dy: Any, cache: Any) -> Any:
        found = impl.backward(dy, *cache)
        return found if found is None or cache[2] is not None else found[:2]

    return {"residual_forward": residual_forward, "residual_backward": residual_backward}


_W = np.array([[0.5, 1.0], [-1.0, 0.25]])
_DY = np.array([[1.0, 2.0]])
_AT_ZERO = np.array(
    [[0.0, 0.0], [0.5, 1.0], [1.0, 3.0]]
)  # the sums of the first are 0, however they are added
_EXAMPLES = (
    ("the branch is off: the block is the identity", np.array([[1.0, -2.0]])),
    ("one unit of the branch is on", np.array([[1.0, 2.0]])),
)
_SIZES = (
    ("identity skip", "3 examples of 4 features", 3, 4, 4, False, "C"),
    ("identity skip", "as many examples as features", 3, 3, 3, False, "F"),
    ("identity skip", "one example", 1, 5, 5, False, "strided"),
    ("projection", "from 4 features to 2", 3, 4, 2, True, "strided"),
    ("projection", "from 2 features to 5", 4, 2, 5, True, "readonly"),
    ("projection", "to the same size", 4, 3, 3, True, "C"),
)  # fmt: skip


def _drawn(rng: np.random.Generator, n: int, d: int, m: int, projected: bool) -> tuple[Any, ...]:
    """Draw x, W (and P) with units of the branch on and off, none of them near the kink."""
    while True:
        x, w = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        a = x @ w.T
        if np.abs(a).min() > 0.05 and 0 < np.sum(a > 0) < a.size:
            return (x, w, rng.normal(size=(m, d))) if projected else (x, w)


def _forward(*inputs: Any, save: str | None = None, show: Any = (0,), layout: str = "C") -> Call:
    return Call("residual_forward", inputs, save=save, show=show, layouts={"*": layout})


def _backward(dy: Any, cache: Handle, layout: str = "C") -> Call:
    return Call("residual_backward", (dy, cache), layouts={"args[0]": layout})


def _forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [Trial(name, (_forward(x, _W),), "worked example", public=True) for name, x in _EXAMPLES]
    for group, name, n, d, m, projected, layout in _SIZES:
        made.append(Trial(name, (_forward(*_drawn(rng, n, d, m, projected), layout=layout),), group))
    x, w = _drawn(rng, 3, 4, 4, False)

    def call(x: Any, save: str | None, show: Any) -> Call:
        return _forward(x, w, save=save, show=(0,) if show is None else show)

    return [
        *made,
        repeated("the same call twice", call(x, None, None)),
        kept("a second call must not change the first result", call, x, x + 1.0),
        same_object("the same array object with new content", call, x),
    ]


def _pair(
    name: str, group: str, inputs: Sequence[Any], dy: Any, layout: str = "C", public: bool = False
) -> Trial:
    calls = (_forward(*inputs, save="f"), _backward(dy, Handle("f", 1), layout))
    return Trial(name, calls, group, judged=(1,), forward=0, public=public)


def _backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_pair(name, "worked example", (x, _W), _DY, public=True) for name, x in _EXAMPLES]
    for group, name, n, d, m, projected, layout in _SIZES:
        made.append(_pair(name, group, _drawn(rng, n, d, m, projected), rng.normal(size=(n, m)), layout))
    made.append(
        _pair("a sum that is exactly 0", "identity skip", (_AT_ZERO, _W), rng.normal(size=_AT_ZERO.shape))
    )
    a, b = _drawn(rng, 3, 4, 4, False), _drawn(rng, 3, 4, 4, False)
    dy = rng.normal(size=(3, 4))
    back = _backward(dy, Handle("a", 1))
    twice = (_forward(*a, save="a", show="none"), back, back)
    between = (_forward(*a, save="a", show="none"), _forward(*b, save="b", show="none"), back)
    return [
        *made,
        Trial("the same call twice", twice, "same result twice", (1, 2), "behaviour"),
        Trial("another forward in between", between, "independent of other calls", (2,), "behaviour"),
        left_alone(_forward, lambda h: _backward(dy, h), a),
        own_gradient(_forward, lambda h: _backward(dy, h), a, dy, rng, steps=(_SMALL, _SMALL / 2)),
    ]


exercise(
    "residual_forward", title="A block with a skip connection, forward", topic=TOPIC, op=residual,
    functions=_functions, trials=_forward_trials, results=("y", "cache"),
)  # fmt: skip
exercise(
    "residual_backward", title="A block with a skip connection, backward", topic=TOPIC, op=residual,
    part="backward", functions=_functions, trials=_backward_trials, results=("dx", "dW", "dP"),
    needs=("residual_forward",),
)  # fmt: skip
