"""Activations: what a unit answers to the sum of its inputs, and scores turned into probabilities.

All but softmax and log-softmax work entry by entry on arrays of any shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from reference.kernels import kernel
from reference.op import Array, Case, op

__all__ = ["leaky_relu", "log_softmax", "relu", "sigmoid", "softmax", "step", "tanh"]


def _shapes(**params: Any) -> Callable[[np.random.Generator], Iterator[Case]]:
    """Make the cases of an op that works entry by entry."""

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        yield Case("plain", {"x": rng.normal(size=7)}, params)
        yield Case("one number", {"x": rng.normal(size=())}, params)
        yield Case("rows of a batch", {"x": rng.normal(size=(3, 4))}, params)
        yield Case("maps of a batch", {"x": rng.normal(size=(2, 3, 2, 4))}, params)
        yield Case("large inputs", {"x": np.array([1, -1, 1, -1]) * rng.uniform(15, 40, size=4)}, params)

    return cases


# ------------------------------------------------------------------------------------------------ step


@op("x[...] -> y[...]", source="lecture S1:11-16, S1:137")
def step(x: Array) -> Array:
    """Answer 1 to everything above zero and 0 to the rest, as a perceptron does.

    y = 1 if x > 0,  else 0

    What surprises: exactly 0 gives 0. The derivative is 0 wherever it exists, which tells gradient descent
    nothing, so there is no `backward`. NaN stays NaN.

    >>> import numpy as np
    >>> step(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    y = np.empty_like(x)
    for i in np.ndindex(x.shape):
        y[i] = x[i] if np.isnan(x[i]) else x[i] > 0
    return y


@step.fast
def step_forward(x: Array) -> tuple[Array, None]:
    return np.heaviside(x, x.dtype.type(0)), None


step.samples(_shapes())


# ------------------------------------------------------------------------------------------------ relu


@op("x[...] -> y[...]", source="lecture S1:282-295, S3:352 (E28)")
def relu(x: Array) -> Array:
    """Let positive inputs through and answer 0 to the others.

    y = max(0, x),   dL/dx = dL/dy if x > 0,  else 0

    What surprises: there is no derivative at exactly 0. Every slope from 0 to 1 would do there; the lecture
    takes 0, because the unit is off. A unit that is off for every example never learns again ("dead").

    >>> import numpy as np
    >>> y, cache = relu.forward(np.array([-2.0, 0.0, 3.0]))
    >>> y, *relu.backward(cache, np.array([5.0, 5.0, 5.0]))
    (array([0., 0., 3.]), array([0., 0., 5.]))
    """
    y = np.empty_like(x)
    for i in np.ndindex(x.shape):
        y[i] = np.maximum(x[i], 0)
    return y


@relu.fast
def relu_forward(x: Array) -> tuple[Array, Any]:
    fast = kernel("activations")
    return np.maximum(x, 0) if fast is None else fast.relu(x), x


@relu.gradient
def relu_backward(x: Array, dy: Array) -> Array:
    fast = kernel("activations")
    if fast is not None:
        return fast.relu_gradient(x, dy)
    return np.where(x <= 0, 0, dy)  # dy * (x > 0) would make NaN of an infinite dy at a unit that is off


relu.samples(_shapes())


# ------------------------------------------------------------------------------------------ leaky_relu


@op("x[...], negative_slope[]:const -> y[...]", source="lecture S3:352")
def leaky_relu(x: Array, negative_slope: Any = 0.01) -> Array:
    """Let positive inputs through and shrink the others, so that no unit dies.

    y = x if x > 0,  else negative_slope * x;   dL/dx = dL/dy if x > 0,  else negative_slope * dL/dy

    What surprises: at exactly 0 the gradient is `negative_slope`, not 0 as with `relu`.

    >>> import numpy as np
    >>> leaky_relu(np.array([-2.0, 0.0, 3.0]))
    array([-0.02,  0.  ,  3.  ])
    """
    y = np.empty_like(x)
    for i in np.ndindex(x.shape):
        y[i] = x[i] if x[i] > 0 else negative_slope * x[i]
    return y


@leaky_relu.fast
def leaky_relu_forward(x: Array, negative_slope: Array) -> tuple[Array, Any]:
    return np.where(x > 0, x, negative_slope * x), (x, negative_slope)


@leaky_relu.gradient
def leaky_relu_backward(saved: Any, dy: Array) -> Array:
    x, negative_slope = saved
    return np.where(x > 0, dy, negative_slope * dy)


@leaky_relu.samples
def leaky_relu_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _shapes()(rng)
    yield Case("another slope", {"x": rng.normal(size=6)}, {"negative_slope": 0.3})


# --------------------------------------------------------------------------------------------- sigmoid


@op("x[...] -> y[...]", source="lecture S4:719-772, S0:265 (E71)")
def sigmoid(x: Array) -> Array:
    """Squash every number into (0, 1).

    y = 1 / (1 + e^-x),   dy/dx = e^-x / (1 + e^-x)^2 = y * (1 - y)

    Both are computed from e^-|x|, so that nothing overflows and small results keep all their digits.

    What surprises: the lecture's derivative is right, but as written it is inf/inf = NaN at x = -800. And
    y * (1 - y) is 0 at x = 40, where the slope is 4.2e-18: 1 - y has lost everything.

    >>> import numpy as np
    >>> sigmoid(np.array([-800.0, 0.0, np.log(3.0)]))
    array([0.  , 0.5 , 0.75])
    """
    y = np.empty_like(x)
    for i in np.ndindex(x.shape):
        e = np.exp(-np.abs(x[i]))
        y[i] = (1 if x[i] >= 0 else e) / (1 + e)
    return y


@sigmoid.fast
def sigmoid_forward(x: Array) -> tuple[Array, Any]:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e), x


