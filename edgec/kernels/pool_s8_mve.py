"""Rows of the int8 pools for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Struct
from edgec.kernels.conv_s8_mve import MVE
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import PoolFacts
from edgec.kernels.packing_mve import CHUNK
from edgec.kernels.pool_s8_dsp import LANE_TAPS, flat
from edgec.kernels.pool_s8_dsp import MAXPOOL as MAXPOOL_DSP
from edgec.kernels.pool_s8_dsp import MEANPOOL as MEANPOOL_DSP
from edgec.kernels.work import axis, border_pixels, times


def params(f: PoolFacts, names: CallNames) -> Struct:
    """Fields of EdgecMaxPoolS8."""
    return Struct((("shape", calls.shape_struct(f, names)),))


def cost(f: PoolFacts) -> Parts:
    """Vectors of 16 channels, the last one partial."""
    vectors, part = f.in_c // CHUNK, f.in_c % CHUNK > 0
    pixels, rows = f.out_h * f.out_w, axis(f, 0).taps * f.out_w
    taps = axis(f, 0).taps * axis(f, 1).taps
    parts = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 15),
        Part("pixels", pixels, 15),
        Part("border pixels", border_pixels(f), 10),
        Part("vectors", pixels * vectors, 12),
        Part("parts of vectors", pixels * part, 14),
        Part("rows of taps", rows * (vectors + part), 4),
        Part("taps", taps * (vectors + part), 2.5),
    )
    return times(f.n, parts)


MAXPOOL = replace(
    MAXPOOL_DSP,
    name="maxpool_s8__mve",
    headers=("pool/maxpool_s8__mve.h",),
    struct="EdgecMaxPoolS8",
    needs=MVE,
    when=lambda f: f.mean is None,
    params=params,
    cost=cost,
)


def mean_cost(f: PoolFacts) -> Parts:
    """Vectors of 16 or 8 channels of each pixel; the last one may overlap the one before."""
    p = flat(f)
    lanes = 16 if p.in_c >= 16 else 8
    pixels = p.n * p.out_h * p.out_w
    vectors, part = pixels * ceil(p.in_c / lanes), border_pixels(p) > 0
    return (
        Part("call", 1, 40),
        Part("pixels", pixels, 20),
        Part("pixels of padded images", pixels * part, 40),
        Part("vectors", vectors, 70),
        Part("rows of taps", vectors * p.k_h, 8),
        Part("taps", vectors * p.taps, 6),
        Part("rows of taps of padded images", vectors * p.k_h * part, 4),
    )


MEANPOOL = replace(
    MEANPOOL_DSP,
    name="meanpool_s8__mve",
    headers=("pool/meanpool_s8__mve.h", "pool/windows_s8.h"),
    struct="EdgecWindowsS8",
    needs=MVE,
    when=lambda f: f.mean is not None and f.in_c >= 8 and f.k_w <= LANE_TAPS,
    cost=mean_cost,
)

POOL_ROWS = (MAXPOOL, MEANPOOL)
