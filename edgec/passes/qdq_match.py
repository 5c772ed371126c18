"""What the rules for quantized graphs ask: scales, zero points, and bounds before a Quantize."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import Where
from edgec.ir.graph import Node, Value
from edgec.ir.types import DType
from edgec.ops.quantize import Dequantize, Quantize
from edgec.passes.fuse_activation import Range, bounds, limited
from edgec.passes.rewrite import Rewriter

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
UNLIMITED = (-math.inf, math.inf)


@dataclass(frozen=True)
class Scaled:
    """An integer value that stands for (value - zero_point) * scale."""

    value: Value
    scale: F64  # scalar, or a shape that broadcasts against the value
    zero_point: I64

    @property
    def per_tensor(self) -> bool:
        return self.scale.size == 1 and self.zero_point.size == 1

    @property
    def s(self) -> float:
        """The scale of a per-tensor value."""
        return float(self.scale.reshape(()))

    @property
    def zp(self) -> int:
        """The zero point of a per-tensor value."""
        return int(self.zero_point.reshape(()))


@dataclass(frozen=True)
class Result:
    """What a Quantize (s8, per tensor) turns the float value `source` into.

    `node` computes `source` before any fused bounds; `lo` and `hi` limit the result.
    """

    quantize: Node
    node: Node
    scale: float
    zp: int
    lo: int
    hi: int

    @property
    def where(self) -> Where:
        """The place, for messages."""
        return Where(node=f"'{', '.join(self.node.origin) or self.node.op.name}'")

    @property
    def origin(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.node.origin, *self.quantize.origin)))


def scaled(r: Rewriter, value: Value | None) -> Scaled | None:
    """The integer value behind a Dequantize with constant parameters."""
    node = r.producer(value)
    if node is None or not isinstance(node.op, Dequantize):
        return None
    x, scale, zero_point = node.operands
    s, z = r.data(scale), r.data(zero_point)
    if s is None or z is None:
        return None
    return Scaled(x, s.astype(np.float64), z.astype(np.int64))


def activation(r: Rewriter, value: Value | None) -> Scaled | None:
    """Like `scaled`, for an s8 value with one positive scale."""
    found = scaled(r, value)
    if found is None or not found.per_tensor or found.value.type.dtype is not DType.I8:
        return None
    return found if found.s > 0 else None


def quantizer(r: Rewriter, node: Node) -> tuple[float, int] | None:
    """(scale, zero point) of a Quantize to s8 with one constant positive scale."""
    if not isinstance(node.op, Quantize) or node.op.dtype is not DType.I8:
        return None
    scale, zero_point = r.data(node.inputs[1]), r.data(node.inputs[2])
    if scale is None or zero_point is None or scale.size != 1 or zero_point.size != 1:
        return None
    s = float(scale.reshape(()))
    return (s, int(zero_point.reshape(()))) if s > 0 and math.isfinite(s) else None


def result(r: Rewriter, node: Node) -> Result | None:
    """The computation that ends in Quantize `node`, if nobody else reads its float value."""
    found = quantizer(r, node)
    if found is None:
        return None
    scale, zp = found
    source, limits = _peel(r, node.operands[0])
    producer = r.producer(source)
    if producer is None or not r.has_one_reader(source):
        return None
    lo, hi = quantized_bounds(limits, scale, zp)
    return Result(node, producer, scale, zp, lo, hi)


def _peel(r: Rewriter, value: Value) -> tuple[Value, Range]:
    """The value before Relu, Clip and the like, and the range that they limit it to."""
    limits: Range = UNLIMITED
    while r.has_one_reader(value):
        producer = r.producer(value)
        found = None if producer is None else bounds(r, producer)
        if found is None:
            break
        value, inner = found
        limits = limited(inner, limits)
    return value, limits


def quantized_bounds(limits: Range, scale: float, zp: int) -> tuple[int, int]:
    """The s8 range of results whose real values are limited: rounding is monotone."""
    low, high = limits
    lo = -128 if low == -math.inf else _quantized(low, scale, zp)
    hi = 127 if high == math.inf else _quantized(high, scale, zp)
    return lo, hi


def _quantized(real: float, scale: float, zp: int) -> int:
    return int(np.clip(np.rint(np.float32(real) / np.float32(scale)) + zp, -128, 127))


def tighter(found: Result, limits: Range) -> tuple[int, int]:
    """Bounds of `found` together with those of its own operator (low, high)."""
    lo, hi = quantized_bounds(limits, found.scale, found.zp)
    low, high = limited((lo, hi), (found.lo, found.hi))
    return int(low), int(high)
