"""Rows of the float convolutions and matrix products for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import numpy.typing as npt

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import F32, Array, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias
from edgec.kernels.packing_mve import ceil_to, zero_padded
from edgec.kernels.work import axis, times

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


def tile_cost(pixels: float, segments: int, run: int, channels: int) -> Parts:
    """Neighbouring pixels of one row, or of the whole plane: three at a time, then one by one."""
    vectors = ceil(channels / VECTOR)
    blocks, single = vectors // 2, vectors % 2
    threes, ones = pixels // 3, pixels % 3
    return (
        Part("runs", 1, 80),
        Part("tiles", threes + ones, 30),
        Part("blocks of 8 channels", (threes + ones) * blocks, 60),
        Part("blocks of 4 channels", (threes + ones) * single, 50),
        Part("segments of blocks", (threes + ones) * segments * (blocks + single), 17),
        Part("taps of 3 pixels by 8", threes * blocks * segments * run, 10),
        Part("taps of 3 pixels by 4", threes * single * segments * run, 6),
        Part("taps of a pixel by 8", ones * blocks * segments * run, 5),
        Part("taps of a pixel by 4", ones * single * segments * run, 4),
    )


def conv_cost(f: ConvFacts) -> Parts:
    """Interior pixels in threes, the others alone; pointwise ones all together."""
    pointwise = (f.k_h, f.k_w) == (1, 1) and f.stride == (1, 1) and not any(f.pads)
    joined = f.dilation[1] == 1
    segments = f.k_h if joined else f.k_h * f.k_w
    run = f.k_w * f.in_c if joined else f.in_c
    inside, rows = axis(f, 1).inside, f.out_h
    if pointwise:
        inside, rows, segments = f.out_h * f.out_w, 1, 1
    border = rows * (f.out_w - inside) if not pointwise else 0
    taps = axis(f, 1).taps - inside * f.k_w if border else 0
    whole = times(rows, tile_cost(inside, segments, run, f.out_c))
    vectors = ceil(f.out_c / VECTOR)
    parts = (
        Part("call", 1, 40),
        *whole,
        Part("rows of taps found", rows * segments * (not pointwise), 12),
        Part("border pixels", border, 170),
        Part("segments of border pixels", border * segments, 12),
        Part("blocks of border pixels", border * ceil(vectors / 2), 60),
        Part("taps of border pixels", axis(f, 0).taps * taps * f.in_c * vectors, 2.7),
    )
    return times(f.n, parts)


def dwconv_cost(f: ConvFacts) -> Parts:
    """16 channels at a time, and a rest of vectors."""
    blocks, rest = f.in_c // 16, ceil(f.in_c % 16 / VECTOR)
    columns = axis(f, 1)
    taps, pixels = axis(f, 0).taps * columns.taps, f.out_h * f.out_w
    places = f.out_h * (f.out_w - columns.inside + 1)
    parts = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 40),
        Part("places", places, 60),
        Part("taps of places", places * f.k_h * f.k_w, 12),
        Part("pixels", pixels, 20),
        Part("blocks of 16 channels", pixels * blocks, 28),
        Part("taps of blocks", taps * blocks, 16),
        Part("vectors", pixels * rest, 20),
        Part("taps of vectors", taps * rest, 8),
    )
    return times(f.n, parts)


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
    columns=True,
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
    cost=lambda f: (Part("call", 1, 40), *tile_cost(f.rows, 1, f.k, f.n)),
)

CONV_ROWS = (CONV, DWCONV)
GEMM_ROWS = (GEMM,)
