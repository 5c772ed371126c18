"""Rows of int8 operations on elements for the RISC-V vector extension."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.base import CallNames, Kernel, Struct, ints
from edgec.kernels.conv_s8_rvv import RVV, VECTORS
from edgec.kernels.costs import Part, Parts
from edgec.kernels.element_s8_mve import args, lut_params, no_constants
from edgec.kernels.facts import ELEMENT_S8, ElementFacts

MAX_SHIFT = 14  # a product of 17 bits shifted by more might not fit 32 bits


def add_params(f: ElementFacts, _: CallNames) -> Struct:
    """Fields of EdgecAddS8Rvv."""
    ma, mb, c, shift, lo, hi = f.numbers
    return Struct(ints(ma=ma, mb=mb, c=c, shift=shift, lo=lo, hi=hi, size=f.size, period=f.period))


def mul_params(f: ElementFacts, _: CallNames) -> Struct:
    """Fields of EdgecMulS8Rvv."""
    a_zp, b_zp, mult, shift, zp, lo, hi = f.numbers
    numbers = ints(a_zp=a_zp, b_zp=b_zp, half=mult // 2, shift=shift, zp=zp, lo=lo, hi=hi)
    return Struct((*numbers, *ints(size=f.size, period=f.period)))


def cost(f: ElementFacts) -> Parts:
    """Steps of 32 elements, the last of each period with fewer."""
    periods = f.size / f.period
    return (Part("periods", periods, 25), Part("steps", periods * -(-f.period // 32), 22))


ADD = Kernel[ElementFacts](
    name="add_s8__rvv",
    headers=("elementwise/element_s8__rvv.h", VECTORS),
    op="add",
    types=ELEMENT_S8,
    struct="EdgecAddS8Rvv",
    needs=RVV,
    when=lambda f: f.kind == "add" and f.period >= 8,
    pack=no_constants,
    params=add_params,
    args=args,
    batches=lambda f: (1, 0, 0),
    cost=cost,
    elementwise=True,
)
MUL = replace(
    ADD,
    name="mul_s8__rvv",
    op="mul",
    struct="EdgecMulS8Rvv",
    when=lambda f: f.kind == "mul" and f.period >= 8 and f.numbers[3] <= MAX_SHIFT,
    params=mul_params,
)
LUT = replace(
    ADD,
    name="lut_s8__rvv",
    op="lut",
    struct="EdgecLutS8Rvv",
    when=lambda f: f.kind == "lut",
    params=lut_params,
    cost=lambda f: (Part("call", 1, 8), Part("steps", -(-f.size // 128), 8)),
)

ELEMENT_ROWS = (ADD, MUL, LUT)
