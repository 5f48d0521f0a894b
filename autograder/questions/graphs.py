"""Graphs by hand: whole numbers through a few gates, a sigmoid neuron, and a product of matrices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.scalar_steps import PARENTS, Params, Steps, answers, carried, duals, given, listed, pose
from autograder.typeset import block, bracket, cells
from reference import GATES, graph_gradients, linear

_TITLES = {
    "GRAPH-1": "Forward and backward through a graph",
    "GRAPH-2": "A sigmoid neuron, forward and backward",
    "GRAPH-4": "Backward through a product of matrices",
}

# ------------------------------------------------------------------------------------------- GRAPH-1

_NAMES = ("x", "y", "z", "w")
_RESULTS = ("p", "q", "r", "s")


def _draw_steps(rng: np.random.Generator, kinds: list[str], slots: list[str]) -> Steps | None:
    """Join the values in `slots` at random, one gate after the other, until one is left."""
    pool = [*slots]
    nodes: Steps = []
    for at in rng.permutation(len(kinds)):
        kind = kinds[at]
        fed = [pool.pop(int(rng.integers(len(pool)))) for _ in range(GATES[kind].inputs)]
        if len(set(fed)) < len(fed):
            return None
        nodes.append([_RESULTS[len(nodes)] if len(nodes) < len(kinds) - 1 else "f", kind, fed])
        pool.append(nodes[-1][0])
    return nodes


_FRAME = ("mul-own-value", "upstream-forgotten", "chain-summed", "seed-with-value")


@question(
    "GRAPH-1",
    title=_TITLES["GRAPH-1"],
    op=graph_gradients,
    space={1: 5_000, 2: 5_000, 3: 5_000},
    min_exposed=5,
    must_detect={
        1: (*_FRAME, "add-scales", "sub-sign", "output-as-slope"),
        2: (*_FRAME, "max-to-both", "max-to-smaller", "square-constant"),
        3: (*_FRAME, "add-scales", "reuse-overwrites", "reuse-multiplies"),
    },
)
class ScalarGraph:
    """Whole numbers through a few gates. Level 2: a maximum and a square; level 3: a leaf is used twice."""

    parents: ClassVar = PARENTS

    @staticmethod
    def answers(params: Params, impl: Any) -> dict[str, Any]:
        return answers(params, impl, [name for name, _, _ in params["nodes"]], {})

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        free = ["add", "sub", "mul"][int(rng.integers(3))]
        kinds = {1: ["add", "sub", "mul"], 2: ["mul", "max", free, "square"], 3: ["mul", "add", free, "mul"]}
        numbers = rng.choice([n for n in range(-5, 6) if n not in (0, 1)], size=4, replace=False).tolist()
        slots = [*_NAMES, _NAMES[int(rng.integers(4))]] if level == 3 else [*_NAMES]
        nodes = _draw_steps(rng, kinds[level], slots)
        if nodes is None:
            return None
        params = {"nodes": nodes, "leaves": dict(zip(_NAMES, numbers))}
        dual = duals(params)
        slopes = [dual[name][1] for name in _NAMES]
        if max(abs(value) for value, _ in dual.values()) > 99 or max(map(abs, slopes)) > 99:
            return None
        lively = [slope for slope in slopes if abs(slope) > 1]
        return params if len(lively) >= 2 and len(set(slopes)) >= 2 else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        asked = [name for name, _, _ in params["nodes"]]
        return pose("GRAPH-1", _TITLES["GRAPH-1"], params, impl, _graph_prompt(params), asked, {})

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        dual = duals(params)
        asked = [name for name, _, _ in params["nodes"]]
        return {
            "values": [dual[name][0] for name in asked],
            "gradients": [dual[name][1] for name in asked[::-1]],
            "leaves": [dual[name][1] for name in params["leaves"]],
        }

    @staticmethod
    def gap(params: Params) -> float:
        dual = duals(params)
        rivals = [inputs for _, kind, inputs in params["nodes"] if kind == "max"]
        return min([abs(dual[a][0] - dual[b][0]) for a, b in rivals], default=1)

    @staticmethod
    def canonical(params: Params) -> Any:
        """The names of the leaves do not matter (their values differ), nor the order of a + b."""
        text = {name: str(value) for name, value in params["leaves"].items()}
        for name, kind, inputs in params["nodes"]:
            fed = [text[i] for i in inputs]
            text[name] = f"{kind}({','.join(fed if kind == 'sub' else sorted(fed))})"
        return text["f"]

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        return carried(params, part, given, [name for name, _, _ in params["nodes"]])


def _graph_prompt(params: Params) -> str:
    larger = (
        " A maximum has the derivative 1 towards its larger input and 0 towards the smaller one."
        if any(kind == "max" for _, kind, _ in params["nodes"])
        else ""
    )
    return (
        f"From {given(params['leaves'])} a number $f$ is computed in these steps:\n\n{listed(params['nodes'])}"
        "\n\nGo through the steps once forward, to find the value of each, and once backward, to find the "
        "gradient of $f$ with respect to each value. The gradient with respect to a value tells how $f$ "
        "changes when this value changes a little and everything computed from it follows; "
        rf"$\partial f/\partial f$ is 1.{larger} All results are whole numbers."
    )


# ------------------------------------------------------------------------------------------- GRAPH-2

_TWO_PLACES = {"places": 2, "slack": 0.005}  # 0.011 in all: rounding every step to two decimals is accepted


def _neuron(inputs: int, fine: bool) -> Steps:
    """Write a neuron step by step: the products, their sum, the bias, and the sigmoid in one gate or in four."""
    nodes: Steps = [[f"p{i}", "mul", [f"w{i}", f"x{i}"]] for i in range(inputs)]
    last = "p0"
    for i in range(1, inputs):
        nodes.append([f"s{i}", "add", [last, f"p{i}"]])
        last = f"s{i}"
    nodes.append(["a", "add", [last, f"w{inputs}"]])
    if not fine:
        return [*nodes, ["f", "sigmoid", ["a"]]]
    chain: Steps = [
        ["n", "mulc", ["a", -1.0]],
        ["e", "exp", ["n"]],
        ["d", "addc", ["e", 1.0]],
        ["f", "inv", ["d"]],
    ]
    return [*nodes, *chain]


@question(
    "GRAPH-2",
    title=_TITLES["GRAPH-2"],
    op=graph_gradients,
    space={1: 2_000, 2: 2_000, 3: 20_000},
    min_exposed=5,
    must_detect={
        1: ("mul-own-value", "slope-is-f", "slope-missing", "exponent-plus", "bias-times-input"),
        2: (
            "mul-own-value",
            "inv-derivative-no-square",
            "exp-derivative-input",
            "mulc-derivative-one",
            "exponent-plus",
        ),
        3: (
            "mul-own-value",
            "inv-derivative-no-square",
            "exp-derivative-input",
            "mulc-derivative-one",
            "exponent-plus",
            "bias-times-input",
        ),
    },
)
class SigmoidNeuron:
    """One sigmoid unit. Level 2: the sigmoid step by step; level 3: three inputs."""

    parents: ClassVar = PARENTS

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        inputs = 3 if level == 3 else 2
        signed = [n for n in range(-4, 5) if n]
        leaves: dict[str, int] = {}
        for i in range(inputs):
            leaves |= {f"{letter}{i}": signed[int(rng.integers(len(signed)))] for letter in "wx"}
        # the sum is 1 or 2 from zero, where the sigmoid is neither flat nor a half
        bias = (-2, -1, 1, 2)[int(rng.integers(4))] - _sum_of(leaves)
        if not 0 < abs(bias) <= 5:
            return None
        return {"nodes": _neuron(inputs, level > 1), "leaves": {**leaves, f"w{inputs}": bias}}

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        return pose(
            "GRAPH-2",
            _TITLES["GRAPH-2"],
            params,
            impl,
            _neuron_prompt(params),
            _asked(params),
            _TWO_PLACES,
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        leaves = params["leaves"]
        a = _sum_of(leaves)
        e = math.exp(-a)
        d, slope = 1 + e, e / (1 + e) ** 2
        other = {name: leaves.get({"w": "x", "x": "w"}[name[0]] + name[1], 1) for name in leaves}
        value = {"a": a, "n": -a, "e": e, "d": d, "f": 1 / d}
        gradient = {"a": slope, "n": -slope, "e": -1 / d**2, "d": -1 / d**2, "f": 1.0}
        return {
            "values": [value[name] for name in _asked(params)],
            "gradients": [gradient[name] for name in _asked(params)[::-1]],
            "leaves": [slope * other[name] for name in leaves],
        }

    @staticmethod
    def canonical(params: Params) -> Any:
        """The order of the products does not matter."""
        leaves = params["leaves"]
        n = len(leaves) // 2
        return [
            len(params["nodes"]),
            sorted([leaves[f"w{i}"], leaves[f"x{i}"]] for i in range(n)),
            leaves[f"w{n}"],
        ]

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        return carried(params, part, given, _asked(params))


def _asked(params: Params) -> list[str]:
    return [name for name, _, _ in params["nodes"] if len(name) == 1]


def _sum_of(leaves: Mapping[str, int]) -> int:
    n = len(leaves) // 2
    return sum(leaves[f"w{i}"] * leaves[f"x{i}"] for i in range(n)) + leaves.get(f"w{n}", 0)


def _neuron_prompt(params: Params) -> str:
    n = len(params["leaves"]) // 2
    total = " + ".join(f"w_{i} x_{i}" for i in range(n)) + f" + w_{n}"
    sigmoid = (
        "It goes through the sigmoid, which is written out step by step:\n\n" + listed(params["nodes"][-4:])
        if len(_asked(params)) > 2
        else r"The result is $f = \sigma(a)$ with $\sigma(a) = 1 / (1 + e^{-a})$."
    )
    return (
        f"A neuron computes the sum $a = {total}$ with {given(params['leaves'])}. {sigmoid}\n\n"
        "Find the values on the way forward and the gradients of $f$ on the way back. Keep at least four decimals "
        "while you compute and round your answers to **two decimals**; an answer that is off by 0.01 because a "
        "step before it was rounded still counts as right."
    )


# ------------------------------------------------------------------------------------------- GRAPH-4

Matrix = list[list[int]]
_DECIMALS = {
    "places": 2
}  # the truth is whole, but a mean taken by mistake is not, and should be read and named


def _matrix(rng: np.random.Generator, rows: int, columns: int, most: int) -> Matrix | None:
    """Draw whole numbers, at most one of them 0, in a matrix that is not its own transpose."""
    drawn = rng.integers(-most, most + 1, size=(rows, columns))
    mirrored = rows == columns and np.array_equal(drawn, drawn.T)
    return None if mirrored or np.sum(drawn == 0) > 1 else drawn.tolist()


@question(
    "GRAPH-4",
    title=_TITLES["GRAPH-4"],
    op=linear,
    part="backward",
    space=10**9,
    min_exposed=5,
    must_detect={
        1: ("dW-transposed", "dX-transposed", "gradients-exchanged", "upstream-ignored", "dW-averaged"),
        2: ("dW-transposed", "dX-not-transposed", "gradients-exchanged", "upstream-ignored", "dW-averaged"),
        3: (
            "dW-transposed",
            "dX-not-transposed",
            "dW-without-transpose",
            "upstream-transposed",
            "entry-by-entry",
        ),
    },
)
class MatrixProduct:
    """Y = X W. Level 2: W is square, so a forgotten transpose does not show; level 3: everything is square."""

    _SETTINGS: ClassVar = {1: (2, 3, 2, 3), 2: (3, 2, 2, 3), 3: (2, 2, 2, 5)}
    workload: ClassVar = {1: (24, 24), 2: (24, 24), 3: (16, 16)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        n, d, m, most = MatrixProduct._SETTINGS[level]
        shapes = {"x": (n, d), "w": (d, m), "dy": (n, m)}
        drawn = {name: _matrix(rng, *shape, most) for name, shape in shapes.items()}
        return None if None in drawn.values() else drawn

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        x, w, dy = (np.array(params[name], dtype=float) for name in ("x", "w", "dy"))
        dx, dw = _product_gradients(impl, x, w, dy)
        return Variant(
            question="GRAPH-4",
            title=_TITLES["GRAPH-4"],
            prompt=_product_prompt(params),
            parts=(
                Part("dX", r"$\partial L/\partial X$, one row per line.", "mat", _DECIMALS, share=0.5),
                Part("dW", r"$\partial L/\partial W$, one row per line.", "mat", _DECIMALS, share=0.5),
            ),
            truth={"dX": cells(dx), "dW": cells(dw)},
            solution=_product_steps(x, w, dy, dx, dw),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        """Change one entry by 1: L is linear in each, so its change is the gradient."""
        found = {}
        for part, name in (("dX", "x"), ("dW", "w")):
            rows = range(len(params[name]))
            columns = range(len(params[name][0]))
            found[part] = [[_loss(params, name, i, j) - _loss(params) for j in columns] for i in rows]
        return found

    @staticmethod
    def work(params: Params) -> int:
        return 2 * len(params["x"]) * len(params["w"]) * len(params["w"][0])


def _loss(params: Params, moved: str = "", row: int = 0, column: int = 0) -> int:
    """Return the sum of dY times Y = X W, entry by entry, after 1 is added to one entry."""
    given = {name: [list(line) for line in params[name]] for name in ("x", "w")}
    if moved:
        given[moved][row][column] += 1
    x, w, dy = given["x"], given["w"], params["dy"]
    return sum(
        upstream * sum(x[i][k] * w[k][j] for k in range(len(w)))
        for i, line in enumerate(dy)
        for j, upstream in enumerate(line)
    )


def _product_gradients(impl: Any, x: np.ndarray, w: np.ndarray, dy: np.ndarray) -> tuple[Any, Any]:
    """`linear` multiplies by the transpose of its weights; the truth is an op, a mistake takes dy first."""
    if hasattr(impl, "backward"):
        dx, dw, _ = impl.backward(impl.forward(x, w.T)[1], dy)
    else:
        dx, dw = impl(dy, x, w.T)[:2]
    return dx, np.asarray(dw).T


def _product_prompt(params: Params) -> str:
    return (
        "A layer multiplies two matrices, $Y = X\\,W$ (rows times columns). The loss $L$ is one number that is "
        r"computed from $Y$, and its gradient $\mathrm{d}Y = \partial L/\partial Y$ has already come back: entry "
        r"$(i,j)$ is $\partial L/\partial Y_{i,j}$. Carry it back to $X$ and to $W$. A gradient has the shape of "
        "what it belongs to.\n\n"
        f"$X$:\n\n{block(params['x'])}\n\n$W$:\n\n{block(params['w'])}\n\n"
        f"$\\mathrm{{d}}Y$:\n\n{block(params['dy'])}"
    )


def _product_steps(x: Any, w: Any, dy: Any, dx: Any, dw: Any) -> tuple[str, ...]:
    sizes = {name: f"{a.shape[0]} × {a.shape[1]}" for name, a in (("x", x), ("w", w), ("dy", dy))}
    turned = [f"{a.shape[1]} × {a.shape[0]}" for a in (x, w)]
    square = (
        " Here all shapes are alike, so only the sums below decide." if len({*x.shape, *w.shape}) == 1 else ""
    )
    row = " + ".join(f"{bracket(a)} \\cdot {bracket(b)}" for a, b in zip(dy[0], w[0]))
    column = " + ".join(f"{bracket(a)} \\cdot {bracket(b)}" for a, b in zip(x[:, 0], dy[:, 0]))
    return (
        f"Shapes: $X$ is {sizes['x']}, $W$ {sizes['w']}, $\\mathrm{{d}}Y$ {sizes['dy']}. From $\\mathrm{{d}}Y$ and "
        f"$W$ the shape of $X$ comes out as ({sizes['dy']}) times ({turned[1]}): "
        "$\\mathrm{d}X = \\mathrm{d}Y\\,W^T$. From $X$ and $\\mathrm{d}Y$ the shape of $W$ comes out as "
        f"({turned[0]}) times ({sizes['dy']}): $\\mathrm{{d}}W = X^T\\,\\mathrm{{d}}Y$.{square}",
        f"One entry of $\\mathrm{{d}}X$ as a sum: $X_{{0,0}}$ acts on row 0 of $Y$, by row 0 of $W$: "
        f"${row} = {dx[0, 0]:g}$. All of it:\n\n{block(dx)}",
        f"One entry of $\\mathrm{{d}}W$ as a sum: $W_{{0,0}}$ acts on column 0 of $Y$, by column 0 of $X$: "
        f"${column} = {dw[0, 0]:g}$. All of it:\n\n{block(dw)}",
    )
