"""Right submissions in the styles students write, none of them sharing a line with the reference."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


def padded(X: Any, p: int) -> np.ndarray:
    return np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))


def sizes(X: Any, W: Any, s: int, p: int, d: int) -> tuple[int, int]:
    span = d * (W.shape[-1] - 1) + 1
    return (X.shape[2] + 2 * p - span) // s + 1, (X.shape[3] + 2 * p - span) // s + 1


# --- backwards that several forwards share -------------------------------------------------------


def scatter(dY: Any, X: Any, W: Any, s: int, p: int, d: int) -> tuple[Any, Any, Any]:
    """One tap at a time, from the last to the first."""
    Xp, k = padded(X, p), W.shape[-1]
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for u in reversed(range(k)):
        for v in reversed(range(k)):
            rows = slice(u * d, u * d + s * (dY.shape[2] - 1) + 1, s)
            cols = slice(v * d, v * d + s * (dY.shape[3] - 1) + 1, s)
            dXp[:, :, rows, cols] += np.einsum("nfij,fc->ncij", dY, W[:, :, u, v])
            dW[:, :, u, v] = np.tensordot(dY, Xp[:, :, rows, cols], ((0, 2, 3), (0, 2, 3)))
    return dXp[:, :, p : p + X.shape[2], p : p + X.shape[3]], dW, dY.sum((3, 2, 0))


# --- the layer in several styles -----------------------------------------------------------------


def loops_backwards() -> dict[str, Any]:
    """Plain loops, all of them from the last index to the first, sums in Python floats; the cache is a dict."""

    def conv_forward(X, W, b, s, p, d=1):
        Xp, (rows, cols) = padded(X, p), sizes(X, W, s, p, d)
        F, C, k, _ = W.shape
        Y = np.empty((len(X), F, rows, cols))
        for n, f, i, j in reversed(list(np.ndindex(Y.shape))):
            total = 0.0
            for c, u, v in reversed(list(np.ndindex(C, k, k))):
                total += float(Xp[n, c, i * s + u * d, j * s + v * d]) * float(W[f, c, u, v])
            Y[n, f, i, j] = total + b[f]
        return Y, {"X": X, "W": W, "how": (s, p, d)}

    def conv_backward(dY, cache):
        X, W, (s, p, d) = cache["X"], cache["W"], cache["how"]
        Xp = padded(X, p)
        dXp, dW, db = np.zeros_like(Xp), np.zeros_like(W), np.zeros(len(W))
        span = d * (W.shape[-1] - 1) + 1
        for n, f, i, j in reversed(list(np.ndindex(dY.shape))):
            window = (n, slice(None), slice(i * s, i * s + span, d), slice(j * s, j * s + span, d))
            dXp[window] += dY[n, f, i, j] * W[f]
            dW[f] += dY[n, f, i, j] * Xp[window]
            db[f] += dY[n, f, i, j]
        return dXp[:, :, p : p + X.shape[2], p : p + X.shape[3]], dW, db

    return {"conv_forward": conv_forward, "conv_backward": conv_backward}


def windows_einsum() -> dict[str, Any]:
    """Sliding windows and one einsum; the cache is an object."""

    class Cache:
        kept: Any = None

    def conv_forward(X, W, b, s, p, d=1):
        span = d * (W.shape[-1] - 1) + 1
        windows = np.lib.stride_tricks.sliding_window_view(padded(X, p), (span, span), (2, 3))
        cache = Cache()
        cache.kept = X, W, s, p, d
        return np.einsum("ncijuv,fcuv->nfij", windows[:, :, ::s, ::s, ::d, ::d], W) + b[:, None, None], cache

    return {"conv_forward": conv_forward, "conv_backward": lambda dY, cache: scatter(dY, *cache.kept)}


def columns_tensordot() -> dict[str, Any]:
    """One matrix product of columns; Y is a view that is not contiguous; the cache is a tuple."""

    def conv_forward(X, W, b, s, p, d=1):
        span = d * (W.shape[-1] - 1) + 1
        windows = np.lib.stride_tricks.sliding_window_view(padded(X, p), (span, span), (2, 3))
        windows = windows[:, :, ::s, ::s, ::d, ::d]
        Y = np.tensordot(windows, W, ((1, 4, 5), (1, 2, 3))) + b
        return Y.transpose(0, 3, 1, 2), (X, W, s, p, d)

    return {"conv_forward": conv_forward, "conv_backward": lambda dY, cache: scatter(dY, *cache)}


def fourier() -> dict[str, Any]:
    """Through the Fourier transform, forward and both gradients; the cache is a closure."""

    def spread(W, d):
        k = d * (W.shape[-1] - 1) + 1
        wide = np.zeros((*W.shape[:2], k, k))
        wide[:, :, ::d, ::d] = W
        return wide

    def conv_forward(X, W, b, s, p, d=1):
        Xp, wide = padded(X, p), spread(W, d)
        size, k = Xp.shape[2:], wide.shape[-1]
        fx, fw = np.fft.rfft2(Xp), np.fft.rfft2(wide, s=size)
        full = np.fft.irfft2(np.einsum("ncij,fcij->nfij", fx, fw.conj()), s=size)
        Y = full[:, :, : size[0] - k + 1 : s, : size[1] - k + 1 : s] + b[:, None, None]

        def backward(dY):
            sparse = np.zeros((*dY.shape[:2], *size))
            sparse[:, :, : s * (dY.shape[2] - 1) + 1 : s, : s * (dY.shape[3] - 1) + 1 : s] = dY
            fy = np.fft.rfft2(sparse)
            dX = np.fft.irfft2(np.einsum("nfij,fcij->ncij", fy, fw), s=size)
            dW = np.fft.irfft2(np.einsum("ncij,nfij->fcij", fx, fy.conj()), s=size)[:, :, :k:d, :k:d]
            return dX[:, :, p : p + X.shape[2], p : p + X.shape[3]], dW, dY.sum((0, 2, 3))

        return Y, backward

    return {"conv_forward": conv_forward, "conv_backward": lambda dY, cache: cache(dY)}


LAYERS = {f.__name__: f for f in (loops_backwards, windows_einsum, columns_tensordot, fourier)}


def layer(wrap: Any = None, **changes: Any) -> dict[str, Any]:
    """Return a right submission with `wrap(Y)` around the result, or with functions replaced."""
    right = windows_einsum()
    if wrap is not None:
        inner = right["conv_forward"]

        def conv_forward(X, W, b, s, p, d=1):
            Y, cache = inner(X, W, b, s, p, d)
            return wrap(Y), cache

        right["conv_forward"] = conv_forward
    return right | changes


def flipped_with_its_gradient() -> dict[str, Any]:
    """True convolution and its right gradient: consistent, but not the function asked for."""
    right = windows_einsum()

    def conv_forward(X, W, b, s, p, d=1):
        return right["conv_forward"](X, W[:, :, ::-1, ::-1], b, s, p, d)

    def conv_backward(dY, cache):
        dX, dW, db = right["conv_backward"](dY, cache)
        return dX, dW[:, :, ::-1, ::-1], db

    return {"conv_forward": conv_forward, "conv_backward": conv_backward}


# --- the other exercises -------------------------------------------------------------------------


def corr2d(F, H, pad):
    Fp = np.pad(F, pad)
    k, l = H.shape
    G = np.zeros((Fp.shape[0] - k + 1, Fp.shape[1] - l + 1))
    for u, v in reversed(list(np.ndindex(k, l))):
        G += H[u, v] * Fp[u : u + G.shape[0], v : v + G.shape[1]]
    return G


def conv2d_true(F, H, pad):
    return corr2d(F, np.rot90(H, 2), pad)


def conv_out(n, k, s=1, p=0, d=1):
    size, rest = divmod(n + 2 * p - d * (k - 1) - 1, s)
    return [np.int64(size + 1), np.bool_(rest == 0)]


def conv_params(c_in, k, c_out, bias=True):
    return sum(c_in * k * k + int(bias) for _ in range(c_out))


def local_forward(X, W, b, s, p):
    k = W.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded(X, p), (k, k), (2, 3))[:, :, ::s, ::s]
    return np.einsum("ncijuv,ijfcuv->nfij", windows, W) + b.transpose(2, 0, 1), (X.copy(), W.copy(), s, p)


def local_backward(dY, cache):
    X, W, s, p = cache
    Xp, k = padded(X, p), W.shape[-1]
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for i, j in reversed(list(np.ndindex(dY.shape[2:]))):
        window = (slice(None), slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
        dXp[window] += np.tensordot(dY[:, :, i, j], W[i, j], (1, 0))
        dW[i, j] = np.einsum("nf,ncuv->fcuv", dY[:, :, i, j], Xp[window])
    return dXp[:, :, p : p + X.shape[2], p : p + X.shape[3]], dW, dY.sum(0).transpose(1, 2, 0)


def num_grad(f, x, eps=1e-5):
    flat, dx = x.astype(float).ravel(), np.empty(x.size)
    for i in reversed(range(x.size)):
        old = flat[i]
        flat[i] = old + eps
        up = f(flat.reshape(x.shape))
        flat[i] = old - eps
        dx[i] = (up - f(flat.reshape(x.shape))) / (2 * eps)
        flat[i] = old
    return dx.reshape(x.shape)


class Sequential:
    def __init__(self, layers):
        self.stack = tuple(layers)

    def forward(self, X, train=True):
        for one in self.stack:
            X = one.forward(X, train=train)
        return X

    def backward(self, dY):
        for i in range(len(self.stack) - 1, -1, -1):
            dY = self.stack[i].backward(dY)
        return dY

    def params(self):
        return list(itertools.chain.from_iterable(one.params() for one in self.stack))


def minibatches(N, batch, rng):
    order = list(range(N))
    rng.shuffle(order)
    while order:
        yield np.array(order[:batch])
        order = order[batch:]


ONE_EACH: dict[str, dict[str, Any]] = {
    "conv_out": {"conv_out": conv_out},
    "conv_params": {"conv_params": conv_params},
    "corr2d": {"corr2d": corr2d},
    "conv2d_true": {"conv2d_true": conv2d_true},
    "local_forward": {"local_forward": local_forward, "local_backward": local_backward},
    "local_backward": {"local_forward": local_forward, "local_backward": local_backward},
    "num_grad": {"num_grad": num_grad},
    "Sequential": {"Sequential": Sequential},
    "minibatches": {"minibatches": minibatches},
}
