"""Layers in calls for a few rows each, on windows of their operand and result that slide."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import S8, Array, ConvFacts
from tests.kernels.cases import tolerance_of
from tests.kernels.harness import Case, conv_case
from tests.kernels.samples import Shape

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


def sliding(row: Kernel[ConvFacts], whole: Case, f: ConvFacts) -> Case:
    """The same layer one and two output rows by turns, as a stream runs them.

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
        "scratch" if whole.scratch else "",
        tuple(f"k{i}" for i in range(len(whole.constants))),
        ("begin", "end"),
    )
    call = f"""
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
    return dataclasses.replace(whole, call=call)


def sliding_cases(
    row: Kernel[ConvFacts], samples: Iterable[tuple[ConvFacts, Array, Array]]
) -> list[Case]:
    """Sliding calls of `row` for those samples that it takes: facts, operand and result."""
    cases = [
        sliding(row, conv_case(row, f, x, y, tolerance_of(row)), f)
        for f, x, y in samples
        if row.when(f)
    ]
    assert cases
    return cases
