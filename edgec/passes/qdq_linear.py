"""Islands around linear operators: Quantize(Conv(Dequantize(x), Dequantize(w), b)) = QConv."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgec.ir.graph import Node, Value
from edgec.ir.types import DType
from edgec.ops.conv import Conv
from edgec.ops.matmul import Gemm, MatMul
from edgec.ops.quantized import QGemm, QMatMul
from edgec.ops.quantized_window import QConv
from edgec.passes.qdq_match import F64, I64, Result, Scaled, activation, result, scaled, tighter
from edgec.passes.rewrite import Rewriter
from edgec.quantize import fixedpoint as fp

WEIGHT_TYPES = (DType.I8, DType.U8, DType.I16)


@dataclass(frozen=True)
class Weights:
    """Integer weights, output channel first, without zero point; one scale per channel."""

    data: I64
    scale: F64

    @property
    def narrow(self) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        """The data as s8 where it fits, else as s16."""
        fits = self.data.size == 0 or (self.data.min() >= -128 and self.data.max() <= 127)
        return self.data.astype(np.int8 if fits else np.int16)


def weights(r: Rewriter, value: Value | None, axis: int) -> Weights | None:
    """Constant quantized weights with one scale per index of `axis`, which comes first then."""
    found = scaled(r, value)
    if found is None or found.value.type.dtype not in WEIGHT_TYPES:
        return None
    data = r.data(found.value)
    if data is None or data.ndim < 2:
        return None
    scale, zero_point = _per_channel(found.scale, data.ndim, axis), found.zero_point
    if scale is None or _per_channel(zero_point.astype(np.float64), data.ndim, axis) is None:
        return None
    exact = np.moveaxis(data.astype(np.int64) - zero_point, axis, 0)
    channels = np.broadcast_to(scale, (exact.shape[0],)).astype(np.float64)
    if not np.all(channels > 0) or np.abs(exact).max(initial=0) > 32767:
        return None
    return Weights(np.ascontiguousarray(exact), channels)


def _per_channel(p: F64, rank: int, axis: int) -> F64 | None:
    """Parameters as one value per index of `axis` (or one for all); None if they vary else."""
    shape = (1,) * (rank - p.ndim) + p.shape
    if any(d != 1 for k, d in enumerate(shape) if k != axis):
        return None
    return p.reshape(-1)


def bias_data(r: Rewriter, value: Value | None, scale: F64) -> I64 | None:
    """A constant bias in units of `scale` [channels]; zeros if there is none."""
    if value is None:
        return np.zeros(scale.shape, np.int64)
    exact = scaled(r, value)
    if exact is not None:
        data = r.data(exact.value)
        if data is None:
            return None
        units = (data.astype(np.int64) - exact.zero_point).reshape(-1)
        if np.allclose(exact.scale.reshape(-1), scale, rtol=1e-6, atol=0):
            return np.broadcast_to(units, scale.shape)
        real = units * exact.scale.reshape(-1)
    else:
        constant = r.data(value)
        if constant is None:
            return None
        real = constant.astype(np.float64).reshape(-1)
    if real.size not in (1, scale.size):
        return None
    return np.rint(np.broadcast_to(real, scale.shape) / scale).astype(np.int64)


@dataclass(frozen=True)
class Linear:
    """Operands of an integer linear operator, as constants of the graph."""

    w: Value
    bias: Value
    mult: Value
    shift: int


def linear(r: Rewriter, found: Result, x: Scaled, w: Weights, bias: Value | None) -> Linear | None:
    """Bias, multipliers and shift of y = requantize(sum (x - x_zp) * w + bias).

    Raises E0301 if an accumulator may overflow 32 bits.
    """
    data = bias_data(r, bias, x.s * w.scale)
    if data is None:
        return None
    w, data = rescaled(w, data, x, found.scale)
    bound = fp.accumulator_bound(w.data, data, x.zp)
    fp.check_accumulators(bound, found.where)
    m = fp.choose_multipliers(x.s * w.scale / found.scale, bound, where=found.where)
    name = found.node.output.name
    return Linear(
        r.constant(w.narrow, f"{name}_w"),
        r.constant(data.astype(np.int32), f"{name}_b"),
        r.constant(m.mult, f"{name}_m"),
        m.shift,
    )


def rescaled(w: Weights, bias: I64, x: Scaled, y_scale: float) -> tuple[Weights, I64]:
    """Weights and bias of channels whose accumulator does not fit 32 bits, in coarser units.

    Quantizers give a channel of (nearly) zero weights a tiny scale, in which its bias is
    huge. Such a channel can be counted in units of 2^k times its scale if rounding its
    weights moves no result by more than 1/16 LSB; other channels are left alone.
    """
    bound = fp.accumulator_bound(w.data, bias, x.zp)
    units, coarse = w.data.copy(), bias.copy()
    scale = w.scale.copy()
    for channel in np.flatnonzero(bound > fp.INT32_MAX):
        k = int(np.ceil(np.log2(float(bound[channel]) / fp.INT32_MAX))) + 1
        error = w.data[channel].size * (128 + abs(x.zp)) / 2
        if error * 2.0**k * x.s * scale[channel] / y_scale > 1 / 16:
            continue
        units[channel] = fp.round_half_up(np.ldexp(w.data[channel].astype(np.float64), -k))
        coarse[channel] = int(fp.round_half_up(np.ldexp(np.float64(bias[channel]), -k)))
        scale[channel] = np.ldexp(scale[channel], k)
    return Weights(units, scale), coarse


def convolution(r: Rewriter, node: Node) -> bool:
    """Quantize(Conv(Dequantize(x), Dequantize(w), b)) = QConv."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, Conv) or found.node.op.channels_last:
        return False
    op, inputs = found.node.op, found.node.inputs
    x, w = activation(r, inputs[0]), weights(r, inputs[1], 0)
    if x is None or w is None:
        return False
    parts = linear(r, found, x, w, inputs[2] if len(inputs) > 2 else None)
    if parts is None:
        return False
    lo, hi = tighter(found, (op.low, op.high))
    new = QConv(op.strides, op.pads, op.dilations, op.group, x.zp, parts.shift, found.zp, lo, hi)
    y = r.insert(new, x.value, parts.w, parts.bias, parts.mult, origin=found.origin)
    r.replace(node.output, y)
    return True


