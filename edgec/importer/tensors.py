"""Decodes TensorProto: every supported element type, inline or external, dense or sparse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx

from edgec.diagnostics import Where, fail
from edgec.importer.external import Folder
from edgec.ir.types import DType

Array = npt.NDArray[np.generic]

MAX_ELEMENTS = 2**31 - 1  # indices in generated C are int32_t

T = onnx.TensorProto

_DTYPES = {
    int(T.FLOAT): DType.F32,
    int(T.DOUBLE): DType.F64,
    int(T.FLOAT16): DType.F32,  # widened
    int(T.BFLOAT16): DType.F32,  # widened
    int(T.INT8): DType.I8,
    int(T.INT16): DType.I16,
    int(T.INT32): DType.I32,
    int(T.INT64): DType.I64,
    int(T.UINT8): DType.U8,
    int(T.UINT16): DType.U16,
    int(T.UINT32): DType.U32,
    int(T.UINT64): DType.U64,
    int(T.BOOL): DType.BOOL,
}


def dtype_of(elem_type: int, where: Where) -> DType:
    """The DType of an ONNX element type (float16 and bfloat16 are widened); E0106 if none."""
    dtype = _DTYPES.get(elem_type)
    if dtype is None:
        raise fail(
            "E0106",
            f"the element type is {type_name(elem_type)}",
            where,
            rule="tensors are float16, bfloat16, float32, float64, bool or integers of 8 to 64 "
            "bits",
            help="cast it to a supported type before exporting the model",
        )
    return dtype


def type_name(elem_type: int) -> str:
    """The ONNX name of an element type, in lower case."""
    try:
        return str(T.DataType.Name(elem_type)).lower()
    except ValueError:
        return f"number {elem_type}, which ONNX does not define"


def decode(tensor: onnx.TensorProto, folder: Folder, where: Where) -> Array:
    """The data of `tensor`. E0104, E0106, or E0107 if data and shape do not match."""
    dtype = dtype_of(tensor.data_type, where)
    shape = checked_shape(tuple(int(d) for d in tensor.dims), where)
    stored = _stored_dtype(tensor.data_type)
    count = int(np.prod(shape, dtype=np.int64))
    if tensor.data_location == T.EXTERNAL:
        raw = folder.read(tensor, count * stored.itemsize, where)
        flat: Array = np.frombuffer(raw, stored)
    elif tensor.HasField("raw_data"):
        flat = _from_raw(tensor, count, stored, where)
    else:
        flat = _from_fields(tensor, stored, where)
    if flat.size != count:
        raise fail(
            "E0107",
            f"the tensor has {flat.size} elements, its shape {list(shape)} needs {count}",
            where,
        )
    return _widen(flat, tensor.data_type).astype(dtype.numpy).reshape(shape)


def checked_shape(shape: tuple[int, ...], where: Where) -> tuple[int, ...]:
    """`shape` if it has no negative dimension and not too many elements; else E0107."""
    total = 1
    for d in shape:
        total *= d
    if any(d < 0 for d in shape) or total > MAX_ELEMENTS:
        raise fail(
            "E0107",
            f"the shape {list(shape)} is not possible",
            where,
            rule=f"dimensions are not negative, a tensor has at most {MAX_ELEMENTS} elements",
        )
    return shape


def decode_sparse(sparse: onnx.SparseTensorProto, folder: Folder, where: Where) -> Array:
    """A sparse tensor as a dense one. E0107 if an index is outside."""
    values = decode(sparse.values, folder, where).reshape(-1)
    indices = decode(sparse.indices, folder, where).astype(np.int64)
    shape = checked_shape(tuple(int(d) for d in sparse.dims), where)
    dense = np.zeros(shape, values.dtype)
    if indices.ndim == 2 and indices.shape == (values.size, len(shape)):
        limits = np.array(shape, np.int64)
        valid = bool(((indices >= 0) & (indices < limits)).all())
        if valid:
            dense[tuple(indices.T)] = values
    else:
        valid = indices.shape == (values.size,) and bool(
            ((indices >= 0) & (indices < dense.size)).all()
        )
        if valid:
            dense.reshape(-1)[indices] = values
    if not valid:
        raise fail("E0107", "the indices of a sparse tensor do not fit its shape", where)
    return dense


def _stored_dtype(elem_type: int) -> np.dtype[np.generic]:
    """Little-endian dtype of the raw bytes; bfloat16 is read as its 16 bits."""
    if elem_type == T.BFLOAT16:
        return np.dtype("<u2")
    if elem_type == T.FLOAT16:
        return np.dtype("<f2")
    return np.dtype(_DTYPES[elem_type].numpy).newbyteorder("<")


def _from_raw(
    tensor: onnx.TensorProto, count: int, stored: np.dtype[np.generic], where: Where
) -> Array:
    raw = tensor.raw_data
    if len(raw) != count * stored.itemsize:
        raise fail(
            "E0107",
            f"the tensor has {len(raw)} bytes, its shape {list(tensor.dims)} of "
            f"{type_name(tensor.data_type)} needs {count * stored.itemsize}",
            where,
        )
    return np.frombuffer(raw, stored)


def _from_fields(tensor: onnx.TensorProto, stored: np.dtype[np.generic], where: Where) -> Array:
    """Data in the typed fields: 16-bit floats are bit patterns in int32_data."""
    kind = tensor.data_type
    if kind == T.FLOAT:
        return np.array(tensor.float_data, stored)
    if kind == T.DOUBLE:
        return np.array(tensor.double_data, stored)
    if kind == T.INT64:
        return np.array(tensor.int64_data, stored)
    if kind == T.FLOAT16:
        return _narrowed(np.array(tensor.int32_data, np.int32), np.dtype("<u2"), where).view("<f2")
    if kind in (T.UINT32, T.UINT64):
        return _narrowed(np.array(tensor.uint64_data, np.uint64), stored, where)
    return _narrowed(np.array(tensor.int32_data, np.int32), stored, where)


def _narrowed(wide: Array, stored: np.dtype[np.generic], where: Where) -> Array:
    """Integers of a wide field in their own type; E0107 if one does not fit."""
    narrow = wide.astype(stored)
    if stored != np.bool_ and not np.array_equal(narrow, wide):
        raise fail("E0107", f"a value of the tensor does not fit {stored.name}", where)
    return narrow


def _widen(flat: Array, elem_type: int) -> Array:
    if elem_type == T.BFLOAT16:
        return (flat.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return flat
