"""Kernels give the same pixels of a line when they compute a few columns at a time."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.calls import column_names
from edgec.kernels.facts import ConvFacts, PoolFacts
from edgec.kernels.registry import CONV_ROWS, POOL_ROWS
from tests.kernels.cases import conv_sample, tolerance_of
from tests.kernels.harness import Case, check, conv_case
from tests.kernels.samples import Shape
from tests.kernels.targets import each_on_targets
from tests.kernels.test_pools import facts_of, max_case, mean_case

LINES = (
    Shape(1, 23, 5, 9, (1, 3), pads=(0, 1, 0, 1)),
    Shape(1, 30, 4, 8, (1, 5), (1, 2), pads=(0, 2, 0, 2)),
    Shape(1, 19, 1, 10, (1, 4), (1, 1), (1, 2), pads=(0, 3, 0, 3)),
    Shape(1, 17, 8, 3, (1, 3), pads=(0, 2, 0, 0)),
    Shape(1, 14, 8, 9, (1, 1)),
    Shape(1, 15, 12, 10, (1, 1), (1, 2)),
    Shape(1, 21, 8, 8, (1, 3), pads=(0, 1, 0, 1), group=8),
    Shape(1, 25, 5, 5, (1, 4), (1, 3), pads=(0, 0, 0, 2), group=5),
)
POOLED = (
    (1, 21, 8, (1, 2), (1, 2), (0, 0, 0, 0)),
    (1, 17, 12, (1, 3), (1, 1), (0, 1, 0, 1)),
    (1, 18, 4, (1, 4), (1, 2), (0, 3, 0, 2)),
)


def by_columns(
    row: Kernel[ConvFacts] | Kernel[PoolFacts], case: Case, f: ConvFacts | PoolFacts
) -> Case:
    """The same layer in calls for 1, 2, 3, 4, 1, 2 ... columns."""
    constants = tuple(f"k{i}" for i in range(len(case.constants)))
    names = CallNames("x", "y", "scratch" if case.scratch else "", constants)
    call = row.emit(f, column_names(f, names, ("begin", "end")))  # type: ignore[arg-type]
    text = f"""
    int32_t count = 1;
    for (int32_t begin = 0; begin < {f.out_w};) {{
        const int32_t end = begin + count < {f.out_w} ? begin + count : {f.out_w};
{call}
        begin = end;
        count = count % 4 + 1;
    }}"""
    return dataclasses.replace(case, call=text)


@each_on_targets(row for row in CONV_ROWS if row.columns)
def test_ranges_of_columns_equal_the_whole_line(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(8)
    cases: list[Case] = []
    for shape in LINES:
        facts, x, y = conv_sample(row, rng, shape)
        if row.when(facts):
            whole = conv_case(row, facts, x, y, tolerance_of(row))
            cases.append(by_columns(row, whole, facts))
    assert cases
    check(target, cases, tmp_path)


@each_on_targets(row for row in POOL_ROWS if row.columns)
def test_ranges_of_columns_equal_the_whole_pool(
    row: Kernel[PoolFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(9)
    cases: list[Case] = []
    for shape in POOLED:
        f = facts_of(shape)
        if row.op == "maxpool":
            cases.append(by_columns(row, max_case(row, rng, f), f))
            continue
        for include in (False, True):
            case, facts = mean_case(row, rng, f, same=False, include_pad=include)
            if row.when(facts):
                cases.append(by_columns(row, case, facts))
    assert cases
    check(target, cases, tmp_path)
