"""Write convolution: correlation and true convolution of one image, the layer with its gradients, untied weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from reference import conv2d, conv2d_true, correlate2d, locally_connected2d

TOPIC = "convolution"


@dataclass(frozen=True)
class Geometry:
    """Sizes of one trial, named after what they exercise."""

    group: str
    name: str
    n: int = 1
    c: int = 1
    h: int = 4
    w: int = 4
    f: int = 1
    k: int = 2
    s: int = 1
    p: int = 0
    d: int = 1
    layout: str = "C"

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw image, filters and biases."""
        x = rng.normal(size=(self.n, self.c, self.h, self.w))
        return x, rng.normal(size=(self.f, self.c, self.k, self.k)), rng.normal(size=self.f)

    @property
    def out(self) -> tuple[int, int]:
        """Height and width of the result."""
        effective = self.d * (self.k - 1) + 1
        return (self.h + 2 * self.p - effective) // self.s + 1, (
            self.w + 2 * self.p - effective
        ) // self.s + 1


# Small, because the plainest right solution has seven nested loops; uneven, because equal sizes hide mistakes.
LAYER = (
    Geometry("one image, one filter", "one channel, 2x2 filter", h=4, w=4),
    Geometry("one image, one filter", "an image that is not square", h=4, w=6, k=3, layout="F"),
    Geometry("channels and filters", "2 channels, 3 filters", c=2, f=3, h=4, w=5),
    Geometry("channels and filters", "3 channels, 1x1 filters", c=3, f=2, h=3, w=4, k=1),
    Geometry("several images", "a batch of 3 images", n=3, c=2, f=2, h=4, w=3, layout="strided"),
    Geometry("padding", "padding 1", n=2, c=2, f=2, h=3, w=4, k=3, p=1),
    Geometry("padding", "padding 3, wider than half the filter", h=2, w=3, k=4, p=3, f=2),
    Geometry("stride", "stride 2 that fits exactly", h=5, w=7, k=3, s=2, c=2, layout="F"),
    Geometry("stride", "stride 3 that leaves a rest", n=2, h=7, w=6, k=2, s=3, f=2),
    Geometry("stride", "stride 2 that leaves a rest, with padding", h=6, w=5, k=3, s=2, p=1, c=2),
    Geometry("dilation", "dilation 2", h=6, w=7, k=3, d=2, f=2),
    Geometry("dilation", "dilation 3, where 3 (k - 1) is not 3 + (k - 1)", h=7, w=8, k=3, d=3),
    Geometry("all together", "batch, channels, padding, stride and dilation", 2, 2, 5, 6, 3, 3, 2, 1, 2),
    Geometry("all together", "dilation 3, stride 2, padding 2", 2, 1, 4, 5, 2, 2, 2, 2, 3, "strided"),
)


def _forward(g: Geometry, x: Any, w: Any, b: Any, *, save: str | None = None, show: Any = (0,)) -> Call:
    positional: tuple[Any, ...] = (x, w, b, g.s, g.p)
    more = {"d": g.d} if g.d != 1 else {}
    return Call("conv_forward", positional, more, save=save, show=show, layouts={"*": g.layout})


def _backward(dy: Any, handle: Handle, layout: str = "C") -> Call:
    return Call("conv_backward", (dy, handle), layouts={"args[0]": layout})


def conv_functions(impl: Implementation) -> Functions:
    """Define both functions of the layer as a submission does."""

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        return impl.forward(X, W, b, stride=s, padding=p, dilation=d), (X, W, b, s, p, d)

    def conv_backward(dY: Any, cache: Any) -> Any:
        X, W, b, s, p, d = cache
        return impl.backward(dY, X, W, b, stride=s, padding=p, dilation=d)

    return {"conv_forward": conv_forward, "conv_backward": conv_backward}


