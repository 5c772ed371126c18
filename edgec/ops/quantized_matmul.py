"""Products of s8 matrices that lie anywhere in tensors, as a pass puts them there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import ExitCode, fail
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops import index as rules
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Reads, Sample
from edgec.ops.checks import check_shape, check_types
from edgec.ops.quantized import S8, Ints, QProduct, accumulate, exact_matmul
from edgec.quantize import fixedpoint as fp

Places = tuple[int, int, int, int, int]
NOWHERE = (0, 0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class QBatchMatMul(QProduct):
    """y = requantize(sum_k (ta[a[m, k]] - a_zp) * (tb[b[k, n]] - b_zp)) of s8, twice batched.

    Element [i, j, row, column] of a matrix is element first + i * batch0 + j * batch1 +
    row * row's step + column * column's step of its tensor: those five numbers are a_at, b_at and
    y_at. Tables ta and tb are s8 [256], or omitted. y fills a tensor of `shape`.
    """

    batch: tuple[int, int]
    rows: int
    k: int
    n: int
    a_at: Places
    b_at: Places
    y_at: Places
    shape: tuple[int, ...]
    reads = (Reads.BUFFER,)

    def infer(
        self,
        a: TensorType,
        b: TensorType,
        a_table: TensorType | None = None,
        b_table: TensorType | None = None,
    ) -> TensorType:
        check_types("QBatchMatMul", (a, b), S8)
        for table in (a_table, b_table):
            if table is not None:
                check_types("QBatchMatMul", (table,), S8)
                check_shape("QBatchMatMul", "a table", table, (256,))
        size = math.prod(self.shape)
        sizes = ((self.a_at, self.a_shape, a.size), (self.b_at, self.b_shape, b.size))
        inside = all(_inside(*s) for s in (*sizes, (self.y_at, self.y_shape, size)))
        if not inside or size != math.prod(self.y_shape):
            raise fail(
                "E0906",
                f"QBatchMatMul has matrices outside of tensors of {a.size}, {b.size} and {size}",
                rule="every element of a matrix is in its tensor",
                help="this is a bug in edgec; please report it with the model",
                exit_code=ExitCode.BUG,
            )
        return TensorType(DType.I8, self.shape)

    @property
    def a_shape(self) -> tuple[int, int, int, int]:
        return (*self.batch, self.rows, self.k)

    @property
    def b_shape(self) -> tuple[int, int, int, int]:
        return (*self.batch, self.k, self.n)

    @property
    def y_shape(self) -> tuple[int, int, int, int]:
        return (*self.batch, self.rows, self.n)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        return math.prod(self.y_shape) * self.k

    def reference(
        self, a: Array, b: Array, a_table: Array | None = None, b_table: Array | None = None
    ) -> Array:
        left = _matrix(a, self.a_at, self.a_shape, a_table)
        right = _matrix(b, self.b_at, self.b_shape, b_table)
        y = self.result(exact_matmul(*self.factors(left, right)))
        result = np.zeros(math.prod(self.shape), np.int8)
        result[_indices(self.y_at, self.y_shape)] = y
        return result.reshape(self.shape)

    def lower(
        self,
        b: Builder,
        left: Tensor,
        right: Tensor,
        left_table: Tensor | None = None,
        right_table: Tensor | None = None,
    ) -> Tensor:
        y = b.output(DType.I8, self.shape)
        with b.loops(self.y_shape) as i:
            acc = b.local(0, DType.I32)
            with b.loops((self.k,), "k") as (k,):
                one = _element(b, left, _place(self.a_at, (*i[:3], k)), left_table)
                two = _element(b, right, _place(self.b_at, (*i[:2], k, i[3])), right_table)
                accumulate(b, acc, self.product(one, two))
            b.store(y, rules.unravel(_place(self.y_at, i), self.shape), self.scaled(acc))
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        m = fp.choose_multipliers(1e-3, 5 * 200 * 200)
        a, b = (rng.integers(-128, 128, s).astype(np.int8) for s in ((3, 2, 5), (4, 3, 2, 5)))
        tables = tuple(rng.integers(-128, 128, 256).astype(np.int8) for _ in range(2))
        # a [3 rows, 2 batches, 5], b [4 columns, 3, 2 batches, 5] with 1 of 3; y [2, 4, 3]
        op = cls(
            3, -5, int(m.mult[0]), m.shift, 2, batch=(1, 2), rows=3, k=5, n=4,
            a_at=(0, 0, 5, 10, 1), b_at=(10, 0, 5, 1, 30), y_at=(0, 0, 12, 1, 3), shape=(2, 4, 3),
        )  # fmt: skip
        yield Sample(op, (a, b))
        yield Sample(op, (a, b, *tables), (2, 3))
        yield Sample(op, (a, b, None, tables[1]), (3,))


def _inside(at: Places, shape: tuple[int, ...], size: int) -> bool:
    """Whether all elements are among `size`."""
    ends = [step * (extent - 1) for step, extent in zip(at[1:], shape, strict=True)]
    low = at[0] + sum(min(e, 0) for e in ends)
    return low >= 0 and at[0] + sum(max(e, 0) for e in ends) < size


def _indices(at: Places, shape: tuple[int, ...]) -> Ints:
    """Where the elements of a matrix are."""
    steps = zip(at[1:], np.indices(shape), strict=True)
    return np.asarray(at[0] + sum(step * index for step, index in steps), np.int64)


def _matrix(x: Array, at: Places, shape: tuple[int, ...], table: Array | None) -> Ints:
    """The elements of a matrix."""
    found = x.reshape(-1)[_indices(at, shape)].astype(np.int8)
    return np.asarray(found if table is None else fp.apply_lut(found, table), np.int64)


def _place(at: Places, index: tuple[Expr, ...]) -> Expr:
    """The number of an element in its tensor."""
    place: Expr = ex.index(at[0])
    for step, i in zip(at[1:], index, strict=True):
        place = place + i * step
    return place


def _element(b: Builder, x: Tensor, place: Expr, table: Tensor | None) -> Expr:
    value = x.at(*rules.unravel(place, x.shape))
    if table is None:
        return value
    return table.at(b.let_index(ex.cast(DType.U8, value), 0, 255, "byte"))
