"""The base of elementwise operators, and arithmetic on two tensors with broadcasting.

Integers wrap around as in ONNX; division truncates toward zero as in C; dividing an
integer by zero gives zero. Source: ONNX Add, Sub, Mul, Div, Mod, Pow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Sample
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, add_importer


class Kind(Enum):
    """Element types that an operator takes."""

    FLOAT = "floats"
    NUMBER = "numbers"
    SIGNED = "signed numbers"
    INTEGER = "integers"
    BOOL = "bool"
    ANY = "anything"

    def takes(self, dtype: DType) -> bool:
        """True if an operand of this kind may have elements of `dtype`."""
        if self is Kind.FLOAT:
            return dtype.is_float
        if self is Kind.NUMBER:
            return dtype is not DType.BOOL
        if self is Kind.SIGNED:
            return dtype.is_signed and dtype is not DType.BOOL
        if self is Kind.INTEGER:
            return dtype.is_integer
        return self is Kind.ANY or dtype is DType.BOOL

    @property
    def sample_dtypes(self) -> tuple[DType, ...]:
        """Element types that random examples use."""
        return _SAMPLE_DTYPES[self]


_SAMPLE_DTYPES = {
    Kind.FLOAT: (DType.F32,),
    Kind.NUMBER: (DType.F32, DType.I8, DType.I32, DType.U8, DType.I64),
    Kind.SIGNED: (DType.F32, DType.I8, DType.I32, DType.I64),
    Kind.INTEGER: (DType.I8, DType.U8, DType.I16, DType.U32, DType.I64),
    Kind.BOOL: (DType.BOOL,),
    Kind.ANY: (DType.F32, DType.I32, DType.BOOL),
}


def broadcast_shape(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that `shapes` broadcast to (numpy rules); E0210 if they do not."""
    try:
        return tuple(np.broadcast_shapes(*shapes))
    except ValueError:
        listed = " and ".join(str(list(s)) for s in shapes)
        raise fail(
            "E0210",
            f"{name} cannot broadcast shapes {listed} against each other",
            rule="counted from the last, dimensions are equal or one of them is 1",
        ) from None


def check_kind(name: str, kind: Kind, *types: TensorType) -> None:
    """E0211 unless every operand has an element type of `kind`."""
    for t in types:
        if not kind.takes(t.dtype):
            raise fail(
                "E0211",
                f"{name} is not defined for elements of type {t.dtype.value}",
                rule=f"{name} takes {kind.value}",
            )


def check_same(name: str, *types: TensorType) -> None:
    """E0212 unless all operands have one element type."""
    if len({t.dtype for t in types}) > 1:
        listed = ", ".join(t.dtype.value for t in types)
        raise fail(
            "E0212",
            f"{name} has operands of different element types: {listed}",
            rule="all operands have one element type",
            help="insert a Cast in front of the operand that differs",
        )


def lower_elementwise(
    b: Builder, name: str, dtype: DType, operands: tuple[Tensor, ...], op: Elementwise
) -> Tensor:
    """The lazy tensor of `op.expr` over broadcast operands."""
    shape = broadcast_shape(name, *(t.shape for t in operands))

    def element(*i: Expr) -> Expr:
        values = [t.at(*broadcast_index(i, t.shape)) for t in operands]
        return op.expr(b, *values)

    return b.compute(dtype, shape, element)


def random_array(
    rng: np.random.Generator, dtype: DType, shape: tuple[int, ...], scale: float = 3.0
) -> Array:
    """Random elements: floats around zero, integers over a moderate range, bools."""
    if dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(np.bool_)
    if dtype.is_float:
        return np.asarray(rng.normal(0.0, scale, shape)).astype(dtype.numpy)
    low, high = max(dtype.min, -100), min(dtype.max, 100)
    return rng.integers(low, high + 1, shape).astype(dtype.numpy)


# shapes of operands in random examples: equal, odd sizes, broadcasting both ways, scalars
UNARY_SHAPES: tuple[tuple[int, ...], ...] = ((7,), (2, 3, 5), ())
BINARY_SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((2, 3, 5), (2, 3, 5)),
    ((3, 1, 5), (7, 1)),
    ((4,), ()),
    ((1, 2, 3), (5, 2, 1)),
)


