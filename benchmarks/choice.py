"""What kernels `balanced` would choose for layers that are no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.counting import op_of
from benchmarks.layers import Layer, facts_of
from edgec.config import Optimize
from edgec.driver import FLASH_SHARE
from edgec.kernels.costs import costs_for
from edgec.kernels.registry import AnyRow, all_rows
from edgec.lower.budget import Candidate, choose


@dataclass(frozen=True)
class Usable:
    """A row that computes a layer, and what the choice looks at."""

    row: AnyRow
    candidate: Candidate


def usable_rows(layer: Layer, features: frozenset[str]) -> list[Usable]:
    """All rows that compute a layer on a core with `features`."""
    facts, costs = facts_of(layer), costs_for(features)
    found: list[Usable] = []
    for row in all_rows():
        if row.op == op_of(layer) and row.applies(facts, features):  # type: ignore[arg-type]
            packed = row.pack(facts)  # type: ignore[arg-type]
            size = sum(int(c.data.nbytes) for c in packed)
            expected = row.preference * row.instructions(facts, costs)  # type: ignore[arg-type]
            found.append(Usable(row, Candidate(expected, size)))
    return found


def chosen_rows(layers: Sequence[Layer], features: frozenset[str]) -> list[AnyRow]:
    """The rows that are chosen for the layers of a model."""
    usable = [usable_rows(layer, features) for layer in layers]
    candidates = [[u.candidate for u in found] for found in usable]
    picked = choose(candidates, FLASH_SHARE[Optimize.BALANCED])
    return [found[k].row for found, k in zip(usable, picked, strict=True)]
