"""Which kernels, and which steps by rows: little memory first, then what speed that allows.

The steps of the program are cut into streams (`edgec.lower.cuts`): taken is the smallest arena that
costs at most some more instructions. Kernels that are faster with working memory then get what is
free in that arena. If RAM is limited and that is still too large, kernels with less working memory
and more rows by rows are tried, the cheapest first that fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from itertools import count

from edgec.ir.graph import Graph
from edgec.lower.cuts import Cut, Ways, streamed
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.program import Program
from edgec.lower.select import RowKernels
from edgec.lower.strips import Region, lower_strips
from edgec.plan.patches import Patching, patch_notes, patchings
from edgec.plan.planner import plan_program
from edgec.plan.result import MemoryPlan
from edgec.plan.rooms import free_rooms

ROOM_SHARES = (1.0, 0.75, 0.5)  # of the memory that is free: not all of it is in one piece
SCRATCH_LIMITS = (1024, 256, 0)  # of the kernels' working memory, where RAM is short
THRIFT = 0.05  # part of the instructions from which on kernels with less memory are tried
RAM_SHARE = 0.7  # of limited RAM: steps that need less are left as they are
ATTEMPTS = 24  # schedules that are planned because they may be small: not all can be placed well
TRIALS = 4  # schedules that are planned because their estimates are the best
ESTIMATE = 0.1  # part by which a plan may need less than was estimated
POINTS = 12  # schedules that a sweep plans
WORTH = 0.002  # part of the instructions that the next schedule of a sweep has to save

PATCHINGS = 2  # that are looked at even if the first one fits
PATCH_WORTH = 1.1  # instructions, as a multiple, from which on patches may be cheaper than streams

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
class _Option:
    """A program with some of its steps as streams; what it is expected to take."""

    program: Program
    cut: Cut
    cost: float

    @property
    def order(self) -> tuple[int, float]:
        """Small ones first."""
        return self.cut.bytes, self.cost


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A program that is not cut yet; finding its options takes a while.

    limit, hop: as for `Ways`.
    """

    program: Program
    limit: int | None
    hop: int = 0
    region: Region | None = None

    @property
    def cost(self) -> float:
        """What every option costs at least: inputs that overlap may cost less than a whole one."""
        return -math.inf if self.hop else _cost(self.program)

    @cached_property
    def ways(self) -> Ways:
        """The ways to run the program."""
        return Ways.of(self.program, self.limit, self.hop, self.region)

    @cached_property
    def options(self) -> tuple[_Option, ...]:
        """Every cut that is worth it."""
        total = _cost(self.program)
        return tuple(_Option(self.program, c, total + c.overhead) for c in self.ways.cuts())


@dataclass(frozen=True, eq=False)
class SweepPoint:
    """A schedule: its program and the plan of its memory."""

    program: Program
    plan: MemoryPlan

    @property
    def arena(self) -> int:
        """Bytes of the arena."""
        return self.plan.arena_bytes

    @property
    def cost(self) -> float:
        """Estimated instructions."""
        return _cost(self.program)


