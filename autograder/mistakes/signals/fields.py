"""Mistakes of receptive fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import receptive_field


def _field(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong size of layers, each (k, stride, dilation)."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(layers: Any) -> int | None:
            whole = [tuple(one) if isinstance(one, (tuple, list)) else (one,) for one in layers]
            found = wrong([(*one, *(1, 1)[len(one) - 1 :])[:3] for one in whole])
            return None if found is None else int(found)

        return mistake(receptive_field, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _grown(layers: Any, jump_first: bool = False) -> int:
    size, jump = 1, 1
    for k, s, d in layers:
        jump = jump * s if jump_first else jump
        size += (k - 1) * d * jump
        jump = jump if jump_first else jump * s
    return size


@_field("field-strides-ignored", family="omission")
def strides_ignored(layers: Any) -> int:
    """You left the strides out.

    After a stride s, neighbouring entries lie s inputs apart. Multiply by the strides of all earlier layers.
    """
    return _grown([(k, 1, d) for k, _, d in layers])


@_field("field-dilation-ignored", family="omission")
def field_dilation_ignored(layers: Any) -> int:
    """You left the dilation out.

    The taps of a dilated kernel lie d apart. Use (k - 1) * d.
    """
    return _grown([(k, s, 1) for k, s, _ in layers])


@_field("field-own-stride-counted", family="off-by-one")
def own_stride_counted(layers: Any) -> int:
    """You multiplied each layer by its own stride as well.

    A layer's stride matters to the layers after it. Update the product after adding.
    """
    return _grown(layers, jump_first=True)


@_field("field-layers-reversed", family="order")
def layers_reversed(layers: Any) -> int:
    """You went through the layers from the output to the input with the formula for the other direction.

    Each layer counts with the strides of the layers before it. Start at the input.
    """
    return _grown(layers[::-1])


@_field("field-one-forgotten", family="off-by-one")
def one_forgotten(layers: Any) -> int:
    """You forgot the 1 to start with.

    Without any layer a unit sees one input. Start at 1.
    """
    return _grown(layers) - 1


@_field("field-sum-of-kernels", family="off-by-one")
def sum_of_kernels(layers: Any) -> int:
    """You added k instead of k - 1 for each layer.

    A layer adds the steps between its taps, (k - 1) of them. Use (k - 1) * d.
    """
    return _grown([(k + 1, s, d) for k, s, d in layers])


@_field("field-effective-kernel-dk", family="off-by-one")
def effective_kernel_dk(layers: Any) -> int:
    """You took d*k as the length of a dilated kernel.

    Its taps span d*(k - 1) + 1. Use (k - 1) * d for what it adds.
    """
    return _grown([(d * k, s, 1) for k, s, d in layers])


@_field("field-strides-added", family="wrong-op")
def strides_added(layers: Any) -> int:
    """You added the strides of the earlier layers; they multiply.

    Two strides of 2 leave entries 4 inputs apart. Keep a product.
    """
    size, jump = 1, 1
    for k, s, d in layers:
        size, jump = size + (k - 1) * d * jump, jump + s - 1
    return size


@_field("field-last-layer-only", family="scope")
def last_layer_only(layers: Any) -> int:
    """You gave the field of the last layer alone.

    It reads units that have fields themselves. Go through all layers.
    """
    return _grown(layers[-1:])


@_field("field-product-of-kernels", family="wrong-op")
def product_of_kernels(layers: Any) -> int:
    """You multiplied the sizes of the kernels.

    Fields grow by (k - 1) * d times the strides so far. Add, starting at 1.
    """
    return int(np.prod([d * (k - 1) + 1 for k, _, d in layers]))


@_field("field-dilations-multiplied", family="wrong-op")
def dilations_multiplied(layers: Any) -> int:
    """You carried the dilations on to the later layers like strides.

    Dilation spreads the taps of its own layer only. Multiply by earlier strides, not by earlier dilations.
    """
    return _grown([(k, s * d, d) for k, s, d in layers])


@_field("field-is-total-stride", family="swap")
def is_total_stride(layers: Any) -> int:
    """You gave the product of all strides: that is how far apart neighbouring units look.

    The field is how many inputs one unit sees. Start at 1 and add (k - 1) * d times the strides so far.
    """
    return int(np.prod([s for _, s, _ in layers]))


@mistake("RF-1", "field-pooling-skipped", family="omission")
def pooling_skipped(params: dict[str, Any]) -> int:
    """You left the pooling layers out.

    A pooling window reads neighbours and moves by its stride, like a kernel. Count it as one.
    """
    return _grown([(one["k"], one["stride"], one["dilation"]) for one in params["layers"] if not one["pool"]])
