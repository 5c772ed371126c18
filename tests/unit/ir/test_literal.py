"""Attribute values as text: every kind of field that an operator may have reads back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pytest

from edgec.ir.lexer import Reader, tokens
from edgec.ir.literal import make, show_fields, show_name
from edgec.ir.types import DType


class Mode(Enum):
    FIRST = "first mode"  # no word: the name of the member is shown
    SECOND = "second"


@dataclass(frozen=True)
class Inner:
    scale: float
    points: tuple[int, ...] = ()


@dataclass(frozen=True)
class Everything:
    a: int
    b: float
    c: bool
    d: str
    e: DType
    mode: Mode
    pairs: tuple[tuple[int, float], ...]
    maybe: float | int | None
    inner: Inner | None
    many: tuple[Inner, ...] = ()
    default: int = 3


VALUE = Everything(
    -1,
    1.0,
    True,
    'q"\\\n',
    DType.I8,
    Mode.FIRST,
    ((1, 2.0), (3, float("inf"))),
    4,
    Inner(1e-30, (1, 2)),
    (Inner(0.5), Inner(2.0, (3,))),
)


def read(text: str) -> object:
    return make(Everything, Reader(tokens(text + "}")).fields("}"))


def test_every_kind_of_field_reads_back() -> None:
    assert read(show_fields(VALUE)) == VALUE


def test_integers_and_floats_of_a_union_keep_their_type() -> None:
    for maybe in (4, 4.0, None):
        value = Everything(1, 1.0, False, "", DType.F32, Mode.SECOND, (), maybe, None)
        again = read(show_fields(value))
        assert isinstance(again, Everything)
        assert type(again.maybe) is type(maybe)


@pytest.mark.parametrize(
    "wrong",
    ["a=1.5", "a=true", "b=true", "c=1", "d=x", "e=f99", "mode=third", "pairs=[1]", "inner=3"],
)
def test_a_value_of_another_kind_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r" is (not|none)"):
        read(wrong)


def test_plain_names_are_bare_and_others_quoted() -> None:
    assert show_name("block3/conv.1") == "%block3/conv.1"
    assert show_name("a b") == '%"a b"'
    assert show_name("*/") == '%"*/"'
    assert show_name("a\nb\\") == '%"a\\nb\\\\"'
    assert show_name("") == '%""'
