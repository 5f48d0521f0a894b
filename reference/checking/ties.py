"""Entries that share a kink: tied maxima, or the terms of a ReLU that is exactly 0.

Each entry of a tie may take any part of the gradient, so one by one nearly everything passes. Moved together they
show what they must share: for a maximum, the sum of the parts has to be the whole.

Along any direction d a convex function has a slope between -f'(-d) and f'(d), whichever valid gradient a backward
pass picks, and a concave one the other way round: so these bounds never refuse a valid choice. An output that is
convex along one direction and concave along another has no such bounds; it is called `mixed` here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from reference.checking.claims import Finding
from reference.shapes import Array

__all__ = ["connected", "mixed", "sum_of", "together"]


def connected(found: Sequence[Finding]) -> list[list[Finding]]:
    """Join entries whose kinks are at the same outputs; return the groups of two and more."""
    groups: list[tuple[set[int], list[Finding]]] = []
    for finding in found:
        outputs = {int(at) for at in finding.kinks[0]}
        members, apart = [finding], []
        for known, group in groups:
            if known & outputs:
                outputs |= known
                members = group + members
            else:
                apart.append((known, group))
        groups = [*apart, (outputs, members)]
    return [group for _, group in groups if len(group) > 1]


def together(count: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield the signs with which the entries of a group are moved: all alike first, then pairs or at random."""
    yield np.ones(count)
    if count > 4:
        for _ in range(4):
            yield rng.choice([-1.0, 1.0], count)
        return
    for i, j in combinations(range(count), 2):
        for sign in (1.0, -1.0) if count > 2 else (-1.0,):
            signs = np.zeros(count)
            signs[[i, j]] = 1.0, sign
            yield signs


def mixed(found: Sequence[Finding]) -> set[int]:
    """Return the outputs whose slope jumps up along one direction and down along another."""
    signs: dict[int, set[int]] = {}
    for finding in found:
        for output, sign in finding.kinks.T:
            signs.setdefault(int(output), set()).add(int(sign))
    return {output for output, both in signs.items() if len(both) > 1}


def sum_of(names: Sequence[str], signs: Array) -> str:
    """Name a joint direction: dx[0] - dx[2]."""
    terms = [f"{'-' if sign < 0 else '+'} {name}" for name, sign in zip(names, signs, strict=True)]
    text = " ".join(terms[:4]).removeprefix("+ ")
    return text if len(terms) <= 4 else f"{text} ... ({len(terms)} terms)"
