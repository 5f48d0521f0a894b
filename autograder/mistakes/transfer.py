"""What goes wrong when a trained network is used again: its layers frozen, or given a new head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]

# --- freezing --------------------------------------------------------------------------------------


def _freeze(name: str, family: str, what: str, how: str, flag: Callable[..., bool]) -> None:
    """Register a wrong rule: flag(i, layers, n) tells whether layer i of `layers` is frozen."""

    def spoilt(right: Functions) -> Functions:
        def freeze(model: Any, n_layers: int) -> None:
            flags = [flag(i, model.layers, n_layers) for i in range(len(model.layers))]
            for layer, frozen in zip(model.layers, flags):
                layer.frozen = frozen

        return {**right, "freeze": freeze}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("freeze", name, family=family)(spoilt)


_freeze(
    "last-layers-frozen", "swap", "You freeze the last layers.",
    "The first n layers hold the general features: freeze those.",
    lambda i, layers, n: i >= len(layers) - n,
)  # fmt: skip
_freeze(
    "first-layers-trained", "swap", "You freeze the layers after the first n.",
    "The first n layers get frozen = True, the others frozen = False.",
    lambda i, layers, n: i >= n,
)  # fmt: skip
_freeze(
    "one-layer-more", "off-by-one", "You freeze one layer too many.",
    "Layers 0 to n_layers - 1 are frozen: i < n_layers.",
    lambda i, layers, n: i <= n,
)  # fmt: skip
_freeze(
    "never-thawed", "omission", "You set flags but never take one back.",
    "All layers behind the first n get frozen = False, whatever they were before.",
    lambda i, layers, n: bool(layers[i].frozen) or i < n,
)  # fmt: skip
_freeze(
    "all-frozen", "scope", "You freeze all layers.",
    "Only the first n layers are frozen.",
    lambda i, layers, n: n > 0,
)  # fmt: skip
_freeze(
    "parameter-layers-counted", "scope", "You count layers with parameters only.",
    "Count every layer of model.layers, also those that learn nothing.",
    lambda i, layers, n: sum(bool(layer.params()) for layer in layers[:i]) < n,
)  # fmt: skip
_freeze(
    "last-slice-frozen", "swap", "You freeze the last layers: layers[-n_layers:], which is all of them for 0.",
    "The first n layers hold the general features: layers[:n_layers].",
    lambda i, layers, n: n == 0 or i >= len(layers) - n,
)  # fmt: skip
_freeze(
    "one-layer-fewer", "off-by-one", "You freeze one layer too few.",
    "Layers 0 to n_layers - 1 are frozen: i < n_layers.",
    lambda i, layers, n: i < n - 1,
)  # fmt: skip
_freeze(
    "parameterless-layers-never-frozen", "scope", "You set the flag only where a layer has parameters.",
    "Every one of the first n layers gets frozen = True, also those that learn nothing.",
    lambda i, layers, n: i < n and bool(layers[i].params()),
)  # fmt: skip
_freeze(
    "parameterless-layers-passed-over", "scope",
    "You count and freeze layers with parameters only, and pass over the others.",
    "Count every layer of model.layers, also those that learn nothing: i < n_layers.",
    lambda i, layers, n: bool(layers[i].params()) and sum(bool(la.params()) for la in layers[:i]) < n,
)  # fmt: skip


# --- a new head ------------------------------------------------------------------------------------


def _head(name: str, family: str, what: str, how: str, wrong: Callable[..., None]) -> None:
    """Register a wrong change: wrong(model, C, rng) works in place."""

    def spoilt(right: Functions) -> Functions:
        def replace_head(model: Any, C: int, rng: Any) -> None:
            wrong(model, C, rng)

        return {**right, "replace_head": replace_head}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("replace_head", name, family=family)(spoilt)


def _put(
    model: Any, C: int, draw: Callable[[int, int], Any], bias: float = 0.0, place: int | None = -1
) -> None:
    """Put a new layer with weights draw(D, C) in place of the last one, or behind it (place None)."""
    old = model.layers[-1]
    D = old.params()[0].shape[0] if place is not None else old.params()[0].shape[1]
    new = type(old)(draw(D, C), np.full(C, bias))
    if place is None:
        model.layers.append(new)
    else:
        model.layers[place] = new


def _he(rng: Any) -> Callable[[int, int], Any]:
    return lambda D, C: rng.normal(0.0, np.sqrt(2 / D), size=(D, C))


_head(
    "head-of-zeros", "omission", "You start the new head with zeros.",
    "Draw the weights with rng: normal numbers with standard deviation sqrt(2 / D).",
    lambda model, C, rng: _put(model, C, lambda D, C: np.zeros((D, C))),
)  # fmt: skip
_head(
    "head-unscaled", "scale", "You draw the new weights with standard deviation 1.",
    "He's initialisation: standard deviation sqrt(2 / D), D inputs.",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.normal(size=(D, C))),
)  # fmt: skip
_head(
    "head-scaled-by-variance", "scale", "You use 2 / D as the standard deviation; that is the variance.",
    "Take the root: sqrt(2 / D).",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.normal(0.0, 2 / D, size=(D, C))),
)  # fmt: skip
_head(
    "head-by-classes", "swap", "You scale the new weights by the number of classes.",
    "D in sqrt(2 / D) is the number of inputs of the layer, not of its outputs.",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.normal(0.0, np.sqrt(2 / C), size=(D, C))),
)  # fmt: skip
_head(
    "head-biases-not-zero", "wrong-op", "You start the biases of the new head at something else than 0.",
    "b = np.zeros(C): only the weights are drawn.",
    lambda model, C, rng: _put(model, C, _he(rng), bias=1.0),
)  # fmt: skip
_head(
    "head-appended", "wrong-op", "You put the new layer behind the old head.",
    "The old head belongs to the old classes: replace it, model.layers[-1] = ...",
    lambda model, C, rng: _put(model, C, _he(rng), place=None),
)  # fmt: skip
_head(
    "head-not-replaced", "omission", "You leave the old head in place.",
    "Put a new dense layer for C classes into model.layers[-1].",
    lambda model, C, rng: None,
)  # fmt: skip
_head(
    "generator-not-used", "scope", "You draw the head with a generator of your own.",
    "Draw with the rng you are given.",
    lambda model, C, rng: _put(model, C, _he(np.random.default_rng(0))),
)  # fmt: skip

_head(
    "head-by-xavier", "wrong-op", "You scale the new weights as Xavier does, with sqrt(1 / D).",
    "Behind a ReLU it is He's initialisation: standard deviation sqrt(2 / D).",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.normal(0.0, np.sqrt(1 / D), size=(D, C))),
)  # fmt: skip
_head(
    "head-by-both-sides", "wrong-op", "You scale the new weights by inputs and classes together, sqrt(2 / (D + C)).",
    "He's initialisation counts the inputs only: standard deviation sqrt(2 / D).",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.normal(0.0, np.sqrt(2 / (D + C)), size=(D, C))),
)  # fmt: skip
_head(
    "head-scaled-upside-down", "swap", "You scale the new weights by sqrt(D / 2).",
    "The more inputs, the smaller the weights: sqrt(2 / D).",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.normal(0.0, np.sqrt(D / 2), size=(D, C))),
)  # fmt: skip
_head(
    "head-uniform", "wrong-op", "You draw the new weights from a uniform distribution.",
    "Draw normal numbers: rng.normal(0, np.sqrt(2 / D), size=(D, C)).",
    lambda model, C, rng: _put(
        model, C, lambda D, C: rng.uniform(-np.sqrt(6 / D), np.sqrt(6 / D), size=(D, C))),
)  # fmt: skip
_head(
    "head-small", "scale", "You scale the new weights by 0.01.",
    "He's initialisation: standard deviation sqrt(2 / D).",
    lambda model, C, rng: _put(model, C, lambda D, C: 0.01 * rng.normal(size=(D, C))),
)  # fmt: skip
_head(
    "head-uniform-too-narrow", "wrong-op", "You draw the new weights uniformly between -sqrt(2 / D) and sqrt(2 / D).",
    "sqrt(2 / D) is the standard deviation of normal numbers: rng.normal(0, np.sqrt(2 / D), size=(D, C)).",
    lambda model, C, rng: _put(model, C, lambda D, C: rng.uniform(-1, 1, size=(D, C)) * np.sqrt(2 / D)),
)  # fmt: skip
_head(
    "head-from-global-random", "scope", "You draw with np.random, so the same generator gives another head each time.",
    "Draw with the rng you are given: rng.normal.",
    lambda model, C, rng: _put(model, C, _he(np.random)),
)  # fmt: skip


def _filled_anew(model: Any, C: int, rng: Any) -> None:
    was = model.layers[-1].frozen
    _put(model, C, _he(rng))
    model.layers[-1].frozen = was


def _others_frozen(model: Any, C: int, rng: Any) -> None:
    for layer in model.layers:
        layer.frozen = True
    _put(model, C, _he(rng))


_head(
    "other-layers-frozen", "scope", "You freeze the other layers as well.",
    "Replace the last layer and leave the others as they are: what is frozen is decided elsewhere.",
    _others_frozen,
)  # fmt: skip
_head(
    "head-frozen-as-before", "scope", "Your new head is frozen where the old one was, so it would never learn.",
    "Make a new Dense, which is not frozen, or set frozen = False.",
    _filled_anew,
)  # fmt: skip


def _all_anew(model: Any, C: int, rng: Any) -> None:
    _put(model, C, _he(rng))
    first = model.layers[0]
    model.layers[0] = type(first)(_he(rng)(*first.params()[0].shape), np.zeros(first.params()[0].shape[1]))


_head(
    "all-layers-drawn-anew", "scope", "You draw the other layers anew as well.",
    "What they have learned is the point of transfer: replace the last layer only.",
    _all_anew,
)  # fmt: skip
