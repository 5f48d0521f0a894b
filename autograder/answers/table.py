"""A table filled row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autograder.answers.kind import HOSTILE, Asked, Judged, Samples, cellwise
from autograder.answers.reading import Unreadable, plain


class Trace:
    """A table filled row by row; every cell counts, and a row may be judged from the student's own rows.

    `kinds` are the kinds a column may have.
    """

    def __init__(self, kinds: Mapping[str, Any]) -> None:
        self.kinds = kinds

    def parse(self, raw: Any, part: Asked) -> tuple[tuple[Any, ...], ...]:
        columns = [_Column(column["kind"], column.get("options", {})) for column in part.options["columns"]]
        lines = [line.strip() for line in plain(raw).split("\n")]
        rows = [_cut_row(line, len(columns)) for line in lines if line.strip("|-: \t")]
        if len(rows) > 200:
            raise Unreadable("This table has too many rows; write one line per step.")
        return tuple(self._row(number, row, columns) for number, row in enumerate(rows, start=1))

    def _row(self, number: int, row: list[str], columns: list[_Column]) -> tuple[Any, ...]:
        if len(row) != len(columns):
            found = f"Line {number} has {len(row)} entries instead of {len(columns)}"
            raise Unreadable(f"{found}; write one line per row and | between its entries.")
        try:
            return tuple(self.kinds[c.kind].parse(cell, c) for cell, c in zip(row, columns, strict=True))
        except Unreadable as problem:
            raise Unreadable(f"Line {number}: {problem}") from None

    def judge(
        self, value: Any, truth: Any, part: Asked, replay: Callable[[list[Any]], Any] | None = None
    ) -> Judged:
        """Judge row by row.

        `replay(rows so far)` gives the row that follows from the student's own rows, or None where none does.
        """
        columns = [_Column(column["kind"], column.get("options", {})) for column in part.options["columns"]]
        cells: list[bool] = []
        for index, want in enumerate(truth):
            row = value[index] if index < len(value) else None
            judged = self._cells(row, want, columns)
            if replay and row is not None and index and not all(judged):
                again = replay(list(value[:index]))
                judged = max(judged, self._cells(row, again, columns) if again else [], key=sum)
            cells += judged
        found = cellwise(cells)
        if len(value) <= len(truth):
            return found
        share = found.score * len(truth) / len(value)
        return Judged(
            share, found.cells, f"{found.message} There are {len(value) - len(truth)} rows too many."
        )

    def _cells(self, row: Any, want: Any, columns: list[_Column]) -> list[bool]:
        if row is None or len(row) != len(columns):
            return [False] * len(columns)
        return [
            self.kinds[c.kind].judge(a, t, c).score == 1.0 for a, t, c in zip(row, want, columns, strict=True)
        ]

    def show(self, value: Any) -> str:
        return "\n".join(" | ".join(_show_cell(cell) for cell in row) for row in value)

    def samples(self, part: Asked, truth: Any) -> Samples:
        kinds = [column["kind"] for column in part.options["columns"]]
        rows = [[self.kinds[kind].show(cell) for kind, cell in zip(kinds, row, strict=True)] for row in truth]
        lines = [" | ".join(row) for row in rows]
        table = "\n".join(f"| {line} |" for line in lines)
        right = ("\n".join(lines), table, "\n\n".join(lines), "\n".join("\t".join(row) for row in rows))
        wrong = ("\n".join([*lines, lines[-1]]), "\n".join(lines[:-1]) or lines[0] + "\n" + lines[0])
        return Samples(right, wrong, (*HOSTILE, lines[0] + " | 7", "|".join(["?"] * len(kinds))))


class _Column(NamedTuple):
    kind: str
    options: Mapping[str, Any]


def _cut_row(line: str, count: int) -> list[str]:
    for mark in ("|", "\t", ";"):
        if mark in line:
            return [cell.strip() for cell in line.strip(mark + " ").split(mark)]
    by_gaps = re.split(r" {2,}", line)
    return by_gaps if count == len(by_gaps) else re.split(r"\s*,\s*|\s+", line) if count > 1 else [line]


def _show_cell(cell: Any) -> str:
    return "x".join(map(str, cell)) if isinstance(cell, (tuple, list)) else str(cell)