@sigmoid.gradient
def sigmoid_backward(x: Array, dy: Array) -> Array:
    e = np.exp(-np.abs(x))
    return dy * (e / (1 + e) ** 2)


sigmoid.samples(_shapes())


# ------------------------------------------------------------------------------------------------ tanh


@op("x[...] -> y[...]", source="beyond the lectures: a sigmoid stretched to (-1, 1)")
def tanh(x: Array) -> Array:
    """Squash every number into (-1, 1), with 0 staying 0.

    y = (e^x - e^-x) / (e^x + e^-x) = 2*sigmoid(2x) - 1,   dy/dx = 1 - y^2

    The definition is the formula multiplied through by e^-|x|, so that nothing overflows; the slope is
    computed as 4q / (1 + q)^2 with q = e^-2|x|, because 1 - y^2 loses all digits beyond |x| = 18.

    >>> import numpy as np
    >>> np.round(tanh(np.array([-800.0, 0.0, 0.5 * np.log(3.0)])), 12)
    array([-1. ,  0. ,  0.5])
    """
    y = np.empty_like(x)
    for i in np.ndindex(x.shape):
        q = np.exp(-2 * np.abs(x[i]))
        y[i] = np.copysign(-np.expm1(-2 * np.abs(x[i])) / (1 + q), x[i])
    return y


@tanh.fast
def tanh_forward(x: Array) -> tuple[Array, Any]:
    return np.tanh(x), x


@tanh.gradient
def tanh_backward(x: Array, dy: Array) -> Array:
    q = np.exp(-2 * np.abs(x))
    return dy * (4 * q / (1 + q) ** 2)


tanh.samples(_shapes())


# --------------------------------------------------------------------------------------------- softmax


