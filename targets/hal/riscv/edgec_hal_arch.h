/*
 * RISC-V with the M extension. Compilers already turn the portable definitions into mul and mulh;
 * what is left to say is the counter.
 */
#ifndef EDGEC_HAL_ARCH_H
#define EDGEC_HAL_ARCH_H

/* The low 32 bits of the cycle counter. Needs user-mode access to it where code runs in U-mode. */
EDGEC_INLINE uint32_t edgec_cycles(void)
{
    uintptr_t cycles;
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrr %0, cycle\n\t"
                     ".option pop"
                     : "=r"(cycles));
    return (uint32_t)cycles;
}

EDGEC_INLINE void edgec_cycles_enable(void)
{
}

#endif
