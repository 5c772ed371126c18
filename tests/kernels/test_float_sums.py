"""Long float sums keep the precision of single rounding errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.facts import F32, ConvFacts, GemmFacts
from edgec.kernels.registry import CONV_ROWS, GEMM_ROWS
from edgec.targets import load_target
from tests.kernels.harness import check, conv_case, gemm_case
from tests.kernels.samples import Shape, conv_facts, convolve

X86 = load_target("x86_64-v3").features
TOLERANCE = 5e-7
"""Adding the same terms one after the other is off by more than that."""


@pytest.mark.parametrize(
    "row", [r for r in GEMM_ROWS if r.types == F32 and r.needs <= X86], ids=lambda r: r.name
)
def test_long_matrix_product_is_precise(row: Kernel[GemmFacts], tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x = rng.random((1, 3000), np.float32)
    w = rng.random((5, 3000), np.float32)
    want = (x.astype(np.float64) @ w.T.astype(np.float64)).astype(np.float32)
    facts = GemmFacts(1, 3000, 5, weights=w, bias=None)
    check("x86_64-v3", [gemm_case(row, facts, x, want, TOLERANCE)], tmp_path)


@pytest.mark.parametrize(
    "row",
    [r for r in CONV_ROWS if r.types == F32 and r.needs <= X86 and "dwconv" not in r.name],
    ids=lambda r: r.name,
)
def test_convolution_of_many_channels_is_precise(row: Kernel[ConvFacts], tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    shape = Shape(1, 2, 3000, 3, (1, 1))
    x = rng.random((1, 1, 2, 3000), np.float32)
    w = rng.random((3, 1, 1, 3000), np.float32)
    want = convolve(x.astype(np.float64), shape, w.astype(np.float64), 0.0).astype(np.float32)
    check("x86_64-v3", [conv_case(row, conv_facts(shape, w, None), x, want, TOLERANCE)], tmp_path)
