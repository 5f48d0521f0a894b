"""What goes wrong when a perceptron decides and learns by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import linear, perceptron, perceptron_rule
from reference.linear import PerceptronTrace

Array = np.ndarray

# ---------------------------------------------------------------------------------- PERC-1, deciding


def _decides(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong sum f(w, x, b); the output follows from it."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> Any:
            net = float(wrong(np.array(params["w"]), np.array(params["x"]), params["b"]))
            return {"net": net, "output": float(net > 0)}

        return mistake("PERC-1", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_decides("bias-left-out", family="omission")
def bias_left_out(w: Array, x: Array, b: float) -> Any:
    """You left out the bias.

    Add b to the sum of the products.
    """
    return w @ x


@_decides("bias-subtracted-from-sum", family="sign")
def bias_subtracted_from_sum(w: Array, x: Array, b: float) -> Any:
    """You subtracted the bias, as if it were a threshold.

    Add b to the sum of the products, then compare with 0.
    """
    return w @ x - b


@_decides("weights-summed-without-inputs", family="omission")
def weights_summed(w: Array, x: Array, b: float) -> Any:
    """You added the weights and forgot the inputs.

    Multiply each weight by its input before adding up.
    """
    return w.sum() + b


@_decides("weights-and-inputs-added", family="wrong-op")
def weights_and_inputs(w: Array, x: Array, b: float) -> Any:
    """You added weights and inputs instead of multiplying them.

    Multiply each weight by its input, then add the products and the bias.
    """
    return w.sum() + x.sum() + b


@_decides("bias-in-every-product", family="scope")
def bias_in_every_product(w: Array, x: Array, b: float) -> Any:
    """You added the bias to every product.

    The bias is added once.
    """
    return w @ x + len(w) * b


@mistake("PERC-1", "sigmoid-for-threshold", family="wrong-op")
def sigmoid_for_threshold(params: dict[str, Any]) -> Any:
    """You put the sum through a sigmoid.

    A perceptron answers 1 if the sum is above 0 and 0 otherwise, nothing in between.
    """
    net = float(np.dot(params["w"], params["x"]) + params["b"])
    return {"output": 1 / (1 + float(np.exp(-net)))}


# ------------------------------------------------------------------------ PERC-2 and PERC-3, learning


def _learns(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong step f(w, b, x, t, y, lr) -> (w, b), made for one example after the other."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(x: Any, t: Any, w: Any, b: Any, lr: Any = 1) -> Any:
            x, w, b = np.asarray(x, dtype=float), np.asarray(w, dtype=float), float(b)
            ws, bs = [], []
            for example, target in zip(x, np.asarray(t), strict=True):
                y = float(example @ w + b > 0)
                w, b = wrong(w, b, example, float(target), y, lr)
                ws.append(w)
                bs.append(b)
            return PerceptronTrace(np.array(ws), np.array(bs))

        return mistake(perceptron_rule, name, **facts)(lend_hint(mistaken, wrong))

    return register


Step = tuple[Array, float]


@_learns("update-sign", family="sign")
def update_sign(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You took the error the wrong way round, output minus target.

    The error is target minus output: too small an answer must raise the sum.
    """
    return w + lr * (y - t) * x, b + lr * (y - t)


