"""Pose a graph of scalars step by step: the statement, the way forward and back, errors carried forward.

Params hold `nodes` (lists `[name, gate, inputs]`) and `leaves` (numbers by name); the last step is called f.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.model import Part, Variant
from autograder.typeset import bracket, cells
from reference import GATES, Graph

Params = dict[str, Any]
Steps = list[list[Any]]

PARENTS = {"gradients": ("values",), "leaves": ("values", "gradients")}
"""The gradients follow from the values, those of the leaves from both."""

# ------------------------------------------------------------------------------------- the statement

_FORMULAS = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": r"{0} \cdot {1}",
    "max": r"\max({0}, {1})",
    "square": "{0}^2",
    "mulc": r"{1} \cdot {0}",
    "exp": "e^{{{0}}}",
    "addc": "{0} + {1}",
    "inv": "1 / {0}",
    "sigmoid": r"\sigma({0})",
}


def tex(name: str) -> str:
    """Write a name with its index: w0 as w_0."""
    return name if len(name) == 1 else f"{name[0]}_{name[1:]}"


def listed(nodes: Steps) -> str:
    """Write the steps as a numbered list of formulas."""
    return "\n".join(
        f"{i}. ${tex(name)} = {_formula(kind, [tex(x) if isinstance(x, str) else f'{x:g}' for x in inputs])}$"
        for i, (name, kind, inputs) in enumerate(nodes, start=1)
    )


def given(leaves: Mapping[str, int]) -> str:
    """Write the numbers of the leaves: x = -2, y = 5."""
    return ", ".join(f"${tex(name)} = {value}$" for name, value in leaves.items())


def _formula(kind: str, fed: list[str]) -> str:
    inside = kind in ("exp", "max", "sigmoid")  # no brackets needed there
    return _FORMULAS[kind].format(*(text.strip("()") if inside else text for text in fed))


# ------------------------------------------------------------------------------------------- posing


def pose(
    id: str, title: str, params: Params, impl: Any, prompt: str, asked: list[str], places: Params
) -> Variant:
    """Ask for the values and gradients of the steps in `asked` and for the gradients of all leaves.

    `impl` has the signature of `graph_gradients`; `places` are the options of the answers (none: whole numbers).
    """
    graph, value, slope = _slopes(params, impl)
    return Variant(
        question=id,
        title=title,
        prompt=prompt,
        parts=_parts(_wanted(params, asked), places),
        truth=_found(params, asked, value, slope, places),
        solution=(_forward_step(graph, value), _backward_step(graph, value, slope)),
        params=params,
        level=params.get("level", 1),
    )


def answers(params: Params, impl: Any, asked: list[str], places: Params) -> dict[str, Any]:
    """Give the answers that `pose` gives, without a word."""
    _, value, slope = _slopes(params, impl)
    return _found(params, asked, value, slope, places)


def _slopes(params: Params, impl: Any) -> tuple[Graph, Mapping[str, float], dict[str, float]]:
    graph = Graph(params["nodes"])
    value = graph.forward(params["leaves"])
    g = impl(np.array([value[name] for name in graph.names]), graph, "f")
    return graph, value, dict(zip(graph.names, map(float, g), strict=True))


def _wanted(params: Params, asked: list[str]) -> dict[str, list[str]]:
    return {"values": asked, "gradients": asked[::-1], "leaves": [*params["leaves"]]}


def _found(
    params: Params, asked: list[str], value: Mapping[str, float], slope: Mapping[str, float], places: Params
) -> dict[str, Any]:
    found = {
        part: [(value if part == "values" else slope)[name] for name in names]
        for part, names in _wanted(params, asked).items()
    }
    return {part: numbers if places else cells(numbers) for part, numbers in found.items()}


def _parts(wanted: Mapping[str, list[str]], places: Params) -> tuple[Part, ...]:
    names = {part: ", ".join(f"${tex(name)}$" for name in asked) for part, asked in wanted.items()}
    of_f = "The gradients of $f$ with respect to"
    return (
        Part("values", f"The values of {names['values']}, in this order.", "vec", places, share=0.25),
        Part("gradients", f"{of_f} {names['gradients']}, in this order.", "vec", places, share=0.25),
        Part("leaves", f"{of_f} {names['leaves']}, in this order.", "vec", places, share=0.5),
    )


# ------------------------------------------------------------------------------- worked solutions

_WHY = {
    "add": "addition: 1",
    "sub": "subtraction: 1 towards the first number, -1 towards the second",
    "mul": "multiplication: the *other* number",
    "max": "maximum: 1 towards the larger number, 0 towards the smaller one",
    "square": "square: twice the number",
    "mulc": "multiplication by a constant: the constant",
    "exp": "exponential: its own value",
    "addc": "addition of a constant: 1",
    "inv": "reciprocal: $-1/d^2$",
    "sigmoid": "sigmoid: $f(1-f)$",
}


def _short(number: float) -> str:
    return f"{round(number, 4) + 0.0:g}"


def _equals(number: float) -> str:
    return ("= " if round(number, 4) == number else r"\approx ") + _short(number)


def _factor(number: float) -> str:
    return bracket(round(number, 4) + 0.0)


def _forward_step(graph: Graph, value: Mapping[str, float]) -> str:
    lines = []
    for name, kind, inputs in graph.nodes:
        fed = [_factor(value[x]) if isinstance(x, str) else f"{x:g}" for x in inputs]
        lines.append(f"- ${tex(name)} = {_formula(kind, fed)} {_equals(value[name])}$")
    return "Forward, from left to right:\n\n" + "\n".join(lines)


def _backward_step(graph: Graph, value: Mapping[str, float], slope: Mapping[str, float]) -> str:
    lines = [r"- $\partial f/\partial f = 1$, the start"]
    for name in [*(n for n, _, _ in reversed(graph.nodes)), *graph.leaves]:
        users = [node for node in graph.nodes if name in node[2]]
        if name == "f" or not users:
            continue
        total = " + ".join(_product(value, slope, name, node) for node in users)
        line = rf"- $\partial f/\partial {tex(name)} = {total} {_equals(slope[name])}$"
        kinds = "; ".join(dict.fromkeys(_WHY[node[1]] for node in users))
        twice = "used twice, so both ways are added; " if len(users) > 1 else ""
        lines.append(f"{line} ({twice}local gradient of the {kinds})")
    start = "Backward, from right to left: [gradient from the right] times [local gradient]."
    return f"{start}\n\n" + "\n".join(lines)


def _product(value: Mapping[str, float], slope: Mapping[str, float], name: str, node: Any) -> str:
    """Write what comes back to `name` from one step: the step's gradient times its local gradient."""
    fed, local = _locals(value, node)
    return rf"{_factor(slope[node[0]])} \cdot {_factor(local[fed.index(name)])}"


