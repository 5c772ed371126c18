"""Packing by tree search, for instances that greedy orders do not settle.

Any packing can be pushed down until each rectangle lies on the bottom or on another one that it
meets in time. So it is enough to place rectangles by ascending offset (equal offsets by rank),
each exactly on its floor: the highest top among the placed rectangles that it meets. A waiting
rectangle whose floor lies below the last placed offset *sleeps* until a new support is placed.

A branch is cut when at some time the waiting rectangles do not fit between the lowest of their
possible offsets and the capacity; a rectangle is passed over when another one fits completely
below it, or when it would lie on a worse ranked one of exactly its times, which may as well lie
on it. When the waiting rectangles fall apart in time, the parts are solved one by one. (None of
this loses a solution: take the packing with the least sum of offset x size, weighed by rank.)

`fits` is exact. `restarts` is for large instances: it runs the search again and again with ranks
that remember which rectangles were involved in failures, and after a failure jumps back over
placements that had no part in it (so that running out of branches proves nothing by itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import numpy.typing as npt

from edgec.plan.parts import Floats, Scaled, Traits, scaled
from edgec.plan.rects import Rect, height_of
from edgec.plan.walk import GROUND, START, LimitError, Run, Walk

RESTART_UNIT = 200
TRUST = (0.5, 1.5, 3.0)  # weights of the blame against the traits
AIMS = (1, 4, 16, 1 << 60)  # how much of the way to the bound a run tries to go
NOISE = (0.0, 0.1, 0.3)
MEMORY = 0.9  # how much of the blame for a failure is left after the next run


@dataclass(frozen=True)
class Outcome:
    """`offsets` within the capacity or None; `complete` when None is a proof; nodes visited."""

    offsets: tuple[int, ...] | None
    complete: bool
    nodes: int


def fits(rects: Sequence[Rect], capacity: int, node_limit: int) -> Outcome:
    """Look for offsets that keep every rectangle below `capacity` bytes; exact."""
    task = scaled(rects, capacity)
    if not task.places:
        return Outcome((0,) * len(rects), True, 0)
    order = _order(Traits.of(task.part).score(1.0, 1.0, 3.0))
    return _Attempt(task, order, node_limit, jumps=False).outcome(len(rects))


def restarts(rects: Sequence[Rect], capacity: int, node_limit: int, seed: int = 1) -> Outcome:
    """Look for offsets within `capacity` with changing ranks, for large instances."""
    task = scaled(rects, capacity)
    if not task.places:
        return Outcome((0,) * len(rects), True, 0)
    learner = _Learner(task, len(rects), seed)
    nodes = turn = 0
    while nodes < node_limit:
        turn += 1
        outcome = learner.run(capacity, RESTART_UNIT * luby(turn), node_limit - nodes)
        nodes += outcome.nodes
        if outcome.offsets is not None or outcome.complete:
            return Outcome(outcome.offsets, outcome.complete, nodes)
    return Outcome(None, False, nodes)


@dataclass(frozen=True)
class Descent:
    """The lowest offsets found, or None; a height that none is below; nodes visited."""

    offsets: tuple[int, ...] | None
    bound: int
    nodes: int


def descend(rects: Sequence[Rect], height: int, bound: int, node_limit: int) -> Descent:
    """Look for offsets below `height` bytes, as near to `bound` as they can be found.

    Runs aim in turn at the bound, at parts of the way there and at just a little less.
    """
    task = scaled(rects, height)
    learner = _Learner(task, len(rects), 1)
    best: tuple[int, ...] | None = None
    nodes = turn = 0
    while bound < height and nodes < node_limit:
        round_, part = divmod(turn, len(AIMS))
        turn += 1
        capacity = height - 1 - (height - 1 - bound) // AIMS[part]
        outcome = learner.run(capacity, RESTART_UNIT * luby(round_ + 1), node_limit - nodes)
        nodes += outcome.nodes
        if outcome.offsets is not None:
            best = outcome.offsets
            height = height_of(rects, best)
        elif outcome.complete:
            bound = capacity + 1
    return Descent(best, bound, nodes)


class _Learner:
    """Runs with changing ranks that remember the blame of the runs before."""

    def __init__(self, task: Scaled, total: int, seed: int) -> None:
        self.task = task
        self.total = total
        self.rng = Random(seed)
        self.traits = Traits.of(task.part)
        self.blame = np.zeros(task.part.count)

    def run(self, capacity: int, node_limit: int, proof_limit: int) -> Outcome:
        """One run with `node_limit` nodes; if no branch is left, an exact one to be sure."""
        order = _order(_score(self.traits, self.blame, self.rng))
        task = replace(self.task, capacity=capacity // self.task.unit)
        attempt = _Attempt(task, order, node_limit, jumps=True)
        outcome = attempt.outcome(self.total)
        if outcome.offsets is not None or attempt.cut_short:
            self.blame = MEMORY * self.blame + attempt.blame()
            return replace(outcome, complete=False)
        limit = proof_limit - outcome.nodes
        sure = _Attempt(task, order, limit, jumps=False).outcome(self.total)
        return replace(sure, nodes=outcome.nodes + sure.nodes)


def _score(traits: Traits, blame: Floats, rng: Random) -> Floats:
    """Scores for one run: a random mix of the traits, the blame and some noise."""
    weights = (rng.uniform(0, 1.5), rng.uniform(0, 1.5), rng.uniform(0, 6))
    noise, trust = rng.choice(NOISE), rng.choice(TRUST)
    score: Floats = traits.score(*weights) + trust * blame
    score = score + [rng.gauss(0, noise) for _ in range(len(blame))]
    return np.round(score, 6)  # logarithms differ by a bit from machine to machine


def luby(turn: int) -> int:
    """Length of a restart: 1 1 2 1 1 2 4 ... (Luby, Sinclair, Zuckerman 1993)."""
    size = 1
    while 2 * size - 1 < turn:
        size *= 2
    return size if 2 * size - 1 == turn else luby(turn - size + 1)


def _order(score: Floats) -> npt.NDArray[np.intp]:
    """Positions from the highest score to the lowest."""
    return np.argsort(-score, kind="stable")


class _Attempt:
    """One tree search with the ranks given by `order`."""

    def __init__(
        self, task: Scaled, order: npt.NDArray[np.intp], node_limit: int, *, jumps: bool
    ) -> None:
        self.task = task
        self.order = order
        self.part = task.part.ranked(order)
        self.run = Run(self.part, task.capacity, node_limit, jumps=jumps)
        self.cut_short = False

    def outcome(self, total: int) -> Outcome:
        """Search; offsets are for `total` rectangles, those without bytes included."""
        floor = np.zeros(self.part.count, np.int64)
        support = np.full(self.part.count, GROUND, np.int64)
        try:
            found = Walk(self.run, self.part, floor, support, START, 0).solve()
        except LimitError:
            self.cut_short = True
            return Outcome(None, False, self.run.nodes)
        if not found:
            return Outcome(None, not self.run.jumps, self.run.nodes)
        offsets = [0] * self.part.count
        for rank, position in enumerate(self.order.tolist()):
            offsets[position] = self.run.offsets[rank]
        return Outcome(self.task.offsets(total, offsets), True, self.run.nodes)

    def blame(self) -> Floats:
        """Share in the failures, at most 1, by position."""
        blame = np.zeros(self.part.count)
        blame[self.order] = self.run.blame
        return blame / max(1.0, float(blame.max()))
