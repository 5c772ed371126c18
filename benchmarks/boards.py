"""Every schedule on every board gives the same bits: python -m benchmarks.boards [--write PAGE].

On each board, models are compiled as without streams, by default, with `--optimize size`, with the
least `--ram` and with `--stream-input`, and run under QEMU (the host's programs natively). All
outputs are compared, byte by byte, with those of the program without streams and with the integer
reference. What does not fit a board is listed with the reason; any difference ends the command with
exit code 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from benchmarks.boards_page import (
    EVERY_BOARD,
    Case,
    Outcome,
    detail_head,
    detail_line,
    page_lines,
)
from benchmarks.shared import MODELS, io_path, model_path
from edgec.boards import board_names, boards_of, load_board
from edgec.build.firmware import BuildOptions, build_firmware
from edgec.config import GenOptions, Optimize
from edgec.diagnostics import EdgecError, ExitCode
from edgec.driver import Compiled, compile_model, goal_of, optimised
from edgec.emit.folder import Content, write_folder
from edgec.lower.push import check_pushable
from edgec.place import STACK_ROOM
from edgec.plan.candidates import Goal
from edgec.plan.fit import Fit
from edgec.targets import load_target, runs_here
from edgec.verify.compare import Row, reference_row, run_samples
from edgec.verify.inputs import load_inputs

NAMES = ("kws_int8_qdq", "resnet8_int8_qdq", "vww_int8_qdq", "ad01_int8_qdq")
INPUTS = 2
PLAIN, DEFAULT, SIZE, RAM, PUSHED = (
    "no streams", "default", "`--optimize size`", "least `--ram`", "`--stream-input`",
)  # fmt: skip
TOO_LARGE = "E0603"  # the linker's: code, constants, arena and stack do not fit


def quiet(_: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Schedule:
    """How to compile a model; `goal` as for `compile_model`."""

    name: str
    options: GenOptions
    goal: Goal | None = None

    def compiled(self, model: str) -> Compiled:
        """The C of `model`."""
        return compile_model(model_path(model), self.options, quiet, self.goal)


def plain(target: str, board: str) -> Schedule:
    """No step by rows."""
    options = GenOptions(target, board=board)
    return Schedule(PLAIN, options, replace(goal_of(options), rows=0.0, ram=None))


def schedules(case: Case) -> Iterator[Schedule]:
    """All that are tried, the one that the others are compared with first."""
    yield plain(case.target, case.board)
    options = GenOptions(case.target, board=case.board)
    yield Schedule(DEFAULT, options)
    yield Schedule(SIZE, replace(options, optimize=Optimize.SIZE))
    least = least_arena(case.target, case.model)
    yield Schedule(RAM, options, goal_of(replace(options, ram=least + STACK_ROOM)))
    if has_rows(case.model):
        yield Schedule(PUSHED, replace(options, stream_input=True))


@cache
def least_arena(target: str, model: str) -> int:
    """The arena of the smallest schedule of a sweep, in bytes."""
    options = GenOptions(target)
    graph = optimised(model_path(model), options, quiet)
    return Fit.of(graph, load_target(target).features, goal_of(options)).sweep()[0].arena


@cache
def has_rows(model: str) -> bool:
    """Whether the input can be pushed row by row."""
    graph = optimised(model_path(model), GenOptions("x86_64"), quiet)
    with suppress(EdgecError):
        check_pushable(graph, 0)
        return True
    return False


def ran(model: str, compiled: Compiled) -> list[Row]:
    """The outputs of `compiled` on its board. Raises TOO_LARGE if it does not fit."""
    samples = load_inputs(io_path(model), INPUTS, compiled.graph)
    with tempfile.TemporaryDirectory(prefix="edgec-boards-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        firmware = build_firmware(folder, compiled.board, Path(place) / "build", BuildOptions())
        return run_samples(firmware, compiled.graph, samples)


def bits(rows: Sequence[Row]) -> list[bytes]:
    """All outputs of each input."""
    return [b"".join(array.tobytes() for array in row) for row in rows]


@cache
def reference(model: str) -> tuple[bytes, ...]:
    """What the numpy references of the operators give."""
    graph = optimised(model_path(model), GenOptions("x86_64"), quiet)
    samples = load_inputs(io_path(model), INPUTS, graph)
    return tuple(bits([reference_row(graph, sample) for sample in samples]))


@cache
def plain_elsewhere(target: str, model: str) -> tuple[bytes, ...]:
    """The outputs without streams on the board with most memory that executes `target`."""
    board = max(boards_of(target), key=lambda name: load_board(name).ram_bytes)
    return tuple(bits(ran(model, plain(target, board).compiled(model))))


def differences(found: Sequence[bytes], case: Case, expected: Sequence[bytes]) -> tuple[str, ...]:
    """What is wrong with the outputs of a schedule; `expected` are those without streams."""
    wanted = (("without streams", expected), ("of the reference", reference(case.model)))
    return tuple(
        f"output {number} is not the one {what}"
        for what, rows in wanted
        for number, (got, row) in enumerate(zip(found, rows, strict=True))
        if got != row
    )


def tried(case: Case) -> Iterator[Outcome]:
    """Every schedule of a model on a board. The same C is not run twice."""
    seen: list[tuple[str, Mapping[str, Content]]] = []
    expected: Sequence[bytes] | None = None
    for schedule in schedules(case):
        compiled = schedule.compiled(case.model)
        arena, files = compiled.plan.arena_bytes, dict(compiled.emission.files)
        same = next((name for name, other in seen if other == files), "")
        if same:
            yield Outcome(schedule.name, arena, same_as=same)
            continue
        seen.append((schedule.name, files))
        try:
            found = bits(ran(case.model, compiled))
        except EdgecError as error:
            yield _failed(schedule.name, arena, error)
            continue
        if expected is None:
            is_plain = schedule.name == PLAIN
            expected = found if is_plain else plain_elsewhere(case.target, case.model)
        yield Outcome(schedule.name, arena, wrong=differences(found, case, expected))


def _failed(schedule: str, arena: int, error: EdgecError) -> Outcome:
    """A program that does not fit is no failure, whatever else happens is one."""
    if error.exit_code is ExitCode.ENVIRONMENT:
        raise error
    what = "; ".join(d.what for d in error.diagnostics)
    if all(d.code == TOO_LARGE for d in error.diagnostics):
        return Outcome(schedule, arena, misfit=what.rpartition(": ")[2])
    return Outcome(schedule, arena, wrong=(what,))


def places() -> tuple[tuple[str, str], ...]:
    """Every board with its own target; and each target that is no board's own, on one board."""
    own = [(name, load_board(name).targets[0]) for name in board_names()]
    found = dict.fromkeys(own)
    for name in board_names():
        for target in load_board(name).targets:
            if all(target != other for _, other in found):
                found[(name, target)] = None
    return tuple(sorted(place for place in found if _executable(place[1])))


