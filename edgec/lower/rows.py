"""Row forms: how a step computes some rows of its result from some rows of its operands.

A tensor [1, H, ...] has H rows. For loop nests the rows that a result depends on are found from the
bounds of the indices, so any operator that goes along its rows has a row form: windows, resizing,
padding, elementwise operators and their fusions alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgec.ir.types import DType
from edgec.loops import index as rules
from edgec.loops.bounds import Fact, Facts, loads_under
from edgec.loops.buffer import Buffer
from edgec.loops.collapse import collapse
from edgec.loops.expr import INDEX, Binary, Const, Expr, Load, Var, is_index
from edgec.loops.rewrite import map_children, map_statement
from edgec.loops.stmt import (
    Break,
    For,
    If,
    KernelCall,
    Let,
    Stmt,
    Store,
    children,
    expressions,
    walk,
)
from edgec.lower.inplace import inplace_pairs
from edgec.lower.loop_work import work
from edgec.lower.program import RowForm, RowUse, row_range

HEIGHT_LIMIT = 1024  # rows, beyond which dependencies are not worked out one by one
CALL_COST, ROW_COST = 24.0, 8.0  # instructions, roughly


def rows_of(buffer: Buffer) -> int:
    """Rows of a buffer [1, H, ...]; 1 if it has another shape."""
    return buffer.shape[1] if len(buffer.shape) > 2 and buffer.shape[0] == 1 else 1


def row_elements(buffer: Buffer) -> int:
    """Elements of a row of a buffer [1, H, ...]."""
    return math.prod(buffer.shape[2:])


def loop_cost(body: tuple[Stmt, ...]) -> float:
    """Estimated instructions of a loop nest."""
    return CALL_COST + work(body)


@dataclass(frozen=True)
class _Place:
    """A position in a buffer [1, H, ...]: its row, and where in the row."""

    row: Expr
    rest: tuple[Expr, ...]


def loop_rows(
    body: tuple[Stmt, ...], reads: tuple[Buffer, ...], writes: tuple[Buffer, ...]
) -> RowForm | None:
    """The row form of a loop nest whose loops are not merged, or None if it has none."""
    if len(writes) != 1 or any(isinstance(s, KernelCall | Break) for s in walk(body)):
        return None
    height = rows_of(writes[0])
    if not 1 < height <= HEIGHT_LIMIT:
        return None
    loops = _row_loops(body, writes[0], height)
    if loops is None:
        return None
    uses = tuple(
        use for b in reads if rows_of(b) > 1 and (use := _use(body, loops, b, height)) is not None
    )

    ranged = collapse(tuple(_ranged(s, loops, height) for s in body))
    each = ROW_COST + work(body) / height

    def cost(rows: int) -> float:
        return CALL_COST + rows * each

    pairs = inplace_pairs(collapse(body), reads, writes)
    over = tuple(reads[r] for _, r in pairs)
    return RowForm(height, uses, ranged, cost, over, alike=_alike(body, loops))


def _row_loops(body: tuple[Stmt, ...], target: Buffer, height: int) -> frozenset[Var] | None:
    """The loop over rows of each nest that stores in `target`; None if one has none."""
    found: set[Var] = set()

    def visit(block: tuple[Stmt, ...], around: tuple[For, ...]) -> bool:
        for stmt in block:
            if isinstance(stmt, For) and not visit(stmt.body, (*around, stmt)):
                return False
            if isinstance(stmt, If) and not (
                visit(stmt.then, around) and visit(stmt.otherwise, around)
            ):
                return False
            if isinstance(stmt, Store):
                place = _place(stmt.buffer, stmt.index) if stmt.buffer is target else None
                loop = next((x for x in around if place and x.var == place.row), None)
                if loop is None or not _counts(loop, height):
                    return False
                found.add(loop.var)
        return True

    return frozenset(found) if visit(body, ()) and found else None


def _alike(body: tuple[Stmt, ...], loops: frozenset[Var]) -> bool:
    """Whether the row decides only which elements of arena buffers are read and written."""
    rowish: set[Expr] = set(loops)

    def free(e: Expr) -> bool:
        if isinstance(e, Load) and e.buffer.storage.in_arena:
            return True
        return e not in rowish and all(free(x) for x in children(e))

    for stmt in walk(body):
        if isinstance(stmt, Let) and is_index(stmt.value):
            if not free(stmt.value):
                rowish.add(stmt.var)
        elif isinstance(stmt, Store):
            if not free(stmt.value):
                return False
        elif not all(free(e) for e in expressions(stmt)):
            return False
    return True


def _counts(loop: For, height: int) -> bool:
    """Whether a loop counts from 0 to `height`."""
    return (loop.begin, loop.end, loop.step) == (Const(INDEX, 0), Const(INDEX, height), 1)


def _place(buffer: Buffer, index: tuple[Expr, ...]) -> _Place | None:
    """Row and rest of a position, or None if they cannot be told apart."""
    if rows_of(buffer) == 1:
        return None
    if len(index) == len(buffer.shape):
        return _Place(index[1], index[2:])
    if len(index) != 1 or not is_index(index[0]):
        return None
    width = row_elements(buffer)
    terms, constant = rules.affine(index[0])
    down = {a: k // width for a, k in terms.items() if k % width == 0}
    across = rules.build({a: k for a, k in terms.items() if k % width}, constant % width)
    low, high = rules.interval(across)
    if low < 0 or high >= width:
        return None
    row = rules.build(down, constant // width)
    return _Place(row, rules.unravel(across, buffer.shape[2:]))


# which rows are needed ----------------------------------------------------------------------


def _use(
    body: tuple[Stmt, ...], loops: frozenset[Var], buffer: Buffer, height: int
) -> RowUse | None:
    """The rows of `buffer` that each row of the result needs; None if it is read otherwise."""
    found = list(_places(body, buffer, Facts(), {}))
    if any(place is None for place, _ in found):
        return None
    rows = rows_of(buffer)
    spans = []
    for r in range(height):
        here = tuple(Fact(((var, 1),), r, r) for var in loops)
        bounds = [Facts((*facts.known, *here)).bound(place.row) for place, facts in found if place]
        low = min(rows - 1, max(0, min((b[0] for b in bounds), default=0)))
        high = min(rows - 1, max((b[1] for b in bounds), default=0))
        spans.append((low, max(low, high)))
    return RowUse(buffer, rows, tuple(s[0] for s in spans), tuple(s[1] for s in spans))


Defined = Mapping[Expr, Expr]  # named indices and what they stand for


def _places(
    body: tuple[Stmt, ...], buffer: Buffer, facts: Facts, names: Defined
) -> Iterator[tuple[_Place | None, Facts]]:
    """Where `buffer` is read, with what is known there."""
    names = dict(names)
    for stmt in body:
        for root in expressions(stmt):
            for load, known in loads_under(_inlined(root, names), facts):
                if load.buffer is buffer:
                    yield _place(buffer, load.index), known
        if isinstance(stmt, Let) and is_index(stmt.value):
            names[stmt.var] = _inlined(stmt.value, names)
        elif isinstance(stmt, For):
            inside = Facts((*facts.known, *_loop_facts(stmt, names)))
            yield from _places(stmt.body, buffer, inside, names)
        elif isinstance(stmt, If):
            cond = _inlined(stmt.cond, names)
            yield from _places(stmt.then, buffer, facts.assuming(cond), names)
            yield from _places(stmt.otherwise, buffer, facts.assuming(cond, False), names)


def _loop_facts(loop: For, names: Defined) -> Iterator[Fact]:
    """That the variable is within bounds that depend on other variables."""
    begin, end = _inlined(loop.begin, names), _inlined(loop.end, names)
    if not isinstance(begin, Const):
        yield from Facts().assuming(Binary(DType.BOOL, "ge", loop.var, begin)).known
    if not isinstance(end, Const):
        yield from Facts().assuming(Binary(DType.BOOL, "lt", loop.var, end)).known


def _inlined(e: Expr, names: Defined) -> Expr:
    known = names.get(e)
    if known is not None:
        return known
    return map_children(e, lambda x: _inlined(x, names)) if names else e


def _ranged(stmt: Stmt, loops: frozenset[Var], height: int) -> Stmt:
    """`stmt` for rows `row_begin` to `row_end`."""
    begin, end = row_range(height)

    def statement(s: Stmt) -> Stmt:
        if isinstance(s, For) and s.var in loops:
            return For(s.var, begin, end, s.body)
        return map_statement(s, lambda e: e, statement)

    return statement(stmt)
