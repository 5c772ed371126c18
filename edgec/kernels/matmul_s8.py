"""Rows of the products of two int8 matrices that are known at run time."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import MATMUL_S8, MatMulFacts, Places

PANEL = "matmul/panel_s8.h"
MOST_PANEL = 2048  # bytes of columns that are copied at a time
COLUMNS = 4  # side by side
MOST_GATHERED = 9000  # elements from one to the next that Helium gathers


def up(size: int, multiple: int) -> int:
    """`size` rounded up."""
    return ceil(size / multiple) * multiple


def chunk(f: MatMulFacts, group: int) -> int:
    """Columns in a panel: about as many in each as there are panels of at most MOST_PANEL."""
    most = max(COLUMNS, MOST_PANEL // (2 * up(f.k, group)) // COLUMNS * COLUMNS)
    panels = ceil(f.n / most)
    return up(ceil(f.n / panels), COLUMNS)


def places(at: Places) -> Struct:
    """Fields of EdgecPlaces."""
    first, second = at.batch
    return Struct(ints(first=at.first, batch0=first, batch1=second, row=at.row, column=at.column))


def params(f: MatMulFacts, columns: int, depth: int) -> Struct:
    """Fields of EdgecMatMulS8: `columns` in a panel, and k rounded up."""
    sizes = ints(
        batch0=f.batch[0], batch1=f.batch[1], rows=f.rows, k=f.k, n=f.n,
        chunk=columns, depth=depth,
        a_zp=f.a_zp, b_zp=f.b_zp, mult=f.mult,
    )  # fmt: skip
    where = (("a", places(f.a)), ("b", places(f.b)), ("y", places(f.y)))
    quant = Struct(ints(shift=f.shift, zp=f.y_zp, lo=f.lo, hi=f.hi))
    return Struct((*sizes, *where, ("quant", quant)))


def args(f: MatMulFacts, names: CallNames) -> str:
    """`&p, a, b, table of a, table of b, y, scratch`."""
    b, *tables = names.others
    given = iter(tables)
    a_table = next(given) if f.a_table else "NULL"
    b_table = next(given) if f.b_table else "NULL"
    return f"&p, {names.x}, {b}, {a_table}, {b_table}, {names.y}, {names.scratch}"


def scratch(f: MatMulFacts, group: int, rows: int) -> int:
    """Bytes: a panel and `rows` rows of a, of int16."""
    return 2 * up(f.k, group) * (chunk(f, group) + rows)


def no_constants(_: MatMulFacts) -> tuple[Constant, ...]:
    return ()


def parts(f: MatMulFacts, group: int, rows: int, tile: float, mac: float) -> Parts:
    """Elements that are copied, tiles of `rows` by four, their products and their outputs."""
    pairs, depth = f.batch[0] * f.batch[1], up(f.k, group)
    panels = ceil(f.n / chunk(f, group))
    tiles = pairs * ceil(f.rows / rows) * ceil(f.n / COLUMNS)
    return (
        Part("call", 1, 20),
        Part("pairs", pairs * panels, 30),
        Part("columns", pairs * f.n, 12),
        Part("elements of b", pairs * f.n * f.k, 5 + 2 * f.b_table),
        Part("rows", pairs * f.rows * panels, 15),
        Part("elements of a", pairs * f.rows * f.k * panels, 5 + 2 * f.a_table),
        Part("tiles", tiles, tile),
        Part("products", tiles * rows * COLUMNS * depth, mac),
        Part("outputs", f.outputs, 8),
    )


def vector_parts(
    f: MatMulFacts, group: int, rows: int, lanes: int, tile: float, mac: float
) -> Parts:
    """The same where `lanes` elements are copied at a time."""
    pairs, depth = f.batch[0] * f.batch[1], up(f.k, group)
    panels = ceil(f.n / chunk(f, group))
    tiles = pairs * ceil(f.rows / rows) * ceil(f.n / COLUMNS)
    lines = ceil(f.k / lanes)
    return (
        Part("call", 1, 20),
        Part("pairs", pairs * panels, 30),
        Part("columns", pairs * f.n, 12),
        Part("vectors of b", pairs * f.n * lines, 8 + f.b_table),
        Part("rows", pairs * f.rows * panels, 15),
        Part("vectors of a", pairs * f.rows * lines * panels, 8 + f.a_table),
        Part("tiles", tiles, tile),
        Part("products", tiles * rows * COLUMNS * depth, mac),
        Part("outputs", f.outputs, 5),
    )


C = Kernel[MatMulFacts](
    name="matmul_s8__c",
    headers=("matmul/matmul_s8__c.h", PANEL),
    op="matmul",
    types=MATMUL_S8,
    struct="EdgecMatMulS8",
    when=lambda f: True,
    pack=no_constants,
    params=lambda f, _: params(f, chunk(f, 1), f.k),
    args=args,
    batches=lambda f: (1, 0, 0),
    scratch=lambda f: scratch(f, 1, 2),
    cost=lambda f: parts(f, 1, 2, 10, 2.5),
)

DSP = replace(
    C,
    name="matmul_s8__dsp",
    headers=("matmul/matmul_s8__dsp.h", PANEL),
    needs=frozenset({"dsp"}),
    params=lambda f, _: params(f, chunk(f, 4), up(f.k, 4)),
    scratch=lambda f: scratch(f, 4, 1),
    cost=lambda f: parts(f, 4, 1, 12, 1.0),
)

MVE = replace(
    DSP,
    name="matmul_s8__mve",
    headers=("matmul/matmul_s8__mve.h", PANEL),
    needs=frozenset({"mve"}),
    when=lambda f: min(f.a.column, f.b.row) >= 0 and max(f.a.column, f.b.row) <= MOST_GATHERED,
    params=lambda f, _: params(f, chunk(f, 8), up(f.k, 8)),
    scratch=lambda f: scratch(f, 8, 1),
    cost=lambda f: vector_parts(f, 8, 1, 8, 20, 0.31),
)

LANES = 16  # columns of a tile


def lanes_chunk(f: MatMulFacts) -> int:
    """Columns in a panel, as many in each as there are tiles."""
    return ceil(f.n / ceil(f.n / LANES))


def lanes_parts(f: MatMulFacts) -> Parts:
    """Lines of up to 32 elements that are copied; tiles of four rows, and of one."""
    pairs, columns = f.batch[0] * f.batch[1], ceil(f.n / lanes_chunk(f))
    fours, ones = divmod(f.rows, 4)
    tiles = pairs * columns
    return (
        Part("call", 1, 40),
        Part("panels", tiles, 20),
        Part("lines of b", tiles * f.k, 15),
        Part("lines of a", tiles * f.rows, 8),
        Part("vectors of a", tiles * f.rows * ceil(f.k / 32), 12),
        Part("tiles", tiles * fours, 85),
        Part("products of tiles", tiles * fours * f.k, 13),
        Part("rows alone", tiles * ones, 50),
        Part("products of rows alone", tiles * ones * f.k, 7),
    )


RVV = replace(
    C,
    name="matmul_s8__rvv",
    headers=("matmul/matmul_s8__rvv.h", PANEL, "gemm/vectors__rvv.h"),
    needs=frozenset({"rvv"}),
    params=lambda f, _: params(f, lanes_chunk(f), f.k),
    scratch=lambda f: 2 * f.k * (lanes_chunk(f) + 4),
    cost=lanes_parts,
)

EIGHT = 8  # columns of a tile for AVX2
MOST_EIGHTS = 8192  # bytes of a panel


def eights(f: MatMulFacts) -> int:
    """Columns in a panel, about as many in each."""
    most = max(EIGHT, MOST_EIGHTS // (2 * up(f.k, 2)) // EIGHT * EIGHT)
    return up(ceil(f.n / ceil(f.n / most)), EIGHT)


def eights_parts(f: MatMulFacts) -> Parts:
    """Elements that are copied, some eight at a time; tiles of four rows, and of one, by eight."""
    pairs, panels = f.batch[0] * f.batch[1], ceil(f.n / eights(f))
    fours, ones = divmod(f.rows, 4)
    tiles = pairs * ceil(f.n / EIGHT)
    b_single = f.b_table or f.b.column != 1 or f.k % 2 == 1
    a_single = f.a_table or f.a.column != 1
    a, b = pairs * panels * f.rows * f.k, pairs * f.n * f.k
    return (
        Part("call", 1, 20),
        Part("panels", pairs * panels, 30),
        Part("elements of b", b * b_single, 5),
        Part("vectors of b", b * (not b_single) / 16, 9),
        Part("elements of a", a * a_single, 5),
        Part("vectors of a", a * (not a_single) / 8, 5),
        Part("tiles", tiles * fours, 85),
        Part("products of tiles", tiles * fours * ceil(f.k / 2), 15),
        Part("rows alone", tiles * ones, 25),
        Part("products of rows alone", tiles * ones * ceil(f.k / 2), 5),
    )


AVX2 = replace(
    C,
    name="matmul_s8__avx2",
    headers=("matmul/matmul_s8__avx2.h", PANEL, "gemm/scale_s8__avx2.h"),
    needs=frozenset({"avx2"}),
    params=lambda f, _: params(f, eights(f), up(f.k, 2)),
    scratch=lambda f: 2 * up(f.k, 2) * (eights(f) + 4),
    cost=eights_parts,
)

MATMUL_ROWS = (C, DSP, MVE, RVV, AVX2)
