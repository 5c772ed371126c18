"""Which nodes a kernel may compute together with the layer before them: its epilogue.

A table or a sum behind an int8 layer needs no step of its own if nothing else reads what the layer
makes: the kernel applies it to each result while that is in a register. Whether it does is a choice
between kernels (`edgec.lower.select`), so the graph does not say it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Array, Graph, Node, Value
from edgec.kernels.facts import ConvFacts, Epilogue, GemmFacts
from edgec.ops.quantized import Lut, QAdd, QGemm
from edgec.ops.quantized_window import QConv
from edgec.ops.shape import Reshape

ALL_S8 = (-128, 127)
TABLE_LOOP, SUM_LOOP = 5.0, 8.0  # instructions of an element, roughly


@dataclass(frozen=True, eq=False)
class Pair:
    """A layer and the node behind it that may be its epilogue, with the Reshapes between them.

    other: the other operand of a sum.
    """

    layer: Node
    views: tuple[Node, ...]
    then: Node
    other: Value | None

    @property
    def inputs(self) -> tuple[Value | None, ...]:
        """Operands of the layer, then those of the epilogue that are not constant."""
        return self.layer.inputs if self.other is None else (*self.layer.inputs, self.other)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All of them, in order."""
        return (self.layer, *self.views, self.then)

    @property
    def loops(self) -> float:
        """Estimated instructions of what follows the layer, in loops of its own."""
        each = TABLE_LOOP if self.other is None else SUM_LOOP
        return each * self.then.outputs[0].type.size

    def facts(
        self, layer: ConvFacts | GemmFacts, constants: Mapping[Value, Array]
    ) -> ConvFacts | GemmFacts | None:
        """`layer` with the epilogue, or None if the law does not allow it."""
        if layer.quant is None or (isinstance(layer, ConvFacts) and not _by_rows(layer, self)):
            return None
        limits = (layer.quant.lo, layer.quant.hi)
        if isinstance(self.then.op, Lut):
            table = _table(constants[self.then.operands[1]], limits)
            return _with(layer, Epilogue("lut", table), ALL_S8)
        op = self.then.op
        assert isinstance(op, QAdd)
        if limits != ALL_S8:
            return None
        first = self.then.operands[1] is self.other
        ma, mb = (op.ma, op.mb) if first else (op.mb, op.ma)
        return _with(layer, Epilogue("add", None, (ma, mb, op.c, op.shift)), (op.lo, op.hi))


def _with(
    layer: ConvFacts | GemmFacts, epilogue: Epilogue, limits: tuple[int, int]
) -> ConvFacts | GemmFacts:
    assert layer.quant is not None
    quant = replace(layer.quant, lo=limits[0], hi=limits[1])
    return replace(layer, epilogue=epilogue, quant=quant)


def _by_rows(layer: ConvFacts, pair: Pair) -> bool:
    """Whether calls for some rows or images find what belongs to them."""
    return not pair.views and (pair.other is None or layer.n == 1)


def _table(data: Array, limits: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """The table by signed values, which are limited first."""
    values = np.clip(np.arange(-128, 128), *limits).astype(np.int8)
    return data.astype(np.int8)[values.view(np.uint8)]


def pairs(graph: Graph) -> Iterator[Pair]:
    """Every pair of a graph; layers that come late first, where a sum is one of two pairs."""
    makers = graph.producers()
    readers = Counter(v for n in graph.nodes for v in n.operands)
    readers.update(graph.outputs)
    place = {id(node): k for k, node in enumerate(graph.nodes)}
    for then in graph.nodes:
        found = [p for k in _joinable(graph, then) if (p := _pair(then, k, makers, readers))]
        yield from sorted(found, key=lambda p: -place[id(p.layer)])


def _joinable(graph: Graph, node: Node) -> tuple[int, ...]:
    """Operands of an epilogue that may come from a layer."""
    shape = node.outputs[0].type.shape
    if isinstance(node.op, Lut):
        return (0,) if node.operands[1] in graph.constants else ()
    if not isinstance(node.op, QAdd) or any(v in graph.constants for v in node.operands):
        return ()
    return (0, 1) if all(v.type.shape == shape for v in node.operands) else ()


def _pair(
    then: Node, operand: int, makers: Mapping[Value, Node], readers: Counter[Value]
) -> Pair | None:
    value = then.operands[operand]
    views: list[Node] = []
    while True:
        maker = makers.get(value)
        if maker is None or readers[value] != 1:
            return None
        if not isinstance(maker.op, Reshape):
            break
        views.insert(0, maker)
        value = maker.operands[0]
    if not isinstance(maker.op, QConv | QGemm):
        return None
    other = then.operands[1 - operand] if isinstance(then.op, QAdd) else None
    return Pair(maker, tuple(views), then, other)
