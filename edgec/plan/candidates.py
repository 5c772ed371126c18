"""The programs that a schedule is chosen from: kernels with more or less working memory, and cuts.

Every program can be cut into streams in many ways (`edgec.lower.cuts`). Finding them takes a while,
so that it is done when somebody asks, and once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from itertools import count

from edgec.ir.graph import Graph
from edgec.lower.cuts import Cut, Ways, streamed, threshold
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.program import Program
from edgec.lower.select import RowKernels
from edgec.lower.strips import Region, lower_strips
from edgec.passes.strips import Part
from edgec.plan.patches import Patching, Patchings
from edgec.plan.planner import plan_program
from edgec.plan.result import MemoryPlan

SCRATCH_LIMITS = (1024, 256, 0)  # of the kernels' working memory, where RAM is short
RAM_SHARE = 0.7  # of limited RAM: steps that need less are left as they are

Planned = tuple[Program, MemoryPlan]


@dataclass(frozen=True)
class Goal:
    """What a program has to be like.

    flash: bytes that may be spent on faster kernels, as a part of the smallest constants. arena:
    how large the arena may become for such kernels, as a multiple of that without (0: they get no
    room). rows: instructions that running by rows may cost, as a part of all. ram: bytes for the
    arena, if there is a limit. align: of the arena, in bytes. push: the caller pushes the input row
    by row. hop: if not 0, inputs overlap: each begins so many rows behind the one before.
    epilogues: code may be spent on kernels that also do what follows a layer.
    patches: parts of the network may be computed patch by patch, with some of it twice.
    """

    flash: float
    arena: float
    rows: float
    ram: int | None
    align: int
    push: bool = False
    hop: int = 0
    epilogues: bool = True
    patches: bool = True


@dataclass(frozen=True, eq=False)
class Option:
    """A program with some of its steps as streams; what it is expected to take.

    cost: estimated instructions. align: of the arena, in bytes.
    """

    program: Program
    cut: Cut
    cost: float
    align: int

    @property
    def order(self) -> tuple[int, float]:
        """Small ones first."""
        return self.cut.bytes, self.cost

    @cached_property
    def built(self) -> Planned:
        """The program with its streams, and its plan."""
        return plan_program(streamed(self.program, self.cut), align=self.align)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A program that is not cut yet; finding its options takes a while.

    align: of the arena, in bytes. limit, hop: as for `Ways`.
    """

    program: Program
    align: int
    limit: int | None
    hop: int = 0
    region: Region | None = None

    @property
    def cost(self) -> float:
        """What every option costs at least: inputs that overlap may cost less than a whole one."""
        return -math.inf if self.hop else estimate(self.program)

    @cached_property
    def ways(self) -> Ways:
        """The ways to run the program."""
        return Ways.of(self.program, self.limit, self.hop, self.region)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Every cut that is worth it."""
        total = estimate(self.program)
        return tuple(
            Option(self.program, c, total + c.overhead, self.align) for c in self.ways.cuts()
        )


@dataclass(frozen=True, eq=False)
class Programs:
    """A graph with kernels for one kind of core.

    goal: what kernels have to be like. Its limit of memory only tells which steps need streams.
    """

    graph: Graph
    features: frozenset[str]
    goal: Goal

    @cached_property
    def whole(self) -> tuple[Planned, ...]:
        """No step by rows: plain, and with results over operands where that is another program."""
        rows, over = self.rows(), self.rows(inplace=True)
        made = (rows,) if rows.chosen == over.chosen else (rows, over)
        return tuple(plan_program(self.lowered(r), align=self.goal.align) for r in made)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Programs with as much working memory as kernels want."""
        return tuple(self.candidate(program) for program, _ in self.whole)

    @cached_property
    def frugal(self) -> tuple[Candidate, ...]:
        """Programs whose kernels have less working memory."""
        seen = {self.rows().chosen}
        found = []
        for scratch in SCRATCH_LIMITS:
            rows = self.rows(scratch)
            if rows.chosen not in seen:
                seen.add(rows.chosen)
                program, _ = plan_program(self.lowered(rows), align=self.goal.align)
                found.append(self.candidate(program))
        return tuple(found)

    @property
    def every(self) -> tuple[Candidate, ...]:
        """All of them."""
        return (*self.candidates, *self.frugal)

    def candidate(self, program: Program) -> Candidate:
        """`program` with all its cuts."""
        limit = None if self.goal.ram is None else int(RAM_SHARE * self.goal.ram)
        return Candidate(program, self.goal.align, limit, self.goal.hop)

    def serves(self, goal: Goal) -> bool:
        """Whether programs for `goal` would be the same, and have the same cuts."""
        same = replace(self.goal, rows=goal.rows, arena=goal.arena, ram=goal.ram)
        if same != goal:
            return False
        hot = max((threshold(c.program) for c in self.candidates), default=0.0)
        rams = (r for r in (self.goal.ram, goal.ram) if r is not None)
        return goal.ram == self.goal.ram or all(RAM_SHARE * r >= hot for r in rams)

    @cached_property
    def patchings(self) -> Patchings:
        """The parts that may run patch by patch."""
        return Patchings(self.graph, self.candidates[0].ways)

    @cached_property
    def _regions(self) -> dict[tuple[Part, int, bool], Candidate]:
        return {}

    def patches(self, patching: Patching, ram: int, epilogues: bool) -> Candidate:
        """Every number of rows to run a part of the network patch by patch in about `ram` bytes.

        Without `epilogues` the layers behind it have more, and smaller, steps.
        """
        key = (patching.part, patching.count, epilogues)
        if key not in self._regions:
            self._regions[key] = self._region(patching, ram, epilogues)
        return self._regions[key]

    def _region(self, patching: Patching, ram: int, epilogues: bool) -> Candidate:
        strips = patching.strips(self.graph)
        rows = RowKernels(strips.graph, self.features, self.goal.flash, epilogues=epilogues)
        region = lower_strips(strips, Kernels(rows.applies, rows.select, rows.joined))
        limit = int(RAM_SHARE * ram)
        return Candidate(region.program, self.goal.align, limit, region=region)

    # kernels -------------------------------------------------------------------------

    def rows(
        self,
        scratch: int | None = None,
        rooms: Mapping[str, int] | None = None,
        *,
        inplace: bool = False,
    ) -> RowKernels:
        """The kernel of each node, with at most `scratch` bytes of working memory.

        rooms: bytes that are free for it while a value is made. inplace: results over operands.
        """
        return RowKernels(
            self.graph,
            self.features,
            self.goal.flash,
            scratch,
            rooms,
            inplace=inplace,
            epilogues=self.goal.epilogues,
        )

    def apart(self, rooms: Mapping[str, int]) -> RowKernels:
        """Rows without epilogues: an operand that a layer adds takes room while it runs."""
        return replace(self, goal=replace(self.goal, epilogues=False)).rows(rooms=rooms)

    def lowered(self, rows: RowKernels) -> Program:
        """The graph with these kernels."""
        kernels = Kernels(rows.applies, rows.select, rows.joined)
        return lower_graph(self.graph, kernels, push=self.goal.push)


def cheapest_first(candidates: Iterable[Candidate]) -> Iterator[Option]:
    """Options by cost; a candidate is not looked into before what it costs at least comes up."""
    order = count()  # so that no two entries are compared beyond that
    heap: list[tuple[float, int, int, Candidate | Option]] = []
    for c in candidates:
        heappush(heap, (c.cost, -1, next(order), c))
    while heap:
        found = heappop(heap)[-1]
        if isinstance(found, Option):
            yield found
            continue
        for o in found.options:
            heappush(heap, (o.cost, o.cut.bytes, next(order), o))


def estimate(program: Program) -> float:
    """Estimated instructions."""
    return sum(step.cost for step in program.steps)
