"""Constant folding: an operator whose operands are all constants is computed now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir.graph import Graph, Node
from edgec.ops.base import run_reference
from edgec.passes.base import Fact, Pass
from edgec.passes.rewrite import Rewriter, rewrite

SMALL = 4096  # bytes that a folded result may always take


@dataclass(frozen=True)
class FoldConstants(Pass):
    """Replace nodes with constant operands by their value, computed by the reference.

    Nodes whose operator is named in `keep` stay (Dequantize, until the quantization pass
    has seen it). So do nodes that expand: a result of more than `growth` times the bytes
    of the operands is cheaper to compute on the device than to keep in its flash.
    """

    name: ClassVar[str] = "fold-constants"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.CONSTANTS_FOLDED})

    keep: frozenset[str] = frozenset()
    growth: int = 4

    def run(self, graph: Graph) -> bool:
        return rewrite(graph, (self._fold,))

    def _fold(self, r: Rewriter, node: Node) -> bool:
        operands = [r.data(v) for v in node.inputs if v is not None]
        if node.op.name in self.keep or any(data is None for data in operands):
            return False
        if any(r.is_output(v) for v in node.outputs) or self._expands(node):
            return False
        arrays = tuple(None if v is None else r.data(v) for v in node.inputs)
        results = run_reference(node.op, arrays)
        for old, data in zip(node.outputs, results, strict=True):
            expected = old.type
            assert data.shape == expected.shape, f"{node.op} computes {data.shape}, not {expected}"
            new = r.constant(data.astype(expected.dtype.numpy, copy=False), old.name)
            new.quant = old.quant
            r.replace(old, new)
        return True

    def _expands(self, node: Node) -> bool:
        made = sum(v.type.bytes for v in node.outputs)
        # Each operand counts at 4 bytes per element: Dequantize of int8 weights, or a Cast
        # to int64 of an index, is not an expansion.
        read = sum(v.type.size * max(4, v.type.dtype.size) for v in node.operands)
        return made > max(SMALL, self.growth * read)
