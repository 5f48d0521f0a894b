"""Play nodes of ONNX models on the ops of the reference.

An adapter may move axes, unfold a rule such as "auto_pad" into numbers, or write one identity between the two
conventions; what is computed stays with the op. `use` picks how an op is run, for instance `op.definition`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference

Use = Callable[[Any], Callable[..., Any]]
Pads = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Node:
    """One node with its inputs and the outputs that are expected of it."""

    attributes: dict[str, Any]
    inputs: list[np.ndarray]
    expected: list[np.ndarray]

    def axes(self, name: str, default: int) -> tuple[int, int]:
        """Return a setting per axis; what a signal does not say about rows is the default."""
        given = self.attributes.get(name, [default, default])
        return (default, given[0]) if len(given) == 1 else (given[0], given[1])

    def pads(self, shape: tuple[int, ...], kernel: tuple[int, ...]) -> Pads:
        """Return ((top, bottom), (left, right))."""
        rule = self.attributes.get("auto_pad", b"NOTSET")
        if rule in (b"SAME_UPPER", b"SAME_LOWER"):
            return self._same(shape, kernel, upper=rule == b"SAME_UPPER")
        given = self.attributes.get("pads", [0] * 4)
        if len(given) == 2:
            return (0, 0), (given[0], given[1])
        return (given[0], given[2]), (given[1], given[3])

    def _same(self, shape: tuple[int, ...], kernel: tuple[int, ...], upper: bool) -> Pads:
        strides = self.axes("strides", 1)
        found = [reference.same_padding(shape[2 + i], kernel[i], strides[i]) for i in (0, 1)]
        rows, columns = ((s.before, s.after) if upper else (s.after, s.before) for s in found)
        return rows, columns


def is_ours(case: Any) -> bool:
    """Tell whether a case is one node of an operator that has an adapter."""
    nodes = case.model.graph.node
    return len(nodes) == 1 and nodes[0].op_type in ADAPTERS


def nodes(case: Any) -> list[Node]:
    """Return the node of a case once for each of its data sets."""
    import onnx

    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in case.model.graph.node[0].attribute}
    return [
        Node(attributes, [np.asarray(i) for i in inputs], [np.asarray(e) for e in expected])
        for inputs, expected in case.data_sets
    ]


def play(case: Any, use: Use) -> list[tuple[np.ndarray, np.ndarray]]:
    """Run a case; return what came out beside what was expected, for every output."""
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for node in nodes(case):
        results = ADAPTERS[case.model.graph.node[0].op_type](node, use)
        pairs.extend(zip(results, node.expected, strict=True))
    return pairs


def as_image(x: np.ndarray) -> np.ndarray:
    """Stand a signal [N,C,T] up as images of one row."""
    return x[:, :, None] if x.ndim == 3 else x


def shaped_like(y: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Lay images of one row down again where a signal is expected."""
    return y[:, :, 0] if expected.ndim == 3 else y


def framed(x: np.ndarray, pads: Pads, value: float) -> tuple[np.ndarray, tuple[int, int]]:
    """Return x and the padding that is left to the op; sides that differ are framed here."""
    if all(before == after for before, after in pads):
        return x, (pads[0][0], pads[1][0])
    return np.pad(x, ((0, 0), (0, 0), *pads), constant_values=value), (0, 0)


# ------------------------------------------------------------------------------------- convolutions


def conv(node: Node, use: Use) -> list[np.ndarray]:
    x, w, *b = node.inputs
    x, padding = framed(x, node.pads(x.shape, w.shape[2:]), 0)
    settings = {"stride": node.axes("strides", 1), "dilation": node.axes("dilations", 1)}
    groups = node.attributes.get("group", 1)
    return [use(reference.conv2d)(x, w, *b, padding=padding, groups=groups, **settings)]