def _executable(target: str) -> bool:
    """Whether QEMU's system emulation or this machine runs code of `target`."""
    found = load_target(target)
    return not found.cpu_flags or runs_here(found)


def processor_seconds() -> float:
    """Of this process and of all that it ran."""
    return sum(os.times()[:4])


def main() -> int:
    """Print what happened; write it with --write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page to write into, docs/memory.md")
    parser.add_argument("--boards", nargs="+", default=board_names(), choices=board_names())
    parser.add_argument("--models", nargs="+", default=NAMES, help="of the shared ones")
    arguments = parser.parse_args()
    part = tuple(arguments.boards) != board_names() or tuple(arguments.models) != NAMES
    if part and arguments.write is not None:
        parser.error("--write is for all boards and models")
    if not MODELS.is_dir():
        sys.exit(f"the shared models are not at {MODELS}")
    start = processor_seconds()
    results: dict[Case, tuple[Outcome, ...]] = {}
    print(*detail_head((PLAIN, DEFAULT, SIZE, RAM, PUSHED)), sep="\n", flush=True)
    for board, target in places():
        for model in arguments.models if board in arguments.boards else ():
            case = Case(board, target, model)
            results[case] = tuple(tried(case))
            print(detail_line(case, results[case]), flush=True)
    wrong = [(c, o) for c, outcomes in results.items() for o in outcomes if o.wrong]
    for case, outcome in wrong:
        print(f"{case.model} on {case.board} ({case.target}), {outcome.schedule}: ", end="")
        print("; ".join(outcome.wrong))
    seconds = processor_seconds() - start
    runs = sum(o.ran for outcomes in results.values() for o in outcomes)
    print(f"{runs} programs ran, {len(wrong)} of them wrong, in {seconds:.0f} s of processor time")
    if arguments.write is not None:
        EVERY_BOARD.write(arguments.write, tuple(page_lines(results, seconds)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
