"""Batch normalisation taken apart, so that a mistake can exchange exactly one piece of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import batch_norm
from reference.op import Array

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Batch:
    """One call of batch_norm with its features in columns: rows[m,C]; statistics are in use or old."""

    shape: tuple[int, ...]
    rows: Array
    old: Pair | None
    gamma: Array
    beta: Array
    training: bool
    share: float
    eps: float
    ddof: int

    @classmethod
    def of(
        cls,
        x: Any,
        mean: Any,
        var: Any,
        gamma: Any,
        beta: Any,
        training: bool,
        momentum: float,
        eps: float,
        momentum_on: str,
        ddof: int,
    ) -> Batch:
        """Arrange the arguments of batch_norm."""
        x = np.asarray(x, float)
        C = x.shape[1]
        old = None if mean is None or var is None else (np.array(mean, float), np.array(var, float))
        scale = np.ones(C) if gamma is None else np.asarray(gamma, float)
        shift = np.zeros(C) if beta is None else np.asarray(beta, float)
        share = momentum if momentum_on == "batch" else 1 - momentum
        return cls(x.shape, rows_of(x), old, scale, shift, bool(training), share, eps, ddof)

    @functools.cached_property
    def own(self) -> Pair:
        """Mean and variance of this batch."""
        return self.rows.mean(axis=0), self.rows.var(axis=0)

    @property
    def used(self) -> Pair:
        """Mean and variance to normalise with."""
        return self.own if self.training or self.old is None else self.old

    def xhat(self, mean: Array | None = None, var: Array | None = None) -> Array:
        """Normalise with the statistics in use, or with others."""
        mean, var = self.used[0] if mean is None else mean, self.used[1] if var is None else var
        return np.asarray((self.rows - mean) / np.sqrt(var + self.eps))

    def affine(self, xhat: Array) -> Array:
        """Scale and shift."""
        return self.gamma * xhat + self.beta

    def updated(self, mean: Any = None, var: Any = None) -> Pair | None:
        """Return the running statistics after this batch, or after one with other statistics."""
        if self.old is None or not self.training:
            return self.old
        m = len(self.rows)
        correction = m / (m - self.ddof) if m > self.ddof else np.nan
        mean = self.own[0] if mean is None else mean
        var = correction * self.own[1] if var is None else var
        keep = 1 - self.share
        return keep * self.old[0] + self.share * mean, keep * self.old[1] + self.share * var

    def back(self, rows: Array) -> Array:
        """Give rows[m,C] the shape of x."""
        moved = (self.shape[0], *self.shape[2:], self.shape[1])
        return np.moveaxis(np.asarray(rows).reshape(moved), -1, 1)


def rows_of(x: Array) -> Array:
    """Stand the features (or channels) of x in columns."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


Wrong = Callable[[Batch], "dict[str, Any] | None"]


def forward(name: str, **facts: Any) -> Callable[[Wrong], Mistake]:
    """Register a wrong batch_norm that tells what is wrong: "y" as rows, and "running" as (mean, var)."""

    def register(wrong: Wrong) -> Mistake:
        def mistaken(
            x: Any,
            running_mean: Any,
            running_var: Any,
            gamma: Any = None,
            beta: Any = None,
            training: bool = False,
            momentum: float = 0.1,
            eps: float = 1e-5,
            momentum_on: str = "batch",
            running_ddof: int = 0,
            return_running: bool = False,
        ) -> Any:
            settings = (training, momentum, eps, momentum_on, running_ddof)
            batch = Batch.of(x, running_mean, running_var, gamma, beta, *settings)
            with np.errstate(all="ignore"):
                found = wrong(batch)
            if found is None:
                return None
            y = batch.back(found.get("y", batch.affine(batch.xhat())))
            running = found.get("running", batch.updated())
            if not return_running or running is None:
                return y
            return (y, *(np.array(s, float) for s in running))

        return mistake(batch_norm, name, **facts)(lend_hint(mistaken, wrong))

    return register


Gradient = Callable[[Batch, Array], "dict[str, Array] | None"]


def backward(name: str, **facts: Any) -> Callable[[Gradient], Mistake]:
    """Register a wrong backward pass: a function of the Batch and dy as rows giving what is wrong, by name."""

    def register(wrong: Gradient) -> Mistake:
        def mistaken(
            dy: Any,
            x: Any,
            running_mean: Any,
            running_var: Any,
            gamma: Any = None,
            beta: Any = None,
            training: bool = False,
            momentum: float = 0.1,
            eps: float = 1e-5,
            momentum_on: str = "batch",
            running_ddof: int = 0,
            return_running: bool = False,
        ) -> Any:
            settings = (training, momentum, eps, momentum_on, running_ddof)
            batch = Batch.of(x, running_mean, running_var, gamma, beta, *settings)
            rows = rows_of(np.asarray(dy, float))
            found = {
                "dx": dx(batch, rows),
                "dgamma": (rows * batch.xhat()).sum(axis=0),
                "dbeta": rows.sum(axis=0),
            }
            found |= wrong(batch, rows) or {}
            found["dx"] = batch.back(found["dx"])
            return (
                found["dx"],
                None if gamma is None else found["dgamma"],
                None if beta is None else found["dbeta"],
            )

        return mistake(batch_norm, name, part="backward", **facts)(lend_hint(mistaken, wrong))

    return register


def dx(
    b: Batch, dy: Array, mean_term: float = 1.0, var_term: float = 1.0, scale: Array | None = None
) -> Array:
    """Carry dy[m,C] back to x; the two terms are the paths through mean and variance."""
    xhat = b.xhat()
    g = dy * (b.gamma if scale is None else scale)
    if b.training:
        g = g - mean_term * g.mean(axis=0) - var_term * xhat * (g * xhat).mean(axis=0)
    return g / np.sqrt(b.used[1] + b.eps)
