"""What the kernels need to know about transposed convolutions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.kernels.facts import Quant, TransposedFacts
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized_transpose import QConvTranspose


def transposed_facts(node: Node, constants: Mapping[Value, Array]) -> TransposedFacts | None:
    """Facts of a transposed convolution over one or two axes, channels last."""
    op = node.op
    if not isinstance(op, QConvTranspose | ConvTranspose) or not op.channels_last:
        return None
    w, *others = (None if v is None else constants.get(v) for v in node.inputs[1:])
    x, y = node.operands[0].type.shape, node.output.type.shape
    if w is None or len(x) not in (3, 4) or any(d != 1 for d in op.dilations):
        return None
    if any(v is not None and v not in constants for v in node.inputs[2:]):
        return None
    (in_h, in_w), (out_h, out_w) = _plane(x[1:-1]), _plane(y[1:-1])
    k_h, k_w = _plane(w.shape[1:-1])
    top, left = (op.pads[0], op.pads[1]) if len(x) == 4 else (0, op.pads[0])
    facts = TransposedFacts(
        n=x[0], in_h=in_h, in_w=in_w, in_c=x[-1], out_h=out_h, out_w=out_w, out_c=y[-1],
        k_h=k_h, k_w=k_w, stride=_plane(op.strides), pads=(top, left), group=op.group,
        weights=w.reshape(w.shape[0], k_h, k_w, w.shape[-1]), bias=others[0] if others else None,
    )  # fmt: skip
    if isinstance(op, ConvTranspose):
        return replace(facts, lo=_limit(op.low), hi=_limit(op.high))
    mult = others[1]
    assert mult is not None
    quant = Quant(op.x_zp, mult.astype(np.int32), op.shift, op.y_zp, op.lo, op.hi)
    return replace(facts, quant=quant)


def _limit(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plane(values: tuple[int, ...]) -> tuple[int, int]:
    """(height, width); a line is one row high."""
    return (values[0], values[1]) if len(values) == 2 else (1, values[0])
