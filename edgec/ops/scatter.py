"""Writing elements to places that are data. Source: ONNX ScatterElements, ScatterND.

Indices follow the rules of `edgec.ops.gather`. Where two updates meet, they are applied in
row-major order of the indices.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder, copy
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.elementwise import check_same, random_array
from edgec.ops.gather import Positions, check_element_shapes, check_indices, position, positions
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op

REDUCTIONS = ("none", "add", "mul", "max", "min")


def _check_reduction(name: str, reduction: str) -> None:
    if reduction not in REDUCTIONS:
        raise fail(
            "E0214",
            f"{name} has reduction '{reduction}'",
            rule=f"reductions are {', '.join(REDUCTIONS)}",
        )


def _combine(reduction: str, old: Expr, new: Expr) -> Expr:
    """What is stored where `old` stands and the update is `new`."""
    if reduction == "add":
        return old + new
    if reduction == "mul":
        return old * new
    if reduction == "none":
        return new
    return ex.maximum(old, new) if reduction == "max" else ex.minimum(old, new)


def _update(reduction: str, data: Array, rows: Positions, updates: Array) -> Array:
    """The same in numpy: a copy of [rows, elements] in which row `rows[k]` gets `updates[k]`."""
    y = data.copy()
    ufunc = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}.get(reduction)
    if ufunc is None:
        y[rows] = updates
    else:
        ufunc.at(y, rows, updates)
    return y


@dataclass(frozen=True)
class ScatterElements(Op):
    """A copy of the data in which y[i][indices[i][j][k]][k] is updates[i][j][k] for axis 1."""

    axis: int
    reduction: str = "none"

    reads = (Reads.ONCE, Reads.ONCE, Reads.ONCE)

    def infer(self, data: TensorType, indices: TensorType, updates: TensorType) -> TensorType:
        _check_reduction(self.name, self.reduction)
        check_indices(self.name, indices)
        check_same(self.name, data, updates)
        check_element_shapes(self.name, self.axis, data, indices)
        if updates.shape != indices.shape:
            raise fail(
                "E0229",
                f"ScatterElements has updates of shape {list(updates.shape)}",
                rule="updates have the shape of the indices",
            )
        return data

    def reference(self, data: Array, indices: Array, updates: Array) -> Array:
        own = np.indices(indices.shape)
        places = positions(indices, data.shape[self.axis])
        place = tuple(places if k == self.axis else own[k] for k in range(data.ndim))
        rows = np.ravel_multi_index(place, data.shape).reshape(-1)
        y = _update(self.reduction, data.reshape(-1), rows, updates.reshape(-1))
        return y.reshape(data.shape)

    def lower(self, b: Builder, data: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
        y = b.output(data.dtype, data.shape)
        copy(b, data, y)
        with b.loops(indices.shape) as i:
            at = position(b, indices.at(*i), data.shape[self.axis])
            place = (*i[: self.axis], at, *i[self.axis + 1 :])
            b.store(y, place, _combine(self.reduction, y.at(*place), updates.at(*i)))
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for reduction in REDUCTIONS:
            for axis, shape, chosen in ((0, (5, 3), (2, 3)), (1, (2, 6), (1, 4))):
                size = shape[axis]
                line = np.argsort(rng.random(size))[: chosen[axis]]  # no two updates meet
                indices = np.empty(chosen, dtype=np.int64)
                indices[:] = line.reshape((-1, 1) if axis == 0 else (1, -1))
                data, updates = (random_array(rng, DType.F32, s) for s in (shape, chosen))
                yield Sample(cls(axis, reduction), (data, indices - size, updates))


def _scatter_elements(b: ImportBuilder, n: OnnxNode) -> Value:
    op = ScatterElements(n.axis("axis", 0), n.get_string("reduction", "none"))
    return b.emit(op, n.input(0), n.input(1), n.input(2))


onnx_op("ScatterElements")(_scatter_elements)
onnx_op("Scatter")(_scatter_elements)


@dataclass(frozen=True)
class ScatterND(Op):
    """A copy of the data with slices updated; the indices' last dimension names each slice."""

    reduction: str = "none"

    reads = (Reads.ONCE, Reads.ONCE, Reads.ONCE)

    def infer(self, data: TensorType, indices: TensorType, updates: TensorType) -> TensorType:
        _check_reduction(self.name, self.reduction)
        check_indices(self.name, indices)
        check_same(self.name, data, updates)
        depth = indices.shape[-1] if indices.rank else 0
        if not 1 <= depth <= data.rank or updates.shape != (
            *indices.shape[:-1],
            *data.shape[depth:],
        ):
            raise fail(
                "E0229",
                f"ScatterND writes updates of shape {list(updates.shape)} at indices of shape "
                f"{list(indices.shape)} into shape {list(data.shape)}",
                rule="updates have the shape of the indices without the last dimension, then that "
                "of one slice",
            )
        return data

    def reference(self, data: Array, indices: Array, updates: Array) -> Array:
        depth = indices.shape[-1]
        head = data.shape[:depth]
        place = tuple(positions(indices[..., k], size) for k, size in enumerate(head))
        rows = np.asarray(np.ravel_multi_index(place, head), dtype=np.int64).reshape(-1)
        slices = math.prod(data.shape[depth:])
        old, new = data.reshape((-1, slices)), updates.reshape((-1, slices))
        return _update(self.reduction, old, rows, new).reshape(data.shape)

    def lower(self, b: Builder, data: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
        y = b.output(data.dtype, data.shape)
        copy(b, data, y)
        depth = indices.shape[-1]
        with b.loops(indices.shape[:-1]) as i:
            start = tuple(position(b, indices.at(*i, k), data.shape[k]) for k in range(depth))
            with b.loops(data.shape[depth:], name="j") as j:
                new = updates.at(*i, *j)
                b.store(y, (*start, *j), _combine(self.reduction, y.at(*start, *j), new))
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        data = random_array(rng, DType.F32, (4, 3, 2))
        for reduction in REDUCTIONS:
            rows = np.asarray([[2], [-4]], dtype=np.int64)
            yield Sample(cls(reduction), (data, rows, random_array(rng, DType.F32, (2, 3, 2))))
            points = np.asarray([[[0, 1, 1]], [[3, -1, 0]]], dtype=np.int64)
            yield Sample(cls(reduction), (data, points, random_array(rng, DType.F32, (2, 1))))


@onnx_op("ScatterND")
def _scatter_nd(b: ImportBuilder, n: OnnxNode) -> Value:
    op = ScatterND(n.get_string("reduction", "none"))
    return b.emit(op, n.input(0), n.input(1), n.input(2))
