"""Tokens of the text IR."""

from __future__ import annotations

import math

import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.lexer import Kind, Reader, number, tokens
from edgec.ir.literal import Record, Word


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(t.kind, t.text) for t in tokens(text)][:-1]


def test_every_kind_of_token_is_found() -> None:
    assert kinds('%a/b.c %"x \\" y" "s" -1.5e3 word ] sha256:0f -inf nan') == [
        (Kind.NAME, "%a/b.c"),
        (Kind.NAME, '%"x \\" y"'),
        (Kind.STRING, '"s"'),
        (Kind.NUMBER, "-1.5e3"),
        (Kind.WORD, "word"),
        (Kind.PUNCTUATION, "]"),
        (Kind.DIGEST, "sha256:0f"),
        (Kind.NUMBER, "-inf"),
        (Kind.NUMBER, "nan"),
    ]


def test_words_that_begin_like_a_number_are_words() -> None:
    assert kinds("infer nano inf_") == [
        (Kind.WORD, "infer"),
        (Kind.WORD, "nano"),
        (Kind.WORD, "inf_"),
    ]


def test_comments_are_skipped_and_lines_counted() -> None:
    found = tokens("a // no %tokens here\n\n  b")
    assert [(t.text, t.line) for t in found] == [("a", 1), ("b", 3), ("", 3)]


@pytest.mark.parametrize("text", [";", '"open', '%"open\n"', "a\n&"])
def test_other_characters_are_refused(text: str) -> None:
    with pytest.raises(EdgecError, match=r"is not understood") as error:
        tokens(text)
    assert error.value.diagnostics[0].code == "E0115"


def test_literals_nest() -> None:
    reader = Reader(tokens('[1, -2.0, [true, none], "a", f32, Inner(x=1, y=[])]'))
    inner = Record("Inner", (("x", 1), ("y", ())))
    assert reader.literal() == (1, -2.0, (True, None), "a", Word("f32"), inner)


def test_integers_stay_exact() -> None:
    assert number("9007199254740993") == 9007199254740993
    assert isinstance(number("1.0"), float)
    assert math.isnan(number("nan"))


def test_what_belongs_somewhere_is_said() -> None:
    reader = Reader(tokens("a b"))
    with pytest.raises(EdgecError, match="'=' belongs here, not 'a'"):
        reader.expect("=")
    with pytest.raises(EdgecError, match="a number belongs here"):
        reader.take_kind(Kind.NUMBER)
    assert (reader.take().text, reader.take().text) == ("a", "b")
    assert reader.take().kind is reader.take().kind is Kind.END
