"""Facts of pools, as kernel rows ask for them."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.graph import Graph
from edgec.kernels.facts import PoolFacts
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.pools import pool_facts
from edgec.lower.select import RowKernels
from edgec.ops.base import Sample
from edgec.ops.pool import MaxPool, MaxPoolWithIndices
from edgec.ops.quantized import QReduceMean
from edgec.ops.quantized_window import QAveragePool
from edgec.targets import load_target
from tests.support.batch import case_of

M4 = load_target("cortex-m4").features


def graph_of(sample: Sample) -> Graph:
    return case_of(sample).graph


def facts_of(sample: Sample) -> PoolFacts | None:
    graph = graph_of(sample)
    return pool_facts(graph.nodes[0], graph.constants)


def s8(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.zeros(shape, np.int8)


def max_pool(*, last: bool = True) -> MaxPool:
    return MaxPool((2, 3), (1, 2), (0, 1, 1, 0), (1, 2), last)


def test_a_max_pool_of_an_image() -> None:
    f = facts_of(Sample(max_pool(), (s8(2, 6, 9, 5),)))
    assert f is not None and f.mean is None
    assert (f.n, f.in_h, f.in_w, f.in_c, f.out_h, f.out_w) == (2, 6, 9, 5, 6, 3)
    assert (f.k_h, f.k_w, f.stride, f.dilation, f.pads) == (2, 3, (1, 2), (1, 2), (0, 1, 1, 0))


def test_a_line_is_an_image_of_one_row() -> None:
    f = facts_of(Sample(MaxPool((3,), (2,), (1, 2), (1,), True), (s8(1, 9, 4),)))
    assert f is not None
    assert (f.in_h, f.in_w, f.k_h, f.k_w, f.stride, f.pads) == (1, 9, 1, 3, (1, 2), (0, 1, 0, 2))


@pytest.mark.parametrize(
    "sample",
    [
        Sample(max_pool(last=False), (s8(1, 5, 6, 9),)),
        Sample(max_pool(), (np.zeros((2, 6, 9, 5), np.float32),)),
        Sample(MaxPoolWithIndices((2,), (2,), (0, 0), (1,), True), (s8(1, 8, 4),)),
        Sample(QReduceMean((2,), 1, 2, 0, 0), (s8(1, 5, 6, 9),)),
    ],
    ids=["channels first", "float", "indices", "one of two axes"],
)
def test_other_pools_have_no_facts(sample: Sample) -> None:
    assert facts_of(sample) is None


def test_a_mean_keeps_its_multipliers_and_zero_points() -> None:
    mult = np.arange(0, 14, 2).astype(np.int32)
    op = QAveragePool((2, 3), (1, 1), (0, 1, 0, 1), (1, 1), 7, 1, -3, -100, 100, True)
    f = facts_of(Sample(op, (s8(1, 5, 6, 4), mult), (1,)))
    assert f is not None and f.mean is not None
    assert f.mean.mult.tolist() == mult.tolist()
    assert (f.mean.x_zp, f.mean.shift, f.mean.y_zp, f.mean.lo, f.mean.hi) == (7, 1, -3, -100, 100)


def test_a_mean_over_the_image_is_a_pool_of_the_whole_image() -> None:
    f = facts_of(Sample(QReduceMean((1, 2), 7, 1 << 20, 0, -4), (s8(2, 5, 6, 9),)))
    assert f is not None and (f.k_h, f.k_w, f.out_h, f.out_w) == (5, 6, 1, 1)


def test_pools_are_computed_by_kernels_on_cores_with_dsp() -> None:
    graph = graph_of(Sample(max_pool(), (s8(1, 6, 9, 5),)))
    for features, kernel in ((M4, "maxpool_s8__dsp"), (frozenset(), "loops")):
        rows = RowKernels(graph, frozenset(features))
        program = lower_graph(graph, Kernels(rows.applies, rows.select))
        assert [s.kernel for s in program.steps] == [kernel]
