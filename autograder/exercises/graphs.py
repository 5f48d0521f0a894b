"""Write back-propagation by hand: a graph of scalars, the sigmoid circuit, mean subtraction, one dense layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises import (
    Functions,
    Implementation,
    Trial,
    exercise,
    kept,
    own_gradient,
    repeated,
    same_object,
)
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
    "add": lambda a, b: (1.0, 1.0),
    "mul": lambda a, b: (b, a),
    "neg": lambda a: (-1.0,),
    "inv": lambda a: (-1.0 / (a * a),),
    "exp": lambda a: (float(np.exp(a)),),
    "addc": lambda a, c: (1.0,),
    "mulc": lambda a, c: (c,),
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
# (group, name, nodes, leaves, value that is differentiated)
_GRAPHS: tuple[tuple[str, str, Nodes, str, str], ...] = (
    ("every gate once", "a chain of all gates", _CHAIN, "abc", "f"),
    ("a value used several times", "leaves and nodes with two users", _REUSED, "ab", "f"),
    ("a value used several times", "both inputs of a gate are the same", _TWICE, "ab", "f"),
    ("out is not the last node", "out in the middle of the graph", _MIDDLE, "ab", "q"),
    ("out is not the last node", "nodes beside the way to out", _SIDE, "abc", "f"),
)
_EXAMPLE = {"x": -2.0, "y": 5.0, "z": -4.0}
_CIRCUIT = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def _leaves(rng: np.random.Generator, names: str) -> dict[str, float]:
    # Between 0.5 and 1.5, but none near 1, where x, 1/x and x^2 look alike.
    sides = rng.choice([-0.35, 0.35], size=len(names))
    return {n: float(1.0 + s + rng.uniform(-0.15, 0.15)) for n, s in zip(names, sides)}


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
        return Trial(name, (Call("circuit_forward", given, save="seen", show="none"), _OUTPUT), group, public=public)  # fmt: skip

    made = [trial("the numbers of the lecture", "worked example", _QUOTED, True)]
    made += [trial(f"other numbers ({i})", "other numbers", _five(rng)) for i in (1, 2, 3)]
    first = Call("circuit_forward", _five(rng), save="seen", show="none")
    second = Call("circuit_forward", _five(rng), show="none")
    return [*made, Trial("another call in between", (first, second, _OUTPUT), "same result twice", (2,), "behaviour")]  # fmt: skip


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


# --- mean subtraction ----------------------------------------------------------------------------


def mean_sub_forward(X: Any) -> np.ndarray:
    """Subtract its own mean from every row."""
    return np.asarray(X - X.mean(axis=1, keepdims=True))


def mean_sub_backward(dH: Any) -> np.ndarray:
    """Return dX, by the symmetric Jacobian I - 1/D."""
    return np.asarray(dH - dH.mean(axis=1, keepdims=True))


_MEAN_SIZES = (
    ("more examples than features", "4 examples, 3 features", (4, 3), "C"),
    ("more examples than features", "5 examples, 2 features", (5, 2), "F"),
    ("more features than examples", "2 examples, 5 features", (2, 5), "strided"),
    ("more features than examples", "one example", (1, 4), "C"),
    ("as many examples as features", "a square table", (3, 3), "C"),
    ("as many examples as features", "a square table that may not be written to", (4, 4), "readonly"),
)
_MEAN_X = np.array([[1.0, 2, 6], [0, 0, 3]])
_MEAN_DH = np.array([[3.0, 0, 0], [1, -2, 4]])


def _mean_functions(_impl: Implementation) -> Functions:
    return {"mean_sub_forward": mean_sub_forward, "mean_sub_backward": mean_sub_backward}


def _one_argument(name: str) -> Callable[..., Call]:
    def call(x: Any, save: str | None = None, show: Any = None) -> Call:
        return Call(name, (x,), save=save, show="all" if show is None else show)

    return call


def _mean_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    call = _one_argument("mean_sub_forward")
    made = [Trial("the lecture's table", (call(_MEAN_X),), "worked example", public=True)]
    for group, name, shape, layout in _MEAN_SIZES:
        made.append(Trial(name, (Call("mean_sub_forward", (1 + rng.normal(size=shape),), layouts={"*": layout}),), group))  # fmt: skip
    x = 1 + rng.normal(size=(3, 4))
    made.append(repeated("the same call twice", call(x)))
    made.append(kept("a second call must not change the first result", call, x, x + rng.normal(size=x.shape), item=""))  # fmt: skip
    made.append(same_object("the same array object with new content", call, x * rng.normal(size=x.shape)))
    return made


def _mean_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_mean_pair("the lecture's table", "worked example", _MEAN_X, _MEAN_DH, public=True)]
    for group, name, shape, layout in _MEAN_SIZES:
        x, dh = rng.normal(size=shape), 1 + rng.normal(size=shape)
        made.append(_mean_pair(name, group, x, dh, layout))
    dh, call = 1 + rng.normal(size=(3, 4)), _one_argument("mean_sub_backward")
    made.append(repeated("the same call twice", call(dh)))
    made.append(kept("a second call must not change the first result", call, dh, dh * rng.normal(size=dh.shape), item=""))  # fmt: skip

    def forward(x: Any, *, save: str | None = None, show: Any = None) -> Call:
        return Call("mean_sub_forward", (x,), save=save)

    made.append(own_gradient(forward, lambda _: call(dh), [rng.normal(size=dh.shape)], dh, rng, result=None))
    return made


def _mean_pair(name: str, group: str, x: Any, dh: Any, layout: str = "C", public: bool = False) -> Trial:
    calls = (Call("mean_sub_forward", (x,)), Call("mean_sub_backward", (dh,), layouts={"*": layout}))
    return Trial(name, calls, group, judged=(1,), forward=0, public=public)


exercise(
    "mean_sub_forward", title="Mean subtraction, forward", topic=TOPIC, op=None, functions=_mean_functions,
    trials=_mean_forward_trials, results=("H",),
)  # fmt: skip
exercise(
    "mean_sub_backward", title="Mean subtraction, backward", topic=TOPIC, op=None, part="backward",
    functions=_mean_functions, trials=_mean_backward_trials, results=("dX",), needs=("mean_sub_forward",),
)  # fmt: skip


# --- one dense layer -----------------------------------------------------------------------------


def dense_forward(x: Any, W: Any, b: Any) -> np.ndarray:
    """Return h = W x + b."""
    return np.asarray(W @ x + b)


def dense_backward(dh: Any, x: Any, W: Any) -> tuple[Any, Any, Any]:
    """Return dx = W^T dh, dW = dh x^T, db = dh."""
    return W.T @ dh, np.outer(dh, x), np.array(dh)


_DENSE_SIZES = (
    ("more inputs than outputs", "5 inputs, 2 outputs", 5, 2, "C"),
    ("more inputs than outputs", "3 inputs, 1 output", 3, 1, "F"),
    ("more outputs than inputs", "2 inputs, 4 outputs", 2, 4, "strided"),
    ("more outputs than inputs", "1 input, 3 outputs", 1, 3, "C"),
    ("as many outputs as inputs", "3 inputs, 3 outputs", 3, 3, "F"),
    ("as many outputs as inputs", "arrays that may not be written to", 4, 4, "readonly"),
)
_DENSE_X, _DENSE_B, _DENSE_DH = np.array([1.0, -2, 3]), np.array([0.5, -1]), np.array([2.0, -3])
_DENSE_W = np.array([[1.0, 0, 2], [-1, 1, 0.5]])


def _dense_functions(_impl: Implementation) -> Functions:
    return {"dense_forward": dense_forward, "dense_backward": dense_backward}


def _dense_inputs(rng: np.random.Generator, d: int, m: int) -> tuple[Any, Any, Any, Any]:
    return rng.normal(size=d), rng.normal(size=(m, d)), rng.normal(size=m), rng.normal(size=m)


def _dense_call(x: Any, W: Any, b: Any, *, save: str | None = None, show: Any = None, layout: str = "C") -> Call:  # fmt: skip
    return Call("dense_forward", (x, W, b), save=save, layouts={"*": layout})


def _dense_forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    example = _dense_call(_DENSE_X, _DENSE_W, _DENSE_B)
    made = [Trial("the lecture's layer", (example,), "worked example", public=True)]
    for group, name, d, m, layout in _DENSE_SIZES:
        made.append(Trial(name, (_dense_call(*_dense_inputs(rng, d, m)[:3], layout=layout),), group))
    x, W, b, _ = _dense_inputs(rng, 3, 4)

    def call(x: Any, save: str | None, show: Any) -> Call:
        return Call("dense_forward", (x, W, b), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call(x, None, None)))
    made.append(kept("a second call must not change the first result", call, x, x + 1.0, item=""))
    return made


def _dense_backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [_dense_pair("the lecture's layer", "worked example", (_DENSE_X, _DENSE_W, _DENSE_B), _DENSE_DH, public=True)]  # fmt: skip
    for group, name, d, m, layout in _DENSE_SIZES:
        *inputs, dh = _dense_inputs(rng, d, m)
        made.append(_dense_pair(name, group, inputs, dh, layout))
    *inputs, dh = _dense_inputs(rng, 3, 4)
    back = Call("dense_backward", (dh, *inputs[:2]))
    made.append(repeated("the same call twice", back))
    made.append(own_gradient(_dense_call, lambda _: back, inputs, dh, rng, result=None))
    return made


def _dense_pair(
    name: str, group: str, inputs: Sequence[Any], dh: Any, layout: str = "C", public: bool = False
) -> Trial:
    back = Call("dense_backward", (dh, *inputs[:2]), layouts={"*": layout})
    return Trial(name, (_dense_call(*inputs), back), group, judged=(1,), forward=0, public=public)


exercise(
    "dense_forward", title="One dense layer, forward", topic=TOPIC, op=None, functions=_dense_functions,
    trials=_dense_forward_trials, results=("h",),
)  # fmt: skip
exercise(
    "dense_backward", title="One dense layer, backward", topic=TOPIC, op=None, part="backward",
    functions=_dense_functions, trials=_dense_backward_trials, results=("dx", "dW", "db"), needs=("dense_forward",),
)  # fmt: skip
