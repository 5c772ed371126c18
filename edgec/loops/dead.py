"""Removes named values that nobody reads: what folding an expression may leave behind."""

from __future__ import annotations

from edgec.loops.expr import Var
from edgec.loops.stmt import Assign, For, If, Let, Local, Stmt, expressions, subexpressions, walk


def remove_dead(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """`body` without scalars that are never read, and without loops and conditions around
    nothing.
    """
    while True:
        read = {
            e.name
            for stmt in walk(body)
            for root in expressions(stmt)
            for e in subexpressions(root)
            if isinstance(e, Var)
        }
        kept = _kept(body, read)
        if kept == body:
            return body
        body = kept


def _kept(body: tuple[Stmt, ...], read: set[str]) -> tuple[Stmt, ...]:
    out: list[Stmt] = []
    for stmt in body:
        if isinstance(stmt, Let | Local | Assign) and stmt.var.name not in read:
            continue
        if isinstance(stmt, For):
            inner = _kept(stmt.body, read)
            if inner:
                out.append(For(stmt.var, stmt.begin, stmt.end, inner, stmt.step))
        elif isinstance(stmt, If):
            then, otherwise = _kept(stmt.then, read), _kept(stmt.otherwise, read)
            if then or otherwise:
                out.append(If(stmt.cond, then, otherwise))
        else:
            out.append(stmt)
    return tuple(out)
