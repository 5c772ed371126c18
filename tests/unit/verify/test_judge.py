"""What counts as right, and what the figures say."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.graph import Graph, Quant, Value
from edgec.ir.types import DType, TensorType
from edgec.ops.cast import Cast
from edgec.ops.quantize import Dequantize
from edgec.verify.judge import (
    Arithmetic,
    Array,
    arithmetic_of,
    is_right,
    match_output,
    within_tolerance,
)

SCORES = Value("scores", TensorType(DType.F32, (1, 3)))
CODES = Value("codes", TensorType(DType.I8, (1, 3)), Quant(0.5, 0))
LABEL = Value("label", TensorType(DType.I64, (1,)))


def f32(*numbers: float) -> Array:
    return np.array([numbers], np.float32)


def s8(*numbers: int) -> Array:
    return np.array([numbers], np.int8)


def right(value: Value, arithmetic: Arithmetic, got: Array, reference: Array, ort: Array) -> bool:
    match = match_output(value, arithmetic, [got], [reference], [ort])
    return is_right(match, arithmetic, [got], [reference])


@pytest.mark.parametrize(
    ("got", "expected", "verdict"),
    [
        (1.0 + 0.9e-4, 1.0, True),
        (1.0 + 1.2e-4, 1.0, False),
        (0.9e-5, 0.0, True),
        (1.2e-5, 0.0, False),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (1.0, np.inf, False),
        (np.inf, 1.0, False),
        (np.nan, np.nan, True),
        (np.nan, 1.0, False),
        (1.0, np.nan, False),
    ],
)
def test_the_tolerance_is_relative_or_absolute(got: float, expected: float, verdict: bool) -> None:
    assert bool(within_tolerance(f32(got), f32(expected))[0, 0]) is verdict


def test_beside_large_elements_small_ones_may_be_off_by_a_few_roundings() -> None:
    assert within_tolerance(f32(100.0, 9e-5), f32(100.0, 0.0)).all()
    assert not within_tolerance(f32(100.0, 2e-4), f32(100.0, 0.0)).all()


def test_an_integer_graph_needs_identical_bits_whatever_onnxruntime_says() -> None:
    assert right(CODES, Arithmetic.INTEGER, s8(1, 2, 3), s8(1, 2, 3), s8(9, 9, 9))
    assert not right(CODES, Arithmetic.INTEGER, s8(1, 2, 3), s8(1, 2, 4), s8(1, 2, 3))


def test_a_float_graph_is_judged_by_onnxruntime() -> None:
    assert right(SCORES, Arithmetic.FLOAT, f32(1, 2, 3), f32(9, 9, 9), f32(1, 2, 3))
    assert not right(SCORES, Arithmetic.FLOAT, f32(1, 2, 3), f32(1, 2, 3), f32(1, 2, 4))


def test_without_onnxruntime_a_float_graph_is_judged_by_the_reference() -> None:
    match = match_output(SCORES, Arithmetic.FLOAT, [f32(1, 2, 3)], [f32(1, 2, 3)], None)
    assert match.within_tolerance is True and match.max_abs_error == 0
    assert match.top1_agreement is None


def test_a_mixed_graph_may_be_one_step_off_its_reference() -> None:
    assert right(CODES, Arithmetic.MIXED, s8(1, 2, 3), s8(1, 3, 3), s8(0, 0, 0))
    assert not right(CODES, Arithmetic.MIXED, s8(1, 2, 3), s8(1, 4, 3), s8(1, 2, 3))
    assert right(SCORES, Arithmetic.MIXED, f32(1, 2, 3), f32(1, 2, 3), f32(9, 9, 9))


def test_labels_of_a_float_graph_equal_the_reference() -> None:
    label = np.array([4], np.int64)
    assert right(LABEL, Arithmetic.FLOAT, label, label, label)
    assert not right(LABEL, Arithmetic.FLOAT, label, label + 1, label + 1)


def test_codes_are_compared_with_float_answers_in_steps_of_their_scale() -> None:
    match = match_output(
        CODES, Arithmetic.INTEGER, [s8(1, 2, 6)], [s8(1, 2, 6)], [f32(0.5, 0.5, 2.0)]
    )
    assert match.max_abs_error == 2
    assert match.within_one_step == pytest.approx(2 / 3)
    assert match.top1_agreement == 1.0


def test_top1_counts_ties_as_agreement_and_needs_one_row_of_scores() -> None:
    tie = match_output(CODES, Arithmetic.INTEGER, [s8(5, 5, 0)], [s8(5, 5, 0)], [s8(4, 5, 0)])
    assert tie.top1_agreement == 0.0
    tie = match_output(CODES, Arithmetic.INTEGER, [s8(5, 4, 0)], [s8(5, 4, 0)], [s8(5, 5, 0)])
    assert tie.top1_agreement == 1.0
    image = Value("image", TensorType(DType.I8, (2, 3)))
    grid = np.zeros((2, 3), np.int8)
    assert match_output(image, Arithmetic.INTEGER, [grid], [grid], [grid]).top1_agreement is None


def test_arithmetic_is_told_by_the_types_that_nodes_compute_with() -> None:
    graph = Graph("g")
    codes = graph.value("codes", TensorType(DType.I8, (2,)))
    graph.inputs.append(codes)
    assert arithmetic_of(graph) is Arithmetic.INTEGER
    real = graph.add(Cast(DType.F32), codes)
    graph.outputs = [real]
    assert arithmetic_of(graph) is not Arithmetic.MIXED
    scale, zero = graph.constant(np.float32(0.5)), graph.constant(np.int8(0))
    graph.outputs = [graph.add(Dequantize(), codes, scale, zero)]
    assert arithmetic_of(graph) is Arithmetic.MIXED
