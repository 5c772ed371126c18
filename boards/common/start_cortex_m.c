/*
 * Reset and faults of every Cortex-M board. Symbols come from sections.ld. The stack is usable
 * from reset, since the core loads its pointer from the vector table.
 */
#include "board_io.h"

extern char __stack_top[];
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

/* Armv7-M and Armv8-M: full access to coprocessors 10 and 11, which are the FPU and MVE. */
static void enable_float(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xe000ed88u;
    *cpacr |= 0xfu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
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
    enable_float();
    copy(__data_start, __data_end, __data_load);
    copy(__weights_start, __weights_copy_end, __weights_load);
    for (uint32_t *to = __bss_start; to < __bss_end; to++) {
        *to = 0u;
    }
    board_exit((uint32_t)main());
}

void board_fault(void)
{
    board_message("edgec harness: the core took a fault\n");
    board_exit(BOARD_EXIT_FAULT);
}

struct vector_table {
    void *stack;
    void (*handlers[15])(void);
};

/* Everything but reset is a fault: no interrupt is ever enabled. */
__attribute__((section(".vectors"), used)) static const struct vector_table vectors = {
    __stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault,
     board_fault, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault,
     board_fault},
};

/* The C library's errno would bring a kilobyte of state with it; math functions only set it. */
int *__errno(void);
int *__errno(void)
{
    static int value;
    return &value;
}
