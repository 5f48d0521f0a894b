"""What goes wrong with numeric gradients. Targets the exercise: each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]


def _each(step: Callable[[Any, np.ndarray, Any, float], float]) -> Functions:
    """Define num_grad by what it does for one entry."""

    def num_grad(f: Any, x: Any, eps: float = 1e-5) -> np.ndarray:
        dx = np.zeros(np.shape(x))
        for i in np.ndindex(dx.shape):
            dx[i] = step(f, np.array(x, dtype=float), i, eps)
        return dx

    return {"num_grad": num_grad}


def _at(f: Any, x: np.ndarray, i: Any, by: float) -> float:
    moved = x.copy()
    moved[i] += by
    return f(moved)


@mistake("num_grad", "one-sided-difference", family="wrong-op")
def one_sided_difference(right: Functions) -> Functions:
    """You take (f(x + eps) - f(x)) / eps, a one-sided difference whose error shrinks only like eps.

    Evaluate at x + eps and at x - eps and divide by 2 eps: then the error shrinks like eps squared.
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i, eps) - f(x)) / eps)


@mistake("num_grad", "backward-difference", family="wrong-op")
def backward_difference(right: Functions) -> Functions:
    """You take (f(x) - f(x - eps)) / eps, a one-sided difference whose error shrinks only like eps.

    Evaluate at x + eps and at x - eps and divide by 2 eps: then the error shrinks like eps squared.
    """
    return _each(lambda f, x, i, eps: (f(x) - _at(f, x, i, -eps)) / eps)


@mistake("num_grad", "divides-by-eps", family="scale")
def divides_by_eps(right: Functions) -> Functions:
    """You divide the central difference by eps, so every entry is twice too large.

    The two points are 2 eps apart: divide by 2 * eps.
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i, eps) - _at(f, x, i, -eps)) / eps)


@mistake("num_grad", "sign-swapped", family="sign")
def sign_swapped(right: Functions) -> Functions:
    """You subtract f(x + eps) from f(x - eps), so the gradient has the wrong sign.

    Take f(x + eps) - f(x - eps), in this order.
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i, -eps) - _at(f, x, i, eps)) / (2 * eps))


@mistake("num_grad", "all-entries-moved", family="scope")
def all_entries_moved(right: Functions) -> Functions:
    """You move all entries of x at once, so every entry of the result is the sum of all derivatives.

    Move one entry at a time and leave the others where they are.
    """
    return _each(lambda f, x, _i, eps: (f(x + eps) - f(x - eps)) / (2 * eps))


@mistake("num_grad", "eps-fixed", family="scope")
def eps_fixed(right: Functions) -> Functions:
    """You move by the eps you are given but divide by a step written into the code.

    Use the argument eps in both places.
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i, eps) - _at(f, x, i, -eps)) / 2e-5)


@mistake("num_grad", "numgrad-flat-result", family="orientation")
def flat_result(right: Functions) -> Functions:
    """You return the derivatives as a flat vector whatever the shape of x.

    The result has the shape of x: start from np.zeros_like(x), or reshape at the end.
    """
    return {"num_grad": lambda f, x, eps=1e-5: right["num_grad"](f, x, eps).reshape(-1)}


@mistake("num_grad", "numgrad-no-restore", family="omission")
def no_restore(right: Functions) -> Functions:
    """You do not put an entry back after moving it, so later entries are evaluated at a shifted point.

    Remember the old value and write it back before going to the next entry, or work on a fresh copy each time.
    """

    def num_grad(f: Any, x: Any, eps: float = 1e-5) -> np.ndarray:
        moved = np.array(x, dtype=float)
        dx = np.zeros(moved.shape)
        for i in np.ndindex(moved.shape):
            moved[i] += eps
            up = f(moved)
            moved[i] -= 2 * eps
            dx[i] = (up - f(moved)) / (2 * eps)
        return dx

    return {"num_grad": num_grad}


@mistake("num_grad", "last-entry-missing", family="off-by-one")
def last_entry_missing(right: Functions) -> Functions:
    """You leave out the last entry: its derivative stays zero.

    Run the loop over all x.size entries.
    """

    def num_grad(f: Any, x: Any, eps: float = 1e-5) -> np.ndarray:
        dx = right["num_grad"](f, x, eps)
        dx.reshape(-1)[-1] = 0.0
        return dx

    return {"num_grad": num_grad}


@mistake("num_grad", "half-step-full-width", family="scale")
def half_step(right: Functions) -> Functions:
    """You move by eps / 2 to both sides but divide by 2 eps, so every entry is half of what it should be.

    Divide by the distance of the two points: that is eps if you move by eps / 2, and 2 eps if you move by eps.
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i, eps / 2) - _at(f, x, i, -eps / 2)) / (2 * eps))


