"""Mistakes of normalising data: measuring mean and spread of a column, and using them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import standardize_apply, standardize_fit
from reference.op import Array


def _fit(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong fit: a function of x and ddof returning only what is wrong, mu and sigma by name."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(x: Any, ddof: int = 0) -> tuple[Array, Array] | None:
            mu, sigma = standardize_fit(x, ddof)
            with np.errstate(all="ignore"):
                found = wrong(np.asarray(x, float), ddof)
            if found is None:
                return None
            return np.asarray(found.get("mu", mu)), np.asarray(found.get("sigma", sigma))

        return mistake(standardize_fit, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_fit("global-statistics-repeated", family="scope")
def global_statistics_repeated(x: Array, ddof: int) -> dict[str, Any] | None:
    """You took one mean and one deviation over all columns and gave them to each.

    Every feature has its own. Measure over the examples only, axis=0.
    """
    if x.ndim < 2:
        return None
    return {"mu": np.full(x.shape[1], x.mean()), "sigma": np.full(x.shape[1], x.std(ddof=ddof))}


@_fit("global-mean", family="scope")
def global_mean(x: Array, ddof: int) -> dict[str, Any]:
    """You took one mean over all columns.

    Every feature has its own mean. Average over the examples only, axis=0.
    """
    return {"mu": x.mean()}


@_fit("global-statistics", family="scope")
def global_statistics(x: Array, ddof: int) -> dict[str, Any]:
    """You took one mean and one standard deviation over all columns.

    Every feature has its own. Compute both over the examples only, axis=0.
    """
    return {"mu": x.mean(), "sigma": x.std(ddof=ddof)}


@_fit("statistics-per-example", family="orientation")
def statistics_per_example(x: Array, ddof: int) -> dict[str, Any] | None:
    """You averaged over the features of each example.

    A column is one feature. Average over the examples, axis=0.
    """
    if x.ndim < 2 or x.shape[1] <= ddof:
        return None
    return {"mu": x.mean(axis=1), "sigma": x.std(axis=1, ddof=ddof)}


@_fit("variance-for-sigma", family="omission", belief="divide-by-variance")
def variance_for_sigma(x: Array, ddof: int) -> dict[str, Any]:
    """Your sigma is the variance; the square root is missing.

    The standard deviation has the units of the data. Take the root.
    """
    return {"sigma": x.var(axis=0, ddof=ddof)}


@_fit("ddof-ignored", family="omission")
def ddof_ignored(x: Array, ddof: int) -> dict[str, Any]:
    """You divided by N; here the divisor is N - ddof, and ddof is not 0.

    Divide the sum of squares by the number that is asked for, N - ddof.
    """
    return {"sigma": x.std(axis=0)}


@_fit("ddof-always-one", family="convention")
def ddof_always_one(x: Array, ddof: int) -> dict[str, Any] | None:
    """You divided by N - 1; here the divisor is N - ddof, and ddof is not 1.

    Divide the sum of squares by the number that is asked for, N - ddof.
    """
    return {"sigma": x.std(axis=0, ddof=1)} if len(x) > 1 else None


@_fit("ddof-added", family="sign")
def ddof_added(x: Array, ddof: int) -> dict[str, Any]:
    """You divided by N + ddof.

    ddof is taken away: N - ddof. Change the sign.
    """
    return {"sigma": x.std(axis=0, ddof=-ddof)}


@_fit("ddof-in-the-mean", family="scope")
def ddof_in_the_mean(x: Array, ddof: int) -> dict[str, Any]:
    """You divided the sum for the mean by N - ddof.

    ddof concerns the variance only. Divide by N for the mean.
    """
    mu = x.sum(axis=0) / (len(x) - ddof)
    return {"mu": mu, "sigma": np.sqrt(((x - mu) ** 2).sum(axis=0) / (len(x) - ddof))}


@_fit("squares-not-centred", family="omission")
def squares_not_centred(x: Array, ddof: int) -> dict[str, Any]:
    """Your sigma comes from the squares of x itself; the mean was not subtracted.

    The standard deviation measures distances from the mean. Square x - mu.
    """
    return {"sigma": np.sqrt((x**2).sum(axis=0) / (len(x) - ddof))}


@_fit("sum-not-divided", family="omission")
def sum_not_divided(x: Array, ddof: int) -> dict[str, Any]:
    """Your sigma is the root of the sum of squares; it was not divided by N - ddof.

    The variance is a mean. Divide by N - ddof before taking the root.
    """
    return {"sigma": np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=0))}


@_fit("rooted-before-dividing", family="order")
def rooted_before_dividing(x: Array, ddof: int) -> dict[str, Any]:
    """You take the root of the sum of squares and divide by N - ddof afterwards.

    The variance is a mean, and sigma its root: divide first, then take the root.
    """
    return {"sigma": np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=0)) / (len(x) - ddof)}


@_fit("mean-absolute-deviation", family="wrong-op")
def mean_absolute_deviation(x: Array, ddof: int) -> dict[str, Any]:
    """Your sigma is the mean absolute distance from the mean.

    The standard deviation squares the distances, averages and takes the root. Replace abs by squares.
    """
    return {"sigma": np.abs(x - x.mean(axis=0)).sum(axis=0) / (len(x) - ddof)}


@_fit("median-for-mean", family="wrong-op")
def median_for_mean(x: Array, ddof: int) -> dict[str, Any]:
    """Your mu is the median.

    The mean is the sum divided by N. Use np.mean.
    """
    return {"mu": np.median(x, axis=0)}


@_fit("range-for-sigma", family="wrong-op")
def range_for_sigma(x: Array, ddof: int) -> dict[str, Any]:
    """Your sigma is the range, maximum minus minimum.

    That would be min-max scaling. Compute the standard deviation.
    """
    return {"sigma": np.ptp(x, axis=0)}


@_fit("min-max-scaling", family="wrong-op")
def min_max(x: Array, ddof: int) -> dict[str, Any]:
    """You returned minimum and range; with them the data are scaled to 0..1.

    Normalising means mean 0 and standard deviation 1. Return mean and standard deviation.
    """
    return {"mu": x.min(axis=0), "sigma": np.ptp(x, axis=0)}


@_fit("returns-swapped", family="swap")
def returns_swapped(x: Array, ddof: int) -> dict[str, Any]:
    """You returned sigma before mu.

    The order is (mu, sigma). Exchange the two.
    """
    return {"mu": x.std(axis=0, ddof=ddof), "sigma": x.mean(axis=0)}


# ------------------------------------------------------------------------------------ applying


def _apply(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong z of x, mu and sigma."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(x: Any, mu: Any, sigma: Any) -> Array | None:
            with np.errstate(all="ignore"):
                found = wrong(np.asarray(x, float), np.asarray(mu, float), np.asarray(sigma, float))
            return None if found is None else np.asarray(found)

        return mistake(standardize_apply, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_apply("only-the-mean-divided", family="order")
def only_the_mean_divided(x: Array, mu: Array, sigma: Array) -> Array:
    """You divided the mean alone by sigma: x - mu / sigma.

    Division comes before subtraction. Put parentheses: (x - mu) / sigma.
    """
    return x - mu / sigma


@_apply("no-centre", family="omission")
def no_centre(x: Array, mu: Array, sigma: Array) -> Array:
    """You divided by sigma without subtracting the mean.

    z = (x - mu) / sigma. Subtract mu first.
    """
    return x / sigma


@_apply("no-scale", family="omission")
def no_scale(x: Array, mu: Array, sigma: Array) -> Array:
    """You subtracted the mean but did not divide by sigma.

    z = (x - mu) / sigma. Divide by sigma.
    """
    return x - mu


@_apply("divides-by-variance", family="scale", belief="divide-by-variance")
def divides_by_variance(x: Array, mu: Array, sigma: Array) -> Array:
    """You divided by sigma squared.

    That leaves variance 1/sigma^2 and units behind. Divide by sigma.
    """
    return (x - mu) / sigma**2


@_apply("divides-by-root-of-sigma", family="wrong-op")
def divides_by_root(x: Array, mu: Array, sigma: Array) -> Array:
    """You divided by the root of sigma.

    sigma already is the standard deviation, not the variance. Divide by sigma itself.
    """
    return (x - mu) / np.sqrt(sigma)


@_apply("normalises-with-own-statistics", family="scope", belief="refit-on-test")
def own_statistics(x: Array, mu: Array, sigma: Array) -> Array | None:
    """You measured mean and standard deviation again on the data to be transformed.

    Test data are transformed with the statistics of the training data. Use the mu and sigma you are given.
    """
    own = x.std(axis=0)
    return None if np.any(own < 1e-9) else (x - x.mean(axis=0)) / own


@_apply("own-mean-used", family="scope", belief="refit-on-test")
def own_mean(x: Array, mu: Array, sigma: Array) -> Array:
    """You subtracted the mean of the data to be transformed instead of mu.

    The mean comes from the training data. Subtract the mu you are given.
    """
    return (x - x.mean(axis=0)) / sigma


@_apply("own-sigma-used", family="scope", belief="refit-on-test")
def own_sigma(x: Array, mu: Array, sigma: Array) -> Array | None:
    """You divided by the standard deviation of the data to be transformed instead of sigma.

    The spread comes from the training data. Divide by the sigma you are given.
    """
    own = x.std(axis=0)
    return None if np.any(own < 1e-9) else (x - mu) / own


@_apply("mean-added", family="sign")
def mean_added(x: Array, mu: Array, sigma: Array) -> Array:
    """You added the mean instead of subtracting it.

    z = (x - mu) / sigma. Change the sign.
    """
    return (x + mu) / sigma


@_apply("distance-negated", family="sign")
def distance_negated(x: Array, mu: Array, sigma: Array) -> Array:
    """You subtracted x from the mean.

    z = (x - mu) / sigma is positive above the mean. Exchange the two.
    """
    return (mu - x) / sigma


@_apply("divided-before-centring", family="order")
def divided_before_centring(x: Array, mu: Array, sigma: Array) -> Array:
    """You divided only x by sigma, then subtracted mu; a pair of brackets is missing.

    z = (x - mu) / sigma. Put x - mu in brackets.
    """
    return x / sigma - mu


@_apply("multiplied-by-sigma", family="wrong-op")
def multiplied_by_sigma(x: Array, mu: Array, sigma: Array) -> Array:
    """You multiplied by sigma.

    z = (x - mu) / sigma. Divide instead.
    """
    return (x - mu) * sigma