@dataclass(frozen=True)
class Elementwise(Op, ABC):
    """Abstract: out[i] depends on operand[i] only, operands broadcast as in numpy."""

    elementwise = True
    kind: ClassVar[Kind] = Kind.FLOAT

    @abstractmethod
    def expr(self, b: Builder, *values: Expr) -> Expr:
        """One element of the result from one element of each operand."""

    @abstractmethod
    def apply(self, *arrays: Array) -> Array:
        """The result in numpy; it is converted to the type of `result`."""

    def result(self, dtype: DType) -> DType:
        """Element type of the result from that of the operands."""
        return dtype

    def infer(self, *types: TensorType) -> TensorType:
        check_kind(self.name, self.kind, *types)
        check_same(self.name, *types)
        return TensorType(
            self.result(types[0].dtype), broadcast_shape(self.name, *(t.shape for t in types))
        )

    def reference(self, *arrays: Array) -> Array:
        dtype = self.result(DType.of(arrays[0].dtype)).numpy
        with np.errstate(all="ignore"):
            return np.asarray(self.apply(*arrays)).astype(dtype, copy=False)

    def lower(self, b: Builder, *operands: Tensor) -> Tensor:
        dtype = self.result(operands[0].dtype)
        return lower_elementwise(b, self.name, dtype, operands, self)


class Unary(Elementwise):
    """Abstract: an elementwise operator on one tensor."""

    domain: ClassVar[tuple[float, float]] = (-4.0, 4.0)  # of random examples

    @classmethod
    def variants(cls) -> tuple[Op, ...]:
        """Attribute settings that random examples use; none for an abstract class."""
        return () if cls.__subclasses__() else (cls(),)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        low, high = cls.domain
        for op in cls.variants():
            for dtype in cls.kind.sample_dtypes:
                for shape in UNARY_SHAPES:
                    x = random_array(rng, dtype, shape)
                    if dtype.is_float:
                        x = np.asarray(rng.uniform(low, high, shape)).astype(dtype.numpy)
                    yield Sample(op, (x,))


class Binary(Elementwise):
    """Abstract: an elementwise operator on two tensors."""

    kind = Kind.NUMBER

    @classmethod
    def variants(cls) -> tuple[Op, ...]:
        """Attribute settings that random examples use; none for an abstract class."""
        return () if cls.__subclasses__() else (cls(),)

    @classmethod
    def operands(
        cls, rng: np.random.Generator, dtype: DType, a: tuple[int, ...], b: tuple[int, ...]
    ) -> tuple[Array, Array]:
        """Random operands of the given shapes."""
        return random_array(rng, dtype, a), random_array(rng, dtype, b)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for op in cls.variants():
            for dtype in cls.kind.sample_dtypes:
                for a, b in BINARY_SHAPES:
                    yield Sample(op, cls.operands(rng, dtype, a, b))


class Add(Binary):
    """A + B."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return values[0] + values[1]

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.add(arrays[0], arrays[1]))


class Sub(Binary):
    """A - B."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return values[0] - values[1]

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.subtract(arrays[0], arrays[1]))


class Mul(Binary):
    """A * B."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return values[0] * values[1]

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.multiply(arrays[0], arrays[1]))


class Div(Binary):
    """A / B; integers truncate toward zero, and x / 0 is 0."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return values[0] / values[1]

    def apply(self, *arrays: Array) -> Array:
        x, y = arrays
        if DType.of(x.dtype).is_float:
            return np.asarray(np.divide(x, y))
        return truncated_division(x, y)


def truncated_division(x: Array, y: Array) -> Array:
    """Integer quotient toward zero with wrap-around; x / 0 is 0."""
    quotient = np.asarray(np.floor_divide(x, y))
    inexact = np.not_equal(np.remainder(x, y), 0)
    negative = np.not_equal(np.less(x, 0), np.less(y, 0))
    up = np.logical_and(np.logical_and(inexact, negative), np.not_equal(y, 0))
    return np.asarray(np.add(quotient, up.astype(quotient.dtype)))


@dataclass(frozen=True)
class Mod(Binary):
    """Remainder of A / B: sign of B (fmod = 0) or, as in C, sign of A (fmod = 1).

    An integer remainder of division by zero is 0.
    """

    fmod: int = 0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x, y = values
        divisor = b.let(y)
        if x.dtype.is_float:
            return self._floats(b, x, divisor)
        rest = b.let(ex.Binary(x.dtype, "mod", x, divisor))
        if self.fmod or not x.dtype.is_signed:
            return rest
        zero = ex.const(x.dtype, 0)
        differs = ex.Binary(DType.BOOL, "xor", rest < zero, divisor < zero)
        return ex.select(ex.logical_and(ex.ne(rest, 0), differs), rest + divisor, rest)

    def _floats(self, b: Builder, x: Expr, y: Expr) -> Expr:
        rest = float_call("fmod", x, y)
        if self.fmod:
            return rest
        rest = b.let(rest)
        zero = ex.const(x.dtype, 0)
        differs = ex.Binary(DType.BOOL, "xor", rest < zero, y < zero)
        other = ex.select(differs, rest + y, rest)
        return ex.select(ex.eq(rest, zero), float_call("copysign", zero, y), other)

    def apply(self, *arrays: Array) -> Array:
        x, y = arrays
        if self.fmod:
            return np.asarray(np.fmod(x, y))
        return np.asarray(np.mod(x, y))

    @classmethod
    def variants(cls) -> tuple[Op, ...]:
        return (cls(1), cls(0))


