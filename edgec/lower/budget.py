"""Trades flash for instructions when several kernels compute the same node.

Every node starts with its fastest kernel among those that need (nearly) the least flash.
Faster kernels with larger constants then replace it, best saving per byte first, while the
allowance of the optimization level lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SLACK = 1.02  # constants this much larger than the smallest count as equally small


@dataclass(frozen=True)
class Candidate:
    """One way to compute a node: estimated instructions, and bytes of its constants."""

    cost: float
    bytes: int


def choose(nodes: Sequence[Sequence[Candidate]], share: float) -> list[int]:
    """The index of the chosen candidate of each node.

    `share` is the flash that may be spent on top of the smallest constants of all nodes
    together, as a part of those: 0 for none, 1.0 for as much again.
    """
    chosen = [_smallest(candidates) for candidates in nodes]
    smallest = sum(c[k].bytes for c, k in zip(nodes, chosen, strict=True))
    left = int(share * smallest)
    while True:
        best = _best_step(nodes, chosen, left)
        if best is None:
            return chosen
        node, k = best
        left -= nodes[node][k].bytes - nodes[node][chosen[node]].bytes
        chosen[node] = k


def _smallest(candidates: Sequence[Candidate]) -> int:
    limit = SLACK * min(c.bytes for c in candidates) + 64
    small = [k for k, c in enumerate(candidates) if c.bytes <= limit]
    return min(small, key=lambda k: (candidates[k].cost, candidates[k].bytes))


def _best_step(
    nodes: Sequence[Sequence[Candidate]], chosen: Sequence[int], left: int
) -> tuple[int, int] | None:
    """The replacement (node, candidate) that saves most instructions per byte, if any fits."""
    best: tuple[float, int, int] | None = None
    for number, candidates in enumerate(nodes):
        now = candidates[chosen[number]]
        for k, other in enumerate(candidates):
            saved, extra = now.cost - other.cost, other.bytes - now.bytes
            if saved <= 0 or extra > left:
                continue
            rate = saved / max(extra, 1)
            if best is None or rate > best[0]:
                best = (rate, number, k)
    return None if best is None else best[1:]
