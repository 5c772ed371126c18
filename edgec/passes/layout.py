"""Channels last: images become [N, *S, C], the order in which kernels read them fastest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Graph, Node, Value
from edgec.ops.base import Op
from edgec.ops.move import Transpose
from edgec.ops.shape import Reshape
from edgec.passes import perms
from edgec.passes.base import Fact, Pass
from edgec.passes.layout_choice import (
    Choice,
    Spatial,
    Weighted,
    choose,
    commutes,
    moving_operands,
)
from edgec.passes.permute_columns import permute_columns


@dataclass(frozen=True)
class ChannelsLast(Pass):
    """Turn convolutions and pools channels last, with as few transposed bytes as possible.

    Weights and constants are transposed now; a Gemm behind a flattened image gets its
    columns permuted instead.
    """

    name: ClassVar[str] = "channels-last"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.CHANNELS_LAST})

    def run(self, graph: Graph) -> bool:
        if not any(isinstance(n.op, Spatial) and not n.op.channels_last for n in graph.nodes):
            return False
        choice = choose(graph)
        if not choice.last_reads and not choice.last_writes:
            return False
        _Rebuilder(graph, choice).run()
        return True


class _Rebuilder:
    """Builds the nodes of the graph again, each on its side, with Transposes between."""

    def __init__(self, graph: Graph, choice: Choice) -> None:
        self._graph = graph
        self._choice = choice
        self._users = graph.users()
        self._nodes: list[Node] = []
        # The form of each value of the old graph on either side, as far as it exists yet.
        self._first: dict[Value, Value] = {v: v for v in graph.inputs}
        self._last: dict[Value, Value] = {}

    def run(self) -> None:
        names = [v.name for v in self._graph.outputs]
        for node in self._graph.nodes:
            if isinstance(node.op, Transpose):
                self._transpose(node)
            elif self._choice.reads_last(node):
                self._rebuild(node)
            else:
                self._keep(node)
        for k, (value, name) in enumerate(zip(list(self._graph.outputs), names, strict=True)):
            self._graph.outputs[k] = self._output(value)
            self._rename(self._graph.outputs[k], name)
        self._graph.nodes = self._nodes
        self._graph.prune()

    # nodes

    def _keep(self, node: Node) -> None:
        node.inputs = tuple(None if v is None else self._get(v, last=False) for v in node.inputs)
        self._nodes.append(node)
        self._first.update((v, v) for v in node.outputs)

    def _transpose(self, node: Node) -> None:
        (x,) = node.operands
        rank = x.type.rank
        reads, writes = self._choice.reads_last(node), self._choice.writes_last(node)
        perm = getattr(node.op, "perm", ())
        if reads:
            perm = perms.compose(perms.inverse(perms.to_last(rank)), perm)
        if writes:
            perm = perms.compose(perm, perms.to_last(rank))
        source = self._get(x, last=reads)
        result = self._move(source, perm, node.origin)
        side = self._last if writes else self._first
        side[node.output] = result

    def _rebuild(self, node: Node) -> None:
        """`node` with its operands and results channels last."""
        inputs = self._operands(node)
        new = self._graph.node(self._op(node), inputs, origin=node.origin)
        self._nodes.append(new)
        for old, out in zip(node.outputs, new.outputs, strict=True):
            out.quant = old.quant
            old.name, out.name = out.name, old.name
            side = self._first if old.type.rank < 3 else self._last
            side[old] = out

    def _op(self, node: Node) -> Op:
        op = node.op
        if isinstance(op, Spatial):
            return op.to_channels_last()
        if isinstance(op, Reshape):
            shape = node.output.type.shape
            if not commutes(node.operands[0].type.shape, shape):
                permute_columns(self._graph, self._users, node)
                return op
            return Reshape(perms.apply(perms.to_last(len(shape)), shape))
        rank = node.outputs[0].type.rank
        permuted = op.permuted(perms.to_last(rank))
        assert permuted is not None
        return permuted

    def _operands(self, node: Node) -> list[Value | None]:
        moving = set(moving_operands(node))
        operands: list[Value | None] = []
        for index, value in enumerate(node.inputs):
            if value is None:
                operands.append(None)
            elif isinstance(node.op, Weighted) and index == 1:
                data = node.op.weights_to_channels_last(self._graph.constants[value])
                operands.append(self._graph.constant(data, value.name))
            elif value in moving:
                operands.append(self._get(value, last=True))
            elif node.op.elementwise and value.type.rank >= 1:
                operands.append(self._broadcast(value, node.outputs[0].type.rank))
            else:
                operands.append(self._get(value, last=False))
        return operands

    # values

    def _get(self, value: Value, last: bool) -> Value:
        """The form of `value` on the side that is asked for."""
        rank = value.type.rank
        if value in self._graph.constants:
            self._first[value] = value
        if rank < 3:
            return self._first[value]
        here, other = (self._last, self._first) if last else (self._first, self._last)
        if value not in here:
            perm = perms.to_last(rank) if last else perms.to_first(rank)
            here[value] = self._move(other[value], perm)
        return here[value]

    def _broadcast(self, value: Value, rank: int) -> Value:
        """An operand of lower rank that broadcasts, as one of full rank channels last."""
        shape = (1,) * (rank - value.type.rank) + value.type.shape
        source = self._get(value, last=False)
        return self._move(self._emit(Reshape(shape), source), perms.to_last(rank))

    def _move(self, value: Value, perm: perms.Perm, origin: tuple[str, ...] = ()) -> Value:
        """`value` transposed: by a Reshape or not at all where that does the same."""
        if perm == perms.identity(len(perm)):
            return value
        if perms.moves_data(perm, value.type.shape):
            return self._emit(Transpose(perm), value, origin)
        return self._emit(Reshape(perms.apply(perm, value.type.shape)), value, origin)

    def _emit(self, op: Op, value: Value, origin: tuple[str, ...] = ()) -> Value:
        data = self._graph.data(value)
        if data is not None:
            moved = np.asarray(op.reference(data))
            return self._graph.constant(np.ascontiguousarray(moved), value.name)
        node = self._graph.node(op, [value], names=[value.name], origin=origin)
        node.output.quant = value.quant
        self._nodes.append(node)
        return node.output

    def _output(self, value: Value) -> Value:
        """The graph output that `value` was: computed by a node, with its name and layout."""
        result = self._get(value, last=False)
        if result is value:
            return value
        taken = {*self._graph.inputs, *self._graph.constants, *self._graph.outputs}
        if result in taken:
            result = self._emit(Reshape(result.type.shape), result)
        result.layout, result.quant = value.layout, value.quant
        return result

    def _rename(self, value: Value, name: str) -> None:
        """Give `value` the name that a graph output must keep."""
        if value.name == name:
            return
        made = (out for node in self._nodes for out in node.outputs)
        for other in (*made, *self._first, *self._last):
            if other.name == name:
                other.name = value.name
        value.name = name
