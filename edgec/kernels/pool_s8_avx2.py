"""Rows of the int8 pools for AVX2."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import PoolFacts
from edgec.kernels.pool_s8_dsp import LANE_TAPS
from edgec.kernels.pool_s8_dsp import MAXPOOL as MAX_DSP
from edgec.kernels.pool_s8_dsp import MEANPOOL as MEAN_DSP

HEADERS = ("pool/pool_s8__avx2.h", "pool/windows_s8.h")
AVX2 = frozenset({"avx2"})


def lanes(f: PoolFacts, most: int) -> int:
    """Channels of a vector, at most `most`."""
    return min(most, 32 if f.in_c >= 32 else 16 if f.in_c >= 16 else 8)


def cost(f: PoolFacts, most: int, each: int, tap: int) -> Parts:
    """Vectors of channels of each pixel, and their taps."""
    pixels = f.n * f.out_h * f.out_w
    vectors = pixels * ceil(f.in_c / lanes(f, most))
    return (
        Part("pixels", pixels, 20),
        Part("vectors", vectors, each),
        Part("taps", vectors * f.taps, tap),
    )


MAXPOOL = replace(
    MAX_DSP,
    name="maxpool_s8__avx2",
    headers=HEADERS,
    struct="EdgecWindowsS8",
    columns=False,
    needs=AVX2,
    when=lambda f: f.mean is None and f.in_c >= 8,
    cost=lambda f: cost(f, 32, 10, 3),
)
MEANPOOL = replace(
    MEAN_DSP,
    name="meanpool_s8__avx2",
    headers=HEADERS,
    struct="EdgecWindowsS8",
    columns=False,
    needs=AVX2,
    when=lambda f: f.mean is not None and f.in_c >= 8 and f.k_w <= LANE_TAPS,
    cost=lambda f: cost(f, 16, 50, 4),
)

POOL_ROWS = (MAXPOOL, MEANPOOL)
