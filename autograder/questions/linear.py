"""Fully connected layers by hand: forward, backward over a batch, and how many numbers a network learns."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import block, bracket, cells, summed
from reference import linear, linear_parameters

Params = dict[str, Any]

_TITLES = {
    "FC-1": "A fully connected layer with ReLU",
    "FC-2": "Parameters of a multi-layer perceptron",
    "FC-4": "Backward through a fully connected layer",
}


def _entries(rng: np.random.Generator, most: int, *shape: int) -> list[Any] | None:
    """Draw whole numbers, at most one of them 0; a square matrix differs from its transpose."""
    drawn = rng.integers(-most, most + 1, size=shape)
    mirrored = len(shape) == 2 and shape[0] == shape[1] and np.array_equal(drawn, drawn.T)
    return None if mirrored or np.sum(drawn == 0) > 1 else drawn.tolist()


def _products(pairs: Any) -> str:
    return " + ".join(f"{bracket(a)} \\cdot {bracket(b)}" for a, b in pairs)


def _row(numbers: Any) -> str:
    return "(" + ", ".join(f"{number:g}" for number in numbers) + ")"


# ---------------------------------------------------------------------------------------------- FC-1


@question(
    "FC-1",
    title=_TITLES["FC-1"],
    op=linear,
    space=10**8,
    min_exposed=5,
    must_detect={
        1: (
            "bias-forgotten",
            "bias-subtracted",
            "relu-before-bias",
            "relu-forgotten",
            "relu-as-absolute-value",
        ),
        2: (
            "weights-transposed",
            "bias-forgotten",
            "relu-before-bias",
            "relu-forgotten",
            "relu-as-absolute-value",
        ),
        3: (
            "weights-transposed",
            "bias-forgotten",
            "relu-before-bias",
            "relu-forgotten",
            "relu-as-absolute-value",
        ),
    },
)
class ForwardLayer:
    """z = W x + b, h = max(0, z). Level 2: a square W, so that columns pass for rows; level 3: larger."""

    _SETTINGS: ClassVar = {1: (3, 2, 3), 2: (3, 3, 4), 3: (4, 4, 5)}
    workload: ClassVar = {1: (6, 6), 2: (9, 9), 3: (16, 16)}
    parents: ClassVar = {"h": ("z",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        m, d, most = ForwardLayer._SETTINGS[level]
        drawn = {"x": _entries(rng, most, d), "w": _entries(rng, most, m, d), "b": _entries(rng, most, m)}
        if None in drawn.values():
            return None
        z = _sums(drawn)
        return drawn if 0 not in z and min(z) < 0 < max(z) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        x, w, b = (np.array(params[name], dtype=float) for name in ("x", "w", "b"))
        z = impl(x, w, b)
        return Variant(
            question="FC-1",
            title=_TITLES["FC-1"],
            prompt=(
                "A fully connected layer with ReLU computes $z = W x + b$ and then $h = \\max(0, z)$, entry by "
                f"entry. $W$ has one row for each of its {len(w)} outputs and one column for each of its {len(x)} "
                f"inputs.\n\n$W$:\n\n{block(w)}\n\n$x = {_row(x)}$ and $b = {_row(b)}$, both written as rows."
            ),
            parts=(
                Part("z", "The sums $z$, from the first output to the last.", "vec", share=0.5),
                Part("h", "The outputs $h$.", "vec", share=0.5),
            ),
            truth={"z": cells(z), "h": cells(np.maximum(z, 0))},
            solution=_layer_steps(x, w, b, z),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        z = _sums(params)
        return {"z": z, "h": [number if number > 0 else 0 for number in z]}

    @staticmethod
    def work(params: Params) -> int:
        return len(params["w"]) * len(params["x"])

    @staticmethod
    def gap(params: Params) -> float:
        return min(map(abs, _sums(params)))

    @staticmethod
    def carry(params: Params, _part: str, given: Mapping[str, Any]) -> Any:
        """Apply the ReLU to the student's own sums; without a negative one there is nothing to do."""
        z = np.asarray(given.get("z", ()), dtype=float)
        return np.maximum(z, 0).tolist() if z.shape == (len(params["w"]),) and z.min() < 0 < z.max() else None


def _sums(params: Params) -> list[int]:
    return [
        bias + sum(weight * number for weight, number in zip(row, params["x"], strict=True))
        for row, bias in zip(params["w"], params["b"], strict=True)
    ]


def _layer_steps(x: np.ndarray, w: np.ndarray, b: np.ndarray, z: np.ndarray) -> tuple[str, ...]:
    lines = [
        f"- $z_{i} = {_products(zip(row, x))} {'-' if b[i] < 0 else '+'} {abs(b[i]):g} = {z[i]:g}$"
        for i, row in enumerate(w)
    ]
    kept = f"so $h = {_row(np.maximum(z, 0))}$."
    return (
        "Row by row, each with its own bias:\n\n" + "\n".join(lines),
        f"The ReLU comes last: negative sums become 0, the others stay, {kept}",
    )


