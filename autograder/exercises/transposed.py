"""Write transposed convolution, by stamping kernels and by an ordinary convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.exercises import GIVE_BACK, Functions, Implementation, Trial, exercise, own_gradient
from autograder.sandbox._script import Call, Handle, Source
from reference import conv_transpose2d, conv_transpose2d_by_conv

TOPIC = "transposed"

# A student may return Y alone or (Y, cache); what is compared is Y.
_RESULT = Source(
    "def result(found):\n"
    "    pair = type(found) is tuple or (type(found) is list and type(found[0]) is np.ndarray and found[0].ndim == 4)\n"
    "    return found[0] if pair and len(found) == 2 else found",
    "result",
)
_CHANGE = Source("def change(x):\n    x *= -2.0\n    x += 1.0", "change")


@dataclass(frozen=True)
class Stamping:
    """Sizes of one trial, named after what they exercise."""

    group: str
    name: str
    n: int = 1
    c: int = 1
    h: int = 2
    w: int = 3
    f: int = 1
    k: int = 3
    s: int = 1
    p: int = 0
    extra: int = 0
    layout: str = "C"

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw maps, kernels [C,F,k,k] and biases."""
        x = rng.normal(size=(self.n, self.c, self.h, self.w))
        return x, rng.normal(size=(self.c, self.f, self.k, self.k)), rng.normal(size=self.f)

    def upstream(self, rng: np.random.Generator) -> np.ndarray:
        """Draw dY."""
        rows, columns = ((n - 1) * self.s - 2 * self.p + self.k + self.extra for n in (self.h, self.w))
        return rng.normal(size=(self.n, self.f, rows, columns))

    def call(self, do: str, x: Any, w: Any, b: Any, **more: Any) -> Call:
        """Call the forward."""
        named = {"output_padding": self.extra} if self.extra else {}
        return Call(do, (x, w, b, self.s, self.p), named, layouts={"*": self.layout}, **more)


LAYER = (
    Stamping("one map, one kernel", "a map that is not square", h=3, w=4, k=2),
    Stamping("one map, one kernel", "a tall map", h=4, w=2, layout="F"),
    Stamping("channels and kernels", "2 channels, 3 maps", c=2, f=3, h=2, w=3, k=2),
    Stamping("channels and kernels", "3 channels, 2 maps", c=3, f=2, layout="strided"),
    Stamping("channels and kernels", "as many maps as channels", c=2, f=2, h=2, w=2, k=2),
    Stamping("several images", "a batch of 3 images", n=3, c=2, f=2, h=2, w=3, k=2, layout="readonly"),
    Stamping("stride", "stride 2, stamps overlap", h=3, w=3, s=2, f=2),
    Stamping("stride", "stride 2, stamps just meet", n=2, h=2, w=3, k=2, s=2),
    Stamping("stride", "stride 3, gaps between stamps", h=2, w=3, k=2, s=3, layout="F"),
    Stamping("padding", "padding 1", n=2, c=2, h=3, w=4, p=1),
    Stamping("padding", "padding 2", h=4, w=5, p=2, f=2),
    Stamping("output padding", "one more row and column", h=2, w=3, s=2, p=1, extra=1, c=2),
    Stamping("output padding", "two more rows and columns", h=2, w=2, k=4, s=3, p=1, extra=2),
    Stamping("output padding", "rows that stay empty but for the bias", h=2, w=3, k=2, s=2, extra=1, f=2),
    Stamping("all together", "batch, channels, stride and both paddings", 2, 2, 2, 3, 3, 3, 2, 1, 1),
)
# The frame k - 1 - p of the ordinary convolution is negative: it cuts.
CUT = Stamping("padding", "padding wider than the kernel", h=4, w=5, k=2, s=2, p=2)


def _functions(name: str) -> Any:
    def functions(impl: Implementation) -> Functions:
        def conv_transpose(X: Any, W: Any, b: Any, s: int, p: int, output_padding: int = 0) -> Any:
            return impl.forward(X, W, b, stride=s, padding=p, output_padding=output_padding)

        return {name: conv_transpose}

    return functions


def _with_cache(impl: Implementation) -> Functions:
    """Define both functions as a submission that returns a cache does."""

    def conv_transpose(X: Any, W: Any, b: Any, s: int, p: int, output_padding: int = 0) -> Any:
        moves = {"stride": s, "padding": p, "output_padding": output_padding}
        return impl.forward(X, W, b, **moves), (X, W, b, moves)

    def conv_transpose_backward(dY: Any, cache: Any) -> Any:
        X, W, b, moves = cache
        return impl.backward(dY, X, W, b, **moves)

    return {"conv_transpose": conv_transpose, "conv_transpose_backward": conv_transpose_backward}


