"""The row of the layer normalization of int8, for every core."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, float_literal, ints
from edgec.kernels.calls import arguments
from edgec.kernels.costs import row_parts
from edgec.kernels.facts import NORM_S8, LayerNormFacts

LEAST_FRACTION = 12  # bits, so that results are seldom near a half
LARGEST_OFFSET = 1024.0
VECTORS = "gemm/vectors__rvv.h"


@dataclass(frozen=True)
class Fixed:
    """Bits after the point: of d * factor, and of the result; `margin` is in units of the latter.

    |d * factor| is at most sqrt(length), below 2^whole. It is kept in 30 bits, as is d << shift,
    and gain times it in 31.
    """

    scale: int
    fraction: int
    margin: int


def fixed_point(f: LayerNormFacts) -> Fixed:
    """The most precise numbers that cannot overflow.

    margin: the float result is the exact one but for 2^-24 of each of two products and of their
    sum, of which none that matters is above 132 + |offset|; the fixed-point one for four units.
    """
    whole = math.ceil(math.log2(f.length) / 2) + 1
    gains = math.frexp(float(np.abs(f.gain).max(initial=0.0)))[1]
    offset = float(np.abs(f.offset).max(initial=0.0))
    scale = 28 - whole
    fraction = 28 - max(whole + max(gains, 0), math.frexp(offset)[1])
    fraction = min(fraction, 26, 30 - whole - 4 - gains)
    error = math.ldexp(132.0 + offset, -22)
    return Fixed(scale, fraction, math.ceil(math.ldexp(error, max(fraction, 0))) + 4)


def applies(f: LayerNormFacts) -> bool:
    """Whether results are seldom near a half, and no shift of d is out of range."""
    if not (f.spread > 0 and np.isfinite(f.gain).all() and np.isfinite(f.offset).all()):
        return False
    if float(np.abs(f.offset).max(initial=0.0)) > LARGEST_OFFSET or not 2 <= f.length <= 4096:
        return False
    fixed = fixed_point(f)
    largest = math.ldexp(f.length * f.length, 14) + f.spread
    in_range = math.ldexp(1.0, 2 * fixed.scale + 2) > largest
    return in_range and fixed.fraction >= LEAST_FRACTION and f.spread >= 2.0**-20


def pack(f: LayerNormFacts) -> tuple[Constant, ...]:
    """fixed: int32 [length][gain, offset + half + margin]; exact: float32 [length][gain, offset].

    gain counts 2^-(fraction + 32 - scale), so that the high half of the product is a result.
    """
    fixed = fixed_point(f)
    half = (1 << (fixed.fraction - 1)) + fixed.margin
    gain = np.rint(np.ldexp(f.gain.astype(np.float64), fixed.fraction + 32 - fixed.scale))
    offset = np.rint(np.ldexp(f.offset.astype(np.float64), fixed.fraction)) + half
    numbers = np.stack([gain, offset], axis=-1)
    assert np.abs(numbers).max() < 2.0**31
    exact = np.stack([f.gain, f.offset], axis=-1)
    return (
        Constant("fixed", np.ascontiguousarray(numbers, np.int32)),
        Constant("exact", np.ascontiguousarray(exact, np.float32)),
    )


def params(f: LayerNormFacts, _: CallNames) -> Struct:
    """Fields of EdgecLayerNormS8."""
    fixed = fixed_point(f)
    numbers = ints(
        scale=fixed.scale, fraction=fixed.fraction, margin=fixed.margin, lo=f.lo, hi=f.hi
    )
    spread = (("spread", float_literal(f.spread)),)
    return Struct((*ints(rows=f.rows, length=f.length), *spread, *numbers))


LAYER_NORM = Kernel[LayerNormFacts](
    name="layernorm_s8__c",
    headers=("norm/layernorm_s8__c.h",),
    op="layernorm",
    types=NORM_S8,
    struct="EdgecLayerNormS8",
    when=applies,
    pack=pack,
    params=params,
    args=lambda f, names: arguments(names, f.rows),
    batches=lambda f: (1, 0, 0),
    cost=lambda f: row_parts(f, 100, element=17),
    overwrites=lambda f: True,
)


def pack_apart(f: LayerNormFacts) -> tuple[Constant, ...]:
    """The same with fixed: int32 [2][length], gains and then offsets."""
    fixed, exact = pack(f)
    return Constant("fixed", np.ascontiguousarray(fixed.data.T)), exact


LAYER_NORM_MVE = replace(
    LAYER_NORM,
    name="layernorm_s8__mve",
    headers=("norm/layernorm_s8__mve.h", *LAYER_NORM.headers),
    needs=frozenset({"mve"}),
    pack=pack_apart,
    cost=lambda f: row_parts(f, 90, vectors=(4, 18)),
)

LAYER_NORM_RVV = replace(
    LAYER_NORM_MVE,
    name="layernorm_s8__rvv",
    headers=("norm/layernorm_s8__rvv.h", *LAYER_NORM.headers, VECTORS),
    needs=frozenset({"rvv"}),
    cost=lambda f: row_parts(f, 90, vectors=(16, 28)),
)


def pack_exact(f: LayerNormFacts) -> tuple[Constant, ...]:
    """exact: float32 [2][length], gains and then offsets."""
    return (Constant("exact", np.stack([f.gain, f.offset]).astype(np.float32)),)


LAYER_NORM_AVX2 = replace(
    LAYER_NORM,
    name="layernorm_s8__avx2",
    headers=("norm/layernorm_s8__avx2.h", *LAYER_NORM.headers),
    needs=frozenset({"avx2"}),
    when=lambda f: f.spread > 0,
    pack=pack_exact,
    cost=lambda f: row_parts(f, 40, vectors=(8, 16), element=14),
)

NORM_ROWS = (LAYER_NORM, LAYER_NORM_MVE, LAYER_NORM_RVV, LAYER_NORM_AVX2)
