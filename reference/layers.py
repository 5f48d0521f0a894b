"""Layers: an op with its settings, and what it needs to know to become a part of a network.

A layer holds no weights. It says which arrays it needs for inputs of a given shape, and the `Chain` that it
stands in keeps them. Shapes of layers leave out the batch axis: (channels, rows, columns), or (features,).
The names and the order of arguments are those of the lecture's Keras model (S4:1102-1114).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from reference.activations import leaky_relu, relu, sigmoid, tanh
from reference.arithmetic import pool_output_size, same_padding
from reference.convolution import conv2d
from reference.counting import multiply_adds
from reference.initialization import constant, he_normal
from reference.linear import flatten, linear
from reference.normalization import batch_norm, choice, real
from reference.op import Array, Cache, InputError, Op, ShapeError, flag, pair, parse_shapes, whole
from reference.pooling import avg_pool2d, global_avg_pool2d, max_pool2d
from reference.regularization import dropout
from reference.shapes import short
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
    "Weights",
    "Window",
]

Shape = tuple[int, ...]
Setting = int | tuple[int, int]
Start = Callable[[Shape, np.random.Generator], Array]

ACTIVATIONS: dict[str, Op[..., Any]] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
}


class Window(NamedTuple):
    """How a layer reads along one axis, in the order that `receptive_field` takes."""

    k: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0


class Weights(NamedTuple):
    """An array that a layer needs: its shape, its first values, and whether training learns or measures it."""

    shape: Shape
    start: Start
    learned: bool = True


class LayerSizes(NamedTuple):
    """What a layer makes of inputs of one shape: output, arrays, costs, and what it reads along rows, columns.

    `windows` is one `Window` per axis; empty where every entry is treated alone; None where all are mixed.
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


class Plan(NamedTuple):
    """Which op a layer calls and how; `situation` names what it wants to know about the moment."""

    op: Op[..., Any]
    settings: Mapping[str, Any] = {}
    situation: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    activation: str | None = None


class Layer(Protocol):
    """What every layer can do; `Chain` takes any object that can do this."""

    @property
    def title(self) -> str:
        """Name and settings, as they stand in a summary."""

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape, arrays and costs for inputs of `shape`, without batch axis."""

    def forward(
        self, x: Array, values: Mapping[str, Array], training: bool, rng: np.random.Generator | None
    ) -> LayerPass:
        """Run the layer on a batch with the given arrays."""

    def backward(self, cache: Any, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Return the gradient of the input, and those of the learned arrays by name."""


class Planned(Protocol):
    @property
    def plan(self) -> Plan: ...


def _forward(
    self: Planned, x: Array, values: Mapping[str, Array], training: bool, rng: np.random.Generator | None
) -> LayerPass:
    plan = self.plan
    moment = {"training": training, "rng": rng}
    result, cache = plan.op.forward(x, **values, **plan.settings, **{k: moment[k] for k in plan.situation})
    y, *measured = result if isinstance(result, tuple) else (result,)
    after = None
    if plan.activation is not None:
        y, after = ACTIVATIONS[plan.activation].forward(y)
    return LayerPass(y, (cache, after), dict(zip(plan.measures, measured, strict=True)))


