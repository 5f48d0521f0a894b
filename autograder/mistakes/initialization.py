"""Mistakes of initial weights and of watching activations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import activation_statistics, initialization_std
from reference.op import Array

Functions = dict[str, Callable[..., Any]]


# ----------------------------------------------------------------------------------------- weights


def _weights(name: str, family: str, kind: str = "value") -> Callable[[Callable[..., Any]], Mistake]:
    """Register other weights: a function of the right init_weights and its arguments; None keeps the right ones."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            def init_weights(fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
                found = wrong(right["init_weights"], fan_in, fan_out, scheme, rng)
                return right["init_weights"](fan_in, fan_out, scheme, rng) if found is None else found

            return {**right, "init_weights": init_weights}

        spoilt.__doc__, spoilt.__name__ = wrong.__doc__, wrong.__name__
        return mistake("init_weights", name, family=family, kind=kind)(spoilt)

    return register


def _spread(fan_in: int, fan_out: int, scheme: str) -> float:
    if scheme == "small":
        return 0.01
    return float(initialization_std(fan_in, fan_out, "he" if scheme == "he" else "xavier"))


def _drawn(rng: Any, scheme: str, std: float, shape: tuple[int, int]) -> Array:
    """Draw with another spread, evenly where the scheme is uniform."""
    if scheme == "xavier_uniform":
        return np.asarray(rng.uniform(-math.sqrt(3) * std, math.sqrt(3) * std, size=shape))
    return np.asarray(rng.normal(0.0, std, size=shape))


