"""Estimated cycles of a Cortex-M3 or M4, from what QEMU executed.

Zero wait states; the core's published timings: data processing, SIMD, multiplies and MACs 1;
a load 2, or 1 directly after another single load whose result is not its address; a store with
immediate offset 1, with register offset 2; a load directly after a store 2; LDRD and STRD 3; LDM,
STM, PUSH and POP of n registers 1 + n; a taken branch 3, not taken 1; SDIV and UDIV 7; VADD and
VMUL 1, VFMA 3, VDIV and VSQRT 14, VLDR 2; an address register written by the instruction just
before, +1. Source: Arm Cortex-M4 Technical Reference Manual, section 3.3, simplified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from edgec.build.disassembly import Instruction
from edgec.verify.count import BlockCount

SINGLE_LOAD = re.compile(r"^ldr(b|h|sb|sh|t|bt|ht)?(\.[nw])?$")
SINGLE_STORE = re.compile(r"^str(b|h|t|bt|ht)?(\.[nw])?$")
DOUBLE = re.compile(r"^(ldrd|strd)(\.[nw])?$")
MULTIPLE = re.compile(r"^(ldm|stm|push|pop|vldm|vstm|vpush|vpop)")
DIVIDE = re.compile(r"^(sdiv|udiv)")
BRANCH = re.compile(r"^(b|bl|bx|blx|cbz|cbnz|tbb|tbh|beq|bne|bcs|bcc|bmi|bpl|bvs|bvc|bhi|bls|bge"
                    r"|blt|bgt|ble|bhs|blo)(\.[nw])?$")  # fmt: skip
FUSED = re.compile(r"^vf?n?m[las]")
FLOAT_DIVIDE = re.compile(r"^(vdiv|vsqrt)")
FLOAT_MOVE = re.compile(r"^(vldr|vstr)")
REGISTER = re.compile(r"\b(r\d+|sp|lr|pc|ip|fp|sl)\b")
ADDRESS = re.compile(r"\[([^\]]*)\]")
SPAN = re.compile(r"([rsd])(\d+)-[rsd](\d+)")


def block_cycles(code: Mapping[int, Instruction], blocks: Iterable[BlockCount]) -> dict[str, int]:
    """Cycles by function; the entry function's own are under ""."""
    total: dict[str, int] = {}
    for block in blocks:
        straight = 0
        before: Instruction | None = None
        for address in block.addresses:
            now = code.get(address, Instruction("nop", ""))
            straight += cycles(now, before)
            before = now
        cost = straight * block.count
        if before is not None and BRANCH.match(before.opcode):
            cost += 2 * block.taken
        total[block.function] = total.get(block.function, 0) + cost
    return total


def cycles(now: Instruction, before: Instruction | None) -> int:
    """Cycles of one instruction behind another; of a branch as if it were not taken."""
    opcode = now.opcode
    stall = 1 if _waits(now, before) else 0
    if SINGLE_LOAD.match(opcode):
        return _load(before) + stall
    if SINGLE_STORE.match(opcode):
        address = ADDRESS.search(now.operands)
        by_register = address is not None and len(REGISTER.findall(address.group(1))) > 1
        return (2 if by_register else 1) + stall
    if DOUBLE.match(opcode):
        return 3 + stall
    if MULTIPLE.match(opcode):
        return 1 + _listed(now.operands) + stall
    if DIVIDE.match(opcode):
        return 7
    return _float(opcode) + stall


def _float(opcode: str) -> int:
    if FLOAT_DIVIDE.match(opcode):
        return 14
    if FLOAT_MOVE.match(opcode):
        return 2
    return 3 if FUSED.match(opcode) else 1


def _load(before: Instruction | None) -> int:
    """A load is pipelined behind a single load; behind a store it is not."""
    return 1 if before is not None and SINGLE_LOAD.match(before.opcode) else 2


def _waits(now: Instruction, before: Instruction | None) -> bool:
    """True if an address needs a register that the instruction before has just written."""
    address = ADDRESS.search(now.operands)
    if address is None or before is None or before.opcode.startswith(("str", "cmp", "b")):
        return False
    written = REGISTER.match(before.operands)
    return written is not None and written.group(1) in REGISTER.findall(address.group(1))


def _listed(operands: str) -> int:
    """Registers in a list such as {r4-r7, lr}."""
    inside = operands[operands.find("{") + 1 : operands.find("}")]
    count = 0
    for item in filter(None, (part.strip() for part in inside.split(","))):
        span = SPAN.match(item)
        width = 2 if item.startswith("d") else 1
        count += width * (int(span.group(3)) - int(span.group(2)) + 1 if span else 1)
    return count
