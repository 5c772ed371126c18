"""Row of the int8 depthwise convolution for the RISC-V vector extension."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8_rvv import RVV, TILE, VECTORS
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_rvv import GROUP, half_constants


def bunch(f: ConvFacts) -> int:
    """Neighbouring pixels that are lanes of one vector."""
    fit = GROUP // f.in_c if f.stride[1] == 1 else 1
    return max(1, min(fit, f.out_w))


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [k_h][k_w][pixel of a bunch][channel], bias and half [pixel][channel]."""
    taps = f.weights.reshape(f.out_c, f.k_h, f.k_w).transpose(1, 2, 0)
    times = bunch(f)
    bias, half = half_constants(f.weights, f.bias, calls.required_quant(f.quant))
    return (
        Constant("weights", np.ascontiguousarray(np.tile(taps, (1, 1, times)))),
        Constant("bias", np.tile(bias.data, times)),
        Constant("half", np.tile(half.data, times)),
    )


def cost(f: ConvFacts) -> float:
    """Groups of channels, each of all taps of three bunches."""
    groups = f.n * f.out_h * ceil(f.out_w / bunch(f)) * ceil(f.in_c / GROUP)
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
