"""Rows of the float convolutions and matrix products for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import numpy.typing as npt

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.facts import F32, Array, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias
from edgec.kernels.packing_mve import ceil_to, zero_padded

MVE_FP = frozenset({"mve_fp"})
TILE = "gemm/tile_f32__mve.h"
VECTOR = 4
BLOCK = 8


def pack_blocks(weights: Array) -> npt.NDArray[np.float32]:
    """[channels, k] -> blocks of 8 channels, a last one of 4 if that is enough, [k][channels]."""
    channels, k = weights.shape
    blocked = channels - channels % BLOCK
    padded = zero_padded(weights, (ceil_to(channels, VECTOR), k))
    eights = padded[:blocked].reshape(-1, BLOCK, k).transpose(0, 2, 1)
    rest = padded[blocked:].T
    return np.concatenate([eights.reshape(-1), rest.reshape(-1)]).astype(np.float32)


def padded_bias(channels: int, bias: Array | None) -> Constant:
    """float32, zeros up to a whole vector."""
    data = float_bias(channels, bias).data
    return Constant("bias", zero_padded(data, (ceil_to(channels, VECTOR),)))


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias."""
    flat = f.weights.reshape(f.out_c, -1)
    return (Constant("weights", pack_blocks(flat)), padded_bias(f.out_c, f.bias))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias."""
    return (Constant("weights", pack_blocks(f.weights)), padded_bias(f.n, f.bias))


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [tap][channel] and a vector that can be read, bias."""
    taps = f.weights.reshape(f.out_c, -1).T.reshape(-1)
    data = np.concatenate([taps, np.zeros(VECTOR - 1, np.float32)]).astype(np.float32)
    return (Constant("weights", data), padded_bias(f.out_c, f.bias))


def tile_cost(pixels: float, segments: int, run: int, channels: int) -> float:
    """Instructions for neighbouring pixels of one row, or of the whole plane."""
    vectors = ceil(channels / VECTOR)
    blocks, single = vectors // 2, vectors % 2
    threes, ones = pixels // 3, pixels % 3
    eight = threes * (20 * run / 2 + 18) + ones * (10 * run / 2 + 16)
    four = threes * (12 * run / 2 + 18) + ones * (8 * run / 2 + 16)
    outside = (threes + ones) * (60 * blocks + 50 * single + 30)
    return segments * (blocks * eight + single * four) + outside + 80


def conv_cost(f: ConvFacts) -> float:
    """Interior pixels in threes, the others alone; pointwise ones all together."""
    pointwise = (f.k_h, f.k_w) == (1, 1) and f.stride == (1, 1) and not any(f.pads)
    if pointwise:
        return f.n * tile_cost(f.out_h * f.out_w, 1, f.in_c, f.out_c)
    joined = f.dilation[1] == 1
    segments = f.k_h if joined else f.k_h * f.k_w
    run = f.k_w * f.in_c if joined else f.in_c
    reach = (f.k_w - 1) * f.dilation[1]
    first = ceil(f.pads[1] / f.stride[1])
    last = (f.in_w - 1 - reach + f.pads[1]) // f.stride[1]
    inside = max(0, min(last, f.out_w - 1) - first + 1)
    border = f.out_w - inside
    alone = tile_cost(1, segments, run, f.out_c) + 12 * segments + 60
    row = tile_cost(inside, segments, run, f.out_c) + 12 * segments + border * alone
    return f.n * f.out_h * row


def dwconv_cost(f: ConvFacts) -> float:
    """16 channels at a time, and a rest of vectors."""
    taps = f.k_h * f.k_w
    blocks, rest = f.in_c // 16, ceil(f.in_c % 16 / VECTOR)
    pixel = blocks * (16 * taps + 28) + rest * (8 * taps + 20) + 20
    return f.n * f.out_h * (f.out_w * pixel + 3 * (12 * taps + 60))


CONV = Kernel[ConvFacts](
    name="conv_f32__mve",
    headers=("conv/conv_f32__mve.h", TILE),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    needs=MVE_FP,
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 8 * (f.k_h if f.dilation[1] == 1 else f.k_h * f.k_w),
    cost=conv_cost,
)
DWCONV = replace(
    CONV,
    name="dwconv_f32__mve",
    headers=("dwconv/dwconv_f32__mve.h",),
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    scratch=lambda f: 8 * f.k_h * f.k_w,
    cost=dwconv_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_f32__mve",
    headers=("gemm/gemm_f32__mve.h", TILE),
    op="gemm",
    types=F32,
    struct="EdgecGemmF32",
    needs=MVE_FP,
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_f32_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=lambda f: tile_cost(f.rows, 1, f.k, f.n),
)

CONV_ROWS = (CONV, DWCONV)
GEMM_ROWS = (GEMM,)
