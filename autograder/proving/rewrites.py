"""Ways to write the same program otherwise: order of loops, temporaries, helpers, names, forms of statements.

Each way takes a syntax tree and a generator, changes the tree in some places and tells whether it did. What a way
cannot be sure of it leaves alone, so that every program it makes is right when the one it came from is.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from autograder.proving.trees import backwards, bodies, fresh, functions, names_in, replace_steps, statement

Way = Callable[[ast.Module, np.random.Generator], bool]
WAYS: dict[str, Way] = {}


def way(function: Way) -> Way:
    """Register a way to rewrite under its name."""
    WAYS[function.__name__] = function
    return function


def rewritten(text: str, names: list[str], rng: np.random.Generator) -> tuple[str, list[str]]:
    """Apply some ways one after the other; return the program and the ways that changed it."""
    tree = ast.parse(text)
    used = []
    for name in names:
        if WAYS[name](tree, rng):
            used.append(name)
            tree = ast.parse(ast.unparse(ast.fix_missing_locations(tree)))
    return ast.unparse(tree), used


# --- names and helpers ---------------------------------------------------------------------------


@way
def rename_variables(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Give the local variables of every function other names; arguments keep theirs."""
    changed = False
    for function in [f for f in tree.body if isinstance(f, ast.FunctionDef)]:
        given = {
            a.arg
            for f in [function, *functions(function), *_lambdas(function)]
            for a in ast.walk(f.args)
            if isinstance(a, ast.arg)
        }
        inner = {f.name for f in functions(function)} - {function.name}
        outer = {
            n
            for node in ast.walk(function)
            if isinstance(node, (ast.Nonlocal, ast.Global))
            for n in node.names
        }
        local = sorted(names_in(function, ast.Store) - given - inner - outer)
        marks = rng.permutation(len(local)).tolist()
        new = {name: f"{rng.choice(list('abtuvz'))}_{mark}" for name, mark in zip(local, marks)}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in new:
                node.id = str(new[node.id])
        changed = changed or bool(local)
    return changed


def _lambdas(tree: ast.AST) -> list[Any]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


