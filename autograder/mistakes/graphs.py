"""What goes wrong in a graph of scalars. Each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Gates = dict[str, Callable[..., Any]]

_FORWARD: Gates = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "inv": lambda a: 1.0 / a,
    "exp": lambda a: float(np.exp(a)),
    "addc": lambda a, c: a + c,
    "mulc": lambda a, c: a * c,
}
_LOCAL: Gates = {
    "add": lambda a, b: (1.0, 1.0),
    "mul": lambda a, b: (b, a),
    "neg": lambda a: (-1.0,),
    "inv": lambda a: (-1.0 / a**2,),
    "exp": lambda a: (float(np.exp(a)),),
    "addc": lambda a, c: (1.0,),
    "mulc": lambda a, c: (c,),
}


def _inputs(node: Any, values: Any) -> list[Any]:
    return [values[i] if isinstance(i, str) else i for i in node[2]]


def _forward(**gates: Any) -> Callable[..., Any]:
    """Make a graph_forward with other gates."""

    def graph_forward(nodes: Any, values: Any) -> Any:
        found = dict(values)
        for node in nodes:
            found[node[0]] = (_FORWARD | gates)[node[1]](*_inputs(node, found))
        return found

    return graph_forward


def _backward(
    seed: Callable[[Any], float] = lambda value: 1.0,
    store: Callable[[float, float], float] = lambda old, new: old + new,
    upstream: Callable[[float], float] = lambda g: g,
    order: Callable[[Any], Any] = reversed,
    **gates: Any,
) -> Callable[..., Any]:
    """Make a graph_backward with another seed, accumulation, order or other local gradients."""

    def graph_backward(nodes: Any, values: Any, out: str) -> Any:
        grads = dict.fromkeys(values, 0.0)
        grads[out] = seed(values[out])
        for node in order(nodes):
            g = upstream(grads[node[0]])
            for name, local in zip(node[2], (_LOCAL | gates)[node[1]](*_inputs(node, values))):
                if isinstance(name, str):
                    grads[name] = store(grads[name], g * local)
        return grads

    return graph_backward


def _spoilt(right: Functions, **spoilt: Any) -> Functions:
    return {**right, **spoilt}


# --- forward -------------------------------------------------------------------------------------


@mistake("graph_forward", "leaves-missing", family="omission")
def leaves_missing(right: Functions) -> Functions:
    """You return the values of the nodes only; the leaves are not in the result.

    Start the result as a copy of the values you are given, dict(values), and add the nodes to it.
    """

    def graph_forward(nodes: Any, values: Any) -> Any:
        found = right["graph_forward"](nodes, values)
        return {node[0]: found[node[0]] for node in nodes}

    return _spoilt(right, graph_forward=graph_forward)


@mistake("graph_forward", "last-node-missing", family="off-by-one")
def last_node_missing(right: Functions) -> Functions:
    """You stop one node too early: the last node has no value.

    Run the loop over all nodes.
    """

    def graph_forward(nodes: Any, values: Any) -> Any:
        return right["graph_forward"](nodes[:-1], values)

    return _spoilt(right, graph_forward=graph_forward)


@mistake("graph_forward", "output-only", family="omission")
def output_only(right: Functions) -> Functions:
    """You return the value of the last node alone.

    Return a dict with the values of all leaves and all nodes; the backward pass needs every one of them.
    """

    def graph_forward(nodes: Any, values: Any) -> Any:
        return right["graph_forward"](nodes, values)[nodes[-1][0]]

    return _spoilt(right, graph_forward=graph_forward)


@mistake("graph_forward", "neg-forgotten", family="sign")
def neg_forgotten(right: Functions) -> Functions:
    """Your gate "neg" passes its input on without changing the sign.

    Return -a for "neg".
    """
    return _spoilt(right, graph_forward=_forward(neg=lambda a: a))


@mistake("graph_forward", "exp-sign-swapped", family="sign")
def exp_sign_swapped(right: Functions) -> Functions:
    """Your gate "exp" computes e^-a instead of e^a.

    Return np.exp(a); the minus of the sigmoid is a gate of its own.
    """
    return _spoilt(right, graph_forward=_forward(exp=lambda a: float(np.exp(-a))))


@mistake("graph_forward", "constant-ignored", family="omission")
def constant_ignored(right: Functions) -> Functions:
    """Your gates "addc" and "mulc" pass their input on: the constant is not used.

    Take the constant from the second entry of inputs, a + inputs[1] and a * inputs[1].
    """
    return _spoilt(right, graph_forward=_forward(addc=lambda a, c: a, mulc=lambda a, c: a))


@mistake("graph_forward", "constant-added-for-both", family="wrong-op")
def constant_added(right: Functions) -> Functions:
    """Your gate "mulc" adds its constant instead of multiplying by it.

    Return a * inputs[1] for "mulc" and a + inputs[1] for "addc".
    """
    return _spoilt(right, graph_forward=_forward(mulc=lambda a, c: a + c))


@mistake("graph_forward", "constant-multiplied-for-both", family="wrong-op")
def constant_multiplied(right: Functions) -> Functions:
    """Your gate "addc" multiplies by its constant instead of adding it.

    Return a + inputs[1] for "addc" and a * inputs[1] for "mulc".
    """
    return _spoilt(right, graph_forward=_forward(addc=lambda a, c: a * c))


@mistake("graph_forward", "mul-adds", family="wrong-op")
def mul_adds(right: Functions) -> Functions:
    """Your gate "mul" adds its inputs.

    Return a * b for "mul".
    """
    return _spoilt(right, graph_forward=_forward(mul=lambda a, b: a + b))


@mistake("graph_forward", "values-changed", family="scope", kind="behaviour")
def values_changed(right: Functions) -> Functions:
    """You write the nodes into the dict of leaves you were given, which still belongs to the caller.

    Work on a copy: start with dict(values).
    """

    def graph_forward(nodes: Any, values: Any) -> Any:
        values.update(right["graph_forward"](nodes, values))
        return values

    return _spoilt(right, graph_forward=graph_forward)


# --- backward ------------------------------------------------------------------------------------


def _gate(name: str, family: str, what: str, how: str, **change: Any) -> None:
    def wrong(right: Functions) -> Functions:
        return _spoilt(right, graph_backward=_backward(**change))

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("graph_backward", name, family=family)(wrong)


_gate(
    "mul-own-value", "swap",
    "Your gate \"mul\" passes each input its own value instead of the other one's.",
    "For y = a b the local gradient towards a is b, and towards b it is a: exchange the two.",
    mul=lambda a, b: (a, b),
)  # fmt: skip
_gate(
    "second-input-left-out", "omission",
    "You give a gradient to the first input of a gate only.",
    "add and mul have two inputs: pass each its own.",
    add=lambda a, b: (1.0, 0.0), mul=lambda a, b: (b, 0.0),
)  # fmt: skip
_gate(
    "mul-like-add", "wrong-op",
    "Your gate \"mul\" passes the gradient on unchanged, as an addition does.",
    "Multiply the gradient from the right by the value of the other input.",
    mul=lambda a, b: (1.0, 1.0),
)  # fmt: skip
_gate(
    "inv-derivative-no-square", "omission",
    "Your gate \"inv\" uses -1/x as its derivative.",
    "The derivative of 1/x is -1/x^2: square the input.",
    inv=lambda a: (-1.0 / a,),
)  # fmt: skip
_gate(
    "inv-derivative-no-minus", "sign",
    "Your gate \"inv\" uses +1/x^2 as its derivative.",
    "The derivative of 1/x is -1/x^2: put the minus sign in front.",
    inv=lambda a: (1.0 / a**2,),
)  # fmt: skip
_gate(
    "inv-derivative-is-square", "wrong-op",
    "Your gate \"inv\" uses -x^2 with the input x; that formula holds for the output.",
    "Use -1/x^2 with the input, or -y^2 with the output y = 1/x.",
    inv=lambda a: (-(a**2),),
)  # fmt: skip
_gate(
    "exp-derivative-input", "wrong-op",
    "Your gate \"exp\" multiplies by its input instead of by its output.",
    "The derivative of e^x is e^x itself: multiply by the value of the node.",
    exp=lambda a: (a,),
)  # fmt: skip
_gate(
    "exp-derivative-one", "omission",
    "Your gate \"exp\" passes the gradient on unchanged.",
    "Multiply by the derivative e^x, which is the value of the node.",
    exp=lambda a: (1.0,),
)  # fmt: skip
_gate(
    "neg-derivative-plus", "sign",
    "Your gate \"neg\" passes the gradient on without changing its sign.",
    "The derivative of -x is -1: change the sign of the gradient.",
    neg=lambda a: (1.0,),
)  # fmt: skip
_gate(
    "mulc-derivative-one", "omission",
    "Your gate \"mulc\" passes the gradient on without the constant.",
    "The derivative of c x is c: multiply by the constant, inputs[1].",
    mulc=lambda a, c: (1.0,),
)  # fmt: skip
_gate(
    "mulc-derivative-input", "swap",
    "Your gate \"mulc\" multiplies the gradient by its input instead of by the constant.",
    "The derivative of c x towards x is c: multiply by inputs[1].",
    mulc=lambda a, c: (a,),
)  # fmt: skip
_gate(
    "addc-derivative-constant", "wrong-op",
    "Your gate \"addc\" multiplies the gradient by its constant.",
    "Adding a constant changes no slope: pass the gradient on unchanged.",
    addc=lambda a, c: (c,),
)  # fmt: skip
_gate(
    "add-splits", "scale",
    "Your gate \"add\" gives each input half of the gradient.",
    "Both inputs get the whole gradient: each has the local gradient 1.",
    add=lambda a, b: (0.5, 0.5),
)  # fmt: skip
_gate(
    "seed-with-value", "wrong-op",
    "You start the backward pass with the value of out instead of 1.",
    "The gradient of out with respect to itself is 1: set grads[out] = 1.0.",
    seed=lambda value: value,
)  # fmt: skip
_gate(
    "reuse-overwrites", "scope",
    "You overwrite a gradient where a value is used several times, so only one way to out counts.",
    "The gradients of all ways add up: use += instead of =.",
    store=lambda old, new: new,
)  # fmt: skip
_gate(
    "upstream-forgotten", "omission",
    "You use the local gradients alone and leave out the gradient that comes from the right.",
    "At each node, left = right x local: multiply by the gradient of the node itself.",
    upstream=lambda g: 1.0,
)  # fmt: skip
_gate(
    "nodes-in-forward-order", "order",
    "You go through the nodes in forward order, so a node passes on a gradient that it has not got yet.",
    "Go from the last node to the first: reversed(nodes).",
    order=list,
)  # fmt: skip
_gate(
    "first-node-left-out", "off-by-one",
    "You stop before the first node, so what lies before it gets no gradient from it.",
    "Go through all nodes, down to index 0: reversed(nodes), or range(len(nodes) - 1, -1, -1).",
    order=lambda nodes: nodes[:0:-1],
)  # fmt: skip
_gate(
    "last-node-left-out", "off-by-one",
    "You leave out the last node, so nothing flows back through it.",
    "Go through all nodes, beginning with the last: reversed(nodes).",
    order=lambda nodes: nodes[-2::-1],
)  # fmt: skip


@mistake("graph_backward", "out-taken-as-last", family="scope")
def out_taken_as_last(right: Functions) -> Functions:
    """You differentiate the last node instead of out.

    Set the gradient of the node called out to 1, wherever it stands, and all others to 0.
    """

    def graph_backward(nodes: Any, values: Any, out: str) -> Any:
        return right["graph_backward"](nodes, values, nodes[-1][0])

    return _spoilt(right, graph_backward=graph_backward)


@mistake("graph_backward", "grads-leaves-only", family="omission", credit=0.5)
def grads_leaves_only(right: Functions) -> Functions:
    """You return the gradients of the leaves only.

    Return the gradients of the nodes between as well, and that of out, which is 1.
    """

    def graph_backward(nodes: Any, values: Any, out: str) -> Any:
        grads = right["graph_backward"](nodes, values, out)
        made = {node[0] for node in nodes}
        return {name: 0.0 if name in made else g for name, g in grads.items()}  # 0 stands for "not there"

    return _spoilt(right, graph_backward=graph_backward)


@mistake("graph_backward", "out-left-at-zero", family="omission")
def out_left_at_zero(right: Functions) -> Functions:
    """You return 0 for the gradient of out, or leave it out.

    The gradient of out with respect to itself is 1, and it belongs into the result.
    """

    def graph_backward(nodes: Any, values: Any, out: str) -> Any:
        return {**right["graph_backward"](nodes, values, out), out: 0.0}

    return _spoilt(right, graph_backward=graph_backward)


@mistake("graph_backward", "values-overwritten", family="scope", kind="behaviour")
def values_overwritten(right: Functions) -> Functions:
    """You write the gradients into the dict of values you were given.

    Start a dict of your own for the gradients.
    """

    def graph_backward(nodes: Any, values: Any, out: str) -> Any:
        values.update(right["graph_backward"](nodes, dict(values), out))
        return values

    return _spoilt(right, graph_backward=graph_backward)
