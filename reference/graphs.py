"""Computational graphs: values from left to right, gradients from right to left, every step to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reference.activations import sigmoid
from reference.op import Array, Case, InputError, ShapeError, op, whole
from reference.shapes import as_float, short

__all__ = [
    "GATES",
    "SIGMOID_CIRCUIT",
    "SUM_TIMES",
    "WEIGHT_CHAIN",
    "Gate",
    "Graph",
    "graph_gradients",
    "graph_values",
]


# ----------------------------------------------------------------------------------------------- gates


@dataclass(frozen=True)
class Gate:
    """What one kind of node computes, and its local gradients: `y = value(*inputs)`, `local(y, *inputs)`.

    `inputs` counts the nodes that feed it. With `constant`, a fixed number stands behind them.
    """

    inputs: int
    value: Callable[..., Any]
    local: Callable[..., tuple[Any, ...]]
    constant: bool = False


GATES: dict[str, Gate] = {
    "add": Gate(2, lambda a, b: a + b, lambda *_: (1, 1)),
    "sub": Gate(2, lambda a, b: a - b, lambda *_: (1, -1)),
    "mul": Gate(2, lambda a, b: a * b, lambda _, a, b: (b, a)),
    "max": Gate(2, np.maximum, lambda _, a, b: (0, 1) if b > a or np.isnan(b) else (1, 0)),
    "neg": Gate(1, lambda a: -a, lambda *_: (-1,)),
    "inv": Gate(1, lambda a: 1 / a, lambda _, a: (-1 / (a * a),)),
    "exp": Gate(1, np.exp, lambda y, _: (y,)),
    "square": Gate(1, lambda a: a * a, lambda _, a: (2 * a,)),
    "sigmoid": Gate(1, sigmoid, lambda _, a: (sigmoid(a) * sigmoid(-a),)),
    "relu": Gate(1, lambda a: np.maximum(a, 0), lambda _, a: (0 if a <= 0 else 1,)),
    "abs": Gate(1, np.abs, lambda _, a: (np.sign(a),)),
    "addc": Gate(1, lambda a, c: a + c, lambda *_: (1,), constant=True),
    "mulc": Gate(1, lambda a, c: a * c, lambda _y, _a, c: (c,), constant=True),
}
"""The kinds of nodes, by name (lecture S0:258-433). On a tie "max" sends its gradient to the first input;
"relu" and "abs" have gradient 0 at 0."""


# ---------------------------------------------------------------------------------------------- graphs


@dataclass(frozen=True)
class Node:
    """A node made ready to run: positions of its inputs among all values, and the constant if it has one."""

    kind: str
    inputs: tuple[int, ...]
    constant: tuple[float, ...]


@dataclass(frozen=True)
class Graph:
    """Compute a formula step by step, and its gradients backwards, with every intermediate value to be seen.

    A node is `(name, gate, inputs)`, inputs a tuple of names: of leaves, or of nodes that stand before it.
    "addc" and "mulc" have their constant as second input: `("o", "addc", ("e", 1.0))`. Every name that is
    used but not computed is a leaf. For the gates see `GATES`.

    Raises InputError when a node is malformed, computed twice, or used before it is computed.

    >>> graph = Graph((("q", "add", ("x", "y")), ("f", "mul", ("q", "z"))))
    >>> values = graph.forward({"x": -2, "y": 5, "z": -4})
    >>> values["q"], values["f"]
    (3.0, -12.0)
    >>> graph.backward(values, "f")
    {'x': -4.0, 'y': -4.0, 'z': 3.0, 'q': -4.0, 'f': 1.0}
    """

    nodes: tuple[tuple[str, str, tuple[Any, ...]], ...]

    def __post_init__(self) -> None:
        """Check the nodes, and turn the lists of a graph that was stored as JSON into tuples."""
        object.__setattr__(self, "nodes", _checked(self.nodes))

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Names of the leaves, in the order of their first use."""
        used = [name for _, gate, inputs in self.nodes for name in inputs[: GATES[gate].inputs]]
        computed = {name for name, _, _ in self.nodes}
        return tuple(name for name in dict.fromkeys(used) if name not in computed)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all values: the leaves, then the nodes in order."""
        return (*self.leaves, *(name for name, _, _ in self.nodes))

    @cached_property
    def steps(self) -> tuple[Node, ...]:
        """The nodes made ready to run."""
        at = {name: i for i, name in enumerate(self.names)}
        made = []
        for _, kind, inputs in self.nodes:
            split = GATES[kind].inputs
            made.append(Node(kind, tuple(at[i] for i in inputs[:split]), inputs[split:]))
        return tuple(made)

    def forward(self, leaves: Mapping[str, Any], decimals: int | None = None) -> dict[str, float]:
        """Return the values of all leaves and nodes by name.

        With `decimals`, every node is rounded before it is used, as one does by hand.

        Raises InputError when a leaf is missing, is no number, or is computed by a node.
        """
        given = {name: _number(name, value) for name, value in _mapping("leaves", leaves).items()}
        for name in self.names[len(self.leaves) :]:
            if name in given:
                raise _wrong(f"{name} is given, but a node computes it.", "give values to leaves only.")
        values = _forward(self, _pick(given, self.leaves, "leaves"), _decimals(decimals))
        return {**given, **dict(zip(self.names, map(float, values), strict=True))}

    def backward(self, values: Mapping[str, Any], out: str, decimals: int | None = None) -> dict[str, float]:
        """Return the gradient of `out` with respect to every value by name, given all forward values.

        At each node, a gradient towards the left is the one from the right times the local gradient.
        Contributions to a value that is used several times add up. What `out` does not depend on gets 0.
        With `decimals`, every product is rounded, as one does by hand.

        Raises InputError when a value is missing or is no number, or when there is no value `out`.
        """
        given = {name: _number(name, value) for name, value in _mapping("values", values).items()}
        v = _pick(given, self.names, "values")
        g = _backward(self, v, _seed(self, v, out), _decimals(decimals))
        return {**dict.fromkeys(given, 0.0), **dict(zip(self.names, map(float, g), strict=True))}


def _wrong(fact: str, do: str) -> InputError:
    return InputError(fact, do, "Graph")


def _checked(nodes: Any) -> tuple[tuple[str, str, tuple[Any, ...]], ...]:
    if isinstance(nodes, (str, Mapping)) or not np.iterable(nodes):
        raise _wrong(f"nodes are {short(nodes)}.", 'give a list of nodes like ("q", "add", ("x", "y")).')
    made = [_node(node) for node in nodes]
    if not made:
        raise _wrong("there are no nodes.", "give at least one node.")
    later = {name for name, _, _ in made}
    seen: set[str] = set()
    for name, kind, inputs in made:
        if name in seen:
            raise _wrong(f"{name} is computed twice.", "give every node a name of its own.")
        for used in inputs[: GATES[kind].inputs]:
            if used in later and used not in seen:
                raise _wrong(
                    f"{name} uses {used}, which is computed later.", "put nodes behind their inputs."
                )
        seen.add(name)
    return tuple(made)


def _node(node: Any) -> tuple[str, str, tuple[Any, ...]]:
    parts = tuple(node) if isinstance(node, (tuple, list)) else ()
    if (
        len(parts) != 3
        or not all(isinstance(p, str) for p in parts[:2])
        or not isinstance(parts[2], (tuple, list))
    ):
        raise _wrong(
            f"{short(node)} is no node.", 'write (name, gate, inputs), like ("q", "add", ("x", "y")).'
        )
    name, kind, inputs = parts[0], parts[1], tuple(parts[2])
    gate = GATES.get(kind)
    if gate is None:
        raise _wrong(f"{name} is computed by {kind!r}, which is no gate.", f"use one of {', '.join(GATES)}.")
    sources, rest = inputs[: gate.inputs], inputs[gate.inputs :]
    if len(inputs) != gate.inputs + gate.constant or not all(isinstance(source, str) for source in sources):
        wanted = (
            f"{gate.inputs} name{'s' if gate.inputs > 1 else ''}{' and a number' if gate.constant else ''}"
        )
        raise _wrong(f"{name} has inputs {short(inputs)}.", f"give {kind} {wanted} as inputs.")
    return name, kind, (*sources, *(float(_number(f"the constant of {name}", c)) for c in rest))


def _mapping(what: str, given: Any) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(f"{what} are {short(given)}.", 'give numbers by name, like {"x": -2.0, "y": 5.0}.')
    return given


def _number(name: Any, value: Any) -> Any:
    try:
        array = as_float(str(name), value)
    except InputError as error:
        raise _wrong(error.fact, f"give {name} as a plain number.") from None
    if array.ndim:
        raise _wrong(f"{name} is {short(value)}, not one number.", f"give {name} as a plain number.")
    return float(array)


def _pick(given: Mapping[str, float], names: Sequence[str], what: str) -> list[Any]:
    missing = [name for name in names if name not in given]
    if missing:
        raise _wrong(
            f"{what} has no {', '.join(missing)}.", f"give every one of {', '.join(names)} a number."
        )
    return [np.float64(given[name]) for name in names]


def _decimals(decimals: Any) -> int | None:
    return None if decimals is None else whole("decimals", decimals)


def _seed(graph: Graph, values: Iterable[Any], out: Any) -> list[Any]:
    if not isinstance(out, str) or out not in graph.names:
        raise _wrong(f"there is no value {short(out)}.", f"choose out from {', '.join(graph.names)}.")
    return [type(v)(name == out) for v, name in zip(values, graph.names, strict=True)]


def _forward(graph: Graph, leaves: Iterable[Any], decimals: int | None = None) -> list[Any]:
    values = list(leaves)
    with np.errstate(all="ignore"):
        for node in graph.steps:
            y = GATES[node.kind].value(*(values[i] for i in node.inputs), *node.constant)
            values.append(y if decimals is None else np.round(y, decimals))
    return values


def _backward(graph: Graph, values: Any, seed: Any, decimals: int | None = None) -> list[Any]:
    g = list(seed)
    reached = [s != 0 for s in seed]  # where out depends on nothing, 0 times an infinite slope must stay 0
    with np.errstate(all="ignore"):
        for at, node in reversed([*enumerate(graph.steps, len(graph.leaves))]):
            if reached[at]:
                local = GATES[node.kind].local(values[at], *(values[i] for i in node.inputs), *node.constant)
                for i, slope in zip(node.inputs, local, strict=True):
                    product = g[at] * slope
                    g[i] = g[i] + (product if decimals is None else np.round(product, decimals))
                    reached[i] = True
    return g


SUM_TIMES = Graph((("q", "add", ("x", "y")), ("f", "mul", ("q", "z"))))
"""f = (x + y) z, the lecture's simple example (S0:74-251)."""

