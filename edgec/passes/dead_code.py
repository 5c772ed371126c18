"""Dead code: nodes whose results reach no output, and constants that nobody reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir.graph import Graph
from edgec.passes.base import Fact, Pass


@dataclass(frozen=True)
class RemoveDeadCode(Pass):
    """Keep what the graph's outputs need, and nothing else."""

    name: ClassVar[str] = "dead-code"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_DEAD_NODES})

    def run(self, graph: Graph) -> bool:
        return graph.prune()
