"""Rows of the int8 matrix products for cores without SIMD."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8_packed import CORE, PACKED, couples_cost
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, GemmFacts
from edgec.kernels.packing import interleave, quant_constants
from edgec.kernels.packing_packed import pack_couples, packable
from edgec.kernels.work import limited, times

SCALAR = frozenset({"scalar"})


def pack_many(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of four channels, and bias and mult of each channel."""
    return pack_couples(f.weights, f.bias, calls.required_quant(f.quant))


def pack_single(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of 8 channels, then single ones, bias, mult."""
    weights = np.ascontiguousarray(interleave(f.weights, (8, 1)))
    constants = quant_constants(f.weights, f.bias, calls.required_quant(f.quant))
    return (Constant("weights", weights), *constants)


def pack_unsigned(f: GemmFacts) -> tuple[Constant, ...]:
    """The same with 128 added to the weights."""
    weights, *others = pack_single(f)
    unsigned = (weights.data.astype(np.int16) + 128).astype(np.uint8)
    return (Constant("weights", unsigned, 8), *others)


def many_cost(f: GemmFacts) -> Parts:
    """Couples of rows."""
    return (Part("call", 1, 50), *couples_cost(ceil(f.rows / 2), f.k, f.n), limited(f))


def single_cost(f: GemmFacts) -> Parts:
    """Row by row: 8 channels together, others alone."""
    eights, alone = f.n // 8, f.n % 8
    parts = (
        Part("rows", 1, 40),
        Part("blocks", eights, 40),
        Part("taps of blocks", eights * f.k, 17),
        Part("outputs of blocks", 8 * eights, 8),
        Part("channels alone", alone, 15),
        Part("taps of channels alone", alone * f.k, 5),
    )
    return (Part("call", 1, 20), *times(f.rows, parts), limited(f))


GEMM_MANY = Kernel[GemmFacts](
    name="gemm_s8_rows__packed",
    headers=("gemm/gemm_s8_rows__packed.h", *CORE),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=PACKED,
    when=lambda f: f.rows > 1 and packable(f.weights, f.bias, f.quant),
    pack=pack_many,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    scratch=lambda f: 8 * ceil(f.k / 2),
    cost=many_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__scalar",
    headers=("gemm/gemm_s8__scalar.h", "gemm/row8_s8__scalar.h"),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=SCALAR,
    when=lambda f: True,
    pack=pack_single,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=single_cost,
)

GEMM_ARMV6M = Kernel[GemmFacts](
    name="gemm_s8__armv6m",
    headers=("gemm/gemm_s8__armv6m.h", "gemm/row8_s8__unsigned.h"),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=frozenset({"armv6m"}),
    when=lambda f: 2 * 128 * 255 * f.k < 2**30,
    pack=pack_unsigned,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=single_cost,
)

GEMM_RV64 = replace(
    GEMM_ARMV6M,
    name="gemm_s8__rv64",
    headers=("gemm/gemm_s8__rv64.h", "gemm/row8_s8__unsigned.h"),
    needs=frozenset({"rv64"}),
    cost=single_cost,
)

GEMM_ROWS = (GEMM_MANY, GEMM, GEMM_ARMV6M, GEMM_RV64)
