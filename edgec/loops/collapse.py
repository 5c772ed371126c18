"""Merges perfectly nested loops that walk through memory in one line into a single loop."""

from __future__ import annotations

from collections.abc import Iterator

from edgec.loops.expr import INDEX, Const, Expr, Load, Var
from edgec.loops.index import affine, build, ravel
from edgec.loops.rewrite import map_children, map_statement
from edgec.loops.stmt import For, If, Stmt, Store, children, expressions, walk


def collapse(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """`body` with every collapsible pair of loops merged, innermost first."""
    return tuple(_stmt(stmt) for stmt in body)


def _stmt(stmt: Stmt) -> Stmt:
    if isinstance(stmt, If):
        return If(stmt.cond, collapse(stmt.then), collapse(stmt.otherwise))
    if not isinstance(stmt, For):
        return stmt
    loop = For(stmt.var, stmt.begin, stmt.end, collapse(stmt.body), stmt.step)
    merged = _merge(loop)
    return loop if merged is None else merged


def _extent(loop: For) -> int | None:
    """Trip count of a loop that counts from 0 by 1, else None."""
    plain = loop.step == 1 and loop.begin == Const(INDEX, 0) and isinstance(loop.end, Const)
    return int(loop.end.value) if plain and isinstance(loop.end, Const) else None


def _merge(outer: For) -> For | None:
    if len(outer.body) != 1 or not isinstance(outer.body[0], For):
        return None
    inner = outer.body[0]
    a, b = _extent(outer), _extent(inner)
    if a is None or b is None:
        return None
    for place in _positions(inner.body):
        if place is None:
            return None
        terms, _ = place
        if terms.get(outer.var, 0) != b * terms.get(inner.var, 0):
            return None
        if any(k not in (outer.var, inner.var) and _mentions(k, outer, inner) for k in terms):
            return None
    if _used_elsewhere(inner.body, outer.var, inner.var):
        return None
    var = Var(INDEX, inner.var.name, 0, a * b - 1)
    body = tuple(_rewrite(s, outer.var, inner.var, var) for s in inner.body)
    return For(var, Const(INDEX, 0), Const(INDEX, a * b), body)


def _mentions(e: Expr, outer: For, inner: For) -> bool:
    if e in (outer.var, inner.var):
        return True
    return any(_mentions(c, outer, inner) for c in children(e))


def _positions(body: tuple[Stmt, ...]) -> Iterator[tuple[dict[Expr, int], int] | None]:
    """Affine row-major positions of all loads and stores; None for one that is not affine."""
    for stmt in walk(body):
        if isinstance(stmt, Store):
            yield _position(stmt.index, stmt.buffer.shape)
        for root in expressions(stmt):
            yield from _load_positions(root)


def _load_positions(e: Expr) -> Iterator[tuple[dict[Expr, int], int] | None]:
    if isinstance(e, Load):
        yield _position(e.index, e.buffer.shape)
        return
    for child in children(e):
        yield from _load_positions(child)


def _position(
    index: tuple[Expr, ...], shape: tuple[int, ...]
) -> tuple[dict[Expr, int], int] | None:
    try:
        return affine(ravel(index, shape))
    except TypeError:
        return None


def _used_elsewhere(body: tuple[Stmt, ...], *variables: Var) -> bool:
    """True if a variable occurs outside the indices of loads and stores."""
    for stmt in walk(body):
        roots = (stmt.value,) if isinstance(stmt, Store) else expressions(stmt)
        if any(_used(root, variables) for root in roots):
            return True
    return False


def _used(e: Expr, variables: tuple[Var, ...]) -> bool:
    if e in variables:
        return True
    if isinstance(e, Load):
        return False
    return any(_used(c, variables) for c in children(e))


def _rewrite(stmt: Stmt, outer: Var, inner: Var, merged: Var) -> Stmt:
    """`stmt` with every position in terms of `merged` instead of `outer` and `inner`."""

    def position(index: tuple[Expr, ...], shape: tuple[int, ...]) -> tuple[Expr, ...]:
        terms, constant = affine(ravel(index, shape))
        kept = {a: k for a, k in terms.items() if a not in (outer, inner)}
        if inner in terms:
            kept[merged] = terms[inner]
        return (build(kept, constant),)

    def value(e: Expr) -> Expr:
        if isinstance(e, Load):
            return Load(e.dtype, e.buffer, position(e.index, e.buffer.shape))
        return map_children(e, value)

    def statement(s: Stmt) -> Stmt:
        if isinstance(s, Store):
            return Store(s.buffer, position(s.index, s.buffer.shape), value(s.value))
        return map_statement(s, value, statement)

    return statement(stmt)
