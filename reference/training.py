"""Training: mini-batches, gradients, updates, again and again, and the history of how it went."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from reference.checking.arguments import generator, named, not_negative, positive
from reference.linear import predict_class
from reference.losses import cross_entropy
from reference.networks import Chain
from reference.op import Array, InputError, Op, ShapeError, flag, whole
from reference.optimizers import minibatches
from reference.progress import show_progress
from reference.regularization import early_stopping
from reference.shapes import as_float, as_int, short

__all__ = ["History", "LossGradients", "ModelScore", "evaluate_model", "loss_gradients", "train"]

Loss = Op[..., Any]
Rate = float | Callable[[int], float]


class LossGradients(NamedTuple):
    """Loss of a batch, its gradient for every parameter, and the scores."""

    loss: float
    gradients: dict[str, Array]
    y: Array


class ModelScore(NamedTuple):
    """Loss and share of right answers on a data set; accuracy is NaN where targets are no labels."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class History:
    """How training went: one entry per epoch, and the loss of every update.

    loss, accuracy          means over the epoch's batches, as they were met: with dropout, and with weights
                            that changed from batch to batch
    val_loss, val_accuracy  on the validation data after each epoch, at test time; empty without such data
    steps                   the loss of every mini-batch
    best_epoch              epoch (from 0) of the lowest validation loss, or None
    note                    why training ended early, or ""

    What surprises: with dropout, `accuracy` may lie below `val_accuracy`; training is the harder task.
    """

    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    val_loss: tuple[float, ...]
    val_accuracy: tuple[float, ...]
    steps: tuple[float, ...] = field(repr=False)
    best_epoch: int | None
    note: str

    @property
    def epochs(self) -> int:
        """Number of epochs that were trained."""
        return len(self.loss)


# ----------------------------------------------------------------------------------------- loss and data


@named
def loss_gradients(
    model: Chain,
    x: Array,
    t: Array,
    loss: Loss = cross_entropy,
    training: bool = True,
    rng: np.random.Generator | None = None,
) -> LossGradients:
    """Return the loss of a batch and its gradient for every parameter; the model stays as it is.

    Dropout needs `rng` in training. Source: lecture S1:229-275, S2:874-911.
    """
    _a_chain(model)
    result, _ = _step(model, *_data("data", (x, t), model), _a_loss(loss), flag("training", training), rng)
    return result


def _step(
    model: Chain, x: Array, t: Array, loss: Loss, training: bool, rng: Any
) -> tuple[LossGradients, dict[str, Array]]:
    y, cache = model.forward(x, training, rng)
    value, saved = loss.forward(y, t)
    _, gradients = model.backward(cache, loss.backward(saved)[0])
    return LossGradients(float(value), gradients, y), cache.measured


@named
def evaluate_model(
    model: Chain, x: Array, t: Array, loss: Loss = cross_entropy, batch: int = 256
) -> ModelScore:
    """Return loss and accuracy on a data set at test time: no dropout, running statistics.

    accuracy = share of examples whose highest score is that of the right class (lecture S4:1135)
    """
    _a_chain(model)
    x, t = _data("data", (x, t), model)
    y = model(x, whole("batch", batch, 1))
    return ModelScore(float(_a_loss(loss)(y, t)), _right(y, t) / len(t) if _are_labels(t) else math.nan)


def _are_labels(t: Array) -> bool:
    return t.ndim == 1 and t.dtype.kind in "iu"


def _right(y: Array, t: Array) -> int:
    return int(np.sum(predict_class(y) == t)) if _are_labels(t) else 0


def _a_chain(model: Any) -> None:
    if not isinstance(model, Chain):
        raise InputError(f"model is {short(model)}.", "pass a Chain.")


def _a_loss(loss: Any) -> Loss:
    if not callable(getattr(loss, "backward", None)):
        raise InputError(f"loss is {short(loss)}.", "pass an op with a gradient, such as cross_entropy.")
    return loss