class Pow(Binary):
    """A to the power B; the exponent may have another element type than the base.

    Integers to an integer power wrap; a negative integer exponent gives 0 unless the base
    is 1 or -1. Otherwise the power is taken in float and converted to the type of A.
    """

    def infer(self, *types: TensorType) -> TensorType:
        check_kind(self.name, self.kind, *types)
        return types[0].with_shape(broadcast_shape(self.name, *(t.shape for t in types)))

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x, y = values
        if x.dtype.is_float:
            return _float_power(b, x, y)
        if y.dtype.is_float:
            wide = DType.F64
            power = float_call("pow", ex.cast(wide, x), ex.cast(wide, y))
            return ex.cast(x.dtype, power)
        return _integer_power(b, x, y)

    def apply(self, *arrays: Array) -> Array:
        x, y = arrays
        if DType.of(x.dtype).is_float:
            return np.asarray(np.power(x, np.asarray(y).astype(x.dtype)))
        if DType.of(y.dtype).is_float:
            return np.asarray(np.power(x.astype(np.float64), y))
        return _integer_power_reference(x, y)

    @classmethod
    def operands(
        cls, rng: np.random.Generator, dtype: DType, a: tuple[int, ...], b: tuple[int, ...]
    ) -> tuple[Array, Array]:
        base = np.abs(random_array(rng, dtype, a).astype(np.float64)) + 0.5
        exponent = rng.integers(0, 4, b)
        return base.astype(dtype.numpy), exponent.astype(dtype.numpy)


def _float_power(b: Builder, x: Expr, y: Expr) -> Expr:
    """x ** y; the frequent powers 2, 3 and 1/2 need no call of pow."""
    if isinstance(y, ex.Const) and y.value in (2, 3):
        value = b.let(x)
        return value * value if y.value == 2 else value * value * value
    if isinstance(y, ex.Const) and y.value == 0.5:
        return float_call("sqrt", x)
    return float_call("pow", x, ex.cast(x.dtype, y))


def _integer_power(b: Builder, x: Expr, y: Expr) -> Expr:
    """Square and multiply; 64 bits of exponent need at most 64 rounds."""
    wide = DType.U64 if y.dtype is DType.U64 else DType.I64
    base = b.local(x, name="base")
    left = b.local(ex.cast(wide, y), name="left")
    result = b.local(ex.const(x.dtype, 1), name="power")
    zero, one = ex.const(wide, 0), ex.const(wide, 1)
    with b.when(left < zero):  # 1 / base^n: only 1 and -1 have one that is not below 1
        minus_one = ex.const(x.dtype, -1) if x.dtype.is_signed else ex.const(x.dtype, 1)
        unit = ex.logical_or(ex.eq(base, 1), ex.eq(base, minus_one))
        b.assign(result, ex.select(unit, result, 0))
        b.assign(left, ex.select(unit, ex.Binary(wide, "and", left, one), 0))
    with b.loop(64):
        with b.when(ex.eq(left, 0)):
            b.break_()
        with b.when(ex.ne(ex.Binary(wide, "and", left, one), 0)):
            b.assign(result, result * base)
        b.assign(base, base * base)
        b.assign(left, left / 2)
    return result


def _integer_power_reference(x: Array, y: Array) -> Array:
    base, exponent = np.broadcast_arrays(x, y)
    modulus = 1 << (8 * base.dtype.itemsize)
    flat = np.empty(base.size, dtype=np.uint64)
    pairs = zip(base.reshape(-1).tolist(), exponent.reshape(-1).tolist(), strict=True)
    for k, (value, power) in enumerate(pairs):
        if power < 0:
            exact = value ** (power % 2) if value in (1, -1) else 0
            flat[k] = exact % modulus
        else:
            flat[k] = pow(value, power, modulus)
    return flat.reshape(base.shape).astype(x.dtype)


OWN_F32 = frozenset({"tanh"})  # shorter ones, the same on every core: edgec/exp.h


def float_call(function: str, *args: Expr) -> Expr:
    """Call of a C99 math function in the precision of its arguments."""
    if function in OWN_F32 and args[0].dtype is DType.F32:
        return ex.call(f"edgec_{function}_f32", *args)
    suffix = "f" if args[0].dtype is DType.F32 else ""
    return ex.call(function + suffix, *args)


def _mod(b: ImportBuilder, n: OnnxNode) -> Value:
    return b.emit(Mod(n.get_int("fmod", 0)), n.input(0), n.input(1))


def import_elementwise(op: Elementwise, operands: int) -> None:
    """Register the ONNX operator of the same name and number of operands."""

    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        return b.emit(op, *(n.input(k) for k in range(operands)))

    add_importer(op.name, function)


for _op in (Add(), Sub(), Mul(), Div(), Pow()):
    import_elementwise(_op, 2)
add_importer("Mod", _mod)