def conv_transpose(node: Node, use: Use) -> list[np.ndarray]:
    x, w = (as_image(a) for a in node.inputs)
    strides, dilations = node.axes("strides", 1), node.axes("dilations", 1)
    span = [d * (k - 1) + 1 for d, k in zip(dilations, w.shape[2:], strict=True)]
    full = [(n - 1) * s + k for n, s, k in zip(x.shape[2:], strides, span, strict=True)]
    extra, crop = node.axes("output_padding", 0), node.pads(x.shape, w.shape[2:])
    if "output_shape" in node.attributes:
        wanted = node.axes("output_shape", 1)
        extra = tuple(wanted[i] - full[i] for i in (0, 1))
    if node.attributes.get("auto_pad") == b"SAME_UPPER":
        over = [full[i] - x.shape[2 + i] * strides[i] for i in (0, 1)]
        crop = (over[0] // 2, over[0] - over[0] // 2), (over[1] // 2, over[1] - over[1] // 2)
    even = all(before == after for before, after in crop)
    settings = {"stride": strides, "dilation": dilations, "groups": node.attributes.get("group", 1)}
    padding = (crop[0][0], crop[1][0]) if even else (0, 0)
    y = use(reference.conv_transpose2d)(x, w, padding=padding, output_padding=extra, **settings)
    if not even:
        (top, bottom), (left, right) = crop
        y = y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]
    return [shaped_like(y, node.expected[0])]


# ------------------------------------------------------------------------------------------ pooling


def max_pool(node: Node, use: Use) -> list[np.ndarray]:
    x, kernel = as_image(node.inputs[0]), node.axes("kernel_shape", 1)
    with_indices = len(node.expected) == 2
    inside, padding = framed(x, node.pads(x.shape, kernel), -np.inf)
    result = use(reference.max_pool2d)(
        inside,
        kernel,
        stride=node.axes("strides", 1),
        padding=padding,
        dilation=node.axes("dilations", 1),
        ceil_mode=bool(node.attributes.get("ceil_mode", 0)),
        return_indices=with_indices,
    )
    if not with_indices:
        return [shaped_like(result, node.expected[0])]
    y, indices = result
    if node.attributes.get("storage_order", 0):
        row, column = np.moveaxis(reference.row_column(indices, x.shape[3]), -1, 0)
        indices = column * x.shape[2] + row
    return [y, indices]


def average_pool(node: Node, use: Use) -> list[np.ndarray]:
    x, kernel = as_image(node.inputs[0]), node.axes("kernel_shape", 1)
    include = bool(node.attributes.get("count_include_pad", 0))
    inside, padding = framed(x, node.pads(x.shape, kernel), 0)
    settings = {
        "stride": node.axes("strides", 1),
        "padding": padding,
        "ceil_mode": bool(node.attributes.get("ceil_mode", 0)),
        "count_include_pad": include,
    }
    y = use(reference.avg_pool2d)(inside, kernel, **settings)
    if inside is not x and not include:  # the share of each window that is image takes the zeros out again
        share, _ = framed(np.ones_like(x), node.pads(x.shape, kernel), 0)
        y = y / use(reference.avg_pool2d)(share, kernel, **settings)
    return [shaped_like(y, node.expected[0])]


def max_unpool(node: Node, use: Use) -> list[np.ndarray]:
    x, indices = node.inputs
    return [
        use(reference.max_unpool2d)(x, indices, node.axes("kernel_shape", 1), stride=node.axes("strides", 1))
    ]


def global_average_pool(node: Node, use: Use) -> list[np.ndarray]:
    return [use(reference.global_avg_pool2d)(node.inputs[0])[:, :, None, None]]


# ----------------------------------------------------------------------- normalisation and activations


def batch_normalization(node: Node, use: Use) -> list[np.ndarray]:
    x, gamma, beta, mean, var = node.inputs
    training = bool(node.attributes.get("training_mode", 0))
    result = use(reference.batch_norm)(
        x,
        mean,
        var,
        gamma,
        beta,
        training=training,
        momentum=node.attributes.get("momentum", 0.9),
        eps=node.attributes.get("epsilon", 1e-5),
        momentum_on="running",
        return_running=training,
    )
    return list(result) if training else [result]


