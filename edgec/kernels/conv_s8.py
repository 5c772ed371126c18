"""Rows of the int8 convolutions and matrix products in plain C."""

from __future__ import annotations

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing import interleave, quant_constants


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias, mult."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", interleave(f.weights)), *quant_constants(f.weights, f.bias, quant))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias, mult."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", interleave(f.weights)), *quant_constants(f.weights, f.bias, quant))


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [k_h][k_w][channel], bias, mult."""
    quant = calls.required_quant(f.quant)
    taps = np.ascontiguousarray(f.weights.reshape(f.out_c, f.k_h, f.k_w).transpose(1, 2, 0))
    return (Constant("weights", taps), *quant_constants(f.weights, f.bias, quant))


def is_pointwise(f: ConvFacts) -> bool:
    """1x1 without padding or groups."""
    return (f.k_h, f.k_w) == (1, 1) and f.group == 1 and not any(f.pads)


def is_dw3x3(f: ConvFacts) -> bool:
    """Depthwise 3x3 of which at most one row and column is outside on each side."""
    below = (f.out_h - 1) * f.stride[0] - f.pads[0] + 3 - f.in_h
    right = (f.out_w - 1) * f.stride[1] - f.pads[1] + 3 - f.in_w
    return (
        f.depthwise
        and (f.k_h, f.k_w) == (3, 3)
        and f.dilation == (1, 1)
        and max(f.pads[0], f.pads[1], below, right) <= 1
    )


CONV = Kernel[ConvFacts](
    name="conv_s8__c",
    headers=("conv/conv_s8__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * f.patch,
    cost=lambda f: 2.0 * f.macs + 9 * f.outputs + 1.0 * f.macs / f.out_c,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__c",
    headers=("conv/conv_s8_1x1__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=is_pointwise,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: 2.0 * f.macs + 9 * f.outputs,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_s8__c",
    headers=("dwconv/dwconv_s8__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: 5.0 * f.macs + 20 * f.outputs,
)
DWCONV_3X3 = Kernel[ConvFacts](
    name="dwconv_s8_3x3__c",
    headers=("dwconv/dwconv_s8_3x3__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=is_dw3x3,
    pack=pack_dwconv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: 2.0 * f.macs + 10.5 * f.outputs,
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__c",
    headers=("gemm/gemm_s8__c.h", "gemm/dot_s8__c.h"),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=lambda f: (2.0 if f.rows > 1 else 2.5) * f.macs + 9 * f.outputs,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV, DWCONV_3X3)
GEMM_ROWS = (GEMM,)
