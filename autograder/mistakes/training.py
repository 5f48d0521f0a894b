"""What goes wrong when a network is trained."""

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

    shuffled: str = "each epoch"  # "once", "never", "the last order", "with replacement"
    labels: str = "picked"  # "sorted", "unshuffled"
    rate: str = "used"  # "forgotten", "over N"
    step: float = -1.0  # times lr; 0 where the step changes a copy
    mean: int = 1  # how often the gradient of a batch is divided by its size
    targets: bool = True  # the gradient is P - T, not P
    short_batch: bool = True
    full_only: bool = False  # no batch at all where the first one is short
    heed_frozen: bool = True
    frozen_only: bool = False
    stop_at_frozen: bool = False  # the layers behind a frozen one are left alone, too
    weights_only: bool = False  # no step for biases
    training: bool = True  # train flag while training
    testing: bool = False  # train flag on validation data
    update: str = "each batch"  # "each epoch": with the gradient of the last batch
    loss: str = "over examples"  # "over batches", "of the last batch", "sum", "sum of means", "means over N"
    accuracy: str = "over examples"  # as the loss; "counted", "wrong", "after the epoch", "after the step"
    percent: str = "no"  # "yes", "in training only"
    epochs: int = 0
    validated: str = "each epoch"  # "counted"; "once": after the last one


Batch = tuple[float, float, int]  # mean loss, share of right guesses, size


def _trained(how: Habits) -> Callable[..., Any]:
    def train(model: Any, data: Any, epochs: int, batch: int, lr: float, rng: Any, val: Any = None) -> Any:
        X, t = data
        names = ("loss", "accuracy") if val is None else ("loss", "accuracy", "val_accuracy")
        history: dict[str, list[float]] = {name: [] for name in names}
        order = np.arange(len(X)) if how.shuffled != "once" else rng.permutation(len(X))
        lr = {"used": lr, "forgotten": 1.0, "over N": lr / len(X)}[how.rate]
        for epoch in range(epochs + how.epochs):
            order = _next_order(order, rng, how)
            places = _cut(np.arange(len(X)), batch, how)
            seen = [_one_batch(model, X, t, order[place], place, lr, how) for place in places]
            if how.update == "each epoch":
                _step(model, lr, how)
            history["loss"].append(_loss(seen, len(X), how.loss))
            share = (
                np.mean(_guess(model, X) == t)
                if how.accuracy == "after the epoch"
                else _share(seen, len(X), how)
            )
            history["accuracy"].append(float(share) * (1 if how.percent == "no" else 100))
            if val is not None and (how.validated != "once" or epoch == epochs - 1):
                right = np.mean(_guess(model, val[0], how.testing) == val[1])
                history["val_accuracy"].append(
                    float(right)
                    * (len(val[1]) if how.validated == "counted" else 100 if how.percent == "yes" else 1)
                )
        return history

    return train


def _guess(model: Any, X: Any, train: bool = False) -> Any:
    return model.forward(X, train).argmax(axis=1)


def _next_order(order: Any, rng: Any, how: Habits) -> Any:
    if how.shuffled == "the last order":
        return rng.permutation(order)
    if how.shuffled == "with replacement":
        return rng.integers(0, len(order), size=len(order))
    return rng.permutation(len(order)) if how.shuffled == "each epoch" else order


def _cut(order: Any, batch: int, how: Habits) -> list[Any]:
    parts = [order[i : i + batch] for i in range(0, len(order), batch)]
    full = batch if how.full_only else min(batch, len(order))
    return parts if how.short_batch else [part for part in parts if len(part) == full]


def _one_batch(model: Any, X: Any, t: Any, picked: Any, place: Any, lr: float, how: Habits) -> Batch:
    labels = t[{"picked": picked, "sorted": np.sort(picked), "unshuffled": place}[how.labels]]
    S = model.forward(X[picked], how.training)
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = float(-np.log(P[rows, labels]).mean())
    dS = P.copy()
    if how.targets:
        dS[rows, labels] -= 1
    model.backward(dS / len(S) ** how.mean)
    if how.update == "each batch":
        _step(model, lr, how)
    after = model.forward(X[picked], how.training) if how.accuracy == "after the step" else S
    return loss, float(np.mean(after.argmax(axis=1) == labels)), len(S)


