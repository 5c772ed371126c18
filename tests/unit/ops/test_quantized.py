"""Integer operators: against exact arithmetic, and their rules for shapes and types."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Op
from edgec.ops.quantized import Lut, QAdd, QGemm, QMatMul, QMul, QReduceMean, QSoftmax
from edgec.quantize import fixedpoint as fp

I8, I16, I32, U32 = DType.I8, DType.I16, DType.I32, DType.U32
RNG = np.random.default_rng(3)


def codes(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return RNG.integers(-128, 128, shape).astype(np.int8)


def near(got: object, real: object, zp: int, lo: int = -128, hi: int = 127) -> float:
    """The part of results that are nearest to the exact ones; none is off by more than one."""
    wanted = np.clip(np.asarray(real) + zp, lo, hi)
    difference = np.abs(np.asarray(got).astype(np.float64) - wanted)
    assert difference.max() <= 1
    return float(np.mean(difference <= 0.5 + 1e-9))


def test_a_product_with_weights_is_the_rounded_sum() -> None:
    x, w = codes(40, 30), codes(20, 30)
    bias = RNG.integers(-5000, 5000, 20).astype(np.int32)
    real = RNG.uniform(1e-4, 2e-3, 20)
    m = fp.choose_multipliers(real, fp.accumulator_bound(w, bias, 9))
    y = QGemm(9, m.shift, -3, -100, 90).reference(x, w, bias, m.mult)
    exact = (x.astype(float) - 9) @ w.astype(float).T + bias
    assert near(y, exact * real, -3, -100, 90) > 0.995


def test_a_product_of_activations_is_the_rounded_sum() -> None:
    a, b = codes(2, 12, 30), codes(2, 30, 9)
    m = fp.choose_multipliers(7e-4, 30 * fp.mul_bound(3, -5))
    y = QMatMul(3, -5, int(m.mult[0]), m.shift, 2).reference(a, b)
    exact = np.matmul(a.astype(float) - 3, b.astype(float) + 5)
    assert near(y, exact * 7e-4, 2) > 0.995


@given(st.floats(0.01, 0.2), st.floats(0.01, 0.2), st.floats(0.02, 0.3), st.booleans())
def test_a_sum_is_the_rounded_sum(sa: float, sb: float, sy: float, subtract: bool) -> None:
    a, b = np.meshgrid(np.arange(-128, 128, 5), np.arange(-128, 128, 3))
    p = fp.choose_add(sa, 5, sb, -9, sy, 11, subtract=subtract)
    y = QAdd(p.ma, p.mb, p.c, p.shift).reference(a.astype(np.int8), b.astype(np.int8))
    sign = -1 if subtract else 1
    assert near(y, ((a - 5.0) * sa + sign * (b + 9.0) * sb) / sy, 11) > 0.98


def test_a_product_is_the_rounded_product() -> None:
    a, b = (v.astype(np.int8) for v in np.meshgrid(np.arange(-128, 128), np.arange(-128, 128)))
    m = fp.choose_multipliers(0.0063, fp.mul_bound(4, -7))
    y = QMul(4, -7, int(m.mult[0]), m.shift, -20, -90, 100).reference(a, b)
    assert near(y, (a.astype(float) - 4) * (b.astype(float) + 7) * 0.0063, -20, -90, 100) > 0.999


def test_a_table_is_indexed_by_the_bits_of_the_code() -> None:
    table = np.arange(256).astype(np.uint8).view(np.int8)
    x = codes(3, 5)
    np.testing.assert_array_equal(Lut().reference(x, table), x)


def test_a_mean_of_one_scale_breaks_ties_to_even() -> None:
    op = QReduceMean((1,), 0, 0, 0, 0, same_scale=True)
    x = np.asarray([[1, 2], [2, 3], [-1, -2], [-2, -3]], np.int8)
    assert op.reference(x).reshape(-1).tolist() == [2, 2, -2, -2]


def test_a_mean_of_another_scale_is_the_rounded_mean() -> None:
    x = codes(50, 7, 6)
    m = fp.choose_mean(0.0517, 7, 0.0419, 42)
    y = QReduceMean((1, 2), 7, int(m.mult[0]), m.shift, -4).reference(x)
    exact = (x.astype(float) - 7).mean(axis=(1, 2), keepdims=True) * 0.0517 / 0.0419
    assert y.shape == (50, 1, 1) and near(y, exact, -4) > 0.97


@pytest.mark.parametrize("scale", [0.02, 0.2, 1.0])
def test_softmax_is_near_the_exact_one(scale: float) -> None:
    x = codes(60, 11)
    p = fp.choose_softmax(scale, 1 / 256, 11)
    y = QSoftmax(p.numerator, p.exponent, -128).reference(x, p.table)
    real = x.astype(np.float64)
    e = np.exp((real - real.max(axis=1, keepdims=True)) * scale)
    assert near(y, 256 * e / e.sum(axis=1, keepdims=True), -128) > 0.99


# rules -------------------------------------------------------------------------------


def t(dtype: DType, *shape: int) -> TensorType:
    return TensorType(dtype, shape)


SOUND: list[tuple[Op, tuple[TensorType, ...], TensorType]] = [
    (QGemm(0, 0, 0), (t(I8, 3, 5), t(I8, 4, 5), t(I32, 4), t(I32, 4)), t(I8, 3, 4)),
    (QGemm(0, 0, 0), (t(I8, 3, 5), t(I16, 4, 5), t(I32, 4), t(I32, 4)), t(I8, 3, 4)),
    (QMatMul(0, 0, 0, 0, 0), (t(I8, 2, 1, 3, 5), t(I8, 4, 5, 6)), t(I8, 2, 4, 3, 6)),
    (QAdd(1, 1, 0, 0), (t(I8, 3, 1), t(I8, 1, 4)), t(I8, 3, 4)),
    (QMul(0, 0, 0, 0, 0), (t(I8, 3, 4), t(I8, 4)), t(I8, 3, 4)),
    (Lut(), (t(I8, 3), t(I8, 256)), t(I8, 3)),
    (QReduceMean((0, 2), 0, 0, 0, 0), (t(I8, 2, 3, 4),), t(I8, 1, 3, 1)),
    (QSoftmax(0, 0, 0), (t(I8, 2, 3), t(U32, 256)), t(I8, 2, 3)),
]
BROKEN: list[tuple[Op, tuple[TensorType, ...]]] = [
    (QGemm(0, 0, 0), (t(DType.U8, 3, 5), t(I8, 4, 5), t(I32, 4), t(I32, 4))),
    (QGemm(0, 0, 0), (t(I8, 3, 5), t(I8, 4, 6), t(I32, 4), t(I32, 4))),
    (QGemm(0, 0, 0), (t(I8, 3, 5), t(I8, 4, 5), t(I32, 3), t(I32, 4))),
    (QGemm(0, 0, 0), (t(I8, 3, 5), t(I8, 4, 5), t(I32, 4), t(I32, 1))),
    (QMatMul(0, 0, 0, 0, 0), (t(I8, 3, 5), t(I8, 4, 5))),
    (QAdd(1, 1, 0, 0), (t(I8, 3), t(I8, 4))),
    (QAdd(1, 1, 0, 0), (t(I8, 3), t(I16, 3))),
    (Lut(), (t(I8, 3), t(I8, 255))),
    (QReduceMean((0,), 0, 0, 0, 0), (t(DType.U8, 2),)),
    (QSoftmax(0, 0, 0), (t(I8, 2, 3), t(I32, 256))),
]


@pytest.mark.parametrize(("op", "types", "result"), SOUND)
def test_types_of_results(op: Op, types: tuple[TensorType, ...], result: TensorType) -> None:
    assert op.infer(*types) == result


@pytest.mark.parametrize(("op", "types"), BROKEN)
def test_operands_that_do_not_fit_are_refused(op: Op, types: tuple[TensorType, ...]) -> None:
    with pytest.raises(EdgecError):
        op.infer(*types)


def test_products_count_their_multiplications() -> None:
    for op, types, result in SOUND[:3]:
        assert op.macs(types, (result,)) == result.size * 5


def test_a_mean_moves_its_axes_with_the_tensor() -> None:
    x = codes(2, 3, 4)
    op, perm = QReduceMean((0, 2), 0, 0, 0, 0, same_scale=True), (2, 0, 1)
    moved = op.permuted(perm)
    np.testing.assert_array_equal(
        moved.reference(x.transpose(perm)), op.reference(x).transpose(perm)
    )
