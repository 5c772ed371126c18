"""Cycles follow the core's published timings."""

from __future__ import annotations

import pytest

from edgec.build.disassembly import Instruction
from edgec.verify.count import BlockCount
from edgec.verify.cycles import block_cycles, cycles

ADD = Instruction("adds", "r0, r1, r2")
LOAD = Instruction("ldr", "r3, [r1, #4]")


@pytest.mark.parametrize(
    ("opcode", "operands", "expected"),
    [
        ("adds", "r0, r1, r2", 1),
        ("smlad", "r0, r1, r2, r3", 1),
        ("smull", "r0, r1, r2, r3", 1),
        ("ldrsb.w", "r0, [r1, #3]", 2),
        ("str", "r0, [r1, #4]", 1),
        ("strb", "r0, [r1, r2]", 2),
        ("ldrd", "r4, r5, [r0], #8", 3),
        ("ldmia", "r1!, {r4, r5, r6}", 4),
        ("push", "{r4-r7, lr}", 6),
        ("udiv", "r0, r1, r2", 7),
        ("vfma.f32", "s0, s1, s2", 3),
        ("vmul.f32", "s0, s1, s2", 1),
        ("vdiv.f32", "s0, s1, s2", 14),
        ("vldr", "s0, [r0]", 2),
        ("vpush", "{d8-d9}", 5),
        ("bne.n", "8000 <loop>", 1),
    ],
)
def test_one_instruction(opcode: str, operands: str, expected: int) -> None:
    assert cycles(Instruction(opcode, operands), None) == expected


def test_a_load_behind_a_load_is_pipelined_unless_it_needs_its_result() -> None:
    assert cycles(Instruction("ldr", "r4, [r1, #8]"), LOAD) == 1
    assert cycles(Instruction("ldr", "r4, [r3, #8]"), LOAD) == 2


def test_a_load_behind_a_store_is_not_pipelined() -> None:
    assert cycles(LOAD, Instruction("str", "r0, [r1]")) == 2


def test_an_address_that_was_just_computed_waits() -> None:
    assert cycles(Instruction("ldr", "r4, [r0]"), ADD) == 3


def test_a_taken_branch_costs_two_more() -> None:
    code = {0: ADD, 4: Instruction("bne.n", "0 <f>")}
    blocks = [BlockCount("f", 10, 9, (0, 4)), BlockCount("", 1, 0, (0,))]
    assert block_cycles(code, blocks) == {"f": 10 * 2 + 9 * 2, "": 1}


def test_blocks_that_end_without_a_branch_do_not_pay_for_one() -> None:
    assert block_cycles({0: ADD}, [BlockCount("f", 5, 5, (0,))]) == {"f": 5}
