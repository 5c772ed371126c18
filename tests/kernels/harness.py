"""Compiles many calls of kernels into one program that compares every output itself.

`check(target, cases)` runs it natively or under QEMU; the first case that differs fails the test.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgec.boards import load_board
from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import ConvFacts, GemmFacts
from edgec.kernels.registry import AnyRow
from edgec.kernels.transposed import Transposed
from edgec.paths import boards_dir, runtime_dir, targets_dir
from edgec.targets import Target, load_target, machine_flags, runs_here
from edgec.verify.qemu import find_emulator

Row = AnyRow | Transposed
Array = npt.NDArray[np.generic]

C_TYPES = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "float32": "float",
}
GUARD = 16


@dataclass(frozen=True, eq=False)
class Case:
    """One call: `call(names)` gives its C text; y must equal `want` (float: within `tolerance`)."""

    label: str
    kernel: Row
    call: str
    x: Array
    constants: tuple[Array, ...]
    scratch: int
    want: Array
    tolerance: float = 0.0


def conv_case(row: Kernel[ConvFacts], facts: ConvFacts, x: Array, want: Array, tol: float) -> Case:
    """The call of a convolution row for one node."""
    packed = tuple(c.data for c in row.pack(facts))
    names = _names(len(packed), row.scratch(facts))
    label = f"{facts.k_h}x{facts.k_w} {facts.in_h}x{facts.in_w}x{facts.in_c}->{facts.out_c}"
    text = row.emit(facts, names)
    return Case(label, row, text, x, packed, row.scratch(facts), want, tol)


def gemm_case(row: Kernel[GemmFacts], facts: GemmFacts, x: Array, want: Array, tol: float) -> Case:
    """The call of a matrix product row for one node."""
    packed = tuple(c.data for c in row.pack(facts))
    names = _names(len(packed), row.scratch(facts))
    label = f"{facts.rows}x{facts.k}x{facts.n}"
    text = row.emit(facts, names)
    return Case(label, row, text, x, packed, row.scratch(facts), want, tol)


def _names(constants: int, scratch: int) -> CallNames:
    return CallNames(
        "x", "y", "scratch" if scratch else "", tuple(f"k{i}" for i in range(constants))
    )


def check(target: str, cases: Sequence[Case], folder: Path) -> None:
    """Build and run; raise AssertionError naming the first case whose output differs."""
    code = run_source(target, _program(cases), folder)
    if code:
        case = cases[code - 1]
        raise AssertionError(f"{target}: {case.kernel.name} differs for {case.label}\n{case.call}")


def run_source(target: str, text: str, folder: Path) -> int:
    """Compile a C program against the runtime's headers, run it, and return its exit code."""
    found = load_target(target)
    skip_without_machine(found)
    source = folder / "cases.c"
    source.write_text(text)
    program = _build(found, source)
    board = load_board(found.default_board if target != "cortex-m0" else "mps2-an385")
    command = [str(program)]
    if not board.is_host:
        command = [
            str(find_emulator(board.emulator)),
            *board.emulator_args,
            *("-display", "none", "-monitor", "none", "-serial", "null"),
            *("-semihosting-config", "enable=on,target=native", "-kernel", str(program)),
        ]
    done = subprocess.run(command, timeout=120, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode >= 0, f"the program crashed: {done.returncode}"
    return done.returncode


def skip_without_machine(target: Target) -> None:
    """Skip the test if this machine should execute code of a target and lacks what it takes."""
    if load_board(target.default_board).is_host and not runs_here(target):
        missing = ", ".join(sorted(target.cpu_flags - machine_flags()))
        pytest.skip(f"this machine cannot execute code for {target.name}: it lacks {missing}")


def _build(target: Target, source: Path) -> Path:
    common = boards_dir() / "common"
    program = source.with_suffix(".elf")
    include = [
        f"-I{runtime_dir() / 'include'}",
        f"-I{runtime_dir() / 'src'}",
        f"-I{targets_dir() / 'hal' / 'common'}",
        f"-I{targets_dir() / 'hal' / target.arch}",
    ]
    strict = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
    unit = source.with_suffix(".o")
    _run([target.cc, *target.cflags, *strict, *include, "-c", str(source), "-o", str(unit)])
    board = load_board(target.default_board if target.name != "cortex-m0" else "mps2-an385")
    if board.is_host:
        _run([target.cc, str(unit), *target.ldflags, "-o", str(program)])
        return program
    objects = [unit]
    flags = [f for f in target.cflags if not f.startswith("-std")]
    for name in (f"start_{board.start}", "board_semihost"):
        objects.append(source.with_name(f"{name}.o"))
        compiled = ["-c", str(common / f"{name}.c"), "-o", str(objects[-1])]
        _run([target.cc, "-std=gnu99", *flags, f"-I{common}", *compiled])
    placing = ["-nostartfiles", f"-L{common}", "-T", str(board.linker_script)]
    linked = [*map(str, objects), *placing, *target.ldflags, "-lc", "-lgcc"]
    _run([target.cc, *linked, "-o", str(program)])
    return program


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _program(cases: Sequence[Case]) -> str:
    assert len(cases) < 120, "the case's number is the exit code"
    headers = sorted({f'#include "{name}"' for case in cases for name in case.kernel.headers})
    parts = [*headers, _CHECKS]
    parts.extend(_case(i, case) for i, case in enumerate(cases))
    parts.append("int main(void)\n{")
    parts.extend(f"    if (!case{i}()) {{ return {i + 1}; }}" for i in range(len(cases)))
    parts.append("    return 0;\n}\n")
    return "\n".join(parts)


def _case(index: int, case: Case) -> str:
    kind = C_TYPES[str(case.want.dtype)]
    size = case.want.size
    lines = [
        f"static bool case{index}(void)",
        "{",
        c_array("x", case.x),
        c_array("want", case.want),
    ]
    lines.extend(c_array(f"k{i}", data) for i, data in enumerate(case.constants))
    lines.append(f"    static {kind} y[{size} + {GUARD}];")
    lines.append(f"    guard_fill(y + {size}, {GUARD} * sizeof y[0]);")
    if case.scratch:
        lines.append(f"    static int8_t EDGEC_ALIGN(16) scratch[{case.scratch} + {GUARD}];")
        lines.append(f"    guard_fill(scratch + {case.scratch}, {GUARD});")
    lines.append(case.call)
    if case.scratch:
        lines.append(f"    if (!guard_kept(scratch + {case.scratch}, {GUARD})) {{ return false; }}")
    lines.append(f"    if (!guard_kept(y + {size}, {GUARD} * sizeof y[0])) {{ return false; }}")
    if case.tolerance:
        lines.append(f"    return same_f32(y, want, {size}, {case.tolerance}f);\n}}")
    else:
        lines.append(f"    return memcmp(y, want, {size} * sizeof y[0]) == 0;\n}}")
    return "\n".join(lines)


def c_array(name: str, data: Array) -> str:
    """The definition of a constant array with these elements."""
    flat = data.reshape(-1)
    if flat.dtype == np.float32:
        values = ", ".join(f"{float(v).hex()}f" for v in flat)
    else:
        values = ", ".join(str(int(v)) if int(v) > -(2**31) else "INT32_MIN" for v in flat)
    return f"    static const {C_TYPES[str(flat.dtype)]} {name}[] = {{{values}}};"


_CHECKS = """
static inline void guard_fill(void *at, size_t bytes)
{
    memset(at, 0x5a, bytes);
}

static inline bool guard_kept(const void *at, size_t bytes)
{
    const uint8_t *p = at;
    for (size_t i = 0; i < bytes; i++) {
        if (p[i] != 0x5a) {
            return false;
        }
    }
    return true;
}

static inline bool same_f32(const float *y, const float *want, size_t count, float tolerance)
{
    for (size_t i = 0; i < count; i++) {
        const float size = want[i] < 0.0f ? -want[i] : want[i];
        const float d = y[i] - want[i];
        if (!((d < 0.0f ? -d : d) <= tolerance * (size > 1.0f ? size : 1.0f))) {
            return false;
        }
    }
    return true;
}
"""
