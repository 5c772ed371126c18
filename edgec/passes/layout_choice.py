"""Which nodes work channels last, so that as few bytes as possible must be transposed.

Every node gets a side: first (as written) or last (its operands and results with the axes
[N, C, *S] moved to [N, *S, C]). Convolutions and pools are last, operators that depend on
the order of axes are first, all others may be either. A value between nodes of different
sides costs a Transpose. The cheapest choice is a minimum cut of a network in which nodes
are vertices and values are edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edgec.ir.graph import Array, Graph, Node, Value
from edgec.ops.base import Op
from edgec.ops.move import Transpose
from edgec.ops.shape import Reshape
from edgec.passes import perms
from edgec.passes.mincut import Network
from edgec.passes.permute_columns import can_permute_columns

FREE = 0  # bytes: a value without elements to move
RESHAPE = 1  # what a Reshape costs: nothing at run time, but fewer are nicer
BYTE = 16  # what transposing one byte costs
NEVER = 1 << 60


@runtime_checkable
class Spatial(Protocol):
    """An operator on images, with weights or without, that has a channels-last form."""

    channels_last: bool

    def to_channels_last(self) -> Op:
        """The same operator on channels-last images."""
        ...


@runtime_checkable
class Weighted(Spatial, Protocol):
    """A spatial operator whose operand 1 are weights."""

    def weights_to_channels_last(self, w: Array) -> Array:
        """The weights in the order that the channels-last form takes."""
        ...


@dataclass(frozen=True)
class Choice:
    """The sides of a graph's nodes, by identity."""

    last_reads: frozenset[int]  # nodes that read channels last
    last_writes: frozenset[int]  # nodes whose results are channels last

    def reads_last(self, node: Node) -> bool:
        return id(node) in self.last_reads

    def writes_last(self, node: Node) -> bool:
        return id(node) in self.last_writes


def choose(graph: Graph) -> Choice:
    """The sides that cost the least."""
    return _Chooser(graph).solve()


def moving_operands(node: Node) -> list[Value]:
    """Operands that are transposed when `node` changes its side: those of full rank."""
    if isinstance(node.op, Spatial):
        return [v for v in node.inputs[:1] if v is not None]
    rank = max((v.type.rank for v in node.operands), default=0)
    return [v for v in node.operands if v.type.rank == rank]


def commutes(a: perms.Shape, b: perms.Shape) -> bool:
    """True if a Reshape from `a` to `b` stays a Reshape when both go channels last."""
    order = perms.through_reshape(perms.to_last(len(a)), a, b)
    wanted = tuple(axis for axis in perms.to_last(len(b)) if b[axis] != 1)
    return order == wanted


class _Chooser:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._network = Network()
        self._users = graph.users()
        self._reads: dict[int, int] = {}  # by node: the vertex of its operands
        self._writes: dict[int, int] = {}  # by node: the vertex of its results
        self._images: set[Value] = set()

    def solve(self) -> Choice:
        for node in self._graph.nodes:
            self._add_node(node)
        producers = self._graph.producers()
        for value in (*self._graph.inputs, *producers):
            maker = producers.get(value)
            here = Network.SINK if maker is None else self._writes[id(maker)]
            self._add_value(value, here)
        last = self._network.source_side()
        return Choice(
            frozenset(node for node, vertex in self._reads.items() if vertex in last),
            frozenset(node for node, vertex in self._writes.items() if vertex in last),
        )

    def _add_node(self, node: Node) -> None:
        if isinstance(node.op, Transpose):
            reads, writes = self._add_transpose(node, node.op.perm)
        else:
            reads = writes = self._side(node)
        self._reads[id(node)] = reads
        self._writes[id(node)] = writes
        self._trace(node)

    def _side(self, node: Node) -> int:
        op = node.op
        if not isinstance(op, Spatial):
            return self._network.vertex() if self._is_flexible(node) else Network.SINK
        if op.channels_last:
            return Network.SINK
        if isinstance(op, Weighted):
            return Network.SOURCE if node.inputs[1] in self._graph.constants else Network.SINK
        if not getattr(op.to_channels_last(), "channels_last", True):
            return Network.SINK  # an operator that cannot, such as a pool with indices
        # Pools are like convolutions; normalizations work as well on either side.
        return Network.SOURCE if hasattr(op, "kernel") else self._network.vertex()

    def _is_flexible(self, node: Node) -> bool:
        if isinstance(node.op, Reshape):
            a, b = node.operands[0].type.shape, node.output.type.shape
            if 0 in a:
                return False
            return commutes(a, b) or can_permute_columns(self._graph, self._users, node)
        rank = max((v.type.rank for v in node.operands), default=0)
        if rank < 3 or any(out.type.rank != rank for out in node.outputs):
            return False
        return node.op.permuted(perms.to_last(rank)) is not None

    def _add_transpose(self, node: Node, perm: perms.Perm) -> tuple[int, int]:
        """A Transpose disappears on some sides; one of its ends is kept as written.

        (Free ends on both would make a cost that no cut can express.)
        """
        x = node.operands[0].type
        last = perms.to_last(x.rank)
        free = self._network.vertex()
        plain = perms.moves_data(perm, x.shape)
        into_last = perms.moves_data(perms.compose(perm, last), x.shape)
        rest = perms.compose(perms.inverse(last), perm)
        from_last = perms.moves_data(rest, perms.apply(last, x.shape))
        if not into_last and (from_last or node.operands[0] not in self._images):
            self._cost(free, x.bytes, as_first=plain, as_last=into_last)
            return Network.SINK, free
        self._cost(free, x.bytes, as_first=plain, as_last=from_last)
        return free, Network.SINK

    def _trace(self, node: Node) -> None:
        """Remember the results of `node` if they derive from an image without a Transpose.

        Of two spatial axes in one, [N, L, C], one permutation is its own inverse: only where
        a tensor comes from tells whether a Transpose leads to images or away from them.
        """
        if isinstance(node.op, Transpose):
            return
        images = isinstance(node.op, Spatial) or any(v in self._images for v in node.operands)
        if images and self._writes[id(node)] != Network.SINK:
            self._images.update(node.outputs)

    def _cost(self, vertex: int, size: int, as_first: bool, as_last: bool) -> None:
        price = BYTE * size
        self._network.connect(Network.SOURCE, vertex, price if as_first else RESHAPE)
        self._network.connect(vertex, Network.SINK, price if as_last else RESHAPE)

    def _add_value(self, value: Value, here: int) -> None:
        rank = value.type.rank
        if perms.to_last(rank) == perms.identity(rank):
            return
        moves = perms.moves_data(perms.to_last(rank), value.type.shape)
        price = BYTE * value.type.bytes if moves else RESHAPE
        readers = [
            self._reads[id(user)]
            for user in self._users.get(value, [])
            if value in moving_operands(user)
        ]
        if value in self._graph.outputs:
            readers.append(Network.SINK)
        self._fork(here, readers, price)

    def _fork(self, here: int, readers: Iterable[int], price: int) -> None:
        """One Transpose serves all readers on the other side, so `price` is due only once."""
        ends = sorted({r for r in readers if r != here})
        if len(ends) == 1:
            self._network.connect(here, ends[0], price, back=price)
            return
        if not ends:
            return
        some_first, some_last = self._network.vertex(), self._network.vertex()
        self._network.connect(here, some_first, price)
        self._network.connect(some_last, here, price)
        for end in ends:
            self._network.connect(some_first, end, NEVER)
            self._network.connect(end, some_last, NEVER)
