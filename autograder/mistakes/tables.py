"""What goes wrong in the code that fills the table of a network: the faults of single layers, and of rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from math import prod
from typing import Any

from autograder.mistakes import Mistake, mistake, mistakes_of
from autograder.mistakes.summaries import Params, conv_shape, counted, sized, table_with

Functions = dict[str, Callable[..., Any]]


def _coded(found: Callable[[Params], Any], what: str, how: str) -> Callable[[Functions], Functions]:
    """Make a `summary` that fills the table as the mistake does."""

    def spoilt(right: Functions) -> Functions:
        def summary(layers: Any, input_shape: Any) -> Any:
            answer = found({"layers": [list(layer) for layer in layers], "input": list(input_shape)})
            rows = [answer[f"layer{i}"][0] for i in range(1, len(layers) + 1)] if answer else []
            return [(layer[0], tuple(shape), count) for layer, (shape, count) in zip(layers, rows)]

        return {**right, "summary": summary}

    spoilt.__doc__ = f"{what}\n\n{how}"
    return spoilt


for _found in mistakes_of("SHAPE-1"):
    # a behaviour, since a value of this name would be one of the reference's `summary`, with its signature
    mistake("summary", _found.name, family=_found.family, kind="behaviour")(
        _coded(_found, _found.what, _found.how)
    )


def _in_code(name: str, family: str) -> Callable[[Callable[..., Any]], None]:
    """Register a table that goes wrong in code only, as the decorated function fills it."""

    def register(table: Callable[[Params], Any]) -> None:
        what, how = inspect.cleandoc(table.__doc__ or "").split("\n\n")
        mistake("summary", name, family=family, kind="behaviour")(_coded(table, what, how))

    return register


@_in_code("padding-on-one-side", family="omission")
def padding_on_one_side(params: Params) -> Any:
    """You add the padding once, not on both sides.

    There are p zeros on each side, so the kernel slides over n + 2p.
    """
    return table_with(
        params, conv=sized(lambda shape, f, k, s, p: (f, *((n + p - k) // s + 1 for n in shape[1:])))
    )


@_in_code("rows-for-columns", family="swap")
def rows_for_columns(params: Params) -> Any:
    """You work out one side after a convolution and write it twice, so every image comes out square.

    Rows and columns may differ: use the formula on each of them.
    """
    return table_with(params, conv=sized(lambda shape, *how: (how[0], *2 * (conv_shape(shape, *how)[1],))))


@_in_code("convolution-rounds-up", family="rounding")
def convolution_rounds_up(params: Params) -> Any:
    """You round up where the windows of a convolution do not fit.

    A window that does not lie completely inside is left out: (n + 2p - k) // s + 1.
    """
    return table_with(
        params, conv=sized(lambda shape, f, k, s, p: (f, *(-(-(n + 2 * p - k) // s) + 1 for n in shape[1:])))
    )


@_in_code("pooling-moves-by-one", family="omission")
def pooling_moves_by_one(params: Params) -> Any:
    """You let the pooling window move by 1.

    Its stride is k, so rows and columns are divided by k.
    """
    return table_with(params, pool=lambda shape, k: ((shape[0], *(n - k + 1 for n in shape[1:])), 0))


@_in_code("filter-as-deep-as-its-output", family="order")
def filter_as_deep_as_its_output(params: Params) -> Any:
    """You count the weights of a convolution with the channels that come out of it.

    A filter is as deep as what goes in: count before you replace the shape.
    """
    return table_with(params, conv=counted(lambda shape, f, k, s, p: f * (k * k * f + 1)))


@_in_code("units-for-inputs", family="order")
def units_for_inputs(params: Params) -> Any:
    """You count the weights of a dense layer with its own units as inputs.

    Its inputs are what the layer before hands on: count before you replace the shape.
    """
    return table_with(params, dense=lambda shape, u: ((u,), (u + 1) * u))


@_in_code("dense-one-bias", family="scope")
def dense_one_bias(params: Params) -> Any:
    """You count a single bias for a whole fully connected layer.

    Every unit has its own: (inputs + 1) * units.
    """
    return table_with(params, dense=lambda shape, u: ((u,), prod(shape) * u + 1))


@_in_code("convolution-one-bias", family="scope")
def convolution_one_bias(params: Params) -> Any:
    """You count a single bias for a whole convolution.

    Every filter has its own: F * (k * k * C + 1).
    """
    return table_with(params, conv=counted(lambda shape, f, k, s, p: f * k * k * shape[0] + 1))


@_in_code("normalisation-of-one-channel", family="scope")
def normalisation_of_one_channel(params: Params) -> Any:
    """You count one gamma and one beta for a whole layer of batch normalisation.

    Every channel (or feature) has its own: 2 * C.
    """
    return table_with(params, bn=lambda shape: (shape, 2))


@_in_code("normalisation-scale-only", family="omission")
def normalisation_scale_only(params: Params) -> Any:
    """You count one number per channel for batch normalisation.

    It learns two, gamma and beta: 2 * C.
    """
    return table_with(params, bn=lambda shape: (shape, shape[0]))


def _rows_changed(name: str, family: str) -> Callable[[Callable[..., Any]], Mistake]:
    """Register what becomes of the right rows."""

    def register(change: Callable[..., Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            return {**right, "summary": lambda layers, shape: change(right["summary"](layers, shape), shape)}

        spoilt.__doc__ = change.__doc__
        return mistake("summary", name, family=family, kind="behaviour")(spoilt)

    return register


@_rows_changed("shapes-before-the-layer", family="off-by-one")
def shapes_before_the_layer(rows: Any, shape: Any) -> Any:
    """You write what goes into each layer, not what comes out of it.

    Work out the new shape first, then write the row.
    """
    before = [tuple(shape), *(row[1] for row in rows)]
    return [(name, old, count) for (name, _, count), old in zip(rows, before)]


@_rows_changed("counts-added-up", family="scope")
def counts_added_up(rows: Any, shape: Any) -> Any:
    """You write a running total in place of the parameters of each layer.

    Every row holds the parameters of its own layer only.
    """
    return [(name, out, sum(row[2] for row in rows[: i + 1])) for i, (name, out, _) in enumerate(rows)]


@_rows_changed("layers-without-parameters-left-out", family="omission")
def layers_without_parameters_left_out(rows: Any, shape: Any) -> Any:
    """You leave out layers that learn nothing.

    Every layer has its row; write 0 where nothing is learned.
    """
    return [row for row in rows if row[2]]


@_rows_changed("batch-axis-written", family="scope")
def batch_axis_written(rows: Any, shape: Any) -> Any:
    """You write a batch axis in front of every shape.

    The table is about one image: leave the batch axis out.
    """
    return [(name, (1, *out), count) for name, out, count in rows]
