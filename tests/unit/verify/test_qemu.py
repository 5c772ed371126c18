"""Programs run on every board with the same results, and failures end with a diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.boards import board_names, load_board
from edgec.build.firmware import BuildOptions, build_firmware
from edgec.diagnostics import EdgecError, ExitCode
from edgec.verify.qemu import RunOptions, find_emulator, run_elf
from tests.unit.verify.generated import Tensor, write_folder
from tests.unit.verify.pair_model import pair_hidden, pair_inputs, pair_reference, write_pair

SMALL = "microbit"


def program(folder: Path, board: str, body: str, reset: str | None = None) -> Path:
    """A program whose model is one int32 in, one int32 out, computed by `body`."""
    target = load_board(board).targets[0]
    source = f'#include "edgec_hal.h"\nint one_run(void *arena);\n{body}\n'
    tensors = [Tensor("x", "int32", 1, 0)]
    write_folder(folder / "m", target, "one", {"one.c": source}, tensors, tensors, reset=reset)
    return build_firmware(folder / "m", load_board(board), folder / "out").elf


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", board_names())
def test_every_board_gives_the_reference_for_every_target(board_name: str, tmp_path: Path) -> None:
    board = load_board(board_name)
    inputs = pair_inputs(3)
    for target in board.targets:
        folder = write_pair(tmp_path / target, target)
        elf = build_firmware(folder, board, tmp_path / target / "out").elf
        result = run_elf(board, elf, inputs)
        assert result.outputs == tuple(pair_reference(data) for data in inputs), target
        assert (result.status, result.stack_bytes, result.trace) == (0, None, ())


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["host", SMALL, "virt-rv64"])
def test_trace_shows_every_step_of_every_inference(board_name: str, tmp_path: Path) -> None:
    board = load_board(board_name)
    folder = write_pair(tmp_path / "m", board.targets[0])
    elf = build_firmware(folder, board, tmp_path / "out", BuildOptions(trace=True)).elf
    inputs = pair_inputs(2)
    trace = run_elf(board, elf, inputs, RunOptions(trace=True)).trace
    assert [(r.inference, r.step) for r in trace] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [r.data for r in trace if r.step == 0] == [pair_hidden(data) for data in inputs]


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["mps2-an386", "virt-rv32", "host"])
def test_painted_stack_grows_by_exactly_what_a_function_uses(
    board_name: str, tmp_path: Path
) -> None:
    body = """
    int one_run(void *arena)
    {
        volatile int32_t kept[SIZE];
        for (int32_t i = 0; i < SIZE; i++) {
            kept[i] = i;
        }
        *(int32_t *)arena = kept[SIZE - 1];
        return 0;
    }"""
    used = []
    for size in (128, 192):
        elf = program(tmp_path / str(size), board_name, body.replace("SIZE", str(size)))
        result = run_elf(load_board(board_name), elf, [bytes(4)], RunOptions(stack=True))
        assert result.stack_bytes is not None
        used.append(result.stack_bytes)
    assert used[0] >= 128 * 4
    assert used[1] - used[0] == 64 * 4


COUNTING = """
void one_reset(void *arena);
void one_reset(void *arena)
{
    ((int32_t *)arena)[1] = 0;
}
int one_run(void *arena)
{
    int32_t *const words = arena;
    words[1] += words[0];
    words[0] = words[1];
    return words[1] > 50 ? 7 : 0;
}"""


def numbers(*values: int) -> list[bytes]:
    return [value.to_bytes(4, "little") for value in values]


def test_state_is_forgotten_before_each_inference(tmp_path: Path) -> None:
    elf = program(tmp_path, "host", COUNTING, reset="one_reset")
    assert run_elf(load_board("host"), elf, numbers(3, 4)).outputs == tuple(numbers(3, 4))


def test_state_is_kept_when_asked_for(tmp_path: Path) -> None:
    elf = program(tmp_path, "host", COUNTING, reset="one_reset")
    result = run_elf(load_board("host"), elf, numbers(3, 4), RunOptions(reset_each=False))
    assert result.outputs == tuple(numbers(3, 7))


def test_repeats_start_from_the_same_inputs(tmp_path: Path) -> None:
    elf = program(tmp_path, "host", COUNTING, reset="one_reset")
    result = run_elf(load_board("host"), elf, numbers(3, 4), RunOptions(repeat=5))
    assert result.outputs == tuple(numbers(3, 4))
    assert result.nanoseconds > 0


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["host", SMALL])
def test_a_status_other_than_zero_ends_the_run(board_name: str, tmp_path: Path) -> None:
    elf = program(tmp_path, board_name, COUNTING, reset="one_reset")
    result = run_elf(load_board(board_name), elf, numbers(1, 60, 2))
    assert (result.status, len(result.outputs)) == (7, 2)


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("board_name", "said"), [("mps2-an386", "took a fault"), ("virt-rv32", "took a trap")]
)
def test_a_fault_is_reported_with_the_last_words(
    board_name: str, said: str, tmp_path: Path
) -> None:
    body = "int one_run(void *arena) { (void)arena; __builtin_trap(); }"
    elf = program(tmp_path, board_name, body)
    with pytest.raises(EdgecError, match=said) as caught:
        run_elf(load_board(board_name), elf, numbers(1))
    assert caught.value.diagnostics[0].code == "E0702"
    assert caught.value.exit_code is ExitCode.FAILED


@pytest.mark.qemu
def test_a_stack_overflow_is_reported(tmp_path: Path) -> None:
    body = """
    int one_run(void *arena)
    {
        volatile int32_t kept[2000];
        for (int32_t i = 0; i < 2000; i++) {
            kept[i] = 1;
        }
        *(int32_t *)arena = kept[5];
        return 0;
    }"""
    elf = program(tmp_path, "stm32vldiscovery", body)
    with pytest.raises(EdgecError, match="stack grew past its limit"):
        run_elf(load_board("stm32vldiscovery"), elf, numbers(1))


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["host", SMALL])
def test_an_endless_run_is_stopped(board_name: str, tmp_path: Path) -> None:
    body = "int one_run(void *arena) { for (;;) { *(volatile int32_t *)arena = 1; } }"
    elf = program(tmp_path, board_name, body)
    with pytest.raises(EdgecError, match=r"within 0\.5 s") as caught:
        run_elf(load_board(board_name), elf, numbers(1), RunOptions(timeout_s=0.5))
    assert caught.value.diagnostics[0].code == "E0703"


def test_a_missing_emulator_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EdgecError) as caught:
        find_emulator("qemu-system-riscv32")
    (problem,) = caught.value.diagnostics
    assert (problem.code, caught.value.exit_code) == ("E0701", ExitCode.ENVIRONMENT)
    assert "apt-get install qemu-system-misc" in problem.help
