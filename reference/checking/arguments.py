"""Refuse bad arguments of functions that are no ops: those that take functions, generators, lists of indices.

A check states a bare fact and what to do; the decorator `named` adds the name of the function that was called.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from reference.shapes import Array, InputError, ShapeError, as_float, as_int, short

__all__ = [
    "a_function",
    "finite",
    "generator",
    "indices",
    "named",
    "not_negative",
    "numbers",
    "one_value",
    "positive",
]

P = ParamSpec("P")
R = TypeVar("R")


def named(function: Callable[P, R]) -> Callable[P, R]:
    """Let every refusal within a function begin with its name."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            if error.op:
                raise
            raise type(error)(error.fact, error.do, function.__name__) from None

    return call


def numbers(name: str, value: Any, ndim: int | None = None) -> Array:
    """Return `value` as a float array with at least one entry (and so many axes)."""
    array = as_float(name, value)
    if array.size == 0 or (ndim is not None and array.ndim != ndim):
        wanted = {None: "at least one number", 0: "one number", 1: "a list of numbers", 2: "a matrix"}[ndim]
        raise ShapeError(f"{name} has shape {array.shape}.", f"give {wanted}.")
    return array


def finite(name: str, value: Any) -> float:
    """Return `value` as a float; refuse NaN, infinity, booleans and what is no number."""
    plain = isinstance(value, (int, float, np.number, np.ndarray)) and not isinstance(value, bool)
    array = np.asarray(value if plain else None)
    if array.ndim or array.dtype.kind not in "iuf" or not np.isfinite(array):
        raise InputError(f"{name} must be a finite number, not {short(value)}.", f"write {name} like 0.1.")
    return float(array)


def positive(name: str, value: Any) -> float:
    """Return `value` as a float above 0."""
    number = finite(name, value)
    if number <= 0:
        raise InputError(f"{name} must be positive, not {number:g}.", f"choose {name} > 0.")
    return number


def not_negative(name: str, value: Any) -> float:
    """Return `value` as a float of at least 0."""
    number = finite(name, value)
    if number < 0:
        raise InputError(f"{name} must not be negative, but is {number:g}.", f"choose {name} >= 0.")
    return number


def a_function(name: str, value: Any, what: str) -> None:
    """Refuse what cannot be called, most often because it has been called already."""
    if not callable(value):
        raise InputError(f"{name} is {short(value)}.", f"pass {what}, without calling it.")


def one_value(name: str, f: Callable[[Array], Any], w: Array) -> float:
    """Return f(w), which has to be one number; f gets a copy."""
    value = as_float(f"{name}(w)", f(w.copy()))
    if value.size != 1:
        raise ShapeError(f"{name}(w) has shape {value.shape}.", f"let {name} return one number.")
    return float(value.reshape(()))


def generator(rng: Any) -> np.random.Generator:
    """Return `rng`; refuse None and seeds, so that nothing is random behind the caller's back."""
    if not isinstance(rng, np.random.Generator):
        raise InputError(f"rng is {short(rng)}, not a Generator.", "write rng=np.random.default_rng(0).")
    return rng


def indices(name: str, value: Any) -> Array:
    """Return `value` as a list of one or more indices."""
    array = as_int(name, value)
    if array.ndim != 1 or array.size == 0:
        raise ShapeError(
            f"{name} has shape {array.shape}.", "give a list of one or more indices of examples."
        )
    return array
