"""Mistakes of shapes through a chain of layers, made at every layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import conv_output_size


def _chain(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong step (channels, rows, columns) f(layer, shape) of CARITH-6, made at every layer."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> dict[str, Any]:
            rows, shape = [], list(params["input"])
            for layer in params["layers"]:
                shape = wrong(layer, shape)
                rows.append([list(shape)])
            return {"shapes": rows}

        return mistake("CARITH-6", name, **facts)(lend_hint(mistaken, wrong))

    return register


def _slid(layer: dict[str, Any], shape: list[int]) -> list[int]:
    return [conv_output_size(n, layer["k"], layer["stride"], layer["padding"]).size for n in shape[1:]]


def _depth(layer: dict[str, Any], channels: int) -> int:
    return layer["filters"] or channels


@_chain("chain-channels-kept", family="omission")
def chain_channels_kept(layer: dict[str, Any], shape: list[int]) -> list[int]:
    """You kept the number of channels through the convolutions.

    Each filter gives one map, so a convolution has as many channels as filters. Use their number.
    """
    return [shape[0], *_slid(layer, shape)]


@_chain("chain-channels-multiplied", family="wrong-op")
def chain_channels_multiplied(layer: dict[str, Any], shape: list[int]) -> list[int]:
    """You multiplied the channels by the number of filters.

    A filter sums over all channels and gives one map. The result has as many channels as filters.
    """
    return [shape[0] * (layer["filters"] or 1), *_slid(layer, shape)]


@_chain("chain-pool-halves-channels", family="scope")
def chain_pool_halves(layer: dict[str, Any], shape: list[int]) -> list[int]:
    """You let pooling make the number of channels smaller.

    Pooling treats every channel by itself. Keep the channels.
    """
    depth = layer["filters"] or shape[0] // layer["stride"]
    return [depth, *_slid(layer, shape)]


@_chain("chain-pool-rounded-up", family="rounding")
def chain_pool_rounded_up(layer: dict[str, Any], shape: list[int]) -> list[int]:
    """You counted a pooling window that hangs over the border.

    Here windows that do not lie completely inside are left out. Round down.
    """
    if layer["filters"]:
        return [layer["filters"], *_slid(layer, shape)]
    return [shape[0], *(-(-(n - layer["k"]) // layer["stride"]) + 1 for n in shape[1:])]


@_chain("chain-pool-ignored", family="omission")
def chain_pool_ignored(layer: dict[str, Any], shape: list[int]) -> list[int]:
    """You left the maps as they are in the pooling layers.

    A pooling window moves like a kernel and makes the map smaller. Use the same formula.
    """
    return [layer["filters"], *_slid(layer, shape)] if layer["filters"] else shape


@mistake("CARITH-6", "chain-rows-and-columns-exchanged", family="swap")
def chain_exchanged(params: dict[str, Any]) -> dict[str, Any]:
    """You exchanged rows and columns.

    The order is (channels, rows, columns). Keep rows before columns.
    """
    rows, shape = [], list(params["input"])
    for layer in params["layers"]:
        shape = [_depth(layer, shape[0]), *_slid(layer, shape)]
        rows.append([[shape[0], shape[2], shape[1]]])
    return {"shapes": rows}
