/*
 * Reset and traps of every RISC-V board, in machine mode. Symbols come from sections.ld.
 */
#include "board_io.h"

extern uint32_t __weights_load[];
extern uint32_t __weights_start[];
extern uint32_t __weights_copy_end[];
extern uint32_t __data_load[];
extern uint32_t __data_start[];
extern uint32_t __data_end[];
extern uint32_t __bss_start[];
extern uint32_t __bss_end[];

int main(void);
__attribute__((noreturn)) void board_reset(void);
__attribute__((noreturn)) void board_fault(void);
__attribute__((naked, noreturn, section(".init"))) void _start(void);

/* mstatus.FS (bits 13 and 14) and VS (9 and 10) turn the float and vector units on. */
void _start(void)
{
    __asm__ volatile(".option push\n\t"
                     ".option norelax\n\t"
                     "la gp, __global_pointer$\n\t"
                     ".option pop\n\t"
                     "la sp, __stack_top\n\t"
                     "la tp, __tls_start\n\t"
                     "la t0, board_fault\n\t"
                     ".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrw mtvec, t0\n\t"
                     "li t0, 0x6600\n\t"
                     "csrs mstatus, t0\n\t"
                     ".option pop\n\t"
                     "tail board_reset");
}

static void copy(uint32_t *to, const uint32_t *end, const uint32_t *from)
{
    while (to < end) {
        *to = *from;
        to++;
        from++;
    }
}

void board_reset(void)
{
    copy(__data_start, __data_end, __data_load);
    copy(__weights_start, __weights_copy_end, __weights_load);
    for (uint32_t *to = __bss_start; to < __bss_end; to++) {
        *to = 0u;
    }
    board_exit((uint32_t)main());
}

/* mtvec needs 4-byte alignment. */
__attribute__((aligned(4))) void board_fault(void)
{
    board_message("edgec harness: the core took a trap\n");
    board_exit(BOARD_EXIT_FAULT);
}