_LECTURE_X = np.array([[[1, 0, 2], [3, 1, 0], [0, 2, 1]], [[0, 1, 0], [1, 0, 1], [2, 0, 1]]], dtype=float)[
    None
]
_LECTURE_W = np.array(
    [[[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[[-1, 1], [1, 0]], [[2, 0], [0, -1]]]], dtype=float
)
_LECTURE_B = np.array([1.0, -2.0])
_LECTURE_DY = np.array([[[[1, 0], [0, 2]], [[0, 1], [-1, 0]]]], dtype=float)
_LECTURE = Geometry("worked example", "the two-channel example of the notebook", c=2, h=3, w=3, f=2)


def _forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    trials = [
        Trial(
            _LECTURE.name,
            (_forward(_LECTURE, _LECTURE_X, _LECTURE_W, _LECTURE_B),),
            _LECTURE.group,
            public=True,
        )
    ]
    trials += [Trial(g.name, (_forward(g, *g.draw(rng)),), g.group) for g in LAYER]
    again = Geometry("", "", 2, 2, 4, 5, 2, 2, 2, 1)
    trials.append(repeated("the same call twice", _forward(again, *again.draw(rng))))
    xs = [again.draw(rng) for _ in range(2)]
    trials.append(
        kept("a second call must not change the first result", _with_input(again, xs[0]), xs[0][0], xs[1][0])
    )
    trials.append(same_object("the same array object with new content", _with_input(again, xs[1]), xs[1][0]))
    locked = Geometry("", "", h=3, w=4, p=1, layout="readonly")
    trials.append(
        Trial("inputs that may not be written to", (_forward(locked, *locked.draw(rng)),), "padding")
    )
    return trials


def _with_input(g: Geometry, inputs: Any) -> Any:
    def call(x: Any, save: str | None, show: Any) -> Call:
        return _forward(g, x, *inputs[1:], save=save, show=(0,) if show is None else show)

    return call


def _backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    trials = [_pair(_LECTURE, (_LECTURE_X, _LECTURE_W, _LECTURE_B), _LECTURE_DY, public=True)]
    trials += [_pair(g, g.draw(rng), _upstream(g, rng)) for g in LAYER]
    trials.append(_interleaved(rng))
    trials.append(_twice(rng))
    g = Geometry("", "", 2, 2, 4, 5, 2, 3, 2, 1)
    inputs, dy = g.draw(rng), _upstream(g, rng)
    trials.append(left_alone(lambda *a, **k: _forward(g, *a, **k), lambda h: _backward(dy, h), inputs))
    trials.append(
        own_gradient(
            lambda *a, **k: _forward(g, *a, **k), lambda handle: _backward(dy, handle), inputs, dy, rng
        )
    )
    return trials


def _upstream(g: Geometry, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(g.n, g.f, *g.out))


def _pair(g: Geometry, inputs: Any, dy: np.ndarray, public: bool = False) -> Trial:
    calls = (_forward(g, *inputs, save="f"), _backward(dy, Handle("f", 1), g.layout))
    return Trial(g.name, calls, g.group, judged=(1,), forward=0, public=public)


def _interleaved(rng: np.random.Generator) -> Trial:
    """Forward A, forward B, backward A: what backward needs must come through the cache."""
    a = Geometry("", "", n=2, c=2, h=4, w=5, f=2, k=3, p=1)
    xa, wa, ba = a.draw(rng)
    xb, wb, bb = a.draw(rng)
    dy = _upstream(a, rng)
    calls = (
        _forward(a, xa, wa, ba, save="a"),
        _forward(a, xb, wb, bb, save="b"),
        _backward(dy, Handle("a", 1)),
    )
    return Trial(
        "another image went forward in between", calls, "independent of other calls", (2,), "behaviour", 0
    )


def _twice(rng: np.random.Generator) -> Trial:
    g = Geometry("", "", n=2, c=1, h=4, w=4, f=2, p=1)
    inputs, dy = g.draw(rng), _upstream(g, rng)
    calls = (_forward(g, *inputs, save="f"), _backward(dy, Handle("f", 1)), _backward(dy, Handle("f", 1)))
    return Trial("backward twice from one cache", calls, "same result twice", (1, 2), "behaviour", 0)


exercise(
    "conv_forward", title="Convolution layer, forward", topic=TOPIC, op=conv2d, part="forward",
    functions=conv_functions, trials=_forward_trials, results=("Y", "cache"),
    outside={"groups-read-first-channels": "there are no groups"},
)  # fmt: skip
exercise(
    "conv_backward", title="Convolution layer, backward", topic=TOPIC, op=conv2d, part="backward",
    functions=conv_functions, trials=_backward_trials, results=("dX", "dW", "db"), needs=("conv_forward",),
)  # fmt: skip


# --- one image, one kernel -----------------------------------------------------------------------

_IMPULSE = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=float)
_NINE = np.arange(1.0, 10.0).reshape(3, 3)
IMAGES = (
    ("no padding", "a 2x2 kernel, no padding", 4, 4, 2, 0, "C"),
    ("no padding", "a wide image", 4, 6, 3, 0, "F"),
    ("no padding", "a tall image", 6, 4, 2, 0, "C"),
    ("no padding", "a kernel as large as the image", 3, 3, 3, 0, "C"),
    ("padding", "a 3x3 kernel with padding 1 (same size)", 4, 5, 3, 1, "strided"),
    ("padding", "an even kernel with padding 2", 3, 4, 2, 2, "C"),
)


def _image_trials(name: str) -> Any:
    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        made = [
            Trial(
                "the impulse example of the notebook",
                (Call(name, (_IMPULSE, _NINE, 1)),),
                "worked example",
                public=True,
            )
        ]
        for group, title, h, w, k, pad, layout in IMAGES:
            call = Call(name, (rng.normal(size=(h, w)), rng.normal(size=(k, k)), pad), layouts={"*": layout})
            made.append(Trial(title, (call,), group))
        return [
            *made,
            repeated(
                "the same call twice", Call(name, (rng.normal(size=(4, 5)), rng.normal(size=(3, 3)), 1))
            ),
        ]

    return trials


