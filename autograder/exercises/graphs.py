"""Write back-propagation by hand: a graph of scalars gate by gate, and the sigmoid circuit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, repeated
from autograder.sandbox._script import Call, Handle

TOPIC = "graphs"

# --- a graph of scalars --------------------------------------------------------------------------

Nodes = list[tuple[str, str, tuple[Any, ...]]]

FORWARD: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "inv": lambda a: 1.0 / a,
    "exp": lambda a: float(np.exp(a)),
    "addc": lambda a, c: a + c,
    "mulc": lambda a, c: a * c,
}
LOCAL: dict[str, Callable[..., tuple[Any, ...]]] = {
    "add": lambda _a, _b: (1.0, 1.0),
    "mul": lambda a, b: (b, a),
    "neg": lambda _a: (-1.0,),
    "inv": lambda a: (-1.0 / (a * a),),
    "exp": lambda a: (float(np.exp(a)),),
    "addc": lambda _a, _c: (1.0,),
    "mulc": lambda _a, c: (c,),
}
_CONSTANT = ("addc", "mulc")


def arguments(node: tuple[str, str, tuple[Any, ...]], values: Any) -> list[Any]:
    """Return the values a node is fed with; a constant stands for itself."""
    _, op, inputs = node
    return [values[inputs[0]], inputs[1]] if op in _CONSTANT else [values[name] for name in inputs]


def graph_forward(nodes: Nodes, values: dict[str, float]) -> dict[str, float]:
    """Return the values of all leaves and nodes."""
    found = dict(values)
    for node in nodes:
        found[node[0]] = FORWARD[node[1]](*arguments(node, found))
    return found


def graph_backward(nodes: Nodes, values: dict[str, float], out: str) -> dict[str, float]:
    """Return the gradient of `out` with respect to every value."""
    grads = {**dict.fromkeys(values, 0.0), out: 1.0}
    for node in reversed(nodes):
        for name, local in zip(node[2], LOCAL[node[1]](*arguments(node, values))):
            grads[name] += grads[node[0]] * local
    return grads


SUM_TIMES: Nodes = [("q", "add", ("x", "y")), ("f", "mul", ("q", "z"))]
NEURON: Nodes = [
    ("w0x0", "mul", ("w0", "x0")),
    ("w1x1", "mul", ("w1", "x1")),
    ("sum", "add", ("w0x0", "w1x1")),
    ("a", "add", ("sum", "w2")),
    ("n", "neg", ("a",)),
    ("e", "exp", ("n",)),
    ("den", "addc", ("e", 1.0)),
    ("f", "inv", ("den",)),
]
_CHAIN: Nodes = [
    ("s", "add", ("a", "b")),
    ("n", "neg", ("s",)),
    ("e", "exp", ("n",)),
    ("d", "addc", ("e", 1.5)),
    ("i", "inv", ("d",)),
    ("m", "mulc", ("i", -2.5)),
    ("f", "mul", ("m", "c")),
]
_REUSED: Nodes = [
    ("p", "mul", ("a", "b")),
    ("q", "add", ("p", "a")),
    ("r", "mul", ("q", "p")),
    ("t", "exp", ("b",)),
    ("f", "add", ("r", "t")),
]
_TWICE: Nodes = [
    ("s", "mul", ("a", "a")),
    ("d", "add", ("s", "s")),
    ("k", "mulc", ("d", 0.75)),
    ("f", "mul", ("k", "b")),
]
_MIDDLE: Nodes = [
    ("p", "mul", ("a", "b")),
    ("e", "exp", ("p",)),
    ("q", "mul", ("p", "e")),
    ("g", "add", ("e", "q")),
    ("h", "mul", ("q", "g")),
]
_SIDE: Nodes = [
    ("u", "mulc", ("c", 3.0)),
    ("p", "mul", ("a", "b")),
    ("v", "mul", ("u", "p")),
    ("f", "inv", ("p",)),
    ("w", "addc", ("v", 2.0)),
]
_NEGATIVE: Nodes = [
    ("n", "neg", ("a",)),
    ("i", "inv", ("b",)),
    ("s", "mul", ("n", "i")),
    ("e", "exp", ("s",)),
    ("m", "mulc", ("e", -1.5)),
    ("d", "addc", ("m", -2.0)),
    ("f", "add", ("d", "c")),
]
_SPREAD: Nodes = [
    ("i", "inv", ("a",)),
    ("m", "mulc", ("a", 1.5)),
    ("k", "addc", ("a", 2.0)),
    ("e", "exp", ("a",)),
    ("n", "neg", ("a",)),
    ("s", "add", ("i", "m")),
    ("t", "mul", ("s", "k")),
    ("u", "mul", ("e", "n")),
    ("v", "add", ("t", "u")),
    ("f", "mul", ("v", "a")),
]
# (group, name, nodes, leaves (capitals: negative ones), value that is differentiated)
_GRAPHS: tuple[tuple[str, str, Nodes, str, str], ...] = (
    ("every gate once", "a chain of all gates", _CHAIN, "abc", "f"),
    ("every gate once", "gates with negative inputs", _NEGATIVE, "ABc", "f"),
    ("a value used several times", "leaves and nodes with two users", _REUSED, "ab", "f"),
    ("a value used several times", "both inputs of a gate are the same", _TWICE, "ab", "f"),
    ("a value used several times", "one leaf into gates of every kind", _SPREAD, "a", "f"),
    ("out is not the last node", "out in the middle of the graph", _MIDDLE, "ab", "q"),
    ("out is not the last node", "nodes and a leaf beside the way to out", _SIDE, "abcd", "f"),
)
_EXAMPLE = {"x": -2.0, "y": 5.0, "z": -4.0}
_CIRCUIT = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def _leaves(rng: np.random.Generator, names: str) -> dict[str, float]:
    # Between 0.5 and 1.5, but none near 1, where x, 1/x and x^2 look alike; negative for a capital.
    sides = rng.choice([-0.35, 0.35], size=len(names))
    sizes = {n: float(1.0 + s + rng.uniform(-0.15, 0.15)) for n, s in zip(names, sides)}
    return {n.lower(): -size if n.isupper() else size for n, size in sizes.items()}


def _graph_functions(_impl: Implementation) -> Functions:
    return {"graph_forward": graph_forward, "graph_backward": graph_backward}


def _graph_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [
        Trial("f = (x + y) z", (Call("graph_forward", (SUM_TIMES, _EXAMPLE)),), "worked example", public=True),
        Trial("the sigmoid neuron", (Call("graph_forward", (NEURON, _CIRCUIT)),), "worked example", public=True),
    ]  # fmt: skip
    for group, name, nodes, leaves, _ in _GRAPHS:
        group = "other graphs" if group.startswith("out") else group
        made.append(Trial(name, (Call("graph_forward", (nodes, _leaves(rng, leaves))),), group))
    return [*made, repeated("the same call twice", Call("graph_forward", (_REUSED, _leaves(rng, "ab"))))]


def _graph_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [
        _differentiated("f = (x + y) z", "worked example", SUM_TIMES, _EXAMPLE, "f", public=True),
        _differentiated("the sigmoid neuron", "worked example", NEURON, _CIRCUIT, "f", public=True),
    ]
    for group, name, nodes, names, out in _GRAPHS:
        made.append(_differentiated(name, group, nodes, _leaves(rng, names), out))
    for name, nodes, names in (("all gates", _CHAIN, "abc"), ("values used several times", _REUSED, "ab")):
        calls = (
            Call("graph_forward", (nodes, _leaves(rng, names)), save="v"),
            Call("graph_backward", (nodes, Handle("v"), "f")),
        )
        made.append(Trial(name, calls, "on the values of your own forward", (1,), forward=0))
    values = graph_forward(_REUSED, _leaves(rng, "ab"))
    return [*made, repeated("the same call twice", Call("graph_backward", (_REUSED, values, "f")))]


def _differentiated(
    name: str, group: str, nodes: Nodes, leaves: dict[str, float], out: str, public: bool = False
) -> Trial:
    values = graph_forward(nodes, leaves)
    return Trial(name, (Call("graph_backward", (nodes, values, out)),), group, public=public)


exercise(
    "graph_forward", title="Values of a computational graph", topic=TOPIC, op=None, functions=_graph_functions,
    trials=_graph_forward_trials, results=("the value",),
)  # fmt: skip
exercise(
    "graph_backward", title="Gradients of a computational graph", topic=TOPIC, op=None, part="backward",
    functions=_graph_functions, trials=_graph_backward_trials, results=("the gradient",), needs=("graph_forward",),
)  # fmt: skip


# --- the sigmoid circuit -------------------------------------------------------------------------


def circuit_forward(w0: float, x0: float, w1: float, x1: float, w2: float) -> dict[str, float]:
    """Return the inputs, the sum a and f = 1 / (1 + e^-a)."""
    a = w0 * x0 + w1 * x1 + w2
    return {"w0": w0, "x0": x0, "w1": w1, "x1": x1, "w2": w2, "a": a, "f": float(1 / (1 + np.exp(-a)))}


def circuit_backward(cache: dict[str, float]) -> tuple[float, ...]:
    """Return the gradients of f: dw0, dx0, dw1, dx1, dw2."""
    da = cache["f"] * (1 - cache["f"])
    return da * cache["x0"], da * cache["w0"], da * cache["x1"], da * cache["w1"], da


# The cache is the student's own, but the result must be found in it.
_OUTPUT = Call("seen.__getitem__", ("f",))


def _circuit_functions(_impl: Implementation) -> Functions:
    return {"circuit_forward": circuit_forward, "circuit_backward": circuit_backward}


def _five(rng: np.random.Generator) -> tuple[float, ...]:
    return tuple(float(v) for v in rng.uniform(0.3, 1.2, size=5) * rng.choice([-1.0, 1.0], size=5))


_QUOTED = tuple(_CIRCUIT[name] for name in ("w0", "x0", "w1", "x1", "w2"))


def _circuit_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def trial(name: str, group: str, given: Any, public: bool = False) -> Trial:
        return Trial(
            name, (Call("circuit_forward", given, save="seen", show="none"), _OUTPUT), group, public=public
        )

    made = [trial("the numbers of the lecture", "worked example", _QUOTED, True)]
    made += [trial(f"other numbers ({i})", "other numbers", _five(rng)) for i in (1, 2, 3)]
    first = Call("circuit_forward", _five(rng), save="seen", show="none")
    second = Call("circuit_forward", _five(rng), show="none")
    return [
        *made,
        Trial("another call in between", (first, second, _OUTPUT), "same result twice", (2,), "behaviour"),
    ]


def _circuit_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def trial(name: str, group: str, given: Any, public: bool = False) -> Trial:
        calls = (
            Call("circuit_forward", given, save="seen", show="none"),
            Call("circuit_backward", (Handle("seen"),)),
        )
        return Trial(name, calls, group, public=public)

    made = [trial("the numbers of the lecture", "worked example", _QUOTED, True)]
    made += [trial(f"other numbers ({i})", "other numbers", _five(rng)) for i in (1, 2, 3)]
    back = Call("circuit_backward", (Handle("seen"),))
    calls = (
        Call("circuit_forward", _five(rng), save="seen", show="none"),
        Call("circuit_forward", _five(rng), show="none"),
        back,
        back,
    )
    return [*made, Trial("another call in between", calls, "independent of other calls", (2, 3), "behaviour")]


exercise(
    "circuit_forward", title="The sigmoid circuit, forward", topic=TOPIC, op=None, functions=_circuit_functions,
    trials=_circuit_forward_trials, results=("cache['f']",),
)  # fmt: skip
exercise(
    "circuit_backward", title="The sigmoid circuit, backward", topic=TOPIC, op=None, part="backward",
    functions=_circuit_functions, trials=_circuit_backward_trials, needs=("circuit_forward",),
    results=("dw0", "dx0", "dw1", "dx1", "dw2"),
)  # fmt: skip
