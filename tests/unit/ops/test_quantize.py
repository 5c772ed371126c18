"""Quantize, Dequantize and the flip of the sign."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Array, Sample, run_reference
from edgec.ops.quantize import Dequantize, FlipSign, Quantize, flip
from tests.support.batch import case_of, run_cases
from tests.unit.ops.single_node import SingleNode, check_close

F32 = DType.F32
EDGES = np.asarray(
    [0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 1e30, -1e30, np.inf, -np.inf, 126.5, 127.4, 127.6, -128.5],
    np.float32,
)


def scalar(value: float, dtype: type = np.float32) -> Array:
    array: Array = np.asarray(value, dtype)
    return array


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("scale", [1.0, 0.1, 3.7])
def test_quantize_rounds_half_to_even_and_saturates_as_onnxruntime(
    dtype: type, scale: float
) -> None:
    zero = scalar(3, dtype)
    check_close(
        SingleNode("QuantizeLinear", (EDGES, scalar(scale), zero), constants=(1, 2)), atol=0
    )


@pytest.mark.parametrize("dtype", [DType.I8, DType.U8, DType.I16])
def test_the_c_of_quantize_gives_the_same_bits(dtype: DType) -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([EDGES, [np.nan], rng.normal(0, 60, 500)]).astype(np.float32)
    samples = [
        Sample(Quantize(dtype), (x, scalar(s), scalar(zp, dtype.numpy)), (1, 2))
        for s in (1.0, 0.1, 1e-3)
        for zp in (0, 7, dtype.max, max(dtype.min, -300))
    ]
    got = run_cases([case_of(s) for s in samples])
    for sample, (y,) in zip(samples, got, strict=True):
        np.testing.assert_array_equal(y, run_reference(sample.op, sample.inputs)[0])


@pytest.mark.parametrize("axis", [1, -1])
def test_parameters_per_axis_are_broadcast(axis: int) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(0, 20, (2, 3, 4)).astype(np.float32)
    n = x.shape[axis]
    scales = np.asarray(rng.uniform(0.1, 1, n), np.float32)
    zeros = np.arange(n).astype(np.int8)
    q = SingleNode("QuantizeLinear", (x, scales, zeros), {"axis": axis}, constants=(1, 2))
    check_close(q, atol=0)
    codes = rng.integers(-128, 128, x.shape).astype(np.int8)
    check_close(
        SingleNode("DequantizeLinear", (codes, scales, zeros), {"axis": axis}, constants=(1, 2))
    )


def test_blocks_of_an_axis_share_their_parameters() -> None:
    codes = np.arange(-12, 12).astype(np.int8).reshape(2, 12)
    scales = np.asarray([[0.5, 1, 2], [0.25, 3, 4]], np.float32)
    zeros = np.asarray([[0, 1, 2], [3, 4, 5]], np.int8)
    case = SingleNode(
        "DequantizeLinear", (codes, scales, zeros), {"axis": 1, "block_size": 4}, constants=(1, 2)
    )
    (y,) = case.run()
    wide = np.repeat(scales, 4, axis=1), np.repeat(zeros, 4, axis=1)
    np.testing.assert_array_equal(y, (codes - wide[1].astype(np.float32)) * wide[0])


def test_an_omitted_zero_point_is_zero() -> None:
    x = np.asarray([-1.0, 0.4, 300.0], np.float32)
    (y,) = SingleNode("QuantizeLinear", (x, scalar(1.0)), constants=(1,)).run()
    assert (y.dtype, y.tolist()) == (np.dtype(np.uint8), [0, 0, 255])
    signed = SingleNode("QuantizeLinear", (x, scalar(1.0)), {"output_dtype": 3}, constants=(1,))
    assert signed.run()[0].dtype == np.int8


def test_biases_in_32_bits_are_dequantized() -> None:
    x = np.asarray([2**24 + 1, -5, 7], np.int32)
    check_close(SingleNode("DequantizeLinear", (x, scalar(1e-4)), constants=(1,)), rtol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ((EDGES, np.ones(4, np.float32), np.zeros(4, np.int8)), "E0305"),
        ((EDGES, scalar(1.0), scalar(0, np.int32)), "E0306"),
    ],
    ids=["other channels", "type"],
)
def test_what_fits_no_axis_or_type_is_refused(inputs: tuple[Array, ...], code: str) -> None:
    with pytest.raises(EdgecError) as error:
        SingleNode("QuantizeLinear", inputs, {"axis": 0}, constants=(1, 2)).run()
    assert error.value.diagnostics[0].code == code


def test_parameters_must_broadcast() -> None:
    x, s = TensorType(F32, (2, 3)), TensorType(F32, (2,))
    with pytest.raises(EdgecError):
        Quantize(DType.I8).infer(x, s, TensorType(DType.I8, (2,)))
    with pytest.raises(EdgecError):
        Dequantize().infer(TensorType(DType.I8, (2, 3)), s, TensorType(DType.I8, (2,)))


def test_quantize_undoes_dequantize() -> None:
    codes = np.arange(-128, 128).astype(np.int8)
    for scale in (0.1, 1 / 3, 7.7e-4):
        parameters = scalar(scale), scalar(-5, np.int8)
        real = Dequantize().reference(codes, *parameters)
        np.testing.assert_array_equal(Quantize(DType.I8).reference(real, *parameters), codes)


def test_flipping_keeps_the_order_and_undoes_itself() -> None:
    codes = np.arange(256).astype(np.uint8)
    flipped = flip(codes)
    assert flipped.dtype == np.int8 and flipped.tolist() == list(range(-128, 128))
    np.testing.assert_array_equal(flip(flipped), codes)
    assert FlipSign().infer(TensorType(DType.U8, (3,))) == TensorType(DType.I8, (3,))
    with pytest.raises(EdgecError):
        FlipSign().infer(TensorType(DType.I16, (3,)))
