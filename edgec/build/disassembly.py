"""Stack use and calls read from machine code, for functions that no compiler report covers.

The C library and the compiler's own library come without stack reports, and calls of the latter
(64-bit multiplication, float emulation) are missing from gcc's call graph. The disassembly has
both. A function's frame is the sum of everything it ever subtracts from the stack pointer, which
cannot be less than the frame of any path.
"""

from __future__ import annotations

import bisect
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.build.elf import Symbol, function_symbols

_LABEL = re.compile(r"^([0-9a-f]+) <(.+)>:$")
_LINE = re.compile(r"^\s*[0-9a-f]+:\t[0-9a-f ]+\t(\S+)\s*(.*)$")
_CODE = re.compile(r"^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)\s*(.*)$")
_DESTINATION = re.compile(r"\b([0-9a-f]+) <[^>]+>")
_BRANCHES = re.compile(r"^(b|bl|blx|j|jal|call|jmp|tail|cbz|cbnz|b[a-z]{2,4})(\.[nw])?$")
_INDIRECT = re.compile(r"^(blx|jalr|call)$")
_REGISTERS = re.compile(r"\{([^}]*)\}")
_PUSH = re.compile(r"^(push|vpush|stmdb|vstmdb)(\.w)?$")
_SUBTRACT = re.compile(r"^sub[sw]?(?:\.w)?$")
_IMMEDIATE = re.compile(r"#(\d+)$")
_COMMENT = re.compile(r"[;@]")
_STORE_BACK = re.compile(r"\[sp, #-(\d+)\]!")

# libgcc's shared prologues and epilogues of RISC-V code. __riscv_save_N returns with N + 1 saved
# registers and padding still on the stack, which is the caller's frame from then on.
_SAVE = re.compile(r"^__riscv_save_(\d+)$")
_SHARED = re.compile(r"^__riscv_(save|restore)_\d+$")

_RISCV_ADJUST = re.compile(r"^sp,sp,(-?\d+)$")


@dataclass(frozen=True)
class Frame:
    """A function's own stack in bytes and the names of what it calls.

    `dynamic` is true where the frame's size depends on data; `indirect` where a call goes
    through a pointer.
    """

    bytes: int
    callees: frozenset[str]
    dynamic: bool = False
    indirect: bool = False

    def merged(self, other: Frame) -> Frame:
        """A frame that is a bound for both."""
        return Frame(
            max(self.bytes, other.bytes),
            self.callees | other.callees,
            self.dynamic or other.dynamic,
            self.indirect or other.indirect,
        )


@dataclass(frozen=True)
class Instruction:
    """One disassembled instruction."""

    opcode: str
    operands: str


def machine_code(elf: Path, cc: str) -> dict[int, Instruction]:
    """Every instruction of `elf` by address; nothing without the compiler's objdump."""
    code = {}
    for text in _listing(elf, cc).splitlines():
        line = _CODE.match(text)
        if line:
            operands = _COMMENT.split(line.group(3))[0].strip()
            code[int(line.group(1), 16)] = Instruction(line.group(2), operands)
    return code


def _listing(elf: Path, cc: str) -> str:
    """What `objdump -d` prints; nothing where it is missing."""
    tool = shutil.which(re.sub(r"gcc$", "objdump", cc))
    if tool is None:
        return ""
    return subprocess.run(
        [tool, "-d", str(elf)], capture_output=True, text=True, errors="replace", check=False
    ).stdout


def disassembled_frames(elf: Path, cc: str) -> dict[str, Frame]:
    """Frames of all functions of an Arm or RISC-V `elf`; nothing without the compiler's objdump."""
    listing = _listing(elf, cc)
    if not listing:
        return {}
    return frames_of_listing(listing, function_symbols(elf, sized=False))


def frames_of_listing(listing: str, symbols: Sequence[Symbol] = ()) -> dict[str, Frame]:
    """The frames in the text that `objdump -d` printed, under every name in `symbols`.

    objdump shows one name per address, so calls are followed by address.
    """
    functions = _functions(listing)
    starts = [function.address for function in functions]
    frames: dict[str, Frame] = {}
    by_address: dict[int, Frame] = {}
    for function in functions:
        frame = _frame(function, functions, starts)
        by_address[function.address] = frame
        known = frames.get(function.name)
        frames[function.name] = frame.merged(known) if known else frame
    for symbol in symbols:
        if symbol.name not in frames and symbol.address in by_address:
            frames[symbol.name] = by_address[symbol.address]
    return frames


@dataclass(frozen=True)
class _Function:
    """A label of the listing and the (opcode, operands) up to the next one."""

    name: str
    address: int
    lines: tuple[tuple[str, str], ...]


def _functions(listing: str) -> list[_Function]:
    """The functions of a listing, by address."""
    found: list[_Function] = []
    lines: list[tuple[str, str]] = []
    for text in reversed(listing.splitlines()):
        line = _LINE.match(text)
        if line:
            lines.append((line.group(1), _COMMENT.split(line.group(2))[0].strip()))
        label = _LABEL.match(text)
        if label:
            found.append(_Function(label.group(2), int(label.group(1), 16), tuple(lines[::-1])))
            lines = []
    return sorted(found, key=lambda function: function.address)


def _frame(function: _Function, functions: list[_Function], starts: list[int]) -> Frame:
    if _SHARED.match(function.name):
        return Frame(0, frozenset())
    size = 0
    dynamic = False
    indirect = False
    callees = set()
    for opcode, operands in function.lines:
        taken = _stack_taken(opcode, operands)
        dynamic = dynamic or taken is None
        size += taken or 0
        indirect = indirect or bool(_INDIRECT.match(opcode) and "<" not in operands)
        destination = _DESTINATION.search(operands) if _BRANCHES.match(opcode) else None
        if destination is None:
            continue
        index = bisect.bisect_right(starts, int(destination.group(1), 16)) - 1
        callee = functions[index].name if index >= 0 else function.name
        saved = _SAVE.match(callee)
        size += 16 * (int(saved.group(1)) // 2 + 1) if saved else 0
        if callee != function.name:
            callees.add(callee)
    return Frame(size, frozenset(callees), dynamic, indirect)


def _stack_taken(opcode: str, operands: str) -> int | None:
    """Bytes that an instruction takes from the stack; None when only running it tells."""
    if _PUSH.match(opcode) and ("sp!" in operands or "push" in opcode):
        return _registers_bytes(operands)
    back = _STORE_BACK.search(operands)
    if back:
        return int(back.group(1))
    if _SUBTRACT.match(opcode) and operands.startswith("sp,"):
        immediate = _IMMEDIATE.search(operands)
        return int(immediate.group(1)) if immediate else None
    if opcode in ("addi", "add") and operands.startswith("sp,sp,"):
        adjust = _RISCV_ADJUST.match(operands)
        return max(0, -int(adjust.group(1))) if adjust else None
    return 0


def _registers_bytes(operands: str) -> int:
    """Bytes of a register list such as {r4, r5, lr} or {d8-d11}."""
    listed = _REGISTERS.search(operands)
    if listed is None:
        return 0
    total = 0
    for item in listed.group(1).replace(" ", "").split(","):
        first, _, last = item.partition("-")
        count = int(last[1:]) - int(first[1:]) + 1 if last else 1
        total += count * (8 if first.startswith("d") else 4)
    return total
