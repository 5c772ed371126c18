"""Islands of layer normalization."""

from __future__ import annotations

import math

import numpy as np

from edgec.ir.graph import Node, Value
from edgec.ops.norm import LayerNormalization
from edgec.ops.quantized_norm import MAX_LENGTH, QLayerNorm
from edgec.passes.qdq_match import F64, activation, result, scaled
from edgec.passes.rewrite import Rewriter


def constant_reals(r: Rewriter, value: Value | None) -> F64 | None:
    """The real numbers of a constant, which may be quantized."""
    found = scaled(r, value)
    data = r.data(value if found is None else found.value)
    if data is None:
        return None
    if found is None:
        return data.astype(np.float64)
    return np.asarray((data.astype(np.int64) - found.zero_point) * found.scale, np.float64)


def layer_norm(r: Rewriter, node: Node) -> bool:
    """Quantize(LayerNormalization(Dequantize(x), scale, bias)) = QLayerNorm."""
    found = result(r, node)
    op = None if found is None else found.node.op
    if found is None or not isinstance(op, LayerNormalization) or op.stats:
        return False
    x = activation(r, found.node.inputs[0])
    scale = constant_reals(r, found.node.inputs[1])
    bias = found.node.inputs[2] if len(found.node.inputs) > 2 else None
    offset = np.zeros(()) if bias is None else constant_reals(r, bias)
    if x is None or scale is None or offset is None:
        return False
    inner = x.value.type.shape[op.axis :]
    count = math.prod(inner)
    if count > MAX_LENGTH or max(scale.ndim, offset.ndim) > len(inner):
        return False
    gain = np.broadcast_to(scale / found.scale, inner).astype(np.float32)
    shift = np.broadcast_to(offset / found.scale + found.zp, inner).astype(np.float32)
    spread = float(np.float32(op.epsilon * count * count / (x.s * x.s)))
    new = QLayerNorm(op.axis, spread, found.lo, found.hi)
    name = found.node.output.name
    operands = (r.constant(gain, f"{name}_gain"), r.constant(shift, f"{name}_offset"))
    r.replace(node.output, r.insert(new, x.value, *operands, origin=found.origin))
    return True
