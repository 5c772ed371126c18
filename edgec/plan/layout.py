"""The layout for one execution order: choose what is shared in place, then pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.plan.alias import Candidate, Group, candidates, merge
from edgec.plan.blocks import Block, load
from edgec.plan.live import Span, Usage, lifetimes
from edgec.plan.pack import pack_blocks
from edgec.plan.rects import Packing, round_up

EXHAUSTIVE_PAIRS = 6
TRIAL_BUDGET = 6_000  # rectangles placed while choosing, over all trials


@dataclass(frozen=True)
class Layout:
    """Offsets of the roots for one order. `starts[root]` is -1 for a root without bytes."""

    spans: tuple[Span, ...]
    starts: tuple[int, ...]
    used: tuple[Candidate, ...]
    height: int
    lower_bound: int
    solver: str


def _savings(
    spans: Sequence[Span], pairs: Sequence[Candidate], align: int
) -> dict[tuple[int, int], int]:
    """Most bytes that sharing may save, by inclusive range of positions.

    A step shares the bytes of a result at most once, for as long as both buffers live: longer
    than that step if other parts of the result were written before.
    """
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for pair in pairs:
        key = (pair.position, pair.write)
        since = max(spans[pair.read].first, spans[pair.write].first)
        saved = round_up(pair.saved, align)
        old_since, old_saved = best.get(key, (since, saved))
        best[key] = (min(since, old_since), max(saved, old_saved))
    total: dict[tuple[int, int], int] = {}
    for (position, _), (since, saved) in best.items():
        total[(since, position)] = total.get((since, position), 0) + saved
    return total


@dataclass(frozen=True)
class _Trial:
    """One choice of sharings with its best packing."""

    chosen: tuple[Candidate, ...]
    groups: tuple[Group, ...]
    packing: Packing


@dataclass(frozen=True)
class _Problem:
    """Everything but the choice of sharings; `bound` holds whatever is chosen."""

    usage: Usage
    spans: tuple[Span, ...]
    pairs: tuple[Candidate, ...]
    bound: int

    def blocks(self, groups: Sequence[Group]) -> list[Block]:
        """What is to be placed."""
        return [g.block(self.usage, self.spans) for g in groups]

    def groups(self, chosen: Sequence[Candidate]) -> tuple[Group, ...]:
        """Roots that are placed together when `chosen` are shared."""
        return merge(self.usage, self.spans, chosen)

    def trial(self, chosen: Sequence[Candidate], node_limit: int) -> _Trial:
        """Pack with the sharings `chosen`."""
        groups = self.groups(chosen)
        packing = pack_blocks(self.blocks(groups), self.bound, node_limit)
        return _Trial(tuple(chosen), groups, packing)


def layout(usage: Usage, order: tuple[int, ...], align: int, node_limit: int) -> Layout:
    """The smallest arena that is found for `order`; offsets are multiples of `align`."""
    spans = lifetimes(usage, order)
    pairs = candidates(usage, order, spans)
    bound = lower_bound(usage, spans, pairs, align, len(order))
    problem = _Problem(usage, spans, pairs, bound)
    trial = _choose(problem)
    if trial.packing.height > bound:
        trial, bound = _prove(problem, trial, node_limit)
    starts = [-1] * len(usage.roots)
    for group, offset in zip(trial.groups, trial.packing.offsets, strict=True):
        for seat in group.seats:
            starts[seat.root] = offset + seat.start
    used = tuple(c for g in trial.groups for c in g.used)
    height = trial.packing.height
    return Layout(spans, tuple(starts), used, height, bound, trial.packing.solver)


def lower_bound(
    usage: Usage, spans: Sequence[Span], pairs: Sequence[Candidate], align: int, steps: int
) -> int:
    """Bytes that every placement needs, whatever is shared: live bytes less possible savings.

    All offsets are multiples of `align`, so only the topmost buffer is not rounded up.
    """
    load = np.zeros(steps + 3, np.int64)  # index 0 is position -1
    slack = np.zeros(steps + 2, np.int64)
    for root, span in zip(usage.roots, spans, strict=True):
        if span.first <= span.last:
            rounded = round_up(root.bytes, align)
            load[span.first + 1] += rounded
            load[span.last + 2] -= rounded
            live = slack[span.first + 1 : span.last + 2]
            np.maximum(live, rounded - root.bytes, out=live)
    need = np.cumsum(load)[:-1] - slack
    for (first, last), saved in _savings(spans, pairs, align).items():
        need[first + 1 : last + 2] -= saved
    return max(0, int(need.max()))


def _choose(problem: _Problem) -> _Trial:
    """Start from all sharings or none, then flip single ones while that helps."""
    best = problem.trial(problem.pairs, 0)
    if best.packing.height <= problem.bound or not problem.pairs:
        return best
    best = min(best, problem.trial((), 0), key=_height)
    budget = TRIAL_BUDGET
    improved = True
    while improved and best.packing.height > problem.bound:
        improved = False
        for pair in problem.pairs:
            if budget <= 0:
                return best
            chosen = _flip(problem.pairs, best.chosen, pair)
            blocks = problem.blocks(problem.groups(chosen))
            budget -= len(blocks)
            if load(blocks) < best.packing.height:
                other = problem.trial(chosen, 0)
                improved = improved or _height(other) < _height(best)
                best = min(best, other, key=_height)
    return best


def _height(trial: _Trial) -> int:
    return trial.packing.height


def _flip(
    pairs: Sequence[Candidate], chosen: Sequence[Candidate], pair: Candidate
) -> tuple[Candidate, ...]:
    """`chosen` with `pair` added or removed, in the order of `pairs`."""
    keep = set(chosen) ^ {pair}
    return tuple(p for p in pairs if p in keep)


def _prove(problem: _Problem, best: _Trial, node_limit: int) -> tuple[_Trial, int]:
    """Search exactly: this choice of sharings, and all choices when there are few.

    Returns the best trial and the lower bound, which is its height when that is proven.
    """
    best = min(best, problem.trial(best.chosen, node_limit), key=_height)
    pairs = problem.pairs
    if best.packing.height <= problem.bound or len(pairs) > EXHAUSTIVE_PAIRS:
        return best, problem.bound
    complete = True
    for mask in range(1 << len(pairs)):
        chosen = [p for i, p in enumerate(pairs) if mask >> i & 1]
        blocks = problem.blocks(problem.groups(chosen))
        if load(blocks) >= best.packing.height:
            continue
        trial = problem.trial(chosen, node_limit)
        best = min(best, trial, key=_height)
        complete = complete and trial.packing.lower_bound >= best.packing.height
    return best, best.packing.height if complete else problem.bound
