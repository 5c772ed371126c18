"""Rows of products of bytes by constant weights whose sums stay int32."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import SUMS_S32, Array, SumsFacts

LONGEST = 65_000  # k of which no sum overflows
HEADER = "matmul/sums_s32.h"


def depth(f: SumsFacts) -> int:
    """k rounded up to words of bytes."""
    return 4 * ceil(f.k / 4)


def padded(weights: Array, columns: int, k: int) -> Array:
    """int8 [n, k] with zeros up to a multiple of `columns` and to `k`."""
    n, own = weights.shape
    return np.pad(weights, ((0, -n % columns), (0, k - own))).astype(np.int8)


def pack_fours(f: SumsFacts) -> tuple[Constant, ...]:
    """weights: int8 [n / 4][k][4]."""
    w = padded(f.weights, 4, f.k).reshape(-1, 4, f.k)
    return (Constant("weights", np.ascontiguousarray(w.transpose(0, 2, 1)), 4),)


def pack_pairs(f: SumsFacts) -> tuple[Constant, ...]:
    """weights: int8 [n / 2][depth / 4][2][4]."""
    w = padded(f.weights, 2, depth(f)).reshape(-1, 2, depth(f) // 4, 4)
    return (Constant("weights", np.ascontiguousarray(w.transpose(0, 2, 1, 3)), 4),)


def params(f: SumsFacts, whole: int) -> Struct:
    """Fields of EdgecSumsS32; whole: k rounded up."""
    return Struct(ints(rows=f.rows, k=f.k, n=f.n, depth=whole, flip=128 if f.signed else 0))


def args(_: SumsFacts, names: CallNames) -> str:
    """`&p, x, zero, constants, y, scratch`."""
    zero = names.others[0] if names.others else "NULL"
    constants = ", ".join(names.constants)
    return f"&p, {names.x}, {zero}, {constants}, {names.y}, {names.scratch}"


def cost(f: SumsFacts, rows: int, columns: int, tile: float, mac: float) -> Parts:
    """Elements that are copied, and tiles of `rows` by `columns`."""
    tiles = ceil(f.rows / rows) * ceil(f.n / columns)
    return (
        Part("call", 1, 20),
        Part("elements", f.rows * f.k, 5),
        Part("tiles", tiles, tile),
        Part("products", tiles * rows * columns * f.k, mac),
    )


C = Kernel[SumsFacts](
    name="sums_s32__c",
    headers=("matmul/sums_s32__c.h", HEADER),
    op="sums",
    types=SUMS_S32,
    struct="EdgecSumsS32",
    when=lambda f: f.k <= LONGEST,
    pack=pack_fours,
    params=lambda f, _: params(f, depth(f)),
    args=args,
    batches=lambda f: (1, 0, 0),
    scratch=lambda f: 4 * f.k,
    cost=lambda f: cost(f, 1 if f.rows == 1 else 2, 4, 35, 2.6),
)
DSP = replace(
    C,
    name="sums_s32__dsp",
    headers=("matmul/sums_s32__dsp.h", HEADER),
    needs=frozenset({"dsp"}),
    pack=pack_pairs,
    scratch=lambda f: 4 * depth(f),
    cost=lambda f: cost(f, 2, 2, 20, 1.15),
)

LANES = 16  # bytes of a vector


def vectors(f: SumsFacts) -> int:
    """k rounded up to whole vectors."""
    return LANES * ceil(f.k / LANES)


def pack_vectors(f: SumsFacts) -> tuple[Constant, ...]:
    """weights: int8 [n / 4][vectors][4][16]; totals: int32 [n], with zeros up to whole fours."""
    w = padded(f.weights, 4, vectors(f))
    totals = w.astype(np.int32).sum(axis=1).astype(np.int32)
    lanes = w.reshape(-1, 4, vectors(f) // LANES, LANES).transpose(0, 2, 1, 3)
    return (Constant("weights", np.ascontiguousarray(lanes), 4), Constant("totals", totals))


MVE = replace(
    C,
    name="sums_s32__mve",
    headers=("matmul/sums_s32__mve.h", HEADER),
    needs=frozenset({"mve"}),
    pack=pack_vectors,
    params=lambda f, _: params(f, vectors(f)),
    scratch=vectors,
    cost=lambda f: (
        Part("call", 1, 20),
        Part("rows", f.rows, 20),
        Part("tiles", f.rows * ceil(f.n / 4), 25),
        Part("products", f.rows * 4 * ceil(f.n / 4) * vectors(f), 0.16),
    ),
)

SUMS_ROWS = (C, DSP, MVE)
