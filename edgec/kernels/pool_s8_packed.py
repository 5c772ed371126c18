"""Rows of the int8 pools for cores without SIMD."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import PoolFacts
from edgec.kernels.pool_s8_dsp import LANE_TAPS
from edgec.kernels.pool_s8_dsp import MAXPOOL as MAX_DSP
from edgec.kernels.pool_s8_dsp import MEANPOOL as MEAN_DSP

HEADERS = ("pool/pool_s8__packed.h", "pool/windows_s8.h")
PACKED = frozenset({"packed"})
LEAST_TAPS = 6  # for which adding four channels at once pays
ARMV7M = frozenset({"armv7m"})


def cost(f: PoolFacts, tap: float, each: float) -> Parts:
    """Windows of each output."""
    return (Part("taps", f.outputs * f.taps, tap), Part("outputs", f.outputs, each))


def means_in_words(f: PoolFacts) -> bool:
    """True for windows of enough taps, and where loops would look for the taps at a border."""
    many = f.taps >= LEAST_TAPS or any(f.pads)
    return f.mean is not None and f.in_c % 4 == 0 and f.k_w <= LANE_TAPS and many


MAXPOOL = replace(
    MAX_DSP,
    name="maxpool_s8__packed",
    headers=HEADERS,
    struct="EdgecWindowsS8",
    columns=False,
    needs=PACKED,
    when=lambda f: f.mean is None and f.in_c % 4 == 0,
    cost=lambda f: cost(f, 3.5, 3),
)
MEANPOOL = replace(
    MEAN_DSP,
    name="meanpool_s8__packed",
    headers=HEADERS,
    struct="EdgecWindowsS8",
    columns=False,
    needs=PACKED,
    when=means_in_words,
    cost=lambda f: cost(f, 2, 20),
)
MAXPOOL_ARMV7M = replace(MAXPOOL, name="maxpool_s8__armv7m", needs=ARMV7M)
MEANPOOL_ARMV7M = replace(MEANPOOL, name="meanpool_s8__armv7m", needs=ARMV7M)

POOL_ROWS = (MAXPOOL, MEANPOOL, MAXPOOL_ARMV7M, MEANPOOL_ARMV7M)
