"""How well will it predict, by hand: which set chooses, and what cross-validation costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import cross_validation_cost, rank_models

Params = dict[str, Any]

_TITLES = {
    "SPLIT-2": "Which set chooses, which is reported",
    "CV-1": "What cross-validation costs",
}
SETTINGS = {
    "degree of the polynomial": ["1", "2", "3", "5", "9"],
    "number of hidden units": ["8", "16", "32", "64", "128"],
    "weight of the penalty": ["0", "0.001", "0.01", "0.1", "1"],
    "learning rate": ["0.001", "0.003", "0.01", "0.03", "0.1"],
}


def named(rng: np.random.Generator, count: int) -> tuple[str, list[str]]:
    """Draw a hyper-parameter and `count` of its values, in order."""
    name = [*SETTINGS][int(rng.integers(len(SETTINGS)))]
    chosen = sorted(rng.choice(5, size=count, replace=False).tolist())
    return name, [SETTINGS[name][i] for i in chosen]


def tenths(rng: np.random.Generator, least: int, most: int, count: int) -> list[float]:
    """Draw numbers with one decimal; least and most count tenths."""
    return [int(n) / 10 for n in rng.integers(least, most + 1, size=count)]


def lead(values: list[float], low: bool) -> float:
    """Return by how much the best value beats the second."""
    first, second, *_ = sorted(values, reverse=not low)
    return abs(second - first)


# -------------------------------------------------------------------------------------------- SPLIT-2


@question(
    "SPLIT-2",
    title=_TITLES["SPLIT-2"],
    op=rank_models,
    space=10**6,
    min_exposed=5,
    must_detect=(
        "chosen-by-test-set",
        "chosen-by-training-set",
        "validation-score-reported",
        "best-test-score-reported",
    ),
)
class Columns:
    """Training, validation and test in one table. Level 2: overfitting, too; level 3: 5 settings, errors."""

    parents: ClassVar = {"report": ("choice",), "gap": ("choice",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        name, settings = named(rng, level + 2)
        errors = level == 3
        train = tenths(rng, *((20, 120) if errors else (860, 995)), level + 2)
        rest = [tenths(rng, *((100, 260) if errors else (740, 900)), level + 2) for _ in range(2)]
        params: Params = {
            "hyper": name, "settings": settings, "train": train, "validation": rest[0], "test": rest[1],
            "errors": errors, "ask_gap": level > 1,
        }  # fmt: skip
        pick = min if errors else max
        winners = {column.index(pick(column)) for column in (train, *rest)}
        clear = all(lead(column, errors) >= 0.5 for column in (train, *rest))
        harder = all((t < v) == errors for t, v in zip(train, rest[0]))
        return params if len(winners) == 3 and clear and harder and _distinct(rest) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        worse = params["validation"] if params["errors"] else [100 - v for v in params["validation"]]
        ranked = impl({str(i): value for i, value in enumerate(worse)})
        chosen = int(ranked[0])
        truth = {"choice": chosen, "report": params["test"][chosen]}
        if params["ask_gap"]:
            truth["gap"] = abs(params["train"][chosen] - params["validation"][chosen])
        return Variant(
            question="SPLIT-2",
            title=_TITLES["SPLIT-2"],
            prompt=_columns_prompt(params),
            parts=_columns_parts(params),
            truth=truth,
            solution=_columns_steps(params, chosen),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        chosen = 0
        for i, value in enumerate(params["validation"]):
            best = params["validation"][chosen]
            if (value < best) if params["errors"] else (value > best):
                chosen = i
        return Columns.of_choice(params, chosen)

    @staticmethod
    def of_choice(params: Params, chosen: int) -> dict[str, Any]:
        found = {"choice": chosen, "report": params["test"][chosen]}
        if params["ask_gap"]:
            tenths = [round(10 * params[name][chosen]) for name in ("train", "validation")]
            found["gap"] = abs(tenths[0] - tenths[1]) / 10
        return found

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        """Read the row that the student chose."""
        return Columns.of_choice(params, given["choice"])[part]


def _distinct(columns: list[list[float]]) -> bool:
    values = [value for column in columns for value in column]
    return len(set(values)) == len(values)


def _columns_prompt(params: Params) -> str:
    what, better = ("error", "lower") if params["errors"] else ("accuracy", "higher")
    columns = zip(params["settings"], params["train"], params["validation"], params["test"])
    rows = "\n".join(f"| {name} | {a:g} | {b:g} | {c:g} |" for name, a, b, c in columns)
    return (
        f"You train one model for each value of a hyper-parameter, the {params['hyper']}. The table shows the "
        f"{what} of each in per cent ({better} is better); nobody has looked at the test column so far.\n\n"
        f"| {params['hyper']} | training | validation | test |\n|---|---|---|---|\n{rows}\n\n"
        "You want to choose one value and tell your customer what to expect on new data."
    )


def _columns_parts(params: Params) -> tuple[Part, ...]:
    what = "error" if params["errors"] else "accuracy"
    parts = (
        Part("choice", "Which value do you choose?", "mc1", {"choices": params["settings"]}),
        Part("report", f"Which {what} do you report (in per cent)?", "num", {"places": 1}),
    )
    asked = f"How far apart are training and validation {what} of your choice (in per cent)?"
    return (*parts, Part("gap", asked, "num", {"places": 1})) if params["ask_gap"] else parts


def _columns_steps(params: Params, chosen: int) -> tuple[str, ...]:
    word = "lowest" if params["errors"] else "highest"
    steps = (
        f"The validation set chooses: its {word} value is {params['validation'][chosen]:g}, at "
        f"{params['hyper']} = {params['settings'][chosen]}.",
        f"The test set has chosen nothing, so its value in that row is an honest forecast: "
        f"{params['test'][chosen]:g}. The best value of the test column belongs to another row; taking it would "
        "let the test set choose.",
    )
    if not params["ask_gap"]:
        return steps
    a, b = params["train"][chosen], params["validation"][chosen]
    gap = f"${max(a, b):g} - {min(a, b):g} = {abs(a - b):g}$"
    return (*steps, f"Training and validation: {gap}. The larger this gap, the more the model overfits.")


# ----------------------------------------------------------------------------------------------- CV-1


_COSTS = ("cv-settings-forgotten", "cv-sizes-exchanged")


@question(
    "CV-1",
    title=_TITLES["CV-1"],
    op=cross_validation_cost,
    space={1: 900, 2: 5_000, 3: 3_000},
    min_exposed=6,
    must_detect={
        1: (*_COSTS, "cv-settings-added", "cv-fits-times-examples", "cv-refit-counted"),
        2: (*_COSTS, "cv-settings-added", "cv-refit-forgotten", "cv-fold-rounded-down"),
        3: (*_COSTS, "cv-one-fold-never-left-out", "cv-refit-forgotten", "cv-grid-sides-added"),
    },
)
class Cost:
    """How many fits, on how many examples? Level 2: folds of two sizes and a last fit; 3: leave-one-out."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        k, settings = int(rng.integers(3, 11)), int(rng.integers(3, 13))
        if level == 1:
            n = k * int(rng.integers(4, 20))
        else:
            n = int(rng.integers(20, 201))
        if level == 2 and n % k == 0:
            return None
        if level == 3:
            grid = [int(v) for v in rng.integers(2, 8, size=2)]
            return {"n": n, "k": n, "grid": grid, "refit": True} if grid != [2, 2] else None
        return {"n": n, "k": k, "grid": [settings], "refit": level == 2} if settings != k else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        cost = impl(params["n"], params["k"])
        settings = int(np.prod(params["grid"]))
        fits = settings * cost.fits + int(params["refit"])
        return Variant(
            question="CV-1",
            title=_TITLES["CV-1"],
            prompt=_cost_prompt(params),
            parts=_cost_parts(params),
            truth={"fits": fits, "train": cost.smallest, "test": params["n"] - cost.smallest},
            solution=_cost_steps(params, settings, fits),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        folds = [0] * params["k"]
        for example in range(params["n"]):
            folds[example % params["k"]] += 1
        fits = sum(1 for _ in range(int(np.prod(params["grid"]))) for _ in folds) + int(params["refit"])
        return {"fits": fits, "train": params["n"] - max(folds), "test": max(folds)}


def _cost_prompt(params: Params) -> str:
    n, k, grid = params["n"], params["k"], params["grid"]
    scheme = "**leave-one-out**" if k == n else f"**{k}-fold**"
    sizes = " The folds are as equal as possible: their sizes differ by at most one." if n % k else ""
    tried = (
        f"{grid[0]} settings of one hyper-parameter"
        if len(grid) == 1
        else f"{grid[0]} values of one hyper-parameter with {grid[1]} values of another, in all combinations"
    )
    last = (
        "When the best is found, one last model with it is fitted on **all** examples; count this fit, too."
        if params["refit"]
        else "Count the fits of the cross-validation only; no model is fitted on all examples."
    )
    return f"You have {n} examples and compare {tried}, by {scheme} cross-validation.{sizes} {last}"


def _cost_parts(params: Params) -> tuple[Part, ...]:
    uneven = params["n"] % params["k"]
    return (
        Part("fits", "How many models are fitted altogether?", "int", share=0.5),
        Part(
            "train",
            "On how many examples is a model fitted during cross-validation"
            + (", at the least?" if uneven else "?"),
            "int",
            share=0.25,
        ),
        Part(
            "test",
            f"How many examples does {'the largest' if uneven else 'one'} fold hold out?",
            "int",
            share=0.25,
        ),
    )


def _cost_steps(params: Params, settings: int, fits: int) -> tuple[str, ...]:
    n, k, grid = params["n"], params["k"], params["grid"]
    fold = -(-n // k)
    steps = []
    if k == n:
        steps.append(f"Leave-one-out is cross-validation with as many folds as examples: $k = {n}$.")
    if len(grid) > 1:
        steps.append(f"Settings: ${grid[0]} \\cdot {grid[1]} = {settings}$.")
    last = f" One more on all examples: ${settings * k} + 1 = {fits}$." if params["refit"] else ""
    steps.append(
        f"Each of {settings} settings needs one fit per fold: ${settings} \\cdot {k} = {settings * k}$.{last}"
    )
    rest = f"${n} = {n // k} \\cdot {k} + {n % k}$, so {n % k} folds hold {fold} examples and the others {n // k}. "
    steps.append(
        (rest if n % k else f"A fold holds ${n} : {k} = {fold}$ {'example' if fold == 1 else 'examples'}. ")
        + f"{'At the least, a' if n % k else 'A'} model is fitted on ${n} - {fold} = {n - fold}$."
    )
    return tuple(steps)
