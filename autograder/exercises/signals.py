"""Write dilated and causal convolution, and the receptive field of a stack of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, kept, repeated, same_object
from autograder.exercises.convolution import LAYER, Geometry
from autograder.sandbox._script import Call
from reference import causal_conv1d, conv2d, receptive_field

TOPIC = "signals"


# --- dilated convolution -------------------------------------------------------------------------


def _dilated(impl: Implementation) -> Functions:
    def dilated_conv(X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool = False) -> Any:
        kernel = W[:, :, ::-1, ::-1] if flip else W
        return impl.forward(X, kernel, b, stride=s, padding=p, dilation=d)

    return {"dilated_conv": dilated_conv}


_SLIDE_X = np.array([[1.0, 4, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 5, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]])
_SLIDE_W = np.array([[2.0, 4], [5, 6]])
MORE = (
    Geometry("dilation", "dilation 2, 2x2 filters", c=2, f=2, h=4, w=5, d=2),
    Geometry("dilation", "dilation 3", n=2, h=5, w=4, d=3, layout="F"),
    Geometry("dilation", "a filter that spans the whole image", h=5, w=5, k=3, d=2),
)
FLIPPED = (
    Geometry("flip", "flip, no dilation", c=2, f=3, h=4, w=5, k=3),
    Geometry("flip", "flip and dilation 2", n=2, c=3, f=2, h=4, w=6, d=2, layout="strided"),
    Geometry("flip", "flip, dilation, stride and padding", 2, 2, 5, 6, 2, 3, 2, 1, 2),
)


def _dilated_call(g: Geometry, x: Any, w: Any, b: Any, flip: bool | None, **more: Any) -> Call:
    named = {} if flip is None else {"flip": flip}
    return Call("dilated_conv", (x, w, b, g.s, g.p, g.d), named, layouts={"*": g.layout}, **more)


def _dilated_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = []
    for flip, name in (
        (True, "the slide's result: flip=True"),
        (False, "as libraries compute it: flip=False"),
    ):
        g = Geometry("worked example", name, h=5, w=5, d=2)
        example = _dilated_call(g, _SLIDE_X[None, None], _SLIDE_W[None, None], np.zeros(1), flip)
        made.append(Trial(name, (example,), g.group, public=True))
    for g in (*LAYER, *MORE):
        made.append(Trial(g.name, (_dilated_call(g, *g.draw(rng), None),), g.group))
    for g in FLIPPED:
        made.append(Trial(g.name, (_dilated_call(g, *g.draw(rng), True),), g.group))
    g = Geometry("", "", 2, 2, 4, 5, 2, 2, 2, 1, 2)
    (x, w, b), other = g.draw(rng), g.draw(rng)[0]

    def call(x: Any, save: str | None, show: Any) -> Call:
        return _dilated_call(g, x, w, b, True, save=save, show="all" if show is None else show)

    locked = Geometry("", "", h=3, w=4, p=1, layout="readonly")
    return [
        *made,
        Trial(
            "inputs that may not be written to", (_dilated_call(locked, *locked.draw(rng), True),), "padding"
        ),
        repeated("the same call twice", call(x, None, None)),
        kept("a second call must not change the first result", call, x, other),
        same_object("the same array object with new content", call, other),
    ]


exercise(
    "dilated_conv", title="Dilated convolution", topic=TOPIC, op=conv2d, part="forward", functions=_dilated,
    trials=_dilated_trials, results=("Y",), outside={"groups-read-first-channels": "there are no groups"},
)  # fmt: skip


# --- causal convolution --------------------------------------------------------------------------


def _causal(impl: Implementation) -> Functions:
    return {"causal_conv1d": lambda x, w, d: impl.forward(x, w, dilation=d)}


# Long enough that a recursion which branches at every step never ends; a loop over all taps is quick.
LONG = 150
SIGNALS = (
    ("no dilation", "3 taps", 7, 3, 1, "C"),
    ("no dilation", "4 taps", 9, 4, 1, "strided"),
    ("dilation", "2 taps, dilation 3", 9, 2, 3, "C"),
    ("dilation", "4 taps, dilation 2", 11, 4, 2, "readonly"),
    ("dilation", "3 taps, dilation 4", 13, 3, 4, "strided"),
    ("one tap", "one tap, dilation 2", 5, 1, 2, "C"),
    ("a filter longer than the signal", "5 taps on 4 samples", 4, 5, 1, "C"),
    ("a filter longer than the signal", "3 taps, dilation 4, on 6 samples", 6, 3, 4, "C"),
    ("a long signal", f"{LONG} samples", LONG, 3, 2, "C"),
)


def _causal_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = Call("causal_conv1d", (np.arange(1.0, 9.0), np.array([10.0, 1.0]), 2))
    made = [Trial("1 to 8 with the taps 10 and 1", (example,), "worked example", public=True)]
    for group, name, length, taps, d, layout in SIGNALS:
        given = (rng.normal(size=length), rng.normal(size=taps), d)
        made.append(Trial(name, (Call("causal_conv1d", given, layouts={"*": layout}),), group))
    x, w = rng.normal(size=8), rng.normal(size=3)

    def call(x: Any, save: str | None, show: Any) -> Call:
        return Call("causal_conv1d", (x, w, 2), save=save, show="all" if show is None else show)

    return [
        *made,
        repeated("the same call twice", call(x, None, None)),
        kept("a second call must not change the first result", call, x, x[::-1].copy(), item=""),
        same_object("the same array object with new content", call, x),
    ]


exercise(
    "causal_conv1d", title="Causal convolution of a signal", topic=TOPIC, op=causal_conv1d, functions=_causal,
    trials=_causal_trials, results=("y",),
)  # fmt: skip


# --- receptive fields ----------------------------------------------------------------------------


def _field(impl: Implementation) -> Functions:
    return {"receptive_field": lambda layers: impl.forward(layers)}


# Stacks with (k, stride, dilation) of each layer, as the lectures and the by-hand examples have them.
_QUOTED = (
    [(2, 1, d) for d in (1, 2, 4, 8)],
    [(2, 1, 1)] * 4,
    [(3, 1, d) for d in (1, 2, 4)],
    [(3, 1, 2)] * 3,
)


def _stacks(rng: np.random.Generator, strides: Any, dilations: Any, depth: int) -> list[Call]:
    """Draw stacks whose layers differ, the last one large, so that no wrong order gives the same field."""
    calls = []
    for _ in range(4):
        kernels = [*(int(k) for k in rng.integers(2, 5, size=depth - 1)), 5]
        moves = [int(s) for s in rng.permutation([*strides, *rng.choice(strides, size=depth - len(strides))])]
        gaps = [int(d) for d in rng.choice(dilations, size=depth)]
        calls.append(Call("receptive_field", ([*zip(kernels, moves, gaps)],)))
    return calls


def _field_trials(rng: np.random.Generator) -> Sequence[Trial]:
    stacks = ([(3, 2, 1), (2, 3, 1), (4, 2, 1)], [(1, 2, 1), (3, 1, 1), (1, 3, 1), (2, 1, 1)])
    fixed = [Call("receptive_field", (stack,)) for stack in stacks]
    both = [Call("receptive_field", ([(3, 2, 2), (2, 3, 1), (4, 1, 3), (3, 2, 2)],))]
    groups = [
        ("worked example", [Call("receptive_field", (stack,)) for stack in _QUOTED], True),
        (
            "no layer or one",
            [Call("receptive_field", (stack,)) for stack in ([], [(7, 2, 1)], [(3, 3, 4)])],
            False,
        ),
        ("stride 1", _stacks(rng, [1], [1], 3), False),
        ("strides", _stacks(rng, [1, 2, 3], [1], 4) + fixed, False),
        ("dilation", _stacks(rng, [1], [1, 2, 3], 3), False),
        ("strides and dilation", _stacks(rng, [1, 2], [1, 2, 3], 4) + both, False),
    ]
    return [
        Trial(name, tuple(calls), name, tuple(range(len(calls))), public=public)
        for name, calls, public in groups
    ]


exercise(
    "receptive_field", title="Receptive field of a stack", topic=TOPIC, op=receptive_field, functions=_field,
    trials=_field_trials, results=("size",),
)  # fmt: skip
