"""What the kernel rows need to know about pools."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.ir.types import DType
from edgec.kernels.facts import PoolFacts, Quant
from edgec.ops.pool import MaxPool, MaxPoolWithIndices
from edgec.ops.quantized import QReduceMean
from edgec.ops.quantized_window import QAveragePool


def pool_facts(node: Node, constants: Mapping[Value, Array]) -> PoolFacts | None:
    """Facts of a pool of int8 images of one or two axes, channels last."""
    if isinstance(node.op, QReduceMean):
        return _whole_mean(node, node.op)
    if not isinstance(node.op, MaxPool | QAveragePool) or isinstance(node.op, MaxPoolWithIndices):
        return None
    op, x, y = node.op, node.operands[0].type, node.output.type
    if x.dtype is not DType.I8 or not op.channels_last or x.rank not in (3, 4):
        return None
    mean = isinstance(op, QAveragePool)
    mult = constants.get(node.operands[1]) if mean else None
    if mean and mult is None:
        return None
    lead = (1,) * (4 - x.rank)
    pads = op.pads if x.rank == 4 else (0, op.pads[0], 0, op.pads[1])
    k_h, k_w = (*lead, *op.kernel)
    stride_h, stride_w = (*lead, *op.strides)
    dilation_h, dilation_w = (*lead, *op.dilations)
    in_h, in_w = (*lead, *x.shape[1:-1])
    out_h, out_w = (*lead, *y.shape[1:-1])
    return PoolFacts(
        n=x.shape[0], in_h=in_h, in_w=in_w, in_c=x.shape[-1], out_h=out_h, out_w=out_w,
        out_c=x.shape[-1], k_h=k_h, k_w=k_w, stride=(stride_h, stride_w),
        dilation=(dilation_h, dilation_w), pads=(pads[0], pads[1], pads[2], pads[3]),
        mean=None if mult is None or isinstance(op, MaxPool) else _quant(op, mult),
        same_scale=isinstance(op, QAveragePool) and op.same_scale,
        include_pad=isinstance(op, QAveragePool) and op.count_include_pad,
    )  # fmt: skip


def _whole_mean(node: Node, op: QReduceMean) -> PoolFacts | None:
    """A mean over all axes between the first and the last."""
    shape = node.operands[0].type.shape
    if len(shape) < 3 or tuple(op.axes) != tuple(range(1, len(shape) - 1)):
        return None
    height, width = shape[1], math.prod(shape[2:-1])
    return PoolFacts(
        n=shape[0], in_h=height, in_w=width, in_c=shape[-1], out_h=1, out_w=1,
        out_c=shape[-1], k_h=height, k_w=width, stride=(1, 1), dilation=(1, 1), pads=(0, 0, 0, 0),
        mean=_quant(op, np.asarray([op.mult])), same_scale=op.same_scale,
    )  # fmt: skip


def _quant(op: QAveragePool | QReduceMean, mult: Array) -> Quant:
    return Quant(op.x_zp, mult.astype(np.int32), op.shift, op.y_zp, op.lo, op.hi)
