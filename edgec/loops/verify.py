"""Checks what must hold of every lowered step: variables, types, bounds, buffers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edgec.diagnostics import ExitCode, Where, fail
from edgec.ir.types import DType
from edgec.loops.bounds import Facts, Span, loads_under
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Expr, Var
from edgec.loops.index import ravel
from edgec.loops.steps import ProgramView, StepView
from edgec.loops.stmt import (
    Assign,
    Break,
    For,
    If,
    KernelCall,
    Let,
    Local,
    Stmt,
    Store,
    expressions,
    subexpressions,
)
from edgec.loops.text import print_expr
from edgec.loops.typecheck import index_problems, type_problems


def verify_program(program: ProgramView) -> None:
    """`verify_step` for every step, and that no two steps share a name."""
    names: set[str] = set()
    for step in program.steps:
        verify_step(step)
        if step.name in names:
            raise _broken(step.name, "another step has the same name")
        names.add(step.name)


def verify_step(step: StepView) -> None:
    """Raise E0905 (exit code 4) if a step is broken.

    Variables are defined before use and never shadowed; types of operands match; every
    index is proven to be inside its buffer, from the ranges of variables and the conditions
    around it (a variable that `let_index` made is taken at its word); nothing is stored in
    constants; buffers are declared as read, written or scratch.
    """
    for problem in step_problems(step):
        raise _broken(step.name, problem)


def step_problems(step: StepView) -> Iterator[str]:
    """Everything that is wrong with `step`, one sentence each."""
    readable = frozenset((*step.reads, *step.writes, *step.scratch))
    writable = frozenset((*step.writes, *step.scratch))
    given = {var.name: (var, False) for var in step.parameters}
    yield from _Block(readable, writable, given).check(step.body)


def _broken(name: str, problem: str) -> Exception:
    return fail(
        "E0905",
        f"step '{name}' is broken: {problem}",
        Where(note=f"step {name}"),
        help="this is a bug in edgec; please report it with the model",
        exit_code=ExitCode.BUG,
    )


@dataclass(frozen=True)
class _Block:
    """What is visible at a place in a step. `variables`: True where one may be assigned."""

    readable: frozenset[Buffer]
    writable: frozenset[Buffer]
    variables: Mapping[str, tuple[Var, bool]] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    in_loop: bool = False

    def check(self, body: tuple[Stmt, ...]) -> Iterator[str]:
        """Problems of statements in order; definitions are visible to those after them."""
        visible = dict(self.variables)
        here = _Block(self.readable, self.writable, visible, self.facts, self.in_loop)
        for stmt in body:
            for e in expressions(stmt):
                yield from here.expression(e)
            if isinstance(stmt, Let | Local):
                yield from here.definition(stmt.var, stmt.value.dtype)
                visible[stmt.var.name] = (stmt.var, isinstance(stmt, Local))
            else:
                yield from here.statement(stmt)

    def statement(self, stmt: Stmt) -> Iterator[str]:
        if isinstance(stmt, For):
            yield from self.loop(stmt)
        elif isinstance(stmt, If):
            if stmt.cond.dtype is not DType.BOOL:
                yield f"a condition of type {stmt.cond.dtype.value}"
            yield from self._with(self.facts.assuming(stmt.cond)).check(stmt.then)
            yield from self._with(self.facts.assuming(stmt.cond, False)).check(stmt.otherwise)
        elif isinstance(stmt, Assign):
            yield from self.assignment(stmt)
        elif isinstance(stmt, Store):
            yield from self.store(stmt)
        elif isinstance(stmt, KernelCall):
            for buffer in stmt.buffers:
                yield from self.readable_buffer(buffer)
        elif isinstance(stmt, Break) and not self.in_loop:
            yield "a break outside loops"

    def _with(self, facts: Facts) -> _Block:
        return _Block(self.readable, self.writable, self.variables, facts, self.in_loop)

    # variables

    def definition(self, var: Var, dtype: DType) -> Iterator[str]:
        if var.name in self.variables:
            yield f"{var.name} is defined twice"
        if var.dtype is not dtype:
            yield f"{var.name} is {var.dtype.value}, its value {dtype.value}"

    def loop(self, stmt: For) -> Iterator[str]:
        var = stmt.var
        yield from self.definition(var, INDEX)
        if stmt.step < 1 or stmt.begin.dtype is not INDEX or stmt.end.dtype is not INDEX:
            yield f"the loop over {var.name} does not count indices upward"
        if var.low is None or var.high is None:
            yield f"the loop variable {var.name} has no range"
        elif self.facts.bound(stmt.begin)[0] < var.low:
            yield f"{var.name} may begin below {var.low}"
        elif self.facts.bound(stmt.end)[1] - 1 > var.high:
            yield f"{var.name} may exceed {var.high}"
        variables = {**self.variables, var.name: (var, False)}
        inner = _Block(self.readable, self.writable, variables, self.facts, True)
        yield from inner.check(stmt.body)

    def assignment(self, stmt: Assign) -> Iterator[str]:
        known = self.variables.get(stmt.var.name)
        if known is None:
            yield f"{stmt.var.name} is assigned before it is defined"
        elif not known[1]:
            yield f"{stmt.var.name} is assigned, but it is no local variable"
        if stmt.value.dtype is not stmt.var.dtype:
            yield f"{stmt.var.name} is {stmt.var.dtype.value}, its value {stmt.value.dtype.value}"

    def expression(self, root: Expr) -> Iterator[str]:
        """Variables, types and loads of one expression."""
        for e in subexpressions(root):
            if isinstance(e, Var):
                known = self.variables.get(e.name)
                if known is None:
                    yield f"{e.name} is used before it is defined"
                elif known[0] != e:
                    yield f"{e.name} is used with another type or range than it is defined with"
        yield from type_problems(root)
        for load, facts in loads_under(root, self.facts):
            yield from self.readable_buffer(load.buffer)
            yield from _bounds(load.buffer, load.index, facts)

    # buffers

    def readable_buffer(self, buffer: Buffer) -> Iterator[str]:
        if buffer.storage is not Storage.CONST and not _among(buffer, self.readable):
            yield f"{buffer.name} is read, but the step does not declare it"

    def store(self, stmt: Store) -> Iterator[str]:
        buffer = stmt.buffer
        if buffer.storage is Storage.CONST:
            yield f"a store to the constant {buffer.name}"
        elif not _among(buffer, self.writable):
            yield f"{buffer.name} is written, but the step does not declare it"
        if stmt.value.dtype is not buffer.dtype:
            yield f"a store of {stmt.value.dtype.value} to {buffer.name}"
        yield from index_problems(buffer.name, len(buffer.shape), stmt.index)
        yield from _bounds(buffer, stmt.index, self.facts)


def _among(buffer: Buffer, buffers: frozenset[Buffer]) -> bool:
    """True if `buffer` or one that contains it is declared."""
    at: Buffer | None = buffer
    while at is not None:
        if at in buffers:
            return True
        at = at.parent
    return False


def _bounds(buffer: Buffer, index: tuple[Expr, ...], facts: Facts) -> Iterator[str]:
    """Every index inside its dimension, or the row-major position inside the buffer."""
    shape = buffer.shape
    if len(index) == 1 != len(shape):
        shape = (buffer.size,)
    if len(index) != len(shape):
        return
    spans = [facts.bound(i) for i in index]
    if all(_inside(s, n) for s, n in zip(spans, shape, strict=True)):
        return
    if all(i.dtype is INDEX for i in index) and _flat_inside(shape, index, facts):
        return
    for i, span, extent in zip(index, spans, shape, strict=True):
        if not _inside(span, extent):
            yield (
                f"index '{print_expr(i)}' into {buffer.name} may be {span[0]} to {span[1]}, "
                f"its dimension has {extent}"
            )


def _flat_inside(shape: tuple[int, ...], index: tuple[Expr, ...], facts: Facts) -> bool:
    """Loops that were merged over several dimensions leave one index too large for its own."""
    return _inside(facts.bound(ravel(index, shape)), math.prod(shape))


def _inside(span: Span, extent: int) -> bool:
    return span[0] >= 0 and span[1] < extent
