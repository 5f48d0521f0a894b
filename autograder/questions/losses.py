"""The multi-class hinge loss by hand: one example, several with a penalty, and what to expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.margins import exactly, hinge_of, margin_lines, margins, score_table, tenths
from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import block, summed
from reference import hinge, l2_penalty, linear

Params = dict[str, Any]

_TITLES = {
    "SVM-1": "Hinge loss of one example",
    "SVM-2": "Hinge loss with a penalty on the weights",
    "SVM-3": "What the hinge loss must be",
}


# ---------------------------------------------------------------------------------------------- SVM-1


_MARGINS = ("hinge-own-class-counted", "hinge-no-maximum", "hinge-difference-turned", "hinge-no-delta")


@question(
    "SVM-1",
    title=_TITLES["SVM-1"],
    op=hinge,
    space={1: 100_000, 2: 10**7, 3: 10**9},
    min_exposed=7,
    must_detect={
        1: _MARGINS,
        2: (*_MARGINS, "hinge-worst-class-only", "hinge-right-score-added", "hinge-highest-score-as-right"),
        3: (*_MARGINS, "hinge-worst-class-only", "hinge-right-score-added", "squared-hinge"),
    },
)
class OneExample:
    """Scores of one image. Level 1: 3 classes; level 2: 4, two of them too close; level 3: 5, another delta."""

    workload: ClassVar = {1: (2, 2), 2: (3, 3), 3: (4, 4)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        scores = tenths(rng, -40, 60, level + 2)
        delta = 1 if level < 3 else (0.5, 1.5, 2)[int(rng.integers(3))]
        params: Params = {"scores": scores, "label": int(rng.integers(len(scores))), "delta": delta}
        charged = sum(margin > 0 for margin in margins(scores, params["label"], delta))
        fine = charged >= min(level, 2) and charged < level + 1
        return params if fine and hinge_of(scores, params["label"], delta) < 20 else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        scores, label, delta = (params[name] for name in ("scores", "label", "delta"))
        loss = float(impl(np.array([scores]), np.array([label]), delta))
        kept = [float(margin) for margin in margins(scores, label, delta) if margin > 0]
        return Variant(
            question="SVM-1",
            title=_TITLES["SVM-1"],
            prompt=(
                f"A classifier gives an image these scores; its right class is **class {label}** (classes "
                f"are counted from 0):\n\n{score_table([scores], [label])}\n\nCompute the multi-class hinge "
                "loss (SVM loss) of this one image,\n\n"
                "$$ L = \\sum_{j \\neq y} \\max(0,\\; s_j - s_y + \\Delta), $$\n\n"
                f"where $y$ is the right class and $\\Delta = {delta:g}$. The sum runs over the **wrong** "
                "classes; there is no penalty on the weights."
            ),
            parts=(Part("loss", "The loss, exactly or to one decimal.", "num", {"places": 1}),),
            truth={"loss": loss},
            solution=(
                f"The score of the right class is $s_{label} = {scores[label]:g}$. The wrong classes:\n\n"
                + margin_lines(scores, label, delta),
                f"What is kept, added up: $L = {summed(kept)}{f' = {loss:g}' if len(kept) > 1 else ''}$.",
            ),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        return {"loss": float(hinge_of(params["scores"], params["label"], params["delta"]))}

    @staticmethod
    def work(params: Params) -> int:
        return len(params["scores"]) - 1

    @staticmethod
    def gap(params: Params) -> float:
        return float(min(map(abs, margins(params["scores"], params["label"], params["delta"]))))

    @staticmethod
    def canonical(params: Params) -> Any:
        # the order of the wrong classes makes no other instance
        scores = list(params["scores"])
        return [scores.pop(params["label"]), sorted(scores), params["delta"]]


# ---------------------------------------------------------------------------------------------- SVM-2


def _rows(params: Params) -> list[list[Any]]:
    """Return the scores, given or worked out from x, W and b by plain loops."""
    if "scores" in params:
        return params["scores"]
    return [
        [sum(w * x for w, x in zip(weights, example)) + b for weights, b in zip(params["w"], params["b"])]
        for example in params["x"]
    ]


_PENALTIES = (
    "penalty-forgotten",
    "l2-penalty-halved",
    "l2-penalty-absolute",
    "l2-norm-not-squared",
    "penalty-counts-biases",
    "l2-penalty-averaged",
)


@question(
    "SVM-2",
    title=_TITLES["SVM-2"],
    op=hinge,
    space=10**9,
    min_exposed=9,
    must_detect={
        1: (*_PENALTIES, "loss-not-averaged"),
        2: (*_PENALTIES, "penalty-divided-by-examples", "loss-not-averaged", "hinge-own-class-counted"),
        3: (*_PENALTIES, "loss-not-averaged", "hinge-own-class-counted", "hinge-no-maximum"),
    },
)
class WithPenalty:
    """Two images, then three (level 2); level 3: the scores have to be computed from W, x and b first."""

    parents: ClassVar = {"data": ("losses",), "total": ("data",)}
    workload: ClassVar = {1: (6, 6), 2: (6, 6), 3: (18, 18)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        examples = 2 if level == 1 else 3
        w = rng.integers(-3, 4, size=(3, 2)).tolist()
        b = rng.integers(-2, 3, size=3).tolist()
        lam = (0.1, 0.5)[int(rng.integers(2))]
        params: Params = {"w": w, "b": b, "lam": lam, "labels": rng.integers(3, size=examples).tolist()}
        if level == 3:
            params["x"] = rng.integers(-3, 4, size=(3, 2)).tolist()
        else:
            params["scores"] = [tenths(rng, -40, 60, 3) for _ in range(examples)]
        losses = _losses(params)
        if len(set(losses)) < examples or sum(loss > 0 for loss in losses) < 2 or max(losses) > 25:
            return None
        return params if any(b) and sum(v != 0 for row in w for v in row) >= 4 else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        w, b = (np.array(params[name], dtype=float) for name in ("w", "b"))
        scores = (
            np.array(params["scores"]) if "scores" in params else linear(np.array(params["x"], float), w, b)
        )
        labels = np.array(params["labels"])
        losses = [float(impl(scores[i : i + 1], labels[i : i + 1])) for i in range(len(labels))]
        data, penalty = float(impl(scores, labels)), float(l2_penalty(w, params["lam"]))
        return Variant(
            question="SVM-2",
            title=_TITLES["SVM-2"],
            prompt=_penalty_prompt(params),
            parts=(
                Part(
                    "losses", "The losses $L_1, L_2, \\dots$ of the examples, in order.", "vec", {"places": 2}
                ),
                Part("data", "Their mean, the data loss.", "num", {"places": 2, "slack": 0.005}),
                Part("total", "The total loss $L$.", "num", {"places": 2, "slack": 0.005}),
            ),
            truth={"losses": losses, "data": data, "total": data + penalty},
            solution=_penalty_steps(params, losses, data, penalty),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        losses = _losses(params)
        data = sum(losses, Fraction(0)) / len(losses)
        squares = sum(v * v for row in params["w"] for v in row)
        total = data + exactly(params["lam"]) * squares
        return {"losses": [float(loss) for loss in losses], "data": float(data), "total": float(total)}

    @staticmethod
    def work(params: Params) -> int:
        return 6 + (12 if "x" in params else 0)

    @staticmethod
    def gap(params: Params) -> float:
        rows = zip(_rows(params), params["labels"])
        return float(min(abs(margin) for row, label in rows for margin in margins(row, label, 1)))

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        """Go on from the student's own losses or mean; None where they are no losses."""
        if part == "data":
            losses = np.asarray(given["losses"], dtype=float)
            fine = losses.shape == (len(params["labels"]),) and np.all(losses >= 0) and np.any(losses > 0)
            return float(losses.mean()) if fine else None
        penalty = float(l2_penalty(np.array(params["w"], dtype=float), params["lam"]))
        return given["data"] + penalty if given["data"] > 0 else None


