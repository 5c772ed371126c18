"""Text from a model in comments, and names of macros."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgec.emit.names import comment_text, macro


@given(st.text())
def test_nothing_in_a_comment_can_end_it_or_start_another(text: str) -> None:
    safe = comment_text(text)
    assert safe.isascii() and safe.isprintable()
    assert not any(bad in safe for bad in ("*/", "/*", "//", "\\", "??", '"', "*"))


def test_ordinary_names_stay_readable() -> None:
    assert comment_text("block3/conv:0 (relu) [1,2]") == "block3/conv:0 (relu) [1,2]"


def test_long_text_is_cut() -> None:
    assert comment_text("x" * 300, 20) == "x" * 17 + "..."
    assert comment_text("x" * 20, 20) == "x" * 20


def test_macros_are_upper_case() -> None:
    assert macro("kws_input_0") == "KWS_INPUT_0"
