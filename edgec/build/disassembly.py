"""Stack use and calls read from machine code, for functions that no compiler report covers.

The C library and the compiler's own library come without stack reports, and calls of the latter
(64-bit multiplication, float emulation) are missing from gcc's call graph. The disassembly has
both. A function's frame is the sum of everything it ever subtracts from the stack pointer, which
cannot be less than the frame of any path.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_LABEL = re.compile(r"^[0-9a-f]+ <(.+)>:$")
_LINE = re.compile(r"^\s*[0-9a-f]+:\t[0-9a-f ]+\t(\S+)\s*(.*)$")
_DESTINATION = re.compile(r"<([^>+]+)(?:\+0x[0-9a-f]+)?>")
_BRANCHES = re.compile(r"^(b|bl|blx|j|jal|call|jmp|tail|cbz|cbnz|b[a-z]{2,4})(\.[nw])?$")
_INDIRECT = re.compile(r"^(blx|jalr|call)$")
_REGISTERS = re.compile(r"\{([^}]*)\}")
_PUSH = re.compile(r"^(push|vpush|stmdb|vstmdb)(\.w)?$")
_SUBTRACT = re.compile(r"^sub[sw]?(?:\.w)?$")
_IMMEDIATE = re.compile(r"#(\d+)$")
_STORE_BACK = re.compile(r"\[sp, #-(\d+)\]!")
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


def disassembled_frames(elf: Path, cc: str) -> dict[str, Frame]:
    """Frames of all functions of an Arm or RISC-V `elf`; nothing without the compiler's objdump."""
    tool = shutil.which(re.sub(r"gcc$", "objdump", cc))
    if tool is None:
        return {}
    listing = subprocess.run(
        [tool, "-d", str(elf)], capture_output=True, text=True, errors="replace", check=False
    ).stdout
    return frames_of_listing(listing)


def frames_of_listing(listing: str) -> dict[str, Frame]:
    """The frames in the text that `objdump -d` printed."""
    frames: dict[str, Frame] = {}
    name = ""
    lines: list[tuple[str, str]] = []
    for text in [*listing.splitlines(), "0 <>:"]:
        label = _LABEL.match(text) or re.match(r"^0 <()>:$", text)
        if label:
            if name:
                frame = _frame(name, lines)
                frames[name] = frame.merged(frames[name]) if name in frames else frame
            name, lines = label.group(1), []
            continue
        line = _LINE.match(text)
        if line:
            lines.append((line.group(1), line.group(2).split("@")[0].split(";")[0].strip()))
    return frames


def _frame(name: str, lines: list[tuple[str, str]]) -> Frame:
    size = 0
    dynamic = False
    indirect = False
    callees = set()
    for opcode, operands in lines:
        taken = _stack_taken(opcode, operands)
        dynamic = dynamic or taken is None
        size += taken or 0
        if _BRANCHES.match(opcode):
            destination = _DESTINATION.search(operands)
            if destination and destination.group(1) != name:
                callees.add(destination.group(1))
        if _INDIRECT.match(opcode) and "<" not in operands:
            indirect = True
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
