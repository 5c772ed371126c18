"""Bounds of index expressions hold for every value that the variables can have."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.bounds import Facts
from edgec.loops.expr import INDEX, Binary, Cast, Const, Expr, Load, Select, Unary, Var

I = Var(INDEX, "i", 0, 4)  # noqa: E741
J = Var(INDEX, "j", -3, 2)


def value(e: Expr, env: dict[str, int]) -> int:
    """The value of an expression over variables."""
    if isinstance(e, Const):
        return int(e.value)
    if isinstance(e, Var):
        return env[e.name]
    if isinstance(e, Select):
        return value(e.a if value(e.cond, env) else e.b, env)
    if isinstance(e, Unary):
        return int(not value(e.x, env))
    if isinstance(e, Cast):
        return value(e.x, env)
    assert isinstance(e, Binary)
    a, b = value(e.a, env), value(e.b, env)
    table = {
        "add": a + b,
        "sub": a - b,
        "mul": a * b,
        "min": min(a, b),
        "max": max(a, b),
        "lt": a < b,
        "le": a <= b,
        "gt": a > b,
        "ge": a >= b,
        "eq": a == b,
        "ne": a != b,
        "and": a and b,
        "or": a or b,
    }
    if e.op == "div":
        return int(abs(a) // b) * (1 if a >= 0 else -1)
    if e.op == "mod":
        return (abs(a) % b) * (1 if a >= 0 else -1)
    return int(table[e.op])


def leaves() -> st.SearchStrategy[Expr]:
    return st.one_of(st.just(I), st.just(J), st.integers(-6, 6).map(ex.index))


def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    plain = st.builds(
        lambda op, a, b: Binary(INDEX, op, a, b),
        st.sampled_from(["add", "sub", "mul", "min", "max"]),
        inner,
        inner,
    )
    divided = st.builds(
        lambda op, a, n: Binary(INDEX, op, a, ex.index(n)),
        st.sampled_from(["div", "mod"]),
        inner,
        st.integers(1, 5),
    )
    return st.one_of(plain, divided)


indices = st.recursive(leaves(), grow, max_leaves=6)
comparisons = st.builds(
    lambda op, a, b: Binary(DType.BOOL, op, a, b),
    st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]),
    indices,
    indices,
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(
            lambda op, a, b: Binary(DType.BOOL, op, a, b),
            st.sampled_from(["and", "or"]),
            inner,
            inner,
        ),
        st.builds(lambda a: Unary(DType.BOOL, "not", a), inner),
    ),
    max_leaves=3,
)


@settings(max_examples=400, deadline=None)
@given(e=indices, first=conditions, second=conditions, truth=st.booleans())
def test_no_value_under_the_conditions_lies_outside_the_bounds(
    e: Expr, first: Expr, second: Expr, truth: bool
) -> None:
    low, high = Facts().assuming(first).assuming(second, truth).bound(e)
    for i, j in itertools.product(range(5), range(-3, 3)):
        env = {"i": i, "j": j}
        if value(first, env) and bool(value(second, env)) == truth:
            assert low <= value(e, env) <= high


@pytest.mark.parametrize(
    ("e", "cond", "expected"),
    [
        (I + J, None, (-3, 6)),
        (I + J, I + J >= 0, (0, 6)),
        (I + J, ex.logical_and(I + J >= 0, I + J < 4), (0, 3)),
        ((I + J) * 2, I + J < 4, (-6, 6)),
        (0 - I - J, I + J < 4, (-3, 3)),
        (I, I > 2, (3, 4)),
        (I, ex.eq(I, 2), (2, 2)),
        (I // 2, I < 2, (0, 0)),
        (ex.minimum(I, 2), None, (0, 2)),
        (I - I, None, (0, 0)),
    ],
)
def test_bounds_are_as_tight_as_the_kernels_need(
    e: Expr, cond: Expr | None, expected: tuple[int, int]
) -> None:
    facts = Facts() if cond is None else Facts().assuming(cond)
    assert facts.bound(e) == expected


def test_a_conversion_from_a_narrow_type_has_the_range_of_that_type() -> None:
    from edgec.loops.buffer import Buffer, Storage

    bytes_ = Buffer("b", DType.U8, (4,), Storage.TEMP)
    e = Cast(INDEX, Load(DType.U8, bytes_, (ex.index(0),)))
    assert Facts().bound(e) == (0, 255)
