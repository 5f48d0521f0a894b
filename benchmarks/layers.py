"""What is timed: every layer that has a kernel, at the sizes of a course, beside the same in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.limits import TYPES, Work
from reference import activations, convolution, losses, normalization, pooling, transposed, unpooling
from reference.kernels import kernel
from reference.op import Array

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Entry:
    """One thing to time: with kernels, in plain NumPy, by PyTorch."""

    name: str
    kind: str
    direction: str
    ours: Work
    plain: Work
    torch: Work | None
    goal: float | None = None
    flops: float = 0
    suite: str = ""
    moved: int = 0  # bytes that must be read and written at least, where memory is the limit


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, int], tuple[float, float]]] = {
    # name: x, w, settings, goals of forward
    "64 3x3 on 8x64x56^2": ((8, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}, (1.0, 4.0)),
    "10 3x3 on 32x3x32^2": ((32, 3, 32, 32), (10, 3, 3, 3), {"padding": 1}, (1.5, 2.5)),
    "32 3x3 on 32x3x32^2": ((32, 3, 32, 32), (32, 3, 3, 3), {"padding": 1}, (1.5, 2.5)),
    "64 3x3 on 32x3x32^2": ((32, 3, 32, 32), (64, 3, 3, 3), {"padding": 1}, (1.5, 2.5)),
    "stride 2, 8x64x56^2": ((8, 64, 56, 56), (64, 64, 3, 3), {"padding": 1, "stride": 2}, (1.0, 2.0)),
    "dilation 2, 8x64x56^2": ((8, 64, 56, 56), (64, 64, 3, 3), {"padding": 2, "dilation": 2}, (1.0, 2.0)),
    "tiny, 2x3x7^2": ((2, 3, 7, 7), (4, 3, 3, 3), {}, (10, 2.5)),
}
BACKWARD = {"tiny, 2x3x7^2": (10.0, 2.5)}


def goal_of(goals: tuple[float, float], kind: str) -> float:
    return goals[kind == "f64"]


def convolutions(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    for name, (x_shape, w_shape, given, goals) in CONVOLUTIONS.items():
        x, w, b = (rng.normal(size=s).astype(TYPES[kind]) for s in (x_shape, w_shape, w_shape[:1]))
        settings = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **given}
        layer, groups = convolution._layer(x, w, *settings.values())
        fast: Any = kernel("convolution")
        y, saved = convolution.conv2d_forward(x, w, b, *settings.values())
        dy = rng.normal(size=y.shape).astype(x.dtype)
        flops = 2 * y.size * w[0].size
        forward, backward = torch_convolution(x, w, b, dy, settings)
        yield Entry(
            f"conv {name}",
            kind,
            "forward",
            partial(fast.forward, x, w, b, layer, groups),
            partial(convolution.conv2d_forward, x, w, b, *settings.values()),
            forward,
            goal_of(goals, kind),
            flops,
            "conv",
        )
        yield Entry(
            f"conv {name}",
            kind,
            "backward",
            partial(fast.backward, *saved, dy),
            partial(convolution.conv2d_backward, saved, dy),
            backward,
            goal_of(BACKWARD.get(name, (1.0, 2.0)), kind),
            2 * flops,
            "conv",
        )


def torch_convolution(
    x: Array, w: Array, b: Array, dy: Array, how: dict[str, int], transposed_by: int | None = None
) -> tuple[Work | None, Work | None]:
    if torch is None:
        return None, None
    X, W, B, DY = map(torch.from_numpy, (x, w, b, dy))
    stride, padding, dilation = ([how[name]] * 2 for name in ("stride", "padding", "dilation"))
    groups, turned, extra = how["groups"], transposed_by is not None, [transposed_by or 0] * 2
    F = torch.nn.functional
    if turned:
        forward: Work = partial(F.conv_transpose2d, X, W, B, stride, padding, extra, groups, dilation)
    else:
        forward = partial(F.conv2d, X, W, B, stride, padding, dilation, groups)
    settings = ([len(b)], stride, padding, dilation, turned, extra, groups, [True] * 3)
    return forward, partial(torch.ops.aten.convolution_backward, DY, X, W, *settings)


def transposed_convolutions(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x, w, b = (rng.normal(size=s).astype(TYPES[kind]) for s in ((8, 64, 28, 28), (64, 64, 3, 3), (64,)))
    settings = (2, 1, 1, 1, 1)  # stride, padding, output padding, groups, dilation
    layer, shape, groups = transposed._layer(x, w, b, *settings)
    fast: Any = kernel("transposed")
    y, saved = transposed.conv_transpose2d_forward(x, w, b, *settings)
    dy = rng.normal(size=y.shape).astype(x.dtype)
    how = {"stride": 2, "padding": 1, "dilation": 1, "groups": 1}
    forward, backward = torch_convolution(x, w, b, dy, how, transposed_by=1)
    name, flops = "transposed 64 3x3, stride 2, 8x64x28^2", 2 * x.size * w[0].size
    yield Entry(
        name,
        kind,
        "forward",
        partial(fast.forward, x, w, b, layer, shape, groups),
        partial(transposed.conv_transpose2d_forward, x, w, b, *settings),
        forward,
        goal_of((1.0, 2.0), kind),
        flops,
        "conv",
    )
    yield Entry(
        name,
        kind,
        "backward",
        partial(fast.backward, *saved, dy),
        partial(transposed.conv_transpose2d_backward, saved, dy),
        backward,
        goal_of((1.0, 2.0), kind),
        2 * flops,
        "conv",
    )


def poolings(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x = rng.normal(size=(8, 64, 56, 56)).astype(TYPES[kind])
    X = None if torch is None else torch.from_numpy(x)
    fast: Any = kernel("pooling")
    for name, k, s, p, goals in (("2x2", 2, 2, 0, (40, 1.5)), ("3x3 stride 2", 3, 2, 1, (15, 1.0))):
        window, layer = pooling._windows(x, k, s, p, 1, False)
        y, winners = fast.maximum(x, window, layer)
        dy = rng.normal(size=y.shape).astype(x.dtype)
        forward: Work | None = None
        backward: Work | None = None
        mean: Work | None = None
        if torch is not None:
            F, two = torch.nn.functional, ([k] * 2, [s] * 2, [p] * 2, [1, 1])
            forward, mean = partial(F.max_pool2d, X, k, s, p), partial(F.avg_pool2d, X, k, s, p)
            _, indices = F.max_pool2d(X, k, s, p, return_indices=True)
            back = torch.ops.aten.max_pool2d_with_indices_backward
            backward = partial(back, torch.from_numpy(dy), X, *two, False, indices)
        yield Entry(
            f"max pool {name}, 8x64x56^2",
            kind,
            "forward",
            partial(fast.maximum, x, window, layer),
            partial(pooling.max_pool2d_forward, x, k, s, p, 1, False, False),
            forward,
            goals[0],
            moved=x.nbytes + y.nbytes + winners.nbytes,
        )
        yield Entry(
            f"max pool {name}, 8x64x56^2",
            kind,
            "backward",
            partial(fast.maximum_gradient, dy, winners, x.shape, window, layer),
            partial(pooling.max_pool2d_backward, (x.shape, winners, window, layer), dy),
            backward,
            goals[1],
            moved=x.nbytes + y.nbytes + winners.nbytes,
        )
        count = pooling._counts(x.shape, window, layer, True).astype(x.dtype)
        yield Entry(
            f"average pool {name}, 8x64x56^2",
            kind,
            "forward",
            partial(fast.average, x, window, layer, count),
            partial(pooling.avg_pool2d_forward, x, k, s, p, False, True),
            mean,
            15,
            moved=x.nbytes + y.nbytes,
        )
    yield unpooling_entry(kind, x)


def unpooling_entry(kind: str, x: Array) -> Entry:
    y, indices = pooling.max_pool2d(x, 2, return_indices=True)
    fast: Any = kernel("unpooling")
    rival: Work | None = None
    if torch is not None:
        Y, places = torch.from_numpy(y), torch.from_numpy(indices)
        rival = partial(torch.nn.functional.max_unpool2d, Y, places, [2, 2])
    return Entry(
        "max unpool 2x2, 8x64x28^2",
        kind,
        "forward",
        partial(fast.spread, y, indices, x.shape[2:]),
        partial(unpooling.max_unpool2d_forward, y, indices, 2, None, 0, None),
        rival,
        4,
        moved=x.nbytes + y.nbytes + indices.nbytes,
    )


def batch_norms(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x, dy = rng.normal(size=(2, 8, 64, 56, 56)).astype(TYPES[kind])
    gamma, beta = rng.normal(size=(2, 64)).astype(x.dtype)
    fast: Any = kernel("normalization")
    _, mean, _, scale = fast.batch_norm(x, gamma, beta, 1e-5)
    settings = (True, 0.1, 1e-5, "batch", 0, False)
    _, saved = normalization.batch_norm_forward(x, None, None, gamma, beta, *settings)
    forward: Work | None = None
    backward: Work | None = None
    if torch is not None:
        X, DY, G, B, M, V = map(torch.from_numpy, (x, dy, gamma, beta, mean, scale))
        forward = partial(torch.nn.functional.batch_norm, X, None, None, G, B, True)

        def backward() -> Any:
            return torch.ops.aten.native_batch_norm_backward(
                DY, X, G, None, None, M, V, True, 1e-5, [True] * 3
            )

    yield Entry(
        "batch norm 8x64x56^2",
        kind,
        "forward",
        partial(fast.batch_norm, x, gamma, beta, 1e-5),
        partial(normalization.batch_norm_forward, x, None, None, gamma, beta, *settings),
        forward,
        8,
        moved=2 * x.nbytes,
    )
    yield Entry(
        "batch norm 8x64x56^2",
        kind,
        "backward",
        partial(fast.batch_norm_gradient, dy, x, mean, scale, gamma),
        partial(normalization.batch_norm_backward, saved, dy),
        backward,
        1.5,
        moved=3 * x.nbytes,
    )


def scores(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    fast: Any = kernel("losses")
    for (N, C), goal in (((128, 10), 8), ((256, 1000), 1.5)):
        x, t = rng.normal(size=(N, C)).astype(TYPES[kind]), rng.integers(C, size=N)
        rival: Work | None = None
        if torch is not None:
            X, T = torch.from_numpy(x), torch.from_numpy(t)
            one, weight = torch.ones((), dtype=X.dtype), torch.tensor(float(N), dtype=X.dtype)

            def rival(X: Any = X, T: Any = T, one: Any = one, weight: Any = weight) -> Any:
                log_p = torch.ops.aten._log_softmax(X, 1, False)
                torch.ops.aten.nll_loss_forward(log_p, T, None, 1, -100)
                dlog = torch.ops.aten.nll_loss_backward(one, log_p, T, None, 1, -100, weight)
                return torch.ops.aten._log_softmax_backward_data(dlog, log_p, 1, X.dtype)

        def ours(x: Array = x, t: Array = t) -> Any:
            _, log_p = fast.cross_entropy(x, t)
            return fast.cross_entropy_gradient(log_p, t, 1.0)

        def plain(x: Array = x, t: Array = t) -> Any:
            _, saved = losses.cross_entropy_forward(x, t)
            return losses.cross_entropy_backward(saved, np.asarray(1.0))

        yield Entry(f"softmax and cross-entropy {N}x{C}", kind, "both", ours, plain, rival, goal)


def relus(kind: str, rng: np.random.Generator) -> Iterator[Entry]:
    x, dy = rng.normal(size=(2, 8, 64, 56, 56)).astype(TYPES[kind])
    fast: Any = kernel("activations")
    forward: Work | None = None
    backward: Work | None = None
    if torch is not None:
        X, DY = torch.from_numpy(x), torch.from_numpy(dy)
        forward, backward = partial(torch.relu, X), partial(torch.ops.aten.threshold_backward, DY, X, 0)
    yield Entry(
        "relu 8x64x56^2",
        kind,
        "forward",
        partial(fast.relu, x),
        partial(activations.relu_forward, x),
        forward,
        moved=2 * x.nbytes,
    )
    yield Entry(
        "relu 8x64x56^2",
        kind,
        "backward",
        partial(fast.relu_gradient, x, dy),
        partial(activations.relu_backward, x, dy),
        backward,
        moved=3 * x.nbytes,
    )


GROUPS = (convolutions, transposed_convolutions, poolings, batch_norms, scores, relus)
