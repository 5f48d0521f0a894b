"""The lecture's toy trainer: a network of any number of linear layers, one column per example.

This is the Matlab code of S1:324-356 with its slips mended (E29): the hidden layers run to the last but one, the
last layer is linear and followed by softmax, h{0} is the input, and back-propagation stops at the first layer.

Two conventions differ from the rest of this package, as on the slide: examples are *columns*, X[D,N], and the
gradients are *sums* over the examples; the division by their number is part of the update.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.checking.arguments import named, not_negative
from reference.op import Array, InputError, ShapeError, whole
from reference.shapes import as_float, short

__all__ = ["MLPCache", "mlp_backward", "mlp_forward", "mlp_hidden_gradients", "mlp_loss", "mlp_update"]


@dataclass(frozen=True, repr=False, eq=False)
class MLPCache:
    """What the forward pass hands to the others: weights, the input of every layer, the logarithms of P."""

    Ws: tuple[Array, ...]
    bias_shapes: tuple[tuple[int, ...] | None, ...]
    H: tuple[Array, ...]
    log_P: Array

    def __repr__(self) -> str:
        sizes = " -> ".join(str(n) for n in (len(self.H[0]), *map(len, self.Ws)))
        return f"<cache of mlp_forward, {sizes}, {self.log_P.shape[1]} examples>"


@named
def mlp_forward(
    X: Array, Ws: Sequence[Array], bs: Sequence[Array | None] | None = None
) -> tuple[Array, MLPCache]:
    """Run examples, one per column, through linear layers with ReLU between them and softmax at the end.

    H[0] = X,   H[i] = max(0, Ws[i-1] H[i-1] + bs[i-1]),   P = softmax of each column of (Ws[-1] H[-1] + bs[-1])

    X[D,N], Ws[i][M,D], bs[i][M,1] or [M]; without `bs`, or where one is None, a layer has no bias. Returns P[C,N]
    and the cache for `mlp_backward` and `mlp_loss`.

    Raises ShapeError naming the layer whose weights or bias do not fit.

    What surprises: columns are examples here, so softmax runs down each column. The last layer has no ReLU.

    Source: lecture S1:324-356, S1:246-275.

    >>> import numpy as np
    >>> P, cache = mlp_forward(np.array([[1.0, -1], [2, 0]]), [np.array([[1.0, 0], [0, 1]])], [np.zeros(2)])
    >>> P.round(4)
    array([[0.2689, 0.2689],
           [0.7311, 0.7311]])
    """
    X, Ws, bs = _floats(X, Ws, bs)
    _check_sizes(X, Ws, bs)
    H = [X]
    with np.errstate(all="ignore"):
        for W, b in zip(Ws, bs, strict=True):
            Z = W @ H[-1] + (0 if b is None else b.reshape(-1, 1))
            H.append(np.maximum(Z, 0))
        log_P = Z - Z.max(axis=0)
        log_P -= np.log(np.exp(log_P).sum(axis=0))
        shapes = tuple(None if b is None else b.shape for b in bs)
        return np.exp(log_P), MLPCache(tuple(Ws), shapes, tuple(H[:-1]), log_P)


def _floats(X: Any, Ws: Any, bs: Any) -> tuple[Array, list[Array], list[Any]]:
    for name, given in (("Ws", Ws), ("bs", bs)):
        if not isinstance(given, (list, tuple)) and not (name == "bs" and given is None):
            raise InputError(f"{name} is {short(given)}.", f"give {name} as a list, one per layer.")
    if not Ws:
        raise ShapeError("Ws is empty.", "give at least one layer.")
    bs = [None] * len(Ws) if bs is None else bs
    if len(bs) != len(Ws):
        raise ShapeError(f"bs has {len(bs)} entries, but Ws has {len(Ws)}.", "give one for each layer.")
    named = [
        ("X", X),
        *((f"Ws[{i}]", W) for i, W in enumerate(Ws)),
        *((f"bs[{i}]", b) for i, b in enumerate(bs)),
    ]
    arrays = [None if name[0] == "b" and value is None else as_float(name, value) for name, value in named]
    dtype = np.result_type(*(a for a in arrays if a is not None))
    arrays = [None if a is None else np.array(a, dtype, order="C") for a in arrays]
    return arrays[0], arrays[1 : 1 + len(Ws)], arrays[1 + len(Ws) :]  # type: ignore[return-value]


def _check_sizes(X: Array, Ws: list[Array], bs: list[Any]) -> None:
    if X.ndim != 2 or 0 in X.shape:
        raise ShapeError(f"X has shape {X.shape}, expected X[D,N].", "write one example per column.")
    rows = len(X)
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        if W.ndim != 2 or len(W) == 0 or W.shape[1] != rows:
            raise ShapeError(
                f"Ws[{i}] has shape {W.shape}, but {rows} numbers per example come in.",
                f"make it [M, {rows}]: rows are the units, columns their inputs.",
            )
        rows = len(W)
        if b is not None and b.shape not in ((rows,), (rows, 1)):
            raise ShapeError(
                f"bs[{i}] has shape {b.shape}, but Ws[{i}] has {rows} rows.", f"make it [{rows}, 1]."
            )


@named
def mlp_loss(cache: MLPCache, T: Array) -> float:
    """Return the cross-entropy of a batch, the mean over its examples: -1/N * sum of T * log P.

    T[C,N] holds a one-hot column (or probabilities) for each example. The logarithms come from the scores, so
    that a probability too small to write still has a finite one.

    Raises ShapeError or InputError when T does not fit.

    Source: lecture S1:336-338.
    """
    T = _targets(cache, T)
    with np.errstate(all="ignore"):
        terms = np.where(T == 0, 0, T * cache.log_P)
    return -float(terms.sum()) / T.shape[1]


def _targets(cache: Any, T: Any) -> Array:
    if not isinstance(cache, MLPCache):
        raise InputError(f"cache is {short(cache)}.", "pass the cache of mlp_forward.")
    T = as_float("T", T).astype(cache.log_P.dtype)
    if T.shape != cache.log_P.shape:
        raise ShapeError(
            f"T has shape {T.shape}, but P has {cache.log_P.shape}.",
            "give T[C,N], one column per example.",
        )
    sums = T.sum(axis=0)
    for n in np.flatnonzero((np.abs(sums - 1) > 1e-3) | (T < 0).any(axis=0))[:1]:
        raise InputError(
            f"column {n} of T adds up to {sums[n]:g} or holds negative numbers.",
            "give a one-hot column, or probabilities that add up to 1; the gradient P - T needs that.",
        )
    return T


@named
def mlp_backward(cache: MLPCache, T: Array) -> tuple[list[Array], list[Array | None]]:
    """Return the gradients of N times the loss: `(dWs, dbs)`, sums over the N examples.

    delta[L] = P - T,   dW[i] = delta[i] H[i-1]^T,   db[i] = row sums of delta[i]
    delta[i-1] = (W[i]^T delta[i]) where unit i-1 is on,  else 0

    delta is the gradient with respect to a layer's sum before ReLU. dbs[i] has the shape of bs[i].

    Raises ShapeError or InputError when T does not fit.

    What surprises: *sums*, not means: the loss divides by N, these gradients do not, and the update does. The
    slide calls delta dh, although it is not the gradient with respect to h.

    Source: lecture S1:340-348, S1:246-275.
    """
    deltas = _deltas(cache, _targets(cache, T))
    with np.errstate(all="ignore"):
        dWs = [delta @ h.T for delta, h in zip(deltas, cache.H, strict=True)]
        dbs = [
            None if shape is None else delta.sum(axis=1).reshape(shape)
            for delta, shape in zip(deltas, cache.bias_shapes, strict=True)
        ]
    return dWs, dbs


def _deltas(cache: MLPCache, T: Array) -> list[Array]:
    with np.errstate(all="ignore"):
        deltas = [np.exp(cache.log_P) - T]
        for W, h in zip(cache.Ws[:0:-1], cache.H[:0:-1], strict=True):
            deltas.insert(0, np.where(h <= 0, 0, W.T @ deltas[0]))
    return deltas


@named
def mlp_hidden_gradients(cache: MLPCache, T: Array) -> list[Array]:
    """Return the gradients with respect to what every layer reads: dX, dH[1], dH[2] ..., sums as above.

    dH[i] = W[i+1]^T delta[i+1]

    Source: lecture S1:246-275 (dL/dh^2 = W3^T (p - y)).
    """
    deltas = _deltas(cache, _targets(cache, T))
    with np.errstate(all="ignore"):
        return [W.T @ delta for W, delta in zip(cache.Ws, deltas, strict=True)]


@named
def mlp_update(
    values: Sequence[Array | None], gradients: Sequence[Array | None], lr: float, batch_size: int
) -> list[Array | None]:
    """Take one step of gradient descent with summed gradients; return new arrays.

    W[i] <- W[i] - lr / batch_size * dW[i];   call it for the weights and again for the biases

    What surprises: the division by the batch size is here, once. Nothing is changed in place.

    Source: lecture S1:350-356.

    >>> import numpy as np
    >>> mlp_update([np.array([[1.0]])], [np.array([[8.0]])], lr=0.5, batch_size=4)
    [array([[0.]])]
    """
    rate = not_negative("lr", lr) / whole("batch_size", batch_size, 1)
    if len(values) != len(gradients):
        fact = f"gradients has {len(gradients)} entries, but values has {len(values)}."
        raise ShapeError(fact, "give one for each.")
    return [_stepped(i, value, g, rate) for i, (value, g) in enumerate(zip(values, gradients, strict=True))]


def _stepped(i: int, value: Any, gradient: Any, rate: float) -> Array | None:
    if value is None:
        return None
    value = as_float(f"values[{i}]", value)
    gradient = as_float(f"gradients[{i}]", gradient)
    if value.shape != gradient.shape:
        raise ShapeError(
            f"gradients[{i}] has shape {gradient.shape}, but values[{i}] has {value.shape}.",
            "give every array its own gradient.",
        )
    with np.errstate(all="ignore"):
        return np.asarray(value - rate * gradient)
