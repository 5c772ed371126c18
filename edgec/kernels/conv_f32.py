"""Rows of the float convolutions and matrix products in plain C."""

from __future__ import annotations

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import F32, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias, interleave


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias."""
    return (Constant("weights", interleave(f.weights)), float_bias(f.out_c, f.bias))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias."""
    return (Constant("weights", interleave(f.weights)), float_bias(f.n, f.bias))


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [k_h][k_w][channel], bias."""
    taps = np.ascontiguousarray(f.weights.reshape(f.out_c, f.k_h, f.k_w).transpose(1, 2, 0))
    return (Constant("weights", taps), float_bias(f.out_c, f.bias))


CONV = Kernel[ConvFacts](
    name="conv_f32__c",
    headers=("conv/conv_f32__c.h", "gemm/dot_f32__c.h"),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: 3.0 * f.macs + 6 * f.outputs,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_f32_1x1__c",
    headers=("conv/conv_f32_1x1__c.h", "gemm/gemm_f32__c.h", "gemm/dot_f32__c.h"),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    when=is_pointwise,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: 2.9 * f.macs + 6 * f.outputs,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_f32__c",
    headers=("dwconv/dwconv_f32__c.h", "gemm/dot_f32__c.h"),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: 5.0 * f.macs + 15 * f.outputs,
)
GEMM = Kernel[GemmFacts](
    name="gemm_f32__c",
    headers=("gemm/gemm_f32__c.h", "gemm/dot_f32__c.h"),
    op="gemm",
    types=F32,
    struct="EdgecGemmF32",
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_f32_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=lambda f: (2.9 if f.rows > 1 else 3.3) * f.macs + 6 * f.outputs,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
