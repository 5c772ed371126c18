"""Unsigned activations become signed: a u8 tensor is an s8 tensor with its top bit flipped.

All integer operators then exist for s8 only. A FlipSign remains where a u8 tensor is an
input or output of the graph, or meets an operator that is not about quantized values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir.graph import Node
from edgec.ir.types import DType
from edgec.ops.base import Op
from edgec.ops.gather import Gather, GatherElements, GatherND
from edgec.ops.move import Concat, Slice, Transpose
from edgec.ops.pad import PadMirror
from edgec.ops.pool import MaxPool, MaxPoolWithIndices
from edgec.ops.quantize import Dequantize, FlipSign, Quantize, flip
from edgec.ops.reduce import ReduceMax, ReduceMin
from edgec.ops.resize import Resize
from edgec.ops.shape import Expand, Reshape, Tile
from edgec.passes.rewrite import Peephole, Rewriter, Rule

MOVES: tuple[type[Op], ...] = (
    Reshape, Transpose, Slice, Expand, Tile, PadMirror, MaxPool, ReduceMax, ReduceMin,
)  # fmt: skip
"""Operators of one tensor that pick elements by position or order, whatever their scale."""


PICKS: tuple[type[Op], ...] = (Gather, GatherElements, GatherND)
"""Operators that pick elements of their first operand by indices."""


def moves(op: Op) -> bool:
    """True if `op` picks elements of its only operand, whatever their scale."""
    if isinstance(op, Resize):
        return op.mode == "nearest" and op.transform != "tf_crop_and_resize"
    return isinstance(op, MOVES) and not isinstance(op, MaxPoolWithIndices)


def picks(op: Op) -> bool:
    """Like `moves`, also by indices that are further operands."""
    return moves(op) or isinstance(op, PICKS)


def quantize_signed(r: Rewriter, node: Node) -> bool:
    """Quantize to u8 = FlipSign(Quantize to s8 with zero point - 128)."""
    if not isinstance(node.op, Quantize) or node.op.dtype is not DType.U8:
        return False
    x, scale, zero_point = node.operands
    data = r.data(zero_point)
    if data is None:
        return False
    zp = r.constant(flip(data), "zero_point")
    signed = r.insert(Quantize(DType.I8), x, scale, zp, origin=node.origin)
    r.replace(node.output, r.insert(FlipSign(), signed, origin=node.origin))
    return True


def dequantize_signed(r: Rewriter, node: Node) -> bool:
    """Dequantize(u8 x) = Dequantize(FlipSign(x)) with zero point - 128."""
    if not isinstance(node.op, Dequantize) or node.operands[0].type.dtype is not DType.U8:
        return False
    x, scale, zero_point = node.operands
    data = r.data(zero_point)
    if data is None:
        return False
    constant = r.data(x)
    if constant is not None:
        signed = r.constant(flip(constant), x.name)
    else:
        signed = r.insert(FlipSign(), x, origin=node.origin)
    zp = r.constant(flip(data), "zero_point")
    r.replace(node.output, r.insert(Dequantize(), signed, scale, zp, origin=node.origin))
    return True


def flip_twice(r: Rewriter, node: Node) -> bool:
    """FlipSign(FlipSign(x)) = x."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, FlipSign) else None
    if inner is None or not isinstance(inner.op, FlipSign):
        return False
    (x,) = inner.operands
    if not r.can_replace(node.output, x):
        return False
    r.replace(node.output, x)
    return True


def flip_before_move(r: Rewriter, node: Node) -> bool:
    """FlipSign(Reshape(x)) = Reshape(FlipSign(x)), and so on: flipping keeps the order."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, FlipSign) else None
    if inner is None or not r.has_one_reader(inner.output):
        return False
    if isinstance(inner.op, Concat):
        parts = [r.insert(FlipSign(), v, origin=node.origin) for v in inner.operands]
        r.replace(node.output, r.insert(inner.op, *parts, origin=inner.origin))
        return True
    if not picks(inner.op):
        return False
    first = r.insert(FlipSign(), inner.operands[0], origin=node.origin)
    r.replace(node.output, r.insert(inner.op, first, *inner.inputs[1:], origin=inner.origin))
    return True


@dataclass(frozen=True)
class SignedActivations(Peephole):
    """Every quantized tensor inside the graph is s8."""

    name: ClassVar[str] = "signed-activations"
    rules: ClassVar[tuple[Rule, ...]] = (
        quantize_signed,
        dequantize_signed,
        flip_twice,
        flip_before_move,
    )
