/*
 * size_t board_call(entry r0, arena r1, status r2, limit r3): see board_io.h.
 * Armv6-M instructions only, so the same code runs on every Cortex-M.
 */
    .syntax unified
    .thumb
    .section .text.board_call, "ax"
    .global board_call
    .type board_call, %function
    .thumb_func
board_call:
    push {r3, r4, r5, r6, r7, lr}
    mov r4, r2                  /* where the status goes */
    mov r5, r3                  /* the limit */
    ldr r6, =0x5c5c5c5c
    mov r7, sp
    cmp r5, #0
    beq 2f
1:  cmp r3, r7
    bhs 2f
    stmia r3!, {r6}
    b 1b
2:  mov r2, r0
    mov r0, r1
    blx r2
    str r0, [r4]
    movs r0, #0
    cmp r5, #0
    beq 5f
3:  cmp r5, r7
    bhs 4f
    ldmia r5!, {r3}
    cmp r3, r6
    beq 3b
    subs r5, r5, #4
4:  subs r0, r7, r5
5:  pop {r3, r4, r5, r6, r7, pc}
    .size board_call, . - board_call
    .pool
