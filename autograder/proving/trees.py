"""Look at a syntax tree and put other statements and expressions into it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield every list of statements inside functions."""
    for function in functions(tree):
        for node in ast.walk(function):
            for place in ("body", "orelse"):
                block = getattr(node, place, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield block


def backwards(tree: ast.AST) -> Iterator[tuple[list[ast.stmt], int, ast.stmt]]:
    """Yield every statement inside functions as (block, place, statement).

    The last of a block comes first, so that whoever puts several in place of one moves none that is still to come.
    """
    for block in list(bodies(tree)):
        for place in reversed(range(len(block))):
            yield block, place, block[place]


def names_in(node: ast.AST, context: type | None = None) -> set[str]:
    return {
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and (context is None or type(n.ctx) is context)
    }


def statement(text: str, **holes: Any) -> list[Any]:
    """Parse statements and put nodes in place of the names given."""
    return [_filled(node, holes) for node in ast.parse(text).body]


def expression(text: str, **holes: Any) -> Any:
    return _filled(ast.parse(text, mode="eval").body, holes)


class _Filling(ast.NodeTransformer):
    def __init__(self, holes: dict[str, Any]) -> None:
        self.holes = holes

    def visit_Name(self, node: ast.Name) -> Any:
        found = self.holes.get(node.id, node)
        if isinstance(found, str):
            return ast.Name(found, node.ctx)
        return copy.deepcopy(found) if found is not node else node


def _filled(node: ast.AST, holes: dict[str, Any]) -> Any:
    return _Filling(holes).visit(node)


def replace_where(
    tree: ast.AST, wanted: Callable[[Any], Any], rng: np.random.Generator, share: float = 0.6
) -> bool:
    """Replace expressions for which `wanted` gives another; each with some probability, at least one."""
    places = [
        (holder, place, i, new)
        for function in functions(tree)
        for holder in ast.walk(function)
        for place, value in ast.iter_fields(holder)
        if place not in ("args", "decorator_list") or isinstance(holder, ast.Call)
        for i, node in enumerate(value if isinstance(value, list) else [value])
        if isinstance(node, ast.expr) and (new := wanted(node)) is not None
    ]
    if not places:
        return False
    sure = int(rng.integers(len(places)))
    for number, (holder, place, i, new) in enumerate(places):
        if number == sure or rng.random() < share:
            value = getattr(holder, place)
            if isinstance(value, list):
                value[i] = new
            else:
                setattr(holder, place, new)
    return True


def replace_steps(
    tree: ast.AST, wanted: Callable[[ast.stmt], ast.stmt | None], rng: np.random.Generator, share: float
) -> bool:
    """Replace statements for which `wanted` gives another, each with some probability."""
    changed = False
    for block in list(bodies(tree)):
        for place, step in enumerate(block):
            new = wanted(step)
            if new is not None and rng.random() < share:
                block[place], changed = new, True
    return changed


def fresh(tree: ast.AST, stem: str) -> str:
    taken = names_in(tree) | {f.name for f in functions(tree)}
    return next(name for n in range(1, 1000) if (name := f"{stem}{n}") not in taken)