def _backward(self: Planned, cache: tuple[Cache, Cache | None], dy: Array) -> tuple[Array, dict[str, Array]]:
    plan, (inner, after) = self.plan, cache
    if after is not None:
        (dy,) = ACTIVATIONS[after.op].backward(after, dy)
    dx, *rest = plan.op.backward(inner, dy)
    names = [a.name for a in parse_shapes(plan.op.shapes)[0][1:] if a.kind == "float" and a.axes is not None]
    return dx, {name: g for name, g in zip(names, rest, strict=True) if g is not None}


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Add the name of a layer to an InputError raised inside."""
    try:
        yield
    except InputError as error:
        raise type(error)(error.fact, error.do, name, error.got) from None


def _chosen(activation: Any) -> None:
    if activation == "softmax":
        raise InputError(
            'activation="softmax" is part of the loss here.',
            "leave it out and train with cross_entropy, which takes scores; probabilities() gives softmax.",
        )
    if activation is not None:
        choice("activation", activation, *ACTIVATIONS)


def _drawing(start: Any) -> None:
    if not callable(start):
        raise InputError(f"start is {short(start)}.", "pass a function like he_normal or xavier_uniform.")


def _zeros(shape: Shape, _rng: Any) -> Array:
    return constant(shape, 0.0)


def _ones(shape: Shape, _rng: Any) -> Array:
    return constant(shape, 1.0)


def _image(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ShapeError(
            f"it takes images (channels, rows, columns), but {shape} comes in.",
            "put it before Flatten, or give an input_shape of three numbers.",
        )
    return shape[0], shape[1], shape[2]


def _by(setting: Any) -> str:
    return "x".join(map(str, pair("size", setting)))


# -------------------------------------------------------------------------------------- with parameters


@dataclass(frozen=True)
class Conv2D:
    """Slide filters over images (see `conv2d`), then apply an activation.

    `padding` is a number, a pair, or Keras's "valid" (none) or "same" (as many rows and columns as before).
    `start` draws the first weights; biases start at 0.
    """

    filters: int
    kernel_size: Setting
    stride: Setting = 1
    padding: Setting | str = 0
    dilation: Setting = 1
    groups: int = 1
    bias: bool = True
    activation: str | None = None
    start: Start = he_normal

    def __post_init__(self) -> None:
        """Check the settings."""
        with naming("Conv2D"):
            whole("filters", self.filters, 1)
            pair("kernel_size", self.kernel_size, 1)
            _chosen(self.activation)
            _drawing(self.start)
            flag("bias", self.bias)
            pair("stride", self.stride, 1)
            pair("dilation", self.dilation, 1)
            whole("groups", self.groups, 1)
            pair("padding", self._padding())

    def _padding(self) -> Any:
        if not isinstance(self.padding, str):
            return self.padding
        if choice("padding", self.padding, "valid", "same") == "valid":
            return 0
        if pair("stride", self.stride, 1) != (1, 1):
            raise InputError('padding="same" needs stride 1 here.', "give the padding as numbers.")
        k, d = pair("kernel_size", self.kernel_size, 1), pair("dilation", self.dilation, 1)
        needed = [same_padding(k[i], k[i], 1, d[i]) for i in (0, 1)]
        if any(p.before != p.after for p in needed):
            raise InputError(
                'padding="same" with an even kernel needs more zeros on one side than on the other.',
                "use an odd kernel_size or give the padding as numbers.",
            )
        return needed[0].before, needed[1].before

    @property
    def title(self) -> str:
        """Return Conv2D(filters,size)."""
        return f"Conv2D({self.filters},{_by(self.kernel_size)})"

    @property
    def plan(self) -> Plan:
        """Return the op and its settings."""
        settings = {
            "stride": self.stride,
            "padding": self._padding(),
            "dilation": self.dilation,
            "groups": self.groups,
        }
        return Plan(conv2d, settings, activation=self.activation)

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape, arrays, costs and windows for images of `shape`."""
        C, H, W = _image(shape)
        for name, channels in (("the input has", C), ("there are", self.filters)):
            if channels % self.groups:
                raise ShapeError(
                    f"{name} {channels} channels, which do not divide into {self.groups} groups.",
                    "change groups.",
                )
        k = pair("kernel_size", self.kernel_size, 1)
        how = sweep((H, W), k, self.stride, self._padding(), self.dilation)
        arrays = {"w": Weights((self.filters, C // self.groups, *k), self.start)}
        if self.bias:
            arrays["b"] = Weights((self.filters,), _zeros)
        cost = multiply_adds(C, k, self.filters, how.size, self.groups)
        windows = tuple(Window(k[i], how.stride[i], how.dilation[i], how.padding[i]) for i in (0, 1))
        return LayerSizes((self.filters, *how.size), arrays, cost, ((windows[0], windows[1]),))

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class Dense:
    """Connect every input to every unit (see `linear`), then apply an activation."""

    units: int
    activation: str | None = None
    bias: bool = True
    start: Start = he_normal

    def __post_init__(self) -> None:
        """Check the settings."""
        with naming("Dense"):
            whole("units", self.units, 1)
            _chosen(self.activation)
            _drawing(self.start)
            flag("bias", self.bias)

    @property
    def title(self) -> str:
        """Return Dense(units)."""
        return f"Dense({self.units})"

    @property
    def plan(self) -> Plan:
        """Return the op and its settings."""
        return Plan(linear, activation=self.activation)

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape, arrays and costs for rows of features."""
        if len(shape) != 1:
            raise ShapeError(f"it takes rows of features, but {shape} comes in.", "put Flatten before it.")
        arrays = {"w": Weights((self.units, shape[0]), self.start)}
        if self.bias:
            arrays["b"] = Weights((self.units,), _zeros)
        return LayerSizes((self.units,), arrays, multiply_adds(shape[0], 1, self.units), None)

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class BatchNormalization:
    """Normalise every channel or feature (see `batch_norm`); `momentum` weighs the new batch.

    gamma starts at 1, beta at 0, running mean and variance at 0 and 1. A bias right before it does nothing.
    """

    momentum: float = 0.1
    eps: float = 1e-5

    def __post_init__(self) -> None:
        """Check the settings."""
        with naming("BatchNormalization"):
            real("momentum", self.momentum, 0, 1)
            real("eps", self.eps, 0)

    @property
    def title(self) -> str:
        """Return the name."""
        return "BatchNormalization"

    @property
    def plan(self) -> Plan:
        """Return the op and its settings."""
        settings = {"momentum": self.momentum, "eps": self.eps, "return_running": True}
        return Plan(batch_norm, settings, ("training",), ("running_mean", "running_var"))

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape and arrays for channels or features."""
        C = shape[:1]
        arrays = {
            "gamma": Weights(C, _ones),
            "beta": Weights(C, _zeros),
            "running_mean": Weights(C, _zeros, learned=False),
            "running_var": Weights(C, _ones, learned=False),
        }
        return LayerSizes(shape, arrays)

    forward, backward = _forward, _backward


# ----------------------------------------------------------------------------------- without parameters


def _pooled(shape: Shape, size: Any, stride: Any, padding: Any) -> LayerSizes:
    C, *lengths = _image(shape)
    k, p = pair("pool_size", size, 1), pair("padding", padding)
    s = k if stride is None else pair("stride", stride, 1)
    output = tuple(pool_output_size(lengths[i], k[i], s[i], p[i]).size for i in (0, 1))
    windows = tuple(Window(k[i], s[i], 1, p[i]) for i in (0, 1))
    return LayerSizes((C, *output), windows=((windows[0], windows[1]),))


def _check_pool(name: str, size: Any, stride: Any, padding: Any) -> None:
    with naming(name):
        pair("pool_size", size, 1)
        pair("padding", padding)
        if stride is not None:
            pair("stride", stride, 1)


@dataclass(frozen=True)
class MaxPooling2D:
    """Keep the largest entry of every window (see `max_pool2d`), which steps by its own size by default."""

    pool_size: Setting = 2
    stride: Setting | None = None
    padding: Setting = 0

    def __post_init__(self) -> None:
        """Check the settings."""
        _check_pool("MaxPooling2D", self.pool_size, self.stride, self.padding)

    @property
    def title(self) -> str:
        """Return MaxPooling2D(size)."""
        return f"MaxPooling2D({_by(self.pool_size)})"

    @property
    def plan(self) -> Plan:
        """Return the op and its settings."""
        settings = {"kernel_size": self.pool_size, "stride": self.stride, "padding": self.padding}
        return Plan(max_pool2d, settings)

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape and windows for images of `shape`."""
        return _pooled(shape, self.pool_size, self.stride, self.padding)

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class AveragePooling2D:
    """Take the mean of every window (see `avg_pool2d`), which steps by its own size by default."""

    pool_size: Setting = 2
    stride: Setting | None = None
    padding: Setting = 0

    def __post_init__(self) -> None:
        """Check the settings."""
        _check_pool("AveragePooling2D", self.pool_size, self.stride, self.padding)

    @property
    def title(self) -> str:
        """Return AveragePooling2D(size)."""
        return f"AveragePooling2D({_by(self.pool_size)})"

    @property
    def plan(self) -> Plan:
        """Return the op and its settings."""
        settings = {"kernel_size": self.pool_size, "stride": self.stride, "padding": self.padding}
        return Plan(avg_pool2d, settings)

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape and windows for images of `shape`."""
        return _pooled(shape, self.pool_size, self.stride, self.padding)

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class GlobalAveragePooling2D:
    """Take the mean of every whole map (see `global_avg_pool2d`)."""

    @property
    def title(self) -> str:
        """Return the name."""
        return "GlobalAveragePooling2D"

    @property
    def plan(self) -> Plan:
        """Return the op."""
        return Plan(global_avg_pool2d)

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return one number per channel."""
        return LayerSizes(_image(shape)[:1], windows=None)

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class Activation:
    """Apply relu, leaky_relu, sigmoid or tanh to every entry."""

    name: str = "relu"

    def __post_init__(self) -> None:
        """Check the name."""
        with naming("Activation"):
            _chosen(self.name)
            if self.name is None:
                raise InputError("there is no activation.", 'write Activation("relu").')

    @property
    def title(self) -> str:
        """Return Activation(name)."""
        return f"Activation({self.name})"

    @property
    def plan(self) -> Plan:
        """Return the op."""
        return Plan(ACTIVATIONS[self.name])

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return the shape unchanged."""
        return LayerSizes(shape)

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class Dropout:
    """Drop every input with probability `p` in training (see `dropout`, inverted); needs a Generator there."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check p."""
        with naming("Dropout"):
            if real("p", self.p, 0, 1) == 1:
                raise InputError("p = 1 drops everything.", "choose p below 1; it is the probability to drop.")

    @property
    def title(self) -> str:
        """Return Dropout(p)."""
        return f"Dropout({self.p:g})"

    @property
    def plan(self) -> Plan:
        """Return the op and its settings."""
        return Plan(dropout, {"p": self.p}, ("training", "rng"))

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return the shape unchanged."""
        return LayerSizes(shape)

    forward, backward = _forward, _backward


@dataclass(frozen=True)
class Flatten:
    """Stretch every example into one row (see `flatten`), channel by channel."""

    @property
    def title(self) -> str:
        """Return the name."""
        return "Flatten"

    @property
    def plan(self) -> Plan:
        """Return the op."""
        return Plan(flatten)

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return the number of entries of an example."""
        return LayerSizes((int(np.prod(shape)),))

    forward, backward = _forward, _backward
