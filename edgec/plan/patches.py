"""Patches: a part of the network in strips of columns and bands of rows, where streams are too big.

Rows that a stream keeps are as wide as the image. Where even those do not fit, or cost too much,
the first layers run patch by patch: nothing is kept, what neighbours have in common is computed
again. How many columns and rows, and of which part, is chosen by estimates: the multiplications
that are done again, and the bytes of a patch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from edgec.ir.graph import Graph, Node, Value
from edgec.lower.cuts import Ways
from edgec.lower.program import Program
from edgec.ops.move import Transpose
from edgec.ops.shape import Reshape
from edgec.passes.strips import COLUMNS, ROWS, Part, Span, Strips, divided, parts, strips

STRIPS = (1, 2, 3, 4, 5, 6, 8, 10)
BANDS = (1, 2, 3, 4, 5, 6, 8, 10, 12)  # rows of the result
MOST = 4  # patches that are worth a closer look
SAME = 2  # of the same part


@dataclass(frozen=True, eq=False)
class Patching:
    """A part in `count` strips and bands of `granule` rows, by estimates.

    bytes: of the arena. again: multiplications that are done again, of `total` in the network.
    """

    part: Part
    count: int
    granule: int
    bytes: int
    again: int
    total: int

    @property
    def share(self) -> float:
        """Multiplications that are done again, as a part of all."""
        return self.again / max(self.total, 1)

    def strips(self, graph: Graph) -> Strips:
        """The graph with the strips."""
        found = strips(graph, self.part, self.count)
        assert found is not None  # else there were no estimates
        return found


@dataclass(frozen=True, eq=False)
class Patchings:
    """The patches of a graph, estimated when they are asked for, and once.

    ways: to run the graph's program, for what the rest of it takes with streams.
    """

    graph: Graph
    ways: Ways

    def within(self, limit: int) -> tuple[Patching, ...]:
        """Patches with an arena of about `limit` bytes at most, those that cost least first.

        If there are none, those with the smallest arena.
        """
        found: list[Patching] = []
        smallest: list[Patching] = []
        for part, rest in self._parts:
            if max(rest, _size(part.start), _size(part.end)) > limit:
                continue
            for options in self._estimates(part, rest):
                small = [p for p in options if p.bytes <= limit]
                if small:
                    found.append(min(small, key=_cheap))
                elif options:
                    smallest.append(min(options, key=_small))
        return _few(sorted(found, key=_cheap)) or _few(sorted(smallest, key=_small))

    @cached_property
    def _outside(self) -> _Outside:
        return _Outside.of(self.graph, self.ways)

    @cached_property
    def _parts(self) -> tuple[tuple[Part, int], ...]:
        """Parts, with the least bytes for all that is not in them."""
        found = ((part, self._outside.bytes(part)) for part in parts(self.graph))
        return tuple((part, rest) for part, rest in found if rest is not None)

    @cached_property
    def _known(self) -> dict[Part, tuple[tuple[Patching, ...], ...]]:
        return {}

    def _estimates(self, part: Part, rest: int) -> tuple[tuple[Patching, ...], ...]:
        """All bands for each number of strips."""
        if part not in self._known:
            total = sum(macs(node) for node in self.graph.nodes)
            over = self._outside.stored(part.start)
            counts = [n for n in STRIPS if n <= part.end.type.shape[COLUMNS]]
            self._known[part] = tuple(
                tuple(_bands(part, count, rest, total, over=over)) for count in counts
            )
        return self._known[part]


def _cheap(p: Patching) -> tuple[int, int]:
    return p.again, p.bytes


def _small(p: Patching) -> tuple[int, int]:
    return p.bytes, p.again


def _few(ordered: Sequence[Patching]) -> tuple[Patching, ...]:
    """The first ones, not too many of the same part."""
    found: list[Patching] = []
    for p in ordered:
        if sum(p.part is other.part for other in found) < SAME:
            found.append(p)
    return tuple(found[:MOST])


@dataclass(frozen=True, eq=False)
class _Outside:
    """What a program takes before and behind a part of it."""

    makers: dict[str, int]  # number of the step that makes a value
    producers: dict[Value, Node]
    before: tuple[int, ...]
    behind: tuple[int, ...]

    @staticmethod
    def of(graph: Graph, ways: Ways) -> _Outside:
        """With the ways that take the fewest bytes."""
        makers = {step.value: k for k, step in enumerate(ways.program.steps)}
        makers |= {port.name: -1 for port in ways.program.inputs}
        return _Outside(makers, graph.producers(), *ways.least())

    def stored(self, value: Value) -> bool:
        """Whether a value is in memory as it is: strips need no copy of a view as a whole."""
        node = self.producers.get(value)
        return node is None or not isinstance(node.op, Transpose | Reshape)

    def bytes(self, part: Part) -> int | None:
        """Least bytes for all that is not in `part`; None if its ends are not stored."""
        start, end = self._maker(part.start), self.makers.get(part.end.name)
        if start is None or end is None:
            return None
        return max(self.before[start + 1], self.behind[end + 1])

    def _maker(self, value: Value) -> int | None:
        """The step that makes what `value` is, or is a view of."""
        while not self.stored(value):
            value = self.producers[value].operands[0]
        return self.makers.get(value.name)


def _bands(part: Part, count: int, rest: int, total: int, *, over: bool) -> Iterator[Patching]:
    """A part in `count` strips, by the rows of a band, where others need `rest` bytes.

    over: the end may lie over the start. total: multiplications of the network.
    """
    height, width = part.end.type.shape[ROWS], part.end.type.shape[COLUMNS]
    across = _Axis.of(part, COLUMNS, divided(width, count))
    for granule in BANDS:
        if granule >= height:
            return
        rows = tuple(Span(a, min(a + granule, height)) for a in range(0, height, granule))
        down = _Axis.of(part, ROWS, rows)
        if across is not None and down is not None:
            whole = _whole(part, rows, down) if over else _size(part.start) + _size(part.end)
            size = max(rest, whole + _peak(part, across, down))
            yield Patching(part, count, granule, size, _again(part, across, down), total)


@dataclass(frozen=True, eq=False)
class _Axis:
    """What patches need along one axis: of each image the most in one of them, and in total."""

    most: dict[Value, int]
    total: dict[Value, int]
    first: tuple[int, ...]  # of the start

    @staticmethod
    def of(part: Part, axis: int, spans: tuple[Span, ...]) -> _Axis | None:
        """For patches `spans` of the end; None if one of them needs only padding."""
        plans = []
        for span in spans:
            plan = part.needs(axis, span)
            if plan is None:
                return None
            plans.append(plan)
        images = plans[0]
        most = {v: max(p[v].size for p in plans) for v in images}
        total = {v: sum(p[v].size for p in plans) for v in images}
        return _Axis(most, total, tuple(p[part.start].first for p in plans))


def _whole(part: Part, rows: tuple[Span, ...], down: _Axis) -> int:
    """Bytes of the start and the end, which may lie over rows of the start that are consumed."""
    x, y = _size(part.start), _size(part.end)
    row_x, row_y = x // part.start.type.shape[ROWS], y // part.end.type.shape[ROWS]
    ahead = max(r.stop * row_y - f * row_x for r, f in zip(rows, down.first, strict=True))
    return max(x + max(ahead, 0), y)


def _peak(part: Part, across: _Axis, down: _Axis) -> int:
    """Bytes of the largest patch at the step that needs most."""

    @cache
    def size(v: Value) -> int:
        return across.most[v] * down.most[v] * v.type.shape[-1] * v.type.dtype.size

    last: dict[Value, int] = {}
    for k, node in enumerate(part.nodes):
        last.update(dict.fromkeys(part.images_of(node), k))
    live, peak = {part.start: size(part.start)}, 0
    for k, node in enumerate(part.nodes):
        live[node.output] = size(node.output)
        fused = node.op.elementwise and len(part.images_of(node)) == 1
        peak = max(peak, sum(live.values()) - (size(node.output) if fused else 0))
        live = {v: n for v, n in live.items() if last.get(v, k + 1) > k}
    return peak


def _again(part: Part, across: _Axis, down: _Axis) -> int:
    """Multiplications beyond those of the part as it is."""
    total = 0
    for node in part.nodes:
        y = node.output
        plane = y.type.shape[ROWS] * y.type.shape[COLUMNS]
        total += macs(node) * (across.total[y] * down.total[y] - plane) // plane
    return total


def macs(node: Node) -> int:
    """Multiplications of a node."""
    types = tuple(None if v is None else v.type for v in node.inputs)
    return node.op.macs(types, tuple(v.type for v in node.outputs))


def _size(value: Value) -> int:
    return value.type.size * value.type.dtype.size


def patch_notes(program: Program, graph: Graph, share: float) -> tuple[str, ...]:
    """What the patches of a program cost, for the report.

    graph: without patches. share: estimated instructions as a multiple of those without.
    """
    found = []
    before = sum(macs(node) for node in graph.nodes)
    again = sum(step.macs for step in program.steps) - before
    for stream in program.streams:
        if stream.bands:
            steps = program.steps[stream.first : stream.stop]
            count = sum(step.writes[0] is stream.clock for step in steps)
            found.append(
                f"patch by patch up to '{steps[-1].value}': {count} strips of columns, bands of"
                f" {stream.granule} rows; {again / max(before, 1):.1%} of all multiplications are"
                f" done again, about {share - 1:+.0%} instructions in all against the fastest plan"
            )
    return tuple(found)
