"""The cheapest split of a set of things in two: a minimum cut of a flow network.

Dinic's algorithm: E. A. Dinic, "Algorithm for solution of a problem of maximum flow in
networks with power estimation", 1970.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Network:
    """Vertices 0 (source), 1 (sink) and more; edges with whole capacities."""

    heads: list[int] = field(default_factory=list)  # by edge; edge e ^ 1 is its reverse
    capacity: list[int] = field(default_factory=list)
    edges: list[list[int]] = field(default_factory=lambda: [[], []])

    SOURCE = 0
    SINK = 1

    def vertex(self) -> int:
        """A new vertex."""
        self.edges.append([])
        return len(self.edges) - 1

    def connect(self, a: int, b: int, forth: int, back: int = 0) -> None:
        """Cutting a (source side) from b (sink side) costs `forth`, the other way `back`."""
        for vertex, head, capacity in ((a, b, forth), (b, a, back)):
            self.edges[vertex].append(len(self.heads))
            self.heads.append(head)
            self.capacity.append(capacity)

    def source_side(self) -> set[int]:
        """The vertices on the source's side of a cheapest cut, as few of them as possible."""
        while True:
            levels = self._levels()
            if levels[self.SINK] < 0:
                return {v for v, level in enumerate(levels) if level >= 0}
            nexts = [0] * len(self.edges)
            while self._augment(levels, nexts):
                pass

    def _levels(self) -> list[int]:
        """Distance of every vertex from the source along free edges; -1 if out of reach."""
        levels = [-1] * len(self.edges)
        levels[self.SOURCE] = 0
        queue = deque([self.SOURCE])
        while queue:
            vertex = queue.popleft()
            for edge in self.edges[vertex]:
                head = self.heads[edge]
                if self.capacity[edge] > 0 and levels[head] < 0:
                    levels[head] = levels[vertex] + 1
                    queue.append(head)
        return levels

    def _augment(self, levels: list[int], nexts: list[int]) -> bool:
        """Send flow along one shortest path; `nexts` remembers dead ends. False if none."""
        path: list[int] = []
        vertex = self.SOURCE
        while vertex != self.SINK:
            edge = self._next_edge(vertex, levels, nexts)
            if edge is not None:
                path.append(edge)
                vertex = self.heads[edge]
            elif path:
                vertex = self.heads[path.pop() ^ 1]
                nexts[vertex] += 1
            else:
                return False
        flow = min(self.capacity[edge] for edge in path)
        for edge in path:
            self.capacity[edge] -= flow
            self.capacity[edge ^ 1] += flow
        return True

    def _next_edge(self, vertex: int, levels: list[int], nexts: list[int]) -> int | None:
        edges = self.edges[vertex]
        while nexts[vertex] < len(edges):
            edge = edges[nexts[vertex]]
            forward = levels[self.heads[edge]] == levels[vertex] + 1
            if forward and self.capacity[edge] > 0:
                return edge
            nexts[vertex] += 1
        return None
