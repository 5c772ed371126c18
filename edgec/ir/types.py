"""Types of values: element type, shape and quantization parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np


class DType(Enum):
    """Element types. The value is the name used in the text IR, in C file names and in JSON."""

    F16 = "f16"
    F32 = "f32"
    F64 = "f64"
    I8 = "s8"
    I16 = "s16"
    I32 = "s32"
    I64 = "s64"
    U8 = "u8"
    U16 = "u16"
    U32 = "u32"
    U64 = "u64"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy dtype of one element."""
        return _NUMPY[self]

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return int(_NUMPY[self].itemsize)

    @property
    def c_name(self) -> str:
        """The C99 type of one element (f16 has none: it is widened on import)."""
        return _C_NAME[self]

    @property
    def is_float(self) -> bool:
        return self in (DType.F16, DType.F32, DType.F64)

    @property
    def is_signed(self) -> bool:
        return self.is_float or self in (DType.I8, DType.I16, DType.I32, DType.I64)

    @property
    def is_integer(self) -> bool:
        """True for the signed and unsigned integers, not for bool."""
        return not self.is_float and self is not DType.BOOL

    @property
    def min(self) -> int:
        """Smallest value of an integer type."""
        return int(np.iinfo(_NUMPY[self]).min)

    @property
    def max(self) -> int:
        """Largest value of an integer type."""
        return int(np.iinfo(_NUMPY[self]).max)

    @staticmethod
    def of(array_dtype: np.dtype[Any]) -> DType:
        """The DType of a numpy dtype. Raises KeyError for one that edgec does not have."""
        return _from_numpy(array_dtype)


_NUMPY: dict[DType, np.dtype[Any]] = {
    DType.F16: np.dtype(np.float16),
    DType.F32: np.dtype(np.float32),
    DType.F64: np.dtype(np.float64),
    DType.I8: np.dtype(np.int8),
    DType.I16: np.dtype(np.int16),
    DType.I32: np.dtype(np.int32),
    DType.I64: np.dtype(np.int64),
    DType.U8: np.dtype(np.uint8),
    DType.U16: np.dtype(np.uint16),
    DType.U32: np.dtype(np.uint32),
    DType.U64: np.dtype(np.uint64),
    DType.BOOL: np.dtype(np.bool_),
}


def _from_numpy(array_dtype: np.dtype[Any]) -> DType:
    for dtype, known in _NUMPY.items():
        if known == array_dtype:
            return dtype
    raise KeyError(str(array_dtype))


_C_NAME = {
    DType.F16: "uint16_t",
    DType.F32: "float",
    DType.F64: "double",
    DType.I8: "int8_t",
    DType.I16: "int16_t",
    DType.I32: "int32_t",
    DType.I64: "int64_t",
    DType.U8: "uint8_t",
    DType.U16: "uint16_t",
    DType.U32: "uint32_t",
    DType.U64: "uint64_t",
    DType.BOOL: "bool",
}


@dataclass(frozen=True)
class TensorType:
    """Element type and static shape of a tensor. `str` gives the text form, `s8[1,49,10,1]`."""

    dtype: DType
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for d in self.shape:
            n *= d
        return n

    @property
    def bytes(self) -> int:
        return self.size * self.dtype.size

    def with_shape(self, shape: tuple[int, ...]) -> TensorType:
        return TensorType(self.dtype, shape)

    def with_dtype(self, dtype: DType) -> TensorType:
        return TensorType(dtype, self.shape)

    def __str__(self) -> str:
        return f"{self.dtype.value}[{','.join(str(d) for d in self.shape)}]"
