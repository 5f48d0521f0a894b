"""Choose the first weights of a network so that signals neither die out nor blow up on their way through it.

Weights are w[out, in] for a linear layer and w[F,C,K,L] for a convolution. Functions that draw take a NumPy
Generator; nothing touches global randomness. Two schemes bear names in the lecture without a formula (E53);
here "xavier" means variance 2/(fan_in + fan_out), "he" means 2/fan_in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from reference.normalization import choice, real
from reference.op import Array, Case, InputError, ShapeError, examples, flag, op, whole
from reference.shapes import as_float, short

__all__ = [
    "Fans",
    "LayerStatistics",
    "activation_statistics",
    "activations_per_layer",
    "constant",
    "fans",
    "he_normal",
    "he_uniform",
    "initialization_std",
    "predicted_std",
    "small_normal",
    "uniform_limit",
    "xavier_normal",
    "xavier_uniform",
]


# ------------------------------------------------------------------------------------------------- fans


class Fans(NamedTuple):
    """How many numbers a unit reads, and how many units read one number."""

    fan_in: int
    fan_out: int


@op("shape -> fan_in, fan_out", source="lecture S3:365-379 (E53)")
def fans(shape: Sequence[int]) -> Fans:
    """Count what goes into and out of a unit, from the shape of the weights.

    linear layer w[out, in]:      fan_in = in,       fan_out = out
    convolution  w[F,C,K,L]:      fan_in = C*K*L,    fan_out = F*K*L

    Raises InputError for a shape of fewer than two axes, as that of a bias.

    What surprises: the size of the kernel counts on both sides. For a transposed convolution, whose weights
    stand as [in, out, K, L], exchange the two. With groups, C is the number of channels that one filter sees.

    >>> fans((256, 512)), fans((6, 3, 5, 5))
    (Fans(fan_in=512, fan_out=256), Fans(fan_in=75, fan_out=150))
    """
    units_out, units_in, *kernel = _shape(shape, 2)
    taps = 1
    for k in kernel:
        taps *= k
    return Fans(units_in * taps, units_out * taps)


def _shape(shape: Any, axes: int = 1) -> tuple[int, ...]:
    if not isinstance(shape, (tuple, list)) or len(shape) < axes:
        what = "a tuple of whole numbers" if axes == 1 else "at least two whole numbers, (out, in, ...)"
        raise InputError(
            f"shape must be {what}, not {short(shape)}.", "write shape=(out, in) or shape=(F, C, K, L)."
        )
    return tuple(whole(f"shape[{i}]", n, 1) for i, n in enumerate(shape))


fans.samples(
    examples(
        linear={"shape": (128, 784)},
        convolution={"shape": (6, 3, 5, 5)},
        non_square_kernel={"shape": (4, 2, 3, 1)},
        sequence={"shape": (8, 3, 5)},
    )
)


# ------------------------------------------------------------------------------------------------ rules


@op("fan_in, fan_out -> std", source="lecture S3:365-379 (E53)")
def initialization_std(fan_in: int, fan_out: int, scheme: str) -> float:
    """Find the standard deviation of the weights which a scheme asks for.

    "xavier"          sqrt(2 / (fan_in + fan_out))
    "xavier_fan_in"   sqrt(1 / fan_in)
    "he"              sqrt(2 / fan_in)

    Raises InputError for another scheme.

    What surprises: these are standard deviations, the roots of the variances in the papers. Xavier keeps the
    variance of forward and backward signals about equal in linear or tanh layers; "xavier_fan_in", which some
    courses call Xavier, looks at the forward ones alone. He has the factor 2 because ReLU drops half of them.

    >>> [round(initialization_std(512, 256, scheme), 4) for scheme in ("xavier", "xavier_fan_in", "he")]
    [0.051, 0.0442, 0.0625]
    """
    fan_in, fan_out = whole("fan_in", fan_in, 1), whole("fan_out", fan_out, 1)
    variances = {"xavier": 2 / (fan_in + fan_out), "xavier_fan_in": 1 / fan_in, "he": 2 / fan_in}
    return math.sqrt(variances[choice("scheme", scheme, *variances)])


initialization_std.samples(
    examples(
        xavier={"fan_in": 784, "fan_out": 128, "scheme": "xavier"},
        xavier_of_fan_in_alone={"fan_in": 784, "fan_out": 128, "scheme": "xavier_fan_in"},
        he={"fan_in": 75, "fan_out": 150, "scheme": "he"},
    )
)


@op("std -> limit", source="lecture S3:365-379 (E53)")
def uniform_limit(std: float) -> float:
    """Find a such that numbers drawn evenly from -a..a have the given standard deviation.

    a = sqrt(3) * std,   since the variance of -a..a is a^2 / 3

    Raises InputError for a negative std.

    What surprises: a is not the standard deviation. For Xavier it comes to sqrt(6 / (fan_in + fan_out)).

    >>> round(uniform_limit((2 / (512 + 256)) ** 0.5), 6)
    0.088388
    """
    return math.sqrt(3) * real("std", std, 0)


uniform_limit.samples(examples(plain={"std": 0.05}, one={"std": 1}, zero={"std": 0.0}))


@op("width, std, layers -> scale", source="lecture S3:365-379 (E53)")
def predicted_std(width: int, std: float, layers: int, relu: bool = False) -> float:
    """Predict the spread of activations after several layers, relative to that of the input.

    scale = (std * sqrt(width))^layers         in linear layers
    scale = (std * sqrt(width / 2))^layers     with ReLU (spread about zero, the root mean square)

    for layers of `width` inputs each, with independent weights of mean 0 and standard deviation `std`.

    What surprises: the factor is a power. 0.01 in layers of 512 leaves 0.226 after one layer and 3.5e-7 after
    ten; a factor of 1 needs std = sqrt(1/width), or sqrt(2/width) with ReLU. tanh saturates and is not
    covered.

    >>> [round(predicted_std(512, 0.01, n), 7) for n in (1, 2, 5)]
    [0.2262742, 0.0512, 0.0005932]
    """
    width, layers, std = whole("width", width, 1), whole("layers", layers), real("std", std, 0)
    factor = std * math.sqrt(width / 2 if flag("relu", relu) else width)
    return float(np.float64(factor) ** layers)


predicted_std.samples(
    examples(
        vanishing={"width": 512, "std": 0.01, "layers": 10},
        exploding={"width": 512, "std": 1.0, "layers": 3},
        steady_with_relu={"width": 8, "std": 0.5, "layers": 4, "relu": True},
    )
)


# ---------------------------------------------------------------------------------------------- weights


def constant(shape: Sequence[int], value: float = 0.0) -> Array:
    """Fill weights with one value: right for biases, wrong for weights (lecture S3:361, S1:543-547, E33).

    What surprises: a network with equal weights does train, but all units of a hidden layer stay copies of
    each other, as if there were one. Only with zeros (and tanh or ReLU) do they get no gradient at all.

    >>> constant((2, 3), 0.5)
    array([[0.5, 0.5, 0.5],
           [0.5, 0.5, 0.5]])
    """
    with _telling("constant"):
        return np.full(_shape(shape), real("value", value))


def small_normal(shape: Sequence[int], rng: np.random.Generator, std: float = 0.01) -> Array:
    """Draw weights from a normal distribution with mean 0 and a small std (lecture S3:367-374).

    What surprises: works for small networks; in deep ones the signal dies out, see `predicted_std`.
    """
    with _telling("small_normal"):
        return generator(rng).normal(0, real("std", std, 0), _shape(shape))


def xavier_normal(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Draw normal weights of variance 2/(fan_in + fan_out) (lecture S3:378, Glorot 2010)."""
    return _drawn("xavier_normal", shape, rng, "xavier")


