"""Row of the int8 max pool for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Struct
from edgec.kernels.conv_s8_mve import MVE
from edgec.kernels.facts import PoolFacts
from edgec.kernels.packing_mve import CHUNK
from edgec.kernels.pool_s8_dsp import MAXPOOL as MAXPOOL_DSP


def params(f: PoolFacts, names: CallNames) -> Struct:
    """Fields of EdgecMaxPoolS8."""
    return Struct((("shape", calls.shape_struct(f, names)),))


def cost(f: PoolFacts) -> float:
    """Vectors of 16 channels, the last one partial."""
    vectors = f.n * f.out_h * f.out_w * ceil(f.in_c / CHUNK)
    return vectors * (2.5 * f.taps + 2 * f.k_h + 12)


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

POOL_ROWS = (MAXPOOL,)
