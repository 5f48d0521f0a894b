"""The perceptron by hand: what it answers, how it corrects itself, one epoch of learning."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import bracket
from reference import linear, perceptron, perceptron_rule

Params = dict[str, Any]

_TITLES = {
    "PERC-1": "What a perceptron answers",
    "PERC-2": "One step of the perceptron rule",
    "PERC-3": "One epoch of the perceptron rule",
}
_DECIDE = "It answers $y = 1$ if $a = w \\cdot x + b > 0$, and $y = 0$ otherwise."
_RULE = (
    "It learns by the perceptron rule: after each example with target $t$,\n\n"
    "$$ w \\leftarrow w + \\eta\\,(t - y)\\,x, \\qquad b \\leftarrow b + \\eta\\,(t - y) . $$\n\n"
)


def _net(w: Any, x: Any, b: Any) -> Any:
    """Add up in the arithmetic of the arguments; whole numbers, halves and quarters are exact as they are."""
    return sum((u * v for u, v in zip(w, x)), b)


def _fired(w: Any, x: Any, b: Any) -> int:
    return int(_net(w, x, b) > 0)


def _stepped(w: Any, b: Any, x: Any, t: int, lr: Any) -> tuple[list[Any], Any]:
    """Apply the rule once, in the arithmetic of its arguments."""
    move = lr * (t - _fired(w, x, b))
    return [u + move * v for u, v in zip(w, x)], b + move


def _sum_line(w: Any, x: Any, b: Any) -> str:
    terms = " + ".join(f"{bracket(u)} \\cdot {bracket(v)}" for u, v in zip(w, x))
    return f"{terms} + {bracket(b)} = {float(_net(w, x, b)):g}"


def _vector(numbers: Any) -> str:
    return "(" + ", ".join(f"{float(n):g}" for n in numbers) + ")"


def _whole(rng: np.random.Generator, size: int, least: int = -3, most: int = 3) -> list[int]:
    return rng.integers(least, most + 1, size=size).tolist()


# --------------------------------------------------------------------------------------------- PERC-1


_SUMS = ("bias-left-out", "bias-subtracted-from-sum", "weights-summed-without-inputs")


@question(
    "PERC-1",
    title=_TITLES["PERC-1"],
    op=perceptron,
    space={1: 160, 2: 10_000, 3: 10**6},
    min_exposed=5,
    must_detect={
        1: _SUMS,
        2: (*_SUMS, "weights-and-inputs-added"),
        3: (*_SUMS, "weights-and-inputs-added", "bias-in-every-product"),
    },
)
class Decision:
    """Sum and answer. Level 1: two inputs of 0 or 1; level 2: three whole numbers; level 3: four."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        size = level + 1
        x = _whole(rng, size, 0, 1) if level == 1 else _whole(rng, size)
        params: Params = {"w": _whole(rng, size), "x": x, "b": _whole(rng, 1)[0]}
        if level == 1:
            return params if any(x) else None
        return params if sum(v != 0 for v in x) >= size - 1 and all(params["w"]) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        w, x = (np.array(params[name], dtype=float) for name in ("w", "x"))
        b = float(params["b"])
        net, output = float(linear(x, w[None], np.array([b]))[0]), float(impl(x, w, b))
        above = "is" if net > 0 else "is not"
        return Variant(
            question="PERC-1",
            title=_TITLES["PERC-1"],
            prompt=(
                f"A perceptron has the weights $w = {_vector(w)}$ and the bias $b = {b:g}$. {_DECIDE}\n\n"
                f"Show it the input $x = {_vector(x)}$."
            ),
            parts=(
                Part("net", "The sum $a$.", "num", {"places": 1}, share=0.5),
                Part("output", "The answer $y$.", "num", {"places": 2}, share=0.5),
            ),
            truth={"net": net, "output": output},
            solution=(
                f"$a = {_sum_line(params['w'], params['x'], params['b'])}$.",
                f"${net:g}$ {above} greater than 0, so $y = {output:g}$.",
            ),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        given = params["w"], params["x"], params["b"]
        return {"net": float(_net(*given)), "output": _fired(*given)}

    @staticmethod
    def work(params: Params) -> int:
        return len(params["w"])

    @staticmethod
    def gap(params: Params) -> float:
        return abs(float(_net(params["w"], params["x"], params["b"])))

    @staticmethod
    def canonical(params: Params) -> Any:
        return [sorted(zip(params["w"], params["x"])), params["b"]]


# --------------------------------------------------------------------------------------------- PERC-2


_STEPS = ("update-sign", "update-bias-still", "update-by-weights")


@question(
    "PERC-2",
    title=_TITLES["PERC-2"],
    op=perceptron_rule,
    space={1: 4_500, 2: 10**6, 3: 10**7},
    min_exposed=5,
    must_detect={
        1: (*_STEPS, "update-bias-times-input", "update-twice-as-far"),
        2: (*_STEPS, "update-bias-without-rate", "update-without-rate"),
        3: (*_STEPS, "update-bias-without-rate", "update-without-rate", "update-without-error"),
    },
)
class Step:
    """A wrong answer and its correction. Level 2: eta is not 1; level 3: two examples, one of them right."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        size, examples = 2 if level == 1 else 3, 2 if level == 3 else 1
        lr = 1 if level == 1 else (0.1, 0.2, 0.5)[int(rng.integers(3))]
        w, b, x = _whole(rng, size), _whole(rng, 1)[0], [_whole(rng, size) for _ in range(examples)]
        fired = [_fired(w, example, b) for example in x]
        wrong = [1, 0][:examples]  # the first example is answered wrongly
        if level == 3 and fired[1] == 0:  # a right 0 would move nothing for those who multiply by t or y
            return None
        params = {"w": w, "b": b, "lr": lr, "x": x, "t": [y ^ slip for y, slip in zip(fired, wrong)]}
        return params if all(w) and all(x[0]) and x[0][0] != 1 and len(set(w)) > 1 else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        truth: Params = {}
        parts: list[Part] = []
        w, b = np.array(params["w"], dtype=float), float(params["b"])
        for name, x, t in zip(_names(params), params["x"], params["t"]):
            trace = impl(np.array([x], dtype=float), np.array([t]), w, b, params["lr"])
            truth[f"output{name}"] = int(_fired(params["w"], x, params["b"]))
            truth[f"after{name}"] = [*np.asarray(trace[0])[0].tolist(), float(np.asarray(trace[1])[0])]
            parts += _step_parts(name, len(w), len(params["x"]))
        return Variant(
            question="PERC-2",
            title=_TITLES["PERC-2"],
            prompt=_step_prompt(params),
            parts=tuple(parts),
            truth=truth,
            solution=_step_solution(params, truth),
            params=params,
            level=params.get("level", 1),
        )

    parents: ClassVar = {"after": ("output",), "after-a": ("output-a",), "after-b": ("output-b",)}

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        found: Params = {}
        for name, x, t in zip(_names(params), params["x"], params["t"]):
            w, b = [Fraction(v) for v in params["w"]], Fraction(params["b"])
            after, bias = _stepped(w, b, x, t, Fraction(str(params["lr"])))
            found[f"output{name}"] = _fired(params["w"], x, params["b"])
            found[f"after{name}"] = [*map(float, after), float(bias)]
        return found

    @staticmethod
    def gap(params: Params) -> float:
        return float(min(abs(_net(params["w"], x, params["b"])) for x in params["x"]))

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        """Correct by the student's own output; None where a wrong one leaves nothing to correct."""
        which = part.removeprefix("after")
        at = _names(params).index(which)
        x, t, y = params["x"][at], params["t"][at], given[f"output{which}"]
        move = params["lr"] * (t - y)
        if y not in (0, 1) or (not move and y != _fired(params["w"], x, params["b"])):
            return None
        return [*(w + move * v for w, v in zip(params["w"], x)), params["b"] + move]


def _names(params: Params) -> list[str]:
    """Return how the parts of each example end."""
    return ["-a", "-b"] if len(params["x"]) > 1 else [""]


def _step_parts(name: str, size: int, examples: int) -> list[Part]:
    which = f" to example {name[1:].upper()}" if examples > 1 else ""
    weights = ", ".join(f"w_{i + 1}" for i in range(size))
    after = f"Weights and bias after{which.replace(' to', '') or ' the example'}: ${weights}, b$."
    return [
        Part(f"output{name}", f"The answer $y$ of the perceptron{which}.", "int", share=0.25),
        Part(f"after{name}", after, "vec", {"places": 2}, share=0.75),
    ]


def _step_prompt(params: Params) -> str:
    start = f"weights $w = {_vector(params['w'])}$ and bias $b = {params['b']:g}$"
    text = f"A perceptron starts with the {start}. {_DECIDE} {_RULE}"
    if len(params["x"]) == 1:
        shown = f"Its first example is $x = {_vector(params['x'][0])}$ with target $t = {params['t'][0]}$."
    else:
        shown = "Two copies of it each see one example:\n\n" + "\n".join(
            f"- example {name}: $x = {_vector(x)}$, target $t = {t}$"
            for name, x, t in zip("AB", params["x"], params["t"])
        )
        shown += "\n\nBoth start from the same weights; B does not continue from A."
    return f"{text}{shown} The learning rate is $\\eta = {params['lr']:g}$."


def _step_solution(params: Params, truth: Params) -> tuple[str, ...]:
    steps = []
    for name, x, t in zip(_names(params), params["x"], params["t"]):
        y = _fired(params["w"], x, params["b"])
        head = f"Example {name[1:].upper()}: " if len(params["x"]) > 1 else ""
        steps.append(
            f"{head}$a = {_sum_line(params['w'], x, params['b'])}$, so $y = {y}$; the error is $t - y = {t - y}$."
        )
        after = truth[f"after{name}"]
        if t == y:
            steps.append("The answer is right, so nothing moves.")
            continue
        move = params["lr"] * (t - y)
        steps.append(
            f"$w = {_vector(params['w'])} + {bracket(move)} \\cdot {_vector(x)} = {_vector(after[:-1])}$ and "
            f"$b = {params['b']:g} + {bracket(move)} = {after[-1]:g}$."
        )
    return tuple(steps)


# --------------------------------------------------------------------------------------------- PERC-3

_GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0], "NOR": [1, 0, 0, 0]}
_CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
_COLUMNS = [{"name": name, "kind": "num", "options": {"places": 2}} for name in ("a", "y", "w_1", "w_2", "b")]


