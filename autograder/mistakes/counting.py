"""Mistakes of counting parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import conv_parameters


def _sides(k: Any) -> tuple[int, int]:
    return (k, k) if isinstance(k, int) else (int(k[0]), int(k[1]))


def _params(name: str, **facts: Any) -> Callable[[Callable[..., int | None]], Mistake]:
    """Register a wrong count f(c_in, kh, kw, c_out, bias 0 or 1, groups)."""

    def register(wrong: Callable[..., int | None]) -> Mistake:
        def mistaken(c_in: int, k: Any, c_out: int, bias: bool = True, groups: int = 1) -> int | None:
            conv_parameters(c_in, k, c_out, bias, groups)  # refuses what the op refuses
            return wrong(c_in, *_sides(k), c_out, int(bias), groups)

        return mistake(conv_parameters, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_params("params-bias-forgotten", family="omission")
def bias_forgotten(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You counted the weights but not the biases.

    Every filter has one bias. Add 1 to the weights of a filter before multiplying by the number of filters.
    """
    return kh * kw * (c_in // groups) * c_out


@_params("params-one-bias", family="scope")
def one_bias(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You added a single bias for the whole layer.

    Every filter has its own bias. Add as many biases as there are filters.
    """
    return kh * kw * (c_in // groups) * c_out + bias


@_params("params-bias-per-input-channel", family="swap")
def bias_per_input_channel(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You added one bias per input channel.

    The bias is added to the output of a filter. Add one bias per filter, that is per output channel.
    """
    return kh * kw * (c_in // groups) * c_out + bias * c_in


@_params("params-bias-per-slice", family="scope")
def bias_per_slice(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You gave every channel of every filter a bias of its own.

    The channels of a filter are summed first; one bias per filter is added to the sum. Count one per filter.
    """
    return (kh * kw + bias) * (c_in // groups) * c_out


@_params("params-bias-per-weight", family="scope")
def bias_per_weight(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You counted a bias for every weight.

    One bias is added to the sum over the whole filter. Count one per filter.
    """
    return (1 + bias) * kh * kw * (c_in // groups) * c_out


@_params("params-bias-added-anyway", family="scope")
def bias_added_anyway(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You counted biases although the layer has none.

    Read whether the layer has a bias. Count the weights only.
    """
    return (kh * kw * (c_in // groups) + 1) * c_out


@_params("params-channels-forgotten", family="omission")
def channels_forgotten(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You left out the input channels: a filter is as deep as its input.

    A filter has one kernel per input channel. Multiply the kernel's size by the number of input channels.
    """
    return (kh * kw + bias) * c_out


@_params("params-filters-forgotten", family="omission")
def filters_forgotten(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You counted one filter only.

    The layer has one filter per output channel. Multiply by the number of filters.
    """
    return kh * kw * (c_in // groups) + bias


@_params("params-k-not-squared", family="scale")
def k_not_squared(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int | None:
    """You counted k weights per kernel instead of k*k.

    A kernel is a square of k by k weights. Square k.
    """
    return (kh * (c_in // groups) + bias) * c_out if kh == kw else None


@_params("params-kernel-sides-added", family="wrong-op")
def kernel_sides_added(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You added the two sides of the kernel.

    A kernel of kh rows and kw columns has kh*kw weights. Multiply the sides.
    """
    return ((kh + kw) * (c_in // groups) + bias) * c_out


@_params("params-first-side-squared", family="scope")
def first_side_squared(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You took the kernel as a square with its first side.

    This kernel has kh rows and kw columns. Multiply kh by kw.
    """
    return (kh * kh * (c_in // groups) + bias) * c_out


@_params("params-channels-added", family="wrong-op")
def channels_added(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You added the number of channels to the kernel's size.

    A filter has kh*kw weights for each input channel. Multiply by the number of channels.
    """
    return (kh * kw + c_in // groups + bias) * c_out


@_params("params-groups-ignored", family="omission")
def groups_ignored(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You gave every filter all input channels although the layer has groups.

    A filter sees only the channels of its group, c_in / groups. Divide the input channels by the groups.
    """
    return (kh * kw * c_in + bias) * c_out


@_params("params-groups-divide-everything", family="scope")
def groups_divide_everything(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You divided the biases by the number of groups as well.

    Groups make the filters shallower, but there are still c_out of them, each with its bias. Divide c_in
    only.
    """
    return (kh * kw * c_in + bias) * c_out // groups


@_params("params-groups-divided-twice", family="scale")
def groups_divided_twice(c_in: int, kh: int, kw: int, c_out: int, bias: int, groups: int) -> int:
    """You divided both the input channels and the filters by the number of groups.

    Each group has c_out / groups filters, but there are `groups` groups. Divide the input channels only.
    """
    return (kh * kw * (c_in // groups) + bias) * (c_out // groups)


# ---------------------------------------------- mistakes that need what the question says besides


def _positions(params: dict[str, Any]) -> int:
    (rows, columns), (kh, kw) = params["image"], params["kernel"]
    return (rows - kh + 1) * (columns - kw + 1)


def _count(params: dict[str, Any]) -> int:
    return conv_parameters(params["c_in"], tuple(params["kernel"]), params["c_out"], True, params["groups"])


@mistake("CARITH-2", "params-times-positions", family="scope")
def times_positions(params: dict[str, Any]) -> int:
    """You counted the parameters again for every position of the output.

    A filter keeps its weights while it slides over the image. Leave the size of the image out.
    """
    return _count(params) * _positions(params)


@mistake("CARITH-2", "params-fully-connected", family="wrong-op")
def fully_connected(params: dict[str, Any]) -> int:
    """You counted a fully connected layer: every input with every output.

    A filter sees one window at a time and is shared by all positions. Count the weights of the filters only.
    """
    rows, columns = params["image"]
    return params["c_in"] * rows * columns * params["c_out"] * _positions(params)


@mistake("CARITH-2", "params-times-batch", family="scope")
def times_batch(params: dict[str, Any]) -> int:
    """You multiplied by the number of images.

    All images go through the same filters. Leave the size of the batch out.
    """
    return _count(params) * params["batch"]
