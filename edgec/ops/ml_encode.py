"""Translation of values by a table. Source: ONNX-ML LabelEncoder-4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.ir.types import TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import check
from edgec.ops.onnx_import import ML, ImportBuilder, OnnxNode, Values, onnx_op


@dataclass(frozen=True)
class LabelEncoder(Op):
    """values[k] for the first k with keys[k] == x, else `default` []; keys and values [K].

    With `match_nan` a NaN in x equals a NaN key.
    """

    match_nan: bool = False

    reads = (Reads.ONCE, Reads.MANY)

    def infer(
        self, x: TensorType, keys: TensorType, values: TensorType, default: TensorType
    ) -> TensorType:
        check(
            keys.dtype is x.dtype and keys.shape == values.shape and keys.rank == 1,
            "E0260",
            f"LabelEncoder maps {keys} to {values}, its input is {x}",
            rule="keys have the type of the input; there is one value for each key",
        )
        check(
            default.dtype is values.dtype and default.shape == (),
            "E0260",
            f"LabelEncoder has the default {default} for values {values}",
            rule="the default is a scalar of the type of the values",
        )
        return x.with_dtype(values.dtype)

    def reference(self, x: Array, keys: Array, values: Array, default: Array) -> Array:
        y = np.full(x.shape, default, values.dtype)
        for key, value in reversed(list(zip(keys, values, strict=True))):
            same = np.equal(x, key)
            if self.match_nan and bool(np.not_equal(key, key)):
                same = np.not_equal(x, x)
            y = np.where(same, value, y)
        return y.astype(values.dtype)

    def lower(self, b: Builder, x: Tensor, keys: Tensor, values: Tensor, default: Tensor) -> Tensor:
        def element(*index: Expr) -> Expr:
            value = b.let(x.at(*index), "value")
            found = b.local(default.at(), name="found")
            with b.loop(keys.shape[0], name="k") as k:
                key = keys.at(k)
                same = ex.eq(value, key)
                if self.match_nan and x.dtype.is_float:
                    both = ex.logical_and(ex.ne(value, value), ex.ne(key, key))
                    same = ex.logical_or(same, both)
                with b.when(same):
                    b.assign(found, values.at(k))
                    b.break_()
            return found

        return b.compute(values.dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = rng.integers(-3, 4, (4, 5))
        keys = np.array([2, -1, 0, 2])
        values, default = np.array([1.5, 2.5, 3.5, 4.5], np.float32), np.asarray(-9, np.float32)
        yield Sample(cls(), (x, keys, values, default), (1, 2, 3))
        floats = x.astype(np.float32)
        floats[0, 0] = np.nan
        wanted = np.array([2, np.nan, 0, 2], np.float32)
        for match in (False, True):
            yield Sample(cls(match), (floats, wanted, values, default), (1, 2, 3))


@onnx_op("LabelEncoder", ML, note="numbers only, no strings")
def import_label_encoder(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX-ML LabelEncoder-2 and later, from numbers to numbers."""
    x = n.input(0)
    keys = _table(n, "keys", x.type.dtype.is_float).astype(x.type.dtype.numpy)
    to_floats = "values_floats" in n.attributes
    values = _table(n, "values", to_floats)
    if "default_tensor" in n.attributes:
        default = np.asarray(n.get_tensor("default_tensor")).reshape(-1)[0]
    elif to_floats:
        default = np.asarray(n.get_float("default_float", -0.0))
    else:
        default = np.asarray(n.get_int("default_int64", -1))
    constants = (keys, values, np.asarray(default, values.dtype))
    op = LabelEncoder(match_nan=n.version >= 4)
    return b.emit(op, x, *(b.constant(np.asarray(c), "table") for c in constants))


def _table(n: OnnxNode, prefix: str, floats: bool) -> Array:
    """Keys or values; E0254 for strings."""
    if f"{prefix}_tensor" in n.attributes:
        return np.asarray(n.get_tensor(f"{prefix}_tensor")).reshape(-1)
    if floats and f"{prefix}_floats" in n.attributes:
        return np.asarray(n.get_floats(f"{prefix}_floats"), np.float32)
    if not floats and f"{prefix}_int64s" in n.attributes:
        return np.asarray(n.get_ints(f"{prefix}_int64s"), np.int64)
    raise n.error(
        "E0254",
        f"LabelEncoder has {prefix} that are strings, or of another type than its input",
        rule="tensors hold numbers",
        help="translate strings outside of the model",
    )