@way
def work_in_a_helper(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Move the body of some functions into a helper defined before them."""
    changed = False
    for function in [f for f in tree.body if isinstance(f, ast.FunctionDef) and not f.decorator_list]:
        if rng.random() < 0.5 or function.args.kwonlyargs or function.args.vararg or function.args.kwarg:
            continue
        if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(function)):
            continue
        helper = copy.deepcopy(function)
        helper.name = fresh(tree, f"_do_{function.name}_")
        helper.args.defaults = []
        given = ", ".join(a.arg for a in function.args.args)
        function.body = statement(f"def f():\n    return {helper.name}({given})")[0].body
        tree.body.insert(tree.body.index(function), helper)
        changed = True
    return changed


@way
def timed(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Wrap functions in a decorator that counts calls' time, as people do."""
    chosen = [f for f in tree.body if isinstance(f, ast.FunctionDef) and rng.random() < 0.4]
    name = fresh(tree, "timed_")
    for function in chosen:
        function.decorator_list.insert(0, ast.Name(name, ast.Load()))
    helper = f"""
import functools, time
def {name}(f):
    @functools.wraps(f)
    def inside(*args, **kwargs):
        started = time.perf_counter()
        result = f(*args, **kwargs)
        inside.seconds = time.perf_counter() - started
        return result
    return inside
"""
    if chosen:
        tree.body[_first_code(tree) : _first_code(tree)] = statement(helper)
    return bool(chosen)


def _first_code(tree: ast.Module) -> int:
    """Return the place behind the imports at the head."""
    kinds = (ast.Import, ast.ImportFrom, ast.Expr)
    return next((i for i, node in enumerate(tree.body) if not isinstance(node, kinds)), len(tree.body))


@way
def prints_and_comments(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Leave prints for looking and asserts for oneself behind."""
    chosen = [f for f in functions(tree) if rng.random() < 0.5]
    for function in chosen:
        function.body[1:1] = statement("print('here')") if len(function.body) > 1 else []
        function.body[0:0] = statement(f"'''{function.name}, second try'''\nassert True")
    return bool(chosen)


# --- temporaries ---------------------------------------------------------------------------------


@way
def name_the_result(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Give what is returned a name first."""
    changed = False
    for block in list(bodies(tree)):
        last = block[-1]
        if isinstance(last, ast.Return) and last.value is not None and rng.random() < 0.8:
            name = fresh(tree, "result")
            named = statement(f"{name} = VALUE", VALUE=last.value)
            block[-1:] = [*named, ast.Return(ast.Name(name, ast.Load()))]
            changed = True
    return changed


@way
def name_a_step(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Compute the first argument of a call, or the left side of an operation, in a line of its own."""
    changed = False
    for block, place, step in backwards(tree):
        if not isinstance(step, (ast.Assign, ast.Return)) or step.value is None or rng.random() < 0.4:
            continue
        part, put = _first_step(step.value)
        if part is None:
            continue
        name = fresh(tree, "step")
        put(ast.Name(name, ast.Load()))
        block.insert(place, statement(f"{name} = VALUE", VALUE=part)[0])
        changed = True
    return changed


def _first_step(value: ast.expr) -> tuple[ast.expr | None, Callable[[ast.expr], None]]:
    """Find the part that is evaluated first, and how to put something in its place."""
    if isinstance(value, ast.BinOp) and isinstance(value.left, (ast.BinOp, ast.Call)):
        return value.left, lambda new: setattr(value, "left", new)
    if isinstance(value, ast.Call) and value.args and isinstance(value.args[0], (ast.BinOp, ast.Call)):
        root = value.func.value if isinstance(value.func, ast.Attribute) else value.func
        if isinstance(root, ast.Name):
            return value.args[0], lambda new: value.args.__setitem__(0, new)
    return None, lambda _new: None


@way
def unpack_one_by_one(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write `N, C = x.shape` as one line per name."""
    changed = False
    for block, place, step in backwards(tree):
        if not (isinstance(step, ast.Assign) and len(step.targets) == 1 and rng.random() < 0.8):
            continue
        target, value = step.targets[0], step.value
        if not (isinstance(target, ast.Tuple) and isinstance(value, ast.Attribute) and value.attr == "shape"):
            continue
        names = [name.id for name in target.elts if isinstance(name, ast.Name)]
        if len(names) < len(target.elts) or names_in(value) & set(names):
            continue
        block[place : place + 1] = [
            statement(f"{name} = VALUE[{i}]", VALUE=value)[0] for i, name in enumerate(names)
        ]
        changed = True
    return changed


# --- forms of statements -------------------------------------------------------------------------


@way
def longhand_updates(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write `a[i] += x` as `a[i] = a[i] + x`. A name may be shared with another, so it keeps its form."""

    def longhand(step: ast.stmt) -> ast.stmt | None:
        if not (isinstance(step, ast.AugAssign) and isinstance(step.target, ast.Subscript)):
            return None
        read = copy.deepcopy(step.target)
        read.ctx = ast.Load()
        return ast.Assign([step.target], ast.BinOp(read, step.op, step.value), lineno=0)

    return replace_steps(tree, longhand, rng, 0.8)


@way
def shorthand_updates(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write `a[i] = a[i] + x` as `a[i] += x`."""

    def shorthand(step: ast.stmt) -> ast.stmt | None:
        if not (
            isinstance(step, ast.Assign) and len(step.targets) == 1 and isinstance(step.value, ast.BinOp)
        ):
            return None
        target, value = step.targets[0], step.value
        same = isinstance(target, ast.Subscript) and ast.unparse(target) == ast.unparse(value.left)
        return ast.AugAssign(cast("ast.Subscript", target), value.op, value.right) if same else None

    return replace_steps(tree, shorthand, rng, 0.9)


@way
def other_branch_first(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Turn conditions round."""
    changed = False
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp)) and node.orelse and rng.random() < 0.7:
            node.body, node.orelse = node.orelse, node.body
            node.test = ast.UnaryOp(ast.Not(), node.test)
            changed = True
    return changed


@way
def branch_as_statement(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write `x = a if c else b` as an if statement."""

    def branches(step: ast.stmt) -> ast.stmt | None:
        if not (isinstance(step, ast.Assign) and isinstance(step.value, ast.IfExp)):
            return None
        choice = step.value
        yes, no = (ast.Assign(copy.deepcopy(step.targets), v, lineno=0) for v in (choice.body, choice.orelse))
        return ast.If(choice.test, [yes], [no])

    return replace_steps(tree, branches, rng, 0.9)


@way
def list_by_loop(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Build a list in a loop where it was a comprehension."""
    changed = False
    for block, place, step in backwards(tree):
        if not (isinstance(step, (ast.Assign, ast.Return)) and isinstance(step.value, ast.ListComp)):
            continue
        found = step.value
        if len(found.generators) != 1 or rng.random() < 0.1:
            continue
        name = fresh(tree, "items")
        loop = _loop_of(found, name, tree)
        step.value = ast.Name(name, ast.Load())
        block[place:place] = [*statement(f"{name} = []"), loop]
        changed = True
    return changed


def _loop_of(found: ast.ListComp, name: str, tree: ast.AST) -> ast.For:
    own = {n: fresh(tree, f"{n}_") for n in names_in(found.generators[0].target)}
    found = copy.deepcopy(found)
    source = found.generators[0].iter  # evaluated outside: its names stay
    for node in (found.elt, found.generators[0].target, *found.generators[0].ifs):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id in own:
                inner.id = own[inner.id]
    body: list[ast.stmt] = statement(f"{name}.append(VALUE)", VALUE=found.elt)
    for test in found.generators[0].ifs:
        body = [ast.If(test, body, [])]
    return ast.For(found.generators[0].target, source, body, [], lineno=0)


@way
def list_by_comprehension(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write a loop that only appends as a comprehension."""
    changed = False
    for block, place, loop in backwards(tree):
        if not (place and isinstance(loop, ast.For) and len(loop.body) == 1 and not loop.orelse):
            continue
        if rng.random() >= 0.9 or (call := _appending(loop.body[0])) is None:
            continue
        name = ast.unparse(call.func.value)
        later = set().union(*map(names_in, block[place + 1 :]))
        started = ast.unparse(block[place - 1]) == f"{name} = []"
        if not started or name in names_in(call.args[0]) or names_in(loop.target) & later:
            continue
        made = ast.ListComp(call.args[0], [ast.comprehension(loop.target, loop.iter, [], 0)])
        block[place - 1 : place + 1] = statement(f"{name} = VALUE", VALUE=made)
        changed = True
    return changed


def _appending(step: ast.stmt) -> Any:
    """Return the call where a statement is `name.append(x)`."""
    call = step.value if isinstance(step, ast.Expr) else None
    return call if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "append" else None
