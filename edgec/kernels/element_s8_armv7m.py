"""Rows of int8 operations on elements for Armv7-M with and without DSP extension."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.base import CallNames, Kernel, Struct, ints
from edgec.kernels.costs import Part, Parts
from edgec.kernels.element_s8_mve import args, lut_params, no_constants
from edgec.kernels.facts import ELEMENT_S8, ElementFacts

LEAST_PIXELS = 4  # for which a factor per channel is worth a loop of its own


def channels_params(f: ElementFacts, _: CallNames) -> Struct:
    """Fields of EdgecChannelsS8."""
    a_zp, b_zp, mult, shift, zp, lo, hi = f.numbers
    numbers = ints(a_zp=a_zp, b_zp=b_zp, mult=mult, size=f.size, period=f.period)
    return Struct((*numbers, ("quant", Struct(ints(shift=shift, zp=zp, lo=lo, hi=hi)))))


def channels_cost(f: ElementFacts) -> Parts:
    """Channels, and the elements of each."""
    return (Part("channels", f.period, 40), Part("elements", f.size, 6))


CHANNELS = Kernel[ElementFacts](
    name="channels_s8__armv7m",
    headers=("elementwise/channels_s8__armv7m.h",),
    op="mul",
    types=ELEMENT_S8,
    struct="EdgecChannelsS8",
    needs=frozenset({"armv7m"}),
    when=lambda f: f.kind == "mul" and f.size >= LEAST_PIXELS * f.period,
    pack=no_constants,
    params=channels_params,
    args=args,
    batches=lambda f: (1, 0, 0),
    cost=channels_cost,
    elementwise=True,
)
CHANNELS_DSP = replace(CHANNELS, name="channels_s8__dsp", needs=frozenset({"dsp"}))
LUT_ARMV7M = replace(
    CHANNELS,
    name="lut_s8__armv7m",
    headers=("elementwise/lut_s8__armv7m.h",),
    op="lut",
    struct="EdgecLutS8Armv7m",
    needs=frozenset({"armv7m"}),
    when=lambda f: f.kind == "lut",
    params=lut_params,
    cost=lambda f: (Part("call", 1, 10), Part("elements", f.size, 3.75)),
)
LUT_DSP = replace(LUT_ARMV7M, name="lut_s8__dsp", needs=frozenset({"dsp"}))

ELEMENT_ROWS = (CHANNELS, CHANNELS_DSP, LUT_ARMV7M, LUT_DSP)
