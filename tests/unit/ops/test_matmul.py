"""Matrix products against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.matmul import Gemm, MatMul, MatMulInteger
from tests.unit.ops.single_node import Attribute, SingleNode, check_close


@pytest.mark.parametrize(
    ("a", "b", "c", "attributes"),
    [
        ((3, 5), (5, 4), (4,), {}),
        ((5, 3), (5, 4), (3, 1), {"transA": 1, "alpha": 0.5}),
        ((3, 5), (4, 5), (3, 4), {"transB": 1, "beta": 2.0}),
        ((5, 3), (4, 5), (), {"transA": 1, "transB": 1}),
    ],
)
def test_gemm_agrees_with_onnxruntime(
    a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...], attributes: dict[str, Attribute]
) -> None:
    rng = np.random.default_rng(1)
    data = tuple(np.asarray(rng.standard_normal(s), np.float32) for s in (a, b, c))
    check_close(SingleNode("Gemm", data, attributes))
    check_close(SingleNode("Gemm", data[:2], attributes))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 5), (5, 4)),
        ((2, 1, 3, 5), (7, 5, 2)),
        ((5,), (2, 5, 4)),
        ((2, 3, 5), (5,)),
        ((4,), (4,)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_matmul_agrees_with_onnxruntime(
    a: tuple[int, ...], b: tuple[int, ...], dtype: type[np.generic]
) -> None:
    rng = np.random.default_rng(2)
    data = tuple((10 * rng.standard_normal(s)).astype(dtype) for s in (a, b))
    check_close(SingleNode("MatMul", data), rtol=1e-3)


@pytest.mark.parametrize(
    ("a", "b", "az", "bz"),
    [
        ((3, 5), (5, 4), None, None),
        ((3, 5), (5, 4), (), (4,)),
        ((2, 3, 5), (5, 4), (), (4,)),
        ((2, 3, 5), (2, 5, 4), (1,), (1,)),
    ],
)
@pytest.mark.parametrize("types", [(np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)])
def test_matmul_integer_agrees_with_onnxruntime(
    a: tuple[int, ...],
    b: tuple[int, ...],
    az: tuple[int, ...] | None,
    bz: tuple[int, ...] | None,
    types: tuple[type, type],
) -> None:
    rng = np.random.default_rng(3)

    def draw(shape: tuple[int, ...] | None, dtype: type) -> np.ndarray | None:
        info = np.iinfo(dtype)
        if shape is None:
            return None
        return np.asarray(rng.integers(info.min, info.max + 1, shape)).astype(dtype)

    data = (draw(a, types[0]), draw(b, types[1]), draw(az, types[0]), draw(bz, types[1]))
    check_close(SingleNode("MatMulInteger", data), rtol=0, atol=0)


def test_matmul_integer_takes_one_zero_point_per_row() -> None:
    rng = np.random.default_rng(3)
    a, b = (
        rng.integers(0, 256, (3, 6)).astype(np.uint8),
        rng.integers(0, 9, (6, 2)).astype(np.uint8),
    )
    zero = np.array([1, 2, 3], np.uint8)
    y = MatMulInteger().reference(a, b, zero)
    np.testing.assert_array_equal(y, (a.astype(int) - zero[:, None]) @ b.astype(int))


def test_shapes_that_do_not_meet_are_named() -> None:
    f = DType.F32
    for op, a, b, code in (
        (MatMul(), (2, 3), (4, 2), "E0241"),
        (MatMul(), (2, 3, 4), (3, 4, 2), "E0244"),
        (MatMul(), (), (4, 2), "E0240"),
        (Gemm(), (2, 3), (4, 2), "E0241"),
        (Gemm(), (1, 2, 3), (3, 2), "E0240"),
    ):
        with pytest.raises(EdgecError) as caught:
            op.infer(TensorType(f, a), TensorType(f, b))
        assert caught.value.diagnostics[0].code == code
