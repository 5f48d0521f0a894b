"""Arrays computed otherwise: other calls with the same result, operands exchanged, sums in another order."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from autograder.proving.rewrites import way
from autograder.proving.trees import expression, functions, names_in, replace_where, statement

_HELPERS = '''
def _by_loops(pattern, *arrays):
    """Add up products index by index."""
    pattern = pattern.replace(" ", "")
    if "." in pattern or "->" not in pattern:
        return np.einsum(pattern, *arrays)
    inputs, result = pattern.split("->")
    inputs = inputs.split(",")
    size = {}
    for letters, array in zip(inputs, arrays):
        size.update(zip(letters, np.shape(array)))
    inner = [letter for letter in size if letter not in result]
    if np.prod([size[letter] for letter in size]) > 4000:
        return np.einsum(pattern, *arrays)
    out = np.zeros([size[letter] for letter in result], np.result_type(*arrays))
    for place in np.ndindex(out.shape):
        for rest in np.ndindex(*[size[letter] for letter in inner]):
            at = dict(zip(result, place)) | dict(zip(inner, rest))
            product = 1.0
            for letters, array in zip(inputs, arrays):
                product *= np.asarray(array)[tuple(at[letter] for letter in letters)]
            out[place] += product
    return out if result else out[()]

def _rows_times_columns(a, b):
    if np.ndim(a) != 2 or np.ndim(b) != 2:
        return np.matmul(a, b)
    out = np.zeros((len(a), b.shape[1]))
    for i, row in enumerate(a):
        for j, column in enumerate(b.T):
            out[i, j] = np.sum(row * column)
    return out

def _from_the_end(x):
    total = 0.0
    for number in np.ravel(x)[::-1]:
        total = total + number
    return total

def _windows(x, shape, axis=None):
    """Make the windows by strides."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    sizes = np.atleast_1d(shape)
    outer = list(x.shape)
    for k, a in zip(sizes, axes):
        outer[a] -= k - 1
    strides = x.strides + tuple(x.strides[a] for a in axes)
    return np.lib.stride_tricks.as_strided(x, tuple(outer) + tuple(sizes), strides, writeable=False)

def _own(x):
    """Take a copy through another type and another order."""
    if isinstance(x, np.ndarray) and x.dtype == np.float64:
        return np.array(x.astype(np.longdouble), order="F").astype(np.float64)
    return x
