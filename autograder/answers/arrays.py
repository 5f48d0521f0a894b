"""Numbers in rows: vectors, matrices, stacks of matrices; and the shape of an array."""

# ruff: noqa: ARG002 - every kind has the same four functions, whether or not it needs the part

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.answers.kind import (
    HOSTILE,
    Asked,
    Judged,
    Samples,
    allowed,
    cellwise,
    near,
    one,
    same_whole,
)  # fmt: skip
from autograder.answers.reading import Blank, Unreadable, decimal, nested, plain, whole


class Array:
    """Numbers in a row, a matrix or a stack of matrices; every cell counts."""

    def __init__(self, axes: int, how: str) -> None:
        self.axes, self.how = axes, how

    def parse(self, raw: Any, part: Asked) -> np.ndarray:
        entry: Callable[[str], Any] = decimal if "places" in part.options else _whole_or_not
        try:
            found = nested(plain(raw), entry, self.axes)
        except Blank:
            raise
        except Unreadable as problem:
            raise Unreadable(f"{problem} {self.how}") from None
        shape = _shape(found)
        if shape is None:
            raise Unreadable(f"The rows have different lengths. {self.how}")
        array = _fit(np.array(found, dtype=float).reshape(shape), self.axes)
        if array is None or not array.size:
            raise Unreadable(self.how)
        return array

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        got, want = np.asarray(value, dtype=float), np.asarray(truth, dtype=float)
        if got.shape != want.shape:
            return Judged(0.0, (), _other_size(got.shape, want.shape))
        if "places" not in part.options:
            judged = cellwise(same_whole(got, want).ravel().tolist())
            if (got == np.round(got)).all():
                return judged
            return replace(judged, message=f"{judged.message} All of them are whole numbers.")
        return cellwise([near(a, t, part.options) for a, t in zip(got.ravel(), want.ravel(), strict=True)])

    def same(self, value: Any, truth: Any, part: Asked) -> bool:
        """Tell whether `judge` finds every cell right."""
        if "places" not in part.options and type(value) is type(truth) is list:
            return bool(value == truth)
        got, want = np.asarray(value, dtype=float), np.asarray(truth, dtype=float)
        if got.shape != want.shape:
            return False
        if "places" not in part.options:
            return bool(same_whole(got, want).all())
        return bool((np.abs(got - want) <= allowed(want, part.options)).all())

    def show(self, value: Any) -> str:
        return _brackets(np.asarray(value, dtype=float).tolist())

    def samples(self, part: Asked, truth: Any) -> Samples:
        array = np.asarray(truth, dtype=float)
        lists = array.tolist() if "places" in part.options else array.astype(int).tolist()
        pasted = (repr(lists), str(np.array(lists)), repr(np.array(lists)), f"np.{np.array(lists)!r}")
        typed = (
            _typed_rows(lists),
            _typed_rows(lists).replace(" ", ", ").replace("-", "−"),
            self.show(truth),
        )
        longer = np.concatenate([array, array], axis=-1)
        wrong = (self.show(array + 1), self.show(longer), self.show(array + 0.125))
        ragged = "[[1, 2], [3]]"
        return Samples(
            pasted + typed, wrong, (*HOSTILE, "[1, 2", "[1, [2]]", "1,,2", "[1 2 ... 9]", "[]", ragged)
        )


_HOW_SHAPE = "Write the sizes one after the other, such as 3x32x32 or (3, 32, 32)."


class Shape:
    """The sizes of an array's axes in the order asked for."""

    def parse(self, raw: Any, part: Asked) -> tuple[int, ...]:
        text = plain(raw)
        if len(text) > 100:
            raise Unreadable(_HOW_SHAPE)
        text = re.sub(r"^(?:torch\.)?size\s*(?=[\[(])", "", text, flags=re.IGNORECASE)
        while len(text) > 1 and text[0] + text[-1] in ("()", "[]"):
            text = text[1:-1].strip().removesuffix(",").strip()
        sizes = re.split(r"\s*[x×X*·,]\s*|\s+by\s+|\s+", text)
        if len(sizes) > 8 or not all(re.fullmatch(r"[0-9]{1,9}", size) for size in sizes):
            raise Unreadable(_HOW_SHAPE)
        return tuple(map(int, sizes))

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        got, want = tuple(np.atleast_1d(value).tolist()), tuple(truth)
        if got == want:
            return one(True)
        if len(got) != len(want):
            return one(False, f"You give {len(got)} sizes; another number of axes is asked for.")
        if sorted(got) == sorted(want):
            axes = part.options.get("axes")
            return one(
                False, "The sizes are right but their order is not" + (f": give {axes}." if axes else ".")
            )
        return Judged(0.0, tuple(a == b for a, b in zip(got, want)), "At least one size is wrong.")

    def show(self, value: Any) -> str:
        return "x".join(map(str, value))

    def samples(self, part: Asked, truth: Any) -> Samples:
        sizes = [str(size) for size in truth]
        joins = ("x", "×", " x ", ", ", " ", "*")
        right = (
            *(join.join(sizes) for join in joins),
            f"({', '.join(sizes)},)",
            str(list(truth)),
            str(tuple(truth)),
        )
        wrong = ("x".join([*sizes, "1"]), "x".join([str(truth[0] + 1), *sizes[1:]]))
        return Samples(right, wrong, (*HOSTILE, "3x-1", "3.5x2", "3xx2", "3x"))


def _whole_or_not(text: str) -> float | None:
    """Read an entry where whole ones are asked for; a fraction tells what somebody did."""
    value = whole(text)
    return decimal(text) if value is None else value


def _shape(found: Any) -> tuple[int, ...] | None:
    """Return the shape of nested lists, or None when rows differ in length."""
    if not isinstance(found, list):
        return ()
    inner = {_shape(item) for item in found}
    if len(inner) > 1 or None in inner:
        return None
    return (len(found), *(inner.pop() or ())) if inner else (0,)


def _fit(array: np.ndarray, axes: int) -> np.ndarray | None:
    """Drop or add outer axes of length 1 (a column typed for a vector counts as one), or return None."""
    while array.ndim > axes and array.shape[0] == 1:
        array = array[0]
    if axes == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    while array.ndim < axes:
        array = array[np.newaxis]
    return array if array.ndim == axes else None


def _other_size(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    size = " by ".join(map(str, got)) if len(got) > 1 else f"{got[0] if got else 1} entries"
    turned = " Rows and columns may be exchanged." if got[::-1] == want and len(got) > 1 else ""
    return f"Your answer has size {size}; the result has another size. Work out its size first.{turned}"


def _brackets(lists: Any) -> str:
    if isinstance(lists, list):
        return "[" + ", ".join(map(_brackets, lists)) + "]"
    return str(int(lists)) if float(lists).is_integer() else repr(lists)


def _typed_rows(lists: Any) -> str:
    if not isinstance(lists[0], list):
        return " ".join(map(str, lists))
    return ("\n\n" if isinstance(lists[0][0], list) else "\n").join(map(_typed_rows, lists))
