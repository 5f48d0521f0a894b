"""Batch normalisation by hand: in training and at test time."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.normalization import exact_root, exact_statistics, listed, patterns
from autograder.typeset import bracket
from reference import batch_norm

Rows = list[list[int]]
_EPS = (Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2))

# ------------------------------------------------------------------------------------------- drawing


def _factors(rng: np.random.Generator, features: int) -> tuple[list[int], list[int]]:
    """Draw gamma and beta, which never hide a missing factor or term."""
    gamma = [int(g) for g in rng.choice([-3, -2, 2, 3, 4], size=features)]
    beta = [int(b) for b in rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], size=features)]
    return gamma, beta


def _layer(params: dict[str, Any]) -> dict[str, Any]:
    """Collect what a call of the op takes besides x and the running statistics."""
    arrays = {name: np.array(params[name], dtype=float) for name in ("gamma", "beta")}
    return {**arrays, "eps": params["eps"]}


def _table(rows: Sequence[Sequence[float]]) -> str:
    width = len(rows[0])
    head = (
        "| example | "
        + " | ".join(f"$x_{j + 1}$" for j in range(width))
        + " |\n|---"
        + "|---" * width
        + "|\n"
    )
    return head + "\n".join(
        f"| {i + 1} | {' | '.join(f'{v:g}' for v in row)} |" for i, row in enumerate(rows)
    )


def _batch_words(params: dict[str, Any]) -> str:
    rows = params["x"]
    if len(rows[0]) == 1:
        return f"$x = ({listed([row[0] for row in rows])})$"
    return f"(one row per example)\n\n{_table(rows)}\n\n"


def _eps_words(eps: float) -> str:
    if not eps:
        return "$\\varepsilon = 0$"
    return f"$\\varepsilon = {eps:g}$ (far more than usual, so that it shows in your numbers)"


def _parts(features: int, shown: Sequence[tuple[str, str]], slack: float) -> tuple[Part, ...]:
    kind = "vec" if features == 1 else "mat"
    order = "in the order of the batch" if features == 1 else "one example per line"
    shares = (0.5, 0.5) if len(shown) == 2 else (1.0,)
    options: dict[str, dict[str, Any]] = {"xhat": {"places": 2}, "y": {"places": 2, "slack": slack}}
    return tuple(
        Part(id, f"{text}, {order}, to two decimals.", kind, options[id], share)
        for (id, text), share in zip(shown, shares)
    )


def _cells(y: np.ndarray) -> Any:
    return y[:, 0].tolist() if y.shape[1] == 1 else y.tolist()


def _exact_xhat(
    params: dict[str, Any], statistics: Sequence[tuple[Fraction, Fraction]]
) -> list[list[Fraction]]:
    """Normalise by fractions; the drawn numbers make every root a fraction."""
    roots = [exact_root(variance + Fraction(params["eps"])) for _, variance in statistics]
    return [
        [(Fraction(v) - mean) / (root or 1) for v, (mean, _), root in zip(row, statistics, roots)]
        for row in params["x"]
    ]


def _exact_affine(params: dict[str, Any], xhat: list[list[Fraction]]) -> list[list[float]]:
    return [[float(g * v + b) for v, g, b in zip(row, params["gamma"], params["beta"])] for row in xhat]


def _plain(rows: Sequence[Sequence[Any]]) -> Any:
    numbers = [[float(v) for v in row] for row in rows]
    return [row[0] for row in numbers] if len(numbers[0]) == 1 else numbers


def _slack(params: dict[str, Any]) -> float:
    """Return what rounding xhat to two decimals does to y."""
    return 0.005 * max(map(abs, params["gamma"]))


# --------------------------------------------------------------------------------------------- BN-1

_AFFINE = ("no-beta-no-gamma", "beta-forgotten", "beta-before-gamma", "gamma-and-beta-exchanged")
_SCALES = ("divides-by-variance", "unbiased-variance", "mean-not-subtracted", "not-divided-by-sigma")


@question(
    "BN-1",
    title="Batch normalisation of a small batch",
    op=batch_norm,
    space={1: 2_500, 2: 10_000, 3: 10**6},
    min_exposed=6,
    must_detect={
        1: (*_AFFINE, *_SCALES),
        2: (*_AFFINE, *_SCALES, "eps-forgotten", "eps-outside-the-root"),
        3: (*_AFFINE, *_SCALES, "statistics-over-features", "one-statistic-for-all-features",
            "old-running-stats-in-training"),
    },
)  # fmt: skip
class Training:
    """One feature of four examples. Level 2: an eps that shows; level 3: two features, running statistics."""

    parents: ClassVar = {"y": ("xhat",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        eps = _EPS[rng.integers(len(_EPS))] if level == 2 else Fraction(0)
        known = patterns(4, 4, eps)
        features = 2 if level == 3 else 1
        columns = [
            rng.permutation(known[rng.integers(len(known))]) + rng.integers(-9, 16) for _ in range(features)
        ]
        gamma, beta = _factors(rng, features)
        if any(c.sum() == 0 for c in columns) or (features == 2 and columns[0].mean() == columns[1].mean()):
            return None
        x = np.stack(columns, axis=1).tolist()
        running = [
            rng.integers(-9, 10, size=features).tolist(),
            rng.choice([1, 4, 16], size=features).tolist(),
        ]
        return {
            "x": x,
            "gamma": gamma,
            "beta": beta,
            "eps": float(eps),
            "running": running if level == 3 else None,
        }

    @staticmethod
    def canonical(params: dict[str, Any]) -> Any:
        columns = [sorted(column) for column in zip(*params["x"])]
        return [columns if len(columns) == 1 else params["x"], params["gamma"], params["beta"], params["eps"]]

    @staticmethod
    def answers(params: dict[str, Any], impl: Any) -> dict[str, Any]:
        xhat, y = _normalised(params, impl)
        return {"xhat": _cells(xhat), "y": _cells(y)}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        xhat, y = _normalised(params, impl)
        shown = (("xhat", "The normalised values $\\hat x$"), ("y", "The outputs $y$"))
        return Variant(
            question="BN-1",
            title="Batch normalisation of a small batch",
            prompt=_training_prompt(params),
            parts=_parts(len(params["gamma"]), shown, _slack(params)),
            truth={"xhat": _cells(xhat), "y": _cells(y)},
            solution=_training_steps(params, xhat, y),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        xhat = _exact_xhat(params, [exact_statistics(column) for column in zip(*params["x"])])
        return {"xhat": _plain(xhat), "y": _plain(_exact_affine(params, xhat))}

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:  # noqa: ARG004 - y alone has a parent
        own = np.asarray(given["xhat"], dtype=float)
        own = own[:, None] if own.ndim == 1 else own
        if own.shape != np.shape(params["x"]) or not own.any():
            return None
        return _cells(own * np.array(params["gamma"]) + np.array(params["beta"]))


def _normalised(params: dict[str, Any], impl: Any) -> tuple[np.ndarray, np.ndarray]:
    """Ask for the normalised values, and for the outputs."""
    x, layer = np.array(params["x"], dtype=float), _layer(params)
    mean, var = (np.array(s, dtype=float) for s in params["running"]) if params["running"] else (None, None)
    plain = {"gamma": np.ones(x.shape[1]), "beta": np.zeros(x.shape[1]), "eps": params["eps"]}
    return impl(x, mean, var, **plain, training=True), impl(x, mean, var, **layer, training=True)


def _training_prompt(params: dict[str, Any]) -> str:
    features = len(params["gamma"])
    decoy = ""
    if params["running"]:
        mean, var = params["running"]
        decoy = f" Its running mean is $({listed(mean)})$, its running variance $({listed(var)})$."
    names = ("\\gamma", params["gamma"]), ("\\beta", params["beta"])
    factors = " and ".join(
        f"${name} = {values[0]}$" if features == 1 else f"${name} = ({listed(values)})$"
        for name, values in names
    )
    return (
        f"A batch normalisation layer with {factors}, {_eps_words(params['eps'])}, receives **in training** "
        f"the batch {_batch_words(params)}{' of one feature' if features == 1 else ''}.{decoy}\n\n"
        "Find $\\hat x_i = (x_i-\\mu)/\\sqrt{\\sigma^2+\\varepsilon}$ and $y_i = \\gamma\\hat x_i+\\beta$"
        f"{', each feature by itself' if features > 1 else ''}. The variance of the batch divides by its size "
        f"$m = {len(params['x'])}$."
    ).replace("\n\n.", "\n\n")


def _training_steps(params: dict[str, Any], xhat: np.ndarray, y: np.ndarray) -> tuple[str, ...]:
    steps = []
    for j, column in enumerate(zip(*params["x"])):
        name = f"Feature {j + 1}: " if len(params["gamma"]) > 1 else ""
        mean = sum(column) / len(column)
        squares = [(v - mean) ** 2 for v in column]
        var, root = sum(squares) / len(column), (sum(squares) / len(column) + params["eps"]) ** 0.5
        g, b = params["gamma"][j], params["beta"][j]
        steps += [
            f"{name}$\\mu = {sum(column)} / {len(column)} = {mean:g}$; squared distances {listed(squares)}; "
            f"$\\sigma^2 = {sum(squares):g} / {len(column)} = {var:g}$.",
            f"{name}$\\sqrt{{{var:g} + {params['eps']:g}}} = {root:g}$, so "
            f"$\\hat x = ({', '.join(f'{v:.2f}' for v in xhat[:, j])})$.",
            f"{name}$y = {g} \\cdot \\hat x {'+' if b > 0 else '-'} {abs(b)}$: "
            f"$({', '.join(f'{v:.2f}' for v in y[:, j])})$.",
        ]
    beta = params["beta"][0] if len(params["beta"]) == 1 else f"({listed(params['beta'])})"
    end = f"Check: the mean of $y$ is $\\beta = {beta}$, not 0."
    decoy = (
        " The running statistics play no part in training; they are only updated."
        if params["running"]
        else ""
    )
    return (*steps, end + decoy)


# --------------------------------------------------------------------------------------------- BN-2


@question(
    "BN-2",
    title="Batch normalisation at test time",
    op=batch_norm,
    space={1: 10**6, 2: 10**6, 3: 10**9},
    min_exposed=6,
    must_detect={
        1: (*_AFFINE, "batch-statistics-in-test", "divides-by-variance", "mean-not-subtracted"),
        2: (
            *_AFFINE,
            "batch-statistics-in-test",
            "divides-by-variance",
            "eps-forgotten",
            "running-var-corrected",
        ),
        3: (*_AFFINE, "batch-statistics-in-test", "divides-by-variance", "one-running-statistic-for-all"),
    },
)
class Testing:
    """Running statistics, with the test batch as a decoy. Level 2: an eps that shows; level 3: two features."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        eps = _EPS[rng.integers(len(_EPS))] if level == 2 else Fraction(0)
        features = 2 if level == 3 else 1
        root = rng.integers(2, 6, size=features)
        var = [float(int(r) ** 2 - eps) for r in root]
        mean = rng.integers(-9, 16, size=features)
        x = rng.integers(-8, 9, size=(3, features)) + mean
        gamma, beta = _factors(rng, features)
        if (
            np.any(x.mean(axis=0) == mean)
            or np.any(x.std(axis=0) == 0)
            or len(set(var)) < features
            or not mean.all()
        ):
            return None
        running = [mean.tolist(), var]
        return {"x": x.tolist(), "gamma": gamma, "beta": beta, "eps": float(eps), "running": running}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x = np.array(params["x"], dtype=float)
        mean, var = (np.array(s, dtype=float) for s in params["running"])
        y = impl(x, mean, var, **_layer(params), training=False)
        return Variant(
            question="BN-2",
            title="Batch normalisation at test time",
            prompt=_testing_prompt(params),
            parts=_parts(x.shape[1], (("y", "The outputs $y$"),), _slack(params)),
            truth={"y": _cells(y)},
            solution=_testing_steps(params, y),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        statistics = [(Fraction(m), Fraction(v)) for m, v in zip(*params["running"])]
        return {"y": _plain(_exact_affine(params, _exact_xhat(params, statistics)))}


def _testing_prompt(params: dict[str, Any]) -> str:
    features = len(params["gamma"])
    mean, var, gamma, beta = (
        f"{values[0]:g}" if features == 1 else f"({listed(values)})"
        for values in (*params["running"], params["gamma"], params["beta"])
    )
    stored = f"running mean ${mean}$, running variance ${var}$, $\\gamma = {gamma}$, $\\beta = {beta}$"
    return (
        f"After training, a batch normalisation layer holds: {stored}, {_eps_words(params['eps'])}"
        f"{', one entry per feature' if features > 1 else ''}.\n\nThe trained network is now **tested**. Three "
        f"test examples reach the layer together: {_batch_words(params)}{'.' if features == 1 else ''}\n\nWhat does "
        "the layer pass on?"
    )


def _testing_steps(params: dict[str, Any], y: np.ndarray) -> tuple[str, ...]:
    steps = ["At test time the statistics are the stored ones; the other test examples do not matter."]
    for j, (mean, var) in enumerate(zip(*params["running"])):
        name = f"Feature {j + 1}: " if len(params["gamma"]) > 1 else ""
        g, b, root = params["gamma"][j], params["beta"][j], (var + params["eps"]) ** 0.5
        steps.append(f"{name}$\\sqrt{{{var:g} + {params['eps']:g}}} = {root:g}$.")
        shift = f"{'+' if b > 0 else '-'} {abs(b)}"
        steps += [
            f"{name}${g} \\cdot ({row[j]} - {bracket(mean)}) / {root:g} {shift} = {y[i, j]:.2f}$."
            for i, row in enumerate(params["x"])
        ]
    steps.append(
        "With fixed statistics the whole layer is one straight line, $y = a x + c$ with "
        "$a = \\gamma/\\sqrt{v+\\varepsilon}$ and $c = \\beta - a\\,m$, with the stored mean $m$ and variance $v$."
    )
    return tuple(steps)
