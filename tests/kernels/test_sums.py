"""Rows of products with int32 sums give what the operator's reference says, on every core."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import SumsFacts
from edgec.kernels.registry import SUMS_ROWS
from edgec.ops.matmul import MatMulInteger
from tests.kernels.harness import Case, check
from tests.kernels.targets import each_on_targets

Row = Kernel[SumsFacts]
SIZES = ((1, 1, 1), (2, 4, 2), (1, 33, 7), (5, 6, 5), (4, 64, 12), (3, 130, 9), (7, 15, 6))


def case_of(row: Row, size: tuple[int, int, int], *, signed: bool, zero: bool) -> Case:
    rng = np.random.default_rng(sum(size))
    rows, k, n = size
    dtype = np.int8 if signed else np.uint8
    limits = np.iinfo(dtype)
    x = rng.integers(limits.min, limits.max + 1, (rows, k)).astype(dtype)
    point = rng.choice([limits.min, limits.max, 3], 1).astype(dtype)
    weights = rng.integers(-128, 128, (n, k)).astype(np.int8)
    f = SumsFacts(rows, k, n, weights, signed, zero)
    assert row.when(f)
    want = MatMulInteger().reference(x, weights.T, point.reshape(()) if zero else None)
    packed = tuple(c.data for c in row.pack(f))
    names = tuple(f"k{number}" for number in range(len(packed) + 1))
    others = names[-1:] if zero else ()
    text = row.emit(f, CallNames("x", "y", "scratch", names[:-1], others=others))
    constants = (*packed, point) if zero else packed
    return Case(f"{size} {signed} {zero}", row, text, x, constants, row.scratch(f), want)


@each_on_targets(SUMS_ROWS)
def test_sums_of_bytes_of_both_kinds(row: Row, target: str, tmp_path: Path) -> None:
    kinds = ((False, True), (True, True), (False, False), (True, False))
    cases = [
        case_of(row, size, signed=signed, zero=zero)
        for number, size in enumerate(SIZES)
        for signed, zero in (kinds[number % 4], kinds[(number + 1) % 4])
    ]
    check(target, cases, tmp_path)
