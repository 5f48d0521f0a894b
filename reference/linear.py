"""Linear layers: the perceptron and its learning rule, scores and classes, flattening, mean subtraction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reference.op import Array, Case, InputError, affordable, op, whole

__all__ = [
    "PerceptronTrace",
    "flatten",
    "linear",
    "mean_subtraction",
    "one_hot",
    "perceptron",
    "perceptron_rule",
    "predict_class",
]


# ------------------------------------------------------------------------------------------ perceptron


@op("x[...,D], w[D], b[] -> y[...]", source="lecture S1:11-16 (E16)")
def perceptron(x: Array, w: Array, b: Array) -> Array:
    """Decide by a weighted sum and a threshold.

    y = 1 if  w.x + b > 0,  else 0,    w.x = sum over j of w[j] * x[j]

    One example x[D] gives one number, rows of examples x[N,D] give one number each.

    What surprises: a sum of exactly 0 gives 0. The answer jumps, so there is no useful gradient and no
    `backward`. A sum that is NaN stays NaN. See `perceptron_convolution` for the same sliding over a signal.

    >>> import numpy as np
    >>> corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> perceptron(corners, np.array([1.0, 1.0]), -1.5)
    array([0., 0., 0., 1.])
    """
    y = np.empty(x.shape[:-1], x.dtype)
    for i in np.ndindex(y.shape):
        a = sum(w[j] * x[i][j] for j in range(len(w))) + b
        y[i] = a if np.isnan(a) else a > 0
    return y


@perceptron.samples
def perceptron_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("plain", (3,)), ("rows of examples", (5, 3)), ("one weight", (4, 1))):
        x, w = rng.normal(size=shape), rng.normal(size=shape[-1])
        yield Case(name, {"x": x, "w": w, "b": rng.normal(size=())})
    corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    yield Case("logical and", {"x": corners, "w": np.ones(2), "b": np.array(-1.5)})
    yield Case("sums of exactly zero", {"x": corners, "w": np.ones(2), "b": np.array(-1.0)})


# ------------------------------------------------------------------------------------- perceptron_rule


class PerceptronTrace(NamedTuple):
    """Weights and threshold after each example; the last entries are what has been learned."""

    w: Array
    b: Array


@op(
    "x[N,D], t[N]:int, w[D]:const, b[]:const, lr[]:const -> ws[N,D], bs[N]",
    source="beyond the lectures: how the perceptron of S1:11-16 learns",
)
def perceptron_rule(x: Array, t: Array, w: Array, b: Array, lr: Any = 1) -> PerceptronTrace:
    """Show the examples to a perceptron one after the other and correct it after every mistake.

    For each example:  w <- w + lr * (t - y) * x,   b <- b + lr * (t - y),   y = perceptron(x, w, b)

    The targets t are 0 or 1. Row n of the result holds the weights after example n.

    Raises InputError when a target is not 0 or 1.

    What surprises: nothing moves when the answer was right. Each example meets the weights that the ones
    before it have left behind, so the order matters. The threshold learns like a weight whose input is 1.

    >>> import numpy as np
    >>> corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> perceptron_rule(corners, np.array([0, 1, 1, 1]), np.zeros(2), 0.0)
    PerceptronTrace(w=array([[0., 0.],
           [0., 1.],
           [0., 1.],
           [0., 1.]]), b=array([0., 1., 1., 1.]))
    """
    _check_binary(t)
    ws, bs = np.empty_like(x), np.empty(len(x), x.dtype)
    for n in range(len(x)):
        a = sum(w[j] * x[n, j] for j in range(len(w))) + b
        error = t[n] - (a if np.isnan(a) else a > 0)
        w, b = w + lr * x.dtype.type(error) * x[n], b + lr * x.dtype.type(error)
        ws[n], bs[n] = w, b
    return PerceptronTrace(ws, bs)


def _check_binary(t: Array) -> None:
    for n in np.flatnonzero((t != 0) & (t != 1))[:1]:
        raise InputError(f"t[{n}] is {t[n]}, but targets are 0 or 1.", "use targets 0 and 1, not -1 and 1.")


@perceptron_rule.samples
def perceptron_rule_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, x: Array, t: Any, **params: Any) -> Case:
        start: dict[str, Array] = {"w": rng.normal(size=(x.shape[1],)), "b": np.array(rng.normal())}
        return Case(name, {"x": x, "t": np.array(t), **start}, params)

    corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    yield case("plain", rng.normal(size=(4, 2)), [0, 1, 1, 0])
    yield case("one example", rng.normal(size=(1, 3)), [1])
    yield case("learning rate", rng.normal(size=(6, 3)), [0, 1, 0, 1, 1, 0], lr=0.25)
    for name, t in (("logical and", [0, 0, 0, 1]), ("logical or", [0, 1, 1, 1]), ("not and", [1, 1, 1, 0])):
        yield case(name, corners, t, lr=0.5)


# ---------------------------------------------------------------------------------------------- linear


@op("x[...,D], w[M,D], b[M]? -> y[...,M]", source="lecture S0:49, S0:436-449, S1:246-275, S2:1097-1171 (E46)")
def linear(x: Array, w: Array, b: Array | None = None) -> Array:
    """Score every example by M weighted sums: the linear classifier and the fully connected layer.

    y[n,m] = b[m] + sum over d of  w[m,d] * x[n,d],    that is  y = x w^T + b

    dL/dw[m,d] = sum over n of dL/dy[n,m] * x[n,d],   dL/dx[n,d] = sum over m of dL/dy[n,m] * w[m,d],
    dL/db[m] = sum over n of dL/dy[n,m]

    Rows of x are examples. A single vector x[D] gives the vector y[M] = w x + b of the lecture.

    What surprises: the lectures take examples as columns (W h) and as rows; with rows the transposed matrix
    stands on the right. Row m of w belongs to output m. The gradients of w and b are sums over the examples,
    not means: the division by N belongs to the loss.

    >>> import numpy as np
    >>> w, b = np.array([[1.0, 0.0, 2.0], [-1.0, 1.0, 0.5]]), np.array([0.5, -1.0])
    >>> linear(np.array([1.0, -2.0, 3.0]), w, b)
    array([ 7.5, -2.5])
    """
    y = np.empty((*x.shape[:-1], len(w)), x.dtype)
    for n in np.ndindex(x.shape[:-1]):
        for m in range(len(w)):
            y[n][m] = sum(w[m, d] * x[n][d] for d in range(w.shape[1])) + (0 if b is None else b[m])
    return y


@linear.fast
def linear_forward(x: Array, w: Array, b: Array | None) -> tuple[Array, Any]:
    y = x @ w.T
    if b is not None:
        y += b
    return y, (x, w, b is not None)


@linear.gradient
def linear_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    x, w, with_bias = saved
    upstream = dy.reshape(-1, len(w))
    dw = upstream.T @ x.reshape(-1, w.shape[1])
    return dy @ w, dw, upstream.sum(axis=0) if with_bias else None


@linear.samples
def linear_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, x: tuple[int, ...], outputs: int, bias: bool = True) -> Case:
        inputs = {"x": rng.normal(size=x), "w": rng.normal(size=(outputs, x[-1]))}
        return Case(name, {**inputs, "b": rng.normal(size=outputs)} if bias else inputs)

    yield case("plain", (4, 3), 2)
    yield case("one example", (1, 4), 3)
    yield case("a vector", (3,), 2)
    yield case("square weights", (3, 3), 3)
    yield case("one input", (4, 1), 3)
    yield case("one output", (4, 3), 1)
    yield case("no bias", (3, 5), 2, bias=False)
    yield case("two leading axes", (2, 3, 4), 5)


# --------------------------------------------------------------------------------------------- one_hot


def check_labels(t: Array, classes: int) -> None:
    """Refuse labels outside 0 to classes - 1; NumPy would take -1 for the last class."""
    for i in np.flatnonzero((t < 0) | (t >= classes))[:1]:
        raise InputError(
            f"t[{i}] is {t[i]}, but the {classes} classes are numbered 0 to {classes - 1}.",
            "give every example the number of its class, counting from 0.",
        )


@op("t[N]:int, classes -> y[N,C]", source="lecture S2:888-896, S4:1099-1100 (E77)")
def one_hot(t: Array, classes: int) -> Array:
    """Write each label as a row of zeros with a single 1 at the place of its class.

    y[n,j] = 1 if j = t[n],  else 0

    The result holds whole numbers.

    Raises InputError when a label is not one of 0 to classes - 1.

    What surprises: the lecture calls this "convert to binary". Ten classes make ten columns, not four bits.

    >>> import numpy as np
    >>> one_hot(np.array([2, 0]), 3)
    array([[0, 0, 1],
           [1, 0, 0]])
    """
    classes = whole("classes", classes, 1)
    check_labels(t, classes)
    affordable("y", len(t), classes)
    y = np.zeros((len(t), classes), np.intp)
    for n in range(len(t)):
        y[n, t[n]] = 1
    return y


@one_hot.samples
def one_hot_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"t": rng.integers(4, size=5)}, {"classes": 4})
    yield Case("a class without examples", {"t": np.array([0, 2, 0])}, {"classes": 4})
    yield Case("one class", {"t": np.array([0, 0])}, {"classes": 1})


# --------------------------------------------------------------------------------------- predict_class


@op("x[...,C] -> label[...]", source="lecture S4:1135 (E78)")
def predict_class(x: Array) -> Array:
    """Name the class with the largest score in each row.

    label[n] = the j for which x[n,j] is largest

    Classes count from 0. Scores and softmax probabilities name the same class.

    What surprises: on a tie the first wins. A NaN counts as the largest, as with `np.argmax`.

    >>> import numpy as np
    >>> predict_class(np.array([[0.1, 0.7, 0.2], [0.4, 0.4, 0.2]]))
    array([1, 0])
    """
    label = np.zeros(x.shape[:-1], np.intp)
    for n in np.ndindex(label.shape):
        for j in range(x.shape[-1]):
            best = x[n][label[n]]
            if x[n][j] > best or (np.isnan(x[n][j]) and not np.isnan(best)):
                label[n] = j
    return label


@predict_class.fast
def predict_class_forward(x: Array) -> tuple[Array, None]:
    return np.argmax(x, axis=-1), None


@predict_class.samples
def predict_class_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"x": rng.normal(size=(4, 3))})
    yield Case("a vector", {"x": rng.normal(size=5)})
    yield Case("one class", {"x": rng.normal(size=(3, 1))})
    yield Case("ties", {"x": rng.integers(0, 2, size=(6, 4)).astype(float)})


# --------------------------------------------------------------------------------------------- flatten


@op("x[N,...] -> y[N,D]", source="lecture S0:436-449, S2:1259-1280 (E42)")
def flatten(x: Array) -> Array:
    """Stretch every example into one row, for instance an image x[N,C,H,W] into C*H*W numbers.

    y[n, (c*H + h)*W + w] = x[n,c,h,w],  the last axis running fastest

    What surprises: neighbours in a column of the image end up far apart. The order depends on the axis
    order: channels-first and channels-last images flatten to different rows, and a layer behind them needs
    different weights. In memory order "F" arrays the order is still the one of the formula.

    >>> import numpy as np
    >>> flatten(np.arange(1.0, 9).reshape(1, 2, 2, 2))
    array([[1., 2., 3., 4., 5., 6., 7., 8.]])
    """
    y = np.empty((len(x), x[0].size), x.dtype)
    for n in range(len(x)):
        for d, index in enumerate(np.ndindex(x.shape[1:])):
            y[n, d] = x[n][index]
    return y


@flatten.fast
def flatten_forward(x: Array) -> tuple[Array, Any]:
    return x.copy().reshape(len(x), -1), x.shape


@flatten.gradient
def flatten_backward(shape: tuple[int, ...], dy: Array) -> Array:
    return dy.copy().reshape(shape)


@flatten.samples
def flatten_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"x": rng.normal(size=(2, 3, 2, 4))})
    yield Case("one image", {"x": rng.normal(size=(1, 2, 3, 3))})
    yield Case("no channel axis", {"x": rng.normal(size=(2, 3, 4))})
    yield Case("flat already", {"x": rng.normal(size=(3, 5))})
    yield Case("one number each", {"x": rng.normal(size=4)})


# ------------------------------------------------------------------------------------ mean_subtraction


@op("x[...,D] -> h[...,D]", source="lecture S2:458-771 (E38, E45)")
def mean_subtraction(x: Array) -> Array:
    """Subtract from every example the mean over its own D channels.

    h[n,i] = x[n,i] - 1/D * sum over k of x[n,k];   dL/dx[n,i] = dL/dh[n,i] - 1/D * sum over k of dL/dh[n,k]

    Rows are examples; a single input is a vector x[D].

    What surprises: backward does what forward does, because dh[i]/dx[j] = (1 if i = j) - 1/D is symmetric;
    few layers are like that. In NumPy the mean needs keepdims=True: `x - np.mean(x, axis=1)` is an error
    for N != D, and for N = D it silently subtracts the mean of row j from column j.

    >>> import numpy as np
    >>> mean_subtraction(np.array([[1.0, 2.0], [3.0, 6.0]]))
    array([[-0.5,  0.5],
           [-1.5,  1.5]])
    """
    h = np.empty_like(x)
    D = x.shape[-1]
    for n in np.ndindex(x.shape[:-1]):
        for i in range(D):
            h[n][i] = x[n][i] - sum(x[n][k] for k in range(D)) / D
    return h


@mean_subtraction.fast
def mean_subtraction_forward(x: Array) -> tuple[Array, None]:
    return x - x.mean(axis=-1, keepdims=True), None


@mean_subtraction.gradient
def mean_subtraction_backward(_: None, dh: Array) -> Array:
    return dh - dh.mean(axis=-1, keepdims=True)


@mean_subtraction.samples
def mean_subtraction_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"x": rng.normal(size=(2, 4))})
    yield Case("as many examples as channels", {"x": rng.normal(size=(3, 3))})
    yield Case("a vector", {"x": rng.normal(size=5)})
    yield Case("one channel", {"x": rng.normal(size=(3, 1))})
    yield Case("two leading axes", {"x": rng.normal(size=(2, 3, 4))})
