"""Reductions over all rows of a tensor, as sums by rows and what follows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edgec.ir.types import DType
from edgec.loops import index as rules
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.collapse import collapse
from edgec.loops.expr import INDEX, Binary, Cast, Const, Expr, Load, Select, Var, is_index
from edgec.loops.stmt import (
    Assign,
    For,
    KernelCall,
    Let,
    Local,
    Stmt,
    Store,
    expressions,
    subexpressions,
    walk,
)
from edgec.lower.loop_work import work
from edgec.lower.program import RowForm, RowUse, Step, row_range
from edgec.lower.rows import CALL_COST, HEIGHT_LIMIT, row_elements, rows_of

SUM_COST, PIXEL_COST = 6.0, 1.2  # instructions of a call by sums, and by elements of int8 pixels
SHORT_PIXELS = 255  # times 128 is less than 2^15


@dataclass(frozen=True)
class _Sum:
    """`before`, an accumulator `first`, a loop that adds elements to it, `after`.

    The loop does `turns` turns per row of the operands.
    """

    around: tuple[For, ...]
    before: tuple[Stmt, ...]
    first: Local
    loop: For
    turns: int
    after: tuple[Stmt, ...]


def halves_of(step: Step, body: tuple[Stmt, ...]) -> tuple[Step, Step] | None:
    """`step`, a reduction over all rows of its operand, as a sum by rows and what follows it.

    body: loops over the elements of the result; in them one accumulator, and a loop over rows that
    adds to it. None if it is no such reduction.
    """
    height = max((rows_of(b) for b in step.reads), default=1)
    streamed = tuple(b for b in step.reads if rows_of(b) == height)
    if len(step.writes) != 1 or step.scratch or not 1 < height <= HEIGHT_LIMIT:
        return None
    found = _find(collapse(body), streamed, height)
    if found is None:
        return None
    var, rows = found.first.var, tuple(range(height))
    way = _way(found, streamed, f"{step.writes[0].name}_sum", height)
    total, call = way.total, way.call
    each = work(found.loop.body) * found.turns * total.size
    if call is not None:
        each = PIXEL_COST * row_elements(streamed[0])

    def cost(n: int) -> float:
        return CALL_COST + SUM_COST * total.size + n * each

    summed = (call,) if call is not None else _looped(found, total, height)
    uses = tuple(RowUse(b, height, rows, rows) for b in streamed)
    form = RowForm(height, uses, summed, cost, sums=True)
    kernel = "loops" if call is None else call.includes[0].split("/")[-1].removesuffix(".h")
    adding = replace(
        step, writes=(total,), kernel=kernel, body=summed, inplace=(), rows=form,
        cost=cost(height), value="", parameters=row_range(height), halves=None,
    )  # fmt: skip
    kept = tuple(
        Let(var, way.loaded) if s is found.first else s
        for s in found.before
        if s is found.first or (isinstance(s, Let) and _needed(s.var, found.after))
    )
    others = tuple(b for b in step.reads if b not in streamed)
    ending = replace(
        step, reads=(total, *others), kernel="loops", inplace=(), macs=0, rows=None, halves=None,
        body=_nested(found.around, (*kept, *found.after)), cost=20.0 * total.size,
    )  # fmt: skip
    return adding, ending


@dataclass(frozen=True)
class _Way:
    """Where the sums are kept, how one is read, and the call that adds to all of them, if any."""

    total: Buffer
    loaded: Expr
    call: KernelCall | None


def _way(found: _Sum, streamed: tuple[Buffer, ...], name: str, height: int) -> _Way:
    var = found.first.var
    extents = tuple(int(f.end.value) for f in found.around if isinstance(f.end, Const))
    total = Buffer(name, var.dtype, extents, Storage.TEMP)
    call, pixels = _pixels(found, streamed, total), height * found.turns
    if call is None or pixels > SHORT_PIXELS or total.size % 4:
        return _Way(total, Load(var.dtype, total, tuple(f.var for f in found.around)), call)
    short = Buffer(name, DType.I16, extents, Storage.TEMP, align=4)
    return _Way(short, _unpacked(found, short), _short(found, streamed[0], short))


def _pixels(found: _Sum, streamed: tuple[Buffer, ...], total: Buffer) -> KernelCall | None:
    """The call that sums int8 pixels channel by channel, if that is all there is to do."""
    x = streamed[0]
    channels = x.shape[-1]
    plain = (
        len(streamed) == len(found.around) == len(found.loop.body) == len(found.before) == 1
        and x.dtype is DType.I8
        and total.dtype is DType.I32
        and total.size == channels
    )
    if not plain or not is_index(found.first.value):
        return None
    start, last = rules.interval(found.first.value)
    if start != last:
        return None
    (add,) = found.loop.body
    load = Load(x.dtype, x, _flat(found, channels))
    wanted = Binary(DType.I32, "add", found.first.var, Cast(DType.I32, load))
    if not isinstance(add, Assign) or add.value != wanted:
        return None
    row = row_elements(x)
    text = (
        f"EDGEC_SUM_S8__C(@0@ + row_begin * {row}, (row_end - row_begin) * {found.turns}, "
        f"{channels}, @1@, row_begin == 0, {start});"
    )
    return KernelCall(text, (x, total), ("pool/sum_s8__c.h",))


def _short(found: _Sum, x: Buffer, total: Buffer) -> KernelCall:
    """The call that sums them in 16 bits."""
    row = row_elements(x)
    text = (
        f"EDGEC_SUM_SHORT_S8__C(@0@ + row_begin * {row}, (row_end - row_begin) * {found.turns}, "
        f"{total.size}, @1@, row_begin == 0);"
    )
    return KernelCall(text, (x, total), ("pool/sum_short_s8__c.h",))


def _unpacked(found: _Sum, total: Buffer) -> Expr:
    """The sum of a channel from what `_short` leaves."""
    c: Expr = found.around[0].var
    place = c // 4 * 4 + c % 2 * 2 + c % 4 // 2
    return Cast(DType.I32, Load(DType.I16, total, (place,))) + found.first.value


def _flat(found: _Sum, channels: int) -> tuple[Expr, ...]:
    """Channel of a pixel, as merged loops address it."""
    return (rules.build({found.loop.var: channels, found.around[0].var: 1}, 0),)


def _looped(found: _Sum, total: Buffer, height: int) -> tuple[Stmt, ...]:
    """The sum goes on from what it was, or from its first value with the first row."""
    begin, end = row_range(height)
    index: tuple[Expr, ...] = tuple(f.var for f in found.around)
    var = found.first.var
    loaded = Load(var.dtype, total, index)
    is_first = Binary(DType.BOOL, "eq", begin, Const(INDEX, 0))
    start = Select(var.dtype, is_first, found.first.value, loaded)
    turns = Const(INDEX, found.turns)
    loop = For(
        found.loop.var,
        rules.simplify("mul", begin, turns),
        rules.simplify("mul", end, turns),
        found.loop.body,
    )
    again = tuple(Local(var, start) if s is found.first else s for s in found.before)
    return _nested(found.around, (*again, loop, Store(total, index, var)))


def _find(body: tuple[Stmt, ...], streamed: tuple[Buffer, ...], height: int) -> _Sum | None:
    around, block = _innermost(body)
    at = next((k for k, s in enumerate(block) if isinstance(s, For)), None)
    if at is None or not around:
        return None
    loop, before, after = block[at], block[:at], block[at + 1 :]
    assert isinstance(loop, For)
    sums = [s for s in before if isinstance(s, Local)]
    extent = int(loop.end.value) if isinstance(loop.end, Const) else 0
    if len(sums) != 1 or not _counts(loop) or extent % height or extent == 0:
        return None
    turns = extent // height
    outside = [e for s in (*before, *after) for r in expressions(s) for e in _loads(r)]
    if any(e.buffer in streamed for e in outside):
        return None
    if not _adds(loop, sums[0].var, streamed, turns):
        return None
    return _Sum(around, before, sums[0], loop, turns, after)


def _adds(loop: For, acc: Var, streamed: tuple[Buffer, ...], turns: int) -> bool:
    """Whether `turns` turns of the loop only add elements of one row of operands to `acc`."""
    for stmt in walk(loop.body):
        if not isinstance(stmt, Assign | For | Let):
            return False
        if isinstance(stmt, Assign) and stmt.var != acc:
            return False
        for root in expressions(stmt):
            for load in _loads(root):
                if load.buffer in streamed and not _in_row(load, loop.var, turns):
                    return False
    return True


def _in_row(load: Load, var: Var, turns: int) -> bool:
    """Whether turn t of the loop reads row t / turns."""
    terms, constant = rules.affine(rules.ravel(load.index, load.buffer.shape))
    step = terms.pop(var, 0)
    if step * turns != row_elements(load.buffer) or step == 0:
        return False
    low, high = rules.interval(rules.build(terms, constant))
    return low >= 0 and high < step


def _needed(var: Var, body: tuple[Stmt, ...]) -> bool:
    return any(e == var for s in walk(body) for r in expressions(s) for e in subexpressions(r))


def _loads(e: Expr) -> Iterator[Load]:
    return (x for x in subexpressions(e) if isinstance(x, Load))


def _counts(loop: For) -> bool:
    """Whether a loop counts from 0 by 1 to a constant."""
    return loop.begin == Const(INDEX, 0) and loop.step == 1 and isinstance(loop.end, Const)


def _innermost(body: tuple[Stmt, ...]) -> tuple[tuple[For, ...], tuple[Stmt, ...]]:
    """The loops of a perfect nest that count from 0, and what is inside."""
    around: list[For] = []
    while len(body) == 1 and isinstance(body[0], For):
        loop = body[0]
        if not _counts(loop):
            return (), ()
        around.append(loop)
        body = loop.body
    return tuple(around), body


def _nested(around: tuple[For, ...], inner: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    for loop in reversed(around):
        inner = (For(loop.var, loop.begin, loop.end, inner, loop.step),)
    return inner