def _corr2d(impl: Implementation) -> Functions:
    return {"corr2d": lambda F, H, pad: impl.forward(F, H, padding=pad)}


def _conv2d_true(impl: Implementation) -> Functions:
    def flipped(F: Any, H: Any, pad: int) -> Any:
        y = impl.forward(F[None, None], H[None, None], None, stride=1, padding=pad)
        return None if y is None else y[0, 0]

    return {"conv2d_true": flipped}


exercise(
    "corr2d", title="Cross-correlation of one image", topic=TOPIC, op=correlate2d, functions=_corr2d,
    trials=_image_trials("corr2d"), results=("G",),
)  # fmt: skip
exercise(
    "conv2d_true", title="True convolution of one image", topic=TOPIC, op=conv2d_true, functions=_conv2d_true,
    trials=_image_trials("conv2d_true"), results=("G",),
    outside={
        "stride-ignored": "the kernel always moves by one",
        "first-channel-only": "there is one channel",
        "flip-all-axes": "one filter and one channel: the other axes have length one",
        "bias-forgotten": "there is no bias",
    },
)  # fmt: skip


# --- untied weights ------------------------------------------------------------------------------

LOCAL = (
    Geometry("one image, one filter", "one channel, 2x2 filters", h=3, w=3),
    Geometry("one image, one filter", "an image that is not square", h=3, w=5, layout="F"),
    Geometry("channels and filters", "2 channels, 3 filters", c=2, f=3, h=3, w=4),
    Geometry("several images", "a batch of 3 images", n=3, c=2, f=2, h=3, w=4, layout="strided"),
    Geometry("padding", "padding 1", n=2, h=3, w=4, k=3, p=1, f=2),
    Geometry("padding", "padding 3, wider than half the filter", h=2, w=1, k=4, p=3),
    Geometry("stride", "stride 2 that leaves a rest", n=2, c=2, h=5, w=6, k=2, s=2),
    Geometry("all together", "batch, channels, padding and stride", 2, 2, 4, 5, 2, 3, 2, 1),
)


def _local_inputs(g: Geometry, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, _, _ = g.draw(rng)
    return x, rng.normal(size=(*g.out, g.f, g.c, g.k, g.k)), rng.normal(size=(*g.out, g.f))


def local_functions(impl: Implementation) -> Functions:
    """Define both functions of the locally connected layer as a submission does."""

    def local_forward(X: Any, W: Any, b: Any, s: int, p: int) -> Any:
        return impl.forward(X, W, b, stride=s, padding=p), (X, W, b, s, p)

    def local_backward(dY: Any, cache: Any) -> Any:
        X, W, b, s, p = cache
        return impl.backward(dY, X, W, b, stride=s, padding=p)

    return {"local_forward": local_forward, "local_backward": local_backward}


def _local_call(g: Geometry, x: Any, w: Any, b: Any, *, save: str | None = None, show: Any = (0,)) -> Call:
    return Call("local_forward", (x, w, b, g.s, g.p), save=save, show=show, layouts={"*": g.layout})


def _local_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [Trial(g.name, (_local_call(g, *_local_inputs(g, rng)),), g.group) for g in LOCAL]
    return [*made, repeated("the same call twice", _local_call(LOCAL[3], *_local_inputs(LOCAL[3], rng)))]


def _local_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_local_pair(g, _local_inputs(g, rng), _upstream(g, rng)) for g in LOCAL]
    g = LOCAL[-1]
    a, b, dy = _local_inputs(g, rng), _local_inputs(g, rng), _upstream(g, rng)
    between = (
        _local_call(g, *a, save="a"),
        _local_call(g, *b, save="b"),
        Call("local_backward", (dy, Handle("a", 1))),
    )
    made.append(
        Trial(
            "another image went forward in between",
            between,
            "independent of other calls",
            (2,),
            "behaviour",
            0,
        )
    )
    made.append(
        left_alone(lambda *x, **k: _local_call(g, *x, **k), lambda h: Call("local_backward", (dy, h)), a)
    )
    made.append(
        own_gradient(
            lambda *x, **k: _local_call(g, *x, **k), lambda h: Call("local_backward", (dy, h)), a, dy, rng
        )
    )
    return made


def _local_pair(g: Geometry, inputs: Any, dy: np.ndarray) -> Trial:
    calls = (
        _local_call(g, *inputs, save="f"),
        Call("local_backward", (dy, Handle("f", 1)), layouts={"args[0]": g.layout}),
    )
    return Trial(g.name, calls, g.group, judged=(1,), forward=0)


exercise(
    "local_forward", title="Locally connected layer, forward", topic=TOPIC, op=locally_connected2d, part="forward",
    functions=local_functions, trials=_local_forward_trials, results=("Y", "cache"),
)  # fmt: skip
exercise(
    "local_backward", title="Locally connected layer, backward", topic=TOPIC, op=locally_connected2d, part="backward",
    functions=local_functions, trials=_local_backward_trials, results=("dX", "dW", "db"), needs=("local_forward",),
)  # fmt: skip
