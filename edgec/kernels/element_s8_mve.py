"""Rows of int8 operations on elements for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.conv_s8_mve import MVE
from edgec.kernels.facts import ELEMENT_S8, ElementFacts


def add_params(f: ElementFacts, _: CallNames) -> Struct:
    ma, mb, c, shift, lo, hi = f.numbers
    return Struct(ints(ma=ma, mb=mb, c=c, right=-shift, lo=lo, hi=hi, size=f.size, period=f.period))


def mul_params(f: ElementFacts, _: CallNames) -> Struct:
    a_zp, b_zp, mult, shift, zp, lo, hi = f.numbers
    quant = ints(a_zp=a_zp, b_zp=b_zp, mult=mult // 2, zp=zp, lo=lo, hi=hi)
    return Struct((*quant, *ints(size=f.size, period=f.period, shift=shift)))


def lut_params(f: ElementFacts, _: CallNames) -> Struct:
    return Struct(ints(size=f.size))


def args(_: ElementFacts, names: CallNames) -> str:
    """`&p, a, b or the table, y`."""
    return f"&p, {names.x}, {names.others[0]}, {names.y}"


def no_constants(_: ElementFacts) -> tuple[Constant, ...]:
    return ()


def cost(f: ElementFacts) -> float:
    """Whole vectors, and one for the rest of each period."""
    vectors = -(-f.period // 16)
    return f.size / f.period * (34 * vectors + 40)


ADD = Kernel[ElementFacts](
    name="add_s8__mve",
    headers=("elementwise/element_s8__mve.h",),
    op="add",
    types=ELEMENT_S8,
    struct="EdgecAddS8",
    needs=MVE,
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
    name="mul_s8__mve",
    op="mul",
    struct="EdgecMulS8",
    when=lambda f: f.kind == "mul" and f.period >= 8,
    params=mul_params,
)
LUT = replace(
    ADD,
    name="lut_s8__mve",
    op="lut",
    struct="EdgecLutS8",
    when=lambda f: f.kind == "lut",
    params=lut_params,
    cost=lambda f: f.size / 4 + 10,
)

ELEMENT_ROWS = (ADD, MUL, LUT)
