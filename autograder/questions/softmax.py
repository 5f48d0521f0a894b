"""Softmax and cross-entropy by hand: probabilities, the loss of one example, the gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import bracket
from reference import cross_entropy, softmax

Params = dict[str, Any]

_TITLES = {
    "SMX-1": "Softmax by hand",
    "SMX-2": "Cross-entropy of one example",
    "SMX-4": "Gradient of the softmax loss",
}


def _scores(params: Params) -> np.ndarray:
    """Return the scores, one row per example; `m` holds whole numbers whose logarithms they are."""
    rows = np.log(np.array(params["m"], dtype=float)) if "m" in params else np.array(params["scores"])
    return np.atleast_2d(rows)


def _draw_m(rng: np.random.Generator, classes: int) -> list[int] | None:
    """Draw whole numbers whose logarithms are easy scores: all exponentials are whole."""
    m = rng.choice(np.arange(1, 13), size=classes, replace=False).tolist()
    return m if sum(m) <= 30 else None


def _draw_tenths(rng: np.random.Generator, classes: int, around: int = 0) -> list[float]:
    chosen = rng.choice(np.arange(-25, 26), size=classes, replace=False)
    return [(10 * around + int(n)) / 10 for n in chosen]


def _logs(m: list[int]) -> str:
    return ", ".join(f"\\ln {n}" for n in m)


def _shown(params: Params) -> str:
    """Write the scores of one example as a vector."""
    inside = _logs(params["m"]) if "m" in params else ", ".join(f"{s:g}" for s in params["scores"])
    return f"$s = ({inside})$"


def _shares(params: Params) -> list[list[Any]]:
    """Evaluate the probabilities by plain loops: fractions where all exponentials are whole."""
    if "m" in params:
        rows = params["m"] if isinstance(params["m"][0], list) else [params["m"]]
        return [[Fraction(n, sum(row)) for n in row] for row in rows]
    rows = params["scores"] if isinstance(params["scores"][0], list) else [params["scores"]]
    made = []
    for row in rows:
        powers = [math.exp(score - row[0]) for score in row]
        made.append([power / math.fsum(powers) for power in powers])
    return made


def _power_steps(params: Params) -> tuple[str, ...]:
    """Show exponentials and their sum; large scores are made small first."""
    if "m" in params:
        m = params["m"]
        return (
            f"Exponentials: $e^{{\\ln m}} = m$, so they are ${', '.join(map(str, m))}$.",
            f"Their sum: ${' + '.join(map(str, m))} = {sum(m)}$.",
        )
    scores = params["scores"]
    steps = []
    if max(map(abs, scores)) > 100:
        top = max(scores)
        scores = [round(score - top, 1) for score in scores]
        steps.append(
            f"Subtract the highest score, {top:g}; the probabilities stay the same, and no exponential is too "
            f"large or too small: $({', '.join(f'{s:g}' for s in scores)})$."
        )
    powers = [math.exp(score) for score in scores]
    return (
        *steps,
        "Exponentials: " + ", ".join(f"$\\exp({s:g}) = {p:.4f}$" for s, p in zip(scores, powers)) + ".",
        f"Their sum: ${' + '.join(f'{p:.4f}' for p in powers)} = {sum(powers):.4f}$.",
    )


# ---------------------------------------------------------------------------------------------- SMX-1


_SHARES = ("softmax-sum-without-itself", "sigmoid-of-each-score", "softmax-exponentials-alone")
_FIGURES = (
    "softmax-absolute-scores",
    "softmax-base-two",
    "softmax-base-ten",
    "softmax-shift-in-numerator",
)


@question(
    "SMX-1",
    title=_TITLES["SMX-1"],
    op=softmax,
    space={1: 700, 2: 100_000, 3: 5_000_000},
    min_exposed=7,
    must_detect={
        1: (*_SHARES, "softmax-without-exponentials", "softmax-winner-takes-all"),
        2: (*_SHARES, *_FIGURES),
        3: (*_SHARES, *_FIGURES, "softmax-winner-takes-all"),
    },
)
class Probabilities:
    """Scores to probabilities. Level 1: logarithms of whole numbers; level 2: decimals; level 3: 4 classes."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        if level == 1:
            m = _draw_m(rng, 3)
            return {"m": m} if m and 1 not in m else None
        scores = _draw_tenths(rng, level + 1)
        params = {"scores": scores}
        return params if min(_shares(params)[0]) >= 0.02 and min(scores) < 0 < max(scores) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        p = impl(_scores(params))[0]
        classes = len(p)
        result = ", ".join(f"{share:.3f}" for share in p)
        below = f"{sum(params['m'])}" if "m" in params else "sum"
        each = (
            "Divide: $"
            + ",\\; ".join(f"\\frac{{{m}}}{{{below}}}" for m in params["m"])
            + f"$, that is ${result}$."
            if "m" in params
            else f"Divide each by the sum: ${result}$."
        )
        return Variant(
            question="SMX-1",
            title=_TITLES["SMX-1"],
            prompt=(
                f"A network gives one image the {classes} scores\n\n{_shown(params)}\n\n(one per class"
                + ("; $\\ln$ is the natural logarithm" if "m" in params else "")
                + "). Turn them into probabilities with softmax:\n\n"
                "$$ p_j = e^{s_j} \\; / \\; \\sum_k e^{s_k} . $$\n\n"
                "Give them in the order of the scores, as fractions or rounded to three decimals."
            ),
            parts=(Part("p", f"The {classes} probabilities.", "vec", {"places": 3}),),
            truth={"p": np.asarray(p).tolist()},
            solution=(*_power_steps(params), each, "They add up to 1, apart from rounding."),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        return {"p": [float(share) for share in _shares(params)[0]]}


# ---------------------------------------------------------------------------------------------- SMX-2


_COSTS = (
    "logarithm-to-base-ten",
    "logarithm-to-base-two",
    "loss-sign-swapped",
    "loss-one-minus-probability",
    "loss-of-not-being-right",
    "loss-summed-over-all-classes",
)


@question(
    "SMX-2",
    title=_TITLES["SMX-2"],
    op=cross_entropy,
    space={1: 2_000, 2: 300_000, 3: 20_000_000},
    min_exposed=8,
    must_detect={
        1: _COSTS,
        2: (*_COSTS, "loss-entropy", "loss-of-likeliest-class", "loss-minus-raw-score"),
        3: (
            *_COSTS,
            "loss-of-likeliest-class",
            "loss-distance-to-highest-score",
            "loss-counts-wrong-classes",
        ),
    },
)
class Cost:
    """Probability and loss of the right class. Level 2: decimals; level 3: scores too large for e^s."""

    parents: ClassVar = {"loss": ("p",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        label = int(rng.integers(3 if level < 3 else 4))
        if level == 1:
            m = _draw_m(rng, 3)
            return {"m": m, "label": label} if m and m[label] != max(m) else None
        around = (-1000, 1000)[int(rng.integers(2))] if level == 3 else 0
        params = {"scores": _draw_tenths(rng, level + 1, around), "label": label}
        p = _shares(params)[0]
        return params if 0.05 <= p[label] < max(p) and min(p) >= 0.01 else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        scores, label = _scores(params), params["label"]
        loss, p = float(impl(scores, np.array([label]))), float(softmax(scores)[0, label])
        above = f"{params['m'][label]}/{sum(params['m'])} = " if "m" in params else ""
        return Variant(
            question="SMX-2",
            title=_TITLES["SMX-2"],
            prompt=(
                f"A network gives one image the scores\n\n{_shown(params)}\n\nand its right class is **class "
                f"{label}** (classes are counted from 0). The probabilities come from softmax, and the loss is "
                "the cross-entropy: minus the **natural** logarithm of the probability of the right class.\n\n"
                "Do not round in between; round both results to three decimals."
            ),
            parts=(
                Part("p", "The probability of the right class.", "num", {"places": 3}),
                Part("loss", "The loss.", "num", {"places": 3, "slack": 0.001}),
            ),
            truth={"p": p, "loss": loss},
            solution=(
                *_power_steps(params),
                f"Probability of class {label}: $p_{label} = {above}{p:.4f}$.",
                f"Loss: $-\\ln {p:.4f} = {loss:.3f}$.",
            ),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        p = float(_shares(params)[0][params["label"]])
        return {"p": p, "loss": -math.log(p)}

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:  # noqa: ARG004 - one part only
        """Take the logarithm of the student's own probability, where it is one."""
        return -math.log(given["p"]) if 0 < given["p"] < 1 else None


# ---------------------------------------------------------------------------------------------- SMX-4


_SLOPES = (
    "softmax-loss-grad-sign",
    "softmax-loss-grad-right-class-only",
    "softmax-loss-grad-no-target",
    "softmax-loss-grad-diagonal",
    "softmax-loss-grad-times-slope",
    "softmax-loss-grad-stops-at-the-logarithm",
    "dW-transposed",
    "dW-from-probabilities",
)


@question(
    "SMX-4",
    title=_TITLES["SMX-4"],
    op=softmax,
    space={1: 100_000, 2: 10**7, 3: 10**8},
    min_exposed=8,
    must_detect={1: _SLOPES, 2: _SLOPES, 3: (*_SLOPES, "gradient-not-averaged")},
)
class Gradient:
    """From the scores to dL/ds and dL/dW. Level 2: decimals and 3 features; level 3: the mean of 2 images."""

    parents: ClassVar = {"dw": ("ds",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        examples = 2 if level == 3 else 1
        labels = rng.integers(3, size=examples).tolist()
        features = 3 if level == 2 else 2
        signed = [n for n in range(-3, 4) if n]
        x = [[signed[int(i)] for i in rng.integers(len(signed), size=features)] for _ in range(examples)]
        params: Params = {"labels": labels, "x": x}
        if level == 2:
            params["scores"] = [_draw_tenths(rng, 3)]
        else:
            m = [_draw_m(rng, 3) for _ in range(examples)]
            if not all(m):
                return None
            params["m"] = m
        p = _shares(params)
        sure = all(0.03 <= share <= 0.9 for row in p for share in row)
        return params if sure and len(set(map(tuple, x))) == examples and len(set(x[0])) > 1 else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        p, x = np.asarray(impl(_scores(params))), np.array(params["x"], dtype=float)
        ds = (p - np.eye(p.shape[1])[params["labels"]]) / len(p)
        several = len(p) > 1
        return Variant(
            question="SMX-4",
            title=_TITLES["SMX-4"],
            prompt=_gradient_prompt(params),
            parts=(
                Part(
                    "ds",
                    "$\\partial L/\\partial s$: one row per image, one column per class."
                    if several
                    else "$\\partial L/\\partial s$, one number per class.",
                    "mat",
                    {"places": 3},
                ),
                Part(
                    "dw",
                    "$\\partial L/\\partial W$: one row per class, one column per feature.",
                    "mat",
                    {"places": 3, "slack": 0.003},
                ),
            ),
            truth={"ds": ds.tolist(), "dw": (ds.T @ x).tolist()},
            solution=_gradient_steps(params, p, ds, ds.T @ x),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        shares, n = _shares(params), len(params["labels"])
        ds = [
            [(share - (j == label)) / n for j, share in enumerate(row)]
            for row, label in zip(shares, params["labels"])
        ]
        features = range(len(params["x"][0]))
        dw = [
            [float(sum(row[j] * x[d] for row, x in zip(ds, params["x"]))) for d in features] for j in range(3)
        ]
        return {"ds": [[float(value) for value in row] for row in ds], "dw": dw}

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:  # noqa: ARG004 - one part only
        """Multiply the student's own gradient of the scores by the features."""
        ds, x = np.asarray(given["ds"], dtype=float), np.array(params["x"], dtype=float)
        if ds.shape != (len(x), 3) or np.count_nonzero(ds) < ds.size / 2:
            return None
        return (ds.T @ x).tolist()


def _gradient_prompt(params: Params) -> str:
    rows = params["m"] if "m" in params else params["scores"]
    lines = []
    for i, (row, x, label) in enumerate(zip(rows, params["x"], params["labels"]), start=1):
        scores = _logs(row) if "m" in params else ", ".join(f"{s:g}" for s in row)
        name = f"image {i}: " if len(rows) > 1 else ""
        features = ", ".join(map(str, x))
        lines.append(f"- {name}features $x = ({features})$, scores $s = ({scores})$, right class {label}")
    mean = (
        "the **mean** over the two images of their cross-entropies $-\\ln p_y$"
        if len(rows) > 1
        else "the cross-entropy $L = -\\ln p_y$"
    )
    return (
        "A linear classifier with the weights $W$ (one row per class) computes scores $s = Wx + b$ of three "
        f"classes (counted from 0); softmax turns them into probabilities $p$:\n\n{chr(10).join(lines)}\n\n"
        f"The loss $L$ is {mean}, where $y$ is the right class. Compute the gradient of $L$ with respect to the "
        "scores, and from it the gradient with respect to $W$.\n\nWrite matrices with one row per line. Fractions "
        "are fine, or decimals rounded to three places."
    )


def _gradient_steps(params: Params, p: Any, ds: Any, dw: Any) -> tuple[str, ...]:
    steps = []
    for i, (row, slopes, label) in enumerate(zip(p, ds, params["labels"]), start=1):
        name = f"Image {i}: p" if len(p) > 1 else "P"
        each = ", ".join(f"{share:.4f}" for share in row)
        half = ", divided by 2" if len(p) > 1 else ""
        steps.append(
            f"{name}robabilities $p = ({each})$. Subtract 1 at class {label}{half}: "
            f"$({', '.join(f'{value:.4f}' for value in slopes)})$."
        )
    terms = " + ".join(
        f"{bracket(round(float(s[0]), 4))} \\cdot {bracket(x[0])}" for s, x in zip(ds, params["x"])
    )
    return (
        *steps,
        "Score $s_j$ contains $W_{j,d}\\,x_d$, so $\\partial L/\\partial W_{j,d}$ is the gradient of $s_j$ times "
        f"$x_d${', added over the images' if len(p) > 1 else ''}. The first entry: ${terms} = {dw[0][0]:.3f}$.",
        "All entries:\n\n"
        + "\n".join(f"- class {j}: $({', '.join(f'{v:.3f}' for v in row)})$" for j, row in enumerate(dw)),
    )
