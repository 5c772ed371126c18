"""What the kernels need to know about transposed convolutions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.kernels.facts import Quant, TransposedFacts
from edgec.ops.quantized_transpose import QConvTranspose


def transposed_facts(node: Node, constants: Mapping[Value, Array]) -> TransposedFacts | None:
    """Facts of a transposed convolution of int8 over one or two axes, channels last."""
    op = node.op
    if not isinstance(op, QConvTranspose) or not op.channels_last:
        return None
    w, bias, mult = (constants.get(node.operands[k]) for k in (1, 2, 3))
    x, y = node.operands[0].type.shape, node.output.type.shape
    if w is None or bias is None or mult is None or len(x) not in (3, 4):
        return None
    if any(d != 1 for d in op.dilations):
        return None
    (in_h, in_w), (out_h, out_w) = _plane(x[1:-1]), _plane(y[1:-1])
    k_h, k_w = _plane(w.shape[1:-1])
    top, left = (op.pads[0], op.pads[1]) if len(x) == 4 else (0, op.pads[0])
    return TransposedFacts(
        n=x[0], in_h=in_h, in_w=in_w, in_c=x[-1], out_h=out_h, out_w=out_w, out_c=y[-1],
        k_h=k_h, k_w=k_w, stride=_plane(op.strides), pads=(top, left), group=op.group,
        weights=w.reshape(w.shape[0], k_h, k_w, w.shape[-1]), bias=bias,
        quant=Quant(op.x_zp, mult.astype(np.int32), op.shift, op.y_zp, op.lo, op.hi),
    )  # fmt: skip


def _plane(values: tuple[int, ...]) -> tuple[int, int]:
    """(height, width); a line is one row high."""
    return (values[0], values[1]) if len(values) == 2 else (1, values[0])
