"""Feature preparation of ai.onnx.ml, mostly written in ordinary operators.

Source: ONNX-ML Scaler-1, Normalizer-1, Binarizer-1, Imputer-1, ArrayFeatureExtractor-1,
OneHotEncoder-1, FeatureVectorizer-1.
"""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType
from edgec.ops.base import Array
from edgec.ops.cast import Cast
from edgec.ops.compare import Equal, Greater
from edgec.ops.elementwise import Div, Mul, Sub
from edgec.ops.gather import Gather
from edgec.ops.local_norm import LpNormalization
from edgec.ops.ml_post import as_float
from edgec.ops.move import Concat, Slice
from edgec.ops.onnx_import import ML, ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.reduce import ReduceMax
from edgec.ops.select import Where
from edgec.ops.shape import Reshape
from edgec.ops.unary import IsNaN


def _f32(b: ImportBuilder, x: Value) -> Value:
    """`x` in f32, the type of every result here."""
    return x if x.type.dtype is DType.F32 else b.emit(Cast(DType.F32), x)


def _per_feature(n: OnnxNode, name: str, dtype: DType) -> Array:
    """A list attribute with one entry, or one for each feature; E0259 otherwise."""
    floats = dtype.is_float
    values = n.get_floats(name) if floats else n.get_ints(name)
    features = n.type(0).shape[-1] if n.type(0).rank else 1
    if len(values) not in (1, features):
        raise n.error(
            "E0259",
            f"attribute '{name}' of {n.op_type} has {len(values)} entries",
            rule=f"one entry, or one for each of the {features} features",
        )
    return np.asarray(values, dtype.numpy)


@onnx_op("Scaler", ML)
def import_scaler(b: ImportBuilder, n: OnnxNode) -> Values:
    """(x - offset) * scale."""
    x = _f32(b, n.input(0))
    offset = b.constant(_per_feature(n, "offset", DType.F32), "offset")
    scale = b.constant(_per_feature(n, "scale", DType.F32), "scale")
    return b.emit(Mul(), b.emit(Sub(), x, offset), scale)


@onnx_op("Normalizer", ML)
def import_normalizer(b: ImportBuilder, n: OnnxNode) -> Values:
    """Rows divided by their largest element, 1-norm or 2-norm; rows of zeros stay."""
    norm = n.get_string("norm", "MAX")
    x = as_float(b, n.input(0))
    axis = x.type.rank - 1
    if norm in ("L1", "L2"):
        return _f32(b, b.emit(LpNormalization(axis, int(norm[1])), x))
    if norm != "MAX":
        raise n.error("E0206", f"attribute 'norm' of Normalizer is {norm!r}", rule="MAX, L1, L2")
    top = b.emit(ReduceMax((axis,)), x)
    zero, one = (b.constant(np.asarray(v, x.type.dtype.numpy)) for v in (0, 1))
    safe = b.emit(Where(), b.emit(Equal(), top, zero), one, top)
    return _f32(b, b.emit(Div(), x, safe))


@onnx_op("Binarizer", ML)
def import_binarizer(b: ImportBuilder, n: OnnxNode) -> Values:
    """1 above the threshold, else 0."""
    x = n.input(0)
    dtype = x.type.dtype
    limit = b.constant(np.asarray(n.get_float("threshold", 0.0)).astype(dtype.numpy), "threshold")
    return b.emit(Cast(dtype), b.emit(Greater(), x, limit))


@onnx_op("Imputer", ML)
def import_imputer(b: ImportBuilder, n: OnnxNode) -> Values:
    """A stand-in for every element that equals the replaced value (or is NaN)."""
    x = n.input(0)
    dtype = x.type.dtype
    if dtype.is_float:
        values = _per_feature(n, "imputed_value_floats", dtype)
        replaced = n.get_float("replaced_value_float", 0.0)
    else:
        values = _per_feature(n, "imputed_value_int64s", dtype)
        replaced = n.get_int("replaced_value_int64", 0)
    if replaced != replaced:
        missing = b.emit(IsNaN(), x)
    else:
        missing = b.emit(Equal(), x, b.constant(np.asarray(replaced, dtype.numpy), "replaced"))
    return b.emit(Where(), missing, b.constant(values, "imputed"), x)


@onnx_op("ArrayFeatureExtractor", ML)
def import_array_feature_extractor(b: ImportBuilder, n: OnnxNode) -> Values:
    """The columns of X that Y lists; a vector counts as one row."""
    x, y = n.input(0), n.input(1)
    columns = b.emit(Reshape((y.type.size,)), y)
    rows = x if x.type.rank > 1 else b.emit(Reshape((1, x.type.size)), x)
    return b.emit(Gather(rows.type.rank - 1), rows, columns)


@onnx_op("OneHotEncoder", ML, note="categories must be integers; unknown ones give zeros")
def import_one_hot(b: ImportBuilder, n: OnnxNode) -> Values:
    """f32 [..., categories]: 1 where the element is the category."""
    x = n.input(0)
    if "cats_int64s" not in n.attributes:
        raise n.error(
            "E0254",
            "OneHotEncoder has categories that are strings",
            rule="tensors hold numbers",
            help="encode categories as integers before the model",
        )
    categories = b.constant(np.asarray(n.get_ints("cats_int64s"), np.int64), "categories")
    whole = x if x.type.dtype is DType.I64 else b.emit(Cast(DType.I64), x)
    column = b.emit(Reshape((*x.type.shape, 1)), whole)
    return b.emit(Cast(DType.F32), b.emit(Equal(), column, categories))


@onnx_op("FeatureVectorizer", ML)
def import_feature_vectorizer(b: ImportBuilder, n: OnnxNode) -> Values:
    """All inputs beside each other, each cut or filled with zeros to its dimension."""
    parts: list[Value] = []
    inputs = [n.input(k) for k in range(len(n.inputs))]
    widths = n.get_ints("inputdimensions", [v.type.shape[-1] for v in inputs])
    if len(widths) != len(inputs) or any(v.type.rank not in (1, 2) for v in inputs):
        raise n.error(
            "E0259",
            "FeatureVectorizer has inputs that are not vectors or matrices of known width",
            rule="one entry of 'inputdimensions' for each input of rank 1 or 2",
        )
    for x, width in zip(inputs, widths, strict=True):
        rows = x if x.type.rank == 2 else b.emit(Reshape((1, x.type.size)), x)
        parts += _fitted(b, _f32(b, rows), width)
    return parts[0] if len(parts) == 1 else b.emit(Concat(1), *parts)


def _fitted(b: ImportBuilder, x: Value, width: int) -> list[Value]:
    """The first `width` columns of x, and a block of zeros if it has fewer."""
    batch, own = x.type.shape
    if own > width:
        return [b.emit(Slice((0, 0), (1, 1), (batch, width)), x)]
    if own < width:
        return [x, b.constant(np.zeros((batch, width - own), np.float32), "zeros")]
    return [x]


@onnx_op("ZipMap", ML, note="refused: edgec has no maps")
def import_zip_map(b: ImportBuilder, n: OnnxNode) -> Values:
    """A map from labels to scores has no form in C."""
    raise n.error(
        "E0258",
        "ZipMap makes a map of labels to scores",
        rule="inputs and outputs are tensors",
        help="convert with skl2onnx options={'zipmap': False}, or drop the ZipMap node",
    )
