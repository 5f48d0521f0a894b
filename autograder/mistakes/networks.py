"""What goes wrong with a chain of layers. Each takes the right class and spoils it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]


def _variant(right: Functions, **methods: Any) -> Functions:
    return {"Sequential": type("Sequential", (right["Sequential"],), methods)}  # type: ignore[arg-type]


@mistake("Sequential", "backward-in-forward-order", family="order")
def backward_in_forward_order(right: Functions) -> Functions:
    """You pass the gradient through the layers in forward order.

    The gradient travels from the loss to the input: use reversed(self.layers).
    """

    def backward(self: Any, dY: Any) -> Any:
        for layer in self.layers:
            dY = layer.backward(dY)
        return dY

    return _variant(right, backward=backward)


@mistake("Sequential", "last-layer-skipped", family="off-by-one")
def last_layer_skipped(right: Functions) -> Functions:
    """You leave out the last layer in the forward pass.

    Go through all layers, up to and including the last one.
    """

    def forward(self: Any, X: Any, train: bool = True) -> Any:
        for layer in self.layers[:-1]:
            X = layer.forward(X, train)
        return X

    return _variant(right, forward=forward)


@mistake("Sequential", "train-flag-not-passed", family="omission")
def train_flag_not_passed(right: Functions) -> Functions:
    """You do not hand `train` on, so the layers always behave as in training.

    Pass it to every layer: layer.forward(X, train).
    """

    def forward(self: Any, X: Any, train: bool = True) -> Any:
        for layer in self.layers:
            X = layer.forward(X)
        return X

    return _variant(right, forward=forward)


@mistake("Sequential", "first-layer-params-only", family="scope")
def first_layer_params_only(right: Functions) -> Functions:
    """You return the parameters of the first layer only.

    Collect the parameters of all layers in order.
    """
    return _variant(right, params=lambda self: list(self.layers[0].params()))


@mistake("Sequential", "params-nested", family="orientation")
def params_nested(right: Functions) -> Functions:
    """You return one list per layer; a flat list of arrays is asked for.

    Extend one list with the parameters of each layer.
    """
    return _variant(right, params=lambda self: [list(layer.params()) for layer in self.layers])


@mistake("Sequential", "layers-shared", family="scope", kind="behaviour")
def layers_shared(right: Functions) -> Functions:
    """Your networks share their layers: making a second network changes the first.

    Keep the layers in self.layers, set in __init__, not in a variable of the class or the module.
    """
    shared: list[Any] = []

    def init(self: Any, layers: Any) -> None:
        shared[:] = layers
        self.layers = shared

    return _variant(right, __init__=init)
