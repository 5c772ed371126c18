"""Options of a command line become GenOptions."""

from __future__ import annotations

import pytest

from edgec.cli.options import gen_options, resolve_target
from edgec.diagnostics import EdgecError


def test_the_board_brings_its_target() -> None:
    assert resolve_target(None, "mps2-an386") == "cortex-m4"


def test_the_target_given_counts_if_the_board_runs_it() -> None:
    assert resolve_target("cortex-m0", "mps2-an386") == "cortex-m0"


@pytest.mark.parametrize(
    ("target", "board", "code", "text"),
    [
        (None, None, "E0003", "no target"),
        ("cortex-m55", "microbit", "E0004", "microbit"),
        ("cortex-m5", None, "E0010", "cortex-m5"),
        (None, "microbyte", "E0011", "microbyte"),
    ],
)
def test_target_and_board_must_exist_and_fit(
    target: str | None, board: str | None, code: str, text: str
) -> None:
    with pytest.raises(EdgecError, match=f"{code}.*{text}"):
        resolve_target(target, board)


def test_sizes_and_shapes_are_parsed() -> None:
    options = gen_options(target="cortex-m4", board=None, ram="64K", shape=["x=1,2", "y=3"])
    assert options.ram == 65536
    assert options.flash is None
    assert options.shapes == {"x": (1, 2), "y": (3,)}
