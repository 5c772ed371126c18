"""Rows of the softmax of int8."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.calls import arguments
from edgec.kernels.costs import row_parts
from edgec.kernels.facts import SOFTMAX_S8, SoftmaxFacts


def pack(f: SoftmaxFacts) -> tuple[Constant, ...]:
    """The table: uint32 [256]."""
    return (Constant("table", np.ascontiguousarray(f.table, np.uint32)),)


def params(f: SoftmaxFacts, _: CallNames) -> Struct:
    """Fields of EdgecSoftmaxS8."""
    sizes, numbers = ints(rows=f.rows, length=f.length), ints(zp=f.y_zp, lo=f.lo, hi=f.hi)
    factor = (("numerator", f"{f.numerator}u"), *ints(exponent=f.exponent))
    return Struct((*sizes, *factor, *numbers))


C = Kernel[SoftmaxFacts](
    name="softmax_s8__c",
    headers=("softmax/softmax_s8__c.h",),
    op="softmax",
    types=SOFTMAX_S8,
    struct="EdgecSoftmaxS8",
    when=lambda f: True,
    pack=pack,
    params=params,
    args=lambda f, names: arguments(names, f.rows),
    batches=lambda f: (1, 0, 0),
    overwrites=lambda f: True,
    cost=lambda f: row_parts(f, 45, element=16),
)
MVE = replace(
    C,
    name="softmax_s8__mve",
    headers=("softmax/softmax_s8__mve.h", *C.headers),
    needs=frozenset({"mve"}),
    cost=lambda f: row_parts(f, 55, vectors=(4, 17), element=14),
)

RVV = replace(
    C,
    name="softmax_s8__rvv",
    headers=("softmax/softmax_s8__rvv.h", *C.headers, "gemm/vectors__rvv.h"),
    needs=frozenset({"rvv"}),
    cost=lambda f: row_parts(f, 60, vectors=(16, 27)),
)

AVX2 = replace(
    C,
    name="softmax_s8__avx2",
    headers=("softmax/softmax_s8__avx2.h", *C.headers),
    needs=frozenset({"avx2"}),
    cost=lambda f: row_parts(f, 60, vectors=(8, 28), element=14),
)

SOFTMAX_ROWS = (C, MVE, RVV, AVX2)
