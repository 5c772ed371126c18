"""Integer convolutions and average pools against exact arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Array
from edgec.ops.quantized_window import QAveragePool, QConv
from edgec.quantize import fixedpoint as fp
from tests.unit.ops.test_quantized import near

RNG = np.random.default_rng(9)
CONVS = [
    QConv((1, 1), (1, 1, 1, 1), (1, 1), 1, -11, 0, 5),
    QConv((2, 1), (0, 1, 2, 0), (1, 2), 2, 127, 0, 5, lo=-100, hi=80),
    QConv((1, 1), (1, 0, 1, 2), (2, 1), 4, -128, 0, -5),
]


def codes(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return RNG.integers(-128, 128, shape).astype(np.int8)


def exact_conv(
    op: QConv, x: Array, w: Array, bias: Array
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The accumulators, element by element; padding has the value of the zero point."""
    top, left, bottom, right = op.pads
    padded = np.pad(x.astype(np.int64) - op.x_zp, ((0, 0), (0, 0), (top, bottom), (left, right)))
    o, depth, kh, kw = w.shape
    (sh, sw), (dh, dw) = op.strides, op.dilations
    oh = (padded.shape[2] - (kh - 1) * dh - 1) // sh + 1
    ow = (padded.shape[3] - (kw - 1) * dw - 1) // sw + 1
    y = np.zeros((x.shape[0], o, oh, ow), np.int64)
    for n, c, i, j in np.ndindex(*y.shape):
        first = c // (o // op.group) * depth
        window = padded[n, first : first + depth, i * sh :, j * sw :][
            :, : (kh - 1) * dh + 1 : dh, : (kw - 1) * dw + 1 : dw
        ]
        y[n, c, i, j] = (window * w[c].astype(np.int64)).sum() + int(bias[c])
    return y


@pytest.mark.parametrize("op", CONVS)
def test_a_convolution_is_the_rounded_sum(op: QConv) -> None:
    x, w = codes(2, 4, 7, 8), codes(8, 4 // op.group, 3, 2)
    bias = RNG.integers(-3000, 3000, 8).astype(np.int32)
    real = RNG.uniform(2e-4, 3e-3, 8)
    m = fp.choose_multipliers(real, fp.accumulator_bound(w, bias, op.x_zp))
    op = replace(op, shift=m.shift)
    y = op.reference(x, w, bias, m.mult)
    scaled = exact_conv(op, x, w, bias) * real.reshape(-1, 1, 1)
    assert near(y, scaled, op.y_zp, op.lo, op.hi) > 0.995


@pytest.mark.parametrize("op", CONVS)
def test_channels_last_is_the_same_convolution(op: QConv) -> None:
    x, w = codes(2, 4, 7, 8), codes(8, 4 // op.group, 3, 2)
    bias, mult = np.zeros(8, np.int32), np.full(8, 1 << 21, np.int32)
    last = op.to_channels_last()
    moved = last.reference(
        np.ascontiguousarray(x.transpose(0, 2, 3, 1)), op.weights_to_channels_last(w), bias, mult
    )
    np.testing.assert_array_equal(moved.transpose(0, 3, 1, 2), op.reference(x, w, bias, mult))


def test_a_convolution_counts_its_multiplications() -> None:
    x, w = TensorType(DType.I8, (1, 4, 8, 8)), TensorType(DType.I8, (6, 4, 3, 3))
    s32 = TensorType(DType.I32, (6,))
    y = CONVS[0].infer(x, w, s32, s32)
    assert y == TensorType(DType.I8, (1, 6, 8, 8))
    assert CONVS[0].macs((x, w, s32, s32), (y,)) == y.size * 36


@pytest.mark.parametrize(
    ("x", "w", "bias"),
    [
        (DType.U8, DType.I8, 6),
        (DType.I8, DType.U8, 6),
        (DType.I8, DType.I8, 5),
    ],
)
def test_operands_that_do_not_fit_are_refused(x: DType, w: DType, bias: int) -> None:
    types = TensorType(x, (1, 4, 8, 8)), TensorType(w, (6, 4, 3, 3))
    with pytest.raises(EdgecError):
        CONVS[0].infer(*types, TensorType(DType.I32, (bias,)), TensorType(DType.I32, (6,)))


# pools -------------------------------------------------------------------------------

POOL = QAveragePool((3, 2), (1, 2), (1, 0, 2, 1), (1, 1), 6, 0, -5)


def exact_means(op: QAveragePool, x: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Means of x - x_zp over the taps that count."""
    top, left, bottom, right = op.pads
    margins = ((0, 0), (0, 0), (top, bottom), (left, right))
    values = np.pad(x.astype(np.float64) - op.x_zp, margins)
    ones = np.pad(np.ones(x.shape), margins, constant_values=float(op.count_include_pad))
    (kh, kw), (sh, sw) = op.kernel, op.strides
    oh, ow = (values.shape[2] - kh) // sh + 1, (values.shape[3] - kw) // sw + 1
    y = np.zeros((*x.shape[:2], oh, ow))
    for i, j in np.ndindex(oh, ow):
        window = (slice(None), slice(None), slice(i * sh, i * sh + kh), slice(j * sw, j * sw + kw))
        count = np.maximum(ones[window].sum(axis=(2, 3)), 1)
        y[:, :, i, j] = values[window].sum(axis=(2, 3)) / count
    return y


@pytest.mark.parametrize("counted", [False, True])
def test_a_pool_of_one_scale_is_the_exact_mean_with_ties_to_even(counted: bool) -> None:
    x = codes(2, 3, 8, 9)
    op = replace(POOL, same_scale=True, count_include_pad=counted)
    y = op.reference(x, np.zeros(7, np.int32))
    wanted = np.clip(np.rint(np.round(exact_means(op, x), 9)) - 5, -128, 127)
    np.testing.assert_array_equal(y, wanted)


@pytest.mark.parametrize("counted", [False, True])
def test_a_pool_of_another_scale_is_the_rounded_mean(counted: bool) -> None:
    x = codes(2, 3, 8, 9)
    counts = np.full(7, 6.0) if counted else np.maximum(np.arange(7.0), 1)
    m = fp.choose_multipliers(1.2345 / counts, 6 * 256)
    op = replace(POOL, shift=m.shift, count_include_pad=counted)
    y = op.reference(x, m.mult)
    assert near(y, exact_means(op, x) * 1.2345, -5) > 0.99


def test_pools_of_both_layouts_are_the_same() -> None:
    x = codes(2, 3, 8, 9)
    op = replace(POOL, same_scale=True)
    mult = np.zeros(7, np.int32)
    moved = op.to_channels_last().reference(np.ascontiguousarray(x.transpose(0, 2, 3, 1)), mult)
    np.testing.assert_array_equal(moved.transpose(0, 3, 1, 2), op.reference(x, mult))


def test_a_pool_has_a_multiplier_for_every_number_of_taps() -> None:
    x = TensorType(DType.I8, (1, 3, 8, 9))
    assert POOL.infer(x, TensorType(DType.I32, (7,))) == TensorType(DType.I8, (1, 3, 9, 5))
    with pytest.raises(EdgecError):
        POOL.infer(x, TensorType(DType.I32, (6,)))
    with pytest.raises(EdgecError):
        POOL.infer(x.with_dtype(DType.U8), TensorType(DType.I32, (7,)))
