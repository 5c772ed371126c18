"""Runs a linked program over any number of inputs, natively or under QEMU.

The program is the harness of boards/common/main.c. It exchanges files with this module in a
scratch folder; their layouts are stated there and in the struct formats here.
"""

from __future__ import annotations

import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.boards import Board
from edgec.diagnostics import EdgecError, ExitCode, fail

_CONTROL = struct.Struct("<4I")
_CONTROL_MAGIC = 0x31434445
_REPORT = struct.Struct("<IiIIQ")
_TRACE_HEAD = struct.Struct("<II")
_TRACE_INFERENCE = 0xFFFFFFFF

_FLAG_STACK = 1
_FLAG_TRACE = 2
_FLAG_RESET_EACH = 4

_DEBIAN_PACKAGES = (
    ("qemu-system-arm", "qemu-system-arm"),
    ("qemu-system-", "qemu-system-misc"),
    ("qemu-", "qemu-user"),
)


@dataclass(frozen=True)
class RunOptions:
    """How the harness runs.

    `stack` paints the stack and measures it; `trace` records every step's output (the program
    must be built with `BuildOptions(trace=True)`); `reset_each` forgets a model's state before
    every inference; `repeat` runs each inference that many times and keeps the last; `emulate`
    runs a host program under QEMU's user mode instead of natively; `plugin` is QEMU's -plugin
    argument, and implies `emulate`.
    """

    stack: bool = False
    trace: bool = False
    reset_each: bool = True
    repeat: int = 1
    timeout_s: float = 120.0
    emulate: bool = False
    plugin: str = ""


@dataclass(frozen=True)
class TraceRecord:
    """The bytes that step `step` of inference `inference` wrote."""

    inference: int
    step: int
    data: bytes


@dataclass(frozen=True)
class RunResult:
    """`outputs[i]` is all outputs of inference i, in the manifest's order.

    `status` is what the entry function returned last: when it is not 0, `outputs` ends with that
    inference. `stack_bytes` is None unless it was measured. `nanoseconds` is the time spent in
    the entry function, on the host only, otherwise 0.
    """

    outputs: tuple[bytes, ...]
    status: int
    stack_bytes: int | None
    nanoseconds: int
    trace: tuple[TraceRecord, ...]


def run_elf(
    board: Board, elf: Path, inputs: Sequence[bytes], options: RunOptions | None = None
) -> RunResult:
    """Run `elf` on `board` once per element of `inputs`: all inputs of one inference, joined.

    Raises E0701 when QEMU is missing, E0702 when the program crashes and E0703 when it takes
    longer than `options.timeout_s`.
    """
    options = options or RunOptions()
    with tempfile.TemporaryDirectory(prefix="edgec-run-") as name:
        folder = Path(name)
        _write_requests(folder, inputs, options)
        _execute(_command(board, elf.resolve(), options), board, folder, options)
        return _read_results(folder, options)


def find_emulator(emulator: str) -> Path:
    """The path of `emulator`. Raises E0701 when it is not installed."""
    path = shutil.which(emulator)
    if path is None:
        package = next(p for prefix, p in _DEBIAN_PACKAGES if emulator.startswith(prefix))
        raise fail(
            "E0701",
            f"the emulator '{emulator}' is not installed",
            rule="boards other than the host run under QEMU",
            help=f"on Debian and Ubuntu: apt-get install {package}",
            exit_code=ExitCode.ENVIRONMENT,
        )
    return Path(path)


def _command(board: Board, elf: Path, options: RunOptions) -> list[str]:
    if board.is_host and not (options.emulate or options.plugin):
        return [str(elf)]
    command = [str(find_emulator(board.emulator)), *board.emulator_args]
    if options.plugin:
        command += ["-plugin", options.plugin]
    if board.is_host:
        return [*command, str(elf)]
    return [
        *command,
        *("-display", "none", "-monitor", "none", "-serial", "null"),
        *("-semihosting-config", "enable=on,target=native"),
        *("-kernel", str(elf)),
    ]


def _write_requests(folder: Path, inputs: Sequence[bytes], options: RunOptions) -> None:
    flags = _FLAG_STACK * options.stack
    flags |= _FLAG_TRACE * options.trace
    flags |= _FLAG_RESET_EACH * options.reset_each
    control = _CONTROL.pack(_CONTROL_MAGIC, flags, len(inputs), options.repeat)
    (folder / "control.bin").write_bytes(control)
    (folder / "input.bin").write_bytes(b"".join(inputs))


def _execute(command: list[str], board: Board, folder: Path, options: RunOptions) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=options.timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise fail(
            "E0703",
            f"the program on board '{board.name}' did not end within {options.timeout_s:g} s",
            rule="a run ends in bounded time",
            help="allow more time, or run fewer inputs",
            exit_code=ExitCode.FAILED,
        ) from error
    if done.returncode != 0 or not (folder / "report.bin").exists():
        raise _crashed(board, done.returncode, done.stderr + done.stdout)


def _crashed(board: Board, code: int, said: str) -> EdgecError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    words = f"; its last words: {' / '.join(lines[-3:])}" if lines else ""
    return fail(
        "E0702",
        f"the program on board '{board.name}' crashed with exit code {code}{words}",
        rule="generated code runs without faults",
        help=_remedy(board, code),
        exit_code=ExitCode.FAILED,
    )


def _remedy(board: Board, code: int) -> str:
    """What to do about a crash with a process's exit code."""
    if board.is_host and code in (-signal.SIGILL, 128 + signal.SIGILL):
        return "this machine or its emulator lacks instructions of the target: try another target"
    return "a stack larger than the RAM left for it is the usual cause: see `edgec check`"


def _read_results(folder: Path, options: RunOptions) -> RunResult:
    count, status, stack, _, nanoseconds = _REPORT.unpack((folder / "report.bin").read_bytes())
    raw = (folder / "output.bin").read_bytes()
    each = len(raw) // count if count else 0
    return RunResult(
        outputs=tuple(raw[i * each : (i + 1) * each] for i in range(count)),
        status=status,
        stack_bytes=stack if options.stack else None,
        nanoseconds=nanoseconds,
        trace=_read_trace(folder / "trace.bin") if options.trace else (),
    )


def _read_trace(path: Path) -> tuple[TraceRecord, ...]:
    raw = path.read_bytes()
    records = []
    inference = -1
    position = 0
    while position < len(raw):
        step, size = _TRACE_HEAD.unpack_from(raw, position)
        position += _TRACE_HEAD.size
        data = raw[position : position + size]
        position += size
        if step == _TRACE_INFERENCE:
            inference = int.from_bytes(data, "little")
        else:
            records.append(TraceRecord(inference, step, data))
    return tuple(records)
