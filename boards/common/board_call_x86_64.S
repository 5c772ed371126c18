/*
 * size_t board_call(entry rdi, arena rsi, status rdx, limit rcx): see board_io.h.
 */
    .text
    .global board_call
    .type board_call, @function
board_call:
    pushq %rbx
    pushq %r12
    pushq %r13
    movq %rdx, %rbx             /* where the status goes */
    movq %rcx, %r12             /* the limit */
    testq %r12, %r12
    jz 2f
    movq %rcx, %rax
1:  cmpq %rsp, %rax
    jae 2f
    movl $0x5c5c5c5c, (%rax)
    addq $4, %rax
    jmp 1b
2:  movq %rdi, %rax
    movq %rsi, %rdi
    call *%rax
    movl %eax, (%rbx)
    xorl %eax, %eax
    testq %r12, %r12
    jz 5f
3:  cmpq %rsp, %r12
    jae 4f
    cmpl $0x5c5c5c5c, (%r12)
    jne 4f
    addq $4, %r12
    jmp 3b
4:  movq %rsp, %rax
    subq %r12, %rax
5:  popq %r13
    popq %r12
    popq %rbx
    ret
    .size board_call, . - board_call
    .section .note.GNU-stack, "", @progbits