def along_last(x: np.ndarray, axis: int, task: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.moveaxis(task(np.moveaxis(x, axis, -1)), -1, axis)


def softmax(node: Node, use: Use) -> list[np.ndarray]:
    return [along_last(node.inputs[0], node.attributes.get("axis", -1), use(reference.softmax))]


def log_softmax(node: Node, use: Use) -> list[np.ndarray]:
    return [along_last(node.inputs[0], node.attributes.get("axis", -1), use(reference.log_softmax))]


def relu(node: Node, use: Use) -> list[np.ndarray]:
    return [use(reference.relu)(node.inputs[0])]


def leaky_relu(node: Node, use: Use) -> list[np.ndarray]:
    slope = node.attributes.get("alpha", 0.01)
    return [use(reference.leaky_relu)(node.inputs[0], negative_slope=slope)]


def sigmoid(node: Node, use: Use) -> list[np.ndarray]:
    return [use(reference.sigmoid)(node.inputs[0])]


def tanh(node: Node, use: Use) -> list[np.ndarray]:
    return [use(reference.tanh)(node.inputs[0])]


def dropout(node: Node, use: Use) -> list[np.ndarray]:
    """Which units are kept is the case's own draw; what becomes of kept and dropped ones is ours."""
    x, ratio, training = (*node.inputs, *(np.array(0.5), np.array(False))[len(node.inputs) - 1 :])
    mask = (node.expected[-1] != 0) if training else None
    y, kept = use(reference.dropout)(x, p=float(ratio), training=bool(training), mask=mask, return_mask=True)
    return [y, kept.astype(bool)][: len(node.expected)]


# --------------------------------------------------------------------------------- losses and layers


def rows_of(x: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write scores [N,C,...] and labels [N,...] as rows [M,C] and [M]."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]), t.reshape(-1)


def reduced(node: Node, x: np.ndarray, t: np.ndarray, loss: Callable[..., Any]) -> np.ndarray:
    """Apply a mean loss over rows as the node's reduction asks: per example it is a mean of one."""
    rows, labels = rows_of(x, t)
    kind = node.attributes.get("reduction", b"mean")
    if kind == b"none":
        each = [loss(rows[i : i + 1], labels[i : i + 1]) for i in range(len(rows))]
        return np.array(each, x.dtype).reshape(t.shape)
    return np.asarray(loss(rows, labels) * (len(rows) if kind == b"sum" else 1), x.dtype)


def softmax_cross_entropy(node: Node, use: Use) -> list[np.ndarray]:
    x, t = node.inputs
    results = [reduced(node, x, t, use(reference.cross_entropy))]
    if len(node.expected) == 2:
        results.append(along_last(x, 1, use(reference.log_softmax)))
    return results


def negative_log_likelihood(node: Node, use: Use) -> list[np.ndarray]:
    """Undo the log-softmax which `cross_entropy` contains: it took log(sum of e^x) from every score."""

    def loss(rows: np.ndarray, labels: np.ndarray) -> Any:
        taken = (rows - use(reference.log_softmax)(rows))[:, 0]
        return use(reference.cross_entropy)(rows, labels) - taken.mean()

    x, t = node.inputs
    return [reduced(node, x, t, loss)]


def gemm(node: Node, use: Use) -> list[np.ndarray]:
    a, b, *c = node.inputs
    x = a.T if node.attributes.get("transA", 0) else a
    w = b if node.attributes.get("transB", 0) else b.T
    bias = [np.broadcast_to(node.attributes.get("beta", 1.0) * c[0], (1, len(w)))[0]] if c else []
    return [use(reference.linear)(x * np.float32(node.attributes.get("alpha", 1.0)), w, *bias)]


def flatten(node: Node, use: Use) -> list[np.ndarray]:
    x, axis = node.inputs[0], node.attributes.get("axis", 1)
    together = x.reshape(-1 if axis % x.ndim else 1, *x.shape[axis % x.ndim :])
    return [use(reference.flatten)(together)]


ADAPTERS: dict[str, Callable[[Node, Use], list[np.ndarray]]] = {
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Dropout": dropout,
    "Flatten": flatten,
    "Gemm": gemm,
    "GlobalAveragePool": global_average_pool,
    "LeakyRelu": leaky_relu,
    "LogSoftmax": log_softmax,
    "MaxPool": max_pool,
    "MaxUnpool": max_unpool,
    "NegativeLogLikelihoodLoss": negative_log_likelihood,
    "Relu": relu,
    "Sigmoid": sigmoid,
    "Softmax": softmax,
    "SoftmaxCrossEntropyLoss": softmax_cross_entropy,
    "Tanh": tanh,
}
