"""Walking downhill by hand: a step of stochastic gradient descent, and momentum in both readings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import bracket
from reference import momentum, momentum_slide, sgd

Params = dict[str, Any]


def _pick(rng: np.random.Generator, *choices: float) -> float:
    return float(choices[rng.integers(len(choices))])


def _vector(numbers: Any) -> str:
    return "(" + ", ".join(f"{number:g}" for number in np.asarray(numbers, dtype=float)) + ")"


def _rounded(numbers: Any, places: int) -> str:
    return "(" + ", ".join(f"{number:.{places}f}" for number in np.asarray(numbers, dtype=float)) + ")"


# --------------------------------------------------------------------------------------------- OPT-1

_STEPS = ("step-uphill", "gradients-summed", "first-example-only", "learning-rate-forgotten")


@question(
    "OPT-1",
    title="Stochastic gradient descent by hand",
    op=sgd,
    space=10**6,
    min_exposed=4,
    must_detect={
        1: _STEPS,
        2: (
            *_STEPS,
            "penalty-forgotten",
            "penalty-without-2",
            "penalty-subtracted",
            "penalty-without-learning-rate",
        ),
        3: (*_STEPS, "update-after-each-example", "factor-2-forgotten", "old-weight-in-second-batch"),
    },
)
class Step:
    """One step with given gradients; level 2: with a penalty; level 3: an epoch of two batches from data."""

    parents: ClassVar = {"w": ("g",), "w2": ("w1",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        if level == 3:
            return _draw_epoch(rng)
        size = 2 if level == 1 else 3
        gradients = rng.integers(-6, 7, size=(int(rng.integers(2, 5)), size))
        w = rng.choice([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5], size=size)
        if not gradients.sum(axis=0).all() or len(np.unique(gradients, axis=0)) < len(gradients):
            return None
        lam = _pick(rng, 0.1, 0.5, 1.0) if level == 2 else 0.0
        return {"w": w.tolist(), "gradients": gradients.tolist(), "lr": _pick(rng, 0.1, 0.2, 0.5), "lam": lam}

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        made = _pose_epoch if "x" in params else _pose_step
        truth, parts, prompt, solution = made(params, impl)
        return Variant(
            question="OPT-1",
            title="Stochastic gradient descent by hand",
            prompt=prompt,
            parts=parts,
            truth=truth,
            solution=solution,
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        lr = Fraction(str(params["lr"]))
        if "x" in params:
            w, seen = Fraction(params["w"]), []
            for batch in params["batches"]:
                w -= (
                    lr
                    * 2
                    * sum((w * params["x"][i] - params["y"][i]) * params["x"][i] for i in batch)
                    / len(batch)
                )
                seen.append(float(w))
            return {"w1": seen[0], "w2": seen[1]}
        lam, count = Fraction(str(params["lam"])), len(params["gradients"])
        g = [
            Fraction(sum(column), count) + 2 * lam * w
            for column, w in zip(zip(*params["gradients"]), params["w"])
        ]
        return {"g": [float(v) for v in g], "w": [float(w - lr * v) for w, v in zip(params["w"], g)]}

    @staticmethod
    def carry(params: Params, part: str, given: dict[str, Any]) -> Any:
        if part == "w2":
            return given["w1"] - params["lr"] * _slope(params, given["w1"], params["batches"][1])
        g = np.asarray(given["g"], dtype=float)
        fits = g.shape == np.shape(params["w"]) and g.any()
        return (np.array(params["w"]) - params["lr"] * g).tolist() if fits else None


def _pose_step(params: Params, impl: Any) -> tuple[dict[str, Any], tuple[Part, ...], str, tuple[str, ...]]:
    gradients, w, lr, lam = (
        np.array(params["gradients"], dtype=float),
        params["w"],
        params["lr"],
        params["lam"],
    )
    path = impl(
        lambda at, batch: gradients[batch].mean(axis=0) + 2 * lam * at, w, lr, [range(len(gradients))]
    )
    g = (path[0] - path[1]) / lr
    listed = "\n".join(f"| {i + 1} | ${_vector(row)}$ |" for i, row in enumerate(gradients))
    penalty = (
        f" To the mean loss the penalty $\\lambda\\sum_i w_i^2$ with $\\lambda = {lam:g}$ is added; its gradient is "
        "$2\\lambda w$."
        if lam
        else ""
    )
    prompt = (
        f"The weights are $w = {_vector(w)}$, the learning rate is $\\gamma = {lr:g}$. For the "
        f"{len(gradients)} examples of a mini-batch the gradients of their losses at $w$ are\n\n"
        "| example | gradient |\n|---|---|\n"
        f"{listed}\n\nThe loss of the batch is the **mean** of the losses of its examples.{penalty} Take **one** step "
        "of gradient descent, $w \\leftarrow w - \\gamma g$."
    )
    parts = (
        Part("g", "The gradient $g$ of the batch, to two decimals.", "vec", {"places": 2}, share=0.5),
        Part("w", "The weights after the step, to two decimals.", "vec", {"places": 2}, share=0.5),
    )
    solution = [f"Mean of the gradients: ${_rounded(gradients.mean(axis=0), 2)}$."]
    if lam:
        extra = 2 * lam * np.array(w)
        solution.append(
            f"The penalty adds $2 \\cdot {lam:g} \\cdot w = {_vector(extra)}$: $g = {_rounded(g, 2)}$."
        )
    solution.append(
        f"$w - {lr:g} \\cdot g = {_rounded(path[1], 2)}$, all examples at once and one step only."
    )
    return {"g": g.tolist(), "w": path[1].tolist()}, parts, prompt, tuple(solution)


def _draw_epoch(rng: np.random.Generator) -> Params | None:
    x = rng.choice([-3, -2, -1, 1, 2, 3], size=4)
    y = rng.integers(-6, 8, size=4)
    order = rng.permutation(4)
    params: Params = {
        "x": x.tolist(),
        "y": y.tolist(),
        "w": int(rng.integers(-2, 3)),
        "lr": _pick(rng, 0.05, 0.1),
    }
    params["batches"] = [order[:2].tolist(), order[2:].tolist()]
    slopes = [_slope(params, params["w"], batch) for batch in params["batches"]]
    return None if order.tolist() == [0, 1, 2, 3] or 0 in slopes else params


def _slope(params: Params, w: float, batch: list[int]) -> float:
    return 2 * sum((w * params["x"][i] - params["y"][i]) * params["x"][i] for i in batch) / len(batch)


def _pose_epoch(params: Params, impl: Any) -> tuple[dict[str, Any], tuple[Part, ...], str, tuple[str, ...]]:
    x, y = np.array(params["x"], dtype=float), np.array(params["y"], dtype=float)
    path = impl(
        lambda w, i: 2 * np.mean((w * x[i] - y[i]) * x[i]), params["w"], params["lr"], params["batches"]
    )
    first, second = ([i + 1 for i in batch] for batch in params["batches"])
    prompt = (
        f"A model predicts $w x$ with a single weight. Four training examples:\n\n{_data(params)}\n\nThe loss of a "
        "batch is the **mean** of $(w x - y)^2$ over its examples. Walk through one epoch of stochastic gradient "
        f"descent from $w_0 = {params['w']}$ with learning rate $\\gamma = {params['lr']:g}$ and batch size 2. After "
        f"shuffling, the first batch holds the examples {first[0]} and {first[1]}, the second {second[0]} and "
        f"{second[1]}. There is one step per batch."
    )
    parts = tuple(
        Part(
            f"w{t}", f"The weight after the {word} step, to three decimals.", "num", {"places": 3}, share=0.5
        )
        for t, word in ((1, "first"), (2, "second"))
    )
    steps = []
    for t, batch in enumerate(params["batches"]):
        w, g = path[t], round(_slope(params, float(path[t]), batch), 4)
        errors = " + ".join(
            f"{bracket(round(float(w * x[i] - y[i]), 4))} \\cdot {bracket(x[i])}" for i in batch
        )
        steps.append(
            f"Batch {t + 1} at $w = {w:.4g}$: errors $w x - y$ times $x$, mean, times 2: "
            f"$g = 2 \\cdot ({errors}) / 2 = {g:g}$, so "
            f"$w = {w:.4g} - {params['lr']:g} \\cdot {bracket(g)} = {path[t + 1]:.3f}$."
        )
    return {"w1": float(path[1]), "w2": float(path[2])}, parts, prompt, tuple(steps)


def _data(params: Params) -> str:
    rows = [f"| {i + 1} | {a} | {b} |" for i, (a, b) in enumerate(zip(params["x"], params["y"]))]
    return "| example | $x$ | $y$ |\n|---|---|---|\n" + "\n".join(rows)


# --------------------------------------------------------------------------------------------- OPT-2

_FORGETS = (
    "classical-no-memory",
    "classical-momentum-ema",
    "classical-memory-subtracted",
    "classical-ascent",
)


@question(
    "OPT-2",
    title="Momentum by hand",
    op=momentum,
    space=700,
    min_exposed=6,
    must_detect={
        1: (*_FORGETS, "classical-learning-rate-on-new-only", "classical-stale-velocity"),
        2: (
            *_FORGETS,
            "classical-is-slide",
            "classical-learning-rate-on-new-only",
            "classical-alpha-on-gradient",
        ),
        3: (*_FORGETS, "classical-is-slide", "slide-is-classical", "readings-exchanged"),
    },
)
class Momentum:
    """Velocity and weight on a parabola: two steps, three steps; level 3: the slide's reading as well."""

    _STEPS: ClassVar = {1: 2, 2: 3, 3: 4}
    parents: ClassVar = {"w": ("v",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        centre, w = int(rng.integers(-5, 6)), int(rng.integers(-6, 7))
        if abs(w - centre) < 2:
            return None
        lr, alpha = _pick(rng, 0.1, 0.2, 0.25), _pick(rng, 0.5, 0.8, 0.9)
        return {
            "centre": centre,
            "w": w,
            "lr": lr,
            "alpha": alpha,
            "steps": Momentum._STEPS[level],
            "both": level == 3,
        }

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        path = _walk(params, impl)
        both = params["both"]
        v = (path[:-1] - path[1:]) / params["lr"]
        truth = {"v": v.tolist(), "w": path[1:].tolist()}
        if both:
            truth = {"classical": path[1:].tolist(), "slide": _walk(params, momentum_slide)[1:].tolist()}
        return Variant(
            question="OPT-2",
            title="Momentum by hand",
            prompt=_momentum_prompt(params),
            parts=_momentum_parts(both),
            truth=truth,
            solution=_momentum_steps(params),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        lr, alpha, centre = Fraction(str(params["lr"])), Fraction(str(params["alpha"])), params["centre"]
        w = s = Fraction(params["w"])
        v, old, velocities, classical, slide = Fraction(0), Fraction(0), [], [], []
        for _ in range(params["steps"]):
            v = alpha * v + 2 * (w - centre)
            w -= lr * v
            g = 2 * (s - centre)
            s -= lr * (alpha * old + g)
            old = g
            velocities.append(float(v))
            classical.append(float(w))
            slide.append(float(s))
        if params["both"]:
            return {"classical": classical, "slide": slide}
        return {"v": velocities, "w": classical}

    @staticmethod
    def carry(params: Params, part: str, given: dict[str, Any]) -> Any:  # noqa: ARG004 - w alone has a parent
        v = np.asarray(given["v"], dtype=float)
        return (
            (params["w"] - params["lr"] * np.cumsum(v)).tolist()
            if v.shape == (params["steps"],) and v.all()
            else None
        )


def _walk(params: Params, impl: Any) -> np.ndarray:
    start = np.array([float(params["w"])])
    path = impl(lambda w: 2 * (w - params["centre"]), start, params["lr"], params["alpha"], params["steps"])
    return np.asarray(path)[:, 0]


_CLASSICAL = "$v_t = \\alpha v_{t-1} + g_t$ and $w_{t+1} = w_t - \\gamma v_t$, with $v_{-1} = 0$"
_SLIDE = "$w_{t+1} = w_t - \\gamma(\\alpha g_{t-1} + g_t)$, with $g_{-1} = 0$"


def _momentum_prompt(params: Params) -> str:
    centre = params["centre"]
    minus = f"w - {centre}" if centre > 0 else f"w + {-centre}" if centre else "w"
    rule = f"Momentum with a velocity is {_CLASSICAL}."
    if params["both"]:
        rule += f" The slide writes {_SLIDE}. Walk both ways, each from the same start."
    return (
        f"The loss is $f(w) = ({minus})^2$, so that its gradient at $w_t$ is "
        f"$g_t = 2({minus.replace('w', 'w_t')})$. The walk starts at $w_0 = {params['w']}$ with learning rate "
        f"$\\gamma = {params['lr']:g}$ and momentum $\\alpha = {params['alpha']:g}$.\n\n{rule}\n\nTake "
        f"{params['steps']} steps. Round only what you write down."
    )


def _momentum_parts(both: bool) -> tuple[Part, ...]:
    options = {"places": 3, "slack": 0.001}
    asked = (
        (
            ("classical", "With the velocity: the weights after each step"),
            ("slide", "As on the slide: the weights after each step"),
        )
        if both
        else (
            ("v", "The velocities $v_0, v_1, \\dots$"),
            ("w", "The weights $w_1, w_2, \\dots$ after each step"),
        )
    )
    return tuple(Part(id, f"{text}, to three decimals.", "vec", options, share=0.5) for id, text in asked)


def _momentum_steps(params: Params) -> tuple[str, ...]:
    lr, alpha, centre = params["lr"], params["alpha"], params["centre"]
    path = _walk(params, momentum)
    v = (path[:-1] - path[1:]) / lr
    rows = [
        f"| {t} | {2 * (path[t] - centre):.4g} | {v[t]:.4g} | {path[t + 1]:.3f} |"
        for t in range(params["steps"])
    ]
    first = f"In every step $g_t = 2(w_t - {bracket(centre)})$ at the weight reached so far."
    table = (
        f"With the velocity ($v_t = {alpha:g}\\, v_{{t-1}} + g_t$, step ${lr:g}\\, v_t$):\n\n"
        "| $t$ | $g_t$ | $v_t$ | $w_{t+1}$ |\n|---|---|---|---|\n" + "\n".join(rows)
    )
    if not params["both"]:
        return first, table
    slide = _walk(params, momentum_slide)
    g = 2 * (slide - centre)
    lines = [
        f"| {t} | {g[t]:.4g} | {g[t] + (alpha * g[t - 1] if t else 0):.4g} | {slide[t + 1]:.3f} |"
        for t in range(params["steps"])
    ]
    other = (
        f"As on the slide (step ${lr:g}\\,({alpha:g}\\, g_{{t-1}} + g_t)$):\n\n"
        "| $t$ | $g_t$ | sum | $w_{t+1}$ |\n|---|---|---|---|\n" + "\n".join(lines)
    )
    return (
        first,
        table,
        other,
        "The first two steps agree: only from the third on does the velocity know more.",
    )
