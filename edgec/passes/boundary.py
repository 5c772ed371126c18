"""The types of the graph's inputs and outputs: what is quantized inside is so outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Graph, Node, Quant, Value
from edgec.ir.types import TensorType
from edgec.ops.quantize import Dequantize, Quantize
from edgec.passes.base import Pass


def _parameters(graph: Graph, node: Node) -> Quant | None:
    """Scale and zero point of a (De)Quantize that has one of each, as constants."""
    scale, zero_point = graph.data(node.inputs[1]), graph.data(node.inputs[2])
    if scale is None or zero_point is None or scale.size != 1 or zero_point.size != 1:
        return None
    real = np.asarray(scale, np.float64).reshape(())
    return Quant(float(real), int(np.asarray(zero_point, np.int64).reshape(())))


@dataclass(frozen=True)
class AnnotateBoundary(Pass):
    """Integer inputs and outputs know their scale, from the (De)Quantize beside them."""

    name: ClassVar[str] = "annotate-boundary"

    def run(self, graph: Graph) -> bool:
        users, producers = graph.users(), graph.producers()
        modified = False
        for value in graph.inputs:
            readers = [n for n in users.get(value, []) if isinstance(n.op, Dequantize)]
            if readers and value.quant is None and value.type.dtype.is_integer:
                value.quant = _parameters(graph, readers[0])
                modified |= value.quant is not None
        for value in graph.outputs:
            node = producers.get(value)
            if node is not None and value.quant is None and isinstance(node.op, Quantize):
                value.quant = _parameters(graph, node)
                modified |= value.quant is not None
        return modified


@dataclass(frozen=True)
class NativeBoundary(Pass):
    """A float input that is only quantized, and an output that was just dequantized, are integer.

    The Quantize and Dequantize at the boundary go away; scale and zero point are told in the
    header and the manifest.
    """

    name: ClassVar[str] = "native-boundary"

    def run(self, graph: Graph) -> bool:
        modified = False
        for value in list(graph.inputs):
            modified |= self._input(graph, value)
        for value in list(graph.outputs):
            modified |= self._output(graph, value)
        if modified:
            graph.prune()
        return modified

    def _input(self, graph: Graph, value: Value) -> bool:
        readers = graph.users().get(value, [])
        first = readers[0] if readers else None
        if first is None or not isinstance(first.op, Quantize) or value in graph.outputs:
            return False
        quant = _parameters(graph, first)
        same = all(
            n.op == first.op and n.inputs[0] is value and _parameters(graph, n) == quant
            for n in readers
        )
        if quant is None or not same or any(n.output in graph.outputs for n in readers):
            return False
        name, value.name = value.name, graph.unique(f"{value.name}_float")
        new = Value(name, TensorType(first.op.dtype, value.type.shape), quant, value.layout)
        graph.inputs[graph.inputs.index(value)] = new
        for node in readers:
            graph.replace_uses(node.output, new)
        return True

    def _output(self, graph: Graph, value: Value) -> bool:
        node = graph.producers().get(value)
        if node is None or not isinstance(node.op, Dequantize) or graph.users().get(value):
            return False
        quant, inner = _parameters(graph, node), node.operands[0]
        if quant is None or inner in graph.inputs or inner in graph.outputs:
            return False
        if inner in graph.constants:
            return False
        graph.replace_uses(value, inner)
        inner.quant = quant
        return True