def _data(name: str, data: Any, model: Chain) -> tuple[Array, Array]:
    """Take (x, t) apart: one target for each example, labels as whole numbers."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise InputError(f"{name} is {short(data)}.", f"write {name}=(x, t), examples and their targets.")
    x, t = as_float("x", data[0]), data[1]
    t = as_int("t", t) if np.asarray(t).dtype.kind in "iu" else as_float("t", t)
    if x.ndim == 0 or t.ndim == 0 or len(x) != len(t) or len(x) == 0:
        raise ShapeError(
            f"{name} has x of shape {x.shape} and t of shape {t.shape}.", "give one target for each example."
        )
    if x.shape[1:] != model.input_shape:
        raise ShapeError(
            f"examples in {name} have shape {x.shape[1:]}, but the model takes {model.input_shape}.",
            "reshape x, or make the model for it.",
        )
    return x.astype(model.dtype, copy=False), t if _are_labels(t) else t.astype(model.dtype, copy=False)


# ------------------------------------------------------------------------------------------------ train


class _Rule(NamedTuple):
    """How weights are updated."""

    rate: Callable[[int], float]
    alpha: float
    lam: float


class _Examples(NamedTuple):
    """What is learnt from, and how it is dealt out."""

    x: Array
    t: Array
    batch: int
    rng: np.random.Generator


@named
def train(
    model: Chain,
    data: tuple[Array, Array],
    epochs: int = 10,
    batch: int = 32,
    lr: Rate = 0.02,
    *,
    rng: np.random.Generator,
    momentum: float = 0.9,
    lam: float = 0.0,
    loss: Loss = cross_entropy,
    validation: tuple[Array, Array] | None = None,
    patience: int | None = None,
    progress: bool = True,
) -> History:
    """Train a network in place by mini-batch gradient descent with momentum; return the history.

    For each mini-batch:  v <- momentum * v + dL/dw + 2 * lam * w,   w <- w - lr * v      (biases without lam)

    data        (x, t): examples, and labels or other targets that the loss takes
    batch       number of examples per update; the last batch of an epoch may be smaller
    lr          learning rate, or a function of the number of the update, from 0 (see `step_schedule`)
    rng         Generator for the order of the examples and for dropout; the same one gives the same weights
    lam         weight decay: L2 penalty lam * sum of w^2 (see `weight_decay`)
    loss        an op (scores, t) -> number with a gradient
    validation  (x, t) to be measured after each epoch
    patience    stop when the validation loss has not improved for so many epochs, and restore the best weights
    progress    show a progress bar on stderr (with `rich` where it is installed, else one line per epoch)

    Raises InputError or ShapeError for data that do not fit the model, and settings outside their range.

    What surprises: the model's own arrays change. When the loss becomes NaN or infinite, training stops and the
    history's `note` says so: a smaller lr is the usual remedy. A second call starts with velocity 0.
    Source: lecture S4:1093-1114, S1:350-406, S3:336-349.

    >>> import numpy as np
    >>> from reference import Dense
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 2))
    >>> model = Chain([Dense(2)], (2,), rng)
    >>> history = train(model, (x, (x[:, 0] > x[:, 1]).astype(int)), epochs=20, rng=rng, progress=False)
    >>> history.epochs, history.accuracy[-1] > 0.97
    (20, True)
    """
    _a_chain(model)
    examples = _Examples(*_data("data", data, model), whole("batch", batch, 1), generator(rng))
    rule = _Rule(_rate(lr), _share(momentum), not_negative("lam", lam))
    run = _Run(model, _a_loss(loss), rule, *_validation(validation, patience, model))
    run.train(examples, whole("epochs", epochs), flag("progress", progress))
    return run.finish()


def _validation(data: Any, patience: Any, model: Chain) -> tuple[tuple[Array, Array] | None, int | None]:
    """Take the validation data apart, and for how many epochs to wait; there is no waiting without data."""
    held_out = None if data is None else _data("validation", data, model)
    wait = None if patience is None else whole("patience", patience, 1)
    if wait is not None and held_out is None:
        raise InputError(
            "patience needs validation data.", "give validation=(x, t), apart from the training data."
        )
    return held_out, wait


def _rate(lr: Any) -> Callable[[int], float]:
    if callable(lr):
        return lambda update: not_negative(f"lr({update})", lr(update))
    number = positive("lr", lr)
    return lambda _update: number


def _share(momentum: Any) -> float:
    if not_negative("momentum", momentum) >= 1:
        raise InputError(
            f"momentum must be below 1, not {momentum:g}.", "0.9 is a usual choice, 0 switches it off."
        )
    return float(momentum)


class _Run:
    """One training in progress: velocities, what has been measured so far, and the best weights."""

    def __init__(self, model: Chain, loss: Loss, rule: _Rule, held_out: Any, patience: int | None) -> None:
        self.model, self.loss, self.rule, self.held_out, self.patience = model, loss, rule, held_out, patience
        self.velocity = {name: np.zeros_like(p) for name, p in model.parameters.items()}
        self.steps: list[float] = []
        self.seen: list[ModelScore] = []
        self.validated: list[ModelScore] = []
        self.best: Chain | None = None
        self.note = ""

    def train(self, examples: _Examples, epochs: int, progress: bool) -> None:
        """Show all examples again and again, until something speaks against going on."""
        with show_progress(epochs, progress) as advance:
            for _ in range(epochs):
                self._epoch(examples)
                self._validate()
                advance(self.describe())
                if self.note:
                    break

    def _epoch(self, examples: _Examples) -> None:
        """Show all examples once."""
        x, t, batch, rng = examples
        total, right = 0.0, 0
        for chosen in minibatches(len(x), batch, rng):
            result, measured = _step(self.model, x[chosen], t[chosen], self.loss, True, rng)
            self.steps.append(result.loss)
            total += result.loss * len(chosen)
            right += _right(result.y, t[chosen])
            if not math.isfinite(result.loss):
                self.note = f"the loss became {result.loss} in epoch {len(self.seen)}; try a smaller lr."
                break
            self._update(result.gradients, measured)
        accuracy = right / len(x) if _are_labels(t) else math.nan
        self.seen.append(ModelScore(total / len(x), accuracy))

    def _update(self, gradients: Mapping[str, Array], measured: Mapping[str, Array]) -> None:
        rate = self.rule.rate(len(self.steps) - 1)
        with np.errstate(all="ignore"):
            for name, p in self.model.parameters.items():
                g = gradients[name] + 2 * self.rule.lam * p if p.ndim > 1 else gradients[name]
                v = self.velocity[name]
                v *= self.rule.alpha
                v += g
                p -= rate * v
        for name, value in measured.items():
            self.model.measured[name][...] = value

    def _validate(self) -> None:
        if self.held_out is None or self.note:
            return
        x, t = self.held_out
        self.validated.append(evaluate_model(self.model, x, t, self.loss))
        stop = early_stopping(
            np.array([s.loss for s in self.validated]), self.patience or len(self.validated)
        )
        if self.patience is None:
            return
        if stop.best_epoch == len(self.validated) - 1:
            self.best = self.model.copy()
        elif len(self.validated) - 1 - stop.best_epoch >= self.patience:
            self.note = (
                f"the validation loss has not improved since epoch {stop.best_epoch}, whose weights are kept."
            )

    def describe(self) -> str:
        """Tell the last epoch in one line."""
        text = _telling("", self.seen[-1])
        return text + (_telling("validation ", self.validated[-1]) if self.validated else "")

    def finish(self) -> History:
        """Restore the best weights and return the history."""
        if self.best is not None:
            for own, kept in (
                (self.model.parameters, self.best.parameters),
                (self.model.measured, self.best.measured),
            ):
                for name, value in kept.items():
                    own[name][...] = value
        losses = [s.loss for s in self.validated]
        return History(
            loss=tuple(s.loss for s in self.seen),
            accuracy=tuple(s.accuracy for s in self.seen),
            val_loss=tuple(losses),
            val_accuracy=tuple(s.accuracy for s in self.validated),
            steps=tuple(self.steps),
            best_epoch=early_stopping(np.array(losses), len(losses)).best_epoch if losses else None,
            note=self.note,
        )


def _telling(what: str, score: ModelScore) -> str:
    accuracy = "" if math.isnan(score.accuracy) else f" {what}accuracy {100 * score.accuracy:5.1f} %"
    return f" {what}loss {score.loss:.4f}{accuracy}"
