"""What a gradient check found: an outcome with its reason, a table to read and a curve to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from reference.shapes import Array

__all__ = ["CheckedEntry", "GradientCheck", "Rows"]

Outcome = Literal["right", "wrong", "cannot tell"]

# Okabe and Ito's blue and vermilion are told apart by every kind of eye; line style and marker differ as well.
_BLUE, _VERMILION = "#0072B2", "#D55E00"


@dataclass(frozen=True)
class CheckedEntry:
    """One number that was compared: `yours` may differ from `numeric` by `allowed` at most."""

    entry: str
    yours: float
    numeric: float
    allowed: float
    outcome: Outcome

    @property
    def rank(self) -> int:
        """How bad the outcome is: 0, 1 or 2."""
        return ("right", "cannot tell", "wrong").index(self.outcome)

    @property
    def excess(self) -> float:
        """How many times the allowed difference this is; what is not a number comes first."""
        off = abs(self.yours - self.numeric)
        if not np.isfinite(off):
            return np.inf
        return off / self.allowed if self.allowed > 0 else (np.inf if off else 0.0)


class Rows(Sequence[CheckedEntry]):
    """Rows that are written when somebody looks: of a right gradient, thousands that nobody reads."""

    def __init__(self, write: Callable[[], Sequence[CheckedEntry]]) -> None:
        self._write = write

    @cached_property
    def _rows(self) -> tuple[CheckedEntry, ...]:
        return tuple(self._write())

    def __getitem__(self, at: Any) -> Any:
        return self._rows[at]

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._rows == tuple(other)

    def __hash__(self) -> int:
        return hash(self._rows)


@dataclass(frozen=True)
class GradientCheck:
    """The result of `check_gradient`: true only if the gradient is right. Print it to read the table.

    `outcome` is "right", "wrong" or "cannot tell", `reason` says why in a sentence. `rows` are the numbers that
    were compared, the worst first; `notes` are further remarks; `calls` counts the forward passes taken.
    """

    outcome: Outcome
    reason: str
    rows: Sequence[CheckedEntry] = ()
    notes: tuple[str, ...] = ()
    calls: int = 0
    curve: Callable[[], tuple[str, Array, Array, float, float]] | None = field(
        default=None, repr=False, compare=False
    )

    def __bool__(self) -> bool:
        return self.outcome == "right"

    def __str__(self) -> str:
        lines = [f"{self.outcome}: {self.reason}", *_table(self.rows[:_SHOWN])]
        if len(self.rows) > _SHOWN:
            lines.append(f"  ... and {len(self.rows) - _SHOWN} more, all in .rows")
        return "\n".join(lines + [f"note: {note}" for note in self.notes])

    __repr__ = __str__

    def plot(self, ax: Any = None) -> Any:
        """Draw the error of the central difference against its step, on two logarithmic axes; return the axes.

        The curve is a V: to the right the curvature of the function spoils the difference (error ~ h^2), to the
        left rounding does (error ~ 1/h). Your gradient follows the V if it is right. If it is wrong, its curve
        stops falling at the size of your mistake.
        """
        if self.curve is None:
            raise ValueError(f"there is nothing to draw: {self.reason}")
        if ax is None:
            import matplotlib.pyplot as plt  # only here: a check needs no plotting library

            ax = plt.subplots(figsize=(6.4, 4.2))[1]
        name, steps, differences, yours, best = self.curve()
        for value, label, style in (
            (best, "best numeric value", {"color": _BLUE, "marker": "o", "linestyle": "-"}),
            (yours, "your gradient", {"color": _VERMILION, "marker": "x", "linestyle": "--"}),
        ):
            off = np.abs(differences - value)
            off[~np.isfinite(off) | (off == 0)] = np.nan  # neither has a place on a logarithmic axis
            ax.plot(steps, off, label=label, markersize=4, **style)
        ax.set(xlabel="step h", ylabel="|central difference(h) - value|", title=f"{name}: {self.outcome}")
        # With nothing to show on a logarithmic axis (an exact zero gradient) matplotlib would complain.
        ax.set_xscale("log")
        if any(np.isfinite(line.get_ydata()).any() for line in ax.lines):
            ax.set_yscale("log")
        ax.legend()
        return ax


_SHOWN = 8


def _number(value: float) -> str:
    return f"{value + 0.0:.10g}"  # + 0.0 turns -0 into 0


def _table(rows: Sequence[CheckedEntry]) -> list[str]:
    if not rows:
        return []
    cells = [("entry", "yours", "numeric", "allowed", "")]
    for row in rows:
        allowed = f"{row.allowed:.1e}" if np.isfinite(row.allowed) else "-"
        mark = {"right": "ok", "wrong": "<-- wrong", "cannot tell": "? cannot tell"}[row.outcome]
        cells.append((row.entry, _number(row.yours), _number(row.numeric), f"± {allowed}", mark))
    widths = [max(len(line[i]) for line in cells) for i in range(5)]
    return [
        f"  {line[0]:<{widths[0]}}  "
        + "  ".join(f"{text:>{width}}" for text, width in zip(line[1:4], widths[1:4], strict=True))
        + (f"  {line[4]}" if line[4] else "")
        for line in cells
    ]
