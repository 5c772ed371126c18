"""Rows of the int8 convolutions for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_dsp import overlapped, pack_pairs

DSP = frozenset({"dsp"})
LANES = "gemm/lanes_s8__dsp.h"
PAIRS = "gemm/pairs_s8__dsp.h"


def lanes_cost(blocks: int, groups: int, channels: int) -> float:
    """Instructions of the core for `blocks` blocks of three pixels."""
    pair = 17 * groups + 2 * ceil(groups / 4) + 38
    odd = 35 if channels % 2 else 0
    return blocks * (ceil(channels / 2) * pair + 45 + odd)


def lanes_scratch(groups: int) -> int:
    """Bytes: int16 of three pixels and the tail."""
    return 24 * groups + 16


def limit_cost(f: ConvFacts) -> float:
    """Instructions of the pass that limits outputs to less than int8."""
    quant = calls.required_quant(f.quant)
    return 0.0 if (quant.lo, quant.hi) == (-128, 127) else 10.0 * f.outputs


def pointwise_cost(f: ConvFacts) -> float:
    """1x1: pixels of all rows together unless the stride separates them."""
    groups = ceil(f.in_c / 4)
    joined = f.stride == (1, 1)
    blocks = ceil(f.out_h * f.out_w / 3) if joined else f.out_h * ceil(f.out_w / 3)
    expand = blocks * (22 * groups + 40)
    return f.n * (lanes_cost(blocks, groups, f.out_c) + expand) + limit_cost(f)


def pack_pointwise(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of pairs of channels."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", pack_pairs(f.weights, f.bias, quant, overlapped(f.in_c)), 4),)


CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__dsp",
    headers=("conv/conv_s8_1x1__dsp.h", LANES, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_pointwise,
    pack=pack_pointwise,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: lanes_scratch(ceil(f.in_c / 4)),
    cost=pointwise_cost,
)

CONV_ROWS = (CONV_1X1,)
