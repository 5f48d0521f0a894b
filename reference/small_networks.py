"""The lectures' networks that fit on a slide: one unit, two layers of sigmoid units, a block with a skip.

Each is an op, so the loss and its gradient are tested like any other; the `..._steps` functions give every
quantity on the way, under the slides' names, as one writes it down by hand. The worked example the lectures
link to is in `reference/mazur.py`, the general network in `reference/mlp.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reference.activations import sigmoid
from reference.losses import binary_cross_entropy
from reference.op import Array, Case, ShapeError, flag, op

__all__ = [
    "LogisticRegressionSteps",
    "TwoLayerSteps",
    "logistic_regression",
    "logistic_regression_steps",
    "residual",
    "two_layer_network",
    "two_layer_network_steps",
]


def _sign(slide_sign: Any) -> int:
    return -1 if flag("slide_sign", slide_sign) else 1


def _slope_of_sigmoid(a: Any) -> Any:
    e = np.exp(-np.abs(a))
    return e / (1 + e) ** 2


# -------------------------------------------------------------------------------- logistic regression


@op("theta[D], x[D], ystar[]:const -> J[]", source="lecture S4:705-829 (Case 1; E68, E71)")
def logistic_regression(theta: Array, x: Array, ystar: Any, slide_sign: bool = False) -> Any:
    """Return the loss of one sigmoid unit on one example.

    a = sum over j of theta[j] * x[j],   y = 1 / (1 + e^-a),   J = -(ystar log y + (1 - ystar) log(1 - y))

    dJ/da = y - ystar,   dJ/dtheta[j] = dJ/da * x[j],   dJ/dx[j] = dJ/da * theta[j]

    The bias is theta[0]; give x[0] = 1. ystar is 0, 1 or a probability between. Sigmoid and logarithm are
    taken in one step, so that a = -800 is safe.

    Raises InputError when ystar lies outside 0 to 1.

    What surprises: the slide's J has no minus sign. It is a log-likelihood, to be climbed: with
    `slide_sign=True` J and all gradients change sign, and gradient *descent* on it makes things worse. dJ/dx
    includes entry 0, which nobody can change.

    >>> import numpy as np
    >>> J, cache = logistic_regression.forward(np.array([0.5, -0.25, 0.75]), np.array([1.0, 2, -1]), 1)
    >>> dtheta, dx = logistic_regression.backward(cache)
    >>> round(float(J), 6), dtheta.round(6).tolist()
    (1.136871, [-0.679179, -1.358357, 0.679179])
    """
    a = x.dtype.type(0)
    for j in range(len(x)):
        a += theta[j] * x[j]
    return _sign(slide_sign) * binary_cross_entropy.definition(a, ystar)


@logistic_regression.fast
def logistic_regression_forward(theta: Array, x: Array, ystar: Any, slide_sign: Any) -> tuple[Any, Any]:
    J, saved = binary_cross_entropy.forward(theta @ x, ystar)
    return _sign(slide_sign) * J, (theta, x, saved, _sign(slide_sign))


@logistic_regression.gradient
def logistic_regression_backward(saved: Any, dJ: Array) -> tuple[Array, Array]:
    theta, x, of_loss, sign = saved
    (da,) = binary_cross_entropy.backward(of_loss, sign * dJ)
    return da * x, da * theta


@logistic_regression.samples
def logistic_regression_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, D, ystar, size, params in (
        ("plain", 3, 1.0, 1, {}),
        ("the answer is no", 4, 0.0, 1, {}),
        ("the slide's sign", 3, 1.0, 1, {"slide_sign": True}),
        ("a probability as target", 3, 0.25, 1, {}),
        ("one input", 1, 0.0, 1, {}),
        ("very sure", 3, 1.0, 30, {}),
    ):
        x = np.array([1.0, *rng.normal(size=D - 1)])
        yield Case(name, {"theta": size * rng.normal(size=D), "x": x, "ystar": np.array(ystar)}, params)


class LogisticRegressionSteps(NamedTuple):
    """Every quantity of Case 1, in the order in which it is computed."""

    a: float
    y: float
    J: float
    dJ_dy: float
    dy_da: float
    dJ_da: float
    dJ_dtheta: Array
    dJ_dx: Array


def logistic_regression_steps(
    theta: Array, x: Array, ystar: Any, slide_sign: bool = False
) -> LogisticRegressionSteps:
    """Compute Case 1 as on the slides, keeping every quantity (lecture S4:705-829).

    dJ/dy = -(ystar/y + (1 - ystar)/(y - 1)),   dy/da = e^-a / (e^-a + 1)^2,   dJ/da = dJ/dy * dy/da

    What surprises: for a far from 0, dJ/dy is infinite and dy/da zero to the computer, while their product
    is not: here it is computed as y - ystar. See `logistic_regression`, which also tells of `slide_sign`.

    >>> steps = logistic_regression_steps([0.5, -0.25, 0.75], [1.0, 2.0, -1.0], ystar=1)
    >>> round(steps.dJ_dy, 6), round(steps.dy_da, 6), round(steps.dJ_da, 6)
    (-3.117, 0.217895, -0.679179)
    """
    J, cache = logistic_regression.forward(theta, x, ystar, slide_sign=slide_sign)
    dtheta, dx = logistic_regression.backward(cache)
    theta, x, of_loss, sign = cache.saved
    a = theta @ x
    (dJ_da,) = binary_cross_entropy.backward(of_loss, sign)
    ystar = float(np.asarray(ystar))
    y = sigmoid(a)
    return LogisticRegressionSteps(
        float(a),
        float(y),
        float(J),
        _slope_of_loss(a, ystar, sign),
        float(_slope_of_sigmoid(a)),
        float(dJ_da),
        dtheta,
        dx,
    )


def _slope_of_loss(a: Any, ystar: float, sign: int) -> float:
    """Return dJ/dy = sign * ((1-ystar)/(1-y) - ystar/y), both denominators with all their digits."""
    with np.errstate(all="ignore"):
        yes = ystar / sigmoid(a) if ystar else 0.0
        no = (1 - ystar) / sigmoid(-a) if ystar != 1 else 0.0
    return float(sign * (no - yes))


# ------------------------------------------------------------------------------------------ two layers


@op("alpha[D,M], beta[K], x[M], ystar[]:const -> J[]", source="lecture S4:838-1017 (Case 2; E68, E69, E70)")
def two_layer_network(alpha: Array, beta: Array, x: Array, ystar: Any, slide_sign: bool = False) -> Any:
    """Return the loss of D hidden sigmoid units and a sigmoid output on one example.

    a[j] = sum over i of alpha[j,i] * x[i],   z[0] = 1,   z[j] = 1 / (1 + e^-a[j])          for j = 1..D
    b = sum over j of beta[j] * z[j],   y = 1 / (1 + e^-b),   J = -(ystar log y + (1 - ystar) log(1 - y))

    dJ/db = y - ystar,   dJ/dbeta[j] = dJ/db * z[j],   dJ/dz[j] = dJ/db * beta[j]
    dJ/da[j] = dJ/dz[j] * z[j] * (1 - z[j]),   dJ/dalpha[j,i] = dJ/da[j] * x[i]
    dJ/dx[i] = sum over j = 1..D of  dJ/da[j] * alpha[j,i]

    Row j-1 of alpha belongs to unit j; alpha[:,0] and beta[0] are the biases, so beta has K = D + 1 entries.
    Give x[0] = 1.

    Raises ShapeError when beta has not one entry more than alpha has rows, InputError when ystar lies outside
    0 to 1.

    What surprises: the slide lets j run from 0 everywhere, but z[0] is the number 1, not a sigmoid, and has no
    incoming weights. Its dJ/dx[i] puts the sum inside and the factor dJ/da[j] outside: that still depends on j
    and is no gradient. Of `slide_sign` see `logistic_regression`.

    >>> import numpy as np
    >>> alpha, beta = np.array([[0.1, 0.4, -0.2], [-0.3, 0.2, 0.5]]), np.array([0.2, 0.7, -0.6])
    >>> J, cache = two_layer_network.forward(alpha, beta, np.array([1.0, 0.5, -1.0]), 1)
    >>> round(float(J), 6), two_layer_network.backward(cache)[2].round(6).tolist()
    (0.498474, [-0.022123, -0.015386, 0.039024])
    """
    _check_beta(alpha, beta)
    b = beta[0]
    for j in range(1, len(beta)):
        a = sum(alpha[j - 1, i] * x[i] for i in range(len(x)))
        b = b + beta[j] * sigmoid(a)
    return _sign(slide_sign) * binary_cross_entropy.definition(b, ystar)


def _check_beta(alpha: Array, beta: Array) -> None:
    if len(beta) != len(alpha) + 1:
        raise ShapeError(
            f"beta has {len(beta)} entries, but {len(alpha)} hidden units and the bias unit z[0] = 1 need "
            f"{len(alpha) + 1}.",
            "give beta one entry more than alpha has rows.",
        )


@two_layer_network.fast
def two_layer_network_forward(
    alpha: Array, beta: Array, x: Array, ystar: Any, slide_sign: Any
) -> tuple[Any, Any]:
    _check_beta(alpha, beta)
    a = alpha @ x
    z = np.concatenate([np.ones(1, x.dtype), sigmoid(a)])
    J, of_loss = binary_cross_entropy.forward(beta @ z, ystar)
    return _sign(slide_sign) * J, (alpha, beta, x, a, z, of_loss, _sign(slide_sign))


@two_layer_network.gradient
def two_layer_network_backward(saved: Any, dJ: Array) -> tuple[Array, Array, Array]:
    alpha, beta, x, a, z, of_loss, sign = saved
    (db,) = binary_cross_entropy.backward(of_loss, sign * dJ)
    da = db * beta[1:] * _slope_of_sigmoid(a)
    return np.outer(da, x), db * z, da @ alpha


@two_layer_network.samples
def two_layer_network_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, D, M, ystar, params in (
        ("plain", 2, 3, 1.0, {}),
        ("the answer is no", 3, 2, 0.0, {}),
        ("the slide's sign", 2, 3, 1.0, {"slide_sign": True}),
        ("as many units as inputs", 3, 3, 0.0, {}),
        ("one hidden unit", 1, 4, 1.0, {}),
    ):
        inputs = {
            "alpha": rng.normal(size=(D, M)),
            "beta": rng.normal(size=D + 1),
            "x": np.array([1.0, *rng.normal(size=M - 1)]),
            "ystar": np.array(ystar),
        }
        yield Case(name, inputs, params)


class TwoLayerSteps(NamedTuple):
    """Every quantity of Case 2, in the order in which it is computed; dJ_dz leaves out the constant z[0]."""

    a: Array
    z: Array
    b: float
    y: float
    J: float
    dJ_dy: float
    dJ_db: float
    dJ_dbeta: Array
    dJ_dz: Array
    dJ_da: Array
    dJ_dalpha: Array
    dJ_dx: Array


def two_layer_network_steps(
    alpha: Array, beta: Array, x: Array, ystar: Any, slide_sign: bool = False
) -> TwoLayerSteps:
    """Compute Case 2 as on the slides, keeping every quantity (lecture S4:838-1017; `two_layer_network`).

    >>> steps = two_layer_network_steps([[0.1, 0.4, -0.2], [-0.3, 0.2, 0.5]], [0.2, 0.7, -0.6], [1, 0.5, -1], 1)
    >>> steps.a.round(3).tolist(), steps.z.round(3).tolist(), round(steps.y, 3), steps.dJ_dz.round(3).tolist()
    ([0.5, -0.7], [1.0, 0.622, 0.332], 0.607, [-0.275, 0.236])
    """
    J, cache = two_layer_network.forward(alpha, beta, x, ystar, slide_sign=slide_sign)
    dalpha, dbeta, dx = two_layer_network.backward(cache)
    _, beta, _, a, z, of_loss, sign = cache.saved
    (db,) = binary_cross_entropy.backward(of_loss, sign)
    b, dz = beta @ z, db * beta[1:]
    dJ_dy = _slope_of_loss(b, float(np.asarray(ystar)), sign)
    forward = (a.copy(), z.copy(), float(b), float(sigmoid(b)), float(J))
    return TwoLayerSteps(*forward, dJ_dy, float(db), dbeta, dz, dz * _slope_of_sigmoid(a), dalpha, dx)


# -------------------------------------------------------------------------------------------- residual


@op("x[...,D], w[M,D], projection[M,D]? -> y[...,M]", source="lecture S3:304-320 (the figure)")
def residual(x: Array, w: Array, projection: Array | None = None) -> Array:
    """Add what a layer makes of its input to the input itself: a block with a skip connection.

    y = relu(w x) + x                       identity: as many outputs as inputs
    y = relu(w x) + projection x            where the sizes differ

    dx = dy + w^T (dy where w x > 0,  else 0)      with the identity; with a projection, P^T dy instead of dy

    Rows of x are examples; a vector is one example.

    Raises ShapeError when sizes differ and there is no projection.

    What surprises: a block whose units are all off is the identity, and the gradient passes unchanged. That is
    why very deep stacks of blocks still learn. For blocks of convolutions see the layer `Residual`.

    >>> import numpy as np
    >>> y, cache = residual.forward(np.array([1.0, 2.0]), np.array([[0.5, 1.0], [-1.0, 0.25]]))
    >>> y, residual.backward(cache, np.array([1.0, 2.0]))[0]
    (array([3.5, 2. ]), array([1.5, 3. ]))
    """
    _check_skip(w, projection)
    y = np.empty((*x.shape[:-1], len(w)), x.dtype)
    for n in np.ndindex(x.shape[:-1]):
        for m in range(len(w)):
            skip = x[n][m] if projection is None else sum(projection[m] * x[n])
            y[n][m] = np.maximum(sum(w[m] * x[n]), 0) + skip
    return y


def _check_skip(w: Array, projection: Array | None) -> None:
    if projection is None and len(w) != w.shape[1]:
        raise ShapeError(
            f"w makes {len(w)} numbers of {w.shape[1]}, so its result cannot be added to x.",
            f"make w square, or give projection of shape {w.shape}.",
        )


@residual.fast
def residual_forward(x: Array, w: Array, projection: Array | None) -> tuple[Array, Any]:
    _check_skip(w, projection)
    a = x @ w.T
    return np.maximum(a, 0) + (x if projection is None else x @ projection.T), (x, w, projection, a)


@residual.gradient
def residual_backward(saved: Any, dy: Array) -> tuple[Array, Array, Array | None]:
    x, w, projection, a = saved
    da = np.where(a <= 0, 0, dy)
    rows = x.reshape(-1, x.shape[-1])
    dx = da @ w + (dy if projection is None else dy @ projection)
    dw = da.reshape(-1, len(w)).T @ rows
    return dx, dw, None if projection is None else dy.reshape(-1, len(w)).T @ rows


@residual.samples
def residual_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, x: tuple[int, ...], outputs: int, projected: bool = False) -> Case:
        inputs = {"x": rng.normal(size=x), "w": rng.normal(size=(outputs, x[-1]))}
        return Case(
            name, {**inputs, "projection": rng.normal(size=inputs["w"].shape)} if projected else inputs
        )

    yield case("plain", (4, 3), 3)
    yield case("a vector", (3,), 3)
    yield case("projection", (4, 3), 2, projected=True)
    yield case("projection to the same size", (3, 3), 3, projected=True)
    yield case("two leading axes", (2, 3, 4), 4)
    yield Case("units that are off", {"x": np.array([1.0, -2.0]), "w": np.array([[0.5, 1.0], [-1.0, 0.25]])})
