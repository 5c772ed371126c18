"""Rows of the int8 matrix products for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8_dsp import (
    DSP,
    LANES,
    PAIRS,
    ROW,
    SUM_COST,
    TABLE_COST,
    THEN,
    lanes_cost,
    lanes_scratch,
    may_add,
    row_args,
    row_cost,
    row_scratch,
)
from edgec.kernels.costs import Part, Parts
from edgec.kernels.epilogues import with_epilogue
from edgec.kernels.facts import S8, GemmFacts
from edgec.kernels.packing_dsp import overlapped, pack_pairs, pack_rows
from edgec.kernels.work import limited, times


def single_cost(f: GemmFacts) -> Parts:
    """Row by row."""
    return (Part("call", 1, 20), *times(f.rows, row_cost(f.k, f.n)), limited(f))


def rows_cost(f: GemmFacts) -> Parts:
    """Three rows at a time."""
    return (Part("call", 1, 60), *lanes_cost(ceil(f.rows / 3), f.k, f.n), limited(f))


def pack_single(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of blocks of six channels, then of pairs."""
    return (Constant("weights", pack_rows(f.weights, f.bias, calls.required_quant(f.quant)), 4),)


def pack_many(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of pairs of channels."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", pack_pairs(f.weights, f.bias, quant, overlapped(f.k)), 4),)


GEMM = Kernel[GemmFacts](
    name="gemm_s8__dsp",
    headers=("gemm/gemm_s8__dsp.h", ROW, PAIRS),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=DSP,
    when=lambda f: True,
    pack=pack_single,
    params=calls.gemm_s8_params,
    args=lambda f, names: row_args(names, f.rows),
    batches=calls.gemm_batches,
    scratch=lambda f: row_scratch(f.k),
    cost=single_cost,
)
GEMM_MANY = Kernel[GemmFacts](
    name="gemm_s8_rows__dsp",
    headers=("gemm/gemm_s8_rows__dsp.h", LANES, THEN, PAIRS),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=DSP,
    when=lambda f: True,
    pack=pack_many,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    scratch=lambda f: lanes_scratch(ceil(f.k / 4)),
    cost=rows_cost,
)

GEMM_MANY_THEN = replace(with_epilogue(GEMM_MANY, table=TABLE_COST, total=SUM_COST), when=may_add)

GEMM_ROWS = (GEMM, GEMM_MANY)
GEMM_THEN = replace(
    with_epilogue(GEMM, table=TABLE_COST),
    when=lambda f: calls.required_quant(f.quant).shift == 0,
)
THEN_ROWS = (GEMM_THEN, GEMM_MANY_THEN)