@op("x[...,C] -> p[...,C]", source="lecture S1:142-158, S2:816, S2:913-1094 (E39, E40, E41)")
def softmax(x: Array) -> Array:
    """Turn each row of C scores into C probabilities.

    p[i,j] = e^x[i,j] / sum over k of e^x[i,k]

    dL/dx[i,j] = p[i,j] * (dL/dp[i,j] - sum over k of dL/dp[i,k] * p[i,k])

    Rows are examples; a single vector is one row. The largest score of the row is subtracted first, which
    changes nothing in p, because a factor e^-max cancels, but keeps e^1000 from overflowing.

    What surprises: the lecture prints e^f[j,k] in the denominator; the row index must be i. It also says that
    the largest value becomes 1 and all others 0, which needs a wide lead: (1000, 999) gives (0.73, 0.27). All
    ones as upstream gradient give a zero gradient, since every row sums to 1 whatever the scores. A NaN or
    +inf makes its whole row NaN; -inf gives probability 0.

    >>> import numpy as np
    >>> np.round(softmax(np.array([[1000.0, 999.0, 0.0], [-1000.0, -1000.0, -1000.0]])), 4)
    array([[0.7311, 0.2689, 0.    ],
           [0.3333, 0.3333, 0.3333]])
    """
    p = np.empty_like(x)
    for i in np.ndindex(x.shape[:-1]):
        e = [np.exp(score - np.max(x[i])) for score in x[i]]
        for j in range(len(e)):
            p[i][j] = e[j] / sum(e)
    return p


@softmax.fast
def softmax_forward(x: Array) -> tuple[Array, Any]:
    fast = kernel("activations")
    if fast is not None:
        p = fast.softmax(x)
    else:
        p = _exponentials(x)
        p /= p.sum(axis=-1, keepdims=True)
    return p, p.copy()  # a copy: the caller may go on working in the result


def _exponentials(x: Array) -> Array:
    return np.exp(x - x.max(axis=-1, keepdims=True))


@softmax.gradient
def softmax_backward(p: Array, dp: Array) -> Array:
    fast = kernel("activations")
    if fast is not None:
        return fast.softmax_gradient(p, dp)
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


@softmax.samples
def softmax_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("plain", {"x": rng.normal(size=(3, 4))})
    yield Case("one row", {"x": rng.normal(size=(1, 5))})
    yield Case("a vector", {"x": rng.normal(size=5)})
    yield Case("as many examples as classes", {"x": 2 * rng.normal(size=(3, 3))})
    yield Case("one class", {"x": rng.normal(size=(3, 1))})
    x = rng.normal(size=(3, 4)) + np.array([[1000.0], [-1000.0], [0.0]])
    yield Case("rows with different offsets", {"x": x})
    yield Case("two leading axes", {"x": rng.normal(size=(2, 3, 4))})


# ----------------------------------------------------------------------------------------- log_softmax


@op("x[...,C] -> y[...,C]", source="lecture S2:835-838, S2:913-1094 (E41)")
def log_softmax(x: Array) -> Array:
    """Return the logarithms of the softmax probabilities of each row.

    y[i,j] = x[i,j] - max_i - log(sum over k of e^(x[i,k] - max_i))

    dL/dx[i,j] = dL/dy[i,j] - softmax(x)[i,j] * sum over k of dL/dy[i,k]

    What surprises: the logarithm of a safe softmax is still not safe. With scores (1000, 0) the second
    probability is 0 to the computer and its logarithm -inf; here it is -1000.

    >>> import numpy as np
    >>> log_softmax(np.array([[1000.0, 0.0]]))
    array([[    0., -1000.]])
    """
    y = np.empty_like(x)
    for i in np.ndindex(x.shape[:-1]):
        shifted = [score - np.max(x[i]) for score in x[i]]
        for j in range(len(shifted)):
            y[i][j] = shifted[j] - np.log(sum(np.exp(s) for s in shifted))
    return y


@log_softmax.fast
def log_softmax_forward(x: Array) -> tuple[Array, Any]:
    y = x - x.max(axis=-1, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y, np.exp(y)


@log_softmax.gradient
def log_softmax_backward(p: Array, dy: Array) -> Array:
    return dy - p * dy.sum(axis=-1, keepdims=True)


log_softmax.samples(softmax_cases)
