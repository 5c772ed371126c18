"""Tensor data of every type, and data that does not fit its shape or type."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgec.ir.types import DType

from .models import (
    F32,
    Refused,
    answer,
    check_refused,
    imported,
    model,
    node,
    tensor,
)


@pytest.mark.parametrize("rank", [1, 2])
def test_sparse_initializers_are_expanded(rank: int) -> None:
    built = model([node("Mul", ["x", "w"], ["y"])])
    indices = [1, 3] if rank == 1 else [0, 1, 0, 3]
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", F32, [2], [10.0, 20.0]),
        helper.make_tensor("i", TensorProto.INT64, [2] if rank == 1 else [2, 2], indices),
        [1, 4],
    )
    built.graph.sparse_initializer.append(sparse)
    assert answer(built).tolist() == [[0, 20, 0, 80]]


def test_half_floats_become_single_floats() -> None:
    half = np.float16([0.1, 65504, -2, 6e-8])
    pattern = np.uint16([0x3F80, 0x4000, 0xC000, 0x7F7F])  # 1, 2, -2, 3.39e38
    built = model(
        [node("Add", ["x", "h"], ["s"]), node("Max", ["s", "b"], ["y"])],
        [tensor("x", (1, 4), TensorProto.FLOAT16)],
        weights={"h": half},
    )
    b = built.graph.initializer.add(name="b", data_type=TensorProto.BFLOAT16, dims=[4])
    b.raw_data = pattern.tobytes()
    g = imported(built)
    assert g.inputs[0].type.dtype is DType.F32
    found = {v.name: a for v, a in g.constants.items()}
    assert found["h"].tolist() == half.astype(np.float32).tolist()
    assert found["b"][:3].tolist() == [1, 2, -2]
    assert found["b"].dtype == np.float32


def test_data_in_typed_fields_is_read() -> None:
    for kind, values, dtype in (
        (TensorProto.FLOAT16, np.float16([0.5, -2]).view(np.uint16).tolist(), np.float32),
        (TensorProto.BFLOAT16, [0x3F80, 0xBF80], np.float32),
        (TensorProto.INT8, [-128, 127], np.int8),
        (TensorProto.UINT64, [0, 2**64 - 1], np.uint64),
        (TensorProto.BOOL, [0, 1], np.bool_),
        (TensorProto.DOUBLE, [0.1, 0.2], np.float64),
    ):
        built = model([node("Identity", ["w"], ["y"])], [])
        w = built.graph.initializer.add(name="w", data_type=kind, dims=[2])
        field = helper.tensor_dtype_to_field(kind)
        getattr(w, field).extend(values)
        g = imported(built)
        (data,) = g.constants.values()
        assert data.dtype == dtype
        assert data.tolist() != [0, 0]


def string_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1,), TensorProto.STRING)])


def complex_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1,), TensorProto.COMPLEX64)])


def unknown_type() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1,), 77)])


def float8_weights() -> onnx.ModelProto:
    built = model([node("Cast", ["w"], ["y"], to=F32)], [])
    built.graph.initializer.add(
        name="w", data_type=TensorProto.FLOAT8E4M3FN, dims=[2], raw_data=b"ab"
    )
    return built


def int4_weights() -> onnx.ModelProto:
    built = model([node("Cast", ["w"], ["y"], to=F32)], [])
    built.graph.initializer.add(name="w", data_type=TensorProto.INT4, dims=[2], raw_data=b"a")
    return built


def weights(dims: list[int], data: bytes) -> onnx.ModelProto:
    built = model([node("Add", ["x", "w"], ["y"])])
    built.graph.initializer.add(name="w", data_type=F32, dims=dims, raw_data=data)
    return built


def too_few_values() -> onnx.ModelProto:
    built = weights([4], b"")
    built.graph.initializer[0].ClearField("raw_data")
    built.graph.initializer[0].float_data.extend([1, 2])
    return built


def value_out_of_range() -> onnx.ModelProto:
    built = model([node("Cast", ["w"], ["y"], to=F32)], [])
    built.graph.initializer.add(name="w", data_type=TensorProto.INT8, dims=[1], int32_data=[300])
    return built


def sparse_outside() -> onnx.ModelProto:
    built = model([node("Add", ["x", "w"], ["y"])])
    values = helper.make_tensor("w", F32, [1], [1.0])
    at = helper.make_tensor("i", TensorProto.INT64, [1], [99])
    built.graph.sparse_initializer.append(helper.make_sparse_tensor(values, at, [4]))
    return built


CASES: list[Refused] = [
    (string_input, "E0106", "string"),
    (complex_input, "E0106", "complex64"),
    (unknown_type, "E0106", "number 77"),
    (float8_weights, "E0106", "float8e4m3fn"),
    (int4_weights, "E0106", "int4"),
    (lambda: weights([4], b"12345"), "E0107", "has 5 bytes"),
    (lambda: weights([-4], b""), "E0107", "[-4] is not possible"),
    (lambda: weights([1 << 40, 1 << 40], b""), "E0107", "not possible"),
    (too_few_values, "E0107", "has 2 elements"),
    (value_out_of_range, "E0107", "does not fit int8"),
    (sparse_outside, "E0107", "indices of a sparse tensor"),
]


@pytest.mark.parametrize(("build", "code", "message"), CASES)
def test_data_that_is_not_possible(
    build: Callable[[], onnx.ModelProto], code: str, message: str
) -> None:
    check_refused(build, code, message)
