"""Rectangles in time and address: the input of the packing solvers, and bounds on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rect:
    """A block of `size` bytes, needed in the half-open time range `lower` to `upper`.

    Its offset must be a multiple of `align`.
    """

    id: int
    lower: int
    upper: int
    size: int
    align: int = 1


@dataclass(frozen=True)
class Packing:
    """Byte offsets, one per rectangle in the order given, and how good they are.

    `height` is the largest offset + size; no packing is below `lower_bound`.
    """

    offsets: tuple[int, ...]
    height: int
    lower_bound: int
    solver: str

    @property
    def optimal(self) -> bool:
        """Whether no packing is lower."""
        return self.height == self.lower_bound


def round_up(value: int, align: int) -> int:
    """The smallest multiple of `align` that is not below `value`."""
    return -(-value // align) * align


def height_of(rects: Sequence[Rect], offsets: Sequence[int]) -> int:
    """Largest offset + size."""
    return max((o + r.size for r, o in zip(rects, offsets, strict=True)), default=0)


def overlaps(rects: Sequence[Rect], offsets: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of indices of rectangles that share a byte at some time (empty when valid)."""
    by_time = sorted(range(len(rects)), key=lambda i: rects[i].lower)
    active: list[int] = []
    clashes = []
    for i in by_time:
        active = [j for j in active if rects[j].upper > rects[i].lower]
        for j in active:
            if offsets[i] < offsets[j] + rects[j].size and offsets[j] < offsets[i] + rects[i].size:
                clashes.append((min(i, j), max(i, j)))
        active.append(i)
    return clashes


def load_bound(rects: Sequence[Rect]) -> int:
    """Largest number of bytes live at one time, which no packing can go below.

    With `a` the smallest alignment among the rectangles live at that time, all but the topmost
    take a multiple of `a` bytes (alignments are powers of two).
    """
    used = [r for r in rects if r.size and r.lower < r.upper]
    if not used:
        return 0
    lower = np.array([r.lower for r in used])
    upper = np.array([r.upper for r in used])
    size = np.array([r.size for r in used], dtype=np.int64)
    align = np.array([r.align for r in used], dtype=np.int64)
    times = np.unique(lower)[:, None]
    live = (lower <= times) & (times < upper)
    step = np.where(live, align, align.max()).min(axis=1, keepdims=True)
    rounded = np.where(live, -(-size // step) * step, 0)
    slack = np.where(live, rounded - size, 0).max(axis=1)
    return int((rounded.sum(axis=1) - slack).max())
