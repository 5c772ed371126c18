"""Padding with a constant, the edge, a reflection or the other side. Source: ONNX Pad-25."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.elementwise import random_array
from edgec.ops.move import Slice
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op

MODES = ("constant", "reflect", "edge", "wrap")


@dataclass(frozen=True)
class Pad(Op):
    """`before[k]` new elements in front of axis k and `after[k]` behind it, none negative.

    With mode constant they are `value`, a number of the operand's element type.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float | int = 0

    def infer(self, x: TensorType) -> TensorType:
        _check_pads(self.before, self.after, x)
        return x.with_shape(_padded(x.shape, self.before, self.after))

    def reference(self, x: Array) -> Array:
        pairs = list(zip(self.before, self.after, strict=True))
        fill = np.asarray(self.value, dtype=x.dtype)
        return np.asarray(np.pad(x, pairs, constant_values=fill)) if pairs else x

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        fill = ex.const(x.dtype, self.value)

        def element(*i: Expr) -> Expr:
            sides = list(zip(i, self.before, x.shape, strict=True))
            tests = [t for k, p, size in sides for t in (k >= p, k < p + size)]
            inside = ex.logical_and(*tests)
            if isinstance(inside, ex.Const):
                return x.at(*(k - p for k, p, _ in sides)) if inside.value else fill
            result = b.local(fill, name="padded")
            with b.when(inside):
                own = [
                    b.let_index(k - p, 0, size - 1) if self.before[d] or self.after[d] else k
                    for d, (k, p, size) in enumerate(sides)
                ]
                b.assign(result, x.at(*own))
            return result

        return b.compute(x.dtype, _padded(x.shape, self.before, self.after), element)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        before, after = (tuple(v[p] for p in perm) for v in (self.before, self.after))
        return Pad(before, after, self.value)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for before, after, shape in (((1, 0), (2, 3), (3, 4)), ((0, 2, 1), (1, 0, 1), (2, 3, 5))):
            yield Sample(cls(before, after, 1.5), (random_array(rng, DType.F32, shape),))
            yield Sample(cls(before, after, -7), (random_array(rng, DType.I8, shape),))


@dataclass(frozen=True)
class PadMirror(Op):
    """Like `Pad`, but new elements are copies: mode edge, reflect or wrap."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    mode: str

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> TensorType:
        _check_pads(self.before, self.after, x)
        if self.mode not in MODES[1:]:
            raise fail("E0214", f"Pad has mode '{self.mode}'", rule=f"modes are {', '.join(MODES)}")
        return x.with_shape(_padded(x.shape, self.before, self.after))

    def reference(self, x: Array) -> Array:
        picks = [self.sources(k, size) for k, size in enumerate(x.shape)]
        return np.asarray(x[np.ix_(*picks)]) if picks else x

    def sources(self, axis: int, size: int) -> list[int]:
        """For every position of the result along `axis`, the one that it copies."""
        positions = range(-self.before[axis], size + self.after[axis])
        if self.mode == "edge" or size == 1:
            return [min(max(p, 0), size - 1) for p in positions]
        if self.mode == "wrap":
            return [p % size for p in positions]
        period = 2 * (size - 1)
        return [min(p % period, period - p % period) for p in positions]

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        tables = [
            b.constant(np.asarray(self.sources(k, size), dtype=np.int32), "source")
            if self.before[k] or self.after[k]
            else None
            for k, size in enumerate(x.shape)
        ]

        def element(*i: Expr) -> Expr:
            return x.at(
                *(
                    k if table is None else b.let_index(table.at(k), 0, size - 1)
                    for k, table, size in zip(i, tables, x.shape, strict=True)
                )
            )

        return b.compute(x.dtype, _padded(x.shape, self.before, self.after), element)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        before, after = (tuple(v[p] for p in perm) for v in (self.before, self.after))
        return PadMirror(before, after, self.mode)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for mode in MODES[1:]:
            for before, after, shape in (((1, 0), (2, 3), (3, 4)), ((0, 4), (3, 0), (2, 3))):
                yield Sample(cls(before, after, mode), (random_array(rng, DType.F32, shape),))


def _padded(
    shape: tuple[int, ...], before: tuple[int, ...], after: tuple[int, ...]
) -> tuple[int, ...]:
    return tuple(p + d + q for p, d, q in zip(before, shape, after, strict=True))


def _check_pads(before: tuple[int, ...], after: tuple[int, ...], x: TensorType) -> None:
    if len(before) != x.rank or len(after) != x.rank or min((*before, *after), default=0) < 0:
        raise fail(
            "E0228",
            f"Pad has pads {list(before)} and {list(after)} for shape {list(x.shape)}",
            rule="there are two pads for each axis",
        )


def _crop(b: ImportBuilder, n: OnnxNode, before: list[int], after: list[int]) -> Value:
    """The operand without what negative pads cut off; those pads become zero."""
    x = n.input(0)
    cut = [max(-p, 0) for p in before]
    ends = [max(-p, 0) for p in after]
    if not any(cut) and not any(ends):
        return x
    shape = tuple(d - p - q for d, p, q in zip(x.type.shape, cut, ends, strict=True))
    before[:], after[:] = [max(p, 0) for p in before], [max(p, 0) for p in after]
    return b.emit(Slice(tuple(cut), (1,) * len(cut), shape), x)


@onnx_op("Pad", note="pads known at compile time")
def _pad(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    rank, dtype = x.type.rank, x.type.dtype
    given = n.ints_or_const("pads", 1) or ()
    named = n.const_ints(3, "axes") if n.has(3) else range(rank)
    axes = [n.normal_axis(a, rank) for a in named]
    if len(given) != 2 * len(axes):
        raise n.error(
            "E0228",
            f"Pad has {len(given)} pads for {len(axes)} axes",
            rule="there are two pads for each axis",
        )
    before, after = [0] * rank, [0] * rank
    for k, axis in enumerate(axes):
        before[axis], after[axis] = given[k], given[k + len(axes)]
    x = _crop(b, n, before, after)
    if not any(before) and not any(after):
        return x
    mode = n.get_string("mode", "constant")
    if mode != "constant":
        return b.emit(PadMirror(tuple(before), tuple(after), mode), x)
    fill = n.const(2, "the value").reshape(-1)[0].item() if n.has(2) else n.get_float("value", 0.0)
    value = float(fill) if dtype.is_float else int(fill)
    return b.emit(Pad(tuple(before), tuple(after), value), x)
