"""Options of a command line become GenOptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter, signature

import pytest

from edgec.cli.options import CommonOptions, compiles, resolve_target, size_option
from edgec.config import GenOptions
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


def test_sizes_shapes_and_states_are_parsed() -> None:
    given = CommonOptions("cortex-m4", ram="64K", shape=["x=1,2", "y=3"], state=["h0=hn"])
    options = given.checked()
    assert options.ram == 65536
    assert options.shapes == {"x": (1, 2), "y": (3,)}
    assert options.states == (("h0", "hn"),)


def test_without_options_the_defaults_of_the_python_interface_hold() -> None:
    assert CommonOptions("cortex-m4").checked() == GenOptions("cortex-m4")


@pytest.mark.parametrize(("hop", "stream"), [(8, False), (0, True)])
def test_a_hop_that_says_nothing_is_refused(hop: int, stream: bool) -> None:
    with pytest.raises(EdgecError, match="E0022"):
        CommonOptions("cortex-m4", hop=hop, stream_input=stream).checked()


def test_a_size_that_is_not_given_is_no_size() -> None:
    assert size_option("--flash", None) is None
    assert size_option("--flash", "1M") == 1 << 20
    with pytest.raises(EdgecError, match=r"E0006.*--flash 'much'"):
        size_option("--flash", "much")


def test_a_verb_takes_the_common_options_where_it_has_options() -> None:
    seen: list[tuple[str, GenOptions, int]] = []

    @compiles
    def verb(model: str, options: GenOptions, count: int = 4) -> None:
        """Do something."""
        seen.append((model, options, count))

    names = [field.name for field in fields(CommonOptions)]
    assert list(signature(verb).parameters) == ["model", *names, "count"]
    assert verb.__doc__ == "Do something."
    given = {parameter.name: parameter.default for parameter in _optional(verb)}
    verb(**{**given, "model": "m", "target": "cortex-m4", "stream_input": True, "hop": 8})
    assert seen == [("m", GenOptions("cortex-m4", stream_input=True, hop=8), 4)]


def _optional(verb: Callable[..., None]) -> list[Parameter]:
    parameters = signature(verb).parameters.values()
    return [parameter for parameter in parameters if parameter.default is not Parameter.empty]
