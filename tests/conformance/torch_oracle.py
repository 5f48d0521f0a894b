"""What PyTorch computes for each op: the same arguments in, tensors for arrays, PyTorch's own result out.

Nothing here repeats a formula of the reference where PyTorch has the layer; where it has not, the formula is
written in tensors and differentiated by autograd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

Tensor = torch.Tensor


def of_x(function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch calls its first argument `input`."""
    return lambda x, **settings: function(x, **settings)


def of_x_and_t(function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch calls scores and targets `input` and `target`."""
    return lambda x, t: function(x, t)


def with_weights(function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch writes `weight` and `bias` out."""
    return lambda x, w, b=None, **settings: function(x, w, b, **settings)


def conv2d_true(x, w, b=None, **settings):
    return F.conv2d(x, w.flip(2, 3), b, **settings)


def correlate2d(f, h, padding=0):
    return F.conv2d(f[None, None], h[None, None], padding=padding)[0, 0]


def causal_conv1d(x, w, dilation=1):
    framed = F.pad(x, ((len(w) - 1) * dilation, 0))
    return F.conv1d(framed[None, None], w[None, None], dilation=dilation)[0, 0]


def locally_connected2d(x, w, b=None, stride=1, padding=0):
    P, Q, _, C, K, L = w.shape
    columns = F.unfold(x, (K, L), stride=stride, padding=padding).reshape(len(x), C, K, L, P, Q)
    y = torch.einsum("ncklpq,pqfckl->nfpq", columns, w)
    return y if b is None else y + b.permute(2, 0, 1)


def global_avg_pool2d(x):
    return F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return F.max_unpool2d(x, indices, kernel_size, stride, padding, output_size)


def upsample_nearest2d(x, scale_factor=2):
    pair = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
    return F.interpolate(x, scale_factor=tuple(map(float, pair)), mode="nearest")


def bed_of_nails2d(x, scale_factor=2):
    """A transposed convolution with a 1x1 kernel, stretched to whole blocks by output padding."""
    C = x.shape[1]
    pair = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
    nail = torch.ones(C, 1, 1, 1, dtype=x.dtype)
    return F.conv_transpose2d(x, nail, stride=pair, output_padding=[s - 1 for s in pair], groups=C)


def batch_norm(
    x, running_mean=None, running_var=None, gamma=None, beta=None, training=False, momentum=0.1, eps=1e-5,
    momentum_on="batch", running_ddof=0, return_running=False,
):  # fmt: skip
    mean, var = (None if s is None else s.clone() for s in (running_mean, running_var))
    share = momentum if momentum_on == "batch" else 1 - momentum
    y = F.batch_norm(x, mean, var, gamma, beta, training, share, eps)
    if not return_running:
        return y
    if training and running_ddof == 0:  # PyTorch keeps the unbiased variance; take it back to 1/m
        m = x.numel() // x.shape[1]
        old = (1 - share) * running_var
        var = old + (var - old) * (m - 1) / m
    return y, mean, var


def hinge(x, t, delta=1):
    """PyTorch divides by the number of classes as well."""
    return F.multi_margin_loss(x, t, margin=float(delta)) * x.shape[1]


def half_squared_error(x, t):
    return F.mse_loss(x, t, reduction="sum") / 2


def dropout(x, p=0.5, training=True, mode="inverted", mask=None, return_mask=False, rng=None):
    """PyTorch draws its own mask; given one, dropout is a product."""
    keep = 1 - p
    if not training:
        y = x * keep if mode == "classic" else F.dropout(x, p, training=False)
        kept = torch.ones_like(x)
    else:
        kept = torch.as_tensor(mask).to(x.dtype)
        y = x * kept if mode == "classic" else x * kept / keep
    return (y, kept) if return_mask else y


def sigmoid_circuit(w0, x0, w1, x1, w2):
    return torch.sigmoid(w0 * x0 + w1 * x1 + w2)


def residual(x, w, projection=None):
    return F.relu(F.linear(x, w)) + (x if projection is None else F.linear(x, projection))


def logistic_regression(theta, x, ystar, slide_sign=False):
    loss = F.binary_cross_entropy_with_logits(theta @ x, ystar)
    return -loss if slide_sign else loss


def two_layer_network(alpha, beta, x, ystar, slide_sign=False):
    z = torch.cat([torch.ones(1, dtype=x.dtype), torch.sigmoid(alpha @ x)])
    return logistic_regression(beta, z, ystar, slide_sign)


def mazur_error(w, b, i, t):
    h = torch.sigmoid(F.linear(i, w[:4].reshape(2, 2), b[0].expand(2)))
    o = torch.sigmoid(F.linear(h, w[4:].reshape(2, 2), b[1].expand(2)))
    return half_squared_error(o, t)


def chain_rule(dh, jacobian):
    return torch.tensordot(dh, jacobian, dims=dh.ndim)


def augment(x, flip=None, shift=None, rng=None, max_shift=1):
    """Frame generously with zeros, roll, cut out again."""
    images = []
    for n, image in enumerate(x):
        picture = image.flip(2) if flip is not None and flip[n] else image
        down, right = (0, 0) if shift is None else shift[n]
        edge = abs(down) + abs(right) + 1
        moved = F.pad(picture, (edge,) * 4).roll((down, right), (1, 2))
        images.append(moved[:, edge:-edge, edge:-edge])
    return torch.stack(images)


ORACLES: dict[str, Callable[..., Any]] = {
    "augment": augment,
    "average_probabilities": lambda probabilities: probabilities.mean(0),
    "avg_pool2d": of_x(F.avg_pool2d),
    "batch_norm": batch_norm,
    "bed_of_nails2d": bed_of_nails2d,
    "binary_cross_entropy": of_x_and_t(F.binary_cross_entropy_with_logits),
    "causal_conv1d": causal_conv1d,
    "chain_rule_1d": chain_rule,
    "chain_rule_2d": chain_rule,
    "chain_rule_3d": chain_rule,
    "conv2d": with_weights(F.conv2d),
    "conv2d_true": conv2d_true,
    "conv_transpose2d": with_weights(F.conv_transpose2d),
    "conv_transpose2d_by_conv": with_weights(F.conv_transpose2d),
    "correlate2d": correlate2d,
    "cross_entropy": of_x_and_t(F.cross_entropy),
    "dropout": dropout,
    "flatten": lambda x: x.reshape(-1, 1) if x.ndim == 1 else torch.flatten(x, 1),
    "global_avg_pool2d": global_avg_pool2d,
    "half_squared_error": half_squared_error,
    "hinge": hinge,
    "l2_penalty": lambda w, lam: lam * w.square().sum(),
    "leaky_relu": of_x(F.leaky_relu),
    "linear": with_weights(F.linear),
    "locally_connected2d": locally_connected2d,
    "log_softmax": lambda x: F.log_softmax(x, dim=-1),
    "logistic_regression": logistic_regression,
    "max_pool2d": of_x(F.max_pool2d),
    "max_unpool2d": max_unpool2d,
    "mazur_error": mazur_error,
    "mean_subtraction": lambda x: x - x.mean(-1, keepdim=True),
    "one_hot": lambda t, classes: F.one_hot(t, classes),
    "predict_class": lambda x: x.argmax(-1),
    "relu": of_x(F.relu),
    "residual": residual,
    "running_average": lambda running, batch, momentum=0.1, momentum_on="batch": torch.lerp(
        running, batch, momentum if momentum_on == "batch" else 1 - momentum
    ),
    "sigmoid": of_x(torch.sigmoid),
    "sigmoid_circuit": sigmoid_circuit,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "squared_error": of_x_and_t(F.mse_loss),
    "standardize_apply": lambda x, mu, sigma: (x - mu) / sigma,
    "step": lambda x: torch.heaviside(x, torch.zeros((), dtype=x.dtype)),
    "tanh": of_x(torch.tanh),
    "two_layer_network": two_layer_network,
    "upsample_nearest2d": upsample_nearest2d,
    "vote": lambda predictions, classes=None: torch.mode(predictions, 0).values,
    "weight_decay": lambda w, g, lr, lam: torch.add(w, g + 2 * lam * w, alpha=-lr),
}
"""Ops with an oracle in PyTorch."""

WITHOUT: dict[str, str] = {
    "graph_values": "a graph is walked node by node; PyTorch's own graph is in every backward pass here",
}
"""Ops with a gradient for which PyTorch has nothing to compare, each with the reason."""


def tensors(inputs: dict[str, Any], differentiable: frozenset[str]) -> dict[str, Tensor]:
    """Copy arrays into tensors; those of which a gradient is wanted ask for one."""
    made = {name: torch.tensor(value) for name, value in inputs.items()}
    for name in differentiable & made.keys():
        made[name].requires_grad_(True)
    return made
