"""What goes wrong in fitting polynomials and in joining dots. Each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from autograder.mistakes.optimizers.walks import Functions, instead

# --- polynomials ---------------------------------------------------------------------------------


def _fit(name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value") -> None:
    instead("fit_poly", name, family, what, how, wrong, kind)


def _predict(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("predict_poly", name, family, what, how, wrong, kind)


def _columns(x: Any, exponents: Any) -> np.ndarray:
    return np.array([np.asarray(x, dtype=float) ** d for d in exponents]).T


def _solved(powers: np.ndarray, y: Any) -> np.ndarray:
    return np.linalg.lstsq(powers, y, rcond=None)[0]


def _no_intercept(_right: Any, x: Any, y: Any, degree: int) -> np.ndarray:
    powers = _columns(x, range(degree + 1))
    powers[:, 0] = 0
    return _solved(powers, y)


def _two_powers(_right: Any, x: Any, y: Any, degree: int) -> np.ndarray:
    coef = np.zeros(degree + 1)
    used = sorted({0, degree})
    coef[used] = _solved(_columns(x, used), y)
    return coef


def _shift_x(right: Any, x: Any, y: Any, degree: int) -> Any:
    x -= np.mean(x)
    return right(x, y, degree)


_fit(
    "no-intercept", "omission", "Your polynomial has no constant term, so it passes through 0 at x = 0.",
    "The first column of the matrix is x^0: a column of ones.",
    _no_intercept,
)  # fmt: skip
_fit(
    "fit-degree-one-less", "off-by-one", "You fit a polynomial of one degree less.",
    "degree counts the highest power: there are degree + 1 coefficients.",
    lambda right, x, y, degree: (
        np.append(right(x, y, degree - 1), 0.0) if degree else np.zeros(1)),
)  # fmt: skip
_fit(
    "fit-degree-one-more", "off-by-one", "You fit a polynomial of one degree more.",
    "degree is the highest power: there are degree + 1 coefficients.",
    lambda right, x, y, degree: right(x, y, degree + 1),
)  # fmt: skip
_fit(
    "fit-highest-power-only", "omission", "You fit the constant and the highest power and leave out those between.",
    "Use all powers 0, 1, ..., degree.",
    _two_powers,
)  # fmt: skip
_fit(
    "fit-x-and-y-exchanged", "swap", "You predict x from y.", "The powers are those of x; y is what is fitted.",
    lambda right, x, y, degree: right(y, x, degree),
)  # fmt: skip
_fit(
    "fit-first-points-only", "scope", "You let the polynomial pass through the first degree + 1 points.",
    "Use all points: the least sum of squared errors, np.linalg.lstsq.",
    lambda right, x, y, degree: right(x[: degree + 1], y[: degree + 1], degree),
)  # fmt: skip
_fit(
    "fit-sorts-x-only", "scope", "You sort x and leave y in its order, so points lose their partners.",
    "No sorting is needed; if you sort, use the same order for both.",
    lambda right, x, y, degree: right(np.sort(x), y, degree),
)  # fmt: skip
_fit(
    "fit-coefficients-reversed", "order",
    "Your coefficients are in the other order than your predict_poly takes them.",
    "Choose one order for both; np.polyfit and np.polyval have the highest power first.",
    lambda right, x, y, degree: right(x, y, degree)[::-1].copy(),
)  # fmt: skip
_fit(
    "fit-changes-x", "scope", "You shift x in place, so the caller's array changes and the points move.",
    "Work with a copy, and shift back at the end.",
    _shift_x, "behaviour",
)  # fmt: skip

_predict(
    "predict-order-reversed", "order", "You take the coefficients in the other order than your fit_poly returns them.",
    "Choose one order for both; np.polyfit and np.polyval have the highest power first.",
    lambda right, coef, x: right(coef[::-1], x),
)  # fmt: skip
_predict(
    "predict-no-intercept", "omission", "You leave the constant term out.",
    "The sum starts with the power 0.",
    lambda right, coef, x: right(coef, x) - coef[0],
)  # fmt: skip
_predict(
    "predict-highest-power-missing", "off-by-one", "You leave the highest power out.",
    "Use all coefficients: range(len(coef)).",
    lambda right, coef, x: right(coef[:-1], x) + 0.0 * x,
)  # fmt: skip
_predict(
    "predict-powers-from-1", "off-by-one", "You start with x^1: every power is one too high.",
    "The first coefficient belongs to x^0 = 1.",
    lambda right, coef, x: right(coef, x) * x,
)  # fmt: skip
_predict(
    "predict-first-two-only", "omission", "You use the first two coefficients only, as for a line.",
    "Use all coefficients: sum over coef[d] * x ** d.",
    lambda right, coef, x: right(coef[:2], x) + 0.0 * x,
)  # fmt: skip
_predict(
    "predict-sums-over-points", "orientation", "You add the predictions of all points into one number.",
    "Sum over the powers only; there is one prediction for every x.",
    lambda right, coef, x: float(np.sum(right(coef, x))),
)  # fmt: skip
_predict(
    "predict-first-point-only", "omission", "You predict for the first x only.",
    "Return one prediction for every x.",
    lambda right, coef, x: right(coef, x[:1]),
)  # fmt: skip


def _even_powers(right: Functions) -> Functions:
    """You use 1, x^2, x^4, ...: fit and predict agree, but on another family of functions.

    The powers go up by one: 1, x, x^2, ..., x^degree.
    """
    return {
        **right,
        "fit_poly": lambda x, y, degree: _solved(_columns(x, range(0, 2 * degree + 1, 2)), y),
        "predict_poly": lambda coef, x: _columns(x, range(0, 2 * len(coef), 2)) @ coef,
    }


for _target in ("fit_poly", "predict_poly"):
    mistake(_target, "even-powers-only", family="wrong-op")(_even_powers)


# --- join the dots -------------------------------------------------------------------------------


def _dots(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("join_dots", name, family, what, how, lambda _right, *args: wrong(*args), kind)


def _sorted(xt: Any, yt: Any) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(xt)
    return np.asarray(xt)[order], np.asarray(yt)[order]


def _piece(x: np.ndarray, xq: Any) -> np.ndarray:
    return np.clip(np.searchsorted(x, xq), 1, len(x) - 1)


def _joined(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    return np.interp(xq, *_sorted(xt, yt))


def _nearest(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    return np.array([yt[int(np.argmin(np.abs(xt - q)))] for q in xq])


def _extrapolated(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    x, y = _sorted(xt, yt)
    j = _piece(x, xq)
    return y[j - 1] + (y[j] - y[j - 1]) / (x[j] - x[j - 1]) * (xq - x[j - 1])


def _shares_exchanged(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    x, y = _sorted(xt, yt)
    q = np.clip(xq, x[0], x[-1])
    j = _piece(x, q)
    t = (q - x[j - 1]) / (x[j] - x[j - 1])
    return t * y[j - 1] + (1 - t) * y[j]


def _halfway(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    x, y = _sorted(xt, yt)
    j = _piece(x, xq)
    return (y[j - 1] + y[j]) / 2


def _left_dot(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    x, y = _sorted(xt, yt)
    return y[np.clip(np.searchsorted(x, xq, side="right") - 1, 0, len(x) - 1)]


def _sort_in_place(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    x, y = _sorted(xt, yt)
    xt[:], yt[:] = x, y
    return np.interp(xq, xt, yt)


_dots(
    "join-dots-sorts-x-only", "scope", "You sort x and leave y in its order, so the dots lose their partners.",
    "Sort both by one order: o = np.argsort(xt); xt[o], yt[o].",
    lambda xt, yt, xq: np.interp(xq, np.sort(xt), yt),
)  # fmt: skip
_dots(
    "join-dots-expects-sorted", "omission", "You take the dots as they come; np.interp needs them sorted by x.",
    "Sort first: o = np.argsort(xt); np.interp(xq, xt[o], yt[o]).",
    lambda xt, yt, xq: np.interp(xq, xt, yt),
)  # fmt: skip
_dots(
    "join-dots-nearest", "wrong-op", "You take the y of the nearest dot instead of the line between two.",
    "Go along the line from the left neighbour to the right one.",
    _nearest,
)  # fmt: skip
_dots(
    "join-dots-left-neighbour", "wrong-op", "You take the y of the left neighbour: steps instead of lines.",
    "Go along the line from the left neighbour to the right one.",
    _left_dot,
)  # fmt: skip
_dots(
    "join-dots-halfway", "wrong-op", "You average the two neighbours wherever x lies between them.",
    "The nearer neighbour counts more: t = (x - x0) / (x1 - x0), y0 + t (y1 - y0).",
    _halfway,
)  # fmt: skip
_dots(
    "join-dots-shares-exchanged", "swap", "You give the farther neighbour the larger share.",
    "With t = (x - x0) / (x1 - x0) the left neighbour counts 1 - t and the right one t.",
    _shares_exchanged,
)  # fmt: skip
_dots(
    "join-dots-extrapolates", "convention", "Beyond the ends you go on along the last line.",
    "Beyond the ends the prediction is that of the first or the last dot.",
    _extrapolated,
)  # fmt: skip
_dots(
    "join-dots-zero-beyond", "omission", "Beyond the ends you predict 0.",
    "Beyond the ends the prediction is that of the first or the last dot.",
    lambda xt, yt, xq: np.interp(xq, *_sorted(xt, yt), left=0.0, right=0.0),
)  # fmt: skip
_dots(
    "join-dots-nan-beyond", "omission", "Beyond the ends you predict nan.",
    "Beyond the ends the prediction is that of the first or the last dot.",
    lambda xt, yt, xq: np.interp(xq, *_sorted(xt, yt), left=np.nan, right=np.nan),
)  # fmt: skip
_dots(
    "join-dots-ends-exchanged", "swap", "Beyond the left end you predict the last dot, beyond the right end the first.",
    "Left of all dots the first one counts, right of them the last one.",
    lambda xt, yt, xq: np.interp(xq, *_sorted(xt, yt), left=_sorted(xt, yt)[1][-1], right=_sorted(xt, yt)[1][0]),
)  # fmt: skip
_dots(
    "join-dots-mean-beyond", "convention", "Beyond the ends you predict the mean of all dots.",
    "Beyond the ends the prediction is that of the first or the last dot.",
    lambda xt, yt, xq: np.interp(xq, *_sorted(xt, yt), left=float(np.mean(yt)), right=float(np.mean(yt))),
)  # fmt: skip
_dots(
    "join-dots-is-a-line", "wrong-op", "You fit one line through all dots.",
    "Join each dot with the next: between two dots only these two count.",
    lambda xt, yt, xq: np.polyval(np.polyfit(xt, yt, 1), xq),
)  # fmt: skip
_dots(
    "join-dots-sorts-questions", "order", "You return the predictions in the order of sorted xq.",
    "Leave xq in its order: the n-th prediction belongs to xq[n].",
    lambda xt, yt, xq: _joined(xt, yt, np.sort(xq)),
)  # fmt: skip
_dots(
    "join-dots-ends-of-the-list", "scope",
    "Beyond the ends you take the first and the last dot of the list, which is not sorted.",
    "Sort the dots first; the ends are those with the smallest and the largest x.",
    lambda xt, yt, xq: np.interp(xq, *_sorted(xt, yt), left=yt[0], right=yt[-1]),
)  # fmt: skip
_dots(
    "join-dots-changes-dots", "scope", "You sort the caller's arrays in place.",
    "Sort copies: o = np.argsort(xt); xt[o], yt[o].",
    _sort_in_place, "behaviour",
)  # fmt: skip
