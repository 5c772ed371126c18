/*
 * RISC-V with the M extension. Compilers already turn the portable definitions into mul and mulh,
 * but spend more than needed on the carry of the rounding and on saturation.
 */
#ifndef EDGEC_HAL_ARCH_H
#define EDGEC_HAL_ARCH_H

#if defined(__riscv_xlen) && __riscv_xlen == 32
/* Adding 2^31 carries into the upper word if the lower one has its top bit set. */
#define EDGEC_HAS_MULHR_S32 1
EDGEC_INLINE int32_t edgec_mulhr_s32(int32_t a, int32_t b)
{
    const int64_t product = (int64_t)a * b;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
}
#endif

/* One comparison finds the rare values that do not fit; the sign says to which end they go. */
#define EDGEC_HAS_SAT 1
EDGEC_INLINE int32_t edgec_sat_s8(int32_t x)
{
    return (int8_t)x == x ? x : (x >> 31) ^ 0x7f;
}

EDGEC_INLINE int32_t edgec_sat_u8(int32_t x)
{
    return (x & 0xff) == x ? x : ~(x >> 31) & 0xff;
}

EDGEC_INLINE int32_t edgec_sat_s16(int32_t x)
{
    return (int16_t)x == x ? x : (x >> 31) ^ 0x7fff;
}

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
