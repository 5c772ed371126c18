"""Element types inside loop expressions: what each operation takes."""

from __future__ import annotations

from collections.abc import Iterator

from edgec.ir.types import DType
from edgec.loops.expr import INDEX, Binary, Const, Expr, Load, Select, Unary
from edgec.loops.stmt import subexpressions

_COMPARE = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_LOGICAL = frozenset({"and", "or", "xor"})
_SHIFT = frozenset({"shl", "shr"})
_INTEGER = frozenset({"wadd", "wsub", "wmul", "mod", "shl", "shr"})


def type_problems(root: Expr) -> Iterator[str]:
    """What is wrong with the types in an expression, one sentence each."""
    for e in subexpressions(root):
        if isinstance(e, Const):
            yield from _constant(e)
        elif isinstance(e, Load):
            yield from _load(e)
        elif isinstance(e, Unary):
            yield from _unary(e)
        elif isinstance(e, Binary):
            yield from _binary(e)
        elif isinstance(e, Select):
            yield from _same("?:", e.dtype, e.a, e.b)
            if e.cond.dtype is not DType.BOOL:
                yield f"a condition of type {e.cond.dtype.value}"


def _constant(e: Const) -> Iterator[str]:
    if e.dtype.is_integer and not e.dtype.min <= e.value <= e.dtype.max:
        yield f"the literal {e.value} does not fit {e.dtype.value}"


def _load(e: Load) -> Iterator[str]:
    if e.dtype is not e.buffer.dtype:
        yield f"a load of {e.buffer.name} has type {e.dtype.value}"
    yield from index_problems(e.buffer.name, len(e.buffer.shape), e.index)


def index_problems(name: str, rank: int, index: tuple[Expr, ...]) -> Iterator[str]:
    """Indices are s32, one per dimension, or one alone: the row-major position."""
    if len(index) not in (rank, 1):
        yield f"{len(index)} indices into {name}, which has {rank} dimensions"
    for i in index:
        if i.dtype is not INDEX:
            yield f"an index into {name} has type {i.dtype.value}"


def _unary(e: Unary) -> Iterator[str]:
    if e.op == "not" and (e.dtype, e.x.dtype) != (DType.BOOL, DType.BOOL):
        yield "'not' of something that is not bool"
    if e.op != "not":
        yield from _same(e.op, e.dtype, e.x)
    if e.op == "bitnot" and not e.dtype.is_integer:
        yield f"'bitnot' of {e.dtype.value}"


def _binary(e: Binary) -> Iterator[str]:
    if e.op in _COMPARE:
        if e.dtype is not DType.BOOL:
            yield f"'{e.op}' of type {e.dtype.value}"
        yield from _same(e.op, e.a.dtype, e.b)
        return
    yield from _same(e.op, e.dtype, e.a)
    if e.op not in _SHIFT:
        yield from _same(e.op, e.dtype, e.b)
    if e.op in _INTEGER and not e.dtype.is_integer:
        yield f"'{e.op}' of {e.dtype.value}"
    if e.op in _LOGICAL and e.dtype.is_float:
        yield f"'{e.op}' of {e.dtype.value}"


def _same(op: str, dtype: DType, *operands: Expr) -> Iterator[str]:
    for operand in operands:
        if operand.dtype is not dtype:
            yield f"'{op}' of type {dtype.value} has an operand of type {operand.dtype.value}"
