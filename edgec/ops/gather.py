"""Picking elements by indices that are data. Source: ONNX Gather, GatherElements, GatherND.

Indices count from the end if they are negative. ONNX does not define indices outside of
the data; here they are limited to the first and the last element, so that no input of a
network can make it read outside of its memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
from edgec.ops.shape import emit_reshape

Positions = npt.NDArray[np.int64]


def positions(indices: Array, size: int) -> Positions:
    """Indices counted from the front and limited to [0, size)."""
    whole = np.asarray(indices, dtype=np.int64)
    return np.clip(np.where(whole < 0, whole + size, whole), 0, size - 1)


def position(b: Builder, index: Expr, size: int) -> Expr:
    """The same as an index expression; `index` is an integer from the data."""
    wide = b.let(ex.cast(DType.I64 if index.dtype is not DType.I32 else DType.I32, index), "index")
    if isinstance(wide, ex.Const):
        value = int(wide.value)
        return ex.index(min(max(value + size if value < 0 else value, 0), size - 1))
    from_front = ex.select(wide < 0, wide + size, wide)
    limited = ex.minimum(ex.maximum(b.let(from_front, "index"), 0), size - 1)
    return b.let_index(limited, 0, size - 1, "at")


def check_indices(name: str, indices: TensorType) -> None:
    """E0229 unless indices are integers."""
    if not indices.dtype.is_integer:
        raise fail(
            "E0229",
            f"{name} has indices of type {indices.dtype.value}",
            rule="indices are integers",
        )


@dataclass(frozen=True)
class Gather(Op):
    """data[:, indices, :] along `axis`: the indices' dimensions take the axis' place."""

    axis: int

    reads = (Reads.MANY, Reads.MANY)

    def infer(self, data: TensorType, indices: TensorType) -> TensorType:
        check_indices(self.name, indices)
        if not 0 <= self.axis < data.rank:
            raise fail("E0205", f"axis {self.axis} is outside a tensor of rank {data.rank}")
        shape = data.shape
        return data.with_shape((*shape[: self.axis], *indices.shape, *shape[self.axis + 1 :]))

    def reference(self, data: Array, indices: Array) -> Array:
        return np.take(data, positions(indices, data.shape[self.axis]), axis=self.axis)

    def lower(self, b: Builder, data: Tensor, indices: Tensor) -> Tensor:
        after = self.axis + indices.rank

        def element(*i: Expr) -> Expr:
            at = position(b, indices.at(*i[self.axis : after]), data.shape[self.axis])
            return data.at(*i[: self.axis], at, *i[after:])

        shape = self.infer(data.type, indices.type).shape
        return b.compute(data.dtype, shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axis, shape, chosen in ((0, (5, 3), (4,)), (1, (2, 7, 3), (2, 2)), (1, (3, 4), ())):
            indices = np.asarray(rng.integers(-shape[axis], shape[axis], chosen))
            yield Sample(cls(axis), (random_array(rng, DType.F32, shape), indices))
            small = indices.astype(np.int32)
            yield Sample(cls(axis), (random_array(rng, DType.I8, shape), small), (1,))


@onnx_op("Gather")
def _gather(b: ImportBuilder, n: OnnxNode) -> Value:
    data, axis = n.input(0), n.axis("axis", 0)
    known = n.constants[1] if n.has(1) else None
    if known is None or known.size == 0:
        return b.emit(Gather(axis), data, n.input(1))
    size = data.type.shape[axis]
    places = np.asarray(known, dtype=np.int64)
    if places.min() < -size or places.max() >= size:
        raise n.error(
            "E0229",
            f"Gather takes element {int(places.max())} of {size}",
            rule=f"-{size} <= index < {size}",
        )
    return _gather_constant(b, data, axis, places % size)


def _gather_constant(b: ImportBuilder, data: Value, axis: int, places: Positions) -> Value:
    """Evenly spaced indices are a slice; the others stay a gather."""
    shape = data.type.shape
    flat = places.reshape(-1)
    step = int(flat[1] - flat[0]) if flat.size > 1 else 1
    regular = step != 0 and bool(np.all(np.diff(flat) == step))
    if not regular:
        return b.emit(Gather(axis), data, b.constant(places, "indices"))
    picked = tuple(int(flat.size) if k == axis else d for k, d in enumerate(shape))
    result = data
    if picked != shape or step != 1:
        starts = tuple(int(flat[0]) if k == axis else 0 for k in range(len(shape)))
        steps = tuple(step if k == axis else 1 for k in range(len(shape)))
        result = b.emit(Slice(starts, steps, picked), data)
    return emit_reshape(b, result, (*shape[:axis], *places.shape, *shape[axis + 1 :]))


@dataclass(frozen=True)
class GatherElements(Op):
    """out[i][j][k] = data[i][indices[i][j][k]][k] for axis 1; shape of the indices."""

    axis: int

    reads = (Reads.MANY, Reads.ONCE)

    def infer(self, data: TensorType, indices: TensorType) -> TensorType:
        check_indices(self.name, indices)
        check_element_shapes(self.name, self.axis, data, indices)
        return data.with_shape(indices.shape)

    def reference(self, data: Array, indices: Array) -> Array:
        places = positions(indices, data.shape[self.axis])
        within = tuple(
            slice(None) if k == self.axis else slice(d) for k, d in enumerate(indices.shape)
        )
        return np.take_along_axis(data[within], places, axis=self.axis)

    def lower(self, b: Builder, data: Tensor, indices: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            at = position(b, indices.at(*i), data.shape[self.axis])
            return data.at(*i[: self.axis], at, *i[self.axis + 1 :])

        return b.compute(data.dtype, indices.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axis, shape, chosen in ((0, (5, 3), (2, 3)), (1, (2, 4, 3), (2, 5, 2))):
            indices = rng.integers(-shape[axis], shape[axis], chosen)
            yield Sample(cls(axis), (random_array(rng, DType.F32, shape), indices))


def check_element_shapes(name: str, axis: int, data: TensorType, indices: TensorType) -> None:
    """E0229 unless the indices fit into the data except along `axis`."""
    fits = data.rank == indices.rank and all(
        k == axis or d <= size
        for k, (d, size) in enumerate(zip(indices.shape, data.shape, strict=False))
    )
    if not fits:
        raise fail(
            "E0229",
            f"{name} has indices of shape {list(indices.shape)} for data of shape "
            f"{list(data.shape)}",
            rule="ranks are equal, and other dimensions of the indices are not larger",
        )


@onnx_op("GatherElements")
def _gather_elements(b: ImportBuilder, n: OnnxNode) -> Value:
    return b.emit(GatherElements(n.axis("axis", 0)), n.input(0), n.input(1))


@dataclass(frozen=True)
class GatherND(Op):
    """The last dimension of the indices names a place in the data; the rest is looped over.

    The first `batch_dims` dimensions of data and indices are common.
    """

    batch_dims: int

    reads = (Reads.MANY, Reads.MANY)

    def infer(self, data: TensorType, indices: TensorType) -> TensorType:
        check_indices(self.name, indices)
        common = self.batch_dims
        depth = indices.shape[-1] if indices.rank else 0
        if (
            not 1 <= depth <= data.rank - common
            or not common < indices.rank
            or data.shape[:common] != indices.shape[:common]
        ):
            raise fail(
                "E0229",
                f"GatherND has indices of shape {list(indices.shape)} for data of shape "
                f"{list(data.shape)}",
                rule="the last dimension of the indices is not longer than the data's rank",
            )
        return data.with_shape((*indices.shape[:-1], *data.shape[common + depth :]))

    def reference(self, data: Array, indices: Array) -> Array:
        common, depth = self.batch_dims, indices.shape[-1]
        places = [positions(indices[..., k], data.shape[common + k]) for k in range(depth)]
        rank = indices.ndim - 1
        batch = [
            np.arange(data.shape[k]).reshape([-1 if j == k else 1 for j in range(rank)])
            for k in range(common)
        ]
        return np.asarray(data[(*batch, *places)])

    def lower(self, b: Builder, data: Tensor, indices: Tensor) -> Tensor:
        common, depth, outer = self.batch_dims, indices.shape[-1], indices.rank - 1

        def element(*i: Expr) -> Expr:
            place = [
                position(b, indices.at(*i[:outer], k), data.shape[common + k]) for k in range(depth)
            ]
            return data.at(*i[:common], *place, *i[outer:])

        shape = self.infer(data.type, indices.type).shape
        return b.compute(data.dtype, shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        data = random_array(rng, DType.F32, (2, 3, 4))
        yield Sample(cls(0), (data, rng.integers(0, 2, (5, 2))))
        yield Sample(cls(1), (data, rng.integers(-3, 3, (2, 1))))
        yield Sample(cls(0), (data, rng.integers(-2, 2, (2, 2, 3))))


@onnx_op("GatherND")
def _gather_nd(b: ImportBuilder, n: OnnxNode) -> Value:
    return b.emit(GatherND(n.get_int("batch_dims", 0)), n.input(0), n.input(1))
