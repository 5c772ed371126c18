"""Instruction counts are exact, deterministic and go to the right layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.boards import load_board
from edgec.build.elf import function_symbols, section_ranges
from edgec.build.firmware import Firmware, build_firmware
from edgec.diagnostics import EdgecError
from edgec.verify.count import DataRange, PcCount, count_instructions, parse_counts
from tests.unit.verify.generated import Tensor, write_folder
from tests.unit.verify.pair_model import pair_inputs, pair_reference, write_pair

BOARDS = ["host", "mps2-an386", "mps3-an547", "virt-rv32", "virt-rv64"]


def build_pair(folder: Path, board_name: str) -> Firmware:
    board = load_board(board_name)
    return build_firmware(write_pair(folder / "m", board.targets[0]), board, folder / "out")


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", BOARDS)
def test_two_equal_inferences_cost_twice_as_much_as_one(board_name: str, tmp_path: Path) -> None:
    firmware = build_pair(tmp_path, board_name)
    data = pair_inputs(1)
    one = count_instructions(firmware, data).count
    two = count_instructions(firmware, data * 2).count
    assert (one.runs, two.runs) == (1, 2)
    assert two.total == 2 * one.total
    assert [f.instructions for f in two.functions] == [2 * f.instructions for f in one.functions]
    assert one == count_instructions(firmware, data).count


@pytest.mark.qemu
def test_counting_does_not_change_the_outputs(tmp_path: Path) -> None:
    inputs = pair_inputs(2)
    run = count_instructions(build_pair(tmp_path, "mps2-an386"), inputs)
    assert run.result.outputs == tuple(pair_reference(data) for data in inputs)


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["host", "mps2-an386", "virt-rv32"])
def test_the_histogram_adds_up_to_the_total(board_name: str, tmp_path: Path) -> None:
    firmware = build_pair(tmp_path, board_name)
    count = count_instructions(firmware, pair_inputs(1), histogram=True).count
    assert sum(row.count for row in count.histogram) == count.total
    names = {s.name: s for s in function_symbols(firmware.elf)}
    entry = names["pair_run"]
    inside = [r for r in count.histogram if entry.address <= r.address < entry.address + entry.size]
    assert sum(row.count for row in inside) == count.entry


TOUCHING = """
#include "edgec_hal.h"
int touch_run(void *arena);
EDGEC_LAYER int touch_0_layer(volatile uint32_t *words)
{
    volatile uint8_t *const bytes = (volatile uint8_t *)words;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 8u; i++) {
        sum += words[i];
    }
    for (uint32_t i = 0; i < 5u; i++) {
        bytes[i] = (uint8_t)sum;
    }
    return 0;
}
int touch_run(void *arena)
{
    return touch_0_layer((volatile uint32_t *)arena);
}
"""


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["mps2-an386", "mps3-an547", "virt-rv32", "virt-rv64"])
def test_loads_and_stores_of_a_range_are_counted(board_name: str, tmp_path: Path) -> None:
    board = load_board(board_name)
    tensors = [Tensor("x", "int8", 32, 0)]
    layers = [("layer", "touch_0_layer", 0)]
    sources = {"touch.c": TOUCHING}
    folder = write_folder(
        tmp_path / "m", board.targets[0], "touch", sources, tensors, tensors, layers
    )
    firmware = build_firmware(folder, board, tmp_path / "out")
    start, _ = section_ranges(firmware.elf)[".arena"]
    data = (DataRange("words", start, start + 32), DataRange("others", start + 32, start + 64))
    count = count_instructions(firmware, [bytes(32)] * 2, data=data).count
    assert {row.name: row.accesses for row in count.data} == {"words": 26, "others": 0}
    assert count.total == count_instructions(firmware, [bytes(32)] * 2).count.total


STRAIGHT = """
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "edgec_hal.h"
int line_run(void *arena);
__attribute__((naked)) static int line_callee(void *arena);
__attribute__((naked)) static int line_callee(void *arena)
{
    __asm__("nop\\n\\tnop\\n\\tnop\\n\\tbx lr");
}
__attribute__((naked, noinline)) static int line_0_layer(void *arena);
__attribute__((naked, noinline)) static int line_0_layer(void *arena)
{
    __asm__("push {r4, lr}\\n\\tbl line_callee\\n\\tnop\\n\\tpop {r4, pc}");
}
int line_run(void *arena)
{
    __asm__("" ::"r"(line_callee));
    return line_0_layer(arena);
}
"""


@pytest.mark.qemu
def test_callees_count_for_the_layer_that_calls_them(tmp_path: Path) -> None:
    tensors = [Tensor("x", "int32", 1, 0)]
    board = load_board("mps2-an386")
    folder = write_folder(
        tmp_path / "m",
        "cortex-m4",
        "line",
        {"line.c": STRAIGHT},
        tensors,
        tensors,
        layers=[("layer", "line_0_layer", 0)],
    )
    count = count_instructions(build_firmware(folder, board, tmp_path / "out"), [bytes(4)]).count
    # push, bl, nop, pop; and nop, nop, nop, bx in the callee.
    assert count.functions[0].instructions == 8


def test_a_layer_without_code_is_an_error(tmp_path: Path) -> None:
    tensors = [Tensor("x", "int32", 1, 0)]
    source = "int gone_run(void *arena);\nint gone_run(void *arena) { (void)arena; return 0; }\n"
    folder = write_folder(
        tmp_path / "m",
        "x86_64",
        "gone",
        {"gone.c": source},
        tensors,
        tensors,
        layers=[("layer", "gone_0_layer", 0)],
    )
    firmware = build_firmware(folder, load_board("host"), tmp_path / "out")
    with pytest.raises(EdgecError, match="gone_0_layer") as caught:
        count_instructions(firmware, [bytes(4)])
    assert caught.value.diagnostics[0].code == "E0707"


def test_rows_of_code_translated_twice_add_up() -> None:
    text = "runs 2\ncount 0 5\ncount 1 7\npc 10 3\npc 8 1\npc 10 4\n"
    count = parse_counts(text, ["layer"])
    assert (count.runs, count.entry, count.total) == (2, 5, 12)
    assert count.histogram == (PcCount(8, 1), PcCount(16, 7))
