"""Islands of interpolations, and of Softmax along other axes than the last one."""

from __future__ import annotations

from edgec.ir.graph import Node
from edgec.ops.move import Transpose
from edgec.ops.quantized_resize import QResize
from edgec.ops.resize import Resize
from edgec.ops.softmax import Softmax
from edgec.passes.qdq_match import activation, result
from edgec.passes.rewrite import Rewriter

MAX_RATIO = 64.0  # of the scales
MAX_ERROR = 0.5  # LSB before rounding, so that results are within 1 LSB


def resize(r: Rewriter, node: Node) -> bool:
    """Quantize(Resize(Dequantize(x))), linear or cubic = QResize."""
    found = result(r, node)
    op = None if found is None else found.node.op
    if found is None or type(op) is not Resize:
        return False
    x = activation(r, found.node.operands[0])
    if x is None or op.mode == "nearest" or op.transform == "tf_crop_and_resize":
        return False
    ratio = x.s / found.scale
    new = QResize(
        op.shape, op.scales, op.mode, op.transform, op.nearest, op.cubic_a, op.exclude_outside,
        op.extrapolation, op.antialias, op.roi, x.zp, found.zp, ratio, found.lo, found.hi,
    )  # fmt: skip
    if ratio > MAX_RATIO or new.error(x.value.type.shape) > MAX_ERROR:
        return False
    r.replace(node.output, r.insert(new, x.value, origin=found.origin))
    return True


def softmax_of_other_axis(r: Rewriter, node: Node) -> bool:
    """Softmax along an inner axis = Softmax along the last one of the transposed tensor."""
    if type(node.op) is not Softmax or activation(r, node.inputs[0]) is None:
        return False
    rank, axis = node.operands[0].type.rank, node.op.axis
    if axis == rank - 1 or not r.has_one_reader(node.output):
        return False
    there = (*(k for k in range(rank) if k != axis), axis)
    back = (*range(axis), rank - 1, *range(axis, rank - 1))
    turned = r.insert(Transpose(there), node.operands[0], origin=node.origin)
    y = r.insert(Softmax(rank - 1), turned, origin=node.origin)
    r.replace(node.output, r.insert(Transpose(back), y, origin=node.origin))
    return True
