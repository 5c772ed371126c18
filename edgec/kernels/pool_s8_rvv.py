"""Rows of the int8 pools for the RISC-V vector extension."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels.conv_s8_rvv import RVV, VECTORS
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import POOL_S8, PoolFacts
from edgec.kernels.pool_s8_dsp import LANE_TAPS
from edgec.kernels.pool_s8_dsp import MAXPOOL as MAX_DSP
from edgec.kernels.pool_s8_dsp import MEANPOOL as MEAN_DSP

MAX_LANES = 128  # EDGEC_MAX_LANES_RVV
MEAN_LANES = 32  # EDGEC_MEAN_LANES_RVV
WINDOWS = "pool/windows_s8.h"


def cost(f: PoolFacts, lanes: int, each: int) -> Parts:
    """Groups of channels of each pixel, and their taps."""
    pixels = f.n * f.out_h * f.out_w
    groups = pixels * ceil(f.in_c / lanes)
    return (
        Part("pixels", pixels, 20),
        Part("groups", groups, each),
        Part("taps", groups * f.taps, 5),
    )


MAXPOOL = replace(
    MAX_DSP,
    name="maxpool_s8__rvv",
    headers=("pool/pool_s8__rvv.h", VECTORS, WINDOWS),
    struct="EdgecWindowsS8",
    needs=RVV,
    when=lambda f: f.mean is None and f.in_c >= 4,
    cost=lambda f: cost(f, MAX_LANES, 30),
)
MEANPOOL = replace(
    MEAN_DSP,
    name="meanpool_s8__rvv",
    headers=("pool/pool_s8__rvv.h", VECTORS, WINDOWS),
    types=POOL_S8,
    struct="EdgecWindowsS8",
    needs=RVV,
    when=lambda f: f.mean is not None and f.in_c >= 4 and f.k_w <= LANE_TAPS,
    cost=lambda f: cost(f, MEAN_LANES, 60),
)

POOL_ROWS = (MAXPOOL, MEANPOOL)
