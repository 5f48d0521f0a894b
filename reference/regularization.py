"""Keep a network from learning its training set by heart: dropout, small weights, ensembles, early stopping.

Randomness is either spelled out (a mask) or drawn from a NumPy Generator that is passed in. Varying the
images is in `reference/augmentation.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reference.initialization import generator
from reference.normalization import choice, real
from reference.op import Array, Case, InputError, ShapeError, examples, flag, op, whole
from reference.shapes import is_masked, short

__all__ = [
    "EarlyStop",
    "average_probabilities",
    "dropout",
    "early_stopping",
    "majority_accuracy",
    "vote",
    "weight_decay",
]


# ---------------------------------------------------------------------------------------------- dropout


@op("x[...] -> y[...], mask[...]?", source="lecture S1:560-585, S4:1109-1112, S4:1127-1129 (E34)")
def dropout(
    x: Array,
    p: float = 0.5,
    training: bool = True,
    mode: str = "inverted",
    mask: Array | None = None,
    rng: np.random.Generator | None = None,
    return_mask: bool = False,
) -> Array | tuple[Array, Array]:
    """Ignore a random subset of units in training, and make up for it.

    mode        training                   test
    classic     y = mask * x               y = (1 - p) * x
    inverted    y = mask * x / (1 - p)     y = x

    p is the probability to *drop* a unit. The mask is 1 where a unit is kept and 0 where it is dropped; give
    it as `mask`, or give `rng` and it is drawn: kept where rng.random(x.shape) >= p. With `return_mask` the
    result is (y, mask), the mask unscaled (all ones at test time). Backward uses the same mask and scale.

    Raises InputError unless 0 <= p < 1, the mask holds only 0 and 1, and training has either mask or rng;
    ShapeError when the mask is not shaped like x.

    What surprises: "half the outgoing weights" on the slide holds for p = 1/2 only. In general classic
    dropout multiplies by the *keep* probability 1 - p, on the outputs here, which is the same as on the
    outgoing weights. Doing both, scaling in training and at test, is wrong. The test output is the mean over
    all masks exactly only as long as no non-linearity follows. A dropped unit gives 0 even for x inf or NaN.

    >>> import numpy as np
    >>> x, mask = np.array([1.0, -2, 3, 4]), np.array([1, 0, 0, 1])
    >>> dropout(x, 0.5, mode="classic", mask=mask), dropout(x, 0.5, training=False, mode="classic")
    (array([1., 0., 0., 4.]), array([ 0.5, -1. ,  1.5,  2. ]))
    >>> dropout(x, 0.5, mask=mask)
    array([2., 0., 0., 8.])
    """
    kept, divisor = _drops(x, p, training, mode, mask, rng)
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        if kept[i]:
            y[i] = x[i] / divisor
    return (y, kept.astype(x.dtype)) if flag("return_mask", return_mask) else y


def _drops(x: Array, p: Any, training: Any, mode: Any, mask: Any, rng: Any) -> tuple[Array, float]:
    """Return which units are kept, and by what those are divided."""
    p = real("p", p, 0, 1)
    if p == 1:
        raise InputError("p = 1 drops every unit.", "choose p below 1; it is the probability to drop.")
    classic = choice("mode", mode, "inverted", "classic") == "classic"
    if not flag("training", training):
        return np.ones(x.shape, bool), 1 / (1 - p) if classic else 1.0
    if (mask is None) == (rng is None):
        given = "neither mask nor rng" if rng is None else "both mask and rng"
        raise InputError(
            f"training got {given}.", "give one of them: mask=array of 0 and 1, or rng=Generator."
        )
    kept = _given_mask(mask, x.shape) if rng is None else generator(rng).random(x.shape) >= p
    return np.asarray(kept), 1.0 if classic else 1 - p


def _given_mask(mask: Any, shape: tuple[int, ...]) -> Array:
    try:
        values = np.asarray(mask)
        kept = values.astype(bool)
        plain = values.dtype.kind in "biuf" and bool(np.all((values == 0) | (values == 1)))
    except Exception:  # whatever a foreign object raises here, it is no mask
        plain = False
    if not plain or is_masked(mask):
        raise InputError(
            f"mask must hold only 0 and 1, not {short(mask)}.", "write 1 for kept, 0 for dropped."
        )
    if kept.shape != shape:
        raise ShapeError(
            f"mask has shape {kept.shape}, but x has {shape}.", "give one entry of mask per unit."
        )
    return kept


@dropout.fast
def dropout_forward(
    x: Array, p: Any, training: Any, mode: Any, mask: Any, rng: Any, return_mask: Any
) -> tuple[Any, Any]:
    kept, divisor = _drops(x, p, training, mode, mask, rng)
    y = np.where(kept, x / divisor, x.dtype.type(0))
    return ((y, kept.astype(x.dtype)) if flag("return_mask", return_mask) else y), (kept, divisor)


@dropout.gradient
def dropout_backward(saved: Any, dy: Array) -> Array:
    kept, divisor = saved
    return np.where(kept, dy / divisor, dy.dtype.type(0))


@dropout.samples
def dropout_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, p: float = 0.5, **params: Any) -> Case:
        if params.get("training", True):
            params["mask"] = rng.integers(2, size=shape)
        return Case(name, {"x": rng.normal(size=shape)}, {"p": p, **params})

    yield case("inverted in training", 3, 4)
    yield case("classic in training", 3, 4, mode="classic")
    yield case("inverted at test time", 3, 4, p=0.25, training=False)
    yield case("classic at test time", 3, 4, p=0.25, training=False, mode="classic")
    yield case("a quarter dropped", 2, 5, p=0.25)
    yield case("nothing dropped", 5, p=0.0)
    yield case("feature maps, with mask", 2, 2, 3, 3, p=0.3, return_mask=True)


# --------------------------------------------------------------------------------------- small weights


@op("w[...], g[...] -> updated[...]", source="lecture S1:401, S1:508-537 (E32)")
def weight_decay(w: Array, g: Array, lr: float, lam: float) -> Array:
    """Take a step of gradient descent on a loss with an L2 penalty, C = C0 + lam * sum of w^2.

    updated = w - lr * (g + 2 * lam * w) = (1 - 2 * lr * lam) * w - lr * g,   g the gradient of C0 alone

    Raises InputError for a negative or infinite lr or lam.

    What surprises: the 2 comes from the square. Books that penalise lam/2 or lam/(2n) have none: pass lam/2
    or lam/(2n) for theirs. Biases are normally left out.

    >>> import numpy as np
    >>> weight_decay(np.array([1.0, -2.0]), np.array([0.5, 0.0]), lr=0.1, lam=0.05)
    array([ 0.94, -1.98])
    """
    lr, lam = real("lr", lr, 0), real("lam", lam, 0)
    return np.asarray(w - lr * (g + 2 * lam * w))


@weight_decay.gradient
def weight_decay_backward(saved: Any, dy: Array) -> tuple[Array, Array]:
    _, _, lr, lam = saved
    return np.asarray((1 - 2 * float(lr) * float(lam)) * dy), np.asarray(-float(lr) * dy)


@weight_decay.samples
def weight_decay_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape, lr, lam in (
        ("plain", (3,), 0.1, 0.05),
        ("matrix", (2, 3), 0.5, 0.1),
        ("no penalty", (4,), 0.1, 0),
        ("no gradient step", (4,), 0, 0.1),
    ):
        yield Case(name, {"w": rng.normal(size=shape), "g": rng.normal(size=shape)}, {"lr": lr, "lam": lam})


# -------------------------------------------------------------------------------------------- ensembles


@op("predictions[K,...]:int -> labels[...]:int", source="lecture S1:551-558")
def vote(predictions: Array, classes: int | None = None) -> Array:
    """Let K networks vote on the label of every example; the label named most often wins.

    labels[n] = argmax over c of  number of k with predictions[k,n] = c,   on a tie the smallest c

    Raises InputError for a label outside 0 .. classes-1, where `classes` is given.

    >>> import numpy as np
    >>> vote(np.array([[0, 2], [1, 0], [1, 2], [2, 0], [1, 1]]))
    array([1, 0])
    """
    _check_labels(predictions, classes)
    labels = np.empty(predictions.shape[1:], predictions.dtype)
    for n in np.ndindex(labels.shape):
        named = [int(predictions[k, *n]) for k in range(len(predictions))]
        labels[n] = max(sorted(set(named)), key=named.count)
    return labels


def _check_labels(predictions: Array, classes: Any) -> None:
    if classes is not None:
        classes = whole("classes", classes, 1)
        outside = predictions[(predictions < 0) | (predictions >= classes)]
        if outside.size:
            raise InputError(
                f"predictions holds the label {outside[0]}, but there are {classes} classes.",
                f"count labels from 0 to {classes - 1}.",
            )


@vote.fast
def vote_forward(predictions: Array, classes: Any) -> tuple[Array, None]:
    _check_labels(predictions, classes)
    candidates = np.unique(predictions)
    most, labels = np.zeros(predictions.shape[1:], int), np.empty(predictions.shape[1:], predictions.dtype)
    for c in candidates:  # in rising order, so that a later label must be named more often
        votes = np.sum(predictions == c, axis=0)
        labels = np.where(votes > most, c, labels)
        most = np.maximum(votes, most)
    return labels, None


@vote.samples
def vote_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"predictions": rng.integers(3, size=(5, 6))}, {"classes": 3})
    yield Case("ties", {"predictions": np.array([[2, 1, 0], [0, 2, 3], [1, 1, 3], [2, 2, 0]])})
    yield Case("one example", {"predictions": rng.integers(3, size=7)})
    yield Case("one network", {"predictions": rng.integers(10, size=(1, 4))})
    yield Case("a label for every pixel", {"predictions": rng.integers(4, size=(3, 2, 3, 3))})


@op("probabilities[K,N,C] -> mean[N,C]", source="lecture S1:551-558")
def average_probabilities(probabilities: Array) -> Array:
    """Average what K networks say about the classes of every example.

    mean[n,c] = 1/K * sum over k of probabilities[k,n,c];   the label is mean.argmax(axis=1)

    What surprises: the label may differ from the result of `vote`: one network that is sure outweighs two
    that waver. Rows that add up to 1 still do so on average.

    >>> import numpy as np
    >>> p = np.array([[[0.75, 0.25]], [[0.25, 0.75]], [[0.875, 0.125]]])
    >>> average_probabilities(p)
    array([[0.625, 0.375]])
    """
    mean = np.zeros(probabilities.shape[1:], probabilities.dtype)
    for k, n, c in np.ndindex(probabilities.shape):
        mean[n, c] += probabilities[k, n, c] / len(probabilities)
    return mean


@average_probabilities.fast
def average_probabilities_forward(probabilities: Array) -> tuple[Array, Any]:
    return probabilities.mean(axis=0), probabilities.shape


@average_probabilities.gradient
def average_probabilities_backward(shape: tuple[int, ...], dy: Array) -> Array:
    return np.broadcast_to(dy / shape[0], shape).copy()


@average_probabilities.samples
def average_probabilities_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, networks, examples_, classes in (("plain", 5, 3, 4), ("one network", 1, 2, 3)):
        yield Case(name, {"probabilities": rng.dirichlet(np.ones(classes), size=(networks, examples_))})


@op("p, voters -> probability", source="lecture S1:551-558 (error is averaged)")
def majority_accuracy(p: float, voters: int) -> float:
    """Find how often more than half of the voters are right, when each is right with probability p.

    probability = sum over k > voters/2 of  (voters choose k) * p^k * (1-p)^(voters-k)

    Raises InputError when p is no probability, or for more than 1000 voters.

    What surprises: this assumes that voters err independently of each other, which networks trained on the
    same data do not. With p below 1/2 a vote makes things worse. A tie counts as wrong.

    >>> round(majority_accuracy(0.7, 5), 5)
    0.83692
    """
    p, voters = real("p", p, 0, 1), whole("voters", voters, 1)
    if voters > 1000:
        raise InputError(f"voters = {voters} is more than the sum can hold.", "use at most 1000 voters.")
    return math.fsum(
        math.comb(voters, k) * p**k * (1 - p) ** (voters - k) for k in range(voters // 2 + 1, voters + 1)
    )


majority_accuracy.samples(
    examples(
        plain={"p": 0.7, "voters": 5},
        worse_than_chance={"p": 0.4, "voters": 3},
        even_number={"p": 0.6, "voters": 4},
        one_voter={"p": 0.25, "voters": 1},
    )
)


# --------------------------------------------------------------------------------------- early stopping


class EarlyStop(NamedTuple):
    """Last epoch that is trained, and the epoch whose weights are kept."""

    stop_epoch: int
    best_epoch: int


@op("val[E] -> stop_epoch, best_epoch", source="lecture S3:336-343 (E49)")
def early_stopping(val: Array, patience: int = 1) -> EarlyStop:
    """Stop training once the validation loss has not improved for `patience` epochs in a row.

    stop_epoch = first e with  e - (epoch of the lowest val up to e) >= patience,   or E-1 if there is none
    best_epoch = epoch of the lowest val among 0 .. stop_epoch,   the first of equals

    Epochs count from 0. Only a strictly lower value is an improvement; NaN never is.

    Raises ShapeError for a patience below 1.

    What surprises: patience 1 is the slide's rule taken literally, and it stops at the first bump. Restore
    the weights of the best epoch, not of the last; a lower value after the stop is never seen.

    >>> import numpy as np
    >>> val = np.array([1.0, 0.7, 0.5, 0.55, 0.45, 0.46, 0.48, 0.5])
    >>> early_stopping(val, 1), early_stopping(val, 2)
    (EarlyStop(stop_epoch=3, best_epoch=2), EarlyStop(stop_epoch=6, best_epoch=4))
    """
    patience = whole("patience", patience, 1)
    best_epoch, lowest = 0, math.inf
    for epoch, loss in enumerate(val):
        if loss < lowest:
            best_epoch, lowest = epoch, loss
        if epoch - best_epoch >= patience:
            return EarlyStop(epoch, best_epoch)
    return EarlyStop(len(val) - 1, best_epoch)


@early_stopping.samples
def early_stopping_cases(rng: np.random.Generator) -> Iterator[Case]:
    bumpy = np.array([1.0, 0.7, 0.5, 0.55, 0.45, 0.46, 0.48, 0.5])
    yield Case("first bump", {"val": bumpy})
    yield Case("patience", {"val": bumpy}, {"patience": 2})
    yield Case("never triggered", {"val": np.sort(rng.random(6))[::-1].copy()}, {"patience": 2})
    yield Case("plateau", {"val": np.array([1.0, 0.5, 0.5, 0.5, 0.4])}, {"patience": 2})
    yield Case("one epoch", {"val": rng.random(1)})
