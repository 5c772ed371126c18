"""Models in several memories: the same bits on a real core, and less waiting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.shared import MODELS
from edgec import driver
from edgec.config import GenOptions
from edgec.report.records import RegionUse
from tests.support.stateful import write_gru

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
BOARD = "mps3-an547"


def options(*rules: str, stream_input: bool = False) -> GenOptions:
    """For the board that has fast and slow memory."""
    return GenOptions("cortex-m55", board=BOARD, place=rules, stream_input=stream_input)


@pytest.mark.qemu
@pytest.mark.parametrize("stream_input", [False, True], ids=["run", "push"])
@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        (("arena=DTCM:160,RAM",), 2),
        (("arena=DTCM:160,RAM:320,DDR", "weights=DTCM"), 2),
        (("arena=DTCM", "weights=FLASH"), 1),
        (("auto",), 1),
    ],
)
def test_the_digits_model_runs_in_parts(
    rules: tuple[str, ...], parts: int, stream_input: bool
) -> None:
    made = options(*rules, stream_input=stream_input)
    result = driver.verify(DIGITS / "digits_int8.onnx", made, DIGITS / "inputs.npz", 4, print)
    assert all(run.ok for run in result.runs)
    plan = driver.compile_model(DIGITS / "digits_int8.onnx", made, print).plan
    assert len(plan.parts) >= parts if parts > 1 else len(plan.parts) == 1


@pytest.mark.qemu
def test_weights_are_copied_on_other_cores_too() -> None:
    for board, target in (("sifive_e", "riscv32imac"), ("netduinoplus2", "cortex-m4")):
        made = GenOptions(target, board=board, place=("weights=RAM",))
        result = driver.verify(DIGITS / "digits_int8.onnx", made, DIGITS / "inputs.npz", 2, print)
        assert all(run.ok for run in result.runs), board


@pytest.mark.qemu
def test_a_state_outlives_runs_of_a_model_in_parts(tmp_path: Path) -> None:
    """The state is in the first part, which is reset; what is busier is elsewhere."""
    model = write_gru(tmp_path / "gru.onnx")
    made = replace(options("arena=DTCM:96,RAM"), states=(("h0", "hn"),))
    compiled = driver.compile_model(model, made, print)
    assert len(compiled.plan.parts) == 2 and compiled.emission.manifest.reset == "gru_reset"
    result = driver.verify(model, made, None, 5, print)
    assert all(run.ok for run in result.runs)


@pytest.mark.qemu
def test_accesses_are_counted_in_the_memory_of_each_part() -> None:
    """The busy part is in fast memory; the estimate is not far from what a run counts."""
    if not MODELS.is_dir():
        pytest.skip(f"the shared models are not at {MODELS}")
    path, made = MODELS / "kws_int8_qdq.onnx", options("arena=DTCM:2K,RAM")
    guessed = memories(driver.check(path, made, print).summary.regions)
    counted = memories(driver.bench(path, made, print).summary.regions)
    assert all(use.counted for use in counted.values())
    assert 0 < counted["DTCM"].arena <= 2048 and not counted["DTCM"].waiting
    assert counted["DTCM"].accesses > 2 * counted["RAM"].accesses > 0
    for memory in ("DTCM", "RAM", "DDR"):
        assert 0.6 < guessed[memory].accesses / counted[memory].accesses < 1.6, memory


def memories(regions: tuple[RegionUse, ...]) -> dict[str, RegionUse]:
    """By name."""
    return {use.memory: use for use in regions}


@pytest.mark.qemu
def test_auto_leaves_nothing_to_wait_for_where_all_fits_fast_memory() -> None:
    model = DIGITS / "digits_int8.onnx"
    advised = driver.check(model, options(), print)
    assert any(line.startswith("--place auto: about 0 cycles") for line in advised.advice)
    placed = driver.check(model, options("auto"), print)
    assert sum(use.waiting for use in placed.summary.regions) == 0
    assert placed.summary.ram.weights > 0 and not placed.advice
