"""The types of the graph's inputs and outputs: what is quantized inside is so outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Graph, Node, Quant, Value
from edgec.ir.types import TensorType
from edgec.ops.quantize import Dequantize, Quantize
from edgec.passes.base import Pass
from edgec.passes.signed import moves


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
        known = [v.quant for v in (*graph.inputs, *graph.outputs)]
        users, producers = graph.users(), graph.producers()
        for value in graph.inputs:
            if value.quant is None and value.type.dtype.is_integer:
                value.quant = _read_by(graph, users, value)
        for value in graph.outputs:
            if value.quant is None and value.type.dtype.is_integer:
                value.quant = _made_by(graph, producers.get(value), producers)
        return known != [v.quant for v in (*graph.inputs, *graph.outputs)]


def _read_by(graph: Graph, users: Mapping[Value, list[Node]], value: Value) -> Quant | None:
    """The parameters of the first Dequantize that reads `value`, behind data movement too."""
    for node in users.get(value, []):
        if isinstance(node.op, Dequantize):
            return _parameters(graph, node)
        if moves(node.op):
            found = _read_by(graph, users, node.output)
            if found is not None:
                return found
    return None


def _made_by(graph: Graph, node: Node | None, producers: Mapping[Value, Node]) -> Quant | None:
    """The parameters of the Quantize that `node` is, or moves the results of."""
    while node is not None and moves(node.op):
        node = producers.get(node.operands[0])
    if node is None or not isinstance(node.op, Quantize):
        return None
    return _parameters(graph, node)


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
        if node is None or not isinstance(node.op, Dequantize):
            return False
        quant, inner = _parameters(graph, node), node.operands[0]
        if quant is None or inner in graph.inputs or inner in graph.outputs:
            return False
        if inner in graph.constants:
            return False
        graph.outputs = [inner if v is value else v for v in graph.outputs]
        value.name, inner.name = inner.name, value.name
        inner.layout, inner.quant = value.layout or inner.layout, quant
        return True
