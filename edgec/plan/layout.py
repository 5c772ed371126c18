"""The layout for one execution order: choose what is shared in place, then pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.plan import search
from edgec.plan.alias import Candidate, Group, candidates, merge
from edgec.plan.live import Span, Usage, lifetimes
from edgec.plan.pack import pack
from edgec.plan.rects import Packing, Rect, load_bound, round_up

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


@dataclass(frozen=True)
class _Trial:
    """One choice of sharings with its best packing."""

    chosen: tuple[Candidate, ...]
    groups: tuple[Group, ...]
    rects: tuple[Rect, ...]
    packing: Packing


def layout(usage: Usage, order: tuple[int, ...], align: int, node_limit: int) -> Layout:
    """The smallest arena that is found for `order`; offsets are multiples of `align`."""
    spans = lifetimes(usage, order)
    pairs = candidates(usage, order, spans)
    bound = lower_bound(usage, spans, pairs, align, len(order))
    trial = _choose(usage, spans, pairs, bound)
    if trial.packing.height > bound:
        trial, bound = _prove(usage, spans, pairs, trial, bound, node_limit)
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
    best: dict[tuple[int, int], int] = {}
    for pair in pairs:
        key = (pair.position, pair.write)
        best[key] = max(best.get(key, 0), round_up(pair.saved, align))
    for (position, _), saved in best.items():
        need[position + 1] -= saved
    return max(0, int(need.max()))


def _trial(
    usage: Usage, spans: Sequence[Span], chosen: Sequence[Candidate], node_limit: int
) -> _Trial:
    groups = merge(usage, spans, chosen)
    rects = tuple(g.rect(usage, spans, i) for i, g in enumerate(groups))
    return _Trial(tuple(chosen), groups, rects, pack(rects, node_limit))


def _choose(usage: Usage, spans: Sequence[Span], pairs: Sequence[Candidate], bound: int) -> _Trial:
    """Start from all sharings or none, then flip single ones while that helps."""
    best = _trial(usage, spans, pairs, 0)
    if best.packing.height <= bound or not pairs:
        return best
    none = _trial(usage, spans, (), 0)
    best = min(best, none, key=lambda t: t.packing.height)
    budget = TRIAL_BUDGET
    improved = True
    while improved and best.packing.height > bound:
        improved = False
        for pair in pairs:
            if budget <= 0:
                return best
            groups = merge(usage, spans, _flip(pairs, best.chosen, pair))
            rects = [g.rect(usage, spans, i) for i, g in enumerate(groups)]
            if load_bound(rects) >= best.packing.height:
                continue
            budget -= len(rects)
            other = _trial(usage, spans, _flip(pairs, best.chosen, pair), 0)
            if other.packing.height < best.packing.height:
                best, improved = other, True
    return best


def _flip(
    pairs: Sequence[Candidate], chosen: Sequence[Candidate], pair: Candidate
) -> tuple[Candidate, ...]:
    """`chosen` with `pair` added or removed, in the order of `pairs`."""
    keep = set(chosen) ^ {pair}
    return tuple(p for p in pairs if p in keep)


def _prove(
    usage: Usage,
    spans: Sequence[Span],
    pairs: Sequence[Candidate],
    best: _Trial,
    bound: int,
    node_limit: int,
) -> tuple[_Trial, int]:
    """Search exactly: this choice of sharings, and all choices when there are few.

    Returns the best trial and the lower bound, which is its height when that is proven.
    """
    best = _trial(usage, spans, best.chosen, node_limit)
    if best.packing.height <= bound or len(pairs) > EXHAUSTIVE_PAIRS:
        return best, bound
    complete = best.packing.optimal
    for mask in range(1 << len(pairs)):
        chosen = tuple(p for i, p in enumerate(pairs) if mask >> i & 1)
        groups = merge(usage, spans, chosen)
        rects = tuple(g.rect(usage, spans, i) for i, g in enumerate(groups))
        if load_bound(rects) >= best.packing.height:
            continue
        outcome = search.fits(rects, best.packing.height - 1, node_limit)
        complete = complete and (outcome.complete or outcome.offsets is not None)
        if outcome.offsets is not None:
            best = _trial(usage, spans, chosen, node_limit)
            complete = best.packing.optimal
    return best, best.packing.height if complete else bound
