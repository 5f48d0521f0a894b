"""Whether the equations of a worked line hold: both sides of `$3 \\cdot 2 + 1 = 7$`, where both are numbers."""

from __future__ import annotations

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

_FORMULA = re.compile(r"\$([^$]+)\$")
_SAID = re.compile(r"\$,? (?:that is|which is|so) \$")
_LATEX = (
    (re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"\\lfloor(.*?)\\rfloor"), r"floor(\1)"),
    (re.compile(r"\\lceil(.*?)\\rceil"), r"ceil(\1)"),
    (re.compile(r"\\(?:cdot|times)\b"), "*"),
    (re.compile(r"\\[,;! ]|\\left|\\right"), " "),
    (re.compile(r"(?<=[\d)]) ?: ?(?=[\d(])"), "/"),
)
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[float], float]] = {"floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt}


def contradicts_itself(line: str) -> bool:
    """Tell whether an equation of numbers in a line is plainly false, beyond rounding."""
    return any(_is_false(formula) for formula in _FORMULA.findall(_SAID.sub(" = ", line)))


def _is_false(formula: str) -> bool:
    sides = [_value(side) for side in re.split(r"=|\\approx", formula)]
    return any(_differ(a, b) for a, b in itertools.pairwise(sides))


def _value(text: str) -> tuple[np.ndarray, float] | None:
    """Evaluate one side: its numbers, and how far rounding may have moved them; None where it is no number."""
    places = re.findall(r"\d+\.(\d+)(?:e([-+]\d+))?", text)
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    try:
        value = np.asarray(_evaluated(ast.parse(text.strip(), mode="eval").body), dtype=float)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None
    # a rounded number may be off in its last place; a rounded operand makes more of a sum
    room = sum(10.0 ** (int(power or 0) - len(digits)) for digits, power in places)
    return value, room * max(1.0, float(np.max(np.abs(value), initial=0.0)))


def _evaluated(node: Any) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.Tuple):
        return np.array([float(_evaluated(item)) for item in node.elts])
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluated(node.left), _evaluated(node.right))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluated(node.operand))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](_evaluated(node.args[0]))
    raise ValueError("not a number")


def _differ(a: tuple[np.ndarray, float] | None, b: tuple[np.ndarray, float] | None) -> bool:
    if a is None or b is None or a[0].shape != b[0].shape:
        return False
    return bool(np.any(np.abs(a[0] - b[0]) > a[1] + b[1] + 1e-9 * (1 + np.abs(a[0]))))
