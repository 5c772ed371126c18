"""What the kernel rows need to know about operators that go over rows of int8."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.kernels.facts import LayerNormFacts, SoftmaxFacts
from edgec.ops.quantized import QSoftmax
from edgec.ops.quantized_norm import QLayerNorm


def layer_norm_facts(node: Node, constants: Mapping[Value, Array]) -> LayerNormFacts | None:
    """Facts of a layer normalization with constant gain and offset, or None."""
    op = node.op
    if not isinstance(op, QLayerNorm):
        return None
    gain, offset = (constants.get(v) for v in node.operands[1:3])
    if gain is None or offset is None:
        return None
    shape = node.operands[0].type.shape
    length = math.prod(shape[op.axis :])
    gains, offsets = (c.astype(np.float32).reshape(-1) for c in (gain, offset))
    rows = math.prod(shape[: op.axis])
    return LayerNormFacts(rows, length, op.spread, gains, offsets, op.lo, op.hi)


def softmax_facts(node: Node, constants: Mapping[Value, Array]) -> SoftmaxFacts | None:
    """Facts of a softmax over the last axis, or None."""
    op = node.op
    table = constants.get(node.operands[1]) if isinstance(op, QSoftmax) else None
    if not isinstance(op, QSoftmax) or table is None:
        return None
    *lead, length = node.operands[0].type.shape
    numbers = (op.numerator, op.exponent, op.y_zp, op.lo, op.hi)
    return SoftmaxFacts(math.prod(lead), length, table.astype(np.uint32), *numbers)
