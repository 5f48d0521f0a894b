"""Loops in another order or another form, where the order cannot matter."""

from __future__ import annotations

import ast
import copy

import numpy as np

from autograder.proving.rewrites import way
from autograder.proving.trees import backwards, fresh, names_in, statement


@way
def loops_backwards(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Go through the last first; sums are added up in the other direction."""
    chosen = [loop for loop in _loops(tree) if any_order([loop]) and rng.random() < 0.7]
    for loop in chosen:
        form = "reversed(THAT)" if rng.random() < 0.5 else "list(THAT)[::-1]"
        loop.iter = statement(form, THAT=loop.iter)[0].value
    return bool(chosen)


@way
def loops_exchanged(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Let two nested loops change places."""
    changed = False
    for loop in _loops(tree):
        inner = loop.body[0] if len(loop.body) == 1 else None
        if not isinstance(inner, ast.For) or not _is_range(inner) or inner.orelse or rng.random() < 0.2:
            continue
        if names_in(inner.iter) & names_in(loop.target) or not any_order([loop, inner]):
            continue
        loop.target, inner.target = inner.target, loop.target
        loop.iter, inner.iter = inner.iter, loop.iter
        changed = True
    return changed


@way
def loops_as_while(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Count by hand."""
    changed = False
    for block, place, loop in backwards(tree):
        if not isinstance(loop, ast.For) or not _is_range(loop) or loop.orelse or rng.random() < 0.4:
            continue
        if len(loop.iter.args) != 1 or not isinstance(loop.target, ast.Name):  # type: ignore[attr-defined]
            continue
        name = loop.target.id
        later = set().union(*map(names_in, block[place + 1 :]))
        inside = set().union(*(names_in(step, ast.Store) for step in loop.body))
        if name in later | inside or any(isinstance(n, ast.Continue) for n in ast.walk(loop)):
            continue
        count, end = fresh(tree, "count"), fresh(tree, "end")
        head = statement(f"{end} = END\n{count} = 0", END=loop.iter.args[0])  # type: ignore[attr-defined]
        body = [*statement(f"{name} = {count}"), *loop.body, *statement(f"{count} += 1")]
        block[place : place + 1] = [*head, ast.While(statement(f"{count} < {end}")[0].value, body, [])]
        changed = True
    return changed


@way
def one_loop_for_two(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Go through two nested ranges with np.ndindex."""
    changed = False
    for loop in _loops(tree):
        inner = loop.body[0] if len(loop.body) == 1 else None
        if not isinstance(inner, ast.For) or not _is_range(inner) or inner.orelse or rng.random() < 0.3:
            continue
        if names_in(inner.iter) & names_in(loop.target) or any(
            isinstance(n, ast.Break) for n in ast.walk(inner)
        ):
            continue
        ends = [one.iter.args for one in (loop, inner)]  # type: ignore[attr-defined]
        if any(len(e) != 1 for e in ends):
            continue
        loop.target = ast.Tuple([loop.target, inner.target], ast.Store())
        loop.iter = statement("np.ndindex(A, B)", A=ends[0][0], B=ends[1][0])[0].value
        loop.body = inner.body
        changed = True
    return changed


def _loops(tree: ast.AST) -> list[ast.For]:
    return [
        node for node in ast.walk(tree) if isinstance(node, ast.For) and _is_range(node) and not node.orelse
    ]


def _is_range(loop: ast.For) -> bool:
    return isinstance(loop.iter, ast.Call) and getattr(loop.iter.func, "id", "") == "range"


def any_order(loops: list[ast.For]) -> bool:
    """Tell whether the passes of these loops certainly do not build on each other.

    They only add to entries or names, or fill entries that carry all the loops' names in their index; nothing that
    is filled is read, and every other name that is set is set before it is read.
    """
    counters = [names_in(loop.target) for loop in loops]
    block = loops[-1].body
    filled: set[str] = set()
    added: set[str] = set()
    if not _simple(block, counters, filled, added):
        return False
    read = _read(block)
    return not (filled | added) & read and not _carried(block, added)


_FINE = (ast.Assign, ast.AugAssign, ast.For, ast.Pass)


def _simple(block: list[ast.stmt], counters: list[set[str]], filled: set[str], added: set[str]) -> bool:
    for step in block:
        if not isinstance(step, _FINE) or "rng" in names_in(step) or _draws(step):
            return False
        if isinstance(step, ast.For):
            if not _is_range(step) or not _simple(step.body, counters, filled, added):
                return False
        elif isinstance(step, ast.AugAssign):
            if not isinstance(step.op, ast.Add):
                return False
            added.add(_root(step.target))
        elif isinstance(step, ast.Assign):
            for target in step.targets:
                if isinstance(target, ast.Subscript):
                    if not all(own & names_in(target.slice) for own in counters):
                        return False
                    filled.add(_root(target))
                elif not isinstance(target, (ast.Name, ast.Tuple)):
                    return False
    return True


def _draws(step: ast.stmt) -> bool:
    calls = (n.func for n in ast.walk(step) if isinstance(n, ast.Call))
    known = ("np.", "len", "range", "float", "int", "sum", "max", "min", "abs")
    return not all(ast.unparse(f).startswith(known) or isinstance(f, ast.Attribute) for f in calls)


def _root(target: ast.expr) -> str:
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        target = target.value
    return target.id if isinstance(target, ast.Name) else "?"


def _read(block: list[ast.stmt]) -> set[str]:
    """Return the names whose values are read, the targets of assignments apart."""
    found: set[str] = set()
    for step in block:
        for node in ast.walk(copy.deepcopy(step)):
            if isinstance(node, ast.Assign):
                found |= names_in(node.value)
                found |= {n for t in node.targets if isinstance(t, ast.Subscript) for n in names_in(t.slice)}
            elif isinstance(node, ast.AugAssign):
                found |= names_in(node.value)
                found |= names_in(node.target.slice) if isinstance(node.target, ast.Subscript) else set()
            elif isinstance(node, ast.For):
                found |= names_in(node.iter)
    return found


def _carried(block: list[ast.stmt], added: set[str]) -> bool:
    """Tell whether a name that is set in a pass may be read before that: it would come from the pass before."""
    known: set[str] = set()
    stored = set().union(*(names_in(step, ast.Store) for step in block))
    for step in block:
        if isinstance(step, ast.For):
            known |= names_in(step.target)
            if _carried(step.body, added) or (
                names_in(step) & stored - known - names_in(step, ast.Store) - added
            ):
                return True
            continue
        if isinstance(step, (ast.Assign, ast.AugAssign)):
            before = names_in(step.value)
            if before & (stored - known - added):
                return True
            known |= names_in(step, ast.Store)
    return False
