"""The kinds of cores that kernels are tested on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from _pytest.mark import ParameterSet

from edgec.kernels.registry import AnyRow
from edgec.targets import load_target

TARGETS = (
    "x86_64",
    "x86_64-v3",
    "x86_64-v4",
    "x86_64-avxvnni",
    "cortex-m0",
    "cortex-m3",
    "cortex-m4",
    "cortex-m55",
    "riscv32imac",
    "riscv64gcv",
)


def on_targets(needs: frozenset[str], *values: object) -> Iterator[ParameterSet]:
    """`values` and every target that has the features `needs`."""
    for target in TARGETS:
        if needs <= load_target(target).features:
            marks = () if target.startswith("x86") else (pytest.mark.qemu,)
            yield pytest.param(*values, target, marks=marks)


def each_on_targets(rows: Iterable[AnyRow]) -> pytest.MarkDecorator:
    """Runs a test of `row` and `target` for all rows, on every target with their features."""
    return pytest.mark.parametrize(
        ("row", "target"),
        [case for row in rows for case in on_targets(row.needs, row)],
        ids=lambda value: value if isinstance(value, str) else value.name,
    )