def _losses(params: Params) -> list[Fraction]:
    return [hinge_of(row, label, 1) for row, label in zip(_rows(params), params["labels"])]


def _penalty_prompt(params: Params) -> str:
    weights = (
        f"with the weights $W$ (one row per class) and biases $b$ (one per class)\n\n{block(params['w'])}\n\n"
        f"{block([params['b']])}\n\n"
    )
    labels = params["labels"]
    if "scores" in params:
        given = (
            f"{weights}gives {len(labels)} images these scores:\n\n{score_table(params['scores'], labels)}"
        )
    else:
        inputs = "\n".join(
            f"- example {i}: $x = ({x[0]}, {x[1]})$, right class {label}"
            for i, (x, label) in enumerate(zip(params["x"], labels), start=1)
        )
        given = f"{weights}has three examples to classify by the scores $s = Wx + b$:\n\n{inputs}"
    return (
        f"A linear classifier of three classes (counted from 0) {given}\n\nIts loss is the mean of the "
        "multi-class hinge losses $L_i$ of the examples ($\\Delta = 1$, summed over the wrong classes) plus a "
        "penalty on the weights,\n\n"
        "$$ L = \\frac{1}{N} \\sum_{i=1}^{N} L_i + \\lambda \\sum_{j,d} W_{j,d}^2, \\qquad "
        f"\\lambda = {params['lam']:g} . $$\n\nThe biases are not penalised. Round the data loss and the total "
        "to two decimals."
    )