_EPOCH = ("update-sign", "update-bias-still", "epoch-with-first-weights", "update-without-rate")


@question(
    "PERC-3",
    title=_TITLES["PERC-3"],
    op=perceptron_rule,
    space={1: 30_000, 2: 90_000, 3: 60_000},
    min_exposed=5,
    must_detect={
        1: ("update-sign", "epoch-with-first-weights"),
        2: _EPOCH,
        3: (*_EPOCH, "epoch-one-update-only", "epoch-stopped-when-right"),
    },
)
class Epoch:
    """A gate is learned from its four examples. Level 2: eta is not 1; level 3: three corrections."""

    parents: ClassVar = {f"row{i}": (f"row{i - 1}",) for i in range(2, 5)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        gate = [*_GATES][int(rng.integers(len(_GATES)))]
        order = rng.permutation(4).tolist()
        lr = 1 if level == 1 else (0.5, 0.25)[int(rng.integers(2))]
        start = [int(v) / 2 for v in rng.integers(-5, 6, size=3)]
        params = {
            "gate": gate,
            "x": [_CORNERS[i] for i in order],
            "t": [_GATES[gate][i] for i in order],
            "w": start[:2],
            "b": start[2],
            "lr": lr,
        }
        updates = sum(before != after for before, after in _pairs(params))
        return params if updates in ((2, 3) if level < 3 else (3,)) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        x, w = np.array(params["x"], dtype=float), np.array(params["w"], dtype=float)
        ws, bs = (np.asarray(found) for found in impl(x, np.array(params["t"]), w, params["b"], params["lr"]))
        before_w, before_b = np.vstack([w, ws[:-1]]), np.append(params["b"], bs[:-1])
        nets = np.sum(before_w * x, axis=1) + before_b
        truth = {
            f"row{i + 1}": [[float(nets[i]), float(nets[i] > 0), *ws[i].tolist(), float(bs[i])]]
            for i in range(4)
        }
        return Variant(
            question="PERC-3",
            title=_TITLES["PERC-3"],
            prompt=_epoch_prompt(params),
            parts=tuple(_row_part(params, i) for i in range(4)),
            truth=truth,
            solution=_epoch_steps(params),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        rows = {}
        for i, ((w, b), after) in enumerate(_pairs(params)):
            net = _net(w, params["x"][i], b)
            rows[f"row{i + 1}"] = [[float(net), float(net > 0), *map(float, after[0]), float(after[1])]]
        return rows

    @staticmethod
    def gap(params: Params) -> float:
        rows = zip(params["x"], _pairs(params))
        return float(min(abs(_net(w, x, b)) for x, ((w, b), _) in rows))

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        """Go on from the weights of the student's own row before; None where those are absurd."""
        at = int(part.removeprefix("row")) - 1
        rows = given[f"row{at}"]
        if len(rows) != 1 or max(abs(float(cell)) for cell in rows[0]) > 100:
            return None
        *w, b = (float(cell) for cell in rows[0][2:])
        x, t = params["x"][at], params["t"][at]
        net = _net(w, x, b)
        move = params["lr"] * (t - (net > 0))
        return [[net, float(net > 0), *(u + move * v for u, v in zip(w, x)), b + move]]


def _row_part(params: Params, i: int) -> Part:
    asked = (
        f"Row {i + 1}, $x = {_vector(params['x'][i])}$, $t = {params['t'][i]}$: a | y | $w_1$ | $w_2$ | b."
    )
    return Part(f"row{i + 1}", asked, "trace", {"columns": _COLUMNS}, share=0.25)


def _pairs(params: Params) -> list[tuple[Any, Any]]:
    """Return weights and bias before and after each example."""
    now: tuple[list[float], float] = (params["w"], params["b"])
    found = []
    for x, t in zip(params["x"], params["t"]):
        after = _stepped(now[0], now[1], x, t, params["lr"])
        found.append((now, after))
        now = after
    return found


def _epoch_prompt(params: Params) -> str:
    shown = "\n".join(
        f"| {i} | {_vector(x)} | {t} |" for i, (x, t) in enumerate(zip(params["x"], params["t"]), start=1)
    )
    return (
        f"A perceptron with two inputs is to learn the logical function **{params['gate']}**. It starts with "
        f"$w = {_vector(params['w'])}$ and $b = {params['b']:g}$. {_DECIDE} {_RULE}Here "
        f"$\\eta = {params['lr']:g}$; when the answer is right, nothing moves. One epoch shows it these four "
        f"examples, **in this order**, each with the weights the one before has left:\n\n"
        f"| row | $x$ | $t$ |\n|---|---|---|\n{shown}\n\n"
        "Fill one row for each example: the sum $a$ and the answer $y$ with the weights **before** the "
        "correction, then $w_1$, $w_2$ and $b$ **after** it. Put | between the entries."
    )


def _epoch_steps(params: Params) -> tuple[str, ...]:
    steps = []
    for i, ((w, b), after) in enumerate(_pairs(params)):
        x, t = params["x"][i], params["t"][i]
        y = _fired(w, x, b)
        steps.append(
            f"Row {i + 1}: $a = {_sum_line([float(v) for v in w], x, float(b))}$, so $y = {y}$ and "
            f"$t - y = {t - y}$. "
            + ("Nothing moves: " if t == y else "Correct: ")
            + f"$w = {_vector(after[0])}$, $b = {float(after[1]):g}$."
        )
    return tuple(steps)
