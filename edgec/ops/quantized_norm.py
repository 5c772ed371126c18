"""Layer normalization of s8: exact integer statistics, then float32 in one fixed order.

Only IEEE basic operations and a square root touch floats, so the bits are the same on every
target and in numpy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import check_shape, check_types
from edgec.ops.quantized import S8, accumulate, wide

MAX_LENGTH = 1 << 15


@dataclass(frozen=True)
class QLayerNorm(Op):
    """Normalization over all axes from `axis` on, of s8 to s8.

    With K elements, S1 = sum x and S2 = sum x^2:
    d = K x - S1,  V = K S2 - S1^2,  y = round_even(d * (1 / sqrt(V + spread)) * gain + offset).
    `spread` is epsilon K^2 / x_scale^2; gain is scale / y_scale and offset bias / y_scale +
    zero point, f32 of the normalized shape.
    """

    axis: int
    spread: float
    lo: int = -128
    hi: int = 127
    reads = (Reads.MANY, Reads.BUFFER, Reads.BUFFER)

    def infer(self, x: TensorType, gain: TensorType, offset: TensorType) -> TensorType:
        check_types("QLayerNorm", (x,), S8)
        check_types("QLayerNorm", (gain, offset), (DType.F32,))
        check_shape("QLayerNorm", "gain", gain, x.shape[self.axis :])
        check_shape("QLayerNorm", "offset", offset, x.shape[self.axis :])
        return x

    def reference(self, x: Array, gain: Array, offset: Array) -> Array:
        axes = tuple(range(self.axis, x.ndim))
        count = math.prod(x.shape[self.axis :])
        exact = x.astype(np.int64)
        s1 = exact.sum(axis=axes, keepdims=True)
        s2 = (exact * exact).sum(axis=axes, keepdims=True)
        difference = (count * exact - s1).astype(np.float32)
        spread = (count * s2 - s1 * s1).astype(np.float32) + np.float32(self.spread)
        factor = np.float32(1) / np.sqrt(spread)
        y = difference * factor * gain.astype(np.float32) + offset.astype(np.float32)
        codes = np.clip(np.rint(y), self.lo, self.hi)
        return np.asarray(codes, np.float32).astype(np.int8)

    def lower(self, b: Builder, x: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
        y = b.output(DType.I8, x.shape)
        inner = x.shape[self.axis :]
        count = math.prod(inner)
        with b.loops(x.shape[: self.axis]) as row:
            s1 = b.local(0, DType.I32, "s1")
            s2 = b.local(0, DType.I32, "s2")
            with b.loops(inner, "k") as k:
                value = b.let(wide(x.at(*row, *k)), "x")
                accumulate(b, s1, value)
                accumulate(b, s2, ex.Binary(DType.I32, "mul", value, value))
            factor = b.let(self._factor(s1, s2, count), "factor")
            with b.loops(inner, "k") as k:
                scaled = ex.Binary(DType.I32, "mul", wide(x.at(*row, *k)), ex.index(count))
                difference = ex.cast(DType.F32, ex.Binary(DType.I32, "sub", scaled, s1))
                real = difference * factor * gain.at(*k) + offset.at(*k)
                one = ex.const(DType.F32, 1.0)
                numbers = (one, ex.index(0), ex.index(self.lo), ex.index(self.hi))
                code = ex.call("edgec_quantize_f32", real, *numbers, dtype=DType.I32)
                b.store(y, (*row, *k), ex.Cast(DType.I8, code))
        return y

    def _factor(self, s1: Expr, s2: Expr, count: int) -> Expr:
        """1 / sqrt(K S2 - S1^2 + spread), the integers in 64 bits."""
        first, second = ex.cast(DType.I64, s1), ex.cast(DType.I64, s2)
        scaled = ex.Binary(DType.I64, "mul", second, ex.const(DType.I64, count))
        square = ex.Binary(DType.I64, "mul", first, first)
        variance = ex.cast(DType.F32, ex.Binary(DType.I64, "sub", scaled, square))
        return 1.0 / ex.call("sqrtf", variance + self.spread)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axis, shape in ((1, (3, 8)), (1, (2, 3, 5)), (0, (7,))):
            x = rng.integers(-128, 128, shape).astype(np.int8)
            gain = rng.uniform(5, 40, shape[axis:]).astype(np.float32)
            offset = rng.uniform(-20, 20, shape[axis:]).astype(np.float32)
            yield Sample(cls(axis, 0.5, -120), (x, gain, offset), (1, 2))
