"""Data movement works on integers: Dequantize sinks below it, Quantize rises above it."""

from __future__ import annotations

from dataclasses import replace

from edgec.ir.graph import Node
from edgec.ops.base import Op
from edgec.ops.move import Concat
from edgec.ops.pad import Pad
from edgec.ops.quantize import Dequantize, Quantize
from edgec.ops.sort import ArgMax
from edgec.passes.qdq_match import activation, quantizer
from edgec.passes.rewrite import Rewriter
from edgec.passes.signed import picks


def dequantize_after_move(r: Rewriter, node: Node) -> bool:
    """Reshape(Dequantize(x)) = Dequantize(Reshape(x)); MaxPool, Slice, Gather, Pad ... too."""
    inner = r.producer(node.inputs[0]) if node.inputs else None
    if inner is None or not isinstance(inner.op, Dequantize) or len(node.outputs) != 1:
        return False
    x = activation(r, inner.output)
    if x is None:
        return False
    op = _on_integers(node.op, x.zp)
    if op is None:
        return False
    moved = r.insert(op, x.value, *node.inputs[1:], origin=node.origin)
    r.replace(node.output, r.insert(inner.op, moved, *inner.inputs[1:], origin=inner.origin))
    return True


def _on_integers(op: Op, zero_point: int) -> Op | None:
    """The same operator on the integers behind its operand; None if there is none."""
    if isinstance(op, Pad):
        return replace(op, value=zero_point) if op.value == 0 else None
    return op if picks(op) else None


def quantize_before_concat(r: Rewriter, node: Node) -> bool:
    """Quantize(Concat(a, b)) = Concat(Quantize(a), Quantize(b)) where some part is quantized."""
    if not isinstance(node.op, Quantize) or quantizer(r, node) is None:
        return False
    inner = r.producer(node.inputs[0])
    if inner is None or not isinstance(inner.op, Concat) or not r.has_one_reader(inner.output):
        return False
    if all(activation(r, v) is None for v in inner.operands):
        return False
    parts = [r.insert(node.op, v, *node.inputs[1:], origin=node.origin) for v in inner.operands]
    r.replace(node.output, r.insert(inner.op, *parts, origin=inner.origin))
    return True


def quantize_before_move(r: Rewriter, node: Node) -> bool:
    """Quantize(MaxPool(x)) = MaxPool(Quantize(x)): rounding keeps the order. Slice ... too."""
    found = quantizer(r, node)
    inner = r.producer(node.inputs[0]) if found is not None else None
    if found is None or inner is None or len(inner.outputs) != 1:
        return False
    source = inner.operands[0]
    op = _on_integers(inner.op, found[1])
    if op is None or r.producer(source) is None or not r.has_one_reader(inner.output):
        return False
    first = r.insert(node.op, source, *node.inputs[1:], origin=node.origin)
    r.replace(node.output, r.insert(op, first, *inner.inputs[1:], origin=inner.origin))
    return True


def dequantize_after_concat(r: Rewriter, node: Node) -> bool:
    """Concat(Dequantize(a), Dequantize(b)) = Dequantize(Concat(a, b)) where scales are equal."""
    if not isinstance(node.op, Concat):
        return False
    parts = [activation(r, v) for v in node.operands]
    values = [p.value for p in parts if p is not None]
    scales = {(p.s, p.zp) for p in parts if p is not None}
    inner = r.producer(node.inputs[0])
    if len(values) != len(parts) or len(scales) != 1 or inner is None:
        return False
    joined = r.insert(node.op, *values, origin=node.origin)
    r.replace(node.output, r.insert(inner.op, joined, *inner.inputs[1:], origin=inner.origin))
    return True


def largest_of_integers(r: Rewriter, node: Node) -> bool:
    """ArgMax(Dequantize(x)) = ArgMax(x): a positive scale keeps the order."""
    if not isinstance(node.op, ArgMax):
        return False
    x = activation(r, node.inputs[0])
    if x is None:
        return False
    r.replace(node.output, r.insert(node.op, x.value, origin=node.origin))
    return True
