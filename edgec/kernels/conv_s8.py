"""Rows of the int8 convolutions and matrix products in plain C."""

from __future__ import annotations

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.costs import Part, Parts
from edgec.kernels.epilogues import with_epilogue
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing import interleave, quant_constants
from edgec.kernels.work import (
    axis,
    border_pixels,
    copy_parts,
    joined_rows,
    limited,
    product_parts,
    times,
)


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias, mult."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", interleave(f.weights)), *quant_constants(f.weights, f.bias, quant))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias, mult."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", interleave(f.weights)), *quant_constants(f.weights, f.bias, quant))


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [k_h][k_w][channel], bias, mult."""
    quant = calls.required_quant(f.quant)
    taps = np.ascontiguousarray(f.weights.reshape(f.out_c, f.k_h, f.k_w).transpose(1, 2, 0))
    return (Constant("weights", taps), *quant_constants(f.weights, f.bias, quant))


def is_pointwise(f: ConvFacts) -> bool:
    """1x1 without padding or groups."""
    return (f.k_h, f.k_w) == (1, 1) and f.group == 1 and not any(f.pads)


def is_joined(f: ConvFacts) -> bool:
    """1x1 of which all pixels follow each other: a product of matrices."""
    return is_pointwise(f) and f.stride == (1, 1)


def is_general(f: ConvFacts) -> bool:
    """Any convolution of one group, but `is_joined` ones, which have rows of their own."""
    return f.group == 1 and not is_joined(f)


def is_dw3x3(f: ConvFacts) -> bool:
    """Depthwise 3x3 of which at most one row and column is outside on each side."""
    below = (f.out_h - 1) * f.stride[0] - f.pads[0] + 3 - f.in_h
    right = (f.out_w - 1) * f.stride[1] - f.pads[1] + 3 - f.in_w
    return (
        f.depthwise
        and (f.k_h, f.k_w) == (3, 3)
        and f.dilation == (1, 1)
        and max(f.pads[0], f.pads[1], below, right) <= 1
    )


def conv_cost(f: ConvFacts) -> Parts:
    """Products of pairs of pixels, whose inputs are copied."""
    pixels, border = f.out_h * f.out_w, border_pixels(f)
    gathered = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 10),
        Part("pixels", pixels, 15),
        *copy_parts(pixels * f.k_h, f.k_w * f.in_c),
        Part("taps of border pixels", border * f.k_h * f.k_w, 8),
        Part("border pixels", border, 10),
    )
    products = product_parts(pixels, f.patch, f.out_c)
    return (*times(f.n, (*gathered, *products)), limited(f))


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows, pixels = joined_rows(f)
    parts = product_parts(pixels, f.in_c, f.out_c)
    return (Part("call", 1, 30), *times(f.n * rows, (Part("rows", 1, 12), *parts)), limited(f))


def gemm_cost(f: GemmFacts) -> Parts:
    """Pairs of rows, then one."""
    return (Part("call", 1, 20), *product_parts(f.rows, f.k, f.n), limited(f))


def dwconv_cost(f: ConvFacts) -> Parts:
    """Runs of four pixels without padding at the sides, other pixels alone."""
    rows, columns, c = axis(f, 0), axis(f, 1), f.in_c
    reach = 3 * f.stride[1] + (f.k_w - 1) * f.dilation[1]
    runs, ox = 0, 0
    while ox < f.out_w:
        ix = ox * f.stride[1] - f.pads[1]
        run = ox + 4 <= f.out_w and ix >= 0 and ix + reach < f.in_w
        runs, ox = runs + run, ox + (4 if run else 1)
    single = f.out_w - 4 * runs
    outside = f.out_h * f.k_h - rows.taps
    inside = columns.taps - 4 * runs * f.k_w
    fours, ones = divmod(c, 4)
    parts = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 20),
        Part("runs", f.out_h * runs, 30),
        Part("channels of runs", f.out_h * runs * c, 50),
        Part("rows of taps of runs", rows.taps * runs * c, 10),
        Part("taps of runs", rows.taps * runs * c * f.k_w, 14),
        Part("padding of runs", outside * runs * c * f.k_w, 4),
        Part("single pixels", f.out_h * single, 40),
        Part("blocks of 4 channels", f.out_h * single * fours, 50),
        Part("channels alone", f.out_h * single * ones, 25),
        Part("rows of taps of blocks", f.out_h * f.k_h * single * (fours + ones), 12),
        Part("taps of blocks", rows.taps * inside * fours, 17),
        Part("taps of channels alone", rows.taps * inside * ones, 8),
        Part("padding", (f.out_h * f.k_h * single * f.k_w - rows.taps * inside) * (fours + ones)),
    )
    return (*times(f.n, parts), limited(f))


def dw3x3_cost(f: ConvFacts) -> Parts:
    """Runs of four pixels, then one of those that are left."""
    quads, rest = divmod(f.out_w, 4)
    runs = f.out_h * (quads + (rest > 0))
    columns = quads * (3 * f.stride[1] + 3) + (rest > 0) * ((rest - 1) * f.stride[1] + 3)
    edges = f.out_h * ((f.pads[1] > 0) + (f.pads[3] > 0))
    parts = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 20),
        Part("runs", runs, 60),
        Part("runs by channels", runs * f.in_c, 25),
        Part("columns by channels", f.out_h * columns * f.in_c, 4),
        Part("outputs", f.out_h * f.out_w * f.in_c, 19),
        Part("edges by channels", edges * f.in_c, 3),
    )
    return (*times(f.n, parts), limited(f))


CONV = Kernel[ConvFacts](
    name="conv_s8__c",
    headers=("conv/conv_s8__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    scratch=lambda f: 2 * f.patch,
    cost=conv_cost,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__c",
    headers=("conv/conv_s8_1x1__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=is_pointwise,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    cost=pointwise_cost,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_s8__c",
    headers=("dwconv/dwconv_s8__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    cost=dwconv_cost,
)
DWCONV_3X3 = Kernel[ConvFacts](
    name="dwconv_s8_3x3__c",
    headers=("dwconv/dwconv_s8_3x3__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    when=is_dw3x3,
    pack=pack_dwconv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=dw3x3_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__c",
    headers=("gemm/gemm_s8__c.h", "gemm/dot_s8__c.h"),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=gemm_cost,
)

# instructions of one more output in plain C; a sum often lacks registers
TABLE_COST, SUM_COST = 2.5, 14.0


def _then(row: Kernel[ConvFacts]) -> Kernel[ConvFacts]:
    return with_epilogue(row, table=TABLE_COST, total=SUM_COST)


CONV_ROWS = (CONV, CONV_1X1, DWCONV, DWCONV_3X3)
GEMM_ROWS = (GEMM,)
THEN_ROWS = tuple(_then(row) for row in CONV_ROWS)
GEMM_THEN_ROWS = (with_epilogue(GEMM, table=TABLE_COST, total=SUM_COST),)
