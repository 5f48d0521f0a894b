"""Convolution along one axis: filters that look into the past only, and a perceptron slid along a signal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.op import Array, Case, ShapeError, op, whole

__all__ = ["causal_conv1d", "perceptron_convolution"]


# ------------------------------------------------------------------------------------- causal_conv1d


@op("x[T], w[K] -> y[T]", source="lecture S4:211")
def causal_conv1d(x: Array, w: Array, dilation: int = 1) -> Array:
    """Filter a signal using its present and past only.

    y[t] = sum over j of  w[j] * x[t - (K-1-j)*dilation],   x = 0 before the start

    so that the last weight w[K-1] meets the present and w[0] the oldest sample. The result is as long as x.

    What surprises: the taps are in the order in which time runs (no flip), as with `conv2d` on a signal that
    is framed with (K-1)*dilation zeros on the left alone. A signal shorter than the filter is no error.

    >>> import numpy as np
    >>> causal_conv1d(np.arange(1.0, 9), np.array([10.0, 1.0]), dilation=2)
    array([ 1.,  2., 13., 24., 35., 46., 57., 68.])
    """
    dilation = whole("dilation", dilation, 1)
    K = len(w)
    y = np.zeros(len(x), x.dtype)
    for t in range(len(x)):
        for j in range(K):
            past = t - (K - 1 - j) * dilation
            if past >= 0:
                y[t] += w[j] * x[past]
    return y


@causal_conv1d.fast
def causal_conv1d_forward(x: Array, w: Array, dilation: Any) -> tuple[Array, Any]:
    dilation = whole("dilation", dilation, 1)
    y = np.zeros(len(x), x.dtype)
    for weight, delay in _taps(x, w, dilation):
        y[delay:] += weight * x[: len(x) - delay]
    return y, (x, w, dilation)


def _taps(x: Array, w: Array, dilation: int) -> Iterator[tuple[Any, int]]:
    """Yield each weight with its delay; a delay of the whole signal reads nothing."""
    for j, weight in enumerate(w):
        yield weight, min((len(w) - 1 - j) * dilation, len(x))


@causal_conv1d.gradient
def causal_conv1d_backward(saved: Any, dy: Array) -> tuple[Array, Array]:
    x, w, dilation = saved
    dx, dw = np.zeros_like(x), np.empty_like(w)
    for j, (weight, delay) in enumerate(_taps(x, w, dilation)):
        dx[: len(x) - delay] += weight * dy[delay:]
        dw[j] = dy[delay:] @ x[: len(x) - delay]
    return dx, dw


@causal_conv1d.samples
def causal_conv1d_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, length, taps, dilation in (
        ("plain", 8, 3, 1),
        ("dilation", 9, 2, 3),
        ("dilation with several taps", 12, 4, 2),
        ("one tap", 5, 1, 2),
        ("filter longer than the signal", 3, 4, 2),
    ):
        yield Case(name, {"x": rng.normal(size=length), "w": rng.normal(size=taps)}, {"dilation": dilation})


# ---------------------------------------------------------------------------- perceptron_convolution


@op("x[T], w[K], b[] -> out[S]", source="lecture S1:11-23")
def perceptron_convolution(x: Array, w: Array, b: Array) -> Array:
    """Slide one perceptron along a signal, with the same weights and threshold everywhere.

    out[t] = 1 if  sum over j of w[j] * x[t+j] + b > 0,  else 0,   t = 0 .. T-K

    Raises ShapeError when there are more weights than samples.

    What surprises: a sum of exactly 0 gives 0. The output jumps, so there is no useful gradient and no
    `backward`. A sum that is NaN stays NaN.

    >>> import numpy as np
    >>> perceptron_convolution(np.array([0.0, 0, 1, 1, 1, 0, 0, 1]), np.array([-1.0, 1.0]), -0.5)
    array([0., 1., 0., 0., 0., 0., 1.])
    """
    _check_length(x, w)
    out = np.empty(len(x) - len(w) + 1, x.dtype)
    for t in range(len(out)):
        a = np.sum(w * x[t : t + len(w)]) + b
        out[t] = a if np.isnan(a) else a > 0
    return out


def _check_length(x: Array, w: Array) -> None:
    if len(w) > len(x):
        raise ShapeError(f"w has {len(w)} weights, but x only {len(x)} samples.", "use a longer signal.")


@perceptron_convolution.fast
def perceptron_convolution_forward(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
    _check_length(x, w)
    a = np.lib.stride_tricks.sliding_window_view(x, len(w)) @ w + b
    return np.heaviside(a, a.dtype.type(0)), None


@perceptron_convolution.samples
def perceptron_convolution_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, length, weights in (("plain", 8, 3), ("one weight", 5, 1), ("as long as the signal", 4, 4)):
        x, w = rng.normal(size=length), rng.normal(size=weights)
        yield Case(name, {"x": x, "w": w, "b": rng.normal(size=())})
    rises = np.array([0.0, 0, 1, 1, 1, 0, 0, 1])
    yield Case("rising edges", {"x": rises, "w": np.array([-1.0, 1.0]), "b": np.array(-0.5)})
