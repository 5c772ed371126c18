"""Execution order: the topological order with the smallest peak of live bytes.

A state is the set of steps that have run (a bit mask); how many bytes are live in it does
not depend on the order inside the set. A best-first search over these sets, smallest peak
first, is exact; when it grows beyond `node_limit` sets a beam search takes over. The given
order is kept unless another one has a strictly smaller peak. A beam tends to open every branch
before it closes one, so a depth-first order is tried beside it, and tried first: when it needs
no more than the costliest step alone, nothing is left to search.

Effort is counted in moves, which are steps tried after a set, so that time grows with the number
of steps and not with how many of them could run next.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import NamedTuple

from edgec.plan.live import Pair, Usage
from edgec.plan.rects import round_up

BEAM_WIDTH = 48
NODE_LIMIT = 30_000
EXACT_MOVES = 100_000
BEAM_MOVES = 400_000
MOST_READY = 64  # heuristics look at this many of the steps that may run next


@dataclass(frozen=True)
class Ordering:
    """An execution order, its peak in bytes, and whether no order has a smaller peak."""

    order: tuple[int, ...]
    peak: int
    proven: bool


@dataclass(frozen=True)
class _Costs:
    """Bytes and bit masks that the search looks up, all by root or by step number."""

    size: tuple[int, ...]  # bytes of a root, rounded up to the arena alignment
    users: tuple[int, ...]  # mask of the steps that touch a root; bit n for "after the end"
    started: tuple[bool, ...]  # live before the first step
    touched: tuple[tuple[int, ...], ...]  # roots of a step
    pairs: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]  # step -> write -> (read, saved)
    preds: tuple[int, ...]
    succs: tuple[tuple[int, ...], ...]


class _Link(NamedTuple):
    """The steps run so far, last one first."""

    step: int
    before: _Link | None


class _Node(NamedTuple):
    """A partial execution."""

    peak: int
    live: int
    done: int  # mask of the steps that have run
    ready: int  # mask of the steps that may run now
    steps: _Link | None


@dataclass(frozen=True)
class _Move:
    """Effect of running one step: bytes live while it runs and after it."""

    during: int
    after: int


def best_order(usage: Usage, align: int, node_limit: int = NODE_LIMIT) -> Ordering:
    """The order with the smallest peak that is found; never worse than the given order.

    The peak is exact but for operands that take shape inside a part of their result, which
    save bytes for longer than one step; then nothing is called proven.
    """
    costs = _costs(usage, align)
    sure = all(_whole(usage, p) for s in usage.steps for p in s.pairs)
    floor = _floor(costs)
    best = _given(costs)
    if best.peak > floor:
        best = min(best, _depth_first(costs), key=_peak)
    if best.peak <= floor:
        return replace(best, proven=sure)
    search = _best_first(costs, best.peak, node_limit)
    if search.complete:
        return replace(search.found or best, proven=sure)
    best = min(best, _beam(costs, best.peak) or best, key=_peak)
    return replace(best, proven=sure and best.peak <= floor)


def _peak(ordering: Ordering) -> int:
    return ordering.peak


def _whole(usage: Usage, pair: Pair) -> bool:
    """Whether the pair writes all bytes of its root buffer."""
    return pair.write.stop - pair.write.start == usage.roots[pair.write.root].bytes


def _costs(usage: Usage, align: int) -> _Costs:
    n = len(usage.steps)
    users = [1 << n if r.to_end else 0 for r in usage.roots]
    touched = []
    pairs = []
    for i, step in enumerate(usage.steps):
        roots = tuple(sorted({a.root for a in step.accesses()}))
        touched.append(roots)
        for root in roots:
            users[root] |= 1 << i
        by_write: dict[int, list[tuple[int, int]]] = {}
        for p in step.pairs:
            saved = min(p.write.stop - p.write.start, p.read.stop - p.read.start)
            by_write.setdefault(p.write.root, []).append((p.read.root, round_up(saved, align)))
        pairs.append(tuple(tuple(v) for v in by_write.values()))
    succs: list[list[int]] = [[] for _ in range(n)]
    for j, mask in enumerate(usage.preds):
        for i in _bits(mask):
            succs[i].append(j)
    return _Costs(
        tuple(round_up(r.bytes, align) for r in usage.roots),
        tuple(users),
        tuple(r.from_start for r in usage.roots),
        tuple(touched),
        tuple(pairs),
        usage.preds,
        tuple(tuple(s) for s in succs),
    )


def _bits(mask: int, most: int | None = None) -> list[int]:
    """Numbers of the set bits, or of the lowest `most` of them, ascending."""
    found: list[int] = []
    while mask and len(found) != most:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _start(costs: _Costs) -> _Node:
    live = sum(s for s, started in zip(costs.size, costs.started, strict=True) if started)
    ready = sum(1 << i for i, mask in enumerate(costs.preds) if not mask)
    # A root that is never used and not kept is only live before the first step.
    unused = sum(
        s
        for s, started, users in zip(costs.size, costs.started, costs.users, strict=True)
        if started and not users
    )
    return _Node(live, live - unused, 0, ready, None)


def _move(costs: _Costs, done: int, live: int, step: int) -> _Move:
    """Run `step` after the set `done` with `live` bytes live."""
    after_mask = done | 1 << step
    during = live
    freed = 0
    for root in costs.touched[step]:
        users = costs.users[root]
        if not users & done and not costs.started[root]:
            during += costs.size[root]
        if not users & ~after_mask:
            freed += costs.size[root]
    after = during - freed
    for options in costs.pairs[step]:
        during -= max((s for r, s in options if not costs.users[r] & ~after_mask), default=0)
    return _Move(max(during, after), after)


def _given(costs: _Costs) -> Ordering:
    """The order of the program and its peak, not proven."""
    node = _start(costs)
    for step in range(len(costs.preds)):
        node = _advance(costs, node, step, _move(costs, node.done, node.live, step))
    return Ordering(_unlink(node.steps), node.peak, False)


def _floor(costs: _Costs) -> int:
    """Bytes that every order needs: each step with only its own buffers live."""
    floor = _start(costs).peak
    everything = (1 << len(costs.preds)) - 1
    for step, roots in enumerate(costs.touched):
        need = sum(costs.size[r] for r in roots)
        for options in costs.pairs[step]:
            need -= max((s for r, s in options if not costs.users[r] & ~everything), default=0)
        floor = max(floor, need)
    return floor


def _advance(costs: _Costs, node: _Node, step: int, move: _Move) -> _Node:
    done = node.done | 1 << step
    ready = node.ready & ~(1 << step)
    for s in costs.succs[step]:
        if not costs.preds[s] & ~done:
            ready |= 1 << s
    return _Node(max(node.peak, move.during), move.after, done, ready, _Link(step, node.steps))


def _unlink(link: _Link | None) -> tuple[int, ...]:
    steps = []
    while link is not None:
        steps.append(link.step)
        link = link.before
    return tuple(reversed(steps))


def _successors(costs: _Costs, node: _Node, bound: int, most: int | None = None) -> list[_Node]:
    """The states one step later whose peak is below `bound`, by the first `most` ready steps.

    A step that neither raises the peak nor leaves more bytes live may run at once: in any
    completion it can be moved to the front, since bytes that it frees now would be freed
    later too and nothing that follows finds more bytes live. Then it is the only successor.
    """
    found = []
    for step in _bits(node.ready, most):
        move = _move(costs, node.done, node.live, step)
        if move.during <= node.peak and move.after <= node.live:
            return [_advance(costs, node, step, move)]
        if move.during < bound:
            found.append((step, move))
    return [_advance(costs, node, step, move) for step, move in found]


@dataclass(frozen=True)
class _Search:
    """Result of the exact search: an order below the bound, if any; complete if it is sure."""

    found: Ordering | None
    complete: bool


def _best_first(costs: _Costs, bound: int, node_limit: int) -> _Search:
    """Search sets of steps by peak, smallest first, for an order with a peak below `bound`."""
    everything = (1 << len(costs.preds)) - 1
    heap = [(0, 0, 0, _start(costs))]
    seen: set[int] = set()
    pushed = moves = 0
    while heap:
        node = heapq.heappop(heap)[3]
        if node.done in seen:
            continue
        seen.add(node.done)
        if node.done == everything:
            return _Search(Ordering(_unlink(node.steps), node.peak, True), True)
        moves += node.ready.bit_count()
        if len(seen) >= node_limit or moves > EXACT_MOVES:
            return _Search(None, False)
        for after in _successors(costs, node, bound):
            if after.done not in seen:
                pushed += 1
                heapq.heappush(heap, (after.peak, -after.done.bit_count(), pushed, after))
    return _Search(None, True)


def _depth_first(costs: _Costs) -> Ordering:
    """Follow the last step to its successors; where there is a choice, the cheapest step."""
    node = _start(costs)
    recent = [0] * len(costs.preds)  # when a step became ready
    for turn in range(len(costs.preds)):
        ready = _bits(node.ready)
        latest = max(recent[s] for s in ready)
        ready = [s for s in ready if recent[s] == latest][:MOST_READY]
        moves = {s: _move(costs, node.done, node.live, s) for s in ready}
        step = min(ready, key=lambda s: (moves[s].after, moves[s].during, s))
        after = _advance(costs, node, step, moves[step])
        for s in _bits(after.ready & ~node.ready):
            recent[s] = turn + 1
        node = after
    return Ordering(_unlink(node.steps), node.peak, False)


def _beam(costs: _Costs, bound: int) -> Ordering | None:
    """Keep the BEAM_WIDTH best sets of each size; the best order with a peak below `bound`."""
    front = [_start(costs)]
    allowed = BEAM_MOVES // max(1, len(costs.preds))
    for _ in costs.preds:
        best: dict[int, _Node] = {}
        moves = 0
        for node in front:
            for after in _successors(costs, node, bound, MOST_READY):
                other = best.get(after.done)
                if other is None or (after.peak, after.live) < (other.peak, other.live):
                    best[after.done] = after
            moves += min(MOST_READY, node.ready.bit_count())
            if moves > allowed:
                break
        front = heapq.nsmallest(BEAM_WIDTH, best.values(), key=lambda n: (n.peak, n.live))
        if not front:
            return None
    return Ordering(_unlink(front[0].steps), front[0].peak, False)