SIGMOID_CIRCUIT = Graph(
    (
        ("w0x0", "mul", ("w0", "x0")),
        ("w1x1", "mul", ("w1", "x1")),
        ("sum01", "add", ("w0x0", "w1x1")),
        ("a", "add", ("sum01", "w2")),
        ("neg", "mulc", ("a", -1.0)),
        ("exp", "exp", ("neg",)),
        ("den", "addc", ("exp", 1.0)),
        ("f", "inv", ("den",)),
    )
)
"""f = 1 / (1 + e^-(w0 x0 + w1 x1 + w2)) in the lecture's steps (S0:262-433)."""

WEIGHT_CHAIN = Graph(
    (
        ("z1", "mul", ("x", "w1")),
        ("b", "mul", ("z1", "w2")),
        ("yhat", "sigmoid", ("b",)),
        ("e", "sub", ("yhat", "y")),
        ("square", "square", ("e",)),
        ("J", "mulc", ("square", 0.5)),
    )
)
"""J = 1/2 (sigmoid(w2 w1 x) - y)^2: how one weight acts on the loss (S4:642-703)."""


# ---------------------------------------------------------------------------------- the graph as an op


@op("x[K], graph -> v[M]", source="lecture S0:74-105, S2:317-353, S4:636-639")
def graph_values(x: Array, graph: Any) -> Array:
    """Run a graph forward: x holds the values of its leaves, v those of its leaves and nodes.

    v[i] = gate_i(values it is fed with),  node by node, in the order of `Graph(...).names`

    `graph` is a `Graph` or its nodes. `Graph.forward` does the same by name.

    Raises InputError when the graph is malformed, ShapeError when x has not one number per leaf.

    What surprises: the leaves stand in the order in which the nodes first use them. As a result with a
    gradient: dx is the sum of what every entry of v passes back.

    >>> import numpy as np
    >>> graph_values(np.array([-2.0, 5.0, -4.0]), [("q", "add", ("x", "y")), ("f", "mul", ("q", "z"))])
    array([ -2.,   5.,  -4.,   3., -12.])
    """
    graph = _graph(graph)
    _check_length("x", x, graph.leaves)
    return np.array(_forward(graph, x), x.dtype)


