"""Kernels give the same rows when they run a few at a time, on windows that slide."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.facts import ConvFacts
from edgec.kernels.registry import CONV_ROWS
from edgec.targets import load_target
from tests.kernels.cases import conv_cases, conv_sample
from tests.kernels.harness import check
from tests.kernels.sliding import SHAPES, sliding_cases

X86 = ("x86_64", "x86_64-v3", "x86_64-v4")
HOSTS = {name: load_target(name).features for name in X86}


@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_sliding_windows_equal_the_whole_layer(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    target = next((name for name, has in HOSTS.items() if row.needs <= has), None)
    if target is None:
        pytest.skip("the host lacks a feature that the kernel needs")
    rng = np.random.default_rng(6)
    check(target, sliding_cases(row, [conv_sample(row, rng, s) for s in SHAPES]), tmp_path)


def test_a_wrong_result_is_noticed(tmp_path: Path) -> None:
    case = conv_cases(CONV_ROWS[0], 7, 1)[0]
    wrong = dataclasses.replace(case, want=case.want ^ np.int8(1))
    with pytest.raises(AssertionError, match="differs"):
        check("x86_64", [wrong], tmp_path)


def test_a_write_past_the_scratch_memory_is_noticed(tmp_path: Path) -> None:
    case = conv_cases(CONV_ROWS[0], 7, 1)[0]
    assert case.scratch > 0
    with pytest.raises(AssertionError, match="differs"):
        check("x86_64", [dataclasses.replace(case, scratch=case.scratch - 1)], tmp_path)
