"""Greedy packing: place blocks one by one into gaps, in several orders; keep the best.

After the fixed orders come all orders when there are few blocks. Otherwise blocks that stick out
at the top are moved to the front of the best order, again and again, as the effort allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from edgec.plan.blocks import Block, Keepout, fit, height, keepouts, orders

FEW = 6


@dataclass(frozen=True)
class Placement:
    """Offsets of the blocks, the height they reach, and the name of the method."""

    offsets: tuple[int, ...]
    height: int
    method: str


def place(blocks: Sequence[Block], goal: int, rounds: int = 0) -> Placement:
    """The best greedy placement; stops early when one reaches `goal` bytes or less.

    `rounds` is the number of further orders to try after the fixed ones.
    """
    near = keepouts(blocks)
    best: Placement | None = None
    start: list[int] = []
    for name, order in orders(blocks, near).items():
        for tight in (False, True):
            method = f"greedy by {name}, {'best' if tight else 'first'} fit"
            found = _try(blocks, near, order, tight, method)
            if best is None or found.height < best.height:
                best, start = found, order
            if best.height <= goal:
                return best
    assert best is not None
    return _improve(blocks, near, best, start, goal, rounds)


def _try(
    blocks: Sequence[Block],
    near: Sequence[Sequence[Keepout]],
    order: Sequence[int],
    tight: bool,
    method: str,
) -> Placement:
    offsets = fit(blocks, near, order, tight)
    return Placement(tuple(offsets), height(blocks, offsets), method)


def _improve(
    blocks: Sequence[Block],
    near: Sequence[Sequence[Keepout]],
    best: Placement,
    order: list[int],
    goal: int,
    rounds: int,
) -> Placement:
    """Try all orders of few blocks; otherwise move those that reach the top to the front."""
    if rounds and len(blocks) <= FEW:
        every = (
            _try(blocks, near, o, False, "greedy, all orders")
            for o in permutations(range(len(blocks)))
        )
        return min((best, *every), key=lambda p: p.height)
    current = best
    seen: set[tuple[int, ...]] = set()
    for _ in range(rounds):
        top = [i for i in order if current.offsets[i] + blocks[i].extent == current.height]
        rest = set(top)
        order = top + [i for i in order if i not in rest]
        if best.height <= goal or tuple(order) in seen:
            break
        seen.add(tuple(order))
        current = _try(blocks, near, order, False, "greedy, top blocks first")
        if current.height < best.height:
            best = current
    return best
