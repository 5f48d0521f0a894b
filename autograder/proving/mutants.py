"""Small changes of a program, one at a time: what a slip of the hand would do.

Well-kept mutators (mutmut, cosmic-ray) drive a test suite file by file and know nothing of slices, axes and terms;
what is needed here is text in, texts out, with the slips of array code. That is one pass over the syntax tree.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A changed program. `where` is the function it is in; `change` reads `what stood there -> what stands there`.

    `place` tells the same by whole lines, so that it names this change and no other.
    """

    text: str
    where: str
    line: int
    change: str
    place: str = ""


def mutants(text: str) -> Iterator[Mutant]:
    """Yield every changed program that differs from the program and from those before it."""
    body = ast.parse(text).body
    parts = [ast.unparse(top) for top in body]
    for number, top in enumerate(body):
        if not isinstance(top, (ast.FunctionDef, ast.ClassDef)):
            continue
        seen = {parts[number]}
        for node, holder, place, index in _nodes(top):
            for old, new in _changes(node):
                with _put(holder, place, index, new):
                    changed = ast.unparse(top)  # the rest of the program is as it was
                if changed not in seen:
                    seen.add(changed)
                    whole = "\n\n".join([*parts[:number], changed, *parts[number + 1 :]])
                    told = _place(parts[number].splitlines(), changed.splitlines())
                    line = getattr(node, "lineno", 0)
                    yield Mutant(whole, top.name, line, f"{old} -> {_short(new)}", f"{top.name}: {told}")


def _place(before: list[str], after: list[str]) -> str:
    """Return the lines that differ; a line that stands in several places is told with its number."""
    first = next((i for i, (b, a) in enumerate(zip(before, after)) if b != a), min(len(before), len(after)))
    last = next((i for i, (b, a) in enumerate(zip(before[::-1], after[::-1])) if b != a), 0)
    last = min(last, len(before) - first, len(after) - first)
    old, new = (
        " / ".join(x.strip() for x in lines[first : len(lines) - last]) or "nothing"
        for lines in (before, after)
    )
    same = [i for i, line in enumerate(before) if first < len(before) and line == before[first]]
    return f"{old} -> {new}" + (f" (place {same.index(first) + 1})" if len(same) > 1 else "")


def _nodes(top: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, str, int | None]]:
    """Yield every node with where it hangs; defaults of arguments count, annotations and decorators do not."""
    for holder in list(ast.walk(top)):
        for place, value in ast.iter_fields(holder):
            if place in ("decorator_list", "returns", "annotation"):
                continue
            if isinstance(value, ast.AST):
                yield value, holder, place, None
            elif isinstance(value, list):
                yield from ((v, holder, place, i) for i, v in enumerate(value) if isinstance(v, ast.AST))


class _put:
    """Hang a node elsewhere for a while."""

    def __init__(self, holder: ast.AST, place: str, index: int | None, new: ast.AST) -> None:
        self.holder, self.place, self.index, self.new = holder, place, index, new

    def __enter__(self) -> None:
        self.old = getattr(self.holder, self.place)
        if self.index is None:
            setattr(self.holder, self.place, self.new)
        else:
            changed = list(self.old)
            changed[self.index] = self.new
            setattr(self.holder, self.place, changed)

    def __exit__(self, *_: object) -> None:
        setattr(self.holder, self.place, self.old)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    old = _short(node)
    for change in CHANGES:
        for new in change(node):
            yield old, ast.copy_location(new, node)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


# --- the changes ---------------------------------------------------------------------------------

_ARITHMETIC: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_NAMES = {
    "max": ("min",),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "sum": ("mean",),
    "mean": ("sum",),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "ones": ("zeros",),
    "floor": ("ceil",),
    "ceil": ("floor",),
    "var": ("std",),
    "std": ("var",),
    "exp": ("expm1",),
    "log": ("log1p",),
    "append": ("clear",),
}


