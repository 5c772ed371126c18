"""The packing solver: bound, split into independent parts, greedy orders, then search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgec.plan import greedy, search
from edgec.plan.blocks import Block, Part, load
from edgec.plan.rects import Packing, Rect, height_of, load_bound

NODE_LIMIT = 20_000
EXACT_SHARE = 4  # the exact search gets this fraction of the nodes, restarts the rest
LEAST_NODES = 500
ROUNDS = 40


def pack(rects: Sequence[Rect], node_limit: int = NODE_LIMIT) -> Packing:
    """Offsets for `rects` (time ranges fixed) with the least height that is found.

    The result is deterministic: the effort is limited by search nodes, roughly 10,000 a
    second, not by time. `Packing.optimal` says whether the height is proven to be the least.
    """
    bound = load_bound(rects)
    parts = split(rects)
    packed = [(part, _pack_part([rects[i] for i in part], bound, node_limit)) for part in parts]
    offsets = [0] * len(rects)
    for part, packing in packed:
        for i, offset in zip(part, packing.offsets, strict=True):
            offsets[i] = offset
    tallest = max((p for _, p in packed), key=lambda p: p.height, default=None)
    solver = tallest.solver if tallest is not None else "nothing to place"
    proven = max((p.lower_bound for _, p in packed), default=0)
    return Packing(
        tuple(offsets), height_of(rects, offsets), max(load_bound(rects), proven), solver
    )


def pack_within(rects: Sequence[Rect], capacity: int, node_limit: int) -> tuple[int, ...] | None:
    """Offsets for `rects` that stay within `capacity` bytes, or None if none are found."""
    offsets = [0] * len(rects)
    for part in split(rects):
        chosen = [rects[i] for i in part]
        placed = greedy.place(_plain(chosen), capacity)
        found: tuple[int, ...] | None = placed.offsets
        if placed.height > capacity:
            found = search.restarts(chosen, capacity, node_limit).offsets
        if found is None:
            return None
        for i, offset in zip(part, found, strict=True):
            offsets[i] = offset
    return tuple(offsets)


def _plain(rects: Sequence[Rect]) -> list[Block]:
    """Each rectangle as a block of one part."""
    return [Block((Part(r.lower, r.upper, 0, r.size),), r.align) for r in rects]


def pack_blocks(blocks: Sequence[Block], goal: int, node_limit: int) -> Packing:
    """Offsets for `blocks`; a height of `goal` is good enough.

    Plain rectangles are packed exactly within `node_limit`, blocks of several parts greedily.
    """
    if all(len(b.parts) == 1 for b in blocks):
        return pack([b.rect(i) for i, b in enumerate(blocks)], node_limit)
    placed = greedy.place(blocks, goal, ROUNDS if node_limit else 0)
    return Packing(placed.offsets, placed.height, load(blocks), placed.method)


def split(rects: Sequence[Rect]) -> list[list[int]]:
    """Indices grouped so that rectangles of different groups never meet in time."""
    parts: list[list[int]] = []
    reach = None
    for i in sorted(range(len(rects)), key=lambda i: (rects[i].lower, i)):
        if reach is None or rects[i].lower >= reach:
            parts.append([])
            reach = rects[i].upper
        parts[-1].append(i)
        reach = max(reach, rects[i].upper)
    return parts


def _pack_part(rects: Sequence[Rect], goal: int, node_limit: int) -> Packing:
    """Pack one part; a height of `goal` is good enough. The bound it returns is its own."""
    bound = load_bound(rects)
    goal = max(bound, goal)
    placed = greedy.place(_plain(rects), goal, ROUNDS if node_limit else 0)
    best = Packing(placed.offsets, placed.height, bound, placed.method)
    if best.height > goal and node_limit:
        best, used = _lower(rects, best, goal, node_limit // EXACT_SHARE)
        node_limit -= used
    while best.height > goal and not best.optimal and node_limit >= LEAST_NODES:
        best, used = _restart(rects, best, goal, node_limit)
        node_limit -= used
    return best


def _lower(rects: Sequence[Rect], best: Packing, goal: int, node_limit: int) -> tuple[Packing, int]:
    """Lower the height step by step by exact search; the nodes that took."""
    used = 0
    while goal < best.height and best.lower_bound < best.height and used < node_limit:
        outcome = search.fits(rects, best.height - 1, node_limit - used)
        used += outcome.nodes
        if outcome.offsets is not None:
            best = _packing(rects, outcome.offsets, best.lower_bound, "branch and bound")
        elif outcome.complete:
            best = replace(best, lower_bound=best.height)
        else:
            break
    return best, used


def _restart(
    rects: Sequence[Rect], best: Packing, goal: int, node_limit: int
) -> tuple[Packing, int]:
    """Aim at `goal` with half of the nodes, then ever nearer to the best height."""
    used = 0
    target = max(goal, best.lower_bound)
    while target < best.height and used < node_limit:
        outcome = search.restarts(rects, target, max(LEAST_NODES, (node_limit - used) // 2))
        used += outcome.nodes
        if outcome.offsets is not None:
            best = _packing(rects, outcome.offsets, best.lower_bound, "search with restarts")
            break
        if outcome.complete:
            best = replace(best, lower_bound=max(best.lower_bound, target + 1))
        target = (target + 1 + best.height) // 2
    return best, max(used, LEAST_NODES)


def _packing(rects: Sequence[Rect], offsets: tuple[int, ...], bound: int, solver: str) -> Packing:
    return Packing(offsets, height_of(rects, offsets), bound, solver)
