"""The packing solver: bound, split into independent parts, greedy orders, then search."""

from __future__ import annotations

from collections.abc import Sequence

from edgec.plan import greedy, search
from edgec.plan.blocks import Block, Part, load
from edgec.plan.rects import Packing, Rect, height_of, load_bound

NODE_LIMIT = 20_000
ROUNDS = 40


def pack(rects: Sequence[Rect], node_limit: int = NODE_LIMIT) -> Packing:
    """Offsets for `rects` (time ranges fixed) with the least height that is found.

    The result is deterministic: the effort is limited by search nodes, not by time.
    `Packing.optimal` says whether the height is proven to be the least.
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
    return Packing(tuple(offsets), height_of(rects, offsets), max(bound, proven), solver)


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
    blocks = [Block((Part(r.lower, r.upper, 0, r.size),), r.align) for r in rects]
    placed = greedy.place(blocks, max(bound, goal), ROUNDS if node_limit else 0)
    best = Packing(placed.offsets, placed.height, bound, placed.method)
    nodes = node_limit
    while best.height > max(bound, goal) and nodes > 0:
        outcome = search.fits(rects, best.height - 1, nodes)
        nodes -= outcome.nodes
        if outcome.offsets is not None:
            height = height_of(rects, outcome.offsets)
            best = Packing(outcome.offsets, height, bound, "branch and bound")
        elif outcome.complete:
            return Packing(best.offsets, best.height, best.height, best.solver)
        else:
            break
    return best
