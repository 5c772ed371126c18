"""Integer operators with a sliding window: convolution and average pooling of s8 images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.index import interval
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FloatArray, check_shape, check_types
from edgec.ops.conv import Conv, conv_shape
from edgec.ops.quantized import (
    S8,
    WEIGHTS,
    accumulate,
    mean_even,
    offset,
    requantized,
    wide,
)
from edgec.ops.window import Tap, Window, channels_first, channels_last, image, place, split
from edgec.quantize import fixedpoint as fp


@dataclass(frozen=True)
class QuantizedConv(Op):
    """Abstract: y = requantize(sum (x - x_zp) * w + bias), per output channel.

    x [N, C, *S], w [O, C/group, *K], y [N, O, *S'], or with `channels_last` x [N, *S, C],
    w [O, *K, C/group], y [N, *S', O]. bias and mult are s32 [O]. What is outside of x counts as
    x_zp.
    """

    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    group: int
    x_zp: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    channels_last: bool = False
    reads = (Reads.MANY, Reads.BUFFER, Reads.ONCE, Reads.ONCE)

    def shape(self, x: TensorType, w: TensorType) -> tuple[int, ...]:
        """Shape of y; E0232 to E0235 for a broken rule."""
        raise TypeError(f"{self.name} has no shape rule")

    def exact(self, x: FloatArray, w: FloatArray) -> FloatArray:
        """The sums in float64, of channels-last images and weights."""
        raise TypeError(f"{self.name} has no reference")

    def taps(
        self, b: Builder, at: Sequence[Expr], spatial: Sequence[int], kernel: Sequence[int]
    ) -> AbstractContextManager[Tap]:
        """Loops over the taps of the output at position `at`."""
        raise TypeError(f"{self.name} has no lowering")

    def to_channels_last(self) -> Self:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    @staticmethod
    def weights_to_channels_last(w: Array) -> Array:
        """[O, C/group, *K] -> [O, *K, C/group]."""
        return Conv.weights_to_channels_last(w)

    def infer(self, x: TensorType, w: TensorType, bias: TensorType, mult: TensorType) -> TensorType:
        check_types(self.name, (x,), S8)
        check_types(self.name, (w,), WEIGHTS)
        check_types(self.name, (bias, mult), (DType.I32,))
        check_shape(self.name, "the bias", bias, (w.shape[0],))
        check_shape(self.name, "the multipliers", mult, (w.shape[0],))
        return TensorType(DType.I8, self.shape(x, w))

    def reference(self, x: Array, w: Array, bias: Array, mult: Array) -> Array:
        if not self.channels_last:
            x, w = channels_last(x), channels_last(w)
        # integers: float64 sums stay below 2^53
        sums = self.exact(x.astype(np.float64) - self.x_zp, w.astype(np.float64))
        acc = np.rint(sums).astype(np.int64) + bias.astype(np.int64)
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
            with self.taps(b, at, spatial, kernel) as tap, b.loops((depth,), "c") as (c,):
                pixel = x.at(*place(n, first + c, tap.position, self.channels_last))
                weight = w.at(*place(o, c, tap.kernel, self.channels_last))
                product = ex.Binary(DType.I32, "mul", offset(pixel, self.x_zp), wide(weight))
                accumulate(b, acc, product)
            return requantized(acc, mult.at(o), self.shift, self.y_zp, self.lo, self.hi)

        return b.compute(DType.I8, self.shape(x.type, w.type), element)

    def examples(
        self, rng: np.random.Generator, xs: tuple[int, ...], ws: tuple[int, ...]
    ) -> Iterator[Sample]:
        """Random operands of these shapes, in both layouts, with a shift that fits them."""
        x = rng.integers(-128, 128, xs).astype(np.int8)
        w = rng.integers(-127, 128, ws).astype(np.int8)
        bias = rng.integers(-2000, 2000, ws[0]).astype(np.int32)
        bound = fp.accumulator_bound(w, bias, self.x_zp)
        m = fp.choose_multipliers(rng.uniform(1e-4, 4e-3, ws[0]), bound)
        op = replace(self, shift=m.shift)
        yield Sample(op, (x, w, bias, m.mult), (1, 2, 3))
        data = (channels_last(x), channels_last(w), bias, m.mult)
        turned = tuple(np.ascontiguousarray(d) for d in data)
        yield Sample(op.to_channels_last(), turned, (1, 2, 3))


@dataclass(frozen=True)
class QConv(QuantizedConv):
    """Convolution of s8 images: y = requantize(sum (x - x_zp) * w + bias), per output channel.

    Layouts as in Conv: x [N, C, *S], w [O, C/group, *K] or channels last. bias and mult are
    s32 [O]. Padding has the value x_zp.
    """

    @property
    def geometry(self) -> Conv:
        """The float convolution of the same shape."""
        return Conv(self.strides, self.pads, self.dilations, self.group, self.channels_last)

    def shape(self, x: TensorType, w: TensorType) -> tuple[int, ...]:
        return conv_shape("QConv", self.geometry, x, w)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        return self.geometry.macs(inputs, outputs)

    def exact(self, x: FloatArray, w: FloatArray) -> FloatArray:
        return self.to_channels_last().geometry.reference(x, w)

    def taps(
        self, b: Builder, at: Sequence[Expr], spatial: Sequence[int], kernel: Sequence[int]
    ) -> AbstractContextManager[Tap]:
        window = Window(tuple(kernel), self.strides, self.pads, self.dilations)
        return window.inside(b, at, spatial)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            ((1, 1), (1, 1, 1, 1), (1, 1), 1, (1, 3, 6, 5), (5, 3, 3, 3)),
            ((2, 2), (0, 1, 1, 0), (1, 1), 1, (1, 4, 7, 6), (3, 4, 2, 3)),
            ((1, 1), (1, 1, 1, 1), (1, 1), 4, (2, 4, 5, 5), (4, 1, 3, 3)),
            ((1, 2), (2, 0, 2, 1), (2, 1), 2, (1, 4, 9, 8), (6, 2, 3, 2)),
            ((2,), (2, 1), (1,), 1, (1, 3, 11), (4, 3, 5)),
        )
        for strides, pads, dilations, group, xs, ws in cases:
            op = cls(strides, pads, dilations, group, -11, 0, 5, lo=-120)
            yield from op.examples(rng, xs, ws)


@dataclass(frozen=True)
class QAveragePool(Op):
    """Average pool of s8: y = requantize(sum of (x - x_zp) inside the image).

    mult is s32 [taps + 1]: the multiplier by the number of taps that count, so that windows
    at a border average over what they see (the same number everywhere with
    `count_include_pad`, where padding counts as zero). With `same_scale` mult and shift do
    not matter: the mean is exact, ties to even.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    x_zp: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    channels_last: bool = False
    count_include_pad: bool = False
    same_scale: bool = False
    reads = (Reads.MANY, Reads.BUFFER)

    @property
    def window(self) -> Window:
        """The window that slides over the image."""
        return Window(self.kernel, self.strides, self.pads, self.dilations)

    def to_channels_last(self) -> QAveragePool:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    def infer(self, x: TensorType, mult: TensorType) -> TensorType:
        check_types("QAveragePool", (x,), S8)
        check_shape("QAveragePool", "the multipliers", mult, (int(np.prod(self.kernel)) + 1,))
        n, c, spatial = image(x.shape, self.channels_last)
        self.window.validate("QAveragePool", spatial)
        out = self.window.out_shape(spatial)
        return TensorType(DType.I8, place(n, c, out, self.channels_last))

    def reference(self, x: Array, mult: Array) -> Array:
        planes = channels_first(x) if self.channels_last else x
        out = self.window.out_shape(planes.shape[2:])
        values = self.window.pad(planes.astype(np.float64) - self.x_zp, 0)
        ones = self.window.pad(np.ones(planes.shape), 0)
        taps = list(self.window.taps())
        acc = sum(self.window.shifted(values, t, out) for t in taps)
        seen = np.asarray(sum(self.window.shifted(ones, t, out) for t in taps)).astype(np.int64)
        count = np.full_like(seen, len(taps)) if self.count_include_pad else seen
        exact = np.asarray(acc).astype(np.int64)
        if self.same_scale:
            mean = fp.mean_even(exact, np.maximum(count, 1)) + self.y_zp
            y = np.clip(mean, self.lo, self.hi).astype(np.int8)
        else:
            chosen = mult.astype(np.int64)[count]
            wide = fp.requantize(exact, chosen, self.shift, self.y_zp, self.lo, self.hi)
            y = wide.astype(np.int8)
        return np.ascontiguousarray(channels_last(y) if self.channels_last else y)

    def lower(self, b: Builder, x: Tensor, mult: Tensor) -> Tensor:
        n_, c_, spatial = image(x.shape, self.channels_last)
        out = place(n_, c_, self.window.out_shape(spatial), self.channels_last)

        def element(*index: Expr) -> Expr:
            n, c, at = split(index, self.channels_last)
            seen = self._seen(b, at, spatial)
            count = ex.index(int(np.prod(self.kernel))) if self.count_include_pad else seen
            acc = b.local(ex.Binary(DType.I32, "mul", seen, ex.index(-self.x_zp)))
            with self.window.inside(b, at, spatial) as tap:
                pixel = x.at(*place(n, c, tap.position, self.channels_last))
                accumulate(b, acc, wide(pixel))
            if self.same_scale:
                return mean_even(acc, ex.maximum(count, 1), self.y_zp, self.lo, self.hi)
            factor = mult.at(count)
            return requantized(acc, factor, self.shift, self.y_zp, self.lo, self.hi)

        return b.compute(DType.I8, out, element)

    def _seen(self, b: Builder, at: tuple[Expr, ...], spatial: tuple[int, ...]) -> Expr:
        """How many taps of a window are inside the image."""
        count: Expr = ex.index(1)
        for axis, extent in enumerate(spatial):
            first, last = self.window.bounds(b, axis, at[axis], extent)
            count = count * (last - first)
        low, high = interval(count)
        if low == high:
            return ex.index(low)
        return b.let_index(count, 0, int(np.prod(self.kernel)), "count")

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for kernel, strides, pads in (
            ((2, 2), (2, 2), (0, 0, 0, 0)),
            ((3, 2), (1, 2), (1, 0, 1, 1)),
        ):
            x = rng.integers(-128, 128, (1, 3, 7, 6)).astype(np.int8)
            taps = int(np.prod(kernel))
            real = np.array([0.0] + [1.1 / k for k in range(1, taps + 1)])
            m = fp.choose_multipliers(real, taps * 256)
            plain = cls(kernel, strides, pads, (1, 1), 6, m.shift, -5)
            same = replace(plain, same_scale=True)
            turned = np.ascontiguousarray(channels_last(x))
            for op in (plain, same, replace(same, count_include_pad=True)):
                yield Sample(op, (x, m.mult), (1,))
                yield Sample(op.to_channels_last(), (turned, m.mult), (1,))
