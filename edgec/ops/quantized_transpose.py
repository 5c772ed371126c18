"""Transposed convolution of s8 images: every output sums over the taps that reach it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import check_shape, check_types
from edgec.ops.conv import Conv
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized import S8, WEIGHTS, accumulate, offset, requantized, wide
from edgec.ops.window import channels_first, channels_last, image, place, split
from edgec.quantize import fixedpoint as fp


@dataclass(frozen=True)
class QConvTranspose(Op):
    """y = requantize(sum (x - x_zp) * w + bias), per output channel, of a ConvTranspose.

    Weights have the order of QConv: x [N, C, *S], w [O, C/group, *K], y [N, O, *S'], or with
    `channels_last` x [N, *S, C], w [O, *K, C/group], y [N, *S', O]. bias and mult are s32 [O].
    What an output does not see of x counts as x_zp. Strides, pads and the rest as in
    ConvTranspose.
    """

    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    output_padding: tuple[int, ...]
    group: int
    x_zp: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    channels_last: bool = False
    reads = (Reads.MANY, Reads.BUFFER, Reads.ONCE, Reads.ONCE)

    @property
    def geometry(self) -> ConvTranspose:
        """The float operator of the same shape, on channels-last images and weights."""
        return ConvTranspose(
            self.strides, self.pads, self.dilations, self.output_padding, self.group, True
        )

    def to_channels_last(self) -> QConvTranspose:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    @staticmethod
    def weights_to_channels_last(w: Array) -> Array:
        """[O, C/group, *K] -> [O, *K, C/group]."""
        return Conv.weights_to_channels_last(w)

    def infer(self, x: TensorType, w: TensorType, bias: TensorType, mult: TensorType) -> TensorType:
        check_types("QConvTranspose", (x,), S8)
        check_types("QConvTranspose", (w,), WEIGHTS)
        check_types("QConvTranspose", (bias, mult), (DType.I32,))
        check_shape("QConvTranspose", "the bias", bias, (w.shape[0],))
        check_shape("QConvTranspose", "the multipliers", mult, (w.shape[0],))
        return TensorType(DType.I8, self._shape(x.shape, w.shape))

    def _shape(self, x: tuple[int, ...], w: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of y."""
        if self.channels_last:
            return self.geometry.shape(TensorType(DType.I8, x), TensorType(DType.I8, w))
        turned = ((s[0], *s[2:], s[1]) for s in (x, w))
        n, *spatial, o = self.geometry.shape(*(TensorType(DType.I8, s) for s in turned))
        return (n, o, *spatial)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        x, w = inputs[0], inputs[1]
        assert x is not None and w is not None
        depth = w.shape[-1] if self.channels_last else w.shape[1]
        return x.size * (w.size // (depth * self.group))

    def reference(self, x: Array, w: Array, bias: Array, mult: Array) -> Array:
        if not self.channels_last:
            x, w = channels_last(x), channels_last(w)
        # integers: float64 sums stay below 2^53
        real = self.geometry.reference(x.astype(np.float64) - self.x_zp, w.astype(np.float64))
        acc = np.rint(real).astype(np.int64) + bias.astype(np.int64)
        y = fp.requantize(acc, mult.astype(np.int32), self.shift, self.y_zp, self.lo, self.hi)
        result = y.astype(np.int8)
        return np.ascontiguousarray(result if self.channels_last else channels_first(result))

    def lower(self, b: Builder, x: Tensor, w: Tensor, bias: Tensor, mult: Tensor) -> Tensor:
        _, _, spatial = image(x.shape, self.channels_last)
        _, depth, kernel = image(w.shape, self.channels_last)
        per_group = w.shape[0] // self.group

        def element(*index: Expr) -> Expr:
            n, o, at = split(index, self.channels_last)
            first = (o // per_group) * depth
            acc = b.local(bias.at(o))
            taps = self.geometry.contributing(b, at, spatial, kernel)
            with taps as tap, b.loops((depth,), "c") as (c,):
                pixel = x.at(*place(n, first + c, tap.position, self.channels_last))
                weight = w.at(*place(o, c, tap.kernel, self.channels_last))
                product = ex.Binary(DType.I32, "mul", offset(pixel, self.x_zp), wide(weight))
                accumulate(b, acc, product)
            return requantized(acc, mult.at(o), self.shift, self.y_zp, self.lo, self.hi)

        return b.compute(DType.I8, self._shape(x.shape, w.shape), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            ((2, 2), (0, 0, 0, 0), (1, 1), (0, 0), 1, (1, 3, 4, 3), (2, 3, 2, 2)),
            ((3, 2), (1, 0, 2, 1), (1, 1), (1, 0), 1, (2, 2, 3, 4), (3, 2, 3, 4)),
            ((1, 1), (1, 1, 1, 1), (2, 1), (0, 0), 2, (1, 4, 5, 4), (6, 2, 3, 3)),
            ((2,), (2, 1), (3,), (1,), 3, (1, 3, 6), (3, 1, 4)),
            ((4,), (0, 0), (1,), (2,), 1, (1, 2, 3), (2, 2, 2)),
        )
        for strides, pads, dilations, more, group, xs, ws in cases:
            x = rng.integers(-128, 128, xs).astype(np.int8)
            w = rng.integers(-127, 128, ws).astype(np.int8)
            bias = rng.integers(-2000, 2000, ws[0]).astype(np.int32)
            m = fp.choose_multipliers(
                rng.uniform(1e-4, 4e-3, ws[0]), fp.accumulator_bound(w, bias, -11)
            )
            op = cls(strides, pads, dilations, more, group, -11, m.shift, 5, lo=-120)
            yield Sample(op, (x, w, bias, m.mult), (1, 2, 3))
            data = (channels_last(x), channels_last(w), bias, m.mult)
            turned = tuple(np.ascontiguousarray(d) for d in data)
            yield Sample(op.to_channels_last(), turned, (1, 2, 3))
