"""Long lines of C are broken without changing what they say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgec.emit.wrap import wrap

WORDS = st.lists(
    st.sampled_from(["alpha", "b", "f(x, y)", "0.5f", "in_0[i0 * 3 + k0]"]), min_size=1
)


@given(WORDS, st.sampled_from([", ", " + ", " && ", " ? "]), st.integers(0, 3))
def test_wrapping_changes_only_white_space(words: list[str], mark: str, depth: int) -> None:
    line = "    " * depth + "y = " + mark.join(words) + ";"
    lines = wrap(line, 40)
    assert "".join("".join(lines).split()) == "".join(line.split())
    assert all(len(part) <= 60 for part in lines)
    assert all(part.startswith("    " * (depth + 1)) for part in lines[1:])


def test_short_lines_stay() -> None:
    assert wrap("    y = x;") == ["    y = x;"]


def test_lines_break_behind_a_comma_first() -> None:
    assert wrap("call(aaaaaaaaaaaa, bbbb + cccc, d);", 32) == [
        "call(aaaaaaaaaaaa, bbbb + cccc,",
        "    d);",
    ]


def test_comments_strings_and_directives_stay_whole() -> None:
    for line in (
        "/* " + "word " * 40 + "*/",
        '#include "' + "x" * 120 + '"',
        "#define X " + "y, " * 50,
    ):
        assert wrap(line) == [line]


def test_what_cannot_be_broken_stays_long() -> None:
    assert wrap("x" * 150) == ["x" * 150]