@_weights("init-variance-for-std", "omission")
def variance_for_std(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used the variance as standard deviation.

    The schemes give variances: 2/fan_in, 2/(fan_in + fan_out). Take the square root.
    """
    if scheme in ("constant", "small"):
        return None
    return _drawn(rng, scheme, _spread(fan_in, fan_out, scheme) ** 2, (fan_out, fan_in))


@_weights("init-fan-out-for-fan-in", "swap")
def fan_out_for_fan_in(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used the number of outputs in the He scheme.

    A unit adds up fan_in products, so their number decides: variance 2/fan_in. Use fan_in.
    """
    return rng.normal(0.0, math.sqrt(2 / fan_out), (fan_out, fan_in)) if scheme == "he" else None


@_weights("init-he-without-2", "omission")
def he_without_2(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You left the factor 2 out of the He scheme.

    ReLU drops half of the signal, which the 2 makes up for: variance 2/fan_in. Add it.
    """
    return rng.normal(0.0, math.sqrt(1 / fan_in), (fan_out, fan_in)) if scheme == "he" else None


@_weights("init-xavier-fan-in-only", "convention")
def xavier_fan_in_only(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used variance 1/fan_in for Xavier, as some courses do; here it is 2/(fan_in + fan_out).

    Both keep the signal level; the text asks for the second. Use both fans.
    """
    if not scheme.startswith("xavier"):
        return None
    return _drawn(rng, scheme, math.sqrt(1 / fan_in), (fan_out, fan_in))


@_weights("init-xavier-without-2", "omission")
def xavier_without_2(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used variance 1/(fan_in + fan_out) for Xavier; the 2 is missing.

    The scheme takes the mean of both fans: variance 2/(fan_in + fan_out). Add the factor.
    """
    if not scheme.startswith("xavier"):
        return None
    return _drawn(rng, scheme, math.sqrt(1 / (fan_in + fan_out)), (fan_out, fan_in))


@_weights("init-he-is-xavier", "swap")
def he_is_xavier(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used the formula of Xavier for the scheme he.

    He looks at fan_in alone: variance 2/fan_in. Use it.
    """
    return right(fan_in, fan_out, "xavier_normal", rng) if scheme == "he" else None


@_weights("init-xavier-is-he", "swap")
def xavier_is_he(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used the formula of He for Xavier.

    Xavier looks at both fans: variance 2/(fan_in + fan_out). Use it.
    """
    if not scheme.startswith("xavier"):
        return None
    return _drawn(rng, scheme, math.sqrt(2 / fan_in), (fan_out, fan_in))


@_weights("init-limit-is-std", "omission")
def limit_is_std(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You used the standard deviation as the limit of the uniform distribution.

    Uniform numbers between -a and a have standard deviation a/sqrt(3). Multiply the limit by sqrt(3).
    """
    std = _spread(fan_in, fan_out, scheme) if scheme == "xavier_uniform" else 0.0
    return rng.uniform(-std, std, (fan_out, fan_in)) if std else None


@_weights("init-uniform-from-zero", "omission")
def uniform_from_zero(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You drew uniform weights between 0 and the limit.

    Weights have mean 0. Draw between -a and a.
    """
    if scheme != "xavier_uniform":
        return None
    return rng.uniform(0.0, math.sqrt(3) * _spread(fan_in, fan_out, scheme), (fan_out, fan_in))


@_weights("init-uniform-is-normal", "swap")
def uniform_is_normal(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You drew normal weights for the scheme xavier_uniform.

    The spread is right, the distribution is not. Draw with rng.uniform between -a and a.
    """
    return right(fan_in, fan_out, "xavier_normal", rng) if scheme == "xavier_uniform" else None


@_weights("init-normal-is-uniform", "swap")
def normal_is_uniform(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You drew uniform weights for the scheme xavier_normal.

    The spread is right, the distribution is not. Draw with rng.normal.
    """
    return right(fan_in, fan_out, "xavier_uniform", rng) if scheme == "xavier_normal" else None


@_weights("init-small-not-scaled", "omission")
def small_not_scaled(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """Your small weights have standard deviation 1.

    The scheme small is 0.01 times a standard normal draw. Multiply by 0.01.
    """
    return rng.normal(size=(fan_out, fan_in)) if scheme == "small" else None


@_weights("init-weights-transposed", "orientation")
def weights_transposed(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """Your W has shape (fan_in, fan_out).

    Here each row belongs to one unit: (fan_out, fan_in). Exchange the two.
    """
    return right(fan_in, fan_out, scheme, rng).T


@_weights("init-one-row-for-all", "scope")
def one_row_for_all(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You drew one row of weights and gave it to every unit.

    Equal units stay equal in training. Draw a whole array of shape (fan_out, fan_in).
    """
    if scheme == "constant":
        return None
    return np.tile(right(fan_in, fan_out, scheme, rng)[:1], (fan_out, 1))


@_weights("init-constant-drawn", "omission")
def constant_drawn(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You drew random weights for the scheme constant.

    It shows what equal weights do. Fill W with one number.
    """
    return right(fan_in, fan_out, "small", rng) if scheme == "constant" else None


@_weights("init-rng-reseeded", "scope")
def rng_reseeded(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You made a generator of your own with a fixed seed, so all layers start with the same numbers.

    Use the rng you are given for every random number.
    """
    return right(fan_in, fan_out, scheme, np.random.default_rng(0))


@_weights("init-global-random-used", "scope", kind="behaviour")
def global_random_used(right: Any, fan_in: int, fan_out: int, scheme: str, rng: Any) -> Any:
    """You drew with numpy's global generator instead of the one you are given.

    Nobody can repeat such a run. Use rng.normal and rng.uniform.
    """
    np.random.rand()  # noqa: NPY002 - the misbehaviour itself
    return None


# ------------------------------------------------------------------------------------- activations


def _stats(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register wrong statistics: a function of weights, x, activation giving (means, deviations)."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(weights: Any, x: Any, activation: Any = np.tanh) -> tuple[Array, Array] | None:
            found = wrong([np.asarray(w, float) for w in weights], np.asarray(x, float), activation)
            return None if found is None else (np.asarray(found[0]), np.asarray(found[1]))

        return mistake(activation_statistics, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _run(ws: Any, x: Array, act: Any, transpose: bool = False) -> tuple[list[Array], list[Array]]:
    """Return pre-activations and activations of all layers."""
    before, after = [], []
    for w in ws:
        before.append(x @ (w if transpose else w.T))
        x = act(before[-1])
        after.append(x)
    return before, after


def _measured(layers: list[Array]) -> tuple[list[float], list[float]]:
    return [h.mean() for h in layers], [h.std() for h in layers]


@_stats("stats-before-activation", family="scope")
def before_activation(ws: Any, x: Array, act: Any) -> Any:
    """You measured the sums before the activation.

    The statistics are those of h = act(...). Measure after the activation.
    """
    return _measured(_run(ws, x, act)[0])


@_stats("activation-forgotten", family="omission")
def activation_forgotten(ws: Any, x: Array, act: Any) -> Any:
    """You left the activation out.

    Each layer computes h = act(h @ W.T). Call act in every layer.
    """
    return _measured(_run(ws, x, lambda a: a)[1])


@_stats("activation-measured-but-not-handed-on", family="scope")
def activation_not_handed_on(ws: Any, x: Array, act: Any) -> Any:
    """You measure act(...), but hand the sum before the activation on to the next layer.

    The next layer reads h = act(h @ W.T) itself. Hand on what you measure.
    """
    sums = _run(ws, x, lambda a: a)[1]
    return _measured([act(a) for a in sums])


@_stats("activation-twice", family="scale")
def activation_twice(ws: Any, x: Array, act: Any) -> Any:
    """You applied the activation twice in each layer.

    Each layer computes h = act(h @ W.T) and hands h on. Apply act once.
    """
    return _measured(_run(ws, x, lambda a: act(act(a)))[1])


@_stats("weights-not-transposed", family="orientation")
def weights_not_transposed(ws: Any, x: Array, act: Any) -> Any:
    """You multiplied by W instead of its transpose; that runs only for square layers.

    W is [fan_out, fan_in] and rows are examples: h @ W.T. Transpose W.
    """
    return _measured(_run(ws, x, act, True)[1]) if all(w.shape[0] == w.shape[1] for w in ws) else None


@_stats("layers-not-chained", family="scope")
def layers_not_chained(ws: Any, x: Array, act: Any) -> Any:
    """You fed X to every layer.

    Each layer gets the activations of the one before. Overwrite h in the loop.
    """
    if any(w.shape[1] != x.shape[1] for w in ws):
        return None
    return _measured([act(x @ w.T) for w in ws])


@_stats("variance-for-std", family="omission")
def variance_for_deviation(ws: Any, x: Array, act: Any) -> Any:
    """You returned variances instead of standard deviations.

    The standard deviation is the root of the variance. Use np.std.
    """
    layers = _run(ws, x, act)[1]
    return [h.mean() for h in layers], [h.var() for h in layers]


@_stats("unbiased-deviation", family="convention")
def unbiased_deviation(ws: Any, x: Array, act: Any) -> Any:
    """You divided by the number of entries minus 1.

    Here the deviation divides by the number of entries, numpy's default. Leave ddof out.
    """
    layers = _run(ws, x, act)[1]
    return [h.mean() for h in layers], [h.std(ddof=1) for h in layers]


@_stats("input-counted-as-layer", family="off-by-one")
def input_counted(ws: Any, x: Array, act: Any) -> Any:
    """You measured the input X as well, so there is one entry too many.

    One entry for each layer's activations. Start measuring after the first layer.
    """
    return _measured([x, *_run(ws, x, act)[1]])


@_stats("shifted-by-one-layer", family="off-by-one")
def shifted(ws: Any, x: Array, act: Any) -> Any:
    """You measured what goes into each layer instead of what comes out.

    The entry of a layer describes its activations. Measure after act.
    """
    return _measured([x, *_run(ws, x, act)[1]][:-1])


@_stats("last-layer-only", family="scope")
def last_layer_only(ws: Any, x: Array, act: Any) -> Any:
    """You measured the last layer only.

    One entry for each layer. Append inside the loop.
    """
    return _measured(_run(ws, x, act)[1][-1:])


@_stats("statistics-per-unit", family="scope")
def per_unit(ws: Any, x: Array, act: Any) -> Any:
    """You averaged the deviations of the single units.

    One deviation over all examples and units of a layer. Use h.std() without axis.
    """
    layers = _run(ws, x, act)[1]
    return [h.mean() for h in layers], [h.std(axis=0).mean() for h in layers]


@_stats("returns-swapped", family="swap")
def stats_swapped(ws: Any, x: Array, act: Any) -> Any:
    """You returned the deviations before the means.

    The order is (mean, std). Exchange the two.
    """
    return _measured(_run(ws, x, act)[1])[::-1]
