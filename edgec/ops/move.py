"""Operators that pick or order elements by position: Transpose, Slice, Split, Concat, ...

All work on any element type. Source: the ONNX operators of the same names.
"""

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
from edgec.ops.elementwise import check_same, random_array
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.shape import emit_reshape


@dataclass(frozen=True)
class Transpose(Op):
    """Axis k of the result is axis `perm[k]` of the operand."""

    perm: tuple[int, ...]

    def infer(self, x: TensorType) -> TensorType:
        if sorted(self.perm) != list(range(x.rank)):
            raise fail(
                "E0223",
                f"Transpose has perm {list(self.perm)} for a tensor of rank {x.rank}",
                rule="perm names every axis once",
            )
        return x.with_shape(tuple(x.shape[p] for p in self.perm))

    def reference(self, x: Array) -> Array:
        return np.ascontiguousarray(np.transpose(x, self.perm)).reshape(
            tuple(x.shape[p] for p in self.perm)
        )

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        source = [self.perm.index(k) for k in range(x.rank)]
        return b.compute(
            x.dtype,
            tuple(x.shape[p] for p in self.perm),
            lambda *i: x.at(*(i[k] for k in source)),
            view=True,
        )

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for shape, perm in (((2, 3, 5), (2, 0, 1)), ((4, 3), (1, 0)), ((1, 2, 3, 4), (0, 2, 3, 1))):
            yield Sample(cls(perm), (random_array(rng, DType.F32, shape),))


def emit_transpose(b: ImportBuilder, x: Value, perm: tuple[int, ...]) -> Value:
    """`x` with its axes in the order `perm`; `x` itself if that is the order they have."""
    return x if perm == tuple(range(x.type.rank)) else b.emit(Transpose(perm), x)


