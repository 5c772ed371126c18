"""The one-screen texts."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console, RenderableType

from edgec.report.records import (
    BenchResult,
    CheckResult,
    FlashUse,
    LayerDifference,
    LayerRow,
    MemoryUse,
    OutputMatch,
    RegionUse,
    RunMatch,
    Summary,
    VerifyResult,
)
from edgec.report.text import TABLE_ROWS, amount, bar, bench_text, check_text, size, verify_text

LAYERS = (
    LayerRow("l00_conv", "Conv", "conv_s8", 2_000_000, "s8[1,25,5,64]", 7936, 3_000_000),
    LayerRow("l01_gemm", "Gemm", "loops", 660_000, "s8[1,12]", 1000, 1_000_000),
)
SUMMARY = Summary(
    name="kws",
    target="cortex-m4",
    board="mps2-an386",
    macs=2_660_000,
    flash=FlashUse(22_000, 1_000, 3_000, capacity=4 << 20, measured=True),
    ram=MemoryUse(7936, 0, 400, 312, capacity=16 << 10),
    layers=LAYERS,
    arena_lower_bound=7936,
    plan_is_optimal=True,
    instructions=4_000_000,
    notes=("Softmax is computed in float",),
)


def lines(renderable: RenderableType) -> list[str]:
    """What is printed on a wide plain terminal, without trailing blanks."""
    stream = io.StringIO()
    Console(file=stream, width=200, no_color=True).print(renderable)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (7936, "7.8 KB"), (4 << 20, "4.0 MB")],
)
def test_sizes_are_in_binary_units(count: int, text: str) -> None:
    assert size(count) == text


def test_amounts_are_in_decimal_units() -> None:
    assert [amount(n) for n in (912, 45_100, 2_660_000)] == ["912", "45.1 k", "2.66 M"]


def test_a_bar_shows_the_first_byte_and_never_overflows() -> None:
    assert bar(1, 1 << 20).plain.count("█") == 1
    assert bar(0, 100).plain.count("█") == 0
    assert bar(200, 100).plain == "█" * 24
    assert bar(50, 100).plain == "█" * 12 + "░" * 12
    assert bar(50, None).plain == ""


def test_one_screen_says_whether_it_fits() -> None:
    assert lines(check_text(CheckResult(SUMMARY))) == [
        "kws for cortex-m4, board mps2-an386: fits",
        "  flash  █░░░░░░░░░░░░░░░░░░░░░░░ 25.4 KB of 4.0 MB (0.6 %): "
        "weights 22,000 B, model 1,000 B, kernels 3,000 B",
        "  RAM    ████████████░░░░░░░░░░░░ 8.1 KB of 16.0 KB (50.3 %): "
        "arena 7,936 B, stack 312 B measured, stack at most 400 B, static 0 B",
        "  plan   peak 7,936 B in l00_conv (Conv), placement proven optimal",
        "  work   2.66 M MACs, 4,000,000 instructions, 1.50 per MAC",
        "  note   Softmax is computed in float",
    ]


def test_memories_are_listed_where_rules_placed_something() -> None:
    regions = (
        RegionUse("DTCM", "ram", 524288, 1936, 0, 337_500, 0.0, counted=True),
        RegionUse("RAM", "ram", 2 << 20, 9280, 28272, 361_200, 361_200.0),
        RegionUse("DDR", "ram", 16 << 20, 0, 0, 0, 0.0),
    )
    ram = dataclasses.replace(SUMMARY.ram, weights=28272)
    placed = dataclasses.replace(SUMMARY, ram=ram, regions=regions, placed=True)
    shown = lines(check_text(CheckResult(placed)))
    assert (
        "  in DTCM  arena 1,936 B of 512.0 KB: 337.5 k accesses counted, 0 cycles of waiting"
        in shown
    )
    assert (
        "  in RAM   arena 9,280 B, weights 28,272 B of 2.0 MB: 361.2 k accesses estimated, "
        "361.2 k cycles of waiting"
    ) in shown
    assert any(line.endswith("static 0 B, weights 28,272 B") for line in shown)
    assert not any("DDR" in line for line in shown)
    unplaced = dataclasses.replace(placed, placed=False)
    assert not any("DTCM" in line for line in lines(check_text(CheckResult(unplaced))))


def test_what_does_not_fit_comes_with_advice() -> None:
    small = Summary("m", "cortex-m0", "microbit", 1, FlashUse(1), MemoryUse(20000, capacity=16384))
    shown = lines(check_text(CheckResult(small, ("RAM: 3,616 B too much",), ("--optimize size",))))
    assert shown[0] == "m for cortex-m0, board microbit: does not fit"
    assert shown[-2:] == ["does not fit: RAM: 3,616 B too much", "try: --optimize size"]


def test_without_budget_nothing_is_claimed_to_fit() -> None:
    shown = lines(check_text(CheckResult(Summary("m", "t", None, 1, FlashUse(1), MemoryUse(1)))))
    assert "no budget given" in shown[0]


def test_bench_has_a_row_per_layer_with_its_share() -> None:
    shown = lines(bench_text(BenchResult(SUMMARY)))
    assert shown[-2].split() == (
        "l00_conv Conv conv_s8 s8[1,25,5,64] 2,000,000 3,000,000 75.0 % 1.50".split()
    )


def test_long_models_show_their_most_expensive_layers() -> None:
    many = tuple(LayerRow(f"l{i:03}", "Add", "loops", i, "s8[1]") for i in range(TABLE_ROWS + 3))
    shown = lines(bench_text(BenchResult(Summary("m", "t", None, 1, *USES, many))))
    assert shown[-1] == "and 3 cheaper layers"
    assert not any(line.startswith("l000") for line in shown)


USES = (FlashUse(1), MemoryUse(1))


def test_names_are_escaped_and_are_no_markup() -> None:
    layer = LayerRow("[red]a\n", "Conv", "loops", 1, "s8[1]", 1)
    shown = lines(bench_text(BenchResult(Summary("m", "t", None, 1, *USES, (layer,)))))
    assert shown[-1].startswith("[red]a\\n")


def run(ok: bool, *outputs: OutputMatch, difference: LayerDifference | None = None) -> list[str]:
    match = RunMatch("cortex-m4", "mps2-an386", 4, outputs, ok, difference)
    return lines(verify_text(VerifyResult("kws", (match,))))


def test_verify_shows_each_output_against_both_references() -> None:
    integer = OutputMatch("y", "s8", 48, True, 1.0, 0.9979, None, 1.0)
    shown = run(True, integer)
    assert shown[0] == "kws on cortex-m4, mps2-an386, 4 inputs: ok"
    expected = "y s8 48 identical bits 99.79 % within 1 step, largest 1 100.0 %"
    assert shown[2].split() == expected.split()


def test_verify_says_so_when_nothing_was_compared() -> None:
    shown = run(True, OutputMatch("y", "f32", 1, None))
    assert shown[2].split() == "y f32 1 none not compared".split()


def test_verify_names_the_first_layer_that_differs() -> None:
    difference = LayerDifference("conv1", "Conv", "kws_l00_conv", 2, 17, "-3", "5")
    shown = run(False, OutputMatch("y", "s8", 48, False), difference=difference)
    assert shown[0].endswith("FAILED")
    assert shown[-1] == (
        "  first difference: conv1 (Conv, kws_l00_conv), input 2, element 17: expected -3, got 5"
    )
