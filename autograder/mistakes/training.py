"""What goes wrong when a network is trained, frozen or given a new head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class Habits:
    """How somebody trains; the defaults are right."""

    shuffled: str = "each epoch"  # "once", "never", "examples only"
    sign: float = -1.0
    mean: bool = True  # the gradient of a batch is that of its mean loss
    targets: bool = True  # the gradient is P - T, not P
    short_batch: bool = True
    heed_frozen: bool = True
    training: bool = True  # train flag while training
    testing: bool = False  # train flag on validation data
    update: str = "each batch"  # "each epoch": with the gradient of the last batch
    stale: bool = False  # the gradient of the batch before
    report: str = "mean over examples"  # "mean over batches", "loss over batches", "last batch", "sum"
    accuracy: float = 1.0
    epochs: int = 0


def _trained(how: Habits) -> Callable[..., Any]:
    def train(model: Any, data: Any, epochs: int, batch: int, lr: float, rng: Any, val: Any = None) -> Any:
        X, t = data
        history: dict[str, list[float]] = {
            "loss": [],
            "accuracy": [],
            **({} if val is None else {"val_accuracy": []}),
        }
        fixed = rng.permutation(len(X)) if how.shuffled == "once" else np.arange(len(X))
        for _ in range(epochs + how.epochs):
            order = rng.permutation(len(X)) if how.shuffled in ("each epoch", "examples only") else fixed
            seen = [_one_batch(model, X, t, picked, lr, how) for picked in _cut(order, batch, how)]
            if how.update == "each epoch":
                _step(model, lr, how)
            _write(history, seen, how)
            if val is not None:
                guess = model.forward(val[0], how.testing).argmax(axis=1)
                history["val_accuracy"].append(float(np.mean(guess == val[1])) * how.accuracy)
        return history

    return train


def _cut(order: Any, batch: int, how: Habits) -> list[Any]:
    parts = [order[i : i + batch] for i in range(0, len(order), batch)]
    whole = [part for part in parts if len(part) == min(batch, len(order))]
    return parts if how.short_batch else whole


def _one_batch(model: Any, X: Any, t: Any, picked: Any, lr: float, how: Habits) -> tuple[float, float, int]:
    labels = t[np.sort(picked)] if how.shuffled == "examples only" else t[picked]
    S = model.forward(X[picked], how.training)
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss, right = float(-np.log(P[rows, labels]).mean()), float(np.mean(S.argmax(axis=1) == labels))
    dS = P.copy()
    if how.targets:
        dS[rows, labels] -= 1
    model.backward(dS / len(S) if how.mean else dS)
    if how.update == "each batch":
        _step(model, lr, how)
    return loss, right, len(S)


def _step(model: Any, lr: float, how: Habits) -> None:
    for layer in model.layers:
        if not (layer.frozen and how.heed_frozen):
            for p, g in zip(layer.params(), layer.grads()):
                p += how.sign * lr * g


def _write(history: dict[str, list[float]], seen: list[tuple[float, float, int]], how: Habits) -> None:
    losses, shares, sizes = (np.array(column, dtype=float) for column in zip(*seen))
    if how.report == "last batch":
        losses, shares, sizes = losses[-1:], shares[-1:], sizes[-1:]
    if how.report == "mean over batches":
        sizes = np.ones_like(sizes)
    total = 1.0 if how.report == "sum" else sizes.sum()
    loss = losses.mean() if how.report == "loss over batches" else losses @ sizes / total
    history["loss"].append(float(loss))
    history["accuracy"].append(float(shares @ sizes / sizes.sum()) * how.accuracy)


def _train(name: str, family: str, what: str, how: str, **habits: Any) -> None:
    def spoilt(right: Functions) -> Functions:
        return {**right, "train": _trained(replace(Habits(), **habits))}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("train", name, family=family)(spoilt)


_train(
    "trained-uphill", "sign", "You add the gradient, so the loss grows.",
    "The gradient points uphill: p -= lr * g.", sign=1.0,
)  # fmt: skip
_train(
    "batch-gradients-summed", "scale", "Your gradient is that of the sum of the losses of a batch.",
    "The loss of a batch is a mean: divide P - T by the number of examples in the batch.", mean=False,
)  # fmt: skip
_train(
    "gradient-without-targets", "omission", "You send the probabilities back without taking the targets off.",
    "The gradient with respect to the scores is (P - T) / batch size: subtract 1 at the right class.", targets=False,
)  # fmt: skip
_train(
    "short-batch-dropped", "omission", "You leave out the last batch where it is short.",
    "The last batch of an epoch may be smaller, but it counts: range(0, N, batch).", short_batch=False,
)  # fmt: skip
_train(
    "never-shuffled", "omission", "You go through the examples in the order in which they come.",
    "Draw a new order in every epoch: order = rng.permutation(len(X)).", shuffled="never",
)  # fmt: skip
_train(
    "shuffled-once", "scope", "You shuffle once, and all epochs have the same order.",
    "Draw a new order at the start of every epoch.", shuffled="once",
)  # fmt: skip
_train(
    "labels-in-another-order", "order", "You put the examples of a batch into another order, but not their labels.",
    "Take both with the same indices: X[picked], t[picked].", shuffled="examples only",
)  # fmt: skip
_train(
    "frozen-layers-trained", "omission", "You also change the weights of frozen layers.",
    "Leave out the step for a layer whose flag `frozen` is set.", heed_frozen=False,
)  # fmt: skip
_train(
    "trained-in-test-mode", "scope", "You call the forward pass in test mode while training.",
    "Training needs model.forward(X, True): dropout drops only then.", training=False,
)  # fmt: skip
_train(
    "validated-in-training-mode", "scope", "You call the forward pass in training mode on the validation data.",
    "Measure with model.forward(X, False), so that nothing is dropped.", testing=True,
)  # fmt: skip
_train(
    "one-step-per-epoch", "scope", "You take one step at the end of an epoch only.",
    "Take a step after every mini-batch, inside the loop over the batches.", update="each epoch",
)  # fmt: skip
_train(
    "batches-weighted-alike", "scale", "You average over batches, so the examples of a short batch count for more.",
    "Average over examples: multiply the mean of a batch by its size, and divide by N at the end.",
    report="mean over batches",
)  # fmt: skip
_train(
    "last-batch-reported", "scope", "You report the last batch of an epoch only.",
    "Add up over all batches of the epoch, and divide by the number of examples.", report="last batch",
)  # fmt: skip
_train(
    "loss-averaged-over-batches", "scale",
    "Your loss is the mean of the batch means: a short last batch counts too much.",
    "Multiply the loss of each batch by its number of examples and divide the total by len(X).",
    report="loss over batches",
)  # fmt: skip
_train(
    "losses-added-up", "scale", "You report the sum of the losses of all examples.",
    "Divide by the number of examples.", report="sum",
)  # fmt: skip
_train(
    "accuracy-in-percent", "convention", "You report accuracy in percent.",
    "Give a share between 0 and 1.", accuracy=100.0,
)  # fmt: skip
_train(
    "one-epoch-short", "off-by-one", "You train one epoch less than asked for.",
    "range(epochs) makes all epochs; the history has one entry for each.", epochs=-1,
)  # fmt: skip


@mistake("train", "data-shuffled-in-place", family="scope", kind="behaviour")
def data_shuffled_in_place(right: Functions) -> Functions:
    """You shuffle the data you were given.

    Draw indices, order = rng.permutation(len(X)), and leave the data as they are.
    """

    def train(model: Any, data: Any, *args: Any, **more: Any) -> Any:
        history = right["train"](model, data, *args, **more)
        data[0][...] = data[0][::-1].copy()
        return history

    return {**right, "train": train}


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
    "head-biases-one", "wrong-op", "You start the biases at 1.",
    "Biases start at 0.",
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


def _all_anew(model: Any, C: int, rng: Any) -> None:
    _put(model, C, _he(rng))
    first = model.layers[0]
    model.layers[0] = type(first)(_he(rng)(*first.params()[0].shape), np.zeros(first.params()[0].shape[1]))


_head(
    "all-layers-drawn-anew", "scope", "You draw the other layers anew as well.",
    "What they have learned is the point of transfer: replace the last layer only.",
    _all_anew,
)  # fmt: skip
