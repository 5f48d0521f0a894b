"""Losses: one number that says how bad the answers are, and its gradient. Lower is better (E22).

Rows are examples, `t` holds the targets. A loss without upstream gradient is differentiated with dL = 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.kernels import kernel
from reference.linear import check_labels
from reference.op import Array, Case, InputError, op

__all__ = [
    "binary_cross_entropy",
    "cross_entropy",
    "half_squared_error",
    "hinge",
    "l2_penalty",
    "squared_error",
    "zero_one",
]


def _not_negative(name: str, value: Array) -> None:
    if not value >= 0:
        raise InputError(f"{name} must be 0 or more, not {value}.", f"choose {name} >= 0.")


# -------------------------------------------------------------------------------------------- zero_one


@op("label[N]:int, t[N]:int -> loss[]", source="lecture S1:129-139 (E21)")
def zero_one(label: Array, t: Array) -> Any:
    """Return the share of examples whose predicted label is wrong.

    L = 1/N * sum over n of  (1 if label[n] != t[n],  else 0)

    What surprises: the lecture drops this loss because it is not differentiable. The reason is a stronger
    one: as a function of the scores it is flat almost everywhere, so its gradient is 0 and shows no way down.
    Hence there is no `backward`.

    >>> import numpy as np
    >>> float(zero_one(np.array([0, 2, 2, 0]), np.array([0, 1, 2, 1])))
    0.5
    """
    wrong = 0
    for n in range(len(t)):
        wrong += label[n] != t[n]
    return np.float64(wrong / len(t))


@zero_one.samples
def zero_one_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"label": rng.integers(3, size=7), "t": rng.integers(3, size=7)})
    yield Case("one example", {"label": np.array([1]), "t": np.array([0])})
    yield Case("all right", {"label": np.arange(4), "t": np.arange(4)})


# ----------------------------------------------------------------------------------------------- hinge


@op("x[N,C], t[N]:int, delta[]:const -> loss[]", source="lecture S0:49-59 (E05, E06, E28)")
def hinge(x: Array, t: Array, delta: Any = 1) -> Any:
    """Charge every wrong class that comes within `delta` of the right one: the multi-class SVM loss.

    L = 1/N * sum over i, sum over j != t[i] of  max(0, x[i,j] - x[i,t[i]] + delta)

    dL/dx[i,j] = 1/N for each j that is charged; the right class gets -1/N for each of them.

    Raises InputError when a label is not one of 0 to C - 1, or delta is negative.

    What surprises: written out with the weights, the lecture has a plus where the minus belongs, which
    charges confident right answers. The right class is left out of the sum; with it L would be larger by
    delta. A margin of exactly 0 is a kink, where the gradient is taken as 0.

    >>> import numpy as np
    >>> scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> round(float(hinge(scores, np.array([0, 1, 2]))), 6)
    5.266667
    """
    check_labels(t, x.shape[1])
    _not_negative("delta", delta)
    loss = x.dtype.type(0)
    for i, j in np.ndindex(x.shape):
        if j != t[i]:
            loss += np.maximum(0, x[i, j] - x[i, t[i]] + delta)
    return loss / len(x)


@hinge.fast
def hinge_forward(x: Array, t: Array, delta: Array) -> tuple[Any, Any]:
    check_labels(t, x.shape[1])
    _not_negative("delta", delta)
    rows = np.arange(len(x))
    margins = x - x[rows, t][:, None] + delta
    margins[rows, t] = 0
    return np.maximum(margins, 0).sum() / len(x), (margins, rows, t.copy())


@hinge.gradient
def hinge_backward(saved: Any, dloss: Array) -> Array:
    margins, rows, t = saved
    charged = np.heaviside(margins, margins.dtype.type(0))
    charged[rows, t] = -charged.sum(axis=1)
    return charged * (dloss / len(margins))


@hinge.samples
def hinge_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _scored(rng)
    yield Case("another margin", {"x": rng.normal(size=(4, 3)), "t": rng.integers(3, size=4)}, {"delta": 0.5})


def _scored(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, n: int, classes: int, size: float = 1.0) -> Case:
        return Case(name, {"x": size * rng.normal(size=(n, classes)), "t": rng.integers(classes, size=n)})

    yield case("plain", 4, 3)
    yield case("one example", 1, 5)
    yield case("as many examples as classes", 3, 3, 2)
    yield case("two classes", 5, 2)
    yield case("one class", 2, 1)
    yield case("scores far apart", 4, 4, 100)


# --------------------------------------------------------------------------------------- cross_entropy


@op("x[N,C], t[N]:int -> loss[]", source="lecture S1:160-183, S1:229-239, S2:835-911 (E26, E39, E41)")
def cross_entropy(x: Array, t: Array) -> Any:
    """Return the mean negative log-likelihood of the right classes under the softmax of the scores.

    L = 1/N * sum over i of  -log p[i,t[i]],   p = softmax(x);   dL/dx[i,j] = (p[i,j] - (1 if j = t[i])) / N

    x holds scores, not probabilities; -log p is computed as log(sum of e^(x - max)) - (x[t] - max) so that
    scores of +-1000 are safe.

    Raises InputError when a label is not one of 0 to C - 1.

    What surprises: do not forget the 1/N in the gradient. Its rows sum to 0. The gradient p - y of the
    lecture holds because the target y sums to 1; in general it is p * (sum of y) - y. The logarithm is the
    natural one. C equal scores cost log C.

    >>> import numpy as np
    >>> loss, cache = cross_entropy.forward(np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), np.array([2, 1]))
    >>> round(float(loss), 6), np.round(cross_entropy.backward(cache)[0][1], 4)
    (0.753109, array([ 0.1667, -0.3333,  0.1667]))
    """
    check_labels(t, x.shape[1])
    loss = x.dtype.type(0)
    for i in range(len(x)):
        shifted = [score - np.max(x[i]) for score in x[i]]
        loss += np.log(sum(np.exp(s) for s in shifted)) - shifted[t[i]]
    return loss / len(x)


@cross_entropy.fast
def cross_entropy_forward(x: Array, t: Array) -> tuple[Any, Any]:
    check_labels(t, x.shape[1])
    rows = np.arange(len(x))
    fast = kernel("losses")
    if fast is not None:
        loss, log_p = fast.cross_entropy(x, t)
        return loss, (log_p, rows, t.copy())
    log_p = x - x.max(axis=1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    return -log_p[rows, t].sum() / len(x), (log_p, rows, t.copy())


@cross_entropy.gradient
def cross_entropy_backward(saved: Any, dloss: Array) -> Array:
    log_p, rows, t = saved
    fast = kernel("losses")
    if fast is not None:
        return fast.cross_entropy_gradient(log_p, t, dloss)
    dx = np.exp(log_p)
    dx[rows, t] -= 1
    return dx * (dloss / len(dx))


@cross_entropy.samples
def cross_entropy_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _scored(rng)
    x = rng.normal(size=(3, 4)) + np.array([[1000.0], [-1000.0], [0.0]])
    yield Case("rows with different offsets", {"x": x, "t": rng.integers(4, size=3)})


# -------------------------------------------------------------------------------- binary_cross_entropy


@op("x[...], t[...]:const -> loss[]", source="lecture S1:534-536, S4:705-829 (E68, E71)")
def binary_cross_entropy(x: Array, t: Array) -> Any:
    """Return the mean cross-entropy of yes-no answers, given what goes into the sigmoid.

    L = -1/N * sum over n of  t[n] log y[n] + (1 - t[n]) log(1 - y[n]),   y = sigmoid(x)

    dL/dx[n] = (y[n] - t[n]) / N

    x is the pre-activation, t the target: 0, 1 or a probability between. N counts all entries. Sigmoid and
    logarithm are taken in one step, as log(1 + e^-|x|) plus |x| for the share of t on the other side of 0.

    Raises InputError when a target lies outside 0 to 1.

    What surprises: the lecture's J for logistic regression lacks the minus sign. It is a log-likelihood, and
    gradient descent on it climbs; dJ/dx is t - y there and y - t here. Taken in two steps, log(sigmoid(x)) is
    -inf at x = -800 and the slope NaN; here they are 800 and -1.

    >>> import numpy as np
    >>> float(binary_cross_entropy(np.array([-800.0, 800.0]), np.array([1.0, 1.0])))
    400.0
    """
    _check_targets(t)
    loss = x.dtype.type(0)
    for i in np.ndindex(x.shape):
        other_side = 1 - t[i] if x[i] >= 0 else t[i]
        loss += np.log1p(np.exp(-np.abs(x[i])))
        loss += other_side * np.abs(x[i]) if other_side else 0  # infinitely sure and right costs nothing
    return loss / x.size


def _check_targets(t: Array) -> None:
    for value in t[((t < 0) | (t > 1)) & np.isfinite(t)][:1]:
        raise InputError(f"t holds {value}, but targets lie between 0 and 1.", "use 0 for no and 1 for yes.")


@binary_cross_entropy.fast
def binary_cross_entropy_forward(x: Array, t: Array) -> tuple[Any, Any]:
    _check_targets(t)
    size = np.abs(x)
    other_side = np.where(x >= 0, 1 - t, t)
    loss = np.log1p(np.exp(-size)) + np.where(other_side == 0, 0, other_side * size)
    return loss.sum() / x.size, (x, t)


@binary_cross_entropy.gradient
def binary_cross_entropy_backward(saved: Any, dloss: Array) -> Array:
    x, t = saved
    e = np.exp(-np.abs(x))
    # y - t is (1 - t) - (1 - y); of y and 1 - y the smaller one has all its digits.
    return np.where(x >= 0, (1 - t) - e / (1 + e), e / (1 + e) - t) * (dloss / x.size)


@binary_cross_entropy.samples
def binary_cross_entropy_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, size: float = 1.0) -> Case:
        t = rng.integers(2, size=shape).astype(float)
        return Case(name, {"x": np.array(size * rng.normal(size=shape)), "t": np.array(t)})

    yield case("plain", 5)
    yield case("one number")
    yield case("rows of answers", 3, 4)
    yield case("very sure", 6, size=50)
    yield Case("targets between", {"x": rng.normal(size=6), "t": rng.uniform(size=6)})


# --------------------------------------------------------------------------------------- squared_error


@op("x[...], t[...]:const -> loss[]", source="lecture S4:338-340")
def squared_error(x: Array, t: Array) -> Any:
    """Return the mean of the squared differences between answers and targets.

    L = 1/N * sum over n of (x[n] - t[n])^2,   dL/dx[n] = 2 (x[n] - t[n]) / N

    N counts all entries.

    What surprises: others halve it or do not divide by N; see `half_squared_error`. The shapes must agree: in
    NumPy x[N,1] - t[N] would quietly be all N*N differences.

    >>> import numpy as np
    >>> float(squared_error(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 4.0])))
    1.6666666666666667
    """
    loss = x.dtype.type(0)
    for i in np.ndindex(x.shape):
        loss += (x[i] - t[i]) ** 2
    return loss / x.size


@squared_error.fast
def squared_error_forward(x: Array, t: Array) -> tuple[Any, Any]:
    difference = x - t
    return np.square(difference).sum() / x.size, difference


@squared_error.gradient
def squared_error_backward(difference: Array, dloss: Array) -> Array:
    return difference * (2 * dloss / np.size(difference))


@squared_error.samples
def squared_error_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("plain", (5,)), ("one number", ()), ("rows of answers", (3, 2))):
        yield Case(name, {"x": rng.normal(size=shape), "t": rng.normal(size=shape)})


@op("x[...], t[...]:const -> loss[]", source="lecture S4:1019-1021 (the linked step-by-step example)")
def half_squared_error(x: Array, t: Array) -> Any:
    """Return half the sum of the squared differences between answers and targets.

    E = sum over n of 1/2 (t[n] - x[n])^2,   dE/dx[n] = x[n] - t[n]

    What surprises: the half is there to cancel the 2 of the derivative, and nothing is divided by the number
    of entries. It is N/2 times `squared_error`.

    >>> import numpy as np
    >>> float(half_squared_error(np.array([1.0, 2.0]), np.array([0.0, 4.0])))
    2.5
    """
    E = x.dtype.type(0)
    for i in np.ndindex(x.shape):
        E += (t[i] - x[i]) ** 2 / 2
    return E


@half_squared_error.fast
def half_squared_error_forward(x: Array, t: Array) -> tuple[Any, Any]:
    difference = x - t
    return np.square(difference).sum() / 2, difference


@half_squared_error.gradient
def half_squared_error_backward(difference: Array, dloss: Array) -> Array:
    return difference * dloss


half_squared_error.samples(squared_error_cases)


# ------------------------------------------------------------------------------------------ l2_penalty


@op("w[...], lam[]:const -> R[]", source="lecture S1:498-511, S1:526-537, S0:55 (E32)")
def l2_penalty(w: Array, lam: Any) -> Any:
    """Charge large weights: what is added to the loss to prefer small ones.

    R = lam * sum of w^2,   dR/dw = 2 * lam * w

    Raises InputError when lam is negative.

    What surprises: books differ; lam/2 * sum w^2 with gradient lam * w and lam/(2n) * sum w^2 are common too.
    It is the sum, not the mean, over the weights; N does not enter. Biases are usually left out.

    >>> import numpy as np
    >>> R, cache = l2_penalty.forward(np.array([1.0, -2.0]), 0.25)
    >>> float(R), *l2_penalty.backward(cache)
    (1.25, array([ 0.5, -1. ]))
    """
    _not_negative("lam", lam)
    total = w.dtype.type(0)
    for i in np.ndindex(w.shape):
        total += w[i] ** 2
    return lam * total


@l2_penalty.fast
def l2_penalty_forward(w: Array, lam: Array) -> tuple[Any, Any]:
    _not_negative("lam", lam)
    return lam * np.square(w).sum(), (w, lam)


@l2_penalty.gradient
def l2_penalty_backward(saved: Any, dR: Array) -> Array:
    w, lam = saved
    return w * (2 * lam * dR)


@l2_penalty.samples
def l2_penalty_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape, lam in (("plain", (5,), 0.1), ("a matrix", (3, 4), 0.5), ("switched off", (2, 3), 0.0)):
        yield Case(name, {"w": rng.normal(size=shape)}, {"lam": lam})
