"""Row of the int8 depthwise convolution for the RISC-V vector extension."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8_rvv import RVV, TILE, VECTORS
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_rvv import GROUP, half_constants


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [k_h][k_w][channel], bias, half."""
    taps = np.ascontiguousarray(f.weights.reshape(f.out_c, f.k_h, f.k_w).transpose(1, 2, 0))
    quant = calls.required_quant(f.quant)
    return (Constant("weights", taps), *half_constants(f.weights, f.bias, quant))


def cost(f: ConvFacts) -> float:
    """Groups of channels, each of all taps of three pixels."""
    groups = f.n * f.out_h * f.out_w * ceil(f.in_c / GROUP)
    return groups * (40 + 5 * f.k_h + 7 * f.k_h * f.k_w)


DWCONV = Kernel[ConvFacts](
    name="dwconv_s8__rvv",
    headers=("dwconv/dwconv_s8__rvv.h", TILE, VECTORS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=RVV,
    when=lambda f: f.depthwise,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=cost,
)

CONV_ROWS = (DWCONV,)
