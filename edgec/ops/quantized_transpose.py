"""Transposed convolution of s8 images: every output sums over the taps that reach it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np

from edgec.ir.types import TensorType
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.ops.base import Sample
from edgec.ops.checks import FloatArray
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized_window import QuantizedConv
from edgec.ops.window import Tap


@dataclass(frozen=True)
class QConvTranspose(QuantizedConv):
    """y = requantize(sum (x - x_zp) * w + bias), per output channel, of a ConvTranspose.

    Weights have the order of QConv: x [N, C, *S], w [O, C/group, *K], y [N, O, *S'], or with
    `channels_last` x [N, *S, C], w [O, *K, C/group], y [N, *S', O]. bias and mult are s32 [O].
    What an output does not see of x counts as x_zp. Strides, pads and the rest as in
    ConvTranspose.
    """

    output_padding: tuple[int, ...] = field(kw_only=True)

    @property
    def geometry(self) -> ConvTranspose:
        """The float operator of the same shape, on channels-last images and weights."""
        return ConvTranspose(
            self.strides, self.pads, self.dilations, self.output_padding, self.group, True
        )

    def shape(self, x: TensorType, w: TensorType) -> tuple[int, ...]:
        if self.channels_last:
            return self.geometry.shape(x, w)
        turned = (t.with_shape((t.shape[0], *t.shape[2:], t.shape[1])) for t in (x, w))
        n, *spatial, o = self.geometry.shape(*turned)
        return (n, o, *spatial)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        x, w = inputs[0], inputs[1]
        assert x is not None and w is not None
        depth = w.shape[-1] if self.channels_last else w.shape[1]
        return x.size * (w.size // (depth * self.group))

    def exact(self, x: FloatArray, w: FloatArray) -> FloatArray:
        return self.geometry.reference(x, w)

    def taps(
        self, b: Builder, at: Sequence[Expr], spatial: Sequence[int], kernel: Sequence[int]
    ) -> AbstractContextManager[Tap]:
        return self.geometry.contributing(b, at, spatial, kernel)

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
            op = cls(strides, pads, dilations, group, -11, 0, 5, lo=-120, output_padding=more)
            yield from op.examples(rng, xs, ws)
