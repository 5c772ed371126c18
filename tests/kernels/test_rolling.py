"""Kernels give the same rows when they run a few rows at a time over rolling buffers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.registry import CONV_ROWS
from edgec.targets import load_target
from tests.kernels.cases import conv_cases
from tests.kernels.harness import Case, check, conv_case
from tests.kernels.samples import Shape, conv_f32_sample, conv_s8_sample

SHAPES = (
    Shape(9, 6, 3, 5, (3, 3), pads=(1, 1, 1, 1)),
    Shape(9, 6, 6, 6, (3, 3), pads=(1, 1, 1, 1), group=6),
    Shape(9, 6, 6, 6, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=6),
    Shape(8, 5, 7, 6, (1, 1)),
    Shape(8, 5, 7, 6, (1, 1), (2, 1)),
    Shape(9, 4, 5, 5, (2, 3), (1, 2), (2, 1), (1, 0, 1, 1), 5),
    Shape(10, 9, 17, 18, (3, 3), pads=(1, 1, 1, 1)),
    Shape(9, 5, 4, 6, (5, 1), pads=(2, 0, 2, 0)),
)
X86 = ("x86_64", "x86_64-v3", "x86_64-v4")
HOSTS = {name: load_target(name).features for name in X86}


def rolling_call(row: Kernel[ConvFacts], f: ConvFacts, constants: int) -> str:
    """One output row at a time: copy in the input rows it needs, compute, copy the row out.

    The input buffer has just as many rows as one output row depends on, the output buffer two.
    """
    in_rows = min((f.k_h - 1) * f.dilation[0] + 1, f.in_h)
    out_rows = min(2, f.out_h)
    kind = "int8_t" if f.types == S8 else "float"
    in_row, out_row = f.in_w * f.in_c, f.out_w * f.out_c
    names = CallNames(
        "ring_x",
        "ring_y",
        "scratch" if row.scratch(f) else "",
        tuple(f"k{i}" for i in range(constants)),
        ("oy", "oy + 1"),
        in_rows,
        out_rows,
    )
    last = f"oy * {f.stride[0]} - {f.pads[0]} + {(f.k_h - 1) * f.dilation[0]}"
    return f"""
    static {kind} ring_x[{in_rows * in_row}];
    static {kind} ring_y[{out_rows * out_row}];
    int32_t loaded = 0;
    for (int32_t oy = 0; oy < {f.out_h}; oy++) {{
        for (; loaded <= {last} && loaded < {f.in_h}; loaded++) {{
            memcpy(ring_x + loaded % {in_rows} * {in_row}, x + loaded * {in_row},
                   {in_row} * sizeof x[0]);
        }}
{row.emit(f, names)}
        memcpy(y + oy * {out_row}, ring_y + oy % {out_rows} * {out_row},
               {out_row} * sizeof y[0]);
    }}"""


@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_rolling_buffers_equal_the_whole_layer(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    target = next((name for name, has in HOSTS.items() if row.needs <= has), None)
    if target is None:
        pytest.skip("the host lacks a feature that the kernel needs")
    rng = np.random.default_rng(6)
    cases: list[Case] = []
    for shape in SHAPES:
        quantized = row.types == S8
        facts, x, y = conv_s8_sample(rng, shape) if quantized else conv_f32_sample(rng, shape)
        if row.when(facts):
            whole = conv_case(row, facts, x, y, 0.0 if quantized else 1e-5)
            call = rolling_call(row, facts, len(whole.constants))
            cases.append(dataclasses.replace(whole, call=call))
    assert cases
    check(target, cases, tmp_path)


def test_a_wrong_result_is_noticed(tmp_path: Path) -> None:
    case = conv_cases(CONV_ROWS[0], 7, 1)[0]
    wrong = dataclasses.replace(case, want=case.want ^ np.int8(1))
    with pytest.raises(AssertionError, match="differs"):
        check("x86_64", [wrong], tmp_path)


def test_a_write_past_the_scratch_memory_is_noticed(tmp_path: Path) -> None:
    case = conv_cases(CONV_ROWS[0], 7, 1)[0]
    assert case.scratch > 0
    with pytest.raises(AssertionError, match="differs"):
        check("x86_64", [dataclasses.replace(case, scratch=case.scratch - 1)], tmp_path)
