"""Rows of the int8 pools for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import POOL_S8, PoolFacts, Quant
from edgec.kernels.work import axis, border_pixels, times

DSP = frozenset({"dsp"})
HEADERS = ("pool/pool_s8__dsp.h",)
LANE_TAPS = 255  # EDGEC_POOL_LANE_TAPS


def flat(f: PoolFacts) -> PoolFacts:
    """A pool of the whole image as one of a single row, where its sums fit 16 bits."""
    whole = (f.k_h, f.k_w) == (f.in_h, f.in_w) and not any(f.pads) and f.taps <= LANE_TAPS
    return replace(f, in_h=1, in_w=f.taps, k_h=1, k_w=f.taps) if whole else f


def is_uniform(f: PoolFacts) -> bool:
    """True if the same number of taps counts everywhere."""
    return f.include_pad or not any(f.pads)


def pack_mean(f: PoolFacts) -> tuple[Constant, ...]:
    """mult."""
    mult = calls.required_quant(f.mean).mult.astype(np.int32).reshape(-1)
    return (Constant("mult", np.ascontiguousarray(mult[-1:] if is_uniform(f) else mult)),)


def params(f: PoolFacts, names: CallNames) -> Struct:
    """Fields of EdgecPoolS8."""
    quant = f.mean or Quant(0, np.zeros(1, np.int32), 0, 0)
    return Struct(
        (
            ("shape", calls.shape_struct(flat(f), names)),
            *ints(x_zp=quant.x_zp),
            ("same_scale", "true" if f.same_scale else "false"),
            ("include_pad", "true" if f.include_pad else "false"),
            ("uniform", "true" if is_uniform(f) else "false"),
            ("quant", calls.quant_struct(quant)),
        )
    )


def args(f: PoolFacts, names: CallNames) -> str:
    """`&p, x, constants, y, row_begin, row_end`."""
    return calls.arguments(names, f.out_h)


def batches(f: PoolFacts) -> tuple[int, int, int]:
    """Images and the elements from one to the next, of x and of y."""
    return f.n, f.in_h * f.in_w * f.in_c, f.out_h * f.out_w * f.in_c


def cost(f: PoolFacts) -> Parts:
    """Windows of four channels; those of pixels at the border are found at run time."""
    p = flat(f)
    fours, border = ceil(p.in_c / 4), border_pixels(p)
    pixels = p.out_h * p.out_w
    taps = axis(p, 0).taps * axis(p, 1).taps
    whole = border == 0
    parts = (
        Part("call", 1, 40),
        Part("rows", p.out_h, 15),
        Part("pixels", pixels, 15),
        Part("windows", pixels * fours, 12),
        Part("rows of taps", pixels * fours * p.k_h * whole, 4),
        Part("taps", taps * fours * whole, 5),
        Part("pixels, with padding", pixels * (not whole), 40),
        Part("rows of taps, with padding", axis(p, 0).taps * p.out_w * fours * (not whole), 15),
        Part("taps, with padding", taps * fours * (not whole), 7),
    )
    return times(p.n, parts)


def mean_cost(f: PoolFacts) -> Parts:
    """Sums of windows, requantized."""
    return (*cost(f), Part("means", f.outputs, 10), Part("exact means", exact(f), 10))


def exact(f: PoolFacts) -> int:
    """Outputs that are divided."""
    return f.outputs if f.same_scale else 0


MAXPOOL = Kernel[PoolFacts](
    name="maxpool_s8__dsp",
    headers=HEADERS,
    op="maxpool",
    types=POOL_S8,
    struct="EdgecPoolS8",
    needs=DSP,
    when=lambda f: f.mean is None and f.in_c >= 4,
    pack=lambda f: (),
    params=params,
    args=args,
    batches=batches,
    columns=True,
    cost=cost,
)
MEANPOOL = Kernel[PoolFacts](
    name="meanpool_s8__dsp",
    headers=HEADERS,
    op="meanpool",
    types=POOL_S8,
    struct="EdgecPoolS8",
    needs=DSP,
    when=lambda f: f.mean is not None and f.in_c >= 4 and f.k_w <= LANE_TAPS,
    pack=pack_mean,
    params=params,
    args=args,
    batches=batches,
    columns=True,
    cost=mean_cost,
)

POOL_ROWS = (MAXPOOL, MEANPOOL)
