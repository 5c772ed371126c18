"""Exact packing by branch and bound, for instances that greedy orders do not settle.

Any packing can be pushed down until each rectangle lies on the bottom or on another one, so it
is enough to place rectangles by non-decreasing offset, each at the lowest address above those
placed before it. A branch is cut when at some time the rectangles still to be placed do not fit
between the lowest floor among them and the capacity, or when another rectangle would fit
completely below the chosen one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.plan.rects import Rect

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FAR = np.int64(1) << 60


@dataclass(frozen=True)
class Outcome:
    """`offsets` within the capacity or None; `complete` when None is a proof; nodes visited."""

    offsets: tuple[int, ...] | None
    complete: bool
    nodes: int


@dataclass(frozen=True)
class _Instance:
    size: Ints  # [n] bytes
    align: Ints  # [n] bytes
    conflict: Bools  # [n, n] share a point of time
    at: Bools  # [times, n] live at each critical point of time
    capacity: int
    node_limit: int


@dataclass
class _State:
    floor: Ints  # [n] lowest offset for each rectangle, given those placed
    waiting: Bools  # [n]
    offsets: Ints  # [n]
    nodes: int = 0
    limit_hit: bool = False


def fits(rects: Sequence[Rect], capacity: int, node_limit: int) -> Outcome:
    """Look for offsets that keep every rectangle below `capacity` bytes."""
    n = len(rects)
    if n == 0:
        return Outcome((), True, 0)
    at = _critical_times(rects)
    instance = _Instance(
        np.array([r.size for r in rects], dtype=np.int64),
        np.array([r.align for r in rects], dtype=np.int64),
        _conflict_matrix(rects),
        at,
        capacity,
        node_limit,
    )
    state = _State(np.zeros(n, np.int64), np.ones(n, np.bool_), np.zeros(n, np.int64))
    found = _descend(instance, state)
    offsets = tuple(int(o) for o in state.offsets) if found else None
    return Outcome(offsets, not state.limit_hit, state.nodes)


def _critical_times(rects: Sequence[Rect]) -> Bools:
    """[times, n]: who is live, at the times where the live set is not inside another one."""
    rows: list[frozenset[int]] = []
    for time in sorted({r.lower for r in rects}):
        live = frozenset(i for i, r in enumerate(rects) if r.lower <= time < r.upper)
        while rows and rows[-1] <= live:
            rows.pop()
        if not rows or not live <= rows[-1]:
            rows.append(live)
    at = np.zeros((len(rows), len(rects)), np.bool_)
    for t, live in enumerate(rows):
        at[t, list(live)] = True
    return at


def _conflict_matrix(rects: Sequence[Rect]) -> Bools:
    lower = np.array([r.lower for r in rects])
    upper = np.array([r.upper for r in rects])
    meet = (lower[:, None] < upper[None, :]) & (lower[None, :] < upper[:, None])
    np.fill_diagonal(meet, False)
    return np.asarray(meet, dtype=np.bool_)


def _descend(it: _Instance, state: _State) -> bool:
    """Depth-first search with an explicit stack; True when every rectangle is placed."""
    n = len(it.size)
    saved: list[tuple[Ints, int]] = []  # floors before each placement, and its rectangle
    stack = [_choices(it, state)]
    while stack:
        if len(saved) == n:
            return True
        if not stack[-1] or state.limit_hit:
            stack.pop()
            if saved:
                state.floor, i = saved.pop()
                state.waiting[i] = True
            continue
        i = stack[-1].pop()
        saved.append((state.floor, i))
        _place(it, state, i)
        stack.append(_choices(it, state))
    return False


def _place(it: _Instance, state: _State, i: int) -> None:
    """Put rectangle `i` on its floor and raise the floor of those that meet it."""
    state.waiting[i] = False
    state.offsets[i] = state.floor[i]
    top = state.floor[i] + it.size[i]
    raised = -(-top // it.align) * it.align
    state.floor = np.where(it.conflict[i], np.maximum(state.floor, raised), state.floor)
    # Whatever comes later lies no lower than this one.
    state.floor = np.maximum(state.floor, -(-state.offsets[i] // it.align) * it.align)


def _choices(it: _Instance, state: _State) -> list[int]:
    """Rectangles that may come next, best last; empty when the branch is dead."""
    state.nodes += 1
    if state.nodes > it.node_limit:
        state.limit_hit = True
        return []
    waiting = state.waiting
    floor = np.where(waiting, state.floor, _FAR)
    lowest = np.where(it.at, floor, _FAR).min(axis=1)
    load = it.at @ np.where(waiting, it.size, 0)
    if np.any((lowest < _FAR) & (lowest + load > it.capacity)):
        return []
    ceiling = (floor + it.size).min()
    open_ = np.flatnonzero(floor < ceiling)
    crowd = it.conflict[open_] @ np.where(waiting, it.size, 0)
    rank = np.lexsort((crowd, it.size[open_], -floor[open_]))
    return [int(i) for i in open_[rank]]
