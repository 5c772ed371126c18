"""Simplified indices have the same values, and their intervals hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.loops import expr as ex
from edgec.loops.expr import INDEX, Binary, Const, Expr, Var
from edgec.loops.index import (
    affine,
    build,
    interval,
    known_comparison,
    ravel,
    simplify,
    unravel,
)
from tests.support.interpret import evaluate

I, J, K = Var(INDEX, "i", 0, 3), Var(INDEX, "j", -2, 2), Var(INDEX, "k", 1, 5)  # noqa: E741
VARIABLES = (I, J, K)


def assignments() -> Iterator[dict[str, int]]:
    """Every value of all variables."""
    ranges = [range(v.low or 0, (v.high or 0) + 1) for v in VARIABLES]
    for values in product(*ranges):
        yield {v.name: value for v, value in zip(VARIABLES, values, strict=True)}


@st.composite
def indices(draw: st.DrawFn, depth: int = 4) -> tuple[Expr, Expr]:
    """The same index expression twice: simplified on the way, and as it is written.

    Divisions are only written where their operand cannot be negative.
    """
    kind = draw(st.sampled_from(["var", "const", "linear", "linear", "divide", "extreme"]))
    if depth == 0 or kind == "var":
        leaf: Expr = draw(st.sampled_from(VARIABLES))
        return leaf, leaf
    if kind == "const":
        leaf = ex.index(draw(st.integers(-6, 12)))
        return leaf, leaf
    a, raw_a = draw(indices(depth=depth - 1))
    if kind == "divide":
        op, divisor = draw(st.sampled_from(["div", "mod"])), draw(st.integers(1, 6))
        low = interval(raw_a)[0]
        if low < 0:
            a, raw_a = a - low, Binary(INDEX, "sub", raw_a, ex.index(low))
        return simplify(op, a, ex.index(divisor)), Binary(INDEX, op, raw_a, ex.index(divisor))
    b, raw_b = draw(indices(depth=depth - 1))
    if kind == "extreme":
        op = draw(st.sampled_from(["min", "max"]))
        return simplify(op, a, b), Binary(INDEX, op, raw_a, raw_b)
    op = draw(st.sampled_from(["add", "sub", "mul"]))
    if op == "mul":
        factor = ex.index(draw(st.integers(-3, 5)))
        return simplify(op, a, factor), Binary(INDEX, op, raw_a, factor)
    return simplify(op, a, b), Binary(INDEX, op, raw_a, raw_b)


@given(indices())
def test_simplification_keeps_every_value(pair: tuple[Expr, Expr]) -> None:
    simple, raw = pair
    for values in assignments():
        assert evaluate(simple, **values) == evaluate(raw, **values)


@given(indices())
def test_an_interval_holds_every_value(pair: tuple[Expr, Expr]) -> None:
    for e in pair:
        low, high = interval(e)
        assert all(low <= evaluate(e, **values) <= high for values in assignments())


@given(indices(), indices(), st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]))
def test_a_known_comparison_is_true(a: tuple[Expr, Expr], b: tuple[Expr, Expr], op: str) -> None:
    known = known_comparison(op, a[0], b[0])
    if known is not None:
        raw = Binary(INDEX, op, a[1], b[1])
        assert all(evaluate(raw, **values) == known for values in assignments())


@given(indices())
def test_the_affine_form_is_the_expression(pair: tuple[Expr, Expr]) -> None:
    terms, constant = affine(pair[1])
    again = build(terms, constant)
    for values in assignments():
        assert evaluate(again, **values) == evaluate(pair[1], **values)


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (I + 1 - 1, I),
        (I * 4 // 4, I),
        ((I * 4 + 3) // 4, I),
        ((I * 6 + 5) // 3, I * 2 + 1),
        ((I * 4 + 3) % 4, ex.index(3)),
        ((I + 4) % 4, I),
        (I // 4, ex.index(0)),
        (K // 2 // 3, ex.index(0)),
        (I + J - I, J),
        (ex.minimum(I, 3), I),
        (ex.maximum(I, 3), ex.index(3)),
        (I * 0 + 7, ex.index(7)),
    ],
)
def test_simple_forms_are_found(e: Expr, text: Expr) -> None:
    assert e == text


def test_nested_divisions_become_one() -> None:
    wide = Var(INDEX, "w", 0, 999)
    assert wide // 3 // 4 == Binary(INDEX, "div", wide, ex.index(12))
    assert wide % 12 % 4 == Binary(INDEX, "mod", wide, ex.index(4))


@given(st.lists(st.integers(1, 5), min_size=0, max_size=4).map(tuple))
def test_unravel_undoes_ravel(shape: tuple[int, ...]) -> None:
    index = tuple(
        Var(INDEX, f"v{k}", 0, d - 1) if d > 1 else ex.index(0) for k, d in enumerate(shape)
    )
    assert unravel(ravel(index, shape), shape) == index


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple))
def test_unravelled_positions_count_in_row_major_order(shape: tuple[int, ...]) -> None:
    position = Var(INDEX, "p", 0, math.prod(shape) - 1)
    for at, index in enumerate(product(*(range(d) for d in shape))):
        assert tuple(evaluate(i, p=at) for i in unravel(position, shape)) == index


def test_one_index_into_a_tensor_of_many_dimensions_is_a_position() -> None:
    assert ravel((K,), (2, 3)) is K


@pytest.mark.parametrize("divide", [lambda: J // 2, lambda: J % 3, lambda: I // 0, lambda: I // -1])
def test_division_of_what_may_be_negative_is_refused(divide: object) -> None:
    assert callable(divide)
    with pytest.raises(TypeError, match="division"):
        divide()


def test_division_by_a_variable_is_refused() -> None:
    with pytest.raises(TypeError, match="positive constant"):
        simplify("div", I, K)


def test_a_variable_without_range_has_no_interval() -> None:
    with pytest.raises(TypeError, match="has no range"):
        interval(Var(INDEX, "x"))


def test_only_indices_have_an_interval() -> None:
    with pytest.raises(TypeError, match="not an index"):
        interval(ex.Cast(INDEX, I))
    with pytest.raises(TypeError, match="out of its domain"):
        interval(Binary(INDEX, "div", I, J))


def test_reshaping_there_and_back_leaves_nothing() -> None:
    wide = Var(INDEX, "w", 0, 23)
    for shape in ((4, 6), (2, 3, 4), (2, 2, 2, 3)):
        assert ravel(unravel(wide, shape), shape) == wide
        assert ravel(unravel(wide * 2 + 1, (*shape, 2)), (*shape, 2)) == wide * 2 + 1


def test_parts_of_different_divisions_stay() -> None:
    wide = Var(INDEX, "w", 0, 23)
    mixed = wide // 4 * 4 + wide % 6
    assert [evaluate(mixed, w=w) for w in range(24)] == [w // 4 * 4 + w % 6 for w in range(24)]


def test_constants_fold() -> None:
    assert simplify("add", ex.index(2), ex.index(3)) == Const(INDEX, 5)
    assert simplify("div", ex.index(7), ex.index(2)) == Const(INDEX, 3)
