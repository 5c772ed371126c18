"""The packing solver: bound, split into independent parts, greedy orders, then search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgec.plan import greedy, search
from edgec.plan.blocks import Block, Part, load
from edgec.plan.rects import Packing, Rect, height_of, load_bound
from edgec.plan.search import Outcome

NODE_LIMIT = 20_000
WITHIN_NODES = 400_000
EXACT_SHARE = 4  # the exact search gets this fraction of the nodes, restarts the rest
EXACT_NODES = 5_000  # what it has not settled by then is left to restarts
QUICK_SHARE = 8
QUICK_NODES = 2_500  # restarts that aim at the bound, which nearly always is the optimum
LEAST_NODES = 500
ROUNDS = 40


def pack(rects: Sequence[Rect], node_limit: int = NODE_LIMIT) -> Packing:
    """Offsets for `rects` (time ranges fixed) with the least height that is found.

    The result is deterministic: the effort is limited by search nodes, roughly 15,000 a
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


def pack_within(rects: Sequence[Rect], capacity: int, node_limit: int = WITHIN_NODES) -> Outcome:
    """Look for offsets for `rects` that stay within `capacity` bytes; any will do.

    At most `node_limit` nodes are searched for each independent part. Without offsets,
    `complete` says whether there are provably none.
    """
    if load_bound(rects) > capacity:
        return Outcome(None, True, 0)
    offsets = [0] * len(rects)
    nodes = 0
    for part in split(rects):
        outcome = _part_within([rects[i] for i in part], capacity, node_limit)
        nodes += outcome.nodes
        if outcome.offsets is None:
            return Outcome(None, outcome.complete, nodes)
        for i, offset in zip(part, outcome.offsets, strict=True):
            offsets[i] = offset
    return Outcome(tuple(offsets), True, nodes)


def _part_within(rects: Sequence[Rect], capacity: int, node_limit: int) -> Outcome:
    placed = greedy.place(_plain(rects), capacity)
    if placed.height <= capacity:
        return Outcome(placed.offsets, True, 0)
    return search.restarts(rects, capacity, node_limit)


@dataclass(frozen=True)
class Placed:
    """Answer to a placement problem: bytes, one offset per rectangle, or None without an answer.

    `proven` without offsets: there are none; with offsets: no lower height is possible.
    """

    offsets: tuple[int, ...] | None
    height: int | None
    lower_bound: int
    proven: bool
    nodes: int | None

    @property
    def optimal(self) -> bool:
        """Whether there are offsets and none are lower."""
        return self.offsets is not None and self.proven


def place_buffers(rects: Sequence[Rect], capacity: int | None, node_limit: int) -> Placed:
    """Any offsets within `capacity` bytes; with None, the lowest that are found."""
    bound = load_bound(rects)
    if capacity is None:
        packing = pack(rects, node_limit)
        return Placed(packing.offsets, packing.height, packing.lower_bound, packing.optimal, None)
    outcome = pack_within(rects, capacity, node_limit)
    if outcome.offsets is None:
        bound = max(bound, capacity + 1) if outcome.complete else bound
        return Placed(None, None, bound, outcome.complete, outcome.nodes)
    height = height_of(rects, outcome.offsets)
    return Placed(outcome.offsets, height, bound, height == bound, outcome.nodes)


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
        best, used = _aim(rects, best, goal, min(QUICK_NODES, node_limit // QUICK_SHARE))
        node_limit -= used
        best, used = _lower(rects, best, goal, min(EXACT_NODES, node_limit // EXACT_SHARE))
        node_limit -= used
    if best.height > goal and not best.optimal and node_limit >= LEAST_NODES:
        low = max(goal, best.lower_bound)
        descent = search.descend(rects, best.height, low, node_limit)
        bound = max(best.lower_bound, descent.bound if descent.bound > low else 0)
        best = replace(best, lower_bound=bound)
        if descent.offsets is not None:
            best = _packing(rects, descent.offsets, bound, "search with restarts")
    return best


def _aim(rects: Sequence[Rect], best: Packing, target: int, node_limit: int) -> tuple[Packing, int]:
    """Look for a packing of height `target` by restarts; the nodes that took."""
    outcome = search.restarts(rects, target, node_limit)
    if outcome.offsets is not None:
        best = _packing(rects, outcome.offsets, best.lower_bound, "search with restarts")
    elif outcome.complete:
        best = replace(best, lower_bound=max(best.lower_bound, target + 1))
    return best, outcome.nodes


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


def _packing(rects: Sequence[Rect], offsets: tuple[int, ...], bound: int, solver: str) -> Packing:
    return Packing(offsets, height_of(rects, offsets), bound, solver)
