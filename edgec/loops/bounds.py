"""Bounds of index expressions under the conditions that enclose them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgec.ir.types import DType
from edgec.loops.expr import INDEX, Binary, Cast, Const, Expr, Load, Select, Unary, Var, is_index
from edgec.loops.index import affine

Terms = tuple[tuple[Expr, int], ...]  # atoms with their coefficients, a sum
Span = tuple[int, int]  # smallest and largest value

_NEGATED = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Fact:
    """`low <= sum of terms <= high`."""

    terms: Terms
    low: int
    high: int


@dataclass(frozen=True)
class Facts:
    """Everything that is known where an expression is evaluated."""

    known: tuple[Fact, ...] = ()

    def assuming(self, cond: Expr, truth: bool = True) -> Facts:
        """These facts and that `cond` is `truth`."""
        return Facts((*self.known, *_facts(cond, truth)))

    def bound(self, e: Expr) -> Span:
        """Smallest and largest value that `e` can have, as far as it can be told."""
        terms, constant = affine(e)
        low = high = constant
        for atom, k in terms.items():
            a, b = self._atom(atom)
            low, high = low + min(k * a, k * b), high + max(k * a, k * b)
        for fact in self.known:
            low, high = self._tighten(terms, constant, fact, (low, high))
        return low, high

    def _tighten(self, terms: dict[Expr, int], constant: int, fact: Fact, span: Span) -> Span:
        """Use a fact about a part of the sum."""
        first, unit = fact.terms[0]
        k = terms.get(first, 0)
        if k == 0 or k % unit or any(terms.get(t, 0) * unit != c * k for t, c in fact.terms):
            return span
        factor = k // unit
        low = constant + min(factor * fact.low, factor * fact.high)
        high = constant + max(factor * fact.low, factor * fact.high)
        inside = {t for t, _ in fact.terms}
        for atom, c in terms.items():
            if atom not in inside:
                a, b = self._atom(atom)
                low, high = low + min(c * a, c * b), high + max(c * a, c * b)
        return max(span[0], low), min(span[1], high)

    def _atom(self, e: Expr) -> Span:
        if isinstance(e, Var) and e.low is not None and e.high is not None:
            span = self._narrowed(e, (e.low, e.high))
        elif isinstance(e, Const):
            span = (int(e.value), int(e.value))
        elif isinstance(e, Binary):
            span = self._binary(e)
        elif isinstance(e, Select):
            (a, b) = self.assuming(e.cond).bound(e.a)
            (c, d) = self.assuming(e.cond, False).bound(e.b)
            span = (min(a, c), max(b, d))
        elif isinstance(e, Cast):
            span = self._cast(e)
        else:
            span = _range(e.dtype)
        return span

    def _narrowed(self, e: Expr, span: Span) -> Span:
        """Facts about `e` alone."""
        low, high = span
        for fact in self.known:
            if len(fact.terms) == 1 and fact.terms[0] == (e, 1):
                low, high = max(low, fact.low), min(high, fact.high)
        return low, high

    def _binary(self, e: Binary) -> Span:
        (al, ah), (bl, bh) = self.bound(e.a), self.bound(e.b)
        span = _range(e.dtype)
        if e.op == "min":
            span = min(al, bl), min(ah, bh)
        elif e.op == "max":
            span = max(al, bl), max(ah, bh)
        elif e.op in ("mul", "wmul"):
            corners = (al * bl, al * bh, ah * bl, ah * bh)
            span = min(corners), max(corners)
        elif e.op == "div" and bl > 0:
            quotients = [_truncated(a, b) for a in (al, ah) for b in (bl, bh)]
            span = min(quotients), max(quotients)
        elif e.op == "mod" and bl > 0:
            span = max(min(al, 0), 1 - bh), min(max(ah, 0), bh - 1)
            span = (al, ah) if al >= 0 and ah < bl else span
        elif e.op == "and" and bl >= 0:
            span = 0, bh
        return self._narrowed(e, span)

    def _cast(self, e: Cast) -> Span:
        if e.x.dtype.is_float:
            return _range(e.dtype)
        low, high = self.bound(e.x)
        least, most = _range(e.dtype)
        return (low, high) if least <= low and high <= most else (least, most)


def _truncated(a: int, b: int) -> int:
    """Division as C does it, toward zero."""
    return a // b if a >= 0 else -(-a // b)


def _range(dtype: DType) -> Span:
    if dtype.is_float:
        return -(2**63), 2**63
    return (0, 1) if dtype is DType.BOOL else (dtype.min, dtype.max)


def _facts(cond: Expr, truth: bool) -> Iterator[Fact]:
    if isinstance(cond, Unary) and cond.op == "not":
        yield from _facts(cond.x, not truth)
    if not isinstance(cond, Binary):
        return
    if cond.op == ("and" if truth else "or") and cond.dtype is DType.BOOL:
        yield from _facts(cond.a, truth)
        yield from _facts(cond.b, truth)
    elif cond.op in _NEGATED and _fixed(cond.a) and _fixed(cond.b):
        yield from _comparison(cond.op if truth else _NEGATED[cond.op], cond.a, cond.b)


def _fixed(e: Expr) -> bool:
    """True for integers whose value does not change while they are in scope."""
    return is_index(e) or (isinstance(e, Const) and not isinstance(e.value, float))


def _comparison(op: str, a: Expr, b: Expr) -> Iterator[Fact]:
    """`sum + constant op 0` as a bound of the sum."""
    if a.dtype is not INDEX:
        return
    terms, constant = affine(Binary(INDEX, "sub", a, b))
    if not terms:
        return
    least, most = -(2**40), 2**40
    if op in ("lt", "le"):
        most = -constant - (op == "lt")
    elif op in ("gt", "ge"):
        least = -constant + (op == "gt")
    elif op == "eq":
        least = most = -constant
    else:
        return
    yield Fact(tuple(terms.items()), least, most)


def loads_under(e: Expr, facts: Facts) -> Iterator[tuple[Load, Facts]]:
    """Every load in `e` with what is known when it is evaluated (`?:`, `and`, `or` shortcut)."""
    if isinstance(e, Load):
        yield e, facts
        for i in e.index:
            yield from loads_under(i, facts)
    elif isinstance(e, Select):
        yield from loads_under(e.cond, facts)
        yield from loads_under(e.a, facts.assuming(e.cond))
        yield from loads_under(e.b, facts.assuming(e.cond, False))
    elif isinstance(e, Binary):
        yield from loads_under(e.a, facts)
        logical = e.dtype is DType.BOOL and e.op in ("and", "or")
        yield from loads_under(e.b, facts.assuming(e.a, e.op == "and") if logical else facts)
    elif isinstance(e, Unary | Cast):
        yield from loads_under(e.x, facts)
    else:
        for child in getattr(e, "args", ()):
            yield from loads_under(child, facts)
