"""Make the formulas of a prompt readable where no LaTeX is typeset (a terminal)."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"\$\$?(.+?)\$\$?", re.DOTALL)
_COMMANDS = {
    "cdot": "·", "times": "×", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "sum": "Σ", "prod": "Π",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "to": "→", "rightarrow": "→",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eta": "η", "epsilon": "ε", "varepsilon": "ε",
    "lambda": "λ", "mu": "μ", "sigma": "σ", "theta": "θ", "partial": "∂", "infty": "∞", "pm": "±", "dots": "…",
    "ldots": "…", "cdots": "⋯", "in": "∈", "top": "ᵀ", "left": "", "right": "", "quad": "  ", "qquad": "    ",
    "Delta": "Δ", "max": "max", "min": "min", "exp": "exp", "ln": "ln", "log": "log", "tanh": "tanh",
}  # fmt: skip
_SQUARES = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


def readable(text: str) -> str:
    """Replace `$...$` by plain characters: `$\\lfloor (7-3)/2 \\rfloor$` becomes `⌊(7-3)/2⌋`."""
    return _FORMULA.sub(lambda found: _plain(found[1]), text)


def _plain(formula: str) -> str:
    formula = re.sub(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", formula)
    formula = re.sub(r"\\hat\s*\{?([a-zA-Z])\}?", "{\\1\u0302}", formula)
    formula = re.sub(r"\\sqrt\{([^{}]*)\}", r"√(\1)", formula)
    formula = re.sub(r"\\(?:text|mathrm|mathbf|operatorname)\{([^{}]*)\}", r"\1", formula)
    formula = re.sub(
        r"\^(?:\{([0-9+\-n]+)\}|([0-9n]))", lambda found: (found[1] or found[2]).translate(_SQUARES), formula
    )
    formula = re.sub(r"_\{([^{}]*)\}", r"[\1]", formula)
    formula = re.sub(r"\\([a-zA-Z]+)", lambda found: _COMMANDS.get(found[1], found[1]), formula)
    formula = formula.replace(r"\,", " ").replace(r"\;", " ").replace("{", "").replace("}", "")
    return re.sub(r"⌊ +", "⌊", re.sub(r" +⌋", "⌋", formula)).replace("\\", "")
