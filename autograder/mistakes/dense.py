"""What goes wrong in fully connected layers by hand: forward, backward, counting parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from autograder.typeset import cells

Params = dict[str, Any]

# --- back through a product of matrices ----------------------------------------------------------
# GRAPH-4 asks for Y = X W, FC-4 for Y = X W^T + b; both are told here as a product with the turned weights.

Gradients = Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, Any]]


def _right(x: np.ndarray, w: np.ndarray, dy: np.ndarray) -> dict[str, np.ndarray]:
    return {"dX": dy @ w.T, "dW": x.T @ dy}


def _answer(gradients: Gradients, params: Params, rows_are_outputs: bool) -> Any:
    x, w, dy = (np.array(params[name], dtype=float) for name in ("x", "w", "dy"))
    try:
        found = gradients(x, w.T if rows_are_outputs else w, dy)
    except ValueError:  # the shapes do not allow this product
        return None
    if rows_are_outputs and "dW" in found:
        found["dW"] = found["dW"].T
    return {part: cells(array) for part, array in found.items()}


def _product(name: str, family: str, what: str, how: str, gradients: Gradients) -> None:
    for question, rows_are_outputs in (("GRAPH-4", False), ("FC-4", True)):

        def wrong(params: Params, turned: bool = rows_are_outputs) -> Any:
            return _answer(gradients, params, turned)

        wrong.__doc__ = f"{what}\n\n{how}"
        mistake(question, name, family=family)(wrong)


def _exchanged(right: dict[str, Any]) -> dict[str, Any]:
    return {"dX": right["dW"], "dW": right["dX"]}


_product(
    "dX-not-transposed", "orientation",
    "For dX you used the wrong one of W and its transpose.",
    "Match the shapes. Where everything is square, write one entry as a sum: the entry of dX for one input sums, "
    "over all outputs, dY times the weight that joins this input to that output.",
    lambda x, w, dy: {"dX": dy @ w},
)  # fmt: skip
_product(
    "dX-transposed", "orientation",
    "Your dX has rows and columns exchanged.",
    "dX has the shape of X, one row for each row of X.",
    lambda x, w, dy: {"dX": w @ dy.T},
)  # fmt: skip
_product(
    "dW-transposed", "orientation",
    "Your dW has rows and columns exchanged.",
    "dW has the shape of W; its rows and columns stand for the same inputs and outputs as those of W.",
    lambda x, w, dy: {"dW": dy.T @ x},
)  # fmt: skip
_product(
    "upstream-transposed", "orientation",
    "You multiplied by the transpose of dY.",
    "In dX, the rows of dY stay rows; in dW, the rows of dY meet the rows of X.",
    lambda x, w, dy: _right(x, w, dy.T),
)  # fmt: skip
_product(
    "upstream-ignored", "omission",
    "You summed the other matrix and left dY out, as if all its entries were 1.",
    "Every entry of Y has its own gradient: multiply by dY before you sum.",
    lambda x, w, dy: _right(x, w, np.ones_like(dy)),
)  # fmt: skip
_product(
    "entry-by-entry", "wrong-op",
    "You multiplied X and dY entry by entry to get dW.",
    "A weight acts in every row: the entry of dW sums the products of a column of X and a column of dY.",
    lambda x, w, dy: {"dW": x * dy},
)  # fmt: skip
_product(
    "gradients-exchanged", "swap",
    "You exchanged dX and dW.",
    "dX is computed from dY and W, and dW from X and dY.",
    lambda x, w, dy: _exchanged(_right(x, w, dy)),
)  # fmt: skip
_product(
    "dW-averaged", "scale",
    "You divided dW by the number of rows of X.",
    "The contributions of the rows are added. A mean over the examples would be part of the loss, and then of dY.",
    lambda x, w, dy: {"dW": x.T @ dy / len(x)},
)  # fmt: skip


@mistake("GRAPH-4", "dW-without-transpose", family="orientation")
def dw_without_transpose(params: Params) -> Any:
    """For dW you multiplied X and dY without turning X.

    dW sums over the rows of X and dY, so the rows of X have to become columns: X^T times dY.
    """
    return _answer(lambda x, w, dy: {"dW": x @ dy}, params, rows_are_outputs=False)


@mistake("FC-4", "dW-without-transpose", family="orientation")
def dw_without_transpose_in_a_layer(params: Params) -> Any:
    """For dW you multiplied dY and X without turning dY.

    dW sums over the examples, so the rows of dY have to become columns: dY^T times X.
    """
    return _answer(lambda x, w, dy: {"dW": (dy @ x).T}, params, rows_are_outputs=True)


def _bias(name: str, family: str, what: str, how: str, db: Callable[[np.ndarray], np.ndarray]) -> None:
    def wrong(params: Params) -> Any:
        return {"db": cells(db(np.array(params["dy"], dtype=float)))}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("FC-4", name, family=family)(wrong)


_bias(
    "db-mean", "scale",
    "You took the mean of dY over the examples for db.",
    "Every example uses the same bias, so their gradients are added; there is no division.",
    lambda dy: dy.mean(axis=0),
)  # fmt: skip
_bias(
    "db-over-outputs", "orientation",
    "You summed dY over the outputs: one number per example.",
    "There is one bias per output: sum each column of dY over the examples.",
    lambda dy: dy.sum(axis=1),
)  # fmt: skip
_bias(
    "db-first-example", "scope",
    "You took the first row of dY for db.",
    "Every example uses the same bias: add up all rows of dY.",
    lambda dy: dy[0],
)  # fmt: skip
_bias(
    "db-ones", "omission",
    "You counted the examples for db, as if all entries of dY were 1.",
    "Every entry of Y has its own gradient: add up the columns of dY.",
    lambda dy: np.full(dy.shape[1], float(len(dy))),
)  # fmt: skip


# --- one layer forward ---------------------------------------------------------------------------


def _forward(name: str, family: str, what: str, how: str, layer: Callable[..., tuple[Any, Any]]) -> None:
    """Register a wrong layer f(x, W, b) -> (z, h)."""

    def wrong(params: Params) -> Any:
        try:
            z, h = layer(*(np.array(params[name], dtype=float) for name in ("x", "w", "b")))
        except ValueError:  # the shapes do not allow this product
            return None
        return {"z": cells(z), "h": cells(h)}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("FC-1", name, family=family)(wrong)


def _then_relu(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return z, np.maximum(z, 0)


_forward(
    "weights-transposed", "orientation",
    "You went down the columns of W instead of along its rows.",
    "Row i of W belongs to output i: multiply it entry by entry with x and add up.",
    lambda x, w, b: _then_relu(x @ w + b),
)  # fmt: skip
_forward(
    "bias-forgotten", "omission",
    "You left out the bias.",
    "Add the bias of each output to its weighted sum.",
    lambda x, w, b: _then_relu(w @ x),
)  # fmt: skip
_forward(
    "bias-subtracted", "sign",
    "You subtracted the bias.",
    "The bias is added: z = W x + b.",
    lambda x, w, b: _then_relu(w @ x - b),
)  # fmt: skip
_forward(
    "relu-before-bias", "order",
    "You cut off the negative numbers before you added the bias.",
    "Add the bias first; the ReLU is applied to the whole sum z.",
    lambda x, w, b: (w @ x + b, np.maximum(w @ x, 0) + b),
)  # fmt: skip
_forward(
    "relu-forgotten", "omission",
    "You did not apply the ReLU.",
    "Replace every negative number of z by 0.",
    lambda x, w, b: (w @ x + b, w @ x + b),
)  # fmt: skip
_forward(
    "relu-as-absolute-value", "wrong-op",
    "You dropped the minus signs instead of replacing negative numbers by 0.",
    "ReLU is max(0, z): a negative number becomes 0.",
    lambda x, w, b: (w @ x + b, abs(w @ x + b)),
)  # fmt: skip
_forward(
    "relu-of-the-weights", "scope",
    "You replaced negative weights by 0 as well.",
    "The ReLU acts on the sum z alone; the weights stay as they are.",
    lambda x, w, b: _then_relu(np.maximum(w, 0) @ x + b),
)  # fmt: skip


# --- counting parameters -------------------------------------------------------------------------


def _count(name: str, family: str, what: str, how: str, layers: Callable[[list[int]], list[int]]) -> None:
    """Register a wrong count of the layers of a network with the sizes d0, d1, ..."""

    def wrong(params: Params) -> Any:
        counts = layers(params["sizes"])
        return {"layers": counts, "total": sum(counts)}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("FC-2", name, family=family)(wrong)


def _pairs(d: list[int]) -> list[tuple[int, int]]:
    return [*itertools.pairwise(d)]


_count(
    "mlp-bias-forgotten", "omission",
    "You counted the weights but not the biases.",
    "Every unit has one bias: add as many biases as the layer has outputs.",
    lambda d: [a * b for a, b in _pairs(d)],
)  # fmt: skip
_count(
    "mlp-bias-per-input", "swap",
    "You added one bias per input of a layer.",
    "The bias belongs to a unit: add as many biases as the layer has outputs.",
    lambda d: [a * b + a for a, b in _pairs(d)],
)  # fmt: skip
_count(
    "mlp-one-bias-per-layer", "scope",
    "You added a single bias for each layer.",
    "Every unit has its own bias: add as many biases as the layer has outputs.",
    lambda d: [a * b + 1 for a, b in _pairs(d)],
)  # fmt: skip
_count(
    "mlp-sizes-added", "wrong-op",
    "You added the sizes of neighbouring layers instead of multiplying them.",
    "Every unit is joined to every number of the layer before: multiply the two sizes, then add the biases.",
    lambda d: [a + b for a, b in _pairs(d)],
)  # fmt: skip
_count(
    "mlp-size-squared", "scope",
    "You squared the size of each layer.",
    "A unit has one weight for each number of the layer *before*: multiply the two different sizes.",
    lambda d: [b * b + b for _, b in _pairs(d)],
)  # fmt: skip
_count(
    "mlp-inputs-counted", "off-by-one",
    "You counted the input layer as a layer with parameters.",
    "The inputs are given numbers; they have neither weights nor biases.",
    lambda d: [d[0], *(a * b + b for a, b in _pairs(d))],
)  # fmt: skip


def _total(name: str, family: str, what: str, how: str, total: Callable[[list[int]], int]) -> None:
    def wrong(params: Params) -> Any:
        return {"total": total(params["sizes"])}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("FC-2", name, family=family)(wrong)


_total(
    "mlp-last-layer-skipped", "off-by-one",
    "You left the last layer out of the total.",
    "The output layer has weights and biases like every other layer: add them.",
    lambda d: sum(a * b + b for a, b in _pairs(d)[:-1]),
)  # fmt: skip
_total(
    "mlp-units-counted", "wrong-op",
    "You counted the units of the network, not its parameters.",
    "Add up the weights and biases of the layers.",
    sum,
)  # fmt: skip
_total(
    "mlp-sizes-multiplied", "wrong-op",
    "You multiplied all sizes with each other.",
    "Each layer has its own weights: work out every layer and add.",
    math.prod,
)  # fmt: skip
