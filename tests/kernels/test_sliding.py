"""Kernels give the same rows when they run a few at a time, on windows that slide."""

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


def sliding_call(row: Kernel[ConvFacts], f: ConvFacts, constants: int) -> str:
    """One and two output rows by turns, as a stream runs them.

    Before a call the window of x has the input rows that these depend on, and no other; the call
    may write no more than its rows. It gets the addresses where rows 0 would be.
    """
    kind = "int8_t" if f.types == S8 else "float"
    size = 1 if f.types == S8 else 4
    reach = (f.k_h - 1) * f.dilation[0]
    in_row, out_row = size * f.in_w * f.in_c, size * f.out_w * f.out_c
    in_bytes = min(f.stride[0] + reach + 1, f.in_h) * in_row
    place = "({} *)(void *)edgec_row_zero({}, {} * {})".format
    names = CallNames(
        place(kind, "window_x", "from", in_row),
        place(kind, "window_y + 16", "begin", out_row),
        "scratch" if row.scratch(f) else "",
        tuple(f"k{i}" for i in range(constants)),
        ("begin", "end"),
    )
    return f"""
    static uint8_t EDGEC_ALIGN(16) window_x[{in_bytes}];
    static uint8_t EDGEC_ALIGN(16) window_y[16 + {2 * out_row} + 16];
    for (int32_t begin = 0, end; begin < {f.out_h}; begin = end) {{
        end = begin % 3 == 1 && begin + 2 <= {f.out_h} ? begin + 2 : begin + 1;
        const int32_t first = begin * {f.stride[0]} - {f.pads[0]};
        const int32_t last = (end - 1) * {f.stride[0]} - {f.pads[0]} + {reach};
        const int32_t from = first < 0 ? 0 : first < {f.in_h} ? first : {f.in_h - 1};
        const int32_t to = last < 0 ? 0 : last < {f.in_h} ? last : {f.in_h - 1};
        guard_fill(window_x, sizeof window_x);
        memcpy(window_x, x + from * {f.in_w * f.in_c}, (size_t)(to - from + 1) * {in_row});
        guard_fill(window_y, sizeof window_y);
{row.emit(f, names)}
        const size_t made = (size_t)(end - begin) * {out_row};
        memcpy(y + begin * {f.out_w * f.out_c}, window_y + 16, made);
        if (!guard_kept(window_y, 16)
            || !guard_kept(window_y + 16 + made, {2 * out_row} + 16 - made)) {{
            return false;
        }}
    }}"""


@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_sliding_windows_equal_the_whole_layer(
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
            call = sliding_call(row, facts, len(whole.constants))
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