'''


def _with_helpers(tree: ast.Module, changed: bool) -> bool:
    if changed and "_by_loops" not in {f.name for f in functions(tree)}:
        head = next(
            (i for i, n in enumerate(tree.body) if not isinstance(n, (ast.Import, ast.ImportFrom, ast.Expr))),
            0,
        )
        tree.body[head:head] = [*statement("import numpy as np"), *ast.parse(_HELPERS).body]
    return changed


def _is_call(node: Any, name: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


@way
def einsum_by_loops(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write out what np.einsum adds up."""

    def loops(node: Any) -> Any:
        if _is_call(node, "np.einsum") and not node.keywords and isinstance(node.args[0], ast.Constant):
            return ast.Call(ast.Name("_by_loops", ast.Load()), node.args, [])
        return None

    return _with_helpers(tree, replace_where(tree, loops, rng))


@way
def products_by_rows(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Take products of matrices row by row."""

    def rows(node: Any) -> Any:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return expression("_rows_times_columns(A, B)", A=node.left, B=node.right)
        return None

    return _with_helpers(tree, replace_where(tree, rows, rng))


@way
def products_by_name(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write a @ b as np.matmul or np.dot."""

    def named(node: Any) -> Any:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return expression("np.matmul(A, B)", A=node.left, B=node.right)
        return None

    return replace_where(tree, named, rng)


@way
def sums_from_the_end(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Add up all entries one by one, the last first."""

    def ended(node: Any) -> Any:
        if _is_call(node, "np.sum") and len(node.args) == 1 and not node.keywords:
            return expression("_from_the_end(X)", X=node.args[0])
        return None

    return _with_helpers(tree, replace_where(tree, ended, rng))


@way
def windows_by_strides(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Make sliding windows with as_strided."""

    def strided(node: Any) -> Any:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sliding_window_view"):
            return ast.Call(ast.Name("_windows", ast.Load()), node.args, node.keywords)
        return None

    return _with_helpers(tree, replace_where(tree, strided, rng))


@way
def operands_exchanged(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write a * b as b * a and numbers' a + b as b + a."""

    def exchanged(node: Any) -> Any:
        if not isinstance(node, ast.BinOp) or _draws(node):
            return None
        if isinstance(node.op, ast.Mult) or (isinstance(node.op, ast.Add) and _numeric(node)):
            return ast.BinOp(node.right, node.op, node.left)
        return None

    return replace_where(tree, exchanged, rng)


def _draws(node: ast.AST) -> bool:
    return "rng" in names_in(node)


def _numeric(node: ast.BinOp) -> bool:
    """Tell whether a sum is surely one of numbers: lists, tuples and texts are put behind each other instead."""
    return all(_is_number(side) for side in (node.left, node.right))


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult))
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


@way
def comparisons_turned(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write a < b as b > a."""
    other: dict[type, type] = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}

    def turned(node: Any) -> Any:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in other:
            return ast.Compare(node.comparators[0], [other[type(node.ops[0])]()], [node.left])
        return None

    return replace_where(tree, turned, rng)


@way
def squares_as_products(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write x ** 2 as x * x."""

    def product(node: Any) -> Any:
        is_square = (
            isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and ast.unparse(node.right) == "2"
        )
        return ast.BinOp(node.left, ast.Mult(), node.left) if is_square and not _draws(node) else None

    return replace_where(tree, product, rng)


@way
def means_as_sums(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write np.mean(x) as np.sum(x) / np.size(x)."""

    def summed(node: Any) -> Any:
        if _is_call(node, "np.mean") and len(node.args) == 1 and not node.keywords and not _draws(node):
            return expression("np.sum(X) / np.size(X)", X=node.args[0])
        return None

    return replace_where(tree, summed, rng)


@way
def methods_as_functions(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write x.sum(axis=0) as np.sum(x, axis=0), and the like."""
    known = {"sum", "mean", "max", "min", "argmax", "argmin", "reshape", "transpose", "copy", "std", "var"}

    def function(node: Any) -> Any:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        if node.func.attr not in known or ast.unparse(node.func.value) in ("np", "math", "self"):
            return None
        if node.func.attr in ("reshape", "transpose") and len(node.args) != 1:
            return None
        if not isinstance(node.func.value, (ast.BinOp, ast.Subscript, ast.Name)) or not (
            node.args or node.keywords or node.func.attr in ("sum", "mean")
        ):
            return None
        return ast.Call(expression(f"np.{node.func.attr}"), [node.func.value, *node.args], node.keywords)

    return replace_where(tree, function, rng)


@way
def zeros_otherwise(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write np.zeros(s) as np.full(s, 0.0) and np.zeros_like(x) as np.zeros of its shape."""

    def made(node: Any) -> Any:
        if _is_call(node, "np.zeros") and len(node.args) == 1 and not node.keywords:
            return expression("np.full(S, 0.0)", S=node.args[0])
        if _is_call(node, "np.zeros_like") and len(node.args) == 1 and not node.keywords:
            return expression("np.zeros(np.shape(X))", X=node.args[0])
        return None

    return replace_where(tree, made, rng)


@way
def larger_by_choice(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write np.maximum(a, 0) as np.where(a > 0, a, 0)."""

    def chosen(node: Any) -> Any:
        if _is_call(node, "np.maximum") and len(node.args) == 2 and not node.keywords:
            return expression("np.where(A > B, A, B)", A=node.args[0], B=node.args[1])
        return None

    return replace_where(tree, chosen, rng)


@way
def reciprocals(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Write x / n as x * (1.0 / n) inside a sum of terms."""

    def inverse(node: Any) -> Any:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Name):
            return expression("A * (1.0 / B)", A=node.left, B=node.right)
        return None

    return replace_where(tree, inverse, rng, 0.4)


@way
def own_copies(tree: ast.Module, rng: np.random.Generator) -> bool:
    """Copy array arguments through another type and memory order first."""
    chosen = [
        f
        for f in tree.body
        if isinstance(f, ast.FunctionDef) and f.args.args and f.name[0] != "_" and rng.random() < 0.6
    ]
    for function in chosen:
        given = function.args.args[0].arg
        function.body[0:0] = statement(f"{given} = _own({given})")
    return _with_helpers(tree, bool(chosen))
