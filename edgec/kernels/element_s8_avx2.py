"""Row of int8 tables over elements for AVX2; gcc makes vectors of the loops of sums by itself."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.costs import Part
from edgec.kernels.element_s8_mve import LUT as LUT_MVE

LUT = replace(
    LUT_MVE,
    name="lut_s8__avx2",
    headers=("elementwise/lut_s8__avx2.h",),
    struct="EdgecLutS8Avx2",
    needs=frozenset({"avx2"}),
    when=lambda f: f.kind == "lut" and f.size >= 64,
    cost=lambda f: (
        Part("call", 1, 60),
        Part("pairs of vectors", f.size // 64, 116),
        Part("rest", f.size % 64, 5),
    ),
)

ELEMENT_ROWS = (LUT,)