@mistake("num_grad", "rows-moved-together", family="scope")
def rows_moved_together(right: Functions) -> Functions:
    """You move a whole row of x at once: with x[i] where x has more axes than one.

    Move one entry at a time: loop over all indices, for example with np.ndindex(x.shape).
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i[0], eps) - _at(f, x, i[0], -eps)) / (2 * eps))


@mistake("num_grad", "not-divided", family="omission")
def not_divided(right: Functions) -> Functions:
    """You return the difference of the two values: it is not divided by the step.

    Divide f(x + eps) - f(x - eps) by 2 eps.
    """
    return _each(lambda f, x, i, eps: _at(f, x, i, eps) - _at(f, x, i, -eps))


@mistake("num_grad", "multiplied-by-eps", family="order")
def multiplied_by_eps(right: Functions) -> Functions:
    """You divide by 2 and then multiply by eps: / 2 * eps is not / (2 * eps).

    Put the product into brackets: (f(x + eps) - f(x - eps)) / (2 * eps).
    """
    return _each(lambda f, x, i, eps: (_at(f, x, i, eps) - _at(f, x, i, -eps)) / 2 * eps)


@mistake("num_grad", "x-left-changed", family="scope", kind="behaviour")
def x_left_changed(right: Functions) -> Functions:
    """Your num_grad leaves x changed: it moves the entries of the array it was given and does not put them back.

    Move a copy, or write the old value back exactly (x[i] = old, not x[i] -= eps).
    """

    def num_grad(f: Any, x: Any, eps: float = 1e-5) -> np.ndarray:
        dx = right["num_grad"](f, x, eps)
        x += eps
        return dx

    return {"num_grad": num_grad}


# --- comparing gradients -------------------------------------------------------------------------


def _error(
    name: str, family: str, what: str, how: str, wrong: Callable[[Any, Any], Any], credit: float = 0.0
) -> None:
    def spoilt(right: Functions) -> Functions:
        return {**right, "rel_error": wrong}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("rel_error", name, family=family, credit=credit)(spoilt)


def _quotients(a: Any, b: Any) -> Any:
    return np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))


_error(
    "absolute-error", "omission", "You return the largest difference: it is not divided by the size of the numbers.",
    "Divide every |a - b| by max(1e-8, |a| + |b|).", lambda a, b: np.max(np.abs(a - b)),
)  # fmt: skip
_error(
    "divided-by-the-larger", "convention", "You divide by the larger of |a| and |b|.",
    "Divide by their sum, |a| + |b|.",
    lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(b)))), credit=0.5,
)  # fmt: skip
_error(
    "divided-by-one-side", "scope", "You divide by one of the two numbers only.",
    "Divide by max(1e-8, |a| + |b|).", lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a))),
)  # fmt: skip
_error(
    "divided-by-other-side", "scope", "You divide by one of the two numbers only.",
    "Divide by max(1e-8, |a| + |b|).", lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(b))),
)  # fmt: skip
_error(
    "error-averaged", "wrong-op", "You average over the entries.", "Return the largest one: np.max.",
    lambda a, b: np.mean(_quotients(a, b)),
)  # fmt: skip
_error(
    "error-of-norms", "convention", "You compare the arrays as a whole, by their norms.",
    "Compare entry by entry and return the largest quotient.",
    lambda a, b: np.linalg.norm(a - b) / float(np.linalg.norm(a) + np.linalg.norm(b)), credit=0.5,
)  # fmt: skip
_error(
    "maxima-divided", "order", "You divide the largest difference by the largest sum; they may be entries apart.",
    "Divide entry by entry and take the maximum at the end.",
    lambda a, b: np.max(np.abs(a - b)) / max(1e-8, np.max(np.abs(a) + np.abs(b))),
)  # fmt: skip
_error(
    "signs-cancel", "sign", "You take no absolute values in the denominator, where opposite numbers cancel.",
    "Divide by |a| + |b|.", lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a + b))),
)  # fmt: skip
_error(
    "difference-keeps-its-sign", "sign", "You take the largest a - b: where b is larger, nothing counts as an error.",
    "Take the absolute value first: |a - b|.",
    lambda a, b: np.max((a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
)  # fmt: skip
_error(
    "error-per-entry", "omission", "You return one error per entry.", "Return the largest one: np.max.", _quotients,
)  # fmt: skip
_error(
    "zero-over-zero", "omission", "You divide 0 by 0 where both numbers are 0.",
    "Divide by max(1e-8, |a| + |b|).", lambda a, b: _unguarded(a, b),
)  # fmt: skip


def _unguarded(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.max(np.abs(a - b) / (np.abs(a) + np.abs(b)))


def _check(name: str, family: str, what: str, how: str, compute: Callable[..., Any]) -> None:
    """Register a wrong check: `compute(right, forward, backward, x, dy)`."""

    def spoilt(right: Functions) -> Functions:
        return {**right, "grad_check": lambda *args: compute(right, *args)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("grad_check", name, family=family)(spoilt)


def _numeric(right: Functions, forward: Any, x: Any, dy: Any) -> Any:
    return right["num_grad"](lambda moved: float(np.sum(forward(moved)[0] * dy)), x)


_check(
    "upstream-ignored", "omission",
    "You differentiate the plain sum of the results: dy is missing on the numeric side.",
    "Differentiate sum(forward(x)[0] * dy).",
    lambda right, f, g, x, dy: right["rel_error"](g(dy, f(x)[1]), _numeric(right, f, x, np.ones_like(dy))),
)  # fmt: skip
_check(
    "ones-as-upstream", "scope", "You pass ones to backward instead of the dy you are given.",
    "Pass dy to backward, and differentiate sum(forward(x)[0] * dy).",
    lambda right, f, g, x, dy: right["rel_error"](g(np.ones_like(dy), f(x)[1]), _numeric(right, f, x, dy)),
)  # fmt: skip
_check(
    "absolute-error", "omission", "You return the largest absolute difference.",
    "Return rel_error of the two gradients.",
    lambda right, f, g, x, dy: float(np.max(np.abs(g(dy, f(x)[1]) - _numeric(right, f, x, dy)))),
)  # fmt: skip
_check(
    "sign-ignored", "sign", "You compare absolute values, so a backward of the wrong sign passes.",
    "Compare the gradients themselves.",
    lambda right, f, g, x, dy: right["rel_error"](np.abs(g(dy, f(x)[1])), np.abs(_numeric(right, f, x, dy))),
)  # fmt: skip
_check(
    "verdict-instead-of-error", "wrong-op", "You return whether the gradients agree, not how far they are apart.",
    "Return the relative error, a number.",
    lambda right, f, g, x, dy: float(right["rel_error"](g(dy, f(x)[1]), _numeric(right, f, x, dy)) < 1e-6),
)  # fmt: skip
_check(
    "always-zero", "wrong-op", "You compare a gradient with itself, so that everything passes.",
    "Compare backward(dy, cache) with the numeric gradient.",
    lambda right, f, g, x, dy: 0.0,
)  # fmt: skip


_check(
    "ones-on-both-sides", "scope",
    "You check with ones instead of the dy you are given, on both sides: a backward that ignores dy would pass.",
    "Pass dy to backward, and differentiate sum(forward(x)[0] * dy).",
    lambda right, f, g, x, dy: right["rel_error"](
        g(np.ones_like(dy), f(x)[1]), _numeric(right, f, x, np.ones_like(dy))),
)  # fmt: skip
