"""Rows of the int8 depthwise convolutions for cores without SIMD."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_dw3x3
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing import folded_bias
from edgec.kernels.packing_packed import small_sums
from edgec.kernels.work import limited, times


def applies(f: ConvFacts) -> bool:
    """3x3 with stride 1 or 2, and factors below 1/2."""
    quant = calls.required_quant(f.quant)
    return (
        is_dw3x3(f)
        and f.stride[1] in (1, 2)
        and quant.shift == 0
        and small_sums(f.weights, f.bias, quant)
    )


def pack_unaligned(f: ConvFacts) -> tuple[Constant, ...]:
    """Per channel 17 bytes, little endian: bias, weights [3][3], mult."""
    quant = calls.required_quant(f.quant)
    bias = folded_bias(f.weights, f.bias, quant).astype("<i4").reshape(-1, 1).view(np.uint8)
    mult = quant.mult.astype("<i4").reshape(-1, 1).view(np.uint8)
    weights = f.weights.reshape(f.out_c, 9).astype(np.int8).view(np.uint8)
    return (Constant("taps", np.ascontiguousarray(np.hstack([bias, weights, mult]))),)


def pack_aligned(f: ConvFacts) -> tuple[Constant, ...]:
    """bias and mult of each channel, little endian, then weights [3][3] of each."""
    quant = calls.required_quant(f.quant)
    table = np.stack([folded_bias(f.weights, f.bias, quant), quant.mult], axis=1).astype("<i4")
    weights = f.weights.reshape(-1).astype(np.int8).view(np.uint8)
    return (Constant("taps", np.concatenate([table.reshape(-1).view(np.uint8), weights]), 4),)


def cost(f: ConvFacts) -> Parts:
    """Runs of four pixels, then one of those that are left."""
    quads, rest = divmod(f.out_w, 4)
    one = f.stride[1] == 1
    edges = f.out_h * ((f.pads[1] > 0) + (f.pads[3] > 0))
    parts = (
        Part("call", 1, 60),
        Part("rows", f.out_h, 20),
        Part("runs", f.out_h * (quads + (rest > 0)), 80),
        Part("channels of runs of 4", f.out_h * quads * f.out_c * one, 103),
        Part("channels of runs of 4, stride 2", f.out_h * quads * f.out_c * (not one), 103),
        Part("channels of short runs", f.out_h * (rest > 0) * f.out_c, 22),
        Part("outputs of short runs", f.out_h * rest * f.out_c, 20),
        Part("channels at the sides", edges * f.out_c, 4),
    )
    return (*times(f.n, parts), limited(f))


DWCONV_ARMV7M = Kernel[ConvFacts](
    name="dwconv_s8_3x3__armv7m",
    headers=(
        "dwconv/dwconv_s8_3x3__armv7m.h",
        "dwconv/dw_quad_s8__armv7m.h",
        "dwconv/dw_quad_s8__scalar.h",
    ),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=frozenset({"armv7m"}),
    when=applies,
    pack=pack_unaligned,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: f.out_c,
    scratch_align=1,
    cost=cost,
    preference=0.9,  # what one copy of the code for all layers is worth
)
DWCONV_ARMV6M = replace(
    DWCONV_ARMV7M,
    name="dwconv_s8_3x3__armv6m",
    headers=(
        "dwconv/dwconv_s8_3x3__armv6m.h",
        "dwconv/dw_quad_s8__armv6m.h",
        "dwconv/dw_quad_s8__scalar.h",
    ),
    needs=frozenset({"armv6m"}),
    pack=pack_aligned,
)

CONV_ROWS = (DWCONV_ARMV7M, DWCONV_ARMV6M)
