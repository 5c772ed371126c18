"""Derived figures of the records."""

from __future__ import annotations

from edgec.report.records import (
    BenchResult,
    CheckResult,
    FlashUse,
    LayerRow,
    MemoryUse,
    RunMatch,
    Summary,
    VerifyResult,
)


def test_the_measured_stack_counts_before_its_bound() -> None:
    assert MemoryUse(arena=100, static=4, stack_bound=50, stack_painted=30).total == 134
    assert MemoryUse(arena=100, stack_bound=50).total == 150
    assert MemoryUse(arena=100).total == 100


def test_a_use_fits_up_to_the_last_byte() -> None:
    assert MemoryUse(arena=100, capacity=100).fits
    assert not MemoryUse(arena=101, capacity=100).fits
    assert FlashUse(weights=1, code=2, kernels=3, capacity=6).fits
    assert not FlashUse(weights=1, code=2, kernels=4, capacity=6).fits


def test_the_peak_layer_is_the_one_with_most_live_bytes() -> None:
    rows = tuple(LayerRow(n, "Conv", "loops", 1, "s8[1]", b) for n, b in [("a", 5), ("b", 9)])
    summary = Summary("m", "t", None, 0, FlashUse(0), MemoryUse(0), rows)
    assert summary.peak_layer is rows[1]
    assert Summary("m", "t", None, 0, FlashUse(0), MemoryUse(0)).peak_layer is None


def test_a_check_fits_when_nothing_speaks_against_it() -> None:
    summary = Summary("m", "t", None, 0, FlashUse(0), MemoryUse(0))
    assert CheckResult(summary).fits
    assert not CheckResult(summary, ("too big",)).fits


def test_one_bad_run_fails_the_whole() -> None:
    good = RunMatch("t", "host", 1, (), ok=True)
    assert VerifyResult("m", (good,)).ok
    assert not VerifyResult("m", (good, RunMatch("t", "host", 1, (), ok=False))).ok


def test_instructions_per_mac_need_both() -> None:
    def bench(macs: int, instructions: int | None) -> BenchResult:
        sizes = (FlashUse(0), MemoryUse(0))
        return BenchResult(Summary("m", "t", None, macs, *sizes, instructions=instructions))

    assert bench(100, 250).instructions_per_mac == 2.5
    assert bench(0, 250).instructions_per_mac is None
    assert bench(100, None).instructions_per_mac is None
