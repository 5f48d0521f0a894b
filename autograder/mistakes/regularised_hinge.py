"""What goes wrong where the penalty joins the hinge loss (SVM-2): its form, its factor, what it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import hinge


def _scores(params: dict[str, Any]) -> np.ndarray:
    if "scores" in params:
        return np.array(params["scores"], dtype=float)
    return np.array(params["x"]) @ np.array(params["w"]).T + np.array(params["b"], dtype=float)


def _data(params: dict[str, Any]) -> float:
    return float(hinge(_scores(params), np.array(params["labels"])))


def _total(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong penalty f(W, lambda, number of examples, b); the data loss is right."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> Any:
            w, b = (np.array(params[name], dtype=float) for name in ("w", "b"))
            penalty = wrong(w, params["lam"], len(params["labels"]), b)
            return {"total": _data(params) + float(penalty)}

        return mistake("SVM-2", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_total("penalty-forgotten", family="omission")
def forgotten(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You left the penalty out of the total.

    Add lambda times the sum of the squares of all weights.
    """
    return 0.0


@_total("penalty-divided-by-examples", family="scale")
def divided(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You divided the penalty by the number of examples.

    The penalty belongs to the weights, not to the examples: only the data loss is a mean.
    """
    return lam * np.sum(w**2) / n


@_total("l2-penalty-halved", family="convention")
def halved(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You halved the penalty, as other texts do.

    Here the penalty is lambda times the sum of squares, without a factor 1/2.
    """
    return lam * np.sum(w**2) / 2


@_total("l2-penalty-absolute", family="wrong-op")
def absolute(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You added the absolute values of the weights.

    Square each weight before adding up.
    """
    return lam * np.sum(np.abs(w))


@_total("l2-norm-not-squared", family="omission")
def norm(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You took the square root of the sum of squares.

    The penalty is lambda times the sum of squares itself.
    """
    return lam * np.sqrt(np.sum(w**2))


@_total("penalty-counts-biases", family="scope")
def with_biases(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You counted the biases in the penalty.

    Only the weights W are penalised, the biases are not.
    """
    return lam * (np.sum(w**2) + np.sum(b**2))


@_total("l2-penalty-lam-squared", family="order")
def lam_squared(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You squared lambda together with the weights.

    Square and add the weights first, then multiply by lambda once.
    """
    return np.sum((lam * w) ** 2)


@_total("l2-penalty-averaged", family="scale")
def averaged(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You divided the sum of squares by the number of weights.

    The penalty is lambda times the sum, not the mean, of the squares.
    """
    return lam * np.mean(w**2)


@_total("l2-penalty-without-lam", family="omission")
def without_lam(w: Any, lam: Any, n: int, b: Any) -> Any:
    """You forgot to multiply the sum of squares by lambda.

    The penalty is lambda times the sum of squares.
    """
    return np.sum(w**2)