# ---------------------------------------------------------------------------------------------- FC-2

_SIZES = (5, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 100, 128)
_INPUTS = (16, 25, 36, 49, 64, 100, 144, 196, 256, 784, 1024)
_OUTPUTS = (2, 3, 4, 5, 6, 8, 10, 12, 20)


@question(
    "FC-2",
    title=_TITLES["FC-2"],
    op=linear_parameters,
    space={1: 800, 2: 8_000, 3: 50_000},
    min_exposed=6,
    must_detect=(
        "mlp-bias-forgotten",
        "mlp-bias-per-input",
        "mlp-one-bias-per-layer",
        "mlp-sizes-added",
        "mlp-size-squared",
        "mlp-last-layer-skipped",
    ),
)
class NetworkParameters:
    """How many numbers does a network of two (level 2: three, level 3: four) layers learn?"""

    parents: ClassVar = {"total": ("layers",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        hidden = [_SIZES[int(rng.integers(len(_SIZES)))] for _ in range(level)]
        first, last = (choices[int(rng.integers(len(choices)))] for choices in (_INPUTS, _OUTPUTS))
        sizes = [first, *hidden, last]
        # equal neighbours would hide which of the two a bias belongs to
        return {"sizes": sizes} if all(a != b for a, b in itertools.pairwise(sizes)) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        sizes = params["sizes"]
        counts = [impl(a, b) for a, b in itertools.pairwise(sizes)]
        return Variant(
            question="FC-2",
            title=_TITLES["FC-2"],
            prompt=(
                f"A network has {sizes[0]} inputs, then fully connected layers of "
                f"{', '.join(map(str, sizes[1:-1]))} and finally {sizes[-1]} units. In a fully connected layer "
                "every unit has one weight for every number of the layer before it, and one bias."
            ),
            parts=(
                Part(
                    "layers",
                    "How many numbers does each layer learn, from the first layer to the last?",
                    "vec",
                    share=0.5,
                ),
                Part("total", "How many numbers does the whole network learn?", "int", share=0.5),
            ),
            truth={"layers": list(map(int, counts)), "total": int(sum(counts))},
            solution=_count_steps(sizes, counts),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        counts = []
        before = params["sizes"][0]
        for units in params["sizes"][1:]:
            learned = 0
            for _unit in range(units):
                learned += before  # its weights
                learned += 1  # its bias
            counts.append(learned)
            before = units
        return {"layers": counts, "total": sum(counts)}

    @staticmethod
    def carry(params: Params, _part: str, given: Mapping[str, Any]) -> Any:
        """Add up the student's own counts."""
        counts = [int(count) for count in given.get("layers", ())]
        return sum(counts) if len(counts) == len(params["sizes"]) - 1 and min(counts) > 0 else None


def _count_steps(sizes: list[int], counts: list[int]) -> tuple[str, ...]:
    lines = [
        f"- layer {i}: {a} weights and 1 bias for each of {b} units, $({a} + 1) \\cdot {b} = {count}$"
        for i, (a, b, count) in enumerate(zip(sizes, sizes[1:], counts), start=1)
    ]
    return (
        "The inputs are given, they learn nothing. The others:\n\n" + "\n".join(lines),
        f"Together ${' + '.join(map(str, counts))} = {sum(counts)}$.",
    )


# ---------------------------------------------------------------------------------------------- FC-4

_DECIMALS = {
    "places": 2
}  # the truth is whole, but a mean taken by mistake is not, and should be read and named


@question(
    "FC-4",
    title=_TITLES["FC-4"],
    op=linear,
    part="backward",
    space=10**9,
    min_exposed=6,
    must_detect={
        1: (
            "dW-transposed",
            "gradients-exchanged",
            "dW-averaged",
            "db-mean",
            "db-over-outputs",
            "db-first-example",
        ),
        2: (
            "dW-transposed",
            "dX-not-transposed",
            "dW-averaged",
            "db-mean",
            "db-over-outputs",
            "db-first-example",
        ),
        3: (
            "dW-transposed",
            "dX-not-transposed",
            "dW-without-transpose",
            "db-mean",
            "db-over-outputs",
            "db-first-example",
        ),
    },
)
class BackwardLayer:
    """Y = X W^T + b for a few examples. Level 2: W is square; level 3: everything is square."""

    _SETTINGS: ClassVar = {1: (2, 3, 2, 3), 2: (3, 2, 2, 4), 3: (2, 2, 2, 6)}
    workload: ClassVar = {1: (24, 24), 2: (24, 24), 3: (16, 16)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        n, d, m, most = BackwardLayer._SETTINGS[level]
        shapes = {"x": (n, d), "w": (m, d), "dy": (n, m)}
        drawn = {name: _entries(rng, most, *shape) for name, shape in shapes.items()}
        return None if None in drawn.values() else drawn

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        x, w, dy = (np.array(params[name], dtype=float) for name in ("x", "w", "dy"))
        dx, dw, db = _layer_gradients(impl, x, w, dy)
        return Variant(
            question="FC-4",
            title=_TITLES["FC-4"],
            prompt=_backward_prompt(params),
            parts=(
                Part("dX", r"$\mathrm{d}X$, one row per example.", "mat", _DECIMALS, share=0.4),
                Part("dW", r"$\mathrm{d}W$, one row per output.", "mat", _DECIMALS, share=0.4),
                Part("db", r"$\mathrm{d}b$, one number per output.", "vec", _DECIMALS, share=0.2),
            ),
            truth={"dX": cells(dx), "dW": cells(dw), "db": cells(db)},
            solution=_backward_steps(x, w, dy, (dx, dw, db)),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        """Add 1 to one entry: the loss is linear in each of X, W and b, so its change is the gradient."""
        given = {"x": params["x"], "w": params["w"], "b": [[0] * len(params["w"])]}
        found: dict[str, Any] = {
            part: [
                [_loss(params, name, i, j) - _loss(params) for j in range(len(row))]
                for i, row in enumerate(given[name])
            ]
            for part, name in (("dX", "x"), ("dW", "w"), ("db", "b"))
        }
        return found | {"db": found["db"][0]}

    @staticmethod
    def work(params: Params) -> int:
        return 2 * len(params["x"]) * len(params["w"]) * len(params["w"][0])


def _layer_gradients(impl: Any, x: np.ndarray, w: np.ndarray, dy: np.ndarray) -> Any:
    """Take the gradients from the op, or from a mistake, which is given dy first."""
    b = np.zeros(len(w))
    return impl.backward(impl.forward(x, w, b)[1], dy) if hasattr(impl, "backward") else impl(dy, x, w, b)


def _loss(params: Params, moved: str = "", row: int = 0, column: int = 0) -> int:
    """Return the sum of dY times Y, entry by entry, after 1 is added to one entry of x, w or b."""
    given = {"x": params["x"], "w": params["w"], "b": [[0] * len(params["w"])]}
    now = {name: [list(line) for line in lines] for name, lines in given.items()}
    if moved:
        now[moved][row][column] += 1
    return sum(
        upstream * (now["b"][0][m] + sum(a * b for a, b in zip(now["x"][n], now["w"][m], strict=True)))
        for n, line in enumerate(params["dy"])
        for m, upstream in enumerate(line)
    )


def _backward_prompt(params: Params) -> str:
    n, m, d = len(params["x"]), len(params["w"]), len(params["w"][0])
    return (
        f"A fully connected layer gets a batch of {n} examples, one per **row** of $X$. It has {d} inputs and {m} "
        "outputs; row $m$ of $W$ holds the weights of output $m$, so $Y = X\\,W^T + b$, where the same bias $b$ is "
        "added to every row. From the right comes $\\mathrm{d}Y = \\partial L/\\partial Y$, one row per example. "
        "Compute the gradients of $L$. Do not divide by the number of examples: where the loss is a mean, "
        f"$\\mathrm{{d}}Y$ contains that already.\n\n$X$:\n\n{block(params['x'])}\n\n$W$:\n\n{block(params['w'])}"
        f"\n\n$\\mathrm{{d}}Y$:\n\n{block(params['dy'])}"
    )


def _backward_steps(x: Any, w: Any, dy: Any, found: Any) -> tuple[str, ...]:
    dx, dw, db = found
    biases = "; ".join(
        f"output {m}: ${summed(column)} = {total:g}$" for m, (column, total) in enumerate(zip(dy.T, db))
    )
    return (
        "Input $d$ of example $n$ acts on all outputs of this example, by column $d$ of $W$: "
        f"$\\mathrm{{d}}X = \\mathrm{{d}}Y\\,W$. Its first entry is ${_products(zip(dy[0], w[:, 0]))} = "
        f"{dx[0, 0]:g}$. All of it:\n\n{block(dx)}",
        "The weight from input $d$ to output $m$ acts in every example, so the examples are added: "
        f"$\\mathrm{{d}}W = \\mathrm{{d}}Y^T X$. Its first entry is ${_products(zip(dy[:, 0], x[:, 0]))} = "
        f"{dw[0, 0]:g}$. All of it:\n\n{block(dw)}",
        f"A bias is added to every example: sum the columns of $\\mathrm{{d}}Y$. {biases[0].upper()}{biases[1:]}.",
    )
