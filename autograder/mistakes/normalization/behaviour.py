"""Misbehaviour of the normalising functions: right numbers once, but dicts, arguments or caches suffer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake

Functions = dict[str, Callable[..., Any]]


def _both(exercises: tuple[str, str], name: str, part: str, family: str) -> Callable[[Any], Mistake]:
    """Register one deed for rows and for images: a function of (right functions, "bn" or "bn2d")."""

    def register(deed: Callable[[Functions, str], Functions]) -> Mistake:
        for exercise in exercises:
            stem = exercise.partition("_")[0]

            def spoilt(right: Functions, stem: str = stem) -> Functions:
                return {**right, **deed(right, stem)}

            spoilt.__doc__, spoilt.__name__ = deed.__doc__, deed.__name__
            made = mistake(exercise, name, part=part, family=family, kind="behaviour")(spoilt)
        return made

    return register


def _forward(name: str, family: str) -> Callable[[Any], Mistake]:
    return _both(("bn_forward", "bn2d_forward"), name, "forward", family)


def _backward(name: str, family: str) -> Callable[[Any], Mistake]:
    return _both(("bn_backward", "bn2d_backward"), name, "backward", family)


def _copied(running: Any) -> dict[str, Any]:
    return {name: np.array(value, float) for name, value in running.items()}


@_forward("running-never-stored", "scope")
def running_never_stored(right: Functions, stem: str) -> Functions:
    """Your running statistics are updated in a new dict; the caller's dict never changes.

    `running = {...}` binds a new local name. Assign to its entries: running['mean'] = ...
    """

    def forward(X: Any, gamma: Any, beta: Any, eps: Any, running: Any, momentum: Any, train: Any) -> Any:
        return right[f"{stem}_forward"](X, gamma, beta, eps, _copied(running), momentum, train)

    return {f"{stem}_forward": forward}


def _in_test(name: str, family: str, what: str, how: str, gamma: Any, beta: Any, eps: Any) -> None:
    """Register a forward that uses other settings in test mode only: functions of those that are given."""

    def deed(right: Functions, stem: str) -> Functions:
        def forward(X: Any, g: Any, b: Any, e: Any, running: Any, momentum: Any, train: Any) -> Any:
            used = (g, b, e) if train else (gamma(g), beta(b), eps(e))
            return right[f"{stem}_forward"](X, *used, running, momentum, train)

        return {f"{stem}_forward": forward}

    deed.__doc__ = f"{what}\n\n{how}"
    _forward(name, family)(deed)


def _same(given: Any) -> Any:
    return given


_in_test(
    "eps-forgotten-in-test", "omission", "You left eps out in test mode; in training you have it.",
    "Divide by np.sqrt(running['var'] + eps) in test mode as well.", _same, _same, lambda _e: 0.0,
)  # fmt: skip
_in_test(
    "no-beta-no-gamma-in-test", "omission", "You return xhat in test mode: gamma and beta are not applied.",
    "Y = gamma * xhat + beta in both modes.", np.ones_like, np.zeros_like, _same,
)  # fmt: skip
_in_test(
    "beta-forgotten-in-test", "omission", "You leave beta out in test mode.",
    "Y = gamma * xhat + beta in both modes.", _same, np.zeros_like, _same,
)  # fmt: skip


@_forward("X-changed-in-place", "scope")
def x_changed_in_place(right: Functions, stem: str) -> Functions:
    """You change the X you were given.

    X -= mean works on the caller's array. Write xc = X - mean.
    """

    def forward(X: Any, *more: Any) -> Any:
        result = right[f"{stem}_forward"](X.copy(), *more)
        X -= X.mean()
        return result

    return {f"{stem}_forward": forward}


@_backward("dY-scaled-in-place", "scope")
def dy_scaled_in_place(right: Functions, stem: str) -> Functions:
    """You change the upstream gradient you were given.

    dY *= gamma works on the caller's array. Write dxhat = dY * gamma.
    """

    def backward(dY: Any, cache: Any) -> Any:
        gradients = right[f"{stem}_backward"](dY.copy(), cache)
        dY *= 1.5
        return gradients

    return {f"{stem}_backward": backward}


@_backward("cache-shared-between-calls", "scope")
def cache_shared(right: Functions, stem: str) -> Functions:
    """All your forward calls share one cache, so the latest call overwrites the ones before.

    A global variable or a dict made outside the function is shared. Make the cache inside the forward.
    """
    shared: dict[str, Any] = {}

    def forward(*given: Any) -> Any:
        Y, shared["cache"] = right[f"{stem}_forward"](*given)
        return Y, shared

    def backward(dY: Any, cache: Any) -> Any:
        return right[f"{stem}_backward"](dY, cache["cache"])

    return {f"{stem}_forward": forward, f"{stem}_backward": backward}


@mistake("apply_normalizer", "X-changed-in-place", family="scope", kind="behaviour")
def apply_in_place(right: Functions) -> Functions:
    """Your apply_normalizer changes the X it was given.

    X -= mu works on the caller's array. Write (X - mu) / sigma into a new array.
    """

    def apply_normalizer(X: Any, mu: Any, sigma: Any) -> Any:
        result = right["apply_normalizer"](X, mu, sigma)
        X -= mu
        return result

    return {"apply_normalizer": apply_normalizer}


@mistake("fit_normalizer", "X-centred-in-place", family="scope", kind="behaviour")
def fit_in_place(right: Functions) -> Functions:
    """Your fit_normalizer changes the X it was given.

    X -= mu works on the caller's array. Write X - mu into a new array.
    """

    def fit_normalizer(X: Any, ddof: int) -> Any:
        result = right["fit_normalizer"](X.copy(), ddof)
        X -= X.mean(axis=0)
        return result

    return {"fit_normalizer": fit_normalizer}