_ONES = (np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), np.zeros(1))
_SLIDE = (
    np.array([[1.0, 3, 2, 1], [1, 3, 3, 1], [2, 1, 1, 3], [3, 2, 3, 3]])[None, None],
    np.array([[1.0, 2, 3], [0, 1, 0], [2, 1, 2]])[None, None],
    np.zeros(1),
)
_FANCY = (
    np.array([[1.0, -2], [0, 3]])[None, None],
    np.array([[1.0, 2, 0], [0, -1, 3], [4, 0, 1]])[None, None],
    np.zeros(1),
)
_EXAMPLES = (
    (Stamping("worked example", "all ones, from 4x4 to 6x6", h=4, w=4), _ONES),
    (Stamping("worked example", "the second example of the slide", h=4, w=4), _SLIDE),
    (Stamping("worked example", "stride 2, padding 1", h=2, w=2, s=2, p=1), _FANCY),
)


def _trial(
    do: str, g: Stamping, inputs: Any, public: bool = False, group: str = "", kind: str = "value"
) -> Trial:
    calls = (g.call(do, *inputs, save="y", show=(0,)), Call(_RESULT, (Handle("y"),)))
    return Trial(g.name, calls, group or g.group, public=public, kind=kind)


def _trials(do: str) -> Any:
    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        made = [_trial(do, g, inputs, public=True) for g, inputs in _EXAMPLES]
        made += [_trial(do, g, g.draw(rng)) for g in (*LAYER, *((CUT,) if do.endswith("via_conv") else ()))]
        return made + _same_result(do, LAYER[-1], rng)

    return trials


def _same_result(do: str, g: Stamping, rng: np.random.Generator) -> list[Trial]:
    """Ask for the same result twice, in three ways; each result is looked at through `_RESULT`."""
    (x, w, b), other = g.draw(rng), g.draw(rng)
    first, second = (
        g.call(do, x, w, b, save="first", show=(0,)),
        g.call(do, *other, save="second", show="none"),
    )
    again, shared = g.call(do, x, w, b, save="second", show=(0,)), Handle("x")
    seen = [Call(_RESULT, (Handle(name),)) for name in ("first", "second")]
    same = (
        Call(GIVE_BACK, (x,), save="x", show="none"),
        g.call(do, shared, w, b, show="none"),
        Call(_CHANGE, (shared,), show="none"),
        g.call(do, shared, w, b, save="second", show=(0,)),
        seen[1],
    )
    rows = [
        ("the same call twice", (first, again, *seen), (2, 3)),
        ("a second call must not change the first result", (first, second, seen[0]), (2,)),
        ("the same array object with new content", same, (4,)),
    ]
    return [Trial(name, calls, "same result twice", judged, "behaviour") for name, calls, judged in rows]


exercise(
    "conv_transpose", title="Transposed convolution", topic=TOPIC, op=conv_transpose2d, part="forward",
    functions=_functions("conv_transpose"), trials=_trials("conv_transpose"), results=("Y",),
)  # fmt: skip
exercise(
    "conv_transpose_via_conv", title="Transposed convolution by an ordinary convolution", topic=TOPIC,
    op=conv_transpose2d_by_conv, part="forward", functions=_functions("conv_transpose_via_conv"),
    trials=_trials("conv_transpose_via_conv"), results=("Y",),
)  # fmt: skip


# --- backward, for those who return a cache ------------------------------------------------------


def _pair(g: Stamping, inputs: Any, dy: np.ndarray, public: bool = False) -> Trial:
    calls = (
        g.call("conv_transpose", *inputs, save="f", show=(0,)),
        Call(_RESULT, (Handle("f"),)),
        _backward(dy, Handle("f", 1), g.layout),
    )
    return Trial(g.name, calls, g.group, judged=(2,), forward=1, public=public)


def _backward(dy: np.ndarray, cache: Handle, layout: str = "C") -> Call:
    return Call("conv_transpose_backward", (dy, cache), layouts={"args[0]": layout})


def _backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = Stamping("worked example", "a 2x2 map and a 2x2 kernel", h=2, w=2, k=2)
    inputs = (
        np.array([[1.0, 2], [3, -1]])[None, None],
        np.array([[1.0, 2], [0, -1]])[None, None],
        np.zeros(1),
    )
    dy = np.array([[1.0, 0, -1], [2, 1, 0], [0, 1, 1]])[None, None]
    made = [_pair(example, inputs, dy, public=True)]
    made += [_pair(g, g.draw(rng), g.upstream(rng)) for g in LAYER]
    g = LAYER[-1]
    a, b, dy = g.draw(rng), g.draw(rng), g.upstream(rng)
    back = _backward(dy, Handle("a", 1))
    first, second = (
        g.call("conv_transpose", *given, save=name, show=(0,)) for given, name in ((a, "a"), (b, "b"))
    )
    between, twice = (first, second, back), (first, back, back)

    def forward(*arrays: Any, **more: Any) -> Call:
        return g.call("conv_transpose", *arrays, **more)

    return [
        *made,
        Trial(
            "another map went forward in between", between, "independent of other calls", (2,), "behaviour"
        ),
        Trial("backward twice from one cache", twice, "same result twice", (1, 2), "behaviour"),
        own_gradient(forward, lambda h: _backward(dy, h), a, dy, rng),
    ]


exercise(
    "conv_transpose_backward", title="Transposed convolution, backward", topic=TOPIC, op=conv_transpose2d,
    part="backward", functions=_with_cache, trials=_backward_trials, results=("dX", "dW", "db"),
    needs=("conv_transpose",),
)  # fmt: skip
