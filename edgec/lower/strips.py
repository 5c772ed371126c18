"""Lowering of a graph with strips (`edgec.passes.strips`): each strip writes its columns itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Node, Value
from edgec.loops.builder import Builder, Target
from edgec.loops.tensor import Tensor
from edgec.lower.columns import Columns, columns_step
from edgec.lower.lowering import Kernels, Lowering
from edgec.lower.program import Program, Storage
from edgec.ops.move import Slice
from edgec.passes.strips import COLUMNS, Strips


@dataclass
class _SharingBuilder(Builder):
    """Strips have the same weights: constants of the same bytes are one buffer."""

    _shared: dict[bytes, Tensor] = field(default_factory=dict)

    def constant(
        self, data: npt.NDArray[np.generic], name: str = "const", align: int = 0
    ) -> Tensor:
        head = f"{data.dtype.str} {data.shape} {align} ".encode()
        key = hashlib.sha256(head + data.tobytes()).digest()
        if key not in self._shared:
            self._shared[key] = super().constant(data, name, align)
        return self._shared[key]


@dataclass(frozen=True, eq=False)
class Region:
    """A program of which the steps `first` to `stop` compute all strips of a part.

    They are values of no graph but this one, so that their steps name none.
    """

    program: Program
    first: int
    stop: int


@dataclass
class _StripLowering(Lowering):
    """Joins the strips column by column instead of all at the end."""

    join: Node | None = None
    strip_nodes: frozenset[Node] = frozenset()
    first: int | None = None
    stop: int = 0
    columns: int = 0  # that are written

    def _node(self, node: Node) -> None:
        if node is self.join:
            self._finish()
            return
        if node in self.strip_nodes and self.first is None:
            self.first = len(self.steps)
        if node not in self.strip_nodes or not self._slice(node):
            super()._node(node)
        assert self.join is not None
        if len(node.outputs) == 1 and node.output in self.join.operands:
            self._put(node.output)

    def _put(self, value: Value) -> None:
        """Writes a strip where it belongs in the result."""
        assert self.join is not None
        end = self.join.output
        y = self.tensors.get(end) or self._result(end)
        strip = self._stored(value)
        assert strip.buffer is not None and y.buffer is not None
        columns = Columns(strip.buffer, y.buffer, self.columns)
        self.columns += strip.shape[COLUMNS]
        self.steps.append(columns_step(columns, self.join.op.name, end.name, self.join.origin))

    def _slice(self, node: Node) -> bool:
        """Columns for a kernel are copied row by row; loops read them where they are."""
        by_kernel = self.kernels is not None and any(
            self.kernels.applies(n) for n in self.graph.nodes if node.output in n.operands
        )
        if not isinstance(node.op, Slice) or not by_kernel:
            return False
        x = self._tensor(node.operands[0])
        if x.buffer is None or x.buffer.shape != x.shape:
            return False
        self.builder.targets = (Target(node.output.name, Storage.TEMP),)
        y = self.builder.output(node.output.type.dtype, node.output.type.shape)
        assert y.buffer is not None
        self.tensors[node.output] = y
        self.cheap.add(node.output)
        columns = Columns(x.buffer, y.buffer, node.op.starts[COLUMNS])
        self.steps.append(columns_step(columns, node.op.name, node.output.name, node.origin))
        return True

    def _result(self, end: Value) -> Tensor:
        self.builder.targets = (Target(end.name, self._storage(end)),)
        y = self.builder.output(end.type.dtype, end.type.shape)
        self.tensors[end] = y
        self.cheap.add(end)
        return y

    def _finish(self) -> None:
        """All columns are there; only the last step completes a value that others know."""
        assert self.first is not None
        self.stop = len(self.steps)
        for k in range(self.first, self.stop - 1):
            self.steps[k] = replace(self.steps[k], value="")


def lower_strips(strips: Strips, kernels: Kernels | None = None) -> Region:
    """The program of a graph with strips; with `kernels`, tuned kernels where a row applies."""
    lowering = _StripLowering(
        strips.graph, kernels, builder=_SharingBuilder(), join=strips.join,
        strip_nodes=strips.nodes,
    )  # fmt: skip
    program = lowering.run()
    assert lowering.first is not None
    return Region(program, lowering.first, lowering.stop)
