"""Options: names, sizes and shapes from text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.config import GenOptions, c_identifier, is_usable_name, parse_bytes, parse_shape
from edgec.diagnostics import EdgecError


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("kws", "kws"),
        ("kws_int8.v2", "kws_int8_v2"),
        ("3d-net (v2)", "m_3d_net_v2"),
        ("int", "int_model"),
        ("string", "string_model"),
        ("Math", "Math_model"),
        ("_private", "private"),
        ('*/ "\n\\', "model"),
        ("größe", "gr_e"),
        ("", "model"),
    ],
)
def test_a_file_stem_becomes_a_c_name(stem: str, name: str) -> None:
    assert c_identifier(stem) == name


@given(st.text())
def test_every_text_becomes_a_usable_name(text: str) -> None:
    assert is_usable_name(c_identifier(text)) or len(c_identifier(text)) > 48


@pytest.mark.parametrize("name", ["for", "3x", "a-b", "", "_x", "stdint", "a" * 49, "naïve"])
def test_a_given_name_must_be_usable(name: str) -> None:
    with pytest.raises(EdgecError, match="E0005"):
        GenOptions(target="x86_64", name=name).model_name(Path("m.onnx"))


def test_the_folder_is_named_like_the_model() -> None:
    assert GenOptions(target="x86_64").output_folder(Path("a/my net.onnx")) == Path("my_net")
    assert GenOptions(target="x86_64", name="k").output_folder(Path("m.onnx")) == Path("k")
    options = GenOptions(target="x86_64", output=Path("out"))
    assert options.output_folder(Path("m.onnx")) == Path("out")


@pytest.mark.parametrize(
    ("text", "count"),
    [("16384", 16384), ("0x4000", 16384), ("16K", 16384), ("16 kb", 16384), ("1M", 1 << 20)],
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert parse_bytes(text, "--ram") == count


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.5K", "12Q", "K", "0x", "99999999999999", "１２"]
)
def test_bad_sizes_are_refused(text: str) -> None:
    with pytest.raises(EdgecError, match="E0006"):
        parse_bytes(text, "--ram")


def test_shapes_are_read() -> None:
    assert parse_shape("x=1,3,96,96") == ("x", (1, 3, 96, 96))
    assert parse_shape("a=b:0=7") == ("a=b:0", (7,))


@pytest.mark.parametrize("text", ["x", "=1", "x=", "x=1,,2", "x=-1", "x=1x3", "x=a"])
def test_bad_shapes_are_refused(text: str) -> None:
    with pytest.raises(EdgecError, match="E0007"):
        parse_shape(text)
