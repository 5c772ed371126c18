"""Rows of int8 operations on elements for AVX2."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.costs import Part, Parts
from edgec.kernels.element_s8_armv7m import channels_params
from edgec.kernels.element_s8_mve import ADD as ADD_MVE
from edgec.kernels.element_s8_mve import LUT as LUT_MVE
from edgec.kernels.element_s8_rvv import add_params
from edgec.kernels.facts import ElementFacts

AVX2 = frozenset({"avx2"})
HEADERS = ("elementwise/element_s8__avx2.h",)
LANES = 16


def cost(f: ElementFacts, each: float) -> Parts:
    """Vectors of 16 elements, one more for the rest of each period."""
    periods = f.size / f.period
    return (
        Part("periods", periods, 8 + each),
        Part("vectors", periods * (f.period // LANES), 3 + each),
    )


ADD = replace(
    ADD_MVE,
    name="add_s8__avx2",
    headers=HEADERS,
    struct="EdgecAddS8Avx2",
    needs=AVX2,
    when=lambda f: f.kind == "add" and f.period >= LANES,
    params=add_params,
    cost=lambda f: cost(f, 21),
)
MUL = replace(
    ADD,
    name="mul_s8__avx2",
    op="mul",
    struct="EdgecMulS8Avx2",
    when=lambda f: f.kind == "mul" and f.period >= LANES,
    params=channels_params,
    cost=lambda f: cost(f, 31),
)
LUT = replace(
    LUT_MVE,
    name="lut_s8__avx2",
    headers=("elementwise/lut_s8__avx2.h",),
    struct="EdgecLutS8Avx2",
    needs=AVX2,
    when=lambda f: f.kind == "lut" and f.size >= 64,
    cost=lambda f: (
        Part("call", 1, 60),
        Part("pairs of vectors", f.size // 64, 116),
        Part("rest", f.size % 64, 5),
    ),
)

ELEMENT_ROWS = (ADD, MUL, LUT)
