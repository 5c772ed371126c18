"""Islands of transposed convolutions."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Node
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized_transpose import QConvTranspose
from edgec.passes.qdq_linear import Weights, linear, weights
from edgec.passes.qdq_match import activation, result, tighter
from edgec.passes.rewrite import Rewriter


def transposed_convolution(r: Rewriter, node: Node) -> bool:
    """Quantize(ConvTranspose(Dequantize(x), Dequantize(w), b)) = QConvTranspose."""
    found = result(r, node)
    op = None if found is None else found.node.op
    if found is None or not isinstance(op, ConvTranspose) or op.channels_last:
        return False
    inputs = found.node.inputs
    x, w = activation(r, inputs[0]), weights(r, inputs[1], 1)
    if x is None or w is None:
        return False
    per_output = _outputs_first(w, op.group)
    parts = linear(r, found, x, per_output, inputs[2] if len(inputs) > 2 else None)
    if parts is None:
        return False
    lo, hi = tighter(found, (op.low, op.high))
    new = QConvTranspose(
        op.strides, op.pads, op.dilations, op.group, x.zp, parts.shift, found.zp, lo, hi,
        output_padding=op.output_padding,
    )  # fmt: skip
    y = r.insert(new, x.value, parts.w, parts.bias, parts.mult, origin=found.origin)
    r.replace(node.output, y)
    return True


def _outputs_first(w: Weights, group: int) -> Weights:
    """Weights [O/group, C, *K] of a ConvTranspose as [O, C/group, *K], with a scale for each O."""
    per_group, c, *kernel = w.data.shape
    grouped = w.data.reshape(per_group, group, c // group, *kernel)
    data = np.moveaxis(grouped, 0, 1).reshape(group * per_group, c // group, *kernel)
    return Weights(np.ascontiguousarray(data), np.tile(w.scale, group))
