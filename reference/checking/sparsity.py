"""Find out which inputs change which outputs, so that many inputs can be moved in one call.

Inputs that touch no output in common can be moved together: they get the same colour (Curtis, Powell and Reid,
1974). Which input touches what is found by halving: the halves of all blocks of one colour are moved together,
and an output that changes belongs to the block which was known to touch it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reference.shapes import Array

__all__ = ["colour", "touched_outputs"]


def colour(masks: Sequence[Array]) -> list[list[int]]:
    """Group rows of `masks[n, M]` such that no two rows of a group share an output (first fit)."""
    groups: list[list[int]] = []
    taken: list[int] = []
    for row, mask in enumerate(masks):
        bits = int.from_bytes(np.packbits(mask).tobytes(), "big")  # one big number is compared fastest
        at = next((k for k, busy in enumerate(taken) if not busy & bits), len(groups))
        if at == len(groups):
            groups.append([])
            taken.append(0)
        groups[at].append(row)
        taken[at] |= bits
    return groups


def touched_outputs(touch: Callable[[Array], Array], count: int) -> Array:
    """Return `masks[count, M]`: does input i change output m?

    `touch(entries)` moves the given inputs, all at once, and tells which outputs changed.
    """
    blocks = [np.arange(count)]
    masks = [touch(blocks[0])]
    while any(len(block) > 1 for block in blocks):
        blocks, masks = _halve(touch, blocks, masks)
    order = np.argsort([block[0] for block in blocks])
    return np.array(masks)[order]


def _halve(
    touch: Callable[[Array], Array], blocks: list[Array], masks: list[Array]
) -> tuple[list[Array], list[Array]]:
    new_blocks: list[Array] = []
    new_masks: list[Array] = []
    for group in colour(masks):
        for half in (0, 1):
            parts = [_half(blocks[row], half) for row in group]
            moved = np.concatenate(
                [part for part, row in zip(parts, group, strict=True) if masks[row].any()] or [np.zeros(0)]
            )
            changed = touch(moved.astype(np.intp)) if moved.size else np.zeros_like(masks[0])
            for part, row in zip(parts, group, strict=True):
                if part.size:
                    new_blocks.append(part)
                    new_masks.append(changed & masks[row])
    return new_blocks, new_masks


def _half(block: Array, half: int) -> Array:
    middle = (len(block) + 1) // 2
    return block[middle:] if half else block[:middle]
