"""Parts of a graph as strips: copies of the nodes that each compute some columns of the result.

Where windows overlap, columns between two strips are computed by both. Which columns of every
image a strip needs follows backwards from the columns of its result, exactly: by sizes, strides,
dilations and padding of all windows on the way. Padding stays where it was: inside the image
there is none, so the outermost strips alone have it. Every element is computed by the same
operations as before; the results are the same bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from edgec.ir.graph import Graph, Node, Value
from edgec.ops.base import Op
from edgec.ops.conv import Conv
from edgec.ops.move import Concat, Slice
from edgec.ops.pad import Pad
from edgec.ops.pool import MaxPool, Pool
from edgec.ops.quantized_window import QAveragePool, QConv
from edgec.ops.window import Window

ROWS, COLUMNS = 1, 2  # axes of an image [1, H, W, C]


@dataclass(frozen=True)
class Span:
    """Rows or columns `first` to `stop` (exclusive) of an image."""

    first: int
    stop: int

    @property
    def size(self) -> int:
        """How many there are."""
        return self.stop - self.first

    def hull(self, other: Span | None) -> Span:
        """The smallest span that contains both."""
        if other is None:
            return self
        return Span(min(self.first, other.first), max(self.stop, other.stop))


@dataclass(frozen=True)
class Reach:
    """What a result needs of an image with `size` rows or columns, along that axis."""

    kernel: int
    stride: int
    dilation: int
    before: int
    size: int

    def taps(self, of: Span) -> Span:
        """What the windows of `of` cover, the padding included."""
        first = of.first * self.stride - self.before
        last = (of.stop - 1) * self.stride - self.before + (self.kernel - 1) * self.dilation
        return Span(first, last + 1)

    def needs(self, of: Span) -> Span | None:
        """What `of` reads; None if that is only padding."""
        taps = self.taps(of)
        found = Span(max(taps.first, 0), min(taps.stop, self.size))
        return found if found.size > 0 else None


@dataclass(frozen=True, eq=False)
class Part:
    """Nodes in order that compute `end` from the image `start` alone; only `end` is used outside.

    All of their operands and results are constants or images [1, H, W, C].
    """

    start: Value
    end: Value
    nodes: tuple[Node, ...]
    images: frozenset[Value]

    @cached_property
    def _plans(self) -> dict[tuple[int, Span], Mapping[Value, Span] | None]:
        return {}

    def needs(self, axis: int, of: Span) -> Mapping[Value, Span] | None:
        """Rows or columns of every image that `of` of the end needs; None if one needs none."""
        key = (axis, of)
        if key not in self._plans:
            self._plans[key] = self._needs(axis, of)
        return self._plans[key]

    def _needs(self, axis: int, of: Span) -> Mapping[Value, Span] | None:
        spans = {self.end: of}
        for node in reversed(self.nodes):
            for value in self.images_of(node):
                found = reach(node, axis).needs(spans[node.output])
                if found is None:
                    return None
                spans[value] = found.hull(spans.get(value))
        return spans

    def images_of(self, node: Node) -> tuple[Value, ...]:
        """The operands of `node` that are images."""
        return tuple(v for v in node.operands if v in self.images)


def window_of(node: Node) -> Window | None:
    """The window that a node slides over its first operand; None if it goes by elements."""
    if isinstance(node.op, QConv):
        weights = node.inputs[1]
        assert weights is not None
        return node.op.geometry.window(weights.type)
    if isinstance(node.op, Conv):
        weights = node.inputs[1]
        assert weights is not None
        return node.op.window(weights.type)
    if isinstance(node.op, MaxPool | QAveragePool):
        return node.op.window
    return None


def reach(node: Node, axis: int) -> Reach:
    """What rows (axis 1) or columns (2) of the result need of the operands."""
    window = window_of(node)
    image = node.operands[0].type.shape
    if window is None:
        return Reach(1, 1, 1, 0, image[axis])
    k = axis - 1
    return Reach(
        window.kernel[k], window.strides[k], window.dilations[k], window.begin[k], image[axis]
    )


# parts ---------------------------------------------------------------------------------------


def parts(graph: Graph) -> Iterator[Part]:
    """Every part of `graph` that may be cut into strips, with a window at least."""
    readers: dict[Value, int] = {}
    for node in graph.nodes:
        for value in node.operands:
            readers[value] = readers.get(value, 0) + 1
    for value in graph.outputs:
        readers[value] = readers.get(value, 0) + 1
    for number, start in _starts(graph):
        yield from _parts_from(graph, start, number, readers)


def _starts(graph: Graph) -> Iterator[tuple[int, Value]]:
    """Images, with the number of the first node that may read them."""
    for value in graph.inputs:
        if _is_image(value):
            yield 0, value
    for number, node in enumerate(graph.nodes, 1):
        if len(node.outputs) == 1 and _is_image(node.output):
            yield number, node.output


def _parts_from(
    graph: Graph, start: Value, number: int, readers: Mapping[Value, int]
) -> Iterator[Part]:
    """Parts that begin with `start`: where nothing else is left open."""
    waiting = {start: readers.get(start, 0)}  # reads of each value that have not been seen
    taken: list[Node] = []
    windows = 0
    for node in graph.nodes[number:]:
        images = [v for v in node.operands if v in waiting]
        if not images:
            continue
        if start in graph.outputs or not _divisible(graph, node, waiting):
            return  # an image is used outside, and so of all parts beyond
        for value in images:
            waiting[value] -= 1
        waiting[node.output] = readers.get(node.output, 0)
        taken.append(node)
        windows += window_of(node) is not None
        open_ = [v for v, count in waiting.items() if count]
        if open_ == [node.output] and windows:
            yield Part(start, node.output, tuple(taken), frozenset(waiting))


def _is_image(value: Value) -> bool:
    return value.type.rank == 4 and value.type.shape[0] == 1


def _divisible(graph: Graph, node: Node, images: Mapping[Value, int]) -> bool:
    """Whether columns of a node can be computed from columns of images."""
    if len(node.outputs) != 1 or not _is_image(node.output):
        return False
    others = [v for v in node.operands if v not in images]
    if any(v not in graph.constants for v in others):
        return False
    if window_of(node) is not None:
        return _plain_window(node, images)
    if isinstance(node.op, Pad):
        sides = (*node.op.before[:3], *node.op.after[:3])
        return not any(sides)
    plane = node.output.type.shape[1:3]
    same = all(v.type.shape[1:3] == plane for v in node.operands if v in images)
    return node.op.elementwise and same and all(v.type.shape[-3:-1] in _ONE for v in others)


_ONE = ((), (1,), (1, 1))  # rows and columns of constants that are the same everywhere


def _plain_window(node: Node, images: Mapping[Value, int]) -> bool:
    """Whether a window slides over rows and columns of the first operand only."""
    window = window_of(node)
    last = isinstance(node.op, Conv | QConv | Pool | QAveragePool) and node.op.channels_last
    return last and window is not None and window.rank == 2 and node.operands[0] in images


# strips --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Strips:
    """A graph with a part as strips: the nodes that do so, and the one that joins the results."""

    graph: Graph
    nodes: frozenset[Node]
    join: Node


def divided(size: int, count: int) -> tuple[Span, ...]:
    """`size` rows or columns in `count` spans of almost the same size."""
    edges = [k * size // count for k in range(count + 1)]
    return tuple(itertools.starmap(Span, itertools.pairwise(edges)))


def strips(graph: Graph, part: Part, count: int) -> Strips | None:
    """`graph` with `part` in `count` strips of columns; None if one would need nothing.

    `graph` stays as it is: all other nodes and values are in both.
    """
    columns = divided(part.end.type.shape[COLUMNS], count)
    plans = [part.needs(COLUMNS, span) for span in columns]
    made = replace(
        graph, inputs=list(graph.inputs), outputs=list(graph.outputs), nodes=[],
        constants=dict(graph.constants), names=set(graph.names),
    )  # fmt: skip
    results = []
    for plan in plans:
        if plan is None:
            return None
        results.append(_Strip(made, part, plan).run())
    op = Concat(COLUMNS)
    join = Node(op, tuple(results), (part.end,), part.nodes[-1].origin)
    mine = set(part.nodes)
    at = graph.nodes.index(part.nodes[-1])
    before = [n for n in graph.nodes[:at] if n not in mine]
    new = made.nodes
    made.nodes = [*before, *new, join, *graph.nodes[at + 1 :]]
    return Strips(made, frozenset(new), join)


@dataclass(frozen=True, eq=False)
class _Strip:
    """One strip while it is added to `graph`: `plan` tells the columns of every image."""

    graph: Graph
    part: Part
    plan: Mapping[Value, Span]

    def run(self) -> Value:
        """Adds the nodes; the columns of the end."""
        start = self.part.start
        whole = Span(0, start.type.shape[COLUMNS])
        made = {start: self._crop(start, whole, self.plan[start])}
        for node in self.part.nodes:
            made[node.output] = self._copy(node, made)
        return made[self.part.end]

    def _copy(self, node: Node, made: Mapping[Value, Value]) -> Value:
        """`node` for the columns that are planned."""
        wanted, along = self.plan[node.output], reach(node, COLUMNS)
        needed = along.needs(wanted)
        assert needed is not None
        images = {v: self._crop(made[v], self.plan[v], needed) for v in self.part.images_of(node)}
        inputs = tuple(None if v is None else images.get(v, v) for v in node.inputs)
        op = _padded(node.op, along, wanted)
        return self.graph.add(op, *inputs, name=node.output.name, origin=node.origin)

    def _crop(self, image: Value, have: Span, want: Span) -> Value:
        """Columns `want` of an image that has columns `have`."""
        if have == want:
            return image
        shape = list(image.type.shape)
        shape[COLUMNS] = want.size
        starts = (0, 0, want.first - have.first, 0)
        return self.graph.add(Slice(starts, (1, 1, 1, 1), tuple(shape)), image, name=image.name)


def _padded(op: Op, along: Reach, columns: Span) -> Op:
    """`op` with the padding that these columns of its result see."""
    taps = along.taps(columns)
    left, right = max(0, -taps.first), max(0, taps.stop - along.size)
    if isinstance(op, Conv | QConv | MaxPool | QAveragePool):
        top, _, bottom, _ = op.pads
        return replace(op, pads=(top, left, bottom, right))
    return op