def fully_connected(r: Rewriter, node: Node) -> bool:
    """Quantize(Gemm(Dequantize(x), Dequantize(w), b)) = QGemm."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, Gemm):
        return False
    op, inputs = found.node.op, found.node.inputs
    if op.trans_a or op.alpha != 1.0 or (op.beta != 1.0 and len(inputs) > 2):
        return False
    x, w = activation(r, inputs[0]), weights(r, inputs[1], 0 if op.trans_b else 1)
    if x is None or w is None:
        return False
    parts = linear(r, found, x, w, inputs[2] if len(inputs) > 2 else None)
    if parts is None:
        return False
    lo, hi = tighter(found, (op.low, op.high))
    new = QGemm(x.zp, parts.shift, found.zp, lo, hi)
    y = r.insert(new, x.value, parts.w, parts.bias, parts.mult, origin=found.origin)
    r.replace(node.output, y)
    return True


def product_of_activations(r: Rewriter, node: Node) -> bool:
    """Quantize(MatMul(Dequantize(a), Dequantize(b))) = QMatMul, a Gemm without bias too."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, MatMul | Gemm):
        return False
    if isinstance(found.node.op, Gemm) and (
        found.node.op != Gemm() or len(found.node.operands) > 2
    ):
        return False
    a, b = (activation(r, v) for v in found.node.operands[:2])
    if a is None or b is None or min(a.value.type.rank, b.value.type.rank) < 2:
        return False
    depth = a.value.type.shape[-1]
    bound = np.asarray([depth * fp.mul_bound(a.zp, b.zp)], np.int64)
    fp.check_accumulators(bound, found.where)
    m = fp.choose_multipliers(a.s * b.s / found.scale, bound, where=found.where)
    new = QMatMul(a.zp, b.zp, int(m.mult[0]), m.shift, found.zp, found.lo, found.hi)
    r.replace(node.output, r.insert(new, a.value, b.value, origin=found.origin))
    return True
