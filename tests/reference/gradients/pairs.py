"""Pairs of functions to check, in plain NumPy, so that the checker is not judged by its own house."""

import numpy as np


def linear(x, w, b):
    return x @ w + b, (x, w)


def linear_backward(dy, cache):
    x, w = cache
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


def conv(x, w, b):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwkl,fckl->nfhw", windows, w) + b[:, None, None], (x, w)


def conv_backward(dy, cache):
    x, w = cache
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    dx = np.zeros_like(x)
    for k, l in np.ndindex(w.shape[2:]):
        dx[:, :, k : k + dy.shape[2], l : l + dy.shape[3]] += np.einsum("nfhw,fc->nchw", dy, w[:, :, k, l])
    return dx, np.einsum("nchwkl,nfhw->fckl", windows, dy), dy.sum(axis=(0, 2, 3))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p


def softmax_backward(dy, p):
    return p * (dy - (dy * p).sum(axis=1, keepdims=True))


def batch_norm(x, gamma, beta):
    deviation = np.sqrt(x.var(axis=0) + 1e-5)
    normal = (x - x.mean(axis=0)) / deviation
    return gamma * normal + beta, (normal, gamma, deviation)


def batch_norm_backward(dy, cache):
    normal, gamma, deviation = cache
    d = dy * gamma
    dx = (d - d.mean(axis=0) - normal * (d * normal).mean(axis=0)) / deviation
    return dx, (dy * normal).sum(axis=0), dy.sum(axis=0)


def cross_entropy(x, t):
    z = x - x.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(t)), t].mean(), (log_p, t)


def cross_entropy_backward(dy, cache):
    log_p, t = cache
    d = np.exp(log_p)
    d[np.arange(len(t)), t] -= 1
    return dy * d / len(t)


def mlp(x, weights):
    layers = [x]
    for w in weights[:-1]:
        layers.append(np.maximum(layers[-1] @ w, 0))
    return layers[-1] @ weights[-1], (layers, weights)


def mlp_backward(dy, cache):
    layers, weights = cache
    gradients = []
    for h, w in zip(reversed(layers), reversed(weights), strict=True):
        gradients.append(h.T @ dy)
        dy = dy @ w.T * (1 if h is layers[0] else h > 0)
    return dy, gradients[::-1]


def relu(x):
    return np.maximum(x, 0), x


def relu_backward(dy, x):
    return dy * (x > 0)


def max_rows(x):
    return x.max(axis=1), x


def first_wins(dy, x):
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), x.argmax(axis=1)] = dy
    return dx


def all_win(dy, x):
    return (x == x.max(axis=1, keepdims=True)) * dy[:, None]


def shared_win(dy, x):
    ties = x == x.max(axis=1, keepdims=True)
    return ties / ties.sum(axis=1, keepdims=True) * dy[:, None]


PAIRS = {
    "linear": (
        linear,
        linear_backward,
        lambda r: (r.normal(size=(5, 7)), r.normal(size=(7, 3)), np.zeros(3)),
    ),
    "conv": (
        conv,
        conv_backward,
        lambda r: (r.normal(size=(2, 3, 5, 6)), r.normal(size=(4, 3, 3, 2)), r.normal(size=4)),
    ),
    "softmax": (softmax, softmax_backward, lambda r: (3 * r.normal(size=(4, 6)),)),
    "batch norm": (
        batch_norm,
        batch_norm_backward,
        lambda r: (r.normal(size=(6, 4)) * 2 + 5, r.normal(size=4), r.normal(size=4)),
    ),
    "batch norm far from 0": (
        batch_norm,
        batch_norm_backward,
        lambda r: (r.normal(size=(8, 3)) + 1000, r.normal(size=3), r.normal(size=3)),
    ),
    "cross-entropy": (
        cross_entropy,
        cross_entropy_backward,
        lambda r: (2 * r.normal(size=(8, 5)), r.integers(0, 5, 8)),
    ),
    "mlp": (
        mlp,
        mlp_backward,
        lambda r: (r.normal(size=(6, 5)), [r.normal(size=(5, 8)), r.normal(size=(8, 3))]),
    ),
}


def pair(name, seed=0):
    forward, backward, draw = PAIRS[name]
    return forward, backward, draw(np.random.default_rng(seed))


def arrays_in(gradients):
    if isinstance(gradients, np.ndarray):
        return [gradients]
    return [array for item in gradients for array in arrays_in(item)]