def _step(model: Any, lr: float, how: Habits) -> None:
    for layer in model.layers:
        if layer.frozen and how.stop_at_frozen:
            return
        if not (layer.frozen and how.heed_frozen) or (layer.frozen and how.frozen_only):
            _step_of(layer, lr, how)


def _step_of(layer: Any, lr: float, how: Habits) -> None:
    if how.frozen_only and not layer.frozen:
        return
    pairs = list(zip(layer.params(), layer.grads()))
    for p, g in pairs[:1] if how.weights_only else pairs:
        p += how.step * lr * g


def _loss(seen: list[Batch], n: int, kind: str) -> float:
    losses, sizes = np.array([row[0] for row in seen]), np.array([row[2] for row in seen])
    known = {
        "over examples": losses @ sizes / max(sizes.sum(), 1),
        "over all": losses @ sizes / n,
        "over batches": losses.mean() if seen else np.nan,
        "of the last batch": losses[-1] if seen else np.nan,
        "sum": losses @ sizes,
        "sum of means": losses.sum(),
        "means over N": losses.sum() / n,
    }
    return float(known[kind])


def _share(seen: list[Batch], n: int, how: Habits) -> float:
    shares, sizes = np.array([row[1] for row in seen]), np.array([row[2] for row in seen])
    known = {
        "over all": shares @ sizes / n,
        "over batches": shares.mean() if seen else np.nan,
        "of the last batch": shares[-1] if seen else np.nan,
        "counted": shares @ sizes,
        "wrong": 1 - shares @ sizes / max(sizes.sum(), 1),
    }
    return float(known.get(how.accuracy, shares @ sizes / max(sizes.sum(), 1)))


def _train(name: str, family: str, what: str, how: str, **habits: Any) -> None:
    def spoilt(right: Functions) -> Functions:
        return {**right, "train": _trained(replace(Habits(), **habits))}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("train", name, family=family)(spoilt)


