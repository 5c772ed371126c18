"""Sizes go to what they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.boards import load_board
from edgec.build.elf import function_symbols, image_sizes
from edgec.build.firmware import Firmware, build_firmware
from tests.unit.verify.generated import Tensor, write_folder

SOURCES = {
    "sized.c": """#include "edgec_hal.h"
        int sized_run(void *arena);
        int32_t helper(int32_t x);
        extern const int8_t sized_values[500];
        static const int32_t table[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        static int32_t counter = 4;
        int sized_run(void *arena)
        {
            int32_t *const x = arena;
            counter += x[0];
            x[0] = table[x[0] & 7] + sized_values[x[1]] + helper(x[2]) + counter;
            return 0;
        }
        """,
    "kernel.c": """#include "edgec_hal.h"
        int32_t helper(int32_t x);
        int32_t helper(int32_t x)
        {
            return x * x + 12345;
        }
        """,
    "sized_weights.c": """#include "edgec_hal.h"
        extern const int8_t sized_values[500];
        EDGEC_WEIGHTS const int8_t sized_values[500] = {1, 2, 3};
        """,
}


@pytest.fixture(params=["mps2-an386", "virt-rv32", "host"])
def firmware(request: pytest.FixtureRequest, tmp_path: Path) -> Firmware:
    board = load_board(request.param)
    tensors = [Tensor("x", "int32", 4, 0)]
    folder = write_folder(
        tmp_path / "m", board.targets[0], "sized", SOURCES, tensors, tensors, arena=4096
    )
    return build_firmware(folder, board, tmp_path / "out")


def test_every_part_is_counted_where_it_belongs(firmware: Firmware) -> None:
    sizes = image_sizes(firmware)
    assert sizes.flash.weights == 500
    assert sizes.arena == 4096
    assert sizes.flash.constants >= 40
    symbols = {symbol.name: symbol.size for symbol in function_symbols(firmware.elf)}
    # Code is the function and the four bytes that `counter` starts from.
    assert sizes.flash.code == symbols["sized_run"] + 4
    assert sizes.flash.kernels >= symbols["helper"] > 0
    assert sizes.flash.board > 0
    assert sizes.flash.total == sizes.flash.model + sizes.flash.libraries + sizes.flash.board


def test_mutable_static_data_of_the_model_is_noticed(firmware: Firmware) -> None:
    sizes = image_sizes(firmware)
    assert sizes.model_static == 4
    assert sizes.static_ram == 4096 + 4 + sizes.other_static


def test_symbols_of_thumb_code_have_even_addresses(firmware: Firmware) -> None:
    assert all(symbol.address % 2 == 0 for symbol in function_symbols(firmware.elf)) or (
        firmware.board.is_host
    )
