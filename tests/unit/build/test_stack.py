"""The bound of the stack is the heaviest path through the calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.boards import load_board
from edgec.build.disassembly import Frame
from edgec.build.firmware import build_firmware
from edgec.build.stack import StackBound, bound_of, reported_frames, stack_bound
from edgec.verify.qemu import RunOptions, run_elf
from tests.unit.verify.generated import Tensor, write_folder

REPORT = r"""graph: { title: "kws.c"
node: { title: "kws.c:layer" label: "layer\nkws.c:6:18\n24 bytes (static)" }
node: { title: "kws_run" label: "kws_run\nkws.c:40:5\n16 bytes (static)" }
node: { title: "memcpy" label: "memcpy\n<built-in>" shape : ellipse }
node: { title: "sized" label: "sized\nkws.c:50:5\n8 bytes (dynamic)" }
edge: { sourcename: "kws_run" targetname: "kws.c:layer" label: "kws.c:43:5" }
edge: { sourcename: "kws_run" targetname: "memcpy" label: "kws.c:44:5" }
edge: { sourcename: "sized" targetname: "__indirect_call" label: "kws.c:52:5" }
}
"""


def frame(size: int, *callees: str) -> Frame:
    return Frame(size, frozenset(callees))


def test_gccs_report_is_read() -> None:
    assert reported_frames([REPORT]) == {
        "layer": frame(24),
        "kws_run": frame(16, "layer", "memcpy"),
        "sized": Frame(8, frozenset(), dynamic=True, indirect=True),
    }


def test_functions_of_one_name_are_bounded_together() -> None:
    other = REPORT.replace("24 bytes", "40 bytes")
    assert reported_frames([REPORT, other])["layer"].bytes == 40


def test_the_heaviest_path_counts() -> None:
    frames = {
        "run": frame(16, "a", "b"),
        "a": frame(100),
        "b": frame(8, "c"),
        "c": frame(96),
    }
    assert bound_of(frames, "run") == StackBound(16 + 8 + 96)


def test_functions_that_nothing_reports_make_the_bound_unsound() -> None:
    bound = bound_of({"run": frame(16, "expf")}, "run")
    assert bound == StackBound(16, unknown=("expf",))
    assert not bound.is_sound


def test_recursion_and_dynamic_frames_have_no_bound() -> None:
    frames = {
        "run": frame(16, "a", "d"),
        "a": frame(8, "b"),
        "b": frame(8, "a"),
        "d": Frame(8, frozenset(), dynamic=True),
    }
    assert bound_of(frames, "run").unbounded == ("a", "d")


MATH = """
#include "edgec_hal.h"
#include <math.h>
int math_run(void *arena);
int math_run(void *arena)
{
    float *const x = arena;
    x[0] = powf(x[0], 9.5f) + tanhf(x[0]);
    x[1] = (float)((int64_t)x[1] * 1000003 / ((int64_t)x[0] | 1));
    return 0;
}
"""


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["mps2-an385", "microbit", "mps3-an547", "virt-rv32"])
def test_libraries_are_in_the_bound(board_name: str, tmp_path: Path) -> None:
    board = load_board(board_name)
    tensors = [Tensor("x", "float32", 2, 0)]
    folder = write_folder(
        tmp_path / "m", board.targets[0], "math", {"math.c": MATH}, tensors, tensors
    )
    firmware = build_firmware(folder, board, tmp_path / "out")
    bound = stack_bound(firmware)
    data = b"\x00\x00\xc0\x3f\x00\x00\xc8\x42"
    painted = run_elf(board, firmware.elf, [data], RunOptions(stack=True)).stack_bytes
    assert bound.is_sound, bound
    assert painted is not None
    assert painted <= bound.bytes <= 3 * painted


@pytest.mark.parametrize("body", ["return *(int *)arena + 1;", "return *(int *)arena / 3;"])
def test_calls_that_gcc_removed_after_its_report_do_not_count(body: str, tmp_path: Path) -> None:
    source = f"int m_run(void *arena);\nint m_run(void *arena) {{ {body} }}\n"
    tensors = [Tensor("x", "int32", 1, 0)]
    folder = write_folder(tmp_path / "m", "cortex-m0", "m", {"m.c": source}, tensors, tensors)
    firmware = build_firmware(folder, load_board("microbit"), tmp_path / "out")
    before = stack_bound(firmware)
    report = next(o for o in firmware.model_objects if o.name == "m.o").with_suffix(".ci")
    call = 'edge: { sourcename: "m_run" targetname: "__aeabi_lasr" label: "m.c:2:9" }\n}'
    report.write_text(report.read_text().rstrip().removesuffix("}") + call)
    assert "__aeabi_lasr" in reported_frames([report.read_text()])["m_run"].callees
    assert stack_bound(firmware) == before and before.is_sound
