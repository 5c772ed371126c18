"""What is said of a model that does not fit."""

from __future__ import annotations

import dataclasses

import pytest

from edgec.emit.manifest import ManifestFile, manifest
from edgec.plan import make_plan
from edgec.plan.result import MemoryPlan
from edgec.report.advice import advice, reasons, summarize, waiting_advice
from edgec.report.records import FlashUse, LayerRow, MemoryUse, Summary
from edgec.targets import load_target
from tests.unit.plan.programs import chain

LAYERS = (
    LayerRow("l00_conv", "Conv", "loops", 100, "s8[1,8,8,4]", 900),
    LayerRow("l01_gemm", "Gemm", "loops", 100, "s8[1,10]", 300),
)
ROOMY = Summary(
    "kws",
    "cortex-m4",
    None,
    200,
    FlashUse(2000, 300, 50, capacity=2350, measured=True),
    MemoryUse(900, 20, stack_bound=80, capacity=1000),
    LAYERS,
)
NO_RAM = dataclasses.replace(ROOMY, ram=dataclasses.replace(ROOMY.ram, capacity=999))
NO_FLASH = dataclasses.replace(ROOMY, flash=dataclasses.replace(ROOMY.flash, capacity=2000))


def made() -> tuple[ManifestFile, MemoryPlan]:
    """Manifest and plan of a chain of three steps."""
    program = chain([16, 64, 100, 40])
    plan = make_plan(program)
    target = load_target("cortex-m4")
    return manifest(program, plan, target, (), "mps2-an386", ("m.c",), ("m.h",)), plan


def test_a_summary_repeats_manifest_and_plan() -> None:
    file, plan = made()
    summary = summarize(file, plan, (164, None))
    assert (summary.target, summary.board) == ("cortex-m4", "mps2-an386")
    assert summary.ram == MemoryUse(plan.arena_bytes, capacity=164)
    assert summary.flash.capacity is None
    assert summary.arena_lower_bound == plan.lower_bound
    assert [row.name for row in summary.layers] == [row.name for row in file.layers]
    assert summary.peak_layer is not None
    assert summary.peak_layer.live_bytes == 164


def test_a_model_that_fits_to_the_byte_has_no_reasons() -> None:
    assert reasons(ROOMY) == advice(ROOMY) == ()


def test_the_reason_has_the_sum_and_what_is_too_much() -> None:
    assert reasons(NO_RAM) == (
        "RAM: arena 900 + stack 80 + static 20 = 1000 bytes, 1 more than the 999 there are",
    )
    assert reasons(NO_FLASH) == (
        "flash: weights 2000 + code 350 = 2350 bytes, 350 more than the 2000 there are",
    )


def test_ram_is_saved_at_the_peak_layer() -> None:
    (line,) = advice(NO_RAM)
    assert "l00_conv" in line and "900 bytes live" in line


@pytest.mark.parametrize(("output", "word"), [("f32[1,10]", "quantization"), ("s8[1]", "fewer")])
def test_only_a_float_model_is_told_to_quantize(output: str, word: str) -> None:
    layers = (dataclasses.replace(LAYERS[0], output=output),)
    (line,) = advice(dataclasses.replace(NO_FLASH, layers=layers))
    assert "2000 bytes" in line and word in line


def test_copied_weights_are_part_of_the_sum() -> None:
    copied = dataclasses.replace(ROOMY, ram=dataclasses.replace(ROOMY.ram, weights=2000))
    assert reasons(copied)[0].startswith(
        "RAM: arena 900 + stack 80 + static 20 + weights 2000 = 3000 bytes, 2000 more"
    )


def test_faster_memory_is_advised_where_it_saves_a_tenth() -> None:
    assert waiting_advice(0, 0) == waiting_advice(1000, 950) == ()
    assert waiting_advice(1_490_834, 2475.6) == (
        "--place auto: about 2,476 cycles of waiting for memory instead of 1,490,834",
    )
