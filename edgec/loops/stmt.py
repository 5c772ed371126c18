"""Statements of the loop IR: structured, bounded, without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgec.loops.buffer import Buffer
from edgec.loops.expr import Binary, Call, Cast, Expr, Load, Select, Unary, Var


@dataclass(frozen=True)
class Stmt:
    """Base of statements."""


@dataclass(frozen=True)
class For(Stmt):
    """`for (var = begin; var < end; var += step) body`; all bounds are indices."""

    var: Var
    begin: Expr
    end: Expr
    body: tuple[Stmt, ...]
    step: int = 1


@dataclass(frozen=True)
class Let(Stmt):
    """A named value that does not change."""

    var: Var
    value: Expr


@dataclass(frozen=True)
class Local(Stmt):
    """A mutable scalar with its first value."""

    var: Var
    value: Expr


@dataclass(frozen=True)
class Assign(Stmt):
    """A new value for a mutable scalar."""

    var: Var
    value: Expr


@dataclass(frozen=True)
class Store(Stmt):
    """`buffer[index] = value`."""

    buffer: Buffer
    index: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True)
class If(Stmt):
    """`if (cond) then else otherwise`."""

    cond: Expr
    then: tuple[Stmt, ...]
    otherwise: tuple[Stmt, ...] = ()


@dataclass(frozen=True)
class Break(Stmt):
    """Leave the innermost loop."""


@dataclass(frozen=True)
class KernelCall(Stmt):
    """A call of a tuned kernel: C text with `@0@`, `@1@` ... for the addresses of buffers.

    `includes` are the kernel headers that the text needs.
    """

    text: str
    buffers: tuple[Buffer, ...]
    includes: tuple[str, ...] = ()


def walk(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """Every statement, outer before inner, in program order."""
    for stmt in body:
        yield stmt
        if isinstance(stmt, For):
            yield from walk(stmt.body)
        elif isinstance(stmt, If):
            yield from walk(stmt.then)
            yield from walk(stmt.otherwise)


def expressions(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions that stand directly in a statement."""
    if isinstance(stmt, For):
        return (stmt.begin, stmt.end)
    if isinstance(stmt, Let | Local | Assign):
        return (stmt.value,)
    if isinstance(stmt, Store):
        return (*stmt.index, stmt.value)
    if isinstance(stmt, If):
        return (stmt.cond,)
    return ()


def subexpressions(e: Expr) -> Iterator[Expr]:
    """`e` and everything below it."""
    yield e
    for child in children(e):
        yield from subexpressions(child)


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct operands of an expression."""
    if isinstance(e, Load):
        return e.index
    if isinstance(e, Unary | Cast):
        return (e.x,)
    if isinstance(e, Binary):
        return (e.a, e.b)
    if isinstance(e, Select):
        return (e.cond, e.a, e.b)
    if isinstance(e, Call):
        return e.args
    return ()


def loads(body: tuple[Stmt, ...]) -> Iterator[Load]:
    """Every load in `body`."""
    for stmt in walk(body):
        for root in expressions(stmt):
            for e in subexpressions(root):
                if isinstance(e, Load):
                    yield e