@dataclass(frozen=True)
class Fit:
    """One graph on one kind of core."""

    graph: Graph
    features: frozenset[str]
    goal: Goal

    def best(self) -> Planned:
        """The program and its plan, in execution order."""
        if self.goal.hop:
            return self._overlapping()
        whole = self._whole()
        plain = whole[0]
        if self.goal.rows == 0 and self._fits(plain):
            return self._roomier(plain)
        candidates = self._candidates(whole)
        allowed = (1 + self.goal.rows) * _cost(plain[0])
        eligible = (c for c in candidates if c.cost <= allowed)
        options = (o for c in eligible for o in c.options if o.cost <= allowed)
        cheap = sorted(options, key=lambda o: o.order)
        best = plain
        for option in cheap[:ATTEMPTS]:
            if option.cut.bytes >= best[1].arena_bytes:
                break
            best = self._smaller(best, option)
        if not self._fits(best):
            best = self._squeezed(best, candidates)
        dear = _cost(best[0]) > PATCH_WORTH * _cost(plain[0])
        if self.goal.ram is not None and (dear or not self._fits(best)):
            best = self._patched(best, candidates[0].ways, self.goal.ram)
        return self._roomier(best)

    def _overlapping(self) -> Planned:
        """The least memory within the allowed instructions for an input behind the first one."""
        candidates = self._candidates(self._whole(), frugal=True)
        options = [option for c in candidates for option in c.options]
        allowed = (1 + self.goal.rows) * min(o.cost for o in options)
        cheap = sorted((o for o in options if o.cost <= allowed), key=lambda o: o.order)
        made = [self._built(option) for option in cheap[:ATTEMPTS]]
        best = min(made, key=lambda m: (m[1].arena_bytes, _cost(m[0])))
        return best if self._fits(best) else self._squeezed(best, candidates)

    def _patched(self, best: Planned, ways: Ways, ram: int) -> Planned:
        """The cheapest program that fits into `ram`, with the first layers patch by patch.

        If none does and `best` does not either, the smallest. ways: to run the plain program.
        """
        plain = ways.program
        for number, patching in enumerate(self._patchings(ways, ram), 1):
            if self._fits(best) and (1 + patching.share) * _cost(plain) >= _cost(best[0]):
                break
            for epilogues in dict.fromkeys((self.goal.epilogues, False)):
                best = self._cheaper(best, self._patches(patching, ram, epilogues), ram)
                if self._fits(best):
                    break
            if number >= PATCHINGS and self._fits(best):
                break
        return self._noted(best, plain)

    def _cheaper(self, best: Planned, options: Iterator[_Option], ram: int) -> Planned:
        """The cheapest of `best` and `options` that fits into `ram`, else the smallest."""
        trials = 0
        for option in sorted(options, key=lambda o: (o.cost, o.cut.bytes)):
            fits = best[1].arena_bytes <= ram
            if trials == TRIALS or (fits and option.cost >= _cost(best[0])):
                break
            if option.cut.bytes > ram and (fits or option.cut.bytes >= best[1].arena_bytes):
                continue
            made = self._built(option)
            trials += option.cut.bytes <= ram
            if made[1].arena_bytes <= (ram if fits else best[1].arena_bytes):
                best = made
        return best

    def _noted(self, made: Planned, plain: Program) -> Planned:
        """The program with what its patches cost, if it has any."""
        notes = patch_notes(made[0], self.graph, _cost(made[0]) / _cost(plain))
        return replace(made[0], notes=notes), made[1]

    def _patchings(self, ways: Ways, ram: int) -> tuple[Patching, ...]:
        """Patches that may fit into `ram` bytes; a pushed input is not there to be read again."""
        allowed = self.goal.patches and not self.goal.push
        return patchings(self.graph, ways, ram) if allowed else ()

    def _patches(self, patching: Patching, ram: int, epilogues: bool) -> Iterator[_Option]:
        """Every number of rows to run a part of the network patch by patch.

        Without `epilogues` the layers behind it have more, and smaller, steps.
        """
        strips = patching.strips(self.graph)
        rows = RowKernels(strips.graph, self.features, self.goal.flash, epilogues=epilogues)
        region = lower_strips(strips, Kernels(rows.applies, rows.select, rows.joined))
        candidate = _Candidate(region.program, int(RAM_SHARE * ram), region=region)
        yield from candidate.options

    def sweep(self) -> tuple[SweepPoint, ...]:
        """Schedules of which none is beaten in memory and instructions, the smallest first.

        Each is really planned, with the speed that its arena allows. The goal's limit of memory
        and its allowance for rows do not count.
        """
        free = replace(self, goal=replace(self.goal, ram=None))
        return _front([SweepPoint(*made) for made in free._schedules()])

    def _schedules(self) -> Iterator[Planned]:
        """What a sweep considers: the best, the plain ones, and those with good estimates."""
        yield self.best()
        whole = self._whole()
        candidates = self._candidates(whole, frugal=True)
        options = [option for c in candidates for option in c.options]
        if self.goal.hop:
            yield from map(self._built, _worthwhile(options))
            return
        yield from (self._roomier(made) for made in whole)
        least = min((o.cut.bytes for o in options), default=0)
        for patching in self._patchings(candidates[0].ways, least):
            options += self._patches(patching, least, self.goal.epilogues)
        for option in _worthwhile(options):
            yield self._noted(self._roomier(self._built(option)), whole[0][0])

    def _whole(self) -> list[Planned]:
        """No step by rows: plain, and with results over operands where that is another program."""
        rows, over = self._rows(), self._rows(inplace=True)
        return [self._planned(r) for r in ((rows,) if rows.chosen == over.chosen else (rows, over))]

    def _candidates(
        self, whole: Iterable[Planned], *, frugal: bool = False
    ) -> tuple[_Candidate, ...]:
        """The programs; if RAM counts or may cost more, others with less working memory as well."""
        found = [self._candidate(program) for program, _ in whole]
        if frugal or self.goal.ram is not None or self.goal.rows >= THRIFT:
            found += self._frugal()
        return tuple(found)

    def _frugal(self) -> Iterator[_Candidate]:
        """Programs whose kernels have less working memory."""
        seen = {self._rows().chosen}
        for scratch in SCRATCH_LIMITS:
            rows = self._rows(scratch)
            if rows.chosen not in seen:
                seen.add(rows.chosen)
                yield self._candidate(self._planned(rows)[0])

    def _candidate(self, program: Program) -> _Candidate:
        limit = None if self.goal.ram is None else int(RAM_SHARE * self.goal.ram)
        return _Candidate(program, limit, self.goal.hop)

    def _squeezed(self, best: Planned, candidates: Sequence[_Candidate]) -> Planned:
        """The cheapest program that fits into RAM, else the smallest that is found."""
        assert self.goal.ram is not None
        limit = (1 + ESTIMATE) * self.goal.ram
        for option in _cheapest_first(candidates):
            if option.cut.bytes > limit:
                continue
            best = min(best, self._built(option), key=_arena)
            if self._fits(best):
                return best
        every = (option for c in candidates for option in c.options)
        smallest = min(every, key=lambda o: o.order)
        return min(best, self._built(smallest), key=_arena)

    def _fits(self, made: Planned) -> bool:
        return self.goal.ram is None or made[1].arena_bytes <= self.goal.ram

    def _smaller(self, best: Planned, option: _Option) -> Planned:
        """The better of two: less memory, if it saves a larger part of that than it costs."""
        other = self._built(option)
        saved = 1 - other[1].arena_bytes / max(best[1].arena_bytes, 1)
        return other if saved > max(0.0, option.cost / _cost(best[0]) - 1) else best

    def _built(self, option: _Option) -> Planned:
        return plan_program(streamed(option.program, option.cut), align=self.goal.align)

    # kernels -------------------------------------------------------------------------

    def _rows(
        self,
        scratch: int | None = None,
        rooms: Mapping[str, int] | None = None,
        *,
        inplace: bool = False,
    ) -> RowKernels:
        flash = self.goal.flash
        return RowKernels(
            self.graph,
            self.features,
            flash,
            scratch,
            rooms,
            inplace=inplace,
            epilogues=self.goal.epilogues,
        )

    def _planned(self, rows: RowKernels) -> Planned:
        kernels = Kernels(rows.applies, rows.select, rows.joined)
        program = lower_graph(self.graph, kernels, push=self.goal.push)
        return plan_program(program, align=self.goal.align)

    def _roomier(self, made: Planned) -> Planned:
        """The program with kernels that use memory which others leave free, if the arena allows."""
        if any(stream.bands for stream in made[0].streams):
            return made
        limit = int(self.goal.arena * made[1].arena_bytes)
        limit = limit if self.goal.ram is None else min(limit, self.goal.ram)
        if limit < made[1].arena_bytes:
            return made
        plain = self._rows().chosen
        free = free_rooms(*made, limit)
        for share in ROOM_SHARES:
            rooms = {value: int(share * room) for value, room in free.items()}
            joined = self._rows(rooms=rooms)
            if joined.chosen == plain:
                break
            tried = {rows.chosen: rows for rows in (joined, self._apart(rooms))}
            found = [self._cheapest(self._planned(rows)[0], limit) for rows in tried.values()]
            best = min((f for f in found if f is not None), key=lambda f: _cost(f[0]), default=made)
            if _cost(best[0]) < _cost(made[0]):
                return best
        return made

    def _apart(self, rooms: Mapping[str, int]) -> RowKernels:
        """Rows without epilogues: an operand that a layer adds takes room while it runs."""
        return replace(self, goal=replace(self.goal, epilogues=False))._rows(rooms=rooms)

    def _cheapest(self, program: Program, limit: int) -> Planned | None:
        """The streams of `program` that cost least in an arena of `limit` bytes."""
        near = [o for o in self._candidate(program).options if o.cut.bytes <= limit]
        for option in sorted(near, key=lambda o: (o.cost, o.cut.bytes))[:TRIALS]:
            made = self._built(option)
            if made[1].arena_bytes <= limit:
                return made
        return None


