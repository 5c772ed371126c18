"""Simplification of index arithmetic: affine forms over bounded variables, and intervals."""

from __future__ import annotations

import math

from edgec.loops.expr import INDEX, Binary, Const, Expr, Var

Affine = tuple[dict[Expr, int], int]  # sum of coefficient * atom, plus a constant


def interval(e: Expr) -> tuple[int, int]:
    """Smallest and largest value of an index expression."""
    if isinstance(e, Const):
        return int(e.value), int(e.value)
    if isinstance(e, Var):
        if e.low is None or e.high is None:
            raise TypeError(f"index variable {e.name} has no range")
        return e.low, e.high
    if isinstance(e, Binary):
        return _binary_interval(e)
    raise TypeError(f"not an index expression: {e}")


def _binary_interval(e: Binary) -> tuple[int, int]:
    (al, ah), (bl, bh) = interval(e.a), interval(e.b)
    if e.op == "add":
        return al + bl, ah + bh
    if e.op == "sub":
        return al - bh, ah - bl
    if e.op == "mul":
        corners = (al * bl, al * bh, ah * bl, ah * bh)
        return min(corners), max(corners)
    if e.op == "min":
        return min(al, bl), min(ah, bh)
    if e.op == "max":
        return max(al, bl), max(ah, bh)
    if e.op == "div" and bl > 0:
        return (al // bl if al < 0 else al // bh), ah // bl
    if e.op == "mod" and bl > 0 and al >= 0:
        return (al, ah) if ah < bl else (0, bh - 1)
    raise TypeError(f"index operation {e.op} out of its domain")


def affine(e: Expr) -> Affine:
    """`e` as a linear combination of atoms (variables and irreducible subexpressions)."""
    if isinstance(e, Const):
        return {}, int(e.value)
    if isinstance(e, Binary) and e.op in ("add", "sub"):
        (ta, ca), (tb, cb) = affine(e.a), affine(e.b)
        sign = 1 if e.op == "add" else -1
        terms = dict(ta)
        for atom, k in tb.items():
            terms[atom] = terms.get(atom, 0) + sign * k
        return {a: k for a, k in terms.items() if k}, ca + sign * cb
    if isinstance(e, Binary) and e.op == "mul":
        (ta, ca), (tb, cb) = affine(e.a), affine(e.b)
        if not tb:
            return {a: k * cb for a, k in ta.items() if k * cb}, ca * cb
        if not ta:
            return {a: k * ca for a, k in tb.items() if k * ca}, ca * cb
    return {e: 1}, 0


def build(terms: dict[Expr, int], constant: int) -> Expr:
    """The expression of an affine form, largest coefficients first."""
    result: Expr | None = None
    for atom, k in sorted(terms.items(), key=lambda t: -abs(t[1])):
        if result is None:
            result = _scaled(atom, k)
        elif k < 0:
            result = Binary(INDEX, "sub", result, _scaled(atom, -k))
        else:
            result = Binary(INDEX, "add", result, _scaled(atom, k))
    if result is None:
        return Const(INDEX, constant)
    if constant > 0:
        return Binary(INDEX, "add", result, Const(INDEX, constant))
    if constant < 0:
        return Binary(INDEX, "sub", result, Const(INDEX, -constant))
    return result


def _scaled(atom: Expr, k: int) -> Expr:
    return atom if k == 1 else Binary(INDEX, "mul", atom, Const(INDEX, k))


def simplify(op: str, a: Expr, b: Expr) -> Expr:
    """`a op b` for indices, in a canonical affine form where there is one."""
    if op in ("add", "sub"):
        return build(*_rejoined(*affine(Binary(INDEX, op, a, b))))
    if op == "mul":
        if isinstance(a, Const) or isinstance(b, Const):
            return build(*affine(Binary(INDEX, op, a, b)))
        return Binary(INDEX, op, a, b)
    if op in ("min", "max"):
        return _min_max(op, a, b)
    if not isinstance(b, Const) or int(b.value) <= 0:
        raise TypeError("index division needs a positive constant")
    return _divide(op, a, int(b.value))


def _rejoined(terms: dict[Expr, int], constant: int) -> Affine:
    """x / n * n + x % n = x: what reshaping there and back leaves."""
    for atom, k in terms.items():
        if not (isinstance(atom, Binary) and atom.op == "mod" and isinstance(atom.b, Const)):
            continue
        divisor = int(atom.b.value)
        quotient = _divide("div", atom.a, divisor)
        if terms.get(quotient) == k * divisor:
            rest = {a: c for a, c in terms.items() if a not in (atom, quotient)}
            whole, offset = affine(atom.a)
            for a, c in whole.items():
                rest[a] = rest.get(a, 0) + c * k
            return _rejoined({a: c for a, c in rest.items() if c}, constant + offset * k)
    return terms, constant


def _min_max(op: str, a: Expr, b: Expr) -> Expr:
    (al, ah), (bl, bh) = interval(a), interval(b)
    if ah <= bl:
        return a if op == "min" else b
    if bh <= al:
        return b if op == "min" else a
    return Binary(INDEX, op, a, b)


def _divide(op: str, a: Expr, divisor: int) -> Expr:
    if divisor == 1:
        return a if op == "div" else Const(INDEX, 0)
    terms, constant = affine(a)
    whole = {x: k for x, k in terms.items() if k % divisor == 0}
    rest = {x: k for x, k in terms.items() if k % divisor}
    offset = constant % divisor
    remainder = build(rest, offset)
    low, high = interval(remainder)
    if low < 0:  # fall back: keep the expression together so that it stays non-negative
        whole, remainder, offset = {}, a, 0
        constant = 0
        low, high = interval(a)
        if low < 0:
            raise TypeError("index division of a value that may be negative")
    if high < divisor:
        part: Expr = Const(INDEX, 0) if op == "div" else remainder
    elif isinstance(remainder, Const):
        value = int(remainder.value)
        part = Const(INDEX, value // divisor if op == "div" else value % divisor)
    else:
        part = _reduced(op, remainder, divisor)
    if op == "mod":
        return part
    quotient = build({x: k // divisor for x, k in whole.items()}, (constant - offset) // divisor)
    return build(*affine(Binary(INDEX, "add", quotient, part)))


def _reduced(op: str, a: Expr, divisor: int) -> Expr:
    """(g x + c) / (g n) = (x + c / g) / n;  (g x + c) % (g n) = g ((x + c / g) % n) + c % g."""
    terms, constant = affine(a)
    g = math.gcd(divisor, *terms.values())
    if g == 1 or not terms:
        return _nested(op, a, divisor)
    smaller = build({x: k // g for x, k in terms.items()}, constant // g)
    if interval(smaller)[0] < 0:
        return _nested(op, a, divisor)
    part = _divide(op, smaller, divisor // g)
    if op == "div":
        return part
    inner, offset = affine(part)
    return build({x: k * g for x, k in inner.items()}, offset * g + constant % g)


def _nested(op: str, a: Expr, divisor: int) -> Expr:
    """(x / m) / n = x / (m n);  (x % (k n)) % n = x % n."""
    if isinstance(a, Binary) and isinstance(a.b, Const):
        inner = int(a.b.value)
        if op == "div" and a.op == "div":
            return _divide("div", a.a, inner * divisor)
        if op == "mod" and a.op == "mod" and inner % divisor == 0:
            return _divide("mod", a.a, divisor)
    return Binary(INDEX, op, a, Const(INDEX, divisor))


def known_comparison(op: str, a: Expr, b: Expr) -> bool | None:
    """Truth of `a op b` if the intervals decide it."""
    difference = simplify("sub", a, b)
    low, high = interval(difference)
    if op in ("gt", "ge"):
        low, high = -high, -low
        op = "lt" if op == "gt" else "le"
    if op == "lt":
        return True if high < 0 else (False if low >= 0 else None)
    if op == "le":
        return True if high <= 0 else (False if low > 0 else None)
    equal = True if low == high == 0 else (False if low > 0 or high < 0 else None)
    if equal is None:
        return None
    return equal if op == "eq" else not equal


def ravel(index: tuple[Expr, ...], shape: tuple[int, ...]) -> Expr:
    """Row-major position of `index` in an array of `shape` (one index is a position already)."""
    if len(index) == 1 and len(shape) != 1:
        return index[0]
    flat: Expr = Const(INDEX, 0)
    for i, extent in zip(index, shape, strict=True):
        flat = simplify("add", simplify("mul", flat, Const(INDEX, extent)), i)
    return flat


def unravel(flat: Expr, shape: tuple[int, ...]) -> tuple[Expr, ...]:
    """Index in an array of `shape` of the row-major position `flat`."""
    out: list[Expr] = []
    stride = 1
    for k, extent in enumerate(reversed(shape)):
        q = simplify("div", flat, Const(INDEX, stride)) if stride > 1 else flat
        last = k == len(shape) - 1
        out.append(q if last else simplify("mod", q, Const(INDEX, max(extent, 1))))
        stride *= max(extent, 1)
    return tuple(reversed(out))
