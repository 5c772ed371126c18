/*
 * Text and exit through the debugger or emulator (Arm semihosting, Cortex-M).
 */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include <stdint.h>

/* Prints a string that ends in 0. */
void semihost_write(const char *text);

/* Ends the program; `status` becomes the emulator's exit code. */
__attribute__((noreturn)) void semihost_exit(int status);

#endif
