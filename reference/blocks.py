"""Blocks: layers in a row, and the block with a skip connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference.checking.arguments import named
from reference.layers import (
    ACTIVATIONS,
    Activation,
    BatchNormalization,
    Conv2D,
    Layer,
    LayerPass,
    LayerSizes,
    Shape,
    Weights,
)
from reference.normalization import choice
from reference.op import Array, InputError, ShapeError, flag, whole
from reference.shapes import short

__all__ = ["Residual", "layer_sizes", "residual_block"]


# -------------------------------------------------------------------------------------- layers in a row


@named
def layer_sizes(layers: Sequence[Layer], input_shape: Shape) -> list[LayerSizes]:
    """Return for each layer what it makes of the shapes that arrive there, without any weights.

    Raises ShapeError naming the first layer that cannot take what comes in.

    >>> from reference import Conv2D, MaxPooling2D
    >>> [sizes.output for sizes in layer_sizes([Conv2D(32, 3), MaxPooling2D(2)], (1, 28, 28))]
    [(32, 26, 26), (32, 13, 13)]
    """
    return sizes_along(layers, input_shape)


def sizes_along(layers: Any, input_shape: Any) -> list[LayerSizes]:
    shape, found = _shape(input_shape), []
    for i, layer in enumerate(checked_layers("layers", layers)):
        try:
            found.append(layer.sizes(shape))
        except InputError as error:
            here = f"layer {i}, {layer.title}, cannot take {shape}: {error.fact}"
            raise type(error)(here, error.do) from None
        shape = found[-1].output
    return found


def checked_layers(name: str, layers: Any) -> tuple[Layer, ...]:
    if not isinstance(layers, (list, tuple)) or not layers:
        raise InputError(f"{name} is {short(layers)}.", "give a list of one or more layers.")
    for i, layer in enumerate(layers):
        if isinstance(layer, type) or not callable(getattr(layer, "sizes", None)):
            raise InputError(
                f"{name}[{i}] is {short(layer)}, no layer.", "write Conv2D(8, 3), Flatten() and the like."
            )
    return tuple(layers)


def _shape(shape: Any) -> Shape:
    if not isinstance(shape, (list, tuple)) or not shape:
        raise InputError(
            f"input_shape is {short(shape)}.",
            "write (channels, rows, columns) or (features,), without batch axis.",
        )
    return tuple(whole(f"input_shape[{i}]", n, 1) for i, n in enumerate(shape))


def all_weights(layers: Sequence[Layer], shape: Shape) -> dict[str, Weights]:
    """Name every array of every layer: "0.w" is w of the first layer."""
    sizes = sizes_along(layers, shape)
    return {f"{i}.{name}": w for i, found in enumerate(sizes) for name, w in found.arrays.items()}


def under(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name[len(prefix) :]: v for name, v in values.items() if name.startswith(prefix)}


def run(
    layers: Sequence[Layer], x: Array, values: Mapping[str, Array], training: bool, rng: Any
) -> LayerPass:
    caches, measured = [], {}
    for i, layer in enumerate(layers):
        x, cache, seen = layer.forward(x, under(values, f"{i}."), training, rng)
        caches.append(cache)
        measured.update({f"{i}.{name}": value for name, value in seen.items()})
    return LayerPass(x, caches, measured)


def run_back(layers: Sequence[Layer], caches: Sequence[Any], dy: Array) -> tuple[Array, dict[str, Array]]:
    gradients: dict[str, Array] = {}
    for i in reversed(range(len(layers))):
        dy, own = layers[i].backward(caches[i], dy)
        gradients.update({f"{i}.{name}": g for name, g in own.items()})
    return dy, gradients


# ----------------------------------------------------------------------------------------- skip connection


@dataclass(frozen=True)
class Residual:
    """Add what a branch of layers makes of its input to the input itself (lecture S3:304-320, the figure).

    y = activation(branch(x) + shortcut(x))

    An empty `shortcut` is the identity; otherwise it is layers that bring x to the branch's output shape, a
    projection. Without `activation` the sum is the result. The gradient of x is the sum of both ways.

    Raises ShapeError when branch and shortcut end in different shapes, naming both.

    What surprises: where the branch gives 0 the block is the identity and hands the gradient on unchanged. For
    one linear layer as the branch see the op `residual`.
    """

    branch: Sequence[Layer]
    shortcut: Sequence[Layer] = ()
    activation: str | None = None

    def __post_init__(self) -> None:
        """Check the layers and the activation."""
        try:
            object.__setattr__(self, "branch", checked_layers("branch", self.branch))
            if not isinstance(self.shortcut, (list, tuple)) or self.shortcut:
                object.__setattr__(self, "shortcut", checked_layers("shortcut", self.shortcut))
            if self.activation is not None:
                choice("activation", self.activation, *ACTIVATIONS)
        except InputError as error:
            raise type(error)(error.fact, error.do, "Residual") from None

    @property
    def title(self) -> str:
        """Return Residual(branch)."""
        return f"Residual({', '.join(layer.title for layer in self.branch)})"

    def sizes(self, shape: Shape) -> LayerSizes:
        """Return output shape, the arrays of both ways, their costs, and the windows of the branch."""
        ways = {"branch": sizes_along(self.branch, shape)}
        if self.shortcut:
            ways["shortcut"] = sizes_along(self.shortcut, shape)
        ends = {name: found[-1].output for name, found in ways.items()}
        short_end = ends.get("shortcut", shape)
        if ends["branch"] != short_end:
            raise ShapeError(
                f"the branch ends in {ends['branch']}, the shortcut in {short_end}; they cannot be added.",
                "give a shortcut that changes the shape alike, such as a 1x1 Conv2D with the same stride.",
            )
        arrays = {
            f"{name}.{i}.{key}": w
            for name, found in ways.items()
            for i, layer in enumerate(found)
            for key, w in layer.arrays.items()
        }
        cost = sum(layer.multiply_adds for found in ways.values() for layer in found)
        windows = [layer.windows for layer in ways["branch"]]
        joined = None if None in windows else tuple(w for of_layer in windows for w in of_layer or ())
        return LayerSizes(ends["branch"], arrays, cost, joined)

    def forward(self, x: Array, values: Mapping[str, Array], training: bool, rng: Any) -> LayerPass:
        """Run both ways on a batch and add."""
        y, branch, seen = run(self.branch, x, under(values, "branch."), training, rng)
        skip, shortcut, also = run(self.shortcut, x, under(values, "shortcut."), training, rng)
        measured = {f"branch.{k}": v for k, v in seen.items()} | {f"shortcut.{k}": v for k, v in also.items()}
        y, after = y + skip, None
        if self.activation is not None:
            y, after = ACTIVATIONS[self.activation].forward(y)
        return LayerPass(y, (branch, shortcut, after), measured)

    def backward(self, cache: Any, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Return the gradient of the input, and those of the learned arrays by name."""
        branch, shortcut, after = cache
        if after is not None:
            (dy,) = ACTIVATIONS[after.op].backward(after, dy)
        dx, own = run_back(self.branch, branch, dy)
        skip, more = run_back(self.shortcut, shortcut, dy)
        gradients = {f"branch.{k}": g for k, g in own.items()} | {f"shortcut.{k}": g for k, g in more.items()}
        return dx + skip, gradients


@named
def residual_block(filters: int, stride: int = 1, project: bool | None = None) -> Residual:
    """Make the basic block of ResNet: two 3x3 convolutions with batch normalisation, and a skip connection.

    relu( BN(conv(relu(BN(conv(x))))) + x ),   or with BN(1x1 conv(x)) in place of x where `project`

    `project` is needed when the number of channels or the size changes; by default only if stride is not 1. The
    convolutions have no biases, which batch normalisation would take away again.

    >>> residual_block(64, stride=2).sizes((32, 8, 8)).output
    (64, 4, 4)
    """
    whole("filters", filters, 1)
    whole("stride", stride, 1)
    first = Conv2D(filters, 3, stride, padding=1, bias=False)
    second = Conv2D(filters, 3, padding=1, bias=False)
    branch = [first, BatchNormalization(), Activation("relu"), second, BatchNormalization()]
    projected = stride != 1 if project is None else flag("project", project)
    way = [Conv2D(filters, 1, stride, bias=False), BatchNormalization()] if projected else []
    return Residual(branch, way, "relu")