def xavier_uniform(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Draw weights evenly from -a..a, a = sqrt(6/(fan_in + fan_out)) (lecture S3:378, Glorot 2010)."""
    return _drawn("xavier_uniform", shape, rng, "xavier", even=True)


def he_normal(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Draw normal weights of variance 2/fan_in, made for ReLU (lecture S3:379, He 2015)."""
    return _drawn("he_normal", shape, rng, "he")


def he_uniform(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Draw weights evenly from -a..a, a = sqrt(6/fan_in), made for ReLU (lecture S3:379, He 2015)."""
    return _drawn("he_uniform", shape, rng, "he", even=True)


def _drawn(name: str, shape: Any, rng: Any, scheme: str, even: bool = False) -> Array:
    with _telling(name):
        size = _shape(shape, 2)
        std, rng = initialization_std(*fans(size), scheme), generator(rng)
        return (
            rng.uniform(-uniform_limit(std), uniform_limit(std), size) if even else rng.normal(0, std, size)
        )


def generator(rng: Any) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise InputError(
            f"rng must be a NumPy Generator, not {short(rng)}.", "pass np.random.default_rng(seed)."
        )
    return rng


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Add the name of the function to an InputError raised inside."""
    try:
        yield
    except InputError as error:
        raise type(error)(error.fact, error.do, name) from None


# ------------------------------------------------------------------------------------------- statistics


class LayerStatistics(NamedTuple):
    """Mean and standard deviation of each layer's activations."""

    mean: Array
    std: Array


def activations_per_layer(
    weights: Sequence[Array], x: Array, activation: Callable[[Array], Array] = np.tanh
) -> list[Array]:
    """Return every h of linear layers without biases: h[0] = x, h[l] = activation(h[l-1] @ weights[l].T)."""
    with _telling("activations_per_layer"):
        h, layers = as_float("x", x), []
        if h.ndim != 2:
            raise ShapeError(f"x has {h.ndim} axes, expected 2: x[N,D].", "write one row per example.")
        for i, w in enumerate(_matrices(weights)):
            if w.shape[1] != h.shape[1]:
                raise ShapeError(
                    f"weights[{i}] has shape {w.shape}, but {h.shape[1]} activations come in.",
                    f"make it [out, {h.shape[1]}].",
                )
            h = _activate(activation, h @ w.T.astype(h.dtype))
            layers.append(h)
        return layers


def _matrices(weights: Any) -> list[Array]:
    if not isinstance(weights, (list, tuple, np.ndarray)) or not np.iterable(weights) or len(weights) == 0:
        raise InputError("weights must be a list of arrays, one per layer.", "write weights=[w1, w2].")
    arrays = [as_float(f"weights[{i}]", w) for i, w in enumerate(weights)]
    for i, w in enumerate(arrays):
        if w.ndim != 2 or 0 in w.shape:
            raise ShapeError(
                f"weights[{i}] has shape {w.shape}, expected [out, in].", "give a list of matrices."
            )
    return arrays


def _activate(activation: Any, a: Array) -> Array:
    if not callable(activation):
        raise InputError(f"activation must be a function, not {short(activation)}.", "pass np.tanh or relu.")
    h = np.asarray(activation(a))
    if h.shape != a.shape:
        raise ShapeError(f"activation made shape {h.shape} of {a.shape}.", "pass a function of each entry.")
    return h


@op("weights, x[N,D] -> mean[L], std[L]", source="lecture S3:365-379")
def activation_statistics(
    weights: Sequence[Array], x: Array, activation: Callable[[Array], Array] = np.tanh
) -> LayerStatistics:
    """Measure mean and standard deviation of the activations after each of L linear layers.

    h[0] = x,   h[l] = activation(h[l-1] @ weights[l].T),   over all examples and units of layer l

    with weights[l] of shape [out, in] and no biases. The standard deviation divides by the number of entries.

    Raises ShapeError when a layer does not fit what comes in.

    What surprises: with weights of 0.01 deep tanh layers have activations near 0, with weights of 1 near -1
    and 1; both leave no gradient. A scheme is good when the row of standard deviations stays level.

    >>> import numpy as np
    >>> x = np.array([[1.0, -1], [3, 1]])
    >>> activation_statistics([np.eye(2), np.array([[1.0, 1]])], x, lambda a: a)
    LayerStatistics(mean=array([1., 2.]), std=array([1.41421356, 2.        ]))
    """
    layers = activations_per_layer(weights, x, activation)
    return LayerStatistics(
        np.array([h.mean() for h in layers], x.dtype), np.array([h.std() for h in layers], x.dtype)
    )


@activation_statistics.samples
def activation_statistics_cases(rng: np.random.Generator) -> Iterator[Case]:
    def weights(*widths: int) -> list[Array]:
        return [he_normal((m, n), rng) for n, m in pairwise(widths)]

    yield Case("plain", {"x": rng.normal(size=(6, 4))}, {"weights": weights(4, 5, 3)})
    yield Case("one layer", {"x": rng.normal(size=(3, 2))}, {"weights": weights(2, 1)})
    linear = {"weights": weights(3, 3, 3, 3), "activation": np.abs}
    yield Case("another activation", {"x": rng.normal(size=(4, 3))}, linear)
