"""Write the table of a network: output shape and number of parameters of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, repeated
from autograder.sandbox._script import Call
from reference import BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D
from reference import summary as table_of

_MAKES: dict[str, Any] = {
    "conv": Conv2D,
    "pool": MaxPooling2D,
    "bn": BatchNormalization,
    "flatten": Flatten,
    "dense": Dense,
}


def summary(layers: Any, input_shape: Any) -> list[tuple[str, tuple[int, ...], int]]:
    """Return a row (name, output shape, learned parameters) for each layer, from the reference's own table."""
    rows, shape = [], tuple(input_shape)
    for kind, *settings in layers:
        count = 0
        if kind in _MAKES:
            row = table_of([_MAKES[kind](*settings)], shape).rows[0]
            shape, count = row.shape, row.parameters
        rows.append((kind, shape, count))
    return rows


def _functions(_impl: Implementation) -> Functions:
    return {"summary": summary}


MNIST = [
    ("conv", 32, 3, 1, 0), ("relu",), ("conv", 64, 3, 1, 0), ("relu",), ("pool", 2), ("dropout", 0.25),
    ("flatten",), ("dense", 128), ("relu",), ("dropout", 0.5), ("dense", 10),
]  # fmt: skip


def _pick(rng: np.random.Generator, *choices: int) -> int:
    return int(rng.choice(choices))


def _conv(rng: np.random.Generator, stride: int = 1, padding: int = 0) -> tuple[Any, ...]:
    return ("conv", _pick(rng, 4, 6, 9, 12), _pick(rng, 3, 5), stride, padding)


def _head(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        ("flatten",),
        ("dense", _pick(rng, 16, 20, 33)),
        ("relu",),
        ("dropout", 0.5),
        ("dense", _pick(rng, 3, 10)),
    ]


def _image(rng: np.random.Generator, odd: bool = False) -> tuple[int, int, int]:
    rows, columns = (2 * int(n) + odd for n in rng.choice(np.arange(10, 18), size=2, replace=False))
    return _pick(rng, 2, 3), rows, columns


def _trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(layers: Any, shape: Any) -> Call:
        return Call("summary", (list(layers), shape))

    plain = [_conv(rng), ("relu",), _conv(rng), ("relu",), ("pool", 2), *_head(rng)]
    framed = [_conv(rng, 2, 1), ("relu",), _conv(rng, 1, 2), ("pool", 3), *_head(rng)]
    normal = [
        _conv(rng, 1, 1),
        ("bn",),
        ("relu",),
        ("dropout", 0.25),
        _conv(rng, 3),
        ("bn",),
        ("pool", 2),
        *_head(rng),
    ]
    dense = [("dense", 12), ("bn",), ("relu",), ("dropout", 0.5), ("dense", 4)]
    # whole numbers: 7 rows in windows of 2 and of 3 leave a rest, so that rounding shows
    rest = [("conv", 5, 2, 1, 0), ("pool", 2), ("conv", 4, 1, 1, 0), ("pool", 2), ("flatten",), ("dense", 3)]
    return [
        Trial("the lecture's model for MNIST", (call(MNIST, (1, 28, 28)),), "worked example", public=True),
        Trial("colour images that are not square", (call(plain, _image(rng)),), "convolutions and pooling"),
        Trial("stride and padding", (call(framed, _image(rng, odd=True)),), "stride and padding"),
        Trial("pooling windows that do not fit", (call(rest, (3, 12, 16)),), "stride and padding"),
        Trial("batch normalisation of maps", (call(normal, _image(rng)),), "batch normalisation"),
        Trial("rows of features", (call(dense, (_pick(rng, 7, 11),)),), "fully connected layers only"),
        repeated("the same call twice", call(plain, _image(rng))),
    ]


exercise(
    "summary", title="The table of a network", topic="summaries", op=None, functions=_functions, trials=_trials,
    results=("table",), redraw=True,
)  # fmt: skip