def _graph(graph: Any) -> Graph:
    return graph if isinstance(graph, Graph) else Graph(graph)


def _check_length(what: str, given: Array, names: Sequence[str]) -> None:
    if len(given) != len(names):
        raise ShapeError(
            f"{what} has {len(given)} values, but the graph has {len(names)}: {', '.join(names)}.",
            f"give {what} one value for each of them, in this order.",
        )


@graph_values.gradient
def graph_values_backward(saved: Any, dv: Array) -> Array:
    x, graph = saved
    graph = _graph(graph)
    return np.array(_backward(graph, _forward(graph, x), dv)[: len(x)], dv.dtype)


@graph_values.samples
def graph_values_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, graph in _sample_graphs():
        yield Case(name, {"x": rng.normal(size=len(graph.leaves))}, {"graph": graph})


def _sample_graphs() -> Iterator[tuple[str, Graph]]:
    yield "plain", SUM_TIMES
    yield "the sigmoid circuit", SIGMOID_CIRCUIT
    yield "one path", WEIGHT_CHAIN
    yield "one gate", Graph((("f", "exp", ("a",)),))
    yield (
        "a leaf used twice",
        Graph((("p", "mul", ("a", "b")), ("s", "add", ("a", "b")), ("f", "mul", ("p", "s")))),
    )
    yield "both inputs alike", Graph((("m", "mul", ("a", "a")), ("f", "add", ("m", "m"))))
    yield (
        "a fork and a join",
        Graph(
            (("e", "exp", ("a",)), ("n", "neg", ("e",)), ("q", "square", ("e",)), ("f", "max", ("n", "q")))
        ),
    )
    every = [(kind, kind, ("a", "b")[: gate.inputs] + (1.5,) * gate.constant) for kind, gate in GATES.items()]
    yield "every gate", Graph(tuple(every))


