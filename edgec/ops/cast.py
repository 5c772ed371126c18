"""Conversion of element types. Source: ONNX Cast and CastLike.

Float to integer truncates toward zero and saturates (NaN gives 0), integer to a narrower
integer wraps, anything to bool asks whether it differs from zero. Half floats are widened
on import, so a cast to them is a cast to f32.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Sample
from edgec.ops.elementwise import random_array
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op


@dataclass(frozen=True)
class Cast(Op):
    """Every element converted to the type `to`."""

    to: DType

    elementwise = True

    def infer(self, x: TensorType) -> TensorType:
        return x.with_dtype(self.to)

    def reference(self, x: Array) -> Array:
        return convert(x, self.to)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            return ex.cast(self.to, x.at(*broadcast_index(i, x.shape)))

        return b.compute(self.to, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        kinds = (DType.F32, DType.I8, DType.U8, DType.I32, DType.I64, DType.BOOL)
        for source in kinds:
            for to in (*kinds, DType.U16, DType.F64):
                x = random_array(rng, source, (3, 7), scale=90.0)
                yield Sample(cls(to), (x,))


def convert(x: Array, to: DType) -> Array:
    """`x` as elements of type `to`, by the rules at the head of this file."""
    source = DType.of(x.dtype)
    if not source.is_float or to.is_float or to is DType.BOOL:
        with np.errstate(all="ignore"):
            return np.asarray(x.astype(to.numpy))
    whole = np.trunc(np.nan_to_num(np.asarray(x, dtype=np.float64), nan=0.0))
    # the largest double that is not above the largest integer, which may not be a double
    top = float(to.max) if to.size < 8 else float(np.nextafter(2.0**63 * (2 - to.is_signed), 0))
    clipped = np.clip(whole, float(to.min), top).astype(to.numpy)
    return np.where(np.greater(whole, top), np.asarray(to.max, dtype=to.numpy), clipped)


def dtype_of_onnx(n: OnnxNode, code: int) -> DType:
    """The element type of an ONNX TensorProto code; E0215 for one that edgec lacks."""
    name = onnx.TensorProto.DataType.Name(code) if code in _KNOWN_CODES else f"number {code}"
    found = _BY_ONNX_NAME.get(name)
    if found is None:
        raise n.error(
            "E0215",
            f"{n.op_type} to element type {name}",
            rule="element types are f16 (as f32), f32, f64, 8 to 64 bit integers and bool",
        )
    return found


_KNOWN_CODES = frozenset(onnx.TensorProto.DataType.values())
_BY_ONNX_NAME = {
    "FLOAT16": DType.F32,
    "BFLOAT16": DType.F32,
    "FLOAT": DType.F32,
    "DOUBLE": DType.F64,
    "INT8": DType.I8,
    "INT16": DType.I16,
    "INT32": DType.I32,
    "INT64": DType.I64,
    "UINT8": DType.U8,
    "UINT16": DType.U16,
    "UINT32": DType.U32,
    "UINT64": DType.U64,
    "BOOL": DType.BOOL,
}


def emit_cast(b: ImportBuilder, x: Value, to: DType) -> Value:
    """`x` as `to`; `x` itself if it has that type."""
    return x if x.type.dtype is to else b.emit(Cast(to), x)


@onnx_op("Cast", note="half floats are computed in f32; no strings")
def _cast(b: ImportBuilder, n: OnnxNode) -> Value:
    return emit_cast(b, n.input(0), dtype_of_onnx(n, n.get_int("to")))


@onnx_op("CastLike", note="half floats are computed in f32; no strings")
def _cast_like(b: ImportBuilder, n: OnnxNode) -> Value:
    return emit_cast(b, n.input(0), n.type(1).dtype)
