"""Integer interpolation against the exact one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.quantized_resize import QResize
from edgec.ops.resize import Resize
from edgec.quantize.fixedpoint import INT32_MAX, SPAN_S8

RNG = np.random.default_rng(3)
TWICE = QResize((1, 2, 10, 14), (1.0, 1.0, 2.0, 2.0), "linear", x_zp=7, y_zp=-9)
OPS = [
    TWICE,
    replace(TWICE, ratio=0.37, transform="align_corners"),
    replace(TWICE, ratio=2.0, shape=(1, 2, 8, 10), scales=(1.0, 1.0, 1.6, 1.43), lo=-100),
    replace(TWICE, mode="cubic", ratio=0.9),
    replace(TWICE, shape=(1, 2, 5, 14), scales=(1.0, 1.0, 1.0, 2.0), ratio=1.1),
    replace(TWICE, shape=(1, 2, 3, 4), scales=(1.0, 1.0, 0.6, 0.6), antialias=1),
]


def codes() -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return RNG.integers(-128, 128, (1, 2, 5, 7)).astype(np.int8)


def exact(op: QResize, x: np.ndarray[tuple[int, ...], np.dtype[np.int8]]) -> np.ndarray:
    """Real results in units of the output scale, with the zero point."""
    plain = Resize(
        op.shape, op.scales, op.mode, op.transform, cubic_a=op.cubic_a, antialias=op.antialias
    )
    y = np.asarray(plain.reference(x.astype(np.float64) - op.x_zp), np.float64)
    return np.clip(y * op.ratio + op.y_zp, op.lo, op.hi)


@pytest.mark.parametrize("op", OPS)
def test_interpolation_is_within_one_of_the_exact_result(op: QResize) -> None:
    x = codes()
    y, wanted = op.reference(x), exact(op, x)
    assert op.error(x.shape) < 0.5
    assert np.abs(y - wanted).max() < 1
    assert np.mean(np.abs(y - wanted) <= 0.51) > 0.99


def test_three_axes_leave_too_few_bits_to_each() -> None:
    op = replace(TWICE, shape=(1, 3, 10, 14), scales=(1.0, 1.5, 2.0, 2.0))
    assert op.error((1, 2, 5, 7)) > 0.5


def test_a_large_factor_leaves_too_few_bits_to_the_weights() -> None:
    assert replace(TWICE, ratio=1.9).error((1, 2, 5, 7)) < 0.5
    assert replace(TWICE, ratio=9.0, scales=(1.0, 1.0, 1.9, 1.9)).error((1, 2, 5, 7)) > 0.5


@pytest.mark.parametrize("op", OPS)
def test_sums_fit_32_bits(op: QResize) -> None:
    lines, shift = op.plan((1, 2, 5, 7))
    reach = SPAN_S8 * int(np.prod([line.reach for line in lines.values()]))
    assert reach + (SPAN_S8 << shift) <= INT32_MAX


@pytest.mark.parametrize("op", OPS)
def test_a_constant_image_stays_constant(op: QResize) -> None:
    y = op.reference(np.full((1, 2, 5, 7), 30, np.int8))
    assert y.min() == y.max()


def test_twice_the_size_of_one_scale_has_no_rounding_errors_but_of_the_result() -> None:
    x = codes()
    np.testing.assert_array_equal(TWICE.reference(x), np.floor(exact(TWICE, x) + 0.5))


def test_transposed_operands_give_transposed_results() -> None:
    x = codes()
    turned = OPS[1].permuted((0, 2, 3, 1)).reference(np.ascontiguousarray(x.transpose(0, 2, 3, 1)))
    difference = np.abs(np.transpose(turned, (0, 3, 1, 2)).astype(int) - OPS[1].reference(x))
    assert difference.max() <= 1


def test_nearest_is_not_for_it() -> None:
    with pytest.raises(EdgecError):
        replace(TWICE, mode="nearest").infer(TensorType(DType.I8, (1, 2, 5, 7)))
