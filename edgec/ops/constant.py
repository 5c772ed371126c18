"""ONNX operators whose results are known at compile time: they leave constants only."""

from __future__ import annotations

import math
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
from edgec.ops.cast import dtype_of_onnx
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op

LARGEST = 1 << 26  # elements of a tensor that an operator writes out at compile time


def _checked(n: OnnxNode, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape`, unless it is no shape or too large to write out (E0220)."""
    if min(shape, default=0) < 0 or math.prod(shape) > LARGEST:
        raise n.error(
            "E0220",
            f"{n.op_type} makes a tensor of shape {list(shape)}",
            rule=f"dimensions are not negative and there are at most {LARGEST} elements",
        )
    return shape


@onnx_op("Constant", note="dense numeric tensors")
def _constant(b: ImportBuilder, n: OnnxNode) -> Value:
    name = next(iter(n.output_names), "const") or "const"
    attributes = n.attributes
    if "value" in attributes:
        return b.constant(n.get_tensor("value"), name)
    if "value_float" in attributes:
        return b.constant(np.asarray(n.get_float("value_float"), dtype=np.float32), name)
    if "value_int" in attributes:
        return b.constant(np.asarray(n.get_int("value_int"), dtype=np.int64), name)
    if "value_floats" in attributes:
        return b.constant(np.asarray(n.get_floats("value_floats"), dtype=np.float32), name)
    if "value_ints" in attributes:
        return b.constant(np.asarray(n.get_ints("value_ints"), dtype=np.int64), name)
    raise n.error(
        "E0221",
        "Constant holds a sparse tensor or strings",
        rule="a constant is a dense tensor of numbers",
    )


@onnx_op("ConstantOfShape")
def _constant_of_shape(b: ImportBuilder, n: OnnxNode) -> Value:
    shape = _checked(n, n.const_ints(0, "the shape"))
    fill = np.zeros(1, dtype=np.float32)
    value = n.get_tensor("value") if "value" in n.attributes else fill
    return b.constant(np.full(shape, value.reshape(-1)[0], dtype=value.dtype))


@onnx_op("Shape")
def _shape(b: ImportBuilder, n: OnnxNode) -> Value:
    shape = n.type(0).shape
    end = n.get_int("end", len(shape))
    return b.constant(np.asarray(shape[n.get_int("start", 0) : end], dtype=np.int64), "shape")


@onnx_op("Size")
def _size(b: ImportBuilder, n: OnnxNode) -> Value:
    return b.constant(np.asarray(n.type(0).size, dtype=np.int64), "size")


@onnx_op("Range", note="bounds known at compile time")
def _range(b: ImportBuilder, n: OnnxNode) -> Value:
    start, limit, delta = (n.const(k).reshape(-1)[0].item() for k in range(3))
    dtype = n.type(0).dtype
    if delta == 0 or not all(math.isfinite(v) for v in (start, limit, delta)):
        raise n.error("E0220", "Range has a step of zero or a bound that is not finite")
    count = max(math.ceil((limit - start) / delta), 0)
    _checked(n, (count,))
    steps = np.arange(count, dtype=dtype.numpy)
    first, step = (np.asarray(v, dtype=dtype.numpy) for v in (start, delta))
    values = np.add(first, np.multiply(steps, step))
    return b.constant(np.asarray(values, dtype=dtype.numpy), "range")


@onnx_op("EyeLike")
def _eye_like(b: ImportBuilder, n: OnnxNode) -> Value:
    t = n.type(0)
    if t.rank != 2:
        raise n.error("E0220", f"EyeLike has an input of rank {t.rank}", rule="the rank is 2")
    dtype = dtype_of_onnx(n, n.get_int("dtype")) if "dtype" in n.attributes else t.dtype
    rows, columns = _checked(n, t.shape)
    return b.constant(np.eye(rows, columns, n.get_int("k", 0), dtype=dtype.numpy), "eye")


@dataclass(frozen=True)
class OneHot(Op):
    """`values[1]` where the index along the new axis equals the operand, else `values[0]`.

    Indices: any numbers, counted from the end if negative; outside of the depth there is
    no hot element. Values: [2].
    """

    axis: int
    depth: int

    reads = (Reads.MANY, Reads.MANY)

    def infer(self, indices: TensorType, values: TensorType) -> TensorType:
        if values.shape != (2,):
            raise fail(
                "E0222",
                f"OneHot has values of shape {list(values.shape)}",
                rule="values are the pair [off, on]",
            )
        shape = indices.shape
        return values.with_shape((*shape[: self.axis], self.depth, *shape[self.axis :]))

    def reference(self, indices: Array, values: Array) -> Array:
        whole = np.expand_dims(np.asarray(indices, dtype=np.int64), self.axis)
        place = np.where(np.less(whole, 0), whole + self.depth, whole)
        line = [1] * place.ndim
        line[self.axis] = self.depth
        hot = np.equal(place, np.arange(self.depth).reshape(line))
        return np.asarray(np.where(hot, values[1], values[0]), dtype=values.dtype)

    def lower(self, b: Builder, indices: Tensor, values: Tensor) -> Tensor:
        shape = self.infer(indices.type, values.type).shape

        def element(*i: Expr) -> Expr:
            own = (*i[: self.axis], *i[self.axis + 1 :])
            wanted = b.let(ex.cast(DType.I64, indices.at(*own)))
            here = ex.cast(DType.I64, i[self.axis])
            hot = ex.eq(wanted, here)
            if indices.dtype.is_signed:
                hot = ex.logical_or(hot, ex.eq(wanted + self.depth, here))
            return ex.select(hot, values.at(1), values.at(0))

        return b.compute(values.dtype, shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axis, shape in ((0, (5,)), (1, (3, 4)), (2, (2, 3))):
            indices = rng.integers(-4, 5, shape)
            yield Sample(cls(axis, 4), (indices, np.asarray([-1.0, 2.0], dtype=np.float32)))


@onnx_op("OneHot", note="depth known at compile time")
def _one_hot(b: ImportBuilder, n: OnnxNode) -> Value:
    depth = int(n.const(1, "the depth").reshape(-1)[0])
    axis = n.axis("axis", -1, rank=n.type(0).rank + 1)
    return b.emit(OneHot(axis, depth), n.input(0), n.input(2))
