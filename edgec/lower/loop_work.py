"""Estimated instructions of loops: what is executed, counted over all turns.

The weights are fitted by eye to exact counts on Cortex-M4. Indices cost nothing of their own, as
compilers turn them into moving pointers.
"""

from __future__ import annotations

from edgec.loops import index as rules
from edgec.loops.expr import Binary, Call, Const, Expr, Load, Select, Unary, is_index
from edgec.loops.stmt import Assign, For, If, Local, Stmt, Store, children, expressions

TURN, STORE, KEEP = 1.0, 2.0, 1.0  # of a loop, of an element, of an accumulator
LOADED, BOUND, CHOICE = 1.5, 3.0, 2.0  # of expressions; others take ONE
CALLED, HELPED = 35.0, 1.5  # of functions of floats, and of those that are a few instructions
ONE = 1.0


def work(body: tuple[Stmt, ...]) -> float:
    """Instructions of statements."""
    return sum(map(_statement, body))


def _statement(stmt: Stmt) -> float:
    if isinstance(stmt, For):
        return turns(stmt) * (TURN + work(stmt.body))
    if isinstance(stmt, If):
        return CHOICE + max(work(stmt.then), work(stmt.otherwise))
    own = sum(map(_value, expressions(stmt)))
    if isinstance(stmt, Store):
        return STORE + own
    return own + (KEEP if isinstance(stmt, Assign | Local) else 0.0)


def turns(loop: For) -> int:
    """How often a loop runs, at most."""
    if isinstance(loop.begin, Const) and isinstance(loop.end, Const):
        return max(0, -(-int(loop.end.value - loop.begin.value) // loop.step))
    low, high = rules.interval(loop.end)[1], rules.interval(loop.begin)[0]
    return max(0, -(-(low - high) // loop.step))


def _value(e: Expr) -> float:
    if is_index(e):
        return 0.0
    if isinstance(e, Load):
        return LOADED
    inner = sum(map(_value, children(e)))
    if isinstance(e, Call):
        return inner + (CALLED if e.dtype.is_float else HELPED)
    if isinstance(e, Select) or (isinstance(e, Binary) and e.op in ("min", "max")):
        return inner + BOUND
    return inner + (ONE if isinstance(e, Binary | Unary) else 0.0)
