"""Regressors in one dimension: polynomials by least squares, and joining the dots.

A regressor is a pair of functions: `model = fit(x, y)` and `y = predict(model, x)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from reference.checking.arguments import named, numbers
from reference.shapes import Array, InputError, ShapeError, short, whole

__all__ = [
    "Regressor",
    "fit_join_dots",
    "fit_polynomial",
    "hat_matrix",
    "join_dots",
    "join_the_dots",
    "polynomial",
    "predict_join_dots",
    "predict_polynomial",
]

Fit = Callable[[Array, Array], Any]
Predict = Callable[[Any, Array], Any]


class Regressor(NamedTuple):
    """A way to learn a function from examples: model = fit(x, y), then y = predict(model, x)."""

    fit: Fit
    predict: Predict


@named
def fit_polynomial(x: Any, y: Any, degree: int) -> Array:
    """Fit y = c[0] + c[1] x + ... + c[degree] x^degree by least squares; return c, lowest power first.

    Raises ShapeError with fewer different x than coefficients: then many polynomials fit equally well.

    What surprises: NumPy's polyfit returns the highest power first. Source: lecture S4:338-354.

    >>> fit_polynomial([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(9)
    array([1., 2.])
    """
    x, y = examples(x, y)
    degree = _degree(degree, x)
    centred, middle, size = _centred(x)
    scaled = np.linalg.lstsq(np.vander(centred, degree + 1, increasing=True), y, rcond=None)[0]
    # Powers of x itself are nearly parallel when x lies far from 0; so the fit is made in (x - middle) / size.
    inner = np.polynomial.Polynomial([-middle / size, 1 / size])
    coefficients = np.polynomial.Polynomial(scaled)(inner).coef
    return np.concatenate([coefficients, np.zeros(degree + 1 - len(coefficients))])


@named
def predict_polynomial(coefficients: Any, x: Any) -> Array:
    """Evaluate c[0] + c[1] x + c[2] x^2 + ... at each x.

    >>> predict_polynomial([1.0, 2.0], [0.0, 10.0])
    array([ 1., 21.])
    """
    c, x = _numbers("coefficients", coefficients, 1), _numbers("x", x)
    with np.errstate(all="ignore"):
        return np.asarray(np.polynomial.polynomial.polyval(x, c))


@named
def fit_join_dots(x: Any, y: Any) -> tuple[Array, Array]:
    """Sort the examples by x: that is all join-the-dots has to learn. Of equal x the mean y is kept.

    >>> fit_join_dots([2.0, 0.0, 2.0], [5.0, 1.0, 7.0])
    (array([0., 2.]), array([1., 6.]))
    """
    x, y = examples(x, y)
    dots, which, counts = np.unique(x, return_inverse=True, return_counts=True)
    return dots, np.bincount(which, weights=y) / counts


@named
def predict_join_dots(model: tuple[Array, Array], x: Any) -> Array:
    """Draw straight lines from dot to dot, and level ones beyond the first and the last.

    >>> predict_join_dots((np.array([0.0, 2.0]), np.array([1.0, 6.0])), [-1.0, 1.0, 3.0])
    array([1. , 3.5, 6. ])
    """
    x = _numbers("x", x)
    if not isinstance(model, tuple) or len(model) != 2:
        raise InputError(f"model is {short(model)}.", "pass what fit_join_dots(x, y) returned.")
    return np.asarray(np.interp(x, *model))


@named
def join_dots(x: Any, y: Any, xq: Any) -> Array:
    """Join the dots (x, y) and read the line off at each xq; x may be in any order.

    What surprises: the training error is 0, whatever the data; that is why it says nothing.
    Source: lecture S4:365-367.

    >>> join_dots([2.0, 0.0], [6.0, 1.0], [1.0, 9.0])
    array([3.5, 6. ])
    """
    return predict_join_dots(fit_join_dots(x, y), xq)


@named
def polynomial(degree: int) -> Regressor:
    """Return the least-squares regressor of a degree: 0 the mean, 1 linear, 2 quadratic.

    >>> model = polynomial(0).fit([0.0, 1.0], [2.0, 4.0])
    >>> polynomial(0).predict(model, [7.0]).round(9)
    array([3.])
    """
    degree = whole("degree", degree)
    return Regressor(lambda x, y: fit_polynomial(x, y, degree), predict_polynomial)


@named
def join_the_dots() -> Regressor:
    """Return the regressor that joins the dots: fit_join_dots and predict_join_dots."""
    return Regressor(fit_join_dots, predict_join_dots)


@named
def hat_matrix(x: Any, degree: int) -> Array:
    """Return the matrix H that turns training values into fitted ones for a polynomial: fitted = H y.

    H = V (V^T V)^-1 V^T,   V[i,j] = x[i]^j

    H[i,i] says how much example i pulls the fit towards itself; they add up to degree + 1.

    >>> hat_matrix([0.0, 1.0, 2.0], 1).diagonal().round(4)
    array([0.8333, 0.3333, 0.8333])
    """
    x = _numbers("x", x, 1)
    degree = _degree(degree, x)
    q, _ = np.linalg.qr(np.vander(_centred(x)[0], degree + 1, increasing=True))
    return q @ q.T


def examples(x: Any, y: Any) -> tuple[Array, Array]:
    """Return finite examples as float64 arrays; x may have further axes (several features), y may not."""
    x, y = _numbers("x", x), _numbers("y", y, 1)
    if x.shape[:1] != y.shape:
        raise ShapeError(f"x has shape {x.shape}, but y has {len(y)} entries.", "give one y for each x.")
    for name, array in (("x", x), ("y", y)):
        if not np.isfinite(array).all():
            raise InputError(f"{name} holds NaN or infinity.", "leave these examples out.")
    return x, y


def _numbers(name: str, value: Any, ndim: int | None = None) -> Array:
    return numbers(name, value, ndim).astype(np.float64)


def _degree(degree: Any, x: Array) -> int:
    degree = whole("degree", degree)
    if x.ndim != 1:
        raise ShapeError(f"x has shape {x.shape}.", "polynomials take one number per example.")
    different = len(np.unique(x))
    if different <= degree:
        raise ShapeError(
            f"a polynomial of degree {degree} needs {degree + 1} different x, but there are {different}.",
            "use a lower degree or more examples.",
        )
    return degree


def _centred(x: Array) -> tuple[Array, float, float]:
    middle = float(np.mean(x))
    size = float(np.max(np.abs(x - middle))) or 1.0
    return (x - middle) / size, middle, size
