"""Operators that change the shape only, and those that repeat elements.

Everything that ONNX does with shapes (Reshape, Flatten, Squeeze, Unsqueeze, Identity,
Dropout) becomes one graph operator, `Reshape`, or nothing. Source: the ONNX operators.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.elementwise import broadcast_shape, random_array
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, add_importer, onnx_op


@dataclass(frozen=True)
class Reshape(Op):
    """The same elements in row-major order, in another shape."""

    shape: tuple[int, ...]

    def infer(self, x: TensorType) -> TensorType:
        if math.prod(self.shape) != x.size or min(self.shape, default=0) < 0:
            raise fail(
                "E0216",
                f"{x.size} elements of shape {list(x.shape)} do not make {list(self.shape)}",
                rule="a reshape keeps the number of elements",
            )
        return x.with_shape(self.shape)

    def reference(self, x: Array) -> Array:
        return x.reshape(self.shape)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        return b.reshape(x, self.shape)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for old, new in (((2, 3, 5), (6, 5)), ((4, 3), (2, 6)), ((6,), (1, 6, 1)), ((1,), ())):
            yield Sample(cls(new), (random_array(rng, DType.F32, old),))


@dataclass(frozen=True)
class Expand(Op):
    """Broadcast to `shape` (of the result; the operand's rank is not larger)."""

    shape: tuple[int, ...]

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> TensorType:
        if broadcast_shape(self.name, x.shape, self.shape) != self.shape:
            raise fail(
                "E0210",
                f"Expand cannot make shape {list(self.shape)} of {list(x.shape)}",
                rule="an expanded dimension is 1 or keeps its size",
            )
        return x.with_shape(self.shape)

    def reference(self, x: Array) -> Array:
        return np.ascontiguousarray(np.broadcast_to(x, self.shape)).reshape(self.shape)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            return x.at(*broadcast_index(i, x.shape))

        return b.compute(x.dtype, self.shape, element, view=True)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        return Expand(tuple(self.shape[p] for p in perm))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for old, new in (((3, 1), (2, 3, 4)), ((), (5,)), ((2, 1, 3), (2, 7, 3))):
            yield Sample(cls(new), (random_array(rng, DType.F32, old),))


@dataclass(frozen=True)
class Tile(Op):
    """The tensor repeated `repeats[k]` times along axis k."""

    repeats: tuple[int, ...]

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> TensorType:
        if len(self.repeats) != x.rank:
            raise fail(
                "E0217",
                f"Tile has {len(self.repeats)} repeats for a tensor of rank {x.rank}",
                rule="one number of repeats for every dimension",
            )
        return x.with_shape(tuple(d * r for d, r in zip(x.shape, self.repeats, strict=True)))

    def reference(self, x: Array) -> Array:
        return np.tile(x, self.repeats)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        shape = tuple(d * r for d, r in zip(x.shape, self.repeats, strict=True))

        def element(*i: Expr) -> Expr:
            return x.at(*(k % d for k, d in zip(i, x.shape, strict=True)))

        return b.compute(x.dtype, shape, element, view=True)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        return Tile(tuple(self.repeats[p] for p in perm))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for shape, repeats in (((2, 3), (2, 1)), ((3,), (4,)), ((1, 2, 3), (3, 2, 2))):
            yield Sample(cls(repeats), (random_array(rng, DType.F32, shape),))


def emit_reshape(b: ImportBuilder, x: Value, shape: tuple[int, ...]) -> Value:
    """`x` in `shape`; `x` itself if it has that shape."""
    return x if x.type.shape == shape else b.emit(Reshape(shape), x)


def emit_expand(b: ImportBuilder, x: Value, shape: tuple[int, ...]) -> Value:
    """`x` broadcast to `shape`; `x` itself if it has that shape."""
    return x if x.type.shape == shape else b.emit(Expand(shape), x)


@onnx_op("Reshape")
def _reshape(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    wanted = list(n.const_ints(1, "the new shape"))
    if not n.get_int("allowzero", 0):
        for k, d in enumerate(wanted):
            if d == 0 and k >= x.type.rank:
                raise n.error(
                    "E0216",
                    f"Reshape copies dimension {k} of a tensor of rank {x.type.rank}",
                    rule="0 in the new shape copies the dimension at the same place",
                )
            wanted[k] = x.type.shape[k] if d == 0 else d
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        raise n.error(
            "E0216", f"{wanted} is not a shape", rule="at most one dimension of a shape is -1"
        )
    if -1 in wanted:
        rest = math.prod(d for d in wanted if d != -1)
        if rest == 0 or x.type.size % rest:
            raise n.error(
                "E0216",
                f"{x.type.size} elements of shape {list(x.type.shape)} do not make {wanted}",
                rule="the dimension -1 takes what the others leave, without remainder",
            )
        wanted[wanted.index(-1)] = x.type.size // rest
    return emit_reshape(b, x, tuple(wanted))


@onnx_op("Flatten")
def _flatten(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    shape, axis = x.type.shape, n.get_int("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise n.error(
            "E0205",
            f"axis {axis} is outside a tensor of rank {len(shape)}",
            rule=f"-{len(shape)} <= axis <= {len(shape)}",
        )
    axis = axis + len(shape) if axis < 0 else axis
    return emit_reshape(b, x, (math.prod(shape[:axis]), math.prod(shape[axis:])))


def normal_axes(n: OnnxNode, axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, in order; E0218 if one is named twice."""
    found = sorted(n.normal_axis(a, rank) for a in axes)
    if len(set(found)) != len(found):
        raise n.error(
            "E0218", f"{n.op_type} names an axis twice: {found}", rule="axes are different"
        )
    return tuple(found)


@onnx_op("Squeeze")
def _squeeze(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    shape = x.type.shape
    given = n.ints_or_const("axes", 1)
    if given is None:
        given = tuple(k for k, d in enumerate(shape) if d == 1)
    axes = normal_axes(n, given, len(shape))
    wide = [k for k in axes if shape[k] != 1]
    if wide:
        raise n.error(
            "E0216",
            f"Squeeze cannot remove axis {wide[0]} of shape {list(shape)}",
            rule="a removed dimension has size 1",
        )
    return emit_reshape(b, x, tuple(d for k, d in enumerate(shape) if k not in axes))


@onnx_op("Unsqueeze")
def _unsqueeze(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    given = n.ints_or_const("axes", 1)
    if given is None:
        raise n.error("E0206", "Unsqueeze has no axes", rule="axes are required")
    rank = x.type.rank + len(given)
    axes = normal_axes(n, given, rank)
    rest = iter(x.type.shape)
    return emit_reshape(b, x, tuple(1 if k in axes else next(rest) for k in range(rank)))


@onnx_op("Expand")
def _expand(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    shape = broadcast_shape("Expand", x.type.shape, n.const_ints(1, "the new shape"))
    return emit_expand(b, x, shape)


@onnx_op("Tile")
def _tile(b: ImportBuilder, n: OnnxNode) -> Value:
    x, repeats = n.input(0), n.const_ints(1, "repeats")
    return x if all(r == 1 for r in repeats) else b.emit(Tile(repeats), x)


@onnx_op("Dropout", note="inference only")
def _dropout(b: ImportBuilder, n: OnnxNode) -> Values:
    x = n.input(0)
    ratio = float(n.const(1).reshape(-1)[0]) if n.has(1) else n.get_float("ratio", 0.5)
    if n.has(2) and bool(n.const(2, "training_mode").reshape(-1)[0]) and ratio != 0.0:
        raise n.error(
            "E0219",
            "Dropout is in training mode",
            rule="a compiled model has no randomness",
            help="export the model in evaluation mode: model.eval()",
        )
    if n.n_outputs < 2:
        return x
    return x, b.constant(np.ones(x.type.shape, dtype=np.bool_), "mask")


def _identity(b: ImportBuilder, n: OnnxNode) -> Value:
    return n.input(0)


add_importer("Identity", _identity)
