"""Say in a sentence what is wrong, or why nothing can be said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.checking.inputs import Part
from reference.checking.table import CheckedEntry

__all__ = ["blame_entries", "blame_sum", "not_finite", "unsettled"]


def blame_entries(
    wrong: Sequence[tuple[int, CheckedEntry]], measured: Sequence[int], parts: Sequence[Part]
) -> str:
    """Count the wrong entries of each array and name the one that is furthest off; entries come with their place."""
    worst = max((row for _, row in wrong), key=lambda row: (abs(row.yours - row.numeric), row.excess))
    where = []
    for part in parts:
        bad = sum(part.start <= at < part.stop for at, _ in wrong)
        looked = sum(part.start <= at < part.stop for at in measured)
        size = part.stop - part.start
        if bad and size == 1:
            where.append(f"d{part.name} is wrong")
        elif bad:
            count = f"all {size}" if bad == size else f"{bad} of {looked}"
            where.append(
                f"d{part.name} is wrong in {count} entries" + (" looked at" if looked < size else "")
            )
    text = (
        f"{'; '.join(where)}. Furthest off is {worst.entry}: yours is {_told(worst.yours, worst.numeric)}, "
        f"the numbers say {_told(worst.numeric, worst.yours)}."
    )
    return text + _pattern([row for _, row in wrong])


def blame_sum(row: CheckedEntry) -> str:
    """Name a direction along which several entries together are wrong."""
    text = (
        f"{row.entry}: together your gradients give {_told(row.yours, row.numeric)}, "
        f"the numbers say {_told(row.numeric, row.yours)}"
    )
    text += f" ± {row.allowed:.2g}." if row.allowed > 1e-6 * abs(row.yours) else "."
    tie = " Tied entries share one gradient; they do not get it once each."
    return text + (tie if " + " in row.entry else "")


def not_finite(count: int, first: CheckedEntry) -> str:
    """Say that some entries are no numbers at all."""
    many = f"{count} entries of the gradient are" if count > 1 else "one entry of the gradient is"
    return f"{many} NaN or infinite, the first is {first.entry}; the numbers say {first.numeric:.6g}."


def unsettled(rows: Sequence[CheckedEntry]) -> str:
    """Say why the numbers do not decide."""
    row = max(rows, key=lambda row: row.excess if np.isfinite(row.excess) else 0)
    if not np.isfinite(row.numeric) or not np.isfinite(row.allowed):
        why = "forward gives NaN or infinity nearby"
    elif row.allowed < 0.1 * abs(row.numeric):
        why = f"it may be right, but its numeric value is known to ± {row.allowed:.1g} only"
    else:
        why = "its difference quotients do not settle however small the step is; forward jumps or is rough there"
    return f"{row.entry}: {why}. Try other inputs."


def _told(value: float, other: float) -> str:
    """Write a number with as many digits as it takes to tell it from the other."""
    digits = next((d for d in range(6, 18) if f"{value:.{d}g}" != f"{other:.{d}g}"), 17)
    return f"{value + 0.0:.{min(digits + 1, 17) if digits > 6 else 6}g}"


def _pattern(rows: Sequence[CheckedEntry]) -> str:
    """Name a factor which all wrong entries have in common: a sign, a forgotten 1/N."""
    yours, numeric = np.array([r.yours for r in rows]), np.array([r.numeric for r in rows])
    if len(rows) < 2 or not np.isfinite(yours).all() or not np.isfinite(numeric).all():
        return ""
    if not yours.any():
        return " All wrong entries of yours are 0."
    if not numeric.all():
        return ""
    with np.errstate(all="ignore"):
        ratios = yours / numeric
    ratio = float(np.median(ratios))
    if not np.allclose(ratios, ratio, rtol=1e-6, atol=0) or abs(ratio - 1) < 1e-3:
        return ""
    return f" Each wrong entry is {ratio:.6g} times what it should be."
