"""Transposed convolution as a gather: every output sums over its taps. Source: ONNX
ConvTranspose-22."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.loops.builder import Builder
from edgec.loops.expr import Const, Expr, const, eq, logical_and, maximum, minimum
from edgec.loops.index import interval
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FloatArray, Index, check, check_floats, check_shape
from edgec.ops.conv import check_kernel_shape, clamp
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op
from edgec.ops.window import (
    Tap,
    channels_first,
    channels_last,
    counted,
    image,
    known_index,
    place,
    split,
    split_pads,
)


@dataclass(frozen=True)
class ConvTranspose(Op):
    """Transposed convolution of x [N, C, *S] with w [C, O/group, *K], plus bias [O]: [N, O, *S'].

    With `channels_last`: x [N, *S, C], w [O, *K, C/group], y [N, *S', O], so that each output
    reads contiguous weights. S' = (S - 1) * stride + output_padding + extent - pads. Input i
    and tap k contribute to output i * stride + k * dilation - pad_begin. The result is clamped
    to [low, high].
    """

    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    output_padding: tuple[int, ...]
    group: int = 1
    channels_last: bool = False
    low: float = -math.inf
    high: float = math.inf

    reads = (Reads.MANY, Reads.MANY, Reads.ONCE)

    # layout

    def to_channels_last(self) -> ConvTranspose:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    def weights_to_channels_last(self, w: Array) -> Array:
        """[C, O/group, *K] -> [O, *K, C/group]."""
        c, per_group, *kernel = w.shape
        split_w = w.reshape(self.group, c // self.group, per_group, *kernel)
        moved = np.moveaxis(split_w, 1, -1)
        return moved.reshape(self.group * per_group, *kernel, c // self.group)

    def weights_to_channels_first(self, w: FloatArray) -> FloatArray:
        """[O, *K, C/group] -> [C, O/group, *K]."""
        o, *kernel, depth = w.shape
        moved = np.moveaxis(w.reshape(self.group, o // self.group, *kernel, depth), -1, 1)
        return moved.reshape(self.group * depth, o // self.group, *kernel)

    def kernel_shape(self, w: TensorType) -> tuple[int, ...]:
        """Taps per spatial axis."""
        return w.shape[1:-1] if self.channels_last else w.shape[2:]

    def channels(self, w: TensorType) -> tuple[int, int]:
        """(input channels, output channels) of the weights."""
        if self.channels_last:
            return w.shape[-1] * self.group, w.shape[0]
        return w.shape[0], w.shape[1] * self.group

    # shape and meaning

    def infer(self, x: TensorType, w: TensorType, b: TensorType | None = None) -> TensorType:
        check_floats("ConvTranspose", x, w, b)
        shape = self.shape(x, w)
        check_shape("ConvTranspose", "the bias", b, (self.channels(w)[1],))
        return x.with_shape(shape)

    def shape(self, x: TensorType, w: TensorType) -> tuple[int, ...]:
        """Shape of the result; E0232 to E0235 where operands and attributes do not fit."""
        check(
            3 <= x.rank <= 5 and w.rank == x.rank,
            "E0234",
            f"ConvTranspose of rank {x.rank} by weights of rank {w.rank}",
            rule="input and weights have 1 to 3 spatial axes, both the same number",
        )
        n, c, spatial = image(x.shape, self.channels_last)
        c_in, c_out = self.channels(w)
        check(
            self.group >= 1 and c == c_in and c % self.group == 0 and c_out % self.group == 0,
            "E0235",
            f"ConvTranspose of {c} channels in {self.group} groups by weights {list(w.shape)}",
            rule="the first weight axis is the input channels; groups divide the channels",
        )
        self._check_attributes(len(spatial))
        out = transposed_shape(self, spatial, self.kernel_shape(w))
        check(
            min(out) >= 1,
            "E0233",
            f"ConvTranspose would have an output of size {list(out)}",
            rule="(input - 1) * stride + output_padding + kernel extent - pads is positive",
        )
        return place(n, c_out, out, self.channels_last)

    def _check_attributes(self, rank: int) -> None:
        lengths = {len(self.strides), len(self.dilations), len(self.output_padding)}
        check(
            lengths == {rank} and len(self.pads) == 2 * rank,
            "E0232",
            "ConvTranspose has attributes for another number of axes than its input",
            rule=f"one stride, dilation and output padding, and two pads, for each of {rank} axes",
        )
        check(
            min(*self.strides, *self.dilations) >= 1 and min(*self.pads, *self.output_padding) >= 0,
            "E0232",
            "ConvTranspose has a stride, dilation or pad that is too small",
            rule="strides and dilations are at least 1, pads at least 0",
        )

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        x, w = inputs[0], inputs[1]
        assert x is not None and w is not None
        return x.size * (w.size // self.channels(w)[0])

    def reference(self, x: FloatArray, w: FloatArray, b: FloatArray | None = None) -> FloatArray:
        if self.channels_last:
            plain = replace(self, channels_last=False)
            y = plain.reference(channels_first(x), self.weights_to_channels_first(w), b)
            return np.ascontiguousarray(channels_last(y))
        y = self._scatter(x, w)
        if b is not None:
            y = y + b.reshape(-1, *(1,) * (y.ndim - 2))
        return np.clip(y, self.low, self.high).astype(x.dtype)

    def _scatter(self, x: FloatArray, w: FloatArray) -> FloatArray:
        n, c, *spatial = x.shape
        kernel, rank = w.shape[2:], x.ndim - 2
        full = [
            (i - 1) * s + (k - 1) * d + 1 + p
            for i, s, k, d, p in zip(
                spatial, self.strides, kernel, self.dilations, self.output_padding, strict=True
            )
        ]
        y = np.zeros((n, w.shape[1] * self.group, *full), x.dtype)
        pixels = x.reshape(n, self.group, c // self.group, -1)
        weights = w.reshape(self.group, c // self.group, *w.shape[1:])
        for tap in np.ndindex(*kernel):
            index: Index = (..., *tap)
            part = np.matmul(np.swapaxes(weights[index], 1, 2), pixels)
            cuts: Index = tuple(
                slice(t * d, t * d + (i - 1) * s + 1, s)
                for t, d, i, s in zip(tap, self.dilations, spatial, self.strides, strict=True)
            )
            index = (..., *cuts)
            y[index] += part.reshape(n, -1, *spatial)
        keep: Index = tuple(
            slice(b, size - e)
            for b, e, size in zip(self.pads[:rank], self.pads[rank:], full, strict=True)
        )
        index = (..., *keep)
        return y[index]

    # lowering

    def lower(self, b: Builder, x: Tensor, w: Tensor, bias: Tensor | None = None) -> Tensor:
        def element(*index: Expr) -> Expr:
            acc = self._accumulate(b, x, w, index)
            _, o, _ = split(index, self.channels_last)
            total = acc if bias is None else acc + bias.at(o)
            return clamp(total, self.low, self.high)

        return b.compute(x.dtype, self.shape(x.type, w.type), element)

    def _accumulate(self, b: Builder, x: Tensor, w: Tensor, index: tuple[Expr, ...]) -> Expr:
        n, o, at = split(index, self.channels_last)
        _, _, spatial = image(x.shape, self.channels_last)
        c_in, c_out = self.channels(w.type)
        depth, per_group = c_in // self.group, c_out // self.group
        first = (o // per_group) * depth
        acc = b.local(const(x.dtype, 0))
        taps = self.contributing(b, at, spatial, self.kernel_shape(w.type))
        with taps as tap, b.loops((depth,), "c") as (c,):
            pixel = x.at(*place(n, first + c, tap.position, self.channels_last))
            if self.channels_last:
                weight = w.at(o, *tap.kernel, c)
            else:
                weight = w.at(first + c, o % per_group, *tap.kernel)
            b.assign(acc, acc + pixel * weight)
        return acc

    @contextmanager
    def contributing(
        self, b: Builder, at: Sequence[Expr], spatial: Sequence[int], kernel: Sequence[int]
    ) -> Iterator[Tap]:
        """Loops over the taps that contribute to the output at position `at`."""
        taps: list[Expr] = []
        positions: list[Expr] = []
        with ExitStack() as stack:
            for axis, extent in enumerate(spatial):
                t = at[axis] + self.pads[axis]
                step = _phase_tap if self.dilations[axis] == 1 else _tested_tap
                s, d = self.strides[axis], self.dilations[axis]
                loop = step(b, _Axis(kernel[axis], s, d, extent), t)
                tap, position = stack.enter_context(loop)
                taps.append(tap)
                positions.append(position)
            yield Tap(tuple(taps), tuple(positions))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            (cls((2, 2), (0, 0, 0, 0), (1, 1), (0, 0)), (1, 3, 4, 3), (3, 2, 2, 2)),
            (cls((3, 2), (1, 0, 2, 1), (1, 1), (1, 0), low=0.0), (2, 2, 3, 4), (2, 3, 3, 4)),
            (cls((1, 1), (1, 1, 1, 1), (2, 1), (0, 0), group=2), (1, 4, 5, 4), (4, 2, 3, 3)),
            (cls((2,), (2, 1), (3,), (1,), group=3), (1, 3, 6), (3, 1, 4)),
            (cls((4,), (0, 0), (1,), (2,)), (1, 2, 3), (2, 2, 2)),
        )
        for op, x, w in cases:
            bias = (w[1] * op.group,)
            data = tuple(rng.standard_normal(s).astype(np.float32) for s in (x, w, bias))
            yield Sample(op, data, constants=(1, 2))
            turned = (channels_last(data[0]), op.weights_to_channels_last(data[1]), data[2])
            yield Sample(op.to_channels_last(), tuple(map(np.ascontiguousarray, turned)), (1, 2))


@dataclass(frozen=True)
class _Axis:
    """One spatial axis: taps, stride, dilation and extent of the input."""

    kernel: int
    stride: int
    dilation: int
    extent: int


@contextmanager
def _phase_tap(b: Builder, a: _Axis, t: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Taps for dilation 1: k = t % stride + j * stride reads input t / stride - j."""
    phase, newest = t % a.stride, t // a.stride
    last = minimum((a.kernel - phase + (a.stride - 1)) // a.stride, newest + 1)
    first = maximum(newest - (a.extent - 1), 0)
    with counted(b, b.let(first, "first"), b.let(last, "last")) as j:
        tap = known_index(b, phase + j * a.stride, a.kernel)
        yield tap, known_index(b, newest - j, a.extent)


@contextmanager
def _tested_tap(b: Builder, a: _Axis, t: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Taps for any dilation: k reads input (t - k * dilation) / stride if that is whole."""
    last = minimum(t // a.dilation + 1, a.kernel)
    with counted(b, Const(last.dtype, 0), b.let(last, "last")) as k:
        ahead = b.let_index(t - k * a.dilation, 0, max(interval(t)[1], 0), "ahead")
        whole = logical_and(eq(ahead % a.stride, 0), ahead < a.extent * a.stride)
        with b.when(whole):
            yield k, b.let_index(ahead // a.stride, 0, a.extent - 1, "at")


def transposed_shape(
    op: ConvTranspose, spatial: Sequence[int], kernel: Sequence[int]
) -> tuple[int, ...]:
    """Spatial shape of the result."""
    rank = len(spatial)
    return tuple(
        (spatial[k] - 1) * op.strides[k]
        + op.output_padding[k]
        + (kernel[k] - 1) * op.dilations[k]
        + 1
        - op.pads[k]
        - op.pads[rank + k]
        for k in range(rank)
    )


@onnx_op("ConvTranspose")
def import_conv_transpose(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX ConvTranspose, any opset; auto_pad and output_shape become pads."""
    spatial, kernel = n.type(0).shape[2:], n.type(1).shape[2:]
    check_kernel_shape(n, kernel)
    rank = len(kernel)
    op = ConvTranspose(
        n.get_ints("strides", (1,) * rank),
        n.get_ints("pads", (0,) * (2 * rank)),
        n.get_ints("dilations", (1,) * rank),
        n.get_ints("output_padding", (0,) * rank),
        n.get_int("group", 1),
    )
    mode = n.get_string("auto_pad", "NOTSET")
    if mode == "VALID":
        op = replace(op, pads=(0,) * (2 * rank))
    if mode in ("SAME_UPPER", "SAME_LOWER") or "output_shape" in n.attributes:
        op = _sized(op, n, spatial, kernel, mode)
    return b.emit(op, n.input(0), n.input(1), n.optional(2))


def _sized(
    op: ConvTranspose,
    n: OnnxNode,
    spatial: tuple[int, ...],
    kernel: tuple[int, ...],
    mode: str,
) -> ConvTranspose:
    """`op` with the pads that give `output_shape`, or input size times stride."""
    same = tuple(i * s for i, s in zip(spatial, op.strides, strict=True))
    wanted = n.get_ints("output_shape", same)[-len(kernel) :]
    bare = replace(op, pads=(0,) * len(op.pads))
    total = [a - w for a, w in zip(transposed_shape(bare, spatial, kernel), wanted, strict=True)]
    grow = tuple(p + max(-t, 0) for p, t in zip(op.output_padding, total, strict=True))
    pads = split_pads([max(t, 0) for t in total], upper=mode == "SAME_UPPER")
    return replace(op, pads=pads, output_padding=grow)
