"""What goes wrong with a chain of layers. Each takes the right class and spoils it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, mistake

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


def _backwards(name: str, family: str) -> Callable[[Callable[..., Any]], Mistake]:
    """Register what a backward method does instead."""

    def register(backward: Callable[..., Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            return _variant(right, backward=backward)

        spoilt.__doc__ = backward.__doc__
        return mistake("Sequential", name, family=family)(spoilt)

    return register


@_backwards("first-layer-skipped-on-the-way-back", family="off-by-one")
def first_layer_skipped_on_the_way_back(self: Any, dY: Any) -> Any:
    """You leave out the first layer on the way back.

    Go down to index 0: reversed(self.layers), or range(len(layers) - 1, -1, -1).
    """
    for layer in self.layers[:0:-1]:
        dY = layer.backward(dY)
    return dY


@_backwards("last-layer-skipped-on-the-way-back", family="off-by-one")
def last_layer_skipped_on_the_way_back(self: Any, dY: Any) -> Any:
    """You leave out the last layer on the way back.

    The gradient of the loss enters at the last layer: begin there.
    """
    for layer in self.layers[-2::-1]:
        dY = layer.backward(dY)
    return dY


@_backwards("every-layer-gets-the-last-gradient", family="scope")
def every_layer_gets_the_last_gradient(self: Any, dY: Any) -> Any:
    """You give every layer the gradient that came from the loss.

    What one layer returns goes to the next: dY = layer.backward(dY).
    """
    return [layer.backward(dY) for layer in reversed(self.layers)][-1]


@mistake("Sequential", "every-layer-gets-the-input", family="scope")
def every_layer_gets_the_input(right: Functions) -> Functions:
    """You give the input to every layer and return what the last one makes of it.

    What one layer returns goes to the next: X = layer.forward(X, train).
    """

    def forward(self: Any, X: Any, train: bool = True) -> Any:
        return [layer.forward(X, train) for layer in self.layers][-1]

    return _variant(right, forward=forward)


@mistake("Sequential", "test-mode-by-default", family="convention")
def test_mode_by_default(right: Functions) -> Functions:
    """Your forward is in test mode when `train` is left out.

    The first line reads def forward(self, X, train=True).
    """

    def forward(self: Any, X: Any, train: bool = False) -> Any:
        return right["Sequential"].forward(self, X, train)  # type: ignore[attr-defined]

    return _variant(right, forward=forward)


@mistake("Sequential", "last-layer-params-only", family="scope")
def last_layer_params_only(right: Functions) -> Functions:
    """You return the parameters of the last layer only: the list is made anew in every turn.

    Make one list before the loop and extend it with the parameters of each layer.
    """
    return _variant(right, params=lambda self: list(self.layers[-1].params()))


@mistake("Sequential", "params-in-reverse-order", family="order")
def params_in_reverse_order(right: Functions) -> Functions:
    """You list the layers' parameters from the last layer to the first.

    Begin with the layer closest to the input.
    """
    return _variant(right, params=lambda self: [p for la in reversed(self.layers) for p in la.params()])


@mistake("Sequential", "params-of-weights-only", family="omission")
def params_of_weights_only(right: Functions) -> Functions:
    """You list the weights only, without the biases.

    Extend the list with everything that layer.params() gives.
    """
    return _variant(right, params=lambda self: [p for la in self.layers for p in la.params()[:1]])


@mistake("Sequential", "params-of-layers-not-frozen", family="scope")
def params_of_layers_not_frozen(right: Functions) -> Functions:
    """You leave out the parameters of frozen layers.

    params() lists all of them; whether a layer is frozen is asked when the step is taken.
    """
    return _variant(
        right, params=lambda self: [p for la in self.layers if not la.frozen for p in la.params()]
    )


@mistake("Sequential", "layers-reversed-for-good", family="scope", kind="behaviour")
def layers_reversed_for_good(right: Functions) -> Functions:
    """You reverse the list of layers itself, so the next forward pass begins with the last layer.

    Go through reversed(self.layers), or self.layers[::-1], which leave the list as it is.
    """

    def backward(self: Any, dY: Any) -> Any:
        self.layers.reverse()
        for layer in self.layers:
            dY = layer.backward(dY)
        return dY

    return _variant(right, backward=backward)


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
