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