@_learns("update-though-right", family="scope")
def update_though_right(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You moved the weights by target times input, whatever the output was.

    Use target minus output: when the answer is right nothing moves.
    """
    return w + lr * t * x, b + lr * t


@_learns("update-without-error", family="omission")
def update_without_error(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You added the input whatever the error was.

    Multiply by target minus output; it is -1, 0 or 1.
    """
    return w + lr * x, b + lr


@_learns("update-by-output", family="swap")
def update_by_output(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You multiplied by the output instead of the error.

    Multiply by target minus output.
    """
    return w + lr * y * x, b + lr * y


@_learns("update-bias-still", family="omission")
def bias_still(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You left the bias as it was.

    The bias learns like a weight whose input is always 1.
    """
    return w + lr * (t - y) * x, b


@_learns("update-bias-without-rate", family="omission")
def bias_without_rate(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You moved the bias by the error without the learning rate.

    The learning rate multiplies every update, that of the bias, too.
    """
    return w + lr * (t - y) * x, b + (t - y)


@_learns("update-bias-times-input", family="scope")
def bias_times_input(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You multiplied the update of the bias by the first input.

    The bias learns like a weight whose input is always 1.
    """
    return w + lr * (t - y) * x, b + lr * (t - y) * x[0]


@_learns("update-by-weights", family="swap")
def update_by_weights(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You multiplied the error by the weights instead of the inputs.

    Each weight moves by the learning rate times the error times its own input.
    """
    return w + lr * (t - y) * w, b + lr * (t - y)


@_learns("update-twice-as-far", family="convention")
def twice_as_far(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You moved twice as far, as it comes out with targets and outputs of -1 and 1.

    Here targets and outputs are 0 and 1, so the error is -1, 0 or 1.
    """
    return w + 2 * lr * (t - y) * x, b + 2 * lr * (t - y)


@_learns("update-without-rate", family="omission")
def without_rate(w: Array, b: float, x: Array, t: float, y: float, lr: float) -> Step:
    """You left out the learning rate.

    Multiply every update by the learning rate.
    """
    return w + (t - y) * x, b + (t - y)


# --------------------------------------------------------------------------------- PERC-3, the table


def table(params: dict[str, Any], ws: Any, bs: Any, nets: Any = None) -> dict[str, Any]:
    """Fill the table of an epoch from the weights after each example; the sums follow unless given."""
    before = [(params["w"], params["b"]), *zip(np.asarray(ws).tolist(), np.asarray(bs).tolist())]
    rows = {}
    for i, x in enumerate(params["x"]):
        w, b = before[i]
        net = float(np.dot(w, x) + b) if nets is None else nets[i]
        after = [*(float(v) for v in before[i + 1][0]), float(before[i + 1][1])]
        rows[f"row{i + 1}"] = [[net, float(net > 0), *after]]
    return rows


def _nets(params: dict[str, Any]) -> list[float]:
    x, w = np.array(params["x"], dtype=float), np.array([params["w"]], dtype=float)
    return [float(net) for net in linear(x, w, np.array([params["b"]], dtype=float))[:, 0]]


@mistake("PERC-3", "epoch-with-first-weights", family="order")
def first_weights(params: dict[str, Any]) -> Any:
    """You computed every output with the weights from the beginning of the epoch.

    Each example meets the weights that the one before it has left.
    """
    x, w, b = (
        np.array(params["x"], dtype=float),
        np.array(params["w"], dtype=float),
        np.array(float(params["b"])),
    )
    errors = np.array(params["t"]) - perceptron(x, w, b)
    ws = w + np.cumsum(params["lr"] * errors[:, None] * x, axis=0)
    return table(params, ws, b + np.cumsum(params["lr"] * errors), _nets(params))


@mistake("PERC-3", "epoch-one-update-only", family="scope")
def one_update_only(params: dict[str, Any]) -> Any:
    """You stopped learning after the first correction.

    Go on through all examples; each wrong answer corrects the weights again.
    """
    return _until(params, lambda error: error != 0)


@mistake("PERC-3", "epoch-stopped-when-right", family="scope")
def stopped_when_right(params: dict[str, Any]) -> Any:
    """You stopped learning at the first right answer.

    A right answer moves nothing, but the examples after it still count.
    """
    return _until(params, lambda error: error == 0)


def _until(params: dict[str, Any], last: Callable[[float], bool]) -> dict[str, Any]:
    """Learn up to the first example whose error is the `last` one; afterwards nothing moves."""
    w, b, ended = np.array(params["w"], dtype=float), float(params["b"]), False
    ws, bs = [], []
    for x, t in zip(np.array(params["x"], dtype=float), params["t"]):
        error = t - float(w @ x + b > 0)
        if not ended:
            w, b = w + params["lr"] * error * x, b + params["lr"] * error
            ended = last(error)
        ws.append(w)
        bs.append(b)
    return table(params, ws, bs)
