"""What the kernel rows need to know about operations on elements."""

from __future__ import annotations

import math

from edgec.ir.graph import Node
from edgec.kernels.facts import ElementFacts
from edgec.ops.quantized import Lut, QAdd, QMul


def element_facts(node: Node) -> ElementFacts | None:
    """Facts of a sum, a product or a table of int8, or None.

    The first operand has the shape of the result; the second one has, or it repeats.
    """
    op, y = node.op, node.outputs[0].type
    if not isinstance(op, QAdd | QMul | Lut) or node.operands[0].type.shape != y.shape:
        return None
    if isinstance(op, Lut):
        return ElementFacts("lut", y.size, y.size)
    period = _period(node.operands[1].type.shape, y.shape)
    if period is None:
        return None
    if isinstance(op, QAdd):
        return ElementFacts("add", y.size, period, (op.ma, op.mb, op.c, op.shift, op.lo, op.hi))
    return ElementFacts("mul", y.size, period, op.numbers)


def _period(shape: tuple[int, ...], whole: tuple[int, ...]) -> int | None:
    """Elements after which a broadcast operand repeats, if it is the same block again and again."""
    padded = (1,) * (len(whole) - len(shape)) + shape
    first = next((k for k, n in enumerate(padded) if n != 1), len(padded))
    return math.prod(whole[first:]) if padded[first:] == whole[first:] else None
