"""Lowering of a graph with strips (`edgec.passes.strips`): each strip writes its columns itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Node, Value
from edgec.loops.builder import Builder, Target
from edgec.loops.tensor import Tensor
from edgec.lower.lowering import Kernels, Lowering, Made
from edgec.lower.program import Program, RowUse, Step
from edgec.passes.strips import COLUMNS, ROWS, Strips


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
        super()._node(node)
        assert self.join is not None
        if len(node.outputs) == 1 and node.output in self.join.operands:
            self._put(node.output)

    def _put(self, value: Value) -> None:
        """Writes a strip where it belongs in the result."""
        assert self.join is not None
        end = self.join.output
        y = self.tensors.get(end) or self._result(end)
        strip = self._tensor(value)
        before = self.columns
        with self.builder.loops(strip.shape) as i:
            place = (*i[:COLUMNS], i[COLUMNS] + before, *i[COLUMNS + 1 :])
            self.builder.store(y, place, strip.at(*i))
        self.columns += strip.shape[COLUMNS]
        made = Made((self.join.op.name,), self.join.origin)
        if not strip.stored:
            made = made + self.made.get(value, Made())
        self._step(self.builder.take(), made, end)
        if before:
            self.steps[-1] = _further(self.steps[-1])

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


def _further(step: Step) -> Step:
    """A step that writes columns of a buffer of which others hold something already."""
    y = step.writes[0]
    rows = tuple(range(y.shape[ROWS]))
    form = step.rows
    if form is not None:
        use = RowUse(y, len(rows), rows, rows)
        form = replace(form, uses=(*form.uses, use), overwrites=(y,))
    return replace(step, reads=(*step.reads, y), rows=form, inplace=())


def lower_strips(strips: Strips, kernels: Kernels | None = None) -> Region:
    """The program of a graph with strips; with `kernels`, tuned kernels where a row applies."""
    lowering = _StripLowering(
        strips.graph, kernels, builder=_SharingBuilder(), join=strips.join,
        strip_nodes=strips.nodes,
    )  # fmt: skip
    program = lowering.run()
    assert lowering.first is not None
    return Region(program, lowering.first, lowering.stop)
