/*
 * What the harness needs of a board. Three implementations: semihosting on Arm and on RISC-V
 * (board_semihost.c), the C library on the host (board_host.c).
 *
 * Files are those of the machine that runs the emulator, relative to its working directory.
 */
#ifndef EDGEC_BOARD_IO_H
#define EDGEC_BOARD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the harness, known to edgec/verify/qemu.py. */
enum {
    BOARD_EXIT_OK = 0,
    BOARD_EXIT_CONTROL = 101, /* control.bin is missing or malformed */
    BOARD_EXIT_IO = 102,      /* a file could not be opened, read or written */
    BOARD_EXIT_FAULT = 110,   /* the core took a fault or a trap */
    BOARD_EXIT_STACK = 111    /* the stack grew past its limit */
};

/* What unused stack is painted with. */
#define BOARD_PAINT 0x5c5c5c5cu

/* A handle, or a negative number. */
int32_t board_open_read(const char *path);
int32_t board_open_write(const char *path);

/* True when all of `bytes` were transferred. */
bool board_read(int32_t file, void *data, size_t bytes);
bool board_write(int32_t file, const void *data, size_t bytes);
bool board_seek(int32_t file, size_t position);
void board_close(int32_t file);

/* One line to the person in front of the emulator. */
void board_message(const char *text);

/* Time for comparing runs on the host; 0 on boards, where an emulator's clock means nothing. */
uint64_t board_nanoseconds(void);

__attribute__((noreturn)) void board_exit(uint32_t code);

/*
 * Calls entry(arena) with the stack below painted down to `limit`, and stores what it returned in
 * *status. Returns the number of bytes between the stack pointer at the call and the lowest word
 * that was changed. A null `limit` only calls, and returns 0.
 *
 * Every inference goes through here: instruction counting takes this function's own code as the
 * outside of a run. One definition per instruction set, in board_call_*.S.
 */
typedef int (*board_entry)(void *arena);
size_t board_call(board_entry entry, void *arena, int *status, void *limit);

/* The lowest address that the stack may reach. */
void *board_stack_limit(void);

#endif
