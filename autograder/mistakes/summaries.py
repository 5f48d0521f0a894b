"""What goes wrong in the table of a network: sizes and counts of single layers, carried on to all that follow."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

from autograder.mistakes import mistake

Params = dict[str, Any]
Shape = tuple[int, ...]
Row = tuple[Shape, int]
Rule = Callable[..., Row | None]

# --- the layers, as they are -----------------------------------------------------------------------


def _slid(n: int, k: int, s: int, p: int) -> int:
    return (n + 2 * p - k) // s + 1


def conv_shape(shape: Shape, f: int, k: int, s: int, p: int) -> Shape:
    return (f, _slid(shape[1], k, s, p), _slid(shape[2], k, s, p))


def conv_count(shape: Shape, f: int, k: int, _s: int, _p: int) -> int:
    return f * (k * k * shape[0] + 1)


RULES: dict[str, Rule] = {
    "conv": lambda shape, f, k, s, p: (conv_shape(shape, f, k, s, p), conv_count(shape, f, k, s, p)),
    "pool": lambda shape, k: ((shape[0], shape[1] // k, shape[2] // k), 0),
    "bn": lambda shape: (shape, 2 * shape[0]),
    "dropout": lambda shape, _p: (shape, 0),
    "flatten": lambda shape: ((prod(shape),), 0),
    "dense": lambda shape, u: ((u,), (prod(shape) + 1) * u),
    "relu": lambda shape: (shape, 0),
}


def table_with(params: Params, **changed: Rule) -> dict[str, Any] | None:
    """Fill the table with some rules changed; None where they lead to no table."""
    shape: Shape = tuple(params["input"])
    answer: dict[str, Any] = {}
    total = 0
    for number, (kind, *settings) in enumerate(params["layers"], start=1):
        row = changed.get(kind, RULES[kind])(shape, *settings)
        if row is None or min(row[0]) < 1:
            return None
        shape, count = row
        answer[f"layer{number}"] = [[list(shape), count]]
        total += count
    return {**answer, "total": total}


def sized(shape_rule: Callable[..., Shape]) -> Rule:
    return lambda shape, *settings: (shape_rule(shape, *settings), conv_count(shape, *settings))


def counted(count_rule: Callable[..., int]) -> Rule:
    return lambda shape, *settings: (conv_shape(shape, *settings), count_rule(shape, *settings))


# --- convolution -----------------------------------------------------------------------------------


@mistake("SHAPE-1", "table-plus1-forgotten", family="off-by-one")
def plus1_forgotten(params: Params) -> Any:
    """You count the steps of the kernel, not its positions: 1 is missing.

    Size = steps + 1, with the first position.
    """
    return table_with(
        params, conv=sized(lambda shape, f, k, s, p: (f, *(_slid(n, k, s, p) - 1 for n in shape[1:])))
    )


@mistake("SHAPE-1", "convolution-keeps-size", family="omission")
def convolution_keeps_size(params: Params) -> Any:
    """You let the convolution keep rows and columns as they are.

    That needs padding ("same"); compute floor((n + 2p - k) / s) + 1.
    """
    return table_with(params, conv=sized(lambda shape, f, k, s, p: (f, *(-(-n // s) for n in shape[1:]))))


@mistake("SHAPE-1", "table-padding-ignored", family="omission")
def padding_ignored(params: Params) -> Any:
    """You leave out the padding.

    p zeros are added on each side, so the kernel slides over n + 2p.
    """
    return table_with(params, conv=sized(lambda shape, f, k, s, p: conv_shape(shape, f, k, s, 0)))


@mistake("SHAPE-1", "table-stride-ignored", family="omission")
def stride_ignored(params: Params) -> Any:
    """You leave out the stride.

    With stride s only every s-th position counts: divide by s and round down before you add 1.
    """
    return table_with(params, conv=sized(lambda shape, f, k, s, p: conv_shape(shape, f, k, 1, p)))


@mistake("SHAPE-1", "channels-multiplied", family="wrong-op", belief="E76")
def channels_multiplied(params: Params) -> Any:
    """You multiply the channels of the input by the number of filters.

    Each filter adds up all channels and makes one map: there are as many channels as filters.
    """
    return table_with(
        params, conv=sized(lambda shape, f, k, s, p: (shape[0] * f, *conv_shape(shape, f, k, s, p)[1:]))
    )


@mistake("SHAPE-1", "filter-without-depth", family="omission")
def filter_without_depth(params: Params) -> Any:
    """You count the weights of a filter on one channel only.

    A filter is as deep as its input: k * k * channels weights and one bias.
    """
    return table_with(params, conv=counted(lambda shape, f, k, s, p: f * (k * k + 1)))


@mistake("SHAPE-1", "convolution-biases-forgotten", family="omission")
def convolution_biases_forgotten(params: Params) -> Any:
    """You leave out the biases of the filters.

    Every filter has one bias.
    """
    return table_with(params, conv=counted(lambda shape, f, k, s, p: f * k * k * shape[0]))


@mistake("SHAPE-1", "bias-in-every-channel", family="scope")
def bias_in_every_channel(params: Params) -> Any:
    """You count a bias for every channel of every filter.

    A filter has one bias, however many channels it sees.
    """
    return table_with(params, conv=counted(lambda shape, f, k, s, p: f * shape[0] * (k * k + 1)))


@mistake("SHAPE-1", "kernel-side-not-squared", family="omission")
def kernel_side_not_squared(params: Params) -> Any:
    """You count k weights per channel, not k * k.

    The kernel has k rows and k columns.
    """
    return table_with(params, conv=counted(lambda shape, f, k, s, p: f * (k * shape[0] + 1)))


@mistake("SHAPE-1", "weights-not-shared", family="scope")
def weights_not_shared(params: Params) -> Any:
    """You count the weights anew at every position.

    All positions share the filters: the number does not depend on the size of the image.
    """

    def count(shape: Shape, f: int, k: int, s: int, p: int) -> int:
        _, rows, columns = conv_shape(shape, f, k, s, p)
        return conv_count(shape, f, k, s, p) * rows * columns

    return table_with(params, conv=counted(count))


# --- the other layers ------------------------------------------------------------------------------


@mistake("SHAPE-1", "pooling-divides-channels", family="scope")
def pooling_divides_channels(params: Params) -> Any:
    """You divide the channels by the size of the pooling window, too.

    Pooling works on every channel by itself: only rows and columns shrink.
    """
    return table_with(params, pool=lambda shape, k: (tuple(n // k for n in shape), 0))


@mistake("SHAPE-1", "pooling-has-weights", family="scope")
def pooling_has_weights(params: Params) -> Any:
    """You give the pooling layer weights.

    Taking the largest of a window needs no parameters: write 0.
    """
    return table_with(params, pool=lambda shape, k: (RULES["pool"](shape, k)[0], k * k * shape[0]))  # type: ignore[index]


@mistake("SHAPE-1", "pooling-rounds-up", family="rounding")
def pooling_rounds_up(params: Params) -> Any:
    """You round up where the pooling windows do not fit.

    A window that does not lie completely inside is left out: round down.
    """
    return table_with(params, pool=lambda shape, k: ((shape[0], *(-(-n // k) for n in shape[1:])), 0))


@mistake("SHAPE-1", "dropout-shrinks", family="scope")
def dropout_shrinks(params: Params) -> Any:
    """You make the layer smaller by the share that is dropped.

    Dropped units become 0 but stay where they are: the shape does not change.
    """

    def shrunk(shape: Shape, p: str) -> Row:
        return (int(shape[0] * (1 - Fraction(p))), *shape[1:]), 0

    return table_with(params, dropout=shrunk)


@mistake("SHAPE-1", "flatten-without-channels", family="omission")
def flatten_without_channels(params: Params) -> Any:
    """You flatten one channel only.

    Flatten puts all numbers into one row: channels * rows * columns.
    """
    return table_with(params, flatten=lambda shape: ((prod(shape[1:]),), 0))


@mistake("SHAPE-1", "flatten-keeps-shape", family="omission")
def flatten_keeps_shape(params: Params) -> Any:
    """You leave the shape as it is when flattening.

    Flatten makes one axis of three: write one number, the product.
    """
    return table_with(params, flatten=lambda shape: (shape, 0))


@mistake("SHAPE-1", "dense-biases-forgotten", family="omission")
def dense_biases_forgotten(params: Params) -> Any:
    """You leave out the biases of the fully connected layers.

    Every unit has a weight for each input and one bias: (inputs + 1) * units.
    """
    return table_with(params, dense=lambda shape, u: ((u,), prod(shape) * u))


@mistake("SHAPE-1", "dense-bias-per-input", family="swap")
def dense_bias_per_input(params: Params) -> Any:
    """You count one bias for every input of a fully connected layer.

    A bias belongs to a unit: inputs * units + units.
    """
    return table_with(params, dense=lambda shape, u: ((u,), prod(shape) * (u + 1)))


@mistake("SHAPE-1", "running-statistics-counted", family="scope")
def running_statistics_counted(params: Params) -> Any:
    """You count the running mean and variance of batch normalisation as learned.

    They are measured. gamma and beta are learned: two numbers per channel.
    """
    return table_with(params, bn=lambda shape: (shape, 4 * shape[0]))


@mistake("SHAPE-1", "normalisation-per-pixel", family="scope")
def normalisation_per_pixel(params: Params) -> Any:
    """You count gamma and beta for every pixel.

    On images, all pixels of a channel share one gamma and one beta.
    """
    return table_with(params, bn=lambda shape: (shape, 2 * prod(shape)))


@mistake("SHAPE-1", "channels-written-last", family="convention", credit=0.5)
def channels_written_last(params: Params) -> Any:
    """You write channels last, as Keras does.

    The question asks for (channels, rows, columns); the numbers themselves are right.
    """
    right = table_with(params) or {}
    turned = {
        part: [[[*row[0][0][1:], row[0][0][0]], row[0][1]]]
        for part, row in right.items()
        if part != "total" and len(row[0][0]) == 3
    }
    return {**right, **turned}
