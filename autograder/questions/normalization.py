"""Normalising data by hand: a column, test points, and images minus their mean."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import bracket, summed
from reference import standardize_apply, standardize_fit

Column = list[int]
Pattern = tuple[int, ...]

# -------------------------------------------------------------------------------- numbers that come out


def exact_root(value: Fraction) -> Fraction | None:
    """Return the square root if it is a fraction itself."""
    n, d = math.isqrt(value.numerator), math.isqrt(value.denominator)
    return Fraction(n, d) if n * n == value.numerator and d * d == value.denominator else None


@functools.cache
def patterns(n: int, divisor: int, eps: Fraction = Fraction(0)) -> tuple[Pattern, ...]:
    """List n whole numbers of sum 0 for which sqrt(sum of squares / divisor + eps) is a whole number >= 2."""
    found = []
    for values in itertools.combinations_with_replacement(range(-7, 8), n):
        root = exact_root(Fraction(sum(v * v for v in values), divisor) + eps) if sum(values) == 0 else None
        if root is not None and root >= 2 and root.denominator == 1 and len(set(values)) > 2:
            found.append(values)
    return tuple(found)


def draw_column(
    rng: np.random.Generator, n: int, ddof: int = 0, scales: Sequence[int] = (1,), unit: int = 1
) -> Column:
    """Draw n whole numbers, shuffled, whose mean and standard deviation are whole numbers."""
    known = patterns(n, n - ddof)
    pattern = known[rng.integers(len(known))]
    scale, mean = int(rng.choice(scales)), int(rng.integers(-10, 21))
    return (unit * (scale * rng.permutation(pattern) + mean)).tolist()


def exact_statistics(column: Sequence[int], ddof: int = 0) -> tuple[Fraction, Fraction]:
    """Return mean and variance as fractions."""
    mean = Fraction(sum(column), len(column))
    return mean, sum(((x - mean) ** 2 for x in column), Fraction(0)) / (len(column) - ddof)


def exact_scores(values: Sequence[int], column: Sequence[int], ddof: int = 0) -> list[float]:
    """Normalise values with the statistics of a column, by fractions up to the root."""
    mean, variance = exact_statistics(column, ddof)
    root = exact_root(variance)
    return [float((x - mean) / root) if root else float(x - mean) / math.sqrt(variance) for x in values]


def listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _divisor_words(n: int, ddof: int) -> str:
    return f"N - 1 = {n - 1}" if ddof else f"N = {n}"


# -------------------------------------------------------------------------------------------- NORM-1

_SPOILS_SIGMA = ("variance-for-sigma", "sum-not-divided", "range-for-sigma")
_SPOILS_Z = ("divides-by-variance", "no-centre", "no-scale", "distance-negated", "divided-before-centring")


@question(
    "NORM-1",
    title="Normalise a column of data",
    op=standardize_fit,
    space={1: 450, 2: 2_900, 3: 2_200},
    min_exposed=6,
    must_detect={
        1: ("ddof-always-one", *_SPOILS_SIGMA, *_SPOILS_Z),
        2: ("ddof-always-one", *_SPOILS_SIGMA, *_SPOILS_Z),
        3: ("ddof-ignored", *_SPOILS_SIGMA, *_SPOILS_Z),
    },
)
class ZScores:
    """Mean, standard deviation and z of every value. Level 2: more and larger numbers; level 3: N - 1."""

    _SETTINGS: ClassVar = {1: (5, 0, (1, 2)), 2: (6, 0, (1, 2)), 3: (6, 1, (1, 2))}
    parents: ClassVar = {"sigma": ("mu",), "z": ("mu", "sigma")}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        n, ddof, scales = ZScores._SETTINGS[level]
        x = draw_column(rng, n, ddof, scales)
        return None if sum(x) == 0 else {"x": x, "ddof": ddof}

    @staticmethod
    def canonical(params: dict[str, Any]) -> Any:
        return [sorted(params["x"]), params["ddof"]]

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x = np.array(params["x"], dtype=float)
        found = impl(x, ddof=params["ddof"])
        z, (mu, sigma) = standardize_apply(x, *found), map(float, found)
        return Variant(
            question="NORM-1",
            title="Normalise a column of data",
            prompt=_column_prompt(params),
            parts=(
                Part("mu", "The mean $\\mu$, to two decimals.", "num", {"places": 2}, share=0.2),
                Part(
                    "sigma", "The standard deviation $\\sigma$, to two decimals.", "num", {"places": 2}, 0.3
                ),
                Part("z", "All $z_i$ in the order of the data, to two decimals.", "vec", {"places": 2}, 0.5),
            ),
            truth={"mu": mu, "sigma": sigma, "z": z.tolist()},
            solution=_column_steps(params["x"], params["ddof"], mu, sigma, z),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        x, ddof = params["x"], params["ddof"]
        mean, variance = exact_statistics(x, ddof)
        return {"mu": float(mean), "sigma": math.sqrt(variance), "z": exact_scores(x, x, ddof)}

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:
        x, ddof, mu = params["x"], params["ddof"], given["mu"]
        if part == "sigma":
            return math.sqrt(sum((v - mu) ** 2 for v in x) / (len(x) - ddof))
        trivial = given["sigma"] in (0, 1) or mu == 0 or given["sigma"] < 0
        return None if trivial else [(v - mu) / given["sigma"] for v in x]


def _column_prompt(params: dict[str, Any]) -> str:
    n, ddof = len(params["x"]), params["ddof"]
    divisor = "N-1" if ddof else "N"
    return (
        f"One feature of {n} training examples has the values\n\n$$ x = ({listed(params['x'])}). $$\n\n"
        f"Normalise it: find the mean $\\mu$, the standard deviation $\\sigma$ and $z_i = (x_i-\\mu)/\\sigma$ "
        f"for every value. For the variance divide the sum of squares by ${divisor}$ "
        f"({'the sample variance, ' if ddof else ''}here ${_divisor_words(n, ddof)}$).\n\n"
        "Round only what you write down, not what you go on computing with."
    )


def _column_steps(x: Column, ddof: int, mu: float, sigma: float, z: np.ndarray) -> tuple[str, ...]:
    n = len(x)
    away = [v - mu for v in x]
    squares = [d * d for d in away]
    return (
        f"The sum is ${summed(x)} = {sum(x)}$, so $\\mu = {sum(x)} / {n} = {mu:g}$.",
        f"Distances from the mean, $x_i - \\mu$: {listed(away)}.",
        f"Their squares: {listed(squares)}; the sum is ${sum(squares):g}$.",
        f"Divided by ${_divisor_words(n, ddof)}$: $\\sigma^2 = {sum(squares):g} / {n - ddof} = {sigma**2:g}$, "
        f"so $\\sigma = {sigma:g}$.",
        f"Each distance divided by $\\sigma$ (not by $\\sigma^2$): $z = ({', '.join(f'{v:.2f}' for v in z)})$.",
    )


# -------------------------------------------------------------------------------------------- NORM-2

_REFITS = ("normalises-with-own-statistics", "own-mean-used", "own-sigma-used", "statistics-of-everything")


@question(
    "NORM-2",
    title="Normalise test data",
    op=standardize_apply,
    space={1: 10**5, 2: 10**6, 3: 10**9},
    min_exposed=5,
    must_detect={
        1: (*_REFITS, "test-data-left-raw", "divides-by-variance", "no-centre"),
        2: (*_REFITS, "test-data-left-raw", "divides-by-variance", "no-centre"),
        3: (*_REFITS, "one-statistic-for-all-features", "normalised-per-example", "divides-by-variance"),
    },
)
class FreshData:
    """Test values with the statistics of the training column. Level 3: two features of different scale."""

    _SETTINGS: ClassVar = {1: (4, 2, (1,)), 2: (5, 3, (1, 10)), 3: (4, 2, (1, 100))}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        n, asked, units = FreshData._SETTINGS[level]
        chosen = units if level == 3 else (int(rng.choice(units)),)
        columns = [draw_column(rng, n, unit=unit) for unit in chosen]
        points = []
        for column, unit in zip(columns, chosen):
            mean = sum(column) // n
            points.append((mean + unit * rng.integers(-12, 13, size=asked)).tolist())
            if len(set(points[-1])) < asked or mean in (*points[-1], 0) or sum(points[-1]) == mean * asked:
                return None
        return {"train": columns, "test": points}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        train, test = (np.array(params[name], dtype=float).T for name in ("train", "test"))
        mu, sigma = standardize_fit(train)
        z = np.asarray(impl(test, mu, sigma))
        several = train.shape[1] > 1
        asked = (
            "The normalised test data, one example per line, to two decimals."
            if several
            else "The normalised test values in the given order, to two decimals."
        )
        return Variant(
            question="NORM-2",
            title="Normalise test data",
            prompt=_test_prompt(params),
            parts=(Part("z", asked, "mat" if several else "vec", {"places": 2}),),
            truth={"z": z.tolist() if several else z.reshape(-1).tolist()},
            solution=_test_steps(params, mu, sigma, z),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        columns = [exact_scores(test, train) for train, test in zip(params["train"], params["test"])]
        return {"z": columns[0] if len(columns) == 1 else [list(row) for row in zip(*columns)]}


def _test_prompt(params: dict[str, Any]) -> str:
    train, test = params["train"], params["test"]
    if len(train) == 1:
        data = (
            f"A feature has the values $({listed(train[0])})$ in the training data and "
            f"$({listed(test[0])})$ in the test data."
        )
    else:
        rows = [f"| {kind} {i + 1} | {a} | {b} |" for kind, two in (("training example", train), ("test example", test))
                for i, (a, b) in enumerate(zip(*two))]  # fmt: skip
        head = "| | $x_1$ | $x_2$ |\n|---|---|---|\n"
        data = f"Training and test examples with two features:\n\n{head}" + "\n".join(rows)
    return (
        f"{data}\n\nA network was trained on the normalised training data"
        f"{', each feature by itself' if len(train) > 1 else ''}: mean 0, standard deviation 1. Now normalise "
        "the **test** data so that the same network can be used. Variances are divided by the number of "
        "values $N$; divide by $\\sigma$, not by $\\sigma^2$."
    )


def _test_steps(params: dict[str, Any], mu: np.ndarray, sigma: np.ndarray, z: np.ndarray) -> tuple[str, ...]:
    steps = []
    for j, (column, points) in enumerate(zip(params["train"], params["test"])):
        name = f"$x_{j + 1}$: " if len(params["train"]) > 1 else ""
        squares = sum((v - mu[j]) ** 2 for v in column)
        steps += [
            f"{name}From the training data, once: $\\mu = {sum(column)} / {len(column)} = {mu[j]:g}$ and "
            f"$\\sigma^2 = {squares:g} / {len(column)} = {sigma[j] ** 2:g}$, so $\\sigma = {sigma[j]:g}$.",
            f"{name}Each test value: "
            + "; ".join(
                f"$({value:g} - {bracket(mu[j])}) / {sigma[j]:g} = {z[i, j]:.2f}$"
                for i, value in enumerate(points)
            )
            + ".",
        ]
    why = (
        "The network has learned what a value means on the scale of the training data. Mean and standard "
        "deviation of the test data would move that scale, and a single test example would not even have one."
    )
    return (*steps, why)
