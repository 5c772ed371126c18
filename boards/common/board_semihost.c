/*
 * Board services by semihosting: a breakpoint that the emulator answers. Operation numbers from
 * Arm's "Semihosting for AArch32 and AArch64" 3.0; RISC-V uses the same ones.
 */
#include "board_io.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_EXIT_EXTENDED = 0x20
};

enum { OPEN_READ_BINARY = 1, OPEN_WRITE_BINARY = 5 };

#define APPLICATION_EXIT 0x20026u

static uintptr_t semihost(uintptr_t operation, const void *argument)
{
#if defined(__riscv)
    register uintptr_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    /* The three instructions are the call's signature: uncompressed and in one page. */
    __asm__ volatile(".balign 16\n\t"
                     ".option push\n\t"
                     ".option norvc\n\t"
                     "slli x0, x0, 0x1f\n\t"
                     "ebreak\n\t"
                     "srai x0, x0, 7\n\t"
                     ".option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
#else
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#endif
}

static int32_t open_file(const char *path, uintptr_t mode)
{
    const uintptr_t arguments[3] = {(uintptr_t)path, mode, strlen(path)};
    return (int32_t)semihost(SYS_OPEN, arguments);
}

int32_t board_open_read(const char *path)
{
    return open_file(path, OPEN_READ_BINARY);
}

int32_t board_open_write(const char *path)
{
    return open_file(path, OPEN_WRITE_BINARY);
}

/* SYS_READ and SYS_WRITE both answer with the number of bytes not transferred. */
bool board_read(int32_t file, void *data, size_t bytes)
{
    const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)data, bytes};
    return bytes == 0u || semihost(SYS_READ, arguments) == 0u;
}

bool board_write(int32_t file, const void *data, size_t bytes)
{
    const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)data, bytes};
    return bytes == 0u || semihost(SYS_WRITE, arguments) == 0u;
}

bool board_seek(int32_t file, size_t position)
{
    const uintptr_t arguments[2] = {(uintptr_t)file, position};
    return semihost(SYS_SEEK, arguments) == 0u;
}

void board_close(int32_t file)
{
    const uintptr_t arguments[1] = {(uintptr_t)file};
    (void)semihost(SYS_CLOSE, arguments);
}

void board_message(const char *text)
{
    (void)semihost(SYS_WRITE0, text);
}

uint64_t board_nanoseconds(void)
{
    return 0u;
}

void board_exit(uint32_t code)
{
    const uintptr_t arguments[2] = {APPLICATION_EXIT, code};
    for (;;) {
        (void)semihost(SYS_EXIT_EXTENDED, arguments);
    }
}

void *board_stack_limit(void)
{
    extern char __stack_limit[];
    return __stack_limit;
}