def _locals(value: Mapping[str, float], node: Any) -> tuple[tuple[str, ...], list[float]]:
    result, kind, inputs = node
    fed = inputs[: GATES[kind].inputs]
    slopes = GATES[kind].local(value[result], *(value[i] for i in fed), *inputs[len(fed) :])
    return fed, [float(slope) for slope in slopes]


# ------------------------------------------------------------------------- errors carried forward


def carried(params: Params, part: str, own: Mapping[str, Any], asked: list[str]) -> list[float] | None:
    """Go back on a student's own values, and for the leaves from the student's own gradients.

    None where own numbers are missing or absurd, or make more than half of the gradients 0.
    """
    graph = Graph(params["nodes"])
    values = _named(own.get("values"), asked)
    gradients = _named(own.get("gradients"), asked[::-1]) if part == "leaves" else {}
    if values is None or gradients is None:
        return None
    right = graph.forward(params["leaves"])
    wanted = [*params["leaves"]] if part == "leaves" else asked[::-1]
    with np.errstate(all="ignore"):
        found = [_replayed(graph, right | values, gradients)[name] for name in wanted]
    truth = [_replayed(graph, right, {})[name] for name in wanted]
    enough = 2 * np.count_nonzero(found) >= np.count_nonzero(truth)
    return found if enough and all(map(math.isfinite, found)) else None


def _named(numbers: Any, names: list[str]) -> dict[str, np.float64] | None:
    if numbers is None or np.shape(numbers) != (len(names),):
        return None
    plain = [np.float64(number) for number in numbers]
    return dict(zip(names, plain, strict=True)) if all(abs(v) < 1e6 for v in plain) else None


def _replayed(graph: Graph, value: Mapping[str, float], own: Mapping[str, float]) -> dict[str, float]:
    g = dict.fromkeys(graph.names, 0.0) | {"f": 1.0}
    for node in reversed(graph.nodes):
        g[node[0]] = float(own.get(node[0], g[node[0]]))
        for i, slope in zip(*_locals(value, node), strict=True):
            g[i] += g[node[0]] * slope
    return g


# ----------------------------------------------------------------------- an independent evaluator


def duals(params: Params) -> dict[str, tuple[int, int]]:
    """Evaluate forward with dual numbers: for each value, f computed from it plus an infinitesimal."""
    names = [*params["leaves"], *(name for name, _, _ in params["nodes"])]
    plain = _evaluate(params, "")
    return {name: (plain[name][0], _evaluate(params, name)["f"][1]) for name in names}


def _evaluate(params: Params, moved: str) -> dict[str, tuple[int, int]]:
    """Return (value, change) of every name when the value called `moved` changes at rate 1."""
    known: dict[str, tuple[int, int]] = {
        name: (value, int(name == moved)) for name, value in params["leaves"].items()
    }
    for name, kind, inputs in params["nodes"]:
        (a, da), (b, db) = known[inputs[0]], known[inputs[-1]]
        value, change = {
            "add": (a + b, da + db),
            "sub": (a - b, da - db),
            "mul": (a * b, da * b + a * db),
            "max": (a, da) if a > b else (b, db),
            "square": (a * a, 2 * a * da),
        }[kind]
        known[name] = (value, 1) if name == moved else (value, change)
    return known
