"""Element types and tensor types."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import DType, TensorType


@pytest.mark.parametrize("dtype", DType)
def test_a_type_is_the_one_of_its_numpy_type(dtype: DType) -> None:
    assert DType.of(dtype.numpy) is dtype
    assert np.zeros(3, dtype.numpy).nbytes == 3 * dtype.size


def test_byte_order_does_not_make_another_type() -> None:
    with pytest.raises(KeyError):
        DType.of(np.dtype(">f4"))
    assert DType.of(np.dtype("=f4")) is DType.F32


def test_complex_numbers_have_no_type() -> None:
    with pytest.raises(KeyError, match="complex64"):
        DType.of(np.dtype(np.complex64))


def test_bool_is_neither_integer_nor_float_nor_signed() -> None:
    assert not (DType.BOOL.is_integer or DType.BOOL.is_float or DType.BOOL.is_signed)


def test_floats_are_signed_and_no_integers() -> None:
    floats = {d for d in DType if d.is_float}
    assert floats == {DType.F16, DType.F32, DType.F64}
    assert all(d.is_signed and not d.is_integer for d in floats)


@pytest.mark.parametrize("dtype", [d for d in DType if d.is_integer])
def test_limits_follow_from_size_and_sign(dtype: DType) -> None:
    bits = 8 * dtype.size
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if dtype.is_signed else (0, (1 << bits) - 1)
    assert (dtype.min, dtype.max) == (low, high)
    assert dtype.c_name == f"{'' if dtype.is_signed else 'u'}int{bits}_t"


def test_a_scalar_has_one_element() -> None:
    scalar = TensorType(DType.F32, ())
    assert (scalar.rank, scalar.size, scalar.bytes, str(scalar)) == (0, 1, 4, "f32[]")


def test_a_tensor_counts_elements_and_bytes() -> None:
    tensor = TensorType(DType.I16, (1, 49, 10))
    assert (tensor.rank, tensor.size, tensor.bytes, str(tensor)) == (3, 490, 980, "s16[1,49,10]")


def test_an_empty_dimension_makes_an_empty_tensor() -> None:
    assert TensorType(DType.F32, (3, 0)).bytes == 0


def test_shape_and_type_change_one_by_one() -> None:
    tensor = TensorType(DType.I8, (2, 3))
    assert tensor.with_shape((6,)) == TensorType(DType.I8, (6,))
    assert tensor.with_dtype(DType.F32) == TensorType(DType.F32, (2, 3))
    assert tensor == TensorType(DType.I8, (2, 3))