@op("v[M], graph, out -> g[M]", source="lecture S0:107-258, S0:262-433, S2:290-387, S4:620-631 (E07)")
def graph_gradients(v: Array, graph: Any, out: str) -> Array:
    """Run a graph backward: the gradient of the value called `out` with respect to every value.

    g[out] = 1;   g[i] = sum over the nodes j that value i feeds of  g[j] * dv[j]/dv[i]

    v holds the values of leaves and nodes, as `graph_values` returns them. `Graph.backward` does the same by
    name.

    Raises InputError when the graph is malformed or has no value `out`, ShapeError when v has not one number
    per value.

    What surprises: a value that is used twice adds both contributions up. "mul" passes on the value of the
    *other* input. What `out` does not depend on has gradient 0, and so has all that is computed later. Where
    the lecture writes df/dz = df/dq * dq/dz for f = q z, the right-hand side is 0; meant is df/dz = q.

    >>> import numpy as np
    >>> nodes = [("q", "add", ("x", "y")), ("f", "mul", ("q", "z"))]
    >>> graph_gradients(np.array([-2.0, 5.0, -4.0, 3.0, -12.0]), nodes, "f")
    array([-4., -4.,  3., -4.,  1.])
    """
    graph = _graph(graph)
    _check_length("v", v, graph.names)
    return np.array(_backward(graph, v, _seed(graph, v, out)), v.dtype)


@graph_gradients.samples
def graph_gradients_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, graph in _sample_graphs():
        v = np.array(_forward(graph, rng.normal(size=len(graph.leaves))))
        yield Case(name, {"v": v}, {"graph": graph, "out": graph.names[-1]})
    v = np.array(_forward(SUM_TIMES, rng.normal(size=3)))
    yield Case("not the last value", {"v": v}, {"graph": SUM_TIMES, "out": "q"})
    yield Case("a leaf", {"v": v}, {"graph": SUM_TIMES, "out": "z"})
