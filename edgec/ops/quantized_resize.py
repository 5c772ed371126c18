"""Interpolation of s8 images in integers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import fail
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Sample
from edgec.ops.checks import check_types
from edgec.ops.quantized import S8, clamped, offset
from edgec.ops.resize import Resize, Taps
from edgec.quantize.fixedpoint import INT32_MAX, SPAN_S8, round_half_up

I64 = npt.NDArray[np.int64]
INNER_BITS = 22  # of the weights of all axes together


@dataclass(frozen=True, eq=False)
class Line:
    """One axis in integers: element o is the sum over t of weight[o, t] * x[index[o, t]]."""

    index: I64
    weight: I64
    error: float  # of the weights, which add up to no error: half of the sum of magnitudes

    @property
    def reach(self) -> int:
        """Largest sum of the magnitudes of the weights of an element."""
        return int(np.abs(self.weight).sum(axis=1).max())


def whole(taps: Taps, factor: float, bits: int) -> Line:
    """`taps` times `factor` in units of 2^-bits; all elements have the same sum of weights.

    The largest weight of an element makes up for what rounding the others has done to it.
    """
    exact = taps.weight * factor
    weight = round_half_up(np.ldexp(exact, bits))
    wanted = round_half_up(np.asarray(np.ldexp(exact.sum(axis=1).mean(), bits)))
    largest = np.abs(weight).argmax(axis=1)
    weight[np.arange(len(weight)), largest] += wanted - weight.sum(axis=1)
    error = np.abs(np.ldexp(weight.astype(np.float64), -bits) - exact).sum(axis=1).max() / 2
    return Line(taps.index, weight, float(error))


@dataclass(frozen=True)
class QResize(Resize):
    """y = clamp(y_zp + (sum of weights * (x - x_zp) rounded >> shift)): linear or cubic.

    `ratio` is the scale of x over that of y. The weights of the last axis contain it. The other
    axes share 11 bits; the last one gets as many as 32 bits of the sum leave.
    """

    x_zp: int = 0
    y_zp: int = 0
    ratio: float = 1.0
    lo: int = -128
    hi: int = 127

    def infer(self, x: TensorType) -> TensorType:
        check_types("QResize", (x,), S8)
        if self.mode == "nearest" or self.transform == "tf_crop_and_resize":
            rule = "it interpolates, and every element of the result lies inside x"
            raise fail("E0214", f"QResize has mode '{self.mode}', '{self.transform}'", rule=rule)
        return super().infer(x)

    def plan(self, shape: tuple[int, ...]) -> tuple[dict[int, Line], int]:
        """The axes that change, and the shift, for x of `shape`."""
        every = {k: t for k, d in enumerate(shape) if (t := self.taps(k, d)) is not None}
        if not every:
            every = {len(shape) - 1: _untouched(shape[-1])}
        *first, last = every
        bits = INNER_BITS // 2 // len(first) if first else 0
        lines = {k: whole(every[k], 1.0, bits) for k in first}
        reach = SPAN_S8 * math.prod(line.reach for line in lines.values())
        for more in range(INNER_BITS, -1, -1):
            line, shift = whole(every[last], self.ratio, more), bits * len(first) + more
            if reach * line.reach + (SPAN_S8 << shift) <= INT32_MAX:
                break
        lines[last] = line
        return lines, shift

    def error(self, shape: tuple[int, ...]) -> float:
        """Bound of the error, in LSB before rounding, that the rounded weights make."""
        lines, _ = self.plan(shape)
        *first, last = lines.values()
        return SPAN_S8 * (sum(line.error for line in first) * self.ratio * 1.5 + last.error)

    def reference(self, x: Array) -> Array:
        lines, shift = self.plan(x.shape)
        acc = x.astype(np.int64) - self.x_zp
        for axis, line in lines.items():
            moved = np.moveaxis(acc, axis, -1)
            moved = (moved[..., line.index] * line.weight).sum(axis=-1)
            acc = np.moveaxis(moved, -1, axis)
        y = (acc + (self.y_zp << shift) + (1 << shift >> 1)) >> shift
        return np.ascontiguousarray(np.clip(y, self.lo, self.hi).astype(np.int8))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        lines, shift = self.plan(x.shape)
        tables = {k: _Table.of(b, line, x.shape[k]) for k, line in lines.items()}
        first = ex.index((self.y_zp << shift) + (1 << shift >> 1))

        def element(*i: Expr) -> Expr:
            chosen = {k: table.at(b, i[k]) for k, table in tables.items()}
            acc = ex.Binary(DType.I32, "add", self._sum(b, x, i, chosen, ()), first)
            moved = ex.call("edgec_asr_s32", acc, ex.const(DType.U32, shift), dtype=DType.I32)
            return clamped(moved, self.lo, self.hi)

        return b.compute(DType.I8, self.shape, element)

    def _sum(
        self,
        b: Builder,
        x: Tensor,
        place: tuple[Expr, ...],
        chosen: dict[int, tuple[tuple[Expr, Expr], ...]],
        index: tuple[Expr, ...],
    ) -> Expr:
        """Weighted sum over the taps of all axes from axis `len(index)` on."""
        axis = len(index)
        if axis == x.rank:
            return offset(x.at(*index), self.x_zp)
        if axis not in chosen:
            return self._sum(b, x, place, chosen, (*index, place[axis]))
        total: Expr | None = None
        for at, weight in chosen[axis]:
            inner = self._sum(b, x, place, chosen, (*index, at))
            term = ex.Binary(DType.I32, "mul", weight, inner)
            total = term if total is None else ex.Binary(DType.I32, "add", total, term)
        assert total is not None
        return b.let(total, "sum")

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = rng.integers(-128, 128, (1, 2, 3, 5)).astype(np.int8)
        up, shape = (1.0, 1.0, 2.0, 1.4), (1, 2, 6, 7)
        down, small = (1.0, 1.0, 0.7, 0.6), (1, 2, 2, 3)
        plain = cls(shape, up, "linear", x_zp=3, y_zp=-5, ratio=0.8, lo=-120)
        for transform in ("half_pixel", "align_corners", "asymmetric"):
            yield Sample(replace(plain, transform=transform), (x,))
        yield Sample(replace(plain, shape=small, scales=down, mode="cubic"), (x,))
        yield Sample(cls(small, down, "linear", antialias=1, ratio=3.0), (x,))
        yield Sample(cls((1, 2, 3, 10), (1.0, 1.0, 1.0, 2.0), "linear", x_zp=-128), (x,))


def _untouched(size: int) -> Taps:
    """Every element as it is."""
    index = np.arange(size, dtype=np.int64).reshape(-1, 1)
    return Taps(index, np.ones((size, 1)), np.zeros(size, np.bool_))


@dataclass(frozen=True)
class _Table:
    """A Line as constants of the generated code."""

    index: Tensor
    weight: Tensor
    size: int

    @staticmethod
    def of(b: Builder, line: Line, size: int) -> _Table:
        narrow = np.int16 if size < 1 << 15 else np.int32
        fits = int(np.abs(line.weight).max(initial=0)) < 1 << 15
        weight = line.weight.astype(np.int16 if fits else np.int32)
        index = b.constant(line.index.astype(narrow), "taps")
        return _Table(index, b.constant(weight, "weights"), size)

    def at(self, b: Builder, o: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """Place and weight of every tap of element `o`."""
        found = []
        for t in range(self.index.shape[1]):
            place = b.let_index(self.index.at(o, t), 0, self.size - 1, "tap")
            found.append((place, b.let(ex.cast(DType.I32, self.weight.at(o, t)), "w")))
        return tuple(found)
