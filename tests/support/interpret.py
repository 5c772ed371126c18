"""Executes loop IR in Python, so that rewriting can be tested without a compiler.

Buffers are flat lists of Python numbers; two buffers may share one list, as in-place steps do.
Integers are exact: what is executed here does not wrap.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgec.loops.buffer import Buffer
from edgec.loops.expr import Binary, Cast, Const, Expr, Load, Number, Select, Unary, Var
from edgec.loops.index import ravel
from edgec.loops.stmt import Assign, Break, For, If, Let, Local, Stmt, Store

Memory = dict[Buffer, list[Number]]


def _div(a: Number, b: Number) -> Number:
    """C division of indices; on indices both operands are never negative."""
    assert a >= 0 and b > 0, f"{a} / {b} is not an index division"
    return a // b


def _mod(a: Number, b: Number) -> Number:
    assert a >= 0 and b > 0, f"{a} % {b} is not an index division"
    return a % b


_BINARY: Mapping[str, Callable[[Number, Number], Number]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "wadd": operator.add,
    "wsub": operator.sub,
    "wmul": operator.mul,
    "div": _div,
    "mod": _mod,
    "min": min,
    "max": max,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}


class _BreakError(Exception):
    """A break statement was reached."""


@dataclass
class Machine:
    """Memory and the variables in scope."""

    memory: Memory
    variables: dict[str, Number] = field(default_factory=dict)

    def value(self, e: Expr) -> Number:
        """The value of an expression; ranges of variables are checked."""
        match e:
            case Const():
                return e.value
            case Var():
                value = self.variables[e.name]
                assert e.low is None or e.low <= value, f"{e.name} = {value} is below its range"
                assert e.high is None or value <= e.high, f"{e.name} = {value} is above its range"
                return value
            case Binary():
                return _BINARY[e.op](self.value(e.a), self.value(e.b))
            case Select():
                return self.value(e.a) if self.value(e.cond) else self.value(e.b)
            case Unary(op="not"):
                return not self.value(e.x)
            case Unary():
                return -self.value(e.x)
            case Cast():
                return int(self.value(e.x)) if e.dtype.is_integer else float(self.value(e.x))
            case Load():
                return self.memory[e.buffer][self.position(e.index, e.buffer)]
        raise TypeError(f"cannot execute {e}")

    def position(self, index: tuple[Expr, ...], buffer: Buffer) -> int:
        place = self.value(ravel(index, buffer.shape))
        assert isinstance(place, int) and 0 <= place < buffer.size, f"{place} outside {buffer.name}"
        return place

    def run(self, body: tuple[Stmt, ...]) -> None:
        """Execute statements in order."""
        for stmt in body:
            self._run_one(stmt)

    def _run_one(self, stmt: Stmt) -> None:
        match stmt:
            case Let() | Local() | Assign():
                self.variables[stmt.var.name] = self.value(stmt.value)
            case Store():
                place = self.position(stmt.index, stmt.buffer)
                self.memory[stmt.buffer][place] = self.value(stmt.value)
            case If():
                self.run(stmt.then if self.value(stmt.cond) else stmt.otherwise)
            case For():
                self._loop(stmt)
            case Break():
                raise _BreakError
            case _:
                raise TypeError(f"cannot execute {stmt}")

    def _loop(self, stmt: For) -> None:
        first, last = self.value(stmt.begin), self.value(stmt.end)
        assert isinstance(first, int) and isinstance(last, int)
        for i in range(first, last, stmt.step):
            self.variables[stmt.var.name] = i
            try:
                self.run(stmt.body)
            except _BreakError:
                return


def execute(body: tuple[Stmt, ...], memory: Mapping[Buffer, list[Number]]) -> Memory:
    """The memory after `body`; lists that are one object stay one."""
    copies: dict[int, list[Number]] = {}
    own = {b: copies.setdefault(id(data), list(data)) for b, data in memory.items()}
    Machine(own).run(body)
    return own


def evaluate(e: Expr, **variables: int) -> Number:
    """The value of an expression of index variables."""
    return Machine({}, dict(variables)).value(e)
