"""Results of some rows over the rows of the operand that a kernel says may be there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.registry import CONV_ROWS
from tests.kernels.harness import Case, check, conv_case
from tests.kernels.samples import Shape, conv_s8_sample
from tests.kernels.targets import each_on_targets

SHAPES = (
    Shape(21, 5, 8, 8, (3, 3), pads=(1, 1, 1, 1), group=8),
    Shape(14, 12, 6, 6, (3, 3), pads=(1, 1, 1, 1), group=6),
    Shape(13, 8, 4, 4, (3, 3), pads=(0, 1, 0, 1), group=4),
)
SAMPLES = [conv_s8_sample(np.random.default_rng(0), shape)[0] for shape in SHAPES]
ROWS = [
    row
    for row in CONV_ROWS
    if row.types == S8 and any(row.when(f) and row.ahead(f) is not None for f in SAMPLES)
]


def in_place(row: Kernel[ConvFacts], case: Case, f: ConvFacts, ahead: int, most: int) -> Case:
    """Calls for 1, 2 ... `most` rows, each on a fresh copy of x, `ahead` rows into which y goes."""
    line = f.in_w * f.in_c
    constants = tuple(f"k{i}" for i in range(len(case.constants)))
    names = CallNames(
        "m", f"m + {ahead * line}", "scratch" if case.scratch else "", constants, ("begin", "end")
    )
    text = f"""
    static int8_t m[{(max(f.in_h, f.out_h + ahead) + 1) * line}];
    int32_t count = 1;
    for (int32_t begin = 0; begin < {f.out_h};) {{
        const int32_t end = begin + count < {f.out_h} ? begin + count : {f.out_h};
        memcpy(m, x, {f.in_h * line});
{row.emit(f, names)}
        memcpy(y + begin * {line}, m + (begin + {ahead}) * {line},
               (size_t)((end - begin) * {line}));
        begin = end;
        count = count % {most} + 1;
    }}"""
    return dataclasses.replace(case, call=text)


@each_on_targets(ROWS)
def test_rows_may_lie_over_those_further_on(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    cases: list[Case] = []
    for shape in SHAPES:
        facts, x, y = conv_s8_sample(rng, shape)
        if not row.when(facts):
            continue
        whole = conv_case(row, facts, x, y, 0.0)
        ahead = row.ahead(facts)
        if ahead is not None:
            cases.append(in_place(row, whole, facts, ahead, 9))
        if row.gathers(facts):
            cases += [in_place(row, whole, facts, n, row.gathers(facts)) for n in (0, 1, 2)]
    assert cases
    check(target, cases, tmp_path)