def _cheapest_first(candidates: Iterable[_Candidate]) -> Iterator[_Option]:
    """Options by cost; a candidate is not looked into before what it costs at least comes up."""
    order = count()  # so that no two entries are compared beyond that
    heap: list[tuple[float, int, int, _Candidate | _Option]] = []
    for c in candidates:
        heappush(heap, (c.cost, -1, next(order), c))
    while heap:
        found = heappop(heap)[-1]
        if isinstance(found, _Option):
            yield found
            continue
        for o in found.options:
            heappush(heap, (o.cost, o.cut.bytes, next(order), o))


def _arena(made: Planned) -> int:
    return made[1].arena_bytes


def _cost(program: Program) -> float:
    """Estimated instructions."""
    return sum(step.cost for step in program.steps)


def _worthwhile(options: list[_Option]) -> list[_Option]:
    """At most POINTS options by their estimates, from the smallest to the cheapest."""
    found: list[_Option] = []
    for option in sorted(options, key=lambda o: o.order):
        if not found or option.cost < (1 - WORTH) * found[-1].cost:
            found.append(option)
    last = len(found) - 1
    if last < POINTS:
        return found
    return [found[round(k * last / (POINTS - 1))] for k in range(POINTS)]


def _front(points: list[SweepPoint]) -> tuple[SweepPoint, ...]:
    """Those that need fewer instructions than all that are no larger, the smallest first."""
    found: list[SweepPoint] = []
    for point in sorted(points, key=lambda p: (p.arena, p.cost)):
        if not found or point.cost < found[-1].cost:
            found.append(point)
    return tuple(found)