_EITHER_WAY = {
    "maximum",
    "minimum",
    "max",
    "min",
    "logaddexp",
    "add",
    "multiply",
    "allclose",
    "array_equal",
    "swapaxes",
}


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def operators(node: ast.AST) -> Iterator[ast.AST]:
    """Another operator; an operand left out; the operands of a product of matrices exchanged."""
    if isinstance(node, ast.BinOp):
        yield from (_with(node, op=other()) for other in _ARITHMETIC.get(type(node.op), ()))
        if not isinstance(node.op, (ast.Mod, ast.FloorDiv)):
            yield node.left
        if isinstance(node.op, (ast.Add, ast.Mult)):
            yield node.right
        if isinstance(node.op, (ast.MatMult, ast.Sub, ast.Div)):
            yield _with(node, left=node.right, right=node.left)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        yield from node.values
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from (_with(node, ops=[other()]) for other in _COMPARISONS.get(type(node.ops[0]), ()))


def constants(node: ast.AST) -> Iterator[ast.AST]:
    """A number off by one, a sign, a flag."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node.value, float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value / 2 if node.value else -1.0)


def slices(node: ast.AST) -> Iterator[ast.AST]:
    """A bound of a slice left out or off by one; two neighbouring indices exchanged."""
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            value = getattr(node, bound)
            if value is not None:
                yield _with(node, **{bound: None})
                yield _with(node, **{bound: _plus(value, 1)})
                yield _with(node, **{bound: _plus(value, -1)})
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        items = node.slice.elts
        for i in range(len(items) - 1):
            order = [*items[:i], items[i + 1], items[i], *items[i + 2 :]]
            yield _with(node, slice=_with(node.slice, elts=order))


def _plus(value: ast.AST, by: int) -> ast.AST:
    operator = ast.Add() if by > 0 else ast.Sub()
    return ast.BinOp(left=value, op=operator, right=ast.Constant(abs(by)))  # type: ignore[arg-type]


def calls(node: ast.AST) -> Iterator[ast.AST]:
    """Another function of the family; two arguments exchanged; a keyword left out; a range off by one."""
    if isinstance(node, ast.Attribute):
        yield from (_with(node, attr=other) for other in _NAMES.get(node.attr, ()))
        if node.attr == "T":
            yield node.value
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name):
        for other in _NAMES.get(node.func.id, ()):
            if other in ("max", "min", "sum"):
                yield _with(node, func=ast.Name(other, ast.Load()))
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("copy", "transpose") and not node.keywords:
        yield node.func.value
    for i in range(len(node.args) - 1) if _called(node) not in _EITHER_WAY else ():
        yield _with(node, args=[*node.args[:i], node.args[i + 1], node.args[i], *node.args[i + 2 :]])
    for i in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])
    if isinstance(node.func, ast.Name) and node.func.id == "range" and len(node.args) <= 2:
        yield _with(node, args=[*node.args[:-1], _plus(node.args[-1], 1)])
        yield _with(node, args=[*node.args[:-1], _plus(node.args[-1], -1)])
        first = node.args[0] if len(node.args) == 2 else ast.Constant(0)
        yield _with(node, args=[_plus(first, 1), node.args[-1]])


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """A statement left out; `+=` becomes `=` or `-=`; a condition always or never true; results exchanged."""
    if isinstance(node, (ast.AugAssign, ast.Assign)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield ast.Pass()
    if isinstance(node, ast.AugAssign):
        yield ast.Assign(targets=[node.target], value=node.value)
        yield from (_with(node, op=other()) for other in _ARITHMETIC.get(type(node.op), ())[:1])
    if isinstance(node, (ast.If, ast.IfExp, ast.While)) and not isinstance(node, ast.While):
        yield _with(node, test=ast.Constant(True))
        yield _with(node, test=ast.Constant(False))
    if isinstance(node, ast.Break):
        yield ast.Continue()
    if isinstance(node, ast.Continue):
        yield ast.Break()
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        items = node.value.elts
        for i in range(len(items) - 1):
            order = [*items[:i], items[i + 1], items[i], *items[i + 2 :]]
            yield _with(node, value=_with(node.value, elts=order))


CHANGES: tuple[Callable[[ast.AST], Iterator[ast.AST]], ...] = (
    operators,
    constants,
    slices,
    calls,
    statements,
)
