"""Rows of the int8 convolutions and matrix products for AVX-512 VNNI and AVX-VNNI.

Both have the instruction that multiplies four unsigned by four signed bytes; vectors are twice as
long with AVX-512. The weights are packed the same way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant
from edgec.kernels.conv_s8_avx2 import (
    AT_ONCE,
    CONV,
    CONV_1X1,
    DWCONV,
    GEMM,
    SCALE,
    conv_cost,
    dwconv_cost,
    gemm_cost,
    pointwise_cost,
    repeats,
    row_pair_sets,
    wide_rows,
)
from edgec.kernels.conv_s8_avx2 import TILE as TILE_AVX2
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import Array, ConvFacts, GemmFacts, Quant
from edgec.kernels.packing_avx2 import GROUP, conv_params, gemm_params, scale_constants

VNNI = frozenset({"vnni"})
TILE = "gemm/tile_s8__vnni.h"
OFFSET = 128  # what is added to inputs to make them unsigned


def tap_groups(runs: Array, together: int) -> Array:
    """[channels, runs, taps] -> groups of 16 channels, each [run][taps together][channel][those].

    The last group is of the last 16 channels, or of all and zeros. Taps are filled up with zeros.
    """
    channels, count, taps = runs.shape
    filled = np.zeros((max(channels, GROUP), count, taps + -taps % together), runs.dtype)
    filled[:channels, :, :taps] = runs
    parts = filled.reshape(filled.shape[0], count, -1, together)
    starts = [min(c, parts.shape[0] - GROUP) for c in range(0, channels, GROUP)]
    groups = [parts[c : c + GROUP].transpose(1, 2, 0, 3).reshape(-1) for c in starts]
    return np.concatenate(groups)


def vnni_constants(
    runs: Array, weights: Array, bias: Array | None, quant: Quant
) -> tuple[Constant, ...]:
    """weights; bias for inputs that are 128 larger, modulo 2^32; mult."""
    others = scale_constants(weights, bias, quant, offset=OFFSET)
    return (Constant("weights", tap_groups(runs.astype(np.int8), 4)), *others)


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights of rows of taps, or of single taps if they are no neighbours; bias, mult."""
    count = f.k_h if f.dilation[1] == 1 else f.k_h * f.k_w
    runs = f.weights.reshape(f.out_c, count, -1)
    return vnni_constants(runs, f.weights, f.bias, calls.required_quant(f.quant))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias, mult."""
    runs = f.weights.reshape(f.n, 1, f.k)
    return vnni_constants(runs, f.weights, f.bias, calls.required_quant(f.quant))


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias, mult, repeated for as many pixels as are computed together."""
    quant = calls.required_quant(f.quant)
    packed = np.concatenate([tap_groups(runs.astype(np.int16), 2) for runs in row_pair_sets(f)])
    others = scale_constants(f.weights, f.bias, quant, repeats(f))
    return (Constant("weights", packed), *others)


def fewer(parts: Parts) -> Parts:
    """The parts of AVX2 rows, at 0.4 of the instructions; QEMU has no VNNI to measure more."""
    return tuple(Part(part.name, part.times, 0.4 * part.each) for part in parts)


CONV_VNNI = replace(
    CONV,
    name="conv_s8__vnni",
    headers=("conv/conv_s8__vnni.h", TILE, SCALE),
    needs=VNNI,
    pack=pack_conv,
    params=conv_params,
    scratch=lambda f: wide_rows(f) + 3,
    cost=lambda f: fewer(conv_cost(f)),
)
CONV_1X1_VNNI = replace(
    CONV_1X1,
    name="conv_s8_1x1__vnni",
    headers=("conv/conv_s8_1x1__vnni.h", "gemm/gemm_s8__vnni.h", TILE, SCALE),
    needs=VNNI,
    pack=pack_conv,
    params=conv_params,
    scratch=lambda f: AT_ONCE * f.in_c + 3,
    cost=lambda f: fewer(pointwise_cost(f)),
)
GEMM_VNNI = replace(
    GEMM,
    name="gemm_s8__vnni",
    headers=("gemm/gemm_s8__vnni.h", TILE, SCALE),
    needs=VNNI,
    pack=pack_gemm,
    params=gemm_params,
    scratch=lambda f: f.k * min(f.rows, AT_ONCE) + 3,
    cost=lambda f: fewer(gemm_cost(f)),
)

DWCONV_VNNI = replace(
    DWCONV,
    name="dwconv_s8__vnni",
    headers=("dwconv/dwconv_s8__vnni.h", "dwconv/dwconv_s8__avx2.h", TILE, TILE_AVX2, SCALE),
    needs=VNNI,
    pack=pack_dwconv,
    params=conv_params,
    cost=lambda f: fewer(dwconv_cost(f)),
)

CONV_ROWS = (CONV_VNNI, CONV_1X1_VNNI, DWCONV_VNNI)
GEMM_ROWS = (GEMM_VNNI,)
