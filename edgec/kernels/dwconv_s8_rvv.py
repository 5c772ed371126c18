"""Row of the int8 depthwise convolution for the RISC-V vector extension."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8_rvv import RVV, TILE, VECTORS
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_rvv import GROUP, half_constants
from edgec.kernels.work import axis, times


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


def places(f: ConvFacts) -> tuple[int, int, int]:
    """Threes of bunches, single bunches and single pixels of a row: `edgec_dw_place__rvv`."""
    threes = bunches = pixels = ox = 0
    reach = (f.k_w - 1) * f.dilation[1]
    while ox < f.out_w:
        ix = ox * f.stride[1] - f.pads[1]
        room = f.in_w - 1 - ix - reach
        left = room // f.stride[1] + 1 if ix >= 0 and room >= 0 else 0
        left = min(left, f.out_w - ox)
        if left >= 3 * bunch(f):
            threes, ox = threes + 1, ox + 3 * bunch(f)
        elif left >= bunch(f):
            bunches, ox = bunches + 1, ox + bunch(f)
        else:
            pixels, ox = pixels + 1, ox + 1
    return threes, bunches, pixels


def cost(f: ConvFacts) -> Parts:
    """Groups of channels of three bunches, of one bunch, or of one pixel."""
    threes, bunches, pixels = places(f)
    wide, alone = ceil(f.in_c * bunch(f) / GROUP), ceil(f.in_c / GROUP)
    rows = axis(f, 0).taps
    outside = f.out_h * f.k_h - rows
    parts = (
        Part("call", 1, 60),
        Part("rows", f.out_h, 30),
        Part("threes of bunches", f.out_h * threes * wide, 100),
        Part("rows of taps of threes", rows * threes * wide, 8),
        Part("taps of threes", rows * threes * wide * f.k_w, 16),
        Part("bunches", f.out_h * bunches * wide, 60),
        Part("taps of bunches", rows * bunches * wide * f.k_w, 8),
        Part("pixels", f.out_h * pixels * alone, 60),
        Part("rows of taps of pixels", rows * pixels * alone, 10),
        Part("taps of pixels", rows * pixels * alone * f.k_w, 8),
        Part("taps outside", outside * (threes + bunches + pixels) * wide * f.k_w, 5),
    )
    return times(f.n, parts)


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
