/*
 * size_t board_call(entry a0, arena a1, status a2, limit a3): see board_io.h.
 */
#if __riscv_xlen == 64
#define STORE sd
#define LOAD ld
#define WORD 8
#else
#define STORE sw
#define LOAD lw
#define WORD 4
#endif
#define FRAME 64

    .section .text.board_call, "ax"
    .global board_call
    .type board_call, @function
board_call:
    addi sp, sp, -FRAME
    STORE ra, 0*WORD(sp)
    STORE s0, 1*WORD(sp)
    STORE s1, 2*WORD(sp)
    STORE s2, 3*WORD(sp)
    mv s0, a2                   /* where the status goes */
    mv s1, a3                   /* the limit */
    li s2, 0x5c5c5c5c
    mv t0, a3
    beqz s1, 2f
1:  bgeu t0, sp, 2f
    sw s2, 0(t0)
    addi t0, t0, 4
    j 1b
2:  mv t1, a0
    mv a0, a1
    jalr t1
    sw a0, 0(s0)
    li a0, 0
    beqz s1, 5f
3:  bgeu s1, sp, 4f
    lw t0, 0(s1)
    bne t0, s2, 4f
    addi s1, s1, 4
    j 3b
4:  sub a0, sp, s1
5:  LOAD ra, 0*WORD(sp)
    LOAD s0, 1*WORD(sp)
    LOAD s1, 2*WORD(sp)
    LOAD s2, 3*WORD(sp)
    addi sp, sp, FRAME
    ret
    .size board_call, . - board_call
