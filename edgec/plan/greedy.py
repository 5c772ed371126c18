"""Greedy packing: place rectangles one by one into gaps, in several orders; keep the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgec.plan.rects import Packing, Rect, conflicts, height_of, round_up

Order = Sequence[int]


def fit(
    rects: Sequence[Rect], near: Sequence[Sequence[int]], order: Order, best: bool
) -> list[int]:
    """Offsets when rectangles are placed in `order`, each into the first (or tightest) gap.

    `near` holds the conflicts of each rectangle.
    """
    offsets = [-1] * len(rects)
    for i in order:
        taken = sorted((offsets[j], offsets[j] + rects[j].size) for j in near[i] if offsets[j] >= 0)
        offsets[i] = _gap(rects[i], taken, best)
    return offsets


def _gap(rect: Rect, taken: list[tuple[int, int]], best: bool) -> int:
    """Offset of the first (or smallest) gap between `taken` ranges that holds `rect`."""
    top = 0
    choice = -1
    waste = -1
    for start, stop in taken:
        offset = round_up(top, rect.align)
        if offset + rect.size <= start:
            if not best:
                return offset
            if choice < 0 or start - top < waste:
                choice, waste = offset, start - top
        top = max(top, stop)
    return choice if choice >= 0 else round_up(top, rect.align)


def ascend(rects: Sequence[Rect], near: Sequence[Sequence[int]]) -> list[int]:
    """Offsets when the rectangle that can lie lowest goes next; the largest of equal ones.

    Nothing is ever put into a gap below the floor, so offsets never decrease.
    """
    floor = [0] * len(rects)
    offsets = [0] * len(rects)
    waiting = set(range(len(rects)))
    while waiting:
        i = min(waiting, key=lambda k: (floor[k], -rects[k].size * len(near[k]), k))
        waiting.remove(i)
        offsets[i] = floor[i]
        for j in near[i]:
            if j in waiting:
                floor[j] = max(floor[j], round_up(offsets[i] + rects[i].size, rects[j].align))
    return offsets


def orders(rects: Sequence[Rect], near: Sequence[Sequence[int]]) -> dict[str, Order]:
    """The named orders that `pack` tries: large, long, crowded or early rectangles first."""

    def duration(r: Rect) -> int:
        return r.upper - r.lower

    crowd = [r.size + sum(rects[j].size for j in near[i]) for i, r in enumerate(rects)]
    keys: dict[str, Callable[[int], tuple[int, ...]]] = {
        "size": lambda i: (-rects[i].size, -duration(rects[i]), i),
        "area": lambda i: (-rects[i].size * duration(rects[i]), i),
        "duration": lambda i: (-duration(rects[i]), -rects[i].size, i),
        "crowd": lambda i: (-crowd[i], -rects[i].size, i),
        "start": lambda i: (rects[i].lower, -rects[i].size, i),
        "end": lambda i: (-rects[i].upper, -rects[i].size, i),
    }
    return {name: sorted(range(len(rects)), key=key) for name, key in keys.items()}


def pack(rects: Sequence[Rect], lower_bound: int) -> Packing:
    """The best of all greedy packings; stops early when one meets `lower_bound`."""
    near = conflicts(rects)
    best: Packing | None = None
    for name, order in orders(rects, near).items():
        for tight in (False, True):
            offsets = fit(rects, near, order, tight)
            label = f"greedy by {name}, {'best' if tight else 'first'} fit"
            best = _better(
                best, Packing(tuple(offsets), height_of(rects, offsets), lower_bound, label)
            )
            if best.optimal:
                return best
    offsets = ascend(rects, near)
    return _better(
        best,
        Packing(tuple(offsets), height_of(rects, offsets), lower_bound, "greedy, lowest first"),
    )


def _better(best: Packing | None, other: Packing) -> Packing:
    return other if best is None or other.height < best.height else best