def _penalty_steps(params: Params, losses: list[float], data: float, penalty: float) -> tuple[str, ...]:
    steps = []
    if "x" in params:
        scores = "\n".join(
            f"- example {i}: $s = ({', '.join(f'{s:g}' for s in row)})$"
            for i, row in enumerate(_rows(params), start=1)
        )
        steps.append(f"Scores $s = Wx + b$:\n\n{scores}")
    for i, (row, label) in enumerate(zip(_rows(params), params["labels"])):
        steps.append(
            f"Example {i + 1}, right class {label}:\n\n{margin_lines(row, label, 1)}\n\nso "
            f"$L_{i + 1} = {losses[i]:g}$."
        )
    squares = [v * v for row in params["w"] for v in row]
    return (
        *steps,
        f"Data loss: $({summed(losses)}) : {len(losses)} = {data:.4g}$.",
        f"Squares of the weights: ${summed(squares)} = {sum(squares)}$. Penalty: "
        f"${params['lam']:g} \\cdot {sum(squares)} = {penalty:g}$.",
        f"Total: ${data:.4g} + {penalty:g} = {data + penalty:.4g}$.",
    )


# ---------------------------------------------------------------------------------------------- SVM-3


@question(
    "SVM-3",
    title=_TITLES["SVM-3"],
    op=hinge,
    space={1: 930, 2: 10**5, 3: 10**5},
    min_exposed=5,
    must_detect={
        1: (
            "hinge-own-class-counted",
            "hinge-start-logarithm",
            "hinge-start-zero",
            "hinge-grows-by-the-shift",
        ),
        2: ("hinge-own-class-counted", "hinge-start-delta", "hinge-doubles-with-the-weights"),
        3: (
            "hinge-own-class-counted",
            "hinge-start-delta",
            "hinge-doubles-with-the-weights",
            "loss-not-averaged",
        ),
    },
)
class Sanity:
    """Answers without a calculator. Level 2: another delta, doubled weights; level 3: several images."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        params: Params = {
            "classes": int(rng.integers(11, 1000 if level == 1 else 100)),
            "delta": 1 if level == 1 else int(rng.integers(2, 6)),
            "images": 1 if level < 3 else int(rng.integers(2, 10)),
            "constant": int(rng.integers(2, 10)),
        }
        if level == 1:
            return params
        scores = rng.choice(np.arange(-3, 7), size=3, replace=False).tolist()
        label = int(rng.integers(3))
        before, after = (hinge_of([f * s for s in scores], label, params["delta"]) for f in (1, 2))
        if before == 0 or after in (0, before, 2 * before):
            return None
        return {**params, "scores": scores, "label": label}

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        n, classes, delta = (params[name] for name in ("images", "classes", "delta"))
        start = float(impl(np.zeros((n, classes)), np.zeros(n, dtype=int), delta))
        truth: Params = {"start": start, "shift": params["constant"] % 4}
        parts = [Part("start", "The loss at the start.", "num", {"places": 1}), _shift_part(params)]
        steps = [
            "All scores are 0, so the margin of every wrong class is $0 - 0 + \\Delta = \\Delta$. There are "
            f"$C - 1 = {classes - 1}$ wrong classes: $L = {classes - 1} \\cdot {delta} = {(classes - 1) * delta}$."
            + (" The mean over images that all have this loss is the same number." if n > 1 else ""),
            f"$(s_j + {params['constant']}) - (s_y + {params['constant']}) = s_j - s_y$: what is added to all "
            "scores cancels in every margin.",
        ]
        if "scores" in params:
            scores, label = params["scores"], params["label"]
            doubled = [2 * score for score in scores]
            truth["doubled"] = float(impl(np.array([doubled], dtype=float), np.array([label]), delta))
            parts.append(Part("doubled", "The loss of that image after doubling.", "num", {"places": 1}))
            steps.append(
                f"The doubled scores are $({', '.join(map(str, doubled))})$, and $\\Delta$ is still {delta}:\n\n"
                f"{margin_lines(doubled, label, delta)}\n\nAltogether {truth['doubled']:g}; before it was "
                f"{float(hinge_of(scores, label, delta)):g}."
            )
        return Variant(
            question="SVM-3",
            title=_TITLES["SVM-3"],
            prompt=_sanity_prompt(params),
            parts=tuple(parts),
            truth=truth,
            solution=tuple(steps),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        start = hinge_of([0] * params["classes"], 0, params["delta"])
        found: Params = {"start": float(start), "shift": params["constant"] % 4}
        if "scores" in params:
            doubled = [2 * score for score in params["scores"]]
            found["doubled"] = float(hinge_of(doubled, params["label"], params["delta"]))
        return found

    @staticmethod
    def canonical(params: Params) -> Any:
        return [params[name] for name in sorted(params) if name not in ("constant", "images")]


def _shift_part(params: Params) -> Part:
    c, classes = params["constant"], params["classes"]
    told = [
        "It does not change.",
        f"It grows by {c}.",
        f"It grows by {c * (classes - 1)}.",
        "That depends on $W$.",
    ]
    choices = [told[(i - c) % 4] for i in range(4)]  # the right one stands at c mod 4
    return Part(
        "shift", f"What happens to the loss if {c} is added to **all** scores?", "mc1", {"choices": choices}
    )


def _sanity_prompt(params: Params) -> str:
    n, delta = params["images"], params["delta"]
    mean = f", and take the mean over {n} training images" if n > 1 else ""
    text = (
        f"A linear classifier has to tell {params['classes']} classes apart. You train it with the multi-class "
        f"hinge loss{'' if n > 1 else ' of one image'}, $\\sum_{{j \\neq y}} \\max(0, s_j - s_y + \\Delta)$ with "
        f"$\\Delta = {delta}${mean}. No "
        "penalty is added. Before the first step all weights are so small that **all scores are practically "
        "0**.\n\nNo calculator is needed."
    )
    if "scores" in params:
        text += (
            f"\n\nFor another task with three classes, but the same $\\Delta = {delta}$, an image has the scores "
            f"$({', '.join(map(str, params['scores']))})$ and the right class {params['label']} (classes are "
            "counted from 0). There are no biases. Now all weights are multiplied by 2."
        )
    return text
