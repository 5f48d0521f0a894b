"""Write pooling and unpooling: maxima with their positions, means, and the way back of both."""

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
    own_gradient,
    repeated,
    same_object,
)
from autograder.sandbox._script import Call, Handle
from reference import avg_pool2d, flat_index, max_pool2d, max_unpool2d, row_column

TOPIC = "pooling"


@dataclass(frozen=True)
class Window:
    """Sizes of one trial, named after what they exercise."""

    group: str
    name: str
    shape: tuple[int, int, int, int]
    k: int = 2
    s: int = 2
    layout: str = "C"

    @property
    def out(self) -> tuple[int, int, int, int]:
        """Shape of the result."""
        N, C, H, W = self.shape
        return N, C, (H - self.k) // self.s + 1, (W - self.k) // self.s + 1

    def image(self, rng: np.random.Generator) -> np.ndarray:
        """Draw distinct entries, a tenth apart, of both signs."""
        count = int(np.prod(self.shape))
        return (rng.permutation(count).reshape(self.shape) - count // 2 + 0.25) * 0.1


WINDOWS = (
    Window("windows side by side", "a map that is not square", (1, 1, 4, 6)),
    Window("windows side by side", "2x2 windows in a tall map", (1, 1, 6, 4), layout="F"),
    Window("several images and channels", "2 images, 3 channels", (2, 3, 4, 4), layout="strided"),
    Window("several images and channels", "3 images, 2 channels", (3, 2, 2, 4), layout="readonly"),
    Window("overlapping windows", "3x3 windows, stride 1", (1, 2, 4, 5), 3, 1),
    Window("overlapping windows", "3x3 windows, stride 2", (2, 1, 5, 7), 3, 2, "F"),
    Window("overlapping windows", "2x2 windows, stride 1", (1, 1, 3, 4), 2, 1),
    Window("gaps between windows", "2x2 windows, stride 3", (1, 2, 8, 5), 2, 3),
    Window("rows left over", "one window, one column left over", (1, 1, 2, 3)),
    Window("rows left over", "2x2 windows in 5 x 7", (1, 2, 5, 7), layout="strided"),
    Window("rows left over", "3x3 windows, stride 2, in 6 x 8", (1, 1, 6, 8), 3, 2),
    Window("rows left over", "3x3 windows, stride 3, in 5 x 8", (2, 1, 5, 8), 3, 3),
)
SEPARATE = tuple(w for w in WINDOWS if w.s >= w.k)

_EIGHT = np.array([
    [55, 20, 87, 46, 32, 59, 76, 58], [58, 25, 61, 29, 34, 79, 94, 15],
    [29, 35, 71, 63, 94, 73, 12, 17], [58, 22, 41, 98, 32, 45, 16, 76],
    [92, 5, 16, 0, 46, 84, 6, 7], [38, 4, 86, 97, 64, 13, 15, 48],
    [32, 19, 8, 42, 45, 1, 0, 56], [6, 0, 5, 8, 66, 44, 72, 8],
], dtype=float)[None, None]  # fmt: skip
_FOUR = np.array([[1.0, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])[None, None]
_FOUR_Z = np.array([[1.0, 2], [3, 4]])[None, None]
_NINE = np.array([[1.0, 2, 0], [3, 9, 4], [5, 6, 7]])[None, None]
# Equal maxima in places that every wrong rule for ties reads in another order.
_TIES = np.array([[0.0, 1, 2, 2, 0, 3], [1, 0, 2, 2, 3, 3], [4, 0, 5, 5, 1, 1], [4, 4, 5, 1, 0, 1]])[
    None, None
]


def _pool_call(do: str, x: Any, k: int, s: int, layout: str = "C", **more: Any) -> Call:
    return Call(do, (x, k, s), layouts={"*": layout}, **more)


def _behaviour(do: str, rng: np.random.Generator, **shown: Any) -> list[Trial]:
    """Ask for the same result twice, in three ways."""
    w = Window("", "", (2, 2, 4, 5), 3, 1)
    x, other = w.image(rng), w.image(rng)

    def call(x: Any, save: str | None, show: Any) -> Call:
        return _pool_call(do, x, w.k, w.s, save=save, **(shown if show is None else {"show": show}))

    return [
        repeated("the same call twice", call(x, None, None)),
        kept("a second call must not change the first result", call, x, other),
        same_object("the same array object with new content", call, other),
    ]


# --- maxima --------------------------------------------------------------------------------------


def _max_functions(impl: Implementation) -> Functions:
    def maxpool_forward(X: Any, k: int, s: int) -> Any:
        found = impl.forward(X, k, s, return_indices=True)
        return None if found is None else (found[0], row_column(found[1], X.shape[3]))

    return {"maxpool_forward": maxpool_forward}


def positions(x: np.ndarray, k: int, s: int) -> np.ndarray:
    """Return the positions argmax[N,C,P,Q,2] of the maxima."""
    _, indices = max_pool2d(x, k, s, return_indices=True)
    return row_column(indices, x.shape[3])


def _max_trials(rng: np.random.Generator) -> Sequence[Trial]:
    do = "maxpool_forward"
    made = [
        Trial("the map of the slide", (_pool_call(do, _EIGHT, 2, 2),), "worked example", public=True),
        Trial("the map to be unpooled", (_pool_call(do, _FOUR, 2, 2),), "worked example", public=True),
    ]
    for w in WINDOWS:
        made.append(Trial(w.name, (_pool_call(do, w.image(rng), w.k, w.s, w.layout),), w.group))
    below = Window("negative numbers", "all entries negative", (1, 2, 4, 5), 2, 2)
    made.append(Trial(below.name, (_pool_call(do, -1.0 - np.abs(below.image(rng)), 2, 2),), below.group))
    binary = rng.integers(0, 2, size=(1, 2, 4, 6)).astype(float)
    for name, x, k, s in (
        ("equal maxima, 2x2 windows", _TIES, 2, 2),
        ("equal maxima, overlapping windows", _TIES, 3, 1),
        ("zeros and ones", binary, 2, 2),
        ("a map of equal entries", np.full((1, 1, 3, 4), 2.0), 2, 1),
    ):
        made.append(Trial(name, (_pool_call(do, x, k, s),), "equal maxima"))
    return made + _behaviour(do, rng)


def maxpool_backward(dY: Any, argmax: Any, shape: Any) -> np.ndarray:
    """Add every upstream gradient where its maximum stood."""
    dX = np.zeros(shape)
    n, c = np.indices(np.shape(dY))[:2]
    np.add.at(dX, (n, c, argmax[..., 0], argmax[..., 1]), dY)
    return dX


def _max_back_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def trial(group: str, name: str, dy: Any, argmax: Any, shape: Any, layout: str = "C") -> Trial:
        call = Call("maxpool_backward", (dy, argmax, tuple(shape)), layouts={"*": layout})
        return Trial(name, (call,), group, public=group == "worked example")

    made = [
        trial("worked example", "windows side by side", _FOUR_Z, positions(_FOUR, 2, 2), _FOUR.shape),
        trial("worked example", "overlapping windows", _FOUR_Z, positions(_NINE, 2, 1), _NINE.shape),
    ]
    for w in WINDOWS:
        argmax = positions(w.image(rng), w.k, w.s)
        made.append(trial(w.group, w.name, rng.normal(size=w.out), argmax, w.shape, w.layout))
    corner = np.zeros((2, 2, 5, 6))
    corner[:, :, 2, 3] = 1.0 + rng.random((2, 2))
    many = Window("", "", corner.shape, 3, 1)
    made.append(
        trial(
            "overlapping windows",
            "one entry wins everywhere it is seen",
            rng.normal(size=many.out),
            positions(corner, 3, 1),
            corner.shape,
        )
    )
    left = Window("", "", (1, 2, 6, 7), 2, 2)
    x = left.image(rng)
    x[:, :, ::2, ::2] += 50.0
    made.append(
        trial(
            "rows left over",
            "the last row and column hold no maximum",
            rng.normal(size=left.out),
            positions(x, 2, 2),
            left.shape,
        )
    )
    w = Window("", "", (2, 2, 4, 5), 3, 1)
    argmax = positions(w.image(rng), 3, 1)
    return made + _scatter_behaviour("maxpool_backward", w, argmax, rng)


def _scatter_behaviour(do: str, w: Window, argmax: np.ndarray, rng: np.random.Generator) -> list[Trial]:
    def call(values: Any, save: str | None, show: Any) -> Call:
        return Call(do, (values, argmax, w.shape), save=save, show="all" if show is None else show)

    first, second = rng.normal(size=w.out), rng.normal(size=w.out)
    return [
        repeated("the same call twice", call(first, None, None)),
        kept("a second call must not change the first result", call, first, second, item=""),
        same_object("the same array object with new content", call, first),
    ]


exercise(
    "maxpool_forward", title="Max pooling with positions", topic=TOPIC, op=max_pool2d, functions=_max_functions,
    trials=_max_trials, results=("Y", "argmax"),
)  # fmt: skip
exercise(
    "maxpool_backward", title="Max pooling, backward", topic=TOPIC, op=None,
    functions=lambda _impl: {"maxpool_backward": maxpool_backward}, trials=_max_back_trials, results=("dX",),
)  # fmt: skip


# --- means ---------------------------------------------------------------------------------------


def _avg_functions(impl: Implementation) -> Functions:
    def avgpool_forward(X: Any, k: int, s: int) -> Any:
        Y = impl.forward(X, k, s)
        return None if Y is None else (Y, (np.array(X), k, s))

    def avgpool_backward(dY: Any, cache: Any) -> Any:
        found = impl.backward(dY, *cache)
        return None if found is None else found[0]

    return {"avgpool_forward": avgpool_forward, "avgpool_backward": avgpool_backward}


def _avg_call(w: Window, x: Any, **more: Any) -> Call:
    return _pool_call("avgpool_forward", x, w.k, w.s, w.layout, **{"show": (0,), **more})


def _avg_trials(rng: np.random.Generator) -> Sequence[Trial]:
    slide = Window("worked example", "the map of the slide, exactly", (1, 1, 8, 8))
    made = [Trial(slide.name, (_avg_call(slide, _EIGHT),), slide.group, public=True)]
    made += [Trial(w.name, (_avg_call(w, rng.normal(size=w.shape)),), w.group) for w in WINDOWS]
    return made + _behaviour("avgpool_forward", rng, show=(0,))


def _avg_back(dy: Any, handle: Handle, layout: str = "C") -> Call:
    return Call("avgpool_backward", (dy, handle), layouts={"args[0]": layout})


def _avg_back_trials(rng: np.random.Generator) -> Sequence[Trial]:
    lecture = Window("worked example", "2x2 windows side by side", (1, 1, 4, 4))
    dy = np.array([[4.0, 8], [12, 16]])[None, None]
    made = [_avg_pair(lecture, np.arange(16.0).reshape(1, 1, 4, 4), dy, public=True)]
    made += [_avg_pair(w, rng.normal(size=w.shape), rng.normal(size=w.out)) for w in WINDOWS]
    w = Window("", "", (2, 2, 4, 5), 3, 1)
    x, other, dy = rng.normal(size=w.shape), rng.normal(size=w.shape), rng.normal(size=w.out)
    back = _avg_back(dy, Handle("a", 1))
    # Another window with as many positions, so that a cache mixed up with this one still works.
    between = (_avg_call(w, x, save="a"), _pool_call("avgpool_forward", other, 1, 2, show=(0,)), back)
    twice = (_avg_call(w, x, save="a"), back, back)
    return [
        *made,
        Trial(
            "another map went forward in between", between, "independent of other calls", (2,), "behaviour", 0
        ),
        Trial("backward twice from one cache", twice, "same result twice", (1, 2), "behaviour", 0),
        own_gradient(lambda x, **k: _avg_call(w, x, **k), lambda h: _avg_back(dy, h), (x,), dy, rng),
    ]


def _avg_pair(w: Window, x: np.ndarray, dy: np.ndarray, public: bool = False) -> Trial:
    calls = (_avg_call(w, x, save="f"), _avg_back(dy, Handle("f", 1), w.layout))
    return Trial(w.name, calls, w.group, judged=(1,), forward=0, public=public)


exercise(
    "avgpool_forward", title="Average pooling, forward", topic=TOPIC, op=avg_pool2d, part="forward",
    functions=_avg_functions, trials=_avg_trials, results=("Y", "cache"),
)  # fmt: skip
exercise(
    "avgpool_backward", title="Average pooling, backward", topic=TOPIC, op=avg_pool2d, part="backward",
    functions=_avg_functions, trials=_avg_back_trials, results=("dX",), needs=("avgpool_forward",),
)  # fmt: skip


# --- unpooling -----------------------------------------------------------------------------------


def _unpool_functions(impl: Implementation) -> Functions:
    def max_unpool(Z: Any, argmax: Any, shape: Any) -> Any:
        return impl.forward(Z, flat_index(argmax, shape[3]), 1, output_size=tuple(shape))

    return {"max_unpool": max_unpool}


def _unpool_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = Call("max_unpool", (_FOUR_Z, positions(_FOUR, 2, 2), _FOUR.shape))
    made = [Trial("the map of the slide", (example,), "worked example", public=True)]
    square = Window("windows side by side", "a square map", (1, 2, 6, 6))
    for w in (square, *SEPARATE):
        given = (rng.normal(size=w.out), positions(w.image(rng), w.k, w.s), w.shape)
        made.append(Trial(w.name, (Call("max_unpool", given, layouts={"*": w.layout}),), w.group))
    left = Window("", "", (1, 2, 7, 5), 2, 2)
    x = left.image(rng)
    x[:, :, ::2, ::2] += 50.0
    given = (rng.normal(size=left.out), positions(x, 2, 2), left.shape)
    made.append(
        Trial("the last row and column held no maximum", (Call("max_unpool", given),), "rows left over")
    )
    w = Window("", "", (2, 2, 4, 6))
    return made + _scatter_behaviour("max_unpool", w, positions(w.image(rng), 2, 2), rng)


exercise(
    "max_unpool", title="Max unpooling", topic=TOPIC, op=max_unpool2d, functions=_unpool_functions,
    trials=_unpool_trials, results=("X",),
)  # fmt: skip
