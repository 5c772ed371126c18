/*
 * Start-up of a Cortex-M4F: vector table, FPU, data and bss, then main. And semihosting.
 * A real project has its vendor's start-up code instead of this file.
 */
#include "semihost.h"

extern uint32_t stack_top[];
extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];

int main(void);
__attribute__((noreturn)) void reset_handler(void);
__attribute__((noreturn)) void fault_handler(void);

struct vectors {
    void *stack;
    void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler, fault_handler, fault_handler},
};

void reset_handler(void)
{
    /* Full access to coprocessors 10 and 11: the FPU (CPACR, Armv7-M manual B3.2.20). */
    volatile uint32_t *const cpacr = (volatile uint32_t *)0xe000ed88u;
    *cpacr |= 0xfu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    const uint32_t *from = data_load;
    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from;
        from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0u;
    }
    semihost_exit(main());
}

void fault_handler(void)
{
    semihost_write("fault\n");
    semihost_exit(3);
}

static void semihost_call(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void semihost_write(const char *text)
{
    semihost_call(0x04u, text); /* SYS_WRITE0 */
}

void semihost_exit(int status)
{
    const uint32_t block[2] = {0x20026u, (uint32_t)status}; /* ADP_Stopped_ApplicationExit */
    for (;;) {
        semihost_call(0x20u, block); /* SYS_EXIT_EXTENDED */
    }
}
