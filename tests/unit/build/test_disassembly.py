"""Frames and calls are read from what objdump prints."""

from __future__ import annotations

from edgec.build.disassembly import Frame, frames_of_listing
from edgec.build.elf import Symbol

ARM = """
00000100 <caller>:
     100:\tb5f0      \tpush\t{r4, r5, r6, r7, lr}
     102:\ted2d 8b04 \tvpush\t{d8-d9}
     106:\tb083      \tsub\tsp, #12\t@ 0xc
     108:\tf000 f802 \tbl\t110 <__addsf3>
     10c:\te7fe      \tb.n\t10c <caller+0xc>
     10e:\tbd10      \tpop\t{r4, pc}

00000110 <__addsf3>:
     110:\tf84d ed08 \tstr.w\tlr, [sp, #-8]!
     114:\tf7ff bffc \tb.w\t11c <tail+0x4>

00000118 <tail>:
     118:\tebad 0d03 \tsub.w\tsp, sp, r3
     11c:\t4798      \tblx\tr3
"""

RISCV = """
80000000 <caller>:
80000000:\t1141                \tadd\tsp,sp,-16
80000002:\tc606                \tsw\tra,12(sp)
80000004:\t00c002ef          \tjal\tt0,80000010 <__riscv_save_4>
80000008:\t008000ef          \tjal\t80000020 <leaf>
8000000c:\t0141                \tadd\tsp,sp,16

80000010 <__riscv_save_4>:
80000010:\t7139                \tadd\tsp,sp,-64
80000012:\t40610133          \tsub\tsp,sp,t1
80000016:\t8282                \tjr\tt0

80000020 <leaf>:
80000020:\t8082                \tret
"""


def test_arm_pushes_and_adjustments_add_up() -> None:
    frames = frames_of_listing(ARM)
    assert frames["caller"] == Frame(20 + 16 + 12, frozenset({"__addsf3"}))


def test_a_jump_into_a_function_is_a_call_of_it() -> None:
    assert frames_of_listing(ARM)["__addsf3"] == Frame(8, frozenset({"tail"}))


def test_data_dependent_frames_and_pointer_calls_are_marked() -> None:
    tail = frames_of_listing(ARM)["tail"]
    assert (tail.dynamic, tail.indirect) == (True, True)


def test_other_names_of_an_address_have_its_frame() -> None:
    frames = frames_of_listing(ARM, [Symbol("__aeabi_fadd", 0x110, 8)])
    assert frames["__aeabi_fadd"] == frames["__addsf3"]


def test_registers_saved_by_a_shared_prologue_are_the_callers() -> None:
    frames = frames_of_listing(RISCV)
    assert frames["caller"] == Frame(16 + 48, frozenset({"__riscv_save_4", "leaf"}))
    assert frames["__riscv_save_4"] == Frame(0, frozenset())
