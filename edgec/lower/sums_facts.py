"""What the kernel rows need to know about products of bytes whose sums stay int32."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.ir.types import DType
from edgec.kernels.facts import SumsFacts
from edgec.ops.matmul import MatMulInteger

LEAST_MACS = 256


def sums_facts(node: Node, constants: Mapping[Value, Array]) -> SumsFacts | None:
    """Facts of a MatMulInteger by a constant matrix, with one zero point for all of x, or None."""
    if not isinstance(node.op, MatMulInteger):
        return None
    x, y = node.operands[0].type, node.output.type
    values = (*node.inputs, None, None)
    w, zero = values[1], values[2]
    weights = _centred(w, values[3], constants)
    if weights is None or x.rank < 2 or (zero is not None and zero.type.size != 1):
        return None
    if y.size * x.shape[-1] < LEAST_MACS:
        return None
    signed = x.dtype is DType.I8
    rows, k = math.prod(x.shape[:-1]), x.shape[-1]
    return SumsFacts(rows, k, weights.shape[0], weights, signed, zero is not None)


def _centred(w: Value | None, zero: Value | None, constants: Mapping[Value, Array]) -> Array | None:
    """Constant weights [n, k] without their zero points, if they fit int8."""
    data = None if w is None else constants.get(w)
    points = None if zero is None else constants.get(zero)
    if data is None or data.ndim != 2 or (zero is not None and points is None):
        return None
    wide = data.astype(np.int64) - (0 if points is None else points.astype(np.int64))
    if wide.shape != data.shape or wide.min() < -128 or wide.max() > 127:
        return None
    return np.ascontiguousarray(wide.T.astype(np.int8))
