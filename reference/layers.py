"""Layers: an op with its settings, and what one needs to know to make it a part of a network.

A layer holds no weights. It says which arrays it needs for inputs of a given shape, and the `Chain` that it
stands in keeps them. Shapes of layers leave out the batch axis: (channels, rows, columns), or (features,).
Names and arguments are those of the lecture's Keras model (S4:1102-1114); so `Conv2D` is the layer, `conv2d` the
op that it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from reference.activations import leaky_relu, relu, sigmoid, tanh
from reference.arithmetic import pool_output_size, same_padding
from reference.checking.arguments import a_function, named
from reference.convolution import conv2d
from reference.counting import multiply_adds
from reference.initialization import constant, he_normal
from reference.linear import flatten, linear
from reference.normalization import batch_norm, choice, real
from reference.op import Array, Cache, InputError, Op, ShapeError, flag, pair, parse_shapes, whole
from reference.pooling import avg_pool2d, global_avg_pool2d, max_pool2d
from reference.regularization import dropout
from reference.windows import sweep

__all__ = [
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "Layer",
    "LayerPass",
    "LayerSizes",
    "MaxPooling2D",
    "OpLayer",
    "Weights",
    "Window",
]

Shape = tuple[int, ...]
Setting = int | tuple[int, int]
# In quotes, since numpy.random takes time to load.
Start = Callable[[Shape, "np.random.Generator"], Array]

ACTIVATIONS: dict[str, Op[..., Any]] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
}


# ----------------------------------------------------------------------------------- what a layer can do


class Window(NamedTuple):
    """How a layer reads along one axis, in the order that `receptive_field` takes."""

    k: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0


class Weights(NamedTuple):
    """An array that a layer needs: its shape, its first values, and whether it is learned or measured."""

    shape: Shape
    start: Start
    learned: bool = True


class LayerSizes(NamedTuple):
    """What a layer makes of inputs of one shape: output, arrays, costs, and what it reads.

    `windows` holds a pair (rows, columns) for each window of the layer, none where every entry is treated by
    itself; it is None where all entries are mixed.
    """

    output: Shape
    arrays: Mapping[str, Weights] = {}
    multiply_adds: int = 0
    windows: tuple[tuple[Window, Window], ...] | None = ()


class LayerPass(NamedTuple):
    """Result of a layer, what its backward pass will need, and what it has measured on the way."""

    y: Array
    cache: Any
    measured: dict[str, Array]


class Layer(Protocol):
    """What every layer can do; a `Chain` takes any object that can do this."""

    @property
    def title(self) -> str:
        """Name and settings, as they stand in a summary."""

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape, arrays and costs for inputs of `shape`; raise ShapeError if it cannot be."""

    def forward(
        self, x: Array, values: Mapping[str, Array], training: bool, rng: np.random.Generator | None
    ) -> LayerPass:
        """Run the layer on a batch with the given arrays."""

    def backward(self, cache: Any, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Return the gradient of the input, and those of the learned arrays by name."""


@dataclass(frozen=True, repr=False)
class OpLayer:
    """A layer that is one op, with or without an activation behind it.

    `situation` lists what the op wants to know of the moment ("training", "rng"), `measures` the arrays that it
    returns updated.
    """

    title: str
    op: Op[..., Any]
    sizes: Callable[[Shape], LayerSizes]
    settings: Mapping[str, Any] = field(default_factory=dict)
    activation: str | None = None
    situation: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return self.title

    def forward(
        self, x: Array, values: Mapping[str, Array], training: bool, rng: np.random.Generator | None
    ) -> LayerPass:
        """Run the op on a batch with the given arrays."""
        moment = {"training": training, "rng": rng}
        asked = {name: moment[name] for name in self.situation}
        result, inner = self.op.forward(x, **values, **self.settings, **asked)
        y, *measured = result if isinstance(result, tuple) else (result,)
        after = None
        if self.activation is not None:
            y, after = ACTIVATIONS[self.activation].forward(y)
        return LayerPass(y, (inner, after), dict(zip(self.measures, measured, strict=True)))

    def backward(self, cache: tuple[Cache, Cache | None], dy: Array) -> tuple[Array, dict[str, Array]]:
        """Return the gradient of the input, and those of the learned arrays by name."""
        inner, after = cache
        if after is not None:
            (dy,) = ACTIVATIONS[after.op].backward(after, dy)
        inputs = [a.name for a in parse_shapes(self.op.shapes)[0] if a.kind == "float" and a.axes is not None]
        gradients = dict(zip(inputs, self.op.backward(inner, dy), strict=True))
        return gradients.pop("x"), {name: g for name, g in gradients.items() if g is not None}


def _zeros(shape: Shape, _rng: Any) -> Array:
    return constant(shape, 0.0)


def _ones(shape: Shape, _rng: Any) -> Array:
    return constant(shape, 1.0)


def _unchanged(shape: Shape) -> LayerSizes:
    return LayerSizes(shape)


def _image(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ShapeError(
            f"it takes images (channels, rows, columns), but {shape} comes in.",
            "put it before Flatten, or give an input_shape of three numbers.",
        )
    return shape[0], shape[1], shape[2]


def _check_activation(activation: Any) -> None:
    if activation == "softmax":
        raise InputError(
            'activation="softmax" is part of the loss here.',
            "leave it out: cross_entropy takes scores, and Chain.probabilities gives the softmax.",
        )
    if activation is not None:
        choice("activation", activation, *ACTIVATIONS)


# ---------------------------------------------------------------------------------------------- layers


@named
def Conv2D(
    filters: int,
    kernel_size: Setting,
    stride: Setting = 1,
    padding: Setting | str = 0,
    dilation: Setting = 1,
    groups: int = 1,
    bias: bool = True,
    activation: str | None = None,
    start: Start = he_normal,
) -> OpLayer:
    """Make a layer that slides `filters` filters over images (see `conv2d`), then applies an activation.

    `padding` is a number or a pair, or one of Keras's words: "valid" (none) or "same" (as many rows and columns as
    before). `start` draws the first weights; biases start at 0. Source: lecture S4:1104-1108.

    >>> Conv2D(32, 3).sizes((1, 28, 28)).output, Conv2D(32, 3, padding="same").sizes((1, 28, 28)).output
    ((32, 26, 26), (32, 28, 28))
    """
    whole("filters", filters, 1)
    k, d, s = pair("kernel_size", kernel_size, 1), pair("dilation", dilation, 1), pair("stride", stride, 1)
    p = _same_or_valid(padding, k, s, d) if isinstance(padding, str) else pair("padding", padding)
    whole("groups", groups, 1)
    _check_activation(activation)
    a_function("start", start, "a function like he_normal or xavier_uniform")
    settings = {"stride": s, "padding": p, "dilation": d, "groups": groups}
    sizes = partial(_conv_sizes, filters, k, settings, flag("bias", bias), start)
    return OpLayer(f"Conv2D({filters},{k[0]}x{k[1]})", conv2d, sizes, settings, activation)


def _same_or_valid(padding: str, k: Any, s: Any, d: Any) -> tuple[int, int]:
    if choice("padding", padding, "valid", "same") == "valid":
        return 0, 0
    needed = [same_padding(k[i], k[i], 1, d[i]) for i in (0, 1)]
    if s != (1, 1) or any(p.before != p.after for p in needed):
        raise InputError(
            'padding="same" is not symmetric for an even kernel or a stride.', "give the padding as numbers."
        )
    return needed[0].before, needed[1].before


def _conv_sizes(
    filters: int, k: Any, how: Mapping[str, Any], bias: bool, start: Start, shape: Shape
) -> LayerSizes:
    C, H, W = _image(shape)
    for text, channels in (("the input has", C), ("the layer makes", filters)):
        if channels % how["groups"]:
            raise ShapeError(
                f"{text} {channels} channels, which do not divide into {how['groups']} groups.",
                "change groups.",
            )
    size = sweep((H, W), k, how["stride"], how["padding"], how["dilation"]).size
    arrays = {"w": Weights((filters, C // how["groups"], *k), start)}
    if bias:
        arrays["b"] = Weights((filters,), _zeros)
    cost = multiply_adds(C, k, filters, size, how["groups"])
    rows, columns = (Window(k[i], how["stride"][i], how["dilation"][i], how["padding"][i]) for i in (0, 1))
    return LayerSizes((filters, *size), arrays, cost, ((rows, columns),))


@named
def Dense(units: int, activation: str | None = None, bias: bool = True, start: Start = he_normal) -> OpLayer:
    """Make a layer that connects every input to every unit (see `linear`), then applies an activation.

    What surprises: no "softmax" here. Scores go into the loss as they are; `Chain.probabilities` gives the
    softmax. Source: lecture S4:1111-1114.

    >>> Dense(128).sizes((9216,)).arrays["w"].shape
    (128, 9216)
    """
    whole("units", units, 1)
    _check_activation(activation)
    a_function("start", start, "a function like he_normal or xavier_uniform")
    sizes = partial(_dense_sizes, units, flag("bias", bias), start)
    return OpLayer(f"Dense({units})", linear, sizes, activation=activation)


def _dense_sizes(units: int, bias: bool, start: Start, shape: Shape) -> LayerSizes:
    if len(shape) != 1:
        raise ShapeError(f"it takes rows of features, but {shape} comes in.", "put Flatten before it.")
    arrays = {"w": Weights((units, shape[0]), start)}
    if bias:
        arrays["b"] = Weights((units,), _zeros)
    return LayerSizes((units,), arrays, multiply_adds(shape[0], 1, units), None)


@named
def BatchNormalization(momentum: float = 0.1, eps: float = 1e-5) -> OpLayer:
    """Make a layer that normalises every channel or feature (see `batch_norm`); `momentum` weighs the new batch.

    gamma starts at 1, beta at 0, running mean and variance at 0 and 1. A bias right before it does nothing.
    Source: lecture S3:383-414, S4:1023-1066.
    """
    settings = {
        "momentum": real("momentum", momentum, 0, 1),
        "eps": real("eps", eps, 0),
        "return_running": True,
    }
    measures = ("running_mean", "running_var")
    return OpLayer("BatchNormalization", batch_norm, _norm_sizes, settings, None, ("training",), measures)


def _norm_sizes(shape: Shape) -> LayerSizes:
    arrays = {
        "gamma": Weights(shape[:1], _ones),
        "beta": Weights(shape[:1], _zeros),
        "running_mean": Weights(shape[:1], _zeros, learned=False),
        "running_var": Weights(shape[:1], _ones, learned=False),
    }
    return LayerSizes(shape, arrays)


@named
def MaxPooling2D(pool_size: Setting = 2, stride: Setting | None = None, padding: Setting = 0) -> OpLayer:
    """Make a layer that keeps the largest entry of every window (see `max_pool2d`); it steps by its own size.

    Source: lecture S4:1109.

    >>> MaxPooling2D(2).sizes((64, 24, 24)).output
    (64, 12, 12)
    """
    return _pooling("MaxPooling2D", max_pool2d, pool_size, stride, padding)


@named
def AveragePooling2D(pool_size: Setting = 2, stride: Setting | None = None, padding: Setting = 0) -> OpLayer:
    """Make a layer that takes the mean of every window (see `avg_pool2d`); it steps by its own size."""
    return _pooling("AveragePooling2D", avg_pool2d, pool_size, stride, padding)


def _pooling(name: str, op: Op[..., Any], pool_size: Any, stride: Any, padding: Any) -> OpLayer:
    k, p = pair("pool_size", pool_size, 1), pair("padding", padding)
    s = k if stride is None else pair("stride", stride, 1)
    settings = {"kernel_size": k, "stride": s, "padding": p}
    return OpLayer(f"{name}({k[0]}x{k[1]})", op, partial(_pool_sizes, k, s, p), settings)


def _pool_sizes(k: Any, s: Any, p: Any, shape: Shape) -> LayerSizes:
    C, *lengths = _image(shape)
    output = (pool_output_size(lengths[i], k[i], s[i], p[i]).size for i in (0, 1))
    rows, columns = (Window(k[i], s[i], 1, p[i]) for i in (0, 1))
    return LayerSizes((C, *output), windows=((rows, columns),))


def GlobalAveragePooling2D() -> OpLayer:
    """Make a layer that takes the mean of every whole map (see `global_avg_pool2d`)."""
    return OpLayer("GlobalAveragePooling2D", global_avg_pool2d, _one_per_map)


def _one_per_map(shape: Shape) -> LayerSizes:
    return LayerSizes(_image(shape)[:1], windows=None)


@named
def Activation(name: str = "relu") -> OpLayer:
    """Make a layer that applies relu, leaky_relu, sigmoid or tanh to every entry."""
    _check_activation(name)
    op = ACTIVATIONS[choice("name", name, *ACTIVATIONS)]
    return OpLayer(f"Activation({name})", op, _unchanged)


@named
def Dropout(p: float = 0.5) -> OpLayer:
    """Make a layer that drops every input with probability p in training (see `dropout`, inverted).

    In training it needs a Generator; at test time it lets everything through. Source: lecture S4:1109-1112.
    """
    if real("p", p, 0, 1) == 1:
        raise InputError("p = 1 drops every unit.", "choose p below 1; it is the probability to drop.")
    return OpLayer(f"Dropout({p:g})", dropout, _unchanged, {"p": p}, situation=("training", "rng"))


def Flatten() -> OpLayer:
    """Make a layer that stretches every example into one row (see `flatten`), channel by channel."""
    return OpLayer("Flatten", flatten, _one_row)


def _one_row(shape: Shape) -> LayerSizes:
    return LayerSizes((int(np.prod(shape)),))
