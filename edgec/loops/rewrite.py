"""Rebuilding expressions and statements with changed parts."""

from __future__ import annotations

from collections.abc import Callable

from edgec.loops.expr import Binary, Call, Cast, Expr, Load, Select, Unary
from edgec.loops.stmt import Assign, For, If, Let, Local, Stmt, Store


def map_children(e: Expr, f: Callable[[Expr], Expr]) -> Expr:
    """`e` with `f` applied to its direct operands."""
    match e:
        case Load():
            return Load(e.dtype, e.buffer, tuple(f(i) for i in e.index))
        case Unary():
            return Unary(e.dtype, e.op, f(e.x))
        case Cast():
            return Cast(e.dtype, f(e.x))
        case Binary():
            return Binary(e.dtype, e.op, f(e.a), f(e.b))
        case Select():
            return Select(e.dtype, f(e.cond), f(e.a), f(e.b))
        case Call():
            return Call(e.dtype, e.function, tuple(f(a) for a in e.args))
    return e


def map_statement(s: Stmt, value: Callable[[Expr], Expr], body: Callable[[Stmt], Stmt]) -> Stmt:
    """`s` with `value` applied to its expressions and `body` to the statements inside it."""
    match s:
        case For():
            inner = tuple(body(x) for x in s.body)
            return For(s.var, value(s.begin), value(s.end), inner, s.step)
        case If():
            then = tuple(body(x) for x in s.then)
            return If(value(s.cond), then, tuple(body(x) for x in s.otherwise))
        case Let():
            return Let(s.var, value(s.value))
        case Local():
            return Local(s.var, value(s.value))
        case Assign():
            return Assign(s.var, value(s.value))
        case Store():
            return Store(s.buffer, tuple(value(i) for i in s.index), value(s.value))
    return s
