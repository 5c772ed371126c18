"""Matrix products. Source: ONNX Gemm-13, MatMul-13, MatMulInteger-10."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FLOATS, FloatArray, check, check_types
from edgec.ops.conv import clamp
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op

NUMBERS = (*FLOATS, DType.I32, DType.U32, DType.I64, DType.U64)
BYTES = (DType.I8, DType.U8)


@dataclass(frozen=True)
class Gemm(Op):
    """alpha * A' B' + beta * C, clamped to [low, high].

    A' [M, K] is a or its transpose, B' [K, N] is b or its transpose; c broadcasts to [M, N].
    """

    trans_a: bool = False
    trans_b: bool = False
    alpha: float = 1.0
    beta: float = 1.0
    low: float = -math.inf
    high: float = math.inf

    reads = (Reads.MANY, Reads.MANY, Reads.ONCE)

    def sizes(self, a: TensorType, b: TensorType) -> tuple[int, int, int]:
        """(M, K, N)."""
        m, k = a.shape[::-1] if self.trans_a else a.shape
        n = b.shape[0] if self.trans_b else b.shape[1]
        return m, k, n

    def infer(self, a: TensorType, b: TensorType, c: TensorType | None = None) -> TensorType:
        check_types("Gemm", (a, b, c), NUMBERS)
        check(
            a.rank == 2 and b.rank == 2,
            "E0240",
            f"Gemm of tensors of rank {a.rank} and {b.rank}",
            rule="Gemm multiplies matrices",
        )
        m, k, n = self.sizes(a, b)
        inner = b.shape[1] if self.trans_b else b.shape[0]
        check_inner("Gemm", a, b, k, inner)
        if c is not None:
            check(
                c.rank <= 2 and _broadcasts(c.shape, (m, n)),
                "E0242",
                f"C of Gemm has shape {list(c.shape)}",
                rule=f"C broadcasts to [{m}, {n}]",
            )
        return a.with_shape((m, n))

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        a = inputs[0]
        assert a is not None
        return outputs[0].size * a.shape[0 if self.trans_a else 1]

    def reference(self, a: FloatArray, b: FloatArray, c: FloatArray | None = None) -> FloatArray:
        y = np.matmul(a.T if self.trans_a else a, b.T if self.trans_b else b)
        y = y * np.asarray(self.alpha, y.dtype) if self.alpha != 1 else y
        if c is not None:
            y = y + (c if self.beta == 1 else np.asarray(self.beta, y.dtype) * c)
        return limited(y, self.low, self.high).astype(a.dtype)

    def lower(self, b: Builder, x: Tensor, w: Tensor, c: Tensor | None = None) -> Tensor:
        m, k, n = self.sizes(x.type, w.type)

        def element(row: Expr, column: Expr) -> Expr:
            def term(acc: Expr, index: tuple[Expr, ...]) -> Expr:
                (i,) = index
                left = x.at(i, row) if self.trans_a else x.at(row, i)
                return acc + left * (w.at(column, i) if self.trans_b else w.at(i, column))

            total = b.reduce(ex.const(x.dtype, 0), (k,), term)
            total = scaled(total, self.alpha)
            if c is not None:
                bias = c.at(*broadcast_index((row, column), c.shape))
                total = total + scaled(bias, self.beta)
            return clamp(total, self.low, self.high)

        return b.compute(x.dtype, (m, n), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            (cls(), (3, 5), (5, 4), (4,)),
            (cls(trans_b=True, low=0.0), (1, 6), (3, 6), (1, 3)),
            (cls(trans_a=True, alpha=0.5, beta=2.0), (4, 2), (4, 3), (2, 1)),
            (cls(True, True, low=0.0, high=6.0), (4, 2), (3, 4), ()),
        )
        for op, a, b, c in cases:
            data = tuple(rng.standard_normal(s).astype(np.float32) for s in (a, b, c))
            yield Sample(op, data, constants=(1, 2))


@dataclass(frozen=True)
class MatMul(Op):
    """Matrix product with the meaning of numpy.matmul: [..., M, K] x [..., K, N]."""

    reads = (Reads.MANY, Reads.MANY)

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        check_types("MatMul", (a, b), NUMBERS)
        return a.with_shape(matmul_shape("MatMul", a, b))

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        a = inputs[0]
        assert a is not None
        return outputs[0].size * a.shape[-1]

    def reference(self, a: FloatArray, b: FloatArray) -> FloatArray:
        return np.asarray(np.matmul(a, b))

    def lower(self, b: Builder, x: Tensor, w: Tensor) -> Tensor:
        def element(*index: Expr) -> Expr:
            row, column = _operand_indices(index, x.type, w.type)
            return b.reduce(
                ex.const(x.dtype, 0),
                (x.shape[-1],),
                lambda acc, k: acc + x.at(*row(k[0])) * w.at(*column(k[0])),
            )

        return b.compute(x.dtype, matmul_shape("MatMul", x.type, w.type), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        shapes = (
            ((3, 5), (5, 4)),
            ((2, 3, 5), (5, 4)),
            ((2, 1, 3, 5), (3, 5, 2)),
            ((5,), (5, 4)),
            ((2, 3, 5), (5,)),
            ((4,), (4,)),
        )
        for a, b in shapes:
            data = (rng.standard_normal(a), rng.standard_normal(b))
            yield Sample(cls(), tuple(np.asarray(d, np.float32) for d in data))


@dataclass(frozen=True)
class MatMulInteger(Op):
    """(a - a_zero) x (b - b_zero) in s32 for 8-bit a and b, with the shapes of MatMul.

    a_zero is a scalar or one value per row [M] (or [..., M, 1]), b_zero a scalar or one value
    per column [N] (or [..., 1, N]). Sums wrap like s32.
    """

    reads = (Reads.MANY,)

    def infer(
        self,
        a: TensorType,
        b: TensorType,
        a_zero: TensorType | None = None,
        b_zero: TensorType | None = None,
    ) -> TensorType:
        check_types("MatMulInteger", (a, a_zero), BYTES)
        check_types("MatMulInteger", (b, b_zero), BYTES)
        shape = matmul_shape("MatMulInteger", a, b)
        rows = _zero_shape(a_zero, a.shape[-2] if a.rank > 1 else 1, rows=True)
        columns = _zero_shape(b_zero, b.shape[-1] if b.rank > 1 else 1, rows=False)
        for zero, own, other in ((a_zero, rows, a.shape), (b_zero, columns, b.shape)):
            check(
                zero is None or _broadcasts(own, other),
                "E0243",
                f"MatMulInteger has a zero point of shape {list(zero.shape if zero else ())}",
                rule="a zero point is a scalar, one value per row of A or per column of B",
            )
        return TensorType(DType.I32, shape)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        a = inputs[0]
        assert a is not None
        return outputs[0].size * a.shape[-1]

    def reference(
        self, a: Array, b: Array, a_zero: Array | None = None, b_zero: Array | None = None
    ) -> npt.NDArray[np.int32]:
        left, right = _centred(a, a_zero, rows=True), _centred(b, b_zero, rows=False)
        return np.asarray(np.matmul(left, right)).astype(np.int32)

    def lower(
        self,
        b: Builder,
        x: Tensor,
        w: Tensor,
        x_zero: Tensor | None = None,
        w_zero: Tensor | None = None,
    ) -> Tensor:
        def element(*index: Expr) -> Expr:
            row, column = _operand_indices(index, x.type, w.type)
            first = ex.index(0)
            xz = _zero_at(b, x_zero, row(first), x.shape, rows=True)
            wz = _zero_at(b, w_zero, column(first), w.shape, rows=False)
            add = sum_of_products(x.shape[-1])

            def term(acc: Expr, k: tuple[Expr, ...]) -> Expr:
                left, right = less(x.at(*row(k[0])), xz), less(w.at(*column(k[0])), wz)
                return add(acc, ex.Binary(DType.I32, "mul", left, right))

            return b.reduce(ex.const(DType.I32, 0), (x.shape[-1],), term)

        return b.compute(DType.I32, matmul_shape("MatMulInteger", x.type, w.type), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            ((3, 5), (5, 4), np.uint8, np.int8, (), ()),
            ((2, 3, 5), (5, 4), np.int8, np.int8, (), (4,)),
            ((3, 6), (6, 2), np.uint8, np.uint8, (3,), (1,)),
            ((6,), (6, 2), np.uint8, np.int8, (1,), ()),
        )
        for a, b, ta, tb, za, zb in cases:
            data = tuple(
                rng.integers(np.iinfo(t).min, np.iinfo(t).max + 1, s).astype(t)
                for s, t in ((a, ta), (b, tb), (za, ta), (zb, tb))
            )
            yield Sample(cls(), tuple(np.asarray(d) for d in data), constants=(1, 3))
            yield Sample(cls(), data[:2])


def less(value: Expr, zero: Expr | None) -> Expr:
    """8-bit `value` minus its zero point, in s32."""
    wide = ex.cast(DType.I32, value)
    return wide if zero is None else ex.Binary(DType.I32, "sub", wide, zero)


def sum_of_products(count: int) -> Callable[[Expr, Expr], Expr]:
    """Addition to a sum of `count` products of 9-bit values: wraps only if it can overflow."""
    op = "add" if count * 255 * 255 < 2**31 else "wadd"
    return lambda acc, product: ex.Binary(DType.I32, op, acc, product)


def _zero_shape(zero: TensorType | None, extent: int, *, rows: bool) -> tuple[int, ...]:
    """Shape under which a zero point broadcasts to its matrix: [M] stands for [M, 1]."""
    if zero is None:
        return ()
    if rows and zero.shape == (extent,) and extent > 1:
        return (extent, 1)
    return () if zero.size == 1 else zero.shape


def _centred(x: Array, zero: Array | None, *, rows: bool) -> npt.NDArray[np.int64]:
    wide = np.asarray(x, np.int64)
    if zero is None:
        return wide
    extent = x.shape[-2 if rows else -1] if x.ndim > 1 else 1
    own = TensorType(DType.of(zero.dtype), tuple(zero.shape))
    shape = _zero_shape(own, extent, rows=rows)
    return wide - np.asarray(zero, np.int64).reshape(shape)


def _zero_at(
    b: Builder, zero: Tensor | None, index: tuple[Expr, ...], shape: tuple[int, ...], *, rows: bool
) -> Expr | None:
    """The zero point for the row or column of the matrix element `index`, in s32."""
    if zero is None:
        return None
    extent = shape[-2 if rows else -1] if len(shape) > 1 else 1
    own = _zero_shape(zero.type, extent, rows=rows)
    position = broadcast_index(index, own) if own else ()
    if len(position) != zero.rank:  # [M] seen as [M, 1], or one value of any rank
        position = position[:1] if own else (ex.index(0),) * zero.rank
    return b.let(ex.cast(DType.I32, zero.at(*position)), "zero")


# shapes ------------------------------------------------------------------------------


def matmul_shape(name: str, a: TensorType, b: TensorType) -> tuple[int, ...]:
    """Shape of numpy.matmul(a, b); E0240 or E0241 if there is none."""
    check(
        a.rank >= 1 and b.rank >= 1,
        "E0240",
        f"{name} of tensors of rank {a.rank} and {b.rank}",
        rule=f"{name} multiplies vectors, matrices and stacks of matrices",
    )
    inner = b.shape[0] if b.rank == 1 else b.shape[-2]
    check_inner(name, a, b, a.shape[-1], inner)
    try:
        batch = tuple(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]))
    except ValueError:
        batch = (-1,)
    check(
        batch != (-1,),
        "E0244",
        f"{name} of stacks of matrices {list(a.shape)} and {list(b.shape)}",
        rule="the leading axes broadcast against each other",
    )
    rows = () if a.rank == 1 else (a.shape[-2],)
    columns = () if b.rank == 1 else (b.shape[-1],)
    return (*batch, *rows, *columns)


def check_inner(name: str, a: TensorType, b: TensorType, k: int, inner: int) -> None:
    """E0241 unless the summed axes agree."""
    check(
        k == inner,
        "E0241",
        f"{name} of shapes {list(a.shape)} and {list(b.shape)}: {k} columns meet {inner} rows",
        rule="columns of the first matrix = rows of the second",
    )


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


@dataclass(frozen=True)
class _Line:
    """Index of the elements of a row of A or a column of B: `prefix`, k, `suffix`."""

    prefix: tuple[Expr, ...]
    suffix: tuple[Expr, ...]

    def __call__(self, k: Expr) -> tuple[Expr, ...]:
        return (*self.prefix, k, *self.suffix)


def _operand_indices(index: tuple[Expr, ...], a: TensorType, b: TensorType) -> tuple[_Line, _Line]:
    """The row of `a` and the column of `b` whose product is element `index` of the result."""
    matrix = (a.rank > 1) + (b.rank > 1)
    batch = index[: len(index) - matrix]
    own = index[len(index) - matrix :]
    row = (*broadcast_index(batch, a.shape[:-2]), own[0]) if a.rank > 1 else ()
    column = (own[-1],) if b.rank > 1 else ()
    return _Line(row, ()), _Line(broadcast_index(batch, b.shape[:-2]), column)


def scaled(x: Expr, factor: float) -> Expr:
    """`x * factor`, free for a factor of one."""
    return x if factor == 1 else x * ex.const(x.dtype, factor)


def limited(y: FloatArray, low: float, high: float) -> FloatArray:
    """`y` clamped to [low, high]; integers without limits stay as they are."""
    return y if low == -math.inf and high == math.inf else np.clip(y, low, high)


# import ------------------------------------------------------------------------------


@onnx_op("Gemm")
def import_gemm(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX Gemm, any opset."""
    op = Gemm(
        n.get_int("transA", 0) != 0,
        n.get_int("transB", 0) != 0,
        n.get_float("alpha", 1.0),
        n.get_float("beta", 1.0),
    )
    return b.emit(op, n.input(0), n.input(1), n.optional(2))


@onnx_op("MatMul")
def import_matmul(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX MatMul, any opset."""
    return b.emit(MatMul(), n.input(0), n.input(1))


@onnx_op("MatMulInteger")
def import_matmul_integer(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX MatMulInteger."""
    return b.emit(MatMulInteger(), n.input(0), n.input(1), n.optional(2), n.optional(3))