@onnx_op("Transpose")
def _transpose(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    return emit_transpose(b, x, n.get_ints("perm", tuple(reversed(range(x.type.rank)))))


@dataclass(frozen=True)
class Slice(Op):
    """Element i along axis k is element `starts[k] + i * steps[k]` of the operand.

    `shape` is that of the result. All three name every axis; steps may be negative.
    """

    starts: tuple[int, ...]
    steps: tuple[int, ...]
    shape: tuple[int, ...]

    def infer(self, x: TensorType) -> TensorType:
        ranks = {len(self.starts), len(self.steps), len(self.shape), x.rank}
        ends = [
            s + (d - 1) * t for s, d, t in zip(self.starts, self.shape, self.steps, strict=True)
        ]
        inside = len(ranks) == 1 and all(
            d == 0 or (0 <= first < size and 0 <= last < size)
            for first, last, d, size in zip(self.starts, ends, self.shape, x.shape, strict=True)
        )
        if not inside or min(self.shape, default=0) < 0:
            raise fail(
                "E0224",
                f"Slice reaches outside of a tensor of shape {list(x.shape)}",
                rule="starts and ends are within the tensor",
            )
        return x.with_shape(self.shape)

    def reference(self, x: Array) -> Array:
        picks = [
            s + np.arange(d) * t
            for s, t, d in zip(self.starts, self.steps, self.shape, strict=True)
        ]
        return np.asarray(x[np.ix_(*picks)]) if picks else x

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            terms = zip(i, self.starts, self.steps, strict=True)
            return x.at(*(k * step + start for k, start, step in terms))

        return b.compute(x.dtype, self.shape, element, view=True)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        starts, steps, shape = (
            tuple(v[p] for p in perm) for v in (self.starts, self.steps, self.shape)
        )
        return Slice(starts, steps, shape)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        yield Sample(cls((1, 0), (1, 2), (2, 3)), (random_array(rng, DType.F32, (4, 5)),))
        yield Sample(cls((4,), (-2,), (3,)), (random_array(rng, DType.I8, (5,)),))
        yield Sample(
            cls((0, 2, 1), (1, -1, 3), (1, 3, 2)), (random_array(rng, DType.F32, (1, 3, 7)),)
        )


def emit_slice(b: ImportBuilder, x: Value, axis: int, start: int, size: int) -> Value:
    """Elements [start, start + size) of one axis; `x` itself if those are all."""
    shape = x.type.shape
    if start == 0 and size == shape[axis]:
        return x
    if size == 0:
        return _nothing(b, x, tuple(0 if k == axis else d for k, d in enumerate(shape)))
    starts = tuple(start if k == axis else 0 for k in range(len(shape)))
    sizes = tuple(size if k == axis else d for k, d in enumerate(shape))
    return b.emit(Slice(starts, (1,) * len(shape), sizes), x)


def _nothing(b: ImportBuilder, x: Value, shape: tuple[int, ...]) -> Value:
    """A constant without elements: it may be concatenated with something later."""
    return b.constant(np.empty(shape, dtype=x.type.dtype.numpy), "empty")


@onnx_op("Slice", note="bounds known at compile time")
def _slice(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    rank = x.type.rank
    first, last = (n.ints_or_const(name, k) for name, k in (("starts", 1), ("ends", 2)))
    if first is None or last is None:
        raise n.error("E0206", "Slice has no starts or no ends", rule="both are required")
    given = n.ints_or_const("axes", 3)
    axes = tuple(range(len(first))) if given is None else given
    strides = n.const_ints(4, "steps") if n.has(4) else (1,) * len(first)
    if not len(first) == len(last) == len(axes) == len(strides) or 0 in strides:
        raise n.error(
            "E0224",
            "Slice has lists of different lengths or a step of 0",
            rule="starts, ends, axes and steps have one entry for each sliced axis",
        )
    starts, steps, shape = [0] * rank, [1] * rank, list(x.type.shape)
    for axis, begin, end, step in zip(axes, first, last, strides, strict=True):
        k = n.normal_axis(axis, rank)
        picked = range(*slice(begin, _end(end, step, x.type.shape[k]), step).indices(shape[k]))
        starts[k], steps[k], shape[k] = (picked[0] if picked else 0), step, len(picked)
    if tuple(shape) == x.type.shape and all(s == 1 for s in steps):
        return x
    if 0 in shape:
        return _nothing(b, x, tuple(shape))
    return b.emit(Slice(tuple(starts), tuple(steps), tuple(shape)), x)


def _end(end: int, step: int, size: int) -> int | None:
    """Python's slices have no number for "before the first element" when counting down."""
    return None if step < 0 and end < -size else end


@onnx_op("Split")
def _split(b: ImportBuilder, n: OnnxNode) -> Values:
    x = n.input(0)
    axis = n.axis("axis", 0)
    total, parts = x.type.shape[axis], n.n_outputs
    sizes = n.ints_or_const("split", 1)
    if sizes is None:
        count = n.get_int("num_outputs", parts)
        chunk = -(-total // max(count, 1))
        sizes = tuple(min(chunk, total - k * chunk) for k in range(count))
    if len(sizes) != parts or sum(sizes) != total or min(sizes) < 0:
        raise n.error(
            "E0225",
            f"Split cuts {total} elements into {parts} parts of sizes {list(sizes)}",
            rule="there is one size for each output and their sum is the size of the axis",
        )
    starts = [sum(sizes[:k]) for k in range(parts)]
    return tuple(
        emit_slice(b, x, axis, start, size) for start, size in zip(starts, sizes, strict=True)
    )


@dataclass(frozen=True)
class Concat(Op):
    """The operands one after the other along `axis`."""

    axis: int

    def infer(self, *types: TensorType) -> TensorType:
        check_same(self.name, *types)
        rests = {(*t.shape[: self.axis], *t.shape[self.axis + 1 :]) for t in types}
        if len(rests) > 1 or len({t.rank for t in types}) > 1:
            listed = ", ".join(str(list(t.shape)) for t in types)
            raise fail(
                "E0226",
                f"Concat along axis {self.axis} of shapes {listed}",
                rule="operands have the same shape except along the axis",
            )
        shape = list(types[0].shape)
        shape[self.axis] = sum(t.shape[self.axis] for t in types)
        return types[0].with_shape(tuple(shape))

    def reference(self, *arrays: Array) -> Array:
        return np.concatenate(arrays, axis=self.axis)

    def lower(self, b: Builder, *operands: Tensor) -> Tensor:
        result = self.infer(*(x.type for x in operands))
        y = b.output(result.dtype, result.shape)
        offset = 0
        for x in operands:
            with b.loops(x.shape) as i:
                place = (*i[: self.axis], i[self.axis] + offset, *i[self.axis + 1 :])
                b.store(y, place, x.at(*i))
            offset += x.shape[self.axis]
        return y

    def permuted(self, perm: tuple[int, ...]) -> Op:
        return Concat(perm.index(self.axis))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axis, shapes in ((0, ((2, 3), (1, 3))), (1, ((2, 1, 3), (2, 2, 3), (2, 3, 3)))):
            yield Sample(cls(axis), tuple(random_array(rng, DType.F32, s) for s in shapes))


@onnx_op("Concat")
def _concat(b: ImportBuilder, n: OnnxNode) -> Value:
    axis = n.axis("axis", 1 if n.version < 4 else None)
    operands = [v for v in (n.input(k) for k in range(len(n.inputs))) if v.type.size > 0]
    if len(operands) < 2:
        return operands[0] if operands else n.input(0)
    return b.emit(Concat(axis), *operands)


@dataclass(frozen=True)
class Trilu(Op):
    """The triangle of every matrix that lies on one side of diagonal `k`, zeros elsewhere."""

    k: int
    upper: int

    def infer(self, x: TensorType) -> TensorType:
        if x.rank < 2:
            raise fail(
                "E0227", f"Trilu of a tensor of rank {x.rank}", rule="the rank is at least 2"
            )
        return x

    def reference(self, x: Array) -> Array:
        return np.triu(x, self.k) if self.upper else np.tril(x, self.k)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            row, column = i[-2] + self.k, i[-1]
            kept = column >= row if self.upper else column <= row
            return ex.select(kept, x.at(*i), 0)

        return b.compute(x.dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for k, upper, shape in ((0, 1, (4, 5)), (-1, 0, (2, 5, 3)), (2, 0, (3, 4)), (1, 1, (4, 4))):
            yield Sample(cls(k, upper), (random_array(rng, DType.I64, shape),))


@onnx_op("Trilu", note="diagonal known at compile time")
def _trilu(b: ImportBuilder, n: OnnxNode) -> Value:
    k = n.const_ints(1, "the diagonal")[0] if n.has(1) else 0
    reach = max(n.type(0).shape, default=1)  # farther diagonals keep all or nothing
    return b.emit(Trilu(max(-reach, min(reach, k)), n.get_int("upper", 1)), n.input(0))


@dataclass(frozen=True)
class ReverseSequence(Op):
    """The first `lengths[n]` elements along `time_axis` of batch element n reversed."""

    batch_axis: int
    time_axis: int

    reads = (Reads.MANY, Reads.MANY)

    def infer(self, x: TensorType, lengths: TensorType) -> TensorType:
        if x.rank < 2 or self.batch_axis == self.time_axis or not lengths.dtype.is_integer:
            raise fail(
                "E0227",
                f"ReverseSequence of {x} by lengths {lengths}",
                rule="two different axes, integer lengths",
            )
        if lengths.shape != (x.shape[self.batch_axis],):
            raise fail(
                "E0227",
                f"ReverseSequence has {lengths.size} lengths",
                rule="there is one length for each element of the batch axis",
            )
        return x

    def reference(self, x: Array, lengths: Array) -> Array:
        y = np.moveaxis(x.copy(), (self.batch_axis, self.time_axis), (0, 1))
        for n, length in enumerate(np.asarray(lengths, dtype=np.int64).tolist()):
            top = min(max(length, 0), y.shape[1])
            y[n, :top] = y[n, :top][::-1].copy()
        back = np.moveaxis(y, (0, 1), (self.batch_axis, self.time_axis))
        return np.ascontiguousarray(back)

    def lower(self, b: Builder, x: Tensor, lengths: Tensor) -> Tensor:
        steps = x.shape[self.time_axis]

        def element(*i: Expr) -> Expr:
            time = i[self.time_axis]
            wide = ex.maximum(lengths.at(i[self.batch_axis]), 0)
            top = b.let_index(ex.minimum(ex.cast(DType.I64, wide), steps), 0, steps, "top")
            source = b.let_index(ex.select(time < top, top - 1 - time, time), 0, steps - 1)
            return x.at(*(source if k == self.time_axis else p for k, p in enumerate(i)))

        return b.compute(x.dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = random_array(rng, DType.F32, (4, 3, 2))
        yield Sample(cls(1, 0), (x, np.asarray([4, 1, 2], dtype=np.int64)))
        yield Sample(cls(0, 2), (x, np.asarray([0, 1, 2, 1], dtype=np.int64)))


@onnx_op("ReverseSequence")
def _reverse_sequence(b: ImportBuilder, n: OnnxNode) -> Value:
    op = ReverseSequence(n.axis("batch_axis", 1), n.axis("time_axis", 0))
    return b.emit(op, n.input(0), n.input(1))


def _blocks(n: OnnxNode) -> tuple[int, int, int, int, int]:
    """Batch, channels, height, width and block size of a 4-d operand; E0227 otherwise."""
    shape, block = n.type(0).shape, n.get_int("blocksize")
    if len(shape) != 4 or block < 1:
        raise n.error(
            "E0227",
            f"{n.op_type} of shape {list(shape)} with block size {block}",
            rule="the operand is [N, C, H, W] and the block size positive",
        )
    return (*shape, block)


@onnx_op("DepthToSpace")
def _depth_to_space(b: ImportBuilder, n: OnnxNode) -> Value:
    batch, channels, height, width, k = _blocks(n)
    if channels % (k * k):
        raise n.error("E0227", f"{channels} channels in blocks of {k * k}", rule="no remainder")
    depth = channels // (k * k)
    if n.get_string("mode", "DCR") == "CRD":
        split, perm = (batch, depth, k, k, height, width), (0, 1, 4, 2, 5, 3)
    else:
        split, perm = (batch, k, k, depth, height, width), (0, 3, 4, 1, 5, 2)
    moved = emit_transpose(b, emit_reshape(b, n.input(0), split), perm)
    return emit_reshape(b, moved, (batch, depth, height * k, width * k))


@onnx_op("SpaceToDepth")
def _space_to_depth(b: ImportBuilder, n: OnnxNode) -> Value:
    batch, channels, height, width, k = _blocks(n)
    if height % k or width % k:
        raise n.error("E0227", f"{height} x {width} in blocks of {k}", rule="no remainder")
    split = (batch, channels, height // k, k, width // k, k)
    crd = n.get_string("mode", "DCR") == "CRD"
    perm = (0, 1, 3, 5, 2, 4) if crd else (0, 3, 5, 1, 2, 4)
    moved = emit_transpose(b, emit_reshape(b, n.input(0), split), perm)
    return emit_reshape(b, moved, (batch, channels * k * k, height // k, width // k))
