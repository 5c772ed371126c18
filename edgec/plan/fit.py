"""Which kernels, and which steps by rows: little memory first, then what speed that allows.

The steps of the program are cut into streams (`edgec.lower.cuts`): taken is the smallest arena that
costs at most some more instructions. Kernels that are faster with working memory then get what is
free in that arena. If RAM is limited and that is still too large, kernels with less working memory
and more rows by rows are tried, the cheapest first that fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from edgec.ir.graph import Graph
from edgec.lower.program import Program
from edgec.lower.select import RowKernels
from edgec.plan.candidates import (
    Candidate,
    Goal,
    Option,
    Planned,
    Programs,
    cheapest_first,
    estimate,
)
from edgec.plan.patches import Patching, patch_notes
from edgec.plan.planner import plan_program
from edgec.plan.result import MemoryPlan
from edgec.plan.rooms import free_rooms

ROOM_SHARES = (1.0, 0.75, 0.5)  # of the memory that is free: not all of it is in one piece
THRIFT = 0.05  # part of the instructions from which on kernels with less memory are tried
ATTEMPTS = 24  # schedules that are planned because they may be small: not all can be placed well
TRIALS = 4  # schedules that are planned because their estimates are the best
ESTIMATE = 0.1  # part by which a plan may need less than was estimated
POINTS = 12  # schedules that a sweep plans
WORTH = 0.002  # part of the instructions that the next schedule of a sweep has to save

PATCH_WORTH = 1.1  # instructions, as a multiple, from which on patches may be cheaper
PATCHINGS = 2  # parts that are looked at together
PATCH_TRIALS = 8  # the same for patches, whose estimates are not as good


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
        return estimate(self.program)


@dataclass(frozen=True, eq=False)
class Fit:
    """Chooses one of the programs of a graph."""

    programs: Programs
    goal: Goal

    @staticmethod
    def of(graph: Graph, features: frozenset[str], goal: Goal) -> Fit:
        """For one graph on one kind of core."""
        return Fit(Programs(graph, features, goal), goal)

    def within(self, ram: int | None) -> Fit:
        """The same with another limit of memory, in bytes; what is known already is kept."""
        return Fit(self.programs, replace(self.goal, ram=ram))

    def towards(self, goal: Goal) -> Fit:
        """For another goal, with the same programs if that makes no difference."""
        if self.programs.serves(goal):
            return Fit(self.programs, goal)
        return Fit(replace(self.programs, goal=goal), goal)

    def prepare(self) -> None:
        """Work out what is needed for any limit of memory."""
        for candidate in self.programs.every[:1]:
            _ = candidate.options

    def best(self) -> Planned:
        """The program and its plan, in execution order."""
        if self.goal.hop:
            return self._overlapping()
        plain = self.programs.whole[0]
        if self.goal.rows == 0 and self._fits(plain):
            return self._roomier(plain)
        allowed = (1 + self.goal.rows) * estimate(plain[0])
        eligible = (c for c in self._candidates if c.cost <= allowed)
        options = (o for c in eligible for o in c.options if o.cost <= allowed)
        cheap = sorted(options, key=lambda o: o.order)
        best = plain
        for option in cheap[:ATTEMPTS]:
            if option.cut.bytes >= best[1].arena_bytes:
                break
            best = self._smaller(best, option)
        if not self._fits(best):
            best = self._squeezed(best)
        if self.goal.ram is not None:
            best = self._patched(best, self.goal.ram)
        return self._roomier(best)

    @property
    def _candidates(self) -> tuple[Candidate, ...]:
        """Those with less working memory only if RAM counts, or may cost more."""
        counts = self.goal.ram is not None or self.goal.rows >= THRIFT or self.goal.hop
        return self.programs.every if counts else self.programs.candidates

    def _overlapping(self) -> Planned:
        """The least memory within the allowed instructions for an input behind the first one."""
        options = [option for c in self._candidates for option in c.options]
        allowed = (1 + self.goal.rows) * min(o.cost for o in options)
        cheap = sorted((o for o in options if o.cost <= allowed), key=lambda o: o.order)
        made = [self._built(option) for option in cheap[:ATTEMPTS]]
        best = min(made, key=lambda m: (m[1].arena_bytes, estimate(m[0])))
        return best if self._fits(best) else self._squeezed(best)

    def _patched(self, best: Planned, ram: int) -> Planned:
        """The cheapest program that fits into `ram`, with the first layers patch by patch.

        If none does and `best` does not either, the smallest.
        """
        plain = self.programs.whole[0][0]
        found = self._patchings(ram)
        tried: list[Candidate] = []
        for part in (found[:PATCHINGS], found[PATCHINGS:]):
            for epilogues in dict.fromkeys((self.goal.epilogues, False)):
                worth = [p for p in part if not self._fits(best) or self._may_save(p, best)]
                # several bands of a part are the same candidate
                every = dict.fromkeys(self.programs.patches(p, ram, epilogues) for p in worth)
                tried += every
                best = self._cheaper(best, every, ram)
                if self._fits(best):
                    return self._noted(best, plain)
        smallest = (min(c.options, key=lambda o: o.order) for c in tried if c.options)
        less = (o for o in smallest if o.cut.bytes < best[1].arena_bytes)
        best = min((best, *map(self._built, less)), key=_arena)
        return self._noted(best, plain)

    def _may_save(self, patching: Patching, best: Planned) -> bool:
        """Whether patches may take fewer instructions, by what they compute again.

        That is less than nothing where rows or columns are never read, at the edge of a pool.
        Otherwise they are worth a look only where streams are dear.
        """
        plain = estimate(self.programs.whole[0][0])
        worth = patching.share < 0 or _work(best) > PATCH_WORTH * plain
        return worth and (1 + patching.share) * plain < _work(best)

    def _cheaper(self, best: Planned, candidates: Iterable[Candidate], ram: int) -> Planned:
        """The cheapest of `best` and the options that fits into `ram`; else `best`."""
        near = (o for o in cheapest_first(candidates) if o.cut.bytes <= ram)
        for option in islice(near, PATCH_TRIALS):
            if self._fits(best) and option.cost >= _work(best):
                break
            made = self._built(option)
            if made[1].arena_bytes <= ram:
                return made
        return best

    def _noted(self, made: Planned, plain: Program) -> Planned:
        """The program with what its patches cost, if it has any."""
        notes = patch_notes(made[0], self.programs.graph, estimate(made[0]) / estimate(plain))
        return replace(made[0], notes=notes), made[1]

    def _patchings(self, ram: int) -> tuple[Patching, ...]:
        """Patches that may fit into `ram` bytes; a pushed input is not there to be read again."""
        allowed = self.goal.patches and not self.goal.push
        return self.programs.patchings.within(ram) if allowed else ()

    def sweep(self) -> tuple[SweepPoint, ...]:
        """Schedules of which none is beaten in memory and instructions, the smallest first.

        Each is really planned, with the speed that its arena allows. The goal's limit of memory
        and its allowance for rows do not count.
        """
        goal = replace(self.goal, ram=None)
        free = Fit(replace(self.programs, goal=goal), goal)
        return _front([SweepPoint(*made) for made in free._schedules()])

    def _schedules(self) -> Iterator[Planned]:
        """What a sweep considers: the best, the plain ones, and those with good estimates."""
        yield self.best()
        options = [option for c in self.programs.every for option in c.options]
        if self.goal.hop:
            yield from map(self._built, _worthwhile(options))
            return
        whole = self.programs.whole
        yield from (self._roomier(made) for made in whole)
        least = min((o.cut.bytes for o in options), default=0)
        for patching in self._patchings(least):
            options += self.programs.patches(patching, least, self.goal.epilogues).options
        for option in _worthwhile(options):
            yield self._noted(self._roomier(self._built(option)), whole[0][0])

    def _squeezed(self, best: Planned) -> Planned:
        """The cheapest program that fits into RAM, else the smallest that is found."""
        assert self.goal.ram is not None
        limit = (1 + ESTIMATE) * self.goal.ram
        for option in cheapest_first(self._candidates):
            if option.cut.bytes > limit:
                continue
            best = min(best, self._built(option), key=_arena)
            if self._fits(best):
                return best
        every = (option for c in self._candidates for option in c.options)
        smallest = min(every, key=lambda o: o.order)
        return min(best, self._built(smallest), key=_arena)

    def _fits(self, made: Planned) -> bool:
        return self.goal.ram is None or made[1].arena_bytes <= self.goal.ram

    def _smaller(self, best: Planned, option: Option) -> Planned:
        """The better of two: less memory, if it saves a larger part of that than it costs."""
        other = self._built(option)
        saved = 1 - other[1].arena_bytes / max(best[1].arena_bytes, 1)
        return other if saved > max(0.0, option.cost / estimate(best[0]) - 1) else best

    def _built(self, option: Option) -> Planned:
        return option.built

    def _roomier(self, made: Planned) -> Planned:
        """The program with kernels that use memory which others leave free, if the arena allows."""
        if any(stream.bands for stream in made[0].streams):
            return made
        limit = int(self.goal.arena * made[1].arena_bytes)
        limit = limit if self.goal.ram is None else min(limit, self.goal.ram)
        if limit < made[1].arena_bytes:
            return made
        plain = self.programs.rows().chosen
        free = free_rooms(*made, limit)
        for share in ROOM_SHARES:
            rooms = {value: int(share * room) for value, room in free.items()}
            joined = self.programs.rows(rooms=rooms)
            if joined.chosen == plain:
                break
            tried = {rows.chosen: rows for rows in (joined, self.programs.apart(rooms))}
            found = [self._cheapest(rows, limit) for rows in tried.values()]
            best = min(
                (f for f in found if f is not None), key=lambda f: estimate(f[0]), default=made
            )
            if estimate(best[0]) < estimate(made[0]):
                return best
        return made

    def _cheapest(self, rows: RowKernels, limit: int) -> Planned | None:
        """The streams with these kernels that cost least in an arena of `limit` bytes."""
        program, _ = plan_program(self.programs.lowered(rows), align=self.goal.align)
        near = [o for o in self.programs.candidate(program).options if o.cut.bytes <= limit]
        for option in sorted(near, key=lambda o: (o.cost, o.cut.bytes))[:TRIALS]:
            made = self._built(option)
            if made[1].arena_bytes <= limit:
                return made
        return None


def _arena(made: Planned) -> int:
    return made[1].arena_bytes


def _work(made: Planned) -> float:
    return estimate(made[0])


def _worthwhile(options: list[Option]) -> list[Option]:
    """At most POINTS options by their estimates, from the smallest to the cheapest."""
    found: list[Option] = []
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
