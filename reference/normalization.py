"""Bring features to mean 0 and variance 1: once for the data, batch by batch inside a network.

Rows are examples. The lectures divide by m - 1 when normalising data and by m in batch normalisation; both
are here, the first as `ddof`. Nothing is changed in place: running statistics go in as arrays and come back
as new ones, see `batch_norm`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from reference.kernels import kernel
from reference.op import Array, Case, InputError, Op, ShapeError, examples, flag, op, whole
from reference.shapes import short

__all__ = [
    "BatchNormParameters",
    "batch_norm",
    "batch_norm_parameters",
    "running_average",
    "standardize",
    "standardize_apply",
    "standardize_fit",
]


def real(name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> float:
    """Return `value` as a float between `least` and `most`; refuse NaN, infinities and what is no number."""
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{name} must be a finite number, not {short(value)}.", f"write {name} like 0.1.")
    if not least <= number <= most:
        limits = f"at least {least:g}" if most == math.inf else f"between {least:g} and {most:g}"
        raise InputError(f"{name} must be {limits}, not {number:g}.", f"choose another {name}.")
    return number


def choice(name: str, value: Any, *options: str) -> str:
    """Return `value`, which must be one of the given words."""
    if not isinstance(value, str) or value not in options:
        words = " or ".join(f'"{option}"' for option in options)
        raise InputError(
            f"{name} must be {words}, not {short(value)}.", f'write {name}="{options[0]}" or the like.'
        )
    return value


# ------------------------------------------------------------------------------------------ standardize


@op("x[N,...] -> mu[...], sigma[...]", source="lecture S0:34-41 (E02, E03)")
def standardize_fit(x: Array, ddof: int = 0) -> tuple[Array, Array]:
    """Measure mean and standard deviation of every feature over the examples (the first axis).

    mu[d] = 1/N * sum over n of x[n,d],   sigma[d] = sqrt( 1/(N - ddof) * sum over n of (x[n,d] - mu[d])^2 )

    `ddof` is 0 (divide by N, NumPy's default) or 1 (divide by N - 1, as this slide does).

    Raises InputError when N - ddof is not positive.

    What surprises: the sums run over N examples, not over 0..m as on the slide. Fit on training data only;
    test data are transformed with the same mu and sigma. A feature that never varies has sigma 0.

    >>> import numpy as np
    >>> standardize_fit(np.array([2.0, 4, 4, 4, 5, 5, 7, 9]))
    (array(5.), array(2.))
    """
    mu, sigma = np.zeros(x.shape[1:], x.dtype), np.zeros(x.shape[1:], x.dtype)
    divisor = _divisor(x, ddof)
    for d in np.ndindex(mu.shape):
        for n in range(len(x)):
            mu[d] += x[n, *d] / len(x)
        for n in range(len(x)):
            sigma[d] += (x[n, *d] - mu[d]) ** 2 / divisor
    return mu, np.asarray(np.sqrt(sigma))


def _divisor(x: Array, ddof: Any) -> int:
    if len(x) <= (ddof := whole("ddof", ddof)):
        raise InputError(
            f"ddof = {ddof} leaves nothing of {len(x)} examples to divide by.", "use more examples."
        )
    return len(x) - ddof


@standardize_fit.fast
def standardize_fit_forward(x: Array, ddof: Any) -> tuple[tuple[Array, Array], None]:
    divisor = _divisor(x, ddof)
    mu = np.asarray(x.mean(axis=0, dtype=np.float64).astype(x.dtype))
    squares = np.square(x - mu).sum(axis=0, dtype=np.float64) / divisor
    return (mu, np.asarray(np.sqrt(squares), x.dtype)), None


@standardize_fit.samples
def standardize_fit_cases(rng: np.random.Generator) -> Iterator[Case]:
    def data(*shape: int) -> dict[str, Array]:
        return {"x": rng.normal(2, 3, size=shape)}

    yield Case("plain", data(6, 3))
    yield Case("divide by N - 1", data(5, 2), {"ddof": 1})
    yield Case("one feature", data(7))
    yield Case("images", data(4, 2, 3, 3), {"ddof": 1})
    yield Case("one example", data(1, 3))


@op("x[N,...], mu[...], sigma[...] -> z[N,...]", source="lecture S0:34-41 (E01)")
def standardize_apply(x: Array, mu: Array, sigma: Array) -> Array:
    """Subtract the mean of every feature and divide by its standard deviation.

    z[n,d] = (x[n,d] - mu[d]) / sigma[d]

    What surprises: the slide divides by sigma squared, which leaves variance 1/sigma^2 and units behind; that
    is wrong unless sigma is 1. A feature with sigma 0 gives NaN (0/0): drop it or set its sigma to 1.

    >>> import numpy as np
    >>> standardize_apply(np.array([[0.5, 1000], [2, 0]]), np.array([0.5, 500]), np.array([0.5, 500]))
    array([[ 0.,  1.],
           [ 3., -1.]])
    """
    z = np.empty_like(x)
    for n, *d in np.ndindex(x.shape):
        z[n, *d] = (x[n, *d] - mu[*d]) / sigma[*d]
    return z


@standardize_apply.fast
def standardize_apply_forward(x: Array, mu: Array, sigma: Array) -> tuple[Array, Any]:
    z = (x - mu) / sigma
    return z, (z.copy(), sigma)  # a copy: the caller may go on working in the result


@standardize_apply.gradient
def standardize_apply_backward(saved: Any, dz: Array) -> tuple[Array, Array, Array]:
    z, sigma = saved
    dx = dz / sigma
    return dx, np.asarray(-dx.sum(axis=0)), np.asarray(-(dx * z).sum(axis=0))


@standardize_apply.samples
def standardize_apply_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("plain", (5, 3)), ("one feature", (4,)), ("images", (2, 2, 3, 3))):
        sigma = rng.uniform(0.5, 3, size=shape[1:])
        inputs = {"x": rng.normal(2, 3, size=shape), "mu": rng.normal(size=shape[1:]), "sigma": sigma}
        yield Case(name, {k: np.asarray(v) for k, v in inputs.items()})


@dataclass(frozen=True)
class Standardize:
    """Fit on training data, apply to everything: `z = standardize.apply(x, *standardize.fit(train))`."""

    fit: Op[..., tuple[Array, Array]]
    apply: Op[..., Array]


standardize = Standardize(standardize_fit, standardize_apply)


# ------------------------------------------------------------------------------------------- batch norm


@op("running[...], batch[...] -> updated[...]", source="lecture S3:395-409 (beyond the lectures, E52)")
def running_average(running: Array, batch: Array, momentum: float = 0.1, momentum_on: str = "batch") -> Array:
    """Move a running statistic towards the statistic of a new batch.

    updated = (1 - momentum) * running + momentum * batch      with momentum_on="batch" (PyTorch, this course)
    updated = momentum * running + (1 - momentum) * batch      with momentum_on="running" (Keras)

    Raises InputError when momentum is outside 0..1.

    What surprises: the two conventions mirror each other, so 0.1 in one library is 0.9 in another.

    >>> import numpy as np
    >>> running_average(np.array([1.0]), np.array([3.0]), 0.25)
    array([1.5])
    >>> running_average(np.array([1.0]), np.array([3.0]), 0.25, momentum_on="running")
    array([2.5])
    """
    share = _share(momentum, momentum_on)
    return np.asarray((1 - share) * running + share * batch)


def _share(momentum: Any, momentum_on: Any) -> float:
    """Return the weight of the new batch."""
    momentum = real("momentum", momentum, 0, 1)
    return momentum if choice("momentum_on", momentum_on, "batch", "running") == "batch" else 1 - momentum


@running_average.gradient
def running_average_backward(saved: Any, dy: Array) -> tuple[Array, Array]:
    share = _share(*saved[2:])
    return np.asarray((1 - share) * dy), np.asarray(share * dy)


@running_average.samples
def running_average_cases(rng: np.random.Generator) -> Iterator[Case]:
    def pair_of(*shape: int) -> dict[str, Array]:
        return {"running": np.asarray(rng.normal(size=shape)), "batch": np.asarray(rng.normal(size=shape))}

    yield Case("plain", pair_of(3))
    yield Case("one number", pair_of(), {"momentum": 0.3})
    yield Case("momentum on the running value", pair_of(4), {"momentum": 0.9, "momentum_on": "running"})


@op(
    "x[N,C,...], running_mean[C]?:const, running_var[C]?:const, gamma[C]?, beta[C]? "
    "-> y[N,C,...], updated_mean[C]?, updated_var[C]?",
    source="lecture S3:383-414, S4:1023-1066 (E52, E72, E73, E74)",
)
def batch_norm(
    x: Array,
    running_mean: Array | None,
    running_var: Array | None,
    gamma: Array | None = None,
    beta: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    momentum_on: str = "batch",
    running_ddof: int = 0,
    return_running: bool = False,
) -> Array | tuple[Array, Array, Array]:
    """Normalise every channel with statistics of the batch (training) or with running ones (test).

    xhat = (x - mean) / sqrt(var + eps),   y = gamma * xhat + beta      for each channel (or feature) c

    In training, mean = 1/m * sum of x[:,c] and var = 1/m * sum of (x[:,c] - mean)^2, over all m = N examples
    of a feature (x[N,D]) or all m = N*H*W entries of a channel (x[N,C,H,W]). At test time they are
    running_mean and running_var. A missing gamma counts as 1, a missing beta as 0. Backward in training goes
    through mean and var, too: dx = gamma / (m sqrt(var + eps)) * (m dy - sum dy - xhat * sum(dy * xhat)).

    Nothing is updated in place. With `return_running` the result is (y, updated_mean, updated_var): in
    training `running_average` of the old statistics and the batch's, at test time the old ones. Backward
    takes dy alone.

    Conventions: this course weighs the batch with `momentum` and keeps the biased variance (1/m). Keras says
    momentum_on="running"; PyTorch keeps the unbiased variance, running_ddof=1, but it too normalises by 1/m.

    Raises InputError when statistics are missing that are needed, and for settings outside their range.

    What surprises: xhat has mean 0 and variance var/(var + eps), y has mean beta. There is one gamma and one
    beta per channel and no alpha. A bias before this layer does nothing; "avoid bias" is not what it is for.
    With m = 1 every y is beta (and without eps 0/0, NaN). Default is test mode, as in PyTorch.

    >>> import numpy as np
    >>> x = np.array([[1.0], [2], [3], [4]])
    >>> y, mean, var = batch_norm(x, [0.0], [1.0], [2.0], [1.0], training=True, eps=0.0, return_running=True)
    >>> y.ravel().round(4).tolist(), mean, var
    ([-1.6833, 0.1056, 1.8944, 3.6833], array([0.25]), array([1.025]))
    """
    C, m = x.shape[1], x.size // x.shape[1]
    settings = training, momentum, eps, momentum_on, running_ddof, return_running
    how = _settings(m, running_mean, running_var, *settings)
    y, mean, var = np.empty_like(x), np.empty(C, x.dtype), np.empty(C, x.dtype)
    for c in range(C):
        channel = x[:, c]
        mean[c] = np.sum(channel) / m if how.training else running_mean[c]  # type: ignore[index]
        var[c] = np.sum((channel - mean[c]) ** 2) / m if how.training else running_var[c]  # type: ignore[index]
        xhat = (channel - mean[c]) / np.sqrt(var[c] + how.eps)
        y[:, c] = (1 if gamma is None else gamma[c]) * xhat + (0 if beta is None else beta[c])
    return (y, *_updated(running_mean, running_var, mean, var, how)) if return_running else y


class _Settings(NamedTuple):
    """How to normalise: `share` weighs a new batch, `correction` takes 1/m to the chosen divisor."""

    training: bool
    eps: float
    share: float
    correction: float


def _settings(m: int, mean: Any, var: Any, *settings: Any) -> _Settings:
    training, momentum, eps, momentum_on, ddof, tracked = settings
    training, tracked = flag("training", training), flag("return_running", tracked)
    ddof = whole("running_ddof", ddof)
    for name, given in (("running_mean", mean), ("running_var", var)):
        if given is None and (tracked or not training):
            raise InputError(
                f"{name} is None, but it is needed {'to be updated' if training else 'at test time'}.",
                "start with zeros for running_mean and ones for running_var.",
            )
    if training and tracked and m <= ddof:
        raise ShapeError(
            f"running_ddof = {ddof} leaves nothing of {m} entries per channel.", "use a larger batch."
        )
    correction = m / (m - ddof) if m > ddof else math.nan
    return _Settings(training, real("eps", eps, 0), _share(momentum, momentum_on), correction)


def _updated(old_mean: Any, old_var: Any, mean: Any, var: Any, how: _Settings) -> tuple[Array, Array]:
    if not how.training:
        return old_mean.copy(), old_var.copy()
    keep, share = 1 - how.share, how.share
    return keep * old_mean + share * mean, keep * old_var + share * (how.correction * var)


@batch_norm.fast
def batch_norm_forward(
    x: Array, running_mean: Any, running_var: Any, gamma: Any, beta: Any, *settings: Any
) -> tuple[Any, Any]:
    how = _settings(x.size // x.shape[1], running_mean, running_var, *settings)
    fast = kernel("normalization") if how.training else None
    if fast is not None:
        y, mean, var, scale = fast.batch_norm(x, gamma, beta, how.eps)
    else:
        mean, var = _batch_statistics(x) if how.training else (running_mean, running_var)
        scale = 1 / np.sqrt(var + how.eps)
        y = (x - _along(mean, x)) * _along(scale, x)
        if gamma is not None:
            y *= _along(gamma, x)
        if beta is not None:
            y += _along(beta, x)
    result = (y, *_updated(running_mean, running_var, mean, var, how)) if settings[-1] else y
    return result, (x, mean, scale, gamma, beta is not None, how.training)


def _along(values: Array, x: Array) -> Array:
    """Stand one value per channel so that it meets the second axis of x."""
    return values.reshape(-1, *[1] * (x.ndim - 2))


def _batch_statistics(x: Array) -> tuple[Array, Array]:
    """Return mean and biased variance per channel, summed in double precision."""
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes, dtype=np.float64).astype(x.dtype)
    return mean, np.square(x - _along(mean, x)).mean(axis=axes, dtype=np.float64).astype(x.dtype)


@batch_norm.gradient
def batch_norm_backward(saved: Any, dy: Array) -> tuple[Array, Array | None, Array | None]:
    x, mean, scale, gamma, with_beta, training = saved
    fast = kernel("normalization") if training else None
    if fast is not None:
        dx, dgamma, dbeta = fast.batch_norm_gradient(dy, x, mean, scale, gamma)
        return dx, None if gamma is None else dgamma, dbeta if with_beta else None
    xhat = (x - _along(mean, x)) * _along(scale, x)
    axes = (0, *range(2, dy.ndim))
    total, weighted = dy.sum(axis=axes), (dy * xhat).sum(axis=axes)
    factor = _along(scale if gamma is None else scale * gamma, dy)
    dx = dy * factor
    if training:
        m = dy.size // dy.shape[1]
        dx -= factor / m * (_along(total, dy) + xhat * _along(weighted, dy))
    return dx, None if gamma is None else weighted, total if with_beta else None


@batch_norm.samples
def batch_norm_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, without: tuple[str, ...] = (), **params: Any) -> Case:
        C = shape[1]
        inputs = {
            "x": rng.normal(2, 3, size=shape),
            "running_mean": rng.normal(size=C),
            "running_var": rng.uniform(0.5, 4, size=C),
            "gamma": rng.uniform(0.5, 2, size=C),
            "beta": rng.normal(size=C),
        }
        return Case(name, {k: v for k, v in inputs.items() if k not in without}, params)

    yield case("training", 6, 3, training=True)
    yield case("test", 4, 3)
    yield case("training on images", 3, 2, 3, 4, training=True)
    yield case("test on images", 2, 3, 3, 2, training=False)
    yield case("training on sequences", 3, 2, 5, training=True, eps=0.1)
    yield case("updated statistics", 5, 2, training=True, momentum=0.3, return_running=True)
    yield case("unbiased running variance", 4, 2, training=True, running_ddof=1, return_running=True)
    keras: dict[str, Any] = {"momentum": 0.9, "momentum_on": "running"}
    yield case("momentum on the running value", 4, 2, 2, 2, training=True, return_running=True, **keras)
    yield case("test leaves the statistics", 4, 2, return_running=True)
    yield case("no gamma", 5, 2, training=True, without=("gamma",))
    yield case("no gamma and beta at test time", 5, 2, without=("gamma", "beta"))
    yield case("two examples", 2, 3, training=True, eps=0.5)


# ------------------------------------------------------------------------------------------- parameters


class BatchNormParameters(NamedTuple):
    """Numbers that are learned, and numbers that are only measured while training."""

    learned: int
    measured: int


@op("channels -> learned, measured", source="lecture S4:1028-1035 (E74)")
def batch_norm_parameters(channels: int) -> BatchNormParameters:
    """Count the parameters of batch normalisation: gamma and beta, running mean and variance, per channel.

    learned = 2 * channels,   measured = 2 * channels

    What surprises: the size of the maps does not matter, and the slide's third letter, alpha, does not exist.

    >>> batch_norm_parameters(3)
    BatchNormParameters(learned=6, measured=6)
    """
    channels = whole("channels", channels, 1)
    return BatchNormParameters(2 * channels, 2 * channels)


batch_norm_parameters.samples(examples(colours={"channels": 3}, filters={"channels": 64}))
