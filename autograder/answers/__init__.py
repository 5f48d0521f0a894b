"""The kinds of typed answer: parse what was typed, judge it against the truth, prove themselves.

Each kind has the same four functions:
    parse(raw, part) -> value            raises Unreadable with one sentence on how to write it
    judge(value, truth, part) -> Judged  cellwise partial credit; a wrong shape is told apart
    show(value) -> str                   text that parse reads back
    samples(part, truth)                 texts that must be right, wrong and unreadable
A part is anything with `kind` and `options`. Truth is plain JSON: numbers, strings, lists.

Options by kind: `places` (num, and arrays of decimals; arrays without it hold whole numbers), `slack`
(allowed rounding beyond the last place), `choices` (mc1, mcN, order, text), `synonyms` (text),
`axes` (shape), `columns` (trace: a list of {"name", "kind", "options"}).
"""

from __future__ import annotations

from typing import Any

from autograder.answers.arrays import Array, Shape
from autograder.answers.choices import Choice, Choices, Order, Text
from autograder.answers.kind import Asked, Judged, Samples
from autograder.answers.reading import Blank, Unreadable
from autograder.answers.scalars import Frac, Int, Num
from autograder.answers.table import Trace

__all__ = ["KINDS", "Blank", "Judged", "Samples", "Unreadable", "same"]


KINDS: dict[str, Any] = {
    "int": Int(),
    "num": Num(),
    "frac": Frac(),
    "vec": Array(1, "Write the numbers of the list one after the other, such as [1, 2, 3]."),
    "mat": Array(2, "Write one row per line, such as [[1, 2], [3, 4]]."),
    "ten": Array(3, "Write one matrix per channel, such as [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]."),
    "shape": Shape(),
    "mc1": Choice(),
    "mcN": Choices(),
    "order": Order(),
    "text": Text(),
}
KINDS["trace"] = Trace(KINDS)


def same(value: Any, other: Any, part: Asked) -> bool:
    """Tell whether two values of a part would be judged the same answer."""
    kind = KINDS[part.kind]
    if isinstance(kind, Array):  # asked for very often: without counting cells
        return kind.same(value, other, part)
    return bool(kind.judge(value, other, part).score == 1.0)
