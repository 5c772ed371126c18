"""Integer transposed convolutions against exact arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Array
from edgec.ops.quantized_transpose import QConvTranspose
from edgec.quantize import fixedpoint as fp
from tests.unit.ops.test_quantized import near

RNG = np.random.default_rng(9)
PLAIN = QConvTranspose((2, 2), (0, 0, 0, 0), (1, 1), 1, -11, 0, 5, output_padding=(0, 0))
OPS = [
    PLAIN,
    replace(PLAIN, pads=(1, 0, 1, 2), output_padding=(1, 0), x_zp=127, lo=-100, hi=80),
    replace(PLAIN, strides=(3, 1), group=2, x_zp=-128),
    replace(PLAIN, dilations=(2, 1), pads=(1, 1, 0, 0)),
]


def codes(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return RNG.integers(-128, 128, shape).astype(np.int8)


def exact(op: QConvTranspose, x: Array, w: Array, bias: Array) -> Array:
    """The accumulators, spread input by input as the definition has it."""
    n, _, h, width = x.shape
    o, depth, kh, kw = w.shape
    shape = op.infer(*(TensorType(DType.of(a.dtype), a.shape) for a in (x, w, bias, bias))).shape
    y = np.zeros(shape, np.int64) + bias.astype(np.int64).reshape(-1, 1, 1)
    per_group = o // op.group
    for b, i, iy, ix, out, ky, kx in np.ndindex(n, depth, h, width, o, kh, kw):
        oy = iy * op.strides[0] + ky * op.dilations[0] - op.pads[0]
        ox = ix * op.strides[1] + kx * op.dilations[1] - op.pads[1]
        if 0 <= oy < shape[2] and 0 <= ox < shape[3]:
            channel = out // per_group * depth + i
            y[b, out, oy, ox] += (int(x[b, channel, iy, ix]) - op.x_zp) * int(w[out, i, ky, kx])
    return y


@pytest.mark.parametrize("op", OPS)
def test_a_transposed_convolution_is_the_rounded_sum(op: QConvTranspose) -> None:
    x, w = codes(1, 4, 4, 3), codes(4, 4 // op.group, 3, 2)
    bias = RNG.integers(-3000, 3000, 4).astype(np.int32)
    real = RNG.uniform(2e-4, 3e-3, 4)
    m = fp.choose_multipliers(real, fp.accumulator_bound(w, bias, op.x_zp))
    op = replace(op, shift=m.shift)
    y = op.reference(x, w, bias, m.mult)
    scaled = exact(op, x, w, bias) * real.reshape(-1, 1, 1)
    assert near(y, scaled, op.y_zp, op.lo, op.hi) > 0.995


@pytest.mark.parametrize("op", OPS)
def test_channels_last_is_the_same_operator(op: QConvTranspose) -> None:
    x, w = codes(2, 4, 5, 4), codes(6, 4 // op.group, 3, 2)
    bias, mult = np.zeros(6, np.int32), np.full(6, 1 << 21, np.int32)
    last = op.to_channels_last()
    moved = last.reference(
        np.ascontiguousarray(x.transpose(0, 2, 3, 1)), op.weights_to_channels_last(w), bias, mult
    )
    np.testing.assert_array_equal(moved.transpose(0, 3, 1, 2), op.reference(x, w, bias, mult))


def test_a_transposed_convolution_counts_its_multiplications() -> None:
    x, w = TensorType(DType.I8, (1, 4, 8, 8)), TensorType(DType.I8, (6, 4, 2, 2))
    s32 = TensorType(DType.I32, (6,))
    y = PLAIN.infer(x, w, s32, s32)
    assert y == TensorType(DType.I8, (1, 6, 16, 16))
    assert PLAIN.macs((x, w, s32, s32), (y,)) == y.size * 4


def test_operands_that_do_not_fit_are_refused() -> None:
    x, w = TensorType(DType.I8, (1, 4, 8, 8)), TensorType(DType.I8, (6, 5, 2, 2))
    s32 = TensorType(DType.I32, (6,))
    with pytest.raises(EdgecError):
        PLAIN.infer(x, w, s32, s32)