_train(
    "trained-uphill", "sign", "You add the gradient, so the loss grows.",
    "The gradient points uphill: p -= lr * g.", step=1.0,
)  # fmt: skip
_train(
    "batch-gradients-summed", "scale", "Your gradient is that of the sum of the losses of a batch.",
    "The loss of a batch is a mean: divide P - T by the number of examples in the batch.", mean=0,
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
    "Take both with the same indices: X[picked], t[picked].", labels="sorted",
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
    loss="over batches", accuracy="over batches",
)  # fmt: skip
_train(
    "last-batch-reported", "scope", "You report the last batch of an epoch only.",
    "Add up over all batches of the epoch, and divide by the number of examples.",
    loss="of the last batch", accuracy="of the last batch",
)  # fmt: skip
_train(
    "loss-averaged-over-batches", "scale",
    "Your loss is the mean of the batch means: a short last batch counts too much.",
    "Multiply the loss of each batch by its number of examples and divide the total by len(X).",
    loss="over batches",
)  # fmt: skip
_train(
    "losses-added-up", "scale", "You report the sum of the losses of all examples.",
    "Divide by the number of examples.", loss="sum",
)  # fmt: skip
_train(
    "accuracy-in-percent", "convention", "You report accuracy in percent.",
    "Give a share between 0 and 1.", percent="yes",
)  # fmt: skip
_train(
    "one-epoch-short", "off-by-one", "You train one epoch less than asked for.",
    "range(epochs) makes all epochs; the history has one entry for each.", epochs=-1,
)  # fmt: skip
_train(
    "labels-not-shuffled", "order", "You shuffle the examples of a batch, but cut its labels in their old order.",
    "Take both with the same indices: X[picked], t[picked].", labels="unshuffled",
)  # fmt: skip
_train(
    "shuffled-order-shuffled-again", "scope",
    "You shuffle what the last epoch has shuffled already: from the second epoch on the order is another.",
    "Draw each order from scratch: order = rng.permutation(len(X)), and leave X and t as they are.",
    shuffled="the last order",
)  # fmt: skip
_train(
    "examples-drawn-with-replacement", "wrong-op",
    "You draw indices with replacement: some examples come twice, others not at all.",
    "In an epoch every example comes once: order = rng.permutation(len(X)).", shuffled="with replacement",
)  # fmt: skip
_train(
    "weights-not-changed-in-place", "scope", "Your step makes new arrays; those of the layers stay as they were.",
    "p = p - lr * g gives the name p to a new array. Change the old one: p -= lr * g.", step=0.0,
)  # fmt: skip
_train(
    "divided-by-batch-twice", "scale", "You divide the gradient by the batch size a second time.",
    "softmax_loss gives the gradient of the mean already: p -= lr * g.", mean=2,
)  # fmt: skip
_train(
    "full-batches-only", "omission", "You leave out the last batch where it is short, and divide by all examples.",
    "The last batch of an epoch may be smaller, but it counts: range(0, N, batch).",
    short_batch=False, full_only=True, loss="over all", accuracy="over all",
)  # fmt: skip
_train(
    "loss-of-last-batch-reported", "scope", "Your loss is that of the last batch of an epoch.",
    "Add up over all batches of the epoch, and divide by the number of examples.", loss="of the last batch",
)  # fmt: skip
_train(
    "batch-losses-added-up", "scale", "You add up the mean losses of the batches.",
    "Multiply the loss of each batch by its number of examples and divide the total by len(X).",
    loss="sum of means",
)  # fmt: skip
_train(
    "batch-losses-not-weighted", "scale",
    "You add up the mean losses of the batches and divide by the number of examples.",
    "Each is a mean already: multiply it by the size of its batch before you add.", loss="means over N",
)  # fmt: skip
_train(
    "accuracy-averaged-over-batches", "scale",
    "Your accuracy is the mean of the shares of the batches: a short last batch counts too much.",
    "Count right guesses over the epoch and divide by len(X).", accuracy="over batches",
)  # fmt: skip
_train(
    "right-guesses-counted", "scale", "You report how many guesses are right, not which share.",
    "Divide by the number of examples.", accuracy="counted",
)  # fmt: skip
_train(
    "training-accuracy-in-percent", "convention", "You report the accuracy in training in percent.",
    "Give a share between 0 and 1.", percent="in training only",
)  # fmt: skip
_train(
    "accuracy-after-the-epoch", "order", "You measure the accuracy in training after the epoch, on all examples.",
    "Take it from the scores of each batch, before its step.", accuracy="after the epoch",
)  # fmt: skip
_train(
    "accuracy-after-the-step", "order", "You measure the accuracy of a batch after its step.",
    "Take it from the scores that gave the gradient, before the step.", accuracy="after the step",
)  # fmt: skip
_train(
    "learning-rate-forgotten", "omission", "You subtract the gradient itself: lr is not used.",
    "p -= lr * g.", rate="forgotten",
)  # fmt: skip
_train(
    "divided-by-examples", "scale", "You divide the step by the number of all examples.",
    "softmax_loss gives the gradient of the mean over the batch already: p -= lr * g.", rate="over N",
)  # fmt: skip
_train(
    "biases-not-trained", "omission", "You take a step for the weights only.",
    "Go through all of layer.params(): biases learn, too.", weights_only=True,
)  # fmt: skip
_train(
    "frozen-layers-only", "swap", "You take a step for the frozen layers, and for them only.",
    "A frozen layer keeps its weights: `if not layer.frozen`.", frozen_only=True,
)  # fmt: skip
_train(
    "stopped-at-a-frozen-layer", "scope", "You stop at the first frozen layer, so those behind it do not learn.",
    "Pass over a frozen layer (continue) instead of leaving the loop (break).", stop_at_frozen=True,
)  # fmt: skip
_train(
    "wrong-guesses-reported", "swap", "Your accuracy is the share of wrong guesses.",
    "Count where the class with the highest score is the label.", accuracy="wrong",
)  # fmt: skip
_train(
    "accuracy-of-last-batch-reported", "scope", "Your accuracy is that of the last batch of an epoch.",
    "Count right guesses over all batches of the epoch, and divide by the number of examples.",
    accuracy="of the last batch",
)  # fmt: skip
_train(
    "validation-guesses-counted", "scale", "Your val_accuracy counts right guesses.",
    "Give the share between 0 and 1: np.mean of the comparison.", validated="counted",
)  # fmt: skip
_train(
    "validated-once", "scope", "You measure on the validation data once, at the end.",
    "Measure after every epoch: val_accuracy has one entry for each.", validated="once",
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
