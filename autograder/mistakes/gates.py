"""What goes wrong on the way back through a graph by hand: at one gate, at a fork, at the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference import GATES, Graph, graph_gradients

Local = Callable[..., tuple[Any, ...]]


def _product(right: Any, local: Any) -> Any:
    return right * local


def _sum(old: Any, new: Any) -> Any:
    return old + new


def _one(_value: Any) -> float:
    return 1.0


def _rules(change: Callable[[str], Local | None]) -> dict[str, Local]:
    return {kind: change(kind) or gate.local for kind, gate in GATES.items()}


def _backward(
    v: Any,
    graph: Any,
    out: str,
    start: Callable[[Any], Any] = _one,
    passed: Callable[[Any, Any], Any] = _product,
    joined: Callable[[Any, Any], Any] = _sum,
    local: dict[str, Local] | None = None,
) -> np.ndarray:
    """Go from right to left with another start, product, sum at forks or local gradient of some gates."""
    graph = graph if isinstance(graph, Graph) else Graph(graph)
    rules = local or {kind: gate.local for kind, gate in GATES.items()}
    at_out = graph.names.index(out)
    g: dict[int, Any] = {at_out: start(v[at_out])}
    for at, node in reversed([*enumerate(graph.steps, len(graph.leaves))]):
        if at not in g:
            continue
        slopes = rules[node.kind](v[at], *(v[i] for i in node.inputs), *node.constant)
        for i, slope in zip(node.inputs, slopes, strict=True):
            new = passed(g[at], slope)
            g[i] = joined(g[i], new) if i in g else new
    return np.array([g.get(i, 0.0) for i in range(len(graph.names))], dtype=float)


def _way(name: str, family: str, what: str, how: str, belief: str = "", **change: Any) -> None:
    def wrong(v: Any, graph: Any, out: str) -> Any:
        return _backward(v, graph, out, **change)

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake(graph_gradients, name, family=family, belief=belief)(wrong)


def _gate(name: str, kind: str, family: str, what: str, how: str, local: Local) -> None:
    """Spoil the local gradient of one kind of gate."""
    _way(name, family, what, how, local=_rules(lambda k: local if k == kind else None))


# --- one gate ------------------------------------------------------------------------------------

_gate(
    "mul-own-value", "mul", "swap",
    "At a multiplication you passed each input its own value instead of the other one's.",
    "For p = a b the local gradient towards a is b, and towards b it is a: exchange the two.",
    lambda _, a, b: (a, b),
)  # fmt: skip
_gate(
    "add-scales", "add", "wrong-op",
    "At an addition you multiplied the gradient from the right by the input.",
    "The local gradient of an addition is 1 towards both inputs: pass the gradient on as it is.",
    lambda _, a, b: (a, b),
)  # fmt: skip
_gate(
    "sub-sign", "sub", "sign",
    "At a subtraction you passed the same sign to both inputs.",
    "For p = a - b the local gradient towards b is -1: change the sign on that side.",
    lambda *_: (1, 1),
)  # fmt: skip
_gate(
    "max-to-both", "max", "scope",
    "At a maximum you passed the gradient to both inputs.",
    "Only the larger input decides the value: it gets all of the gradient, the other one gets 0.",
    lambda *_: (1, 1),
)  # fmt: skip
_gate(
    "max-to-smaller", "max", "swap",
    "At a maximum you passed the gradient to the smaller input.",
    "The larger input decides the value: it gets all of the gradient, the smaller one gets 0.",
    lambda _, a, b: (1, 0) if b > a else (0, 1),
)  # fmt: skip
_gate(
    "max-halved", "max", "scale",
    "At a maximum you gave half of the gradient to each input.",
    "Only the larger input decides the value: it gets all of the gradient, the other one gets 0.",
    lambda *_: (0.5, 0.5),
)  # fmt: skip
_gate(
    "square-constant", "square", "omission",
    "At the square you used 2 as the local gradient.",
    "The derivative of a^2 is 2a: multiply by the input, too.",
    lambda *_: (2,),
)  # fmt: skip
_gate(
    "inv-derivative-no-square", "inv", "omission",
    "At the reciprocal you used -1/a as the local gradient.",
    "The derivative of 1/a is -1/a^2: square the input.",
    lambda _, a: (-1 / a,),
)  # fmt: skip
_gate(
    "inv-derivative-no-minus", "inv", "sign",
    "At the reciprocal you used +1/a^2 as the local gradient.",
    "The derivative of 1/a is -1/a^2: put the minus sign in front.",
    lambda _, a: (1 / (a * a),),
)  # fmt: skip
_gate(
    "exp-derivative-input", "exp", "wrong-op",
    "At the exponential you multiplied by its input.",
    "The derivative of e^a is e^a itself: multiply by the value you computed on the way forward.",
    lambda _, a: (a,),
)  # fmt: skip
_gate(
    "exp-derivative-one", "exp", "omission",
    "At the exponential you passed the gradient on unchanged.",
    "The derivative of e^a is e^a itself: multiply by the value you computed on the way forward.",
    lambda *_: (1,),
)  # fmt: skip
_gate(
    "mulc-derivative-one", "mulc", "omission",
    "At the multiplication by a constant you passed the gradient on unchanged.",
    "The derivative of c a is c: multiply by the constant (for c = -1 the sign changes).",
    lambda *_: (1,),
)  # fmt: skip
_gate(
    "slope-is-f", "sigmoid", "omission",
    "You used the value of the sigmoid as its slope.",
    "The slope is f (1 - f): multiply by (1 - f), too.",
    lambda y, _: (y,),
)  # fmt: skip
_gate(
    "slope-missing", "sigmoid", "omission",
    "You went back through the sigmoid as if it were not there.",
    "Multiply by its slope f (1 - f).",
    lambda *_: (1,),
)  # fmt: skip
_gate(
    "slope-of-the-sum", "sigmoid", "wrong-op",
    "You computed the slope of the sigmoid from its input, a (1 - a), instead of from its output.",
    "The slope is f (1 - f), where f is the output of the sigmoid.",
    lambda _, a: (a * (1 - a),),
)  # fmt: skip


# --- every gate, forks, the start ----------------------------------------------------------------

_way(
    "upstream-forgotten", "omission",
    "You wrote down local gradients alone and left out the gradient that comes from the right.",
    "At each step, left = right x local: multiply by the gradient of the step's own result.",
    passed=lambda right, local: local,
)  # fmt: skip
_way(
    "chain-summed", "wrong-op",
    "You added the local gradient to the one from the right.",
    "The chain rule multiplies: left = right x local.",
    passed=lambda right, local: right + local,
)  # fmt: skip
_way(
    "output-as-slope", "wrong-op",
    "You took the value of a step as its local gradient.",
    "The local gradient is the derivative of the step's result towards one of its inputs, with the numbers put in.",
    local=_rules(lambda kind: lambda y, *inputs: (y,) * GATES[kind].inputs),
)  # fmt: skip
_way(
    "seed-with-value", "wrong-op",
    "You started the way back with the value of f, so all gradients are f times too large.",
    "Start with the gradient of f with respect to itself, which is 1.",
    start=lambda value: value,
)  # fmt: skip
_way(
    "reuse-overwrites", "scope",
    "Where a value is used twice you kept the gradient of one way only.",
    "Both ways change f: add up the gradients that come back from them.",
    joined=lambda old, new: new,
)  # fmt: skip
_way(
    "reuse-multiplies", "wrong-op",
    "Where a value is used twice you multiplied the gradients of the two ways.",
    "Both ways change f: add up the gradients that come back from them.",
    joined=lambda old, new: old * new,
)  # fmt: skip
_way(
    "reuse-averages", "scale",
    "Where a value is used twice you took the mean of the two gradients.",
    "Both ways change f: add up the gradients that come back from them.",
    joined=lambda old, new: (old + new) / 2,
)  # fmt: skip


# --- the sigmoid neuron: what the graph alone does not show ---------------------------------------


def _neuron(params: dict[str, Any]) -> tuple[list[float], list[float], float]:
    leaves = params["leaves"]
    n = len(leaves) // 2
    return [leaves[f"w{i}"] for i in range(n)], [leaves[f"x{i}"] for i in range(n)], leaves[f"w{n}"]


def _step_values(params: dict[str, Any], a: float, n: float) -> list[float]:
    e = float(np.exp(n))
    return [a, 1 / (1 + e)] if params["level"] == 1 else [a, n, e, 1 + e, 1 / (1 + e)]


@mistake("GRAPH-2", "exponent-plus", family="sign")
def exponent_plus(params: dict[str, Any]) -> Any:
    """You computed 1 / (1 + e^a): the minus sign of the exponent is missing.

    The sigmoid is 1 / (1 + e^-a): change the sign of a before you take the exponential.
    """
    w, x, bias = _neuron(params)
    a = sum(map(_product, w, x)) + bias
    return {"values": _step_values(params, a, a)}


@mistake("GRAPH-2", "bias-forgotten", family="omission")
def bias_forgotten(params: dict[str, Any]) -> Any:
    """You left the last weight out of the sum; it has no input of its own.

    The sum a ends with the last weight alone: add it.
    """
    w, x, _ = _neuron(params)
    a = sum(map(_product, w, x))
    return {"values": _step_values(params, a, -a)}


@mistake("GRAPH-2", "bias-times-input", family="wrong-op")
def bias_times_input(params: dict[str, Any]) -> Any:
    """You multiplied the gradient of the last weight by an input.

    The last weight is added alone, without an input: its gradient is that of the sum a.
    """
    w, x, bias = _neuron(params)
    f = 1 / (1 + float(np.exp(-(sum(map(_product, w, x)) + bias))))
    slope = f * (1 - f)
    pairs = [value for a, b in zip(w, x) for value in (slope * b, slope * a)]
    return {"leaves": [*pairs, slope * x[-1]]}
